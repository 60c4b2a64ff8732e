"""Is this work done already? Keys over all that a notebook depends on; are its results still there?"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from segutils.engagement import Engagement
from segutils.runner.execute import write_text
from segutils.runner.fingerprint import (
    ABSENT,
    hash_code,
    hash_file,
    hash_folder,
    hash_json,
    hash_source,
    package_versions,
)
from segutils.runner.graph import Graph, Notebook, source_of, uses_of_run
from segutils.runner.manifest import Manifest, NotebookRecord, StepRecord, read_manifest
from segutils.runner.statements import select_sections
from segutils.titles import list_purposes

INGESTION = "from segutils import tables"
OWN_KEYS = (
    "parameters",
    "packs",
)  # of the engagement: a notebook's own parameters are in its key, packs come after
OF_INGESTION = (  # of the engagement: all that decides which rows and fields enter, and how they are read
    *("tables", "rules", "as_of", "timezone", "currency", "engine"),
    *("gate", "privacy", "protected_attributes"),
)
INPUT_PARTS = ("inputs", "rejects")
INPUT_FILES = ("inputs.json", "engagement.json", "logo.*")
OF_THE_RUN_ITSELF = ("engagement.json", "logo.")  # differ between runs whose accepted tables are the same

State = Literal["same", "edited", "gone"]


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What all notebooks of a run depend on besides their own code and tables.

    `engagement` are the engagement file's JSON values, `data` the hash of each source, `parameters` the
    checked values per notebook.
    """

    folder: Path
    engagement: Mapping[str, Any]
    data: Mapping[str, str]
    parameters: Mapping[str, Mapping[str, Any]]

    @property
    def notebooks(self) -> Path:
        return self.folder / "notebooks"

    @property
    def _giver(self) -> str:
        """The table from which customers without a record of their own are added, if one is stated."""
        customers = (self.engagement.get("tables") or {}).get("customers") or {}
        return customers.get("add_missing_from") or ""

    def table_hash(self, graph: Graph, table: str) -> str:
        """Hash of a table as it is now: a notebook's, an input's, or an input that stays in the database."""
        if graph.writer(table):
            return hash_file(table_path(self.folder, table))
        found = hash_file(self.folder / "inputs" / f"{table}.parquet")
        return self.data.get(table, ABSENT) if found == ABSENT else found

    def describe(self, graph: Graph, notebook: Notebook) -> NotebookRecord:
        """The record of a notebook as it would be computed now, with its key; nothing in it is done yet."""
        reads = {table: self.table_hash(graph, table) for table in notebook.reads}
        if notebook.purposes:  # what the run's inputs leave out comes from the sources again
            behind = (*notebook.reads, "customers", self._giver)  # consents are the customers' own
            reads |= {f"source of {t}": self.data[t] for t in behind if t in self.data}
        if notebook.reads_every_input:
            reads["every input"] = hash_json(
                [hash_folder(self.folder / "inputs"), hash_file(self.folder / "inputs.json")]
            )
        if any("find_purposes" in source for source in notebook.code):
            reads["purposes in titles"] = hash_json(list_purposes())
        record = NotebookRecord(
            name=notebook.name,
            status="not run",
            source=hash_source(notebook.cells),
            code=hash_code(notebook.code),
            parameters=dict(self.parameters.get(notebook.name, {})),
            reads=reads,
        )
        stated = {key: self.engagement.get(key) for key in OF_INGESTION}
        stated |= select_sections(self.engagement, notebook.sections)
        shown = {key: value for key, value in stated.items() if key not in OWN_KEYS}
        depends = [record.source, record.code, record.parameters, reads, shown, package_versions()]
        record.key = hash_json(depends)
        return record

    def input_key(self) -> str:
        """What the accepted input tables depend on."""
        stated = {key: self.engagement.get(key) for key in OF_INGESTION}
        return hash_json([stated, dict(self.data), hash_code([INGESTION]), package_versions()])

    def input_files(self) -> dict[str, str]:
        """The files that ingestion has made, as they are now."""
        files = {
            f"{part}/{name}": found
            for part in INPUT_PARTS
            for name, found in hash_folder(self.folder / part).items()
        }
        beside = sorted(path for pattern in INPUT_FILES for path in self.folder.glob(pattern))
        return {**files, **{path.name: hash_file(path) for path in beside}}


def table_path(folder: Path, table: str) -> Path:
    """Where a run keeps a table that a notebook wrote."""
    return folder / "tables" / f"{table}.parquet"


