"""A simulated client on disk: complete, repeatable, and careful with files that are not its own."""

import json
from pathlib import Path

import pandas as pd
import pytest

from segutils import schemas, tables
from segutils.__main__ import main
from segutils.engagement import load_engagement
from segutils.errors import InputError
from segutils.samples import writing
from segutils.samples.writing import Recipe

SMALL = Recipe(accounts=200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "small"
    assert writing.write_client(folder, SMALL)
    return folder


def test_every_table_of_the_contract_is_there_and_has_its_columns(folder):
    tables = {path.stem for path in (folder / "tables").iterdir()}
    assert tables == set(schemas.TABLES) - {"previous_segments"}
    for name in tables:
        columns = pd.read_parquet(folder / "tables" / f"{name}.parquet").columns
        schema = schemas.TABLES[name]
        assert set(schema.required) <= set(columns), name
        unknown = set(columns) - {column.name for column in schema.columns}
        assert schema.extra or not unknown, (name, unknown)


def test_the_engagement_beside_it_names_every_table(folder):
    engagement = load_engagement(folder / "engagement.yml")
    assert engagement.client == "Halden Instruments (small)" and engagement.simulated
    assert set(engagement.tables) == {path.stem for path in (folder / "tables").iterdir()}


def test_the_engagement_can_be_run(folder, capsys):
    """Every table is read and mapped, and the parameters it states are those of the notebooks."""
    assert main(["check", str(folder / "engagement.yml")]) == 0
    said = capsys.readouterr().out
    assert all(f"\n{name} " in said for name in set(schemas.TABLES) - {"previous_segments"})


def test_clean_tables_keep_the_contract(tmp_path):
    """No key twice, no reference to nothing, nothing after the last day: returns and gaps are pointed at."""
    writing.write_client(tmp_path / "clean", Recipe(accounts=300, faults={}))
    report = tables.check_engagement(load_engagement(tmp_path / "clean" / "engagement.yml"))
    assert {counts.table: counts.rows_set_aside for counts in report.counts if counts.rows_set_aside} == {}
    found = {(fault.table, fault.rule) for fault in report.faults if fault.severity != "gap"}
    assert {fault.table for fault in report.faults if fault.severity == "gap"} == {"source_records"}
    assert found == {("transactions", "negative revenue: read as a return or credit")}


def test_truth_md_has_every_truth_table(folder):
    text = (folder / "TRUTH.md").read_text(encoding="utf-8")
    for path in (folder / "truth").glob("*.parquet"):
        assert f"`truth/{path.stem}.parquet`" in text, path.stem
    assert "seed\n2025" in text and "200 accounts" in text


def test_the_same_recipe_changes_nothing(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert not writing.write_client(folder, SMALL)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before


def test_the_same_recipe_gives_the_same_bytes_elsewhere(folder, tmp_path):
    """Tables are drawn side by side and written while others are drawn: none may depend on who is first."""
    writing.write_client(tmp_path / "again", SMALL)
    for path in sorted(p for part in ("tables", "truth") for p in (folder / part).iterdir()):
        again = tmp_path / "again" / path.relative_to(folder)
        assert path.read_bytes() == again.read_bytes(), path.name
    assert (folder / "TRUTH.md").read_bytes() == (tmp_path / "again" / "TRUTH.md").read_bytes()


def test_another_recipe_replaces_what_was_made_and_keeps_the_engagement(tmp_path):
    folder = tmp_path / "client"
    writing.write_client(folder, SMALL)
    own = folder / "engagement.yml"
    own.write_text("client: mine\n", encoding="utf-8")
    (folder / "tables" / "customers.parquet").unlink()
    assert writing.write_client(folder, SMALL), "a missing file is made again"
    assert writing.write_client(folder, Recipe(accounts=300, null=True))
    assert len(pd.read_parquet(folder / "tables" / "customers.parquet")) == 300
    assert own.read_text(encoding="utf-8") == "client: mine\n"
    assert json.loads((folder / writing.RECIPE).read_text(encoding="utf-8"))["recipe"]["null"] is True
    assert not (folder / ".in-the-making").exists()


def test_files_that_were_not_made_here_are_never_replaced(tmp_path):
    (tmp_path / "tables").mkdir()
    mine = tmp_path / "tables" / "customers.parquet"
    mine.write_bytes(b"mine")
    with pytest.raises(InputError) as caught:
        writing.write_client(tmp_path, SMALL)
    assert "tables/customers.parquet" in str(caught.value) and "nothing is overwritten" in str(caught.value)
    assert mine.read_bytes() == b"mine" and not (tmp_path / "truth").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--accounts", "50"], "50 accounts cannot be simulated"),
        (["--fault", "missing"], "'missing' is not a fault and its share"),
        (["--fault", "mising=0.1"], "there is no fault 'mising'"),
        (["--clean", "--fault", "missing=0.1"], "--clean and --fault exclude each other"),
    ],
)
def test_bad_words_are_refused_with_exit_2_and_nothing_written(tmp_path, capsys, words, message):
    assert main(["sample", str(tmp_path / "client"), *words]) == 2
    error = capsys.readouterr().err
    assert message in error and "fix:" in error and "Traceback" not in error
    assert not (tmp_path / "client" / "tables").exists()
