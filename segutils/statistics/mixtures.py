"""How many bell curves do the customers come from? Criteria that rest on a likelihood."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

SHAPES = ("full", "tied", "diag", "spherical")


def score_mixtures(
    points: np.ndarray,
    *,
    counts: Sequence[int],
    shapes: Sequence[str] = SHAPES,
    starts: int = 3,
    seed: int = 0,
) -> pd.DataFrame:
    """Which number of components does a Gaussian mixture need?

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature, scaled.
    counts : sequence of int
        Numbers of components.
    shapes : sequence of {"full", "tied", "diag", "spherical"}
        Which shapes of components are tried; for each number the one with the smallest BIC is kept.
    starts, seed : int

    Returns
    -------
    pandas.DataFrame
        ``k``, ``shape``, ``log_likelihood``, ``bic`` (Schwarz 1978), ``icl`` (BIC + 2·entropy of the
        memberships: overlapping components count against a number, Biernacki, Celeux and Govaert 2000).
        Smaller is better; R's mclust reports both with the opposite sign.
    """
    rows = []
    for k in counts:
        with threadpool_limits(1):  # small fits: threads inside them cost more than they bring
            fits = [_fit(points, k, shape, starts=starts, seed=seed) for shape in shapes]
        best = min(range(len(shapes)), key=lambda place: fits[place].bic(points))
        bic = float(fits[best].bic(points))
        rows.append(
            {
                "k": k,
                "shape": shapes[best],
                "log_likelihood": float(fits[best].score(points) * len(points)),
                "bic": bic,
                "icl": bic + 2 * membership_entropy(fits[best].predict_proba(points)),
            }
        )
    return pd.DataFrame(rows)


def membership_entropy(memberships: np.ndarray) -> float:
    """How unsure are memberships (customer x component, 0-1), summed over customers? 0: each is certain."""
    logs = np.log(memberships, out=np.zeros(memberships.shape), where=memberships > 0)
    return float(-(memberships * logs).sum())


def _fit(points: np.ndarray, k: int, shape: str, *, starts: int, seed: int) -> GaussianMixture:
    model = GaussianMixture(
        k, covariance_type=shape, n_init=starts, reg_covar=1e-6, tol=1e-5, max_iter=500, random_state=seed
    )
    return model.fit(points)
