"""Market sizes: shares, growth gaps, wallets and obtainable shares by hand, and the planted markets."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segutils.objectives.boundaries import market_sizing_figures as figures
from segutils.objectives.boundaries.market_sizing import (
    FIRMS,
    KEYS,
    MARKET,
    WALLETS,
    check_market_conflicts,
    check_market_sizing,
)
from segutils.objectives.boundaries.market_sizing_data import Markets, read_markets, read_wallets
from segutils.objectives.boundaries.market_sizing_levels import (
    OWN,
    SAM,
    SOM,
    TAM,
    find_comparable_key,
    list_obtainable,
    list_white_space,
    size_levels,
)

AS_OF = date(2025, 12, 31)
# customer, region, industry, revenue of 2023 and of 2025, share of its purchases that it says to make here
BOUGHT = [
    ("a", "North", "Steel", 50.0, 50.0, 50.0),
    ("b", "North", "Steel", 50.0, 71.0, 25.0),
    ("c", "South", "Steel", 40.0, 40.0, None),
    ("d", "North", "Paper", 30.0, 60.0, None),
]
SIZES = [  # region, industry, size of 2023 and of 2025
    ("North", "Steel", 1000.0, 1000.0),
    ("South", "Steel", 1000.0, 1000.0),
    ("North", "Paper", 300.0, 300.0),
    ("South", "Paper", 200.0, 200.0),
]


def make(bought=BOUGHT, sizes=SIZES, *, ratio=1.25, firms=None, groups=None, **settings) -> Markets:
    """Two providers, the second of which reports `ratio` times as much as the first."""
    market = pd.DataFrame(
        [
            (date(year, 1, 1), region, industry, size * times, name)
            for region, industry, *both in sizes
            for year, size in zip((2023, 2025), both, strict=True)
            for name, times in (("Low", 1.0), ("High", ratio))
        ],
        columns=["period", "region", "industry", "market_size", "provider"],
    )
    if firms is not None:
        market["firms"] = float(firms)
    customers = pd.DataFrame([row[:3] for row in bought], columns=["customer_id", "region", "industry"])
    lines = pd.DataFrame(
        [
            (row[0], date(year, 6, 1), amount)
            for row in bought
            for year, amount in ((2023, row[3]), (2025, row[4]))
        ],
        columns=["customer_id", "ordered_on", "net_revenue"],
    )
    lines = pd.concat(
        [lines, pd.DataFrame({"customer_id": ["a"], "ordered_on": [date(2023, 1, 2)], "net_revenue": [0.0]})]
    )
    survey = pd.DataFrame(
        [(row[0], "share_of_wallet", str(row[5]), "0-100 %") for row in bought if row[5] is not None],
        columns=["customer_id", "item", "answer", "scale"],
    )
    return read_markets(
        ibis.memtable(market),
        ibis.memtable(customers),
        ibis.memtable(lines),
        as_of=date(2026, 12, 31),  # years last two years here: 2023-2024 and 2025-2026
        groups=groups,
        survey=ibis.memtable(survey) if len(survey) else None,
        **settings,
    )


def at(table: pd.DataFrame, value: str) -> pd.Series:
    return table.set_index("value").loc[value]


class TestCuts:
    def test_share_by_hand(self):
        """Steel: 50 + 71 + 40 = 161 of 2,000 to 2,500."""
        row = at(figures.score_cuts(make()), "Steel")
        assert (row.market_low, row.market_size, row.market_high) == (2000, 2250, 2500)
        assert row.net_revenue == 161 and row.customers == 3 and row.cells == 2
        assert (row.share_low, row.share_high) == pytest.approx((161 / 2500, 161 / 2000))

    def test_growth_gap_and_its_interval_by_hand(self):
        """North, Steel is all of this client: 100 to 121 in two years, 10 % a year; the market stands still.

        Error of the log of a ratio of sums: ((50/121 − 50/100)² + (71/121 − 50/100)²)^½ = 0.12272 in two
        years, 0.06136 a year.
        """
        row = at(figures.score_cuts(make(BOUGHT[:2], SIZES[:1])), "Steel")
        years = 731 / 365.25  # 2023-01-01 to 2025-01-01
        assert row.own_growth == pytest.approx(1.21 ** (1 / years) - 1)
        assert row.market_growth == pytest.approx(0) and row.growth_gap == pytest.approx(row.own_growth)
        assert row.gap_low == pytest.approx(np.expm1((np.log(1.21) - 1.96 * 0.12272) / years), abs=1e-4)
        # two comparisons, by region and by industry, which are the same customers here
        assert row.p_holm == pytest.approx(2 * 2 * stats.norm.sf(np.log(1.21) / 0.12272), abs=1e-3)

    def test_disagreement_of_providers_widens_the_gap(self):
        one = at(figures.score_cuts(make(BOUGHT[:2], SIZES[:1])), "Steel")
        market = make(BOUGHT[:2], SIZES[:1])
        rise = (market.reports.provider == "High") & (market.reports.period == market.years[-1])
        market.reports.loc[rise, "market_size"] *= 1.2
        two = at(figures.score_cuts(market), "Steel")
        assert two.gap_high - two.gap_low > one.gap_high - one.gap_low and two.market_growth > 0

    def test_what_known_customers_buy_by_hand(self):
        """a says 50 % of its purchases at 50 bought, b 25 % at 71: (25 + 17.75) / 121 = 0.3533."""
        wallets = figures.score_wallets(make(), min_respondents=2)
        assert wallets.wallet[""] == pytest.approx(42.75 / 121) and wallets.respondents[""] == 2
        mean = 42.75 / 121
        error = np.hypot(50 * (0.5 - mean), 71 * (0.25 - mean)) / 121
        assert wallets.error[""] == pytest.approx(error)
        row = at(figures.score_cuts(make(), min_respondents=2), "Steel")
        assert row.spend == pytest.approx(161 / mean) and row.reach == pytest.approx(161 / mean / 2250)
        assert row.spend_low == pytest.approx(max(161 / mean - 1.96 * 161 * error / mean**2, 161), rel=1e-3)

    def test_a_group_with_few_answers_counts_with_all(self):
        groups = pd.DataFrame({"customer_id": ["a", "b", "c"], "group": ["X", "X", "Y"]})
        markets = make(groups=groups)
        assert list(figures.score_wallets(markets, min_respondents=2).index) == ["", "X"]
        assert figures.score_wallets(markets, min_respondents=3).empty
        row = at(figures.score_cuts(markets, min_respondents=2), "Y")
        assert (
            row.spend == pytest.approx(40 / (42.75 / 121)) and row.market_size == 1125
        )  # all that South buys

    def test_penetration_where_companies_are_counted(self):
        row = at(figures.score_cuts(make(firms=20)), "Steel")
        assert row.firms == 40 and row.penetration == pytest.approx(3 / 40)
        assert np.isnan(at(figures.score_cuts(make()), "Steel").penetration)

    def test_a_market_that_cannot_be_true_is_left_out_on_both_sides(self):
        bought = [*BOUGHT[:3], ("d", "North", "Paper", 30.0, 400.0, None)]  # 400 of 300 to 375
        markets = make(bought)
        assert markets.left_out == ["North · Paper"]
        whole = figures.score_cuts(markets).iloc[0]
        assert whole.net_revenue == 161 and whole.market_low == 2200 and whole.cells == 3

    def test_answers_are_read_on_their_scale(self):
        table = pd.DataFrame(
            [
                ("a", "x", "40", "0-100 %"),
                ("a", "x", "60", "0-100 %"),
                ("b", "x", "#REF!", "0-100 %"),
                ("c", "x", "130", "0-100 %"),
                ("d", "x", "3", "1-5"),
                ("e", "other", "1", "0-100 %"),
            ],
            columns=["customer_id", "item", "answer", "scale"],
        )
        assert read_wallets(ibis.memtable(table), "x").to_dict() == {"a": 0.5, "d": 0.5}
        assert read_wallets(None, "x").empty


class TestConflicts:
    def test_known_customers_cannot_buy_more_than_all_is_worth(self):
        """Both say 5 % at 121 bought: they buy 2,420 from all, and 1,250 at most are reported."""
        bought = [(*row[:5], 5.0) for row in BOUGHT[:2]]
        found = figures.list_conflicts(make(bought), min_respondents=2)
        row = found.set_index("reason").loc[figures.BEYOND_WALLETS]
        assert row.cell == "North · Steel" and row.factor == pytest.approx(2420 / 1250)

    def test_one_cell_on_which_providers_differ_unusually(self):
        markets = make()
        odd = (markets.reports.cell == "North · Paper") & (markets.reports.provider == "High")
        markets.reports.loc[odd, "market_size"] *= 3
        found = figures.list_conflicts(markets)
        assert found[found.reason == figures.APART].cell.to_list() == ["North · Paper"]

    def test_a_usual_difference_is_no_conflict(self):
        assert figures.list_conflicts(make(ratio=3.0)).empty

    def test_by_one_provider_only(self):
        bought = [*BOUGHT[:3], ("d", "North", "Paper", 30.0, 350.0, None)]  # 350 of 300 to 375
        found = figures.list_conflicts(make(bought))
        assert found.reason.to_list() == [figures.DISPUTED] and found.factor[0] == pytest.approx(350 / 300)


class TestProviders:
    def test_a_constant_ratio(self):
        found = figures.compare_providers(make(ratio=1.25)).set_index("provider")
        assert found.index[0] == "Low" and found.ratio["Low"] == 1
        assert (found.ratio["High"], found.ratio_low["High"]) == pytest.approx((1.25, 1.25))
        assert found.market_size["High"] == pytest.approx(1.25 * 2500) and np.isnan(found.spread["Low"])

    def test_equal_variances_as_pearson(self):
        """Pitman and Morgan test the correlation of sums and differences: Pearson's, with one level off."""
        rng = np.random.default_rng(5)
        one = rng.normal(0, 1, 40)
        rest = pd.DataFrame({"p": one, "q": one + rng.normal(0, 0.5, 40)})
        rest = rest - rest.mean()
        expected = stats.pearsonr(rest.p + rest.q, rest.q - rest.p).pvalue
        assert figures.compare_spreads(rest.assign(free=39), "q", "p") == pytest.approx(expected)


