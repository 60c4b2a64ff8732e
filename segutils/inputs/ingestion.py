"""The client's tables enter a run: every row is used or set aside, and counted.

Accepted rows go to ``inputs/<table>.parquet`` (DuckDB; in a client's own database they stay where they are),
rows set aside to ``rejects/<table>.csv`` with the reason first, counts and faults to ``inputs.json``. Fields
that may not be used to segment are in none of them.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segutils import schemas
from segutils.engagement import Engagement, to_json
from segutils.engagement_data import PURPOSES, SEGMENTATION
from segutils.errors import InputError
from segutils.expressions import read_condition
from segutils.inputs import named_groups
from segutils.inputs.faults import Counts, Fault, find_examples, find_fatal, make_fault, refuse_fatal
from segutils.inputs.opening import (
    add_missing,
    list_behind,
    list_in_order,
    list_missing,
    note_source,
    open_engine,
    write_json,
)
from segutils.inputs.permissions import FieldRecord, list_restricted
from segutils.inputs.rejects import write_rejects
from segutils.inputs.sources import database_errors, hash_data, is_remote, open_rows, resolve_secret

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

    from segutils.inputs.casting import Reading
    from segutils.inputs.judging import Judged
    from segutils.inputs.restricting import People


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
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)  # those that may be used to segment
    uses: list[FieldRecord] = field(default_factory=list)
    people: People | None = None
    counts: list[Counts] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    readings: dict[str, Reading] = field(default_factory=dict)
    files: dict[str, Future[int]] = field(default_factory=dict)
    distinct: dict[str, Future[int]] = field(default_factory=dict)
    writer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=1))


def ingest(engagement: Engagement, folder: Path, *, stop: bool = True) -> None:
    """Which rows of the client's tables can be used, and where are they?

    Parameters
    ----------
    engagement : Engagement
    folder : pathlib.Path
        The run's folder; made if it does not exist. Afterwards it holds ``inputs/``, ``rejects/``,
        ``inputs.json`` and ``engagement.json``; files appear complete or not at all.
    stop : bool
        Whether fatal faults stop it where the engagement's gate says so.

    Raises
    ------
    InputError
        Something cannot be read at all: file, column, type, or no row is left; a definition names a column
        that did not come; or a fault is fatal.
    """
    (folder / "inputs.json").unlink(missing_ok=True)
    for part in ("inputs", "rejects"):  # of an earlier ingestion: what is no longer seen must not stay
        shutil.rmtree(folder / part, ignore_errors=True)
    for part in ("inputs", "rejects", "tables"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    write_json(folder / "engagement.json", to_json(engagement))
    note_source(engagement, folder)
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
            seen = intake.accepted["customers"].select(*intake.columns["customers"])
            named_groups.check_named_groups(engagement, seen)
        finally:
            intake.writer.shutdown(cancel_futures=True)
            intake.engine.disconnect()
            for unfinished in (folder / "inputs").glob("*.part"):
                unfinished.unlink()
    _check_definitions(intake)
    fatal = find_fatal(intake.counts, intake.faults, engagement.gate)
    if fatal and stop and engagement.gate.on_fatal == "stop":
        shutil.rmtree(folder / "inputs")
        raise refuse_fatal(fatal, where=engagement.where("tables"), rejects=str(folder / "rejects"))
    write_json(folder / "inputs.json", _report(intake, fatal))


def _check_definitions(intake: Intake) -> None:
    """Every column that a department's definition names came with the data; the file alone cannot know."""
    for term, departments in intake.engagement.definitions.items():
        for department, text in departments.items():
            for name in read_condition(text).columns:
                table, dot, column = name.rpartition(".")
                table = table if dot else "customers"
                has = intake.columns.get(table, ())
                if column not in has:
                    where = intake.engagement.where("definitions", term, department)
                    fix = f"map it under tables.{table}.columns, or use one of: {', '.join(has)}"
                    what = f"the definition names '{column}', which '{table}' does not have"
                    raise InputError(what, where=where, fix=fix)


