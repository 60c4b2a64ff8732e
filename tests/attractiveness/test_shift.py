"""From growth to profit with three groups: every breakpoint solved by hand.

Growth weighs 0.8 and margin 0.2 today; the other way round under the other strategy. With growth at w:

===== ====== ====== ============== =====================================
group growth margin attractiveness
===== ====== ====== ============== =====================================
A     1.0    0.2    0.2 + 0.8 w    0.84 today, 0.36 then
B     0.4    0.6    0.6 − 0.2 w    0.44 today, 0.56 then
C     0.1    0.9    0.9 − 0.8 w    0.26 today, 0.74 then
===== ====== ====== ============== =====================================

All compete alike (0.5), so totals are in the order of attractiveness. Since w = 0.8 − 0.6 t at the place t
of the way: C passes B at w = 1/2, so t = 1/2; C passes A at w = 0.4375, so t = 0.6041667; B passes A at
w = 0.4, so t = 2/3. A falls below two thirds at w = 7/12, so t = 0.3611111; C rises above one third at
w = 17/24, so t = 0.1527778, and above two thirds at w = 7/24, so t = 0.8472222.
"""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from segutils.attractiveness import shift, ways
from segutils.attractiveness.matrix import judge_matrix
from segutils.attractiveness.shift_finding import check_shift
from segutils.attractiveness.shift_words import find_lead, say_shift
from segutils.statistics import portfolio
from segutils.statistics.customer_figures import CustomerFigures
from segutils.statistics.figure_sources import NEEDS

VALUES = {"market_growth": [1.0, 0.4, 0.1], "margin_rate": [0.2, 0.6, 0.9], "win_rate": [0.5] * 3}
NOW, THEN = {"market_growth": 0.8, "margin_rate": 0.2}, {"market_growth": 0.2, "margin_rate": 0.8}
NOTHING = CustomerFigures(table=pd.DataFrame({"customer_id": []}))
PASSES_B, PASSES_A, B_PASSES_A = 1 / 2, (0.8 - 0.4375) / 0.6, 2 / 3
A_FALLS, C_RISES, C_TARGET = (0.8 - 7 / 12) / 0.6, (0.8 - 17 / 24) / 0.6, (0.8 - 7 / 24) / 0.6


@pytest.fixture
def stated(cases):
    def build(weights, *, competitive=None, limits=None, measures=tuple(VALUES)):
        people = weights if isinstance(next(iter(weights.values())), dict) else {"Ann": weights}
        competitive = competitive or cases.weigh(**{name: {"win_rate": 1.0} for name in people})
        return cases.rules(cases.weigh(**people), competitive, limits, measures=measures)

    return build


def check(samples, now, then, figures=NOTHING, **options):
    return check_shift(samples, now, then, figures, slug="strategy-shift", word="group", **options)


