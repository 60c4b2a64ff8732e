"""Do plans fit together: budgets that exist, futures that differ, key results that serve a stated goal?"""

from __future__ import annotations

from collections.abc import Iterator

from segutils.data_checks import may_segment
from segutils.engagement_fields import suggest
from segutils.engagement_model import Engagement
from segutils.yaml_lines import Problem

ALL = "all"


def check_plans(engagement: Engagement) -> list[Problem]:
    """Do responses, scenarios and key results name only what there is?

    Parameters
    ----------
    engagement : Engagement
        Each field is right by itself.

    Returns
    -------
    list of Problem
        Empty where they do.
    """
    return [
        *_check_responses(engagement),
        *_check_scenarios(engagement),
        *_check_key_results(engagement),
    ]


def _check_responses(engagement: Engagement) -> Iterator[Problem]:
    budgets = list(dict.fromkeys(line.item for line in engagement.budgets))
    teams = list(engagement.organisation.headcount) if engagement.organisation else []
    seen: set[tuple[str, str]] = set()
    for index, line in enumerate(engagement.responses):
        key = ("responses", index)
        if line.budget not in budgets:
            listed = ", ".join(budgets) or "none yet"
            fix = f"{suggest(line.budget, budgets)}add it under budgets, which has: {listed}"
            yield Problem((*key, "budget"), f"unknown budget '{line.budget}'", fix)
        if (line.group, line.budget) in seen:
            what = f"what {line.budget} brings back in {line.group} is stated twice"
            yield Problem(key, what, "keep one of them")
        seen.add((line.group, line.budget))
        for team in line.people:
            if teams and team not in teams:
                fix = f"{suggest(team, teams)}organisation.headcount has: {', '.join(teams)}"
                yield Problem((*key, "people", team), f"unknown team '{team}'", fix)


def _check_scenarios(engagement: Engagement) -> Iterator[Problem]:
    names = [line.name for line in engagement.scenarios]
    groups = [ALL, *dict.fromkeys(line.group for line in engagement.responses)]
    for index, line in enumerate(engagement.scenarios):
        key = ("scenarios", index)
        if line.name in names[:index]:
            yield Problem((*key, "name"), f"'{line.name}' is given twice", "keep one of them")
        for group in line.factors:
            if group not in groups:
                fix = f"{suggest(group, groups)}responses name: {', '.join(groups)}"
                yield Problem((*key, "factors", group), f"unknown group '{group}'", fix)
    stated = [line.probability for line in engagement.scenarios if line.probability is not None]
    if sum(stated) > 1 + 1e-9:
        what = f"the probabilities of the scenarios add up to {sum(stated):g}"
        yield Problem(("scenarios",), what, "lower them to 1 at most; what is left is the expected future")


def _check_key_results(engagement: Engagement) -> Iterator[Problem]:
    goals = [line.goal for line in engagement.objectives]
    known = engagement.columns_of("customers")
    for index, line in enumerate(engagement.key_results):
        key = ("key_results", index)
        if line.supports and line.supports not in goals:
            listed = "; ".join(goals) or "none yet"
            fix = f"{suggest(line.supports, goals)}write a goal of objectives word for word: {listed}"
            yield Problem((*key, "supports"), f"no objective has the goal '{line.supports}'", fix)
        for column in line.of:
            if column not in known:
                fix = f"{suggest(column, known)}columns of customers: {', '.join(known)}"
                yield Problem((*key, "of", column), f"unknown column '{column}'", fix)
            elif not may_segment("customers", column, engagement):
                fix = "name another column, or allow segmentation for it under privacy (its owner decides)"
                what = f"'{column}' of customers may not be used to segment"
                yield Problem((*key, "of", column), what, fix)
