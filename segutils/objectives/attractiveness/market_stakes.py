"""What is at stake in markets: their growth, cells below the usual share, and the gap to the best share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.objectives.attractiveness.gaps import BEST, USUAL, draw_gaps
from segutils.objectives.attractiveness.growth_draws import GrowthDraws, draw_growth
from segutils.objectives.attractiveness.margin_ladder import REVENUE, MarginLadder
from segutils.objectives.attractiveness.retention_stakes import NO_GROUP
from segutils.objectives.attractiveness.share_draws import ShareDraws, draw_shares
from segutils.statistics import market_cells
from segutils.statistics.provider_error import measure_provider_error
from segutils.statistics.spellings import respell_columns

FOLLOW, LAG, LEAD = "market growth at today's share", "cells below the usual share", "gap to the best cell"
ABSENT = "gap in cells where we hardly sell"  # a part of the gap to the best cell
HARDLY = 0.25  # of the best comparable share: below it the client counts as hardly present
SURE = 0.975  # share of draws in which a cell must lag to be told to: the end of a 95 % interval is above 0


@dataclass(frozen=True, kw_only=True, eq=False)
class CellStakes:
    """Money at stake in cells, added up by block of comparable cells and by group.

    Parameters
    ----------
    cells : pandas.DataFrame
        One row per cell: ``block, cell, net_revenue, market_size, growth, ratio, aim, lags`` (it lags beyond
        chance) and one column per component with its money a year.
    blocks : pandas.DataFrame
        Index: block; columns: (component, group).
    compared : str
        What is compared, in words: ``regions of the same industry and country``.
    parts : int
        How many years the comparison rests on; 1 where it rests on which customers there are.
    samples : mapping of str to numpy.ndarray
        Component to draw x group (in the order of :attr:`values`): its true value may be that. Draws of the
        same number belong together. Without any, nothing is uncertain.
    left_out : int
        Cells whose figures cannot be true.
    placed : float
        Share (0-1) of the last year's own revenue that lies in these cells.
    alike : float
        How likely (0-1) comparable cells do not differ at all, but by chance.
    has_rivals : bool
        Several providers speak of the same cells, so that their error is in the draws.
    """

    cells: pd.DataFrame
    blocks: pd.DataFrame
    compared: str
    parts: int
    samples: Mapping[str, np.ndarray] = field(default_factory=dict)
    left_out: int = 0
    placed: float = 1.0
    alike: float = 0.0
    has_rivals: bool = False

    @property
    def values(self) -> pd.DataFrame:
        """Group x component."""
        return self.blocks.sum().unstack("component").fillna(0.0)

    def draw(self, *, resamples: int, seed: int) -> dict[str, np.ndarray]:
        """Per component resample x group (in the order of :attr:`values`)."""
        values = self.values
        if not self.samples:
            return {part: np.tile(values[part].to_numpy(float), (resamples, 1)) for part in values}
        count = len(next(iter(self.samples.values())))
        rows = np.random.default_rng(seed).permutation(np.resize(np.arange(count), resamples))
        return {part: drawn[rows] for part, drawn in self.samples.items()}


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
    draws: int = 1000,
    seed: int = 0,
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
    draws : int
        Of what true shares and growth may be.
    seed : int

    Returns
    -------
    CellStakes or None
        None where no customer can be placed in a market, or no year of the market is over. Cells whose
        figures cannot be true in any year (smaller than own sales), and those of which the last year is not
        known, are left out. Gaps are means over draws, and never below 0.
    """
    keys = market_cells.find_cell_keys(market, customers)
    customers = respell_columns(customers, [*keys, *{alike_in} & set(customers.columns)]).table
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
    cells["cell"] = cells[across]
    last = cells[cells.period == cells.period.max()].set_index("slot").sort_index()
    last = last[last.market_size > 0]
    years = [
        cells.pivot_table(index="slot", columns="period", values=name).reindex(last.index)
        for name in ("net_revenue", "market_size")
    ]
    stated = market_cells.list_provider_sizes(market, customers, as_of=as_of)
    error = measure_provider_error(stated.assign(slot=fold_keys(stated, keys)), last.block)
    found = draw_shares(
        *(part.to_numpy(float) for part in years),
        last.block.to_numpy(),
        last.cell.str.lower().to_numpy(),
        fixed=error.fillna(0.0).to_numpy(),
        otherwise=_noise_of_customers(ladder, people, last.index),
        draws=draws,
        seed=seed,
    )
    growth = draw_growth(cells, last.block, draws=draws, seed=seed)
    money = _draw_money(found, growth, last, horizon_years)
    worth = _worth_of_blocks(ladder, people, last).to_numpy(float)
    drawn = {name: values * worth for name, values in money.items()}
    each = pd.DataFrame({name: values.mean(axis=0) for name, values in drawn.items()}, index=last.index)
    expected = growth.expected.to_numpy()
    each[FOLLOW] = last.net_revenue * ((1 + expected) ** horizon_years - 1) * worth
    parts = share_among_groups(last.block, people, groups, ladder)
    if NO_GROUP in parts and not (parts[NO_GROUP] * each.abs().sum(axis=1)).any():
        parts = parts.drop(columns=NO_GROUP)
    size, gap = last.market_size.to_numpy(float), money[LEAD]
    shown = pd.DataFrame(
        {
            "block": last.block,
            "cell": last.cell,
            "net_revenue": last.net_revenue,
            "market_size": size,
            "growth": expected,
            "ratio": found.shares.mean(axis=0),
            "aim": (found.shares + gap / size).mean(axis=0),
            "lags": (gap > 0).mean(axis=0) >= SURE,
        }
    )
    return CellStakes(
        cells=shown.join(each).reset_index(drop=True),
        blocks=_add_up(each, parts, last.block),
        samples={name: values @ parts.to_numpy(float) for name, values in drawn.items()},
        compared=_say_compared(across, others, alike),
        parts=years[0].shape[1],
        left_out=left_out,
        placed=float(_placed(ladder, people, last.index)),
        alike=found.alike,
        has_rivals=bool(error.notna().any()),
    )


