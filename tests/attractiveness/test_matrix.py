"""The matrix of three groups, worked by hand.

====== ====== ====== ==== ============== =============== =====
group  growth margin wins attractiveness competitiveness total
====== ====== ====== ==== ============== =============== =====
A      0.6    1.0    0.6  0.8            0.6             0.70
B      0.9    0.5    0.6  0.7            0.6             0.65
C      0.5    0.1    0.9  0.3            0.9             0.60
====== ====== ====== ==== ============== =============== =====

All scales are 0 to 1; growth and margin weigh the same.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from segutils.attractiveness.acceptability import ANY, NEAR, TOGETHER, count_acceptability
from segutils.attractiveness.matrix import find_flips, find_share_flip, judge_matrix, list_reversals
from segutils.attractiveness.matrix_decision import decide_matrix
from segutils.attractiveness.samples import CUSTOMERS
from segutils.errors import InputError
from segutils.findings import Override
from segutils.statistics.customer_figures import CustomerFigures
from segutils.statistics.figure_sources import NEEDS
from segutils.statistics.topsis import score_topsis

VALUES = {"market_growth": [0.6, 0.9, 0.5], "margin_rate": [1.0, 0.5, 0.1], "win_rate": [0.6, 0.6, 0.9]}
HALVES = {"market_growth": 0.5, "margin_rate": 0.5}
NOTHING = CustomerFigures(table=pd.DataFrame({"customer_id": []}))
MONEY = {"net_revenue": [60.0, 30.0, 10.0], "customers": [6.0, 3.0, 1.0]}


@pytest.fixture
def rules(cases):
    def build(limits=None, attractive=None, competitive=None, measures=tuple(VALUES), **options):
        return cases.rules(
            attractive or cases.weigh(Ann=HALVES),
            competitive or cases.weigh(Ann={"win_rate": 1.0}),
            limits,
            measures=measures,
            **options,
        )

    return build


def decide(matrix, figures=NOTHING, **options):
    options = {"slug": "attractiveness-matrix", "word": "group", "currency": "EUR"} | options
    return decide_matrix(matrix, figures, **options)


class TestStanding:
    def test_by_hand(self, cases, rules):
        matrix = judge_matrix(cases.samples(VALUES | MONEY), rules(), draws=50)
        table = matrix.table.set_index("name")
        assert table.attractiveness.to_list() == pytest.approx([0.8, 0.7, 0.3])
        assert table.score.to_dict() == pytest.approx({"A": 0.7, "B": 0.65, "C": 0.6})
        # strong and middling; strong and middling; weak and strong
        assert table.verdict.to_list() == ["target", "target", "maintain"]
        assert table.chosen.to_list() == [True, False, False]
        assert (table.score_low == table.score_high).all() and table.net_revenue["B"] == 30

    def test_a_group_that_misses_a_limit_is_out_before_any_score(self, cases, rules):
        """A has the highest score and too little margin; it comes last and shapes no one's TOPSIS."""
        asked = cases.limit(("margin_rate", np.nan, 0.9))
        matrix = judge_matrix(cases.samples(VALUES), rules(asked), draws=50)
        assert matrix.table.name.to_list() == ["B", "C", "A"]
        assert matrix.table.verdict.iloc[2] == "drop" and matrix.table.missed.iloc[2] == "margin_rate"
        left = pd.DataFrame(VALUES, index=list("ABC")).drop(index="A")
        weights = {"market_growth": 0.25, "margin_rate": 0.25, "win_rate": 0.5}
        topsis = matrix.table.set_index("name").topsis
        assert topsis[["B", "C"]].to_list() == pytest.approx(score_topsis(left, weights).to_list())
        assert np.isnan(topsis["A"])
        assert matrix.accepted.together("first_share").to_dict()["A"] == 0
        out = matrix.accepted.ranks
        assert out.share[(out.name == "A") & (out["rank"] == 0)].eq(1).all()

    def test_intervals_span_the_samples(self, cases, rules):
        drawn = [{"margin_rate": [n / 100, 0.5, 0.1]} for n in range(101)]
        table = judge_matrix(cases.samples(VALUES, drawn), rules(), draws=50).table.set_index("name")
        # half of the margin on top of half of 0.6: from 0.30 to 0.80, its middle 90 %
        assert table.loc["A", ["attractiveness_low", "attractiveness_high"]].to_list() == pytest.approx(
            [0.325, 0.775]
        )
        assert table.competitiveness_low["A"] == table.competitiveness_high["A"] == pytest.approx(0.6)

    def test_an_unknown_criterion_is_best_or_worst(self, cases, rules):
        both = cases.weigh(Ann={"win_rate": 0.6, "satisfaction": 0.4})
        stated = rules(competitive=both)
        assert stated.missing == ("satisfaction",)
        table = judge_matrix(cases.samples(VALUES), stated, draws=50).table
        assert (table.score_high - table.score_low).to_list() == pytest.approx([0.5 * 0.4] * 3)


