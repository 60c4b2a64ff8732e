"""How groups are judged, as the client states it: limits, criteria, and whose weights they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.engagement_terms import Weighting
from segutils.errors import InputError
from segutils.findings import Assumption, Need
from segutils.formats import format_value, split_format
from segutils.statistics import portfolio
from segutils.statistics.customer_figures import MEASURES
from segutils.statistics.portfolio import Axis, Rules
from segutils.statistics.raters import Reconciled, reconcile_raters

AXES = ("attractiveness", "competitiveness")
DEFAULT = "playbook default"
MAX_DECIMALS = 4
FINE = ("number", "share", "change", "points")  # may have more decimals than usual
WEIGHTS = Need(
    question="What makes a segment attractive, what makes us competitive, and how much does each count?",
    table="engagement file",
    columns=("weights: attractiveness", "weights: competitiveness"),
)


@dataclass(frozen=True, kw_only=True)
class StatedRules:
    """The client's rules, as far as they can be applied.

    Parameters
    ----------
    rules : Rules
        With the criteria that are known; their weights keep their proportions.
    stated : Rules
        With all criteria, as stated.
    attractiveness, competitiveness : Reconciled
        The raters behind the weights.
    missing : tuple of str
        Criteria that were asked for and are not known, heaviest first.
    """

    rules: Rules
    stated: Rules
    attractiveness: Reconciled
    competitiveness: Reconciled
    missing: tuple[str, ...]

    @property
    def applies(self) -> bool:
        """Something is known on both axes."""
        return bool(self.rules.attractiveness.weights and self.rules.competitiveness.weights)

    @property
    def raters(self) -> list[str]:
        """Who gave weights for both axes, on each of them to something that is known."""
        both = [name for name in self.attractiveness.names if name in self.competitiveness.names]
        return [name for name in both if all(weights.sum() > 0 for weights in self._weights_of(name))]

    def of_rater(self, name: str) -> Rules:
        """The rules under one person's weights alone."""
        return self.rules.reweigh(*self._weights_of(name))

    def _weights_of(self, name: str) -> list[np.ndarray]:
        """One person's weights of the known criteria, by axis."""
        return [
            of.raters[of.raters.rater == name].set_index("criterion").weight[list(axis.weights)].to_numpy()
            for of, axis in (
                (self.attractiveness, self.rules.attractiveness),
                (self.competitiveness, self.rules.competitiveness),
            )
        ]


def read_rules(
    attractiveness: Weighting | None,
    competitiveness: Weighting | None,
    limits: pd.DataFrame,
    *,
    measures: Sequence[str],
    scales: Mapping[str, tuple[float, float]] = portfolio.SCALES,
    attractiveness_share: float = 0.5,
) -> StatedRules | None:
    """By which rules does the client judge groups of customers?

    Parameters
    ----------
    attractiveness, competitiveness : Weighting, optional
        Criteria and raters.
    limits : pandas.DataFrame
        ``measure, min, max, owner`` of the question thresholds.
    measures : sequence of str
        What is known of each group.
    scales : mapping of str to (float, float)
        Worst and best of each criterion.
    attractiveness_share : float
        How much attractiveness counts in the total.

    Returns
    -------
    StatedRules or None
        None where a weighting is missing; see ``applies`` for whether enough is known.

    Raises
    ------
    InputError
        If weights cannot be used, `attractiveness_share` is no share, or a criterion is said to be better
        the other way than its scale runs.
    """
    if not 0 <= attractiveness_share <= 1:
        raise InputError(
            f"attractiveness counts {attractiveness_share} of the total",
            where="parameter attractiveness_share",
            fix="state a share from 0 to 1, such as 0.5",
        )
    if attractiveness is None or competitiveness is None:
        return None
    reconciled, axes = [], []
    for weighting in (attractiveness, competitiveness):
        stated = {rater.name: rater.weights or rater.comparisons for rater in weighting.raters}
        reconciled.append(reconcile_raters(stated, criteria=list(weighting.criteria)))
        axes.append(Axis(weights=reconciled[-1].mapping, lower=_find_lower(weighting, scales)))
    known = [_keep_weighed(axis, measures) for axis in axes]
    common = {"limits": limits, "scales": scales, "attractiveness_share": attractiveness_share}
    everything = Rules(attractiveness=axes[0], competitiveness=axes[1], **common)
    weights = everything.weights
    missing = sorted((name for name in weights if name not in measures), key=lambda name: -weights[name])
    return StatedRules(
        rules=Rules(attractiveness=known[0], competitiveness=known[1], **common),
        stated=everything,
        attractiveness=reconciled[0],
        competitiveness=reconciled[1],
        missing=tuple(missing),
    )


