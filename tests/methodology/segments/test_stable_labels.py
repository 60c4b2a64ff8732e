"""Labels follow customers: by revenue first, then from version to version; splits and merges are named."""

import numpy as np
import pandas as pd
import pytest

from segutils.findings import read_finding
from segutils.methodology.segments import landscape, stable_labels
from segutils.statistics import segment_model

CENTRES = np.array([[0, 0], [9, 0], [0, 9]])
TRUTH = np.repeat([0, 1, 2], [60, 50, 40])


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(0)
    points = CENTRES[TRUTH] + rng.normal(size=(150, 2))
    features = pd.DataFrame(points, columns=["a", "b"])
    features.insert(0, "customer_id", [f"c{i}" for i in range(150)])
    features.insert(1, "has_purchases", True)
    features.loc[150] = ["silent", False, np.nan, np.nan]
    # the smallest group pays most, then the largest
    revenue = pd.DataFrame(
        {"customer_id": features["customer_id"], "revenue": [*np.array([5.0, 1.0, 9.0])[TRUTH], 0]}
    )
    catalogue = pd.DataFrame({"feature": ["a", "b"], "transform": "none", "used": True})
    solutions = landscape.fit_landscape(
        features, catalogue, max_segments=4, pairs=3, restarts=20, splits=2, halves=1, references_drawn=3
    )
    return features, revenue, solutions


def fit(tables, previous=None, choice="3", algorithm="k-means"):
    features, revenue, solutions = tables
    model = stable_labels.fit_segments(
        solutions, features, revenue, choice=choice, algorithm=algorithm, previous=previous
    )
    return model, segment_model.assign_customers(features, model)


@pytest.mark.parametrize("algorithm", ["k-means", "Ward"])
def test_first_version_is_ordered_by_revenue(tables, algorithm):
    model, segments = fit(tables, algorithm=algorithm)
    assert model.names == ("S1", "S2", "S3")
    planted = np.array(["S2", "S3", "S1"])[TRUTH]  # revenue 300, 50, 360
    np.testing.assert_array_equal(segments["segment"][:150], planted)
    assert segments["segment"].iloc[150] == "none" and np.isnan(segments["shadow"].iloc[150])


def test_groups_far_apart_keep_their_labels_in_refits(tables):
    model, segments = fit(tables)
    finding = stable_labels.check_labels(tables[2], model, segments, resamples=20)
    assert finding.status == "pass" and finding.table["kept_share"].min() > 0.99
    assert "100 %" in finding.headline
    assert "1 customer without purchases" in " ".join(finding.notes)
    assert read_finding(finding.to_json()).slug == "stable-labels"


def test_labels_are_never_renumbered(tables):
    _, segments = fit(tables)
    renamed = segments.assign(segment=segments["segment"].replace({"S1": "S7", "S2": "S1", "S3": "S2"}))
    model, again = fit(tables, previous=renamed[["customer_id", "segment"]])
    assert again["segment"].tolist() == renamed["segment"].tolist()
    finding = stable_labels.check_labels(tables[2], model, again, previous=renamed)
    assert finding.headline == (
        "100 % of the 150 customers of both versions keep their label; "
        "every segment continues an earlier one."
    )


def test_a_split_is_named(tables):
    _, segments = fit(tables)
    joined = segments.assign(segment=segments["segment"].replace({"S3": "S2"}))  # 60 + 50 were one segment
    model, again = fit(tables, previous=joined)
    assert model.names == ("S1", "S2", "S3")
    assert set(again.loc[:59, "segment"]) == {"S2"}, "the larger half keeps the name"
    fates = stable_labels.match_versions(joined, again).set_index("segment")
    assert fates["fate"].to_dict() == {"S1": "kept", "S2": "kept", "S3": "split from S2"}
    assert fates.loc["S2", ["customers_before", "customers", "kept"]].tolist() == [110, 60, 60]


def test_a_merge_is_named(tables):
    _, segments = fit(tables)
    more = segments.copy()
    more.loc[:19, "segment"] = "S4"  # a third of S2 was a segment of its own
    _, again = fit(tables, previous=more)
    fates = stable_labels.match_versions(more, again).set_index("segment")["fate"]
    assert fates["S4"] == "merged into S2" and fates["S2"] == "kept"
    finding = stable_labels.check_labels(tables[2], *fit(tables, previous=more), previous=more)
    assert "S4 is merged into S2" in finding.headline and finding.status == "caution"


def test_one_segment_for_all(tables):
    model, segments = fit(tables, choice="1")
    assert set(segments["segment"]) == {"S1", "none"}
    assert (
        "no label can change" in stable_labels.check_labels(tables[2], model, segments, resamples=4).headline
    )
