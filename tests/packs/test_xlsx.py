"""The workbook as Excel, a careful analyst and an attacker meet it."""

import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from python_calamine import CalamineWorkbook

from segutils.number_codes import build_number_code
from segutils.packs import xlsx
from segutils.packs.document import Cell, Column, TableExhibit
from segutils.packs.xlsx_sheets import name_sheets

NASTY = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")', "=cmd|' /C calc'!A0")
SPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


@pytest.fixture(scope="module", params=["executive", "board"])
def pack(request, sample_pack, sample_board_pack):
    return sample_pack if request.param == "executive" else sample_board_pack


def render(pack, tmp_path):
    path = tmp_path / "pack.xlsx"
    xlsx.render(pack, path)
    assert [item.name for item in tmp_path.iterdir()] == ["pack.xlsx"]
    return path


def parts(path, pattern):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if re.search(pattern, name)}


def with_table(pack, columns, rows):
    page = replace(pack.pages[0], decision=None)
    table = TableExhibit(id="t", title="Own", columns=columns, rows=rows, source=page.source)
    return replace(pack, pages=(replace(page, exhibits=(table,)), *pack.pages[1:]))


def test_sheets_in_reading_order(pack, tmp_path):
    names = CalamineWorkbook.from_path(str(render(pack, tmp_path))).sheet_names
    assert names[:2] == ["Summary", "Contents"]
    assert names[-3:] == ["Not assessed", "Assumptions", "Audit"]
    assert len(names) == 5 + len(pack.pages)
    assert [name[:3] for name in names[2:-3]] == [f"{n:02d} " for n in range(1, len(pack.pages) + 1)]


def test_sheet_names_are_valid_and_unique():
    """Excel's rules: 31 characters, none of []:*?/\\, no apostrophe at an end, not History, case ignored."""
    names = name_sheets(["a/b:c*[d]?\\e", "x" * 40, "X" * 40, "'q'", "History", "history", ""])
    assert names == ["a b c  d   e", "x" * 31, "X" * 29 + " 2", "q", "History 2", "history 3", "Sheet"]


def test_no_text_becomes_a_formula_or_a_link(sample_pack, tmp_path):
    columns = (Column(name="a", label=NASTY[5], format="text", numeric=False),)
    rows = tuple((Cell(value=text, text=text),) for text in NASTY)
    page = replace(sample_pack.pages[1], title=NASTY[6], notes=NASTY, limits=NASTY)
    nasty = replace(
        with_table(sample_pack, columns, rows), client=NASTY[0], data_note="&A &D " + NASTY[1], title=NASTY[5]
    )
    nasty = replace(nasty, pages=(nasty.pages[0], page, *nasty.pages[2:]))
    path = render(nasty, tmp_path)
    for text in parts(path, r"worksheets/sheet\d+\.xml").values():
        assert not re.search(r"<f[ >]", text)
    for text in parts(path, r"worksheets/_rels|workbook\.xml\.rels").values():
        assert 'TargetMode="External"' not in text and "hyperlink" not in text
    read = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(2).to_python(skip_empty_area=False)
    assert {row[0] for row in read} >= set(NASTY)
    # Excel's own mark for "this is text": a quote prefix in the style of each such cell
    styles = ElementTree.fromstring(parts(path, r"styles\.xml")["xl/styles.xml"])
    marked = [xf.get("quotePrefix") == "1" for xf in styles.findall("m:cellXfs/m:xf", SPACE)]
    strings = ElementTree.fromstring(parts(path, "sharedStrings")["xl/sharedStrings.xml"])
    words = ["".join(item.itertext()) for item in strings.findall("m:si", SPACE)]
    sheet = ElementTree.fromstring(parts(path, r"sheet3\.xml$")["xl/worksheets/sheet3.xml"])
    cells = [
        (words[int(c.find("m:v", SPACE).text)], marked[int(c.get("s"))])
        for c in sheet.iter()
        if c.get("t") == "s"
    ]
    assert all(is_marked == word.startswith(("=", "+", "-", "@", "\t")) for word, is_marked in cells)
    footer = parts(path, r"sheet1\.xml$")["xl/worksheets/sheet1.xml"]
    assert "&amp;&amp;A &amp;&amp;D" in footer  # the note's ampersands are no codes of the footer


