"""What more money brings back: one concave curve, its slope and its inverse.

A curve is its `ceiling` (the most it can bring back in a year) and `half_at` (the money that brings half of
it): ``ceiling * (1 - 2 ** (-amount / half_at))``. Each further `half_at` brings half of what is still
missing, so the first unit of money always returns most. All functions take numbers or arrays alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

LN2 = float(np.log(2.0))


def return_a_year(amount: ArrayLike, *, ceiling: ArrayLike, half_at: ArrayLike) -> np.ndarray:
    """What does this much money bring back in a year?

    Parameters
    ----------
    amount : array-like of float
        Money spent, 0 or more.
    ceiling : array-like of float
        What could be brought back at most, per year.
    half_at : array-like of float
        Money at which half of the ceiling is reached, above 0.

    Returns
    -------
    numpy.ndarray
        In the unit of `ceiling`.
    """
    amount, ceiling, half_at = (np.asarray(value, dtype=float) for value in (amount, ceiling, half_at))
    return -ceiling * np.expm1(-LN2 * amount / half_at)  # expm1: exact for small amounts too


def marginal_return(amount: ArrayLike, *, ceiling: ArrayLike, half_at: ArrayLike) -> np.ndarray:
    """What does one more unit of money bring back in a year, beyond this much?

    Returns
    -------
    numpy.ndarray
        Return per unit of money, highest at an amount of 0.
    """
    amount, ceiling, half_at = (np.asarray(value, dtype=float) for value in (amount, ceiling, half_at))
    return ceiling * LN2 / half_at * np.exp2(-amount / half_at)


def amount_at_slope(slope: ArrayLike, *, ceiling: ArrayLike, half_at: ArrayLike) -> np.ndarray:
    """Up to which amount does the last unit of money still bring back so much?

    Parameters
    ----------
    slope : array-like of float
        Return per unit of money, above 0.

    Returns
    -------
    numpy.ndarray
        Inverse of :func:`marginal_return`; 0 where even the first unit brings back less.
    """
    slope, ceiling, half_at = (np.asarray(value, dtype=float) for value in (slope, ceiling, half_at))
    return half_at * np.maximum(np.log2(ceiling * LN2 / (half_at * slope)), 0.0)


def amount_at_return(value: ArrayLike, *, ceiling: ArrayLike, half_at: ArrayLike) -> np.ndarray:
    """How much money brings back so much a year?

    Returns
    -------
    numpy.ndarray
        Inverse of :func:`return_a_year`; infinite from the ceiling on.
    """
    value, ceiling, half_at = (np.asarray(value, dtype=float) for value in (value, ceiling, half_at))
    share = np.clip(value / ceiling, 0.0, 1.0)
    with np.errstate(divide="ignore"):
        return -half_at * np.log1p(-share) / LN2
