"""What can be done about faulty records, at what cost, and how good is each way of doing it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.data_readiness.quality.cleansing_plans import Plans, find_plan
from segutils.statistics.decisions import scale_between

COST_ITEM = "correcting a record"
BY_REVENUE = "Correct what revenue hangs on"
EVERYTHING = "Correct everything"
LOST_ROWS = "Correct only what keeps rows out"
NOTHING = "Correct nothing"
OPTIONS = (BY_REVENUE, EVERYTHING, LOST_ROWS, NOTHING)
WEIGHTS: Mapping[str, float] = {"revenue": 0.5, "saving": 0.35, "records": 0.15}


@dataclass(frozen=True, kw_only=True)
class UnitCosts:
    """What one correction costs: the general line, and lines of single tables, each with its owner."""

    amount: float
    owner: str
    by_table: Mapping[str, float]


def read_unit_costs(costs: pd.DataFrame) -> UnitCosts | None:
    """What does one correction cost, by whose assumption?

    Parameters
    ----------
    costs : pandas.DataFrame
        ``item, amount, per, owner``: the line ``correcting a record`` per record, and lines such as
        ``correcting a record: transactions`` that hold for one table instead.

    Returns
    -------
    UnitCosts or None
        None where nobody stated the general line.
    """
    lines = costs[costs["per"] == "record"] if len(costs) else costs
    names = [" ".join(str(item).casefold().split()) for item in lines["item"]] if len(lines) else []
    amounts = dict(zip(names, lines["amount"].astype(float), strict=True)) if names else {}
    if COST_ITEM not in amounts:
        return None
    own = {
        name.removeprefix(f"{COST_ITEM}:").strip().replace(" ", "_"): amount
        for name, amount in amounts.items()
        if name.startswith(f"{COST_ITEM}:")
    }
    owner = str(lines["owner"].iloc[names.index(COST_ITEM)])
    return UnitCosts(amount=amounts[COST_ITEM], owner=owner, by_table=own)


def price_issues(issues: pd.DataFrame, costs: UnitCosts) -> pd.DataFrame:
    """What does correcting each issue cost, and how much revenue does each unit of money reach?

    Parameters
    ----------
    issues : pandas.DataFrame
        From :func:`~segutils.data_readiness.quality.cleansing_issues.build_issues`.
    costs : UnitCosts

    Returns
    -------
    pandas.DataFrame
        `issues` with ``cost_per_record, cost, revenue_per_cost``.
    """
    unit = issues["table"].map(costs.by_table).astype(float).fillna(costs.amount)
    cost = issues["records"] * unit
    return issues.assign(
        cost_per_record=unit, cost=cost, revenue_per_cost=issues["revenue"] / cost.where(cost > 0)
    )


def plan_options(issues: pd.DataFrame, plans: Plans, *, budget: float) -> pd.DataFrame:
    """Which issues does each option correct?

    Parameters
    ----------
    issues : pandas.DataFrame
        From :func:`price_issues`.
    plans : Plans
        Of these issues, from :func:`~segutils.data_readiness.quality.cleansing_plans.list_plans`.
    budget : float
        Infinite where none is stated.

    Returns
    -------
    pandas.DataFrame of bool
        One column per option, one row per issue.
    """
    return pd.DataFrame(
        {
            BY_REVENUE: plans.chosen[find_plan(plans, budget)],
            EVERYTHING: True,
            LOST_ROWS: issues["sets_aside"].to_numpy(bool),
            NOTHING: False,
        },
        index=issues.index,
    )


def score_plans(
    issues: pd.DataFrame, plans: pd.DataFrame, *, budget: float, whole_cost: float
) -> pd.DataFrame:
    """How good is each option on each criterion, and what does it cost?

    Parameters
    ----------
    issues : pandas.DataFrame
        From :func:`price_issues`.
    plans : pandas.DataFrame
        From :func:`plan_options`.
    budget : float
    whole_cost : float
        What correcting everything costs as stated: the worst end of the scale of money.

    Returns
    -------
    pandas.DataFrame
        Index option; ``cost``, ``affordable``, and on scales from 0 to 1 ``revenue`` (reached, of all revenue
        that hangs on faulty records), ``saving`` (not spent, of `whole_cost`), ``records`` (corrected, of
        all).
    """
    cost = issues["cost"].to_numpy(float)
    revenue = issues["revenue"].fillna(0).to_numpy(float)
    spent = plans.to_numpy(bool).T @ cost
    return pd.DataFrame(
        {
            "cost": spent,
            "affordable": spent <= budget + 1e-9,
            "revenue": _share(plans, revenue),
            "saving": scale_between(spent, worst=whole_cost, best=0) if whole_cost > 0 else 1.0,
            "records": _share(plans, issues["records"].to_numpy(float)),
        },
        index=pd.Index(plans.columns, name="option"),
    )


def _share(plans: pd.DataFrame, amounts: np.ndarray) -> np.ndarray:
    total = amounts.sum()
    share = plans.to_numpy(bool).T @ amounts / total if total > 0 else np.zeros(plans.shape[1])
    return np.clip(share, 0.0, 1.0)
