"""The whole deck as a plan: page one, contents, the pages, and what the answer rests on."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from segutils.findings import STATUS_WORDS
from segutils.packs.contents import list_contents
from segutils.packs.document import Cell, Column, DecisionAsked, Pack, Source, TableExhibit
from segutils.packs.measure import largest_size
from segutils.packs.pptx_contents import plan_contents
from segutils.packs.pptx_layout import (
    BOTTOM,
    LEFT,
    WIDTH,
    Line,
    Slide,
    TextBlock,
    fit_lines,
    write_line,
    write_override,
)
from segutils.packs.pptx_pages import REMARKS, SUBTITLE, TEXT_BOX, PagePlanner, add_mark, title_size
from segutils.packs.pptx_tables import Box, Grid, build_grid, fit_slide_table, split_rows
from segutils.packs.prose import Run

CLIENT, DECISIONS, FIRST_REASON = 10, 15, 21
MAX_REASONS = 3
BACKUP = "Backup: tables, further drawings and remarks"
ANSWER_SIZES = (32, 28, 25, 22, 20, 18, 16)
ANSWER_HEIGHT = 104
REASON_BOX = Box(x=LEFT, y=200, width=277.3, height=92)
ASKED_BOX = Box(x=LEFT, y=316, width=WIDTH, height=164)
_NOWHERE = Source(notebook="", cell="", data_hash="")


def plan_deck(pack: Pack, tokens: dict[str, str]) -> list[Slide]:
    """Which slides make this pack, in order?

    Executive: answer, contents, one slide per message, decisions in full, what the answer rests on, and as
    backup what else proves the messages (tables, further drawings, remarks). Board: the decisions with their
    options come before the pages, which stay together.

    Parameters
    ----------
    pack : Pack
    tokens : dict of str to str
        Colours by token (:func:`segutils.charts.colours.build_tokens`).

    Returns
    -------
    list of Slide
        Titles are unique.
    """
    pages, backup = [], []
    for page in pack.pages:
        status = "" if page.status == "info" else STATUS_WORDS[page.status]
        first, *others = PagePlanner(pack, page, tokens, status=status).plan()
        pages.append(first)
        (pages if pack.audience == "board" else backup).extend(others)
    backup[:1] = [replace(slide, anchor=BACKUP) for slide in backup[:1]]
    asked = [*pack.summary.decisions, *(page.decision for page in pack.pages if page.decision)]
    decisions = [
        slide
        for decision in {decision.id: decision for decision in asked}.values()
        for slide in _plan_decision(decision)
    ]
    body = [*decisions, *pages] if pack.audience == "board" else [*pages, *decisions]
    closing = [*_plan_assumptions(pack), *_plan_limits(pack), *_plan_needs(pack), *_plan_audit(pack)]
    contents = _plan_contents(pack, decisions[:1], [*closing, *backup[:1]])
    return _with_unique_titles([_plan_summary(pack), *contents, *body, *closing, *backup])


def _with_unique_titles(slides: Sequence[Slide]) -> list[Slide]:
    seen: Counter[str] = Counter()
    unique = []
    for slide in slides:
        seen[slide.title] += 1
        number = seen[slide.title]
        mark = "evidence" if slide.title == slides[0].title and number == 2 else str(number)
        title = add_mark(slide.title, mark) if number > 1 else slide.title
        small = title_size(title) if number > 1 else slide.title_size
        unique.append(replace(slide, title=title, title_size=min(slide.title_size, small)))
    return unique


# ---------------------------------------------------------------- page one


def _plan_summary(pack: Pack) -> Slide:
    summary = pack.summary
    size = next(
        (
            size
            for size in ANSWER_SIZES
            if largest_size(
                summary.answer, WIDTH, [size, 1], max_lines=int(ANSWER_HEIGHT / 1.2 / size), bold=True
            )
            == size
        ),
        ANSWER_SIZES[-1],
    )
    data_to = f" · data to {pack.as_of}" if pack.as_of else ""
    client = (write_line(pack.client, bold=True), write_line(f"{pack.title}{data_to}", muted=True, scale=0.9))
    blocks = [TextBlock(idx=CLIENT, lines=client, size=11)]
    reasons = [
        (
            write_line(f"Reason {number}", bold=True, muted=True, scale=0.75),
            write_line(text),
            Line(runs=(), muted=True, scale=0.75, anchor=page),
        )
        for number, (text, page) in enumerate(summary.reasons[:MAX_REASONS], start=1)
    ]
    sizes = [fit_lines(lines, REASON_BOX, (15, 14, 13, 12, 11, 10, 9, 8)) or 8 for lines in reasons]
    blocks += [
        TextBlock(idx=FIRST_REASON + n, lines=lines, size=min(sizes)) for n, lines in enumerate(reasons)
    ]
    slide = Slide(
        layout="Summary",
        title=summary.answer,
        title_size=size,
        texts=tuple(blocks),
        sources=("  ·  ".join(pack.summary_data_lines),) if pack.data_lines else (),
        notes=(f"Run {pack.run}", *pack.data_lines),
    )
    if not summary.decisions:
        return slide
    grid = _fit_asked(pack)
    return replace(slide, grid=grid, grid_box=ASKED_BOX, grid_words="Table: the decisions asked")


def _fit_asked(pack: Pack) -> Grid:
    """The decisions asked as a table that stays on page one: sentences on robustness give way first."""
    decisions = pack.summary.decisions
    for with_robustness in (True, False):
        for size in (12, 11, 10, 9, 8):
            grid = _build_asked(pack, decisions, size, with_robustness=with_robustness)
            if grid.height <= ASKED_BOX.height:
                return grid
    shown = len(decisions)
    while shown > 1 and grid.height > ASKED_BOX.height:
        shown -= 1
        grid = _build_asked(pack, decisions[:shown], 8, with_robustness=False, further=len(decisions) - shown)
    return grid


def _build_asked(
    pack: Pack,
    decisions: Sequence[DecisionAsked],
    size: float,
    *,
    with_robustness: bool,
    further: int = 0,
) -> Grid:
    heads = ["Decision asked", "Recommended"]
    if pack.audience == "board":
        heads.insert(1, "Options")
    heads += ["How robust"] if with_robustness else []
    overridden = any(decision.override for decision in decisions)
    heads += ["Client's choice"] if overridden else []
    rows = []
    for decision in decisions:
        row = [decision.question, decision.recommendation]
        if pack.audience == "board":
            row.insert(1, " · ".join(_options(decision)))
        row += [decision.robustness] if with_robustness else []
        if overridden:
            choice = write_override(decision).text if decision.override else "none stated"
            row.append(choice.removeprefix("Client's choice: "))
        rows.append([*row, ""])
    table = _table([*heads, "Slide"], rows)
    fit = fit_slide_table(table, WIDTH, max_size=size, min_size=size)
    grid = build_grid(table, fit, range(len(rows)))
    links = {(n, len(heads)): decision.id for n, decision in enumerate(decisions, start=1)}
    if further:
        last = len(grid.texts) - 1
        more = f"{grid.texts[last][0]} (and {further} more)"
        texts = [*grid.texts[:last], [more, *grid.texts[last][1:]]]
        return replace(grid, texts=texts, links=links)
    return replace(grid, links=links)


def _options(decision: DecisionAsked) -> list[str]:
    place = next((i for i, column in enumerate(decision.options.columns) if column.name == "option"), 0)
    return [row[place].text for row in decision.options.rows]


def _plan_contents(pack: Pack, decisions: Sequence[Slide], closing: Sequence[Slide]) -> list[Slide]:
    """What is on which slide, under the headings of the notebooks."""
    pages = [line for section in list_contents(pack) for line in ((section.name, ""), *section.entries)]
    asked = [("Decisions in full", slide.anchor) for slide in decisions]
    entries = [*asked, *pages] if pack.audience == "board" else [*pages, *asked]
    entries += [
        (slide.anchor if slide.anchor == BACKUP else slide.title, slide.anchor)
        for slide in closing
        if slide.anchor
    ]
    return plan_contents(entries)


# ---------------------------------------------------------------- last pages


def _plan_decision(decision: DecisionAsked) -> list[Slide]:
    """A decision in full: recommendation, how robust it is, the client's choice, and the options compared."""
    recommended = (Run(text="Recommended: "), Run(text=f"{decision.recommendation}. ", bold=True))
    lines = [Line(runs=(*recommended, Run(text=decision.robustness)))]
    lines += [write_override(decision)] if decision.override else []
    box = Box(x=LEFT, y=110, width=WIDTH, height=60)
    size = fit_lines(lines, box, (13, 12, 11, 10, 9, 8)) or 8
    fit = fit_slide_table(decision.options, WIDTH)
    table_box = Box(x=LEFT, y=186, width=WIDTH, height=BOTTOM - 186)
    slides = []
    for number, rows in enumerate(split_rows(fit, len(decision.options.rows), table_box.height)):
        title = add_mark(decision.question, f"continued, {number + 1}") if number else decision.question
        slides.append(
            Slide(
                layout="Claim and table",
                title=title,
                title_size=title_size(title),
                anchor="" if number else decision.id,
                texts=(
                    TextBlock(idx=10, lines=(write_line("Decision asked", bold=True),), size=10),
                    TextBlock(idx=SUBTITLE, lines=tuple(lines), size=size, box=box),
                ),
                grid=build_grid(decision.options, fit, rows),
                grid_box=table_box,
                grid_words=f"Table: options for {decision.question}",
                sources=(decision.options.source.citation,),
                notes=(f"Robustness: {decision.robustness}",),
            )
        )
    return slides


