"""Which decisions flip when the strategy moves, and at which weight: the finding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.attractiveness import shift_words as words
from segutils.attractiveness.limit_words import GROUPS
from segutils.attractiveness.limits import FIRM
from segutils.attractiveness.rules import WEIGHTS, StatedRules, list_scales
from segutils.attractiveness.samples import GroupSamples
from segutils.attractiveness.shift import (
    build_shifted,
    count_first_flips,
    list_firsts,
    list_swaps,
    list_turns,
    trace_samples,
)
from segutils.attractiveness.ways import TIE, build_shift
from segutils.findings import Finding, Need
from segutils.statistics.customer_figures import CustomerFigures

THEN = Need(
    question="How would the criteria of attractiveness weigh if the strategy moved, such as from growth to "
    "profit?",
    table="engagement file",
    columns=("weights: strategy-shift",),
)
LABELS = {
    "rank_now": "Place now",
    "rank_then": "Place then",
    "verdict": "Verdict",
    "flips_at": "First flips at",
    "flips_low": "Low",
    "flips_high": "High",
    "same_share": "Same in other samples",
}
FORMATS = {
    "rank_now": "count",
    "rank_then": "count",
    "flips_at": "share:0",
    "flips_low": "share:0",
    "flips_high": "share:0",
    "same_share": "share:0",
}


def check_shift(
    samples: GroupSamples | None,
    now: StatedRules | None,
    then: StatedRules | None,
    figures: CustomerFigures,
    *,
    slug: str,
    word: str = "segment",
    firm: float = FIRM,
    level: float = 0.9,
) -> Finding:
    """Which places, verdicts and first targets change if the strategy moves, and at which weight?

    The way between the two stated weightings is walked exactly: a verdict flips where a score reaches a mark,
    two groups change places where their scores are level, and both are roots that are solved for.

    Parameters
    ----------
    samples : GroupSamples, optional
    now, then : StatedRules, optional
        With the weights of today and of the other strategy, and the same competitiveness.
    figures : CustomerFigures
    slug : str
    word : str
    firm : float
        Share of samples (0-1) in which a decision must hold to be called sure.
    level : float
        Of the intervals.

    Returns
    -------
    Finding
        Table: ``name, rank_now, rank_then, verdict`` (today, and each one on the way with its place),
        ``flips_at`` (place on the way, 0 to 1, of the first change) with its interval, ``same_share``
        (samples with the same verdicts). ``not_run`` where one of the weightings is missing or too little is
        known; ``caution`` where a decision flips or is not sure to hold.
    """
    if samples is None or now is None or then is None or not (now.applies and then.applies):
        return _withhold(samples, now, then, figures, slug=slug, word=word)
    shift = build_shift(now, then)
    if np.allclose(shift.before, shift.after, atol=TIE):
        return _withhold(samples, now, None, figures, slug=slug, word=word)
    traces = trace_samples(samples, shift)
    table, swaps = build_shifted(samples, shift, traces, level=level), list_swaps(samples, shift)
    turns = list_turns(samples, shift)
    flips = count_first_flips(samples, shift, traces)
    path = list_firsts(samples.values, samples.measures, shift)
    sure = words.count_sure(table, flips, [*samples.names, ""][path[0][1]])
    level_all_the_way = words.find_lead(samples, shift) <= words.LEVEL  # NaN with fewer than two
    changed = len(path) > 1 or table.flips_at.notna().any()
    verdict = [words.say_path(row, turns) for row in table.itertuples()]
    shown = table[["name", "rank_now", "rank_then"]].assign(verdict=verdict)
    shown = shown.join(table[["flips_at", "flips_low", "flips_high", "same_share"]])
    shown[["rank_now", "rank_then"]] = shown[["rank_now", "rank_then"]].where(lambda places: places > 0)
    return Finding(
        slug=slug,
        status="caution" if changed or sure < firm or path[0][1] < 0 or level_all_the_way else "pass",
        headline=words.say_headline(samples, shift, turns, path, swaps, word=word),
        table=shown,
        formats=FORMATS,
        labels=LABELS | {"name": word.capitalize()},
        figures=(
            words.draw_ways(samples, shift, table, path, swaps, word=word),
            *words.draw_flips(table, shift, word=word, samples=len(flips), level=level),
        ),
        notes=[
            *words.say_first(samples, shift, path, flips, word=word),
            *words.say_swaps(swaps),
            *words.say_open(table, firm=firm),
            words.say_weights(shift, table, path),
            *words.say_missing(now, then),
            *_say_raters(samples, now, then),
        ],
        assumptions=(*list_scales(now.rules), *figures.assumptions),
        limits=(
            "Only the weights move: markets, margins and competitors stay as they are, and so do the limits.",
            "A verdict depends on where the axes are cut; with weight on criteria on which all do well, more "
            f"{word}s become targets without any of them having changed.",
        ),
        needs=tuple(figures.needs),
    )


def _say_raters(samples: GroupSamples, now: StatedRules, then: StatedRules) -> list[str]:
    """Whose own weights, moved as they stated, would change the first place."""
    people = [name for name in now.raters if name in then.raters]
    if len(people) < 2:
        return []
    held, turned = [], []
    for name in people:
        path = list_firsts(samples.values, samples.measures, build_shift(now, then, rater=name))
        called = [samples.names[group] if group >= 0 else "nobody" for _, group in path]
        if len(path) == 1:
            held.append(f"{name} ({called[0]})")
        else:
            turned.append(f"{name} ({', then '.join(called)})")
    if not turned:
        return [f"By each rater's own weights the first place holds: {'; '.join(held)}."]
    rest = f"; it holds for {'; '.join(held)}" if held else ""
    return [f"By their own weights the first place changes for {'; '.join(turned)}{rest}."]


def _withhold(
    samples: GroupSamples | None,
    now: StatedRules | None,
    then: StatedRules | None,
    figures: CustomerFigures,
    *,
    slug: str,
    word: str,
) -> Finding:
    """Without two different weightings, groups and something known there is no way to walk."""
    needs: Sequence[Need]
    if now is None:
        needs = (WEIGHTS, *(() if then else (THEN,)), *figures.needs)
        why = "nobody has stated how the criteria weigh"
    elif then is None:
        why, needs = "nobody has stated how the criteria would weigh under another strategy", (THEN,)
    elif samples is None:
        why, needs = f"no customer is in a {word}", (GROUPS,)
    else:
        why = f"too little is known of the {word}s"
        needs = figures.needs or (WEIGHTS,)
    held = f"The {word}s cannot be judged under another strategy"
    return Finding(
        slug=slug,
        status="not_run",
        headline=f"{held}: {why}.",
        table=pd.DataFrame(columns=["name", "rank_now", "rank_then", "verdict"]),
        needs=tuple(needs),
    )
