"""Does the recommended target stay the target? The whole chain again, on other samples of customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.statistics import agreement, kmeans, portfolio
from segutils.statistics.customer_figures import CustomerFigures, measure_groups
from segutils.statistics.portfolio import Judged, Rules
from segutils.statistics.segment_model import SegmentModel, select_buyers

CAUSES = ("other weights", "other customers", "other customers and segments", "all together")


@dataclass(frozen=True, kw_only=True)
class Resampled:
    """Measures of the segments in other samples of the customers.

    Parameters
    ----------
    names : tuple of str
        Segments, as in the model.
    measures : tuple of str
    values : numpy.ndarray
        Segment x measure, all customers.
    kept : numpy.ndarray
        Sample x segment x measure: other customers, the same segments.
    refitted : numpy.ndarray
        Sample x segment x measure: other customers, and segments fitted on them, matched to the reference.
    agreement : numpy.ndarray
        Adjusted Rand index of each refit with the reference.
    """

    names: tuple[str, ...]
    measures: tuple[str, ...]
    values: np.ndarray
    kept: np.ndarray
    refitted: np.ndarray
    agreement: np.ndarray


def resample_segments(
    features: pd.DataFrame,
    model: SegmentModel,
    figures: CustomerFigures,
    *,
    resamples: int = 100,
    restarts: int = 5,
    seed: int = 0,
) -> Resampled:
    """What would the segments and their measures be on other samples of the same customers?

    Each sample is drawn with replacement from the customers with purchases and cut anew by k-means into as
    many segments; labels follow the reference one to one (Hungarian assignment); every customer brings all
    their orders, opportunities and answers along.

    Parameters
    ----------
    features : pandas.DataFrame
        ``customer_id, has_purchases`` and the model's features, in raw units.
    model : SegmentModel
        The reference.
    figures : CustomerFigures
    resamples, restarts, seed : int

    Returns
    -------
    Resampled
    """
    buyers = select_buyers(features)
    points, k = model.scaling.apply(buyers), len(model.names)
    sums = figures.select(buyers["customer_id"])
    reference = kmeans.assign_nearest(points, model.centres).astype(int)
    drawn = kmeans.draw_bootstrap(len(points), resamples, seed=seed)
    best = kmeans.fit_resamples(points, drawn, k=k, restarts=restarts, seed=seed).best()
    labels = kmeans.assign_nearest(points, best).astype(int)
    agreed = np.array([agreement.adjusted_rand(reference, row) for row in labels])
    matched = np.stack([agreement.match_labels(reference, row, segments=k)[row] for row in labels])
    return Resampled(
        names=model.names,
        measures=tuple(sums.measures),
        values=measure_groups(sums, reference, groups=k)[0],
        kept=measure_groups(sums, reference, groups=k, weights=drawn),
        refitted=measure_groups(sums, matched, groups=k, weights=drawn),
        agreement=agreed,
    )


def count_firsts(resampled: Resampled, rules: Rules, *, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """How often is each segment the first target, if weights, customers and segments were others?

    Parameters
    ----------
    resampled : Resampled
    rules : Rules
    draws : int
        Random weights; with other customers at the same time, as many in all.
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``segment, cause`` (other weights; other customers; other customers and segments; all together),
        ``first_share`` (0-1; together below 1 where no segment passes), ``target_share`` (how often its
        verdict is target).
    """
    names = resampled.measures
    weighted = portfolio.draw_weights(rules, draws=draws, seed=seed)
    stacks = {
        CAUSES[0]: [(resampled.values[None], other) for other in weighted],
        CAUSES[1]: [(resampled.kept, rules)],
        CAUSES[2]: [(resampled.refitted, rules)],
        CAUSES[3]: [
            (resampled.refitted[n % len(resampled.refitted)][None], other) for n, other in enumerate(weighted)
        ],
    }
    rows = []
    for cause, stack in stacks.items():
        judged = [(portfolio.judge_groups(values, names, other), other) for values, other in stack]
        first = np.concatenate([found.first() for found, _ in judged])
        verdicts = np.concatenate([found.verdicts(other) for found, other in judged])
        rows += [
            (name, cause, float((first == n).mean()), float((verdicts[:, n] == portfolio.TARGET).mean()))
            for n, name in enumerate(resampled.names)
        ]
    return pd.DataFrame(rows, columns=["segment", "cause", "first_share", "target_share"])


def judge_samples(resampled: Resampled, rules: Rules) -> Judged:
    """Scores in each sample with refitted segments, for intervals."""
    return portfolio.judge_groups(resampled.refitted, resampled.measures, rules)
