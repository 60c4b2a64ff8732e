"""KPIs against a hand-worked table: two segments, two quarters, one of them without a purchase."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.impact.value.kpis import check_kpis, list_needs
from segutils.impact.value.periods import build_comparison, build_quarters
from segutils.impact.value.quarterly import build_kpis
from segutils.impact.value.wallet import build_wallet_shares

LINES = pd.DataFrame(
    [
        ("A", "o1", date(2024, 1, 1), 10.00, "p1"),
        ("A", "o2", date(2024, 3, 31), 20.00, "p2"),
        ("C", "o3", date(2024, 2, 10), 5.00, "p1"),
        ("A", "o4", date(2024, 4, 1), 25.00, "p1"),
        ("A", "o4", date(2024, 4, 1), 5.00, "p1"),
        ("B", "o5", date(2024, 6, 30), 10.00, "p3"),
        ("B", "o6", date(2024, 7, 1), 99.00, "p3"),  # in a quarter that is not complete
    ],
    columns=["customer_id", "order_id", "ordered_on", "net_revenue", "product_id"],
)
PRODUCTS = pd.DataFrame({"product_id": ["p1", "p2", "p3", "p4"], "category": ["x", "y", "z", "never sold"]})
SEGMENTS = pd.DataFrame({"customer_id": list("ABCDE"), "segment": ["S1", "S1", "S2", "S2", "none"]})
QUARTERS = build_quarters(date(2024, 1, 1), date(2024, 7, 31))


def lines(frame: pd.DataFrame = LINES):
    return ibis.memtable(
        frame.assign(net_revenue=frame["net_revenue"].map(lambda value: f"{value:.2f}"))
    ).cast({"net_revenue": "decimal(12, 2)", "ordered_on": "date"})


@pytest.fixture(scope="module")
def kpis() -> pd.DataFrame:
    return build_kpis(lines(), SEGMENTS, QUARTERS, products=ibis.memtable(PRODUCTS))


def test_a_return_is_no_order_but_lowers_revenue():
    returned = pd.DataFrame(
        [("A", "r1", date(2024, 2, 1), -4.0, "p1"), ("D", "r2", date(2024, 2, 1), -1.0, "p1")],
        columns=LINES.columns,
    )
    table = build_kpis(lines(pd.concat([LINES, returned], ignore_index=True)), SEGMENTS, QUARTERS)
    expected = {
        "orders": 2,
        "active_customers": 1,
        "order_lines": 2,
        "net_revenue": 26,
        "revenue_per_order": 13,
    }
    assert {name: value(table, "S1", "2024 Q1", name) for name in expected} == expected
    # D only returned: not active, but the money is gone
    assert value(table, "S2", "2024 Q1", "active_customers") == 1
    assert value(table, "S2", "2024 Q1", "net_revenue") == 4


def value(kpis: pd.DataFrame, segment: str, period: str, measure: str) -> float:
    row = kpis[(kpis["segment"] == segment) & (kpis["period"] == period) & (kpis["measure"] == measure)]
    return row["value"].item()


@pytest.mark.parametrize(
    ("segment", "period", "measure", "expected"),
    [
        ("S1", "2024 Q1", "customers", 2),
        ("S1", "2024 Q1", "active_customers", 1),
        ("S1", "2024 Q1", "orders", 2),
        ("S1", "2024 Q1", "net_revenue", 30),
        ("S1", "2024 Q1", "revenue_per_customer", 15),
        ("S1", "2024 Q1", "active_share", 0.5),
        ("S1", "2024 Q1", "orders_per_customer", 2),
        ("S1", "2024 Q1", "revenue_per_order", 15),
        ("S1", "2024 Q1", "cross_sell_ratio", 2 / 3),  # A bought x and y of the three categories sold
        ("S1", "2024 Q1", "share_of_revenue", 30 / 35),
        ("S1", "2024 Q1", "revenue_growth", np.nan),
        ("S1", "2024 Q2", "order_lines", 3),
        ("S1", "2024 Q2", "revenue_growth", 1 / 3),
        ("S1", "2024 Q2", "cross_sell_ratio", 1 / 3),  # A bought x, B bought z
        ("S1", "2024 Q2", "share_gain", 5 / 35),
        ("S2", "2024 Q2", "net_revenue", 0),
        ("S2", "2024 Q2", "active_share", 0),
        ("S2", "2024 Q2", "revenue_growth", -1),
        ("S2", "2024 Q2", "orders_per_customer", np.nan),  # nobody active: no ratio, not a zero
        ("S2", "2024 Q2", "revenue_per_order", np.nan),
        ("all", "2024 Q1", "net_revenue", 35),
        ("all", "2024 Q1", "customers", 4),
        ("all", "2024 Q2", "revenue_growth", 5 / 35),
    ],
)
def test_measures_by_hand(kpis, segment, period, measure, expected):
    assert value(kpis, segment, period, measure) == pytest.approx(expected, nan_ok=True)


def test_customers_without_purchases_have_no_rows_and_inputs_stay_as_they_were(kpis):
    assert set(kpis["segment"]) == {"S1", "S2", "all"}
    assert list(kpis.columns) == ["segment", "period", "period_start", "measure", "value"]
    assert SEGMENTS.columns.tolist() == ["customer_id", "segment"]


def test_order_lines_without_a_segment_are_not_lost():
    stranger = pd.DataFrame([("Z", "o9", date(2024, 5, 5), 7.00, "p1")], columns=LINES.columns)
    kpis = build_kpis(lines(pd.concat([LINES, stranger])), SEGMENTS, QUARTERS)
    assert value(kpis, "none", "2024 Q2", "net_revenue") == 7
    assert value(kpis, "all", "2024 Q2", "net_revenue") == 47
    assert "cross_sell_ratio" not in set(kpis["measure"])


def test_another_engine_gives_the_same():
    lite = ibis.sqlite.connect()
    frame = LINES.assign(ordered_on=[f"{day:%Y-%m-%d}" for day in LINES["ordered_on"]])
    stored = lite.create_table("transactions", frame).cast({"ordered_on": "date"})
    kpis = build_kpis(stored, SEGMENTS, QUARTERS, products=lite.create_table("products", PRODUCTS))
    same = build_kpis(lines(), SEGMENTS, QUARTERS, products=ibis.memtable(PRODUCTS))
    pd.testing.assert_frame_equal(kpis, same)


def test_contribution_margin_where_costs_are_given():
    costed = LINES.assign(quantity=2.0, unit_cost=1.5)
    kpis = build_kpis(lines(costed), SEGMENTS, QUARTERS)
    assert value(kpis, "S1", "2024 Q1", "contribution_margin") == pytest.approx(30 - 2 * 2 * 1.5)
    assert value(kpis, "S1", "2024 Q1", "margin_rate") == pytest.approx(24 / 30)


def test_finding_says_what_the_table_says(kpis):
    needs = list_needs(
        has_margin=False, has_wallet=False, has_categories=True, has_prices=True, has_market=True
    )
    finding = check_kpis(kpis, currency="EUR", needs=needs)
    assert finding.status == "caution"  # no quarter has its counterpart a year earlier
    assert finding.headline == (
        "In 2024 Q2, S1 brought 100 % of net revenue with 50 % of the buyers; it gained most share of "
        "revenue on 2024 Q1 (+14.3 pp), while all segments together grew by 14.3 %."
    )
    assert finding.table["segment"].tolist() == ["S1", "S2", "All"]
    assert [need.table for need in finding.needs] == ["transactions", "survey"]
    assert any("a year earlier" in limit for limit in finding.limits)
    assert any("by construction" in limit for limit in finding.limits)
    assert [figure.kind for figure in finding.figures] == ["column", "bar"]


def test_single_quarter_has_nothing_to_compare():
    quarters = build_quarters(date(2024, 1, 1), date(2024, 3, 31))
    finding = check_kpis(build_kpis(lines(), SEGMENTS, quarters), currency="EUR")
    assert finding.headline.endswith("there is no earlier quarter to compare with.")
    assert len(finding.figures) == 1
    assert build_comparison(quarters).empty


def test_quarters_are_complete_ones_only():
    # 2 January is a late start that closed shops explain; 31 July cuts the third quarter
    quarters = build_quarters(date(2024, 1, 2), date(2024, 7, 31))
    assert quarters["period"].tolist() == ["2024 Q1", "2024 Q2"]
    assert quarters["days"].tolist() == [91, 91]
    assert build_quarters(date(2024, 2, 1), date(2024, 6, 30))["period"].tolist() == ["2024 Q2"]
    with pytest.raises(InputError, match="no calendar quarter is complete"):
        build_quarters(date(2024, 1, 15), date(2024, 3, 31))


def test_comparison_prefers_the_same_season():
    year = build_comparison(build_quarters(date(2023, 1, 1), date(2024, 3, 31)))
    span = year[year["span"]].iloc[0]
    assert (span["before"], span["after"], span["same_season"]) == ("2023 Q1", "2024 Q1", True)
    short = build_comparison(build_quarters(date(2023, 1, 1), date(2023, 12, 31)))
    assert short["before"].tolist() == ["2023 Q1", "2023 Q2", "2023 Q3", "2023 Q1"]
    assert not short["same_season"].any()


def test_share_of_wallet_by_hand():
    survey = ibis.memtable(
        pd.DataFrame(
            {
                "customer_id": ["A", "B", "C", "D", "A"],
                "item": ["spend", "spend", "spend", "spend", "age"],
                "answer": ["60", "2", "20", "don't know", "44"],
            }
        )
    )
    shares = build_wallet_shares(
        lines(), survey, SEGMENTS, QUARTERS.iloc[1], wallet_item="spend", min_respondents=2
    )
    shares = shares.set_index("segment")
    # A spends 30 of 60 here; B says 2 but was invoiced 10, so its wallet is 10; C bought nothing of its 20
    assert shares.loc["S1", "share_of_wallet"] == pytest.approx(40 / 70)
    assert shares.loc["S2", "respondents"] == 1 and np.isnan(shares.loc["S2", "share_of_wallet"])


def test_one_segment_is_spoken_of_without_comparisons():
    # 35 in the first quarter and 40 in the second: +14.3 %
    table = build_kpis(lines(), SEGMENTS.assign(segment=["S1"] * 4 + ["none"]), QUARTERS)
    finding = check_kpis(table, currency="EUR")
    assert finding.headline == (
        "Customers are one segment; in 2024 Q2 they brought net revenue of EUR 40, +14.3 % on 2024 Q1."
    )
    assert not any("gained" in note or "codes" in note for note in finding.notes)
