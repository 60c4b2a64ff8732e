"""Reading the files that clients send: csv of any encoding, delimiter and decimal mark; xlsx; parquet.

Text files are read as text, so that each cell that fails to become a number or a date is known by its row and
its raw text.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segutils.engagement_model import TableSource
from segutils.errors import InputError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

ROW = "row_in_source"
SAMPLE = 1 << 18
MAX_BROKEN_SHARE = 0.01  # of lines with the wrong number of fields; above it the file as a whole is misread
OTHER_ALPHABETS = {"Cyrillic", "Greek and Coptic", "Hebrew", "Arabic", "Thai"}
NOT_TEXT = {b"PK\x03\x04": ".xlsx", b"PAR1": ".parquet", b"\xd0\xcf\x11\xe0": ".xls (and then .xlsx or .csv)"}
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, kw_only=True)
class BrokenLine:
    """A line of a text file that isn't a row: its number, why, and its raw text."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A source as the engine sees it.

    `table` has the source's own column names; with `numbered` also ``row_in_source``, the row's number in the
    file as a spreadsheet counts (header = 1). `read_as` says how the file was read, `broken` which lines
    aren't rows.
    """

    table: ir.Table
    read_as: str
    numbered: bool = False
    broken: tuple[BrokenLine, ...] = ()


def open_file(
    file: Path, source: TableSource, engine: Backend, *, view: str, scratch: Path, where: str
) -> Rows:
    """What rows does this file hold, as DuckDB can read them?

    Parameters
    ----------
    file : pathlib.Path
        A .parquet, .xlsx, .csv, .tsv or .txt file.
    source : TableSource
        What the engagement file states about it; stated wins over sniffed.
    engine : ibis DuckDB backend
    view : str
        Name of the view or table to make in the engine.
    scratch : pathlib.Path
        A temporary folder.
    where : str
        File, line and key for messages.

    Returns
    -------
    Rows

    Raises
    ------
    InputError
        The file is empty, damaged, or not of its kind.
    """
    match file.suffix.lower():
        case ".parquet":
            return _open_parquet(file, engine, view=view, where=where)
        case ".xlsx":
            return _open_xlsx(file, source, engine, view=view, where=where)
        case _:
            return _open_csv(file, source, engine, view=view, scratch=scratch, where=where)


def sniff_encoding(file: Path) -> str:
    """Which encoding is this text in? A byte-order mark, else UTF-8 if all of it is, else a code page.

    cp1252 goes before latin-1: the two differ in the euro sign and curly quotes, which latin-1 turns to
    nothing.
    """
    with file.open("rb") as stream:
        sample = stream.read(SAMPLE)
    for bom, encoding in BOMS:
        if sample.startswith(bom):
            return encoding
    if sample.count(0) > len(sample) // 5:
        return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    if all(_decodes(file, "utf-8")):
        return "utf-8"
    return _guess_code_page(file)


def _guess_code_page(file: Path) -> str:
    """Another alphabet is recognised by its words; Latin code pages cannot be told apart safely."""
    from charset_normalizer import from_bytes

    with file.open("rb") as stream:
        telling = b"".join(line for line in stream if not line.isascii())[:SAMPLE]
    best = from_bytes(telling).best()
    if best and best.percent_coherence >= 10 and set(best.alphabets) & OTHER_ALPHABETS:
        return best.encoding
    return "cp1252" if all(_decodes(file, "cp1252")) else "latin-1"


def _decodes(file: Path, encoding: str) -> Iterator[bool]:
    decoder = codecs.getincrementaldecoder(encoding)()
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                yield False
                return
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            yield False


def _to_utf8(file: Path, encoding: str, scratch: Path, *, where: str) -> Path:
    target = scratch / f"{file.stem}-utf8{file.suffix}"
    try:
        with (
            file.open(encoding=encoding, newline="") as old,
            target.open("w", encoding="utf-8", newline="") as new,
        ):
            while text := old.read(1 << 20):
                new.write(text)
    except LookupError:
        fix = "use a name such as utf-8, cp1252 or utf-16"
        raise InputError(f"the encoding '{encoding}' is not known", where=where, fix=fix) from None
    except UnicodeError as error:
        fix = "correct 'encoding:', or leave it out so that it is sniffed"
        raise InputError(f"'{file.name}' is not {encoding}: {error}", where=where, fix=fix) from None
    return target


def sniff_delimiter(sample: str) -> str:
    """Which character separates the fields? The one that gives the most fields the same number of times."""
    best, best_score = ",", 1.0
    for delimiter in (",", ";", "\t", "|"):
        records = [r for r in csv.reader(io.StringIO(sample), delimiter=delimiter) if r][:200]
        if not records or len(records[0]) < 2:
            continue
        regular = sum(len(record) == len(records[0]) for record in records) / len(records)
        score = regular * len(records[0])
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _open_csv(
    file: Path, source: TableSource, engine: Backend, *, view: str, scratch: Path, where: str
) -> Rows:
    if file.stat().st_size == 0:
        raise InputError(f"'{file.name}' is empty", where=where, fix="export it again, with its header line")
    _refuse_binary(file, where=where)
    encoding = source.encoding or sniff_encoding(file)
    plain = encoding.lower().replace("_", "-") in ("utf-8", "utf8", "ascii")
    readable = file if plain else _to_utf8(file, encoding, scratch, where=where)
    try:
        with readable.open(encoding="utf-8-sig", newline="") as stream:
            sample = stream.read(SAMPLE)
    except UnicodeDecodeError as error:
        fix = "correct 'encoding:', or leave it out so that it is sniffed"
        raise InputError(f"'{file.name}' is not {encoding}: {error}", where=where, fix=fix) from None
    if len(sample) == SAMPLE:
        sample = sample[: sample.rfind("\n") + 1] or sample
    try:
        delimiter = source.delimiter or sniff_delimiter(sample)
        header = _read_header(sample, delimiter, file, where=where)
    except csv.Error as error:
        fix = "export it again as csv: one line a row, the same character between fields"
        raise InputError(f"'{file.name}' is not a text table: {error}", where=where, fix=fix) from None
    broken = _load_csv(readable, header, delimiter, engine, view=view, where=where)
    rows = engine.table(view)
    named = {"\t": "tab"}.get(delimiter, f"'{delimiter}'")
    guessed = "" if source.encoding or encoding.startswith("utf") else " (guessed)"
    read_as = f"csv, {encoding.lower()}{guessed}, {named} between fields"
    return Rows(table=rows, read_as=read_as, numbered=True, broken=broken)


def _refuse_binary(file: Path, *, where: str) -> None:
    """A workbook or a parquet file that was named .csv reads as one broken line."""
    with file.open("rb") as stream:
        start = stream.read(4)
    if start in NOT_TEXT:
        fix = f"name it {NOT_TEXT[start]}, or export it as csv"
        raise InputError(f"'{file.name}' is not a text file", where=where, fix=fix)


def _read_header(sample: str, delimiter: str, file: Path, *, where: str) -> list[str]:
    records = csv.reader(io.StringIO(sample), delimiter=delimiter)
    header = [name.strip() for name in next((record for record in records if record), [])]
    if not any(header):
        raise InputError(
            f"'{file.name}' has no header line", where=where, fix="put the column names into line 1"
        )
    header = [name or f"column_{index}" for index, name in enumerate(header, 1)]
    _refuse_repeated(header, file, where=where)
    return header


def _refuse_repeated(header: list[str], file: Path, *, where: str) -> None:
    # DuckDB compares names without case
    lower = [name.lower() for name in header]
    twice = sorted({name for name in header if lower.count(name.lower()) > 1})
    if twice:
        what = f"'{file.name}' has the column '{twice[0]}' more than once"
        raise InputError(
            what, where=where, fix="give each column its own name (capital letters do not count)"
        )


def _load_csv(
    file: Path, header: list[str], delimiter: str, engine: Backend, *, view: str, where: str
) -> tuple[BrokenLine, ...]:
    """Loads the file as text with row numbers; returns the lines that aren't rows."""
    import duckdb

    columns = ", ".join(f"{_literal(name)}: 'VARCHAR'" for name in header)
    options = (
        f"delim={_literal(delimiter)}, quote='\"', escape='\"', header=true, auto_detect=false, "
        f"columns={{{columns}}}, store_rejects=true, rejects_limit=0, "
        f"rejects_scan={_literal(view + '_scans')}, rejects_table={_literal(view + '_rejects')}, "
        "max_line_size=10000000"
    )
    sql = (
        f'CREATE TEMP TABLE "{view}" AS SELECT row_number() OVER () + 1 AS "{ROW}", * '
        f"FROM read_csv({_literal(str(file))}, {options})"
    )
    try:
        engine.con.execute(sql)
        found = engine.con.execute(
            f'SELECT line, any_value(error_type::VARCHAR), any_value(csv_line) FROM "{view}_rejects" '
            "GROUP BY line ORDER BY line"
        ).fetchall()
        read = engine.con.execute(f'SELECT count(*) FROM "{view}"').fetchone()[0]
    except duckdb.Error as error:
        what = f"'{file.name}' cannot be read as csv: {str(error).splitlines()[0]}"
        raise InputError(
            what, where=where, fix="check quotes, delimiter and encoding; export it again"
        ) from None
    broken = tuple(
        BrokenLine(line=line, reason=_explain_line(kind, len(header)), text=text or "")
        for line, kind, text in found
    )
    if broken and len(broken) > MAX_BROKEN_SHARE * (read + len(broken)) and len(broken) > 1:
        first = broken[0]
        what = (
            f"{len(broken):,} of {read + len(broken):,} lines of '{file.name}' have another number of fields"
        )
        fix = f"see line {first.line}; quote text that contains {delimiter!r}, or state 'delimiter:'"
        raise InputError(f"{what} than the header ({len(header)})", where=where, fix=fix)
    if broken:  # rows after a broken line stand that much further down in the file
        shift = " + ".join(f'("{ROW}" >= {b.line - index})::INT' for index, b in enumerate(broken))
        engine.con.execute(f'UPDATE "{view}" SET "{ROW}" = "{ROW}" + {shift}')
    return broken


