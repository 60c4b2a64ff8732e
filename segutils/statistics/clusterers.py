"""Other ways than k-means to cut customers, behind one call, so that they can be compared on equal terms."""

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from sklearn.cluster import HDBSCAN, AgglomerativeClustering
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.tree import DecisionTreeClassifier
from stepmix.stepmix import StepMix
from threadpoolctl import threadpool_limits

from segutils.statistics import agreement, kmeans, mixed, stability

ALONE = "k-means"  # fitted to hundreds of resamples at once; all others one by one
NOISE = -1
DENSE_SHARES = (0.02, 0.04, 0.08)  # smallest dense group that is tried, share of customers
MIN_NEIGHBOURS = 10
MIXTURE_STARTS = 5
MAX_VALUES = 6  # a feature with no more different values is taken for a category where types are mixed


def cluster(points: np.ndarray, *, algorithm: str, k: int, seed: int = 0) -> np.ndarray:
    """Which group does each customer fall into?

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature, scaled.
    algorithm : str
        One of :data:`ALGORITHMS`.
    k : int
        Number of groups. ``density clustering`` finds its own number: the setting whose number comes nearest
        to `k` is taken.
    seed : int

    Returns
    -------
    numpy.ndarray of int
        0-based groups without gaps in the numbering; -1 where the algorithm leaves a customer out.
    """
    labels = ALGORITHMS[algorithm](points, k, seed)
    kept = labels != NOISE
    numbered = np.full(len(labels), NOISE)
    if kept.any():
        numbered[kept] = np.unique(labels[kept], return_inverse=True)[1]
    return numbered


