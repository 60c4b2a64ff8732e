"""Where stated plans and the evidence of ``goal-map`` differ, and where a goal works against a target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.objectives.attractiveness import goal_words as words
from segutils.objectives.attractiveness.exit_groups import Labels
from segutils.objectives.attractiveness.goal_rules import (
    KEEPING,
    KIND_OF,
    SERVES,
    Directions,
    count_served,
    list_open,
)
from segutils.objectives.attractiveness.margin_ladder import CM1, REVENUE, MarginLadder
from segutils.objectives.attractiveness.retention_stakes import draw_samples
from segutils.objectives.attractiveness.stakes import Stakes
from segutils.statistics.customer_figures import CustomerFigures, list_measures
from segutils.statistics.multiplicity import adjust_holm

AT_MOST = ("top_share",)  # measures whose targets are not to be exceeded; others are to be reached
PULLS = ("margin_rate", "top_share")  # measures that more of a group can move the wrong way


def find_conflicts(
    goals: pd.DataFrame,
    directions: Directions,
    today: pd.DataFrame,
    stakes: Stakes,
    groups: pd.DataFrame,
    objectives: pd.DataFrame,
    key_results: pd.DataFrame,
    *,
    firm: Sequence[str],
    kinds: set[str],
    min_stands: float,
    figures: CustomerFigures | None = None,
    is_counted: bool = False,
    resamples: int = 300,
    seed: int = 0,
) -> list[str]:
    """Where do stated plans ask for something else than the evidence shows beyond chance?

    Parameters
    ----------
    goals : pandas.DataFrame
        From :func:`~segutils.objectives.attractiveness.goal_rules.choose_goals`.
    directions : Directions
    today : pandas.DataFrame
        Where groups stand, by measure (index: group).
    stakes : Stakes
    groups, objectives, key_results : pandas.DataFrame
        Key results are those of these groups.
    firm : sequence of str
        Groups whose goals are firm: only theirs can be held against plans.
    kinds : set of str
        Kinds of objectives that a group can point to; others are not held against the goals.
    min_stands : float
        Confidence of what is said, all that was looked at together.
    figures : CustomerFigures, optional
        For market shares by each provider.
    is_counted : bool
        Retention in `today` is counted in the client's own books, not estimated.
    resamples, seed : int
        Samples of the customers.

    Returns
    -------
    list of str
        Of firm goals: key results that ask for anything but the goal, a goal that serves no objective, and
        one that pulls against the stated margin or dependence. Of all groups: targets that are reached
        already. Of objectives: those to which hardly a sample has a group that points.
    """
    found = []
    sure = goals[goals["group"].isin(firm)]
    for row in sure.itertuples():
        asked = key_results[key_results["value"].eq(row.group)]
        wanted = {goal for measure in asked.measure for goal in SERVES.get(measure, ())}
        if len(asked) and row.goal not in wanted:
            found.append(words.say_not_asked(row, asked))
    least = measure_least(today, stakes, groups, figures, is_counted=is_counted)
    for line in key_results[key_results["value"].isin(goals["group"])].itertuples():
        value = least[line.measure].get(line.value, np.nan) if line.measure in least else np.nan
        if value <= line.target if line.measure in AT_MOST else value >= line.target:
            found.append(words.say_reached(line.value, line, today[line.measure][line.value]))
    unserved = find_unserved(directions, objectives, kinds=kinds, min_stands=min_stands)
    # that chance may hide what is at stake for an objective does not speak against it
    found += [words.say_unserved(line) for line in unserved if line.kind not in list_open(directions)]
    if len(objectives):
        stated = set(objectives["kind"])
        found += [words.say_no_objective(row) for row in sure.itertuples() if KIND_OF[row.goal] not in stated]
    pulls = find_pulls(
        *(sure, stakes.ladder, groups, objectives),
        **{"min_stands": min_stands, "resamples": resamples, "seed": seed},
    )
    return found + [words.say_pull(row) for row in pulls.itertuples()]


def find_unserved(
    directions: Directions, objectives: pd.DataFrame, *, kinds: set[str], min_stands: float
) -> list:
    """Rows of the objectives to which no group points, in this sample and in nearly all others."""
    served = count_served(directions)
    return [
        line
        for line in objectives.itertuples()
        if line.kind in kinds and served.get(line.kind, 0.0) <= 1 - min_stands + 1e-9
    ]


def measure_least(
    today: pd.DataFrame,
    stakes: Stakes,
    groups: pd.DataFrame,
    figures: CustomerFigures | None,
    *,
    is_counted: bool = False,
) -> pd.DataFrame:
    """Where groups stand at the least: what is estimated at the worse end, or half of the hits were chance.

    Shares of markets are those by the provider whose figures give the lowest; sums of the client's own books
    are what they are.
    """
    found = today.copy()
    if not is_counted:
        # key results name a year's rate, whatever the horizon of the stakes
        most = stakes.retention.groups.set_index("group").leaving_high
        stay = (1 - most) ** (1 / stakes.retention.horizon_years)
        found["retention_rate"] = stay.reindex(today.index)
    for name in figures.by_provider if figures is not None else ():
        other = list_measures(figures.of_provider(name), groups).set_index("group")
        if "market_share" in other:
            found["market_share"] = np.fmin(found.market_share, other.market_share.reindex(found.index))
    return found


def find_pulls(
    goals: pd.DataFrame,
    ladder: MarginLadder,
    groups: pd.DataFrame,
    objectives: pd.DataFrame,
    *,
    min_stands: float = 0.8,
    resamples: int = 300,
    seed: int = 0,
) -> pd.DataFrame:
    """Which groups that are to grow would, by growing, move the company away from a stated target?

    More of a group that leaves less than the company on average lowers the company's margin, which matters
    where it is also below the target; more of one whose share of revenue is above the stated one makes the
    company depend on it even more.

    Parameters
    ----------
    goals : pandas.DataFrame
        ``group, goal``; only goals of growing are looked at.
    ladder : MarginLadder
    groups, objectives : pandas.DataFrame
    min_stands, resamples, seed
        As for :func:`find_conflicts`.

    Returns
    -------
    pandas.DataFrame
        ``group, goal, objective, owner, measure, value, needed, p``: p is the share of samples of the
        customers in which it does not, adjusted for all that was looked at (Holm).
    """
    labels = Labels.read(ladder.row_labels(groups))
    growing = goals[(goals.goal != KEEPING) & goals["group"].isin(labels.names)]
    lines = [line for line in objectives.itertuples() if line.measure in PULLS and np.isfinite(line.target)]
    rows, misses, looked = [], [], 0
    if len(growing) and lines:
        year = [ladder.last_year(REVENUE).to_numpy(float)]
        year += [ladder.last_year(CM1).to_numpy(float)] if CM1 in ladder.amounts else []
        weights = [np.ones(len(labels.code)), *draw_samples(len(year[0]), resamples=resamples, seed=seed)]
        for line in lines:
            values, needed = zip(*(_compare(line, labels, year, part) for part in weights), strict=True)
            values, needed = np.array(values), np.array(needed)[:, None]
            wrong = values > needed if line.measure in AT_MOST else values < needed
            for row in growing.itertuples():
                place = labels.names.index(row.group)
                looked += 1
                if wrong[0, place]:
                    told = (row.group, row.goal, line.goal, line.owner, line.measure)
                    rows.append((*told, values[0, place], needed[0, 0]))
                    misses.append(1 - wrong[1:, place].mean())
    columns = ["group", "goal", "objective", "owner", "measure", "value", "needed"]
    adjusted = adjust_holm([*misses, *[1.0] * (looked - len(misses))])[: len(misses)]
    table = pd.DataFrame(rows, columns=columns).assign(p=adjusted)
    return table[table.p <= 1 - min_stands + 1e-9].reset_index(drop=True)


def _compare(line, labels: Labels, year: list[np.ndarray], weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Each group's value of the measure of an objective, and what would do no harm."""
    revenue = labels.sum(year[0], weights)
    if line.measure in AT_MOST:
        return revenue / max(year[0] @ weights, 1e-9), float(line.target)
    if len(year) == 1:
        return np.full(len(revenue), np.nan), np.nan
    rate = np.where(revenue > 0, labels.sum(year[1], weights) / np.where(revenue > 0, revenue, 1.0), np.nan)
    whole = (year[1] @ weights) / max(year[0] @ weights, 1e-9)
    return rate, float(min(line.target, whole))
