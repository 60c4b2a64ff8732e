"""Words and drawings of the limits that a group must keep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.attractiveness.limit_options import AS_STATED
from segutils.attractiveness.limits import NEARLY_IN, NEARLY_OUT, OUT
from segutils.attractiveness.rules import call_measure, write_apart, write_measure
from segutils.attractiveness.samples import GroupSamples
from segutils.findings import Decision, Figure, Need
from segutils.formats import format_value, join_words, plural
from segutils.statistics.customer_figures import MEASURES

MOST = 6  # groups that are named one by one
MAX_DOTS = 20  # groups in a drawing, those nearest to the limit
LIMITS = Need(
    question="What must a segment have to be considered at all?",
    table="engagement file",
    columns=("thresholds: question thresholds", "measure", "min or max", "owner"),
)
GROUPS = Need(
    question="Which groups of customers does the company plan with?",
    table="customers",
    columns=("a column such as strategy_segment, sales_segment, industry or region",),
)


def say_why_none(samples: GroupSamples | None, limits: pd.DataFrame, *, word: str) -> str:
    """Why nobody can be held against a limit."""
    if samples is None:
        return f"no customer is in a {word}"
    if limits.empty:
        return f"nobody has stated what a {word} must have"
    named = ", ".join(call_measure(name) for name in dict.fromkeys(limits.measure))
    return f"nothing is known of what the limits are on ({named})"


def say_miss(row) -> str:
    """``contribution margin (22.1 %, 21.3 % to 22.8 %; at least 30.0 % asked for)``."""
    way = "at least" if row.side == "min" else "at most"
    value, limit = write_apart(row.measure, row.value, row.limit)
    low, high = (write_measure(row.measure, number) for number in (row.low, row.high))
    return f"{call_measure(row.measure)} ({value}, {low} to {high}; {way} {limit} asked for)"


def say_standings(standings: pd.DataFrame, *, firm: float) -> list[str]:
    """Who misses what and how surely, and who comes near; one sentence per group, the nearest first."""
    out = standings[standings.missed].sort_values("distance", kind="stable")
    said = [_say_misses(str(name), part, firm=firm) for name, part in out.groupby("name", sort=False)]
    if len(said) > MOST:
        more = len(said) - MOST
        said = [*said[:MOST], f"{more} more miss limits by a wider margin; the table has them."]
    near = standings[standings.standing == NEARLY_OUT]
    for row in near[~near.name.isin(out.name)].head(MOST).itertuples():
        share = format_value(row.miss_share, "share:0")
        said.append(f"{row.name} keeps {say_miss(row)} only just, and misses it in {share} of other samples.")
    if unknown := list(dict.fromkeys(standings.measure[standings.value.isna()])):
        listed = []
        for measure in unknown:
            part = standings[standings.measure == measure]
            gone = part.name[part.value.isna()].unique()
            of = "" if len(gone) == part.name.nunique() else f" of {join_words(gone)}"
            listed.append(call_measure(measure) + of)
        said.append(f"Not held against its limit, as it is not known: {join_words(listed)}.")
    return said


def _say_misses(name: str, part: pd.DataFrame, *, firm: float) -> str:
    shares = list(dict.fromkeys(format_value(share, "share:0") for share in part.miss_share))
    end = "firm" if part.miss_share.max() >= firm else "not firm, another sample might have kept it"
    misses = join_words([say_miss(row) for row in part.itertuples()])
    return f"{name} misses {misses} in {join_words(shares)} of other samples: {end}."


def say_moves(moves: pd.DataFrame) -> str:
    """At which value of each limit the list changes next, in both directions."""
    parts = []
    for (measure, _), part in moves.groupby(["measure", "side"], sort=False):
        limit = write_measure(measure, part.limit.iloc[0])
        steps = [
            f"{row.name} {row.effect} at {write_measure(measure, row.at)}"
            for row in part.drop_duplicates("move").itertuples()
        ]
        parts.append(f"{call_measure(measure)} (now {limit}): {join_words(steps)}")
    return f"Where the list changes if one limit moves: {'; '.join(parts)}." if parts else ""


def find_nearest(moves: pd.DataFrame) -> str:
    """The smallest move of one limit that changes the list, on the measures' scales."""
    if moves.empty:
        return "No move of a single limit changes the list"
    told = moves.dropna(subset=["distance"])
    row = moves.iloc[0] if told.empty else told.loc[told.distance.idxmin()]
    to, now = write_apart(row.measure, row["at"], row.limit)
    if told.empty:  # a limit of 0 on a measure without a scale: nothing to measure a distance by
        moved = f"{call_measure(row.measure)} from {now} to {to}"
        return f"The list changes with the limit on {moved}, where {row['name']} {row.effect}"
    return (
        f"The smallest move that changes the list, on the scale of each measure, is "
        f"{call_measure(row.measure)} from {now} to {to}, where {row['name']} {row.effect}"
    )


