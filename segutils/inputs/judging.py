"""The client's tables become canonical ones: columns mapped, cells typed, each row judged by the contract.

Everything is an expression, the same in DuckDB (files, copies) and in the client's own database (nothing is
copied).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

import ibis

from segutils import schemas, table_schema
from segutils.engagement import Engagement
from segutils.errors import InputError
from segutils.inputs import casting
from segutils.inputs.casting import Reading
from segutils.inputs.checks import RAW, REASON, Check, check_repeats, find_misspelt, list_checks, mark
from segutils.inputs.files import ROW, Rows
from segutils.table_schema import TableSchema

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A table's rows after every check.

    `rows` holds the canonical `columns`, one flag per check, the reason to set a row aside (null: it is used)
    and, where a row breaks any check, its cells as the source has them (an array in the order of
    `source_columns`).
    """

    name: str
    rows: ir.Table
    checks: tuple[Check, ...]
    columns: tuple[str, ...]
    source_columns: tuple[str, ...]
    mapped: Mapping[str, str]
    numbered: bool

    def accepted(self) -> ir.Table:
        """The rows that are used, canonical columns only, cells outside their range left empty."""
        kept = self.rows.filter(self.rows[REASON].isnull())
        columns: dict[str, ir.Value] = {name: kept[name] for name in self.columns}
        for number, check in enumerate(self.checks):
            if check.severity == "blank":
                value = columns[check.column]
                columns[check.column] = ibis.ifelse(kept[mark(number)], ibis.null(value.type()), value)
        return kept.select(**columns)

    def rejected(self) -> ir.Table:
        """The rows set aside: reason, row number where the source has one, and the source's own cells."""
        aside = self.rows.filter(self.rows[REASON].notnull())
        return aside.select(REASON, *([ROW] if self.numbered else []), RAW)

    def first_broken(self, number: int, key: tuple[str, ...], rows: int) -> ir.Table:
        """Rows that break a check: the first of the file, or in the order of their key and cells."""
        broken = self.rows.filter(self.rows[mark(number)])
        order = [ROW] if self.numbered else [*key, RAW]
        return broken.order_by(order).limit(rows).select(*self.numbering(), *key, RAW)

    def numbering(self) -> tuple[str, ...]:
        """The row-number column, if there is one."""
        return (ROW,) if self.numbered else ()


def map_columns(name: str, rows: Rows, engagement: Engagement) -> dict[str, str]:
    """Which of the source's columns is which canonical one?

    Columns named in the engagement file, and columns that already carry their canonical name.

    Raises
    ------
    InputError
        A mapped or required column is not in the source; says what the source has.
    """
    schema, stated = schemas.TABLES[name], engagement.tables[name].columns
    has = [column for column in rows.table.columns if column != ROW]
    lower = {column.lower().strip(): column for column in has}
    mapped: dict[str, str] = {}
    for canonical, theirs in stated.items():
        if theirs.lower().strip() not in lower:
            where = engagement.where("tables", name, "columns", canonical)
            what = f"the source of '{name}' has no column '{theirs}'"
            raise InputError(what, where=where, fix=_offer(theirs, has))
        mapped[canonical] = lower[theirs.lower().strip()]
    taken = set(mapped.values())
    for column in schema.columns:
        if column.name not in mapped and lower.get(column.name, "") not in (*taken, ""):
            mapped[column.name] = lower[column.name]
    missing = [column for column in schema.required if column not in mapped]
    if missing:
        where = engagement.where("tables", name, "columns")
        words = ", ".join(f"'{column}'" for column in missing)
        fix = f"add '{missing[0]}: <the source's column>' under columns; {_offer(missing[0], has)}"
        raise InputError(f"'{name}' needs {words}, which no column is mapped to", where=where, fix=fix)
    return mapped


def _offer(wanted: str, has: list[str]) -> str:
    near = get_close_matches(wanted, has, n=1, cutoff=0.6)
    listed = ", ".join(has[:40]) + (" …" if len(has) > 40 else "")
    return (f"did you mean '{near[0]}'? " if near else "") + f"the source has: {listed}"