class TestByHand:
    def test_breakpoints_and_firsts(self, cases, stated):
        samples, moved = cases.samples(VALUES), ways.build_shift(stated(NOW), stated(THEN))
        expected = sorted([PASSES_B, PASSES_A, B_PASSES_A, A_FALLS, C_RISES, C_TARGET])
        assert ways.find_breaks(samples.values, samples.measures, moved) == pytest.approx(expected)
        path = shift.list_firsts(samples.values, samples.measures, moved)
        assert [group for _, group in path] == [0, 2] and path[1][0] == pytest.approx(PASSES_A)
        swaps = shift.list_swaps(samples, moved)
        assert swaps.way.to_list() == pytest.approx([PASSES_B, PASSES_A, B_PASSES_A])
        assert list(zip(swaps.up, swaps.down, strict=True)) == [("C", "B"), ("C", "A"), ("B", "A")]

    def test_ranks_and_verdicts(self, cases, stated):
        table = shift.build_shifted(cases.samples(VALUES), ways.build_shift(stated(NOW), stated(THEN)))
        assert table.name.to_list() == ["A", "B", "C"]
        assert table.rank_now.to_list() == [1, 2, 3] and table.rank_then.to_list() == [3, 2, 1]
        assert table.verdict_now.to_list() == ["target", "maintain", "drop"]
        assert table.verdict_then.to_list() == ["maintain", "maintain", "target"]
        assert table.flips_at.to_list() == pytest.approx([A_FALLS, np.nan, C_RISES], nan_ok=True)

    def test_the_finding(self, cases, stated):
        found = check(cases.samples(VALUES), stated(NOW), stated(THEN))
        assert found.status == "caution"
        assert found.headline == (
            "If weight moves from growth of the market a year to contribution margin as stated, C overtakes "
            "A as first target at 60 % of the way, C (at 85 % of the way) becomes a target and A (at 36 % of "
            "the way) is no longer a target."
        )
        assert found.table.verdict.to_list() == [
            "target, maintain from 36 %",
            "maintain",
            "drop, maintain from 15 %, target from 85 %",
        ]
        # the first flip at t = 0.1528, where margin weighs 0.2 + 0.6 t = 0.2917
        assert any("contribution margin 29 % is reached" in note for note in found.notes)
        line, dots = found.figures
        assert line.title == "C overtakes A at 60 % of the way" and dots.highlight == "C"

    def test_what_is_out_stays_out_and_changes_nothing(self, cases, stated):
        asked = cases.limit(("margin_rate", np.nan, 0.85))  # C earns more than allowed
        now, then = (stated(weights, limits=asked) for weights in (NOW, THEN))
        found = check(cases.samples(VALUES), now, then)
        row = found.table[found.table.name == "C"].iloc[0]
        assert np.isnan(row.rank_now) and np.isnan(row.rank_then) and row.verdict == "drop"
        assert "B overtakes A as first target at 67 %" in found.headline


class TestExact:
    @pytest.mark.parametrize(("seed", "count"), [(0, 1), (2, 1), (3, 1), (4, 1), (5, 1), (1, 0)])
    def test_nothing_changes_between_breakpoints_and_all_is_level_at_them(self, cases, stated, seed, count):
        """Against the judging itself, with three criteria of which one is not known of two of five groups.

        There a score is a ratio of two lines, so that two groups may draw level twice.
        """
        rng = np.random.default_rng(seed)
        values = {
            name: rng.random(5).tolist() for name in ("market_growth", "margin_rate", "reach", "win_rate")
        }
        values["reach"][0] = values["margin_rate"][1] = np.nan
        names = ["market_growth", "margin_rate", "reach"]
        now, then = (
            stated(dict(zip(names, rng.dirichlet([1.0] * 3), strict=True)), measures=tuple(values))
            for _ in range(2)
        )
        samples, moved = cases.samples(values), ways.build_shift(now, then)

        def state(way):
            judged = portfolio.judge_groups(samples.values, samples.measures, moved.blend(way))
            return judged.ranks().tolist(), judged.verdicts(moved.rules).tolist(), judged

        breaks = ways.find_breaks(samples.values, samples.measures, moved)
        assert len(breaks) >= count  # with one seed nothing changes all the way
        for way in breaks:
            judged = state(way)[2]
            gaps = np.abs(judged.total[:, None] - judged.total[None, :])[np.triu_indices(5, 1)]
            marks = np.abs(judged.attractiveness[:, None] - np.array(moved.rules.marks))
            assert min(gaps.min(), marks.min()) < 1e-9
        edges = np.concatenate([[0.0], breaks, [1.0]])
        for low, high in pairwise(edges):
            inside = [state(low + share * (high - low))[:2] for share in (0.001, 0.2, 0.5, 0.8, 0.999)]
            assert all(found == inside[0] for found in inside), (low, high)

    def test_today_is_how_groups_are_judged_today(self, cases, stated):
        samples, now = cases.samples(VALUES), stated(NOW)
        moved = ways.build_shift(now, stated(THEN))
        found = ways.judge_way(samples.values, samples.measures, moved, np.array([0.0, 1.0]))
        for row, own in enumerate((now, stated(THEN))):
            judged = portfolio.judge_groups(samples.values, samples.measures, own.rules)
            assert found.total[row] == pytest.approx(judged.total)

    def test_a_criterion_that_only_one_of_the_weightings_names(self, cases, stated):
        """Reach takes over all of growth's weight: A 1 − t + 0 · t, B t, level half-way."""
        values = {"market_growth": [1.0, 0.0], "reach": [0.0, 1.0], "win_rate": [0.5, 0.5]}
        now, then = (stated({name: 1.0}, measures=tuple(values)) for name in ("market_growth", "reach"))
        samples, moved = cases.samples(values), ways.build_shift(now, then)
        assert shift.list_firsts(samples.values, samples.measures, moved) == [(0.0, 0), (0.5, 1)]


