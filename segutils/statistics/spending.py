"""What a customer spends per purchase, from few purchases: the gamma-gamma model of spend.

Colombo and Jiang (1999); Fader, Hardie and Lee (2005b). Amounts of one customer are gamma distributed with
shape p around a level of their own; levels differ between customers (inverse gamma, q and v). How much a
customer spends is taken to be unrelated to how often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln

from segutils.errors import InputError


@dataclass(frozen=True, kw_only=True)
class GammaGamma:
    """p: shape of a customer's amounts; q, v: shape and scale of the differences between customers."""

    p: float
    q: float
    v: float
    log_likelihood: float = float("nan")

    @property
    def mean_spend(self) -> float:
        """Amount per purchase to be expected of a customer of whom nothing is known."""
        return self.p * self.v / (self.q - 1) if self.q > 1 else float("nan")

    def expected_spend(self, mean: np.ndarray, purchases: np.ndarray) -> np.ndarray:
        """Amount per purchase to be expected: own mean and usual mean, weighted by the number of purchases.

        Parameters
        ----------
        mean : array-like of float
            Amount per purchase so far; ignored where there is none.
        purchases : array-like of float

        Returns
        -------
        numpy.ndarray
        """
        x = np.asarray(purchases, dtype=float)
        own = np.where(x > 0, np.asarray(mean, dtype=float), 0.0)
        return self.p * (self.v + x * own) / (self.p * x + self.q - 1)


def fit_gamma_gamma(
    mean: np.ndarray, purchases: np.ndarray, *, max_customers: int = 50_000, seed: int = 0
) -> GammaGamma:
    """How much do amounts differ within and between customers?

    Parameters
    ----------
    mean : array-like of float
        Amount per purchase of each customer, above 0.
    purchases : array-like of float
        From how many purchases.
    max_customers, seed : int
        Customers drawn with `seed` where there are more.

    Returns
    -------
    GammaGamma
        By maximum likelihood; q above 1, without which no mean exists.

    Raises
    ------
    InputError
        If there are fewer than three customers, or a mean or number is not above 0.
    """
    m, x = np.asarray(mean, dtype=float), np.asarray(purchases, dtype=float)
    if len(m) < 3 or not ((m > 0) & (x > 0)).all():
        raise InputError(
            "amounts per purchase cannot be modelled",
            where="mean, purchases",
            fix="give at least three customers, each with a purchase and an amount above 0",
        )
    if len(m) > max_customers:
        rows = np.random.default_rng(seed).permutation(len(m))[:max_customers]
        m, x = m[rows], x[rows]
    unit = float(np.exp(np.log(m).mean()))
    z = m / unit

    def loss(point: np.ndarray) -> float:
        p, q, v = np.exp(point[0]), 1 + np.exp(point[1]), np.exp(point[2])
        value = -betaln(p * x, q) + q * np.log(v) + (p * x - 1) * np.log(z)
        value = value + p * x * np.log(x) - (p * x + q) * np.log(x * z + v)
        return float(-value.mean())

    found = [
        minimize(
            loss,
            np.log([p, q - 1, (q - 1) / p]),
            method="L-BFGS-B",
            jac="3-point",
            bounds=[(-8, 8), (-8, 8), (-14, 14)],
            options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500},
        )
        for p, q in ((1.0, 2.0), (5.0, 4.0), (20.0, 3.0))
    ]
    best = min(found, key=lambda result: result.fun)
    p, q, v = float(np.exp(best.x[0])), float(1 + np.exp(best.x[1])), float(np.exp(best.x[2]))
    total = -best.fun * len(m) - len(m) * np.log(unit)
    return GammaGamma(p=p, q=q, v=v * unit, log_likelihood=float(total))


@dataclass(frozen=True, kw_only=True)
class LogNormalSpend:
    """Logarithms of amounts: usual level, variance between customers and between purchases of one."""

    level: float
    between: float
    within: float

    @property
    def mean_spend(self) -> float:
        """Amount per purchase of the middle customer: what is expected of one of whom nothing is known."""
        return float(np.exp(self.level))

    def expected_spend(self, mean: np.ndarray, purchases: np.ndarray) -> np.ndarray:
        """Own mean and usual level, weighted as logarithms; see :meth:`GammaGamma.expected_spend`."""
        x = np.asarray(purchases, dtype=float)
        own = np.log(np.where(x > 0, np.maximum(np.asarray(mean, dtype=float), 1e-12), 1.0))
        weight = self.between * x / np.maximum(self.between * x + self.within, 1e-300)
        return np.exp(self.level + np.where(x > 0, weight * (own - self.level), 0.0))


def fit_log_normal(mean: np.ndarray, purchases: np.ndarray) -> LogNormalSpend:
    """How much do amounts differ, if they do so by factors?

    Where a few customers buy for a hundred times as much as the others, gamma-gamma has no finite mean; on
    the logarithmic scale differences stay within bounds.

    Parameters
    ----------
    mean, purchases
        As for :func:`fit_gamma_gamma`.

    Returns
    -------
    LogNormalSpend
        By maximum likelihood of log means with variance between + within / purchases.
    """
    own, x = np.log(np.asarray(mean, dtype=float)), np.asarray(purchases, dtype=float)

    def loss(point: np.ndarray) -> float:
        variance = np.exp(point[0]) + np.exp(point[1]) / x
        level = (own / variance).sum() / (1 / variance).sum()
        return float((np.log(variance) + (own - level) ** 2 / variance).mean())

    spread = np.log(max(own.var(), 1e-6))
    bounds = [(spread - 12, spread + 3), (spread - 12, spread + 6)]
    found = [
        minimize(loss, [spread, spread + more], method="L-BFGS-B", jac="3-point", bounds=bounds)
        for more in (-2.0, 0.0, 2.0)
    ]
    between, within = np.exp(min(found, key=lambda result: result.fun).x)
    variance = between + within / x
    level = (own / variance).sum() / (1 / variance).sum()
    return LogNormalSpend(level=float(level), between=float(between), within=float(within))
