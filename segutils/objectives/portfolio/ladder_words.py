"""Sentences, table and figure of ``okr-ladder``, computed from the ladder."""

from __future__ import annotations

import pandas as pd

from segutils.findings import Figure
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.objectives.portfolio.amounts import write_amount
from segutils.objectives.portfolio.key_results import MISSED, NOT_DUE, REST, UNKNOWN, Ladder
from segutils.objectives.portfolio.result_conflicts import (
    CLASH,
    IMPOSSIBLE,
    TRADED,
    TWICE,
    ZERO_SUM,
    write_unit,
)
from segutils.objectives.portfolio.result_sums import TOP_SHARE, find_measure

FORMATS = {
    "today": "by:format",
    "sum": "by:format",
    "target": "by:format",
    "gap": "by:gap_format",
    "gap_amount": "by:gap_unit",
    "carried": "share:0",
    "by": "date",
    "results_by": "date",
}
LABELS = {
    "goal": "Goal",
    "words": "Measure",
    "sum": "If all key results are reached",
    "gap": "Gap (below 0: lacking)",
    "gap_amount": "Gap in money or customers",
    "carried": "Key results speak for",
    "by": "Goal due",
    "results_by": "Key results due",
}
LIMITS = (
    "Parts are weighed with this year's customers, revenue and markets: if the mix changes, so does the sum.",
    "The sum says what reached key results would make, not that they will be reached.",
)
LATER = ("fall due later", "falls due later")  # of several goals, of one
FEW = 0.995  # of the weight that key results speak for, below which it is said


def write(value: float, fmt: str, currency: str = "") -> str:
    """A value in its own format; large amounts as a board reads them."""
    if fmt == "money" and currency:
        return write_amount(value, currency=currency)
    return format_value(value, fmt, currency=currency)


def build_table(goals: pd.DataFrame) -> pd.DataFrame:
    """One row per goal; amounts without digits that nobody knows."""
    shown = ["goal", "words", "today", "sum", "target", "gap", "gap_amount", "carried", "results_by", "by"]
    table = goals[[*shown, "format", "gap_format", "gap_unit"]].reset_index(drop=True)
    money = (table.gap_unit == "money") & (table.gap_amount.abs() >= 10_000)
    return table.assign(gap_amount=table.gap_amount.where(~money, table.gap_amount.round(-3)))


def say_headline(goals: pd.DataFrame, conflicts: pd.DataFrame) -> str:
    """How many goals are missed though every key result is reached, and what stands in whose way."""
    known = goals[~goals.verdict.isin([UNKNOWN, NOT_DUE])]
    missed = known[known.verdict == MISSED]
    tail = _say_odds(conflicts)
    if known.empty:
        return f"None of {plural(len(goals), 'goal')} can be held against its key results{tail}."
    some = f" of the {len(goals)} that are stated" if len(known) < len(goals) else ""
    every = "the goal" if len(known) == 1 else "both goals" if len(known) == 2 else f"all {len(known)} goals"
    if missed.empty:
        one = len(known) == 1 and not some
        told = "the goal" if one else f"{plural(len(known), 'goal')}{some}" if some else every
        return f"If every key result is reached, so {'is' if len(known) == 1 else 'are'} {told}{tail}."
    of = every if len(missed) == len(known) else f"{len(missed)} of {len(known)} goals"
    later, untold = (int((goals.verdict == verdict).sum()) for verdict in (NOT_DUE, UNKNOWN))
    verb = "is" if len(missed) == 1 else "are"
    due = f" that {'falls' if len(known) == 1 else 'fall'} due with them" if later else ""
    others = [
        f"{many} {why}" for many, why in ((untold, "cannot be told"), (later, LATER[later == 1])) if many
    ]
    open_ = f", and {join_words(others)}" if others else ""
    return f"Even if every key result is reached, {of}{due} {verb} missed{open_}{tail}."


def _say_odds(conflicts: pd.DataFrame) -> str:
    kinds = conflicts.kind.value_counts() if len(conflicts) else {}
    parts = []
    if IMPOSSIBLE in kinds:
        sizes = conflicts["keys"][conflicts.kind == IMPOSSIBLE].map(len).tolist()
        parts.append(_say_impossible(sizes))
    for kind, verb in ((CLASH, "set two targets for the same"), (ZERO_SUM, "live at each other's cost")):
        if kind in kinds:
            many = int(kinds[kind])
            pairs = "two key results" if many == 1 else f"{many} pairs of key results"
            parts.append(f"{pairs} {verb}")
    if TWICE in kinds:
        parts.append("some success is rewarded twice")
    if not parts and TRADED in kinds:
        parts.append("volume and margin of the same customers are rewarded apart")
    return f"; {join_words(parts)}" if parts else ""


def _say_impossible(sizes: list[int]) -> str:
    """``two key results cannot both be reached``."""
    if len(sizes) > 1:
        return f"{len(sizes)} sets of key results cannot be reached together"
    (size,) = sizes
    if size == 1:
        return "one key result cannot be reached"
    many = {2: "two", 3: "three", 4: "four"}.get(size, str(size))
    return f"{many} key results cannot {'both' if size == 2 else 'all'} be reached"


