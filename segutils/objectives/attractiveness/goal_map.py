"""Slug ``goal-map``: the one goal that each group points to, its measure, and where plans say otherwise."""

from __future__ import annotations

import pandas as pd

from segutils.findings import Finding, Need
from segutils.objectives.attractiveness import goal_words as words
from segutils.objectives.attractiveness.goal_conflicts import find_conflicts, find_unserved
from segutils.objectives.attractiveness.goal_rules import (
    SERVES,
    choose_goals,
    list_firm,
    list_kinds,
    list_open,
    weigh_directions,
)
from segutils.objectives.attractiveness.margin_ladder import CM1, REVENUE
from segutils.objectives.attractiveness.market_stakes import CellStakes
from segutils.objectives.attractiveness.money_words import say_span
from segutils.objectives.attractiveness.stakes import CELLS, Stakes
from segutils.statistics.customer_figures import CustomerFigures, list_measures
from segutils.statistics.figure_sources import NEEDS

SLUG = "goal-map"
STATED = Need(
    question="What does the company want to reach, and what is each group to reach for it?",
    table="engagement file",
    columns=(
        "objectives: goal, kind, measure, target, by, owner",
        "key_results: of, measure, target, by, owner",
    ),
)
CATEGORIES = Need(
    question="Which categories do customers buy in comparable regions?",
    table="products",
    columns=("product_id", "category"),
)
COLUMNS = ("group", "goal", "weight", "at_stake", "span", "stands", "held_to", "serves")
FORMATS = {"weight": "number:1", "at_stake": "money", "stands": "share:0"}


def check_goal_map(
    stakes: Stakes,
    groups: pd.DataFrame,
    objectives: pd.DataFrame,
    key_results: pd.DataFrame,
    *,
    currency: str,
    grouping: str = "",
    figures: CustomerFigures | None = None,
    breadth: CellStakes | None = None,
    categories: pd.DataFrame | None = None,
    kept: pd.Series | None = None,
    min_stands: float = 0.8,
    seed: int = 0,
) -> Finding:
    """Which corporate goal does each group serve, by which measure, and do the stated plans agree?

    Parameters
    ----------
    stakes : Stakes
    groups : pandas.DataFrame
        ``customer_id, group``.
    objectives, key_results : pandas.DataFrame
        From :mod:`segutils.stated`.
    currency : str
    grouping : str
        Column of customers that the groups come from; key results of other columns are not theirs.
    figures : CustomerFigures, optional
        For each group's share of the market.
    breadth : CellStakes, optional
        Of categories; see :func:`~segutils.objectives.attractiveness.margin_stakes.measure_breadth`.
    categories : pandas.DataFrame, optional
        From :func:`~segutils.objectives.attractiveness.goal_rules.count_breadth`.
    kept : pandas.Series, optional
        From :func:`~segutils.statistics.two_years.measure_retention_rate`: what targets of retention are held
        against, as on the scorecard; without it the share that is expected to stay.
    min_stands : float
        Confidence that goals which are called firm would be the same in other samples, all groups together;
        see :func:`~segutils.objectives.attractiveness.goal_rules.list_firm`.
    seed : int

    Returns
    -------
    Finding
        Table: ``group, goal, weight`` (of the goal in the group, against the company: 2 is twice as much per
        unit of revenue), ``at_stake`` (a year), ``span`` (its interval), ``stands``, ``held_to`` (measure,
        today, target and its owner), ``serves`` (the stated objective). ``caution`` where stated plans and
        evidence differ (see :func:`~segutils.objectives.attractiveness.goal_conflicts.find_conflicts`), or
        evidence does not tell the directions apart; with one direction known there is nothing to weigh, and
        the table shows that one.
    """
    directions = weigh_directions(stakes, breadth, seed=seed)
    weighed, goals, known = directions.tell(), choose_goals(directions), len(directions.known)
    today = measure_today(stakes, groups, figures, categories, kept)
    needs = [*stakes.needs[:1]] if stakes.markets is None else []
    if breadth is None:
        needs.append(CATEGORIES if categories is None else CELLS)
    needs += [STATED] if objectives.empty else []
    needs += [NEEDS["margin"]] if stakes.ladder.basis == REVENUE else []
    own = key_results[key_results["column"].eq(grouping)] if len(key_results) else key_results
    firm = list_firm(goals, min_stands=min_stands) if known > 1 else []
    # with one direction nothing is weighed, so no goal can differ from a plan
    kinds = list_kinds(directions.known) if known > 1 else set()
    conflicts = find_conflicts(
        *(goals, directions, today, stakes, groups, objectives, own),
        **{"firm": firm, "kinds": kinds, "min_stands": min_stands},
        **{"figures": figures, "is_counted": kept is not None, "seed": seed},
    )
    unserved = find_unserved(directions, objectives, kinds=kinds, min_stands=min_stands)
    held = [
        words.say_held(row, today, objectives, own, is_counted=kept is not None) for row in goals.itertuples()
    ]
    serves = [words.say_serves(row.goal, objectives) for row in goals.itertuples()]
    spans = [say_span(row.low, row.high, currency) for row in goals.itertuples()]
    table = goals.assign(at_stake=goals.value, span=spans, held_to=held, serves=serves)[list(COLUMNS)]
    if known < 2:
        table = table.drop(columns=["goal", "stands", "weight", *(["serves"] if objectives.empty else [])])
    table = table.sort_values("at_stake", ascending=False, kind="stable", ignore_index=True)
    is_firm = len(firm) == len(goals) and known > 1 and not needs
    return Finding(
        slug=SLUG,
        status="pass" if is_firm and not conflicts else "caution",
        headline=words.say_headline(
            *(goals, conflicts, stakes),
            **{"firm": firm, "is_stated": len(objectives) + len(own) > 0, "known": known},
            currency=currency,
        ),
        table=table,
        formats={name: fmt for name, fmt in FORMATS.items() if name in table.columns},
        labels=words.LABELS,
        figures=(words.draw_directions(weighed, goals, stakes, currency=currency),)
        if known > 1 and goals.weight.notna().any()
        else (),
        notes=[
            *conflicts,
            *words.list_notes(
                *(goals, weighed, stakes, categories), firm=firm, min_stands=min_stands, currency=currency
            ),
            *(words.say_open(line) for line in unserved if line.kind in list_open(directions)),
            *(
                words.say_outside(line)
                for line in objectives.itertuples()
                if line.kind not in list_kinds(directions.known)
            ),
        ],
        limits=words.LIMITS,
        needs=tuple(dict.fromkeys(needs)),
    )


