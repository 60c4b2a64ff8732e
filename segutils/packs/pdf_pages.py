"""What stands where on a PDF's pages: drawings beside or above their tables, in sizes that fit (points)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from segutils.charts.colours import Theme
from segutils.findings import STATUS_WORDS
from segutils.packs.alike import find_peers
from segutils.packs.document import (
    DecisionAsked,
    FigureExhibit,
    ImageExhibit,
    Pack,
    Page,
    TableExhibit,
    TextExhibit,
)
from segutils.packs.measure import LINE_HEIGHT, largest_size, text_height
from segutils.packs.pdf_drawings import MIN_SCALE, SQUEEZES, Drawer, Drawn, largest_scale, plan_size
from segutils.packs.pdf_sizes import (
    ASIDE,
    COLUMN,
    EXHIBIT_FRAME,
    HALF,
    LINE,
    MAIN,
    PROSE,
    ROW_GAP,
    TITLE_FRAME,
    TITLE_SIZES,
)
from segutils.packs.pdf_tables import TableSetter
from segutils.packs.prose import read_markdown

_RECOMMENDED = "Recommended: . How robust that is, and the options: page 00"

T = TypeVar("T")
Row = list[dict[str, Any]]


def describe_override(decision: DecisionAsked) -> str:
    """The client's own choice in one line; empty where there is none."""
    override = decision.override
    return f"{override.choice} ({override.who}, {override.when}: {override.why})" if override else ""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One way to set a page's drawings: their column's width, what stands beside it, how much it is liked."""

    width: float
    per_row: int = 1
    table_aside: bool = False
    remarks_aside: bool = False
    weight: float = 1.0


LAYOUTS = (
    Layout(width=MAIN, table_aside=True, remarks_aside=True, weight=1.3),
    Layout(width=MAIN, remarks_aside=True, weight=1.1),
    Layout(width=LINE),
    Layout(width=HALF, per_row=2),
)
_SQUEEZED = 0.35  # how much a lower drawing is disliked
_TOO_SMALL = 0.85 * MIN_SCALE  # below it drawings don't fit, though heights are estimated on the safe side
_RUN_ON = 0.3  # weight of a layout whose tables the page has no room for


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """A layout with the scale at which it shows the drawings; `runs_on`: the tables are backup."""

    layout: Layout
    scale: float
    squeeze: float
    runs_on: bool

    @property
    def score(self) -> float:
        legible = min(1.0, self.scale / MIN_SCALE) ** 2
        run_on = _RUN_ON if self.runs_on else 1.0
        return self.scale * legible * self.layout.weight * self.squeeze**_SQUEEZED * run_on


@dataclass(frozen=True, kw_only=True)
class _Arranged:
    """The rows of one page, and those that it has no room for: they stand together in the backup."""

    rows: list[Row]
    backup: list[Row] = field(default_factory=list)


class PageSetter:
    """Arranges the pages of one pack; `drawings` are the files that the arranged pages name."""

    def __init__(self, pack: Pack, theme: Theme, drawn: dict[bytes, str]) -> None:
        self.pack = pack
        self.theme = theme
        self.drawer = Drawer(theme=theme, currency=pack.currency, drawn=drawn)
        self.drawings: dict[str, str] = {}
        self.tables = TableSetter(pack)
        self._choices: dict[str, _Choice] = {}

    def set_page(self, index: int) -> dict[str, Any]:
        """One message: the size of its title, the rows of exhibits under it, and its backup."""
        page = self.pack.pages[index]
        arranged = self._arrange(page)
        peers = find_peers(self.pack, page)
        title_size = min(_title_size(one) for one in peers)
        heights = [text_height(one.title, LINE, title_size, bold=True) for one in peers]
        return {
            "section": page.section,
            "opens_section": index == 0 or page.section != self.pack.pages[index - 1].section,
            "title": page.title,
            "title_size": title_size,
            "title_height": max(heights) if page.segment else 0,
            "status": page.status,
            "status_word": "" if page.status == "info" else STATUS_WORDS[page.status],
            "rows": arranged.rows,
            "backup": arranged.backup,
            "loose_source": not page.exhibits,
            "source": page.source.citation,
        }

    # ------------------------------------------------------------ arrangement

    def _arrange(self, page: Page) -> _Arranged:
        """The page with as many of its words as it has room for; the others are backup.

        Limits go first, because all of them stand at the end of the pack, then the last notes.
        """
        shown = next((short for short in _shorten(page) if self._fits(short)), list(_shorten(page))[-1])
        arranged = self._set_out(shown)
        left = page.notes[len(shown.notes) :]
        if not left:
            return arranged
        notes = [[_cell(LINE, [{"kind": "notes", "notes": list(left), "limits": list(page.limits)}])]]
        return _Arranged(rows=arranged.rows, backup=[*notes, *arranged.backup])

    def _fits(self, page: Page) -> bool:
        """Is this one page, with drawings that can be read?"""
        tables, room = _of(page, TableExhibit), _room(page)
        if page.segment:
            return True
        if not _drawn(page):
            first = self.tables.height(page, tables[0], LINE) if tables else 0.0
            if len(tables) == 1 and first > room - 60:  # it runs on anyway
                return True
            return first + self._remarks_height(page, LINE) <= room or self._is_narrow(page, tables)
        if self._is_spread(page):
            return self._remarks_height(page, ASIDE) <= room
        return self._choose(page).scale >= MIN_SCALE

    def _is_spread(self, page: Page) -> bool:
        """Drawings that no one page holds, however few words stand beside them."""
        bare = replace(page, notes=page.notes[:1], limits=())
        several = len(_drawn(page)) > 1 and not page.segment
        return several and self._choose(bare).scale < _TOO_SMALL

    def _is_narrow(self, page: Page, tables: Sequence[TableExhibit]) -> bool:
        """One table beside its remarks."""
        if len(tables) != 1 or not (page.notes or page.limits or page.decision):
            return False
        if self._remarks_height(page, ASIDE) > _room(page):
            return False
        narrow = self.tables.set_table(page, tables[0], MAIN)
        return narrow["fit"]["size"] >= 8.5 and narrow["single_lines"]

    def _set_out(self, page: Page) -> _Arranged:
        """Texts, drawings, tables; the page's own words stand where they leave the drawings largest."""
        texts = [[_cell(LINE, [_set_text(text)])] for text in _of(page, TextExhibit)]
        tables = _of(page, TableExhibit)
        notes = {"kind": "notes", "notes": list(page.notes), "limits": list(page.limits)}
        remarks = [notes] if page.notes or page.limits else []
        remarks += [{"kind": "decision"}] if page.decision else []
        if not _drawn(page):
            return self._arrange_tables(page, texts, tables, remarks)
        if self._is_spread(page):
            spread = self._spread(page, tables, remarks)
            return _Arranged(rows=[*texts, *spread.rows], backup=spread.backup)
        choice = self._choose(page)
        layout = choice.layout
        shown = [self._set_drawn(page, one, choice) for one in _drawn(page)]
        aside = [self.tables.set_table(page, tables.pop(0), ASIDE)] if layout.table_aside else []
        if layout.remarks_aside:
            aside, remarks = [*aside, *remarks], []
        if aside:
            rows = [[_cell(MAIN, shown), _cell(ASIDE, aside)]]
        else:
            starts = range(0, len(shown), layout.per_row)
            rows = [[_cell(layout.width, [one]) for one in shown[i : i + layout.per_row]] for i in starts]
            if layout.per_row == 2 and len(shown) % 2:  # the place beside the last drawing is free
                rows[-1], remarks = [*rows[-1], _cell(layout.width, remarks)], []
        below = [[_cell(LINE, [self.tables.set_table(page, table, LINE)])] for table in tables]
        words = [[_cell(LINE, [item])] for item in remarks]
        if choice.runs_on:
            return _Arranged(rows=[*texts, *rows, *words], backup=below)
        return _Arranged(rows=[*texts, *rows, *below, *words])

    def _arrange_tables(
        self,
        page: Page,
        texts: Sequence[Row],
        tables: Sequence[TableExhibit],
        remarks: Sequence[dict[str, Any]],
    ) -> _Arranged:
        """A page without drawings: its first table is the message, further ones stay where they fit."""
        if self._is_narrow(page, tables):
            narrow = self.tables.set_table(page, tables[0], MAIN)
            return _Arranged(rows=[*texts, [_cell(MAIN, [narrow]), _cell(ASIDE, remarks)]])
        body = [self.tables.set_table(page, table, LINE) for table in tables]
        words = [[_cell(LINE, [item])] for item in remarks]
        room = _room(page) - sum(item["height"] for item in body) - self._remarks_height(page, LINE)
        kept = 1 if room < 0 and body[1:] and body[0]["whole"] else len(body)
        rows = [[_cell(LINE, [item])] for item in body]
        return _Arranged(rows=[*texts, *rows[:kept], *words], backup=rows[kept:])

    def _spread(
        self, page: Page, tables: Sequence[TableExhibit], remarks: Sequence[dict[str, Any]]
    ) -> _Arranged:
        """Drawings that no one page holds: the first stays with its message, the others are backup."""
        first, *others = _drawn(page)
        is_beside = bool(remarks) and self._remarks_height(page, ASIDE) <= _room(page)
        width = MAIN if is_beside else LINE
        drawn = self._set_drawn(page, first, self._fit_alone(page, first, width, _room(page)))
        rows = [[_cell(width, [drawn]), *([_cell(ASIDE, remarks)] if is_beside else [])]]
        backup = []
        for start in range(0, len(others), 2):
            pair = others[start : start + 2]
            choices = [self._fit_alone(page, one, HALF, COLUMN - TITLE_FRAME) for one in pair]
            backup.append(
                [_cell(HALF, [self._set_drawn(page, o, c)]) for o, c in zip(pair, choices, strict=True)]
            )
        backup += [[_cell(LINE, [self.tables.set_table(page, table, LINE)])] for table in tables]
        words = [] if is_beside else [[_cell(LINE, [item])] for item in remarks]
        return _Arranged(rows=[*rows, *words], backup=backup)

    def _fit_alone(self, page: Page, exhibit: Drawn, width: float, room: float) -> _Choice:
        """The scale at which a drawing fits into this room by itself."""
        left = room - _frame_height(page, exhibit, width)
        found = []
        for squeeze in SQUEEZES:
            size = plan_size(exhibit, width, squeeze)
            scale = min(left / size.height, size.max_scale)
            found.append(_Choice(layout=Layout(width=width), scale=scale, squeeze=squeeze, runs_on=False))
        return max(found, key=lambda choice: choice.score)

    def _choose(self, page: Page) -> _Choice:
        """The layout that shows the drawings largest; one layout and scale for all segments' pages."""
        words = f"{len(page.notes)} {len(page.limits)}"
        key = f"segments of {page.slug}" if page.segment else f"{page.id} {words}"
        if key in self._choices:
            return self._choices[key]
        found = []
        for layout in LAYOUTS:
            for runs_on in (False,) if page.segment else (False, True):  # a scorecard is one page
                for squeeze in SQUEEZES:
                    scale = min(
                        self._scale(o, layout, squeeze, runs_on=runs_on) for o in find_peers(self.pack, page)
                    )
                    found.append(_Choice(layout=layout, scale=scale, squeeze=squeeze, runs_on=runs_on))
        self._choices[key] = max(found, key=lambda choice: choice.score)
        return self._choices[key]

    def _scale(self, page: Page, layout: Layout, squeeze: float, *, runs_on: bool) -> float:
        """Scale of the drawings in this layout; 0 where the layout can't hold the page."""
        drawn, tables = _drawn(page), _of(page, TableExhibit)
        remarks = bool(page.notes or page.limits or page.decision)
        room = _room(page)
        suits = (layout.per_row == 2) == (len(drawn) > 2) or len(drawn) == 2
        if not drawn or not suits or (layout.table_aside and not tables) or (runs_on and not tables):
            return 0.0
        if layout.table_aside:
            if not self.tables.reads_in(page, tables[0], ASIDE):
                return 0.0
            if self.tables.height(page, tables[0], ASIDE) + self._remarks_height(page, ASIDE) > room:
                return 0.0
            tables = tables[1:]
        if not runs_on:
            room -= sum(self.tables.height(page, table, LINE) for table in tables)
        beside = layout.remarks_aside and not layout.table_aside  # beside the drawings, above the tables
        if beside and (not remarks or self._remarks_height(page, ASIDE) > room):
            return 0.0
        sizes = [plan_size(one, layout.width, squeeze) for one in drawn]
        starts = range(0, len(drawn), layout.per_row)
        frames = [_frame_height(page, one, layout.width) for one in drawn]
        if layout.per_row == 2 and len(drawn) % 2:
            room -= max(0.0, self._remarks_height(page, layout.width) - frames[-1] - sizes[-1].height)
        elif not layout.remarks_aside:
            room -= self._remarks_height(page, LINE)
        places = list(zip(frames, (size.height for size in sizes), strict=True))
        return largest_scale(
            [places[i : i + layout.per_row] for i in starts], room, min(size.max_scale for size in sizes)
        )

    def _remarks_height(self, page: Page, width: float) -> float:
        height = sum(text_height(text, width - 10, 9) + 6 for text in page.notes)
        height += sum(text_height(text, width - 10, 8) + 6 for text in page.limits) + (
            32 if page.limits else 12
        )
        if page.decision:
            texts = [page.decision.question, _RECOMMENDED + page.decision.recommendation]
            texts += [describe_override(page.decision)]
            height += 30 + sum(text_height(text, width - 12, 9.5) + 6 for text in texts if text)
        return height

    def _set_drawn(self, page: Page, exhibit: Drawn, choice: "_Choice") -> dict[str, Any]:
        name = f"drawing-{len(self.drawings)}.svg"
        # what is too tall for the page at a legible scale goes to the next one
        box = plan_size(exhibit, choice.layout.width, choice.squeeze).scaled(max(choice.scale, MIN_SCALE))
        self.drawings[name], (width, height) = self.drawer.draw_into(exhibit, box)
        is_figure = isinstance(exhibit, FigureExhibit)
        words = exhibit.figure if is_figure else exhibit
        return {
            "kind": exhibit.kind,
            "title": words.title,
            "show_title": bool(words.title) and words.title != page.title,
            "subtitle": words.subtitle if is_figure else "",
            "caption": words.caption if is_figure else "",
            "alt": words.alt,
            "file": f"/{name}",
            "width": width,
            "height": height,
            "source": exhibit.source.citation,
        }


