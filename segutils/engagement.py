"""One client, one file: the engagement file, checked, with every error naming key, line and fix.

Starts fast: no pandas and no ibis here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pydantic import BaseModel, ValidationError

from segutils import capabilities, schemas
from segutils.engagement_model import (
    Brand,
    Engagement,
    OverrideChoice,
    Packs,
    RowRule,
    TableSource,
    TargetLine,
    suggest,
)
from segutils.errors import InputError
from segutils.yaml_lines import KeyPath, YamlFile, read_yaml

MODELS: Mapping[str, type[BaseModel]] = {
    "brand": Brand,
    "tables": TableSource,
    "rules": RowRule,
    "targets": TargetLine,
    "overrides": OverrideChoice,
    "packs": Packs,
}


@dataclass(frozen=True)
class _Problem:
    key: KeyPath
    what: str
    fix: str


def load_engagement(path: str | Path) -> Engagement:
    """What did the client's engagement file state, and is it complete and consistent?

    Parameters
    ----------
    path : str or pathlib.Path
        The engagement file (YAML).

    Returns
    -------
    Engagement

    Raises
    ------
    InputError
        Everything that is wrong, together, each with key, line and fix.
    """
    file = read_yaml(Path(path).resolve())
    problems = [
        _Problem(
            key, f"the key '{key[-1]}' is written twice", f"keep one of lines {file.line(key)} and {again}"
        )
        for key, again in file.repeated
    ]
    engagement: Engagement | None = None
    try:
        engagement = Engagement.model_validate(file.values)
    except ValidationError as error:
        problems += [_explain(detail) for detail in error.errors(include_url=False)]
    else:
        engagement._file = file
        problems += _check_together(engagement)
    if problems:
        raise _report(file, problems)
    assert engagement is not None
    return engagement


def fingerprint(engagement: Engagement) -> str:
    """Which engagement is this? A hash of its content and logo; comments and layout do not count."""
    digest = hashlib.sha256(json.dumps(to_json(engagement), sort_keys=True).encode())
    if engagement.logo:
        digest.update(engagement.logo.read_bytes())
    return digest.hexdigest()


def to_json(engagement: Engagement) -> dict[str, Any]:
    """The engagement as JSON values; secrets stay references (``env:NAME``)."""
    return engagement.model_dump(mode="json")


def read_json(payload: Mapping[str, Any], folder: Path) -> Engagement:
    """An engagement from what :func:`to_json` wrote; `folder` is where its relative paths start."""
    engagement = Engagement.model_validate(payload)
    engagement._file = YamlFile(path=folder / "engagement.json", values={}, lines={}, repeated=())
    return engagement


def resolve_secret(reference: str, *, where: str) -> str:
    """The value behind ``env:NAME`` (other text is returned as it is); never log or store it.

    Raises
    ------
    InputError
        The environment has no such variable.
    """
    if not reference.startswith("env:"):
        return reference
    name = reference.removeprefix("env:")
    value = os.environ.get(name, "")
    if not value:
        fix = f"set it in the shell that starts segutils: export {name}=..."
        raise InputError(f"the environment variable {name} is not set", where=where, fix=fix)
    return value


def _explain(detail: Mapping[str, Any]) -> _Problem:
    key: KeyPath = tuple(part for part in detail["loc"] if part != "[key]")
    if detail["type"] == "engagement":
        return _Problem(key, detail["ctx"]["what"], detail["ctx"]["fix"])
    name = next(
        (part for part in reversed(key) if isinstance(part, str)), ""
    )  # an item's list, not its number
    model = _model_of(key[:-1])
    if detail["type"] == "extra_forbidden":
        known = list(model.model_fields)
        return _Problem(key, f"unknown key '{name}'", f"{suggest(name, known)}known keys: {', '.join(known)}")
    field = model.model_fields.get(name)
    hint = f"write {field.description}" if field and field.description else "see the line named above"
    if detail["type"] == "missing":
        return _Problem(
            key, f"the key '{name}' is missing", f"add '{name}:', {field.description if field else ''}"
        )
    return _Problem(key, f"'{name}': {detail['msg'][:1].lower()}{detail['msg'][1:]}", hint)


def _model_of(key: KeyPath) -> type[BaseModel]:
    """The model whose keys stand at this place of the file."""
    return MODELS.get(str(key[0]), Engagement) if key else Engagement


def _check_together(engagement: Engagement) -> list[_Problem]:
    """What single fields cannot know: other tables, canonical columns, files of the brand."""
    problems = []
    for name in schemas.NEEDED:
        if name not in engagement.tables:
            row = schemas.TABLES[name].row
            fix = f"add it under 'tables:' with path (or url) and columns; one row is {row}"
            problems.append(_Problem(("tables",), f"the table '{name}' is missing", fix))
    for name, source in engagement.tables.items():
        problems += _check_columns(name, source, engagement)
        giver = source.add_missing_from
        if giver and (name != "customers" or giver not in engagement.tables):
            fix = "use it with customers only, and name a table of this file, such as transactions"
            problems.append(
                _Problem(("tables", name, "add_missing_from"), "add_missing_from cannot work here", fix)
            )
        if not (source.path or source.url) and engagement.engine == "duckdb":
            fix = "add 'url:', or state the database as 'engine:'"
            problems.append(_Problem(("tables", name), "table or query is given, but no database", fix))
    for index, rule in enumerate(engagement.rules):
        key = ("rules", index)
        if rule.table not in engagement.tables:
            problems.append(
                _Problem(key, f"a rule for '{rule.table}', which is not given", "remove the rule")
            )
        elif rule.column not in (known := _known_columns(rule.table, engagement)):
            fix = f"{suggest(rule.column, known)}columns of {rule.table}: {', '.join(known)}"
            problems.append(_Problem((*key, "column"), f"unknown column '{rule.column}'", fix))
        if rule.min is None and rule.max is None:
            problems.append(_Problem(key, "the rule has neither min nor max", "add one of them"))
    for index, column in enumerate(engagement.protected_attributes):
        known = _known_columns("customers", engagement)
        if column not in known:
            fix = f"{suggest(column, known)}columns of customers: {', '.join(known)}"
            problems.append(_Problem(("protected_attributes", index), f"unknown column '{column}'", fix))
    slugs = [capability.slug for capability in capabilities.read_capabilities() if capability.decision]
    for slug in engagement.overrides:
        if slug not in slugs:
            fix = f"{suggest(slug, slugs)}use the slug of a decision, as segutils status lists them"
            problems.append(_Problem(("overrides", slug), f"there is no decision '{slug}'", fix))
    logo = engagement.logo
    if logo and not _is_picture(logo):
        near = sorted(p.name for p in engagement.folder.glob("*") if p.suffix.lower() in (".svg", ".png"))
        fix = f"name an .svg or .png file, from {engagement.folder}" + (
            f"; there is: {', '.join(near)}" * bool(near)
        )
        problems.append(
            _Problem(("brand", "logo"), f"the logo '{engagement.brand.logo}' cannot be used", fix)
        )
    return problems


def _is_picture(logo: Path) -> bool:
    """Is this file what its name says? Packs are made after everything else: too late to find out."""
    if not logo.is_file():
        return False
    content = logo.read_bytes()
    if logo.suffix.lower() == ".png":
        return content.startswith(b"\x89PNG\r\n\x1a\n")
    try:
        return logo.suffix.lower() == ".svg" and ElementTree.fromstring(content).tag.endswith("svg")
    except ElementTree.ParseError:
        return False


def _known_columns(table: str, engagement: Engagement) -> list[str]:
    names = [column.name for column in schemas.TABLES[table].columns]
    return names + [name for name in engagement.tables[table].columns if name not in names]


def _check_columns(name: str, source: TableSource, engagement: Engagement) -> list[_Problem]:
    schema = schemas.TABLES[name]
    known = [column.name for column in schema.columns]
    problems = []
    for column in source.columns:
        key = ("tables", name, "columns", column)
        near = get_close_matches(column, known, n=1, cutoff=0.8)
        twin = next(c for c, theirs in source.columns.items() if theirs == source.columns[column])
        if twin != column:
            what = f"'{twin}' and '{column}' are both mapped to '{source.columns[column]}'"
            fix = "map each to its own column; leave out the one that the source does not have"
            problems.append(_Problem(key, what, fix))
        if column in known:
            continue
        if not schema.extra:
            fix = f"{suggest(column, known)}columns of {name}: {', '.join(known)}"
            problems.append(_Problem(key, f"'{column}' is not a column of {name}", fix))
        elif near and near[0] not in source.columns:
            fix = f"did you mean '{near[0]}'? Otherwise choose a name that is less like it"
            problems.append(_Problem(key, f"'{column}' looks like a misspelt '{near[0]}'", fix))
        elif not re.fullmatch(r"[a-z][a-z0-9_]*", column):
            fix = "use lower-case letters, digits and underscores"
            problems.append(_Problem(key, f"'{column}' cannot be a canonical column name", fix))
    return problems


def _report(file: YamlFile, problems: list[_Problem]) -> InputError:
    problems = sorted(problems, key=lambda p: file.line(p.key))
    if len(problems) == 1:
        (only,) = problems
        return InputError(only.what, where=file.where(only.key), fix=only.fix)
    lines = [f"  {n}. {file.where(p.key)}: {p.what}\n     fix: {p.fix}" for n, p in enumerate(problems, 1)]
    what = f"{len(problems)} problems in the engagement file\n" + "\n".join(lines)
    return InputError(what, where=str(file.path), fix="change the lines named above")
