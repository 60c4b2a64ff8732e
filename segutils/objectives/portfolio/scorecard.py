"""Slug ``scorecard``: four perspectives, each group's objective, measure, target and owner, on one card."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from segutils.findings import Assumption, Figure, Finding
from segutils.formats import format_value, join_words, plural
from segutils.objectives.portfolio.key_results import (
    EVERYBODY,
    KEY_RESULTS,
    MISSED,
    NOT_DUE,
    UNKNOWN,
    Ladder,
    judge_goals,
)
from segutils.objectives.portfolio.okr_ladder import list_needs

SLUG = "scorecard"
PERSPECTIVES = ("financial", "customer", "process", "learning")  # Kaplan and Norton 1992
SHOWN = ["group", "perspective", "objective", "words", "today", "target", "by", "owner"]
FORMATS = {"today": "by:format", "target": "by:format", "by": "date"}
LABELS = {"group": "Group", "words": "Measure", "by": "By"}
RETENTION = (
    "Last year's customers who bought again are counted; whoever pauses for a year is not among them. How "
    "many of those still there are expected to stay, as goal-map and objective-choice tell it for what is at "
    "stake, is an estimate and higher."
)
LIMITS = (
    "Today is what the client's tables say of the last year; targets are what the engagement file states.",
    "Four perspectives are a frame, not a rule: an empty field is a question to its owner, not a fault.",
)


def build_scorecard(ladder: Ladder, groups: Sequence[str]) -> pd.DataFrame:
    """What is each group to reach in each perspective, and how far is it?

    Parameters
    ----------
    ladder : Ladder
        From :func:`~segutils.objectives.portfolio.key_results.build_ladder`.
    groups : sequence of str
        The groups that are planned with, in the order of the card.

    Returns
    -------
    pandas.DataFrame
        One row per key result, by group and perspective: ``key, group, perspective, objective, measure,
        words, today, target, change`` (target less today), ``by, owner, unit, supports, reached, planned``
        (is about a group that is planned with, or about all customers), ``format, change_format``. Groups
        that are not planned with come after the others.
    """
    results = ladder.results
    planned = (results.column == "") | ((results.column == ladder.grouping) & results.value.isin(groups))
    names = [*groups, EVERYBODY, *results.group[~planned]]
    order = {name: n for n, name in enumerate(dict.fromkeys(names))}
    ranked = results.assign(
        planned=planned,
        rank=results.group.map(order),
        side=results.perspective.map({p: n for n, p in enumerate(PERSPECTIVES)}),
    )
    ranked = ranked.sort_values(["rank", "side"], kind="stable", ignore_index=True)
    change = ["points" if fmt in ("share", "change") else fmt for fmt in ranked.format]
    columns = ["key", "group", "perspective", "objective", "measure", "words", "today", "target", "change"]
    columns += ["by", "owner", "unit", "supports", "reached", "planned", "format", "change_format"]
    return ranked.assign(change=ranked.target - ranked.today, change_format=change)[columns]


def check_scorecard(ladder: Ladder, scorecard: pd.DataFrame, groups: Sequence[str]) -> Finding:
    """Is every group held to something in every perspective, and do the targets make the company's?

    Parameters
    ----------
    ladder : Ladder
    scorecard : pandas.DataFrame
        From :func:`build_scorecard`.
    groups : sequence of str

    Returns
    -------
    Finding
        ``caution`` where a group is held to nothing, a perspective is empty for all, targets do not make the
        company's, or a target is reached already; ``not_run`` without key results.
    """
    if scorecard.empty:
        return Finding(
            slug=SLUG,
            status="not_run",
            headline="There is no scorecard: nobody has stated what any group is to reach.",
            table=scorecard[["group", "objective"]],
            needs=[KEY_RESULTS],
        )
    fields = _count_fields(scorecard, groups)
    goals = judge_goals(ladder.goals)
    goals = goals[~goals.verdict.isin([UNKNOWN, NOT_DUE])]
    missed, reached = goals[goals.verdict == MISSED], scorecard[scorecard.reached]
    idle = [group for group in groups if group not in set(scorecard.group[scorecard.planned])]
    bare = [side for side in PERSPECTIVES if not fields.loc[fields.perspective == side, "results"].sum()]
    return Finding(
        slug=SLUG,
        status="caution" if idle or bare or len(missed) or len(reached) else "pass",
        headline=_say_headline(scorecard, fields, goals, missed, whole=len(goals) == len(ladder.goals)),
        table=scorecard[[*SHOWN, "format"]],
        formats=FORMATS,
        labels=LABELS,
        figures=[_draw_fields(fields)],
        notes=_list_notes(scorecard, fields, idle, bare, reached, missed),
        assumptions=[
            Assumption(
                text=f"{plural(len(lines), 'target')} of {join_words(list(dict.fromkeys(lines.group)))}.",
                owner=str(owner),
            )
            for owner, lines in scorecard.groupby("owner", sort=False)
        ],
        limits=(*LIMITS, *([RETENTION] if (scorecard.measure == "retention_rate").any() else [])),
        needs=list_needs(ladder.results),
    )


def _name(line) -> str:
    return f"“{line.objective}” ({line.group})"


def _count_fields(scorecard: pd.DataFrame, groups: Sequence[str]) -> pd.DataFrame:
    """``group, perspective, results``: every field of the card, the empty ones too."""
    own = scorecard[scorecard.planned]
    rows = [*groups, *([EVERYBODY] if (own.group == EVERYBODY).any() else [])]
    fields = pd.MultiIndex.from_product([rows, PERSPECTIVES], names=["group", "perspective"])
    counted = own.groupby(["group", "perspective"]).size().reindex(fields, fill_value=0)
    return counted.rename("results").reset_index()


def _say_headline(
    scorecard: pd.DataFrame, fields: pd.DataFrame, goals: pd.DataFrame, missed: pd.DataFrame, *, whole: bool
) -> str:
    filled, one = int((fields.results > 0).sum()), len(scorecard) == 1
    verb = "fills" if one else "fill"
    card = f"{plural(len(scorecard), 'key result')} {verb} {filled} of {len(fields)} fields"
    if goals.empty:
        return f"{card} of the scorecard; none can be held against a goal of the company."
    some = "" if whole else " that can be held against them"
    known = "the company's goal" if len(goals) == 1 else f"all {len(goals)} goals of the company"
    if missed.empty:
        verb = "makes" if one else "make"
        return f"{card} of the scorecard and, if reached, {verb} {known}{some}."
    of = known if len(missed) == len(goals) else f"{len(missed)} of {len(goals)} goals of the company"
    reached, verb = ("reached", "misses") if one else ("all are reached", "miss")
    return f"{card} of the scorecard and, even if {reached}, {verb} {of}{some}."


def _list_notes(
    scorecard: pd.DataFrame,
    fields: pd.DataFrame,
    idle: Sequence[str],
    bare: Sequence[str],
    reached: pd.DataFrame,
    missed: pd.DataFrame,
) -> list[str]:
    notes = []
    if len(missed):
        told = [
            f"{line.words} {format_value(line.sum, line.format)} (goal "
            f"{format_value(line.target, line.format)})"
            for line in missed.itertuples()
        ]
        notes.append(
            f"What the key results come to: {'; '.join(told)}. What is lacking is told by okr-ladder."
        )
    if len(reached):
        told = [
            f"{_name(line)} {format_value(line.target, line.format)}, today "
            f"{format_value(line.today, line.format)}"
            for line in reached.itertuples()
        ]
        what = "One target asks" if len(reached) == 1 else f"{len(reached)} targets ask"
        notes.append(f"{what} for no more than there is today: {'; '.join(told)}.")
    if idle:
        notes.append(f"{join_words(list(idle))} {'is' if len(idle) == 1 else 'are'} held to nothing.")
    if bare:
        verb = "perspective is" if len(bare) == 1 else "perspectives are"
        notes.append(f"The {join_words(list(bare))} {verb} empty for every group.")
    empty = fields[(fields.results == 0) & ~fields.group.isin(idle) & ~fields.perspective.isin(bare)]
    if len(empty):
        told = [
            f"in the {side} perspective of {join_words(lines.group.tolist())}"
            for side, lines in empty.groupby("perspective", sort=False)
        ]
        notes.append(f"Nothing is asked for {'; '.join(told)}.")
    beyond = scorecard[~scorecard.planned]
    if len(beyond):
        named = join_words([_name(line) for line in beyond.itertuples()])
        verb = "is" if len(beyond) == 1 else "are"
        notes.append(f"{named} {verb} not about a group that is planned with, and in no field.")
    return notes


def _draw_fields(fields: pd.DataFrame) -> Figure:
    by_side = fields.assign(empty=fields.results == 0).groupby("perspective", sort=False)["empty"].sum()
    least, empty = str(by_side.idxmax()), int(by_side.max())
    rows = fields.group.nunique()
    many = f"all {rows}" if empty == rows and rows > 1 else f"{empty} of {rows}"
    title = f"The {least} perspective is empty for {many} {'group' if rows == 1 else 'groups'}"
    if not empty:
        title = "Every group is held to something in every perspective"
    data = fields.assign(perspective=fields.perspective.str.capitalize())
    return Figure(
        kind="heatmap",
        data=data,
        x="perspective",
        y="results",
        series="group",
        title=title,
        subtitle="Number of key results by group and perspective",
        alt="; ".join(f"{r.group}, {r.perspective}: {r.results}" for r in fields.itertuples()),
        formats={"results": "count"},
        highlight=least.capitalize() if empty else None,
    )
