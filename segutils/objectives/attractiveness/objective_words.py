"""Words of ``objective-choice``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.findings import Assumption, Decision
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.objectives.attractiveness.market_stakes import FOLLOW, LAG, LEAD
from segutils.objectives.attractiveness.money_words import say_money, say_span
from segutils.objectives.attractiveness.objective_scores import KEEP, list_valued
from segutils.objectives.attractiveness.retention_stakes import NO_GROUP
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
OFF = 0.2  # from so far off what came on a group is named
FAR = 2.0  # times what is at stake at most, beyond which a target is named as out of reach of the evidence
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
        f"in {share} "
        "of other samples and capacities"
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
        f"{recommended} comes first in {shares[0]} of other samples of cells and customers, in "
        f"{shares[1]} of "
        f"{draws:,} random capacities around those stated, and in {shares[2]} of both at once; with equal "
        f"capacities in {format_value(row.first_equal, 'share:0')} of samples."
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


def list_notes(
    scores: pd.DataFrame, stakes: Stakes, once: Mapping[str, str], loss: float, *, currency: str
) -> list[str]:
    """What is counted twice, how good the estimates are, what targets and other horizons would say."""
    notes = [
        f"All amounts are {stakes.ladder.basis_words} a year; values at stake are not gains to be expected."
    ]
    notes += _say_twice(stakes, once, currency)
    notes += _say_retention(stakes, currency)
    notes += _say_cells(stakes, currency)
    notes += _say_margins(stakes, currency)
    notes += _say_targets_worth(scores, currency)
    notes += _say_horizons(scores, stakes)
    notes += _say_dependence(scores, stakes, loss, currency)
    return notes


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
        limits.append(
            "Intervals of market stakes come from other blocks of comparable cells; that providers may "
            "all be wrong "
            "in the same way is not in them."
        )
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
        known = "" if today is None else f" ({format_value(today, fmt)} today)"
        goal = format_value(line.target, fmt if line.measure == MEASURES[kind] else "number:2")
        words = line.measure.replace("_", " ")
        said.append(f"{words} {goal} by {pd.Timestamp(line.by).date()}{known}, {line.owner}")
    return "; ".join(said) or "none stated"


def _say_twice(stakes: Stakes, once: Mapping[str, str], currency: str) -> list[str]:
    if not once:
        return []
    if once[GROWTH] == once[SHARE]:
        end = f"{once[GROWTH]} leads whichever of the two it is counted for."
    else:
        end = (
            f"counted for growth alone, {lower_first(once[GROWTH])} leads; counted for share alone, "
            f"{lower_first(once[SHARE])}."
        )
    return [
        f"{say_money(stakes.part(LAG), currency)} is counted in growth and in share: a market below our "
        "usual share "
        f"lags behind our best one, too. {end[0].upper()}{end[1:]}"
    ]


def _say_retention(stakes: Stakes, currency: str) -> list[str]:
    groups = stakes.retention.groups
    named = groups[groups["group"] != NO_GROUP]
    groups = named if len(named) else groups
    lost = "margin" if stakes.ladder.levels else "revenue"
    most = groups.loc[groups.at_risk.idxmax()]
    leaving = groups.loc[groups.leaving.idxmax()]
    span = (format_value(leaving[end], "share") for end in ("leaving_low", "leaving_high"))
    notes = [
        f"Retention: most {lost} is expected to leave in {most['group']} "
        f"({say_money(most.at_risk, currency)}, "
        f"{say_span(most.at_risk_low, most.at_risk_high, currency)}); most "
        f"customers in {leaving['group']} ({format_value(leaving.leaving, 'share')} of its active ones "
        "within "
        f"{_horizon(stakes)}, {' to '.join(span)})."
    ]
    held = stakes.retention.groups.dropna(subset=["came"])
    if stakes.retention.held_out_days and held.came.sum() > 0:
        off = held.expected.sum() / held.came.sum() - 1
        notes.append(
            f"Held against what came: fitted without the last {stakes.retention.held_out_days} days, the "
            "same models "
            f"expected {held.expected.sum():,.0f} days with orders in them; {held.came.sum():,.0f} came "
            f"({format_value(off, 'change')})."
        )
    apart = held[held.came > 0].assign(off=lambda table: table.expected / table.came - 1)
    apart = apart[apart.off.abs() > OFF].sort_values("off", key=abs, ascending=False)
    if len(apart):
        named = join_words(
            [f"{row.group} ({format_value(row.off, 'change:0')})" for row in apart.itertuples()]
        )
        notes.append(
            f"They were further off in {named}; orders that dwindle before they end are taken for customers "
            "who leave."
        )
    return notes


def _say_cells(stakes: Stakes, currency: str) -> list[str]:
    markets = stakes.markets
    if markets is None:
        return []
    lagging = markets.cells.aim.notna() & (markets.cells[LEAD] > 0)
    parts = " and ".join(
        f"{say_money(stakes.part(name), currency)} from {words}"
        for name, words in ((FOLLOW, "the markets' own growth"), (LAG, "markets below our usual share"))
    )
    notes = [
        f"Growth is {parts}. Share compares {markets.compared}: {int(lagging.sum())} of "
        f"{len(markets.cells)} markets "
        f"lag behind the best one, which "
        + (
            "is chosen in other years than the one in which the gap is measured, so that a good year is no "
            "aim; where luck names the wrong leader that says too little. In one and the same year it would "
            f"be {say_money(markets.with_luck, currency)}, luck included; the gap lies between the two."
            if markets.parts > 1
            else "was chosen in the same year in which the gap is measured, so that part of it is chance."
        )
    ]
    sizes = markets.cells.groupby("block").cell.transform("size")
    alone = markets.cells[sizes == 1].sort_values("market_size", ascending=False)
    if len(alone):
        top = alone.iloc[0]
        notes.append(
            f"{plural(len(alone), 'market')} without a comparable one "
            f"{'is' if len(alone) == 1 else 'are'} in no gap: the largest is {top.cell}, {top.block}, of "
            f"{say_money(top.market_size, currency)} a year, where own sales are "
            f"{say_money(top.net_revenue, currency)}."
        )
    left = f" {plural(markets.left_out, 'market')} said to be smaller than own sales are left out."
    notes.append(
        f"Markets cover {format_value(markets.placed, 'share:0')} of net revenue; the rest is not counted in "
        f"growth and share.{left if markets.left_out else ''}"
    )
    return notes


def _say_margins(stakes: Stakes, currency: str) -> list[str]:
    if stakes.margins is None:
        return []
    row = stakes.totals.loc[PROFIT]
    span = say_span(row.low, row.high, currency)
    if row.low > 0:
        return [f"Profitability: {stakes.margins.compared} differ in margin beyond chance ({span})."]
    return [
        f"Profitability: {stakes.margins.compared} do not differ in margin beyond chance ({span}), so "
        "nothing in the "
        "client's own numbers shows where a better margin has been reached."
    ]


def _say_targets_worth(scores: pd.DataFrame, currency: str) -> list[str]:
    told = scores.dropna(subset=["by_target"])
    told = told[told.by_target > 0]
    if told.empty:
        return []
    parts = join_words(
        [f"{lower_first(r.option)} {say_money(r.by_target, currency)}" for r in told.itertuples()]
    )
    ranked = (told.by_target * told.capacity).idxmax()
    notes = [
        f"Reaching the stated targets would be worth a year: {parts}. Ranked by that, times capacity, "
        f"{lower_first(told.option[ranked])} would come first; a target says what is wanted, not what is "
        "there."
    ]
    beyond = told[told.by_target > FAR * told.high]
    return notes + [
        f"The stated target for {lower_first(row.option)} asks for {row.by_target / row.high:.0f} times "
        "as much as "
        "the high end of what the client's own numbers show to be at stake: it has no example in them."
        for row in beyond[beyond.high > 0].itertuples()
    ]


def _say_horizons(scores: pd.DataFrame, stakes: Stakes) -> list[str]:
    valued = list_valued(scores).set_index("kind")
    if len(valued) < 2:
        return []
    table = stakes.horizons.assign(score=stakes.horizons.value * stakes.horizons["kind"].map(valued.capacity))
    leaders = table.loc[table.groupby("years").score.idxmax()].set_index("years")["kind"]
    last, first = int(leaders.index.max()), leaders.iloc[0]
    changed = leaders[leaders != first]
    if changed.empty:
        return [
            f"Over {last} years markets grow on and customers go on leaving, while a gap is closed once; "
            f"{lower_first(valued.option[first])} comes first at every horizon up to {last} years."
        ]
    return [
        f"The horizon matters: over {plural(int(changed.index[0]), 'year')} and more "
        f"{lower_first(valued.option[changed.iloc[0]])} would come first, because markets grow on and "
        "customers go on "
        "leaving while a gap is closed once."
    ]


def _say_dependence(scores: pd.DataFrame, stakes: Stakes, loss: float, currency: str) -> list[str]:
    if DIVERSIFY not in set(scores.kind):
        return []
    text = (
        f"Diversification is not valued. {stakes.top_group}, the largest group, brings "
        f"{say_money(stakes.scope['top_margin'], currency)} a year and "
        f"{format_value(stakes.present.get('top_share'), 'share')} of revenue; "
    )
    if np.isnan(loss):
        return [f"{text}even its certain loss, times capacity, would not put diversification first."]
    return [
        f"{text}diversification would come first if the chance of losing all of it within a year were "
        f"{format_value(loss, 'share:0')} or more."
    ]


def _horizon(stakes: Stakes) -> str:
    return (
        "a year" if stakes.horizon_years == 1 else f"{format_value(stakes.horizon_years, 'number:1')} years"
    )
