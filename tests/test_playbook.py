"""The whole playbook on a small client: from csv files to eight packs, and what an analyst does next."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "playbook").glob("*.ipynb"))
FINDING = "application/vnd.segutils.finding+json"


def call(*words: str, reports: Path, folder: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "segutils", *words, "--reports", str(reports)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("playbook")


@pytest.fixture(scope="module")
def first(place) -> subprocess.CompletedProcess:
    made = subprocess.run(
        [sys.executable, "-m", "segutils", "new", "acme"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    done = call("run", "acme/engagement.yml", reports=place / "reports", folder=place)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def folder(place, first) -> Path:
    client = next((place / "reports").iterdir())
    return client / (client / "latest").read_text(encoding="utf-8").strip()


def findings(folder: Path) -> dict[str, dict]:
    """Cell id → the finding it shows, over all executed notebooks."""
    shown = {}
    for path in (folder / "notebooks").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                if FINDING in output.get("data", {}):
                    shown[cell.id] = output["data"][FINDING]
    return shown


def test_a_clean_run_says_nothing_but_its_progress(first):
    assert first.stderr == ""
    assert not re.search(r"warn|error|traceback", first.stdout, re.I)
    assert all(name in first.stdout for name in NOTEBOOKS)


def test_it_writes_eight_packs(folder):
    packs = sorted((folder / "packs").iterdir())
    assert [path.suffix for path in packs] == [".html", ".pdf", ".pptx", ".xlsx"] * 2
    assert all(path.stat().st_size > 5_000 for path in packs)


def test_every_notebook_is_executed_without_a_warning(folder):
    for name in NOTEBOOKS:
        notebook = nbformat.read(folder / "notebooks" / f"{name}.ipynb", as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code" and cell.source.strip():
                assert cell.execution_count, f"{name}: {cell.id} was not executed"
                kinds = {output.get("name") or output.output_type for output in cell.outputs}
                assert not kinds & {"stderr", "error"}, f"{name}: {cell.id} {cell.outputs}"


def test_every_capability_of_the_playbook_shows_its_finding(folder):
    shown = findings(folder)
    for name in NOTEBOOKS:
        title = nbformat.read(ROOT / "playbook" / f"{name}.ipynb", as_version=4).cells[0].source
        line = next(part for part in re.split(r"·|\n", title) if "**Decides**" in part)
        for slug in re.findall(r"`([a-z0-9-]+)`", line):
            assert shown[slug]["slug"] == slug and shown[slug]["headline"]


def test_rows_in_are_rows_used_and_rows_set_aside(folder):
    for table in json.loads((folder / "inputs.json").read_text(encoding="utf-8"))["tables"]:
        assert table["rows_in"] == table["rows_used"] - table["rows_added"] + table["rows_set_aside"], table


def test_an_unchanged_second_run_redoes_nothing(place, folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    again = call("run", "acme/engagement.yml", reports=place / "reports", folder=place)
    assert again.returncode == 0 and "unchanged" in again.stdout
    changed = [
        p
        for p, m in before.items()
        if p.stat().st_mtime_ns != m and p.suffix in (".ipynb", ".parquet", ".pdf")
    ]
    assert not changed


def test_status_knows_every_capability(place, folder):
    told = call("status", "acme/engagement.yml", reports=place / "reports", folder=place)
    assert told.returncode == 0 and "98 capabilities" in told.stdout


def test_opened_by_hand_every_notebook_runs_and_leaves_the_run_alone(place, folder):
    """nbval executes the sources as JupyterLab would: no papermill, the run named by the environment."""
    before = {path.name: path.read_bytes() for path in (folder / "tables").iterdir()}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval-lax",
        "--nbval-current-env",
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    environment = {**os.environ, "SEGUTILS_RUN": str(folder)}
    done = subprocess.run(
        [*command, str(ROOT / "playbook")],
        capture_output=True,
        text=True,
        env=environment,
        cwd=place,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert {path.name: path.read_bytes() for path in (folder / "tables").iterdir()} == before


def test_cells_added_to_an_executed_notebook_are_marked_and_the_runs_own_are_not(place, folder):
    """As in JupyterLab: all cells run again, no runner's variables; only what the analyst added is new."""
    mine = place / "by-hand" / folder.parent.name / folder.name
    shutil.copytree(folder, mine)
    path = mine / "notebooks" / "7_1_value.ipynb"
    notebook = nbformat.read(path, as_version=4)
    table = nbformat.v4.new_code_cell(
        "import pandas as pd\npd.DataFrame({'ours': [41.5]})", id="analyst-table"
    )
    plot = nbformat.v4.new_code_cell(
        "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.gcf()", id="analyst-plot"
    )
    table.metadata["tags"] = plot.metadata["tags"] = ["executive"]
    notebook.cells[-2:-2] = [nbformat.v4.new_markdown_cell("## What the analyst found"), table, plot]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("SEGUTILS_")}
    client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": path.parent}})
    client.execute(env=variables)
    nbformat.write(notebook, path)
    done = call("render", str(mine), "--format", "html", reports=place / "by-hand", folder=place)
    assert done.returncode == 0, done.stdout + done.stderr
    page = next((mine / "packs").glob("*executive.html")).read_text(encoding="utf-8")
    sources = re.findall(r'<p class="source">.*?</p>', page, re.S)
    marked = {re.search(r"\w+#[\w-]+", text)[0] for text in sources if "addition after the run" in text}
    assert marked == {"7_1_value#analyst-table", "7_1_value#analyst-plot"}
    assert any("7_1_value#kpis" in text for text in sources)


def test_an_analysts_tagged_cells_appear_in_the_packs(place, folder):
    """A cell added to a notebook and tagged, nothing else: a plain DataFrame, a plain matplotlib figure."""
    playbook = place / "playbook"
    shutil.copytree(ROOT / "playbook", playbook, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    path = playbook / "7_1_value.ipynb"
    notebook = nbformat.read(path, as_version=4)
    table = nbformat.v4.new_code_cell(
        "import pandas as pd\npd.DataFrame({'analyst_measure': ['ours'], 'size': [41.5]})"
    )
    plot = nbformat.v4.new_code_cell(
        "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()\naxes.plot([1, 3, 2])\nfigure"
    )
    table.id, plot.id = "analyst-table", "analyst-plot"
    table.metadata["tags"] = plot.metadata["tags"] = ["executive"]
    plot.metadata["title"] = "The analyst's own plot"
    heading = nbformat.v4.new_markdown_cell("## What the analyst found", id="analyst-note")
    notebook.cells[-2:-2] = [heading, table, plot]
    nbformat.write(notebook, path)
    words = ["run", "acme/engagement.yml", "--playbook", str(playbook)]
    done = call(*words, reports=place / "reports", folder=place)
    assert done.returncode == 0, done.stdout + done.stderr
    page = next((folder / "packs").glob("*executive.html")).read_text(encoding="utf-8")
    assert "41.5" in page and "Analyst measure" in page
    assert "The analyst&#39;s own plot" in page or "The analyst's own plot" in page
    assert "7_1_value#analyst-table" in page
    assert page.count("7_1_value#analyst-plot") == 1, "a picture is shown once"
    board = next((folder / "packs").glob("*board.html")).read_text(encoding="utf-8")
    assert "analyst_measure" not in board and "Analyst measure" not in board
