"""Holm's adjustment, worked by hand."""

import numpy as np

from segutils.statistics import multiplicity


def test_holm_by_hand():
    # in order 0.01, 0.02, 0.03, 0.04: ×4, ×3, ×2, ×1 = 0.04, 0.06, 0.06, 0.04, never falling: 0.06 to the end
    np.testing.assert_allclose(multiplicity.adjust_holm([0.04, 0.01, 0.03, 0.02]), [0.06, 0.04, 0.06, 0.06])
    np.testing.assert_allclose(multiplicity.adjust_holm([0.9, 0.6]), [1.0, 1.0])
    assert len(multiplicity.adjust_holm([])) == 0
