"""Slug ``base-choice``: along which kind of line should customers be parted?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.engagement_terms import Weighting
from segutils.findings import Assumption, Decision, Finding, Need, Override
from segutils.objectives.boundaries import base_notes as notes
from segutils.objectives.boundaries import base_words as words
from segutils.objectives.boundaries.base_evidence import CRITERIA, TOLD, BaseEvidence
from segutils.objectives.boundaries.base_figures import draw_told
from segutils.objectives.boundaries.group_rules import BASES, NEEDS, OWN
from segutils.stated import reconcile_weights
from segutils.statistics.decisions import (
    check_override,
    flip_weight,
    noise_robustness,
    scale_between,
    score_options,
    weight_robustness,
)

SLUG = "base-choice"
NONE = "No base"
FIRM = 0.8  # share of other weights and samples in which a recommendation must stand to be called firm
UNMEASURED = 0.5  # what a persistence counts as that nobody could measure
WEIGHTS: Mapping[str, float] = {
    "coverage": 0.1,
    "explained_margin": 0.3,
    "explained_retention": 0.15,
    "persistence": 0.15,
    "known_at_first_contact": 0.15,
    "life_cycle_fit": 0.05,
    "addressable": 0.1,
}
# What would be worth nothing and what could hardly be better. Half of the differences in margin is as much as
# is told by knowing each customer's own past; of who buys again much less can ever be told.
SCALES: Mapping[str, tuple[float, float]] = {
    **{name: (0.0, 1.0) for name in CRITERIA},
    "explained_margin": (0.0, 0.5),
    "explained_retention": (0.0, 0.25),
    "life_cycle_fit": (0.0, 0.5),
}
TWO_PERIODS = Need(
    question="What did customers buy in two periods, one after the other?",
    table="transactions",
    columns=("customer_id", "order_id", "ordered_at", "net_revenue"),
)
NEED_OF_BASE: Mapping[str, Need] = {
    "Geographic": Need(question="Where are customers?", table="customers", columns=("region", "country")),
    "Demographic": Need(
        question="Who are the customers, as persons?",
        table="customers",
        columns=("age", "income", "household_size"),
    ),
    "Firmographic": Need(
        question="What kind of firms are the customers?",
        table="customers",
        columns=("industry", "employees", "annual_revenue"),
    ),
    "Needs": Need(
        question="What do customers need?",
        table="survey",
        columns=("respondent_id", "customer_id", "item", "answer", "scale"),
    ),
    "Own taxonomy": Need(
        question="How does the client file its customers already?",
        table="customers",
        columns=("sales_segment", "strategy_segment"),
    ),
}
NEED_OF_CRITERION: Mapping[str, Need] = {
    "life_cycle_fit": Need(
        question="Which products are new, and which decline?",
        table="products",
        columns=("product_id", "product_line", "launched_on"),
    ),
    "addressable": Need(
        question="Who may be contacted, and how many different messages can be run at once?",
        table="customers",
        columns=("consent_email", "organisation: max_messages"),
    ),
}


def decide_base_choice(
    evidence: BaseEvidence | None,
    *,
    weighting: Weighting | None = None,
    min_explained: float = 0.01,
    max_p: float = 0.05,
    draws: int = 2000,
    plan_by: str = "",
    override: Override | None = None,
    seed: int = 0,
) -> Finding:
    """Which base should define the segments?

    A base is considered only if it tells something of customers whom it was not learned from: at least
    `min_explained` of margin or of retention, with an interval above zero, and more than groups dealt out at
    random would (permutation test, Holm over all bases and both outcomes). Among these, the stated criteria
    decide. Drawing no line at all is one of the options. The client's own taxonomy is what there is today:
    it stands beside them as the benchmark and is never recommended, but what it would score by the same
    criteria is said, and the client can decide for it.

    Parameters
    ----------
    evidence : BaseEvidence, optional
        From :func:`~segutils.objectives.boundaries.base_evidence.measure_bases`.
    weighting : Weighting, optional
        Of the criteria; the playbook's own weights otherwise. Criteria that could not be measured of any base
        are left out and the weights of the others scaled.
    min_explained, max_p : float
    draws : int
        Random weights.
    plan_by : str
        The grouping that goals are planned by until segments are validated; empty: the client's own.
    override : Override, optional
    seed : int

    Returns
    -------
    Finding
        Table: ``base, words`` (its best grouping), ``coverage, explained_margin, interval,
        explained_retention, persistence, known_at_first_contact``; best first, then bases that tell nothing,
        the benchmark last. The decision's `robustness_share` is the smaller of the shares of random weights
        and of resamples under which the recommendation stands.

    Raises
    ------
    InputError
        The weighting names other criteria, or the override no option.
    """
    if evidence is None:
        return words.withhold(SLUG, needs=(TWO_PERIODS, *_list_needs([], [])))
    reconciled = reconcile_weights(weighting, CRITERIA, question=SLUG)
    stated = reconciled.mapping if reconciled else WEIGHTS
    telling = list_passing(evidence.table, min_explained=min_explained, max_p=max_p)
    raw = evidence.table.set_index("base")[list(CRITERIA)].drop(index=OWN, errors="ignore")
    known = [name for name in CRITERIA if raw[name].notna().any()]
    weights = {name: stated[name] for name in known}
    passing = [base for base in telling if base != OWN]
    scores = _score(raw.loc[passing, known])
    race = None
    if passing:
        options = score_options(scores, weights)
        recommended = str(options.option.iloc[0])
        drawn = _score_draws(evidence, passing, known)
        firsts = [
            part.set_index("option").first_share
            for part in (
                weight_robustness(scores, weights, draws=draws, seed=seed),
                noise_robustness(drawn, weights),
            )
        ]
        held = [float(part[recommended]) for part in firsts]
        if min(held) < FIRM and len(passing) > 1:
            least = int(np.argmin(held))
            rival = str(firsts[least].drop(recommended).idxmax())
            race = words.Race(rival=rival, held=held[least], of_weights=least == 0)
        if len(passing) == 1:  # nothing to come second to: what is left to doubt is that it tells anything
            told = [draw.loc[recommended, list(TOLD)].max() >= min_explained for draw in evidence.draws]
            held[1] = float(np.mean(told))
        robustness = words.say_robustness(
            recommended,
            held,
            flip_weight(scores, weights) if len(passing) > 1 else None,
            _break_even(scores, weights, recommended, evidence),
            _unmeasured(scores, weights, recommended, raw),
            resamples=len(evidence.draws),
        )
    else:
        options = pd.DataFrame(columns=["option", *known, "score"])
        recommended, held = NONE, [np.nan]
        robustness = words.say_no_base(evidence, max_p=max_p)
    rest = [base for base in raw.index if base not in passing]
    shown = ["option", "score", *known]
    benchmark = _score_benchmark(evidence, weights)
    today = [OWN] if OWN in set(evidence.table.base) else []
    others = pd.DataFrame({"option": [*rest, *today, NONE]})
    options = pd.concat([options, others], ignore_index=True).reindex(columns=shown)
    decision = Decision(
        question="Along which base should customers be parted into segments?",
        options=options,
        recommendation=recommended,
        robustness=robustness,
        robustness_share=None if recommended == NONE else min(held),
        override=check_override(override, options.option.tolist(), slug=SLUG),
        formats={name: "number:2" for name in shown[1:]},
    )
    order = [*options.option[: len(passing)], *rest, *evidence.table.base[evidence.table.base == OWN]]
    table = evidence.table.set_index("base").loc[order].reset_index()
    # where only size tells, groups part large customers from small ones: that alone is no segmentation
    firm = recommended != NONE and min(held) >= FIRM and not words.is_size(evidence, recommended)
    return Finding(
        slug=SLUG,
        status="fail" if recommended == NONE else "pass" if firm else "caution",
        headline=words.say_headline(decision, evidence, telling, race),
        table=words.tabulate(table, evidence),
        formats=words.FORMATS,
        labels=words.list_labels(evidence.periods),
        figures=draw_told(table, evidence, decision.choice),
        decision=decision,
        notes=notes.list_notes(
            *(evidence, telling, recommended, reconciled, scores, known),
            standing=notes.Standing(
                benchmark=benchmark, best=float(options.score.iloc[0]) if passing else None, plan_by=plan_by
            ),
        ),
        assumptions=(
            *notes.list_assumptions(evidence, {name: SCALES[name] for name in known}),
            *_own_weights(reconciled is not None, weights),
        ),
        limits=notes.list_limits(evidence),
        needs=_list_needs(list(evidence.table.base), known),
    )


def list_passing(table: pd.DataFrame, *, min_explained: float, max_p: float) -> list[str]:
    """The bases that tell something of margin or of retention, in the order of the table."""
    tells = pd.Series(False, index=table.index)
    for name in TOLD:
        tells |= (table[name] >= min_explained) & (table[f"{name}_low"] > 0) & (table[f"{name}_p"] <= max_p)
    return table.base[tells].tolist()


def _score(raw: pd.DataFrame) -> pd.DataFrame:
    """Criteria on their scales; a persistence that was not measured counts as the middle."""
    scaled = {name: scale_between(raw[name], worst=SCALES[name][0], best=SCALES[name][1]) for name in raw}
    scores = pd.DataFrame(scaled, index=raw.index).clip(0.0, 1.0)
    return scores.fillna(UNMEASURED)


def _score_draws(evidence: BaseEvidence, bases: list[str], criteria: list[str]) -> list[pd.DataFrame]:
    """The scores in each resample; all are scaled at once."""
    if not evidence.draws:
        return []
    whole = _score(pd.concat([draw.reindex(index=bases, columns=criteria) for draw in evidence.draws]))
    cells = whole.to_numpy().reshape(len(evidence.draws), len(bases), len(criteria))
    return [pd.DataFrame(part, index=bases, columns=criteria) for part in cells]


def _score_benchmark(evidence: BaseEvidence, weights: Mapping[str, float]) -> float | None:
    """What the client's own taxonomy would score by the same criteria; None where there is none."""
    own = evidence.table.set_index("base").reindex([OWN])
    if own.grouping.isna().all() or not weights:
        return None
    return float(score_options(_score(own[list(weights)]), weights).score.iloc[0])


