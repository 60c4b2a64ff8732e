"""The sums behind each measure: six customers and a handful of order lines, worked by hand."""

from datetime import date

import ibis
import pandas as pd
import pytest

from segutils.statistics.customer_figures import list_measures
from segutils.statistics.figure_sources import build_customer_figures, find_needs

AS_OF = date(2025, 12, 31)
IN, OUT = date(2025, 6, 1), date(2024, 6, 1)


def table(columns: str, *rows) -> ibis.Table:
    return ibis.memtable(pd.DataFrame(list(rows), columns=columns.split()))


CUSTOMERS = table(
    "customer_id industry strategy_segment consent_email",
    ("a", "Pharma", "Lab", True),
    ("b", "Pharma", "Lab", False),
    ("c", "Oil", "Plant", True),
    ("d", "Oil", "Plant", None),
    ("e", "Mining", "Plant", True),
    ("f", None, "Lab", True),
)
LINES = table(
    "customer_id order_id ordered_on net_revenue contribution_margin channel product_id quantity",
    ("a", "o1", IN, 100.0, 50.0, "shop", "p1", 2.0),
    ("a", "o1", IN, 50.0, 20.0, "shop", "p2", 1.0),
    ("b", "o2", IN, 50.0, 20.0, "partner", "p1", 1.0),
    ("c", "o3", IN, 300.0, 60.0, "partner", "p2", 3.0),
    ("c", "o4", IN, -20.0, -5.0, "partner", "p2", -1.0),  # a return: no order, no line, less revenue
    ("d", "o5", OUT, 999.0, 1.0, "shop", "p1", 9.0),  # outside of the window
    ("e", "o6", IN, 100.0, None, "shop", "p9", 1.0),
)
GROUPS = pd.DataFrame({"customer_id": list("abcdef"), "group": ["x", "x", "y", "y", "z", "z"]})


def measure(**tables) -> pd.DataFrame:
    figures = build_customer_figures(CUSTOMERS, LINES, as_of=AS_OF, **tables)
    return list_measures(figures, GROUPS).set_index("group")


def test_revenue_margin_and_reach():
    found = measure()
    assert found.net_revenue.to_list() == [200, 280, 100]
    assert found.margin_rate.to_list() == pytest.approx([90 / 200, 55 / 280, float("nan")], nan_ok=True)
    assert found.reach.to_list() == pytest.approx([1 / 2, 1, 1])  # who was not asked counts nowhere


def test_a_window_of_half_a_year_is_scaled_to_a_year():
    figures = build_customer_figures(CUSTOMERS, LINES, as_of=date(2025, 7, 1), window_days=73)
    assert list_measures(figures, GROUPS).net_revenue.to_list() == pytest.approx([1000, 1400, 500])
    assert figures.table.set_index("customer_id").margin[["a", "b", "c"]].to_list() == [350, 100, 275]


def test_markets_follow_what_is_bought_and_impossible_ones_are_left_out():
    market = table(
        "period industry market_size growth provider",
        (date(2024, 1, 1), "Pharma", 900.0, 0.10, "one"),
        (date(2025, 1, 1), "Pharma", 900.0, 0.10, "one"),
        (date(2025, 1, 1), "Pharma", 1100.0, 0.20, "two"),
        (date(2025, 1, 1), "Oil", 2800.0, -0.06, "one"),
        (date(2025, 1, 1), "Mining", 60.0, 0.0, "one"),  # less than is sold there
    )
    found = measure(market=market)
    assert found.market_size.to_list() == pytest.approx([1000, 2800, 0])
    assert found.market_share.to_list() == pytest.approx([0.2, 0.1, float("nan")], nan_ok=True)
    assert found.market_growth[:2].to_list() == pytest.approx([(0.10 + 0.15) / 2, -0.06])
    notes = build_customer_figures(CUSTOMERS, LINES, as_of=AS_OF, market=market).notes
    assert "83 %" in notes[0] and "Mining" in notes[1] and notes[1].startswith("1 market is")


def test_a_misspelt_customer_is_placed_in_its_market_and_this_is_said():
    people = [(f"c{n}", "Pharma", 10.0) for n in range(40)] + [("d", "PHARMA", 50.0), ("e", "Pharm.", 50.0)]
    customers = table("customer_id industry", *((name, industry) for name, industry, _ in people))
    lines = table(
        "customer_id order_id ordered_on net_revenue", *((name, f"o{name}", IN, v) for name, _, v in people)
    )
    market = table("period industry market_size growth", (date(2025, 1, 1), "Pharma", 1000.0, 0.1))
    found = build_customer_figures(customers, lines, as_of=AS_OF, market=market)
    assert found.table.market.sum() == pytest.approx(1000) and "100 % of net revenue" in found.notes[0]
    assert [line.text for line in found.assumptions] == [
        "Customers whose industry (2 customers) is misspelt are placed in a market by the usual spelling."
    ]


