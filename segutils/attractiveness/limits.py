"""Limits that a group must keep to be considered: who misses them, how surely, and where the list changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.attractiveness.samples import GroupSamples
from segutils.statistics import intervals, portfolio

FIRM = 0.8  # share of samples in which a group must miss a limit before its exclusion is called firm
NEAR = 0.1  # distance to a limit that is near, as a share of the measure's scale (or of the limit itself)
OUT, NEARLY_IN, NEARLY_OUT, KEPT = "excluded", "excluded, near miss", "kept, near miss", "kept"
UNKNOWN = "not known"
COLUMNS = (
    *("code", "name", "measure", "side", "limit", "owner", "value", "low", "high", "miss_share"),
    *("missed", "distance", "standing"),
)
MOVES = (
    *("measure", "side", "limit", "owner", "move", "name", "effect", "at", "low", "high", "distance"),
    *("groups_kept", "revenue_kept"),
)


def build_standings(
    samples: GroupSamples,
    limits: pd.DataFrame,
    *,
    firm: float = FIRM,
    near: float = NEAR,
    level: float = 0.9,
    scales: Mapping[str, tuple[float, float]] = portfolio.SCALES,
) -> pd.DataFrame:
    """Where does each group stand to each limit, and how sure is that?

    Parameters
    ----------
    samples : GroupSamples
    limits : pandas.DataFrame
        ``measure, min, max, owner``; NaN where there is no such end.
    firm : float
        Share of samples (0-1) from which a miss, or keeping a limit, is sure.
    near : float
        Largest distance of a near miss, as a share of the measure's scale; of the limit itself where the
        measure has no scale of its own.
    level : float
        Share of the samples between `low` and `high`.
    scales : mapping of str to (float, float)

    Returns
    -------
    pandas.DataFrame
        One row per group and end of a limit: ``code, name, measure, side`` (min or max), ``limit, owner,
        value, low, high, miss_share`` (of samples), ``missed, distance`` (on the measure's scale), and
        ``standing``: excluded; excluded, near miss; kept, near miss; kept; not known. A near miss is one
        within `near`, or one that other samples would decide otherwise too often to be sure.
    """
    rows, drawn = [], samples.widest
    for limit in limits.itertuples():
        for side in ("min", "max"):
            end = float(getattr(limit, side))
            if np.isnan(end):
                continue
            values, owner = samples.column(limit.measure), getattr(limit, "owner", "")
            known = limit.measure in samples.measures
            stack = drawn[:, :, samples.measures.index(limit.measure)] if known else None
            for n, (code, name) in enumerate(zip(samples.codes, samples.names, strict=True)):
                value = float(values[n])
                if np.isnan(value):
                    gaps = (np.nan, np.nan, np.nan, np.nan, False, np.nan, UNKNOWN)
                    rows.append((code, name, limit.measure, side, end, owner, *gaps))
                    continue
                others = stack[:, n][np.isfinite(stack[:, n])]
                low, high = intervals.percentile_interval(others, level=level)
                share = float((others < end if side == "min" else others > end).mean())
                missed = bool(value < end if side == "min" else value > end)
                distance = abs(value - end) / _width(limit.measure, end, scales)
                close = distance <= near or (share < firm if missed else share > 1 - firm)
                standing = (NEARLY_IN if close else OUT) if missed else (NEARLY_OUT if close else KEPT)
                found = (value, float(low), float(high), share, missed, distance, standing)
                rows.append((code, name, limit.measure, side, end, owner, *found))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"missed": bool})


def list_moves(standings: pd.DataFrame, revenue: pd.Series) -> pd.DataFrame:
    """At which value of each limit does the list of excluded groups change, if this limit alone moves?

    A group falls where the limit passes the group's own value, and returns there if it misses no other
    limit; so the breakpoints are the groups' values, each as uncertain as the value is.

    Parameters
    ----------
    standings : pandas.DataFrame
        From :func:`build_standings`.
    revenue : pandas.Series
        Net revenue by group name; NaN where not known.

    Returns
    -------
    pandas.DataFrame
        Per limit, relaxing first, the nearest first: ``measure, side, limit, owner, move`` (relax or
        tighten), ``name, effect`` (returns or falls), ``at, low, high`` (the group's value), ``distance``
        (on the measure's scale), ``groups_kept, revenue_kept`` (share 0-1) once this group and all before it
        have changed sides.
    """
    misses = standings.groupby("name", sort=False).missed.sum()
    kept_now = set(misses[misses == 0].index)
    whole = float(revenue.reindex(misses.index).sum(min_count=len(misses)))
    rows = []
    for (measure, side), part in standings.groupby(["measure", "side"], sort=False):
        told = part[part.value.notna()]
        relaxed = told[told.missed & told.name.map(misses).eq(1)]
        tightened = told[told.name.isin(kept_now)]
        for move, effect, subset in (("relax", "returns", relaxed), ("tighten", "falls", tightened)):
            up = (move == "tighten") == (side == "min")
            kept = set(kept_now)
            for row in subset.sort_values("value", ascending=up, kind="stable").itertuples():
                kept ^= {row.name}
                left = float(revenue.reindex(sorted(kept)).sum()) / whole if whole > 0 else np.nan
                line = (row.limit, row.owner, move, row.name, effect, row.value, row.low, row.high)
                rows.append((measure, side, *line, row.distance, len(kept), left))
    return pd.DataFrame(rows, columns=list(MOVES))


def pick_decisive(standings: pd.DataFrame) -> pd.DataFrame:
    """Per group what decides: every limit it misses; otherwise the one it keeps least surely, or nearest."""
    told = standings[standings.value.notna()]
    out = told[told.missed]
    left = told[~told.name.isin(out.name)]
    left = left.sort_values(["miss_share", "distance"], ascending=[False, True], kind="stable")
    nearest = left.drop_duplicates("name")
    order = {standing: n for n, standing in enumerate((NEARLY_IN, OUT, NEARLY_OUT, KEPT))}
    both = pd.concat([out, nearest])
    both = both.assign(order=both.standing.map(order))
    both = both.sort_values(["order", "distance"], kind="stable", ignore_index=True)
    return both.drop(columns="order")


def count_same(samples: GroupSamples, limits: pd.DataFrame) -> float:
    """Share of samples in which exactly the same groups keep these limits as with all customers."""
    now = portfolio.keep_limits(samples.values, samples.measures, limits)
    then = portfolio.keep_limits(samples.widest, samples.measures, limits)
    return float((then == now).all(axis=1).mean())


def _width(measure: str, end: float, scales: Mapping[str, tuple[float, float]]) -> float:
    """What a distance to the limit is measured by; infinitely near nothing where neither says it."""
    if measure in scales and measure not in portfolio.OF_ALL:
        return abs(scales[measure][1] - scales[measure][0])
    return abs(end) if end else np.nan
