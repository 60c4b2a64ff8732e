"""Drawings: every kind, at its edges; the marks have the data's lengths, and the words are the packs' own."""

import re
import warnings
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from segutils.charts import drawing, marks
from segutils.charts.colours import Theme, build_tokens, contrast
from segutils.findings import FIGURE_KINDS, Figure, read_figure

THEME = Theme()
WORDS = {"title": "A claim", "subtitle": "Households, 2017", "alt": "What it shows"}
LONG = "A very long name with Umläuten, a < b & c, and $5 $ on it"


def build_figure(kind, categories, series, *, seed, **rest):
    """A figure of random size-appropriate numbers, with missing and negative ones and intervals."""
    random = np.random.default_rng(seed)
    names = [LONG if i == 0 else f"Category {i}" for i in range(categories)]
    rows = [(name, f"Series {s}") for s in range(series) for name in names]
    data = pd.DataFrame(rows, columns=["category", "series"])
    data["value"] = random.normal(size=len(data)) * 10.0 ** random.integers(-3, 7)
    data["low"], data["high"] = data["value"] - 0.1, data["value"] + 0.1
    data.loc[random.random(len(data)) < 0.2, ["value", "low", "high"]] = np.nan
    if kind == "scatter":
        data["category"] = random.normal(size=len(data))
    columns = {"x": "category", "y": "value", "series": "series" if series > 1 else None}
    return Figure(kind=kind, data=data, low="low", high="high", **columns, **WORDS, **rest)


@pytest.mark.parametrize("kind", FIGURE_KINDS)
@pytest.mark.parametrize(("categories", "series"), [(1, 1), (3, 2), (40, 1), (12, 12)])
def test_every_kind_at_its_edges(kind, categories, series):
    figure = build_figure(kind, categories, series, seed=categories, highlight="Category 1", reference=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = drawing.draw_svg(figure, THEME, currency="EUR")
    ElementTree.fromstring(svg)
    assert svg == drawing.draw_svg(read_figure_again(figure), THEME, currency="EUR")


def read_figure_again(figure):
    """The figure after its way through a notebook's JSON."""
    from segutils.findings import Finding

    finding = Finding(slug="x", status="info", headline="x", table=pd.DataFrame({"a": [1]}), figures=[figure])
    return read_figure(finding.to_json()["figures"][0])


@pytest.mark.parametrize("kind", ["bar", "column"])
def test_bars_have_the_lengths_of_their_values(kind):
    values = [3.0, -1.5, 0.0, 7.25]
    data = pd.DataFrame({"name": list("abcd"), "value": values})
    drawn = drawing.plot_figure(Figure(kind=kind, data=data, x="name", y="value", **WORDS), THEME)
    side = Rectangle.get_width if kind == "bar" else Rectangle.get_height
    bars = [patch for patch in drawn.axes[0].get_children() if isinstance(patch, Rectangle)]
    assert [side(bar) for bar in bars if bar.get_zorder() == 2] == values


def test_stacks_stand_on_each_other_by_sign():
    data = pd.DataFrame({"q": ["Q1"] * 4, "s": list("abcd"), "v": [2.0, -1.0, 3.0, -4.0]})
    figure = Figure(kind="column", data=data, x="q", y="v", series="s", stacked=True, **WORDS)
    children = drawing.plot_figure(figure, THEME).axes[0].get_children()
    bars = [patch for patch in children if isinstance(patch, Rectangle) and patch.get_zorder() == 2]
    assert [(bar.get_y(), bar.get_height()) for bar in bars] == [(0, 2), (0, -1), (2, 3), (-1, -4)]


def test_values_are_written_as_in_the_packs():
    data = pd.DataFrame({"name": ["a", "b", "c"], "share": [0.1234, -0.5, None]})
    figure = Figure(kind="bar", data=data, x="name", y="share", formats={"share": "share"}, **WORDS)
    assert {"12.3 %", "−50.0 %", "–"} <= texts(drawing.draw_svg(figure, THEME))
    money = Figure(kind="bar", data=data, x="name", y="share", formats={"share": "money:2"}, **WORDS)
    assert {"CHF 0.12", "CHF −0.50", "–"} <= texts(drawing.draw_svg(money, THEME, currency="CHF"))


def test_values_without_a_format_are_rounded_and_periods_are_not():
    data = pd.DataFrame({"period": [2016, 2017], "v": [1 / 3, 2 / 3]})
    shown = texts(drawing.draw_svg(Figure(kind="column", data=data, x="period", y="v", **WORDS), THEME))
    assert {"2016", "2017", "0.33", "0.67"} == shown


def texts(svg):
    """Every text of a drawing."""
    return {
        "".join(node.itertext()) for node in ElementTree.fromstring(svg).iter() if node.tag.endswith("text")
    }


def test_markup_and_dollars_are_plain_text():
    nasty = '<b>&"$x_1$ $'
    data = pd.DataFrame({"name": [nasty, "b"], "value": [1, 2]})
    figure = Figure(kind="bar", data=data, x="name", y="value", reference=1, reference_label=nasty, **WORDS)
    assert nasty in texts(drawing.draw_svg(figure, THEME))


def test_scenarios_follow_ibcs():
    """IBCS: previous year lighter, plan outlined, forecast hatched, actual solid."""
    roles = {"PY": "previous", "PL": "plan", "FC": "forecast"}
    looks = marks.choose_paints(
        Figure(
            kind="column",
            data=pd.DataFrame({"x": ["a"] * 4, "s": ["PY", "AC", "PL", "FC"], "y": [1, 2, 3, 4]}),
            x="x",
            y="y",
            series="s",
            role=roles,
            **WORDS,
        ),
        ["PY", "AC", "PL", "FC"],
    )
    previous, actual, plan, forecast = looks
    assert previous.face == "previous" and actual.face == "primary" and not actual.hatch
    assert plan.face == "paper" and plan.edge == "primary" and not plan.hatch
    assert forecast.hatch and forecast.edge == "primary"
    tokens = build_tokens(THEME)
    assert contrast(tokens["previous"], "#ffffff") < contrast(tokens["primary"], "#ffffff")


def test_a_highlight_that_is_not_drawn_changes_nothing():
    """The board's pages are told apart by `highlight`, which need not be one of the figure's own names."""
    data = pd.DataFrame({"q": ["Q1", "Q2"], "v": [1, 2]})
    plain = Figure(kind="column", data=data, x="q", y="v", **WORDS)
    named = Figure(kind="column", data=data, x="q", y="v", highlight="S1", **WORDS)
    assert drawing.draw_svg(plain, THEME) == drawing.draw_svg(named, THEME)


def test_drawing_serves_light_dark_and_paper():
    figure = build_figure("bar", 4, 2, seed=1)
    svg = drawing.draw_svg(figure, Theme(primary="#aa0011", font='Brand\'s "Font"; }'))
    colours = set(re.findall(r"#[0-9a-f]{6}", re.sub(r"var\([^()]*\)", "", svg)))
    assert not colours, "every colour is a variable"
    assert "Brands Font" in svg and "}" not in svg
    plain = drawing.fill_tokens(svg, Theme(primary="#aa0011"))
    assert "var(" not in plain and "#aa0011" in plain
    assert build_tokens(THEME, dark=True)["ink"] in drawing.fill_tokens(svg, THEME, dark=True)


def test_ids_belong_to_one_drawing():
    one, two = (drawing.draw_svg(build_figure("line", 5, 2, seed=s), THEME) for s in (1, 2))
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (one, two)]
    assert ids[0] and not ids[0] & ids[1]
    assert set(re.findall(r"url\(#([^)]+)\)", one)) <= ids[0]