def _find_lower(weighting: Weighting, scales: Mapping[str, tuple[float, float]]) -> frozenset[str]:
    """Criteria of which less is better: the weighted sum reads it from the scale, TOPSIS from here."""
    lower = set()
    for name, criterion in weighting.criteria.items():
        said = criterion.better == "lower"
        if name not in scales:
            lower |= {name} if said else set()
            continue
        falls = scales[name][0] > scales[name][1]
        if falls != said and "better" in criterion.model_fields_set:
            worst, best = scales[name]
            raise InputError(
                f"{name} is said to be better {criterion.better}, but its scale runs from {worst:g} (worst) "
                f"to {best:g} (best)",
                where="engagement file, weights",
                fix=f"state better: {'lower' if falls else 'higher'}, or turn the scale round with the "
                f"parameter matrix_scales: '{name}: {best:g} to {worst:g}'",
            )
        lower |= {name} if falls else set()
    return frozenset(lower)


def _keep_weighed(axis: Axis, measures: Sequence[str]) -> Axis:
    """The axis with what is known; without any criterion if all weight lies on what is not."""
    known = portfolio.keep_known(axis, measures)
    return known if sum(known.weights.values()) > 0 else Axis(weights={})


def call_measure(name: str) -> str:
    """What to call a measure in a sentence."""
    return MEASURES[name].words if name in MEASURES else name.replace("_", " ")


def write_measure(name: str, value: float, *, currency: str = "") -> str:
    """A measure's value as it is written everywhere."""
    return format_value(value, MEASURES[name].format if name in MEASURES else "number:2", currency=currency)


def write_apart(name: str, value: float, limit: float) -> tuple[str, str]:
    """A value and a limit as they are written, with so many decimals that they differ if they do."""
    fmt = MEASURES[name].format if name in MEASURES else "number:2"
    told = [format_value(number, fmt) for number in (value, limit)]
    kind, decimals = split_format(fmt)
    for digits in range((1 if decimals is None else decimals) + 1, MAX_DECIMALS + 1):
        if told[0] != told[1] or value == limit or kind not in FINE:
            break
        told = [format_value(number, f"{kind}:{digits}") for number in (value, limit)]
    return told[0], told[1]


def state_weights(stated: StatedRules) -> Assumption:
    """Whose criteria and weights are applied, and that no score has shaped them."""
    people = list(dict.fromkeys([*stated.attractiveness.names, *stated.competitiveness.names]))
    return Assumption(
        text="Criteria, weights and limits stand in the engagement file; no score has changed them.",
        owner="; ".join(people),
    )


def list_scales(rules: Rules) -> tuple[Assumption, ...]:
    """The scales and marks of a judgement, which the playbook sets unless the client does."""
    ends = [
        f"{call_measure(name)} {_write_end(name, rules.scales[name][0])} to "
        f"{_write_end(name, rules.scales[name][1])}"
        for name in rules.weights
    ]
    share = format_value(rules.attractiveness_share, "share:0")
    return (
        Assumption(text=f"Worst and best of each criterion: {'; '.join(ends)}.", owner=DEFAULT),
        Assumption(
            text=f"Attractiveness counts {share} of the total; the axes are cut in thirds.", owner=DEFAULT
        ),
    )


def _write_end(name: str, value: float) -> str:
    if name in portfolio.OF_ALL:
        return f"{format_value(value, 'share:0')} of all"
    return write_measure(name, value)