def _report(intake: Intake, fatal: tuple[Fault, ...]) -> dict[str, Any]:
    """What :class:`segutils.tables.InputReport` reads, and how to open the sources again."""
    order = {name: index for index, name in enumerate(intake.engagement.tables)}
    again = {use.table for use in intake.uses if set(use.purposes) != set(PURPOSES)}
    behind = {read for name in again for read in list_behind(name, intake.engagement)}
    sources = {name: source for name, source in intake.engagement.tables.items() if name in behind}
    return {
        "tables": [asdict(c) for c in sorted(intake.counts, key=lambda c: order[c.table])],
        "faults": [asdict(f) for f in (*fatal, *sorted(intake.faults, key=lambda f: order[f.table]))],
        "columns": {name: intake.columns[name] for name in order if name in intake.columns},
        "uses": [asdict(u) for u in sorted(intake.uses, key=lambda u: order[u.table])],
        "readings": {name: asdict(reading) for name, reading in intake.readings.items()},
        "hashes": hash_data(intake.engagement.model_copy(update={"tables": sources})),
    }


def _enter(name: str, intake: Intake) -> None:
    from segutils.inputs import checks, judging, restricting

    engagement, where = intake.engagement, intake.engagement.where("tables", name)
    rows = open_rows(name, engagement, intake.engine, intake.scratch)
    url = resolve_secret(engagement.engine, where=where)
    with database_errors(url, where=where):
        mapped = judging.map_columns(name, rows, engagement)
        reading = judging.read_text_columns(name, rows, mapped, engagement)
        typed = judging.cast_rows(name, rows, mapped, reading, engagement)
        reading = judging.read_cells(typed, schemas.TABLES[name], reading)
        judged = judging.judge_rows(name, rows, mapped, reading, engagement, intake.accepted)
        hidden = list_restricted(name, judged.columns, engagement)  # the spellings are values of the column
        spellings = {column: wrong for column, wrong in reading.misspelt.items() if column not in hidden}
        intake.readings[name] = replace(reading, misspelt=spellings)
        if not is_remote(engagement):  # one pass over the source; what follows reads its result
            judged = replace(judged, rows=intake.engine.create_table(f"judged_{name}", judged.rows))
        counted = _count(judged, intake)
        rows_in, aside = counted.rows_in, counted.set_aside
        accepted, added = judged.accepted(), 0
        if giver := engagement.tables[name].add_missing_from:
            given = restricting.keep_rows(intake.accepted[giver], giver, engagement, None)
            added = int(list_missing(accepted, given).count().to_pyarrow().as_py())
            accepted = add_missing(accepted, given)
        intake.accepted[name] = accepted
        used = int(judged.accepted().count().to_pyarrow().as_py())
        withheld = _admit(name, accepted, intake)
        if not schemas.TABLES[name].key:
            intake.distinct[name] = _fetch_later(judged.accepted().distinct().count(), intake)
        if aside or rows.broken:
            write_rejects(judged, rows.broken, intake.folder / "rejects", hidden)
    if rows.broken:
        first, lines = rows.broken[0], len(rows.broken)
        rows_in, aside = rows_in + lines, aside + lines
        fix = "quote text that contains the delimiter or a line break"
        check = checks.Check(column="", rule="the line is not a row", severity="set_aside", fix=fix)
        example = f"line {first.line}: {first.reason}"
        intake.faults.append(make_fault(name, check, rows=lines, of=rows_in, examples=[example]))
    if rows_in != used + aside:
        raise AssertionError(f"{name}: {rows_in} rows in, but {used} used and {aside} set aside")
    counts = Counts(
        table=name,
        rows_in=rows_in,
        rows_used=used - withheld,
        rows_set_aside=aside,
        rows_added=added,
        rows_withheld=withheld,
        read_as=rows.read_as + (", decimal comma" if "," in reading.decimals.values() else ""),
    )
    intake.counts.append(counts)


