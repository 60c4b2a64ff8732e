"""How customers behave: margin, orders, buying again and cost to serve by hand."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.objectives.boundaries.taxonomy_behaviour import build_behaviour, typical


class TestBehaviour:
    def tables(self):
        customers = pd.DataFrame(
            {
                "customer_id": ["a", "b", "c", "d"],
                "signup_date": [date(2020, 1, 1), date(2025, 1, 1), date(2025, 12, 1), date(2020, 1, 1)],
            }
        )
        lines = pd.DataFrame(
            [  # a: 2 orders in 2024, 1 in 2025, a line returned; b: 1 order in its year; c: came too late
                ("a", "o1", date(2024, 3, 1), 100.0, 40.0, "shop"),
                ("a", "o2", date(2024, 9, 1), 100.0, 40.0, "rep"),
                ("a", "o3", date(2025, 9, 1), 200.0, 120.0, "shop"),
                ("a", "o3", date(2025, 9, 9), -100.0, -50.0, "shop"),
                ("b", "o4", date(2025, 6, 1), 100.0, 10.0, "rep"),
                ("c", "o5", date(2025, 12, 5), 100.0, 10.0, "rep"),
                ("d", "o6", date(2024, 1, 1), 100.0, 10.0, "rep"),
            ],
            columns=[
                "customer_id",
                "order_id",
                "ordered_on",
                "net_revenue",
                "contribution_margin",
                "channel",
            ],
        )
        return ibis.memtable(customers), ibis.memtable(lines)

    def test_by_hand(self):
        found = build_behaviour(*self.tables(), as_of=date(2025, 12, 30), days=730)
        table = found.table.set_index("customer_id")
        assert found.days == 730  # 2024-01-01 to 2025-12-30
        assert table.net_revenue["a"] == 150  # 300 in two years
        assert table.margin["a"] == pytest.approx(150 / 300)
        assert typical(table.orders["a"], "orders") == pytest.approx(1.5)  # 3 in two years
        assert typical(table.orders["b"], "orders") == pytest.approx(365 / 364)  # one in 364 days
        assert np.isnan(table.orders["c"])  # 30 days say nothing of a year
        again = table.bought_again
        assert again["a"] == 1 and again["d"] == 0 and np.isnan(again["b"])  # b did not buy in the first year
        assert "cost_to_serve" not in table and found.needs[0].table == "costs"

    def test_costs_booked_by_group_are_left_out(self):
        customers, lines = self.tables()
        costs = pd.DataFrame(
            {
                "period": [date(2024, 5, 1)] * 3,
                "pool": ["handling", "service", "marketing"],
                "amount": [70.0, 500.0, 900.0],
                "driver": "orders",
                "segment": [None, "Big", "Big"],
            }
        ).astype({"segment": "object"})
        found = build_behaviour(
            customers,
            lines,
            as_of=date(2025, 12, 30),
            costs=ibis.memtable(costs),
            cost_pools=["handling", "service"],
        )
        cost = np.exp(found.table.set_index("customer_id").cost_to_serve)
        # 70 for 6 orders, half of it a year: a has 3 of them and 150 a year, d has 1 and 50
        assert cost["a"] == pytest.approx(35 * 3 / 6 / 150) and cost["d"] == pytest.approx(35 / 6 / 50)
        assert found.notes[0].startswith("Cost to serve is without service:")

    def test_a_short_history_is_used_as_far_as_it_goes(self):
        customers, lines = self.tables()
        found = build_behaviour(customers, lines, as_of=date(2024, 9, 1), days=730)
        assert found.days == 245  # 2024-01-01 to 2024-09-01, a leap year
