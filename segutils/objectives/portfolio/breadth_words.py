"""Words of ``depth-or-breadth``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.engagement_plans import Finance
from segutils.findings import Assumption, Decision, Finding
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.objectives.portfolio.amounts import write_amount, write_span
from segutils.objectives.portfolio.breadth_flips import CEILING, HALF_AT, MIN_AMOUNT
from segutils.objectives.portfolio.declared import Declared, States
from segutils.objectives.portfolio.investments import BUDGETS, RESPONSES, say_curve, say_unplanned
from segutils.objectives.portfolio.regret import REGRET, Tried

SLUG = "depth-or-breadth"
EQUAL, TODAY, NOTHING = "Equal shares", "As today", "Spend nothing"
RIVALS = {"1 group": "on {groups} alone", TODAY: "as today"}  # what a board compares with
OPTION_FORMATS = {
    **dict.fromkeys(("spent", "value", "low", "high", "max_regret"), "money"),
    "first_share": "share:0",
}
LABELS = {"expected": "As expected"}
HEADINGS = {
    "plan": "Missed by",
    "mean": "On average",
    "max": "At most",
    "spent": "Money spent",
    "value": "Value, less the money",
    "low": "Low (90 %)",
    "high": "High (90 %)",
    "max_regret": "Missed at most",
    "first_share": "Best of all in",
}
LIMITS = (
    "What money brings back is what the owners of the budgets expect; no figure here makes it true.",
    "Money of two budgets in one group is taken to bring back what each brings alone, and groups not to take "
    "customers from each other.",
    "People are not limited here; the company-wide limits are the question kpi-constraints.",
)


def say_headline(decision: Decision, options: pd.DataFrame, *, groups: Sequence[str], currency: str) -> str:
    """What is recommended, what it is worth, and against what."""
    best = decision.recommendation
    by = options.set_index("option")
    if decision.choice != best:
        gap = float(by.value[best] - by.value[decision.choice])
        worth = f"{write_amount(abs(gap), currency=currency)} {'more' if gap >= 0 else 'less'} on average"
        return (
            f"The client chose {lower_first(decision.choice)}; the figures recommend {lower_first(best)}, "
            f"worth {worth}."
        )
    row = by.loc[best]
    if best == NOTHING:
        return "No plan is recommended: spending nothing is regretted least of all options."
    span = f"in nine of ten futures {write_span(row.low, row.high, currency=currency)}"
    more = "more" if row.value >= 0 else "less"
    worth = f"worth {write_amount(abs(row.value), currency=currency)} {more} than it costs ({span})"
    plan = _say_groups(best, row.groups.split(", "), groups)
    rivals = {name: words for name, words in RIVALS.items() if name in by.index and name != best}
    if not rivals:
        others = by.drop(index=[name for name in (best, NOTHING) if name in by.index])
        rivals = {str(others.value.idxmax()): ""} if len(others) else {}
    against = [
        f"{write_amount(abs(row.value - by.value[name]), currency=currency)} "
        f"{'more' if row.value >= by.value[name] else 'less'} than "
        f"{words.format(groups=by.groups[name]) or _say_option(name)}"
        for name, words in rivals.items()
    ]
    return f"Money for {plan} is {worth}{', ' if against else ''}{join_words(against)}."


def tell_no_choice(slug: str, declared: Declared, *, notes: Sequence[str]) -> Finding:
    """Without money, or with one group, there is nothing to choose."""
    if declared.money.sum() > 0:
        why, need = f"what money brings back is stated for {declared.groups[0]} alone", RESPONSES
    else:
        why, need = "there is no money in the budgets that it is about", BUDGETS
    return Finding(
        slug=slug,
        status="not_run",
        headline=f"One group deeply or several thinly is no question yet: {why}.",
        table=pd.DataFrame(columns=["option", "spent", "value"]),
        notes=tuple(notes),
        needs=(need,),
    )


def say_robustness(
    tried: Tried,
    held: float,
    again: float,
    flips: pd.DataFrame,
    *,
    rule: str,
    groups: Sequence[str],
    currency: str,
    same: float,
) -> str:
    """In how many futures it stands, and which stated fact would change it."""
    states = tried.states.ceiling.shape[0] * tried.states.ceiling.shape[1]
    near, stands = format_value(same, "share:1"), format_value(again, "share:0")
    text = (
        f"In {format_value(held, 'share:0')} of {states:,} futures no other option is noticeably better (by "
        f"{near} of the best plan's value); "
    )
    if rule == REGRET:
        out = " and each scenario left out in turn" if tried.states.ceiling.shape[0] > 1 else ""
        text += (
            f"with futures drawn anew{out}, the rule of the smallest largest regret still holds it for the "
            f"best, or as good, in {stands}."
        )
    else:
        text += f"on average none is, under {stands} of other probabilities of the scenarios."
    if flips.empty:
        return (
            f"{text} No single stated amount (the ceiling, what brings half, the smallest to begin with) "
            "changes it, even at a quarter or four times what is stated."
        )
    row = next(flips.itertuples())
    return f"{text} What would flip it soonest: {_say_flip(row, groups=groups, currency=currency)}."


def say_plan(declared: Declared, amounts: np.ndarray, name: str, *, currency: str) -> str:
    """How much goes where, by budget, and how much is kept."""
    parts = []
    for b, budget in enumerate(declared.budgets):
        order = np.argsort(-amounts[b], kind="stable")
        listed = [
            f"{write_amount(amounts[b, g], currency=currency)} to {declared.groups[g]}"
            for g in order
            if amounts[b, g] > 0
        ]
        left = declared.money[b] - amounts[b].sum()
        kept = (
            f" ({write_amount(left, currency=currency)} is kept, since it would bring back less than itself)"
            if left > 1e-3 * declared.money[b]
            else ""
        )
        parts.append(f"of {budget} {join_words(listed) or 'nothing'}{kept}")
    return f"“{name}” gives, {'; '.join(parts)}."


def say_rules(options: pd.DataFrame, recommended: str, other: str, *, rule: str, currency: str) -> str:
    """Both rules, and whether they agree."""
    by = options.set_index("option")
    row = by.loc[recommended]
    missed = (
        f"at most {write_amount(row.max_regret, currency=currency)} is missed against whoever had known the "
        f"future, in “{_say_scenario(row.worst_in)}”"
    )
    rules = ("the smallest largest regret", "the largest value on average")
    used, unused = rules if rule == REGRET else rules[::-1]
    column, way = ("max_regret", 1) if rule == REGRET else ("value", -1)
    behind = float((way * (row[column] - options[column])).max())
    short = (
        f" but for {write_amount(behind, currency=currency)}, which these futures cannot tell from nothing"
        if behind >= 1
        else ""
    )
    if other == recommended:
        return f"“{recommended}” has {used}{short}: {missed}. By {unused} it would be recommended too."
    gap = by.loc[other].value - row.value
    return (
        f"The rules differ. “{recommended}” has {used}{short}: {missed}. By {unused} it would be "
        f"“{other}”, on average worth {write_amount(abs(gap), currency=currency)} "
        f"{'more' if gap >= 0 else 'less'}; which rule holds is for the board to say."
    )


def say_twins(
    options: pd.DataFrame, recommended: str, tried: Tried, *, same: float, currency: str
) -> list[str]:
    """Options that are worth the same."""
    value = options.set_index("option").value
    near = [
        f"“{name}” ({write_amount(abs(value[name] - value[recommended]), currency=currency)} apart)"
        for name in tried.names
        if name not in (recommended, NOTHING)
        and abs(value[name] - value[recommended]) <= same * max(value.max(), 0.0)
    ]
    verb = "is" if len(near) == 1 else "are"
    return (
        [
            f"On average {join_words(near)} {verb} worth the same; of equals the one with fewer groups is "
            "recommended."
        ]
        if near
        else []
    )


def say_next_million(priced: pd.DataFrame, *, currency: str) -> list[str]:
    """What one more million of each budget adds."""
    if priced.empty:
        return []
    nothing = priced.gain <= 1e-3 * priced.step
    told = [write_amount(gain, currency=currency) for gain in priced.gain]
    priced = priced.assign(told=np.where(nothing, "nothing", told))
    order = priced.sort_values("gain", ascending=False, kind="stable")
    parts = [f"of {row.limit} {row.told}" for row in order.itertuples()]
    return [f"One more million would add, beyond its own cost: {join_words(parts)}."]


def say_left_out(
    whole: Declared,
    kept: Sequence[str],
    investments: pd.DataFrame,
    groups: Sequence[str],
    scenarios: pd.DataFrame,
) -> list[str]:
    """Groups that are not among the choices."""
    out = [group for group in whole.groups if group not in set(kept)]
    notes = say_unplanned(investments, groups, scenarios)
    if out:
        notes.append(
            f"Choices among {len(kept)} groups are tried; left out, since they would gain least alone: "
            f"{join_words(out)}."
        )
    return notes


def list_assumptions(
    investments: pd.DataFrame,
    scenarios: pd.DataFrame,
    budgets: pd.DataFrame,
    states: States,
    finance: Finance | None,
    *,
    currency: str,
    draws: int,
) -> tuple[Assumption, ...]:
    """Who stated what, and what the playbook assumed."""
    found = [
        Assumption(
            text=f"What money of {budget} brings back in {plural(len(part), 'group')}: "
            f"{say_curve(part, currency=currency)}.",
            owner=join_words(list(dict.fromkeys(part.owner)), last="and"),
        )
        for budget, part in investments.groupby("budget", sort=False)
    ]
    for row in budgets[budgets.item.isin(investments.budget)].itertuples():
        amount = write_amount(float(row.amount), currency=currency)
        found.append(Assumption(text=f"{row.item}: {amount} for {row.horizon}.", owner=row.owner))
    for row in scenarios.drop_duplicates("scenario").itertuples():
        chance = "" if np.isnan(row.probability) else f", {format_value(row.probability, 'share:0')} likely"
        found.append(Assumption(text=f"{row.scenario}{chance}: {row.means}", owner=row.owner))
    if finance is not None:
        rate = format_value(finance.discount_rate, "share:0")
        text = f"Cost of capital {rate} a year; years up to the {finance.horizon_years}th count."
        found.append(Assumption(text=text, owner=finance.owner))
    text = (
        f"Ceilings vary independently of each other between the lowest and the highest thought possible "
        f"(triangular, {draws:,} draws in each scenario)."
    )
    if not states.stated:
        text += " Nobody stated how likely the scenarios are: all futures count the same."
    return (*found, Assumption(text=text, owner="playbook default"))


def _say_option(name: str) -> str:
    return {EQUAL: "all groups equally", TODAY: "the groups as today"}.get(name, name)


def _say_scenario(name: str) -> str:
    return LABELS.get(name, name)


def _say_groups(name: str, own: Sequence[str], groups: Sequence[str]) -> str:
    """``4 of 5 groups (not Aftermarket)``; other options by their name."""
    if name in (EQUAL, TODAY):
        return _say_option(name)
    missing = [group for group in groups if group not in own]
    if not missing:
        return f"all {len(own)} groups" if len(own) > 1 else f"{own[0]} alone"
    short = len(missing) < len(own)
    listed = f"not {join_words(missing, last='or')}" if short else join_words(list(own))
    return f"{len(own)} of {len(groups)} groups ({listed})"


def _say_flip(row, *, groups: Sequence[str], currency: str) -> str:
    """If one stated fact were another, which option it would be."""
    now, stated = (write_amount(value, currency=currency) for value in (row.flips_at, row.stated))
    where = row.group
    fact = {
        CEILING: f"if {row.budget} brought back {now} a year at most in {where}, instead of {stated}",
        HALF_AT: f"if it took {now} of {row.budget} for half of the ceiling in {where}, instead of {stated}",
        MIN_AMOUNT: f"if {row.budget} in {where} could begin with {now} only, instead of {stated}",
    }[row.what]
    name, _, listed = row.then.partition(": ")
    own = listed.split(", ")
    if set(own) >= set(groups) or name == NOTHING:
        return f"{fact}, it would be {_say_option(name)}"
    return f"{fact}, it would be {_say_option(name)} ({join_words(own)})"
