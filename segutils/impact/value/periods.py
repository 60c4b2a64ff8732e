"""Calendar quarters, and each segment's order lines by quarter, in the client's own time zone."""

from datetime import date, timedelta
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import pandas as pd

from segutils.errors import InputError

ALL = "all"
NO_SEGMENT = "none"


def say_segment(name: str) -> str:
    """A segment inside of a sentence; who has none is not nobody."""
    return "customers without a segment" if name == NO_SEGMENT else name


def build_quarters(first_day: date, last_day: date, *, max_missing_days: int = 7) -> pd.DataFrame:
    """Which calendar quarters does the data cover from beginning to end?

    Parameters
    ----------
    first_day, last_day : datetime.date
        First and last day the data can speak of; `last_day` is the reference date, inclusive.
    max_missing_days : int
        A quarter may lack this many days at its beginning (shops closed over New Year), none at its end.

    Returns
    -------
    pandas.DataFrame
        period (``"2017 Q4"``), quarter (its number, quarters since year 0), period_start, period_end (last
        day, inclusive), days; oldest first.

    Raises
    ------
    InputError
        If no quarter is complete.
    """
    starts = pd.period_range(first_day, last_day, freq="Q")
    quarters = pd.DataFrame(
        {
            "period": [f"{quarter.year} Q{quarter.quarter}" for quarter in starts],
            "quarter": starts.year * 4 + starts.quarter - 1,
            "period_start": starts.start_time.normalize(),
            "period_end": starts.end_time.normalize(),
        }
    )
    quarters["days"] = (quarters["period_end"] - quarters["period_start"]).dt.days + 1
    late_start = pd.Timestamp(first_day) - timedelta(days=max_missing_days)
    complete = (quarters["period_start"] >= late_start) & (quarters["period_end"] <= pd.Timestamp(last_day))
    if not complete.any():
        raise InputError(
            f"no calendar quarter is complete between {first_day} and {last_day}",
            where="transactions, ordered_on",
            fix="give at least one full calendar quarter of order lines, or correct as_of",
        )
    return quarters.loc[complete].reset_index(drop=True)


def build_comparison(quarters: pd.DataFrame) -> pd.DataFrame:
    """Which quarters are compared with which?

    Each quarter with the one before, and last of all the whole span: the last quarter with the same quarter a
    year earlier where the data reaches back that far, else with the first complete quarter.

    Parameters
    ----------
    quarters : pandas.DataFrame
        As :func:`build_quarters` returns it.

    Returns
    -------
    pandas.DataFrame
        before, after (labels of quarters), span (bool: the comparison over the whole span), same_season
        (bool). Empty for a single quarter.
    """
    labels = quarters["period"].tolist()
    if len(labels) < 2:
        return pd.DataFrame({"before": [], "after": [], "span": [], "same_season": []})
    year_before = labels[-5] if len(labels) >= 5 else None
    pairs = [(before, after, False, False) for before, after in pairwise(labels)]
    pairs.append((year_before or labels[0], labels[-1], True, year_before is not None))
    return pd.DataFrame(pairs, columns=["before", "after", "span", "same_season"])


def join_segments(transactions: ir.Table, segments: pd.DataFrame) -> ir.Table:
    """Whose order line is it? Order lines with the segment of their customer, still on the engine.

    Parameters
    ----------
    transactions : ibis table
        customer_id and any other columns.
    segments : pandas.DataFrame
        customer_id, segment.

    Returns
    -------
    ibis table
        The order lines with ``segment``; ``"none"`` for customers that have none.
    """
    members = ibis.memtable(segments[["customer_id", "segment"]].astype("object"))
    lines = transactions.drop("segment") if "segment" in transactions.columns else transactions
    joined = lines.left_join(members, "customer_id").drop("customer_id_right")
    return joined.mutate(segment=joined.segment.fill_null(NO_SEGMENT))


def join_quarters(lines: ir.Table, quarters: pd.DataFrame) -> ir.Table:
    """In which complete quarter was it ordered? Order lines with the quarter's number; others are left out.

    Parameters
    ----------
    lines : ibis table
        ordered_on (date in the client's time zone).
    quarters : pandas.DataFrame
        As :func:`build_quarters` returns it.
    """
    first, last = quarters["period_start"].iloc[0].date(), quarters["period_end"].iloc[-1].date()
    inside = lines.filter(lines.ordered_on.between(first, last))
    # counted in months: engines disagree on what a truncated date is, and ibis on SQLite on what a quarter is
    months = inside.ordered_on.year() * 12 + inside.ordered_on.month() - 1
    return inside.mutate(quarter=(months // 3).cast("int64"))


def sort_segments(names: list[str]) -> list[str]:
    """S1, S2, … S10 in their order, then ``none``, then ``all``."""
    return sorted(
        names,
        key=lambda name: (
            (NO_SEGMENT, ALL).index(name) if name in (NO_SEGMENT, ALL) else -1,
            len(name),
            name,
        ),
    )
