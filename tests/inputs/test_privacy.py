"""A field that may not be used can't be read: by the run, by SQL, from its files, from what a pack shows.

Each forbidden field holds a mark that occurs nowhere else; the tests look for it in every way there is.
"""

import json
from pathlib import Path

import pandas as pd
import pytest

from segutils import tables
from segutils.engagement import load_engagement
from segutils.errors import InputError
from segutils.runner.freshness import Basis
from segutils.runner.graph import read_graph

MARK = "zqxjk"  # stands in forbidden cells only


@pytest.fixture
def run(client: Path, tmp_path: Path) -> tables.Run:
    folder = tmp_path / "run"
    tables.ingest(load_engagement(client), folder)
    return tables.open_run(folder)


def contents(folder: Path) -> str:
    """All that the files of a folder say, tables in their plain form."""
    found = []
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        if file.suffix == ".parquet":
            found.append(pd.read_parquet(file).to_csv())
        else:
            found.append(file.read_bytes().decode("utf-8", errors="replace"))
    return "\n".join(found)


def test_nothing_forbidden_stands_in_any_file_of_the_run(run):
    said = contents(run.folder)
    assert "C0001" in said  # the search sees what is there
    assert MARK not in said
    assert "(withheld)" in (run.folder / "rejects" / "customers.csv").read_text(encoding="utf-8")


def test_a_later_notebook_cannot_read_a_dropped_field_by_any_way_it_has(run):
    assert not {"email", "diagnosis", "household"} & set(run.input("customers").columns)
    with pytest.raises(AttributeError):
        _ = run.input("customers").diagnosis
    for purpose in ("identity", "enrichment", "fairness", "activation"):
        seen = run.input("customers", purpose=purpose).to_pandas()
        assert "diagnosis" not in seen.columns
        assert not seen.astype(str).map(lambda cell: "illness" in cell).any(axis=None)
    # the engine itself, by SQL over every table that it has
    engine = run.input("customers").get_backend()
    for table in engine.list_tables():
        assert "diagnosis" not in engine.table(table).columns, table
    with pytest.raises(InputError, match="there is no purpose 'everything'"):
        run.input("customers", purpose="everything")
    with pytest.raises(InputError, match="may not be used for segmentation"):
        run.input("tickets")
    assert not run.has_input("tickets") and run.has_input("tickets", purpose="enrichment")


def test_a_field_serves_the_purpose_that_is_stated_for_it(run):
    known = run.input("customers", purpose="identity").to_pandas()
    assert known.email.str.startswith(MARK).sum() == 300  # the one without an id was set aside
    texts = run.input("tickets", purpose="enrichment").to_pandas()
    assert len(texts) == 20 and texts.text.str.contains(MARK).all()
    assert run.has_columns("customers", "household", purpose="fairness")  # protected: fairness only
    assert MARK not in contents(run.folder)  # reading it left nothing behind


def test_a_value_without_consent_is_not_there(run):
    income = run.input("customers").to_pandas().set_index("customer_id").income
    assert income.notna().sum() == 100 and income["C0100"] == "1099.0" and pd.isna(income["C0101"])


def test_rows_without_consent_or_too_old_are_withheld_and_counted(run):
    events = run.input("events").to_pandas()
    # 200 visits of December by customers 1 to 200, of whom 100 agreed; June is too old; one names nobody
    assert len(events) == 101 and "E900" not in set(events.event_id) and "E901" in set(events.event_id)
    counts = run.input_counts().set_index("table").loc["events"]
    assert (counts.rows_in, counts.rows_used, counts.rows_set_aside, counts.rows_withheld) == (
        202,
        101,
        0,
        101,
    )
    uses = run.field_uses().query("table == 'events' and column == 'all'").iloc[0]
    assert (uses.cells, uses.without_consent, uses.too_old) == (202, 100, 1)
    income = run.field_uses().query("column == 'income'").iloc[0]
    assert (income.cells, income.without_consent) == (300, 200)


def test_a_table_for_later_notebooks_cannot_carry_a_restricted_field(run):
    known = run.input("customers", purpose="identity").to_pandas()
    with pytest.raises(InputError, match="would carry email to later notebooks"):
        run.write("contacts", known[["customer_id", "email"]])
    renamed = known[["email"]].rename(columns={"email": "label"})  # under another name, without the customer
    with pytest.raises(InputError, match=r"would carry label \(values of email\)"):
        run.write("labels", renamed)
    run.write("segments", pd.DataFrame({"segment": ["S1"], "email": ["by mail"]}))  # a name is no value
    run.export("contacts", known[["customer_id", "email"]].head(2))  # a list for people, by hand: in scratch
    assert (run.folder / "scratch" / "exports" / "contacts.csv").is_file()


def test_a_source_that_changed_since_the_run_is_refused(run, client):
    file = client.parent / "tickets.csv"
    file.write_text(file.read_text().replace("words 3", "words 4"))
    with pytest.raises(
        InputError, match="the source of 'tickets' is not the one that this run was made from"
    ):
        run.input("tickets", purpose="enrichment")