def split_halves(
    points: np.ndarray, *, algorithm: str, k: int, pairs: int, seed: int = 0, max_customers: int = 1000
) -> np.ndarray:
    """Do two samples that share no customer give the same cut?

    Parameters
    ----------
    points : numpy.ndarray
    algorithm : str
    k : int
    pairs : int
        Random splits of the customers into two halves.
    seed : int
        The same halves for every algorithm.
    max_customers : int
        A half is cut down to this many: some algorithms need all pairs of customers.

    Returns
    -------
    numpy.ndarray
        Per split the adjusted Rand index of all customers, assigned to the nearest group centre of either
        half; 0 where a half gave no groups.
    """
    rng = np.random.default_rng(seed)
    size = min(len(points) // 2, max_customers)
    halves = np.stack([rng.permutation(len(points))[: 2 * size].reshape(2, size) for _ in range(pairs)])

    def assign(rows: np.ndarray) -> np.ndarray:
        labels = cluster(points[rows], algorithm=algorithm, k=k, seed=seed)
        if labels.max() < 1:
            return np.zeros(0, dtype=int)
        return kmeans.assign_nearest(points, find_centres(points[rows], labels))

    with threadpool_limits(1), ThreadPoolExecutor(max_workers=kmeans.THREADS) as pool:
        cuts = list(pool.map(assign, halves.reshape(2 * pairs, size)))
    return np.array(
        [
            agreement.adjusted_rand(one, two) if len(one) and len(two) else 0.0
            for one, two in zip(cuts[::2], cuts[1::2], strict=True)
        ]
    )


def refit_labels(
    points: np.ndarray, *, algorithm: str, k: int, resamples: int, restarts: int = 5, seed: int = 0
) -> np.ndarray:
    """Which segments would bootstrap samples of the same customers have given?

    Parameters
    ----------
    points : numpy.ndarray
    algorithm : str
        Anything but k-means is slow here: ask for few resamples.
    k, resamples, restarts, seed : int

    Returns
    -------
    numpy.ndarray
        Resample x customer: nearest centre of the resample's groups; a resample without groups puts all into
        one.
    """
    if algorithm == ALONE or k == 1:
        return stability.refit(points, k=k, pairs=(resamples + 1) // 2, restarts=restarts, seed=seed).labels[
            :resamples
        ]
    drawn = kmeans.draw_bootstrap(len(points), resamples, seed=seed)
    fits = fit_centres(points, drawn, algorithm=algorithm, k=k, seed=seed)
    return np.stack([kmeans.assign_nearest(points, centres) for centres in fits]).astype(np.int16)


def fit_centres(
    points: np.ndarray, weights: np.ndarray, *, algorithm: str, k: int, restarts: int = 5, seed: int = 0
) -> list[np.ndarray]:
    """Where are the centres of the groups that each of many resamples would give?

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature, scaled.
    weights : numpy.ndarray of int
        Resample x customer: how often the customer was drawn (0: not in this resample).
    algorithm : str
        One of :data:`ALGORITHMS`.
    k : int
    restarts : int
        Starts of the search; of k-means only.
    seed : int

    Returns
    -------
    list of numpy.ndarray
        Per resample group x feature: `k` groups, or as many as an algorithm finds that has its own number;
        one (the mean of all) where it finds none.
    """
    if algorithm == ALONE or k == 1:
        return list(kmeans.fit_resamples(points, weights, k=k, restarts=restarts, seed=seed).best())

    def fit(drawn: np.ndarray) -> np.ndarray:
        sample = np.repeat(points, drawn, axis=0)
        groups = cluster(sample, algorithm=algorithm, k=k, seed=seed)
        return find_centres(sample, groups if groups.max() > 0 else np.zeros(len(sample), dtype=int))

    with threadpool_limits(1), ThreadPoolExecutor(max_workers=kmeans.THREADS) as pool:
        return list(pool.map(fit, weights))


def find_centres(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean of each group (group x feature); customers left out don't count."""
    return np.stack([points[labels == group].mean(axis=0) for group in range(labels.max() + 1)])


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """The smallest decision tree that reproduces an assignment: its rules, and the most questions in one."""

    leaves: int
    depth: int


def measure_rules(
    features: pd.DataFrame, labels: np.ndarray, *, min_share: float = 0.9, most: int = 64
) -> RuleSet:
    """How many rules, and at most how many questions, does it take to say who belongs where?

    Parameters
    ----------
    features, labels, min_share, most
        As in :func:`count_leaves`.

    Returns
    -------
    RuleSet
    """
    leaves = count_leaves(features, labels, min_share=min_share, most=most)
    tree = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0)
    return RuleSet(leaves=leaves, depth=tree.fit(features.to_numpy(dtype=float), labels).get_depth())


def count_leaves(
    features: pd.DataFrame, labels: np.ndarray, *, min_share: float = 0.9, most: int = 64
) -> int:
    """How many rules does it take to say who belongs where?

    Parameters
    ----------
    features : pandas.DataFrame
        Features in raw units.
    labels : numpy.ndarray
    min_share : float
        Share of customers that the rules must put where the algorithm does.
    most : int
        Largest tree that is tried.

    Returns
    -------
    int
        Leaves of the smallest decision tree (grown best split first) that reaches `min_share`; `most` if none
        does.
    """
    values = features.to_numpy(dtype=float)
    low, high = max(len(np.unique(labels)), 2), most
    while low < high:
        middle = (low + high) // 2
        tree = DecisionTreeClassifier(max_leaf_nodes=middle, random_state=0).fit(values, labels)
        low, high = (low, middle) if tree.score(values, labels) >= min_share else (middle + 1, high)
    return low


def _k_means(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    return kmeans.fit_solution(points, k=k, restarts=20, seed=seed).labels


def _ward(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    return AgglomerativeClustering(n_clusters=k, linkage="ward").fit_predict(points)


def _mixture(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Full or diagonal covariances and the best of several starts, whichever has the lowest BIC.

    A single start from a k-means solution stays where k-means is: of three long clouds side by side it found
    0 of 24 planted samples, with five further starts 22.
    """
    fits = [
        GaussianMixture(
            k, covariance_type=kind, reg_covar=1e-4, init_params=start, n_init=times, random_state=seed
        )
        for kind in ("full", "diag")
        for start, times in (("kmeans", 1), ("k-means++", MIXTURE_STARTS))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a start that is slow to end is one of several
        best = min((fit.fit(points) for fit in fits), key=lambda fit: fit.bic(points))
    return best.predict(points)


def _latent_class(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Latent class analysis of features cut into fifths (fewer where values tie)."""
    cuts = [np.unique(np.quantile(column, (0.2, 0.4, 0.6, 0.8))) for column in points.T]
    fifths = [
        np.searchsorted(edges, column, side="right") for edges, column in zip(cuts, points.T, strict=True)
    ]
    model = StepMix(
        k, measurement="categorical", rel_tol=1e-5, n_init=2, random_state=seed, verbose=0, progress_bar=0
    )
    return model.fit(np.column_stack(fifths)).predict(np.column_stack(fifths))


def find_categories(points: np.ndarray) -> np.ndarray:
    """Which features have so few different values that they can be read as categories (bool per feature)?"""
    return np.array([len(np.unique(column)) <= MAX_VALUES for column in points.T], dtype=bool)


def _mixed_type(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    """k-means on the axes of a factor analysis of mixed data."""
    few = find_categories(points)
    axes = mixed.fit_mixed_axes(points[:, ~few], points[:, few])
    return kmeans.fit_solution(axes.points, k=k, restarts=20, seed=seed).labels


def _density(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    found = [
        HDBSCAN(
            min_cluster_size=max(int(share * len(points)), MIN_NEIGHBOURS),
            min_samples=MIN_NEIGHBOURS,
            copy=True,
        ).fit_predict(points)
        for share in DENSE_SHARES
    ]
    return min(found, key=lambda labels: abs(labels.max() + 1 - k))


ALGORITHMS: MappingProxyType[str, Callable[[np.ndarray, int, int], np.ndarray]] = MappingProxyType(
    {
        ALONE: _k_means,
        "Ward": _ward,
        "Gaussian mixture": _mixture,
        "latent class": _latent_class,
        "density clustering": _density,
        "mixed type": _mixed_type,
    }
)
