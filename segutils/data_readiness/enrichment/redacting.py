"""Personal data out of texts, before anything is stored: tokens such as [NAME] and [EMAIL] in their place."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from segutils.data_readiness.enrichment import name_patterns, number_patterns, street_patterns
from segutils.data_readiness.enrichment.languages import assign_languages
from segutils.data_readiness.enrichment.name_patterns import Words, fold
from segutils.data_readiness.enrichment.number_patterns import (
    CARD,
    CUSTOMER,
    EMAIL,
    IBAN,
    NAME,
    PHONE,
    STREET,
    Span,
)
from segutils.errors import InputError

KINDS = (EMAIL, IBAN, CARD, CUSTOMER, PHONE, STREET, NAME)
TOKENS = {kind: f"[{kind.upper().replace(' ', '_')}]" for kind in KINDS}
TOKEN = re.compile("|".join(re.escape(token) for token in TOKENS.values()))
MIN_LOWER_SHARE = 0.1
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """What is known about persons and customer numbers before texts are read; see :func:`build_lexicon`."""

    words: Words
    shape: re.Pattern[str] | None
    customer_ids: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Redacted:
    """Texts without personal data.

    Parameters
    ----------
    texts : pandas.Series
        With tokens; the index of the texts that came.
    languages : pandas.Series
        Language code of each text.
    counts : pandas.DataFrame
        ``kind, redactions, texts`` (texts with at least one), one row per kind.
    """

    texts: pd.Series
    languages: pd.Series
    counts: pd.DataFrame


def build_lexicon(
    texts: Iterable[str],
    *,
    names: Iterable[str] = (),
    customer_ids: Iterable[str] = (),
    keep: Iterable[str] = (),
    min_learned: int = 2,
) -> Lexicon:
    """Which words name persons at this client, and which don't?

    Parameters
    ----------
    texts : iterable of str
        All texts, or a large sample; read twice where it is a sequence.
    names : iterable of str
        Known persons, as the client writes them: columns ``name`` of customers and source_records.
    customer_ids : iterable of str
        Their look is how other customer numbers are recognised.
    keep : iterable of str
        Words that must stay although they look like names: product lines, brands, the client's own name.
    min_learned : int
        Times a name must be introduced in the texts to be known from then on.

    Returns
    -------
    Lexicon
    """
    texts = [number_patterns.hide_emails(text) for text in texts]  # they write names in small letters
    lower: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for text in texts:
        for word in _WORD.findall(text):
            (lower if word.islower() else capital)[fold(word)] += 1
    ordinary = {word for word, n in lower.items() if n > 1 and n >= MIN_LOWER_SHARE * (n + capital[word])}
    kept = {fold(word) for phrase in keep for word in _WORD.findall(str(phrase))}
    known = {fold(part) for name in names for part in _WORD.findall(str(name)) if len(part) > 2}
    start = Words(names=frozenset(known - ordinary - kept), ordinary=frozenset(ordinary | kept))
    told = Counter(part for text in texts for part in set(name_patterns.learn_names(text, start)))
    learned = {part for part, n in told.items() if n >= min_learned} - kept
    ids = frozenset(str(value) for value in customer_ids)
    return Lexicon(
        words=Words(names=start.names | learned, ordinary=start.ordinary),
        shape=number_patterns.list_shapes(ids) if ids else None,
        customer_ids=ids,
    )


def find_personal(text: str, lexicon: Lexicon, *, language: str = "en") -> list[Span]:
    """Where do personal data stand in this text? In order, without overlaps; the more certain kind wins."""
    emails = list(number_patterns.find_emails(text))
    found = [*emails]
    if any(letter.isdigit() for letter in text):
        found += number_patterns.find_ibans(text)
        found += number_patterns.find_cards(text)
        found += number_patterns.find_customer_numbers(text, lexicon.shape, lexicon.customer_ids)
        found += number_patterns.find_phones(text)
        found += street_patterns.find_streets(text)
    addresses = [text[span.start : span.stop] for span in emails]
    found += name_patterns.find_names(text, lexicon.words, language=language, emails=addresses)
    kept: list[Span] = []
    for span in found:  # in the order of KINDS: the first that claims a place has it
        if all(span.stop <= other.start or span.start >= other.stop for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def redact_texts(texts: pd.Series, lexicon: Lexicon) -> Redacted:
    """What do the texts say once nobody can be recognised in them?

    Parameters
    ----------
    texts : pandas.Series of str
        No missing values.
    lexicon : Lexicon

    Returns
    -------
    Redacted

    Raises
    ------
    InputError
        If a strong pattern still matches afterwards (:func:`check_redacted`).
    """
    languages = assign_languages(texts)
    counts: Counter[str] = Counter()
    within: Counter[str] = Counter()
    redacted = []
    for text, language in zip(texts, languages, strict=True):
        spans = find_personal(text, lexicon, language=language)
        redacted.append(_replace(text, spans))
        counts.update(span.kind for span in spans)
        within.update({span.kind for span in spans})
    clean = pd.Series(redacted, index=texts.index, dtype=object)
    check_redacted(clean, lexicon)
    table = pd.DataFrame(
        {"kind": KINDS, "redactions": [counts[kind] for kind in KINDS], "texts": [within[k] for k in KINDS]}
    )
    return Redacted(texts=clean, languages=languages, counts=table)


def check_redacted(texts: pd.Series, lexicon: Lexicon) -> None:
    """Is there nothing left in these texts that a pattern alone tells to be personal?

    E-mail addresses, account and card numbers with right check digits, customer numbers of the client's own
    shape and phone numbers.

    Raises
    ------
    InputError
        With kind and number of texts, never with the datum.
    """
    left = Counter(kind for text in texts for kind in set(_find_strong(text, lexicon)))
    if left:
        kinds = ", ".join(f"{kind} in {count:,}" for kind, count in sorted(left.items()))
        raise InputError(
            f"personal data are left after redaction ({kinds} of {len(texts):,} texts)",
            where="texts of tickets, after redaction",
            fix="redact again with redact_texts; texts that do not pass must not be stored or counted",
        )


def _find_strong(text: str, lexicon: Lexicon) -> list[str]:
    if "@" in text and any(number_patterns.find_emails(text)):
        return [EMAIL]
    if not any(letter.isdigit() for letter in text):
        return []
    finders = (
        number_patterns.find_ibans(text),
        number_patterns.find_cards(text),
        number_patterns.find_customer_numbers(text, lexicon.shape, lexicon.customer_ids),
        number_patterns.find_phones(text),
    )
    return [span.kind for finder in finders for span in finder]


def _replace(text: str, spans: Sequence[Span]) -> str:
    parts, last = [], 0
    for span in spans:
        parts += [text[last : span.start], TOKENS[span.kind]]
        last = span.stop
    return "".join([*parts, text[last:]])
