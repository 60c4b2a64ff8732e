"""Declared attributes of customers, described and never used: who is in a segment, as far as it is known."""

import re
from collections.abc import Sequence

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.findings import Finding, Need
from segutils.formats import format_value, join_words, label_column, plural
from segutils.methodology.profiles.profiles import sort_codes

ALL, COVERAGE = "All customers", "Known for"


def build_declared(
    customers: ir.Table,
    segments: pd.DataFrame,
    names: pd.DataFrame,
    *,
    attributes: Sequence[str],
    min_customers: int = 10,
) -> pd.DataFrame:
    """Among the customers whose attributes are known, how does each segment look?

    Parameters
    ----------
    customers : ibis.Table
        ``customer_id`` and the attributes.
    segments, names : pandas.DataFrame
        ``customer_id, segment`` and ``segment, name``.
    attributes : sequence of str
        Columns of `customers`; those that are not there are left out.
    min_customers : int
        Smallest number of customers behind a share. Smaller ones are left empty, and so is the next smallest
        of the segment, from which they could be worked out.

    Returns
    -------
    pandas.DataFrame
        ``attribute, value``, one column of shares per segment name, and ``All customers``. The first row of
        an attribute is its coverage (``Known for``); the others are shares of those it is known for. Only
        the coverage has a value for all customers: with more of them, small cells could be worked out.
    """
    given = [name for name in attributes if name in customers.columns]
    people = customers.select("customer_id", *given).to_pandas()
    table = segments[["customer_id", "segment"]].merge(people, on="customer_id", how="left")
    codes = [code for code in sort_codes(table["segment"]) if code in set(names["segment"])]
    words = names.set_index("segment")["name"]
    parts = []
    for attribute in given:
        known = table[table[attribute].notna()]
        counts = pd.crosstab(known[attribute].astype(str), known["segment"]).reindex(
            columns=codes, fill_value=0
        )
        counts = counts.loc[sorted(counts.index, key=_reading_order)]
        totals, sizes = counts.sum(), table["segment"].value_counts().reindex(codes)
        coverage = (totals / sizes).to_frame(COVERAGE).T.assign(**{ALL: totals.sum() / sizes.sum()})
        rows = pd.concat([coverage, _hide_small(counts, min_customers) / totals.where(totals > 0)])
        parts.append(rows.reset_index(names="value").assign(attribute=label_column(attribute)))
    columns = ["attribute", "value", *(words[code] for code in codes), ALL]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True).rename(columns=words)[columns]


def check_declared(declared: pd.DataFrame, *, protected: Sequence[str], min_customers: int = 10) -> Finding:
    """Whose attributes are known, and what do they say about the segments?

    Parameters
    ----------
    declared : pandas.DataFrame
        From :func:`build_declared`.
    protected : sequence of str
        Attributes that must neither shape nor name a segment.
    min_customers : int
        As given to :func:`build_declared`.

    Returns
    -------
    Finding
        Not run where the customers table has none of the attributes.
    """
    if declared.empty:
        return Finding(
            slug="profiles",
            status="not_run",
            headline="Customers are described by what they buy only: none of the attributes asked for is in "
            "the customers table",
            table=declared,
            needs=(
                Need(
                    question="Who the segments are, beyond what they buy",
                    table="customers",
                    columns=("age", "income", "household_size"),
                ),
            ),
        )
    shares = [name for name in declared.columns[2:] if name != ALL]
    coverage = declared[declared["value"] == COVERAGE].set_index("attribute")
    widest = coverage[ALL].idxmax()
    known = coverage.loc[widest, shares].astype(float)
    lowest, highest = known.idxmin(), known.idxmax()
    part = [format_value(share, "share:0") for share in (coverage.loc[widest, ALL], known.min(), known.max())]
    between = f", from {part[1]} of “{lowest}” to {part[2]} of “{highest}”" if lowest != highest else ""
    whole = all(format_value(share, "share:0") == "100 %" for share in coverage[ALL])
    guarded = [label_column(name) for name in protected if label_column(name) in set(declared["attribute"])]
    notes = ["The client's own columns, only described here: none of them forms or names a segment."]
    if guarded:
        notes.append(f"{join_words(guarded)} {'is' if len(guarded) == 1 else 'are'} protected.")
    if empty := int(declared[shares].isna().sum().sum()):
        notes.append(
            f"{plural(empty, 'share')} {'is' if empty == 1 else 'are'} left empty: one of fewer than "
            f"{min_customers} customers could be read off or worked out."
        )
    return Finding(
        slug="profiles",
        status="caution" if coverage.loc[widest, ALL] < 0.8 else "info",
        headline="The client's own columns, known for every customer, describe the segments"
        if whole
        else f"“{widest}” is known for {part[0]} of customers{between}: the table describes those, not "
        "whole segments",
        table=declared.drop(columns=ALL),
        formats=dict.fromkeys(shares, "share:0"),
        notes=tuple(notes),
        limits=()
        if whole
        else (
            "Customers whose attributes are known may differ from the others; nothing is corrected for that.",
        ),
    )


def _hide_small(counts: pd.DataFrame, min_customers: int) -> pd.DataFrame:
    """Counts with small cells blank, and further ones until no blank cell can be worked out.

    A column adds up to what is known, so one with a single blank cell, or with blank cells that together are
    fewer than `min_customers`, gives them away.
    """
    values = counts.to_numpy(dtype=float)
    blank = (values > 0) & (values < min_customers)
    for column, hidden in zip(values.T, blank.T, strict=True):
        while (
            hidden.any() and (hidden.sum() == 1 or column[hidden].sum() < min_customers) and not hidden.all()
        ):
            visible = np.flatnonzero(~hidden)
            hidden[min(visible, key=lambda i: (column[i] == 0, column[i]))] = True
    return counts.mask(blank)


def _reading_order(value: str) -> tuple[float, bool, str]:
    """``Under 15K`` before ``15-24K`` before ``150-174K``; text without a number last, by name."""
    number = re.search(r"\d+", value)
    return (
        float(number.group()) if number else np.inf,
        not re.match(r"(?i)under|less|<|up to", value),
        value,
    )
