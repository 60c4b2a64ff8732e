"""The tables behind ``market-sizing``: markets by cell and year, and the client's customers in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.objectives.boundaries import market_sizing_reading as reading
from segutils.statistics import market_cells
from segutils.statistics.spellings import respell_columns

ALL, GROUP = "all markets", "group"


@dataclass(frozen=True, kw_only=True)
class Markets:
    """What is reported of the client's markets, and what the client knows of its own customers there.

    Parameters
    ----------
    keys : tuple of str
        Columns that make a cell.
    years : tuple of pandas.Timestamp
        First days of the years that the client's orders cover wholly, oldest first.
    cells : pandas.DataFrame
        Of these years, from :func:`~segutils.statistics.market_cells.build_market_cells`, with ``cell`` (its
        keys in one text).
    reports : pandas.DataFrame
        Of these years, from :func:`~segutils.statistics.market_cells.list_provider_sizes`, with ``cell``.
    people : pandas.DataFrame
        One row per customer in a cell: ``customer_id, cell, group`` ("" in none), ``wallet`` (0-1, the share
        of its purchases that it says to make here; NaN where it did not say), and a column per year.
    parts : pandas.DataFrame
        ``group, cell, part``: the group's part of the client's revenue in a cell in the last year.
    unplaced : pandas.DataFrame
        Own revenue in no cell, from :func:`~segutils.statistics.market_cells.list_unplaced_revenue`.
    respelt : pandas.DataFrame
        ``column, wrong, right, rows``: customers who are placed by the usual spelling of their value.
    unreported : tuple of str
        Values of customers that no market has, the most frequent first.
    totals : tuple of str
        Values of keys that are the sum of the others, and are left out.
    """

    keys: tuple[str, ...]
    years: tuple[pd.Timestamp, ...]
    cells: pd.DataFrame
    reports: pd.DataFrame
    people: pd.DataFrame
    parts: pd.DataFrame
    unplaced: pd.DataFrame
    respelt: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["column", "wrong", "right", "rows"])
    )
    unreported: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()

    @property
    def last(self) -> pd.DataFrame:
        """Cells of the last year."""
        return self.cells[self.cells.period == self.years[-1]]

    @property
    def left_out(self) -> list[str]:
        """Cells whose reported size is below own revenue in some year: no share of them is computed."""
        return sorted(self.cells.cell[self.cells.impossible].unique())

    @property
    def year(self) -> str:
        """The last year in words."""
        return name_year(self.years[-1])


def read_markets(
    market: ir.Table | None,
    customers: ir.Table,
    transactions: ir.Table,
    *,
    as_of: date,
    currency: str = "",
    groups: pd.DataFrame | None = None,
    survey: ir.Table | None = None,
    wallet_item: str = "share_of_wallet",
) -> Markets | None:
    """What is known of the client's markets, from others and from its own records?

    Customers are placed by the usual spelling of their values, as ingestion reports it
    (:mod:`segutils.statistics.spellings`); rows of the market that are the sum of others are left out.

    Parameters
    ----------
    market : ibis table, optional
        ``period, market_size`` and cell keys; optional ``growth, provider, firms, currency``.
    customers : ibis table
        ``customer_id`` and cell keys.
    transactions : ibis table
        ``customer_id, ordered_on, net_revenue``.
    as_of : datetime.date
    currency : str
        The engagement's, in which markets must be reported.
    groups : pandas.DataFrame, optional
        ``customer_id, group``.
    survey : ibis table, optional
        ``customer_id, item, answer, scale``.
    wallet_item : str
        The item that asks which share of its purchases a customer makes here.

    Returns
    -------
    Markets or None
        None without a market, a key that both tables have, or a year that own orders cover.

    Raises
    ------
    InputError
        A market is in another currency.
    """
    keys = market_cells.find_cell_keys(market, customers)
    if market is None or not keys:
        return None
    market = reading.check_currency(market, currency)
    usable = market.filter((market.period <= as_of) & market.market_size.notnull())
    if usable.count().to_pyarrow().as_py() == 0:
        return None
    respelt = respell_columns(customers, keys)
    customers = respelt.table
    totals = reading.find_totals(market, customers, as_of=as_of)
    market = reading.drop_totals(market, totals)
    cells = market_cells.build_market_cells(market, customers, transactions, as_of=as_of)
    cells = cells[cells.complete].reset_index(drop=True)
    if cells.empty:
        return None
    if groups is None:
        groups = pd.DataFrame({"customer_id": [], "group": []}, dtype=str)
    reports = market_cells.list_provider_sizes(market, customers, as_of=as_of)
    reports = reports[reports.period.isin(cells.period.unique())]
    years = tuple(pd.Timestamp(year) for year in sorted(cells.period.unique()))
    cells = cells.assign(cell=market_cells.name_cells(cells, keys))
    parts = market_cells.build_group_cells(cells, customers, transactions, groups, keys=keys, as_of=as_of)
    parts = parts[parts.period == years[-1]].assign(cell=market_cells.name_cells(parts, keys))
    people = market_cells.place_customers(customers, cells, keys=keys)
    people = people.merge(groups[["customer_id", "group"]].drop_duplicates("customer_id"), how="left")
    people["group"] = people["group"].fillna("")
    spans = market_cells.list_years(cells, transactions, as_of=as_of)
    for year in years:
        sold = _sum_year(transactions, spans[spans.period == year].iloc[0])
        people[year] = people.customer_id.map(sold).fillna(0.0)
    people["wallet"] = people.customer_id.map(read_wallets(survey, wallet_item)).astype(float)
    unplaced = market_cells.list_unplaced_revenue(market, customers, transactions, as_of=as_of)
    return Markets(
        keys=tuple(keys),
        years=years,
        cells=cells,
        reports=reports.assign(cell=market_cells.name_cells(reports, keys)).reset_index(drop=True),
        people=people.sort_values("customer_id", ignore_index=True),
        parts=parts[["group", "cell", "part"]].reset_index(drop=True),
        unplaced=unplaced,
        respelt=respelt.changes,
        unreported=tuple(reading.list_unreported(cells, customers, keys)),
        totals=tuple(value for values in totals.values() for value in values),
    )


def read_wallets(survey: ir.Table | None, item: str) -> pd.Series:
    """Which share of its purchases does each customer say to make here (0-1, by customer)?

    Answers are read on their scale, such as 0-100 %; without one as percent. What lies beyond is no answer,
    and a customer's several answers are averaged.
    """
    if survey is None or not {"customer_id", "item", "answer"} <= set(survey.columns):
        return pd.Series(dtype=float)
    asked = survey.filter((survey.item == item) & survey.customer_id.notnull())
    frame = asked.select(
        "customer_id", "answer", *(["scale"] if "scale" in survey.columns else [])
    ).to_pandas()
    scale = frame["scale"] if "scale" in frame else pd.Series("", index=frame.index)
    ends = scale.astype("str").str.extract(r"^\s*(\d+(?:\.\d+)?)\s*[-–]\s*(\d+(?:\.\d+)?)").astype(float)
    low, high = ends[0].fillna(0.0), ends[1].fillna(100.0)
    value = (pd.to_numeric(frame["answer"], errors="coerce") - low) / (high - low)
    return value[value.between(0, 1)].groupby(frame["customer_id"]).mean()


def count_markets(markets: Markets | None) -> pd.DataFrame:
    """How much is known? Per complete year and provider: ``year, provider, cells, market_size``."""
    if markets is None:
        return pd.DataFrame(columns=["year", "provider", "cells", "market_size"])
    table = markets.reports.groupby(["period", "provider"], as_index=False).agg(
        cells=("cell", "nunique"), market_size=("market_size", "sum")
    )
    table.insert(0, "year", table.pop("period").map(name_year))
    return table


def list_cuts(markets: Markets) -> pd.DataFrame:
    """By what may the markets be looked at? All together, by each key, by the client's groups.

    Returns
    -------
    pandas.DataFrame
        ``cut`` (a key, "group" or "all markets"), ``value``; in reading order.
    """
    rows = [(ALL, ALL)]
    rows += [(key, value) for key in markets.keys for value in sorted(markets.cells[key].unique())]
    rows += [(GROUP, group) for group in sorted(markets.parts["group"].unique())]
    return pd.DataFrame(rows, columns=["cut", "value"])


def weigh_cells(markets: Markets, cut: str, value: str) -> pd.Series:
    """Which part of each cell belongs to this cut (0-1, by cell)?"""
    cells = markets.last.set_index("cell")
    if cut == ALL:
        return pd.Series(1.0, index=cells.index)
    if cut == GROUP:
        parts = markets.parts[markets.parts["group"] == value].set_index("cell").part
        return parts.reindex(cells.index).fillna(0.0)
    return (cells[cut] == value).astype(float)


def pick_people(markets: Markets, cut: str, value: str) -> np.ndarray:
    """Which customers belong to this cut (a flag per row of ``markets.people``)?"""
    if cut == ALL:
        return np.ones(len(markets.people), dtype=bool)
    if cut == GROUP:
        return (markets.people["group"] == value).to_numpy()
    of = markets.last.set_index("cell")[cut]
    return (markets.people.cell.map(of) == value).to_numpy()


def name_year(first: pd.Timestamp) -> str:
    """A year in words: the number where it starts in January, else its first month."""
    return f"{first:%Y}" if first.month == 1 else f"the year from {first:%Y-%m}"


def _sum_year(transactions: ir.Table, span) -> pd.Series:
    lines = transactions.filter(
        (transactions.ordered_on >= span.period.date()) & (transactions.ordered_on < span.ends.date())
    )
    sums = lines.group_by("customer_id").aggregate(revenue=lines.net_revenue.sum().cast("float64"))
    return sums.to_pandas().set_index("customer_id").revenue
