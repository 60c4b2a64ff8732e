"""Notes of ``kpi-constraints``: what else a reader must know of the best plan, computed from the plans."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segutils.formats import format_value, join_words, lower_first
from segutils.objectives.portfolio.amounts import write_amount, write_span
from segutils.objectives.portfolio.constraint_stability import Stability
from segutils.objectives.portfolio.investments import EXPECTED
from segutils.objectives.portfolio.plan_setting import Setting
from segutils.objectives.portfolio.result_floor import Floor
from segutils.objectives.portfolio.result_lines import COST, GUESSED, INCOMES, LEFT_OUT, SUM
from segutils.statistics.allocation import Allocation

SMALL = 1e-4  # share of the best plan's worth below which another plan is the same
NEAR = 0.005  # share of revenue within which two figures of EBITDA are one
SAME = 0.1  # relative difference from which the price at the margin is mentioned


def is_people(words: str) -> bool:
    """Whether a limit is one of people, not of money."""
    return words.startswith("people in ")


def list_notes(
    options: pd.DataFrame,
    table: pd.DataFrame,
    best: Allocation,
    stability: Stability,
    floor: Floor | None,
    *,
    currency: str,
) -> list[str]:
    """What habit costs and lifting would bring, what is left, how sure it is, the floor, prices, futures."""
    by = options.set_index("option")
    notes = [
        *_say_others(by, currency),
        *_say_unspent(best, currency),
        *_say_spread(stability, currency),
        *(_say_price(row, currency) for row in table[table.binds].itertuples()),
    ]
    if floor is not None:
        notes.append(
            f"{say_result(floor, currency)} With this plan it would be "
            f"{format_value(by.ebitda_rate.iloc[0], 'share:1')} in its first year."
        )
        notes += _say_doubt(floor, currency)
    others = stability.futures[stability.futures.future != EXPECTED]
    top = best.by_group().index[0] if len(best.by_group()) else ""
    told = [
        f"{format_value(row.kept, 'share:0')} if “{row.future}”"
        + (f" (where {row.first or 'nobody'} gets most)" if row.first != top else "")
        for row in others[others.kept.notna()].itertuples()
    ]
    if told:
        notes.append(
            f"Of what the best plan would bring in other futures, this one brings {join_words(told)}."
        )
    lost = [
        f"“{row.future}” (the plan would be worth {write_amount(row.mine, currency=currency)})"
        for row in others[others.kept.isna()].itertuples()
    ]
    if lost:
        notes.append(f"Nothing would be worth spending if {join_words(lost)}.")
    return [note for note in notes if note]


def _say_others(by: pd.DataFrame, currency: str) -> list[str]:
    """The plans that are not recommended, against the one that is."""
    less, more = [], []
    for name in by.index[1:]:
        row = by.loc[name]
        gap = write_amount(abs(row.worth - float(by.worth.iloc[0])), currency=currency)
        if not row.keeps_limits:
            more.append(f"“{lower_first(name)}” is worth {gap} more")
        elif row.money > 0 and row.worth < float(by.worth.iloc[0]) - SMALL * abs(float(by.worth.iloc[0])):
            less.append(f"“{lower_first(name)}” {gap} less")
    return [
        *([f"Worth against the best plan, cut back to the limits: {join_words(less)}."] if less else []),
        *([f"What the limits cost: {join_words(more)}."] if more else []),
    ]


def _say_unspent(best: Allocation, currency: str) -> list[str]:
    spent = best.amounts.groupby("budget", sort=False).amount.sum()
    allowed = best.limits.set_index("limit").amount.reindex(spent.index)
    left = (allowed - spent)[allowed - spent > 1e-6 * allowed]
    parts = [f"{write_amount(money, currency=currency)} of {name}" for name, money in left.items()]
    return [f"Better left unspent under these limits: {join_words(parts)}."] if parts else []


def _say_spread(stability: Stability, currency: str) -> list[str]:
    """What the plan is worth in the draws, and what it misses of the best plan of each."""
    mine, lost = stability.draws.mine, format_value(1 - stability.draws.kept.mean(), "share:1")
    if mine.empty or not mine.max() > mine.min():
        return []
    span = write_span(mine.quantile(0.05), mine.quantile(0.95), currency=currency)
    return [
        f"As it stands, the plan is worth {span} in the middle 90 % of draws, and misses {lost} of the best "
        "plan's worth on average."
    ]


def _say_price(row, currency: str) -> str:
    """Why one more is worth otherwise than the price at the margin says; nothing where it is not."""
    gain, margin = row.worth_of_one_more, row.shadow_price
    if abs(gain - margin) <= SAME * max(gain, margin):
        return ""
    begin = row.one_more if is_people(row.limit) else f"{row.limit}: {row.one_more}"
    why = "as returns diminish" if gain < margin else "as something new could be begun"
    worth, price = (write_amount(value, currency=currency) for value in (gain, margin))
    return (
        f"{begin[:1].upper()}{begin[1:]} would be worth {worth} (by the price at the margin {price}; {why})."
    )


def say_result(floor: Floor, currency: str) -> str:
    """EBITDA of the year that was read, of which lines it is made, and the floor."""
    result = floor.result
    used = result.lines[result.lines.counted_as.isin([COST, GUESSED, INCOMES])].line.tolist()
    left = result.lines[result.lines.counted_as.isin([LEFT_OUT, SUM])].line.tolist()
    return (
        f"EBITDA was {format_value(result.rate, 'share:1')} of revenue in the year to {result.last:%Y-%m-%d} "
        f"({write_amount(result.ebitda, currency=currency)} of "
        f"{write_amount(result.revenue, currency=currency)}; revenue less {join_words(used)}"
        + (f"; left out: {join_words(left)}" if left else "")
        + f"); the floor is {format_value(floor.rate, 'share:1')}."
    )


def _say_doubt(floor: Floor, currency: str) -> list[str]:
    """Where lines may be counted wrongly: a sum of the table that differs, names that nothing tells."""
    result, notes = floor.result, []
    if np.isfinite(result.told) and abs(result.told - result.ebitda) > NEAR * result.revenue:
        notes.append(
            f"The table's own line of EBITDA says {write_amount(result.told, currency=currency)}: lines are "
            "counted otherwise there."
        )
    guessed = result.lines[result.lines.counted_as == GUESSED]
    if len(guessed):
        told = [
            f"“{row.line}” ({write_amount(abs(row.amount), currency=currency)})"
            for row in guessed.itertuples()
        ]
        notes.append(f"Counted as a cost, as nothing in the name tells what it is: {join_words(told)}.")
    if not result.goods:
        notes.append(
            "No line of the result is called goods or material, so new revenue is taken to need none; "
            "name it: parameters: {1_3_portfolio: {goods_line: Wareneinsatz}}."
        )
    return notes


def say_people(investments: pd.DataFrame, setting: Setting, best: Allocation) -> list[str]:
    """Teams whom the plan binds though nobody limits them."""
    limited = {limit.name for limit in setting.limits}
    used: dict[str, float] = {}
    for people, amount in zip(investments.people, best.amounts.amount, strict=True):
        for team, number in people.items():
            if f"people_{team}" not in limited:
                used[team] = used.get(team, 0.0) + number * amount / 1e6
    parts = [f"{number:,.0f} people in {team}" for team, number in used.items() if number >= 0.5]
    return [f"Not limited by anybody, though the plan binds them: {join_words(parts)}."] if parts else []
