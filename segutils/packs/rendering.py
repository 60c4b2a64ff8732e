"""All packs of a run: one document per audience, read once, and one file per format."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from segutils.engagement import read_json
from segutils.errors import InputError
from segutils.packs import html, pdf, pptx, xlsx
from segutils.packs.document import AUDIENCES, Pack, PackFormat
from segutils.packs.reading import read_manifest, read_pack

VIEWS: Mapping[PackFormat, Callable[[Pack, Path], None]] = {
    "html": html.render,
    "pdf": pdf.render,
    "pptx": pptx.render,
    "xlsx": xlsx.render,
}


def render_packs(run_folder: Path, wanted: Mapping[str, Sequence[str]]) -> list[Path]:
    """Which files can be handed over after this run?

    Parameters
    ----------
    run_folder : pathlib.Path
        The folder of a complete run.
    wanted : mapping of str to sequence of str
        Formats (``html``, ``pdf``, ``pptx``, ``xlsx``) per audience (``executive``, ``board``).

    Returns
    -------
    list of pathlib.Path
        ``<run>/packs/<client>-<audience>.<format>``, each complete; in the order wanted.

    Raises
    ------
    InputError
        The run is not complete, a tagged cell cannot be shown, or an audience or a format is not known.
    """
    _check_known(wanted)
    read_manifest(run_folder)
    payload = json.loads((run_folder / "engagement.json").read_text(encoding="utf-8"))
    client = read_json(payload, run_folder).slug
    packs = {audience: read_pack(run_folder, audience) for audience, formats in wanted.items() if formats}
    folder = run_folder / "packs"
    folder.mkdir(exist_ok=True)
    paths = []
    for audience, formats in wanted.items():
        for name in dict.fromkeys(formats):
            path = folder / f"{client}-{audience}.{name}"
            VIEWS[name](packs[audience], path)
            paths.append(path)
    return paths


def _check_known(wanted: Mapping[str, Sequence[str]]) -> None:
    for audience, formats in wanted.items():
        if audience not in AUDIENCES:
            fix = f"packs are made for: {', '.join(AUDIENCES)}"
            raise InputError(f"there is no pack for '{audience}'", where="the packs asked for", fix=fix)
        for name in formats:
            if name not in VIEWS:
                fix = f"formats are: {', '.join(VIEWS)}"
                raise InputError(f"there is no format '{name}'", where=f"the {audience} pack", fix=fix)
