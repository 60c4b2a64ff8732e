"""Native charts of points: bubbles with their names, and a point with its interval per category."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_MARKER_STYLE
from pptx.oxml import parse_xml
from pptx.util import Pt

from segutils.charts import marks
from segutils.charts.marks import Paint
from segutils.formats import label_column
from segutils.packs.measure import text_width
from segutils.packs.pptx_chart_base import SMALL, TEXT, ChartDrawer, round_step
from segutils.packs.pptx_numbers import NAMESPACES, BubbleNumbers, XyNumbers
from segutils.packs.pptx_tables import printable

if TYPE_CHECKING:
    from pptx.shapes.placeholder import ChartPlaceholder

MAX_NAMED = 25


def draw_scatter(drawer: ChartDrawer, placeholder: "ChartPlaceholder") -> Any:
    """Points, or bubbles where the figure has sizes, with their names beside them."""
    figure = drawer.figure
    data = figure.data[figure.data[[figure.x, figure.y]].notna().all(axis=1)]
    names = [str(name) for name in data[figure.series]] if figure.series else [""] * len(data)
    groups = list(dict.fromkeys(names))
    grouped = figure.series is not None and len(groups) < len(names)
    numbers = (BubbleNumbers if figure.size else XyNumbers)(number_format=drawer.code(figure.y))
    members = [[n for n, name in enumerate(names) if name == group] for group in groups]
    if not grouped:
        groups, members = [label_column(figure.y)], [list(range(len(data)))]
    sides = [c for c in (figure.x, figure.y, figure.size) if c]
    values = [data[c].to_numpy(dtype=float) * drawer.scale(c) for c in sides]
    for group, rows in zip(groups, members, strict=True):
        series = numbers.add_series(printable(group))
        numbers.names.append([printable(names[row]) for row in rows])
        for row in rows:
            point = [float(column[row]) for column in values]
            if figure.size:
                point[2] = max(point[2], 0.0) if np.isfinite(point[2]) else 0.0
            series.add_data_point(*point)
    frame = placeholder.insert_chart(
        XL_CHART_TYPE.BUBBLE if figure.size else XL_CHART_TYPE.XY_SCATTER, numbers
    )
    chart = frame.chart
    drawer.set_frame(chart, legend=grouped)
    drawer.set_value_axis(chart, shown=True, from_zero=False, title=figure.y)
    drawer.set_position_axis(chart, column=figure.x, title=True)
    if figure.size:
        chart.plots[0].bubble_scale = 60
    single = Paint(face="primary", edge="primary", ink="primary-ink")
    paints = marks.choose_paints(figure, groups) if grouped else [single]
    for series, paint in zip(chart.plots[0].series, paints, strict=True):
        if not figure.size:
            series.format.line.fill.background()
            drawer.mark(series.marker, paint, size=9)
        else:
            drawer.fill(series.format, Paint(face=paint.face, edge="paper", ink=paint.ink))
        if not grouped and figure.series:
            _name_points(drawer, series, names, data, single)
    return frame


def _name_points(drawer: ChartDrawer, series: Any, names: list[str], data: Any, paint: Paint) -> None:
    shown = _free_names(drawer, names, data)
    for n, name in enumerate(names):
        own = marks.paint_category(drawer.figure, name, paint, alone=True)
        if own != paint:
            if drawer.figure.size:
                drawer.fill(series.points[n].format, Paint(face=own.face, edge="paper", ink=own.ink))
            else:
                drawer.mark(series.points[n].marker, own, size=9)
        if n in shown:
            bold = name == drawer.figure.highlight
            _label(series, n, name, XL_LABEL_POSITION.RIGHT, SMALL, bold=bold)


def _free_names(drawer: ChartDrawer, names: list[str], data: Any) -> set[int]:
    """Names that don't run into one another, the highlighted one first; the sheet of the chart has all."""
    figure = drawer.figure
    points = data[[figure.x, figure.y]].to_numpy(dtype=float)
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.array([0.72 * drawer.box.width, 0.7 * drawer.box.height])
    spots = (points - low) / np.where(high > low, high - low, 1) * room
    order = sorted(range(len(names)), key=lambda n: names[n] != figure.highlight)
    taken: list[tuple[float, float, float]] = []
    shown: set[int] = set()
    for n in order if len(names) <= MAX_NAMED else order[:1]:
        x, y = spots[n]
        width = text_width(names[n], SMALL) + 12
        if all(abs(y - v) > SMALL * 1.3 or x > u + w or u > x + width for u, v, w in taken):
            taken.append((x, y, width))
            shown.add(n)
    return shown


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
    _set_plot_area(chart, left=min(widest / drawer.box.width, 0.36), top=0.1)
    drawer.set_position_axis(chart, column=figure.y, title=False)
    chart.category_axis.minimum_scale, chart.category_axis.maximum_scale = axis.low, axis.high
    chart.category_axis.major_unit = axis.step
    chart.value_axis.minimum_scale, chart.value_axis.maximum_scale = 0.5, len(names) + 0.5
    chart.value_axis.has_major_gridlines = False
    chart.value_axis.visible = False
    for row, series in zip(rows, chart.plots[0].series, strict=True):
        _draw_row(drawer, row, series)
    return frame


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


def _draw_row(drawer: ChartDrawer, row: _Row, series: Any) -> None:
    if row.paint:
        series.format.line.fill.background()
        drawer.mark(series.marker, row.paint, size=10)
    else:
        series.marker.style = XL_MARKER_STYLE.NONE
    if row.line == "interval":
        series.format.line.width = Pt(2)
        drawer.colour(series.format.line.color, "muted")
    elif row.line == "reference":
        drawer.dash(series.format.line)
        _label(series, 1, row.title, XL_LABEL_POSITION.ABOVE, SMALL)
    elif not row.paint:
        series.format.line.fill.background()
    for n, (point, name) in enumerate(zip(row.points, row.names, strict=True)):
        if row.labels == "left":
            bold = name == printable(str(drawer.figure.highlight))
            _label(series, n, name, XL_LABEL_POSITION.LEFT, TEXT, bold=bold)
        elif row.labels == "above":
            value = point[0] / drawer.scale(drawer.figure.y)
            _label(series, n, drawer.write(drawer.figure.y, value), XL_LABEL_POSITION.ABOVE, SMALL)


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


def _label(series: Any, place: int, text: str, position: Any, size: float, *, bold: bool = False) -> None:
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


def _set_plot_area(chart: Any, *, left: float, top: float) -> None:
    """Keep room at the left for names, which labels don't ask for themselves."""
    area = chart._chartSpace.chart.plotArea
    layout = area.find("{*}layout")
    if layout is not None:
        area.remove(layout)
    sides = {"x": left, "y": top, "w": 0.97 - left, "h": 0.89 - top}
    places = "".join(f'<c:{side} val="{value:.4f}"/>' for side, value in sides.items())
    area.insert(
        0,
        parse_xml(
            f'<c:layout {NAMESPACES}><c:manualLayout><c:layoutTarget val="inner"/><c:xMode val="edge"/>'
            f'<c:yMode val="edge"/>{places}</c:manualLayout></c:layout>'
        ),
    )
