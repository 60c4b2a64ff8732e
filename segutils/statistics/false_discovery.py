"""Many tests at once, as a screening: of those taken up, how many are false?"""

from __future__ import annotations

import numpy as np
from scipy.stats import false_discovery_control


def adjust_benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """Which of many differences are worth a second look?

    Taken up at a level, the expected share of false ones among those taken up is at most that level
    (Benjamini and Hochberg 1995, *Journal of the Royal Statistical Society B* 57, 289-300).

    Parameters
    ----------
    p_values : array-like of float
        Of each test alone; NaN is no test and stays NaN.

    Returns
    -------
    numpy.ndarray
        Adjusted p-values in the same order.
    """
    values = np.asarray(p_values, dtype=float)
    known = np.isfinite(values)
    adjusted = np.full(values.shape, np.nan)
    if known.any():
        adjusted[known] = false_discovery_control(values[known], method="bh")
    return adjusted
