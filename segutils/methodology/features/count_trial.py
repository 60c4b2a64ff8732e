"""The trial of the treatments: what was known at a cut, what they made of it, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from segutils.methodology.features.count_treatments import (
    INFLATED,
    Holdout,
    Treatments,
    fit_treatments,
)
from segutils.statistics.counts import ZeroInflation, check_zeros, dispersion_index
from segutils.statistics.order_histories import Snapshot, count_between, take_snapshot
from segutils.statistics.spending import GammaGamma, LogNormalSpend, fit_gamma_gamma, fit_log_normal

MIN_CUSTOMERS = 200
MIN_PERIOD = 28  # days
OWN, GAMMA, LOG = "each customer's own mean", "gamma-gamma", "shrinkage on the logarithmic scale"
FINITE = 2.0  # q of gamma-gamma above which the differences between customers have a finite variance
Spend = GammaGamma | LogNormalSpend


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """All that the decision rests on.

    Parameters
    ----------
    cuts : sequence of datetime.date
        Learning, calibration and data end here.
    before : Snapshot
        At the end of calibration.
    treatments : Treatments
        Fitted on it.
    holdout : Holdout
        Of the customers that were known then (a sample of them where there are many).
    zeros : ZeroInflation
    spend_errors : pandas.DataFrame
        ``option, error, customers``: absolute error of the logarithm of the next period's value per order,
        best first; empty where too few ordered in both.
    """

    cuts: Sequence[date]
    before: Snapshot
    treatments: Treatments
    holdout: Holdout
    zeros: ZeroInflation
    spend_errors: pd.DataFrame

    @property
    def days(self) -> int:
        """Length of the holdout."""
        return (self.cuts[2] - self.cuts[1]).days

    @property
    def spend(self) -> str:
        """The way to treat values per order that came closest."""
        return OWN if self.spend_errors.empty else str(self.spend_errors["option"].iloc[0])


def measure_treatments(
    orders: pd.DataFrame,
    *,
    cuts: Sequence[date],
    max_customers: int = 10_000,
    max_judged: int = 20_000,
    seed: int = 0,
) -> Trial | None:
    """What would each treatment have said of the last period, and was it right?

    Parameters
    ----------
    orders : pandas.DataFrame
        From :func:`~segutils.statistics.order_histories.count_orders` at these cuts.
    cuts : sequence of datetime.date
        Three, from :func:`~segutils.statistics.order_histories.choose_cuts`.
    max_customers : int
        Customers that the models are fitted on, drawn with `seed` where there are more.
    max_judged : int
        Customers that the treatments are judged by.
    seed : int

    Returns
    -------
    Trial or None
        None where fewer than 200 customers were known at the first cut, a period is shorter than four weeks,
        or nobody ordered: nothing can be held against what came.
    """
    if (cuts[2] - cuts[1]).days < MIN_PERIOD or not (orders["orders_1"] > 0).any():
        return None
    if ((pd.Timestamp(cuts[0]) - orders["start"]).dt.days > 0).sum() < MIN_CUSTOMERS:
        return None
    first, before = (take_snapshot(orders, number=n, cut=cuts[n]) for n in (0, 1))
    treatments = fit_treatments(
        before.histories,
        horizon=float((cuts[2] - cuts[1]).days),
        earlier=first.histories,
        since=count_between(orders, first, number=0),
        max_customers=max_customers,
        seed=seed,
    )
    came = count_between(orders, before, number=1)
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(came))[:max_judged])
    judged = before.histories.take(rows)
    sample = np.sort(rng.permutation(len(came))[: 2 * max_customers])
    zeros = check_zeros(before.histories.purchases[sample], before.histories.seen[sample])
    return Trial(
        cuts=cuts,
        before=before,
        treatments=treatments,
        holdout=Holdout(
            customer_id=before.customer_id[rows],
            counts=came[rows],
            expected=treatments.expect(judged),
            log_chance=treatments.log_chance(judged, came[rows]),
        ),
        zeros=zeros,
        spend_errors=_compare_spend(orders, before),
    )


def diagnose(trial: Trial) -> pd.DataFrame:
    """How sparse are the orders, and are there more zeros than differing rates explain?

    Returns
    -------
    pandas.DataFrame
        ``measure, value, unit`` (a format), in reading order.
    """
    before, came = trial.before.histories, trial.holdout.counts
    some = before.purchases > 0
    gaps = before.last[some] / before.purchases[some]
    shown = max(trial.zeros.p_value, 0.001)
    rows = [
        ("Customers known at the cut", len(before), "count"),
        ("Of them without an order in the period after it", float((came == 0).mean()), "share"),
        ("With three orders or fewer before it", float((before.purchases <= 3).mean()), "share"),
        ("Days from one order to the next, middle customer", float(np.median(gaps)), "days"),
        ("The same, slowest tenth: more than", float(np.quantile(gaps, 0.9)), "days"),
        ("Variance of the orders over their mean", dispersion_index(came), "number:1"),
        ("Customers without a counted order before the cut", trial.zeros.observed, "share"),
        ("As many as different rates alone would give", trial.zeros.expected, "share"),
        ("p of zero-inflation (likelihood ratio, one-sided; 0.001: or less)", shown, "number:3"),
    ]
    model = trial.treatments.models[INFLATED]
    rows += [
        ("Share who never order (zero-inflated Pareto/NBD)", model.never, "share"),
        ("Of the others, leaving within a year", model.share_leaving(365.25), "share"),
    ]
    return pd.DataFrame(rows, columns=["measure", "value", "unit"])


def fit_spend(snapshot: Snapshot, option: str) -> Spend | None:
    """The model of values per order that `option` names; None for the customers' own means."""
    x, revenue = snapshot.histories.purchases, snapshot.revenue
    some = (x > 0) & (revenue > 0)
    if option == OWN or some.sum() < 3:
        return None
    fit = fit_gamma_gamma if option == GAMMA else fit_log_normal
    return fit(revenue[some] / x[some], x[some])


def expect_spend(snapshot: Snapshot, model: Spend | None) -> np.ndarray:
    """Value per order of each customer; of one without an order, what is usual."""
    x, revenue = snapshot.histories.purchases, snapshot.revenue
    some = (x > 0) & (revenue > 0)
    own = revenue / np.where(some, x, 1.0)
    if model is None:
        return np.where(some, own, np.median(own[some]) if some.any() else np.nan)
    return model.expected_spend(own, np.where(some, x, 0.0))


def _compare_spend(orders: pd.DataFrame, before: Snapshot) -> pd.DataFrame:
    """Which value per order is closest to that of the next period, on the logarithmic scale?"""
    rows = orders.set_index("customer_id").loc[before.customer_id]
    count = (rows["orders_2"] - rows["orders_1"]).to_numpy(float)
    revenue = (rows["revenue_2"] - rows["revenue_1"]).to_numpy(float)
    both = (count > 0) & (revenue > 0) & (before.histories.purchases > 0) & (before.revenue > 0)
    if both.sum() < MIN_CUSTOMERS // 4:
        return pd.DataFrame({"option": pd.Series(dtype=str), "error": pd.Series(dtype=float)})
    came = np.log(revenue[both] / count[both])
    errors = []
    for option in (OWN, GAMMA, LOG):
        model = fit_spend(before, option)
        if isinstance(model, GammaGamma) and model.q <= FINITE:
            continue
        told = np.log(expect_spend(before, model)[both])
        errors.append((option, float(np.abs(told - came).mean()), int(both.sum())))
    table = pd.DataFrame(errors, columns=["option", "error", "customers"])
    return table.sort_values("error", kind="stable", ignore_index=True)
