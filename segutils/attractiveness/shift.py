"""What changes when the strategy moves: ranks, verdicts and the first place, where, and how surely."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from segutils.attractiveness.samples import GroupSamples
from segutils.attractiveness.ways import Shift, judge_way, trace_way
from segutils.statistics import portfolio
from segutils.statistics.portfolio import Judged

LEVELS = {portfolio.DROP: 0, portfolio.MAINTAIN: 1, portfolio.TARGET: 2}
COLUMNS = (
    *("code", "name", "rank_now", "rank_then", "verdict_now", "verdict_then", "flips_at"),
    *("flips_low", "flips_high", "same_share"),
)


Trace = tuple[np.ndarray, Judged]  # where each piece of the way begins, and the scores on it


def trace_samples(samples: GroupSamples, shift: Shift) -> list[Trace]:
    """The pieces of the way in each of the samples in which most is drawn anew."""
    return [trace_way(values, samples.measures, shift) for values in samples.widest]


def list_firsts(values: np.ndarray, measures: tuple[str, ...], shift: Shift, *, until: float = 1.0) -> list:
    """``(way, group)``: who comes first from where on; -1 where no group keeps the limits."""
    return _follow_first(trace_way(values, measures, shift, until=until))


def _follow_first(trace: Trace) -> list[tuple[float, int]]:
    starts, judged = trace
    found: list[tuple[float, int]] = []
    for start, first in zip(starts, judged.first(), strict=True):
        if not found or first != found[-1][1]:
            found.append((float(start), int(first)))
    return found


def list_swaps(samples: GroupSamples, shift: Shift) -> pd.DataFrame:
    """Where does one group pass another one?

    Returns
    -------
    pandas.DataFrame
        ``way, up, down`` (names) in the order of the way; each pair that is level at the same place.
    """
    starts, judged = trace_way(samples.values, samples.measures, shift)
    ranks, rows = judged.ranks(), []
    for start, (before, after) in zip(starts[1:], pairwise(ranks), strict=True):
        for up in np.flatnonzero(after < before):
            for down in np.flatnonzero((before < before[up]) & (after > after[up])):
                if before[up] and before[down]:
                    rows.append((float(start), samples.names[up], samples.names[down]))
    return pd.DataFrame(rows, columns=["way", "up", "down"])


def list_turns(samples: GroupSamples, shift: Shift) -> pd.DataFrame:
    """Where does a verdict change?

    Returns
    -------
    pandas.DataFrame
        ``way, name, before, verdict`` (from there on), in the order of the way.
    """
    starts, judged = trace_way(samples.values, samples.measures, shift)
    rows = [
        (float(start), name, before, after)
        for start, (old, new) in zip(starts[1:], pairwise(judged.verdicts(shift.rules)), strict=True)
        for name, before, after in zip(samples.names, old, new, strict=True)
        if before != after
    ]
    return pd.DataFrame(rows, columns=["way", "name", "before", "verdict"])


def build_shifted(
    samples: GroupSamples, shift: Shift, traces: Sequence[Trace] | None = None, *, level: float = 0.9
) -> pd.DataFrame:
    """How do rank and verdict of each group change, where on the way, and how sure is that?

    Parameters
    ----------
    samples : GroupSamples
    shift : Shift
    traces : sequence of Trace, optional
        From :func:`trace_samples`, where they are there already.
    level : float
        Share of the samples between the ends of an interval.

    Returns
    -------
    pandas.DataFrame
        ``code, name, rank_now, rank_then`` (0: misses a limit), ``verdict_now, verdict_then, flips_at`` (the
        first place of the way, 0 to 1, at which the verdict changes; NaN where it does not),
        ``flips_low, flips_high`` (over samples; 0: changed from the start, 1: not until the end), and
        ``same_share`` (samples with the same verdicts in the same order on the way), in the order of ranks
        now.
    """
    measures = samples.measures
    ends = judge_way(samples.values, measures, shift, np.array([0.0, 1.0]))
    ranks, verdicts = ends.ranks(), ends.verdicts(shift.rules)
    starts, judged = trace_way(samples.values, measures, shift)
    levels = _levels(judged.verdicts(shift.rules))
    traced = trace_samples(samples, shift) if traces is None else traces
    paths = [(own, _levels(found.verdicts(shift.rules))) for own, found in traced]
    rows = []
    for n, (code, name) in enumerate(zip(samples.codes, samples.names, strict=True)):
        changed = np.flatnonzero(levels[:, n] != levels[0, n])
        share = float(np.mean([_shorten(own[:, n]) == _shorten(levels[:, n]) for _, own in paths]))
        spot, low, high = np.nan, np.nan, np.nan
        if len(changed):
            spot, reached = float(starts[changed[0]]), levels[changed[0], n]
            upward = reached > levels[0, n]
            places = [_reach(own, path[:, n], reached, upward=bool(upward)) for own, path in paths]
            low, high = (float(end) for end in np.quantile(places, [(1 - level) / 2, (1 + level) / 2]))
        line = (int(ranks[0, n]), int(ranks[1, n]), verdicts[0, n], verdicts[1, n])
        rows.append((code, name, *line, spot, low, high, share))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    last = table.rank_now.where(table.rank_now > 0, len(table) + 1)
    return table.assign(last=last).sort_values("last", kind="stable", ignore_index=True).drop(columns="last")


def count_first_flips(
    samples: GroupSamples, shift: Shift, traces: Sequence[Trace] | None = None
) -> pd.DataFrame:
    """In how many samples does the first place change on the way, where, and to whom?

    Parameters
    ----------
    samples, shift, traces
        As in :func:`build_shifted`.

    Returns
    -------
    pandas.DataFrame
        One row per sample: ``first`` (name today), ``flips_at`` (NaN where it holds), ``winner_then``.
    """
    names, rows = [*samples.names, ""], []
    for trace in trace_samples(samples, shift) if traces is None else traces:
        path = _follow_first(trace)
        flip = path[1] if len(path) > 1 else (np.nan, path[0][1])
        rows.append((names[path[0][1]], flip[0], names[flip[1]]))
    return pd.DataFrame(rows, columns=["first", "flips_at", "winner_then"])


def _levels(verdicts: np.ndarray) -> np.ndarray:
    return np.select([verdicts == name for name in LEVELS], list(LEVELS.values()))


def _shorten(levels: np.ndarray) -> list[int]:
    """Each level once in a row."""
    return levels[np.concatenate([[True], np.diff(levels) != 0])].tolist()


def _reach(starts: np.ndarray, levels: np.ndarray, level: int, *, upward: bool) -> float:
    """Where a sample's verdict gets as far as `level`: 0 from the start, 1 not until the end."""
    there = np.flatnonzero(levels >= level if upward else levels <= level)
    return float(starts[there[0]]) if len(there) else 1.0
