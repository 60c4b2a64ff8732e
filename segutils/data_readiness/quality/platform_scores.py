"""Platform types on absolute scales, and what the choice owes to assumed marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.data_readiness.quality.platform_marks import ABILITIES, FACTOR, SIZES, STEP
from segutils.statistics.decisions import scale_between, score_options

CRITERIA = ("volume", "latency", *ABILITIES, "cost")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a platform is held against; NaN where nobody stated or nothing measured it.

    Parameters
    ----------
    gigabytes : float
        At the end of the horizon.
    latency_hours : float
        Within which a fact must be usable.
    needs : mapping of str to float
        How much each ability matters, 0-1 (see :meth:`Demand.list_needs`).
    max_cost : float
        A year; at it the criterion cost is 0.
    """

    gigabytes: float
    latency_hours: float
    needs: Mapping[str, float]
    max_cost: float

    @property
    def criteria(self) -> list[str]:
        """The criteria that can be judged."""
        known = {
            "volume": self.gigabytes > 0,
            "latency": self.latency_hours > 0,
            "cost": self.max_cost > 0,
            **{name: self.needs[name] >= 0 for name in ABILITIES},
        }
        return [name for name in CRITERIA if known[name]]


def score_platforms(marks: pd.DataFrame, costs: pd.Series, wanted: Wanted) -> pd.DataFrame:
    """How well does each platform type fit what is wanted?

    Parameters
    ----------
    marks : pandas.DataFrame
        Index option, columns as :func:`~segutils.data_readiness.quality.platform_marks.spread_marks` gives.
    costs : pandas.Series
        A year, by option; used only where the criterion cost is judged.
    wanted : Wanted

    Returns
    -------
    pandas.DataFrame
        Index option, 0-1: ``volume`` 1 where it holds ten times what is expected and 0 where just that much
        (logarithm between); ``latency`` 1 where as fast as needed and 0 where ten times slower (logarithm);
        ``identity, activation, governance, autonomy`` 1 − need · (1 − mark): an ability that is not needed
        is not missed; ``cost`` 1 where free, 0 at the limit.
    """
    headroom = np.log10(marks.capacity_gb / wanted.gigabytes) if wanted.gigabytes > 0 else np.nan
    late = np.log10(marks.latency_hours / wanted.latency_hours) if wanted.latency_hours > 0 else np.nan
    columns = {
        "volume": lambda: scale_between(headroom, worst=0.0, best=1.0),
        "latency": lambda: scale_between(late, worst=1.0, best=0.0),
        "cost": lambda: scale_between(costs.reindex(marks.index), worst=wanted.max_cost, best=0.0),
    }
    scores = {
        name: columns[name]()
        if name in columns
        else 1 - wanted.needs[name] * (1 - marks[name].to_numpy(float))
        for name in wanted.criteria
    }
    return pd.DataFrame(scores, index=marks.index)


def move_marks(
    marks: pd.DataFrame, costs: pd.Series, wanted: Wanted, weights: Mapping[str, float]
) -> pd.DataFrame:
    """Which single assumed mark, one step higher or lower, would make another option the first?

    Returns
    -------
    pandas.DataFrame
        ``option, mark, step`` (+1, −1), ``first`` (the option that is first then), ``flips`` (bool); one row
        per mark and direction that can move.
    """
    first = _first(score_platforms(marks, costs, wanted), weights)
    movable = [*_judged_sizes(wanted), *(name for name in ABILITIES if name in wanted.criteria)]
    rows = []
    for option in marks.index:
        for mark in movable:
            for step in (1, -1):
                moved = marks.copy()
                moved.loc[option, mark] = _move(marks.loc[option, mark], mark, step)
                if moved.loc[option, mark] != marks.loc[option, mark]:
                    winner = _first(score_platforms(moved, costs, wanted), weights)
                    rows.append((option, mark, step, winner, winner != first))
    return pd.DataFrame(rows, columns=["option", "mark", "step", "first", "flips"])


def redraw_marks(
    marks: pd.DataFrame, costs: pd.Series, wanted: Wanted, *, cost_error: float, draws: int, seed: int
) -> Sequence[pd.DataFrame]:
    """Scores with every mark moved at random by −1, 0 or +1 step, and every cost by up to `cost_error`."""
    rng = np.random.default_rng(seed)
    names = [*SIZES, *ABILITIES]
    drawn = []
    for _ in range(draws):
        steps = rng.integers(-1, 2, size=(len(marks), len(names)))
        moved = marks.copy()
        for n, name in enumerate(names):
            moved[name] = [
                _move(value, name, step) for value, step in zip(marks[name], steps[:, n], strict=True)
            ]
        factor = 1 + rng.uniform(-cost_error, cost_error, size=len(costs))
        drawn.append(score_platforms(moved, costs * factor, wanted))
    return drawn


def _judged_sizes(wanted: Wanted) -> list[str]:
    """Latency and capacity, as far as anything is held against them."""
    of = {"latency": "latency_hours", "volume": "capacity_gb"}
    return [of[name] for name in wanted.criteria if name in of]


def _move(value: float, mark: str, step: int) -> float:
    if mark in SIZES:
        return float(value * FACTOR ** (-step if mark == "latency_hours" else step))  # + is better
    return float(np.clip(value + step * STEP, 0, 1))


def _first(scores: pd.DataFrame, weights: Mapping[str, float]) -> str:
    return str(score_options(scores, weights).option[0])