def test_each_provider_alone():
    """By the first alone Pharma has 900 and grows by 10 %; the second knows nothing of Oil."""
    market = table(
        "period industry market_size growth provider",
        (date(2025, 1, 1), "Pharma", 900.0, 0.10, "one"),
        (date(2025, 1, 1), "Pharma", 1100.0, 0.20, "two"),
        (date(2025, 1, 1), "Oil", 2800.0, -0.06, "one"),
    )
    figures = build_customer_figures(CUSTOMERS, LINES, as_of=AS_OF, market=market)
    assert list(figures.by_provider) == ["one", "two"]
    one, two = (list_measures(figures.of_provider(name), GROUPS) for name in ("one", "two"))
    assert one.market_size[:2].to_list() == pytest.approx([900, 2800])
    assert two.market_size[:2].to_list() == pytest.approx([1100, 0])
    assert one.market_growth[:2].to_list() == pytest.approx([0.10, -0.06])
    assert two.market_growth[:2].to_list() == pytest.approx([0.20, float("nan")], nan_ok=True)
    assert one.net_revenue.to_list() == two.net_revenue.to_list()  # what is not a market's stays
    alone = market.filter(market.provider == "one")
    assert not build_customer_figures(CUSTOMERS, LINES, as_of=AS_OF, market=alone).by_provider
    assert figures.select(pd.Series(["b", "a"])).of_provider("two").table.market.to_list() == pytest.approx(
        [1100 * 50 / 200, 1100 * 150 / 200]
    )


def test_a_need_is_found_by_what_it_would_measure():
    needs = build_customer_figures(CUSTOMERS, LINES, as_of=AS_OF).needs
    found = find_needs(["market_size", "win_rate", "charm"], needs)
    assert [need.table for need in found] == ["market", "opportunities"]
    assert find_needs(["margin_rate"], needs) == []  # known already


def test_cost_pools_are_shared_by_their_driver():
    costs = table(
        "period pool amount channel segment driver",
        (IN, "handling", 30.0, "partner", None, "orders"),  # 2 partner orders: 15 each, of b and c
        (IN, "packing", 40.0, None, None, "order lines"),  # 5 lines of a, a, b, c, e: 8 each
        (IN, "marketing", 9.0, None, "Lab", "customers"),  # of the Lab customers a and b bought: 4.5 each
        (IN, "commission", 28.0, "partner", None, "net revenue"),  # 330 of b 50, c 280
        (OUT, "packing", 999.0, None, None, "order lines"),
    )
    found = measure(costs=costs)
    assert found.cost_to_serve["x"] == pytest.approx((15 + 24 + 9 + 28 * 50 / 330) / 200)
    assert found.cost_to_serve["y"] == pytest.approx((15 + 8 + 28 * 280 / 330) / 280)
    only = measure(costs=costs, cost_pools=["handling"])
    assert only.cost_to_serve.to_list() == pytest.approx([15 / 200, 15 / 280, 0])


def test_stated_costs_stand_in_for_booked_ones_and_say_whose_they_are():
    stated = pd.DataFrame(
        [
            ("serve", 10.0, "order", "shop", "A"),
            ("serve", 20.0, "order", "partner", "B"),
            ("e-mail", 1, "message", "", "C"),
        ],
        columns=["item", "amount", "per", "channel", "owner"],
    )
    found = measure(order_costs=stated)
    assert found.cost_to_serve.to_list() == pytest.approx([30 / 200, 20 / 280, 10 / 100])
    figures = build_customer_figures(CUSTOMERS, LINES, as_of=AS_OF, order_costs=stated)
    assert [one.owner for one in figures.assumptions] == ["A and B"]


def test_wins_answers_and_price_gaps():
    deals = table("customer_id won", ("a", True), ("a", False), ("b", True), ("c", None), ("c", False))
    survey = table(
        "customer_id item answer scale",
        ("a", "recommendation", "10", "0-10"),
        ("b", "recommendation", "5", "0-10"),
        ("b", "role", "9", "text"),
        ("c", "recommendation", "#REF!", "0-10"),
        ("c", "recommendation", "4", "1-7"),
    )
    prices = table(
        "product_id price observed_on", ("p1", 90.0, date(2025, 12, 1)), ("p1", 110.0, date(2025, 12, 2)),
        ("p2", 50.0, date(2025, 12, 1)), ("p2", 5.0, OUT),
    )  # fmt: skip
    products = table("product_id list_price", ("p1", 120.0), ("p2", 45.0))
    found = measure(opportunities=deals, survey=survey, competitor_prices=prices, products=products)
    assert found.win_rate[:2].to_list() == pytest.approx([2 / 3, 0])
    assert found.satisfaction[:2].to_list() == pytest.approx([0.75, 0.5])
    assert found.price_gap["x"] == pytest.approx((3 * 20 - 5) / (3 * 100 + 50))  # 3 of p1, 1 of p2
    assert found.price_gap["y"] == pytest.approx(-0.1)  # the return is no purchase


def test_what_is_not_given_is_asked_for():
    figures = build_customer_figures(
        CUSTOMERS.drop("consent_email"), LINES.drop("contribution_margin"), as_of=AS_OF
    )
    assert figures.measures == ["customers", "net_revenue"]
    assert [need.table for need in figures.needs] == [
        *("customers", "market", "transactions", "costs", "opportunities", "survey", "competitor_prices"),
    ]
