"""Attractiveness and competitiveness of groups of customers: knock-outs first, then scores, then verdicts.

Nothing here knows what the groups are: the same rules judge validated segments, the client's own groups, and
the groups of a thousand resamples at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.formats import join_words
from segutils.statistics.decisions import scale_between
from segutils.statistics.topsis import score_topsis

# What would be worth nothing and what could hardly be better; a size is the share of all groups' market.
SCALES: Mapping[str, tuple[float, float]] = {
    "market_growth": (-0.05, 0.10),
    "market_size": (0.0, 0.4),
    "margin_rate": (0.0, 0.6),
    "cost_to_serve": (0.3, 0.0),
    "market_share": (0.0, 0.2),
    "win_rate": (0.0, 0.8),
    "satisfaction": (0.4, 1.0),
    "price_gap": (0.15, -0.15),
    "net_revenue": (0.0, 0.4),
    "reach": (0.0, 1.0),
}
OF_ALL = frozenset(["market_size", "net_revenue"])  # judged as a share of all groups'
TARGET, MAINTAIN, DROP = "target", "maintain", "drop"


@dataclass(frozen=True, kw_only=True)
class Axis:
    """Criteria of one axis of the matrix with their weights, and those of which less is better."""

    weights: Mapping[str, float]
    lower: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How groups are judged.

    Parameters
    ----------
    attractiveness, competitiveness : Axis
    limits : pandas.DataFrame
        ``measure, min, max``: what misses one is out.
    scales : mapping of str to (float, float)
        Worst and best of each criterion.
    marks : (float, float)
        Scores (0-1) from which a group is middling and strong on an axis: thirds, as in the matrix of nine
        fields of General Electric and McKinsey.
    attractiveness_share : float
        How much attractiveness counts in the total (0-1).
    """

    attractiveness: Axis
    competitiveness: Axis
    limits: pd.DataFrame
    scales: Mapping[str, tuple[float, float]]
    marks: tuple[float, float] = (1 / 3, 2 / 3)
    attractiveness_share: float = 0.5

    @property
    def weights(self) -> dict[str, float]:
        """Weights of all criteria in the total; they make 1."""
        share = self.attractiveness_share
        total = {}
        for axis, part in ((self.attractiveness, share), (self.competitiveness, 1 - share)):
            for name, weight in axis.weights.items():
                total[name] = total.get(name, 0.0) + part * weight / sum(axis.weights.values())
        return total

    @property
    def lower(self) -> frozenset[str]:
        """Criteria of which less is better."""
        return self.attractiveness.lower | self.competitiveness.lower

    def reweigh(self, attractiveness: np.ndarray, competitiveness: np.ndarray) -> Rules:
        """The same rules under other weights, in the order of the criteria."""
        axes = {
            name: replace(axis, weights=dict(zip(axis.weights, map(float, drawn), strict=True)))
            for name, axis, drawn in (
                ("attractiveness", self.attractiveness, attractiveness),
                ("competitiveness", self.competitiveness, competitiveness),
            )
        }
        return replace(self, **axes)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Scores of groups, in one or in many samples (sample x group; `known` group x axis of the first).

    Parameters
    ----------
    attractiveness, competitiveness, total : numpy.ndarray
        0-1; a criterion that is not known of a group is left out and the others weigh more.
    known : numpy.ndarray
        Share of the total weight that is known.
    passes : numpy.ndarray of bool
        No limit is missed.
    """

    attractiveness: np.ndarray
    competitiveness: np.ndarray
    total: np.ndarray
    known: np.ndarray
    passes: np.ndarray

    def first(self) -> np.ndarray:
        """The group with the highest total among those that pass, per sample; -1 where none passes."""
        ranked = np.where(self.passes, np.nan_to_num(self.total, nan=-1.0), -2.0)
        return np.where(self.passes.any(axis=-1), ranked.argmax(axis=-1), -1)

    def ranks(self) -> np.ndarray:
        """Each group's place by total among those that pass (1 is first), per sample; 0 where one is out."""
        ranked = np.where(self.passes, np.nan_to_num(self.total, nan=-1.0), -2.0)
        order = np.argsort(-ranked, axis=-1, kind="stable")
        places = np.empty(order.shape, dtype=int)
        np.put_along_axis(
            places, order, np.broadcast_to(np.arange(order.shape[-1]) + 1, order.shape), axis=-1
        )
        return np.where(self.passes, places, 0)

    def verdicts(self, rules: Rules) -> np.ndarray:
        """Per sample and group: target (strong on one axis and not weak on the other), maintain or drop.

        Each axis gives 0 (weak), 1 (middling) or 2 (strong); 3 and more is a target, 2 is maintained, less is
        dropped, as in the matrix of nine fields. What misses a limit is dropped.
        """
        places = sum(
            (np.nan_to_num(axis)[..., None] >= np.array(rules.marks)).sum(axis=-1)
            for axis in (self.attractiveness, self.competitiveness)
        )
        kept = np.where(places >= 3, TARGET, np.where(places == 2, MAINTAIN, DROP))
        return np.where(self.passes, kept, DROP)


