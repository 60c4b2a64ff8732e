"""What was given by lot, to whom, and what it brought: what a policy by segment can be measured on."""

from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import pandas as pd

from segutils.statistics.lot_trials import (
    build_contact_trials,
    build_price_trials,
    price_contact_trials,
    sum_margins,
    sum_tested_margins,
)
from segutils.statistics.policy_value import PolicyGain, fit_policy_gain
from segutils.statistics.segment_model import NO_PURCHASES
from segutils.validation.response.contact_rate import count_contacts


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
        ``customer_id, campaign_id, arm, randomised, outcome_value``; ``assigned_on`` where known.
    campaigns : ibis table, optional
        ``campaign_id, cost``: a contact costs the campaign's cost over the customers contacted;
        ``started_on`` dates rows without ``assigned_on``.
    lines : ibis table
        ``customer_id, net_revenue, contribution_margin``: the segment's margin turns an outcome into
        contribution margin; ``ordered_on`` tells the years covered where campaigns have no dates.
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
    own = segments.loc[segments["segment"] != NO_PURCHASES, ["customer_id", "segment"]]
    trials = build_contact_trials(exposures).merge(own, on="customer_id")
    if trials.empty:
        return None
    rates = trials["segment"].map(_margin_rates(lines, own))
    trials = price_contact_trials(trials, rates, exposures, campaigns)
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
        ``customer_id, product_id, ordered_on, net_revenue, contribution_margin``: what the tested products
        bring a year.
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
    own = segments.loc[segments["segment"] != NO_PURCHASES, ["customer_id", "segment"]]
    trials = build_price_trials(price_tests, products, customers=own["customer_id"], bands=bands)
    if trials.empty:
        return None
    gain = fit_policy_gain(trials.merge(own, on="customer_id"), repeats=repeats, seed=seed)
    tested = sorted(trials["stratum"].unique())
    earned = sum_tested_margins(lines, tested, as_of=as_of)
    margin = float(earned[earned.index.isin(own["customer_id"])].sum())
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


def _margin_rates(lines: ir.Table, own: pd.DataFrame) -> dict[str, float]:
    """Contribution margin over net revenue, by segment."""
    sums = own.merge(sum_margins(lines), on="customer_id").groupby("segment")[["revenue", "margin"]].sum()
    rates: dict[str, float] = (sums["margin"] / sums["revenue"]).where(sums["revenue"] > 0, 0.0).to_dict()
    return rates