class TestAcceptability:
    def test_weights_of_any_kind_against_the_exact_share(self, cases, rules):
        """A leads B where 0.6 w + 1 − w > 0.9 w + 0.5 (1 − w), so w < 0.625: of all weights 62.5 %.

        C has 0.1 + 0.4 w, plus 0.3 for its wins: never more than B.
        """
        accepted = count_acceptability(cases.samples(VALUES), rules().rules, draws=4000, seed=1)
        assert accepted.held("A")[ANY] == pytest.approx(0.625, abs=0.025)
        assert accepted.held("C")[ANY] == 0
        # near the stated half, at a concentration of 20, the weight is distributed as Beta(10, 10)
        assert accepted.held("A")[NEAR] == pytest.approx(beta.cdf(0.625, 10, 10), abs=0.02)

    def test_places_and_firsts_are_shares(self, cases, rules):
        drawn = [{"margin_rate": [0.0 if n < 3 else 1.0, 0.5, 0.1]} for n in range(10)]
        accepted = count_acceptability(cases.samples(VALUES, drawn), rules().rules, draws=200, seed=1)
        by_group = accepted.ranks.groupby(["cause", "name"]).share.sum()
        by_place = accepted.ranks[accepted.ranks["rank"] > 0].groupby(["cause", "rank"]).share.sum()
        assert by_group.to_list() == pytest.approx([1.0] * len(by_group))
        assert by_place.to_list() == pytest.approx([1.0] * len(by_place))
        assert accepted.held("A")[CUSTOMERS] == 0.7
        assert accepted.held("A")[TOGETHER] == pytest.approx(0.7 * accepted.held("A")[NEAR], abs=0.08)
        assert accepted.nobody()[TOGETHER] == pytest.approx(0.0)


