"""From the client's cells to canonical types: numbers, dates and moments, the same on every engine.

Times become UTC with the zone's own offsets (from the IANA data, as plain interval arithmetic), so that no
engine's time-zone functions are needed and the answer is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NoReturn
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.datatypes as dt

from segutils.errors import InputError

if TYPE_CHECKING:
    import ibis.expr.types as ir

ISO_TIME = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?$"
ZONED = r"\d{1,2}:\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)$"
DAY_OR_MONTH = r"^(\d{1,2})[./-](\d{1,2})[./-]\d{4}([T ,]+\d{1,2}:\d{2}(:\d{2})?)?$"
ISO_DATES = ("%Y-%m-%d", "%Y/%m/%d")
ISO_CLOCKS = ("T%H:%M", " %H:%M:%S.%f", "T%H:%M:%S.%f")
TIMES = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", ", %H:%M", ", %H:%M:%S")
COMMA_DECIMAL = r"^[-+]?\d+(\.\d{3})*,\d+$"
DOT_DECIMAL = r"^[-+]?\d+(,\d{3})*\.\d+$"
COMMA_GROUPS = r"^[-+]?[1-9]\d{0,2}(,\d{3})+$"
DOT_GROUPS = r"^[-+]?[1-9]\d{0,2}(\.\d{3})+$"
TRUE_WORDS = ("true", "t", "yes", "y", "1", "1.0", "j", "ja", "oui", "si", "sí", "tak")
FALSE_WORDS = ("false", "f", "no", "n", "0", "0.0", "nein", "non", "nee", "nie")


@ibis.udf.scalar.builtin(name="try_strptime")
def _try_strptime(text: str, formats: list[str]) -> dt.timestamp:
    """DuckDB's parser: null where no format fits."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a table's text was understood, so that a later session reads it the same way.

    Parameters
    ----------
    decimals : mapping of str to str
        Decimal mark of the number columns that are given as text.
    formats : mapping of str to list of str
        Canonical time column → ``strptime`` formats; empty for ISO text.
    zoned : list of str
        Time columns whose text carries an offset.
    days : list of str
        Time columns without a time of day: calendar days of the client, in no zone.
    low, high : mapping of str to str
        First and last moment (ISO, as in the source) of each time column.
    repeats : bool
        Some key occurs more than once.
    misspelt : mapping of str to mapping of str to str
        Category column → rare spelling → the frequent value that it is nearly like.
    """

    decimals: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, list[str]] = field(default_factory=dict)
    zoned: list[str] = field(default_factory=list)
    days: list[str] = field(default_factory=list)
    low: Mapping[str, str] = field(default_factory=dict)
    high: Mapping[str, str] = field(default_factory=dict)
    repeats: bool = False
    misspelt: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_decimal_marks(table: ir.Table, columns: Mapping[str, str], *, where: str) -> dict[str, str]:
    """Is the decimal mark of each of these text columns a dot or a comma?

    A column whose values don't tell follows the others of its table.

    Parameters
    ----------
    table : ibis table
    columns : mapping of str to str
        Canonical number column → text column of `table`.
    where : str
        File, line and key for the message.

    Returns
    -------
    dict of str to {".", ","}

    Raises
    ------
    InputError
        All that there is looks like ``1,234`` or ``1.234``: thousands or decimals cannot be told apart.
    """
    sums: dict[str, ir.Scalar] = {}
    for column, theirs in columns.items():
        text = table[theirs].strip()
        grouped = text.re_search(COMMA_GROUPS) | text.re_search(DOT_GROUPS)
        sums[f"comma {column}"] = (text.re_search(COMMA_DECIMAL) & ~grouped).sum()
        sums[f"dot {column}"] = (text.re_search(DOT_DECIMAL) & ~grouped).sum()
        sums[f"unclear {column}"] = text.max(where=grouped)
    found = table.aggregate(**sums).to_pyarrow().to_pylist()[0] if sums else {}
    balance = {c: (found[f"comma {c}"] or 0) - (found[f"dot {c}"] or 0) for c in columns}
    told = {column: "," if lead > 0 else "." for column, lead in balance.items() if lead}
    others = set(told.values())
    for column in columns:
        example = found[f"unclear {column}"]
        if column not in told and example and len(others) != 1:
            what = f"numbers of '{column}' such as {example} can be read in two ways"
            fix = "state the decimal mark for this table: decimal: '.' or decimal: ','"
            raise InputError(what, where=where, fix=fix)
    otherwise = others.pop() if len(others) == 1 else "."
    return {column: told.get(column, otherwise) for column in columns}


def read_time_formats(table: ir.Table, name: str, theirs: str, *, where: str) -> tuple[list[str], bool]:
    """How are the times of a text column written, and do they carry an offset?

    Returns
    -------
    tuple of (list of str, bool)
        ``strptime`` formats (empty for ISO text), and whether the values carry an offset.

    Raises
    ------
    InputError
        ``01/02/2024`` and no value says whether the day or the month is first; or only some values carry an
        offset.
    """
    text = table[theirs].strip()
    iso, short = text.re_search(ISO_TIME), text.re_search(DAY_OR_MONTH)
    found = (
        table.aggregate(
            iso=iso.sum(),
            zoned=(iso & text.re_search(ZONED)).sum(),
            short=short.sum(),
            first=text.re_extract(DAY_OR_MONTH, 1).try_cast("int64").max(where=short),
            second=text.re_extract(DAY_OR_MONTH, 2).try_cast("int64").max(where=short),
            example=text.min(where=short),
        )
        .to_pyarrow()
        .to_pylist()[0]
    )
    day_first, month_first = (found["first"] or 0) > 12, (found["second"] or 0) > 12
    mostly_iso = (found["iso"] or 0) > (found["short"] or 0)
    if not found["short"] or (mostly_iso and (found["zoned"] or day_first == month_first)):
        if found["zoned"] and found["zoned"] < found["iso"]:
            what = f"some times of '{name}' carry an offset from UTC and some do not"
            raise InputError(what, where=where, fix="export the column in one way")
        return [], bool(found["zoned"])
    if not day_first and not month_first:
        what = f"dates of '{name}' such as {found['example']} can be read day first or month first"
        fix = "state it for this table: date_format: '%d/%m/%Y' or '%m/%d/%Y' (with the file's own separator)"
        raise InputError(what, where=where, fix=fix)
    if day_first and month_first:
        what = f"dates of '{name}' are written day first in some rows and month first in others"
        raise InputError(what, where=where, fix="export the column in one way, best as 2024-12-31")
    order = "%d{s}%m{s}%Y" if day_first else "%m{s}%d{s}%Y"
    formats = [order.format(s=mark) + clock for mark in "./-" for clock in TIMES]
    if found["iso"]:  # two systems' rows in one file: both are plain
        formats += [day + clock for day in ISO_DATES for clock in (*TIMES, *ISO_CLOCKS)]
    return formats, False


def cast_column(value: ir.Column, name: str, type_: str, reading: Reading, *, where: str) -> ir.Column:
    """A source column in its canonical type; a cell that does not fit becomes null.

    Times stay as the source has them (its own zone); :func:`move_clock` moves them.

    Raises
    ------
    InputError
        The source's type can't become the canonical one (a flag as a date).
    """
    target, found = dt.dtype(type_) if type_ != "any" else None, value.type()
    if target is None:
        return _blank_to_null(value) if found.is_string() else value
    if target.is_string():
        return _as_string(value)
    if found.is_string():
        return _from_text(value.strip(), name, target, reading)
    if target.is_boolean():
        if found.is_boolean():
            return value
        if not found.is_numeric():
            _refuse_type(name, found, type_, where)
        return value != 0
    if target.is_numeric():
        if not found.is_numeric() or found.is_boolean():
            _refuse_type(name, found, type_, where)
        if found.is_floating():  # NaN is how a file writes a gap
            value = ibis.ifelse(value.isnan() | value.isinf(), ibis.null(found), value)
        return value.cast(target)
    if not (found.is_date() or found.is_timestamp()):
        _refuse_type(name, found, type_, where)
    return value.cast("timestamp")


def _refuse_type(name: str, found: dt.DataType, type_: str, where: str) -> NoReturn:
    wanted = {"timestamp": "a date or time", "boolean": "yes or no", "date": "a date"}.get(type_, "a number")
    example = f"query: select ..., cast(... as {type_.split('(')[0]})"
    fix = f"map another column, or cast it in a query of this table ({example})"
    raise InputError(f"'{name}' should be {wanted}, the source has {found}", where=where, fix=fix)


def _blank_to_null(value: ir.StringColumn) -> ir.StringColumn:
    return value.strip().nullif("")


def _as_string(value: ir.Column) -> ir.StringColumn:
    found = value.type()
    if found.is_string():
        return _blank_to_null(value)
    if found.is_floating():  # 1001.0 is how a file with gaps stores the identifier 1001
        whole = value.cast("int64")
        return ibis.ifelse(whole.cast("float64") == value, whole.cast("string"), value.cast("string"))
    return value.cast("string")


def _from_text(text: ir.StringColumn, name: str, target: dt.DataType, reading: Reading) -> ir.Column:
    if target.is_boolean():
        word = text.lower()
        return ibis.cases((word.isin(TRUE_WORDS), True), (word.isin(FALSE_WORDS), False))
    if target.is_numeric():
        thousands, mark = (".", ",") if reading.decimals.get(name) == "," else (",", ".")
        groups = r"^[-+]?\d{1,3}(" + ("\\" + thousands) + r"\d{3})+(" + ("\\" + mark) + r"\d+)?$"
        plain = ibis.ifelse(text.re_search(groups), text.replace(thousands, ""), text)
        # a thousands mark that doesn't separate thousands is left in: the cast then refuses the cell
        dotted = (
            plain
            if mark == "."
            else ibis.ifelse(plain.contains("."), ibis.null("string"), plain.replace(",", "."))
        )
        return dotted.try_cast(target)
    if name in reading.zoned:
        return text.try_cast("timestamp('UTC')").cast("timestamp")
    if formats := reading.formats.get(name):
        return _try_strptime(text, formats)
    return text.try_cast("timestamp")


def move_clock(
    moment: ir.TimestampColumn, zone: str, to: str, low: datetime, high: datetime
) -> ir.TimestampColumn:
    """What does the clock of one zone show when the clock of another shows this?

    Parameters
    ----------
    moment : ibis timestamp
        Wall-clock times of `zone`, without offset.
    zone, to : str
        IANA names; ``UTC`` among them.
    low, high : datetime.datetime
        First and last moment: offsets are looked up in between.

    Returns
    -------
    ibis timestamp
        Wall-clock times of `to`. Of the hour that happens twice in autumn the first one is taken, as
        :mod:`datetime` does with ``fold=0``.
    """
    if zone == to:
        return moment
    low, high = low - timedelta(days=2), high + timedelta(days=2)
    there, here = list_offsets(zone, low, high), list_offsets(to, low, high)
    starts: list[tuple[datetime, timedelta]] = []
    before = there[0][1]
    for change in sorted({start for start, _ in (*there, *here)}):
        offset = _offset_at(there, change)
        # on the wall clock the old offset holds until the later of the two readings
        starts.append((change + max(before, offset), _offset_at(here, change) - offset))
        before = offset
    moved = [moment + ibis.interval(seconds=int(delta.total_seconds())) for _, delta in starts]
    branches = [(moment < start, earlier) for (start, _), earlier in zip(starts[1:], moved, strict=False)]
    return ibis.cases(*branches, else_=moved[-1]) if branches else moved[0]


def _offset_at(offsets: list[tuple[datetime, timedelta]], moment: datetime) -> timedelta:
    return next(offset for start, offset in reversed(offsets) if start <= moment)


def list_offsets(zone: str, low: datetime, high: datetime) -> list[tuple[datetime, timedelta]]:
    """When did this zone's offset from UTC change?

    Parameters
    ----------
    zone : str
        IANA name.
    low, high : datetime.datetime
        UTC, naive.

    Returns
    -------
    list of tuple of (datetime.datetime, datetime.timedelta)
        UTC moment from which an offset holds, and the offset; the first begins at `low`.
    """
    info = ZoneInfo(zone)

    def offset(moment: datetime) -> timedelta:
        return moment.replace(tzinfo=UTC).astimezone(info).utcoffset() or timedelta()

    found = [(low, offset(low))]
    day = low
    while day < high:
        following = min(day + timedelta(days=7), high)
        if offset(following) != found[-1][1]:
            inside, outside = day, following
            while outside - inside > timedelta(seconds=1):
                middle = (inside + (outside - inside) / 2).replace(microsecond=0)
                inside, outside = (middle, outside) if offset(middle) == found[-1][1] else (inside, middle)
            found.append((outside, offset(outside)))
        day = following
    return found


def end_of_day(day: date, zone: str) -> datetime:
    """The first moment (UTC, naive) after a day of the client."""
    following = datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=ZoneInfo(zone))
    return following.astimezone(UTC).replace(tzinfo=None)
