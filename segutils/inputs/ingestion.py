"""The client's tables enter a run: every row is used or set aside, and counted.

Accepted rows go to ``inputs/<table>.parquet`` (DuckDB; in a client's own database they stay where they are),
rows set aside to ``rejects/<table>.csv`` with the reason first, counts and faults to ``inputs.json``.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segutils import schemas, table_schema
from segutils.engagement import Engagement, to_json
from segutils.errors import InputError
from segutils.inputs.files import ROW, BrokenLine
from segutils.inputs.sources import connect, database_errors, is_remote, open_rows, resolve_secret

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

    from segutils.inputs.casting import Reading
    from segutils.inputs.judging import Check, Judged

ENGINES = ("duckdb", "postgres", "pyspark")


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Rows of one table: in = used + set aside; added rows are customers without a record of their own."""

    table: str
    rows_in: int
    rows_used: int
    rows_set_aside: int
    rows_added: int
    read_as: str


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One broken rule of one column: how many rows, what happened to them, an example, the fix."""

    table: str
    column: str
    rule: str
    severity: table_schema.Severity
    treatment: str
    rows: int
    share: float
    example: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Rows that came in, and how many of them were set aside."""

    rows_in: int
    set_aside: int


@dataclass(kw_only=True)
class Intake:
    """What is known while tables enter: connection, accepted tables, counts, faults, how text was read."""

    engagement: Engagement
    engine: BaseBackend
    folder: Path
    scratch: Path
    accepted: dict[str, ir.Table] = field(default_factory=dict)
    counts: list[Counts] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    readings: dict[str, Reading] = field(default_factory=dict)
    files: dict[str, Future[int]] = field(default_factory=dict)
    distinct: dict[str, Future[int]] = field(default_factory=dict)
    writer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=1))


def open_engine(engagement: Engagement) -> BaseBackend:
    """The engine of an engagement: DuckDB in this process, or the client's database.

    Raises
    ------
    InputError
        The database is of a kind that the playbook doesn't run on, or it does not answer.
    """
    import ibis

    if not is_remote(engagement):
        return ibis.duckdb.connect(temp_directory=tempfile.gettempdir())
    where = engagement.where("engine")
    engine = connect(engagement.engine, where=where)
    if engine.name not in ENGINES:
        fix = f"use one of {', '.join(ENGINES)} as engine, or leave 'engine:' out and give the URL per table"
        raise InputError(f"{engine.name} cannot be the engine", where=where, fix=fix)
    return engine


def list_in_order(engagement: Engagement) -> list[str]:
    """The tables in the order in which they can be checked: those that others refer to come first."""
    giver = engagement.tables["customers"].add_missing_from
    order: list[str] = []

    def place(name: str) -> None:
        before = {*schemas.TABLES[name].refers_to, giver if name == "customers" else None}
        if name == giver:  # it completes the customers, so it can't be checked against them
            before.discard("customers")
        for other in engagement.tables:
            if other in before and other not in order:
                place(other)
        order.append(name)

    for name in engagement.tables:
        if name not in order:
            place(name)
    return order


