"""What is at stake in markets: their growth, cells below the usual share, and the gap to the best share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.objectives.attractiveness.gaps import BEST, USUAL, Gaps, measure_gaps
from segutils.objectives.attractiveness.margin_ladder import REVENUE, MarginLadder
from segutils.objectives.attractiveness.retention_stakes import NO_GROUP
from segutils.statistics import market_cells

FOLLOW, LAG, LEAD = "market growth at today's share", "cells below the usual share", "gap to the best cell"
ABSENT = "gap in cells where we hardly sell"  # a part of the gap to the best cell
HARDLY = 0.25  # of the best comparable share: below it the client counts as hardly present


@dataclass(frozen=True, kw_only=True, eq=False)
class CellStakes:
    """Money at stake in cells, added up by block of comparable cells and by group.

    Parameters
    ----------
    cells : pandas.DataFrame
        One row per cell: ``block, cell, net_revenue, market_size, growth, ratio, aim`` and one column per
        component with its money a year.
    blocks : pandas.DataFrame
        Index: block; columns: (component, group).
    compared : str
        What is compared, in words: ``regions of the same industry and country``.
    parts : int
        How many years, or parts of the customers, the comparison rests on.
    left_out : int
        Cells whose figures cannot be true.
    placed : float
        Share (0-1) of the last year's own revenue that lies in these cells.
    with_luck : float
        The gap to the best cell if cells were chosen and measured in the same year: luck makes it too large,
        as naming the wrong leader makes the other too small.
    """

    cells: pd.DataFrame
    blocks: pd.DataFrame
    compared: str
    parts: int
    left_out: int = 0
    placed: float = 1.0
    with_luck: float = np.nan

    @property
    def values(self) -> pd.DataFrame:
        """Group x component."""
        return self.blocks.sum().unstack("component").fillna(0.0)

    def draw(self, *, resamples: int, seed: int) -> dict[str, np.ndarray]:
        """Per component resample x group (in the order of :attr:`values`): other blocks of the same kind."""
        rng = np.random.default_rng(seed)
        count = len(self.blocks)
        drawn = rng.multinomial(count, np.full(count, 1 / count), size=resamples)
        groups = list(self.values.index)
        return {
            component: drawn @ part.droplevel("component", axis=1)[groups].to_numpy(float)
            for component, part in self.blocks.T.groupby(level="component")
            for part in [part.T]
        }


def measure_markets(
    market: ir.Table,
    customers: ir.Table,
    transactions: ir.Table,
    groups: pd.DataFrame,
    ladder: MarginLadder,
    *,
    as_of: date,
    compare_across: str = "region",
    alike_in: str = "country",
    horizon_years: float = 1.0,
) -> CellStakes | None:
    """What would the markets' growth bring, and what catching up with comparable cells?

    Parameters
    ----------
    market, customers, transactions : ibis tables
        As in :func:`~segutils.statistics.market_cells.build_market_cells`.
    groups : pandas.DataFrame
        ``customer_id, group``.
    ladder : MarginLadder
        Revenue is turned into its basis at the rate of the block's customers.
    as_of : datetime.date
    compare_across : str
        Key of the market whose values are compared (the first key where it is none); the other keys must be
        the same.
    alike_in : str
        Column of customers that must be the same, too, by the value that most customers of a compared value
        have: nobody expects the share of the home country abroad. Ignored where customers have no such
        column.
    horizon_years : float
        For how long markets grow.

    Returns
    -------
    CellStakes or None
        None where no customer can be placed in a market, or no year of the market is over. Cells whose
        figures cannot be true in any year (smaller than own sales) are left out.
    """
    keys = market_cells.find_cell_keys(market, customers)
    cells = market_cells.build_market_cells(market, customers, transactions, as_of=as_of) if keys else None
    cells = cells[cells.complete] if cells is not None else pd.DataFrame()
    if cells.empty:
        return None
    across = compare_across if compare_across in keys else keys[0]
    alike = alike_in if alike_in in customers.columns and alike_in not in keys else ""
    slot = fold_keys(cells, keys)
    wrong = cells.impossible.groupby(slot).transform("any")
    left_out = int(slot[wrong].nunique())
    cells = cells.assign(slot=slot)[~wrong]
    people = place_customers(customers, keys, across, alike)
    same = people.dropna(subset=["alike"]).groupby("compared").alike.agg(lambda values: values.mode().iloc[0])
    others = [name for name in keys if name != across]
    cells["block"] = fold_keys(
        cells.assign(alike=cells[across].str.strip().str.lower().map(same).fillna("")), [*others, "alike"]
    )
    named = {across: "cell", "net_revenue": "above", "market_size": "below", "period": "part"}
    table = cells.rename(columns=named)
    table = table.drop(columns=[name for name in others if name in table])
    gaps = {LAG: measure_gaps(table, benchmark=USUAL), LEAD: measure_gaps(table, benchmark=BEST)}
    last = table[table["part"] == table["part"].max()].set_index("slot")
    worth = _worth_of_blocks(ladder, people, last)
    lucky = measure_gaps(table[table["part"] == table["part"].max()], benchmark=BEST)
    growth = _expect_growth(cells).reindex(last.index).fillna(0.0)
    money = {FOLLOW: last.above * ((1 + growth) ** horizon_years - 1)}
    money |= {name: _at_slots(found, last) for name, found in gaps.items()}
    thin = gaps[LEAD].table.assign(gap=lambda t: t.gap.where(t.ratio < HARDLY * t.aim, 0.0))
    money[ABSENT] = _at_slots(replace(gaps[LEAD], table=thin), last)
    each = pd.DataFrame({name: values * worth.reindex(last.index) for name, values in money.items()})
    lead = gaps[LEAD].table.set_index(["block", "cell"])[["ratio", "aim"]]
    shown = last.join(lead, on=["block", "cell"])
    shown = shown.rename(columns={"above": "net_revenue", "below": "market_size"}).assign(growth=growth)
    order = ["block", "cell", "net_revenue", "market_size", "growth", "ratio", "aim"]
    return CellStakes(
        cells=shown[order].join(each).reset_index(drop=True),
        blocks=share_among_groups(each, last.block, people, groups, ladder),
        compared=_say_compared(across, others, alike),
        parts=gaps[LEAD].parts,
        left_out=left_out,
        placed=float(_placed(ladder, people, last.index)),
        with_luck=float((_at_slots(lucky, last) * worth.reindex(last.index)).sum()),
    )


def place_customers(customers: ir.Table, keys: list[str], across: str, alike: str = "") -> pd.DataFrame:
    """``customer_id, slot`` (its cell, missing where a key is), ``compared, alike`` in lower case."""
    columns = dict.fromkeys([*keys, across, *([alike] if alike else [])])
    told = {name: customers[name].cast("string").strip().lower() for name in columns}
    people = customers.select("customer_id", **told).to_pandas().drop_duplicates("customer_id")
    slot = fold_keys(people, keys).where(people[keys].notna().all(axis=1))
    return pd.DataFrame(
        {
            "customer_id": people.customer_id,
            "slot": slot,
            "compared": people[across],
            "alike": people[alike] if alike else "",
        }
    )


def fold_keys(frame: pd.DataFrame, keys: list[str]) -> pd.Series:
    """The keys of each row as one text that neither capitals nor blanks change."""
    parts = [frame[name].astype("object").fillna("").str.strip().str.lower() for name in keys]
    return parts[0].str.cat(parts[1:], sep=" · ") if len(parts) > 1 else parts[0]


def share_among_groups(
    money: pd.DataFrame, block: pd.Series, people: pd.DataFrame, groups: pd.DataFrame, ladder: MarginLadder
) -> pd.DataFrame:
    """A cell's money in proportion to what each group buys in it; block x (component, group)."""
    bought = ladder.last_year(REVENUE).clip(lower=0)
    slots = people.set_index("customer_id").slot.reindex(bought.index)
    labels = ladder.row_labels(groups).fillna(NO_GROUP)
    table = bought.groupby([slots.to_numpy(), labels.to_numpy()]).sum().unstack(fill_value=0.0)
    names = [name for name in [*dict.fromkeys(groups["group"]), NO_GROUP] if name in table]
    table = table.reindex(index=money.index, columns=names).fillna(0.0)
    # where nobody buys yet, the groups that buy in comparable cells stand for those who would
    alike = table.groupby(block).transform("sum")
    table = table.where(table.sum(axis=1) > 0, alike)
    total = table.sum(axis=1)
    parts = table.div(total.where(total > 0), axis=0).fillna(0.0)
    rest = (1 - parts.drop(columns=NO_GROUP, errors="ignore").sum(axis=1)).round(9)
    if (rest * money.abs().sum(axis=1)).any():
        parts[NO_GROUP] = rest  # a market in which nobody buys anywhere belongs to no group
    found = {
        (component, name): money[component] * parts[name] for component in money for name in parts.columns
    }
    each = pd.DataFrame(found).fillna(0.0)
    each.columns = each.columns.set_names(["component", "group"])
    return each.groupby(block).sum()


