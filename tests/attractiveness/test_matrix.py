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

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from segutils.attractiveness.acceptability import ANY, NEAR, TOGETHER, count_acceptability
from segutils.attractiveness.matrix import find_flips, find_share_flip, judge_matrix, list_reversals
from segutils.attractiveness.matrix_decision import decide_matrix
from segutils.attractiveness.samples import CUSTOMERS, GroupSamples
from segutils.errors import InputError
from segutils.findings import Override
from segutils.statistics import portfolio
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

    def test_a_criterion_that_is_not_known_of_every_group(self, cases, rules):
        """A's margin is not known, so it has 0.6 on both axes whatever the weights; B leads.

        With growth at g, B has 0.9 g + (1 − g) (0.5 + 2 · 0.6) / 3, which is 0.6 at g = 0.1; with margin at m
        it has 0.7 − 0.2 m, which is 0.6 at m = 0.5. C misses a limit.
        """
        samples = cases.samples(VALUES | {"margin_rate": [np.nan, 0.5, 0.1]})
        asked = cases.limit(("margin_rate", 0.3, np.nan))
        flips = find_flips(samples, rules(asked).rules).set_index("criterion")
        assert flips.flip_weight[["market_growth", "margin_rate"]].to_list() == pytest.approx([0.1, 0.5])
        assert set(flips.winner_then[["market_growth", "margin_rate"]]) == {"A"}

    @pytest.mark.parametrize("seed", range(6))
    def test_every_flip_is_one_when_groups_are_judged_there(self, seed, cases, rules):
        """On both sides of the weight found another group is first; in between none is (five groups)."""
        rng = np.random.default_rng(seed)
        values = {name: rng.random(5).tolist() for name in VALUES}
        if seed % 2:  # straight lines or ratios of them
            values["margin_rate"][seed % 5] = np.nan
        samples, stated = cases.samples(values), rules().rules
        weights = stated.weights
        flips = find_flips(samples, stated).dropna(subset=["flip_weight"])
        assert len(flips)

        def first(criterion, weight):
            rest = (1 - weight) / (1 - weights[criterion])
            moved = {name: weight if name == criterion else own * rest for name, own in weights.items()}
            share = moved["market_growth"] + moved["margin_rate"]
            axis = replace(
                stated.attractiveness,
                weights={name: moved[name] / share for name in ("market_growth", "margin_rate")},
            )
            there = replace(stated, attractiveness=axis, attractiveness_share=share)
            return samples.names[int(portfolio.judge_groups(samples.values, samples.measures, there).first())]

        for row in flips.itertuples():
            now = first(row.criterion, row.weight)
            beyond = row.flip_weight + 1e-6 * np.sign(row.change)
            assert first(row.criterion, beyond) == row.winner_then != now
            inside = np.linspace(row.weight, row.flip_weight - 1e-6 * np.sign(row.change), 25)
            assert {first(row.criterion, weight) for weight in inside} == {now}

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

    def test_groups_that_are_level_share_the_first_place(self, cases, rules):
        """Nothing tells A and B apart, in no sample: the order of their names must not decide for A."""
        same = {"market_growth": [0.9, 0.9, 0.1], "margin_rate": [0.9, 0.9, 0.1], "win_rate": [0.9, 0.9, 0.1]}
        matrix = judge_matrix(cases.samples(same), rules(), draws=100)
        found = decide(matrix)
        assert found.headline.startswith("A and B come first together") and found.status == "caution"
        assert found.decision.robustness_share == pytest.approx(0.5)
        places = (
            matrix.accepted.ranks[matrix.accepted.ranks.cause == TOGETHER].set_index(["name", "rank"]).share
        )
        assert (
            places["A", 1] == places["A", 2] == places["B", 2] == pytest.approx(0.5) and places["C", 3] == 1
        )

    def test_what_is_not_known_of_one_group_is_named_and_nothing_is_sure(self, cases, rules):
        """B has 0.9 on growth and 0.5 on margin; A might have anything from 0.3 to 0.8."""
        samples = cases.samples(VALUES | {"margin_rate": [np.nan, 0.5, 0.1]})
        found = decide(judge_matrix(samples, rules(), draws=100))
        assert found.status == "caution" and "with 1 criterion unknown" in found.headline
        assert any(note.startswith("Not known: contribution margin of A.") for note in found.notes)
        assert any("they could change the order" in note for note in found.notes)
        row = found.table.set_index("name").loc["A"]
        assert (row.score_low, row.score_high) == pytest.approx((0.15 + 0.3, 0.15 + 0.25 + 0.3))
        asked = decide(
            judge_matrix(cases.samples(VALUES), rules(cases.limit(("reach", 0.5, np.nan))), draws=100)
        )
        assert asked.status == "caution"  # nobody was held against this limit
        blind = cases.samples(VALUES | {"win_rate": [0.6, np.nan, 0.9]})
        assert any("on one axis: B" in note for note in decide(judge_matrix(blind, rules(), draws=50)).notes)

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


