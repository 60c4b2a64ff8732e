"""Notes of ``innovation-budget``: what else a reader must know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segutils.attractiveness.rules import call_measure
from segutils.formats import format_value, join_words
from segutils.objectives.portfolio.amounts import write_amount
from segutils.objectives.portfolio.budget_habits import Habit
from segutils.objectives.portfolio.importance import Importance
from segutils.objectives.portfolio.regret import Tried
from segutils.statistics.raters import Reconciled, describe_raters, score_by_rater

if TYPE_CHECKING:
    from segutils.objectives.portfolio.innovation_budget import Division

TODAY, REVENUE, IMPORTANCE, RETURN = "As today", "As revenue", "By importance", "By expected return"
BLEND, PAYING = "Between today and importance", "By importance where it pays"
CRITERIA = {"value": "what it brings back", "importance": "strategy", "continuity": "continuity"}


def list_notes(
    division: Division,
    own: pd.DataFrame,
    habit: Habit | None,
    importance: Importance | None,
    tried: Tried | None,
    reconciled: Reconciled | None,
    scores: pd.DataFrame,
    best: str,
    *,
    planned: float,
    off: bool,
    currency: str,
) -> tuple[str, ...]:
    """What else a reader must know, the most important first."""
    notes = []
    if off:
        gap = planned - division.money
        notes.append(
            f"By group {write_amount(planned, currency=currency)} are planned, "
            f"{write_amount(abs(gap), currency=currency)} {'more' if gap > 0 else 'less'} than the budget "
            f"stated ({write_amount(division.money, currency=currency)}), which is what is divided here; one "
            "of the two must be put right."
        )
    if tried is not None:
        notes += _say_losses(division, best, currency=currency)
    notes += say_evidence(habit)
    notes += _say_unstarted(division, currency=currency)
    if importance is not None:
        notes += _say_importance(importance)
    if reconciled is not None:
        notes.append(_say_raters(reconciled, scores, best))
    return tuple(notes)


def say_evidence(habit: Habit | None) -> list[str]:
    """How close today's division comes to the nearest habit, and how close chance would."""
    if habit is None:
        return []
    tried = f"{len(habit.bases)} measures tried (revenue and margin of single years, customers, equal shares)"
    off = format_value(float(np.expm1(habit.deviation)), "share:2")
    if habit.found:
        return [
            f"Chance does not explain the likeness to {habit.base}: all groups but the farthest lie within "
            f"{off} of it on average, and at most {format_value(habit.p_value, 'share:2')} of random "
            f"divisions come as close to any of {tried}."
        ]
    return [
        f"No habit is shown: the nearest of the {tried} is {habit.base}, and all groups but the farthest are "
        f"{off} off it on average; {format_value(habit.p_value, 'share:0')} of random divisions come as near."
    ]


def _say_losses(division: Division, best: str, *, currency: str) -> list[str]:
    """Groups in which the recommended money brings back less than itself, as its owner expects."""
    declared, plan = division.declared, division.plans[best]
    if declared is None:
        return []
    listed = []
    for g, group in enumerate(division.groups):
        alone = np.zeros((1, len(plan)))
        alone[0, g] = plan[g]
        value = float(declared.value(alone))
        if value < -0.01 * division.money:
            money, lost = (write_amount(v, currency=currency) for v in (plan[g], -value))
            listed.append(f"{group} ({money} would bring back {lost} less than itself)")
    if not listed:
        return []
    return [f"“{best}” puts money where its owner expects less than it costs: {join_words(listed)}."]


def _say_unstarted(division: Division, *, currency: str) -> list[str]:
    """Money below the smallest amount with which a response begins."""
    if division.declared is None:
        return []
    notes = []
    for name, plan in division.plans.items():
        least = division.declared.min_amount[0]
        few = [g for g in range(len(plan)) if 0 < plan[g] < least[g] * (1 - 1e-9)]
        if few:
            listed = [
                f"{division.groups[g]} ({write_amount(plan[g], currency=currency)}, at least "
                f"{write_amount(least[g], currency=currency)})"
                for g in few
            ]
            notes.append(f"“{name}” gives too little to begin anything in {join_words(listed)}.")
    return notes


def _say_importance(importance: Importance) -> list[str]:
    rows = importance.table.sort_values("share", ascending=False)
    listed = [
        f"{row.group} {format_value(row.share, 'share:0')} ({format_value(row.low, 'share:0')} to "
        f"{format_value(row.high, 'share:0')})"
        for row in rows.itertuples()
        if row.missed == ""
    ]
    notes = [f"Importance, with the middle 90 % of samples of customers: {join_words(listed)}."]
    notes += [
        f"{row.group} misses the limit of {join_words([call_measure(m) for m in row.missed.split(', ')])} "
        "and so has no importance."
        for row in rows[rows.missed != ""].itertuples()
    ]
    if importance.missing:
        named = join_words([call_measure(name) for name in importance.missing])
        notes.append(f"Not known, and so left out of importance: {named}.")
    return notes


def _say_raters(reconciled: Reconciled, scores: pd.DataFrame, best: str) -> str:
    said = describe_raters(reconciled, words=CRITERIA)
    if set(scores.columns) != set(reconciled.mapping):
        return said
    alone = score_by_rater(scores, reconciled)
    if alone.option.nunique() == 1 and alone.option.iloc[0] == best:
        return f"{said} Each of them alone would choose the same."
    parts = [
        f"“{option}” for {join_words(list(part.rater))}"
        for option, part in alone.groupby("option", sort=False)
    ]
    return f"{said} Each alone, they would choose: {'; '.join(parts)}."
