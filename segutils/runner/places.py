"""Where are the playbook and the runs? What a person may write for a run, and which folder that is."""

import importlib.util
import os
from pathlib import Path

from segutils import run_folders, tables
from segutils.engagement import load_engagement
from segutils.errors import InputError
from segutils.runner.graph import nearest


def find_playbook(stated: str = "") -> Path:
    """The folder of the notebooks: as stated, else SEGUTILS_PLAYBOOK, else beside the package, else
    ./playbook.

    Raises
    ------
    InputError
        There is no such folder.
    """
    stated = stated or os.environ.get("SEGUTILS_PLAYBOOK", "")
    places = [Path(stated)] if stated else [tables.ROOT / "playbook", Path("playbook")]
    for place in places:
        if place.is_dir():
            return place.resolve()
    fix = "start in a checkout of the playbook, or name its folder in the variable SEGUTILS_PLAYBOOK"
    raise InputError("the folder of the notebooks is not there", where=str(places[-1].resolve()), fix=fix)


def find_reports(stated: str = "") -> Path:
    """The folder of all runs: as stated, else SEGUTILS_REPORTS, else `reports` by the playbook or here."""
    return Path(stated).resolve() if stated else run_folders.find_reports()


def find_run(text: str, reports: Path) -> Path:
    """The folder of a run that a person named by its folder, its engagement file or its client.

    Parameters
    ----------
    text : str
        A run's folder, an engagement file (its latest run), or a client's folder name under `reports` (its
        latest).
    reports : pathlib.Path

    Raises
    ------
    InputError
        It is none of these, or there is no run yet.
    """
    path = Path(text)
    if (path / "inputs.json").is_file() or (path / "manifest.json").is_file():
        return path.resolve()
    if path.is_file() or path.suffix in (".yml", ".yaml"):
        engagement = load_engagement(path)
        client, name = reports / engagement.slug, engagement.client
    else:
        client, name = reports / path.name, text
    pointer = client / "latest"
    if pointer.is_file():
        folder = client / pointer.read_text(encoding="utf-8").strip()
        if folder.is_dir():
            return folder
    if client.is_dir() or path.is_file():
        begun = sorted(str(found.parent) for found in client.glob("*/manifest.json"))
        fix = "make one: segutils run ENGAGEMENT" + (f"; not complete: {', '.join(begun)}" if begun else "")
        raise InputError(f"there is no complete run of {name} yet", where=str(client), fix=fix)
    clients = sorted(found.name for found in reports.glob("*") if found.is_dir()) if reports.is_dir() else []
    known = f"clients with runs: {', '.join(clients)}" if clients else "there are no runs yet"
    fix = f"{nearest(text, clients)}name a run's folder, an engagement file or a client; {known}"
    raise InputError(f"'{text}' is not a run", where=str(reports), fix=fix)


def has_lab() -> bool:
    """Is JupyterLab installed?"""
    return importlib.util.find_spec("jupyterlab") is not None
