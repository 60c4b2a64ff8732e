"""Agreement of assignments, against published tables (values recomputed with R's flexclust and mclust)."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from segutils.statistics import agreement, stability

C0 = np.array([1, 1, 1, 1, 2, 2, 2, 3, 3, 3]) - 1
C1 = np.array([1, 1, 1, 2, 2, 2, 2, 3, 3, 1]) - 1
C2 = np.array([2, 2, 1, 1, 1, 3, 3, 3, 3, 3]) - 1


def test_adjusted_rand_of_a_published_table():
    table = np.array([[1, 1, 0], [1, 2, 1], [0, 0, 4]])  # Hubert and Arabie's kind of example, 0.312573
    assert agreement.adjusted_rand_of_table(table) == pytest.approx(0.312573, abs=1e-6)


def test_adjusted_rand_of_labels():
    assert agreement.adjusted_rand(C1, C2) == pytest.approx(-0.0047004, abs=1e-7)
    assert agreement.adjusted_rand(C0, C0) == 1.0
    rng = np.random.default_rng(0)
    one, two = rng.integers(0, 5, 400), rng.integers(0, 3, 400)
    assert agreement.adjusted_rand(one, two) == pytest.approx(adjusted_rand_score(one, two))


def test_segment_level_stability_within_solutions():
    # flexclust's slswFlexclust for C0 and the pair (C1, C2): 0.55, 0.541667, 0.633333
    draws = stability.segment_agreement(C0, np.stack([C1, C2]), k=3)
    np.testing.assert_allclose(stability.pair_means(draws)[0], [0.55, 0.541667, 0.633333], atol=1e-6)


def test_segment_level_stability_across_solutions():
    table = np.array([[268, 236, 0, 0], [9, 21, 302, 1], [193, 0, 22, 401]])
    lost = 1 - agreement.flow_stability(table)  # flexclust's entropies
    np.testing.assert_allclose(lost, [0.693187, 0.257535, 0.225899, 0.015839], atol=1e-6)


def test_labels_are_matched_one_to_one():
    renamed = np.array([2, 0, 1])[C0]
    np.testing.assert_array_equal(agreement.match_labels(C0, renamed, segments=3)[renamed], C0)
    # two labels of the other solution lie in segment 0: only the larger one may carry its name
    split = np.array([0, 0, 0, 1, 2, 2, 2, 3, 3, 3])
    assert agreement.match_labels(C0, split, segments=3).tolist() == [0, -1, 1, 2]


def test_an_empty_segment_has_no_likeness():
    assert agreement.best_jaccard(np.array([0, 0, 2]), np.array([0, 0, 1]), segments=3).tolist() == [
        1.0,
        0.0,
        1.0,
    ]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (0.85, "highly stable"),
        (0.75, "valid"),
        (0.6, "pattern"),
        (0.55, "not to be trusted"),
        (0.5, "dissolved"),
    ],
)
def test_hennigs_reading(value, word):
    assert word in stability.read_jaccard(value)


def test_labels_that_are_left_over_go_where_most_of_them_come_from():
    reference = np.repeat([0, 1], [6, 4])
    other = np.array([2, 2, 2, 2, 0, 0, 1, 1, 1, 0])  # 2: all of the first; 1: of the second; 0: two to one
    np.testing.assert_array_equal(agreement.follow_labels(reference, other, segments=2), [0, 1, 0])
    # as many labels as segments: as match_labels
    np.testing.assert_array_equal(agreement.follow_labels(reference, 1 - reference, segments=2), [1, 0])
    # no groups found: all customers have one label, and it is the larger segment's
    np.testing.assert_array_equal(agreement.follow_labels(reference, np.zeros(10, int), segments=2), [0])
