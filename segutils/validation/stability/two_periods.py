"""The same segmentation in two periods: fitted earlier, carried to the later one, and fitted there anew."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.statistics import agreement, clusterers, intervals, kmeans, stability
from segutils.statistics.segment_model import (
    NO_PURCHASES,
    Scaling,
    SegmentModel,
    assign_customers,
    fit_scaling,
    select_buyers,
)

MIN_PER_SEGMENT = 10  # customers on average in a period, below which a fit is an anecdote


@dataclass(frozen=True, kw_only=True)
class TimeTest:
    """The same segmentation in two periods.

    Parameters
    ----------
    names : tuple of str
        Segments.
    earlier, later : str
        Labels of the periods.
    customers : pandas.DataFrame
        ``customer_id``, ``before`` and ``after`` (segment by the earlier model in the two periods, ``"none"``
        without purchases), ``refitted`` (segment by an independent fit on the later period, names matched).
    agreement : float
        Adjusted Rand index of ``after`` and ``refitted``.
    later_stability : numpy.ndarray
        Adjusted Rand index of pairs of bootstrap samples of the later period: is there a cut to agree with?
    shifts : pandas.DataFrame
        ``segment, centre_shift``: distance between the two fits' centres, in the earlier period's standard
        deviations.
    drift : pandas.DataFrame
        ``feature, stability_index, p_value`` of customers with purchases in both periods.
    """

    names: tuple[str, ...]
    earlier: str
    later: str
    customers: pd.DataFrame
    agreement: float
    later_stability: np.ndarray
    shifts: pd.DataFrame
    drift: pd.DataFrame


def fit_periods(
    features_periods: pd.DataFrame,
    model: SegmentModel,
    segments: pd.DataFrame,
    *,
    algorithm: str = "k-means",
    restarts: int = 100,
    pairs: int = 50,
    permutations: int = 500,
    seed: int = 0,
) -> TimeTest | None:
    """How do customers and segments move from the last period but one to the last?

    Parameters
    ----------
    features_periods : pandas.DataFrame
        ``period, period_start, customer_id, has_purchases`` and features in raw units; two or more periods.
    model : SegmentModel
        The chosen segmentation: its features, transforms, number of segments and names.
    segments : pandas.DataFrame
        ``customer_id, segment`` of the chosen segmentation, which gives the earlier fit its names.
    algorithm : str
        What found the segmentation, and what both periods are fitted with. Where it finds more groups than
        there are names, those most alike carry them, and the customers of the others go to the nearest.
    restarts, pairs, permutations, seed : int
        Of the search, of the bootstrap within the later period, of the drift test.

    Returns
    -------
    TimeTest or None
        None where there are fewer than two periods, or too few customers with purchases in one of them.
    """
    periods = (
        features_periods[["period", "period_start"]].drop_duplicates().sort_values("period_start")["period"]
    )
    if len(periods) < 2:
        return None
    earlier, later = periods.iloc[-2], periods.iloc[-1]
    before = features_periods[features_periods["period"] == earlier].reset_index(drop=True)
    after = features_periods[features_periods["period"] == later].reset_index(drop=True)
    fewest = min(len(select_buyers(before)), len(select_buyers(after)))
    if fewest < MIN_PER_SEGMENT * len(model.names):
        return None
    settings = {"k": len(model.names), "algorithm": algorithm, "restarts": restarts, "seed": seed}
    first = _fit_period(before, model.scaling, **settings)
    first = _name(first, before, segments, model.names)
    by_first = assign_customers(after, first)
    second = _name(_fit_period(after, model.scaling, **settings), after, by_first, model.names)
    moved = (
        assign_customers(before, first)[["customer_id", "segment"]]
        .rename(columns={"segment": "before"})
        .merge(by_first[["customer_id", "segment"]].rename(columns={"segment": "after"}), on="customer_id")
        .merge(
            assign_customers(after, second)[["customer_id", "segment"]].rename(
                columns={"segment": "refitted"}
            ),
            on="customer_id",
        )
    )
    active = moved[moved["after"] != NO_PURCHASES]
    codes = pd.Index(model.names)
    points = second.scaling.apply(select_buyers(after))
    labels = clusterers.refit_labels(
        points,
        algorithm=algorithm,
        k=len(model.names),
        resamples=2 * pairs if algorithm == "k-means" else max(2 * (pairs // 10), 4),
        seed=seed,
    )
    return TimeTest(
        names=model.names,
        earlier=str(earlier),
        later=str(later),
        customers=moved,
        agreement=agreement.adjusted_rand(
            codes.get_indexer(active["after"]), codes.get_indexer(active["refitted"])
        ),
        later_stability=stability.pair_agreement(labels),
        shifts=_measure_shifts(first, second),
        drift=_measure_drift(before, after, model.scaling.features, permutations=permutations, seed=seed),
    )


def _fit_period(
    period: pd.DataFrame, scaling: Scaling, *, k: int, algorithm: str, restarts: int, seed: int
) -> SegmentModel:
    """A segmentation of one period on its own scale; names are numbers for now."""
    buyers = select_buyers(period)
    used = pd.DataFrame({"feature": scaling.features, "transform": scaling.transforms, "used": True})
    own = fit_scaling(buyers, used, min_customers=MIN_PER_SEGMENT * k)
    points = own.apply(buyers)
    if algorithm == "k-means" or k == 1:
        centres = kmeans.fit_solution(points, k=k, restarts=restarts, seed=seed).centres
    else:
        everybody = np.ones((1, len(points)), dtype=np.int32)
        centres = clusterers.fit_centres(points, everybody, algorithm=algorithm, k=k, seed=seed)[0]
    return SegmentModel(names=tuple(str(i) for i in range(len(centres))), scaling=own, centres=centres)


def _name(
    fitted: SegmentModel, period: pd.DataFrame, known: pd.DataFrame, names: tuple[str, ...]
) -> SegmentModel:
    """The fit under the names of the segments that share most customers with its own."""
    both = assign_customers(period, fitted).merge(known, on="customer_id", suffixes=("", "_known"))
    both = both[(both["segment"] != NO_PURCHASES) & (both["segment_known"] != NO_PURCHASES)]
    table = pd.crosstab(both["segment_known"], both["segment"]).reindex(
        index=list(names), columns=list(fitted.names), fill_value=0
    )
    match = agreement.match_table(table.to_numpy())
    named = [names[row] if row >= 0 else "" for row in match]  # an algorithm may find more groups than names
    order = [named.index(name) for name in names if name in named]
    return SegmentModel(
        names=tuple(named[i] for i in order), scaling=fitted.scaling, centres=fitted.centres[order]
    )


def _measure_shifts(first: SegmentModel, second: SegmentModel) -> pd.DataFrame:
    raw = second.centres * second.scaling.scales + second.scaling.means
    again = (raw - first.scaling.means) / first.scaling.scales
    shifts = {
        name: float(np.linalg.norm(again[second.names.index(name)] - first.centres[i]))
        for i, name in enumerate(first.names)
        if name in second.names
    }
    return pd.DataFrame({"segment": list(shifts), "centre_shift": list(shifts.values())})


def _measure_drift(
    before: pd.DataFrame, after: pd.DataFrame, features: tuple[str, ...], *, permutations: int, seed: int
) -> pd.DataFrame:
    both = select_buyers(before).merge(select_buyers(after), on="customer_id", suffixes=("_before", "_after"))
    rows = []
    for feature in features:
        old, new = both[f"{feature}_before"].to_numpy(float), both[f"{feature}_after"].to_numpy(float)
        rows.append((feature, *intervals.drift_between(old, new, permutations=permutations, seed=seed)))
    return pd.DataFrame(rows, columns=["feature", "stability_index", "p_value"])
