"""Values at stake times capacity: which objective comes first, how often, and what would flip the order."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.objectives.attractiveness.market_stakes import LAG
from segutils.objectives.attractiveness.stakes import (
    DIVERSIFY,
    GROWTH,
    KINDS,
    MEASURES,
    PROFIT,
    RETENTION,
    SHARE,
    Stakes,
)

KEEP = "Keep the present course"


def score_objectives(
    stakes: Stakes,
    objectives: pd.DataFrame,
    *,
    draws: int = 1000,
    concentration: float = 20.0,
    seed: int = 0,
) -> pd.DataFrame:
    """What is at stake for each objective, how much of it is within capacity, how often does it come first?

    Parameters
    ----------
    stakes : Stakes
    objectives : pandas.DataFrame
        From :func:`segutils.stated.list_objectives`. Where several share a kind their capacities are
        averaged; where some state no capacity they have the mean of the others, and 1 where none does.
    draws : int
        Random capacities, each paired with one sample of the data.
    concentration : float
        How close random capacities stay to the stated ones (beta distributed): with 20 a capacity of 0.5 has
        a standard deviation of 0.11. A capacity of 0 or 1 stays.
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``option, kind, at_stake, low, high, likely, capacity, is_stated, within_capacity, by_target,
        first_samples, first_capacities, first_share, first_equal``: in which share of samples anything is at
        stake; the share of other samples, of other capacities, of both at once, and of samples with equal
        capacities in which the objective comes first; best first, then the present course (nothing at
        stake), then what could not be valued.
    """
    capacity, is_stated = _read_capacities(objectives)
    totals = stakes.totals
    valued = [kind for kind in KINDS if kind in totals.index]
    rng = np.random.default_rng(seed)
    rows = np.arange(draws) % len(stakes.draws[RETENTION])
    sampled = np.column_stack([stakes.draws[kind][rows] for kind in valued])
    fixed = np.array([capacity[kind] for kind in valued])
    spread = [_draw_capacity(value, concentration, draws, rng) for value in fixed]
    drawn = np.column_stack(spread)
    point = totals.value.loc[valued].to_numpy(float)
    table = pd.DataFrame({"kind": [*valued, ""]})
    table["option"] = [*(kind.capitalize() for kind in valued), KEEP]
    table["at_stake"] = [*point, 0.0]
    for end in ("low", "high"):
        table[end] = [*totals[end].loc[valued], np.nan]
    table["likely"] = [*(sampled > 0).mean(axis=0), np.nan]
    table["capacity"] = [*fixed, np.nan]
    table["is_stated"] = [*(is_stated[kind] for kind in valued), False]
    table["within_capacity"] = [*(point * fixed), 0.0]
    table["by_target"] = [*(value_target(stakes, objectives, kind) for kind in valued), np.nan]
    table["first_samples"] = count_first(sampled * fixed)
    table["first_capacities"] = count_first(point * drawn)
    table["first_share"] = count_first(sampled * drawn)
    table["first_equal"] = count_first(sampled)
    table = table.sort_values("within_capacity", ascending=False, kind="stable")
    rest = [kind for kind in KINDS if kind not in valued and kind in set(objectives["kind"])]
    open_rows = pd.DataFrame(
        {
            "kind": rest,
            "option": [kind.capitalize() for kind in rest],
            "capacity": [capacity[kind] for kind in rest],
            "is_stated": [is_stated[kind] for kind in rest],
            **{name: 0.0 for name in table.columns if name.startswith("first_")},
        }
    )
    return pd.concat([table, open_rows], ignore_index=True) if rest else table.reset_index(drop=True)


def list_valued(scores: pd.DataFrame) -> pd.DataFrame:
    """The objectives that could be valued, best first, without the present course."""
    return scores[(scores.kind != "") & scores.at_stake.notna()].reset_index(drop=True)


def count_first(values: np.ndarray) -> np.ndarray:
    """Share of rows in which each column is the largest and above 0; last, the share in which none is."""
    best = values.argmax(axis=1)
    best = np.where(values.max(axis=1) > 0, best, values.shape[1])
    return np.bincount(best, minlength=values.shape[1] + 1) / len(values)


def value_target(stakes: Stakes, objectives: pd.DataFrame, kind: str) -> float:
    """What reaching the stated target would bring a year beyond today; NaN where that cannot be said."""
    of_kind = objectives[(objectives["kind"] == kind) & (objectives.measure == MEASURES[kind])]
    today = stakes.present.get(MEASURES[kind], np.nan)
    if of_kind.empty:
        return float("nan")
    target, scope = float(of_kind.target.max()), stakes.scope
    rate = scope["margin"] / scope["revenue"] if scope["revenue"] else np.nan
    per_unit = {
        GROWTH: scope["revenue"] * rate,
        SHARE: scope.get("market", np.nan) * rate,
        RETENTION: scope["active_margin"],
        PROFIT: scope["revenue"],
    }
    # growth is of the year to come, the others are levels
    lacking = target if kind == GROWTH else max(target - today, 0.0)
    return float(lacking * per_unit.get(kind, np.nan))


def find_flips(scores: pd.DataFrame) -> pd.DataFrame:
    """At which capacity, or which value at stake, would another objective come first?

    Returns
    -------
    pandas.DataFrame
        One row per valued objective but the first: ``option, capacity, flip_capacity`` (its own, NaN where
        none up to 1 suffices), ``leader_capacity`` (of the first, below which this one leads), ``flip_value``
        (its value at stake, with its capacity as stated). Exact: scores are products.
    """
    valued = list_valued(scores)
    lead = valued.iloc[0]
    others = valued.iloc[1:]
    flip = (lead.within_capacity / others.at_stake.where(others.at_stake > 0)).astype(float)
    return pd.DataFrame(
        {
            "option": others.option,
            "capacity": others.capacity,
            "flip_capacity": flip.where(flip <= 1),
            "leader_capacity": (others.within_capacity / lead.at_stake).clip(lower=0),
            "flip_value": lead.within_capacity / others.capacity.where(others.capacity > 0),
        }
    ).reset_index(drop=True)


def count_once(stakes: Stakes, scores: pd.DataFrame) -> Mapping[str, str]:
    """Who leads if what growth and share both count is counted for one of them only?

    Returns
    -------
    mapping of str to str
        The objective that keeps it (growth, share) to the option that then leads; empty where nothing is
        counted twice.
    """
    both = stakes.part(LAG)
    valued = list_valued(scores).set_index("kind")
    if not both > 0 or not {GROWTH, SHARE} <= set(valued.index):
        return {}
    leaders = {}
    for keeper, other in ((GROWTH, SHARE), (SHARE, GROWTH)):
        left = valued.at_stake - np.where(valued.index == other, both, 0.0)
        leaders[keeper] = str(valued.option[(left * valued.capacity).idxmax()])
    return leaders


def _read_capacities(objectives: pd.DataFrame) -> tuple[dict[str, float], dict[str, bool]]:
    stated = objectives.dropna(subset=["capacity"]).groupby("kind").capacity.mean().astype(float)
    usual = float(stated.mean()) if len(stated) else 1.0
    return {kind: float(stated.get(kind, usual)) for kind in KINDS}, {kind: kind in stated for kind in KINDS}


def _draw_capacity(capacity: float, concentration: float, draws: int, rng: np.random.Generator) -> np.ndarray:
    if not 0 < capacity < 1:
        return np.full(draws, capacity)
    return rng.beta(concentration * capacity, concentration * (1 - capacity), size=draws)


def break_even_loss(scores: pd.DataFrame, stakes: Stakes) -> float:
    """How likely within a year must the loss of the largest group be for diversification to come first?

    Its value at stake would be that chance times the group's margin; NaN where no chance suffices.
    """
    valued = list_valued(scores)
    capacity = scores.set_index("kind").capacity.get(DIVERSIFY, np.nan)
    exposed = capacity * stakes.scope["top_margin"]
    chance = valued.within_capacity.max() / exposed if exposed > 0 else np.nan
    return float(chance) if 0 < chance <= 1 else float("nan")
