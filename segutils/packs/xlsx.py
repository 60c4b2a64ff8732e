"""A pack as a workbook: every exhibit's numbers as raw values, each page on a sheet of its own."""

import io
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segutils.charts.colours import Theme, build_tokens
from segutils.findings import STATUS_WORDS
from segutils.packs.document import FigureExhibit, ImageExhibit, Pack, Page, TableExhibit, TextExhibit
from segutils.packs.files import save_file
from segutils.packs.prose import read_markdown

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from segutils.packs.xlsx_sheets import SheetWriter

FALLBACK_FONT = "Arial"
DEFAULT_WIDTH, TITLE_POINTS = 8.4, 20.0
FIRST_ROW = 3  # below the claim, the section and a blank row
_ROW_POINTS = 15.0
_FIRST_SHEETS = ("Summary", "Contents")
_LAST_SHEETS = ("Not assessed", "Assumptions", "Audit")


def render(pack: Pack, path: Path) -> None:
    """Which numbers stand behind each page, ready to calculate with?

    Values are raw, with number formats that show what the pages show; texts can't become formulas or links.
    The same pack gives the same bytes.

    Parameters
    ----------
    pack : Pack
    path : Path
        The XLSX to write; it appears whole or not at all.
    """
    from xlsxwriter import Workbook

    from segutils.packs.xlsx_sheets import SAFE, SheetWriter, name_sheets

    theme = Theme(primary=pack.look.primary, accent=pack.look.accent, font=pack.look.font or FALLBACK_FONT)
    tokens = build_tokens(theme)
    stream = io.BytesIO()
    book = Workbook(stream, SAFE | {"default_format_properties": {"font_name": theme.font, "font_size": 10}})
    created = datetime.fromisoformat(pack.as_of) if pack.as_of else datetime(2000, 1, 1)
    book.set_properties({"title": pack.title, "author": pack.client, "subject": pack.run, "created": created})
    sheets = SheetWriter(
        book, currency=pack.currency, ink=tokens["ink"], muted=tokens["muted"], accent=tokens["accent-text"]
    )
    names = name_sheets(
        [*_FIRST_SHEETS, *(_wish_name(n, page) for n, page in enumerate(pack.pages, start=1)), *_LAST_SHEETS]
    )
    _BookWriter(pack, sheets, names, tokens).write()
    book.close()
    save_file(path, stream.getvalue())


def _wish_name(number: int, page: Page) -> str:
    own = page.slug or page.section
    return f"{number:02d} {page.segment} {own}" if page.segment else f"{number:02d} {own}"


