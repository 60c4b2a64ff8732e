"""How close segments are to each other: customers near a border, campaigns they share, what they buy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.statistics.campaign_arms import CONTROL_ARMS, was_contacted
from segutils.statistics.segment_model import SegmentModel
from segutils.validation.response.campaign_cells import sort_names


def score_membership(features: pd.DataFrame, model: SegmentModel, members: pd.DataFrame) -> pd.DataFrame:
    """To which other segment is each customer next, and how near is the border?

    Parameters
    ----------
    features : pandas.DataFrame
        customer_id, has_purchases and the model's features in raw units.
    model : SegmentModel
    members : pandas.DataFrame
        customer_id, segment, code (the model's name of the segment).

    Returns
    -------
    pandas.DataFrame
        customer_id, segment, other (names), shadow: 2 d₁ / (d₁ + d₂) with the distances to the nearest two
        centres, 0 on the centre, 1 on the border (Leisch 2010, *Statistics and Computing* 20, 457-469).
        Customers with purchases; none where there is one segment only.
    """
    own = features[features["has_purchases"].astype(bool)]
    if len(model.names) < 2 or own.empty:
        return pd.DataFrame(columns=["customer_id", "segment", "other", "shadow"])
    points = model.scaling.apply(own)
    distances = np.sqrt(((points[:, None, :] - model.centres[None]) ** 2).sum(axis=2))
    order = np.argsort(distances, axis=1, kind="stable")[:, :2]
    near = np.take_along_axis(distances, order, axis=1)
    total = near.sum(axis=1)
    shadow = np.divide(2 * near[:, 0], total, out=np.ones(len(own)), where=total > 0)
    words = dict(zip(members["code"], members["segment"], strict=True))
    names = np.array([words.get(name, name) for name in model.names], dtype=object)
    return pd.DataFrame(
        {
            "customer_id": own["customer_id"].to_numpy(),
            "segment": names[order[:, 0]],
            "other": names[order[:, 1]],
            "shadow": shadow,
        }
    )


def build_overlap(membership: pd.DataFrame, segments: Sequence[str], *, border: float = 0.8) -> pd.DataFrame:
    """How much does each segment lean towards each other one?

    Parameters
    ----------
    membership : pandas.DataFrame
        From :func:`score_membership`.
    segments : sequence of str
    border : float
        Shadow from which on a customer counts as being at the border.

    Returns
    -------
    pandas.DataFrame
        segment, other, overlap (sum of the shadows of the segment's customers whose next segment is the
        other, over all its customers: Leisch's neighbourhood graph; 0 to 1), at_border (customers). One row
        per ordered pair.
    """
    sizes = membership.groupby("segment").size()
    grouped = membership.groupby(["segment", "other"])["shadow"]
    sums, near = grouped.sum(), grouped.apply(lambda shadow: int((shadow >= border).sum()))
    rows = [
        {
            "segment": a,
            "other": b,
            "overlap": float(sums.get((a, b), 0.0)) / max(int(sizes.get(a, 0)), 1),
            "at_border": int(near.get((a, b), 0)),
        }
        for a in segments
        for b in segments
        if a != b
    ]
    return pd.DataFrame(rows, columns=["segment", "other", "overlap", "at_border"])


def build_reach(
    exposures: ir.Table | None, members: pd.DataFrame, *, control_arms: Sequence[str] = CONTROL_ARMS
) -> pd.DataFrame | None:
    """Which share of each segment did each campaign contact?

    Parameters
    ----------
    exposures : ibis table or None
        customer_id, campaign_id, arm.
    members : pandas.DataFrame
    control_arms : sequence of str

    Returns
    -------
    pandas.DataFrame
        campaign_id, segment, contacted, reach (share of the segment's customers); segments in which a
        campaign contacted nobody are there with 0.
    """
    if exposures is None:
        return None
    own = ibis.memtable(members[["customer_id", "segment"]].astype("object"))
    treated = exposures.filter(was_contacted(exposures, control_arms))
    joined = treated.select("customer_id", "campaign_id").distinct().inner_join(own, "customer_id")
    counts = joined.group_by("campaign_id", "segment").agg(contacted=joined.count()).to_pandas()
    grid = counts.pivot_table(index="campaign_id", columns="segment", values="contacted", fill_value=0)
    grid = grid.reindex(columns=sort_names(members), fill_value=0)
    sizes = members["segment"].value_counts()
    long = grid.stack().rename("contacted").reset_index()
    long.columns = ["campaign_id", "segment", "contacted"]
    return long.assign(reach=long["contacted"] / long["segment"].map(sizes).to_numpy(dtype=float))


def score_shared_reach(reach: pd.DataFrame, first: str, second: str) -> float:
    """How far do two segments get the same campaigns (1: the same ones alike, 0: none in common)?

    Over the campaigns, the smaller share reached of the two added up, over the larger one added up.
    """
    grid = reach.pivot(index="campaign_id", columns="segment", values="reach")
    pair = grid[[first, second]].to_numpy(dtype=float)
    most = pair.max(axis=1).sum()
    return float(pair.min(axis=1).sum() / most) if most > 0 else np.nan


def find_audiences(
    reach: pd.DataFrame | None, members: pd.DataFrame, *, min_index: float = 1.5
) -> pd.Series | None:
    """For which segment is each campaign most of all?

    Parameters
    ----------
    reach : pandas.DataFrame or None
        From :func:`build_reach`.
    members : pandas.DataFrame
    min_index : float
        A campaign is a segment's own if it reaches this many times the share of the segment that it reaches
        of all customers.

    Returns
    -------
    pandas.Series
        Index campaign_id; the segment's name, empty for campaigns for all.
    """
    if reach is None:
        return None
    sizes = members["segment"].value_counts()
    total = float(sizes[sort_names(members)].sum())
    everybody = reach.groupby("campaign_id")["contacted"].sum() / total
    best = reach.loc[reach.groupby("campaign_id")["reach"].idxmax()].set_index("campaign_id")
    own = (best["reach"] >= min_index * everybody.reindex(best.index)) & (best["contacted"] > 0)
    return best["segment"].where(own, "")


def count_collisions(
    exposures: ir.Table | None,
    campaigns: ir.Table | None,
    audiences: pd.Series | None,
    *,
    window_days: int,
    control_arms: Sequence[str] = CONTROL_ARMS,
) -> pd.DataFrame | None:
    """How many customers got messages meant for two segments within a few weeks?

    Parameters
    ----------
    exposures : ibis table or None
        customer_id, campaign_id, arm; assigned_on, or started_on of the campaign.
    campaigns : ibis table or None
    audiences : pandas.Series or None
        From :func:`find_audiences`.
    window_days : int
    control_arms : sequence of str

    Returns
    -------
    pandas.DataFrame
        segment, other, customers: per pair of audiences that met; both orders. None without exposures.
    """
    if exposures is None or audiences is None:
        return None
    empty = pd.DataFrame(columns=["segment", "other", "customers"])
    own = audiences[audiences != ""].rename("segment").reset_index()
    dated = "assigned_on" in exposures.columns
    if own["segment"].nunique() < 2 or not (
        dated or (campaigns is not None and "started_on" in campaigns.columns)
    ):
        return empty
    rows = exposures.filter(was_contacted(exposures, control_arms))
    if not dated:
        starts = campaigns.select("campaign_id", assigned_on=campaigns.started_on)
        rows = rows.inner_join(starts, "campaign_id")
    rows = rows.inner_join(ibis.memtable(own.astype("object")), "campaign_id")
    rows = rows.select("customer_id", "segment", day=rows.assigned_on)
    other = rows.select("customer_id", other=rows.segment, later=rows.day)
    met = rows.inner_join(other, "customer_id")
    reach = ibis.interval(days=window_days)
    near = (met.later >= met.day - reach) & (met.later <= met.day + reach)
    met = met.filter(near & (met.segment != met.other))
    return met.group_by("segment", "other").agg(customers=met.customer_id.nunique()).to_pandas()


def build_category_shares(
    transactions: ir.Table | None,
    products: ir.Table | None,
    members: pd.DataFrame,
    *,
    as_of: date,
    window_days: int = 365,
) -> pd.DataFrame | None:
    """What does each segment spend in each product category, as a share of all it spends?

    Returns
    -------
    pandas.DataFrame or None
        Index segment, columns categories, shares that add up to 1 (returns left out); None without
        categories.
    """
    if transactions is None or products is None:
        return None
    if "category" not in products.columns or "product_id" not in transactions.columns:
        return None
    first = ibis.literal(as_of - timedelta(days=window_days - 1))
    day = transactions.ordered_on
    lines = transactions.filter((day >= first) & (day <= ibis.literal(as_of)))
    lines = lines.select("customer_id", "product_id", revenue=lines.net_revenue.cast("float64"))
    lines = lines.filter(lines.revenue > 0).inner_join(
        products.select("product_id", "category"), "product_id"
    )
    own = ibis.memtable(members[["customer_id", "segment"]].astype("object"))
    joined = lines.inner_join(own, "customer_id")
    spent = joined.group_by("segment", "category").agg(revenue=joined.revenue.sum()).to_pandas()
    grid = spent.pivot_table(index="segment", columns="category", values="revenue", fill_value=0.0)
    grid = grid.reindex([name for name in sort_names(members) if name in grid.index])
    return grid.div(grid.sum(axis=1), axis=0)


def find_core(
    shares: pd.DataFrame | None, *, min_share: float = 0.1, min_index: float = 1.2
) -> pd.DataFrame | None:
    """Which categories are the core of each segment?

    Parameters
    ----------
    shares : pandas.DataFrame or None
        From :func:`build_category_shares`.
    min_share : float
        Least share of the segment's spending.
    min_index : float
        How many times the mean share of all segments it must be.

    Returns
    -------
    pandas.DataFrame
        As `shares`, true where a category is core.
    """
    if shares is None:
        return None
    return (shares >= min_share) & (shares >= min_index * shares.mean(axis=0))


def score_cannibalisation(shares: pd.DataFrame | None, core: pd.DataFrame | None) -> pd.DataFrame | None:
    """Which share of a segment's purchases is in categories that are the core of another? (A proxy.)

    Returns
    -------
    pandas.DataFrame
        segment, other, share: an offer built for the other's core meets this part of the segment's purchases;
        NaN where the other has no core.
    """
    if shares is None or core is None:
        return None
    inside = shares.to_numpy() @ core.to_numpy(dtype=float).T
    inside[:, ~core.to_numpy().any(axis=1)] = np.nan  # without a core there is nothing to meet
    names = shares.index
    rows = [(a, b, inside[i, j]) for i, a in enumerate(names) for j, b in enumerate(names) if a != b]
    return pd.DataFrame(rows, columns=["segment", "other", "share"])
