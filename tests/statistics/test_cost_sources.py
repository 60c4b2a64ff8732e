"""Costs that do not cover the window, that nobody is given, and groups that are misspelt: by hand."""

from datetime import date

import ibis
import pandas as pd
import pytest

from segutils.statistics.figure_sources import build_customer_figures

AS_OF = date(2025, 12, 31)


def table(columns: str, *rows) -> ibis.Table:
    return ibis.memtable(pd.DataFrame(list(rows), columns=columns.split()))


CUSTOMERS = table("customer_id strategy_segment", ("a", "Lab"), ("b", "Plant"))
LINES = table(
    "customer_id order_id ordered_on net_revenue",
    *(("a", f"a{n}", date(2024 + n, 6, 1), 100.0) for n in (0, 1)),
    *(("b", f"b{n}", date(2024 + n, 6, 1), 300.0) for n in (0, 1)),
)


def book(*rows) -> ibis.Table:
    return table("period pool amount segment driver", *rows)


def measure(costs, customers=CUSTOMERS, days=730):
    found = build_customer_figures(customers, LINES, as_of=AS_OF, window_days=days, costs=costs)
    return found.table.set_index("customer_id").cost, [line.text for line in found.assumptions]


def test_costs_of_one_year_are_not_spread_thin_over_two():
    """40 a month in 2025: 480 a year over two orders each of a and b, a year's orders are one each."""
    monthly = [(date(2025, month, 1), "desk", 40.0, None, "orders") for month in range(1, 13)]
    cost, said = measure(book(*monthly))
    assert cost.to_list() == pytest.approx([240, 240])
    assert len(said) == 1 and said[0].startswith("Costs are booked for 12 of the 24 months that are looked")
    both = [(date(2024, month, 1), "desk", 40.0, None, "orders") for month in range(1, 13)]
    cost, said = measure(book(*both, *monthly))
    assert cost.to_list() == pytest.approx([240, 240]) and said == []
    cost, said = measure(book(*monthly), days=365)
    assert cost.to_list() == pytest.approx([240, 240]) and said == []


def test_yearly_and_quarterly_bookings_cover_what_they_stand_for():
    yearly = [(date(year, 1, 1), "desk", 480.0, None, "orders") for year in (2024, 2025)]
    cost, said = measure(book(*yearly))
    assert cost.to_list() == pytest.approx([240, 240]) and said == []
    quarters = [(date(2025, month, 1), "desk", 120.0, None, "orders") for month in (1, 4, 7, 10)]
    cost, said = measure(book(*quarters), days=365)
    assert cost.to_list() == pytest.approx([240, 240]) and said == []


def test_costs_of_one_date_are_taken_as_they_are_and_this_is_said():
    """Nothing tells whether 480 are those of a month or of both years: over four orders, two a year."""
    cost, said = measure(book((date(2025, 1, 1), "desk", 480.0, None, "orders")))
    assert cost.to_list() == pytest.approx([120, 120])
    assert said == ["All costs carry one date; they are taken to be those of 24 months."]


def test_costs_that_nobody_is_given_are_said():
    """Of 1,000 booked, 100 go to a group that no customer has and 300 are driven by tickets."""
    costs = book(
        (date(2025, 1, 1), "desk", 600.0, None, "orders"),
        (date(2025, 1, 1), "events", 100.0, "Dealers", "customers"),
        (date(2025, 1, 1), "repair", 300.0, None, "tickets"),
    )
    cost, said = measure(costs, days=365)
    assert cost.sum() == pytest.approx(600)
    assert len(said) == 1 and said[0].startswith(
        "40.0 % of the costs are given to no customer (events and repair): "
    )


def test_a_misspelt_group_gets_its_costs():
    """Forty customers of Plant, one of them written plant: 410 booked for Plant are 10 each."""
    people = [(f"c{n}", "Plant") for n in range(40)] + [("d", "plant"), ("e", "Lab")]
    names = [name for name, _ in people]
    lines = table(
        "customer_id order_id ordered_on net_revenue",
        *((name, f"o{name}", date(2025, 6, 1), 10.0) for name in names),
    )
    costs = book((date(2025, 1, 1), "events", 410.0, "Plant", "customers"))
    customers = table("customer_id strategy_segment", *people)
    found = build_customer_figures(customers, lines, as_of=AS_OF, costs=costs)
    cost = found.table.set_index("customer_id").cost
    assert cost["c0"] == cost["d"] == pytest.approx(10) and cost["e"] == 0
