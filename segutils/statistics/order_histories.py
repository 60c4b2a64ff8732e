"""When each customer bought, counted at several days: the raw material of models of buying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.statistics.buying import Histories


def count_orders(transactions: ir.Table, customers: ir.Table, *, cuts: Sequence[date]) -> pd.DataFrame:
    """How many days with orders did each customer have by each cut, when was the last, what did they bring?

    Parameters
    ----------
    transactions : ibis.Table
        ``customer_id, order_id, ordered_on, net_revenue``.
    customers : ibis.Table
        ``customer_id``; optional ``signup_date``.
    cuts : sequence of datetime.date
        In ascending order; the last one ends the history.

    Returns
    -------
    pandas.DataFrame
        One row per customer that is known or has ordered, sorted: ``customer_id, start, opened, orders_0…,
        last_0…, revenue_0…`` (by cut, from the start on). Only orders with net revenue above 0 count, several
        of one day as one. A customer starts on the day before sign-up, or before the data begin where sign-up
        was earlier; where sign-up is unknown or later than the first order, with the first order
        (``opened``), which then is not counted. ``start`` is missing where neither is known.
    """
    columns = [name for name in ("customer_id", "signup_date") if name in customers.columns]
    known = customers.select(*columns).to_pandas().drop_duplicates("customer_id")
    lines = transactions.filter(transactions.ordered_on <= cuts[-1])
    orders = lines.group_by("customer_id", "order_id").aggregate(
        day=lines.ordered_on.min(), revenue=lines.net_revenue.sum()
    )
    orders = orders.filter(orders.revenue > 0)
    days = orders.group_by("customer_id", "day").aggregate(revenue=orders.revenue.sum())
    measures = {"first": days.day.min()}
    for number, cut in enumerate(cuts):
        until = days.day <= cut
        measures |= {
            f"orders_{number}": until.sum(),
            f"last_{number}": days.day.max(where=until),
            f"revenue_{number}": days.revenue.sum(where=until).cast("float64"),
        }
    first_order = days.group_by("customer_id").aggregate(first=days.day.min())
    opening = days.join(
        first_order, [days.customer_id == first_order.customer_id, days.day == first_order.first]
    )
    opening = opening.select("customer_id", opening_revenue=opening.revenue.cast("float64"))
    table = days.group_by("customer_id").aggregate(**measures)
    table = table.left_join(opening, "customer_id").drop("customer_id_right")
    counted = known.merge(table.to_pandas(), on="customer_id", how="outer", sort=True)
    return _start_clocks(counted, cuts=cuts)


def _start_clocks(counted: pd.DataFrame, *, cuts: Sequence[date]) -> pd.DataFrame:
    first = pd.to_datetime(counted["first"])
    begins = first.min()
    signup = (
        pd.to_datetime(counted["signup_date"])
        if "signup_date" in counted
        else pd.Series(pd.NaT, counted.index)
    )
    entry = signup.clip(lower=begins)
    by_signup = entry.notna() & ~(first < entry)
    start = (entry - pd.Timedelta(days=1)).where(by_signup, first)
    by_order = ~by_signup & first.notna()
    result = pd.DataFrame({"customer_id": counted["customer_id"], "start": start, "opened": by_order})
    for number, cut in enumerate(cuts):
        orders = counted[f"orders_{number}"].fillna(0)
        # the order that starts the clock is no order of the history that follows
        opened = (by_order & (first <= pd.Timestamp(cut))).astype(int)
        left = orders - opened
        result[f"orders_{number}"] = left.astype(int)
        result[f"last_{number}"] = pd.to_datetime(counted[f"last_{number}"]).where(left > 0)
        revenue = counted[f"revenue_{number}"].astype(float).fillna(0.0)
        result[f"revenue_{number}"] = revenue - opened * counted["opening_revenue"].fillna(0.0)
    return result


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What was known of the customers at a cut.

    Parameters
    ----------
    customer_id : numpy.ndarray
        Those who had started by then.
    histories : Histories
        In days.
    revenue : numpy.ndarray
        Net revenue of the counted orders.
    """

    customer_id: np.ndarray
    histories: Histories
    revenue: np.ndarray


def take_snapshot(orders: pd.DataFrame, *, number: int, cut: date) -> Snapshot:
    """Whom did the client know at a cut, and what had they bought?

    Parameters
    ----------
    orders : pandas.DataFrame
        From :func:`count_orders`.
    number : int
        Which of its cuts.
    cut : datetime.date
        Its day.

    Raises
    ------
    InputError
        Nobody was known by then.
    """
    seen = (pd.Timestamp(cut) - orders["start"]).dt.days
    if not (seen > 0).any():
        raise InputError(
            f"no customer had signed up or bought before {cut}",
            where="customers (signup_date), transactions (ordered_on, net_revenue)",
            fix="give an earlier history, or a later as_of",
        )
    part, seen = orders[seen > 0], seen[seen > 0]
    last = (part[f"last_{number}"] - part["start"]).dt.days.fillna(0)
    return Snapshot(
        customer_id=part["customer_id"].to_numpy(),
        histories=Histories(
            purchases=part[f"orders_{number}"].to_numpy(float),
            last=last.to_numpy(float),
            seen=seen.to_numpy(float),
        ),
        revenue=part[f"revenue_{number}"].to_numpy(float),
    )


def count_between(orders: pd.DataFrame, snapshot: Snapshot, *, number: int) -> np.ndarray:
    """Orders of the snapshot's customers from the cut of that number to the next one."""
    rows = orders.set_index("customer_id").loc[snapshot.customer_id]
    return (rows[f"orders_{number + 1}"] - rows[f"orders_{number}"]).to_numpy(float)


def choose_cuts(transactions: ir.Table, *, as_of: date, period_days: int) -> list[date]:
    """Three cuts: end of what a hurdle learns from, end of calibration, end of the data.

    Parameters
    ----------
    transactions : ibis.Table
        ``ordered_on``.
    as_of : datetime.date
        Last day of the data.
    period_days : int
        Days held out, or a third of the history where it is shorter than three such periods.
    """
    data_from = pd.Timestamp(transactions.ordered_on.min().execute()).date()
    horizon = min(period_days, ((as_of - data_from).days + 1) // 3)
    return [as_of - timedelta(days=2 * horizon), as_of - timedelta(days=horizon), as_of]
