"""Room for texts and tables, against Adobe's own font metrics."""

import re
from pathlib import Path

import matplotlib
import pytest

from segutils.packs.document import Cell, Column, Source, TableExhibit
from segutils.packs.measure import clip_text, count_lines, fit_table, largest_size, text_width

METRICS = Path(matplotlib.get_data_path()) / "fonts" / "afm"
SOURCE = Source(notebook="1_1_x", cell="x", data_hash="0" * 64)


def build(labels, rows, numeric):
    columns = [
        Column(name=n, label=n, format="text", numeric=is_number)
        for n, is_number in zip(labels, numeric, strict=True)
    ]
    cells = tuple(tuple(Cell(value=text, text=text) for text in row) for row in rows)
    return TableExhibit(id="t", title="", columns=tuple(columns), rows=cells, source=SOURCE)


@pytest.mark.parametrize(("file", "bold"), [("phvr8a.afm", False), ("phvb8a.afm", True)])
def test_widths_are_helveticas(file, bold):
    """The Adobe font metrics that ship with matplotlib: code, width in thousandths of the size."""
    lines = (METRICS / file).read_text(encoding="latin-1")
    widths = {int(code): int(width) for code, width in re.findall(r"^C (\d+) ; WX (\d+)", lines, re.M)}
    for code in range(32, 127):
        assert text_width(chr(code), 1000, bold=bold) == pytest.approx(widths[code])
    assert text_width("é", 1000, bold=bold) == pytest.approx(widths[ord("e")])
    assert text_width("市", 1000) == 1000 and text_width("\u200b", 1000) == 0


def test_lines_break_between_words_and_long_words_are_broken():
    assert count_lines("aaa aaa aaa", text_width("aaa aaa", 10) + 0.1, 10) == 2
    assert count_lines("a" * 25, text_width("a" * 10, 10) + 0.1, 10) == 3
    assert count_lines("one\ntwo", 1000, 10) == 2
    assert largest_size("aaa aaa", text_width("aaa", 12) + 0.1, (14, 12, 10), max_lines=2) == 12
    assert largest_size("aaa aaa", 5, (14, 12, 10), max_lines=2) == 10


def test_clipped_text_fits_and_says_so():
    text = "The segments differ in how often they buy and in how much of it they buy on promotion"
    clipped = clip_text(text, 160, 10, max_lines=2)
    assert clipped.endswith(" …") and text.startswith(clipped[:-2])
    assert count_lines(clipped, 160, 10) <= 2
    assert clip_text("short", 200, 10, max_lines=1) == "short"


def test_numbers_stay_whole_and_texts_wrap():
    rows = [["Wasch- und Reinigungsmittelzubehör für den Haushalt", *["USD 4,515,600"] * 9]] * 3
    table = build(
        ["Department", *(f"Net revenue in month {n}" for n in range(9))], rows, [False, *[True] * 9]
    )
    fit = fit_table(table, 740, max_size=9, min_size=6.5, min_wrap_size=7.5)
    assert fit.width <= 740.01 and fit.size >= 6.5
    for width in fit.widths[1:]:
        assert width >= text_width("USD 4,515,600", fit.size)
    assert fit.row_heights[0] > 1.9 * fit.size  # the name takes more than one line


def test_small_table_keeps_its_size_and_does_not_spread():
    table = build(["Segment", "Share"], [["S1", "41.0 %"], ["S2", "12.0 %"]], [False, True])
    fit = fit_table(table, 740, max_size=9, min_size=6.5)
    assert fit.size == 9 and fit.width < 250
    assert fit.height == pytest.approx(fit.header_height + sum(fit.row_heights))
