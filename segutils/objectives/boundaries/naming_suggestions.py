"""A name made of what sets a group apart, and what marketing, sales and product can do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import pandas as pd

from segutils.formats import format_value
from segutils.objectives.boundaries.naming_rules import check_name, split_words, stem
from segutils.objectives.boundaries.naming_traits import (
    CATEGORY,
    CHANNEL,
    DISCOUNT,
    FIRM,
    INDUSTRY,
    ORDER,
    RHYTHM,
    SOURCE,
)

PLACES = (RHYTHM, ORDER, DISCOUNT, FIRM, CHANNEL, INDUSTRY, CATEGORY)  # the order of words in a name
SHARES = (CATEGORY, CHANNEL, INDUSTRY, SOURCE)
NAMING = 6  # the strongest differences that a name may be made of
FUNCTIONS = ("marketing", "sales", "product")
NOTHING = "no sure difference"


def select_differences(differences: pd.DataFrame, *, min_effect: float, min_share: float) -> pd.DataFrame:
    """What surely sets each group apart, and is large enough to be said?

    Parameters
    ----------
    differences : pandas.DataFrame
        From :func:`~segutils.objectives.boundaries.naming_traits.score_differences`.
    min_effect : float
        In standard deviations; the interval must not hold 0 either.
    min_share : float
        A category, channel, industry or source counts from this share on the side that has more of it: what
        is rare on both sides names nobody.

    Returns
    -------
    pandas.DataFrame
        Rows of `differences`.
    """
    sure = ((differences.low > 0) | (differences.high < 0)) & (differences.effect_size.abs() >= min_effect)
    rare = differences.kind.isin(SHARES) & (differences[["ours", "others"]].max(axis=1) < min_share)
    return differences[sure & ~rare].reset_index(drop=True)


def suggest_name(
    sure: pd.DataFrame,
    taken: Sequence[str],
    *,
    protected: frozenset[str],
    max_words: int,
    max_characters: int,
) -> str:
    """What should the group be called, so that who hears the name knows who is meant?

    Parameters
    ----------
    sure : pandas.DataFrame
        Sure differences, strongest first.
    taken : sequence of str
        Names in use or suggested already.
    protected, max_words, max_characters
        As in :func:`~segutils.objectives.boundaries.naming_rules.check_name`.

    Returns
    -------
    str
        The two strongest differences of different kinds; if that is taken, too long or fails another test the
        next ones. Empty where nothing sets the group apart or no name passes.
    """
    named = sure.assign(word=[_word(row) for row in sure.itertuples()])
    named = named[(named.word != "") & named.kind.isin(PLACES)].head(NAMING)
    for chosen in _choices(list(named[["kind", "word"]].itertuples(index=False, name=None))):
        name = _write(chosen)
        limits = {"protected": protected, "max_words": max_words, "max_characters": max_characters}
        if not check_name(name, others=taken, **limits):
            return name
    return ""


def describe(sure: pd.DataFrame, *, currency: str, most: int = 2) -> str:
    """The strongest differences with both sides' figures and their size in standard deviations (SD)."""
    parts = []
    for row in sure.head(most).itertuples():
        parts.append(f"{_sides(row, currency)} ({format_value(row.effect_size, 'number:1')} SD)")
    return "; ".join(parts) or "nothing surely"


def list_actions(sure: pd.DataFrame, *, currency: str) -> dict[str, str]:
    """What follows for each function, said with the group's own figures and those of all others?

    Parameters
    ----------
    sure : pandas.DataFrame
        Sure differences of the group, strongest first.
    currency : str

    Returns
    -------
    dict of str to str
        Function to a line: marketing by the channel and the source that the group uses more than others,
        sales by its rhythm, order size and discount, product by what it buys more.
    """
    more = sure[sure.effect_size > 0]
    channel, source = more[more.kind == CHANNEL].head(1), more[more.kind == SOURCE].head(1)
    terms = sure[sure.kind.isin([RHYTHM, ORDER, DISCOUNT])].head(2)
    bought = more[more.kind == CATEGORY].head(2)
    lines = {
        "marketing": [
            *(f"reach through {r.much} ({_figures(r, currency)} of orders)" for r in channel.itertuples()),
            *(f"find more through {r.much} ({_figures(r, currency)} came so)" for r in source.itertuples()),
        ],
        "sales": [f"plan for {_sides(r, currency)}" for r in terms.itertuples()],
        "product": [f"lead with {r.much} ({_figures(r, currency)} of spending)" for r in bought.itertuples()],
    }
    return {name: _upper("; ".join(parts)) or _upper(NOTHING) for name, parts in lines.items()}


def _word(row) -> str:
    """The word of a difference in a name; empty where being low in it says nothing."""
    word = str(row.much if row.effect_size > 0 else row.little)
    if word.isupper():
        word = word.capitalize()
    if row.kind == CHANNEL:
        word = word.replace(" ", "-")
    return word


def _choices(words: list[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Pairs, then triples, then single words; never two of a kind or two forms of one word."""
    for size in (2, 3, 1):
        for chosen in combinations(words, size):
            kinds = {kind for kind, _ in chosen}
            stems = [{stem(w) for w in split_words(word)} for _, word in chosen]
            if len(kinds) == size and not any(a & b for a, b in combinations(stems, 2)):
                yield chosen


def _write(chosen: Sequence[tuple[str, str]]) -> str:
    ordered = [word for place in PLACES for kind, word in chosen if kind == place]
    noun = "buyers" if any(kind == CATEGORY for kind, _ in chosen) else "customers"
    return _upper(" ".join([*ordered, noun]))


def _sides(row, currency: str) -> str:
    return f"{row.label} {_figures(row, currency)}"


def _figures(row, currency: str) -> str:
    ours, others = (format_value(value, row.format, currency=currency) for value in (row.ours, row.others))
    return f"{ours} against {others}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
