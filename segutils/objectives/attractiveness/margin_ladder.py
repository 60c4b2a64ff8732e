"""From revenue to contribution margin by customer and quarter: what each level of the ladder deducts.

Cost pools go to customers by their driver: a pool's amount of a quarter over its volume in that quarter is a
rate, and rates times a customer's volumes are what the customer costs. A pool that is booked for one channel
or one group of customers is shared among these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.engagement_terms import MarginLevel
from segutils.findings import Need
from segutils.formats import join_words
from segutils.statistics.figure_sources import NEEDS

UNIT_COST = "unit_cost"
VOLUMES = {"orders": "orders", "order lines": "order_lines", "net revenue": "net_revenue"}
CUSTOMERS = "customers"  # the driver that does not depend on orders
REVENUE, CM1 = "net revenue", "CM1"
YEAR = 4  # quarters
EXACT = "decimal(24, 9)"  # sums of it do not depend on the order in which threads add up, as floats do
LADDER = Need(
    question="What does each level of contribution margin take off the one above?",
    table="engagement file",
    columns=("margin_ladder: level, means, deducts",),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class MarginLadder:
    """What each customer brought in each quarter, level by level.

    Parameters
    ----------
    customer_id : numpy.ndarray
    quarters : tuple of datetime.date
        Last days, oldest first.
    amounts : mapping of str to numpy.ndarray
        ``net revenue`` and each known level, customer x quarter, in the engagement's currency.
    means : mapping of str to str
        Each level in the client's words.
    year : pandas.DataFrame
        The last four quarters, a row per customer in the same order: ``orders, order_lines`` and one column
        per pool with its cost.
    pools : mapping of str to str
        Pool to the level that deducts it; "" where no level does.
    booked_by : str
        Column of customers by which pools are booked; "" where none is.
    unplaced : pandas.DataFrame
        ``pool, amount`` of the last four quarters that belong to no customer's volume.
    needs : tuple of Need
    notes : tuple of str
    """

    customer_id: np.ndarray
    quarters: tuple[date, ...]
    amounts: dict[str, np.ndarray]
    means: dict[str, str] = field(default_factory=dict)
    year: pd.DataFrame = field(default_factory=pd.DataFrame)
    pools: dict[str, str] = field(default_factory=dict)
    booked_by: str = ""
    unplaced: pd.DataFrame = field(default_factory=pd.DataFrame)
    needs: tuple[Need, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def levels(self) -> list[str]:
        """Levels of margin that are known, highest first."""
        return [name for name in self.amounts if name != REVENUE]

    @property
    def basis(self) -> str:
        """What values are counted in: margin after serving, else the deepest level above it, else revenue."""
        known = [level for level in ("CM2", CM1) if level in self.amounts]
        return known[0] if known else REVENUE

    @property
    def basis_words(self) -> str:
        """The basis in a sentence: ``contribution margin after serving (CM2)``."""
        if self.basis == REVENUE:
            return "net revenue"
        means = self.means.get(self.basis, "")
        return (
            f"contribution margin {means} ({self.basis})" if means else f"contribution margin ({self.basis})"
        )

    def sum_years(self, level: str) -> np.ndarray:
        """Customer x year of four quarters, the last year last; an incomplete first year is left out."""
        values = self.amounts[level]
        years = values.shape[1] // YEAR
        whole = values[:, values.shape[1] - YEAR * years :]
        return whole.reshape(len(values), years, YEAR).sum(axis=2)

    def last_year(self, level: str) -> pd.Series:
        """What each customer brought in the last four quarters (or the fewer that there are)."""
        return pd.Series(self.amounts[level][:, -YEAR:].sum(axis=1), index=self.customer_id)

    def row_labels(self, groups: pd.DataFrame) -> pd.Series:
        """The group of each customer (missing where it has none), in the ladder's order."""
        return groups.set_index("customer_id")["group"].reindex(self.customer_id)


