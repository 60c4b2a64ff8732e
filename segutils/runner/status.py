"""What has a run answered? Every capability's state, read from the executed notebooks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from segutils.capabilities import Capability, read_capabilities
from segutils.errors import InputError
from segutils.formats import join_words
from segutils.runner.graph import Graph, read_graph
from segutils.runner.manifest import Manifest, read_manifest

FINDING = "application/vnd.segutils.finding+json"
State = Literal["answered", "partly", "needs input", "failed", "not run", "not in this playbook yet"]
STATES: tuple[State, ...] = (
    "answered",
    "partly",
    "needs input",
    "failed",
    "not run",
    "not in this playbook yet",
)


@dataclass(frozen=True, kw_only=True)
class CapabilityStatus:
    """One capability in one run: its state, and the headline or what is missing."""

    capability: Capability
    state: State
    detail: str


def read_status(folder: Path, playbook: Path) -> list[CapabilityStatus]:
    """Which of the playbook's questions did this run answer?

    Parameters
    ----------
    folder : pathlib.Path
        The run's.
    playbook : pathlib.Path
        Folder of the notebooks.

    Returns
    -------
    list of CapabilityStatus
        Every capability, in the order of the list. ``partly``: answered, and something more could be with
        further tables. ``needs input``: not answered for lack of tables.

    Raises
    ------
    InputError
        There is no manifest in the folder.
    """
    graph, manifest = read_graph(playbook), read_manifest(folder)
    if manifest is None:
        raise InputError(
            "this run has no manifest", where=str(folder), fix="repeat it: segutils run ENGAGEMENT"
        )
    findings: list[tuple[str, Mapping[str, Any]]] = []
    for name in graph.names:
        findings += _read_findings(folder / "notebooks" / f"{name}.ipynb")
        findings += _read_findings(folder / "notebooks" / f"{name}.failed.ipynb")
    return [_judge(capability, graph, manifest, findings) for capability in read_capabilities()]


def count_states(found: Sequence[CapabilityStatus]) -> dict[State, int]:
    """How many capabilities are in each state."""
    return {state: sum(item.state == state for item in found) for state in STATES}


def _judge(
    capability: Capability,
    graph: Graph,
    manifest: Manifest,
    findings: Sequence[tuple[str, Mapping[str, Any]]],
) -> CapabilityStatus:
    def is_in(state: State, detail: str) -> CapabilityStatus:
        return CapabilityStatus(capability=capability, state=state, detail=detail)

    deciding = next((notebook for notebook in graph.notebooks if capability.slug in notebook.decides), None)
    if deciding is None:
        return is_in("not in this playbook yet", "")
    record = manifest.notebooks.get(deciding.name)
    own = [(cell, finding) for cell, finding in findings if finding["slug"] == capability.slug]
    if not own:
        if record is None or record.status in ("not run", "stopped"):
            return is_in("not run", f"needs {join_words(record.needs)}" if record and record.needs else "")
        if record.status == "failed" and record.failure:
            return is_in("failed", f"cell {record.failure.cell}: {record.failure.message.splitlines()[0]}")
        return is_in("failed", "its cell shows no finding")
    main = next((finding for cell, finding in own if cell == capability.slug), own[0][1])
    asked = join_words(list(dict.fromkeys(_words(need) for _, finding in own for need in finding["needs"])))
    if main["status"] == "not_run":
        return is_in("needs input", f"ask for {asked}")
    if asked:
        return is_in("partly", f"for the rest ask for {asked}")
    return is_in("answered", main["headline"])


def _words(need: Mapping[str, Any]) -> str:
    """``transactions (unit_cost)``"""
    return f"{need['table']} ({', '.join(need['columns'])})" if need["columns"] else need["table"]


def _read_findings(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """Cell id and finding, for every finding an executed notebook shows; none where there is no notebook."""
    if not path.is_file():
        return []
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    shown = [
        (cell.get("id", ""), output.get("data", {})) for cell in cells for output in cell.get("outputs", [])
    ]
    return [(cell, data[FINDING]) for cell, data in shown if FINDING in data]
