"""What did each segment buy, quarter by quarter? The table behind the KPIs, the growth and the scorecard."""

import ibis.expr.types as ir
import pandas as pd

from segutils.impact.value.periods import ALL, NO_SEGMENT, join_quarters, join_segments, sort_segments

MEASURES = {
    "customers": "count",
    "active_customers": "count",
    "orders": "count",
    "order_lines": "count",
    "net_revenue": "money",
    "contribution_margin": "money",
    "share_of_revenue": "share",
    "share_gain": "points",
    "revenue_growth": "change",
    "revenue_per_customer": "money",
    "active_share": "share",
    "orders_per_customer": "number:1",
    "revenue_per_order": "money:2",
    "categories_per_customer": "number:1",
    "cross_sell_ratio": "share",
    "margin_rate": "share",
}


def build_kpis(
    transactions: ir.Table,
    segments: pd.DataFrame,
    quarters: pd.DataFrame,
    *,
    products: ir.Table | None = None,
) -> pd.DataFrame:
    """What did each segment buy in each quarter, and how does it compare with the quarter before?

    Parameters
    ----------
    transactions : ibis table
        customer_id, order_id, ordered_on, net_revenue (currency); product_id where `products` is given;
        optionally contribution_margin, or unit_cost with quantity.
    segments : pandas.DataFrame
        customer_id, segment (``"none"``: customers without purchases).
    quarters : pandas.DataFrame
        As :func:`~segutils.impact.value.periods.build_quarters` returns it.
    products : ibis table, optional
        product_id, category.

    Returns
    -------
    pandas.DataFrame
        segment, period, period_start, measure, value; one row per segment (and ``"all"``), quarter and
        measure. Segment ``none`` is there only if it has order lines. Measures:

        - customers: customers of the segment, today's membership in every quarter; orders: those with net
          revenue above 0, so that a return is no order (as in 3_1); active_customers: those with at least one
          of them; order_lines: of these orders; net_revenue: of all lines, returns subtracted
        - revenue_per_customer = net_revenue / customers; active_share = active_customers / customers
        - orders_per_customer = orders / active_customers; revenue_per_order = net_revenue / orders
        - categories_per_customer: product categories bought per active customer; cross_sell_ratio: the same
          as a share of all categories that anybody bought in these quarters (needs `products`)
        - share_of_revenue: share of all segments' net revenue; share_gain: its change on the quarter before
        - revenue_growth: relative change of net_revenue on the quarter before
        - contribution_margin and margin_rate, where the columns are there

        A ratio whose denominator is zero is missing, never 0.
    """
    lines = join_quarters(join_segments(transactions, segments), quarters)
    totals = _totals(lines)
    categories_offered = 0
    if products is not None and {"product_id", "category"} <= {*products.columns, *lines.columns}:
        buyers = _count_buyers(lines, products)
        categories_offered = buyers["category"].nunique()
        bought = buyers.groupby(["segment", "quarter"], as_index=False)["categories"].sum()
        totals = totals.merge(bought, how="left", on=["segment", "quarter"])
    grid = _complete_grid(totals, segments, quarters)
    grid = pd.concat([grid, _sum_of_segments(grid)], ignore_index=True)
    return _long(_ratios(grid, categories_offered))


def _totals(lines: ir.Table) -> pd.DataFrame:
    sums = {"revenue": lines.net_revenue.sum(), "order_lines": lines.count()}
    if "contribution_margin" in lines.columns:
        sums["margin"] = lines.contribution_margin.sum()
    elif {"unit_cost", "quantity"} <= set(lines.columns):
        cost = lines.quantity.cast("float64") * lines.unit_cost.cast("float64")
        sums["margin"] = (lines.net_revenue.cast("float64") - cost).sum()
    orders = lines.group_by("segment", "quarter", "customer_id", "order_id").aggregate(**sums)
    bought = orders.revenue > 0
    measures = {
        "active_customers": orders.customer_id.nunique(where=bought),
        "orders": bought.sum(),
        "order_lines": orders.order_lines.sum(where=bought),
        "net_revenue": orders.revenue.sum().cast("float64"),
    }
    if "margin" in sums:
        measures["contribution_margin"] = orders.margin.sum().cast("float64")
    return orders.group_by("segment", "quarter").aggregate(**measures).to_pandas()


