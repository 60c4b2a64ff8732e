"""Pages of one executed notebook: tagged cells in, one message per page out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from segutils.display import TABLE_MIME
from segutils.errors import InputError
from segutils.findings import FINDING_MIME, Assumption, Need
from segutils.packs import exhibits
from segutils.packs.document import AUDIENCES, Audience, Exhibit, Page, Source
from segutils.packs.exhibits import Drawing
from segutils.packs.finding_pages import FindingReader

Cell = Mapping[str, Any]


MAX_TITLE = 80  # characters of a line of text that serves as a title


@dataclass(frozen=True, kw_only=True)
class ExecutedNotebook:
    """A notebook as the run or an analyst left it; `by_hand` has the ids of cells changed after the run."""

    name: str
    cells: tuple[Cell, ...]
    by_hand: frozenset[str] = frozenset()

    @property
    def section(self) -> str:
        """The notebook's own heading without its number: ``Segments — which solution?``."""
        headings = (heading_of(source_of(cell)) for cell in self.cells if cell["cell_type"] == "markdown")
        return re.sub(r"^\d+_\d+\s+", "", next(filter(None, headings), self.name))


@dataclass(frozen=True, kw_only=True)
class CellPages:
    """The pages of one or more tagged cells, and what their findings state beside them."""

    pages: tuple[Page, ...]
    tags: frozenset[str] = frozenset()
    assumptions: tuple[Assumption, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Block:
    """Tagged markdown cells and the tagged code cell that follows them, if one does."""

    texts: tuple[Cell, ...]
    code: Cell | None
    heading: str  # the nearest heading, or else the first line, of the markdown before the code
    topic: str = ""  # the nearest heading below the notebook's own


def source_of(cell: Cell) -> str:
    """A cell's text, however nbformat stored it."""
    return "".join(cell["source"])


def tags_of(cell: Cell) -> frozenset[str]:
    """A cell's tags."""
    return frozenset(cell.get("metadata", {}).get("tags", []))


def heading_of(markdown: str) -> str:
    """The first heading of a markdown text; empty where there is none."""
    match = re.search(r"^#{1,6}\s+(.+?)\s*#*\s*$", markdown, flags=re.M)
    return match[1] if match else ""


def _short_line(markdown: str) -> str:
    """The first line of a text, where it can stand as a title: without marks, and short."""
    line = re.sub(r"[*_`]", "", markdown.strip().split("\n")[0]).strip()
    return line if len(line) <= MAX_TITLE else ""


def findings_of(cell: Cell) -> list[Mapping[str, Any]]:
    """The findings that a code cell shows, as JSON."""
    return [data[FINDING_MIME] for data in _shown(cell) if FINDING_MIME in data]


def collect_needs(notebook: ExecutedNotebook) -> list[Need]:
    """What could not be assessed, by any cell that is not private."""
    cells = [
        cell for cell in notebook.cells if cell["cell_type"] == "code" and tags_of(cell) & set(AUDIENCES)
    ]
    needs = (need for cell in cells for finding in findings_of(cell) for need in finding["needs"])
    return [Need(**{**need, "columns": tuple(need["columns"])}) for need in needs]


def build_pages(notebook: ExecutedNotebook, audience: Audience, drawing: Drawing) -> list[CellPages]:
    """Which pages does this notebook give an audience?

    Cells are private unless tagged with the audience. A finding that was not run gives no page; its needs are
    listed by :func:`collect_needs`. Tagged markdown stands before the tagged code cell that follows it.

    Parameters
    ----------
    notebook : ExecutedNotebook
    audience : {"executive", "board"}
    drawing : Drawing

    Returns
    -------
    list of CellPages
        In the notebook's order.

    Raises
    ------
    InputError
        A tagged cell was not executed, has an error, or shows neither table nor figure.
    """
    for cell in notebook.cells:
        if cell["cell_type"] == "code" and tags_of(cell) & set(AUDIENCES):
            _check_executed(cell, notebook)
    found: list[CellPages] = []
    for block in _blocks(notebook, audience):
        if block.code is not None:
            _add(found, _read_code(block, notebook, drawing))
        elif found and found[-1].pages and not heading_of(source_of(block.texts[0])):
            last = found[-1].pages[-1]
            more = _read_texts(block.texts, notebook, last.id, start=len(last.exhibits))
            page = replace(last, exhibits=(*last.exhibits, *more))
            found[-1] = replace(found[-1], pages=(*found[-1].pages[:-1], page))
        else:
            found.append(CellPages(pages=(_text_page(block, notebook),)))
    return found


def _add(found: list[CellPages], new: CellPages) -> None:
    """Append; an analyst's cells under one heading share one page."""
    last = found[-1].pages[-1:] if found else ()
    own = [page for page in (*last, *new.pages) if not page.slug]
    if len(own) == 2 and own[0].title == own[1].title:
        page = replace(own[0], exhibits=(*own[0].exhibits, *own[1].exhibits))
        found[-1] = replace(found[-1], pages=(*found[-1].pages[:-1], page))
    else:
        found.append(new)


def _blocks(notebook: ExecutedNotebook, audience: Audience) -> Iterator[_Block]:
    texts: list[Cell] = []
    heading = topic = ""
    for cell in notebook.cells:
        source = source_of(cell)
        tagged = audience in tags_of(cell) and bool(source.strip())
        if cell["cell_type"] == "markdown":
            heading = heading_of(source) or _short_line(source)
            topic = heading_of(re.sub(r"^# .*", "", source, flags=re.M)) or topic
        if tagged and cell["cell_type"] == "markdown":
            texts.append(cell)
        elif tagged and cell["cell_type"] == "code":
            yield _Block(texts=tuple(texts), code=cell, heading=heading, topic=topic)
            texts = []
        elif texts:
            yield _Block(texts=tuple(texts), code=None, heading=heading)
            texts = []
    if texts:
        yield _Block(texts=tuple(texts), code=None, heading=heading)


def _check_executed(cell: Cell, notebook: ExecutedNotebook) -> None:
    where = f"{notebook.name}.ipynb, cell '{cell.get('id', '')}'"
    if not source_of(cell).strip():
        return
    errors = [output for output in cell["outputs"] if output["output_type"] == "error"]
    if errors:
        said = f"{errors[0].get('ename', 'an error')}: {errors[0].get('evalue', '')}"
        raise InputError(
            f"a cell of the pack ended with {said}",
            where=where,
            fix="correct the cell, run it and save the notebook, or remove its audience tag",
        )
    if cell.get("execution_count") is None and not cell["outputs"]:
        fix = "run the cell and save the notebook, or remove its audience tag"
        raise InputError("a cell of the pack was not executed", where=where, fix=fix)


def _shown(cell: Cell) -> list[Mapping[str, Any]]:
    """The MIME bundles that a cell displays, in order; a picture once.

    A cell that ends in a matplotlib figure shows it as its result and again when the inline backend flushes.
    """
    kinds = ("execute_result", "display_data")
    shown: list[Mapping[str, Any]] = []
    for output in cell["outputs"]:
        if output["output_type"] not in kinds:
            continue
        picture = output["data"].get(exhibits.PNG)
        if picture is None or all(earlier.get(exhibits.PNG) != picture for earlier in shown):
            shown.append(output["data"])
    return shown


def _source(cell: Cell, notebook: ExecutedNotebook, data_hash: str = "") -> Source:
    cell_id = cell.get("id", "")
    by_hand = cell_id in notebook.by_hand
    return Source(notebook=notebook.name, cell=cell_id, data_hash=data_hash, by_hand=by_hand)


def _read_texts(
    cells: Sequence[Cell], notebook: ExecutedNotebook, page_id: str, *, start: int = 0, title: str = ""
) -> list[Exhibit]:
    """Tagged markdown as exhibits; a heading that has become the page's title is not repeated."""
    found: list[Exhibit] = []
    for n, cell in enumerate(cells, start=start + 1):
        text = source_of(cell).strip()
        if title and heading_of(text) == title:
            text = re.sub(r"^#{1,6}\s+.+$", "", text, count=1, flags=re.M).strip()
        if text:
            found.append(exhibits.build_text(text, _source(cell, notebook), exhibit_id=f"{page_id}.text-{n}"))
    return found


def _text_page(block: _Block, notebook: ExecutedNotebook) -> Page:
    cell = block.texts[0]
    page_id = f"{notebook.name}.{cell.get('id', '')}"
    title = heading_of(source_of(cell)) or source_of(cell).strip().split("\n")[0]
    texts = _read_texts(block.texts, notebook, page_id, title=title)
    own = _source(cell, notebook, exhibits.hash_data([source_of(text) for text in block.texts]))
    page = {"id": page_id, "slug": "", "section": notebook.section, "title": title, "status": "info"}
    return Page(**page, exhibits=tuple(texts), source=own)


def _read_code(block: _Block, notebook: ExecutedNotebook, drawing: Drawing) -> CellPages:
    cell = block.code
    assert cell is not None
    page_id = f"{notebook.name}.{cell.get('id', '')}"
    payloads = findings_of(cell)
    pages: list[Page] = []
    for n, payload in enumerate(payloads, start=1):
        if payload["status"] == "not_run":
            continue
        own_id = page_id if n == 1 else f"{page_id}-{n}"
        reader = FindingReader(payload, own_id, _source(cell, notebook), notebook.section, drawing)
        own_pages = reader.segment_pages() if "page-per-segment" in tags_of(cell) else [reader.page()]
        pages += [replace(page, topic=block.topic) for page in own_pages]
    others = _read_others(cell, block.heading, notebook, page_id, drawing)
    if not payloads and not others:
        raise InputError(
            "a cell of the pack shows neither a finding, a table nor a figure",
            where=f"{notebook.name}.ipynb, cell '{cell.get('id', '')}'",
            fix="end it with a DataFrame or a matplotlib figure, in a kernel that has run the notebook's "
            "'setup' cell; or remove its audience tag",
        )
    if not payloads:
        title = str(cell["metadata"].get("title", "")) or block.heading or notebook.section
        own = _source(cell, notebook, exhibits.hash_data([exhibit.source.data_hash for exhibit in others]))
        page = {"id": page_id, "slug": "", "section": notebook.section, "title": title, "status": "info"}
        pages = [Page(**page, exhibits=tuple(others), source=own)]
    elif pages and others:
        pages[-1] = replace(pages[-1], exhibits=(*pages[-1].exhibits, *others))
    if pages and block.texts:
        texts = _read_texts(block.texts, notebook, pages[0].id, title=pages[0].title)
        pages[0] = replace(pages[0], exhibits=(*texts, *pages[0].exhibits))
    assumptions = tuple(Assumption(**item) for payload in payloads for item in payload["assumptions"])
    return CellPages(pages=tuple(pages), tags=tags_of(cell), assumptions=assumptions)


def _read_others(
    cell: Cell, heading: str, notebook: ExecutedNotebook, page_id: str, drawing: Drawing
) -> list[Exhibit]:
    """An analyst's tables and plots: everything a cell shows beside findings."""
    found: list[Exhibit] = []
    title = str(cell["metadata"].get("title", "")) or heading or notebook.section
    own = _source(cell, notebook)
    for data in _shown(cell):
        number = len(found) + 1
        if FINDING_MIME in data:
            continue
        if TABLE_MIME in data:
            table = data[TABLE_MIME]
            words = {"title": f"{title}{_cut_note(table)}", "currency": drawing.currency, "guess": True}
            looks = {"formats": table.get("formats") or {}, "labels": table.get("labels") or {}}
            found.append(
                exhibits.build_table(table, own, exhibit_id=f"{page_id}.table-{number}", **words, **looks)
            )
        elif exhibits.PNG in data or exhibits.SVG in data:
            alt = str(cell["metadata"].get("alt", "")) or f"Picture without a description: {title}"
            picture = {"exhibit_id": f"{page_id}.image-{number}", "title": title, "alt": alt}
            found.append(exhibits.build_image(data, own, **picture))
        elif "text/markdown" in data:
            markdown = "".join(data["text/markdown"])
            found.append(exhibits.build_text(markdown, own, exhibit_id=f"{page_id}.note-{number}"))
    return found


def _cut_note(table: Mapping[str, Any]) -> str:
    """Says so where a notebook kept only the first rows of an analyst's table."""
    kept, total = len(table["rows"]), table.get("rows_total", 0)
    return f" (first {kept:,} of {total:,} rows)" if total > kept else ""