def test_customers_who_did_not_agree_leave_every_table(client, tmp_path):
    text = client.read_text(encoding="utf-8").split("privacy:")[0]
    line = "privacy:\n  - {table: customers, fields: [all], purposes: [segmentation], basis: consent, "
    client.write_text(text + line + "consent: agrees, owner: DPO}\n", encoding="utf-8")
    tables.ingest(load_engagement(client), tmp_path / "run")
    run = tables.open_run(tmp_path / "run")
    assert int(run.input("customers").count().execute()) == 100
    buyers = run.input("transactions").customer_id.to_pandas()
    assert buyers.max() == "C0100"
    counts = run.input_counts().set_index("table")
    assert counts.rows_withheld["customers"] == 200 and counts.rows_withheld["transactions"] > 0
    assert (counts.rows_in == counts.rows_used + counts.rows_set_aside + counts.rows_withheld).all()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (
            "{table: customers, fields: [emial], purposes: [], basis: none, owner: D}",
            "unknown column 'emial'",
        ),
        (
            "{table: customers, fields: [email], purposes: [identity], basis: none, owner: D}",
            "no legal basis",
        ),
        (
            "{table: customers, fields: [customer_id], purposes: [], basis: none, owner: D}",
            "is needed to read",
        ),
        (
            "{table: customers, fields: [email], purposes: [identity], basis: consent, owner: D}",
            "no column says whose",
        ),
        (
            "{table: customers, fields: [household], purposes: [segmentation], basis: contract, owner: D}",
            "is a protected attribute",
        ),
        (
            "{table: customers, fields: [email], purposes: [], basis: none, keep_days: 9, owner: D}",
            "carry no date",
        ),
        (
            "{table: transactions, fields: [all], purposes: [segmentation], basis: consent, consent: agrees, "
            "owner: D}",
            "customers who never buy",
        ),
        (
            "{table: customers, fields: [all], purposes: [identity], basis: contract, owner: D}",
            "nothing to segm",
        ),
    ],
)
def test_contradictions_are_refused_with_their_line(client, line, what):
    text = client.read_text(encoding="utf-8").split("privacy:")[0]
    client.write_text(f"{text}privacy:\n  - {line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=what) as caught:
        load_engagement(client)
    assert "line " in str(caught.value) and "fix:" in str(caught.value)


def write_notebook(folder: Path, code: str, title: str) -> None:
    cells = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": title},
        {"cell_type": "code", "id": "read", "metadata": {}, "source": code, "outputs": []},
    ]
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "3_1_x.ipynb").write_text(json.dumps(content))


@pytest.mark.parametrize(
    "code",
    [
        'run.input("customers", purpose="identity")',
        'run.find_input("customers", "name", purpose="identity")',
        'find = run.find_input\nfind("customers", "name", purpose="identity")',
        'run.input("customers", "identity")',
        'why = "identity"\nrun.input("customers", purpose=why)',
        '%time known = run.input("customers", purpose="identity")',
        '%%time\nrun.input("customers", "identity")',
        'run.input("customers", **{"purpose": "identity"})',
        'run.input(*("customers", "identity"))',
        'read = run.input\nread("customers", "identity")',
        'known = run.input("customers", "identity").to_pandas()\nknown?',
    ],
)
def test_a_notebook_states_its_purpose_before_any_kernel_starts(tmp_path, code):
    title = "# 3_1\n**Decides** `rfm` · **Reads** `customers` · **Writes** `x`"
    write_notebook(tmp_path, code, title)
    with pytest.raises(InputError, match="the title does not say so"):
        read_graph(tmp_path)


def test_a_stated_purpose_is_part_of_the_notebook(tmp_path):
    title = "# 2_2\n**Decides** `rfm` · **Reads** `customers` · **Writes** `x` · **Purpose** `identity`"
    write_notebook(tmp_path, 'run.input("customers", purpose="identity")', title)
    assert read_graph(tmp_path).notebook("3_1_x").purposes == ("identity",)


def test_a_purpose_that_sees_the_same_fields_reads_the_run_s_own_table(run, client):
    """Nothing of transactions is restricted, so its source isn't needed again: it may even be gone."""
    (client.parent / "lines.csv").unlink()
    seen = run.input("transactions", purpose="enrichment")
    assert seen.columns == run.input("transactions").columns and int(seen.count().execute()) > 1000


def spoil_tickets(client: Path) -> None:
    """A ticket without a time is set aside; its priority holds the mark."""
    file = client.parent / "tickets.csv"
    rows = pd.read_csv(file).assign(priority=f"{MARK} urgent")
    rows.loc[0, "opened_at"] = None
    rows.to_csv(file, index=False)


ENRICHMENT = "table: tickets, fields: [all], purposes: [enrichment], basis: contract"
BY_CONSENT = "basis: consent, consent: agrees"
ALL_AGREE = f"table: customers, fields: [all], purposes: [segmentation], {BY_CONSENT}"


