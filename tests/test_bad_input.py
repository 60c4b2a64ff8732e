"""What clients really send: each case ends in one clear message, or in rows set aside and counted."""

import csv
import datetime
import sqlite3

import duckdb
import numpy as np
import pandas as pd
import pytest

from segutils import tables
from segutils.engagement import load_engagement
from segutils.errors import InputError


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def ingest(path):
    folder = path.parent / "run"
    tables.ingest(load_engagement(path), folder)
    return tables.open_run(folder)


def refused(path) -> InputError:
    with pytest.raises(InputError) as caught:
        ingest(path)
    return caught.value


def lines(path) -> pd.DataFrame:
    return pd.read_csv(path.parent / "lines.csv", dtype=str)


def count(run, table) -> dict:
    frame = run.input_counts().set_index("table")
    return frame.loc[table, ["rows_in", "rows_used", "rows_set_aside", "rows_added"]].to_dict()


def fault(run, rule) -> dict:
    (found,) = run.input_faults().query("rule == @rule").to_dict("records")
    return found


def read_rejects(run, table) -> list[dict]:
    with (run.folder / "rejects" / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def total(run) -> str:
    return str(run.input("transactions").net_revenue.sum().to_pyarrow().as_py())


def test_missing_file(small_engagement):
    edit(small_engagement, "path: lines.csv", "path: line.csv")
    error = refused(small_engagement)
    assert error.what == "the file 'line.csv' does not exist"
    assert error.where == "engagement.yml, line 12 (tables.transactions.path)"
    assert "lines.csv" in error.fix
    assert not (small_engagement.parent / "run" / "inputs.json").exists()


def test_missing_package(small_engagement):
    edit(small_engagement, "path: lines.csv", "path: package:no_such_data/lines.parquet")
    assert refused(small_engagement).what == "the package 'no_such_data' is not installed"


def test_wrong_column(small_engagement):
    edit(small_engagement, "net_revenue: amount", "net_revenue: amuont")
    error = refused(small_engagement)
    assert error.what == "the source of 'transactions' has no column 'amuont'"
    assert error.where == "engagement.yml, line 18 (tables.transactions.columns.net_revenue)"
    assert error.fix.startswith("did you mean 'amount'? the source has: client, receipt,")


def test_required_column_not_mapped(small_engagement):
    edit(small_engagement, "      net_revenue: amount\n", "")
    assert (
        refused(small_engagement).what == "'transactions' needs 'net_revenue', which no column is mapped to"
    )


@pytest.mark.parametrize("content", ["", "client,area,household\n"])
def test_empty_table(small_engagement, content):
    (small_engagement.parent / "customers.csv").write_text(content, encoding="utf-8")
    assert "is empty" in refused(small_engagement).what


def test_one_customer(small_engagement):
    folder = small_engagement.parent
    one = lines(small_engagement).query("client == 'C0001'")
    one.to_csv(folder / "lines.csv", index=False)
    (folder / "customers.csv").write_text("client,area,household\nC0001,north,single\n", encoding="utf-8")
    run = ingest(small_engagement)
    assert count(run, "customers")["rows_used"] == 1 and count(run, "transactions")["rows_used"] == len(one)


def test_all_values_equal_is_no_matter_for_ingestion(small_engagement):
    frame = lines(small_engagement).assign(pieces="1", amount="2.50")
    frame.to_csv(small_engagement.parent / "lines.csv", index=False)
    run = ingest(small_engagement)
    assert count(run, "transactions")["rows_set_aside"] == 0


def test_duplicate_keys(small_engagement):
    """Rows 302 and 303 repeat C0001, once as it is and once with another region; the first is kept."""
    file = small_engagement.parent / "customers.csv"
    first = file.read_text(encoding="utf-8").splitlines()[1]
    area = first.split(",")[1]
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f"{first}\n{first.replace(area, 'elsewhere')}\n")
    run = ingest(small_engagement)
    assert count(run, "customers") == {"rows_in": 302, "rows_used": 300, "rows_set_aside": 2, "rows_added": 0}
    assert fault(run, "same row again (customer_id)")["rows"] == 1
    conflict = fault(run, "customer_id again with other content")
    assert conflict["rows"] == 1 and conflict["examples"] == "row 303: customer_id is C…"
    kept = run.input("customers").filter(lambda t: t.customer_id == "C0001").to_pandas()
    assert kept.region.tolist() == [area]


