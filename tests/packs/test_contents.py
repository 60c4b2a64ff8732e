"""What a reader finds a page by: claims while they are few, then the questions that pages answer."""

from dataclasses import replace

from segutils.packs.contents import MOST_CLAIMS, list_contents
from segutils.packs.pages import ExecutedNotebook, build_pages


def test_a_short_pack_lists_its_claims(sample_pack):
    listed = [entry for section in list_contents(sample_pack) for entry in section.entries]
    assert listed == [(page.title, page.id) for page in sample_pack.pages]
    assert len(sample_pack.pages) <= MOST_CLAIMS


def test_a_long_pack_lists_questions_once_and_segments_by_name(sample_pack):
    first = sample_pack.pages[0]
    many = [
        replace(first, id=f"p{n}", title=f"Claim {n}", section="A", topic=f"Question {n // 2}", segment="")
        for n in range(MOST_CLAIMS + 2)
    ]
    own = replace(first, id="own", title="An analyst's page", section="B", topic="", segment="")
    apart = [replace(own, id=name, segment=name, topic="Each segment") for name in ("Lab", "OEM")]
    sections = list_contents(replace(sample_pack, pages=(*many, own, *apart)))
    assert [section.name for section in sections] == ["A", "B"]
    assert sections[0].entries == tuple((f"Question {n}", f"p{2 * n}") for n in range(len(many) // 2))
    assert sections[1].entries == (("An analyst's page", "own"), ("Lab", "Lab"), ("OEM", "OEM"))


def test_a_finding_answers_the_heading_it_stands_under(sample_pack, sample_run):
    """Text without a heading between them changes nothing, nor does the notebook's own title."""
    import json

    from segutils.packs.reading import read_facts

    drawing = read_facts(sample_run).drawing
    path = next(
        path
        for path in sorted((sample_run / "notebooks").glob("*.ipynb"))
        if build_pages(read(json.loads(path.read_text())["cells"]), "executive", drawing)
    )
    cells = json.loads(path.read_text())["cells"]
    place = next(n for n, cell in enumerate(cells) if "executive" in cell["metadata"].get("tags", []))
    words = ("# 9_9 Title — what?", "## The question?\n\nWhy it matters.", "How to read it.")
    told = [
        {"cell_type": "markdown", "id": f"m{n}", "metadata": {}, "source": w} for n, w in enumerate(words)
    ]
    (found,) = build_pages(read([*told, cells[place]]), "executive", drawing)
    assert {page.topic for page in found.pages if page.slug} == {"The question?"}


def read(cells):
    return ExecutedNotebook(name="9_9_own", cells=tuple(cells))
