"""Slug ``compliance``: prohibited bases and proxies, unequal selection, and what adjusting would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from segutils.findings import Decision, Finding, Need, Override
from segutils.formats import join_words
from segutils.statistics.decisions import check_override
from segutils.validation.fit import compliance_words as words
from segutils.validation.fit import law, screening
from segutils.validation.fit.adjusted import Adjusted
from segutils.validation.fit.protected import DESCRIBES, FORMS, PROXY, People

SLUG = "compliance"
MIN_RATIO = 0.8  # four fifths: 29 CFR 1607.4 D, a screen borrowed from hiring
DECLARED = Need(
    question="Which attributes are protected?",
    table="engagement file",
    columns=("protected_attributes",),
)
WHERE = Need(question="Whose law holds?", table="engagement file", columns=("jurisdictions",))
TARGETS = Need(
    question="Which segments are targeted?", table="engagement file", columns=("weights", "thresholds")
)
FORMATS = {
    "customers": "count",
    "impact_ratio": "number:2",
    "p_value": "number:3",
    "features_auc": "number:2",
    "segments_auc": "number:2",
}
OPTION_FORMATS = {
    "score": "share:0",
    "impact_ratio": "number:2",
    "segments_auc": "number:2",
    "agreement": "number:2",
    "explained": "share:0",
    "value_told": "share:0",
    "target_value": "money",
}
LABELS = {
    "value": "Value told best",
    "customers": "Customers known",
    "impact_ratio": "Selection ratio",
    "p_value": "p of the ratio",
    "features_auc": "Told by features",
    "segments_auc": "Told by segments",
    "feature": "Most telling feature",
    "field": "Most telling other field",
}


def find_drops(proxies: pd.DataFrame, people: People) -> list[str]:
    """Which features would be left out? The proxies, protected attributes, or else the most telling one.

    Parameters
    ----------
    proxies : pandas.DataFrame
        From :func:`~segutils.validation.fit.protected.score_proxies`.
    people : People

    Returns
    -------
    list of str
        In the order of the features.
    """
    forms = proxies[proxies.role == FORMS]
    found = set(forms.field[forms.reading == "proxy"]) | (set(people.forms) & set(people.attributes))
    if not found and len(forms):
        found = {forms.field[forms.auc.idxmax()]}
    return [name for name in people.forms if name in found]


def decide_compliance(
    people: People | None,
    proxies: pd.DataFrame,
    impact: pd.DataFrame,
    adjusted: Adjusted | None,
    *,
    targets: Sequence[str],
    adjusted_impact: pd.DataFrame | None = None,
    jurisdictions: Sequence[str] = (),
    thresholds: pd.DataFrame | None = None,
    strata: str = "",
    labels: Mapping[str, str] | None = None,
    min_auc: float = PROXY,
    max_p: float = 0.05,
    min_agreement: float = 0.8,
    resamples: int = 100,
    override: Override | None = None,
    seed: int = 0,
) -> Finding:
    """Do the segments rest on a prohibited basis or its proxy, do they select unequally, and what then?

    By rule, not by weights. A protected attribute among the features: adjust. A proxy among them: adjust if
    the adjusted segments agree with the present ones, else ask counsel. No proxy, but a selection ratio below
    the mark that is unlikely to be chance: ask counsel. Otherwise keep. The score of an option is the share
    of resamples in which the rule leads to it.

    Parameters
    ----------
    people : People, optional
        None where no protected attribute is declared or may be read.
    proxies, impact : pandas.DataFrame
        From :func:`~segutils.validation.fit.protected.score_proxies` and ``score_impact``.
    adjusted : Adjusted, optional
        Segments without the features of :func:`find_drops`.
    targets : sequence of str
        Segments that are targeted; none: selection is looked at segment by segment and decides nothing.
    adjusted_impact : pandas.DataFrame, optional
        ``score_impact`` of the adjusted segments.
    jurisdictions : sequence of str
    thresholds : pandas.DataFrame, optional
        ``measure, min``: ``impact_ratio`` instead of 0.8.
    strata : str
        A field in which customers are alike when selection is compared once more, such as industry.
    labels : mapping of str to str, optional
        What the catalogue calls features; others are called by their column.
    min_auc, max_p : float
        As in ``score_proxies``; `max_p` also of the selection ratio.
    min_agreement : float
        Adjusted Rand index from which an adjusted definition still is the same segmentation.
    resamples : int
    override : Override, optional
    seed : int

    Returns
    -------
    Finding
        One row per protected attribute. A flag is a reason to ask, never a finding of illegality.
    """
    if people is None or not people.attributes or proxies.empty:
        return _withhold(people, jurisdictions)
    min_ratio = _read_ratio(thresholds)
    called = words.call_fields(proxies, labels or {})
    table = screening.build_summary(people, called, impact)
    state = screening.check_marks(proxies, impact, people, min_ratio=min_ratio, max_p=max_p)
    choice = screening.follow_rule(state, adjusted, min_agreement=min_agreement)
    support = screening.resample_rule(
        people, proxies, targets, adjusted, min_ratio=min_ratio, min_auc=min_auc, max_p=max_p,
        min_agreement=min_agreement, resamples=resamples, seed=seed,
    )  # fmt: skip
    options = screening.list_options(proxies, impact, adjusted, adjusted_impact, support)
    within = screening.compare_alike(people, targets, strata, impact)
    flagged = [
        text
        for text, found in (("a selection ratio", state["unequal"]), ("a proxy", state["proxy"]))
        if found
    ]
    others = proxies[(proxies.role == DESCRIBES) & (proxies.reading == "proxy")]
    decision = Decision(
        question="May these segments be used as they are defined?",
        options=options,
        recommendation=choice,
        robustness=words.say_robustness(
            choice, support, called, impact, min_ratio=min_ratio, min_auc=min_auc
        ),
        robustness_share=support[choice],
        override=check_override(override, options.option.tolist(), slug=SLUG),
        formats={name: fmt for name, fmt in OPTION_FORMATS.items() if name in options.columns},
    )
    needs = [WHERE] * (not jurisdictions) + [TARGETS] * (not len(targets))
    return Finding(
        slug=SLUG,
        status="fail" if state["direct"] else "caution" if flagged or len(others) or needs else "pass",
        headline=words.say_headline(decision, state, called, impact, min_ratio=min_ratio),
        table=table,
        formats=FORMATS,
        labels=LABELS,
        figures=(
            *words.draw_proxies(called, min_auc=min_auc),
            *words.draw_impact(impact, min_ratio=min_ratio),
        ),
        decision=decision,
        notes=words.list_notes(
            called, impact, adjusted, within, strata, labels or {}, jurisdictions, min_auc=min_auc
        ),
        assumptions=words.list_assumptions(people, table, jurisdictions),
        limits=(
            "A flag is a reason to ask counsel and no finding of illegality; the absence of one is no "
            "clearance.",
            "The four-fifths mark comes from United States hiring rules whose rescission is announced; it "
            "screens, it doesn't judge.",
            *(() if adjusted is None else (f"The adjusted segments were found by {adjusted.algorithm}.",)),
            "Only declared attributes can be tested, and only on customers of whom they are known.",
        ),
        needs=tuple(needs),
    )


def check_law(jurisdictions: Sequence[str], attributes: Sequence[str]) -> Finding:
    """Which rules should counsel look at, and against what was each checked?

    Parameters
    ----------
    jurisdictions : sequence of str
        As in the engagement file.
    attributes : sequence of str
        Protected attributes; rules that name their ground come with those on the use of data.

    Returns
    -------
    Finding
        One row per rule with source, date, what it was checked against and note; ``not_run`` where nobody
        stated whose law holds.
    """
    grounds = [ground for ground in (law.read_ground(name) for name in attributes) if ground]
    table = law.list_rules(jurisdictions, grounds=grounds)
    if not len(table):
        headline = (
            "No rules are listed: nobody has stated whose law holds."
            if not jurisdictions
            else f"This playbook holds no rules of {join_words(list(jurisdictions))}: ask counsel for them."
        )
        return Finding(slug=SLUG, status="not_run", headline=headline, table=table, needs=(WHERE,))
    return Finding(
        slug=SLUG,
        status="info",
        headline=words.say_law(table, grounds),
        table=table[list(law.COLUMNS)],
        labels={"in_force_from": "In force from", "checked": "Checked against"},
        notes=words.list_law_notes(table, jurisdictions),
        limits=(
            "A list to go through with counsel; it isn't complete, and it isn't legal advice.",
            "Texts were read in stored copies of varying age, in part in translations and by what others "
            "quote: what was amended since isn't seen.",
        ),
    )


def _withhold(people: People | None, jurisdictions: Sequence[str]) -> Finding:
    needs = (DECLARED,) if jurisdictions else (DECLARED, WHERE)
    why = "no protected attribute is declared" if people is None or not people.attributes else (
        "no value of a protected attribute is known of enough customers"
    )  # fmt: skip
    return Finding(
        slug=SLUG,
        status="not_run",
        headline=f"Prohibited bases and proxies cannot be tested: {why}.",
        table=pd.DataFrame(columns=["attribute"]),
        limits=("Attributes are declared by the client and never guessed from names or addresses.",),
        needs=needs,
    )


def _read_ratio(thresholds: pd.DataFrame | None) -> float:
    if thresholds is None or thresholds.empty:
        return MIN_RATIO
    stated = thresholds[(thresholds.measure == "impact_ratio") & thresholds["min"].notna()]
    return float(stated["min"].iloc[0]) if len(stated) else MIN_RATIO
