"""When each customer bought: days with orders until a cut, and how long it had been known by then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.statistics.buying import Histories
from segutils.statistics.order_histories import count_between, count_orders, take_snapshot

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
        From when on orders are counted for :attr:`OrderDays.counted`; not after `cut`.

    Returns
    -------
    OrderDays
        Orders and starts as in :func:`~segutils.statistics.order_histories.count_orders`.

    Raises
    ------
    InputError
        Nobody was known by the cut.
    """
    orders = count_orders(transactions, customers, cuts=[since - timedelta(days=1), cut, until])
    known = take_snapshot(orders, number=1, cut=cut)
    rows = orders.set_index("customer_id").loc[known.customer_id]
    # an order that starts the clock is no purchase of the history, but it has left a margin like all others
    opening = rows["opened"] & (rows["start"] >= pd.Timestamp(since))
    return OrderDays(
        customer_id=known.customer_id,
        histories=known.histories.scale(YEAR),
        counted=count_between(orders, known, number=0) + opening.to_numpy(float),
        later=count_between(orders, known, number=1),
    )
