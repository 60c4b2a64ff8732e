"""What each customer did in one period and in the next: groups are drawn on the first, judged on the second.

Groups that are drawn on what customers did explain what they did, by construction. So that past behaviour
does not explain itself, every base is held against the period after.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.errors import InputError

LENGTHS = (365, 182, 91)  # days of a period, the longest that fits twice into what is known
MARGIN, REVENUE = "contribution_margin", "net_revenue"
NUMBERS = ["orders", "value", "recency"]
KINDS = ["line", "channel"]
NEXT = "_next"


@dataclass(frozen=True, kw_only=True, eq=False)
class CustomerPeriods:
    """Two periods of the same length, one after the other.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per customer known on the last day of the first period, by id: ``customer_id, bought_ever``
        (by then), ``orders, value`` (margin or revenue), ``recency`` (days from the last order to the
        period's end; NaN without one), ``line, channel`` (most revenue in the period; None without any),
        and the same of the next period with the suffix ``_next``.
    mix : pandas.DataFrame
        Index customer_id: share of revenue by product line in the next period; customers with some only.
    start, cut, end : datetime.date
        First day, last day of the first period, last day of the next.
    value : str
        What ``value`` is: contribution_margin, else net_revenue.
    """

    table: pd.DataFrame
    mix: pd.DataFrame
    start: date
    cut: date
    end: date
    value: str

    @property
    def days(self) -> int:
        """Days of each period."""
        return (self.end - self.cut).days

    @property
    def is_yearly(self) -> bool:
        """Whether the two periods hold the same seasons."""
        return 350 <= self.days <= 380

    @property
    def value_words(self) -> str:
        """What to call the value."""
        return "contribution margin" if self.value == MARGIN else "net revenue"


def build_periods(
    transactions: ir.Table,
    customers: ir.Table,
    products: ir.Table | None = None,
    *,
    as_of: date,
    period_days: int = 0,
    max_missing_days: int = 7,
) -> CustomerPeriods | None:
    """What did each customer do in the last period but one, and what in the last?

    Parameters
    ----------
    transactions : ibis table
        ``customer_id, order_id, ordered_on, net_revenue``; optional ``contribution_margin, product_id,
        channel``.
    customers : ibis table
        ``customer_id``; optional ``signup_date``: who has signed up is known, with or without an order.
    products : ibis table, optional
        ``product_id`` with ``product_line`` or ``category``.
    as_of : datetime.date
        Last day of the next period.
    period_days : int
        0: the longest of a year, half a year and a quarter that fits twice into what is known.
    max_missing_days : int
        The data may begin so many days after the first period does.

    Returns
    -------
    CustomerPeriods or None
        None where two quarters are not known.

    Raises
    ------
    InputError
        Two stated periods do not fit into what is known.
    """
    first = transactions.ordered_on.min().to_pyarrow().as_py()
    known = 0 if first is None else (as_of - first).days + 1 + max_missing_days
    if period_days and 2 * period_days > known:
        raise InputError(
            f"two periods of {period_days} days do not fit into the {max(known - max_missing_days, 0)} known",
            where="1_1_boundaries, parameter period_days",
            fix="state fewer days, or 0 for the longest period that fits",
        )
    fitting = [period_days] if period_days else [days for days in LENGTHS if 2 * days <= known]
    if not fitting:
        return None
    cut = as_of - timedelta(days=fitting[0])
    start = cut - timedelta(days=fitting[0] - 1)
    value = MARGIN if MARGIN in transactions.columns else REVENUE
    lines = _name_lines(transactions, products)
    before = _measure(lines, start=start, end=cut, value=value)
    after = _measure(lines, start=cut + timedelta(days=1), end=as_of, value=value).add_suffix(NEXT)
    ever = lines.filter((lines.ordered_on <= cut) & (lines.net_revenue > 0))
    bought = ever.select("customer_id").distinct().to_pandas().customer_id
    people = customers.select("customer_id", *{"signup_date"} & set(customers.columns)).to_pandas()
    people = people.drop_duplicates("customer_id").sort_values("customer_id")
    known_by_then = people.customer_id.isin(bought)
    if "signup_date" in people:
        known_by_then |= pd.to_datetime(people.signup_date) <= pd.Timestamp(cut)
    people = people.loc[known_by_then, ["customer_id"]].set_index("customer_id")
    people["bought_ever"] = people.index.isin(bought)
    table = people.join(before).join(after)
    numbers = [c for c in table if c.removesuffix(NEXT) in ("orders", "value")]
    table[numbers] = table[numbers].fillna(0.0)
    kinds = [c for c in table if c.removesuffix(NEXT) in KINDS]
    table[kinds] = table[kinds].astype(object).where(table[kinds].notna(), None)
    return CustomerPeriods(
        table=table.reset_index(),
        mix=_mix_lines(lines, start=cut + timedelta(days=1), end=as_of).reindex(people.index).dropna(),
        start=start,
        cut=cut,
        end=as_of,
        value=value,
    )


def _name_lines(transactions: ir.Table, products: ir.Table | None) -> ir.Table:
    """Order lines with the product line (else the category) and the channel, where they are known."""
    keep = ["customer_id", "order_id", "ordered_on", REVENUE]
    keep += [name for name in (MARGIN, "product_id") if name in transactions.columns]
    channel = transactions.channel if "channel" in transactions.columns else ibis.null("string")
    lines = transactions.select(*keep, channel=channel.cast("string"))
    names = [] if products is None else [n for n in ("product_line", "category") if n in products.columns]
    if not names or "product_id" not in lines.columns:
        return lines.mutate(line=ibis.null("string"))
    called = products.select("product_id", line=_choose_name(products, names)).distinct(on="product_id")
    return lines.left_join(called, "product_id").drop("product_id_right")


def _choose_name(products: ir.Table, names: list[str]) -> ir.StringValue:
    """The coarser of product line and category: groups are to be few."""
    counts = {name: int(products[name].nunique().to_pyarrow().as_py()) for name in names}
    few = {name: count for name, count in counts.items() if count > 1} or counts
    return products[min(few, key=lambda name: few[name])].cast("string")


def _measure(lines: ir.Table, *, start: date, end: date, value: str) -> pd.DataFrame:
    """Index customer_id: orders, value, recency, line, channel of the window."""
    inside = lines.filter(lines.ordered_on.between(start, end))
    bought = inside.net_revenue > 0
    sums = inside.group_by("customer_id").aggregate(
        orders=inside.order_id.nunique(where=bought).cast("float64"),
        value=inside[value].sum().cast("float64"),
        last=inside.ordered_on.max(where=bought),
    )
    found = sums.to_pandas().set_index("customer_id")
    found["recency"] = (pd.Timestamp(end) - pd.to_datetime(found.pop("last"))).dt.days.astype(float)
    for kind in KINDS:
        found[kind] = _find_most(inside.filter(bought), kind)
    return found


def _find_most(lines: ir.Table, kind: str) -> pd.Series:
    """On which line, or through which channel, was most spent? Ties by name."""
    told = lines.filter(lines[kind].notnull())
    sums = told.group_by("customer_id", kind).aggregate(spent=told.net_revenue.sum().cast("float64"))
    frame = sums.to_pandas().sort_values(["customer_id", "spent", kind], ascending=[True, False, True])
    return frame.drop_duplicates("customer_id").set_index("customer_id")[kind]


def _mix_lines(lines: ir.Table, *, start: date, end: date, max_lines: int = 12) -> pd.DataFrame:
    """Share of revenue by line, the smaller ones together; index customer_id."""
    inside = lines.filter(lines.ordered_on.between(start, end) & (lines.net_revenue > 0))
    inside = inside.filter(inside.line.notnull())
    sums = inside.group_by("customer_id", "line").aggregate(spent=inside.net_revenue.sum().cast("float64"))
    frame = sums.to_pandas()
    if frame.empty:
        return pd.DataFrame()
    order = frame.groupby("line").spent.sum().sort_values(ascending=False).index
    frame["line"] = frame.line.where(frame.line.isin(order[:max_lines]), "others")
    wide = frame.pivot_table(index="customer_id", columns="line", values="spent", aggfunc="sum", fill_value=0)
    wide = wide[np.sort(wide.columns)]
    return wide.div(wide.sum(axis=1), axis=0).rename_axis(columns=None)
