"""How many topics do the texts have, if any: stability over resamples, coherence, agreement of two halves."""

import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from segutils.statistics import agreement

TOP_TERMS = 10
THREADS = 2


def factorise(
    weights: sparse.csr_matrix, *, topics: int, seed: int, rounds: int = 100
) -> tuple[np.ndarray, np.ndarray]:
    """Texts as sums of topics, topics as weights of terms: non-negative matrix factorisation.

    Source: Lee and Seung 1999; started from NNDSVD (Boutsidis and Gallopoulos 2008), so that hardly anything
    is left to chance.

    Returns
    -------
    tuple of numpy.ndarray
        Text x topic and topic x term; rows of the latter have length 1.
    """
    model = NMF(topics, init="nndsvda", max_iter=rounds, tol=1e-3, random_state=seed)
    texts = model.fit_transform(weights)
    lengths = np.linalg.norm(model.components_, axis=1)
    return texts * lengths, model.components_ / np.where(lengths > 0, lengths, 1)[:, None]


def measure_topic_counts(
    weights: sparse.csr_matrix,
    *,
    counts: Sequence[int] = tuple(range(2, 11)),
    resamples: int = 6,
    halvings: int = 4,
    max_texts: int = 2500,
    seed: int = 0,
) -> pd.DataFrame:
    """How sure is each number of topics?

    Parameters
    ----------
    weights : scipy.sparse.csr_matrix
        Text x term; see :func:`~segutils.data_readiness.enrichment.topic_terms.weigh_terms`.
    counts : sequence of int
    resamples : int
        Samples of 80 % of the texts.
    halvings : int
        Random cuts of each text's terms into two halves.
    max_texts : int
        Texts used, drawn with `seed`.
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``topics``; ``stability`` (0-1, do samples of the texts give the same top terms: average Jaccard of
        ranked terms, topics matched one to one; Greene, O'Callaghan and Cunningham 2014); ``coherence`` (-1
        to 1, do the top terms stand in the same texts: NPMI, Bouma 2009, Lau, Newman and Baldwin 2014);
        ``halves`` (adjusted Rand index: do both halves of a text's words tell the same topic); ``score``
        (geometric mean of the three, 0 where one is not positive).
    """
    rng = np.random.default_rng(seed)
    kept = weights[rng.permutation(weights.shape[0])[:max_texts]].tocsr()
    kept = kept[:, np.asarray((kept > 0).sum(axis=0)).ravel() >= 3]
    there = (kept > 0).astype(float).tocsr()
    n = kept.shape[0]
    samples = [np.sort(rng.choice(n, int(0.8 * n), replace=False)) for _ in range(resamples)]
    halves = [_halve(kept, rng) for _ in range(halvings)]
    possible = [count for count in counts if count < min(kept.shape)]

    def measure(count: int) -> tuple[float, ...]:
        reference = factorise(kept, topics=count, seed=seed)[1]
        others = [factorise(kept[sample], topics=count, seed=seed)[1] for sample in samples]
        stability = np.mean([match_terms(reference, other) for other in others])
        coherence = score_coherence(reference, there).mean()
        told = [
            [factorise(half, topics=count, seed=seed)[0].argmax(axis=1) for half in pair] for pair in halves
        ]
        return count, stability, coherence, np.mean([agreement.adjusted_rand(one, two) for one, two in told])

    with _undisturbed(), threadpool_limits(1), ThreadPoolExecutor(max_workers=THREADS) as pool:
        rows = list(pool.map(measure, possible))
    table = pd.DataFrame(rows, columns=["topics", "stability", "coherence", "halves"]).astype({"topics": int})
    positive = table[["stability", "coherence", "halves"]].clip(lower=0)
    return table.assign(score=positive.prod(axis=1) ** (1 / 3))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A factorisation that stopped early says so in a warning; its top terms no longer change by then."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def choose_topic_count(
    measures: pd.DataFrame, *, tolerance: float = 0.02, min_halves: float = 0.1, min_coherence: float = 0.05
) -> int:
    """How many topics are there; 0 where the texts have none?

    Parameters
    ----------
    measures : pandas.DataFrame
        As :func:`measure_topic_counts` returns them.
    tolerance : float
        Of scores this close to the best the largest number is taken: a topic that is two things at once tells
        nobody what to do.
    min_halves, min_coherence : float
        Numbers below either are not considered. Words that come together by chance give 0 for both.

    Returns
    -------
    int
    """
    sure = measures[(measures.halves >= min_halves) & (measures.coherence >= min_coherence)]
    if sure.empty:
        return 0
    return int(sure.topics[sure.score >= sure.score.max() - tolerance].max())


def match_terms(first: np.ndarray, second: np.ndarray, *, top: int = TOP_TERMS) -> float:
    """How far do two sets of topics have the same top terms (average Jaccard, matched one to one)?"""
    one, two = (np.argsort(-topics, axis=1, kind="stable")[:, :top] for topics in (first, second))
    scores = [[_rank_overlap(a, b) for b in two] for a in one]
    rows, columns = linear_sum_assignment(scores, maximize=True)
    return float(np.asarray(scores)[rows, columns].mean())


def score_coherence(topics: np.ndarray, there: sparse.csr_matrix, *, top: int = TOP_TERMS) -> np.ndarray:
    """Do the top terms of each topic stand in the same texts (mean NPMI over pairs)?

    Parameters
    ----------
    topics : numpy.ndarray
        Topic x term.
    there : scipy.sparse.csr_matrix
        Text x term, 1 where the text has the term.
    top : int

    Returns
    -------
    numpy.ndarray
        Per topic, -1 (never together) over 0 (by chance) to 1 (always).
    """
    scores = []
    for topic in topics:
        best = np.argsort(-topic, kind="stable")[:top]
        together = (there[:, best].T @ there[:, best]).toarray() / there.shape[0]
        single = np.diag(together)
        one, two = np.triu_indices(len(best), 1)
        joint = together[one, two]
        with np.errstate(divide="ignore", invalid="ignore"):
            npmi = np.log(joint / (single[one] * single[two])) / -np.log(joint)
        scores.append(np.where(joint > 0, np.where(joint < 1, npmi, 1.0), -1.0).mean())
    return np.array(scores)


def _rank_overlap(one: np.ndarray, two: np.ndarray) -> float:
    """Average Jaccard coefficient of the first 1, 2, 3 … terms of both."""
    overlaps = []
    for depth in range(1, len(one) + 1):
        shared = len(np.intersect1d(one[:depth], two[:depth]))
        overlaps.append(shared / (2 * depth - shared))
    return float(np.mean(overlaps))


def _halve(
    weights: sparse.csr_matrix, rng: np.random.Generator
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    first = rng.random(weights.nnz) < 0.5
    parts = []
    for keep in (first, ~first):
        part = weights.copy()
        part.data = part.data * keep
        part.eliminate_zeros()
        parts.append(normalize(part))
    return parts[0], parts[1]
