"""Slug ``innovation-budget``: research money by strategic importance, against what habit would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from segutils.attractiveness.rules import WEIGHTS as WEIGHTS_NEED
from segutils.engagement_plans import Finance
from segutils.engagement_terms import Weighting
from segutils.findings import Decision, Finding, Need, Override
from segutils.objectives.portfolio import innovation_drawings as drawings
from segutils.objectives.portfolio import innovation_words as words
from segutils.objectives.portfolio.amounts import round_amounts
from segutils.objectives.portfolio.breadth_plans import plan_by_number
from segutils.objectives.portfolio.budget_habits import Habit
from segutils.objectives.portfolio.declared import Declared, States, draw_states, read_declared
from segutils.objectives.portfolio.importance import Importance
from segutils.objectives.portfolio.innovation_notes import (
    BLEND,
    IMPORTANCE,
    PAYING,
    RETURN,
    REVENUE,
    TODAY,
    list_notes,
)
from segutils.objectives.portfolio.investments import BUDGETS, FINANCE, RESPONSES, say_idle, say_strange
from segutils.objectives.portfolio.regret import Tried, try_plans
from segutils.stated import reconcile_weights
from segutils.statistics.decisions import (
    check_override,
    flip_weight,
    noise_robustness,
    score_options,
    weight_robustness,
)

SLUG = "innovation-budget"
QUESTION = "How is the money for research divided?"
VALUE_OF, STRATEGY, STAYS = "value", "importance", "continuity"
WEIGHTS: Mapping[str, float] = {VALUE_OF: 0.5, STRATEGY: 0.3, STAYS: 0.2}
FIRM = 0.8  # share of other weights and futures from which a recommendation is called firm
PLANNED = Need(
    question="How is the money for research divided over the groups today?",
    table="budgets",
    columns=("item", "amount", "owner", "horizon"),
)


@dataclass(frozen=True, kw_only=True)
class Division:
    """Ways to divide one budget, and what is known to judge them by.

    Parameters
    ----------
    budget : str
    money : float
    groups : tuple of str
    plans : dict of str to numpy.ndarray
        Amounts per group.
    declared : Declared, optional
        Of this budget and all of `groups`; the ceilings are those on average over all futures.
    """

    budget: str
    money: float
    groups: tuple[str, ...]
    plans: dict[str, np.ndarray]
    declared: Declared | None


def decide_innovation_budget(
    investments: pd.DataFrame,
    budgets: pd.DataFrame,
    scenarios: pd.DataFrame,
    *,
    groups: Sequence[str],
    currency: str,
    split: pd.DataFrame,
    revenue: pd.Series,
    habit: Habit | None = None,
    importance: Importance | None = None,
    weighting: Weighting | None = None,
    finance: Finance | None = None,
    blend: float = 0.5,
    draws: int = 500,
    seed: int = 0,
    override: Override | None = None,
) -> Finding:
    """How is the money for research divided: as ever, by importance, or by what it brings back?

    Parameters
    ----------
    investments : pandas.DataFrame
        From :func:`~segutils.objectives.portfolio.investments.build_investments`, of these budgets.
    budgets : pandas.DataFrame
        ``item, amount, horizon, owner`` of the question; the first one is divided.
    scenarios : pandas.DataFrame
        From :func:`segutils.stated.list_scenarios`.
    groups : sequence of str
        The groups planned with.
    currency : str
    split : pandas.DataFrame
        From :func:`~segutils.objectives.portfolio.budget_habits.read_current_split`.
    revenue : pandas.Series
        Share of the last year's revenue by group.
    habit : Habit, optional
    importance : Importance, optional
    weighting : Weighting, optional
        Of ``value, importance, continuity``; the playbook's own weights otherwise. Criteria of which nothing
        is known are left out and the weights of the others scaled.
    finance : Finance, optional
        The one that `investments` were built with.
    blend : float
        How far (0-1) the option between today and importance goes towards importance.
    draws : int
        Draws of the ceilings in each scenario, and random weights times four.
    seed : int
    override : Override, optional

    Returns
    -------
    Finding
        Table per group: ``group, today, revenue, factor`` (against the habit), ``importance, by_return``
        (shares), ``amount`` (recommended), ``change`` (against today's shares of the same money).
        ``not_run`` where no money is stated or planned. The decision's `robustness_share` is the smaller of
        the shares of random weights, and of futures and samples of customers, under which the recommendation
        comes first.
    """
    item = str(budgets.item.iloc[0]) if len(budgets) else _first(split.budget)
    own = split[split.budget == item]
    planned = float(own.amount.sum())
    money = float(budgets.amount.iloc[0]) if len(budgets) else planned
    if not money > 0:
        lacking = (BUDGETS, PLANNED, RESPONSES, *(() if importance else (WEIGHTS_NEED,)))
        return words.withhold(SLUG, needs=lacking)
    part = investments[investments.budget == item]
    declared, states = _read_futures(part, item, money, groups, scenarios, draws=draws, seed=seed)
    division = list_divisions(item, money, groups, own, revenue, importance, declared, blend=blend)
    tried = None
    if declared is not None and states is not None:
        tried = try_plans(declared, states, {name: plan[None] for name, plan in division.plans.items()})
    needs = (
        *(() if len(own) else (PLANNED,)),
        *(() if tried is not None else (RESPONSES,)),
        *(() if importance is not None else (WEIGHTS_NEED,)),
        *(() if finance is not None or tried is None else (FINANCE,)),
    )
    reconciled = reconcile_weights(weighting, list(WEIGHTS), question=SLUG)
    scores = score_divisions(division, tried, importance, own)
    told = reconciled.mapping if reconciled else WEIGHTS
    weights = {name: told[name] for name in scores.columns}
    if tried is None and importance is None:
        return words.tell_habit(SLUG, division, own, revenue, habit, currency=currency, needs=needs)
    options = score_options(scores, weights)
    best = str(options.option[0])
    by_weights = weight_robustness(scores, weights, draws=4 * draws, seed=seed)
    redrawn = redraw_scores(scores, division, tried, importance, draws=draws, seed=seed)
    by_futures = noise_robustness(redrawn, weights)
    held = [float(part.set_index("option").first_share[best]) for part in (by_weights, by_futures)]
    flips = flip_weight(scores, weights)
    table = words.build_table(division, own, revenue, habit, importance, best)
    shown = round_amounts(words.add_values(options, tried))
    decision = Decision(
        question=QUESTION,
        options=shown,
        recommendation=best,
        robustness=words.say_robustness(best, held, flips, futures=tried is not None, weights=weights),
        robustness_share=min(held),
        override=check_override(override, options.option.tolist(), slug=SLUG),
        formats={name: fmt for name, fmt in words.OPTION_FORMATS.items() if name in shown.columns},
    )
    off = abs(planned - money) > 0.01 * money if len(own) and len(budgets) else False
    return Finding(
        slug=SLUG,
        status="pass" if min(held) >= FIRM and not off and not needs else "caution",
        headline=words.say_headline(decision, table, habit, item, currency=currency),
        table=table,
        formats={name: fmt for name, fmt in words.FORMATS.items() if name in table.columns},
        labels=words.name_columns(habit),
        figures=(
            *drawings.draw_moves(table, best, item, currency=currency),
            *drawings.draw_habit(habit, item),
            *drawings.draw_returns(tried, best, item, currency=currency),
        ),
        decision=decision,
        notes=(
            *list_notes(
                division,
                own,
                habit,
                importance,
                tried,
                reconciled,
                scores,
                best,
                planned=planned,
                off=off,
                currency=currency,
            ),
            *say_strange(part, groups),
            *(say_idle(scenarios, groups) if tried is not None else ()),
        ),
        assumptions=words.list_assumptions(
            investments,
            budgets,
            scenarios,
            item,
            finance,
            weights,
            own=reconciled is None,
            blend=blend,
            currency=currency,
            draws=draws,
        ),
        limits=words.LIMITS,
        needs=needs,
    )


def list_divisions(
    item: str,
    money: float,
    groups: Sequence[str],
    own: pd.DataFrame,
    revenue: pd.Series,
    importance: Importance | None,
    declared: Declared | None,
    *,
    blend: float,
) -> Division:
    """In which ways can this budget be divided?"""
    names = tuple(groups)
    today = own.set_index("group").share.reindex(names).fillna(0.0).to_numpy() if len(own) else None
    plans: dict[str, np.ndarray] = {}
    if today is not None:
        plans[TODAY] = money * today
    plans[REVENUE] = money * revenue.reindex(names).fillna(0.0).to_numpy(dtype=float)
    if importance is not None:
        strategic = importance.shares.reindex(names).fillna(0.0).to_numpy(dtype=float)
        plans[IMPORTANCE] = money * strategic
        if today is not None:
            plans[BLEND] = money * ((1 - blend) * today + blend * strategic)
        paying = _keep_paying(declared, plans[IMPORTANCE]) if declared is not None else None
        if paying is not None:
            plans[PAYING] = money * paying
    if declared is not None:
        plans[RETURN] = _best_plan(declared)
    return Division(budget=item, money=money, groups=names, plans=plans, declared=declared)


def score_divisions(
    division: Division, tried: Tried | None, importance: Importance | None, own: pd.DataFrame
) -> pd.DataFrame:
    """How good is each division, by each criterion of which something is known (0-1)?

    Returns
    -------
    pandas.DataFrame
        Index: the divisions. ``value``: present value less money on average over the futures, over that of
        the best division (0 where it is negative); ``importance`` and ``continuity``: share of the money that
        lies where importance, and today's division, put it.
    """
    plans = np.stack(list(division.plans.values()))
    columns: dict[str, np.ndarray] = {}
    if tried is not None:
        values = tried.expected()
        columns[VALUE_OF] = np.clip(values / max(values.max(), 1e-9), 0.0, 1.0)
    if importance is not None:
        strategic = importance.shares.reindex(division.groups).fillna(0.0).to_numpy(dtype=float)
        columns[STRATEGY] = _overlap(plans / division.money, strategic)
    if len(own):
        today = own.set_index("group").share.reindex(division.groups).fillna(0.0).to_numpy(dtype=float)
        columns[STAYS] = _overlap(plans / division.money, today)
    return pd.DataFrame(columns, index=list(division.plans))


def redraw_scores(
    scores: pd.DataFrame,
    division: Division,
    tried: Tried | None,
    importance: Importance | None,
    *,
    draws: int,
    seed: int,
) -> list[pd.DataFrame]:
    """The same scores in other futures (as likely as stated) and with other samples of customers."""
    rng = np.random.default_rng(seed)
    plans = np.stack(list(division.plans.values())) / division.money
    found = []
    for n in range(draws):
        drawn = scores.copy()
        if tried is not None:
            scenario = rng.choice(len(tried.states.names), p=tried.states.probability)
            values, best = tried.values[:, scenario, n], tried.best[scenario, n]
            drawn[VALUE_OF] = np.clip(values / max(best, 1e-9), 0.0, 1.0)
        if importance is not None:
            sample = pd.Series(importance.draws[n % len(importance.draws)], index=importance.table.group)
            drawn[STRATEGY] = _overlap(plans, sample.reindex(division.groups).fillna(0.0).to_numpy())
        found.append(drawn)
    return found


def _read_futures(
    part: pd.DataFrame,
    item: str,
    money: float,
    groups: Sequence[str],
    scenarios: pd.DataFrame,
    *,
    draws: int,
    seed: int,
) -> tuple[Declared | None, States | None]:
    """What money of this budget brings back on average over all futures, and the futures."""
    found = read_declared(part, pd.DataFrame({"item": [item], "amount": [money]}), groups=groups)
    if found is None:
        return None, None
    wide = _widen(found, tuple(groups))
    states = draw_states(wide, part, scenarios, draws=draws, seed=seed)
    return replace(wide, ceiling=states.mean), states


def _overlap(shares: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Share of the money that lies where it is wanted."""
    return np.clip(np.minimum(shares, wanted).sum(axis=-1), 0.0, 1.0)


def _best_plan(declared: Declared) -> np.ndarray:
    """What brings most on average over the futures; money that would bring back less than itself is kept."""
    plans = [plan for plan in plan_by_number(declared).values()]
    values = [float(declared.value(plan)) for plan in plans]
    if not plans or max(values) <= 0:
        return np.zeros(len(declared.groups))
    return plans[int(np.argmax(values))][0]


def _keep_paying(declared: Declared, plan: np.ndarray) -> np.ndarray | None:
    """Shares of a plan without groups whose money brings back less than itself; None where all or none do.

    Of groups of which nobody stated a response nothing is known: they stay.
    """
    alone = np.array([float(declared.value(np.diag(plan)[g][None])) for g in range(len(plan))])
    kept = np.where((alone > 0) | ~declared.stated[0], plan, 0.0)
    if not kept.sum() > 0 or not (kept < plan).any():
        return None
    return kept / kept.sum()


def _widen(declared: Declared, groups: tuple[str, ...]) -> Declared:
    """The same for all groups planned with: where nothing is stated, money brings nothing."""
    place = [declared.groups.index(group) if group in declared.groups else -1 for group in groups]
    empty = {"stated": False, "ceiling": 0.0, "half_at": 1.0, "min_amount": 0.0, "worth": 0.0}
    wide = {
        name: np.array([[getattr(declared, name)[0, p] if p >= 0 else value for p in place]])
        for name, value in empty.items()
    }
    return replace(declared, groups=groups, **wide)


def _first(values: pd.Series) -> str:
    return str(values.iloc[0]) if len(values) else ""