def _at_slots(gaps: Gaps, last: pd.DataFrame) -> pd.Series:
    found = gaps.table.set_index(["block", "cell"]).gap
    rows = pd.MultiIndex.from_frame(last[["block", "cell"]])
    return pd.Series(found.reindex(rows).fillna(0.0).to_numpy(), index=last.index)


def _worth_of_blocks(ladder: MarginLadder, people: pd.DataFrame, last: pd.DataFrame) -> pd.Series:
    """What a unit of revenue leaves, by slot: the rate of the block, or of all where it sold nothing."""
    block = people.set_index("customer_id").slot.map(last.block).reindex(ladder.customer_id).to_numpy()
    revenue, margin = (ladder.last_year(level) for level in (REVENUE, ladder.basis))
    sums = pd.DataFrame({"revenue": revenue.to_numpy(), "margin": margin.to_numpy()}).groupby(block).sum()
    rate = (sums.margin / sums.revenue.where(sums.revenue > 0)).to_dict()
    whole = float(margin.sum() / revenue.sum()) if revenue.sum() > 0 else 0.0
    return last.block.map(rate).astype(float).fillna(whole)


def _expect_growth(cells: pd.DataFrame) -> pd.Series:
    """A year's growth of each cell: the mean of what is reported, else that of the sizes themselves."""
    reported = cells.groupby("slot").growth.mean()
    wide = cells.pivot_table(index="slot", columns="period", values="market_size")
    if wide.shape[1] < 2:
        return reported
    years = (wide.columns[-1] - wide.columns[0]).days / 365.25
    return reported.fillna((wide.iloc[:, -1] / wide.iloc[:, 0]) ** (1 / years) - 1)


def _placed(ladder: MarginLadder, people: pd.DataFrame, slots: pd.Index) -> float:
    revenue = ladder.last_year(REVENUE)
    inside = people.set_index("customer_id").slot.reindex(revenue.index).isin(slots)
    return revenue[inside].sum() / revenue.sum() if revenue.sum() else 0.0


def _say_compared(across: str, others: list[str], alike: str) -> str:
    same = [name.replace("_", " ") for name in [*others, *([alike] if alike else [])]]
    values = f"{across.replace('_', ' ')}s"
    return f"{values} of the same {' and '.join(same)}" if same else values
