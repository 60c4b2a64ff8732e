"""How well a cut separates customers: indices that a choice of the number of segments looks at together.

`points` is always customer x feature on the scaled axis, `labels` 0-based.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import calinski_harabasz_score, pairwise_distances, silhouette_samples
from sklearn.neighbors import NearestNeighbors

from segutils.statistics import agreement, kmeans

MAX_SILHOUETTE = 4000  # customers: the silhouette needs all pairs, a larger table is sampled
EVEN_SPREAD = 0.75  # what cutting an even spread in the middle explains of it (1 − 1/4)


def explained_share(points: np.ndarray, inertia: float) -> float:
    """Which share of all differences between customers lies between segments (1 − within / total)?"""
    total = float(((points - points.mean(axis=0)) ** 2).sum())
    return 1 - inertia / total if total > 0 else 0.0


def calinski_harabasz(points: np.ndarray, labels: np.ndarray) -> float:
    """Variance between over variance within segments (Calinski and Harabasz 1974), larger is better."""
    return float(calinski_harabasz_score(points, labels))


def silhouettes(points: np.ndarray, labellings: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """How much nearer is a customer to the own segment than to the next (Rousseeuw 1987), on average?

    Parameters
    ----------
    points : numpy.ndarray
    labellings : numpy.ndarray
        Solution x customer.
    seed : int
        Of the sample that is taken above 4,000 customers.

    Returns
    -------
    numpy.ndarray
        Mean silhouette width of each solution, -1 to 1; NaN where the solution has one segment only.
    """
    rows = np.arange(len(points))
    if len(rows) > MAX_SILHOUETTE:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MAX_SILHOUETTE, replace=False))
    distances = pairwise_distances(points[rows])
    np.fill_diagonal(distances, 0.0)
    return np.array([_mean_silhouette(distances, labels[rows]) for labels in labellings])


def shadow_values(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """How close is each customer to the border of the segment (0: on its centre, 1: on the border)?

    Twice the distance to the nearest centre over the sum of the distances to the two nearest (Leisch 2010).
    With one segment there is no border: 0.
    """
    if len(centres) < 2:
        return np.zeros(len(points))
    distances = np.sqrt(((points[:, None, :] - centres[None]) ** 2).sum(axis=2))
    near = np.partition(distances, 1, axis=1)[:, :2]
    both = near.sum(axis=1)
    return np.divide(2 * near[:, 0], both, out=np.ones(len(points)), where=both > 0)


def segment_gaps(points: np.ndarray, labels: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Is there a gap between each segment and its nearest neighbour, or does one shade into the other?

    For each pair of segments: customers of the two are laid on the line through both centres, and the cut's
    share of their variance there is taken (1 − Je(2)/Je(1) of Duda and Hart 1973, on one axis). An even
    spread without any gap gives 0.75, one peak cut in two less (normal: 0.64), two equal normal groups 3.5
    standard deviations apart 0.75, 4 apart 0.80. Per segment the smallest value over the other segments.

    Returns
    -------
    numpy.ndarray
        Per segment 0-1; NaN where there is one segment only.
    """
    k = len(centres)
    pairs = np.full((k, k), np.nan)
    for a in range(k):
        for b in range(a + 1, k):
            axis = centres[b] - centres[a]
            one, two = points[labels == a] @ axis, points[labels == b] @ axis
            both = np.concatenate([one, two])
            total = ((both - both.mean()) ** 2).sum() if len(both) else 0.0
            if len(one) and len(two) and total > 0:
                within = ((one - one.mean()) ** 2).sum() + ((two - two.mean()) ** 2).sum()
                pairs[a, b] = pairs[b, a] = 1 - within / total
    return np.min(pairs, axis=1, initial=1.0, where=~np.isnan(pairs)) if k > 1 else np.array([np.nan])


