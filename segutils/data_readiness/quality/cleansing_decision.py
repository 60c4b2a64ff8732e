"""Which way of correcting the data is best, and how sure is that?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.data_readiness.quality.cleansing_options import plan_options, score_plans
from segutils.data_readiness.quality.cleansing_plans import Plans, find_next_cost, find_plan
from segutils.findings import Decision, Override
from segutils.formats import format_value
from segutils.statistics.decisions import (
    flip_weight,
    noise_robustness,
    score_options,
    weight_robustness,
)

CRITERIA = ("revenue", "saving", "records")
COST_STEPS = 41


def decide_plan(
    priced: pd.DataFrame,
    plans: Plans,
    *,
    budget: float,
    weights: Mapping[str, float],
    cost_spread: float,
    draws: int,
    seed: int,
    override: Override | None,
    currency: str,
) -> Decision:
    """Which of the options is best, and what would have to change before another one is?

    Parameters
    ----------
    priced : pandas.DataFrame
        From :func:`~segutils.data_readiness.quality.cleansing_options.price_issues`.
    plans : Plans
        From :func:`~segutils.data_readiness.quality.cleansing_plans.list_plans`.
    budget, weights, cost_spread, draws, seed, override, currency
        As :func:`~segutils.data_readiness.quality.cleansing_budget.decide_budget` takes them.

    Returns
    -------
    Decision
        Options over the budget are out, whatever their score, and stand last.
    """
    whole_cost = float(priced["cost"].sum())
    scored = score_plans(
        priced, plan_options(priced, plans, budget=budget), budget=budget, whole_cost=whole_cost
    )
    possible = scored[scored["affordable"]]
    criteria = possible[list(CRITERIA)]
    options = score_options(criteria, weights)
    best = str(options["option"].iloc[0])
    shares = weight_robustness(criteria, weights, draws=draws, seed=seed).set_index("option")["first_share"]
    by_cost = noise_robustness(_vary_costs(priced, plans, budget, cost_spread), weights)
    by_cost = by_cost.set_index("option")["first_share"]
    out = score_options(scored.loc[~scored["affordable"], list(CRITERIA)], weights)
    options = pd.concat([options.assign(verdict="possible"), out.assign(verdict="over the budget")])
    options.insert(1, "cost", scored["cost"].loc[options["option"]].to_numpy())
    sentence = (
        f"{_say_first(best, shares, by_cost, cost_spread)} "
        f"{_say_flip(flip_weight(criteria, weights))} {_say_range(plans, budget, currency)}"
    )
    return Decision(
        question="Which faulty records should be corrected with the money there is?",
        options=options.reset_index(drop=True),
        recommendation=best,
        robustness=sentence,
        robustness_share=float(shares[best]),
        override=override,
        formats={"cost": "money", "score": "number:2", **dict.fromkeys(CRITERIA, "number:2")},
    )


def _vary_costs(priced: pd.DataFrame, plans: Plans, budget: float, spread: float) -> list[pd.DataFrame]:
    """The criteria of all options at each cost per record; one that costs too much then is worth nothing."""
    found, whole_cost = [], float(priced["cost"].sum())
    for factor in np.linspace(1 - spread, 1 + spread, COST_STEPS):
        varied = priced.assign(cost=priced["cost"] * factor)
        # where everything costs more by the same factor, the same sets are best, each at its own cost
        chosen = plan_options(varied, plans, budget=budget / factor)
        scored = score_plans(varied, chosen, budget=budget, whole_cost=whole_cost)
        found.append(scored[list(CRITERIA)].where(scored["affordable"], 0.0, axis=0))
    return found


def _say_first(best: str, shares: pd.Series, by_cost: pd.Series, spread: float) -> str:
    weights, costs = (format_value(found[best], "share:0") for found in (shares, by_cost))
    if spread == 0:
        return f"“{best}” comes first under {weights} of random weights."
    width = format_value(spread, "share:0")
    return (
        f"“{best}” comes first under {weights} of random weights, and at {costs} of costs per record from "
        f"{width} below to {width} above the stated one."
    )


def _say_flip(flips: pd.DataFrame) -> str:
    nearest = flips[flips["flip_weight"].between(0.01, 0.99)]
    if nearest.empty:
        return "No weight of a single criterion flips it."
    top = nearest.iloc[0]
    words = {"revenue": "revenue reached", "saving": "money saved", "records": "records corrected"}
    return (
        f"What flips it: “{top['winner_then']}” comes first once {words[top['criterion']]} weighs "
        f"{format_value(top['flip_weight'], 'share:0')} instead of {format_value(top['weight'], 'share:0')}."
    )


def _say_range(plans: Plans, budget: float, currency: str) -> str:
    number = find_plan(plans, budget)
    lower = format_value(plans.cost[number], "money", currency=currency)
    upper = find_next_cost(plans, number)
    if np.isinf(upper):
        return (
            f"All that revenue hangs on is reached for {lower}; only a smaller budget would change that plan."
        )
    upper = format_value(upper, "money", currency=currency)
    return f"The plan by revenue stays the same at any budget from {lower} to just under {upper}."
