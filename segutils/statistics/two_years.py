"""Who bought this year and the year before, and who of them bought again: one definition for every page."""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir
import pandas as pd


def begin_year(as_of: date, *, back: int = 0) -> date:
    """The first day of the twelve months (not 365 days) up to `as_of`, or of a year so many years before."""
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    return (end - pd.DateOffset(years=1 + back)).date()


def sum_two_years(transactions: ir.Table, *, as_of: date) -> pd.DataFrame:
    """What did each customer buy this year and the year before?

    Parameters
    ----------
    transactions : ibis table
        ``customer_id, ordered_on, net_revenue``.
    as_of : datetime.date
        Last day of this year; a year is the twelve months up to a day, as in the margin ladder.

    Returns
    -------
    pandas.DataFrame
        One row per customer with a line in either year: ``customer_id, revenue_now, revenue_before,
        bought_now, bought_before`` (a line above 0, so that whoever only returned something did not buy) and
        ``kept`` (bought in both); the last three are 0 or 1.
    """
    first, before = begin_year(as_of), begin_year(as_of, back=1)
    lines = transactions.filter(transactions.ordered_on.between(before, as_of))
    now = lines.ordered_on >= first
    sums = lines.group_by("customer_id").aggregate(
        revenue_now=lines.net_revenue.sum(where=now).cast("float64"),
        revenue_before=lines.net_revenue.sum(where=~now).cast("float64"),
        bought_now=(now & (lines.net_revenue > 0)).sum(),
        bought_before=(~now & (lines.net_revenue > 0)).sum(),
    )
    table = sums.to_pandas().sort_values("customer_id", kind="stable", ignore_index=True)
    money = ["revenue_now", "revenue_before"]
    table[money] = table[money].astype(float).fillna(0.0)
    bought, stayed = table.bought_now.fillna(0) > 0, table.bought_before.fillna(0) > 0
    return table.assign(
        bought_now=bought.astype(float),
        bought_before=stayed.astype(float),
        kept=(bought & stayed).astype(float),
    )


def measure_retention_rate(transactions: ir.Table, groups: pd.DataFrame, *, as_of: date) -> pd.Series:
    """Which share of those who bought the year before bought again this year, in each group?

    Parameters
    ----------
    transactions, as_of
        As in :func:`sum_two_years`.
    groups : pandas.DataFrame
        ``customer_id, group``.

    Returns
    -------
    pandas.Series
        By group, 0-1; NaN where nobody of it bought the year before. Whoever pauses for a year and returns
        is not kept: it is what is counted, not the chance of having left.
    """
    bought = sum_two_years(transactions, as_of=as_of)
    table = (
        groups[["customer_id", "group"]]
        .merge(bought, on="customer_id", how="left")
        .fillna({"kept": 0.0, "bought_before": 0.0})
    )
    by = table.groupby("group")[["kept", "bought_before"]].sum()
    return (by.kept / by.bought_before.where(by.bought_before > 0)).rename("retention_rate")
