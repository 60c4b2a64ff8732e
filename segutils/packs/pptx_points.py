"""Native charts of a point and its interval per category."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_MARKER_STYLE
from pptx.enum.text import PP_ALIGN
from pptx.oxml import parse_xml
from pptx.util import Pt

from segutils.charts import marks
from segutils.charts.marks import Paint
from segutils.formats import label_column
from segutils.packs.measure import text_width
from segutils.packs.pptx_chart_base import SMALL, TEXT, ChartDrawer, round_step
from segutils.packs.pptx_numbers import NAMESPACES, XyNumbers
from segutils.packs.pptx_tables import printable

if TYPE_CHECKING:
    from pptx.shapes.placeholder import ChartPlaceholder

TOP, PLOT = 0.1, 0.79  # of a chart's height: where its rows begin, and what they take
LEAST_ROOM, LEAST_NAME = 2.4, 7.0  # of a row, in its type size; a name's type size


def draw_dots(drawer: ChartDrawer, placeholder: "ChartPlaceholder") -> Any:
    """A point and its interval per category, lying, so that long names can be read.

    Points in rows: a series of its own for the highlighted category and for the intervals (from low to high,
    with a gap after each), because not every program shows error bars and looks of single points. The
    categories' names are the labels of a series without marks at the left edge.
    """
    figure = drawer.figure
    grid = marks.build_grid(figure)
    axis = _choose_axis(drawer, grid)
    rows = _plan_dots(drawer, grid, axis)
    numbers = XyNumbers(number_format=drawer.code(figure.y))
    for row in rows:
        series = numbers.add_series(row.title)
        numbers.names.append(row.names)
        for x, y in row.points:
            series.add_data_point(x, y)
    frame = placeholder.insert_chart(XL_CHART_TYPE.XY_SCATTER, numbers)
    chart = frame.chart
    drawer.set_frame(chart, legend=bool(figure.series))
    if figure.series:
        _hide_from_legend(chart, [n for n, row in enumerate(rows) if not row.paint])
    names = rows[-1].names
    widest = max(text_width(name, TEXT, bold=True) for name in names) + 14
    left = min(widest / drawer.box.width, 0.36)
    _set_plot_area(chart, left=left)
    drawer.set_position_axis(chart, column=figure.y, title=False)
    chart.category_axis.minimum_scale, chart.category_axis.maximum_scale = axis.low, axis.high
    chart.category_axis.major_unit = axis.step
    chart.value_axis.minimum_scale, chart.value_axis.maximum_scale = 0.5, len(names) + 0.5
    chart.value_axis.has_major_gridlines = False
    chart.value_axis.visible = False
    dense = PLOT * drawer.box.height / len(names) < LEAST_ROOM * TEXT
    for row, series in zip(rows, chart.plots[0].series, strict=True):
        _draw_row(drawer, row, series, dense=dense)
    if dense:
        _write_names(drawer, frame.part.slide, names, left * drawer.box.width)
    return frame


def _write_names(drawer: ChartDrawer, slide: Any, names: Sequence[str], width: float) -> None:
    """The names of many rows, a line each, as a text beside the chart: labels would wrap into each other."""
    room = PLOT * drawer.box.height / len(names)
    size = min(TEXT, max(LEAST_NAME, 0.85 * room))
    box = slide.shapes.add_textbox(
        Pt(drawer.box.x),
        Pt(drawer.box.y + TOP * drawer.box.height - 0.2 * size),
        Pt(width - 4),
        Pt(room * len(names)),
    )
    box.name = "Names"
    frame = box.text_frame
    frame.word_wrap = False
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    for number, name in enumerate(names):
        line = frame.paragraphs[0] if not number else frame.add_paragraph()
        line.alignment, line.line_spacing = PP_ALIGN.RIGHT, Pt(room)
        run = line.add_run()
        run.text, run.font.size = name, Pt(size)
        run.font.bold = name == printable(str(drawer.figure.highlight))


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A series of points: dots (with a paint), or what stands around them."""

    title: str
    points: list[tuple[float, float | None]]
    names: list[str]
    paint: Paint | None = None
    line: str = ""  # "interval" or "reference"
    labels: str = ""  # "above" or "left"


