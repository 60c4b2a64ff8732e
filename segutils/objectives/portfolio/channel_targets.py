"""Shares of revenue through channels that are asked for, and which of them cannot all be.

Whatever a customer spends goes through one channel or another, so shares of the same customers make 1 at
most. Key results that ask for shares of different, overlapping groups of customers, in any number, can be
reached together only if each customer's revenue can be divided among the channels so that every group has
its share: a transportation problem, solved as a linear programme.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from segutils.formats import format_value

DIGITS = 1e-9  # of a target, which rounding may take away
MOST = 2.0  # times each target, beyond which nobody asks how much more could be reached


@dataclass(frozen=True, kw_only=True)
class ChannelTarget:
    """A share (0-1) of some customers' revenue that is to come through one channel, at least."""

    channel: str
    share: float


def list_impossible(
    targets: Mapping[str, ChannelTarget], members: Mapping[str, np.ndarray], revenue: np.ndarray
) -> dict[tuple[str, ...], str]:
    """Which key results about channels cannot be reached together?

    Parameters
    ----------
    targets : mapping of str to ChannelTarget
        By key result.
    members : mapping of str to numpy.ndarray of bool
        Whom each key result is about.
    revenue : numpy.ndarray
        Of each customer, this year: by it shares count.

    Returns
    -------
    dict of tuple of str to str
        The smallest sets of key results that cannot be (leave one out, and the others can), in the order of
        `targets`, and why.
    """
    sales = np.maximum(revenue, 0.0)  # returns beyond purchases go through no channel
    known = [key for key in targets if sales[members[key]].sum() > 0]

    def possible(keys: Sequence[str]) -> bool:
        return reach_together(targets, members, sales, keys) >= 1 - DIGITS

    return {
        keys: _say_why(targets, members, sales, keys)
        for keys in sorted(_list_smallest(known, possible), key=lambda keys: [known.index(k) for k in keys])
    }


def reach_together(
    targets: Mapping[str, ChannelTarget],
    members: Mapping[str, np.ndarray],
    revenue: np.ndarray,
    keys: Sequence[str],
) -> float:
    """Which part of each target can be reached, if the same part of all of them is to be?

    Returns
    -------
    float
        1 or more where all can be reached in full; it is not looked for beyond 2.
    """
    if not keys:
        return MOST
    inside = np.array([members[key] for key in keys])
    patterns, place = np.unique(inside, axis=1, return_inverse=True)
    supply = np.bincount(place.ravel(), weights=revenue, minlength=patterns.shape[1]) / revenue.sum()
    channels = list(dict.fromkeys(targets[key].channel for key in keys))
    cells, size = len(supply), len(channels)
    # what each cell sends through each channel, and the part of the targets that is reached
    divided = np.hstack([np.kron(np.eye(cells), np.ones(size)), np.zeros((cells, 1))])
    asked = []
    for key, part in zip(keys, patterns, strict=True):
        own = np.array([channel == targets[key].channel for channel in channels], dtype=float)
        asked.append(np.append(-np.kron(part.astype(float), own), targets[key].share * supply[part].sum()))
    found = linprog(
        np.append(np.zeros(cells * size), -1.0),
        A_ub=np.vstack([divided, *asked]),
        b_ub=np.append(supply, np.zeros(len(keys))),
        bounds=[(0, None)] * (cells * size) + [(0, MOST)],
        method="highs",
    )
    return float(found.x[-1])


def _list_smallest(keys: Sequence[str], possible: Callable[[Sequence[str]], bool]) -> set[tuple[str, ...]]:
    """All smallest sets that are not possible: any other one lacks some member of one that is found."""
    found, seen, left = set(), set(), [tuple(keys)]
    while left:
        some = left.pop()
        if some in seen or possible(some):
            continue
        seen.add(some)
        least = some
        for key in some:  # deletion filter (Chinneck 2008)
            fewer = tuple(other for other in least if other != key)
            least = least if possible(fewer) else fewer
        found.add(least)
        left += [tuple(other for other in some if other != key) for key in least]
    return found


def _say_why(
    targets: Mapping[str, ChannelTarget],
    members: Mapping[str, np.ndarray],
    revenue: np.ndarray,
    keys: Sequence[str],
) -> str:
    bought = [members[key] & (revenue > 0) for key in keys]
    if all((one == bought[0]).all() for one in bought):
        whole = format_value(sum(targets[key].share for key in keys), "share:0")
        return f"their shares of the same revenue come to {whole}"
    if len(keys) == 1:
        return f"{format_value(targets[keys[0]].share, 'share:0')} is more than all revenue of its customers"
    part = format_value(reach_together(targets, members, revenue, keys), "share:0")
    return f"at most {part} of each target can be reached, as their customers' revenue goes one way only"
