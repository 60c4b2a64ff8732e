"""Two windows side by side find each planted move of a competitor, and nothing in the null client."""

import numpy as np
import pandas as pd
import pytest

from segutils.samples.making import Making
from segutils.samples.prices import competitors

WINDOW = 12  # weeks on each side


def read_prices(making: Making) -> pd.DataFrame:
    """Log price by week (rows) and competitor, category, product (columns)."""
    seen = making.ask("""
        select date_trunc('week', observed_at) as week, competitor, category, product_id,
        ln(c.price) as log_price
        from client.competitor_prices as c join client.products using (product_id)""")
    return seen.pivot(index="week", columns=["competitor", "category", "product_id"], values="log_price")


def noise_of(prices: pd.DataFrame) -> float:
    """Standard deviation from week to week, from successive differences: a move is one among many of them."""
    steps = prices.diff().to_numpy().ravel()
    return float(np.nanmedian(np.abs(steps)) / 0.6745 / np.sqrt(2))


def compare_windows(prices: pd.DataFrame, week: pd.Timestamp) -> pd.DataFrame:
    """Change of the mean log price from the weeks before to those from `week` on, and its standard error."""
    before = prices[(prices.index < week) & (prices.index >= week - pd.Timedelta(weeks=WINDOW))]
    after = prices[(prices.index >= week) & (prices.index < week + pd.Timedelta(weeks=WINDOW))]
    error = noise_of(prices) * np.sqrt(1 / before.count() + 1 / after.count())
    return pd.DataFrame({"change": after.mean() - before.mean(), "error": error})


def scan(prices: pd.DataFrame) -> pd.DataFrame:
    """Standard scores of the change, every week, by competitor and category."""
    scores = {}
    for week in prices.index[WINDOW:-WINDOW]:
        by_product = compare_windows(prices, week).groupby(["competitor", "category"])
        error = by_product.error.apply(lambda errors: np.sqrt((errors**2).sum()) / len(errors))
        scores[week] = by_product.change.mean() / error
    return pd.DataFrame(scores).T


@pytest.fixture(scope="module")
def prices(made):
    return read_prices(made)


def test_each_move_has_its_planted_size(made, prices, within):
    moves = made.ask("from truth.competitor_moves")
    assert moves.change.between(-0.08, 0.06).all()
    assert moves.strategic.any()
    for row in moves.itertuples():
        found = compare_windows(prices, pd.Timestamp(row.moved_on)).loc[
            (row.competitor, row.category, row.product_id)
        ]
        within(found.change, np.log1p(row.change), found.error, 4, f"{row.competitor}, {row.product_id}")
        assert abs(row.change) > 4 * found.error, "no move would pass too"


def test_products_that_did_not_move_stay(made, prices, within):
    moved = made.ask("from truth.competitor_moves")
    still = set(prices.columns) - set(
        moved[["competitor", "category", "product_id"]].itertuples(index=False, name=None)
    )
    for week in pd.to_datetime(moved.moved_on.unique()):
        for column, found in compare_windows(prices, week).loc[sorted(still)].iterrows():
            within(found.change, 0, found.error, 4.5, str(column))


def test_scan_sees_the_moves_and_nothing_in_the_null(made, null, prices):
    scores = scan(prices)
    moves = made.ask("select distinct competitor, category, moved_on from truth.competitor_moves")
    for move in moves.itertuples():
        peak = scores[move.competitor, move.category].abs().idxmax()
        assert abs(peak - pd.Timestamp(move.moved_on)) <= pd.Timedelta(weeks=1)
    quiet = scan(read_prices(null))
    assert quiet.abs().max(axis=None) < 4.5
    assert len(null.ask("from truth.competitor_moves")) == 0


def test_levels_noise_and_gaps_are_as_planted(made, prices, within):
    listed = made.ask("select product_id, ln(list_price) as log_list from client.products").set_index(
        "product_id"
    )
    start = prices[: pd.Timestamp("2023-08-28")].mean()  # before the first move
    over = (
        start - listed.log_list.reindex(start.index.get_level_values("product_id")).astype(float).to_numpy()
    )
    for competitor, factor in competitors.COMPETITORS.items():
        of = over[competitor]
        within(of.mean(), np.log(factor), competitors.LEVEL_SPREAD / np.sqrt(len(of)), 4, competitor)
    steps = prices.diff().notna().to_numpy().sum()
    within(noise_of(prices), competitors.NOISE, competitors.NOISE * 1.2 / np.sqrt(steps / 2), 4, "noise")
    share = competitors.GAPS
    within(prices.isna().to_numpy().mean(), share, np.sqrt(share * (1 - share) / prices.size), 4, "gaps")
