"""The contents of a deck: every slide a reader may look for, in one column or in two."""

from collections.abc import Sequence
from math import ceil

from segutils.packs.measure import LINE_HEIGHT, count_lines
from segutils.packs.pptx_layout import BOTTOM, LEFT, WIDTH, Slide
from segutils.packs.pptx_pages import add_mark
from segutils.packs.pptx_tables import PAD_X, PAD_Y, Box, CellLook, Grid

BOX = Box(x=LEFT, y=84, width=WIDTH, height=BOTTOM - 84)  # its title has one line
NUMBER_WIDTH, GAP = 44.0, 24.0
VARIANTS = ((1, 13), (1, 12), (1, 11), (1, 10), (2, 12), (2, 11), (2, 10), (2, 9))  # columns, type size

Entry = tuple[str, str]  # what is printed, and the anchor of its slide; a heading has none
NOTHING: Entry = ("", "")


def plan_contents(entries: Sequence[Entry]) -> list[Slide]:
    """One slide if it can be read; else several in two columns.

    Parameters
    ----------
    entries : sequence of (str, str)
        Text and anchor of a slide, in order; a heading's anchor is empty.

    Returns
    -------
    list of Slide
    """
    grids: list[Grid] = []
    for columns, size in VARIANTS:
        grids = _lay_out(entries, columns, size)
        if len(grids) == 1:
            break
    else:
        grids = _lay_out(entries, 2, 11)
    return [
        Slide(
            layout="Claim and table",
            title=add_mark("Contents", f"continued, {number + 1}") if number else "Contents",
            title_size=24,
            grid=grid,
            grid_box=BOX,
            grid_words="Table of contents with slide numbers",
        )
        for number, grid in enumerate(grids)
    ]


def _lay_out(entries: Sequence[Entry], columns: int, size: float) -> list[Grid]:
    grids, rest = [], list(entries)
    most = int((BOX.height - _height("", 1.0, size)) / _height("", 1.0, size))
    while rest:
        rows = min(most, ceil(len(rest) / columns))
        if rows < most and rest[-1] not in _fill(rest, columns, rows):
            rows += 1
        filled = _fill(rest, columns, rows)
        while _build(filled, columns, size).height > BOX.height and rows > 2:
            rows -= 1
            filled = _fill(rest, columns, rows)
        grids.append(_build(filled, columns, size))
        rest = rest[sum(entry != NOTHING for entry in filled) :]
    return grids


def _fill(entries: Sequence[Entry], columns: int, rows: int) -> list[Entry]:
    """Down the first column, then down the next; no column ends with a heading."""
    filled: list[Entry] = []
    for entry in entries:
        if not entry[1] and rows > 1 and len(filled) % rows == rows - 1:
            filled.append(NOTHING)
        if len(filled) >= rows * columns:
            break
        filled.append(entry)
    return [*filled, *[NOTHING] * (rows * columns - len(filled))]


def _build(filled: Sequence[Entry], columns: int, size: float) -> Grid:
    rows = len(filled) // columns
    width = (BOX.width - GAP * (columns - 1)) / columns - NUMBER_WIDTH
    head = [CellLook(bold=True, ink="tx2", rule="tx1", rule_width=1.0, right=side) for side in (False, True)]
    gap = CellLook(rule="bg1")
    texts, looks, heights, links = [[]], [[]], [_height("", width, size)], {}
    for column in range(columns):
        texts[0] += ([""] if column else []) + ["Page", "Slide"]
        looks[0] += ([gap] if column else []) + head
    for row in range(rows):
        texts.append([])
        looks.append([])
        line = [filled[column * rows + row] for column in range(columns)]
        for text, anchor in line:
            if texts[-1]:
                texts[-1].append("")
                looks[-1].append(gap)
            look = CellLook() if anchor else CellLook(bold=True, ink="tx2", rule="bg2" if text else "bg1")
            if anchor:
                links[row + 1, len(texts[-1]) + 1] = anchor
            texts[-1] += [text, ""]
            looks[-1] += [look, CellLook(right=True, rule=look.rule)]
        heights.append(max(_height(text, width, size) for text, _ in line))
    parts = [w for column in range(columns) for w in ([GAP] if column else []) + [width, NUMBER_WIDTH]]
    return Grid(texts=texts, looks=looks, widths=parts, heights=heights, size=size, links=links)


def _height(text: str, width: float, size: float) -> float:
    lines = count_lines(text, width - 2 * PAD_X, size, bold=True) if text else 1
    return lines * LINE_HEIGHT * size + 2 * PAD_Y