def read_scales(stated: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Scales of a notebook's parameter over this playbook's own: ``"margin_rate: 0 to 0.6"``.

    Raises
    ------
    InputError
        If a line cannot be read, or both ends are the same.
    """
    scales = dict(SCALES)
    for line in stated:
        name, _, ends = line.partition(":")
        worst, word, best = ends.partition(" to ")
        try:
            found = (float(worst), float(best)) if word else (0.0, 0.0)
        except ValueError:
            found = (0.0, 0.0)
        if found[0] == found[1]:
            raise InputError(
                f"the scale '{line}' cannot be read",
                where="parameter matrix_scales",
                fix="write measure: worst to best, such as margin_rate: 0 to 0.6",
            )
        scales[name.strip()] = found
    return scales


def scale_measures(
    values: np.ndarray, names: Sequence[str], scales: Mapping[str, tuple[float, float]]
) -> np.ndarray:
    """Measures (… x group x measure) on their stated scales, 0-1, higher is better; NaN stays NaN.

    Raises
    ------
    InputError
        If a measure has no scale.
    """
    if missing := [name for name in names if name not in scales]:
        raise InputError(
            f"there is no scale for {join_words(missing)}",
            where="parameter matrix_scales",
            fix=f"state one, such as '{missing[0]}: 0 to 1' (worst to best)",
        )
    scaled = np.empty(values.shape)
    for n, name in enumerate(names):
        column = values[..., n]
        if name in OF_ALL:
            whole = np.nansum(column, axis=-1, keepdims=True)
            column = np.divide(column, whole, out=np.zeros(column.shape), where=whole > 0)
        scaled[..., n] = scale_between(column, worst=scales[name][0], best=scales[name][1])
    return scaled


def judge_groups(
    values: np.ndarray,
    names: Sequence[str],
    rules: Rules,
    *,
    weights: tuple[np.ndarray, np.ndarray] | None = None,
) -> Judged:
    """How attractive is each group, how well do we compete there, and does it pass the limits?

    Parameters
    ----------
    values : numpy.ndarray
        Sample x group x measure (or group x measure).
    names : sequence of str
        The measures.
    rules : Rules
        Criteria that are not among `names` must have been left out (see :func:`keep_known`).
    weights : tuple of numpy.ndarray, optional
        For attractiveness and competitiveness, sample x criterion in the order of the rules: other weights
        for each sample, such as those of :func:`draw_weights`.

    Returns
    -------
    Judged
    """
    names, parts, known = list(names), [], []
    for n, axis in enumerate((rules.attractiveness, rules.competitiveness)):
        columns = [names.index(name) for name in axis.weights]
        scaled = scale_measures(values[..., columns], list(axis.weights), rules.scales)
        counts = np.array(list(axis.weights.values()), dtype=float) if weights is None else weights[n]
        counts = counts / counts.sum(axis=-1, keepdims=True)
        told = np.isfinite(scaled) * (counts if weights is None else counts[:, None, :])
        known.append(told.sum(axis=-1))
        total = (np.nan_to_num(scaled) * told).sum(axis=-1)
        parts.append(np.divide(total, known[-1], out=np.full(total.shape, np.nan), where=known[-1] > 0))
    share = np.array([rules.attractiveness_share, 1 - rules.attractiveness_share])
    return Judged(
        attractiveness=parts[0],
        competitiveness=parts[1],
        total=share[0] * parts[0] + share[1] * parts[1],
        known=share[0] * known[0] + share[1] * known[1],
        passes=np.broadcast_to(keep_limits(values, names, rules.limits), parts[0].shape),
    )


def keep_limits(values: np.ndarray, names: Sequence[str], limits: pd.DataFrame) -> np.ndarray:
    """Does each group keep every limit?

    Parameters
    ----------
    values : numpy.ndarray
        … x group x measure; what is not known misses nothing (it is named apart).
    names : sequence of str
        The measures.
    limits : pandas.DataFrame
        ``measure, min, max``; NaN where there is no such end.

    Returns
    -------
    numpy.ndarray of bool
        … x group.
    """
    names, kept = list(names), np.ones(values.shape[:-1], dtype=bool)
    for limit in limits.itertuples():
        if limit.measure in names:
            column = values[..., names.index(limit.measure)]
            kept &= ~((column < limit.min) | (column > limit.max))
    return kept


def keep_known(axis: Axis, names: Sequence[str]) -> Axis:
    """The axis with the criteria that are known; their weights keep their proportions."""
    left = {name: weight for name, weight in axis.weights.items() if name in names}
    whole = sum(left.values()) or 1.0
    return Axis(weights={name: weight / whole for name, weight in left.items()}, lower=axis.lower & set(left))


def list_missed(values: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """Which limits does each group miss, and by how much?

    Parameters
    ----------
    values : pandas.DataFrame
        ``group`` and measures.
    limits : pandas.DataFrame
        ``measure, min, max``.

    Returns
    -------
    pandas.DataFrame
        ``group, measure, value, limit`` (the end that is missed; NaN where the value is not known).
    """
    rows = []
    for limit in limits.itertuples():
        for row in values.itertuples():
            value = getattr(row, limit.measure, np.nan)
            if np.isnan(value):
                rows.append((row.group, limit.measure, np.nan, np.nan))
            elif value < limit.min or value > limit.max:
                rows.append((row.group, limit.measure, value, limit.min if value < limit.min else limit.max))
    return pd.DataFrame(rows, columns=["group", "measure", "value", "limit"])


def score_closeness(values: pd.DataFrame, rules: Rules) -> pd.Series:
    """TOPSIS of the same criteria and weights, by group; criteria not known of every group are left out."""
    table = values.set_index("group")[list(rules.weights)].dropna(axis=1)
    if table.empty or not table.shape[1]:
        return pd.Series(np.nan, index=values["group"])
    weights = {name: rules.weights[name] for name in table.columns}
    return score_topsis(table, weights, lower=rules.lower & set(weights))


def draw_weights(
    rules: Rules, *, draws: int, concentration: float | None = 20.0, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Random weights of both axes (Dirichlet; Lahdelma and Salminen 2001, SMAA-2).

    Parameters
    ----------
    rules : Rules
    draws : int
    concentration : float, optional
        How close the weights stay to the stated ones: with 20, a weight of 0.25 has a standard deviation of
        0.09. None: any weights that make 1, each set as likely as another, as if nobody had stated any.
    seed : int

    Returns
    -------
    tuple of numpy.ndarray
        Attractiveness and competitiveness: draw x criterion, in the order of the rules.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for axis in (rules.attractiveness, rules.competitiveness):
        weights = np.array(list(axis.weights.values()))
        near = np.ones(len(weights)) if concentration is None else np.maximum(concentration * weights, 1e-3)
        drawn.append(rng.dirichlet(near, size=draws))
    return drawn[0], drawn[1]
