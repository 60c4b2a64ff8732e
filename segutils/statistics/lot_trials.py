"""Contacts and prices that were given by lot, as trials of one outcome: what a policy is learned on.

Each trial has a customer, a stratum (the lot was drawn within it), an arm and an outcome in contribution
margin, as :func:`~segutils.statistics.policy_value.fit_policy_gain` reads them.
"""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.statistics.campaign_arms import count_contacts, was_contacted
from segutils.statistics.contact_costs import price_contacts

CONTACT, NO_CONTACT = "contact", "no contact"
YEAR = 365
TRIAL = ["customer_id", "stratum", "arm", "outcome"]


def build_contact_trials(exposures: ir.Table) -> pd.DataFrame:
    """Which customers were contacted, or kept back, by lot, and what did they buy?

    Parameters
    ----------
    exposures : ibis table
        ``customer_id, campaign_id, arm, randomised, outcome_value``.

    Returns
    -------
    pandas.DataFrame
        ``customer_id, stratum`` (the campaign), ``arm, outcome`` (revenue), sorted; campaigns with both arms
        only.
    """
    rows = exposures.mutate(contacted=was_contacted(exposures))
    found = (
        rows.filter(rows.randomised.fill_null(False) & rows.outcome_value.notnull())
        .select("customer_id", "contacted", stratum="campaign_id", outcome=rows.outcome_value.cast("float64"))
        .order_by(["customer_id", "stratum"])  # whom the seed draws must not hang on the engine's order
        .to_pandas()
    )
    arms = found.groupby("stratum").contacted.nunique() if len(found) else pd.Series(dtype=int)
    found = found[found.stratum.isin(arms.index[arms == 2])]
    return found.assign(arm=np.where(found.contacted, CONTACT, NO_CONTACT))[TRIAL].reset_index(drop=True)


def price_contact_trials(
    trials: pd.DataFrame, rates: pd.Series, exposures: ir.Table, campaigns: ir.Table | None
) -> pd.DataFrame:
    """What did each of these contacts bring in contribution margin, less what it cost?

    Parameters
    ----------
    trials : pandas.DataFrame
        From :func:`build_contact_trials`; more columns are kept.
    rates : pandas.Series
        Contribution margin over revenue, of each row of `trials`.
    exposures : ibis table
        ``campaign_id, arm``: a contact costs the campaign's cost over all customers contacted.
    campaigns : ibis table or None
        ``campaign_id, cost``; a contact whose cost nobody knows is taken to cost nothing.

    Returns
    -------
    pandas.DataFrame
        `trials` with its ``outcome`` in contribution margin.
    """
    costs = price_contacts(count_contacts(exposures), campaigns).set_index("campaign_id").cost_per_contact
    spent = trials.stratum.map(costs).fillna(0.0) * (trials.arm == CONTACT)
    return trials.assign(outcome=trials.outcome * rates - spent)


def build_price_trials(
    price_tests: ir.Table, products: ir.Table, *, customers: pd.Series | None = None, bands: int = 5
) -> pd.DataFrame:
    """Which prices were asked by lot, and what contribution did each quotation bring?

    Parameters
    ----------
    price_tests : ibis table
        ``customer_id, product_id, price, quantity, randomised``.
    products : ibis table
        ``product_id, list_price, unit_cost``.
    customers : pandas.Series, optional
        Only quotations of these.
    bands : int
        Prices in per cent of the list price are cut into so many bands where there are more than twice that.

    Returns
    -------
    pandas.DataFrame
        ``customer_id, stratum`` (the product), ``arm`` (per cent of the list price), ``outcome`` (price less
        unit cost, times quantity); no row where fewer than two prices were asked.
    """
    tests = price_tests.filter(price_tests.randomised.fill_null(False))
    tests = tests.inner_join(products.select("product_id", "list_price", "unit_cost"), "product_id")
    price, listed = tests.price.cast("float64"), tests.list_price.cast("float64")
    asked = tests.select(
        "customer_id",
        stratum="product_id",
        level=price / listed,
        outcome=(price - tests.unit_cost.cast("float64")) * tests.quantity.cast("float64"),
    )
    rows = asked.order_by(asked.columns).to_pandas().dropna()
    if customers is not None:
        rows = rows[rows.customer_id.isin(customers)]
    level = rows.level.round(2)
    if level.nunique() < 2:
        return pd.DataFrame(columns=TRIAL)
    if level.nunique() > 2 * bands:
        level = level.groupby(pd.qcut(level, bands, duplicates="drop"), observed=True).transform("median")
    arms = [f"{100 * share:.0f} % of list price" for share in level]
    return rows.assign(arm=arms)[TRIAL].reset_index(drop=True)


def sum_margins(lines: ir.Table) -> pd.DataFrame:
    """What did each customer buy and leave: index customer_id; ``revenue, margin``, sorted.

    Parameters
    ----------
    lines : ibis table
        ``customer_id, net_revenue, contribution_margin``.
    """
    sums = lines.group_by("customer_id").agg(
        revenue=lines.net_revenue.sum().cast("float64"),
        margin=lines.contribution_margin.sum().cast("float64"),
    )
    return sums.order_by("customer_id").to_pandas().set_index("customer_id")


def sum_tested_margins(lines: ir.Table, tested: list[str], *, as_of: date) -> pd.Series:
    """What did the tested products leave, by customer, in the year up to `as_of`?

    Parameters
    ----------
    lines : ibis table
        ``customer_id, product_id, ordered_on, net_revenue, contribution_margin``.
    tested : list of str
        Products.
    as_of : datetime.date

    Returns
    -------
    pandas.Series
        Contribution margin; index customer_id; customers who bought some.
    """
    day, first = lines.ordered_on, as_of - timedelta(days=YEAR - 1)
    in_year = (day >= ibis.literal(first)) & (day <= ibis.literal(as_of))
    return sum_margins(lines.filter(lines.product_id.isin(tested) & in_year)).margin
