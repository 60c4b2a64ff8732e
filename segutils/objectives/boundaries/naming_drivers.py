"""Does a name say what sets its customers apart? Its words, as the trade means them, against data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from segutils.formats import format_value
from segutils.objectives.boundaries.naming_rules import split_words, stem
from segutils.objectives.boundaries.naming_traits import (
    CATEGORY,
    CHANNEL,
    FIRM,
    INDUSTRY,
    ORDER,
    RHYTHM,
    SOURCE,
)

SAID, UNSAID, UNTOLD = "says it", "does not say it", "cannot be told"
# words of a name that say nothing about its customers
NOUNS = frozenset(
    (
        *("account", "accounts", "buyer", "buyers", "client", "clients", "customer", "customers"),
        *("group", "groups", "segment", "segments", "user", "users", "and", "of", "the", "in", "for", "with"),
    )
)
PROCESS = (
    *("chemicals", "petrochemicals", "oil", "refining", "pharma", "food", "beverage", "water", "wastewater"),
    *("paper", "pulp", "energy", "power", "metals", "cement"),
)


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What must set customers apart who are rightly called so.

    Parameters
    ----------
    kinds : tuple of str
        Kinds of difference that count; empty: all.
    readings : sequence of tuple of str
        One of them is enough; of one, all parts must hold.
    """

    kinds: tuple[str, ...] = ()
    readings: Sequence[tuple[str, ...]]


def _one_of(*words: str, kinds: tuple[str, ...]) -> Meaning:
    return Meaning(kinds=kinds, readings=[(word,) for word in words])


SOLD_BY = (CHANNEL, SOURCE)
# Plain words of the trade
TRADE: Mapping[str, Meaning] = {
    "aftermarket": _one_of("spare", "service", "repair", "maintenance", "consumables", kinds=(CATEGORY,)),
    "oem": _one_of("machinery", "machine", "equipment", "automotive", "vehicles", kinds=(INDUSTRY,)),
    "process": _one_of(*PROCESS, kinds=(INDUSTRY,)),
    "project": Meaning(kinds=(ORDER, RHYTHM), readings=[("Large-order", "Occasional")]),
    "dealer": _one_of("partner", "distributor", "reseller", kinds=SOLD_BY),
    "distributor": _one_of("partner", "dealer", "reseller", kinds=SOLD_BY),
    "reseller": _one_of("partner", "dealer", "distributor", kinds=SOLD_BY),
    "online": _one_of("e-shop", "web", "shop", kinds=SOLD_BY),
    "enterprise": _one_of("Large-firm", kinds=(FIRM,)),
    "sme": _one_of("Small-firm", kinds=(FIRM,)),
    "wholesale": _one_of("Large-order", kinds=(ORDER,)),
    "regular": _one_of("Frequent", kinds=(RHYTHM,)),
}
MEANS = {
    **{"Large-order": "large orders", "Small-order": "small orders", "Frequent": "many orders"},
    **{"Occasional": "few orders", "Large-firm": "large firms", "Small-firm": "small firms"},
}


@dataclass(frozen=True, kw_only=True)
class Driver:
    """Whether a name says what sets its customers apart.

    Parameters
    ----------
    verdict : str
        :data:`SAID`; :data:`UNSAID` where its words are shown not to set the customers apart; :data:`UNTOLD`
        where the data cannot tell.
    word : str
        The word that decided; empty where none did.
    features : tuple of str
        Differences that support it.
    meaning : str
        What the word was taken to stand for by the trade; empty where it is one of the data's own words, or
        the client stated it.
    """

    verdict: str
    word: str = ""
    features: tuple[str, ...] = ()
    meaning: str = ""


