"""How fast are the k-means fits of segment-count, against the same loop over scikit-learn, on this machine?

``python benchmarks/kmeans_vs_sklearn.py [--resamples 6]`` cuts 10,000 made-up customers with 11 features into
2 to 10 segments on 100 pairs of bootstrap samples with 10 starts each, once with
:func:`segutils.statistics.kmeans.fit_resamples` and once with ``sklearn.cluster.KMeans`` at its defaults
(``n_init=10``) on the very same samples. The whole loop over scikit-learn takes long, so it is made on the
first few samples of each number of segments and its time scaled to all of them; both times and the quality of
the optima (best sums of squares on those samples, ours over theirs: by number of segments, and the mean) are
printed. On a single sample either may be luckier with its ten starts.

Both make 18,000 fits: 9 numbers of segments x 200 samples x 10 starts. Compiling (once per installation) is
left out.
"""

import argparse
import sys
import time

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from segutils.statistics import kmeans

CUSTOMERS, FEATURES, PAIRS, STARTS = 10_000, 11, 100, 10
COUNTS = range(2, 11)
MIN_RATIO, MAX_LOSS = 5.0, 1.001


def make_customers(seed: int = 0) -> np.ndarray:
    """Six overlapping groups of unequal size, some features skewed, on the scaled axes."""
    rng = np.random.default_rng(seed)
    group = rng.choice(6, CUSTOMERS, p=[0.3, 0.25, 0.18, 0.12, 0.1, 0.05])
    points = rng.normal(scale=2.0, size=(6, FEATURES))[group] + rng.normal(size=(CUSTOMERS, FEATURES))
    points[:, ::3] = np.exp(points[:, ::3] / 3)
    return (points - points.mean(axis=0)) / points.std(axis=0)


def fit_ours(points: np.ndarray, weights: np.ndarray) -> dict[int, np.ndarray]:
    """Best sum of squares of every sample, by number of segments."""
    fits = {k: kmeans.fit_resamples(points, weights, k=k, restarts=STARTS, seed=1) for k in COUNTS}
    return {k: found.inertias.min(axis=1) for k, found in fits.items()}


def fit_theirs(samples: list[np.ndarray]) -> dict[int, np.ndarray]:
    """The same by scikit-learn."""
    return {
        k: np.array([KMeans(k, n_init=STARTS, random_state=1).fit(sample).inertia_ for sample in samples])
        for k in COUNTS
    }


def main() -> int:
    """Measure, print, and return 1 when a mark is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--resamples", type=int, default=6, help="samples that scikit-learn is timed on")
    few = parser.parse_args().resamples
    points = make_customers()
    weights = kmeans.draw_bootstrap(len(points), 2 * PAIRS, seed=0)
    kmeans.fit_resamples(points[:100], weights[:2, :100], k=2, restarts=1, seed=0)  # compiles
    start = time.perf_counter()
    ours = fit_ours(points, weights)
    seconds = time.perf_counter() - start
    samples = [np.repeat(points, drawn, axis=0) for drawn in weights[:few]]
    KMeans(2, n_init=1, random_state=0).fit(samples[0])
    scale = len(weights) / few
    start = time.perf_counter()
    theirs = fit_theirs(samples)
    whole = (time.perf_counter() - start) * scale
    start = time.perf_counter()
    with threadpool_limits(1):
        fit_theirs(samples)
    single = (time.perf_counter() - start) * scale
    loss = {k: float(ours[k][:few].mean() / theirs[k].mean()) for k in COUNTS}
    mean = float(np.mean(list(loss.values())))
    fits = len(COUNTS) * len(weights) * STARTS
    print(f"{CUSTOMERS:,} customers x {FEATURES} features, k = 2 to 10, {PAIRS} pairs, {STARTS} starts")
    print(f"segutils                    {seconds:8.1f} s   {1000 * seconds / fits:6.2f} ms a fit")
    note = f"(timed on {few} of {len(weights)} samples per k, scaled)"
    print(f"scikit-learn, defaults      {whole:8.1f} s   {1000 * whole / fits:6.2f} ms a fit {note}")
    print(f"scikit-learn, one thread    {single:8.1f} s   {1000 * single / fits:6.2f} ms a fit {note}")
    print("sum of squares, ours over theirs: " + ", ".join(f"{k}: {v:.5f}" for k, v in loss.items()) + "\n")
    marks = [
        ("times faster than the defaults", whole / seconds, MIN_RATIO, whole / seconds >= MIN_RATIO),
        ("optimum, ours over theirs, mean", mean, MAX_LOSS, mean <= MAX_LOSS),
    ]
    for name, value, mark, met in marks:
        print(f"{name:<34}{value:>10.4f}   mark {mark:<8g}{'met' if met else 'MISSED'}")
    return 0 if all(met for *_, met in marks) else 1


if __name__ == "__main__":
    sys.exit(main())
