"""Is there anything to segment? The customers against made-up customers without structure.

The made-up table keeps every feature's own distribution, skew and ties included, but shuffles each feature on
its own: nothing that one feature says about another is left. Where customers are cut no more tightly than
that, a segment can't sum up several features, and looking at each feature by itself says as much.

Features can be related by counting alone: of a customer with two orders every share is nothing, a half or
all. So a difference that is certain (p-value) is not yet one that matters: `tighter` says how large it is.

What this can't see: groups that show in one feature only (a rule on that feature finds them), and groups too
small to move the sum of squares. That features are related doesn't mean that there are gaps between groups:
see :func:`segutils.statistics.indices.segment_gaps` for that.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import t as student

from segutils.statistics import kmeans


def compare_with_unrelated(
    points: np.ndarray, *, counts: Sequence[int], draws: int = 20, restarts: int = 3, seed: int = 0
) -> pd.DataFrame:
    """Are the customers cut more tightly than customers whose features are unrelated?

    Customers and made-up tables go through the same search. Source of the idea: the column permutation null
    of Dolnicar, Grün and Leisch 2018 (chapter 7: constructive segmentation of unstructured data); the
    statistic is the share of all differences that lies between segments.

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature, scaled.
    counts : sequence of int
        Numbers of segments.
    draws : int
        Made-up tables.
    restarts, seed : int

    Returns
    -------
    pandas.DataFrame
        ``k``, ``explained`` (0-1, of this search), ``expected`` (mean of the made-up tables), ``tighter`` (by
        which share what is left within segments is less than expected), ``p_value``: one-sided, from
        Student's t over the draws, times the number of counts looked at (Bonferroni), at most 1.
    """
    rng = np.random.default_rng(seed)
    total = ((points - points.mean(axis=0)) ** 2).sum()
    tables = [points] + [np.column_stack([rng.permutation(c) for c in points.T]) for _ in range(draws)]
    inertias = kmeans.fit_tables(tables, counts=counts, restarts=restarts, seed=seed)
    explained = 1 - inertias / total
    observed, made_up = explained[0], explained[1:]
    spread = np.maximum(made_up.std(axis=0, ddof=1) * np.sqrt(1 + 1 / draws), 1e-12)
    p_value = student.sf((observed - made_up.mean(axis=0)) / spread, draws - 1) * len(counts)
    return pd.DataFrame(
        {
            "k": list(counts),
            "explained": observed,
            "expected": made_up.mean(axis=0),
            "tighter": 1 - (1 - observed) / np.maximum(1 - made_up.mean(axis=0), 1e-12),
            "p_value": np.minimum(p_value, 1.0),
        }
    )
