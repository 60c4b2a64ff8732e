"""How much room a text or a table takes, before any program has laid it out.

Slides don't flow: whether a sentence fits has to be known when the slide is made. Widths are Helvetica's
(Adobe's core-font metrics), which Arial shares; the packs' own Source Sans is narrower: an estimate errs to
the safe side.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache

from segutils.packs.document import TableExhibit

# advance widths of the characters 32-126, in thousandths of the font size
_HELVETICA = (
    "278 278 355 556 556 889 667 222 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 "
    "556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 "
    "722 667 611 722 667 944 667 667 611 278 278 278 469 556 222 556 556 500 556 556 278 556 556 222 222 "
    "500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_HELVETICA_BOLD = (
    "278 333 474 556 556 889 722 278 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 "
    "556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 "
    "722 667 611 722 667 944 667 667 611 333 278 333 584 556 278 556 611 556 611 556 333 611 611 278 278 "
    "556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584"
)
_WIDTHS, _BOLD_WIDTHS = (
    {chr(32 + i): int(width) / 1000 for i, width in enumerate(widths.split())}
    for widths in (_HELVETICA, _HELVETICA_BOLD)
)
LINE_HEIGHT = 1.2
# as wide as Helvetica or narrower
_NARROW_FONTS = frozenset(
    [
        *("arial", "arimo", "calibri", "carlito", "helvetica", "helvetica neue", "lato", "liberation sans"),
        *("roboto", "source sans 3", "source sans pro", "tahoma", "times new roman"),
    ]
)
_WIDE_STRETCH = (
    1.17  # of Verdana and DejaVu Sans, the widest in common use and a frequent stand-in for others
)
_stretch_of_font: ContextVar[float] = ContextVar("stretch_of_font", default=1.0)


@contextmanager
def assume_font(family: str) -> Iterator[None]:
    """Measure for this font; one whose width isn't known is taken to be wide."""
    token = _stretch_of_font.set(1.0 if family.lower() in _NARROW_FONTS else _WIDE_STRETCH)
    try:
        yield
    finally:
        _stretch_of_font.reset(token)


