"""Limits of the company that are stated and cannot be held against any plan, and why: they are never kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from segutils.findings import Assumption, Need
from segutils.formats import format_value, join_words
from segutils.objectives.portfolio.investments import PEOPLE
from segutils.objectives.portfolio.result_floor import MEASURE, PNL, UNTOLD, Result
from segutils.objectives.portfolio.result_lines import COST, GUESSED, INCOMES, LEFT_OUT, SUM, write_fix

EBITDA = "EBITDA as a share of revenue"


@dataclass(frozen=True, kw_only=True)
class Untried:
    """A stated limit that no plan was held against.

    Parameters
    ----------
    limit : str
        Its words, as among the limits that are kept.
    owner : str
    allowed : float
    unit : str
        Format of `allowed`.
    why : str
    need : Need
        What to ask for.
    """

    limit: str
    owner: str
    allowed: float
    unit: str
    why: str
    need: Need


def list_untried(
    thresholds: pd.DataFrame, investments: pd.DataFrame, result: Result | None, why: str = ""
) -> list[Untried]:
    """Which stated limits can be held against no plan?

    Parameters
    ----------
    thresholds : pandas.DataFrame
        ``measure, min, max, owner`` of kpi-constraints.
    investments : pandas.DataFrame
        From :func:`~segutils.objectives.portfolio.investments.build_investments`.
    result : Result, optional
    why : str
        Why there is no result, from :func:`~segutils.objectives.portfolio.result_floor.say_unread`.

    Returns
    -------
    list of Untried
        The floor under EBITDA without a result, and people of teams whom no response binds.
    """
    found = []
    floors = thresholds[(thresholds.measure == MEASURE) & np.isfinite(thresholds["min"].astype(float))]
    if len(floors) and result is None:
        row = floors.loc[floors["min"].astype(float).idxmax()]
        told = {"limit": EBITDA, "owner": str(row.owner), "allowed": float(row["min"]), "unit": "share:1"}
        reason = why or "the result of the last year is not known"
        found.append(Untried(**told, why=reason, need=_ask_result(why)))
    bound = {team for people in investments.people for team, number in people.items() if number > 0}
    for row in thresholds[thresholds.measure.str.startswith(PEOPLE)].itertuples():
        team = row.measure.removeprefix(PEOPLE)
        if team in bound or not np.isfinite(row.max):
            continue
        need = Need(
            question=f"How many people in {team} does one million of each budget bind?",
            table="engagement file",
            columns=(f"responses: people: {{{team}: 3}}",),
        )
        told = {"limit": f"people in {team}", "owner": row.owner, "allowed": float(row.max)}
        why_not = f"nobody states how many people in {team} the money binds"
        found.append(Untried(**told, unit="number:1", why=why_not, need=need))
    return found


def _ask_result(why: str) -> Need:
    """A year of results, and how to say how long a period is where that is what is lacking."""
    if UNTOLD not in why:
        return PNL
    return replace(PNL, columns=(*PNL.columns, "parameters: {1_3_portfolio: {pnl_period_months: 12}}"))


def say_untried(untried: Sequence[Untried]) -> str:
    """``Not held against: EBITDA as a share of revenue (8.0 %).``; empty where all limits were tried."""
    told = [f"{line.limit} ({format_value(line.allowed, line.unit)})" for line in untried]
    return f"Not held against: {join_words(told)}." if told else ""


def note_untried(untried: Sequence[Untried]) -> list[str]:
    """Why, and that nothing is said of whether they are kept."""
    return [
        f"{line.limit[:1].upper()}{line.limit[1:]}: the stated limit of "
        f"{format_value(line.allowed, line.unit)} was held against no plan, as {line.why}. Whether the plans "
        "keep it is not known."
        for line in untried
    ]


def add_untried(table: pd.DataFrame, untried: Sequence[Untried]) -> pd.DataFrame:
    """The table of limits with those that were not tried: nothing is said of what plans use of them."""
    if not untried:
        return table
    kept = table[~table.limit.isin([line.limit for line in untried])].assign(not_held="")
    rows = [
        {
            **{"limit": line.limit, "owner": line.owner, "allowed": line.allowed, "unit": line.unit},
            **{"one_more": "", "not_held": line.why},
        }
        for line in untried
    ]
    whole = pd.concat([kept.astype({"binds": object}), pd.DataFrame(rows)], ignore_index=True)
    return whole.assign(binds=whole.binds.astype(object).where(whole.binds.notna(), None))


def tell_lines(result: Result | None, owner: str) -> tuple[Assumption, ...]:
    """How each line of the result was counted, so that whoever knows better can say so."""
    if result is None:
        return ()
    kinds = result.lines.groupby("counted_as", sort=False).line.agg(list)
    goods = f" (of them the goods: {join_words(result.goods)})" if result.goods else ""
    parts = [
        f"{words} {join_words(kinds[kind])}{goods if kind == COST else ''}"
        for kind, words in (
            *(("revenue", "revenue is"), (INCOMES, "income is"), (COST, "costs are")),
            (GUESSED, "a cost, as nothing in the name tells, is"),
            *((LEFT_OUT, "below EBITDA and left out"), (SUM, "sums and left out")),
        )
        if kind in kinds
    ]
    line = kinds.get(GUESSED, kinds.get(COST, ["Interest"]))[-1]
    text = (
        f"Lines of the result, counted by what they are called unless stated: {'; '.join(parts)}. "
        f"{owner or 'Finance'} may tell otherwise, such as {write_fix(line, 'below')}."
    )
    return (Assumption(text=text, owner="playbook default"),)


def need_lines(result: Result | None) -> tuple[Need, ...]:
    """Lines to ask about: those that nothing in their names tells."""
    if result is None:
        return ()
    lines = result.lines.line[result.lines.counted_as == GUESSED]
    return tuple(
        Need(
            question=f"Is the line “{line}” of the result an income, a cost, below EBITDA or a subtotal?",
            table="engagement file",
            columns=(write_fix(line, "cost"),),
        )
        for line in lines
    )
