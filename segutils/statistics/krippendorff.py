"""Krippendorff's alpha: do several raters agree, more than chance would make them?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Level = Literal["nominal", "ordinal", "interval"]
FIRM, TENTATIVE = 0.8, 0.667  # Krippendorff 2004: to rely on, to draw tentative conclusions from


@dataclass(frozen=True, kw_only=True)
class Alpha:
    """Agreement with its interval.

    Parameters
    ----------
    value : float
        1: full agreement, 0: what chance gives; NaN where nothing was rated twice or all ratings are equal.
    low, high : float
        Ends of the bootstrap interval.
    units, raters, ratings : int
        What could be compared: only units with two ratings or more.
    """

    value: float
    low: float
    high: float
    units: int
    raters: int
    ratings: int

    @property
    def reading(self) -> str:
        """In words: firm, tentative or too low to rely on."""
        if np.isnan(self.value):
            return "not known"
        return (
            "firm" if self.value >= FIRM else "tentative" if self.value >= TENTATIVE else "too low to rely on"
        )


def measure_alpha(
    ratings: pd.DataFrame,
    *,
    level: Level = "ordinal",
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Alpha:
    """How far do raters agree on the same things?

    Krippendorff 2004, 2011 (coincidence matrix, missing ratings allowed). The interval resamples the raters:
    what is rated is taken as given, who rates it as a sample. A rater who is drawn twice is not compared with
    themself.

    Parameters
    ----------
    ratings : pandas.DataFrame
        ``unit, rater, rating``; of several ratings of a unit by one rater the last counts.
    level : {"nominal", "ordinal", "interval"}
    resamples : int
    confidence : float
    seed : int

    Returns
    -------
    Alpha
    """
    table = ratings.dropna(subset=["unit", "rater", "rating"])
    grid = table.drop_duplicates(["unit", "rater"], keep="last").pivot(
        index="unit", columns="rater", values="rating"
    )
    grid = grid[grid.notna().sum(axis=1) >= 2]
    grid = grid.loc[:, grid.notna().any()]
    cells = grid.to_numpy(dtype=float)
    values = np.unique(cells[np.isfinite(cells)])
    counts = {"units": len(grid), "raters": grid.shape[1], "ratings": int(np.isfinite(cells).sum())}
    if not len(grid):
        return Alpha(value=np.nan, low=np.nan, high=np.nan, **counts)
    hits = (cells[:, :, None] == values).astype(float)  # unit x rater x value
    value = _alpha(hits, np.ones(grid.shape[1]), values, level)
    rng = np.random.default_rng(seed)
    draws = [
        _alpha(
            hits,
            np.bincount(rng.integers(0, len(hits[0]), len(hits[0])), minlength=len(hits[0])),
            values,
            level,
        )
        for _ in range(resamples)
    ]
    known = np.array(draws)[~np.isnan(draws)]
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail]) if len(known) else (np.nan, np.nan)
    return Alpha(value=value, low=float(low), high=float(high), **counts)


def _alpha(hits: np.ndarray, weights: np.ndarray, values: np.ndarray, level: Level) -> float:
    """Alpha of ratings (unit x rater x value, 0/1) whose raters count `weights` times."""
    totals = np.einsum("urv,r->uv", hits, weights)  # ratings of each value, per unit
    own = np.einsum("urv,r->uv", hits, weights**2)  # a rater with themself
    pairs = totals[:, :, None] * totals[:, None, :]
    pairs[:, np.arange(len(values)), np.arange(len(values))] -= own
    rated, possible = totals.sum(axis=1), pairs.sum(axis=(1, 2))
    used = possible > 0
    if not used.any():
        return float("nan")
    coincidences = (pairs[used] * (rated[used] / possible[used])[:, None, None]).sum(axis=0)
    margins = coincidences.sum(axis=0)
    distances = _distances(values, margins, level)
    n = margins.sum()
    expected = (margins[:, None] * margins[None] * distances).sum() / (n - 1)
    return float(1 - (coincidences * distances).sum() / expected) if expected > 0 else float("nan")


def _distances(values: np.ndarray, margins: np.ndarray, level: Level) -> np.ndarray:
    """Squared difference of each pair of values."""
    if level == "nominal":
        return (values[:, None] != values[None]).astype(float)
    if level == "interval":
        return (values[:, None] - values[None]) ** 2
    below = np.cumsum(margins)
    between = np.abs(below[:, None] - below[None])  # ordinal: ratings between the two, both ends by half
    half = (margins[:, None] - margins[None]) / 2 * np.sign(below[:, None] - below[None])
    return (between - half) ** 2
