"""Is a group's name one that people can act on? The tests that every name must pass, and their word lists."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import ibis.expr.types as ir
import pandas as pd

from segutils.formats import join_words
from segutils.statistics.spellings import harmonise_spelling

UNIQUE, SHORT, CODE, PROTECTED, JUDGEMENT = (
    *("unique", "short", "no code", "no protected attribute", "no judgement"),
)


def _list(text: str) -> frozenset[str]:
    return frozenset(text.split())


# names that say only that a group is no other group
REMAINDERS = _list("""
standard other others misc miscellaneous rest remaining remainder general default normal regular
average typical ordinary none unknown unassigned various
""")
# names that judge; a customer who hears it may be offended, and nobody knows what to do
JUDGEMENTS = _list("""
best worst good bad better worse great poor top bottom premium prime key star stars dog dogs loser
losers winner winners problem problems problematic difficult troublesome gold silver bronze platinum
diamond vip elite ideal perfect cheap lazy unprofitable profitable worthless valuable strategic
important
""")
# words that tell of persons what the law protects in most places; one of them is reason to look
OBVIOUS = _list("""
woman women female females man men male males girl boy gender sex pregnant mother mothers father
fathers mum mums mom moms parent parents family families kid kids child children baby babies teen
teens youth young younger old older elderly senior seniors pensioner pensioners retired retiree
retirees married unmarried divorced widowed single singles ethnic ethnicity race racial black white
asian hispanic latino african migrant migrants immigrant immigrants foreigner foreigners religion
religious christian catholic protestant muslim islamic jewish hindu buddhist disabled disability
handicapped gay lesbian queer transgender
""")
# abbreviations of trade that outsiders know
KNOWN = frozenset(["OEM", "SME", "B2B", "B2C", "EU", "UK", "USA", "US"])
CODE_PATTERN = re.compile(r"(?ix) ^ (?: [a-z]{1,4} [-_.\ ]? \d{1,4} | \d{1,4} | [a-z] ) $")
# words of columns and values that say nothing by themselves
GENERIC = _list("""
owned is has status comp count size flag type kind group of the and no yes true false
""")
COMPARING = frozenset(
    ["under", "over", "above", "below", "up", "to", "and", "more", "less", "than", "from", "or"]
)
STEM = 5  # letters that two forms of a word share: laboratory, laboratories


def split_words(text: str) -> list[str]:
    """The words of a name or a value, in lower case."""
    return re.findall(r"[^\W_]+", str(text).casefold())


def stem(word: str) -> str:
    """What forms of a word have in common."""
    short = word[:-1] if len(word) > 3 and word.endswith("s") else word
    return short[:STEM]


def list_other_names(customers: ir.Table, groups: pd.DataFrame, columns: Collection[str]) -> pd.DataFrame:
    """Where else is a group's name in use, and for the same customers?

    Parameters
    ----------
    customers : ibis table
        ``customer_id`` and the columns with other groupings.
    groups : pandas.DataFrame
        ``customer_id, group, grouping``.
    columns : collection of str
        Other groupings; the groups' own column and those that customers lack are passed over.

    Returns
    -------
    pandas.DataFrame
        ``group, column, name, shared`` (customers of both as a share of those of either, 0-1): names of other
        groupings that are the same words or begin alike, such as Lab and Laboratory.
    """
    own = set(groups["grouping"])
    rows = []
    for column in sorted(set(columns) - own):
        if column not in customers.columns:
            continue
        told = customers.select("customer_id", name=customers[column].cast("string")).to_pandas()
        told = told.dropna().drop_duplicates("customer_id")
        told["name"] = harmonise_spelling(told.name)  # a misspelling is no other meaning
        both = groups.merge(told, on="customer_id", how="outer")
        for group in sorted(groups["group"].unique()):
            for name in sorted(told.name.unique()):
                if _alike(group, name):
                    inside, outside = both["group"] == group, both.name == name
                    shared = (inside & outside).sum() / (inside | outside).sum()
                    rows.append((group, column, name, float(shared)))
    return pd.DataFrame(rows, columns=["group", "column", "name", "shared"])


def list_protected_words(attributes: Sequence[str], people: pd.DataFrame | None = None) -> frozenset[str]:
    """Which words give a protected attribute away?

    Parameters
    ----------
    attributes : sequence of str
        Protected columns of customers, as the engagement file declares them.
    people : pandas.DataFrame, optional
        These columns, read for the purpose of fairness: their values are words, too.

    Returns
    -------
    frozenset of str
        In lower case, without words that say nothing, such as ``owned`` or ``yes``, and without numbers.
    """
    found = {word for name in attributes for word in split_words(name)}
    for name in attributes:
        if people is not None and name in people.columns:
            for value in people[name].dropna().unique():
                found.update(split_words(value))
    return frozenset(w for w in found if len(w) > 2 and w not in GENERIC and not any(c.isdigit() for c in w))


def check_name(
    name: str,
    *,
    others: Sequence[str] = (),
    protected: Collection[str] = (),
    max_words: int = 4,
    max_characters: int = 32,
) -> dict[str, str]:
    """What is wrong with a name, whatever its customers are like?

    Parameters
    ----------
    name : str
    others : sequence of str
        The other names of the same grouping.
    protected : collection of str
        From :func:`list_protected_words`; the playbook's own list (:data:`OBVIOUS`) is always added.
    max_words, max_characters : int

    Returns
    -------
    dict of str to str
        Test to what is wrong, in words; empty where the name passes them all.
    """
    words, wrong = split_words(name), {}
    twins = [other for other in others if [stem(w) for w in split_words(other)] == [stem(w) for w in words]]
    if twins:
        wrong[UNIQUE] = f"reads like {join_words(twins)}"
    if len(str(name).split()) > max_words or len(str(name)) > max_characters:
        wrong[SHORT] = "too long"
    if is_number(name):
        wrong[CODE] = "a number that does not say of what"
    elif _is_code(str(name)):
        wrong[CODE] = "an internal code or abbreviation"
    hits = [w for w in words if w in protected or stem(w) in {stem(p) for p in protected} or w in OBVIOUS]
    if hits:
        wrong[PROTECTED] = f"“{hits[0]}” may tell a protected attribute"
    for list_of, what in (
        (REMAINDERS, "says only what it is not"),
        (JUDGEMENTS, "judges instead of describing"),
    ):
        found = [w for w in words if w in list_of]
        if found:
            wrong[JUDGEMENT] = f"“{found[0]}” {what}"
    return wrong


def read_meanings(stated: Sequence[str]) -> dict[str, list[str]]:
    """What words of names stand for: ``"OEM: Machinery"``, several values parted by semicolons."""
    parts = [line.partition(":") for line in stated]
    return {word.strip(): [v.strip() for v in values.split(";") if v.strip()] for word, _, values in parts}


def is_number(name: str) -> bool:
    """A name that is a number or a range of numbers only, such as 15-24K or Under 15K."""
    words = [w for w in split_words(name) if w not in COMPARING]
    return bool(words) and all(re.fullmatch(r"\d+(?:k|m|mn|bn)?", w) for w in words)


def _alike(one: str, other: str) -> bool:
    """The same words, or each the beginning of its counterpart: Lab, Laboratory."""
    pairs = list(zip(split_words(one), split_words(other), strict=False))
    if not pairs or len(split_words(one)) != len(split_words(other)):
        return False
    sorted_pairs = [sorted((a.rstrip("s"), b.rstrip("s")), key=len) for a, b in pairs]
    return all(long == short or (len(short) >= 3 and long.startswith(short)) for short, long in sorted_pairs)


def _is_code(name: str) -> bool:
    if CODE_PATTERN.match(name.strip()) or "_" in name:
        return True
    tokens = re.findall(r"[^\s/&-]+", name)
    capitals = [t for t in tokens if len(t) in (2, 3, 4) and t.isalpha() and t.isupper() and t not in KNOWN]
    mixed = [t for t in tokens if re.fullmatch(r"(?i)[a-z]{1,4}\d{1,4}|\d{1,4}[a-z]{2,4}", t)]
    return bool(capitals or mixed)