def _cell(width: float, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"width": width, "items": list(items)}


def _of(page: Page, kind: type[T]) -> list[T]:
    return [exhibit for exhibit in page.exhibits if isinstance(exhibit, kind)]


def _drawn(page: Page) -> list[Drawn]:
    return [exhibit for exhibit in page.exhibits if isinstance(exhibit, FigureExhibit | ImageExhibit)]


def _shorten(page: Page) -> Iterator[Page]:
    """The page, then with fewer and fewer words; one note always stays."""
    yield page
    if page.segment:
        return
    bare = replace(page, limits=())
    yield bare
    for kept in range(len(page.notes) - 1, 0, -1):
        yield replace(bare, notes=page.notes[:kept])


def _title_size(page: Page) -> float:
    return largest_size(page.title, LINE, TITLE_SIZES, max_lines=2, bold=True)


def _room(page: Page) -> float:
    """Height left below the title and the page's texts."""
    room = COLUMN + ROW_GAP - TITLE_FRAME - text_height(page.title, LINE, _title_size(page), bold=True)
    return room - sum(_prose_height(text) for text in _of(page, TextExhibit))


def _frame_height(page: Page, exhibit: Drawn, width: float) -> float:
    """Height of what stands around a drawing: its title, subtitle, caption and source."""
    if isinstance(exhibit, ImageExhibit):
        return EXHIBIT_FRAME
    figure = exhibit.figure
    height = EXHIBIT_FRAME + text_height(figure.subtitle, width, 9) - 9 * LINE_HEIGHT
    height += text_height(figure.caption, width, 8) + 8 if figure.caption else 0
    return height + (
        text_height(figure.title, width, 10.5, bold=True) + 6 if figure.title != page.title else 0
    )


def _prose_height(exhibit: TextExhibit) -> float:
    return sum(text_height(block.text, PROSE, 9.5) + 6 for block in read_markdown(exhibit.markdown)) + 24


def _set_text(exhibit: TextExhibit) -> dict[str, Any]:
    blocks = [
        {
            "kind": block.kind,
            "level": block.level,
            "marker": block.marker,
            "runs": [
                {"text": run.text, "bold": run.bold, "italic": run.italic, "code": run.code}
                for run in block.runs
            ],
        }
        for block in read_markdown(exhibit.markdown)
    ]
    return {"kind": "text", "blocks": blocks, "width": PROSE, "source": exhibit.source.citation}
