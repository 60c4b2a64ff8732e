"""Native tables for slides: plain ones in the packs' notation, and heat maps as shaded cells."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from segutils.findings import Figure
from segutils.formats import format_value
from segutils.packs.document import FigureExhibit, TableExhibit
from segutils.packs.measure import LINE_HEIGHT, TableFit, count_lines, fit_table, largest_size, text_width

if TYPE_CHECKING:
    from pptx.shapes.placeholder import TablePlaceholder

EMU = 12700
PAD_X, PAD_Y, LEAST_PAD = 5.0, 2.6, 0.5
SPARE = 1.12  # of a value's width, in a cell without room for a second line
_NO_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
NAMESPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


@dataclass(frozen=True, kw_only=True)
class Box:
    """A place on a slide, in points."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class CellLook:
    """How one cell is written; `fill` and `ink` are ``#rrggbb`` or a theme colour's name."""

    right: bool = False
    centre: bool = False
    bold: bool = False
    scale: float = 1.0  # of the table's font size
    ink: str = "tx1"
    fill: str = ""
    rule: str = "bg2"
    rule_width: float = 0.5


@dataclass(frozen=True, kw_only=True)
class LinkTarget:
    """A slide's number, and the relation that leads to it."""

    text: str
    relation: str


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table ready to draw: texts, looks, column widths and row heights (the first row is the header)."""

    texts: Sequence[Sequence[str]]
    looks: Sequence[Sequence[CellLook]]
    widths: Sequence[float]
    heights: Sequence[float]
    size: float
    pad_x: float = PAD_X
    pad_y: float = PAD_Y
    links: dict[tuple[int, int], str] = field(default_factory=dict)  # (row, column) → anchor of a slide
    targets: dict[tuple[int, int], "LinkTarget"] = field(default_factory=dict)  # the same, resolved

    @property
    def height(self) -> float:
        """Height of all rows in points."""
        return sum(self.heights)


def link_markup(relation: str) -> str:
    """A jump to another slide, as a child of a run's properties."""
    return f'<a:hlinkClick r:id="{relation}" action="ppaction://hlinksldjump"/>'