def hopkins(points: np.ndarray, *, probes: int = 200, seed: int = 0) -> float:
    """Do customers lie in clumps (towards 1), or as evenly as by chance (0.5)?

    Distances from places drawn evenly in the customers' range to the nearest customer, over these and the
    distances from as many customers to their nearest neighbour, each to the power of the number of features
    (Hopkins and Skellam 1954; Lawson and Jurs 1990, who take 0.75 and more for clumped). One bell curve is
    clumped, too: a high value asks for a closer look and proves no segments.

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature, scaled.
    probes : int
        Places and customers drawn; at most a tenth of the customers.
    seed : int

    Returns
    -------
    float
        0-1.
    """
    rng = np.random.default_rng(seed)
    n, p = points.shape
    number = max(min(probes, n // 10), 1)
    places = rng.uniform(points.min(axis=0), points.max(axis=0), size=(number, p))
    drawn = rng.choice(n, number, replace=False)
    tree = NearestNeighbors(n_neighbors=2).fit(points)
    empty = np.log(np.maximum(tree.kneighbors(places, 1)[0][:, 0], 1e-12)) * p
    own = np.log(np.maximum(tree.kneighbors(points[drawn], 2)[0][:, 1], 1e-12)) * p
    top = max(empty.max(), own.max())  # powers of many features overflow: relative to the largest
    far, near = np.exp(empty - top).sum(), np.exp(own - top).sum()
    return float(far / (far + near))


def prediction_strength(
    points: np.ndarray, *, k: int, splits: int = 25, restarts: int = 5, seed: int = 0
) -> np.ndarray:
    """Does a cut learnt on one half of the customers keep the segments of the other half together?

    For each random split: the share of pairs of a segment of the one half that the other half's centres put
    into one segment, for the segment where this share is smallest; the mean over both directions. Source:
    Tibshirani and Walther 2005, who take the largest number of segments with 0.8 to 0.9 or more.

    Returns
    -------
    numpy.ndarray
        One value 0-1 per split.
    """
    rng = np.random.default_rng(seed)
    half = np.arange(len(points)) < len(points) // 2
    one = np.array([rng.permutation(half) for _ in range(splits)])
    weights = np.stack([one, ~one], axis=1).reshape(2 * splits, -1).astype(np.int32)
    best = kmeans.fit_resamples(points, weights, k=k, restarts=restarts, seed=seed).best()
    labels = kmeans.assign_nearest(points, best)
    strengths = np.empty((splits, 2))
    for split in range(splits):
        for direction in range(2):
            test = weights[2 * split + direction] > 0
            own, other = labels[2 * split + direction, test], labels[2 * split + 1 - direction, test]
            strengths[split, direction] = kept_together(own, other)
    return strengths.mean(axis=1)


def kept_together(own: np.ndarray, other: np.ndarray) -> float:
    """Which share of a segment's pairs does another cut keep together, for the segment where it is smallest?

    Parameters
    ----------
    own, other : numpy.ndarray
        Labels of the same customers: by their own cut, and by the other one. A single customer has no pairs.

    Returns
    -------
    float
        0-1 (Tibshirani and Walther 2005).
    """
    table = agreement.cross_count(own, other)
    size = table.sum(axis=1).astype(float)
    together = (table * (table - 1.0)).sum(axis=1)
    shares = together[size > 1] / (size * (size - 1))[size > 1]
    return float(shares.min()) if len(shares) else 1.0


def gap_statistic(
    points: np.ndarray, inertias: np.ndarray, *, draws: int = 20, restarts: int = 3, seed: int = 0
) -> pd.DataFrame:
    """Is a cut into k segments tighter than the same cut of customers spread evenly?

    Parameters
    ----------
    points : numpy.ndarray
    inertias : numpy.ndarray
        Within-segment sum of squares of the best solution with 1, 2, … segments.
    draws : int
        Reference tables: evenly spread over the box around the principal axes (Tibshirani, Walther and Hastie
        2001, reference b).
    restarts, seed : int

    Returns
    -------
    pandas.DataFrame
        ``k``, ``gap`` (mean log of the reference's sum of squares − log of the observed one), ``gap_se``
        (standard deviation over the references · √(1 + 1/draws)).
    """
    rng = np.random.default_rng(seed)
    middle = points.mean(axis=0)
    axes = np.linalg.svd(points - middle, full_matrices=False)[2]
    turned = (points - middle) @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    spread = [rng.uniform(low, high, size=points.shape) for _ in range(draws)]
    counts = range(1, len(inertias) + 1)
    logs = np.log(kmeans.fit_tables(spread, counts=counts, restarts=restarts, seed=seed))
    with np.errstate(divide="ignore"):
        gap = logs.mean(axis=0) - np.log(inertias)
    error = logs.std(axis=0) * np.sqrt(1 + 1 / draws)
    return pd.DataFrame({"k": list(counts), "gap": gap, "gap_se": error})


def choose_by_gap(gaps: pd.DataFrame) -> int:
    """The smallest k whose gap is at least the next one's minus its standard error; else the largest k."""
    gap, error = gaps["gap"].to_numpy(), gaps["gap_se"].to_numpy()
    enough = gap[:-1] >= gap[1:] - error[1:]
    return int(gaps["k"].iloc[int(enough.argmax()) if enough.any() else -1])


def _mean_silhouette(distances: np.ndarray, labels: np.ndarray) -> float:
    if len(np.unique(labels)) < 2:
        return np.nan
    return float(silhouette_samples(distances, labels, metric="precomputed").mean())