class TestFlips:
    def test_the_smallest_change_of_one_weight(self, cases, rules):
        """Of the total growth weighs 0.25, margin 0.25, wins 0.5; with growth at g the others share 1 − g.

        A: 0.6 g + (1 − g) (1.0 + 2 · 0.6) / 3; B: 0.9 g + (1 − g) (0.5 + 2 · 0.6) / 3. They are level where
        0.3 g = (1 − g) / 6, so at g = 5 / 14. With margin at m: A 0.6 (1 − m) + m, as growth and wins are
        0.6; B (1 − m) (0.9 + 1.2) / 3 + 0.5 m = 0.7 − 0.2 m: level at m = 1 / 6.
        """
        flips = find_flips(cases.samples(VALUES), rules().rules).set_index("criterion")
        assert flips.index[0] == "margin_rate"
        assert flips.flip_weight["market_growth"] == pytest.approx(5 / 14)
        assert flips.flip_weight["margin_rate"] == pytest.approx(1 / 6)
        assert flips.winner_then[["market_growth", "margin_rate"]].to_list() == ["B", "B"]

    def test_the_balance_of_the_axes(self, cases, rules):
        """A and C: 0.8 s + 0.6 (1 − s) = 0.3 s + 0.9 (1 − s) at s = 0.375; A and B never."""
        found = find_share_flip(judge_matrix(cases.samples(VALUES), rules(), draws=20))
        assert found.share.to_list() == pytest.approx([0.375]) and found.winner_then.to_list() == ["C"]
        there = judge_matrix(cases.samples(VALUES), rules(attractiveness_share=0.374), draws=20)
        assert there.table.name[0] == "C"
        beyond = find_share_flip(
            judge_matrix(cases.samples(VALUES), rules(attractiveness_share=0.2), draws=20)
        )
        assert beyond.share.to_list() == pytest.approx([0.375]) and beyond.winner_then.to_list() == ["A"]

    def test_reversals_are_true_ones_also_when_an_excluded_group_is_let_in(self, cases, rules):
        asked = cases.limit(("market_growth", np.nan, 5.0))
        scales = cases.scales | {"market_growth": (0, 10), "margin_rate": (0, 5)}
        values = {"market_growth": [10.0, 2, 1], "margin_rate": [1.0, 4, 4.6], "win_rate": [1.0, 1, 1]}
        samples, stated = cases.samples(values), rules(asked, scales=scales)
        turned = list_reversals(samples, stated.rules)
        assert turned.change.to_list() == ["with"] and turned["group"].to_list() == ["A"]
        table = pd.DataFrame(values, index=list("ABC"))
        weights = stated.rules.weights
        alone, all_three = score_topsis(table.drop(index="A"), weights), score_topsis(table, weights)
        row = turned.iloc[0]
        assert alone[row.better] > alone[row.worse] and all_three[row.worse] > all_three[row.better]
        assert list_reversals(
            cases.samples(VALUES), rules(cases.limit(("win_rate", 0.7, np.nan))).rules
        ).empty