def build_margin_ladder(
    customers: ir.Table,
    transactions: ir.Table,
    *,
    as_of: date,
    costs: ir.Table | None = None,
    levels: Sequence[MarginLevel] = (),
    max_quarters: int = 12,
) -> MarginLadder:
    """What does each customer leave, quarter by quarter, after the goods, after serving and after selling?

    Parameters
    ----------
    customers : ibis table
        ``customer_id``; optional ``signup_date`` and the column whose values the pools are booked by.
    transactions : ibis table
        ``customer_id, order_id, ordered_on, net_revenue``; ``contribution_margin``, or ``unit_cost`` and
        ``quantity``; optional ``channel``. A returned line (negative revenue) is neither order nor line.
    as_of : datetime.date
        Last day of the last quarter.
    costs : ibis table, optional
        ``period, pool, amount, driver``; optional ``channel, segment``. A period lasts until the next one.
    levels : sequence of MarginLevel
        The client's ladder; without it only the margin after the goods is known.
    max_quarters : int
        How many quarters to look back; fewer where the data begin later.

    Returns
    -------
    MarginLadder
        A level is known where it and all above it can be computed.
    """
    quarters = list_quarters(transactions, as_of=as_of, most=max_quarters)
    starts = [first for first, _ in quarters]
    volumes = _count_volumes(transactions, quarters)
    has_margin = volumes is not None and "margin" in volumes.columns
    booked = _read_pools(costs, starts, as_of) if costs is not None and has_margin else pd.DataFrame()
    people = _read_people(customers, booked)
    deducts = {pool: line.level for line in levels for pool in line.deducts if pool != UNIT_COST}
    pools = {pool: deducts.get(pool, "") for pool in (sorted(booked.pool.unique()) if len(booked) else [])}
    totals = _sum_volumes(volumes, people)
    rates, unplaced = _rate_pools(booked, totals, people, quarters)
    table = _sum_customers(volumes, people, rates, pools, quarters)
    amounts = {REVENUE: _spread(table, "revenue", len(quarters))}
    needs, notes = [], []
    if has_margin:
        amounts[CM1] = _spread(table, "margin", len(quarters))
        below = amounts[CM1]
        for line in levels:
            named = [pool for pool in line.deducts if pool != UNIT_COST]
            lacking = [pool for pool in named if pool not in pools]
            if lacking:
                notes.append(f"{line.level} is not known: nothing is booked for {join_words(lacking)}.")
                break
            if named:
                below = below - sum(_spread(table, f"cost_{pool}", len(quarters)) for pool in named)
                amounts[line.level] = below
    else:
        needs.append(NEEDS["margin"])
    needs += [] if len(booked) else [NEEDS["cost"]]
    needs += [] if levels else [LADDER]
    year = table[["orders", "order_lines"]].copy()
    for pool in pools:
        year[pool] = _spread(table, f"cost_{pool}", len(quarters))[:, -YEAR:].sum(axis=1)
    return MarginLadder(
        customer_id=table["customer_id"].to_numpy(),
        quarters=tuple(last for _, last in quarters),
        amounts=amounts,
        means={line.level: line.means for line in levels},
        year=year,
        pools=pools,
        booked_by=_find_column(customers, booked),
        unplaced=unplaced,
        needs=tuple(needs),
        notes=tuple(notes),
    )


def list_quarters(transactions: ir.Table, *, as_of: date, most: int) -> list[tuple[date, date]]:
    """First and last days of the quarters up to `as_of` that the orders cover, oldest first."""
    begins = transactions.ordered_on.min().to_pyarrow().as_py()
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    found = []
    for number in range(most):
        first, after = (end - pd.DateOffset(months=3 * n) for n in (number + 1, number))
        # a client's first order may come some days after the quarter began
        if begins is None or first + pd.Timedelta(days=15) < pd.Timestamp(begins):
            break
        found.append((first.date(), (after - timedelta(days=1)).date()))
    return found[::-1] or [((end - pd.DateOffset(months=3)).date(), as_of)]


def _count_volumes(lines: ir.Table, quarters: list[tuple[date, date]]) -> ir.Table:
    """Per customer, channel and quarter (its number): volumes, revenue and margin after the goods."""
    inside = lines.filter(lines.ordered_on.between(quarters[0][0], quarters[-1][1]))
    branches = [(inside.ordered_on.between(*ends), number) for number, ends in enumerate(quarters)]
    channel = inside.channel if "channel" in inside.columns else ibis.literal("")
    inside = inside.mutate(
        quarter=ibis.cases(*branches, else_=-1), channel=ibis.coalesce(channel, ibis.literal(""))
    )
    bought = inside.net_revenue > 0
    sums = {
        "orders": inside.order_id.nunique(where=bought).cast("float64"),
        "order_lines": bought.ifelse(1, 0).sum().cast("float64"),
        "net_revenue": inside.net_revenue.sum().cast("float64"),
    }
    if "contribution_margin" in inside.columns:
        sums["margin"] = ibis.coalesce(inside.contribution_margin, 0).sum().cast("float64")
    elif {"unit_cost", "quantity"} <= set(inside.columns):
        left = inside.net_revenue.cast("float64") - (inside.unit_cost * inside.quantity).cast("float64")
        sums["margin"] = ibis.coalesce(left, 0.0).cast(EXACT).sum().cast("float64")
    return inside.group_by("customer_id", "channel", "quarter").aggregate(**sums)


