"""Drawings at the width they have on a PDF's page, so that their text keeps its size (points)."""

import base64
import hashlib
import pickle
import re
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.optimize import brentq

from segutils.charts.colours import Theme, fill_tokens
from segutils.findings import Figure
from segutils.packs.document import FigureExhibit, ImageExhibit
from segutils.packs.measure import text_width

MAX_SCALE, MIN_SCALE = 1.25, 0.8  # of a drawing whose text is 8-9 points
SQUEEZES = (1.0, 0.75, 0.55)  # heights tried where a figure's height is free
LEAST_WIDTH, MOST_WIDTH = 350.0, 800.0  # of a drawing before it is scaled
# how much lower a figure may be; columns keep their labels inside, and other kinds have a row per category
_LEAST_SQUEEZE = {"line": 0.55, "scatter": 0.75, "column": 0.9}
_INCH = 72.0

Drawn = FigureExhibit | ImageExhibit


@dataclass(frozen=True, kw_only=True)
class Size:
    """A drawing's place at scale 1: `width` is the column's, `max_scale` what it can be enlarged by."""

    width: float
    height: float
    max_scale: float
    squeeze: float
    scale: float = 1.0

    def scaled(self, scale: float) -> "Size":
        """The same at a scale that its column can hold."""
        own = min(scale, self.max_scale)
        return Size(
            width=self.width,
            height=self.height * own,
            max_scale=self.max_scale,
            squeeze=self.squeeze,
            scale=own,
        )


def plan_size(exhibit: Drawn, width: float, squeeze: float) -> Size:
    """What a drawing takes in a column of this width; `squeeze` lowers what can be lower."""
    natural = drawing_size(exhibit.svg or wrap_png(exhibit.png))
    if isinstance(exhibit, ImageExhibit):
        most = min(MAX_SCALE, width / natural[0])
        return Size(width=width, height=natural[1], max_scale=most, squeeze=1.0)
    own = max(squeeze, _LEAST_SQUEEZE.get(exhibit.figure.kind, 1.0))
    most = min(MAX_SCALE, width / _least_width(exhibit.figure))
    return Size(width=width, height=natural[1] * own, max_scale=most, squeeze=own)


def _least_width(figure: Figure) -> float:
    """Below it labels would not stand; a heat map needs room for the words over its columns."""
    if figure.kind != "heatmap":
        return LEAST_WIDTH
    heads = [str(name) for name in figure.data[figure.x].drop_duplicates()]
    word = max((text_width(word, 9) for head in heads for word in head.split()), default=0.0)
    return max(LEAST_WIDTH, 115.0 + len(heads) * max(38.0, word + 6))


@dataclass(frozen=True, kw_only=True)
class Drawer:
    """Draws in a client's look; `drawn` are drawings by what they show, which are not made twice."""

    theme: Theme
    currency: str
    drawn: dict[bytes, str]

    def draw_into(self, exhibit: Drawn, size: Size) -> tuple[str, tuple[float, float]]:
        """The drawing as SVG, and its width and height on the page."""
        if isinstance(exhibit, ImageExhibit):
            svg = fill_tokens(exhibit.svg, self.theme) if exhibit.svg else wrap_png(exhibit.png)
            width, height = drawing_size(svg)
            return svg, (width * size.scale, height * size.scale)
        wide = min(max(size.width / size.scale, LEAST_WIDTH), MOST_WIDTH)
        svg = self._draw(exhibit.figure, wide / _INCH, size.squeeze)
        # names may wrap otherwise at this width: the drawing keeps to its place
        return svg, contain(drawing_size(svg), size.width, size.height, max_scale=size.scale)

    def _draw(self, figure: Figure, width: float, squeeze: float) -> str:
        from segutils.charts.drawing import draw_svg
        from segutils.charts.marks import HEIGHT

        shown = pickle.dumps((figure, self.theme, self.currency, width, squeeze))
        key = hashlib.sha256(shown).digest()
        if key not in self.drawn:
            size = {"width": width, "height": HEIGHT * squeeze}
            svg = draw_svg(figure, self.theme, currency=self.currency, **size)
            self.drawn[key] = fill_tokens(svg, self.theme)
        return self.drawn[key]


def largest_scale(rows: Sequence[Sequence[tuple[float, float]]], room: float, most: float) -> float:
    """The scale, at most `most`, at which rows of drawings (frame, height) take no more than `room`."""

    def left(scale: float) -> float:
        return room - sum(max(frame + scale * height for frame, height in row) for row in rows)

    if left(most) >= 0:
        return most
    return float(brentq(left, 0.01, most, xtol=1e-4)) if left(0.01) > 0 else 0.01


def contain(
    size: tuple[float, float], width: float, height: float, *, max_scale: float
) -> tuple[float, float]:
    """Width and height of a drawing scaled into a box."""
    scale = min(width / size[0], height / size[1], max_scale)
    return size[0] * scale, size[1] * scale


def drawing_size(svg: str) -> tuple[float, float]:
    """Width and height of a drawing in points."""
    tag = svg[svg.index("<svg") : svg.index(">", svg.index("<svg"))]
    width, height = (re.search(rf'\s{side}="([\d.]+)(?:pt|px)?"', tag) for side in ("width", "height"))
    if width and height:
        return float(width[1]), float(height[1])
    box = re.search(r'viewBox="[\d.+-]+[ ,]+[\d.+-]+[ ,]+([\d.]+)[ ,]+([\d.]+)"', tag)
    return (float(box[1]), float(box[2])) if box else (504.0, 300.0)


def wrap_png(png: bytes) -> str:
    """A picture inside a drawing, at 144 dots per inch: the type-setter is given text files only."""
    width, height = (int.from_bytes(png[at : at + 4], "big") / 2 for at in (16, 20))
    data = base64.b64encode(png).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" '
        f'viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
    )