def _admit(name: str, accepted: ir.Table, intake: Intake) -> int:
    """Hands on what may be used to segment, and notes what may not; returns the number of rows withheld."""
    from segutils.inputs import restricting

    engagement = intake.engagement
    seen = restricting.restrict(accepted, name, engagement, intake.people, purpose=SEGMENTATION)
    intake.uses += restricting.count_uses(accepted, name, engagement, intake.people)
    if name == "customers":
        agreed = restricting.list_agreed(accepted, engagement)
        intake.people = restricting.People(customers=accepted, agreed=agreed)
    if seen is not None:  # else the table serves other purposes only
        intake.columns[name] = seen.columns
        if not is_remote(engagement):
            sql = intake.engine.compile(seen)
            intake.files[name] = intake.writer.submit(_write_parquet, name, sql, intake)
    if not restricting.leaves_out_rows(name, accepted.columns, engagement):
        return 0
    kept = restricting.keep_rows(accepted, name, engagement, intake.people)
    counts = [int(table.count().to_pyarrow().as_py()) for table in (accepted, kept)]
    if name in schemas.NEEDED and not counts[1]:
        fix = "check the consent column (it says yes, true or 1) and keep_days, with the owner of that line"
        what = f"no row of '{name}' may be used: consent is missing, or all are too old"
        raise InputError(what, where=engagement.where("privacy"), fix=fix)
    return counts[0] - counts[1]


def _count(judged: Judged, intake: Intake) -> Pair:
    """Rows in and rows set aside, from one query that counts every check; faults are noted on the way."""
    from segutils.inputs.checks import REASON, UNREADABLE, mark

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
    restricted = list_restricted(judged.name, judged.columns, intake.engagement)
    examples = {number: find_examples(judged, number, restricted) for number in broken}
    for number in broken:
        check, count = judged.checks[number], int(found[f"broken_{number}"])
        if check.rule.startswith(UNREADABLE) and not found[f"readable_{number}"]:
            what = f"no cell of '{check.column}' can be read: {check.rule} ({examples[number][0]})"
            fix = _say_how_to_read(check.rule, examples[number][0])
            where = intake.engagement.where("tables", judged.name, "columns", check.column)
            raise InputError(what, where=where, fix=fix)
        intake.faults.append(make_fault(judged.name, check, rows=count, of=total, examples=examples[number]))
    if aside == total:
        worst = max((f for f in intake.faults if f.table == judged.name), key=lambda fault: fault.rows)
        what = f"no row of '{judged.name}' can be used; most often: {worst.rule} ({worst.examples[0]})"
        raise InputError(what, where=where, fix=worst.fix)
    return Pair(rows_in=total, set_aside=aside)


def _say_how_to_read(rule: str, example: str) -> str:
    """What to state so that a column can be read of which no cell can."""
    if rule.endswith("number"):
        if example.endswith("%"):
            return "export shares as numbers (0.03) and amounts without a percent sign, or convert in a query"
        return "map the right column, or state the decimal mark of this table: decimal: ','"
    if rule.endswith("yes or no"):
        return "map the right column, or convert it in a query of this table"
    year = re.search(r"\b\d{4}$", example)
    form = "'%Y' for years" if year else "such as '%d.%m.%Y' or '%m/%Y'"
    return f"map the right column, or state how its dates are written: date_format: {form}"


def _note_repeated_lines(counts: Counts, intake: Intake) -> None:
    """Lines that are equal in every column: two scans of one article, or an export loaded twice."""
    from segutils.inputs.checks import Check

    if counts.table not in intake.distinct:
        return
    repeated = counts.rows_used + counts.rows_withheld - intake.distinct[counts.table].result()
    if repeated:
        fix = "if an export was loaded twice, load it once; two equal lines of one order are no fault"
        check = Check(column="", rule="the same line again", severity="flag", fix=fix)
        example = "see the orders that have two equal lines"
        intake.faults.append(
            make_fault(counts.table, check, rows=repeated, of=counts.rows_in, examples=[example])
        )


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
    if counts.table not in intake.files:
        return
    written, expected = intake.files[counts.table].result(), counts.rows_used + counts.rows_added
    if written != expected:
        raise AssertionError(f"{counts.table}: {written} rows written, {expected} counted")
    os.replace(_part(counts.table, intake), intake.folder / "inputs" / f"{counts.table}.parquet")
