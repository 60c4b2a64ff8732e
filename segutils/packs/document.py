"""The one document behind every pack: HTML, PDF, PPTX and XLSX are views of a :class:`Pack`.

A number is written once, here, as a :class:`Cell`: its raw value and the text that every format shows. So a
figure can't differ between formats, and each exhibit names the notebook cell and the hash of its data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from segutils.findings import Assumption, Figure, Need, Override, Status

Audience = Literal["executive", "board"]
PackFormat = Literal["html", "pdf", "pptx", "xlsx"]
AUDIENCES: tuple[Audience, ...] = ("executive", "board")
MAX_SUMMARY_LINES = 6  # on data, on page one
PACK_FORMATS: tuple[PackFormat, ...] = ("html", "pdf", "pptx", "xlsx")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where an exhibit comes from: the notebook, its cell id, and a hash of the exhibit's data.

    ``by_hand`` is true where the executed notebook was changed after the run (an analyst's own cell).
    """

    notebook: str
    cell: str
    data_hash: str
    by_hand: bool = False

    @property
    def reference(self) -> str:
        """The short form printed under an exhibit: ``3_2_segments#segment-count · 4f1c09ab``."""
        return f"{self.notebook}#{self.cell} · {self.data_hash[:8]}"

    @property
    def citation(self) -> str:
        """The reference, and whether an analyst added or changed the cell after the run."""
        return f"{self.reference} · analyst's addition after the run" if self.by_hand else self.reference


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One value of a table: raw, as every pack writes it, and its format where the row has one of its own."""

    value: Any
    text: str
    format: str = ""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A table's column: canonical name, heading, format (see :mod:`segutils.formats`), numbers right."""

    name: str
    label: str
    format: str
    numeric: bool


@dataclass(frozen=True, kw_only=True)
class TableExhibit:
    """A table; `id` is unique in the pack (``3_2_segments.segment-count.table``)."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    source: Source
    kind: Literal["table"] = "table"


@dataclass(frozen=True, kw_only=True)
class FigureExhibit:
    """A figure: its specification, its drawing, and its numbers as a table."""

    id: str
    figure: Figure
    svg: str
    numbers: TableExhibit
    source: Source
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True, kw_only=True)
class ImageExhibit:
    """An analyst's own plot: a picture without a specification. `svg` may be empty, `png` never is."""

    id: str
    title: str
    alt: str
    png: bytes
    svg: str
    source: Source
    kind: Literal["image"] = "image"


@dataclass(frozen=True, kw_only=True)
class TextExhibit:
    """A tagged markdown cell's text (markdown, client strings not yet escaped)."""

    id: str
    markdown: str
    source: Source
    kind: Literal["text"] = "text"


Exhibit = TableExhibit | FigureExhibit | ImageExhibit | TextExhibit


@dataclass(frozen=True, kw_only=True)
class DecisionAsked:
    """A decision as the pack asks it: options table, recommendation, robustness, the client's override."""

    id: str
    question: str
    recommendation: str
    choice: str
    robustness: str
    held: str  # how often it stands, in a few words; empty where that is no share
    override: Override | None
    options: TableExhibit
    source: Source


@dataclass(frozen=True, kw_only=True)
class Page:
    """One message: the title is the claim, the exhibits prove it.

    `slug` is the capability (empty for an analyst's own cell), `section` the heading of its notebook and
    `topic` the heading that a finding stands under: the question it answers.
    A page made per segment has `segment` set; all such pages of a pack have the same layout.
    """

    id: str
    slug: str
    section: str
    title: str
    status: Status
    exhibits: tuple[Exhibit, ...]
    source: Source
    notes: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    decision: DecisionAsked | None = None
    segment: str = ""
    topic: str = ""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Page one: the answer, three reasons, the decisions asked. Each names the page that proves it."""

    answer: str
    answer_page: str
    reasons: tuple[tuple[str, str], ...]  # (sentence, page id)
    decisions: tuple[DecisionAsked, ...]


@dataclass(frozen=True, kw_only=True)
class Look:
    """The client's brand: colours ``#rrggbb``, font family, logo as bytes with its media type."""

    primary: str
    accent: str
    font: str
    logo: bytes = b""
    logo_type: str = ""
    logo_alt: str = ""


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Everything one pack shows, whatever the format."""

    audience: Audience
    title: str
    client: str
    run: str
    as_of: str
    currency: str
    look: Look
    data_note: str  # printed on every page where it is not empty ("Simulated data", a licence's words)
    data_lines: tuple[str, ...]  # rows in = used + set aside, a line per table; of many, one over all first
    summary: Summary
    pages: tuple[Page, ...]
    not_assessed: tuple[Need, ...]
    assumptions: tuple[Assumption, ...]
    limits: tuple[tuple[str, str], ...]  # (limit, page id)
    provenance: Mapping[str, str]  # audit reference: manifest hash, package versions, code hash

    @property
    def summary_data_lines(self) -> tuple[str, ...]:
        """The data lines that page one has room for: all, or the sum and the two needed tables."""
        return self.data_lines if len(self.data_lines) <= MAX_SUMMARY_LINES else self.data_lines[:3]

    def exhibits(self) -> tuple[Exhibit, ...]:
        """Every exhibit in page order, the options of decisions included."""
        found: list[Exhibit] = []
        for page in self.pages:
            found.extend(page.exhibits)
            if page.decision:
                found.append(page.decision.options)
        return tuple(found)
