"""How many of a group's customers leave in a year: customers who are bought leave, too."""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.objectives.attractiveness.order_days import read_order_days
from segutils.statistics.leaving import fit_leaving


def score_leaving(
    customers: ir.Table,
    transactions: ir.Table,
    groups: pd.DataFrame,
    *,
    as_of: date,
    min_customers: int = 50,
    max_customers: int = 5000,
    draws: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """Which share of the customers who are still there leaves within a year, by group?

    Parameters
    ----------
    customers, transactions
        As in :func:`~segutils.objectives.attractiveness.order_days.read_order_days`.
    groups : pandas.DataFrame
        ``customer_id, group``.
    as_of : datetime.date
    min_customers : int
        Smaller groups leave as all customers do.
    max_customers : int
        Customers of a group on whom its hazard is fitted, drawn with `seed` where there are more.
    draws, seed : int
        Other samples of the customers.

    Returns
    -------
    pandas.DataFrame
        Index group, sorted: ``leaving`` (0-1 a year, by one hazard per group: see
        :mod:`segutils.statistics.leaving`), then one column per sample.
    """
    days = read_order_days(customers, transactions, cut=as_of, until=as_of, since=as_of)
    labels = groups.drop_duplicates("customer_id").set_index("customer_id")["group"]
    labels = labels.reindex(days.customer_id).to_numpy()
    rng = np.random.default_rng(seed)
    rows = {}
    for group in sorted(set(groups["group"].dropna())):
        members = np.flatnonzero(labels == group)
        if len(members) < min_customers or not (days.histories.purchases[members] > 0).any():
            members = np.arange(len(labels))
        members = np.sort(rng.permutation(members)[:max_customers])
        fit = fit_leaving(days.histories.take(members))
        drawn = [
            fit.redraw(rng.poisson(1.0, len(members)).astype(float)).share_leaving(1.0) for _ in range(draws)
        ]
        rows[group] = [fit.share_leaving(1.0), *drawn]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["leaving", *range(draws)])
