"""Does the recommended target stay the target? The whole chain again, on other samples of customers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segutils.attractiveness.samples import CUSTOMERS, GroupSamples, measure_by_provider
from segutils.statistics import agreement, clusterers, kmeans
from segutils.statistics.customer_figures import CustomerFigures, measure_groups
from segutils.statistics.segment_model import SegmentModel, select_buyers

SEGMENTS = "other customers and segments"


def resample_segments(
    features: pd.DataFrame,
    model: SegmentModel,
    figures: CustomerFigures,
    *,
    algorithm: str = clusterers.ALONE,
    resamples: int = 100,
    restarts: int = 5,
    seed: int = 0,
) -> GroupSamples:
    """What would the segments and their measures be on other samples of the same customers?

    Each sample is drawn with replacement from the customers with purchases and cut anew into as many
    segments, by the algorithm that found them; labels follow the reference one to one (Hungarian assignment;
    a group that is left over goes where most of it comes from); every customer brings all their orders,
    opportunities and answers along.

    Parameters
    ----------
    features : pandas.DataFrame
        ``customer_id, has_purchases`` and the model's features, in raw units.
    model : SegmentModel
        The reference.
    figures : CustomerFigures
    algorithm : str
        What `algorithm-choice` chose; other than k-means, a fifth of the resamples, but at least 20.
    resamples, restarts, seed : int

    Returns
    -------
    GroupSamples
        Drawn anew: other customers in the same segments, and other customers in segments that are fitted on
        them.
    """
    buyers = select_buyers(features)
    points, k = model.scaling.apply(buyers), len(model.names)
    sums = figures.select(buyers["customer_id"])
    reference = kmeans.assign_nearest(points, model.centres).astype(int)
    if algorithm != clusterers.ALONE:  # one fit at a time: slow
        resamples = min(resamples, max(resamples // 5, 20))
    drawn = kmeans.draw_bootstrap(len(points), resamples, seed=seed)
    fitting = {"algorithm": algorithm, "k": k, "restarts": restarts, "seed": seed}
    fits = clusterers.fit_centres(points, drawn, **fitting)
    labels = np.stack([kmeans.assign_nearest(points, centres) for centres in fits]).astype(int)
    agreed = np.array([agreement.adjusted_rand(reference, row) for row in labels])
    matched = np.stack([agreement.follow_labels(reference, row, segments=k)[row] for row in labels])
    return GroupSamples(
        codes=model.names,
        names=model.names,
        measures=tuple(sums.measures),
        values=measure_groups(sums, reference, groups=k)[0],
        redrawn={
            CUSTOMERS: measure_groups(sums, reference, groups=k, weights=drawn),
            SEGMENTS: measure_groups(sums, matched, groups=k, weights=drawn),
        },
        by_provider=measure_by_provider(sums, reference, groups=k),
        agreement=agreed,
    )
