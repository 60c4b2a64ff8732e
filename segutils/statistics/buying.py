"""How often a customer will buy, from few purchases: rates shrunk to what is usual, with and without leaving.

Three models of the same history (x purchases until T, the last one at t_x, times since a customer's start):

- :class:`GammaPoisson` (NBD): everyone buys at their own constant rate, rates are gamma distributed
  (Ehrenberg 1959; Morrison and Schmittlein 1988);
- :class:`BetaGeometric` (BG/NBD): besides, a customer may leave after each purchase (Fader, Hardie and Lee
  2005);
- :class:`~segutils.statistics.pareto_nbd.ParetoNBD`: a customer may leave at any time (Schmittlein, Morrison
  and Colombo 1987).

All of them answer the same three questions, vectorised over customers: who still buys
(`probability_alive`), how many purchases come (`expected_purchases`), how likely each number of them is
(`log_chance`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import OptimizeResult, minimize
from scipy.special import betainc, betaln, digamma, expit, gammaln

from segutils.errors import InputError

NODES = 48
PILOT = 2000  # customers on whom every start is tried; the best ones go on with all
STEP = 1e-4  # of the logarithms of parameters, for second derivatives


@dataclass(frozen=True, kw_only=True)
class Histories:
    """What was seen of each customer, in one unit of time.

    Parameters
    ----------
    purchases : numpy.ndarray
        x, purchases after the customer's start.
    last : numpy.ndarray
        t_x, time from the start to the last of them; 0 without one.
    seen : numpy.ndarray
        T > 0, time from the start to the end of the observation.
    """

    purchases: np.ndarray
    last: np.ndarray
    seen: np.ndarray

    def __post_init__(self) -> None:
        x, t, total = (np.asarray(part, dtype=float) for part in (self.purchases, self.last, self.seen))
        bad = (x < 0) | (t < 0) | (t > total) | (total <= 0) | ((x == 0) & (t > 0))
        if bad.any() or not len(x):
            raise InputError(
                f"{int(bad.sum())} of {len(x)} purchase histories are impossible",
                where="purchases, last, seen",
                fix="0 ≤ last ≤ seen, seen above 0, and last 0 where there is no purchase",
            )
        for name, values in zip(("purchases", "last", "seen"), (x, t, total), strict=True):
            object.__setattr__(self, name, values)

    def __len__(self) -> int:
        return len(self.purchases)

    def take(self, rows: np.ndarray) -> Histories:
        """The histories of some customers."""
        return Histories(purchases=self.purchases[rows], last=self.last[rows], seen=self.seen[rows])

    def scale(self, unit: float) -> Histories:
        """The same with times in units of `unit`."""
        return Histories(purchases=self.purchases, last=self.last / unit, seen=self.seen / unit)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """What maximum likelihood found.

    Parameters
    ----------
    point : numpy.ndarray
        Logarithms of the parameters, as the model's `from_point` takes them.
    covariance : numpy.ndarray
        Of `point`, from the curvature of the likelihood; directions without curvature count as known.
    log_likelihood : float
    starts_agreeing : float
        Share of the starts that came within 0.01 of the best likelihood on the pilot sample.
    """

    point: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    starts_agreeing: float

    def interval(self, measure: Callable[[np.ndarray], float], *, errors: float = 1.96) -> np.ndarray:
        """Value, low and high of a positive measure of the parameters (delta method on its logarithm)."""
        steps = STEP * np.eye(len(self.point))
        value = measure(self.point)
        slope = [
            (np.log(measure(self.point + s)) - np.log(measure(self.point - s))) / (2 * STEP) for s in steps
        ]
        reach = errors * np.sqrt(max(np.array(slope) @ self.covariance @ np.array(slope), 0.0))
        return value * np.exp([0.0, -reach, reach])


class BuyingModel(Protocol):
    """What every model of buying can tell."""

    @property
    def fitted(self) -> Fitted | None: ...

    def probability_alive(self, histories: Histories) -> np.ndarray:
        """Chance that a customer still buys at the end of the observation."""
        ...

    def expected_purchases(self, histories: Histories, horizon: float) -> np.ndarray:
        """Purchases to be expected within `horizon` after the end of the observation."""
        ...

    def log_chance(self, histories: Histories, counts: np.ndarray, horizon: float) -> np.ndarray:
        """Log probability that just `counts` purchases come within `horizon`."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class GammaPoisson:
    """Purchase rates are gamma distributed (shape r, rate α) and nobody leaves."""

    r: float
    alpha: float
    fitted: Fitted | None = None

    def probability_alive(self, histories: Histories) -> np.ndarray:
        """1 for everyone: the model knows no leaving."""
        return np.ones(len(histories))

    def expected_purchases(self, histories: Histories, horizon: float) -> np.ndarray:
        """(r + x) / (α + T) · horizon: own rate and usual rate, weighted by what is known of the customer."""
        return (self.r + histories.purchases) / (self.alpha + histories.seen) * horizon

    def log_chance(self, histories: Histories, counts: np.ndarray, horizon: float) -> np.ndarray:
        """Negative binomial with the customer's own updated parameters."""
        return log_negative_binomial(
            counts, self.r + histories.purchases, self.alpha + histories.seen, horizon
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class BetaGeometric:
    """BG/NBD: gamma rates (r, α), and after each purchase a beta distributed chance (a, b) to leave."""

    r: float
    alpha: float
    a: float
    b: float
    fitted: Fitted | None = None

    def probability_alive(self, histories: Histories) -> np.ndarray:
        """1 without a purchase: in this model customers leave only after one."""
        return np.exp(-np.logaddexp(0.0, _bg_odds_gone(self, histories)))

    def expected_purchases(self, histories: Histories, horizon: float) -> np.ndarray:
        """Chance to be alive times E[(1 − (1 + p·horizon/α)^−r) / p] over the customer's chance p of leaving.

        The same as the published form with Gauss's hypergeometric function (equation 10), but without its
        poles at a = 1 and its overflow for customers with hundreds of purchases.
        """
        values, place = np.unique(histories.purchases, return_inverse=True)
        r, alpha = self.r + histories.purchases, self.alpha + histories.seen
        expected = np.empty(len(histories))
        for number, x in enumerate(values):
            rows = place == number
            p, weights = _beta_nodes(self.a, self.b + x)
            powers = -np.expm1(-r[rows, None] * np.log1p(p * horizon / alpha[rows, None])) / p
            expected[rows] = powers @ weights
        return self.probability_alive(histories) * expected

    def log_chance(self, histories: Histories, counts: np.ndarray, horizon: float) -> np.ndarray:
        """Equation 8 of the paper with the parameters of a customer who is alive, mixed with having left."""
        x, y = histories.purchases, np.asarray(counts, dtype=float)
        r, alpha, b = self.r + x, self.alpha + histories.seen, self.b + x
        stays = betaln(self.a, b + y) - betaln(self.a, b) + log_negative_binomial(y, r, alpha, horizon)
        some = np.maximum(y, 1.0)
        with np.errstate(divide="ignore"):
            reached = np.log(betainc(some, r, horizon / (alpha + horizon)))
        leaves = betaln(self.a + 1, b + some - 1) - betaln(self.a, b) + reached
        alive = np.where(y > 0, np.logaddexp(stays, leaves), stays)
        return mix_with_none(alive, y, np.log(self.probability_alive(histories)))


def log_negative_binomial(
    counts: np.ndarray, shape: np.ndarray | float, rate: np.ndarray | float, time: np.ndarray | float
) -> np.ndarray:
    """Log chance of `counts` events within `time` when rates are gamma distributed (shape, rate)."""
    y = np.asarray(counts, dtype=float)
    fixed = gammaln(shape + y) - gammaln(shape) - gammaln(y + 1)
    return fixed - shape * np.log1p(time / rate) + y * (np.log(time) - np.log(rate + time))


def mix_with_none(alive: np.ndarray, counts: np.ndarray, log_alive: np.ndarray) -> np.ndarray:
    """Log chance of the counts of customers who are alive (with what chance is known) or else buy nothing."""
    with np.errstate(divide="ignore"):
        gone = np.where(np.asarray(counts) == 0, np.log(-np.expm1(np.minimum(log_alive, 0.0))), -np.inf)
    return np.logaddexp(log_alive + alive, gone)


def fit_nbd(histories: Histories, *, max_customers: int = 20_000, seed: int = 0) -> GammaPoisson:
    """At which rates do customers buy, if nobody leaves?

    Parameters
    ----------
    histories : Histories
    max_customers : int
        Drawn with `seed` where there are more.
    seed : int

    Returns
    -------
    GammaPoisson
        By maximum likelihood.
    """

    def tell(point: np.ndarray, part: Histories) -> Told:
        r, alpha = np.exp(point[0]), np.exp(point[0] - point[1])
        values, by_r, by_alpha = _log_gamma_poisson(r, alpha, part.purchases, part.seen)
        return Told(values=values, slopes=(r * by_r + alpha * by_alpha, -alpha * by_alpha))

    starts = [(np.log(shape), 0.0) for shape in (0.3, 1.0, 4.0)]
    fitted, unit = maximise(tell, histories, starts, max_customers=max_customers, seed=seed)
    r = float(np.exp(fitted.point[0]))
    return GammaPoisson(r=r, alpha=r / float(np.exp(fitted.point[1])) * unit, fitted=fitted)


def fit_bgnbd(histories: Histories, *, max_customers: int = 20_000, seed: int = 0) -> BetaGeometric:
    """At which rates do customers buy, and with which chance do they leave after a purchase?

    Parameters
    ----------
    histories, max_customers, seed
        As for :func:`fit_nbd`.

    Returns
    -------
    BetaGeometric
        By maximum likelihood from several starts (equation 6 of Fader, Hardie and Lee 2005).
    """

    def tell(point: np.ndarray, part: Histories) -> Told:
        r, a, b = np.exp(point[[0, 2, 3]])
        alpha = np.exp(point[0] - point[1])
        x, last, seen = part.purchases, part.last, part.seen
        odds = _bg_odds_gone(BetaGeometric(r=r, alpha=alpha, a=a, b=b), part)
        gone = expit(odds)
        buys, by_r, by_alpha = _log_gamma_poisson(r, alpha, x, seen)
        by_r = by_r + gone * np.log((alpha + seen) / (alpha + last))
        by_alpha = by_alpha + gone * (r + x) * (1 / (alpha + seen) - 1 / (alpha + last))
        both = digamma(a + b) - digamma(a + b + x)
        by_b = digamma(b + x) - digamma(b) + both - gone / np.where(x > 0, b + x - 1, 1.0)
        return Told(
            values=betaln(a, b + x) - betaln(a, b) + buys + np.logaddexp(0.0, odds),
            slopes=(r * by_r + alpha * by_alpha, -alpha * by_alpha, a * both + gone, b * by_b),
        )

    starts = [
        (np.log(shape), level, np.log(a), np.log(b))
        for shape, level in ((0.3, 0.0), (1.0, 0.0))
        for a, b in ((0.5, 2.0), (1.0, 10.0), (2.0, 3.0))
    ]
    fitted, unit = maximise(tell, histories, starts, max_customers=max_customers, seed=seed)
    r, a, b = (float(v) for v in np.exp(fitted.point[[0, 2, 3]]))
    return BetaGeometric(r=r, alpha=r / float(np.exp(fitted.point[1])) * unit, a=a, b=b, fitted=fitted)


def _bg_odds_gone(model: BetaGeometric, histories: Histories) -> np.ndarray:
    """Log odds of having left: a / (b + x − 1) · ((α + T) / (α + t_x))^(r + x); −∞ without a purchase."""
    x = histories.purchases
    odds = np.log(model.a) - np.log(np.maximum(model.b + x - 1, 1e-300))
    odds = odds + (model.r + x) * np.log((model.alpha + histories.seen) / (model.alpha + histories.last))
    return np.where(x > 0, odds, -np.inf)


def _beta_nodes(a: float, b: float) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights that average over a beta distribution (Gauss-Jacobi; Golub and Welsch 1969).

    From the recurrence itself: its usual scaling overflows for customers with hundreds of purchases.
    """
    one, two, n = b - 1, a - 1, np.arange(1, NODES, dtype=float)
    both = one + two
    middle = np.concatenate(
        [[(two - one) / (both + 2)], (two**2 - one**2) / ((2 * n + both) * (2 * n + both + 2))]
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        side = 4 * n * (n + one) * (n + two) * (n + both)
        side = side / ((2 * n + both) ** 2 * (2 * n + both + 1) * (2 * n + both - 1))
    side[0] = 4 * (1 + one) * (1 + two) / ((2 + both) ** 2 * (3 + both))  # a + b = 1 divides 0 by 0 above
    roots, vectors = eigh_tridiagonal(middle, np.sqrt(side))
    return np.clip((1 + roots) / 2, 1e-300, 1.0), vectors[0] ** 2


def _log_gamma_poisson(r: float, alpha: float, x: np.ndarray, time: np.ndarray) -> list[np.ndarray]:
    """Log density of x purchases at their moments until `time`; its slopes by r and by alpha."""
    values = gammaln(r + x) - gammaln(r) - r * np.log1p(time / alpha) - x * np.log(alpha + time)
    by_r = digamma(r + x) - digamma(r) - np.log1p(time / alpha)
    return [values, by_r, r / alpha - (r + x) / (alpha + time)]


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """Log likelihood of each customer, and its slope by each parameter's logarithm."""

    values: np.ndarray
    slopes: Sequence[np.ndarray]


def maximise(
    tell: Callable[[np.ndarray, Histories], Told],
    histories: Histories,
    starts: Sequence[Sequence[float]],
    *,
    max_customers: int,
    seed: int,
) -> tuple[Fitted, float]:
    """Parameters under which these histories are likeliest, and the unit of time they are in.

    Parameters
    ----------
    tell : callable
        (logarithms of parameters, histories) → what each customer's history tells. The second parameter is
        the logarithm of the mean purchase rate; it starts relative to the one observed.
    histories : Histories
    starts : sequence of sequence of float
        One after another is tried: the likelihood may have several peaks, or a ridge.
    max_customers, seed : int

    Returns
    -------
    tuple of Fitted and float
        The point belongs to times in units of the mean time seen; the likelihood to the unit given.
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(histories))[:max_customers]
    sample = histories if len(histories) <= max_customers else histories.take(rows)
    unit = float(sample.seen.mean())
    scaled = sample.scale(unit)
    pilot = scaled if len(scaled) <= PILOT else scaled.take(rng.permutation(len(scaled))[:PILOT])
    level = np.log(max(scaled.purchases.mean(), 0.5 / len(scaled)))

    def loss(point: np.ndarray, part: Histories) -> tuple[float, np.ndarray]:
        told = tell(point, part)
        slope = np.array([-values.mean() for values in told.slopes])
        value = -told.values.mean()
        return (float(value), slope) if np.isfinite(value) else (1e10, np.zeros(len(point)))

    moved = [np.array(start) + level * (np.arange(len(start)) == 1) for start in starts]
    tried = sorted((_descend(loss, start, pilot) for start in moved), key=lambda found: found.fun)
    agreeing = float(np.mean([found.fun * len(pilot) < tried[0].fun * len(pilot) + 0.01 for found in tried]))
    if pilot is not scaled:
        tried = sorted((_descend(loss, found.x, scaled) for found in tried[:2]), key=lambda found: found.fun)
    best = _descend(loss, tried[0].x, scaled)  # once more: the first descent may stop on a slope
    fitted = Fitted(
        point=best.x,
        covariance=_invert_curvature(lambda point: loss(point, scaled)[1] * len(scaled), best.x),
        log_likelihood=float(-best.fun * len(scaled) - scaled.purchases.sum() * np.log(unit)),
        starts_agreeing=agreeing,
    )
    return fitted, unit


def _descend(loss: Callable, start: np.ndarray, part: Histories) -> OptimizeResult:
    bounds = [(value - 9, value + 9) if place == 1 else (-8, 7) for place, value in enumerate(start)]
    options = {"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500}
    return minimize(loss, start, args=(part,), method="L-BFGS-B", jac=True, bounds=bounds, options=options)


def _invert_curvature(slope: Callable[[np.ndarray], np.ndarray], point: np.ndarray) -> np.ndarray:
    """Inverse of the second derivatives at a minimum; flat directions are left out."""
    steps = STEP * np.eye(len(point))
    curvature = np.array([(slope(point + step) - slope(point - step)) / (2 * STEP) for step in steps])
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
    inverse = np.where(values > 1e-3, 1 / np.maximum(values, 1e-3), 0.0)
    return (vectors * inverse) @ vectors.T
