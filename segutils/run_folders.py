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


def mark_latest(folder: Path) -> None:
    """Makes this run the client's latest one: ``reports/<client>/latest`` is a text file with its name."""
    latest = folder.parent / "latest"
    temporary = latest.with_name(f"latest.{folder.name}.part")
    temporary.write_text(f"{folder.name}\n", encoding="utf-8")
    os.replace(temporary, latest)


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
