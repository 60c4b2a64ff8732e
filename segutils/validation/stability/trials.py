"""What was given by lot, to whom, and what it brought: what a policy by segment can be measured on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd

from segutils.statistics.policy_value import PolicyGain, fit_policy_gain
from segutils.statistics.segment_model import NO_PURCHASES
from segutils.validation.response.campaign_cells import CONTROL_ARMS
from segutils.validation.response.contact_rate import count_contacts

CONTACT, NO_CONTACT = "contact", "no contact"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One kind of treatment whose effect was measured by lot.

    Parameters
    ----------
    name, unit : str
        What the policy decides, and what one trial is.
    gain : PolicyGain
    times_a_year : float
        Trials that one year of business is worth.
    scaling : str
        How that was counted, as a sentence.
    """

    name: str
    unit: str
    gain: PolicyGain
    times_a_year: float
    scaling: str


def build_contact_policy(
    exposures: ir.Table,
    campaigns: ir.Table | None,
    lines: ir.Table,
    segments: pd.DataFrame,
    *,
    as_of: date,
    repeats: int = 50,
    seed: int = 0,
) -> Policy | None:
    """What would deciding by segment whom to contact bring over contacting everybody, or nobody?

    Parameters
    ----------
    exposures : ibis table
        ``customer_id, campaign_id, arm, randomised, outcome_value``; ``assigned_at`` where known.
    campaigns : ibis table, optional
        ``campaign_id, cost``: a contact costs the campaign's cost over the customers contacted;
        ``started_at`` dates rows without ``assigned_at``.
    lines : ibis table
        ``customer_id, net_revenue, contribution_margin``: the segment's margin turns an outcome into
        contribution margin; ``ordered_at`` tells the years covered where campaigns have no dates.
    segments : pandas.DataFrame
        ``customer_id, segment``; customers without purchases are left aside, because having bought is an
        outcome.
    as_of : datetime.date
        Last day of the year whose assignments are counted.
    repeats, seed : int

    Returns
    -------
    Policy or None
        None where no campaign had a control group by lot.
    """
    contacted = ~exposures.arm.lower().isin([arm.lower() for arm in CONTROL_ARMS])
    rows = exposures.mutate(contacted=contacted)
    trials = (
        rows.filter(rows.randomised.fill_null(False) & rows.outcome_value.notnull())
        .select("customer_id", "campaign_id", "contacted", outcome=rows.outcome_value.cast("float64"))
        .order_by(["customer_id", "campaign_id"])  # whom the seed draws must not hang on the engine's order
        .to_pandas()
    )
    both = trials.groupby("campaign_id")["contacted"].nunique() if len(trials) else pd.Series(dtype=int)
    trials = trials[trials["campaign_id"].isin(both.index[both == 2])]
    own = segments.loc[segments["segment"] != NO_PURCHASES, ["customer_id", "segment"]]
    trials = trials.merge(own, on="customer_id")
    if trials.empty:
        return None
    margins = _margin_rates(lines, own)
    costs = _cost_per_contact(rows, campaigns)
    trials = trials.assign(
        stratum=trials["campaign_id"],
        arm=trials["contacted"].map({True: CONTACT, False: NO_CONTACT}),
        outcome=trials["outcome"] * trials["segment"].map(margins)
        - trials["contacted"] * trials["campaign_id"].map(costs).fillna(0.0),
    )
    contacts = count_contacts(exposures, campaigns, lines, own, as_of=as_of)
    times = float(contacts.a_year.sum())
    return Policy(
        name="Whom to contact",
        unit="customer and campaign",
        gain=fit_policy_gain(trials, repeats=repeats, seed=seed),
        times_a_year=times,
        scaling=f"In a year customers of these segments come up {times:,.0f} times for a campaign "
        f"({contacts.basis}); each is taken to gain what a customer in the experiments gained.",
    )


