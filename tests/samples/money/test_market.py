"""Market figures: planted shares, growth, biases of the providers, and cells that cannot be true."""

import numpy as np
import pandas as pd
import pytest

from segutils.samples.making import Making
from segutils.samples.money import market

REPORTS = """
    select region, industry, year(period) as year, provider, market_size::double as size, growth
    from client.market order by all"""
SALES = """
    select c.region, industry, year(ordered_at) as year, sum(net_revenue)::double as revenue
    from client.transactions join client.customers as c using (customer_id) group by all"""
FIRST, SECOND = market.RESEARCHERS
CELL = ["region", "industry"]


def join_sales(making: Making) -> pd.DataFrame:
    """Each reported figure with what the client sold in that cell and year."""
    return (
        making.ask(REPORTS).merge(making.ask(SALES), how="left", on=[*CELL, "year"]).fillna({"revenue": 0.0})
    )


def find_impossible(figures: pd.DataFrame) -> set[tuple[str, str]]:
    """Cells where every provider reports less than the client sold, in every year."""
    is_over = figures.revenue.gt(figures["size"]).groupby([figures.region, figures.industry]).all()
    return set(is_over.index[is_over])


@pytest.fixture(scope="module")
def figures(made) -> pd.DataFrame:
    return join_sales(made)


@pytest.fixture(scope="module")
def plain(made, figures) -> pd.DataFrame:
    """The figures of cells in which nothing was planted but share and growth."""
    kinds = made.ask("select distinct region, industry, kind from truth.market")
    return figures.merge(kinds[kinds.kind == "regular"], on=CELL)


def test_share_of_each_industry_and_region(plain, within):
    first = plain[plain.provider == FIRST.name].groupby(CELL, as_index=False)[["size", "revenue"]].sum()
    planned = first.industry.map(market.INDUSTRY_SHARE) * first.region.map(market.REGION_FACTOR)
    error = np.log(first.revenue / first["size"]) - np.log(planned)
    noise = np.sqrt(FIRST.cell_noise**2 + FIRST.year_noise**2 / 3)
    for key in CELL:
        for name, values in error.groupby(first[key]):
            within(values.mean(), -FIRST.bias, noise / np.sqrt(len(values)), what=name)
    assert planned.min() >= 0.02 and planned.max() <= 0.35
    assert len(first) == 94


def test_one_provider_reports_more_than_the_other(figures, within):
    wide = figures.pivot(index=[*CELL, "year"], columns="provider", values="size")
    ratio = np.log(wide[SECOND.name] / wide[FIRST.name])
    cells = ratio.groupby(level=CELL).mean()
    spread = np.sqrt(
        FIRST.cell_noise**2 + SECOND.cell_noise**2 + (FIRST.year_noise**2 + SECOND.year_noise**2) / 3
    )
    within(cells.mean(), SECOND.bias - FIRST.bias, cells.std() / np.sqrt(len(cells)))
    within(cells.std(), spread, spread / np.sqrt(2 * (len(cells) - 1)), what="noise")


@pytest.mark.parametrize("researcher", market.RESEARCHERS, ids=lambda r: r.name)
def test_growth_of_each_industry(plain, researcher, within):
    """Growth is that of the provider's own figures: over years only the first and the last error count."""
    reported = plain[plain.provider == researcher.name]
    cells = reported.groupby(CELL).growth.mean()
    for industry, values in cells.groupby(level="industry"):
        noise = (1 + market.GROWTH[industry]) * researcher.year_noise * np.sqrt(2) / 3
        # a ratio of noisy figures is larger than the true one on average: by half the variance of its log
        lift = (1 + market.GROWTH[industry]) * researcher.year_noise**2
        within(values.mean() - lift, market.GROWTH[industry], noise / np.sqrt(len(values)), what=industry)
    means = cells.groupby(level="industry").mean()
    assert means.idxmin() == "Oil & gas" and means.min() < 0
    assert means.idxmax() == "Pharma" and means.max() > 0.1


def test_growth_is_that_of_the_sizes(figures):
    later = figures.sort_values("year").groupby([*CELL, "provider"])["size"].pct_change()
    is_large = figures["size"].groupby([figures.region, figures.industry]).transform("min") > 5e6
    assert (later - figures.growth)[is_large & later.notna()].abs().max() < 0.005


def test_cells_that_cannot_be_true(made, figures):
    planted = made.ask("select distinct region, industry from truth.market where kind = 'impossible'")
    assert find_impossible(figures) == set(planted.itertuples(index=False, name=None))
    assert len(planted) == market.IMPOSSIBLE
    true = made.ask("select share from truth.market where kind = 'impossible'")
    assert true.share.max() < 1  # the market is larger than the figures say


def test_one_market_is_white(figures):
    unsold = figures.groupby(CELL).revenue.sum()
    assert list(unsold.index[unsold == 0]) == [(market.WHITE_REGION, market.WHITE_INDUSTRY)]


def test_truth_is_what_was_sold(made, figures):
    truth = made.ask(
        "select region, industry, year(period) as year, net_revenue, share, market_size from truth.market"
    )
    both = figures[figures.provider == FIRST.name].merge(truth, on=[*CELL, "year"])
    assert len(both) == len(truth) == 97 * 3
    assert both.net_revenue.sub(both.revenue).abs().max() < 0.01
    assert both.share.sub(both.revenue / both.market_size).abs().max() < 1e-5


def test_null_markets_are_alike(null):
    figures = join_sales(null)
    sums = figures[figures.provider == FIRST.name].groupby(CELL)[["size", "revenue"]].sum()
    share = sums.revenue / sums["size"]
    assert np.allclose(share, market.NULL_SHARE, rtol=0.005)
    assert np.allclose(figures.growth, market.NULL_GROWTH)
    wide = figures.pivot(index=[*CELL, "year"], columns="provider", values="size")
    assert (wide[SECOND.name] - wide[FIRST.name]).abs().max() <= (FIRST.unit + SECOND.unit) / 2
    assert not find_impossible(figures)
    assert (sums.revenue > 0).all() and len(sums) == 96
