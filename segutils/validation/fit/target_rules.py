"""How targets are chosen, as the client states it: limits, criteria, and whose weights they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from segutils.engagement_terms import Weighting
from segutils.findings import Need
from segutils.statistics import portfolio
from segutils.statistics.portfolio import Axis, Rules
from segutils.statistics.raters import Reconciled, reconcile_raters

WEIGHTS = Need(
    question="What makes a segment attractive, what makes us competitive, and how much does each count?",
    table="engagement file",
    columns=("weights: attractiveness", "weights: competitiveness"),
)


@dataclass(frozen=True, kw_only=True)
class TargetRules:
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
    def raters(self) -> list[str]:
        """Who gave weights for both axes."""
        return [name for name in self.attractiveness.names if name in self.competitiveness.names]

    def of_rater(self, name: str) -> Rules:
        """The rules under one person's weights alone."""
        drawn = [
            of.raters[of.raters.rater == name].set_index("criterion").weight[list(axis.weights)].to_numpy()
            for of, axis in (
                (self.attractiveness, self.rules.attractiveness),
                (self.competitiveness, self.rules.competitiveness),
            )
        ]
        return self.rules.reweigh(*drawn)


def read_rules(
    attractiveness: Weighting | None,
    competitiveness: Weighting | None,
    limits: pd.DataFrame,
    *,
    measures: Sequence[str],
    scales: Mapping[str, tuple[float, float]] = portfolio.SCALES,
    attractiveness_share: float = 0.5,
) -> TargetRules | None:
    """By which rules does the client choose its targets?

    Parameters
    ----------
    attractiveness, competitiveness : Weighting, optional
        Criteria and raters.
    limits : pandas.DataFrame
        ``measure, min, max, owner`` of the question thresholds.
    measures : sequence of str
        What is known of each segment.
    scales : mapping of str to (float, float)
        Worst and best of each criterion.
    attractiveness_share : float
        How much attractiveness counts in the total.

    Returns
    -------
    TargetRules or None
        None where a weighting is missing, or nothing is known of one of the axes.
    """
    if attractiveness is None or competitiveness is None:
        return None
    reconciled, axes = [], []
    for weighting in (attractiveness, competitiveness):
        stated = {rater.name: rater.weights or rater.comparisons for rater in weighting.raters}
        reconciled.append(reconcile_raters(stated, criteria=list(weighting.criteria)))
        lower = frozenset(name for name, c in weighting.criteria.items() if c.better == "lower")
        axes.append(Axis(weights=reconciled[-1].mapping, lower=lower))
    known = [portfolio.keep_known(axis, measures) for axis in axes]
    if not all(axis.weights for axis in known):
        return None
    common = {"limits": limits, "scales": scales, "attractiveness_share": attractiveness_share}
    everything = Rules(attractiveness=axes[0], competitiveness=axes[1], **common)
    weights = everything.weights
    missing = sorted((name for name in weights if name not in measures), key=lambda name: -weights[name])
    return TargetRules(
        rules=Rules(attractiveness=known[0], competitiveness=known[1], **common),
        stated=everything,
        attractiveness=reconciled[0],
        competitiveness=reconciled[1],
        missing=tuple(missing),
    )
