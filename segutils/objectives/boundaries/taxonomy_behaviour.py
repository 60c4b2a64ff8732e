"""How each customer behaves: margin, orders, buying again, cost to serve; the evidence between two names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.findings import Assumption, Need
from segutils.formats import join_words
from segutils.statistics.figure_sources import NEEDS, YEAR, build_customer_figures

LEAST_DAYS = 90  # a customer who came later says little about a year's orders


@dataclass(frozen=True, kw_only=True)
class Trait:
    """One measure of behaviour; `scale` is how it is compared (see :func:`typical`)."""

    words: str
    format: str
    scale: str


TRAITS: Mapping[str, Trait] = {
    "margin": Trait(words="contribution margin", format="share:0", scale="plain"),
    "orders": Trait(words="orders a year", format="number:1", scale="log1p"),
    "bought_again": Trait(words="customers who bought again", format="share:0", scale="plain"),
    "cost_to_serve": Trait(words="cost to serve, of revenue", format="share:0", scale="log"),
}


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How customers behave.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per customer: ``customer_id, net_revenue`` (a year) and the traits that are known, each on the
        scale on which it is compared; NaN where a trait is not known of a customer.
    days : int
        Days that are looked at.
    needs, assumptions, notes
        As in a finding.
    """

    table: pd.DataFrame
    days: int
    needs: tuple[Need, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def traits(self) -> list[str]:
        """The traits that are known."""
        return [name for name in TRAITS if name in self.table.columns]


def typical(mean: float, trait: str) -> float:
    """A mean on the scale of comparison, back in the trait's own unit: of a skewed trait the middle one."""
    match TRAITS[trait].scale:
        case "log1p":
            return float(np.expm1(mean))
        case "log":
            return float(np.exp(mean))
    return float(mean)


def build_behaviour(
    customers: ir.Table,
    transactions: ir.Table,
    *,
    as_of: date,
    days: int = 2 * YEAR,
    costs: ir.Table | None = None,
    order_costs: pd.DataFrame | None = None,
    cost_pools: Sequence[str] = (),
) -> Behaviour:
    """How does each customer buy, stay, pay off and cost?

    Parameters
    ----------
    customers : ibis table
        ``customer_id``; optional ``signup_date``.
    transactions : ibis table
        ``customer_id, order_id, ordered_on, net_revenue``; optional ``contribution_margin, channel``.
    as_of : datetime.date
    days : int
        Days up to `as_of`, or as many as there are. Buying again is judged on their two halves: of those who
        bought in the first, who bought in the second?
    costs : ibis table, optional
        ``period, pool, amount, driver``; optional ``channel, segment``. Amounts that are booked by customer
        group are left out: divided over a group they would make its customers alike by arithmetic.
    order_costs : pandas.DataFrame, optional
        Stated costs ``item, amount, per, channel, owner`` that stand in for `costs`.
    cost_pools : sequence of str
        Pools that are the cost to serve; empty: all of them.

    Returns
    -------
    Behaviour
        Margin and cost to serve as shares of net revenue (cost as a logarithm), orders a year since the
        customer came (logarithm of 1 + orders), bought again 0 or 1.
    """
    span = count_days(transactions, as_of, days)
    booked, left_out = _drop_group_costs(costs, cost_pools)
    figures = build_customer_figures(
        customers,
        transactions,
        as_of=as_of,
        window_days=span,
        costs=booked,
        order_costs=order_costs,
        cost_pools=cost_pools,
    )
    sums = figures.table
    table = sums[["customer_id", "net_revenue"]].copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        if {"margin", "margin_of"} <= set(sums.columns):
            rate = (sums.margin / sums.margin_of.where(sums.margin_of > 0)).clip(-1, 1)
            table["margin"] = rate
        if {"cost", "cost_of"} <= set(sums.columns):
            share = sums.cost.where(sums.cost > 0) / sums.cost_of.where(sums.cost_of > 0)
            table["cost_to_serve"] = np.log(share)
    table = table.merge(
        count_orders(customers, transactions, as_of=as_of, days=span), on="customer_id", how="left"
    )
    columns = ["customer_id", "net_revenue", *(name for name in TRAITS if name in table)]
    wanted = {NEEDS["margin"], NEEDS["cost"]}
    notes = [
        f"Cost to serve is without {join_words(left_out)}: booked by customer group, so it would make the "
        "customers of a group alike by arithmetic."
    ]
    return Behaviour(
        table=table[columns].sort_values("customer_id", ignore_index=True),
        days=span,
        needs=tuple(need for need in figures.needs if need in wanted),
        assumptions=figures.assumptions,
        notes=tuple(notes) if left_out and "cost_to_serve" in columns else (),
    )


def count_days(transactions: ir.Table, as_of: date, days: int) -> int:
    """How many days up to `as_of` can be looked at: no more than `days`, and than there are orders for?"""
    first = transactions.filter(transactions.ordered_on <= as_of).ordered_on.min().to_pyarrow().as_py()
    return days if first is None else max(min(days, (as_of - first).days + 1), 2)


def _drop_group_costs(costs: ir.Table | None, cost_pools: Sequence[str]) -> tuple[ir.Table | None, list[str]]:
    """Costs that are not booked by customer group, and those of the wanted pools that are."""
    if costs is None or "segment" not in costs.columns:
        return costs, []
    pools = costs.filter(costs.segment.notnull()).select("pool").distinct().to_pandas()["pool"]
    left_out = sorted(pool for pool in pools if not cost_pools or pool in cost_pools)
    return costs.filter(costs.segment.isnull()), left_out


def count_orders(customers: ir.Table, transactions: ir.Table, *, as_of: date, days: int) -> pd.DataFrame:
    """How often does each customer order, and does it come again?

    Parameters
    ----------
    customers, transactions, as_of, days
        As in :func:`build_behaviour`.

    Returns
    -------
    pandas.DataFrame
        ``customer_id, orders`` (logarithm of 1 + orders a year since the customer came; NaN for who came less
        than 90 days ago), ``bought_again`` (0 or 1; NaN for who did not buy in the first half).
    """
    first = as_of - timedelta(days=days - 1)
    middle = as_of - timedelta(days=days // 2)
    bought = transactions.filter(
        transactions.ordered_on.between(first, as_of) & (transactions.net_revenue > 0)
    )
    counted = (
        bought.group_by("customer_id")
        .aggregate(
            orders=bought.order_id.nunique(),
            before=(bought.ordered_on <= middle).any(),
            after=(bought.ordered_on > middle).any(),
        )
        .to_pandas()
    )
    came = ["signup_date"] if "signup_date" in customers.columns else []
    people = customers.select("customer_id", *came).to_pandas().drop_duplicates("customer_id")
    table = people.merge(counted, on="customer_id", how="left").fillna({"orders": 0.0})
    since = pd.to_datetime(table.signup_date) if came else pd.Series(pd.NaT, index=table.index)
    known = (pd.Timestamp(as_of) - since).dt.days + 1
    exposed = known.clip(upper=days).fillna(days)
    rate = table.orders * YEAR / exposed.where(exposed >= LEAST_DAYS)
    again = table.after.astype("boolean").fillna(False).astype(float)
    table["bought_again"] = again.where(table.before.astype("boolean").fillna(False).astype(bool))
    table["orders"] = np.log1p(rate)
    return table[["customer_id", "orders", "bought_again"]]
