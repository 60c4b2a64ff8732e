"""Which groups are excluded before any score, whether that is sure, and whether a limit should move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from segutils.attractiveness import limit_words as words
from segutils.attractiveness import providers
from segutils.attractiveness.limit_options import build_limit_options
from segutils.attractiveness.limits import (
    FIRM,
    NEAR,
    build_standings,
    list_moves,
    pick_decisive,
)
from segutils.attractiveness.rules import DEFAULT, call_measure
from segutils.attractiveness.samples import GroupSamples
from segutils.findings import Assumption, Decision, Finding, Need, Override
from segutils.formats import format_value, plural
from segutils.statistics import portfolio
from segutils.statistics.customer_figures import MEASURES, CustomerFigures
from segutils.statistics.decisions import check_override
from segutils.statistics.figure_sources import find_needs

LABELS = {
    "name": "Group",
    "measure": "Limit on",
    "low": "Low",
    "high": "High",
    "miss_share": "Missed in other samples",
    "standing": "Standing",
    "same_list": "Same list in other samples",
    "at": "At a limit of",
    "limit": "Limit",
    "revenue_kept": "Revenue left",
    "effect": "Then",
    "owner": "Stated by",
}
MAX_STEPS = 8  # breakpoints of a limit that are listed each way
USUAL = ("market_growth", "margin_rate", "customers", "reach")  # what limits are usually on
OPTION_FORMATS = {
    "groups_kept": "count",
    "revenue_kept": "share:0",
    "wrongly_out": "number:2",
    "wrongly_in": "number:2",
    "score": "number:2",
    "same_list": "share:0",
}


def decide_limits(
    samples: GroupSamples | None,
    limits: pd.DataFrame,
    figures: CustomerFigures,
    *,
    slug: str,
    word: str = "segment",
    firm: float = FIRM,
    near: float = NEAR,
    level: float = 0.9,
    scales: Mapping[str, tuple[float, float]] = portfolio.SCALES,
    override: Override | None = None,
) -> Finding:
    """Which groups are excluded before any score, how surely, and should a limit move?

    Knock-out criteria come before criteria of attractiveness (Dolnicar, Grün and Leisch 2018, chapter 4).

    Parameters
    ----------
    samples : GroupSamples, optional
        None where nobody is in a group.
    limits : pandas.DataFrame
        ``measure, min, max, owner``.
    figures : CustomerFigures
        What is known of the customers, for what to ask for.
    slug : str
    word : str
        What the groups are called.
    firm : float
        Share of samples (0-1) in which a group must miss a limit before its exclusion is firm; a wrong
        exclusion then counts firm / (1 - firm) times as much as a wrong inclusion.
    near : float
        Distance of a near miss, as a share of the measure's scale.
    level : float
        Of the intervals.
    scales : mapping of str to (float, float)
    override : Override, optional

    Returns
    -------
    Finding
        Table: one row per limit that is missed, and per group that keeps all of them the limit that it keeps
        least surely. ``not_run`` without limits, without groups, or where no limit's measure is known.

    Raises
    ------
    InputError
        If the override is not an option.
    """
    if samples is None or limits.empty:
        return _withhold(samples, limits, figures, slug=slug, word=word)
    standings = build_standings(samples, limits, firm=firm, near=near, level=level, scales=scales)
    if standings.value.isna().all():
        return _withhold(samples, limits, figures, slug=slug, word=word)
    revenue = pd.Series(samples.column("net_revenue"), index=list(samples.names))
    moves = list_moves(standings, revenue)
    options = build_limit_options(samples, limits, moves, standings, firm=firm).table
    best = options.iloc[0]
    decision = Decision(
        question=f"Which limits must a {word} keep to be considered?",
        options=options,
        recommendation=str(best.option),
        robustness=words.say_robustness(best, moves, standings, firm=firm),
        robustness_share=float(best.same_list),
        override=check_override(override, options.option.tolist(), slug=slug),
        formats=OPTION_FORMATS,
    )
    decisive = pick_decisive(standings)
    unsure = bool((standings[standings.missed].groupby("name").miss_share.max() < firm).any())
    unknown = bool(standings.value.isna().any())
    nobody = standings[standings.missed].name.nunique() == len(samples.names)
    sure = best.same_list >= firm and not unsure and not unknown
    return Finding(
        slug=slug,
        status="fail" if nobody else "pass" if sure else "caution",
        headline=words.say_headline(decision, decisive, word=word, groups=len(samples.names), firm=firm),
        table=_show(decisive, ["name", "standing", "measure", "value", "limit", "low", "high", "miss_share"]),
        formats={name: "by:unit" for name in ("value", "limit", "low", "high")} | {"miss_share": "share:0"},
        labels=LABELS | {"name": word.capitalize()},
        figures=words.list_figures(standings, moves, word=word),
        decision=decision,
        notes=[
            *words.say_standings(standings, firm=firm),
            *filter(None, [words.say_moves(moves)]),
            *providers.say_exclusions(samples, limits, word=word),
            *providers.say_spread(samples, decisive.name.iloc[0], decisive.measure.iloc[0]),
        ],
        assumptions=_assume(firm=firm, near=near),
        limits=(
            "Intervals come from drawing the customers anew; errors of the market figures themselves are not "
            "in them, but show in how far providers differ.",
            f"Each {word} is held against several limits; how often the whole list is the same counts them "
            "together.",
        ),
        needs=_ask(list(dict.fromkeys(standings.measure[standings.value.isna()])), figures),
    )


def list_breakpoints(
    samples: GroupSamples | None,
    limits: pd.DataFrame,
    *,
    slug: str,
    word: str = "segment",
    firm: float = FIRM,
    near: float = NEAR,
    level: float = 0.9,
    scales: Mapping[str, tuple[float, float]] = portfolio.SCALES,
) -> Finding:
    """How does the list of excluded groups change as each limit moves?

    Parameters
    ----------
    samples, limits, slug, word, firm, near, level, scales
        As in :func:`decide_limits`.

    Returns
    -------
    Finding
        Table: every value of every limit at which a group falls or returns if this limit alone moves.
    """
    standings = (
        pd.DataFrame()
        if samples is None or limits.empty
        else build_standings(samples, limits, firm=firm, near=near, level=level, scales=scales)
    )
    if standings.empty or standings.value.isna().all():
        return Finding(
            slug=slug,
            status="not_run",
            headline=f"There is no limit to move: {words.say_why_none(samples, limits, word=word)}.",
            table=pd.DataFrame(columns=["measure", "limit", "at", "name", "effect"]),
            needs=(words.GROUPS,) if samples is None else (words.LIMITS,),
        )
    moves = list_moves(standings, pd.Series(samples.column("net_revenue"), index=list(samples.names)))
    shown = ["measure", "limit", "at", "low", "high", "name", "effect", "revenue_kept"]
    ends = standings.drop_duplicates(["measure", "side"])
    listed = moves.groupby(["measure", "side", "move"], sort=False).head(MAX_STEPS)
    only = "" if len(listed) == len(moves) else f"; the nearest {MAX_STEPS} each way are listed"
    return Finding(
        slug=slug,
        status="info",
        headline=f"{plural(len(ends), 'limit')}, moved one at a time, would change the list of excluded "
        f"{word}s at {plural(len(moves), 'value')}{only}. {words.find_nearest(moves)}.",
        table=_show(listed, shown),
        formats={name: "by:unit" for name in ("limit", "at", "low", "high")} | {"revenue_kept": "share:0"},
        labels=LABELS | {"name": word.capitalize()},
        figures=words.list_figures(standings, moves, word=word, every=True),
    )


def _show(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """These columns, measures in words, with each row's own format."""
    formats = [MEASURES[name].format if name in MEASURES else "number:2" for name in rows.measure]
    table = rows[columns].assign(measure=[call_measure(name) for name in rows.measure], unit=formats)
    return table.reset_index(drop=True)


