"""One function per kind of figure: it draws marks and their labels on an empty axis, and nothing else."""

from collections.abc import Callable
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from segutils.charts import marks
from segutils.charts.colours import BELOW_STEPS, HEAT_STEPS
from segutils.charts.marks import SMALL, Grid, Paint, Style, put_text, width_of
from segutils.findings import Figure
from segutils.formats import MISSING, format_value, label_column

MAX_NAMED_POINTS = 40
MAX_MARKED_PERIODS = 24
MIN_COLUMNS = 5


def _resize(ax: Axes, height: float) -> None:
    ax.figure.set_size_inches(ax.figure.get_figwidth(), min(height, 8.6))


def _label_rows(ax: Axes, texts: list[str], style: Style, *, bold: str | None) -> None:
    """Names left of the rows 0, 1, 2 …, wrapped, from top to bottom."""
    look = {"ha": "right", "va": "center", "shift": (-8, 0), "coordinates": ax.get_yaxis_transform()}
    for row, text in enumerate(texts):
        lines = marks.wrap(text, 30, max_lines=2)
        put_text(ax, lines, (0, row), colour=style["ink"], bold=text == bold, **look)


def _value_range(grid: Grid, figure: Figure, *, from_zero: bool) -> tuple[float, float]:
    """Lowest and highest value drawn: intervals, stacks and the reference included."""
    if figure.stacked:
        parts = [
            np.nansum(np.clip(grid.values, 0, None), axis=0),
            np.nansum(np.clip(grid.values, None, 0), axis=0),
        ]
    else:
        parts = [grid.starts.ravel(), grid.ends.ravel()]
    values = np.concatenate(parts)
    extra = [0.0] * from_zero + [figure.reference] * (figure.reference is not None)
    values = np.append(values[np.isfinite(values)], extra)
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    return (low, high) if high > low else (low, low + 1)


def _write_values(figure: Figure, grid: Grid, style: Style, room: float) -> list[list[str]]:
    """The values' labels; amounts go without their currency where it would not fit (the subtitle has it)."""
    texts = [[style.write(figure, figure.y, value) for value in row] for row in grid.values]
    if style.currency and max(width_of(text, SMALL) for row in texts for text in row) > room:
        fmt = figure.formats.get(figure.y, "text")
        return [[format_value(value, fmt) for value in row] for row in grid.values]
    return texts


def _draw_bars(ax: Axes, figure: Figure, style: Style, *, standing: bool) -> None:
    """Bars from zero, side by side or stacked, with their values at the end or, stacked, inside."""
    grid = marks.build_grid(figure)
    paints = marks.choose_paints(figure, grid.series)
    rows, columns = grid.values.shape
    low, high = _value_range(grid, figure, from_zero=True)
    slots = columns if figure.stacked else columns * rows
    names = [style.write(figure, figure.x, category) for category in grid.categories]
    if standing:
        spare = max(0.0, MIN_COLUMNS - columns) / 2  # few columns stay slim
        width = (ax.figure.get_figwidth() - 0.5) * columns / (columns + 2 * spare)
        marks.draw_positions(ax, range(columns), names, style, width=width)
        room = width * 72 / slots
        texts = _write_values(figure, grid, style, 0.66 * room - 3 if figure.stacked else room)
        labelled = max(width_of(text, SMALL) for row in texts for text in row) <= room
        ax.set(xlim=(-0.6 - spare, columns - 0.4 + spare), ylim=(low - 0.07 * (high - low) * (low < 0), high))
    else:
        _resize(ax, 0.3 + max(columns * 0.33, slots * 0.21))
        room = (ax.figure.get_figheight() - 0.35) * 72 / slots
        texts = _write_values(figure, grid, style, np.inf)
        labelled = room >= SMALL
        widest = max((width_of(t, SMALL) for r in texts for t in r), default=0) / 72 + 0.1
        ax.set(xlim=(low - widest * (high - low) / 3.5 * (low < 0), high), ylim=(columns - 0.5, -0.5))
        _label_rows(ax, names, style, bold=figure.highlight)
    thick = 0.66 if slots == columns else 0.84 / rows
    length = ax.figure.get_figheight() - 0.7 if standing else ax.figure.get_figwidth() - 2.3
    point = (high - low) / (length * 72)  # value of one point of length
    for i, j in np.ndindex(rows, columns):
        value, text, row = grid.values[i, j], texts[i][j], grid.series[i]
        alone = rows == 1 or (bool(figure.role) and figure.role.get(row, "actual") == "actual")
        look = marks.paint_category(figure, grid.categories[j], paints[i], alone=alone)
        at = j if slots == columns else j + (i - (rows - 1) / 2) * thick
        if figure.stacked:
            before = grid.values[:i, j]
            start = float(before[np.sign(before) == np.sign(value)].sum())
            _put_bar(ax, (start, value), at, thick, look, style, standing=standing)
            length, wide = abs(value) / point, width_of(text, SMALL) + 3
            if (length > SMALL * 1.4 and wide < room * thick) if standing else length > wide:
                place = (at, start + value / 2) if standing else (start + value / 2, at)
                put_text(ax, [text], place, ha="center", va="center", colour=style[look.ink], size=SMALL)
            continue
        _put_bar(ax, (0.0, value), at, thick * (0.92 if rows > 1 else 1), look, style, standing=standing)
        span, across = [grid.low[i, j], grid.high[i, j]], [at, at]
        if np.isfinite(span).all():
            line = (across, span) if standing else (span, across)
            ax.plot(*line, color=style["ink"], linewidth=1.2, solid_capstyle="butt", zorder=4)
        if np.isnan(value):
            _put_value(ax, MISSING, (0.0, at), style["muted"], standing=standing, below=False)
        elif labelled:
            end = float(grid.starts[i, j] if value < 0 else grid.ends[i, j])
            ground = style["paper"] if figure.reference is not None else None
            _put_value(
                ax, text, (end, at), style[look.text], standing=standing, below=value < 0, ground=ground
            )
    if not labelled and not figure.stacked:
        marks.draw_scale(ax, figure, figure.y, style, vertical=standing)
    (ax.axhline if standing else ax.axvline)(0, color=style["muted"], linewidth=0.9, zorder=5)
    if figure.series:
        marks.draw_legend(ax, grid.series, paints, style)
    marks.draw_reference(ax, figure, style, vertical=not standing)


