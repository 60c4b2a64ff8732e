"""How far cells lag behind comparable cells of the same client, without taking luck for a gap.

What is known of a cell comes in several parts: years, where a cell's figure is what it is and only the year
makes it uncertain; or parts of its customers, where the figure is that of the few customers there are. Every
part is measured once, and which cells lag and which one leads is then taken from the other parts. What was
luck in those is gone from the measure, and luck in the measured part has no share in the choice: where cells
differ by chance alone, gaps add up to about nothing. Chosen and measured on the same figures they would not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

BEST, USUAL = "best", "usual"


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """Cells that lag, and by how much.

    Parameters
    ----------
    table : pandas.DataFrame
        ``block, cell, ratio, aim`` (own ratio, and what it would be without the gap), ``gap`` (mean over the
        parts, at the cell's size, in the unit of `above`; below 0 where the cell has overtaken).
    blocks : tuple of str
        Blocks with two cells or more: those that could be compared, whether or not one lags.
    parts : int
        How many parts there were; with one only, choice and measure come from the same figures.
    """

    table: pd.DataFrame
    blocks: tuple[str, ...]
    parts: int


def measure_gaps(table: pd.DataFrame, *, benchmark: str, latest: bool = True) -> Gaps:
    """Which cells lag behind comparable ones, and what would they bring if they did not?

    Parameters
    ----------
    table : pandas.DataFrame
        One row per cell and part: ``block`` (cells of one block are comparable), ``cell, part, above,
        below``; what is compared is above / below, such as own sales over the market.
    benchmark : str
        ``best``: the cell of the block with the highest ratio in the other parts. ``usual``: the others of
        the block together.
    latest : bool
        Parts are years and the last one is the cell's size and ratio; else they add up to it.

    Returns
    -------
    Gaps
        Of cells that are known in every part.
    """
    known = table.dropna(subset=["above", "below"])
    known = known[known.below > 0]
    if known.empty:
        return Gaps(table=_empty(), blocks=(), parts=0)
    wide = known.pivot_table(index=["block", "cell"], columns="part", values=["above", "below"]).dropna()
    sizes = wide.groupby(level="block").size()
    wide = wide[wide.index.get_level_values("block").isin(sizes.index[sizes > 1])]
    above, below = (wide[name].to_numpy(float) for name in ("above", "below"))
    block = wide.index.get_level_values("block").to_numpy()
    whole = [values[:, -1] if latest else values.sum(axis=1) for values in (above, below)]
    lags = [_lag(above, below, block, measured=n, benchmark=benchmark) for n in range(above.shape[1])]
    # a part of years counts as the others do, a part of customers by its size
    weights = np.ones(below.shape) if latest else below
    found = wide.index.to_frame(index=False).assign(ratio=whole[0] / whole[1])
    found["aim"] = found.ratio + (np.array(lags).T * weights).sum(axis=1) / weights.sum(axis=1)
    found["gap"] = (found.aim - found.ratio) * whole[1]
    return Gaps(
        table=found.loc[np.any(lags, axis=0), ["block", "cell", "ratio", "aim", "gap"]].reset_index(
            drop=True
        ),
        blocks=tuple(dict.fromkeys(block)),
        parts=above.shape[1],
    )


def _lag(
    above: np.ndarray, below: np.ndarray, block: np.ndarray, *, measured: int, benchmark: str
) -> np.ndarray:
    """How far each cell lags in the measured part, if it lagged in the others; 0 where it did not."""
    others = np.arange(above.shape[1]) != measured if above.shape[1] > 1 else np.array([True])
    then = (above[:, others].sum(axis=1), below[:, others].sum(axis=1))
    now = (above[:, measured], below[:, measured])
    lag = np.zeros(len(block))
    for name in dict.fromkeys(block):
        rows = np.flatnonzero(block == name)
        chosen, measure = ([part[rows] for part in pair] for pair in (then, now))
        if benchmark == BEST:
            leader = int(np.argmax(chosen[0] / chosen[1]))
            aims = [pair[0][leader] / pair[1][leader] for pair in (chosen, measure)]
        else:
            aims = [(pair[0].sum() - pair[0]) / (pair[1].sum() - pair[1]) for pair in (chosen, measure)]
        lagged = chosen[0] / chosen[1] < aims[0] - 1e-12
        lag[rows] = np.where(lagged, aims[1] - measure[0] / measure[1], 0.0)
    return lag


def _empty() -> pd.DataFrame:
    columns = {"block": str, "cell": str, "ratio": float, "aim": float, "gap": float}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
