"""What a run did and from what: `manifest.json`, written atomically after every notebook.

No clock times, only durations: the same run on the same data says the same, seconds apart.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from segutils.errors import InputError
from segutils.runner.execute import Failure, write_text
from segutils.runner.fingerprint import hash_json

FORMAT = 1
FILE = "manifest.json"

NotebookStatus = Literal["done", "failed", "not run", "stopped"]


@dataclass(kw_only=True)
class NotebookRecord:
    """One notebook of the run: what went in (hashes), what came out (hashes), how it went.

    `key` is a hash of everything that the result depends on; `output` the hash of the executed notebook and
    `cell_hashes` of each of its cells, by which an analyst's later changes are told;
    `needs` names the failed notebooks because of which this one was not run.
    """

    name: str
    status: NotebookStatus
    key: str = ""
    source: str = ""
    code: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    reads: dict[str, str] = field(default_factory=dict)
    writes: dict[str, str] = field(default_factory=dict)
    output: str = ""
    cell_hashes: dict[str, str] = field(default_factory=dict)
    cells: int = 0
    executed: int = 0
    seconds: float = 0.0
    reused_from: str = ""
    needs: list[str] = field(default_factory=list)
    failure: Failure | None = None


@dataclass(kw_only=True)
class StepRecord:
    """Files that one step made (name → hash), and the key of what they were made from."""

    key: str
    files: dict[str, str]
    seconds: float


@dataclass(kw_only=True)
class Manifest:
    """The record of one run.

    `complete` is true when every notebook of the playbook is done: only then packs are made.
    """

    run: str
    client: str
    engagement: str = ""
    data: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    code: str = ""
    complete: bool = False
    inputs: StepRecord | None = None
    notebooks: dict[str, NotebookRecord] = field(default_factory=dict)
    packs: StepRecord | None = None

    def content_hash(self) -> str:
        """What was computed from what, durations apart: the audit reference of a pack."""
        return _content_hash(_to_json(self))

    def record(self, record: NotebookRecord) -> None:
        """Set or replace a notebook's record."""
        self.notebooks[record.name] = record


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a run's folder; None where none can be read (the run is then done anew)."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if content.pop("format") != FORMAT:
            return None
        content.pop("content_hash")
        for name, item in content["notebooks"].items():
            failure = Failure(**item["failure"]) if item["failure"] else None
            content["notebooks"][name] = NotebookRecord(**{**item, "failure": failure})
        for step in ("inputs", "packs"):
            content[step] = StepRecord(**content[step]) if content[step] else None
        return Manifest(**content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write it, atomically."""
    content = _to_json(manifest)
    content["content_hash"] = _content_hash(content)
    write_text(folder / FILE, json.dumps({"format": FORMAT, **content}, indent=1, ensure_ascii=False) + "\n")


def check_complete(folder: Path) -> Manifest:
    """May packs be made from this run?

    Raises
    ------
    InputError
        There is no manifest, or a notebook failed, was stopped or not run.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        fix = "run it: segutils run ENGAGEMENT"
        raise InputError("this is not the folder of a run", where=str(folder), fix=fix)
    if not manifest.complete:
        bad = [
            f"{record.name} ({record.status})"
            for record in manifest.notebooks.values()
            if record.status != "done"
        ]
        said = f": {', '.join(bad)}" if bad else ""
        fix = "repeat segutils run; what is done will not be done again"
        raise InputError(
            f"the run is not complete{said}; packs are only made from complete runs",
            where=str(folder),
            fix=fix,
        )
    return manifest


def _to_json(manifest: Manifest) -> dict[str, Any]:
    content = asdict(manifest)
    content["notebooks"] = dict(sorted(content["notebooks"].items()))
    for item in (*content["notebooks"].values(), content["inputs"], content["packs"]):
        if item:
            item["seconds"] = round(item["seconds"], 2)
    return content


def _content_hash(content: dict[str, Any]) -> str:
    notebooks = {
        name: {key: value for key, value in item.items() if key not in ("seconds", "reused_from")}
        for name, item in content["notebooks"].items()
    }
    inputs = {key: value for key, value in (content["inputs"] or {}).items() if key != "seconds"}
    rest = {key: value for key, value in content.items() if key not in ("packs", "content_hash")}
    return hash_json({**rest, "notebooks": notebooks, "inputs": inputs})
