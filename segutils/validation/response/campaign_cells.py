"""Who responded: campaigns by segment and arm as counts, and what an order and a contact are worth and "
"cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.formats import join_words
from segutils.statistics.rates import Counts
from segutils.statistics.segment_model import NO_PURCHASES

NO_BUYERS = "No purchases"
CONTROL_ARMS = ("control", "holdout", "untreated", "not contacted")
KEYS = ["campaign_id", "segment", "randomised", "treated"]
SUMS = ["customers", "responders", "value_sum", "value_squares"]
BOOKED, STATED = "booked", "stated"


def build_members(segments: pd.DataFrame, names: pd.DataFrame | None = None) -> pd.DataFrame:
    """Which segment, by its name, is each customer in?

    Parameters
    ----------
    segments : pandas.DataFrame
        customer_id, segment (``"none"``: customers without purchases).
    names : pandas.DataFrame, optional
        segment, name.

    Returns
    -------
    pandas.DataFrame
        customer_id, segment (the name; ``"No purchases"``), code.
    """
    words = {} if names is None else dict(zip(names["segment"], names["name"], strict=True))
    words[NO_PURCHASES] = NO_BUYERS
    return pd.DataFrame(
        {
            "customer_id": segments["customer_id"].astype("object"),
            "segment": [words.get(code, code) for code in segments["segment"]],
            "code": segments["segment"].astype("object"),
        }
    )


def sort_names(members: pd.DataFrame) -> list[str]:
    """Segments in the order of their codes; customers without purchases are none."""
    pairs = members[members["segment"] != NO_BUYERS].drop_duplicates("segment")
    return pairs.sort_values("code")["segment"].tolist()


def build_cells(
    exposures: ir.Table | None, members: pd.DataFrame, *, control_arms: Sequence[str] = CONTROL_ARMS
) -> pd.DataFrame:
    """How many customers of each segment were in each arm of each campaign, and how many responded?

    Parameters
    ----------
    exposures : ibis table or None
        customer_id, campaign_id, arm, responded; optionally randomised and outcome_value.
    members : pandas.DataFrame
        From :func:`build_members`.
    control_arms : sequence of str
        Arms that were not contacted, whatever their case; every other arm is contacted.

    Returns
    -------
    pandas.DataFrame
        campaign_id, segment, randomised (false where nobody said so), treated, customers, responders,
        value_sum, value_squares (NaN without outcome_value). Rows without a known response are not counted;
        no row where there are no exposures.

    Raises
    ------
    InputError
        There is no column ``responded``.
    """
    if exposures is None:
        return pd.DataFrame(columns=[*KEYS, *SUMS]).astype({"randomised": bool, "treated": bool})
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
        treated=~known.arm.lower().isin([arm.lower() for arm in control_arms]),
        hit=known.responded.ifelse(1, 0),
        value=value,
    )
    own = ibis.memtable(members[["customer_id", "segment"]].astype("object"))
    joined = rows.inner_join(own, "customer_id")
    cells = (
        joined.group_by(KEYS)
        .agg(
            customers=joined.count(),
            responders=joined.hit.sum(),
            value_sum=joined.value.sum(),
            value_squares=(joined.value * joined.value).sum(),
        )
        .order_by(KEYS)
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


def select_observed(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells of all other campaigns."""
    experiments = select_experiments(cells)["campaign_id"].unique()
    return cells[~cells["campaign_id"].isin(experiments)].reset_index(drop=True)


def count_arms(cells: pd.DataFrame, segments: Sequence[str], *, column: str = "responders") -> Counts:
    """The cells as arrays, segment x campaign (see :class:`~segutils.statistics.rates.Counts`)."""
    campaigns = sorted(cells["campaign_id"].unique())
    own = cells[cells["segment"].isin(segments)]

    def spread(treated: bool, what: str) -> np.ndarray:
        table = own[own["treated"] == treated].pivot_table(
            index="segment", columns="campaign_id", values=what, aggfunc="sum", fill_value=0
        )
        return table.reindex(index=list(segments), columns=campaigns, fill_value=0).to_numpy(dtype=float)

    return Counts(
        hits=spread(True, column),
        of=spread(True, "customers"),
        control_hits=spread(False, column),
        control_of=spread(False, "customers"),
    )


