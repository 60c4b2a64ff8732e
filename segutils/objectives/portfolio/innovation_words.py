"""Words of ``innovation-budget``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segutils.engagement_plans import Finance
from segutils.findings import Assumption, Decision, Finding, Need
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.objectives.boundaries.flips import write_flip
from segutils.objectives.portfolio.amounts import MILLION, write_amount
from segutils.objectives.portfolio.budget_habits import Habit
from segutils.objectives.portfolio.importance import Importance
from segutils.objectives.portfolio.innovation_notes import BLEND, CRITERIA, RETURN, TODAY, say_evidence
from segutils.objectives.portfolio.regret import Tried

if TYPE_CHECKING:
    from segutils.objectives.portfolio.innovation_budget import Division

EVEN = 0.6  # share of weights or futures below which the second option is as good
OPTION_FORMATS = {
    **dict.fromkeys(("score", "value", "importance", "continuity"), "number:2"),
    **dict.fromkeys(("brings", "low", "high"), "money"),
}
FORMATS: Mapping[str, str] = {
    **dict.fromkeys(("today", "revenue", "importance", "by_return"), "share:0"),
    "factor": "number:2",
    "amount": "money",
    "change": "money",
}
LIMITS = (
    "What research brings back is what its owner expects; years pass before facts can show it.",
    "Importance is attractiveness by the client's criteria, made to shares: twice as attractive gets twice "
    "the money. No law says so; it is the plainest reading of the weights.",
    "Money that serves several groups at once is not divided here, and people are not limited: "
    "kpi-constraints plans all budgets together within what the company has.",
)


def say_headline(
    decision: Decision, table: pd.DataFrame, habit: Habit | None, item: str, *, currency: str
) -> str:
    """What habit rules, what is recommended, what would move, and whether another option is as good."""
    best = decision.recommendation
    if decision.choice != best:
        return (
            f"The client divides {item} “{lower_first(decision.choice)}”; the figures recommend "
            f"“{lower_first(best)}”."
        )
    text = _say_moves(best, table, habit, item, currency=currency)
    if decision.robustness_share is None or decision.robustness_share >= EVEN:
        return text
    return f"{text.removesuffix('.')}, in an open race with “{lower_first(str(decision.options.option[1]))}”."


def _say_moves(best: str, table: pd.DataFrame, habit: Habit | None, item: str, *, currency: str) -> str:
    start = f"{_say_habit(habit, item)}; " if habit is not None and habit.found else ""
    if best == TODAY:
        what = "to divide it" if start else f"To divide {item}"
        return f"{start}{what} as today is recommended all the same."
    if "change" not in table:
        return f"{start}“{best}” is recommended for {item}."
    moved = table.set_index("group").change
    out, into = moved[moved < 0], moved[moved > 0].sort_values(ascending=False)
    if into.empty:
        return f"{start}“{best}” is recommended for {item}, which spends {_say_less(out, currency)} less."
    total, most = (write_amount(float(v), currency=currency) for v in (-out.sum(), into.max()))
    way = _say_option(best)
    lead = f"{start}{way} {total} would move" if start else f"Divided {way}, {total} of {item} would move"
    if len(into) == 1 and abs(float(moved.sum())) <= 0.001 * float(into.sum()):
        return f"{lead}, all of it to {into.index[0]}."
    return f"{lead}, {most} of it to {into.index[0]}."


def say_robustness(
    best: str, held: list[float], flips: pd.DataFrame, *, futures: bool, weights: Mapping[str, float]
) -> str:
    """Under which weights, futures and samples it stands, and the nearest weight that flips it."""
    other = "futures and samples of customers" if futures else "samples of customers"
    text = (
        f"“{best}” comes first under {format_value(held[0], 'share:0')} of random weights around the stated "
        f"ones, and in {format_value(held[1], 'share:0')} of {other}."
    )
    known = flips[flips.flip_weight.notna()]
    if len(weights) < 2 or known.empty:
        return f"{text} No change of a single weight puts another option first."
    row = known.iloc[0]
    return (
        f"{text} The smallest change that flips it: {CRITERIA[row.criterion]} at "
        f"{write_flip(row.flip_weight, row.weight)} of the weight instead of "
        f"{format_value(row.weight, 'share:0')} puts “{row.winner_then}” first."
    )


def build_table(
    division: Division,
    own: pd.DataFrame,
    revenue: pd.Series,
    habit: Habit | None,
    importance: Importance | None,
    best: str,
) -> pd.DataFrame:
    """One row per group: today, habit, importance, what would be best, what is recommended, what moves."""
    names, money = list(division.groups), division.money
    table = pd.DataFrame({"group": names})
    if len(own):
        table["today"] = own.set_index("group").share.reindex(names).fillna(0.0).to_numpy()
    base = revenue if habit is None else habit.table.set_index("group").base_share
    table["revenue"] = base.reindex(names).to_numpy(dtype=float)
    if habit is not None:
        table["factor"] = habit.table.set_index("group").factor.reindex(names).to_numpy()
    if importance is not None:
        table["importance"] = importance.shares.reindex(names).fillna(0.0).to_numpy()
    if RETURN in division.plans:
        table["by_return"] = division.plans[RETURN] / money
    if best in division.plans and best:
        digits = -3 if money >= MILLION else 0  # the future is not known to the last unit
        table["amount"] = division.plans[best].round(digits)
        if len(own):
            table["change"] = (division.plans[best] - division.plans[TODAY]).round(digits)
    by = "amount" if "amount" in table else "revenue"
    return table.sort_values(by, ascending=False, kind="stable", ignore_index=True)


def add_values(options: pd.DataFrame, tried: Tried | None) -> pd.DataFrame:
    """The scored options with what each is expected to bring back, less its money."""
    if tried is None:
        return options
    ends = tried.interval()
    known = pd.DataFrame(
        {"option": tried.names, "brings": tried.expected(), "low": ends[:, 0], "high": ends[:, 1]}
    )
    return options.merge(known, on="option", how="left")


def name_columns(habit: Habit | None) -> dict[str, str]:
    """Headings of the table and the options."""
    return {
        "today": "Today",
        "revenue": "Last year's revenue" if habit is None else lower_to_heading(habit.base),
        "factor": "Today against that (most: 1)",
        "importance": "Importance",
        "by_return": "By expected return",
        "amount": "Recommended",
        "change": "Moves",
        # of the options
        "value": "Brings back (best: 1)",
        "continuity": "Stays as today",
        "brings": "Brought back, less the money",
        "low": "Low (90 %)",
        "high": "High (90 %)",
    }


def lower_to_heading(text: str) -> str:
    """``net revenue 2023`` → ``Net revenue 2023``."""
    return text[:1].upper() + text[1:]


def list_assumptions(
    investments: pd.DataFrame,
    budgets: pd.DataFrame,
    scenarios: pd.DataFrame,
    item: str,
    finance: Finance | None,
    weights: Mapping[str, float],
    *,
    own: bool,
    blend: float,
    currency: str,
    draws: int,
) -> tuple[Assumption, ...]:
    """Who stated what, and what is the playbook's own."""
    found = [
        Assumption(
            text=f"{row.item}: {write_amount(float(row.amount), currency=currency)} for {row.horizon}.",
            owner=row.owner,
        )
        for row in budgets[budgets.item == item].itertuples()
    ]
    part = investments[investments.budget == item]
    if len(part):
        owners = join_words(list(dict.fromkeys(part.owner)), last="and")
        found.append(
            Assumption(
                text=f"What money of {item} brings back in {plural(len(part), 'group')}.", owner=owners
            )
        )
        for row in scenarios.drop_duplicates("scenario").itertuples():
            chance = (
                "" if np.isnan(row.probability) else f", {format_value(row.probability, 'share:0')} likely"
            )
            found.append(Assumption(text=f"{row.scenario}{chance}: {row.means}", owner=row.owner))
        text = (
            "Ceilings vary independently of each other between the lowest and the highest thought possible "
            f"(triangular, {draws:,} draws in each scenario)."
        )
        found.append(Assumption(text=text, owner="playbook default"))
    if finance is not None and len(part):
        rate = format_value(finance.discount_rate, "share:0")
        text = f"Cost of capital {rate} a year; years up to the {finance.horizon_years}th count."
        found.append(Assumption(text=text, owner=finance.owner))
    if own:
        listed = ", ".join(f"{CRITERIA[name]} {weight:.2f}" for name, weight in weights.items())
        text = f"The criteria weigh: {listed}; nobody of the client stated weights."
        found.append(Assumption(text=text, owner="playbook default"))
    text = f"“{BLEND}” goes {format_value(blend, 'share:0')} of the way."
    return (*found, Assumption(text=text, owner="playbook default"))


