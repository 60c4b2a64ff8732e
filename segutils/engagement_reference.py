"""What can be written into an engagement file: every key and every table's columns, in words.

Made from the models that check the file and from the schemas that read the tables, so it cannot lag behind.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import date
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from segutils import schemas
from segutils.engagement_fields import suggest
from segutils.engagement_model import Engagement
from segutils.errors import InputError
from segutils.plan_checks import MEASURES
from segutils.table_schema import Column, TableSchema

WIDTH = 110
KINDS = {
    **{bool: "true or false", int: "whole number", float: "number", str: "text", date: "day as 2026-12-31"},
    **{"string": "text", "float64": "number", "boolean": "yes or no", "date": "day"},
    **{"timestamp": "day or time", "decimal(18, 4)": "amount", "any": "as it comes"},
}
ENDS = {"ge": "from {}", "le": "up to {}", "gt": "above {}"}
TABLE_NOTE = "Map a column that has another name in your file under tables.{}.columns, as {}: YOUR_NAME."


def describe_engagement(names: Sequence[str] = ()) -> str:
    """What may stand in an engagement file?

    Parameters
    ----------
    names : sequence of str
        Sections of the file (``responses``) or tables of the data contract (``market``), each then in full.
        None: all sections, and a line for each table.

    Returns
    -------
    str
        Lines of at most 110 characters.

    Raises
    ------
    InputError
        There is no such section and no such table.
    """
    sections = Engagement.model_fields
    unknown = [name for name in names if name not in sections and name not in schemas.TABLES]
    if unknown:
        known = [*sections, *schemas.TABLES]
        tables = ", ".join(schemas.TABLES)
        fix = f"{suggest(unknown[0], known)}sections: {', '.join(sections)}; tables: {tables}"
        raise InputError(
            f"there is no section and no table '{unknown[0]}'", where="segutils describe", fix=fix
        )
    lines: list[str] = []
    for name in names or sections:
        if name in sections:
            lines += [*_describe_field(name, sections[name], depth=0), ""]
        if name in schemas.TABLES and names:
            lines += [*_describe_table(schemas.TABLES[name]), ""]
    if not names:
        lines += ["The tables of 'tables:'; segutils describe TABLE lists the columns of one."]
        lines += [_line(name, f"one row: {table.row}", depth=1) for name, table in schemas.TABLES.items()]
    return "\n".join(lines).rstrip()


def _describe_field(name: str, field: FieldInfo, *, depth: int) -> Iterator[str]:
    model, many = _model_of(field.annotation)
    said = field.description or ""
    if model is None:
        kind = _kind_of(field.annotation, field.metadata)
        need = "needed" if field.is_required() else _default(field)
        yield _line(name, f"{', '.join(filter(None, (kind, need)))}. {said}", depth=depth)
        return
    about = (model.__doc__ or "").strip().partition("\n")[0]
    yield _line(name, f"{many}. {about}" if many else about, depth=depth)
    for part, inner in model.model_fields.items():
        yield from _describe_field(part, inner, depth=depth + 1)
    if "measure" in model.model_fields and not depth:
        yield _line("", f"Measures that the playbook knows: {', '.join(MEASURES)}.", depth=1)


def _model_of(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """The model whose keys stand in a field, and whether it is a list or mapping of them."""
    many = {list: "a list", dict: "a name, then for each"}.get(get_origin(annotation), "")
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind, many
    return None, ""


def _kind_of(annotation: Any, limits: Sequence[Any] = ()) -> str:
    """A type in words: ``number, from 0 up to 1``."""
    origin, inner = get_origin(annotation), [a for a in get_args(annotation) if a is not NoneType]
    if origin is Annotated:
        return _kind_of(inner[0], [*inner[1:], *limits])
    if origin in (Union, UnionType):
        kinds = list(dict.fromkeys(_kind_of(kind, limits) for kind in inner))
        return " or ".join(kinds)
    if origin is Literal:
        return "one word"  # its description lists them
    if origin is list:
        return "list"
    if origin is dict:
        return "names with values"
    ends = [part for limit in limits for part in (getattr(limit, "metadata", None) or [limit])]
    told = [w.format(f"{getattr(e, k):g}") for e in ends for k, w in ENDS.items() if hasattr(e, k)]
    told = [end for end in told if not (end == "from 0" and "above 0" in told)]
    is_number = annotation in (int, float)
    return " ".join([KINDS.get(annotation, "text"), *(dict.fromkeys(told) if is_number else ())])


def _default(field: FieldInfo) -> str:
    """What holds where the key is left out, if that is a single value."""
    value = field.get_default()
    if isinstance(value, bool):
        return f"else {str(value).lower()}"
    return f"else {value}" if isinstance(value, str | int | float) and value != "" else ""


def _describe_table(table: TableSchema) -> Iterator[str]:
    needed = ", needed for every run" if table.name in schemas.NEEDED else ""
    yield _line(table.name, f"a table{needed}. One row: {table.row}.", depth=0)
    for column in table.columns:
        yield _line(column.name, _describe_column(column), depth=1)
    if table.extra:
        yield _line("…", "any further column, under a name of your own", depth=1)
    yield textwrap.fill(TABLE_NOTE.format(table.name, table.columns[0].name), WIDTH)


def _describe_column(column: Column) -> str:
    parts = [KINDS[column.type], "needed" * column.required]
    parts += [f"a value of {column.references}" * bool(column.references)]
    parts += [ENDS["ge"].format(f"{column.low:g}")] if column.low is not None else []
    parts += [ENDS["le"].format(f"{column.high:g}")] if column.high is not None else []
    parts += [f"for {' and '.join(column.purposes)} only" * bool(column.purposes)]
    return ", ".join(filter(None, parts))


def _line(name: str, text: str, *, depth: int) -> str:
    margin, hang = "  " * depth, " " * (2 * depth + 26)
    head = f"{margin}{name} ".ljust(len(hang))
    return textwrap.fill(text, WIDTH, initial_indent=head, subsequent_indent=hang)
