"""Exhibits from what a notebook cell shows; a number is formatted once, here, for every format of a pack."""

import base64
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from segutils.findings import Figure, read_figure
from segutils.formats import (
    MISSING,
    format_column,
    format_value,
    guess_format,
    is_missing,
    label_column,
    split_format,
)
from segutils.packs.document import (
    Cell,
    Column,
    FigureExhibit,
    ImageExhibit,
    Look,
    Source,
    TableExhibit,
    TextExhibit,
)

PNG = "image/png"
SVG = "image/svg+xml"
NUMERIC = frozenset(["count", "number", "share", "points", "change", "money", "days", "by"])
_INFINITE = {"Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What every exhibit needs to be written and drawn: the brand and the currency."""

    look: Look
    currency: str


def hash_data(value: Any) -> str:
    """SHA-256 of a value's canonical JSON: sorted keys, no blanks, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def build_table(
    payload: Mapping[str, Any],
    source: Source,
    *,
    exhibit_id: str,
    title: str,
    formats: Mapping[str, str],
    labels: Mapping[str, str],
    currency: str,
    guess: bool = False,
) -> TableExhibit:
    """How is each value of this table written, in every format of the pack?

    Parameters
    ----------
    payload : mapping
        ``{"columns": [...], "rows": [[...]]}``, see :func:`segutils.findings.table_to_json`.
    source : Source
        The cell; its data hash is replaced by the table's own.
    exhibit_id, title : str
    formats, labels : mapping of str to str
        By column; a column without a format is text. A column of row formats (``by:``) is not shown itself.
    currency : str
    guess : bool
        Where the table has no formats (an analyst's own): tell counts, numbers and flags by their values.
    """
    names = [str(name) for name in payload["columns"]]
    columns = []
    for i, name in enumerate(names):
        fmt = formats.get(name) or (
            guess_format(name, [row[i] for row in payload["rows"]]) if guess else "text"
        )
        numeric = split_format(fmt)[0] in NUMERIC
        columns.append(
            Column(name=name, label=labels.get(name) or label_column(name), format=fmt, numeric=numeric)
        )
    own_formats = {format_column(column.format) for column in columns}
    shown = [i for i, name in enumerate(names) if name not in own_formats]
    rows = tuple(
        tuple(_cell(row[i], columns[i], _own_format(row, names, columns[i]), currency) for i in shown)
        for row in payload["rows"]
    )
    columns = [columns[i] for i in shown]
    own = _with_hash(source, {"columns": names, "rows": payload["rows"]})
    return TableExhibit(id=exhibit_id, title=title, columns=tuple(columns), rows=rows, source=own)


def _own_format(row: Sequence[Any], names: Sequence[str], column: Column) -> str:
    """The format that this row states for the column; empty where the whole column has one."""
    place = format_column(column.format)
    return str(row[names.index(place)]) if place else ""


def _cell(value: Any, column: Column, own_format: str, currency: str) -> Cell:
    if column.numeric and isinstance(value, str):
        value = _INFINITE.get(value, value)
    fmt = "text" if column.numeric and isinstance(value, str) else own_format or column.format
    return Cell(value=value, text=format_value(value, fmt, currency=currency), format=own_format)


def drop_empty(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A table payload without the columns that say nothing in any row, such as what no row asks for."""
    names, rows = list(payload["columns"]), payload["rows"]
    kept = [
        i
        for i in range(len(names))
        if any(not (is_missing(row[i]) or row[i] in ("", MISSING)) for row in rows)
    ]
    return {**payload, "columns": [names[i] for i in kept], "rows": [[row[i] for i in kept] for row in rows]}


def build_figure(
    payload: Mapping[str, Any], source: Source, *, exhibit_id: str, svg: str, currency: str
) -> FigureExhibit:
    """A figure with its drawing and its numbers as a table."""
    figure: Figure = read_figure(payload)
    own = _with_hash(source, payload)
    places = {} if figure.kind == "scatter" else {figure.x: "text"}  # the year 2017 is no count
    numbers = build_table(
        payload["data"],
        own,
        exhibit_id=f"{exhibit_id}.numbers",
        title=figure.title,
        formats={**places, **figure.formats},
        labels={},
        currency=currency,
        guess=True,
    )
    return FigureExhibit(id=exhibit_id, figure=figure, svg=svg, numbers=numbers, source=own)


def build_image(
    data: Mapping[str, Any], source: Source, *, exhibit_id: str, title: str, alt: str
) -> ImageExhibit:
    """An analyst's own plot from a cell output's pictures (PNG, SVG or both)."""
    svg = "".join(data.get(SVG, ""))
    png = base64.b64decode("".join(data[PNG])) if PNG in data else _draw_png(svg)
    own = _with_hash(source, hashlib.sha256(png).hexdigest())
    return ImageExhibit(id=exhibit_id, title=title, alt=alt, png=png, svg=svg, source=own)


def _draw_png(svg: str) -> bytes:
    """A drawing as a picture, for slides and sheets that can't hold the drawing itself."""
    import typst

    page = b'#set page(width: auto, height: auto, margin: 0pt)\n#image("drawing.svg")'
    return typst.compile({"main.typ": page, "drawing.svg": svg.encode()}, format="png", ppi=200)


def build_text(markdown: str, source: Source, *, exhibit_id: str) -> TextExhibit:
    """A tagged markdown cell."""
    return TextExhibit(id=exhibit_id, markdown=markdown, source=_with_hash(source, markdown))


def pick_rows(
    payload: Mapping[str, Any], column: str, value: str, *, drop: Sequence[str] = ()
) -> dict[str, Any]:
    """The rows of a table payload where `column` is `value`, without the columns in `drop`."""
    names = list(payload["columns"])
    at = names.index(column)
    kept = [i for i, name in enumerate(names) if name not in drop]
    rows = [[row[i] for i in kept] for row in payload["rows"] if str(row[at]) == value]
    return {"columns": [names[i] for i in kept], "rows": rows}


def _with_hash(source: Source, data: Any) -> Source:
    return replace(source, data_hash=hash_data(data))
