"""How the sizes of segments are told: headline, notes, assumptions, figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segutils.findings import Assumption, Figure
from segutils.formats import format_value, join_words, plural
from segutils.validation.response.break_even import ASSUMED, OPEN, OUT, PAYS, PAYS_NOT, Increments
from segutils.validation.response.segment_costs import RunningCosts


def write_headline(
    table: pd.DataFrame, increments: Increments | None, costs: RunningCosts, currency: str
) -> str:
    """The claim."""
    if increments is None:
        least, most = (table.loc[table["needed_share"].agg(which)] for which in ("idxmin", "idxmax"))
        return (
            f"Dedicated marketing pays if it raises margin by "
            f"{format_value(least['needed_share'], 'share')} in "
            f"{least['segment']}, but by {format_value(most['needed_share'], 'share')} in "
            f"{most['segment']}; whether "
            "it does is not known."
        )
    pays = table.loc[table["verdict"] == PAYS, "segment"].tolist()
    lost = table.loc[table["verdict"].isin([PAYS_NOT, OUT]), "segment"].tolist()
    rest = []
    if lost:
        rest.append(f"{join_words(lost) if len(lost) < 3 else plural(len(lost), 'segment')} {_is(lost)} not")
    if unsure := int((table["verdict"] == OPEN).sum()):
        rest.append(f"{unsure} {'is' if unsure == 1 else 'are'} open")
    if not pays:
        parts = [f"{len(lost)} {'does' if len(lost) == 1 else 'do'} not"] if lost else []
        parts += rest[-1:] if unsure else []
        tail = f": {' and '.join(parts)}" if parts else ""
        hoped = table.loc[(table["verdict"] == OPEN) & (table["net"] > 0), "segment"].tolist()
        test = f"; test {join_words(hoped)} first" if hoped else ""
        return f"No segment is shown to pay for a programme of its own{tail}{test}."
    tail = f"; {' and '.join(rest)}" if rest else ""
    names = join_words(pays) if len(pays) < 3 else plural(len(pays), "segment")
    return f"{names} {_is(pays)} large enough to pay for dedicated marketing{tail}."


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def list_notes(
    table: pd.DataFrame, costs: RunningCosts, increments: Increments | None, currency: str
) -> list[str]:
    """What stands behind the verdicts, most important first."""
    notes = []
    if increments is not None:
        for row in table[table["verdict"] == PAYS_NOT].itertuples():
            notes.append(
                f"{row.segment} has {row.customers:,} customers and would need {row.break_even:,.0f} to "
                "break even."
                if np.isfinite(row.break_even)
                else f"{row.segment} does not break even at any size: "
                + (
                    "none of its customers was contacted in the last year."
                    if increments.contacts.get(row.segment, 1.0) == 0
                    else "contacts cost more than they add."
                )
            )
    for row in table[table["verdict"] == OUT].itertuples():
        notes.append(f"{row.segment} misses the stated limit on {row.missed}, whatever it would bring.")
    if increments is not None and len(increments.contacts):
        notes.append(
            "Added margin is lift times the margin of an average order, less the contact's cost, times the "
            "contacts per customer a year of the segment (see the assumptions)."
        )
    if costs.configuration is not None:
        share = costs.configuration / table["margin"].where(table["margin"] > 0)
        best = table.loc[share.idxmin(), "segment"]
        worst = table.loc[share.idxmax(), "segment"]
        notes.append(
            f"A product configuration of its own "
            f"({format_value(costs.configuration, 'money', currency=currency)} a "
            f"year) would have to raise margin by {format_value(share.min(), 'share')} in {best} and by "
            f"{format_value(share.max(), 'share')} in {worst}; no experiment has measured what one adds."
        )
    else:
        notes.append(
            "What a product configuration of its own would cost is not stated, so only marketing is judged."
        )
    return notes[:5]


def list_cost_assumptions(costs: RunningCosts, currency: str) -> list[Assumption]:
    """What a segment is taken to cost, and by whom."""
    found = [
        Assumption(
            text=f"Running {name or 'a segment'} costs {format_value(amount, 'money', currency=currency)} "
            "a year.",
            owner=costs.owner,
        )
        for name, amount in costs.marketing.items()
    ]
    if costs.configuration is not None:
        amount = format_value(costs.configuration, "money", currency=currency)
        text = f"A product configuration of its own costs {amount} a year."
        found.append(Assumption(text=text, owner=costs.configuration_owner))
    return found


def list_contact_assumptions(increments: Increments | None) -> list[Assumption]:
    """How often a customer of each segment is contacted, and who says so."""
    if increments is None or not len(increments.contacts):
        return []
    each = [f"{name} {format_value(value, 'number:2')}" for name, value in increments.contacts.items()]
    how = (
        "customers go on to be contacted as often as they came up for a campaign in the last year, those of "
        "control groups included"
        if increments.contacts_owner == "measured"
        else "customers are contacted as often as is stated"
    )
    text = f"Contacts per customer a year: {join_words(each)}; {how} ({increments.contacts_basis})."
    return [Assumption(text=text, owner=increments.contacts_owner)]


def list_limit_assumptions(thresholds: pd.DataFrame | None) -> list[Assumption]:
    """The limits, and who set them."""
    found = []
    for line in () if thresholds is None else thresholds.itertuples():
        ends = [f"at least {line.min:,.10g}"] * pd.notna(line.min) + [f"at most {line.max:,.10g}"] * pd.notna(
            line.max
        )
        text = f"A segment needs {line.measure.replace('_', ' ')} of {join_words(ends)}."
        found.append(Assumption(text=text, owner=line.owner))
    return found


def list_limits(increments: Increments | None) -> tuple[str, ...]:
    """What the reader must not conclude."""
    if increments is None:
        return ("How much margin must rise says nothing about whether it will.",)
    if increments.basis == ASSUMED:
        return ("The response is assumed, not measured: the intervals hold the spread of margins only.",)
    return (
        "Contacts are compared with none, not with the same contact sent to everybody: a programme of its "
        "own must beat that, too.",
        "Each contact is taken to work as in the experiments; the last of a year may do less than the first.",
        "Margins are those of orders; an order brought forward from later counts in full.",
    )


def draw_sizes(
    table: pd.DataFrame, increments: Increments | None, costs: RunningCosts, confidence: float, currency: str
) -> tuple[Figure, ...]:
    """Customers over break-even, and the rise in margin that would cover the cost."""
    figures = []
    if increments is not None:
        ordered = table.sort_values("ratio", ascending=False, ignore_index=True)
        pays = int((table["verdict"] == PAYS).sum())
        verb, whose = ("covers", "its") if pays == 1 else ("cover", "their")
        claim = (
            f"{pays} of {plural(len(table), 'segment')} {verb} the cost of a programme of {whose} own"
            if pays
            else f"None of {plural(len(table), 'segment')} is shown to cover the cost of its own programme"
        )
        figures.append(
            Figure(
                kind="dot",
                data=ordered[["segment", "ratio", "low", "high"]],
                x="segment",
                y="ratio",
                low="low",
                high="high",
                reference=1.0,
                reference_label="break-even",
                title=claim,
                subtitle=f"Added margin over yearly cost of the programme by segment, "
                f"{format_value(confidence, 'share:0')} intervals "
                "for all together",
                alt=f"One dot with its interval per segment, and a line at break-even. {claim}.",
                formats={"ratio": "number:1", "low": "number:1", "high": "number:1"},
            )
        )
    need = table.dropna(subset=["needed_share"])
    if len(need):
        parts = [need.assign(item="Dedicated marketing", share=need["needed_share"])]
        if costs.configuration is not None:
            own = need.assign(item="Own product configuration", share=costs.configuration / need["margin"])
            parts.append(own)
        data = pd.concat(parts, ignore_index=True).sort_values("share", kind="stable", ignore_index=True)
        worst = need.loc[need["needed_share"].idxmax()]
        figures.append(
            Figure(
                kind="bar",
                data=data[["segment", "item", "share"]],
                x="segment",
                y="share",
                series="item" if len(parts) > 1 else None,
                title=f"{worst['segment']} would have to bring "
                f"{format_value(worst['needed_share'], 'share:0')} more "
                "margin to carry a programme of its own",
                subtitle="Rise in contribution margin at which the yearly cost is covered, by segment",
                alt="Bars per segment with the rise in margin that would cover the cost.",
                formats={"share": "share"},
            )
        )
    return tuple(figures)
