"""Words and the drawing of ``exit-criteria``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segutils.findings import Assumption, Figure
from segutils.formats import format_value, join_words, plural
from segutils.objectives.attractiveness.exit_evidence import EXIT, FIX, MAIN, ExitEvidence, name_part
from segutils.objectives.attractiveness.money_words import say_money

LIMITS = (
    "Costs are those that a group's orders, lines, revenue and customers draw from each pool. A pool that "
    "is booked "
    "at a fixed rate looks avoidable whatever the people behind it do; people are saved only when they do "
    "something "
    "else.",
    "That a group's customers bring others, or also buy what other groups live on, is not in the figures.",
    "A part is described by what its customers did; before it is let go it needs a rule by which it is "
    "recognised.",
)
LEVEL_WORDS = {"CM1": "after the goods", "CM2": "after serving", "CM3": "after selling"}


def label(evidence: ExitEvidence) -> dict[str, str]:
    """Headings of the table."""
    least = format_value(evidence.limit.least, "share:0")
    return {
        "rate": f"Left {LEVEL_WORDS[evidence.limit.level]} (limit {least})",
        "low": "At least",
        "high": "At most",
        "in_a_row": "Quarters in a row below",
        "fit": "Strategic fit",
        "drain": "Resources per margin",
        "left": "Left a year",
        "stands": "Advised in other samples",
    }


def say_headline(evidence: ExitEvidence, failing: pd.DataFrame, *, firm: float, currency: str) -> str:
    """Who fails, by how much and how long, and where it was hidden; what could not be looked at."""
    least = format_value(evidence.limit.least, "share:0")
    where = LEVEL_WORDS[evidence.limit.level]
    if failing.empty:
        return _say_none(evidence, least, where)
    unit = failing.iloc[0]
    loses = "loses" if unit.margin < 0 else "leaves only"
    since = f"for {plural(int(unit.in_a_row), 'quarter')} in a row"
    text = (
        f"{unit['group']} {loses} {say_money(abs(unit.margin), currency)} a year {where} "
        f"({format_value(unit.rate, 'share')} of revenue, limit {least}), {since}"
    )
    if unit.within:
        host = evidence.units.set_index("group").loc[unit.within]
        text += f"; {unit.within} hides it, which leaves {format_value(host.rate, 'share')} as a whole"
    end = {EXIT: "letting it go", FIX: "fixing it"}[unit.advice]
    text = f"{text}; {end} is advised, {_say_reason(evidence, unit)}"
    if unit.advice_share < firm:
        text += f"; that stands in only {_say_share(unit.advice_share)} of other samples"
    return f"{text}."


def _say_none(evidence: ExitEvidence, least: str, where: str) -> str:
    """No unit fails: since all leave enough, since it has not lasted, or since nobody can tell yet."""
    low = evidence.units[evidence.units.within == ""].iloc[0]
    leaves = f"{low['group']}, the lowest, leaves {format_value(low.rate, 'share')} of revenue {where}"
    if evidence.quarters < evidence.limit.periods:
        return (
            f"Whether a group misses the exit criteria cannot be said yet: "
            f"{plural(evidence.limit.periods, 'quarter')} in a row below {least} are asked for and only "
            f"{evidence.quarters} known; {leaves}."
        )
    text = f"No group misses the exit criteria: {leaves} (limit {least}"
    if low.rate < evidence.limit.least:
        asked = f"{evidence.limit.periods} in a row are asked for"
        lasted = f"below it in the last {plural(int(low.in_a_row), 'quarter')}"
        text += f", {lasted if low.in_a_row else 'but not below it in the last quarter'}; {asked}"
    if evidence.parts.empty:
        return f"{text}); no part of a group was large enough to be looked at."
    return f"{text}), and no part of a group is below it beyond chance for so long."


def _say_reason(evidence: ExitEvidence, unit) -> str:
    """Why the first of those that fail is let go, or fixed."""
    served = f"{int(unit.served)} of {plural(int(unit.judged), 'stated objective')}"
    if unit.advice == EXIT:
        return f"as it also serves only {served}"
    if unit.misses_fit:
        return "as letting it go would cost more than it frees"
    if not np.isfinite(evidence.fit_limit):
        return "as nobody stated which fit would keep it"
    return f"as it serves {served}" if unit.judged else "as no stated objective can be held against it"


def _say_share(share: float) -> str:
    """A share of samples; 99.7 % is not all of them."""
    if 0.995 <= share < 1:
        return "more than 99 %"
    return "fewer than 1 %" if 0 < share < 0.005 else format_value(share, "share:0")


def say_robustness(evidence: ExitEvidence, failing: pd.DataFrame, stands: float, *, currency: str) -> str:
    """In which share of samples the advice stands, and the smallest change that turns it."""
    if failing.empty:
        low = evidence.units[evidence.units.within == ""].iloc[0]
        gap = format_value(low.rate - evidence.limit.least, "points")
        return (
            f"In {_say_share(stands)} of other samples of the customers no group fails. "
            f"{low['group']} is "
            f"nearest to the limit, {gap} {'above' if low.rate >= evidence.limit.least else 'from'} it."
        )
    unit = failing.iloc[0]
    parts = [
        f"{unit.advice} stands in {_say_share(stands)} of other samples of the customers: "
        "the margin "
        f"fails in {_say_share(unit.fails_share)}"
    ]
    if np.isfinite(evidence.fit_limit):
        parts[0] += f", the strategic fit in {_say_share(unit.fit_share)}"
    parts[0] += "."
    parts.append(
        "It would be kept if its margin rose by "
        f"{format_value(evidence.limit.least - unit.rate, 'points')} of revenue "
        f"({say_money(unit.shortfall, currency)} a year)"
    )
    if unit.advice == EXIT and unit.judged:
        wanted = int(np.ceil(evidence.fit_limit * unit.judged - 1e-9))
        parts[-1] += (
            f", and fixed rather than let go if it served {wanted} of {int(unit.judged)} stated "
            "objectives instead of "
            f"{int(unit.served)}"
        )
    return " ".join(parts) + "."


def list_notes(
    evidence: ExitEvidence, failing: pd.DataFrame, *, max_drain: float, currency: str
) -> list[str]:
    """What the criteria are, what exit frees and loses, what a fix needs, what was looked at."""
    notes = [_say_criteria(evidence)]
    for unit in failing.head(3).itertuples():
        notes.append(_say_exit(evidence, unit, currency))
        notes.append(_say_fix(evidence, unit, currency))
    if len(failing) > 3:
        notes.append(f"{plural(len(failing) - 3, 'further unit')} below the limit stand in the table.")
    notes += _say_parts(evidence, currency)
    notes += _say_drain(evidence, max_drain)
    notes += _say_fit(evidence)
    return notes


def list_assumptions(evidence: ExitEvidence, max_drain: float) -> list[Assumption]:
    """Limits by their owners, and the playbook's own."""
    level = evidence.limit.level
    text = (
        f"A group is to leave {format_value(evidence.limit.least, 'share:0')} of revenue "
        f"{LEVEL_WORDS[level]} ({level}), "
        f"and fails when it does not for {plural(evidence.limit.periods, 'quarter')} in a row."
    )
    found = [Assumption(text=text, owner=evidence.limit.owner)]
    if np.isfinite(evidence.fit_limit):
        text = f"Strategic fit is to be {format_value(evidence.fit_limit, 'number:2')} at least."
        found.append(Assumption(text=text, owner=evidence.fit_owner))
    text = (
        f"Resources per margin above {format_value(max_drain, 'number:1')} are named as a drain; all "
        "stated objectives "
        "count the same for strategic fit."
    )
    return [*found, Assumption(text=text, owner="playbook default")]


