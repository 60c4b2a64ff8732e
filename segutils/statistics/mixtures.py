"""How many bell curves do customers come from, and how likely is each? What rests on a likelihood."""

from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, kw_only=True)
class GroupMixture:
    """One bell curve per group, moved to where the likelihood is highest.

    Parameters
    ----------
    memberships : numpy.ndarray
        Customer x group: probability (0-1) that the customer comes from the group's curve.
    shape : str
        One of :data:`SHAPES`, with the smallest BIC.
    kept : numpy.ndarray
        Per group the share of its customers whose most likely curve is the group's own: where it is small
        the curves have moved away, and their probabilities say nothing of these groups.
    """

    memberships: np.ndarray
    shape: str
    kept: np.ndarray


def fit_at_groups(
    points: np.ndarray, groups: np.ndarray, *, shapes: Sequence[str] = SHAPES, seed: int = 0
) -> GroupMixture:
    """How likely is each customer to belong to each group, if groups are bell curves?

    The search starts once, from the groups' means and sizes. Taking means and spreads of the groups as they
    were cut would not do: a cut hides the tails that reach over its border.

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature, scaled.
    groups : numpy.ndarray of int
        0-based, none empty.
    shapes : sequence of str
        The one with the smallest BIC is kept.
    seed : int

    Returns
    -------
    GroupMixture
    """
    k, features = int(groups.max()) + 1, points.shape[1]
    centres = np.stack([points[groups == group].mean(axis=0) for group in range(k)])
    narrow = 1 / max(float(((points - centres[groups]) ** 2).mean()), 1e-6)
    spreads = {
        "full": np.tile(narrow * np.eye(features), (k, 1, 1)),
        "tied": narrow * np.eye(features),
        "diag": np.full((k, features), narrow),
        "spherical": np.full(k, narrow),
    }
    start = {"means_init": centres, "weights_init": np.bincount(groups) / len(groups), "reg_covar": 1e-4}
    fits = [
        GaussianMixture(
            k,
            covariance_type=shape,
            precisions_init=spreads[shape],
            tol=1e-5,
            max_iter=500,
            random_state=seed,
            **start,
        )
        for shape in shapes
    ]
    with threadpool_limits(1):
        best = min((fit.fit(points) for fit in fits), key=lambda fit: fit.bic(points))
    memberships = best.predict_proba(points)
    own = memberships.argmax(axis=1) == groups
    return GroupMixture(
        memberships=memberships,
        shape=best.covariance_type,
        kept=np.bincount(groups, weights=own) / np.bincount(groups),
    )


def pair_mistakes(memberships: np.ndarray) -> np.ndarray:
    """How often is a customer of one group taken for one of another, if the likeliest is taken?

    Parameters
    ----------
    memberships : numpy.ndarray
        Customer x group, probabilities.

    Returns
    -------
    numpy.ndarray
        From group x taken for group, 0-1; rows add up to 1. Off the diagonal the misclassification
        probability ω of Maitra and Melnykov 2010 (*Journal of Computational and Graphical Statistics* 19),
        here a mean over the customers at hand. Two equal round curves d standard deviations apart: Φ(-d/2).
    """
    k = memberships.shape[1]
    taken = np.eye(k)[memberships.argmax(axis=1)]
    return (memberships.T @ taken) / memberships.sum(axis=0)[:, None]


def _fit(points: np.ndarray, k: int, shape: str, *, starts: int, seed: int) -> GaussianMixture:
    model = GaussianMixture(
        k, covariance_type=shape, n_init=starts, reg_covar=1e-6, tol=1e-5, max_iter=500, random_state=seed
    )
    return model.fit(points)