def _put_bar(
    ax: Axes, span: tuple[float, float], at: float, thick: float, look: Paint, style: Style, *, standing: bool
) -> None:
    start, length = span
    if np.isnan(length):
        return
    corner, size = (start, at - thick / 2), (length, thick)
    if standing:
        corner, size = corner[::-1], size[::-1]
    edge, width = (look.edge, 1.1) if look.face == "paper" else ("paper", 0.6)
    colours = {"facecolor": style[look.face], "edgecolor": style[edge]}
    ax.add_artist(Rectangle(corner, *size, hatch=look.hatch, linewidth=width, zorder=2, **colours))


def _put_value(
    ax: Axes,
    text: str,
    place: tuple[float, float],
    colour: str,
    *,
    standing: bool,
    below: bool,
    ground: str | None = None,
) -> None:
    """A value at the free end of its bar: `place` is (end, position)."""
    if standing:
        look = {"ha": "center", "va": "top" if below else "bottom", "shift": (0, -4 if below else 3)}
        put_text(ax, [text], place[::-1], colour=colour, size=SMALL, ground=ground, **look)
    else:
        look = {"ha": "right" if below else "left", "va": "center", "shift": (-4 if below else 4, 0)}
        put_text(ax, [text], place, colour=colour, size=SMALL, ground=ground, **look)


def _draw_lines(ax: Axes, figure: Figure, style: Style) -> None:
    """Lines over numbers or periods, each named and valued at its right end; bands are intervals."""
    grid = marks.build_grid(figure)
    paints = marks.choose_paints(figure, grid.series)
    rows, columns = grid.values.shape
    numeric = all(isinstance(c, int | float) and not isinstance(c, bool) for c in grid.categories)
    positions = [float(c) for c in grid.categories] if numeric else [float(n) for n in range(columns)]
    low, high = _value_range(grid, figure, from_zero=False)
    low = 0.0 if 0 < low < 0.6 * high else low
    pad = 0.08 * (high - low)
    step = (positions[-1] - positions[0]) / max(columns - 1, 1) or 1.0
    ax.set(xlim=(positions[0] - 0.35 * step, positions[-1] + 0.35 * step))
    ax.set(ylim=(low - pad * (low != 0), high + pad))
    marks.draw_scale(ax, figure, figure.y, style, vertical=True)
    if numeric:
        ax.set_xlabel(label_column(figure.x), fontsize=SMALL, color=style["muted"])
    for i in range(rows):
        message = paints[i].face == "accent"
        colour, values, z = style[paints[i].edge], grid.values[i], 5 if message else 4
        if np.isfinite(grid.low[i]).any():
            ax.fill_between(
                positions, grid.low[i], grid.high[i], color=colour, alpha=0.14, linewidth=0, zorder=2
            )
        ax.plot(
            positions, values, paints[i].dashes, color=colour, linewidth=2.6 if message else 1.9, zorder=z
        )
        if columns <= MAX_MARKED_PERIODS:
            face = style["paper" if paints[i].face == "paper" else paints[i].edge]
            ax.plot(positions, values, "o", markersize=4, color=face, markeredgecolor=colour, zorder=z)
    if rows > 1:
        width = _label_ends(ax, figure, grid, paints, positions, style)
    else:
        width = ax.figure.get_figwidth() - 0.7
        _label_points(ax, figure, grid, positions, style)
    names = [style.write(figure, figure.x, category) for category in grid.categories]
    marks.draw_positions(ax, positions, names, style, width=width)
    if figure.reference is not None:
        # its label lies on the line: at the end where no series runs through it
        near = (grid.ends >= figure.reference) & (grid.ends < figure.reference + 0.15 * (high - low))
        at_right = bool(near[:, :2].any() and not near[:, -2:].any())
        marks.draw_reference(ax, figure, style, vertical=False, at_right=at_right)


