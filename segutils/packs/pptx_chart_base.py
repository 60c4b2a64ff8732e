"""What every native chart is made of: numbers, colours of the theme, axes that say little."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_LEGEND_POSITION, XL_MARKER_STYLE, XL_TICK_LABEL_POSITION, XL_TICK_MARK
from pptx.enum.dml import MSO_LINE, MSO_PATTERN, MSO_THEME_COLOR
from pptx.util import Pt

from segutils.charts import marks
from segutils.charts.marks import Paint
from segutils.findings import Figure
from segutils.formats import label_column, split_format
from segutils.number_codes import build_number_code
from segutils.packs.measure import text_width
from segutils.packs.pptx_numbers import CategoryNumbers
from segutils.packs.pptx_tables import Box, printable

if TYPE_CHECKING:
    from pptx.chart.chart import Chart

THEME = {
    "ink": MSO_THEME_COLOR.TEXT_1,
    "paper": MSO_THEME_COLOR.BACKGROUND_1,
    "muted": MSO_THEME_COLOR.TEXT_2,
    "grid": MSO_THEME_COLOR.BACKGROUND_2,
    "primary": MSO_THEME_COLOR.ACCENT_1,
    "series-1": MSO_THEME_COLOR.ACCENT_1,
    "accent": MSO_THEME_COLOR.ACCENT_2,
    "previous": MSO_THEME_COLOR.ACCENT_3,
    "faded-1": MSO_THEME_COLOR.ACCENT_4,
    "series-3": MSO_THEME_COLOR.ACCENT_5,
    "series-4": MSO_THEME_COLOR.ACCENT_6,
}
TEXT, SMALL = 11, 10
LOW_CHART = 220.0  # points: fewer lines on the scale


@dataclass(frozen=True, kw_only=True)
class ChartStyle:
    """What a chart needs besides its figure: colours by token, currency, a range shared with other charts."""

    tokens: dict[str, str]
    currency: str
    value_range: tuple[float, float] | None = None


class ChartDrawer:
    """One figure, its place and its style; the kinds of charts build on this."""

    def __init__(self, figure: Figure, box: Box, style: ChartStyle) -> None:
        self.figure = figure
        self.box = box
        self.style = style

    # ------------------------------------------------------------ numbers

    def scale(self, column: str | None) -> float:
        """Differences of shares are charted in percentage points."""
        return 100.0 if column and self.kind(column) == "points" else 1.0

    def kind(self, column: str) -> str:
        return split_format(self.figure.formats.get(column, "number"))[0]

    def code(self, column: str) -> str:
        fmt = self.figure.formats.get(column, "number")
        return build_number_code(fmt, currency=self.style.currency, scaled=True)

    def write(self, column: str, value: Any) -> str:
        writer = marks.Style(tokens=self.style.tokens, currency=self.style.currency)
        return printable(writer.write(self.figure, column, value))

    def write_reference(self) -> str:
        """Name and value of the figure's reference."""
        assert self.figure.reference is not None
        value = self.write(self.figure.y, self.figure.reference)
        return printable(f"{self.figure.reference_label} {value}".strip())

    def category_numbers(self, grid: marks.Grid) -> CategoryNumbers:
        numbers = CategoryNumbers(number_format=self.code(self.figure.y))
        numbers.categories = [self.write(self.figure.x, category) for category in grid.categories]
        scale = self.scale(self.figure.y)
        for name, values in zip(grid.series, grid.values, strict=True):
            numbers.add_series(printable(name or label_column(self.figure.y)), _finite(values * scale))
        for place in range(len(grid.series)):
            numbers.add_interval(place, grid, scale=scale)
        return numbers

    # ------------------------------------------------------------ frame

    def set_frame(self, chart: "Chart", *, legend: bool) -> None:
        chart.has_title = False
        chart.font.size = Pt(TEXT)
        self.colour(chart.font.color, "ink")
        chart.has_legend = legend
        if legend:
            chart.legend.position = XL_LEGEND_POSITION.TOP
            chart.legend.include_in_layout = False
            chart.legend.font.size = Pt(SMALL)

    def set_category_axis(self, chart: "Chart", *, reverse: bool) -> None:
        axis = chart.category_axis
        axis.has_major_gridlines = False
        axis.major_tick_mark = axis.minor_tick_mark = XL_TICK_MARK.NONE
        axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        axis.reverse_order = reverse
        axis.format.line.width = Pt(0.75)
        self.colour(axis.format.line.color, "muted")

    def set_value_axis(self, chart: "Chart", *, shown: bool, from_zero: bool, title: str = "") -> None:
        axis = chart.value_axis
        axis.major_tick_mark = axis.minor_tick_mark = XL_TICK_MARK.NONE
        axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        axis.has_major_gridlines = shown
        axis.visible = shown
        self.set_range(axis, from_zero=from_zero)
        if not shown:
            return
        self.set_scale_text(axis, self.figure.y, title)

    def set_position_axis(self, chart: "Chart", *, column: str, title: bool) -> None:
        axis = chart.category_axis
        axis.major_tick_mark = axis.minor_tick_mark = XL_TICK_MARK.NONE
        axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        axis.has_major_gridlines = True
        self.set_scale_text(axis, column, column if title else "")

    def set_scale_text(self, axis: Any, column: str, title: str) -> None:
        axis.major_gridlines.format.line.width = Pt(0.5)
        self.colour(axis.major_gridlines.format.line.color, "grid")
        axis.format.line.fill.background()
        axis.tick_labels.number_format = self.code(column)
        axis.tick_labels.number_format_is_linked = False
        axis.tick_labels.font.size = Pt(SMALL)
        self.colour(axis.tick_labels.font.color, "muted")
        axis.has_title = bool(title)
        if title:
            frame = axis.axis_title.text_frame
            frame.text = printable(label_column(title))
            font = frame.paragraphs[0].runs[0].font
            font.size, font.bold = Pt(SMALL), False
            self.colour(font.color, "muted")

    def set_range(self, axis: Any, *, from_zero: bool) -> None:
        """Bars start at zero; the pages of all segments share one range."""
        scale = self.scale(self.figure.y)
        if self.style.value_range:
            low, high = (value * scale for value in self.style.value_range)
            spare = 0.12 * (max(high, 0) - min(low, 0) or 1)
            axis.minimum_scale = 0 if low >= 0 else low - spare
            axis.maximum_scale = high + spare if high > 0 else 0
            if self.box.height < LOW_CHART:
                axis.major_unit = round_step((axis.maximum_scale - axis.minimum_scale) / 4)
            return
        if from_zero and not self.figure.stacked:
            self._set_bar_range(axis)

    def _set_bar_range(self, axis: Any) -> None:
        """From zero; below it with room for labels between the bars' ends and the categories' names."""
        grid, scale = marks.build_grid(self.figure), self.scale(self.figure.y)
        known = np.append(grid.starts, grid.ends) * scale
        known = known[np.isfinite(known)]
        if not len(known):
            return
        low, high = min(0.0, float(known.min())), max(0.0, float(known.max()))
        names = [self.write(self.figure.y, value / scale) for value in known if value < 0]
        label = max((text_width(name, SMALL) for name in names), default=0.0) + 14
        spare = max(0.18, label / (0.6 * self.box.width)) if self.figure.kind == "bar" else 0.18
        axis.minimum_scale = low - spare * (high - low) if low < 0 else 0
        if low < 0:
            axis.maximum_scale = high + 0.1 * (high - low) if high > 0 else 0

    def set_labels(self, labels: Any, column: str) -> None:
        labels.show_value = True
        labels.number_format = self.code(column)
        labels.number_format_is_linked = False
        labels.font.size = Pt(SMALL)

    def fill(self, target: Any, paint: Paint) -> None:
        if paint.hatch:
            target.fill.patterned()
            target.fill.pattern = MSO_PATTERN.WIDE_UPWARD_DIAGONAL
            self.colour(target.fill.fore_color, paint.edge)
            self.colour(target.fill.back_color, "paper")
        else:
            target.fill.solid()
            self.colour(target.fill.fore_color, paint.face)
        target.line.width = Pt(1)
        self.colour(target.line.color, paint.edge)

    def colour(self, colour: Any, token: str) -> None:
        if token in THEME:
            colour.theme_color = THEME[token]
        else:
            colour.rgb = RGBColor.from_string(self.style.tokens[token][1:].upper())

    def dash(self, line: Any) -> None:
        """A reference's line."""
        line.width, line.dash_style = Pt(1), MSO_LINE.DASH
        self.colour(line.color, "muted")

    def mark(self, marker: Any, paint: Paint, *, size: int) -> None:
        marker.style, marker.size = XL_MARKER_STYLE.CIRCLE, size
        marker.format.fill.solid()
        self.colour(marker.format.fill.fore_color, paint.face)
        self.colour(marker.format.line.color, paint.edge)


def round_step(rough: float) -> float:
    """The next round number: 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(rough))
    return float(next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999))


def _finite(values: np.ndarray) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
