"""Points: one and its interval per category, or one where two numbers put it; marks and labels only."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse

from segutils.charts import marks
from segutils.charts.marks import SMALL, Paint, Style, put_text, width_of
from segutils.findings import Figure
from segutils.formats import label_column

MAX_NAMED_POINTS = 40


def draw_dots(ax: Axes, figure: Figure, style: Style) -> None:
    """A point and its interval per category and series; a single series has its values at the right."""
    grid = marks.build_grid(figure)
    paints = marks.choose_paints(figure, grid.series)
    rows, columns = grid.values.shape
    low, high = marks.value_range(grid, figure, from_zero=False)
    low = 0.0 if 0 < low < 0.5 * high else low
    pad = 0.03 * (high - low)
    marks.resize(ax, 0.55 + columns * max(0.33, 0.17 * rows))
    ax.set(xlim=(low - pad, high + pad), ylim=(columns - 0.5, -0.5))
    marks.draw_scale(ax, figure, figure.y, style, vertical=False)
    marks.label_rows(
        ax, [style.write(figure, figure.x, c) for c in grid.categories], style, bold=figure.highlight
    )
    column = {"ha": "left", "va": "center", "shift": (8, 0), "coordinates": ax.get_yaxis_transform()}
    for i, j in np.ndindex(rows, columns):
        look = marks.paint_category(figure, grid.categories[j], paints[i], alone=rows == 1)
        colour, at = style[look.edge], j + (i - (rows - 1) / 2) * 0.74 / rows
        value, span = grid.values[i, j], [grid.low[i, j], grid.high[i, j]]
        if np.isfinite(span).all():
            ax.plot(span, [at, at], color=colour, linewidth=2.4, alpha=0.55, solid_capstyle="butt", zorder=3)
        face = style["paper"] if look.face == "paper" else colour
        ax.plot([value], [at], "o", markersize=6.5, color=face, markeredgecolor=colour, zorder=4)
        if rows == 1:
            text = style.write(figure, figure.y, value)
            put_text(ax, [text], (1, at), size=SMALL, colour=style[look.text], **column)
    if figure.series:
        marks.draw_legend(ax, grid.series, paints, style)
    marks.draw_reference(ax, figure, style, vertical=True)


def draw_scatter(ax: Axes, figure: Figure, style: Style) -> None:
    """Points or bubbles with their names beside them; a name that would touch another is left out."""
    data = figure.data[figure.data[[figure.x, figure.y]].notna().all(axis=1)]
    points = data[[figure.x, figure.y]].to_numpy(dtype=float)
    names = np.array([str(name) for name in data[figure.series]] if figure.series else [""] * len(data))
    groups = list(dict.fromkeys(names))
    grouped = figure.series is not None and len(groups) < len(names)
    areas = np.full(len(points), 34.0 if len(points) <= MAX_NAMED_POINTS else 14.0)
    if figure.size:
        sizes = np.nan_to_num(data[figure.size].to_numpy(dtype=float))
        areas = 20 + 780 * sizes / max(float(sizes.max(initial=0)), 1e-300)
    marks.resize(ax, 1.28 * ax.figure.get_figheight())  # names stand between the points
    for column, vertical in ((figure.x, False), (figure.y, True)):
        unit = {"money": style.currency, "days": "days"}.get(figure.formats.get(column, "").split(":")[0], "")
        title = ", ".join(part for part in (label_column(column), unit) if part)
        marks.draw_scale(ax, figure, column, style, vertical=vertical, title=title)
    ax.margins(0.12)
    if grouped:
        paints = marks.choose_paints(figure, groups)
    else:
        single = Paint(face="primary", edge="primary", ink="primary-ink")
        paints = [marks.paint_category(figure, name, single, alone=True) for name in groups]
    owner = np.array([groups.index(name) for name in names], dtype=int)
    if figure.x_low and figure.x_high:
        _draw_ellipses(ax, figure, data, [style[paints[n].edge] for n in owner])
    elif figure.low and figure.high:
        ax.vlines(
            points[:, 0], data[figure.low], data[figure.high], colors=style["muted"], linewidth=1.2, zorder=2
        )
    if figure.size:
        order = np.argsort(-areas, kind="stable")  # small bubbles on top of large ones
        faces = [style[paints[owner[n]].face] for n in order]
        look = {"edgecolors": style["paper"], "linewidth": 0.8, "alpha": 0.88, "zorder": 3}
        ax.scatter(*points[order].T, s=areas[order], c=faces or None, **look)
    else:
        for n, paint in enumerate(paints):
            line = {"linestyle": "-" if figure.connected else "none", "linewidth": 1.9}
            look = {"markersize": areas[:1].max(initial=1) ** 0.5, "color": style[paint.face], "alpha": 0.88}
            if figure.connected and (owner == n).sum() > 1:
                look["markersize"] = 2.5  # the line tells, the points of other series lie on it
            elif figure.connected:
                look |= {"markersize": 9, "zorder": 5}
            ax.plot(*points[owner == n].T, "o", markeredgecolor=style["paper"], **line, **look)
    if grouped and not figure.connected:
        marks.draw_legend(ax, groups, paints, style)
    elif figure.series and len(points):
        last = [int(np.flatnonzero(owner == n)[-1]) for n in range(len(groups))]  # one name per line
        shown = last if figure.connected else list(range(len(points)))
        _name_points(ax, figure, style, points, areas, names, shown)
    marks.draw_reference(ax, figure, style, vertical=False)


def _draw_ellipses(ax: Axes, figure: Figure, data: pd.DataFrame, colours: Sequence[str]) -> None:
    """What is not sure, in both directions at once: an ellipse as wide and as high as the intervals."""
    ends = data[[figure.x_low, figure.x_high, figure.low, figure.high]].to_numpy(dtype=float)
    for (left, right, bottom, top), colour in zip(ends, colours, strict=True):
        if np.isfinite([left, right, bottom, top]).all():
            centre, size = ((left + right) / 2, (bottom + top) / 2), (right - left, top - bottom)
            ax.add_patch(Ellipse(centre, *size, facecolor=colour, alpha=0.14, linewidth=0, zorder=2))
            ax.add_patch(Ellipse(centre, *size, fill=False, edgecolor=colour, linewidth=0.9, zorder=2))
            ax.update_datalim([(left, bottom), (right, top)])


def _name_points(
    ax: Axes,
    figure: Figure,
    style: Style,
    points: np.ndarray,
    areas: np.ndarray,
    names: np.ndarray,
    shown: Sequence[int],
) -> None:
    """Names right, left, above or below their bubble: the first free place, the highlighted name first."""
    ax.autoscale_view()
    low, high = np.array([ax.get_xlim(), ax.get_ylim()]).T
    canvas = (ax.figure.get_size_inches() - [0.9, 0.6]) * 72
    spots, radii, tall = (points - low) / (high - low) * canvas, np.sqrt(areas / np.pi), SMALL * 1.1
    if figure.connected:  # a line's own points are small, but no name lies on them
        radii = np.where(np.isin(np.arange(len(points)), shown), radii, 1.0)
    taken = [(x - r, y - r, x + r, y + r) for (x, y), r in zip(spots, radii, strict=True)]
    order = sorted(shown, key=lambda n: (names[n] != figure.highlight, -areas[n]))
    for n in order if len(names) <= MAX_NAMED_POINTS or figure.connected else order[:1]:
        (x, y), r, wide = spots[n], radii[n] + 3, width_of(names[n], SMALL)
        sides = [
            ("left", "center", (r, 0), (x + r, y - tall / 2, x + r + wide, y + tall / 2)),
            ("right", "center", (-r, 0), (x - r - wide, y - tall / 2, x - r, y + tall / 2)),
            ("center", "bottom", (0, r), (x - wide / 2, y + r, x + wide / 2, y + r + tall)),
            ("center", "top", (0, -r), (x - wide / 2, y - r - tall, x + wide / 2, y - r)),
            ("left", "bottom", (-r, r), (x - r, y + r, x - r + wide, y + r + tall)),
            ("left", "top", (-r, -r), (x - r, y - r - tall, x - r + wide, y - r)),
        ]
        others = [box for m, box in enumerate(taken) if m != n]
        special = names[n] == figure.highlight
        free = [side for side in sides if side[3][0] >= 0 and not any(_touch(side[3], box) for box in others)]
        if free or special:
            ha, va, shift, box = (free or sides)[0]
            taken.append(box)
            look = {"ha": ha, "va": va, "shift": shift, "bold": special}
            colour = style["accent-text" if special else "ink"]
            put_text(ax, [names[n]], tuple(points[n]), colour=colour, size=SMALL, **look)


def _touch(box: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
