"""Which ways of cutting fit the shape of the data, and how each of them does on the same customers."""

import numpy as np
import pandas as pd
from scipy.stats import skew

from segutils.formats import plural
from segutils.statistics import clusterers, indices, intervals, kmeans

MAX_WARD = 20_000
MAX_SKEW = 2.0
MAX_DENSITY_FEATURES = 10
MIN_DENSITY_CUSTOMERS = 200
MIN_CLUMPED = 0.6
PER_VARIABLE = 70  # customers per variable (Dolnicar, Grün, Leisch and Schmidt 2014)
SLOW = ("latent class",)  # half of the splits


def describe_shape(points: np.ndarray, *, k: int, seed: int = 0) -> pd.DataFrame:
    """What do the data look like to an algorithm?

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature, scaled.
    k : int
        Number of segments at which gaps are looked for.
    seed : int

    Returns
    -------
    pandas.DataFrame
        One row: ``customers``, ``features``, ``largest_skew`` (absolute, after the transforms),
        ``segment_gap`` (smallest gap between neighbouring k-means segments; 0.75 is an even spread without
        one), ``hopkins`` (0.5: spread as evenly as by chance, from 0.75 clumped), ``few_valued`` (features
        with so few values that they can be read as categories).
    """
    solution = kmeans.fit_solution(points, k=k, restarts=20, seed=seed)
    gap = indices.segment_gaps(points, solution.labels, solution.centres).min()
    return pd.DataFrame(
        {
            "customers": [len(points)],
            "features": [points.shape[1]],
            "largest_skew": [np.abs(skew(points)).max()],
            "segment_gap": [gap],
            "hopkins": [indices.hopkins(points, seed=seed)],
            "few_valued": [int(clusterers.find_categories(points).sum())],
        }
    )


def list_candidates(shape: pd.DataFrame, *, k: int) -> pd.DataFrame:
    """Which algorithms are worth trying on data of this shape?

    Parameters
    ----------
    shape : pandas.DataFrame
        From :func:`describe_shape`.
    k : int

    Returns
    -------
    pandas.DataFrame
        ``algorithm``, ``tried`` (bool), ``reason`` (why it is left out; empty where tried).
    """
    n, p, largest = (
        int(shape["customers"].iloc[0]),
        int(shape["features"].iloc[0]),
        shape["largest_skew"].iloc[0],
    )
    clumped = float(shape["hopkins"].iloc[0])
    parameters = k * (2 * p + 1)
    reasons = {
        "k-means": "",
        "Ward": f"needs all pairs of {n:,} customers" if n > MAX_WARD else "",
        "Gaussian mixture": (
            f"a feature is skewed ({largest:.1f}), and a mixture of bell curves would cut its tail into "
            f"segments"
            if largest > MAX_SKEW
            else f"{parameters} parameters are too many for {plural(n, 'customer')}"
            if n < 10 * parameters
            else ""
        ),
        "latent class": (
            "fewer than three features cannot tell classes apart"
            if p < 3
            else f"{plural(n, 'customer')} are fewer than {PER_VARIABLE} per variable"
            if n < PER_VARIABLE * p
            else ""
        ),
        "density clustering": (
            f"in {p} dimensions all customers are about equally far apart"
            if p > MAX_DENSITY_FEATURES
            else f"{plural(n, 'customer')} are too few to tell dense from thin"
            if n < MIN_DENSITY_CUSTOMERS
            else f"customers lie nearly as evenly as by chance (Hopkins statistic {clumped:.2f})"
            if clumped < MIN_CLUMPED
            else ""
        ),
        "mixed type": (
            "it is made for a mix of numbers and categories, and all features are numbers of many values"
            if not shape["few_valued"].iloc[0]
            else ""
        ),
    }
    table = pd.DataFrame({"algorithm": list(reasons), "reason": list(reasons.values())})
    table.insert(1, "tried", table["reason"] == "")
    return table


def measure_candidate(
    points: np.ndarray, raw: pd.DataFrame, *, algorithm: str, k: int, pairs: int, seed: int = 0
) -> pd.DataFrame:
    """How does one algorithm do?

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature, scaled.
    raw : pandas.DataFrame
        The same features in raw units, for rules.
    algorithm : str
    k : int
    pairs : int
        Splits into two halves.
    seed : int

    Returns
    -------
    pandas.DataFrame
        One row per split: ``option``, ``pair``, ``agreement`` (adjusted Rand index of the two halves' cuts),
        and the same in every row: ``groups`` found, ``silhouette``, ``left_out`` (share of customers without
        a group), ``smallest_share``, ``leaves`` and ``depth`` (rules for 90 % of customers, and most
        questions in one), ``kept_by_centre`` (share of the grouped customers whom the nearest centre puts
        into the same group).
    """
    labels = clusterers.cluster(points, algorithm=algorithm, k=k, seed=seed)
    kept = labels >= 0
    groups = int(labels.max()) + 1
    found = {"groups": groups, "left_out": 1 - kept.mean()}
    if groups >= 2:
        centres = clusterers.find_centres(points, labels)
        near = kmeans.assign_nearest(points, centres)
        rules = clusterers.measure_rules(raw[kept], labels[kept])
        found |= {
            "silhouette": indices.silhouettes(points[kept], labels[None, kept], seed=seed)[0],
            "smallest_share": np.bincount(labels[kept]).min() / len(points),
            "leaves": rules.leaves,
            "depth": rules.depth,
            "kept_by_centre": (near[kept] == labels[kept]).mean(),
        }
        agreement = clusterers.split_halves(
            points, algorithm=algorithm, k=k, pairs=pairs // 2 if algorithm in SLOW else pairs, seed=seed
        )
    else:  # no groups: nothing to come back
        found |= {"silhouette": 0.0, "smallest_share": 0.0, "leaves": np.nan, "depth": np.nan}
        found["kept_by_centre"] = 0.0
        agreement = np.zeros(1)
    return pd.DataFrame(
        {"option": algorithm, "pair": np.arange(len(agreement)), "agreement": agreement, **found}
    )


def summarise(measured: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """One row per algorithm: means over splits, with a 95 % interval of the mean agreement.

    Parameters
    ----------
    measured : pandas.DataFrame
        Rows of :func:`measure_candidate` for all algorithms.
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``option, groups, agreement, agreement_low, agreement_high, splits`` and the other measures.
    """
    by_option = measured.groupby("option", sort=False)
    table = by_option.first().drop(columns=["pair", "agreement"])
    ends = np.stack(
        [intervals.mean_interval(rows["agreement"].to_numpy(), seed=seed) for _, rows in by_option]
    )
    table.insert(1, "agreement", by_option["agreement"].mean())
    table.insert(2, "agreement_low", ends[:, 0])
    table.insert(3, "agreement_high", ends[:, 1])
    return table.assign(splits=by_option.size()).reset_index()
