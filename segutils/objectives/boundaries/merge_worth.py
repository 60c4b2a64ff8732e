"""What is it worth, in money, to treat two groups apart? Measured by what was given by lot, or not at all.

Explained variance is not money. A bridge between them is a decision that can be taken group by group and
whose outcome was tried: whom to contact, and what to charge. For two groups, the best decision for each is
learned on some customers and held, on others, against the best one for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.stats import norm

from segutils.objectives.boundaries.customer_periods import MARGIN
from segutils.statistics.campaign_arms import count_occasions
from segutils.statistics.lot_trials import (
    build_contact_trials,
    build_price_trials,
    price_contact_trials,
    sum_margins,
    sum_tested_margins,
)
from segutils.statistics.policy_value import fit_policy_gain

WORTH = ["worth", "worth_low", "worth_high"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Lever:
    """One kind of decision that was tried by lot.

    Parameters
    ----------
    name : str
        What is decided.
    trials : pandas.DataFrame
        ``customer_id, stratum, arm, outcome`` (contribution margin less what the arm costs).
    scale : pandas.Series
        Index customer_id: what the decision is about in a year, occasions or margin.
    per_base : bool
        The gain is taken relative to the mean outcome, and `scale` is margin; else it is per occasion.
    words : str
        How a gain is scaled to a year, as a sentence.
    """

    name: str
    trials: pd.DataFrame
    scale: pd.Series
    per_base: bool
    words: str


def build_levers(
    lines: ir.Table,
    *,
    as_of: date,
    exposures: ir.Table | None = None,
    campaigns: ir.Table | None = None,
    price_tests: ir.Table | None = None,
    products: ir.Table | None = None,
) -> list[Lever]:
    """Which decisions were tried by lot, so that treating groups apart can be valued?

    Parameters
    ----------
    lines : ibis table
        Order lines: ``customer_id, ordered_on, net_revenue, contribution_margin``; optional ``product_id``.
    as_of : datetime.date
    exposures : ibis table, optional
        ``customer_id, campaign_id, arm, randomised, outcome_value, assigned_on``.
    campaigns : ibis table, optional
        ``campaign_id, cost``.
    price_tests : ibis table, optional
        ``customer_id, product_id, price, quantity, randomised``.
    products : ibis table, optional
        ``product_id, list_price, unit_cost``.

    Returns
    -------
    list of Lever
        Empty without a contribution margin, or where nothing was given by lot.
    """
    if MARGIN not in lines.columns:
        return []
    wanted = {"customer_id", "campaign_id", "arm", "randomised", "outcome_value", "assigned_on"}
    found = []
    if exposures is not None and wanted <= set(exposures.columns):
        found.append(_build_contact(lines, exposures, campaigns, as_of=as_of))
    tested = {"customer_id", "product_id", "price", "quantity", "randomised"}
    priced = products is not None and {"list_price", "unit_cost"} <= set(products.columns)
    if price_tests is not None and priced and tested <= set(price_tests.columns):
        found.append(_build_price(lines, price_tests, products, as_of=as_of))
    return [lever for lever in found if lever is not None]


def score_worth(
    levers: Sequence[Lever],
    first: pd.Index,
    second: pd.Index,
    *,
    repeats: int = 20,
    level: float = 0.95,
    min_trials: int = 100,
    seed: int = 0,
) -> pd.Series:
    """What would deciding for two groups apart bring in a year, over one decision for both?

    Parameters
    ----------
    levers : sequence of Lever
    first, second : pandas.Index
        Customers of the two.
    repeats, seed : int
        See :func:`~segutils.statistics.policy_value.fit_policy_gain`.
    level : float
        Of the interval.
    min_trials : int
        With fewer trials of either group a lever says nothing.

    Returns
    -------
    pandas.Series
        ``worth, worth_low, worth_high``: money a year, all levers together; NaN where none says anything.
    """
    gains, errors = [], []
    both = first.union(second)
    for lever in levers:
        rows = lever.trials[lever.trials.customer_id.isin(both)]
        rows = rows.assign(segment=np.where(rows.customer_id.isin(first), "first", "second"))
        arms = rows.groupby(["stratum", "segment"]).arm.nunique().unstack()
        rows = rows[rows.stratum.isin(arms.index[(arms >= 2).all(axis=1)])]
        if rows.segment.value_counts().reindex(["first", "second"]).fillna(0).min() < min_trials:
            continue
        found = fit_policy_gain(rows, repeats=repeats, seed=seed)
        times = float(lever.scale.reindex(both).sum())
        if lever.per_base:
            if found.base <= 0:
                continue
            times /= found.base
        gains.append(found.gain * times)
        errors.append(found.error * times)
    if not gains:
        return pd.Series(np.nan, index=WORTH)
    half = norm.ppf(0.5 + level / 2) * float(np.sqrt(np.square(errors).sum()))
    return pd.Series([sum(gains), sum(gains) - half, sum(gains) + half], index=WORTH)


def _build_contact(
    lines: ir.Table, exposures: ir.Table, campaigns: ir.Table | None, *, as_of: date
) -> Lever | None:
    trials = build_contact_trials(exposures)
    if trials.empty:
        return None
    sums = sum_margins(lines)
    whole = sums.margin.sum() / sums.revenue.sum()
    own = (sums.margin / sums.revenue).where(sums.revenue > 0).clip(-1, 1)
    rates = trials.customer_id.map(own).fillna(whole)
    occasions = count_occasions(exposures, as_of=as_of).set_index("customer_id").recent
    return Lever(
        name="whom to contact",
        trials=price_contact_trials(trials, rates, exposures, campaigns),
        scale=occasions[occasions > 0].astype(float),
        per_base=False,
        words="Whom to contact: as often as the customers came up for a campaign in the last year; an "
        "order's margin is the customer's own rate.",
    )


def _build_price(lines: ir.Table, price_tests: ir.Table, products: ir.Table, *, as_of: date) -> Lever | None:
    trials = build_price_trials(price_tests, products)
    if trials.empty or "product_id" not in lines.columns:
        return None
    tested = sorted(trials.stratum.unique())
    return Lever(
        name="what to charge",
        trials=trials,
        scale=sum_tested_margins(lines, tested, as_of=as_of),
        per_base=True,
        words=f"What to charge: in proportion to last year's margin of the {len(tested)} products whose "
        "prices were tried.",
    )