@cache
def _character_width(character: str, bold: bool) -> float:
    widths = _BOLD_WIDTHS if bold else _WIDTHS
    if character in widths:
        return widths[character]
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Cc"):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    base = unicodedata.normalize("NFD", character)[0]
    return widths.get(base, 0.65)


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line in points, at a font size in points."""
    return size * _unit_width(text, bold) * _stretch_of_font.get()


@lru_cache(maxsize=20_000)
def _unit_width(text: str, bold: bool) -> float:
    return sum(_character_width(character, bold) for character in text)


def count_lines(text: str, width: float, size: float, *, bold: bool = False) -> int:
    """How many lines does this text take in a column of this width (points)? Words too long are broken."""
    space = text_width(" ", size, bold=bold)
    lines = 0
    for paragraph in text.split("\n"):
        lines += 1
        used = 0.0
        for word in paragraph.split(" "):
            length = text_width(word, size, bold=bold)
            if used and used + space + length > width:
                lines, used = lines + 1, 0.0
            elif used:
                used += space
            if length > width > 0:
                broken = int(length // width)
                lines, length = lines + broken, length - broken * width
            used += length
    return lines


def text_height(text: str, width: float, size: float, *, bold: bool = False) -> float:
    """Height in points of a text set in a column of this width."""
    return count_lines(text, width, size, bold=bold) * size * LINE_HEIGHT


def largest_size(
    text: str, width: float, sizes: Sequence[float], *, max_lines: int, bold: bool = False
) -> float:
    """The largest of `sizes` at which the text stays within `max_lines`; the smallest where none does."""
    for size in sorted(sizes, reverse=True):
        if count_lines(text, width, size, bold=bold) <= max_lines:
            return size
    return min(sizes)


def clip_text(text: str, width: float, size: float, *, max_lines: int) -> str:
    """The text, or as many of its whole words as fit, with an ellipsis."""
    if count_lines(text, width, size) <= max_lines:
        return text
    words = text.split()

    def is_too_long(count: int) -> bool:
        return count_lines(" ".join(words[:count]) + " …", width, size) > max_lines

    fitting = bisect_left(range(1, len(words) + 1), True, key=is_too_long)
    return " ".join([*words[:fitting], "…"])


@dataclass(frozen=True, kw_only=True)
class TableFit:
    """How a table is set: font size, column widths, and the heights that follow (points)."""

    size: float
    widths: tuple[float, ...]
    header_height: float
    row_heights: tuple[float, ...]

    @property
    def width(self) -> float:
        """Width of all columns."""
        return sum(self.widths)

    @property
    def height(self) -> float:
        """Height of the header and all rows."""
        return self.header_height + sum(self.row_heights)


def fit_table(
    table: TableExhibit,
    width: float,
    *,
    max_size: float,
    min_size: float,
    pad_x: float = 4.0,
    pad_y: float = 3.0,
    min_wrap_size: float | None = None,
) -> TableFit:
    """At which font size and column widths does a table fit into a width?

    First the largest size at which every cell stays on one line; where that would be smaller than
    `min_wrap_size`, texts and headings wrap while numbers stay whole. Words are broken only at `min_size`.

    Parameters
    ----------
    table : TableExhibit
    width, max_size, min_size, pad_x, pad_y, min_wrap_size : float
        Points; the paddings are on each side of a cell.

    Returns
    -------
    TableFit
    """
    wrap_from = max_size if min_wrap_size is None else min_wrap_size
    sizes = [max_size - step / 2 for step in range(int(2 * (max_size - min_size)) + 1)]
    for size in sizes:
        if size < wrap_from:
            break
        full = _column_widths(table, size, pad_x, wrapped=False)
        if sum(full) <= width:
            return _measure(table, size, _stretch(table, full, width), pad_x, pad_y)
    for size in sizes:
        least = _column_widths(table, size, pad_x, wrapped=True)
        if sum(least) <= width:
            full = _column_widths(table, size, pad_x, wrapped=False)
            fit = _measure(table, size, _share_out(least, full, width), pad_x, pad_y)
            if max(fit.row_heights, default=0) <= 4.5 * size * LINE_HEIGHT + 2 * pad_y or size == sizes[-1]:
                return fit
    least = _column_widths(table, sizes[-1], pad_x, wrapped=True)
    return _measure(table, sizes[-1], [w * width / sum(least) for w in least], pad_x, pad_y)


def _column_widths(table: TableExhibit, size: float, pad_x: float, *, wrapped: bool) -> list[float]:
    """The width each column asks for: with everything on one line, or with texts and headings wrapped."""
    widths = []
    for index, column in enumerate(table.columns):
        cells = [row[index].text for row in table.rows]
        heading = _longest_word(column.label, size, bold=True)
        if column.numeric:
            body = max((text_width(text, size) for text in cells), default=0.0)
            if not wrapped:
                heading = max(heading, min(text_width(column.label, size, bold=True), 1.5 * body))
        elif wrapped:
            body = max((_longest_word(text, size) for text in cells), default=0.0)
            body = max(body, min(9 * size, max((text_width(text, size) for text in cells), default=0.0)))
        else:
            body = max((text_width(text, size) for text in cells), default=0.0)
            heading = text_width(column.label, size, bold=True)
        widths.append(max(heading, body, 2 * size) + 2 * pad_x + 0.5)
    return widths


def _longest_word(text: str, size: float, *, bold: bool = False) -> float:
    return max((text_width(word, size, bold=bold) for word in text.split()), default=0.0)


def _stretch(table: TableExhibit, full: list[float], width: float) -> list[float]:
    """Spare width, up to a half more, so that a narrow table doesn't pull its numbers from their names."""
    fixed = full[0] if table.columns[0].numeric else 0.0  # a rank stays at the edge
    factor = min(1.5, (width - fixed) / max(sum(full) - fixed, 1.0))
    return [column if fixed and not index else column * factor for index, column in enumerate(full)]


def _share_out(least: list[float], full: list[float], width: float) -> list[float]:
    """The width above the least goes where a column would otherwise wrap most."""
    wishes = [max(0.0, want - have) for want, have in zip(full, least, strict=True)]
    spare = width - sum(least)
    if not sum(wishes):
        return least
    return [have + spare * wish / sum(wishes) for have, wish in zip(least, wishes, strict=True)]


def _measure(table: TableExhibit, size: float, widths: list[float], pad_x: float, pad_y: float) -> TableFit:
    def height(texts: list[str], *, bold: bool = False) -> float:
        pairs = zip(texts, widths, strict=True)
        lines = max(
            (count_lines(text, width - 2 * pad_x, size, bold=bold) for text, width in pairs), default=1
        )
        return lines * size * LINE_HEIGHT + 2 * pad_y

    return TableFit(
        size=size,
        widths=tuple(widths),
        header_height=height([column.label for column in table.columns], bold=True),
        row_heights=tuple(height([cell.text for cell in row]) for row in table.rows),
    )