def _label_ends(
    ax: Axes, figure: Figure, grid: Grid, paints: list[Paint], positions: list[float], style: Style
) -> float:
    """Name and last value right of each line, moved apart; returns the room left for the axis, in inches."""
    rows = [i for i in range(len(grid.series)) if np.isfinite(grid.values[i]).any()]
    last = [int(np.flatnonzero(np.isfinite(grid.values[i]))[-1]) for i in rows]
    ends = [float(grid.values[i, j]) for i, j in zip(rows, last, strict=True)]
    texts = [
        f"{grid.series[i]}  {style.write(figure, figure.y, end)}" for i, end in zip(rows, ends, strict=True)
    ]
    _resize(ax, max(ax.figure.get_figheight(), 0.6 + len(rows) * 0.19))
    bottom, top = ax.get_ylim()
    spots = marks.spread(ends, SMALL * 1.4 / (ax.figure.get_figheight() - 0.6) / 72 * (top - bottom))
    left, right = ax.get_xlim()
    right += 0.03 * (right - left)
    ax.set_xlim(left, right)
    for i, j, end, spot, text in zip(rows, last, ends, spots, texts, strict=True):
        message = paints[i].face == "accent"
        colour = style["accent-text" if message else "ink"]
        ax.plot([positions[j], right], [end, spot], color=style[paints[i].edge], linewidth=0.7, clip_on=False)
        look = {"ha": "left", "va": "center", "shift": (4, 0), "bold": message}
        put_text(ax, [text], (right, spot), colour=colour, size=SMALL, **look)
    return ax.figure.get_figwidth() - 0.9 - max((width_of(text, SMALL) for text in texts), default=0) / 72


def _label_points(ax: Axes, figure: Figure, grid: Grid, positions: list[float], style: Style) -> None:
    """Values at the points of a single line: all where they fit, else the highlighted, first and last."""
    values, room = grid.values[0], (ax.figure.get_figwidth() - 0.9) * 72 / len(positions)
    texts = _write_values(figure, grid, style, room)[0]
    known = np.flatnonzero(np.isfinite(values))
    fits = max(width_of(text, SMALL) for text in texts) < room
    for j in known:
        special = str(grid.categories[j]) == figure.highlight
        if not (fits or special or j in (known[0], known[-1])):
            continue
        if special:
            ax.plot([positions[j]], [values[j]], "o", markersize=8, color=style["accent"], zorder=8)
        beside = [values[n] for n in (j - 1, j + 1) if 0 <= n < len(values) and np.isfinite(values[n])]
        above = not beside or values[j] >= np.mean(beside) - 1e-12
        place = {"va": "bottom" if above else "top", "shift": (0, 6 if above else -6), "bold": special}
        colour = style["accent-text" if special else "ink"]
        put_text(ax, [texts[j]], (positions[j], values[j]), ha="center", colour=colour, size=SMALL, **place)


def _draw_dots(ax: Axes, figure: Figure, style: Style) -> None:
    """A point and its interval per category and series; a single series has its values at the right."""
    grid = marks.build_grid(figure)
    paints = marks.choose_paints(figure, grid.series)
    rows, columns = grid.values.shape
    low, high = _value_range(grid, figure, from_zero=False)
    low = 0.0 if 0 < low < 0.5 * high else low
    pad = 0.03 * (high - low)
    _resize(ax, 0.55 + columns * max(0.33, 0.17 * rows))
    ax.set(xlim=(low - pad, high + pad), ylim=(columns - 0.5, -0.5))
    marks.draw_scale(ax, figure, figure.y, style, vertical=False)
    _label_rows(ax, [style.write(figure, figure.x, c) for c in grid.categories], style, bold=figure.highlight)
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


