"""What a group takes of the organisation beside what it leaves: orders, tickets, deals, people, costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.objectives.attractiveness.exit_groups import Labels
from segutils.objectives.attractiveness.margin_ladder import CM1, MarginLadder

PEOPLE: Mapping[str, tuple[str, ...]] = {  # what a team's work follows, by the first that is known
    "sales": ("opportunities", "orders"),
    "service": ("tickets",),
}
RESOURCES = ("orders", "order_lines", "tickets", "opportunities", "people", "costs")


def count_contacts(table: ir.Table, customer_id: np.ndarray, *, as_of: date, days: int = 365) -> np.ndarray:
    """How many tickets or opportunities did each customer open in the last year?

    Parameters
    ----------
    table : ibis table
        ``customer_id, opened_on``.
    customer_id : numpy.ndarray
        In the order of the result.
    as_of : datetime.date
    days : int
    """
    recent = table.filter(table.opened_on.between(as_of - timedelta(days=days - 1), as_of))
    counts = recent.group_by("customer_id").aggregate(count=recent.count()).to_pandas()
    return counts.set_index("customer_id")["count"].reindex(customer_id).fillna(0).to_numpy(float)


def measure_drain(
    ladder: MarginLadder,
    labels: Labels,
    *,
    contacts: Mapping[str, np.ndarray],
    headcount: Mapping[str, float],
) -> pd.DataFrame:
    """Does a group take more of the organisation than it leaves?

    Parameters
    ----------
    ladder : MarginLadder
    labels : Labels
    contacts : mapping of str to numpy.ndarray
        ``tickets`` and ``opportunities`` of each customer in the ladder's order, as far as they are known.
    headcount : mapping of str to float
        Full-time people by team. Sales people follow opportunities, service people tickets; what other teams
        do for a group cannot be told and is left out.

    Returns
    -------
    pandas.DataFrame
        ``group``, its share (0-1) of the whole company's ``orders, order_lines, tickets, opportunities,
        people, costs`` (all pools), ``margin_share`` (of CM1), ``resource_share`` (mean of the shares that
        are known), ``drain`` (resource share over margin share: above 1 it takes more than it leaves).
    """
    counts = {name: ladder.year[name].to_numpy(float) for name in ("orders", "order_lines")} | dict(contacts)
    people = np.zeros(len(labels.code))
    for team, drivers in PEOPLE.items():
        driver = next((name for name in drivers if name in counts and counts[name].sum() > 0), "")
        if driver and headcount.get(team, 0) > 0:
            people = people + headcount[team] * counts[driver] / counts[driver].sum()
    counts |= {"people": people, "costs": ladder.year[list(ladder.pools)].sum(axis=1).to_numpy(float)}
    table = pd.DataFrame({"group": labels.names})
    for name in RESOURCES:
        whole = counts[name].sum() if name in counts else 0.0
        table[name] = labels.sum(counts[name]) / whole if whole > 0 else np.nan
    margin = ladder.last_year(CM1).to_numpy(float)
    # of a company that leaves nothing in all, no share can be taken
    table["margin_share"] = labels.sum(margin) / margin.sum() if margin.sum() > 0 else np.nan
    table["resource_share"] = table[list(RESOURCES)].mean(axis=1)
    table["drain"] = table.resource_share / table.margin_share.where(table.margin_share > 0)
    return table
