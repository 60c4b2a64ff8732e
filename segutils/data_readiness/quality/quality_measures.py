"""How good are the tables, in the measures that limits are set on?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Literal

import ibis
import ibis.expr.types as ir
import pandas as pd

from segutils import schemas
from segutils.data_readiness.quality.approach_evidence import list_attributes
from segutils.formats import label_column


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A measure of quality, the limit that holds where the client states none, and what hangs on it.

    Parameters
    ----------
    words : str
        What is measured, as a reader sees it.
    unit : str
        A format of :mod:`segutils.formats`.
    bound : {"max", "min"}
        Whether the limit is the highest or the lowest value that passes.
    limit : float
    source : str
        Where the limit comes from.
    revalidate : str
        What must be checked again where the limit is missed.
    """

    words: str
    unit: str
    bound: Literal["max", "min"]
    limit: float
    source: str
    revalidate: str


CONVENTION = "convention of this playbook"
ALL_MODELS = "features (3_1), segments (3_2), their stability (4_1) and value (7_1)"
MEASURES: Mapping[str, Measure] = {
    "set_aside_share": Measure(
        words="Rows that cannot be used",
        unit="share",
        bound="max",
        limit=0.01,
        source=CONVENTION,
        revalidate=ALL_MODELS,
    ),
    "missing_share": Measure(
        words="Empty cells in a column",
        unit="share",
        bound="max",
        limit=0.1,
        source="Bennett (2001): above 10 % results are likely to be biased",
        revalidate="profiles (3_3) and whatever uses the column",
    ),
    "duplicate_share": Measure(
        words="Rows or customers counted twice",
        unit="share",
        bound="max",
        limit=0.05,
        source=CONVENTION,
        revalidate=f"identity (2_2), {ALL_MODELS}",
    ),
    "orphan_share": Measure(
        words="Rows that refer to what is not there",
        unit="share",
        bound="max",
        limit=0.01,
        source=CONVENTION,
        revalidate="features (3_1) and value (7_1)",
    ),
    "conflict_share": Measure(
        words="Customers on whom systems disagree",
        unit="share",
        bound="max",
        limit=0.1,
        source=CONVENTION,
        revalidate="identity (2_2), enrichment (2_3) and profiles (3_3)",
    ),
    "revenue_coverage": Measure(
        words="Revenue of customers who are described",
        unit="share",
        bound="min",
        limit=0.9,
        source=CONVENTION,
        revalidate="profiles (3_3)",
    ),
    "age_days": Measure(
        words="Age of the last order line",
        unit="days",
        bound="max",
        limit=31,
        source=CONVENTION,
        revalidate=ALL_MODELS,
    ),
    "history_days": Measure(
        words="Length of the order history",
        unit="days",
        bound="min",
        limit=365,
        source="one seasonal cycle",
        revalidate="features (3_1) and cohorts (7_1)",
    ),
}
COLUMNS = ["measure", "measured", "where"]


def build_measures(
    counts: pd.DataFrame,
    faults: pd.DataFrame,
    customers: ir.Table,
    transactions: ir.Table,
    *,
    as_of: date,
    protected: Sequence[str] = (),
    conflicts: pd.DataFrame | None = None,
    links: ir.Table | None = None,
) -> pd.DataFrame:
    """How good are the tables today?

    Parameters
    ----------
    counts : pandas.DataFrame
        ``table, rows_in, rows_set_aside``.
    faults : pandas.DataFrame
        ``table, rule, rows``, one row per broken rule.
    customers : ibis table
        ``customer_id`` and attributes.
    transactions : ibis table
        ``customer_id, net_revenue, ordered_on`` and other columns of the contract.
    as_of : datetime.date
    protected : sequence of str
        Attributes that no model uses: their gaps do not count.
    conflicts : pandas.DataFrame, optional
        ``field, share``: the table of the finding about firmographic conflicts.
    links : ibis table, optional
        ``record_id, group_id`` of records that belong together beyond doubt; a customer's id is the id of a
        record.

    Returns
    -------
    pandas.DataFrame
        ``measure`` (a key of :data:`MEASURES`), ``measured`` (share 0-1 or days; NaN where it cannot be
        measured), ``where`` (the worst table, column or field), one row per measure.

    Notes
    -----
    A customer without any attribute (one who was added because of an order) has no record with gaps: such
    customers count in the revenue coverage, not as empty cells.
    """
    attributes = list_attributes(customers, protected)
    found = [
        ("set_aside_share", *_worst(counts.rows_set_aside / counts.rows_in, counts.table)),
        ("missing_share", *_find_gaps(customers, transactions, attributes)),
        ("duplicate_share", *_find_duplicates(counts, faults, customers, links)),
        ("orphan_share", *_share_of_rule(counts, faults, ["not in "])),
        ("conflict_share", *_find_conflicts(conflicts)),
        *_measure_lines(customers, transactions, attributes, as_of),
    ]
    return pd.DataFrame(found, columns=COLUMNS)


