"""How far apart are two sets of customers on several measures at once, and how surely is that known?

The distance is the root mean square of the differences between the two sets' means, one per measure, in the
measures' own units: standardised values give standard deviations. It is corrected for the noise of the means
(a small set is not far from everything by chance), and is judged against a bound, so that "alike" can be
shown as well as "apart"; both are undecided where the data do not say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammainc, gammaincc

FEW = 2  # a variance needs two values


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Means of several measures in one set of customers.

    Parameters
    ----------
    known : numpy.ndarray of int
        Per measure, how many customers it is known of.
    means : numpy.ndarray
        NaN where a measure is known of nobody.
    noise : numpy.ndarray
        Covariance of the means (measure x measure).
    """

    known: np.ndarray
    means: np.ndarray
    noise: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Distance:
    """A distance and its interval; NaN where too little is known."""

    value: float
    low: float
    high: float


NOTHING = Distance(value=np.nan, low=np.nan, high=np.nan)


def measure_moments(values: np.ndarray) -> Moments:
    """Where does a set of customers stand on each measure, and how surely?

    Parameters
    ----------
    values : numpy.ndarray
        Customer x measure; NaN where a measure is not known of a customer.

    Returns
    -------
    Moments
    """
    told = np.isfinite(values)
    known = told.sum(axis=0)
    filled = np.where(told, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = filled.sum(axis=0) / known
        centred = np.where(told, values - means, 0.0)
        both = (told.T.astype(float)) @ told
        noise = (centred.T @ centred) / (both - 1) * both / np.outer(known, known)
    noise[~np.isfinite(noise)] = 0.0
    return Moments(known=known, means=np.where(known > 0, means, np.nan), noise=noise)


def measure_distance(
    one: Moments, other: Moments, *, confidence: float = 0.95, min_known: int = FEW
) -> Distance:
    """How far apart are two sets of different customers?

    The squared length of the difference of the means, less what noise adds to it on average, per measure. Its
    distribution at a given true distance is taken as a gamma distribution with the mean and the variance of
    the quadratic form (Patnaik 1949, *Biometrika* 36, 202-232, for the noncentral chi-square); the interval
    holds the distances at which the observed one is not extreme.

    Parameters
    ----------
    one, other : Moments
        Of the same measures, of customers who are in one of the two sets only.
    confidence : float
        Of the interval, 0-1.
    min_known : int
        Measures known of fewer customers on either side are left out.

    Returns
    -------
    Distance
        NaN where no measure is left.
    """
    form = _Form.of(one, other, min_known=min_known)
    if form is None:
        return NOTHING
    tail = (1 - confidence) / 2
    far = np.sqrt(form.observed / form.measures) + 1.0
    while form.p_alike(far) > tail:
        far *= 2
    low = high = 0.0
    if form.p_apart(0.0) < tail:
        low = float(brentq(lambda bound: form.p_apart(bound) - tail, 0.0, far))
    if form.p_alike(0.0) > tail:
        high = float(brentq(lambda bound: form.p_alike(bound) - tail, 0.0, far))
    excess = max(form.observed - form.noise, 0.0)
    return Distance(value=float(np.sqrt(excess / form.measures)), low=low, high=high)


def judge_distance(
    one: Moments, other: Moments, *, bound: float, min_known: int = FEW
) -> tuple[float, float]:
    """Are two sets nearer to each other than `bound`, or farther apart?

    Returns
    -------
    tuple of float
        p-values of "farther" (low: they are alike) and of "nearer" (low: they are apart), each one-sided; NaN
        where no measure is left. They say the same as the interval of :func:`measure_distance` beside the
        bound.
    """
    form = _Form.of(one, other, min_known=min_known)
    return (np.nan, np.nan) if form is None else (form.p_alike(bound), form.p_apart(bound))


def locate_between(
    middle: Moments, start: Moments, end: Moments, *, min_known: int = FEW
) -> tuple[float, float]:
    """Where does a set lie on the way from one set to another, and how far beside that way?

    Returns
    -------
    tuple of float
        Position (0: at `start`, 1: at `end`; not beyond) and distance from that point, corrected for noise
        like :func:`measure_distance`. NaN where no measure is left or the ends coincide. A set that mixes
        customers of both ends lies on the way, at the share of those from `end`.
    """
    used = np.minimum(np.minimum(middle.known, start.known), end.known) >= min_known
    way = (end.means - start.means)[used]
    length = float(way @ way)
    if not used.any() or length <= 0:
        return np.nan, np.nan
    position = float(np.clip((middle.means - start.means)[used] @ way / length, 0.0, 1.0))
    beside = (middle.means - start.means)[used] - position * way
    grid = np.ix_(used, used)
    noise = middle.noise[grid] + (1 - position) ** 2 * start.noise[grid] + position**2 * end.noise[grid]
    if 0 < position < 1:  # the component along the way is gone from the rest
        along = way / np.sqrt(length)
        noise = noise - np.outer(along, along) * float(along @ noise @ along)
    excess = max(float(beside @ beside) - float(np.trace(noise)), 0.0)
    return position, float(np.sqrt(excess / used.sum()))


@dataclass(frozen=True, kw_only=True)
class _Form:
    """The squared length of a difference of means, as a quadratic form of normal variables."""

    observed: float
    measures: int
    noise: float
    spread: float
    along: float

    @classmethod
    def of(cls, one: Moments, other: Moments, *, min_known: int) -> _Form | None:
        used = np.minimum(one.known, other.known) >= max(min_known, FEW)
        if not used.any():
            return None
        gap = (one.means - other.means)[used]
        noise = (one.noise + other.noise)[np.ix_(used, used)]
        observed = float(gap @ gap)
        total = float(np.trace(noise))
        if total <= 0:  # nothing varies: any distance is certain
            noise, total = np.eye(len(gap)) * 1e-12, 1e-12 * len(gap)
        along = float(gap @ noise @ gap) / observed if observed > 0 else total / len(gap)
        return cls(
            observed=observed,
            measures=len(gap),
            noise=total,
            spread=2 * float((noise * noise).sum()),
            along=along,
        )

    def _curve(self, bound: float) -> tuple[float, float]:
        """Shape and scaled value of the gamma distribution at a true distance."""
        far = self.measures * bound**2
        mean, variance = self.noise + far, self.spread + 4 * far * self.along
        return mean**2 / variance, self.observed * mean / variance

    def p_apart(self, bound: float) -> float:
        return float(gammaincc(*self._curve(bound)))

    def p_alike(self, bound: float) -> float:
        return float(gammainc(*self._curve(bound)))