def draw_rates(evidence: ExitEvidence, failing: pd.DataFrame) -> Figure:
    """Each group's margin with its interval, and the parts that were found below the limit."""
    data = evidence.units.sort_values("rate", kind="stable")[["group", "rate", "low", "high"]]
    where, least = LEVEL_WORDS[evidence.limit.level], evidence.limit.least
    if failing.empty:
        low = data.iloc[0]
        title = f"{low['group']} leaves least, {format_value(low.rate, 'share')} of revenue {where}"
    else:
        unit = failing.iloc[0]
        title = f"{unit['group']} leaves {format_value(unit.rate, 'share')} of revenue {where}"
        if unit.within:
            host = evidence.units.set_index("group").rate[unit.within]
            part = unit["group"].removeprefix(f"{unit.within}, ")
            title = (
                f"{unit.within} leaves {format_value(host, 'share')} of revenue {where}; its part, {part}, "
                f"{format_value(unit.rate, 'share')}"
            )
    return Figure(
        kind="dot",
        data=data.reset_index(drop=True),
        x="group",
        y="rate",
        low="low",
        high="high",
        title=title,
        subtitle=(
            f"Contribution margin {where} ({evidence.limit.level}) as a share of net revenue, last four "
            "quarters"
        ),
        alt="; ".join(f"{row.group} {format_value(row.rate, 'share')}" for row in data.itertuples()),
        caption="Lines: 95 % intervals from other samples of the customers.",
        formats={"rate": "share", "low": "share", "high": "share"},
        reference=least,
        reference_label="limit",
        highlight=str(failing["group"].iloc[0]) if len(failing) else None,
    )


def _say_criteria(evidence: ExitEvidence) -> str:
    text = (
        "What misses the margin is fixed; what also misses the strategic fit is let go, if that frees "
        "more than it loses"
    )
    if not np.isfinite(evidence.fit_limit):
        return f"{text}. No limit for the fit is stated, so nothing is let go for it."
    return (
        f"{text}. Strategic fit is the share of the stated objectives that a group serves: its own "
        "measure reaches the "
        "target or is better than the company's, and its share of revenue is within the stated one."
    )


