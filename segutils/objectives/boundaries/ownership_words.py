"""Words and drawings of ``ownership``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.findings import Decision, Figure
from segutils.formats import format_value, join_words, plural
from segutils.objectives.boundaries.flips import write_above, write_below
from segutils.objectives.boundaries.ownership_rules import BY_LINE, ESCALATE, LEAD, MATRIX, Limits
from segutils.objectives.boundaries.ownership_sums import UnitSums

NAMES = {
    LEAD: "Largest unit leads",
    BY_LINE: "Split by product line",
    MATRIX: "Matrix, one accountable",
    ESCALATE: "Escalate",
}
NOBODY = "nobody named"
NAMED = 0.01  # share of a group's revenue from which a product line is named


def name_option(way: str, row) -> str:
    """An arrangement as an option for one group."""
    return {
        LEAD: f"{row.unit} leads",
        BY_LINE: "Split by product line",
        MATRIX: f"Matrix, {row.unit} accountable",
        ESCALATE: "Escalate",
    }[way]


def name_accountable(row, people: Mapping[str, str], escalation: str, *, way: str = "") -> str:
    """Who is accountable under an arrangement."""
    way = way or row.arrangement
    lead = people.get(row.unit, NOBODY)
    if way == ESCALATE:
        return escalation or NOBODY
    if way == BY_LINE:
        return join_words([lead, people.get(row.second, NOBODY)])
    return lead


def write_span(low: float, high: float) -> str:
    """An interval of shares."""
    return f"{format_value(low, 'share')} to {format_value(high, 'share')}"


def say_override(decision: Decision, row) -> str:
    """The client's own choice beside what revenue leads to; empty where there is none."""
    if decision.choice == decision.recommendation:
        return ""
    own, led = decision.choice, decision.recommendation
    return f"The client decides for {row['group']}: {own}; its revenue leads to: {led}."


def say_headline(
    scored: pd.DataFrame, limits: Limits, nameless: list[str], claimed: Mapping[str, list[str]]
) -> str:
    """How many groups have one owner, which have not, and who has nobody, or two."""
    led = scored[scored.arrangement == LEAD]
    mark = format_value(limits.min_share, "share:0")
    whole = plural(len(scored), "group")
    weakest = scored.sort_values(["share", "group"], kind="stable").iloc[0]
    if len(led) == len(scored):
        owned = ", so each has one owner" if not nameless and not claimed else ""
        first = f"One unit brings {mark} of net revenue or more in each of {whole}{owned}"
        if len(scored) == 1:
            owned = " and owns it" if owned else ""
            first = f"{weakest.unit} brings {mark} of net revenue or more in {weakest['group']}{owned}"
        end = (
            f"; {weakest['group']} least surely, {format_value(weakest.share, 'share:0')} of it with "
            f"{weakest.unit}"
            if len(scored) > 1 and weakest.second_share > 0
            else ""
        )
    else:
        open_ones = scored[scored.arrangement != LEAD]
        parts = [
            f"{row['group']} ({NAMES[row.arrangement].lower()})" for _, row in open_ones.head(4).iterrows()
        ]
        rest = f" and {len(open_ones) - 4} more" if len(open_ones) > 4 else ""
        listed = f"{join_words(parts)}{rest}"
        first = f"{len(led)} of {whole} have a unit with {mark} of net revenue; contested: {listed}"
        end = ""
    named = f"; nobody is named for {join_words(nameless)}" if nameless else ""
    twice = [f"{join_words(who)} for {unit}" for unit, who in claimed.items()]
    named += f"; two people answer where one should: {'; '.join(twice)}" if twice else ""
    return f"{first}{end}{named}."


def say_spans(sums: UnitSums, scored: pd.DataFrame, *, min_span: float, currency: str) -> list[str]:
    """What is negotiated in the groups that span units."""
    spanning = scored[scored.second_share >= min_span]
    if spanning.empty:
        share = format_value(min_span, "share:0")
        return [f"No group spans units: a second unit has less than {share} of net revenue in every group."]
    said = []
    for row in spanning.sort_values("second_share", ascending=False, kind="stable").itertuples():
        part = sums.table[(sums.table["group"] == row.group) & (sums.table.unit == row.second)]
        amount = format_value(part.net_revenue.sum(), "money", currency=currency)
        margin = part.margin.sum(min_count=1)
        left = f", margin {format_value(margin, 'money', currency=currency)}" if np.isfinite(margin) else ""
        buyers = int(part[part.net_revenue > 0].customer_id.nunique())
        lines = _list_lines(sums, row)
        most = f", above all {join_words(lines)} of the group's net revenue" if lines else ""
        said.append(
            f"{row.group} spans units: {row.second} has {format_value(row.second_share, 'share:0')} of its "
            f"net revenue ({amount} a year{left}, {plural(buyers, 'customer')}{most}). What either would "
            "give and get stands on the negotiation sheet."
        )
    return said


