"""Which issues should be corrected with the money there is, and at which budget would that change?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Plans:
    """Every plan that some budget makes the best one, from the cheapest to the one that reaches everything.

    `cost` and `revenue` are of the plans, both strictly rising; `chosen` is a matrix of plan by issue.
    """

    cost: np.ndarray
    revenue: np.ndarray
    chosen: np.ndarray


def list_plans(revenue: np.ndarray, cost: np.ndarray) -> Plans:
    """Which sets of whole issues are best for some budget?

    A set is left out where another one reaches as much revenue for no more money. Issues are added one by
    one, and sets that are beaten so far are dropped: that solves the 0-1 knapsack problem for all budgets at
    once, exactly (Nemhauser and Ullmann 1969). Of sets that reach the same revenue only the cheapest is kept.

    Parameters
    ----------
    revenue, cost : numpy.ndarray
        Per issue, 0 or more; an issue whose revenue is 0 or not known is in no plan.

    Returns
    -------
    Plans
        The first one corrects nothing.

    Notes
    -----
    A general solver for integer programs (HiGHS) was tried first: it compares revenue with a tolerance, and
    prints into the notebook even when told not to.
    """
    value = np.nan_to_num(np.asarray(revenue, dtype=float))
    price = np.asarray(cost, dtype=float)
    spent, reached = np.zeros(1), np.zeros(1)
    chosen = np.zeros((1, len(value)), dtype=bool)
    # the issues that reach most for their money first: sets that are beaten fall out early
    order = np.argsort(-value / np.maximum(price, 1e-9), kind="stable")
    for issue in order[value[order] > 0]:
        with_it = chosen.copy()
        with_it[:, issue] = True
        spent = np.concatenate([spent, spent + price[issue]])
        reached = np.concatenate([reached, reached + value[issue]])
        chosen = np.concatenate([chosen, with_it])
        rank = np.lexsort((-reached, spent))
        best_before = np.maximum.accumulate(reached[rank])
        kept = rank[np.r_[True, best_before[1:] > best_before[:-1]]]
        spent, reached, chosen = spent[kept], reached[kept], chosen[kept]
    return Plans(cost=spent, revenue=reached, chosen=chosen)


def find_plan(plans: Plans, budget: float) -> int:
    """The number of the plan that reaches most revenue for at most this money."""
    return int(np.searchsorted(plans.cost, budget + 1e-6, side="right")) - 1


def find_next_cost(plans: Plans, number: int) -> float:
    """From which budget on would a plan reach more than this one? Infinite where it reaches everything."""
    return float(plans.cost[number + 1]) if number + 1 < len(plans.cost) else float("inf")


def build_frontier(plans: Plans, *, steps: int = 12) -> pd.DataFrame:
    """How much of the revenue does each budget reach?

    Parameters
    ----------
    plans : Plans
    steps : int
        Budgets, evenly from nothing to what the last plan costs.

    Returns
    -------
    pandas.DataFrame
        ``budget``, ``revenue_share`` (0-1).
    """
    budgets = np.linspace(0, plans.cost[-1], steps + 1)
    reached = np.array([plans.revenue[find_plan(plans, budget)] for budget in budgets])
    return pd.DataFrame({"budget": budgets, "revenue_share": reached / (plans.revenue[-1] or 1.0)})
