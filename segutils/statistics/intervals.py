"""Intervals for shares, and whether a distribution has moved between two periods."""

import numpy as np
from scipy.stats import norm


def wilson_interval(hits: np.ndarray, of: np.ndarray, *, level: float = 0.95) -> np.ndarray:
    """Between which limits does a share lie, given how few were counted?

    Parameters
    ----------
    hits, of : array-like of int
    level : float
        Confidence level.

    Returns
    -------
    numpy.ndarray
        Last axis: low, high (Wilson 1927); NaN where `of` is 0.
    """
    hits, of = np.asarray(hits, dtype=float), np.asarray(of, dtype=float)
    z2 = norm.ppf(0.5 + level / 2) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = (hits + z2 / 2) / (of + z2)
        half = np.sqrt(z2) / (of + z2) * np.sqrt(hits * (of - hits) / of + z2 / 4)
    ends = np.stack([middle - half, middle + half], axis=-1)
    return np.clip(ends, 0, 1)


def percentile_interval(draws: np.ndarray, *, level: float = 0.95, axis: int = 0) -> np.ndarray:
    """The middle `level` of resampled values along `axis`; first axis of the result: low, high."""
    tail = (1 - level) / 2
    return np.quantile(draws, [tail, 1 - tail], axis=axis)


def mean_interval(draws: np.ndarray, *, seed: int, resamples: int = 1000, level: float = 0.95) -> np.ndarray:
    """Within which limits does the mean of `draws` lie (percentile bootstrap): low, high?"""
    rng = np.random.default_rng(seed)
    picked = rng.integers(0, len(draws), size=(resamples, len(draws)))
    return percentile_interval(np.asarray(draws)[picked].mean(axis=1), level=level)


def stability_index(expected: np.ndarray, actual: np.ndarray) -> float:
    """Population stability index (PSI) of two lists of bin counts or shares.

    Sum over bins of (actual − expected) · ln(actual / expected), in shares. An empty bin counts as half an
    observation, so that it doesn't make the index infinite.
    """
    old, new = _shares(expected), _shares(actual)
    return float(((new - old) * np.log(new / old)).sum())


def cut_bins(values: np.ndarray, *, bins: int = 10) -> np.ndarray:
    """Inner edges of bins that hold about the same share of `values` each; fewer where values tie."""
    return np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1]))


def drift_between(
    before: np.ndarray, after: np.ndarray, *, bins: int = 10, permutations: int = 500, seed: int
) -> tuple[float, float]:
    """Has a feature's distribution moved between two periods for the same customers?

    Parameters
    ----------
    before, after : numpy.ndarray
        The feature's value of each customer in the two periods, in the same order.
    bins : int
        Bins of equal share of both periods together.
    permutations : int
        Random swaps of a customer's two values: the index depends on the sample's size, so its size alone
        says little; the p-value says how often an index as large would arise without any drift.
    seed : int

    Returns
    -------
    tuple of float
        Index and p-value.
    """
    both = np.concatenate([before, after])
    edges = cut_bins(both, bins=bins)
    old, new = np.searchsorted(edges, before, side="right"), np.searchsorted(edges, after, side="right")
    size = len(edges) + 1
    observed = stability_index(np.bincount(old, minlength=size), np.bincount(new, minlength=size))
    rng = np.random.default_rng(seed)
    swap = rng.random((permutations, len(old))) < 0.5
    swapped = np.where(swap, new, old) + size * np.arange(permutations)[:, None]
    first = np.bincount(swapped.ravel(), minlength=size * permutations).reshape(permutations, size)
    total = np.bincount(old, minlength=size) + np.bincount(new, minlength=size)
    null = np.array([stability_index(row, total - row) for row in first])
    return observed, float((1 + (null >= observed - 1e-12).sum()) / (1 + permutations))


def _shares(counts: np.ndarray) -> np.ndarray:
    counts = np.asarray(counts, dtype=float)
    if (counts == 0).any():
        counts = np.where(counts == 0, 0.5, counts)
    return counts / counts.sum()
