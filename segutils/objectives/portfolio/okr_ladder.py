"""Slug ``okr-ladder``: do the key results of the parts make the goals of the whole, each counted once?"""

from __future__ import annotations

import pandas as pd

from segutils.findings import Assumption, Finding, Need
from segutils.objectives.portfolio import ladder_words as words
from segutils.objectives.portfolio.key_results import (
    KEY_RESULTS,
    MISSED,
    NOT_DUE,
    OBJECTIVES,
    ROUNDING,
    UNKNOWN,
    Ladder,
    judge_goals,
)
from segutils.objectives.portfolio.result_conflicts import IMPOSSIBLE
from segutils.objectives.portfolio.result_sums import find_measure

SLUG = "okr-ladder"


def check_okr_ladder(
    ladder: Ladder, conflicts: pd.DataFrame, *, currency: str, rounding: float = ROUNDING
) -> Finding:
    """Do key results make the goals, is anything counted twice, and who is rewarded at whose cost?

    Parameters
    ----------
    ladder : Ladder
        From :func:`~segutils.objectives.portfolio.key_results.build_ladder`.
    conflicts : pandas.DataFrame
        From :func:`~segutils.objectives.portfolio.result_conflicts.find_conflicts`.
    currency : str
    rounding : float
        A gap below this is none.

    Returns
    -------
    Finding
        ``fail`` where a goal is missed although every key result is reached, or two key results cannot both
        be; ``caution`` where key results are counted twice, stand in each other's way, are about nobody, or a
        goal cannot be told or falls due later than they; ``not_run`` without objectives or key results.
    """
    if ladder.goals.empty or ladder.results.empty:
        return _withhold(ladder)
    goals = judge_goals(ladder.goals, rounding=rounding)
    impossible = (conflicts.kind == IMPOSSIBLE).any() if len(conflicts) else False
    loose = (
        (goals.counted_twice > rounding).any()
        or goals.verdict.isin([UNKNOWN, NOT_DUE]).any()
        or (ladder.results.customers == 0).any()
        or len(conflicts)
    )
    return Finding(
        slug=SLUG,
        status="fail" if (goals.verdict == MISSED).any() or impossible else "caution" if loose else "pass",
        headline=words.say_headline(goals, conflicts),
        table=words.build_table(goals),
        formats=words.FORMATS,
        labels=words.LABELS,
        figures=words.draw_gaps(goals, ladder),
        notes=words.list_notes(goals, ladder, conflicts, currency=currency),
        assumptions=[
            *(
                Assumption(
                    text=f"{line.goal}: {words.write(line.target, line.format, currency)} by {line.by}.",
                    owner=line.owner,
                )
                for line in goals.itertuples()
            ),
            Assumption(
                text="Customers for whom no key result serves a goal go on as today.",
                owner="playbook default",
            ),
        ],
        limits=words.LIMITS,
        needs=list_needs(ladder.results),
    )


def list_needs(results: pd.DataFrame) -> list[Need]:
    """What to ask for, so that every key result can be held against today."""
    needs = []
    nobody = results[results.customers == 0]
    if len(nobody):
        named = dict.fromkeys(f"{line.column}: {line.value}" for line in nobody.itertuples())
        question = "Whom are these key results about, of whom there is no customer?"
        needs.append(Need(question=question, table="engagement file", columns=tuple(named)))
    for name, lines in results[results.today.isna() & (results.customers > 0)].groupby("measure", sort=False):
        measure, told = find_measure(name), lines.objective.tolist()
        if measure is None:
            columns = (f"key_results: {', '.join(told)} (measure {name})",)
            needs.append(Need(question="How is this measured?", table="engagement file", columns=columns))
        elif measure.need:
            needs.append(measure.need)
    return list(dict.fromkeys(needs))


def _withhold(ladder: Ladder) -> Finding:
    lack = [
        need for need, table in ((OBJECTIVES, ladder.goals), (KEY_RESULTS, ladder.results)) if table.empty
    ]
    what = "goals" if ladder.goals.empty and len(ladder.results) else "key results"
    what = "goals and key results" if len(lack) == 2 else what
    return Finding(
        slug=SLUG,
        status="not_run",
        headline=f"Nothing can be rolled up: the company has stated no {what}.",
        table=pd.DataFrame({"goal": ladder.goals.goal.tolist()}),
        needs=lack,
    )
