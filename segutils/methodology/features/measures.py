"""Order lines to one row per customer and window, on the client's own engine.

Lines are grouped twice, to orders and to products per customer; all else is computed from these groups.
Money is summed as exact decimals and cast to float64 after the last sum. The engine only sums, counts and
compares: ratios and differences of days are formed later, on one row per customer, as engines disagree
on both (integer division; days counted as midnights passed or as hours).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

import ibis
import ibis.expr.types as ir
import pandas as pd

from segutils.errors import InputError

KEYS = ["period", "customer_id"]
PRODUCT_COLUMNS = ("product_line", "category", "brand")
BREADTH_COLUMNS = ("product_line", "category")  # the finest grouping there is: breadth counts its values


@dataclass(frozen=True, kw_only=True)
class Window:
    """Days over which customers are measured, both ends included."""

    label: str
    start: date
    end: date

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.end - self.start).days + 1


def rank_values(
    transactions: ir.Table, products: ir.Table | None, column: str, *, window: Window, max_values: int
) -> list[str]:
    """Which categories (or channels) carry most revenue?

    Parameters
    ----------
    transactions, products : ibis.Table
        ``customer_id, order_id, ordered_on, net_revenue, product_id`` and ``product_id, category``.
    column : str
        A column of either table, such as ``category`` or ``channel``.
    window : Window
    max_values : int
        How many to name.

    Returns
    -------
    list of str
        Largest first, equal ones by name; empty where no table has the column.
    """
    inside = transactions.filter(transactions.ordered_on.between(window.start, window.end))
    if column not in inside.columns:
        if products is None or column not in products.columns or "product_id" not in inside.columns:
            return []
        inside = inside.join(products.select("product_id", column), "product_id")
    inside = inside.filter(inside[column].notnull())
    totals = inside.group_by(column).aggregate(revenue=inside.net_revenue.sum())
    top = totals.order_by(ibis.desc("revenue"), column).limit(max_values).to_pandas()
    return top[column].tolist()


def build_measures(
    transactions: ir.Table,
    products: ir.Table | None,
    *,
    windows: Sequence[Window],
    categories: Sequence[str] = (),
    channels: Sequence[str] = (),
    own_brand: str = "",
) -> pd.DataFrame:
    """What did each customer do in each window, in sums and counts?

    Parameters
    ----------
    transactions : ibis.Table
        ``customer_id, order_id, ordered_on`` (date in the client's zone), ``net_revenue``; optional
        ``product_id, discount, store_id, channel``.
    products : ibis.Table, optional
        ``product_id``; optional ``category, product_line, brand``.
    windows : sequence of Window
    categories, channels : sequence of str
        Values that get a sum of their own.
    own_brand : str
        Value of ``brand`` that is the client's own label.

    Returns
    -------
    pandas.DataFrame
        ``period, customer_id, frequency`` (orders with net revenue above 0), ``revenue`` (returns
        subtracted), ``first_on, last_on`` (of those orders), ``since`` (first line ever seen) and, where the
        columns exist, ``discount, own_brand, breadth, stores, main_store_orders, store_orders, category_0…,
        channel_0…``.
        Only customers with a line in the window.
    """
    first, last = min(window.start for window in windows), max(window.end for window in windows)
    lines = transactions.filter(transactions.ordered_on.between(first, last))
    orders = _stack([_inside(_group_orders(lines), window) for window in windows])
    bought = orders.revenue > 0
    by_channel = {
        f"channel_{i}": (bought & (orders.channel == value)).sum()
        for i, value in enumerate(channels if "channel" in orders.columns else ())
    }
    table = orders.group_by(KEYS).aggregate(
        frequency=bought.sum(),
        revenue=orders.revenue.sum().cast("float64"),
        first_on=orders.ordered_on.min(where=bought),
        last_on=orders.ordered_on.max(where=bought),
        **{c: orders[c].sum().cast("float64") for c in orders.columns if c == "discount"},
        **by_channel,
    )
    parts = [table]
    if products is not None and "product_id" in lines.columns and _product_columns(products):
        parts.append(_sum_products(lines, products, windows, categories, own_brand))
    if "store_id" in orders.columns:
        parts.append(_count_stores(orders.filter(bought, orders.store_id.notnull())))
    known = transactions.filter(transactions.ordered_on <= last)
    since = known.group_by("customer_id").aggregate(since=known.ordered_on.min())
    frame = reduce(_join, parts).left_join(since, "customer_id").drop("customer_id_right").to_pandas()
    if not (frame["frequency"] > 0).any():
        raise InputError(
            f"no order with revenue between {first} and {last}",
            where="transactions (ordered_on, net_revenue)",
            fix="set as_of to the last day of the data, or widen the window",
        )
    dates = {name: pd.to_datetime(frame[name]) for name in ("first_on", "last_on", "since")}
    return frame.assign(**dates).sort_values(KEYS, ignore_index=True)


def _product_columns(products: ir.Table) -> list[str]:
    return [column for column in PRODUCT_COLUMNS if column in products.columns]


def _group_orders(lines: ir.Table) -> ir.Table:
    optional = {name: lines[name].min() for name in ("store_id", "channel") if name in lines.columns}
    if "discount" in lines.columns:
        optional["discount"] = lines.discount.coalesce(0).sum()
    # an order that runs past midnight belongs to the day of its first line
    return lines.group_by("customer_id", "order_id").aggregate(
        ordered_on=lines.ordered_on.min(), revenue=lines.net_revenue.sum(), **optional
    )


def _sum_products(
    lines: ir.Table,
    products: ir.Table,
    windows: Sequence[Window],
    categories: Sequence[str],
    own_brand: str,
) -> ir.Table:
    """Breadth and the revenue of categories and own brand, from one grouping of the lines for all windows."""
    columns = _product_columns(products)
    # products that are alike in all columns share a number: grouping by it is twice as fast as by words
    coded = products.mutate(alike=ibis.dense_rank().over(order_by=[products[c] for c in columns]))
    coded_lines = lines.join(coded.select("product_id", "alike"), "product_id")
    sums = {
        f"window_{i}": coded_lines.net_revenue.sum(
            where=None if len(windows) == 1 else coded_lines.ordered_on.between(window.start, window.end)
        )
        for i, window in enumerate(windows)
    }
    cells = coded_lines.group_by("customer_id", "alike").aggregate(**sums)
    cells = cells.join(coded.select("alike", *columns).distinct(), "alike")
    parts = []
    for name, window in zip(sums, windows, strict=True):
        kept = cells.filter(cells[name].notnull()).mutate(
            revenue=cells[name], period=ibis.literal(window.label)
        )
        optional = {}
        if "category" in columns:
            for i, value in enumerate(categories):
                optional[f"category_{i}"] = kept.revenue.sum(where=kept.category == value)
        if "brand" in columns and own_brand:
            optional["own_brand"] = kept.revenue.sum(where=kept.brand == own_brand)
        part = kept.group_by(KEYS).aggregate(
            **{c: v.coalesce(0).cast("float64") for c, v in optional.items()}
        )
        column = next((column for column in BREADTH_COLUMNS if column in columns), None)
        parts.append(_join(part, _count_breadth(kept, column)) if column else part)
    return _stack(parts)


def _count_breadth(kept: ir.Table, column: str) -> ir.Table:
    totals = kept.filter(kept[column].notnull()).group_by(*KEYS, column).aggregate(revenue=kept.revenue.sum())
    return totals.group_by(KEYS).aggregate(breadth=(totals.revenue > 0).sum())


def _count_stores(orders: ir.Table) -> ir.Table:
    per_store = orders.group_by(*KEYS, "store_id").aggregate(orders=orders.count())
    return per_store.group_by(KEYS).aggregate(
        stores=per_store.count(),
        main_store_orders=per_store.orders.max(),
        store_orders=per_store.orders.sum(),
    )


def _inside(table: ir.Table, window: Window) -> ir.Table:
    rows = table.filter(table.ordered_on.between(window.start, window.end))
    return rows.mutate(period=ibis.literal(window.label))


def _stack(tables: Sequence[ir.Table]) -> ir.Table:
    return tables[0] if len(tables) == 1 else ibis.union(*tables)


def _join(left: ir.Table, right: ir.Table) -> ir.Table:
    return left.left_join(right, KEYS).drop("period_right", "customer_id_right")
