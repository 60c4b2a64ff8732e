"""The HTML pack as a browser, a screen reader, a printer and an attacker meet it."""

import re
import shutil
import time
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from segutils.charts.colours import contrast
from segutils.packs import html, rendering
from segutils.packs.notes import render_markdown

SLUG = "muller-sohne-script-alert-1-script-hyperlink-http-x-100-co-quotes-kaufer-in"
VOID = frozenset(["br", "col", "hr", "img", "input", "link", "meta"])


class Reader(HTMLParser):
    """Elements with attributes and, per element with an id, the text inside it."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.texts, self.text = [], [], {}, []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("id")))

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        opened, _ = self.open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data):
        if self.open and self.open[-1][0] in ("style", "script"):
            return
        self.text.append(data)
        for _, name in self.open:
            if name:
                self.texts.setdefault(name, []).append(data)

    def all(self, *tags):
        return [attrs for tag, attrs in self.elements if tag in tags]


def read(text):
    reader = Reader()
    reader.feed(text)
    assert not reader.open, f"left open: {reader.open}"
    return reader


@pytest.fixture(scope="module", params=["executive", "board"])
def pack(request, sample_pack, sample_board_pack):
    return sample_pack if request.param == "executive" else sample_board_pack


@pytest.fixture(scope="module")
def page(pack):
    return html.build_html(pack)


def test_works_offline(page):
    """Nothing is fetched: every address is in the page or in the file itself."""
    addresses = re.findall(r"""(?:\bsrc|\bhref|\baction|\bdata|\bposter|srcset)\s*=\s*["']([^"']*)""", page)
    addresses += re.findall(r"url\(\s*[\"']?([^)\"']*)", page)
    assert addresses and all(address.startswith(("#", "data:")) for address in addresses)
    assert "@import" not in page and "<link" not in page and "<iframe" not in page


def test_client_text_is_text(page, pack):
    reader = read(page)
    assert not reader.all("script", "b[onclick]"), "no script, ours or theirs"
    assert not [attrs for _, attrs in reader.elements if any(name.startswith("on") for name in attrs)]
    assert pack.client in "".join(reader.text)
    assert pack.data_note in "".join(reader.text)
    assert "<script" not in page.lower()


def test_every_number_of_every_exhibit_is_there(page, pack):
    reader = read(page)
    shown = {name: "".join(parts) for name, parts in reader.texts.items()}
    for item in pack.pages:
        assert item.title in shown[item.id]
        for exhibit in item.exhibits:
            tables = {"figure": lambda e: [e.numbers], "table": lambda e: [e]}
            for table in tables.get(exhibit.kind, lambda e: [])(exhibit):
                for row in table.rows:
                    assert all(cell.text in shown[exhibit.id] for cell in row), exhibit.id
            assert exhibit.source.reference in shown[exhibit.id]
    for decision in pack.summary.decisions:
        for words in (decision.question, decision.recommendation, decision.robustness, decision.override.why):
            assert words in shown["summary"] and words in shown[decision.id]
        assert decision.choice in shown["summary"]
    for sentence, _ in pack.summary.reasons:
        assert sentence in shown["summary"]
    for need in pack.not_assessed:
        assert need.question in shown["not-assessed"] and need.columns[0] in shown["not-assessed"]
    for limit, _ in pack.limits:
        assert limit in shown["assumptions"]
    for value in pack.provenance.values():
        assert value in shown["audit"]


def test_accessible(page):
    reader = read(page)
    assert reader.all("html")[0]["lang"] == "en"
    assert all(len(reader.all(tag)) >= 1 for tag in ("header", "nav", "main", "footer", "title"))
    levels = [int(tag[1]) for tag, _ in reader.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))
    assert all(attrs.get("scope") in ("col", "row") for attrs in reader.all("th"))
    assert all(attrs.get("alt") for attrs in reader.all("img"))
    ids = [attrs["id"] for _, attrs in reader.elements if attrs.get("id")]
    assert len(ids) == len(set(ids))
    for attrs in reader.all("a"):
        assert attrs["href"].removeprefix("#") in ids
    for attrs in reader.all("svg"):
        assert attrs["role"] == "img" and set(attrs["aria-labelledby"].split()) <= set(ids)


