"""Sufficiency against a hand-worked table of six customers, and against planted gaps."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.quality.approach_evidence import (
    Evidence,
    build_evidence,
    list_attributes,
    measure_approaches,
)
from segutils.data_readiness.quality.sufficiency import Needed, decide_sufficiency, score_approaches
from segutils.findings import Override

NEEDED = Needed(coverage=0.7, per_variable=100, history_days=365, events=3, empty_share=0.9)


def six_customers() -> Evidence:
    customers = ibis.memtable(
        pd.DataFrame(
            {
                "customer_id": list("abcdef"),
                "name": list("ABCDEF"),
                "region": ["n", "n", "s", None, None, None],
                "industry": ["x", None, None, None, None, None],
                "age": ["20", "30", "40", "50", "60", "70"],
            }
        )
    )
    orders = [("a", f"a{n}", date(2024, 1 + 3 * (n % 4), 1)) for n in range(4)]  # an order in each quarter
    orders += [("b", f"b{n}", date(2024, 1, 1 + n)) for n in range(3)]  # three orders, one quarter
    orders += [("c", "c0", date(2024, 5, 1)), ("c", "c0", date(2024, 5, 1))]  # one order of two lines
    transactions = ibis.memtable(pd.DataFrame(orders, columns=["customer_id", "order_id", "ordered_on"]))
    exposures = ibis.memtable(
        pd.DataFrame(
            {
                "customer_id": ["a", "a", "b", "b"],
                "campaign_id": ["1", "2", "1", "2"],
                "responded": [True, False, False, False],
            }
        )
    )
    campaigns = ibis.memtable(
        pd.DataFrame({"campaign_id": ["1", "2"], "started_on": [date(2024, 12, 2), date(2024, 12, 9)]})
    )
    return build_evidence(
        customers,
        transactions,
        as_of=date(2024, 12, 31),
        exposures=exposures,
        campaigns=campaigns,
        protected=["age"],
        variables_planned=2,
    )


def test_measures_of_six_customers_worked_by_hand():
    found = measure_approaches(six_customers()).set_index("approach")
    behaviour = found.loc["behavioural"]
    assert (
        behaviour.customers_with_data == 2
    )  # a and b have three orders or more, c has one order of two lines
    assert behaviour.coverage == pytest.approx(2 / 6)
    assert behaviour.customers_per_variable == 1
    assert behaviour.history_days == 275  # 1 January to 1 October 2024, both included, in a leap year
    assert behaviour.events_per_customer == 3.5
    assert behaviour.empty_share == pytest.approx(
        1 - (4 + 1) / 8
    )  # quarters with an order: 4 of 4 and 1 of 4
    who = found.loc["demographic"]
    assert (who.customers_with_data, who.variables, who.events_per_customer) == (3, 2, 1)  # age is protected
    assert who.empty_share == pytest.approx(1 - 4 / 6) and np.isnan(who.history_days)
    response = found.loc["response-based"]
    assert (response.customers_with_data, response.history_days, response.empty_share) == (2, 30, 0.75)
    assert found.loc["needs-based", "customers_with_data"] == 0


def test_identifying_and_protected_columns_are_no_attributes():
    columns = ["customer_id", "email", "age", "region", "signup_date", "consent_mail", "household_size"]
    customers = ibis.memtable(pd.DataFrame({name: ["x"] for name in columns}))
    assert list_attributes(customers, ["age"]) == ["region", "household_size"]


def many(total=1000, *, orders=8, filled=0, items=0, variables=None) -> Evidence:
    frame = pd.DataFrame(
        {
            "orders": orders,
            "active_share": 0.8,
            "filled": filled,
            "received": 0,
            "answered": 0,
            "items": items,
        },
        index=range(total),
    )
    known = {"behavioural": 5, "demographic": 2, "needs-based": 4, "response-based": 0} | (variables or {})
    return Evidence(
        customers=frame, variables=known, history_days={"behavioural": 365.0, "response-based": 0.0}
    )


def test_enough_behaviour_is_recommended_and_the_missing_survey_asked_for():
    finding = decide_sufficiency(many())
    assert finding.status == "pass" and finding.decision.recommendation == "behavioural"
    assert finding.table.set_index("approach").verdict.to_dict() == {
        "behavioural": "enough",
        "needs-based": "no data",
        "demographic": "no data",
        "response-based": "no data",
    }
    assert [need.table for need in finding.needs] == ["survey", "exposures", "customers"]
    assert finding.decision.robustness_share == 1


def test_a_survey_wins_where_behaviour_is_thin():
    """Planted: nobody ordered often enough, everybody answered the four items."""
    finding = decide_sufficiency(many(orders=1, items=4))
    assert finding.decision.recommendation == "needs-based"
    assert finding.headline.startswith("The data are enough for needs-based segmentation (100 % of 1,000")


@pytest.mark.parametrize(
    ("total", "verdict"),
    [(500, "enough"), (499, "partly"), (350, "partly"), (349, "not enough")],
)
def test_70_and_100_customers_per_variable(total, verdict):
    """Five variables: 100 each are 500 customers (Dolnicar, Grün, Leisch 2016), 70 each are 350 (2014)."""
    finding = decide_sufficiency(many(total), resamples=5)
    assert finding.table.set_index("approach").verdict["behavioural"] == verdict


def test_nothing_at_all_fails():
    finding = decide_sufficiency(many(50, orders=1), resamples=5)
    assert finding.status == "fail" and finding.headline.startswith("The data are not enough for")


def test_scores_are_shares_of_what_is_needed():
    measures = measure_approaches(many(250, orders=3, filled=1))
    scores = score_approaches(measures, NEEDED)
    # 250 customers on 5 variables are 50 of the 100 needed; 1 of 3 attributes; half of the cells are empty
    assert scores.loc["behavioural", ["coverage", "sample", "depth", "history"]].tolist() == [1, 0.5, 1, 1]
    assert scores.loc["demographic", ["depth", "history", "variation"]].tolist() == [
        pytest.approx(1 / 3),
        1,
        0.5,
    ]
    assert scores.loc["needs-based"].tolist() == [0, 0, 0, 0, 0]


def test_a_better_verdict_comes_before_a_better_score():
    """Attributes of everybody score high but are one each: partly; behaviour of 71 % holds everywhere."""
    mixed = many(filled=1, variables={"demographic": 1})
    mixed.customers.loc[mixed.customers.index < 290, "orders"] = 0
    options = decide_sufficiency(mixed, resamples=5).decision.options
    assert options.option[0] == "behavioural" and options.verdict.tolist()[:2] == ["enough", "partly"]


def test_where_several_kinds_are_enough_behaviour_comes_first_whatever_the_score():
    """Every item is answered by everybody, and orders are just enough: the survey has the higher score."""
    finding = decide_sufficiency(many(orders=4, items=4))
    score = finding.decision.options.set_index("option").score
    assert score["needs-based"] > score["behavioural"]
    assert finding.decision.recommendation == "behavioural"
    # 365 days where 365 are asked for is nearer to the limit than 4 orders where 3 are
    assert "What flips it first: less than 365 days of history" in finding.decision.robustness


def test_where_nothing_is_enough_nothing_is_recommended():
    finding = decide_sufficiency(many(total=30, orders=1))
    assert finding.decision.recommendation == "none yet" and finding.status == "fail"
    assert finding.headline.startswith("The data are not enough for ")


def test_the_clients_own_choice_is_kept_beside_the_recommendation():
    own = Override(choice="needs-based", who="A. Client", when="2025-01-05", why="The survey is under way.")
    finding = decide_sufficiency(many(), override=own, resamples=5)
    assert finding.decision.recommendation == "behavioural" and finding.decision.choice == "needs-based"
    assert finding.status == "fail"


def test_on_the_small_client(small_run):
    customers, transactions = small_run.input("customers"), small_run.input("transactions")
    evidence = build_evidence(customers, transactions, as_of=small_run.as_of, variables_planned=2)
    assert len(evidence.customers) == 300
    finding = decide_sufficiency(evidence, resamples=20)
    again = decide_sufficiency(evidence, resamples=20)
    assert finding.decision.recommendation == "behavioural"
    assert finding.to_json() == again.to_json()
