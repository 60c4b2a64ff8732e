"""What is at stake for each objective, from the client's own numbers, on one basis, each with an interval.

Growth: what the markets' growth brings at today's share, and what cells below the client's usual share in
comparable cells would bring at it. Share: the gap to the best comparable cell. Retention: the margin of
customers who are expected to leave. Profitability: the gap of each group to its best comparable region.
Dependence on one group has no such value: what its loss would cost is known, how likely it is is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.findings import Need
from segutils.objectives.attractiveness.margin_ladder import CM1, REVENUE, MarginLadder
from segutils.objectives.attractiveness.margin_stakes import MARGIN, measure_margins
from segutils.objectives.attractiveness.market_stakes import FOLLOW, LAG, LEAD, CellStakes, measure_markets
from segutils.objectives.attractiveness.retention_stakes import RetentionStakes, measure_retention
from segutils.statistics.figure_sources import NEEDS
from segutils.statistics.intervals import percentile_interval

GROWTH, SHARE, RETENTION, PROFIT, DIVERSIFY = (
    *("growth", "share", "retention"),
    *("profitability", "diversification"),
)
KINDS = (GROWTH, SHARE, RETENTION, PROFIT, DIVERSIFY)
LEAVING = "customers expected to leave"
PARTS: Mapping[str, tuple[str, ...]] = {
    GROWTH: (FOLLOW, LAG),
    SHARE: (LEAD,),
    RETENTION: (LEAVING,),
    PROFIT: (MARGIN,),
    DIVERSIFY: (),
}
MEASURES: Mapping[str, str] = {  # the measure by which each kind of objective is held to account
    GROWTH: "revenue_growth",
    SHARE: "market_share",
    RETENTION: "retention_rate",
    PROFIT: "margin_rate",
    DIVERSIFY: "top_share",
}
CELLS = Need(
    question="In which comparable markets does the client sell more, and in which less?",
    table="customers",
    columns=("region", "industry", "country"),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Stakes:
    """Values at stake.

    Parameters
    ----------
    values : pandas.DataFrame
        ``kind, part, value, low, high``, one row per part of an objective and one (part "") per objective
        that could be valued; in the basis a year.
    draws : mapping of str to numpy.ndarray
        Kind to its value in other samples; samples of the same number belong together.
    groups : pandas.DataFrame
        ``group, kind, part, value, low, high``.
    horizons : pandas.DataFrame
        ``years, kind, value``: the same, if markets grow and customers leave for so many years.
    present : mapping of str to float
        Today's value of each measure of :data:`MEASURES`.
    scope : mapping of str to float
        ``revenue, margin`` (basis, a year), ``market``, ``active_margin`` (a year's basis of those still
        there), ``top_margin`` (of the largest group).
    group_revenue : mapping of str to float
        A year's net revenue of each group.
    top_group : str
        The largest group by revenue.
    ladder, retention, markets, margins
        Where they come from.
    needs : tuple of Need
        One for each objective that could not be valued.
    horizon_years : float
    """

    values: pd.DataFrame
    draws: Mapping[str, np.ndarray]
    groups: pd.DataFrame
    horizons: pd.DataFrame
    present: Mapping[str, float]
    scope: Mapping[str, float]
    group_revenue: Mapping[str, float]
    top_group: str
    ladder: MarginLadder
    retention: RetentionStakes
    markets: CellStakes | None
    margins: CellStakes | None
    needs: tuple[Need, ...]
    horizon_years: float

    @property
    def totals(self) -> pd.DataFrame:
        """Index: kind; ``value, low, high``."""
        return self.values[self.values["part"] == ""].set_index("kind")[["value", "low", "high"]]

    def part(self, name: str) -> float:
        """Value of one part; NaN where it is not known."""
        found = self.values.loc[self.values["part"] == name, "value"]
        return float(found.iloc[0]) if len(found) else float("nan")


def build_stakes(
    customers: ir.Table,
    transactions: ir.Table,
    groups: pd.DataFrame,
    ladder: MarginLadder,
    *,
    as_of: date,
    market: ir.Table | None = None,
    compare_across: str = "region",
    alike_in: str = "country",
    horizon_years: float = 1.0,
    max_years: int = 5,
    resamples: int = 500,
    level: float = 0.95,
    seed: int = 0,
) -> Stakes:
    """What is at stake for growth, share, retention and profitability?

    Parameters
    ----------
    customers, transactions : ibis tables
    groups : pandas.DataFrame
        ``customer_id, group``.
    ladder : MarginLadder
        Its basis (margin after serving where that is known) is what everything is counted in.
    as_of : datetime.date
    market : ibis table, optional
    compare_across, alike_in : str
        Which cells are comparable, as in
        :func:`~segutils.objectives.attractiveness.market_stakes.measure_markets`.
    horizon_years : float
        How long markets grow and customers leave; a gap is one whatever the horizon.
    max_years : int
        The last of the other horizons that are looked at.
    resamples : int
        Samples of customers, and draws of what the true shares, growth and margins may be.
    level : float
        Of the intervals.
    seed : int

    Returns
    -------
    Stakes
        Values at stake are not gains: they say what an objective is about, not what pursuing it will bring.
    """
    common = {"compare_across": compare_across, "alike_in": alike_in}
    given = {"as_of": as_of, "horizon_years": horizon_years}
    retention = measure_retention(
        customers, transactions, groups, ladder, **given, resamples=resamples, level=level, seed=seed
    )
    markets = None
    if market is not None:
        markets = measure_markets(
            market, customers, transactions, groups, ladder, **given, **common, seed=seed
        )
    margins = measure_margins(customers, groups, ladder, **common, seed=seed)
    drawn = _draw(retention, markets, margins, resamples=resamples, seed=seed)
    values, each = _sum_up(drawn, level)
    needs = [] if markets is not None else [NEEDS["market"] if market is None else CELLS]
    needs += [] if margins is not None else [NEEDS["margin"] if ladder.basis == REVENUE else CELLS]
    revenue = ladder.last_year(REVENUE)
    by_group = revenue.groupby(ladder.row_labels(groups).to_numpy()).sum().to_dict()
    top = max(by_group, key=by_group.__getitem__, default="")
    horizons = [
        (years, kind, value)
        for years in range(1, max_years + 1)
        for kind, value in _at_horizon(retention, markets, margins, horizon_years, years).items()
    ]
    return Stakes(
        values=values,
        draws=_total(drawn),
        groups=each,
        horizons=pd.DataFrame(horizons, columns=["years", "kind", "value"]),
        present=_measure_present(ladder, by_group, retention, markets),
        scope=_measure_scope(ladder, (ladder.row_labels(groups) == top).to_numpy(), retention, markets),
        group_revenue=by_group,
        top_group=top,
        ladder=ladder,
        retention=retention,
        markets=markets,
        margins=margins,
        needs=tuple(needs),
        horizon_years=horizon_years,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Part:
    """A part of an objective: its value per group, and that in other samples (sample x group)."""

    names: list[str]
    values: np.ndarray
    draws: np.ndarray


def _draw(
    retention: RetentionStakes,
    markets: CellStakes | None,
    margins: CellStakes | None,
    *,
    resamples: int,
    seed: int,
) -> dict[str, _Part]:
    found = {
        LEAVING: _Part(
            names=retention.groups["group"].tolist(),
            values=retention.groups.at_risk.to_numpy(float),
            draws=retention.draws,
        )
    }
    for number, stakes in enumerate((markets, margins)):
        if stakes is None:
            continue
        drawn = stakes.draw(resamples=resamples, seed=seed + 1 + number)
        for part in stakes.values.columns:
            values = stakes.values[part]
            found[part] = _Part(names=list(values.index), values=values.to_numpy(float), draws=drawn[part])
    return found


def _total(drawn: dict[str, _Part]) -> dict[str, np.ndarray]:
    """Kind to its value in each sample, for the kinds of which a part is known."""
    found = {}
    for kind, parts in PARTS.items():
        known = [drawn[part].draws.sum(axis=1) for part in parts if part in drawn]
        if known:
            found[kind] = np.sum(known, axis=0)
    return found


def _sum_up(drawn: dict[str, _Part], level: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``kind, part, value, low, high`` of the company, and with ``group`` in front of each group."""
    rows, each = [], []
    for kind, totals in _total(drawn).items():
        known = [part for part in PARTS[kind] if part in drawn]
        value = sum(drawn[part].values.sum() for part in known)
        rows.append((kind, "", value, *percentile_interval(totals, level=level)))
        for part in known:
            found = drawn[part]
            ends = percentile_interval(found.draws.sum(axis=1), level=level)
            rows.append((kind, part, found.values.sum(), *ends))
            lines = zip(
                found.names, found.values, *percentile_interval(found.draws, level=level), strict=True
            )
            each += [(name, kind, part, *line) for name, *line in lines]
    columns = ["kind", "part", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns), pd.DataFrame(each, columns=["group", *columns])