def list_notes(goals: pd.DataFrame, ladder: Ladder, conflicts: pd.DataFrame, *, currency: str) -> list[str]:
    """What cannot be, what is lacking, what is counted or rewarded twice, what hangs loose."""
    return [
        *_say_conflicts(conflicts[conflicts.kind.isin([IMPOSSIBLE, CLASH, ZERO_SUM])], ladder.results),
        *_say_gaps(goals, currency),
        *_say_unserved(goals, ladder, currency),
        *_say_later(goals, currency),
        *_say_unknown(goals),
        *_say_twice(goals, ladder),
        *_say_rewarded(conflicts[conflicts.kind == TWICE], ladder.results),
        *_say_tensions(conflicts[conflicts.kind == TRADED], ladder.results),
        *_say_loose_ends(goals, ladder),
    ]


def _name(line, *, unit: bool = False) -> str:
    """A key result by its words: ``“Grow in the north” (region Nord, sales germany)``."""
    who = f"{line.group}, {write_unit(line.unit)}" if unit else line.group
    return f"“{line.objective}” ({who})"


def _say_conflicts(conflicts: pd.DataFrame, results: pd.DataFrame) -> list[str]:
    by_key = results.set_index("key")
    return [
        f"{line.kind.capitalize()}: {join_words([_name(by_key.loc[key], unit=True) for key in line.keys])}; "
        f"{line.why}."
        for line in conflicts.itertuples()
    ]


def _say_gaps(goals: pd.DataFrame, currency: str) -> list[str]:
    """How much is lacking, in the measure's own unit and in money or customers."""
    told = goals[(goals.verdict == MISSED) & ((goals.results > 0) | (goals.measure == TOP_SHARE))]
    if told.empty:
        return []
    parts = [
        f"{line.words} {_say_gap(line, currency)}{' too much' if line.better == 'lower' else ''}"
        for line in told.sort_values("better", kind="stable").itertuples()
    ]
    return [f"Lacking, even if all is reached: {'; '.join(parts)}."]


def _say_gap(line, currency: str) -> str:
    """``0.8 points (EUR 2.0 million of revenue)``."""
    if line.gap_format == "points":
        lacking = write(abs(line.gap), "points").lstrip("+").replace(" pp", " points")
    else:
        lacking = write(abs(line.gap), line.gap_format, currency)
    if line.gap_amount != line.gap_amount:
        return lacking
    measure = find_measure(line.measure)
    of = measure.of if measure else "revenue"
    amount = write(abs(line.gap_amount), line.gap_unit, currency)
    return f"{lacking} ({amount} {of if line.gap_unit == 'count' else f'of {of}'})"


def _say_unserved(goals: pd.DataFrame, ladder: Ladder, currency: str) -> list[str]:
    lines = goals[(goals.verdict == MISSED) & (goals.results == 0) & (goals.measure != TOP_SHARE)]
    served = set(zip(ladder.results.supports, ladder.results.measure, strict=True))
    notes = []
    for line in lines.itertuples():
        due = f" that is due by {line.by}" if (line.goal, line.measure) in served else ""
        notes.append(
            f"No key result{due} serves the goal “{line.goal}”, which is not reached today "
            f"({write(line.today, line.format, currency)} of {write(line.target, line.format, currency)})."
        )
    return notes


def _say_later(goals: pd.DataFrame, currency: str) -> list[str]:
    """Goals of a later year than their key results: how far those go, and that the rest is open."""
    notes = []
    for line in goals[goals.verdict == NOT_DUE].itertuples():
        made, goal, today = (
            write(value, line.format, currency) for value in (line.sum, line.target, line.today)
        )
        notes.append(
            f"“{line.goal}” is due by {line.by}, key results for it from {line.results_by} on. Reached, they "
            f"make {made} in their year (goal {goal}, today {today}); what the time after that is to bring, "
            "nobody has said, so the goal is not called missed."
        )
    return notes


def _say_unknown(goals: pd.DataFrame) -> list[str]:
    lines = goals[goals.verdict == UNKNOWN]
    if lines.empty:
        return []
    parts = []
    for line in lines.itertuples():
        known = find_measure(line.measure) is not None and line.today == line.today
        why = f"{line.words} of whoever is left is not known" if known else f"{line.words} is not known"
        parts.append(f"“{line.goal}” ({why})")
    return [f"Not told: {join_words(parts)}."]


def _say_twice(goals: pd.DataFrame, ladder: Ladder) -> list[str]:
    notes = []
    for line in goals[goals.other_results > 0].itertuples():
        results = ladder.results
        mine = (results.supports == line.goal) & (results.measure == line.measure) & ~results.on_ladder
        beside = results[mine & (results.overlap > 0)]
        if beside.empty:
            continue
        named = join_words([_name(r) for r in beside.itertuples()])
        verb = "is" if len(beside) == 1 else "are"
        part = "" if (beside.overlap >= FEW).all() else " in part"
        ratio = line.gap_format == "points"
        twice = write(line.counted_twice, line.gap_format if ratio else line.format)
        twice = twice.lstrip("+").replace(" pp", " points") if ratio else twice
        much = f"{twice} too much into {lower_first(line.words)}"
        left = " What is not counted is left out of the sum." if part else ""
        notes.append(
            f"{named} {verb}{part} about customers whom other key results of the same goal count already: "
            f"added up, they would put {much}.{left}"
        )
    return notes


