"""The index of concentration against its published example and its bounds."""

import numpy as np
import pytest

from segutils.objectives.portfolio.concentration_measures import score_hhi, score_top


def test_the_guidelines_example():
    """Four firms with 30, 30, 20 and 20 %: 2,600 (US Department of Justice, page on the index)."""
    assert score_hhi(np.array([30, 30, 20, 20])) * 10_000 == pytest.approx(2600)


def test_bounds():
    assert score_hhi(np.array([7.0])) == 1 and score_hhi(np.ones(8)) == pytest.approx(1 / 8)
    assert np.isnan(score_hhi(np.zeros(3)))
    assert score_hhi(np.array([3.0, -1.0, 3.0])) == pytest.approx(0.5)  # returns beyond sales count as none


def test_shares_of_the_largest():
    assert score_top(np.array([5.0, 3.0, 2.0])) == 0.5 and score_top(np.array([5.0, 3.0, 2.0]), 2) == 0.8
    assert score_top(np.array([1.0]), 5) == 1
