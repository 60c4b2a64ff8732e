"""Numbers and categories on common axes: factor analysis of mixed data (FAMD, Pagès 2004).

On numbers alone it is the principal component analysis of their correlations, on categories alone multiple
correspondence analysis; a category counts as much as a number. Written out because it is one decomposition; a
package for it would be another dependency.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class MixedAxes:
    """Customers on the axes, strongest first, and how much of the differences each axis carries.

    Parameters
    ----------
    points : numpy.ndarray
        Customer x axis.
    inertia : numpy.ndarray
        Of each axis, kept or not; they sum to the number of numbers plus, per category, its values less one.
    """

    points: np.ndarray
    inertia: np.ndarray


def fit_mixed_axes(numbers: np.ndarray, categories: np.ndarray, *, min_inertia: float = 1.0) -> MixedAxes:
    """On which axes do customers differ, if some features are numbers and some are categories?

    Parameters
    ----------
    numbers : numpy.ndarray of float
        Customer x feature; a feature that is equal for all carries nothing.
    categories : numpy.ndarray
        Customer x feature, of any values; only whether two are equal counts.
    min_inertia : float
        Axes that carry no more than this are left out (a single feature carries 1): they are one feature's
        own noise. The strongest axis is always kept.

    Returns
    -------
    MixedAxes
    """
    spread = numbers.std(axis=0)
    parts = [(numbers - numbers.mean(axis=0)) / np.where(spread > 0, spread, 1.0)]
    for column in categories.T:
        values, code = np.unique(column, return_inverse=True)
        share = np.bincount(code) / len(code)
        parts.append((np.eye(len(values))[code] - share) / np.sqrt(share))
    table = np.column_stack(parts)
    left, sizes, _ = np.linalg.svd(table / np.sqrt(len(table)), full_matrices=False)
    inertia = sizes**2
    kept = max(int((inertia > min_inertia + 1e-9).sum()), 1)
    return MixedAxes(points=(left * sizes)[:, :kept] * np.sqrt(len(table)), inertia=inertia)
