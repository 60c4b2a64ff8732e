"""Regions: the same customers everywhere, a segment that buys otherwise, other borders, and movers."""

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.findings import Override, read_finding
from segutils.statistics import kmeans, segment_model
from segutils.validation.stability import holdout_region, regional_moves, regions, two_periods

PLACES = ["North", "South", "East", "West"]
EACH = 150
REGION = np.repeat(PLACES, EACH)
GROUP = np.tile(np.arange(3), 4 * EACH // 3)
CENTRES = np.array([[0.0, 0, 0], [8, 0, 0], [0, 8, 0]])


def customers(points):
    table = pd.DataFrame(points, columns=["a", "b", "c"])
    table.insert(0, "customer_id", [f"c{i}" for i in range(len(points))])
    table.insert(1, "has_purchases", True)
    return table, pd.DataFrame({"customer_id": table["customer_id"], "region": REGION[: len(points)]})


def fit(points):
    features, places = customers(points)
    catalogue = pd.DataFrame({"feature": ["a", "b", "c"], "transform": "none", "used": True})
    scaling = segment_model.fit_scaling(features, catalogue)
    centres = kmeans.fit_solution(scaling.apply(features), k=3, restarts=20, seed=0).centres
    order = np.lexsort((centres[:, 1].round(), centres[:, 0].round()))  # plain, then b, then a
    model = segment_model.SegmentModel(
        names=("Plain", "High b", "High a"), scaling=scaling, centres=centres[order]
    )
    return features, places, model


def run(points, moves=None, permutations=200, **settings):
    features, places, model = fit(points)
    test = regions.fit_regions(features, places, model, draws=40, permutations=permutations, seed=0)
    return test, holdout_region.decide_holdout_region(test, moves, **settings)


def alike(seed=1):
    return CENTRES[GROUP] + np.random.default_rng(seed).normal(size=(len(GROUP), 3))


@pytest.fixture(scope="module")
def same():
    return run(alike())


def test_the_same_everywhere_is_one_for_all(same):
    test, finding = same
    assert finding.decision.recommendation == "one for all" and finding.status == "pass"
    assert test.regions["agreement"].min() > 0.95 and set(finding.table["verdict"]) == {"travels"}
    assert finding.decision.robustness_share > 0.8
    assert finding.headline.startswith("One segmentation serves all 4 regions")
    assert finding.figures[0].title.startswith("Borders learned elsewhere hold in all 4 regions; least in")
    assert read_finding(finding.to_json()).headline == finding.headline


def test_random_regions_seldom_stand_apart():
    # at most 5 % of clients without any regional difference may hear of one: of 10, no more than 2
    found = [run(alike(seed), permutations=100)[1] for seed in range(10)]
    assert sum(finding.decision.recommendation != "one for all" for finding in found) <= 2


def test_a_segment_that_buys_otherwise_in_one_region_is_named():
    points = alike()
    apart = (REGION == "West") & (GROUP == 1)
    points[apart, 2] += 2.0  # feature c tells no segment apart: standard deviation about 1, so 2 of them
    test, finding = run(points, labels={"c": "Share of spare parts"})
    assert finding.decision.recommendation == "regional exceptions" and finding.status == "caution"
    assert "serves 3 of 4 regions" in finding.headline
    assert "in West High a customers buy differently (share of spare parts" in finding.headline
    found = test.differences[test.differences["p_value"] <= 0.05]
    assert found[["region", "segment", "feature"]].to_numpy().tolist() == [["West", "High a", "c"]]
    row = found.iloc[0]
    # 50 customers there with mean 2, 150 elsewhere with mean 0: four standard errors of 1/√50 around
    assert row["there"] == pytest.approx(2, abs=0.57) and row["elsewhere"] == pytest.approx(0, abs=0.33)
    assert row["customers"] == 50 and finding.decision.robustness_share > 0.95
    title = finding.figures[0].title  # the borders hold everywhere, and West stands apart all the same
    assert title == (
        "Borders learned elsewhere hold in all 4 regions; West stands apart by what customers do there, not "
        "by borders"
    )


def test_other_borders_are_found_and_told_from_small_samples():
    # in West customers fall into three groups along c, which nobody else knows
    points = alike()
    west = REGION == "West"
    points[west] = (
        np.array([[3.0, 3, -9], [3, 3, 0], [3, 3, 9]])[GROUP[west]] + points[west] - CENTRES[GROUP[west]]
    )
    test, finding = run(points)
    table = finding.table.set_index("region")
    assert table.loc["West", "verdict"] == "borders differ" and table.loc["West", "agreement"] < 0.5
    assert (table.drop(index="West")["verdict"] == "travels").sum() == 3 or len(table) == 4
    assert "in West a fit draws other borders" in finding.headline
    assert finding.figures[0].title == "In West a fit draws other borders than a rule learned elsewhere"
    assert finding.decision.recommendation == "regional exceptions"
    alone = holdout_region.decide_holdout_region(test, max_separate=0.2)  # West holds a quarter
    assert alone.decision.recommendation == "separate by region" and alone.status == "fail"
    assert "One segmentation does not travel" in alone.headline


MANY = 300  # customers of each region
WHERE, CLOUD = np.repeat(PLACES, MANY), np.tile(np.arange(3), 4 * MANY // 3)


def fit_long(points):
    """Three planted clouds, long (feature a) and side by side (feature b), as segments on raw axes."""
    features = pd.DataFrame(points, columns=["a", "b", "c"])
    features.insert(0, "customer_id", [f"c{i}" for i in range(len(points))])
    features.insert(1, "has_purchases", True)
    scaling = segment_model.Scaling(
        features=("a", "b", "c"), transforms=("none",) * 3, means=np.zeros(3), scales=np.ones(3)
    )
    centres = np.stack([points[group == CLOUD].mean(axis=0) for group in range(3)])
    model = segment_model.SegmentModel(names=("Low", "Middle", "High"), scaling=scaling, centres=centres)
    return features, pd.DataFrame({"customer_id": features["customer_id"], "region": WHERE}), model


def long_clouds(seed=1):
    """Standard deviations 4, ½ and ½, 5 apart along b: k-means cuts across them, a mixture along them."""
    noise = np.random.default_rng(seed).normal(size=(len(CLOUD), 3)) * [4, 0.5, 0.5]
    return noise + np.column_stack([0 * CLOUD, 5 * CLOUD, 0 * CLOUD])


def test_refits_are_by_the_algorithm_that_was_chosen():
    settings = {"draws": 10, "permutations": 50, "seed": 0}
    own = regions.fit_regions(*fit_long(long_clouds()), algorithm="Gaussian mixture", **settings)
    assert own.algorithm == "Gaussian mixture" and own.regions["with_chosen"].min() > 0.95
    other = regions.fit_regions(*fit_long(long_clouds()), **settings)
    assert other.algorithm == "k-means" and other.regions["with_chosen"].max() < 0.6
    finding = holdout_region.decide_holdout_region(own)
    assert finding.decision.recommendation == "one for all"
    assert "fits are by Gaussian mixture" in finding.limits[0]


def test_other_borders_are_found_by_another_algorithm_too():
    """As above, in West three groups that nobody else knows: enough exchanges for a p-value of 5 %."""
    points, west = alike(), REGION == "West"
    points[west] = (
        np.array([[3.0, 3, -9], [3, 3, 0], [3, 3, 9]])[GROUP[west]] + points[west] - CENTRES[GROUP[west]]
    )
    features, places, model = fit(points)
    test = regions.fit_regions(features, places, model, algorithm="Ward", draws=10, permutations=50, seed=0)
    table = holdout_region.decide_holdout_region(test).table.set_index("region")
    assert table.loc["West", "verdict"] == "borders differ" and table.loc["West", "agreement"] < 0.5
    assert set(table.drop(index="West")["verdict"]) <= {"travels", "a segment buys differently"}


def test_an_algorithm_that_finds_its_own_number_of_groups():
    """Four regions, three dense groups; in West two of them only: nothing breaks, the rule still holds."""
    points = alike()
    west = REGION == "West"
    points[west & (GROUP == 2)] = points[west & (GROUP == 1)]
    features, places, model = fit(points)
    test = regions.fit_regions(
        features, places, model, algorithm="density clustering", draws=10, permutations=20, seed=0
    )
    assert len(test.regions) == 4 and test.regions["agreement"].min() > 0.8


def test_moves_by_hand():
    # ten A customers in North of whom four turned into B; forty elsewhere of whom two did.
    # Fisher: sum over 4..6 of C(10,x)·C(40,6−x)/C(50,6) = (210·780 + 252·40 + 210·1)/15890700 = 0.010956
    before = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(51)],
            "before": ["A"] * 50 + ["none"],
            "after": ["B"] * 4 + ["A"] * 6 + ["B"] * 2 + ["A"] * 38 + ["B"],
        }
    )
    places = pd.DataFrame(
        {"customer_id": before["customer_id"], "region": ["North"] * 10 + ["South"] * 40 + ["North"]}
    )
    moves = regional_moves.count_moves(before, places, ["A", "B"])
    row = moves.iloc[0]
    assert row[["region", "segment", "to", "customers", "moved"]].tolist() == ["North", "A", "B", 10, 4]
    assert row["moved_share"] == 0.4 and row["elsewhere_share"] == 2 / 40
    assert row["p_value"] == pytest.approx(2 * 0.010956, abs=1e-5)  # two comparisons: Holm doubles it
    # South: 1 − (C(10,6) + 40·C(10,5))/C(50,6) = 1 − 10290/15890700
    assert moves.loc[1, "p_value"] == pytest.approx(0.999352, abs=1e-6)