def _plan_dots(drawer: ChartDrawer, grid: marks.Grid, axis: "_Axis") -> list[_Row]:
    """Intervals first, so that the dots lie on them; the categories' names last."""
    figure, scale = drawer.figure, drawer.scale(drawer.figure.y)
    count, columns = grid.values.shape
    categories = [drawer.write(figure.x, category) for category in grid.categories]
    intervals: list[tuple[float, float | None]] = []
    dots: dict[tuple[int, Paint], list[int]] = {}
    paints = marks.choose_paints(figure, grid.series)
    height = {
        (i, j): columns - j - (i - (count - 1) / 2) * 0.7 / count
        for i in range(count)
        for j in range(columns)
    }
    for (i, j), y in height.items():
        low, high = float(grid.low[i, j]) * scale, float(grid.high[i, j]) * scale
        if np.isfinite([low, high]).all():
            intervals += [(low, y), (high, y), (high, None)]
        if np.isfinite(grid.values[i, j]):
            own = marks.paint_category(figure, grid.categories[j], paints[i], alone=count == 1)
            dots.setdefault((i, own), []).append(j)
    rows = []
    if intervals:
        rows.append(_Row(title="Intervals", points=intervals, names=[""] * len(intervals), line="interval"))
    for (i, paint), places in dots.items():
        own = [(float(grid.values[i, j]) * scale, height[i, j]) for j in places]
        single = figure.highlight if paint.face == "accent" and count == 1 else None
        title = grid.series[i] or single or label_column(figure.y)
        labels = "above" if count == 1 else ""
        names = [categories[j] for j in places]
        rows.append(_Row(title=printable(title), points=own, names=names, paint=paint, labels=labels))
    if figure.reference is not None:
        ends: list[tuple[float, float | None]] = [(figure.reference * scale, y) for y in (0.5, columns + 0.5)]
        rows.append(_Row(title=drawer.write_reference(), points=ends, names=["", ""], line="reference"))
    edge: list[tuple[float, float | None]] = [(axis.low, float(columns - j)) for j in range(columns)]
    return [*rows, _Row(title="Names", points=edge, names=categories, labels="left")]


def _draw_row(drawer: ChartDrawer, row: _Row, series: Any, *, dense: bool) -> None:
    if row.paint:
        series.format.line.fill.background()
        drawer.mark(series.marker, row.paint, size=7 if dense else 10)
    else:
        series.marker.style = XL_MARKER_STYLE.NONE
    if row.line == "interval":
        series.format.line.width = Pt(2)
        drawer.colour(series.format.line.color, "muted")
    elif row.line == "reference":
        drawer.dash(series.format.line)
        label_point(series, 1, row.title, XL_LABEL_POSITION.ABOVE, SMALL)
    elif not row.paint:
        series.format.line.fill.background()
    for n, (point, name) in enumerate(zip(row.points, row.names, strict=True)):
        if row.labels == "left" and not dense:
            bold = name == printable(str(drawer.figure.highlight))
            label_point(series, n, name, XL_LABEL_POSITION.LEFT, TEXT, bold=bold)
        elif row.labels == "above":
            value = point[0] / drawer.scale(drawer.figure.y)
            label_point(series, n, drawer.write(drawer.figure.y, value), XL_LABEL_POSITION.ABOVE, SMALL)


@dataclass(frozen=True, kw_only=True)
class _Axis:
    """A value axis with round ends."""

    low: float
    high: float
    step: float


def _choose_axis(drawer: ChartDrawer, grid: marks.Grid) -> _Axis:
    """Round ends around every value, interval and the reference; from zero where that is near."""
    figure, scale = drawer.figure, drawer.scale(drawer.figure.y)
    values = [grid.starts.ravel(), grid.ends.ravel(), np.array([figure.reference], dtype=float)]
    values.append(np.array(drawer.style.value_range or [], dtype=float))
    known = np.concatenate(values) * scale
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    low = 0.0 if 0 < low < 0.5 * high else low
    step = round_step((high - low) / 5 or 1.0)
    low, high = np.floor(low / step + 1e-9) * step, np.ceil(high / step - 1e-9) * step
    low, high, step = (float(f"{value:.12g}") for value in (low, max(high, low + step), step))
    return _Axis(low=low, high=high, step=step)


def label_point(
    series: Any, place: int, text: str, position: Any, size: float, *, bold: bool = False
) -> None:
    """Write a text beside one point of a series."""
    label = series.points[place].data_label
    label.position = position
    label.text_frame.text = printable(text)
    font = label.text_frame.paragraphs[0].runs[0].font
    font.size, font.bold = Pt(size), bold


def _hide_from_legend(chart: Any, places: Sequence[int]) -> None:
    legend = chart.legend._element
    for place in reversed(places):
        xml = f'<c:legendEntry {NAMESPACES}><c:idx val="{place}"/><c:delete val="1"/></c:legendEntry>'
        legend.find("{*}legendPos").addnext(parse_xml(xml))


def _set_plot_area(chart: Any, *, left: float) -> None:
    """Keep room at the left for names, which labels don't ask for themselves."""
    area = chart._chartSpace.chart.plotArea
    layout = area.find("{*}layout")
    if layout is not None:
        area.remove(layout)
    sides = {"x": left, "y": TOP, "w": 0.97 - left, "h": PLOT}
    places = "".join(f'<c:{side} val="{value:.4f}"/>' for side, value in sides.items())
    area.insert(
        0,
        parse_xml(
            f'<c:layout {NAMESPACES}><c:manualLayout><c:layoutTarget val="inner"/><c:xMode val="edge"/>'
            f'<c:yMode val="edge"/>{places}</c:manualLayout></c:layout>'
        ),
    )