def build_worth(
    transactions: ir.Table | None,
    members: pd.DataFrame,
    *,
    as_of: date,
    window_days: int = 365,
    margin_rate: float = 0.0,
) -> pd.DataFrame | None:
    """What does a customer of each segment bring a year, and what does one more order bring?

    Parameters
    ----------
    transactions : ibis table or None
        customer_id, order_id, ordered_at, net_revenue; contribution_margin where known.
    members : pandas.DataFrame
        From :func:`build_members`.
    as_of : datetime.date
        Last day of the window.
    window_days : int
    margin_rate : float
        Contribution margin as a share of net revenue, as somebody stated it; used where order lines have no
        margin. 0: not stated.

    Returns
    -------
    pandas.DataFrame or None
        segment, customers, margin (currency a year), margin_per_customer, margin_se, orders,
        margin_per_order, order_se; None where neither a margin nor a rate is known. An order that only
        returns goods lowers the margin and is none. Errors are clustered by customer.
    """
    if transactions is None:
        return None
    if "contribution_margin" in transactions.columns:
        margin = transactions.contribution_margin.cast("float64").fill_null(0.0)
    elif margin_rate > 0:
        margin = transactions.net_revenue.cast("float64") * margin_rate
    else:
        return None
    first = as_of - timedelta(days=window_days - 1)
    lines = transactions.select(
        "customer_id",
        "order_id",
        day=transactions.ordered_at.date(),
        revenue=transactions.net_revenue.cast("float64"),
        margin=margin,
    )
    lines = lines.filter((lines.day >= ibis.literal(first)) & (lines.day <= ibis.literal(as_of)))
    orders = lines.group_by("customer_id", "order_id").agg(
        revenue=lines.revenue.sum(), margin=lines.margin.sum()
    )
    bought = (
        orders.group_by("customer_id")
        .agg(margin=orders.margin.sum(), orders=(orders.revenue > 0).ifelse(1, 0).sum())
        .to_pandas()
    )
    scale = 365 / window_days
    table = members.merge(bought, on="customer_id", how="left").fillna({"margin": 0.0, "orders": 0})
    rows = []
    for segment, own in table.groupby("segment", sort=False):
        margins, counts = own["margin"].to_numpy(dtype=float), own["orders"].to_numpy(dtype=float)
        n, total = len(own), counts.sum()
        each = margins.sum() / total if total else np.nan
        spread = np.sqrt(((margins - each * counts) ** 2).sum()) / total if total else np.nan
        rows.append(
            {
                "segment": segment,
                "customers": n,
                "margin": margins.sum() * scale,
                "margin_per_customer": margins.mean() * scale,
                "margin_se": margins.std(ddof=1) / np.sqrt(n) * scale if n > 1 else np.nan,
                "orders": int(total),
                "margin_per_order": each,
                "order_se": spread,
            }
        )
    worth = pd.DataFrame(rows)
    return worth.set_index("segment").loc[[*sort_names(members)]].reset_index()


def build_contact_costs(
    cells: pd.DataFrame, campaigns: ir.Table | None, costs: pd.DataFrame | None
) -> pd.DataFrame:
    """What did it cost to contact one customer in each campaign?

    What was booked on a campaign is divided by the customers it contacted; where nothing was booked, the
    stated cost of a message through its channel is taken.

    Parameters
    ----------
    cells : pandas.DataFrame
        From :func:`build_cells`.
    campaigns : ibis table or None
        campaign_id; channel, cost, started_at where known.
    costs : pandas.DataFrame or None
        item, amount, per, channel, owner.

    Returns
    -------
    pandas.DataFrame
        campaign_id, channel, started_on, contacts, cost_per_contact (NaN where unknown), basis (``booked``,
        ``stated`` or empty), owner.
    """
    contacts = cells[cells["treated"]].groupby("campaign_id")["customers"].sum().rename("contacts")
    table = pd.DataFrame({"campaign_id": sorted(cells["campaign_id"].unique())}, dtype="object")
    wanted = ["campaign_id", "channel", "cost", "started_at"]
    if campaigns is not None:
        known = campaigns.select([c for c in wanted if c in campaigns.columns]).to_pandas()
        table = table.merge(known, on="campaign_id", how="left")
    table = table.reindex(columns=wanted).merge(contacts, on="campaign_id", how="left")
    table["channel"] = table["channel"].fillna("").astype(str)
    table["started_on"] = pd.to_datetime(table["started_at"]).dt.date
    booked = table["cost"].astype(float) / table["contacts"]
    stated = {}
    if costs is not None and len(costs):
        messages = costs[(costs["per"] == "message") & (costs["channel"] != "")]
        stated = {line.channel: (float(line.amount), line.owner) for line in messages.itertuples()}
    fallback = table["channel"].map(lambda channel: stated.get(channel, (np.nan, ""))[0]).astype(float)
    table["cost_per_contact"] = booked.fillna(fallback)
    table["basis"] = np.where(booked.notna(), BOOKED, np.where(fallback.notna(), STATED, ""))
    owners = table["channel"].map(lambda channel: stated.get(channel, (np.nan, ""))[1])
    table["owner"] = owners.where(table["basis"] == STATED, "")
    columns = ["campaign_id", "channel", "started_on", "contacts", "cost_per_contact", "basis", "owner"]
    return table[columns]


def say_campaigns(campaigns: Sequence[str]) -> str:
    """``campaigns C01, C04 and C06``; more than six are counted."""
    names = [str(name) for name in campaigns]
    if len(names) > 6:
        return f"{len(names)} campaigns"
    return f"{'campaign' if len(names) == 1 else 'campaigns'} {join_words(names)}"
