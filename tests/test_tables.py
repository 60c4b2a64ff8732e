"""A run's folder: what ingestion leaves, who may write, and what a reader is told when a table is missing."""

import json
import re
from datetime import UTC, date
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from segutils import display, findings, run_folders, tables
from segutils.engagement import load_engagement, to_json
from segutils.errors import InputError
from segutils.inputs.sources import hash_data


def test_the_name_of_a_run_follows_content_and_data(small_engagement):
    def name():
        loaded = load_engagement(small_engagement)
        return run_folders.name_run(loaded, hash_data(loaded))

    first = name()
    assert re.fullmatch(r"2024-12-31-[0-9a-f]{8}", first)
    small_engagement.write_text(small_engagement.read_text() + "\n# a remark\n")
    assert name() == first
    with (small_engagement.parent / "lines.csv").open("a") as stream:
        stream.write("C0001,R99999,2024-05-05 10:00:00,P01,1,2.50,0\n")
    assert name() != first


def test_ingestion_gives_the_same_files_each_time(small_engagement, small_run, tmp_path):
    tables.ingest(load_engagement(small_engagement), tmp_path / "again")
    for file in ("inputs/transactions.parquet", "inputs/customers.parquet", "inputs.json", "engagement.json"):
        assert (tmp_path / "again" / file).read_bytes() == (small_run.folder / file).read_bytes(), file
    assert not list((tmp_path / "again").rglob("*.part"))


def test_a_run_knows_its_engagement(small_run):
    assert small_run.as_of == date(2024, 12, 31) and small_run.currency == "EUR"
    assert to_json(small_run.engagement)["timezone"] == "Europe/Berlin"
    assert small_run.has_input("customers") and not small_run.has_input("survey")
    assert small_run.has_columns("transactions", "quantity", "ordered_on")
    assert not small_run.has_columns("transactions", "unit_cost")


def test_inputs_carry_canonical_names_and_types(small_run):
    schema = small_run.input("transactions").schema()
    assert list(schema) == [
        "customer_id",
        "order_id",
        "ordered_at",
        "ordered_on",
        "net_revenue",
        "product_id",
        "quantity",
        "discount",
    ]
    assert schema["net_revenue"].is_decimal() and schema["customer_id"].is_string()


def test_local_days_and_utc_moments(small_engagement, small_run):
    """Berlin is one or two hours ahead of UTC; the file's times are Berlin's."""
    file = pd.read_csv(small_engagement.parent / "lines.csv", parse_dates=["sold"])
    read = small_run.input("transactions").select("order_id", "ordered_at", "ordered_on").to_pandas()
    sold = file.groupby("receipt").sold.first()
    read = read.groupby("order_id").first()
    assert (pd.to_datetime(read.ordered_on) == sold.dt.normalize()).all()
    berlin = [m.to_pydatetime().replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC) for m in sold]
    assert read.ordered_at.dt.tz_localize("UTC").tolist() == berlin


def test_days_without_a_time_stay_days(small_engagement, tmp_path):
    """A date is no midnight in UTC: it must not slip into the day before in a zone west of Greenwich."""
    text = small_engagement.read_text().replace(
        "timezone: Europe/Berlin\nsim", "timezone: America/New_York\nsim"
    )
    small_engagement.write_text(text.replace("    timezone: Europe/Berlin\n", ""))
    file = small_engagement.parent / "lines.csv"
    frame = pd.read_csv(file, parse_dates=["sold"])
    frame.assign(sold=frame.sold.dt.strftime("%Y-%m-%d")).to_csv(file, index=False)
    tables.ingest(load_engagement(small_engagement), tmp_path / "run")
    lines = tables.open_run(tmp_path / "run").input("transactions")
    assert lines.ordered_on.min().to_pyarrow().as_py() == frame.sold.min().date()
    assert lines.ordered_on.max().to_pyarrow().as_py() == frame.sold.max().date()


def test_a_table_that_was_not_given_names_itself(small_run):
    with pytest.raises(InputError, match="the client did not give the table 'survey'") as caught:
        small_run.input("survey")
    assert "a respondent's item answer" in caught.value.fix
    with pytest.raises(InputError, match="there is no table 'orders'"):
        small_run.input("orders")


def test_an_input_that_may_be_missing(small_run):
    assert small_run.find_input("survey") is None
    assert small_run.find_input("transactions", "net_revenue", "ordered_on") is not None
    assert small_run.find_input("transactions", "net_revenue", "moon_phase") is None
    assert small_run.find_input("tickets", purpose="enrichment") is None


def test_a_missing_table_names_the_notebook_that_writes_it(small_run):
    with pytest.raises(InputError, match="the table 'features' is not there yet") as caught:
        small_run.read("features")
    assert caught.value.fix == "run 3_1_features first"
    with pytest.raises(InputError, match="no notebook writes it"):
        small_run.read("nothing")


