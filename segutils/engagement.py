"""One client, one file: the engagement file, checked, with every error naming key, line and fix.

Starts fast: no pandas and no ibis here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from segutils.engagement_checks import check_together
from segutils.engagement_fields import suggest
from segutils.engagement_model import Engagement
from segutils.errors import InputError
from segutils.yaml_lines import KeyPath, Problem, YamlFile, read_yaml

_KEYS = "keys with values are wanted here"
WORDS = {  # for the kinds of error whose own words are a programmer's; {input} is what was written
    **dict.fromkeys(["model_type", "dict_type"], _KEYS),
    **dict.fromkeys(["float_parsing", "float_type"], "{input} is no number"),
    **dict.fromkeys(["int_parsing", "int_type", "int_from_float"], "{input} is no whole number"),
    "finite_number": "{input} is no number to count with",
    "less_than_equal": "{input} is above {le:g}",
    "greater_than_equal": "{input} is below {ge:g}",
    "greater_than": "{input} is not above {gt:g}",
    "string_type": "a text is wanted, not {input}",
    "string_too_short": "the text is empty",
    "list_type": "a list is wanted, not {input}",
    "too_short": "it is empty",
    "too_long": "more than {max_length} stand here",
    "literal_error": "{input} is not known here",
    **dict.fromkeys(["bool_parsing", "bool_type"], "{input} is neither true nor false"),
    **dict.fromkeys(["date_parsing", "date_from_datetime_parsing", "date_type"], "{input} is no day"),
}
MAX_SHOWN = 40  # characters of what was written


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
        Problem(
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
        problems += check_together(engagement)
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


def _explain(detail: Mapping[str, Any]) -> Problem:
    key: KeyPath = tuple(part for part in detail["loc"] if part != "[key]")
    if detail["type"] == "engagement":
        return Problem(key, detail["ctx"]["what"], detail["ctx"]["fix"])
    name = next((part for part in reversed(key) if isinstance(part, str)), "")  # a list, not an item's number
    model = _model_of(key[:-1])
    if detail["type"] == "extra_forbidden":
        known = list(model.model_fields)
        fix = f"{suggest(name, known)}known keys: {', '.join(known)}"
        if name == "<<":
            fix = "write the keys out; an anchor can stand for a single value: owner: &cfo M. Keller"
        elif detail["input"] is None and name.isdigit():  # {amount: 180.000,00} has a key '00'
            fix = "write amounts without marks between thousands and with a decimal point: 180000.00"
        elif detail["input"] is None:  # {owner: M. Keller, CFO} has a key 'CFO' without a value
            fix += "; inside { } a text with a comma stands in quotes"
        return Problem(key, f"unknown key '{name}'", fix)
    field = _field_of(key)
    said = field.description if field else ""
    if detail["type"] == "missing":
        return Problem(key, f"the key '{name}' is missing", f"add '{name}:', {said}")
    fix = f"write {said}" if said else "see the line named above"
    return Problem(key, f"'{name}': {_say(detail)}", fix + _hint(detail))


def _say(detail: Mapping[str, Any]) -> str:
    """What is wrong with a value, in words for somebody who does not program."""
    words = WORDS.get(detail["type"], f"{detail['msg'][:1].lower()}{detail['msg'][1:]}")
    if detail["type"] not in WORDS:
        return words
    given = detail["input"]
    if isinstance(given, str):
        shown = f"'{textwrap.shorten(given, MAX_SHOWN, placeholder=' …')}'"
    elif isinstance(given, Mapping | list):
        shown = "keys with values" if isinstance(given, Mapping) else "a list"
    else:
        shown = "nothing" if given is None else str(given)
    return words.format(input=shown, **detail.get("ctx", {}))


def _hint(detail: Mapping[str, Any]) -> str:
    """How a number is written here, where it was written as on paper."""
    written = detail["input"]
    if detail["type"] not in ("float_parsing", "int_parsing") or not isinstance(written, str):
        return ""
    if percent := re.fullmatch(r"\s*([-+]?\d+(?:[.,]\d+)?)\s*%\s*", written):
        return f"; {written.strip()} is {float(percent[1].replace(',', '.')) / 100:.10g}"
    if re.fullmatch(r"\s*[-+]?\d+,\d+\s*", written):
        return "; the decimal mark is a point"
    if re.fullmatch(r"\s*(\D{1,3}\s*\d[\d.,\s]*|\d[\d.,\s]*\D{1,3})\s*", written):
        return "; the number alone, every amount is in the engagement's currency"
    return ""


def _field_of(key: KeyPath) -> FieldInfo | None:
    """The field that stands at this place of the file, or the nearest one around it."""
    for end in range(len(key), 0, -1):
        if field := _model_of(key[: end - 1]).model_fields.get(str(key[end - 1])):
            return field
    return None


def _model_of(key: KeyPath) -> type[BaseModel]:
    """The model whose keys stand at this place of the file."""
    model: type[BaseModel] = Engagement
    inside = False  # a list or mapping, whose next part is a number or a name of its own
    for part in key:
        if inside:
            inside = False
            continue
        field = model.model_fields.get(str(part))
        kinds = (field.annotation, *get_args(field.annotation)) if field else ()
        found = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
        if field is None or found is None:
            break
        model, inside = found, get_origin(field.annotation) in (list, dict)
    return model


def _report(file: YamlFile, problems: list[Problem]) -> InputError:
    problems = sorted(problems, key=lambda p: file.line(p.key))
    if len(problems) == 1:
        (only,) = problems
        return InputError(only.what, where=file.where(only.key), fix=only.fix)
    lines = [f"  {n}. {file.where(p.key)}: {p.what}\n     fix: {p.fix}" for n, p in enumerate(problems, 1)]
    what = f"{len(problems)} problems in the engagement file\n" + "\n".join(lines)
    return InputError(what, where=str(file.path), fix="change the lines named above")
