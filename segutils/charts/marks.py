"""What every drawing is made of: numbers as a grid, a look per series, labels that stay put, quiet axes.

Notation is IBCS throughout: actual solid, previous lighter, plan outlined, forecast hatched.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from segutils.charts import colours
from segutils.findings import Figure
from segutils.formats import format_value, is_missing, split_format

WIDTH, HEIGHT = 7.0, 3.2  # inches: on 16 cm of paper the text keeps 8 points
TEXT = 9.0
SMALL = 8.2
CHARACTER = 0.58  # mean width of a character of DejaVu Sans, in its size
LINE = 1.22


@dataclass(frozen=True, kw_only=True)
class Style:
    """Colour per token (values, or placeholders for a page's variables) and the currency of amounts."""

    tokens: Mapping[str, str]
    currency: str

    def __getitem__(self, token: str) -> str:
        return self.tokens[token]

    def write(self, figure: Figure, column: str, value: Any) -> str:
        """A value as every pack writes it."""
        return format_value(value, figure.formats.get(column, "text"), currency=self.currency)


@dataclass(frozen=True, kw_only=True)
class Paint:
    """How one series looks, as tokens: face, edge, ink on the face, ink beside it, hatch and dashes."""

    face: str
    edge: str
    ink: str
    text: str = "ink"
    hatch: str = ""
    dashes: str = "-"


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A figure's numbers as matrices of series by category; NaN where there is no value."""

    categories: list[Any]
    series: list[str]
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def ends(self) -> np.ndarray:
        """The upper end of each mark, its interval included."""
        return np.where(np.isnan(self.high), self.values, np.fmax(self.values, self.high))

    @property
    def starts(self) -> np.ndarray:
        """The lower end of each mark, its interval included."""
        return np.where(np.isnan(self.low), self.values, np.fmin(self.values, self.low))


def build_grid(figure: Figure) -> Grid:
    """Series by category, each in the order in which the data names them first."""
    data = figure.data
    places = data[figure.x].tolist()
    names = data[figure.series].astype(str).tolist() if figure.series else [""] * len(data)
    categories, series = list(dict.fromkeys(places)), list(dict.fromkeys(names))
    at = ([series.index(name) for name in names], [categories.index(place) for place in places])
    grids = {}
    for part, column in (("values", figure.y), ("low", figure.low), ("high", figure.high)):
        grids[part] = np.full((len(series), len(categories)), np.nan)
        if column:
            grids[part][at] = [
                np.nan if is_missing(value) else float(value) for value in data[column].tolist()
            ]
    return Grid(categories=categories, series=series, **grids)


def choose_paints(figure: Figure, series: Sequence[str]) -> list[Paint]:
    """The look of each series: its scenario where one is declared, else the accent or a hue of its own."""
    highlighted = figure.highlight in series and len(series) > 1
    paints = []
    for i, name in enumerate(series):
        if name == figure.highlight and highlighted:
            base = "accent"
        elif highlighted:
            base = f"faded-{i % 4 + 1}" if figure.kind in ("bar", "column") else "faded-1"
        else:
            base = "primary" if figure.role or len(series) == 1 else f"series-{i % colours.MAX_SERIES + 1}"
        text = "accent-text" if base == "accent" else "ink"
        match figure.role.get(name, "actual"):
            case "previous":
                paints.append(Paint(face="previous", edge="previous", ink="previous-ink", text="muted"))
            case "plan":
                paints.append(Paint(face="paper", edge=base, ink="ink", text=text, dashes="--"))
            case "forecast":
                paints.append(Paint(face="paper", edge=base, ink="ink", text=text, hatch="/////", dashes=":"))
            case _:
                paints.append(Paint(face=base, edge=base, ink=f"{base}-ink", text=text))
    return paints


def paint_category(figure: Figure, category: Any, paint: Paint, *, alone: bool) -> Paint:
    """A single series takes the accent at the highlighted category and steps back at the others.

    Beside other scenarios (plan, forecast) it keeps its colour elsewhere, so that the notation can be read.
    """
    if not alone or figure.highlight is None:
        return paint
    if str(category) == figure.highlight:
        return Paint(face="accent", edge="accent", ink="accent-ink", text="accent-text")
    return paint if figure.role else Paint(face="faded-1", edge="faded-1", ink="faded-1-ink")


def wrap(text: str, characters: float, *, max_lines: int = 3) -> list[str]:
    """A label in lines of about so many characters, the last one cut with an ellipsis where it must be."""
    lines = textwrap.wrap(str(text), max(5, int(characters)), max_lines=max_lines, placeholder="…")
    return lines or [""]


def width_of(text: str, size: float = TEXT) -> float:
    """About how many points wide a text is."""
    return len(text) * size * CHARACTER


def put_text(
    ax: Axes,
    lines: Sequence[str],
    at: tuple[float, float],
    *,
    ha: str,
    va: str,
    colour: str,
    shift: tuple[float, float] = (0, 0),
    size: float = TEXT,
    bold: bool = False,
    coordinates: str | Any = "data",
    ground: str | None = None,
) -> None:
    """Lines of text, each an element of its own: so they stay aligned in a browser's narrower font.

    `at` is a place in `coordinates`, `shift` is in points; `ground` paints the paper under the text.
    """
    weight, height = "bold" if bold else "normal", size * LINE
    aligned = "center_baseline" if va == "center" else va
    box = {"facecolor": ground, "edgecolor": "none", "pad": 0.8} if ground else None
    if len(lines) == 1 and shift == (0, 0) and coordinates == "data":
        look = {"color": colour, "fontsize": size, "fontweight": weight, "bbox": box, "in_layout": False}
        ax.text(*at, lines[0], ha=ha, va=aligned, **look)
        return
    first = {"center": (len(lines) - 1) / 2, "top": 0, "bottom": len(lines) - 1}[va] * height
    for i, line in enumerate(lines):
        ax.annotate(
            line,
            at,
            (shift[0], shift[1] + first - i * height),
            xycoords=coordinates,
            textcoords="offset points",
            ha=ha,
            va=aligned,
            color=colour,
            fontsize=size,
            fontweight=weight,
            bbox=box,
            zorder=6 if ground else 3,
            annotation_clip=False,
        )


def resize(ax: Axes, height: float) -> None:
    """Make the drawing as high as its rows need, in inches, and no page higher."""
    ax.figure.set_size_inches(ax.figure.get_figwidth(), min(height, 8.6))


def label_rows(ax: Axes, texts: list[str], style: Style, *, bold: str | None) -> None:
    """Names left of the rows 0, 1, 2 …, wrapped, from top to bottom."""
    look = {"ha": "right", "va": "center", "shift": (-8, 0), "coordinates": ax.get_yaxis_transform()}
    for row, text in enumerate(texts):
        lines = wrap(text, 30, max_lines=2)
        put_text(ax, lines, (0, row), colour=style["ink"], bold=text == bold, **look)


def value_range(grid: Grid, figure: Figure, *, from_zero: bool) -> tuple[float, float]:
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


def clear_axes(ax: Axes) -> None:
    """No frame, no ticks: what is needed is drawn on purpose."""
    ax.set_frame_on(False)
    ax.tick_params(length=0)
    ax.set_xticks([])
    ax.set_yticks([])


def draw_scale(
    ax: Axes, figure: Figure, column: str, style: Style, *, vertical: bool, title: str = ""
) -> None:
    """A quiet value axis: at most six labelled lines, no spine."""
    axis = ax.yaxis if vertical else ax.xaxis
    axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(_ScaleText(figure.formats.get(column, "number"))))
    axis.grid(True, color=style["grid"], linewidth=0.7)
    ax.set_axisbelow(True)
    ax.tick_params(axis="y" if vertical else "x", length=0, labelsize=SMALL, labelcolor=style["muted"], pad=4)
    if title:
        axis.set_label_text(title, fontsize=SMALL, color=style["muted"])