class TestDecision:
    def test_says_who_how_surely_and_what_flips_it(self, cases, rules):
        matrix = judge_matrix(cases.samples(VALUES | MONEY), rules(), draws=400, seed=2)
        found = decide(matrix)
        share = found.decision.robustness_share
        assert found.decision.recommendation == "A"
        assert share == pytest.approx(beta.cdf(0.625, 10, 10), abs=0.06)
        assert found.status == "pass"
        assert found.headline.startswith("A is the first target, and stays first in 8")
        text = found.decision.robustness
        assert (
            "B comes first once contribution margin weighs 17 % of the total of both axes instead of 25 %"
            in text
        )
        assert "C once attractiveness counts 38 % of the total instead of 50 %" in text
        scatter = found.figures[0]
        assert (scatter.x_low, scatter.high) == ("competitiveness_low", "attractiveness_high")
        assert scatter.size == "net_revenue" and scatter.highlight == "A"
        assert [f.kind for f in found.figures] == ["scatter", "heatmap", "bar"]

    def test_a_lead_that_nothing_takes_away(self, cases, rules):
        best = {"market_growth": [0.9, 0.2], "margin_rate": [0.9, 0.2], "win_rate": [0.9, 0.2]}
        found = decide(judge_matrix(cases.samples(best), rules(), draws=100))
        assert found.decision.robustness_share == 1.0
        assert "No weight of a single criterion flips it, nor any balance" in found.decision.robustness

    def test_twins_have_no_firm_first(self, cases, rules):
        """Alike on average; each sample puts one or the other ahead: caution, and the order is open."""
        same = {"market_growth": [0.5, 0.5], "margin_rate": [0.5, 0.5], "win_rate": [0.5, 0.5]}
        drawn = [{"margin_rate": [0.5, 0.4 if n % 2 else 0.6]} for n in range(10)]
        found = decide(judge_matrix(cases.samples(same, drawn), rules(), draws=200))
        assert found.status == "caution" and found.decision.robustness_share == pytest.approx(0.5, abs=0.02)
        assert "the order is open" in found.figures[1].title

    def test_raters_who_part_are_named_and_contradictions_make_it_a_caution(self, cases, rules):
        """Round in circles: growth 5 x margin 5 x reach 5 x growth, λ = 1 + 5 + 1/5, ratio 1.6 / 0.58."""
        circle = [[1, 5, 1 / 5], [1 / 5, 1, 5], [5, 1 / 5, 1]]
        people = cases.weigh(
            criteria=["market_growth", "margin_rate", "reach"],
            Ann={"market_growth": 0.1, "margin_rate": 0.8, "reach": 0.1},
            Bob=circle,
        )
        wins = cases.weigh(Ann={"win_rate": 1.0}, Bob={"win_rate": 1.0})
        values = {
            "market_growth": [0.2, 0.9],
            "margin_rate": [0.9, 0.3],
            "win_rate": [0.5] * 2,
            "reach": [0.5] * 2,
        }
        stated = rules(attractive=people, competitive=wins, measures=tuple(values))
        found = decide(judge_matrix(cases.samples(values), stated, draws=50))
        assert found.status == "caution"
        assert any("comparisons of Bob (2.76)" in note and "attractiveness" in note for note in found.notes)
        # Ann: 0.02 + 0.72 + .05 against 0.09 + 0.24 + .05; Bob, who weighs all alike: 1.6 / 3 against 1.7 / 3
        assert any(
            note == "Each rater alone would put another first: A for Ann; B for Bob." for note in found.notes
        )

    def test_nobody_keeps_the_limits(self, cases, rules):
        matrix = judge_matrix(cases.samples(VALUES), rules(cases.limit(("win_rate", 0.95, np.nan))), draws=50)
        found = decide(matrix)
        assert found.status == "fail" and found.decision.recommendation == "No group"
        assert found.headline == "No group keeps the stated limits: all 3 miss one at least."
        assert found.decision.robustness.endswith("and none does in 100 % of 1 other samples.")

    def test_one_that_is_left_is_no_choice(self, cases, rules):
        matrix = judge_matrix(cases.samples(VALUES), rules(cases.limit(("win_rate", 0.7, np.nan))), draws=50)
        found = decide(matrix)
        assert found.headline.startswith(
            "C is the only one of 3 groups that keeps the stated limits, so there"
        )
        assert found.decision.recommendation == "C" and np.isnan(found.table.topsis).all()

    def test_places_are_of_those_that_keep_the_limits(self, cases, rules):
        """C misses the limit in one of ten samples and is out there; B misses it always and is not drawn."""
        drawn = [{"win_rate": [0.6, 0.2, 0.4 if n == 0 else 0.9]} for n in range(10)]
        values = VALUES | {"win_rate": [0.6, 0.2, 0.9]}
        asked = cases.limit(("win_rate", 0.5, np.nan))
        matrix = judge_matrix(cases.samples(values, drawn), rules(asked), draws=500, seed=3)
        figure = decide(matrix).figures[1]
        assert set(figure.data.name) == {"A", "C"} and set(figure.data.place) == {"1", "2", "out"}
        places = figure.data.set_index(["name", "place"]).share
        assert places[("C", "out")] == pytest.approx(0.1) and places[("A", "out")] == 0
        assert places.groupby("name").sum().to_list() == pytest.approx([1.0, 1.0])

    def test_the_clients_own_choice(self, cases, rules):
        own = Override(choice="C", who="Ann", when="2026-01-01", why="Ours.")
        matrix = judge_matrix(cases.samples(VALUES), rules(), override=own, draws=50)
        found = decide(matrix, override=own)
        assert matrix.table.name[matrix.table.chosen].to_list() == ["C"]
        assert found.headline == "The client targets C first; the scores recommend A."
        with pytest.raises(InputError, match="not an option"):
            decide(matrix, override=Override(choice="Z", who="", when="", why=""))

    def test_not_run(self, cases, rules):
        figures = CustomerFigures(table=NOTHING.table, needs=(NEEDS["won"],))
        unstated = decide(judge_matrix(cases.samples(VALUES), None), figures)
        blind = decide(judge_matrix(cases.samples(VALUES), rules(measures=["market_growth"])), figures)
        nobody = decide(judge_matrix(None, rules()), figures)
        assert {unstated.status, blind.status, nobody.status} == {"not_run"}
        assert "weights: attractiveness" in unstated.needs[0].columns and unstated.needs[1] == NEEDS["won"]
        assert blind.needs == (NEEDS["won"],) and "too little is known" in blind.headline
        assert "no customer is in a group" in nobody.headline and nobody.needs[0].table == "customers"
