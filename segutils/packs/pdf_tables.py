"""Tables as a PDF sets them: sizes and widths that fit, breaks only where a word needs them (points)."""

import re
from typing import Any

from segutils.packs.alike import merge_rows
from segutils.packs.document import Pack, Page, TableExhibit
from segutils.packs.measure import LINE_HEIGHT, TableFit, fit_table, text_width
from segutils.packs.pdf_sizes import COLUMN, PAD_X, PAD_Y, SET_PAD_Y

WHOLE_TABLE = 0.6 * COLUMN  # a table up to this height is never broken over two pages


def breakable(text: str) -> str:
    """The text with a permitted break inside every word that no table column could hold."""
    return re.sub(r"[^\s\u200b]{16,}", lambda word: _break_word(word[0]), text)


def _break_word(word: str) -> str:
    if word.isalpha():
        return word  # hyphenated by the type-setter
    parts = re.sub(r"(?<=[_./\-,;:|=&?#])(?=[^\s_./\-])", "\u200b", word).split("\u200b")
    return "\u200b".join(re.sub(r"(.{14})(?=.{4})", "\\1\u200b", part) for part in parts)


class TableSetter:
    """Sets the tables of one pack; a table is measured once per width."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._fits: dict[tuple[str, float], TableFit] = {}

    def set_table(self, page: Page | None, table: TableExhibit, width: float) -> dict[str, Any]:
        """A table; `page` is None for a decision's options, which stand under the decision's own title."""
        fit = self.fit(page, table, width)
        broken = _broken_columns(table, fit)
        show_title = _shows_title(page, table)
        height = self.height(page, table, width)
        return {
            "kind": "table",
            "title": table.title,
            "show_title": show_title,
            "columns": [
                {"label": breakable(column.label), "numeric": column.numeric, "hyphenate": place in broken}
                for place, column in enumerate(table.columns)
            ],
            "rows": [
                [
                    cell.text if column.numeric else breakable(cell.text)
                    for column, cell in zip(table.columns, row, strict=True)
                ]
                for row in table.rows
            ],
            "fit": {"size": fit.size, "widths": list(fit.widths), "pad_x": PAD_X, "pad_y": PAD_Y},
            "height": height,
            "whole": height <= WHOLE_TABLE,
            "single_lines": max(fit.row_heights, default=0) < 2 * fit.size * LINE_HEIGHT,
            "source": table.source.citation,
        }

    def height(self, page: Page | None, table: TableExhibit, width: float) -> float:
        """How high the table is in this width, with its title and source."""
        fit = self.fit(page, table, width)
        frame = 48 if _shows_title(page, table) else 30
        return fit.header_height + sum(fit.row_heights[: len(table.rows)]) + frame

    def fit(self, page: Page | None, table: TableExhibit, width: float) -> TableFit:
        """Size and column widths; the same for this table on all segments' pages."""
        key = (table.id, width)
        if key not in self._fits:
            whole = merge_rows(self.pack, page, table) if page and page.segment else table
            self._fits[key] = fit_table(
                whole, width, max_size=9, min_size=6.5, min_wrap_size=7.5, pad_x=PAD_X, pad_y=SET_PAD_Y
            )
        return self._fits[key]

    def reads_in(self, page: Page, table: TableExhibit, width: float) -> bool:
        """In a narrow column: not too small, and no word broken."""
        fit = self.fit(page, table, width)
        return fit.size >= 7.5 and not _broken_columns(table, fit)


def _shows_title(page: Page | None, table: TableExhibit) -> bool:
    return page is not None and bool(table.title) and table.title != page.title


def _broken_columns(table: TableExhibit, fit: TableFit) -> set[int]:
    """The columns that a word of theirs doesn't fit into: only there words are hyphenated."""
    found = set()
    for place, (column, width) in enumerate(zip(table.columns, fit.widths, strict=True)):
        room = width - 2 * PAD_X + 1
        words = [word for row in table.rows for word in row[place].text.split()]
        if any(text_width(word, fit.size) > room for word in words) or any(
            text_width(word, fit.size, bold=True) > room for word in column.label.split()
        ):
            found.add(place)
    return found
