"""What do groups of customers tell of an outcome, of customers who were not used to learn it?

A group's mean is learned on some customers and held against the others (cross-validation). Then many small
groups cannot win by chance: in sample, k groups at random "explain" (k − 1) / (n − 1) of any outcome; out of
sample they explain nothing, and a little less than nothing.

Everything is computed from sums per group and fold, so that thousands of resamples and permutations cost a
few additions each, and merging two groups costs one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array


@dataclass(frozen=True, kw_only=True, eq=False)
class CellSums:
    """Sums of an outcome by group and fold, in several samples.

    Parameters
    ----------
    size : numpy.ndarray
        Customers: group x fold x sample.
    total : numpy.ndarray
        Sums of the outcome: column x group x fold x sample.
    square : numpy.ndarray
        Sum of squares of all columns: fold x sample.
    """

    size: np.ndarray
    total: np.ndarray
    square: np.ndarray

    def merge(self, first: int, second: int) -> CellSums:
        """The same with two groups as one, in the place of the first."""
        size, total = self.size.copy(), self.total.copy()
        size[first] += size[second]
        total[:, first] += total[:, second]
        keep = np.arange(len(size)) != second
        return CellSums(size=size[keep], total=total[:, keep], square=self.square)

    def errors(self) -> np.ndarray:
        """Squared errors beyond the sum of squares, by group, fold and sample, of means learned elsewhere.

        A group of which no customer is elsewhere is told the mean of everybody elsewhere. Merging groups
        changes the entries of those groups only; add `square` for the squared errors themselves.
        """
        return _errors(self.size, self.total, self._elsewhere())

    def pair_errors(self, first: int, others: np.ndarray) -> np.ndarray:
        """The same for one group together with each of others: other x fold x sample."""
        size, total = self.size[[first]] + self.size[others], self.total[:, [first]] + self.total[:, others]
        return _errors(size, total, self._elsewhere())

    def _elsewhere(self) -> np.ndarray:
        """Mean of everybody outside of each fold: column x 1 x fold x sample."""
        size = self.size.sum(axis=1, keepdims=True) - self.size
        total = self.total.sum(axis=2, keepdims=True) - self.total
        return total.sum(axis=1, keepdims=True) / np.maximum(size.sum(axis=0), 1e-12)

    def as_one(self) -> CellSums:
        """All groups as one."""
        return CellSums(
            size=self.size.sum(axis=0, keepdims=True),
            total=self.total.sum(axis=1, keepdims=True),
            square=self.square,
        )

    def explained(self) -> np.ndarray:
        """Share of the variance that the groups tell out of sample, per sample; NaN where nothing varies."""
        left = self.square.sum(axis=0) + self.errors().sum(axis=(0, 1))
        return _share(left, self.square.sum(axis=0) + self.as_one().errors().sum(axis=(0, 1)))

    def promised(self) -> np.ndarray:
        """What the other folds promise for each fold: fold x sample.

        The share explained on the customers outside of the fold, after Amemiya's (1980) prediction criterion
        (n + k) / (n − k), which charges each group for what learning its mean costs.
        """
        size = self.size.sum(axis=1, keepdims=True) - self.size
        total = self.total.sum(axis=2, keepdims=True) - self.total
        square = self.square.sum(axis=0) - self.square
        everybody = size.sum(axis=0)
        mean = (total.sum(axis=1) ** 2 / np.maximum(everybody, 1e-12)).sum(axis=0)
        told = (total**2 / np.maximum(size, 1e-12)).sum(axis=(0, 1))
        groups = (size > 0).sum(axis=0)
        charge = (everybody + groups) / np.maximum(everybody - groups, 1e-12)
        return _share((square - told) * charge, square - mean)


def split_folds(customers: int, *, folds: int = 5, rng: np.random.Generator) -> np.ndarray:
    """A fold for each customer, by chance and of equal size."""
    return rng.permutation(np.arange(customers) % folds)


def draw_weights(customers: int, samples: int, *, rng: np.random.Generator) -> np.ndarray:
    """How often each customer is in each bootstrap sample: customer x sample."""
    return rng.multinomial(customers, np.full(customers, 1 / customers), size=samples).T.astype(float)


def sum_cells(
    labels: np.ndarray,
    values: np.ndarray,
    fold: np.ndarray,
    *,
    groups: int,
    weights: np.ndarray | None = None,
) -> CellSums:
    """Sums by group and fold.

    Parameters
    ----------
    labels : numpy.ndarray of int
        Group of each customer; below 0: in no group, and left out.
    values : numpy.ndarray
        customer x column, or customer x column x sample; a customer with a missing value is left out.
    fold : numpy.ndarray of int
        All copies of a customer are in one fold, or a resample would be judged by what it learned.
    groups : int
    weights : numpy.ndarray, optional
        customer x sample; without it everybody counts once.

    Returns
    -------
    CellSums
    """
    values = values[:, None] if values.ndim == 1 else values
    used = (labels >= 0) & np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    folds = int(fold.max(initial=0)) + 1  # of everybody, so that what knows few customers fits beside others
    labels, values, fold = labels[used], values[used], fold[used]
    weights = np.ones((len(labels), 1)) if weights is None else weights[used]
    values = values[:, :, None] if values.ndim == 2 else values
    weighted = values * weights[:, None, :]
    samples = weighted.shape[2]
    count = len(labels)
    by_cell, by_fold = _pick(labels * folds + fold, groups * folds), _pick(fold, folds)
    size = by_cell @ np.broadcast_to(weights, (count, samples))
    total = by_cell @ weighted.reshape(count, weighted.shape[1] * samples)
    return CellSums(
        size=size.reshape(groups, folds, samples),
        total=np.moveaxis(total.reshape(groups, folds, -1, samples), 2, 0),
        square=by_fold @ (weighted * values).sum(axis=1),
    )


def _pick(place: np.ndarray, places: int) -> csc_array:
    """Place x customer: 1 where a customer belongs; one entry per column, so that nothing is sorted."""
    count = len(place)
    return csc_array((np.ones(count), place, np.arange(count + 1)), shape=(places, count))


def explain_share(
    labels: np.ndarray,
    values: np.ndarray,
    *,
    folds: int = 5,
    repeats: int = 10,
    seed: int = 0,
) -> float:
    """What share of an outcome's variance do groups tell of customers whom they were not learned from?

    Parameters
    ----------
    labels : numpy.ndarray of int
        Group of each customer; below 0: none.
    values : numpy.ndarray
        The outcome, or customer x column: then the shares of all columns together.
    folds, repeats, seed : int
        Of the repeated cross-validation.

    Returns
    -------
    float
        At most 1; about −k/n where k groups of n customers tell nothing.
    """
    values = np.asarray(values, dtype=float)
    rng, groups = np.random.default_rng(seed), int(labels.max(initial=0)) + 1
    shares = [
        sum_cells(labels, values, split_folds(len(labels), folds=folds, rng=rng), groups=groups).explained()
        for _ in range(repeats)
    ]
    return float(np.mean(shares))


def explain_best(
    candidates: Sequence[np.ndarray],
    outcomes: Sequence[np.ndarray],
    fold: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """What do the best of several groupings tell, if the best is chosen on other customers too?

    For each fold the grouping is chosen that promises most on the other folds (see :func:`promise_shares`),
    and only then held against the fold. Choosing on the customers on whom one judges would flatter whoever
    has most groupings to offer.

    Parameters
    ----------
    candidates : sequence of numpy.ndarray of int
        Group of each customer by each grouping; below 0: none.
    outcomes : sequence of numpy.ndarray
        Each customer, customer x column, or with samples as third axis.
    fold : numpy.ndarray of int
    weights : numpy.ndarray, optional
        customer x sample.

    Returns
    -------
    numpy.ndarray
        Outcome x sample: shares explained out of sample, of the customers whom the chosen grouping knows.
    """
    sums = _sum_all(candidates, outcomes, fold, weights)
    left = np.array([[s.square + s.errors().sum(axis=0) for s in row] for row in sums])
    whole = np.array([[s.square + s.as_one().errors().sum(axis=0) for s in row] for row in sums])
    chosen = np.argmax(_promise(sums, outcomes, fold, weights), axis=0)[None, None]
    pick = [np.take_along_axis(part, chosen, axis=0)[0].sum(axis=1) for part in (left, whole)]
    return _share(*pick)


def promise_shares(
    candidates: Sequence[np.ndarray], outcomes: Sequence[np.ndarray], fold: np.ndarray
) -> np.ndarray:
    """What does each grouping promise to tell, on the mean of all outcomes and over all customers?

    A grouping that knows few customers promises little, however much it tells of them.

    Parameters
    ----------
    candidates, outcomes, fold
        As for :func:`explain_best`.

    Returns
    -------
    numpy.ndarray
        One share per candidate.
    """
    found = _promise(_sum_all(candidates, outcomes, fold, None), outcomes, fold, None)
    return found.mean(axis=(1, 2))


def resample_best(
    candidates: Sequence[np.ndarray],
    outcomes: Sequence[np.ndarray],
    told: np.ndarray,
    weights: np.ndarray,
    *,
    folds: int = 5,
    rng: np.random.Generator,
    at_once: int = 50,
) -> np.ndarray:
    """What would the same groupings tell of other samples of the customers?

    A resample holds about two thirds of the customers, some of them several times, so that groups learned on
    it tell less. Only the spread of the resamples is used: they are moved so that their mean is `told`.

    Parameters
    ----------
    candidates, outcomes
        As for :func:`explain_best`.
    told : numpy.ndarray
        The share of each outcome on the customers as they are.
    weights : numpy.ndarray
        customer x sample, from :func:`draw_weights`.
    folds, rng
        Folds are drawn anew every `at_once` samples.

    Returns
    -------
    numpy.ndarray
        Outcome x sample.
    """
    parts = []
    for first in range(0, weights.shape[1], at_once):
        drawn = weights[:, first : first + at_once]
        fold = split_folds(len(drawn), folds=folds, rng=rng)
        parts.append(explain_best(candidates, outcomes, fold, weights=drawn))
    drawn = np.nan_to_num(np.concatenate(parts, axis=1))
    return drawn + (told - drawn.mean(axis=1))[:, None]


def permute_best(
    candidates: Sequence[np.ndarray],
    outcomes: Sequence[np.ndarray],
    told: np.ndarray,
    *,
    folds: int = 5,
    permutations: int = 499,
    rng: np.random.Generator,
    at_once: int = 50,
) -> np.ndarray:
    """How often would the same groupings tell as much of outcomes dealt out at random?

    Parameters
    ----------
    candidates, outcomes, told, folds, rng
        As for :func:`resample_best`; outcomes are dealt out among the customers whom any candidate knows.
    permutations : int

    Returns
    -------
    numpy.ndarray
        One p-value per outcome; 1 where an outcome does not vary.
    """
    covered = np.flatnonzero(np.any([code >= 0 for code in candidates], axis=0))
    if len(covered) < 2:
        return np.ones(len(told))
    codes, values = [code[covered] for code in candidates], [value[covered] for value in outcomes]
    beaten = np.zeros(len(told))
    for first in range(0, permutations, at_once):
        count = min(at_once, permutations - first)
        dealt = np.stack([rng.permutation(len(covered)) for _ in range(count)], axis=1)
        fold = split_folds(len(covered), folds=folds, rng=rng)
        null = explain_best(codes, [value[dealt][:, None, :] for value in values], fold)
        beaten += (np.nan_to_num(null, nan=-1.0) >= told[:, None]).sum(axis=1)
    return np.where([np.ptp(value) > 0 for value in values], (1 + beaten) / (1 + permutations), 1.0)


def _sum_all(
    candidates: Sequence[np.ndarray],
    outcomes: Sequence[np.ndarray],
    fold: np.ndarray,
    weights: np.ndarray | None,
) -> list[list[CellSums]]:
    return [
        [
            sum_cells(labels, values, fold, groups=int(labels.max(initial=0)) + 1, weights=weights)
            for values in outcomes
        ]
        for labels in candidates
    ]


def _promise(
    sums: list[list[CellSums]],
    outcomes: Sequence[np.ndarray],
    fold: np.ndarray,
    weights: np.ndarray | None,
) -> np.ndarray:
    """Candidate x fold x sample: the share promised, times the share of the variance that is covered."""
    everybody = [sum_cells(np.zeros(len(fold), int), v, fold, groups=1, weights=weights) for v in outcomes]
    parts = [
        [
            np.nan_to_num(own.promised()) * _spread(own.as_one()) / np.maximum(_spread(one), 1e-300)
            for own, one in zip(row, everybody, strict=True)
        ]
        for row in sums
    ]
    return np.mean(parts, axis=1)


def join_samples(parts: Sequence[CellSums]) -> CellSums:
    """Samples of the same groups side by side, each with folds of its own."""
    return CellSums(
        size=np.concatenate([part.size for part in parts], axis=-1),
        total=np.concatenate([part.total for part in parts], axis=-1),
        square=np.concatenate([part.square for part in parts], axis=-1),
    )


def _errors(size: np.ndarray, total: np.ndarray, elsewhere: np.ndarray) -> np.ndarray:
    out = size.sum(axis=1, keepdims=True) - size
    mean = (total.sum(axis=2, keepdims=True) - total) / np.maximum(out, 1e-12)
    mean = np.where(out > 0, mean, elsewhere)
    return (mean**2 * size - 2 * mean * total).sum(axis=0)


def _spread(sums: CellSums) -> np.ndarray:
    """Sum of squares around the mean of the customers outside of each fold: fold x sample."""
    size = (sums.size.sum(axis=1, keepdims=True) - sums.size).sum(axis=0)
    total = (sums.total.sum(axis=2, keepdims=True) - sums.total).sum(axis=1)
    square = sums.square.sum(axis=0) - sums.square
    return square - (total**2 / np.maximum(size, 1e-12)).sum(axis=0)


def _share(left: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 1e-9, 1 - left / whole, np.nan)
