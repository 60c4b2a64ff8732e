"""What one contact costs: what was booked on the campaign, else what was stated for its channel."""

from __future__ import annotations

import ibis.expr.types as ir
import numpy as np
import pandas as pd

BOOKED, STATED = "booked", "stated"
COLUMNS = ["campaign_id", "channel", "started_on", "contacts", "cost_per_contact", "basis", "owner"]


def price_contacts(
    contacts: pd.DataFrame, campaigns: ir.Table | None, costs: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What did it cost to contact one customer in each campaign?

    What was booked on a campaign is divided by the customers it contacted; where nothing was booked, the
    stated cost of a message through its channel is taken (the first one stated, if there are several).

    Parameters
    ----------
    contacts : pandas.DataFrame
        campaign_id, contacts (NaN where nobody was contacted).
    campaigns : ibis table or None
        campaign_id; channel, cost, started_on where known.
    costs : pandas.DataFrame, optional
        amount, per, channel, owner.

    Returns
    -------
    pandas.DataFrame
        campaign_id, channel, started_on, contacts, cost_per_contact (NaN where unknown), basis (``booked``,
        ``stated`` or empty), owner (of what was stated); one row per row of `contacts`.
    """
    table, wanted = contacts[["campaign_id", "contacts"]], ["campaign_id", "channel", "cost", "started_on"]
    if campaigns is not None:
        known = campaigns.select([c for c in wanted if c in campaigns.columns]).to_pandas()
        table = table.merge(known, on="campaign_id", how="left")
    table = table.reindex(columns=[*wanted, "contacts"])
    table["channel"] = table["channel"].fillna("").astype(str)
    table["started_on"] = pd.to_datetime(table["started_on"]).dt.date
    booked = table["cost"].astype(float) / table["contacts"]
    stated = {}
    if costs is not None and len(costs):
        messages = costs[(costs["per"] == "message") & (costs["channel"] != "")].drop_duplicates("channel")
        stated = {line.channel: (float(line.amount), line.owner) for line in messages.itertuples()}
    fallback = table["channel"].map(lambda channel: stated.get(channel, (np.nan, ""))[0]).astype(float)
    table["cost_per_contact"] = booked.fillna(fallback)
    table["basis"] = np.where(booked.notna(), BOOKED, np.where(fallback.notna(), STATED, ""))
    owners = table["channel"].map(lambda channel: stated.get(channel, (np.nan, ""))[1])
    table["owner"] = owners.where(table["basis"] == STATED, "")
    return table[COLUMNS]
