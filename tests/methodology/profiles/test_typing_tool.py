"""The typing tool against rules that were planted, a tree worked by hand, and the simulated manufacturer."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.findings import Override
from segutils.methodology.profiles.nearest_centre import assign_nearest, keep_features, weigh_features
from segutils.methodology.profiles.rule_fields import CLEAR, choose_fields, code_customers
from segutils.methodology.profiles.rules import (
    Answer,
    Question,
    assign_by_rule,
    describe_path,
    fit_rule,
    list_paths,
    write_limit,
)
from segutils.methodology.profiles.typing_candidates import fit_candidates
from segutils.methodology.profiles.typing_tool import (
    decide_typing_tool,
    find_option,
    find_reaching,
    find_shortest,
    find_tool,
    list_options,
)
from segutils.methodology.profiles.typing_words import build_accuracy, check_accuracy
from segutils.statistics.segment_model import Scaling, SegmentModel

LABELS = {"orders": "Orders", "basket": "Net revenue per order", "industry": "Industry"}
FORMATS = {"orders": "count", "basket": "money:2", "industry": "text"}


def shop(n: int = 600, seed: int = 3) -> tuple[pd.DataFrame, SegmentModel]:
    """S1 orders often, S2 seldom but much, S3 seldom and little: two questions tell them apart for all."""
    draw = np.random.default_rng(seed)
    kind = np.repeat([0, 1, 2], n // 3)
    orders = np.where(kind == 0, draw.integers(20, 40, n), draw.integers(1, 8, n)).astype(float)
    basket = np.where(kind == 1, draw.uniform(500, 900, n), draw.uniform(20, 90, n))
    buyers = pd.DataFrame(
        {
            "customer_id": [f"C{i:04d}" for i in range(n)],
            "segment": np.array(["S1", "S2", "S3"])[kind],
            "orders": orders,
            "basket": basket,
        }
    )
    raw = buyers[["orders", "basket"]].to_numpy()
    scaling = Scaling(
        features=("orders", "basket"),
        transforms=("none", "none"),
        means=raw.mean(axis=0),
        scales=raw.std(axis=0),
    )
    points = scaling.apply(buyers)
    centres = np.stack([points[kind == k].mean(axis=0) for k in range(3)])
    return buyers, SegmentModel(names=("S1", "S2", "S3"), scaling=scaling, centres=centres)


CATALOGUE = pd.DataFrame({"feature": list(LABELS), "label": LABELS.values(), "format": FORMATS.values()})
NAMES = pd.DataFrame({"segment": ["S1", "S2", "S3"], "name": ["Frequent", "Large", "Small"]})


def decide(candidates, **options):
    return decide_typing_tool(candidates, NAMES, CATALOGUE, currency="EUR", **options)


def test_a_planted_rule_of_two_questions_is_found_and_always_right():
    buyers, model = shop()
    candidates = fit_candidates(buyers, model)
    finding = decide(candidates)
    assert find_option(candidates, finding) == "3 rules"
    chosen = candidates.table.set_index("option").loc["3 rules"]
    assert chosen["holdout"] == 1.0 and chosen["accuracy"] == 1.0 and chosen["figures"] == 2
    # 180 of 600 are kept aside, 60 of each segment; Wilson: 60 of 60 gives 60 / (60 + 1.96^2) = 0.9398
    assert (candidates.holdout["segment"].value_counts() == 60).all()
    accuracy = build_accuracy(candidates, "3 rules", NAMES)
    assert accuracy["found"].tolist() == [1, 1, 1]
    assert accuracy["found_low"].tolist() == pytest.approx([60 / (60 + 1.959964**2)] * 3, abs=1e-6)
    # two rules can never name three segments, however good they are for the stated accuracy
    low = decide(candidates, min_accuracy=0.5)
    assert find_option(candidates, low) == "3 rules"


def test_a_rule_worked_by_hand():
    rule = Question(
        field="orders",
        at_most=8.5,
        yes=Question(
            field="industry",
            equals="Food",
            yes=Answer(segment="S2", customers=10, right=9),
            no=Answer(segment="S3", customers=5, right=5),
        ),
        no=Answer(segment="S1", customers=20, right=20),
    )
    customers = pd.DataFrame(
        {
            "orders": [3, 8.5, 9, np.nan, 1, 2],
            "industry": ["Food", "Water", "Food", "Food", None, "Food"],
        }
    )
    # unknown orders are not at most 8.5, an unknown industry is not food
    assert assign_by_rule(customers, rule).tolist() == ["S2", "S3", "S1", "S1", "S3", "S2"]
    words = [describe_path(p, labels=LABELS, formats=FORMATS) for p in list_paths(rule)]
    assert words == [
        "Orders at most 8; industry is Food",
        "Orders at most 8; industry is not Food",
        "Orders more than 8",
    ]


def test_limits_are_written_as_they_are():
    assert write_limit(0.15, "share") == "15 %" and write_limit(0.0024, "share") == "0.24 %"
    assert write_limit(1200.0, "money:2", currency="EUR") == "EUR 1,200"
    assert write_limit(44.5, "count") == "44"


@pytest.mark.parametrize("seed", range(5))
def test_no_customer_lies_on_a_limit(seed):
    draw = np.random.default_rng(seed)
    customers = pd.DataFrame(
        {
            "share": draw.integers(0, 100, 400) / 100,
            "count": draw.integers(0, 30, 400),
            "money": np.round(draw.lognormal(5, 2, 400), 2),
            "close": 1 + draw.integers(0, 5, 400) * 1e-10,
        }
    )
    fields = {f.name: f for f in choose_fields(customers)}
    assert set(fields) == {"share", "count", "money"}  # nothing can be cut between values that close
    for name, field in fields.items():
        gaps = np.abs(customers[name].to_numpy()[:, None] - np.array(field.limits))
        assert (gaps > CLEAR * np.maximum(1, np.abs(field.limits))).all()


def test_questions_and_codes_tell_the_same_customers_apart():
    draw = np.random.default_rng(8)
    customers = pd.DataFrame(
        {"x": draw.normal(0, 1, 300), "y": draw.choice(["a", "b", "c", None], 300), "z": draw.random(300)}
    )
    customers.loc[::9, "x"] = np.nan
    segments = np.where((customers["x"] <= 0.3) & (customers["y"] == "a"), "S1", "S2").astype(object)
    fields = choose_fields(customers)
    rule = fit_rule(code_customers(customers, fields), segments, max_rules=12, min_customers=2)
    paths = list_paths(rule)
    reached = sum(p.answer.customers for p in paths)
    right = sum(p.answer.right for p in paths)
    # what the tree counted on its codes is what the questions give on the values
    assert reached == 300 and right == (assign_by_rule(customers, rule) == segments).sum()


def test_the_one_standard_error_rule():
    table = pd.DataFrame(
        {
            "option": ["2", "4", "6", "8"],
            "figures": [1, 3, 5, 7],
            "accuracy": [0.70, 0.88, 0.895, 0.90],
            "error": [0.02, 0.014, 0.013, 0.013],
        }
    )
    # the best is 0.90 with an error of 0.013: 0.887 is not reached by four rules, but by six
    assert find_shortest(table) == "6"


def test_nearest_centre_weights_give_the_nearest_centre():
    buyers, model = shop()
    weights = weigh_features(model)
    raw = buyers[["orders", "basket"]].to_numpy()
    sums = weights["constant"].to_numpy() + raw @ np.stack(weights["weights"].tolist()).T
    nearest = np.array(model.names)[sums.argmin(axis=1)]
    assert (nearest == assign_nearest(buyers, model)).all()
    # less the customer's own squared length, the sum is the squared distance on the scaled axes
    points = model.scaling.apply(buyers)
    squared = ((points[0] - model.centres) ** 2).sum(axis=1)
    assert sums[0] - sums[0][0] == pytest.approx(squared - squared[0])
    assert keep_features(model, ["basket"]).scaling.features == ("basket",)


def test_the_manufacturers_segments_are_found_by_few_rules(planted):
    candidates = fit_candidates(planted.buyers, planted.model)
    finding = decide_typing_tool(candidates, planted.names, planted.catalogue, currency="EUR")
    chosen = candidates.table.set_index("option").loc[find_option(candidates, finding)]
    # six segments need six rules at least; behaviour tells them apart, as TRUTH.md says
    assert 6 <= chosen["rules"] <= 9 and chosen["holdout"] >= 0.9
    assert finding.status == "pass"
    # and they are right about the planted segments, too
    holdout = candidates.holdout.merge(planted.true, on="customer_id", suffixes=("", "_true"))
    named = holdout[find_option(candidates, finding)].map(planted.names.set_index("segment")["name"])
    assert (named.str.lower() == holdout["segment_true"]).mean() >= 0.85
    whole = candidates.table[candidates.table["family"] == "centre"].iloc[-1]
    assert whole["accuracy"] == 1.0 and whole["holdout"] == 1.0


def test_the_holdout_is_not_learned_from():
    """Segments by the toss of a coin: the rule is right for its own customers and for no others."""
    buyers, model = shop()
    draw = np.random.default_rng(1)
    random = buyers.assign(segment=draw.choice(["S1", "S2", "S3"], len(buyers)))
    candidates = fit_candidates(random, model, min_customers=5)
    longest = candidates.table[candidates.table["family"] == "rules"].iloc[-1]
    assert longest["low"] <= 1 / 3 <= longest["high"]
    known = candidates.assigned[~candidates.assigned["is_holdout"]]
    assert (known[longest["option"]] == known["segment"]).mean() > 0.4
    assert abs(longest["accuracy"] - 1 / 3) < 0.07


def test_calibration_says_how_far_a_rule_can_be_believed(planted):
    candidates = fit_candidates(planted.buyers, planted.model)
    finding = decide_typing_tool(candidates, planted.names, planted.catalogue, currency="EUR")
    table = finding.table
    assert table["customers"].sum() == len(candidates.holdout)
    right = (table["right"] * table["customers"]).sum() / table["customers"].sum()
    chosen = candidates.table.set_index("option").loc[find_option(candidates, finding)]
    assert right == pytest.approx(chosen["holdout"])
    assert any(note.startswith("Calibration") for note in finding.notes)


def test_where_no_rule_is_right_often_enough_the_solution_itself_assigns():
    """Two segments whose border runs across: few steps cannot follow it, the centres do."""
    draw = np.random.default_rng(5)
    xy = draw.normal(0, 1, (600, 2))
    buyers = pd.DataFrame(
        {"customer_id": [f"C{i}" for i in range(600)], "orders": xy[:, 0], "basket": xy[:, 1]}
    )
    scaling = Scaling(
        features=("orders", "basket"), transforms=("none",) * 2, means=np.zeros(2), scales=np.ones(2)
    )
    model = SegmentModel(names=("S1", "S2"), scaling=scaling, centres=np.array([[1.0, 1.0], [-1.0, -1.0]]))
    buyers["segment"] = assign_nearest(buyers, model)
    candidates = fit_candidates(buyers, model, max_rules=4)
    finding = decide(candidates, min_accuracy=0.97)
    assert finding.decision.choice == "Nearest centre, all 2 features" and finding.status == "caution"
    assert "shorter than the solution itself" in finding.headline
    assert isinstance(find_tool(candidates, finding), SegmentModel)
    assert finding.table["Orders"].tolist() == pytest.approx([1, -1])  # centres in natural units


def test_the_clients_own_choice_is_followed_and_must_be_an_option():
    buyers, model = shop()
    candidates = fit_candidates(buyers, model)
    own = Override(
        choice="Nearest centre, all 2 features", who="J. Doe", when="2026-01-05", why="It is exact."
    )
    finding = decide(candidates, override=own)
    assert find_option(candidates, finding) == own.choice and finding.decision.recommendation == "3 rules"
    with pytest.raises(InputError, match="not an option"):
        decide(candidates, override=Override(choice="99 rules", who="x", when="2026-01-05", why="y"))


def test_one_segment_needs_no_rule():
    buyers, model = shop()
    single = SegmentModel(names=("S1",), scaling=model.scaling, centres=model.centres[:1])
    candidates = fit_candidates(buyers.assign(segment="S1"), single)
    finding = decide(candidates)
    assert finding.status == "info" and finding.decision is None
    assert find_tool(candidates, finding) == Answer(segment="S1", customers=600, right=600)
    assert check_accuracy(candidates, "1 rule", NAMES).table["found"].tolist() == [1.0]


def test_a_stated_accuracy_is_a_share():
    buyers, model = shop()
    with pytest.raises(InputError, match="min_accuracy is 85"):
        decide(fit_candidates(buyers, model), min_accuracy=85)


def test_options_have_the_shortest_that_reaches_first():
    buyers, model = shop()
    options = list_options(fit_candidates(buyers, model), min_accuracy=0.9)
    assert options["option"].iloc[0] == "3 rules"
    assert (options.loc[options["reaches"], "score"] >= 0.5).all()
    assert (options.loc[~options["reaches"], "score"] < 0.5).all()


def test_reaching_is_judged_by_cross_validation_without_slack_and_a_miss_on_the_holdout_is_said(planted):
    candidates = fit_candidates(planted.buyers, planted.model)
    table = pd.DataFrame({"accuracy": [0.849, 0.85], "error": [0.01, 0.01], "names_all": [True, True]})
    assert find_reaching(table, min_accuracy=0.85).tolist() == [False, True]  # an error of 0.01 is no excuse
    missed = replace(candidates, table=candidates.table.assign(accuracy=0.9, holdout=0.833))
    finding = decide_typing_tool(missed, planted.names, planted.catalogue, currency="EUR")
    assert finding.headline.endswith(", short of the 85 % asked for") and finding.status == "caution"
    kept = replace(candidates, table=candidates.table.assign(accuracy=0.9, holdout=0.86))
    assert (
        "short of" not in decide_typing_tool(kept, planted.names, planted.catalogue, currency="EUR").headline
    )


def test_what_a_rule_states_is_drawn_towards_one_half():
    buyers, model = shop()
    table = decide(fit_candidates(buyers, model)).table
    # 420 customers are learned from, 140 of each segment, all right: (140 + 1) / (140 + 2)
    assert table["stated"].tolist() == pytest.approx([141 / 142] * 3)
    # 60 of 60 on the holdout against that: no difference that an interval would not hold
    assert table["as_stated"].all()
