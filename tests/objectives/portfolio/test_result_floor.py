"""A year of results: which periods make it, what EBITDA it has, by hand."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.objectives.portfolio.result_floor import find_year, read_result, say_unread

AS_OF = date(2025, 12, 31)
# 1,000 less 600 less 280 is 120; with 40 of depreciation and 30 of interest as costs it would be 50
GERMAN = {
    "Umsatz": 1000.0,
    "Wareneinsatz": -600.0,
    "Gemeinkosten": -280.0,
    "Abschreibungen": -40.0,
    "Zinsen": -30.0,
}


def make(lines: dict[str, float], days: list[str]):
    rows = [(date.fromisoformat(day), name, amount) for day in days for name, amount in lines.items()]
    return ibis.memtable(pd.DataFrame(rows, columns=["period", "line", "amount"]))


YEARS = ["2023-01-01", "2024-01-01", "2025-01-01"]


class TestYear:
    @pytest.mark.parametrize(
        ("days", "first", "last"),
        [
            (YEARS, "2025-01-01", "2025-12-31"),
            (["2023-12-31", "2024-12-31", "2025-12-31"], "2025-01-01", "2025-12-31"),
            (["2024-07-01", "2025-07-01"], "2024-07-01", "2025-06-30"),  # the year from July is not over
            (["2025-01-01", "2025-04-01", "2025-07-01", "2025-10-01"], "2025-01-01", "2025-12-31"),
            (["2024-12-31", "2025-06-30", "2025-12-31"], "2025-01-01", "2025-12-31"),
            ([f"2025-{month:02}-15" for month in range(1, 13)], "2025-01-01", "2025-12-31"),
        ],
    )
    def test_periods_of_any_length(self, days, first, last):
        found = find_year([date.fromisoformat(day) for day in days], as_of=AS_OF)
        assert (found.why, str(found.first), str(found.last)) == ("", first, last)

    def test_only_its_own_periods(self):
        quarters = [date(year, month, 1) for year in (2024, 2025) for month in (1, 4, 7, 10)]
        assert find_year(quarters, as_of=AS_OF).days == tuple(quarters[4:])

    @pytest.mark.parametrize(
        ("days", "why"),
        [
            (["2025-01-01"], "one period only"),
            (["2021-01-01", "2023-01-01", "2025-01-01"], "24 months apart"),
            (["2024-01-15", "2025-01-15"], "within a month"),
            (["2019-01-01", "2020-01-01"], "ended on 2020-12-31"),
            (["2026-01-01", "2027-01-01"], "no period up to"),
            ([f"2025-{month:02}-01" for month in range(2, 13)], "no 12 months in a row"),
            (["2025-01-01", "2025-04-01", "2025-10-01"], "no 4 quarters in a row"),
        ],
    )
    def test_why_there_is_none(self, days, why):
        found = find_year([date.fromisoformat(day) for day in days], as_of=AS_OF)
        assert why in found.why and not found.days

    def test_how_long_a_period_is_can_be_stated(self):
        assert find_year([date(2025, 1, 1)], as_of=AS_OF, period_months=12).last == AS_OF
        with pytest.raises(InputError, match="5 months"):
            find_year([date(2025, 1, 1)], as_of=AS_OF, period_months=5)


class TestResult:
    @pytest.mark.parametrize("sign", ["costs negative", "costs positive", "ledger"])
    def test_a_german_year_by_hand(self, sign):
        turn = {"costs negative": (1, 1), "costs positive": (1, -1), "ledger": (-1, -1)}[sign]
        lines = {name: amount * turn[name != "Umsatz"] for name, amount in GERMAN.items()}
        found = read_result(make(lines, YEARS), as_of=AS_OF)
        assert (found.revenue, found.ebitda) == (1000.0, pytest.approx(120.0))
        assert found.goods == ("Wareneinsatz",) and found.goods_rate == pytest.approx(0.4)
        kinds = found.lines.set_index("line").counted_as
        assert kinds[["Abschreibungen", "Zinsen"]].tolist() == ["below EBITDA"] * 2

    def test_a_reader_may_contest_a_line(self):
        found = read_result(make(GERMAN, YEARS), as_of=AS_OF, kinds=["Zinsen: cost", "Gemeinkosten: below"])
        assert found.ebitda == pytest.approx(1000 - 600 - 30)

    def test_revenue_of_two_lines(self):
        lines = {name: amount for name, amount in GERMAN.items() if name != "Umsatz"}
        pnl = make({**lines, "Erlöse Nord": 700.0, "Erlöse Süd": 300.0}, YEARS)
        found = read_result(pnl, as_of=AS_OF, kinds=["Erlöse Nord: revenue", "Erlöse Süd: revenue"])
        assert (found.revenue, found.rate) == (1000.0, pytest.approx(0.12))

    def test_what_nobody_recognises_is_a_cost_and_named(self):
        found = read_result(make({**GERMAN, "Diverses": -15.0}, YEARS), as_of=AS_OF)
        assert found.ebitda == pytest.approx(105.0)
        assert found.lines.set_index("line").counted_as["Diverses"].startswith("cost, as nothing")

    def test_an_unknown_sum_does_not_turn_the_signs(self):
        """Costs are negative by those that are known; an unknown 900 stays an addition of 900."""
        found = read_result(make({**GERMAN, "Diverses": 900.0}, YEARS), as_of=AS_OF)
        assert found.ebitda == pytest.approx(1020.0)

    def test_the_tables_own_ebitda(self):
        assert np.isnan(read_result(make(GERMAN, YEARS), as_of=AS_OF).told)
        assert read_result(make({**GERMAN, "EBITDA": 118.0}, YEARS), as_of=AS_OF).told == 118.0

    def test_no_revenue(self):
        with pytest.raises(InputError, match=r"\(Umsatz\) is 0 from 2025-01-01 to 2025-12-31"):
            read_result(make({**GERMAN, "Umsatz": 0.0}, YEARS), as_of=AS_OF)

    def test_why_it_is_not_read(self):
        assert say_unread(None, as_of=AS_OF) == "there is no table pnl"
        one = make(GERMAN, YEARS[-1:])
        assert read_result(one, as_of=AS_OF) is None
        assert say_unread(one, as_of=AS_OF).startswith("of the table pnl, it tells one period only")
        assert read_result(one, as_of=AS_OF, period_months=12).ebitda == pytest.approx(120.0)
        assert say_unread(one, as_of=AS_OF, period_months=12) == ""
