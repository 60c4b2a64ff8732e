"""The growth decomposition against the reference implementation's figures and by hand."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.impact.value.growth import EFFECTS, build_growth, check_growth, decompose_change
from segutils.impact.value.periods import build_comparison, build_quarters
from segutils.impact.value.prices import build_price_changes
from segutils.impact.value.quarterly import build_kpis

# Values of the R package LMDIR 0.1 (tests/testthat/test_lmdi.R), which implements Ang (2005)
BEFORE = pd.DataFrame([[1.0, 10.0, 2.0], [4.0, 5.0, 3.0]])
AFTER = pd.DataFrame([[4.0, 5.0, 3.0], [5.0, 6.0, 4.0]])
PUBLISHED = [[50.47438029, -25.23719014, 14.76280986], [19.31568569, 15.78206435, 24.90224996]]

QUARTERS = build_quarters(date(2024, 1, 1), date(2024, 9, 30))
COMPARISON = build_comparison(QUARTERS)
SEGMENTS = pd.DataFrame({"customer_id": list("ABC"), "segment": ["S1", "S1", "S2"]})
COLUMNS = ["customer_id", "order_id", "ordered_on", "net_revenue", "product_id", "quantity"]
LINES = pd.DataFrame(
    [
        ("A", "1", date(2024, 1, 5), 10.0, "a", 10.0),
        ("A", "1", date(2024, 1, 5), 10.0, "b", 10.0),
        ("C", "2", date(2024, 2, 5), 5.0, "b", 5.0),
        ("A", "3", date(2024, 4, 5), 10.0, "a", 5.0),  # the price of a doubled
        ("A", "3", date(2024, 4, 5), 10.0, "b", 10.0),
        ("B", "4", date(2024, 5, 5), 60.0, "new", 1.0),
        ("C", "5", date(2024, 8, 5), 8.01, "b", 8.0),
        ("A", "6", date(2024, 8, 5), 30.02, "b", 30.0),
        ("A", "7", date(2024, 8, 6), -1.02, "b", 1.0),
    ],
    columns=COLUMNS,
)


def lines(frame: pd.DataFrame = LINES):
    return ibis.memtable(frame).cast({"ordered_on": "date"})


def test_reference_figures():
    effects = decompose_change(BEFORE, AFTER)
    np.testing.assert_allclose(effects, PUBLISHED, atol=5e-9)
    assert effects.to_numpy().sum() == pytest.approx(100)
    np.testing.assert_allclose(decompose_change(AFTER, BEFORE), -np.array(PUBLISHED), atol=5e-9)


def test_zeros_take_their_analytical_limits():
    # the same source's degenerate cases: the factor that comes from, or falls to, zero takes the whole change
    from_zero, to_zero = BEFORE.copy(), AFTER.copy()
    from_zero.loc[0, 0] = 0.0
    to_zero.loc[1, 2] = 0.0
    assert decompose_change(from_zero, AFTER).iloc[0].tolist() == [60, 0, 0]
    assert decompose_change(BEFORE, to_zero).iloc[1].tolist() == [0, 0, -60]
    nothing = pd.DataFrame([[0.0, 0.0, 0.0]])
    assert decompose_change(nothing, nothing).iloc[0].tolist() == [0, 0, 0]
    assert decompose_change(BEFORE, BEFORE).to_numpy().any() == np.False_


def test_effects_add_up_to_the_cent_with_zero_and_negative_revenue():
    kpis = build_kpis(lines(), SEGMENTS, QUARTERS)
    prices = build_price_changes(lines(), SEGMENTS, QUARTERS, COMPARISON)
    growth = build_growth(kpis, COMPARISON, prices)
    np.testing.assert_allclose(growth[list(EFFECTS)].sum(axis=1), growth["change"], atol=1e-9)
    np.testing.assert_allclose(
        growth["overall_growth"] + growth["beyond_overall"], growth["change"], atol=1e-9
    )
    whole = growth[growth["segment"] == "all"]
    assert whole["change"].tolist() == pytest.approx([55.0, -42.99, 12.01])
    assert whole["beyond_overall"].abs().max() < 1e-9
    # S2 bought nothing in the second quarter: all of its loss is that it left the mix of active customers
    gone = growth[(growth["segment"] == "S2") & (growth["after"] == "2024 Q2")].iloc[0]
    assert gone["segment_mix"] == pytest.approx(-5.0) and gone["frequency"] == 0


def test_shift_share_by_hand():
    kpis = build_kpis(lines(), SEGMENTS, QUARTERS)
    growth = build_growth(kpis, COMPARISON)
    first = growth[growth["after"] == "2024 Q2"].set_index("segment")
    rate = 80 / 25 - 1
    assert first.loc["S1", "overall_growth"] == pytest.approx(20 * rate)
    assert first.loc["S1", "beyond_overall"] == pytest.approx(60 - 20 * rate)
    assert "price" not in growth


def test_price_index_by_hand():
    prices = build_price_changes(lines(), SEGMENTS, QUARTERS, COMPARISON)
    first = prices[(prices["after"] == "2024 Q2") & (prices["segment"] == "S1")].iloc[0]
    # a: twice the price, 10 of 20 before and 10 of 80 after; b unchanged; "new" has no earlier price
    assert first["log_price"] == pytest.approx((1 / 2 + 1 / 8) / 2 * np.log(2))
    assert first["matched_share"] == pytest.approx(40 / 100)
    unknown = LINES.assign(quantity=LINES["quantity"].where(LINES["product_id"] != "a"))
    blank = build_price_changes(lines(unknown), SEGMENTS, QUARTERS, COMPARISON)
    assert blank.iloc[0]["log_price"] == 0 and blank.iloc[0]["matched_share"] == pytest.approx(20 / 100)
    narrow = build_price_changes(lines(), SEGMENTS, QUARTERS, COMPARISON, max_price_ratio=1.5)
    assert narrow[narrow["after"] == "2024 Q2"].iloc[0]["log_price"] == pytest.approx(0)


def test_single_quarter_asks_for_another():
    one = build_quarters(date(2024, 1, 1), date(2024, 3, 31))
    alone = build_comparison(one)
    prices = build_price_changes(lines(), SEGMENTS, one, alone)
    growth = build_growth(build_kpis(lines(), SEGMENTS, one), alone, prices)
    finding = check_growth(growth, same_season=False, currency="EUR", prices=prices)
    assert finding.status == "not_run" and finding.needs[0].table == "transactions"


def test_finding_is_a_bridge():
    kpis = build_kpis(lines(), SEGMENTS, QUARTERS)
    prices = build_price_changes(lines(), SEGMENTS, QUARTERS, COMPARISON)
    growth = build_growth(kpis, COMPARISON, prices)
    finding = check_growth(growth, same_season=False, currency="EUR", prices=prices)
    whole = finding.table.set_index("line")["All"]
    assert whole["Net revenue 2024 Q1"] + whole[list(EFFECTS.values())].sum() == pytest.approx(
        whole["Net revenue 2024 Q3"]
    )
    assert finding.status == "caution"
    assert finding.headline.startswith("Net revenue rose by EUR 12 (+48.0 %) between 2024 Q1 and 2024 Q3")
    assert [figure.kind for figure in finding.figures] == ["bar", "bar", "heatmap"]
    known = SEGMENTS[SEGMENTS["customer_id"] != "C"]  # C's lines are kept, without a segment
    partly = check_growth(
        build_growth(build_kpis(lines(), known, QUARTERS), COMPARISON), same_season=True, currency="EUR"
    )
    assert partly.table.columns.tolist() == ["line", "S1", "No segment", "All"]
    without = check_growth(build_growth(kpis, COMPARISON), same_season=True, currency="EUR")
    assert without.status == "info"
    assert "Revenue per order line (prices and product mix)" in without.table["line"].tolist()


def test_a_segment_that_only_returned_goods_still_adds_up():
    # C bought for 5 in the first quarter and gave 2 of it back in the second, without an order
    more = pd.DataFrame([("C", "r", date(2024, 4, 5), -2.0, "b", 1.0)], columns=COLUMNS)
    table = lines(pd.concat([LINES, more], ignore_index=True))
    growth = build_growth(build_kpis(table, SEGMENTS, QUARTERS), COMPARISON)
    row = growth[(growth["segment"] == "S2") & (growth["after"] == "2024 Q2")].iloc[0]
    assert (row["revenue_before"], row["revenue_after"], row["change"]) == (5.0, -2.0, -7.0)
    effects = [name for name in EFFECTS if name in growth]
    np.testing.assert_allclose(growth[effects].sum(axis=1), growth["change"], atol=1e-9)
