"""What can set a group of customers apart, so that a name can say it: what they buy, how, who they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.findings import Need
from segutils.objectives.boundaries.taxonomy_behaviour import count_days, count_orders
from segutils.statistics.effects import build_effects

CATEGORY, CHANNEL, INDUSTRY, RHYTHM, ORDER, DISCOUNT, FIRM, SOURCE = (
    *("category", "channel", "industry", "rhythm", "order size", "discount", "firm size", "source"),
)
COLUMNS = ("feature", "kind", "label", "format", "scale", "much", "little")
# numbers of a customer: what to call them, how they are compared, and the word for much and for little of it
NUMBERS = {
    "orders": (RHYTHM, "orders a year", "number:1", "log1p", "Frequent", "Occasional"),
    "order_value": (ORDER, "net revenue of an order", "money", "log", "Large-order", "Small-order"),
    "discount_share": (DISCOUNT, "discount", "share:0", "plain", "Discount", "Full-price"),
    "employees": (FIRM, "employees", "count", "log1p", "Large-firm", "Small-firm"),
}


@dataclass(frozen=True, kw_only=True)
class NameTraits:
    """What is known of each customer who is in a group.

    Parameters
    ----------
    table : pandas.DataFrame
        ``customer_id, group`` and one column per feature, on the scale of comparison; NaN where not known.
    catalogue : pandas.DataFrame
        ``feature, kind, label, format, scale, much, little``: words for much and for little of it ("" where
        little of it says nothing).
    days : int
        Days of purchases.
    needs : tuple of Need
    """

    table: pd.DataFrame
    catalogue: pd.DataFrame
    days: int
    needs: tuple[Need, ...] = ()


def build_name_traits(
    customers: ir.Table,
    transactions: ir.Table,
    groups: pd.DataFrame,
    *,
    as_of: date,
    days: int = 730,
    products: ir.Table | None = None,
    left_out: Collection[str] = (),
    max_values: int = 12,
) -> NameTraits:
    """What does each customer of a group buy, how often, for how much, through whom, and who is it?

    Parameters
    ----------
    customers : ibis table
        ``customer_id``; optional ``signup_date, industry, employees, acquisition_channel``.
    transactions : ibis table
        ``customer_id, order_id, ordered_on, net_revenue``; optional ``product_id, channel, discount``.
    groups : pandas.DataFrame
        ``customer_id, group``.
    as_of : datetime.date
    days : int
        Days of purchases up to `as_of`, or as many as there are.
    products : ibis table, optional
        ``product_id, category``.
    left_out : collection of str
        Columns of customers that must not describe: protected ones, and the one that the groups are made of.
    max_values : int
        Categories, channels and industries described, largest first.

    Returns
    -------
    NameTraits
    """
    span = count_days(transactions, as_of, days)
    first = as_of - timedelta(days=span - 1)
    bought = transactions.filter(
        transactions.ordered_on.between(first, as_of) & (transactions.net_revenue > 0)
    )
    people = groups[["customer_id", "group"]].sort_values("customer_id", ignore_index=True)
    rhythm = count_orders(customers, transactions, as_of=as_of, days=span)[["customer_id", "orders"]]
    parts, catalogue, needs = [rhythm, _sum_orders(bought)], [], []
    catalogue += [(name, *NUMBERS[name]) for part in parts for name in part.columns.drop("customer_id")]
    if products is not None and {"product_id"} <= set(bought.columns) and "category" in products.columns:
        known = products.select("product_id", value=products.category)
        lines = bought.select("customer_id", "product_id", amount=bought.net_revenue).join(
            known, "product_id"
        )
        _add(parts, catalogue, _share(lines, max_values), CATEGORY, "spending on {}")
    else:
        columns = ("product_id", "category")
        needs.append(
            Need(question="What kind of product is each order line?", table="products", columns=columns)
        )
    if "channel" in bought.columns:
        orders = bought.group_by("customer_id", value=bought.channel).aggregate(
            amount=bought.order_id.nunique()
        )
        _add(parts, catalogue, _share(orders, max_values), CHANNEL, "orders through {}")
    else:
        needs.append(
            Need(
                question="Through which channel came each order?", table="transactions", columns=("channel",)
            )
        )
    for column, kind, label in (
        ("industry", INDUSTRY, "customers in {}"),
        ("acquisition_channel", SOURCE, "won by {}"),
    ):
        if column in customers.columns and column not in left_out:
            _add(parts, catalogue, _indicate(customers, column, max_values), kind, label)
    if "industry" not in customers.columns:
        needs.append(Need(question="What does each customer do?", table="customers", columns=("industry",)))
    if "employees" in customers.columns and "employees" not in left_out:
        told = customers.select("customer_id", "employees").to_pandas().drop_duplicates("customer_id")
        parts.append(told.assign(employees=np.log1p(told.employees.astype(float).clip(lower=0))))
        catalogue.append(("employees", *NUMBERS["employees"]))
    table = people
    for part in parts:
        table = table.merge(part, on="customer_id", how="left")
    shares = [row[0] for row in catalogue if row[1] in (CATEGORY, CHANNEL)]
    buyers = table.order_value.notna()
    table.loc[buyers, shares] = table.loc[buyers, shares].fillna(0.0)
    listed = pd.DataFrame(catalogue, columns=list(COLUMNS))
    return NameTraits(table=table, catalogue=listed, days=span, needs=tuple(needs))


def score_differences(
    traits: NameTraits, *, confidence: float = 0.95, min_customers: int = 30
) -> pd.DataFrame:
    """By how much does each group differ from all other customers in each feature, and how surely?

    Parameters
    ----------
    traits : NameTraits
    confidence : float
        Of all intervals together (Bonferroni over groups and features).
    min_customers : int
        A group with fewer customers is not described.

    Returns
    -------
    pandas.DataFrame
        ``group`` (in alphabetical order), the catalogue's columns, ``ours, others`` (means in the feature's
        own unit: of skewed ones the typical value), ``effect_size, low, high`` (Hedges' g), strongest first
        within a group.
    """
    table, features = traits.table, traits.catalogue.feature.tolist()
    sizes = table["group"].value_counts().sort_index()
    named = sizes[sizes >= min_customers].index.tolist() if len(sizes) > 1 else []
    level = 1 - (1 - confidence) / max(len(named) * len(features), 1)
    parts = []
    for group in named:
        inside = table["group"] == group
        found = build_effects(table[features], inside, confidence=level)
        for side, chosen in (("ours", inside), ("others", ~inside)):
            found[side] = table.loc[chosen, features].mean().to_numpy()
        parts.append(found.assign(group=group))
    columns = ["group", *COLUMNS, "ours", "others", "effect_size", "low", "high"]
    if not parts:
        return pd.DataFrame(columns=columns)
    found = pd.concat(parts, ignore_index=True).merge(traits.catalogue, on="feature")
    for side in ("ours", "others"):
        found[side] = _own_unit(found[side], found.scale)
    found["strength"] = found.effect_size.abs().round(9)
    found["place"] = found.feature.map({name: n for n, name in enumerate(features)})
    found = found.sort_values(
        ["group", "strength", "place"], ascending=[True, False, True], ignore_index=True
    )
    return found[columns]


def _own_unit(values: pd.Series, scales: pd.Series) -> np.ndarray:
    return np.select(
        [scales == "log1p", scales == "log"], [np.expm1(values), np.exp(values)], default=values.astype(float)
    )


def _sum_orders(bought: ir.Table) -> pd.DataFrame:
    """``customer_id, order_value`` (logarithm of net revenue per order), ``discount_share``."""
    sums = {"orders": bought.order_id.nunique(), "revenue": bought.net_revenue.sum().cast("float64")}
    if "discount" in bought.columns:
        sums["discount"] = bought.discount.sum().cast("float64")
    told = bought.group_by("customer_id").aggregate(**sums).to_pandas()
    told["order_value"] = np.log(told.revenue / told.orders)
    columns = ["customer_id", "order_value"]
    if "discount" in told.columns:
        given = told.discount.clip(lower=0).fillna(0.0)
        told["discount_share"] = given / (told.revenue + given)
        columns.append("discount_share")
    return told[columns]


def _share(amounts: ir.Table, max_values: int) -> pd.DataFrame:
    """``customer_id`` and one column per value: its share of the customer's amounts, largest values first."""
    told = (
        amounts.filter(amounts.value.notnull())
        .group_by("customer_id", "value")
        .aggregate(amount=lambda t: t.amount.sum().cast("float64"))
        .to_pandas()
    )
    totals = told.groupby("value").amount.sum().sort_index().sort_values(ascending=False, kind="stable")
    wide = told.pivot(index="customer_id", columns="value", values="amount").fillna(0.0)
    wide = wide.div(wide.sum(axis=1), axis=0)[totals.index[:max_values].tolist()]
    return wide.rename_axis(columns=None).reset_index()


def _indicate(customers: ir.Table, column: str, max_values: int) -> pd.DataFrame:
    """``customer_id`` and one column per value: 1 where the customer has it, NaN where none is known."""
    told = customers.select("customer_id", value=customers[column].cast("string")).to_pandas()
    told = told.dropna().drop_duplicates("customer_id").sort_values("customer_id", ignore_index=True)
    sizes = told.value.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    wide = pd.DataFrame({value: (told.value == value).astype(float) for value in sizes.index[:max_values]})
    wide.insert(0, "customer_id", told.customer_id)
    return wide


def _add(
    parts: list[pd.DataFrame], catalogue: list[tuple[str, ...]], wide: pd.DataFrame, kind: str, label: str
) -> None:
    """A table of shares as further features; little of one says nothing, so it has no word for it."""
    values = wide.columns.drop("customer_id")
    parts.append(wide.rename(columns={value: f"{kind}: {value}" for value in values}))
    catalogue += [
        (f"{kind}: {value}", kind, label.format(value), "share:0", "plain", str(value), "")
        for value in values
    ]
