"""Per-segment stability: groups far apart come back, noise does not, and failed search is told apart."""

import numpy as np
import pandas as pd
import pytest

from segutils.findings import read_finding
from segutils.statistics import kmeans, segment_model
from segutils.validation.stability import resampling


def fit(points, k):
    names = [f"f{i}" for i in range(points.shape[1])]
    features = pd.DataFrame(points, columns=names)
    features.insert(0, "customer_id", [f"c{i}" for i in range(len(points))])
    features.insert(1, "has_purchases", True)
    catalogue = pd.DataFrame({"feature": names, "transform": "none", "used": True})
    scaling = segment_model.fit_scaling(features, catalogue)
    centres = kmeans.fit_solution(scaling.apply(features), k=k, restarts=100, seed=0).centres
    model = segment_model.SegmentModel(
        names=tuple(f"S{i + 1}" for i in range(k)), scaling=scaling, centres=centres
    )
    return features, model


def blobs(groups, each=40, seed=0):
    rng = np.random.default_rng(seed)
    return rng.permutation(groups * 12)[: groups * 2].reshape(groups, 2).repeat(each, axis=0) + rng.normal(
        scale=0.5, size=(groups * each, 2)
    )


def test_groups_far_apart_come_back():
    finding = resampling.check_resampling(*fit(blobs(3), 3), resamples=20)
    assert finding.status == "pass" and finding.table["jaccard"].min() > 0.95
    assert set(finding.table["reading"]) == {"highly stable"}
    assert finding.headline.startswith("All 3 segments come back")
    assert read_finding(finding.to_json()).table["segment"].tolist() == ["S1", "S2", "S3"]


def test_noise_does_not_come_back():
    noise = np.random.default_rng(0).normal(size=(400, 6))
    finding = resampling.check_resampling(*fit(noise, 7), resamples=20)
    assert finding.status == "fail" and finding.table["jaccard"].max() < 0.75
    assert finding.headline.startswith("No segment comes back")


def test_failed_search_is_not_taken_for_an_unstable_segment():
    # six far places with two groups each, 8.6 deviations apart: a single start often splits one place
    # in three and leaves another whole, many starts find all twelve groups
    places = np.array([[30 * i, side] for i in range(6) for side in (0, 3)])
    points = places.repeat(30, axis=0) + np.random.default_rng(0).normal(scale=0.35, size=(360, 2))
    table = resampling.check_resampling(*fit(points, 12), resamples=20, restarts=20).table
    assert table["jaccard"].min() > 0.95 and table["search_error"].max() > 0.05
    np.testing.assert_allclose(table["jaccard"] - table["jaccard_one_start"], table["search_error"])
    np.testing.assert_allclose(table["sampling_error"], 1 - table["jaccard"])


def test_too_few_starts_are_said_not_to_have_converged():
    places = np.array([[30 * i, side] for i in range(6) for side in (0, 3)])
    points = places.repeat(30, axis=0) + np.random.default_rng(0).normal(scale=0.35, size=(360, 2))
    few = resampling.check_resampling(*fit(points, 12), resamples=20, restarts=2)
    many = resampling.check_resampling(*fit(points, 12), resamples=20, restarts=20)
    assert "the search has not converged" in few.notes[-1] and "From 1 to 2 starts" in few.notes[-1]
    assert "the search has converged" in many.notes[-1] and "From 10 to 20 starts" in many.notes[-1]
    curve = many.figures[1].data
    assert sorted(curve["starts"].unique()) == [1, 2, 3, 5, 10, 20]


def test_other_algorithms_and_one_segment():
    features, model = fit(blobs(3), 3)
    ward = resampling.check_resampling(features, model, algorithm="Ward", resamples=50)
    assert ward.table["jaccard"].min() > 0.95 and "search_error" not in ward.table.columns
    alone = resampling.check_resampling(*fit(blobs(3), 1), resamples=4)
    assert alone.status == "info" and alone.figures == () and "one segment" in alone.headline


def test_stability_table_joins_what_is_known():
    resampled = pd.DataFrame(
        {
            "segment": ["S1", "S2"],
            "jaccard": [0.9, 0.5],
            "jaccard_low": 0.4,
            "jaccard_high": 1.0,
            "reading": "x",
        }
    )
    kept = pd.DataFrame({"segment": ["S1", "All"], "kept_share": [0.7, 0.6]})
    table = resampling.build_stability(resampled, kept)
    assert table["kept_share"].tolist()[0] == 0.7 and np.isnan(table["kept_share"].iloc[1])
    named = resampled.assign(segment=["Loyal", "Rare"])
    again = resampling.build_stability(named, kept, names={"S1": "Loyal", "S2": "Rare"})
    assert again["segment"].tolist() == ["S1", "S2"]
    nothing = resampling.build_stability(resampled, pd.DataFrame({"segment": []}))
    assert nothing["kept_share"].isna().all()


@pytest.mark.parametrize("resamples", [1, 7])
def test_odd_numbers_of_resamples(resamples):
    finding = resampling.check_resampling(*fit(blobs(3), 3), resamples=resamples)
    assert len(finding.table) == 3
