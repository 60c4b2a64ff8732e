"""Plans under the limits of the whole company: by hand, against other solvers, and what is said of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq, minimize

from segutils import stated
from segutils.engagement import load_engagement
from segutils.engagement_plans import Finance
from segutils.errors import InputError
from segutils.findings import Override
from segutils.objectives.portfolio.budget_habits import read_current_split
from segutils.objectives.portfolio.constraint_stability import find_flips, first_group, measure_stability
from segutils.objectives.portfolio.investments import build_investments, draw_ceilings
from segutils.objectives.portfolio.kpi_constraints import (
    BEST,
    EQUAL,
    HABIT,
    NOTHING,
    UNLIMITED,
    decide_kpi_constraints,
)
from segutils.objectives.portfolio.plan_setting import build_setting
from segutils.objectives.portfolio.result_floor import Result, read_result
from segutils.statistics.responses import amount_at_slope, return_a_year

M = 1e6
LN2 = np.log(2)
ENGAGEMENT = Path(__file__).parents[3] / "data" / "manufacturer" / "engagement.yml"
FREE = Finance(discount_rate=0.0, horizon_years=3, owner="Ann")  # years count alike
# slopes are equal where 16 / 2^(a/100) = 8 / 2^(b/100): a = b + 100 (in millions)
TWO = ({"ceiling": 1600 * M, "half_at": 100 * M}, {"group": "B", "ceiling": 800 * M, "half_at": 100 * M})


def make_responses(*lines: dict) -> pd.DataFrame:
    """Responses as :func:`segutils.stated.list_responses` gives them."""
    base = {
        **{"group": "A", "budget": "Money", "ceiling": 100.0, "half_at": 10.0, "starts_after_years": 0.0},
        **{"lasts_years": 1.0, "min_amount": 0.0, "people": {}, "owner": "Ann", "note": ""},
    }
    rows = [{**base, **line} for line in lines]
    rows = [{"at_least": row["ceiling"], "at_most": row["ceiling"], **row} for row in rows]
    return pd.DataFrame(rows, columns=[*base, "at_least", "at_most"])


def make_budgets(*lines: tuple[str, float, str]) -> pd.DataFrame:
    rows = [(item, amount, horizon, "Ann", "") for item, amount, horizon in lines]
    return pd.DataFrame(rows, columns=["item", "amount", "horizon", "owner", "note"])


def make_thresholds(*lines: tuple[str, float, float]) -> pd.DataFrame:
    rows = [(measure, low, high, 1, "Bob", "") for measure, low, high in lines]
    columns = ["measure", "min", "max", "periods", "owner", "note"]
    return pd.DataFrame(rows, columns=columns).astype({"min": float, "max": float})


def make_result(revenue: float = 1000 * M, ebitda: float = 200 * M, goods_rate: float = 0.4) -> Result:
    lines = pd.DataFrame(
        {
            "line": ["net revenue", "all costs"],
            "amount": [revenue, revenue - ebitda],
            "counted_as": ["revenue", "cost"],
        }
    )
    days = pd.Timestamp("2025-01-01").date(), pd.Timestamp("2025-12-31").date()
    return Result(
        revenue=revenue, ebitda=ebitda, goods_rate=goods_rate, lines=lines, first=days[0], last=days[1]
    )


def decide(responses, budgets, thresholds=(), *, result=None, **more):
    given = {"currency": "EUR", "groups": ["A", "B"], "finance": FREE, "draws": 4, "seed": 5, **more}
    facts = make_responses(*responses), make_budgets(*budgets), make_thresholds(*thresholds)
    return decide_kpi_constraints(*facts, result=result, **given)


def worth_of(found, name: str) -> float:
    return float(found.decision.options.set_index("option").worth[name])


@pytest.fixture(scope="module")
def one_budget():
    return decide(TWO, [("Money", 300 * M, "2026")])


class TestOddInput:
    def test_limits_that_leave_nothing_are_not_called_a_bad_investment(self):
        """1600 (1 - 2^-(a/100)) brings back far more than it costs; there is nobody to spend it."""
        people = [{**line, "people": {"sales": 1.0}} for line in TWO]
        found = decide(people, [("Money", 300 * M, "2026")], [("people_sales", np.nan, 0)])
        assert found.headline == (
            "The limits leave nothing to spend; without the limit of people in sales the best plan is worth "
            "EUR 1,300.0 million."  # as in the case of one budget below
        )
        none = decide(TWO, [("Money", 0.0, "2026")])
        assert none.headline.startswith("The limits leave nothing to spend; without the limit of Money")

    def test_money_that_brings_back_less_than_itself_is_not_spent(self):
        """8 ln 2 / 100 a unit at first: with half at 1,000 it is 0.55, less than 1."""
        found = decide([{"ceiling": 800 * M, "half_at": 1000 * M}], [("Money", 300 * M, "2026")])
        assert found.headline.startswith("No money is worth spending")

    def test_of_two_floors_the_higher_holds(self):
        floors = [("ebitda_rate", 0.1, np.nan), ("ebitda_rate", 0.15, np.nan)]
        found = decide(TWO, [("Money", 300 * M, "2026")], floors, result=make_result())
        assert found.table.set_index("limit").allowed["EBITDA as a share of revenue"] == 0.15
        assert any("the floor is 15.0 %" in note for note in found.notes)

    def test_money_for_a_group_without_customers_is_not_planned(self):
        strange = {"group": "Z", "ceiling": 9000 * M, "half_at": 100 * M}
        found = decide([*TWO, strange], [("Money", 300 * M, "2026")])
        assert worth_of(found, BEST) == pytest.approx(1300 * M, rel=1e-6)
        assert "Responses are stated for Z, which no customer is in: they are not used." in found.notes
        alone = decide([strange], [("Money", 300 * M, "2026")])
        assert alone.status == "not_run" and "Z" in alone.notes[0]

    def test_a_future_in_which_nothing_pays(self):
        never = pd.DataFrame(
            [("frost", "Nothing.", "all", 0.0, np.nan, "Ann", "")],
            columns=["scenario", "means", "group", "factor", "probability", "owner", "note"],
        )
        found = decide(TWO, [("Money", 300 * M, "2026")], scenarios=never)
        assert "Nothing would be worth spending if “frost” (the plan would be worth EUR −300.0 million)." in (
            found.notes
        )


class TestByHand:
    def test_one_budget(self, one_budget):
        """300 million: a = 200, b = 100 (see above).

        Worth 1600 * 3/4 + 800 * 1/2 - 300 = 1300. One more million brings the slope 16 ln 2 / 4 = 2.77 less
        itself: 1.77 million. Without a limit A stops where 16 ln 2 / 2^(a/100) = 1, and B where
        8 ln 2 / 2^(b/100) = 1; both then lack 100 / ln 2 of their ceilings.
        """
        found = one_budget
        row = found.table.iloc[0]
        assert (row.limit, row.binds, row.allowed) == ("Money", True, 300 * M)
        assert row.shadow_price == pytest.approx((4 * LN2 - 1) * M, rel=1e-3)
        assert row.worth_of_one_more == pytest.approx((4 * LN2 - 1) * M, rel=0.01)
        assert worth_of(found, BEST) == pytest.approx(1300 * M, rel=1e-6)
        spent = 100 * np.log2(16 * LN2) + 100 * np.log2(8 * LN2)
        assert worth_of(found, UNLIMITED) == pytest.approx((2400 - 200 / LN2 - spent) * M, rel=1e-5)
        assert "A gets most, EUR 200.0 million of the EUR 300.0 million worth spending" in found.headline
        assert (
            "Money binds first" in found.headline
            and "one million more would be worth EUR 1.8 million" in (found.headline)
        )

    def test_equal_parts_and_nothing(self, one_budget):
        """150 each: 1600 (1 - 2^-1.5) + 800 (1 - 2^-1.5) - 300."""
        assert worth_of(one_budget, EQUAL) == pytest.approx((2400 * (1 - 2**-1.5) - 300) * M)
        assert worth_of(one_budget, NOTHING) == 0

    def test_people_run_out_before_money(self):
        """1 person per million: 300 people are the same limit as 300 million; the budget costs nothing."""
        people = [{**line, "people": {"sales": 1.0}} for line in TWO]
        found = decide(
            people, [("Money", 900 * M, "2026")], [("people_sales", np.nan, 300)], result=make_result()
        )
        table = found.table.set_index("limit")
        assert table.shadow_price["people in sales"] == pytest.approx((4 * LN2 - 1) * M, rel=1e-3)
        assert table.worth_of_one_more["Money"] == 0 and not table.binds["Money"]
        assert "people run out before money: one more person in sales would be worth EUR 1.8 million" in (
            found.headline
        )
        assert "one million more of any budget nothing" in found.headline
        asks = found.decision.options.set_index("option").asks_for
        assert asks["Best without the limit of people in sales"].endswith("instead of 300 people in sales")
        assert not found.decision.options.set_index("option").keeps_limits[UNLIMITED]

    def test_the_floor_under_ebitda_binds(self):
        """It may fall from 200 to 150: 50 million can be spent, as nothing comes back this year.

        One point lower frees 10 more: 1600 (2^-0.5 - 2^-0.6) - 10.
        """
        late = {**TWO[0], "starts_after_years": 1.0}
        found = decide(
            [late], [("Money", 300 * M, "2026")], [("ebitda_rate", 0.15, np.nan)], result=make_result()
        )
        row = found.table.iloc[0]
        assert (row.limit, row.one_more) == ("EBITDA as a share of revenue", "one point lower")
        assert row.used == pytest.approx(0.15) and row.allowed == 0.15
        assert row.worth_of_one_more == pytest.approx((1600 * (2**-0.5 - 2**-0.6) - 10) * M, rel=1e-4)
        assert row.shadow_price == pytest.approx((16 * LN2 * 2**-0.5 - 1) * 10 * M, rel=1e-3)
        options = found.decision.options.set_index("option")
        assert options.money[BEST] == pytest.approx(50 * M) and options.ebitda_rate[NOTHING] == 0.2

    def test_the_step_and_the_margin_differ_and_it_is_said_why(self):
        late = {**TWO[0], "starts_after_years": 1.0, "half_at": 20 * M}
        found = decide(
            [late], [("Money", 300 * M, "2026")], [("ebitda_rate", 0.15, np.nan)], result=make_result()
        )
        row = found.table.iloc[0]
        by_hand = 1600 * (2**-2.5 - 2**-3.0) - 10
        assert row.worth_of_one_more == pytest.approx(by_hand * M, rel=1e-4)
        assert row.shadow_price == pytest.approx((80 * LN2 * 2**-2.5 - 1) * 10 * M, rel=1e-3)
        assert any("by the price at the margin" in note and "diminish" in note for note in found.notes)

    def test_habit_is_cut_back_until_it_keeps_the_limits(self):
        """Half each of 300 million; people allow 150: 75 each."""
        people = [{**line, "people": {"sales": 1.0}} for line in TWO]
        half = pd.DataFrame({"budget": "Money", "group": ["A", "B"], "share": [0.5, 0.5]})
        found = decide(people, [("Money", 300 * M, "2026")], [("people_sales", np.nan, 150)], current=half)
        options = found.decision.options.set_index("option")
        assert options.money[HABIT] == pytest.approx(150 * M, rel=1e-9)
        assert options.worth[HABIT] == pytest.approx((2400 * (1 - 2**-0.75) - 150) * M, rel=1e-6)


class TestFlips:
    def test_the_amount_at_which_another_group_gets_most(self):
        """A: 100, half at 10; B: 400, half at 100.

        A is alone until its slope is B's first: 10 log2(2.5) = 13.22. From there a = 13.22 + b / 10, so both
        get the same at 13.22 / 0.9 = 14.69 each: 29.38 in all.
        """
        responses = make_responses(
            {"ceiling": 100 * M, "half_at": 10 * M}, {"group": "B", "ceiling": 400 * M, "half_at": 100 * M}
        )
        budgets = make_budgets(("Money", 20 * M, "2026"))
        setting = build_setting(
            build_investments(responses, budgets, finance=FREE), budgets, make_thresholds(), None
        )
        plan = setting.solve()
        assert first_group(plan) == "A"
        flip = find_flips(setting, plan).iloc[0]
        assert flip.flip_amount == pytest.approx(20 / 9 * 10 * np.log2(2.5) * M, rel=0.02)
        assert flip.first_then == "B"

    def test_every_draw_by_hand(self):
        """Ceilings A and B, 300 million: slopes are equal at a = 150 + 50 log2(A / B), b = 300 - a."""
        wide = [{**line, "at_least": 300 * M, "at_most": 2000 * M} for line in TWO]
        budgets = make_budgets(("Money", 300 * M, "2026"))
        own = build_investments(make_responses(*wide), budgets, finance=FREE)
        setting = build_setting(own, budgets, make_thresholds(), None)
        scenarios = pd.DataFrame(columns=["scenario", "group", "factor"])
        plan, equal = np.array([200, 100]) * M, np.array([150, 150]) * M
        given = {"draws": 20, "seed": 3}
        found = measure_stability(setting, plan, {"equal": equal}, scenarios, **given).draws
        assert found["first"].nunique() == 2 and found.stands.nunique() == 2
        for row, (a, b) in zip(found.itertuples(), draw_ceilings(own, **given) / M, strict=True):
            most = 300 - np.clip(150 - 50 * np.log2(a / b), 0, 300)
            best, mine, even = (
                a * (1 - 2 ** (-x / 100)) + b * (1 - 2 ** (x / 100 - 3)) - 300 for x in (most, 200, 150)
            )
            assert row.first == ("A" if a > b else "B") and row.binding == ("Money",)
            assert row.value == pytest.approx(best * M, rel=1e-7)
            assert row.mine == pytest.approx(mine * M) and row.kept == pytest.approx(mine / best, rel=1e-7)
            assert row.stands is bool(mine >= even)

    def test_equals_are_said_to_be_an_open_race(self):
        """Two groups with the same curve and the same doubt: each is first in about half of the draws."""
        wide = {"ceiling": 800 * M, "half_at": 100 * M, "at_least": 400 * M, "at_most": 1200 * M}
        found = decide([wide, {**wide, "group": "B"}], [("Money", 300 * M, "2026")], draws=60)
        assert 0.3 < found.decision.robustness_share < 0.7  # three standard errors of a half
        assert found.status == "caution"

    def test_who_is_far_ahead_and_sure_stays_first(self):
        sure = [
            {**line, "at_least": line["ceiling"] * 0.95, "at_most": line["ceiling"] * 1.05} for line in TWO
        ]
        late = [{**line, "starts_after_years": 1.0} for line in sure]
        found = decide(
            late,
            [("Money", 30 * M, "2026")],
            [("ebitda_rate", 0.1, np.nan)],
            result=make_result(),
        )
        assert found.decision.robustness_share == 1 and found.status == "pass"

    def test_futures_are_told_apart(self):
        storm = pd.DataFrame(
            [("storm", "rain", "A", 0.2, 0.5, "Ann", "")],
            columns=["scenario", "means", "group", "factor", "probability", "owner", "note"],
        )
        found = decide(TWO, [("Money", 300 * M, "2026")], scenarios=storm)
        said = next(note for note in found.notes if "storm" in note)
        assert "B gets most" in said
        # by hand: 320 and 800; best b = a + 100 log2(2.5); the plan brings 320 * 3/4 + 800 / 2 - 300 = 340
        b = 150 + 50 * np.log2(2.5)
        best = 320 * (1 - 2 ** -((300 - b) / 100)) + 800 * (1 - 2 ** (-b / 100)) - 300
        assert f"{340 / best:.0%}".replace("%", " %") in said


class TestImpossible:
    def test_a_floor_that_is_missed_already(self):
        """EBITDA is 14 % of revenue, and money brings nothing back this year: 14 % it stays at best."""
        late = {**TWO[0], "starts_after_years": 1.0}
        found = decide(
            [late],
            [("Money", 300 * M, "2026")],
            [("ebitda_rate", 0.15, np.nan)],
            result=make_result(ebitda=140 * M),
        )
        assert found.status == "fail"
        assert found.table.enough[0] == pytest.approx(0.14, abs=1e-6)
        assert found.decision.recommendation == "Lower EBITDA as a share of revenue from 15.0 % to 14.0 %"
        assert "no plan keeps the limit" in found.headline.lower()

    def test_limits_that_clash(self):
        """A returns at once, 16 times: 5 million of it lift EBITDA back over the floor, but people allow 1.

        -x + 1600 (1 - 2^(-x/100)) (1 - 0.15 / 0.4) = 10 at x = 1.7.
        """
        quick = {**TWO[0], "people": {"sales": 1.0}}
        given = {
            "budgets": [("Money", 300 * M, "2026")],
            "thresholds": [("ebitda_rate", 0.15, np.nan), ("people_sales", np.nan, 1)],
            "result": make_result(ebitda=140 * M),
        }
        found = decide([quick], **given)
        assert found.status == "fail" and "cannot be kept together" in found.headline
        needed = brentq(lambda x: -x + 1600 * (1 - 2 ** (-x / 100)) * 0.625 - 10, 0.1, 10)
        people = found.table.set_index("words").enough["people in sales"]
        assert people == pytest.approx(needed, rel=1e-4)
        given["thresholds"][1] = ("people_sales", np.nan, needed * 1.01)
        assert decide([quick], **given).status != "fail"


class TestOneGroup:
    def test_who_gets_most_is_no_question(self):
        """800 at the least is half at 100, 400 for 100 of money: it is spent in every draw."""
        sure = {**TWO[0], "at_least": 800 * M, "at_most": 2400 * M}
        found = decide([sure], [("Money", 100 * M, "2026")], groups=["A"], draws=20)
        assert "money is still spent in 100 % (there is one group only, so who gets most is no question)" in (
            found.decision.robustness
        )
        assert "still gets most" not in found.decision.robustness and "flips" not in found.decision.robustness

    def test_what_is_counted_can_fail(self):
        """The first unit brings c ln 2 / 50: nothing is worth spending where c is below 72, of 10 to 160."""
        doubtful = {"ceiling": 150 * M, "half_at": 50 * M, "at_least": 10 * M, "at_most": 160 * M}
        found = decide([doubtful], [("Money", 1000 * M, "2026")], groups=["A"], draws=60)
        assert 0 < found.decision.robustness_share < 1


class TestMissing:
    def test_nothing_stated(self):
        found = decide([], [])
        assert found.status == "not_run"
        tables = [(need.table, need.columns) for need in found.needs]
        assert any("responses" in columns[0] for _, columns in tables)
        assert any("budgets" in columns[0] for _, columns in tables) and any(t == "pnl" for t, _ in tables)

    def test_without_a_result_the_floor_is_open_and_said_to_be(self):
        found = decide(TWO, [("Money", 300 * M, "2026")], [("ebitda_rate", 0.15, np.nan)])
        assert found.status == "caution" and [need.table for need in found.needs] == ["pnl"]
        own = found.table.set_index("limit").loc["EBITDA as a share of revenue"]
        assert own.allowed == 0.15 and np.isnan(own.used), "stated, and nothing is said of whether it is kept"
        assert "ebitda_rate" not in found.decision.options

    def test_without_the_cost_of_money(self):
        found = decide(TWO, [("Money", 300 * M, "2026")], finance=None)
        assert any("finance" in need.columns[0] for need in found.needs)
        assert any("whenever it comes" in assumption.text for assumption in found.assumptions)

    def test_a_threshold_that_cannot_be_used(self):
        with pytest.raises(InputError):
            decide(TWO, [("Money", 300 * M, "2026")], [("ebitda_rate", np.nan, 0.15)])

    def test_a_group_without_response_is_named(self):
        found = decide(TWO, [("Money", 300 * M, "2026")], groups=["A", "B", "C"])
        assert any("C" in note and "Nobody states" in note for note in found.notes)


class TestNothingToGain:
    def test_money_that_brings_less_than_it_costs(self):
        """Slopes of 0.69 at most: nothing is worth spending, and nothing binds."""
        poor = [{**line, "ceiling": 100 * M} for line in TWO]
        found = decide(poor, [("Money", 300 * M, "2026")])
        assert found.headline.startswith("No money is worth spending")
        assert worth_of(found, BEST) == 0 and not found.table.binds.any() and not found.figures

    def test_more_money_than_is_worth_spending(self):
        found = decide(TWO, [("Money", 3000 * M, "2026")])
        assert found.headline.endswith("no limit holds the plan back.")
        assert UNLIMITED not in set(found.decision.options.option)


def test_the_client_decides():
    override = Override(choice=EQUAL, who="Ann", when="2026-01-10", why="Peace among the groups.")
    found = decide(TWO, [("Money", 300 * M, "2026")], override=override)
    assert found.decision.recommendation == BEST and found.decision.choice == EQUAL
    gap = 1300 - (2400 * (1 - 2**-1.5) - 300)
    assert found.headline == (
        f"The client divides the money otherwise (equal parts): worth EUR {gap:.1f} million less than the "
        "best plan within the limits, in which A gets most."
    )
    free = Override(choice=UNLIMITED, who="Ann", when="2026-01-10", why="Money will be found.")
    beyond = decide(TWO, [("Money", 300 * M, "2026")], override=free).headline
    assert "million more than the best plan" in beyond and beyond.endswith(
        "gets most, and passes the limits."
    )


class TestSimulatedClient:
    """What Halden states, against solvers that share no code with the engine."""

    @pytest.fixture
    def facts(self):
        engagement = load_engagement(ENGAGEMENT)
        budgets = stated.list_budgets(engagement, "kpi-constraints")
        thresholds = stated.list_thresholds(engagement, "kpi-constraints")
        investments = build_investments(
            stated.list_responses(engagement), budgets, finance=engagement.finance
        )
        return engagement, build_setting(investments, budgets, thresholds, None)

    def test_optimum_and_prices_against_slsqp(self, facts):
        """With what is begun held, and with each option switched on or off in turn: none is better."""
        _, setting = facts
        plan, own = setting.solve(), setting.investments
        options = setting.options()
        use = np.array([[option.uses.get(limit.name, 0.0) for option in options] for limit in setting.limits])
        use, most = use * M, np.array([limit.amount for limit in setting.limits])
        use, most = use / most[:, None], np.ones(len(most))
        curve = {"ceiling": own.ceiling.to_numpy() / M, "half_at": own.half_at.to_numpy() / M}
        least, worth, price = own.min_amount.to_numpy() / M, own.worth.to_numpy(), own.price.to_numpy()

        def value(x: np.ndarray) -> float:
            return float(worth @ return_a_year(x, **curve) - price @ x)

        def solve(on: np.ndarray, start: np.ndarray) -> float:
            bounds = [(low, None) if go else (0, 0) for low, go in zip(least, on, strict=True)]
            best = -np.inf
            for part in (1.0, 0.9, 0.6):  # started on a limit, SLSQP may end a hair beyond it
                found = minimize(
                    lambda x: -value(x),
                    np.where(on, np.maximum(part * start, least), 0.0),
                    bounds=bounds,
                    constraints={"type": "ineq", "fun": lambda x: most - use @ x},
                    tol=1e-12,
                    options={"maxiter": 500},
                )
                if (most - use @ found.x >= -1e-7).all():
                    best = max(best, -found.fun)
            return best

        amounts = plan.amounts.amount.to_numpy() / M
        on = amounts > 0
        assert plan.value / M == pytest.approx(solve(on, amounts), rel=1e-6)
        for switched in range(len(on)):
            other = on.copy()
            other[switched] = ~other[switched]
            assert solve(other, amounts) <= plan.value / M * (1 + 1e-6)

    def test_limits_bind_by_complementary_slackness(self, facts):
        """A price only where nothing is left; where an option is free, its worth equals what it uses."""
        _, setting = facts
        plan = setting.solve()
        priced = plan.limits.set_index("limit")
        assert (priced.shadow_price[~priced.binding] == 0).all()
        for option, line in zip(setting.options(), plan.amounts.itertuples(), strict=True):
            cost = sum(use * priced.shadow_price[name] for name, use in option.uses.items())
            if line.amount > option.min_amount * (1 + 1e-6):
                assert line.marginal_value == pytest.approx(cost, rel=1e-3, abs=1e-3)

    def test_one_budget_by_bisection(self, facts):
        """Marketing alone, all begun: the price at which the groups' amounts make the budget."""
        engagement, _ = facts
        own = stated.list_responses(engagement, "Marketing").assign(min_amount=0.0)
        budgets = stated.list_budgets(engagement, "kpi-constraints")
        budgets = budgets[budgets["item"] == "Marketing"].assign(amount=1.2 * M)
        investments = build_investments(own, budgets, finance=engagement.finance)
        setting = build_setting(investments, budgets, make_thresholds(), None)
        curve = {"ceiling": own.ceiling.to_numpy() / 1.09, "half_at": own.half_at.to_numpy()}
        slope = brentq(lambda s: amount_at_slope(s, **curve).sum() - 1.2 * M, 0.01, 5, xtol=1e-13)
        plan = setting.solve()
        assert plan.amounts.amount.to_numpy() == pytest.approx(
            amount_at_slope(slope, **curve), rel=1e-3, abs=200
        )
        assert plan.limits.shadow_price[0] == pytest.approx(slope - 1, rel=1e-4)

    def test_habit_favours_aftermarket_as_planted(self, facts, halden):
        """The planted habit gives Aftermarket three times its weight, where money brings least."""
        engagement, setting = facts
        planted = halden.planted("budgets")
        groups = sorted(set(setting.investments.group))
        current = read_current_split(
            halden.table("budgets"),
            halden.table("costs"),
            sources=["Research and development: Research", "Market development: Segment programme"],
            groups=groups,
            as_of=halden.as_of,
        )
        research = current[current.budget == "Research and development"].set_index("group").share
        truth = planted[planted["item"].str.startswith("Research") & (planted.horizon == "this year")]
        truth = truth.assign(group=truth["item"].str.split(": ").str[1]).set_index("group")
        truth = truth.habit_share.astype(float) * truth.favour.astype(float)
        truth = truth / truth.sum()
        assert research.to_dict() == pytest.approx(truth.to_dict(), abs=2e-3)
        found = decide_kpi_constraints(
            stated.list_responses(engagement),
            stated.list_budgets(engagement, "kpi-constraints"),
            stated.list_thresholds(engagement, "kpi-constraints"),
            currency="EUR",
            groups=groups,
            result=read_result(halden.table("pnl"), as_of=halden.as_of),
            current=current,
            scenarios=stated.list_scenarios(engagement),
            finance=engagement.finance,
            draws=6,
            seed=1,
        )
        best = setting.solve().amounts.set_index("option")
        assert best.amount["Aftermarket: Research and development"] == 0 < research["Aftermarket"]
        assert worth_of(found, BEST) > worth_of(found, HABIT) > 0
        assert found.needs == () and "one more person in sales" in found.headline
        assert {figure.kind for figure in found.figures} == {"heatmap"}
        # what is told once is not told twice: prices stand in the table, worth of other plans in the options
        assert len(found.notes) <= 8 and len(found.decision.robustness.split(". ")) <= 3
        options = found.decision.options.set_index("option")
        missed = (options.worth[BEST] - options.worth[HABIT]) / M
        assert f"“as money is divided today” EUR {missed:.1f} million less" in found.notes[0]
        thousands = found.table.loc[found.table.unit == "money", ["allowed", "used"]]
        assert (thousands % 1000 == 0).all().all()

    def test_more_of_what_binds_is_worth_what_was_said(self, facts):
        """One more person in sales, planned anew, is worth no more than the price at the margin."""
        _, setting = facts
        base = setting.solve()
        name = "people_sales"
        price = base.limits.set_index("limit").shadow_price[name]
        eased = setting.move(name, next(limit.amount for limit in setting.limits if limit.name == name) + 1)
        gain = eased.solve().value - base.value
        assert 0.8 * price < gain <= price * 1.001
        assert setting.without([name]).solve().value > eased.solve().value
