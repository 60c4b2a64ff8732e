"""Where runs are: the folder of reports, a run's name, and which run is a client's latest."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from segutils.engagement import Engagement, fingerprint
from segutils.errors import InputError
from segutils.titles import ROOT


def find_reports() -> Path:
    """The folder of all runs: ``SEGUTILS_REPORTS``, else ``reports`` beside the playbook, else here."""
    if stated := os.environ.get("SEGUTILS_REPORTS"):
        return Path(stated).resolve()
    return (ROOT if (ROOT / "playbook").is_dir() else Path.cwd()) / "reports"


def name_run(engagement: Engagement, data_hashes: dict[str, str]) -> str:
    """Which run do this engagement and these data make? The same content gives the same name.

    Parameters
    ----------
    engagement : Engagement
    data_hashes : dict of str to str
        From :func:`segutils.inputs.sources.hash_data`.

    Returns
    -------
    str
        ``2017-12-31-4f1c09ab``: last day of the data, then a hash of the engagement's content and the data.
    """
    content = json.dumps([fingerprint(engagement), sorted(data_hashes.items())])
    return f"{engagement.as_of.isoformat()}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


LATEST, UNFINISHED = "latest", "unfinished"


def mark(folder: Path, name: str = LATEST) -> None:
    """Makes this run the client's latest complete one, or the one that was tried last and is not complete:
    ``reports/<client>/latest`` (or ``unfinished``) is a text file with its name."""
    pointer = folder.parent / name
    temporary = pointer.with_name(f"{name}.{folder.name}.part")
    temporary.write_text(f"{folder.name}\n", encoding="utf-8")
    os.replace(temporary, pointer)


def list_earlier(folder: Path) -> tuple[Path, ...]:
    """The client's other runs whose work may be used again: what was tried last, then the latest."""
    pointers = [folder.parent / name for name in (UNFINISHED, LATEST)]
    found = [folder.parent / p.read_text(encoding="utf-8").strip() for p in pointers if p.is_file()]
    return tuple(dict.fromkeys(path for path in found if path != folder))


def find_latest(engagement: Engagement) -> Path:
    """The client's latest run.

    Raises
    ------
    InputError
        There is none yet.
    """
    latest = find_reports() / engagement.slug / "latest"
    folder = latest.parent / latest.read_text(encoding="utf-8").strip() if latest.is_file() else None
    if folder is None or not (folder / "inputs.json").is_file():
        fix = "make one: segutils run ENGAGEMENT (for the demo: make demo)"
        raise InputError(f"there is no run of {engagement.client} yet", where=str(latest.parent), fix=fix)
    return folder
