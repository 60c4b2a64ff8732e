"""What would go with a group that is given up, and what would stay: how cost pools moved with their volumes.

A pool whose amount rose and fell with its volume can be avoided with the volume. One that stayed put is
shared: it would have to be carried by the groups that remain.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.objectives.attractiveness.margin_ladder import CUSTOMERS, VOLUMES

MIN_PERIODS = 12
MAX_ERROR = 0.2  # standard error of the avoidable share above which the history does not tell


def measure_avoidable(
    customers: ir.Table, transactions: ir.Table, costs: ir.Table, *, group_column: str = ""
) -> pd.DataFrame:
    """Which share of each cost pool moves with its volume?

    Parameters
    ----------
    customers : ibis table
        ``customer_id``; the column named below, and ``signup_date`` for pools per customer.
    transactions : ibis table
        ``customer_id, order_id, ordered_on, net_revenue``; optional ``channel``.
    costs : ibis table
        ``period, pool, amount, driver``; optional ``channel, segment``.
    group_column : str
        Column of customers by which pools are booked, if they are.

    Returns
    -------
    pandas.DataFrame
        ``pool, avoidable`` (0-1; NaN where the history does not tell), ``error`` (its standard error),
        ``periods``. Per channel and group the amount is regressed on the volume of the same period; the part
        that the volume explains is the slope times the mean volume, over the mean amount.
    """
    booked = _read_costs(costs)
    periods = sorted(booked.period.unique())
    columns = ["pool", "avoidable", "error", "periods"]
    if len(periods) < MIN_PERIODS:
        pools = sorted(booked.pool.unique())
        return pd.DataFrame([(pool, np.nan, np.nan, len(periods)) for pool in pools], columns=columns)
    volumes = _count_volumes(customers, transactions, periods, group_column)
    rows = []
    for pool, lines in booked.groupby("pool"):
        parts = []
        for (driver, channel, group), line in lines.groupby(["driver", "channel", "group"]):
            found = volumes[volumes.driver == driver]
            found = found[found.channel == channel] if channel else found
            found = found[found["group"] == group] if group else found
            volume = found.groupby("period").volume.sum()
            amount = line.groupby("period").amount.sum()
            both = pd.concat([amount, volume], axis=1, join="inner").dropna()
            parts.append(
                (both.amount.sum(), *_fit_line(both.volume.to_numpy(float), both.amount.to_numpy(float)))
            )
        weight, share, error = (np.array(column, dtype=float) for column in zip(*parts, strict=True))
        weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(weight), 1 / len(weight))
        whole = float(np.sqrt((weight**2 * error**2).sum()))
        told = np.isfinite(whole) and whole <= MAX_ERROR
        rows.append((pool, float((weight * share).sum()) if told else np.nan, whole, len(periods)))
    return pd.DataFrame(rows, columns=columns)


def _fit_line(volume: np.ndarray, amount: np.ndarray) -> tuple[float, float]:
    """Share of the amount that moves with the volume (0-1), and its standard error; NaN where unknown."""
    if len(volume) < MIN_PERIODS or np.ptp(volume) == 0 or amount.mean() <= 0:
        return np.nan, np.nan
    spread = volume - volume.mean()
    slope = (spread @ amount) / (spread @ spread)
    left = amount - amount.mean() - slope * spread
    error = np.sqrt((left @ left) / (len(volume) - 2) / (spread @ spread))
    scale = volume.mean() / amount.mean()
    return float(np.clip(slope * scale, 0, 1)), float(error * scale)


def _read_costs(costs: ir.Table) -> pd.DataFrame:
    keys = ["period", "pool", "driver", *(n for n in ("channel", "segment") if n in costs.columns)]
    table = costs.group_by(keys).aggregate(amount=costs.amount.sum().cast("float64")).to_pandas()
    for name in ("channel", "segment"):
        table[name] = table[name].fillna("") if name in table else ""
    table["period"] = pd.to_datetime(table["period"])
    return table.rename(columns={"segment": "group"}).fillna({"driver": ""})


def _count_volumes(
    customers: ir.Table, transactions: ir.Table, periods: list[pd.Timestamp], group_column: str
) -> pd.DataFrame:
    """``period, channel, group, driver, volume``."""
    group = customers[group_column] if group_column else ibis.literal("")
    people = customers.select("customer_id", group=ibis.coalesce(group, ibis.literal(""))).distinct()
    channel = transactions.channel if "channel" in transactions.columns else ibis.literal("")
    lines = transactions.mutate(channel=ibis.coalesce(channel, ibis.literal(""))).join(people, "customer_id")
    starts = [period.date() for period in reversed(periods)]
    branches = [(lines.ordered_on >= start, start) for start in starts]
    lines = lines.mutate(period=ibis.cases(*branches, else_=ibis.null("date")))
    bought = lines.net_revenue > 0
    sums = {
        "orders": lines.order_id.nunique(where=bought).cast("float64"),
        "order_lines": bought.ifelse(1, 0).sum().cast("float64"),
        "net_revenue": lines.net_revenue.sum().cast("float64"),
    }
    inside = lines.filter(lines.period.notnull())
    table = inside.group_by("period", "channel", "group").aggregate(**sums).to_pandas()
    long = table.rename(columns={column: driver for driver, column in VOLUMES.items()})
    long = long.melt(["period", "channel", "group"], var_name="driver", value_name="volume")
    long["period"] = pd.to_datetime(long["period"])
    if "signup_date" not in customers.columns:
        return long
    joined = customers.select("customer_id", since=customers.signup_date).to_pandas()
    known = people.to_pandas().merge(joined.drop_duplicates("customer_id"), on="customer_id")
    known["since"] = pd.to_datetime(known.since)
    ends = [*periods[1:], periods[-1] + (periods[-1] - periods[-2])]
    parts = [
        known[known.since < end].groupby("group").size().rename("volume").reset_index().assign(period=period)
        for period, end in zip(periods, ends, strict=True)
    ]
    return pd.concat([long, pd.concat(parts).assign(driver=CUSTOMERS, channel="")], ignore_index=True)
