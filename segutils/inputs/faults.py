"""What ingestion counts: rows per table, broken rules with examples, and which of them stop a run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segutils import schemas
from segutils.engagement_data import Gate
from segutils.errors import InputError
from segutils.formats import format_value, plural
from segutils.inputs.files import ROW
from segutils.inputs.permissions import WITHHELD
from segutils.table_schema import TREATMENTS, Severity

if TYPE_CHECKING:
    from segutils.inputs.checks import Check
    from segutils.inputs.judging import Judged

MAX_EXAMPLES = 3
KEPT = ("flag", "blank")  # severities of rows that break a rule and are used all the same


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Rows of one table: in = used + set aside + withheld.

    Set aside: the row breaks the contract. Withheld: no purpose, no consent, or too old to be kept. Added
    rows are customers without a record of their own.
    """

    table: str
    rows_in: int
    rows_used: int
    rows_set_aside: int
    rows_added: int
    read_as: str
    rows_withheld: int = 0


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One broken rule of one column: how many rows, what happened to them, examples, the fix."""

    table: str
    column: str
    rule: str
    severity: Severity
    treatment: str
    rows: int
    share: float
    examples: tuple[str, ...]
    fix: str


def make_fault(table: str, check: Check, *, rows: int, of: int, examples: Sequence[str]) -> Fault:
    """The fault that a broken check is."""
    return Fault(
        table=table,
        column=check.column,
        rule=check.rule,
        severity=check.severity,
        treatment=TREATMENTS[check.severity],
        rows=rows,
        share=rows / of,
        examples=tuple(examples),
        fix=check.fix,
    )


def find_examples(judged: Judged, number: int, restricted: Collection[str]) -> tuple[str, ...]:
    """The first rows that break a check, with the source's own cell.

    A cell that identifies somebody is cut to its first character, one of a restricted field is withheld; a
    row without a number is named by its key.
    """
    from segutils.inputs.checks import RAW

    schema, check = schemas.TABLES[judged.name], judged.checks[number]
    key = (
        () if judged.numbered else tuple(k for k in schema.key if k in judged.columns and k not in restricted)
    )
    position = judged.source_columns.index(judged.mapped[check.column])
    records = judged.first_broken(number, key, MAX_EXAMPLES).to_pyarrow().to_pylist()
    found = []
    for record in records:
        text = ((record[RAW][position] if record[RAW] else "") or "").strip()  # a gap has no cells
        known = schema.by_name.get(check.column)
        if text and check.column in restricted:
            text = WITHHELD
        elif text and (known is None or known.identifying):
            text = f"{text[:1]}…"
        row = f"row {record[ROW]:,}: " if judged.numbered else _name_row(record, key, judged)
        found.append(f"{row}{check.column} is {text[:60] or 'empty'}")
    return tuple(dict.fromkeys(found))


def _name_row(record: dict[str, object], key: tuple[str, ...], judged: Judged) -> str:
    columns = schemas.TABLES[judged.name].by_name
    values = [
        f"{str(record[k])[:1]}…{str(record[k])[-2:]}" if columns[k].identifying else str(record[k])
        for k in key
    ]
    return f"{' '.join(values)}: " if values else ""


def find_fatal(counts: Sequence[Counts], faults: Sequence[Fault], gate: Gate) -> tuple[Fault, ...]:
    """Which faults are so frequent that no result on these tables could be trusted?

    Parameters
    ----------
    counts, faults : sequence
    gate : Gate
        The shares of a table's rows from which on a fault is fatal.

    Returns
    -------
    tuple of Fault
        One per table of which too many rows are set aside, and one per rule that too many kept rows break.
    """
    found = []
    large = {line.table for line in counts if line.rows_in >= gate.min_rows}
    for line in (line for line in counts if line.table in large):
        share = line.rows_set_aside / line.rows_in
        if share > gate.max_set_aside_share:
            of_table = [f for f in faults if f.table == line.table and f.severity == "set_aside"]
            worst = max(of_table, key=lambda fault: fault.rows)
            limit = format_value(gate.max_set_aside_share, "share:0")
            found.append(
                Fault(
                    table=line.table,
                    column="",
                    rule=f"more than {limit} of the rows are set aside, most often: {worst.rule}",
                    severity="fatal",
                    treatment=_treatment(gate),
                    rows=line.rows_set_aside,
                    share=share,
                    examples=worst.examples,
                    fix=worst.fix,
                )
            )
    for fault in (fault for fault in faults if fault.table in large and fault.severity in KEPT):
        if fault.share > gate.max_flagged_share:
            found.append(replace(fault, severity="fatal", treatment=_treatment(gate)))
    return tuple(found)


def _treatment(gate: Gate) -> str:
    return TREATMENTS["fatal"] if gate.on_fatal == "stop" else "the run goes on, as was stated"


def refuse_fatal(fatal: Sequence[Fault], *, where: str, rejects: str) -> InputError:
    """The error that stops a run, every fatal fault with example and fix."""
    lines = [
        f"  {n}. {f.table}{'.' * bool(f.column)}{f.column}: {f.rule} ({plural(f.rows, 'row')}, "
        f"{format_value(f.share, 'share')}); {'; '.join(f.examples)}\n     fix: {f.fix}"
        for n, f in enumerate(fatal, 1)
    ]
    what = f"{plural(len(fatal), 'fatal fault')} in the data: no notebook was started\n" + "\n".join(lines)
    fix = (
        f"correct the data at the source (the rows set aside are in {rejects}); or go on without these rows: "
        "segutils run ENGAGEMENT --go-on, or 'gate: {on_fatal: go_on}' in the engagement file"
    )
    return InputError(what, where=where, fix=fix)