def _assume(*, firm: float, near: float) -> tuple[Assumption, ...]:
    times = format_value(firm / (1 - firm), "number:1")
    return (
        Assumption(
            text=f"Excluding wrongly counts {times} times as much as keeping wrongly, so an exclusion is "
            f"firm from {format_value(firm, 'share:0')} of samples on.",
            owner=DEFAULT,
        ),
        Assumption(
            text=f"Near is a distance of {format_value(near, 'share:0')} of the measure's scale, or of the "
            "limit where it has none.",
            owner=DEFAULT,
        ),
    )


def _ask(measures: Sequence[str], figures: CustomerFigures) -> tuple[Need, ...]:
    """What to ask for, if the measures of these limits are not known."""
    needs = find_needs(measures, figures.needs)
    for name in measures:
        if name not in MEASURES:
            question = f"What is meant by {name}? A limit can be set on: {', '.join(MEASURES)}."
            needs.append(replace(words.LIMITS, question=question))
    return tuple(needs)


def _withhold(
    samples: GroupSamples | None, limits: pd.DataFrame, figures: CustomerFigures, *, slug: str, word: str
) -> Finding:
    """Nobody is excluded without a limit, a group and a measure; what is known of the groups is shown."""
    why, needs = words.say_why_none(samples, limits, word=word), (words.GROUPS,)
    if samples is not None:
        needs = (words.LIMITS, *_ask(USUAL, figures)) if limits.empty else ()
        needs = needs or _ask(list(dict.fromkeys(limits.measure)), figures)
    table = pd.DataFrame(columns=["group"]) if samples is None else samples.table
    formats = {name: MEASURES[name].format for name in table.columns if name in MEASURES}
    labels = {name: call_measure(name)[:1].upper() + call_measure(name)[1:] for name in formats}
    known = (
        "" if samples is None else f" ({plural(len(samples.measures), 'measure')} of {len(MEASURES)} known)"
    )
    return Finding(
        slug=slug,
        status="not_run",
        headline=f"No {word} is excluded: {why}{known}.",
        table=table,
        formats=formats,
        labels=labels | {"group": word.capitalize()},
        needs=needs or (words.LIMITS,),
    )
