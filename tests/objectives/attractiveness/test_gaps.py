"""Gaps to comparable cells in draws of true levels, by hand."""

import numpy as np
import pytest

from segutils.objectives.attractiveness.gaps import BEST, USUAL, draw_gaps

BLOCK = np.array(["x", "x", "x", "alone"])
SIZES = np.array([100.0, 200.0, 100.0, 50.0])
LEVELS = np.array([[0.30, 0.10, 0.20, 0.5], [0.20, 0.25, 0.25, 0.1], [0.20, 0.20, 0.20, 0.2]])


def test_best():
    """First A leads and B lacks 20 points of 200; then B and C lead; then nobody lags. D has no other."""
    found = draw_gaps(LEVELS, SIZES, BLOCK, benchmark=BEST)
    assert found == pytest.approx(np.array([[0, 40.0, 10, 0], [5, 0, 0, 0], [0, 0, 0, 0]]))


def test_usual():
    """The others together. First: of A 40/300, of B 50/200, of C 50/300. Then: of A 75/300."""
    found = draw_gaps(LEVELS, SIZES, BLOCK, benchmark=USUAL)
    assert found == pytest.approx(np.array([[0, (0.25 - 0.1) * 200, 0, 0], [5, 0, 0, 0], [0, 0, 0, 0]]))


@pytest.mark.parametrize("benchmark", [BEST, USUAL])
def test_alike_to_the_last_digit(benchmark):
    """Sums of the others differ in their last digits; that is no gap."""
    levels = np.full((1, 3), 0.1 + 0.2)
    assert not draw_gaps(levels, np.array([0.1, 0.7, 1e6]), np.zeros(3), benchmark=benchmark).any()