def say_unsure(unsure: pd.DataFrame) -> list[str]:
    """Groups whose arrangement does not stand under other customers and limits."""
    if unsure.empty:
        return []
    parts = [f"{row.group} in {format_value(row.stands, 'share:0')}" for row in unsure.itertuples()]
    verb = "arrangement stands" if len(unsure) == 1 else "arrangements stand"
    return [f"Not firm: of other samples of customers and limits, the {verb} for {join_words(parts)} only."]


def say_filed(scored: pd.DataFrame) -> list[str]:
    """Groups whose customers are filed under another unit than the one they buy from most."""
    known = scored[scored.filed_share.notna()]
    if known.empty:
        return []
    wrong = known[known.filed_share < 0.5]
    if len(wrong):
        parts = [
            f"{row.group} ({format_value(1 - row.filed_share, 'share:0')})" for row in wrong.itertuples()
        ]
        groups = join_words(parts)
        return [f"Most customers of {groups} are filed under another unit than the one they buy from most."]
    least = known.sort_values(["filed_share", "group"], kind="stable").iloc[0]
    return [
        "In every group most customers are filed under the unit that they buy from most; in "
        f"{least['group']} {format_value(1 - least.filed_share, 'share:0')} are filed under another."
    ]


def _list_lines(sums: UnitSums, row, *, most: int = 2) -> list[str]:
    """The largest product lines of what the second unit has in a group, with their share of the group."""
    lines = sums.lines[(sums.lines["group"] == row.group) & (sums.lines.unit == row.second)]
    whole = sums.lines[sums.lines["group"] == row.group].net_revenue.sum()
    if whole <= 0:
        return []
    lines = lines[lines.net_revenue >= NAMED * whole].head(most)
    return [
        f"{line.product_line} {format_value(line.net_revenue / whole, 'share:0')}"
        for line in lines.itertuples()
    ]


def say_robustness(row, limits: Limits) -> str:
    """Other customers, other limits, both; what flips it."""
    chosen = name_option(row.arrangement, row)
    share = {name: format_value(row[f"stands_{name}"], "share:0") for name in ("customers", "limits")}
    text = (
        f"“{chosen}” stands in {share['customers']} of other samples of customers, under {share['limits']} "
        f"of limits up to 20 % higher or lower, and in {format_value(row.stands, 'share:0')} of both at once."
    )
    mark = format_value(limits.min_share, "share:0")
    if row.arrangement == LEAD:
        return (
            f"{text} It flips where more than {write_above(row.share)} of revenue is asked for (now {mark})."
        )
    text += f" One unit would lead where {write_below(row.share)} of revenue were enough (now {mark})"
    if row.arrangement != BY_LINE:
        at = write_above(row.shared)
        text += f"; it could be split by product line if {at} of buyers might meet several owners"
    return f"{text}."


def draw_units(sums: UnitSums, scored: pd.DataFrame, limits: Limits) -> tuple[Figure, ...]:
    """Revenue of each group by unit."""
    table = sums.table.groupby(["group", "unit"], as_index=False).net_revenue.sum()
    table["net_revenue"] = table.net_revenue.clip(lower=0)
    whole = table.groupby("group").net_revenue.transform("sum")
    table["share"] = table.net_revenue / whole.where(whole > 0)
    order = {group: n for n, group in enumerate(scored["group"])}
    size = table.groupby("unit").net_revenue.sum().sort_values(ascending=False, kind="stable")
    rank = {unit: n for n, unit in enumerate(size.index)}
    table = table[table["group"].isin(order)].assign(at=table["group"].map(order), rank=table.unit.map(rank))
    table = table.sort_values(["at", "rank"], ignore_index=True)
    if len(size) < 2:
        return ()
    led = int((scored.arrangement == LEAD).sum())
    mark = format_value(limits.min_share, "share:0")
    weakest = scored.sort_values(["share", "group"], kind="stable").iloc[0]
    told = "; ".join(f"{r.group}: {r.unit} {format_value(r.share, 'share:0')}" for r in scored.itertuples())
    return (
        Figure(
            kind="bar",
            data=table[["group", "unit", "share"]],
            x="group",
            y="share",
            series="unit",
            stacked=True,
            title=f"In {led} of {plural(len(scored), 'group')} one unit has {mark} of net revenue; least in "
            f"{weakest['group']} ({format_value(weakest.share, 'share:0')})",
            subtitle=f"Groups by business unit, {plural(sums.days, 'day')}, share of net revenue",
            alt=f"Stacked bars of revenue by unit. Largest unit of each group: {told}.",
            caption=f"Revenue is divided by {sums.basis}.",
            formats={"share": "share:0"},
        ),
    )
