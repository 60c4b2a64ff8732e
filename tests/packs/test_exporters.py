"""The packs from nbconvert's command line and JupyterLab's menu."""

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import nbformat
import pytest
from nbconvert.utils.exceptions import ConversionException

from segutils.packs import exporters

ROOT = Path(__file__).resolve().parents[2]
NAMES = [f"{who}_{what}" for who in ("executive", "board") for what in ("html", "pdf", "pptx", "xlsx")]
MAGIC = {"pdf": b"%PDF-", "pptx": b"PK\x03\x04", "xlsx": b"PK\x03\x04"}


def read(run, name="3_2_segments"):
    notebook = nbformat.read(run / "notebooks" / f"{name}.ipynb", as_version=4)
    return notebook, {"metadata": {"name": name, "path": str(run / "notebooks")}}


def test_entry_points_are_declared_for_the_menu():
    """JupyterLab's server takes only names of letters, digits and underscores."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = project["entry-points"]["nbconvert.exporters"]
    assert sorted(declared) == sorted(NAMES)
    labels = set()
    for name, target in declared.items():
        assert re.fullmatch(r"\w+", name)
        module, _, attribute = target.partition(":")
        exporter = getattr(import_module(module), attribute)
        labels.add(exporter.export_from_notebook)
        assert exporter().file_extension == f".{name.split('_')[1]}" and exporter.output_mimetype
    assert len(labels) == len(NAMES) and "Executive pack (PDF)" in labels


def test_one_notebook_gives_its_own_pages_with_the_runs_facts(sample_run):
    notebook, resources = read(sample_run)
    text, out = exporters.ExecutiveHTML().from_notebook_node(notebook, resources)
    assert out["output_extension"] == ".html" and not out.get("outputs")
    assert "3 segments describe the households best" in text and "Only 1 of 3 segments" not in text
    assert "Müller &amp; Söhne" in text and "1,469,307 rows read" in text


@pytest.mark.parametrize("kind", ["PDF", "PPTX", "XLSX"])
def test_binary_packs_are_bytes_of_their_format(sample_run, kind):
    notebook, resources = read(sample_run, "7_3_returns")
    blob, out = getattr(exporters, f"Board{kind}")().from_notebook_node(notebook, resources)
    assert blob.startswith(MAGIC[kind.lower()]) and out["output_extension"] == f".{kind.lower()}"


def test_a_notebook_outside_a_run_needs_no_run(sample_run, monkeypatch):
    monkeypatch.delenv("SEGUTILS_RUN", raising=False)
    notebook, _ = read(sample_run)
    text, _ = exporters.ExecutiveHTML().from_notebook_node(notebook, {"metadata": {"name": "3_2_segments"}})
    assert "3 segments describe the households best" in text and "Müller &amp; Söhne" not in text


def test_a_notebook_with_nothing_to_show_says_so(sample_run):
    notebook, resources = read(sample_run, "7_3_returns")
    with pytest.raises(ConversionException, match="no cell is tagged 'executive'"):
        exporters.ExecutiveHTML().from_notebook_node(notebook, resources)


def test_command_line(sample_run, tmp_path):
    """``jupyter nbconvert --to executive_html``: by its full name, so that the test needs no installation."""
    source = sample_run / "notebooks" / "3_2_segments.ipynb"
    command = [sys.executable, "-m", "nbconvert", "--to", "segutils.packs.exporters.ExecutiveHTML"]
    done = subprocess.run(
        [*command, "--output-dir", str(tmp_path), str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "3 segments describe" in (tmp_path / "3_2_segments.html").read_text(encoding="utf-8")
