"""How many customers of a group leave in a year, when nobody tells: one hazard for the whole group.

Customers buy at gamma distributed rates (shape r, rate α) until they leave, at the same constant hazard μ; a
share of them never buys. It is the limit of the zero-inflated Pareto/NBD
(:mod:`segutils.statistics.pareto_nbd`) where hazards do not differ, and has no ridge: in groups with few
silent customers the Pareto/NBD's two parameters of leaving cannot be told apart, and a resample may put them
anywhere. Half a customer who left is added (Jeffreys' prior of a rate): that none of forty has left yet does
not show that nobody ever will.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, gammaln

from segutils.statistics.buying import Histories

NODES = 32
GRID, WEIGHTS = np.polynomial.legendre.leggauss(NODES)
GRID, WEIGHTS = (GRID + 1) / 2, WEIGHTS / 2  # on 0-1
STEP = 1e-4  # of the logarithms of parameters, for derivatives
HALF = 0.5  # customers who left that are added
# of a point, in units of the mean time seen; a resample may lie further out
BOUNDS = np.array([(-6.0, 6.0), (-12.0, 12.0), (-12.0, 4.0), (-12.0, 6.0)])
REACH = 12.0
FLAT = 1e-3  # curvature below which a direction counts as known


@dataclass(frozen=True, kw_only=True, eq=False)
class Leaving:
    """A group's rates and its hazard, and what each customer's history adds to their uncertainty.

    Parameters
    ----------
    point : numpy.ndarray
        Logarithms of r, of the mean rate r/α and of μ, and the log odds of the share who never buy; times in
        the unit of the histories.
    influence : numpy.ndarray
        Customer x parameter: by how much the point moves when the customer counts once more.
    added : numpy.ndarray
        The same of one customer more who left, of whom nothing else is known.
    log_likelihood : float
    """

    point: np.ndarray
    influence: np.ndarray
    added: np.ndarray
    log_likelihood: float

    @property
    def hazard(self) -> float:
        """Leaving per unit of time, of those who are still there."""
        return float(np.exp(self.point[2]))

    @property
    def never(self) -> float:
        """Share of customers who never buy."""
        return float(expit(self.point[3]))

    def share_leaving(self, time: float) -> float:
        """Share of those who are still there that leaves within `time`."""
        return float(-np.expm1(-self.hazard * time))

    def probability_alive(self, histories: Histories) -> np.ndarray:
        """Chance that a customer buys at all and has not left by the end of the observation."""
        parts = _weigh(self.point, histories)
        return np.exp(parts[0] - parts.max(axis=0)) / np.exp(parts - parts.max(axis=0)).sum(axis=0)

    def expected_rate(self, histories: Histories) -> np.ndarray:
        """Purchases per unit of time to be expected of a customer who is still there."""
        r, rate = np.exp(self.point[:2])
        return (r + histories.purchases) / (r / rate + histories.seen)

    def usual_rate(self, histories: Histories) -> np.ndarray:
        """Purchases per unit of time while the customer was there, whether or not it has left since.

        The mean given the history: as weights of a fit it leaves the hazard unbiased, since weighted by it
        the histories are those of customers whose rates are gamma distributed with shape r + 1.
        """
        r, rate, hazard = np.exp(self.point[:3])
        alpha, x = r / rate, histories.purchases
        parts = _weigh(self.point, histories)
        stayed, left = np.exp(parts[:2] - np.logaddexp.reduce(parts, axis=0))
        more, same = (_log_integral(shape, alpha, hazard, histories) for shape in (r + 1, r))
        can = np.isfinite(same)  # not of a customer who bought on the last day
        gone = np.exp(np.where(can, more, 0.0) - np.where(can, same, 0.0))
        return (r + x) * (stayed / (alpha + histories.seen) + left * gone)

    def redraw(self, weights: np.ndarray, *, half: float = HALF) -> Leaving:
        """What another sample of the same customers would have given, to first order.

        Parameters
        ----------
        weights : numpy.ndarray
            How much each customer counts in the sample: exponential numbers for the Bayesian bootstrap (Rubin
            1981), by which k who left count as a gamma of shape k, or how often it was drawn.
        half : float
            How many customers who left are added; drawn from a gamma distribution of shape 0.5 it says how
            little is known where hardly anybody has left.

        Returns
        -------
        Leaving
            One step from the point along the customers' influence (the score bootstrap of Kline and Santos
            2012): a refit would find the same but for terms that vanish with the number of customers. The
            hazard itself moves in proportion, the others by their logarithms.
        """
        step = (np.asarray(weights, dtype=float) - 1) @ self.influence + (half - HALF) * self.added
        step[2] = np.log(max(1 + step[2], 1e-6))
        moved = np.clip(self.point + step, BOUNDS[:, 0] - REACH, BOUNDS[:, 1] + REACH)
        return replace(self, point=moved)


def fit_leaving(
    histories: Histories, *, weights: np.ndarray | None = None, start: Leaving | None = None
) -> Leaving:
    """At which hazard do the customers of this group leave?

    Parameters
    ----------
    histories : Histories
        Of one group.
    weights : numpy.ndarray, optional
        What each customer counts, such as what it is worth: then the hazard is the one at which worth leaves,
        even if the customers who are worth little leave more.
    start : Leaving, optional
        A fit of the same histories under other weights, to begin the search with.

    Returns
    -------
    Leaving
        By maximum (weighted) likelihood from several starts, with half a customer more who left.
    """
    counts = np.ones(len(histories)) if weights is None else np.asarray(weights, dtype=float)
    counts = counts / counts.mean()
    unit = float(histories.seen.mean())
    scaled = histories.scale(unit)
    level = np.log(max((counts * scaled.purchases).mean(), 0.5 / len(scaled)))

    def loss(point: np.ndarray) -> float:
        value = -(counts @ _tell(point, scaled) + HALF * point[2]) / len(scaled)
        return float(value) if np.isfinite(value) else 1e10

    shift = np.array([0.0, -np.log(unit), -np.log(unit), 0.0])
    starts = [np.array([shape, level, np.log(hazard), -2.5]) for shape, hazard in ((0.0, 0.1), (1.0, 0.6))]
    if start is not None:
        starts = [np.clip(start.point - shift, BOUNDS[:, 0] + STEP, BOUNDS[:, 1] - STEP)]
    options = {"ftol": 1e-12, "gtol": 1e-7, "maxiter": 300}
    how = {"method": "L-BFGS-B", "bounds": BOUNDS, "options": options}
    tried = [minimize(loss, start, **how) for start in starts]
    best = min(tried, key=lambda found: found.fun)
    best = minimize(loss, best.x, jac="3-point", **how)
    inverse = _invert(_curvature(lambda point: counts @ _tell(point, scaled) + HALF * point[2], best.x))
    return Leaving(
        point=best.x + shift,
        influence=counts[:, None] * _slopes(best.x, scaled) @ inverse,
        added=inverse[2],
        log_likelihood=float(counts @ _tell(best.x, scaled) - counts @ scaled.purchases * np.log(unit)),
    )


def _slopes(point: np.ndarray, histories: Histories) -> np.ndarray:
    """Slope of each customer's log likelihood by each parameter."""
    steps = STEP * np.eye(len(point))
    parts = [(_tell(point + s, histories) - _tell(point - s, histories)) / (2 * STEP) for s in steps]
    return np.stack(parts, axis=1)


