"""The slides as a presenter, an editor and a screen reader meet them."""

import importlib.util
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pptx.util import Emu, Pt

from segutils.charts.colours import Theme, build_tokens
from segutils.findings import Figure
from segutils.packs import pptx
from segutils.packs.document import Cell, Column, FigureExhibit, ImageExhibit, TableExhibit, TextExhibit
from segutils.packs.files import TEMPLATES
from segutils.packs.measure import text_width


@pytest.fixture(scope="module", params=["executive", "board"])
def pack(request, sample_pack, sample_board_pack):
    return sample_pack if request.param == "executive" else sample_board_pack


def read(pack, tmp_path):
    pptx.render(pack, tmp_path / "pack.pptx")
    assert [item.name for item in tmp_path.iterdir()] == ["pack.pptx"]
    return Presentation(str(tmp_path / "pack.pptx"))


@pytest.fixture(scope="module")
def deck(pack, tmp_path_factory):
    return read(pack, tmp_path_factory.mktemp("pptx"))


def shapes_of(deck):
    return [(slide, shape) for slide in deck.slides for shape in slide.shapes]


def rows_of(table):
    return [["".join(cell.xpath(".//a:t/text()")) for cell in row.tc_lst] for row in table._tbl.tr_lst]


def check_bounds(deck):
    """No shape leaves the slide, and no table grows over the foot of it: rows are as high as their text."""
    for slide, shape in shapes_of(deck):
        assert shape.left >= 0 and shape.top >= 0, slide.shapes.title.text
        assert shape.left + shape.width <= deck.slide_width, slide.shapes.title.text
        assert shape.top + shape.height <= deck.slide_height, slide.shapes.title.text
        if shape.has_table:
            rows = sum(row.height for row in shape.table.rows)
            assert shape.top + rows <= Pt(490), slide.shapes.title.text
            sizes = [int(size) for size in shape._element.xpath(".//a:r/a:rPr/@sz")]
            assert min(sizes, default=800) >= 690


def test_wide_screen_with_titles_that_tell_slides_apart(deck):
    assert (deck.slide_width, deck.slide_height) == (Emu(12192000), Emu(6858000))
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert all(titles) and len(set(titles)) == len(titles)
    for slide in deck.slides:
        assert slide.shapes[0] == slide.shapes.title  # read out first


def test_nothing_leaves_its_slide(deck):
    check_bounds(deck)


def test_footer_notes_and_no_empty_placeholder(deck, pack):
    for number, slide in enumerate(deck.slides, start=1):
        footers = {shape.name: shape.text_frame.text for shape in slide.placeholders if shape.has_text_frame}
        assert pack.client[:12] in footers["Footer"] and footers["Slide number"] == str(number)
        assert pack.data_note[:12] in footers["Data note"]
        assert all(text.strip() for text in footers.values()), footers
    for page in pack.pages:
        wanted = [e.source.reference for e in page.exhibits]
        notes = " ".join(slide.notes_slide.notes_text_frame.text for slide in deck.slides)
        assert all(reference in notes for reference in wanted)


def test_everything_drawn_has_a_description(deck, pack):
    said = []
    for _slide, shape in shapes_of(deck):
        if shape.has_chart or shape.has_table or shape.shape_type == MSO_SHAPE_TYPE.PICTURE:
            said.append(shape._element.xpath(".//p:cNvPr")[0].get("descr"))
    assert all(said)
    for exhibit in pack.exhibits():
        if isinstance(exhibit, FigureExhibit):
            assert exhibit.figure.alt in said


def test_charts_are_native_and_only_an_analysts_plot_is_a_picture(deck, pack):
    pictures = [shape for _, shape in shapes_of(deck) if shape.shape_type == MSO_SHAPE_TYPE.PICTURE]
    charts = [shape for _, shape in shapes_of(deck) if shape.has_chart]
    figures = [e for e in pack.exhibits() if isinstance(e, FigureExhibit)]
    assert len(pictures) == sum(isinstance(e, ImageExhibit) for e in pack.exhibits())
    assert len(charts) == sum(e.figure.kind != "heatmap" for e in figures)


