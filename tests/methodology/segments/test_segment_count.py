"""The number of segments: planted groups are found, and where nothing was planted nothing is claimed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.findings import Override, read_finding
from segutils.methodology.segments import landscape, segment_count, stable_labels, verdicts
from segutils.methodology.segments.separate_halves import measure_halves, say_cap, say_convention
from segutils.statistics import agreement, references, segment_model

QUICK = {"max_segments": 5, "pairs": 15, "restarts": 20, "refit_restarts": 4, "splits": 6, "halves": 6}
QUICK["likelihood_customers"] = 0


def as_tables(points):
    names = [f"f{i}" for i in range(points.shape[1])]
    features = pd.DataFrame(points, columns=names)
    features.insert(0, "customer_id", [f"c{i}" for i in range(len(points))])
    features.insert(1, "has_purchases", True)
    return features, pd.DataFrame({"feature": names, "transform": "none", "used": True})


def plant(seed=0, each=120):
    rng = np.random.default_rng(seed)
    centres = np.array([[0, 0, 0], [7, 0, 0], [0, 7, 0], [0, 0, 7]])
    truth = np.repeat(np.arange(4), each)
    return centres[truth] + rng.normal(size=(4 * each, 3)), truth


@pytest.fixture(scope="module")
def planted():
    points, truth = plant()
    return landscape.fit_landscape(*as_tables(points), **QUICK), truth


def test_planted_groups_are_found_and_natural(planted):
    solutions, truth = planted
    finding = segment_count.decide_count(solutions)
    assert finding.decision.recommendation == "4" and finding.status == "pass"
    assert finding.table.set_index("k").loc[4, "verdict"] == "natural"
    assert finding.decision.robustness_share == 1.0
    assert agreement.adjusted_rand(truth, solutions.solutions[4].labels) >= 0.95
    assert solutions.gap_choice == 4
    assert "4 segments are recommended" in finding.headline and "gaps set them apart" in finding.headline
    assert read_finding(finding.to_json()).headline == finding.headline
    assert finding.table.shape == (4, 8)  # numbers 2 to 5; more than eight columns nobody reads
    indices = next(note for note in finding.notes if note.startswith("The silhouette"))
    assert "best with 4 segments" in indices and "so is the Calinski–Harabasz index" in indices
    left = {"silhouette", "calinski_harabasz", "gap", "best_found_share", "chosen"}
    selection = segment_count.build_selection(solutions, choice="4", algorithm="k-means")
    assert left <= set(selection.columns)  # what the page leaves out, later notebooks get


@pytest.mark.parametrize("kind", ["normal", "even"])
def test_noise_is_not_segmented(kind):
    seeds, said_none = 20, 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        points = rng.normal(size=(250, 3)) if kind == "normal" else rng.uniform(size=(250, 3))
        solutions = landscape.fit_landscape(
            *as_tables(points),
            **QUICK | {"max_segments": 4, "pairs": 5, "restarts": 5, "halves": 1, "splits": 2},
        )
        finding = segment_count.decide_count(solutions)
        assert "natural" not in set(finding.table["verdict"])
        said_none += finding.decision.recommendation == "1"
    assert said_none >= 0.95 * seeds
    assert finding.headline.startswith("The data does not support segmenting") and finding.status == "fail"


def test_one_elongated_population_has_no_natural_segments():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(400, 1)) + 0.4 * rng.normal(size=(400, 3))
    solutions = landscape.fit_landscape(*as_tables(points), **QUICK)
    finding = segment_count.decide_count(solutions)
    assert not {"natural", "none"} & set(finding.table["verdict"])
    assert finding.decision.recommendation != "1" and "natural" not in finding.headline


def test_likelihood_picks_the_planted_number_where_there_is_one():
    points, _ = plant()
    finding = segment_count.decide_count(
        landscape.fit_landscape(*as_tables(points), **QUICK | {"likelihood_customers": 2000})
    )
    assert "a Gaussian mixture is best with 4 components by BIC and ICL" in " ".join(finding.notes)
    points[:100, 0] = 0.0  # a fifth of the customers share a value: no likelihood
    spiked = landscape.fit_landscape(*as_tables(points), **QUICK | {"likelihood_customers": 2000})
    assert spiked.table[["bic", "icl"]].isna().all(axis=None)
    assert "BIC and ICL are not given" in " ".join(segment_count.decide_count(spiked).notes)


def test_few_customers_are_said_to_be_few(planted):
    points, _ = plant(each=50)
    few = segment_count.decide_count(landscape.fit_landscape(*as_tables(points), **QUICK))
    assert few.limits[-1].startswith("200 customers are few")
    many = segment_count.decide_count(planted[0])
    assert len(planted[1]) >= 250 and not any("are few" in limit for limit in many.limits)


def test_the_mark_parts_groups_that_can_be_had_back_from_those_that_cannot():
    """Two groups 3.5 and 1.5 standard deviations apart on a line through two of five features.

    Cut half way, Φ(-1.75) = 4 % and Φ(-0.75) = 23 % of customers are on the wrong side: adjusted Rand index
    0.85 and 0.30.
    """
    tighter = {}
    for apart in (3.5, 1.5):
        rng = np.random.default_rng(200)
        points = rng.normal(size=(1000, 5))
        points[:, :2] += np.where(np.arange(1000)[:, None] % 2, apart / np.sqrt(2), 0)
        points = (points - points.mean(axis=0)) / points.std(axis=0)
        found = references.compare_with_unrelated(points, counts=[2], seed=0)
        tighter[apart] = found["tighter"].iloc[0]
    assert tighter[1.5] < verdicts.MIN_TIGHTER < tighter[3.5]


def test_what_can_be_run_is_answered_for(planted):
    finding = segment_count.decide_count(planted[0], owner="Jane Doe")
    assert finding.assumptions[0].owner == "Jane Doe" and "at most 5 messages" in finding.assumptions[0].text


def test_the_clients_choice_is_followed_and_named(planted):
    override = Override(choice="3", who="Jane Doe", when="2018-01-15", why="Three teams")
    finding = segment_count.decide_count(planted[0], override=override)
    assert finding.decision.choice == "3" and finding.decision.recommendation == "4"
    assert finding.headline.startswith("The client works with 3 segments")
    selection = segment_count.build_selection(planted[0], choice="3", algorithm="k-means")
    assert selection.loc[selection["chosen"], "k"].tolist() == [3]
    with pytest.raises(InputError, match=r"overrides\.segment-count\.choice"):
        segment_count.decide_count(planted[0], override=Override(choice="9", who="J", when="x", why="y"))


def test_a_number_that_halves_seldom_choose_is_called_uncertain(planted):
    # in four of six halves the cut into 4 leaves a segment empty: a rule that sees them must say so
    halves = planted[0].halves
    broken = (halves["half"] < 4) & (halves["k"] == 4)
    shaky = replace(planted[0], halves=halves.assign(smallest_share=halves["smallest_share"].mask(broken, 0)))
    finding = segment_count.decide_count(shaky)
    assert finding.decision.recommendation == "4"
    assert finding.decision.robustness_share == pytest.approx(2 / 6)
    assert finding.status == "caution"
    assert "the number is less certain: 67 % of random halves" in finding.headline
    firm = segment_count.decide_count(planted[0])
    assert "less certain" not in firm.headline
    for words in (finding.decision.robustness, firm.decision.robustness):
        assert "Sampling noise: decided again on 6 random halves" in words


def test_a_choice_among_many_lists_of_features_is_confessed(planted):
    once, often = (segment_count.decide_count(planted[0], feature_lists_tried=n) for n in (1, 20))
    assert not any("optimistic" in limit for limit in once.limits)
    assert any("about 20 lists" in limit and "optimistic" in limit for limit in often.limits)
    selection = segment_count.build_selection(
        planted[0], choice="4", algorithm="k-means", feature_lists_tried=20
    )
    assert selection["feature_lists_tried"].unique().tolist() == [20]
    with pytest.raises(InputError, match="feature_lists_tried is 0"):
        segment_count.decide_count(planted[0], feature_lists_tried=0)


def test_too_small_segments_are_knocked_out(planted):
    finding = segment_count.decide_count(planted[0], min_share=0.3)  # four equal groups hold a quarter each
    assert finding.decision.recommendation in {"1", "2"}


def test_verdicts_by_hand():
    table = pd.DataFrame(
        {
            "p_structure": [0.2, 1e-9, 1e-9, 1e-9, 1e-9, 1e-9],
            "tighter": [0.5, 0.5, 0.5, 0.5, 0.5, 0.05],
            "adjusted_rand": [0.9, 0.6, 0.8, 0.9, 0.9, 0.9],
            "min_jaccard": [0.9, 0.9, 0.65, 0.9, 0.9, 0.9],
            "prediction_strength": [0.9, 0.9, 0.9, 0.9, 0.7, 0.9],
            "segment_gap": [0.9, 0.9, 0.9, 0.9, 0.9, 0.9],
        }
    )
    expected = ["none", "constructive", "reproducible", "natural", "reproducible", "none"]
    assert verdicts.score_verdicts(table).tolist() == expected


def test_criteria_are_on_the_published_scales():
    table = pd.DataFrame(
        {
            "k": [2],
            "adjusted_rand": [0.7],
            "min_jaccard": [0.675],
            "prediction_strength": [0.4],
            "explained_share": [0.3],
        }
    )
    scores = verdicts.score_criteria(table, attainable=0.6)
    np.testing.assert_allclose(scores.iloc[0], [0.5, 0.5, 0.5, 0.5])


def test_a_worse_verdict_is_no_option_while_a_better_one_is():
    table = pd.DataFrame(
        {
            "k": [2, 3, 4],
            "smallest_share": [0.3, 0.2, 0.01],
            "verdict": ["reproducible", "constructive", "natural"],
        }
    )
    assert verdicts.find_eligible(table, min_share=0.05, min_segments=2).tolist() == [True, False, False]
    assert verdicts.find_eligible(table, min_share=0.05, min_segments=3).tolist() == [False, True, False]
    assert not verdicts.find_eligible(table, min_share=0.5, min_segments=2).any()


def test_results_do_not_depend_on_customers_without_purchases():
    features, catalogue = as_tables(plant(each=30)[0])
    silent = pd.DataFrame({"customer_id": ["x"], "has_purchases": [False]})
    more = pd.concat([features, silent], ignore_index=True)
    tables = [landscape.fit_landscape(f, catalogue, **QUICK).table for f in (features, more)]
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (np.zeros((1, 2)), "1 customer with purchases"),
        (np.random.default_rng(0).normal(size=(30, 2)), "set max_segments between 2 and 3"),
        (
            np.column_stack([np.random.default_rng(0).normal(size=60), np.full(60, 3.0)]),
            "f1 is the same for all",
        ),
    ],
)
def test_unusable_input_says_what_to_change(points, words):
    with pytest.raises(InputError, match=words):
        landscape.fit_landscape(*as_tables(points), **QUICK)


def test_of_very_many_customers_a_sample_is_looked_at_and_said_so():
    points, truth = plant(each=300)
    features, catalogue = as_tables(points)
    solutions = landscape.fit_landscape(features, catalogue, max_customers=400, **QUICK)
    assert len(solutions.points) == len(solutions.rows) == 400 and solutions.buyers == 1200
    finding = segment_count.decide_count(solutions)
    assert finding.decision.recommendation == "4"
    assert any("Of 1,200 customers with purchases a random sample of 400" in note for note in finding.notes)
    assert solutions.table.set_index("k").loc[4, "smallest_customers"] == pytest.approx(300, abs=50)
    revenue = features[["customer_id"]].assign(revenue=1.0)
    model = stable_labels.fit_segments(solutions, features, revenue, choice="4")
    everybody = segment_model.assign_customers(features, model)["segment"]
    assert agreement.adjusted_rand(truth, everybody.factorize()[0]) >= 0.95


def test_a_cut_that_was_not_found_is_a_convention_and_the_cap_is_named():
    # two of four halves choose 2; 4 is the largest number that was judged
    said = say_convention("4 segments", 0.8, 0.723, ["4", "2", "2", "4"], "4")
    assert said == (
        "4 segments can be worked with, as a convention: bootstrap samples agree on the cut at 0.80 of 1, "
        "halves that share no customer at 0.72, and 50 % of random halves would choose another number"
    )
    assert "4 is also the most that the organisation can run" in say_cap(4, 4) and say_cap(3, 4) == ""


def test_one_elongated_population_is_called_a_convention():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(400, 1)) + 0.4 * rng.normal(size=(400, 3))
    finding = segment_count.decide_count(landscape.fit_landscape(*as_tables(points), **QUICK))
    verdict = finding.table.set_index("k").loc[int(finding.decision.choice), "verdict"]
    assert verdict in ("constructive", "reproducible")
    assert verdict == "reproducible" or "can be worked with, as a convention" in finding.headline


def test_halves_of_planted_groups_agree(planted):
    assert measure_halves(planted[0], k=4, pairs=4) >= 0.95
