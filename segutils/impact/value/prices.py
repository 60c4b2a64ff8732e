"""Did customers pay more for the same products?"""

import ibis
import ibis.expr.types as ir
import pandas as pd

from segutils.impact.value.periods import join_quarters, join_segments

# sums of decimals are the same in whatever order the engine adds them up
EXACT = "decimal(18, 4)"  # of an order line
FINE = "decimal(30, 9)"  # of a product's weighted change


def build_price_changes(
    transactions: ir.Table,
    segments: pd.DataFrame,
    quarters: pd.DataFrame,
    comparison: pd.DataFrame,
    *,
    max_price_ratio: float = 3.0,
) -> pd.DataFrame:
    """How much did the prices of the products that each segment buys change, product by product?

    A Törnqvist index over the products that were sold in both quarters. A product's price is what all
    customers paid per unit, net of discounts; a segment's index weights these prices with the segment's own
    baskets in both quarters. What cannot be compared (products sold in one quarter only, lines without a
    quantity) counts as unchanged, so that it stays in the product mix. Computed on the engine.

    Parameters
    ----------
    transactions : ibis table
        customer_id, ordered_on, product_id, quantity, net_revenue.
    segments : pandas.DataFrame
        customer_id, segment.
    quarters, comparison : pandas.DataFrame
        As :func:`~segutils.impact.value.periods.build_quarters` and ``build_comparison`` return them.
    max_price_ratio : float
        A product whose unit price rose or fell by more than this factor counts as another product (a change
        of pack or of unit): it is left out of the index and its effect stays in the product mix.

    Returns
    -------
    pandas.DataFrame
        before, after, segment, log_price (natural logarithm of the index), matched_share (share 0–1 of the
        segment's revenue of both quarters in products that the index covers). Empty without a comparison.

    Notes
    -----
    International Labour Office et al. (2004), *Consumer Price Index Manual*, chapter 17: the Törnqvist index
    is superlative. Unit values stand for prices as long as a product's unit does not change.
    """
    if comparison.empty:
        return pd.DataFrame(columns=["before", "after", "segment", "log_price", "matched_share"])
    wanted = ["segment", "quarter", "product_id", "quantity", "net_revenue"]
    lines = join_quarters(join_segments(transactions, segments), quarters).select(wanted)
    lines = lines.filter(lines.net_revenue > 0)
    counted = (lines.quantity > 0) & lines.product_id.notnull()
    sales = lines.group_by("segment", "quarter", "product_id").aggregate(
        sold=lines.net_revenue.cast(EXACT).sum(),
        revenue=lines.net_revenue.cast(EXACT).sum(where=counted).coalesce(ibis.literal(0).cast(EXACT)),
        units=lines.quantity.cast(EXACT).sum(where=counted).coalesce(ibis.literal(0).cast(EXACT)),
    )
    priced = sales.filter(sales.units > 0)
    paid = priced.group_by("quarter", "product_id").aggregate(
        price=priced.revenue.sum().cast("float64") / priced.units.sum().cast("float64")
    )

    pairs = ibis.memtable(_numbered(quarters, comparison))
    earlier = paid.rename(quarter_before="quarter", price_before="price")
    later = paid.rename(quarter_after="quarter", price_after="price")
    relatives = pairs.inner_join(earlier, "quarter_before").inner_join(later, ["quarter_after", "product_id"])
    ratio = relatives.price_after / relatives.price_before
    kept = ratio.between(1 / max_price_ratio, max_price_ratio)
    relatives = relatives.filter(kept).select("pair", "product_id", log_ratio=ratio.ln())

    sides = pairs.select("pair", side=ibis.literal("before"), quarter=pairs.quarter_before).union(
        pairs.select("pair", side=ibis.literal("after"), quarter=pairs.quarter_after)
    )
    baskets = sides.inner_join(sales, "quarter").left_join(relatives, ["pair", "product_id"])
    weighted = baskets.revenue.cast("float64") * baskets.log_ratio.fill_null(0.0)
    per_side = baskets.group_by("pair", "side", "segment").aggregate(
        weighted=weighted.cast(FINE).sum().cast("float64"),
        covered=baskets.revenue.sum(where=baskets.log_ratio.notnull()).cast("float64").fill_null(0.0),
        sold=baskets.sold.sum().cast("float64"),
    )
    return _index(per_side.to_pandas(), comparison)


def _numbered(quarters: pd.DataFrame, comparison: pd.DataFrame) -> pd.DataFrame:
    number = quarters.set_index("period")["quarter"]
    return pd.DataFrame(
        {
            "pair": range(len(comparison)),
            "quarter_before": comparison["before"].map(number).to_numpy(dtype="int64"),
            "quarter_after": comparison["after"].map(number).to_numpy(dtype="int64"),
        }
    )


def _index(per_side: pd.DataFrame, comparison: pd.DataFrame) -> pd.DataFrame:
    per_side["log_price"] = per_side["weighted"] / per_side["sold"]
    grouped = per_side.groupby(["pair", "segment"], as_index=False)
    # the mean of both sides is the Törnqvist weight (w₀ + w₁) / 2; a segment seen on one side keeps that side
    index = grouped.agg(log_price=("log_price", "mean"), covered=("covered", "sum"), sold=("sold", "sum"))
    index["matched_share"] = index["covered"] / index["sold"]
    index = index.merge(comparison[["before", "after"]], left_on="pair", right_index=True)
    return index[["before", "after", "segment", "log_price", "matched_share"]]
