"""Markets as clients hand them over: misspelt customers, totals, currencies, zero cells; by hand."""

from datetime import date

import ibis
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.objectives.boundaries import market_sizing_figures as figures
from segutils.objectives.boundaries.market_sizing import check_market_conflicts, check_market_sizing
from segutils.objectives.boundaries.market_sizing_data import Markets, read_markets

AS_OF, YEAR, SOLD = date(2025, 12, 31), date(2025, 1, 1), date(2025, 6, 1)
SIZES = [("North", "Steel", 1000.0), ("South", "Steel", 2000.0), ("North", "Paper", 500.0)]
# forty customers of Steel in the North who buy 1 each, and three others
PEOPLE = [
    *((f"c{n:02d}", "North", "Steel", 1.0) for n in range(40)),
    ("d", "North", "STEEL", 10.0),
    ("e", "North", "Steal", 10.0),
    ("f", "South", "Glass", 40.0),
]


def read(sizes=SIZES, people=PEOPLE, *, survey=None, **columns) -> Markets | None:
    market = pd.DataFrame(sizes, columns=["region", "industry", "market_size"])
    market = market.assign(period=YEAR, provider="P").astype({"market_size": float}).assign(**columns)
    customers = pd.DataFrame(people, columns=["customer_id", "region", "industry", "bought"])
    lines = customers[["customer_id", "bought"]].rename(columns={"bought": "net_revenue"})
    first = pd.DataFrame({"customer_id": ["c00"], "net_revenue": [0.0], "ordered_on": [date(2025, 1, 2)]})
    lines = pd.concat([lines.assign(ordered_on=SOLD), first], ignore_index=True)
    return read_markets(
        ibis.memtable(market),
        ibis.memtable(customers.drop(columns="bought")),
        ibis.memtable(lines),
        as_of=AS_OF,
        currency="EUR",
        survey=survey,
    )


class TestSpelling:
    def test_misspelt_customers_are_placed_and_counted(self):
        markets = read()
        of = markets.last.set_index("cell").net_revenue
        assert of["North · Steel"] == 60  # 40 and the two that are misspelt
        assert markets.unreported == ("Glass",)
        finding = check_market_sizing(markets, currency="EUR")
        told = [line.text for line in finding.assumptions if "misspelt" in line.text]
        assert told == [
            "Customers whose industry (2) is misspelt in the client's data are placed by the usual spelling: "
            "STEEL as Steel and Steal as Steel."
        ]
        # 40 of 100 sold are in a market that nobody reports
        note = next(note for note in finding.notes if "in no reported market" in note)
        assert note.startswith("40.0 % of own revenue of 2025") and note.endswith("Nobody reports Glass.")

    def test_nothing_is_said_where_all_is_written_alike(self):
        finding = check_market_sizing(read(people=PEOPLE[:40]), currency="EUR")
        assert not any("misspelt" in line.text for line in finding.assumptions)


class TestTotals:
    def test_rows_that_sum_others_are_not_counted_twice(self):
        total = [("North", "All industries", 1500.0), ("South", "All industries", 2000.0)]
        sizes = [*SIZES, ("South", "Paper", 0.0), *total]
        markets = read(sizes)
        assert markets.totals == ("All industries",)
        assert markets.last.market_size.sum() == 3500
        finding = check_market_sizing(markets, currency="EUR")
        assert any("All industries are the sum of the others" in line.text for line in finding.assumptions)

    def test_a_large_market_is_no_total(self):
        assert read([*SIZES, ("North", "Water", 1600.0), ("South", "Water", 2100.0)]).totals == ()

    def test_a_market_of_customers_is_no_total_whatever_its_size(self):
        """Steel is as large as Paper and Water together, and is where the customers are."""
        sizes = [("North", "Steel", 900.0), ("North", "Paper", 500.0), ("North", "Water", 400.0)]
        assert read(sizes).totals == ()


class TestOddTables:
    def test_another_currency_is_refused(self):
        with pytest.raises(InputError, match="reported in USD, the client's sales in EUR") as refused:
            read(currency="USD")
        assert "column currency" in str(refused.value)
        same = read(currency=["EUR", "eur", None])
        assert same.last.market_size.sum() == 3500  # a column that says the same splits no market

    def test_cells_of_size_zero(self):
        """Nothing is reported where 60 was sold: no share is computed of it, and no factor is infinite."""
        markets = read([("North", "Steel", 0.0), *SIZES[1:]])
        conflicts = figures.list_conflicts(markets)
        row = conflicts.set_index("cell").loc["North · Steel"]
        assert row.reason == figures.TOO_SMALL and pd.isna(row.factor)
        finding = check_market_sizing(markets, currency="EUR")
        assert "1 of 3 markets is left out" in finding.headline and "inf" not in str(finding.table)
        assert check_market_conflicts(markets, currency="EUR").status == "caution"

    @pytest.mark.parametrize("period", [date(2031, 1, 1), date(2019, 1, 1)])
    def test_other_years_are_no_market_of_this_client(self, period):
        assert read(period=period) is None
        finding = check_market_sizing(None, currency="EUR", has_market=True)
        assert finding.status == "not_run" and "no year with the order lines" in finding.headline

    def test_an_empty_table(self):
        assert read([]) is None

    def test_everybody_in_one_market(self):
        finding = check_market_sizing(read([("North", "Steel", 1000.0)], PEOPLE[:40]), currency="EUR")
        assert finding.status == "pass" and "holds 4.0 % of markets" in finding.headline


class TestWallets:
    def test_few_customers_are_not_held_to_the_mean_of_all(self):
        """One customer of Paper bought 100 of 150. By the mean wallet of 50 % it would buy 200 in all, but
        single customers deviate by 25 points: its own may be 75 %, and nothing is contradicted."""
        people = [(f"c{n:02d}", "North", "Steel", 1.0) for n in range(40)] + [("z", "North", "Paper", 100.0)]
        answers = pd.DataFrame(
            {
                "customer_id": [f"c{n:02d}" for n in range(40)],
                "item": "share_of_wallet",
                "answer": ["25", "75"] * 20,
                "scale": "0-100 %",
            }
        )
        markets = read(
            [("North", "Steel", 1000.0), ("North", "Paper", 150.0)], people, survey=ibis.memtable(answers)
        )
        wallets = figures.score_wallets(markets).loc[""]
        assert wallets.wallet == pytest.approx(0.5) and wallets.deviation == pytest.approx(0.25)
        spend = figures.score_cell_spend(markets).set_index("cell")
        assert spend.spend["North · Paper"] == pytest.approx(200)
        # one of two cells: 2.241 standard deviations of 100 x 0.25 / 0.25, and of the mean of forty
        assert spend.spend_high["North · Paper"] == pytest.approx(
            200 + 2.2414 * (100**2 + 100**2 / 40) ** 0.5, rel=1e-3
        )
        assert spend.spend_low["North · Paper"] == 100  # not less than it buys here
        assert figures.list_conflicts(markets).empty
