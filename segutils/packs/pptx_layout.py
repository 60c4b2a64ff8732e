"""What a slide holds, planned before anything is drawn: texts, a chart, a table, in boxes that they fit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from segutils.packs.document import DecisionAsked, FigureExhibit, ImageExhibit, Page
from segutils.packs.measure import LINE_HEIGHT, clip_text, count_lines
from segutils.packs.pptx_tables import Box, Grid
from segutils.packs.prose import Block, Run

LEFT, WIDTH = 40.0, 880.0
ASIDE, GUTTER = 286.0, 24.0
MAIN = WIDTH - GUTTER - ASIDE
TOP, BOTTOM = 146.0, 484.0
HEIGHT = BOTTOM - TOP
TITLE_SIZES = (24, 22, 20, 18, 16, 14, 12)
REMARK_SIZES = (12, 11, 10.5, 10, 9.5, 9)
SOURCE_SIZE = 8


@dataclass(frozen=True, kw_only=True)
class Line:
    """A paragraph: its runs, a bullet or number, and a slide that it refers to."""

    runs: tuple[Run, ...]
    marker: str = ""
    level: int = 1
    muted: bool = False
    scale: float = 1.0
    gap: float = 0.35  # room above, in its font size
    anchor: str = ""  # of the slide named at the paragraph's end

    @property
    def text(self) -> str:
        """The words, with room for the reference."""
        words = "".join(run.text for run in self.runs)
        return f"{words} slide 00" if self.anchor else words


@dataclass(frozen=True, kw_only=True)
class TextBlock:
    """Paragraphs for a text placeholder; without a box they stand where the layout has it."""

    idx: int
    lines: tuple[Line, ...]
    size: float
    box: Box | None = None


@dataclass(frozen=True, kw_only=True)
class Slide:
    """One slide. `anchor` is what other slides refer to it by."""

    layout: str
    title: str
    title_size: float
    texts: tuple[TextBlock, ...] = ()
    anchor: str = ""
    drawn: FigureExhibit | ImageExhibit | None = None
    drawn_box: Box | None = None
    value_range: tuple[float, float] | None = None
    grid: Grid | None = None
    grid_box: Box | None = None
    grid_words: str = ""  # what a reader who cannot see the table needs to know
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def write_line(
    text: str,
    *,
    bold: bool = False,
    muted: bool = False,
    marker: str = "",
    scale: float = 1.0,
    anchor: str = "",
) -> Line:
    """A paragraph in one style."""
    return Line(runs=(Run(text=text, bold=bold),), marker=marker, muted=muted, scale=scale, anchor=anchor)


def write_label(text: str) -> Line:
    """What the next paragraphs are."""
    return Line(runs=(Run(text=text, bold=True),), muted=True, scale=0.9, gap=0.9)


def write_blocks(blocks: Iterable[Block]) -> tuple[Line, ...]:
    """An analyst's markdown as paragraphs."""
    return tuple(
        Line(
            runs=tuple(Run(text=r.text, bold=True) for r in block.runs)
            if block.kind == "heading"
            else block.runs,
            marker=block.marker,
            level=block.level if block.kind == "item" else 1,
        )
        for block in blocks
    )


def write_remarks(page: Page, *, caption: str = "") -> tuple[Line, ...]:
    """A page's notes, the decision it asks for, how to read its figure, and what not to conclude."""
    lines = [write_line(note, marker="–") for note in page.notes]
    if page.decision:
        lines += write_decision(page.decision)
    if caption:
        lines.append(write_line(caption, muted=True, scale=0.9))
    if page.limits:
        lines.append(write_label("Limits"))
        lines += [write_line(limit, marker="–", muted=True, scale=0.9) for limit in page.limits]
    return tuple(lines)


def write_decision(decision: DecisionAsked) -> list[Line]:
    """The decision in short; its options stand on a slide of their own."""
    lines = [
        write_label("Decision asked"),
        write_line(decision.question, bold=True),
        Line(runs=(Run(text="Recommended: "), Run(text=decision.recommendation, bold=True))),
    ]
    if decision.override:
        lines.append(write_override(decision))
    return [*lines, write_line("Options:", muted=True, scale=0.9, anchor=decision.id)]


def write_override(decision: DecisionAsked) -> Line:
    """The client's own choice: who, when, why."""
    override = decision.override
    assert override is not None
    words = f" ({override.who}, {override.when}: {override.why})"
    return Line(runs=(Run(text="Client's choice: "), Run(text=override.choice, bold=True), Run(text=words)))


def lines_height(lines: Sequence[Line], width: float, size: float) -> float:
    """Height of paragraphs in a column."""
    height = 0.0
    for line in lines:
        own = size * line.scale
        room = width - (1.5 * own * line.level if line.marker else 0)
        bold = all(run.bold for run in line.runs)
        height += count_lines(line.text, room, own, bold=bold) * own * LINE_HEIGHT + line.gap * own
    return height


def fit_lines(lines: Sequence[Line], box: Box, sizes: Sequence[float] = REMARK_SIZES) -> float | None:
    """The largest size at which the paragraphs fit into a box; None where none does."""
    return next((size for size in sizes if lines_height(lines, box.width, size) <= box.height), None)


def split_lines(lines: Sequence[Line], box: Box, size: float) -> list[tuple[Line, ...]]:
    """Paragraphs on as many slides as they need; one higher than a slide is cut, and its end marked."""
    parts: list[tuple[Line, ...]] = []
    current: list[Line] = []
    for line in lines:
        if current and lines_height([*current, line], box.width, size) > box.height:
            parts.append(tuple(current))
            current = []
        if lines_height([line], box.width, size) > box.height:
            room = int(box.height / (size * LINE_HEIGHT)) - 1
            line = write_line(clip_text(line.text, box.width - 14, size, max_lines=room), marker=line.marker)
        current.append(line)
    return [*parts, tuple(current)]
