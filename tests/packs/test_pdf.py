"""The PDF pack as a reader, a screen reader and a printer meet it; structure as PDF/UA-1 asks."""

import re
from dataclasses import replace
from itertools import pairwise

import pypdf
import pytest

from segutils.packs import pdf
from segutils.packs.document import Cell, Column, FigureExhibit, ImageExhibit, TableExhibit


@pytest.fixture(scope="module", params=["executive", "board"])
def pack(request, sample_pack, sample_board_pack):
    return sample_pack if request.param == "executive" else sample_board_pack


def read(pack, tmp_path):
    path = tmp_path / "pack.pdf"
    pdf.render(pack, path)
    assert [item.name for item in tmp_path.iterdir()] == ["pack.pdf"]
    return pypdf.PdfReader(path)


@pytest.fixture(scope="module")
def document(pack, tmp_path_factory):
    return read(pack, tmp_path_factory.mktemp("pdf"))


def squeeze(text):
    """Without white space, hyphens and invisible marks: what a line break adds or takes."""
    return re.sub(r"[\s\u200b\u00ad\u2010-]", "", text)


def walk(node):
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for item in node:
            yield from walk(item)
    elif isinstance(node, dict) and "/S" in node:
        yield node
        if "/K" in node:
            yield from walk(node["/K"])


def with_table(pack, rows, columns):
    """The pack with one page more, whose table has so many rows and columns."""
    page = pack.pages[0]
    names = [f"Nettoumsatzentwicklung {n}" if n else "Abteilung" for n in range(columns)]
    head = [
        Column(name=n, label=n, format="money" if i else "text", numeric=bool(i)) for i, n in enumerate(names)
    ]
    cells = tuple(
        tuple(
            Cell(value=i * 1000 + j, text=f"USD {i:02d},{j:03d},567")
            if j
            else Cell(value="x", text=f"Kundenbindungsprogrammteilnehmerinnenverzeichnis {i}")
            for j in range(columns)
        )
        for i in range(rows)
    )
    table = TableExhibit(id="big", title="Big", columns=tuple(head), rows=cells, source=page.source)
    big = replace(
        page, id="big", title="A claim " * 25, exhibits=(table,), decision=None, notes=(), limits=()
    )
    return replace(pack, pages=(*pack.pages, big))


def test_tagged_for_screen_readers_and_archives(document, pack):
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"].value
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    xmp = document.xmp_metadata.stream.get_data().decode()
    assert re.search(r"pdfuaid:part>1<|pdfuaid:part=\"1\"", xmp)
    assert re.search(r"pdfaid:part>2<|pdfaid:part=\"2\"", xmp)
    assert document.metadata.title == f"{pack.client}: {pack.title}"
    assert document.metadata.author == pack.client


def test_every_figure_says_what_it_shows(document, pack):
    figures = [
        node for node in walk(document.trailer["/Root"]["/StructTreeRoot"]["/K"]) if node["/S"] == "/Figure"
    ]
    drawn = [e for e in pack.exhibits() if isinstance(e, FigureExhibit | ImageExhibit)]
    said = [str(node.get("/Alt", "")) for node in figures]
    assert all(said)
    for exhibit in drawn:
        alt = exhibit.figure.alt if isinstance(exhibit, FigureExhibit) else exhibit.alt
        assert alt in said
    assert len(figures) == len(drawn) + bool(pack.look.logo)