def _draw_heatmap(ax: Axes, figure: Figure, style: Style) -> None:
    """Series by category as shaded cells with their values; two-sided around zero or the reference."""
    grid = marks.build_grid(figure)
    rows, columns = grid.values.shape
    known = grid.values[np.isfinite(grid.values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    two_sided = figure.reference is not None or low < 0 < high
    middle = (figure.reference or 0.0) if two_sided else low
    reach = max(high - middle, middle - low) or 1.0
    room = (ax.figure.get_figwidth() - 1.6) * 72 / columns
    names = [style.write(figure, figure.x, category) for category in grid.categories]
    heads = [marks.wrap(name, room / (SMALL * marks.CHARACTER)) for name in names]
    _resize(ax, 0.3 + rows * 0.32 + 0.15 * max(len(head) for head in heads))
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    _label_rows(ax, grid.series, style, bold=figure.highlight)
    place = {"ha": "center", "va": "bottom", "shift": (0, 4), "coordinates": ax.get_xaxis_transform()}
    for j, head in enumerate(heads):
        bold = str(grid.categories[j]) == figure.highlight
        put_text(ax, head, (j, 1), colour=style["ink"], size=SMALL, bold=bold, **place)
    texts = _write_values(figure, grid, style, room)
    labelled = max(width_of(text, SMALL) for row in texts for text in row) < room
    for i, j in np.ndindex(rows, columns):
        token = _heat_token((grid.values[i, j] - middle) / reach)
        colours = {"facecolor": style[token], "edgecolor": style["paper"]}
        ax.add_artist(Rectangle((j - 0.5, i - 0.5), 1, 1, linewidth=1.5, **colours))
        if labelled:
            colour = style["muted" if token == "paper" else f"{token}-ink"]
            put_text(ax, [texts[i][j]], (j, i), ha="center", va="center", colour=colour, size=SMALL)
    for n, name in enumerate([*grid.series, *map(str, grid.categories)]):
        if name == figure.highlight:
            corner, size = (
                ((-0.5, n - 0.5), (columns, 1)) if n < rows else ((n - rows - 0.5, -0.5), (1, rows))
            )
            look = {"fill": False, "edgecolor": style["accent"], "linewidth": 2, "clip_on": False}
            ax.add_artist(Rectangle(corner, *size, zorder=6, **look))


def _heat_token(share: float) -> str:
    if np.isnan(share):
        return "paper"
    if share < 0:
        return f"below-{min(BELOW_STEPS, 1 + int(-share * BELOW_STEPS))}"
    return f"heat-{min(HEAT_STEPS - 1, int(share * HEAT_STEPS))}"


def _draw_scatter(ax: Axes, figure: Figure, style: Style) -> None:
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
    _resize(ax, 1.28 * ax.figure.get_figheight())  # names stand between the points
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
    if figure.low and figure.high:
        ax.vlines(
            points[:, 0], data[figure.low], data[figure.high], colors=style["muted"], linewidth=1.2, zorder=2
        )
    owner = np.array([groups.index(name) for name in names], dtype=int)
    if figure.size:
        order = np.argsort(-areas, kind="stable")  # small bubbles on top of large ones
        faces = [style[paints[owner[n]].face] for n in order]
        look = {"edgecolors": style["paper"], "linewidth": 0.8, "alpha": 0.88, "zorder": 3}
        ax.scatter(*points[order].T, s=areas[order], c=faces or None, **look)
    else:
        for n, paint in enumerate(paints):
            look = {"markersize": areas[:1].max(initial=1) ** 0.5, "color": style[paint.face], "alpha": 0.88}
            ax.plot(*points[owner == n].T, "o", markeredgecolor=style["paper"], markeredgewidth=0.6, **look)
    if grouped:
        marks.draw_legend(ax, groups, paints, style)
    elif figure.series and len(points):
        _name_points(ax, figure, style, points, areas, names.tolist())
    marks.draw_reference(ax, figure, style, vertical=False)


def _name_points(
    ax: Axes, figure: Figure, style: Style, points: np.ndarray, areas: np.ndarray, names: list[str]
) -> None:
    """Names right, left, above or below their bubble: the first free place, the highlighted name first."""
    ax.autoscale_view()
    low, high = np.array([ax.get_xlim(), ax.get_ylim()]).T
    canvas = (ax.figure.get_size_inches() - [0.9, 0.6]) * 72
    spots, radii, tall = (points - low) / (high - low) * canvas, np.sqrt(areas / np.pi), SMALL * 1.1
    taken = [(x - r, y - r, x + r, y + r) for (x, y), r in zip(spots, radii, strict=True)]
    order = sorted(range(len(names)), key=lambda n: (names[n] != figure.highlight, -areas[n]))
    for n in order if len(names) <= MAX_NAMED_POINTS else order[:1]:
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


DRAW: dict[str, Callable[[Axes, Figure, Style], None]] = {
    "bar": partial(_draw_bars, standing=False),
    "column": partial(_draw_bars, standing=True),
    "line": _draw_lines,
    "dot": _draw_dots,
    "heatmap": _draw_heatmap,
    "scatter": _draw_scatter,
}