def printable(text: str) -> str:
    """The text without control characters, which no slide can hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)


def fit_slide_table(
    table: TableExhibit, width: float, *, max_size: float = 12.0, min_size: float = 8.0
) -> TableFit:
    """Sizes of a table on a slide."""
    wrap_from = min(10.0, max_size)
    return fit_table(
        table, width, max_size=max_size, min_size=min_size, min_wrap_size=wrap_from, pad_x=PAD_X, pad_y=PAD_Y
    )


def split_rows(fit: TableFit, count: int, height: float) -> list[range]:
    """Which rows of a table go on which slide, each under a header of its own?"""
    parts: list[range] = []
    first, used = 0, fit.header_height
    for row in range(count):
        if row > first and used + fit.row_heights[row] > height:
            parts.append(range(first, row))
            first, used = row, fit.header_height
        used += fit.row_heights[row]
    return [*parts, range(first, count)]


def build_grid(table: TableExhibit, fit: TableFit, rows: range) -> Grid:
    """Header and these rows of a table: numbers to the right, hairlines, no fills."""
    header = [
        CellLook(right=column.numeric, bold=True, ink="tx2", rule="tx1", rule_width=1.0)
        for column in table.columns
    ]
    body = [CellLook(right=column.numeric) for column in table.columns]
    return Grid(
        texts=[[c.label for c in table.columns], *([cell.text for cell in table.rows[i]] for i in rows)],
        looks=[header, *(body for _ in rows)],
        widths=fit.widths,
        heights=[fit.header_height, *(fit.row_heights[i] for i in rows)],
        size=fit.size,
    )


def heatmap_reads(figure: Figure, width: float, currency: str) -> bool:
    """Can the values of a heat map this wide be read, each in one line?"""
    form = figure.formats.get(figure.y, "text")
    texts = (format_value(value, form, currency=currency) for value in figure.data[figure.y])
    longest = max(texts, key=len, default="")
    room = width - _label_width(figure.data[figure.series].astype(str), width)
    return SPARE * text_width(longest, 8) + 2 * LEAST_PAD <= room / max(1, figure.data[figure.x].nunique())


def _label_width(names: Iterable[str], width: float) -> float:
    return min(0.3 * width, max(90.0, *(7.0 * len(name) for name in names)))


def build_heatmap(exhibit: FigureExhibit, tokens: dict[str, str], box: Box, currency: str) -> Grid:
    """A heat map as a table: series by category, shaded by value, two-sided around zero or the reference."""
    import numpy as np

    from segutils.charts import marks

    figure = exhibit.figure
    grid = marks.build_grid(figure)
    style = marks.Style(tokens=tokens, currency=currency)
    heads = [printable(style.write(figure, figure.x, category)) for category in grid.categories]
    names = [printable(name) for name in grid.series]
    label = _label_width(names, box.width)
    width = (box.width - label) / max(1, len(heads))
    values = [[printable(style.write(figure, figure.y, value)) for value in row] for row in grid.values]
    longest = max((text for row in values for text in row), key=len, default="")
    pad_x = min(PAD_X, max(LEAST_PAD, (width - SPARE * text_width(longest, 8)) / 2))
    sizes = (12, 11, 10, 9, 8, 7)
    rows = (box.height - 2 * LINE_HEIGHT * sizes[0]) / max(1, len(names))

    def lowest(size: float) -> float:
        lines = max((count_lines(name, label - 2 * PAD_X, size) for name in names), default=1)
        return lines * LINE_HEIGHT * size

    size = min(
        largest_size(longest, (width - 2 * pad_x) / SPARE, sizes, max_lines=1),
        next((size for size in sizes if lowest(size) + 2 * PAD_Y <= rows), sizes[-1]),
        *(largest_size(name, label - 2 * PAD_X, sizes, max_lines=2) for name in names),
    )
    head_size = min((_head_size(head, width - 2 * pad_x, size) for head in heads), default=size)
    lines = max((count_lines(head, width - 2 * pad_x, head_size, bold=True) for head in heads), default=1)
    header = lines * LINE_HEIGHT * head_size + 2 * PAD_Y
    pad = min(PAD_Y, max(0.0, (rows - lowest(size)) / 2))
    row_height = min(46.0, max(lowest(size) + 2 * pad, (box.height - header) / max(1, len(names))))
    known = grid.values[np.isfinite(grid.values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    middle = (figure.reference or 0.0) if figure.reference is not None or low < 0 < high else low
    reach = max(high - middle, middle - low) or 1.0
    looks = [
        [
            CellLook(),
            *(
                CellLook(centre=True, bold=head == figure.highlight, ink="tx2", scale=head_size / size)
                for head in heads
            ),
        ]
    ]
    for name, row in zip(grid.series, grid.values, strict=True):
        shades = [_shade(float((value - middle) / reach)) for value in row]
        cells = [
            CellLook(centre=True, fill=tokens[s], ink=tokens[f"{s}-ink"], rule="bg1", rule_width=1.5)
            if s
            else CellLook(centre=True, ink="tx2", rule="bg1")
            for s in shades
        ]
        looks.append([CellLook(bold=name == figure.highlight, rule="bg1"), *cells])
    return Grid(
        texts=[["", *heads], *([name, *row] for name, row in zip(names, values, strict=True))],
        looks=looks,
        widths=[label, *(width for _ in heads)],
        heights=[header, *(row_height for _ in names)],
        size=size,
        pad_x=pad_x,
        pad_y=pad,
    )


def _head_size(head: str, width: float, size: float) -> float:
    """The largest size at which no word of a heading is broken, down to 7 points."""
    longest = max(head.split(), key=len, default="")
    return next((s for s in (size, 10, 9, 8.5, 8, 7.5) if s <= size and text_width(longest, s) <= width), 7.0)


def _shade(share: float) -> str:
    """The colour token of a value's place between the middle (0) and the farthest end (1, or -1)."""
    from segutils.charts.colours import BELOW_STEPS, HEAT_STEPS

    if share != share:
        return ""
    if share < 0:
        return f"below-{min(BELOW_STEPS, 1 + int(-share * BELOW_STEPS))}"
    return f"heat-{min(HEAT_STEPS - 1, int(share * HEAT_STEPS))}"


