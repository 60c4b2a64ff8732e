"""Who weighs how: worked by hand."""

import pytest

from segutils.attractiveness.matrix import judge_matrix
from segutils.attractiveness.rater_orders import check_raters

VALUES = {"market_growth": [0.6, 0.9, 0.5], "margin_rate": [1.0, 0.5, 0.1], "win_rate": [0.5, 0.5, 0.5]}
CONSISTENT = [[1, 3], [1 / 3, 1]]


def check(cases, attractive, *, values=VALUES):
    wins = cases.weigh(**{name: {"win_rate": 1.0} for name in ("Ann", "Bob")})
    stated = cases.rules(attractive, wins, measures=tuple(values))
    return check_raters(judge_matrix(cases.samples(values), stated, draws=20), slug="attractiveness-matrix")


def test_own_orders_and_consistency(cases):
    """Bob weighs growth 3 to 1, so A has 0.75 · 0.6 + 0.25 and B 0.75 · 0.9 + 0.125; Ann puts A first."""
    given = cases.weigh(
        criteria=["market_growth", "margin_rate"],
        Ann={"market_growth": 0.2, "margin_rate": 0.8},
        Bob=CONSISTENT,
    )
    found = check(cases, given)
    assert found.status == "pass" and found.notes == ["Ann alone: A, B, C.", "Bob alone: B, A, C."]
    row = found.table[(found.table.rater == "Bob") & (found.table.axis == "attractiveness")].iloc[0]
    assert row.given == "comparisons in pairs" and row.consistency_ratio == 0
    assert row.weights == "growth of the market a year 75 %, contribution margin 25 %"
    assert "part over the first place" in found.headline
    places = found.figures[0].data.set_index(["rater", "name"]).place
    assert places[("Bob", "A")] == 2 and places[("Ann", "A")] == 1
    assert "from place 1 to 2" in found.figures[0].title


def test_comparisons_that_contradict_each_other_are_named(cases):
    """λ = 1 + 5 + 1/5 for a circle of three, so (6.2 − 3) / 2 / 0.58 = 2.76."""
    circle = [[1, 5, 1 / 5], [1 / 5, 1, 5], [5, 1 / 5, 1]]
    names = ["market_growth", "margin_rate", "reach"]
    given = cases.weigh(criteria=names, Ann=dict.fromkeys(names, 1 / 3), Bob=circle)
    found = check(cases, given, values=VALUES | {"reach": [0.5, 0.5, 0.5]})
    assert found.status == "caution" and "Bob (2.76 on attractiveness)" in found.headline
    assert found.table.consistency_ratio.max() == pytest.approx(1.6 / 0.58)
    assert "2 of 2 alone" not in found.headline and "the same order" in found.headline


def test_nobody_compared_in_pairs(cases):
    same = {"market_growth": 0.5, "margin_rate": 0.5}
    found = check(cases, cases.weigh(Ann=same, Bob=same))
    assert found.headline.startswith("2 raters gave weights, nobody compared in pairs; each of them alone")
    assert "in the same order" in found.figures[0].title


def test_not_run_without_weights(cases):
    found = check_raters(judge_matrix(cases.samples(VALUES), None), slug="attractiveness-matrix")
    assert found.status == "not_run" and found.needs[0].table == "engagement file"
