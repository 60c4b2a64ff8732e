"""Arms, contacts and occasions of campaigns, counted by hand."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.statistics import campaign_arms

AS_OF = date(2025, 12, 31)
ROWS = pd.DataFrame(
    [
        ("a", "C1", "treated", True, True, 30.0, "2025-01-01"),
        ("b", "C1", "treated", True, False, 0.0, "2025-01-01"),
        ("c", "C1", "HoldOut", True, True, 10.0, "2024-12-31"),  # a day before the year
        ("x", "C1", "treated", True, True, 99.0, "2025-01-01"),  # in no group
        ("a", "C2", "control", None, True, 5.0, None),  # nobody said that it was by lot
        ("b", "C2", "mailed", None, None, 7.0, None),  # nobody knows whether b responded
        ("c", "C3", "mailed", True, True, 8.0, "2026-01-01"),  # by lot, but nobody was kept back
    ],
    columns=["customer_id", "campaign_id", "arm", "randomised", "responded", "outcome_value", "assigned_on"],
).assign(assigned_on=lambda t: pd.to_datetime(t.assigned_on).dt.date)
MEMBERS = pd.DataFrame({"customer_id": list("abc"), "kind": ["G", "G", "H"]})


def test_cells_by_hand():
    found = campaign_arms.build_cells(ibis.memtable(ROWS), MEMBERS, by="kind")
    assert found.columns.to_list() == ["campaign_id", "kind", "randomised", "treated", *campaign_arms.SUMS]
    assert found.to_numpy().tolist() == [
        ["C1", "G", True, True, 2, 1, 30.0, 900.0],
        ["C1", "H", True, False, 1, 1, 10.0, 100.0],
        ["C2", "G", False, False, 1, 1, 5.0, 25.0],
        ["C3", "H", True, True, 1, 1, 8.0, 64.0],
    ]
    experiments = campaign_arms.select_experiments(found)
    assert experiments.campaign_id.to_list() == ["C1", "C1"]  # C2 was not by lot, C3 has one arm
    counts = campaign_arms.count_arms(experiments, ["H", "G"], by="kind")
    assert counts.hits.tolist() == [[0.0], [1.0]] and counts.of.tolist() == [[0.0], [2.0]]
    assert counts.control_hits.tolist() == [[1.0], [0.0]] and counts.control_of.tolist() == [[1.0], [0.0]]
    sums = campaign_arms.count_arms(experiments, ["G"], by="kind", column="value_sum")
    assert sums.hits.tolist() == [[30.0]] and sums.of.tolist() == [[2.0]]


def test_what_is_missing():
    assert campaign_arms.build_cells(None, MEMBERS, by="kind").empty
    with pytest.raises(InputError, match="who responded"):
        campaign_arms.build_cells(ibis.memtable(ROWS.drop(columns="responded")), MEMBERS, by="kind")
    bare = ibis.memtable(ROWS.drop(columns=["randomised", "outcome_value"]))
    cells = campaign_arms.build_cells(bare, MEMBERS, by="kind")
    assert not cells.randomised.any() and np.isnan(cells.value_sum).all()
    assert campaign_arms.select_experiments(cells).empty


def test_contacts_are_counted_whoever_they_were():
    found = campaign_arms.count_contacts(ibis.memtable(ROWS))
    assert found.to_numpy().tolist() == [["C1", 3], ["C2", 1], ["C3", 1]]
    other = campaign_arms.count_contacts(ibis.memtable(ROWS), control_arms=["Mailed"])
    assert other.to_numpy().tolist() == [["C1", 4], ["C2", 1]]


def test_occasions_by_hand():
    exposures = ibis.memtable(ROWS)
    starts = ibis.memtable(
        pd.DataFrame({"campaign_id": ["C1", "C2"], "started_on": [date(2020, 1, 1), date(2025, 12, 31)]})
    )
    expected = {"a": [2, 1, 1], "b": [2, 1, 1], "c": [2, 2, 0], "x": [1, 1, 1]}
    found = campaign_arms.count_occasions(exposures, as_of=AS_OF)
    assert found.set_index("customer_id").T.to_dict("list") == expected
    # rows of C2 are dated by its start; those of C1 keep their own day
    dated = campaign_arms.count_occasions(exposures, starts, as_of=AS_OF).set_index("customer_id")
    assert dated.T.to_dict("list") == {**expected, "a": [2, 2, 2], "b": [2, 2, 2]}
    month = campaign_arms.count_occasions(exposures, starts, as_of=AS_OF, window_days=31)
    assert month.recent.to_list() == [1, 1, 0, 0]
    undated = campaign_arms.count_occasions(exposures.drop("assigned_on"), as_of=AS_OF)
    assert undated.dated.sum() == 0 and undated.recent.sum() == 0
