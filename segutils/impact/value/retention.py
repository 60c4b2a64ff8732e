"""Who orders again, period by period: activity per customer, and cohorts of customers first seen together."""

from datetime import date, timedelta

import ibis.expr.types as ir
import pandas as pd

from segutils.errors import InputError
from segutils.formats import plural
from segutils.impact.value.periods import ALL, join_segments, sort_segments

PERIOD_WORDS = {1: "month", 3: "quarter", 12: "year"}


def number_last_period(last_day: date, *, months_per_period: int = 1) -> int:
    """Which period is the last complete one? Its number: months since year 0 by `months_per_period`."""
    day_after = last_day + timedelta(days=1)
    return (day_after.year * 12 + day_after.month - 1) // months_per_period - 1


def label_period(number: int, *, months: int) -> str:
    """A period's number as a reader knows it: ``2017-03``, ``2017 Q1`` or ``2017``."""
    year, month = divmod(number * months, 12)
    return {1: f"{year}-{month + 1:02d}", 3: f"{year} Q{month // 3 + 1}", 12: f"{year}"}[months]


def build_activity(
    transactions: ir.Table, segments: pd.DataFrame, *, last_day: date, months_per_period: int = 1
) -> pd.DataFrame:
    """In which periods did each customer order, and for how much?

    Parameters
    ----------
    transactions : ibis table
        customer_id, order_id, ordered_on (date in the client's zone), net_revenue.
    segments : pandas.DataFrame
        customer_id, segment.
    last_day : datetime.date
        The reference date, inclusive; a period that it cuts is left out.
    months_per_period : {1, 3, 12}

    Returns
    -------
    pandas.DataFrame
        customer_id, segment, first_period (of the first order), period (numbers, see
        :func:`number_last_period`), ordered (bool), revenue; one row per customer and period with an order
        line from the first order on. An order has net revenue above 0: a return is none, but lowers revenue.

    Raises
    ------
    InputError
        For another `months_per_period`, or when no order lies in a complete period.
    """
    if months_per_period not in PERIOD_WORDS:
        raise InputError(
            f"months_per_period is {months_per_period}", where="7_1_value, parameters", fix="use 1, 3 or 12"
        )
    last = number_last_period(last_day, months_per_period=months_per_period)
    kept = transactions.select("customer_id", "order_id", "ordered_on", "net_revenue")
    lines = join_segments(kept, segments)
    months = lines.ordered_on.year() * 12 + lines.ordered_on.month() - 1
    lines = lines.mutate(period=(months // months_per_period).cast("int64"))
    lines = lines.filter(lines.period <= last)
    orders = lines.group_by("customer_id", "segment", "period", "order_id").aggregate(
        revenue=lines.net_revenue.sum()
    )
    periods = orders.group_by("customer_id", "segment", "period").aggregate(
        revenue=orders.revenue.sum().cast("float64"), ordered=(orders.revenue > 0).any()
    )
    activity = periods.to_pandas()
    if not activity["ordered"].any():
        raise InputError(
            f"no order lies in a {PERIOD_WORDS[months_per_period]} that is complete on {last_day}",
            where="transactions, ordered_on",
            fix="give older order lines, or correct as_of",
        )
    bought = activity["period"].where(activity["ordered"])
    activity["first_period"] = bought.groupby(activity["customer_id"]).transform("min")
    activity = activity[activity["period"] >= activity["first_period"]].astype({"first_period": "int64"})
    activity = activity.sort_values(["customer_id", "period"], ignore_index=True)
    return activity[["customer_id", "segment", "first_period", "period", "ordered", "revenue"]]


def build_cohorts(
    activity: pd.DataFrame, *, last_period: int, months_per_period: int = 1, months_per_cohort: int = 3
) -> pd.DataFrame:
    """Of the customers first seen together, how many still order later, and for how much?

    Parameters
    ----------
    activity : pandas.DataFrame
        As :func:`build_activity` returns it.
    last_period : int
        As :func:`number_last_period` returns it.
    months_per_period, months_per_cohort : {1, 3, 12}
        Length of a period and of the span whose new customers form a cohort.

    Returns
    -------
    pandas.DataFrame
        cohort (label), period_index (periods since the customer's own first; 0 is the first), segment (and
        ``"all"``), customers (of the cohort), retained_share (of them with an order in that period, 0–1), and
        revenue_per_customer (currency, whether they ordered or not). Only indices that the whole cohort has
        reached, so that each row of a cohort speaks of the same customers.

    Raises
    ------
    InputError
        Where a cohort is not a whole number of periods.
    """
    if months_per_cohort not in PERIOD_WORDS or months_per_cohort % months_per_period:
        raise InputError(
            f"cohorts of {plural(months_per_cohort, 'month')} are not made of whole periods",
            where="7_1_value, parameters",
            fix="use 1, 3 or 12 months per cohort, at least as long as a period",
        )
    rows = activity.assign(
        cohort_number=activity["first_period"] * months_per_period // months_per_cohort,
        period_index=activity["period"] - activity["first_period"],
    )
    rows = pd.concat([rows, rows.assign(segment=ALL)], ignore_index=True)
    keys = ["cohort_number", "segment"]
    sizes = rows.groupby(keys, as_index=False).agg(customers=("customer_id", "nunique"))
    latest = (sizes["cohort_number"] + 1) * months_per_cohort // months_per_period - 1
    reached = (last_period - latest).clip(lower=0) + 1
    grid = sizes.loc[sizes.index.repeat(reached)].reset_index(drop=True)
    grid["period_index"] = grid.groupby(keys).cumcount()
    sums = rows.groupby([*keys, "period_index"], as_index=False).agg(
        active=("ordered", "sum"), revenue=("revenue", "sum")
    )
    grid = grid.merge(sums, how="left", on=[*keys, "period_index"]).fillna({"active": 0.0, "revenue": 0.0})
    grid["cohort"] = [label_period(number, months=months_per_cohort) for number in grid["cohort_number"]]
    grid["retained_share"] = grid["active"] / grid["customers"]
    grid["revenue_per_customer"] = grid["revenue"] / grid["customers"]
    ranks = {name: rank for rank, name in enumerate(sort_segments(grid["segment"].unique().tolist()))}
    grid = grid.assign(rank=grid["segment"].map(ranks)).sort_values(["rank", "cohort_number", "period_index"])
    columns = ["cohort", "period_index", "segment", "customers", "retained_share", "revenue_per_customer"]
    return grid[columns].reset_index(drop=True)
