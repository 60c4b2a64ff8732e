"""Notes, assumptions and limits of ``base-choice``, the most important first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from segutils.findings import Assumption
from segutils.formats import format_value, join_words, plural
from segutils.objectives.boundaries.base_evidence import BaseEvidence
from segutils.objectives.boundaries.base_words import (
    CRITERION,
    KNOWN,
    NONE,
    agree_verb,
    call_base,
    list_shares,
)
from segutils.objectives.boundaries.group_rules import BEHAVIOURAL, NEEDS, OWN
from segutils.objectives.boundaries.planning_groups import FIRST
from segutils.statistics.raters import Reconciled, describe_raters, score_by_rater

FEW = 0.9  # below this coverage, bases are compared on the customers whom all of them cover, too
BEHIND = (
    0.1  # a criterion on which another base is ahead by more is said to speak against the recommended one
)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where the client's own taxonomy stands: its score beside the best base's (0-1; None without), and what
    is planned by meanwhile (empty: the taxonomy)."""

    benchmark: float | None
    best: float | None
    plan_by: str = ""


def list_notes(
    evidence: BaseEvidence,
    passing: Sequence[str],
    recommended: str,
    reconciled: Reconciled | None,
    scores: pd.DataFrame,
    known: Sequence[str],
    *,
    standing: Standing,
) -> tuple[str, ...]:
    """Drawbacks, benchmark, what is not considered, like with like, what is behind the criteria, raters."""
    row, notes = evidence.table.set_index("base"), []
    bases = row.drop(index=OWN, errors="ignore")
    if recommended != NONE:
        notes += _say_drawbacks(recommended, evidence, [base for base in passing if base != OWN], known)
    if OWN in row.index:
        notes.append(_say_benchmark(recommended, evidence, standing))
    silent = [base for base in bases.index if base not in passing]
    if silent and recommended != NONE:
        called = join_words([call_base(base) for base in silent])
        notes.append(f"Not considered, as not shown to explain anything: {called}.")
    if row.coverage.min() < FEW and row.common_margin.notna().all() and len(row) > 1:
        notes.append(
            f"Bases cover different customers. On the {evidence.common:,} whom all of them cover they "
            f"explain, of {evidence.periods.value_words}: {list_shares(row.common_margin)}."
        )
    if evidence.bought_again > 0.95:
        notes.append(
            f"{format_value(evidence.bought_again, 'share:0')} of customers buy again in the next "
            f"{evidence.periods.days} days whatever their group, so that there is little to explain."
        )
    if BEHAVIOURAL in row.index:
        notes.append(_say_behaviour(evidence))
    notes.append(_say_newcomers(evidence))
    notes += _say_go_to_market(evidence, bases, known)
    if reconciled is not None:
        notes.append(_say_raters(reconciled, scores, known))
    return tuple(notes)


def _say_drawbacks(
    best: str, evidence: BaseEvidence, passing: Sequence[str], known: Sequence[str]
) -> list[str]:
    """On which criteria the recommended base is behind another one that explains something, or poor."""
    row = evidence.table.set_index("base")
    others = [base for base in passing if base != best]
    parts = []
    for name in ("known_at_first_contact", "persistence", "coverage", "addressable"):
        if name not in known or pd.isna(row[name][best]):
            continue
        own = row[name][best]
        top = row[name][others].idxmax() if len(others) and row[name][others].notna().any() else None
        is_behind = top is not None and row[name][top] - own > BEHIND
        if not is_behind and own >= KNOWN:
            continue
        share = format_value(own, "share:0")
        text = {
            "known_at_first_contact": "nobody's group is known before the first order"
            if share == "0 %"
            else f"the group is known of {share} of customers before the first order",
            "persistence": f"customers change groups from period to period (agreement {own:.2f}; 1: nobody "
            "does, 0: by chance)",
            "coverage": f"it covers {share} of customers",
            "addressable": f"{share} of customers can be sent a message of their own group",
        }[name]
        if is_behind and name != "persistence":
            text += f" ({call_base(top)} {format_value(row[name][top], 'share:0')})"
        parts.append(text)
    return [f"What speaks against {call_base(best)}: {'; '.join(parts)}."] if parts else []


def _say_benchmark(best: str, evidence: BaseEvidence, standing: Standing) -> str:
    """What the groups of today explain and would score, why they are not ranked, and who may object how."""
    row = evidence.table.set_index("base")
    own = format_value(max(row.explained_margin[OWN], 0.0), "share:0")
    text = (
        f"The client's own taxonomy ({row.words[OWN]}) is the benchmark that new segments must beat, so it "
        f"is not ranked: it explains {own} of the differences in {evidence.periods.value_words}"
    )
    if best != NONE:
        gap = row.explained_margin[best] - max(row.explained_margin[OWN], 0.0)
        points = format_value(abs(gap), "share:0").replace(" %", " points")
        text += f", {points} {'less' if gap > 0 else 'more'} than {call_base(best)}"
    text += f", and is known of {format_value(row.known_at_first_contact[OWN], 'share:0')} of newcomers."
    if best != NONE and standing.best is not None:
        place = "ahead of" if standing.benchmark > standing.best else "behind"
        text += (
            f" By the same criteria it would score {standing.benchmark:.2f}, {place} {call_base(best)} "
            f"({standing.best:.2f})"
        )
        kept = evidence.best[OWN].groups_next is None
        text += ", its persistence set to 1." if kept else "."
    text += f" The client can decide to stay with it (overrides, base-choice: {OWN})."
    own_columns = {grouping.name for grouping in evidence.all}
    planned = standing.plan_by or next((name for name in FIRST if name in own_columns), "")
    if planned:
        text += f" Planning goes on by {planned.replace('_', ' ')} until segments are validated."
    return text


