"""Do two groups differ by more than chance, given that the path itself chose what to put together?

The path puts together what is alike. So after a few merges two halves are left that differ, even where all
groups are the same: they were sorted that way. A test that took the halves as given would find a difference
in pure noise. Here chance sorts, too: the customers of both halves are dealt out anew to all the groups that
make them up, these are merged in their turn down to two, and the two are compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CELLS = 20_000_000  # customers x ways of dealing out x groups that are held in memory together


def score_merges(
    labels: np.ndarray,
    aspects: Sequence[np.ndarray],
    merged: Sequence[tuple[frozenset[int], frozenset[int]]],
    shares: np.ndarray,
    *,
    permutations: int = 499,
    rng: np.random.Generator,
) -> np.ndarray:
    """How often would chance alone make two halves that differ as much?

    Parameters
    ----------
    labels : numpy.ndarray of int
        Group of each customer.
    aspects : sequence of numpy.ndarray
        customer x column each; NaN where a customer does not count.
    merged : sequence of (frozenset of int, frozenset of int)
        The groups in the two halves of each merge.
    shares : numpy.ndarray
        Weights of the aspects.
    permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray
        One p-value per merge: the null hypothesis is that all groups in both halves are the same.

    Notes
    -----
    The statistic is the sum of squares between the halves (Ward 1963), as a share of the whole of each
    aspect. Sorting within each permutation is what makes the test valid after clustering (the problem: Gao,
    Bien and Witten 2022); where both halves are single groups it is the usual permutation test.
    """
    spreads = [np.nansum((v - np.nanmean(v, axis=0)) ** 2) for v in aspects]
    weights = [share / max(spread, 1e-12) for share, spread in zip(shares, spreads, strict=True)]
    found = []
    for first, second in merged:
        groups = sorted(first) + sorted(second)
        rows = np.flatnonzero(np.isin(labels, groups))
        own = np.searchsorted(np.sort(groups), labels[rows])
        values = [v[rows] for v in aspects]
        halves = np.isin(np.sort(groups), sorted(second)).astype(int)
        seen = _split_distance(*_sum(halves[own][:, None], values, 2), weights)[0]
        beaten = 0
        at_once = int(np.clip(CELLS // (len(rows) * len(groups)), 1, 100))
        for start in range(0, permutations, at_once):
            count = min(at_once, permutations - start)
            dealt = np.stack([rng.permutation(own) for _ in range(count)], axis=1)
            null = _split_distance(*_sum(dealt, values, len(groups)), weights)
            beaten += int((null >= seen - 1e-12).sum())
        found.append((1 + beaten) / (1 + permutations))
    return np.array(found)


def _sum(
    dealt: np.ndarray, values: Sequence[np.ndarray], groups: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Sizes (way x group) and sums (way x group x column) of each aspect."""
    sizes, totals = [], []
    for value in values:
        known = np.isfinite(value).all(axis=1)
        member = [(dealt[known] == group).astype(float) for group in range(groups)]
        sizes.append(np.stack([part.sum(axis=0) for part in member], axis=1))
        totals.append(np.stack([part.T @ value[known] for part in member], axis=1))
    return sizes, totals


def _split_distance(
    sizes: list[np.ndarray], totals: list[np.ndarray], weights: Sequence[float]
) -> np.ndarray:
    """Ward's distance between the last two, after all others have been merged; one per way."""
    sizes, totals = [size.copy() for size in sizes], [total.copy() for total in totals]
    ways = np.arange(len(sizes[0]))
    for left in range(sizes[0].shape[1], 2, -1):
        apart = _distances(sizes, totals, weights)
        apart[:, np.arange(left), np.arange(left)] = np.inf
        place = apart.reshape(len(ways), -1).argmin(axis=1)
        a, b = np.minimum(*divmod(place, left)), np.maximum(*divmod(place, left))
        for part in (sizes, totals):
            for n, values in enumerate(part):
                values[ways, a] += values[ways, b]
                values[ways, b] = values[:, -1].copy()  # the last one takes the free place
                part[n] = values[:, :-1]
    return _distances(sizes, totals, weights)[:, 0, 1]


def _distances(
    sizes: Sequence[np.ndarray], totals: Sequence[np.ndarray], weights: Sequence[float]
) -> np.ndarray:
    """Ward's distance of each pair: way x group x group."""
    apart = 0.0
    for size, total, weight in zip(sizes, totals, weights, strict=True):
        mean = total / np.maximum(size, 1e-12)[:, :, None]
        square = (mean**2).sum(axis=2)
        gap = square[:, :, None] + square[:, None, :] - 2 * mean @ mean.transpose(0, 2, 1)
        both = size[:, :, None] + size[:, None, :]
        apart = apart + weight * gap * size[:, :, None] * size[:, None, :] / np.maximum(both, 1e-12)
    return apart