class TestLevels:
    def test_obtainable_by_hand(self):
        """Shares 0.1, 0.2, 0.4, 0.8: the others' medians are 0.4, 0.4, 0.2, 0.2, so the first two rise."""
        served = pd.DataFrame({"industry": "Steel", "size": 100.0, "net_revenue": [10.0, 20.0, 40.0, 80.0]})
        found = list_obtainable(served, "industry", "size", 0.5, 3)
        assert found.to_list() == pytest.approx([40, 40, 40, 80])
        few = list_obtainable(served.head(3), "industry", "size", 0.5, 3)  # two comparable ones each
        assert few.to_list() == [10, 20, 40]

    def test_levels_by_hand(self):
        """South, Paper has no customer: 2,500 in all by the smaller figures, 2,300 of it served, 221 sold."""
        found = size_levels(make()).set_index("level")
        assert found.low[TAM] == 2500 and found.high[TAM] == 3125 and found.low[SAM] == 2300
        assert found.amount[OWN] == 221 and found.amount[SOM] == 221 and found.cells[SAM] == 3
        assert list_white_space(make()).cell.to_list() == ["South · Paper"]

    def test_no_level_is_above_the_one_before(self, planted):
        for end in ("low", "amount", "high"):
            assert size_levels(planted)[end].is_monotonic_decreasing