def read_text_columns(name: str, rows: Rows, mapped: Mapping[str, str], engagement: Engagement) -> Reading:
    """How are this table's text cells written: decimal mark, date formats, offsets?

    What the engagement file states wins; what stays ambiguous is refused.
    """
    schema, source = schemas.TABLES[name], engagement.tables[name]
    where = engagement.where("tables", name)
    types = {c: schema.by_name[c].type for c in mapped if c in schema.by_name}
    text = {c: t for c, t in mapped.items() if rows.table[t].type().is_string() and c in types}
    numbers = {c: t for c, t in text.items() if types[c].startswith(("decimal", "float", "int"))}
    decimals = dict.fromkeys(numbers, source.decimal)
    if source.decimal is None:
        decimals = casting.read_decimal_marks(rows.table, numbers, where=where)
    formats: dict[str, list[str]] = {}
    zoned: list[str] = []
    for column, theirs in text.items():
        if types[column] not in ("timestamp", "date"):
            continue
        stated = source.date_format
        chosen = stated.get(column) if isinstance(stated, dict) else stated
        if chosen:
            formats[column] = [chosen]
            continue
        found, has_offset = casting.read_time_formats(rows.table, column, theirs, where=where)
        if found:
            formats[column] = found
        if has_offset:
            zoned.append(column)
    return Reading(decimals=decimals, formats=formats, zoned=zoned)


def cast_rows(
    name: str, rows: Rows, mapped: Mapping[str, str], reading: Reading, engagement: Engagement
) -> ir.Table:
    """The source's rows with canonical columns (``c_`` before their names) beside their own."""
    schema = schemas.TABLES[name]
    columns = {}
    for canonical, theirs in mapped.items():
        type_ = schema.by_name[canonical].type if canonical in schema.by_name else "any"
        where = engagement.where("tables", name, "columns", canonical)
        columns[_own(canonical)] = casting.cast_column(
            rows.table[theirs], canonical, type_, reading, where=where
        )
    return rows.table.mutate(**columns)


def _raw(number: int) -> str:
    return f"source_{number}"


def _own(canonical: str) -> str:
    """A canonical column's name while it stands beside the source's columns, which may have the same name."""
    return f"c_{canonical}"


def read_cells(typed: ir.Table, schema: TableSchema, reading: Reading) -> Reading:
    """From when to when do the times run, which are days, does a key occur twice, what is misspelt?"""
    columns = [name for name in table_schema.moments(schema) if _own(name) in typed.columns]
    sums: dict[str, ir.Scalar] = {"rows": typed.count()}
    for column in columns:
        moment = typed[_own(column)]
        sums[f"low_{column}"], sums[f"high_{column}"] = moment.min(), moment.max()
        sums[f"timed_{column}"] = (moment != moment.truncate("D")).sum()
    found = typed.aggregate(**sums).to_pyarrow().to_pylist()[0]
    known = [column for column in columns if found[f"low_{column}"] is not None]
    own = {c.name: _own(c.name) for c in schema.columns if _own(c.name) in typed.columns}
    keys = typed.select(*map(_own, schema.key)).distinct().count().to_pyarrow().as_py() if schema.key else 0
    return replace(
        reading,
        days=[column for column in known if not found[f"timed_{column}"]],
        low={column: found[f"low_{column}"].isoformat() for column in known},
        high={column: found[f"high_{column}"].isoformat() for column in known},
        repeats=bool(schema.key) and keys < found["rows"],
        misspelt=find_misspelt(typed, own, schema),
    )


