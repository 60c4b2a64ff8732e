"""Screening many tests, held against the example of the method's paper."""

import numpy as np

from segutils.statistics.false_discovery import adjust_benjamini_hochberg
from segutils.statistics.multiplicity import adjust_holm

# Benjamini and Hochberg (1995), section 4: fifteen outcomes of a trial of thrombolytic treatments
PUBLISHED = [
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459),
    *(0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
]


def test_published_example_rejects_four():
    screened = adjust_benjamini_hochberg(PUBLISHED) <= 0.05
    assert screened.sum() == 4 and screened[:4].all()
    assert (adjust_holm(np.array(PUBLISHED)) <= 0.05).sum() == 3  # the stricter rule, as the paper has it


def test_by_hand_and_missing():
    # sorted 0.01, 0.04, 0.04: times 3/1, 3/2, 3/3 and never above the next: 0.03, 0.04, 0.04
    found = adjust_benjamini_hochberg([0.04, np.nan, 0.01, 0.04])
    np.testing.assert_allclose(found, [0.04, np.nan, 0.03, 0.04])
    assert np.isnan(adjust_benjamini_hochberg([np.nan])).all()
