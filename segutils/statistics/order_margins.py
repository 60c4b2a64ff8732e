"""What an order brings, by group of customers, with errors by customer."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

MARGIN = "contribution_margin"


def measure_orders(
    transactions: ir.Table,
    members: pd.DataFrame,
    *,
    as_of: date,
    by: str = "segment",
    window_days: int = 365,
    margin_rate: float = 0.0,
) -> pd.DataFrame | None:
    """What does a customer of each group bring a year, and what does one more order bring?

    Parameters
    ----------
    transactions : ibis table
        customer_id, order_id, ordered_on, net_revenue; contribution_margin where known.
    members : pandas.DataFrame
        customer_id and the column `by`.
    as_of : datetime.date
        Last day of the window.
    by : str
        Column that names the group.
    window_days : int
    margin_rate : float
        Contribution margin as a share of net revenue, as somebody stated it; used where order lines have no
        margin. 0: not stated.

    Returns
    -------
    pandas.DataFrame or None
        `by`, customers, margin (currency a year), margin_per_customer, margin_se, orders, margin_per_order,
        order_se, in the order of the names; None where neither a margin nor a rate is known. An order that
        only returns goods lowers the margin and is none. Errors are clustered by customer, whose orders are
        alike.
    """
    booked = MARGIN in transactions.columns
    if not booked and margin_rate <= 0:
        return None
    day, first = transactions.ordered_on, as_of - timedelta(days=window_days - 1)
    lines = transactions.filter((day >= ibis.literal(first)) & (day <= ibis.literal(as_of)))
    margin = lines[MARGIN].fill_null(0) if booked else lines.net_revenue
    orders = lines.group_by("customer_id", "order_id").agg(
        revenue=lines.net_revenue.sum(), margin=margin.sum()
    )
    bought = orders.group_by("customer_id").agg(
        margin=orders.margin.sum().cast("float64"), orders=(orders.revenue > 0).ifelse(1, 0).sum()
    )
    table = members[["customer_id", by]].merge(bought.to_pandas(), on="customer_id", how="left")
    table = table.fillna({"margin": 0.0, "orders": 0}).sort_values([by, "customer_id"])
    table["margin"] *= 1.0 if booked else margin_rate
    scale = 365 / window_days
    rows = []
    for group, own in table.groupby(by):
        margins, counts = own["margin"].to_numpy(dtype=float), own["orders"].to_numpy(dtype=float)
        n, total = len(own), counts.sum()
        each = margins.sum() / total if total else np.nan
        rows.append(
            {
                by: group,
                "customers": n,
                "margin": margins.sum() * scale,
                "margin_per_customer": margins.mean() * scale,
                "margin_se": margins.std(ddof=1) / np.sqrt(n) * scale if n > 1 else np.nan,
                "orders": int(total),
                "margin_per_order": each,
                "order_se": np.sqrt(((margins - each * counts) ** 2).sum()) / total if total else np.nan,
            }
        )
    return pd.DataFrame(rows)
