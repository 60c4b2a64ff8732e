"""Days with orders of a few customers by hand."""

from datetime import date

import ibis
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.objectives.attractiveness.order_days import OrderDays, read_order_days

# a signed up on 1 January; b never did, so its first order starts the clock; c came too late; d signed up
# after its only order
SIGNUP = {"a": date(2024, 1, 1), "b": None, "c": date(2024, 12, 31), "d": date(2024, 8, 1)}
LINES = [
    ("a", "1", date(2024, 1, 1), 10.0),
    ("a", "2", date(2024, 7, 1), 10.0),
    ("a", "2", date(2024, 7, 2), 10.0),
    ("a", "3", date(2024, 7, 1), 10.0),
    ("b", "4", date(2024, 3, 1), 10.0),
    ("b", "5", date(2024, 6, 1), 10.0),
    ("a", "6", date(2024, 12, 31), 10.0),
    ("b", "7", date(2024, 8, 1), -5.0),  # a return is no order
    ("d", "8", date(2024, 7, 15), 10.0),
]


def read_by_hand(*, since: date = date(2024, 5, 1), cut: date = date(2024, 9, 30)) -> OrderDays:
    people = pd.DataFrame({"customer_id": list(SIGNUP), "signup_date": list(SIGNUP.values())})
    lines = pd.DataFrame(LINES, columns=["customer_id", "order_id", "ordered_on", "net_revenue"])
    return read_order_days(
        ibis.memtable(people), ibis.memtable(lines), cut=cut, until=date(2024, 12, 31), since=since
    )


def test_histories_by_hand():
    found = read_by_hand()
    assert found.customer_id.tolist() == ["a", "b", "d"]
    assert found.histories.purchases.tolist() == [2, 1, 0]  # orders 2 and 3 of a are of one day
    # from 31 December, 1 March and 15 July to 30 September
    assert found.histories.seen * 365.25 == pytest.approx([274, 213, 77])
    assert found.histories.last * 365.25 == pytest.approx([183, 92, 0])
    assert found.later.tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("since", "counted"),
    [
        (date(2023, 1, 1), [2, 2, 1]),
        (date(2024, 3, 1), [1, 2, 1]),
        (date(2024, 3, 2), [1, 1, 1]),
        (date(2024, 7, 1), [1, 0, 1]),
        (date(2024, 7, 2), [0, 0, 1]),
        (date(2024, 7, 15), [0, 0, 1]),
        (date(2024, 7, 16), [0, 0, 0]),
        (date(2024, 9, 30), [0, 0, 0]),
    ],
)
def test_days_with_orders_are_counted_from_a_day_on(since, counted):
    """That day included, and with the order that starts a clock: b's first on 1 March, d's on 15 July."""
    assert read_by_hand(since=since).counted.tolist() == counted


def test_taken_customers_keep_what_is_theirs():
    found = read_by_hand().take([2, 0])
    assert found.customer_id.tolist() == ["d", "a"] and found.histories.purchases.tolist() == [0, 2]
    assert found.counted.tolist() == [1, 1] and found.later.tolist() == [0, 1]


def test_a_cut_before_all_customers_is_refused():
    with pytest.raises(InputError, match="no customer had signed up or bought before 2023-12-31"):
        read_by_hand(cut=date(2023, 12, 31), since=date(2023, 12, 31))
