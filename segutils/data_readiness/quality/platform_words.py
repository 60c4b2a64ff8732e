"""The sentences, tables and figures of the platform choice, computed from its scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segutils.data_readiness.quality.platform_demand import Demand
from segutils.data_readiness.quality.platform_marks import ABILITIES, FACTOR, OWNER, PLACES, STEP
from segutils.data_readiness.quality.platform_scores import Wanted
from segutils.findings import Assumption, Decision, Figure, Finding, Need
from segutils.formats import format_value, join_words, plural

MEASURED, STATED = "measured", "engagement file"
MAX_BARS = 8
MAX_FLIPS = 3
FEW = 1000  # gigabytes that every kind of platform holds
ALIKE = 0.005  # scores that differ by less are the same to a reader
NAMES = {"latency_hours": "latency", "capacity_gb": "capacity"}
MEANS = {
    "volume": "room to grow",
    "latency": "speed",
    "identity": "knowing who is who",
    "activation": "reaching the channels",
    "governance": "keeping to the rules",
    "autonomy": "freedom of the domains",
    "cost": "cost",
}


def find_option(item: str, options: Sequence[str]) -> str | None:
    """The option that a cost line is for: the longest name with which its item starts."""
    named = [option for option in options if item.strip().casefold().startswith(option.casefold())]
    return max(named, key=len) if named else None


def build_requirements(demand: Demand, asked: pd.DataFrame, *, horizon_years: int) -> pd.DataFrame:
    """What a platform must carry and keep: ``requirement, value, unit, stated_by``."""
    small = demand.gigabytes_in(horizon_years) < 1
    size, unit, scale = ("Megabytes", "number:0", 1000) if small else ("Gigabytes", "number:0", 1)
    later = f"{size} in {plural(horizon_years, 'year')} at that pace"
    rows = [
        ("Rows of all tables", float(demand.volumes.rows.sum()), "count", MEASURED),
        (f"{size} of all tables", demand.gigabytes * scale, unit, MEASURED),
        ("Order lines of the last year", demand.lines_last_year, "count", MEASURED),
        ("Growth of order lines on the year before", demand.growth, "change", MEASURED),
        (later, demand.gigabytes_in(horizon_years) * scale, unit, MEASURED),
        ("Source systems to join", demand.systems, "count", MEASURED),
        ("Events without a known customer", demand.anonymous_share, "share", MEASURED),
        ("Channels of campaigns", demand.channels, "count", MEASURED),
        ("Business units", demand.domains, "count", MEASURED),
        ("Columns that hold a consent", float(demand.consent_columns), "count", MEASURED),
        ("Jurisdictions that hold", float(demand.jurisdictions), "count", STATED),
        ("Roles with access", float(demand.grants), "count", STATED),
        ("Roles with access to a part only", float(demand.limited_grants), "count", STATED),
    ]
    words = {
        "latency_hours": ("Hours until a fact is usable, at most", "number:1"),
        "cost_per_year": ("Cost a year, at most", "money"),
        "residency": ("Place of data, at least (1 vendor, 2 own region, 3 premises)", "count"),
    }
    rows += [(words[name][0], line.limit, words[name][1], line.owner) for name, line in asked.iterrows()]
    return pd.DataFrame(rows, columns=["requirement", "value", "unit", "stated_by"])


def withhold(slug: str, demand: Demand, *, needs: Sequence[Need]) -> Finding:
    """No recommendation without requirements: what was measured, and what to state."""
    rows = format_value(demand.volumes.rows.sum(), "count")
    way = "growing" if demand.growth >= 0 else "shrinking"
    pace = format_value(abs(demand.growth), "share:0")
    grown = "" if np.isnan(demand.growth) else f", {way} by {pace} a year"
    held = f"{_gigabytes(demand.gigabytes)}{grown}"
    fits = "would fit on any" if demand.gigabytes < FEW else "do not decide it"
    return Finding(
        slug=slug,
        status="not_run",
        headline=f"No platform is recommended: {rows} rows ({held}) {fits}, and nobody has stated how "
        "fast data must be usable or what a platform may cost.",
        table=demand.volumes.assign(megabytes=demand.volumes.gigabytes * 1000).drop(columns="gigabytes"),
        formats={"rows": "count", "megabytes": "number:2"},
        figures=draw_volumes(demand),
        needs=tuple(needs),
    )


def reject(slug: str, requirements: pd.DataFrame, out: pd.DataFrame) -> Finding:
    """Nothing passes the limits."""
    return Finding(
        slug=slug,
        status="fail",
        headline=f"No kind of platform keeps the stated limits: all {len(out)} are out before scoring.",
        table=requirements,
        formats={"value": "by:unit"},
        notes=tuple(f"{_start(row.option)} is out: {row.reason}." for row in out.itertuples()),
        limits=("One of the limits has to give; which one is not for data to say.",),
    )


def say_headline(
    decision: Decision,
    scores: pd.DataFrame,
    weights: Mapping[str, float],
    marks: pd.DataFrame,
    wanted: Wanted,
    *,
    currency: str,
) -> str:
    """Which kind, why it leads, what it costs."""
    best = decision.recommendation
    if decision.choice != best:
        return f"The client chooses the {decision.choice}; the scores recommend the {best}."
    facts = [f"a fact is usable after {_hours(marks.latency_hours[best])}"]
    if wanted.latency_hours > 0:
        facts[0] += f" ({_hours(wanted.latency_hours)} asked for)"
    cost = decision.options.set_index("option").cost_per_year[best]
    if cost > 0:
        facts.append(f"it costs {format_value(cost, 'money', currency=currency)} a year")
    sentence = f"The {best} fits best: {join_words(facts)}"
    if len(scores) == 1:
        return f"{sentence}; no other kind of platform keeps the stated limits."
    second = decision.options.option[1]
    lead = {name: weights[name] * (scores[name][best] - scores[name][second]) for name in scores.columns}
    ahead = [name for name in sorted(lead, key=lambda name: -lead[name]) if lead[name] > ALIKE][:2]
    if not ahead:
        return f"{sentence}; the {second} does as well."
    return f"{sentence}. It leads the {second} in {join_words([MEANS[name] for name in ahead])}."


def say_robustness(
    option: str, held: Sequence[float], flips: pd.DataFrame, moves: pd.DataFrame, *, cost_error: float
) -> str:
    """How far the recommendation owes to weights and to assumed marks, and what flips it."""
    weights, marks = (format_value(share, "share:0") for share in held)
    error = format_value(cost_error, "share:0")
    changed = int(moves.flips.sum())
    single = (
        f"none of {len(moves)} single marks moved by one step changes it"
        if not changed
        else f"{changed} of {len(moves)} single marks moved by one step change it"
    )
    start = (
        f"Weights: the {option} stays first under {weights} of random ones around those stated. "
        f"Assumptions: it stays first in {marks} of draws in which every mark moves by up to one step "
        f"and every cost by up to {error}; {single}"
    )
    near = flips.dropna(subset=["flip_weight"])
    if near.empty:
        return f"{start}. No weight of a single criterion flips it."
    top = near.iloc[0]
    return (
        f"{start}. What flips it: the {top.winner_then} comes first once {top.criterion} weighs "
        f"{format_value(top.flip_weight, 'share:0')} instead of {format_value(top.weight, 'share:0')}."
    )


def list_notes(
    scores: pd.DataFrame, out: pd.DataFrame, moves: pd.DataFrame, demand: Demand, *, horizon_years: int
) -> list[str]:
    """Who is out, what decides nothing, what each ability is needed for, and which marks matter."""
    notes = [f"{_start(row.option)} is out before scoring: {row.reason}." for row in out.itertuples()]
    same = [name for name in scores.columns if np.ptp(scores[name]) < ALIKE and len(scores) > 1]
    if same:
        verb = "decides" if len(same) == 1 else "decide"
        notes.append(f"{_start(join_words(same))} {verb} nothing: the options do equally well there.")
    if "volume" in scores.columns:
        notes.append(
            f"{_gigabytes(demand.gigabytes_in(horizon_years))} are expected in "
            f"{plural(horizon_years, 'year')}; today there are {_gigabytes(demand.gigabytes)}."
        )
    needs = {name: need for name, need in demand.list_needs().items() if not np.isnan(need)}
    if needs:
        listed = [f"{name} {need:.2f}" for name, need in needs.items()]
        notes.append(f"How much each ability is needed, 0 to 1, by what was measured: {join_words(listed)}.")
    for row in moves[moves.flips].head(MAX_FLIPS).itertuples():
        way = "better" if row.step > 0 else "worse"
        notes.append(
            f"If the {NAMES.get(row.mark, row.mark)} of the {row.option} were one step {way}, the "
            f"{row.first} would come first."
        )
    return notes


def list_assumptions(
    marks: pd.DataFrame, costs: pd.DataFrame | None, yearly: pd.Series, *, currency: str
) -> tuple[Assumption, ...]:
    """Every assumed number with its owner: marks by option, and cost lines."""
    found = []
    for option, part in marks.groupby("option", sort=False):
        value = part.set_index("mark").value
        abilities = ", ".join(f"{name} {value[name]:g}" for name in ABILITIES)
        owners = part.owner[part.owner != OWNER].unique().tolist()
        replaced = join_words([NAMES.get(mark, mark) for mark in part["mark"][part.owner != OWNER]])
        found.append(
            Assumption(
                text=f"{_start(option)}: usable after {_hours(value.latency_hours)}, up to "
                f"{value.capacity_gb:,.0f} GB, {abilities}; data lie {PLACES[int(value.residency)]} "
                f"({part.note.iloc[0]}).",
                owner=OWNER if not owners else f"{OWNER}, except {replaced}: {join_words(owners)}",
            )
        )
    found.append(
        Assumption(
            text=f"Abilities are marked in steps of {STEP:g}; a step of latency or capacity is a factor of "
            f"{FACTOR:g}.",
            owner=OWNER,
        )
    )
    lines = [] if costs is None else costs[costs.per == "company"].to_dict("records")
    for line in lines:
        if (option := find_option(line["item"], list(yearly.index))) is None:
            continue
        amount = format_value(line["amount"], "money", currency=currency)
        every = f"every {line['every']}" if isinstance(line["every"], str) else "once"
        found.append(Assumption(text=f"{_start(line['item'])}: {amount} {every}.", owner=line["owner"]))
    return tuple(found)


def draw_scores(scores: pd.DataFrame, options: pd.DataFrame, recommended: str) -> Figure:
    """Options by criteria."""
    long = scores.loc[options.option].reset_index(names="option")
    long = long.melt("option", var_name="criterion", value_name="score")
    order = {name: rank for rank, name in enumerate(options.option)}
    long = long.sort_values("option", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    low = scores.loc[recommended].idxmin()
    title = (
        f"The {recommended} comes first; its weakest point is {MEANS[str(low)]}"
        if len(scores) > 1
        else f"Only the {recommended} keeps the limits; its weakest point is {MEANS[str(low)]}"
    )
    return Figure(
        kind="heatmap",
        data=long,
        x="criterion",
        y="score",
        series="option",
        title=title,
        subtitle="Kinds of platform by criterion, 0 = of no use here, 1 = could not be better",
        alt=f"Matrix of {plural(len(scores), 'option')} by "
        f"{plural(len(scores.columns), 'criterion', 'criteria')}. {title}.",
        formats={"score": "number:2"},
        highlight=recommended,
    )


def draw_volumes(demand: Demand) -> tuple[Figure, ...]:
    """Where the volume lies."""
    data = demand.volumes.dropna(subset=["gigabytes"]).head(MAX_BARS).reset_index(drop=True)
    if data.empty or not demand.gigabytes > 0:
        return ()
    top = data.iloc[0]
    share = format_value(top.gigabytes / demand.gigabytes, "share:0")
    name = _start(top.table.replace("_", " "))
    title = f"{name} make up {share} of the {_gigabytes(demand.gigabytes)}"
    data["table"] = data.table.str.replace("_", " ")
    figure = Figure(
        kind="bar",
        data=data.assign(megabytes=data.gigabytes * 1000)[["table", "megabytes", "rows"]],
        x="table",
        y="megabytes",
        title=title,
        subtitle="Tables by size, megabytes uncompressed"
        + (f", the largest {MAX_BARS}" if len(demand.volumes) > MAX_BARS else ""),
        alt=f"Bars of {plural(len(data), 'table')}. {title}.",
        formats={"megabytes": "number:1", "rows": "count"},
    )
    return (figure,)


def _gigabytes(value: float) -> str:
    return f"{value * 1000:,.0f} MB" if value < 1 else f"{value:,.0f} GB"


def _hours(value: float) -> str:
    if value < 1:
        return plural(max(1, round(value * 60)), "minute")
    return plural(round(value), "hour") if float(value).is_integer() else f"{value:,.1f} hours"


def _start(text: str) -> str:
    return text[:1].upper() + text[1:]