def tell_habit(
    slug: str,
    division: Division,
    own: pd.DataFrame,
    revenue: pd.Series,
    habit: Habit | None,
    *,
    currency: str,
    needs: tuple[Need, ...],
) -> Finding:
    """Only how the money is divided today: nothing is known that a division could be judged by."""
    table = build_table(division, own, revenue, habit, None, "")
    how = (
        _say_habit(habit, division.budget)
        if habit is not None and habit.found
        else (
            f"How {division.budget} is divided is known"
            if len(own)
            else f"How much {division.budget} there is is known"
        )
    )
    return Finding(
        slug=slug,
        status="caution",
        headline=f"{how}; whether it should be is not: neither what it brings back nor what is important "
        "to the strategy is stated.",
        table=table,
        formats={name: fmt for name, fmt in FORMATS.items() if name in table.columns},
        labels=name_columns(habit),
        notes=tuple(say_evidence(habit)),
        needs=needs,
    )


def withhold(slug: str, *, needs: tuple[Need, ...]) -> Finding:
    """No money, no division."""
    return Finding(
        slug=slug,
        status="not_run",
        headline="How money for research should be divided cannot be told: no budget for it is stated or "
        "planned.",
        table=pd.DataFrame(columns=["group", "today", "importance", "amount"]),
        needs=needs,
    )


def _say_less(out: pd.Series, currency: str) -> str:
    return write_amount(-float(out.sum()), currency=currency)


def _say_option(name: str) -> str:
    return {BLEND: "halfway between today and importance"}.get(name, lower_first(name))


def _say_habit(habit: Habit, item: str) -> str:
    """What today's division follows, and who is favoured; starts a sentence."""
    count = int(habit.table.follows.sum())
    many = f"in {count} of {len(habit.table)} groups" if count < len(habit.table) else "in all groups"
    text = f"{item} is divided like {habit.base} {many}"
    for row in habit.exceptions.itertuples():
        text += f", while {row.group} gets {format_value(row.factor, 'number:1')} times that"
    return text
