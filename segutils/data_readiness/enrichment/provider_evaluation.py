"""Which data provider is worth its price: match rate, accuracy, added explanatory power, cost, compliance."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from segutils.data_readiness.enrichment import provider_words as words
from segutils.data_readiness.enrichment.provider_answers import (
    OWN,
    Answers,
    measure_answers,
    measure_selection,
)
from segutils.data_readiness.enrichment.provider_options import (
    WEIGHTS,
    Sources,
    build_sources,
    choose_per_field,
    judge_terms,
    list_packages,
    read_limits,
    score_packages,
)
from segutils.engagement_terms import Weighting
from segutils.findings import Assumption, Decision, Finding, Need, Override
from segutils.stated import reconcile_weights
from segutils.statistics.decisions import (
    check_override,
    flip_weight,
    noise_robustness,
    score_options,
    weight_robustness,
)
from segutils.statistics.raters import Reconciled, describe_raters, score_by_rater

SLUG = "provider-evaluation"
FIRM = 0.8  # share of random weights and of samples under which a recommendation is called firm
RECORDS = Need(
    question="What do data providers return for a sample of customers, and at what price?",
    table="provider_records",
    columns=("provider", "customer_id", "field", "value", "cost"),
)
CHECKED = Need(
    question="What are the right values for a part of that sample, checked by hand?",
    table="provider_truth",
    columns=("customer_id", "field", "value"),
)
FORMATS = {
    "match_rate": "share",
    "revenue_match_rate": "share",
    "right_share": "share",
    "right_low": "share",
    "right_high": "share",
    "median_error": "share",
    "bias": "change",
    "bias_low": "change",
    "bias_high": "change",
    "added_power": "share",
    "cost": "money:2",
    "cost_per_usable": "money:2",
}
LABELS = {
    "match_rate": "Customers known",
    "revenue_match_rate": "Revenue known",
    "right_share": "Right",
    "right_low": "Right from",
    "right_high": "Right to",
    "median_error": "Median error",
    "bias_low": "Bias from",
    "bias_high": "Bias to",
    "added_power": "Added power",
    "cost": "Cost",
    "cost_per_usable": "Cost per usable value",
    "for_all_customers": "For all customers",
}


def decide_provider_evaluation(
    answers: Answers | None,
    power: pd.DataFrame | None,
    *,
    customers: int,
    currency: str,
    terms: pd.DataFrame | None = None,
    thresholds: pd.DataFrame | None = None,
    costs: pd.DataFrame | None = None,
    weighting: Weighting | None = None,
    min_right_share: float = 0.8,
    good_gain: float = 0.05,
    max_relative_error: float = 0.3,
    horizon_days: int = 365,
    draws: int = 500,
    seed: int = 20232,
    override: Override | None = None,
) -> Finding:
    """From which data provider should customer data be bought, which fields, or none at all?

    Parameters
    ----------
    answers : Answers, optional
        From :func:`~segutils.data_readiness.enrichment.provider_answers.build_answers`; None where the
        client gave no provider records or no checked values.
    power : pandas.DataFrame, optional
        From :func:`~segutils.data_readiness.enrichment.explanatory_power.measure_power`; None or empty where
        it could not be measured.
    customers : int
        All customers of the client: what a purchase would be for.
    currency : str
    terms : pandas.DataFrame, optional
        ``name, basis, hosted_in, agreement, owner``: a provider without a legal basis or a signed processing
        agreement is out before anything is scored.
    thresholds : pandas.DataFrame, optional
        ``measure, min, max, owner``; see
        :func:`~segutils.data_readiness.enrichment.provider_options.read_limits`.
    costs : pandas.DataFrame, optional
        ``item, amount, per, every, owner``.
    weighting : Weighting, optional
        Of ``coverage, accuracy, added_power, cost``; the playbook's own weights otherwise.
    min_right_share : float
        Of returned values (0-1), where no threshold says so; below it a field is not used.
    good_gain : float
        Gain (0-1) at which the added power could not be better.
    max_relative_error, horizon_days
        With which `answers` and `power` were built; for the words.
    draws : int
        Random weights times four, and bootstrap samples of the checked customers.
    seed : int
    override : Override, optional

    Returns
    -------
    Finding
        Table: ``provider, field, verdict, match_rate, revenue_match_rate, right_share`` with interval,
        ``median_error, bias`` with interval, ``added_power, cost, cost_per_usable``; the client's own data
        first. ``not_run`` without answers.
    """
    if answers is None or not answers.providers or not answers.pairs.checked.any():
        return _not_run()
    limits = read_limits(
        thresholds, costs, min_right_share=min_right_share, good_gain=good_gain, currency=currency
    )
    told = pd.DataFrame(columns=["source", "field"]) if power is None else power
    measures = measure_answers(answers)
    sources = build_sources(answers, measures, told, limits)
    judged = judge_terms(answers.providers, terms)
    allowed = judged.provider[judged.allowed].tolist()
    reconciled = reconcile_weights(weighting, list(WEIGHTS), question=SLUG)
    weights = {name: (reconciled.mapping if reconciled else WEIGHTS)[name] for name in sources.criteria}
    mix = choose_per_field(sources, allowed, weights)
    packages = list_packages(sources, allowed, mix)
    scores, *drawn = score_packages(sources, packages, draws=draws, seed=seed)
    options = score_options(scores, weights)
    recommended = str(options.option[0])
    by_weights = weight_robustness(scores, weights, draws=4 * draws, seed=seed)
    by_chance = noise_robustness(drawn, weights)
    held = [float(part.set_index("option").first_share[recommended]) for part in (by_weights, by_chance)]
    bill = {name: _cost_of(sources, rows, customers) for name, rows in packages.items()}
    options = options.assign(for_all_customers=options.option.map(bill))
    decision = Decision(
        question="From which provider should customer data be bought, and which fields?",
        options=options[["option", "score", *scores.columns, "for_all_customers"]],
        recommendation=recommended,
        robustness=words.say_robustness(recommended, held, flip_weight(scores, weights)),
        robustness_share=min(held),
        override=check_override(override, options.option.tolist(), slug=SLUG),
        formats={
            "score": "number:2",
            **dict.fromkeys(scores.columns, "number:2"),
            "for_all_customers": "money",
        },
    )
    table = _build_table(measures, told, sources, judged, packages[recommended])
    unknown = terms is None or not len(terms)
    selection = measure_selection(answers)
    needs = words.list_needs(unknown_terms=unknown, unknown_cost="cost" not in scores.columns, power=told)
    return Finding(
        slug=SLUG,
        status="pass" if min(held) >= FIRM and not unknown else "caution",
        headline=words.say_headline(decision, table, told, currency=currency),
        table=table.assign(field=table.field.str.replace("_", " ")),
        formats=FORMATS,
        labels=LABELS,
        figures=words.draw_figures(table, told, selection, limits),
        decision=decision,
        notes=(
            *words.list_notes(mix, table, judged, selection, told, currency=currency),
            *words.fill_gaps(sources, allowed),
            *_say_raters(reconciled, scores),
        ),
        assumptions=(*limits.assumptions, *_own_weights(reconciled, weights)),
        limits=words.list_limits(
            judged, unknown_terms=unknown, max_relative_error=max_relative_error, horizon_days=horizon_days
        ),
        needs=needs,
    )


def _not_run() -> Finding:
    return Finding(
        slug=SLUG,
        status="not_run",
        headline="Data providers are not assessed: no provider's answers stand beside values that were "
        "checked by hand.",
        table=pd.DataFrame({"provider": pd.Series(dtype=str), "field": pd.Series(dtype=str)}),
        needs=(RECORDS, CHECKED),
    )


def _own_weights(reconciled: Reconciled | None, weights: Mapping[str, float]) -> tuple[Assumption, ...]:
    if reconciled is not None:
        return ()
    listed = ", ".join(f"{name.replace('_', ' ')} {weight:.2f}" for name, weight in weights.items())
    return (Assumption(text=f"The criteria weigh: {listed}.", owner="playbook default"),)


def _say_raters(reconciled: Reconciled | None, scores: pd.DataFrame) -> list[str]:
    if reconciled is None:
        return []
    alone = score_by_rater(scores, reconciled)
    choices = [
        f"{option} for {' and '.join(part.rater)}" for option, part in alone.groupby("option", sort=False)
    ]
    said = (
        f"Each of them alone would choose {alone.option[0]} too."
        if alone.option.nunique() == 1
        else f"Each alone, they would choose differently: {'; '.join(choices)}."
    )
    return [f"{describe_raters(reconciled)} {said if len(alone) > 1 else ''}".strip()]


def _cost_of(sources: Sources, rows: list[int], customers: int) -> float:
    """What the option's returned values would cost for all customers."""
    match = sources.answers.matched.mean(axis=1)
    return float((match[rows] * sources.pairs.cost.to_numpy(float)[rows]).sum() * customers)


