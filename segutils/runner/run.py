"""One engagement from its file to its packs: check, ingest, execute, render; nothing is done twice."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from segutils import run_folders, tables
from segutils.engagement import Engagement, fingerprint, load_engagement, to_json
from segutils.formats import plural
from segutils.inputs import opening, sources
from segutils.runner.fingerprint import hash_package, imported_modules, package_versions
from segutils.runner.freshness import Basis, find_stale, is_same, reuse_inputs
from segutils.runner.graph import Graph, read_graph
from segutils.runner.kernels import KernelPool
from segutils.runner.locks import locked
from segutils.runner.manifest import Manifest, NotebookRecord, StepRecord, read_manifest, write_manifest
from segutils.runner.packing import Renderer, render_packs
from segutils.runner.parameters import Assignment, Value, check_parameters, stated_in
from segutils.runner.progress import INPUTS, Progress, Say
from segutils.runner.redaction import redactor
from segutils.runner.schedule import Schedule
from segutils.runner.startup import import_papermill


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be run.

    Parameters
    ----------
    engagement : pathlib.Path
        The engagement file.
    playbook, reports : pathlib.Path
        Folder of the notebooks, folder of all runs.
    assignments : sequence of Assignment
        Parameters from the command line; they count over the engagement file's.
    only : sequence of str
        Notebooks to run, with what they need; empty for all.
    workers : int
        Notebooks side by side.
    cell_seconds : int
        Longest time that one cell may take.
    go_on : bool
        Whether fatal faults in the data don't stop the run, whatever the engagement file says.
    """

    engagement: Path
    playbook: Path
    reports: Path
    assignments: tuple[Assignment, ...] = ()
    only: tuple[str, ...] = ()
    workers: int = 2
    cell_seconds: int = 3600
    go_on: bool = False


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """The run's folder and manifest, failed notebooks, packs; `unchanged`: there was nothing to do."""

    folder: Path
    manifest: Manifest
    failed: tuple[NotebookRecord, ...]
    packs: tuple[Path, ...]
    unchanged: bool


def run_engagement(request: Request, *, renderer: Renderer | None, say: Say) -> RunResult:
    """What does this client's data say, in notebooks and packs?

    Parameters
    ----------
    request : Request
    renderer : Renderer, optional
        None makes no packs.
    say : callable
        Takes one line of progress.

    Returns
    -------
    RunResult

    Raises
    ------
    InputError
        Anything wrong with engagement, parameters or data; nothing has been executed then.
    KeyboardInterrupt
        Passed through after every kernel has ended.
    """
    playbook = read_graph(request.playbook)
    graph = playbook.select(request.only) if request.only else playbook
    engagement = load_engagement(request.engagement)
    parameters = check_parameters(playbook, [*stated_in(engagement), *request.assignments])
    engagement = _with_parameters(engagement, parameters)
    if request.go_on:
        gate = engagement.gate.model_copy(update={"on_fatal": "go_on"})
        engagement = engagement.model_copy(update={"gate": gate})
    data = sources.hash_data(engagement)
    folder = request.reports / engagement.slug / run_folders.name_run(engagement, data)
    with locked(folder, say):
        basis = Basis(folder=folder, engagement=to_json(engagement), data=data, parameters=parameters)
        return _Work(request, playbook, graph, engagement, basis, say).do(renderer)


