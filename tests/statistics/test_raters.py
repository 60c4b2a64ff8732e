"""Weights of several people: Saaty's published example, and tables worked by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare

from segutils.errors import InputError
from segutils.statistics import raters

# Which drink is consumed more in the US: coffee, wine, tea, beer, sodas, milk, water (Saaty 2008, Decision
# making with the analytic hierarchy process, International Journal of Services Sciences 1(1), pages 83-98)
DRINKS = [
    [1, 9, 5, 2, 1, 1, 1 / 2],
    [1 / 9, 1, 1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9],
    [1 / 5, 3, 1, 1 / 3, 1 / 4, 1 / 3, 1 / 9],
    [1 / 2, 9, 3, 1, 1 / 2, 1, 1 / 3],
    [1, 9, 4, 2, 1, 2, 1 / 2],
    [1, 9, 3, 1, 1 / 2, 1, 1 / 3],
    [2, 9, 9, 3, 2, 3, 1],
]
TWO = {"A": {"cost": 0.8, "speed": 0.2}, "B": {"cost": 0.2, "speed": 0.8}}


def test_saatys_drinks():
    found = raters.weigh_pairs(DRINKS)
    published = [0.177, 0.019, 0.042, 0.116, 0.190, 0.129, 0.327]
    np.testing.assert_allclose(found.weights, published, atol=0.0006)
    assert found.eigenvalue == pytest.approx(7.17663, abs=5e-6)
    assert found.consistency_ratio == pytest.approx(0.0223, abs=5e-5)


def test_comparisons_without_contradiction_give_their_ratios():
    # 1 : 2 : 4 compared with each other, so weights 1/7, 2/7, 4/7, λ = 3, no contradiction
    found = raters.weigh_pairs([[1, 1 / 2, 1 / 4], [2, 1, 1 / 2], [4, 2, 1]])
    np.testing.assert_allclose(found.weights, [1 / 7, 2 / 7, 4 / 7])
    assert found.eigenvalue == pytest.approx(3) and found.consistency_ratio == pytest.approx(0, abs=1e-12)


def test_two_criteria_cannot_contradict():
    found = raters.weigh_pairs([[1, 3], [1 / 3, 1]])
    np.testing.assert_allclose(found.weights, [0.75, 0.25])
    assert found.consistency_ratio == 0


def test_geometric_mean_by_hand():
    # √(.8·.1) = .28284, √(.2·.9) = .42426; over their sum .70711: 0.4 and 0.6
    found = raters.reconcile_raters(
        {"A": {"cost": 0.8, "speed": 0.2}, "B": {"cost": 0.1, "speed": 0.9}}, criteria=["cost", "speed"]
    )
    np.testing.assert_allclose(found.weights.weight, [0.4, 0.6])
    assert found.weights.lowest.tolist() == [0.1, 0.2] and found.weights.highest.tolist() == [0.8, 0.9]
    assert found.weights.highest_rater.tolist() == ["A", "B"]
    assert found.mapping == pytest.approx({"cost": 0.4, "speed": 0.6})


def test_weights_and_comparisons_together():
    found = raters.reconcile_raters(
        {"A": {"cost": 3, "speed": 1}, "B": [[1, 3], [1 / 3, 1]]}, criteria=["cost", "speed"]
    )
    np.testing.assert_allclose(found.weights.weight, [0.75, 0.25])
    ratios = found.raters.drop_duplicates("rater").consistency_ratio.tolist()
    assert np.isnan(ratios[0]) and ratios[1] == 0
    assert found.raters["rank"].tolist() == [1, 2, 1, 2]
    assert found.concordance == 1


def test_opposite_rankings_do_not_agree():
    assert raters.reconcile_raters(TWO, criteria=["cost", "speed"]).concordance == 0


@pytest.mark.parametrize("seed", range(3))
def test_concordance_is_friedmans_statistic_scaled(seed):
    """W = χ² / (raters · (criteria − 1)), ties corrected in both."""
    drawn = np.random.default_rng(seed).integers(1, 5, size=(4, 5)).astype(float)
    people = {
        f"rater {n}": dict(zip("abcde", row / row.sum(), strict=True)) for n, row in enumerate(drawn, start=1)
    }
    expected = friedmanchisquare(*drawn.T).statistic / (4 * 4)
    assert raters.reconcile_raters(people, criteria=list("abcde")).concordance == pytest.approx(expected)


def test_one_zero_does_not_decide_for_all_but_all_zeros_do():
    # A's 0 counts as 0.01: √(.01·.5) = .0707, √(1·.5) = .7071, so 1/11 and 10/11
    people = {"A": {"x": 0.0, "y": 1.0, "z": 0.0}, "B": {"x": 0.5, "y": 0.5, "z": 0.0}}
    found = raters.reconcile_raters(people, criteria=["x", "y", "z"])
    np.testing.assert_allclose(found.weights.weight, [1 / 11, 10 / 11, 0])


def test_each_rater_alone():
    scores = pd.DataFrame({"cost": [1.0, 0.0], "speed": [0.0, 0.5]}, index=["cheap", "fast"])
    alone = raters.score_by_rater(scores, raters.reconcile_raters(TWO, criteria=["cost", "speed"]))
    # A: .8 against .2·.5 = .1; B: .2 against .8·.5 = .4
    assert alone.option.tolist() == ["cheap", "fast"] and alone.runner_up.tolist() == ["fast", "cheap"]
    np.testing.assert_allclose(alone.score, [0.8, 0.4])
    np.testing.assert_allclose(alone.lead, [0.7, 0.2])


def test_words():
    both = raters.describe_raters(raters.reconcile_raters(TWO, criteria=["cost", "speed"]))
    assert both == (
        "The weights are the geometric mean of 2 raters (A and B); their rankings of the criteria agree no "
        "more than chance would have it (Kendall's W 0.00, where 1 is full agreement and 0.50 is chance). "
        "They differ most on cost: 20 % for B, 80 % for A."
    )
    # of three who rank three criteria two agree and one turns two round: rank sums 3, 7, 8, so W = 14 / 18
    three = {"A": (3, 2, 1), "B": (3, 2, 1), "C": (3, 1, 2)}
    people = {name: dict(zip("xyz", weights, strict=True)) for name, weights in three.items()}
    found = raters.reconcile_raters(people, criteria=list("xyz"))
    assert "agree in part (Kendall's W 0.78, where 1 is full agreement and 0.33 is chance)" in (
        raters.describe_raters(found)
    )
    titled = {"M. Keller, CFO": TWO["A"], "C. Moreau, CMO": TWO["B"]}
    said = raters.describe_raters(raters.reconcile_raters(titled, criteria=["cost", "speed"]))
    assert "2 raters (M. Keller, CFO; C. Moreau, CMO);" in said
    one = raters.reconcile_raters({"A": TWO["A"]}, criteria=["cost", "speed"])
    assert raters.describe_raters(one) == "The weights are those of A alone."
    alike = raters.reconcile_raters({"A": TWO["A"], "B": TWO["A"]}, criteria=["cost", "speed"])
    assert raters.describe_raters(alike).endswith("who weigh alike.")


def test_contradicting_comparisons_are_said():
    # a over b, b over c, c over a: a circle
    circle = [[1, 5, 1 / 5], [1 / 5, 1, 5], [5, 1 / 5, 1]]
    found = raters.reconcile_raters({"A": circle}, criteria=["a", "b", "c"])
    np.testing.assert_allclose(found.weights.weight, [1 / 3] * 3)
    # λ = 1 + 5 + 1/5, so (6.2 − 3) / 2 / 0.58 = 2.76
    assert "A (2.76) contradict each other" in raters.describe_raters(found)


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ({}, "nobody has given weights"),
        ({"A": {"x": 1.0}}, "one weight for each of: x, y"),
        ({"A": {"x": -1.0, "y": 2.0}}, "weights of A cannot be used"),
        ({"A": {"x": 0.0, "y": 0.0}}, "weights of A cannot be used"),
        ({"A": [[1, 2, 3]] * 3}, "compares 3 criteria, not 2"),
        ({"A": [[1, 2], [1]]}, "not 2 rows of 2 numbers"),
        ({"A": [[1, 3], [3, 1]]}, "contradict each other"),
        ({"A": [[1, 0], [3, 1]]}, "above zero"),
    ],
)
def test_bad_weights_say_what_to_change(people, words):
    with pytest.raises(InputError, match=words):
        raters.reconcile_raters(people, criteria=["x", "y"])


def test_rankings_at_random_agree_at_one_over_the_number_of_raters():
    """The mean of Kendall's W under random rankings is 1 / raters (Kendall and Babington Smith 1939)."""
    rng = np.random.default_rng(4)
    drawn = []
    for _ in range(400):
        people = {f"R{n}": dict(zip("wxyz", rng.dirichlet(np.ones(4)), strict=True)) for n in range(3)}
        drawn.append(raters.reconcile_raters(people, criteria=list("wxyz")).concordance)
    assert np.mean(drawn) == pytest.approx(1 / 3, abs=4 * np.std(drawn) / 20)