def test_rejects_of_a_table_for_another_purpose_show_no_cell(client, ingest_with):
    spoil_tickets(client)
    run = ingest_with(ENRICHMENT)
    said = (run.folder / "rejects" / "tickets.csv").read_text(encoding="utf-8")
    assert "opened_at: missing,2,(withheld)" in said and MARK not in said and "C0001" not in said
    query = 'query: "select ticket_id, opened_at, customer_id, text from source"'  # rows without a number
    client.write_text(client.read_text().replace("path: tickets.csv", f"path: tickets.csv, {query}"))
    faults = ingest_with(folder="query").input_faults()
    assert set(faults.query("rule == 'missing' and table == 'tickets'").examples) == {"opened_at is empty"}


def test_cells_that_need_consent_stand_neither_in_rejects_nor_in_examples(ingest_with, change_customers):
    money = [f"{MARK} 15" if n == 200 else "5000" for n in range(301)]
    change_customers(annual_revenue=money, income=[f"{MARK} {n}" for n in range(301)])
    line = f"table: customers, fields: [annual_revenue, income], purposes: [segmentation], {BY_CONSENT}"
    dropped = "table: customers, fields: [diagnosis], purposes: [], basis: none"
    run = ingest_with(line, dropped)
    (example,) = run.input_faults().query("column == 'annual_revenue' and severity == 'blank'").examples
    assert example == "row 202: annual_revenue is (withheld)"
    assert MARK not in (run.folder / "rejects" / "customers.csv").read_text(encoding="utf-8")


def test_columns_that_nobody_mapped_are_not_in_rejects(ingest_with, change_customers):
    change_customers(shoe=f"{MARK} 44")
    run = ingest_with()
    said = (run.folder / "rejects" / "customers.csv").read_text(encoding="utf-8")
    assert ",shoe" in said and MARK not in said and "north" in said


def test_spellings_of_a_restricted_category_are_told_to_nobody(client, ingest_with, change_customers):
    change_customers(industry=[*[f"{MARK}chem"] * 299, f"{MARK}chme", f"{MARK}chem"])
    text = client.read_text(encoding="utf-8")
    line = "  - {table: customers, fields: [industry], purposes: [], basis: none, owner: DPO}\n"
    client.write_text(text + line, encoding="utf-8")
    run = ingest_with()
    assert "misspelt" in set(run.input_faults().rule) and MARK not in contents(run.folder)


def test_a_changed_consent_redoes_the_notebooks_that_ask_for_it(tmp_path):
    title = "# 2_3\n**Decides** `rfm` · **Reads** `tickets` · **Writes** `x` · **Purpose** `enrichment`"
    write_notebook(tmp_path, 'run.input("tickets", purpose="enrichment")', title)
    graph = read_graph(tmp_path)
    keys = []
    for customers in ("as they were", "one has withdrawn"):
        data = {"tickets": "same", "customers": customers}
        basis = Basis(folder=tmp_path, engagement={}, data=data, parameters={})
        keys.append(basis.describe(graph, graph.notebooks[0]).key)
    assert keys[0] != keys[1]


def test_a_table_cannot_carry_values_in_a_column_of_another_kind(client, ingest_with):
    spoil_tickets(client)
    run = ingest_with(ENRICHMENT)
    email = run.input("customers", purpose="identity").to_pandas().email
    mixed = pd.Series([1, None, email[0]], dtype="object")
    for column in (email.astype("category"), mixed):
        with pytest.raises(InputError, match=r"would carry label \(values of email\)"):
            run.write("labels", pd.DataFrame({"label": column}))
    tickets = run.input("tickets", purpose="enrichment").to_pandas()
    with pytest.raises(InputError, match="would carry priority"):
        run.write("urgent", tickets[["customer_id", "priority"]])
    run.write("counts", tickets.groupby("customer_id", as_index=False).agg(tickets=("ticket_id", "nunique")))


def test_an_earlier_ingestion_leaves_no_file_behind(client, ingest_with):
    spoil_tickets(client)
    open_to_all = "table: tickets, fields: [priority], purposes: [segmentation], basis: contract"
    run = ingest_with(open_to_all)
    assert MARK in contents(run.folder / "inputs") and (run.folder / "rejects" / "tickets.csv").is_file()
    file = client.parent / "tickets.csv"
    pd.read_csv(file).dropna().to_csv(file, index=False)
    run = ingest_with("table: tickets, fields: [all], purposes: [], basis: none")
    assert not list(run.folder.rglob("tickets*"))


def test_the_list_of_readers_is_made_anew_when_a_title_changes(tmp_path, monkeypatch):
    title = "# 2_3\n**Decides** `privacy` · **Reads** `customers` · **Writes** `x`"
    write_notebook(tmp_path, "titles.find_purposes()", title)
    graph, keys = read_graph(tmp_path), []
    for said in ("identity", "fairness"):
        monkeypatch.setattr("segutils.runner.freshness.list_purposes", lambda said=said: [("2_2", said)])
        basis = Basis(folder=tmp_path, engagement={}, data={}, parameters={})
        keys.append(basis.describe(graph, graph.notebooks[0]).key)
    assert keys[0] != keys[1]