class TestFinding:
    def test_headline_and_status(self):
        found = check_market_sizing(make(), currency="EUR")
        assert found.status == "caution"  # the second reports a quarter more throughout
        assert "7.1 % to 8.8 % of markets" in found.headline  # 221 of 3,125 and of 2,500
        assert "High reports 25 % more than Low" in " ".join(found.notes)
        assert FIRMS in found.needs and WALLETS in found.needs
        assert "penetration" not in found.table and "reach" not in found.table

    def test_alike_providers_contradict_nothing(self):
        found = check_market_sizing(make(ratio=1.0, firms=10), currency="EUR", min_respondents=2)
        assert found.status == "pass" and "nothing that is reported contradicts" in found.headline
        assert found.needs == () and len(found.table.columns) == 8
        assert check_market_conflicts(make(ratio=1.0), currency="EUR").status == "pass"

    def test_without_a_market_or_a_shared_key(self):
        none = check_market_sizing(None, currency="EUR", has_market=False)
        assert none.status == "not_run" and none.needs == (MARKET,)
        assert KEYS in check_market_sizing(None, currency="EUR").needs
        assert check_market_conflicts(None, currency="EUR", has_market=False).status == "not_run"
        customers = ibis.memtable(pd.DataFrame({"customer_id": ["a"], "size": ["small"]}))
        market = ibis.memtable(
            pd.DataFrame({"period": [date(2025, 1, 1)], "market_size": [1.0], "region": ["x"]})
        )
        lines = ibis.memtable(
            pd.DataFrame({"customer_id": ["a"], "ordered_on": [AS_OF], "net_revenue": [1.0]})
        )
        assert read_markets(market, customers, lines, as_of=AS_OF) is None

    def test_inputs_are_not_changed(self):
        markets = make()
        before = [table.copy() for table in (markets.cells, markets.reports, markets.people)]
        check_market_sizing(markets, currency="EUR")
        check_market_conflicts(markets, currency="EUR")
        for one, two in zip(before, (markets.cells, markets.reports, markets.people), strict=True):
            pd.testing.assert_frame_equal(one, two)


def read_client(client) -> Markets:
    names = ("market", "customers", "transactions")
    return read_markets(
        *(client.table(name) for name in names),
        as_of=client.as_of,
        groups=client.groups(),
        survey=client.table("survey"),
    )


