"""Assigning by the nearest centre: on all features the accepted solution, on a few an approximation."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from segutils.statistics import kmeans
from segutils.statistics.segment_model import Scaling, SegmentModel

DIGITS = 12  # significant digits of a weight: beyond what any border between customers depends on


def keep_features(model: SegmentModel, features: Sequence[str]) -> SegmentModel:
    """The model as it looks to somebody who knows only these features."""
    scaling = model.scaling
    kept = [scaling.features.index(name) for name in features]
    return replace(
        model,
        scaling=Scaling(
            features=tuple(features),
            transforms=tuple(scaling.transforms[n] for n in kept),
            means=scaling.means[kept],
            scales=scaling.scales[kept],
        ),
        centres=model.centres[:, kept],
    )


def rank_features(buyers: pd.DataFrame, segments: np.ndarray, model: SegmentModel) -> list[str]:
    """In which order are features worth knowing, for the segments to be told apart by their centres?

    Forward selection: each time the feature is added with which most customers go to their own segment.

    Parameters
    ----------
    buyers : pandas.DataFrame
        The model's features in raw units, complete.
    segments : numpy.ndarray of str
    model : SegmentModel

    Returns
    -------
    list of str
        All features of the model, the most useful first.
    """
    points, names = model.scaling.apply(buyers), np.array(model.names, dtype=object)
    chosen: list[int] = []
    while len(chosen) < points.shape[1]:
        rest = [n for n in range(points.shape[1]) if n not in chosen]
        hits = {n: (names[_nearest(points, model, [*chosen, n])] == segments).mean() for n in rest}
        chosen.append(max(rest, key=lambda n: (hits[n], -n)))
    return [model.scaling.features[n] for n in chosen]


def assign_nearest(buyers: pd.DataFrame, model: SegmentModel) -> np.ndarray:
    """The segment whose centre is nearest to each customer with purchases."""
    points = model.scaling.apply(buyers)
    return np.array(model.names, dtype=object)[kmeans.assign_nearest(points, model.centres)]


def weigh_features(model: SegmentModel) -> pd.DataFrame:
    """By which weighted sum of the transformed features is the nearest centre found?

    The squared distance to a centre c is Σ((t−m)/s − c)²; without what is the same for all centres,
    Σ(c² + 2cm/s) − Σ(2c/s)·t remains.

    Returns
    -------
    pandas.DataFrame
        ``segment, constant, weights`` (tuple, in the order of the features); the smallest sum is the nearest.
    """
    scaling = model.scaling
    slopes = -2 * model.centres / scaling.scales
    constants = (model.centres**2).sum(axis=1) - (slopes * scaling.means).sum(axis=1)
    return pd.DataFrame(
        {
            "segment": model.names,
            "constant": [_short(value) for value in constants],
            "weights": [tuple(_short(value) for value in row) for row in slopes],
        }
    )


def count_near_border(buyers: pd.DataFrame, model: SegmentModel, *, within: float = 1e-9) -> int:
    """How many customers lie so near to a border that another engine could round them across it?"""
    points = model.scaling.apply(buyers)
    squared = np.sort(((points[:, None, :] - model.centres[None, :, :]) ** 2).sum(axis=2), axis=1)
    return int((squared[:, 1] - squared[:, 0] < within).sum()) if squared.shape[1] > 1 else 0


def _nearest(points: np.ndarray, model: SegmentModel, kept: list[int]) -> np.ndarray:
    return kmeans.assign_nearest(
        np.ascontiguousarray(points[:, kept]), np.ascontiguousarray(model.centres[:, kept])
    )


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
