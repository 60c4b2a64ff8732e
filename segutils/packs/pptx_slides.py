"""Writes planned slides into a deck: placeholders filled or removed, references resolved, notes, footers."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml import parse_xml
from pptx.util import Pt

from segutils.packs.document import FigureExhibit, ImageExhibit, Pack
from segutils.packs.measure import clip_text, largest_size
from segutils.packs.pptx_charts import ChartStyle, draw_chart
from segutils.packs.pptx_layout import SOURCE_SIZE, WIDTH, Line, Slide, TextBlock
from segutils.packs.pptx_tables import EMU, NAMESPACES, Box, LinkTarget, draw_grid, link_markup, printable
from segutils.packs.prose import Run

if TYPE_CHECKING:
    from pptx.presentation import Presentation
    from pptx.slide import Slide as DeckSlide

CHART, TABLE, SOURCE, NOTE = 14, 15, 17, 18
NOTE_WIDTH, NOTE_SIZES = 470.0, (8, 7.5, 7, 6.5)


@dataclass(frozen=True)
class _Place:
    """A layout's placeholder."""

    idx: int
    name: str
    kind: str


def _read_places(layout: Any) -> list[_Place]:
    marks = ((shape.name, shape._element.ph) for shape in layout.placeholders)
    return [_Place(int(mark.get("idx", 0)), name, mark.get("type", "")) for name, mark in marks]


