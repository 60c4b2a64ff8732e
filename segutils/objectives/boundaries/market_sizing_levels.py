"""All markets, those the client serves, and what it could obtain of them: TAM, SAM and SOM."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segutils.formats import format_value
from segutils.objectives.boundaries.market_sizing_data import Markets

TAM, SAM, SOM, OWN = "All markets (TAM)", "Served markets (SAM)", "Obtainable (SOM)", "Own sales"
MIN_CELLS = 10  # from so many on it is asked by which key shares differ most


def size_levels(markets: Markets, *, som_quantile: float = 0.5, min_comparable: int = 3) -> pd.DataFrame:
    """How large is the whole market, the part that we serve, and the part that we could obtain?

    TAM is the sum of all cells; SAM of those where the client has customers on its books; SOM what it would
    sell if each served cell reached the share that it already has in half (`som_quantile`) of the comparable
    cells, and no cell lost. Comparable are cells with the same value in the key by which shares differ most
    (:func:`find_comparable_key`). SOM is therefore an assumption about the client itself, not a forecast.
    Cells whose size cannot be true are in none of them.

    Parameters
    ----------
    markets : Markets
    som_quantile : float
        Of the shares in comparable cells (0-1).
    min_comparable : int
        With fewer comparable cells a cell keeps its own share.

    Returns
    -------
    pandas.DataFrame
        ``level, rule, cells, low, amount, high`` of the last year: with the least, the mean and the most
        reported of every cell.
    """
    cells = markets.last[~markets.last.cell.isin(markets.left_out)]
    served = cells[cells.customers > 0]
    key = find_comparable_key(markets)
    som = [
        float((list_obtainable(served, key, size, som_quantile, min_comparable)).sum())
        for size in ("market_low", "market_size", "market_high")
    ]
    own = [float(cells.net_revenue.sum())] * 3
    quantile = "half" if som_quantile == 0.5 else format_value(1 - som_quantile, "share:0")
    rules = {
        TAM: "every market that a provider reports",
        SAM: "markets in which the client has customers on its books",
        SOM: f"each served market at the share that {quantile} of the markets of the same {key} exceed, "
        "or at its own if that is higher",
        OWN: "what the client sold in these markets",
    }
    sums = {name: _sum_sizes(part) for name, part in ((TAM, cells), (SAM, served))}
    rows = [
        (name, rules[name], len(part), *amounts)
        for name, part, amounts in (
            (TAM, cells, sums[TAM]),
            (SAM, served, sums[SAM]),
            (SOM, served, som),
            (OWN, served, own),
        )
    ]
    return pd.DataFrame(rows, columns=["level", "rule", "cells", "low", "amount", "high"])


def list_obtainable(
    served: pd.DataFrame, key: str, size: str, som_quantile: float, min_comparable: int
) -> pd.Series:
    """What would each served cell bring at the share of comparable ones (never less than it brings now)?

    Parameters
    ----------
    served : pandas.DataFrame
        Cells with `key`, `size` and ``net_revenue``.
    key, size : str
        Columns: what makes cells comparable, and which size counts.
    som_quantile, min_comparable
        As in :func:`size_levels`.

    Returns
    -------
    pandas.Series
        Amounts, by row of `served`.
    """
    sizes, own = served[size].to_numpy(float), served.net_revenue.clip(lower=0).to_numpy(float)
    share = np.divide(own, sizes, out=np.full(len(sizes), np.nan), where=sizes > 0)
    target = np.zeros(len(sizes))
    values = served[key].to_numpy()
    for n in range(len(sizes)):
        others = share[(values == values[n]) & (np.arange(len(sizes)) != n) & np.isfinite(share)]
        if len(others) >= min_comparable:
            target[n] = np.quantile(others, som_quantile)
    return pd.Series(np.maximum(sizes * target, own), index=served.index)


def find_comparable_key(markets: Markets) -> str:
    """By which key do the client's shares differ most (largest share of the variance of log shares)?

    The last key where there are too few cells to tell.
    """
    cells = markets.last[~markets.last.cell.isin(markets.left_out) & (markets.last.share > 0)]
    if len(cells) < MIN_CELLS or len(markets.keys) == 1:
        return markets.keys[-1]
    logs = np.log(cells.share)
    between = {key: float(logs.groupby(cells[key]).transform("mean").var(ddof=0)) for key in markets.keys}
    # a key with more values explains more by chance alone: each is held against its number of values
    fair = {key: between[key] / max(cells[key].nunique() - 1, 1) for key in markets.keys}
    return max(markets.keys, key=lambda key: fair[key])


def list_white_space(markets: Markets) -> pd.DataFrame:
    """Which markets have a size but no own sales in any complete year?

    Returns
    -------
    pandas.DataFrame
        Largest first: ``cell, market_low, market_size, market_high, growth, customers`` (on the books).
    """
    sold = markets.cells.groupby("cell").net_revenue.sum()
    table = markets.last[markets.last.cell.map(sold) <= 0]
    columns = ["cell", "market_low", "market_size", "market_high", "growth", "customers"]
    return table.sort_values("market_size", ascending=False, kind="stable")[columns].reset_index(drop=True)


def _sum_sizes(cells: pd.DataFrame) -> list[float]:
    return [float(cells[name].sum()) for name in ("market_low", "market_size", "market_high")]