class _ScaleText:
    """Tick texts with as few decimals as they need, and without the currency (the subtitle has it)."""

    def __init__(self, fmt: str) -> None:
        self.kind = split_format(fmt)[0]

    def __call__(self, value: float, _position: int | None) -> str:
        kind = "number" if self.kind in ("money", "count", "text", "days", "date", "flag") else self.kind
        shown = value * 100 if kind in ("share", "points", "change") else value
        decimals = next((d for d in range(6) if abs(round(shown, d) - shown) < 1e-9 * max(1, abs(shown))), 6)
        return format_value(value, f"{kind}:{decimals}")


def draw_positions(
    ax: Axes, positions: Sequence[float], texts: Sequence[str], style: Style, *, width: float
) -> None:
    """Labelled positions on the horizontal axis (`width` inches): wrapped, else turned, else thinned out."""
    room = width * 72 / max(len(positions), 1)
    longest = max((len(word) for text in texts for word in text.split()), default=1) * SMALL * CHARACTER
    shown, turned = list(range(len(positions))), False
    if longest > room:
        turned = len(positions) <= 16
        if not turned:
            every = int(np.ceil(longest * 1.15 / room))
            shown, room = shown[::every], room * every
    ax.xaxis.set_major_locator(FixedLocator([positions[i] for i in shown]))
    labels = [texts[i] if turned else "\n".join(wrap(texts[i], room / (SMALL * CHARACTER))) for i in shown]
    turn = {"rotation": 38, "ha": "right", "rotation_mode": "anchor"} if turned else {}
    ax.set_xticklabels([wrap(text, 28, max_lines=1)[0] if turned else text for text in labels], **turn)
    ax.tick_params(axis="x", length=0, labelsize=SMALL, labelcolor=style["ink"], pad=5)


