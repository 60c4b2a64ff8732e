"""Which direction a group points to, and in which share of samples it still does."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.objectives.attractiveness.goal_rules import (
    Directions,
    choose_goals,
    count_breadth,
    list_firm,
    list_open,
    weigh_directions,
)
from segutils.objectives.attractiveness.margin_stakes import BREADTH
from tests.objectives.attractiveness.five_groups import (
    AT_RISK,
    BROADER,
    NAMES,
    SAMPLES,
    check,
    make_cells,
    make_stakes,
)


class TestChance:
    def test_what_may_be_nothing_does_not_count(self):
        drawn = np.tile(AT_RISK, (SAMPLES, 1))
        drawn[::2, 0] = -20.0  # what is at stake in Keep may be less than nothing
        stakes = make_stakes(drawn=drawn)
        told = (
            weigh_directions(stakes, make_cells({BREADTH: BROADER})).tell().set_index(["group", "direction"])
        )
        assert not told.counts["Keep", "retention"] and told.counts["Deepen", "retention"]
        assert check(stakes).table.set_index("group").goal["Keep"] != "retention"

    def test_share_of_other_samples(self):
        """In 60 of 200 samples 1, not 60, leaves Keep: a weight of 5 / 41, less than its .5 elsewhere."""
        drawn = np.tile(AT_RISK, (SAMPLES, 1))
        drawn[:60, 0] = 1.0
        finding = check(make_stakes(drawn=drawn))
        table = finding.table.set_index("group")
        assert table.goal["Keep"] == "retention" and table.stands["Keep"] == pytest.approx(0.7)
        assert table.stands.drop("Keep").tolist() == [1.0] * 4
        assert finding.status == "caution"
        assert any(note.startswith("Not firm: Keep may") for note in finding.notes)
        assert finding.headline.endswith(
            "not firm: Keep leans to retention; stated plans agree with what is firm."
        )

    def test_firm_by_hand(self):
        """Others doubled 0, .04, .2, 1; Holm: x4, x3, x2, x1 = 0, .12, .4, 1; at most .2 is firm."""
        goals = pd.DataFrame({"group": list("wxyz"), "stands": [0.98, 1.0, 0.9, 0.5], "is_told": True})
        assert list_firm(goals, min_stands=0.8) == ["w", "x"]
        assert list_firm(goals.assign(is_told=[True, False, True, True]), min_stands=0.8) == ["w"]

    def test_alike_groups_are_seldom_firm(self):
        """Five groups with the same true values in two directions: in at most a fifth is any goal firm."""
        rng = np.random.default_rng(5)
        firm = naive = 0
        trials = 200
        for _ in range(trials):
            values = np.full((5, 4), np.nan)
            values[:, :2] = rng.normal(100, 10, (5, 2))
            draws = values + rng.normal(0, 10, (200, 5, 4))
            goals = choose_goals(
                Directions(groups=tuple(NAMES), values=values, draws=draws, revenue=np.full(5, 1000.0))
            )
            firm += bool(list_firm(goals, min_stands=0.8))
            naive += bool((goals.stands >= 0.8).any())
        assert firm / trials <= 0.2 + 3 * np.sqrt(0.2 * 0.8 / trials)
        assert naive / trials > 0.5  # what "stands in 80 % of samples" alone would have called firm

    def test_what_counts_is_judged_anew_in_each_sample(self):
        """Growth of A is 30: nothing in half of the samples, 60 in the others; so it may be chance.

        Only retention is left to A, and a rule that goes on leaving growth out finds it in every sample. But
        where 60 are drawn, growth counts, and weighs more: 60 / 70 of it is A's, of retention half.
        """
        values = np.array([[10.0, np.nan, 30, np.nan], [10.0, np.nan, 10, np.nan]])
        draws = np.tile(values, (SAMPLES, 1, 1))
        draws[::2, 0, 2], draws[1::2, 0, 2] = 0.0, 60.0
        draws[::2, 1, 0] = 9.0  # so that retention weighs more in A than in the company there
        directions = Directions(groups=("A", "B"), values=values, draws=draws, revenue=np.full(2, 100.0))
        assert not directions.find_counting()[0, 2] and directions.find_counting()[0, 0]
        again = directions.find_counting_again()
        assert again[1::2, 0, 2].all() and not again[::2, 0, 2].any()
        goals = choose_goals(directions).set_index("group")
        assert goals.goal["A"] == "retention" and goals.stands["A"] == pytest.approx(0.5)

    def test_what_is_no_more_than_in_the_company_sets_nobody_apart(self):
        """One group is the company: every direction weighs 1, and no goal is its own."""
        values = np.array([[10.0, 20, 30, np.nan]])
        draws = np.tile(values, (SAMPLES, 1, 1))
        goals = choose_goals(Directions(groups=("A",), values=values, draws=draws, revenue=np.full(1, 100.0)))
        assert goals.weight[0] == 1 and goals.stands[0] == 0 and list_firm(goals, min_stands=0.8) == []

    def test_a_group_in_which_nothing_is_at_stake_has_no_goal(self):
        """All of its customers have left: no revenue, so no weight."""
        values = np.array([[10.0, 20, np.nan, np.nan], [0.0, 0, np.nan, np.nan]])
        draws = np.tile(values, (SAMPLES, 1, 1))
        revenue = np.array([100.0, 0.0])
        goals = choose_goals(Directions(groups=("A", "Gone"), values=values, draws=draws, revenue=revenue))
        assert goals.goal.tolist()[1] == "none" and goals.stands[1] == 0 and not goals.is_told[1]

    def test_kinds_of_which_nothing_can_be_said(self):
        """Of the share gap the samples hold both signs; of growth only gains; new products are not known."""
        values = np.array([[10.0, 5, 30, np.nan]])
        draws = np.tile(values, (SAMPLES, 1, 1))
        draws[::2, 0, 1] = -5.0
        directions = Directions(groups=("A",), values=values, draws=draws, revenue=np.full(1, 100.0))
        assert list_open(directions) == {"share"}


def test_breadth_by_hand():
    """a buys two categories and b one; d's purchase came back; c bought before the year, e one category."""
    lines = [
        *(("a", "p", date(2025, 3, 1), 10.0), ("a", "q", date(2025, 4, 1), 10.0)),
        *(("a", "r", date(2025, 4, 1), 10.0), ("b", "p", date(2025, 5, 1), 10.0)),  # r has no category
        *(("c", "p", date(2024, 12, 31), 10.0), ("e", "q", date(2025, 1, 1), 10.0)),
        *(("d", "p", date(2025, 6, 1), 10.0), ("d", "p", date(2025, 6, 9), -10.0)),
    ]
    bought = pd.DataFrame(lines, columns=["customer_id", "product_id", "ordered_on", "net_revenue"])
    products = pd.DataFrame({"product_id": list("pqr"), "category": ["A", "B", None]})
    groups = pd.DataFrame({"customer_id": list("abcde"), "group": ["One", "One", "Two", "Two", "Two"]})
    tables = (ibis.memtable(bought), ibis.memtable(products))
    found = count_breadth(*tables, groups, as_of=date(2025, 12, 31)).set_index("group")
    assert found.categories.to_dict() == {"One": 1.5, "Two": 1.0}
    assert (found.offered == 2).all()
