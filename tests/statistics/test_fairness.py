"""Screens of fairness against hand-worked and published values, and under no relation at all."""

import numpy as np
import pandas as pd
import pytest

from segutils.statistics import fairness


def test_selection_by_hand():
    """48 of 80 and 12 of 40: rates 0.6 and 0.3, ratio one half (the EEOC's own kind of example)."""
    groups = pd.Series(["a"] * 80 + ["b"] * 40 + [None] * 5)
    selected = pd.Series([True] * 48 + [False] * 32 + [True] * 12 + [False] * 28 + [True] * 5)
    found = fairness.compare_selection(groups, selected)
    assert found.group.to_list() == ["a", "b"] and found.customers.to_list() == [80, 40]
    assert found.rate.to_list() == pytest.approx([0.6, 0.3])
    assert found.impact_ratio.to_list() == pytest.approx([1, 0.5])
    assert np.isnan(found.p_value[0]) and found.p_value[1] < 0.01


def test_fishers_tea_tasting():
    """3 of 4 against 1 of 4: Fisher's two-sided p is 34/70 (The Design of Experiments, 1935)."""
    groups, selected = pd.Series(list("aaaabbbb")), pd.Series([1, 1, 1, 0, 1, 0, 0, 0], dtype=bool)
    found = fairness.compare_selection(groups, selected, min_customers=4)
    assert found.p_value[1] == pytest.approx(34 / 70)


def test_small_groups_and_single_groups_are_left_out():
    groups, selected = pd.Series(["a"] * 40 + ["b"] * 5), pd.Series([True] * 45)
    assert fairness.compare_selection(groups, selected).empty


def test_a_difference_that_lies_in_the_strata_goes_away_within_them():
    """Two industries: in each, members are selected like others (1/2 and 1/10); they fill them unevenly."""
    strata = pd.Series(["x"] * 100 + ["y"] * 200)
    member = pd.Series([True] * 80 + [False] * 20 + [True] * 40 + [False] * 160)
    half, tenth = [True, False] * 40 + [True, False] * 10, ([True] + [False] * 9) * 20
    selected = pd.Series(half + tenth)
    crude = selected[member].mean() / selected[~member].mean()
    found = fairness.compare_within(member, selected, strata)
    assert crude > 2 and found.ratio == pytest.approx(1) and found.p_value == pytest.approx(1)


def test_mantel_haenszel_by_hand():
    """One stratum: the common ratio is the ratio of rates, 3/4 over 1/4."""
    member = pd.Series([True] * 4 + [False] * 4)
    selected = pd.Series([1, 1, 1, 0, 1, 0, 0, 0], dtype=bool)
    assert fairness.compare_within(member, selected, pd.Series(["x"] * 8)).ratio == pytest.approx(3)


def test_a_proxy_tells_as_much_as_its_table_says():
    """P(field | attribute) 0.8 against 0.3: area under the curve (1 + 0.8 − 0.3) / 2 = 0.75."""
    rng = np.random.default_rng(1)
    attribute = rng.random(6000) < 0.3
    field = pd.Series(np.where(rng.random(6000) < np.where(attribute, 0.8, 0.3), "in", "out"))
    found = fairness.predict_from_field(field, attribute, permutations=200)
    assert found.auc == pytest.approx(0.75, abs=0.03) and found.p_value == pytest.approx(1 / 201)
    together = fairness.predict_from_fields(pd.DataFrame({"f": field}), attribute, permutations=200)
    assert together.auc == pytest.approx(found.auc, abs=0.02)


def test_without_a_relation_false_alarms_are_as_rare_as_stated():
    """300 unrelated fields at 0.05: 15 expected, fewer than 28 in 999 of 1,000 such counts (binomial)."""
    rng = np.random.default_rng(2)
    alarms = 0
    for seed in range(300):
        field = pd.Series(rng.standard_normal(300))
        attribute = rng.random(300) < 0.3
        found = fairness.predict_from_field(field, attribute, permutations=100, seed=seed)
        alarms += found.p_value <= 0.05
    assert alarms < 28


def test_shuffled_counts_are_shuffled_customers():
    """The area of a field with two values, by its definition on customers, is that of the counts."""
    rng = np.random.default_rng(5)
    attribute = rng.random(400) < 0.3
    field = pd.Series(np.where(attribute ^ (rng.random(400) < 0.3), "in", "out"))
    fold = fairness._deal_folds(attribute, folds=5, seed=0)
    areas = []
    for n in range(5):
        seen = pd.Series(attribute[fold != n]).groupby(field[fold != n].to_numpy()).mean()
        score = field[fold == n].map(seen).to_numpy()
        pairs = np.sign(score[attribute[fold == n]][:, None] - score[~attribute[fold == n]][None]) / 2 + 0.5
        areas.append(pairs.mean())
    assert fairness.predict_from_field(field, attribute, permutations=10).auc == pytest.approx(np.mean(areas))


def test_a_forest_of_unrelated_fields_raises_no_alarm():
    rng = np.random.default_rng(6)
    found = [
        fairness.predict_from_fields(
            pd.DataFrame(rng.standard_normal((200, 2))), rng.random(200) < 0.4, permutations=100, seed=seed
        )
        for seed in range(12)
    ]
    assert sum(one.p_value <= 0.05 for one in found) <= 3  # 0.6 expected; more than 3 in 2 of 1,000 tries


def test_numbers_with_one_common_value_keep_their_other_values():
    codes = fairness.code_values(pd.Series([0.0] * 90 + list(range(1, 101)) + [np.nan]))
    assert codes[-1] == 0 and len(set(codes[:90])) == 1 and len(set(codes[90:190])) == 10
