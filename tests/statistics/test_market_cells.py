"""Markets beside own sales: a table worked out by hand, spelling, years, and groups' parts."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.statistics import market_cells as mc

AS_OF = date(2025, 12, 31)
CUSTOMERS = pd.DataFrame(
    {
        "customer_id": ["a", "b", "c", "d", "e"],
        "region": ["North", " north", "NORTH", "South", None],
        "industry": ["Steel", "steel ", "Paper", "Steel", "Steel"],
        "note": "of the customer",
    }
)
LINES = pd.DataFrame(
    [
        ("a", date(2024, 1, 5), 100.0),
        ("a", date(2024, 12, 31), 50.0),
        ("b", date(2024, 6, 1), 30.0),
        ("b", date(2024, 7, 1), -10.0),
        ("a", date(2025, 1, 1), 200.0),
        ("b", date(2025, 12, 31), 100.0),
        ("c", date(2025, 3, 1), 75.0),
        ("d", date(2025, 3, 1), 500.0),
        ("e", date(2025, 3, 1), 25.0),
    ],
    columns=["customer_id", "ordered_on", "net_revenue"],
)
MARKET = pd.DataFrame(
    [
        (2024, "North", "Steel", 800.0, 0.02, "P"),
        (2024, "North", "Steel", 1200.0, 0.04, "Q"),
        (2025, "North", "Steel", 900.0, 0.05, "P"),
        (2025, "North", "Steel", 1500.0, 0.15, "Q"),
        (2025, "South", "Steel", 300.0, 0.0, "P"),
        (2025, "South", "Steel", 400.0, 0.0, "Q"),
        (2025, "South", "Mining", 600.0, 0.1, "P"),
    ],
    columns=["year", "region", "industry", "market_size", "growth", "provider"],
)
MARKET.insert(0, "period", [date(year, 1, 1) for year in MARKET.pop("year")])


def tables(market=MARKET, customers=CUSTOMERS, lines=LINES):
    return ibis.memtable(market), ibis.memtable(customers), ibis.memtable(lines)


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    return mc.build_market_cells(*tables(), as_of=AS_OF).set_index(["region", "industry", "period"])


def of(cells: pd.DataFrame, region: str, industry: str, year: int) -> pd.Series:
    return cells.loc[(region, industry, pd.Timestamp(year, 1, 1))]


class TestCells:
    def test_by_hand(self, cells):
        """North, Steel, 2025: sizes 900 and 1,500, so 1,200; sold 200 + 100; a quarter, 1/5 to 1/3."""
        row = of(cells, "North", "Steel", 2025)
        assert (row.market_low, row.market_size, row.market_high) == (900, 1200, 1500)
        assert row.net_revenue == 300 and row.buyers == 2 and row.customers == 2 and row.providers == 2
        assert (row.share, row.share_low) == (0.25, 0.2) and row.share_high == pytest.approx(1 / 3)
        assert row.headroom == 900 and row.growth == pytest.approx(0.10)
        assert not row.impossible and not row.disputed and row.complete

    def test_years_begin_and_end_on_their_days_and_returns_are_taken_off(self, cells):
        row = of(cells, "North", "Steel", 2024)
        assert row.net_revenue == 100 + 50 + 30 - 10 and row.buyers == 2

    def test_a_market_below_own_sales_is_impossible(self, cells):
        row = of(cells, "South", "Steel", 2025)
        assert row.impossible and not row.disputed and np.isnan(row.headroom) and row.share > 1

    def test_where_one_provider_is_below_own_sales_the_cell_is_disputed(self):
        lines = LINES.assign(net_revenue=LINES.net_revenue.where(LINES.customer_id != "d", 350.0))
        cells = mc.build_market_cells(*tables(lines=lines), as_of=AS_OF)
        row = cells[(cells.region == "South") & (cells.industry == "Steel")].iloc[0]
        assert row.disputed and not row.impossible and row.headroom == 0  # sold 350 of 300 to 400

    def test_a_market_without_customers_keeps_its_row(self, cells):
        row = of(cells, "South", "Mining", 2025)
        assert row.net_revenue == 0 and row.customers == 0 and row.share == 0 and row.headroom == 600

    def test_row_order_and_double_rows_change_nothing(self, cells):
        mixed = pd.concat([MARKET.sample(frac=1, random_state=3), MARKET.head(2)])
        again = mc.build_market_cells(
            *tables(mixed, CUSTOMERS.iloc[::-1], LINES.sample(frac=1, random_state=1)), as_of=AS_OF
        )
        pd.testing.assert_frame_equal(again.set_index(["region", "industry", "period"]), cells)

    def test_a_year_that_own_orders_do_not_cover_has_no_share(self):
        early = MARKET.head(2).assign(period=date(2022, 1, 1))
        cells = mc.build_market_cells(*tables(pd.concat([early, MARKET])), as_of=date(2025, 6, 30))
        row = cells[cells.region == "North"].set_index("period")
        assert row.complete.to_list() == [False, True, False]
        assert np.isnan(row.share.iloc[0]) and np.isnan(row.net_revenue.iloc[2]) and not row.impossible.any()
        assert mc.build_market_cells(*tables(), as_of=date(2024, 6, 30)).period.nunique() == 1

    def test_quarters_last_three_months(self):
        quarters = pd.concat(
            [MARKET.tail(1).assign(period=d) for d in (date(2025, 7, 1), date(2025, 10, 1))]
        ).assign(region="North", industry="Steel")
        cells = mc.build_market_cells(*tables(quarters), as_of=AS_OF)
        assert cells.net_revenue.to_list() == [0, 100] and cells.complete.all()

    def test_a_finer_split_that_customers_do_not_know_is_added_up(self):
        split = pd.concat([MARKET.assign(product="gauges"), MARKET.assign(product="valves", growth=0.0)])
        cells = mc.build_market_cells(*tables(split), as_of=AS_OF)
        row = cells[(cells.region == "North") & (cells.period == "2025-01-01")].iloc[0]
        assert row.market_size == 2400 and row.growth == pytest.approx(0.05) and row.providers == 2

    def test_one_nameless_provider_without_growth(self):
        plain = MARKET[MARKET.provider == "P"].drop(columns=["provider", "growth"])
        cells = mc.build_market_cells(*tables(plain), as_of=AS_OF)
        assert (cells.providers == 1).all() and cells.growth.isna().all()
        assert (cells.market_low == cells.market_high).all()

    def test_firms_where_they_are_counted(self):
        cells = mc.build_market_cells(*tables(MARKET.assign(firms=40)), as_of=AS_OF)
        assert (cells.firms == 40).all() and "firms" not in mc.find_cell_keys(*tables()[:2])

    def test_no_shared_key(self):
        assert mc.find_cell_keys(None, tables()[1]) == []
        assert mc.find_cell_keys(tables()[0], ibis.memtable(CUSTOMERS[["customer_id", "note"]])) == []


class TestUnplaced:
    def test_by_hand(self):
        """Of 2025's 900: c's 75 lie in a market nobody reports (a new value), e's 25 have no region."""
        found = mc.list_unplaced_revenue(*tables(), as_of=AS_OF)
        assert found.set_index("reason").net_revenue.to_dict() == {mc.NO_CELL: 75, mc.NO_KEY: 25}
        assert found.share.to_list() == pytest.approx([75 / 900, 25 / 900])

    def test_a_cell_without_a_figure(self):
        there = pd.concat([MARKET, MARKET.tail(1).assign(industry="Paper")])  # Paper in the South only
        found = mc.list_unplaced_revenue(*tables(there), as_of=AS_OF)
        assert found.set_index("reason").net_revenue[mc.NOT_COVERED] == 75

    def test_nothing_left_over(self):
        found = mc.list_unplaced_revenue(
            *tables(customers=CUSTOMERS.assign(region="North", industry="Steel")), as_of=AS_OF
        )
        assert found.empty


class TestGroups:
    def test_a_market_is_divided_like_own_sales(self):
        """North, Steel, 2025: a bought 200 of 300, so two thirds of 1,200; nobody reports c's market."""
        groups = pd.DataFrame({"customer_id": ["a", "b", "c", "d"], "group": ["X", "Y", "X", "Y"]})
        market, customers, lines = tables()
        cells = mc.build_market_cells(market, customers, lines, as_of=AS_OF)
        keys = mc.find_cell_keys(market, customers)
        found = mc.build_group_cells(cells, customers, lines, groups, keys=keys, as_of=AS_OF)
        last = found[found.period == "2025-01-01"].set_index(["group", "region"])
        assert last.market_size[("X", "North")] == pytest.approx(800)
        assert last.headroom[("Y", "North")] == pytest.approx(300) and last.customers[("Y", "North")] == 1
        assert last.impossible.to_dict()[("Y", "South")] and np.isnan(last.headroom[("Y", "South")])
        assert last.industry.to_list() == ["Steel", "Steel", "Steel"]  # the market's own spelling
        parts = found[found.industry == "Steel"].groupby(["region", "period"]).part.sum()
        assert parts.to_list() == pytest.approx([1.0] * len(parts))
