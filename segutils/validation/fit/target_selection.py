"""Slug ``target-selection``: which segments to target, to maintain and to drop, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.findings import Decision, Finding, Need, Override
from segutils.formats import plural
from segutils.statistics import intervals, portfolio
from segutils.statistics.customer_figures import CustomerFigures
from segutils.statistics.decisions import check_override, flip_weight
from segutils.statistics.topsis import find_reversals
from segutils.validation.fit import target_words as words
from segutils.validation.fit.target_rules import WEIGHTS, TargetRules
from segutils.validation.fit.target_stability import CAUSES, Resampled, count_firsts, judge_samples

SLUG = "target-selection"
NOBODY = "No segment"
FIRM = 0.8  # share of other weights and samples in which a recommendation must stand to be called firm
COLUMNS = (
    *("segment", "name", "verdict", "attractiveness", "attractiveness_low", "attractiveness_high"),
    *("competitiveness", "competitiveness_low", "competitiveness_high", "score", "score_low", "score_high"),
    *("topsis", "net_revenue", "customers", "missed", "first_share", "target_share", "chosen"),
)
FORMATS = {
    "attractiveness": "number:2",
    "competitiveness": "number:2",
    "score": "number:2",
    "topsis": "number:2",
    "net_revenue": "money",
    "first_share": "share:0",
    "score_low": "number:2",
    "score_high": "number:2",
}
LABELS = {
    "name": "Segment",
    "topsis": "TOPSIS",
    "net_revenue": "Net revenue a year",
    "missed": "Misses the limit of",
    "first_share": "First in other samples",
    "score_low": "Score if unknowns are worst",
    "score_high": "Score if unknowns are best",
}


def score_targets(
    resampled: Resampled | None,
    target_rules: TargetRules | None,
    *,
    names: Mapping[str, str],
    override: Override | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """How does each segment stand on both axes, what is its verdict, and how often is it the first target?

    Parameters
    ----------
    resampled : Resampled, optional
        From :func:`~segutils.validation.fit.target_stability.resample_segments`.
    target_rules : TargetRules, optional
        Without them the table is empty.
    names : mapping of str to str
        Segment to its name.
    override : Override, optional
        The client's own first target.
    draws : int
        Random weights.
    seed : int

    Returns
    -------
    pandas.DataFrame
        Highest score first: ``segment, name`` (code and name), ``verdict``, scores 0-1 with the middle 90 %
        of samples, ``score_low, score_high`` (criteria that are not known at their worst and best),
        ``topsis``, ``net_revenue`` (a year), ``customers``, ``missed`` (limits), ``first_share`` and
        ``target_share`` (other weights, customers and segments together), ``chosen`` (first target of those
        that keep the limits, or the client's own).
    """
    if resampled is None or target_rules is None:
        return pd.DataFrame(columns=list(COLUMNS))
    rules, measures = target_rules.rules, list(resampled.measures)
    values = pd.DataFrame(resampled.values, columns=measures)
    values.insert(0, "group", resampled.names)
    judged = portfolio.judge_groups(resampled.values, measures, rules)
    samples = judge_samples(resampled, rules)
    ends = {
        name: intervals.percentile_interval(getattr(samples, name), level=0.9)
        for name in ("attractiveness", "competitiveness")
    }
    firsts = count_firsts(resampled, rules, draws=draws, seed=seed)
    together = firsts[firsts.cause == CAUSES[3]].set_index("segment")
    missed = portfolio.list_missed(values, rules.limits).dropna(subset=["limit"])
    told = missed.groupby("group").measure.agg(", ".join).reindex(values["group"]).fillna("")
    weights, known = target_rules.stated.weights, list(rules.weights)
    unknown = sum(weights[name] for name in target_rules.missing)
    scaled = portfolio.scale_measures(values[known].to_numpy(float), known, rules.scales)
    low = np.nan_to_num(scaled) @ np.array([weights[name] for name in known])
    open_weight = unknown + np.isnan(scaled) @ np.array([weights[name] for name in known])
    table = pd.DataFrame(
        {
            "segment": resampled.names,
            "name": [_name(code, names) for code in resampled.names],
            "verdict": judged.verdicts(rules),
            **{name: getattr(judged, name) for name in ends},
            **{
                f"{name}_{end}": span[n]
                for name, span in ends.items()
                for n, end in enumerate(("low", "high"))
            },
            "score": judged.total,
            "score_low": low,
            "score_high": low + open_weight,
            "topsis": portfolio.score_closeness(values, rules).to_numpy(),
            "net_revenue": values.get("net_revenue", np.nan),
            "customers": values.get("customers", np.nan),
            "missed": told.to_numpy(),
            "first_share": together.first_share[list(resampled.names)].to_numpy(),
            "target_share": together.target_share[list(resampled.names)].to_numpy(),
        }
    )
    first = int(judged.first())
    own = override.choice if override is not None else None
    table["chosen"] = table.name == own if own else np.arange(len(table)) == first
    return table[list(COLUMNS)].sort_values("score", ascending=False, kind="stable", ignore_index=True)


def decide_target_selection(
    targets: pd.DataFrame,
    resampled: Resampled | None,
    target_rules: TargetRules | None,
    figures: CustomerFigures,
    *,
    currency: str,
    response: pd.DataFrame | None = None,
    draws: int = 1000,
    override: Override | None = None,
    seed: int = 0,
) -> Finding:
    """Which segment should the client target first, which maintain, which drop?

    Knock-outs come first, scores second (Dolnicar, Grün and Leisch 2018, chapter 4); verdicts follow the
    matrix of nine fields; TOPSIS (Hwang and Yoon 1981) stands beside the weighted sum.

    Parameters
    ----------
    targets : pandas.DataFrame
        From :func:`score_targets`, with the same `override`, `draws` and `seed`.
    resampled : Resampled, optional
    target_rules : TargetRules, optional
    figures : CustomerFigures
    currency : str
    response : pandas.DataFrame, optional
        What a contact causes by segment: ``segment, lift, low, high, p_holm``.
    draws : int
    override : Override, optional
    seed : int

    Returns
    -------
    Finding
        ``not_run`` where weights are not stated, or nothing is known of an axis. The decision's
        `robustness_share` is how often the recommended target stays first under other weights, customers and
        segments at once.

    Raises
    ------
    InputError
        If the override names no segment.
    """
    if targets.empty or target_rules is None or resampled is None:
        return _withhold(targets, figures, stated=target_rules is not None)
    rules = target_rules.rules
    passing = targets[targets.missed == ""]
    recommended = str(passing.name.iloc[0]) if len(passing) else NOBODY
    firsts = count_firsts(resampled, rules, draws=draws, seed=seed)
    names = targets.set_index("segment").name
    firsts = firsts.assign(name=firsts.segment.map(names))
    held = _held(firsts, recommended)
    columns = ["name", "score", "attractiveness", "competitiveness", "topsis", "verdict", "first_share"]
    options = targets[columns].rename(columns={"name": "option"})
    if not len(passing):
        options = pd.concat([pd.DataFrame({"option": [NOBODY], "first_share": [held[CAUSES[3]]]}), options])
        options = options.reset_index(drop=True)
    decision = Decision(
        question="Which segment is targeted first?",
        options=options,
        recommendation=recommended,
        robustness=words.say_robustness(
            recommended, held, firsts, _flips(resampled, rules, names), resampled.agreement, draws=draws
        ),
        robustness_share=held[CAUSES[3]],
        override=check_override(override, options.option.tolist(), slug=SLUG),
        formats={name: fmt for name, fmt in FORMATS.items() if name in options.columns},
    )
    values = pd.DataFrame(resampled.values, columns=list(resampled.measures))
    values.insert(0, "group", list(names[list(resampled.names)]))
    known = values.dropna(axis=1, subset=values.index)
    whole = {name: weight for name, weight in rules.weights.items() if name in known.columns}
    reversals = (
        find_reversals(known.set_index("group")[list(whole)], whole, lower=rules.lower & set(whole))
        if whole
        else pd.DataFrame()
    )
    shown = ["name", "verdict", "attractiveness", "competitiveness", "score", "topsis", "net_revenue"]
    shown += ["score_low", "score_high"] if target_rules.missing else []
    table = targets[[*shown, "missed", "first_share"]].copy()
    table["missed"] = [words.say_measures(text) for text in table.missed]
    firm = held[CAUSES[3]] >= FIRM and not target_rules.missing and recommended != NOBODY
    return Finding(
        slug=SLUG,
        status="pass" if firm else "fail" if recommended == NOBODY else "caution",
        headline=words.say_headline(targets, decision, missing=target_rules.missing),
        table=table,
        formats={name: fmt for name, fmt in FORMATS.items() if name in table.columns},
        labels=LABELS,
        figures=(
            words.draw_matrix(targets, rules, recommended, currency=currency),
            *words.draw_firsts(firsts, recommended, resamples=len(resampled.refitted), draws=draws),
        ),
        decision=decision,
        notes=[
            *words.say_response(targets, decision.choice, response),
            *words.list_notes(targets, values, resampled, target_rules, reversals, figures),
        ],
        assumptions=words.list_assumptions(target_rules, figures),
        limits=(
            "A market is given to customers in proportion to what they buy, so shares differ between "
            "segments "
            "only as far as they buy in different markets.",
            "Samples are drawn from the customers at hand; their features, the scale of these and the "
            "market's "
            "figures stay the same.",
            "Customers without purchases are in no segment and not judged.",
        ),
        needs=tuple(figures.needs),
    )


def _held(firsts: pd.DataFrame, recommended: str) -> dict[str, float]:
    """Per cause, how often the recommendation stands."""
    if recommended != NOBODY:
        return firsts[firsts.name == recommended].set_index("cause").first_share.to_dict()
    return (1 - firsts.groupby("cause").first_share.sum()).clip(lower=0).to_dict()


def _flips(resampled: Resampled, rules: portfolio.Rules, names: pd.Series) -> pd.DataFrame:
    """Weights of single criteria at which another segment would come first; empty where scores lack."""
    known = list(rules.weights)
    columns = [resampled.measures.index(name) for name in known]
    scaled = portfolio.scale_measures(resampled.values[:, columns], known, rules.scales)
    judged = portfolio.judge_groups(resampled.values, resampled.measures, rules)
    left = judged.passes & np.isfinite(scaled).all(axis=1)
    if left.sum() < 2:
        return pd.DataFrame(columns=["criterion", "weight", "flip_weight", "change", "winner_then"])
    index = names[np.array(resampled.names)[left]].to_list()
    return flip_weight(pd.DataFrame(scaled[left], columns=known, index=index), rules.weights)


def _withhold(targets: pd.DataFrame, figures: CustomerFigures, *, stated: bool) -> Finding:
    """No target without stated criteria and something known on both axes."""
    criteria = [name for name in portfolio.SCALES if name not in ("net_revenue", "reach")]
    known = [name for name in criteria if name in figures.measures]
    lack: tuple[Need, ...] = figures.needs if stated else (WEIGHTS, *figures.needs)
    why = (
        "too little is known of how attractive segments are and how well the client competes"
        if stated
        else "nobody has stated what makes a segment attractive"
    )
    return Finding(
        slug=SLUG,
        status="not_run",
        headline=f"No target is recommended: {why} ({plural(len(known), 'criterion', 'criteria')} of "
        f"{len(criteria)} can be measured).",
        table=targets[["name", "verdict", "score"]],
        needs=lack or (WEIGHTS,),
    )


def _name(code: str, names: Mapping[str, str]) -> str:
    return f"{code} {names[code]}" if code in names else code
