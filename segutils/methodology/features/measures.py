"""Order lines to one row per customer and window, on the client's own engine.

Lines are grouped twice, to orders and to groups of products per customer; all else follows from these. Each
is used once, so that the engine need not keep it: orders are summed by customer and store, and then by
customer. Money is summed as exact decimals and cast to float64 after the last sum. The engine only sums,
counts and compares: ratios and differences of days are formed later, on one row per customer, as engines
disagree on both (integer division; days counted as midnights passed or as hours).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.errors import InputError

KEYS = ["period", "customer_id"]
PRODUCT_COLUMNS = ("product_line", "category", "brand")
WORD = 62  # groups of products that the bits of one whole number tell
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
        Only customers with a line in the window. Breadth counts the groups of which a line of positive
        revenue was bought; giving it all back later does not change that.
    """
    first, last = min(window.start for window in windows), max(window.end for window in windows)
    lines = transactions.filter(transactions.ordered_on.between(first, last))
    orders = _stack(_label([_inside(_group_orders(lines), window) for window in windows], windows))
    keys = [key for key in KEYS if key in orders.columns]
    bought = orders.revenue > 0
    sums = {c: orders[c].sum() for c in orders.columns if c == "discount"}
    sums |= {
        f"channel_{i}": orders.count(where=bought & (orders.channel == value))
        for i, value in enumerate(channels if "channel" in orders.columns else ())
    }
    # by store first, where stores are known: the sums of its groups are those of the customer
    groups = orders.group_by(*keys, *(c for c in ("store_id",) if c in orders.columns)).aggregate(
        frequency=orders.count(where=bought),
        revenue=orders.revenue.sum(),
        first_on=orders.ordered_on.min(where=bought),
        last_on=orders.ordered_on.max(where=bought),
        seen=orders.ordered_on.min(),
        **sums,
    )
    table = _sum_groups(groups, keys, [*sums])
    columns = _product_columns(lines, products)
    if columns:
        parts = _name_parts(columns, categories, own_brand)
        coded = _code_products(
            lines, products, parts, next((c for c in BREADTH_COLUMNS if c in columns), None)
        )
        bought = [_sum_products(_inside(lines, window), coded, [*parts]) for window in windows]
        table = _join(table, _stack(_label(bought, windows)), keys)
    frame = _join_earlier(table, transactions, windows, last).to_pandas()
    if len(windows) == 1:
        frame.insert(0, "period", windows[0].label)
    if not (frame["frequency"] > 0).any():
        raise InputError(
            f"no order with revenue between {first} and {last}",
            where="transactions (ordered_on, net_revenue)",
            fix="set as_of to the last day of the data, or widen the window",
        )
    frame = _count_breadth(frame)
    dates = {name: pd.to_datetime(frame[name]) for name in ("first_on", "last_on", "seen", "earlier")}
    frame = frame.assign(**dates)
    since = frame[["seen", "earlier"]].min(axis=1).groupby(frame["customer_id"]).transform("min")
    return frame.drop(columns=["seen", "earlier"]).assign(since=since).sort_values(KEYS, ignore_index=True)


def _product_columns(lines: ir.Table, products: ir.Table | None) -> list[str]:
    if products is None or "product_id" not in lines.columns:
        return []
    return [column for column in PRODUCT_COLUMNS if column in products.columns]


def _name_parts(
    columns: Sequence[str], categories: Sequence[str], own_brand: str
) -> dict[str, tuple[str, str]]:
    """Parts of the revenue that are summed on their own: name → column of products and its value."""
    parts = {f"category_{i}": ("category", v) for i, v in enumerate(categories) if "category" in columns}
    return parts | ({"own_brand": ("brand", own_brand)} if "brand" in columns and own_brand else {})


def _group_orders(lines: ir.Table) -> ir.Table:
    optional = {name: lines[name].min() for name in ("store_id", "channel") if name in lines.columns}
    if "discount" in lines.columns:
        optional["discount"] = lines.discount.sum()
    # an order that runs past midnight belongs to the day of its first line
    return lines.group_by("customer_id", "order_id").aggregate(
        ordered_on=lines.ordered_on.min(), revenue=lines.net_revenue.sum(), **optional
    )