def test_unparsable_cells_are_set_aside_with_their_raw_text(small_engagement):
    frame = lines(small_engagement)
    frame.loc[4, "sold"] = "last Tuesday"
    frame.loc[5, "amount"] = "n/a"
    frame.loc[6, "receipt"] = ""
    frame.loc[7, "rebate"] = "some"  # an optional column: the cell is blanked, the row stays
    frame.to_csv(small_engagement.parent / "lines.csv", index=False)
    run = ingest(small_engagement)
    assert count(run, "transactions")["rows_set_aside"] == 3
    rejects = read_rejects(run, "transactions")
    assert [(r["reason"], r["row_in_source"]) for r in rejects] == [
        ("ordered_at: not a date or time", "6"),
        ("net_revenue: not a number", "7"),
        ("order_id: missing", "8"),
    ]
    assert rejects[0]["sold"] == "last Tuesday" and rejects[1]["amount"] == "n/a"
    assert fault(run, "not a date or time")["examples"] == "row 6: ordered_at is last Tuesday"
    blanked = run.input_faults().query("column == 'discount'").iloc[0]
    assert blanked.severity == "blank" and blanked.rows == 1


def test_a_column_that_cannot_be_read_at_all_stops_the_run(small_engagement):
    lines(small_engagement).assign(sold="01-Jan-24").to_csv(
        small_engagement.parent / "lines.csv", index=False
    )
    error = refused(small_engagement)
    assert "no cell of 'ordered_at' can be read" in error.what and "date_format" in error.fix
    edit(small_engagement, "path: lines.csv", "path: lines.csv\n    date_format: '%d-%b-%y'")
    run = ingest(small_engagement)
    assert run.input("transactions").ordered_on.max().to_pyarrow().as_py() == datetime.date(2024, 1, 1)


def test_ambiguous_dates_are_refused(small_engagement):
    frame = lines(small_engagement)
    frame.assign(sold="01/02/2024").to_csv(small_engagement.parent / "lines.csv", index=False)
    error = refused(small_engagement)
    assert "01/02/2024 can be read day first or month first" in error.what and "date_format" in error.fix
    # one value that can only be a day settles it
    frame["sold"] = ["01/02/2024"] * (len(frame) - 1) + ["25/02/2024"]
    frame.to_csv(small_engagement.parent / "lines.csv", index=False)
    days = ingest(small_engagement).input("transactions").ordered_on
    assert days.min().to_pyarrow().as_py() == datetime.date(2024, 2, 1)
    assert days.max().to_pyarrow().as_py() == datetime.date(2024, 2, 25)


@pytest.mark.parametrize("every", [2, 10])
def test_days_written_in_two_plain_ways_are_both_read(small_engagement, every):
    """Two systems in one file: 2024-03-31 and 31.03.2024 say the same day, whichever is more frequent."""
    plain = ingest(small_engagement).input("transactions").ordered_on.to_pandas().sort_values().tolist()
    frame = lines(small_engagement)
    sold = pd.to_datetime(frame["sold"])
    frame["sold"] = np.where(
        frame.index % every == 0, sold.dt.strftime("%d.%m.%Y %H:%M:%S"), sold.dt.strftime("%Y-%m-%dT%H:%M:%S")
    )
    frame.to_csv(small_engagement.parent / "lines.csv", index=False)
    run = ingest(small_engagement)
    assert count(run, "transactions")["rows_set_aside"] == 0
    assert run.input("transactions").ordered_on.to_pandas().sort_values().tolist() == plain


def test_rows_after_the_last_day_and_before_1990(small_engagement):
    frame = lines(small_engagement)
    frame.loc[0, "sold"] = "2025-01-01 00:00:00"  # Berlin: the first moment after the last day
    frame.loc[1, "sold"] = "2024-12-31 23:59:59"
    frame.loc[2, "sold"] = "1900-01-01 00:00:00"
    frame.to_csv(small_engagement.parent / "lines.csv", index=False)
    run = ingest(small_engagement)
    assert fault(run, "after 2024-12-31")["rows"] == 1 and fault(run, "before 1990")["rows"] == 1
    assert count(run, "transactions")["rows_set_aside"] == 2


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp1252", "Zoë’s Café – 5 €"), ("utf-16", "Жанна"), ("utf-8-sig", "Łódź")]
)
def test_encodings(small_engagement, encoding, name):
    file = small_engagement.parent / "customers.csv"
    text = file.read_text(encoding="utf-8").replace(",north,", f",{name},")
    file.write_bytes(text.encode(encoding))
    run = ingest(small_engagement)
    regions = run.input("customers").select("region").distinct().to_pandas().region.tolist()
    assert sorted(regions) == sorted([name, "south", "west"])
    assert encoding in run.input_counts().read_as[0]


