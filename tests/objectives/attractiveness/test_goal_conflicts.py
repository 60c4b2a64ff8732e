"""Where plans and evidence differ: five groups by hand, goals that may be chance, and groups that dilute."""

from dataclasses import fields, replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from segutils.objectives.attractiveness.goal_conflicts import find_pulls, measure_least
from segutils.objectives.attractiveness.goal_map import STATED, measure_today
from segutils.objectives.attractiveness.margin_ladder import CM1, REVENUE, MarginLadder
from segutils.objectives.attractiveness.market_stakes import LEAD, CellStakes
from segutils.statistics.customer_figures import CustomerFigures
from tests.objectives.attractiveness.conftest import OBJECTIVES
from tests.objectives.attractiveness.five_groups import (
    ABSENCE,
    AT_RISK,
    GROUPS,
    KEY_RESULTS,
    PLANS,
    SAMPLES,
    check,
    list_conflicts,
    make_stakes,
)


class Unsure(CellStakes):
    """Markets of which samples say 20 more or 20 less in the best cell, for Deepen."""

    def draw(self, *, resamples: int, seed: int) -> dict[str, np.ndarray]:
        drawn = super().draw(resamples=resamples, seed=seed)
        sign = np.where(np.arange(resamples) % 2, 1.0, -1.0)[:, None]
        return drawn | {LEAD: drawn[LEAD] + 20 * sign * (self.values.index == "Deepen")}


class TestPlans:
    def test_conflicts_with_key_results(self):
        finding = check(keys=KEY_RESULTS)
        found = list_conflicts(finding)
        assert len(found) == 2 and finding.status == "caution"
        wrong = next(note for note in found if "Widen" in note)
        assert "points to market development" in wrong and "share of its markets (Tom, Sales)" in wrong
        reached = next(note for note in found if "Deepen" in note)
        assert "asks for +20.0 %" in reached and "+25.0 %" in reached and "Sue, Sales" in reached
        assert finding.headline.endswith("; 2 conflicts with stated plans.")

    def test_an_objective_that_nobody_serves(self):
        """Without a gap to the best share (what leads is all absent) Deepen weighs .5 everywhere."""
        finding = check(make_stakes(leading=ABSENCE))
        assert "penetration" not in set(finding.table.goal)
        (found,) = list_conflicts(finding)
        assert "“Be invited” (share, Bob, CSO)" in found

    def test_goals_without_an_objective(self):
        found = list_conflicts(check(plans=PLANS[PLANS["kind"] != "growth"]))
        assert sorted(note.split()[1] for note in found) == ["Broaden", "Widen"]
        assert all("none of the stated objectives" in note for note in found)

    def test_an_objective_about_no_direction_is_no_conflict(self):
        """Margins are none of Ansoff's directions: no group can point to them."""
        more = pd.concat([PLANS, OBJECTIVES[OBJECTIVES["kind"] == "profitability"]], ignore_index=True)
        finding = check(plans=more)
        assert list_conflicts(finding) == [] and finding.status == "pass"
        assert any(note.startswith("Not weighed") and "“Earn more”" in note for note in finding.notes)

    @pytest.mark.parametrize(("horizon", "is_reached"), [(1.0, False), (2.0, True)])
    def test_a_retention_target_is_a_year_s(self, horizon, is_reached):
        """Of Widen at most 19 % leave within the horizon: in two years that is 10 % a year, so 90 % stay."""
        line = ("unit", "Widen", "retention_rate", 0.89, date(2026, 12, 31), "Rex, Service")
        keys = pd.DataFrame([line], columns=KEY_RESULTS.columns)
        found = list_conflicts(check(make_stakes(horizon=horizon), keys=keys))
        assert any("asks for 89.0 %" in note for note in found) == is_reached

    def test_nothing_stated(self):
        finding = check(plans=PLANS.iloc[:0])
        assert STATED in finding.needs and finding.status == "caution"
        assert set(finding.table.serves) == {"none stated"}
        assert "stated plans agree" not in finding.headline and "no plan is stated" in finding.headline

    def test_an_objective_that_chance_may_hide(self):
        """What leads is all absent but for chance: plus or minus 20 in Deepen. Is anybody served?"""
        stakes = make_stakes(leading=ABSENCE)
        known = {part.name: getattr(stakes.markets, part.name) for part in fields(stakes.markets)}
        finding = check(replace(stakes, markets=Unsure(**known)))
        assert list_conflicts(finding) == []
        (note,) = (note for note in finding.notes if note.startswith("Not shown"))
        assert "“Be invited” (share, Bob, CSO)" in note

    def test_goals_that_may_be_chance_are_not_held_against_plans(self):
        """Keep's goal stands in 70 % of samples: that it is not asked for is no conflict. Widen's stands."""
        drawn = np.tile(AT_RISK, (SAMPLES, 1))
        drawn[:60, 0] = 1.0
        keys = KEY_RESULTS.assign(measure="market_share", target=0.5)
        keys = keys[keys["value"].isin(["Keep", "Widen"])]
        (found,) = list_conflicts(check(make_stakes(drawn=drawn), keys=keys))
        assert "Widen" in found


