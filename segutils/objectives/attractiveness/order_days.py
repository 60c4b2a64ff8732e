"""When each customer bought: days with orders until a cut, and how long it had been known by then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.statistics.buying import Histories

YEAR = 365.25  # days


@dataclass(frozen=True, kw_only=True, eq=False)
class OrderDays:
    """Histories of the customers who were known by a cut, in years.

    Parameters
    ----------
    customer_id : numpy.ndarray
        Sorted.
    histories : Histories
    counted : numpy.ndarray
        Days with orders from `since` to the cut, the opening one included.
    later : numpy.ndarray
        Days with orders after the cut.
    """

    customer_id: np.ndarray
    histories: Histories
    counted: np.ndarray
    later: np.ndarray

    def take(self, rows: np.ndarray) -> OrderDays:
        """Some of the customers."""
        return OrderDays(
            customer_id=self.customer_id[rows],
            histories=self.histories.take(rows),
            counted=self.counted[rows],
            later=self.later[rows],
        )


def read_order_days(
    customers: ir.Table, transactions: ir.Table, *, cut: date, until: date, since: date
) -> OrderDays:
    """How often did each customer buy until the cut, and when last?

    Parameters
    ----------
    customers : ibis table
        ``customer_id``; optional ``signup_date``.
    transactions : ibis table
        ``customer_id, order_id, ordered_on, net_revenue``.
    cut, until : datetime.date
        Last day of the histories, and of what comes after.
    since : datetime.date
        From when on orders are counted for :attr:`OrderDays.counted`.

    Returns
    -------
    OrderDays
        Only orders with net revenue above 0 count, several of one day as one. A customer starts on the day
        before sign-up, or before the data begin where sign-up was earlier; where sign-up is unknown or later
        than the first order, with that order, which then is not one of the purchases that follow.

    Raises
    ------
    InputError
        Nobody was known by the cut.
    """
    lines = transactions.filter(transactions.ordered_on <= until)
    orders = lines.group_by("customer_id", "order_id").aggregate(
        day=lines.ordered_on.min(), revenue=lines.net_revenue.sum()
    )
    days = orders.filter(orders.revenue > 0).select("customer_id", "day").distinct()
    table = days.group_by("customer_id").aggregate(
        first=days.day.min(),
        last=days.day.max(where=days.day <= cut),
        bought=(days.day <= cut).sum(),
        counted=days.day.between(since, cut).sum(),
        later=(days.day > cut).sum(),
    )
    columns = [name for name in ("customer_id", "signup_date") if name in customers.columns]
    known = customers.select(*columns).to_pandas().drop_duplicates("customer_id")
    frame = known.merge(table.to_pandas(), on="customer_id", how="outer", sort=True)
    first = pd.to_datetime(frame["first"])
    entry = pd.to_datetime(frame["signup_date"]) if "signup_date" in frame else pd.Series(pd.NaT, frame.index)
    entry = entry.clip(lower=first.min())
    by_signup = entry.notna() & ~(first < entry)
    start = (entry - pd.Timedelta(days=1)).where(by_signup, first)
    seen = (pd.Timestamp(cut) - start).dt.days
    if not (seen > 0).any():
        raise InputError(
            f"no customer had signed up or bought before {cut}",
            where="customers (signup_date), transactions (ordered_on, net_revenue)",
            fix="give an earlier history, or a later as_of",
        )
    frame = frame.assign(start=start, opened=(~by_signup).astype(float))[seen > 0]
    purchases = (frame.bought.fillna(0).astype(float) - frame.opened).clip(lower=0)
    last = (pd.to_datetime(frame["last"]) - frame.start).dt.days.where(purchases > 0).fillna(0.0)
    return OrderDays(
        customer_id=frame["customer_id"].to_numpy(),
        histories=Histories(
            purchases=purchases.to_numpy(),
            last=last.to_numpy(float) / YEAR,
            seen=seen[seen > 0].to_numpy(float) / YEAR,
        ),
        counted=frame.counted.fillna(0).to_numpy(float),
        later=frame.later.fillna(0).to_numpy(float),
    )
