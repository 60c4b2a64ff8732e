"""Slug ``naming``: do the groups' names say what marketing, sales and product can act on?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from segutils.engagement_terms import Approval
from segutils.findings import Assumption, Finding, Need
from segutils.formats import format_value, join_words, label_column, lower_first, plural
from segutils.objectives.boundaries import naming_rules as rules
from segutils.objectives.boundaries import naming_suggestions as suggestions
from segutils.objectives.boundaries import naming_words as words
from segutils.objectives.boundaries.group_rules import OWN
from segutils.objectives.boundaries.groupings import COLUMNS as ATTRIBUTES
from segutils.objectives.boundaries.naming_drivers import (
    SAID,
    UNSAID,
    Driver,
    describe_evidence,
    judge_driver,
)
from segutils.objectives.boundaries.naming_traits import NameTraits, score_differences
from segutils.objectives.boundaries.naming_words import CHANGE, KEEP, WATCH, Verdict

SLUG = "naming"
COLUMNS = ("group", "customers", "verdict", "suggestion", "apart", *suggestions.FUNCTIONS)
LABELS = {
    "group": "Name today",
    "suggestion": "Suggested name",
    "apart": "What sets it apart from all others",
}
GRAVE = (rules.PROTECTED, rules.UNIQUE)
NO_NAME = "none can be made"


def check_naming(
    groups: pd.DataFrame,
    traits: NameTraits,
    *,
    currency: str,
    elsewhere: pd.DataFrame | None = None,
    protected: frozenset[str] = frozenset(),
    meanings: Mapping[str, Sequence[str]] | None = None,
    working: str = "",
    approvals: Sequence[Approval] = (),
    min_effect: float = 0.2,
    min_share: float = 0.1,
    min_shared: float = 0.9,
    min_customers: int = 30,
    max_words: int = 4,
    max_characters: int = 32,
    confidence: float = 0.95,
) -> Finding:
    """Can marketing, sales and product act on what each group is called, and what should it be called?

    A name must change where it is no name for anybody: a code, a judgement, too long, like another group's,
    about a protected attribute, or shown to say what its customers are not. It is watched where other people
    mean other customers by it, or where nothing measured can tell whether it says what sets them apart. It
    stays where it says so in the data's own words or in a plain word of the trade.

    Parameters
    ----------
    groups : pandas.DataFrame
        ``customer_id, group, grouping``.
    traits : NameTraits
        From :func:`~segutils.objectives.boundaries.naming_traits.build_name_traits`.
    currency : str
    elsewhere : pandas.DataFrame, optional
        From :func:`~segutils.objectives.boundaries.naming_rules.list_other_names`.
    protected : frozenset of str
        From :func:`~segutils.objectives.boundaries.naming_rules.list_protected_words`.
    meanings : mapping, optional
        From :func:`~segutils.objectives.boundaries.naming_rules.read_meanings`.
    working : str
        By which rule the playbook made the groups, in words; empty where the names are the client's.
    approvals : sequence of Approval
        Of the engagement file; those of a change of name are told.
    min_effect : float
        Smallest difference worth a word, in standard deviations (0.2 is small: Cohen 1988).
    min_share : float
        A category, channel, industry or source is worth a word from this share (0-1) on.
    min_shared : float
        A name that another grouping uses, too, must mean the same customers to this share (0-1).
    min_customers : int
        A group with fewer customers is tested, but not described.
    max_words, max_characters : int
        Length of a name.
    confidence : float
        Of all intervals together.

    Returns
    -------
    Finding
        One row per group, largest first. ``fail`` where a name may tell a protected attribute or reads like
        another group's, ``caution`` where one should change or is watched; ``not_run`` without groups.
    """
    if groups.empty:
        return _withhold()
    sizes = groups["group"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    if len(sizes) == 1:
        return _say_one_group(str(sizes.index[0]), int(sizes.iloc[0]))
    differences = score_differences(traits, confidence=confidence, min_customers=min_customers)
    sure_ones = suggestions.select_differences(differences, min_effect=min_effect, min_share=min_share)
    grouping = str(groups["grouping"].iloc[0])
    names = sizes.index.tolist()
    limits = {"protected": protected, "max_words": max_words, "max_characters": max_characters}
    taken = [*names, *(elsewhere.name if elsewhere is not None else ())]
    rows, found = [], {}
    for group, size in sizes.items():
        sure = sure_ones[sure_ones["group"] == group]
        own = differences[differences["group"] == group]
        driver = None
        # names that are values of an attribute, such as an industry, say what they are by definition
        if len(sure) and not working and ATTRIBUTES.get(grouping, OWN) == OWN:
            driver = judge_driver(
                group, own, set(sure.feature), min_effect=min_effect, meanings=meanings or {}
            )
        others = [name for name in names if name != group]
        wrong = {} if working else rules.check_name(group, others=others, **limits)
        verdict = _judge(group, wrong, driver, elsewhere, own, sure, working, min_shared=min_shared)
        suggestion = ""
        if verdict.is_renamed:
            suggestion = (
                f"{label_column(grouping)} {lower_first(group)}"  # what the number is of
                if rules.is_number(group)
                else suggestions.suggest_name(sure, [n for n in taken if n != group], **limits)
            ) or NO_NAME
            taken.append(suggestion)
        found[group] = verdict
        evidence = "" if driver is None else describe_evidence(driver, own, currency=currency)
        rows.append(
            {
                "group": group,
                "customers": int(size),
                "verdict": words.write_verdict(verdict, evidence),
                "suggestion": suggestion or "none needed",
                "apart": suggestions.describe(sure, currency=currency) if len(own) else "too few customers",
                **suggestions.list_actions(sure, currency=currency),
            }
        )
    grave = any(test in verdict.wrong for verdict in found.values() for test in GRAVE)
    calm = all(verdict.action == KEEP for verdict in found.values())
    return Finding(
        slug=SLUG,
        status="fail" if grave else "pass" if calm else "caution",
        headline=words.say_headline(found, working=working),
        table=pd.DataFrame(rows, columns=list(COLUMNS)),
        formats={"customers": "count"},
        labels=LABELS,
        figures=words.draw_differences(differences, sure_ones, names, days=traits.days),
        notes=words.list_notes(found, approvals, sizes, min_customers),
        assumptions=_list_assumptions(found, min_effect, max_words, max_characters),
        limits=(
            "A suggested name describes the average of a group; single customers in it can be different.",
            "Names are tested in English; a word list does not know what a word means to the people who use "
            "it.",
        ),
        needs=traits.needs,
    )


def _judge(
    group: str,
    wrong: Mapping[str, str],
    driver: Driver | None,
    elsewhere: pd.DataFrame | None,
    own: pd.DataFrame,
    sure: pd.DataFrame,
    working: str,
    *,
    min_shared: float,
) -> Verdict:
    """What follows for one name."""
    clash = pd.DataFrame()
    if elsewhere is not None:
        clash = elsewhere[(elsewhere["group"] == group) & (elsewhere.shared < min_shared)]
        clash = clash.sort_values("shared", kind="stable")
    told = {"group": group, "wrong": wrong, "driver": driver, "clash": clash.head(1).to_dict("records")}
    told |= {"is_described": len(own) > 0, "is_apart": len(sure) > 0, "is_working": bool(working)}
    if working or wrong or (driver is not None and driver.verdict == UNSAID):
        return Verdict(action=CHANGE, **told)
    is_open = driver is not None and driver.verdict != SAID
    if len(clash) or is_open or not len(sure):
        return Verdict(action=WATCH, **told)
    return Verdict(action=KEEP, **told)


def _list_assumptions(
    found: Mapping[str, Verdict], min_effect: float, max_words: int, max_characters: int
) -> list[Assumption]:
    effect = format_value(min_effect, "number:1")
    text = (
        f"A name has at most {plural(max_words, 'word')} and {max_characters} characters; a difference "
        f"counts from {effect} standard deviations (SD) on, if it is sure at 95 % for all comparisons "
        "together; words that judge or may tell a protected attribute stand in a list."
    )
    read = [
        f"{verdict.group} for {verdict.driver.meaning}"
        for verdict in found.values()
        if verdict.driver is not None and verdict.driver.verdict == SAID and verdict.driver.meaning
    ]
    texts = [text]
    if read:
        texts.append(
            f"Words of the trade stand for what the trade means by them: {join_words(read)}. The client can "
            "state another meaning."
        )
    return [Assumption(text=line, owner="playbook default") for line in texts]


def _say_one_group(group: str, customers: int) -> Finding:
    row = {name: "" for name in COLUMNS} | {"group": group, "customers": customers}
    return Finding(
        slug=SLUG,
        status="info",
        headline=f"There is one group only ({group}), and so no name to tell it from another.",
        table=pd.DataFrame([row])[["group", "customers"]],
        formats={"customers": "count"},
        labels=LABELS,
    )


def _withhold() -> Finding:
    return Finding(
        slug=SLUG,
        status="not_run",
        headline="No name can be tested: no customer is in a group.",
        table=pd.DataFrame(columns=list(COLUMNS)),
        needs=(
            Need(
                question="Which groups does the company plan with?",
                table="customers",
                columns=("strategy_segment", "sales_segment", "region", "industry"),
            ),
        ),
    )
