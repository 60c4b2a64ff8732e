"""What it is worth to treat two groups apart, by what was tried by lot: planted gains, and by hand."""

from dataclasses import replace
from datetime import date

import ibis
import pandas as pd
import pytest
from grouped_shop import COSTS, decide, make_client, make_lever

from segutils.objectives.boundaries.merge_worth import build_levers, score_worth


class TestWorth:
    def test_the_gain_planted_is_found(self):
        """A gains 10 by a contact, B loses 4. One policy contacts all (3 on average), apart only A: 5.

        The gain of 2 a contact comes three times a year to 4,000 customers: 24,000.
        """
        lever, ids = make_lever({"A": 10.0, "B": -4.0})
        found = score_worth([lever], ids["A"], ids["B"])
        assert found.worth == pytest.approx(24_000, rel=0.1)
        assert found.worth_low < 24_000 < found.worth_high and found.worth_low > 0

    def test_nothing_is_gained_where_both_respond_alike(self):
        lever, ids = make_lever({"A": 5.0, "B": 5.0})
        found = score_worth([lever], ids["A"], ids["B"])
        assert found.worth_low <= 0 <= found.worth_high

    def test_too_few_trials_say_nothing(self):
        lever, ids = make_lever({"A": 10.0, "B": -4.0}, each=40)
        assert score_worth([lever], ids["A"], ids["B"]).isna().all()
        assert score_worth([], ids["A"], ids["B"]).isna().all()

    def test_twins_that_respond_differently_are_kept_apart_if_that_pays(self):
        """A and B bring the same, but a contact moves them in opposite ways: worth 24,000 a year."""
        customers, periods = make_client({"A": 50.0, "B": 50.0, "C": 90.0}, each=2000)
        lever, ids = make_lever({"A": 10.0, "B": -4.0, "C": 10.0})
        renamed = dict(zip([*ids["A"], *ids["B"], *ids["C"]], customers.ids, strict=True))
        trials = lever.trials.assign(customer_id=lever.trials.customer_id.map(renamed))
        lever = replace(lever, trials=trials, scale=pd.Series(3.0, index=customers.ids))
        cheap, dear = (COSTS.assign(amount=amount, every="year") for amount in (5_000, 180_000))
        found = decide(customers, periods, levers=[lever], costs=cheap)
        assert (
            found.table["merge"].iloc[0] == "A with B" and found.table.verdict.iloc[0] == "pays apart: keep"
        )
        assert found.decision.recommendation == "3 groups (as now)" and len(found.figures) == 2
        found = decide(customers, periods, levers=[lever], costs=dear)
        assert found.decision.recommendation == "2 groups"

    def test_groups_that_differ_are_kept_but_not_said_to_pay(self):
        """A and B differ in what they bring and respond alike: deciding for them apart is worth nothing."""
        customers, periods = make_client({"A": 40.0, "B": 90.0}, each=2000)
        lever, ids = make_lever({"A": 5.0, "B": 5.0})
        renamed = dict(zip([*ids["A"], *ids["B"]], customers.ids, strict=True))
        trials = lever.trials.assign(customer_id=lever.trials.customer_id.map(renamed))
        lever = replace(lever, trials=trials, scale=pd.Series(3.0, index=customers.ids))
        costs = COSTS.assign(amount=50_000, every="year")
        found = decide(customers, periods, levers=[lever], costs=costs)
        assert found.decision.recommendation == "2 groups (as now)" and found.status == "caution"
        assert found.headline.endswith("the EUR 50,000 a year of a segment is not shown.")
        assert any("less than the EUR 50,000" in note for note in found.notes)
        assert decide(customers, periods, costs=costs).status == "pass"  # nothing tried, nothing claimed

    def test_levers_by_hand(self):
        """Two customers with margins of 40 % and 10 %; the campaign cost 30 for two contacts, 15 each."""
        lines = ibis.memtable(
            pd.DataFrame(
                {
                    "customer_id": ["a", "b"],
                    "ordered_on": [date(2025, 6, 1)] * 2,
                    "net_revenue": [100.0, 200.0],
                    "contribution_margin": [40.0, 20.0],
                    "product_id": ["p", "q"],
                }
            )
        )
        exposures = ibis.memtable(
            pd.DataFrame(
                {
                    "customer_id": ["a", "b", "a", "c"],
                    "campaign_id": ["C1", "C1", "C1", "C2"],
                    "arm": ["treated", "control", "treated", "treated"],
                    "randomised": [True, True, True, False],
                    "outcome_value": [100.0, 50.0, 0.0, 9.0],
                    "assigned_on": [date(2025, 3, 1), date(2025, 3, 1), date(2024, 12, 31), date(2025, 3, 1)],
                }
            )
        )
        campaigns = ibis.memtable(pd.DataFrame({"campaign_id": ["C1"], "cost": [30.0]}))
        (lever,) = build_levers(lines, as_of=date(2025, 12, 31), exposures=exposures, campaigns=campaigns)
        rows = lever.trials.sort_values(["customer_id", "outcome"])
        assert rows.outcome.to_list() == pytest.approx([0 - 15, 100 * 0.4 - 15, 50 * 0.1])
        assert lever.scale.to_dict() == {"a": 1.0, "b": 1.0, "c": 1.0}  # the last year begins on 1 January
        assert (
            build_levers(lines.drop("contribution_margin"), as_of=date(2025, 12, 31), exposures=exposures)
            == []
        )

    def test_prices_are_valued_on_the_margin_of_what_was_tested(self):
        lines = ibis.memtable(
            pd.DataFrame(
                {
                    "customer_id": ["a", "a", "b"],
                    "ordered_on": [date(2025, 6, 1), date(2025, 6, 1), date(2024, 6, 1)],
                    "net_revenue": 100.0,
                    "contribution_margin": [40.0, 7.0, 20.0],
                    "product_id": ["p", "other", "p"],
                }
            )
        )
        tests = ibis.memtable(
            pd.DataFrame(
                {
                    "customer_id": ["a", "b"],
                    "product_id": ["p", "p"],
                    "price": [90.0, 100.0],
                    "quantity": [2.0, 1.0],
                    "randomised": True,
                }
            )
        )
        products = ibis.memtable(
            pd.DataFrame({"product_id": ["p"], "list_price": [100.0], "unit_cost": [60.0]})
        )
        (lever,) = build_levers(lines, as_of=date(2025, 12, 31), price_tests=tests, products=products)
        assert lever.trials.set_index("customer_id").outcome.to_dict() == {"a": 60.0, "b": 40.0}
        assert lever.trials.arm.to_list() == ["90 % of list price", "100 % of list price"]
        assert lever.scale.to_dict() == {"a": 40.0} and lever.per_base
