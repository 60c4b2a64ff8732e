"""Goals of groups: five directions worked by hand, what is said where little is known, and planted churn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segutils.objectives.attractiveness.goal_map import CATEGORIES, check_goal_map, measure_today
from segutils.objectives.attractiveness.goal_rules import DIRECTIONS, choose_goals, weigh_directions
from segutils.objectives.attractiveness.margin_stakes import BREADTH, measure_breadth
from segutils.objectives.attractiveness.market_stakes import ABSENT, FOLLOW, LAG, LEAD
from segutils.statistics.figure_sources import NEEDS
from tests.objectives.attractiveness.conftest import OBJECTIVES
from tests.objectives.attractiveness.five_groups import (
    BROADER,
    GOALS,
    GROUPS,
    KEY_RESULTS,
    NAMES,
    NO_KEYS,
    PLANS,
    WEIGHTS,
    check,
    list_conflicts,
    make_cells,
    make_stakes,
)


class TestFiveDirections:
    def test_weights(self):
        found = weigh_directions(make_stakes(), make_cells({BREADTH: BROADER}))
        assert found.known == list(DIRECTIONS)
        assert found.weights(found.values) == pytest.approx(np.array(WEIGHTS))
        told = found.tell()
        assert told.counts.all() and (told.low == told.value).all() and (told.high == told.value).all()

    def test_each_group_points_to_its_own(self):
        finding = check()
        table = finding.table.set_index("group")
        assert table.goal[NAMES].tolist() == GOALS
        assert table.weight[NAMES].tolist() == pytest.approx([3, 3, 2, 2, 1.5])
        assert table.at_stake[NAMES].tolist() == [60, 60, 40, 40, 30]
        assert (table.stands == 1).all()
        assert finding.status == "pass" and list_conflicts(finding) == [] and finding.needs == ()
        for name, goal in zip(NAMES, GOALS, strict=True):
            assert f"{name} points to {goal}" in finding.headline
        assert finding.headline.endswith("stated plans agree.")
        assert finding.table.at_stake.is_monotonic_decreasing

    def test_measure_and_owner_are_those_of_the_stated_objective(self):
        """Today: 1 - .1 stay; no growth of Widen; 2.5 categories; a fifth of revenue. Targets are PLANS'."""
        held = check().table.set_index("group").held_to
        assert held["Keep"].startswith("customers who stay a year: 90.0 % today")
        assert "93.0 % by 2026-06-30 (Cid, Service)" in held["Keep"]
        assert held["Deepen"].startswith("share of its markets: – today")  # no figures were given
        assert "12.0 % by 2027-12-31 (Bob, CSO)" in held["Deepen"]
        assert held["Widen"].startswith("growth of revenue: 0.0 % today")
        assert "+6.0 % by 2026-12-31 (Ann, CEO)" in held["Widen"]
        assert held["Broaden"] == "categories per customer: 2.50 today; nobody has set a target"
        assert held["Both"].startswith("its share of all revenue: 20.0 % today")
        assert "35.0 % by 2028-12-31 (Dee, Chair)" in held["Both"]
        serves = check().table.set_index("group").serves
        assert serves[NAMES].tolist() == ["Lose nobody", "Be invited", "Grow", "Grow", "Depend less"]

    def test_own_key_result_goes_before_the_company_target(self):
        held = check(keys=KEY_RESULTS).table.set_index("group").held_to
        assert held["Keep"].endswith("today, 95.0 % by 2026-12-31 (Rex, Service)")
        assert held["Broaden"].endswith("2.50 today, 4.00 by 2027-03-31 (Uma, Product)")
        assert "no target of its own" in held["Both"]  # the region's key result is not its

    def test_retention_is_held_to_what_is_counted_where_that_is_given(self):
        """Of Keep's customers 96 % bought again, though 90 % are expected to stay: Rex's 95 % are reached."""
        kept = pd.Series({name: 0.96 for name in NAMES})
        finding = check(keys=KEY_RESULTS, kept=kept)
        held = finding.table.set_index("group").held_to
        assert held["Keep"].startswith("last year's customers who bought again: 96.0 % today, 95.0 %")
        reached = [line for line in list_conflicts(finding) if "Keep" in line]
        assert len(reached) == 1 and "95.0 %" in reached[0]
        assert not [line for line in list_conflicts(check(keys=KEY_RESULTS)) if "Keep" in line]

    def test_diversification_needs_both(self):
        """Product development of Both at 15: 5 x 15 / 85 = .88 is less than the company, 1.5 stays alone."""
        table = check(breadth=[10.0, 10, 10, 40, 15]).table.set_index("group")
        assert table.goal["Both"] == "market development"