def ingest(engagement: Engagement, folder: Path) -> None:
    """Which rows of the client's tables can be used, and where are they?

    Parameters
    ----------
    engagement : Engagement
    folder : pathlib.Path
        The run's folder; made if it does not exist. Afterwards it holds ``inputs/``, ``rejects/``,
        ``inputs.json`` and ``engagement.json``; files appear complete or not at all.

    Raises
    ------
    InputError
        Something cannot be read at all: file, column, type, or no row is left.
    """
    for part in ("inputs", "rejects", "tables"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    write_json(folder / "engagement.json", to_json(engagement))
    if engagement.logo:
        shutil.copyfile(engagement.logo, folder / f"logo{engagement.logo.suffix.lower()}")
    with tempfile.TemporaryDirectory(prefix="segutils-") as scratch:
        intake = Intake(
            engagement=engagement, engine=open_engine(engagement), folder=folder, scratch=Path(scratch)
        )
        try:
            for name in list_in_order(engagement):
                _enter(name, intake)
            for counts in intake.counts:
                _finish_file(counts, intake)
                _note_repeated_lines(counts, intake)
        finally:
            intake.writer.shutdown(cancel_futures=True)
            intake.engine.disconnect()
    order = {name: index for index, name in enumerate(engagement.tables)}
    report = {
        "tables": [asdict(c) for c in sorted(intake.counts, key=lambda c: order[c.table])],
        "faults": [asdict(f) for f in sorted(intake.faults, key=lambda f: order[f.table])],
        "columns": {name: intake.accepted[name].columns for name in order},
        "readings": {name: asdict(reading) for name, reading in intake.readings.items()},
    }
    write_json(folder / "inputs.json", report)


def _enter(name: str, intake: Intake) -> None:
    from segutils.inputs import judging

    engagement, where = intake.engagement, intake.engagement.where("tables", name)
    rows = open_rows(name, engagement, intake.engine, intake.scratch)
    url = resolve_secret(engagement.engine, where=where)
    with database_errors(url, where=where):
        mapped = judging.map_columns(name, rows, engagement)
        reading = judging.read_text_columns(name, rows, mapped, engagement)
        typed = judging.cast_rows(name, rows, mapped, reading, engagement)
        reading = intake.readings[name] = judging.read_cells(typed, schemas.TABLES[name], reading)
        judged = judging.judge_rows(name, rows, mapped, reading, engagement, intake.accepted)
        if not is_remote(engagement):  # one pass over the source; what follows reads its result
            judged = replace(judged, rows=intake.engine.create_table(f"judged_{name}", judged.rows))
        counted = _count(judged, intake)
        rows_in, aside = counted.rows_in, counted.set_aside
        accepted, added = judged.accepted(), 0
        if giver := engagement.tables[name].add_missing_from:
            added = int(list_missing(accepted, intake.accepted[giver]).count().to_pyarrow().as_py())
            accepted = _add_missing(accepted, intake.accepted[giver])
        intake.accepted[name] = accepted
        if not is_remote(engagement):
            sql = intake.engine.compile(accepted)
            intake.files[name] = intake.writer.submit(_write_parquet, name, sql, intake)
        used = int(judged.accepted().count().to_pyarrow().as_py())
        if not schemas.TABLES[name].key:
            intake.distinct[name] = _fetch_later(judged.accepted().distinct().count(), intake)
        if aside or rows.broken:
            _write_rejects(judged, rows.broken, intake)
    if rows.broken:
        first, lines = rows.broken[0], len(rows.broken)
        rows_in, aside = rows_in + lines, aside + lines
        fix = "quote text that contains the delimiter or a line break"
        check = judging.Check(column="", rule="the line is not a row", severity="set_aside", fix=fix)
        example = f"line {first.line}: {first.reason}"
        intake.faults.append(_fault(name, check, rows=lines, of=rows_in, example=example))
    if rows_in != used + aside:
        raise AssertionError(f"{name}: {rows_in} rows in, but {used} used and {aside} set aside")
    counts = Counts(
        table=name,
        rows_in=rows_in,
        rows_used=used,
        rows_set_aside=aside,
        rows_added=added,
        read_as=rows.read_as + (", decimal comma" if "," in reading.decimals.values() else ""),
    )
    intake.counts.append(counts)


def _count(judged: Judged, intake: Intake) -> Pair:
    """Rows in and rows set aside, from one query that counts every check; faults are noted on the way."""
    from segutils.inputs.judging import REASON, UNREADABLE, mark

    rows, where = judged.rows, intake.engagement.where("tables", judged.name)
    sums = {"rows": rows.count(), "aside": rows[REASON].count()}
    for number, check in enumerate(judged.checks):
        sums[f"broken_{number}"] = rows[mark(number)].sum()
        if check.rule.startswith(UNREADABLE):
            sums[f"readable_{number}"] = rows[check.column].count()
    found = rows.aggregate(**sums).to_pyarrow().to_pylist()[0]
    total, aside = found["rows"], found["aside"]
    if not total:
        fix = "check the export (or the query): it has a header at most"
        raise InputError(f"the table '{judged.name}' is empty", where=where, fix=fix)
    broken = [number for number in range(len(judged.checks)) if found[f"broken_{number}"]]
    examples = {number: _find_example(judged, number) for number in broken}
    for number in broken:
        check, count = judged.checks[number], int(found[f"broken_{number}"])
        if check.rule.startswith(UNREADABLE) and not found[f"readable_{number}"]:
            what = f"no cell of '{check.column}' can be read: {check.rule} ({examples[number]})"
            fix = "map the right column, or state 'date_format:' or 'decimal:' for this table"
            where = intake.engagement.where("tables", judged.name, "columns", check.column)
            raise InputError(what, where=where, fix=fix)
        intake.faults.append(_fault(judged.name, check, rows=count, of=total, example=examples[number]))
    if aside == total:
        worst = max((f for f in intake.faults if f.table == judged.name), key=lambda fault: fault.rows)
        what = f"no row of '{judged.name}' can be used; most often: {worst.rule} ({worst.example})"
        raise InputError(what, where=where, fix=worst.fix)
    return Pair(rows_in=total, set_aside=aside)


def _fault(table: str, check: Check, *, rows: int, of: int, example: str) -> Fault:
    return Fault(
        table=table,
        column=check.column,
        rule=check.rule,
        severity=check.severity,
        treatment=table_schema.TREATMENTS[check.severity],
        rows=rows,
        share=rows / of,
        example=example,
        fix=check.fix,
    )


def _note_repeated_lines(counts: Counts, intake: Intake) -> None:
    """Lines that are equal in every column: two scans of one article, or an export loaded twice."""
    from segutils.inputs.judging import Check

    if counts.table not in intake.distinct:
        return
    repeated = counts.rows_used - intake.distinct[counts.table].result()
    if repeated:
        fix = "if an export was loaded twice, load it once; two equal lines of one order are no fault"
        check = Check(column="", rule="the same line again", severity="flag", fix=fix)
        example = "see the orders that have two equal lines"
        intake.faults.append(_fault(counts.table, check, rows=repeated, of=counts.rows_in, example=example))


def _find_example(judged: Judged, number: int) -> str:
    """The first row that breaks a check, with the source's own cell (masked where it identifies somebody)."""
    from segutils.inputs.judging import RAW

    check, (record,) = judged.checks[number], judged.first_broken(number).to_pyarrow().to_pylist()
    raw = record[RAW][judged.source_columns.index(judged.mapped[check.column])]
    known = schemas.TABLES[judged.name].by_name.get(check.column)
    text = raw.strip() if raw else ""
    if text and (known is None or known.identifying):
        text = f"{text[:1]}…"
    row = f"row {record[ROW]:,}: " if judged.numbered else ""
    return f"{row}{check.column} is {text[:60] or 'empty'}"


def list_missing(accepted: ir.Table, giver: ir.Table) -> ir.Table:
    """The customers of another table who have no record of their own."""
    return giver.filter(giver.customer_id.notin(accepted.customer_id)).select("customer_id").distinct()


def _add_missing(accepted: ir.Table, giver: ir.Table) -> ir.Table:
    """Customers without a record are added with their identifier only."""
    import ibis

    empty = {name: ibis.null(type_) for name, type_ in accepted.schema().items() if name != "customer_id"}
    added = list_missing(accepted, giver).mutate(**empty).select(*accepted.columns)
    return accepted.union(added).order_by("customer_id")


def _write_parquet(name: str, sql: str, intake: Intake) -> int:
    """Writes the accepted rows, in a thread beside the next table's work; returns how many the file has."""
    target = str(_part(name, intake)).replace("'", "''")
    return _fetch_number(f"COPY ({sql}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)", intake)


def _fetch_later(number: ir.IntegerScalar, intake: Intake) -> Future[int]:
    """A count that nothing waits for: beside the next table's work in DuckDB, else at once."""
    if is_remote(intake.engagement):
        done: Future[int] = Future()
        done.set_result(int(number.to_pyarrow().as_py()))
        return done
    return intake.writer.submit(_fetch_number, intake.engine.compile(number), intake)


def _fetch_number(sql: str, intake: Intake) -> int:
    with intake.engine.con.cursor() as cursor:
        return cursor.execute(sql).fetchone()[0]


def _part(name: str, intake: Intake) -> Path:
    return intake.folder / "inputs" / f"{name}.parquet.part"


def _finish_file(counts: Counts, intake: Intake) -> None:
    """The file gets its name once it holds exactly the rows that were counted."""
    if is_remote(intake.engagement):
        return
    written, expected = intake.files[counts.table].result(), counts.rows_used + counts.rows_added
    if written != expected:
        raise AssertionError(f"{counts.table}: {written} rows written, {expected} counted")
    os.replace(_part(counts.table, intake), intake.folder / "inputs" / f"{counts.table}.parquet")


def _write_rejects(judged: Judged, broken: Iterable[BrokenLine], intake: Intake) -> None:
    """The rows set aside with their own cells as the source has them, and the lines that aren't rows."""
    target = intake.folder / "rejects" / f"{judged.name}.csv"
    temporary = target.with_suffix(".csv.part")
    with temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["reason", *judged.numbering(), *judged.source_columns])
        for batch in judged.rejected().to_pyarrow_batches():
            *front, raw = (column.to_pylist() for column in batch.columns)
            writer.writerows([*start, *cells] for *start, cells in zip(*front, raw, strict=True))
        for line in broken:
            writer.writerow([line.reason, line.line, line.text])
    os.replace(temporary, target)


