"""What hangs on which provider of market figures: the same judgements by the figures of each alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.attractiveness.rules import call_measure, write_measure
from segutils.attractiveness.samples import GroupSamples
from segutils.formats import join_words
from segutils.statistics import portfolio
from segutils.statistics.portfolio import Rules

MARKET = ("market_growth", "market_size", "market_share")  # measures that come from providers


def say_exclusions(samples: GroupSamples, limits: pd.DataFrame, *, word: str) -> list[str]:
    """Who would be excluded by each provider's figures alone; nothing where there are not several."""
    if not samples.by_provider or not set(limits.measure) & set(MARKET):
        return []
    now = portfolio.keep_limits(samples.values, samples.measures, limits)
    parts = []
    for provider, values in samples.by_provider.items():
        then = portfolio.keep_limits(values, samples.measures, limits)
        out, back = _name(samples, now & ~then), _name(samples, ~now & then)
        said = [f"{join_words(out)} would be excluded too"] if out else []
        said += [f"{join_words(back)} would not be excluded"] if back else []
        if said:
            parts.append(f"by those of {provider} alone {join_words(said)}")
    if parts:
        return [f"Market figures decide: {'; '.join(parts)}."]
    same = f"no {word} is excluded either" if now.all() else f"the same {word}s are excluded"
    return [f"By the market figures of each provider alone ({_list(samples)}) {same}."]


def say_spread(samples: GroupSamples, name: str, measure: str) -> list[str]:
    """What each provider alone says of the group and the measure that come nearest to a limit."""
    if not samples.by_provider or measure not in MARKET or measure not in samples.measures:
        return []
    group, column = samples.names.index(name), samples.measures.index(measure)
    told = [
        f"{provider} {write_measure(measure, float(values[group, column]))}"
        for provider, values in samples.by_provider.items()
    ]
    return [f"Of {name}, {call_measure(measure)} by each provider alone: {join_words(told)}."]


def say_firsts(samples: GroupSamples, rules: Rules) -> list[str]:
    """Who would come first by each provider's figures alone."""
    if not samples.by_provider or not set(rules.weights) & set(MARKET):
        return []
    names = [*samples.names, "nobody"]
    now = int(portfolio.judge_groups(samples.values, samples.measures, rules).first())
    others = {
        provider: int(portfolio.judge_groups(values, samples.measures, rules).first())
        for provider, values in samples.by_provider.items()
    }
    if set(others.values()) == {now}:
        return [
            f"By the market figures of each provider alone ({_list(samples)}) {names[now]} comes first too."
        ]
    parts = [f"{names[first]} by those of {provider}" for provider, first in others.items()]
    return [f"The first place hangs on who is asked about markets: {join_words(parts)}."]


def _name(samples: GroupSamples, chosen: np.ndarray) -> Sequence[str]:
    return [samples.names[n] for n in np.flatnonzero(chosen)]


def _list(samples: GroupSamples) -> str:
    return join_words(list(samples.by_provider))