def test_latin1_with_a_byte_that_cp1252_does_not_know(small_engagement):
    file = small_engagement.parent / "customers.csv"
    text = file.read_text(encoding="utf-8").replace(",north,", ",Gro\xdf \x81,")
    file.write_bytes(text.encode("latin-1"))
    regions = ingest(small_engagement).input("customers").region.to_pandas()
    assert "Gro\xdf \x81" in set(regions)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiters_and_decimal_commas(small_engagement, delimiter):
    plain = total(ingest(small_engagement))
    frame = lines(small_engagement)
    frame["amount"] = frame.amount.str.replace(".", ",")
    frame["rebate"] = frame.rebate.str.replace(".", ",")
    frame.to_csv(small_engagement.parent / "lines.csv", index=False, sep=delimiter)
    run = ingest(small_engagement)
    assert total(run) == plain
    assert "decimal comma" in run.input_counts().read_as[1]


def test_decimal_commas_with_thousands_and_the_ambiguous_case(small_engagement):
    frame = lines(small_engagement)
    frame["amount"] = ["1.234,50"] + ["10,25"] * (len(frame) - 1)
    frame.to_csv(small_engagement.parent / "lines.csv", index=False, sep=";")
    assert float(total(ingest(small_engagement))) == 1234.50 + 10.25 * (len(frame) - 1)
    frame.assign(amount="1,234", rebate="0").to_csv(
        small_engagement.parent / "lines.csv", index=False, sep=";"
    )
    error = refused(small_engagement)
    assert "1,234 can be read in two ways" in error.what and "decimal:" in error.fix
    edit(small_engagement, "path: lines.csv", "path: lines.csv\n    decimal: '.'")
    assert float(total(ingest(small_engagement))) == 1234 * len(frame)


def test_ragged_lines_are_set_aside_by_line(small_engagement):
    file = small_engagement.parent / "lines.csv"
    text = file.read_text(encoding="utf-8").splitlines()
    text[3] += ",one field too many"
    text[9] = "a,b"
    file.write_text("\n".join(text) + "\n", encoding="utf-8")
    run = ingest(small_engagement)
    counts = count(run, "transactions")
    assert counts["rows_in"] == len(text) - 1 and counts["rows_set_aside"] == 2
    assert fault(run, "the line is not a row")["examples"] == "line 4: the line has more than 7 fields"
    assert [r["row_in_source"] for r in read_rejects(run, "transactions")] == ["4", "10"]


def test_references(small_engagement):
    frame = lines(small_engagement)
    frame.loc[0, "client"], frame.loc[1, "article"] = "C9999", "P99"
    frame.to_csv(small_engagement.parent / "lines.csv", index=False)
    run = ingest(small_engagement)
    assert fault(run, "not in customers")["severity"] == "set_aside"
    assert fault(run, "not in products")["severity"] == "flag"
    assert count(run, "transactions")["rows_set_aside"] == 1
    edit(small_engagement, "path: customers.csv", "path: customers.csv\n    add_missing_from: transactions")
    run = ingest(small_engagement)
    assert count(run, "customers") == {"rows_in": 300, "rows_used": 300, "rows_set_aside": 0, "rows_added": 1}
    assert count(run, "transactions")["rows_set_aside"] == 0


def test_returns_and_lines_without_a_purchase(small_engagement):
    frame = lines(small_engagement)
    frame.loc[0, "amount"] = "-5.00"
    frame.loc[1, ["amount", "pieces"]] = "0"
    frame.to_csv(small_engagement.parent / "lines.csv", index=False)
    run = ingest(small_engagement)
    assert fault(run, "negative revenue: read as a return or credit")["severity"] == "flag"
    assert fault(run, "the line has neither quantity nor revenue")["severity"] == "set_aside"
    assert count(run, "transactions")["rows_set_aside"] == 1


def test_engagement_rules(small_engagement):
    edit(
        small_engagement,
        "protected_attributes",
        "rules: [{table: transactions, column: quantity, max: 2, treatment: blank, why: Packs hold two.}]\n"
        "protected_attributes",
    )
    run = ingest(small_engagement)
    three = int((lines(small_engagement).pieces == "3").sum())
    assert fault(run, "above 2")["rows"] == three
    assert run.input("transactions").quantity.max().to_pyarrow().as_py() == 2


def test_xlsx(small_engagement):
    folder = small_engagement.parent
    plain = total(ingest(small_engagement))
    frame = pd.read_csv(folder / "lines.csv", parse_dates=["sold"])
    with pd.ExcelWriter(folder / "lines.xlsx", engine="xlsxwriter") as book:
        pd.DataFrame({"note": ["see the other sheet"]}).to_excel(book, sheet_name="About", index=False)
        frame.to_excel(book, sheet_name="Sales", index=False)
    edit(small_engagement, "path: lines.csv", "path: lines.xlsx\n    sheet: Sale")
    assert refused(small_engagement).fix == "the file has: About, Sales"
    edit(small_engagement, "sheet: Sale", "sheet: Sales")
    run = ingest(small_engagement)
    assert total(run) == plain and count(run, "transactions")["rows_used"] == len(frame)


