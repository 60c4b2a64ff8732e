"""Goals of groups: five directions worked by hand, stated plans that differ, planted churn, and all alike."""

from dataclasses import replace
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.objectives.attractiveness.goal_map import CATEGORIES, STATED, check_goal_map, measure_today
from segutils.objectives.attractiveness.goal_rules import (
    DIRECTIONS,
    Directions,
    choose_goals,
    count_breadth,
    list_firm,
    weigh_directions,
)
from segutils.objectives.attractiveness.margin_ladder import CM1, REVENUE, MarginLadder
from segutils.objectives.attractiveness.margin_stakes import BREADTH, measure_breadth
from segutils.objectives.attractiveness.market_stakes import ABSENT, FOLLOW, LAG, LEAD, CellStakes
from segutils.objectives.attractiveness.retention_stakes import RetentionStakes
from segutils.objectives.attractiveness.stakes import Stakes
from segutils.statistics.figure_sources import NEEDS
from tests.objectives.attractiveness.conftest import OBJECTIVES

NAMES = ["Keep", "Deepen", "Widen", "Broaden", "Both"]
SAMPLES = 200
# money a year in the five groups above, each of 1,000 of revenue, so that a weight is 5 x value / sum
AT_RISK = [60.0, 10, 10, 10, 10]  # 100: weights 3, .5, .5, .5, .5
LEADING = [14.0, 64, 35, 14, 20]  # less the absent: 10, 60, 10, 10, 10 = 100: weights .5, 3, .5, .5, .5
ABSENCE = [4.0, 4, 25, 4, 10]
FOLLOWING = [6.0, 6, 15, 6, 20]  # with the absent: 10, 10, 40, 10, 30 = 100: weights .5, .5, 2, .5, 1.5
BROADER = [10.0, 10, 10, 40, 30]  # 100: weights .5, .5, .5, 2, 1.5
WEIGHTS = [
    [3, 0.5, 0.5, 0.5],
    [0.5, 3, 0.5, 0.5],
    [0.5, 0.5, 2, 0.5],
    [0.5, 0.5, 0.5, 2],
    [0.5, 0.5, 1.5, 1.5],
]
GOALS = ["retention", "penetration", "market development", "product development", "diversification"]
GROUPS = pd.DataFrame({"customer_id": list("abcde"), "group": NAMES})
PLANS = pd.DataFrame(
    [
        ("Grow", "growth", "revenue_growth", 0.06, date(2026, 12, 31), 0.5, "Ann, CEO"),
        ("Be invited", "share", "market_share", 0.12, date(2027, 12, 31), 0.5, "Bob, CSO"),
        ("Lose nobody", "retention", "retention_rate", 0.93, date(2026, 6, 30), 0.5, "Cid, Service"),
        ("Depend less", "diversification", "top_share", 0.35, date(2028, 12, 31), 0.5, "Dee, Chair"),
    ],
    columns=["goal", "kind", "measure", "target", "by", "capacity", "owner"],
)
KEY_RESULTS = pd.DataFrame(
    [
        ("unit", "Keep", "retention_rate", 0.95, date(2026, 12, 31), "Rex, Service"),
        ("unit", "Deepen", "revenue_growth", 0.2, date(2026, 12, 31), "Sue, Sales"),  # it grew by 25 %
        ("unit", "Widen", "market_share", 0.5, date(2026, 12, 31), "Tom, Sales"),  # asks for penetration
        ("unit", "Broaden", "categories_per_customer", 4.0, date(2027, 3, 31), "Uma, Product"),
        ("region", "Both", "retention_rate", 0.1, date(2026, 12, 31), "Vic, North"),  # another grouping's
    ],
    columns=["column", "value", "measure", "target", "by", "owner"],
)
NO_KEYS = KEY_RESULTS.iloc[:0]
CATEGORY_COUNTS = pd.DataFrame({"group": NAMES, "categories": [3.0, 3.0, 3.0, 2.5, 3.0], "offered": 9})


def make_cells(parts: dict[str, list[float]]) -> CellStakes:
    """One block, so that every other sample is the same: nothing is uncertain."""
    columns = pd.MultiIndex.from_product([parts, NAMES], names=["component", "group"])
    blocks = pd.DataFrame([np.concatenate(list(parts.values()))], columns=columns, index=["one"])
    return CellStakes(cells=pd.DataFrame(), blocks=blocks, compared="regions", parts=1)


