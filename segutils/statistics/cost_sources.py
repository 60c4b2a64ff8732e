"""What it costs to sell to and to serve each customer: booked pools divided by what drives them, or stated
costs of an order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.findings import Assumption
from segutils.formats import join_words

YEAR = 365
MONTH = YEAR / 12
COVERED = 0.9  # that costs are booked for less of the window is said
EARLY = timedelta(days=15)  # a month that starts so long before the window lies mostly in it
BOOKED_BY = ("strategy_segment", "sales_segment", "business_unit")  # columns that cost pools may name
DRIVERS = ("orders", "order lines", "net revenue", "customers")


def sum_costs(
    lines: ir.Table,
    customers: ir.Table,
    costs: ir.Table | None,
    order_costs: pd.DataFrame | None,
    cost_pools: Sequence[str],
    *,
    first: date,
    last: date,
) -> tuple[pd.DataFrame | None, list[Assumption]]:
    """What does each customer cost a year?

    Parameters
    ----------
    lines : ibis table
        Order lines of the window: ``customer_id, order_id, net_revenue``; optional ``channel``.
    customers : ibis table
        ``customer_id`` and the columns of :data:`BOOKED_BY`.
    costs, order_costs, cost_pools
        As in :func:`~segutils.statistics.figure_sources.build_customer_figures`.
    first, last : datetime.date
        Of the window.

    Returns
    -------
    tuple of (pandas.DataFrame or None, list of Assumption)
        ``customer_id, cost``, from booked pools or, without them, from stated costs of an order by channel;
        None without either. What is assumed: months without costs, and costs that nobody is given.
    """
    days = (last - first).days + 1
    booked = pd.DataFrame() if costs is None else _read_pools(costs, cost_pools, first, last)
    stated = pd.DataFrame() if order_costs is None else order_costs
    if len(stated):
        stated = stated[(stated.per == "order") & (stated.channel != "")]
    if booked.empty and (stated.empty or "channel" not in lines.columns):
        return None, []
    volumes = _count_volumes(lines)
    people = volumes.merge(_read_groups(customers, booked), on="customer_id", how="left")
    if booked.empty:
        rate = stated.groupby("channel").amount.sum()
        cost = people.orders * people.channel.map(rate).fillna(0.0)
        owners = join_words(list(dict.fromkeys(stated.owner)), last="and")
        text = "Cost to serve is the stated cost of an order by channel, not what was booked."
        said = [Assumption(text=text, owner=owners)]
    else:
        parts = [_share_pool(people, pool) for pool in booked.itertuples()]
        times, said = _fill_window(costs, cost_pools, first, last, days)
        cost = sum(parts, start=0.0) * times
        said += _say_left_over(costs, booked, parts, cost_pools, first, last)
    table = people.assign(cost=cost * YEAR / days).groupby("customer_id", as_index=False).cost.sum()
    return table, said


def _read_pools(costs: ir.Table, cost_pools: Sequence[str], first: date, last: date) -> pd.DataFrame:
    """``pool, driver, channel, group, amount`` of the window."""
    inside = _pick_pools(costs, cost_pools, first, last)
    inside = inside.filter(inside.driver.isin(DRIVERS))
    keys = ["pool", "driver", *(name for name in ("channel", "segment") if name in inside.columns)]
    table = inside.group_by(keys).aggregate(amount=inside.amount.sum().cast("float64")).to_pandas()
    for name in ("channel", "segment"):
        table[name] = table[name].fillna("") if name in table else ""
    return table.rename(columns={"segment": "group"})


def _pick_pools(costs: ir.Table, cost_pools: Sequence[str], first: date, last: date) -> ir.Table:
    inside = costs.filter(costs.period.between(first - EARLY, last))
    return inside.filter(inside.pool.isin(list(cost_pools))) if cost_pools else inside


def _fill_window(
    costs: ir.Table, cost_pools: Sequence[str], first: date, last: date, days: int
) -> tuple[float, list[Assumption]]:
    """By which factor costs booked for some months stand for those of the window.

    Volumes are those of the whole window: a year's costs over two years' orders would halve every cost.
    """
    every = sorted(pd.to_datetime(costs.select("period").distinct().to_pandas().period))
    inside = pd.to_datetime(_pick_pools(costs, cost_pools, first, last).period.to_pandas()).nunique()
    months = [(b.year - a.year) * 12 + b.month - a.month for a, b in pairwise(every)]
    if not months:  # nothing tells which time they are of
        text = f"All costs carry one date; they are taken to be those of {days / MONTH:.0f} months."
        return 1.0, [Assumption(text=text, owner="playbook default")] if days > YEAR + 1 else []
    covered = inside * max(float(np.median(months)), 1.0) * MONTH
    if covered >= COVERED * days or covered <= 0:
        return days / covered if covered > 0 else 1.0, []
    text = (
        f"Costs are booked for {covered / MONTH:.0f} of the {days / MONTH:.0f} months that are looked at; "
        "the other months are taken to cost as much."
    )
    return days / covered, [Assumption(text=text, owner="playbook default")]


def _say_left_over(
    costs: ir.Table,
    booked: pd.DataFrame,
    parts: Sequence[np.ndarray],
    cost_pools: Sequence[str],
    first: date,
    last: date,
) -> list[Assumption]:
    """Costs that are given to no customer: nobody is in the group or channel they are booked by, or the
    driver is none that orders tell."""
    inside = _pick_pools(costs, cost_pools, first, last)
    other = inside.filter(inside.driver.isnull() | inside.driver.notin(DRIVERS))
    unread = other.group_by("pool").aggregate(amount=other.amount.sum().cast("float64")).to_pandas()
    lost = [
        (pool.pool, pool.amount - float(part.sum()))
        for pool, part in zip(booked.itertuples(), parts, strict=True)
    ]
    left = pd.DataFrame([*lost, *unread.itertuples(index=False, name=None)], columns=["pool", "amount"])
    left = left.groupby("pool").amount.sum()
    left = left[left > 0.5]
    if left.empty:
        return []
    whole = max(float(booked.amount.sum() + unread.amount.sum()), 1e-9)
    drivers = join_words(list(DRIVERS), last="or")
    text = (
        f"{100 * left.sum() / whole:.1f} % of the costs are given to no customer "
        f"({join_words(list(left.index))}): booked by a group or a channel that no order has, or by another "
        f"driver than {drivers}."
    )
    return [Assumption(text=text, owner="playbook default")]


def _count_volumes(lines: ir.Table) -> pd.DataFrame:
    """``customer_id, channel, orders, order_lines, net_revenue``: returns are no orders and no lines."""
    channel = lines.channel if "channel" in lines.columns else ibis.literal("")
    lines = lines.mutate(channel=ibis.coalesce(channel, ibis.literal("")))
    bought = lines.net_revenue > 0
    return (
        lines.group_by("customer_id", "channel")
        .aggregate(
            orders=lines.order_id.nunique(where=bought),
            order_lines=bought.ifelse(1, 0).sum(),
            net_revenue=lines.net_revenue.sum().cast("float64"),
        )
        .to_pandas()
    )


def _read_groups(customers: ir.Table, pools: pd.DataFrame) -> pd.DataFrame:
    """``customer_id, group``: the column of customers whose values the pools name, if they name any."""
    named = set(pools["group"]) - {""} if len(pools) else set()
    people = customers.select("customer_id")
    if not named:
        return people.distinct().to_pandas().assign(group="")
    for column in BOOKED_BY:
        if column in customers.columns:
            values = customers.select("customer_id", group=customers[column]).to_pandas()
            if named <= set(values["group"].dropna()):
                return values.drop_duplicates("customer_id")
    return people.distinct().to_pandas().assign(group="")


def _share_pool(people: pd.DataFrame, pool) -> np.ndarray:
    """A pool's amount over the customers whom it concerns, in proportion to its driver."""
    concerned = np.ones(len(people), dtype=bool)
    if pool.channel:
        concerned &= (people.channel == pool.channel).to_numpy()
    if pool.group:
        concerned &= (people["group"] == pool.group).to_numpy()
    if pool.driver == "customers":
        volume = 1 / people.groupby("customer_id").customer_id.transform("size").to_numpy(dtype=float)
    else:
        volume = people[pool.driver.replace(" ", "_")].to_numpy(dtype=float)
    volume = np.where(concerned, volume, 0.0)
    return pool.amount * volume / volume.sum() if volume.sum() > 0 else np.zeros(len(people))
