"""What an order brings, by hand."""

from datetime import date
from decimal import Decimal

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.statistics.order_margins import measure_orders

AS_OF = date(2025, 12, 31)
LINES = pd.DataFrame(
    [
        ("1", "o1", date(2025, 1, 1), 20, 8),
        ("1", "o1", date(2025, 1, 1), 10, 2),  # a second line of the same order
        ("2", "o2", date(2025, 12, 31), 60, 20),
        ("2", "o3", date(2025, 7, 1), 60, 10),
        ("2", "o4", date(2025, 8, 1), -60, -10),  # goods that came back
        ("2", "o5", date(2024, 12, 31), 999, 999),  # a day before the year
        ("3", "o6", date(2025, 3, 1), -5, None),
    ],
    columns=["customer_id", "order_id", "ordered_on", "net_revenue", "contribution_margin"],
)
MEMBERS = pd.DataFrame({"customer_id": ["2", "1", "3", "4"], "kind": ["A", "A", "B", "A"]})


def measure(lines=LINES, **more):
    return measure_orders(ibis.memtable(lines), MEMBERS, as_of=AS_OF, by="kind", **more)


def test_by_hand():
    """A: customers 1, 2, 4 with margins 10, 20, 0 in 1, 2, 0 orders: 30 for three orders, 10 each, and no
    customer is off that; margin per customer 10, deviation 10, error 10 / sqrt(3)."""
    a, b = (row for _, row in measure().iterrows())
    assert (a.kind, a.customers, a.margin, a.orders, a.margin_per_order) == ("A", 3, 30.0, 3, 10.0)
    assert a.order_se == 0.0 and a.margin_se == pytest.approx(10 / np.sqrt(3))
    assert (b.kind, b.customers, b.margin, b.orders) == ("B", 1, 0.0, 0)
    assert np.isnan(b.margin_per_order) and np.isnan(b.order_se) and np.isnan(b.margin_se)


def test_errors_are_by_customer():
    """Margins 10 and 50 of two customers, in 1 and 2 orders: 20 an order; each is 10 off: sqrt(200) / 3."""
    lines = LINES.assign(contribution_margin=[8.0, 2.0, 30.0, 30.0, -10.0, 999.0, 0.0])
    assert measure(lines).order_se[0] == pytest.approx(np.sqrt(200) / 3)


def test_window_and_rate():
    half = measure(window_days=184)  # from 1 July: 20 of customer 2, scaled to a year
    assert half.margin[0] == pytest.approx(20 * 365 / 184) and half.margin_per_order[0] == 10.0
    bare = LINES.drop(columns="contribution_margin")
    assert measure(bare) is None
    assert measure(bare, margin_rate=0.5).margin.to_list() == [45.0, -2.5]  # half of 90 and of -5
    exact = LINES.assign(net_revenue=[Decimal(f"{value}.00") for value in LINES.net_revenue])
    assert measure(exact).orders.to_list() == [3, 0]