class TestSamples:
    def test_where_the_flip_lies_in_other_samples(self, cases, stated):
        """C's margin in ten samples: 0.9 in five (target at 0.847), 1.0 in three, 0.6 in two.

        With 1.0 it has 1 − 0.9 w: above one third from w = 20/27 on, at t = 0.0987654, so it is dropped no
        more from there; with 0.6 it has 0.6 − 0.5 w: from w = 8/15 on, at t = 4/9.
        """
        drawn = [{"margin_rate": [0.2, 0.6, margin]} for margin in [0.9] * 5 + [1.0] * 3 + [0.6] * 2]
        samples = cases.samples(VALUES, drawn)
        table = shift.build_shifted(samples, ways.build_shift(stated(NOW), stated(THEN)), level=0.8)
        row = table.set_index("name").loc["C"]
        places = [C_RISES] * 5 + [(0.8 - 20 / 27) / 0.6] * 3 + [4 / 9] * 2
        assert [row.flips_low, row.flips_high] == pytest.approx(np.quantile(places, [0.1, 0.9]).tolist())
        assert row.same_share == 0.8  # with 0.6 it ends at 0.5 and is never a target

    def test_first_places_in_other_samples(self, cases, stated):
        """C passes A in every sample but those in which its margin is 0.3 (0.3 − 0.2 w, never above A)."""
        drawn = [{"margin_rate": [0.2, 0.1, 0.3 if n < 4 else 0.9]} for n in range(10)]
        values = VALUES | {"margin_rate": [0.2, 0.1, 0.9]}
        samples, now, then = cases.samples(values, drawn), stated(NOW), stated(THEN)
        flips = shift.count_first_flips(samples, ways.build_shift(now, then))
        assert flips.flips_at.notna().mean() == 0.6 and set(flips.winner_then[4:]) == {"C"}
        assert flips.flips_at[4:].to_list() == pytest.approx([PASSES_A] * 6)
        found = check(samples, now, then)
        assert found.notes[0].startswith("C takes the first place from A in 60 % of 10 other samples, there ")

    def test_that_somebody_stays_first_is_not_that_this_one_does(self, cases, stated):
        """In four of ten samples B leads on everything: nothing flips there, and A is not first."""
        values = {"market_growth": [0.6, 0.3], "margin_rate": [0.6, 0.5], "win_rate": [0.5, 0.5]}
        turned = {"market_growth": [0.3, 0.6], "margin_rate": [0.5, 0.6]}
        samples = cases.samples(values, [turned if n < 4 else {} for n in range(10)])
        found = check(samples, stated(NOW), stated(THEN))
        assert found.notes[0].startswith("A stays first all the way in 60 % of 10 other samples")
        assert found.status == "caution"

    def test_what_holds_here_and_not_in_other_samples_is_named(self, cases, stated):
        drawn = [{"margin_rate": [0.2, 0.6 if n % 2 else 0.8, 0.9]} for n in range(10)]
        found = check(cases.samples(VALUES, drawn), stated(NOW), stated(THEN))
        said = "Not sure, as other samples often give other verdicts on the way: B (the same in 50 %)."
        assert said in found.notes


