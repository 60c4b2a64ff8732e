"""Words and drawings of ``target-selection``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segutils.findings import Assumption, Decision, Figure
from segutils.formats import format_value, join_words, plural
from segutils.statistics import portfolio
from segutils.statistics.customer_figures import MEASURES, CustomerFigures
from segutils.statistics.portfolio import Rules
from segutils.statistics.raters import describe_raters
from segutils.validation.fit.target_rules import TargetRules
from segutils.validation.fit.target_stability import CAUSES, Resampled

NOBODY = "No segment"
MAX_P = 0.05  # from here on a lift is not shown; p-values hold for all segments together


def say_headline(targets: pd.DataFrame, decision: Decision, *, missing: Sequence[str]) -> str:
    """Who comes first, how sure that is, who is dropped."""
    best = decision.recommendation
    if decision.choice != best:
        return f"The client targets {decision.choice} first; the scores recommend {best}."
    if best == NOBODY:
        return f"No segment keeps the stated limits: all {len(targets)} miss one at least."
    share = format_value(decision.robustness_share, "share:0")
    dropped = targets.name[targets.verdict == portfolio.DROP].tolist()
    end = f"; {join_words(dropped)} {'is' if len(dropped) == 1 else 'are'} dropped" if dropped else ""
    if len(dropped) > 2:
        end = f"; {len(dropped)} segments are dropped"
    strong = targets.set_index("name").verdict[best] == portfolio.TARGET
    called = "is the first target" if strong else "comes first, though not strong enough for a target"
    gap = f", with {plural(len(missing), 'criterion', 'criteria')} unknown" if missing else ""
    return f"{best} {called}{gap}, and stays first in {share} of other weights, customers and segments{end}."


def say_robustness(
    recommended: str,
    held: Mapping[str, float],
    firsts: pd.DataFrame,
    flips: pd.DataFrame,
    agreement: np.ndarray,
    *,
    draws: int,
) -> str:
    """Weights apart from samples, samples apart from refitted segments; what flips it."""
    share = {cause: format_value(value, "share:0") for cause, value in held.items()}
    text = (
        f"Weights: {recommended} stays first under {share[CAUSES[0]]} of {draws:,} random ones around those "
        f"stated. Sampling: in {share[CAUSES[1]]} of {len(agreement)} other samples of customers, and in "
        f"{share[CAUSES[2]]} when the segments are formed anew on each (they agree with the present ones at "
        f"{np.mean(agreement):.2f} of 1). All at once: {share[CAUSES[3]]}."
    )
    others = firsts[(firsts.cause == CAUSES[3]) & (firsts.name != recommended) & (firsts.first_share > 0)]
    if len(others):
        rival = others.sort_values("first_share", ascending=False).iloc[0]
        text += f" Otherwise {rival['name']} comes first most often."
    near = flips.dropna(subset=["flip_weight"])
    if len(near):
        top = near.iloc[0]
        text += (
            f" What flips it: {top.winner_then} comes first once {_words(top.criterion)} weighs "
            f"{format_value(top.flip_weight, 'share:0')} of all instead of "
            f"{format_value(top.weight, 'share:0')}."
        )
    elif len(firsts.segment.unique()) > 1:
        text += " No weight of a single criterion flips it."
    return text


def say_measures(missed: str) -> str:
    """``margin_rate, reach`` in words."""
    return join_words([_words(name) for name in missed.split(", ") if name])


def draw_matrix(targets: pd.DataFrame, rules: Rules, recommended: str, *, currency: str) -> Figure:
    """Attractiveness by competitiveness, bubble = revenue, whiskers = samples."""
    data = targets[
        [
            "name",
            "competitiveness",
            "attractiveness",
            "attractiveness_low",
            "attractiveness_high",
            "net_revenue",
        ]
    ].copy()
    found = targets.groupby("verdict").name.size()
    parts = [
        f"{plural(int(found[verdict]), 'segment')} to {verdict}"
        for verdict in (portfolio.TARGET, portfolio.MAINTAIN, portfolio.DROP)
        if verdict in found
    ]
    best, worst = targets.iloc[0], targets.iloc[-1]
    title = f"{join_words(parts)}; {best['name']} is ahead" if len(targets) > 1 else join_words(parts)
    return Figure(
        kind="scatter",
        data=data,
        x="competitiveness",
        y="attractiveness",
        low="attractiveness_low",
        high="attractiveness_high",
        series="name",
        size="net_revenue",
        title=title,
        subtitle="Segments, weighted scores from 0 (worst) to 1 (best); area: net revenue a year, "
        f"{currency}",
        alt=f"{plural(len(targets), 'bubble')}. Highest {best['name']} (attractiveness "
        f"{best.attractiveness:.2f}, competitiveness {best.competitiveness:.2f}), lowest {worst['name']} "
        f"({worst.attractiveness:.2f}, {worst.competitiveness:.2f}).",
        caption="Strokes: middle 90 % of samples in which customers are drawn and segments formed anew. Both "
        "axes are cut in thirds: a target is strong on one and not weak on the other.",
        formats={
            "competitiveness": "number:1",
            "attractiveness": "number:1",
            "net_revenue": "money",
        },
        reference=rules.marks[1],
        reference_label="strong from here",
        highlight=recommended if recommended != NOBODY else None,
    )


def draw_firsts(firsts: pd.DataFrame, recommended: str, *, resamples: int, draws: int) -> tuple[Figure, ...]:
    """How often the recommended target stays the target, by what is varied."""
    if recommended == NOBODY or firsts.name.nunique() < 2:
        return ()
    data = firsts[firsts.name == recommended][["cause", "first_share", "target_share"]].reset_index(drop=True)
    by = data.set_index("cause").first_share
    weights, samples = by[CAUSES[0]], by[CAUSES[2]]
    if min(weights, samples) > 0.995:
        title = f"{recommended} stays first whatever the weights and the sample"
    elif weights < samples:
        title = (
            f"{recommended} stays first in {format_value(samples, 'share:0')} of samples and under "
            f"{format_value(weights, 'share:0')} of weights: the weights decide"
        )
    else:
        title = (
            f"{recommended} stays first under {format_value(weights, 'share:0')} of weights and in "
            f"{format_value(samples, 'share:0')} of samples: the sample decides"
        )
    data["cause"] = data.cause.str.capitalize()
    figure = Figure(
        kind="bar",
        data=data,
        x="cause",
        y="first_share",
        title=title,
        subtitle=f"Share of {draws:,} random weights and of {resamples} samples in which the recommended "
        "target "
        "is first",
        alt=f"Bars: {join_words([f'{r.cause} {r.first_share:.0%}' for r in data.itertuples()])}.",
        caption="Other customers: drawn with replacement, segments as they are. And segments: formed anew on "
        "each sample and matched by their customers.",
        formats={"first_share": "share:0", "target_share": "share:0"},
    )
    return (figure,)


def list_notes(
    targets: pd.DataFrame,
    values: pd.DataFrame,
    resampled: Resampled,
    target_rules: TargetRules,
    reversals: pd.DataFrame,
    figures: CustomerFigures,
) -> list[str]:
    """Knock-outs, TOPSIS, raters, unknown criteria, what was left out of markets."""
    rules = target_rules.rules
    missed = portfolio.list_missed(values, rules.limits)
    notes = [
        f"{group} misses {join_words([_say_missed(row) for row in part.itertuples()])}."
        for group, part in missed.dropna(subset=["limit"]).groupby("group", sort=False)
    ]
    if unknown := list(dict.fromkeys(missed.measure[missed.value.isna()])):
        notes.append(
            "Not held against its limit, as it is not known: "
            f"{join_words([_words(name) for name in unknown])}."
        )
    if target_rules.missing:
        weight = sum(target_rules.stated.weights[name] for name in target_rules.missing)
        sure = (targets.score_low.iloc[0] >= targets.score_high.iloc[1:]).all()
        notes.append(
            f"Not known: {join_words([_words(name) for name in target_rules.missing])}. "
            f"{format_value(weight, 'share:0')} of the weight went to the other criteria in proportion; "
            + ("the first place would stand whatever they were." if sure else "they could change the order.")
        )
    notes.append(_say_topsis(targets, reversals))
    alone = [
        (name, portfolio.judge_groups(resampled.values, resampled.measures, target_rules.of_rater(name)))
        for name in target_rules.raters
    ]
    called = targets.set_index("segment").name
    choices = {
        name: called[resampled.names[judged.first()]] if judged.first() >= 0 else NOBODY
        for name, judged in alone
    }
    notes.append(_say_raters(target_rules, choices))
    return [*notes, *figures.notes]


def say_response(targets: pd.DataFrame, first: str, response: pd.DataFrame | None) -> list[str]:
    """That the first target is one for account care, where no lift from a contact is shown in it."""
    own = targets[targets.name == first]
    if response is None or own.empty:
        return []
    found = response[response.segment == own.segment.iloc[0]].dropna(subset=["lift", "p_holm"])
    if found.empty or (found.p_holm.iloc[0] < MAX_P and found.lift.iloc[0] > 0):
        return []
    lift, low, high = (format_value(100 * found[c].iloc[0], "number:1") for c in ("lift", "low", "high"))
    most = own.net_revenue.iloc[0] == targets.net_revenue.max()
    why = (
        "has most value, not most response" if most else "comes first by the stated criteria, not by response"
    )
    return [
        f"{first} {why}: no lift from contact is shown ({lift} points, {low} to {high}); the target is for "
        "account care, not for more campaigns."
    ]


def list_assumptions(target_rules: TargetRules, figures: CustomerFigures) -> tuple[Assumption, ...]:
    """The scales, the marks, and what stood in for what was not measured."""
    rules = target_rules.rules
    ends = [
        f"{_words(name)} {_write(name, rules.scales[name][0])} to {_write(name, rules.scales[name][1])}"
        for name in rules.weights
    ]
    share = format_value(rules.attractiveness_share, "share:0")
    return (
        Assumption(text=f"Worst and best of each criterion: {'; '.join(ends)}.", owner="playbook default"),
        Assumption(
            text=f"Attractiveness counts {share} of the total; the axes are cut in thirds.",
            owner="playbook default",
        ),
        *figures.assumptions,
    )


def _say_topsis(targets: pd.DataFrame, reversals: pd.DataFrame) -> str:
    order = targets.sort_values("topsis", ascending=False, kind="stable").segment.tolist()
    if len(targets) < 2:
        return "There is one segment, so there is no order to test."
    same = order == targets.segment.tolist()
    first = targets.set_index("segment").name[order[0]]
    text = (
        "TOPSIS gives the same order as the weighted sum"
        if same
        else f"TOPSIS puts {first} first"
        + (" too, with another order behind" if order[0] == targets.segment.iloc[0] else "")
    )
    if reversals.empty:
        return f"{text}; it keeps that order whichever segment is dropped."
    row = reversals.iloc[0]
    return (
        f"{text}; its order depends on who is compared: without {row.dropped}, {row.worse} would pass "
        f"{row.better}. The weighted sum judges each by itself."
    )


def _say_raters(target_rules: TargetRules, choices: Mapping[str, str]) -> str:
    said = describe_raters(
        target_rules.attractiveness,
        words={name: _words(name) for name in target_rules.attractiveness.weights.criterion},
    )
    if len(choices) < 2:
        return said
    if len(set(choices.values())) == 1:
        return f"{said} Each of them alone would put {next(iter(choices.values()))} first too."
    parts = [
        f"{' and '.join(n for n, c in choices.items() if c == choice)} {choice}"
        for choice in dict.fromkeys(choices.values())
    ]
    return f"{said} Each alone would put first: {'; '.join(parts)}."


def _say_missed(row) -> str:
    fmt = MEASURES[row.measure].format
    way = "at least" if row.value < row.limit else "at most"
    value, limit = format_value(row.value, fmt), format_value(row.limit, fmt)
    return f"{_words(row.measure)} ({value}, {way} {limit} asked for)"


def _words(name: str) -> str:
    return MEASURES[name].words if name in MEASURES else name.replace("_", " ")


def _write(name: str, value: float) -> str:
    if name in portfolio.OF_ALL:
        return f"{format_value(value, 'share:0')} of all"
    return format_value(value, MEASURES[name].format if name in MEASURES else "number:2")
