"""What the engagement file states, as tables: costs, limits, budgets, weights, rules about the data.

Everything here was set by people; each line keeps its owner, and an empty table means that nobody stated it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from segutils.engagement import Engagement
from segutils.engagement_data import FieldUse, Project, Provider, SurvivorshipRule
from segutils.engagement_fields import Part
from segutils.engagement_plans import Response
from segutils.engagement_terms import Budget, CostLine, Objective, Threshold, Weighting
from segutils.errors import InputError
from segutils.formats import join_words
from segutils.statistics.raters import Reconciled, reconcile_raters


def list_costs(engagement: Engagement) -> pd.DataFrame:
    """What do things cost, by whose assumption?

    Returns
    -------
    pandas.DataFrame
        ``item, amount, per, every, channel, segment, owner, note``; amounts in the engagement's currency.
    """
    return _table(CostLine, engagement.costs)


def list_thresholds(engagement: Engagement, question: str) -> pd.DataFrame:
    """Which limits decide this question?

    Returns
    -------
    pandas.DataFrame
        ``measure, min, max, periods, owner, note``; NaN where a limit has no such end.
    """
    found = [line for line in engagement.thresholds if line.question == question]
    table = _table(Threshold, found).drop(columns="question")
    return table.astype({"min": float, "max": float})


def list_budgets(engagement: Engagement, question: str) -> pd.DataFrame:
    """Which money limits this question?

    Returns
    -------
    pandas.DataFrame
        ``item, amount, horizon, owner, note``.
    """
    found = [line for line in engagement.budgets if question in line.questions]
    return _table(Budget, found).drop(columns="questions")


def read_weights(engagement: Engagement, question: str) -> Weighting | None:
    """The criteria of a judgement and how much they count for each rater; None where nobody stated them."""
    return engagement.weights.get(question)


def reconcile_weights(
    weighting: Weighting | None, criteria: Sequence[str], *, question: str
) -> Reconciled | None:
    """What do the raters' weights come to together?

    Parameters
    ----------
    weighting : Weighting, optional
        From :func:`read_weights`.
    criteria : sequence of str
        What the question judges by.
    question : str
        Its slug, for the message.

    Returns
    -------
    Reconciled or None
        None where nobody stated weights.

    Raises
    ------
    InputError
        The weighting names other criteria.
    """
    if weighting is None:
        return None
    stated = {rater.name: rater.weights or rater.comparisons for rater in weighting.raters}
    found = reconcile_raters(stated, criteria=list(weighting.criteria))
    if set(found.mapping) != set(criteria):
        raise InputError(
            f"the weights of {question} name {join_words(sorted(found.mapping))}",
            where=f"engagement file, weights.{question}.criteria",
            fix=f"name exactly these: {', '.join(criteria)}",
        )
    return found


def list_responses(engagement: Engagement, budget: str = "") -> pd.DataFrame:
    """What does money of this budget (of any) bring back in each group, as its owner expects?

    Returns
    -------
    pandas.DataFrame
        ``group, budget, ceiling, half_at, at_least, at_most`` (the ceiling where not stated),
        ``starts_after_years, lasts_years, min_amount, people`` (team: people per million), ``owner, note``.
    """
    found = [line for line in engagement.responses if budget in ("", line.budget)]
    table = _table(Response, found)
    for end in ("at_least", "at_most"):
        table[end] = table[end].astype(float).fillna(table["ceiling"].astype(float))
    return table


def list_scenarios(engagement: Engagement) -> pd.DataFrame:
    """Which futures may come, and what do they do to what money brings back?

    Returns
    -------
    pandas.DataFrame
        ``scenario, means, group`` (``all``: every group not named), ``factor, probability`` (NaN where nobody
        said), ``owner, note``; one row per scenario and group.
    """
    columns = ["scenario", "means", "group", "factor", "probability", "owner", "note"]
    rows = [
        (line.name, line.means, group, factor, line.probability, line.owner, line.note)
        for line in engagement.scenarios
        for group, factor in line.factors.items()
    ]
    return pd.DataFrame(rows, columns=columns).astype({"probability": float})


def list_key_results(engagement: Engagement) -> pd.DataFrame:
    """What is each group of customers to reach, and who is measured by it?

    Returns
    -------
    pandas.DataFrame
        ``column, value`` (the group; empty for all customers), ``perspective, objective, supports`` (a goal
        of the objectives, or empty), ``measure, target, by, unit, owner, note``.
    """
    columns = ["column", "value", "perspective", "objective", "supports", "measure"]
    columns += ["target", "by", "unit", "owner", "note"]
    rows = []
    for line in engagement.key_results:
        column, value = next(iter(line.of.items()), ("", ""))
        rows.append({**line.model_dump(), "column": column, "value": value})
    return pd.DataFrame(rows, columns=columns)


def list_objectives(engagement: Engagement) -> pd.DataFrame:
    """What does the company want to reach?

    Returns
    -------
    pandas.DataFrame
        ``goal, kind, perspective, measure, target, by, capacity`` (0-1; NaN where nobody said), ``owner,
        note``.
    """
    return _table(Objective, engagement.objectives).astype({"capacity": float})


def list_privacy(engagement: Engagement) -> pd.DataFrame:
    """Which field may be used for what?

    Returns
    -------
    pandas.DataFrame
        ``table, fields, purposes, basis, consent, keep_days, owner, note``, one row per line of the file.
    """
    return _table(FieldUse, engagement.privacy)


def list_survivorship(engagement: Engagement) -> pd.DataFrame:
    """Which system's value of a field is believed?

    Returns
    -------
    pandas.DataFrame
        ``field, rule, sources, owner, note``; sources are a tuple, best first, empty where the rule needs
        none.
    """
    table = _table(SurvivorshipRule, engagement.survivorship)
    return table.assign(sources=[tuple(sources) for sources in table.sources])


def list_providers(engagement: Engagement) -> pd.DataFrame:
    """On which terms may a provider's data be used?

    Returns
    -------
    pandas.DataFrame
        ``name, basis, hosted_in, agreement, owner, note``.
    """
    return _table(Provider, engagement.providers)


def list_project(engagement: Engagement) -> pd.DataFrame:
    """How much time does this engagement have?

    Returns
    -------
    pandas.DataFrame
        ``days, day_rate, owner, note``: one row, or none where nobody stated it.
    """
    return _table(Project, [engagement.project] if engagement.project else [])


def _table(model: type[Part], lines: Sequence[Part]) -> pd.DataFrame:
    return pd.DataFrame([line.model_dump() for line in lines], columns=list(model.model_fields))
