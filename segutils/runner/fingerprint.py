"""What was this computed from? Hashes of notebooks, code, data and versions, found in a moment."""

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from segutils.runner.graph import source_of

PACKAGE = Path(__file__).resolve().parents[1]
ABSENT = "absent"
IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+([\w.]+)(?:[ \t]+import[ \t]+(\([^)]*\)|[^\n]*))?", re.M)


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes; ``"absent"`` where there is no such file."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return ABSENT


def hash_json(value: Any) -> str:
    """SHA-256 of JSON values, the same whatever the order of keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def hash_folder(folder: Path, pattern: str = "*") -> dict[str, str]:
    """Name → hash of a folder's files (below it too), in name order; empty where there is no folder."""
    files = sorted(path for path in folder.rglob(pattern) if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in files}


def hash_source(cells: Iterable[Mapping[str, Any]]) -> str:
    """A notebook's source: type, id, tags and text of its cells; outputs and counts do not matter."""
    return hash_json(
        [
            [
                cell["cell_type"],
                cell.get("id", ""),
                sorted(cell.get("metadata", {}).get("tags", [])),
                source_of(cell),
            ]
            for cell in cells
        ]
    )


def hash_code(sources: Iterable[str], package: Path = PACKAGE) -> str:
    """The code of our own that these sources can reach, directly or through other modules of the package.

    Parameters
    ----------
    sources : iterable of str
        Python sources, such as a notebook's code cells.
    package : pathlib.Path
        The package's folder.

    Returns
    -------
    str
        A hash of the reachable modules and of the data files that lie in the package.
    """
    files = (*reachable_files(sources, package), *_data_files(package))
    return hash_json({path.relative_to(package).as_posix(): _hash_once(path) for path in files})


def reachable_files(sources: Iterable[str], package: Path = PACKAGE) -> tuple[Path, ...]:
    """The package's files that these sources import, directly or through others; see :func:`hash_code`."""
    found: set[Path] = set()
    waiting = [file for source in sources for file in _own_imports(source, package)]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imports_of_file(file, package)
    return tuple(sorted(found))


def imported_modules(sources: Sequence[str], package: Path = PACKAGE) -> list[str]:
    """Every module that these sources, and the package's files they reach, name in an import; sorted.

    ``from scipy import stats`` gives ``scipy`` and ``scipy.stats``; a name that is no module is listed too.
    """
    texts = [*sources, *(file.read_text(encoding="utf-8") for file in reachable_files(sources, package))]
    names: set[str] = set()
    for module, imported in (found for text in texts for found in _imports(text)):
        names |= {module, *(f"{module}.{name}" for name in imported)}
    return sorted(names)


def hash_package(package: Path = PACKAGE) -> str:
    """All code and data files of the package."""
    return hash_json(
        {
            p.relative_to(package).as_posix(): _hash_once(p)
            for p in (*_modules(package), *_data_files(package))
        }
    )


@cache
def package_versions() -> dict[str, str]:
    """Python and the installed version of every package that segutils depends on, extras apart."""
    requirements = [line for line in metadata.requires("segutils") or [] if "extra ==" not in line]
    names = sorted({re.match(r"[A-Za-z0-9._-]+", line).group().lower() for line in requirements})
    versions = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = ABSENT
    return versions


@cache
def _hash_once(path: Path) -> str:
    return hash_file(path)


@cache
def _modules(package: Path) -> tuple[Path, ...]:
    return tuple(sorted(package.rglob("*.py")))


@cache
def _data_files(package: Path) -> tuple[Path, ...]:
    files = (path for path in package.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc"))
    return tuple(sorted(path for path in files if "__pycache__" not in path.parts))


@cache
def _imports_of_file(path: Path, package: Path) -> tuple[Path, ...]:
    return tuple(_own_imports(path.read_text(encoding="utf-8"), package))


def _own_imports(source: str, package: Path) -> list[Path]:
    """Files of the package that a source imports, at its top or inside functions."""
    files: list[Path] = []
    for module, names in _imports(source):
        for parts in [[*module.split("."), name] for name in names] or [module.split(".")]:
            files += _files_of(parts, package)
    return files


def _imports(source: str) -> list[tuple[str, list[str]]]:
    """``from a.b import c, d`` → ``("a.b", ["c", "d"])``; ``import a.b`` → ``("a.b", [])``.

    Found by pattern: parsing every module would take longer than all other checks of an unchanged run. A line
    of a docstring that looks like an import only makes a hash cover one module more.
    """
    return [
        (module, re.findall(r"(\w+)(?:\s+as\s+\w+)?", re.sub(r"#[^\n]*", "", names)))
        for module, names in re.findall(IMPORT, source)
    ]


def _files_of(parts: Sequence[str], package: Path) -> list[Path]:
    """``["segutils", "formats"]`` → its file and the `__init__` files above; empty if it is not ours."""
    if parts[0] != package.name:
        return []
    files, folder = [package / "__init__.py"], package
    for part in parts[1:]:
        if (folder / f"{part}.py").exists():
            return [*files, folder / f"{part}.py"]
        folder = folder / part
        if not (folder / "__init__.py").exists():
            break  # a name inside the module or package found so far
        files.append(folder / "__init__.py")
    return files
