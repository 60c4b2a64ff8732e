"""Who bought again, by hand."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.statistics.two_years import begin_year, measure_retention_rate, sum_two_years

AS_OF = date(2025, 12, 31)  # this year from 2025-01-01, the year before from 2024-01-01
LINES = [
    *[
        ("a", "2024-01-01", 10.0),
        ("a", "2025-12-31", 5.0),
        ("b", "2024-12-31", 7.0),
        ("c", "2025-01-01", 3.0),
    ],
    *[("d", "2024-06-01", 4.0), ("d", "2025-06-01", -4.0), ("e", "2023-12-31", 9.0)],
]


@pytest.fixture
def lines():
    rows = [(name, date.fromisoformat(day), amount) for name, day, amount in LINES]
    return ibis.memtable(pd.DataFrame(rows, columns=["customer_id", "ordered_on", "net_revenue"]))


def test_by_hand(lines):
    """a in both years; b before; c now; d before, and only returned something since; e too long ago."""
    found = sum_two_years(lines, as_of=AS_OF).set_index("customer_id")
    assert found.index.tolist() == ["a", "b", "c", "d"]
    assert found.kept.tolist() == [1, 0, 0, 0] and found.bought_before.tolist() == [1, 1, 0, 1]
    assert found.bought_now.tolist() == [1, 0, 1, 0]
    assert found.revenue_now.tolist() == [5, 0, 3, -4] and found.revenue_before.tolist() == [10, 7, 0, 4]


@pytest.mark.parametrize(
    ("as_of", "this", "last"),
    [
        ("2024-12-31", "2024-01-01", "2023-01-01"),  # 366 days
        ("2025-06-30", "2024-07-01", "2023-07-01"),
        ("2024-02-28", "2023-02-28", "2022-02-28"),  # from 29 February a year before is the 28th
        ("2025-03-14", "2024-03-15", "2023-03-15"),
    ],
)
def test_a_year_is_twelve_months(as_of, this, last):
    day = date.fromisoformat(as_of)
    assert (str(begin_year(day)), str(begin_year(day, back=1))) == (this, last)


def test_the_rate_of_groups(lines):
    groups = pd.DataFrame({"customer_id": [*"abcde"], "group": ["X", "X", "Y", "X", "Y"]})
    found = measure_retention_rate(lines, groups, as_of=AS_OF)
    assert found["X"] == pytest.approx(1 / 3) and np.isnan(found["Y"])