def test_theme_is_the_clients(tmp_path, pack):
    pptx.render(pack, tmp_path / "pack.pptx")
    tokens = build_tokens(Theme(primary=pack.look.primary, accent=pack.look.accent, font=pack.look.font))
    with zipfile.ZipFile(tmp_path / "pack.pptx") as archive:
        theme = archive.read("ppt/theme/theme1.xml").decode()
    for slot, token in (("accent1", "primary"), ("accent2", "accent"), ("dk1", "ink")):
        assert f'<a:{slot}><a:srgbClr val="{tokens[token][1:].upper()}"/>' in theme
    assert theme.count(f'<a:latin typeface="{pack.look.font}"') == 2


def test_same_bytes_each_time(pack, tmp_path):
    for name in ("a", "b"):
        pptx.render(pack, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_charts_hold_no_formulas_but_their_client_texts(tmp_path, sample_pack):
    """A category such as =HYPERLINK(...) stays text in the sheet behind the chart."""
    nasty = '=HYPERLINK("http://x","y") \x07& <b>'
    data = pd.DataFrame({"name": [nasty, "B"], "value": [0.02, -0.01]})
    words = {"title": "T", "subtitle": "S", "alt": "A", "formats": {"value": "points"}}
    figure = Figure(kind="bar", data=data, x="name", y="value", highlight="B", **words)
    page = sample_pack.pages[0]
    numbers = TableExhibit(id="n", title="", columns=(), rows=(), source=page.source)
    exhibit = FigureExhibit(id="f", figure=figure, svg="", numbers=numbers, source=page.source)
    deck = read(replace(sample_pack, pages=(replace(page, exhibits=(exhibit,)),)), tmp_path)
    chart = next(shape.chart for _, shape in shapes_of(deck) if shape.has_chart)
    assert list(chart.plots[0].categories) == [nasty.replace("\x07", ""), "B"]
    assert list(chart.plots[0].series[0].values) == [2.0, -1.0]  # percentage points
    with zipfile.ZipFile(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)) as book:
        assert not re.search(r"<f[ >]", book.read("xl/worksheets/sheet1.xml").decode())
        assert "=HYPERLINK(" in book.read("xl/sharedStrings.xml").decode()


def test_long_wide_and_wordy_content_continues_on_further_slides(sample_pack, tmp_path):
    """40 rows of 12 columns, a claim of 200 characters, long words, 40 notes: all shown, nothing cut."""
    page = sample_pack.pages[0]
    columns = [Column(name=f"c{j}", label=f"Umsatz {j}", format="text", numeric=j > 0) for j in range(12)]
    rows = tuple(
        tuple(
            Cell(value="", text=f"USD {i},{j:03d},567" if j else f"Kundenbindungsprogrammteilnehmerin {i}")
            for j in range(12)
        )
        for i in range(40)
    )
    table = TableExhibit(id="t", title="Big", columns=tuple(columns), rows=rows, source=page.source)
    notes = tuple(f"Note {n}: " + "Vertriebswegeentscheidung " * 8 for n in range(40))
    text = TextExhibit(id="x", markdown="word " * 3000, source=page.source)
    big = replace(page, title="A claim " * 25, exhibits=(table, text), notes=notes, decision=None)
    deck = read(replace(sample_pack, pages=(big,)), tmp_path)
    check_bounds(deck)
    parts = [rows_of(shape.table) for _, shape in shapes_of(deck) if shape.has_table]
    parts = [part for part in parts if part[0][0] == "Umsatz 0"]
    assert len(parts) > 2 and all(part[0] == [c.label for c in columns] for part in parts)
    assert [row for part in parts for row in part[1:]] == [[cell.text for cell in row] for row in rows]
    shown = " ".join(shape.text_frame.text for _, shape in shapes_of(deck) if shape.has_text_frame)
    assert all(note in shown for note in notes)


