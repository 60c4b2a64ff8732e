"""Slug ``ownership``: which unit and which person answer for each group, and what is to be negotiated?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.engagement_terms import Council, Person
from segutils.errors import InputError
from segutils.findings import Assumption, Decision, Finding, Need, Override
from segutils.formats import format_value, join_words, plural
from segutils.objectives.boundaries import ownership_words as words
from segutils.objectives.boundaries.answering import find_owners, find_role
from segutils.objectives.boundaries.ownership_rules import ARRANGEMENTS, LEAD, Limits, score_groups
from segutils.objectives.boundaries.ownership_sheet import COLUMNS as SHEET
from segutils.objectives.boundaries.ownership_sheet import build_negotiation_sheet
from segutils.objectives.boundaries.ownership_sums import BY_CUSTOMER, FILED, UNITS, UnitSums
from segutils.statistics.decisions import check_override

SLUG = "ownership"
MEASURE = "revenue_share"
NEVER = -1.0
FIRM = 0.8  # share of other customers and limits in which an arrangement must stand to be called firm
COLUMNS = ("group", "net_revenue", "unit", "share", "span", "shared", "arrangement", "owner")
FORMATS = {"net_revenue": "money", "share": "share:0", "shared": "share:0"}
LABELS = {
    "net_revenue": "Net revenue a year",
    "unit": "Largest unit",
    "share": "Its share",
    "span": "Within",
    "shared": "Buyers from several units",
    "owner": "Accountable",
}


def decide_ownership(
    sums: UnitSums | None,
    *,
    currency: str,
    owners: Mapping[str, Person] | None = None,
    council: Council | None = None,
    thresholds: pd.DataFrame | None = None,
    min_share: float = 2 / 3,
    max_shared: float = 0.2,
    min_span: float = 0.1,
    draws: int = 500,
    confidence: float = 0.95,
    override: Override | None = None,
    seed: int = 0,
) -> Finding:
    """One accountable owner per group: who, and what is negotiated where a group spans business units?

    Parameters
    ----------
    sums : UnitSums, optional
        From :func:`~segutils.objectives.boundaries.ownership_sums.build_unit_sums`.
    currency : str
    owners : mapping of str to Person, optional
        The engagement file's people; who answers for ``business unit NAME`` owns what the unit leads.
    council : Council, optional
        Whom a dispute goes to.
    thresholds : pandas.DataFrame, optional
        ``measure, min, owner`` of the question: ``revenue_share``, from which one unit owns a group.
    min_share : float
        The same where nobody stated it: two thirds.
    max_shared : float
        Share of buyers who buy from several units up to which a group can be split by product line.
    min_span : float
        From this share of a second unit on a group spans units and comes on the negotiation sheet.
    draws, confidence, seed
        As in :func:`~segutils.objectives.boundaries.ownership_rules.score_groups`.
    override : Override, optional

    Returns
    -------
    Finding
        One row per group, most revenue first. The decision concerns the group that is hardest to own: the one
        whose largest unit has the smallest share. ``not_run`` where nothing tells the unit of revenue.

    Raises
    ------
    InputError
        A threshold of the question is not ``revenue_share`` with min, or the override names no option.
    """
    limits, stated_by = _read_limits(thresholds, min_share, max_shared)
    if sums is None or sums.table.empty:
        return _withhold()
    if sums.basis == BY_CUSTOMER:  # without products nothing can be split by product line
        limits = Limits(min_share=limits.min_share, max_shared=NEVER)
    scored = score_groups(sums, limits, draws=draws, confidence=confidence, seed=seed)
    if scored.empty:
        return _withhold()
    people = name_unit_owners(sums, owners)
    escalation = _name_escalation(owners, council)
    who = [words.name_accountable(row, people, escalation) for row in scored.itertuples()]
    scored = scored.assign(owner=who)
    hardest = scored.sort_values(["share", "group"], kind="stable").iloc[0]
    decision = _decide(hardest, people, escalation, limits, override)
    nameless = [unit for unit in dict.fromkeys(scored.unit) if not people.get(unit)]
    claimed = {unit: named for unit, named in list_claims(sums, owners).items() if len(named) > 1}
    contested = scored[scored.arrangement != LEAD]
    unsure = scored[scored.stands < FIRM]
    status = "fail" if len(contested) or nameless or claimed else "caution" if len(unsure) else "pass"
    needs = list(sums.needs)
    if claimed:
        columns = tuple(f"owners: answers_for [business unit {unit}]" for unit in claimed)
        needs.append(
            Need(
                question="Which one person answers for each business unit?",
                table="engagement file",
                columns=columns,
            )
        )
    if nameless:
        columns = tuple(f"owners: answers_for [business unit {unit}]" for unit in nameless)
        needs.append(
            Need(question="Who answers for each business unit?", table="engagement file", columns=columns)
        )
    return Finding(
        slug=SLUG,
        status=status,
        headline=words.say_override(decision, hardest)
        or words.say_headline(scored, limits, nameless, claimed),
        table=scored.assign(
            span=[words.write_span(row.low, row.high) for row in scored.itertuples()],
            arrangement=[words.NAMES[way] for way in scored.arrangement],
        )[list(COLUMNS)],
        formats=FORMATS,
        labels=LABELS,
        figures=words.draw_units(sums, scored, limits),
        decision=decision,
        notes=[
            *words.say_spans(sums, scored, min_span=min_span, currency=currency),
            *words.say_unsure(unsure),
            *words.say_filed(scored),
            *sums.notes,
        ],
        assumptions=[
            Assumption(
                text=f"One unit owns a group from {format_value(limits.min_share, 'share:0')} of its net "
                "revenue on.",
                owner=stated_by,
            ),
            Assumption(
                text="A group can be split by product line where at most "
                f"{format_value(max_shared, 'share:0')} of its buyers buy from several units; it spans units "
                f"where a second one has {format_value(min_span, 'share:0')} of its revenue.",
                owner="playbook default",
            ),
        ],
        limits=(
            f"Revenue is divided by {sums.basis}, over {plural(sums.days, 'day')} up to the last one of the "
            "data; an order with products of several units counts as an order of each.",
            "What a unit will bring in a group tomorrow, and what it costs to hand customers over, is not in "
            "these figures.",
        ),
        needs=tuple(needs),
    )


def list_negotiation(
    sums: UnitSums | None,
    finding: Finding,
    *,
    owners: Mapping[str, Person] | None = None,
    min_span: float = 0.1,
) -> pd.DataFrame:
    """What do the units negotiate about: the sheet as a list for people?

    Parameters
    ----------
    sums, owners, min_span
        As in :func:`decide_ownership`.
    finding : Finding
        From there.

    Returns
    -------
    pandas.DataFrame
        As :func:`~segutils.objectives.boundaries.ownership_sheet.build_negotiation_sheet` with
        ``recommended, accountable``; empty where no group spans units or nothing could be decided.
    """
    if sums is None or finding.decision is None:
        return pd.DataFrame(columns=[*SHEET, "recommended", "accountable"])
    sheet = build_negotiation_sheet(sums, name_unit_owners(sums, owners), min_span=min_span)
    told = finding.table.set_index("group")
    return sheet.assign(
        recommended=sheet["group"].map(told.arrangement), accountable=sheet["group"].map(told.owner)
    )


def list_claims(sums: UnitSums, owners: Mapping[str, Person] | None) -> dict[str, list[str]]:
    """Who states to answer for each unit (``business unit NAME``, else ``NAME``); empty where nobody does."""
    people = owners or {}
    return {
        unit: find_owners(people, f"business unit {unit}") or find_owners(people, unit)
        for unit in sorted(sums.table.unit.unique())
    }


def name_unit_owners(sums: UnitSums, owners: Mapping[str, Person] | None) -> dict[str, str]:
    """Who answers for each unit; units without anybody are absent, and of two people neither is chosen."""
    claims = list_claims(sums, owners)
    return {unit: join_words(named, last="or") for unit, named in claims.items() if named}


def _decide(
    hardest: pd.Series,
    people: Mapping[str, str],
    escalation: str,
    limits: Limits,
    override: Override | None,
) -> Decision:
    """The ways to own the group that is hardest to own."""
    rows = []
    for way in ARRANGEMENTS:
        one = {LEAD: 1.0, "by line": 1 - hardest.shared, "matrix": 1.0, "escalate": np.nan}[way]
        alone = {LEAD: 1.0, "by line": 1 - hardest.shared, "matrix": hardest.share, "escalate": np.nan}[way]
        own = {LEAD: hardest.share, "by line": 1.0, "matrix": 1.0, "escalate": np.nan}[way]
        rows.append(
            {
                "option": words.name_option(way, hardest),
                "accountable": words.name_accountable(hardest.copy(), people, escalation, way=way),
                "one_owner": one,
                "own_products": own,
                "decides_alone": alone,
                "score": hardest[way],
            }
        )
    options = pd.DataFrame(rows).sort_values("score", ascending=False, kind="stable", ignore_index=True)
    recommended = words.name_option(hardest.arrangement, hardest)
    return Decision(
        question=f"Who answers for {hardest['group']}, the group that is hardest to own?",
        options=options,
        recommendation=recommended,
        robustness=words.say_robustness(hardest, limits),
        robustness_share=float(hardest.stands),
        override=check_override(override, options.option.tolist(), slug=SLUG),
        formats=dict.fromkeys(["one_owner", "own_products", "decides_alone", "score"], "share:0"),
    )


def _read_limits(thresholds: pd.DataFrame | None, min_share: float, max_shared: float) -> tuple[Limits, str]:
    rows = [] if thresholds is None else thresholds.to_dict("records")
    owner = "playbook default"
    for row in rows:
        if row["measure"] != MEASURE or pd.isna(row["min"]) or not 0 < row["min"] <= 1:
            raise InputError(
                f"the threshold '{row['measure']}' of {SLUG} cannot be used",
                where="engagement file, thresholds",
                fix=f"state {MEASURE} with min, a share between 0 and 1",
            )
        min_share, owner = float(row["min"]), row["owner"]
    return Limits(min_share=min_share, max_shared=max_shared), owner


def _name_escalation(owners: Mapping[str, Person] | None, council: Council | None) -> str:
    """Whom a dispute goes to: the person in the role that the council escalates to."""
    role = council.escalates_to if council is not None else ""
    named = find_role(owners or {}, role)
    return named[0] if named else role


def _withhold() -> Finding:
    return Finding(
        slug=SLUG,
        status="not_run",
        headline="Who answers for which group cannot be said: neither products nor customers carry a "
        "business unit.",
        table=pd.DataFrame(columns=list(COLUMNS)),
        needs=(
            UNITS,
            FILED,
            Need(
                question="Who answers for each business unit?",
                table="engagement file",
                columns=("owners: role, answers_for",),
            ),
        ),
    )
