"""Campaigns without a control group by lot: what was observed, and how unlike the compared customers were."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.findings import Figure, Finding, Need
from segutils.formats import format_value, join_words, plural
from segutils.statistics.campaign_arms import CONTROL_ARMS, select_experiments, was_contacted
from segutils.validation.response.campaign_cells import select_observed
from segutils.validation.response.needed_sample import EXPERIMENT

MAX_SHOWN = 10
UNLIKE = 0.1  # standardised difference from which on groups are called unlike (Austin 2009)
FORMATS = {
    "contacted": "count",
    "others": "count",
    "contacted_rate": "share",
    "others_rate": "share",
    "contacted_orders": "number:1",
    "others_orders": "number:1",
    "unlike": "number:2",
}
LABELS = {
    "contacted": "Contacted",
    "others": "Not contacted",
    "contacted_rate": "Response, contacted",
    "others_rate": "Response, others",
    "contacted_orders": "Orders before, contacted",
    "others_orders": "Orders before, others",
    "unlike": "Standardised difference",
}


def build_past_orders(
    exposures: ir.Table | None,
    campaigns: ir.Table | None,
    transactions: ir.Table | None,
    *,
    days: int = 365,
    control_arms: Sequence[str] = CONTROL_ARMS,
) -> pd.DataFrame | None:
    """How many orders had contacted customers and others placed before each campaign began?

    Parameters
    ----------
    exposures : ibis table or None
        customer_id, campaign_id, arm; assigned_on, or started_on of the campaign.
    campaigns, transactions : ibis table or None
        campaign_id, started_on; customer_id, order_id, ordered_on.
    days : int
        Days before the day of assignment.
    control_arms : sequence of str

    Returns
    -------
    pandas.DataFrame or None
        campaign_id, treated, customers, orders (mean), spread (standard deviation); None where neither the
        day of assignment nor orders are known.
    """
    if transactions is None or exposures is None:
        return None
    rows = exposures.select(
        "customer_id",
        "campaign_id",
        treated=was_contacted(exposures, control_arms),
        **({"day": exposures.assigned_on} if "assigned_on" in exposures.columns else {}),
    )
    if "assigned_on" not in exposures.columns:
        if campaigns is None or "started_on" not in campaigns.columns:
            return None
        starts = campaigns.select("campaign_id", day=campaigns.started_on)
        rows = rows.inner_join(starts, "campaign_id")
    rows = rows.filter(rows.day.notnull())
    orders = transactions.select("customer_id", "order_id", ordered=transactions.ordered_on).distinct()
    met = rows.left_join(orders, "customer_id")
    before = (met.ordered < met.day) & (met.ordered >= met.day - ibis.interval(days=days))
    each = met.group_by("campaign_id", "treated", "customer_id").agg(
        orders=before.fill_null(False).ifelse(1, 0).sum().cast("float64")
    )
    return (
        each.group_by("campaign_id", "treated")
        .agg(customers=each.count(), orders=each.orders.mean(), spread=each.orders.std())
        .order_by("campaign_id", "treated")
        .to_pandas()
    )


def build_observed(
    cells: pd.DataFrame, past: pd.DataFrame | None, channels: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What was observed in each campaign, and how alike were the two groups before it?

    Parameters
    ----------
    cells : pandas.DataFrame
        From :func:`~segutils.validation.response.campaign_cells.build_cells`.
    past : pandas.DataFrame or None
        From :func:`build_past_orders`.
    channels : pandas.DataFrame, optional
        campaign_id, channel.

    Returns
    -------
    pandas.DataFrame
        campaign, channel, experiment, contacted, others, contacted_rate, others_rate, contacted_orders,
        others_orders, unlike (difference of mean orders over the pooled standard deviation).
    """
    chance = set(select_experiments(cells)["campaign_id"])
    sums = cells.groupby(["campaign_id", "treated"])[["customers", "responders"]].sum()
    rows = []
    for campaign in sorted(cells["campaign_id"].unique()):
        row = {"campaign": campaign, "channel": "", "experiment": campaign in chance}
        for treated, arm in ((True, "contacted"), (False, "others")):
            known = (campaign, treated) in sums.index
            of, hits = sums.loc[(campaign, treated)] if known else (0, 0)
            row |= {arm: int(of), f"{arm}_rate": hits / of if of else np.nan}
        rows.append(row | _compare_past(past, campaign))
    table = pd.DataFrame(rows).reindex(columns=["campaign", "channel", "experiment", *FORMATS])
    if channels is not None:
        table["channel"] = table["campaign"].map(
            dict(zip(channels["campaign_id"], channels["channel"], strict=True))
        )
    return table


def _compare_past(past: pd.DataFrame | None, campaign: str) -> dict[str, float]:
    found = {"contacted_orders": np.nan, "others_orders": np.nan, "unlike": np.nan}
    own = (
        {}
        if past is None
        else {bool(r.treated): r for r in past[past["campaign_id"] == campaign].itertuples()}
    )
    for treated, arm in ((True, "contacted"), (False, "others")):
        if treated in own:
            found[f"{arm}_orders"] = float(own[treated].orders)
    if len(own) == 2:
        spread = np.sqrt((own[True].spread ** 2 + own[False].spread ** 2) / 2)
        found["unlike"] = (own[True].orders - own[False].orders) / spread if spread > 0 else np.nan
    return found


