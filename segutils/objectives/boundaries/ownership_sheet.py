"""What each unit has in a group that spans units, would get and would give: a sheet to negotiate with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.objectives.boundaries.ownership_sums import UnitSums

MEASURES = {
    "net_revenue": "net revenue a year",
    "margin": "contribution margin a year",
    "orders": "orders a year",
    "buyers": "customers who buy from it",
    "filed": "customers filed under it",
    "tickets": "tickets a year about its products",
}
COLUMNS = (
    "group",
    "unit",
    "owner",
    "measure",
    "has_today",
    "gets_if_it_leads",
    "gives_if_another_leads",
    "share",
)


def build_negotiation_sheet(
    sums: UnitSums, owners: Mapping[str, str], *, min_span: float = 0.1
) -> pd.DataFrame:
    """Where a group spans units: what would each unit get if it led, and give if another did?

    Parameters
    ----------
    sums : UnitSums
    owners : mapping of str to str
        Unit to the person who answers for it.
    min_span : float
        A group spans units where a second one has at least this share of its net revenue (0-1).

    Returns
    -------
    pandas.DataFrame
        ``group, unit, owner, measure, has_today, gets_if_it_leads`` (what other units have there and it would
        answer for, too), ``gives_if_another_leads`` (its own), ``share`` (of all units together, 0-1; of
        customers who buy from several units each counts for all of them). Groups and units with most revenue
        first; measures that are not known are left out.
    """
    rows = []
    for group in list_spanning(sums, min_span=min_span):
        part = sums.table[sums.table["group"] == group]
        filed = sums.filed[sums.filed["group"] == group]
        units = part.groupby("unit").net_revenue.sum().sort_values(ascending=False, kind="stable").index
        buying = part[part.net_revenue > 0]
        whole = _measure(part, filed, buying)
        for unit in units:
            own = _measure(part[part.unit == unit], filed[filed.unit == unit], buying[buying.unit == unit])
            for name, words in MEASURES.items():
                if np.isfinite(own[name]) and whole[name]:
                    rest = whole[name] - own[name]
                    rows.append(
                        (
                            group,
                            unit,
                            owners.get(unit, ""),
                            words,
                            own[name],
                            rest,
                            own[name],
                            own[name] / whole[name],
                        )
                    )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def list_spanning(sums: UnitSums, *, min_span: float) -> list[str]:
    """Groups in which a second unit has at least this share of net revenue, most revenue first."""
    totals = sums.table.groupby(["group", "unit"]).net_revenue.sum().clip(lower=0).unstack(fill_value=0.0)
    whole = totals.sum(axis=1)
    kept = totals[whole > 0]
    if kept.empty or kept.shape[1] < 2:
        return []
    second = np.sort(kept.to_numpy(), axis=1)[:, -2] / whole[kept.index]
    spanning = whole[kept.index][second >= min_span]
    return spanning.sort_values(ascending=False, kind="stable").index.tolist()


def _measure(part: pd.DataFrame, filed: pd.DataFrame, buying: pd.DataFrame) -> dict[str, float]:
    return {
        "net_revenue": float(part.net_revenue.sum()),
        "margin": float(part.margin.sum(min_count=1)),
        "orders": float(part.orders.sum()),
        "buyers": float(buying.customer_id.nunique()),
        "filed": float(len(filed)) if len(filed) else np.nan,
        "tickets": float(part.tickets.sum(min_count=1)),
    }
