"""What each business unit does for the customers of each group: revenue, margin, orders, tickets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
import pandas as pd

from segutils.findings import Need
from segutils.formats import format_value, join_words, plural
from segutils.objectives.boundaries.taxonomy_behaviour import count_days
from segutils.statistics.spellings import Respelt, respell_columns

YEAR = 365
UNITS = Need(
    question="Which business unit makes or sells each product?",
    table="products",
    columns=("product_id", "business_unit", "product_line"),
)
FILED = Need(
    question="Which business unit is each customer filed under?",
    table="customers",
    columns=("business_unit",),
)
MARGIN = Need(
    question="What is left of each order line after its cost?",
    table="transactions",
    columns=("contribution_margin",),
)
TICKETS = Need(
    question="Which product is each ticket about?", table="tickets", columns=("customer_id", "product_id")
)
BY_PRODUCT, BY_CUSTOMER = "the unit of each product", "the unit that each customer is filed under"


@dataclass(frozen=True, kw_only=True)
class UnitSums:
    """What units do for groups.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per customer and unit: ``customer_id, group, unit, net_revenue, margin`` (a year; NaN where
        not known), ``orders`` (with its products, a year), ``tickets`` (about its products, a year; NaN).
    lines : pandas.DataFrame
        ``group, unit, product_line, net_revenue``; empty where products have none.
    filed : pandas.DataFrame
        ``customer_id, group, unit`` that the customer is filed under; empty where not known.
    members : pandas.Series
        Customers per group, with or without purchases.
    basis : str
        What tells the unit of revenue.
    days : int
    needs : tuple of Need
    notes : tuple of str
    """

    table: pd.DataFrame
    lines: pd.DataFrame
    filed: pd.DataFrame
    members: pd.Series
    basis: str
    days: int
    needs: tuple[Need, ...] = ()
    notes: tuple[str, ...] = ()


def build_unit_sums(
    transactions: ir.Table,
    customers: ir.Table,
    groups: pd.DataFrame,
    *,
    as_of: date,
    days: int = YEAR,
    products: ir.Table | None = None,
    tickets: ir.Table | None = None,
) -> UnitSums | None:
    """Which unit brings how much of each group, and what else does it do there?

    Parameters
    ----------
    transactions : ibis table
        ``customer_id, order_id, ordered_on, net_revenue``; optional ``product_id, contribution_margin``.
    customers : ibis table
        ``customer_id``; optional ``business_unit``.
    groups : pandas.DataFrame
        ``customer_id, group``.
    as_of : datetime.date
    days : int
        Days up to `as_of`, or as many as there are; amounts are scaled to a year.
    products : ibis table, optional
        ``product_id, business_unit``; optional ``product_line``. Without it revenue goes to the unit that the
        customer is filed under.
    tickets : ibis table, optional
        ``customer_id, product_id, opened_on``.

    Returns
    -------
    UnitSums or None
        None where neither products nor customers carry a unit.
    """
    by_product = (
        products is not None and "business_unit" in products.columns and "product_id" in transactions.columns
    )
    people = respell_columns(customers, ["business_unit"])
    goods = None if products is None else respell_columns(products, ["business_unit", "product_line"])
    customers, products = people.table, None if goods is None else goods.table
    filed = _read_filed(customers, groups)
    if not by_product and filed.empty:
        return None
    span = count_days(transactions, as_of, days)
    first = as_of - timedelta(days=span - 1)
    lines = transactions.filter(transactions.ordered_on.between(first, as_of))
    names = products if by_product else None
    sums = _sum_lines(lines, names, filed, scale=YEAR / span)
    needs = [] if by_product else [UNITS]
    if filed.empty:
        needs.append(FILED)
    if "contribution_margin" not in transactions.columns:
        needs.append(MARGIN)
    asked = _count_tickets(tickets, names, first, as_of, scale=YEAR / span)
    if asked is None:
        needs.append(TICKETS)
        sums["tickets"] = float("nan")
    else:
        sums = sums.merge(asked, on=["customer_id", "unit"], how="outer")
        counts = ["net_revenue", "orders", "tickets"]
        sums[counts] = sums[counts].fillna(0.0)
    table = groups[["customer_id", "group"]].merge(sums, on="customer_id")
    notes = _say_respelt(people, goods)
    nobody = table.unit.isna()
    if nobody.any():
        share = table.net_revenue[nobody].sum() / table.net_revenue.sum()
        notes.append(f"{format_value(share, 'share')} of net revenue has no unit and is left out.")
    table = table[~nobody].sort_values(["group", "customer_id", "unit"], ignore_index=True)
    return UnitSums(
        table=table[["customer_id", "group", "unit", "net_revenue", "margin", "orders", "tickets"]],
        lines=_sum_product_lines(lines, names, groups, scale=YEAR / span),
        filed=filed,
        members=groups["group"].value_counts().sort_index(),
        basis=BY_PRODUCT if by_product else BY_CUSTOMER,
        days=span,
        needs=tuple(needs),
        notes=tuple(notes),
    )


def _say_respelt(people: Respelt, goods: Respelt | None) -> list[str]:
    """How many customers and products count under the usual spelling of their unit or line."""
    counts = [
        ("customer", people.changes.rows.sum()),
        ("product", 0 if goods is None else goods.changes.rows.sum()),
    ]
    parts = [plural(int(rows), noun) for noun, rows in counts if rows]
    verb = "counts" if parts == ["1 customer"] or parts == ["1 product"] else "count"
    said = f"{join_words(parts)} whose unit or product line is misspelt {verb} under the usual spelling."
    return [said] if parts else []


def _read_filed(customers: ir.Table, groups: pd.DataFrame) -> pd.DataFrame:
    if "business_unit" not in customers.columns:
        return pd.DataFrame(columns=["customer_id", "group", "unit"])
    told = customers.select("customer_id", unit=customers.business_unit).to_pandas().dropna()
    told = told.drop_duplicates("customer_id")
    return groups[["customer_id", "group"]].merge(told, on="customer_id").sort_values(
        ["group", "customer_id"], ignore_index=True
    )  # fmt: skip


def _sum_lines(
    lines: ir.Table, products: ir.Table | None, filed: pd.DataFrame, *, scale: float
) -> pd.DataFrame:
    """``customer_id, unit, net_revenue, margin, orders``; the unit is None where no product tells it."""
    bought = lines.net_revenue > 0
    wanted = {"revenue": lines.net_revenue, "counted": bought.ifelse(lines.order_id, None)}
    if "contribution_margin" in lines.columns:
        wanted["left"] = lines.contribution_margin
    keys = ["customer_id", "product_id"] if products is not None else ["customer_id"]
    told = lines.select(*keys, **wanted)
    if products is not None:
        names = products.select("product_id", unit=products.business_unit).distinct(on="product_id")
        told = told.left_join(names, "product_id").drop("product_id_right")
    by = ["customer_id", "unit"] if products is not None else ["customer_id"]
    sums = {"net_revenue": told.revenue.sum().cast("float64"), "orders": told.counted.nunique()}
    if "left" in told.columns:
        sums["margin"] = told.left.sum().cast("float64")
    table = told.group_by(by).aggregate(**sums).to_pandas()
    if products is None:
        table = table.merge(filed[["customer_id", "unit"]], on="customer_id", how="left")
    if "margin" not in table:
        table["margin"] = float("nan")
    amounts = ["net_revenue", "margin", "orders"]
    table[amounts] = table[amounts].astype(float) * scale
    return table


def _sum_product_lines(
    lines: ir.Table, products: ir.Table | None, groups: pd.DataFrame, *, scale: float
) -> pd.DataFrame:
    columns = ["group", "unit", "product_line", "net_revenue"]
    if products is None or "product_line" not in products.columns:
        return pd.DataFrame(columns=columns)
    names = products.select("product_id", "product_line", unit=products.business_unit).distinct(
        on="product_id"
    )
    told = lines.select("customer_id", "product_id", revenue=lines.net_revenue).join(names, "product_id")
    sums = told.group_by("customer_id", "unit", "product_line").aggregate(
        net_revenue=told.revenue.sum().cast("float64")
    )
    table = sums.to_pandas().dropna().merge(groups[["customer_id", "group"]], on="customer_id")
    table["net_revenue"] *= scale
    table = table.groupby(["group", "unit", "product_line"], as_index=False).net_revenue.sum()
    order = ["group", "unit", "net_revenue", "product_line"]
    return table.sort_values(order, ascending=[True, True, False, True], ignore_index=True)[columns]


def _count_tickets(
    tickets: ir.Table | None, products: ir.Table | None, first: date, last: date, *, scale: float
) -> pd.DataFrame | None:
    """``customer_id, unit, tickets``; None where tickets do not tell a product."""
    if tickets is None or products is None or not {"customer_id", "product_id"} <= set(tickets.columns):
        return None
    inside = tickets.filter(tickets.opened_on.between(first, last)).select("customer_id", "product_id")
    names = products.select("product_id", unit=products.business_unit).distinct(on="product_id")
    told = inside.join(names, "product_id").group_by("customer_id", "unit").aggregate(
        tickets=lambda t: t.count().cast("float64")
    )  # fmt: skip
    table = told.to_pandas().dropna()
    return table.assign(tickets=table.tickets * scale)