class _Work:
    """One run, its folder locked."""

    def __init__(
        self, request: Request, playbook: Graph, graph: Graph, engagement: Engagement, basis: Basis, say: Say
    ) -> None:
        self.request, self.playbook, self.graph = request, playbook, graph
        self.engagement, self.basis, self.folder = engagement, basis, basis.folder
        self.progress = Progress(say, graph.names)
        self.redact = redactor(basis.engagement)
        self.manifest = read_manifest(self.folder) or Manifest(run=self.folder.name, client=engagement.client)
        for name in set(self.manifest.notebooks) - set(playbook.names):
            del self.manifest.notebooks[name]
        self.manifest.engagement = fingerprint(engagement)
        self.manifest.data = dict(basis.data)
        self.manifest.packages = package_versions()
        self.manifest.code = hash_package()

    def do(self, renderer: Renderer | None) -> RunResult:
        self.folder.mkdir(parents=True, exist_ok=True)
        opening.note_source(self.engagement, self.folder)
        inputs_key = self.basis.input_key()
        ingested = is_same(self.manifest.inputs, inputs_key, self.basis.input_files())
        stale = find_stale(self.graph, self.basis, self.manifest) if ingested else set(self.graph.names)
        if stale:
            self._compute(stale, None if ingested else inputs_key, renderer)
        self.manifest.complete = not find_stale(self.playbook, self.basis, self.manifest)
        write_manifest(self.manifest, self.folder)
        rendered = False
        if self.manifest.complete:
            if renderer:
                rendered = render_packs(self.folder, self.manifest, self.engagement, renderer, self.progress)
            run_folders.mark(self.folder)
        else:
            run_folders.mark(self.folder, run_folders.UNFINISHED)
        records = [self.manifest.notebooks[name] for name in self.graph.names]
        return RunResult(
            folder=self.folder,
            manifest=self.manifest,
            failed=tuple(record for record in records if record.status == "failed"),
            packs=tuple(
                self.folder / name for name in (self.manifest.packs.files if self.manifest.packs else ())
            ),
            unchanged=not stale and not rendered,
        )

    def _compute(self, stale: set[str], inputs_key: str | None, renderer: Renderer | None) -> None:
        """Ingest where needed and execute what is stale, kernels warming up meanwhile."""
        self._forget_packs()
        write_manifest(self.manifest, self.folder)  # a refusal below must not leave it saying complete
        self.basis.notebooks.mkdir(parents=True, exist_ok=True)
        sources = [source for notebook in self.graph.notebooks for source in notebook.code]
        pool = KernelPool(
            modules=imported_modules(sources),
            environment={"SEGUTILS_WRITES": self.folder.name, "SEGUTILS_REPORTS": str(self.request.reports)},
            folder=self.basis.notebooks,
            ahead=self.request.workers,
            total=len(stale),
        )
        with pool:
            threading.Thread(target=import_papermill, daemon=True).start()
            if inputs_key:
                self._ingest(inputs_key)
            Schedule(
                graph=self.graph,
                basis=self.basis,
                manifest=self.manifest,
                pool=pool,
                workers=self.request.workers,
                cell_seconds=self.request.cell_seconds,
                redact=self.redact,
                progress=self.progress,
                earlier=run_folders.list_earlier(self.folder),
                when_idle=_in_background(renderer.prepare) if renderer else None,
            ).execute()

    def _ingest(self, key: str) -> None:
        self.progress.tell(INPUTS, "started")
        start = time.perf_counter()
        self.manifest.inputs = None
        earlier = run_folders.list_earlier(self.folder)
        if any(reuse_inputs(self.basis, key, run, self.engagement) for run in earlier):
            tables.check_plans(self.engagement, self.folder)
        else:
            tables.ingest(self.engagement, self.folder)
        seconds = time.perf_counter() - start
        self.manifest.inputs = StepRecord(key=key, files=self.basis.input_files(), seconds=seconds)
        counts = tables.InputReport.read(self.folder).counts
        rows, aside = sum(count.rows_in for count in counts), sum(count.rows_set_aside for count in counts)
        said = f"{plural(rows, 'row')} of {plural(len(counts), 'table')} read, {aside:,} set aside"
        if withheld := sum(count.rows_withheld for count in counts):
            said += f", {withheld:,} withheld"
        self.progress.end(INPUTS, "done", seconds, said)

    def _forget_packs(self) -> None:
        """Packs of what is about to be computed anew would look clean and be wrong."""
        for name in self.manifest.packs.files if self.manifest.packs else ():
            (self.folder / name).unlink(missing_ok=True)
        self.manifest.packs = None
        self.manifest.complete = False


def _with_parameters(engagement: Engagement, checked: Mapping[str, Mapping[str, Value]]) -> Engagement:
    """The engagement with the parameters that count: the command line's are part of the run's name too."""
    parameters = {
        notebook: {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
        for notebook, values in checked.items()
        if values
    }
    return engagement.model_copy(update={"parameters": parameters})


def _in_background(work: Callable[[], None]) -> Callable[[], None]:
    def begin() -> None:
        threading.Thread(target=work, daemon=True).start()

    return begin