def _say_behaviour(evidence: BaseEvidence) -> str:
    """How much of what behaviour explains is mere size."""
    tried = evidence.groupings[evidence.groupings.base == BEHAVIOURAL]
    parts = [
        f"{r.words} {format_value(max(r.explained_margin, 0.0), 'share:0')}"
        for r in tried.sort_values("explained_margin", ascending=False).head(4).itertuples()
    ]
    text = f"Within behaviour, explained of {evidence.periods.value_words}: {'; '.join(parts)}."
    if "value_band" in set(tried.grouping):
        text += " Bands of value part large customers from small ones, not one kind from another."
    return text


def _say_newcomers(evidence: BaseEvidence) -> str:
    if evidence.newcomers >= evidence.min_newcomers:
        return (
            "Whose group is known before the first order is counted among the "
            f"{evidence.newcomers:,} customers who had not bought anything by {evidence.periods.cut}."
        )
    return (
        f"Fewer than {evidence.min_newcomers} customers are known who have not bought yet, so whose group is "
        "known before the first order follows from the kind of base and from whom it covers."
    )


def _say_go_to_market(evidence: BaseEvidence, bases: pd.DataFrame, known: Sequence[str]) -> list[str]:
    """Fit with the stages of products, and who can be addressed."""
    parts = []
    if evidence.life_cycle is not None and len(bases):
        stages = evidence.life_cycle.stages
        mix = [
            f"{r.stage} {format_value(r.revenue / stages.revenue.sum(), 'share:0')}"
            for r in stages.itertuples()
        ]
        top = bases.life_cycle_fit.idxmax()
        parts.append(
            f"Products by stage of life, share of revenue: {join_words(mix)}; which of them customers buy, "
            f"{call_base(top)} {agree_verb([top], 'explains', 'explain')} best "
            f"({format_value(max(bases.life_cycle_fit[top], 0.0), 'share:0')})."
        )
    if "addressable" in known:
        parts.append(_say_addressable(evidence, bases.addressable))
    return [" ".join(parts)] if parts else []


def _say_addressable(evidence: BaseEvidence, shares: pd.Series) -> str:
    rules = []
    if evidence.contact_columns:
        channels = [name.removeprefix("consent_").replace("_", "-") for name in evidence.contact_columns]
        rules.append(f"may be contacted by {join_words(channels, last='or')}")
    if evidence.max_messages is not None:
        rules.append(
            f"is in one of the {evidence.max_messages} largest groups, the most messages the organisation "
            "can run at once"
        )
    return f"A customer can be addressed who {' and '.join(rules)}: {list_shares(shares)}."


def _say_raters(reconciled: Reconciled, scores: pd.DataFrame, known: Sequence[str]) -> str:
    said = describe_raters(reconciled, words={name: f"“{called}”" for name, called in CRITERION.items()})
    if len(scores) < 2:
        return said
    alone = score_by_rater(scores[list(known)], reconciled)
    if alone.option.nunique() == 1:
        return f"{said} Each of them alone would choose {call_base(alone.option.iloc[0])} too."
    parts = [f"{call_base(o)} for {' and '.join(p.rater)}" for o, p in alone.groupby("option", sort=False)]
    return f"{said} Each alone, they would choose differently: {'; '.join(parts)}."


def list_assumptions(
    evidence: BaseEvidence, scales: Mapping[str, tuple[float, float]]
) -> tuple[Assumption, ...]:
    """Scales, persistence that was not measured, how stages were told."""
    ends = [
        f"{CRITERION[name]} {format_value(high, 'share:0')}"
        for name, (_, high) in scales.items()
        if high < 1.0
    ]
    text = "Each criterion is worth nothing at 0 % and full marks at 100 %"
    text += f", but {join_words(ends)} already count in full." if ends else "."
    still = [
        call_base(b) for b, g in evidence.best.items() if g.groups_next is None and b not in (NEEDS, OWN)
    ]
    lasting = []
    if still:
        lasting.append(f"that of {join_words(still)} counts as 1, as the tables keep no history of them")
    if NEEDS in evidence.best:
        lasting.append("that of needs as 0.5, as customers were asked once")
    found = [text]
    if lasting:
        found.append(f"Where persistence cannot be measured it is set: {'; '.join(lasting)}.")
    if evidence.life_cycle is not None:
        found.append(evidence.life_cycle.how)
    respelt = {g.words: g.respelt for g in evidence.all if g.respelt}
    if respelt:
        listed = join_words([f"{name} of {plural(count, 'customer')}" for name, count in respelt.items()])
        found.append(
            f"Spellings that differ by a letter, capitals or an abbreviation are one value: {listed}."
        )
    return tuple(Assumption(text=line, owner="playbook default") for line in found)


def list_limits(evidence: BaseEvidence) -> tuple[str, ...]:
    """What must not be concluded."""
    columns = [b for b, g in evidence.best.items() if g.groups_next is None and b != NEEDS]
    found = [
        "A base says what segments should be drawn on, not how many or which: groups that differ in value "
        "need not respond differently to what is done with them.",
        f"Each base is judged by the best of simple groupings ({len(evidence.groupings)} in all); a finer "
        "one may explain more.",
    ]
    if columns:
        found.append(
            "Columns of customers are those of today: one filled in knowing what the customer has bought "
            "since looks better here than it is."
        )
    if not evidence.periods.is_yearly:
        found.append(f"The two periods of {evidence.periods.days} days hold different seasons.")
    if NEEDS in evidence.best:
        found.append(
            "Needs are those of customers who answered; the others may differ. When they were asked is not "
            "recorded: answers given after the first period look better here than they are."
        )
    return tuple(found)
