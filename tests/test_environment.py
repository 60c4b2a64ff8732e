"""pyproject.toml is the one truth for dependencies; the lock and environment.yml follow it."""

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def declared() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    return [
        Requirement(line)
        for line in (*PROJECT["dependencies"], *(r for group in extras.values() for r in group))
    ]


def locked_versions() -> dict[str, set[str]]:
    """Name → the versions the lock holds (a universal lock may hold one per Python version)."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", LOCK, re.M):
        versions.setdefault(canonicalize_name(name), set()).add(version)
    return versions


def test_lock_satisfies_pyproject():
    locked = locked_versions()
    for requirement in declared():
        versions = locked.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement.name} is not in requirements.lock: make lock"
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_lock_is_hashed_and_names_no_index():
    assert not re.search(r"https?://|index-url", LOCK)
    entries = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.M)[1:]
    assert entries and all("--hash=sha256:" in entry for entry in entries)


def test_conda_environment_installs_the_same():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python = next(item for item in environment["dependencies"] if str(item).startswith("python"))
    assert Requirement(python).specifier.contains("3.11") and not Requirement(python).specifier.contains(
        "3.10"
    )
    pip = next(item["pip"] for item in environment["dependencies"] if isinstance(item, dict))
    assert pip[-1] == "--editable .[lab,test,postgres]"
    locked = locked_versions()
    wanted = {canonicalize_name(r.name) for r in declared()}
    pinned = {canonicalize_name(Requirement(line).name): Requirement(line) for line in pip[:-1]}
    for name in wanted:
        assert name in pinned, f"environment.yml lacks {name}"
        best = max(locked[name], key=lambda version: [int(part) for part in re.findall(r"\d+", version)])
        assert str(pinned[name].specifier) in {f"=={version}" for version in locked[name]}, f"{name}=={best}"
    assert pinned.keys() == wanted
