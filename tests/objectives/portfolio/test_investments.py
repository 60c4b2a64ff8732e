"""Stated responses as options: years, present values and people by hand; the result and its floor by hand."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.engagement_plans import Finance
from segutils.errors import InputError
from segutils.objectives.portfolio.investments import (
    build_investments,
    build_options,
    draw_ceilings,
    list_futures,
    list_limits,
    read_years,
    say_unplanned,
    say_years,
    spread_over_years,
)
from segutils.objectives.portfolio.result_floor import build_floor, read_result, score_rate, use_floor

AS_OF = date(2025, 12, 31)
FINANCE = Finance(discount_rate=0.1, horizon_years=7, owner="Ann")


def make_responses(*lines: dict) -> pd.DataFrame:
    """Responses as :func:`segutils.stated.list_responses` gives them."""
    base = {
        **{"group": "A", "budget": "Money", "ceiling": 100.0, "half_at": 10.0, "starts_after_years": 0.0},
        **{"lasts_years": 1.0, "min_amount": 0.0, "people": {}, "owner": "Ann", "note": ""},
    }
    rows = []
    for line in lines:
        row = {**base, **line}
        rows.append({"at_least": row["ceiling"], "at_most": row["ceiling"], **row})
    columns = [*base, "at_least", "at_most"]
    return pd.DataFrame(rows, columns=columns)


def make_budgets(*lines: tuple[str, float, str]) -> pd.DataFrame:
    rows = [(item, amount, horizon, f"owner of {item}", "") for item, amount, horizon in lines]
    return pd.DataFrame(rows, columns=["item", "amount", "horizon", "owner", "note"])


def make_thresholds(*lines: tuple[str, float, float]) -> pd.DataFrame:
    rows = [(measure, low, high, 1, f"owner of {measure}", "") for measure, low, high in lines]
    columns = ["measure", "min", "max", "periods", "owner", "note"]
    return pd.DataFrame(rows, columns=columns).astype({"min": float, "max": float})


class TestYears:
    @pytest.mark.parametrize(
        ("horizon", "years"),
        [("2026", [2026]), ("2026-2028", [2026, 2027, 2028]), ("2026 to 2027", [2026, 2027])],
    )
    def test_read(self, horizon, years):
        assert list(read_years(horizon)) == years

    @pytest.mark.parametrize("horizon", ["this year", "2028-2026", ""])
    def test_refused(self, horizon):
        with pytest.raises(InputError):
            read_years(horizon)

    def test_money_of_one_year(self):
        """It starts after a year and a half and lasts two: half of year 2, year 3, half of year 4."""
        found = spread_over_years(years=1, starts_after=1.5, lasts=2, horizon=5)
        assert found.tolist() == pytest.approx([0, 0.5, 1, 0.5, 0])

    def test_money_of_two_years_brings_its_return_in_two_parts(self):
        """Halves that last one year each, the second a year later: half in years 1 and 2."""
        found = spread_over_years(years=2, starts_after=0, lasts=1, horizon=3)
        assert found.tolist() == pytest.approx([0.5, 0.5, 0])


class TestPresentValue:
    def build(self, horizon="2026", **line):
        budgets = make_budgets(("Money", 100.0, horizon))
        return build_investments(make_responses(line), budgets, finance=FINANCE).iloc[0]

    def test_by_hand(self):
        """1 a year in years 2 and 3 at 10 %: 1 / 1.21 + 1 / 1.331."""
        found = self.build(starts_after_years=1.0, lasts_years=2.0)
        assert found.worth == pytest.approx(0.826446281 + 0.751314801)
        assert (found.price, found.spent_this_year, found.this_year) == (1, 1, 0)

    def test_what_comes_after_the_horizon_does_not_count(self):
        """From year 6 on for five years: only years 6 and 7."""
        assert self.build(starts_after_years=5.0, lasts_years=5.0).worth == pytest.approx(1.1**-6 + 1.1**-7)

    def test_money_of_two_years_costs_and_brings_later(self):
        """Half now, half in a year; each half brings for a year: 1/2 at the end of years 1 and 2."""
        found = self.build(horizon="2026-2027")
        assert found.price == pytest.approx((1 + 1 / 1.1) / 2)
        assert found.worth == pytest.approx((1 / 1.1 + 1 / 1.21) / 2)
        assert (found.spent_this_year, found.this_year) == (0.5, 0.5)

    def test_money_of_later_years_is_spent_and_brings_so_much_later(self):
        """Beside money of 2026, money of 2027 and 2028: halves after one and two years, each for one year."""
        budgets = make_budgets(
            ("Money", 100.0, "2026"), ("Later", 100.0, "2027-2028"), ("Other", 1.0, "2020")
        )
        responses = make_responses({}, {"budget": "Later"})
        found = build_investments(responses, budgets, finance=FINANCE).set_index("budget")
        later = found.loc["Later"]
        assert later.price == pytest.approx((1 / 1.1 + 1 / 1.21) / 2)
        assert later.worth == pytest.approx((1.1**-2 + 1.1**-3) / 2)
        assert (later.spent_this_year, later.this_year) == (0, 0), "none of it is this year's"
        assert (found.spent_this_year["Money"], found.this_year["Money"]) == (1, 1)
        free = build_investments(responses, budgets).set_index("budget")
        assert free.worth["Later"] == pytest.approx(1), "no year is cut off"
        assert say_years(found.reset_index(), [60.0, 40.0], currency="EUR") == [
            "Later is for 2027 to 2028: of the plan's EUR 100, EUR 60 are spent in 2026."
        ]
        assert say_years(found.loc[["Money"]].reset_index(), [60.0], currency="EUR") == []

    def test_without_the_cost_of_money_all_years_count_alike(self):
        responses = make_responses({"starts_after_years": 3.0, "lasts_years": 9.0})
        found = build_investments(responses, make_budgets(("Money", 1.0, "2026"))).iloc[0]
        assert (found.worth, found.price) == (9, 1)

    def test_responses_of_other_budgets_are_left_out(self):
        responses = make_responses({}, {"budget": "Other"})
        found = build_investments(responses, make_budgets(("Money", 1.0, "2026")), finance=FINANCE)
        assert found.option.tolist() == ["A: Money"]


def test_limits_and_what_uses_them():
    """One million binds 4 of sales; service is limited by nobody."""
    responses = make_responses({"people": {"sales": 4.0, "service": 9.0}})
    budgets = make_budgets(("Money", 5e6, "2026"))
    limits = list_limits(budgets, make_thresholds(("people_sales", np.nan, 10), ("ebitda_rate", 0.1, np.nan)))
    assert [(limit.name, limit.amount) for limit in limits] == [("Money", 5e6), ("people_sales", 10)]
    option = build_options(build_investments(responses, budgets), limits)[0]
    assert option.uses == {"Money": 1.0, "people_sales": 4e-6}


def test_draws_stay_between_the_ends_and_have_the_triangles_mean():
    """Mean of a triangle: (0 + 60 + 120) / 3 = 60 and (10 + 40 + 100) / 3 = 50; who is sure stays."""
    responses = make_responses(
        {"ceiling": 60.0, "at_least": 0.0, "at_most": 120.0},
        {"group": "B", "ceiling": 40.0, "at_least": 10.0, "at_most": 100.0},
        {"group": "C", "ceiling": 7.0},
    )
    drawn = draw_ceilings(
        build_investments(responses, make_budgets(("Money", 1.0, "2026"))), draws=20000, seed=3
    )
    assert drawn[:, :2].mean(axis=0) == pytest.approx([60, 50], rel=0.02)
    assert (drawn.min(axis=0) >= [0, 10, 7]).all() and (drawn.max(axis=0) <= [120, 100, 7]).all()
    assert abs(np.corrcoef(drawn[:, :2].T)[0, 1]) < 0.03


def test_futures_multiply_the_ceilings_of_named_groups_and_of_all_others():
    responses = make_responses({}, {"group": "B"}, {"group": "C"})
    scenarios = pd.DataFrame(
        [("storm", "A", 0.5), ("storm", "all", 0.9), ("boom", "B", 2.0)],
        columns=["scenario", "group", "factor"],
    )
    investments = build_investments(responses, make_budgets(("Money", 1.0, "2026")))
    found = list_futures(investments, scenarios)
    assert found.index.tolist() == ["expected", "storm", "boom"]
    assert found.to_numpy().tolist() == [[100, 100, 100], [50, 90, 90], [100, 200, 100]]


def test_groups_without_a_response_and_responses_without_a_group_are_named():
    investments = build_investments(make_responses({}), make_budgets(("Money", 1.0, "2026")))
    assert say_unplanned(investments, ["A"]) == []
    silent, unknown = say_unplanned(investments, ["B", "C"])
    assert "B and C" in silent and "stated for A, which no customer is in" in unknown


def test_scenarios_that_name_a_group_otherwise_are_told():
    scenarios = pd.DataFrame(
        [("storm", "A", 0.5), ("storm", "all", 0.9), ("boom", "a", 2.0)],
        columns=["scenario", "group", "factor"],
    )
    investments = build_investments(make_responses({}), make_budgets(("Money", 1.0, "2026")))
    (note,) = say_unplanned(investments, ["A"], scenarios)
    assert note.startswith("The scenario “boom” names a, which no customer is in")


def test_what_is_stated_twice_is_refused():
    once = make_budgets(("Money", 1.0, "2026"))
    with pytest.raises(InputError, match="responses state A and Money twice"):
        build_investments(make_responses({}, {}), once)
    with pytest.raises(InputError, match="budgets state Money twice"):
        build_investments(make_responses({}), pd.concat([once, once]))
    with pytest.raises(InputError, match="thresholds state people_sales twice"):
        list_limits(once, make_thresholds(("people_sales", np.nan, 1), ("people_sales", np.nan, 2)))


def make_pnl(lines: dict[str, float], *, months: int = 12, sign: float = 1.0) -> ibis.expr.types.Table:
    """Twelve months up to AS_OF, each with a twelfth of a year's amounts, in two groups of customers."""
    periods = pd.date_range(end="2025-12-01", periods=months, freq="MS")
    rows = [
        (period.date(), group, line, (1 if line == "Net revenue" else sign) * amount / 24)
        for period in periods
        for group in ("A", "B")
        for line, amount in lines.items()
    ]
    return ibis.memtable(pd.DataFrame(rows, columns=["period", "customer_group", "line", "amount"]))


