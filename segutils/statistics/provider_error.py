"""How far are providers of market figures apart about the same cells, beyond what they always are?"""

from __future__ import annotations

import numpy as np
import pandas as pd


def measure_provider_error(stated: pd.DataFrame, block: pd.Series) -> pd.Series:
    """How wrong may the mean of the providers be about a cell, against other cells of its block?

    An error that a provider makes in the same way throughout a block changes nothing between its cells; one
    that it makes every year in one cell looks like a share of the client's. Only where several providers
    speak of the same cells does it show.

    Parameters
    ----------
    stated : pandas.DataFrame
        ``slot`` (cell), ``provider, market_size`` (above 0 counts), any number of years.
    block : pandas.Series
        Index: slot.

    Returns
    -------
    pandas.Series
        Index as `block`: variance of the log of a cell's mean size. Residuals of log sizes from a cell's and
        a provider's level in the block, over their degrees of freedom, over the number of providers in the
        cell; NaN where nothing could be compared.
    """
    known = stated[(stated.market_size > 0) & stated.slot.isin(block.index)]
    logs = known.assign(log=np.log(known.market_size)).groupby(["slot", "provider"]).log.mean().reset_index()
    logs["block"] = logs.slot.map(block)
    square, df = 0.0, 0
    for _, part in logs.groupby("block"):
        design = np.hstack([_indicate(part.slot), _indicate(part.provider)])
        levels, _, rank, _ = np.linalg.lstsq(design, part.log.to_numpy(), rcond=None)
        square += float(((part.log - design @ levels) ** 2).sum())
        df += len(part) - int(rank)
    providers = logs.groupby("slot").provider.nunique().reindex(block.index)
    return (square / df) / providers if df > 0 else pd.Series(np.nan, index=block.index)


def _indicate(labels: pd.Series) -> np.ndarray:
    return pd.get_dummies(labels).to_numpy(float)
