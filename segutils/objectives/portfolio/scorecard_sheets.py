"""The scorecard as a workbook for the strategy office: change a target, and the ladder and gaps follow."""

from __future__ import annotations

import pandas as pd

from segutils.formats import format_value, plural
from segutils.objectives.portfolio.key_results import MISSED, REACHED, Ladder, judge_goals
from segutils.objectives.portfolio.result_conflicts import write_unit
from segutils.objectives.portfolio.result_sums import TOP_SHARE
from segutils.workbooks import Sheet

PARTS, TODAY, OPEN = "parts", "today", "not known"  # what a goal's sum is made of


def build_scorecard_sheets(ladder: Ladder, scorecard: pd.DataFrame, conflicts: pd.DataFrame) -> list[Sheet]:
    """Which sheets does a strategy office go on working with?

    Parameters
    ----------
    ladder : Ladder
    scorecard : pandas.DataFrame
        From :func:`~segutils.objectives.portfolio.scorecard.build_scorecard`.
    conflicts : pandas.DataFrame
        From :func:`~segutils.objectives.portfolio.result_conflicts.find_conflicts`.

    Returns
    -------
    list of Sheet
        ``Scorecard`` (targets are values to change), ``Ladder`` (what each group adds to a goal), ``Goals``
        (the sum of the parts against the company's target) and ``At odds``. What a part adds is its target
        times its weight, so the parts of a goal always make its sum. The share of the largest group is a
        value: it follows from the growth of all groups by no plain formula.
    """
    return [
        _list_results(scorecard),
        _list_parts(ladder),
        _list_goals(ladder),
        _list_odds(conflicts, scorecard),
    ]


def _list_results(scorecard: pd.DataFrame) -> Sheet:
    columns = ["key", "group", "owner", "unit", "perspective", "objective", "supports", "words"]
    table = scorecard[[*columns, "today", "target", "change", "by", "format", "change_format"]]
    return Sheet(
        name="Scorecard",
        claim=f"{plural(len(table), 'key result')}, each with its measure, target and owner",
        note="Change a target here; the sheets Ladder and Goals follow.",
        table=table.assign(unit=table.unit.map(write_unit)).rename(columns={"words": "measured_by"}),
        formats={"today": "by:format", "target": "by:format", "change": "by:change_format", "by": "date"},
        labels={
            "key": "Key result",
            "measured_by": "Measure",
            "change": "To go",
            "unit": "Rewarded",
            "supports": "Goal",
            "format": "Format",
            "change_format": "Format of what is to go",
        },
        formulas={"change": '=IF({today}="","",{target}-{today})'},
    )


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
    missed = goals[goals.verdict == MISSED]
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
    has_parts = goals.goal.isin(ladder.parts.goal)
    made_of = pd.Series(TODAY, index=goals.index).where(~has_parts, PARTS).where(goals["sum"].notna(), OPEN)
    columns = ["goal", "owner", "better", "made_of", "by", "today", "target", "sum", "gap"]
    fixed = " The largest group's share stays as computed." if (goals.measure == TOP_SHARE).any() else ""
    return Sheet(
        name="Goals",
        claim=claim,
        note=f"Gap in red: the parts do not make the whole. A goal's own target may be changed here.{fixed}",
        table=goals.assign(made_of=made_of)[[*columns, "format", "gap_format"]],
        formats={
            **dict.fromkeys(["today", "target", "sum"], "by:format"),
            "gap": "by:gap_format",
            "by": "date",
        },
        labels={"better": "Better", "made_of": "Sum is of"},
        formulas={
            # no SUMIFS: a goal is a sentence, in which * and ? would stand for anything
            "sum": f'=IF({{made_of}}="{PARTS}",'
            "SUMPRODUCT(--({Ladder!goal:all}={goal}),{Ladder!adds:all}),"
            f'IF(AND({{made_of}}="{TODAY}",{{today}}<>""),{{today}},""))',
            "gap": '=IF({sum}="","",IF({better}="lower",{target}-{sum},{sum}-{target}))',
        },
        variances=["gap"],
    )


def _list_odds(conflicts: pd.DataFrame, scorecard: pd.DataFrame) -> Sheet:
    named = scorecard.set_index("key").objective
    table = conflicts.assign(
        first=[f"{key}: {named[key]}" for key in conflicts["first"]],
        second=[f"{key}: {named[key]}" for key in conflicts["second"]],
    )
    stand = "pair of key results stands" if len(table) == 1 else "pairs of key results stand"
    return Sheet(
        name="At odds",
        claim=f"{len(table)} {stand} in each other's way" if len(table) else "None is at odds",
        note="Customers and revenue are those of both.",
        table=table[["kind", "first", "second", "units", "why", "customers", "revenue"]],
        formats={"customers": "count", "revenue": "money"},
        labels={"kind": "What", "first": "One", "second": "The other", "units": "Rewarded", "why": "Why"},
    )
