"""What is at stake in margins and in breadth: groups that earn less, or buy less broadly, in some regions."""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.objectives.attractiveness.gaps import BEST, draw_gaps
from segutils.objectives.attractiveness.margin_ladder import REVENUE, MarginLadder
from segutils.objectives.attractiveness.market_stakes import SURE, CellStakes, place_customers
from segutils.statistics.partial_pooling import pool_levels

MARGIN, BREADTH = "gap to the best margin", "categories bought elsewhere"
KEYS = ["group", "alike", "cell", "block"]
MARGIN_SPREAD, BREADTH_SPREAD = (
    0.05,
    0.1,
)  # between comparable regions, of margin rates and of shares of buyers
LEAST_VARIANCE = 1e-12


def measure_margins(
    customers: ir.Table,
    groups: pd.DataFrame,
    ladder: MarginLadder,
    *,
    compare_across: str = "region",
    alike_in: str = "country",
    draws: int = 1000,
    seed: int = 0,
) -> CellStakes | None:
    """What would a group leave if it earned everywhere what it earns in its best comparable region?

    Parameters
    ----------
    customers : ibis table
        ``customer_id`` and the two columns named below.
    groups : pandas.DataFrame
        ``customer_id, group``.
    ladder : MarginLadder
    compare_across, alike_in : str
        Values of the first are compared within a group and a value of the second.
    draws : int
        Of what the true margins may be.
    seed : int

    Returns
    -------
    CellStakes or None
        None where margins are not known or customers have no such column. Gaps are means over draws, and
        never below 0.
    """
    if ladder.basis == REVENUE or compare_across not in customers.columns:
        return None
    people = _place(customers, groups, compare_across, alike_in)
    each = people.assign(above=ladder.last_year(ladder.basis), below=ladder.last_year(REVENUE))
    each = each[each.below > 0]
    if each.empty:
        return None
    each["block"] = _name_blocks(each["group"], each["alike"])
    # how far a customer's margin is off its cell's rate, in units of its revenue, is much the same for all
    sums = each.groupby(["block", "cell"])[["above", "below"]].transform("sum")
    each["off"] = (each.above - each.below * sums.above / sums.below) ** 2
    each["square"] = each.below**2
    # a cell's rate follows its own customers, the large ones most
    each["left"] = each.square * (1 - each.below / sums.below)
    squares = each.groupby("block")[["off", "left", "square"]].sum()
    spread = (squares.off / squares.left.where(squares.left > 0)).fillna(
        squares.off.sum() / squares.left.sum()
    )
    cells = each.groupby(KEYS, as_index=False)[["above", "below", "square"]].sum()
    cells["variance"] = cells.block.map(spread) * cells.square / cells.below**2
    df = float(squares.square.sum() ** 2 / (each.square**2).sum())
    return _compare(
        cells.drop(columns="square"),
        MARGIN,
        _say(compare_across, alike_in, customers),
        **{"scale": MARGIN_SPREAD, "noise_df": df, "draws": draws, "seed": seed},
        row=cells["alike"] + cells["cell"],
    )


def measure_breadth(
    customers: ir.Table,
    transactions: ir.Table,
    products: ir.Table,
    groups: pd.DataFrame,
    ladder: MarginLadder,
    *,
    as_of: date,
    compare_across: str = "region",
    alike_in: str = "country",
    draws: int = 1000,
    seed: int = 0,
) -> CellStakes | None:
    """What would a group bring if as many of its customers bought each category as do in its best region?

    Parameters
    ----------
    customers, transactions, products : ibis tables
        ``customer_id`` and the two columns named below; ``customer_id, product_id, ordered_on, net_revenue``;
        ``product_id, category``.
    groups : pandas.DataFrame
    ladder : MarginLadder
        A further buyer of a category is worth what its buyers in the group spend on it, at the group's rate.
    as_of : datetime.date
    compare_across, alike_in, seed
        As in :func:`measure_margins`.

    Returns
    -------
    CellStakes or None
        None where customers have no column to compare across, or products no category.
    """
    if compare_across not in customers.columns or "category" not in products.columns:
        return None
    people = _place(customers, groups, compare_across, alike_in)
    bought = read_categories(transactions, products, as_of=as_of)
    bought = bought[bought.customer_id.isin(people.index)]
    if bought.empty:
        return None
    bought = bought.join(people, on="customer_id")
    spent = bought.groupby(["group", "category"]).agg(
        revenue=("revenue", "sum"), buyers=("customer_id", "nunique")
    )
    labels = ladder.row_labels(groups).to_numpy()
    sums = [ladder.last_year(level).groupby(labels).sum() for level in (ladder.basis, REVENUE)]
    rate = sums[0] / sums[1].where(sums[1] > 0)
    worth = spent.revenue / spent.buyers * rate.reindex(spent.index.get_level_values("group")).to_numpy()
    worth = worth.to_dict()
    cells = _count_buyers(bought)
    cells["worth"] = [
        worth.get((group, kind)) for group, kind in zip(cells["group"], cells.kind, strict=True)
    ]
    return _compare(
        cells.fillna({"worth": 0.0}),
        BREADTH,
        _say(compare_across, alike_in, customers),
        **{"scale": BREADTH_SPREAD, "draws": draws, "seed": seed},
        # a region's customers may buy broadly by chance, and that shows in every category: no row of its own
        row=np.arange(len(cells)),
    )


