"""All packs of a run: one document per audience, read once, and one file per format."""

import json
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import active_children, get_all_start_methods, get_context, parent_process
from multiprocessing.context import BaseContext
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
LANES = (("pdf",), ("pptx",), ("html", "xlsx"))  # side by side; what takes longest goes first

Job = tuple[PackFormat, Pack, Path]


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
    jobs = [
        (name, packs[audience], folder / f"{client}-{audience}.{name}")
        for audience, formats in wanted.items()
        for name in dict.fromkeys(formats)
    ]
    lanes = [lane for names in LANES if (lane := [job for job in jobs if job[0] in names])]
    _render_side_by_side(lanes)
    return [path for _, _, path in jobs]


def prepare() -> None:
    """Let the processes that will make packs import what they need, ahead of their use."""
    context = _context()
    if context.get_start_method() == "forkserver":
        from multiprocessing import forkserver

        context.set_forkserver_preload(["segutils.packs.preloaded"])
        forkserver.ensure_running()


def _render_side_by_side(lanes: Sequence[Sequence[Job]]) -> None:
    """Each lane in a process of its own, where there is more than one and a processor for it."""
    workers = min(len(lanes), os.cpu_count() or 1)
    if workers > 1:
        try:
            with ProcessPoolExecutor(workers, mp_context=_context(), initializer=_begin) as pool:
                try:
                    list(pool.map(_render_lane, lanes))
                    return
                except KeyboardInterrupt:  # nobody waits for what is under way
                    for process in active_children():
                        process.terminate()
                    raise
        except BrokenProcessPool:  # one was ended from outside, as where memory is short: one by one, then
            pass
    for lane in lanes:
        _render_lane(lane)


def _render_lane(jobs: Sequence[Job]) -> None:
    drawn: dict[bytes, str] = {}  # the board's figures are the executives', often in the same size
    for name, pack, path in jobs:
        render = partial(pdf.render, drawn=drawn) if name == "pdf" else VIEWS[name]
        render(pack, path)


def _context() -> BaseContext:
    """Processes that have none of this one's threads."""
    return get_context("forkserver" if "forkserver" in get_all_start_methods() else "spawn")


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's to answer
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()  # however it ends
        os._exit(1)


def _check_known(wanted: Mapping[str, Sequence[str]]) -> None:
    for audience, formats in wanted.items():
        if audience not in AUDIENCES:
            fix = f"packs are made for: {', '.join(AUDIENCES)}"
            raise InputError(f"there is no pack for '{audience}'", where="the packs asked for", fix=fix)
        for name in formats:
            if name not in VIEWS:
                fix = f"formats are: {', '.join(VIEWS)}"
                raise InputError(f"there is no format '{name}'", where=f"the {audience} pack", fix=fix)
