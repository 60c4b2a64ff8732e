"""Each figure shown is the same in all four formats, and each can be traced to notebook cell and data hash.

Every format is read back with a reader of its own and held against the pack's cells.
"""

import re
import zipfile
from dataclasses import dataclass, replace
from xml.etree import ElementTree

import lxml.html
import numpy as np
import pypdf
import pytest
from pptx import Presentation
from python_calamine import CalamineWorkbook

from segutils.formats import format_value
from segutils.packs import html, pdf, pptx, xlsx
from segutils.packs.document import FigureExhibit, Pack, TableExhibit

SHEETS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


@dataclass(frozen=True)
class Rendered:
    """A pack and its four files, opened."""

    pack: Pack
    page: lxml.html.HtmlElement
    paper: str
    deck: object
    workbook: CalamineWorkbook
    codes: list[list[list[str]]]  # number code by sheet, row, column

    def texts(self):
        """All words of each format."""
        slides = [
            " ".join([*slide._element.xpath(".//a:t/text()"), slide.notes_slide.notes_text_frame.text])
            for slide in self.deck.slides
        ]
        sheets = [self.workbook.get_sheet_by_name(name).to_python() for name in self.workbook.sheet_names]
        return {
            "html": self.page.text_content(),
            "pdf": self.paper,
            "pptx": " ".join(slides),
            "xlsx": " ".join(str(cell) for sheet in sheets for row in sheet for cell in row),
        }


def squeeze(text):
    """Without what a line break adds or takes."""
    return re.sub(r"[\s\u200b\u00ad\u2010-]", "", str(text))


def read_codes(path):
    """The number code of every cell, from the workbook's own styles."""
    with zipfile.ZipFile(path) as archive:
        styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
        own = {n.get("numFmtId"): n.get("formatCode") for n in styles.iterfind("m:numFmts/m:numFmt", SHEETS)}
        formats = [own.get(xf.get("numFmtId"), "") for xf in styles.iterfind("m:cellXfs/m:xf", SHEETS)]
        count = sum(name.startswith("xl/worksheets/sheet") for name in archive.namelist())
        sheets = []
        for n in range(1, count + 1):
            sheet = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{n}.xml"))
            codes = {}
            for cell in sheet.iterfind("m:sheetData/m:row/m:c", SHEETS):
                codes[cell.get("r")] = formats[int(cell.get("s", 0))]
            sheets.append(codes)
    return sheets


def show(value, code):
    """What Excel shows for a number under a code of the kinds that the packs use."""
    sections = code.split(";")
    if sections[0].startswith("["):
        section = sections[0 if value == float(sections[0][2 : sections[0].index("]")]) else 1]
        section = section.split("]")[-1]
    else:
        section = (
            sections[0]
            if value > 0 or len(sections) == 1
            else sections[1]
            if value < 0
            else sections[-1 if len(sections) > 2 else 0]
        )
    words = re.split(r'("[^"]*")', section)
    percent = any("%" in word for word in words if not word.startswith('"'))
    digits = re.search(r"[#0,.]+", "".join(word for word in words if not word.startswith('"')))[0]
    decimals = len(digits.partition(".")[2])
    number = f"{abs(value) * (100 if percent else 1):,.{decimals}f}"
    return "".join(
        word.strip('"') if word.startswith('"') else word.replace(digits, number) for word in words
    )


@pytest.fixture(scope="module", params=["executive", "board"])
def rendered(request, sample_pack, sample_board_pack, tmp_path_factory):
    pack = sample_pack if request.param == "executive" else sample_board_pack
    folder = tmp_path_factory.mktemp("same")
    for view in (html, pdf, pptx, xlsx):
        view.render(pack, folder / view.__name__.rpartition(".")[2])
    paper = pypdf.PdfReader(folder / "pdf")
    return Rendered(
        pack=pack,
        page=lxml.html.fromstring((folder / "html").read_text(encoding="utf-8")),
        paper=squeeze("".join(page.extract_text() for page in paper.pages)),
        deck=Presentation(str(folder / "pptx")),
        workbook=CalamineWorkbook.from_path(str(folder / "xlsx")),
        codes=read_codes(folder / "xlsx"),
    )


def tables_of(pack):
    return [exhibit for exhibit in pack.exhibits() if isinstance(exhibit, TableExhibit)]


def figures_of(pack):
    return [exhibit for exhibit in pack.exhibits() if isinstance(exhibit, FigureExhibit)]