def state_of(record: NotebookRecord, folder: Path) -> State:
    """Are a notebook's results as they were recorded?

    Returns
    -------
    {"same", "edited", "gone"}
        ``edited``: the tables are as recorded, and the executed notebook was changed by hand afterwards (an
        analyst's own cells). ``gone``: something is missing or a table was changed.
    """
    if any(hash_file(table_path(folder, table)) != known for table, known in record.writes.items()):
        return "gone"
    executed = folder / "notebooks" / f"{record.name}.ipynb"
    found = hash_file(executed)
    if found == record.output:
        return "same"
    return "edited" if found != ABSENT and _is_notebook(executed) else "gone"


def is_same(step: StepRecord | None, key: str, files: Mapping[str, str]) -> bool:
    """Was this step made from the same, and are its files as they were made?"""
    return step is not None and step.key == key and dict(files) == step.files


def find_stale(graph: Graph, basis: Basis, manifest: Manifest) -> set[str]:
    """The notebooks that have to be looked at: changed, missing, or after one that is."""
    stale: set[str] = set()
    for notebook in graph.notebooks:
        record = manifest.notebooks.get(notebook.name)
        fresh = (
            record is not None
            and record.status == "done"
            and not stale & set(graph.needs(notebook.name))
            and record.key == basis.describe(graph, notebook).key
            and state_of(record, basis.folder) != "gone"
        )
        if not fresh:
            stale.add(notebook.name)
    return stale


def reuse(wanted: NotebookRecord, earlier: Manifest, source: Path, target: Path) -> NotebookRecord | None:
    """The same work from an earlier run of this client, copied into this one; None where there is none.

    Parameters
    ----------
    wanted : NotebookRecord
        As described for this run.
    earlier : Manifest
    source, target : pathlib.Path
        The earlier run's folder and this run's.
    """
    record = earlier.notebooks.get(wanted.name)
    if (
        record is None
        or record.status != "done"
        or record.key != wanted.key
        or state_of(record, source) != "same"
    ):
        return None
    files = {table_path(source, table): table_path(target, table) for table in record.writes}
    executed = source / "notebooks" / f"{record.name}.ipynb"
    files[executed] = target / "notebooks" / executed.name
    lists = [source / "exports" / name for name in _list_exports(executed)]
    files |= {path: target / "exports" / path.name for path in lists if path.is_file()}
    for old, new in files.items():
        _copy(old, new)
    copied = replace(record, reads=wanted.reads, reused_from=earlier.run)
    return copied if state_of(copied, target) == "same" else None


def reuse_inputs(wanted: Basis, key: str, source: Path, engagement: Engagement) -> bool:
    """Copy the accepted tables of an earlier run, if they came from the same data in the same way; True if
    so.

    Parameters
    ----------
    wanted : Basis
        Of the run that gets them.
    key : str
        From :meth:`Basis.input_key`.
    source : pathlib.Path
        The earlier run's folder.
    engagement : Engagement
        Of the run that gets them.
    """
    earlier = read_manifest(source)
    if earlier is None or earlier.inputs is None or earlier.inputs.key != key:
        return False
    files = {n: found for n, found in earlier.inputs.files.items() if not n.startswith(OF_THE_RUN_ITSELF)}
    if any(hash_file(source / name) != found for name, found in files.items()):
        return False
    for name in files:
        _copy(source / name, wanted.folder / name)
    if engagement.logo:
        _copy(engagement.logo, wanted.folder / f"logo{engagement.logo.suffix.lower()}")
    content = json.dumps(wanted.engagement, indent=1, ensure_ascii=False)
    write_text(wanted.folder / "engagement.json", f"{content}\n")
    return True


def keep_edited(name: str, record: NotebookRecord | None, folder: Path) -> Path | None:
    """Before a notebook is executed anew: put what an analyst changed by hand aside, and say where."""
    executed = folder / "notebooks" / f"{name}.ipynb"
    found = hash_file(executed)
    if record is None or found in (record.output, ABSENT) or not record.output or not _is_notebook(executed):
        return None
    kept = executed.with_name(f"{name}.edited.ipynb")
    write_text(kept, executed.read_text(encoding="utf-8"))
    return kept


def _list_exports(executed: Path) -> list[str]:
    """The files for people that a notebook hands out, by its code."""
    cells = json.loads(executed.read_text(encoding="utf-8"))["cells"]
    uses = [use for cell in cells if cell["cell_type"] == "code" for use in uses_of_run(source_of(cell))]
    lists = [f"{name}.csv" for method, name in uses if method == "export"]
    return lists + [name for method, name in uses if method == "export_text"]


def _copy(old: Path, new: Path) -> None:
    new.parent.mkdir(parents=True, exist_ok=True)
    temporary = new.with_name(f".{new.name}.tmp")
    shutil.copyfile(old, temporary)
    temporary.replace(new)


def _is_notebook(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["cells"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
