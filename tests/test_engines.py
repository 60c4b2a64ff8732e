"""The same engagement in another engine: the client's database answers as DuckDB in the process does."""

import duckdb
import pandas as pd

from segutils import tables
from segutils.engagement import load_engagement
from segutils.inputs.sources import hash_data

FILES = {"customers": "customers.csv", "transactions": "lines.csv", "products": "articles.csv"}


def use_database(engagement, url: str) -> None:
    text = engagement.read_text(encoding="utf-8").replace(
        "simulated: true", f"simulated: true\nengine: {url}"
    )
    for table, file in FILES.items():
        text = text.replace(f"path: {file}", f"table: {table}_raw")
    engagement.write_text(text, encoding="utf-8")


def spoil(engagement) -> None:
    """One case of each treatment, so that the engines have something to agree on."""
    lines = pd.read_csv(engagement.parent / "lines.csv")
    lines.loc[0, "client"] = "C9999"
    lines.loc[1, ["amount", "pieces"]] = 0
    lines.loc[2, "amount"] = -3
    lines.loc[3, "article"] = "P99"
    lines.loc[4, "sold"] = "2031-01-01 00:00:00"
    pd.concat([lines, lines.tail(2)]).to_csv(engagement.parent / "lines.csv", index=False)
    customers = pd.read_csv(engagement.parent / "customers.csv")
    pd.concat([customers, customers.head(1)]).to_csv(engagement.parent / "customers.csv", index=False)


def answers(engagement, folder) -> dict:
    tables.ingest(load_engagement(engagement), folder)
    run = tables.open_run(folder)
    lines, customers = run.input("transactions"), run.input("customers")
    by_day = lines.group_by("ordered_on").aggregate(
        revenue=lines.net_revenue.sum(), orders=lines.order_id.nunique(), last=lines.ordered_at.max()
    )
    days = by_day.order_by("ordered_on").to_pyarrow().to_pylist()
    return {
        "counts": run.input_counts().drop(columns="read_as").to_dict("records"),
        "faults": sorted(
            map(tuple, run.input_faults()[["table", "column", "rule", "rows"]].to_numpy().tolist())
        ),
        "customers": sorted(customers.customer_id.to_pyarrow().to_pylist()),
        "days": [(d["ordered_on"], d["orders"], round(float(d["revenue"]), 4), d["last"]) for d in days],
        "rejects": len((folder / "rejects" / "transactions.csv").read_text(encoding="utf-8").splitlines()),
    }


def test_a_duckdb_file_as_engine(small_engagement, tmp_path):
    spoil(small_engagement)
    here = answers(small_engagement, tmp_path / "here")
    assert here["counts"][1]["rows_set_aside"] == 3 and here["counts"][0]["rows_set_aside"] == 1
    database = tmp_path / "client.duckdb"
    with duckdb.connect(str(database)) as connection:
        for table, file in FILES.items():
            connection.sql(f"create table {table}_raw as from read_csv('{small_engagement.parent / file}')")
    before = database.read_bytes()
    use_database(small_engagement, f"duckdb://{database}")
    assert answers(small_engagement, tmp_path / "there") == here
    assert database.read_bytes() == before
    assert not list((tmp_path / "there" / "inputs").iterdir())  # nothing was copied


def test_a_database_is_hashed_by_its_answers_or_by_the_stated_version(small_engagement, tmp_path):
    database = tmp_path / "client.duckdb"
    with duckdb.connect(str(database)) as connection:
        for table, file in FILES.items():
            connection.sql(f"create table {table}_raw as from read_csv('{small_engagement.parent / file}')")
    use_database(small_engagement, f"duckdb://{database}")
    first = hash_data(load_engagement(small_engagement))
    assert hash_data(load_engagement(small_engagement)) == first
    with duckdb.connect(str(database)) as connection:
        connection.sql("insert into products_raw values ('P50', 'wine', 'own')")
    second = hash_data(load_engagement(small_engagement))
    assert {name for name in first if first[name] != second[name]} == {"products"}
    text = small_engagement.read_text(encoding="utf-8")
    small_engagement.write_text(text.replace("table: products_raw", "table: products_raw\n    version: '1'"))
    stated = hash_data(load_engagement(small_engagement))["products"]
    with duckdb.connect(str(database)) as connection:
        connection.sql("insert into products_raw values ('P51', 'wine', 'own')")
    assert hash_data(load_engagement(small_engagement))["products"] == stated


def test_postgresql_as_engine(small_engagement, tmp_path, postgres, monkeypatch):
    import psycopg

    spoil(small_engagement)
    here = answers(small_engagement, tmp_path / "here")
    with psycopg.connect(postgres) as connection:
        connection.execute("create table customers_raw (client text, area text, household text)")
        connection.execute('create table products_raw (article text, "group" text, maker text)')
        connection.execute(
            "create table transactions_raw (client text, receipt text, sold timestamp, article text, "
            "pieces int, "
            "amount numeric(12, 2), rebate numeric(12, 2))"
        )
        for table, file in FILES.items():
            with connection.cursor().copy(f"copy {table}_raw from stdin (format csv, header)") as copy:
                copy.write((small_engagement.parent / file).read_text(encoding="utf-8"))
    monkeypatch.setenv("CLIENT_DB", postgres)
    use_database(small_engagement, "env:CLIENT_DB")
    assert answers(small_engagement, tmp_path / "there") == here