LINES = {"Net revenue": 1000.0, "Cost of goods": 600.0, "Overheads": 200.0}


class TestResult:
    def test_by_hand(self):
        """1,000 - 600 - 200 = 200; of new revenue 40 % is left after the goods."""
        found = read_result(make_pnl(LINES), as_of=AS_OF)
        assert (found.revenue, found.ebitda) == (pytest.approx(1000), pytest.approx(200))
        assert found.rate == pytest.approx(0.2) and found.goods_rate == pytest.approx(0.4)
        assert (found.first, found.last) == (date(2025, 1, 1), AS_OF)

    def test_costs_may_be_negative(self):
        assert read_result(make_pnl(LINES, sign=-1), as_of=AS_OF).ebitda == pytest.approx(200)

    def test_what_is_not_part_of_ebitda_is_left_out_and_named(self):
        more = {"Depreciation": 50.0, "Interest": 10.0, "Income taxes": 9.0, "Gross margin": 400.0}
        found = read_result(make_pnl({**LINES, **more, "Other income": 30.0}), as_of=AS_OF)
        assert found.ebitda == pytest.approx(230)
        kinds = found.lines.set_index("line").counted_as
        assert (kinds[["Depreciation", "Interest", "Income taxes"]] == "below EBITDA").all()
        assert kinds["Gross margin"] == "subtotal" and kinds["Other income"] == "other income"

    def test_only_the_last_twelve_months_count(self):
        longer = make_pnl(LINES, months=30)
        assert read_result(longer, as_of=AS_OF).revenue == pytest.approx(1000)

    def test_without_a_whole_year_there_is_no_result(self):
        assert read_result(make_pnl(LINES, months=11), as_of=AS_OF) is None
        assert read_result(None, as_of=AS_OF) is None

    def test_a_line_of_revenue_that_is_not_there(self):
        with pytest.raises(InputError) as error:
            read_result(make_pnl(LINES), as_of=AS_OF, revenue_line="turnover")
        assert "Net revenue" in error.value.fix


class TestFloor:
    def test_by_hand(self):
        """Floor 15 % of 1,000: EBITDA may fall from 200 to 150, by 50.

        20 of money bring 8 of margin this year, so 20 of revenue (40 % is left): EBITDA 188 of 1,020. Used of
        the floor: -20 + 8 (1 - 0.15 / 0.4) = -15.
        """
        investments = build_investments(make_responses({}), make_budgets(("Money", 100.0, "2026")))
        result = read_result(make_pnl(LINES), as_of=AS_OF)
        assert build_floor(result, 0.15).amount == pytest.approx(-50)
        uses, gives = use_floor(investments, result, 0.15)
        assert uses[0] * 20 + gives[0] * 8 == pytest.approx(-15)
        assert score_rate(investments, result, [20], [8]) == pytest.approx(188 / 1020)
        # the floor just holds at -x + 5 = -50: EBITDA 200 + 8 - 55 = 153 of 1,020 is 15 %
        assert score_rate(investments, result, [55], [8]) == pytest.approx(0.15)
        assert uses[0] * 55 + gives[0] * 8 == pytest.approx(build_floor(result, 0.15).amount)