def draw_grid(placeholder: "TablePlaceholder", grid: Grid, box: Box, *, name: str, alt: str) -> Any:
    """Put a table into a slide's table placeholder; returns its graphic frame."""
    from pptx.oxml import parse_xml

    frame = placeholder.insert_table(rows=1, cols=1)
    frame.left, frame.top = round(box.x * EMU), round(box.y * EMU)
    frame.width, frame.height = round(sum(grid.widths) * EMU), round(grid.height * EMU)
    old = frame._element.graphic.graphicData.tbl
    frame._element.graphic.graphicData.replace(old, parse_xml(_write_table(grid)))
    properties = frame._element.nvGraphicFramePr.cNvPr
    properties.set("name", printable(name))
    properties.set("descr", printable(alt))
    return frame


def _write_table(grid: Grid) -> str:
    columns = "".join(f'<a:gridCol w="{round(width * EMU)}"/>' for width in grid.widths)
    shaded = any(look.fill for look in grid.looks[-1])
    rows = []
    for i, (texts, looks, height) in enumerate(zip(grid.texts, grid.looks, grid.heights, strict=True)):
        cells = "".join(
            _write_cell(text, look, grid, grid.targets.get((i, j)), first=not j, middle=shaded)
            for j, (text, look) in enumerate(zip(texts, looks, strict=True))
        )
        rows.append(f'<a:tr h="{round(height * EMU)}">{cells}</a:tr>')
    return (
        f'<a:tbl {NAMESPACES}><a:tblPr firstRow="1"><a:tableStyleId>{_NO_STYLE}</a:tableStyleId></a:tblPr>'
        f"<a:tblGrid>{columns}</a:tblGrid>{''.join(rows)}</a:tbl>"
    )


def _write_cell(
    text: str, look: CellLook, grid: Grid, target: LinkTarget | None, *, first: bool, middle: bool
) -> str:
    text, link = (target.text, link_markup(target.relation)) if target else (text, "")
    side = "ctr" if look.centre else "r" if look.right else "l"
    weight = ' b="1"' if look.bold else ""
    font = f'lang="en-GB" sz="{round(grid.size * look.scale * 100)}"{weight} dirty="0"'
    colour = f"<a:solidFill>{_write_colour(look.ink)}</a:solidFill>"
    paragraphs = "".join(
        f'<a:p><a:pPr algn="{side}"/>'
        + (f"<a:r><a:rPr {font}>{colour}{link}</a:rPr><a:t>{escape(line)}</a:t></a:r>" if line else "")
        + f"<a:endParaRPr {font}/></a:p>"
        for line in printable(text).split("\n")
    )
    none = "".join(f"<a:{side}><a:noFill/></a:{side}>" for side in ("lnL", "lnR", "lnT"))
    line = f"<a:solidFill>{_write_colour(look.rule)}</a:solidFill>"
    rule = f'<a:lnB w="{round(look.rule_width * EMU)}">{line}</a:lnB>'
    fill = f"<a:solidFill>{_write_colour(look.fill)}</a:solidFill>" if look.fill else "<a:noFill/>"
    left = 0 if first else round(grid.pad_x * EMU)
    right = round((PAD_X if first else grid.pad_x) * EMU)
    pads = f'marL="{left}" marR="{right}" marT="{round(grid.pad_y * EMU)}" '
    pads += f'marB="{round(grid.pad_y * EMU)}"'
    anchor = ' anchor="ctr"' if middle else ' anchor="b"' if look.rule == "tx1" else ""
    return (
        f"<a:tc><a:txBody><a:bodyPr/><a:lstStyle/>{paragraphs}</a:txBody>"
        f"<a:tcPr {pads}{anchor}>{none}{rule}{fill}</a:tcPr></a:tc>"
    )


def _write_colour(colour: str) -> str:
    if colour.startswith("#"):
        return f'<a:srgbClr val="{colour[1:].upper()}"/>'
    return f'<a:schemeClr val="{colour}"/>'
