"""Packs of a run: made once it is complete, and again only when something they show has changed."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from segutils.engagement import Engagement
from segutils.formats import plural
from segutils.runner.fingerprint import PACKAGE, hash_code, hash_file, hash_folder, hash_json
from segutils.runner.freshness import is_same
from segutils.runner.manifest import Manifest, StepRecord, check_complete, write_manifest
from segutils.runner.progress import PACKS, Progress

CODE = "from segutils.packs import rendering"
TEMPLATES = PACKAGE.parent / "templates"
AUDIENCES = ("executive", "board")
FORMATS = ("html", "pdf", "pptx", "xlsx")


@dataclass(frozen=True, kw_only=True)
class Renderer:
    """What makes packs.

    Parameters
    ----------
    render : callable
        Run folder, audience → formats → the files made.
    prepare : callable
        Imports what `render` needs, ahead of it.
    """

    render: Callable[[Path, dict[str, list[str]]], list[Path]]
    prepare: Callable[[], None]


def render_packs(
    folder: Path, manifest: Manifest, engagement: Engagement, renderer: Renderer, progress: Progress
) -> bool:
    """Make the packs that the engagement asks for, unless they are there; True if they were made.

    Parameters
    ----------
    folder : pathlib.Path
        A complete run's.
    manifest : Manifest
        Gets the packs' record, and is written.
    engagement : Engagement
    renderer : Renderer
    progress : Progress
    """
    wanted = {
        audience: list(formats) for audience, formats in engagement.packs.model_dump().items() if formats
    }
    key = _pack_key(folder, manifest, wanted)
    made = manifest.packs.files if manifest.packs else {}
    if is_same(manifest.packs, key, {name: hash_file(folder / name) for name in made}):
        return False
    progress.tell(PACKS, "started")
    start = time.perf_counter()
    files = renderer.render(folder, wanted)
    seconds = time.perf_counter() - start
    manifest.packs = StepRecord(key=key, files=_hash_files(files, folder), seconds=seconds)
    write_manifest(manifest, folder)
    progress.end(PACKS, "done", seconds, plural(len(files), "file"))
    return True


def render_again(
    folder: Path, audiences: Sequence[str], formats: Sequence[str], renderer: Renderer
) -> list[Path]:
    """Make some or all packs of a run anew, for example after an analyst has added a tagged cell.

    Parameters
    ----------
    folder : pathlib.Path
    audiences, formats : sequence of str
        Empty for all.
    renderer : Renderer

    Returns
    -------
    list of pathlib.Path
        The files made.

    Raises
    ------
    InputError
        The run is not complete.
    """
    manifest = check_complete(folder)
    wanted = {audience: list(formats or FORMATS) for audience in audiences or AUDIENCES}
    files = renderer.render(folder, wanted)
    if (
        manifest.packs
    ):  # the key stays as it was: if notebooks were edited since, the next run renders what is left
        manifest.packs.files = dict(sorted({**manifest.packs.files, **_hash_files(files, folder)}.items()))
        write_manifest(manifest, folder)
    return files


def _pack_key(folder: Path, manifest: Manifest, wanted: Mapping[str, list[str]]) -> str:
    """What packs depend on: the run, its notebooks as they are now (with an analyst's cells), our code."""
    executed = {
        name: hash_file(folder / "notebooks" / f"{name}.ipynb") for name in sorted(manifest.notebooks)
    }
    return hash_json(
        [manifest.content_hash(), executed, dict(wanted), hash_code([CODE]), hash_folder(TEMPLATES)]
    )


def _hash_files(files: Sequence[Path], folder: Path) -> dict[str, str]:
    return {path.resolve().relative_to(folder.resolve()).as_posix(): hash_file(path) for path in files}
