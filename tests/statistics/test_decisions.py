"""Weighted choice and its robustness, against tables worked by hand."""

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.statistics import decisions

# A leads on value, B on reach; by hand: A = .6*.9 + .4*.2 = .62, B = .6*.5 + .4*.7 = .58
SCORES = pd.DataFrame({"value": [0.9, 0.5], "reach": [0.2, 0.7]}, index=["A", "B"])
WEIGHTS = {"value": 0.6, "reach": 0.4}


def test_weighted_sum_by_hand():
    table = decisions.score_options(SCORES, WEIGHTS)
    assert table["option"].tolist() == ["A", "B"]
    np.testing.assert_allclose(table["score"], [0.62, 0.58])


def test_weights_need_not_sum_to_one():
    scaled = decisions.score_options(SCORES, {"value": 6, "reach": 4})
    pd.testing.assert_frame_equal(scaled, decisions.score_options(SCORES, WEIGHTS))


def test_flip_weight_by_hand():
    # level where .9w + .2(1-w) = .5w + .7(1-w)  →  .4w = .5(1-w)  →  w = 5/9
    table = decisions.flip_weight(SCORES, WEIGHTS).set_index("criterion")
    assert table.loc["value", "flip_weight"] == pytest.approx(5 / 9)
    assert table.loc["reach", "flip_weight"] == pytest.approx(4 / 9)
    assert table.loc["value", "winner_then"] == "B"
    assert table.loc["value", "change"] == pytest.approx(5 / 9 - 0.6)


def test_nothing_flips_a_dominant_option():
    dominant = pd.DataFrame({"value": [0.9, 0.5], "reach": [0.8, 0.7]}, index=["A", "B"])
    table = decisions.flip_weight(dominant, WEIGHTS)
    assert table["flip_weight"].isna().all() and (table["winner_then"] == "").all()
    assert decisions.weight_robustness(dominant, WEIGHTS, seed=1)["first_share"].tolist() == [1.0, 0.0]


def test_weight_robustness_matches_the_beta_distribution():
    # with two criteria the first weight is Beta(12, 8); A wins above 5/9: P = 1 - I(5/9; 12, 8)
    from scipy.stats import beta

    table = decisions.weight_robustness(SCORES, WEIGHTS, draws=40_000, concentration=20, seed=3)
    assert table["first_share"].iloc[0] == pytest.approx(beta.sf(5 / 9, 12, 8), abs=0.01)


def test_identical_options_share_the_first_rank():
    same = pd.DataFrame({"value": [0.5, 0.5], "reach": [0.5, 0.5]}, index=["A", "B"])
    assert decisions.weight_robustness(same, WEIGHTS, seed=0)["first_share"].tolist() == [0.5, 0.5]


def test_an_irrelevant_option_does_not_reorder_the_others():
    with_third = pd.concat([SCORES, pd.DataFrame({"value": [0.0], "reach": [1.0]}, index=["C"])])
    order = decisions.score_options(with_third, WEIGHTS)["option"].tolist()
    assert [option for option in order if option != "C"] == ["A", "B"]


def test_noise_robustness_counts_resamples():
    other = pd.DataFrame({"value": [0.5, 0.9], "reach": [0.2, 0.7]}, index=["A", "B"])
    table = decisions.noise_robustness([SCORES, SCORES, other, SCORES], WEIGHTS)
    assert table["first_share"].tolist() == [0.75, 0.25]


def test_scale_between_is_absolute():
    np.testing.assert_allclose(decisions.scale_between(np.array([2, 20, 40]), worst=20, best=2), [1, 0, 0])


@pytest.mark.parametrize(
    ("scores", "weights", "words"),
    [
        (SCORES, {"value": 1.0}, "one weight for each of: value, reach"),
        (SCORES, {"value": -1.0, "reach": 2.0}, "not negative"),
        (SCORES, {"value": 0.0, "reach": 0.0}, "above zero"),
        (SCORES * 10, WEIGHTS, "between 0 and 1"),
    ],
)
def test_bad_input_says_what_to_change(scores, weights, words):
    with pytest.raises(InputError, match=words):
        decisions.score_options(scores, weights)
