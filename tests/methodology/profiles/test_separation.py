"""Islands, a continent, and the pages of segments; shadow values worked by hand."""

import numpy as np
import pandas as pd
import pytest

from segutils.methodology.profiles.profiles import build_profiles, build_sizes
from segutils.methodology.profiles.segment_pages import check_segment_pages
from segutils.methodology.profiles.separation import build_separation, check_separation
from segutils.statistics.segment_model import Scaling, SegmentModel

NAMES = pd.DataFrame({"segment": ["S1", "S2"], "name": ["Left", "Right"]})
CATALOGUE = pd.DataFrame({"feature": ["x", "y"], "label": ["Orders", "Stores"]})


def model_at(distance: float) -> SegmentModel:
    scaling = Scaling(features=("x", "y"), transforms=("none",) * 2, means=np.zeros(2), scales=np.ones(2))
    return SegmentModel(names=("S1", "S2"), scaling=scaling, centres=np.array([[0.0, 0], [distance, 0]]))


def test_shadow_values_worked_by_hand():
    # on the line between centres 0 and 4: at 0 the value is 0; at 1 it is 2 * 1 / (1 + 3) = 0.5;
    # at 1.95 it is 2 * 1.95 / 4 = 0.975; at 4 it is 0
    buyers = pd.DataFrame({"customer_id": list("abcd"), "x": [0, 1, 1.95, 4], "y": 0.0})
    table = build_separation(buyers, model_at(4.0), NAMES).set_index("segment")
    assert table.loc["Left", "customers"] == 3
    assert table.loc["Left", "shadow"] == pytest.approx((0 + 0.5 + 0.975) / 3)
    assert table.loc["Left", "clear"] == pytest.approx(2 / 3)
    assert table.loc["Left", "between"] == pytest.approx(1 / 3)
    assert table.loc["Left", "next_to"] == "Right" and table.loc["Left", "distance"] == 4


def test_islands_and_a_continent_are_told_apart():
    draw = np.random.default_rng(1)
    islands = np.vstack([draw.normal([0, 0], 0.3, (200, 2)), draw.normal([6, 0], 0.3, (200, 2))])
    continent = np.column_stack([draw.uniform(-3, 9, 400), draw.normal(0, 0.3, 400)])
    clear = []
    for points in (islands, continent):
        buyers = pd.DataFrame(points, columns=["x", "y"]).assign(customer_id="c")
        finding = check_separation(buyers, model_at(6.0), NAMES, CATALOGUE, max_points=50)
        clear.append((finding.table["clear"] * finding.table["customers"]).sum() / 400)
        assert len(finding.figures[0].data) == 50
        assert finding.figures[0].caption.startswith("To the right: more orders")
        shares = finding.figures[1].data.groupby("segment")["share"].sum()
        assert shares.tolist() == pytest.approx([1, 1])
    assert clear[0] > 0.95 and clear[1] < 0.8


def test_one_group_has_no_border():
    one = SegmentModel(names=("S1",), scaling=model_at(1).scaling, centres=np.zeros((1, 2)))
    buyers = pd.DataFrame({"customer_id": ["a"], "x": [1.0], "y": [1.0]})
    assert check_separation(buyers, one, NAMES.head(1), CATALOGUE).status == "info"


def test_every_segment_has_a_page_of_its_own(planted):
    profiles = build_profiles(planted.features, planted.segments, planted.catalogue)
    sizes = build_sizes(planted.segments, planted.rfm, planted.names)
    finding = check_segment_pages(profiles, sizes, planted.names, planted.catalogue, window="three years")
    assert finding.table["segment"].unique().tolist() == planted.names["name"].tolist()
    overview, *pages = finding.figures
    assert overview.highlight is None and [page.highlight for page in pages] == planted.names["name"].tolist()
    rows = finding.table.groupby("segment", sort=False)
    assert (rows.size() == 4 + 8).all()
    legacy = finding.table[finding.table["segment"] == "Legacy"].set_index("what")
    assert legacy.loc["Pneumatics share of revenue", "difference"] > 2  # planted: it buys nothing else much
    assert legacy.loc["Pneumatics share of revenue", "marks"]
    shares = finding.table[finding.table["what"] == "Share of net revenue"]["value"]
    assert shares.sum() == pytest.approx(1.0)
