"""Slug ``exit-criteria``: which groups, or losers hidden in them, should be let go, fixed or kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.findings import Decision, Finding, Need, Override
from segutils.objectives.attractiveness import exit_words as words
from segutils.objectives.attractiveness.exit_evidence import EXIT, FIX, KEEP, ExitEvidence
from segutils.statistics.decisions import check_override

SLUG = "exit-criteria"
ALL = "Keep all groups"
FIRM = 0.8  # share of samples in which the advice must stand to be called firm
CRITERIA = Need(
    question="Which margin and which strategic fit must a group have to be kept, and for how long?",
    table="engagement file",
    columns=("thresholds: exit-criteria, cm2_rate and strategic_fit, min, periods, owner",),
)
GOALS = Need(
    question="What does the company want to reach, that a group could serve?",
    table="engagement file",
    columns=("objectives: goal, kind, measure, target, by, owner",),
)
BOUGHT = Need(
    question="What did the customers of these groups buy within the last year?",
    table="transactions",
    columns=("customer_id", "ordered_on", "net_revenue"),
)
FORMATS = {
    "rate": "share",
    "low": "share",
    "high": "share",
    "in_a_row": "count",
    "fit": "number:2",
    "drain": "number:1",
    "revenue": "money",
    "left": "money",
    "frees": "money",
    "loses": "money",
    "needs": "money",
    "stands": "share:0",
}


def decide_exit_criteria(
    evidence: ExitEvidence | None,
    *,
    currency: str,
    needs: Sequence[Need] = (),
    max_drain: float = 2.0,
    override: Override | None = None,
) -> Finding:
    """Which groups fail the exit criteria, by how much, and what would letting them go bring?

    Parameters
    ----------
    evidence : ExitEvidence, optional
        From :func:`~segutils.objectives.attractiveness.exit_evidence.build_exit_evidence`.
    currency : str
    needs : sequence of Need
        What the margin ladder lacks.
    max_drain : float
        A group is said to drain the organisation if its share of the resources is more than so many times its
        share of margin. It decides nothing.
    override : Override, optional

    Returns
    -------
    Finding
        Table: ``group, rate`` (margin at the limit's level, of revenue) with ``low, high``, ``in_a_row``
        (quarters below the limit), ``fit`` (share of the stated objectives that it serves), ``drain``,
        ``advice``; parts of groups that were found below the limit follow their group. Options: keep, fix
        and exit of each that fails, with what is left a year (``left``), what exit frees and loses, what a
        fix needs, and in which share of samples the advice stands. ``fail`` where something fails,
        ``caution`` where the history is shorter than the limit asks for, ``not_run`` without margins or
        buyers.

    Raises
    ------
    InputError
        The override names no option.
    """
    if evidence is None:
        return Finding(
            slug=SLUG,
            status="not_run",
            headline=(
                "Whether a group should be let go cannot be said: what it leaves after its costs is not "
                "known."
            ),
            table=pd.DataFrame(columns=["group"]),
            needs=tuple(dict.fromkeys([*needs, CRITERIA])),
        )
    units, failing = evidence.units, list_failing(evidence.units)
    if units.empty:
        return Finding(
            slug=SLUG,
            status="not_run",
            headline="Whether a group should be let go cannot be said: nobody in a group bought in the year.",
            table=pd.DataFrame(columns=["group"]),
            needs=tuple(dict.fromkeys([*needs, BOUGHT])),
        )
    options = build_options(units, failing, evidence.limit.least)
    if len(failing):
        first = failing.iloc[0]
        recommended, stands = f"{first.advice} {first['group']}", float(first.advice_share)
    else:
        recommended, stands = ALL, float(options.stands.iloc[0])
    no_fit_limit = len(failing) > 0 and np.isnan(evidence.fit_limit)  # fix or exit depends on it
    lack = [*needs, *([CRITERIA] if no_fit_limit or not evidence.is_stated else [])]
    lack += [] if evidence.goals.serves.notna().any() else [GOALS]
    table = order_units(units)[["group", "rate", "low", "high", "in_a_row", "fit", "drain", "advice"]]
    firm = stands >= FIRM and not lack and evidence.quarters >= evidence.limit.periods
    return Finding(
        slug=SLUG,
        status="fail" if len(failing) else "pass" if firm else "caution",
        headline=words.say_headline(evidence, failing, firm=FIRM, currency=currency),
        table=table.reset_index(drop=True),
        formats={name: fmt for name, fmt in FORMATS.items() if name in table.columns},
        labels=words.label(evidence),
        figures=(words.draw_rates(evidence, failing),),
        decision=Decision(
            question="Which group, or part of one, is let go?",
            options=options,
            recommendation=recommended,
            robustness=words.say_robustness(evidence, failing, stands, currency=currency),
            robustness_share=stands,
            override=check_override(override, options.option.tolist(), slug=SLUG),
            formats={name: fmt for name, fmt in FORMATS.items() if name in options.columns},
        ),
        notes=words.list_notes(evidence, failing, max_drain=max_drain, currency=currency),
        assumptions=words.list_assumptions(evidence, max_drain),
        limits=words.LIMITS,
        needs=tuple(dict.fromkeys(lack)),
    )


def list_failing(units: pd.DataFrame) -> pd.DataFrame:
    """Groups and parts that miss the margin for long enough, the largest shortfall first."""
    return units[units.fails].sort_values("shortfall", ascending=False, kind="stable", ignore_index=True)


def order_units(units: pd.DataFrame) -> pd.DataFrame:
    """Lowest rate first, each part after its group."""
    groups = units[units.within == ""].sort_values("rate", kind="stable")
    parts = units[units.within != ""].sort_values("rate", kind="stable")
    rows = [
        pd.concat([groups[groups["group"] == name], parts[parts.within == name]]) for name in groups["group"]
    ]
    return pd.concat(rows) if rows else units


def build_options(units: pd.DataFrame, failing: pd.DataFrame, least: float) -> pd.DataFrame:
    """Keep, fix or exit of each unit that fails; of the group nearest to the limit where none does.

    Returns
    -------
    pandas.DataFrame
        ``option, revenue, left`` (a year: the margin kept, the limit's share of revenue after a fix, minus
        what stays after exit), ``frees, loses`` (on exit), ``needs`` (what a fix must find a year),
        ``stands`` (share of samples in which this is the advice).
    """
    groups = units[units.within == ""]
    rows = []
    if failing.empty:
        stands = float((1 - groups.fails_share).prod()) if len(groups) else 0.0
        left = float(groups.margin.sum())
        rows.append((ALL, float(groups.revenue.sum()), left, 0.0, 0.0, 0.0, stands))
    shown = failing if len(failing) else groups.nsmallest(1, "rate")
    for unit in shown.itertuples():
        exits = unit.fails_share * (unit.fit_share if unit.net > 0 else 0.0)
        shares = {KEEP: 1 - unit.fails_share, FIX: unit.fails_share - exits, EXIT: exits}
        given = {
            KEEP: (unit.margin, 0.0, 0.0, 0.0),
            FIX: (max(least * unit.revenue, unit.margin), 0.0, 0.0, unit.shortfall),
            EXIT: (-unit.stays, unit.frees, unit.cm1, 0.0),
        }
        actions = (KEEP, FIX, EXIT) if len(failing) else (EXIT,)
        rows += [(f"{name} {unit.group}", unit.revenue, *given[name], shares[name]) for name in actions]
    return pd.DataFrame(rows, columns=["option", "revenue", "left", "frees", "loses", "needs", "stands"])
