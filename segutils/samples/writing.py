"""A simulated client on disk: ``tables/``, ``truth/``, TRUTH.md and an engagement file that runs."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segutils.errors import InputError

if TYPE_CHECKING:
    from segutils.samples.faults import Fault
    from segutils.samples.making import Making

ACCOUNTS, SEED = 6000, 2025
SMALLEST, LARGEST = 200, 1_000_000
MODEL = Path(__file__).resolve().parents[2] / "data" / "manufacturer"
NAMES = {False: "Halden Instruments", True: "Null Instruments"}
RECIPE = Path("truth") / "recipe.json"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What decides every byte of a simulated client.

    Parameters
    ----------
    accounts : int
        From 200 to 1,000,000.
    seed : int
    null : bool
        The null client: nothing to find.
    faults : mapping of str to float, optional
        Kind → share of rows, see :mod:`segutils.samples.faults`; empty for none, None for the usual ones.
    """

    accounts: int = ACCOUNTS
    seed: int = SEED
    null: bool = False
    faults: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        if not SMALLEST <= self.accounts <= LARGEST:
            what = f"{self.accounts:,} accounts cannot be simulated"
            raise InputError(what, where="--accounts", fix=f"choose from {SMALLEST} to {LARGEST:,}")


def write_client(folder: Path, recipe: Recipe) -> bool:
    """Where is a client whose truth is known? Writes one, or leaves it as it is if it is there already.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it does not exist. Only files that this function wrote are replaced.
    recipe : Recipe

    Returns
    -------
    bool
        False where the folder held this very client already.

    Raises
    ------
    InputError
        The folder's ``tables`` or ``truth`` hold something else, or the recipe is not possible.
    """
    stamp = {**asdict(recipe), "generator": _hash_generator()}
    before = _read_recipe(folder)
    if before is not None and before["recipe"] == stamp and _is_complete(folder, before["files"]):
        _write_engagement(folder, null=recipe.null)
        return False
    _refuse_foreign(folder, [] if before is None else list(before["files"]))
    from segutils.samples import faults

    dirt = faults.set_rates(recipe.faults, null=recipe.null)
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / ".in-the-making"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _make(fresh, recipe, dirt)
        files = {
            path.relative_to(fresh).as_posix(): path.stat().st_size
            for path in sorted(fresh.rglob("*"))
            if path.is_file()
        }
        text = json.dumps({"recipe": stamp, "files": files}, indent=1, sort_keys=True) + "\n"
        (fresh / RECIPE).write_text(text, encoding="utf-8")
        for part in ("truth", "tables"):  # the recipe first: a stop in between leaves what can be made again
            shutil.rmtree(folder / part, ignore_errors=True)
            os.replace(fresh / part, folder / part)
        os.replace(fresh / "TRUTH.md", folder / "TRUTH.md")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    _write_engagement(folder, null=recipe.null)
    return True


def _make(fresh: Path, recipe: Recipe, dirt: Sequence[Fault]) -> None:
    from segutils.samples import client, faults, truth_report
    from segutils.samples.making import open_making

    for part in ("tables", "truth"):
        (fresh / part).mkdir(parents=True)
    with (
        open_making(accounts=recipe.accounts, seed=recipe.seed, null=recipe.null) as making,
        ThreadPoolExecutor(1) as writer,
    ):
        written: list[Future[int]] = []

        def write(lane: Making, schema: str, table: str) -> None:
            """Puts a finished table on the disk while the next ones are drawn."""
            spoilt = schema == "client"
            query = faults.spoil_sql(lane, table, dirt) if spoilt else f"select * from truth.{table}"
            path = fresh / ("tables" if spoilt else "truth") / f"{table}.parquet"
            written.append(writer.submit(lane.open_beside().write_parquet, path, query))

        making.finished = write
        client.build_tables(making)
        faults.count_faults(making, dirt)
        for one in written:
            one.result()
        text = truth_report.write_truth(making, client=NAMES[recipe.null])
        (fresh / "TRUTH.md").write_text(text, encoding="utf-8")


def _hash_generator() -> str:
    """Another generator makes another client: the hash of the sources in this folder."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _read_recipe(folder: Path) -> dict | None:
    path = folder / RECIPE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _is_complete(folder: Path, files: Mapping[str, int]) -> bool:
    return all((folder / f).is_file() and (folder / f).stat().st_size == size for f, size in files.items())


def _refuse_foreign(folder: Path, ours: list[str]) -> None:
    there = [p for part in ("tables", "truth") for p in sorted((folder / part).rglob("*")) if p.is_file()]
    there += [folder / "TRUTH.md"] if (folder / "TRUTH.md").is_file() else []
    known = {*ours, RECIPE.as_posix()}
    foreign = [name for p in there if (name := p.relative_to(folder).as_posix()) not in known]
    if foreign:
        what = f"the folder holds files that were not made here: {', '.join(foreign[:4])}"
        fix = "choose another folder, or move these files away: nothing is overwritten"
        raise InputError(what, where=str(folder), fix=fix)


def _write_engagement(folder: Path, *, null: bool) -> None:
    """A copy of the demo's engagement file beside the tables, under this client's name; an own one stays."""
    target = folder / "engagement.yml"
    if target.exists():
        return
    text = (MODEL / "engagement.yml").read_text(encoding="utf-8")
    text = re.sub(r"^client: .*$", f"client: {NAMES[null]} ({folder.resolve().name})", text, flags=re.M)
    target.write_text(text, encoding="utf-8")
    shutil.copyfile(MODEL / "logo.svg", folder / "logo.svg")
