"""Earlier against later period: stillness, moved borders, restless customers and silence are told apart."""

import numpy as np
import pandas as pd
import pytest

from segutils.findings import Override, read_finding
from segutils.statistics import kmeans, segment_model
from segutils.validation.stability import holdout_time, two_periods

N = 300
GROUP = np.repeat([0, 1, 2], N // 3)


def period(label, points, bought=None):
    table = pd.DataFrame(points, columns=["a", "b"])
    table.insert(0, "customer_id", [f"c{i}" for i in range(len(points))])
    table.insert(1, "has_purchases", True if bought is None else bought)
    table.insert(0, "period", label)
    table.insert(1, "period_start", pd.Timestamp(label))
    return table


def around(centres, group, seed):
    return np.array(centres)[group] + np.random.default_rng(seed).normal(size=(len(group), 2))


STILL = [[0, 0], [8, 0], [0, 8]]


def run(later, *, bought=None, override=None, algorithm="k-means"):
    before = period("2017-01-01", around(STILL, GROUP, 0))
    catalogue = pd.DataFrame({"feature": ["a", "b"], "transform": "none", "used": True})
    scaling = segment_model.fit_scaling(before, catalogue)
    centres = kmeans.fit_solution(scaling.apply(before), k=3, restarts=20, seed=0).centres
    model = segment_model.SegmentModel(names=("S1", "S2", "S3"), scaling=scaling, centres=centres)
    segments = segment_model.assign_customers(before, model)
    both = pd.concat([before, period("2017-07-01", later, bought)], ignore_index=True)
    settings = {"algorithm": algorithm, "restarts": 20, "pairs": 10, "permutations": 100}
    test = two_periods.fit_periods(both, model, segments, **settings)
    return test, holdout_time.decide_holdout_time(test, draws=200, override=override)


def test_nothing_moved():
    test, finding = run(around(STILL, GROUP, 1))
    assert finding.status == "pass" and finding.decision.recommendation == "keep using"
    assert test.agreement > 0.98 and finding.table["kept_share"].min() > 0.98
    assert finding.table["centre_shift"].max() < 0.2
    assert finding.decision.robustness_share == 1.0
    assert test.drift["p_value"].min() > 0.01
    assert read_finding(finding.to_json()).headline == finding.headline


@pytest.mark.parametrize("algorithm", ["Ward", "Gaussian mixture", "density clustering"])
def test_both_periods_are_fitted_by_the_algorithm_that_was_chosen(algorithm):
    test, finding = run(around(STILL, GROUP, 1), algorithm=algorithm)
    assert test.agreement > 0.95 and finding.decision.recommendation == "keep using"


def test_more_groups_than_segments_leave_names_where_they_belong():
    """Density clustering sees a fourth group in the later period; the three known ones keep their names."""
    group = GROUP.copy()
    group[260:] = 3  # forty of the last group move away together: too many for any setting to overlook
    test, _ = run(around([*STILL, [30, 30]], group, 1), algorithm="density clustering")
    same = test.customers["before"] == test.customers["refitted"]
    assert same.to_numpy()[:260].mean() > 0.95


def test_moved_borders_call_for_a_refit():
    # three groups again, but now along the line that used to be the border between two of them
    test, finding = run(around([[2, 2], [7, 7], [14, 14]], GROUP, 1))
    assert test.agreement < 0.75 and test.later_stability.mean() > 0.9
    assert finding.decision.recommendation == "re-fit" and finding.status == "caution"
    assert "only" in finding.headline and test.drift["p_value"].max() < 0.02


def test_borders_hold_but_customers_do_not_stay():
    shuffled = np.random.default_rng(5).permutation(GROUP)
    test, finding = run(around(STILL, shuffled, 1))
    assert test.agreement > 0.95, "the borders are the same"
    assert finding.decision.recommendation == "do not use" and finding.status == "fail"
    assert finding.table["kept_share"].iloc[-1] == pytest.approx(1 / 3, abs=0.08)


def test_a_segment_that_most_left_asks_for_caution_though_the_rule_holds():
    group = GROUP.copy()
    group[:60] = 1  # six of ten of one segment have moved to another: 40 % of it stay, 80 % of all
    _, finding = run(around(STILL, group, 1))
    assert finding.decision.recommendation == "keep using" and finding.status == "caution"
    assert finding.headline.startswith("The borders hold over time (")
    assert "but customers move: 80 % are still in their segment, in S" in finding.headline
    assert "40 %, below the 50 % asked for; assign anew before each use." in finding.headline


def test_customers_without_purchases_have_left():
    bought = np.ones(N, dtype=bool)
    bought[:50] = False  # half of one group
    points = around(STILL, GROUP, 1)
    points[:50] = np.nan
    test, finding = run(points, bought=bought)
    assert (test.customers["after"] == "none").sum() == 50
    table = finding.table.set_index("segment")["kept_share"]
    assert sorted(table[["S1", "S2", "S3"]].round(2))[0] == pytest.approx(0.5, abs=0.02)
    assert "50 customers of the earlier period bought nothing" in " ".join(finding.notes)
    assert "no purchase" in set(finding.figures[0].data["later"])


def test_kept_share_by_hand():
    # 3 of 4 earlier S1 customers are still there; Wilson for 3 of 4: 0.3006 to 0.9544
    customers = pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "before": ["S1", "S1", "S1", "S1", "S2", "none"],
            "after": ["S1", "S1", "S1", "none", "S2", "S2"],
            "refitted": ["S1", "S1", "S1", "none", "S2", "S2"],
        }
    )
    test = two_periods.TimeTest(
        names=("S1", "S2"),
        earlier="2016",
        later="2017",
        customers=customers,
        agreement=1.0,
        later_stability=np.array([0.9, 0.9]),
        shifts=pd.DataFrame({"segment": ["S1", "S2"], "centre_shift": [0.0, 0.1]}),
        drift=pd.DataFrame({"feature": ["a"], "stability_index": [0.01], "p_value": [0.5]}),
    )
    table = holdout_time.decide_holdout_time(test, draws=50).table.set_index("segment")
    assert table.loc["S1", ["customers_earlier", "customers_later"]].tolist() == [4, 3]
    np.testing.assert_allclose(
        table.loc["S1", ["kept_share", "kept_low", "kept_high"]].astype(float),
        [0.75, 0.3006, 0.9544],
        atol=1e-4,
    )
    assert table.loc["All", "kept_share"] == pytest.approx(0.8)


def test_one_period_is_not_assessed():
    _, finding = None, holdout_time.decide_holdout_time(None)
    assert finding.status == "not_run" and finding.needs[0].table == "transactions"


def test_the_clients_choice_is_followed():
    override = Override(choice="re-fit", who="Jane Doe", when="2018-01-15", why="New stores")
    _, finding = run(around(STILL, GROUP, 1), override=override)
    assert finding.decision.choice == "re-fit" and "the evidence says “keep using”" in finding.headline