class TestReached:
    """Books: a fifth of revenue each, half of it margin, 2.5 categories in Broaden."""

    @pytest.mark.parametrize(
        ("group", "measure", "target", "is_reached"),
        [
            ("Both", "top_share", 0.25, True),  # at most
            ("Both", "top_share", 0.15, False),
            ("Broaden", "categories_per_customer", 2.5, True),
            ("Broaden", "categories_per_customer", 2.6, False),
            ("Keep", "margin_rate", 0.5, True),
            ("Keep", "margin_rate", 0.51, False),
            ("Keep", "retention_rate", 0.87, True),  # at most 12 % leave
            ("Keep", "retention_rate", 0.89, False),  # 10 % leave, but it may be 12
            ("Keep", "new_customers", 1.0, False),  # nothing here measures it
        ],
    )
    def test_measures(self, group, measure, target, is_reached):
        line = ("unit", group, measure, target, date(2026, 12, 31), "Rex")
        found = list_conflicts(check(keys=pd.DataFrame([line], columns=KEY_RESULTS.columns)))
        assert any("reached already" in note for note in found) == is_reached

    def test_shares_of_markets_by_the_provider_that_gives_least(self):
        """100 of 900 by both together, of 1,250 by one: a target of 10 % is reached by the mean alone."""
        table = pd.DataFrame({"customer_id": list("abcde"), "market_own": 100.0, "market": 900.0})
        other = pd.DataFrame({"customer_id": list("abcde"), "market_own": 100.0, "market": 1250.0})
        figures = CustomerFigures(table=table, by_provider={"Large": other})
        stakes = make_stakes()
        today = measure_today(stakes, GROUPS, figures, None)
        assert today.market_share.tolist() == pytest.approx([1 / 9] * 5)
        least = measure_least(today, stakes, GROUPS, figures)
        assert least.market_share.tolist() == pytest.approx([0.08] * 5)
        for target, is_reached in ((0.1, False), (0.08, True)):
            line = ("unit", "Deepen", "market_share", target, date(2026, 12, 31), "Rex")
            keys = pd.DataFrame([line], columns=KEY_RESULTS.columns)
            found = list_conflicts(check(keys=keys, figures=figures))
            assert any("reached already" in note for note in found) == is_reached


def find(rates: np.ndarray, goal: str = "penetration", **given) -> pd.DataFrame:
    """Pulls of "Thin", 40 customers of 100 with these margins, beside 120 with a margin of half."""
    names = np.array([f"c{number:03d}" for number in range(160)])
    labels = np.repeat(["Thin", "Rest"], [40, 120])
    margins = np.concatenate([100 * rates, np.full(120, 50.0)])
    ladder = MarginLadder(
        customer_id=names,
        quarters=tuple(date(2025, month, 28) for month in (3, 6, 9, 12)),
        amounts={
            REVENUE: np.full((160, 4), 25.0),
            CM1: np.tile(margins[:, None] / 4, 4),
        },
    )
    goals = pd.DataFrame({"group": ["Thin"], "goal": [goal]})
    groups = pd.DataFrame({"customer_id": names, "group": labels})
    return find_pulls(goals, ladder, groups, OBJECTIVES, **given)


class TestPulls:
    """The company leaves (40 x 30 + 120 x 50) / 160 = 45 %, less than the 48 % that are stated."""

    def test_growing_what_leaves_less(self):
        """Thin leaves 30 %. A quarter of revenue is within the stated 35 % of dependence."""
        (row,) = find(np.full(40, 0.3)).itertuples()
        assert (row.group, row.measure, row.objective) == ("Thin", "margin_rate", "Earn more")
        assert row.value == pytest.approx(0.3) and row.needed == pytest.approx(0.45)

    def test_by_chance(self):
        """44 % on average, between -6 % and 94 %: a point below the company's 48.5 % is within its error."""
        assert find(np.tile([-0.06, 0.94], 20)).empty

    def test_keeping_is_not_growing(self):
        assert find(np.full(40, 0.3), goal="retention").empty

    def test_dependence(self):
        """A quarter of revenue, and 15 % are stated."""
        stated = OBJECTIVES.assign(target=OBJECTIVES.target.where(OBJECTIVES.measure != "top_share", 0.15))
        names = np.array([f"c{number:03d}" for number in range(160)])
        ladder = MarginLadder(
            customer_id=names, quarters=(date(2025, 12, 31),), amounts={REVENUE: np.full((160, 1), 100.0)}
        )
        groups = pd.DataFrame({"customer_id": names, "group": np.repeat(["Thin", "Rest"], [40, 120])})
        goals = pd.DataFrame({"group": ["Thin"], "goal": ["market development"]})
        (row,) = find_pulls(goals, ladder, groups, stated).itertuples()
        assert row.measure == "top_share" and row.value == pytest.approx(0.25) and row.needed == 0.15
        assert find_pulls(goals, ladder, groups, OBJECTIVES).empty