def test_a_segment_that_turns_into_another_in_one_region_is_named(same):
    moves = pd.DataFrame(
        [
            ["East", "Plain", "High a", 50, 20, 0.4, 0.01, 1e-9],
            ["West", "Plain", "High a", 50, 3, 0.06, 0.01, 0.01],
        ],
        columns=regional_moves.COLUMNS,
    )
    finding = holdout_region.decide_holdout_region(same[0], moves)
    assert finding.decision.recommendation == "regional exceptions"
    assert finding.headline == (
        "One segmentation serves 3 of 4 regions; in East 40 % of Plain customers turned into High a "
        "(elsewhere 1 %)."
    )
    assert finding.table["verdict"].tolist() == ["a segment changes", "travels", "travels", "travels"]


def test_planted_exception_and_drift_are_named_and_no_other_region(planted):
    places = planted.tables["customers"].select("customer_id", "region").to_pandas()
    test = regions.fit_regions(planted.features, places, planted.model, draws=40, permutations=100, seed=1)
    over_time = two_periods.fit_periods(planted.periods, planted.model, planted.segments, permutations=50)
    moves = regional_moves.count_moves(over_time.customers, places, planted.model.names)
    finding = holdout_region.decide_holdout_region(test, moves)
    verdicts = finding.table.set_index("region")["verdict"]
    assert len(verdicts) == 12 and finding.decision.recommendation == "regional exceptions"
    stand_apart = verdicts[verdicts != "travels"].to_dict()
    exception, drift = planted.truth["regional_exception"].iloc[0], planted.truth["drift"].iloc[0]
    assert stand_apart == {
        exception["region"]: "a segment buys differently",
        drift["region"]: "a segment changes",
    }
    # maintenance there buys through partners, and the drift is of the planted segment into the planted one
    found = test.differences[
        (test.differences["p_value"] <= 0.05) & (test.differences["difference"].abs() >= 0.5)
    ]
    assert set(found["region"]) == {exception["region"]}
    # those of them whom the rule takes for Legacy stand out there too, but less
    assert found.loc[found["difference"].abs().idxmax(), "segment"] == exception["segment"]
    assert found.loc[found["feature"] == "orders_partner", "there"].iloc[0] > 0.7
    first = moves.iloc[0]
    assert first[["region", "segment", "to"]].tolist() == [
        drift["region"],
        drift["segment"],
        drift["turns_into"],
    ]
    # who drifted has moved, but for a few who bought too little to be told apart
    assert 0.5 * drift["accounts_drifted"] <= first["moved"] <= drift["accounts_drifted"]
    # País Vasco's borders are found too: the rule learned elsewhere agrees least there
    assert test.regions.set_index("region")["agreement"].idxmin() == exception["region"]


