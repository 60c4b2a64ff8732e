"""Workbooks that people keep: values that may change, formulas for what follows, the same bytes each time."""

import io
import re
import zipfile
from datetime import date

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from segutils.workbooks import Sheet, build_workbook

ABOUT = {"title": "Targets", "author": "Acme", "as_of": date(2025, 12, 31), "currency": "EUR"}
PARTS = pd.DataFrame(
    {
        "group": ["A", "=B", "A"],
        "goal": ["Grow", "Grow", "Keep"],
        "target": [3.0, 4.0, 0.9],
        "unit": ["money", "money", "share"],
    }
)
WHOLE = pd.DataFrame({"goal": ["Grow", "Keep"], "target": [10.0, 0.9], "sum": [7.0, 0.9], "gap": [-3.0, 0.0]})
SHEETS = [
    Sheet(name="Key results", claim="Three.", table=PARTS, formats={"target": "by:unit"}),
    Sheet(
        name="Goals",
        claim="One goal lacks 3.",
        table=WHOLE,
        formats={"gap": "money"},
        formulas={
            "sum": "SUMIFS({Key results!target:all},{Key results!goal:all},{goal})",
            "gap": "{sum}-{target}",
        },
        variances=["gap"],
    ),
]


def read_xml(content: bytes, part: str) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(part).decode()


def test_values_and_what_the_formulas_give_now_can_be_read():
    book = CalamineWorkbook.from_filelike(io.BytesIO(build_workbook(SHEETS, **ABOUT)))
    assert book.sheet_names == ["Key results", "Goals"]
    rows = book.get_sheet_by_name("Goals").to_python(skip_empty_area=False)
    assert rows[0][0] == "One goal lacks 3." and rows[3] == ["Goal", "Target", "Sum", "Gap"]
    assert rows[4:] == [["Grow", 10.0, 7.0, -3.0], ["Keep", 0.9, 0.9, 0.0]]


def test_formulas_name_the_cells_of_their_row_and_of_other_sheets():
    xml = read_xml(build_workbook(SHEETS, **ABOUT), "xl/worksheets/sheet2.xml")
    formulas = re.findall(r"<f>(.*?)</f>", xml)
    assert "SUMIFS('Key results'!$C$5:$C$7,'Key results'!$B$5:$B$7,$A5)" in formulas
    assert "$C6-$B6" in formulas
    assert xml.count("<cfRule") == 2  # red below zero, green above


def test_a_text_never_becomes_a_formula():
    content = build_workbook(SHEETS, **ABOUT)
    assert "<f>" not in read_xml(content, "xl/worksheets/sheet1.xml")
    assert "=B" in read_xml(content, "xl/sharedStrings.xml")


def test_the_same_tables_give_the_same_bytes():
    assert build_workbook(SHEETS, **ABOUT) == build_workbook(SHEETS, **ABOUT)


def test_an_empty_table_is_a_sheet_with_its_headings():
    content = build_workbook([Sheet(name="None", claim="Nothing.", table=PARTS.head(0))], **ABOUT)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[-1][:2] == ["Group", "Goal"]


@pytest.mark.parametrize(
    ("formula", "says"), [("{gone}*2", "which is not there"), ("{Gone!goal:all}", "which is not there")]
)
def test_a_formula_about_what_is_not_there_is_refused(formula, says):
    sheet = Sheet(name="Goals", claim="x", table=WHOLE, formulas={"gap": formula})
    with pytest.raises(ValueError, match=says):
        build_workbook([sheet], **ABOUT)


def test_sheets_have_different_names():
    with pytest.raises(ValueError, match="different names"):
        build_workbook([SHEETS[0], SHEETS[0]], **ABOUT)


def test_a_column_of_formats_is_not_shown_and_moves_no_address():
    """Its place is not counted: target is the third column with or without a format between."""
    first = Sheet(
        name="Parts",
        claim="x",
        table=PARTS[["group", "unit", "goal", "target"]],
        formats={"target": "by:unit"},
        formulas={"group": "{target}"},
    )
    assert first.shown == ["group", "goal", "target"]
    content = build_workbook([first], **ABOUT)
    assert "<f>$C5</f>" in read_xml(content, "xl/worksheets/sheet1.xml")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[3] == ["Group", "Goal", "Target"] and "money" not in str(rows)


def test_a_long_text_has_room_for_its_lines():
    """Programs that find no height by themselves would print lines over each other."""
    text = "word " * 60
    table = pd.DataFrame({"short": ["a", "b"], "long": ["one line", text]})
    xml = read_xml(
        build_workbook([Sheet(name="S", claim="x", table=table)], **ABOUT), "xl/worksheets/sheet1.xml"
    )
    heights = {int(n): float(ht) for n, ht in re.findall(r'<row r="(\d+)"[^>]*? ht="([\d.]+)"', xml)}
    width = float(re.search(r'<col min="2" max="2" width="([\d.]+)"', xml)[1])
    assert heights[6] >= 13 * len(text) / width > 3 * heights[5]


def test_what_may_be_changed_looks_so_and_takes_numbers_only():
    sheet = Sheet(name="S", claim="x", table=WHOLE, inputs=["target"], frozen=2)
    content = build_workbook([sheet], **ABOUT)
    xml = read_xml(content, "xl/worksheets/sheet1.xml")
    assert 'type="decimal"' in xml and 'sqref="B5:B6"' in xml and 'xSplit="2"' in xml
    assert "FFF8DC" in read_xml(content, "xl/styles.xml").upper()
    assert "Targets, Acme, as of 2025-12-31" in xml, "said at the foot of each page"
