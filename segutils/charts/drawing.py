"""Figures drawn from their specification: SVG for pages, PNG for spreadsheets, matplotlib for notebooks.

The drawing carries no title: the page prints it. Its colours are tokens (:mod:`segutils.charts.colours`), in
SVG ``var(--token, #rrggbb)``, so that one drawing serves light and dark; ``fill_tokens`` writes the values
in for views that know no variables.
"""

import hashlib
import io
import re
from dataclasses import replace
from threading import Lock

import matplotlib
from matplotlib import figure as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.font_manager import get_font_names

from segutils import findings
from segutils.charts import kinds, marks
from segutils.charts.colours import FONT, Theme, build_tokens, fill_tokens, font_family
from segutils.charts.marks import HEIGHT, TEXT, WIDTH, Style
from segutils.formats import guess_format

__all__ = ["Theme", "draw_png", "draw_svg", "fill_tokens", "plot_figure"]

_BASE = {
    **matplotlib.rcParamsDefault,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "font.size": TEXT,
    "hatch.linewidth": 0.8,
    "lines.solid_capstyle": "round",
}
_BASE.pop("backend")
_rc_lock = Lock()  # rc_context changes a global


def plot_figure(figure: findings.Figure, theme: Theme, *, currency: str = "") -> mpl.Figure:
    """What does this figure look like?

    Parameters
    ----------
    figure : findings.Figure
        The figure's numbers and words.
    theme : Theme
        The client's colours and font.
    currency : str
        ISO 4217 code, written before amounts.

    Returns
    -------
    matplotlib.figure.Figure
        Axes, marks and labels without title, on transparent ground, 17.8 cm wide.
    """
    font = theme.font if theme.font in get_font_names() else FONT
    with _rc_lock, matplotlib.rc_context({**_BASE, "font.family": [font]}):
        drawing = _draw(figure, Style(tokens=build_tokens(theme), currency=currency))
        drawing.get_layout_engine().execute(drawing)
        drawing.set_layout_engine("none")
    return drawing


def draw_png(figure: findings.Figure, theme: Theme, *, currency: str = "", dpi: int = 200) -> bytes:
    """The figure as a picture on white ground, the same bytes each time."""
    font = theme.font if theme.font in get_font_names() else FONT
    stream = io.BytesIO()
    with _rc_lock, matplotlib.rc_context({**_BASE, "font.family": [font]}):
        drawing = _draw(figure, Style(tokens=build_tokens(theme), currency=currency))
        drawing.savefig(stream, format="png", dpi=dpi, facecolor="#ffffff", metadata={"Software": None})
    return stream.getvalue()


def draw_svg(
    figure: findings.Figure,
    theme: Theme,
    *,
    currency: str = "",
    width: float = WIDTH,
    height: float = HEIGHT,
) -> str:
    """The figure as SVG for a page, with selectable text and the same bytes each time.

    Colours are written ``var(--ink, #1b242e)`` and the font ``var(--font, ...)``: a page that defines the
    variables (see :func:`segutils.charts.colours.build_tokens`) restyles the drawing, any other shows the
    theme's values. Ids are unique to the drawing. The page adds the accessible name: it has the alt text.
    `width` and `height` are inches; a figure with a row per category is as high as its rows.
    """
    values = build_tokens(theme)
    names = list(values)

    def _variable(name: str) -> str:
        return f"var(--{name}, {values[name]})"

    placeholders = {name: f"#0a0b{i:02x}" for i, name in enumerate(names)}
    stream = io.StringIO()
    with _rc_lock, matplotlib.rc_context({**_BASE, "font.family": [FONT], "svg.hashsalt": "segutils"}):
        drawing = _draw(figure, Style(tokens=placeholders, currency=currency), width, height)
        drawing.get_layout_engine().execute(drawing)
        drawing.set_layout_engine("none")
        FigureCanvasSVG(drawing).print_svg(stream, metadata={"Date": None})  # savefig would draw twice
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, count=1, flags=re.S)
    svg = re.sub(r'<defs>\s*<style type="text/css">.*?</style>\s*</defs>\s*', "", svg, count=1, flags=re.S)
    svg = svg.replace("<svg ", '<svg style="stroke-linejoin: round; stroke-linecap: butt" ', 1)
    svg = re.sub(r'<g id="[\w.]+"', "<g", svg)
    svg = re.sub(r' transform="rotate\(-?0 [^"]*"', "", svg)
    svg = re.sub(r"\s*\n\s*", " ", svg).replace("> <", ">\n<")
    svg = re.sub(r"#0a0b([0-9a-f]{2})", lambda hit: _variable(names[int(hit[1], 16)]), svg)
    svg = svg.replace(f"'{FONT}'", f"var(--font, {font_family(theme)})")
    own = hashlib.sha256(svg.encode()).hexdigest()[:8]
    return re.sub(r'(id="|url\(#|href="#)([a-z][0-9a-f]{6,})', rf"\1\2-{own}", svg)


def _draw(figure: findings.Figure, style: Style, width: float = WIDTH, height: float = HEIGHT) -> mpl.Figure:
    drawing = mpl.Figure(figsize=(width, height), dpi=72, layout="constrained", facecolor="none")
    drawing.get_layout_engine().set(w_pad=0.03, h_pad=0.04)
    ax = drawing.add_subplot()
    marks.clear_axes(ax)
    if figure.y not in figure.formats:
        guessed = guess_format(figure.y, figure.data[figure.y].tolist())
        figure = replace(figure, formats={**figure.formats, figure.y: guessed})
    known = {str(v) for column in (figure.x, figure.series) if column for v in figure.data[column].tolist()}
    if figure.highlight not in known:
        figure = replace(figure, highlight=None)  # it names the page that the figure belongs to, not a mark
    if figure.data.empty:
        drawing.set_size_inches(width, 0.6)
        ax.set(xlim=(0, 1), ylim=(0, 1))
        marks.put_text(ax, ["No rows to draw"], (0.5, 0.5), ha="center", va="center", colour=style["muted"])
    else:
        kinds.DRAW[figure.kind](ax, figure, style)
    return drawing
