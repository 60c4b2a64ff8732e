"""What is at stake in markets, against the planted shares and growth of the simulated manufacturer."""

import numpy as np
import pandas as pd
import pytest

from segutils.objectives.attractiveness.market_stakes import ABSENT, FOLLOW, LAG, LEAD, measure_markets


@pytest.fixture(scope="module")
def planted(halden) -> pd.DataFrame:
    """The cells of 2025: ``block, planned_share``, and ``today`` (that at what the block sold in 2025)."""
    truth = halden.planted("market")
    cells = truth[(pd.to_datetime(truth.period) == "2025-01-01") & (truth.kind == "regular")]
    people = halden.table("customers").to_pandas().groupby("region").country.first()
    cells = cells.assign(block=cells.industry + cells.region.map(people)).reset_index(drop=True)
    usual = (cells.planned_share * cells.market_size).groupby(cells.block).transform("sum")
    level = cells.net_revenue.groupby(cells.block).transform("sum") / usual
    return cells.assign(today=cells.planned_share * level)


@pytest.fixture(scope="module")
def rate(halden) -> float:
    """What a unit of revenue leaves after serving, in truth."""
    sold = halden.planted("cost_to_serve")
    sold = sold[sold.year == 2025]
    return float(sold.cm2.sum()) / float(sold.revenue.sum())


class TestPlanted:
    def test_growth_at_todays_share(self, planted, rate, true_stakes):
        """Planted: own sales of 2025 by cell, times the industry's growth, at the margin after serving."""
        expected = (planted.net_revenue * planted.growth).sum() * rate
        row = true_stakes.values.set_index("part").loc[FOLLOW]
        assert row.low < expected < row.high and row.value == pytest.approx(expected, rel=0.15)

    @pytest.mark.parametrize("share", ["planned_share", "today"])
    def test_gap_to_the_best_cell(self, planted, rate, true_stakes, share):
        """Planted: a cell's share is the industry's times the region's, so each country's best is known."""
        best = planted.groupby("block")[share].transform("max")
        expected = ((best - planted[share]) * planted.market_size).sum() * rate
        row = true_stakes.values.set_index("part").loc[LEAD]
        assert 0 < row.low < expected < row.high

    @pytest.mark.parametrize("share", ["planned_share", "today"])
    def test_gap_to_the_usual_share(self, planted, rate, true_stakes, share):
        """Planted: what a cell lacks to the others of its industry and country together."""
        sold = planted[share] * planted.market_size
        others = sold.groupby(planted.block).transform("sum") - sold
        size = planted.market_size.groupby(planted.block).transform("sum") - planted.market_size
        lacking = (others / size.where(size > 0) - planted[share]).clip(lower=0).fillna(0.0)
        expected = (lacking * planted.market_size).sum() * rate
        row = true_stakes.values.set_index("part").loc[LAG]
        assert 0 < row.low < expected < row.high

    def test_cells_that_lag_beyond_chance_do_lag(self, planted, true_stakes):
        """Each is told to with 97.5 %: of those so told, hardly any is its block's best in truth."""
        told = true_stakes.markets.cells
        told = told[told.lags]
        best = planted.loc[planted.groupby("block").planned_share.idxmax()]
        leaders = set(zip(best.industry.str.lower(), best.region.str.lower(), strict=True))
        named = set(zip(told.block.str.split(" · ").str[0], told.cell.str.lower(), strict=True))
        assert len(told) > 20 and len(named & leaders) <= 0.1 * len(told)


class TestCells:
    def test_impossible_cells_are_left_out_and_white_space_is_compared_with_nothing(
        self, halden, true_stakes
    ):
        truth = halden.planted("market")
        markets = true_stakes.markets
        impossible = truth[truth.kind == "impossible"][["region", "industry"]].drop_duplicates()
        assert markets.left_out == len(impossible)
        white = markets.cells[(markets.cells.cell == "Śląsk") & markets.cells.block.str.startswith("mining")]
        assert len(white) == 1 and white[[LEAD, LAG]].to_numpy().tolist() == [[0.0, 0.0]]
        assert markets.placed > 0.9 and markets.compared == "regions of the same industry and country"
        assert markets.has_rivals and markets.parts == 3

    def test_a_market_without_sales_among_others_with_sales_is_absence(
        self, halden, true_groups, true_ladder
    ):
        """Nobody in Süd buys water instruments any more: nearly all of that gap is where we hardly sell."""
        people = halden.table("customers").to_pandas()
        gone = people[(people.region == "Süd") & (people.industry == "Water")].customer_id
        lines = halden.table("transactions").filter(lambda t: ~t.customer_id.isin(gone.tolist()))
        found = measure_markets(
            *(halden.table("market"), halden.table("customers"), lines, true_groups, true_ladder),
            **{"as_of": halden.as_of, "draws": 200, "seed": 3},
        )
        cell = found.cells[(found.cells.cell == "Süd") & found.cells.block.str.startswith("water")].iloc[0]
        others = found.cells[(found.cells.block == cell.block) & (found.cells.cell != "Süd")]
        usual = others.net_revenue.sum() / others.market_size.sum()
        assert cell.lags and cell.ratio < 0.05 * usual
        assert cell[ABSENT] == pytest.approx(cell[LEAD], rel=0.05)
        assert cell.aim > 0.8 * usual

    def test_groups_add_up_to_the_company(self, true_stakes):
        each = true_stakes.groups.groupby("part").value.sum()
        whole = true_stakes.values[true_stakes.values["part"] != ""].set_index("part").value
        assert each[whole.index].to_numpy() == pytest.approx(whole.to_numpy())

    def test_draws_of_the_same_number_belong_together(self, true_stakes):
        """In every draw the usual share is at most the best one, and absence is part of the gap to it."""
        drawn = true_stakes.markets.draw(resamples=300, seed=5)
        assert (drawn[LAG].sum(axis=1) <= drawn[LEAD].sum(axis=1) + 1e-6).all()
        assert (drawn[ABSENT] <= drawn[LEAD] + 1e-6).all()
        means = {name: values.sum(axis=1).mean() for name, values in drawn.items()}
        assert means[LEAD] == pytest.approx(true_stakes.markets.cells[LEAD].sum(), rel=0.05)

    def test_a_year_alone_is_judged_by_its_customers(self, halden, true_groups, true_ladder):
        market = halden.table("market").filter(lambda t: t.period == pd.Timestamp("2025-01-01").date())
        found = measure_markets(
            *(market, halden.table("customers"), halden.table("transactions"), true_groups, true_ladder),
            **{"as_of": halden.as_of, "draws": 200, "seed": 3},
        )
        gap = found.samples[LEAD].sum(axis=1)
        assert found.parts == 1 and np.ptp(gap) > 0
        # which customers there are leaves more open than three years do
        assert found.cells.lags.sum() < 20