def _count_buyers(lines: ir.Table, products: ir.Table) -> pd.DataFrame:
    """Customers who bought in each category; their sum counts each customer's categories once."""
    categories = products.select("product_id", "category").filter(products.category.notnull())
    own = lines.select("segment", "quarter", "customer_id", "product_id", "net_revenue")
    paid = own.filter(own.net_revenue > 0).inner_join(categories, "product_id")
    grouped = paid.group_by("segment", "quarter", "category")
    return grouped.aggregate(categories=paid.customer_id.nunique()).to_pandas()


def _complete_grid(totals: pd.DataFrame, segments: pd.DataFrame, quarters: pd.DataFrame) -> pd.DataFrame:
    # a segment that bought nothing in a quarter is a row of zeros, not a missing row
    sizes = segments["segment"].value_counts()
    if NO_SEGMENT not in set(totals["segment"]):
        sizes = sizes.drop(NO_SEGMENT, errors="ignore")
    names = sort_segments(list(dict.fromkeys([*sizes.index, *totals["segment"]])))
    grid = quarters[["period", "quarter", "period_start"]].merge(
        pd.DataFrame({"segment": names}), how="cross"
    )
    grid["customers"] = grid["segment"].map(sizes).fillna(0).astype(float)
    grid = grid.merge(totals, how="left", on=["segment", "quarter"]).drop(columns="quarter")
    measured = grid.columns.difference(["segment", "period", "period_start", "customers"], sort=False)
    return grid.assign(**{column: grid[column].fillna(0.0).astype(float) for column in measured})


def _sum_of_segments(grid: pd.DataFrame) -> pd.DataFrame:
    sums = grid.drop(columns="segment").groupby(["period", "period_start"], as_index=False, sort=False).sum()
    return sums.assign(segment=ALL)


def _ratios(grid: pd.DataFrame, categories_offered: int) -> pd.DataFrame:
    def per(above: str, below: str) -> pd.Series:
        return grid[above] / grid[below].where(grid[below] > 0)

    whole = grid[grid["segment"] == ALL].set_index("period_start")["net_revenue"]
    whole = grid["period_start"].map(whole)
    before = grid.groupby("segment", sort=False)["net_revenue"].shift()
    kpis = grid.assign(
        revenue_per_customer=per("net_revenue", "customers"),
        active_share=per("active_customers", "customers"),
        orders_per_customer=per("orders", "active_customers"),
        revenue_per_order=per("net_revenue", "orders"),
        share_of_revenue=grid["net_revenue"] / whole.where(whole > 0),
        revenue_growth=grid["net_revenue"] / before.where(before > 0) - 1,
    )
    kpis["share_gain"] = kpis.groupby("segment", sort=False)["share_of_revenue"].diff()
    if categories_offered:
        kpis["categories_per_customer"] = per("categories", "active_customers")
        kpis["cross_sell_ratio"] = kpis["categories_per_customer"] / categories_offered
    if "contribution_margin" in kpis:
        kpis["margin_rate"] = per("contribution_margin", "net_revenue")
    return kpis.drop(columns="categories", errors="ignore")


def _long(kpis: pd.DataFrame) -> pd.DataFrame:
    keys = ["segment", "period", "period_start"]
    measures = [measure for measure in MEASURES if measure in kpis]
    long = kpis.melt(id_vars=keys, value_vars=measures, var_name="measure", value_name="value")
    order = sort_segments(long["segment"].unique().tolist())
    ranks = long.assign(s=long["segment"].map(order.index), m=long["measure"].map(measures.index))
    return long.loc[ranks.sort_values(["s", "period_start", "m"]).index].reset_index(drop=True)
