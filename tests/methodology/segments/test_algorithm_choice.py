"""Algorithms are compared fairly, left out for stated reasons, and called equal where they are."""

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.findings import Override
from segutils.methodology.segments import algorithm_choice, candidates
from segutils.statistics import agreement, clusterers


def as_tables(points):
    names = [f"f{i}" for i in range(points.shape[1])]
    features = pd.DataFrame(points, columns=names)
    features.insert(0, "customer_id", [f"c{i}" for i in range(len(points))])
    features.insert(1, "has_purchases", True)
    return features, pd.DataFrame({"feature": names, "transform": "none", "used": True})


@pytest.fixture(scope="module")
def groups():
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(3), 100)
    return np.array([[0, 0, 0, 0], [9, 0, 0, 9], [0, 9, 9, 0]])[truth] + rng.normal(size=(300, 4)), truth


@pytest.fixture(scope="module")
def finding(groups):
    return algorithm_choice.decide_algorithm(*as_tables(groups[0]), k=3, pairs=4)


@pytest.mark.parametrize("algorithm", clusterers.ALGORITHMS)
def test_every_algorithm_finds_groups_far_apart(groups, algorithm):
    labels = clusterers.cluster(groups[0], algorithm=algorithm, k=3, seed=0)
    kept = labels >= 0
    assert kept.mean() > 0.9 and agreement.adjusted_rand(groups[1][kept], labels[kept]) >= 0.95
    assert clusterers.split_halves(groups[0], algorithm=algorithm, k=3, pairs=2, seed=0).min() > 0.9


def test_equal_algorithms_are_called_equal(finding):
    assert "about equally well" in finding.headline and finding.status == "caution"
    assert finding.decision.recommendation in set(finding.decision.options["option"])
    assert finding.decision.options["score"].between(0, 1).all()


def test_without_segments_no_algorithm_is_compared(groups):
    finding = algorithm_choice.decide_algorithm(*as_tables(groups[0]), k=1)
    assert finding.decision is None and finding.status == "info" and "no algorithm" in finding.headline
    assert algorithm_choice.find_choice(finding) == "k-means"


def test_robustness_names_weights_sampling_noise_and_what_flips_it(finding):
    words = finding.decision.robustness
    assert "Weights:" in words and "Sampling noise:" in words and "flips it" in words
    assert algorithm_choice.find_choice(finding) == finding.decision.choice


def test_what_is_left_out_is_named(finding):
    assert any("mixed type was not tried" in note.lower() for note in finding.notes)


def test_leaves_of_quadrants_by_hand():
    # four quadrants need four leaves
    points = np.random.default_rng(1).uniform(-1, 1, size=(400, 2))
    labels = (points[:, 0] > 0) * 2 + (points[:, 1] > 0)
    assert clusterers.count_leaves(pd.DataFrame(points), labels) == 4
    assert clusterers.measure_rules(pd.DataFrame(points), labels) == clusterers.RuleSet(leaves=4, depth=2)
    # the middle half against both ends takes three; with two, one end (a quarter) is on the wrong side
    middle = (np.abs(points[:, 0]) < 0.5).astype(int)
    assert clusterers.count_leaves(pd.DataFrame(points), middle) == 3
    assert clusterers.count_leaves(pd.DataFrame(points), middle, min_share=0.7) == 2


def test_planted_noise_is_left_out_by_density_only():
    rng = np.random.default_rng(2)
    dense = np.concatenate([rng.normal(0, 0.3, (300, 2)), rng.normal(0, 0.3, (300, 2)) + 6])
    points = np.concatenate([dense, rng.uniform(-8, 14, (200, 2))])
    labels = clusterers.cluster(points, algorithm="density clustering", k=2, seed=0)
    assert labels.max() == 1 and (labels[600:] == -1).mean() > 0.6 and (labels[:600] == -1).mean() < 0.1
    assert (clusterers.cluster(points, algorithm="k-means", k=2, seed=0) >= 0).all()


def test_density_clustering_is_not_tried_on_an_even_spread():
    even = np.random.default_rng(3).uniform(size=(400, 4))
    finding = algorithm_choice.decide_algorithm(*as_tables(even), k=3, pairs=2)
    assert "density clustering" not in set(finding.decision.options["option"])
    assert any("Density clustering was not tried: customers lie nearly as" in note for note in finding.notes)


