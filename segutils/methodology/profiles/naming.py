"""Short, unique segment names made of what drives each segment; no code, no personal attribute."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import pandas as pd

from segutils.formats import format_value, lower_first

TYPICAL, EVERYONE = "Typical", "All buyers"


def build_names(
    profiles: pd.DataFrame,
    catalogue: pd.DataFrame,
    *,
    currency: str,
    protected: Sequence[str] = (),
    min_effect: float = 0.2,
    max_words: int = 2,
    max_characters: int = 28,
) -> pd.DataFrame:
    """What should each segment be called, so that everyone who hears the name knows who is meant?

    A name is made of the words for the segment's strongest differences from everyone else. Where two segments
    would be called the same, the next strongest difference is added to both, until they can be told apart.

    Parameters
    ----------
    profiles : pandas.DataFrame
        ``segment, feature, mean, mean_all, effect_size``.
    catalogue : pandas.DataFrame
        ``feature, label, format, high_word, low_word, used``; only used features name a segment.
    currency : str
        ISO 4217 code, for amounts in descriptions.
    protected : sequence of str
        Columns that must not name a segment.
    min_effect : float
        Smallest difference worth a word, in standard deviations (0.2 is small: Cohen 1988). A segment without
        one is called "Typical", an only segment "All buyers".
    max_words, max_characters : int
        Length of a name; one more word may be added only to tell two segments apart.

    Returns
    -------
    pandas.DataFrame
        ``segment, name, description`` (a sentence with the means behind the name), ``drivers`` (the words of
        all differences, strongest first), in the order of segments. Of two equal differences the one that
        comes first in the catalogue counts as the stronger.
    """
    allowed = catalogue[catalogue["used"] & ~catalogue["feature"].isin(protected)].reset_index(drop=True)
    place = pd.Series(allowed.index, index=allowed["feature"])
    known = profiles[profiles["feature"].isin(place.index) & profiles["effect_size"].notna()]
    known = known.merge(allowed, on="feature").assign(
        strength=lambda t: t["effect_size"].abs().round(9), place=lambda t: t["feature"].map(place)
    )
    known["word"] = known["high_word"].where(known["effect_size"] > 0, known["low_word"])
    ranked = known.sort_values(["strength", "place"], ascending=[False, True], kind="stable")
    segments = list(dict.fromkeys(profiles["segment"]))
    drivers = {code: ranked[ranked["segment"] == code] for code in segments}
    words = {code: d.loc[d["strength"] >= min_effect, "word"].tolist() for code, d in drivers.items()}
    spare = {code: d.loc[d["strength"] < min_effect, "word"].tolist() for code, d in drivers.items()}
    if len(segments) == 1:
        names = {segments[0]: EVERYONE}
    else:
        names = _tell_apart(
            {
                code: list(_list_names(words[code], spare[code], max_words, max_characters))
                for code in segments
            }
        )
    rows = [
        [
            code,
            names[code],
            _describe(drivers[code].head(max_words + 1), currency),
            ", ".join(word.lower() for word in words[code]) or "close to the average on everything",
        ]
        for code in segments
    ]
    return pd.DataFrame(rows, columns=["segment", "name", "description", "drivers"])


def _list_names(
    words: Sequence[str], spare: Sequence[str], max_words: int, max_characters: int
) -> Iterator[tuple[str, ...]]:
    """Words to try, best first: the strongest, then one more, then other pairs and triples that fit."""
    first = list(words[:max_words]) or [TYPICAL]
    rest = [*words[max_words:], *spare]
    others = [list(c) for n in (max_words, max_words + 1) for c in combinations([*words, *spare], n)]
    wanted = [first, *([*first, word] for word in rest), *others]
    seen: set[frozenset[str]] = set()
    for choice in wanted:
        key = frozenset(choice)
        if key not in seen and len(_write(choice)) <= max_characters:
            seen.add(key)
            yield tuple(choice)
    if not seen:
        yield tuple(first)  # a single long word is better than no name


def _tell_apart(candidates: dict[str, list[tuple[str, ...]]]) -> dict[str, str]:
    """One name per segment: those that collide go on to their next candidate, all at the same time."""
    at = dict.fromkeys(candidates, 0)
    while True:
        chosen = {code: candidates[code][at[code]] for code in candidates}
        keys = pd.Series({code: frozenset(choice) for code, choice in chosen.items()})
        double = [code for code in candidates if (keys == keys[code]).sum() > 1]
        movable = [code for code in double if at[code] + 1 < len(candidates[code])]
        if not movable:
            break
        for code in movable:
            at[code] += 1
    # segments with the same words in every combination differ only in degree: number them
    names: dict[str, str] = {}
    for code, choice in chosen.items():
        same = [other for other in double if keys[other] == keys[code]]
        names[code] = _write(choice) + (f" {same.index(code) + 1}" if code in same else "")
    return names


def _write(words: Sequence[str]) -> str:
    return " ".join([words[0], *(word.lower() for word in words[1:])])


def _describe(drivers: pd.DataFrame, currency: str) -> str:
    parts = [
        f"{lower_first(row.label)} {format_value(row.mean_, row.format, currency=currency)} "
        f"against {format_value(row.mean_all, row.format, currency=currency)}"
        for row in drivers.rename(columns={"mean": "mean_"}).itertuples()
    ]
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]} (mean per customer, against all buyers)." if text else ""
