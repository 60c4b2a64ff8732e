"""How soon customers outgrow the segment they were put in, back-tested on the client's own order lines.

Customers are segmented on an earlier day by what they did in a window up to it. The same rule, frozen, is
applied to what they did up to 1, 2, 3 … months later (the segment that a refresh would have given them) and
to what they did in the window after that (what they turned out to be). Customers cross the borders between
segments by chance as well as by change: so what counts is not how many a refresh would move, but how many
more of the refreshed segments turn out right than of the old ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import curve_fit

from segutils.data_readiness.quality.monthly_activity import Activity
from segutils.errors import InputError
from segutils.statistics import kmeans
from segutils.statistics.intervals import percentile_interval

NOWHERE = -1  # no order in the window, so no segment
RESTARTS = 10


@dataclass(frozen=True, kw_only=True)
class Decay:
    """The share of customers in the wrong segment for want of a refresh, by the months since the last one.

    Parameters
    ----------
    lags : pandas.DataFrame
        ``months, starts`` (earlier days it is averaged over), ``customers`` (with a segment, on average; of
        all customers), ``moved_share`` (a refresh would put them elsewhere), ``wrong_share, low, high``
        (misplaced for want of a refresh: share whom the old segment misplaces, seen from what they do next,
        less the share whom the refreshed one does; bootstrap over customers), ``chance_share`` (whom even the
        refreshed segment misplaces), ``stopped_share`` (no order in the window), ``unplaced_share`` (of those
        who order by then: without a segment, as they did not when segments were formed), ``curve`` (fitted to
        ``wrong_share``).
    draws : numpy.ndarray
        Resample x lag: ``wrong_share``.
    ceiling, yearly_hazard : float
        Of the curve: wrong = ceiling x (1 - exp(-yearly_hazard x months / 12)).
    window_months, segments : int
    confidence : float
    """

    lags: pd.DataFrame
    draws: np.ndarray
    ceiling: float
    yearly_hazard: float
    window_months: int
    segments: int
    confidence: float


def fit_decay(
    activity: Activity,
    *,
    window_months: int = 6,
    segments: int = 4,
    max_lag: int = 24,
    max_starts: int = 12,
    resamples: int = 200,
    confidence: float = 0.95,
    seed: int = 21_020,
) -> Decay | None:
    """How many customers sit in the wrong segment some months after they were put there?

    Parameters
    ----------
    activity : Activity
    window_months : int
        Months of orders that an assignment looks at; a quarter of the history at most, since there must be
        one window before, one after, and time between them.
    segments : int
        Of the frozen rule (k-means on recency and the logarithms of frequency and of revenue per order).
    max_lag : int
        Months after the assignment to look at.
    max_starts : int
        Earlier days, evenly spread, that the shares are averaged over.
    resamples : int
        Bootstrap samples of customers.
    confidence : float
        Of the intervals.
    seed : int

    Returns
    -------
    Decay or None
        None where the history is shorter than four months, or fewer customers differ than there are segments.

    Raises
    ------
    InputError
        Parameters that make no sense.

    Notes
    -----
    With old, refreshed and next segment all by the rule frozen at the start,
    wrong(m) = P(old ≠ next) - P(refreshed ≠ next). It is 0, but for noise, where nobody changes, however much
    chance there is in single orders; and whom chance alone moves, a refresh does not put right. The curve is
    fitted by least squares; it sums the shares up, and decisions rest on the shares themselves.
    """
    if min(window_months, max_lag, max_starts) < 1 or segments < 2:
        raise InputError(
            f"{segments} segments by {window_months} months, {max_lag} months later cannot be back-tested",
            where="parameters of refresh-cycle",
            fix="give at least 2 segments, and 1 month or more for window and lag",
        )
    window = min(window_months, activity.months // 4)
    reach = min(max_lag, activity.months - 2 * window) if window else 0
    if reach < 1:
        return None
    first, last = window + 1, activity.months - window
    starts = np.unique(np.linspace(first, last, max_starts).round().astype(int))
    snapshots = [_take_snapshot(activity, month, window) for month in range(last + 1)]
    tally = _Tally.open(activity.customers, reach)
    for start in starts:
        rule = _fit_rule(snapshots[start], segments=segments, seed=seed + int(start))
        if rule is not None:
            found = [rule.assign(snapshots[month]) for month in range(start + 1)]
            lags = range(1, min(reach, start - window) + 1)
            fresh = np.stack([found[start - lag] for lag in lags], axis=1)
            after = np.stack([found[start - lag - window] for lag in lags], axis=1)
            tally.add(found[start], fresh, after)
    if not tally.starts.any():
        return None
    lags, draws = tally.sum_up(
        resamples=resamples, confidence=confidence, seed=seed, scale=activity.population / activity.customers
    )
    counted = lags.customers.to_numpy() * lags.starts.to_numpy()
    ceiling, hazard = _fit_curve(lags.months.to_numpy(), lags.wrong_share.to_numpy(), counted)
    return Decay(
        lags=lags.assign(curve=follow_curve(lags.months.to_numpy(), ceiling, hazard)),
        draws=draws,
        ceiling=ceiling,
        yearly_hazard=hazard,
        window_months=window,
        segments=segments,
        confidence=confidence,
    )


def average_wrong(shares: np.ndarray, months: int) -> np.ndarray:
    """Which share of customers is in the wrong segment on average, from one refresh to the next?

    Parameters
    ----------
    shares : numpy.ndarray
        Last axis: share after 1, 2, 3 … months; right after a refresh it is 0.
    months : int
        Between two refreshes; at most as many as there are shares.

    Returns
    -------
    numpy.ndarray
        The area under the straight lines between the months, divided by the months.
    """
    inside = shares[..., :months]
    return (inside.sum(axis=-1) - inside[..., -1] / 2) / months


def follow_curve(months: np.ndarray, ceiling: float, hazard: float) -> np.ndarray:
    """Share in the wrong segment after some months, on a curve that rises at `hazard` a year to `ceiling`."""
    return ceiling * -np.expm1(-hazard * np.asarray(months, dtype=float) / 12)


@dataclass(frozen=True, kw_only=True)
class _Tally:
    """Counts over the starts: customer x lag where resamples need it, else per lag."""

    wrong: np.ndarray  # 1 where only the old segment turned out wrong, -1 where only the refreshed one did
    placed: np.ndarray
    moved: np.ndarray
    missed: np.ndarray  # by the refreshed segment
    stopped: np.ndarray
    unplaced: np.ndarray  # of those with a segment by then; and how many these are
    starts: np.ndarray

    @classmethod
    def open(cls, customers: int, reach: int) -> _Tally:
        cells, lags = np.zeros((2, customers, reach)), np.zeros((5, reach))
        return cls(
            wrong=cells[0],
            placed=cells[1],
            moved=lags[0],
            missed=lags[1],
            stopped=lags[2],
            unplaced=lags[3:],
            starts=np.zeros(reach, dtype=int),
        )

    def add(self, old: np.ndarray, fresh: np.ndarray, after: np.ndarray) -> None:
        """One start: the segment of each customer, and (customer x lag) the refreshed and the next one."""
        lags, old = fresh.shape[1], old[:, None]
        had, has = old != NOWHERE, fresh != NOWHERE
        missed = had & (fresh != after)
        self.wrong[:, :lags] += (had & (old != after)).astype(int) - missed
        self.placed[:, :lags] += had
        self.moved[:lags] += (had & (old != fresh)).sum(axis=0)
        self.missed[:lags] += missed.sum(axis=0)
        self.stopped[:lags] += (had & ~has).sum(axis=0)
        self.unplaced[:, :lags] += ((has & ~had).sum(axis=0), has.sum(axis=0))
        self.starts[:lags] += 1

    def sum_up(
        self, *, resamples: int, confidence: float, seed: int, scale: float
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Lags with their shares, and the resampled shares."""
        reach = int(np.flatnonzero(self.starts)[-1]) + 1
        wrong, placed, used = self.wrong[:, :reach], self.placed[:, :reach], self.starts[:reach]
        total, size = placed.sum(axis=0), len(wrong)
        rng = np.random.default_rng(seed)
        weights = (np.bincount(rng.integers(0, size, size), minlength=size) for _ in range(resamples))
        draws = np.stack([(drawn @ wrong) / np.maximum(drawn @ placed, 1) for drawn in weights])
        low, high = percentile_interval(draws, level=confidence)
        lags = pd.DataFrame(
            {
                "months": np.arange(1, reach + 1),
                "starts": used,
                "customers": np.round(scale * total / used).astype(int),
                "moved_share": self.moved[:reach] / total,
                "wrong_share": wrong.sum(axis=0) / total,
                "low": low,
                "high": high,
                "chance_share": self.missed[:reach] / total,
                "stopped_share": self.stopped[:reach] / total,
                "unplaced_share": self.unplaced[0, :reach] / np.maximum(self.unplaced[1, :reach], 1),
            }
        )
        return lags, draws


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """A frozen segmentation: where the axes are, and where the centres."""

    means: np.ndarray
    scales: np.ndarray
    centres: np.ndarray

    def assign(self, snapshot: np.ndarray) -> np.ndarray:
        """Segment of each customer; NOWHERE without an order."""
        labels = np.full(len(snapshot), NOWHERE)
        active = np.isfinite(snapshot[:, 0])
        if active.any():
            points = (snapshot[active] - self.means) / self.scales
            labels[active] = kmeans.assign_nearest(points, self.centres)
        return labels