class TestLittleIsKnown:
    def test_only_retention(self):
        stakes = replace(make_stakes(), markets=None, needs=(NEEDS["market"],))
        finding = check_goal_map(stakes, GROUPS, PLANS, KEY_RESULTS, currency="EUR", grouping="unit")
        assert "only retention has figures" in finding.headline
        assert "in Keep, EUR 60 of" in finding.headline
        assert "goal" not in finding.table and finding.table["group"][0] == "Keep"
        assert finding.status == "caution" and finding.figures == ()
        # what is in the books already is so whatever the goals are
        (reached,) = list_conflicts(finding)
        assert "asks for +20.0 %" in reached and finding.headline.endswith("; 1 conflict with stated plans.")
        assert set(finding.needs) == {NEEDS["market"], CATEGORIES}

    def test_new_products_not_known(self):
        finding = check(breadth=None)
        table = finding.table.set_index("group")
        assert table.goal[["Keep", "Deepen", "Widen", "Both"]].tolist() == [*GOALS[:3], GOALS[2]]
        assert any(
            note == "Not known, and so no group's goal: product development." for note in finding.notes
        )
        # without new products nobody could point to both being new
        assert not any("Depend less" in note for note in list_conflicts(finding))

    def test_less_than_a_year(self):
        """Three quarters of 250: a fifth of what five groups sold, whatever the year's total would be."""
        stakes = replace(make_stakes(quarters=3), scope={"revenue": 3750.0})
        today = measure_today(stakes, GROUPS, None, None)
        assert today.top_share.tolist() == [0.2] * 5 and today.margin_rate.tolist() == [0.5] * 5
        assert today.revenue_growth.isna().all()

    def test_nothing_is_worth_anything(self):
        """A company that loses money everywhere: no direction has a weight, and nothing fails."""
        stakes = make_stakes(at_risk=[-1.0] * 5)
        negative = make_cells({FOLLOW: [-1.0] * 5, LAG: [0.0] * 5, LEAD: [-2.0] * 5, ABSENT: [-1.0] * 5})
        finding = check(replace(stakes, markets=negative), breadth=[-1.0] * 5)
        assert finding.status == "caution" and finding.figures == ()
        assert finding.headline.startswith("No group points to a goal") and set(finding.table.goal) == {
            "none"
        }


def list_true_retention(client) -> pd.Series:
    """Weight of retention by the truth: planted churn x planted margin after serving, per unit of revenue."""
    costs = client.planted("cost_to_serve")
    year = costs[costs.year == costs.year.max()].set_index("segment")
    churn = client.planted("segments").set_index("segment").churn_a_year.reindex(year.index)
    lost = churn * year.cm2.astype(float).clip(lower=0)
    revenue = year.revenue.astype(float)
    return (lost / revenue) / (lost.sum() / revenue.sum())


class TestPlanted:
    def test_the_segment_that_loses_most_points_to_retention(self, halden, true_groups, true_stakes):
        """By planted churn and margin it is maintenance, 2.2 times the company; majors are below it."""
        truth = list_true_retention(halden)
        assert truth.idxmax() == "maintenance"  # else the test says nothing
        directions = weigh_directions(true_stakes, None, seed=3)
        told = directions.tell()
        weight = told[told.direction == "retention"].set_index("group").weight
        assert weight.idxmax() == "maintenance"
        assert np.corrcoef(weight[truth.index], truth)[0, 1] > 0.9
        assert weight["majors"] < 1 and truth["majors"] < 1
        goals = choose_goals(directions).set_index("group")
        assert goals.goal["maintenance"] == "retention" and goals.stands["maintenance"] > 0.9

    def test_all_alike(self, null_halden, null_stakes, null_ladder):
        """No group differs from the others, so none may be told to have a goal of its own."""
        groups = null_halden.groups()
        tables = [null_halden.table(name) for name in ("customers", "transactions", "products")]
        breadth = measure_breadth(*tables, groups, null_ladder, as_of=null_halden.as_of, seed=3)
        # no plans that could conflict but those that any goal found here serves
        plans = OBJECTIVES[OBJECTIVES["kind"].isin(["growth", "retention"])]
        finding = check_goal_map(
            null_stakes, groups, plans, NO_KEYS, currency="EUR", breadth=breadth, min_stands=0.8, seed=3
        )
        assert finding.status == "caution" and list_conflicts(finding) == []
        assert finding.headline.startswith("No goal is firm: ")
        assert any(note.startswith("Not firm") for note in finding.notes)
