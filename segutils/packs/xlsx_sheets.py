"""Sheets written safely: texts stay texts, numbers stay numbers, links lead inside the workbook."""

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from segutils.formats import split_format
from segutils.number_codes import build_number_code
from segutils.packs.document import Cell, Column, TableExhibit

SAFE = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
MAX_TEXT = 32_767
ROW_POINTS = 13.5
MAX_WIDTH, MIN_WIDTH = 46.0, 11.0
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def name_sheets(wishes: Sequence[str]) -> list[str]:
    """A valid and unique sheet name for each wish: at most 31 characters, and none that is not allowed."""
    taken: set[str] = {"history"}
    names = []
    for wish in wishes:
        base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", wish).strip(" '")[:31].strip(" '") or "Sheet"
        name, number = base, 2
        while name.lower() in taken:
            mark = f" {number}"
            name, number = base[: 31 - len(mark)].rstrip(" '") + mark, number + 1
        taken.add(name.lower())
        names.append(name)
    return names


class SheetWriter:
    """Writes into one workbook; formats are made once per look."""

    def __init__(self, book: Workbook, *, currency: str, ink: str, muted: str, accent: str) -> None:
        self.book = book
        self.currency = currency
        self.looks: dict[str, dict[str, Any]] = {
            "text": {"font_color": ink, "valign": "top"},
            "wrapped": {"font_color": ink, "valign": "top", "text_wrap": True},
            "bold": {"font_color": ink, "bold": True, "valign": "top"},
            "title": {"font_color": ink, "bold": True, "font_size": 15, "valign": "top", "text_wrap": True},
            "heading": {"font_color": ink, "bold": True, "font_size": 11},
            "muted": {"font_color": muted},
            "source": {"font_color": muted, "font_size": 8},
            "header": {"font_color": muted, "bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"},
            "number": {"font_color": ink, "valign": "top", "align": "right"},
            "link": {"font_color": accent, "underline": 1, "valign": "top"},
            "cell": {"font_color": ink, "valign": "top", "text_wrap": True, "indent": 1},
            "heading cell": {
                "font_color": muted,
                "bold": True,
                "bottom": 1,
                "text_wrap": True,
                "valign": "bottom",
                "indent": 1,
            },
        }
        self.formats: dict[tuple[str, str, bool, bool], Format] = {}

    def get_format(self, look: str, code: str = "", *, right: bool = False, quoted: bool = False) -> Format:
        """The workbook's format for a look, a number code, an alignment and Excel's quote prefix."""
        key = (look, code, right, quoted)
        if key not in self.formats:
            own = dict(self.looks[look])
            own |= {"num_format": code} if code else {}
            own |= {"align": "right"} if right else {}
            own |= {"quote_prefix": True} if quoted else {}
            self.formats[key] = self.book.add_format(own)
        return self.formats[key]

    def write_text(
        self, sheet: Worksheet, row: int, column: int, text: str, look: str = "text", *, right: bool = False
    ) -> None:
        """A text that can never become a formula, whatever it starts with."""
        quoted = text.startswith(_FORMULA_STARTS)
        sheet.write_string(row, column, text[:MAX_TEXT], self.get_format(look, right=right, quoted=quoted))

    def write_link(self, sheet: Worksheet, row: int, column: int, target: str) -> None:
        """The name of another sheet, leading there."""
        place = target.replace("'", "''")
        sheet.write_url(row, column, f"internal:'{place}'!A1", self.get_format("link"), target)

    def write_wrapped(
        self, sheet: Worksheet, row: int, texts: Sequence[str], widths: Sequence[float]
    ) -> None:
        """A row of texts that wrap in columns of these widths; the row is as high as its longest text."""
        for column, text in enumerate(texts):
            self.write_text(sheet, row, column, text, "wrapped")
        set_height(sheet, row, texts, widths)

    def write_table(self, sheet: Worksheet, top: int, table: TableExhibit, widths: Sequence[float]) -> int:
        """Header and raw values with their number formats; returns the first row below."""
        set_height(sheet, top, [column.label for column in table.columns], widths, spare=1.15)
        for place, column in enumerate(table.columns):
            look = "heading cell" if place and not column.numeric else "header"
            self.write_text(sheet, top, place, column.label, look, right=column.numeric)
        for offset, cells in enumerate(table.rows, start=1):
            texts = [
                "" if column.numeric else cell.text for column, cell in zip(table.columns, cells, strict=True)
            ]
            set_height(sheet, top + offset, texts, widths)
            for place, (column, cell) in enumerate(zip(table.columns, cells, strict=True)):
                self._write_cell(sheet, top + offset, place, column, cell)
        return top + 1 + len(table.rows)

    def _write_cell(self, sheet: Worksheet, row: int, place: int, column: Column, cell: Cell) -> None:
        value, text = cell.value, cell.text
        kind = split_format(column.format)[0]
        day = _read_date(value) if kind == "date" else None
        if value is None or (isinstance(value, float) and math.isnan(value)):
            sheet.write_blank(row, place, None, self.get_format("number" if column.numeric else "text"))
        elif column.numeric and isinstance(value, int | float) and math.isfinite(value):
            code = build_number_code(cell.format or column.format, currency=self.currency)
            sheet.write_number(row, place, value, self.get_format("number", code))
        elif day is not None:
            sheet.write_datetime(row, place, day, self.get_format("cell" if place else "text", "yyyy-mm-dd"))
        else:
            look = "cell" if place and not column.numeric else "wrapped"
            self.write_text(sheet, row, place, text, look, right=column.numeric)


def _read_date(value: Any) -> datetime | None:
    """A day as Excel can hold it (from 1900 on)."""
    if isinstance(value, datetime | date):
        value = value.isoformat()
    try:
        day = datetime.fromisoformat(str(value)[:10])
    except ValueError:
        return None
    return day if day.year >= 1900 else None


def set_height(
    sheet: Worksheet, row: int, texts: Sequence[str], widths: Sequence[float], *, spare: float = 1.0
) -> None:
    """As high as the longest text needs; not every program finds that out when it opens a workbook."""
    pairs = zip(texts, widths, strict=False)
    lines = max((math.ceil(spare * (len(text) + 2) / width) for text, width in pairs if text), default=1)
    if lines > 1:
        sheet.set_row(row, ROW_POINTS * min(lines, 20))


def choose_widths(tables: Sequence[TableExhibit]) -> list[float]:
    """Column widths, in characters, that suit all tables of a sheet."""
    widths: list[float] = []
    for table in tables:
        for place, column in enumerate(table.columns):
            longest = max((len(row[place].text) for row in table.rows), default=0)
            heading = max((len(word) for word in column.label.split()), default=0)
            width = min(
                MAX_WIDTH, max(MIN_WIDTH, 1.05 * longest + 2, 1.15 * heading + 2, 0.6 * len(column.label))
            )
            if place == len(widths):
                widths.append(width)
            widths[place] = max(widths[place], width)
    return widths
