"""Which limits to apply: as stated, or moved to where the list of excluded groups changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.attractiveness.limits import NEARLY_IN, count_same
from segutils.attractiveness.rules import call_measure, write_measure
from segutils.attractiveness.samples import GroupSamples
from segutils.formats import split_format
from segutils.statistics import portfolio
from segutils.statistics.customer_figures import MEASURES

AS_STATED = "Apply the limits as stated"
MAX_TIGHTER = 3  # tighter limits that are shown, those nearest to where they are
RATES = ("share", "change", "points")  # written in hundredths
DIGITS: Mapping[str, int] = {"count": 0, "days": 0, **dict.fromkeys(RATES, 3)}  # else 2


@dataclass(frozen=True, kw_only=True)
class LimitOptions:
    """Limits that could be applied, and what each does.

    Parameters
    ----------
    table : pandas.DataFrame
        Best first: ``option, excluded`` (names), ``groups_kept, revenue_kept`` (share 0-1),
        ``wrongly_out, wrongly_in`` (groups, in expectation), ``score`` (0-1), ``same_list`` (share of samples
        with the same list).
    limits : mapping of str to pandas.DataFrame
        The limits of each option: ``measure, min, max``.
    """

    table: pd.DataFrame
    limits: Mapping[str, pd.DataFrame]


def build_limit_options(
    samples: GroupSamples, limits: pd.DataFrame, moves: pd.DataFrame, standings: pd.DataFrame, *, firm: float
) -> LimitOptions:
    """Which groups does each choice of limits exclude, and how many of them wrongly?

    What the limits as stated ask for is taken as right; what is not sure is whether a group truly misses
    them. A group that truly keeps them and is excluded counts firm / (1 - firm) times as much as one that
    truly misses one and is kept: so excluding is right from a probability of `firm` on.

    Parameters
    ----------
    samples : GroupSamples
    limits : pandas.DataFrame
        ``measure, min, max``, as stated.
    moves, standings : pandas.DataFrame
        From :func:`~segutils.attractiveness.limits.list_moves` and
        :func:`~segutils.attractiveness.limits.build_standings`.
    firm : float

    Returns
    -------
    LimitOptions
    """
    heavy = firm / (1 - firm)
    misses = 1 - portfolio.keep_limits(samples.widest, samples.measures, limits).mean(axis=0)
    revenue, names = samples.column("net_revenue"), np.array(samples.names)
    found, rows = _list_limits(limits, moves, standings, firm=firm), []
    for option, moved in found.items():
        kept = portfolio.keep_limits(samples.values, samples.measures, moved)
        wrongly_out, wrongly_in = float((1 - misses)[~kept].sum()), float(misses[kept].sum())
        loss = (heavy * wrongly_out + wrongly_in) / (heavy * len(names))
        share = float(revenue[kept].sum() / revenue.sum()) if np.nansum(revenue) > 0 else np.nan
        out = ", ".join(names[~kept]) or "nobody"
        said = (option, out, int(kept.sum()), share, wrongly_out, wrongly_in, 1 - loss)
        rows.append((*said, count_same(samples, moved)))
    columns = ["option", "excluded", "groups_kept", "revenue_kept", "wrongly_out", "wrongly_in", "score"]
    table = pd.DataFrame(rows, columns=[*columns, "same_list"])
    return LimitOptions(
        table=table.sort_values("score", ascending=False, kind="stable", ignore_index=True), limits=found
    )


def _list_limits(
    limits: pd.DataFrame, moves: pd.DataFrame, standings: pd.DataFrame, *, firm: float
) -> dict[str, pd.DataFrame]:
    """Option to its limits; as stated comes first and so wins a tie."""
    found, unsure = {AS_STATED: limits}, []
    for row in _pick_relaxed(moves, standings).itertuples():
        end = _round_past(row.measure, row.at, side=row.side, past=False)
        option = _name_move("Relax", row.measure, end)
        found[option] = _move(limits, row.measure, row.side, end)
        own = standings[(standings.name == row.name) & (standings.measure == row.measure)]
        if own.miss_share.iloc[0] < firm:
            unsure.append((row.measure, row.side, end))
    if len({(measure, side) for measure, side, _ in unsure}) > 1:
        every = limits
        for measure, side, end in unsure:
            every = _move(every, measure, side, end)
        found["Exclude only what surely misses a limit"] = every
    tighter = moves[moves.move == "tighten"].drop_duplicates(["measure", "side"])
    for row in tighter.sort_values("distance", kind="stable").head(MAX_TIGHTER).itertuples():
        end = _round_past(row.measure, row.at, side=row.side, past=True)
        option = _name_move("Tighten", row.measure, end)
        found[option] = _move(limits, row.measure, row.side, end)
    return found


def _pick_relaxed(moves: pd.DataFrame, standings: pd.DataFrame) -> pd.DataFrame:
    """Steps that bring back a near miss, and of each limit the first one."""
    relaxed = moves[moves.move == "relax"]
    near = standings[standings.standing == NEARLY_IN]
    keys = set(zip(near.name, near.measure, near.side, strict=True))
    close = [(row.name, row.measure, row.side) in keys for row in relaxed.itertuples()]
    return relaxed[np.array(close, dtype=bool) | ~relaxed.duplicated(["measure", "side"])]


def _name_move(verb: str, measure: str, end: float) -> str:
    return f"{verb} the limit on {call_measure(measure)} to {write_measure(measure, end)}"


def _move(limits: pd.DataFrame, measure: str, side: str, end: float) -> pd.DataFrame:
    moved = limits.copy()
    moved.loc[(moved.measure == measure) & moved[side].notna(), side] = end
    return moved


def _round_past(measure: str, value: float, *, side: str, past: bool) -> float:
    """The nearest end, as it is written, at which a group with this value falls (`past`) or keeps it."""
    kind, decimals = split_format(MEASURES[measure].format if measure in MEASURES else "number:2")
    digits = DIGITS.get(kind, 2) if decimals is None else decimals + 2 * (kind in RATES)
    if kind == "money":  # three figures of an amount
        digits = 2 - math.floor(math.log10(abs(value))) if value else 0
    up = past == (side == "min")
    steps = (math.ceil if up else math.floor)(round(value * 10.0**digits, 9))
    end = steps / 10.0**digits
    falls = value < end if side == "min" else value > end
    return end if falls == past else (steps + (1 if up else -1)) / 10.0**digits
