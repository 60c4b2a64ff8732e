"""The client's markets: what providers say of each cell and year, beside what the client sold there itself.

A cell is one combination of the columns that the tables ``market`` and ``customers`` share, such as region
and industry. Spelling is compared without regard to case and surrounding blanks; a cell keeps the market's
own spelling. A year is one period of the table ``market``; it ends where the next one starts, the last after
as many months as the one before (twelve if it is the only one).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

FIRMS = "firms"  # optional column of the market: how many companies there are in the cell
VALUES = ("period", "market_size", "growth", "provider", FIRMS)
NO_KEY, NO_CELL, NOT_COVERED = (
    "no value of the customer's",
    "a value that the market does not have",
    "no market figure for the cell",
)
LATE_START = 31  # days that a client's first order may come after the start of a year that counts as complete


def find_cell_keys(market: ir.Table | None, customers: ir.Table) -> list[str]:
    """By which columns can a customer be placed in a market? Empty where the tables share none.

    Parameters
    ----------
    market : ibis table, optional
    customers : ibis table

    Returns
    -------
    list of str
        Columns of text that both have, in the market's order.
    """
    if market is None:
        return []
    shared = [name for name in market.columns if name not in VALUES and name in customers.columns]
    return [name for name in shared if market[name].type().is_string() and customers[name].type().is_string()]


def list_provider_sizes(market: ir.Table, customers: ir.Table, *, as_of: date) -> pd.DataFrame:
    """What does each provider say about each cell and year?

    Parameters
    ----------
    market : ibis table
        ``period`` (first day of a year), ``market_size``, cell keys; optional ``growth, provider, firms``. A
        column of text that customers lack splits a cell further: its rows are added up.
    customers : ibis table
        Cell keys.
    as_of : datetime.date
        Periods that start later are left out.

    Returns
    -------
    pandas.DataFrame
        Cell keys, ``period`` (timestamp), ``provider`` ("" where the market names none), ``market_size``
        (the engagement's currency, a year), ``growth`` (a share a year; weighted by size where rows are
        added up), ``firms`` (NaN where not given); sorted by these. A row that is there twice counts once.
    """
    keys = find_cell_keys(market, customers)
    rows = market.filter((market.period <= as_of) & market.market_size.notnull())
    finer = [
        name
        for name in rows.columns
        if name not in (*VALUES, *keys) and name not in customers.columns and rows[name].type().is_string()
    ]
    stated = {
        "provider": ibis.coalesce(rows.provider, ibis.literal(""))
        if "provider" in rows.columns
        else ibis.literal(""),
        "size": rows.market_size.cast("float64"),
        "growth": rows.growth.cast("float64") if "growth" in rows.columns else ibis.null("float64"),
        FIRMS: rows[FIRMS].cast("float64") if FIRMS in rows.columns else ibis.null("float64"),
    }
    rows = rows.select("period", *finer, **{name: rows[name].strip() for name in keys}, **stated)
    by = ["period", "provider", *keys, *finer]
    once = rows.group_by(by).aggregate(
        size=rows["size"].mean(), growth=rows.growth.mean(), firms=rows[FIRMS].mean()
    )
    frame = once.order_by(by).to_pandas().dropna(subset=keys)
    frame["period"] = pd.to_datetime(frame["period"])
    slots = fold_keys(frame, keys)
    frame[keys] = frame[keys].groupby(slots).transform("first")  # one spelling per cell
    told = frame.growth.notna()
    frame = frame.assign(grown=(frame["size"] * frame.growth).where(told), of=frame["size"].where(told))
    table = frame.groupby([*keys, "period", "provider"], as_index=False).agg(
        market_size=("size", "sum"),
        grown=("grown", "sum"),
        of=("of", "sum"),
        growth=("growth", "mean"),
        firms=(FIRMS, lambda counts: counts.sum(min_count=1)),
    )
    weighted = (table.grown / table.of.where(table.of > 0)).fillna(table.growth)
    return table.assign(growth=weighted)[[*keys, "period", "provider", "market_size", "growth", FIRMS]]


def build_market_cells(
    market: ir.Table, customers: ir.Table, transactions: ir.Table, *, as_of: date
) -> pd.DataFrame:
    """How large is each market, how does it grow, what did the client sell there, and can both be true?

    Parameters
    ----------
    market, customers
        As in :func:`list_provider_sizes`; customers with ``customer_id``.
    transactions : ibis table
        ``customer_id, ordered_on, net_revenue``.
    as_of : datetime.date

    Returns
    -------
    pandas.DataFrame
        One row per cell and year, sorted: cell keys, ``period``, ``providers`` (how many report),
        ``market_low, market_size, market_high`` (least, mean and most over providers), ``growth`` (mean over
        providers), ``firms`` (mean; NaN where not given), ``customers`` (known to the client today),
        ``buyers``, ``net_revenue`` (the client's own in that year), ``share`` (0-1, own over
        ``market_size``), ``share_low, share_high`` (over the largest and the least size), ``headroom``
        (``market_size`` less own revenue; NaN where impossible), ``impossible`` (even the provider with the
        largest figure reports less than the client sold), ``disputed`` (some do), ``complete`` (the client's
        orders cover the whole year; where they do not, own revenue and what follows from it is NaN, and
        nothing is flagged).
    """
    keys = find_cell_keys(market, customers)
    stated = list_provider_sizes(market, customers, as_of=as_of)
    cells = stated.groupby([*keys, "period"], as_index=False).agg(
        providers=("provider", "nunique"),
        market_low=("market_size", "min"),
        market_size=("market_size", "mean"),
        market_high=("market_size", "max"),
        growth=("growth", "mean"),
        firms=(FIRMS, "mean"),
    )
    years = list_years(stated, transactions, as_of=as_of)
    own = sum_own_revenue(customers, transactions, years, keys=keys)
    people = count_customers(customers, keys=keys)
    cells["slot"] = fold_keys(cells, keys)
    cells = cells.merge(people[["slot", "customers"]], on="slot", how="left")
    cells = cells.merge(own[["slot", "period", "buyers", "net_revenue"]], on=["slot", "period"], how="left")
    cells = cells.merge(years[["period", "complete"]], on="period")
    counted = {"customers": 0, "buyers": 0, "net_revenue": 0.0}
    cells = cells.fillna(counted).astype({"customers": int, "buyers": float})
    cells.loc[~cells.complete, ["buyers", "net_revenue"]] = np.nan
    for name, size in (("share", "market_size"), ("share_low", "market_high"), ("share_high", "market_low")):
        cells[name] = cells.net_revenue / cells[size].where(cells[size] > 0)
    impossible = (cells.net_revenue > cells.market_high).astype(bool)
    cells["headroom"] = (cells.market_size - cells.net_revenue).clip(lower=0).mask(impossible)
    cells["impossible"] = impossible
    cells["disputed"] = ~impossible & (cells.net_revenue > cells.market_low)
    order = ["providers", "market_low", "market_size", "market_high", "growth", FIRMS, "customers", "buyers"]
    order += ["net_revenue", "share", "share_low", "share_high", "headroom"]
    table = cells[[*keys, "period", *order, "impossible", "disputed", "complete"]]
    return table.sort_values([*keys, "period"], ignore_index=True)


def build_group_cells(
    cells: pd.DataFrame,
    customers: ir.Table,
    transactions: ir.Table,
    groups: pd.DataFrame,
    *,
    keys: Sequence[str],
    as_of: date,
) -> pd.DataFrame:
    """What does each group buy in each market, and which part of the market is that of customers like it?

    No provider knows the client's groups. A cell's market is given to the groups in proportion to what they
    buy from the client there, so groups' shares differ only as far as they buy in different cells.

    Parameters
    ----------
    cells : pandas.DataFrame
        From :func:`build_market_cells`.
    customers, transactions
        As there.
    groups : pandas.DataFrame
        ``customer_id, group``.
    keys : sequence of str
        From :func:`find_cell_keys`.
    as_of : datetime.date

    Returns
    -------
    pandas.DataFrame
        One row per group, cell and complete year with a customer who bought: ``group``, keys, ``period,
        customers, buyers, net_revenue, part`` (0-1, of the cell's own revenue; negative sums count as 0),
        ``market_low, market_size, market_high, headroom`` (the group's part of the cell's), ``growth,
        impossible, disputed``.
    """
    keys = list(keys)
    years = list_years(cells, transactions, as_of=as_of)
    own = sum_own_revenue(customers, transactions, years[years.complete], keys=keys, groups=groups)
    people = count_customers(customers, keys=keys, groups=groups)
    own = own.drop(columns=keys).merge(people[["slot", "group", "customers"]], on=["slot", "group"])
    known = cells[cells.complete].assign(slot=fold_keys(cells, keys))
    columns = ["market_low", "market_size", "market_high", "headroom", "growth", "impossible", "disputed"]
    table = own.merge(known[["slot", *keys, "period", *columns]], on=["slot", "period"])
    positive = table.net_revenue.clip(lower=0)
    whole = positive.groupby([table.slot, table.period]).transform("sum")
    part = (positive / whole.where(whole > 0)).fillna(0.0)
    for name in ("market_low", "market_size", "market_high", "headroom"):
        table[name] *= part
    table["part"] = part
    order = ["customers", "buyers", "net_revenue", "part", *columns]
    return table[["group", *keys, "period", *order]].sort_values(
        ["group", *keys, "period"], ignore_index=True
    )


def list_unplaced_revenue(
    market: ir.Table, customers: ir.Table, transactions: ir.Table, *, as_of: date
) -> pd.DataFrame:
    """How much of the client's own revenue belongs to no cell of the market, and why?

    Returns
    -------
    pandas.DataFrame
        One row per complete year and reason: ``period, reason, net_revenue, share`` (0-1 of all own revenue
        of the year). Reasons: the customer has no value in one of the keys; its value is none of the
        market's (a spelling, or a market nobody reports); both are known but no provider reports that cell
        and year.
    """
    keys = find_cell_keys(market, customers)
    stated = list_provider_sizes(market, customers, as_of=as_of)
    years = list_years(stated, transactions, as_of=as_of)
    years = years[years.complete]
    own = sum_own_revenue(customers, transactions, years, keys=keys)
    total = own.groupby("period").net_revenue.transform("sum")
    placed = pd.MultiIndex.from_frame(stated.assign(slot=fold_keys(stated, keys))[["slot", "period"]])
    unknown = np.zeros(len(own), dtype=bool)
    for name in keys:
        unknown |= ~own[name].isin(set(stated[name].str.lower())).to_numpy()
    reason = np.select([own[keys].isna().any(axis=1), unknown], [NO_KEY, NO_CELL], NOT_COVERED)
    own = own.assign(reason=reason, share=own.net_revenue / total)
    outside = own[~pd.MultiIndex.from_frame(own[["slot", "period"]]).isin(placed)]
    return outside.groupby(["period", "reason"], as_index=False)[["net_revenue", "share"]].sum()


def list_years(stated: pd.DataFrame, transactions: ir.Table, *, as_of: date) -> pd.DataFrame:
    """From when to when does each year of the market last, and do the client's orders cover it?

    Parameters
    ----------
    stated : pandas.DataFrame
        ``period``: first days.
    transactions : ibis table
        ``ordered_on``.
    as_of : datetime.date
        Last day of the client's data.

    Returns
    -------
    pandas.DataFrame
        ``period, ends`` (the day after the last), ``complete``.
    """
    starts = sorted(pd.to_datetime(stated["period"]).unique())
    months = [(b.year - a.year) * 12 + b.month - a.month for a, b in pairwise(starts)]
    last = [starts[-1] + pd.DateOffset(months=max(months[-1], 1) if months else 12)] if starts else []
    table = pd.DataFrame({"period": starts, "ends": [*starts[1:], *last]}, dtype="datetime64[us]")
    first = transactions.ordered_on.min().to_pyarrow().as_py()
    if first is None:
        return table.assign(complete=False)
    since = pd.Timestamp(first) - timedelta(days=LATE_START)
    until = pd.Timestamp(as_of) + timedelta(days=1)
    return table.assign(complete=(table.period >= since) & (table.ends <= until))


def sum_own_revenue(
    customers: ir.Table,
    transactions: ir.Table,
    years: pd.DataFrame,
    *,
    keys: Sequence[str],
    groups: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What did the client sell in each cell and year (to each group)?

    Parameters
    ----------
    customers, transactions : ibis tables
    years : pandas.DataFrame
        From :func:`list_years`.
    keys : sequence of str
    groups : pandas.DataFrame, optional
        ``customer_id, group``: customers without a row are left out.

    Returns
    -------
    pandas.DataFrame
        ``slot`` (the cell's keys in one text), keys (in lower case; missing ones stay missing), ``group``
        where asked for, ``period, buyers, net_revenue``; sorted.
    """
    people, by = _place_customers(customers, keys, groups)
    lines = transactions.select("customer_id", "ordered_on", "net_revenue").join(people, "customer_id")
    branches = [
        ((lines.ordered_on >= row.period.date()) & (lines.ordered_on < row.ends.date()), row.period.date())
        for row in years.itertuples()
    ]
    if not branches:
        return pd.DataFrame(columns=["slot", *by, "period", "buyers", "net_revenue"])
    lines = lines.mutate(period=ibis.cases(*branches, else_=ibis.null("date")))
    lines = lines.filter(lines.period.notnull())
    each = lines.group_by([*by, "period", "customer_id"]).aggregate(revenue=lines.net_revenue.sum())
    sums = each.group_by([*by, "period"]).aggregate(
        buyers=(each.revenue > 0).ifelse(1, 0).sum(), net_revenue=each.revenue.sum().cast("float64")
    )
    frame = sums.to_pandas()
    frame["period"] = pd.to_datetime(frame["period"])
    frame.insert(0, "slot", fold_keys(frame, list(keys)))
    return frame.sort_values(["slot", *by, "period"], ignore_index=True)


def count_customers(
    customers: ir.Table, *, keys: Sequence[str], groups: pd.DataFrame | None = None
) -> pd.DataFrame:
    """How many customers does the client know in each cell (of each group)?

    Returns
    -------
    pandas.DataFrame
        ``slot``, keys (in lower case), ``group`` where asked for, ``customers``; sorted.
    """
    people, by = _place_customers(customers, keys, groups)
    frame = people.group_by(by).aggregate(customers=people.customer_id.nunique()).to_pandas()
    frame.insert(0, "slot", fold_keys(frame, list(keys)))
    return frame.sort_values(["slot", *by], ignore_index=True)


def place_customers(customers: ir.Table, cells: pd.DataFrame, *, keys: Sequence[str]) -> pd.DataFrame:
    """In which market is each customer? One row per customer who is in one: ``customer_id, cell``, sorted."""
    people, by = _place_customers(customers, keys, None)
    frame = people.to_pandas().dropna(subset=by)
    known = cells.drop_duplicates(list(keys))
    names = dict(zip(fold_keys(known, list(keys)), name_cells(known, keys), strict=True))
    frame["cell"] = fold_keys(frame, list(keys)).map(names)
    placed = frame.dropna(subset=["cell"])[["customer_id", "cell"]]
    return placed.sort_values("customer_id", ignore_index=True)


def name_cells(frame: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """The cell of each row as one text, in the market's own spelling."""
    parts = [frame[name] for name in keys]
    return parts[0].str.cat(parts[1:], sep=" · ") if len(frame) else parts[0]


def _place_customers(
    customers: ir.Table, keys: Sequence[str], groups: pd.DataFrame | None
) -> tuple[ir.Table, list[str]]:
    """One row per customer with its keys in lower case (and its group), and what to group it by."""
    people = customers.select("customer_id", **{name: customers[name].strip().lower() for name in keys})
    people = people.distinct()
    if groups is None:
        return people, list(keys)
    labelled = ibis.memtable(groups[["customer_id", "group"]].astype(str))
    return people.join(labelled, "customer_id"), ["group", *keys]


def fold_keys(frame: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """The cell of each row as one text that no spelling in capitals changes."""
    parts = [frame[name].astype("object").fillna("").str.strip().str.lower() for name in keys]
    return parts[0].str.cat(parts[1:], sep=" · ") if parts else pd.Series("", index=frame.index)
