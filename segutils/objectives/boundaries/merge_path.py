"""Which two groups are most alike, and what is lost when they become one, step by step?

As Ward (1963) does, each step merges the two groups whose difference explains least; but what a group tells
is measured on customers whom its mean was not learned from. Two groups that differ by chance only then cost
nothing to merge, or less than nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.objectives.boundaries.customer_periods import CustomerPeriods
from segutils.objectives.boundaries.merge_tests import score_merges
from segutils.statistics.explained_share import (
    CellSums,
    draw_weights,
    join_samples,
    split_folds,
    sum_cells,
)
from segutils.statistics.intervals import percentile_interval
from segutils.statistics.multiplicity import adjust_holm

VALUE, AGAIN, ASSORTMENT = "value", "retention", "assortment"
ASPECTS = (VALUE, AGAIN, ASSORTMENT)
PLUS = " + "


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupedCustomers:
    """Customers of groups, and what they did afterwards.

    Parameters
    ----------
    ids : pandas.Index
    names : sequence of str
        Groups.
    labels : numpy.ndarray of int
        Number of each customer's group.
    aspects : mapping of str to numpy.ndarray
        customer x column; NaN where a customer does not count.
    value : numpy.ndarray
        Margin (or revenue) of the next period, uncapped, as money.
    each : float
        How many customers one of them stands for, where they are a sample.
    """

    ids: pd.Index
    names: Sequence[str]
    labels: np.ndarray
    aspects: Mapping[str, np.ndarray]
    value: np.ndarray
    each: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class MergePath:
    """All groups, then one fewer at each step, down to one.

    Parameters
    ----------
    steps : pandas.DataFrame
        One row per merge: ``first, second`` (what is merged), ``groups`` (left afterwards), ``lost`` (at this
        step), ``sum_lost`` (since the best number of groups before), ``sum_high`` (upper end of the interval
        of what is lost since any number of groups before), each as a share of `best`; ``p, p_holm`` (that
        the two differ by chance only).
    told : pandas.DataFrame
        One row per number of groups, all first: ``groups, told`` (share of the variance explained out of
        sample, mean of the aspects) with ``low, high``, and one column per aspect.
    best : float
        The most that any number of groups tells.
    names : sequence of str
        Groups.
    members : sequence of tuple
        The parts after 0, 1, 2 … merges, each a frozenset of the groups' numbers.
    bias : numpy.ndarray
        By number of merges: how much less resamples tell, as they hold fewer different customers.
    """

    steps: pd.DataFrame
    told: pd.DataFrame
    best: float
    names: Sequence[str]
    members: Sequence[tuple[frozenset[int], ...]]
    bias: np.ndarray


def build_grouped_customers(
    groups: pd.DataFrame,
    periods: CustomerPeriods | None,
    *,
    cap: float = 0.99,
    min_customers: int = 10,
    max_customers: int = 50_000,
    seed: int = 0,
) -> GroupedCustomers | None:
    """What did the customers of each group do in the next period?

    Parameters
    ----------
    groups : pandas.DataFrame
        ``customer_id, group``.
    periods : CustomerPeriods, optional
        Customers with an order in its first period count.
    cap : float
        Values above this quantile count as it.
    min_customers : int
        Smaller groups are left out: nothing can be said of them.
    max_customers : int
        Of more customers, a random sample of so many is compared.
    seed : int

    Returns
    -------
    GroupedCustomers or None
        None without two periods, or without two groups. Aspects: ``value`` (margin, else revenue),
        ``retention`` (bought again or not), ``assortment`` (shares of revenue by product line, of those who
        bought again and of what is known); those that vary.
    """
    if periods is None:
        return None
    table = periods.table[periods.table.orders > 0].set_index("customer_id")
    each = max(1.0, len(table) / max_customers)
    if each > 1:
        rng = np.random.default_rng(seed)
        table = table.iloc[np.sort(rng.choice(len(table), max_customers, replace=False))]
    of = groups.set_index("customer_id")["group"].reindex(table.index)
    counts = of.value_counts()
    names = sorted(str(name) for name in counts.index[counts >= min_customers])
    if len(names) < 2:
        return None
    inside = of.isin(names).to_numpy()
    table, of = table[inside], of[inside]
    value = table.value_next.to_numpy(float)
    aspects = {
        VALUE: np.minimum(value, np.quantile(value, cap))[:, None],
        AGAIN: (table.orders_next > 0).to_numpy(float)[:, None],
    }
    if periods.mix.shape[1] > 1:
        aspects[ASSORTMENT] = periods.mix.reindex(table.index).to_numpy(float)
    return GroupedCustomers(
        ids=pd.Index(table.index),
        names=names,
        labels=np.asarray(pd.Categorical(of, categories=names).codes, dtype=int),
        aspects={name: v for name, v in aspects.items() if np.nanstd(v, axis=0).sum() > 1e-9},
        value=value,
        each=each,
    )


def find_path(
    customers: GroupedCustomers,
    *,
    weights: Mapping[str, float] | None = None,
    folds: int = 5,
    repeats: int = 10,
    resamples: int = 200,
    permutations: int = 999,
    level: float = 0.95,
    seed: int = 0,
) -> MergePath:
    """In which order would groups be merged, and what does each merge lose?

    Parameters
    ----------
    customers : GroupedCustomers
    weights : mapping of str to float, optional
        Of the aspects; alike without them.
    folds, repeats, resamples, permutations : int
        p-values are of all steps together (Holm); see
        :func:`~segutils.objectives.boundaries.merge_tests.score_merges`.
    level : float
        Of intervals.
    seed : int

    Returns
    -------
    MergePath
    """
    rng = np.random.default_rng(seed)
    shares = share_weights(customers, weights)
    count, names = len(customers.labels), customers.names
    cells = sum_aspects(customers, [split_folds(count, folds=folds, rng=rng) for _ in range(repeats)])
    pairs, members = walk_path(cells, shares)
    by_aspect = follow_path(cells, pairs).mean(axis=2)
    drawn = _resample(customers, pairs, resamples=resamples, folds=folds, rng=rng)
    told, draws = shares @ by_aspect, np.tensordot(shares, drawn, axes=1)
    bias = told - draws.mean(axis=1)
    draws += bias[:, None]  # refitted on fewer different customers, groups tell the same, but less of it
    best = max(float(told.max()), 0.0)
    leader = np.maximum.accumulate(told)
    # against every number of groups before: one that happens to tell most is no sure measure of what is lost
    high_lost = [
        percentile_interval(draws[:n] - draws[n], level=level, axis=1)[1].max() for n in range(1, len(told))
    ]
    low, high = percentile_interval(draws, level=level, axis=1)
    whole = best if best > 0 else np.nan
    merged = [(parts[a], parts[b]) for parts, (a, b) in zip(members, pairs, strict=False)]
    chance = score_merges(
        customers.labels, list(customers.aspects.values()), merged, shares, permutations=permutations, rng=rng
    )
    steps = pd.DataFrame(
        {
            "first": [name_part(names, first) for first, _ in merged],
            "second": [name_part(names, second) for _, second in merged],
            "groups": np.arange(len(names) - 1, 0, -1),
            "lost": -np.diff(told) / whole,
            "sum_lost": (leader - told)[1:] / whole,
            "sum_high": np.array(high_lost) / whole,
            "p": chance,
            "p_holm": adjust_holm(chance),
        }
    )
    table = pd.DataFrame({"groups": np.arange(len(names), 0, -1), "told": told, "low": low, "high": high})
    return MergePath(
        steps=steps,
        told=table.assign(**dict(zip(customers.aspects, by_aspect, strict=True))),
        best=best,
        names=names,
        members=members,
        bias=bias,
    )


def share_weights(customers: GroupedCustomers, weights: Mapping[str, float] | None) -> np.ndarray:
    """Weights of the aspects that are known, scaled to make 1."""
    given = np.array([1.0 if weights is None else float(weights[name]) for name in customers.aspects])
    return given / given.sum()


def name_part(names: Sequence[str], part: frozenset[int]) -> str:
    """``Aftermarket + OEM``."""
    return PLUS.join(names[n] for n in sorted(part))


def sum_aspects(
    customers: GroupedCustomers, folds: Sequence[np.ndarray], *, weights: np.ndarray | None = None
) -> list[CellSums]:
    """Sums of each aspect, one sample per division into folds (or per column of `weights`)."""
    groups = len(customers.names)
    return [
        join_samples([sum_cells(customers.labels, values, f, groups=groups, weights=weights) for f in folds])
        for values in customers.aspects.values()
    ]


def _whole(cells: CellSums) -> np.ndarray:
    return np.maximum((cells.square + cells.as_one().errors().sum(axis=0)).sum(axis=0), 1e-12)


def walk_path(
    cells: Sequence[CellSums], shares: np.ndarray
) -> tuple[list[tuple[int, int]], list[tuple[frozenset[int], ...]]]:
    """Places of the two parts merged at each step, and the parts before the first and after each."""
    cells, wholes = list(cells), [_whole(part) for part in cells]
    parts = [frozenset([n]) for n in range(len(cells[0].size))]
    losses = np.full((len(parts), len(parts)), np.inf)
    for n in range(len(parts) - 1):
        losses[n, n + 1 :] = _lose(cells, wholes, shares, n, np.arange(n + 1, len(parts)))
    pairs, members = [], [tuple(parts)]
    while len(parts) > 1:
        a, b = (int(n) for n in np.unravel_index(np.argmin(losses), losses.shape))
        pairs.append((a, b))
        cells = [part.merge(a, b) for part in cells]
        parts[a] |= parts[b]
        del parts[b]
        losses = np.delete(np.delete(losses, b, axis=0), b, axis=1)
        others = np.array([n for n in range(len(parts)) if n != a], dtype=int)
        if len(others):
            new = _lose(cells, wholes, shares, a, others)
            losses[np.minimum(a, others), np.maximum(a, others)] = new
        members.append(tuple(parts))
    return pairs, members


def _lose(
    cells: Sequence[CellSums],
    wholes: Sequence[np.ndarray],
    shares: np.ndarray,
    first: int,
    others: np.ndarray,
) -> np.ndarray:
    """What merging one group with each of others loses of the variance, over all aspects."""
    lost = np.zeros(len(others))
    for part, whole, share in zip(cells, wholes, shares, strict=True):
        own = part.errors().sum(axis=1)
        pair = part.pair_errors(first, others).sum(axis=1)
        lost += share * ((pair - own[first] - own[others]) / whole).mean(axis=1)
    return lost


def follow_path(cells: Sequence[CellSums], pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Aspect x number of merges x sample: what is told along a given path."""
    found = []
    for part in cells:
        told = [part.explained()]
        for a, b in pairs:
            part = part.merge(a, b)
            told.append(part.explained())
        found.append(told)
    return np.nan_to_num(np.array(found))


def _resample(
    customers: GroupedCustomers,
    pairs: Sequence[tuple[int, int]],
    *,
    resamples: int,
    folds: int,
    rng: np.random.Generator,
    at_once: int = 50,
) -> np.ndarray:
    count, found = len(customers.labels), []
    for first in range(0, resamples, at_once):
        drawn = draw_weights(count, min(at_once, resamples - first), rng=rng)
        fold = split_folds(count, folds=folds, rng=rng)
        found.append(follow_path(sum_aspects(customers, [fold], weights=drawn), pairs))
    return np.concatenate(found, axis=2)
