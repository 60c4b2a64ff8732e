"""One record per customer out of those of several systems, by stated rules, with the origin of each cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.errors import InputError

RULES = ("most_recent", "source_order", "majority", "most_complete", "largest", "smallest")
RULE_WORDS = {
    "most_recent": "most recent",
    "source_order": "order of sources",
    "majority": "majority",
    "most_complete": "most complete record",
    "largest": "largest",
    "smallest": "smallest",
}
DEFAULT_RULE, DEFAULT_OWNER = "most_recent", "playbook default"
KEYS = ("group_id", "source", "record_id", "updated_at")
NO_FIELDS = (*KEYS, "true_entity")  # whose truth, if a client gives it, never survives into a golden record
NO_ACCENT_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})  # of lower case
COLUMNS = [
    "group_id",
    "field",
    "value",
    "source",
    "record_id",
    "updated_at",
    "rule",
    "candidates",
    "distinct_values",
]


def apply_survivorship(records: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """Which value of each field stands for a customer whose records differ, and where does it come from?

    Parameters
    ----------
    records : pandas.DataFrame
        ``group_id, source, record_id``, optionally ``updated_at``, and fields (all other columns but
        ``true_entity``), one row per record. Records without a group are left out.
    rules : pandas.DataFrame
        ``field, rule, sources, owner``; see :func:`build_rules`, which completes them. Rules about fields
        that `records` does not have are not applied.

    Returns
    -------
    pandas.DataFrame
        ``group_id, field, value, source, record_id, updated_at, rule, candidates`` (values that are not
        empty), ``distinct_values`` (among them, spelling apart: see :func:`compare_key`), one row per group
        and field with at least one value; by field in the order of `records`, then by group.

    Raises
    ------
    InputError
        A rule is unknown, stated twice, names sources of which there are none, or asks for the largest of
        what are no numbers.

    Notes
    -----
    Ties are broken in this order, whatever the rule: the most recent record first (one without a time last),
    then the source's name, then the record's id. A majority is one of equal values (spelling apart), a tie
    between two values goes to the one with the most recent record, and its most recent record is named.
    Sources that a source order doesn't list come after those it lists.
    """
    fields = [name for name in records.columns if name not in NO_FIELDS]
    plan = build_rules(fields, rules)
    records = records[records["group_id"].notna()]
    if records.empty or not fields:
        return pd.DataFrame(columns=COLUMNS)
    group, groups = pd.factorize(records["group_id"], sort=True)
    standing = rank_records(records)
    is_filled = {name: find_filled(records[name]).to_numpy() for name in fields}
    filled = np.sum([is_filled[name] for name in fields], axis=0)
    times = records["updated_at"].to_numpy() if "updated_at" in records else None
    found = []
    for field, rule, sources in plan[["field", "rule", "sources"]].itertuples(index=False):
        rows = np.flatnonzero(is_filled[field])
        if not len(rows):
            continue
        of = group[rows]
        pairs, same = _count_values(compare_key(records[field].iloc[rows]), of)
        match rule:
            case "most_recent":
                preference = np.zeros(len(rows))
            case "source_order":
                preference = _rank_sources(records["source"].iloc[rows], sources, field=field)
            case "majority":
                preference = -same
            case "most_complete":
                preference = -filled[rows]
            case _:
                sign = -1 if rule == "largest" else 1
                preference = sign * _read_numbers(records[field].iloc[rows], field=field, rule=rule)
        order = np.lexsort((standing[rows], preference, of))
        is_first = np.r_[True, np.diff(of[order]) != 0]
        best = rows[order[is_first]]
        which = of[order[is_first]]
        found.append(
            pd.DataFrame(
                {
                    "group_id": groups[which],
                    "field": field,
                    "value": records[field].iloc[best].to_numpy(dtype=object),
                    "source": records["source"].iloc[best].to_numpy(dtype=object),
                    "record_id": records["record_id"].iloc[best].to_numpy(dtype=object),
                    "updated_at": times[best] if times is not None else pd.NaT,
                    "rule": rule,
                    "candidates": np.bincount(of, minlength=len(groups))[which],
                    "distinct_values": np.bincount(pairs, minlength=len(groups))[which],
                }
            )
        )
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)


def build_rules(fields: Sequence[str], rules: pd.DataFrame) -> pd.DataFrame:
    """Which rule holds for each field, and who stated it?

    Parameters
    ----------
    fields : sequence of str
    rules : pandas.DataFrame
        ``field, rule, sources`` (best first), ``owner`` and optionally ``note``; may be empty.

    Returns
    -------
    pandas.DataFrame
        ``field, rule, sources, owner``, one row per field in the order given; a field without a stated rule
        gets the most recent value, of which the owner is the playbook default.

    Raises
    ------
    InputError
        A rule is unknown or stated twice for a field.
    """
    stated = {row["field"]: row for row in rules.to_dict("records")} if len(rules) else {}
    if len(stated) < len(rules):
        twice = rules["field"][rules["field"].duplicated()].iloc[0]
        raise InputError(
            f"'{twice}' has two rules of survivorship",
            where="engagement file, survivorship",
            fix="state one rule per field",
        )
    for name, row in stated.items():
        if row["rule"] not in RULES:
            raise InputError(
                f"'{row['rule']}' is no rule of survivorship",
                where=f"engagement file, survivorship, field {name}",
                fix=f"use one of: {', '.join(RULES)}",
            )
    default = {"rule": DEFAULT_RULE, "sources": (), "owner": DEFAULT_OWNER}
    known = [{"field": name, **default, **stated.get(name, {})} for name in fields]
    return pd.DataFrame(known, columns=["field", "rule", "sources", "owner"])


def find_filled(values: pd.Series) -> pd.Series:
    """Which cells hold something? Text of spaces alone holds nothing.

    Returns
    -------
    pandas.Series of bool
    """
    filled = values.notna()
    if not is_text(values):
        return filled
    return filled & values.astype("string").str.strip().ne("").fillna(False).astype(bool)


def fold_spelling(texts: pd.Series) -> pd.Series:
    """Text without what is spelling only: capitals, accents, more than one space; blank becomes missing."""
    plain = texts.astype("string").str.casefold().str.translate(NO_ACCENT_LETTERS).str.normalize("NFKD")
    plain = plain.str.replace("[\u0300-\u036f]", "", regex=True).str.split().str.join(" ")
    return plain.mask(plain.eq(""))


def compare_key(values: pd.Series) -> np.ndarray:
    """Which values are the same, spelling apart (see :func:`fold_spelling`)?

    Returns
    -------
    numpy.ndarray of int
        One number per different value; −1 for an empty cell.
    """
    codes, levels = pd.factorize(values)
    if not is_text(values):
        return codes
    again = pd.factorize(fold_spelling(pd.Series(levels, dtype="string")))[0]
    return np.where(codes < 0, -1, np.r_[again, -1][codes])


def is_text(values: pd.Series) -> bool:
    """Is a column text, whatever pandas keeps it as? Amounts that arrive as decimals are not."""
    if isinstance(values.dtype, pd.StringDtype):
        return True
    return values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) in ("string", "mixed")


def rank_records(records: pd.DataFrame) -> np.ndarray:
    """Which record comes first where a rule leaves a tie: the most recent, then by source, then by id.

    Returns
    -------
    numpy.ndarray of int
        The place of each record, 0 the first.
    """
    if "updated_at" in records:
        times = pd.to_datetime(records["updated_at"], utc=True)
        age = np.where(times.isna(), np.iinfo("int64").max, -times.astype("int64"))
    else:
        age = np.zeros(len(records))
    source, record = (pd.factorize(records[name], sort=True)[0] for name in ("source", "record_id"))
    place = np.empty(len(records), dtype="int64")
    place[np.lexsort((record, source, age))] = np.arange(len(records))
    return place


def _count_values(keys: np.ndarray, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The group of each different pair of group and value, and how many records share each record's value."""
    width = int(keys.max()) + 1
    pairs, inverse, counts = np.unique(
        of.astype("int64") * width + keys, return_inverse=True, return_counts=True
    )
    return pairs // width, counts[inverse]


def _rank_sources(sources: pd.Series, order: Sequence[str], *, field: str) -> np.ndarray:
    rank = {name: place for place, name in enumerate(order)}
    places = sources.map(rank)
    if places.isna().all():
        raise InputError(
            f"the order of sources ({', '.join(order) or 'none stated'}) names none that has a value",
            where=f"engagement file, survivorship, field {field}",
            fix=f"list the sources, best first; there are: {', '.join(sorted(sources.unique()))}",
        )
    return places.fillna(len(rank)).to_numpy(float)


def _read_numbers(values: pd.Series, *, field: str, rule: str) -> np.ndarray:
    if is_text(values):
        raise InputError(
            f"the {rule} of what are no numbers cannot be told",
            where=f"engagement file, survivorship, field {field}",
            fix="choose another rule for this field, such as most_recent",
        )
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.astype("int64").to_numpy(float)
    return values.to_numpy(float)
