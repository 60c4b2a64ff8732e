"""How many customers a segment needs before a programme of its own pays, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from segutils.statistics.campaign_arms import count_arms
from segutils.statistics.intervals import percentile_interval
from segutils.statistics.rates import stratified_difference
from segutils.validation.response.contact_rate import Contacts
from segutils.validation.response.policies import draw_counts
from segutils.validation.response.segment_costs import RunningCosts, find_knocked_out

PAYS, PAYS_NOT, OPEN, OUT, UNKNOWN = "pays", "does not pay", "open", "below a limit", "not known"
MEASURED, ASSUMED = "measured", "assumed"


@dataclass(frozen=True, kw_only=True)
class Increments:
    """What dedicated marketing adds to a customer's margin a year, per segment, and draws of it.

    Parameters
    ----------
    segments : tuple of str
    estimate : numpy.ndarray
        Currency per customer and year, cost of contacts taken off.
    draws : numpy.ndarray
        draw x segment.
    basis : str
        ``measured`` or ``assumed``.
    contacts : pandas.Series
        Contacts per customer and year, by segment; empty where the rise is assumed.
    contacts_basis, contacts_owner : str
        How contacts were counted, and who answers for them.
    """

    segments: tuple[str, ...]
    estimate: np.ndarray
    draws: np.ndarray
    basis: str
    contacts: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    contacts_basis: str = ""
    contacts_owner: str = ""


def measure_increments(
    experiments: pd.DataFrame,
    effects: pd.DataFrame,
    *,
    contacts: Contacts | None,
    draws: int = 2000,
    seed: int,
) -> Increments | None:
    """What would contacts add to a customer's margin a year, going by the randomised experiments?

    Lift times the margin of an average order, less the cost of the contact, times the segment's contacts per
    customer and year.

    Parameters
    ----------
    experiments : pandas.DataFrame
        From :func:`~segutils.statistics.campaign_arms.select_experiments`.
    effects : pandas.DataFrame
        From :func:`~segutils.validation.response.effects.score_effects`.
    contacts : Contacts or None
        From :func:`~segutils.validation.response.contact_rate.count_contacts`.
    draws : int
        Bootstrap samples of the experiments, together with normal draws of the margin per order.
    seed : int

    Returns
    -------
    Increments or None
        None where there is no experiment, nobody was contacted, or a response's worth or a contact's cost is
        not known.
    """
    needed = effects[["lift", "margin_per_order", "cost"]]
    if not len(experiments) or needed.isna().any(axis=None) or contacts is None:
        return None
    yearly = contacts.per_customer.reindex(effects["segment"]).fillna(0.0)
    if not (yearly > 0).any():
        return None
    times = yearly.to_numpy()
    counts = count_arms(experiments, effects["segment"].tolist())
    lifts = np.nan_to_num(stratified_difference(draw_counts(counts, draws=draws, seed=seed)).estimate)
    rng = np.random.default_rng(seed + 1)
    each, spread = (effects[c].to_numpy(dtype=float) for c in ("margin_per_order", "order_se"))
    worth = each + np.nan_to_num(spread) * rng.standard_normal((draws, len(effects)))
    cost = effects["cost"].to_numpy(dtype=float)
    return Increments(
        segments=tuple(effects["segment"]),
        estimate=(effects["lift"].to_numpy() * each - cost) * times,
        draws=(lifts * worth - cost) * times,
        basis=MEASURED,
        contacts=yearly,
        contacts_basis=contacts.basis,
        contacts_owner=contacts.owner,
    )


def assume_increments(
    worth: pd.DataFrame | None, *, response: float, draws: int = 2000, seed: int
) -> Increments | None:
    """What would dedicated marketing add, if it raised every customer's margin by a stated share?

    Parameters
    ----------
    worth : pandas.DataFrame or None
        From :func:`~segutils.validation.response.campaign_cells.build_worth`.
    response : float
        Share (0.05: margin rises by 5 %) that somebody stated; 0: nobody did.
    draws : int
        Draws of the mean margin; the share itself has no interval.
    seed : int

    Returns
    -------
    Increments or None
    """
    if worth is None or not response > 0:
        return None
    rng = np.random.default_rng(seed)
    mean, spread = (worth[c].to_numpy(dtype=float) for c in ("margin_per_customer", "margin_se"))
    noise = np.nan_to_num(spread) * rng.standard_normal((draws, len(worth)))
    return Increments(
        segments=tuple(worth["segment"]),
        estimate=mean * response,
        draws=(mean + noise) * response,
        basis=ASSUMED,
    )


def score_sizes(
    worth: pd.DataFrame | None,
    costs: RunningCosts | None,
    increments: Increments | None,
    *,
    thresholds: pd.DataFrame | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame | None:
    """Is each segment larger than the number of customers at which a programme of its own breaks even?

    Parameters
    ----------
    worth : pandas.DataFrame or None
        segment, customers, margin, margin_per_customer.
    costs : RunningCosts or None
    increments : Increments or None
    thresholds : pandas.DataFrame, optional
        measure (customers, margin, margin_per_customer, ratio), min, max: what misses one is out.
    confidence : float
        Of the intervals of all segments together.

    Returns
    -------
    pandas.DataFrame
        segment, customers, margin, margin_per_customer (a year), cost (of the programme a year), needed_share
        (by which margin would have to rise for it to pay), increment (per customer and year), break_even
        (customers; infinite where the increment is not above 0), ratio (customers over break-even), low,
        high, net (increment of all less cost), verdict, missed; None where margin or cost is not known.
    """
    if worth is None or costs is None:
        return None
    table = worth[["segment", "customers", "margin", "margin_per_customer"]].copy()
    table["cost"] = [costs.of(segment) for segment in table["segment"]]
    table["needed_share"] = table["cost"] / table["margin"].where(table["margin"] > 0)
    empty = np.full(len(table), np.nan)
    if increments is None:
        table = table.assign(increment=empty, break_even=empty, ratio=empty, low=empty, high=empty, net=empty)
    else:
        place = [increments.segments.index(segment) for segment in table["segment"]]
        draws, each = increments.draws[:, place], increments.estimate[place]
        total = table["customers"].to_numpy() / table["cost"].to_numpy()
        together = 1 - (1 - confidence) / len(
            table
        )  # Bonferroni: the intervals hold for all segments at once
        ends = percentile_interval(draws * total, level=together)
        positive = np.where(each > 0, each, np.nan)
        table["increment"] = each
        table["break_even"] = np.where(each > 0, np.ceil(table["cost"] / positive), np.inf)
        table["ratio"], table["low"], table["high"] = each * total, ends[0], ends[1]
        table["net"] = each * table["customers"] - table["cost"]
    table["verdict"] = np.select(
        [table["ratio"].isna(), table["low"] >= 1, table["high"] < 1], [UNKNOWN, PAYS, PAYS_NOT], OPEN
    )
    table["missed"] = find_knocked_out(table, thresholds)
    table.loc[table["missed"] != "", "verdict"] = OUT
    return table


def build_size(sizes: pd.DataFrame | None, members: pd.DataFrame) -> pd.DataFrame:
    """What later notebooks may count on: break-even and verdict of each segment, by the segment's code.

    Parameters
    ----------
    sizes : pandas.DataFrame or None
        From :func:`score_sizes`; None where margin or cost is not known.
    members : pandas.DataFrame

    Returns
    -------
    pandas.DataFrame
        segment (code), name, customers, margin, cost, break_even, ratio, low, high, net, verdict.
    """
    columns = ["customers", "margin", "cost", "break_even", "ratio", "low", "high", "net", "verdict"]
    if sizes is None:
        empty = pd.DataFrame(columns=["segment", "name", *columns])
        return empty.astype(dict.fromkeys(columns[:-1], float))
    codes = members.drop_duplicates("segment").set_index("segment")["code"]
    table = sizes.rename(columns={"segment": "name"})
    table.insert(0, "segment", table["name"].map(codes).astype("object"))
    return table[["segment", "name", *columns]].reset_index(drop=True)
