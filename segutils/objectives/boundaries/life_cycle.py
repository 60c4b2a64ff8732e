"""At which stage of their life are the products, and who buys products of which stage?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd

from segutils.objectives.boundaries.customer_periods import CustomerPeriods

NEW, GROWING, MATURE, DECLINING = "new", "growing", "mature", "declining"
STAGES = (NEW, GROWING, MATURE, DECLINING)


@dataclass(frozen=True, kw_only=True, eq=False)
class LifeCycle:
    """Stages of products, and what customers buy of each.

    Parameters
    ----------
    stages : pandas.DataFrame
        ``stage, products, revenue`` (of the next period).
    mix : pandas.DataFrame
        Index customer_id: share of the next period's revenue by stage; customers with some only.
    how : str
        How the stages were told, as a sentence.
    """

    stages: pd.DataFrame
    mix: pd.DataFrame
    how: str


def build_life_cycle(
    transactions: ir.Table,
    products: ir.Table | None,
    periods: CustomerPeriods | None,
    *,
    new_days: int = 730,
    min_change: float = 0.1,
) -> LifeCycle | None:
    """Which products are new, growing, mature or declining, and who buys them?

    A product is new for `new_days` after its launch. Otherwise it has the stage of its line (else category):
    growing or declining where the line's net revenue changed by more than `min_change` from one year to the
    next, mature in between. Half-years and quarters mix the trend with the season, so that without two years
    only the launch tells.

    Parameters
    ----------
    transactions : ibis table
        ``customer_id, ordered_on, net_revenue, product_id``.
    products : ibis table, optional
        ``product_id``; ``launched_on``, ``product_line`` or ``category``.
    periods : CustomerPeriods, optional
    new_days : int
    min_change : float

    Returns
    -------
    LifeCycle or None
        None where neither launches nor two years of sales are known, or all products have one stage.
    """
    if products is None or periods is None or "product_id" not in transactions.columns:
        return None
    has_launch = "launched_on" in products.columns
    kinds = [name for name in ("product_line", "category") if name in products.columns]
    if not has_launch and not periods.is_yearly:
        return None
    kind = products[kinds[0]].cast("string") if kinds else products.product_id
    launched = products.launched_on.cast("date") if has_launch else ibis.null("date")
    known = products.select("product_id", kind=kind, launched=launched).distinct(on="product_id")
    inside = transactions.filter(
        transactions.ordered_on.between(periods.start, periods.end) & (transactions.net_revenue > 0)
    )
    rows = inside.select("customer_id", "product_id", "ordered_on", "net_revenue").join(known, "product_id")
    later = rows.ordered_on > periods.cut
    by_product = rows.group_by("product_id", "kind", "launched").aggregate(
        before=rows.net_revenue.sum(where=~later).cast("float64"),
        revenue=rows.net_revenue.sum(where=later).cast("float64"),
    )
    table = by_product.to_pandas().fillna({"before": 0.0, "revenue": 0.0}).sort_values("product_id")
    table["stage"] = _tell_stages(table, periods, new_days=new_days, min_change=min_change)
    if table.stage.nunique() < 2:
        return None
    spent = rows.filter(later).group_by("customer_id", "product_id")
    spent = spent.aggregate(spent=rows.net_revenue.sum().cast("float64")).to_pandas()
    spent["stage"] = spent.product_id.map(table.set_index("product_id").stage)
    wide = spent.pivot_table(
        index="customer_id", columns="stage", values="spent", aggfunc="sum", fill_value=0
    )
    wide = wide[[stage for stage in STAGES if stage in wide]].sort_index().rename_axis(columns=None)
    found = table.groupby("stage").agg(products=("product_id", "size"), revenue=("revenue", "sum"))
    change = f"{100 * min_change:.0f} %"
    parts = [f"new for {new_days} days after the launch"] if has_launch else []
    level = kinds[0].replace("_", " ") if kinds else "product"
    if periods.is_yearly:
        parts.append(
            f"growing or declining where the revenue of the {level} changed by more than {change} within a "
            "year, else mature"
        )
    else:
        parts.append("all others mature, as one year does not tell a trend from a season")
    return LifeCycle(
        stages=found.reindex([s for s in STAGES if s in found.index]).reset_index(),
        mix=wide.div(wide.sum(axis=1), axis=0),
        how=f"Products are {'; '.join(parts)}.",
    )


def _tell_stages(
    table: pd.DataFrame, periods: CustomerPeriods, *, new_days: int, min_change: float
) -> pd.Series:
    young = pd.to_datetime(table.launched) > pd.Timestamp(periods.end - timedelta(days=new_days))
    old = table[~young]
    sums = old.groupby("kind")[["before", "revenue"]].sum()
    change = (sums.revenue / sums.before.where(sums.before > 0) - 1).fillna(0.0)
    if not periods.is_yearly:
        change *= 0.0
    told = pd.Series(MATURE, index=change.index).mask(change > min_change, GROWING)
    told = told.mask(change < -min_change, DECLINING)
    return table.kind.map(told).fillna(MATURE).mask(young, NEW)