def test_nothing_global_is_touched_and_nothing_global_is_used():
    figure = build_figure("line", 5, 2, seed=3)
    before, first = dict(matplotlib.rcParams), drawing.draw_svg(figure, THEME)
    assert dict(matplotlib.rcParams) == before
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "axes.facecolor": "black"}):
        assert drawing.draw_svg(figure, THEME) == first


def test_png_has_the_size_asked_for():
    png = drawing.draw_png(build_figure("dot", 3, 1, seed=4), THEME, dpi=100)
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(png[16:20], "big") == 700  # 7 inches


def test_contrast_is_that_of_wcag():
    """WCAG's own examples: black on white is 21, #767676 is the lightest grey that passes 4.5."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("primary", ["#1f4e79", "#ffff00", "#fafafa", "#000000", "#ff0000", "#7fbfff"])
@pytest.mark.parametrize("dark", [False, True])
def test_any_brand_stays_legible(primary, dark):
    tokens = build_tokens(Theme(primary=primary, accent=primary), dark=dark)
    for name in ("ink", "muted", "primary-text", "accent-text"):
        assert contrast(tokens[name], tokens["paper"]) >= 4.5, name
    for name in tokens:
        if name.endswith("-ink"):
            assert contrast(tokens[name], tokens[name.removesuffix("-ink")]) >= 4.5, name


def test_labels_are_moved_apart_as_little_as_possible():
    """By hand: two labels at 0 with gap 2 go to -1 and 1; one at 10 stays."""
    assert marks.spread([0, 10, 0], 2) == [-1, 10, 1]
    assert marks.spread([5, 6, 6.5], 1) == pytest.approx([4.8333, 5.8333, 6.8333], abs=1e-4)
    assert marks.spread([], 1) == []


ELLIPSES = pd.DataFrame(
    {
        "x": [1.0, 2.0],
        "x_low": [0.5, np.nan],
        "x_high": [2.0, np.nan],
        "y": [10.0, 20.0],
        "low": [8.0, 18.0],
        "high": [11.0, 21.0],
        "name": ["Sure of neither", "Unknown"],
    }
)
ENDS = {"low": "low", "high": "high", "x_low": "x_low", "x_high": "x_high"}


def test_an_ellipse_spans_the_intervals_of_both_directions():
    figure = Figure(kind="scatter", data=ELLIPSES, x="x", y="y", series="name", **ENDS, **WORDS)
    axes = drawing.plot_figure(figure, THEME).axes[0]
    drawn = {(patch.center, patch.width, patch.height) for patch in axes.patches}
    assert drawn == {((1.25, 9.5), 1.5, 3.0)}  # the second point's interval is not known


def test_a_frontier_joins_its_points_in_their_order():
    data = pd.DataFrame(
        {"x": [3.0, 1.0, 2.0, 2.5], "y": [1.0, 3.0, 2.5, 2.0], "plan": ["Frontier"] * 3 + ["Chosen"]}
    )
    figure = Figure(
        kind="scatter", data=data, x="x", y="y", series="plan", connected=True, highlight="Chosen", **WORDS
    )
    axes = drawing.plot_figure(figure, THEME).axes[0]
    joined = [line.get_xdata().tolist() for line in axes.lines if line.get_linestyle() == "-"]
    assert [3.0, 1.0, 2.0] in joined
    assert {text.get_text() for text in axes.texts} >= {"Frontier", "Chosen"}
    assert axes.get_legend() is None


def test_ellipses_need_both_directions():
    with pytest.raises(ValueError, match="x_low and x_high"):
        Figure(kind="scatter", data=ELLIPSES, x="x", y="y", x_low="x_low", x_high="x_high", **WORDS)
    with pytest.raises(ValueError, match="x_low and x_high"):
        Figure(kind="line", data=ELLIPSES, x="x", y="y", **ENDS, **WORDS)
