"""The segments without the features that give an attribute away, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.statistics import agreement, clusterers, kmeans
from segutils.statistics.segment_model import SegmentModel, select_buyers


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    """Segments of another definition beside the present ones.

    Parameters
    ----------
    dropped : tuple of str
        Features left out.
    segments : pandas.DataFrame
        ``customer_id, segment``: the new segments under the labels of those they continue.
    targets : tuple of str
        Of the new segments those most like the targeted ones (largest Jaccard coefficient).
    agreement : float
        Adjusted Rand index of both.
    explained, explained_before : float
        Share of the differences between customers, on all present features, that segments tell.
    value_told, value_told_before : float
        Share of the differences in value (logarithm) that segments tell.
    target_value, target_value_before : float
        Value per targeted customer; NaN without targets.
    algorithm : str
        What the new segments were found with.
    """

    dropped: tuple[str, ...]
    segments: pd.DataFrame
    targets: tuple[str, ...]
    agreement: float
    explained: float
    explained_before: float
    value_told: float
    value_told_before: float
    target_value: float
    target_value_before: float
    algorithm: str = clusterers.ALONE


def fit_adjusted(
    features: pd.DataFrame,
    model: SegmentModel,
    value: pd.Series,
    *,
    drop: Sequence[str],
    targets: Sequence[str] = (),
    algorithm: str = clusterers.ALONE,
    restarts: int = 50,
    seed: int = 0,
) -> Adjusted | None:
    """What are the segments without these features, and what does that cost in fit and value?

    Parameters
    ----------
    features : pandas.DataFrame
        ``customer_id, has_purchases`` and the features in raw units.
    model : SegmentModel
        The present definition.
    value : pandas.Series
        What a customer brings a year (margin, or revenue), index customer_id.
    drop : sequence of str
        Features to leave out.
    targets : sequence of str
        Segments that are targeted.
    algorithm : str
        What found the present segments. A customer belongs to the nearest centre, as with these.
    restarts, seed : int

    Returns
    -------
    Adjusted or None
        None where no feature would be left.
    """
    buyers = select_buyers(features)
    points, k = model.scaling.apply(buyers), len(model.names)
    kept = [n for n, name in enumerate(model.scaling.features) if name not in set(drop)]
    if not kept or k < 2:
        return None
    left = np.ascontiguousarray(points[:, kept])
    reference = kmeans.assign_nearest(points, model.centres).astype(int)
    everybody = np.ones((1, len(left)), dtype=np.int32)
    fitting = {"algorithm": algorithm, "k": k, "restarts": restarts, "seed": seed}
    centres = clusterers.fit_centres(left, everybody, **fitting)[0]
    found = kmeans.assign_nearest(left, centres).astype(int)
    labels = agreement.follow_labels(reference, found, segments=k)[found]
    worth = value.reindex(buyers.customer_id).fillna(0.0).to_numpy(dtype=float)
    chosen = [n for n, name in enumerate(model.names) if name in set(targets)]
    likeness = [[_jaccard(reference == old, labels == new) for new in range(k)] for old in chosen]
    continued = sorted({int(np.argmax(row)) for row in likeness})
    log = np.log1p(np.clip(worth, 0, None))[:, None]
    return Adjusted(
        dropped=tuple(name for name in model.scaling.features if name in set(drop)),
        segments=pd.DataFrame(
            {"customer_id": buyers.customer_id, "segment": np.array(model.names, dtype=object)[labels]}
        ),
        targets=tuple(model.names[n] for n in continued),
        agreement=agreement.adjusted_rand(reference, labels),
        explained=_told(points, labels),
        explained_before=_told(points, reference),
        value_told=_told(log, labels),
        value_told_before=_told(log, reference),
        target_value=_mean(worth, labels, continued),
        target_value_before=_mean(worth, reference, chosen),
        algorithm=algorithm,
    )


def _told(points: np.ndarray, labels: np.ndarray) -> float:
    """Share of all differences that lies between the groups."""
    total = ((points - points.mean(axis=0)) ** 2).sum()
    within = sum(
        ((part - part.mean(axis=0)) ** 2).sum() for part in (points[labels == n] for n in np.unique(labels))
    )
    return float(1 - within / total) if total > 0 else 0.0


def _jaccard(one: np.ndarray, two: np.ndarray) -> float:
    return float((one & two).sum() / max((one | two).sum(), 1))


def _mean(worth: np.ndarray, labels: np.ndarray, chosen: list[int]) -> float:
    inside = np.isin(labels, chosen)
    return float(worth[inside].mean()) if inside.any() else float("nan")
