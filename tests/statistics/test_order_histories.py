"""Clocks, counts and cuts by hand, and CDNOW's published summary from its order lines."""

from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.statistics.order_histories import (
    choose_cuts,
    count_between,
    count_orders,
    take_snapshot,
)

SAMPLE = Path(__file__).parent / "data" / "cdnow_sample.parquet"
CUTS = [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 30)]
# A signed up on 10 January and orders twice on one day; B signed up before the data begin and never orders;
# C has no sign-up, so the first order starts the clock; D's only order is given back; E comes last; F signed
# up after the first order; G is not among the customers; of H nothing is known
LINES = [
    ("A", "1", date(2024, 1, 15), 10.0),
    ("A", "2", date(2024, 1, 15), 5.0),
    ("A", "3", date(2024, 3, 1), 20.0),
    ("C", "4", date(2024, 1, 1), 7.0),
    ("C", "5", date(2024, 1, 20), 8.0),
    ("C", "6", date(2024, 2, 20), 9.0),
    ("D", "7", date(2024, 1, 5), 30.0),
    ("D", "7", date(2024, 1, 9), -30.0),
    ("F", "8", date(2024, 1, 10), 4.0),
    ("F", "9", date(2024, 2, 5), 3.0),
    ("G", "10", date(2024, 2, 1), 6.0),
]
SIGNUP = {
    "A": "2024-01-10",
    "B": "2020-05-05",
    "C": None,
    "D": "2024-01-04",
    "E": "2024-03-03",
    "F": "2024-02-01",
    "H": None,
}


def count_by_hand(*, twice: str = "") -> pd.DataFrame:
    lines = pd.DataFrame(LINES, columns=["customer_id", "order_id", "ordered_on", "net_revenue"])
    ids = [*SIGNUP, *twice]
    people = pd.DataFrame({"customer_id": ids, "signup_date": pd.to_datetime([SIGNUP[c] for c in ids])})
    return count_orders(ibis.memtable(lines), ibis.memtable(people), cuts=CUTS).set_index("customer_id")


def test_clocks_and_counts_by_hand():
    orders = count_by_hand()
    starts = {
        "A": "2024-01-09",
        "B": "2023-12-31",
        "C": "2024-01-01",
        "D": "2024-01-03",
        "E": "2024-03-02",
        "F": "2024-01-10",
        "G": "2024-02-01",
    }
    assert orders["start"].dropna().dt.strftime("%Y-%m-%d").to_dict() == starts
    assert orders.index.tolist() == list("ABCDEFGH") and pd.isna(orders.loc["H", "start"])
    assert orders.index[orders["opened"]].tolist() == ["C", "F", "G"]
    assert orders["orders_0"].to_dict() == dict(zip("ABCDEFGH", [1, 0, 1, 0, 0, 0, 0, 0], strict=True))
    assert orders["orders_2"].to_dict() == dict(zip("ABCDEFGH", [2, 0, 2, 0, 0, 1, 0, 0], strict=True))
    assert orders["revenue_1"].to_dict() == dict(zip("ABCDEFGH", [15, 0, 17, 0, 0, 3, 0, 0], strict=True))
    assert orders.loc["A", "last_1"] == pd.Timestamp("2024-01-15") and pd.isna(orders.loc["D", "last_2"])


def test_a_customer_listed_twice_is_one():
    pd.testing.assert_frame_equal(count_by_hand(twice="AH"), count_by_hand())


def test_a_snapshot_knows_only_what_was_known():
    orders = count_by_hand().reset_index()
    seen = take_snapshot(orders, number=1, cut=CUTS[1])
    assert seen.customer_id.tolist() == ["A", "B", "C", "D", "F", "G"]  # E had not signed up
    # A: 9 January to 29 February are 51 days, the last order on the sixth
    assert seen.histories.seen.tolist() == [51, 60, 59, 57, 50, 28]
    assert seen.histories.last.tolist() == [6, 0, 50, 0, 26, 0]
    assert count_between(orders, seen, number=0).tolist() == [0, 0, 1, 0, 1, 0]
    assert count_between(orders, seen, number=1).tolist() == [1, 0, 0, 0, 0, 0]


def test_a_day_before_all_customers_is_refused():
    with pytest.raises(InputError, match="no customer had signed up or bought before 2023-12-31"):
        take_snapshot(count_by_hand().reset_index(), number=0, cut=date(2023, 12, 31))


def test_cdnow_gives_its_published_summary():
    """Fader and Hardie's sheet: the first customer has x 2, t_x 30.43, T 38.86; there are 946 repeaters."""
    lines = pd.read_parquet(SAMPLE)
    table = ibis.memtable(
        pd.DataFrame(
            {
                "customer_id": lines["customer_id"],
                "order_id": np.arange(len(lines)).astype(str),
                "ordered_on": lines["ordered_on"],
                "net_revenue": lines["amount"].clip(lower=0.01),  # eight purchases cost nothing, and count
            }
        )
    )
    cuts = [date(1997, 6, 30), date(1997, 9, 30), date(1998, 6, 30)]
    orders = count_orders(table, ibis.memtable(lines[["customer_id"]].drop_duplicates()), cuts=cuts)
    seen = take_snapshot(orders, number=1, cut=cuts[1])
    weeks = seen.histories.scale(7)
    assert [weeks.purchases[0], round(weeks.last[0], 2), round(weeks.seen[0], 2)] == [2, 30.43, 38.86]
    assert len(weeks) == 2357 and (weeks.purchases > 0).sum() == 946 and weeks.purchases.sum() == 2457


def test_cuts_hold_out_a_period_or_a_third_of_a_short_history():
    days = ibis.memtable({"ordered_on": [date(2023, 1, 1), date(2025, 12, 31)]})
    cuts = choose_cuts(days, as_of=date(2025, 12, 31), period_days=364)
    assert cuts == [date(2024, 1, 3), date(2025, 1, 1), date(2025, 12, 31)]
    days = ibis.memtable({"ordered_on": [date(2024, 1, 1)]})  # 90 days in all: 30 each
    cuts = choose_cuts(days, as_of=date(2024, 3, 30), period_days=182)
    assert cuts == [date(2024, 1, 30), date(2024, 2, 29), date(2024, 3, 30)]
