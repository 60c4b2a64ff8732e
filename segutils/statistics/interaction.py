"""Does a treatment work differently in different groups, or is one effect enough for all?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, xlogy
from scipy.stats import chi2

from segutils.statistics.rates import Counts

ROUNDS = 60
SMALLEST = 1e-9


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """A test statistic, its degrees of freedom and its p-value (NaN where there is nothing to test)."""

    statistic: float
    degrees: int
    p_value: float


def interaction_in_points(counts: Counts) -> Interaction:
    """Do the differences in points depend on the group, beyond what depends on the stratum?

    Generalised least squares on the differences of all cells: stratum effects alone against stratum and group
    effects; the gain in fit is Cochran's Q (1954, *Biometrics* 10, 417-451), with one stratum the usual one.
    Variances after adding one responder and one other to each arm (Agresti and Caffo 2000), so that a cell
    where nobody responded does not count as certain.

    Parameters
    ----------
    counts : Counts
        stratum x group; 0 where a cell is empty.

    Returns
    -------
    Interaction
    """
    used = (counts.of > 0) & (counts.control_of > 0)
    strata, groups = np.nonzero(used)
    if not len(strata):
        return Interaction(statistic=np.nan, degrees=0, p_value=np.nan)
    n, m = counts.of[used] + 2.0, counts.control_of[used] + 2.0
    p, q = (counts.hits[used] + 1) / n, (counts.control_hits[used] + 1) / m
    weight = np.sqrt(1 / (p * (1 - p) / n + q * (1 - q) / m))
    base, full = _design(strata, groups)
    misfit = [_residual(part * weight[:, None], (p - q) * weight) for part in (base, full)]
    return _judge(misfit[0] - misfit[1], _rank(full) - _rank(base))


def interaction_in_odds(counts: Counts) -> Interaction:
    """Do the odds ratios depend on the group, beyond what depends on the stratum?

    Likelihood ratio of two logistic models: an intercept per cell and a treatment effect per stratum, against
    the same with a treatment effect per group in addition.

    Parameters
    ----------
    counts : Counts
        stratum x group.

    Returns
    -------
    Interaction
    """
    used = (counts.of > 0) & (counts.control_of > 0)
    strata, groups = np.nonzero(used)
    if not len(strata):
        return Interaction(statistic=np.nan, degrees=0, p_value=np.nan)
    hits = np.concatenate([counts.hits[used], counts.control_hits[used]]).astype(float)
    of = np.concatenate([counts.of[used], counts.control_of[used]]).astype(float)
    cells = np.tile(np.eye(len(strata)), (2, 1))
    base, full = _design(strata, groups)
    designs = [np.hstack([cells, np.vstack([part, np.zeros_like(part)])]) for part in (base, full)]
    likelihood = [_fit_logistic(design, hits, of) for design in designs]
    return _judge(2 * (likelihood[1] - likelihood[0]), _rank(full) - _rank(base))


def _design(strata: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns per stratum; columns per stratum and per group."""
    base = (strata[:, None] == np.unique(strata)).astype(float)
    return base, np.hstack([base, (groups[:, None] == np.unique(groups)).astype(float)])


def _rank(design: np.ndarray) -> int:
    return int(np.linalg.matrix_rank(design))


def _residual(design: np.ndarray, values: np.ndarray) -> float:
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return float(((values - fitted) ** 2).sum())


def _fit_logistic(design: np.ndarray, hits: np.ndarray, of: np.ndarray) -> float:
    """Log likelihood of grouped responses at its maximum (Newton's steps; minimum norm where not unique)."""
    beta = np.zeros(design.shape[1])
    best = -np.inf
    for _ in range(ROUNDS):
        rate = np.clip(expit(design @ beta), SMALLEST, 1 - SMALLEST)
        now = float((xlogy(hits, rate) + xlogy(of - hits, 1 - rate)).sum())
        if now - best < 1e-9 and np.isfinite(best):
            return max(now, best)
        best = max(now, best)
        root = np.sqrt(of * rate * (1 - rate))
        beta = beta + np.linalg.lstsq(design * root[:, None], (hits - of * rate) / root, rcond=1e-10)[0]
        beta = np.clip(beta, -25, 25)
    return best


def _judge(statistic: float, degrees: int) -> Interaction:
    if degrees < 1:
        return Interaction(statistic=np.nan, degrees=0, p_value=np.nan)
    statistic = max(float(statistic), 0.0)
    return Interaction(statistic=statistic, degrees=degrees, p_value=float(chi2.sf(statistic, degrees)))
