"""Counts with many zeros: are there more than differing rates explain, and a model in two parts (hurdle)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, gammaln, log_expit
from scipy.stats import chi2

from segutils.errors import InputError
from segutils.statistics.buying import Histories, fit_nbd, log_negative_binomial

RIDGE = 1e-6  # keeps the first part finite where a predictor tells zeros apart without fail
ROUNDS = 100


@dataclass(frozen=True, kw_only=True)
class ZeroInflation:
    """Are there more zeros than gamma distributed rates give?

    Parameters
    ----------
    observed, expected : float
        Share of zeros, as counted and by the gamma-Poisson model.
    never : float
        Share that never buys, by the zero-inflated model.
    statistic, p_value : float
        Likelihood ratio; a share lies at its border under the null hypothesis, so that half of the chi-square
        distribution with one degree of freedom holds (Self and Liang 1987).
    """

    observed: float
    expected: float
    never: float
    statistic: float
    p_value: float


def check_zeros(counts: np.ndarray, exposure: np.ndarray) -> ZeroInflation:
    """Is there a group that never buys, beyond the many who seldom do?

    Parameters
    ----------
    counts : array-like of int
    exposure : array-like of float
        Time over which each was counted, above 0.

    Returns
    -------
    ZeroInflation
    """
    y, time = np.asarray(counts, dtype=float), np.asarray(exposure, dtype=float)
    usual = fit_nbd(
        Histories(purchases=y, last=np.zeros(len(y)) + (y > 0) * time, seen=time), max_customers=len(y)
    )
    plain = log_negative_binomial(y, usual.r, usual.alpha, time).sum()
    zero = y == 0

    def loss(point: np.ndarray) -> float:
        share, r, alpha = expit(point[0]), np.exp(point[1]), np.exp(point[1] - point[2])
        buys = log_expit(-point[0]) + log_negative_binomial(y, r, alpha, time)
        return -float(np.where(zero, np.logaddexp(np.log(share), buys), buys).mean())

    level = np.log(usual.r / usual.alpha)
    starts = [(odds, np.log(usual.r) + more, level) for odds, more in ((-6.0, 0.0), (-2.0, 0.3), (-1.0, 1.0))]
    bounds = [(-14, 8), (-8, 8), (level - 6, level + 6)]
    found = [
        minimize(loss, start, method="L-BFGS-B", jac="3-point", bounds=bounds, options={"ftol": 1e-13})
        for start in starts
    ]
    best = min(found, key=lambda result: result.fun)
    statistic = max(0.0, 2 * (-best.fun * len(y) - plain))
    return ZeroInflation(
        observed=float(zero.mean()),
        expected=float(np.exp(log_negative_binomial(np.zeros(len(y)), usual.r, usual.alpha, time)).mean()),
        never=float(expit(best.x[0])) if statistic > 0 else 0.0,
        statistic=float(statistic),
        p_value=float(chi2.sf(statistic, 1) / 2) if statistic > 0 else 1.0,
    )


def dispersion_index(counts: np.ndarray) -> float:
    """Variance over mean: 1 if all bought at one rate by chance, more if rates differ; NaN without events."""
    y = np.asarray(counts, dtype=float)
    return float(y.var(ddof=1) / y.mean()) if y.sum() > 0 and len(y) > 1 else float("nan")


@dataclass(frozen=True, kw_only=True, eq=False)
class Hurdle:
    """Whether at all (logistic), and if so how much (zero-truncated negative binomial).

    Parameters
    ----------
    any_part, count_part : numpy.ndarray
        Coefficients, the intercept first: of the log odds of any, of the log mean before truncation.
    spread : float
        1/k of the negative binomial, variance = mean + spread · mean²; 0 is the Poisson.
    """

    any_part: np.ndarray
    count_part: np.ndarray
    spread: float

    def chance_of_any(self, predictors: np.ndarray) -> np.ndarray:
        """Chance of at least one."""
        return expit(_design(predictors) @ self.any_part)

    def expected_counts(self, predictors: np.ndarray) -> np.ndarray:
        """Chance of any, times the mean of those that have some."""
        mean = np.exp(np.minimum(_design(predictors) @ self.count_part, 30.0))
        return self.chance_of_any(predictors) * mean / -np.expm1(_log_none(mean, self.spread))

    def log_chance(self, predictors: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Log probability of just these counts."""
        odds, y = _design(predictors) @ self.any_part, np.asarray(counts, dtype=float)
        mean = np.exp(np.minimum(_design(predictors) @ self.count_part, 30.0))
        return np.where(y > 0, log_expit(odds) + _log_truncated(y, mean, self.spread), log_expit(-odds))