def judge_driver(
    name: str,
    differences: pd.DataFrame,
    sure: Collection[str],
    *,
    min_effect: float,
    meanings: Mapping[str, Sequence[str]] | None = None,
) -> Driver:
    """Does a name say, in the data's words or in plain words of the trade, what sets its customers apart?

    A word is supported by a sure difference, and refuted where the whole interval of every difference that it
    may stand for lies below what is worth a word. One supported word is enough; a name is refused only where
    all of its words that can be held against the data are refuted.

    Parameters
    ----------
    name : str
    differences : pandas.DataFrame
        All differences of the group, strongest first: ``feature, kind, much, little, effect_size, low,
        high``.
    sure : collection of str
        The features in which it surely differs.
    min_effect : float
        Smallest difference worth a word, in standard deviations.
    meanings : mapping, optional
        What the client says a word stands for; takes the place of :data:`TRADE`.

    Returns
    -------
    Driver
    """
    entries = _list_entries(differences, sure, min_effect)
    refuted, is_open = "", False
    for word, meaning, is_own in _list_meanings(name, meanings or {}):
        inside = entries[entries.kind.isin(meaning.kinds)] if meaning.kinds else entries
        states = []
        for reading in meaning.readings:
            found = [_find(part, inside) for part in reading]
            if any(part.empty for part in found):
                continue
            if all(part.supported.any() for part in found):
                first = pd.concat([part[part.supported].head(1) for part in found])
                return Driver(
                    verdict=SAID,
                    word=word,
                    features=tuple(first.feature),
                    meaning="" if is_own else " and ".join(MEANS.get(w, w.lower()) for w in first.word),
                )
            states.append(any(part.refuted.all() for part in found))
        if states and all(states):
            refuted = refuted or word
        elif states:
            is_open = True
    return Driver(verdict=UNSAID, word=refuted) if refuted and not is_open else Driver(verdict=UNTOLD)


def describe_evidence(driver: Driver, differences: pd.DataFrame, *, currency: str) -> str:
    """The differences that support a name, with both sides' figures."""
    parts = []
    for row in differences[differences.feature.isin(driver.features)].itertuples():
        ours, others = (format_value(v, row.format, currency=currency) for v in (row.ours, row.others))
        parts.append(f"{row.label} {ours} against {others}")
    return " and ".join(parts)


def _list_entries(differences: pd.DataFrame, sure: Collection[str], min_effect: float) -> pd.DataFrame:
    """One row per word for much or for little of a feature: whether it is supported or refuted."""
    parts = []
    for column, sign in (("much", 1), ("little", -1)):
        part = differences[differences[column] != ""]
        effect = sign * part.effect_size
        most = part.high if sign > 0 else -part.low
        parts.append(
            pd.DataFrame(
                {
                    "word": part[column].astype(str),
                    "feature": part.feature,
                    "kind": part.kind,
                    "supported": part.feature.isin(list(sure)) & (effect > 0),
                    "refuted": most < min_effect,
                }
            )
        )
    entries = pd.concat(parts).sort_index(kind="stable")
    return entries.assign(stems=[_stems(word) for word in entries.word])


def _list_meanings(name: str, stated: Mapping[str, Sequence[str]]) -> list[tuple[str, Meaning, bool]]:
    """Word, what it may stand for, and whether that is the data's or the client's word, not the trade's."""
    words = [word for word in split_words(name) if word not in NOUNS]
    found = [(word, Meaning(readings=[(word,)]), True) for word in words]
    taken: set[str] = set()
    for key, values in stated.items():
        if set(split_words(key)) <= set(split_words(name)):
            found.append((key, Meaning(readings=[(value,) for value in values]), True))
            taken |= _stems(key)
    trade = {stem(word): meaning for word, meaning in TRADE.items()}
    found += [
        (word, trade[stem(word)], False) for word in words if stem(word) in trade and stem(word) not in taken
    ]
    return found


def _find(part: str, entries: pd.DataFrame) -> pd.DataFrame:
    """The entries that have all words of the part."""
    wanted = _stems(part)
    return entries[[wanted <= stems for stems in entries.stems]] if wanted else entries.iloc[:0]


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in split_words(text))