class _BookWriter:
    """Writes the sheets of one pack in order."""

    def __init__(self, pack: Pack, sheets: "SheetWriter", names: list[str], tokens: dict[str, str]) -> None:
        self.pack = pack
        self.sheets = sheets
        self.names = names
        self.tokens = tokens
        self.widths: list[float] = []  # of the columns of the sheet being written
        self.page_names = dict(
            zip((page.id for page in pack.pages), names[len(_FIRST_SHEETS) :], strict=False)
        )

    def write(self) -> None:
        """All sheets."""
        added = [self.sheets.book.add_worksheet(name) for name in self.names]
        for sheet in added:
            self._set_up(sheet)
        self._write_summary(added[0])
        self._write_contents(added[1])
        for page, sheet in zip(self.pack.pages, added[len(_FIRST_SHEETS) :], strict=False):
            self._write_page(sheet, page)
        not_assessed, assumptions, audit = added[-len(_LAST_SHEETS) :]
        needs = [[need.question, need.table, ", ".join(need.columns)] for need in self.pack.not_assessed]
        heads = ["Question", "Table to ask for", "Columns"]
        self._write_list(
            not_assessed, "Not assessed", heads, needs or [["Every question was answered.", "", ""]]
        )
        self._write_assumptions(assumptions)
        facts = [["Data", line] for line in self.pack.data_lines]
        facts += [[name, value] for name, value in self.pack.provenance.items()]
        self._write_list(audit, "Data and audit reference", ["Reference", "Value"], facts)

    def _set_up(self, sheet: "Worksheet") -> None:
        """Landscape, one page wide, client and data note at the foot."""
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        note = f" · {self.pack.data_note}" if self.pack.data_note else ""
        words = f"{self.pack.client} · {self.pack.title}{note}"[:150].replace("&", "&&")
        sheet.set_footer(f"&L&8{words}&R&8&P / &N")
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})

    def _set_columns(self, sheet: "Worksheet", widths: list[float]) -> None:
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)

    def _head(self, sheet: "Worksheet", title: str, words: str, widths: list[float], last: int) -> None:
        """The claim over the columns that are printed, wrapped where it is long; below it the byline."""
        self._set_columns(sheet, widths)
        total = sum(widths[: last + 1]) + DEFAULT_WIDTH * max(0, last + 1 - len(widths))
        sheet.merge_range(0, 0, 0, last, "")
        self.sheets.write_text(sheet, 0, 0, title, "title")
        sheet.set_row(0, TITLE_POINTS * min(4, -(-len(title) * 1.7 // total)))
        self.sheets.write_text(sheet, 1, 0, words, "muted")

    def _byline(self) -> str:
        data_to = f"data to {self.pack.as_of}" if self.pack.as_of else ""
        return " · ".join(filter(None, [self.pack.client, self.pack.title, data_to, self.pack.data_note]))

    # ------------------------------------------------------------ first and last sheets

    def _write_summary(self, sheet: "Worksheet") -> None:
        summary, write = self.pack.summary, self.sheets.write_text
        widths = [40.0, 26.0, 20.0, 46.0, 26.0, 40.0]
        self._head(sheet, summary.answer, self._byline(), widths, last=5)
        row = 3
        for number, (reason, page) in enumerate(summary.reasons, start=1):
            write(sheet, row, 0, f"Reason {number}", "muted")
            if page in self.page_names:
                self.sheets.write_link(sheet, row, 1, self.page_names[page])
            write(sheet, row + 1, 0, reason, "heading")
            row += 3
        heads = [
            "Decision asked",
            "Options",
            "Recommended",
            "How robust",
            "Client's choice",
            "Who, when, why",
        ]
        for column, head in enumerate(heads):
            write(sheet, row, column, head, "header")
        for decision in summary.decisions:
            row += 1
            override = decision.override
            place = next((i for i, c in enumerate(decision.options.columns) if c.name == "option"), 0)
            options = " · ".join(cells[place].text for cells in decision.options.rows)
            why = f"{override.who}, {override.when}: {override.why}" if override else ""
            choice = override.choice if override else "none stated"
            texts = [decision.question, options, decision.recommendation, decision.robustness, choice, why]
            self.sheets.write_wrapped(sheet, row, texts, widths)
        if not summary.decisions:
            write(sheet, row + 1, 0, "This pack asks for no decision.", "muted")
            row += 1
        for offset, line in enumerate(self.pack.data_lines, start=2):
            write(sheet, row + offset, 0, line, "muted")

    def _write_contents(self, sheet: "Worksheet") -> None:
        widths = [32.0, 90.0, 40.0]
        self._head(sheet, "Contents", self._byline(), widths, last=2)
        for column, head in enumerate(("Sheet", "Page", "Section")):
            self.sheets.write_text(sheet, 3, column, head, "header")
        titles = [page.title for page in self.pack.pages]
        sections = [page.section for page in self.pack.pages]
        rest = self.names[len(_FIRST_SHEETS) :]
        titles += ["Questions that need further data", "Assumptions and limits", "Data and audit reference"]
        sections += [""] * len(_LAST_SHEETS)
        for row, (name, title, section) in enumerate(zip(rest, titles, sections, strict=True), start=4):
            self.sheets.write_wrapped(sheet, row, ["", title, section], widths)
            self.sheets.write_link(sheet, row, 0, name)
        sheet.freeze_panes(4, 0)

    def _write_list(self, sheet: "Worksheet", title: str, heads: list[str], rows: list[list[str]]) -> int:
        """A list with a header; returns the first row below."""
        widths = [24.0, 90.0] if heads[0] == "Reference" else [70.0, 36.0, 60.0][: len(heads)]
        self._head(sheet, title, self._byline(), widths, last=len(heads) - 1)
        for column, head in enumerate(heads):
            self.sheets.write_text(sheet, 3, column, head, "header")
        for row, texts in enumerate(rows, start=4):
            self.sheets.write_wrapped(sheet, row, texts, widths)
        sheet.freeze_panes(4, 0)
        return 4 + len(rows)

    def _write_assumptions(self, sheet: "Worksheet") -> None:
        rows = [[item.text, item.owner] for item in self.pack.assumptions]
        row = 1 + self._write_list(sheet, "Assumptions and limits", ["Assumption", "Owner"], rows)
        self.sheets.write_text(sheet, row, 0, "What not to conclude", "header")
        self.sheets.write_text(sheet, row, 1, "Sheet", "header")
        for offset, (limit, page) in enumerate(self.pack.limits, start=1):
            self.sheets.write_wrapped(sheet, row + offset, [limit], [70.0])
            if page in self.page_names:
                self.sheets.write_link(sheet, row + offset, 1, self.page_names[page])

    # ------------------------------------------------------------ pages

    def _write_page(self, sheet: "Worksheet", page: Page) -> None:
        """The claim, then each exhibit with its source, then notes and limits."""
        from segutils.packs.xlsx_sheets import choose_widths

        status = "" if page.status == "info" else STATUS_WORDS[page.status]
        tables = [e.numbers if isinstance(e, FigureExhibit) else e for e in page.exhibits]
        tables = [table for table in tables if isinstance(table, TableExhibit)]
        tables += [page.decision.options] if page.decision else []
        self.widths = choose_widths(tables)
        drawn = any(isinstance(exhibit, FigureExhibit) for exhibit in page.exhibits)
        last = max(6, len(self.widths) + (8 if drawn else 0))
        words = " · ".join(filter(None, [page.section, status, self._byline()]))
        self._head(sheet, page.title, words, self.widths, last)
        row = FIRST_ROW
        for exhibit in page.exhibits:
            if isinstance(exhibit, TextExhibit):
                row = self._write_words(sheet, row, exhibit)
            elif isinstance(exhibit, ImageExhibit):
                row = self._write_image(sheet, row, exhibit)
            else:
                row = self._write_exhibit(sheet, row, exhibit, page, alone=len(tables) == 1)
        if page.decision:
            row = self._write_decision(sheet, row, page)
        for label, texts in (("Notes", page.notes), ("Limits", page.limits)):
            if texts:
                self.sheets.write_text(sheet, row, 0, label, "heading")
                for offset, text in enumerate(texts, start=1):
                    self.sheets.write_text(sheet, row + offset, 0, text)
                row += len(texts) + 2
        if not page.exhibits:
            self.sheets.write_text(sheet, row, 0, f"Source: {page.source.citation}", "source")
        sheet.print_area(0, 0, row + 1, last)

    def _write_exhibit(
        self, sheet: "Worksheet", row: int, exhibit: TableExhibit | FigureExhibit, page: Page, *, alone: bool
    ) -> int:
        table, figure = exhibit, None
        if isinstance(exhibit, FigureExhibit):
            table, figure = exhibit.numbers, exhibit.figure
        title = figure.title if figure else table.title
        if title and title != page.title:
            self.sheets.write_text(sheet, row, 0, title, "heading")
            row += 1
        if figure:
            self.sheets.write_text(sheet, row, 0, figure.subtitle, "muted")
            row += 1
        if alone:
            sheet.freeze_panes(row + 1, 0)
        below = self.sheets.write_table(sheet, row, table, self.widths)
        self.sheets.write_text(sheet, below, 0, f"Source: {exhibit.source.citation}", "source")
        if figure and figure.caption:
            self.sheets.write_text(sheet, below + 1, 0, figure.caption, "muted")
        if figure:
            from segutils.packs.xlsx_charts import insert_chart

            used = insert_chart(self.sheets.book, sheet, row, exhibit, self.tokens, self.pack.currency)
            below = max(below, row + used)
        return below + 3

    def _write_decision(self, sheet: "Worksheet", row: int, page: Page) -> int:
        decision, write = page.decision, self.sheets.write_text
        assert decision is not None
        write(sheet, row, 0, f"Decision asked: {decision.question}", "heading")
        write(sheet, row + 1, 0, f"Recommended: {decision.recommendation}. {decision.robustness}")
        row += 2
        if decision.override:
            own = decision.override
            write(sheet, row, 0, f"Client's choice: {own.choice} ({own.who}, {own.when}: {own.why})")
            row += 1
        below = self.sheets.write_table(sheet, row, decision.options, self.widths)
        write(sheet, below, 0, f"Source: {decision.options.source.citation}", "source")
        return below + 2

    def _write_words(self, sheet: "Worksheet", row: int, exhibit: TextExhibit) -> int:
        for block in read_markdown(exhibit.markdown):
            text = f"{block.marker} {block.text}" if block.marker else block.text
            self.sheets.write_text(sheet, row, 0, text, "bold" if block.kind == "heading" else "text")
            row += 1
        self.sheets.write_text(sheet, row, 0, f"Source: {exhibit.source.citation}", "source")
        return row + 2

    def _write_image(self, sheet: "Worksheet", row: int, exhibit: ImageExhibit) -> int:
        """An analyst's picture; it has no numbers to write."""
        self.sheets.write_text(sheet, row, 0, exhibit.title, "heading")
        height = int.from_bytes(exhibit.png[20:24], "big") * 0.75
        scale = min(1.0, 400 / max(height, 1))
        options: dict[str, Any] = {"image_data": io.BytesIO(exhibit.png), "description": exhibit.alt}
        sheet.insert_image(row + 1, 0, "picture.png", options | {"x_scale": scale, "y_scale": scale})
        row += 2 + int(height * scale / _ROW_POINTS + 1)
        self.sheets.write_text(sheet, row, 0, f"Source: {exhibit.source.citation}", "source")
        return row + 2