def test_what_an_exception_costs_is_stated_by_its_owner():
    points = alike()
    points[(REGION == "West") & (GROUP == 1), 2] += 2.0
    costs = pd.DataFrame(
        [["running a segment", 1000.0, "segment", "year", "Jane Doe"]],
        columns=["item", "amount", "per", "every", "owner"],
    )
    _, finding = run(points, costs=costs, currency="EUR")
    assert "EUR 1,000 a year" in finding.assumptions[0].text and finding.assumptions[0].owner == "Jane Doe"


def test_missing_regions_are_asked_for():
    absent = holdout_region.decide_holdout_region(None, has_regions=False)
    assert absent.status == "not_run" and absent.needs[0].columns == ("region",)
    features, places, model = fit(alike())
    places["region"] = np.where(places["region"] == "West", None, "North")
    assert regions.fit_regions(features, places, model) is None
    assert holdout_region.decide_holdout_region(None).status == "not_run"
    assert holdout_region.decide_holdout_region(None, segments=1).status == "info"


def test_small_regions_and_missing_ones_are_counted():
    features, places, model = fit(alike())
    places.loc[:9, "region"] = None
    places.loc[10:19, "region"] = "Islands"
    test = regions.fit_regions(features, places, model, draws=10, permutations=50)
    finding = holdout_region.decide_holdout_region(test)
    assert finding.table.set_index("region").loc["Islands", "verdict"] == "too few customers"
    assert "Too few customers to judge: Islands." in finding.notes
    assert "10 customers without a region were left aside." in finding.notes


def test_the_clients_choice_is_followed(same):
    override = Override(choice="separate by region", who="Jane Doe", when="2025-01-15", why="Law")
    finding = holdout_region.decide_holdout_region(same[0], override=override)
    assert (
        finding.decision.choice == "separate by region" and "evidence says “one for all”" in finding.headline
    )
    wrong = Override(choice="no", who="Jane Doe", when="2025-01-15", why="Law")
    with pytest.raises(InputError, match=r"holdout-region\.choice"):
        holdout_region.decide_holdout_region(same[0], override=wrong)
