"""All numbers of segments side by side: how well each cut separates, how surely it is found, whether it comes
back.

This is the evidence; :mod:`segutils.methodology.segments.segment_count` judges it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.formats import plural
from segutils.statistics import agreement, indices, intervals, mixtures, references, segment_model, stability
from segutils.statistics.kmeans import Solution, assign_nearest, fit_solution
from segutils.statistics.segment_model import Scaling

MIN_PER_SEGMENT = 10  # customers on average, below which a centre is an anecdote
MAX_TIED = 0.1  # share of customers with one value of a feature, above which it is no continuous feature


@dataclass(frozen=True, kw_only=True)
class Landscape:
    """The cuts into 2, 3, … segments and what was measured on them.

    Parameters
    ----------
    points : numpy.ndarray
        Customers with purchases (of very many, a random sample of them) x used feature, scaled.
    rows : numpy.ndarray of int
        Which of the customers with purchases those are.
    buyers : int
        Customers with purchases in all.
    scaling : Scaling
    solutions : mapping of int to Solution
        Best solution by number of segments.
    table : pandas.DataFrame
        One row per number of segments from 2, see :func:`fit_landscape`.
    halves : pandas.DataFrame
        ``half`` and the columns of `table` that the decision rests on, measured again on random halves of the
        customers.
    gap_choice : int
        Number of segments that the gap statistic's rule picks (1: none).
    pairs, restarts, refit_restarts : int
        How much work the table rests on.
    """

    points: np.ndarray
    rows: np.ndarray
    buyers: int
    scaling: Scaling
    solutions: Mapping[int, Solution]
    table: pd.DataFrame
    halves: pd.DataFrame
    gap_choice: int
    pairs: int
    restarts: int
    refit_restarts: int


def fit_landscape(
    features: pd.DataFrame,
    catalogue: pd.DataFrame,
    *,
    max_segments: int = 8,
    pairs: int = 100,
    restarts: int = 100,
    refit_restarts: int = 5,
    splits: int = 25,
    references_drawn: int = 20,
    halves: int = 20,
    max_customers: int = 10_000,
    likelihood_customers: int = 2000,
    seed: int = 0,
) -> Landscape:
    """How does every number of segments that the organisation could run do on every measure?

    Parameters
    ----------
    features : pandas.DataFrame
        ``customer_id, has_purchases`` and features in raw units; customers without purchases are left aside.
    catalogue : pandas.DataFrame
        ``feature, transform, used``.
    max_segments : int
        Most segments that the organisation can run its own message for.
    pairs : int
        Pairs of bootstrap samples per number of segments.
    restarts, refit_restarts : int
        Starts of the search on all customers, and on each bootstrap sample.
    splits : int
        Random splits for prediction strength.
    references_drawn : int
        Made-up tables for the gap statistic and for the comparison with unrelated features.
    halves : int
        Random halves of the customers on which the decision is taken again.
    max_customers : int
        Of more customers than this a random sample is looked at: what ten thousand customers don't tell
        apart reliably, a million cannot be treated apart by.
    likelihood_customers : int
        Of more customers than this a random sample has Gaussian mixtures fitted; 0: no mixtures.
    seed : int

    Returns
    -------
    Landscape
        Its table: ``k``, ``explained_share``, ``expected_share``, ``p_structure`` and ``tighter`` (against
        customers with unrelated features), ``silhouette``, ``calinski_harabasz``, ``gap``, ``gap_se``,
        ``segment_gap`` (smallest gap between neighbouring segments), ``prediction_strength``,
        ``adjusted_rand`` with ``_low`` and ``_high`` (middle 90 % of pairs), ``min_jaccard`` (weakest
        segment), ``min_flow`` (weakest segment across solutions: does it come from one segment of the cut
        with one less, or from many?), ``smallest_share``, ``smallest_customers``, ``bic`` and ``icl`` of
        Gaussian mixtures (smaller is better; NaN where many customers share a value, because then there is no
        likelihood), ``best_found_share``, ``near_best_share``, ``near_best_agreement``.

    Raises
    ------
    InputError
        Too few customers, or a feature that cannot be used.
    """
    buyers = segment_model.select_buyers(features)
    scaling = segment_model.fit_scaling(buyers, catalogue, min_customers=2 * MIN_PER_SEGMENT)
    rows = draw_customers(len(buyers), max_customers, seed=seed)
    points = scaling.apply(buyers.iloc[rows] if len(rows) < len(buyers) else buyers)
    different = len(np.unique(points, axis=0))
    most = min(len(points) // MIN_PER_SEGMENT, different - 1)
    if not 2 <= max_segments <= most:
        raise InputError(
            f"{plural(len(buyers), 'customer')} with purchases ({different:,} of them different) cannot "
            f"be cut into up to {plural(max_segments, 'segment')}",
            where="3_2_segments, parameter max_segments",
            fix=f"set max_segments between 2 and {most}" if most >= 2 else "give more customers",
        )
    counts = range(2, max_segments + 1)
    # one more than asked: the gap statistic's rule looks at the next number of segments
    solutions = {
        k: fit_solution(points, k=k, restarts=restarts, seed=seed) for k in range(2, max_segments + 2)
    }
    work = {"pairs": pairs, "refit_restarts": refit_restarts, "splits": splits}
    table = _measure(points, {k: solutions[k] for k in counts}, seed=seed, **work)
    table["smallest_customers"] = (table["smallest_share"] * len(buyers)).round().astype(int)
    inertias = [((points - points.mean(axis=0)) ** 2).sum(), *(s.inertia for s in solutions.values())]
    gaps = indices.gap_statistic(points, np.array(inertias), draws=references_drawn, seed=seed)
    structure = references.compare_with_unrelated(points, counts=counts, draws=references_drawn, seed=seed)
    labels = [solutions[k].labels for k in counts]
    table = table.assign(
        silhouette=indices.silhouettes(points, np.stack(labels), seed=seed),
        calinski_harabasz=[indices.calinski_harabasz(points, row) for row in labels],
        expected_share=structure["expected"],
        p_structure=structure["p_value"],
        tighter=structure["tighter"],
        min_flow=[_weakest_flow(solutions, k) for k in counts],
        gap=gaps["gap"].iloc[1:max_segments].to_numpy(),
        gap_se=gaps["gap_se"].iloc[1:max_segments].to_numpy(),
    )
    table[["bic", "icl"]] = _score_likelihood(points, counts, most=likelihood_customers, seed=seed)
    search = pd.concat([describe_search(points, solutions[k]) for k in counts], ignore_index=True)
    return Landscape(
        points=points,
        rows=rows,
        buyers=len(buyers),
        scaling=scaling,
        solutions=solutions,
        table=table.join(search),
        halves=_measure_halves(points, structure, halves=halves, seed=seed),
        gap_choice=indices.choose_by_gap(gaps),
        pairs=pairs,
        restarts=restarts,
        refit_restarts=refit_restarts,
    )


def draw_customers(customers: int, most: int, *, seed: int = 0) -> np.ndarray:
    """Positions of a random sample of at most `most` customers, in order; all where they are fewer."""
    if customers <= most:
        return np.arange(customers)
    return np.sort(np.random.default_rng(seed).choice(customers, most, replace=False))


def describe_search(
    points: np.ndarray, solution: Solution, *, tolerance: float = 1e-4, near: float = 0.01
) -> pd.DataFrame:
    """How much luck is in a solution?

    Parameters
    ----------
    points : numpy.ndarray
    solution : Solution
        With all its restarts.
    tolerance : float
        A restart found the best solution if its sum of squares is within this relative distance of it.
    near : float
        A restart is nearly as good within this one.

    Returns
    -------
    pandas.DataFrame
        One row: ``best_found_share`` and ``near_best_share`` (0-1, of restarts), ``near_best_agreement``
        (mean adjusted Rand index of the nearly best solutions with the best).
    """
    close = solution.found_best(tolerance=near)
    labels = assign_nearest(points, solution.restart_centres[close])
    agreements = [agreement.adjusted_rand(solution.labels, row) for row in labels]
    found = solution.found_best(tolerance=tolerance)
    row = [[found.mean(), close.mean(), float(np.mean(agreements))]]
    return pd.DataFrame(row, columns=["best_found_share", "near_best_share", "near_best_agreement"])


def _measure(
    points: np.ndarray,
    solutions: Mapping[int, Solution],
    *,
    pairs: int,
    refit_restarts: int,
    splits: int,
    seed: int,
) -> pd.DataFrame:
    """What the decision rests on, one row per number of segments."""
    rows = []
    for k, solution in solutions.items():
        sizes = np.bincount(solution.labels, minlength=k)
        refits = stability.refit(points, k=k, pairs=pairs, restarts=refit_restarts, seed=seed)
        rand = stability.pair_agreement(refits.labels)
        jaccard = stability.segment_agreement(solution.labels, refits.labels, k=k)
        strength = indices.prediction_strength(points, k=k, splits=splits, restarts=refit_restarts, seed=seed)
        low, high = intervals.percentile_interval(rand, level=0.9)
        rows.append(
            {
                "k": k,
                "explained_share": indices.explained_share(points, solution.inertia),
                "segment_gap": indices.segment_gaps(points, solution.labels, solution.centres).min(),
                "adjusted_rand": rand.mean(),
                "adjusted_rand_low": low,
                "adjusted_rand_high": high,
                "min_jaccard": jaccard.mean(axis=0).min(),
                "prediction_strength": strength.mean(),
                "smallest_share": sizes.min() / sizes.sum(),
                "smallest_customers": int(sizes.min()),
            }
        )
    return pd.DataFrame(rows)


def _weakest_flow(solutions: Mapping[int, Solution], k: int) -> float:
    """Smallest stability of a segment across the cuts into k − 1 and k; NaN where there is no cut before."""
    if k - 1 not in solutions:
        return np.nan
    table = agreement.cross_count(solutions[k - 1].labels, solutions[k].labels)
    return float(agreement.flow_stability(table).min())


def _score_likelihood(points: np.ndarray, counts: Sequence[int], *, most: int, seed: int) -> np.ndarray:
    """BIC and ICL (count x 2); NaN where a density could grow without limit on a value that many share."""
    tied = max(np.unique(column, return_counts=True)[1].max() for column in points.T) / len(points)
    if most < 1 or tied > MAX_TIED:
        return np.full((len(counts), 2), np.nan)
    some = points[draw_customers(len(points), most, seed=seed)]
    found = mixtures.score_mixtures(some, counts=counts, shapes=("full", "diag"), starts=1, seed=seed)
    return found[["bic", "icl"]].to_numpy()


def _measure_halves(points: np.ndarray, structure: pd.DataFrame, *, halves: int, seed: int) -> pd.DataFrame:
    """The same on random halves of the customers, with less work on each."""
    rng = np.random.default_rng(seed)
    found = {"p_structure": structure["p_value"], "tighter": structure["tighter"]}
    frames = []
    for half in range(halves):
        some = points[np.sort(rng.permutation(len(points))[: len(points) // 2])]
        solutions = {int(k): fit_solution(some, k=int(k), restarts=5, seed=half) for k in structure["k"]}
        measured = _measure(some, solutions, pairs=8, refit_restarts=3, splits=2, seed=seed + half)
        frames.append(measured.assign(half=half, **found))
    return pd.concat(frames, ignore_index=True)