def test_segments_share_layout_and_axis(sample_board_pack, tmp_path):
    deck = read(sample_board_pack, tmp_path)
    titles = [page.title for page in sample_board_pack.pages if page.segment]
    slides = [slide for slide in deck.slides if slide.shapes.title.text_frame.text in titles]
    assert len(slides) == len(titles) >= 3
    layouts = set()
    for slide in slides:
        chart = next(shape for shape in slide.shapes if shape.has_chart)
        table = next(shape for shape in slide.shapes if shape.has_table)
        axis = chart.chart.value_axis
        places = [(s.left, s.top, s.width, s.height) for s in (chart, table, slide.shapes.title)]
        widths = [column.width for column in table.table.columns]
        layouts.add((axis.minimum_scale, axis.maximum_scale, *places, *widths))
    assert len(layouts) == 1


def test_nothing_to_decide_and_one_page(sample_pack, tmp_path):
    page = replace(sample_pack.pages[0], decision=None, exhibits=(), notes=(), limits=())
    summary = replace(sample_pack.summary, decisions=(), reasons=(), answer_page="nowhere")
    look = replace(sample_pack.look, logo=b"", font="")
    rest = {"not_assessed": (), "assumptions": (), "limits": (), "as_of": "", "data_lines": ()}
    deck = read(
        replace(sample_pack, pages=(page,), summary=summary, look=look, data_note="", **rest), tmp_path
    )
    check_bounds(deck)
    assert [slide.shapes.title.text_frame.text for slide in deck.slides][1:] == [
        "Contents",
        page.title.removesuffix(".") + " (evidence)" if page.title == summary.answer else page.title,
        "Not assessed",
        "Data and audit reference",
    ]


