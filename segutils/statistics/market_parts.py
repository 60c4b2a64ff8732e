"""Each customer's part of the markets it buys in, by all providers of figures together and by each alone."""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir
import pandas as pd

from segutils.formats import join_words, plural
from segutils.statistics.market_cells import find_cell_keys, fold_keys, list_provider_sizes


def spread_market(
    market: ir.Table, customers: ir.Table, bought: pd.DataFrame, *, as_of: date
) -> tuple[pd.DataFrame, list[str]]:
    """What does each customer add to the size and the growth of a group's market?

    A cell's size is given to its customers in proportion to what they buy from the client, and its growth
    counts by the same amount. Sizes are those of the latest year, growth is the mean of all years; where
    several providers speak of a cell, their mean holds.

    Parameters
    ----------
    market : ibis table
        ``period`` (a year's first day), ``market_size`` (a year's), ``growth``, and cell keys.
    customers : ibis table
        ``customer_id`` and the cell keys.
    bought : pandas.DataFrame
        ``customer_id, net_revenue`` (a year's).
    as_of : datetime.date
        Later years are left out.

    Returns
    -------
    tuple of (pandas.DataFrame, list of str)
        ``customer_id, market, market_own, growth, growth_of`` of customers in cells that are known and not
        smaller than what is sold there; and sentences on what is known and what was left out.
    """
    keys = find_cell_keys(market, customers)
    stated = list_provider_sizes(market, customers, as_of=as_of)
    frame = stated.groupby([*keys, "period"], as_index=False).agg(
        size=("market_size", "mean"), growth=("growth", "mean")
    )
    growth = frame.groupby(keys).growth.mean()
    frame = frame[frame.period == frame.period.max()].set_index(keys)["size"]
    cells = pd.DataFrame({"size": frame, "growth": growth}).dropna().reset_index()
    cells = cells.assign(slot=fold_keys(cells, keys))
    people = customers.select("customer_id", *keys).to_pandas().drop_duplicates("customer_id")
    people = people.assign(slot=fold_keys(people, keys))[["customer_id", "slot"]]
    people = people.merge(bought[["customer_id", "net_revenue"]], on="customer_id").merge(cells, on="slot")
    people["net_revenue"] = people.net_revenue.clip(lower=0)
    own = people.groupby(keys).net_revenue.transform("sum")
    possible = people["size"] > own
    impossible = people[~possible].drop_duplicates(keys).sort_values(keys)
    people = people[possible & (own > 0)].assign(own=own)
    part = pd.DataFrame(
        {
            "customer_id": people.customer_id,
            "market": people["size"] * people.net_revenue / people.own,
            "market_own": people.net_revenue,
            "growth": people.net_revenue * people.growth,
            "growth_of": people.net_revenue,
        }
    )
    share = part.market_own.sum() / max(bought.net_revenue.clip(lower=0).sum(), 1e-9)
    notes = [f"Markets are known for {100 * share:.0f} % of net revenue, by {join_words(keys)}."]
    if len(impossible):
        named = join_words([" · ".join(map(str, row)) for row in impossible[keys].head(3).to_numpy()])
        verb = "is" if len(impossible) == 1 else "are"
        notes.append(
            f"{plural(len(impossible), 'market')} {verb} said to be smaller than what the client sells there "
            f"({named}) and {verb} left out."
        )
    return part, notes


def spread_by_provider(
    market: ir.Table, customers: ir.Table, bought: pd.DataFrame, *, as_of: date
) -> dict[str, pd.DataFrame]:
    """The same by the figures of each provider alone, so that one can see what hangs on whom.

    Returns
    -------
    dict of str to pandas.DataFrame
        Provider (in alphabetical order) to the table of :func:`spread_market`; empty with fewer than two.
    """
    if "provider" not in market.columns:
        return {}
    known = market.filter(market.period <= as_of)
    found = known.select("provider").distinct().to_pandas().provider.dropna()
    if len(found) < 2:
        return {}
    return {
        str(name): spread_market(market.filter(market.provider == name), customers, bought, as_of=as_of)[0]
        for name in sorted(found)
    }
