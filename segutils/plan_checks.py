"""Do plans fit together: budgets that exist, futures that differ, key results that serve a stated goal?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches

from segutils.data_checks import may_segment
from segutils.engagement_fields import suggest
from segutils.engagement_model import Engagement
from segutils.yaml_lines import KeyPath, Problem

ALL = "all"
SHARE_MEASURE = re.compile(  # a rate that the playbook does not know may be one per day
    r"(^|_)(share|growth|change)(_|$)"
    r"|^(reach|price_gap|strategic_fit|(retention|margin|win|ebitda|cm[123])_rate)$"
)
GROWTH = ("growth", "change")  # these can be above 1: sales can more than double
MAX_GROWTH = 2.0
MEASURES = (  # those that the playbook knows by name; others may be stated, but not misspelt ones of these
    *("net_revenue", "revenue_growth", "customers", "retention_rate", "margin_rate", "market_share"),
    *("market_growth", "market_size", "cost_to_serve", "win_rate", "satisfaction", "price_gap", "reach"),
    *("quote_days", "top_share", "active_share", "orders_per_customer", "revenue_per_order"),
    *(
        "cm1_rate",
        "cm2_rate",
        "cm3_rate",
        "strategic_fit",
        "ebitda_rate",
        "contribution_margin",
        "overlap_customers",
    ),
    *("integration_risk", "impact_ratio", "missing_share", "duplicate_share", "conflict_share"),
    *("right_share", "wrong_share", "latency_hours", "cost_per_year", "residency", "revenue_share"),
    *("revenue_change", "margin_change"),
)
LIKE = 0.87  # SequenceMatcher ratio from which an unknown measure is a known one, misspelt
PLANNING = ("horizon-conflict", "depth-or-breadth", "innovation-budget", "kpi-constraints", "concentration")


def check_plans(engagement: Engagement) -> list[Problem]:
    """Do goals, budgets, responses, scenarios and key results name only what there is, and can they be met?

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
        *_check_measures(engagement),
        *_check_days(engagement),
        *_check_repeats(engagement),
        *_check_budgets(engagement),
        *_check_responses(engagement),
        *_check_spelling(engagement),
        *_check_scenarios(engagement),
        *_check_key_results(engagement),
    ]


def _check_measures(engagement: Engagement) -> Iterator[Problem]:
    """A measure is spelt as the playbook spells it, and a share is no percentage."""
    for name, weighting in engagement.weights.items():
        for criterion in weighting.criteria:
            yield from _check_name(("weights", name, "criteria", criterion), criterion)
    for section in ("objectives", "targets", "thresholds", "key_results"):
        for index, line in enumerate(getattr(engagement, section)):
            key = (section, index)
            yield from _check_name((*key, "measure"), line.measure)
            if not (found := SHARE_MEASURE.search(line.measure)):
                continue
            most = MAX_GROWTH if found[2] in GROWTH else 1.0
            for end in ("target", "min", "max"):
                value = getattr(line, end, None)
                if value is not None and abs(value) > most:
                    what = f"'{line.measure}' is a share, and {value:g} is {value:.0%}".replace("%", " %")
                    yield Problem((*key, end), what, f"write {value:g} % as {value / 100:g}")


def _check_name(key: KeyPath, measure: str) -> Iterator[Problem]:
    digits = re.findall(r"\d", measure)  # names that differ in a digit are different
    alike = [name for name in MEASURES if re.findall(r"\d", name) == digits]
    near = get_close_matches(measure, alike, n=1, cutoff=LIKE)
    if near and measure not in MEASURES:
        fix = f"did you mean '{near[0]}'? Otherwise choose a name that is less like it"
        yield Problem(key, f"'{measure}' looks like a misspelt '{near[0]}'", fix)


def _check_days(engagement: Engagement) -> Iterator[Problem]:
    """What is to be reached lies ahead of the data."""
    for section in ("objectives", "key_results"):
        for index, line in enumerate(getattr(engagement, section)):
            if line.by < engagement.as_of:
                what = f"the day {line.by} was over before the last day of the data, {engagement.as_of}"
                yield Problem((section, index, "by"), what, "give it a day to come, or take the line out")
    for index, budget in enumerate(engagement.budgets):
        if date(_last_year(budget.horizon), 12, 31) < engagement.as_of:
            what = f"the budget '{budget.item}' is for {budget.horizon}, over before the last day of the data"
            fix = "state the budget of the years to come; last year's spending stands in the table costs"
            yield Problem(("budgets", index, "horizon"), what, fix)


def _last_year(horizon: str) -> int:
    return int(re.findall(r"\d{4}", horizon)[-1])


def _check_repeats(engagement: Engagement) -> Iterator[Problem]:
    """Key results name a goal by its words, so that each goal has its own; no target is set twice."""
    goals: set[str] = set()
    for index, objective in enumerate(engagement.objectives):
        if objective.goal in goals:
            yield Problem(
                ("objectives", index, "goal"), f"'{objective.goal}' is given twice", "keep one of them"
            )
        goals.add(objective.goal)
    seen: set[tuple[object, ...]] = set()
    for index, line in enumerate(engagement.key_results):
        told = (*line.of.items(), line.measure, line.by)
        if told in seen:
            whom = " ".join(line.of.values()) or "all customers"
            what = f"{whom} has two targets for '{line.measure}' by {line.by}"
            yield Problem(("key_results", index), what, "keep one of them, or give them different days")
        seen.add(told)


def _check_budgets(engagement: Engagement) -> Iterator[Problem]:
    """Money that responses count on is asked about by a question that plans it."""
    used = {line.budget for line in engagement.responses}
    for item in dict.fromkeys(line.item for line in engagement.budgets if line.item in used):
        lines = [(n, line) for n, line in enumerate(engagement.budgets) if line.item == item]
        if not any(set(line.questions) & set(PLANNING) for _, line in lines):
            what = f"responses count on the budget '{item}', but no question divides it"
            fix = f"add questions, one or more of {', '.join(PLANNING)}"
            yield Problem(("budgets", lines[0][0], "questions"), what, fix)


def _check_spelling(engagement: Engagement) -> Iterator[Problem]:
    """A group is written in one way: a name that differs by case or accents only is another group."""
    first: dict[str, str] = {}
    for index, line in enumerate(engagement.responses):
        plain = " ".join(unicodedata.normalize("NFKC", line.group).casefold().split())
        if first.setdefault(plain, line.group) != line.group:
            what = f"'{line.group}' and '{first[plain]}' are one group, written in two ways"
            yield Problem(("responses", index, "group"), what, "write it as the data do")


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
        money = sum(budget.amount for budget in engagement.budgets if budget.item == line.budget)
        if line.budget in budgets and line.min_amount > money:
            what = f"it begins at {line.min_amount:,.0f}, and the budget {line.budget} has {money:,.0f}"
            yield Problem((*key, "min_amount"), what, "lower it, or raise the budget")
        if engagement.finance and line.starts_after_years >= engagement.finance.horizon_years:
            years = engagement.finance.horizon_years
            what = (
                f"it begins to bring something after {line.starts_after_years:g} years, of {years} that count"
            )
            fix = "lower it, or raise horizon_years of finance"
            yield Problem((*key, "starts_after_years"), what, fix)
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