def _count_buyers(bought: pd.DataFrame) -> pd.DataFrame:
    """One row per group, category and cell: who bought the category (``above``), of those who bought."""
    where = ["group", "alike", "cell"]
    active = bought.groupby(where).customer_id.nunique().rename("below").reset_index()
    each = bought.groupby([*where, "category"]).agg(above=("customer_id", "nunique")).reset_index()
    grid = active.merge(each[["group", "category"]].drop_duplicates(), on="group")
    table = grid.merge(each, on=[*where, "category"], how="left").fillna({"above": 0.0})
    table = table.rename(columns={"category": "kind"})
    table["block"] = _name_blocks(table["group"] + " · " + table.kind, table["alike"])
    sums = table.groupby("block")[["above", "below"]].transform("sum")
    # Jeffreys' half keeps a category that everybody buys, or nobody, from having no noise at all
    chance = (sums.above + 0.5) / (sums.below + 1)
    table["variance"] = chance * (1 - chance) / table.below * _measure_clumping(bought)
    return table


def _measure_clumping(bought: pd.DataFrame) -> float:
    """How much more the number of categories varies between customers of a group than if each were by chance.

    Who buys one category often buys another one, so that cells of the same customers are not independent.
    """
    people = bought.groupby(["group", "customer_id"]).category.nunique()
    within = people.groupby("group").var().fillna(0.0)
    count = people.groupby("group").size()
    buyers = bought.groupby(["group", "category"]).customer_id.nunique()
    chance = buyers / count.reindex(buyers.index.get_level_values("group")).to_numpy()
    alone = (chance * (1 - chance)).groupby("group").sum()
    expected = float((alone * count).sum())
    return max(float((within * count).sum()) / expected, 1.0) if expected > 0 else 1.0


def read_categories(
    transactions: ir.Table, products: ir.Table, *, as_of: date, years: float = 1.0
) -> pd.DataFrame:
    """Which categories did each customer buy in the last year (or so many), for how much?

    Returns
    -------
    pandas.DataFrame
        ``customer_id, category, revenue`` (above 0), sorted.
    """
    kinds = products.select("product_id", "category").filter(products.category.notnull()).distinct()
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    first = (end - pd.DateOffset(months=round(12 * years))).date()
    lines = transactions.filter(transactions.ordered_on.between(first, as_of)).join(kinds, "product_id")
    sums = lines.group_by("customer_id", "category").aggregate(
        revenue=lines.net_revenue.sum().cast("float64")
    )
    table = sums.to_pandas()
    return table[table.revenue > 0].sort_values(["customer_id", "category"], ignore_index=True)


def _place(customers: ir.Table, groups: pd.DataFrame, across: str, alike_in: str) -> pd.DataFrame:
    """Index: customer_id, sorted; ``group, cell, alike``, of those who have a group and a value."""
    alike = alike_in if alike_in in customers.columns and alike_in != across else ""
    people = place_customers(customers, [across], across, alike).drop(columns="slot")
    same = people.dropna(subset=["alike"]).groupby("compared").alike.agg(lambda values: values.mode().iloc[0])
    people = people.assign(alike=people.compared.map(same)).merge(groups, on="customer_id")
    people = people.dropna(subset=["compared"]).sort_values("customer_id").set_index("customer_id")
    return people.rename(columns={"compared": "cell"})[["group", "cell", "alike"]]


def _name_blocks(kind: pd.Series, alike: pd.Series) -> pd.Series:
    return kind + " · " + alike.astype(str)


def _compare(
    cells: pd.DataFrame,
    component: str,
    compared: str,
    *,
    row: np.ndarray,
    scale: float,
    draws: int,
    seed: int,
    noise_df: float = np.inf,
) -> CellStakes:
    """Gaps to the best cell of each block: of a group, or a group's category, among values that are alike."""
    pooled = pool_levels(
        (cells.above / cells.below).to_numpy(float),
        np.maximum(cells.variance.to_numpy(float), LEAST_VARIANCE),
        cells.block.to_numpy(),
        row,
        **{"scale": scale, "noise_df": noise_df, "draws": draws, "seed": seed},
    )
    size = cells.below.to_numpy(float)
    gaps = draw_gaps(pooled.levels, size, cells.block.to_numpy(), benchmark=BEST)
    worth = cells.worth.to_numpy(float) if "worth" in cells else np.ones(len(cells))
    found = cells.assign(
        ratio=pooled.levels.mean(axis=0),
        aim=(pooled.levels + gaps / size).mean(axis=0),
        lags=(gaps > 0).mean(axis=0) >= SURE,
        **{component: (gaps * worth).mean(axis=0)},
    )
    wide = found.pivot_table(index="block", columns="group", values=component, aggfunc="sum", fill_value=0.0)
    names = list(wide.columns)
    member = (found["group"].to_numpy()[:, None] == np.array(names, dtype=object)).astype(float)
    wide.columns = pd.MultiIndex.from_product([[component], names], names=["component", "group"])
    columns = ["block", "cell", "group", "above", "below", "ratio", "aim", "lags", component]
    return CellStakes(
        cells=found[columns],
        blocks=wide,
        samples={component: (gaps * worth) @ member},
        compared=compared,
        parts=1,
        alike=float(pooled.alike.mean()),
    )


def _say(across: str, alike_in: str, customers: ir.Table) -> str:
    within = (
        f" and {alike_in.replace('_', ' ')}" if alike_in in customers.columns and alike_in != across else ""
    )
    return f"{across.replace('_', ' ')}s of the same group{within}"