def place_times(name: str, typed: ir.Table, reading: Reading, engagement: Engagement) -> ir.Table:
    """Moments in UTC, and the client's own calendar date of each (``ordered_at`` → also ``ordered_on``)."""
    schema = schemas.TABLES[name]
    zone = engagement.tables[name].timezone or "UTC"
    columns: dict[str, ir.Value] = {}
    for column in table_schema.moments(schema):
        own = _own(column)
        if own not in typed.columns:
            continue
        moment, local = typed[own], _own(table_schema.local_date_name(column))
        if column not in reading.low:  # no value at all
            columns[local] = moment.date()
            continue
        low, high = (_bounded(bound[column]) for bound in (reading.low, reading.high))
        if column in reading.days:
            columns[local] = moment.date()
            columns[own] = casting.move_clock(moment, engagement.timezone, "UTC", low, high)
            continue
        source_zone = "UTC" if column in reading.zoned else zone
        columns[own] = casting.move_clock(moment, source_zone, "UTC", low, high)
        columns[local] = casting.move_clock(moment, source_zone, engagement.timezone, low, high).date()
    for column in schema.columns:
        if column.type == "date" and _own(column.name) in typed.columns:
            columns[_own(column.name)] = typed[_own(column.name)].date()
    return typed.mutate(**columns) if columns else typed


def _bounded(moment: str) -> datetime:
    """Absurd years (0001, 9999) would only make the list of offsets long: such rows are set aside anyway."""
    plain = datetime.fromisoformat(moment).replace(tzinfo=None)
    return min(max(plain, datetime(1970, 1, 1)), datetime(2100, 1, 1))


def judge_rows(
    name: str,
    rows: Rows,
    mapped: Mapping[str, str],
    reading: Reading,
    engagement: Engagement,
    accepted: Mapping[str, ir.Table],
) -> Judged:
    """Which rows keep the contract, and why not?

    Parameters
    ----------
    name : str
        Canonical table.
    rows : Rows
    mapped : mapping of str to str
        From :func:`map_columns`.
    reading : Reading
        Complete: see :func:`read_text_columns` and :func:`read_cells`.
    engagement : Engagement
    accepted : mapping of str to ibis table
        Tables already accepted: references are checked against these.

    Returns
    -------
    Judged
    """
    schema = schemas.TABLES[name]
    placed = place_times(name, cast_rows(name, rows, mapped, reading, engagement), reading, engagement)
    source_columns = tuple(column for column in rows.table.columns if column != ROW)
    own = {c.removeprefix("c_"): placed[c] for c in placed.columns if c not in rows.table.columns}
    cells = {_raw(number): placed[column] for number, column in enumerate(source_columns)}
    base = placed.select(*([ROW] if rows.numbered else []), **own, **cells)
    raws = {canonical: _raw(source_columns.index(theirs)) for canonical, theirs in mapped.items()}
    checks = list_checks(name, schema, base, raws, reading, engagement, accepted)
    flags = {mark(number): check.broken for number, check in enumerate(checks)}
    flagged = base.mutate(**flags)
    aside = [
        (flagged[mark(n)], f"{c.column}: {c.rule}") for n, c in enumerate(checks) if c.severity == "set_aside"
    ]
    judged = flagged.mutate(**{REASON: ibis.cases(*aside, else_=ibis.null("string"))})
    if reading.repeats:
        order = [ROW] if rows.numbered else list(mapped)
        judged, repeats = check_repeats(judged, schema, list(mapped), order, first=len(checks))
        checks += repeats
    faulty = [judged[mark(number)] for number, check in enumerate(checks) if check.severity != "gap"]
    broken = ibis.or_(*faulty) if faulty else ibis.literal(False)
    raw = ibis.array([judged[column].cast("string") for column in cells])
    judged = judged.mutate(**{RAW: ibis.ifelse(broken, raw, ibis.null(raw.type()))}).drop(*cells)
    return Judged(
        name=name,
        rows=judged,
        checks=tuple(checks),
        columns=_order_columns(schema, list(own)),
        source_columns=source_columns,
        mapped=mapped,
        numbered=rows.numbered,
    )


def _order_columns(schema: TableSchema, present: list[str]) -> tuple[str, ...]:
    ordered: list[str] = []
    for column in schema.columns:
        ordered.append(column.name)
        if column.type == "timestamp":
            ordered.append(table_schema.local_date_name(column.name))
    known = [column for column in ordered if column in present]
    return (*known, *(column for column in present if column not in known))
