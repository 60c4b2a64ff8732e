"""Break-even size: by hand, from planted lifts, and where money or responses are not known."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from segutils.errors import InputError
from segutils.statistics import campaign_arms
from segutils.validation.response import (
    break_even,
    campaign_cells,
    contact_rate,
    effects,
    segment_costs,
    size,
)

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
        contacts=pd.Series({"A": 2.0, "B": 2.0}),
        contacts_basis="counted by the day of assignment",
        contacts_owner="measured",
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
    assert {a.owner for a in finding.assumptions} == {"CMO", "CTO", "measured"}
    assert any("product configuration" in note for note in finding.notes)


def test_wide_intervals_stay_open():
    costs = segment_costs.read_running_costs(COSTS)
    finding = size.decide_size(worth(), costs, increments(20.0, 30.0), currency="EUR")
    assert finding.table["verdict"].tolist() == [break_even.OPEN, break_even.OPEN]
    # A leaves 16,000 by the point estimate, B loses 2,000: A is worth a larger experiment, B isn't
    assert finding.decision.recommendation == size.TESTED
    options = finding.decision.options.set_index("option")
    assert options.loc[size.TESTED, "segments"] == "A" and np.isnan(options.loc[size.TESTED, "net"])
    assert finding.headline.endswith("test A first.")
    # A covers 4 per customer where 20 + 30·z > 4: Φ(16/30) = 70 %; 4 standard errors of 2,000 draws
    assert finding.decision.robustness_share == pytest.approx(norm.cdf(16 / 30), abs=0.041)
    # no segment covers its cost: A below 4 and B below 40, independent draws
    none = norm.cdf(-16 / 30) * norm.cdf(20 / 30)
    assert options.loc[size.NONE, "score"] == pytest.approx(none, abs=0.036)


def test_a_segment_just_short_of_being_shown_is_tested_and_not_dropped():
    """Low end 0.99 of the cost: nearly half of repetitions would show it, so no segment is no answer."""
    costs = segment_costs.read_running_costs(COSTS)
    spread = 16.04 / norm.ppf(1 - 0.05 / 4)  # two segments together at 95 %: the low end is at 3.96 of 4
    finding = size.decide_size(worth(), costs, increments(20.0, spread), currency="EUR")
    assert finding.table["low"].iloc[0] < 1 and finding.decision.recommendation == size.TESTED
    assert finding.decision.robustness_share > 0.98  # Φ(2.24)
    share = float(finding.decision.robustness.split("to pay in ")[1].split(" %")[0])
    # one half less the step from 0.99 to 1; the end of an interval of 2,000 draws is unsure by 0.08 of a
    # standard deviation, which moves the share by 3 points: four of these
    assert 38 <= share <= 62


def test_none_where_nothing_may_pay():
    costs = segment_costs.read_running_costs(COSTS)
    finding = size.decide_size(worth(), costs, increments(2.0, 1.0), currency="EUR")
    # 2 per customer where 4 are needed: Φ(2) that A covers nothing; B needs 40
    assert finding.decision.recommendation == size.NONE
    assert finding.decision.robustness_share == pytest.approx(norm.cdf(2), abs=0.015)


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
            "ordered_on": pd.to_datetime(
                ["2025-02-01", "2025-03-01", "2025-04-01", "2025-05-01", "2023-01-01"]
            ).date,
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
        experiments = campaign_arms.select_experiments(client.cells)
        value = campaign_cells.build_worth(
            client.tables["transactions"], client.members, as_of=date(2025, 12, 31)
        )
        contact = campaign_cells.build_contact_costs(client.cells, client.tables["campaigns"], None)
        found = effects.score_effects(experiments, client.segments, worth=value, contact_costs=contact)
        four = contact_rate.count_contacts(
            None, None, None, client.members, as_of=date(2025, 12, 31), stated=4.0
        )
        measured = break_even.measure_increments(experiments, found, contacts=four, seed=1)
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


def count(rows: list[tuple[str, str, str | None]], *, starts: dict[str, str] | None = None, lines=None):
    """A is customers 1 to 4, B is 5 and 6, and 7 bought nothing: its rows are of no segment asked for."""
    members = pd.DataFrame({"customer_id": list("123456"), "segment": list("AAAABB")})
    exposures = pd.DataFrame(rows, columns=["customer_id", "campaign_id", "assigned_on"])
    exposures["assigned_on"] = pd.to_datetime(exposures["assigned_on"]).dt.date
    if exposures["assigned_on"].isna().all():
        exposures = exposures.drop(columns="assigned_on")
    campaigns = None
    if starts:
        campaigns = pd.DataFrame(
            {"campaign_id": list(starts), "started_on": pd.to_datetime([*starts.values()]).date}
        )
        campaigns = ibis.memtable(campaigns)
    return contact_rate.count_contacts(
        ibis.memtable(exposures), campaigns, lines, members, as_of=date(2025, 12, 31)
    )


def test_contacts_per_customer_of_the_last_year_by_hand():
    """A: 1 on the first day and 2 on the last count, 3 is too early, 4 too late: 2/4. B: 5 twice, 2/2."""
    rows = [("1", "K1", "2025-01-01"), ("2", "K1", "2025-12-31"), ("3", "K1", "2024-12-31")]
    rows += [("4", "K1", "2026-01-01"), ("5", "K1", "2025-05-01"), ("5", "K2", "2025-06-01")]
    found = count([*rows, ("7", "K1", "2025-05-01")])
    assert found.per_customer.to_dict() == {"A": 0.5, "B": 1.0} and found.a_year.sum() == 4
    assert found.owner == "measured" and "day of assignment" in found.basis


def test_contacts_without_a_day_of_assignment_take_the_campaigns():
    rows = [("1", "K1", None), ("2", "K1", None), ("5", "K1", None), ("1", "K0", None), ("7", "K1", None)]
    found = count(rows, starts={"K1": "2025-03-01", "K0": "2024-03-01"})  # K0 is not of the last year
    assert found.per_customer.to_dict() == {"A": 0.5, "B": 0.5} and "first day" in found.basis


def test_contacts_without_any_date_are_divided_by_the_years_of_purchases():
    rows = [("1", "K1", None), ("2", "K1", None), ("5", "K1", None), ("1", "K0", None)]
    lines = ibis.memtable(pd.DataFrame({"ordered_on": [date(2024, 1, 2), date(2025, 6, 1)]}))
    found = count(rows, lines=lines)  # 2 January 2024 to 31 December 2025 is 730 days
    assert found.a_year.to_dict() == {"A": 1.5, "B": 0.5} and "the 2.0 years" in found.basis
    assert count(rows).a_year.to_dict() == {"A": 3.0, "B": 1.0}


def test_contacts_may_be_stated():
    members = pd.DataFrame({"customer_id": list("12"), "segment": ["A", "B"]})
    stated = contact_rate.count_contacts(None, None, None, members, as_of=date(2025, 12, 31), stated=3.0)
    assert stated.per_customer.to_dict() == {"A": 3.0, "B": 3.0} and stated.owner == "engagement file"
    assert contact_rate.count_contacts(None, None, None, members, as_of=date(2025, 12, 31)) is None
    with pytest.raises(InputError, match="contacts a year"):
        contact_rate.count_contacts(None, None, None, members, as_of=date(2025, 12, 31), stated=-1.0)


def test_increments_count_each_segments_own_contacts():
    """30 against 10 of 100 respond: 0.2 · 50 − 2 = 8 a contact; A gets half of one a year, B two."""
    rows = [("K1", s, True, t, 100, 30 if t else 10, 0.0, 0.0) for s in "AB" for t in (True, False)]
    keys = ["campaign_id", "segment", "randomised", "treated"]
    experiments = pd.DataFrame(rows, columns=[*keys, *campaign_arms.SUMS])
    value = pd.DataFrame({"segment": ["A", "B"], "margin_per_order": 50.0, "order_se": 0.0})
    cost = pd.DataFrame({"campaign_id": ["K1"], "cost_per_contact": [2.0]})
    found = effects.score_effects(experiments, ["A", "B"], worth=value, contact_costs=cost)
    contacts = contact_rate.Contacts(
        a_year=pd.Series({"A": 5.0, "B": 40.0}),
        customers=pd.Series({"A": 10, "B": 20}),
        basis="counted by the day of assignment",
        owner="measured",
    )
    measured = break_even.measure_increments(experiments, found, contacts=contacts, seed=1)
    assert measured.estimate == pytest.approx([4.0, 16.0])
    assert break_even.measure_increments(experiments, found, contacts=None, seed=1) is None


def test_contacts_are_stated_and_flip_the_choice():
    """A adds 20 · 1,000 = 20,000 at two contacts, five times the cost of 4,000: 0.4 would do."""
    costs = segment_costs.read_running_costs(COSTS)
    finding = size.decide_size(worth(), costs, increments(20.0), currency="EUR")
    assert "fewer than 0.40 contacts per customer a year" in finding.decision.robustness
    said = [
        a for a in finding.assumptions if a.text.startswith("Contacts per customer a year: A 2.00 and B 2.00")
    ]
    assert [a.owner for a in said] == ["measured"]


def test_how_often_nothing_is_shown_and_what_would_flip_it():
    """Ratio 20 · 1,000 / 4,000 = 5 with a deviation of 2.5: its low end, 5 − 2.2414 · 2.5, is below 1."""
    costs = segment_costs.read_running_costs(COSTS)
    value = worth().assign(customers=[1000, 1000])
    finding = size.decide_size(value, costs, increments(20.0, 10.0), currency="EUR")
    assert finding.decision.recommendation == size.TESTED
    assert "No segment is shown to pay for a programme of its own: 2 are open; test A and B first." in (
        finding.headline
    )
    # either covers its cost where the ratio is above 1, 1.6 deviations below 5: 94.5 %; at least one of two
    # with noise of their own (`increments`): 1 - 0.0548² = 99.7 %
    assert finding.decision.robustness_share == pytest.approx(0.997, abs=0.004)
    # a segment is shown to pay in a draw above 1 + 2.2414 · 2.5 = 6.60, 0.64 deviations above 5: in 26.1 % of
    # them, so some segment is in 1 - 0.739² = 45.4 %; 3 standard errors of 2,000 draws, and rounding
    again = float(finding.decision.robustness.split("to pay in ")[1].split(" %")[0])
    assert again == pytest.approx(45.4, abs=4.0)
