"""Can the table of markets be added up, and whom does it leave out? Its currency, its totals, its values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis.expr.types as ir
import pandas as pd

from segutils.errors import InputError
from segutils.formats import join_words
from segutils.statistics import market_cells

CURRENCY = "currency"
SAME_SUM = 0.01  # a row within this share of the sum of all others is their total
MOST = 0.9  # so many of a value's rows must be totals
FEWEST = 2  # values that a total must sum


def check_currency(market: ir.Table, currency: str) -> ir.Table:
    """The markets without their column of currencies, which must all be the engagement's.

    Raises
    ------
    InputError
        A market is in another currency.
    """
    if CURRENCY not in market.columns:
        return market
    told = market.select(CURRENCY).distinct().to_pandas()[CURRENCY].dropna().astype(str)
    if others := sorted({code for code in told if code.strip().upper() != currency.strip().upper()}):
        raise InputError(
            f"markets are reported in {join_words(others)}, the client's sales in {currency}",
            where="table market, column currency",
            fix=f"convert market_size to {currency} before it is handed over",
        )
    return market.drop(CURRENCY)


def find_totals(market: ir.Table, customers: ir.Table, *, as_of: date) -> dict[str, list[str]]:
    """Which values of a key are the sum of its others, such as ``Total`` or ``All industries``?

    Parameters
    ----------
    market, customers, as_of
        As in :func:`~segutils.statistics.market_cells.list_provider_sizes`.

    Returns
    -------
    dict of str to list of str
        Key → values that no customer has and whose size is that of all other values of the key together, in
        the same year, by the same provider and for the same values of the other keys.
    """
    keys = market_cells.find_cell_keys(market, customers)
    sizes = market_cells.list_provider_sizes(market, customers, as_of=as_of)
    found: dict[str, list[str]] = {}
    for key in keys:
        own = customers.select(value=customers[key].strip().lower()).distinct().to_pandas()["value"]
        sums = sizes.pivot_table(
            index=["period", "provider", *(k for k in keys if k != key)],
            columns=key,
            values="market_size",
            aggfunc="sum",
        )
        for value in sums.columns.difference([v for v in sums if v.lower() in set(own)]):
            others = sums.drop(columns=value)
            told = sums[value].notna() & (others.notna().sum(axis=1) >= FEWEST)
            is_sum = (sums[value] / others.sum(axis=1) - 1).abs() <= SAME_SUM
            if told.any() and (is_sum & told).sum() >= MOST * told.sum():
                found.setdefault(key, []).append(str(value))
    return found


def drop_totals(market: ir.Table, totals: dict[str, list[str]]) -> ir.Table:
    """The markets without rows that are the sum of others: they would be counted twice."""
    for key, values in totals.items():
        market = market.filter(market[key].isnull() | ~market[key].strip().isin(values))
    return market


def list_unreported(cells: pd.DataFrame, customers: ir.Table, keys: Sequence[str]) -> list[str]:
    """Values of customers that no market has, the most frequent first."""
    found = []
    for key in keys:
        told = customers.select(value=customers[key].strip()).to_pandas()["value"].dropna()
        unknown = told[~told.str.lower().isin(set(cells[key].str.lower()))].value_counts()
        found += [(-int(count), str(value)) for value, count in unknown.items()]
    return [value for _, value in sorted(found)]