def test_master_is_what_its_script_makes():
    """Parts are compared, not the archive: compression differs between machines."""
    spec = importlib.util.spec_from_file_location("make_master", TEMPLATES / "base" / "make_master.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    def parts(blob):
        with zipfile.ZipFile(io.BytesIO(blob)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    assert parts(script.build_master()) == parts(Path(script.TARGET).read_bytes())
    names = [layout.name for layout in Presentation(str(script.TARGET)).slide_layouts]
    assert names == list(script.LAYOUTS)


def test_pages_of_an_analyst_without_findings(sample_pack, tmp_path):
    """A scatter with one point, an empty column of a line, all values equal: drawn, not failed."""
    source = sample_pack.pages[0].source
    frames = {
        "scatter": pd.DataFrame({"x": [1.0], "y": [2.0], "s": ["only"]}),
        "line": pd.DataFrame({"x": ["a", "b"], "y": [None, None], "s": ["k", "k"]}),
        "dot": pd.DataFrame({"x": ["a", "b"], "y": [3.0, 3.0], "s": ["k", "k"]}),
        "heatmap": pd.DataFrame({"x": ["a", "b"], "y": [1.0, 1.0], "s": ["k", "k"]}),
        "column": pd.DataFrame({"x": ["a", "b"], "y": [-3.0, -2.0], "s": ["k", "k"]}),
    }
    pages = []
    for kind, frame in frames.items():
        words = {"title": f"The {kind}", "subtitle": "S", "alt": "A"}
        figure = Figure(kind=kind, data=frame, x="x", y="y", series="s", **words)
        numbers = TableExhibit(id=f"{kind}.n", title="", columns=(), rows=(), source=source)
        shown = FigureExhibit(id=kind, figure=figure, svg="<svg/>", numbers=numbers, source=source)
        pages.append(replace(sample_pack.pages[0], id=kind, title=kind, exhibits=(shown,), decision=None))
    deck = read(replace(sample_pack, pages=tuple(pages)), tmp_path)
    assert sum(shape.has_chart for _, shape in shapes_of(deck)) == 4


@pytest.mark.parametrize("rows", [3, 13, 28])
def test_a_tall_heat_map_stays_on_its_slide(sample_pack, rows, tmp_path):
    """As many rows as the strongest differences of five groups have, and more."""
    first = next(e for page in sample_pack.pages for e in page.exhibits if isinstance(e, FigureExhibit))
    names = [f"spending on product line {n}" for n in range(rows)]
    data = pd.DataFrame(
        [(group, name, n - 5.0) for n, name in enumerate(names) for group in ("Lab", "OEM", "Projects")],
        columns=["x", "s", "y"],
    )
    figure = Figure(
        kind="heatmap",
        title="Tall",
        subtitle="S",
        alt="Tall",
        data=data,
        x="x",
        y="y",
        series="s",
        reference=0.0,
    )
    page = next(page for page in sample_pack.pages if first in page.exhibits)
    tall = replace(page, exhibits=(replace(first, figure=figure),), notes=("One remark.",))
    check_bounds(read(replace(sample_pack, pages=(tall,)), tmp_path))


def test_many_slides_are_listed_in_two_columns_and_all_of_them(sample_pack, tmp_path):
    first = sample_pack.pages[0]
    pages = [
        replace(first, id=f"p{n}", title=f"Claim {n}", topic=f"Question {n}?", section=f"Part {n // 8}")
        for n in range(90)
    ]
    deck = read(replace(sample_pack, pages=tuple(replace(page, decision=None) for page in pages)), tmp_path)
    check_bounds(deck)
    listed = {}
    for slide in deck.slides:
        if slide.shapes.title.text_frame.text.startswith("Contents"):
            (table,) = (shape.table for shape in slide.shapes if shape.has_table)
            rows = rows_of(table)[1:]
            for n in range(0, len(rows[0]), 3):
                listed |= {row[n]: row[n + 1] for row in rows if row[n]}
                last = [row[n] for row in rows if row[n]][-1]
                assert not last.startswith("Part"), "a heading stands above its pages"
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    for n in range(90):
        assert listed[f"Question {n}?"] == str(titles.index(f"Claim {n}") + 1)
    assert all(f"Part {n}" in listed for n in range(12)) and "Not assessed" in listed


def test_a_wide_heat_map_has_its_values_in_one_line(sample_pack, tmp_path):
    """Three years of months: it takes the whole width, and its remarks a slide of their own."""
    first = next(e for page in sample_pack.pages for e in page.exhibits if isinstance(e, FigureExhibit))
    data = pd.DataFrame(
        [(month, f"20{year} Q{q}", 0.54) for month in range(1, 34) for year in (23, 24, 25) for q in (1, 2)],
        columns=["x", "s", "y"],
    )
    words = {"title": "Wide", "subtitle": "S", "alt": "Wide", "formats": {"y": "share:0"}}
    figure = Figure(kind="heatmap", data=data, x="x", y="y", series="s", **words)
    page = next(page for page in sample_pack.pages if first in page.exhibits)
    wide = replace(page, exhibits=(replace(first, figure=figure),), notes=("One remark. " * 9, "Another."))
    deck = read(replace(sample_pack, pages=(wide,)), tmp_path)
    check_bounds(deck)
    (table,) = [s.table for _, s in shapes_of(deck) if s.has_table and len(s.table.columns) == 34]
    cell = table.cell(1, 33)
    assert cell.text == "54 %" and table.rows[1].height < Pt(50)
    room = (table.columns[33].width - cell.margin_left - cell.margin_right) / Pt(1)
    (size,) = {int(size) / 100 for size in cell._tc.xpath(".//a:rPr/@sz")}
    assert room >= 1.1 * text_width("54 %", size) and size >= 7
    assert any("Another." in shape.text_frame.text for _, shape in shapes_of(deck) if shape.has_text_frame)


def test_names_of_many_rows_stand_in_lines_as_high_as_rows(sample_pack, tmp_path):
    first = next(e for page in sample_pack.pages for e in page.exhibits if isinstance(e, FigureExhibit))
    names = [f"Dealer-served accounts in product line {n}" for n in range(18)]
    data = pd.DataFrame({"x": names, "y": range(18), "low": range(-1, 17), "high": range(1, 19)})
    words = {"title": "Dense", "subtitle": "S", "alt": "A"}
    figure = Figure(kind="dot", data=data, x="x", y="y", low="low", high="high", **words)
    page = next(page for page in sample_pack.pages if first in page.exhibits)
    shown = replace(page, exhibits=(replace(first, figure=figure),), notes=(), limits=(), decision=None)
    deck = read(replace(sample_pack, pages=(shown,)), tmp_path)
    check_bounds(deck)
    ((_, box),) = [(slide, shape) for slide, shape in shapes_of(deck) if shape.name == "Names"]
    assert [line.text for line in box.text_frame.paragraphs] == names
    (pitch,) = {line.line_spacing for line in box.text_frame.paragraphs}
    (chart,) = [shape for _, shape in shapes_of(deck) if shape.has_chart]
    area = chart.chart._chartSpace.chart.plotArea.find("{*}layout/{*}manualLayout")
    height = float(area.find("{*}h").get("val")) * chart.height
    assert pitch * 18 == pytest.approx(height, rel=0.01)
    assert box.text_frame.paragraphs[0].runs[0].font.size <= pitch
    assert box.left + box.width <= chart.left + float(area.find("{*}x").get("val")) * chart.width


def test_ellipses_and_frontiers_are_series_of_one_chart(sample_pack, tmp_path):
    source = sample_pack.pages[0].source
    matrix = pd.DataFrame({"x": [1.0, 3.0], "y": [10.0, 20.0], "s": ["A", "B"], "size": [1.0, 4.0]})
    matrix = matrix.assign(x_low=[0.5, 2.5], x_high=[1.5, 4.0], low=[9.0, 15.0], high=[11.0, 25.0])
    plans = pd.DataFrame({"x": [1.0, 2.0, 1.5], "y": [3.0, 1.0, 2.5], "s": ["Line", "Line", "Chosen"]})
    ends = {"size": "size", "low": "low", "high": "high", "x_low": "x_low", "x_high": "x_high"}
    pages = []
    for name, frame, more in (("matrix", matrix, ends), ("frontier", plans, {"connected": True})):
        words = {"title": name, "subtitle": "S", "alt": "A"}
        figure = Figure(kind="scatter", data=frame, x="x", y="y", series="s", **more, **words)
        numbers = TableExhibit(id=f"{name}.n", title="", columns=(), rows=(), source=source)
        shown = FigureExhibit(id=name, figure=figure, svg="<svg/>", numbers=numbers, source=source)
        pages.append(replace(sample_pack.pages[0], id=name, title=name, exhibits=(shown,), decision=None))
    deck = read(replace(sample_pack, pages=tuple(pages)), tmp_path)
    charts = [shape.chart for _, shape in shapes_of(deck) if shape.has_chart]
    series = {s.name: list(s.iter_values()) for chart in charts for s in chart.plots[0].series}
    assert set(series) == {"A: interval", "B: interval", "A", "B", "Line", "Chosen"}
    assert (min(series["B: interval"]), max(series["B: interval"])) == pytest.approx((15.0, 25.0), abs=0.1)
    assert series["Line"] == [3.0, 1.0]


@pytest.mark.parametrize("count", [6, 40])
def test_many_decisions_fit_the_first_slide(sample_board_pack, count, tmp_path):
    first = sample_board_pack.summary.decisions[0]
    words = {"question": "A longer question " * 4, "robustness": "It holds. " * 25}
    asked = tuple(replace(first, id=f"d{n}", **words) for n in range(count))
    summary = replace(sample_board_pack.summary, decisions=asked, answer="A long answer. " * 12)
    deck = read(replace(sample_board_pack, summary=summary), tmp_path)
    check_bounds(deck)
    table = next(shape for shape in deck.slides[0].shapes if shape.has_table)
    shown = len(rows_of(table.table)) - 1
    assert shown == count or f"(and {count - shown} more)" in rows_of(table.table)[-1][0]
