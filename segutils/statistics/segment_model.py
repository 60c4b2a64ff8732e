"""The segmentation as numbers: how features are scaled, where the centres are, who is nearest to which.

A :class:`SegmentModel` is all that is needed to give a new customer a segment; as a long table it is what
notebooks hand on (``segment_model``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.formats import join_words, plural
from segutils.statistics import indices, kmeans

NO_PURCHASES = "none"  # the segment of customers who bought nothing: they have no behaviour to segment by
TRANSFORMS = {"none": lambda values: values, "log1p": np.log1p}


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """How raw features become the axes on which distances are taken: transform, then standard deviations.

    Parameters
    ----------
    features, transforms : tuple of str
        Transforms are ``"log1p"`` or ``"none"``.
    means, scales : numpy.ndarray
        Mean and standard deviation of each transformed feature.
    """

    features: tuple[str, ...]
    transforms: tuple[str, ...]
    means: np.ndarray
    scales: np.ndarray

    def apply(self, customers: pd.DataFrame) -> np.ndarray:
        """Customers (with the feature columns in raw units) on the scaled axes; customer x feature."""
        return (_transform(customers, self.features, self.transforms) - self.means) / self.scales


@dataclass(frozen=True, kw_only=True)
class SegmentModel:
    """Names, scaling and centres (segment x feature, on the scaled axes)."""

    names: tuple[str, ...]
    scaling: Scaling
    centres: np.ndarray

    def to_table(self) -> pd.DataFrame:
        """``segment, feature, centre, transform, mean, scale``; :func:`read_segment_model` is the inverse."""
        features = pd.DataFrame(
            {
                "feature": self.scaling.features,
                "transform": self.scaling.transforms,
                "mean": self.scaling.means,
                "scale": self.scaling.scales,
            }
        )
        table = pd.DataFrame({"segment": self.names}).merge(features, how="cross")
        table.insert(2, "centre", self.centres.ravel())
        return table


def read_segment_model(table: pd.DataFrame) -> SegmentModel:
    """The model that :meth:`SegmentModel.to_table` wrote."""
    names = tuple(table["segment"].unique())
    first = table[table["segment"] == names[0]]
    scaling = Scaling(
        features=tuple(first["feature"]),
        transforms=tuple(first["transform"]),
        means=first["mean"].to_numpy(),
        scales=first["scale"].to_numpy(),
    )
    centres = table.pivot(index="segment", columns="feature", values="centre")
    return SegmentModel(
        names=names, scaling=scaling, centres=centres.loc[list(names), list(first["feature"])].to_numpy()
    )


def name_segments(model: SegmentModel, names: Mapping[str, str]) -> SegmentModel:
    """The same model with its segments under the names that people use (segment → name; others stay)."""
    return replace(model, names=tuple(names.get(segment, segment) for segment in model.names))


def select_buyers(features: pd.DataFrame) -> pd.DataFrame:
    """The customers with purchases: only they have a behaviour to segment by."""
    return features[features["has_purchases"].astype(bool)].reset_index(drop=True)


def fit_scaling(buyers: pd.DataFrame, catalogue: pd.DataFrame, *, min_customers: int = 20) -> Scaling:
    """Which axes are customers compared on?

    Parameters
    ----------
    buyers : pandas.DataFrame
        ``customer_id`` and the feature columns in raw units.
    catalogue : pandas.DataFrame
        ``feature, transform, used``.
    min_customers : int
        Fewest customers to work with (ten per segment is the least that a centre can rest on).

    Returns
    -------
    Scaling

    Raises
    ------
    InputError
        Too few customers, no used feature, a feature that is missing, not a number, or equal for all.
    """
    used = catalogue[catalogue["used"].astype(bool)]
    names, transforms = tuple(used["feature"]), tuple(used["transform"])
    if len(buyers) < min_customers:
        raise InputError(
            f"{plural(len(buyers), 'customer')} with purchases cannot be cut into segments",
            where="features",
            fix=f"give at least {min_customers} customers with purchases, or ask for fewer segments",
        )
    missing = [name for name in names if name not in buyers.columns]
    if missing or not names:
        raise InputError(
            f"features do not have {join_words(missing)}" if missing else "no feature is used for segmenting",
            where="features_catalogue, column used",
            fix="mark features as used that the table 'features' has",
        )
    points = _transform(buyers, names, transforms)
    bad = [name for name, column in zip(names, points.T, strict=True) if not np.isfinite(column).all()]
    if bad:
        raise InputError(
            f"{join_words(bad)} cannot be read as a number for every customer with purchases",
            where=f"features, column {bad[0]}",
            fix="fill it in 3_1_features, or mark it as not used in features_catalogue",
        )
    spread = points.std(axis=0)
    equal = spread <= 1e-12 * max(1.0, np.abs(points).max())
    flat = [name for name, same in zip(names, equal, strict=True) if same]
    if flat:
        raise InputError(
            f"{join_words(flat)} {'is' if len(flat) == 1 else 'are'} the same for all {len(buyers):,} "
            "customers",
            where=f"features, column {flat[0]}",
            fix="leave it out of segment_by in 3_1_features: what does not differ cannot tell segments apart",
        )
    return Scaling(features=names, transforms=transforms, means=points.mean(axis=0), scales=spread)


def assign_customers(features: pd.DataFrame, model: SegmentModel) -> pd.DataFrame:
    """Which segment does each customer belong to?

    Parameters
    ----------
    features : pandas.DataFrame
        ``customer_id, has_purchases`` and the model's features in raw units.
    model : SegmentModel

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, ``segment`` (nearest centre; ``"none"`` without purchases), ``shadow`` (0 on the
        centre, 1 on the border to the next segment; NaN without purchases), in the order of `features`.
    """
    bought = features["has_purchases"].to_numpy(dtype=bool)
    points = model.scaling.apply(features[bought])
    segment = np.full(len(features), NO_PURCHASES, dtype=object)
    shadow = np.full(len(features), np.nan)
    if bought.any():
        segment[bought] = np.array(model.names, dtype=object)[kmeans.assign_nearest(points, model.centres)]
        shadow[bought] = indices.shadow_values(points, model.centres)
    customers = features["customer_id"].to_numpy()
    table = pd.DataFrame({"customer_id": customers, "segment": segment, "shadow": shadow})
    return table.astype({"segment": "str"})


def _transform(customers: pd.DataFrame, names: Sequence[str], transforms: Sequence[str]) -> np.ndarray:
    if unknown := set(transforms) - set(TRANSFORMS):
        raise InputError(
            f"unknown transform {join_words(sorted(unknown))}",
            where="features_catalogue, column transform",
            fix=f"use one of {', '.join(TRANSFORMS)}",
        )
    columns = [customers[name].to_numpy(dtype=float) for name in names]
    with np.errstate(invalid="ignore", divide="ignore"):  # the caller refuses what comes out as no number
        moved = [TRANSFORMS[how](column) for how, column in zip(transforms, columns, strict=True)]
    return np.ascontiguousarray(np.column_stack(moved)) if moved else np.empty((len(customers), 0))
