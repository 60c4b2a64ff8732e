"""Would the same groups be merged under other weights, and for other samples of the customers?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segutils.objectives.boundaries.merge_path import (
    GroupedCustomers,
    MergePath,
    follow_path,
    share_weights,
    sum_aspects,
    walk_path,
)
from segutils.statistics.explained_share import draw_weights, split_folds


def share_of_weights(
    customers: GroupedCustomers,
    path: MergePath,
    merges: int,
    *,
    weights: dict[str, float] | None = None,
    max_loss: float,
    min_told: float,
    draws: int = 200,
    concentration: float = 20.0,
    folds: int = 5,
    repeats: int = 3,
    seed: int = 0,
) -> float:
    """Under how many random weights of the aspects would the same groups be merged, and no more?

    Weights are drawn from a Dirichlet distribution around the given ones.

    Parameters
    ----------
    customers : GroupedCustomers
    path : MergePath
    merges : int
        Recommended.
    weights : dict of str to float, optional
    max_loss, min_told : float
        As for :func:`~segutils.objectives.boundaries.granularity.decide_granularity`.
    draws, folds, repeats, seed : int
    concentration : float

    Returns
    -------
    float
        0-1.
    """
    rng = np.random.default_rng(seed)
    shares = share_weights(customers, weights)
    cells = sum_aspects(
        customers, [split_folds(len(customers.labels), folds=folds, rng=rng) for _ in range(repeats)]
    )
    used = shares > 0
    held, told_along = 0, {}  # what is told along a path does not depend on the weights
    for _ in range(draws):
        drawn = np.zeros(len(shares))
        drawn[used] = rng.dirichlet(concentration * shares[used])
        pairs, members = walk_path(cells, drawn)
        key = tuple(pairs)
        if key not in told_along:
            told_along[key] = follow_path(cells, pairs).mean(axis=2)
        told = drawn @ told_along[key]
        held += _same(members, told, path, merges, max_loss=max_loss, min_told=min_told)
    return held / draws


def share_of_samples(
    customers: GroupedCustomers,
    path: MergePath,
    merges: int,
    *,
    weights: dict[str, float] | None = None,
    max_loss: float,
    min_told: float,
    resamples: int = 100,
    folds: int = 5,
    seed: int = 0,
) -> float:
    """In how many other samples of the customers would the same groups be merged, and no more?

    Parameters
    ----------
    customers, path, merges, weights, max_loss, min_told, folds, seed
        As for :func:`share_of_weights`.
    resamples : int

    Returns
    -------
    float
        0-1.
    """
    rng = np.random.default_rng(seed)
    shares, held = share_weights(customers, weights), 0
    drawn = draw_weights(len(customers.labels), resamples, rng=rng)
    for sample in drawn.T:
        fold = [split_folds(len(sample), folds=folds, rng=rng)]
        cells = sum_aspects(customers, fold, weights=sample[:, None])
        pairs, members = walk_path(cells, shares)
        told = shares @ follow_path(cells, pairs).mean(axis=2) + path.bias
        held += _same(members, told, path, merges, max_loss=max_loss, min_told=min_told)
    return held / resamples


def _same(
    members: Sequence[tuple[frozenset[int], ...]],
    told: np.ndarray,
    path: MergePath,
    merges: int,
    *,
    max_loss: float,
    min_told: float,
) -> bool:
    """The same parts after the recommended merges; and the next merge would lose too much here, too."""
    if set(members[merges]) != set(path.members[merges]):
        return False
    if merges == len(told) - 1:  # one group for all: no number of groups tells anything worth having
        return bool(told.max() < min_told)
    best = max(float(told[: merges + 1].max()), 1e-12)
    return bool((best - told[merges + 1]) / best > max_loss)