def slides_with(rendered, reference):
    return [s for s in rendered.deck.slides if reference in s.notes_slide.notes_text_frame.text]


def test_every_exhibit_names_its_cell_and_hash(rendered):
    texts = {name: squeeze(text) for name, text in rendered.texts().items()}
    exhibits = rendered.pack.exhibits()
    assert len(exhibits) > 5
    for exhibit in exhibits:
        reference = exhibit.source.reference
        assert re.fullmatch(r"\d_\d_\w+#[a-z0-9-]+ · [0-9a-f]{8}", reference)
        for name, text in texts.items():
            assert squeeze(reference) in text, f"{exhibit.id} in {name}"


def test_tables_in_html(rendered):
    for exhibit in rendered.pack.exhibits():
        table = getattr(exhibit, "numbers", exhibit)
        if not isinstance(table, TableExhibit):
            continue
        place = rendered.page.get_element_by_id(exhibit.id, None)
        if place is None:  # the options stand in the decision's own part
            owner = next(
                p.decision for p in rendered.pack.pages if p.decision and p.decision.options is exhibit
            )
            place = rendered.page.get_element_by_id(owner.id)
        rows = [[cell for cell in row.iter("td", "th")] for row in place.iterfind(".//tr")]
        shown = [
            [
                "".join(c.itertext()).split(" ", 1)[-1] if c.find("span") is not None else c.text_content()
                for c in row
            ]
            for row in rows
        ]
        assert shown[0] == [column.label for column in table.columns]
        assert shown[1:] == [[cell.text for cell in row] for row in table.rows]


def test_tables_in_pdf(rendered):
    """Row by row: the cells stand in the table's order."""
    for table in tables_of(rendered.pack):
        assert "".join(squeeze(column.label) for column in table.columns) in rendered.paper
        for row in table.rows:
            assert "".join(squeeze(cell.text) for cell in row) in rendered.paper, table.id


def test_figures_in_pdf(rendered):
    """The drawing's labels are real text on the page; where it is narrow, amounts go without currency."""
    for exhibit in figures_of(rendered.pack):
        for words in (exhibit.figure.title, exhibit.figure.subtitle, exhibit.figure.caption):
            assert squeeze(words) in rendered.paper
        labels = lxml.html.fromstring(exhibit.svg).xpath("//text")
        assert labels
        for label in labels:
            words = label.text_content()
            short = words.replace(f"{rendered.pack.currency} ", "")
            if squeeze(words) in rendered.paper:
                continue
            assert squeeze(short) in rendered.paper, exhibit.id
            assert rendered.pack.currency in exhibit.figure.subtitle, "an amount without its unit"


def test_tables_in_pptx(rendered):
    for table in tables_of(rendered.pack):
        head = [column.label for column in table.columns]
        rows = []
        for slide in slides_with(rendered, table.source.reference):
            for shape in slide.shapes:
                if shape.has_table:
                    shown = [
                        ["".join(c.xpath(".//a:t/text()")) for c in r.tc_lst] for r in shape.table._tbl.tr_lst
                    ]
                    rows += shown[1:] if shown[0] == head else []
        assert rows == [[cell.text for cell in row] for row in table.rows], table.id


def expected(exhibit, column):
    """A column of a figure's numbers, as the pack shows it and as a chart holds it."""
    place = [c.name for c in exhibit.numbers.columns].index(column)
    scale = 100 if exhibit.figure.formats.get(column, "").startswith("points") else 1
    cells = [row[place] for row in exhibit.numbers.rows]
    return [cell.text for cell in cells], [
        cell.value * scale if isinstance(cell.value, int | float) else None for cell in cells
    ]


