"""The sums behind each measure, from the client's tables: one row per customer, computed on the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd

from segutils.findings import Assumption, Need
from segutils.formats import join_words, plural
from segutils.statistics.cost_sources import BOOKED_BY, sum_costs
from segutils.statistics.customer_figures import CustomerFigures
from segutils.statistics.market_cells import find_cell_keys
from segutils.statistics.market_parts import spread_by_provider, spread_market
from segutils.statistics.spellings import Respelt, respell_columns

YEAR = 365
NEEDS = {
    "market": Need(
        question="How large is each market, and how fast does it grow?",
        table="market",
        columns=("period", "market_size", "growth", "region", "industry"),
    ),
    "margin": Need(
        question="What is left of each order line after its cost?",
        table="transactions",
        columns=("contribution_margin",),
    ),
    "cost": Need(
        question="What does it cost to sell and to serve?",
        table="costs",
        columns=("period", "pool", "amount", "channel", "segment", "driver"),
    ),
    "won": Need(
        question="Which opportunities were won and lost?",
        table="opportunities",
        columns=("customer_id", "stage", "won"),
    ),
    "satisfied": Need(
        question="How content are customers?",
        table="survey",
        columns=("customer_id", "item", "answer", "scale"),
    ),
    "price": Need(
        question="At what prices do competitors sell the same products?",
        table="competitor_prices",
        columns=("observed_at", "product_id", "competitor", "price"),
    ),
    "reach": Need(question="Who may be written to?", table="customers", columns=("consent_email",)),
}
MEASURED_BY: Mapping[str, str] = {
    **dict.fromkeys(["market_growth", "market_size", "market_share"], "market"),
    "margin_rate": "margin",
    "cost_to_serve": "cost",
    "win_rate": "won",
    "satisfaction": "satisfied",
    "price_gap": "price",
    "reach": "reach",
}


def find_needs(measures: Sequence[str], needs: Sequence[Need]) -> list[Need]:
    """Which of these needs would make one of these measures known?"""
    wanted = [NEEDS[MEASURED_BY[name]] for name in measures if name in MEASURED_BY]
    return [need for need in needs if need in wanted]


def build_customer_figures(
    customers: ir.Table,
    transactions: ir.Table,
    *,
    as_of: date,
    window_days: int = YEAR,
    market: ir.Table | None = None,
    costs: ir.Table | None = None,
    order_costs: pd.DataFrame | None = None,
    cost_pools: Sequence[str] = (),
    opportunities: ir.Table | None = None,
    survey: ir.Table | None = None,
    satisfaction_items: Sequence[str] = ("recommendation",),
    competitor_prices: ir.Table | None = None,
    products: ir.Table | None = None,
    price_days: int = 91,
) -> CustomerFigures:
    """What does each customer add to growth, margin, cost, share, wins, satisfaction, price and reach?

    Parameters
    ----------
    customers : ibis table
        ``customer_id``; optional ``consent_email``, the market's cell keys, and the customer groups that cost
        pools are booked by.
    transactions : ibis table
        ``customer_id, order_id, ordered_on, net_revenue``; optional ``contribution_margin, channel,
        product_id, quantity``.
    as_of : datetime.date
        Last day of the window.
    window_days : int
        Revenue, margin, costs and prices are those of so many days; amounts are scaled to a year.
    market : ibis table, optional
        ``period`` (a year's first day), ``market_size`` (a year's), ``growth``, and cell keys that
        `customers` has too.
    costs : ibis table, optional
        ``period, pool, amount, driver``; optional ``channel, segment``.
    order_costs : pandas.DataFrame, optional
        Stated costs ``item, amount, per, channel, owner``; those per order by channel stand in for `costs`.
    cost_pools : sequence of str
        Pools that are the cost to serve; empty: all of them.
    opportunities : ibis table, optional
        ``customer_id, won`` (missing while open); all that are decided by `as_of`.
    survey : ibis table, optional
        ``customer_id, item, answer, scale`` (such as 0-10).
    satisfaction_items : sequence of str
        Items that ask how content the customer is.
    competitor_prices : ibis table, optional
        ``product_id, price, observed_on``.
    products : ibis table, optional
        ``product_id, list_price``.
    price_days : int
        Competitors' prices are the mean of so many days up to `as_of`.

    Returns
    -------
    CustomerFigures
        One row per customer of `customers`; what a customer has nothing of is 0.
    """
    first = as_of - timedelta(days=window_days - 1)
    lines = transactions.filter(transactions.ordered_on.between(first, as_of))
    base = customers.select("customer_id").distinct().to_pandas()
    base = base.assign(customers=1.0).sort_values("customer_id", ignore_index=True)
    scale = YEAR / window_days
    revenue = lines.group_by("customer_id").aggregate(net_revenue=lines.net_revenue.sum().cast("float64"))
    base = base.merge(revenue.to_pandas(), on="customer_id", how="left").fillna({"net_revenue": 0.0})
    base["net_revenue"] *= scale
    needs, assumptions, notes, parts, by_provider = [], [], [], [], {}
    respelt = respell_columns(customers, [*find_cell_keys(market, customers), *BOOKED_BY])
    customers = respelt.table
    if "consent_email" in customers.columns:
        parts.append(_count_reach(customers))
    else:
        needs.append(NEEDS["reach"])
    if find_cell_keys(market, customers):
        part, said = spread_market(market, customers, base, as_of=as_of)
        parts.append(part)
        notes += said
        by_provider = spread_by_provider(market, customers, base, as_of=as_of)
        assumptions += _say_respelt(respelt, find_cell_keys(market, customers))
    else:
        needs.append(NEEDS["market"])
    if "contribution_margin" in lines.columns:
        parts.append(_sum_margin(lines, scale))
    else:
        needs.append(NEEDS["margin"])
    part, said = sum_costs(lines, customers, costs, order_costs, cost_pools, first=first, last=as_of)
    assumptions += said
    if part is None:
        needs.append(NEEDS["cost"])
    else:
        part = part.merge(base[["customer_id", "net_revenue"]], on="customer_id")
        parts.append(part.rename(columns={"net_revenue": "cost_of"}))
    if opportunities is not None:
        parts.append(_count_wins(opportunities))
    else:
        needs.append(NEEDS["won"])
    answers = None if survey is None else _sum_answers(survey, satisfaction_items)
    if answers is not None and len(answers):
        parts.append(answers)
    else:
        needs.append(NEEDS["satisfied"])
    gaps = _sum_price_gaps(lines, competitor_prices, products, as_of - timedelta(days=price_days), as_of)
    if gaps is not None and len(gaps):
        parts.append(gaps)
    else:
        needs.append(NEEDS["price"])
    for part in parts:
        base = base.merge(part, on="customer_id", how="left")
    base = base.fillna(dict.fromkeys(base.columns.drop("customer_id"), 0.0))
    return CustomerFigures(
        table=base,
        needs=tuple(needs),
        assumptions=tuple(assumptions),
        notes=tuple(notes),
        by_provider=by_provider,
    )


def _count_reach(customers: ir.Table) -> pd.DataFrame:
    told = customers.filter(customers.consent_email.notnull())
    return told.select(
        "customer_id", may_write=told.consent_email.ifelse(1.0, 0.0), asked=ibis.literal(1.0)
    ).to_pandas()


def _sum_margin(lines: ir.Table, scale: float) -> pd.DataFrame:
    told = lines.filter(lines.contribution_margin.notnull())
    return (
        told.group_by("customer_id")
        .aggregate(
            margin=told.contribution_margin.sum().cast("float64") * scale,
            margin_of=told.net_revenue.sum().cast("float64") * scale,
        )
        .to_pandas()
    )


def _say_respelt(respelt: Respelt, keys: Sequence[str]) -> list[Assumption]:
    counts = respelt.changes[respelt.changes.column.isin(keys)].groupby("column", sort=False).rows.sum()
    if counts.empty:
        return []
    parts = join_words(
        [f"{name.replace('_', ' ')} ({plural(int(count), 'customer')})" for name, count in counts.items()]
    )
    text = f"Customers whose {parts} is misspelt are placed in a market by the usual spelling."
    return [Assumption(text=text, owner="playbook default")]


def _count_wins(opportunities: ir.Table) -> pd.DataFrame:
    decided = opportunities.filter(opportunities.won.notnull() & opportunities.customer_id.notnull())
    return (
        decided.group_by("customer_id")
        .aggregate(won=decided.won.ifelse(1.0, 0.0).sum(), decided=decided.count().cast("float64"))
        .to_pandas()
    )


def _sum_answers(survey: ir.Table, items: Sequence[str]) -> pd.DataFrame:
    """``customer_id, satisfied`` (sum of answers, each as 0-1 of its scale), ``answers``."""
    asked = survey.filter(survey.item.isin(list(items)) & survey.customer_id.notnull())
    frame = asked.select("customer_id", "scale", "answer").to_pandas()
    ends = (
        frame.scale.astype("str")
        .str.extract(r"^\s*(-?\d+(?:\.\d+)?)\s*[-–]\s*(\d+(?:\.\d+)?)\s*$")
        .astype(float)
    )
    value = (pd.to_numeric(frame.answer, errors="coerce") - ends[0]) / (ends[1] - ends[0])
    told = frame[value.between(0, 1)].assign(satisfied=value[value.between(0, 1)], answers=1.0)
    return told.groupby("customer_id", as_index=False)[["satisfied", "answers"]].sum()


def _sum_price_gaps(
    lines: ir.Table, observed: ir.Table | None, products: ir.Table | None, first: date, last: date
) -> pd.DataFrame | None:
    """What a customer bought of the watched products, at our list prices less at the competitors'."""
    if observed is None or products is None or "list_price" not in products.columns:
        return None
    if not {"product_id", "quantity"} <= set(lines.columns):
        return None
    recent = observed.filter(observed.observed_on.between(first, last))
    theirs = recent.group_by("product_id").aggregate(theirs=recent.price.cast("float64").mean())
    listed = products.filter(products.list_price.notnull())
    listed = listed.select("product_id", ours=listed.list_price.cast("float64"))
    both = listed.join(theirs, "product_id")
    bought = lines.filter((lines.quantity > 0).fill_null(False))
    joined = bought.select("customer_id", "product_id", "quantity").join(both, "product_id")
    return (
        joined.group_by("customer_id")
        .aggregate(
            price_above=(joined.quantity * (joined.ours - joined.theirs)).sum(),
            price_theirs=(joined.quantity * joined.theirs).sum(),
        )
        .to_pandas()
    )
