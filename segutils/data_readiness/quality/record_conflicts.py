"""How often do two systems state different values for the same customer?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from segutils.data_readiness.quality.survivorship import compare_key, find_filled, is_text, rank_records
from segutils.statistics.intervals import wilson_interval

FIELDS = ("industry", "employees", "annual_revenue", "country", "region", "city")
ANY = "any two systems"
COLUMNS = ["field", "sources", "customers", "compared", "differ", "share", "low", "high", "gaps"]


def build_conflicts(
    records: pd.DataFrame,
    *,
    fields: Sequence[str] = FIELDS,
    tolerance: float = 0.05,
    level: float = 0.95,
) -> pd.DataFrame:
    """For how many customers do two systems disagree, field by field?

    Each system speaks once per customer and field: with the value of its most recent record that has one, so
    that customers are independent of each other and the interval of a share holds.

    Parameters
    ----------
    records : pandas.DataFrame
        ``group_id, source, record_id``, optionally ``updated_at``, and fields, one row per record.
    fields : sequence of str
        Those that `records` has are compared.
    tolerance : float
        Numbers differ where the smaller lies more than this share (0-1) below the larger. Text differs where
        it is not the same apart from case and spaces.
    level : float
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        ``field, sources`` (a pair, or :data:`ANY`), ``customers`` (with a record in both systems; of `ANY` in
        two or more), ``compared`` (of these, with a value in both), ``differ``, ``share`` (differ of
        compared), ``low, high`` (Wilson 1927), ``gaps`` (customers that are not compared, as a value is
        missing: that is no conflict).
    """
    stand = _stand_values(records, fields)
    found = []
    for field, values in stand.values.items():
        limit = tolerance if stand.is_number[field] else 0.0
        found.append({"field": field, "sources": ANY, **_count(values, stand.is_known, limit)})
        found += [
            {
                "field": field,
                "sources": f"{stand.sources[a]} and {stand.sources[b]}",
                **_count(values[:, [a, b]], stand.is_known[:, [a, b]], limit),
            }
            for a, b in combinations(range(len(stand.sources)), 2)
        ]
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    table = pd.DataFrame(found)
    table["share"] = table["differ"] / table["compared"].where(table["compared"] > 0)
    table[["low", "high"]] = wilson_interval(table["differ"], table["compared"], level=level)
    return table[COLUMNS]


def list_conflicts(
    records: pd.DataFrame, *, fields: Sequence[str] = FIELDS, tolerance: float = 0.05
) -> pd.DataFrame:
    """On which customers do two systems disagree?

    Parameters
    ----------
    records, fields, tolerance
        As :func:`build_conflicts` takes them.

    Returns
    -------
    pandas.DataFrame
        ``field, group_id, source, record_id``: all records of each customer on whom any two systems differ in
        the field.
    """
    stand = _stand_values(records, fields)
    found = []
    for field, values in stand.values.items():
        apart = _find_apart(values, tolerance if stand.is_number[field] else 0.0)
        rows = records[records["group_id"].isin(stand.groups[apart])]
        found.append(rows[["group_id", "source", "record_id"]].assign(field=field))
    columns = ["field", "group_id", "source", "record_id"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def differs(first: np.ndarray, second: np.ndarray, *, tolerance: float) -> np.ndarray:
    """Is the smaller of two numbers more than `tolerance` (a share of the larger) away from the larger?"""
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    size = np.maximum(np.abs(first), np.abs(second))
    return np.abs(first - second) > tolerance * size + 1e-9 * size


@dataclass(frozen=True, kw_only=True)
class _Stand:
    """What each system says of each customer: per field a matrix of customer by system, NaN where nothing."""

    groups: np.ndarray
    sources: list[str]
    is_known: np.ndarray
    values: dict[str, np.ndarray]
    is_number: dict[str, bool]


def _stand_values(records: pd.DataFrame, fields: Sequence[str]) -> _Stand:
    records = records[records["group_id"].notna()]
    group, groups = pd.factorize(records["group_id"])
    source, sources = pd.factorize(records["source"], sort=True)
    is_known = np.zeros((len(groups), len(sources)), dtype=bool)
    is_known[group, source] = True
    place = rank_records(records)
    values, is_number = {}, {}
    for field in [name for name in fields if name in records.columns and len(records)]:
        rows = np.flatnonzero(find_filled(records[field]).to_numpy())
        rows = rows[np.argsort(-place[rows])]  # the most recent last, so that it stays
        stated = records[field].iloc[rows]
        is_number[field] = not is_text(records[field])
        values[field] = np.full(is_known.shape, np.nan)
        keys = stated.to_numpy(float) if is_number[field] else compare_key(stated)
        values[field][group[rows], source[rows]] = keys
    return _Stand(
        groups=np.asarray(groups),
        sources=list(sources),
        is_known=is_known,
        values=values,
        is_number=is_number,
    )


def _find_apart(values: np.ndarray, tolerance: float) -> np.ndarray:
    """The rows whose lowest and highest value are in conflict; one value or none never is."""
    filled = np.isfinite(values)
    low = np.where(filled, values, np.inf).min(axis=1)
    high = np.where(filled, values, -np.inf).max(axis=1)
    rows = np.flatnonzero(filled.sum(axis=1) > 1)
    apart = np.zeros(len(values), dtype=bool)
    apart[rows] = differs(low[rows], high[rows], tolerance=tolerance)
    return apart


def _count(values: np.ndarray, is_known: np.ndarray, tolerance: float) -> dict[str, int]:
    both = is_known.sum(axis=1) > 1
    compared = np.isfinite(values).sum(axis=1) > 1
    return {
        "customers": int(both.sum()),
        "compared": int(compared.sum()),
        "differ": int(_find_apart(values, tolerance).sum()),
        "gaps": int((both & ~compared).sum()),
    }
