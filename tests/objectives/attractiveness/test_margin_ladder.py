"""The margin ladder: a client of three by hand, and the planted cost to serve."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.engagement_terms import MarginLevel
from segutils.objectives.attractiveness.margin_ladder import REVENUE, build_margin_ladder

AS_OF = date(2024, 12, 31)
CUSTOMERS = pd.DataFrame(
    {
        "customer_id": ["a", "b", "c"],
        "signup_date": [date(2020, 1, 1), date(2020, 1, 1), date(2024, 11, 1)],
        "kind": ["Plant", "Shop", "Shop"],
        "region": ["n", "n", "s"],
    }
)
LINES = pd.DataFrame(
    [
        # customer, order, day, revenue, margin, channel
        ("a", "1", date(2024, 7, 10), 100.0, 40.0, "field"),
        ("a", "1", date(2024, 7, 10), 100.0, 40.0, "field"),
        ("a", "2", date(2024, 11, 1), 300.0, 90.0, "shop"),
        ("b", "3", date(2024, 11, 5), 100.0, 50.0, "field"),
        ("b", "3", date(2024, 11, 9), -20.0, -10.0, "field"),  # returned
    ],
    columns=["customer_id", "order_id", "ordered_on", "net_revenue", "contribution_margin", "channel"],
)
COSTS = pd.DataFrame(
    [
        (date(2024, 7, 1), "handling", 60.0, "orders", "field", None),
        (date(2024, 10, 1), "handling", 30.0, "orders", "field", None),
        (date(2024, 10, 1), "logistics", 40.0, "order lines", None, None),
        (date(2024, 10, 1), "commission", 38.0, "net revenue", None, None),
        (date(2024, 10, 1), "service", 7.0, "order lines", None, "Shop"),
        (date(2024, 7, 1), "advertising", 8.0, "customers", None, None),
        (date(2024, 10, 1), "advertising", 12.0, "customers", None, None),
        (date(2024, 10, 1), "rent", 500.0, "square metres", None, None),
    ],
    columns=["period", "pool", "amount", "driver", "channel", "segment"],
)
LADDER = (
    MarginLevel(level="CM1", means="after the goods", deducts=["unit_cost"]),
    MarginLevel(
        level="CM2", means="after serving", deducts=["handling", "logistics", "commission", "service"]
    ),
    MarginLevel(level="CM3", means="after selling", deducts=["advertising"]),
)


def build(*, lines=LINES, costs=COSTS, levels=LADDER, customers=CUSTOMERS):
    return build_margin_ladder(
        ibis.memtable(customers),
        ibis.memtable(lines),
        as_of=AS_OF,
        costs=None if costs is None else ibis.memtable(costs),
        levels=levels,
    )


class TestByHand:
    def test_every_level(self):
        """Third quarter: a has the one order of the channel field, so 60.

        Fourth: field has one order (b's; a return is none): 30. Two lines were bought, one by a and one by b,
        so 20 each for logistics. Revenue is 300 and 80, so 38 are 10 % of it. Service is booked for Shop: 7,
        all to b. Advertising: 8 to a and b in the third quarter, 12 to all three in the fourth, so 4 each.
        """
        found = build()
        assert list(found.customer_id) == ["a", "b", "c"]
        assert [str(day) for day in found.quarters] == ["2024-09-30", "2024-12-31"]
        assert found.amounts[REVENUE].tolist() == [[200.0, 300.0], [0.0, 80.0], [0.0, 0.0]]
        assert found.amounts["CM1"].tolist() == [[80.0, 90.0], [0.0, 40.0], [0.0, 0.0]]
        served = [[80 - 60, 90 - 20 - 30], [0, 40 - 30 - 20 - 8 - 7], [0, 0]]
        assert found.amounts["CM2"] == pytest.approx(np.array(served, dtype=float))
        sold = np.array(served, dtype=float) - [[4, 4], [4, 4], [0, 4]]
        assert found.amounts["CM3"] == pytest.approx(sold)
        assert found.year.orders.tolist() == [2, 1, 0] and found.year.order_lines.tolist() == [3, 1, 0]
        assert found.booked_by == "kind" and found.basis == "CM2"
        assert found.basis_words == "contribution margin after serving (CM2)"

    def test_what_has_no_volume_is_said(self):
        found = build()
        assert found.unplaced.to_dict("records") == [{"pool": "rent", "amount": 500.0}]

    def test_a_pool_booked_by_the_year_goes_to_quarters_by_days(self):
        yearly = pd.DataFrame([(date(2024, 1, 1), "logistics", 366.0, "order lines", None, None)])
        yearly.columns = COSTS.columns
        levels = (*LADDER[:1], MarginLevel(level="CM2", means="after serving", deducts=["logistics"]))
        found = build(costs=yearly, levels=levels)
        # 92 days each for the third and the fourth quarter; lines 2 to a, then 1 to a and 1 to b
        cost = found.amounts["CM1"] - found.amounts["CM2"]
        assert cost == pytest.approx(np.array([[92.0, 46.0], [0.0, 46.0], [0.0, 0.0]]))

    def test_margin_from_unit_costs(self):
        lines = LINES.drop(columns="contribution_margin").assign(unit_cost=7.0, quantity=2.0)
        found = build(lines=lines)
        assert found.amounts["CM1"][0].tolist() == [200 - 2 * 14, 300 - 14]


class TestMissing:
    def test_a_level_whose_pool_was_never_booked_is_not_known(self):
        levels = (
            *LADDER[:1],
            MarginLevel(level="CM2", means="after serving", deducts=["freight"]),
            LADDER[2],
        )
        found = build(levels=levels)
        assert found.levels == ["CM1"] and found.basis == "CM1"
        assert found.notes == ("CM2 is not known: nothing is booked for freight.",)

    def test_without_margins_there_is_revenue(self):
        found = build(lines=LINES.drop(columns="contribution_margin"))
        assert found.levels == [] and found.basis_words == "net revenue"
        assert "contribution_margin" in found.needs[0].columns

    def test_without_costs_or_a_ladder_there_is_the_margin_after_the_goods(self):
        for found in (build(costs=None), build(levels=())):
            assert found.levels == ["CM1"] and found.basis_words.startswith("contribution margin")
        assert [need.table for need in build(costs=None, levels=()).needs] == ["costs", "engagement file"]


class TestPlantedTruth:
    def test_cost_to_serve_by_year_and_true_segment(self, halden, true_groups, true_ladder):
        truth = halden.planted("cost_to_serve").astype({"revenue": float, "cm1": float, "cm2": float})
        labels = true_ladder.row_labels(true_groups).to_numpy()
        for level, column in ((REVENUE, "revenue"), ("CM1", "cm1"), ("CM2", "cm2")):
            found = (
                pd.DataFrame(true_ladder.sum_years(level), columns=[2023, 2024, 2025]).groupby(labels).sum()
            )
            planted = truth.pivot(index="segment", columns="year", values=column)
            revenue = truth.pivot(index="segment", columns="year", values="revenue")
            # a rate of a quarter stands for those of its months
            assert ((found - planted).abs() / revenue).to_numpy().max() < 0.005

    def test_nothing_is_lost(self, halden, true_ladder):
        """Pools add up to what was booked: every customer is one of the client's."""
        costs = halden.table("costs").to_pandas()
        year = costs[pd.to_datetime(costs.period) >= "2025-01-01"].groupby("pool").amount.sum().astype(float)
        assert true_ladder.unplaced.empty and true_ladder.pools["logistics"] == "CM2"
        assert true_ladder.year[year.index].sum().to_numpy() == pytest.approx(year.to_numpy(), rel=1e-9)
