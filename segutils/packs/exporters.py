"""The packs as nbconvert exporters: for ``jupyter nbconvert --to``, and JupyterLab's "Save and export" menu.

Each makes the pack of one executed notebook; :mod:`segutils.packs.rendering` makes those of a whole run.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from nbconvert.exporters.exporter import Exporter
from nbconvert.utils.exceptions import ConversionException
from nbformat import NotebookNode
from traitlets import default

from segutils.errors import InputError
from segutils.packs.document import Audience, Pack, PackFormat
from segutils.packs.html import PackTemplate
from segutils.packs.pages import ExecutedNotebook
from segutils.packs.reading import NO_RUN, build_pack, find_changes, read_facts


def pack_of_notebook(notebook: NotebookNode, resources: Mapping[str, Any] | None, audience: Audience) -> Pack:
    """The pack of one executed notebook.

    Client, brand and data lines are those of the run in whose ``notebooks`` folder it lies, else of the run
    that ``SEGUTILS_RUN`` names; without a run the pack goes without them.

    Raises
    ------
    nbconvert.utils.exceptions.ConversionException
        No cell is tagged for the audience, or a tagged cell was not executed or shows nothing.
    """
    metadata = (resources or {}).get("metadata") or {}
    name = str(metadata.get("name") or "notebook")
    run = _find_run(str(metadata.get("path") or ""))
    try:
        facts = read_facts(run) if run else NO_RUN
        changed = _changes_since(run, name, notebook) if run else frozenset()
        executed = ExecutedNotebook(name=name, cells=tuple(notebook.cells), by_hand=changed)
        return build_pack([executed], audience, facts)
    except InputError as error:
        raise ConversionException(str(error)) from error


def _find_run(folder: str) -> Path | None:
    candidates = [Path(folder).resolve().parent] if Path(folder).name == "notebooks" else []
    stated = os.environ.get("SEGUTILS_RUN", "")
    candidates += [Path(stated)] if stated else []
    return next((path for path in candidates if (path / "inputs.json").is_file()), None)


def _changes_since(run: Path, name: str, notebook: NotebookNode) -> frozenset[str]:
    """Cells that the run did not leave so; none where the run has no record of this notebook."""
    path = run / "manifest.json"
    records = json.loads(path.read_text(encoding="utf-8"))["notebooks"] if path.is_file() else {}
    return find_changes(notebook.cells, records[name]) if name in records else frozenset()


class _HTML(PackTemplate):
    audience: ClassVar[Audience]

    @default("template_name")
    def _template_name_default(self) -> str:
        return self.audience

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """The notebook's pack as one HTML page."""
        return self.fill(pack_of_notebook(nb, resources, self.audience), nb, resources or {})


class _Binary(Exporter):
    audience: ClassVar[Audience]
    pack_format: ClassVar[PackFormat]

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return f".{self.pack_format}"

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[bytes, dict[str, Any]]:
        """The notebook's pack as the bytes of a file."""
        pack = pack_of_notebook(nb, resources, self.audience)
        _, known = super().from_notebook_node(nb, resources, **kw)
        view = import_module(f"segutils.packs.{self.pack_format}")
        with tempfile.TemporaryDirectory(prefix="segutils-") as folder:
            path = Path(folder) / f"pack.{self.pack_format}"
            view.render(pack, path)
            return path.read_bytes(), known


class _PDF(_Binary):
    pack_format = "pdf"
    output_mimetype = "application/pdf"


class _PPTX(_Binary):
    pack_format = "pptx"
    output_mimetype = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


class _XLSX(_Binary):
    pack_format = "xlsx"
    output_mimetype = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ExecutiveHTML(_HTML):
    """Executive pack of one notebook as HTML."""

    audience = "executive"
    export_from_notebook = "Executive pack (HTML)"


class ExecutivePDF(_PDF):
    """Executive pack of one notebook as PDF."""

    audience = "executive"
    export_from_notebook = "Executive pack (PDF)"


class ExecutivePPTX(_PPTX):
    """Executive pack of one notebook as slides."""

    audience = "executive"
    export_from_notebook = "Executive pack (PowerPoint)"


class ExecutiveXLSX(_XLSX):
    """Executive pack of one notebook as a workbook."""

    audience = "executive"
    export_from_notebook = "Executive pack (Excel)"


class BoardHTML(_HTML):
    """Board pack of one notebook as HTML."""

    audience = "board"
    export_from_notebook = "Board pack (HTML)"


class BoardPDF(_PDF):
    """Board pack of one notebook as PDF."""

    audience = "board"
    export_from_notebook = "Board pack (PDF)"


class BoardPPTX(_PPTX):
    """Board pack of one notebook as slides."""

    audience = "board"
    export_from_notebook = "Board pack (PowerPoint)"


class BoardXLSX(_XLSX):
    """Board pack of one notebook as a workbook."""

    audience = "board"
    export_from_notebook = "Board pack (Excel)"
