"""The numbers inside a native chart: its sheet, where nothing can become a formula, and its intervals."""

import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from pptx.chart.data import BubbleChartData, CategoryChartData, XyChartData
from pptx.oxml import parse_xml
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from segutils.charts.marks import Grid

NAMESPACES = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)
CREATED = datetime(2000, 1, 1)
SAFE = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class _Sheet:
    """A workbook with one sheet in memory, the same bytes each time."""

    def __init__(self, number_format: str) -> None:
        self.stream = io.BytesIO()
        self.book = Workbook(self.stream, SAFE)
        self.book.set_properties({"created": CREATED})
        self.sheet: Worksheet = self.book.add_worksheet()
        self.number = self.book.add_format({"num_format": number_format})

    def write(self, row: int, column: int, value: Any) -> None:
        if isinstance(value, str):
            self.sheet.write_string(row, column, value)
        elif value is not None and np.isfinite(value):
            self.sheet.write_number(row, column, value, self.number)

    def close(self) -> bytes:
        self.book.close()
        return self.stream.getvalue()


@dataclass(frozen=True, kw_only=True)
class _Interval:
    """How far a series' interval reaches above and below its values."""

    name: str
    above: list[float]
    below: list[float]


class CategoryNumbers(CategoryChartData):
    """Categories in column A, a column per series, then two per interval (above and below the value)."""

    def __init__(self, number_format: str) -> None:
        super().__init__(number_format=number_format)
        self.intervals: dict[int, _Interval] = {}  # by the series' place

    def add_interval(self, place: int, grid: Grid, *, scale: float) -> None:
        """Keep a series' interval, where it has one."""
        values, low, high = (part[place] * scale for part in (grid.values, grid.low, grid.high))
        if np.isfinite(low).any():
            above, below = (high - values).tolist(), (values - low).tolist()
            self.intervals[place] = _Interval(name=self[place].name, above=above, below=below)

    @property
    def xlsx_blob(self) -> bytes:
        """The chart's sheet."""
        sheet = _Sheet(self.number_format)
        columns = [("", [category.label for category in self.categories])]
        columns += [(series.name, list(series.values)) for series in self]
        for interval in self.intervals.values():
            columns += [
                (f"{interval.name}: above", interval.above),
                (f"{interval.name}: below", interval.below),
            ]
        for place, (name, values) in enumerate(columns):
            sheet.write(0, place, name)
            for row, value in enumerate(values, start=1):
                sheet.write(row, place, value)
        return sheet.close()


class _PointNumbers:
    """Blocks of points below each other: x, y, size, name."""

    names: list[list[str]]

    @property
    def xlsx_blob(self) -> bytes:
        """The chart's sheet."""
        sheet = _Sheet(self.number_format)  # type: ignore[attr-defined]
        row = 0
        for series, names in zip(self, self.names, strict=True):  # type: ignore[call-overload]
            sheet.write(row, 1, series.name)
            for n, (point, name) in enumerate(zip(series, names, strict=True), start=row + 1):
                for column, value in enumerate([point.x, point.y, getattr(point, "bubble_size", None), name]):
                    sheet.write(n, column, value)
            row += len(series) + 2
        return sheet.close()


class XyNumbers(_PointNumbers, XyChartData):
    """Points."""

    def __init__(self, number_format: str) -> None:
        super().__init__(number_format=number_format)
        self.names = []


class BubbleNumbers(_PointNumbers, BubbleChartData):
    """Bubbles."""

    def __init__(self, number_format: str) -> None:
        super().__init__(number_format=number_format)
        self.names = []


def add_error_bars(series: Any, numbers: CategoryNumbers, place: int, *, colour: str, width: float) -> None:
    """Draw a series' interval as error bars that read their lengths from the chart's sheet."""
    if place not in numbers.intervals:
        return
    interval = numbers.intervals[place]
    column = 1 + len(numbers) + 2 * list(numbers.intervals).index(place)
    parts = "".join(
        _write_lengths(tag, lengths, column + offset)
        for offset, (tag, lengths) in enumerate((("plus", interval.above), ("minus", interval.below)))
    )
    element = series._element
    # the interval of a bar or column follows the bar's own direction
    direction = "" if element.getparent().tag.endswith("barChart") else '<c:errDir val="y"/>'
    xml = (
        f'<c:errBars {NAMESPACES}>{direction}<c:errBarType val="both"/><c:errValType val="cust"/>'
        f'<c:noEndCap val="1"/>{parts}<c:spPr><a:ln w="{round(width * 12700)}"><a:solidFill>'
        f'<a:schemeClr val="{colour}"/></a:solidFill></a:ln></c:spPr></c:errBars>'
    )
    element.find("{*}cat").addprevious(parse_xml(xml))


def _write_lengths(tag: str, lengths: list[float], column: int) -> str:
    name = xl_col_to_name(column, True)
    points = "".join(
        f'<c:pt idx="{i}"><c:v>{length:.12g}</c:v></c:pt>'
        for i, length in enumerate(lengths)
        if np.isfinite(length)
    )
    return (
        f"<c:{tag}><c:numRef><c:f>Sheet1!{name}$2:{name}${len(lengths) + 1}</c:f><c:numCache>"
        f'<c:formatCode>General</c:formatCode><c:ptCount val="{len(lengths)}"/>{points}</c:numCache>'
        f"</c:numRef></c:{tag}>"
    )
