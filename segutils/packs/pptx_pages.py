"""A page of the pack as slides: one figure a slide, its table with it or after it, long tables continued."""

from dataclasses import dataclass, replace

from segutils.findings import Figure
from segutils.formats import format_value
from segutils.packs.alike import find_peers, find_range, merge_rows
from segutils.packs.document import FigureExhibit, ImageExhibit, Pack, Page, TableExhibit, TextExhibit
from segutils.packs.measure import TableFit, largest_size, text_width
from segutils.packs.pptx_layout import (
    ASIDE,
    BOTTOM,
    GUTTER,
    HEIGHT,
    LEFT,
    MAIN,
    TITLE_SIZES,
    TOP,
    WIDTH,
    Line,
    Slide,
    TextBlock,
    fit_lines,
    lines_height,
    split_lines,
    write_blocks,
    write_line,
    write_remarks,
)
from segutils.packs.pptx_tables import (
    PAD_X,
    Box,
    Grid,
    build_grid,
    build_heatmap,
    fit_slide_table,
    heatmap_reads,
    split_rows,
)
from segutils.packs.prose import read_markdown

SECTION, STATUS, SUBTITLE, REMARKS = 10, 11, 13, 16
TEXT_BOX = Box(x=LEFT, y=116, width=WIDTH, height=BOTTOM - 116)
WHOLE_BOX = Box(x=LEFT, y=TOP, width=WIDTH, height=HEIGHT)
ASIDE_BOX = Box(x=LEFT + MAIN + GUTTER, y=TOP, width=ASIDE, height=HEIGHT)
FOOT = 16.0
MIN_CHART = 150.0
MAX_FOOT = 0.4 * HEIGHT  # of remarks under a table


def title_size(title: str) -> float:
    """The largest size at which a slide's title takes at most two lines."""
    return largest_size(title, WIDTH, TITLE_SIZES, max_lines=2, bold=True)


def add_mark(title: str, mark: str) -> str:
    """A slide's title with what sets it apart: ``"Revenue grew (table)"``."""
    return f"{title.removesuffix('.')} ({mark})"