@pytest.fixture(scope="module")
def planted(halden) -> Markets:
    return read_client(halden)


class TestPlanted:
    def test_own_sales_and_shares_are_the_truth(self, halden, planted):
        """Sondaris is right but for 5 % a cell and 1 % a year, and reports the smaller figures throughout."""
        truth = halden.planted("market").assign(period=lambda t: pd.to_datetime(t.period))
        both = planted.cells.merge(truth, on=["region", "industry", "period"], suffixes=("", "_true"))
        assert len(both) == len(truth) == 291
        assert both.net_revenue.to_numpy() == pytest.approx(both.net_revenue_true.astype(float), abs=0.01)
        of = planted.reports[planted.reports.provider == "Sondaris"].set_index(["cell", "period"]).market_size
        regular = both[both.kind == "regular"]
        size = of.loc[pd.MultiIndex.from_frame(regular[["cell", "period"]])].to_numpy()
        error = np.log(regular.net_revenue / size) - np.log(regular.share_true.astype(float))
        assert abs(error.mean()) < 4 * 0.05 / np.sqrt(94) and error.abs().max() < 0.25

    def test_exactly_the_planted_cells_are_impossible(self, halden, planted):
        truth = halden.planted("market")
        wrong = truth[truth.kind == "impossible"]
        expected = set(wrong.region + " · " + wrong.industry)
        conflicts = figures.list_conflicts(planted)
        named = conflicts[conflicts.reason == figures.TOO_SMALL]
        assert set(named.cell) == expected == set(planted.left_out) and (named.years == 3).all()
        assert not (conflicts.reason == figures.DISPUTED).any()
        found = check_market_sizing(planted, currency="EUR")
        assert found.status == "caution" and "2 of 97 markets are left out" in found.headline
        named = next(note for note in found.notes if note.startswith("Every provider reports less"))
        assert all(f"{cell} (EUR " in named for cell in expected)
        whole = found.table.iloc[0]
        assert whole.net_revenue == pytest.approx(
            planted.last.net_revenue[~planted.last.cell.isin(expected)].sum() / 1e6
        )

    def test_the_white_space_is_found(self, planted):
        assert list_white_space(planted).cell.to_list() == ["Śląsk · Mining"]

    def test_the_ratio_of_providers_and_who_is_nearer(self, planted):
        """Planted: exp(0.17) = 1.185; noise of 5 % a cell against 9 %."""
        found = figures.compare_providers(planted).set_index("provider")
        assert found.index[0] == "Sondaris"
        assert found.ratio_low["Kelmoor"] < np.exp(0.17) < found.ratio_high["Kelmoor"]
        assert found.ratio_high["Kelmoor"] - found.ratio_low["Kelmoor"] < 0.1
        assert found.spread["Sondaris"] < found.spread["Kelmoor"] and found.p_spread["Kelmoor"] < 0.01
        assert found.apart["Kelmoor"] == pytest.approx(np.hypot(0.05, 0.09), rel=0.3)

    def test_growth_of_markets_is_the_planted_one(self, planted):
        cuts = figures.score_cuts(planted)
        grown = cuts[cuts.cut == "industry"].set_index("value").market_growth
        assert grown["Oil & gas"] == pytest.approx(-0.06, abs=0.015)
        assert grown["Pharma"] == pytest.approx(0.14, abs=0.015)

    def test_shares_differ_most_by_industry(self, planted):
        """Planted by industry 0.04 to 0.20, by region 0.5 to 1.7: per value industry tells more."""
        assert find_comparable_key(planted) == "industry"

    def test_every_group_has_its_wallet(self, halden, planted):
        """Laboratories are nearly one segment in the strategic taxonomy: its planted share of wallet."""
        wallets = figures.score_wallets(planted)
        design = halden.planted("survey_design").set_index("segment").share_of_wallet_of_buyers
        error = wallets.error["Laboratory"]
        assert wallets.wallet["Laboratory"] == pytest.approx(design["labs"], abs=4 * error + 0.03)

    def test_nothing_is_found_where_nothing_is_planted(self, null_halden):
        """Every share is 10 % and both providers are right: no conflict, no gap beyond chance, one level."""
        markets = read_client(null_halden)
        found = check_market_sizing(markets, currency="EUR")
        conflicts = figures.list_conflicts(markets)
        assert not conflicts.reason.isin([figures.TOO_SMALL, figures.DISPUTED, figures.APART]).any()
        providers = figures.compare_providers(markets)
        assert providers.ratio.to_list() == pytest.approx([1, 1], abs=0.005)
        assert "No single gap among" in " ".join(found.notes)
        assert list_white_space(markets).empty