class TestDrawing:
    def test_an_ellipse_holds_nine_of_ten_samples_on_both_axes_at_once(self, cases, rules):
        """Ends of 90 % on each axis by itself would hold three quarters of them only."""
        rng = np.random.default_rng(5)
        drawn = [
            {
                "market_growth": [0.6 + rng.normal(0, 0.05), 0.9, 0.5],
                "win_rate": [0.6 + rng.normal(0, 0.02), 0.6, 0.9],
            }
            for _ in range(400)
        ]
        samples = cases.samples(VALUES | MONEY, drawn)
        row = decide(judge_matrix(samples, rules(), draws=20)).figures[0].data.set_index("name").loc["A"]
        judged = portfolio.judge_groups(samples.widest, samples.measures, rules().rules)
        away = np.zeros(len(drawn))
        for axis in ("attractiveness", "competitiveness"):
            low, high = row[f"{axis}_low"], row[f"{axis}_high"]
            away += ((getattr(judged, axis)[:, 0] - (low + high) / 2) / ((high - low) / 2)) ** 2
        assert (away <= 1).mean() == pytest.approx(0.9, abs=0.005)

    def test_who_misses_a_limit_is_named_and_not_drawn(self, cases, rules):
        asked = cases.limit(("margin_rate", 0.3, np.nan))
        figure = decide(judge_matrix(cases.samples(VALUES | MONEY), rules(asked), draws=20)).figures[0]
        assert figure.data.name.to_list() == ["A", "B"]
        assert figure.caption.endswith("Not drawn, as a limit is missed: C.")

    def test_of_forty_groups_the_first_are_drawn(self, rules):
        rng = np.random.default_rng(1)
        names = tuple(f"G{n:02d}" for n in range(40))
        values = rng.uniform(0.2, 0.8, (40, 4))
        samples = GroupSamples(
            codes=names,
            names=names,
            measures=(*VALUES, "net_revenue"),
            values=values,
            redrawn={CUSTOMERS: values[None] * rng.normal(1, 0.05, (20, 40, 4))},
        )
        figure = decide(judge_matrix(samples, rules(), draws=50)).figures[0]
        assert len(figure.data) == 25 and "further behind or not known: 15 groups" in figure.caption


def test_the_clients_own_choice_is_followed(cases, rules):
    """A and B are targets by their scores; C, which is only maintained, is the client's own first one."""
    own = Override(choice="C", who="A. Lindqvist, CEO", when="2026-01-01", why="the site")
    matrix = judge_matrix(cases.samples(VALUES), rules(), draws=20, override=own)
    assert matrix.attractive == ["A", "B", "C"]
    assert judge_matrix(cases.samples(VALUES), rules(), draws=20).attractive == ["A", "B"]
    assert judge_matrix(None, None).attractive == []


def test_whose_weights_they_are_is_said(cases, rules):
    found = decide(judge_matrix(cases.samples(VALUES), rules(), draws=20))
    assert found.assumptions[0].owner == "Ann" and "no score has changed them" in found.assumptions[0].text
