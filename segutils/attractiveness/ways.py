"""The way from one weighting of attractiveness to another: exact breakpoints, no grid."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from segutils.attractiveness.rules import StatedRules
from segutils.statistics import portfolio
from segutils.statistics.portfolio import Axis, Judged, Rules

TIE = 1e-12


@dataclass(frozen=True, kw_only=True)
class Shift:
    """From the weights of today to those of another strategy.

    Parameters
    ----------
    rules : Rules
        Of today; the limits, the scales and the other axis stay.
    criteria : tuple of str
        All criteria of attractiveness of both weightings that are known.
    before, after : numpy.ndarray
        Their weights, as stated: below 1 in sum where a criterion is not known.
    """

    rules: Rules
    criteria: tuple[str, ...]
    before: np.ndarray
    after: np.ndarray

    def weigh(self, way: float) -> np.ndarray:
        """Weights on the way, 0 today to 1."""
        return (1 - way) * self.before + way * self.after

    def blend(self, way: float) -> Rules:
        """The rules on the way, as :func:`~segutils.statistics.portfolio.judge_groups` takes them."""
        weights = dict(zip(self.criteria, map(float, self.weigh(way)), strict=True))
        axis = Axis(weights=weights, lower=self.rules.attractiveness.lower)
        return Rules(
            attractiveness=axis,
            competitiveness=self.rules.competitiveness,
            limits=self.rules.limits,
            scales=self.rules.scales,
            marks=self.rules.marks,
            attractiveness_share=self.rules.attractiveness_share,
        )

    @property
    def furthest(self) -> float:
        """How far the same change could go on until a weight is used up; 1 is where it was stated to end."""
        falling = self.after < self.before - TIE
        return float((self.before[falling] / (self.before - self.after)[falling]).min(initial=np.inf))


def build_shift(now: StatedRules, then: StatedRules, *, rater: str = "") -> Shift:
    """The way between two stated weightings of attractiveness.

    Parameters
    ----------
    now, then : StatedRules
        With the same competitiveness and limits; what `now` says of them holds.
    rater : str
        One person's weights instead of the reconciled ones.

    Returns
    -------
    Shift
    """
    weights = [_read(stated, rater) for stated in (now, then)]
    known = list(dict.fromkeys([*now.rules.attractiveness.weights, *then.rules.attractiveness.weights]))
    before, after = (np.array([own.get(name, 0.0) for name in known]) for own in weights)
    return Shift(
        rules=now.of_rater(rater) if rater else now.rules, criteria=tuple(known), before=before, after=after
    )


def find_breaks(
    values: np.ndarray, measures: tuple[str, ...], shift: Shift, *, until: float = 1.0
) -> np.ndarray:
    """Where on the way do two groups draw level, or does one reach a mark of attractiveness?

    Each score is a ratio of two straight lines in the way (one straight line where every criterion is known
    of the group), so that both are roots of polynomials of second degree at most, solved exactly.

    Parameters
    ----------
    values : numpy.ndarray
        Group x measure.
    measures : tuple of str
    shift : Shift
    until : float
        The end of the way; 1 is where it was stated to end.

    Returns
    -------
    numpy.ndarray
        Sorted, strictly between 0 and `until`.
    """
    line = _Lines.read(values, measures, shift)
    coefficients = []
    for mark in shift.rules.marks:
        start = line.above[0] - mark * line.below[0]
        slope = line.above[1] - line.above[0] - mark * (line.below[1] - line.below[0])
        coefficients.append(np.stack([np.zeros_like(start), slope, start], axis=-1))
    left = np.flatnonzero(line.passes & np.isfinite(line.other) & (line.below[0] + line.below[1] > 0))
    one, two = (left[part] for part in np.triu_indices(len(left), 1))
    if len(one):
        coefficients.append(line.cross(one, two))
    return _solve(np.concatenate(coefficients), until)


def judge_way(values: np.ndarray, measures: tuple[str, ...], shift: Shift, ways: np.ndarray) -> Judged:
    """Scores of the groups at these places of the way (way x group)."""
    return _Lines.read(values, measures, shift).judge(np.asarray(ways, dtype=float))


def trace_way(
    values: np.ndarray, measures: tuple[str, ...], shift: Shift, *, until: float = 1.0
) -> tuple[np.ndarray, Judged]:
    """The pieces of the way within which nothing changes.

    Returns
    -------
    tuple of (numpy.ndarray, Judged)
        Where each piece begins (0 first), and the scores in its middle (piece x group).
    """
    edges = np.concatenate([[0.0], find_breaks(values, measures, shift, until=until), [until]])
    middles = np.array([(low + high) / 2 for low, high in pairwise(edges)])
    return edges[:-1], judge_way(values, measures, shift, middles)


@dataclass(frozen=True, kw_only=True)
class _Lines:
    """Scores on the way: sums of weighted scores over sums of known weights, at its two ends."""

    above: np.ndarray  # end x group
    below: np.ndarray
    other: np.ndarray  # competitiveness
    passes: np.ndarray
    share: float

    @classmethod
    def read(cls, values: np.ndarray, measures: tuple[str, ...], shift: Shift) -> _Lines:
        columns = [list(measures).index(name) for name in shift.criteria]
        scaled = portfolio.scale_measures(values[:, columns], shift.criteria, shift.rules.scales)
        told = np.isfinite(scaled).astype(float)
        weights = np.stack([shift.before, shift.after])
        judged = portfolio.judge_groups(values, measures, shift.rules)
        return cls(
            above=weights @ np.nan_to_num(scaled).T,
            below=weights @ told.T,
            other=judged.competitiveness,
            passes=judged.passes,
            share=shift.rules.attractiveness_share,
        )

    def judge(self, ways: np.ndarray) -> Judged:
        at = ways[:, None]
        above = (1 - at) * self.above[0] + at * self.above[1]
        below = (1 - at) * self.below[0] + at * self.below[1]
        score = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > TIE)
        other = np.broadcast_to(self.other, score.shape)
        return Judged(
            attractiveness=score,
            competitiveness=other,
            total=self.share * score + (1 - self.share) * other,
            known=below,
            passes=np.broadcast_to(self.passes, score.shape),
        )

    def cross(self, one: np.ndarray, two: np.ndarray) -> np.ndarray:
        """Polynomials (highest power first) that are 0 where two groups have the same total."""
        lead = (1 - self.share) * (self.other[one] - self.other[two])
        a, b = (np.stack([m[0], m[1] - m[0]], axis=-1) for m in (self.above, self.below))
        first, second = _times(a[one], b[two]), _times(a[two], b[one])
        return self.share * (first - second) + lead[:, None] * _times(b[one], b[two])


def _times(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Products of lines (start, slope): coefficients of the second, first and zeroth power."""
    middle = left[:, 0] * right[:, 1] + left[:, 1] * right[:, 0]
    return np.stack([left[:, 1] * right[:, 1], middle, left[:, 0] * right[:, 0]], axis=-1)


def _solve(coefficients: np.ndarray, until: float) -> np.ndarray:
    """Distinct real roots strictly inside of (0, `until`) of polynomials of second degree at most."""
    a, b, c = np.where(np.abs(coefficients) < TIE, 0.0, coefficients).T
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(b**2 - 4 * a * c)
        stable = -0.5 * (b + np.where(b >= 0, 1.0, -1.0) * root)
        both = np.concatenate([np.where(a != 0, stable / a, np.nan), c / stable])
    inside = np.sort(both[np.isfinite(both) & (both > TIE) & (both < until - TIE)])
    return inside[np.concatenate([[True], np.diff(inside) > TIE])] if len(inside) else inside


def _read(stated: StatedRules, rater: str) -> dict[str, float]:
    """Weights as stated, of all criteria, known or not."""
    if not rater:
        return dict(stated.stated.attractiveness.weights)
    own = stated.attractiveness.raters
    own = own[own.rater == rater]
    return dict(zip(own.criterion, own.weight.astype(float), strict=True))