def _curvature(total: Callable[[np.ndarray], float], point: np.ndarray) -> np.ndarray:
    """Negative second derivatives."""
    steps = 10 * STEP * np.eye(len(point))
    found = np.empty((len(point), len(point)))
    for i, one in enumerate(steps):
        for j, two in enumerate(steps):
            corners = [total(point + a * one + b * two) * a * b for a in (1, -1) for b in (1, -1)]
            found[i, j] = -sum(corners) / (4 * (10 * STEP) ** 2)
    return (found + found.T) / 2


def _invert(information: np.ndarray) -> np.ndarray:
    """Inverse of the curvature; directions without any stay where they are."""
    values, vectors = np.linalg.eigh(information)
    inverse = np.where(values > FLAT, 1 / np.maximum(values, FLAT), 0.0)
    return (vectors * inverse) @ vectors.T


def _tell(point: np.ndarray, histories: Histories) -> np.ndarray:
    """Log likelihood of each customer."""
    return np.logaddexp.reduce(_weigh(point, histories), axis=0)


def _weigh(point: np.ndarray, histories: Histories) -> np.ndarray:
    """Log likelihoods of having stayed, of having left since the last purchase, and of never buying."""
    r, rate, hazard = np.exp(point[:3])
    alpha, x = r / rate, histories.purchases
    buys = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - np.logaddexp(0.0, point[3])
    stayed = buys - (r + x) * np.log(alpha + histories.seen) - hazard * histories.seen
    left = buys + np.log(hazard) + _log_integral(r, alpha, hazard, histories)
    never = np.where(x == 0, -np.logaddexp(0.0, -point[3]), -np.inf)
    return np.stack([stayed, left, never])


def _log_integral(r: float, alpha: float, hazard: float, histories: Histories) -> np.ndarray:
    """Log of ∫ e^(−μu) (α + u)^−(r+x) du from the last purchase to the end.

    With y = ((α + t) / (α + u))^q and q = r + x − 1 what is left under the integral is e^(−μu), which is
    smooth; q may be negative, and is kept away from 0.
    """
    q = r + histories.purchases - 1
    q = np.where(np.abs(q) < 1e-6, 1e-6, q)
    begin, end = alpha + histories.last, alpha + histories.seen
    floor = np.exp(q * (np.log(begin) - np.log(end)))
    y = floor[:, None] + (1 - floor)[:, None] * GRID
    later = begin[:, None] * np.expm1(-np.log(y) / q[:, None])  # u − t, at least 0
    area = (np.exp(-hazard * later) @ WEIGHTS) * (1 - floor) / q
    with np.errstate(divide="ignore"):
        return np.log(area) - q * np.log(begin) - hazard * histories.last