def _worst(shares: pd.Series, names: pd.Series) -> tuple[float, str]:
    worst = int(shares.to_numpy().argmax())
    return float(shares.iloc[worst]), str(names.iloc[worst]) if shares.iloc[worst] else ""


def _share_of_rule(counts: pd.DataFrame, faults: pd.DataFrame, words: Sequence[str]) -> tuple[float, str]:
    """The table with the largest share of rows that break one of these rules."""
    is_meant = faults["rule"].apply(lambda rule: any(word in rule for word in words)).astype(bool)
    rows = faults[is_meant].groupby("table")["rows"].sum()
    shares = counts["table"].map(rows).fillna(0).astype(float) / counts["rows_in"]
    return _worst(shares, counts["table"])


def _find_gaps(customers: ir.Table, transactions: ir.Table, attributes: Sequence[str]) -> tuple[float, str]:
    described = customers
    if attributes:
        described = customers.filter(reduce(or_, [customers[name].notnull() for name in attributes]))
    known = schemas.TABLES["transactions"].by_name
    line_columns = [name for name in transactions.columns if name in known and not known[name].identifying]
    shares = {
        **_null_shares(described, attributes, "customers"),
        **_null_shares(transactions, line_columns, "transactions"),
    }
    return _worst(pd.Series(shares.values(), dtype=float), pd.Series(shares.keys(), dtype=object))


def _null_shares(table: ir.Table, names: Sequence[str], of: str) -> dict[str, float]:
    if not names:
        return {}
    empty = {f"c{n}": table[name].isnull().cast("int64").sum() for n, name in enumerate(names)}
    (row,) = table.aggregate(rows=table.count(), **empty).to_pyarrow().to_pylist()
    rows = max(row["rows"], 1)
    return {f"{of}: {label_column(name).lower()}": (row[f"c{n}"] or 0) / rows for n, name in enumerate(names)}


def _find_duplicates(
    counts: pd.DataFrame, faults: pd.DataFrame, customers: ir.Table, links: ir.Table | None
) -> tuple[float, str]:
    rows, where = _share_of_rule(
        counts, faults, ["same row again", "again with other content", "same line again"]
    )
    if links is None:
        return rows, where
    linked = links.join(customers.select("customer_id"), links.record_id == customers.customer_id)
    (row,) = (
        linked.aggregate(records=linked.record_id.nunique(), groups=linked.group_id.nunique())
        .to_pyarrow()
        .to_pylist()
    )
    second = 1 - row["groups"] / row["records"] if row["records"] else 0.0
    return (second, "customers who are in the books twice") if second > rows else (rows, where)


def _find_conflicts(conflicts: pd.DataFrame | None) -> tuple[float, str]:
    if conflicts is None or conflicts.empty or conflicts["share"].isna().all():
        return float("nan"), ""
    worst, where = _worst(conflicts["share"].fillna(0), conflicts["field"])
    return worst, where.lower()


def _measure_lines(
    customers: ir.Table, transactions: ir.Table, attributes: Sequence[str], as_of: date
) -> list[tuple[str, float, str]]:
    is_known = reduce(or_, [customers[name].notnull() for name in attributes], ibis.literal(False))
    known = customers.filter(is_known).select("customer_id").distinct()
    revenue = transactions.net_revenue.cast("float64")
    whole = transactions.aggregate(
        first=transactions.ordered_on.min(), last=transactions.ordered_on.max(), revenue=revenue.sum()
    )
    (row,) = whole.to_pyarrow().to_pylist()
    theirs = transactions.semi_join(known, "customer_id")
    covered = theirs.aggregate(revenue=theirs.net_revenue.sum().cast("float64")).to_pyarrow().to_pylist()
    has_lines = row["last"] is not None
    share = (covered[0]["revenue"] or 0.0) / row["revenue"] if row["revenue"] else float("nan")
    return [
        ("revenue_coverage", share, ""),
        ("age_days", float((as_of - row["last"]).days) if has_lines else float("nan"), ""),
        (
            "history_days",
            float((row["last"] - row["first"]).days + 1) if has_lines else float("nan"),
            "",
        ),
    ]
