"""k-means for hundreds of resamples and restarts at once.

Stability needs thousands of small fits of the same customers. They share one copy of the data: a bootstrap
sample is a vector of multiplicities, and customers that were not drawn are skipped. Each fit has its own
random stream, derived from the seed, its resample and its restart, so results don't depend on the number of
threads.

Lloyd's algorithm (Lloyd 1982) from greedy k-means++ seeds (Arthur and Vassilvitskii 2007), run until no
customer changes segment. A segment that runs empty takes over the customer farthest from its centre.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from segutils.errors import InputError
from segutils.formats import plural
from segutils.statistics import lloyd

THREADS = 2  # notebooks run side by side: a fit never takes more than this
MAX_ITERATIONS = 300


@dataclass(frozen=True, kw_only=True)
class Fits:
    """Every fit of a batch.

    Parameters
    ----------
    centres : numpy.ndarray
        Resample x restart x segment x feature.
    inertias : numpy.ndarray
        Resample x restart: within-segment sum of squares of the resample's customers.
    """

    centres: np.ndarray
    inertias: np.ndarray

    def best(self, *, restarts: int | None = None) -> np.ndarray:
        """Centres of each resample's best (of its first `restarts`) fit: resample x segment x feature."""
        winner = self.inertias[:, :restarts].argmin(axis=1)
        return self.centres[np.arange(len(winner)), winner]


@dataclass(frozen=True, kw_only=True)
class Solution:
    """The best of many restarts on all customers, and what the other restarts found.

    Parameters
    ----------
    centres : numpy.ndarray
        Segment x feature.
    labels : numpy.ndarray
        Nearest centre of each customer, 0-based.
    inertia : float
        Within-segment sum of squares.
    inertias : numpy.ndarray
        Of every restart.
    restart_centres : numpy.ndarray
        Restart x segment x feature.
    """

    centres: np.ndarray
    labels: np.ndarray
    inertia: float
    inertias: np.ndarray
    restart_centres: np.ndarray

    def found_best(self, *, tolerance: float = 1e-4) -> np.ndarray:
        """Which restarts came within a relative `tolerance` of the best sum of squares (bool per restart)?"""
        return self.inertias <= self.inertia * (1 + tolerance) + 1e-12


def fit_resamples(
    points: np.ndarray, weights: np.ndarray, *, k: int, restarts: int, seed: int, threads: int = THREADS
) -> Fits:
    """How does k-means cut each of many resamples of the same customers?

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature, scaled.
    weights : numpy.ndarray of int
        Resample x customer: how often the customer was drawn (0: not in this resample).
    k : int
    restarts : int
        Independent starts per resample.
    seed : int
    threads : int
        At most this many at once; the result is the same for any number.

    Returns
    -------
    Fits
    """
    columns = _columns(points)
    drawn = np.ascontiguousarray(weights, dtype=np.int32)
    centres = np.empty((len(drawn), restarts, k, columns.shape[0]))
    inertias = np.empty((len(drawn), restarts))

    def fit(first: int, last: int) -> None:
        lloyd.fit_range(
            columns, drawn, restarts, first, last, np.uint64(seed), MAX_ITERATIONS, centres, inertias
        )

    _spread(fit, len(drawn) * restarts, threads)
    return Fits(centres=centres, inertias=inertias)


def fit_solution(
    points: np.ndarray, *, k: int, restarts: int = 100, seed: int = 0, threads: int = THREADS
) -> Solution:
    """What is the best cut of all customers into `k` segments, and how often is it found?

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature, scaled.
    k, restarts, seed, threads : int
        As in :func:`fit_resamples`.

    Returns
    -------
    Solution

    Raises
    ------
    InputError
        If there are fewer different customers than segments.
    """
    different = len(np.unique(points, axis=0)) if k > 1 else len(points)
    if different < k:
        raise InputError(
            f"{plural(k, 'segment')} asked of {plural(different, 'different customer')}",
            where="features",
            fix=f"ask for at most {plural(different, 'segment')}, or give more customers",
        )
    everyone = np.ones((1, len(points)), dtype=np.int32)
    fits = fit_resamples(points, everyone, k=k, restarts=restarts, seed=seed, threads=threads)
    centres = fits.best()[0]
    return Solution(
        centres=centres,
        labels=assign_nearest(points, centres),
        inertia=float(fits.inertias.min()),
        inertias=fits.inertias[0],
        restart_centres=fits.centres[0],
    )


def assign_nearest(points: np.ndarray, centres: np.ndarray, *, threads: int = THREADS) -> np.ndarray:
    """Which centre is each customer nearest to?

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature.
    centres : numpy.ndarray
        Segment x feature, or solution x segment x feature.

    Returns
    -------
    numpy.ndarray of int16
        0-based segment per customer, or solution x customer; of equally near centres the first.
    """
    columns = _columns(points)
    stack = np.ascontiguousarray(centres if centres.ndim == 3 else centres[None], dtype=np.float64)
    labels = np.empty((len(stack), columns.shape[1]), dtype=np.int16)

    def assign(first: int, last: int) -> None:
        lloyd.assign_range(columns, stack, first, last, labels)

    _spread(assign, len(stack), threads)
    return labels if centres.ndim == 3 else labels[0]


def fit_tables(
    tables: Sequence[np.ndarray], *, counts: Sequence[int], restarts: int, seed: int, threads: int = THREADS
) -> np.ndarray:
    """How tightly can each of several tables be cut?

    Parameters
    ----------
    tables : sequence of numpy.ndarray
        Each customer x feature.
    counts : sequence of int
        Numbers of segments.
    restarts, seed, threads : int

    Returns
    -------
    numpy.ndarray
        Smallest within-segment sum of squares, table x count.
    """

    def fit(table: int) -> list[float]:
        everyone = np.ones((1, len(tables[table])), dtype=np.int32)
        settings = {"restarts": restarts, "seed": seed + table, "threads": 1}
        return [fit_resamples(tables[table], everyone, k=k, **settings).inertias.min() for k in counts]

    with ThreadPoolExecutor(max_workers=threads) as pool:
        return np.array(list(pool.map(fit, range(len(tables)))))


def draw_bootstrap(n: int, resamples: int, *, seed: int) -> np.ndarray:
    """Multiplicities (resample x customer, int32) of bootstrap samples of `n` customers."""
    rng = np.random.default_rng(seed)
    return np.stack([np.bincount(rng.integers(0, n, size=n), minlength=n) for _ in range(resamples)]).astype(
        np.int32
    )


def _columns(points: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(points, dtype=np.float64).T)


def _spread(work: Callable[[int, int], None], tasks: int, threads: int) -> None:
    """Run ``work(first, last)`` over ``range(tasks)`` in threads: compiled code needs no interpreter."""
    parts = min(tasks, 8 * threads) if threads > 1 else 1  # more parts than threads: fits take unequal time
    if parts < 2:
        work(0, tasks)
        return
    edges = np.linspace(0, tasks, parts + 1).astype(int)
    with ThreadPoolExecutor(max_workers=threads) as pool:
        for done in [pool.submit(work, a, b) for a, b in pairwise(edges)]:
            done.result()
