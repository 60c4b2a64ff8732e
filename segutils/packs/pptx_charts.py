"""Native, editable charts from a figure's numbers: the drawings' notation, in PowerPoint's own charts."""

from typing import TYPE_CHECKING, Any

import numpy as np
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_MARKER_STYLE
from pptx.enum.dml import MSO_LINE
from pptx.util import Pt

from segutils.charts import marks
from segutils.charts.marks import Paint
from segutils.findings import Figure
from segutils.packs.measure import text_width
from segutils.packs.pptx_chart_base import SMALL, ChartDrawer, ChartStyle
from segutils.packs.pptx_numbers import add_error_bars
from segutils.packs.pptx_points import draw_dots
from segutils.packs.pptx_scatter import draw_scatter
from segutils.packs.pptx_tables import Box, printable

if TYPE_CHECKING:
    from pptx.shapes.placeholder import ChartPlaceholder

MAX_LABELLED = 14


def draw_chart(placeholder: "ChartPlaceholder", figure: Figure, box: Box, style: ChartStyle) -> Any:
    """Put a figure into a slide's chart placeholder; returns its graphic frame."""
    drawer = ChartDrawer(figure, box, style)
    frame = _KINDS[figure.kind](drawer, placeholder)
    frame.left, frame.top, frame.width, frame.height = (
        Pt(value) for value in (box.x, box.y, box.width, box.height)
    )
    properties = frame._element.nvGraphicFramePr.cNvPr
    properties.set("name", "Chart")
    properties.set("descr", printable(figure.alt))
    return frame


def _draw_bars(drawer: ChartDrawer, placeholder: "ChartPlaceholder") -> Any:
    figure = drawer.figure
    grid = marks.build_grid(figure)
    standing, stacked = figure.kind == "column", figure.stacked
    kinds = {
        (True, False): XL_CHART_TYPE.COLUMN_CLUSTERED,
        (True, True): XL_CHART_TYPE.COLUMN_STACKED,
        (False, False): XL_CHART_TYPE.BAR_CLUSTERED,
        (False, True): XL_CHART_TYPE.BAR_STACKED,
    }
    numbers = drawer.category_numbers(grid)
    frame = placeholder.insert_chart(kinds[standing, stacked], numbers)
    chart = frame.chart
    drawer.set_frame(chart, legend=bool(figure.series))
    plot = chart.plots[0]
    plot.vary_by_categories = False
    plot.gap_width = 45 if len(grid.series) > 1 and not stacked else 55
    plot.overlap = 100 if stacked else 0
    labelled = _labels_fit(drawer, grid, standing=standing)
    drawer.set_category_axis(chart, reverse=not standing)
    drawer.set_value_axis(chart, shown=not labelled, from_zero=True)
    for i, (series, paint) in enumerate(
        zip(plot.series, marks.choose_paints(figure, grid.series), strict=True)
    ):
        alone = len(grid.series) == 1 or (bool(figure.role) and paint.face == "primary")
        drawer.fill(series.format, paint)
        series.invert_if_negative = False
        for j, category in enumerate(grid.categories):
            own = marks.paint_category(figure, category, paint, alone=alone)
            if own != paint:
                drawer.fill(series.points[j].format, own)
        if labelled:
            _label_bars(drawer, series, grid, i, paint)
        add_error_bars(series, numbers, i, colour="tx1", width=1)
    return frame


def _label_bars(drawer: ChartDrawer, series: Any, grid: marks.Grid, i: int, paint: Paint) -> None:
    labels = series.data_labels
    drawer.set_labels(labels, drawer.figure.y)
    if not drawer.figure.stacked:
        labels.position = XL_LABEL_POSITION.OUTSIDE_END
        return
    labels.position = XL_LABEL_POSITION.CENTER
    drawer.colour(labels.font.color, paint.ink)
    reach = float(np.nansum(np.abs(grid.values), axis=0).max() or 1)
    room = 0.75 * (drawer.box.height if drawer.figure.kind == "column" else drawer.box.width * 0.7)
    for j, value in enumerate(grid.values[i]):
        text = drawer.write(drawer.figure.y, value)
        needed = SMALL * 1.3 if drawer.figure.kind == "column" else text_width(text, SMALL) + 4
        if np.isfinite(value) and abs(value) / reach * room < needed:
            label = labels._element.get_or_add_dLbl_for_point(j)
            _delete_label(label)