def test_what_is_written_is_read(small_run):
    frame = pd.DataFrame(
        {"customer_id": ["a", "b"], "on": [date(2024, 1, 1), date(2024, 1, 2)], "x": [0.5, None]}
    )
    assert "2 rows written to the run" in repr(small_run.write("rfm", frame))
    pd.testing.assert_frame_equal(small_run.read("rfm"), frame)


def test_a_notebook_opened_by_hand_leaves_the_run_alone(small_run, monkeypatch):
    small_run.write("rfm", pd.DataFrame({"x": [1]}))
    monkeypatch.setenv(tables.WRITES, "another-run")
    note = small_run.write("rfm", pd.DataFrame({"x": [2]}))
    assert "scratch/tables" in repr(note)
    assert small_run.read("rfm").x.tolist() == [1]
    assert pd.read_parquet(small_run.folder / "scratch" / "tables" / "rfm.parquet").x.tolist() == [2]


@pytest.mark.parametrize("name", ["../x", "X", ""])
def test_names_of_tables_stay_inside_the_folder(small_run, name):
    with pytest.raises(ValueError, match="a table's name is"):
        small_run.write(name, pd.DataFrame({"x": [1]}))


def test_latest_run(small_engagement, small_run, monkeypatch):
    monkeypatch.setenv("SEGUTILS_REPORTS", str(small_run.folder.parents[1]))
    loaded = load_engagement(small_engagement)
    with pytest.raises(InputError, match="there is no run of Small Shop yet"):
        run_folders.find_latest(loaded)
    run_folders.mark(small_run.folder)
    assert run_folders.find_latest(loaded) == small_run.folder
    monkeypatch.setenv("SEGUTILS_RUN", str(small_run.folder))
    assert tables.open_run("").folder == small_run.folder
    with pytest.raises(InputError, match="not the folder of a run"):
        tables.open_run(small_run.folder.parent)


def test_check_writes_nothing_beside_the_client(small_engagement):
    before = sorted(small_engagement.parent.rglob("*"))
    report = tables.check_engagement(load_engagement(small_engagement))
    assert sorted(small_engagement.parent.rglob("*")) == before
    assert {c.table: c.rows_used for c in report.counts}["customers"] == 300
    assert not report.faults


def test_overrides_and_targets(small_engagement, tmp_path):
    small_engagement.write_text(
        small_engagement.read_text()
        + "overrides: {segment-count: {choice: '4', who: A. Client, when: 2025-01-15, why: Four teams.}}\n"
        + "targets: [{measure: net_revenue, target: 100, owner: CFO, note: Budget}]\n"
    )
    tables.ingest(load_engagement(small_engagement), tmp_path / "run")
    run = tables.open_run(tmp_path / "run")
    own = findings.Override(choice="4", who="A. Client", when="2025-01-15", why="Four teams.")
    assert run.override("segment-count") == own and run.override("rfm") is None
    assert run.targets().to_dict("records") == [
        {"measure": "net_revenue", "segment": "", "target": 100.0, "owner": "CFO", "note": "Budget"}
    ]


def test_what_a_cell_shows_carries_the_finding_and_its_drawings(small_run):
    counts = small_run.input_counts()
    figure = findings.Figure(
        kind="bar",
        data=counts,
        x="table",
        y="rows_in",
        title="Most rows are order lines",
        subtitle="Rows by table",
        alt="Bars by table.",
        formats={"rows_in": "count"},
    )
    table = pd.DataFrame({"name": ["<script>alert(1)</script>"] + ["x"] * 40, "revenue": range(41)})
    finding = findings.Finding(
        slug="contract",
        status="pass",
        headline="A & B < C",
        table=table,
        formats={"revenue": "money"},
        figures=(figure,),
        limits=("Only a test.",),
    )
    bundle = small_run.show(finding)._repr_mimebundle_()
    payload = json.loads(json.dumps(bundle[findings.FINDING_MIME]))
    assert payload["currency"] == "EUR" and payload["svgs"][0].startswith("<svg")
    assert (
        findings.read_finding({k: v for k, v in payload.items() if k not in ("currency", "svgs")}).headline
        == "A & B < C"
    )
    html = bundle["text/html"]
    assert "<script>" not in html and "A &amp; B &lt; C" in html and "EUR 29" in html and "EUR 30" not in html
    assert "11 further rows are not shown here." in html


def test_a_plain_frame_as_the_packs_read_it():
    frame = pd.DataFrame(
        {"month": pd.period_range("2024-01", periods=2, freq="M"), "revenue": [1.5, None]}, index=["a", "b"]
    )
    assert display.frame_to_json(frame) == {
        "columns": ["index", "month", "revenue"],
        "rows": [["a", "2024-01", 1.5], ["b", "2024-02", None]],
        "rows_total": 2,
    }
    long = display.frame_to_json(pd.DataFrame({"x": range(600)}))
    assert len(long["rows"]) == 500 and long["rows_total"] == 600