def test_values_are_raw(sample_pack, tmp_path):
    """Numbers calculate, dates are dates, what is missing is empty, infinity and flags are words."""
    kinds = ["text", "count", "number:2", "share", "points", "change", "money:2", "days", "date", "flag"]
    columns = tuple(
        Column(name=k, label=k, format=k, numeric=k not in ("text", "date", "flag")) for k in kinds
    )
    values = ["007", 1234567, 0.125, 0.5, -0.012, 0.041, 29.49, 1, "2017-12-31", True]
    rows = (
        tuple(Cell(value=v, text={True: "yes"}.get(v, str(v)) if v is True else str(v)) for v in values),
        tuple(Cell(value=None, text="–") for _ in kinds),
        tuple(Cell(value=float("inf"), text="∞") for _ in kinds),
    )
    path = render(with_table(sample_pack, columns, rows), tmp_path)
    read = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(2).to_python(skip_empty_area=False)
    top = next(n for n, row in enumerate(read) if row[: len(kinds)] == kinds)
    assert read[top + 1][:8] == values[:8]
    assert read[top + 1][8].isoformat()[:10] == "2017-12-31" and read[top + 1][9] == "yes"
    assert read[top + 2][: len(kinds)] == [""] * len(kinds)
    assert read[top + 3][:10] == ["∞"] * 10


def test_header_stays_in_view_and_columns_are_wide_enough(pack, tmp_path):
    path = render(pack, tmp_path)
    own = next(n for n, page in enumerate(pack.pages) if len(page.exhibits) == 1 and not page.decision)
    sheet = parts(path, r"sheet\d+\.xml$")[f"xl/worksheets/sheet{own + 3}.xml"]
    top = int(re.search(r'<pane ySplit="(\d+)"[^>]*state="frozen"', sheet)[1])
    table = pack.pages[own].exhibits[0]
    table = getattr(table, "numbers", table)
    read = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(own + 2).to_python(skip_empty_area=False)
    assert read[top - 1][: len(table.columns)] == [column.label for column in table.columns]
    widths = []  # equal neighbours are written as one
    for first, last, width in re.findall(r'<col min="(\d+)" max="(\d+)" width="([\d.]+)"', sheet):
        widths += [float(width)] * (int(last) - int(first) + 1)
    for place, column in enumerate(table.columns):
        if column.numeric:
            assert widths[place] >= max(len(row[place].text) for row in table.rows)


def test_links_lead_to_the_pages(pack, tmp_path):
    path = render(pack, tmp_path)
    names = CalamineWorkbook.from_path(str(path)).sheet_names
    contents = parts(path, r"sheet2\.xml$")["xl/worksheets/sheet2.xml"]
    targets = re.findall(r'<hyperlink [^>]*location="\'([^"]*)\'!A1"', contents)
    assert [target.replace("&amp;", "&").replace("''", "'") for target in targets] == names[2:]


def test_same_bytes_each_time(pack, tmp_path):
    for name in ("a", "b"):
        xlsx.render(pack, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("fmt", "scaled", "code"),
    [
        ("count", False, '#,##0;"−"#,##0'),
        ("number:3", False, '#,##0.000;"−"#,##0.000'),
        ("share", False, '#,##0.0 %;"−"#,##0.0 %'),
        ("change:0", False, '+#,##0 %;"−"#,##0 %;#,##0 %'),
        ("points", False, '+#,##0.0 %" pts";"−"#,##0.0 %" pts";#,##0.0 %" pts"'),
        ("points", True, '+#,##0.0" pp";"−"#,##0.0" pp";#,##0.0" pp"'),
        ("money:2", False, '"USD "#,##0.00;"USD ""−"#,##0.00'),
        ("days", False, '[=1]#,##0" day";#,##0" days"'),
        ("date", False, "yyyy-mm-dd"),
        ("text", False, "@"),
    ],
)
def test_number_codes(fmt, scaled, code):
    """Worked out by hand from Excel's rules: sections positive;negative;zero, quoted words, % multiplies."""
    assert build_number_code(fmt, currency="USD", scaled=scaled) == code


def test_nothing_to_decide_and_one_page(sample_pack, tmp_path):
    page = replace(sample_pack.pages[0], decision=None, exhibits=(), notes=(), limits=())
    summary = replace(sample_pack.summary, decisions=(), reasons=(), answer_page="nowhere")
    rest = {"not_assessed": (), "assumptions": (), "limits": (), "as_of": "", "data_lines": ()}
    path = render(replace(sample_pack, pages=(page,), summary=summary, **rest), tmp_path)
    read = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Summary").to_python()
    assert "This pack asks for no decision." in {cell for row in read for cell in row}