def say_headline(decision: Decision, decisive: pd.DataFrame, *, word: str, groups: int, firm: float) -> str:
    """Who is out, how surely; or that nobody is, and who comes nearest."""
    best = decision.recommendation
    if decision.choice != best:
        return f"The client chooses “{decision.choice}”; the recommendation is “{best}”."
    same = format_value(decision.robustness_share, "share:0")
    out = decisive[decisive.missed]
    names = list(dict.fromkeys(out.name))
    if not names:
        row = decisive.iloc[0]
        start = (
            f"All {groups} {word}s keep every limit" if groups > 1 else f"The only {word} keeps every limit"
        )
        return (
            f"{start}, in {same} of other samples too; the closest call is {row['name']} on {say_miss(row)}."
        )
    surely = out.groupby("name", sort=False).miss_share.max() >= firm
    unsure = [name for name in names if not surely[name]]
    verb = "is" if len(names) == 1 else "are"
    called = _name_few(names, word)
    start = f"{called} of {groups} {verb} excluded" if len(names) > 3 else f"{called} {verb} excluded"
    start = f"No {word} keeps every limit" if len(names) == groups else start
    reasons = join_words([call_measure(name) for name in dict.fromkeys(out.measure)])
    if not unsure:
        held = "each exclusion is firm" if len(names) > 1 else "the exclusion is firm"
        return f"{start}, for {reasons}; {held}, and the list is the same in {same} of other samples."
    few = _name_few(unsure, word)
    doubt = "that may be chance" if len(unsure) == len(names) else f"for {few} that may be chance"
    return f"{start}, for {reasons}; {doubt}, so the recommendation is to {_lower(best)}."


def say_robustness(chosen: pd.Series, moves: pd.DataFrame, standings: pd.DataFrame, *, firm: float) -> str:
    """How often the list is the same, which exclusions are firm, and what would change it."""
    out = standings[standings.missed].groupby("name", sort=False).miss_share.max()
    sure, unsure = out[out >= firm], out[out < firm]
    mark = format_value(firm, "share:0")
    text = (
        f"With these limits exactly the same groups are excluded in "
        f"{format_value(chosen.same_list, 'share:0')} of other samples of the customers."
    )
    if len(sure):
        called = join_words(sure.index.tolist()) if len(sure) <= MOST else f"{len(sure)} exclusions"
        text += f" Firm, missed in {mark} of samples or more: {called}."
    if len(unsure):
        listed = [f"{name} ({format_value(share, 'share:0')})" for name, share in unsure.items()][:MOST]
        text += f" Hanging on the sample: {join_words(listed)}{' and others' * (len(unsure) > MOST)}."
    flips = f"What flips it: {_lower(find_nearest(moves))}."
    if chosen.option != AS_STATED and len(unsure):
        lowest = format_value(unsure.min(), "share:0")
        flips = f"What flips it: calling an exclusion sure from {lowest} of samples on instead of {mark}."
    return f"{text} {flips}"


def draw_limit(standings: pd.DataFrame, measure: str, side: str, moves: pd.DataFrame, *, word: str) -> Figure:
    """Groups on one measure with their intervals, against its limit."""
    part = standings[(standings.measure == measure) & (standings.side == side) & standings.value.notna()]
    out = part.name[part.missed].tolist()
    few = part.assign(gap=(part.value - part.limit).abs()).nsmallest(MAX_DOTS, "gap", keep="first")
    only = f"the {len(few)} nearest of {len(part)} {word}s" if len(few) < len(part) else f"{_start(word)}s"
    part = few.sort_values("value", ascending=False, kind="stable")
    data = part[["name", "value", "low", "high", "standing"]].reset_index(drop=True)
    fmt = MEASURES[measure].format if measure in MEASURES else "number:2"
    limit = float(part.limit.iloc[0])
    own = moves[(moves.measure == measure) & (moves.side == side)].drop_duplicates("move")
    would = {"falls": "would fall at", "returns": "would return at"}
    steps = []
    for row in own.itertuples():
        step = f"{would[row.effect]} {write_apart(measure, row.at, limit)[0]}"
        steps.append(step if [row.name] == out else f"{row.name} {step}")
    told = f"{_name_few(out, word)} {'misses' if len(out) == 1 else 'miss'} it" if out else "all keep it"
    told = join_words([told, *steps[:1]]) if steps else f"{told}, wherever it lies"
    way = "at least" if side == "min" else "at most"
    return Figure(
        kind="dot",
        data=data,
        x="name",
        y="value",
        low="low",
        high="high",
        title=f"Limit on {call_measure(measure)}: {told}",
        subtitle=f"{_start(only)}, {call_measure(measure)}, with the middle of other samples; {way} "
        f"{write_measure(measure, limit)} asked for by {part.owner.iloc[0] or 'the client'}",
        alt=f"{plural(len(data), 'dot')} against a limit of {write_measure(measure, limit)}; "
        + (f"beyond it: {join_words(out)}." if out else "none lies beyond it."),
        caption="A dot is also the value of the limit at which its group would fall or return; the stroke "
        "says how uncertain that is.",
        formats={"value": fmt, "low": fmt, "high": fmt},
        reference=limit,
        reference_label="limit",
        highlight=own.name.iloc[0] if len(own) else None,
    )


def list_figures(
    standings: pd.DataFrame, moves: pd.DataFrame, *, word: str, every: bool = False, most: int = 2
) -> tuple[Figure, ...]:
    """The limits that decide: those that are missed or nearly so, or else the nearest; or all of them."""
    told = standings[standings.value.notna()]
    ends = told.groupby(["measure", "side"], sort=False)
    live = [
        (key, part.distance.min())
        for key, part in ends
        if every or part.standing.isin([OUT, NEARLY_IN, NEARLY_OUT]).any()
    ]
    if not live and len(told):
        row = told.loc[told.distance.idxmin()] if told.distance.notna().any() else told.iloc[0]
        live = [((row.measure, row.side), row.distance)]
    live.sort(key=lambda item: np.nan_to_num(item[1], nan=np.inf))
    keys = [key for key, _ in (live if every else live[:most])]
    return tuple(draw_limit(standings, measure, side, moves, word=word) for measure, side in keys)


def _name_few(names: Sequence[str], word: str) -> str:
    return join_words(names) if len(names) <= 3 else f"{len(names)} {word}s"


def _start(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
