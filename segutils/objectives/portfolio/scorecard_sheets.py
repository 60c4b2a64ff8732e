"""The scorecard as a workbook for the strategy office: change a target, and the ladder and gaps follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd

from segutils.formats import format_value, plural
from segutils.objectives.portfolio.key_results import MISSED, NOT_DUE, REACHED, YEAR, Ladder, judge_goals
from segutils.objectives.portfolio.result_conflicts import write_unit
from segutils.objectives.portfolio.result_sums import TOP_SHARE
from segutils.workbooks import Sheet

PARTS, FIXED, TODAY, OPEN = (
    "parts",
    "parts, as computed",
    "today",
    "not known",
)  # what a goal's sum is made of
COUNTED = "yes"


def build_scorecard_sheets(
    ladder: Ladder,
    scorecard: pd.DataFrame,
    conflicts: pd.DataFrame,
    *,
    as_of: date,
    data_note: str = "",
) -> list[Sheet]:
    """Which sheets does a strategy office go on working with?

    Parameters
    ----------
    ladder : Ladder
    scorecard : pandas.DataFrame
        From :func:`~segutils.objectives.portfolio.scorecard.build_scorecard`.
    conflicts : pandas.DataFrame
        From :func:`~segutils.objectives.portfolio.result_conflicts.find_conflicts`.
    as_of : datetime.date
        Last day of the year that is called today.
    data_note : str
        What must be said of the data wherever it is shown: on each sheet.

    Returns
    -------
    list of Sheet
        ``Scorecard`` (targets are values to change), ``Ladder`` (what each group adds to a goal), ``Goals``
        (the sum of the parts against the company's target), ``At odds`` and ``About``. What a part adds is
        its target times its weight, so the parts of a goal always make its sum. The share of the largest
        group is a value: it follows from the growth of all groups by no plain formula.
    """
    sheets = [
        _list_results(ladder, scorecard),
        _list_parts(ladder),
        _list_goals(ladder),
        _list_odds(conflicts, scorecard),
        _explain(ladder, as_of=as_of),
    ]
    return [replace(sheet, note=f"{sheet.note} {data_note}".strip()) for sheet in sheets]


def _list_results(ladder: Ladder, scorecard: pd.DataFrame) -> Sheet:
    columns = ["key", "group", "perspective", "objective", "words", "today", "target", "change", "by"]
    table = scorecard.assign(
        unit=scorecard.unit.map(write_unit), counted=scorecard.key.map(_say_counted(ladder))
    )[[*columns, "owner", "unit", "supports", "counted", "format", "change_format"]]
    return Sheet(
        name="Scorecard",
        claim=f"{plural(len(table), 'key result')}, each with its measure, target and owner",
        note="Change a target here; the sheets Ladder and Goals follow.",
        table=table.rename(columns={"words": "measured_by"}),
        formats={"today": "by:format", "target": "by:format", "change": "by:change_format", "by": "date"},
        labels={
            "key": "Key result",
            "measured_by": "Measure",
            "change": "To go",
            "unit": "Rewarded",
            "supports": "Goal",
            "counted": "Counts for the goal",
        },
        formulas={"change": '=IF(COUNT({today},{target})<2,"",{target}-{today})'},
        inputs=["target"],
        frozen=2,
    )


def _say_counted(ladder: Ladder) -> dict[str, str]:
    """By key result: whether it counts for its goal, and if not, why."""
    goals, told = ladder.goals.set_index("goal"), {}
    for line in ladder.results.itertuples():
        if line.on_ladder:
            told[line.key] = COUNTED
        elif line.supports not in goals.index:
            told[line.key] = "no: it serves none"
        elif line.measure != goals.measure[line.supports]:
            told[line.key] = "no: another measure"
        elif not line.customers:
            told[line.key] = "no: about nobody"
        elif line.by > goals.by[line.supports]:
            told[line.key] = "no: due after the goal"
        else:
            told[line.key] = "no: its customers count already"
    return told


def _list_parts(ladder: Ladder) -> Sheet:
    formats = dict(zip(ladder.goals.goal, ladder.goals.format, strict=True))
    table = ladder.parts.assign(
        stays=ladder.parts.target.where(ladder.parts.key == ""), format=ladder.parts.goal.map(formats)
    )
    return Sheet(
        name="Ladder",
        claim="What each group adds to a goal: its target times its weight",
        note="Whoever has no key result goes on as today. Weights are this year's; a blank one is not known.",
        table=table[["goal", "group", "key", "share", "today", "stays", "target", "adds", "format"]],
        frozen=2,
        formats={
            "share": "share:2",
            **dict.fromkeys(["today", "stays", "target", "adds"], "by:format"),
        },
        labels={"key": "Key result", "share": "Weight", "stays": "Stays at"},
        formulas={
            "target": '=IF({key}="",IF({stays}="","",{stays}),'
            "SUMIFS({Scorecard!target:all},{Scorecard!key:all},{key}))",
            "adds": '=IF(COUNT({share},{target})<2,IF(AND(ISNUMBER({share}),N({share})=0),0,""),'
            "{share}*{target})",
        },
    )


def _list_goals(ladder: Ladder) -> Sheet:
    goals = judge_goals(ladder.goals)
    missed, later = goals[goals.verdict == MISSED], int((goals.verdict == NOT_DUE).sum())
    if len(missed):
        worst = missed.iloc[0]
        sums, target = (format_value(value, worst.format) for value in (worst["sum"], worst.target))
        are, their = ("is", "its") if len(missed) == 1 else ("are", "their")
        claim = (
            f"{len(missed)} of {plural(len(goals), 'goal')} {are} not made by {their} parts, among them: "
            f"{worst.goal} ({sums} of {target})"
        )
    else:
        whole = (goals.verdict == REACHED).all()
        claim = "Every goal is made by its parts" + ("" if whole else ", as far as that is known")
    if later:
        claim += f"; {later} {'is' if later == 1 else 'are'} of a later year than the parts"
    has_parts, top = goals.goal.isin(ladder.parts.goal), goals.measure == TOP_SHARE
    made_of = pd.Series(TODAY, index=goals.index).where(~has_parts, PARTS).where(~(has_parts & top), FIXED)
    made_of = made_of.where(goals["sum"].notna(), OPEN)
    columns = ["goal", "words", "better", "today", "target", "sum", "gap", "by", "results_by", "made_of"]
    fixed = " The largest group's share stays as computed." if top.any() else ""
    return Sheet(
        name="Goals",
        claim=claim,
        note=f"Gap in red: the parts do not make the whole. A goal's own target may be changed here.{fixed}",
        table=goals.assign(made_of=made_of)[[*columns, "owner", "format", "gap_format"]],
        formats={
            **dict.fromkeys(["today", "target", "sum"], "by:format"),
            "gap": "by:gap_format",
            **dict.fromkeys(["by", "results_by"], "date"),
        },
        labels={
            "words": "Measure",
            "better": "Better",
            "sum": "If all key results are reached",
            "by": "Goal due",
            "results_by": "Key results due",
            "made_of": "Sum is of",
        },
        formulas={
            # no SUMIFS: a goal is a sentence, in which * and ? would stand for anything
            "sum": f'=IF(LEFT({{made_of}},{len(PARTS)})="{PARTS}",'
            "SUMPRODUCT(--({Ladder!goal:all}={goal}),{Ladder!adds:all}),"
            f'IF(AND({{made_of}}="{TODAY}",{{today}}<>""),{{today}},""))',
            "gap": f'=IF(OR({{sum}}="",AND({{results_by}}<>"",{{by}}-{{results_by}}>={YEAR.days})),"",'
            'ROUND(IF({better}="lower",{target}-{sum},{sum}-{target}),9))',
        },
        variances=["gap"],
        inputs=["target"],
    )


def _list_odds(conflicts: pd.DataFrame, scorecard: pd.DataFrame) -> Sheet:
    named = scorecard.set_index("key").objective
    table = conflicts.assign(
        results=["; ".join(f"{key}: {named[key]}" for key in keys) for keys in conflicts["keys"]]
    )
    return Sheet(
        name="At odds",
        claim=f"{plural(len(table), 'conflict')} between key results" if len(table) else "None is at odds",
        note="As they were when the targets were those of the run. Customers and revenue are those that key "
        "results share.",
        table=table[["kind", "results", "units", "why", "customers", "revenue"]],
        formats={"customers": "count", "revenue": "money"},
        labels={"kind": "What", "results": "Key results", "units": "Rewarded", "why": "Why"},
    )


def _explain(ladder: Ladder, *, as_of: date) -> Sheet:
    """What colours and columns mean, and where the figures come from."""
    rows = [
        ("Blue on yellow", "A target that may be changed. Everything that follows from it is a formula."),
        ("Red, bold", "Lacking: if all key results are reached, the goal is still missed by so much."),
        ("Green", "The key results make more than the goal asks for."),
        ("No gap", "Not known, or the goal is due a year or more after a key result that counts for it."),
        ("% pts", "Points: a difference between two percentages."),
        ("Today", f"What the client's tables say of the year to {as_of}: orders, customers, opportunities."),
        ("Target, owner, due", "As stated in the engagement file, sections key_results and objectives."),
        ("Weight", "Share of this year's revenue, market or customers: by it the parts make the whole."),
        ("Counts for the goal", "No customer is counted twice; what is not counted changes no sum."),
        ("Groups", f"Those that the company plans with: {ladder.grouping.replace('_', ' ')}."),
    ]
    return Sheet(
        name="About",
        claim="How to read and change this workbook",
        table=pd.DataFrame(rows, columns=["term", "meaning"]),
        labels={"term": "What", "meaning": "What it means, or where it comes from"},
    )