def _break_even(
    scores: pd.DataFrame, weights: Mapping[str, float], recommended: str, evidence: BaseEvidence
) -> tuple[float, str] | None:
    """Below which persistence would another base win, where the recommended one's is assumed to be 1?"""
    if evidence.best[recommended].groups_next is not None or recommended == NEEDS or len(scores) < 2:
        return None
    totals = score_options(scores, weights).set_index("option").score
    lead, weight = totals.iloc[0] - totals.iloc[1], weights["persistence"] / sum(weights.values())
    level = 1.0 - lead / weight if weight > 0 else -1.0
    return (float(level), str(totals.index[1])) if level > 0 else None


def _unmeasured(
    scores: pd.DataFrame, weights: Mapping[str, float], recommended: str, raw: pd.DataFrame
) -> list[tuple[str, float, str]]:
    """(base, persistence, who then wins) where an unmeasured persistence at its ends changes the winner."""
    found = []
    for base in scores.index[raw.loc[scores.index, "persistence"].isna()]:
        for end in (0.0, 1.0):
            other = scores.copy()
            other.loc[base, "persistence"] = end
            first = str(score_options(other, weights).option.iloc[0])
            if first != recommended:
                found.append((str(base), end, first))
    return found


def _own_weights(is_stated: bool, weights: Mapping[str, float]) -> tuple[Assumption, ...]:
    if is_stated or not weights:
        return ()
    whole = sum(weights.values())  # those that could be measured make 1
    listed = ", ".join(f"{words.CRITERION[name]} {weight / whole:.2f}" for name, weight in weights.items())
    return (
        Assumption(
            text=f"The criteria weigh: {listed}. They are the playbook's, not the client's.",
            owner="playbook default",
        ),
    )


def _list_needs(bases: list[str], known: list[str]) -> tuple[Need, ...]:
    """What to ask for, so that the other bases and criteria can be judged; persons have no firmographics."""
    missing = [base for base in BASES if base not in bases and base in NEED_OF_BASE]
    if "Firmographic" in bases:
        missing = [base for base in missing if base != "Demographic"]
    elif "Demographic" in bases:
        missing = [base for base in missing if base != "Firmographic"]
    needs = [NEED_OF_BASE[base] for base in missing]
    if bases:
        needs += [need for name, need in NEED_OF_CRITERION.items() if name not in known]
    return tuple(needs)
