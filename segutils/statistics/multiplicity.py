"""Many tests at once: p-values that hold for all of them together."""

import numpy as np


def adjust_holm(p_values: np.ndarray) -> np.ndarray:
    """Which of many differences would still stand if any one false alarm counted?

    Parameters
    ----------
    p_values : array-like of float
        Of each test alone.

    Returns
    -------
    numpy.ndarray
        Adjusted p-values in the same order: called significant at a level, the chance of even one false alarm
        among all tests is at most that level (Holm 1979).
    """
    values = np.asarray(p_values, dtype=float)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def adjust_known(p_values: np.ndarray) -> np.ndarray:
    """Holm's adjustment of the p-values that are there; the others stay NaN."""
    values = np.asarray(p_values, dtype=float)
    known = np.isfinite(values)
    adjusted = np.full(values.shape, np.nan)
    adjusted[known] = adjust_holm(values[known])
    return adjusted