def draw_legend(ax: Axes, names: Sequence[str], paints: Sequence[Paint], style: Style) -> None:
    """Series named above the drawing, from the left, in the order in which they are drawn."""
    patches = [
        Patch(facecolor=style[p.face], edgecolor=style[p.edge], hatch=p.hatch, linewidth=1, label=name)
        for name, p in zip(names, paints, strict=True)
    ]
    widest = max(width_of(name, SMALL) for name in names) + 26
    ax.figure.legend(
        handles=patches,
        loc="outside upper left",
        ncols=min(len(names), max(1, int(ax.figure.get_figwidth() * 68 // widest))),
        frameon=False,
        fontsize=SMALL,
        labelcolor=style["ink"],
        handlelength=0.9,
        handleheight=0.9,
        handletextpad=0.5,
        columnspacing=1.4,
        borderpad=0,
    )


def draw_reference(ax: Axes, figure: Figure, style: Style, *, vertical: bool, at_right: bool = False) -> None:
    """The reference value as a dashed line with its name and value at the end."""
    if figure.reference is None:
        return
    text = f"{figure.reference_label} {style.write(figure, figure.y, figure.reference)}".strip()
    draw = ax.axvline if vertical else ax.axhline
    draw(figure.reference, color=style["muted"], linewidth=1, linestyle=(0, (4, 3)), zorder=3)
    look = {"colour": style["muted"], "size": SMALL, "va": "bottom"}
    if vertical:
        edge = ax.get_xaxis_transform()
        put_text(ax, [text], (figure.reference, 1.0), ha="center", shift=(0, 3), coordinates=edge, **look)
    else:
        edge, side = ax.get_yaxis_transform(), 1.0 if at_right else 0.0
        ha, shift = ("right", (-2, 2)) if at_right else ("left", (2, 2))
        put_text(ax, [text], (side, figure.reference), ha=ha, shift=shift, coordinates=edge, **look)


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Positions moved apart to keep `gap` between neighbours, each as little as possible (least squares).

    Pool-adjacent-violators on the positions less their place in the queue; for the end labels of lines.
    """
    order = np.argsort(positions, kind="stable")
    queue = gap * np.arange(len(order))
    blocks: list[tuple[float, int]] = []  # (mean, size)
    for value in np.asarray(positions, dtype=float)[order] - queue:
        mean, size = float(value), 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    result = np.empty(len(order))
    result[order] = np.repeat([mean for mean, _ in blocks], [size for _, size in blocks]) + queue
    return result.tolist()