def measure_today(
    stakes: Stakes,
    groups: pd.DataFrame,
    figures: CustomerFigures | None,
    categories: pd.DataFrame | None,
    kept: pd.Series | None = None,
) -> pd.DataFrame:
    """Where does each group stand today on the measures that goals are held to?

    Returns
    -------
    pandas.DataFrame
        Index: group; ``retention_rate, market_share, revenue_growth, categories_per_customer, top_share``
        (its own share of revenue), ``margin_rate``; NaN where not known.
    """
    labels = stakes.ladder.row_labels(groups).to_numpy()
    year = stakes.ladder.last_year(REVENUE).groupby(labels).sum()
    years = pd.DataFrame(stakes.ladder.sum_years(REVENUE)).groupby(labels).sum()
    retention = stakes.retention.groups.assign(stay=1 - stakes.retention.yearly_leaving).set_index("group")
    stay = retention.stay if kept is None else kept
    table = pd.DataFrame({"retention_rate": stay.reindex(year.index)})
    table["top_share"] = year / stakes.scope["revenue"]
    if years.shape[1] > 1:
        table["revenue_growth"] = years.iloc[:, -1] / years.iloc[:, -2].where(years.iloc[:, -2] > 0) - 1
    if CM1 in stakes.ladder.amounts:
        margin = stakes.ladder.last_year(CM1).groupby(labels).sum()
        table["margin_rate"] = margin / year.where(year > 0)
    if figures is not None and "market_share" in figures.measures:
        table["market_share"] = list_measures(figures, groups).set_index("group").market_share
    if categories is not None:
        table["categories_per_customer"] = categories.set_index("group").categories
    names = [*SERVES, "margin_rate"]
    return table.reindex(columns=names)