def test_dense_groups_that_are_nowhere_are_said_to_be_nowhere():
    """Uniform noise that happens to look clumped enough to be tried: no dense group, no score, no choice."""
    draws = (np.random.default_rng(seed).uniform(size=(400, 8)) for seed in range(100, 200))
    even = next(  # the first that the shape of the data lets density clustering be tried on
        points
        for points in draws
        if candidates.describe_shape(points, k=3)["hopkins"].iloc[0] >= candidates.MIN_CLUMPED
    )
    finding = algorithm_choice.decide_algorithm(*as_tables(even), k=3, pairs=2)
    options = finding.decision.options.set_index("option")
    assert options.loc["density clustering", "score"] == 0
    assert finding.decision.recommendation != "density clustering"
    row = finding.table.set_index("option").loc["density clustering"]
    assert row["groups"] == 0 and row["left_out"] == 1 and np.isnan(row["agreement"])
    note = "Density clustering found no groups: nowhere are customers dense with thin space around."
    assert note in finding.notes
    assert "density clustering" not in set(finding.figures[0].data["option"])


@pytest.mark.parametrize("seed", range(100, 110))
def test_one_cloud_holds_no_dense_groups(seed):
    """One bell curve in six dimensions: its Hopkins statistic is high (it is a clump), but it is one."""
    cloud = np.random.default_rng(seed).normal(size=(400, 6))
    assert candidates.describe_shape(cloud, k=3)["hopkins"].iloc[0] > 0.75
    assert (clusterers.cluster(cloud, algorithm="density clustering", k=3, seed=0) == -1).all()


def test_dense_groups_seen_in_flat_noise_do_not_come_back():
    """In two dimensions uniform noise does give "dense" groups: halves disagree, so they are not taken."""
    finding = algorithm_choice.decide_algorithm(
        *as_tables(np.random.default_rng(101).uniform(size=(800, 2))), k=3, pairs=6
    )
    assert finding.decision.recommendation != "density clustering"


def test_the_hopkins_note_says_that_one_cloud_is_clumped_too(finding):
    assert "which a single dense cloud is too" in finding.notes[0]


def test_eight_columns_and_the_interval_in_the_figure(finding):
    assert finding.table.shape[1] == 8
    assert {"agreement_low", "agreement_high"} <= set(finding.figures[0].data.columns)


def test_a_mixture_is_not_held_back_by_where_k_means_starts_it():
    """Three long clouds (standard deviation 4 along, ½ across, 5 apart): k-means cuts across them."""
    truth = np.tile(np.arange(3), 200)
    found = []
    for seed in range(4):
        noise = np.random.default_rng(seed).normal(size=(600, 3)) * [4, 0.5, 0.5]
        points = noise + np.column_stack([0 * truth, 5 * truth, 0 * truth])
        labels = clusterers.cluster(points, algorithm="Gaussian mixture", k=3, seed=0)
        found.append(agreement.adjusted_rand(truth, labels))
        crossed = clusterers.cluster(points, algorithm="k-means", k=3, seed=0)
        assert agreement.adjusted_rand(truth, crossed) < 0.6
    assert np.min(found) > 0.95


@pytest.mark.parametrize(
    ("shape", "left_out"),
    [
        (
            {
                "customers": 2000,
                "features": 4,
                "largest_skew": 0.5,
                "segment_gap": 0.7,
                "hopkins": 0.9,
                "few_valued": 0,
            },
            {"mixed type"},
        ),
        (
            {
                "customers": 2000,
                "features": 4,
                "largest_skew": 5.0,
                "segment_gap": 0.7,
                "hopkins": 0.9,
                "few_valued": 0,
            },
            {"mixed type", "Gaussian mixture"},
        ),
        (
            {
                "customers": 150,
                "features": 12,
                "largest_skew": 0.5,
                "segment_gap": 0.7,
                "hopkins": 0.9,
                "few_valued": 0,
            },
            {"mixed type", "Gaussian mixture", "latent class", "density clustering"},
        ),
        (
            {
                "customers": 2000,
                "features": 4,
                "largest_skew": 0.5,
                "segment_gap": 0.7,
                "hopkins": 0.52,
                "few_valued": 2,
            },
            {"density clustering"},
        ),
        (
            {
                "customers": 50_000,
                "features": 4,
                "largest_skew": 0.5,
                "segment_gap": 0.7,
                "hopkins": 0.9,
                "few_valued": 0,
            },
            {"mixed type", "Ward"},
        ),
    ],
)
def test_the_shape_of_the_data_decides_what_is_tried(shape, left_out):
    listed = candidates.list_candidates(pd.DataFrame([shape]), k=4)
    assert set(listed.loc[~listed["tried"], "algorithm"]) == left_out
    assert (listed.loc[~listed["tried"], "reason"] != "").all()


def test_override(groups):
    override = Override(choice="Ward", who="Jane Doe", when="2018-01-15", why="Known to the team")
    finding = algorithm_choice.decide_algorithm(*as_tables(groups[0]), k=3, pairs=2, override=override)
    assert finding.decision.choice == "Ward"
    with pytest.raises(InputError, match="k-means"):
        wrong = Override(choice="magic", who="J", when="x", why="y")
        algorithm_choice.decide_algorithm(*as_tables(groups[0]), k=3, pairs=2, override=wrong)