class PagePlanner:
    """Plans the slides of one page."""

    def __init__(self, pack: Pack, page: Page, tokens: dict[str, str], *, status: str) -> None:
        self.pack = pack
        self.page = page
        self.tokens = tokens
        self.status = status
        self.remarks: tuple[Line, ...] = write_remarks(page)

    def plan(self) -> list[Slide]:
        """The page's slides; the first carries the page's claim and is what other slides refer to."""
        page = self.page
        drawn = [e for e in page.exhibits if isinstance(e, FigureExhibit | ImageExhibit)]
        tables = [e for e in page.exhibits if isinstance(e, TableExhibit)]
        texts = [e for e in page.exhibits if isinstance(e, TextExhibit)]
        slides: list[Slide] = []
        for number, exhibit in enumerate(drawn):
            place = self._place(exhibit, tables[0] if tables and not number else None, first=not number)
            if place.grid:
                tables = tables[1:]
            slides.append(self._plan_drawn(exhibit, place, first=not number))
        for table in tables:
            slides += self._plan_table(table, first=not slides)
        if texts:
            slides += self._plan_texts(texts, first=not slides)
        if self.remarks or not slides:
            slides += self._plan_remarks(first=not slides)
        return [replace(slides[0], anchor=page.id), *slides[1:]]

    def _slide(self, layout: str, title: str, *texts: TextBlock) -> Slide:
        page = self.page
        frame = [TextBlock(idx=SECTION, lines=(write_line(page.section, bold=True),), size=10)]
        if self.status:
            frame.append(TextBlock(idx=STATUS, lines=(write_line(self.status, bold=True),), size=10))
        sizes = [title_size(title)]
        if page.segment and title == page.title:
            sizes = [title_size(other.title) for other in find_peers(self.pack, page)]
        notes = tuple(f"Limit: {limit}" for limit in page.limits)
        return Slide(layout=layout, title=title, title_size=min(sizes), texts=(*frame, *texts), notes=notes)

    def _subtitle(self, heading: str, subtitle: str) -> TextBlock:
        lines = [write_line(heading, bold=True)] if heading else []
        lines += [write_line(subtitle, muted=True, scale=0.95)] if subtitle else []
        sizes = (12.5, 12, 11, 10, 9, 8, 7)
        box = Box(x=LEFT, y=108, width=WIDTH, height=36)
        return TextBlock(idx=SUBTITLE, lines=tuple(lines), size=fit_lines(lines, box, sizes) or sizes[-1])

    # ------------------------------------------------------------ figures

    def _fit(self, table: TableExhibit, width: float, *, max_size: float = 12.0) -> TableFit:
        return fit_slide_table(merge_rows(self.pack, self.page, table), width, max_size=max_size)

    def _place(
        self, exhibit: FigureExhibit | ImageExhibit, table: TableExhibit | None, *, first: bool
    ) -> "_Place":
        """Where the figure, a table small enough to share its slide, and the remarks stand.

        A narrow table stands beside the figure, a wide one below it; what finds no room gets a slide of its
        own. A heat map is itself the slide's table.
        """
        figure = exhibit.figure if isinstance(exhibit, FigureExhibit) else None
        caption = _caption(figure, self.pack.currency) if figure else ""
        remarks = write_remarks(self.page, caption=caption) if first else ()
        if not first and caption:
            remarks = (write_line(caption, muted=True),)
        if table and not (figure and figure.kind == "heatmap"):
            fit = self._fit(table, ASIDE, max_size=11)
            grid = build_grid(table, fit, range(len(table.rows)))
            under = _below(ASIDE_BOX, grid.height + 12)
            size = fit_lines(remarks, under)
            if _reads_well(table, fit) and grid.height <= HEIGHT and (size or not remarks):
                main = replace(WHOLE_BOX, width=MAIN)
                return _Place(main, remarks, size, under, table=table, grid=grid, grid_box=ASIDE_BOX)
            for max_size in (12, 11, 10, 9):
                fit = self._fit(table, WIDTH, max_size=max_size)
                grid = build_grid(table, fit, range(len(table.rows)))
                upper = HEIGHT - grid.height - 14
                if upper < _least_height(exhibit) or fit.size < 9:
                    continue
                place = _place_remarks(remarks, replace(WHOLE_BOX, height=upper))
                if place.size or not remarks or self.page.segment:
                    under = Box(x=LEFT, y=BOTTOM - grid.height, width=WIDTH, height=grid.height)
                    return replace(place, table=table, grid=grid, grid_box=under)
        if figure and figure.kind == "heatmap" and not heatmap_reads(figure, MAIN, self.pack.currency):
            return _Place(WHOLE_BOX, (), None, ASIDE_BOX)
        return _place_remarks(remarks, WHOLE_BOX)

    def _plan_drawn(self, exhibit: FigureExhibit | ImageExhibit, place: "_Place", *, first: bool) -> Slide:
        figure = exhibit.figure if isinstance(exhibit, FigureExhibit) else None
        own = figure.title if figure else exhibit.title
        title = self.page.title if first else own
        heading = own if own != title else ""
        subtitle = self._subtitle(heading, figure.subtitle) if figure else self._subtitle("", heading)
        texts = [subtitle]
        if place.size:
            texts.append(TextBlock(idx=REMARKS, lines=place.remarks, size=place.size, box=place.remarks_box))
            self.remarks = () if first else self.remarks
        captions = (f"How to read: {figure.caption}",) if figure and figure.caption else ()
        slide = self._slide("Claim, chart and table" if place.grid else "Claim and chart", title, *texts)
        slide = replace(slide, sources=(exhibit.source.citation,), notes=(*captions, *slide.notes))
        if figure and figure.kind == "heatmap":
            grid = build_heatmap(exhibit, self.tokens, place.box, self.pack.currency)
            words = {"grid": grid, "grid_box": place.box, "grid_words": figure.alt}
            return replace(slide, layout="Claim and table", **words)
        if place.grid and place.table:
            words = {"grid_words": f"Table: {place.table.title or title}"}
            sources = tuple(dict.fromkeys((*slide.sources, place.table.source.citation)))
            slide = replace(slide, grid=place.grid, grid_box=place.grid_box, sources=sources, **words)
        value_range = find_range(self.pack, self.page, exhibit) if figure else None
        return replace(slide, drawn=exhibit, drawn_box=place.box, value_range=value_range)

    # ------------------------------------------------------------ tables

    def _plan_table(self, table: TableExhibit, *, first: bool) -> list[Slide]:
        """A table over the whole width, on as many slides as it needs; remarks stand under its last part."""
        page = self.page
        fit = self._fit(table, WIDTH)
        title = page.title if first else add_mark(page.title, "table")
        own = table.title if table.title not in (page.title, "") else ""
        top = TOP if own else TEXT_BOX.y + 6
        room = BOTTOM - top
        parts = split_rows(fit, len(table.rows), room)
        slides = []
        for number, rows in enumerate(parts):
            grid = build_grid(table, fit, rows)
            shown = add_mark(title, f"continued, {number + 1} of {len(parts)}") if number else title
            texts = [self._subtitle("", own)] if own else []
            left = Box(x=LEFT, y=top + grid.height + 14, width=WIDTH, height=room - grid.height - 14)
            size = fit_lines(self.remarks, left) if number == len(parts) - 1 and left.height > 0 else None
            if self.remarks and size and lines_height(self.remarks, WIDTH, size) <= MAX_FOOT:
                texts.append(TextBlock(idx=REMARKS, lines=self.remarks, size=size, box=left))
                self.remarks = ()
            slide = self._slide("Claim and table", shown, *texts)
            which = f"rows {rows.start + 1} to {rows.stop} of {len(table.rows)}"
            words = f"Table: {table.title or page.title}, {which}"
            slides.append(
                replace(
                    slide,
                    grid=grid,
                    grid_box=Box(x=LEFT, y=top, width=WIDTH, height=room),
                    grid_words=words,
                    sources=(table.source.citation,),
                )
            )
        return slides

    # ------------------------------------------------------------ words

    def _plan_texts(self, texts: list[TextExhibit], *, first: bool) -> list[Slide]:
        lines = tuple(line for text in texts for line in write_blocks(read_markdown(text.markdown)))
        sources = tuple(text.source.citation for text in texts)
        title = self.page.title if first else add_mark(self.page.title, "comment")
        return self._plan_words(lines, title, sources)

    def _plan_remarks(self, *, first: bool) -> list[Slide]:
        title = self.page.title if first else add_mark(self.page.title, "remarks")
        lines, self.remarks = self.remarks, ()
        return self._plan_words(lines, title, (self.page.source.citation,))

    def _plan_words(self, lines: tuple[Line, ...], title: str, sources: tuple[str, ...]) -> list[Slide]:
        box = replace(TEXT_BOX, width=0.8 * WIDTH)
        size = fit_lines(lines, box, (16, 14, 13, 12)) or 12
        slides = []
        for number, part in enumerate(split_lines(lines, box, size)):
            shown = add_mark(title, f"continued, {number + 1}") if number else title
            slide = self._slide(
                "Claim and text", shown, TextBlock(idx=REMARKS, lines=part, size=size, box=box)
            )
            slides.append(replace(slide, sources=sources))
        return slides


