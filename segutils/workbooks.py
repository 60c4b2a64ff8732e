"""Workbooks that people go on working with: raw values, live formulas, gaps in red.

A pack's workbook shows what was found; one of these is handed over and kept, such as a scorecard. What its
reader may change stands as a value, what follows from it as a formula.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from segutils.formats import format_column, format_value, guess_format, is_missing, label_column, split_format
from segutils.number_codes import build_number_code

SAFE = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
RED, GREEN, INK, MUTED, GRID = "#b3261e", "#1e7a46", "#1c2430", "#5b6675", "#d5dae1"
INPUT, FIELD = "#0b3d91", "#fff8dc"  # what may be changed: its ink and its ground
LEFT = {"align": "left", "indent": 1}  # texts keep away from the numbers before them
HEAD = 3  # row of the headings, below the claim and the note
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_PLACE = re.compile(r"\{(?:([^{}!]+)!)?([A-Za-z0-9_ -]+?)(:all)?\}")
_WIDEST, _NARROWEST, _PAGE = 30.0, 8.0, 120.0  # widths of columns, and what a page has room for
_LINE = 13.5  # height of a line of text, in points
_FITS = 1.15  # letters of usual text for each unit of a column's width


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One table of a workbook.

    Parameters
    ----------
    name : str
        At most 31 characters.
    claim : str
        What the table says, a sentence.
    table : pandas.DataFrame
        Values; those of columns with a formula are what the formula gives now.
    note : str
        How it is meant to be used.
    formats, labels : mapping of str to str
        As in a :class:`~segutils.findings.Finding`; a column that only says how another one is written is
        not shown.
    formulas : mapping of str to str
        Column: formula; ``{column}`` is the cell of the same row, ``{column:all}`` the whole column and
        ``{Other sheet!column:all}`` that of another sheet.
    variances : sequence of str
        Columns that are red below zero and green above.
    inputs : sequence of str
        Columns of numbers that a reader may change: they look so, and take numbers only.
    frozen : int
        First columns that stay in view.
    """

    name: str
    claim: str
    table: pd.DataFrame
    note: str = ""
    formats: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    formulas: Mapping[str, str] = field(default_factory=dict)
    variances: Sequence[str] = ()
    inputs: Sequence[str] = ()
    frozen: int = 1

    @property
    def shown(self) -> list[str]:
        """Columns that a reader sees, in their order."""
        own = {format_column(fmt) for fmt in self.formats.values()}
        return [column for column in self.table.columns if column not in own]


def build_workbook(sheets: Sequence[Sheet], *, title: str, author: str, as_of: date, currency: str) -> bytes:
    """Which file does a strategy office open, change and keep?

    Parameters
    ----------
    sheets : sequence of Sheet
    title, author : str
        The file's properties, and at the foot of each printed page.
    as_of : datetime.date
        Its date, too: the same tables give the same bytes.
    currency : str
        ISO 4217 code, written before amounts.

    Returns
    -------
    bytes
        An XLSX; no text of a table becomes a formula or a link.

    Raises
    ------
    ValueError
        If a formula names a column or sheet that is not there.
    """
    from xlsxwriter import Workbook

    names = [sheet.name for sheet in sheets]
    if len(set(names)) < len(names) or any(not 0 < len(name) <= 31 for name in names):
        raise ValueError(f"sheets need different names of at most 31 characters: {names}")
    stream = io.BytesIO()
    book = Workbook(stream, SAFE | {"default_format_properties": {"font_name": "Arial", "font_size": 10}})
    created = datetime.combine(as_of, datetime.min.time())
    book.set_properties({"title": title, "author": author, "created": created})
    foot = f"{title}, {author}, as of {as_of}".replace("&", "&&")
    writer = _Writer(book, {sheet.name: sheet for sheet in sheets}, currency, foot)
    for sheet in sheets:
        writer.write(sheet)
    book.close()
    return stream.getvalue()


