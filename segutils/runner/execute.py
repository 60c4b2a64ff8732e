"""One notebook, executed: every cell counted, nothing believed that the kernel did not confirm."""

import copy
import logging
import os
import re
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segutils.runner.graph import Notebook, source_of
from segutils.runner.kernels import Kernel

if TYPE_CHECKING:
    from nbformat import NotebookNode

START_SECONDS = 120
REPLY_SECONDS = 120  # to wait for a cell's last outputs on a busy machine
INJECTED = "injected-parameters"
DIED = "the kernel died"
Redact = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a notebook did not come to its end: in which cell, at which of its lines, and what was said.

    `error` is the class of the cell's error, such as ``InputError``; empty where there was none.
    """

    cell: str
    line: str
    message: str
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a notebook: code cells executed of all, seconds, and the failure if there was one."""

    cells: int
    executed: int
    seconds: float
    failure: Failure | None


def execute_notebook(
    notebook: Notebook, *, kernel: Kernel, parameters: str, folder: Path, cell_seconds: int, redact: Redact
) -> Outcome:
    """Does this notebook run from its first cell to its last?

    Parameters
    ----------
    notebook : Notebook
    kernel : Kernel
        A kernel of its own; it is ended afterwards.
    parameters : str
        Source of the cell that sets the parameters.
    folder : pathlib.Path
        Where the executed notebook is written: ``<name>.ipynb`` after success, else ``<name>.failed.ipynb``.
    cell_seconds : int
        Longest time that a cell may take.
    redact : callable
        Removes secrets from a text before it is written.

    Returns
    -------
    Outcome
        Success is counted cell by cell from the kernel's own replies. A killed kernel, a ``sys.exit`` and a
        cell that was not executed are failures, whatever the notebook's metadata says.
    """
    import nbformat

    start = time.perf_counter()
    cells, metadata = prepare_cells(notebook.cells, parameters), copy.deepcopy(notebook.metadata)
    node = nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})
    track = _Track()
    trouble = _run(node, kernel, cell_seconds, track)
    failure = _judge(node, track, trouble, kernel)
    code = {i for i, cell in enumerate(node.cells) if cell.cell_type == "code" and cell.source.strip()}
    if failure:
        failure = Failure(**{name: redact(text) for name, text in asdict(failure).items()})
        node.cells.insert(0, _marker(failure))
    _redact_outputs(node, redact)
    _drop_clock_times(node)
    done, failed = folder / f"{notebook.name}.ipynb", folder / f"{notebook.name}.failed.ipynb"
    write_text(failed if failure else done, nbformat.writes(node, version=4))
    (done if failure else failed).unlink(missing_ok=True)
    seconds = time.perf_counter() - start
    return Outcome(cells=len(code), executed=len(track.confirmed & code), seconds=seconds, failure=failure)


def prepare_cells(cells: Sequence[Mapping[str, Any]], parameters: str) -> list[dict[str, Any]]:
    """The cells without outputs, the parameters of this run after the notebook's own."""
    prepared = []
    for cell in copy.deepcopy(cells):
        if cell["cell_type"] == "code":
            cell = {**cell, "outputs": [], "execution_count": None}
        prepared.append({**cell, "source": source_of(cell)})
        if "parameters" in cell.get("metadata", {}).get("tags", []):
            prepared.append(
                {
                    "cell_type": "code",
                    "id": INJECTED,
                    "metadata": {"tags": [INJECTED]},
                    "source": parameters,
                    "outputs": [],
                    "execution_count": None,
                }
            )
    return prepared


def write_text(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old or the new one, never a half."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


class _Track:
    """Which cells the kernel has confirmed."""

    def __init__(self) -> None:
        self.confirmed: set[int] = set()

    def end(self, cell: "NotebookNode", cell_index: int, execute_reply: Mapping[str, Any]) -> None:
        if execute_reply["content"]["status"] == "ok":
            self.confirmed.add(cell_index)


def _run(node: "NotebookNode", kernel: Kernel, cell_seconds: int, track: _Track) -> str:
    """Execute; empty text, or what went wrong besides an error in a cell."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.engines import NBClientEngine

    from segutils.runner.kernel_manager import manager_of

    for name in ("papermill", "traitlets"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what they would say is said once, by us
    node.metadata["papermill"] = {}
    try:
        NBClientEngine.execute_notebook(
            node,
            "python3",
            progress_bar=False,
            autosave_cell_every=0,
            kernel_manager_class=manager_of(kernel),
            shutdown_kernel="immediate",
            record_timing=False,
            start_timeout=START_SECONDS,
            execution_timeout=cell_seconds,
            iopub_timeout=REPLY_SECONDS,
            on_cell_executed=track.end,
        )
    except CellTimeoutError:
        return f"the cell was stopped after {cell_seconds} seconds; allow more with --cell-seconds"
    except DeadKernelError:
        return DIED
    except (RuntimeError, TimeoutError) as error:
        return f"the kernel did not answer: {error}"
    finally:
        kernel.kill()
    return ""


def _judge(node: "NotebookNode", track: _Track, trouble: str, kernel: Kernel) -> Failure | None:
    """The first failure, by what the kernel confirmed."""
    for index, cell in enumerate(node.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return _failure_of(cell, output)
        if cell.cell_type != "code" or not cell.source.strip() or index in track.confirmed:
            continue
        message = trouble or "the cell was not executed"
        if message == DIED:
            said = kernel.last_words()
            message += _how_it_ended(kernel.poll()) + (f": {said}" if said else "")
        return Failure(cell=cell.get("id", str(index)), line="", message=message)
    return Failure(cell="", line="", message=trouble) if trouble else None


def _how_it_ended(code: int | None) -> str:
    if code is None:
        return ""
    if code == -9:
        return " (killed, for example for lack of memory)"
    return f" ({signal.Signals(-code).name})" if code < 0 else f" (exit code {code})"


def _failure_of(cell: "NotebookNode", output: "NotebookNode") -> Failure:
    if output.ename == "SystemExit":
        message = "the cell ended the kernel with sys.exit; a notebook runs to its end"
    elif output.ename == "InputError":
        message = output.evalue
    else:
        message = f"{output.ename}: {output.evalue}".rstrip(": ")
    trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output.traceback))
    arrow = re.search(r"^-+> *(\d+) ?(.*)$", trace, re.M)
    line = f"line {arrow.group(1)}: {arrow.group(2).strip()}" if arrow else ""
    return Failure(cell=cell.get("id", ""), line=line, message=message, error=output.ename)


def _marker(failure: Failure) -> "NotebookNode":
    import nbformat

    text = f"**This notebook did not come to its end.** It stopped in the cell `{failure.cell}`: see there."
    return nbformat.v4.new_markdown_cell(f"{text}\n\n```\n{failure.message}\n```", id="failed")


def _redact_outputs(node: "NotebookNode", redact: Redact) -> None:
    """Replace secrets in what cells have put out; the notebook's own text never holds any."""

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return redact(value)
        if isinstance(value, dict):
            for key in value:
                value[key] = walk(value[key])
        elif isinstance(value, list):
            value[:] = [walk(item) for item in value]
        return value

    for cell in node.cells:
        for output in cell.get("outputs", []):
            for part in ("data", "text", "evalue", "traceback"):
                if part in output:
                    output[part] = walk(output[part])


def _drop_clock_times(node: "NotebookNode") -> None:
    """So that the same run writes the same bytes."""
    node.metadata.pop("papermill", None)
    for cell in node.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