def _read_pools(costs: ir.Table, starts: list[date], as_of: date) -> pd.DataFrame:
    """``quarter, pool, driver, channel, group, amount``; longer periods go to their quarters by days."""
    keys = ["period", "pool", "driver", *(n for n in ("channel", "segment") if n in costs.columns)]
    known = costs.filter(costs.period <= as_of)
    summed = known.group_by(keys).aggregate(amount=known.amount.sum().cast("float64"))
    table = summed.order_by(keys).to_pandas()  # the same order, the same last digit
    for name in ("channel", "segment"):
        table[name] = table[name].fillna("") if name in table else ""
    table = table.rename(columns={"segment": "group"}).fillna({"driver": ""})
    table["period"] = pd.to_datetime(table["period"])
    firsts = sorted(table.period.unique())
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    until = dict(zip(firsts, [*firsts[1:], end], strict=True))
    parts = []
    for number, first in enumerate(starts):
        begin = pd.Timestamp(first)
        after = pd.Timestamp(starts[number + 1]) if number + 1 < len(starts) else end
        ends = table.period.map(until)
        days = (ends.clip(upper=after) - table.period.clip(lower=begin)).dt.days.clip(lower=0)
        share = days / (ends - table.period).dt.days
        parts.append(table.assign(quarter=number, amount=table.amount * share)[share > 0])
    by = ["quarter", "pool", "driver", "channel", "group"]
    return pd.concat(parts).groupby(by, as_index=False).amount.sum() if parts else pd.DataFrame()


def _find_column(customers: ir.Table, booked: pd.DataFrame) -> str:
    """The column of customers whose values the pools name; "" where they name none, or none has them all."""
    named = set(booked["group"]) - {""} if len(booked) else set()
    for column in customers.columns if named else ():
        if column != "customer_id" and customers[column].type().is_string():
            values = customers.select(group=customers[column]).distinct().to_pandas()["group"]
            if named <= set(values.dropna()):
                return column
    return ""


def _read_people(customers: ir.Table, booked: pd.DataFrame) -> pd.DataFrame:
    """``customer_id, group, since``: the group is that of the column whose values the pools name."""
    column = _find_column(customers, booked)
    columns = {"customer_id": customers.customer_id}
    if "signup_date" in customers.columns:
        columns["since"] = customers.signup_date
    if column:
        columns["group"] = customers[column]
    people = customers.select(**columns).to_pandas().drop_duplicates("customer_id")
    people["since"] = pd.to_datetime(people["since"]) if "since" in people else pd.NaT
    people["group"] = people["group"].fillna("") if column else ""
    return people.sort_values("customer_id", ignore_index=True)


def _sum_volumes(volumes: ir.Table, people: pd.DataFrame) -> pd.DataFrame:
    joined = volumes.left_join(_as_table(people), "customer_id")
    joined = joined.mutate(group=ibis.coalesce(joined["group"], ibis.literal("")))
    keys = ("quarter", "channel", "group")
    sums = {name: joined[name].cast(EXACT).sum().cast("float64") for name in VOLUMES.values()}
    return joined.group_by(*keys).aggregate(**sums).order_by(*keys).to_pandas()