def _explain_line(kind: str, fields: int) -> str:
    words = {
        "TOO MANY COLUMNS": f"more than {fields} fields",
        "MISSING COLUMNS": f"fewer than {fields} fields",
        "UNQUOTED VALUE": "a quote that is not closed",
    }
    return f"the line has {words[kind]}" if kind in words else f"the line cannot be read ({kind.lower()})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _open_parquet(file: Path, engine: Backend, *, view: str, where: str) -> Rows:
    import duckdb

    try:
        engine.con.execute(
            f'CREATE TEMP VIEW "{view}" AS '
            f'SELECT * EXCLUDE (file_row_number), file_row_number + 2 AS "{ROW}" '
            f"FROM read_parquet({_literal(str(file))}, file_row_number=true)"
        )
    except duckdb.Error as error:
        what = f"'{file.name}' is not a parquet file: {str(error).splitlines()[0]}"
        raise InputError(what, where=where, fix="export it again, or name a csv or xlsx file") from None
    return Rows(table=engine.table(view), read_as="parquet", numbered=True)


def _open_xlsx(file: Path, source: TableSource, engine: Backend, *, view: str, where: str) -> Rows:
    import pyarrow as pa
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(str(file))
    except (CalamineError, OSError) as error:
        what = f"'{file.name}' cannot be read as xlsx: {error}"
        raise InputError(what, where=where, fix="save it again as .xlsx, or as csv") from None
    sheet = source.sheet or workbook.sheet_names[0]
    if sheet not in workbook.sheet_names:
        fix = f"the file has: {', '.join(workbook.sheet_names)}"
        raise InputError(f"'{file.name}' has no sheet '{sheet}'", where=where, fix=fix)
    records = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    start = next((n for n, record in enumerate(records) if any(cell != "" for cell in record)), None)
    if start is None:
        raise InputError(f"the sheet '{sheet}' is empty", where=where, fix="name another sheet with 'sheet:'")
    header = [str(cell).strip() for cell in records[start]]
    width = max(n for n, name in enumerate(header, 1) if name)
    header = [name or f"column_{index}" for index, name in enumerate(header[:width], 1)]
    _refuse_repeated(header, file, where=where)
    numbered = [(n, r) for n, r in enumerate(records, 1) if n > start + 1 and any(cell != "" for cell in r)]
    columns: Mapping[str, Any] = {
        name: _cells([record[index] if index < len(record) else "" for _, record in numbered])
        for index, name in enumerate(header)
    }
    engine.create_table(
        view, pa.table({ROW: pa.array([n for n, _ in numbered], pa.int64()), **columns}), temp=True
    )
    return Rows(table=engine.table(view), read_as=f"xlsx, sheet '{sheet}'", numbered=True)


def _cells(values: list[Any]) -> Any:
    """A spreadsheet's column with one type: times, dates, numbers, flags; text where they are mixed."""
    import pyarrow as pa

    kept = [None if value == "" else value for value in values]
    kinds = {type(value) for value in kept if value is not None}
    if kinds and kinds <= {int, float}:
        return pa.array([None if v is None else float(v) for v in kept], pa.float64())
    if kinds == {bool}:
        return pa.array(kept, pa.bool_())
    if kinds and kinds <= {date, datetime}:
        moments = [v if v is None or isinstance(v, datetime) else datetime.combine(v, time()) for v in kept]
        return pa.array(moments, pa.timestamp("us"))
    return pa.array([None if v is None else _as_text(v) for v in kept], pa.string())


def _as_text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value).strip()