def _plan_assumptions(pack: Pack) -> list[Slide]:
    rows = [[item.text, item.owner] for item in pack.assumptions]
    return _plan_list("Assumptions and who answers for them", ["Assumption", "Owner"], rows)


def _plan_limits(pack: Pack) -> list[Slide]:
    rows = [[text, ""] for text, _ in pack.limits]
    return _plan_list(
        "What not to conclude", ["Limit", "Slide"], rows, anchors=[page for _, page in pack.limits]
    )


def _plan_needs(pack: Pack) -> list[Slide]:
    rows = [[need.question, need.table, ", ".join(need.columns)] for need in pack.not_assessed]
    if not rows:
        line = write_line("Every question of this pack was answered in full.")
        text = TextBlock(idx=REMARKS, lines=(line,), size=14)
        return [
            Slide(
                layout="Claim and text",
                title="Not assessed",
                title_size=24,
                texts=(text,),
                anchor="Not assessed",
            )
        ]
    return _plan_list("Not assessed", ["Question", "Table to ask for", "Columns"], rows)


def _plan_audit(pack: Pack) -> list[Slide]:
    rows = [["Data", line] for line in pack.data_lines]
    rows += [[name, value] for name, value in pack.provenance.items()]
    return _plan_list("Data and audit reference", ["Reference", "Value"], rows)


def _plan_list(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, anchors: Sequence[str] = ()
) -> list[Slide]:
    """A list as a table, continued on further slides; `anchors` name the slides of its last column."""
    if not rows:
        return []
    table = _table(heads, rows)
    fit = fit_slide_table(table, WIDTH)
    slides = []
    for number, part in enumerate(split_rows(fit, len(rows), TEXT_BOX.height)):
        grid = build_grid(table, fit, part)
        links = {(n, len(heads) - 1): anchors[row] for n, row in enumerate(part, start=1)} if anchors else {}
        slides.append(
            Slide(
                layout="Claim and table",
                title=add_mark(title, f"continued, {number + 1}") if number else title,
                title_size=24,
                anchor="" if number else title,
                grid=replace(grid, links=links),
                grid_box=TEXT_BOX,
                grid_words=f"Table: {title}",
            )
        )
    return slides


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> TableExhibit:
    """Words as a table of the same kind as the pack's own."""
    columns = tuple(Column(name=head, label=head, format="text", numeric=head == "Slide") for head in heads)
    cells = tuple(tuple(Cell(value=text, text=text) for text in row) for row in rows)
    return TableExhibit(id="", title="", columns=columns, rows=cells, source=_NOWHERE)
