"""The graph executed: notebooks side by side as soon as their tables are there."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from segutils.evidence import hash_cells
from segutils.formats import join_words, plural
from segutils.runner.execute import Failure, Outcome, Redact, execute_notebook
from segutils.runner.fingerprint import ABSENT, hash_file
from segutils.runner.freshness import Basis, keep_edited, reuse, state_of, table_path
from segutils.runner.graph import Graph, Notebook
from segutils.runner.kernels import KernelPool, PoolClosed, undisturbed
from segutils.runner.manifest import Manifest, NotebookRecord, NotebookStatus, read_manifest, write_manifest
from segutils.runner.parameters import injected_source
from segutils.runner.progress import Progress

RUN_DIR = ".."  # kernels work in <run>/notebooks, and so does who opens an executed notebook there by hand


@dataclass(kw_only=True)
class Schedule:
    """What is to be executed, with what, and how it is reported.

    Parameters
    ----------
    graph : Graph
        The notebooks of this run.
    basis : Basis
    manifest : Manifest
        Brought up to date, and written to the run's folder, with every notebook.
    pool : KernelPool
    workers : int
        Notebooks side by side.
    cell_seconds : int
    redact : callable
    progress : Progress
    earlier : tuple of pathlib.Path
        The client's earlier runs whose results are used again where their keys match, best first.
    when_idle : callable, optional
        Called once, as soon as a worker has nothing to do: time to prepare what comes after the notebooks.
    """

    graph: Graph
    basis: Basis
    manifest: Manifest
    pool: KernelPool
    workers: int
    cell_seconds: int
    redact: Redact
    progress: Progress
    earlier: tuple[Path, ...] = ()
    when_idle: Callable[[], None] | None = None
    _settled: dict[str, NotebookStatus] = field(default_factory=dict)
    _running: dict[Future[Outcome], NotebookRecord] = field(default_factory=dict)

    def execute(self) -> None:
        """Run everything that can be run; the manifest says how it went.

        A KeyboardInterrupt passes through, after every kernel has ended and the manifest says what was
        stopped.
        """
        executor = ThreadPoolExecutor(self.workers, thread_name_prefix="notebook")
        try:
            self._start_ready(executor)
            while self._running:
                if self.when_idle and len(self._running) < self.workers:
                    self.when_idle()
                    self.when_idle = None
                for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                    self._finish(self._running.pop(future), future.result())
                self._start_ready(executor)
        finally:
            with undisturbed():
                self.pool.close()
                executor.shutdown(wait=True, cancel_futures=True)
                for record in self._running.values():
                    self._settle(record, "stopped")

    @cached_property
    def _earlier(self) -> list[tuple[Path, Manifest]]:
        read = [(folder, read_manifest(folder)) for folder in self.earlier]
        return [(folder, manifest) for folder, manifest in read if manifest]

    @cached_property
    def _order(self) -> list[Notebook]:
        """Those that most others wait for come first."""
        return sorted(self.graph.notebooks, key=lambda notebook: -len(self.graph.dependants(notebook.name)))

    def _start_ready(self, executor: ThreadPoolExecutor) -> None:
        """Settle or start every notebook whose needs are settled, until nothing more can be."""
        begun = {record.name for record in self._running.values()}
        settled = -1
        while settled != len(self._settled):
            settled = len(self._settled)
            for notebook in self._order:
                needs = self.graph.needs(notebook.name)
                if notebook.name in begun | set(self._settled) or not set(needs) <= set(self._settled):
                    continue
                bad = [name for name in needs if self._settled[name] != "done"]
                if bad:
                    self._settle(NotebookRecord(name=notebook.name, status="not run", needs=bad), "not run")
                    self.progress.tell(notebook.name, f"not run: needs {join_words(bad)}")
                    continue
                wanted = self.basis.describe(self.graph, notebook)
                if self._is_done(wanted):
                    continue
                if len(self._running) < self.workers:
                    self._begin(notebook, wanted)
                    self._running[executor.submit(self._execute, notebook)] = wanted
                    begun.add(notebook.name)

    def _is_done(self, wanted: NotebookRecord) -> bool:
        """Is this work done already, in this run or in one of the client's earlier ones?"""
        record = self.manifest.notebooks.get(wanted.name)
        if record and record.status == "done" and record.key == wanted.key:
            state = state_of(record, self.basis.folder)
            if state != "gone":
                self._settle(record, "done")
                edited = ", with cells edited by hand" if state == "edited" else ""
                self.progress.tell(wanted.name, f"unchanged{edited}")
                return True
        for folder, manifest in self._earlier if not record else ():
            if copied := reuse(wanted, manifest, folder, self.basis.folder):
                self._settle(copied, "done")
                self.progress.tell(wanted.name, f"unchanged since {copied.reused_from}")
                return True
        return False

    def _begin(self, notebook: Notebook, wanted: NotebookRecord) -> None:
        """Clear the way: nothing of an earlier execution may be taken for this one's result."""
        kept = keep_edited(notebook.name, self.manifest.notebooks.get(notebook.name), self.basis.folder)
        if kept:
            self.progress.tell(notebook.name, f"was edited by hand: kept as {kept.name}")
        for table in notebook.writes:
            table_path(self.basis.folder, table).unlink(missing_ok=True)
        (self.basis.notebooks / f"{notebook.name}.ipynb").unlink(missing_ok=True)
        wanted.status = "stopped"  # should this process be killed, that is what the manifest says
        self.manifest.record(wanted)
        write_manifest(self.manifest, self.basis.folder)
        self.progress.tell(notebook.name, "started")

    def _execute(self, notebook: Notebook) -> Outcome:
        values = self.basis.parameters.get(notebook.name, {})
        try:
            kernel = self.pool.take()
        except PoolClosed:
            failure = Failure(cell="", line="", message="the run was stopped")
            return Outcome(cells=0, executed=0, seconds=0.0, failure=failure)
        return execute_notebook(
            notebook,
            kernel=kernel,
            parameters=injected_source(RUN_DIR, values),
            folder=self.basis.notebooks,
            cell_seconds=self.cell_seconds,
            redact=self.redact,
        )

    def _finish(self, record: NotebookRecord, outcome: Outcome) -> None:
        notebook = self.graph.notebook(record.name)
        record.cells, record.executed, record.seconds = outcome.cells, outcome.executed, outcome.seconds
        record.failure = outcome.failure or self._check_tables(notebook)
        counted = f"{outcome.executed} of {plural(outcome.cells, 'cell')}"
        if record.failure:
            self._settle(record, "failed")
            self.progress.end(record.name, "failed", outcome.seconds, counted)
            return
        record.writes = {table: hash_file(table_path(self.basis.folder, table)) for table in notebook.writes}
        executed = self.basis.notebooks / f"{record.name}.ipynb"
        record.output, record.cell_hashes = hash_file(executed), hash_cells(executed)
        self._settle(record, "done")
        self.progress.end(record.name, "done", outcome.seconds, counted)

    def _check_tables(self, notebook: Notebook) -> Failure | None:
        """A promised table that nobody wrote is a failure, found here and not three notebooks on."""
        absent = [t for t in notebook.writes if hash_file(table_path(self.basis.folder, t)) == ABSENT]
        if not absent:
            return None
        executed = self.basis.notebooks / f"{notebook.name}.ipynb"
        executed.replace(executed.with_name(f"{notebook.name}.failed.ipynb"))
        return Failure(
            cell="title", line="", message=f"the title promises {join_words(absent)}; it was not written"
        )

    def _settle(self, record: NotebookRecord, status: NotebookStatus) -> None:
        record.status = status
        self._settled[record.name] = status
        self.manifest.record(record)
        write_manifest(self.manifest, self.basis.folder)
