"""Which candidates together bring most for a limited sum: whole companies, bought or not bought."""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

STEPS = 14  # halvings of the search for a price: to a ten-thousandth


def choose_set(
    worth: np.ndarray, price: np.ndarray, *, budget: float, able: np.ndarray | None = None
) -> np.ndarray:
    """Which companies bring most above their price within the budget? Buying none brings 0.

    A knapsack in whole numbers (:func:`scipy.optimize.milp`, HiGHS).

    Parameters
    ----------
    worth, price : numpy.ndarray
        Per company; NaN where not known, which is not bought.
    budget : float
        Inf: no limit.
    able : numpy.ndarray of bool, optional
        Companies that may be bought.

    Returns
    -------
    numpy.ndarray of bool
    """
    net = worth - price
    usable = np.isfinite(net) & (net > 0) & (np.ones(len(net), dtype=bool) if able is None else able)
    usable &= price <= budget
    if not usable.any() or price[usable].sum() <= budget:
        return usable
    scale = budget or 1.0  # amounts near 1 keep the solver's tolerances small
    found = milp(
        -net[usable] / scale,
        constraints=LinearConstraint(price[usable][None, :] / scale, ub=1.0),
        integrality=np.ones(int(usable.sum())),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    chosen = usable.copy()
    chosen[usable] = np.round(found.x).astype(bool)
    return chosen


def list_best_sets(
    worth: np.ndarray, price: np.ndarray, *, budget: float, able: np.ndarray, most: int = 5
) -> list[np.ndarray]:
    """The best sets, one after the other: each the best that does not hold what made an earlier one complete.

    For every better set one of its companies is taken away in turn, and the best of what is left counts.
    """
    found, seen = [], set()
    queue = [(able.copy(), choose_set(worth, price, budget=budget, able=able))]
    while queue and len(found) < most:
        queue.sort(key=lambda entry: -_net(entry[1], worth, price))
        allowed, best = queue.pop(0)
        if best.tobytes() in seen:
            continue
        seen.add(best.tobytes())
        found.append(best)
        for member in np.flatnonzero(best):
            without = allowed.copy()
            without[member] = False
            queue.append((without, choose_set(worth, price, budget=budget, able=without)))
    return found


def count_choices(
    worth_draws: np.ndarray, price: np.ndarray, chosen: np.ndarray, *, budget: float, able: np.ndarray
) -> tuple[float, np.ndarray]:
    """In which share of samples is this set the best one, and each company in the best set?

    Returns
    -------
    (float, numpy.ndarray)
        Shares 0-1.
    """
    sets = np.array([choose_set(worth, price, budget=budget, able=able) for worth in worth_draws])
    return float((sets == chosen).all(axis=1).mean()), sets.mean(axis=0)


def find_flip_prices(worth: np.ndarray, price: np.ndarray, *, budget: float, able: np.ndarray) -> np.ndarray:
    """Up to which price would each company be in the best set, all others at the price they ask?

    Returns
    -------
    numpy.ndarray
        Per company; NaN where it may not be bought, or would not be in the set for nothing.
    """
    flips = np.full(len(price), np.nan)
    for n in np.flatnonzero(able & np.isfinite(worth)):
        low, high = 0.0, max(worth[n], 0.0)
        moved = price.copy()
        moved[n] = low
        if not choose_set(worth, moved, budget=budget, able=able)[n]:
            continue
        for _ in range(STEPS):
            moved[n] = (low + high) / 2
            if choose_set(worth, moved, budget=budget, able=able)[n]:
                low = moved[n]
            else:
                high = moved[n]
        flips[n] = low
    return flips


def _net(chosen: np.ndarray, worth: np.ndarray, price: np.ndarray) -> float:
    return float((worth - price)[chosen].sum())