def make_stakes(
    *,
    at_risk=AT_RISK,
    leading=LEADING,
    drawn: np.ndarray | None = None,
    horizon: float = 1.0,
    quarters: int = 8,
) -> Stakes:
    """Five groups of one customer each: 1,000 of revenue in the last year, 800 to 1,250 in the one before."""
    before = np.array([1000.0, 800, 1000, 1250, 1000])
    revenue = np.column_stack([np.repeat(before[:, None] / 4, 4, axis=1), np.full((5, 4), 250.0)])
    revenue = revenue[:, -quarters:]
    ladder = MarginLadder(
        customer_id=GROUPS.customer_id.to_numpy(),
        quarters=tuple(date(2020 + n, 12, 31) for n in range(quarters)),
        amounts={REVENUE: revenue, CM1: revenue * 0.5, "CM2": revenue * 0.4},
        means={"CM2": "after serving"},
    )
    leaving = np.array([0.1, 0.05, 0.05, 0.05, 0.05])
    table = pd.DataFrame({"group": NAMES, "customers": 1, "active": 1.0, "leaving": leaving, "base": 400.0})
    table = table.assign(leaving_high=[0.12, 0.08, 0.19, 0.08, 0.08], base_leaving=leaving, at_risk=at_risk)
    retention = RetentionStakes(
        groups=table,
        draws=np.tile(at_risk, (SAMPLES, 1)) if drawn is None else drawn,
        leaving_draws=np.tile(leaving, (SAMPLES, 1)),
        horizon_years=horizon,
    )
    markets = make_cells({FOLLOW: FOLLOWING, LAG: [7.0] * 5, LEAD: leading, ABSENT: ABSENCE})
    nothing = pd.DataFrame()
    return Stakes(
        **{
            "values": nothing,
            "draws": {},
            "groups": nothing,
            "horizons": nothing,
            "margins": None,
            "needs": (),
        },
        present={"retention_rate": 0.94},
        scope={"revenue": 1000.0 * 5},
        group_revenue=dict.fromkeys(NAMES, 1000.0),
        top_group="Keep",
        **{"ladder": ladder, "retention": retention, "markets": markets, "horizon_years": horizon},
    )


def check(stakes: Stakes | None = None, *, plans=PLANS, keys=NO_KEYS, breadth=BROADER, **given):
    return check_goal_map(
        stakes or make_stakes(),
        GROUPS,
        plans,
        keys,
        currency="EUR",
        grouping="unit",
        breadth=make_cells({BREADTH: breadth}) if breadth else None,
        categories=CATEGORY_COUNTS,
        **given,
    )


def list_conflicts(finding) -> list[str]:
    return [note for note in finding.notes if note.startswith("Conflict")]


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

    def test_diversification_needs_both(self):
        """Product development of Both at 15: 5 x 15 / 85 = .88 is less than the company, 1.5 stays alone."""
        table = check(breadth=[10.0, 10, 10, 40, 15]).table.set_index("group")
        assert table.goal["Both"] == "market development"


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
        assert "firm are only Deepen, Widen, Broaden and Both" in finding.headline

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


class TestPlans:
    def test_conflicts_with_key_results(self):
        finding = check(keys=KEY_RESULTS)
        found = list_conflicts(finding)
        assert len(found) == 2 and finding.status == "caution"
        wrong = next(note for note in found if "Widen" in note)
        assert "points to market development" in wrong and "share of its markets (Tom, Sales)" in wrong
        reached = next(note for note in found if "Deepen" in note)
        assert "asks for +20.0 %" in reached and "+25.0 %" in reached and "Sue, Sales" in reached
        assert finding.headline.endswith("2 stated plans say otherwise.")

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


class TestLittleIsKnown:
    def test_only_retention(self):
        stakes = replace(make_stakes(), markets=None, needs=(NEEDS["market"],))
        finding = check_goal_map(stakes, GROUPS, PLANS, KEY_RESULTS, currency="EUR", grouping="unit")
        assert "only retention has figures" in finding.headline
        assert "in Keep, EUR 60 of" in finding.headline
        assert "goal" not in finding.table and finding.table["group"][0] == "Keep"
        assert finding.status == "caution" and finding.figures == () and list_conflicts(finding) == []
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
        assert finding.status == "caution" and finding.figures == () and "no goal is firm" in finding.headline


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
        assert "no goal is firm" in finding.headline
        assert any(note.startswith("Not firm") for note in finding.notes)
