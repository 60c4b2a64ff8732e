"""What a customer of each group brings the client a year: the measure for customers that it might buy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.statistics.customer_figures import CustomerFigures

MARGIN, COST = "margin", "cost"


@dataclass(frozen=True, kw_only=True)
class GroupMargins:
    """A year of a customer who buys, by group, and what it might be with other customers of the same kind.

    Parameters
    ----------
    table : pandas.DataFrame
        Index group: ``buyers``, ``margin`` (contribution margin a year per customer who buys), ``cost`` (to
        serve, the same; NaN where no costs are known), ``net`` (margin less what is known of cost), ``weak``
        (net of the half of the buyers with the smaller net), ``loss_share`` (share of buyers who cost more
        than they bring), ``leaving`` (share that leaves in a year; 0 where it was not measured).
    single : mapping of str to numpy.ndarray
        Group to the net of each customer who buys, those who do not buy shared among them: their mean is the
        group's net.
    net_draws, leaving_draws : numpy.ndarray
        Sample x group: net and leaving, had the client's customers been another sample.
    costs_known, leaving_known : bool
    """

    table: pd.DataFrame
    single: Mapping[str, np.ndarray]
    net_draws: np.ndarray
    leaving_draws: np.ndarray
    costs_known: bool
    leaving_known: bool


def score_group_margins(
    figures: CustomerFigures,
    groups: pd.DataFrame,
    *,
    leaving: pd.DataFrame | None = None,
    draws: int = 200,
    seed: int = 0,
) -> GroupMargins | None:
    """What does a customer of each group bring a year, before and after what it costs to serve?

    Parameters
    ----------
    figures : CustomerFigures
        A year's ``margin``, ``margin_of`` and, where known, ``cost`` per customer.
    groups : pandas.DataFrame
        ``customer_id, group``.
    leaving : pandas.DataFrame, optional
        Index group: ``leaving`` and a column per draw, from
        :func:`~segutils.objectives.attractiveness.acquisition_leaving.score_leaving`.
    draws : int
        Samples of the customers of each group, with replacement.
    seed : int

    Returns
    -------
    GroupMargins or None
        None where margins are not known. Sums of all customers of a group over the number who bought, so a
        group's cost counts those who were served and bought nothing.
    """
    if MARGIN not in figures.table:
        return None
    costs_known = COST in figures.table
    columns = ["customer_id", MARGIN, "margin_of", *([COST] if costs_known else [])]
    people = groups[["customer_id", "group"]].drop_duplicates("customer_id")
    people = people.merge(figures.table[columns], on="customer_id").sort_values("customer_id")
    people = people.assign(buys=people.margin_of > 0)
    rng = np.random.default_rng(seed)
    rows, single, net = {}, {}, []
    for group, of in people.groupby("group", sort=True):
        values = of[["buys", MARGIN, *([COST] if costs_known else [])]].to_numpy(dtype=float)
        if not values[:, 0].any():
            continue
        sums = np.array([values[rng.integers(0, len(values), len(values))].sum(axis=0) for _ in range(draws)])
        buyers = np.maximum(sums[:, 0], 1)
        net.append((sums[:, 1] - (sums[:, 2] if costs_known else 0)) / buyers)
        whole = values.sum(axis=0)
        cost = whole[2] / whole[0] if costs_known else np.nan
        left = values[:, 1] - (values[:, 2] if costs_known else 0)
        own = np.sort(left[values[:, 0] > 0])
        own += (left.sum() - own.sum()) / len(own)
        weak, single[group] = own[: (len(own) + 1) // 2].mean(), own
        rows[group] = (int(whole[0]), whole[1] / whole[0], cost, weak, (own < 0).mean())
    if not rows:
        return None
    table = pd.DataFrame.from_dict(
        rows, orient="index", columns=["buyers", "margin", "cost", "weak", "loss_share"]
    )
    table["net"] = table.margin - table.cost.fillna(0.0)
    gone = np.zeros((1 + draws, len(table)))
    if leaving is not None:
        gone = leaving.reindex(table.index).fillna(0.0).to_numpy().T
    table["leaving"] = gone[0]
    return GroupMargins(
        table=table,
        single=single,
        net_draws=np.array(net).T,
        leaving_draws=gone[1 : draws + 1],
        costs_known=costs_known,
        leaving_known=leaving is not None,
    )
