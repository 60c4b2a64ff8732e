"""Which values of a category are one value, written in several ways?

One rule for the whole house: ingestion reports by it, and what groups customers counts by it. The client's
cells are never changed; where spellings are counted as one, the reader is told how many.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import ibis.expr.types as ir
import pandas as pd

MAX_CATEGORIES = 500  # a column with more values is no category
MISSPELT_ODDS, MISSPELT_RATIO = 20, 0.8
ROMAN = re.compile(r"[ivx]{1,4}")


@dataclass(frozen=True, kw_only=True)
class Respelt:
    """A table whose categories are written in one way each.

    Parameters
    ----------
    table : ibis table
    changes : pandas.DataFrame
        ``column, wrong, right, rows``: what counts as what, and in how many rows; sorted.
    """

    table: ir.Table
    changes: pd.DataFrame


def match_spellings(rows: Mapping[str, int]) -> dict[str, str]:
    """Which spelling is meant to be which?

    Parameters
    ----------
    rows : mapping of str to int
        How often each value occurs.

    Returns
    -------
    dict of str to str
        Rare spelling to the frequent value. A spelling is wrong where a value at least `MISSPELT_ODDS` times
        as frequent differs from it by a letter or two (`SequenceMatcher` ratio) or begins with it ("Chem."),
        or where the more frequent one differs by case and spaces only. Values that differ in digits, in a
        word of one letter or in a Roman numeral (``Tier A``, ``Tier B``), or by letters put before
        (``active``, ``inactive``), are different values.
    """
    found, plain = {}, {value: _plain(value) for value in rows}
    series: dict[tuple[str, ...], list[str]] = {}
    for value in sorted(rows):
        series.setdefault(_marks(value), []).append(value)
    for value, count in sorted(rows.items()):
        others = [other for other in series[_marks(value)] if other != value]
        same = [o for o in others if plain[o] == plain[value] and (rows[o], o) > (count, value)]
        often = [o for o in others if rows[o] >= MISSPELT_ODDS * count and min(len(o), len(value)) > 3]
        alike = [o for o in often if _words(o) == _words(value) and not _is_prefixed(o, value)]
        stem = plain[value].removesuffix(".")
        cut = [o for o in often if value.endswith(".") and len(stem) > 2 and plain[o].startswith(stem)]
        if same:
            found[value] = max(same, key=lambda o: (rows[o], o))
        elif len(cut) == 1:
            found[value] = cut[0]
        elif near := get_close_matches(value, alike, n=1, cutoff=MISSPELT_RATIO):
            found[value] = near[0]
    return found


def harmonise_spelling(values: pd.Series) -> pd.Series:
    """Spellings of one value as one: ``chemicals``, ``CHEMICALS`` and ``Chem.`` are ``Chemicals``."""
    plain = values.astype(str).str.split().str.join(" ")
    counts = plain.value_counts()
    return plain.replace(_resolve({str(value): int(rows) for value, rows in counts.items()}))


def respell_columns(table: ir.Table, columns: Sequence[str]) -> Respelt:
    """The same table with one spelling for each value of these columns, and how many rows that concerns.

    Parameters
    ----------
    table : ibis table
    columns : sequence of str
        Columns of text; those that the table lacks or that are no text are passed over.

    Returns
    -------
    Respelt
    """
    changes = []
    for name in columns:
        if name not in table.columns or not table[name].type().is_string():
            continue
        counted = table.group_by(value=table[name]).aggregate(rows=lambda t: t.count())
        counted = counted.filter(counted.value.notnull()).limit(MAX_CATEGORIES + 1)
        rows = {r["value"]: r["rows"] for r in counted.to_pyarrow().to_pylist()}
        wrong = _resolve(rows)
        changes += [(name, value, right, rows[value]) for value, right in sorted(wrong.items())]
        if wrong:
            table = table.mutate(**{name: table[name].substitute(wrong)})
    return Respelt(table=table, changes=pd.DataFrame(changes, columns=["column", "wrong", "right", "rows"]))


def _resolve(rows: Mapping[str, int]) -> dict[str, str]:
    """Wrong spelling to the right one, through chains (``Chem.`` → ``CHEMICALS`` → ``Chemicals``)."""
    if len(rows) > MAX_CATEGORIES:
        return {}
    right = match_spellings(rows)
    while chained := {wrong: right[other] for wrong, other in right.items() if other in right}:
        right |= chained
    return right


def _plain(value: str) -> str:
    return " ".join(value.split()).casefold()


def _words(value: str) -> int:
    """One word more is another category: 'Miscellaneous' and 'Miscellaneous drinks'."""
    return len(re.findall(r"\w+", value))


def _marks(value: str) -> tuple[str, ...]:
    """What tells one value of a series from the next: digits, single letters, Roman numerals."""
    words = re.findall(r"[^\W\d_]+", value.casefold())
    return ("".join(filter(str.isdigit, value)), *(w for w in words if len(w) == 1 or ROMAN.fullmatch(w)))


def _is_prefixed(one: str, other: str) -> bool:
    """Two letters and more before a value make another one of it: male and female, active and inactive."""
    short, long = sorted((_plain(one), _plain(other)), key=len)
    return len(long) - len(short) >= 2 and long.endswith(short)
