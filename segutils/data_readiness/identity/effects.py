"""What does it change when the accounts of one firm count as one customer?"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

EFFECT_COLUMNS = ["measure", "unit", "before", "after", "change"]
MEASURES = {
    "Customers": "count",
    "Customers with orders": "count",
    "Revenue share of the largest customer": "share:2",
    "Revenue share of the top tenth": "share:1",
    "Concentration of revenue (HHI, 0 to 10,000)": "number:1",
    "Orders per customer (median)": "number:1",
    "Net revenue per customer (median)": "money",
    "Net revenue per order (median)": "money",
    "Days since last order (median)": "number:0",
    "Share of buyers with one order": "share:1",
    "Merged customers": "count",
    "Merged customers: orders each (median)": "number:1",
    "Merged customers: net revenue each (median)": "money",
}


def map_customers(entities: pd.DataFrame, customers: ir.Table, *, min_share: float = 0.5) -> pd.DataFrame:
    """Which entity is each customer of the customer table?

    The customer table is one of the systems: the source whose record ids are the customers' ids.

    Parameters
    ----------
    entities : pandas.DataFrame
        ``source, record_id, entity_id``; see
        :func:`segutils.data_readiness.identity.clusters.assign_entities`.
    customers : ibis.Table
        ``customer_id``.
    min_share : float
        Of customers that a source must know for its ids to be theirs.

    Returns
    -------
    pandas.DataFrame
        ``customer_id, entity_id, source`` (missing where no source's ids are the customers'), one row per
        customer; a customer without a record stands for itself.
    """
    known = customers.select("customer_id").distinct().order_by("customer_id").to_pandas()
    source = find_customer_source(entities, known["customer_id"], min_share=min_share)
    records = entities.loc[entities["source"] == source, ["record_id", "entity_id"]] if source else None
    if records is None:
        return known.assign(entity_id=known["customer_id"], source=None)
    mapped = known.merge(records.rename(columns={"record_id": "customer_id"}), on="customer_id", how="left")
    return mapped.assign(entity_id=mapped["entity_id"].fillna(mapped["customer_id"]), source=source)


def find_customer_source(entities: pd.DataFrame, customer_ids: pd.Series, *, min_share: float = 0.5) -> str:
    """The source whose record ids are the customers' ids; empty where none has `min_share` of them."""
    matching = entities[entities["record_id"].isin(customer_ids)]["source"].value_counts()
    if matching.empty or matching.iloc[0] < min_share * max(len(customer_ids), 1):
        return ""
    return str(matching.index[0])


def build_effect(mapped: pd.DataFrame, transactions: ir.Table, *, as_of: date) -> pd.DataFrame:
    """How do customer count, concentration of revenue and buying behaviour change with the links?

    Parameters
    ----------
    mapped : pandas.DataFrame
        ``customer_id, entity_id``; from :func:`map_customers`.
    transactions : ibis.Table
        ``customer_id, order_id, ordered_on, net_revenue``. Lines of customers that `mapped` does not have are
        left out.
    as_of : datetime.date
        The last day of the data; recency is counted from it.

    Returns
    -------
    pandas.DataFrame
        ``measure, unit`` (the format of its values), ``before, after, change`` (relative). Before: a customer
        is an account; after: an entity. Shares are 0-1 of all revenue. Merged customers are those of several
        accounts; before, each of their accounts counts.
    """
    if mapped.empty:
        return pd.DataFrame(columns=EFFECT_COLUMNS)
    before = _sum_up(mapped.assign(entity_id=mapped["customer_id"]), transactions)
    after = _sum_up(mapped, transactions)
    accounts = mapped.groupby("entity_id")["customer_id"].size()
    merged = accounts.index[accounts > 1]
    their_accounts = mapped.loc[mapped["entity_id"].isin(merged), "customer_id"]
    last = (as_of - date(1970, 1, 1)).days
    values = pd.DataFrame(
        {
            "before": _measure(before, before.index.isin(their_accounts), last),
            "after": _measure(after, after.index.isin(merged), last),
        }
    )
    table = values.rename_axis("measure").reset_index()
    table["unit"] = table["measure"].map(MEASURES)
    table["change"] = (table["after"] / table["before"].where(table["before"] != 0) - 1).round(9)
    return table[EFFECT_COLUMNS]


def _sum_up(mapped: pd.DataFrame, transactions: ir.Table) -> pd.DataFrame:
    """Orders, net revenue and day of the last order of each entity, non-buyers included."""
    names = ibis.memtable(
        mapped[["customer_id", "entity_id"]].astype("str"),
        schema=ibis.schema({"customer_id": "string", "entity_id": "string"}),
    )
    lines = transactions.select(
        "customer_id",
        "order_id",
        day=transactions.ordered_on.cast("timestamp").epoch_seconds().cast("float64") / 86_400,
        revenue=transactions.net_revenue.cast("float64"),
    ).inner_join(names, "customer_id")
    totals = lines.group_by("entity_id").agg(
        orders=lines.order_id.nunique(), revenue=lines.revenue.sum(), last=lines.day.max()
    )
    found = totals.to_pandas().set_index("entity_id")
    found = found.reindex(pd.Index(mapped["entity_id"].unique(), name="entity_id"))
    return found.assign(orders=found["orders"].fillna(0), revenue=found["revenue"].fillna(0.0))


def _measure(totals: pd.DataFrame, is_merged: np.ndarray, last: int) -> pd.Series:
    buyers = totals[totals["orders"] > 0]
    revenue = buyers["revenue"].clip(lower=0).sort_values(ascending=False, kind="stable")
    shares = (revenue / revenue.sum()).to_numpy() if revenue.sum() else np.zeros(1)
    top = int(np.ceil(len(shares) / 10))
    merged = totals[is_merged]
    values = [
        len(totals),
        len(buyers),
        shares[0],
        shares[:top].sum(),
        10_000 * (shares**2).sum(),
        buyers["orders"].median(),
        buyers["revenue"].median(),
        (buyers["revenue"] / buyers["orders"]).median(),
        (last - buyers["last"]).median(),
        (buyers["orders"] == 1).mean(),
        len(merged),
        merged["orders"].median(),
        merged["revenue"].median(),
    ]
    return pd.Series(values, index=list(MEASURES), dtype="float64")
