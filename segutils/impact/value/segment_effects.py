"""How do the customers of a segment differ in activity and revenue, once the calendar is taken out?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from segutils.impact.value.periods import sort_segments


@dataclass(frozen=True, kw_only=True)
class _Panel:
    """Every customer in every period after its first: codes per row, and the outcomes."""

    customer: np.ndarray
    period: np.ndarray
    segment: np.ndarray
    segment_of: np.ndarray  # per customer
    outcomes: np.ndarray  # rows × (active, revenue)


def score_segment_effects(
    activity: pd.DataFrame, *, last_period: int, confidence: float = 0.95, min_customers: int = 2
) -> pd.DataFrame:
    """How far is each segment from the average customer, net of what every period did to all customers?

    Ordinary least squares on customer × period, y = period effect + segment effect, from the period after a
    customer's first observed order on; y is 1 where the customer ordered, or its net revenue. The period
    effects take out season, trend and whatever moved all customers alike. Segment effects are deviations from
    the average customer: weighted by customers they sum to zero. Standard errors are clustered by customer.

    Parameters
    ----------
    activity : pandas.DataFrame
        customer_id, segment, first_period, period, ordered, revenue, as
        :func:`~segutils.impact.value.retention.build_activity` returns it.
    last_period : int
        Number of the last complete period.
    confidence : float
        Of the intervals, 0–1.
    min_customers : int
        A segment with fewer customers has an effect but no interval.

    Returns
    -------
    pandas.DataFrame
        segment, customers (with at least one period after their first), customer_periods; active_share (raw,
        0–1), active_effect, active_low, active_high (differences of shares); revenue_per_period (raw),
        revenue_effect, revenue_low, revenue_high (currency per customer and period). Empty where no customer
        has a later period.

    Notes
    -----
    Cluster-robust variance with the small-sample factor CR1 and Student's t with clusters − 1 degrees of
    freedom: Cameron & Miller (2015), *Journal of Human Resources* 50, 317–372.
    """
    people = activity.drop_duplicates("customer_id")[["customer_id", "segment", "first_period"]]
    people = people[people["first_period"] < last_period].reset_index(drop=True)
    names = sort_segments(people["segment"].unique().tolist())
    panel = _build_panel(activity, people, names, last_period)
    table = pd.DataFrame(
        {
            "segment": names,
            "customers": np.bincount(panel.segment_of, minlength=len(names)),
            "customer_periods": np.bincount(panel.segment, minlength=len(names)),
        }
    )
    for j, (outcome, raw) in enumerate((("active", "active_share"), ("revenue", "revenue_per_period"))):
        y = panel.outcomes[:, j]
        table[raw] = np.bincount(panel.segment, weights=y, minlength=len(names)) / table["customer_periods"]
        effects = _fit(panel, y, confidence=confidence, min_customers=min_customers)
        table[[f"{outcome}_effect", f"{outcome}_low", f"{outcome}_high"]] = effects
    return table


def _build_panel(activity: pd.DataFrame, people: pd.DataFrame, names: list[str], last_period: int) -> _Panel:
    first = people["first_period"].to_numpy(dtype=int)
    lengths = last_period - first
    starts = (
        np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(int) if len(first) else np.zeros(0, dtype=int)
    )
    customer = np.repeat(np.arange(len(first)), lengths)
    period = first[customer] + 1 + np.arange(len(customer)) - starts[customer]
    segment_of = people["segment"].map({name: code for code, name in enumerate(names)}).to_numpy(dtype=int)

    codes = pd.Series(np.arange(len(people)), index=people["customer_id"])
    rows = activity.assign(code=activity["customer_id"].map(codes))
    later = (rows["period"] > rows["first_period"]) & (rows["period"] <= last_period)
    rows = rows[later & rows["code"].notna()]
    code = rows["code"].to_numpy(dtype=int)
    place = starts[code] + rows["period"].to_numpy(dtype=int) - first[code] - 1
    outcomes = np.zeros((len(customer), 2))
    outcomes[place, 0] = rows["ordered"].to_numpy(dtype=float)
    outcomes[place, 1] = rows["revenue"].to_numpy(dtype=float)
    return _Panel(
        customer=customer,
        period=period - period.min() if len(period) else period,
        segment=segment_of[customer],
        segment_of=segment_of,
        outcomes=outcomes,
    )


def _fit(panel: _Panel, y: np.ndarray, *, confidence: float, min_customers: int) -> np.ndarray:
    """Effect, low and high per segment. All regressors are indicators, so X'X is a table of counts."""
    sizes = np.bincount(panel.segment_of)
    k = len(sizes)
    if k == 0:
        return np.empty((0, 3))
    periods, rows = int(panel.period.max()) + 1, len(y)
    counts = np.zeros((periods, k))
    np.add.at(counts, (panel.period, panel.segment), 1.0)
    own = counts[:, 1:]  # the first segment is the base; the deviations below do not depend on it
    cross = np.block([[np.diag(counts.sum(axis=1)), own], [own.T, np.diag(own.sum(axis=0))]])
    by_period = np.bincount(panel.period, weights=y, minlength=periods)
    by_segment = np.bincount(panel.segment, weights=y, minlength=k)[1:]
    inverse = np.linalg.pinv(cross)
    beta = inverse @ np.concatenate([by_period, by_segment])

    fitted = beta[:periods][panel.period] + np.concatenate([[0.0], beta[periods:]])[panel.segment]
    residual = y - fitted
    clusters = len(panel.segment_of)
    scores = np.zeros((clusters, periods + k))
    scores[panel.customer, panel.period] = residual
    sums = np.bincount(panel.customer, weights=residual, minlength=clusters)
    scores[np.arange(clusters), periods + panel.segment_of] = sums
    scores = np.delete(scores, periods, axis=1)
    variance = inverse @ (scores.T @ scores) @ inverse

    deviate = np.hstack([np.zeros((k, periods)), np.eye(k)[:, 1:]])
    deviate = deviate - (sizes / sizes.sum()) @ deviate
    effect = deviate @ beta
    if clusters < 2 or rows <= len(beta):
        return np.column_stack([effect, np.full((k, 2), np.nan)])
    factor = clusters / (clusters - 1) * (rows - 1) / (rows - len(beta))
    error = np.sqrt(np.maximum(np.diag(deviate @ variance @ deviate.T) * factor, 0.0))
    reach = special.stdtrit(clusters - 1, 0.5 + confidence / 2) * error
    reach = np.where((sizes < min_customers) | (k == 1), np.nan, reach)
    return np.column_stack([effect, effect - reach, effect + reach])
