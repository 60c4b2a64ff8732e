"""Figures of ``innovation-budget``."""

from __future__ import annotations

import pandas as pd

from segutils.findings import Figure
from segutils.formats import format_value, join_words
from segutils.objectives.portfolio.amounts import write_amount
from segutils.objectives.portfolio.budget_habits import Habit
from segutils.objectives.portfolio.innovation_notes import TODAY
from segutils.objectives.portfolio.regret import Tried


def draw_moves(table: pd.DataFrame, best: str, item: str, *, currency: str) -> tuple[Figure, ...]:
    """Who gains and who loses money against today's division."""
    if "change" not in table or not (table.change.abs() > 0).any():
        return ()
    data = table[["group", "change"]].sort_values("change", ascending=False, ignore_index=True)
    low, high = data.iloc[-1], data.iloc[0]
    title = f"{low.group} gives up {write_amount(abs(low.change), currency=currency)}"
    if high.change > 0:
        title += f", {high.group} gains {write_amount(high.change, currency=currency)}"
    told = [f"{r.group} {write_amount(r.change, currency=currency, sign=True)}" for r in data.itertuples()]
    return (
        Figure(
            kind="bar",
            data=data,
            x="group",
            y="change",
            title=f"{title}.",
            subtitle=f"Groups, {item}, “{best}” less today's shares of the same money, {currency}",
            alt=f"Bars of the money that moves: {join_words(told)}.",
            formats={"change": "money"},
            highlight=str(low.group),
        ),
    )


def draw_habit(habit: Habit | None, item: str) -> tuple[Figure, ...]:
    """Today's division against the habit."""
    if habit is None:
        return ()
    data = habit.table[["group", "factor"]].sort_values("factor", ascending=False, ignore_index=True)
    top = data.iloc[0]
    follows = int(habit.table.follows.sum())
    title = (
        f"{top.group} gets {format_value(top.factor, 'number:1')} times what {habit.base} would give it"
        if habit.found and len(habit.exceptions)
        else f"{item} follows {habit.base} in {follows} of {len(data)} groups"
    )
    told = [f"{r.group} {format_value(r.factor, 'number:2')}" for r in data.itertuples()]
    return (
        Figure(
            kind="bar",
            data=data,
            x="group",
            y="factor",
            title=f"{title}.",
            subtitle=f"Groups, share of {item} over share of {habit.base}, the group in the middle is 1",
            alt=f"Bars of how many times its share of {habit.base} each group gets: {join_words(told)}.",
            formats={"factor": "number:2"},
            reference=1.0,
            reference_label="follows the habit",
            highlight=str(top.group) if habit.found and len(habit.exceptions) else None,
        ),
    )


def draw_returns(tried: Tried | None, best: str, item: str, *, currency: str) -> tuple[Figure, ...]:
    """What each division is expected to bring back."""
    if tried is None:
        return ()
    ends = tried.interval()
    data = pd.DataFrame(
        {"option": tried.names, "value": tried.expected(), "low": ends[:, 0], "high": ends[:, 1]}
    )
    data[["value", "low", "high"]] = data[["value", "low", "high"]].round(-3)
    by = data.set_index("option").value
    title = f"“{best}” brings back {write_amount(by[best], currency=currency)} more than it costs"
    top = str(by.idxmax())
    if top != best:
        title += f", {write_amount(by[top] - by[best], currency=currency)} less than “{top}”"
    elif TODAY in by.index and best != TODAY:
        title += f", “{TODAY}” {write_amount(by[TODAY], currency=currency)}"
    told = [f"{r.option} {write_amount(r.value, currency=currency)}" for r in data.itertuples()]
    return (
        Figure(
            kind="dot",
            data=data.sort_values("value", ascending=False, ignore_index=True),
            x="option",
            y="value",
            low="low",
            high="high",
            title=f"{title}.",
            subtitle=f"Ways to divide {item}, present value of the margin brought back less the money, "
            f"{currency}; line: the middle 90 % of {tried.values[0].size:,} futures",
            alt=f"Points of what each way to divide brings back: {join_words(told)}.",
            caption="What owners expect, in the futures that they state; the futures move all ways together.",
            formats={"value": "money", "low": "money", "high": "money"},
            highlight=best,
        ),
    )