class SlideWriter:
    """Writes slides into one deck."""

    def __init__(self, deck: "Presentation", pack: Pack, tokens: dict[str, str]) -> None:
        self.deck = deck
        self.pack = pack
        self.tokens = tokens
        self.layouts = {layout.name: layout for layout in deck.slide_layouts}
        self.places = {name: _read_places(layout) for name, layout in self.layouts.items()}
        self.targets: dict[str, DeckSlide] = {}
        self.numbers: dict[str, int] = {}

    def write(self, slides: Sequence[Slide]) -> None:
        """All slides are made first, so that each can refer to any other."""
        made = [self.deck.slides.add_slide(self.layouts[slide.layout]) for slide in slides]
        for number, (plan, slide) in enumerate(zip(slides, made, strict=True), start=1):
            if plan.anchor:
                self.targets.setdefault(plan.anchor, slide)
                self.numbers.setdefault(plan.anchor, number)
        for number, (plan, slide) in enumerate(zip(slides, made, strict=True), start=1):
            self._fill(slide, plan, number)

    def _fill(self, slide: "DeckSlide", plan: Slide, number: int) -> None:
        names = {place.idx: place.name for place in self.places[plan.layout]}
        places = {int(shape._element.ph.get("idx", 0)): shape for shape in slide.placeholders}
        for idx, shape in places.items():
            shape.name = names[idx]
        title = places.pop(0)
        self._write_lines(slide, title, (Line(runs=_plain(plan.title)),), plan.title_size)
        for block in plan.texts:
            if block.lines:
                self._write_block(slide, places.pop(block.idx), block)
        if plan.sources:
            words = " | ".join(plan.sources)
            words = words if plan.layout == "Summary" else f"Source: {words}"
            room = 0.96 * WIDTH
            size = largest_size(words, room, NOTE_SIZES, max_lines=2 if plan.layout == "Summary" else 1)
            words = clip_text(words, room, size, max_lines=2 if plan.layout == "Summary" else 1)
            self._write_lines(slide, places.pop(SOURCE), (Line(runs=_plain(words)),), size)
        if self.pack.data_note:
            size = largest_size(self.pack.data_note, NOTE_WIDTH, NOTE_SIZES, max_lines=2)
            note = clip_text(self.pack.data_note, NOTE_WIDTH, size, max_lines=2)
            self._write_lines(slide, places.pop(NOTE), (Line(runs=_plain(note)),), size)
        if isinstance(plan.drawn, FigureExhibit):
            assert plan.drawn_box is not None
            style = ChartStyle(tokens=self.tokens, currency=self.pack.currency, value_range=plan.value_range)
            draw_chart(places.pop(CHART), plan.drawn.figure, plan.drawn_box, style)
        elif isinstance(plan.drawn, ImageExhibit):
            assert plan.drawn_box is not None
            _draw_picture(slide, plan.drawn, plan.drawn_box)
        if plan.grid is not None:
            assert plan.grid_box is not None
            grid = replace(plan.grid, targets=self._resolve(slide, plan.grid.links))
            draw_grid(places.pop(TABLE), grid, plan.grid_box, name="Table", alt=plan.grid_words)
        for shape in places.values():
            shape._element.getparent().remove(shape._element)
        self._add_footer(slide, plan.layout, number)
        slide.notes_slide.notes_text_frame.text = printable("\n".join(_write_notes(plan)))

    # ------------------------------------------------------------ text

    def _write_block(self, slide: "DeckSlide", shape: Any, block: TextBlock) -> None:
        if block.box:
            shape.left, shape.top, shape.width, shape.height = (
                Pt(value) for value in (block.box.x, block.box.y, block.box.width, block.box.height)
            )
        self._write_lines(slide, shape, block.lines, block.size)

    def _write_lines(self, slide: "DeckSlide", shape: Any, lines: Sequence[Line], size: float) -> None:
        body = shape._element.txBody
        for old in body.p_lst:
            body.remove(old)
        for n, line in enumerate(lines):
            gap = line.gap if n else 0.0
            body.append(parse_xml(self._write_line(slide, line, size * line.scale, gap=gap)))

    def _write_line(self, slide: "DeckSlide", line: Line, size: float, *, gap: float) -> str:
        colour = '<a:solidFill><a:schemeClr val="tx2"/></a:solidFill>' if line.muted else ""
        font = f'lang="en-GB" sz="{round(size * 100)}"'
        runs = []
        for run in line.runs:
            style = font + ' b="1"' * run.bold + ' i="1"' * run.italic
            face = '<a:latin typeface="Consolas"/>' if run.code else ""
            runs.append(
                f"<a:r><a:rPr {style}>{colour}{face}</a:rPr><a:t>{escape(printable(run.text))}</a:t></a:r>"
            )
        if line.anchor in self.numbers:
            link = link_markup(self._relate(slide, line.anchor))
            before = " " if line.runs else ""
            runs.append(
                f'<a:r><a:rPr {font} b="0">{link}</a:rPr>'
                f"<a:t>{before}slide {self.numbers[line.anchor]}</a:t></a:r>"
            )
        step = round(size * (1.5 if line.marker.endswith(".") else 1.0) * EMU)
        hang = f' marL="{step * line.level}" indent="-{step}"' if line.marker else ""
        bullet = f'<a:buChar char="{escape(line.marker)}"/>' if line.marker else ""
        if line.marker.endswith("."):
            bullet = f'<a:buAutoNum type="arabicPeriod" startAt="{max(1, int(line.marker[:-1]))}"/>'
        before = f'<a:spcBef><a:spcPts val="{round(gap * size * 100)}"/></a:spcBef>'
        return (
            f"<a:p {NAMESPACES}><a:pPr{hang}>{before}{bullet}</a:pPr>{''.join(runs)}"
            f"<a:endParaRPr {font}/></a:p>"
        )

    # ------------------------------------------------------------ references

    def _relate(self, slide: "DeckSlide", anchor: str) -> str:
        return slide.part.relate_to(self.targets[anchor].part, RELATIONSHIP_TYPE.SLIDE)

    def _resolve(
        self, slide: "DeckSlide", links: dict[tuple[int, int], str]
    ) -> dict[tuple[int, int], LinkTarget]:
        return {
            place: LinkTarget(text=str(self.numbers[anchor]), relation=self._relate(slide, anchor))
            for place, anchor in links.items()
            if anchor in self.numbers
        }

    # ------------------------------------------------------------ foot

    def _add_footer(self, slide: "DeckSlide", layout: str, slide_number: int) -> None:
        """Client and slide number in the layout's own placeholders (python-pptx leaves these two out)."""
        words = clip_text(f"{self.pack.client} · {self.pack.title}", 235, SOURCE_SIZE, max_lines=1)
        field = '<a:fld id="{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}" type="slidenum"><a:rPr lang="en-GB"/>'
        texts = {
            "ftr": f'<a:r><a:rPr lang="en-GB"/><a:t>{escape(printable(words))}</a:t></a:r>',
            "sldNum": f"{field}<a:t>{slide_number}</a:t></a:fld>",
        }
        for place in self.places[layout]:
            if place.kind not in texts:
                continue
            number = max(int(other.get("id")) for other in slide._element.xpath("//p:cNvPr")) + 1
            slide.shapes._spTree.append(
                parse_xml(
                    f'<p:sp {NAMESPACES}><p:nvSpPr><p:cNvPr id="{number}" name="{place.name}"/><p:cNvSpPr>'
                    f'<a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph type="{place.kind}" sz="quarter" '
                    f'idx="{place.idx}"/></p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/>'
                    f"<a:lstStyle/><a:p>{texts[place.kind]}</a:p></p:txBody></p:sp>"
                )
            )


def _plain(text: str) -> tuple[Run, ...]:
    return (Run(text=text, bold=False),)


def _draw_picture(slide: "DeckSlide", exhibit: ImageExhibit, box: Box) -> None:
    """An analyst's picture, as large as its box allows and never more than twice its own size."""
    picture = slide.shapes.add_picture(io.BytesIO(exhibit.png), Pt(box.x), Pt(box.y))
    scale = min(Pt(box.width) / picture.width, Pt(box.height) / picture.height, 2.0)
    picture.width, picture.height = round(picture.width * scale), round(picture.height * scale)
    picture.name = "Picture"
    picture._element.nvPicPr.cNvPr.set("descr", printable(exhibit.alt))


def _write_notes(plan: Slide) -> list[str]:
    """What a presenter needs to know: the sources in full, how to read the slide, what not to conclude."""
    sources = [f"Source: {source}" for source in plan.sources] if plan.layout != "Summary" else []
    return [*sources, *plan.notes]
