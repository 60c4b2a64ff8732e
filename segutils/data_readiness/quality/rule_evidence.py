"""Which rule of survivorship names the right value, on customers whose values were checked by hand?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from segutils.data_readiness.quality.record_conflicts import FIELDS, differs
from segutils.data_readiness.quality.survivorship import (
    DEFAULT_OWNER,
    RULE_WORDS,
    apply_survivorship,
    build_rules,
    find_filled,
    fold_spelling,
    is_text,
)
from segutils.statistics.intervals import wilson_interval

COLUMNS = [
    "field",
    "rule",
    "declared",
    "owner",
    "checked",
    "right",
    "share",
    "low",
    "high",
    "gained",
    "lost",
    "p_value",
]


def score_rules(
    records: pd.DataFrame,
    checked: pd.DataFrame,
    rules: pd.DataFrame,
    *,
    fields: Sequence[str] = FIELDS,
    tolerance: float = 0.05,
    level: float = 0.95,
) -> pd.DataFrame:
    """How often would each rule have named the value that a person found to be right?

    Parameters
    ----------
    records : pandas.DataFrame
        As :func:`~segutils.data_readiness.quality.record_conflicts.build_conflicts` takes them; a record
        whose ``record_id`` is a checked customer's id tells which group this customer is.
    checked : pandas.DataFrame
        ``customer_id, field, value`` (text), checked by hand.
    rules : pandas.DataFrame
        ``field, rule, sources, owner``, as declared.
    fields, tolerance, level
        As there.

    Returns
    -------
    pandas.DataFrame
        ``field, rule`` (in words), ``declared``, ``owner`` (of the declared rule), ``checked`` (customers
        with a value in any record), ``right``, ``share``, ``low, high`` (Wilson 1927), ``gained`` (customers
        for whom this rule is right and the declared one wrong), ``lost`` (the other way round), ``p_value``
        (exact McNemar test of the two, after Holm for all rules of the field). Declared rule first, then by
        share.
    """
    known = [name for name in fields if name in records.columns]
    links = records[["record_id", "group_id"]].dropna().drop_duplicates("record_id")
    sample = checked[checked["field"].isin(known)].merge(links, left_on="customer_id", right_on="record_id")
    sample = sample.drop_duplicates(["group_id", "field"])
    if sample.empty:
        return pd.DataFrame(columns=COLUMNS)
    subset = records[records["group_id"].isin(sample["group_id"])]
    tables = [
        _score_field(subset, sample[sample["field"] == field], rule, tolerance=tolerance)
        for field, rule in zip(known, build_rules(known, rules).to_dict("records"), strict=True)
        if (sample["field"] == field).any()
    ]
    table = pd.concat(tables, ignore_index=True)
    table["share"] = table["right"] / table["checked"]
    table[["low", "high"]] = wilson_interval(table["right"], table["checked"], level=level)
    return table[COLUMNS]


def _score_field(
    records: pd.DataFrame, sample: pd.DataFrame, stated: dict, *, tolerance: float
) -> pd.DataFrame:
    field = stated["field"]
    columns = ["group_id", "source", "record_id", *[c for c in ("updated_at",) if c in records], field]
    candidates = _list_candidates(records, stated)
    is_right = {}
    for words, rule in candidates.items():
        # the most complete record is judged by all fields, the others need this one alone
        used = records if rule["rule"] == "most_complete" else records[columns]
        golden = apply_survivorship(used, pd.DataFrame([{"field": field, **rule}]))
        pairs = golden[golden["field"] == field].merge(sample, on="group_id", suffixes=("", "_checked"))
        is_right[words] = _compare(pairs["value"], pairs["value_checked"], records[field], tolerance)
    declared = next(iter(candidates))
    rows = [
        {
            "field": field,
            "rule": words,
            "declared": words == declared,
            "owner": stated["owner"] if words == declared else "",
            "checked": len(right),
            "right": int(right.sum()),
            "gained": int((right & ~is_right[declared]).sum()),
            "lost": int((~right & is_right[declared]).sum()),
        }
        for words, right in is_right.items()
    ]
    table = pd.DataFrame(rows)
    table["p_value"] = _hold_against_declared(table)
    order = table.assign(last=~table["declared"]).sort_values(["last", "right"], ascending=[True, False])
    return table.loc[order.index]


def _list_candidates(records: pd.DataFrame, stated: dict) -> dict[str, dict]:
    """The declared rule first, then the others; of orders of sources those with one source first."""
    names = ["most_recent", "majority", "most_complete"]
    if not is_text(records[stated["field"]]):
        names += ["largest", "smallest"]
    found = {say_rule(stated["rule"], stated["sources"]): {k: stated[k] for k in ("rule", "sources")}}
    for name in names:
        found.setdefault(say_rule(name, ()), {"rule": name, "sources": ()})
    valued = records.loc[find_filled(records[stated["field"]]), "source"]
    for source in sorted(valued.unique()):
        found.setdefault(f"{source} first", {"rule": "source_order", "sources": (source,)})
    return {words: {**rule, "owner": DEFAULT_OWNER} for words, rule in found.items()}


def say_rule(rule: str, sources: Sequence[str]) -> str:
    """A rule in words: ``most recent``, ``erp before crm``."""
    return " before ".join(sources) if rule == "source_order" and len(sources) else RULE_WORDS[rule]


def _compare(values: pd.Series, checked: pd.Series, whole: pd.Series, tolerance: float) -> np.ndarray:
    if is_text(whole):
        return fold_spelling(values).eq(fold_spelling(checked)).fillna(False).to_numpy(bool)
    numbers = pd.to_numeric(checked, errors="coerce").to_numpy(float)
    return np.isfinite(numbers) & ~differs(values.to_numpy(float), numbers, tolerance=tolerance)


def _hold_against_declared(table: pd.DataFrame) -> np.ndarray:
    """Exact McNemar tests against the declared rule, Holm's correction for their number."""
    apart = (table["gained"] + table["lost"]).to_numpy()
    raw = np.array(
        [
            binomtest(int(gained), int(count)).pvalue if count else 1.0
            for gained, count in zip(table["gained"], apart, strict=True)
        ]
    )
    tested = np.flatnonzero(~table["declared"])
    result = np.full(len(table), np.nan)
    order = tested[np.argsort(raw[tested], kind="stable")]
    steps = raw[order] * np.arange(len(order), 0, -1)
    result[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return result