def build_price_policy(
    price_tests: ir.Table,
    products: ir.Table,
    lines: ir.Table,
    segments: pd.DataFrame,
    *,
    as_of: date,
    bands: int = 5,
    repeats: int = 50,
    seed: int = 0,
) -> Policy | None:
    """What would a price by segment bring over one price for all?

    Parameters
    ----------
    price_tests : ibis table
        ``customer_id, product_id, price, quantity, randomised``.
    products : ibis table
        ``product_id, list_price, unit_cost``.
    lines : ibis table
        ``customer_id, product_id, ordered_at, contribution_margin``: what the tested products bring a year.
    segments : pandas.DataFrame
        ``customer_id, segment``.
    as_of : datetime.date
    bands : int
        Prices in per cent of the list price are cut into so many bands where there are more.
    repeats, seed : int

    Returns
    -------
    Policy or None
        None where no price was set by lot.
    """
    tests = price_tests.filter(price_tests.randomised.fill_null(False))
    tests = tests.inner_join(products.select("product_id", "list_price", "unit_cost"), "product_id")
    price, list_price = tests.price.cast("float64"), tests.list_price.cast("float64")
    rows = tests.select(
        "customer_id",
        "product_id",
        level=price / list_price,
        outcome=(price - tests.unit_cost.cast("float64")) * tests.quantity.cast("float64"),
    )
    rows = rows.order_by(rows.columns).to_pandas()
    own = segments.loc[segments["segment"] != NO_PURCHASES, ["customer_id", "segment"]]
    rows = rows.dropna().merge(own, on="customer_id")
    level = rows["level"].round(2)
    if level.nunique() < 2:
        return None
    if level.nunique() > 2 * bands:
        level = level.groupby(pd.qcut(level, bands, duplicates="drop"), observed=True).transform("median")
    trials = rows.assign(arm=[f"{100 * share:.0f} % of list price" for share in level])
    trials = trials.assign(stratum=trials["product_id"])
    gain = fit_policy_gain(trials, repeats=repeats, seed=seed)
    tested = sorted(rows["product_id"].unique())
    first = as_of - timedelta(days=364)
    day = lines.ordered_at.cast("date")
    year = lines.filter(
        lines.product_id.isin(tested) & (day >= ibis.literal(first)) & (day <= ibis.literal(as_of))
    )
    by_customer = year.group_by("customer_id").agg(margin=year.contribution_margin.sum().cast("float64"))
    margin = float(by_customer.to_pandas().merge(own, on="customer_id")["margin"].sum())
    if gain.base <= 0 or margin <= 0:
        return None
    return Policy(
        name="What to charge",
        unit="quotation",
        gain=gain,
        times_a_year=margin / gain.base,
        scaling=f"A gain in prices is scaled from the tests to last year's contribution margin of the "
        f"{len(tested)} tested products; nothing is claimed for products that were not tested.",
    )


def _margin_rates(lines: ir.Table, own: pd.DataFrame) -> Mapping[str, float]:
    """Contribution margin over net revenue, by segment."""
    sums = (
        lines.group_by("customer_id")
        .agg(
            revenue=lines.net_revenue.sum().cast("float64"),
            margin=lines.contribution_margin.sum().cast("float64"),
        )
        .to_pandas()
        .merge(own, on="customer_id")
        .groupby("segment")[["revenue", "margin"]]
        .sum()
    )
    rates: dict[str, float] = (sums["margin"] / sums["revenue"]).where(sums["revenue"] > 0, 0.0).to_dict()
    return rates


def _cost_per_contact(rows: ir.Table, campaigns: ir.Table | None) -> pd.Series:
    if campaigns is None or "cost" not in campaigns.columns:
        return pd.Series(dtype=float)
    contacted = rows.filter(rows.contacted)
    contacted = contacted.group_by("campaign_id").agg(contacts=contacted.count()).to_pandas()
    cost = campaigns.select("campaign_id", cost=campaigns.cost.cast("float64")).to_pandas()
    both = contacted.merge(cost, on="campaign_id").set_index("campaign_id")
    return both["cost"] / both["contacts"]