def fit_hurdle(predictors: np.ndarray, counts: np.ndarray) -> Hurdle:
    """What tells whether a customer buys at all, and how often if so?

    Parameters
    ----------
    predictors : numpy.ndarray
        Customer x predictor; no column for an intercept.
    counts : array-like of int

    Returns
    -------
    Hurdle
        Both parts by maximum likelihood (Mullahy 1986; Cameron and Trivedi 2013, chapter 4). The first by
        Newton's method; so is the second given its spread, which is searched for on a line: general
        optimisers stop early on truncated counts.

    Raises
    ------
    InputError
        If there is no zero, or fewer than three different counts above zero.
    """
    y = np.asarray(counts, dtype=float)
    design, some = _design(predictors), y > 0
    if some.all() or len(np.unique(y[some])) < 2:
        raise InputError(
            "a hurdle model needs zeros and different counts above zero",
            where="counts",
            fix="count over a period in which some buy nothing, some once and some more often",
        )
    centre, scale = design[:, 1:].mean(axis=0), design[:, 1:].std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    scaled = np.column_stack([design[:, 0], (design[:, 1:] - centre) / scale])
    any_part = _fit_logit(scaled, some.astype(float))
    rows, above = scaled[some], y[some]
    start = np.zeros(scaled.shape[1])
    start[0] = np.log(max(above.mean() - 0.5, 0.2))
    poisson = _fit_truncated(rows, above, start, spread=0.0)

    def loss(log_spread: float) -> float:
        beta = _fit_truncated(rows, above, poisson, spread=float(np.exp(log_spread)))
        return -_log_truncated(above, np.exp(rows @ beta), float(np.exp(log_spread))).sum()

    found = minimize_scalar(loss, bounds=(-8.0, 4.0), method="bounded", options={"xatol": 1e-4})
    spread = float(np.exp(found.x))
    if -_log_truncated(above, np.exp(rows @ poisson), 0.0).sum() <= found.fun:
        spread = 0.0
    count_part = _fit_truncated(rows, above, poisson, spread=spread)
    return Hurdle(
        any_part=_unscale(any_part, centre, scale),
        count_part=_unscale(count_part, centre, scale),
        spread=spread,
    )


def _design(predictors: np.ndarray) -> np.ndarray:
    columns = np.asarray(predictors, dtype=float)
    return np.column_stack([np.ones(len(columns)), columns])


def _unscale(part: np.ndarray, centre: np.ndarray, scale: np.ndarray) -> np.ndarray:
    slopes = part[1:] / scale
    return np.concatenate([[part[0] - (slopes * centre).sum()], slopes])


def _fit_logit(design: np.ndarray, some: np.ndarray) -> np.ndarray:
    beta = np.zeros(design.shape[1])
    ridge = RIDGE * len(some) * np.eye(len(beta))
    ridge[0, 0] = 0.0
    for _ in range(ROUNDS):
        chance = expit(design @ beta)
        slope = design.T @ (some - chance) - ridge @ beta
        weight = chance * (1 - chance)
        step = np.linalg.solve(
            (design * weight[:, None]).T @ design + ridge + 1e-12 * np.eye(len(beta)), slope
        )
        beta = beta + step * min(1.0, 5.0 / max(np.abs(step).max(), 1e-300))
        if np.abs(step).max() < 1e-10:
            break
    return beta


def _fit_truncated(design: np.ndarray, y: np.ndarray, start: np.ndarray, *, spread: float) -> np.ndarray:
    """Coefficients of the truncated part, given the spread, by scoring with halved steps."""
    beta, value = start, _log_truncated(y, np.exp(design @ start), spread).sum()
    for _ in range(ROUNDS):
        mean = np.exp(design @ beta)
        none = np.exp(_log_none(mean, spread))
        variance = mean * (1 + spread * mean)
        above = mean / (1 - none)  # mean of the truncated count
        slope = design.T @ ((y - above) * mean / variance)
        second = variance / (1 - none) + mean**2 / (1 - none) - above**2  # variance of the truncated count
        weight = np.maximum(second, 1e-9) * (mean / variance) ** 2
        step = np.linalg.solve((design * weight[:, None]).T @ design + 1e-9 * np.eye(len(beta)), slope)
        size = min(1.0, 3.0 / max(np.abs(step).max(), 1e-300))
        moved = _log_truncated(y, np.exp(np.minimum(design @ (beta + size * step), 30.0)), spread).sum()
        while moved < value and size > 1e-8:
            size /= 2
            moved = _log_truncated(y, np.exp(np.minimum(design @ (beta + size * step), 30.0)), spread).sum()
        if moved < value:
            break
        beta, gain, value = beta + size * step, moved - value, moved
        if np.abs(size * step).max() < 1e-9 or gain < 1e-10 * abs(value):
            break
    return beta


def _log_none(mean: np.ndarray, spread: float) -> np.ndarray:
    """Log chance of a zero."""
    return -mean if spread == 0 else -np.log1p(spread * mean) / spread


def _log_truncated(y: np.ndarray, mean: np.ndarray, spread: float) -> np.ndarray:
    """Log chance of a count that is known to be above zero."""
    if spread == 0:
        plain = y * np.log(mean) - mean - gammaln(y + 1)
    else:
        plain = log_negative_binomial(y, 1 / spread, 1 / (spread * mean), 1.0)
    # of a mean near zero, 1 − P(0) is the mean itself
    return plain - np.log(np.maximum(-np.expm1(_log_none(mean, spread)), 1e-300))