@dataclass(frozen=True)
class _Place:
    """Boxes of a figure's slide; without a size the remarks don't fit here."""

    box: Box
    remarks: tuple[Line, ...]
    size: float | None
    remarks_box: Box
    table: TableExhibit | None = None
    grid: Grid | None = None
    grid_box: Box | None = None


def _place_remarks(remarks: tuple[Line, ...], box: Box) -> _Place:
    """One line under the figure, more beside it, none where they don't fit."""
    foot = Box(x=LEFT, y=box.y + box.height - FOOT, width=WIDTH, height=FOOT)
    if len(remarks) == 1 and fit_lines(remarks, foot):
        return _Place(replace(box, height=box.height - FOOT - 6), remarks, fit_lines(remarks, foot), foot)
    aside = replace(ASIDE_BOX, height=box.height)
    size = fit_lines(remarks, aside) if remarks else None
    return _Place(replace(box, width=MAIN) if size else box, remarks, size, aside)


def _least_height(exhibit: FigureExhibit | ImageExhibit) -> float:
    """Height in which a figure's labels don't touch: rows of dots and bars need theirs."""
    if not isinstance(exhibit, FigureExhibit) or exhibit.figure.kind not in ("dot", "bar"):
        return MIN_CHART
    figure = exhibit.figure
    rows = figure.data[figure.x].nunique()
    series = figure.data[figure.series].nunique() if figure.series and not figure.stacked else 1
    return max(MIN_CHART, 60.0 + rows * max(26.0, 15.0 * series))


def _reads_well(table: TableExhibit, fit: TableFit) -> bool:
    """Large enough, and no word is broken."""
    return fit.size >= 9 and not any(
        text_width(word, fit.size) > width - 2 * PAD_X + 1
        for index, width in enumerate(fit.widths)
        for row in table.rows
        for word in row[index].text.split()
    )


def _below(box: Box, used: float) -> Box:
    return Box(x=box.x, y=box.y + used, width=box.width, height=max(0.0, box.height - used))


def _caption(figure: Figure, currency: str) -> str:
    """How to read a figure, and its reference where the native chart can't draw it."""
    if figure.reference is None or figure.kind in ("line", "dot"):
        return figure.caption
    value = format_value(figure.reference, figure.formats.get(figure.y, "number"), currency=currency)
    return " ".join(f"{figure.caption} Reference: {figure.reference_label} {value}.".split())
