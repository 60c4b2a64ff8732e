"""Leaks are planted, and found; honest features, however steady, pass."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.methodology.features.catalogue import build_catalogue
from segutils.methodology.features.leakage import (
    find_late_features,
    find_leaks,
    find_outcome_copies,
    join_leaks,
)
from segutils.methodology.features.rfm import build_rfm


@pytest.fixture
def world():
    """Steady customers over two periods, a feature that has seen the second one, and honest ones."""
    rng = np.random.default_rng(2)
    level = rng.gamma(1.5, 10, 500)
    own, later = rng.poisson(level).astype(float), rng.poisson(level).astype(float)
    features = pd.DataFrame(
        {
            "frequency": own,
            "steady": level,  # what both periods are drawn around: as close as honest gets
            "score": np.exp(later / 40) + rng.normal(0, 1e-4, 500),  # a bent copy of the outcome
            "noise": rng.normal(size=500),
            "same": 1.0,
        }
    )
    return features, own, later


def test_a_copy_of_the_outcome_is_named_and_honest_features_are_not(world):
    features, own, later = world
    leaks = find_outcome_copies(features, own={"orders": own}, following={"orders": later})
    assert leaks["feature"].tolist() == ["score"]
    assert "follows orders of the period after the cut (rank correlation 1.00)" in leaks["reason"][0]


def test_a_perfectly_steady_base_is_no_leak():
    level = np.arange(100.0)
    features = pd.DataFrame({"revenue": level})
    assert find_outcome_copies(features, own={"revenue": level}, following={"revenue": level}).empty


def test_periods_are_held_against_the_next_one(world):
    _, own, later = world
    people = {"customer_id": np.arange(500).astype(str), "has_purchases": own > 0}
    first = pd.DataFrame(people).assign(period="1", frequency=own, revenue=own * 5, planted=later)
    second = pd.DataFrame(people).assign(period="2", frequency=later, revenue=later * 5, planted=0.0)
    both = pd.concat([first, second], ignore_index=True)
    assert find_leaks(both)["feature"].tolist() == ["planted"]
    assert find_leaks(both[both["period"] == "1"]).empty  # one period: nothing to hold it against


def test_what_is_computed_from_later_lines_changes_without_them():
    lines = pd.DataFrame(
        {
            "customer_id": ["A", "A", "B", "B"],
            "order_id": ["1", "2", "3", "4"],
            "ordered_on": [date(2024, 1, 5), date(2024, 2, 5), date(2024, 1, 7), date(2024, 1, 9)],
            "net_revenue": [10.0, 90.0, 20.0, 30.0],
        }
    )
    cut, people = date(2024, 1, 31), ibis.memtable({"customer_id": ["A", "B"]})
    table = ibis.memtable(lines)
    given = {"as_of": cut, "window_days": 31}
    full = build_rfm(table, people, **given)
    before = build_rfm(table.filter(table.ordered_on <= cut), people, **given)
    assert find_late_features(full, before).empty  # the playbook's own features do not look ahead
    spent = lines.groupby("customer_id")["net_revenue"].sum()  # one that does: A's later 90 are in it
    planted = full.assign(lifetime=full["customer_id"].map(spent))
    honest = before.assign(lifetime=[10.0, 50.0])
    late = find_late_features(planted, honest)
    assert late["feature"].tolist() == ["lifetime"]
    assert late["reason"][0] == "changes for 1 of 2 customers with lines after the cut"


def test_the_catalogue_refuses_leaks_and_copies_by_name(world):
    features, own, later = world
    table = features[["frequency"]].assign(
        customer_id=np.arange(500).astype(str),
        has_purchases=True,
        monetary_value=later,
        tenure=own,
        discount_share=np.random.default_rng(1).beta(2, 5, 500),
    )
    leaks = join_leaks(
        find_outcome_copies(table[["monetary_value"]], own={"orders": own}, following={"orders": later}),
        pd.DataFrame({"feature": ["monetary_value"], "reason": ["told twice"]}),
    )
    assert len(leaks) == 1
    wanted = ["frequency", "monetary_value", "tenure", "discount_share"]
    table["tenure"] = np.log1p(own)  # frequency under another name, on the scale that distances use
    catalogue = build_catalogue(table, wanted=wanted, leaks=leaks).set_index("feature")
    assert catalogue.index[catalogue["used"]].tolist() == ["frequency", "discount_share"]
    assert catalogue.loc["monetary_value", "reason"].startswith("leaks: follows orders of the period after")
    assert catalogue.loc["tenure", "reason"] == "is “Orders” again under another name"