def _at_horizon(
    retention: RetentionStakes,
    markets: CellStakes | None,
    margins: CellStakes | None,
    horizon_years: float,
    years: int,
) -> dict[str, float]:
    """The stakes if markets grow and customers leave for so many years."""
    found = {RETENTION: retention.at_risk(years)}
    if markets is not None:
        cells = markets.cells
        grown = (1 + cells.growth) ** horizon_years - 1
        further = ((1 + cells.growth) ** years - 1) / grown.where(grown.abs() > 1e-12)
        follow = (cells[FOLLOW] * further).fillna(0.0).sum()
        found |= {GROWTH: float(follow + cells[LAG].sum()), SHARE: float(cells[LEAD].sum())}
    if margins is not None:
        found[PROFIT] = float(margins.cells[MARGIN].sum())
    return found


def _measure_present(
    ladder: MarginLadder,
    by_group: Mapping[str, float],
    retention: RetentionStakes,
    markets: CellStakes | None,
) -> dict[str, float]:
    """Today's value of each measure of :data:`MEASURES` that is known."""
    years = ladder.sum_years(REVENUE).sum(axis=0)
    total = float(ladder.last_year(REVENUE).sum())
    active = retention.groups.active
    # a rate of retention is a year's and counts heads, whatever the horizon of the money
    present = {"retention_rate": float((active * (1 - retention.yearly_leaving)).sum() / active.sum())}
    if total > 0 and by_group:
        present["top_share"] = max(by_group.values()) / total
    if len(years) > 1 and years[-2] > 0:
        present["revenue_growth"] = float(years[-1] / years[-2] - 1)
    if CM1 in ladder.amounts and total > 0:
        present["margin_rate"] = float(ladder.last_year(CM1).sum() / total)
    if markets is not None:
        present["market_share"] = float(markets.cells.net_revenue.sum() / markets.cells.market_size.sum())
    return present


def _measure_scope(
    ladder: MarginLadder, of_top: np.ndarray, retention: RetentionStakes, markets: CellStakes | None
) -> dict[str, float]:
    """What targets are turned into money with."""
    margin = ladder.last_year(ladder.basis)
    scope = {
        "revenue": float(ladder.last_year(REVENUE).sum()),
        "margin": float(margin.sum()),
        "active_margin": float(retention.groups.base.sum()),
        "top_margin": float(margin[of_top].sum()),
    }
    return scope if markets is None else scope | {"market": float(markets.cells.market_size.sum())}