def check_observed(cells: pd.DataFrame, observed: pd.DataFrame) -> Finding:
    """What do campaigns without a control group by lot show? No effect: only who was chosen.

    Parameters
    ----------
    cells : pandas.DataFrame
    observed : pandas.DataFrame
        From :func:`build_observed`.

    Returns
    -------
    Finding
        Of the question ``ab-response``: its third page. It holds no difference of responses on purpose.
    """
    if not len(observed):
        return Finding(
            slug="ab-response",
            status="not_run",
            headline="What campaigns showed cannot be told: no campaign says who was in it.",
            table=observed[["campaign", "contacted", "others"]].reset_index(drop=True),
            needs=(EXPERIMENT,),
        )
    table = observed[~observed["experiment"].astype(bool)]
    tested = observed[observed["experiment"].astype(bool)]
    biggest = table.sort_values("contacted", ascending=False).head(MAX_SHOWN).sort_values("campaign")
    shown = [
        c
        for c in ["campaign", "channel", *FORMATS]
        if c in ("campaign",) or biggest[c].replace("", np.nan).notna().any()
    ]
    formats = {column: fmt for column, fmt in FORMATS.items() if column in shown}
    if table.empty:
        return Finding(
            slug="ab-response",
            status="pass",
            headline="Every campaign kept a control group by lot; none has to be taken on trust.",
            table=biggest[["campaign", "contacted", "others"]].reset_index(drop=True),
            notes=tuple(_say_balance(tested)),
        )
    alone = table[table["others"] == 0]
    unlike = table[table["unlike"].abs() > UNLIKE]
    if len(alone) == len(table):
        headline = (
            f"{plural(len(table), 'campaign')} contacted everybody in "
            f"{'it' if len(table) == 1 else 'them'}, as far as "
            "the data say: nobody is left to compare with, so no effect can be seen."
        )
    elif len(unlike):
        most = unlike.loc[unlike["unlike"].abs().idxmax()]
        headline = (
            f"{plural(len(unlike), 'campaign')} without a control group by lot compared unlike customers: in "
            f"{most['campaign']} the contacted had placed "
            f"{format_value(most['contacted_orders'], 'number:1')} orders "
            f"before, the others {format_value(most['others_orders'], 'number:1')}."
        )
    else:
        headline = (
            f"{plural(len(table), 'campaign')} had no control group by lot: contacted and others are no fair "
            "comparison until they are matched."
        )
    return Finding(
        slug="ab-response",
        status="caution",
        headline=headline,
        table=biggest[shown].reset_index(drop=True),
        formats=formats,
        labels=LABELS,
        figures=_draw(observed),
        notes=tuple(_list_notes(cells, table, biggest, tested)),
        limits=(
            "These campaigns are observational. The table gives rates, and on purpose no difference of them.",
        ),
        needs=(
            Need(
                question="What did these campaigns cause (comparing like with like: all customers who "
                "could have "
                "been contacted, and what they were chosen by)?",
                table="exposures",
                columns=("customer_id", "campaign_id", "arm", "assigned_at", "responded"),
            ),
        ),
    )


def _list_notes(
    cells: pd.DataFrame, table: pd.DataFrame, biggest: pd.DataFrame, tested: pd.DataFrame
) -> list[str]:
    notes = [
        "What matching would need: for each campaign the customers who were not contacted, and whatever "
        "decided who "
        "was (past orders, sales group). Within customers alike in these, contact is then as good as by "
        "lot, if "
        "nothing else decided.",
        *_say_balance(tested),
    ]
    if len(biggest) < len(table):
        notes.append(f"The {len(biggest)} largest of {len(table)} campaigns are shown.")
    claimed = set(cells.loc[cells["randomised"], "campaign_id"]) & set(select_observed(cells)["campaign_id"])
    if claimed:
        notes.append(f"{join_words(sorted(claimed))} is called randomised, but has one arm only.")
    return notes


def _say_balance(tested: pd.DataFrame) -> list[str]:
    known = tested["unlike"].dropna()
    if known.empty:
        return []
    largest = format_value(known.abs().max(), "number:2")
    verdict = "as lots should have it" if known.abs().max() <= UNLIKE else "more than lots should leave"
    return [
        f"In the {plural(len(known), 'experiment')} contacted customers and controls had ordered alike "
        "before: the "
        f"standardised difference is {largest} at most, {verdict}."
        if known.abs().max() <= UNLIKE
        else f"In the {plural(len(known), 'experiment')} the standardised difference of past orders "
        f"reaches {largest}, "
        f"{verdict}: ask how the control group was drawn."
    ]


def _draw(observed: pd.DataFrame) -> tuple[Figure, ...]:
    data = observed.dropna(subset=["unlike"])
    if data.empty:
        return ()
    kinds = np.where(data["experiment"], "by lot", "not by lot")
    data = data.assign(campaign=[f"{c} ({kind})" for c, kind in zip(data["campaign"], kinds, strict=True)])
    data = data.sort_values("unlike", ascending=False, key=np.abs, ignore_index=True).head(MAX_SHOWN)
    apart = int((observed["unlike"].abs() > UNLIKE).sum())
    return (
        Figure(
            kind="bar",
            data=data[["campaign", "unlike"]],
            x="campaign",
            y="unlike",
            reference=UNLIKE,
            reference_label="alike up to here",
            title=f"In {apart} of {len(observed)} campaigns the contacted were unlike the others before it "
            "began",
            subtitle="Orders in the year before, contacted less others, in standard deviations, by campaign",
            alt="One bar per campaign with the standardised difference of past orders.",
            formats={"unlike": "number:2"},
        ),
    )
