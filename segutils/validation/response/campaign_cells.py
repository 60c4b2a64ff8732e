"""Who responded, by segment, campaign and arm; and what an order is worth and a contact costs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis.expr.types as ir
import pandas as pd

from segutils.formats import join_words
from segutils.statistics import campaign_arms
from segutils.statistics.campaign_arms import CONTROL_ARMS, select_experiments
from segutils.statistics.contact_costs import price_contacts
from segutils.statistics.order_margins import measure_orders
from segutils.statistics.segment_model import NO_PURCHASES

NO_BUYERS = "No purchases"


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

    :func:`segutils.statistics.campaign_arms.build_cells` of the column ``segment`` of :func:`build_members`.
    """
    return campaign_arms.build_cells(exposures, members, control_arms=control_arms)


def select_observed(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells of all other campaigns."""
    experiments = select_experiments(cells)["campaign_id"].unique()
    return cells[~cells["campaign_id"].isin(experiments)].reset_index(drop=True)


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
        customer_id, order_id, ordered_on, net_revenue; contribution_margin where known.
    members : pandas.DataFrame
        From :func:`build_members`.
    as_of : datetime.date
        Last day of the window.
    window_days, margin_rate
        See :func:`~segutils.statistics.order_margins.measure_orders`.

    Returns
    -------
    pandas.DataFrame or None
        segment, customers, margin (currency a year), margin_per_customer, margin_se, orders,
        margin_per_order, order_se; in the order of the codes, without customers without purchases. None
        where neither a margin nor a rate is known.
    """
    if transactions is None:
        return None
    worth = measure_orders(
        transactions,
        members,
        as_of=as_of,
        window_days=window_days,
        margin_rate=margin_rate,
    )
    if worth is None:
        return None
    return worth.set_index("segment").loc[[*sort_names(members)]].reset_index()


def build_contact_costs(
    cells: pd.DataFrame, campaigns: ir.Table | None, costs: pd.DataFrame | None
) -> pd.DataFrame:
    """What did it cost to contact one customer in each campaign?

    Parameters
    ----------
    cells : pandas.DataFrame
        From :func:`build_cells`; a booked cost is divided by the customers they count as contacted.
    campaigns, costs
        See :func:`~segutils.statistics.contact_costs.price_contacts`.

    Returns
    -------
    pandas.DataFrame
        As there: campaign_id, channel, started_on, contacts, cost_per_contact, basis, owner.
    """
    contacts = cells[cells["treated"]].groupby("campaign_id")["customers"].sum().rename("contacts")
    known = pd.DataFrame({"campaign_id": sorted(cells["campaign_id"].unique())}, dtype="object")
    return price_contacts(known.merge(contacts, on="campaign_id", how="left"), campaigns, costs)


def say_campaigns(campaigns: Sequence[str]) -> str:
    """``campaigns C01, C04 and C06``; more than six are counted."""
    names = [str(name) for name in campaigns]
    if len(names) > 6:
        return f"{len(names)} campaigns"
    return f"{'campaign' if len(names) == 1 else 'campaigns'} {join_words(names)}"
