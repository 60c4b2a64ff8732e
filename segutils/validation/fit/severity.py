"""Ratings without the rater: what is rated, how it is rated, and how strict each rater is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student


@dataclass(frozen=True, kw_only=True)
class Separated:
    """Ratings taken apart.

    Parameters
    ----------
    items : pandas.DataFrame
        ``item, ratings, raters, mean`` (as given), ``adjusted`` (as an average rater would rate it), ``low,
        high``.
    raters : pandas.DataFrame
        ``rater, ratings, severity`` (rating points below the average rater's; negative: more lenient).
    """

    items: pd.DataFrame
    raters: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What :func:`fit_effects` finds: items as an average rater rates them (NaN without a rating), half the
    width of their intervals, and each rater's effect."""

    items: np.ndarray
    half: np.ndarray
    raters: np.ndarray


def fit_effects(
    item: np.ndarray,
    rater: np.ndarray,
    rating: np.ndarray,
    *,
    items: int,
    raters: int,
    confidence: float = 0.95,
) -> Effects:
    """Least squares of rating = item + rater, the raters' effects adding up to zero.

    Parameters
    ----------
    item, rater : numpy.ndarray of int
        0-based codes of each rating.
    rating : numpy.ndarray
    items, raters : int
        How many there are.
    confidence : float
        Of Student's t intervals; NaN where there are no more ratings than items and raters.

    Returns
    -------
    Effects
    """
    item, rater, answer = np.asarray(item), np.asarray(rater), np.asarray(rating, dtype=float)
    design = np.zeros((len(answer), items + raters - 1))
    design[np.arange(len(answer)), item] = 1
    last = rater == raters - 1
    design[np.flatnonzero(~last), items + rater[~last]] = 1
    design[last, items:] = -1
    inverse = np.linalg.pinv(design.T @ design, hermitian=True)
    effects = inverse @ (design.T @ answer)
    rated = np.bincount(item, minlength=items) > 0
    freedom = len(answer) - rated.sum() - raters + 1
    half = np.full(items, np.nan)
    if freedom > 0:
        variance = ((answer - design @ effects) ** 2).sum() / freedom
        half = student.ppf(0.5 + confidence / 2, freedom) * np.sqrt(np.diag(inverse)[:items] * variance)
    return Effects(
        items=np.where(rated, effects[:items], np.nan),
        half=half,
        raters=np.append(effects[items:], -effects[items:].sum()),
    )


def separate_raters(ratings: pd.DataFrame, *, confidence: float = 0.95) -> Separated:
    """How is each thing rated, once it is taken out who rated it?

    Additive model by least squares: rating = item + rater, the raters' effects adding up to zero; Student's t
    intervals.

    Parameters
    ----------
    ratings : pandas.DataFrame
        ``item, rater, rating``.
    confidence : float

    Returns
    -------
    Separated
        Intervals are NaN where there are no more ratings than items and raters.
    """
    items, raters = (pd.Categorical(ratings[name]) for name in ("item", "rater"))
    many, people = len(items.categories), len(raters.categories)
    found = fit_effects(
        items.codes, raters.codes, ratings["rating"], items=many, raters=people, confidence=confidence
    )
    by = ratings.groupby("item", observed=True)
    table = pd.DataFrame(
        {
            "item": items.categories,
            "ratings": by.rating.size().reindex(items.categories).to_numpy(),
            "raters": by.rater.nunique().reindex(items.categories).to_numpy(),
            "mean": by.rating.mean().reindex(items.categories).to_numpy(),
            "adjusted": found.items,
            "low": found.items - found.half,
            "high": found.items + found.half,
        }
    )
    counts = ratings.groupby("rater").size().reindex(raters.categories).to_numpy()
    return Separated(
        items=table,
        raters=pd.DataFrame({"rater": raters.categories, "ratings": counts, "severity": -found.raters}),
    )
