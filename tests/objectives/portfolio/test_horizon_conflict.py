"""This year against the long term: a frontier solved on paper, the bargain on it, and what is said.

Two groups share 300 (million). A returns at once, 1200 (1 - 2^(-a/100)); B returns from next year on for
three years, 800 (1 - 2^(-b/100)) in each; years count alike. With a + b = 300 and m the margin of this year,
2^(-a/100) = 1 - m / 1200, so the present value less the money is

    m + 2400 (1 - 2^(a/100 - 3)) - 300 = m + 2100 - 360000 / (1200 - m).

It is highest (2100) at m = 600, where a = 100; all money for A gives m = 1050 and a value of 750. One more of
m costs 360000 / (1200 - m)^2 - 1: at m = 900 the value is 1800 and the price 3.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq, minimize, minimize_scalar

from segutils import stated
from segutils.engagement import load_engagement
from segutils.engagement_plans import Finance
from segutils.errors import InputError
from segutils.findings import Override
from segutils.objectives.portfolio.frontier import (
    TwoHorizons,
    build_frontier,
    keeps_target,
    keeps_target_draws,
)
from segutils.objectives.portfolio.horizon_conflict import Stated, decide_horizon_conflict
from segutils.objectives.portfolio.horizon_stability import find_rate_flip, find_safe_aim
from segutils.objectives.portfolio.horizon_words import BARGAIN, LINE, LONG, NOTHING, SHORT, TARGET
from segutils.objectives.portfolio.result_floor import Result
from segutils.statistics.responses import return_a_year

M = 1e6
ENGAGEMENT = Path(__file__).parents[3] / "data" / "manufacturer" / "engagement.yml"
FREE = Finance(discount_rate=0.0, horizon_years=7, owner="Ann")
FAST = {"group": "A", "ceiling": 1200 * M}
SLOW = {"group": "B", "ceiling": 800 * M, "starts_after_years": 1.0, "lasts_years": 3.0}
SCENARIOS = pd.DataFrame(columns=["scenario", "means", "group", "factor", "probability", "owner", "note"])


def value_at(m: float) -> float:
    """Present value by hand, in millions."""
    return m + 2100 - 360000 / (1200 - m)


def price_at(m: float) -> float:
    return 360000 / (1200 - m) ** 2 - 1


@cache
def bargain_by_hand() -> float:
    """Margin at which the product of both gains is largest."""
    found = minimize_scalar(lambda m: -(m - 600) * (value_at(m) - 750), bounds=(600, 1050), method="bounded")
    return float(found.x)


def make_facts(
    *lines: dict,
    target: float | None = 900.0,
    people: float | None = None,
    finance: Finance | None = FREE,
    scenarios: pd.DataFrame = SCENARIOS,
    budget: float = 300.0,
) -> Stated:
    base = {
        **{"group": "A", "budget": "Money", "ceiling": 1.0, "half_at": 100 * M, "starts_after_years": 0.0},
        **{"lasts_years": 1.0, "min_amount": 0.0, "people": {}, "owner": "Ann", "note": ""},
    }
    rows = [{**base, **line} for line in (lines or (FAST, SLOW))]
    rows = [{"at_least": row["ceiling"], "at_most": row["ceiling"], **row} for row in rows]
    columns = ["measure", "min", "max", "periods", "owner", "note"]
    asked = [] if target is None else [("contribution_margin", target * M, np.nan, 1, "Bob", "")]
    limits = [] if people is None else [("people_sales", np.nan, people, 1, "Bob", "")]
    return Stated(
        responses=pd.DataFrame(rows, columns=[*base, "at_least", "at_most"]),
        budgets=pd.DataFrame(
            [("Money", budget * M, "2026", "Ann", "")],
            columns=["item", "amount", "horizon", "owner", "note"],
        ),
        thresholds=pd.DataFrame(asked, columns=columns).astype({"min": float, "max": float}),
        company=pd.DataFrame(limits, columns=columns).astype({"min": float, "max": float}),
        finance=finance,
        scenarios=scenarios,
    )


def decide(facts: Stated, **more):
    given = {"currency": "EUR", "groups": ["A", "B"], "points": 5, "draws": 2, "seed": 2, **more}
    return decide_horizon_conflict(facts, **given)


@pytest.fixture(scope="module")
def by_hand() -> TwoHorizons:
    return TwoHorizons(setting=make_facts().build())


@pytest.fixture(scope="module")
def met():
    """What is decided of the case above."""
    return decide(make_facts())


@pytest.fixture(scope="module")
def line(by_hand):
    return build_frontier(by_hand, points=9)


class TestFrontier:
    def test_ends(self, by_hand, line):
        assert by_hand.margin(line.long) == pytest.approx(600 * M, rel=1e-3)
        assert line.long.value == pytest.approx(2100 * M, rel=1e-7)
        assert by_hand.margin(line.short) == pytest.approx(1050 * M, rel=1e-4)
        assert line.short.value == pytest.approx(750 * M, rel=1e-2)

    def test_points_lie_where_the_formula_says(self, line):
        points = line.points
        inner = points.iloc[1:-1]
        margins = inner.margin_this_year.to_numpy() / M
        assert inner.net_present_value.to_numpy() / M == pytest.approx(value_at(margins), rel=1e-5)
        assert inner.price.to_numpy() == pytest.approx(price_at(margins), rel=5e-3, abs=5e-3)
        assert (np.diff(points.net_present_value) < 0).all() and (np.diff(points.margin_this_year) > 0).all()

    def test_the_bargain_maximises_the_product_of_both_gains(self, by_hand, line):
        assert by_hand.margin(line.bargain) / M == pytest.approx(bargain_by_hand(), rel=2e-3)

    @pytest.mark.parametrize(
        ("target", "kept"),
        [
            (500, True),  # the long-term plan meets it
            (900, True),  # gained 1050, price 3 times 300
            (920, False),  # gained 984, price 3.59 times 320
            (1100, None),  # out of reach
        ],
    )
    def test_a_target_is_kept_up_to_the_bargain(self, by_hand, target, kept):
        assert 900 < bargain_by_hand() < 920
        assert keeps_target(by_hand, target * M) is kept

    def test_groups_whose_returns_last_alike_do_not_conflict(self):
        same = TwoHorizons(setting=make_facts(FAST, {**SLOW, "starts_after_years": 0.0}).build())
        assert build_frontier(same, points=5).conflict  # B lasts for three years: it counts more later
        alike = TwoHorizons(setting=make_facts(FAST, {"group": "B", "ceiling": 800 * M}).build())
        assert not build_frontier(alike, min_conflict=0.01).conflict

    def test_the_limits_of_the_company_hold_on_the_way(self):
        """A binds one person per million; 150 people: this year brings 1200 (1 - 2^-1.5) at most."""
        facts = make_facts({**FAST, "people": {"sales": 1.0}}, SLOW, people=150)
        horizons = TwoHorizons(setting=facts.build())
        assert horizons.margin(horizons.solve_short()) == pytest.approx(1200 * (1 - 2**-1.5) * M, rel=1e-4)


class TestChoice:
    def test_the_target_is_met_at_its_price(self, met):
        found = met
        assert found.decision.recommendation == TARGET and found.status == "pass"
        options = found.decision.options.set_index("option")
        assert options.given_up[TARGET] == pytest.approx(300 * M, rel=1e-4)
        assert options.meets_target.to_dict() == {
            **{LONG: False, TARGET: True, BARGAIN: True, SHORT: True, NOTHING: False}
        }
        assert found.decision.formats["meets_target"] == "flag", "yes or no, never True"
        assert options.left_this_year[NOTHING] == 0
        assert options.left_this_year[SHORT] == pytest.approx((1050 - 300) * M, rel=1e-3)
        assert "target of EUR 900.0 million costs EUR 300.0 million of present value" in found.headline
        bargain = 2100 - value_at(bargain_by_hand())
        assert f"less than an even bargain between this year and the long term would (EUR {bargain:.1f}" in (
            found.headline
        )
        # 100,000 at a price of 3
        assert any("cost EUR 300,000 of present value" in note for note in found.notes)
        assert "or more" in found.decision.robustness
        up_to = float(found.decision.robustness.split("a target of EUR ")[1].split(" million")[0])
        assert up_to == pytest.approx(bargain_by_hand(), rel=2e-3)

    def test_who_gains_and_who_loses(self, met):
        """a = 100 log2(1200 / (1200 - m)): 200 at 900, 100 in the long term."""
        table = met.table.set_index("who")
        assert table.change["A"] == pytest.approx(100 * M, rel=2e-3)
        shown = table.meet_this_years_target - table.long_term_only
        assert (table.change == shown).all(), "a reader gets the same from the table"
        assert table.change["B"] == pytest.approx(-100 * M, rel=2e-3)
        assert table.change["Money"] == pytest.approx(0, abs=1e3) and table.owner["Money"] == "Ann"
        assert table.long_term_only[["A", "B"]].sum() == pytest.approx(table.long_term_only["Money"], abs=2e3)

    def test_a_target_beyond_the_bargain_gives_way(self):
        found = decide(make_facts(target=1000.0))
        assert found.decision.recommendation == BARGAIN
        cost = 2100 - value_at(1000)
        assert f"costs EUR {cost:,.1f} million" in found.headline
        assert "even bargain" in found.headline and " million or less" in found.decision.robustness

    def test_a_target_that_costs_nothing(self):
        found = decide(make_facts(target=500.0))
        assert found.decision.recommendation == LONG and "costs nothing" in found.headline
        assert found.status == "pass" and TARGET not in set(found.decision.options.option)

    def test_a_target_out_of_reach(self):
        found = decide(make_facts(target=1100.0))
        assert found.status == "fail" and "out of reach" in found.headline
        assert "EUR 1,050.0 million" in found.headline and found.decision.recommendation == BARGAIN

    def test_nothing_to_weigh_against_each_other(self):
        found = decide(make_facts(FAST, {"group": "B", "ceiling": 800 * M}, target=100.0))
        assert found.headline.startswith("One plan is best for this year and for the long term")
        assert found.decision.recommendation == LONG and not found.figures

    def test_the_figure_shows_the_line_and_the_plans_on_it(self, met):
        figure = met.figures[0]
        plans = figure.data.groupby("plan", sort=False).size()
        assert figure.connected and figure.highlight == TARGET
        assert plans.to_dict() == {LINE: 5, LONG: 1, TARGET: 1, BARGAIN: 1, SHORT: 1}

    def test_the_client_decides(self):
        override = Override(choice=LONG, who="Ann", when="2026-01-10", why="We build for the years to come.")
        found = decide(make_facts(), override=override)
        assert found.decision.choice == LONG and found.decision.recommendation == TARGET
        assert found.headline == (
            "The client chooses “long term only” (EUR 600.0 million this year, EUR 2,100.0 million of "
            "present value); recommended was “meet this year's target” (EUR 900.0 million this year, "
            "EUR 1,800.0 million of present value)."
        )


class TestRobustness:
    def test_doubt_shows(self):
        """A may bring 600 to 1800, evenly: the plan for 900 reaches it in half of all draws."""
        doubtful = {**FAST, "at_least": 600 * M, "at_most": 1800 * M}
        found = decide(make_facts(doubtful, SLOW), draws=30)
        reached = float(found.notes[0].split("target's margin in ")[1].split(" %")[0]) / 100
        assert 0.13 < reached < 0.87  # four standard errors of a half
        assert found.decision.robustness_share < 1

    def test_every_draw_by_hand(self):
        """With A's ceiling c the value is m + 2100 - 300 c / (c - m), highest at m = c - sqrt(300 c).

        One more of m costs 300 c / (c - m)^2 - 1, and 7/8 c is the most that all money brings this year.
        """
        horizons = TwoHorizons(setting=make_facts().build())
        ceilings = np.array([1000.0, 1040.0, 1150.0, 1180.0, 1195.0, 1215.0, 1300.0, 1600.0, 1700.0])

        def value(m: float, c: float) -> float:
            return m + 2100 - 300 * c / (c - m)

        by_hand = []
        for c in ceilings:
            long, most = c - np.sqrt(300 * c), 7 / 8 * c
            price = 300 * c / (c - 900) ** 2 - 1
            enough = value(900, c) - value(most, c) >= price * (900 - long)
            by_hand.append(None if most < 900 else bool(long >= 900 or enough))
        assert {None, False, True} == set(by_hand)
        drawn = np.column_stack([ceilings, np.full(len(ceilings), 800.0)]) * M
        assert keeps_target_draws(horizons, 900 * M, drawn) == by_hand

    def test_a_safe_aim(self):
        """A tenth of the triangle 600, 1200, 1800 lies below 600 + sqrt(0.1 * 1200 * 600) = 868.3.

        A plan that aims at 700 * 1200 / 868.3 = 967.4 brings 700 in nine of ten.
        """
        doubtful = {**FAST, "at_least": 600 * M, "at_most": 1800 * M}
        horizons = TwoHorizons(setting=make_facts(doubtful, SLOW).build())
        aim, value = find_safe_aim(horizons, 700 * M, 1050 * M, draws=20000, seed=4)
        by_hand = 700 * 1200 / (600 + np.sqrt(0.1 * 1200 * 600))
        assert aim / M == pytest.approx(by_hand, rel=0.01)
        assert value / M == pytest.approx(value_at(aim / M), rel=1e-4)

    def test_the_cost_of_money_at_which_the_choice_turns(self):
        """By the same formulas with present values of 1 / (1 + r) for A and of years 2 to 4 for B."""

        def excess(rate: float, target: float) -> float:
            fast, slow = 1 / (1 + rate), sum((1 + rate) ** -t for t in (2, 3, 4))

            def value(m: float) -> float:
                return fast * m + slow * 800 * (1 - 1200 / (1200 - m) / 8) - 300

            long = minimize_scalar(lambda m: -value(m), bounds=(0, 1050), method="bounded").x
            price = slow * 800 * 150 / (1200 - target) ** 2 - fast
            return value(target) - value(1050) - price * (target - long)

        by_hand = brentq(lambda rate: excess(rate, 930), 0.0, 0.3)
        start = Finance(discount_rate=0.02, horizon_years=7, owner="Ann")
        facts = make_facts(target=930.0, finance=start)
        flip = find_rate_flip(lambda rate: TwoHorizons(setting=facts.build(rate=rate)), start, 930 * M)
        assert flip is not None and flip[0] == pytest.approx(by_hand, abs=0.005)
        assert flip[1] is bool(excess(0.02, 930) < 0)

    def test_futures(self):
        storm = pd.DataFrame([("storm", "rain", "A", 0.5, 0.5, "Ann", "")], columns=SCENARIOS.columns)
        found = decide(make_facts(scenarios=storm))
        said = next(note for note in found.notes if "storm" in note)
        assert "EUR 450.0 million if “storm” (target missed)" in said


def test_limits_of_the_company_that_leave_no_plan():
    """EBITDA is 14 % of revenue, the banks ask for 15 %, and B brings nothing this year."""
    lines = pd.DataFrame({"line": ["net revenue"], "amount": [1000 * M], "counted_as": ["revenue"]})
    days = pd.Timestamp("2025-01-01").date(), pd.Timestamp("2025-12-31").date()
    result = Result(
        revenue=1000 * M, ebitda=140 * M, goods_rate=0.4, lines=lines, first=days[0], last=days[1]
    )
    facts = make_facts(SLOW)
    floor = facts.thresholds.assign(measure="ebitda_rate", min=0.15)
    found = decide(replace(facts, company=floor), result=result)
    assert found.status == "fail" and "EBITDA" in found.headline
    within = decide(replace(facts, company=floor.assign(min=0.1), thresholds=floor.iloc[:0]), result=result)
    spent = within.decision.options.set_index("option").money[LONG]
    assert spent == pytest.approx(40 * M, rel=1e-6)  # from 140 down to 100


def test_a_floor_that_no_result_is_held_against_is_said_to_be():
    facts = make_facts()
    floor = facts.thresholds.assign(measure="ebitda_rate", min=0.1)
    found = decide(replace(facts, company=floor), unread="there is no table pnl")
    assert found.status == "caution", "without the floor it passes, see above"
    assert found.headline.endswith("Not held against: EBITDA as a share of revenue (10.0 %).")
    assert "as there is no table pnl" in found.notes[0] and found.needs[-1].table == "pnl"


class TestMissing:
    def test_nothing_stated(self):
        facts = make_facts(target=None, finance=None)
        found = decide(replace(facts, responses=facts.responses.iloc[:0]))
        assert found.status == "not_run" and len(found.needs) == 3
        assert any("responses" in need.columns[0] for need in found.needs)

    def test_without_the_cost_of_money(self):
        found = decide(make_facts(finance=None))
        assert found.status == "not_run" and [need.columns[0][:7] for need in found.needs] == ["finance"]

    def test_without_a_target_the_line_is_drawn_and_the_bargain_recommended(self):
        found = decide(make_facts(target=None))
        assert found.status == "caution" and found.decision.recommendation == BARGAIN
        assert "meets_target" not in found.decision.options and "even bargain" in found.headline
        assert any("contribution_margin" in need.columns[0] for need in found.needs) and found.figures

    def test_a_group_without_customers_gets_nothing(self):
        """A third one would bring more than both: no plan counts on it."""
        found = decide(make_facts(FAST, SLOW, {"group": "Z", "ceiling": 9000 * M}))
        assert found.decision.options.set_index("option").given_up[TARGET] == pytest.approx(300 * M, rel=1e-4)
        assert "Responses are stated for Z, which no customer is in: they are not used." in found.notes
        poor = decide(make_facts(budget=0.0))
        assert (
            poor.headline
            == "Within the limits nothing is spent, this year or later, so there is nothing to weigh."
        )

    def test_a_threshold_that_cannot_be_used(self):
        facts = make_facts()
        facts.thresholds["measure"] = "revenue"
        with pytest.raises(InputError):
            decide(facts)


class TestSimulatedClient:
    @pytest.fixture
    def horizons(self):
        engagement = load_engagement(ENGAGEMENT)
        facts = Stated(
            responses=stated.list_responses(engagement),
            budgets=stated.list_budgets(engagement, "horizon-conflict"),
            thresholds=stated.list_thresholds(engagement, "horizon-conflict"),
            company=stated.list_thresholds(engagement, "kpi-constraints"),
            finance=engagement.finance,
            scenarios=stated.list_scenarios(engagement),
        )
        return TwoHorizons(setting=facts.build()), facts.target

    def test_the_plan_at_the_target_against_slsqp(self, horizons):
        """What is begun is held, and each option switched on or off in turn: none is better."""
        horizons, target = horizons
        plan, own = horizons.solve(target, precision=1e-9), horizons.setting.investments
        options, limits = horizons.setting.options(), horizons.setting.limits
        use = np.array([[option.uses.get(limit.name, 0.0) for option in options] for limit in limits])
        use = use * M / np.array([limit.amount for limit in limits])[:, None]
        curve = {"ceiling": own.ceiling.to_numpy() / M, "half_at": own.half_at.to_numpy() / M}
        least, year = own.min_amount.to_numpy() / M, own.this_year.to_numpy()
        worth, price = own.worth.to_numpy(), own.price.to_numpy()

        def solve(on: np.ndarray, start: np.ndarray) -> float:
            rules = [
                {"type": "ineq", "fun": lambda x: 1 - use @ x},
                {"type": "ineq", "fun": lambda x: year @ return_a_year(x, **curve) - target / M},
            ]
            found = minimize(
                lambda x: price @ x - worth @ return_a_year(x, **curve),
                np.where(on, np.maximum(start, least), 0.0),
                bounds=[(low, None) if go else (0, 0) for low, go in zip(least, on, strict=True)],
                constraints=rules,
                tol=1e-12,
                options={"maxiter": 500},
            )
            kept = all((rule["fun"](found.x) >= -1e-7).all() for rule in rules)
            return -found.fun if kept else -np.inf

        amounts = plan.amounts.amount.to_numpy() / M
        on = amounts > 0
        assert plan.value / M == pytest.approx(solve(on, amounts), rel=1e-6)
        for switched in range(len(on)):
            other = on.copy()
            other[switched] = ~other[switched]
            assert solve(other, amounts) <= plan.value / M * (1 + 1e-6)

    def test_the_price_at_the_target_is_what_a_little_less_of_it_brings(self, horizons):
        horizons, target = horizons
        plan = horizons.solve(target, precision=1e-9)
        less = horizons.solve(target * 0.999, precision=1e-9)
        assert (less.value - plan.value) / (0.001 * target) == pytest.approx(horizons.price(plan), rel=0.02)

    def test_marketing_is_for_this_year_and_development_for_later(self, horizons):
        """As stated: marketing returns at once, everything else from next year on."""
        horizons, target = horizons
        own = horizons.setting.investments
        assert set(own.budget[own.this_year > 0]) == {"Marketing"}
        long, met = horizons.solve_long(), horizons.solve(target)
        spent = [plan.amounts.groupby("budget").amount.sum() for plan in (long, met)]
        assert spent[1]["Marketing"] > spent[0]["Marketing"]
        assert spent[1]["Market development"] < spent[0]["Market development"]
        assert horizons.margin(long) < target == pytest.approx(horizons.margin(met), rel=1e-6)
