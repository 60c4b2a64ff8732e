"""By how much markets grow a year, and how sure that is, by how much their growth varies over years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

LEAST = -0.99  # a market cannot lose more than all of itself


@dataclass(frozen=True, kw_only=True, eq=False)
class GrowthDraws:
    """A year's growth of cells.

    Parameters
    ----------
    expected : pandas.Series
        Index: slot; the mean over the years.
    drawn : numpy.ndarray
        Draw x cell: what the true mean may be.
    """

    expected: pd.Series
    drawn: np.ndarray


def draw_growth(cells: pd.DataFrame, block: pd.Series, *, draws: int, seed: int = 0) -> GrowthDraws:
    """How fast does each market grow, and how sure is that?

    Parameters
    ----------
    cells : pandas.DataFrame
        ``slot, period, growth`` (a year's, as reported; may be missing), ``market_size``.
    block : pandas.Series
        Index: slot of the cells that are asked for; cells of a block grow by chance together.
    draws, seed : int

    Returns
    -------
    GrowthDraws
        Of a mean over years, errors that all markets share and errors of a block, both Student's t on the
        years there are. With one year the error is not known and 0. Where growth is not reported, it is that
        of the sizes themselves.
    """
    reported = cells.pivot_table(index="slot", columns="period", values="growth", dropna=False)
    sizes = cells.pivot_table(index="slot", columns="period", values="market_size")
    reported = reported.reindex(index=block.index, columns=sizes.columns)
    sizes = sizes.reindex(block.index)
    yearly = reported.where(reported.notna().any(axis=1), sizes.pct_change(axis=1, fill_method=None))
    expected = yearly.mean(axis=1)
    if sizes.shape[1] > 1:
        years = (sizes.columns[-1] - sizes.columns[0]).days / 365.25
        whole = (sizes.iloc[:, -1] / sizes.iloc[:, 0]) ** (1 / years) - 1
        expected = reported.mean(axis=1).fillna(whole)
    expected = expected.fillna(0.0)
    rng = np.random.default_rng([seed, 2])
    weights = sizes.iloc[:, -1]
    off = yearly.sub(yearly.mean(axis=1), axis=0).dropna(axis=1, how="all")
    by_block = off.mul(weights, axis=0).groupby(block).sum().div(weights.groupby(block).sum(), axis=0)
    total = weights.groupby(block).sum()
    common = by_block.mul(total / total.sum(), axis=0).sum()
    own = by_block.sub(common)
    count = off.shape[1]
    if count < 2:
        return GrowthDraws(expected=expected, drawn=np.tile(expected.to_numpy(float), (draws, 1)))
    df = count - 1
    shared = np.sqrt((common**2).sum() / df / count) * rng.standard_t(df, size=(draws, 1))
    spread = np.sqrt((own.to_numpy() ** 2).sum() / max(df * (len(own) - 1), 1) / count)
    apart = spread * rng.standard_normal((draws, len(own)))
    place = own.index.get_indexer(block)
    drawn = np.maximum(expected.to_numpy(float) + shared + apart[:, place], LEAST)
    return GrowthDraws(expected=expected, drawn=drawn)