def test_figures_carry_their_alt_text(sample_pack):
    reader = read(html.build_html(sample_pack))
    described = ["".join(text) for name, text in reader.texts.items() if name.endswith("-desc")]
    figures = [e for page in sample_pack.pages for e in page.exhibits if e.kind == "figure"]
    assert described == [exhibit.figure.alt for exhibit in figures] and len(described) == 7


def test_an_analysts_addition_is_said_to_be_one(sample_pack):
    first, *rest = sample_pack.pages
    source = replace(first.exhibits[0].source, by_hand=True)
    changed = replace(first, exhibits=(replace(first.exhibits[0], source=source), *first.exhibits[1:]))
    words = "analyst’s addition after the run"
    assert words not in html.build_html(sample_pack)
    assert words in html.build_html(replace(sample_pack, pages=(changed, *rest)))


@pytest.mark.parametrize("primary", ["#1f4e79", "#ffe100", "#f4f4f4", "#101010", "#e2001a"])
def test_any_brand_is_legible_on_paper_and_on_panels(sample_pack, primary):
    look = replace(sample_pack.look, primary=primary, accent=primary)
    view = html.build_view(replace(sample_pack, look=look))
    for css in (view.light_tokens, view.dark_tokens):
        tokens = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css))
        for name in ("ink", "muted", "primary-text", "accent-text"):
            assert (
                contrast(tokens[name], tokens["paper"]) >= 4.5
                and contrast(tokens[name], tokens["panel"]) >= 4.5
            )
        for name in ("good", "warn", "bad"):
            assert contrast(tokens[name], tokens[f"{name}-ground"]) >= 4.5
            assert contrast(tokens[name], tokens["paper"]) >= 4.5


def test_a_brand_cannot_leave_its_style_rule(sample_pack):
    look = replace(sample_pack.look, font="x'; } </style><script>alert(1)</script>")
    page = html.build_html(replace(sample_pack, look=look))
    assert page.count("</style>") == 1 and "<script" not in page


@pytest.mark.parametrize(
    "part",
    [
        "<script>alert(1)</script>",
        '<path onclick="alert(1)" d="M 0 0"/>',
        '<image href="http://x/y.png"/>',
        '<use href="http://x/y.svg#z"/>',
        '<g style="fill: url(http://x/y)"></g>',
        "<foreignObject><p>x</p></foreignObject>",
    ],
)
def test_a_drawing_that_could_act_is_drawn_anew(sample_pack, part):
    figure = sample_pack.pages[0].exhibits[0]
    assert html.is_plain(figure.svg)
    bad = figure.svg.replace("</svg>", f"{part}</svg>")
    assert not html.is_plain(bad)
    page = replace(sample_pack.pages[0], exhibits=(replace(figure, svg=bad),))
    text = html.build_html(replace(sample_pack, pages=(page, *sample_pack.pages[1:])))
    assert part not in text and "http://x/y" not in text


def test_notes_can_neither_act_nor_load():
    text = (
        "# Big\n\n<img src=x onerror=a()> [go](javascript:a()) ![pic](http://x/y.png)\n\n| a |\n|---|\n| 1 |"
    )
    shown = render_markdown(text, top=3)
    assert "<h3>Big</h3>" in shown and "<td>1</td>" in shown and "&lt;img" in shown
    assert "<img" not in shown and "javascript" not in shown and "http" not in shown


def test_written_whole_and_the_same_each_time(sample_run, tmp_path):
    run = shutil.copytree(sample_run, tmp_path / sample_run.name)
    wanted = {"executive": ["html"], "board": ["html"]}
    paths = rendering.render_packs(run, wanted)
    first = [path.read_bytes() for path in paths]
    assert [path.name for path in paths] == [f"{SLUG}-{audience}.html" for audience in wanted]
    assert [path.read_bytes() for path in rendering.render_packs(run, wanted)] == first
    assert sorted(path.name for path in (run / "packs").iterdir()) == sorted(path.name for path in paths)


def test_quick(sample_pack):
    seconds = []
    for _ in range(3):
        start = time.process_time()
        html.build_html(sample_pack)
        seconds.append(time.process_time() - start)
    assert min(seconds) <= 0.7
