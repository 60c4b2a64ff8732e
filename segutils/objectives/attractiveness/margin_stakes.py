"""What is at stake in margins and in breadth: groups that earn less, or buy less broadly, in some regions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.objectives.attractiveness.gaps import BEST, measure_gaps
from segutils.objectives.attractiveness.margin_ladder import REVENUE, MarginLadder
from segutils.objectives.attractiveness.market_stakes import CellStakes, place_customers

MARGIN, BREADTH = "gap to the best margin", "categories bought elsewhere"
PARTS = 5  # of the customers: four choose who leads and who lags, the fifth measures, in turn
DEALS = 5  # times that customers are dealt to parts anew: the mean depends less on one deal


def measure_margins(
    customers: ir.Table,
    groups: pd.DataFrame,
    ladder: MarginLadder,
    *,
    compare_across: str = "region",
    alike_in: str = "country",
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
    seed : int
        Of the parts of the customers.

    Returns
    -------
    CellStakes or None
        None where margins are not known or customers have no such column.
    """
    if ladder.basis == REVENUE or compare_across not in customers.columns:
        return None
    people = _place(customers, groups, compare_across, alike_in)
    each = people.assign(above=ladder.last_year(ladder.basis), below=ladder.last_year(REVENUE))
    if each.empty:
        return None
    compared = _say(compare_across, alike_in, customers)
    deals = []
    for part in _deal(len(each), seed):
        keys = ["group", "alike", "cell", "part"]
        table = each.assign(part=part).groupby(keys, as_index=False)[["above", "below"]].sum()
        deals.append(_compare(table, MARGIN, compared, worth=None))
    return _average(deals, MARGIN)


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
    worth.index = [f"{group} · {category}" for group, category in worth.index]
    compared = _say(compare_across, alike_in, customers)
    deals = []
    for part in _deal(len(people), seed):
        parts = pd.Series(part, index=people.index)
        table = _count_buyers(bought.assign(part=bought.customer_id.map(parts)))
        deals.append(_compare(table, BREADTH, compared, worth=worth))
    return _average(deals, BREADTH)


def _count_buyers(bought: pd.DataFrame) -> pd.DataFrame:
    """Per group, category, cell and part: ``above`` (who bought the category), ``below`` (who bought)."""
    keys = ["group", "alike", "cell", "part"]
    active = bought.groupby(keys).customer_id.nunique().rename("below").reset_index()
    each = bought.groupby([*keys, "category"]).agg(above=("customer_id", "nunique")).reset_index()
    grid = active.merge(each[["group", "category"]].drop_duplicates(), on="group")
    table = grid.merge(each, on=[*keys, "category"], how="left").fillna({"above": 0.0})
    return table.assign(kind=table["group"] + " · " + table["category"])


def _deal(customers: int, seed: int) -> list[np.ndarray]:
    """The part of each customer, in several deals."""
    rng = np.random.default_rng(seed)
    return [rng.permutation(customers) % PARTS for _ in range(DEALS)]


def _average(deals: list[CellStakes], component: str) -> CellStakes:
    """The mean over deals."""
    first = deals[0]
    keys = ["block", "cell"]
    money = pd.concat([deal.cells.set_index(keys)[component] for deal in deals], axis=1).mean(axis=1)
    cells = first.cells.assign(**{component: money.reindex(first.cells.set_index(keys).index).to_numpy()})
    blocks = sum(deal.blocks.reindex_like(first.blocks).fillna(0.0) for deal in deals) / len(deals)
    return replace(first, cells=cells.drop(columns=["ratio", "aim"]), blocks=blocks)


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


def _compare(table: pd.DataFrame, component: str, compared: str, *, worth: pd.Series | None) -> CellStakes:
    """Gaps to the best cell of each block (a group, or a group's category, among values that are alike)."""
    kind = table["kind"] if "kind" in table else table["group"]
    table = table.assign(block=kind + " · " + table["alike"].astype(str))
    table["unit"] = 1.0 if worth is None else kind.map(worth).astype(float).fillna(0.0)
    unit = table.drop_duplicates("block").set_index("block").unit
    gaps = measure_gaps(table, benchmark=BEST, latest=False)
    found = gaps.table.assign(money=gaps.table.gap * gaps.table.block.map(unit).astype(float))
    cells = table.groupby(["block", "cell", "group"], as_index=False)[["above", "below"]].sum()
    cells = cells.merge(found.drop(columns="gap"), on=["block", "cell"], how="left")
    cells = cells.rename(columns={"money": component}).fillna({component: 0.0})
    wide = cells.pivot_table(index="block", columns="group", values=component, aggfunc="sum", fill_value=0.0)
    wide = wide.reindex(columns=list(dict.fromkeys(table["group"])), fill_value=0.0)
    wide.columns = pd.MultiIndex.from_product([[component], wide.columns], names=["component", "group"])
    return CellStakes(cells=cells, blocks=wide, compared=compared, parts=gaps.parts)


def _say(across: str, alike_in: str, customers: ir.Table) -> str:
    within = (
        f" and {alike_in.replace('_', ' ')}" if alike_in in customers.columns and alike_in != across else ""
    )
    return f"{across.replace('_', ' ')}s of the same group{within}"
