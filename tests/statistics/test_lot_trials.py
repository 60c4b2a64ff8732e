"""Contacts and prices given by lot, as trials by hand."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.statistics import lot_trials

EXPOSURES = pd.DataFrame(
    [
        ("b", "C1", "Control", True, 50.0),
        ("a", "C1", "treated", True, 100.0),
        ("c", "C1", "treated", False, 900.0),  # chosen, and paid for
        ("d", "C1", "treated", True, None),  # nobody knows what d bought
        ("a", "C2", "treated", True, 70.0),  # nobody was kept back
        ("a", "C3", "control", True, 20.0),
        ("b", "C3", "mailed", True, 10.0),
    ],
    columns=["customer_id", "campaign_id", "arm", "randomised", "outcome_value"],
)
CAMPAIGNS = pd.DataFrame({"campaign_id": ["C1", "C2"], "cost": [30.0, 99.0]})


def test_contacts_by_hand():
    exposures = ibis.memtable(EXPOSURES)
    trials = lot_trials.build_contact_trials(exposures)
    assert trials.to_numpy().tolist() == [
        ["a", "C1", "contact", 100.0],
        ["a", "C3", "no contact", 20.0],
        ["b", "C1", "no contact", 50.0],
        ["b", "C3", "contact", 10.0],
    ]
    rates = trials.customer_id.map({"a": 0.4, "b": 0.1})
    # C1 cost 30 for the three contacted; nobody says what C3 cost
    priced = lot_trials.price_contact_trials(trials, rates, exposures, ibis.memtable(CAMPAIGNS))
    assert priced.outcome.to_list() == pytest.approx([100 * 0.4 - 10, 20 * 0.4, 50 * 0.1, 10 * 0.1])
    free = lot_trials.price_contact_trials(trials, rates, exposures, None)
    assert free.outcome.to_list() == pytest.approx([40, 8, 5, 1])
    aimed = ibis.memtable(EXPOSURES.assign(randomised=False))
    assert lot_trials.build_contact_trials(aimed).empty


def ask(prices, **more):
    tests = pd.DataFrame(
        {
            "customer_id": [f"c{n:02d}" for n in range(len(prices))],
            "product_id": "p",
            "price": prices,
            "quantity": [0.0, 2.0, *[1.0] * (len(prices) - 2)],
            "randomised": [True] * (len(prices) - 1) + [None],
        }
    )
    products = pd.DataFrame({"product_id": ["p"], "list_price": [200.0], "unit_cost": [60.0]})
    return lot_trials.build_price_trials(ibis.memtable(tests), ibis.memtable(products), **more)


def test_prices_by_hand():
    trials = ask([180.0, 180.0, 200.0, 150.0])  # the last one was not asked by lot
    assert trials.to_numpy().tolist() == [
        ["c00", "p", "90 % of list price", 0.0],  # nothing was bought
        ["c01", "p", "90 % of list price", 2 * (180.0 - 60.0)],
        ["c02", "p", "100 % of list price", 140.0],
    ]
    assert ask([180.0, 180.0, 200.0, 150.0], customers=pd.Series(["c00", "c01"])).empty  # one price only


def test_many_prices_are_cut_into_bands():
    prices = list(200 * np.arange(0.81, 1.02, 0.01))  # 20 by lot: 81 to 100 %
    trials = ask(prices)
    # five bands of four; each is called by its middle: 82.5, 86.5 … per cent
    assert trials.groupby("arm").size().to_list() == [4] * 5
    assert ask(prices, bands=10).arm.nunique() == 20


def test_what_the_tested_products_left():
    lines = pd.DataFrame(
        [
            ("b", "p", "2025-01-01", 100.0, 40.0),
            ("b", "p", "2024-12-31", 100.0, 41.0),  # a day before the year
            ("b", "q", "2025-06-01", 100.0, 7.0),  # not tested
            ("a", "p", "2025-12-31", 50.0, 20.0),
        ],
        columns=["customer_id", "product_id", "ordered_on", "net_revenue", "contribution_margin"],
    ).assign(ordered_on=lambda t: pd.to_datetime(t.ordered_on).dt.date)
    table = ibis.memtable(lines)
    found = lot_trials.sum_tested_margins(table, ["p"], as_of=date(2025, 12, 31))
    assert found.to_dict() == {"a": 20.0, "b": 40.0}
    both = lot_trials.sum_margins(table)
    assert both.loc["b"].to_list() == [300.0, 88.0] and both.index.to_list() == ["a", "b"]
