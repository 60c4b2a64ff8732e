"""Words of ``objective-choice``: its table, headline and robustness, assumptions and limits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.findings import Assumption, Decision
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.objectives.attractiveness.money_words import say_money, say_span
from segutils.objectives.attractiveness.objective_scores import KEEP, list_valued
from segutils.objectives.attractiveness.stakes import (
    DIVERSIFY,
    GROWTH,
    KINDS,
    MEASURES,
    PROFIT,
    RETENTION,
    SHARE,
    Stakes,
)

LABELS = {
    "objective": "Objective",
    "at_stake": "At stake a year",
    "low": "At least",
    "high": "At most",
    "capacity": "Capacity",
    "within_capacity": "At stake times capacity",
    "made_of": "What is at stake",
    "target": "Stated target",
}
MEASURE_FORMATS = {"revenue_growth": "change"}
MADE_OF = {
    GROWTH: (
        "what the markets' growth brings at today's share; and what markets below our usual share would bring"
    ),
    SHARE: "the gap of each market to our best comparable one",
    RETENTION: "what customers who are expected to leave would have brought",
    PROFIT: "the gap of each group's margin to its best comparable region",
    DIVERSIFY: "not valued: nobody knows how likely the largest group is lost",
}
LACKING = {
    GROWTH: "not valued: market figures lack",
    SHARE: "not valued: market figures lack",
    PROFIT: "not valued: margins, or comparable regions, are not known",
}


def build_table(scores: pd.DataFrame, objectives: pd.DataFrame, stakes: Stakes) -> pd.DataFrame:
    """One row per kind of objective: what is at stake, and what is stated."""
    rows = scores[scores.kind != ""].set_index("kind")
    order = [*rows.index, *(kind for kind in KINDS if kind not in rows.index)]
    columns = ["at_stake", "low", "high", "capacity", "within_capacity"]
    table = rows.reindex(order)[columns].astype(float).reset_index(drop=True)
    table.insert(0, "objective", [kind.capitalize() for kind in order])
    valued = stakes.totals.index
    table["made_of"] = [MADE_OF[k] if k in valued else LACKING.get(k, MADE_OF[k]) for k in order]
    if len(objectives):
        table["target"] = [_say_targets(objectives, kind, stakes) for kind in order]
    else:
        table = table.drop(columns=["capacity", "within_capacity"])
    return table


def say_headline(
    scores: pd.DataFrame,
    decision: Decision | None,
    once: Mapping[str, str],
    stakes: Stakes,
    *,
    currency: str,
) -> str:
    """Who leads, by how much, and whether that hangs on what is counted twice."""
    valued = list_valued(scores)
    if decision is None:
        row = valued.iloc[0]
        return (
            f"{row.option} is the only objective that can be valued: {say_money(row.at_stake, currency)} of "
            f"{stakes.ladder.basis_words} a year ({say_span(row.low, row.high, currency)}) "
            f"{_tail(row.kind, stakes)}; whether another objective is worth more cannot be said."
        )
    best = decision.recommendation
    share = format_value(decision.robustness_share, "share:0")
    if decision.choice != best:
        return (
            f"The client puts {lower_first(decision.choice)} first; its numbers recommend "
            f"{lower_first(best)}."
        )
    if best == KEEP:
        return (
            "No objective has anything at stake beyond chance, so the numbers give no reason to change "
            "course."
        )
    first, second = valued.iloc[0], valued.iloc[1]
    text = (
        f"{best} comes first: {say_money(first.at_stake, currency)} a year is at stake, "
        f"{say_money(first.within_capacity, currency)} of it within today's capacity, against "
        f"{say_money(second.within_capacity, currency)} for {lower_first(second.option)}; it stays first "
        f"in {share} of the cases that data and capacities leave open"
    )
    other = next((name for name in once.values() if name != best), "")
    return (
        f"{text}, but {lower_first(other)} leads if what both count is counted there."
        if other
        else f"{text}."
    )


def say_robustness(
    scores: pd.DataFrame, recommended: str, flips: pd.DataFrame, *, draws: int, currency: str
) -> str:
    """How often it stands, against what; the capacity and the value at which another one leads."""
    row = scores.set_index("option").loc[recommended]
    shares = [
        format_value(row[name], "share:0") for name in ("first_samples", "first_capacities", "first_share")
    ]
    text = (
        f"{recommended} comes first in {shares[0]} of the cases that the data leave open, in {shares[1]} of "
        f"{draws:,} random capacities around those stated, and in {shares[2]} of both at once; with equal "
        f"capacities in {format_value(row.first_equal, 'share:0')} of the cases."
    )
    said = []
    for flip in flips.itertuples():
        name = lower_first(flip.option)
        ways = []
        if not np.isnan(flip.flip_capacity):
            ways.append(
                f"its capacity were {format_value(flip.flip_capacity, 'number:2')} instead of "
                f"{format_value(flip.capacity, 'number:2')}"
            )
        if flip.leader_capacity > 0:
            ways.append(
                f"that of {lower_first(recommended)} fell below "
                f"{format_value(flip.leader_capacity, 'number:2')}"
            )
        if not np.isnan(flip.flip_value):
            ways.append(f"{say_money(flip.flip_value, currency)} were at stake in it")
        said.append(f"{name} if {join_words(ways, last='or')}")
    return f"{text} Would come first instead: {'; '.join(said)}." if said and recommended != KEEP else text


def list_assumptions(scores: pd.DataFrame, objectives: pd.DataFrame, stakes: Stakes) -> list[Assumption]:
    """Capacities by their owners; where nobody stated one, what stands in for it."""
    found = []
    for line in objectives.dropna(subset=["capacity"]).itertuples():
        text = f"Capacity for {line.kind} is {format_value(line.capacity, 'number:2')} (0 none, 1 all of it)."
        found.append(Assumption(text=text, owner=line.owner))
    valued = list_valued(scores)
    if len(objectives) and not valued.is_stated.all():
        names = join_words([lower_first(name) for name in valued.option[~valued.is_stated]])
        text = f"Capacity for {names}, which nobody stated, is the mean of those stated."
        found.append(Assumption(text=text, owner="playbook default"))
    if stakes.markets is not None:
        text = f"Comparable are {stakes.markets.compared}; further gaps are not held against a market."
        found.append(Assumption(text=text, owner="playbook default"))
    return found


def list_limits(stakes: Stakes) -> list[str]:
    """What must not be concluded."""
    limits = [
        "A value at stake says what an objective is about; what pursuing it brings, and what that costs, "
        "needs a "
        "trial with a control.",
        "Within a group customers are taken to leave at one rate; where those who stayed longest are more "
        "loyal, "
        "the loss is overstated, and where orders dwindle before they end, too.",
    ]
    if stakes.markets is not None:
        limits += [
            "Intervals of market stakes do not hold what years cannot show: luck that lasts as long as the "
            "years on record, and an error about one market that all providers share.",
            "Markets are taken to go on growing as in the years on record.",
        ]
    return limits


def _tail(kind: str, stakes: Stakes) -> str:
    """What the amount of an objective is, after it in a sentence."""
    years = plural(int(stakes.horizon_years), "year") if stakes.horizon_years >= 2 else "a year"
    return {RETENTION: f"is expected to leave with customers within {years}"}.get(kind, "is at stake")


def _say_targets(objectives: pd.DataFrame, kind: str, stakes: Stakes) -> str:
    said = []
    for line in objectives[objectives["kind"] == kind].itertuples():
        fmt = MEASURE_FORMATS.get(line.measure, "share")
        today = stakes.present.get(line.measure) if line.measure == MEASURES[kind] else None
        when = "expected to stay" if line.measure == "retention_rate" else "today"  # the scorecard counts
        known = "" if today is None else f" ({format_value(today, fmt)} {when})"
        goal = format_value(line.target, fmt if line.measure == MEASURES[kind] else "number:2")
        words = line.measure.replace("_", " ")
        said.append(f"{words} {goal} by {pd.Timestamp(line.by).date()}{known}, {line.owner}")
    return "; ".join(said) or "none stated"
