"""How often the segments should be refreshed: how fast they go wrong, against what a refresh costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segutils.data_readiness.quality import refresh_words as words
from segutils.data_readiness.quality.assignment_decay import Decay
from segutils.data_readiness.quality.record_decay import RecordDecay
from segutils.data_readiness.quality.refresh_options import (
    IN,
    MISSES,
    Stated,
    decide_interval,
    read_stated,
    score_intervals,
)
from segutils.errors import InputError
from segutils.findings import Decision, Finding, Need, Override, Status
from segutils.statistics.decisions import check_override

SLUG = "refresh-cycle"
WEIGHTS: Mapping[str, float] = {"accuracy": 0.6, "thrift": 0.4}
INTERVALS = (1, 3, 6, 12, 18, 24)
SHOWN = (1, 3, 6, 9, 12, 18, 24)  # months in the table
FORMATS = {
    "months": "count",
    "starts": "count",
    "customers": "count",
    **dict.fromkeys(
        ("wrong_share", "low", "high", "moved_share", "chance_share", "stopped_share", "unplaced_share"),
        "share",
    ),
}
LABELS = {
    "months": "Months since the refresh",
    "starts": "Earlier days averaged over",
    "customers": "Customers with a segment",
    "wrong_share": "Misplaced for want of a refresh",
    "low": "From",
    "high": "To",
    "moved_share": "A refresh would move",
    "chance_share": "Misplaced even then",
    "stopped_share": "Stopped buying",
    "unplaced_share": "Of buyers, without a segment",
}


def decide_refresh_cycle(
    decay: Decay | None,
    records: RecordDecay | None,
    *,
    currency: str,
    costs: pd.DataFrame | None = None,
    thresholds: pd.DataFrame | None = None,
    intervals: Sequence[int] = INTERVALS,
    weights: Mapping[str, float] = WEIGHTS,
    max_wrong_share: float = 0.05,
    cost_range: float = 2.0,
    seed: int = 21_030,
    override: Override | None = None,
) -> Finding:
    """How often should the segments be refreshed, given how fast customers outgrow them?

    Parameters
    ----------
    decay : Decay or None
        From :func:`~segutils.data_readiness.quality.assignment_decay.fit_decay`; None where the history is
        too short.
    records : RecordDecay or None
        From :func:`~segutils.data_readiness.quality.record_decay.fit_hazards`; None where there are no two
        records of a firm.
    currency : str
        ISO 4217 code.
    costs : pandas.DataFrame, optional
        ``item, amount, per, every, owner``: lines per ``refresh``, and one per ``customer`` for a customer in
        the wrong segment.
    thresholds : pandas.DataFrame, optional
        ``measure, max, owner`` of this question; ``wrong_share``: the most customers (0-1) that may be
        misplaced for want of a refresh, averaged from one to the next.
    intervals : sequence of int
        Months between refreshes to choose from.
    weights : mapping of str to float
        Of ``accuracy`` and ``thrift``: used where it is not stated what a wrong segment costs.
    max_wrong_share : float
        The limit (0-1) where nobody stated one, nor what a refresh costs.
    cost_range : float
        How many times smaller or larger the cost of a wrong segment may be than stated.
    seed : int
    override : Override, optional

    Returns
    -------
    Finding
        Table: ``months, starts, customers, wrong_share, low, high, moved_share, chance_share, stopped_share,
        unplaced_share``. Figures: the decay; changes of what records say.

    Raises
    ------
    InputError
        Intervals or the range make no sense; the override is not an option.
    """
    if not intervals or min(intervals) < 1 or cost_range < 1:
        raise InputError(
            f"intervals {list(intervals)} and a range of {cost_range:g} cannot be used",
            where="parameters of refresh-cycle",
            fix="give months of 1 or more, and a range of 1 or more",
        )
    if decay is None:
        return _not_run(records)
    stated = read_stated(costs, thresholds, max_wrong_share=max_wrong_share)
    table = score_intervals(decay, stated, sorted(intervals))
    if not table.verdict.isin([IN, MISSES]).any():
        return _not_run(records)
    settings = {"weights": weights, "currency": currency, "cost_range": cost_range, "seed": seed}
    decision = _override(decide_interval(table, decay, stated, **settings), override)
    chosen = table.set_index("option").loc[decision.choice]
    return Finding(
        slug=SLUG,
        status=_judge(table, chosen, stated),
        headline=words.write_headline(decay, table, decision, stated, currency),
        table=_select_lags(decay),
        formats=FORMATS,
        labels=LABELS,
        figures=(
            words.draw_decay(decay),
            *((words.draw_fields(records),) if records is not None else ()),
        ),
        decision=decision,
        notes=(
            *words.say_decay(decay),
            *words.say_break_even(decay, table, decision, stated, currency),
            *words.say_practice(table),
            *words.say_records(records, chosen.months),
        ),
        assumptions=words.list_assumptions(stated, weights, currency, cost_range),
        limits=words.list_limits(decay, table, records),
        needs=_list_needs(stated, table, records),
    )


def _override(decision: Decision, override: Override | None) -> Decision:
    return Decision(
        question=decision.question,
        options=decision.options,
        recommendation=decision.recommendation,
        robustness=decision.robustness,
        robustness_share=decision.robustness_share,
        override=check_override(override, decision.options.option.tolist(), slug=SLUG),
        formats=decision.formats,
    )


def _judge(table: pd.DataFrame, chosen: pd.Series, stated: Stated) -> Status:
    if chosen.verdict == MISSES:
        return "fail"
    measured = table.verdict.isin([IN, MISSES])
    sure = chosen.verdict == IN and table.months[measured].max() >= min(12, table.months.max())
    return "pass" if sure and stated.basis != "limit" else "caution"


def _select_lags(decay: Decay) -> pd.DataFrame:
    reach = int(decay.lags.months.max())
    kept = decay.lags[decay.lags.months.isin([*SHOWN, reach])]
    return kept[list(FORMATS)].reset_index(drop=True)


def _not_run(records: RecordDecay | None) -> Finding:
    return Finding(
        slug=SLUG,
        status="not_run",
        headline="How fast assignments go wrong cannot be told: the order lines reach back too short a time.",
        table=pd.DataFrame(columns=["months", "wrong_share"])
        if records is None
        else records.fields.reset_index(drop=True),
        needs=(
            Need(
                question="How fast do assignments go wrong (order lines of two years or more)?",
                table="transactions",
                columns=("customer_id", "order_id", "ordered_at", "net_revenue"),
            ),
        ),
    )


def _list_needs(stated: Stated, table: pd.DataFrame, records: RecordDecay | None) -> tuple[Need, ...]:
    found = []
    if stated.refresh_cost is None:
        found.append(
            Need(
                question="What does renewing the segments cost each time (a line per refresh)?",
                table="engagement file",
                columns=("costs",),
            )
        )
    if stated.wrong_cost is None:
        found.append(
            Need(
                question="What does a customer in the wrong segment cost a year (a line per customer)?",
                table="engagement file",
                columns=("costs",),
            )
        )
    if np.isnan(table.wrong_share).any():
        found.append(
            Need(
                question="How many are wrong after longer intervals (order lines of earlier years)?",
                table="transactions",
                columns=("customer_id", "order_id", "ordered_at", "net_revenue"),
            )
        )
    if records is None:
        found.append(
            Need(
                question="How fast do industry, size, address and contact of customers go out of date?",
                table="source_records",
                columns=("source", "record_id", "company", "phone", "postcode", "industry", "updated_at"),
            )
        )
    return tuple(found)
