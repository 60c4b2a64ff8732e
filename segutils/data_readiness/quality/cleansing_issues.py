"""What would have to be corrected in the client's data, and how much revenue hangs on it?"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import ibis
import ibis.expr.types as ir
import pandas as pd

from segutils.formats import label_column

COLUMNS = ["issue", "table", "records", "sets_aside", "revenue", "basis"]
MEASURED, ESTIMATED, UNKNOWN = "measured", "estimated", "not measured"
NOTHING_WRONG = "nothing to do"  # how the fix of a rule begins that only counts, such as returns
NO_REVENUE = "neither quantity nor revenue"  # by the rule's own words such lines bring nothing
WITH_REVENUE = ("customers", "transactions")


def build_issues(
    faults: pd.DataFrame,
    tables: Mapping[str, ir.Table],
    *,
    conflicts: pd.DataFrame | None = None,
    links: ir.Table | None = None,
    unused: Collection[tuple[str, str]] = (),
) -> pd.DataFrame:
    """What would have to be corrected, record by record, and how much revenue hangs on these records?

    Parameters
    ----------
    faults : pandas.DataFrame
        ``table, column, rule, severity, rows, fix``, one row per broken rule; rules that only count (their
        fix begins with "nothing to do") are left out.
    tables : mapping of str to ibis table
        ``customers`` (``customer_id``) and ``transactions`` (``customer_id, net_revenue``), accepted rows;
        tables to which lines refer, such as ``products``, if there are any.
    conflicts : pandas.DataFrame, optional
        ``field, group_id, record_id`` of records whose systems disagree; a customer's id is a record's id.
    links : ibis table, optional
        ``record_id, group_id`` of records that belong together beyond doubt.
    unused : collection of (str, str)
        Table and column of fields that may be used for nothing: they are deleted, not corrected.

    Returns
    -------
    pandas.DataFrame
        ``issue, table, records`` (corrections to make), ``sets_aside`` (whether rows are lost), ``revenue``
        (net, over all of the data, of the order lines or of the customers whose records are touched; NaN
        where not measured), ``basis``: ``measured``; ``estimated`` for records that cannot be found again
        among the accepted ones, at the mean revenue of a line or a customer; ``not measured`` for other
        tables.

    Notes
    -----
    A customer with two issues counts in both, in records as in revenue.
    """
    real = faults[~faults["fix"].astype(str).str.startswith(NOTHING_WRONG)]
    real = real[real["severity"] != "fatal"]  # a fatal fault sums up others
    real = real[
        ~pd.Series(list(zip(real["table"], real["column"], strict=True)), index=real.index).isin(list(unused))
    ]
    real = real.reset_index(drop=True)
    means, totals = _measure_faults(real, tables)
    found = [_describe(fault, means, totals.get(n)) for n, fault in enumerate(real.to_dict("records"))]
    if conflicts is not None and len(conflicts):
        found += _list_conflicts(conflicts, tables)
    if links is not None:
        found += _list_duplicates(links, tables)
    return pd.DataFrame(found, columns=COLUMNS)


def _describe(
    fault: dict[str, object], means: Mapping[str, float], touched: tuple[int, float] | None
) -> dict[str, object]:
    table, column, rule = (str(fault[name]) for name in ("table", "column", "rule"))
    rows = int(str(fault["rows"]))
    where = f", {label_column(column).lower()}" if column else ""
    revenue, basis = float("nan"), UNKNOWN
    if touched is not None and touched[0]:
        # of cells that are empty for several reasons, this one's part
        revenue, basis = touched[1] * min(rows / touched[0], 1.0), MEASURED
    elif table in means and NO_REVENUE in rule:
        revenue, basis = 0.0, MEASURED
    elif table in means:
        revenue, basis = rows * means[table], ESTIMATED
    return {
        "issue": f"{label_column(table)}{where}: {rule.replace('_', ' ')}",
        "table": table,
        "records": rows,
        "sets_aside": fault["severity"] in ("set_aside", "fatal"),
        "revenue": revenue,
        "basis": basis,
    }


def _measure_faults(
    faults: pd.DataFrame, tables: Mapping[str, ir.Table]
) -> tuple[dict[str, float], dict[int, tuple[int, float]]]:
    """Mean revenue per row of customers and of transactions; rows and revenue touched, by fault."""
    means: dict[str, float] = {}
    found: dict[int, tuple[int, float]] = {}
    for name in WITH_REVENUE:
        rows = _add_revenue(tables) if name == "customers" else _cast_revenue(tables["transactions"])
        of_table = {n: f for n, f in enumerate(faults.to_dict("records")) if f["table"] == name}
        empty = {n: f["column"] for n, f in of_table.items() if _is_empty_now(f, rows)}
        sums = {f"n{n}": rows[column].isnull().cast("int64").sum() for n, column in empty.items()}
        sums |= {
            f"r{n}": rows[column].isnull().ifelse(rows.revenue_, 0.0).sum() for n, column in empty.items()
        }
        whole = rows.aggregate(rows_=rows.count(), whole_=rows.revenue_.sum(), **sums)
        (row,) = whole.to_pyarrow().to_pylist()
        means[name] = (row["whole_"] or 0.0) / max(row["rows_"], 1)
        found |= {n: (int(row[f"n{n}"] or 0), float(row[f"r{n}"] or 0.0)) for n in empty}
        found |= {n: _measure_broken(fault, rows, tables) for n, fault in of_table.items() if n not in empty}
    return means, found


def _cast_revenue(lines: ir.Table) -> ir.Table:
    return lines.mutate(revenue_=lines.net_revenue.cast("float64"))


def _add_revenue(tables: Mapping[str, ir.Table]) -> ir.Table:
    """Customers with ``revenue_``: the net revenue of all of their lines."""
    lines = _cast_revenue(tables["transactions"])
    theirs = lines.group_by("customer_id").aggregate(revenue_=lines.revenue_.sum())
    joined = tables["customers"].left_join(theirs, "customer_id")
    return joined.select(*tables["customers"].columns, revenue_=joined.revenue_.fill_null(0.0))


def _is_empty_now(fault: dict[str, object], rows: ir.Table) -> bool:
    """Are the cells with this fault empty in the accepted rows, so that they can be found there?"""
    return fault["column"] in rows.columns and fault["severity"] in ("gap", "blank")


def _measure_broken(
    fault: dict[str, object], rows: ir.Table, tables: Mapping[str, ir.Table]
) -> tuple[int, float]:
    """Accepted rows that refer to what is not there, and their revenue; none where that cannot be seen."""
    column, rule = str(fault["column"]), str(fault["rule"])
    target = tables.get(rule.removeprefix("not in ")) if rule.startswith("not in ") else None
    kept = column in rows.columns and fault["severity"] != "set_aside"
    if target is None or column not in target.columns or not kept:
        return 0, 0.0
    broken = rows.filter(rows[column].notnull()).anti_join(target.select(column), column)
    whole = broken.aggregate(rows=broken.count(), revenue=broken.revenue_.sum())
    (row,) = whole.to_pyarrow().to_pylist()
    return int(row["rows"]), float(row["revenue"] or 0.0)


def _list_conflicts(conflicts: pd.DataFrame, tables: Mapping[str, ir.Table]) -> list[dict[str, object]]:
    customers = _add_revenue(tables)
    pairs = conflicts[["field", "record_id"]].drop_duplicates().astype(str)
    named = ibis.memtable(pairs.rename(columns={"record_id": "customer_id"}))
    joined = named.join(customers.select("customer_id", "revenue_"), "customer_id")
    sums = joined.group_by("field").aggregate(revenue=joined.revenue_.sum()).to_pandas()
    revenue = dict(zip(sums["field"], sums["revenue"], strict=True))
    counts = conflicts.groupby("field", sort=False)["group_id"].nunique()
    return [
        {
            "issue": f"Customers, {label_column(str(field)).lower()}: systems disagree",
            "table": "source_records",
            "records": int(count),
            "sets_aside": False,
            "revenue": float(revenue.get(field, 0.0)),
            "basis": MEASURED,
        }
        for field, count in counts.items()
    ]


def _list_duplicates(links: ir.Table, tables: Mapping[str, ir.Table]) -> list[dict[str, object]]:
    customers = _add_revenue(tables).select("customer_id", "revenue_")
    linked = customers.join(links.select("record_id", "group_id"), customers.customer_id == links.record_id)
    groups = linked.group_by("group_id").aggregate(
        members=linked.customer_id.nunique(), revenue_=linked.revenue_.sum()
    )
    several = groups.filter(groups.members > 1)
    whole = several.aggregate(
        members=several.members.sum(), groups=several.count(), revenue=several.revenue_.sum()
    )
    (row,) = whole.to_pyarrow().to_pylist()
    if not row["groups"]:
        return []
    return [
        {
            "issue": "Customers: in the books twice",
            "table": "customers",
            "records": int(row["members"] - row["groups"]),
            "sets_aside": False,
            "revenue": float(row["revenue"]),
            "basis": MEASURED,
        }
    ]