class TestNothingFlips:
    def test_a_leader_on_everything_stays_first_and_by_how_much_is_said(self, cases, stated):
        """A leads by 0.3 on growth, 0.1 on margin: least at the end, (0.3 · 0.2 + 0.1 · 0.8) / 2 = 0.07."""
        values = {"market_growth": [0.6, 0.3], "margin_rate": [0.6, 0.5], "win_rate": [0.5, 0.5]}
        samples, now, then = cases.samples(values), stated(NOW), stated(THEN)
        moved = ways.build_shift(now, then)
        assert find_lead(samples, moved) == pytest.approx(0.07)
        found = check(samples, now, then)
        assert found.status == "pass" and found.table.flips_at.isna().all()
        assert found.headline.endswith(
            "no decision flips: A stays first by 0.07 of 1 at least, and no group changes its place."
        )
        # growth's weight is used up after 4/3 of the way, and A still leads there
        assert moved.furthest == pytest.approx(4 / 3)
        assert any("even if they moved 1.3 times as far" in note for note in found.notes)
        assert len(found.figures) == 1

    def test_beyond_the_stated_way(self, cases, stated):
        """B: 0.9 − 0.5 w, A: 0.2 + 0.8 w: level at w = 7/13, which takes 1.3077 times the way to 0.6."""
        values = {"market_growth": [1.0, 0.4], "margin_rate": [0.2, 0.9], "win_rate": [0.5, 0.5]}
        then = stated({"market_growth": 0.6, "margin_rate": 0.4})
        found = check(cases.samples(values), stated(NOW), then)
        assert any(
            "B would pass it only if the weights moved 1.3 times as far" in note for note in found.notes
        )

    def test_not_run(self, cases, stated):
        figures = CustomerFigures(table=NOTHING.table, needs=(NEEDS["won"],))
        samples, now = cases.samples(VALUES), stated(NOW)
        blind = stated(THEN, measures=["market_growth"])
        for made, words in (
            (check(samples, None, None, figures), "how the criteria weigh"),
            (check(samples, now, None, figures), "under another strategy"),
            (check(samples, now, stated(NOW), figures), "under another strategy"),  # the same weights
            (check(None, now, stated(THEN), figures), "no customer is in a group"),
            (check(samples, now, blind, figures), "too little is known"),
        ):
            assert made.status == "not_run" and words in made.headline and made.needs


class TestRaters:
    def test_each_ones_own_way(self, cases, stated):
        """Ann moves as above and flips; Bob stays at growth and does not."""
        now = stated({"Ann": NOW, "Bob": NOW})
        then = stated({"Ann": THEN, "Bob": {"market_growth": 0.7, "margin_rate": 0.3}})
        found = check(cases.samples(VALUES), now, then)
        assert any("changes for Ann (A, then C); it holds for Bob (A)" in note for note in found.notes), (
            found.notes
        )

    def test_the_sentence_for_segments(self, cases, stated):
        matrix = judge_matrix(cases.samples(VALUES), stated(NOW), draws=20)
        said = say_shift(matrix, stated(THEN), word="segment")
        assert len(said) == 1 and "C overtakes A as first target at 60 % of the way" in said[0]
        assert say_shift(matrix, None, word="segment") == say_shift(matrix, stated(NOW), word="segment") == []


def test_verdicts_that_turn_without_a_change_of_places_are_said_to_be_scores(cases, stated):
    """Both do well on margin: with weight on it A and B rise together, A ahead by 0.1 on both."""
    values = {"market_growth": [0.5, 0.4], "margin_rate": [0.9, 0.8], "win_rate": [0.5, 0.5]}
    found = check(cases.samples(values), stated(NOW), stated(THEN))
    assert (
        "become targets; A stays first all the way, and no group passes another: scores rise, ranks stay"
        in (found.headline)
    )


def test_a_first_place_by_name_only_is_no_first_place(cases, stated):
    values = {"market_growth": [0.5, 0.5], "margin_rate": [0.5, 0.5], "win_rate": [0.5, 0.5]}
    found = check(cases.samples(values), stated(NOW), stated(THEN))
    assert found.status == "caution" and "A comes first level with another group" in found.headline
    assert "the order of their names" in found.notes[0]
