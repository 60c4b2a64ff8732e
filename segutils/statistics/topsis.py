"""TOPSIS: how close is each option to the best that any option offers, and how far from the worst?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.formats import join_words


def score_topsis(
    values: pd.DataFrame, weights: Mapping[str, float], *, lower: frozenset[str] = frozenset()
) -> pd.Series:
    """Which option lies nearest to the ideal one?

    Vector normalisation, Euclidean distances (Hwang and Yoon 1981). The ideal is made of the options at hand,
    so that leaving one out can change the order of the others (see :func:`find_reversals`).

    Parameters
    ----------
    values : pandas.DataFrame
        Index = option, one column per criterion, in their own units, none missing.
    weights : mapping of str to float
        One per criterion; only their proportions count.
    lower : frozenset of str
        Criteria of which less is better.

    Returns
    -------
    pandas.Series
        Relative closeness 0-1 by option, higher is better; 0.5 where all options are alike.

    Raises
    ------
    InputError
        If a value is missing or the weights are not those of the criteria.
    """
    if set(weights) != set(values.columns) or not sum(weights.values()) > 0:
        raise InputError(
            f"weights are given for {join_words(sorted(weights)) or 'nothing'}",
            where="weights of TOPSIS",
            fix=f"give one weight for each of: {', '.join(map(str, values.columns))}",
        )
    matrix = values.to_numpy(dtype=float)
    if not np.isfinite(matrix).all():
        raise InputError(
            "a value of TOPSIS is missing",
            where=f"option {values.index[~np.isfinite(matrix).all(axis=1)][0]!r}",
            fix="leave out criteria that are not known for every option",
        )
    vector = np.array([weights[name] for name in values.columns], dtype=float)
    lengths = np.sqrt((matrix**2).sum(axis=0))
    weighted = matrix / np.where(lengths > 0, lengths, 1) * vector / vector.sum()
    less = np.array([name in lower for name in values.columns])
    best = np.where(less, weighted.min(axis=0), weighted.max(axis=0))
    worst = np.where(less, weighted.max(axis=0), weighted.min(axis=0))
    to_best = np.sqrt(((weighted - best) ** 2).sum(axis=1))
    to_worst = np.sqrt(((weighted - worst) ** 2).sum(axis=1))
    both = to_best + to_worst
    closeness = np.divide(to_worst, both, out=np.full(len(matrix), 0.5), where=both > 0)
    return pd.Series(closeness, index=values.index)


def find_reversals(
    values: pd.DataFrame, weights: Mapping[str, float], *, lower: frozenset[str] = frozenset()
) -> pd.DataFrame:
    """Does the order of the others change when one option is dropped?

    Parameters
    ----------
    values, weights, lower
        As in :func:`score_topsis`.

    Returns
    -------
    pandas.DataFrame
        ``dropped, better, worse`` (the pair whose order turns: `better` led before, `worse` leads then); one
        row per turned pair, none where the order holds.
    """
    full = score_topsis(values, weights, lower=lower)
    rows = []
    for dropped in values.index:
        left = values.drop(index=dropped)
        if len(left) < 2:
            continue
        again = score_topsis(left, weights, lower=lower)
        for n, one in enumerate(left.index):
            for two in left.index[n + 1 :]:
                if (full[one] - full[two]) * (again[one] - again[two]) < 0:
                    pair = (one, two) if full[one] > full[two] else (two, one)
                    rows.append((dropped, *pair))
    return pd.DataFrame(rows, columns=["dropped", "better", "worse"])
