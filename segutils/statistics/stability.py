"""What other samples of the same customers would have given: refits, and what of a cut survives them."""

from dataclasses import dataclass

import numpy as np

from segutils.statistics import agreement, kmeans

HENNIG = (
    (0.85, "highly stable"),
    (0.75, "valid, stable"),
    (0.60, "a pattern, borders unsure"),
    (0.50, "not to be trusted"),
    (0.0, "dissolved"),
)


@dataclass(frozen=True, kw_only=True)
class Refits:
    """All customers assigned by the best fit on each bootstrap sample.

    Parameters
    ----------
    labels : numpy.ndarray
        Resample x customer, 0-based; resamples 0 and 1, 2 and 3, … are pairs.
    fits : Fits
        Every restart of every resample.
    """

    labels: np.ndarray
    fits: kmeans.Fits


def refit(points: np.ndarray, *, k: int, pairs: int = 100, restarts: int = 5, seed: int = 0) -> Refits:
    """Which segments would other samples of the same customers have given?

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature, scaled.
    k : int
    pairs : int
        Pairs of bootstrap samples (Dolnicar and Leisch 2010: 100).
    restarts : int
        Per resample: too few of them and a failed search looks like an unstable segment.
    seed : int

    Returns
    -------
    Refits
    """
    weights = kmeans.draw_bootstrap(len(points), 2 * pairs, seed=seed)
    fits = kmeans.fit_resamples(points, weights, k=k, restarts=restarts, seed=seed)
    return Refits(labels=kmeans.assign_nearest(points, fits.best()), fits=fits)


def pair_agreement(labels: np.ndarray) -> np.ndarray:
    """Adjusted Rand index of each pair of resamples (global stability, Dolnicar and Leisch 2010)."""
    return np.array(
        [agreement.adjusted_rand(one, two) for one, two in zip(labels[::2], labels[1::2], strict=True)]
    )


def segment_agreement(reference: np.ndarray, labels: np.ndarray, *, k: int) -> np.ndarray:
    """Largest Jaccard coefficient of each segment of the reference in each refit (resample x segment)."""
    return np.stack([agreement.best_jaccard(reference, row, segments=k) for row in labels])


def pair_means(draws: np.ndarray) -> np.ndarray:
    """Mean over the two resamples of each pair (SLSW, Dolnicar and Leisch 2017); first axis: pair."""
    return (draws[::2] + draws[1::2]) / 2


def kept_labels(reference: np.ndarray, labels: np.ndarray, *, k: int) -> np.ndarray:
    """Which customers keep their segment's name in each refit, once names are matched?

    Returns
    -------
    numpy.ndarray of bool
        Resample x customer.
    """
    kept = np.empty(labels.shape, dtype=bool)
    for row, refitted in enumerate(labels):
        matched = agreement.match_labels(reference, refitted, segments=k)
        kept[row] = matched[refitted] == reference
    return kept


def read_jaccard(value: float) -> str:
    """Hennig's reading of a segment's mean Jaccard coefficient (Hennig 2007, 2008; R package fpc).

    From 0.85 highly stable, from 0.75 valid and stable, from 0.6 a pattern whose members are doubtful, below
    that not to be trusted, up to 0.5 dissolved.
    """
    return next((word for mark, word in HENNIG if value >= mark and value > 0.5), HENNIG[-1][1])
