"""Key results as a table: where each stands today, whom it is about, how much of its goal it carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.findings import Need
from segutils.objectives.portfolio.result_sums import (
    GROUPED,
    TOP_SHARE,
    choose_customers,
    find_measure,
    measure_result,
    name_measure,
    share_result,
    weigh_result,
)

KEY_RESULTS = Need(
    question="What is each group to reach, by when, and who is measured by it?",
    table="engagement file",
    columns=("key_results: of, perspective, objective, supports, measure, target, by, unit, owner",),
)
OBJECTIVES = Need(
    question="What does the company want to reach?",
    table="engagement file",
    columns=("objectives: goal, kind, measure, target, by, owner",),
)
EVERYBODY = "All customers"
ROUNDING = 0.0005  # of a share: 5.95 % reaches 6.0 % as it is printed
DIGITS = 1e-9  # of a target in another unit: what a sum of fractions leaves
REACHED, MISSED, UNKNOWN, NOT_DUE = "reached", "missed", "not known", "due later"
YEAR = timedelta(days=365)  # a key result due so long before its goal, or longer, is one of an earlier year
REST = "All others, as today"  # customers for whom no key result serves the goal


RESULT_COLUMNS = [
    *("key", "group", "column", "value", "perspective", "objective", "supports", "measure", "words", "unit"),
    *("owner", "by", "target", "today", "customers", "weight", "format", "better", "reached", "on_ladder"),
    "overlap",
]
GOAL_COLUMNS = [
    *("goal", "kind", "measure", "format", "better", "owner", "by", "today", "target", "sum", "gap"),
    *("gap_amount", "gap_unit", "counted_twice", "carried", "results", "other_results", "results_by"),
    "later",
]
PART_COLUMNS = ["goal", "key", "group", "share", "today", "target", "adds"]


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """Key results held against the goals that they serve.

    Parameters
    ----------
    results : pandas.DataFrame
        One row per key result: ``key`` (KR1 ...), ``group`` (with its column, where that is not the one
        planned with), ``column, value, perspective, objective, supports, measure, words, unit, owner, by,
        target, today`` (NaN where not known), ``customers`` (0: about nobody), ``weight, format, better,
        reached`` (today already), ``on_ladder`` (counts towards its goal), ``overlap`` (0-1: how much of it
        key results on the ladder of the same goal and measure count already; NaN on the ladder, and where it
        falls due after the goal).
    goals : pandas.DataFrame
        One row per goal: ``goal, kind, measure, format, better, owner, by, today, target, sum`` (what the key
        results come to if all are reached and everybody else goes on as today), ``gap`` (below zero:
        lacking), ``gap_amount`` (the gap times its weight; NaN where that is nothing to speak of, as for
        plain sums) in ``gap_unit`` (a format), ``counted_twice`` (what the sum would have too much if key
        results about the same customers were added), ``carried`` (share of the weight that some key result
        speaks for), ``results, other_results`` (on the ladder and beside it), ``results_by`` (first day on
        which one that counts falls due; None without one), ``later`` (the goal is due a year or more after
        that, so nobody has said what its own year is to bring).
    parts : pandas.DataFrame
        One row per goal and group on its ladder: ``goal, key, group, share`` (of the weight), ``today,
        target, adds`` (share x target; they make the goal's ``sum``); last whoever is left, as today.
    grouping : str
        The column of customers with the groups that the company plans with.
    """

    results: pd.DataFrame
    goals: pd.DataFrame
    parts: pd.DataFrame
    grouping: str


def build_ladder(
    results: pd.DataFrame, objectives: pd.DataFrame, sums: pd.DataFrame, *, grouping: str
) -> Ladder:
    """Do the key results make the goals?

    Parameters
    ----------
    results : pandas.DataFrame
        From :func:`segutils.stated.list_key_results`.
    objectives : pandas.DataFrame
        From :func:`segutils.stated.list_objectives`.
    sums : pandas.DataFrame
        From :func:`~segutils.objectives.portfolio.result_sums.build_result_sums`.
    grouping : str
        The column of customers with the groups that the company plans with.

    Returns
    -------
    Ladder
        Key results that choose customers by `grouping` stand on the ladder first, then those by the column
        that most use; others join where nobody on the ladder speaks for any of their customers. What is
        asked of the same customers again is not added, nor what is about nobody or falls due after the goal.

    Raises
    ------
    InputError
        Two goals have the same words, or a key result supports a goal that is not stated.
    """
    _check_goals(results, objectives)
    rows = [{**_hold(line, sums, grouping), "key": f"KR{n}"} for n, line in enumerate(_lines(results), 1)]
    table = pd.DataFrame(rows, columns=RESULT_COLUMNS).assign(on_ladder=False)
    table["overlap"] = table.overlap.astype(float)
    members = {line.key: choose_customers(sums, line.column, line.value) for line in table.itertuples()}
    goals, parts = [], []
    for goal in _lines(objectives):
        in_time = table[np.array([by <= goal["by"] for by in table.by], dtype=bool)]
        serving = in_time[(in_time.supports == goal["goal"]) & (in_time.measure == goal["measure"])]
        ladder, spoken = _climb(serving, members, grouping, len(sums))
        table.loc[ladder.index, "on_ladder"] = True
        beside = serving.drop(ladder.index)
        shared = [share_result(sums, spoken, members[key], goal["measure"]) for key in beside.key]
        table.loc[beside.index, "overlap"] = shared
        largest = goal["measure"] == TOP_SHARE
        growing = in_time[(in_time.measure == "revenue_growth") & (in_time.column == grouping)]
        found = _part_largest(goal, growing, sums, grouping) if largest else _part(goal, ladder, spoken, sums)
        parts.append(found)
        until = min((growing if largest else ladder).by, default=None)
        told = _sum_up(goal, found, spoken, sums, largest=largest, until=until)
        twice = _count_twice(beside.assign(overlap=shared), goal["measure"], sums)
        told |= {"counted_twice": twice, "results": len(ladder), "other_results": len(beside)}
        goals.append(told)
    empty = pd.DataFrame(columns=PART_COLUMNS)
    return Ladder(
        results=table,
        goals=pd.DataFrame(goals, columns=GOAL_COLUMNS),
        parts=pd.concat(parts, ignore_index=True) if parts else empty,
        grouping=grouping,
    )


def _check_goals(results: pd.DataFrame, objectives: pd.DataFrame) -> None:
    """A goal is known by its words: without this, a slip of the pen would drop a key result from the sum."""
    twice = objectives.goal[objectives.goal.duplicated()]
    if len(twice):
        raise InputError(
            f"two goals have the same words: {twice.iloc[0]}",
            where="engagement file, objectives",
            fix="word them differently, since key results name the goal that they support",
        )
    lost = results[~results.supports.isin(["", *objectives.goal])]
    if len(objectives) and len(lost):
        line = lost.iloc[0]
        raise InputError(
            f"the key result '{line.objective}' supports '{line.supports}', which is no goal",
            where="engagement file, key_results",
            fix=f"write one of these word for word, or leave it out: {'; '.join(objectives.goal)}",
        )


def _lines(table: pd.DataFrame) -> list[dict]:
    return table.to_dict("records")


def _hold(line: dict, sums: pd.DataFrame, grouping: str) -> dict:
    """One key result against today."""
    measure, column = find_measure(line["measure"]), line["column"]
    members = choose_customers(sums, column, line["value"])
    today = measure_result(sums, members, line["measure"]) if members.any() else np.nan
    better = measure.better if measure else "higher"
    by = "" if column in ("", grouping) else f"{column.replace('_', ' ')} "
    return {
        **line,
        "group": f"{by}{line['value']}" if column else EVERYBODY,
        "words": name_measure(line["measure"]),
        "today": today,
        "customers": int(members.sum()),
        "weight": weigh_result(sums, members, line["measure"]),
        "format": measure.format if measure else "number:2",
        "better": better,
        "reached": bool(today <= line["target"] if better == "lower" else today >= line["target"]),
    }


def _climb(
    serving: pd.DataFrame, members: Mapping[str, np.ndarray], grouping: str, size: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """Key results that can be added, for they share no customer, and for whom they speak."""
    most = serving.column.mode()
    rank = np.where(serving.column == grouping, 0, np.where(serving.column.isin(most.head(1)), 1, 2))
    spoken, kept = np.zeros(size, dtype=bool), []
    for place in np.argsort(rank, kind="stable"):
        own = members[serving.key.iloc[place]]
        if own.any() and not (own & spoken).any():
            kept.append(serving.index[place])
            spoken |= own
    return serving.loc[kept].sort_index(), spoken


def _part(goal: dict, ladder: pd.DataFrame, spoken: np.ndarray, sums: pd.DataFrame) -> pd.DataFrame:
    """What each group on the ladder adds to the goal's measure, and whoever is left."""
    measure, name = find_measure(goal["measure"]), goal["measure"]
    if measure is None:
        return pd.DataFrame(columns=PART_COLUMNS)
    whole = weigh_result(sums, np.ones(len(sums), dtype=bool), name)
    columns = ["key", "group", "weight", "today", "target"]
    table = ladder[columns].reset_index(drop=True)
    if len(table) and (~spoken).any():
        stays = measure_result(sums, ~spoken, name)
        table.loc[len(table)] = ("", REST, weigh_result(sums, ~spoken, name), stays, stays)
    table["share"] = 1.0 if not measure.below else table.weight / whole if whole > 0 else np.nan
    table["adds"] = (table.share * table.target).where(table.share != 0, 0.0)
    return table.assign(goal=goal["goal"])[PART_COLUMNS]


def _part_largest(goal: dict, growing: pd.DataFrame, sums: pd.DataFrame, grouping: str) -> pd.DataFrame:
    """The largest group's share of revenue, if every group grows as its key result says, or as today."""
    column = f"{GROUPED}{grouping}"
    if column not in sums.columns or sums.revenue_now.sum() <= 0:
        return pd.DataFrame(columns=PART_COLUMNS)
    by_group = sums.groupby(column)[["revenue_now", "revenue_gain", "revenue_before"]].sum()
    revenue = by_group.revenue_now
    as_today = (by_group.revenue_gain / by_group.revenue_before).where(by_group.revenue_before > 0, 0.0)
    asked = growing.drop_duplicates("value").set_index("value").target.reindex(revenue.index)
    grown = revenue * (1 + asked.astype(float).fillna(as_today))
    later = (grown / grown.sum()).sort_values(ascending=False, kind="stable")
    row = (goal["goal"], "", later.index[0], 1.0, revenue.max() / revenue.sum(), later.iloc[0], later.iloc[0])
    return pd.DataFrame([row], columns=PART_COLUMNS)


def _sum_up(
    goal: dict, parts: pd.DataFrame, spoken: np.ndarray, sums: pd.DataFrame, *, largest: bool, until
) -> dict:
    """The goal against the sum of its parts, if they are of the same year."""
    measure, everybody = find_measure(goal["measure"]), np.ones(len(sums), dtype=bool)
    better = "lower" if largest else measure.better if measure else "higher"
    if largest:
        today = float(parts.today.sum()) if len(parts) else np.nan
    else:
        today = measure_result(sums, everybody, goal["measure"])
    summed = float(parts.adds.sum(skipna=False)) if len(parts) else today
    later = until is not None and goal["by"] - until >= YEAR
    gap = goal["target"] - summed if better == "lower" else summed - goal["target"]
    gap = np.nan if later else gap
    weight = float(sums.revenue_now.sum()) if largest else weigh_result(sums, everybody, goal["measure"])
    ratio = largest or (measure is not None and bool(measure.below and measure.of))
    return {
        **goal,
        "format": measure.format if measure else "share" if largest else "number:2",
        "better": better,
        "today": today,
        "sum": summed,
        "gap": gap,
        "gap_amount": gap * weight if ratio else np.nan,
        "gap_unit": "money" if largest or measure is None else measure.unit,
        "carried": np.nan if largest else share_result(sums, spoken, everybody, goal["measure"]),
        "results_by": until,
        "later": later,
    }


def _count_twice(beside: pd.DataFrame, name: str, sums: pd.DataFrame) -> float:
    """What the goal's sum would have too much if what is beside the ladder were added."""
    measure = find_measure(name)
    if measure is None or beside.empty:
        return 0.0
    whole = weigh_result(sums, np.ones(len(sums), dtype=bool), name)
    share = beside.weight / whole if measure.below else 1.0
    return float((share * beside.overlap * beside.target).sum())


def judge_goals(goals: pd.DataFrame, *, rounding: float = ROUNDING) -> pd.DataFrame:
    """Which goals do the key results make?

    Returns
    -------
    pandas.DataFrame
        `goals` with ``words`` (of the measure), ``gap_format``, and ``verdict``: reached, missed (also
        where no key result serves a goal that today does not reach), due later (than its key results, which
        are no answer to it), or not known.
    """
    ratio = goals.format.isin(["share", "change"])
    small = (goals.target.abs() * DIGITS).where(~ratio, rounding)
    judged = goals.assign(
        words=[name_measure(name) for name in goals.measure],
        gap_format=goals.format.where(~ratio, "points"),
        verdict=REACHED,
    )
    judged.loc[goals.gap < -small, "verdict"] = MISSED
    judged.loc[goals.later.astype(bool), "verdict"] = NOT_DUE
    judged.loc[goals["sum"].isna(), "verdict"] = UNKNOWN
    return judged
