"""Pareto/NBD: customers buy at gamma distributed rates until they leave, at gamma distributed hazards.

Schmittlein, Morrison and Colombo (1987); the conditional distribution of later purchases follows Fader and
Hardie (2014): a customer who is alive is described by the same model with updated parameters. Integrals over
the moment of leaving are done by Gauss-Legendre quadrature on a scale on which they are smooth, because
differences of hypergeometric functions lose all digits for customers with many purchases.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, expit, gammaln, log_expit, logsumexp

from segutils.statistics.buying import (
    NODES,
    Fitted,
    Histories,
    Told,
    log_negative_binomial,
    maximise,
    mix_with_none,
)

ROWS = 20_000  # customers in one block of the quadrature
GRID, WEIGHTS = np.polynomial.legendre.leggauss(NODES)
GRID, WEIGHTS = (GRID + 1) / 2, WEIGHTS / 2  # on 0-1
STRETCH = 3  # the integrand bends near 0 and is even near 1: nodes go where it bends
ENDS, END_WEIGHTS = GRID**STRETCH, WEIGHTS * STRETCH * GRID ** (STRETCH - 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class ParetoNBD:
    """Purchase rates are gamma (shape r, rate α), hazards of leaving gamma (shape s, rate β), independent.

    `never` is the share of customers who never buy, whatever the time (0 in the published model): accounts
    that were opened and are not used. They count as not alive.
    """

    r: float
    alpha: float
    s: float
    beta: float
    never: float = 0.0
    fitted: Fitted | None = None

    def probability_alive(self, histories: Histories) -> np.ndarray:
        """Chance that a customer buys at all and has not left by the end of the observation."""
        ends = _weigh_ends(self.r, self.alpha, self.s, self.beta, histories)
        total = np.logaddexp(ends.stayed, ends.left)
        alive = np.exp(ends.stayed - total)
        none = histories.purchases == 0
        silent = np.exp(total[none] + self.r * np.log(self.alpha))  # no purchase, of a customer who buys
        alive[none] *= (1 - self.never) * silent / (self.never + (1 - self.never) * silent)
        return alive

    def expected_purchases(self, histories: Histories, horizon: float) -> np.ndarray:
        """Chance to be alive times the purchases of a customer who is, until the horizon or until leaving."""
        rate = (self.r + histories.purchases) / (self.alpha + histories.seen)
        beta = self.beta + histories.seen
        span = np.log1p(horizon / beta)
        power = (self.s - 1) * span
        with np.errstate(invalid="ignore", divide="ignore"):
            time = beta * span * np.where(np.abs(power) > 1e-9, -np.expm1(-power) / power, 1.0)
        return self.probability_alive(histories) * rate * time

    def log_chance(self, histories: Histories, counts: np.ndarray, horizon: float) -> np.ndarray:
        """Of a customer who stays to the horizon, leaves before it, or has left already."""
        y = np.asarray(counts, dtype=float)
        alive = np.empty(len(y))
        for rows in np.array_split(np.arange(len(y)), max(1, -(-len(y) // ROWS))):
            r = (self.r + histories.purchases[rows])[:, None]
            alpha, beta = ((p + histories.seen[rows])[:, None] for p in (self.alpha, self.beta))
            # the share that has left by the time u, not u itself, runs evenly
            gone = -np.expm1(-self.s * np.log1p(horizon / beta))
            u = beta * np.expm1(-np.log1p(-gone * GRID) / self.s)
            leaves = log_negative_binomial(y[rows, None], r, alpha, np.maximum(u, 1e-300))
            stays = log_negative_binomial(y[rows, None], r, alpha, horizon) - self.s * np.log1p(
                horizon / beta
            )
            parts = np.hstack([stays, leaves + np.log(gone) + np.log(WEIGHTS)])
            alive[rows] = logsumexp(parts, axis=1)
        with np.errstate(divide="ignore"):
            log_alive = np.log(self.probability_alive(histories))
        return mix_with_none(alive, y, log_alive)

    def share_leaving(self, time: float) -> float:
        """Share of new customers who leave within `time`."""
        return float(-np.expm1(-self.s * np.log1p(time / self.beta)))


def fit_pareto_nbd(
    histories: Histories, *, inflated: bool = False, max_customers: int = 10_000, seed: int = 0
) -> ParetoNBD:
    """At which rates do customers buy, and at which do they leave?

    Parameters
    ----------
    histories : Histories
    inflated : bool
        Some customers never buy; their share is estimated too.
    max_customers : int
        Drawn with `seed` where there are more.
    seed : int

    Returns
    -------
    ParetoNBD
        By maximum likelihood from several starts. Where all customers leave at the same hazard, s and β run
        to large values with the hazard s/β between them.
    """

    def tell(point: np.ndarray, part: Histories) -> Told:
        r, s = np.exp(point[0]), np.exp(point[2])
        alpha, beta = np.exp(point[0] - point[1]), np.exp(point[2] - point[3])
        x, seen = part.purchases, part.seen
        ends = _weigh_ends(r, alpha, s, beta, part)
        total = np.logaddexp(ends.stayed, ends.left)
        stays, leaves = np.exp(ends.stayed - total), np.exp(ends.left - total)
        by_r = (
            digamma(r + x)
            - digamma(r)
            + np.log(alpha)
            - stays * np.log(alpha + seen)
            - leaves * ends.log_alpha
        )
        by_alpha = r / alpha - (r + x) * (stays / (alpha + seen) + leaves * ends.per_alpha)
        by_s = -stays * np.log1p(seen / beta) + leaves * (1 / s + np.log(beta) - ends.log_beta)
        by_beta = stays * (s / beta - s / (beta + seen)) + leaves * (s / beta - (s + 1) * ends.per_beta)
        values = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + total
        slopes = [r * by_r + alpha * by_alpha, -alpha * by_alpha, s * by_s + beta * by_beta, -beta * by_beta]
        if not inflated:
            return Told(values=values, slopes=slopes)
        buys = log_expit(-point[4]) + values
        mixed = np.where(x == 0, np.logaddexp(log_expit(point[4]), buys), buys)
        share = np.exp(buys - mixed)  # chance that a customer is one who buys
        return Told(values=mixed, slopes=[*(share * by for by in slopes), expit(-point[4]) - share])

    starts = [
        (np.log(r), 0.0, np.log(s), np.log(hazard), *([-2.5] if inflated else []))
        for r, s, hazard in (
            (0.4, 0.6, 1.5),
            (1.2, 0.6, 1.5),
            (1.2, 2.0, 0.3),
            (0.6, 0.3, 0.3),
            (1.2, 0.05, 20.0),
        )
    ]
    fitted, unit = maximise(tell, histories, starts, max_customers=max_customers, seed=seed)
    r, rate, s, hazard = (float(value) for value in np.exp(fitted.point[:4]))
    never = float(expit(fitted.point[4])) if inflated else 0.0
    return ParetoNBD(r=r, alpha=r / rate * unit, s=s, beta=s / hazard * unit, never=never, fitted=fitted)


def measure_leaving(point: np.ndarray, *, time: float) -> float:
    """Share who leave within `time` (in units of the fit's mean time seen), for :meth:`Fitted.interval`."""
    s, beta = np.exp(point[2]), np.exp(point[2] - point[3])
    return float(-np.expm1(-s * np.log1p(time / beta)))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ends:
    """Log likelihood of having stayed, and of having left; means over the moment u of leaving.

    The means are of log(α + u), 1/(α + u), log(β + u) and 1/(β + u).
    """

    stayed: np.ndarray
    left: np.ndarray
    log_alpha: np.ndarray
    per_alpha: np.ndarray
    log_beta: np.ndarray
    per_beta: np.ndarray


def _weigh_ends(r: float, alpha: float, s: float, beta: float, histories: Histories) -> _Ends:
    """Is the customer still there, or gone since the last purchase; and when, if gone?

    Both likelihoods without Γ(r + x)/Γ(r)·α^r. The second is ∫ s β^s (β + u)^−(s+1) (α + u)^−(r+x) du from
    t_x to T. With z = ((c + t_x) / (c + u))^(r+s+x), c being α or β, what is left under the integral is a
    power of (α + u) / (β + u): the smaller of the two powers decides for c.
    """
    x, last, seen = histories.purchases, histories.last, histories.seen
    order, by_alpha = r + s + x, s + 1 <= r + x
    base = np.where(by_alpha, alpha, beta)
    power = np.where(by_alpha, s + 1, -(r + x))
    floor = np.exp(-order * np.log((base + seen) / (base + last)))
    # the power is monotone in u: its larger end is taken out, so that nothing overflows
    ends = [power * (np.log(alpha + u) - np.log(beta + u)) for u in (last, seen)]
    peak = np.maximum(*ends)
    sums = np.zeros((5, len(x)))
    for node, weight in zip(ENDS, END_WEIGHTS, strict=True):
        u = (base + last) * np.exp(-np.log(floor + (1 - floor) * node) / order) - base
        to_alpha, to_beta = alpha + u, beta + u
        log_alpha, log_beta = np.log(to_alpha), np.log(to_beta)
        here = weight * np.exp(power * (log_alpha - log_beta) - peak)
        sums += here * np.stack([np.ones(len(x)), log_alpha, 1 / to_alpha, log_beta, 1 / to_beta])
    means = sums[1:] / sums[0]
    with np.errstate(divide="ignore"):
        left = peak + np.log(sums[0]) + np.log1p(-floor) - order * np.log(base + last) - np.log(order)
    return _Ends(
        stayed=-(r + x) * np.log(alpha + seen) - s * np.log1p(seen / beta),
        left=left + np.log(s) + s * np.log(beta),
        log_alpha=means[0],
        per_alpha=means[1],
        log_beta=means[2],
        per_beta=means[3],
    )
