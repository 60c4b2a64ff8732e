"""Break-even size: by hand, from planted lifts, and where money or responses are not known."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.validation.response import break_even, campaign_cells, effects, segment_costs, size

COSTS = pd.DataFrame(
    [
        ("running a segment", 1000.0, "segment", "quarter", "", "CMO"),
        ("own product configuration", 500.0, "segment", "year", "", "CTO"),
        ("e-mail", 0.05, "message", None, "", "CMO"),
    ],
    columns=["item", "amount", "per", "every", "segment", "owner"],
)


def worth() -> pd.DataFrame:
    rows = [("A", 1000, 200_000.0, 200.0, 1.0), ("B", 100, 20_000.0, 200.0, 1.0)]
    return pd.DataFrame(rows, columns=["segment", "customers", "margin", "margin_per_customer", "margin_se"])


def increments(each: float, spread: float = 0.0) -> break_even.Increments:
    noise = spread * np.random.default_rng(1).standard_normal((2000, 2))
    return break_even.Increments(
        segments=("A", "B"),
        estimate=np.full(2, each),
        draws=each + noise,
        basis=break_even.MEASURED,
        contacts_a_year=2.0,
    )


def test_break_even_by_hand():
    """4,000 a year over 20 per customer: 200 customers. A has 1,000 of them, B 100."""
    costs = segment_costs.read_running_costs(COSTS)
    assert costs.of("A") == 4000 and costs.configuration == 500 and costs.configuration_owner == "CTO"
    table = break_even.score_sizes(worth(), costs, increments(20.0)).set_index("segment")
    assert table["break_even"].tolist() == [200, 200] and table["ratio"].tolist() == [5.0, 0.5]
    assert table["net"].tolist() == [16_000, -2_000]
    assert table["needed_share"].tolist() == [0.02, 0.2]
    assert table["verdict"].tolist() == [break_even.PAYS, break_even.PAYS_NOT]


def test_decision_takes_those_shown_to_pay():
    costs = segment_costs.read_running_costs(COSTS)
    finding = size.decide_size(worth(), costs, increments(20.0, 2.0), currency="EUR")
    assert finding.decision.recommendation == size.SURE
    options = finding.decision.options.set_index("option")
    assert options.loc[size.SURE, "segments"] == "A" and options.loc[size.SURE, "net"] == 16_000
    assert options.loc[size.EVERY, "net"] == 14_000 and options.loc[size.NONE, "net"] == 0
    assert "A is large enough" in finding.headline and "B is not" in finding.headline
    assert {a.owner for a in finding.assumptions} == {"CMO", "CTO"}
    assert any("product configuration" in note for note in finding.notes)


def test_wide_intervals_stay_open():
    costs = segment_costs.read_running_costs(COSTS)
    finding = size.decide_size(worth(), costs, increments(20.0, 30.0), currency="EUR")
    assert finding.table["verdict"].tolist() == [break_even.OPEN, break_even.OPEN]
    assert finding.decision.recommendation == size.NONE


def test_contacts_that_cost_more_than_they_add_never_break_even():
    costs = segment_costs.read_running_costs(COSTS)
    finding = size.decide_size(worth(), costs, increments(-1.0), currency="EUR")
    assert np.isinf(finding.table["break_even"]).all()
    assert finding.decision.recommendation == size.NONE
    assert any("at any size" in note for note in finding.notes)


def test_a_stated_limit_knocks_out():
    limits = pd.DataFrame([("customers", 2000.0, np.nan, "CMO")], columns=["measure", "min", "max", "owner"])
    costs = segment_costs.read_running_costs(COSTS)
    finding = size.decide_size(worth(), costs, increments(20.0), thresholds=limits, currency="EUR")
    assert (finding.table["verdict"] == break_even.OUT).all()
    with pytest.raises(InputError, match="cannot be checked"):
        size.decide_size(
            worth(), costs, increments(20.0), thresholds=limits.assign(measure="charm"), currency="EUR"
        )


def test_without_a_response_only_what_would_be_needed_is_told():
    costs = segment_costs.read_running_costs(COSTS)
    finding = size.decide_size(worth(), costs, None, currency="EUR")
    assert finding.status == "caution" and finding.decision is None
    assert "ratio" not in finding.table and finding.table["needed_share"].tolist() == [0.02, 0.2]
    assert finding.needs[0].table == "exposures"


def test_an_assumed_response_needs_an_owner():
    stated = size.list_stated(response=0.1, margin_rate=0.0, owner="C. Moreau, CMO")
    assumed = break_even.assume_increments(worth(), response=0.1, seed=1)
    assert assumed.estimate.tolist() == [20.0, 20.0]  # 10 % of 200
    costs = segment_costs.read_running_costs(COSTS)
    finding = size.decide_size(worth(), costs, assumed, assumptions=stated, currency="EUR")
    assert "assumed" in finding.limits[0] and finding.assumptions[-1].owner == "C. Moreau, CMO"
    with pytest.raises(InputError, match="owner"):
        size.list_stated(response=0.1, margin_rate=0.0, owner=" ")
    assert break_even.assume_increments(worth(), response=0.0, seed=1) is None


def test_missing_cost_or_margin_is_not_run():
    finding = size.decide_size(None, None, None, currency="USD")
    assert finding.status == "not_run"
    assert [need.table for need in finding.needs] == ["engagement file", "transactions", "exposures"]
    assert segment_costs.read_running_costs(COSTS[COSTS["per"] != "segment"]) is None
    with pytest.raises(InputError, match="for how long"):
        segment_costs.read_running_costs(COSTS.assign(every=None))


def test_margin_per_customer_and_order_by_hand():
    """Two customers of A with 3 orders worth 30, one return of 5; B bought nothing in the window."""
    lines = pd.DataFrame(
        {
            "customer_id": ["1", "1", "2", "2", "3"],
            "order_id": ["a", "b", "c", "r", "old"],
            "ordered_at": pd.to_datetime(
                ["2025-02-01", "2025-03-01", "2025-04-01", "2025-05-01", "2023-01-01"]
            ),
            "net_revenue": [20.0, 40.0, 30.0, -10.0, 99.0],
            "contribution_margin": [8.0, 12.0, 10.0, -5.0, 50.0],
        }
    )
    members = campaign_cells.build_members(
        pd.DataFrame({"customer_id": ["1", "2", "3", "4"], "segment": ["A", "A", "B", "none"]})
    )
    found = campaign_cells.build_worth(ibis.memtable(lines), members, as_of=date(2025, 12, 31))
    a, b = found.set_index("segment").loc["A"], found.set_index("segment").loc["B"]
    assert (a["margin"], a["orders"], a["margin_per_customer"]) == (25.0, 3, 12.5)
    assert a["margin_per_order"] == pytest.approx(25 / 3)
    assert b["margin"] == 0 and np.isnan(b["margin_per_order"])
    bare = ibis.memtable(lines.drop(columns="contribution_margin"))
    assert campaign_cells.build_worth(bare, members, as_of=date(2025, 12, 31)) is None
    rated = campaign_cells.build_worth(bare, members, as_of=date(2025, 12, 31), margin_rate=0.5)
    assert rated.set_index("segment").loc["A", "margin"] == 40.0  # half of 80


def test_planted_truth(campaigner, null_campaigner):
    """Laboratories and machine builders are moved by more than a contact costs, legacy not at all."""
    for client, moved in ((campaigner, True), (null_campaigner, False)):
        experiments = campaign_cells.select_experiments(client.cells)
        value = campaign_cells.build_worth(
            client.tables["transactions"], client.members, as_of=date(2025, 12, 31)
        )
        contact = campaign_cells.build_contact_costs(client.cells, client.tables["campaigns"], None)
        found = effects.score_effects(experiments, client.segments, worth=value, contact_costs=contact)
        measured = break_even.measure_increments(experiments, found, contacts_a_year=4.0, seed=1)
        costs = segment_costs.read_running_costs(COSTS.iloc[:1])  # 4,000 a year
        table = break_even.score_sizes(value, costs, measured).set_index("segment")
        assert (table["verdict"] != break_even.PAYS).all() or moved
        if moved:
            assert (table.loc[["labs", "builders"], "verdict"] == break_even.PAYS).all()
            assert table.loc["legacy", "verdict"] != break_even.PAYS
            # planted: 28 % of accounts that can be moved at all, an order's margin each, four times a year
            most = 0.28 * 1.1 * table.loc["labs", "customers"] * 4
            each = value.set_index("segment").loc["labs", "margin_per_order"]
            assert 0 < table.loc["labs", "net"] + 4000 < most * each


def test_contacts_of_the_last_year_are_counted():
    starts = pd.Series(pd.to_datetime(["2025-01-01", "2025-12-31", "2024-12-31", "2026-01-01", None]))
    assert break_even.count_contacts_a_year(starts, date(2025, 12, 31)) == 2
    assert np.isnan(break_even.count_contacts_a_year(starts.iloc[4:], date(2025, 12, 31)))
