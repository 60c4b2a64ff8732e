"""Solutions found by luck are said to be so, and segments that all nearly best solutions share are named."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segutils.findings import read_finding
from segutils.methodology.segments import landscape, solution_landscape, stable_labels
from segutils.statistics import kmeans

QUICK = {"pairs": 3, "restarts": 40, "refit_restarts": 2, "splits": 2, "halves": 1, "references_drawn": 3}


def fit(points, k, max_segments=4):
    features = pd.DataFrame(points, columns=["a", "b"])
    features.insert(0, "customer_id", [f"c{i}" for i in range(len(points))])
    features.insert(1, "has_purchases", True)
    catalogue = pd.DataFrame({"feature": ["a", "b"], "transform": "none", "used": True})
    solutions = landscape.fit_landscape(features, catalogue, max_segments=max_segments, **QUICK)
    revenue = features[["customer_id"]].assign(revenue=1.0)
    return solutions, stable_labels.fit_segments(solutions, features, revenue, choice=str(k))


@pytest.fixture(scope="module")
def groups():
    rng = np.random.default_rng(0)
    points = np.array([[0, 0], [9, 0], [0, 9]]).repeat(60, axis=0) + rng.normal(size=(180, 2))
    return fit(points, 3)


def test_groups_far_apart_are_no_luck(groups):
    finding = solution_landscape.check_solutions(*groups)
    assert finding.status == "pass" and "was not found by luck" in finding.headline
    assert finding.table["survives"].all() and finding.table["customers"].sum() == 180
    assert finding.headline.endswith("no other is nearly as good.")
    assert read_finding(finding.to_json()).headline == finding.headline


def test_a_lone_start_that_found_the_best_is_luck(groups):
    solutions, model = groups
    best = solutions.solutions[3]
    inertias = np.full(40, best.inertia * 1.5)
    inertias[0] = best.inertia  # one of forty: 2.5 %
    lucky = replace(best, inertias=inertias)
    finding = solution_landscape.check_solutions(
        replace(solutions, solutions={**solutions.solutions, 3: lucky}), model
    )
    assert finding.status == "caution"
    # 1 of 40 is 2.5 %, written without decimals as a spreadsheet does
    assert finding.headline.startswith("The best solution was found by luck: 3 % of 40 starts")
    assert "50.0 % worse" in finding.notes[-1]


def test_rival_solutions_are_told_apart_by_hand():
    # two pairs of places on a line and one far point: cutting the left or the right pair costs the same
    points = np.array([[0.0, 0], [1, 0], [10, 0], [11, 0]]).repeat(25, axis=0)
    left = np.array([[0.0, 0], [1, 0], [10.5, 0]])
    right = np.array([[0.5, 0], [10, 0], [11, 0]])
    solution = kmeans.Solution(
        centres=left,
        labels=kmeans.assign_nearest(points, left),
        inertia=12.5,  # 50 customers half a unit from the middle of the uncut pair: 50 · 0.25
        inertias=np.array([12.5, 12.5, 12.5, 12.6, 99.0]),
        restart_centres=np.stack([left, left, right, right, right]),
    )
    found = solution_landscape.list_solutions(points, solution)
    assert len(found) == 2 and found["found_share"].tolist() == pytest.approx([0.4, 0.4])
    assert found["excess"].tolist() == pytest.approx([0.0, 0.0])
    # cross table [25 0 0; 25 0 0; 0 25 25]: together 4·C(25,2) = 1200, each margin 2·C(25,2) + C(50,2) = 1825
    # of C(100,2) = 4950: (1200 − 1825²/4950)/(1825 − 1825²/4950) = 0.457
    assert found["agreement"].tolist() == pytest.approx([1.0, 0.45714], abs=1e-3)


def test_a_segment_that_a_rival_lacks_is_named():
    # a far group that every solution has, and a square that can be cut either way
    rng = np.random.default_rng(1)
    square = rng.uniform(-1, 1, size=(200, 2))
    far = np.array([9.0, 9]) + rng.normal(scale=0.3, size=(60, 2))
    solutions, model = fit(np.concatenate([square, far]), 3)
    upright = solutions.solutions[3]
    turned = np.array([[0, -0.5], [0, 0.5], [9, 9]]) if np.ptp(model.centres[:, 0]) else None
    scaled = (turned - model.scaling.means) / model.scaling.scales
    other = ((solutions.points - scaled[kmeans.assign_nearest(solutions.points, scaled)]) ** 2).sum()
    rival = replace(
        upright,
        inertias=np.append(upright.inertias, other),
        restart_centres=np.concatenate([upright.restart_centres, scaled[None]]),
    )
    both = replace(solutions, solutions={**solutions.solutions, 3: rival})
    table = solution_landscape.check_solutions(both, model, near=0.5).table
    far_group = np.bincount(kmeans.assign_nearest(solutions.points, model.centres)[200:]).argmax()
    assert table["survives"].iloc[far_group] and table["survives"].sum() == 1


def test_one_segment():
    rng = np.random.default_rng(0)
    solutions, model = fit(rng.normal(size=(120, 2)), 1)
    assert solution_landscape.check_solutions(solutions, model).status == "info"