def _draw_money(
    found: ShareDraws, growth: GrowthDraws, last: pd.DataFrame, horizon_years: float
) -> dict[str, np.ndarray]:
    """Revenue at stake, draw x cell, by component."""
    sold, size = last.net_revenue.to_numpy(float), last.market_size.to_numpy(float)
    block = last.block.to_numpy()
    lead = draw_gaps(found.shares, size, block, benchmark=BEST)
    aims = found.shares + lead / size
    return {
        FOLLOW: sold * found.luck * ((1 + growth.drawn) ** horizon_years - 1),
        LAG: draw_gaps(found.shares, size, block, benchmark=USUAL),
        LEAD: lead,
        ABSENT: np.where(found.shares < HARDLY * aims, lead, 0.0),
    }


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
    block: pd.Series, people: pd.DataFrame, groups: pd.DataFrame, ladder: MarginLadder
) -> pd.DataFrame:
    """Cell x group: which part (0-1) of a cell's money is a group's, in proportion to what it buys there."""
    bought = ladder.last_year(REVENUE).clip(lower=0)
    slots = people.set_index("customer_id").slot.reindex(bought.index)
    labels = ladder.row_labels(groups).fillna(NO_GROUP)
    table = bought.groupby([slots.to_numpy(), labels.to_numpy()]).sum().unstack(fill_value=0.0)
    names = [name for name in [*dict.fromkeys(groups["group"]), NO_GROUP] if name in table]
    table = table.reindex(index=block.index, columns=names).fillna(0.0)
    # where nobody buys yet, the groups that buy in comparable cells stand for those who would
    alike = table.groupby(block).transform("sum")
    table = table.where(table.sum(axis=1) > 0, alike)
    total = table.sum(axis=1)
    parts = table.div(total.where(total > 0), axis=0).fillna(0.0)
    rest = (1 - parts.drop(columns=NO_GROUP, errors="ignore").sum(axis=1)).round(9)
    if rest.any():
        parts[NO_GROUP] = rest  # a market in which nobody buys anywhere belongs to no group
    return parts


def _add_up(money: pd.DataFrame, parts: pd.DataFrame, block: pd.Series) -> pd.DataFrame:
    """Block x (component, group)."""
    found = {(component, name): money[component] * parts[name] for component in money for name in parts}
    each = pd.DataFrame(found)
    each.columns = each.columns.set_names(["component", "group"])
    return each.groupby(block).sum()


def _noise_of_customers(ladder: MarginLadder, people: pd.DataFrame, slots: pd.Index) -> tuple[float, float]:
    """Variance per unit of sales if other customers of the same kind had come, and on how many that rests."""
    revenue = ladder.last_year(REVENUE).clip(lower=0)
    inside = people.set_index("customer_id").slot.reindex(revenue.index).isin(slots)
    bought = revenue[inside].to_numpy(float)
    if not bought.sum() > 0:
        return 0.0, 1.0
    square = bought**2
    return float(square.sum() / bought.sum()), float(square.sum() ** 2 / (square**2).sum())


def _worth_of_blocks(ladder: MarginLadder, people: pd.DataFrame, last: pd.DataFrame) -> pd.Series:
    """What a unit of revenue leaves, by slot: the rate of the block, or of all where it sold nothing."""
    block = people.set_index("customer_id").slot.map(last.block).reindex(ladder.customer_id).to_numpy()
    revenue, margin = (ladder.last_year(level) for level in (REVENUE, ladder.basis))
    sums = pd.DataFrame({"revenue": revenue.to_numpy(), "margin": margin.to_numpy()}).groupby(block).sum()
    rate = (sums.margin / sums.revenue.where(sums.revenue > 0)).to_dict()
    whole = float(margin.sum() / revenue.sum()) if revenue.sum() > 0 else 0.0
    return last.block.map(rate).astype(float).fillna(whole)


def _placed(ladder: MarginLadder, people: pd.DataFrame, slots: pd.Index) -> float:
    revenue = ladder.last_year(REVENUE)
    inside = people.set_index("customer_id").slot.reindex(revenue.index).isin(slots)
    return revenue[inside].sum() / revenue.sum() if revenue.sum() else 0.0


def _say_compared(across: str, others: list[str], alike: str) -> str:
    same = [name.replace("_", " ") for name in [*others, *([alike] if alike else [])]]
    values = f"{across.replace('_', ' ')}s"
    return f"{values} of the same {' and '.join(same)}" if same else values