class _Writer:
    """Writes sheets one after the other; a look is made once."""

    def __init__(self, book: Any, sheets: Mapping[str, Sheet], currency: str, foot: str) -> None:
        self.book, self.sheets, self.currency, self.foot = book, sheets, currency, foot
        self.looks: dict[tuple, Any] = {}

    def look(self, properties: Mapping[str, Any]) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self.looks:
            self.looks[key] = self.book.add_format({"font_color": INK, "valign": "top", **properties})
        return self.looks[key]

    def write(self, sheet: Sheet) -> None:
        page, table = self.book.add_worksheet(sheet.name), sheet.table[sheet.shown]
        formats = {c: _list_formats(sheet, c) for c in table.columns}
        page.hide_gridlines(2)
        page.set_landscape()
        page.set_paper(9)
        page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        page.fit_to_pages(1, 0)
        page.repeat_rows(HEAD)
        page.set_footer(f"&L&8{self.foot}&C&8&A&R&8&P / &N")
        page.freeze_panes(HEAD + 1, sheet.frozen)
        texts = {c: self._write_out(table[c].tolist(), formats[c]) for c in table.columns}
        widths = [self._choose_width(sheet, column, texts[column]) for column in table.columns]
        for place, width in enumerate(widths):
            page.set_column(place, place, width)
        self._write_head(page, sheet, sum(widths))
        # heights are set: not every program finds them by itself where a text is broken into lines
        labels = [sheet.labels.get(column, label_column(column)) for column in table.columns]
        page.set_row(HEAD, _LINE * _count_lines(labels, [width / _FITS for width in widths]) + 3)
        for row, cells in enumerate(zip(*texts.values(), strict=True), start=HEAD + 1):
            page.set_row(row, _LINE * _count_lines(cells, widths) + 3)
        for place, column in enumerate(table.columns):
            head = {"bold": True, "bottom": 1, "bottom_color": MUTED, "font_color": MUTED, "text_wrap": True}
            head |= LEFT if all(map(_is_text, formats[column])) else {"align": "right"}
            page.write_string(HEAD, place, labels[place], self.look(head))
            cells = zip(table[column].tolist(), formats[column], strict=True)
            for row, (value, fmt) in enumerate(cells, start=HEAD + 1):
                self._write_cell(page, (row, place), value, fmt, column, sheet)
        self._mark(page, sheet)
        page.autofilter(HEAD, 0, HEAD + max(len(table), 1), max(len(table.columns) - 1, 0))

    def _mark(self, page: Any, sheet: Sheet) -> None:
        """Red and green below and above zero; numbers only where one may write."""
        last = HEAD + len(sheet.table)
        for column in sheet.variances if len(sheet.table) else ():
            place = sheet.shown.index(column)
            for criterion, colour in (("<", RED), (">", GREEN)):
                rule = {"type": "cell", "criteria": criterion, "value": 0}
                look = self.book.add_format({"font_color": colour, "bold": criterion == "<"})
                page.conditional_format(HEAD + 1, place, last, place, rule | {"format": look})
        for column in sheet.inputs if len(sheet.table) else ():
            place = sheet.shown.index(column)
            rule = {"validate": "decimal", "criteria": "between", "minimum": -1e15, "maximum": 1e15}
            says = {"error_title": "A number is needed", "error_message": "Write shares as 5 % or 0.05."}
            page.data_validation(HEAD + 1, place, last, place, rule | says)

    def _write_head(self, page: Any, sheet: Sheet, width: float) -> None:
        last = max(len(sheet.shown) - 1, 1)
        for row, text, size in ((0, sheet.claim, 14), (1, sheet.note, 10)):
            bold = row == 0
            colour = INK if bold else MUTED
            look = self.look({"bold": bold, "font_size": size, "text_wrap": True, "font_color": colour})
            page.merge_range(row, 0, row, last, "", look)
            page.write_string(row, 0, text, look)
            lines = _count_lines([text], [10 * width / size])
            page.set_row(row, 1.4 * size * lines)

    def _write_cell(
        self, page: Any, at: tuple[int, int], value: Any, fmt: str, column: str, sheet: Sheet
    ) -> None:
        line, formula = {"bottom": 1, "bottom_color": GRID}, sheet.formulas.get(column)
        if column in sheet.inputs:
            line |= {"font_color": INPUT, "bg_color": FIELD}
        code = build_number_code(fmt, currency=self.currency)
        look = self.look(line | (LEFT if _is_text(fmt) else {"num_format": code, "align": "right"}))
        is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if formula:
            page.write_formula(
                *at, self._fill(formula, at[0], sheet), look, "" if is_missing(value) else value
            )
        elif is_missing(value):
            page.write_blank(*at, None, look)
        elif split_format(fmt)[0] == "date":
            page.write_datetime(*at, pd.Timestamp(value).to_pydatetime(), look)
        elif is_number and np.isfinite(value):
            page.write_number(*at, float(value), look)
        else:
            text = str(value)
            quoted = {"quote_prefix": True} if text.startswith(_FORMULA_STARTS) else {}
            page.write_string(*at, text, self.look(line | LEFT | {"text_wrap": True} | quoted))

    def _fill(self, formula: str, row: int, sheet: Sheet) -> str:
        """The formula with the addresses of the cells that it names."""
        from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

        def place(found: re.Match[str]) -> str:
            other, column, whole = found.groups()
            source = self.sheets.get(other, sheet) if other else sheet
            if (other and other not in self.sheets) or column not in source.shown:
                raise ValueError(
                    f"the formula {formula!r} of {sheet.name!r} names {found[0]}, which is not there"
                )
            at = source.shown.index(column)
            if not whole:
                return xl_rowcol_to_cell(row, at, col_abs=True)
            cells = xl_range_abs(HEAD + 1, at, HEAD + max(len(source.table), 1), at)
            return f"'{other.replace(chr(39), chr(39) * 2)}'!{cells}" if other else cells

        return _PLACE.sub(place, formula)

    def _write_out(self, values: Sequence[Any], formats: Sequence[str]) -> list[str]:
        """Values as they will be read."""
        cells = zip(values, formats, strict=True)
        return [format_value(value, fmt, currency=self.currency) for value, fmt in cells]

    def _choose_width(self, sheet: Sheet, column: str, texts: Sequence[str]) -> float:
        label = sheet.labels.get(column, label_column(column))
        longest = max((len(text) for text in texts), default=0)
        word = max((len(part) for part in label.split()), default=0)
        widest = max(_WIDEST, _PAGE / len(sheet.shown) - 2)  # few columns may be wide
        return min(widest, max(_NARROWEST, 0.95 * longest + 2.5, 0.5 * len(label) + 2, 1.1 * word + 2.5))


def _count_lines(texts: Sequence[str], widths: Sequence[float]) -> int:
    """Lines of the tallest text of a row, broken between words."""
    pairs = zip(texts, widths, strict=True)
    return (
        max((len(textwrap.wrap(text, max(int(_FITS * width), 1))) for text, width in pairs), default=1) or 1
    )


def _list_formats(sheet: Sheet, column: str) -> list[str]:
    """The format of each cell of a column: the column's, or the row's own."""
    values = sheet.table[column].tolist()
    fmt = sheet.formats.get(column) or guess_format(column, values)
    own = format_column(fmt)
    return sheet.table[own].astype(str).tolist() if own else [fmt] * len(values)


def _is_text(fmt: str) -> bool:
    return split_format(fmt)[0] in ("text", "flag")
