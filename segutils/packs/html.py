"""A pack as one HTML file: offline, light and dark, printable. nbconvert's template machinery renders it."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape
from nbconvert.exporters.templateexporter import TemplateExporter
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from traitlets import default

from segutils.charts.colours import Theme, build_tokens, font_family, make_legible, mix
from segutils.findings import STATUS_WORDS
from segutils.packs.contents import Section, list_contents
from segutils.packs.document import FigureExhibit, ImageExhibit, Look, Pack
from segutils.packs.files import TEMPLATES, save_file
from segutils.packs.notes import render_markdown

FONT = "Source Sans 3"
MARKS = {"pass": "●", "caution": "▲", "fail": "■", "not_run": "○", "info": ""}
_SIGNALS = {"good": "#2e7d4f", "warn": "#9a6a00", "bad": "#b3332b"}
_PLAIN_ELEMENTS = frozenset(["svg", "g", "path", "text", "use", "defs", "clipPath", "pattern", "rect"])


@dataclass(frozen=True, kw_only=True)
class View:
    """What the templates need beside the pack: looks, drawings and texts by exhibit id, page numbers."""

    document_title: str
    footer: str
    font: str
    font_faces: str
    light_tokens: str
    dark_tokens: str
    logo: str
    drawings: Mapping[str, str]
    pictures: Mapping[str, str]
    texts: Mapping[str, str]
    numbers: Mapping[str, int]
    sections: tuple[Section, ...]
    foundations: tuple[tuple[str, str], ...]
    marks: Mapping[str, str]
    status_words: Mapping[str, str]


class PackTemplate(TemplateExporter):
    """nbconvert exporter that fills an audience's templates with a pack; every text is escaped."""

    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    @default("template_extension")
    def _template_extension_default(self) -> str:
        return ".html.j2"

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self) -> list[str]:
        return [str(TEMPLATES)]

    def _create_environment(self) -> Any:
        environment = super()._create_environment()
        environment.autoescape = True
        environment.filters["unbroken"] = _keep_units
        return environment

    def fill(
        self, pack: Pack, notebook: NotebookNode, resources: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        """The page's text, and nbconvert's resources."""
        own = {**resources, "pack": pack, "view": build_view(pack)}
        return super().from_notebook_node(notebook, own)


def render(pack: Pack, path: Path) -> None:
    """How does this pack read in a browser?

    Parameters
    ----------
    pack : Pack
    path : pathlib.Path
        The HTML file to write; it appears whole or not at all.
    """
    save_file(path, build_html(pack).encode("utf-8"))


def build_html(pack: Pack) -> str:
    """The pack as one self-contained page."""
    text, _ = PackTemplate(template_name=pack.audience).fill(pack, new_notebook(), {})
    return text


def build_view(pack: Pack) -> View:
    """Everything of the page that is not the pack's own words."""
    theme = Theme(primary=pack.look.primary, accent=pack.look.accent, font=pack.look.font)
    exhibits = [exhibit for page in pack.pages for exhibit in page.exhibits]
    foundations = _list_foundations(pack)
    ids = [*(page.id for page in pack.pages), *(name for name, _ in foundations)]
    parts = (pack.client, pack.title, f"Data to {pack.as_of}" if pack.as_of else "", pack.data_note)
    return View(
        document_title=": ".join(part for part in (pack.client, pack.title) if part),
        footer=_css_string(" · ".join(part for part in parts if part)),
        font=_font_stack(theme),
        font_faces=_font_faces(theme),
        light_tokens=_write_tokens(theme, dark=False),
        dark_tokens=_write_tokens(theme, dark=True),
        logo=_logo_address(pack.look),
        drawings={
            e.id: _draw(e, n, theme, pack.currency) for n, e in enumerate(exhibits) if e.kind == "figure"
        },
        pictures={e.id: _picture_address(e) for e in exhibits if e.kind == "image"},
        texts={e.id: render_markdown(e.markdown, top=3) for e in exhibits if e.kind == "text"},
        numbers={name: number for number, name in enumerate(ids, start=2)},
        sections=list_contents(pack),
        foundations=foundations,
        marks=MARKS,
        status_words=STATUS_WORDS,
    )


def _keep_units(text: str) -> Markup:
    """A sentence in which no line breaks between a number and its unit; its characters stay as they are."""
    return Markup(
        re.sub(r"([\d.,−+]+ (?:%|pp)(?!\w))", r'<span class="unbroken">\1</span>', str(escape(text)))
    )


def _write_tokens(theme: Theme, *, dark: bool) -> str:
    """The colour tokens as CSS; text keeps its contrast on the tinted panels too."""
    tokens = build_tokens(theme, dark=dark)
    paper, ink = tokens["paper"], tokens["ink"]
    panel = mix(ink, paper, 0.07 if dark else 0.035)
    own = {
        "panel": panel,
        "muted": make_legible(tokens["muted"], panel),
        "primary-text": make_legible(theme.primary, panel),
        "accent-text": make_legible(theme.accent, panel),
    }
    for name, colour in _SIGNALS.items():
        own[f"{name}-ground"] = ground = mix(colour, paper, 0.24 if dark else 0.12)
        own[name] = make_legible(colour, ground)
    return " ".join(f"--{name}: {value};" for name, value in {**tokens, **own}.items())


def _font_stack(theme: Theme) -> str:
    """The brand's font, and the reader's own system font where it is not there."""
    brand = font_family(theme).split(",")[0]
    return f"{brand}, 'Segoe UI', system-ui, 'Helvetica Neue', Arial, sans-serif"


@cache
def _font_faces(theme: Theme) -> str:
    """The packs' own font inside the page, where the brand has no other: the page then looks like the PDF."""
    if theme.font != FONT:
        return ""
    faces = []
    for weight, style in ((400, "Regular"), (600, "SemiBold")):
        blob = (TEMPLATES / "base" / "fonts" / f"{FONT.replace(' ', '')}-{style}.woff2").read_bytes()
        address = f"data:font/woff2;base64,{base64.b64encode(blob).decode()}"
        source = f"src: url({address}) format('woff2')"
        faces.append(f"@font-face {{ font-family: '{FONT}'; font-weight: {weight}; {source}; }}")
    return "\n".join(faces)


def _css_string(text: str) -> str:
    """A text as a CSS string in which nothing can end the string or the style sheet."""
    return '"' + "".join(c if c.isalnum() or c in " .,:;-·" else f"\\{ord(c):x} " for c in text) + '"'


def _list_foundations(pack: Pack) -> tuple[tuple[str, str], ...]:
    """The closing pages that this pack has: anchor and title."""
    closing = (
        ("decisions", "Decisions in full", bool(pack.summary.decisions)),
        ("assumptions", "Assumptions and limits", bool(pack.assumptions or pack.limits)),
        ("not-assessed", "Not assessed", bool(pack.not_assessed)),
        ("audit", "Data and audit reference", True),
    )
    return tuple((name, title) for name, title, shown in closing if shown)


def _draw(exhibit: FigureExhibit, number: int, theme: Theme, currency: str) -> str:
    """A figure's drawing, named for readers who cannot see it, with ids of its own in the page."""
    svg = exhibit.svg
    if not is_plain(svg):
        from segutils.charts import drawing

        svg = drawing.draw_svg(exhibit.figure, theme, currency=currency)
    name = f"drawing-{number}"
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\1{name}-", svg)
    inside = svg[svg.index(">", svg.index("<svg")) + 1 :]
    box = re.search(r'viewBox="([-\d. ]+)"', svg)
    assert box is not None, "drawing.draw_svg writes a viewBox"
    words = (
        f'<title id="{name}-title">{escape(exhibit.figure.title)}</title>'
        f'<desc id="{name}-desc">{escape(exhibit.figure.alt)}</desc>'
    )
    look = 'style="stroke-linejoin: round; stroke-linecap: butt"'
    named = f'role="img" aria-labelledby="{name}-title {name}-desc"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{box[1]}" {look} {named}>{words}{inside}'
    )


def is_plain(svg: str) -> bool:
    """Is this one of our own drawings, or was something put into the notebook that could act or load?"""
    elements = set(re.findall(r"<\s*([^\s/>]+)", svg))
    acts = re.search(r"""\son\w+\s*=|javascript:|href\s*=\s*["'](?!#)|url\((?!#)""", svg, flags=re.I)
    return svg.startswith("<svg") and elements <= _PLAIN_ELEMENTS and not acts


def _picture_address(exhibit: ImageExhibit) -> str:
    """An analyst's plot as a picture: inside ``<img>`` nothing of a drawing can act or load."""
    kind, blob = ("image/svg+xml", exhibit.svg.encode()) if exhibit.svg else ("image/png", exhibit.png)
    return f"data:{kind};base64,{base64.b64encode(blob).decode()}"


def _logo_address(look: Look) -> str:
    return f"data:{look.logo_type};base64,{base64.b64encode(look.logo).decode()}" if look.logo else ""