def _rate_pools(
    booked: pd.DataFrame, totals: pd.DataFrame, people: pd.DataFrame, quarters: list[tuple[date, date]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``quarter, channel, group, pool, driver, rate`` for every cell with volume; and what has no volume.

    A rate per customer has the channel None: it belongs to whoever is known by the end of the quarter.
    """
    cells = {quarter: part for quarter, part in totals.groupby("quarter")}
    known: dict[tuple[int, str], float] = {}
    rates, left = [], []
    for pool in booked.itertuples():
        part = cells.get(pool.quarter, totals.head(0))
        if pool.driver == CUSTOMERS:
            key = (pool.quarter, pool.group)
            if key not in known:
                known[key] = float(_is_known(people, pool.group, quarters[pool.quarter][1]).sum())
            volume, where = known[key], [(None, pool.group)]
        else:
            channel, group = part["channel"].to_numpy(), part["group"].to_numpy()
            meant = (channel == (pool.channel or channel)) & (group == (pool.group or group))
            volume = (
                float(part[VOLUMES[pool.driver]].to_numpy()[meant].sum()) if pool.driver in VOLUMES else 0.0
            )
            where = list(zip(channel[meant], group[meant], strict=True))
        if volume <= 0:
            left.append((pool.quarter, pool.pool, pool.amount))
            continue
        rates += [(*cell, pool.quarter, pool.pool, pool.driver, pool.amount / volume) for cell in where]
    unplaced = pd.DataFrame(left, columns=["quarter", "pool", "amount"])
    unplaced = unplaced[unplaced.quarter >= len(quarters) - YEAR]
    columns = ["channel", "group", "quarter", "pool", "driver", "rate"]
    return pd.DataFrame(rates, columns=columns), unplaced.groupby("pool", as_index=False).amount.sum()


def _is_known(people: pd.DataFrame, group: str, last: date) -> pd.Series:
    known = ~(people.since > pd.Timestamp(last))
    return known & (people["group"] == group) if group else known


def _sum_customers(
    volumes: ir.Table,
    people: pd.DataFrame,
    rates: pd.DataFrame,
    pools: dict[str, str],
    quarters: list[tuple[date, date]],
) -> pd.DataFrame:
    """One row per customer: revenue_0…, margin_0…, cost_<pool>_0…, and orders and lines of the last year."""
    joined = volumes.left_join(_as_table(people), "customer_id").drop("customer_id_right")
    joined = joined.mutate(group=ibis.coalesce(joined["group"], ibis.literal("")))
    by_volume = rates[rates.driver != CUSTOMERS]
    if len(by_volume):
        name = by_volume.pool + "\t" + by_volume.driver
        wide = by_volume.assign(name=name).pivot_table(
            index=["quarter", "channel", "group"],
            columns="name",
            values="rate",
            aggfunc="sum",
            fill_value=0.0,
        )
        pairs = [tuple(column.split("\t")) for column in wide.columns]
        wide.columns = [f"rate_{number}" for number in range(len(pairs))]
        keys = ["quarter", "channel", "group"]
        joined = joined.left_join(ibis.memtable(wide.reset_index()), keys).drop(*(f"{k}_right" for k in keys))
    else:
        pairs = []
    costs = {}
    for number, (pool, driver) in enumerate(pairs):
        cost = joined[VOLUMES[driver]] * ibis.coalesce(joined[f"rate_{number}"], 0.0)
        costs[pool] = costs[pool] + cost if pool in costs else cost
    margin = {"margin": joined.margin} if "margin" in joined.columns else {}
    measures = {"revenue": joined.net_revenue, **margin, **{f"cost_{p}": cost for p, cost in costs.items()}}
    sums = {
        f"{name}_{quarter}": values.cast(EXACT).sum(where=joined.quarter == quarter).cast("float64")
        for name, values in measures.items()
        for quarter in range(len(quarters))
    }
    recent = joined.quarter >= len(quarters) - YEAR
    sums |= {name: joined[name].sum(where=recent) for name in ("orders", "order_lines")}
    summed = joined.group_by("customer_id").aggregate(**sums).to_pandas()
    table = people.merge(summed, how="left", on="customer_id").fillna(dict.fromkeys(sums, 0.0))
    names = [f"cost_{pool}_{quarter}" for pool in pools for quarter in range(len(quarters))]
    nothing = pd.DataFrame(0.0, index=table.index, columns=[name for name in names if name not in table])
    table = pd.concat([table, nothing], axis=1)
    for row in rates[rates.driver == CUSTOMERS].itertuples():
        known = _is_known(people, row.group, quarters[row.quarter][1])
        table[f"cost_{row.pool}_{row.quarter}"] += row.rate * known.to_numpy(float)
    return table


def _as_table(people: pd.DataFrame) -> ir.Table:
    return ibis.memtable(people[["customer_id", "group"]].astype(str))


def _spread(table: pd.DataFrame, name: str, quarters: int) -> np.ndarray:
    return table[[f"{name}_{quarter}" for quarter in range(quarters)]].to_numpy(dtype=float)