def write_json(path: Path, payload: Mapping[str, Any]) -> None:
    """Writes JSON so that the file is there complete or not at all."""
    temporary = path.with_suffix(f"{path.suffix}.part")
    temporary.write_text(json.dumps(payload, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def open_inputs(engagement: Engagement, folder: Path, engine: BaseBackend) -> dict[str, ir.Table]:
    """The accepted tables of an ingested run, lazily on its engine.

    DuckDB reads the run's parquet files. In a client's database the mapping and the rules are applied again,
    with text and times read as they were at ingestion.
    """
    names = list_in_order(engagement)
    if not is_remote(engagement):
        return {n: engine.read_parquet(folder / "inputs" / f"{n}.parquet", table_name=n) for n in names}
    from segutils.inputs import judging
    from segutils.inputs.casting import Reading

    readings = json.loads((folder / "inputs.json").read_text(encoding="utf-8"))["readings"]
    accepted: dict[str, ir.Table] = {}
    for name in names:
        rows = open_rows(name, engagement, engine, folder)
        mapped = judging.map_columns(name, rows, engagement)
        reading = Reading(**readings[name])
        judged = judging.judge_rows(name, rows, mapped, reading, engagement, accepted)
        giver = engagement.tables[name].add_missing_from
        accepted[name] = _add_missing(judged.accepted(), accepted[giver]) if giver else judged.accepted()
    return accepted