def _say_exit(evidence: ExitEvidence, unit, currency: str) -> str:
    pools = evidence.pools[evidence.pools.unit == unit.group]
    unknown = pools.pool[pools.avoidable.isna() & (pools.cost > 0)].tolist()
    lost = f"{'loses' if unit.cm1 >= 0 else 'saves'} {say_money(abs(unit.cm1), currency)}"
    text = (
        f"Letting {unit.group} go {lost} a year after the goods and frees "
        f"{say_money(unit.frees, currency)} of serving cost that moved with its volumes: "
        f"{say_money(unit.net, currency)} "
        f"a year in all"
    )
    if unit.stays > 0.01 * (unit.frees + unit.stays):
        text += f"; {say_money(unit.stays, currency)} of shared cost stays and falls on the other groups"
    if unknown:
        text += f" ({join_words(unknown)}: the history does not tell, so they count as staying)"
    if unit.beyond > 0:
        text += (
            f". A further {say_money(unit.beyond, currency)} of selling and marketing is booked on it; it "
            "is saved only "
            "if these budgets are cut, and is not counted"
        )
    return f"{text}."


def _say_fix(evidence: ExitEvidence, unit, currency: str) -> str:
    pools = evidence.pools[
        (evidence.pools.unit == unit.group) & (evidence.pools.level == evidence.limit.level)
    ]
    serving = pools.cost.sum()
    ways = ["higher prices at unchanged volumes"]
    if unit.revenue > 0:
        # a higher price also raises the revenue of which the limit asks a share
        rise = unit.shortfall / unit.revenue / (1 - evidence.limit.least)
        ways = [f"prices {format_value(rise, 'share:0')} higher at unchanged volumes"]
    if serving > unit.shortfall:
        ways.append(f"{format_value(unit.shortfall / serving, 'share:0')} less cost of serving")
    text = (
        f"To keep {unit.group} {say_money(unit.shortfall, currency)} a year must be found: "
        f"{join_words(ways, last='or')}"
    )
    if pools.empty or unit.revenue <= 0:
        return f"{text}."
    top = pools.sort_values("cost", ascending=False).iloc[0]
    return (
        f"{text}. Its largest cost is {top.pool} ({say_money(top.cost, currency)}, "
        f"{format_value(top.cost / unit.revenue, 'share:0')} of its revenue)."
    )


def _say_parts(evidence: ExitEvidence, currency: str) -> list[str]:
    parts = evidence.parts
    if parts.empty:
        return []
    columns = join_words([name.replace("_", " ") for name in evidence.looked_by])
    found = parts[parts.found]
    text = (
        f"{plural(len(parts), 'part')} of groups, by {columns}, were looked at, and chance was allowed "
        "for in all of "
        f"them together (Holm): "
    )
    if found.empty:
        return [f"{text}none is below the limit."]
    named = [
        f"{name_part(r.group, r.column, r.value)} ({format_value(r.rate, 'share')}, "
        f"{plural(int(r.customers), 'customer')})"
        for r in found.head(4).itertuples()
    ]
    verb = "is" if len(found) == 1 else "are"
    notes = [f"{text}{join_words(named)} {verb} below the limit."]
    if (found.column == MAIN).any():
        notes.append(
            "What a customer mainly buys is the category on which it has spent most since the data begin, "
            "so that those "
            "who have left count, too."
        )
    return notes


def _say_drain(evidence: ExitEvidence, max_drain: float) -> list[str]:
    units = evidence.units.dropna(subset=["drain"])
    heavy = units[units.drain > max_drain].sort_values("drain", ascending=False)
    text = (
        "Resources per margin set a unit's mean share of orders, lines, tickets, deals, people and costs "
        "against its share "
        "of the margin after the goods"
    )
    if heavy.empty:
        return [f"{text}; none takes more than {format_value(max_drain, 'number:1')} times what it leaves."]
    parts = [
        f"{r.group} takes {format_value(r.resource_share, 'share')} of them for "
        f"{format_value(r.margin_share, 'share')}"
        for r in heavy.head(3).itertuples()
    ]
    return [f"{text}: {join_words(parts)} of that margin."]


def _say_fit(evidence: ExitEvidence) -> list[str]:
    units = evidence.units.dropna(subset=["fit"])
    if units.empty or not np.isfinite(evidence.fit_limit):
        return []
    edge = units[(units.fit - evidence.fit_limit).abs() < 1 / units.judged.clip(lower=1) - 1e-9]
    notes = []
    for unit in edge.head(3).itertuples():
        goals = evidence.goals[(evidence.goals["group"] == unit.group) & evidence.goals.serves.eq(1)]
        served = join_words(goals.kind.tolist()) or "none"
        notes.append(
            f"{unit.group} serves {int(unit.served)} of {int(unit.judged)} objectives ({served}), at the "
            "limit of "
            f"{format_value(evidence.fit_limit, 'number:2')}."
            if abs(unit.fit - evidence.fit_limit) < 1e-9
            else f"{unit.group} serves {int(unit.served)} of {int(unit.judged)} objectives ({served})."
        )
    return notes