def _say_rewarded(twice: pd.DataFrame, results: pd.DataFrame) -> list[str]:
    """Key results that claim what others claim: one sentence for each that stands beside the ladder."""
    by_key, notes = results.set_index("key"), []
    beside = [s if not by_key.loc[s, "on_ladder"] else f for f, s in twice["keys"]]
    for key, lines in twice.assign(beside=beside).groupby("beside", sort=False):
        others = [s if f == key else f for f, s in lines["keys"]]
        units = sorted({write_unit(by_key.loc[other, "unit"]) for other in others})
        groups = join_words(list(dict.fromkeys(by_key.loc[other, "group"] for other in others)))
        verb = "is" if len(units) == 1 else "are"
        notes.append(
            f"{TWICE.capitalize()}: {_name(by_key.loc[key], unit=True)} is about customers of {groups}, for "
            f"whom {join_words(units)} {verb} rewarded, too: each success is claimed by two."
        )
    return notes


def _say_tensions(traded: pd.DataFrame, results: pd.DataFrame) -> list[str]:
    if traded.empty:
        return []
    by_key = results.set_index("key")
    parts = [
        f"in {by_key.loc[keys[0], 'group']} {why}"
        for keys, why in zip(traded["keys"], traded.why, strict=True)
    ]
    return [f"{TRADED.capitalize()}: {'; '.join(parts)}."]


def _say_loose_ends(goals: pd.DataFrame, ladder: Ladder) -> list[str]:
    results, notes = ladder.results, []
    nobody = results[results.customers == 0]
    if len(nobody):
        named = join_words([_name(r) for r in nobody.itertuples()])
        verb = "is" if len(nobody) == 1 else "are"
        notes.append(f"{named} {verb} about nobody: no customer is in such a group.")
    loose = results[results.supports == ""]
    if len(loose):
        named = join_words([_name(r) for r in loose.itertuples()])
        notes.append(f"{named} {'serves' if len(loose) == 1 else 'serve'} no goal of the company.")
    measures = dict(zip(goals.goal, goals.measure, strict=True))
    other = results[results.supports.isin(measures) & (results.measure != results.supports.map(measures))]
    if len(other):
        named = join_words([_name(r) for r in other.itertuples()])
        verb = "serves its goal" if len(other) == 1 else "serve their goals"
        notes.append(f"{named} {verb} by another measure and cannot be added to it.")
    due = dict(zip(goals.goal, goals.by, strict=True))
    late = results[[bool(due.get(r.supports)) and r.by > due[r.supports] for r in results.itertuples()]]
    if len(late):
        named = join_words([_name(r) for r in late.itertuples()])
        one = len(late) == 1
        notes.append(
            f"{named} {'falls' if one else 'fall'} due after the goal served and "
            f"{'does' if one else 'do'} not count towards it."
        )
    return notes


def draw_gaps(goals: pd.DataFrame, ladder: Ladder) -> list[Figure]:
    """What each group adds to the goal that most key results serve, against what is asked."""
    known = goals[(goals.results > 0) & goals.gap.notna()]
    if known.empty:
        return []
    missed = known[known.verdict == MISSED]
    worst = (missed if len(missed) else known).sort_values("results", ascending=False, kind="stable").iloc[0]
    parts = ladder.parts[ladder.parts.goal == worst.goal]
    data = parts[["group", "adds"]].rename(columns={"group": "part"})
    short = worst.verdict == MISSED
    off = "Too much" if worst.better == "lower" else "Lacking"
    ends = [(off, abs(worst.gap))] if short else []
    data = pd.concat([data, pd.DataFrame([*ends, ("Goal", worst.target)], columns=["part", "adds"])])
    gap = write(abs(worst.gap), worst.gap_format).lstrip("+").replace(" pp", " points")
    lacking = f"{gap} too much" if worst.better == "lower" else f"{gap} are lacking"
    rest = "; all others go on as today" if (parts.group == REST).any() else ""
    return [
        Figure(
            kind="bar",
            data=data.reset_index(drop=True),
            x="part",
            y="adds",
            title=f"{worst.goal}: {lacking if short else 'nothing is lacking'}",
            subtitle=f"{worst.words[:1].upper()}{worst.words[1:]}: what each group adds if its key result is "
            f"reached{rest}",
            alt="; ".join(f"{r.part} {write(r.adds, worst.format)}" for r in data.itertuples()),
            caption="Each group's target times its weight. "
            + (
                "The parts less what is too much make the goal."
                if worst.better == "lower"
                else "The parts and what is lacking make the goal."
                if short
                else "The parts make the goal or more."
            ),
            formats={"adds": worst.format},
            highlight=off if short else "Goal",
        )
    ]
