"""One function per kind of figure: it draws marks and their labels on an empty axis, and nothing else."""

from collections.abc import Callable
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from segutils.charts import marks
from segutils.charts.colours import BELOW_STEPS, HEAT_STEPS
from segutils.charts.marks import SMALL, Grid, Paint, Style, put_text, width_of
from segutils.charts.points import draw_dots, draw_scatter
from segutils.findings import Figure
from segutils.formats import MISSING, format_value, label_column

MAX_MARKED_PERIODS = 24
MIN_COLUMNS = 5


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
    low, high = marks.value_range(grid, figure, from_zero=True)
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
        marks.resize(ax, 0.3 + max(columns * 0.33, slots * 0.21))
        room = (ax.figure.get_figheight() - 0.35) * 72 / slots
        texts = _write_values(figure, grid, style, np.inf)
        labelled = room >= SMALL
        widest = max((width_of(t, SMALL) for r in texts for t in r), default=0) / 72 + 0.1
        ax.set(xlim=(low - widest * (high - low) / 3.5 * (low < 0), high), ylim=(columns - 0.5, -0.5))
        marks.label_rows(ax, names, style, bold=figure.highlight)
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
    low, high = marks.value_range(grid, figure, from_zero=False)
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
    marks.resize(ax, max(ax.figure.get_figheight(), 0.6 + len(rows) * 0.19))
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
    marks.resize(ax, 0.3 + rows * 0.32 + 0.15 * max(len(head) for head in heads))
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    marks.label_rows(ax, grid.series, style, bold=figure.highlight)
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


DRAW: dict[str, Callable[[Axes, Figure, Style], None]] = {
    "bar": partial(_draw_bars, standing=False),
    "column": partial(_draw_bars, standing=True),
    "line": _draw_lines,
    "dot": draw_dots,
    "heatmap": _draw_heatmap,
    "scatter": draw_scatter,
}