def _build_table(
    measures: pd.DataFrame, power: pd.DataFrame, sources: Sources, judged: pd.DataFrame, taken: list[int]
) -> pd.DataFrame:
    told = power.reindex(columns=["source", "field", "gain"])
    table = measures.merge(told, on=["source", "field"], how="left").rename(columns={"gain": "added_power"})
    reasons = dict(zip(judged.provider, judged.reason, strict=True))
    pairs = sources.pairs
    verdicts = []
    for n, source in enumerate(pairs.source):
        if n in taken:
            verdicts.append("keep" if source == OWN else "buy")
        elif reasons.get(source):
            verdicts.append(f"out: {reasons[source]}")
        elif source == OWN:
            verdicts.append("replaced")
        elif not pairs.usable[n]:
            verdicts.append("too often wrong" if pairs.checked[n] else "tells nothing new")
        else:
            verdicts.append("another source is better")
    is_own = table.source == OWN
    blank = dict.fromkeys(("bias", "bias_low", "bias_high", "cost", "cost_per_usable"))
    for name in blank:
        table[name] = table[name].astype(float).mask(is_own)
    table["added_power"] = table.added_power.astype(float)
    table = table.rename(columns={"source": "provider"}).assign(verdict=verdicts)
    shown = table[(table.match_rate > 0) | ~is_own]
    return shown[["provider", "field", "verdict", *FORMATS]].reset_index(drop=True)