def _take_snapshot(activity: Activity, month: int, window: int) -> np.ndarray:
    """Customer x (recency, frequency, monetary value) as of a month's end; NaN without an order."""
    inside = slice(month, month + window)
    orders = activity.orders[:, inside].sum(axis=1)
    revenue = activity.revenue[:, inside].sum(axis=1)
    last = np.nan_to_num(activity.last_days[:, inside], nan=np.inf).min(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        per_order = np.clip(revenue, 0, None) / orders
    table = np.column_stack([last - activity.ends[month], np.log1p(orders), np.log1p(per_order)])
    table[orders == 0] = np.nan
    return table


def _fit_rule(snapshot: np.ndarray, *, segments: int, seed: int) -> _Rule | None:
    active = snapshot[np.isfinite(snapshot[:, 0])]
    if len(active) == 0:
        return None
    means, scales = active.mean(axis=0), active.std(axis=0)
    flat = scales <= 1e-9 * np.maximum(1.0, np.abs(means))
    scales = np.where(flat, np.inf, scales)  # what is the same for all parts nobody
    points = (active - means) / scales
    if len(np.unique(points, axis=0)) < segments:
        return None
    solution = kmeans.fit_solution(points, k=segments, restarts=RESTARTS, seed=seed)
    return _Rule(means=means, scales=scales, centres=solution.centres)


def _fit_curve(months: np.ndarray, shares: np.ndarray, counted: np.ndarray) -> tuple[float, float]:
    if shares.max() <= 0:
        return 0.0, 0.0
    if len(months) < 2:  # one point tells no ceiling
        return 1.0, float(-12 * np.log1p(-min(shares[0], 0.999)) / months[0])
    start = (min(1.0, 1.2 * shares.max()), 1.0)
    (ceiling, hazard), _ = curve_fit(
        follow_curve, months, shares, p0=start, bounds=([0, 0], [1, 50]), sigma=1 / np.sqrt(counted)
    )
    return float(ceiling), float(hazard)