def _sum_groups(groups: ir.Table, keys: Sequence[str], sums: Sequence[str]) -> ir.Table:
    stores = {}
    if "store_id" in groups.columns:
        at_store = groups.store_id.notnull() & (groups.frequency > 0)
        stores = {
            "stores": groups.count(where=at_store).cast("float64").nullif(0.0),
            "main_store_orders": groups.frequency.max(where=at_store),
            "store_orders": groups.frequency.sum(where=at_store),
        }
    money = {c: groups[c].sum().coalesce(0).cast("float64") for c in sums if not c.startswith("channel_")}
    counts = {c: groups[c].sum() for c in sums if c.startswith("channel_")}
    return groups.group_by(keys).aggregate(
        frequency=groups.frequency.sum(),
        revenue=groups.revenue.sum().cast("float64"),
        first_on=groups.first_on.min(),
        last_on=groups.last_on.max(),
        seen=groups.seen.min(),
        **money,
        **counts,
        **stores,
    )


def _code_products(
    lines: ir.Table, products: ir.Table, parts: Mapping[str, tuple[str, str]], column: str | None
) -> ir.Table:
    """Each product with a flag for every part it belongs to, and its group as a bit of ``bits_0…``.

    Asked once per product, not once per line. Where the engine cannot join bits, the group's number instead.
    """
    flags = {name: (products[at] == value).fill_null(False) for name, (at, value) in parts.items()}
    if column is None:
        return products.select("product_id", **flags)
    names = products.filter(products[column].notnull()).select(column).distinct()
    count = int(names.count().execute())
    groups = names.mutate(number=ibis.dense_rank().over(order_by=[names[column]]).cast("int64"))
    if not lines.get_backend().has_operation(ops.BitOr):
        coded = products.select("product_id", column, **flags).left_join(groups, column)
        return coded.select("product_id", *flags, "number")
    # powers of two up to 2^61 are exact as floating-point numbers, and every engine has them
    bits = {
        f"bits_{word}": groups.number.between(word * WORD, word * WORD + WORD - 1).ifelse(
            (ibis.literal(2.0) ** (groups.number - word * WORD).clip(0, WORD - 1)).cast("int64"), 0
        )
        for word in range(-(-count // WORD))
    }
    coded = products.select("product_id", column, **flags).left_join(groups.select(column, **bits), column)
    return coded.select("product_id", *flags, *bits)


def _sum_products(lines: ir.Table, coded: ir.Table, parts: Sequence[str]) -> ir.Table:
    """Revenue by part, and the bits of the groups of which a line was bought."""
    inside = lines.select("customer_id", "product_id", "net_revenue").join(coded, "product_id")
    sums = {name: inside.net_revenue.sum(where=inside[name]).coalesce(0).cast("float64") for name in parts}
    bits = [column for column in coded.columns if column.startswith("bits_")]
    bought = inside.net_revenue > 0
    sums |= {column: inside[column].bit_or(where=bought).coalesce(0).cast("int64") for column in bits}
    if "number" in coded.columns:
        sums["breadth"] = inside.number.nunique(where=bought).cast("float64")
    return inside.group_by("customer_id").aggregate(**sums)


def _count_breadth(frame: pd.DataFrame) -> pd.DataFrame:
    """Groups bought, where bits tell them; missing for customers whose products are not known."""
    bits = [column for column in frame.columns if column.startswith("bits_")]
    if not bits:
        return frame
    counts = sum(np.bitwise_count(frame[column].fillna(0).astype("int64").to_numpy()) for column in bits)
    known = frame[bits[0]].notna()
    return frame.drop(columns=bits).assign(breadth=pd.Series(counts, frame.index).astype(float).where(known))


def _join_earlier(table: ir.Table, transactions: ir.Table, windows: Sequence[Window], last: date) -> ir.Table:
    """The first line that lies in no window, as ``earlier``; usually nothing is left to read."""
    known = transactions.filter(
        transactions.ordered_on <= last,
        *(~transactions.ordered_on.between(window.start, window.end) for window in windows),
    )
    earlier = known.group_by("customer_id").aggregate(earlier=known.ordered_on.min())
    return table.left_join(earlier, "customer_id").drop("customer_id_right")


def _inside(table: ir.Table, window: Window) -> ir.Table:
    return table.filter(table.ordered_on.between(window.start, window.end))


def _label(tables: Sequence[ir.Table], windows: Sequence[Window]) -> list[ir.Table]:
    """Rows with the name of their window; that of a single one is added at the end, not grouped by."""
    if len(windows) == 1:
        return list(tables)
    return [
        table.mutate(period=ibis.literal(window.label)) for table, window in zip(tables, windows, strict=True)
    ]


def _stack(tables: Sequence[ir.Table]) -> ir.Table:
    return tables[0] if len(tables) == 1 else ibis.union(*tables)


def _join(left: ir.Table, right: ir.Table, keys: Sequence[str]) -> ir.Table:
    return left.left_join(right, keys).drop(*(f"{key}_right" for key in keys))
