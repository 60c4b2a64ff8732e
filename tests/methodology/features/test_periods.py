"""Windows and period features against dates and sums worked out by hand."""

from datetime import date
from decimal import Decimal

import ibis
import pandas as pd

from segutils.methodology.features.periods import build_periods, split_windows

AS_OF = date(2024, 3, 31)


def test_windows_are_equal_adjoining_and_end_at_as_of():
    windows = split_windows(as_of=date(2017, 12, 31), period_days=182, periods=2)
    assert [(w.start, w.end) for w in windows] == [
        (date(2017, 1, 2), date(2017, 7, 2)),
        (date(2017, 7, 3), date(2017, 12, 31)),
    ]
    assert {window.days for window in windows} == {182}


def lines() -> ibis.Table:
    # windows of 10 days: 2024-03-12 to 21 and 2024-03-22 to 31
    rows = [
        ("A", "1", "2024-03-12", 10),
        ("A", "2", "2024-03-14", 20),
        ("A", "3", "2024-03-22", 50),
        ("B", "4", "2024-03-21", 7),
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "order_id", "ordered_on", "net_revenue"])
    frame["ordered_on"] = pd.to_datetime(frame["ordered_on"]).dt.date
    frame["net_revenue"] = [Decimal(value) for value in frame["net_revenue"]]
    return ibis.memtable(frame)


def test_each_window_is_measured_from_its_own_end():
    periods = build_periods(
        lines(), ibis.memtable({"customer_id": ["A", "B", "C"]}), as_of=AS_OF, period_days=10, periods=2
    )
    table = periods.set_index(["period", "customer_id"])
    first, second = "2024-03-12 to 2024-03-21", "2024-03-22 to 2024-03-31"
    assert len(table) == 6 and table["has_purchases"].tolist() == [True, True, False, True, False, False]
    # A in the first window: last order 14 March, 7 days before its end; two orders, 30 in all, 2 days apart
    a = table.loc[(first, "A"), ["recency", "frequency", "monetary_value", "revenue", "spacing", "tenure"]]
    assert a.tolist() == [7, 2, 15, 30, 2, 9]
    # in the second: 22 March; one order, so spacing is the window; known since 12 March
    a = table.loc[(second, "A"), ["recency", "frequency", "monetary_value", "revenue", "spacing", "tenure"]]
    assert a.tolist() == [9, 1, 50, 50, 10, 19]
    assert table.loc[(second, "B"), "frequency"] == 0 and pd.isna(table.loc[(second, "B"), "recency"])


def test_a_window_that_the_data_does_not_cover_is_left_out():
    people = ibis.memtable({"customer_id": ["A"]})
    periods = build_periods(lines(), people, as_of=AS_OF, period_days=10, periods=4, max_late_days=0)
    assert periods["period"].nunique() == 2
    nothing = build_periods(lines(), people, as_of=AS_OF, period_days=300, periods=2)
    assert nothing.empty and {"period", "customer_id", "has_purchases"} <= set(nothing.columns)
    # 3_1 counts what there is by period, also where there is none: history of a single quarter
    assert nothing.groupby("period")["frequency"].median().empty
