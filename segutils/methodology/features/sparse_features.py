"""What models of buying expect of each customer, as features that can form segments where orders are few.

They are built as of a day, from what was known on that day alone, and pass the same checks as all others:
constant, repeated and leaked ones are refused by :mod:`segutils.methodology.features.catalogue`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
import pandas as pd

from segutils.findings import Finding
from segutils.methodology.features.count_trial import Trial
from segutils.methodology.features.sparse_b2b import build_sparse_features
from segutils.statistics.order_histories import count_orders

FEATURES = ("expected_orders", "probability_alive", "value_per_order")


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """How few orders are treated.

    Parameters
    ----------
    orders : str
        The decision's choice.
    spend : str
        The trial's way to treat values per order.
    days : int
        Length of the period that orders are expected in.
    """

    orders: str
    spend: str
    days: int


def read_treatment(finding: Finding, trial: Trial | None) -> Treatment | None:
    """How are few orders treated from here on? None where the history is too short to tell.

    Parameters
    ----------
    finding : Finding
        From :func:`~segutils.methodology.features.sparse_b2b.decide_sparse_b2b`.
    trial : Trial or None
    """
    if trial is None or finding.decision is None:
        return None
    return Treatment(orders=finding.decision.choice, spend=trial.spend, days=trial.days)


def build_expectations(
    transactions: ir.Table,
    customers: ir.Table,
    treatment: Treatment | None,
    *,
    as_of: date,
    wanted: Sequence[str],
    seed: int = 0,
) -> pd.DataFrame:
    """What was to be expected of each customer on a day, by what was known then?

    Parameters
    ----------
    transactions, customers : ibis.Table
        As for :func:`~segutils.statistics.order_histories.count_orders`.
    treatment : Treatment or None
        It may have been chosen later than `as_of`; its numbers are estimated from the orders until then.
    as_of : datetime.date
        Lines after it play no part.
    wanted : sequence of str
        Only those of :data:`FEATURES` that are in it are built: without one nothing is fitted.
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` and the wanted features; one row per customer whose start is known.
    """
    names = [name for name in FEATURES if name in wanted]
    if treatment is None or not names:
        return pd.DataFrame({"customer_id": pd.Series(dtype="str")})
    step = timedelta(days=treatment.days)
    cuts = [as_of - 2 * step, as_of - step, as_of]
    orders = count_orders(transactions, customers, cuts=cuts)
    found = build_sparse_features(
        orders, cuts=cuts, treatment=treatment.orders, spend=treatment.spend, seed=seed
    )
    return found[["customer_id", *names]]


def join_expectations(features: pd.DataFrame, expectations: pd.DataFrame) -> pd.DataFrame:
    """The features with those of :func:`build_expectations` beside them; missing where a start is not."""
    if expectations.columns.tolist() == ["customer_id"]:
        return features
    return features.merge(expectations, on="customer_id", how="left")


def join_to_periods(
    periods: pd.DataFrame,
    transactions: ir.Table,
    customers: ir.Table,
    treatment: Treatment | None,
    *,
    wanted: Sequence[str],
    seed: int = 0,
) -> pd.DataFrame:
    """The same per period: what was to be expected at its end.

    Parameters
    ----------
    periods : pandas.DataFrame
        From :func:`~segutils.methodology.features.periods.build_periods`.
    transactions, customers, treatment, wanted, seed
        As for :func:`build_expectations`.

    Returns
    -------
    pandas.DataFrame
        `periods` with the wanted features. Unlike the others, which look at their own window only, these rest
        on all orders until the window's end.
    """
    parts = [
        join_expectations(
            part,
            build_expectations(
                transactions,
                customers,
                treatment,
                as_of=pd.Timestamp(end).date(),
                wanted=wanted,
                seed=seed,
            ),
        )
        for end, part in periods.groupby("period_end", sort=False)
    ]
    return pd.concat(parts, ignore_index=True) if parts else periods
