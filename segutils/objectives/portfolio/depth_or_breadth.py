"""Slug ``depth-or-breadth``: one group deeply or several thinly, under the budgets that there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from segutils.engagement_plans import Finance
from segutils.errors import InputError
from segutils.findings import Decision, Finding, Need, Override
from segutils.objectives.portfolio import breadth_drawings as drawings
from segutils.objectives.portfolio import breadth_evidence as evidence
from segutils.objectives.portfolio import breadth_words as words
from segutils.objectives.portfolio.amounts import round_amounts
from segutils.objectives.portfolio.breadth_flips import find_flips
from segutils.objectives.portfolio.breadth_plans import name_subset, plan_by_number, screen_groups
from segutils.objectives.portfolio.breadth_words import EQUAL, NOTHING, TODAY
from segutils.objectives.portfolio.declared import Declared, States, draw_states, read_declared
from segutils.objectives.portfolio.investments import (
    BUDGETS,
    FINANCE,
    RESPONSES,
    build_options,
    list_limits,
    say_strange,
    say_unplanned,
)
from segutils.objectives.portfolio.regret import (
    REGRET,
    VALUE,
    build_regret_table,
    list_plans,
    share_held,
    share_held_by_probabilities,
    share_held_elsewhere,
    try_plans,
)
from segutils.statistics.allocation import price_limits
from segutils.statistics.decisions import check_override
from segutils.statistics.response_estimates import BOLDER, EXPERIMENT, compare_declared
from segutils.statistics.spending_history import SpendingHistory

SLUG = "depth-or-breadth"
QUESTION = "Is the money spent on one group deeply, or on several thinly?"
FIRM = 0.8  # share of futures, and of other probabilities, from which a recommendation is called firm
MILLION = 1e6
OPTIONS = ["option", "groups", "spent", "value", "low", "high", "max_regret", "first_share"]
SCENARIOS = Need(
    question="Which futures may come, how likely is each, and what would they do to what money brings back?",
    table="engagement file",
    columns=("scenarios: name, means, factors, probability, owner",),
)


def decide_depth_or_breadth(
    investments: pd.DataFrame,
    budgets: pd.DataFrame,
    scenarios: pd.DataFrame,
    *,
    groups: Sequence[str],
    currency: str,
    current: pd.DataFrame | None = None,
    estimates: pd.DataFrame | None = None,
    history: SpendingHistory | None = None,
    finance: Finance | None = None,
    contact_budget: str = "",
    rule: Literal["regret", "value"] = REGRET,
    same: float = 0.005,
    max_groups: int = 10,
    draws: int = 500,
    seed: int = 0,
    override: Override | None = None,
) -> Finding:
    """Is the money spent on one group deeply, or on several thinly?

    Parameters
    ----------
    investments : pandas.DataFrame
        From :func:`~segutils.objectives.portfolio.investments.build_investments`, of these budgets.
    budgets : pandas.DataFrame
        ``item, amount, horizon, owner`` of the question.
    scenarios : pandas.DataFrame
        From :func:`segutils.stated.list_scenarios`.
    groups : sequence of str
        The groups planned with.
    currency : str
    current : pandas.DataFrame, optional
        From :func:`~segutils.objectives.portfolio.budget_habits.read_current_split`: dividing the money as
        today is an option where that is known of every budget.
    estimates : pandas.DataFrame, optional
        From :func:`~segutils.statistics.response_estimates.estimate_responses`.
    history : SpendingHistory, optional
    finance : Finance, optional
        The one that `investments` were built with.
    contact_budget : str
        The budget whose declared responses are held against the experiments.
    rule : {"regret", "value"}
        ``regret``: the plan whose largest regret over all futures is smallest (Savage 1951), of those that
        the draws cannot tell apart the one worth more; ``value``: the plan that is worth most on average.
    same : float
        Plans that differ by less than this share of the best plan's value are worth the same, and of these
        the one with fewer groups is recommended.
    max_groups : int
        All choices among so many groups are tried; of more, those with the most to gain alone.
    draws : int
        Draws of the ceilings in each scenario.
    seed : int
    override : Override, optional

    Returns
    -------
    Finding
        Table: what is missed by each option in each scenario (``option``, the scenarios, ``mean, max``).
        ``not_run`` where nobody stated what money brings back and no experiment tells it either; without
        stated responses, but with experiments, their evidence and no decision; ``not_run``, too, where
        there is no money, or responses are stated for one group only. The decision's
        `robustness_share` is the smaller of two: the share of futures in which no other option is worth
        noticeably more, and the share in which the rule itself still holds it for one of the best: of other
        probabilities of the scenarios (value), or of other sets of futures (regret).

    Raises
    ------
    InputError
        The rule is not known, or the override is not an option.
    """
    if rule not in (REGRET, VALUE):
        raise InputError(
            f"there is no rule '{rule}'", where="parameter depth_rule", fix="write regret or value"
        )
    measured = estimates is not None and len(estimates) > 0
    evidence_needs = () if measured else (EXPERIMENT,)
    whole = read_declared(investments, budgets, groups=groups)
    if whole is None:
        lacking = (RESPONSES, *((BUDGETS,) if budgets.empty else ()), *evidence_needs)
        strange = say_strange(investments, groups)
        return evidence.withhold(
            SLUG, estimates, history, budgets, currency=currency, needs=lacking, notes=strange
        )
    if len(whole.groups) < 2 or not whole.money.sum() > 0:
        return words.tell_no_choice(SLUG, whole, notes=say_unplanned(investments, groups))
    kept = screen_groups(whole, max_groups=max_groups)
    declared = whole.keep(kept)
    states = draw_states(declared, investments, scenarios, draws=draws, seed=seed)
    plans = list_options(declared, states, current)
    tried = try_plans(declared, states, plans)
    chosen = tried.choose(rule, same=same)
    recommended = tried.names[chosen]
    other = tried.names[tried.choose(VALUE if rule == REGRET else REGRET, same=same)]
    options = list_plans(tried)
    options.insert(1, "groups", [", ".join(name_subset(declared.groups, plan)) for plan in tried.amounts])
    held = share_held(tried, chosen, same=same)
    if rule == REGRET:  # the rule itself, in other futures; it knows no probabilities
        again = share_held_elsewhere(tried, chosen, rule, same=same, seed=seed)
    else:
        again = share_held_by_probabilities(tried, chosen, same=same, seed=seed)
    flips = find_flips(declared, states, lambda d, s: _recommend(d, s, current, rule=rule, same=same))
    comparison = (
        compare_declared(estimates, investments, budget=contact_budget)
        if measured and contact_budget
        else pd.DataFrame()
    )
    decision = Decision(
        question=QUESTION,
        options=round_amounts(_order(options, recommended, rule)[OPTIONS]),
        recommendation=recommended,
        robustness=words.say_robustness(
            tried, held, again, flips, rule=rule, groups=declared.groups, currency=currency, same=same
        ),
        robustness_share=min(held, again),
        override=check_override(override, list(tried.names), slug=SLUG),
        formats=words.OPTION_FORMATS,
    )
    bolder = bool(len(comparison)) and bool((comparison.says == BOLDER).any())
    table = round_amounts(build_regret_table(tried))
    return Finding(
        slug=SLUG,
        status="pass"
        if decision.robustness_share >= FIRM and other == recommended and not bolder
        else "caution",
        headline=words.say_headline(decision, options, groups=whole.groups, currency=currency),
        table=table.rename(columns={"option": "plan"}),
        formats=dict.fromkeys(table.columns[1:], "money"),
        labels=words.HEADINGS | words.LABELS,
        figures=(
            drawings.draw_values(
                round_amounts(options), recommended, currency=currency, draws=draws, states=states
            ),
            drawings.draw_regrets(table, recommended, rule=rule, currency=currency),
            *drawings.draw_comparison(comparison, currency=currency, budget=contact_budget),
        ),
        decision=decision,
        notes=(
            words.say_plan(declared, tried.amounts[chosen], recommended, currency=currency),
            words.say_rules(options, recommended, other, rule=rule, currency=currency),
            *words.say_twins(options, recommended, tried, same=same, currency=currency),
            *words.say_next_million(
                _price_budgets(investments, budgets, states, declared), currency=currency
            ),
            *evidence.say_measured(estimates, comparison, declared, contact_budget, currency=currency),
            *evidence.say_history(history),
            *words.say_left_out(whole, kept, investments, groups, scenarios),
        ),
        assumptions=words.list_assumptions(
            investments, scenarios, budgets, states, finance, currency=currency, draws=draws
        ),
        limits=(*words.LIMITS, *((evidence.PULLED_FORWARD,) if measured else ())),
        needs=(
            *evidence_needs,
            *((SCENARIOS,) if scenarios.empty else ()),
            *((FINANCE,) if finance is None else ()),
        ),
    )


def list_options(declared: Declared, states: States, current: pd.DataFrame | None) -> dict[str, np.ndarray]:
    """Which plans are compared: the best ones by number of groups, equal shares, as today, nothing.

    Plans are made for the ceilings on average over all futures; which groups a number stands for follows from
    that.
    """
    planned = replace(declared, ceiling=states.mean)
    plans = {f"{n} group{'' if n == 1 else 's'}": plan for n, plan in plan_by_number(planned).items()}
    some = declared.stated.sum(axis=1, keepdims=True)
    plans[EQUAL] = np.where(declared.stated, declared.money[:, None] / np.maximum(some, 1), 0.0)
    today = _read_today(declared, current)
    if today is not None:
        plans[TODAY] = today
    plans[NOTHING] = np.zeros(declared.ceiling.shape)
    return plans


def _order(options: pd.DataFrame, recommended: str, rule: str) -> pd.DataFrame:
    """The recommended option first, then by the rule."""
    by = "max_regret" if rule == REGRET else "value"
    order = options.assign(other=options.option != recommended)
    return order.sort_values(
        ["other", by], ascending=[True, rule == REGRET], kind="stable", ignore_index=True
    )


def _read_today(declared: Declared, current: pd.DataFrame | None) -> np.ndarray | None:
    """The budgets divided as today; None where that is not known of every budget."""
    if current is None or not set(declared.budgets) <= set(current.budget):
        return None
    wide = current.pivot(index="budget", columns="group", values="share")
    shares = wide.reindex(index=list(declared.budgets), columns=list(declared.groups)).fillna(0.0)
    return shares.to_numpy(dtype=float) * declared.money[:, None]


def _recommend(
    declared: Declared, states: States, current: pd.DataFrame | None, *, rule: str, same: float
) -> str:
    """What would be recommended if what was declared were this: the option and its groups."""
    tried = try_plans(declared, states, list_options(declared, states, current))
    place = tried.choose(rule, same=same)
    return f"{tried.names[place]}: {', '.join(sorted(name_subset(declared.groups, tried.amounts[place])))}"


def _price_budgets(
    investments: pd.DataFrame, budgets: pd.DataFrame, states: States, declared: Declared
) -> pd.DataFrame:
    """``limit, step, gain, marginal_gain``: what one more million of each budget adds, on average."""
    used = budgets[budgets.item.isin(declared.budgets)]
    own = investments[investments.budget.isin(declared.budgets) & investments.group.isin(declared.groups)]
    row = [declared.budgets.index(budget) for budget in own.budget]
    column = [declared.groups.index(group) for group in own.group]
    limits = list_limits(used, pd.DataFrame(columns=["measure", "max"]))
    options = build_options(own, limits, ceilings=states.mean[row, column])
    return price_limits(options, limits, steps=dict.fromkeys(used.item, MILLION), precision=1e-7)
