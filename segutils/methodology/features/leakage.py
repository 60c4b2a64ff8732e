"""Features that already know what they are later judged by: two tests, both of features as of a cut.

*Later lines*: a feature as of a cut must not change when every order line after the cut is taken away. This
finds any feature that is computed from the future, however weakly it is related to it, but only where it can
be computed twice.

*Copies of the outcome*: a feature that is given (a score, a field of the CRM) cannot be computed again. It
is taken for a copy where it follows the next period's outcome almost perfectly and more closely than the
same measure of its own period. A steady habit follows both; only knowledge of the future follows the future
more closely. A field that merely hints at the outcome passes this test: ask when it was last written.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

LEAK_COLUMNS = ["feature", "reason"]


def find_late_features(
    with_later: pd.DataFrame, without_later: pd.DataFrame, *, tolerance: float = 1e-9
) -> pd.DataFrame:
    """Which features change when everything after the cut is taken away?

    Parameters
    ----------
    with_later, without_later : pandas.DataFrame
        ``customer_id`` and the features as of the same cut, computed from all order lines and from those
        until the cut only.
    tolerance : float
        Relative difference that counts as rounding.

    Returns
    -------
    pandas.DataFrame
        ``feature, reason``; a customer that one of them lacks counts as a change of every feature.
    """
    columns = [c for c in with_later.columns if c != "customer_id" and c in without_later.columns]
    both = with_later.merge(
        without_later, on="customer_id", how="outer", suffixes=("", "_before"), indicator=True
    )
    rows = []
    for column in columns:
        left, right = both[column], both[f"{column}_before"]
        if pd.api.types.is_numeric_dtype(left) and pd.api.types.is_numeric_dtype(right):
            one, two = left.astype(float).to_numpy(), right.astype(float).to_numpy()
            same = np.isclose(one, two, rtol=tolerance, atol=tolerance, equal_nan=True)
        else:
            same = ((left == right) | (left.isna() & right.isna())).to_numpy(bool)
        changed = int((~same).sum())
        if changed:
            rows.append(
                (column, f"changes for {changed:,} of {len(both):,} customers with lines after the cut")
            )
    return pd.DataFrame(rows, columns=LEAK_COLUMNS)


def find_outcome_copies(
    features: pd.DataFrame,
    *,
    own: Mapping[str, np.ndarray],
    following: Mapping[str, np.ndarray],
    max_correlation: float = 0.95,
    margin: float = 0.02,
) -> pd.DataFrame:
    """Which features follow the next period's outcome so closely that they must have seen it?

    Parameters
    ----------
    features : pandas.DataFrame
        One numeric column per feature as of the cut, one row per customer.
    own, following : mapping of str to numpy.ndarray
        Outcomes (such as ``revenue``) of the period before the cut and of the one after it; the same names,
        and the same customers as the rows of `features`.
    max_correlation : float
        Rank correlation with the next period's outcome, in size, from which a feature is suspected.
    margin : float
        By how much it must exceed that with the own period's outcome.

    Returns
    -------
    pandas.DataFrame
        ``feature, reason``.
    """
    rows = []
    for column in features.columns:
        values = features[column].astype(float)
        if values.nunique() < 2:
            continue
        for outcome, later in following.items():
            ahead = abs(_rank_correlation(values, later))
            here = abs(_rank_correlation(values, own[outcome]))
            if ahead >= max_correlation and ahead > here + margin:
                rows.append(
                    (
                        column,
                        f"follows {outcome.replace('_', ' ')} of the period after the cut (rank correlation "
                        f"{ahead:.2f}) more closely than that of its own ({here:.2f})",
                    )
                )
                break
    return pd.DataFrame(rows, columns=LEAK_COLUMNS)


def find_leaks(
    periods: pd.DataFrame,
    *,
    outcomes: tuple[str, ...] = ("revenue", "frequency"),
    max_correlation: float = 0.95,
) -> pd.DataFrame:
    """Which features of a period know the outcome of the next one?

    Parameters
    ----------
    periods : pandas.DataFrame
        From :func:`~segutils.methodology.features.periods.build_periods`: ``period, customer_id`` and
        features in their own window.
    outcomes : tuple of str
        Columns of it that features are later judged by.
    max_correlation : float
        As for :func:`find_outcome_copies`.

    Returns
    -------
    pandas.DataFrame
        ``feature, reason``; empty where there is no second period.
    """
    names = list(dict.fromkeys(periods["period"]))
    if len(names) < 2:
        return pd.DataFrame(columns=LEAK_COLUMNS)
    before, after = (periods[periods["period"] == name].set_index("customer_id") for name in names[-2:])
    before = before[before["has_purchases"].astype(bool)]
    later = after.reindex(before.index)[list(outcomes)].fillna(0.0)
    numeric = before.select_dtypes("number")
    return find_outcome_copies(
        numeric.fillna(numeric.median()),
        own={name: before[name].to_numpy(float) for name in outcomes},
        following={name: later[name].to_numpy(float) for name in outcomes},
        max_correlation=max_correlation,
    )


def join_leaks(late: pd.DataFrame, copies: pd.DataFrame) -> pd.DataFrame:
    """All leaks that were found: ``feature, reason``, a feature once."""
    return pd.concat([late, copies]).drop_duplicates("feature").reset_index(drop=True)


def _rank_correlation(one: pd.Series, other: np.ndarray) -> float:
    ranks = np.column_stack([one.rank(), pd.Series(other).rank()])
    spread = ranks.std(axis=0)
    if (spread == 0).any():
        return 0.0
    return float(np.corrcoef(ranks.T)[0, 1])