def test_headings_never_skip_a_level(document):
    tags = [node["/S"] for node in walk(document.trailer["/Root"]["/StructTreeRoot"]["/K"])]
    levels = [int(tag[2:]) for tag in tags if re.fullmatch(r"/H[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert {"/Table", "/TH", "/TOC"} <= set(tags)


def test_page_one_answers_and_its_page_numbers_are_right(document, pack):
    texts = [squeeze(page.extract_text()) for page in document.pages]
    summary = pack.summary
    assert squeeze(summary.answer) in texts[0]
    for sentence, page_id in summary.reasons:
        title = squeeze(next(page.title for page in pack.pages if page.id == page_id))
        number = next(n for n, text in enumerate(texts, start=1) if n > 2 and title in text)
        assert squeeze(sentence) + f"page{number}" in texts[0] or f"page{number}" in texts[0]
    for decision in summary.decisions:
        assert squeeze(decision.question) in texts[0] and squeeze(decision.recommendation) in texts[0]
        if decision.override:
            assert squeeze(decision.override.why) in texts[0]
    assert f"1of{len(texts)}" in texts[0] and "Contents" in texts[1]


def test_end_matter_is_complete(document, pack):
    text = squeeze("".join(page.extract_text() for page in document.pages))
    for need in pack.not_assessed:
        assert squeeze(need.question) in text and all(squeeze(column) in text for column in need.columns)
    for item in pack.assumptions:
        assert squeeze(item.text) in text and squeeze(item.owner) in text
    for value in (*pack.provenance.values(), *pack.data_lines, *(limit for limit, _ in pack.limits)):
        assert squeeze(value) in text
    assert squeeze(pack.data_note) in text


def test_same_bytes_each_time(pack, tmp_path):
    for name in ("a", "b"):
        pdf.render(pack, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_long_and_wide_tables_stay_on_the_page(sample_pack, tmp_path):
    """120 rows, 12 columns: every cell printed, the header on each page, no type under 6.5 points."""
    big = with_table(sample_pack, 120, 12)
    document = read(big, tmp_path)
    sizes, places, texts = [], [], []

    def visit(text, _user, matrix, _font, size):
        if text.strip():
            sizes.append(abs(size * matrix[3]) if abs(matrix[3]) != 1 else size)
            places.append((matrix[4], matrix[5]))

    pages = [page for page in document.pages if "Nettoumsatzentwicklung1" in squeeze(page.extract_text())]
    for page in pages:
        texts.append(squeeze(page.extract_text(visitor_text=visit)))
    assert len(pages) >= 4
    whole = "".join(texts)
    for row in big.pages[-1].exhibits[0].rows:
        for cell in row:
            assert squeeze(cell.text) in whole
    assert all("Nettoumsatzentwicklung11" in text for text in texts)
    assert min(sizes) >= 6.49
    box = document.pages[0].mediabox
    assert all(0 <= x <= box.width - 20 and 0 <= y <= box.height for x, y in places)


def test_nothing_to_decide_one_page_no_brand(sample_pack, tmp_path):
    page = replace(sample_pack.pages[0], decision=None, exhibits=(), notes=(), limits=())
    summary = replace(sample_pack.summary, decisions=(), reasons=(), answer_page=page.id)
    look = replace(sample_pack.look, logo=b"", font="A Font That Nobody Has")
    bare = replace(
        sample_pack, pages=(page,), summary=summary, look=look, not_assessed=(), assumptions=(), limits=(),
        as_of="", data_lines=(), provenance={},
    )  # fmt: skip
    text = "".join(page.extract_text() for page in read(bare, tmp_path).pages)
    assert "asks for no decision" in text and "answered in full" in text


def test_scripts_of_the_world(sample_pack, tmp_path):
    """Chinese and an emoji: shown where a font on the machine has them, else marked; never a failed pack."""
    summary = replace(sample_pack.summary, answer="市場 is 🛒 растёт")
    document = read(replace(sample_pack, client="株式会社", summary=summary), tmp_path)
    text = document.pages[0].extract_text()
    assert "растёт" in text and ("市場" in text or "□□" in text)
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]


@pytest.mark.parametrize("count", [6, 14, 40])
def test_many_decisions_leave_page_one_one_page(sample_pack, count, tmp_path):
    first = sample_pack.summary.decisions[0]
    asked = tuple(
        replace(
            first,
            id=f"d{n}",
            question=f"Question {n}: {'a longer question ' * 4}",
            robustness="It holds. " * 25,
        )
        for n in range(count)
    )
    summary = replace(sample_pack.summary, decisions=asked, answer="A long answer with many words. " * 6)
    document = read(replace(sample_pack, summary=summary), tmp_path)
    texts = [squeeze(page.extract_text()) for page in document.pages[:2]]
    assert texts[1].startswith("Contents")
    assert squeeze(asked[0].question) in texts[0] and squeeze(sample_pack.data_lines[0]) in texts[0]
    shown = sum(squeeze(f"Question {n}:") in texts[0] for n in range(count))
    assert shown == count or f"{count - shown}more" in texts[0]


def test_remarks_beside_a_drawing_do_not_push_its_table_to_the_next_page(sample_pack, tmp_path):
    """Remarks as high as the page leave no room below: the table is printed in the back."""
    page = next(page for page in sample_pack.pages if page.slug == "profiles")
    drawn = next(e for e in page.exhibits if isinstance(e, FigureExhibit))
    columns = [
        Column(name=f"c{n}", label=f"A longer heading {n}", format="text", numeric=False) for n in range(9)
    ]
    cell = Cell(value="a few words", text="a few words")
    table = TableExhibit(
        id="wide", title="", columns=tuple(columns), rows=((cell,) * 9,) * 8, source=page.source
    )
    notes = tuple(f"Remark {number} says what is to be said, {'and so on, ' * 9}" for number in range(10))
    page = replace(page, exhibits=(drawn, table), notes=notes, limits=())
    pages = tuple(page if one.id == page.id else one for one in sample_pack.pages)
    document = read(replace(sample_pack, pages=pages), tmp_path)
    texts = [squeeze(one.extract_text()) for one in document.pages]
    own = next(n for n, text in enumerate(texts) if squeeze(page.title) in text and "Remark0" in text)
    assert "Continued" not in texts[own + 1][:200]


def test_a_message_is_one_page_and_what_it_has_no_room_for_stands_in_the_back(sample_pack, tmp_path):
    """Thirty notes and a long table: the first note stays with its drawing, all the others are printed."""
    notes = tuple(f"Remark {number} " + "that goes on and on, and says little, " * 4 for number in range(30))
    page = replace(next(page for page in sample_pack.pages if page.slug == "profiles"), notes=notes)
    pages = tuple(page if one.id == page.id else one for one in sample_pack.pages)
    document = read(replace(sample_pack, pages=pages), tmp_path)
    texts = [squeeze(one.extract_text()) for one in document.pages]
    own = next(n for n, text in enumerate(texts) if squeeze(page.title) in text and "Remark0" in text)
    assert "Infull" in texts[own] and "Continued" not in texts[own + 1]
    printed = "".join(texts)
    assert all(f"Remark{number}that" in printed for number in range(30))
    later = next(n for n, text in enumerate(texts) if "Remark29that" in text)
    assert later > own and any("Tablesanddrawingsinfull" in text for text in texts[own : later + 1])
