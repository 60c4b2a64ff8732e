"""What customers did in each month before the last day, as far back as the history goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

LATE_DAYS = 7  # the first month counts as whole where the data begin this many days into it
MOST_MONTHS = 60  # longer histories say nothing about the next refresh


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What customers did in each month, counted back from the last day.

    Parameters
    ----------
    customers, population : int
        With an order line at any time: in the sample, and in all.
    months : int
        Whole months that the history has.
    orders, revenue : numpy.ndarray
        Customer x month; month 0 is the latest. Orders with net revenue above 0; revenue less returns.
    last_days : numpy.ndarray
        Days from the month's last order to the last day of all; NaN without one.
    ends : numpy.ndarray
        Days from the month's end to the last day of all, with one more for the beginning of the last month.
    """

    customers: int
    population: int
    months: int
    orders: np.ndarray
    revenue: np.ndarray
    last_days: np.ndarray
    ends: np.ndarray


def build_activity(
    transactions: ir.Table, *, as_of: date, max_customers: int = 20_000, seed: int = 21_020
) -> Activity:
    """What did customers do in each month before the last day?

    Parameters
    ----------
    transactions : ibis.Table
        ``customer_id, order_id, ordered_on`` (date in the client's zone), ``net_revenue``.
    as_of : datetime.date
    max_customers : int
        More are sampled: shares need no more.
    seed : int

    Returns
    -------
    Activity
        Without months where there is no order line.

    Notes
    -----
    Orders are grouped to customers and months in the engine; an order that runs past midnight belongs to the
    day of its first line.
    """
    known = transactions.filter(transactions.ordered_on <= as_of)
    (span,) = known.aggregate(first=known.ordered_on.min()).to_pyarrow().to_pylist()
    ends = _list_month_ends(as_of)
    months = 0
    if span["first"]:
        starts = [end + timedelta(days=1) for end in ends[1:]]
        months = sum(span["first"] <= start + timedelta(days=LATE_DAYS) for start in starts)
    ids = known.select("customer_id").distinct().to_pandas().customer_id.sort_values(ignore_index=True)
    population = len(ids)
    if population > max_customers:
        ids = ids.sample(max_customers, random_state=seed).sort_values(ignore_index=True)
        known = known.semi_join(ibis.memtable(pd.DataFrame({"customer_id": ids})), "customer_id")
    days = np.array([(as_of - end).days for end in ends[: months + 1]])
    shape = (len(ids), months)
    orders, revenue, last_days = np.zeros(shape), np.zeros(shape), np.full(shape, np.nan)
    if months:
        cells = _group_months(known, ends[: months + 1]).to_pandas()
        rows = pd.Index(ids).get_indexer(cells.customer_id)
        columns = cells.month.to_numpy(int)
        orders[rows, columns] = cells.orders
        revenue[rows, columns] = cells.revenue
        last_days[rows, columns] = (pd.Timestamp(as_of) - pd.to_datetime(cells.last_on)).dt.days
    return Activity(
        customers=len(ids),
        population=population,
        months=months,
        orders=orders,
        revenue=revenue,
        last_days=last_days,
        ends=days,
    )


def _list_month_ends(as_of: date) -> list[date]:
    """The last day, then the same day of each month before (or the last day of a month that has no such)."""
    stamp = pd.Timestamp(as_of)
    last = stamp.is_month_end
    found = [stamp - pd.DateOffset(months=back) for back in range(MOST_MONTHS + 1)]
    return [(day + pd.offsets.MonthEnd(0) if last else day).date() for day in found]


def _group_months(known: ir.Table, ends: Sequence[date]) -> ir.Table:
    orders = known.group_by("customer_id", "order_id").aggregate(
        ordered_on=known.ordered_on.min(), revenue=known.net_revenue.sum()
    )
    orders = orders.filter(orders.ordered_on > ends[-1])
    later = [(orders.ordered_on > end, month) for month, end in enumerate(ends[1:])]
    dated = orders.mutate(month=ibis.cases(*later, else_=0).cast("int64"), bought=orders.revenue > 0)
    return dated.group_by("customer_id", "month").aggregate(
        orders=dated.bought.sum(),
        revenue=dated.revenue.sum().cast("float64"),
        last_on=dated.ordered_on.max(where=dated.bought),
    )
