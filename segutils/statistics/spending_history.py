"""Does what was spent on each group in the past tell what spending brings back? Often it does not.

Spending that follows the size of a group and the season says nothing: both would move margin without any
money. Only what spending did on its own account can tell, and even that is observed, not tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.stats import t as student

from segutils.formats import format_value

TOLD, SILENT, SHORT, NONE = "tells", "does not tell", "is too short", "is not there"
PANEL = ["group", "month", "spent", "margin", "customers"]


@dataclass(frozen=True, kw_only=True)
class SpendingHistory:
    """What the past says about the return of money, by observation alone.

    Parameters
    ----------
    verdict : str
        ``tells`` (the interval of `rate` lies off 0), ``does not tell``, ``is too short``, ``is not there``.
    reason : str
        A sentence: why.
    months, groups : int
    own_variation : float
        Standard deviation of what spending did on its own account (apart from the size of each group and what
        moved all groups in a month), as a share of its mean; NaN where there is none to measure.
    rate, low, high : float
        Margin per unit of money, in the same month and those that follow; NaN where spending did not move on
        its own account. An association, not an effect.
    """

    verdict: str
    reason: str
    months: int = 0
    groups: int = 0
    own_variation: float = np.nan
    rate: float = np.nan
    low: float = np.nan
    high: float = np.nan


def build_spending_panel(
    costs: ir.Table | None,
    transactions: ir.Table,
    customers: ir.Table,
    groups: pd.DataFrame,
    *,
    as_of: date,
    pool: str = "marketing",
) -> pd.DataFrame:
    """What was spent on each group in each month, and what did it earn?

    Parameters
    ----------
    costs : ibis table, optional
        ``period`` (a month's first day), ``pool, amount, segment`` (the groups' names).
    transactions : ibis table
        ``customer_id, ordered_on, contribution_margin``.
    customers : ibis table
        ``customer_id``; optional ``signup_date``.
    groups : pandas.DataFrame
        ``customer_id, group``.
    as_of : datetime.date
    pool : str
        Of `costs`.

    Returns
    -------
    pandas.DataFrame
        ``group, month`` (first day), ``spent, margin, customers`` (signed up by the month's end; all of them
        where nobody knows when), for every month with costs and every group; no row where costs are not
        booked by these groups, or no margin is known.
    """
    if costs is None or "segment" not in costs.columns or "contribution_margin" not in transactions.columns:
        return pd.DataFrame(columns=PANEL)
    own = costs.filter((costs.pool == pool) & (costs.period <= as_of))
    spent = own.group_by(group=own.segment, month=own.period.truncate("M")).agg(
        spent=own.amount.sum().cast("float64")
    )
    frame = spent.to_pandas()
    frame = frame[frame.group.isin(set(groups["group"]))].assign(month=lambda t: pd.to_datetime(t.month))
    if frame.empty:
        return pd.DataFrame(columns=PANEL)
    lines = transactions.filter(transactions.ordered_on <= as_of)
    earned = lines.group_by("customer_id", month=lines.ordered_on.truncate("M")).agg(
        margin=lines.contribution_margin.fill_null(0).sum().cast("float64")
    )
    by_customer = earned.to_pandas().assign(month=lambda t: pd.to_datetime(t.month))
    by_customer = by_customer.merge(groups[["customer_id", "group"]], on="customer_id")
    by_customer = by_customer.sort_values(["customer_id", "month"])
    margin = by_customer.groupby(["group", "month"]).margin.sum()
    names = sorted(set(groups["group"]))
    months = pd.date_range(frame.month.min(), frame.month.max(), freq="MS")
    panel = pd.MultiIndex.from_product([names, months], names=["group", "month"]).to_frame(index=False)
    panel = panel.merge(frame, on=["group", "month"], how="left").merge(
        margin.reset_index(), on=["group", "month"], how="left"
    )
    sizes = _count_customers(customers, groups, names, months)
    return panel.fillna({"spent": 0.0, "margin": 0.0}).merge(sizes, on=["group", "month"])[PANEL]


def read_spending_history(
    panel: pd.DataFrame,
    *,
    min_own_variation: float = 0.05,
    min_months: int = 24,
    lags: int = 2,
    confidence: float = 0.95,
) -> SpendingHistory:
    """Can the response to money be read off the past, and what does the past say?

    Parameters
    ----------
    panel : pandas.DataFrame
        From :func:`build_spending_panel`.
    min_own_variation : float
        Spending must have moved by so much on its own account (standard deviation as a share of its mean).
    min_months : int
    lags : int
        Months after the spending in which it may still bring something.
    confidence : float

    Returns
    -------
    SpendingHistory

    Notes
    -----
    Two-way fixed effects: margin of group and month on spending of the month and the `lags` before, with an
    intercept per group, one per month (the season, and whatever moved all groups), and the group's number of
    customers. Errors are clustered by month (Liang and Zeger 1986); Student's t with months − 1 degrees of
    freedom. What spending does apart from those regressors is its own variation (Frisch, Waugh and Lovell):
    if it is nothing, no data of this kind can tell.
    """
    if panel.empty:
        return SpendingHistory(verdict=NONE, reason="No spending was booked by group and month.")
    wide = {c: panel.pivot(index="month", columns="group", values=c).sort_index() for c in PANEL[2:]}
    wide = {name: table.loc[:, wide["spent"].sum() > 0] for name, table in wide.items()}
    months, groups = wide["spent"].shape
    known = {"months": months, "groups": groups}
    if groups < 2:
        return SpendingHistory(verdict=NONE, reason="Spending was booked for fewer than two groups.", **known)
    if months < min_months:
        reason = f"Spending is known for {months} months; {min_months} are needed."
        return SpendingHistory(verdict=SHORT, reason=reason, **known)
    spent, margin, size = (wide[name].to_numpy(dtype=float) for name in ("spent", "margin", "customers"))
    scale = spent.mean(axis=0)
    others = _design(size)
    relative = (spent / scale).ravel()
    own = float(np.sqrt(np.mean(_residual(others, relative) ** 2)))
    told = format_value(own, "share:1")
    if own < min_own_variation:
        reason = (
            f"Over {months} months spending moved by {told} of its mean on its own account; all else "
            "followed the number of customers of each group and the month."
        )
        return SpendingHistory(verdict=SILENT, reason=reason, own_variation=own, **known)
    rate, error = _fit(spent, margin, size, lags)
    reach = error * float(student.ppf(0.5 + confidence / 2, months - lags - 1))
    low, high = rate - reach, rate + reach
    verdict = TOLD if low > 0 or high < 0 else SILENT
    span = f"{format_value(low, 'number:1')} to {format_value(high, 'number:1')}"
    reason = (
        f"Spending moved by {told} of its mean on its own account, and margin moved with it by "
        f"{format_value(rate, 'number:1')} ({span}) per unit of money: observed, not tried."
    )
    return SpendingHistory(
        verdict=verdict, reason=reason, own_variation=own, rate=rate, low=low, high=high, **known
    )


def _count_customers(
    customers: ir.Table, groups: pd.DataFrame, names: list[str], months: pd.DatetimeIndex
) -> pd.DataFrame:
    """``group, month, customers``: signed up by the end of each month."""
    if "signup_date" not in customers.columns:
        sizes = groups.groupby("group").customer_id.nunique()
        return pd.DataFrame(
            [(g, m, float(sizes[g])) for g in names for m in months], columns=[*PANEL[:2], "customers"]
        )
    since = customers.select("customer_id", "signup_date").to_pandas().drop_duplicates("customer_id")
    joined = groups.merge(since, on="customer_id").assign(month=lambda t: pd.to_datetime(t.signup_date))
    joined["month"] = joined.month.dt.to_period("M").dt.to_timestamp().fillna(months[0]).clip(lower=months[0])
    counts = joined.pivot_table(index="month", columns="group", values="customer_id", aggfunc="nunique")
    counts = counts.reindex(index=months, columns=names).fillna(0.0).cumsum().rename_axis(index="month")
    return counts.melt(ignore_index=False, var_name="group", value_name="customers").reset_index()


def _design(size: np.ndarray) -> np.ndarray:
    """Columns that explain month x group without money: groups, months, each group's customers."""
    months, groups = size.shape
    by_group = np.tile(np.eye(groups), (months, 1))
    by_month = np.repeat(np.eye(months)[:, 1:], groups, axis=0)
    relative = (size / np.where(size.mean(axis=0) > 0, size.mean(axis=0), 1.0)).ravel()
    return np.hstack([by_group, by_month, by_group * relative[:, None]])


def _residual(design: np.ndarray, values: np.ndarray) -> np.ndarray:
    return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]


def _fit(spent: np.ndarray, margin: np.ndarray, size: np.ndarray, lags: int) -> tuple[float, float]:
    """Sum of the coefficients of spending over its lags, and the standard error clustered by month."""
    months, groups = spent.shape
    kept = months - lags
    others = _design(size[lags:])
    money = np.column_stack([spent[lags - lag : months - lag].ravel() for lag in range(lags + 1)])
    own = np.column_stack([_residual(others, column) for column in money.T])
    left = _residual(others, margin[lags:].ravel())
    inverse = np.linalg.pinv(own.T @ own)
    coefficients = inverse @ own.T @ left
    errors = left - own @ coefficients
    scores = (own * errors[:, None]).reshape(kept, groups, -1).sum(axis=1)
    rank = np.linalg.matrix_rank(others) + own.shape[1]
    correction = kept / (kept - 1) * (len(left) - 1) / max(len(left) - rank, 1)
    covariance = correction * inverse @ (scores.T @ scores) @ inverse
    whole = np.ones(lags + 1)
    return float(whole @ coefficients), float(np.sqrt(whole @ covariance @ whole))