def test_identifiers_stored_as_numbers_with_gaps(small_engagement):
    """pandas writes integers beside a gap as 1001.0; they must still match the customers' 1001."""
    folder = small_engagement.parent
    frame = pd.read_csv(folder / "lines.csv", parse_dates=["sold"])
    numbers = frame.client.str[1:].astype(float)
    numbers[0] = np.nan
    frame.assign(client=numbers).to_parquet(folder / "lines.parquet")
    customers = pd.read_csv(folder / "customers.csv")
    customers.assign(client=customers.client.str[1:].astype(int)).to_csv(
        folder / "customers.csv", index=False
    )
    edit(small_engagement, "path: lines.csv", "path: lines.parquet")
    run = ingest(small_engagement)
    assert count(run, "transactions")["rows_set_aside"] == 1
    assert fault(run, "missing")["column"] == "customer_id"


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
@pytest.mark.parametrize("how", ["table: sales", "query: select * from sales where amount < 20"])
def test_database_files(small_engagement, monkeypatch, kind, how):
    folder = small_engagement.parent
    frame = pd.read_csv(folder / "lines.csv")
    database = folder / f"secret-place.{kind}"
    if kind == "sqlite":
        with sqlite3.connect(database) as connection:
            frame.to_sql("sales", connection, index=False)
    else:
        with duckdb.connect(str(database)) as connection:
            connection.sql("create table sales as select * from frame")
    before = database.read_bytes()
    monkeypatch.setenv("CLIENT_DB", f"{kind}://{database}")
    edit(small_engagement, "path: lines.csv", f"url: env:CLIENT_DB\n    {how}")
    run = ingest(small_engagement)
    assert count(run, "transactions")["rows_used"] == len(
        frame if "table" in how else frame.query("amount < 20")
    )
    assert database.read_bytes() == before
    written = [p for p in run.folder.rglob("*") if p.is_file() and b"secret-place" in p.read_bytes()]
    assert not written


def test_database_mistakes(small_engagement, monkeypatch):
    database = small_engagement.parent / "hidden-name.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("create table sales (a text)")
    edit(small_engagement, "path: lines.csv", "url: env:CLIENT_DB\n    table: sale")
    monkeypatch.delenv("CLIENT_DB", raising=False)
    assert refused(small_engagement).what == "the environment variable CLIENT_DB is not set"
    monkeypatch.setenv("CLIENT_DB", f"sqlite://{database}")
    error = refused(small_engagement)
    assert error.what == "the database has no table 'sale'" and error.fix == "the database has: sales"
    edit(small_engagement, "table: sale", "query: select nothing from sales")
    error = refused(small_engagement)
    assert "the database answers" in error.what and "hidden-name" not in str(error)
    edit(small_engagement, "query: select nothing from sales", "query: delete from sales")
    assert refused(small_engagement).what == "the query is not a single SELECT"


def test_a_password_never_shows(small_engagement, monkeypatch):
    monkeypatch.setenv("CLIENT_DB", "postgresql://reader:s3cret-w0rd@127.0.0.1:1/sales")
    edit(small_engagement, "path: lines.csv", "url: env:CLIENT_DB\n    table: sales")
    error = refused(small_engagement)
    assert "s3cret-w0rd" not in str(error) and error.__cause__ is None
    assert error.where.endswith("(tables.transactions.url)")


def test_a_file_is_out_of_reach_of_a_database_engine(small_engagement, tmp_path):
    database = tmp_path / "engine.duckdb"
    duckdb.connect(str(database)).close()
    edit(small_engagement, "simulated: true", f"engine: duckdb://{database}")
    assert refused(small_engagement).what == "the engine is a database and cannot see this file"


def test_a_query_over_a_file_and_its_mistakes(small_engagement):
    edit(
        small_engagement,
        "path: lines.csv",
        "path: lines.csv\n    query: select * from source where pieces = '1'",
    )
    run = ingest(small_engagement)
    assert count(run, "transactions")["rows_used"] == int((lines(small_engagement).pieces == "1").sum())
    edit(small_engagement, "from source where pieces", "from source where piece")
    error = refused(small_engagement)
    assert error.what.startswith("the query fails:") and "source" in error.fix


def test_an_export_loaded_twice_is_flagged(small_engagement):
    file = small_engagement.parent / "lines.csv"
    frame = lines(small_engagement)
    pd.concat([frame, frame.head(50)]).to_csv(file, index=False)
    run = ingest(small_engagement)
    assert fault(run, "the same line again")["rows"] == 50
    assert count(run, "transactions")["rows_set_aside"] == 0
