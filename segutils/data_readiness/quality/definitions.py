"""Which of the departments' definitions of a word holds from here on, and for whom do they differ?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segutils.data_readiness.quality import definition_words as words
from segutils.data_readiness.quality.definition_evidence import Memberships
from segutils.data_readiness.quality.definition_measures import (
    CRITERIA,
    assign_option,
    compare_departments,
    find_contested,
    list_options,
    measure_options,
    measure_samples,
)
from segutils.errors import InputError
from segutils.findings import Decision, Finding, Need, Override
from segutils.formats import join_words
from segutils.statistics.decisions import (
    check_override,
    flip_weight,
    noise_robustness,
    score_options,
    weight_robustness,
)

SLUG = "definitions"
WEIGHTS: Mapping[str, float] = {
    "agreement": 0.35,
    "foresight": 0.35,
    "availability": 0.15,
    "simplicity": 0.15,
}
FORMATS = {
    "customers": "count",
    "share": "share",
    "revenue": "money",
    "revenue_share": "share",
    "agreement": "number:2",
    "ordered_next": "share",
    "next_customers": "share",
    "next_revenue": "share",
    "score": "number:2",
    "holds_from_here": "flag",
}
LABELS = {
    "share": "Share of customers",
    "revenue": "Net revenue of the last year",
    "revenue_share": "Share of net revenue",
    "agreement": "Agreement with all departments",
    "ordered_next": "Of its customers, ordered next",
    "next_customers": "Of next orderers, it named",
    "next_revenue": "Of next revenue, its customers'",
    "holds_from_here": "Recommended",
}


def decide_definitions(
    memberships: Memberships | None,
    *,
    currency: str,
    term: str = "",
    value_terms: Sequence[str] = ("high_value",),
    weights: Mapping[str, float] = WEIGHTS,
    weights_owner: str = "playbook default",
    max_contested_share: float = 0.05,
    resamples: int = 200,
    max_sampled: int = 20_000,
    seed: int = 21_010,
    override: Override | None = None,
) -> Finding:
    """Which definition of a word is used from here on, and on which customers do the departments disagree?

    Parameters
    ----------
    memberships : Memberships or None
        From :func:`~segutils.data_readiness.quality.definition_evidence.build_memberships`; None where the
        engagement file defines nothing.
    currency : str
        ISO 4217 code.
    term : str
        The word that the decision is about; the first one where empty. The other words get their definition
        in the table, by the same criteria.
    value_terms : sequence of str
        Words that mean value: their foresight is about next revenue, that of the others about next orders.
    weights : mapping of str to float
        Of ``agreement, foresight, availability, simplicity``.
    weights_owner : str
        Who answers for the weights.
    max_contested_share : float
        Of customers (0-1) whom the departments do not all see alike; above it the word needs watching.
    resamples : int
        Bootstrap samples of customers.
    max_sampled : int
        Customers per bootstrap sample.
    seed : int
    override : Override, optional
        Of the word that the decision is about.

    Returns
    -------
    Finding
        Table: one row per word and definition: ``term, definition, customers, share, revenue, revenue_share,
        agreement, ordered_next, next_customers, next_revenue, score, holds_from_here``.

    Raises
    ------
    InputError
        The file does not define `term`; the override is not an option; the weights do not fit.
    """
    if memberships is None or not memberships.terms:
        return _not_run()
    term = term or memberships.terms[0]
    if term not in memberships.terms:
        raise InputError(
            f"nobody defines '{term}'",
            where="parameter term",
            fix=f"the engagement file defines: {', '.join(memberships.terms)}",
        )
    settings = {"resamples": resamples, "max_sampled": max_sampled, "seed": seed}
    measures = {t: measure_options(memberships, t, by_value=t in value_terms) for t in memberships.terms}
    decisions = {
        t: _decide(memberships, t, measures[t], weights, by_value=t in value_terms, settings=settings)
        for t in memberships.terms
    }
    main = _override(decisions[term], override)
    decisions[term] = main
    table = _build_table(measures, decisions)
    contested = {t: find_contested(memberships, t) for t in memberships.terms}
    pairs = compare_departments(memberships, term)
    judged = measures[term].foresight.notna().all()
    return Finding(
        slug=SLUG,
        status="caution" if contested[term].mean() > max_contested_share else "pass",
        headline=words.write_headline(memberships, term, measures[term], contested[term], main, currency),
        table=table,
        formats=FORMATS,
        labels=LABELS,
        figures=(words.draw_pairs(pairs, term, len(memberships.now)),) if len(pairs) else (),
        decision=main,
        notes=(
            *(words.say_canonical(memberships, t, decisions[t]) for t in memberships.terms),
            *(
                words.say_contested(memberships, t, contested[t], currency)
                for t in memberships.terms
                if t != term and contested[t].any()
            ),
            *words.say_pairs(pairs, currency),
            *words.say_ahead(memberships, value_terms, judged=judged),
            *(words.say_other(t, decisions[t]) for t in memberships.terms if t != term),
        ),
        assumptions=(words.say_weights(weights, judged=judged, owner=weights_owner),),
        limits=words.list_limits(memberships, judged=judged),
        needs=()
        if judged
        else (
            Need(
                question="Do the customers whom a definition names go on ordering?",
                table="transactions",
                columns=("customer_id", "ordered_at", "net_revenue"),
            ),
        ),
    )


def build_definitions(memberships: Memberships | None, finding: Finding) -> pd.DataFrame:
    """For which customers does each word hold, by the definition that is used from here on?

    Parameters
    ----------
    memberships : Memberships or None
    finding : Finding
        From :func:`decide_definitions`.

    Returns
    -------
    pandas.DataFrame
        ``customer_id`` and a boolean column per word; without rows where nothing is defined.
    """
    if memberships is None or finding.status == "not_run":
        return pd.DataFrame({"customer_id": pd.Series(dtype="str")})
    chosen = finding.table[finding.table.holds_from_here].set_index("term").definition
    frame = memberships.now[["customer_id"]].copy()
    for term in memberships.terms:
        options = list_options(memberships, term).set_index("option")
        option = chosen[words.say_term(term)]
        frame[term] = assign_option(memberships.now, option, options["columns"][option])
    return frame


def _not_run() -> Finding:
    return Finding(
        slug=SLUG,
        status="not_run",
        headline="No department has said what an active or a high-value customer is, so nothing is compared.",
        table=pd.DataFrame(columns=["term", "definition", "customers"]),
        needs=(
            Need(
                question="What does each department mean by an active customer, and by a high-value one?",
                table="engagement file",
                columns=("definitions",),
            ),
        ),
    )


def _decide(
    memberships: Memberships,
    term: str,
    measures: pd.DataFrame,
    weights: Mapping[str, float],
    *,
    by_value: bool,
    settings: Mapping[str, int],
) -> Decision:
    if set(weights) != set(CRITERIA):
        raise InputError(
            f"weights are given for {join_words(sorted(weights)) or 'nothing'}",
            where="weights of the decision about definitions",
            fix=f"give one weight for each of: {', '.join(CRITERIA)}",
        )
    used = [c for c in CRITERIA if measures[c].notna().all()]  # what the history cannot tell counts for none
    own = {criterion: weights[criterion] for criterion in used}
    scores = _score(measures, used)
    options = score_options(scores, own)
    recommendation = str(options.option[0])
    options.insert(1, "customers", options.option.map(measures.set_index("option").customers))
    sentence, share = "There is only one definition.", None
    if len(options) > 1:
        by_weights = _share_of(weight_robustness(scores, own, seed=settings["seed"]), recommendation)
        samples = _draw_rows(len(memberships.now), settings)
        measured = measure_samples(memberships, term, samples, by_value=by_value)
        draws = [_score(sample, used) for sample in measured]
        by_customers = _share_of(noise_robustness(draws, own), recommendation)
        sentence = words.say_robustness(recommendation, by_weights, by_customers, flip_weight(scores, own))
        share = min(by_weights, by_customers)
    return Decision(
        question=f"What is meant by {words.quote_term(term)} from here on?",
        options=options,
        recommendation=recommendation,
        robustness=sentence,
        robustness_share=share,
        formats={"customers": "count", "score": "number:2", **dict.fromkeys(used, "number:2")},
    )


def _score(measures: pd.DataFrame, used: Sequence[str]) -> pd.DataFrame:
    return measures.set_index("option")[list(used)].fillna(0.0).clip(0, 1)


def _draw_rows(total: int, settings: Mapping[str, int]) -> list[np.ndarray]:
    rng = np.random.default_rng(settings["seed"])
    size = min(total, settings["max_sampled"])
    return [rng.integers(0, total, size) for _ in range(settings["resamples"])]


def _share_of(shares: pd.DataFrame, option: str) -> float:
    return float(shares.set_index("option").first_share[option])


def _override(decision: Decision, override: Override | None) -> Decision:
    stated = check_override(override, decision.options.option.tolist(), slug=SLUG)
    return Decision(
        question=decision.question,
        options=decision.options,
        recommendation=decision.recommendation,
        robustness=decision.robustness,
        robustness_share=decision.robustness_share,
        override=stated,
        formats=decision.formats,
    )


def _build_table(measures: Mapping[str, pd.DataFrame], decisions: Mapping[str, Decision]) -> pd.DataFrame:
    parts = []
    for term, frame in measures.items():
        scores = decisions[term].options.set_index("option").score
        part = frame.assign(
            term=words.say_term(term),
            definition=frame.option,
            score=frame.option.map(scores),
            holds_from_here=frame.option == decisions[term].choice,
        )
        parts.append(part[["term", "definition", *FORMATS]])
    return pd.concat(parts, ignore_index=True)
