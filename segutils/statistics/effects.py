"""How far apart are a group and everyone else, whatever the unit and whatever the number of customers?"""

import numpy as np
import pandas as pd
from scipy.special import gammaln, ndtri


def build_effects(values: pd.DataFrame, inside: pd.Series, *, confidence: float = 0.95) -> pd.DataFrame:
    """By how many standard deviations do those inside differ from all others, and how surely is that known?

    Hedges' g: difference of means over the pooled standard deviation, times the exact small-sample correction
    J(m) = Γ(m/2) / (√(m/2) Γ((m−1)/2)), m = n₁ + n₂ − 2 (Hedges 1981). Interval: g ± z · s(g) with
    s² = (n₁+n₂)/(n₁n₂) + g²/(2(n₁+n₂)) (Hedges & Olkin 1985, chapter 5, large samples).

    Parameters
    ----------
    values : pandas.DataFrame
        One row per customer, one numeric column per feature, on the scale to compare. A customer whose value
        is missing does not count for that feature.
    inside : pandas.Series of bool
        Same index: the customers of the group.
    confidence : float

    Returns
    -------
    pandas.DataFrame
        ``feature, effect_size, low, high``. Missing where either side has fewer than two customers or where a
        feature is the same for all.
    """
    ours, others = values[inside], values[~inside]
    n, m = ours.count().to_numpy(dtype=float), others.count().to_numpy(dtype=float)
    enough = np.minimum(n, m) >= 2
    n, m = np.where(enough, n, np.nan), np.where(enough, m, np.nan)
    freedom = n + m - 2
    pooled = np.sqrt(((n - 1) * ours.var() + (m - 1) * others.var()) / freedom)
    correction = np.exp(gammaln(freedom / 2) - gammaln((freedom - 1) / 2)) / np.sqrt(freedom / 2)
    effect = (correction * (ours.mean() - others.mean()) / pooled.where(pooled > 0)).to_numpy(dtype=float)
    spread = ndtri(0.5 + confidence / 2) * np.sqrt((n + m) / (n * m) + effect**2 / (2 * (n + m)))
    table = pd.DataFrame({"feature": values.columns, "effect_size": effect})
    return table.assign(low=effect - spread, high=effect + spread)
