"""Which pairs of records are worth comparing at all?

All pairs of a million records are 500 billion. A blocking rule compares records only where they agree on a
key; what no rule brings together is never compared, and so never found.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.errors import InputError

CANDIDATES: Sequence[tuple[str, ...]] = (
    ("identifier",),
    ("phone",),
    ("own_email",),
    ("firm_domain",),
    ("company",),
    ("birth_date",),
    ("postcode", "house"),
    ("company_start", "postcode"),
    ("person", "city"),
    ("person",),
    ("first_word", "postcode"),
    ("last_word", "postcode"),
    ("place",),
    ("first_word", "last_word"),
    ("city", "house"),
)
WORDS = {
    "identifier": "identifier",
    "phone": "phone",
    "own_email": "own mailbox",
    "firm_domain": "domain of the firm",
    "company": "company",
    "birth_date": "date of birth",
    "postcode": "postcode",
    "house": "house number",
    "company_start": "start of the company",
    "person": "person",
    "city": "town",
    "first_word": "first name word",
    "last_word": "last name word",
    "place": "street and town",
}


def count_comparisons(compared: ir.Table, groups: np.ndarray) -> pd.DataFrame:
    """How many comparisons does each candidate rule ask for, and how many certain links does it reach?

    Parameters
    ----------
    compared : ibis.Table
        The records as they are compared (DuckDB), ``row`` and the columns of `CANDIDATES`.
    groups : numpy.ndarray
        Certain group of each row.

    Returns
    -------
    pandas.DataFrame
        ``rule, columns, records, comparisons, links_reached`` (share of certain links), fewest comparisons
        first. Candidates whose columns are empty are left out.
    """
    known = ibis.memtable(pd.DataFrame({"row": np.arange(len(groups)), "certain": groups}))
    sizes = np.bincount(np.bincount(groups, minlength=1))
    links = int((sizes * np.arange(len(sizes)) * (np.arange(len(sizes)) - 1) // 2).sum())
    grouped = compared.join(known, "row")
    rows = []
    for columns in CANDIDATES:
        filled = grouped.filter([grouped[column].notnull() for column in columns])
        blocks = filled.group_by(list(columns)).agg(n=filled.count().cast("float64"))
        total = blocks.agg(records=blocks.n.sum(), comparisons=(blocks.n * (blocks.n - 1) / 2).sum())
        within = filled.group_by([*columns, "certain"]).agg(n=filled.count().cast("float64"))
        reached = within.agg(links=(within.n * (within.n - 1) / 2).sum())
        counted = total.to_pandas().iloc[0]
        if not counted.records or np.isnan(counted.comparisons) or not counted.comparisons:
            continue
        rows.append(
            {
                "rule": "same " + " and ".join(WORDS[column] for column in columns),
                "columns": columns,
                "records": int(counted.records),
                "comparisons": int(counted.comparisons),
                "links_reached": float(reached.to_pandas().links.iloc[0] or 0) / links if links else np.nan,
            }
        )
    if not rows:
        raise InputError(
            "no two records agree in anything that could be compared",
            where="source_records",
            fix="map the columns name, email, phone, company, street, city, postcode or website",
        )
    return pd.DataFrame(rows).sort_values("comparisons", kind="stable", ignore_index=True)


def choose_blocking(candidates: pd.DataFrame, *, records: int, max_per_record: float = 10) -> pd.DataFrame:
    """Which blocking rules are used, under a stated number of comparisons?

    The rule with the fewest comparisons comes first, and rules are added while all of them together stay
    within the limit. A rule that is wider than another one (same person; same person and town) replaces it
    where it fits.

    Parameters
    ----------
    candidates : pandas.DataFrame
        From :func:`count_comparisons`.
    records : int
    max_per_record : float
        Comparisons a record, over all rules.

    Returns
    -------
    pandas.DataFrame
        `candidates` with ``used`` (flag), ``why_not`` and ``comparisons_so_far`` (an upper bound: a pair that
        two rules make is compared once), in the order in which they are used.

    Raises
    ------
    InputError
        Not even one rule stays within the limit.
    """
    limit, total, used = max_per_record * records, 0, []
    for comparisons in candidates.comparisons:
        takes = total + comparisons <= limit
        total += comparisons if takes else 0
        used.append(takes)
    if not any(used):
        raise InputError(
            f"the narrowest blocking rule asks for {candidates.comparisons.min():,} comparisons, the limit "
            f"is {limit:,.0f}",
            where="identity-resolution (max_per_record)",
            fix="raise the limit",
        )
    within = {tuple(columns): rule for columns, rule in candidates.loc[used, ["columns", "rule"]].to_numpy()}
    reasons = []
    for columns, takes in zip(candidates["columns"], used, strict=True):
        wider = [rule for other, rule in within.items() if set(other) < set(columns)]
        reasons.append(f"within “{wider[0]}”" if wider else "" if takes else "beyond the limit")
    chosen = candidates.assign(used=[not reason for reason in reasons], why_not=reasons)
    return chosen.assign(comparisons_so_far=chosen["comparisons"].where(chosen["used"], 0).cumsum())
