"""Two shares against each other: the difference, its interval, its p-value; alone or stratified.

All functions take arrays; the last axis is the strata (of the stratified ones), axes before it are batches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from segutils.statistics.intervals import wilson_interval

BISECTIONS = 40
FARTHEST = 12.0  # standard errors; p-values end at 2e-33


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Responders among the treated and among the controls; arrays of one shape.

    Parameters
    ----------
    hits, of : numpy.ndarray
        Treated: how many responded, of how many.
    control_hits, control_of : numpy.ndarray
    """

    hits: np.ndarray
    of: np.ndarray
    control_hits: np.ndarray
    control_of: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Share of the treated less share of the controls, over all strata, and its interval."""

    rate: np.ndarray
    control_rate: np.ndarray
    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray


def newcombe_interval(
    hits: np.ndarray, of: np.ndarray, other_hits: np.ndarray, other_of: np.ndarray, *, level: float = 0.95
) -> np.ndarray:
    """Between which limits does the difference of two shares lie?

    Parameters
    ----------
    hits, of, other_hits, other_of : array-like of int
        Of the share, and of the one that is subtracted.
    level : float

    Returns
    -------
    numpy.ndarray
        Last axis: low, high; Newcombe (1998), *Statistics in Medicine* 17, 873-890, method 10. 56 of 70
        against 48 of 80 gives 0.0524 to 0.3339 there.
    """
    hits, of, other_hits, other_of = (np.asarray(v, dtype=float) for v in (hits, of, other_hits, other_of))
    first, second = (wilson_interval(h, n, level=level) for h, n in ((hits, of), (other_hits, other_of)))
    with np.errstate(invalid="ignore", divide="ignore"):
        p, q = hits / of, other_hits / other_of
    below = np.hypot(p - first[..., 0], second[..., 1] - q)
    above = np.hypot(first[..., 1] - p, q - second[..., 0])
    return np.stack([p - q - below, p - q + above], axis=-1)


def weigh_strata(counts: Counts) -> np.ndarray:
    """How much does each stratum count (Cochran, Mantel and Haenszel: n₁n₀/(n₁+n₀), scaled to sum 1)?

    A stratum in which an arm is empty counts nothing; NaN where that is so in all.
    """
    both = counts.of * counts.control_of
    weight = np.divide(
        both, counts.of + counts.control_of, out=np.zeros_like(both, dtype=float), where=both > 0
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return weight / weight.sum(axis=-1, keepdims=True)


def stratified_difference(counts: Counts, *, level: float | np.ndarray = 0.95) -> Difference:
    """By how much do the treated differ from the controls, if each stratum is compared within itself?

    Parameters
    ----------
    counts : Counts
        Last axis: strata.
    level : float or array

    Returns
    -------
    Difference
        Without the last axis. Weights of Cochran, Mantel and Haenszel; interval of Yan and Su (2010),
        *Statistics in Biopharmaceutical Research* 2, 329-335, which with one stratum is Newcombe's. NaN where
        no stratum has both arms.
    """
    return _difference(counts, norm.ppf(0.5 + np.asarray(level) / 2))


def p_difference(counts: Counts, margin: np.ndarray | float = 0.0) -> np.ndarray:
    """How surprising is the difference if it were `margin` in truth (two-sided p-value)?

    The level at which the interval of :func:`stratified_difference` just touches `margin`, so that p-value
    and interval never contradict each other. NaN where there is no difference to judge.

    Parameters
    ----------
    counts : Counts
    margin : float or array
        Without the last axis.

    Returns
    -------
    numpy.ndarray
    """
    found = _difference(counts, np.asarray(1.0))
    margin = np.broadcast_to(np.asarray(margin, dtype=float), found.estimate.shape)
    above = found.estimate > margin
    low, high = np.zeros(found.estimate.shape), np.full(found.estimate.shape, FARTHEST)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        now = _difference(counts, middle)
        covered = np.where(above, now.low <= margin, now.high >= margin)
        low, high = np.where(covered, low, middle), np.where(covered, middle, high)
    p = 2 * norm.sf((low + high) / 2)
    return np.where(np.isnan(found.estimate), np.nan, np.where(found.estimate == margin, 1.0, p))


def _difference(counts: Counts, z: np.ndarray) -> Difference:
    weights = weigh_strata(counts)
    first = _stratified_wilson(counts.hits, counts.of, weights, z)
    second = _stratified_wilson(counts.control_hits, counts.control_of, weights, z)
    estimate = first[0] - second[0]
    spread = [_spread(weights, n) for n in (counts.of, counts.control_of)]
    below = spread[0] * first[1] * (1 - first[1]) + spread[1] * second[2] * (1 - second[2])
    above = spread[0] * first[2] * (1 - first[2]) + spread[1] * second[1] * (1 - second[1])
    return Difference(
        rate=first[0],
        control_rate=second[0],
        estimate=estimate,
        low=np.maximum(estimate - z * np.sqrt(below), -1.0),
        high=np.minimum(estimate + z * np.sqrt(above), 1.0),
    )


def stratified_wilson(
    hits: np.ndarray, of: np.ndarray, weights: np.ndarray, *, level: float = 0.95
) -> np.ndarray:
    """Between which limits does a weighted mean of shares lie (Yan and Su 2010)?

    Returns
    -------
    numpy.ndarray
        Last axis: low, high; with one stratum Wilson's.
    """
    return _stratified_wilson(hits, of, weights, norm.ppf(0.5 + level / 2))[1:].transpose(
        *range(1, np.ndim(hits)), 0
    )


def _stratified_wilson(hits: np.ndarray, of: np.ndarray, weights: np.ndarray, z: np.ndarray) -> np.ndarray:
    """First axis: weighted mean, low, high."""
    used = weights > 0
    hits, of = np.where(used, hits, 0.0), np.where(used, of, 1.0)
    share = hits / of
    # a stratum where all or none responded has no variance to speak of: half a responder is added
    flat = (share <= 0) | (share >= 1)
    rate = np.where(flat, (hits + 0.5) / (of + 1), share)
    deviation = np.sqrt(rate * (1 - rate) / of)
    with np.errstate(invalid="ignore", divide="ignore"):
        shrink = np.sqrt((weights**2 * deviation**2).sum(axis=-1)) / (weights * deviation).sum(axis=-1)
    z2 = (np.asarray(z) * shrink)[..., None] ** 2
    middle = (hits + z2 / 2) / (of + z2)
    half = np.sqrt(z2) / (of + z2) * np.sqrt(np.maximum(of * share * (1 - share), 0) + z2 / 4)
    ends = [(weights * value).sum(axis=-1) for value in (share, middle - half, middle + half)]
    return np.stack([ends[0], np.clip(ends[1], 0, 1), np.clip(ends[2], 0, 1)])


def _spread(weights: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Σ w²/n over the strata that count."""
    used = weights > 0
    total = (weights**2 / np.where(used, of, 1.0)).sum(axis=-1)
    return np.where(np.isnan(weights).all(axis=-1), np.nan, total)