def test_figures_in_pptx(rendered):
    for exhibit in figures_of(rendered.pack):
        figure = exhibit.figure
        slide = slides_with(rendered, exhibit.source.reference)[0]
        texts, values = expected(exhibit, figure.y)
        places, positions = expected(exhibit, figure.x)
        if figure.kind == "heatmap":
            table = next(shape.table for shape in slide.shapes if shape.has_table)
            rows = [["".join(c.xpath(".//a:t/text()")) for c in r.tc_lst] for r in table._tbl.tr_lst]
            shown = {
                (row[0], head): cell
                for row in rows[1:]
                for head, cell in zip(rows[0][1:], row[1:], strict=True)
            }
            names = expected(exhibit, figure.series)[0]
            assert shown == dict(zip(zip(names, places, strict=True), texts, strict=True))
            continue
        plot = next(shape.chart for shape in slide.shapes if shape.has_chart).plots[0]
        if figure.kind in ("scatter", "dot"):
            drawn = [series for series in plot.series if not series.name.endswith(": interval")]
            shown = [point for series in drawn for point in read_points(series)]
            wanted = values if figure.kind == "dot" else positions
            for value in filter(None, wanted):
                assert any(np.isclose(value, x) for x, _ in shown), exhibit.id
            if figure.kind == "scatter":
                assert np.allclose(sorted(shown), sorted(zip(positions, values, strict=True)))
            continue
        names = expected(exhibit, figure.series)[0] if figure.series else [""] * len(values)
        wanted = dict(zip(zip(names, places, strict=True), values, strict=True))
        shown = {}
        for series in list(plot.series)[: len(set(names))]:
            for category, value in zip(plot.categories, series.values, strict=True):
                shown[series.name if figure.series else "", category] = value
        assert shown == pytest.approx(wanted, nan_ok=True), exhibit.id


def read_points(series):
    parts = []
    for tag in ("xVal", "yVal"):
        points = series._element.find(f"{{*}}{tag}").iterfind(".//{*}pt")
        parts.append({point.get("idx"): float(point.find("{*}v").text) for point in points})
    return [(x, parts[1][key]) for key, x in parts[0].items() if key in parts[1]]


def test_numbers_in_xlsx(rendered):
    """Raw values, and what Excel shows for them is what the pages show."""
    pages = {
        e.id: n
        for n, page in enumerate(rendered.pack.pages)
        for e in (*page.exhibits, page.decision and page.decision.options)
        if e
    }
    checked = 0
    for exhibit in rendered.pack.exhibits():
        table = getattr(exhibit, "numbers", exhibit)
        if not isinstance(table, TableExhibit):
            continue
        sheet = 2 + pages[exhibit.id]
        rows = rendered.workbook.get_sheet_by_index(sheet).to_python(skip_empty_area=False)
        head = [column.label for column in table.columns]
        tops = [n for n, row in enumerate(rows) if row[: len(head)] == head]
        assert any(matches(rendered, sheet, rows, top, table) for top in tops), exhibit.id
        checked += 1
    assert checked >= 5


def matches(rendered, sheet, rows, top, table):
    for n, cells in enumerate(table.rows, start=top + 1):
        for place, (column, cell) in enumerate(zip(table.columns, cells, strict=True)):
            found = rows[n][place]
            if cell.value is None:
                if found != "":
                    return False
            elif column.format == "date":
                if found.isoformat()[:10] != cell.text:
                    return False
            elif (
                isinstance(cell.value, int | float)
                and not isinstance(cell.value, bool)
                and np.isfinite(cell.value)
            ):
                code = rendered.codes[sheet][f"{chr(65 + place)}{n + 1}"]
                shown = show(found, code).replace(" % pts", " pp")
                if not np.isclose(found, cell.value) or shown != cell.text:
                    return False
            elif found != cell.text:
                return False
    return True


def test_the_readers_of_this_test_can_tell(rendered):
    """A changed digit is noticed: the comparison itself is not blind."""
    assert show(0.1234, '#,##0.0 %;"−"#,##0.0 %') == "12.3 %" == format_value(0.1234, "share")
    assert show(-1234.5, '"USD "#,##0.00;"USD ""−"#,##0.00') == format_value(
        -1234.5, "money:2", currency="USD"
    )
    assert (
        show(1, '[=1]#,##0" day";#,##0" days"') == "1 day"
        and show(2, '[=1]#,##0" day";#,##0" days"') == "2 days"
    )
    table = next(t for t in tables_of(rendered.pack) if t.columns[-1].numeric or t.columns[1].numeric)
    place = next(n for n, column in enumerate(table.columns) if column.numeric)
    sheet = next(
        2 + n
        for n, page in enumerate(rendered.pack.pages)
        if table in (*page.exhibits, page.decision and page.decision.options)
    )
    rows = rendered.workbook.get_sheet_by_index(sheet).to_python(skip_empty_area=False)
    head = [column.label for column in table.columns]
    top = next(n for n, row in enumerate(rows) if row[: len(head)] == head)
    wrong = replace(table.rows[0][place], value=table.rows[0][place].value + 1)
    cells = (*table.rows[0][:place], wrong, *table.rows[0][place + 1 :])
    assert matches(rendered, sheet, rows, top, table)
    assert not matches(rendered, sheet, rows, top, replace(table, rows=(cells, *table.rows[1:])))
