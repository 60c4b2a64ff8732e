"""Who was contacted in a campaign and who was kept back: counts by group and arm, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.statistics.rates import Counts

CONTROL_ARMS = ("control", "holdout", "untreated", "not contacted")
SUMS = ["customers", "responders", "value_sum", "value_squares"]


def was_contacted(exposures: ir.Table, control_arms: Sequence[str] = CONTROL_ARMS) -> ir.BooleanValue:
    """Was the customer of each row contacted (every arm that is no control arm, whatever its case)?"""
    return ~exposures.arm.lower().isin([arm.lower() for arm in control_arms])


def build_cells(
    exposures: ir.Table | None,
    members: pd.DataFrame,
    *,
    by: str = "segment",
    control_arms: Sequence[str] = CONTROL_ARMS,
) -> pd.DataFrame:
    """How many customers of each group were in each arm of each campaign, and how many responded?

    Parameters
    ----------
    exposures : ibis table or None
        customer_id, campaign_id, arm, responded; optionally randomised and outcome_value.
    members : pandas.DataFrame
        customer_id and the column `by`.
    by : str
        Column that names the group.
    control_arms : sequence of str
        Arms that were not contacted, whatever their case; every other arm is contacted.

    Returns
    -------
    pandas.DataFrame
        campaign_id, `by`, randomised (false where nobody said so), treated, customers, responders,
        value_sum, value_squares (NaN without outcome_value), sorted. Rows without a known response are not
        counted; no row where there are no exposures.

    Raises
    ------
    InputError
        There is no column ``responded``.
    """
    keys = ["campaign_id", by, "randomised", "treated"]
    if exposures is None:
        return pd.DataFrame(columns=[*keys, *SUMS]).astype({"randomised": bool, "treated": bool})
    if "responded" not in exposures.columns:
        raise InputError(
            "nobody can tell who responded",
            where="exposures",
            fix="give the column responded (true or false) of every customer in a campaign or control group",
        )
    known = exposures.filter(exposures.responded.notnull())
    assigned = known.randomised.fill_null(False) if "randomised" in known.columns else ibis.literal(False)
    has_value = "outcome_value" in known.columns
    value = known.outcome_value.cast("float64").fill_null(0.0) if has_value else ibis.literal(0.0)
    rows = known.select(
        "customer_id",
        "campaign_id",
        randomised=assigned,
        treated=was_contacted(known, control_arms),
        hit=known.responded.ifelse(1, 0),
        value=value,
    )
    joined = rows.inner_join(ibis.memtable(members[["customer_id", by]].astype("object")), "customer_id")
    cells = (
        joined.group_by(keys)
        .agg(
            customers=joined.count(),
            responders=joined.hit.sum(),
            value_sum=joined.value.sum(),
            value_squares=(joined.value * joined.value).sum(),
        )
        .order_by(keys)
        .to_pandas()
    )
    if not has_value:
        cells[["value_sum", "value_squares"]] = np.nan
    return cells.astype({"customers": int, "responders": int, "randomised": bool, "treated": bool})


def select_experiments(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells of campaigns that kept a control group by chance: the only ones that show an effect."""
    chance = cells[cells["randomised"]]
    arms = chance.groupby("campaign_id")["treated"].nunique()
    return chance[chance["campaign_id"].isin(arms.index[arms == 2])].reset_index(drop=True)


def count_arms(
    cells: pd.DataFrame, groups: Sequence[str], *, by: str = "segment", column: str = "responders"
) -> Counts:
    """The cells as arrays, group x campaign, 0 where a group was not in a campaign.

    Parameters
    ----------
    cells : pandas.DataFrame
        From :func:`build_cells`.
    groups : sequence of str
        Rows of the arrays; their columns are all campaigns of `cells`, sorted.
    by, column : str
        Which column names the group, and which is counted as hits.

    Returns
    -------
    Counts
    """
    campaigns = sorted(cells["campaign_id"].unique())
    own = cells[cells[by].isin(groups)]

    def spread(treated: bool, what: str) -> np.ndarray:
        table = own[own["treated"] == treated].pivot_table(
            index=by, columns="campaign_id", values=what, aggfunc="sum", fill_value=0
        )
        return table.reindex(index=list(groups), columns=campaigns, fill_value=0).to_numpy(dtype=float)

    return Counts(
        hits=spread(True, column),
        of=spread(True, "customers"),
        control_hits=spread(False, column),
        control_of=spread(False, "customers"),
    )


def count_contacts(exposures: ir.Table, *, control_arms: Sequence[str] = CONTROL_ARMS) -> pd.DataFrame:
    """How many customers did each campaign contact: ``campaign_id, contacts``, sorted; those with any."""
    reached = exposures.filter(was_contacted(exposures, control_arms))
    counted = reached.group_by("campaign_id").agg(contacts=reached.count())
    return counted.order_by("campaign_id").to_pandas()


def count_occasions(
    exposures: ir.Table, campaigns: ir.Table | None = None, *, as_of: date, window_days: int = 365
) -> pd.DataFrame:
    """How often did each customer come up for a campaign, contacted or kept back?

    Parameters
    ----------
    exposures : ibis table
        customer_id, campaign_id; assigned_on where known.
    campaigns : ibis table, optional
        campaign_id; its started_on dates the rows without assigned_on.
    as_of : datetime.date
        Last day of the window.
    window_days : int

    Returns
    -------
    pandas.DataFrame
        customer_id, all_rows, dated (rows with a day), recent (rows in the window), sorted.
    """
    own = exposures.assigned_on if "assigned_on" in exposures.columns else ibis.null("date")
    rows = exposures.select("customer_id", "campaign_id", own=own)
    day = rows.own
    if campaigns is not None and "started_on" in campaigns.columns:
        starts = campaigns.select(started_in="campaign_id", started=campaigns.started_on)
        rows = rows.left_join(starts, rows.campaign_id == starts.started_in)
        day = ibis.coalesce(rows.own, rows.started)
    rows = rows.select("customer_id", day=day)
    first = as_of - timedelta(days=window_days - 1)
    recent = (rows.day >= ibis.literal(first)) & (rows.day <= ibis.literal(as_of))
    return (
        rows.group_by("customer_id")
        .agg(
            all_rows=rows.count(),
            dated=rows.day.notnull().ifelse(1, 0).sum(),
            recent=recent.fill_null(False).ifelse(1, 0).sum(),
        )
        .order_by("customer_id")
        .to_pandas()
    )
