"""How much tighter than chance a cut is, against a case worked by hand."""

import numpy as np
import pytest

from segutils.statistics import references


def test_tighter_by_hand():
    # two features that are copies of each other, +1 or −1: two segments explain everything, nothing is left
    both = np.tile([[1.0, 1.0], [-1.0, -1.0]], (50, 1))
    row = references.compare_with_unrelated(both, counts=[2], draws=10, seed=0).iloc[0]
    assert row["explained"] == pytest.approx(1.0) and row["tighter"] == pytest.approx(1.0)
    # shuffled, four places are about equally full: cut along one feature, half of the variance remains
    assert row["expected"] == pytest.approx(0.5, abs=0.08) and row["p_value"] < 0.001
