"""Native charts of points that two numbers place: bubbles, ellipses, lines between points."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_MARKER_STYLE
from pptx.util import Pt

from segutils.charts import marks
from segutils.charts.marks import Paint
from segutils.formats import label_column
from segutils.packs.measure import text_width
from segutils.packs.pptx_chart_base import SMALL, ChartDrawer
from segutils.packs.pptx_numbers import BubbleNumbers, XyNumbers
from segutils.packs.pptx_points import label_point
from segutils.packs.pptx_tables import printable

if TYPE_CHECKING:
    from pptx.shapes.placeholder import ChartPlaceholder

MAX_NAMED = 25
_CORNERS = 37  # of the line that draws an ellipse
_LARGEST = 40  # points across, of the largest bubble where bubbles are marks


def draw_scatter(drawer: ChartDrawer, placeholder: "ChartPlaceholder") -> Any:
    """Points, or bubbles where the figure has sizes, with their names beside them."""
    figure = drawer.figure
    data = figure.data[figure.data[[figure.x, figure.y]].notna().all(axis=1)].reset_index(drop=True)
    if figure.x_low or figure.connected:
        return _draw_lined(drawer, placeholder, data)
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


def _draw_lined(drawer: ChartDrawer, placeholder: "ChartPlaceholder", data: pd.DataFrame) -> Any:
    """A series per point or per line: bubbles are marks of that size, because bubble charts draw no lines."""
    figure = drawer.figure
    across, up = drawer.scale(figure.x), drawer.scale(figure.y)
    names = [str(name) for name in data[figure.series]] if figure.series else [""] * len(data)
    groups = list(dict.fromkeys(names))
    members = [data[np.array(names) == group] for group in groups]
    numbers = XyNumbers(number_format=drawer.code(figure.y))
    edges = [_find_edge(figure, rows) if figure.x_low else [] for rows in members]
    lines = [(group, edge) for group, edge in zip(groups, edges, strict=True) if len(edge)]
    for group, edge in lines:
        _add_series(numbers, f"{group}: interval", edge * [across, up])
    for group, rows in zip(groups, members, strict=True):
        _add_series(numbers, group, rows[[figure.x, figure.y]].to_numpy(dtype=float) * [across, up])
    frame = placeholder.insert_chart(XL_CHART_TYPE.XY_SCATTER, numbers)
    chart = frame.chart
    drawer.set_frame(chart, legend=False)
    drawer.set_value_axis(chart, shown=True, from_zero=False, title=figure.y)
    drawer.set_position_axis(chart, column=figure.x, title=True)
    single = Paint(face="primary", edge="primary", ink="primary-ink")
    paints = marks.choose_paints(figure, groups) if len(groups) < len(names) else [single] * len(groups)
    own = [marks.paint_category(figure, g, p, alone=True) for g, p in zip(groups, paints, strict=True)]
    drawn = list(chart.plots[0].series)
    for (group, _), series in zip(lines, drawn, strict=False):
        series.marker.style = XL_MARKER_STYLE.NONE
        series.format.line.width = Pt(1)
        drawer.colour(series.format.line.color, own[groups.index(group)].edge)
    largest = float(np.nanmax(data[figure.size])) if figure.size and len(data) else 1.0
    firsts = pd.DataFrame([rows.iloc[-1] for rows in members])
    shown = _free_names(drawer, groups, firsts)
    for n, (rows, series) in enumerate(zip(members, drawn[len(lines) :], strict=True)):
        joined = figure.connected and len(rows) > 1
        size = 9.0
        if figure.size:
            size = max(4.0, _LARGEST * np.sqrt(max(np.nan_to_num(rows[figure.size].iloc[0]), 0.0) / largest))
        drawer.mark(series.marker, own[n], size=3 if joined else round(size))
        if joined:
            series.format.line.width = Pt(2)
            drawer.colour(series.format.line.color, own[n].edge)
        else:
            series.format.line.fill.background()
        if n in shown and groups[n]:
            bold = groups[n] == figure.highlight
            label_point(series, len(rows) - 1, groups[n], XL_LABEL_POSITION.RIGHT, SMALL, bold=bold)
    return frame


def _find_edge(figure: Any, rows: pd.DataFrame) -> np.ndarray:
    """Corners of the ellipse as wide and as high as the first row's intervals; none where one is missing."""
    ends = rows[[figure.x_low, figure.x_high, figure.low, figure.high]].to_numpy(dtype=float)[0]
    if not np.isfinite(ends).all():
        return np.empty((0, 2))
    turn = np.linspace(0, 2 * np.pi, _CORNERS)
    left, right, bottom, top = ends
    return np.column_stack(
        [
            (left + right) / 2 + (right - left) / 2 * np.cos(turn),
            (bottom + top) / 2 + (top - bottom) / 2 * np.sin(turn),
        ]
    )


def _add_series(numbers: XyNumbers, name: str, points: np.ndarray) -> None:
    series = numbers.add_series(printable(name))
    numbers.names.append([printable(name)] * len(points))
    for x, y in points:
        series.add_data_point(float(x), float(y))


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
            label_point(series, n, name, XL_LABEL_POSITION.RIGHT, SMALL, bold=bold)


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