def _labels_fit(drawer: ChartDrawer, grid: marks.Grid, *, standing: bool) -> bool:
    """Every bar carries its value where there is room for it; else the chart has a value axis."""
    rows, columns = grid.values.shape
    slots = columns * (1 if drawer.figure.stacked else rows)
    if not standing:
        return (drawer.box.height - 30) / max(slots, 1) >= SMALL * 1.15
    texts = [drawer.write(drawer.figure.y, value) for value in grid.values.ravel()]
    widest = max((text_width(text, SMALL) for text in texts), default=0)
    return widest <= (drawer.box.width - 20) / max(slots, 1) * (0.72 if drawer.figure.stacked else 0.95)


def _draw_lines(drawer: ChartDrawer, placeholder: "ChartPlaceholder") -> Any:
    """Lines with markers and intervals; the reference is a dashed series."""
    figure = drawer.figure
    grid = marks.build_grid(figure)
    numbers = drawer.category_numbers(grid)
    if figure.reference is not None:
        reference = figure.reference * drawer.scale(figure.y)
        numbers.add_series(drawer.write_reference(), [reference] * len(grid.categories))
    frame = placeholder.insert_chart(XL_CHART_TYPE.LINE_MARKERS, numbers)
    chart = frame.chart
    drawer.set_frame(chart, legend=bool(figure.series) or figure.reference is not None)
    drawer.set_category_axis(chart, reverse=False)
    drawer.set_value_axis(chart, shown=True, from_zero=False)
    paints = marks.choose_paints(figure, grid.series)
    alone = len(grid.series) == 1
    apart = _ends_lie_apart(grid)
    for i, (series, paint) in enumerate(zip(chart.plots[0].series, paints, strict=False)):
        series.smooth = False
        series.format.line.width = Pt(2.25)
        drawer.colour(series.format.line.color, paint.edge)
        if paint.dashes != "-":
            series.format.line.dash_style = MSO_LINE.DASH
        drawer.mark(series.marker, paint, size=6)
        for j, category in enumerate(grid.categories):
            own = marks.paint_category(figure, category, paint, alone=alone)
            if own.face == "accent" and own != paint:
                drawer.mark(series.points[j].marker, own, size=9)
        if alone and len(grid.categories) <= MAX_LABELLED:
            drawer.set_labels(series.data_labels, figure.y)
            series.data_labels.position = XL_LABEL_POSITION.ABOVE
        elif apart or figure.highlight == grid.series[i]:
            _label_last(drawer, series, grid.values[i])
        add_error_bars(series, numbers, i, colour="tx2", width=1)
    if figure.reference is not None:
        line = chart.plots[0].series[len(grid.series)]
        line.smooth = False
        line.marker.style = XL_MARKER_STYLE.NONE
        drawer.dash(line.format.line)
    return frame


def _ends_lie_apart(grid: marks.Grid) -> bool:
    """Do the lines end so far from each other that each can carry its last value?"""
    ends = [values[np.isfinite(values)][-1] for values in grid.values if np.isfinite(values).any()]
    known = grid.values[np.isfinite(grid.values)]
    reach = float(np.ptp(known)) if len(known) else 0.0
    return len(ends) < 2 or bool(np.diff(np.sort(ends)).min() > 0.06 * reach)


def _label_last(drawer: ChartDrawer, series: Any, values: np.ndarray) -> None:
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return
    last = int(known[-1])
    label = series.points[last].data_label
    label.position = XL_LABEL_POSITION.RIGHT
    frame = label.text_frame
    frame.text = drawer.write(drawer.figure.y, values[last])
    frame.paragraphs[0].runs[0].font.size = Pt(SMALL)


def _delete_label(label: Any) -> None:
    from pptx.oxml import parse_xml

    for child in list(label)[1:]:  # the first child is the point's index
        label.remove(child)
    namespace = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
    label.append(parse_xml(f'<c:delete {namespace} val="1"/>'))


_KINDS = {
    "bar": _draw_bars,
    "column": _draw_bars,
    "line": _draw_lines,
    "dot": draw_dots,
    "scatter": draw_scatter,
}
