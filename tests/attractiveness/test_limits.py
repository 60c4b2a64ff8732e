"""Limits of three groups, worked by hand.

====== ====== ========= ===== =======
group  margin customers reach revenue
====== ====== ========= ===== =======
A      0.50   400       0.8   600
B      0.28   200       0.9   300
C      0.10   100       0.7   100
====== ====== ========= ===== =======

Asked for: a margin of 0.30 and 150 customers at least, a reach of 0.95 at most.
"""

import numpy as np
import pandas as pd
import pytest

from segutils.attractiveness import limits as lim
from segutils.attractiveness.limit_options import AS_STATED, _round_past, build_limit_options

VALUES = {
    "margin_rate": [0.50, 0.28, 0.10],
    "customers": [400, 200, 100],
    "reach": [0.8, 0.9, 0.7],
    "net_revenue": [600, 300, 100],
}
NAN = np.nan


@pytest.fixture
def asked(cases):
    return cases.limit(("margin_rate", 0.30, NAN), ("customers", 150, NAN), ("reach", NAN, 0.95))


@pytest.fixture
def samples(cases):
    """Ten other samples: B's margin is 0.31 in four of them, everything else stays."""
    drawn = [{"margin_rate": [0.50, 0.31 if n < 4 else 0.27, 0.10]} for n in range(10)]
    return cases.samples(VALUES, drawn)


def standings_of(samples, asked, **options):
    return lim.build_standings(samples, asked, scales={"margin_rate": (0.0, 0.6), "reach": (0, 1)}, **options)


class TestStandings:
    def test_by_hand(self, samples, asked):
        table = standings_of(samples, asked).set_index(["name", "measure"])
        assert len(table) == 9 and (table.owner == "Ann").all()
        assert table.miss_share[("B", "margin_rate")] == 0.6 and table.miss_share[("A", "reach")] == 0
        assert table.distance[("B", "margin_rate")] == pytest.approx(0.02 / 0.6)
        assert table.distance[("C", "customers")] == pytest.approx(50 / 150)  # it has no scale
        said = table.standing.unstack()
        # B misses by a thirtieth of the scale; C by a third; B's reach of 0.9 is a twentieth below its end
        assert said.loc["B"].to_dict() == {
            "customers": "kept",
            "margin_rate": "excluded, near miss",
            "reach": "kept, near miss",
        }
        assert said.loc["C", ["customers", "margin_rate"]].to_list() == ["excluded", "excluded"]
        assert said.loc["A"].to_list() == ["kept", "kept", "kept"]

    def test_what_other_samples_would_decide_otherwise_is_a_near_miss_however_far(self, cases):
        drawn = [{"margin_rate": [0.1 if n < 3 else 0.9]} for n in range(10)]
        wide = cases.samples({"margin_rate": [0.9]}, drawn)
        ends = cases.limit(("margin_rate", 0.3, NAN))
        assert standings_of(wide, ends).standing.item() == "kept, near miss"  # missed in 3 of 10
        assert standings_of(wide, ends, firm=0.6).standing.item() == "kept"

    def test_intervals_are_those_of_the_samples(self, cases):
        drawn = [{"margin_rate": [n / 100]} for n in range(101)]
        table = standings_of(
            cases.samples({"margin_rate": [0.5]}, drawn), cases.limit(("margin_rate", 0, NAN))
        )
        assert table[["low", "high"]].to_numpy().ravel() == pytest.approx([0.05, 0.95])

    def test_a_measure_that_is_not_known_misses_nothing_and_is_named(self, cases):
        half = cases.samples({"margin_rate": [0.5, NAN]})
        ends = cases.limit(("margin_rate", 0.3, NAN), ("market_growth", 0, NAN))
        table = standings_of(half, ends)
        assert table.standing.to_list() == ["kept", "not known", "not known", "not known"]
        assert not table.missed.any()


class TestMoves:
    def test_by_hand(self, samples, asked):
        moves = lim.list_moves(standings_of(samples, asked), pd.Series({"A": 600, "B": 300, "C": 100}))
        told = moves.set_index(["measure", "move"])
        # only A keeps everything; B misses the margin alone, C two limits, so no single move brings C back
        assert moves.groupby(["measure", "move"], sort=False).name.agg(list).to_dict() == {
            ("margin_rate", "relax"): ["B"],
            ("margin_rate", "tighten"): ["A"],
            ("customers", "tighten"): ["A"],
            ("reach", "tighten"): ["A"],
        }
        assert told["at"].to_dict()[("margin_rate", "relax")] == 0.28
        assert told["at"].to_dict()[("reach", "tighten")] == 0.8  # an upper end tightens downwards
        assert told.groups_kept.to_dict()[("margin_rate", "relax")] == 2
        assert told.revenue_kept.to_dict()[("margin_rate", "relax")] == pytest.approx(0.9)

    def test_one_after_the_other(self, cases):
        three = cases.samples({"margin_rate": [0.5, 0.2, 0.1], "net_revenue": [50, 30, 20]})
        ends = cases.limit(("margin_rate", 0.3, NAN))
        moves = lim.list_moves(standings_of(three, ends), pd.Series({"A": 50, "B": 30, "C": 20}))
        assert moves.name.to_list() == ["B", "C", "A"] and moves["at"].to_list() == [0.2, 0.1, 0.5]
        assert moves.revenue_kept.to_list() == pytest.approx([0.8, 1.0, 0.0])
        assert moves.effect.to_list() == ["returns", "returns", "falls"]

    @pytest.mark.parametrize("seed", range(3))
    def test_the_breakpoints_are_where_the_list_changes(self, cases, seed):
        """Moved a little past each breakpoint, exactly the group named there changes sides."""
        rng = np.random.default_rng(seed)
        many = cases.samples({"margin_rate": rng.random(6), "reach": rng.random(6)})
        ends = cases.limit(("margin_rate", 0.4, NAN), ("reach", NAN, 0.8))
        for row in lim.list_moves(standings_of(many, ends), pd.Series(dtype=float)).itertuples():
            sign = 1 if (row.side == "min") == (row.effect == "falls") else -1
            before, after = (ends.copy() for _ in range(2))
            before.loc[before.measure == row.measure, row.side] = row.at - sign * 1e-9
            after.loc[after.measure == row.measure, row.side] = row.at + sign * 1e-9
            kept = [lim.portfolio.keep_limits(many.values, many.measures, e) for e in (before, after)]
            changed = np.flatnonzero(kept[0] != kept[1])
            assert [many.names[n] for n in changed] == [row.name]


class TestDecisive:
    def test_every_miss_and_else_the_nearest(self, samples, asked):
        table = lim.pick_decisive(standings_of(samples, asked))
        assert list(zip(table.name, table.measure, strict=True)) == [
            ("B", "margin_rate"),  # near miss first
            ("C", "margin_rate"),
            ("C", "customers"),
            ("A", "reach"),
        ]

    def test_the_same_list_counts_all_groups_together(self, samples, asked):
        assert lim.count_same(samples, asked) == 0.6


class TestOptions:
    def options(self, samples, asked, *, firm):
        standings = standings_of(samples, asked, firm=firm)
        moves = lim.list_moves(standings, pd.Series({"A": 600.0, "B": 300.0, "C": 100.0}))
        return build_limit_options(samples, asked, moves, standings, firm=firm)

    def test_an_exclusion_that_is_not_firm_is_not_recommended(self, samples, asked):
        """B misses in 0.6 of samples: at 0.8 a wrong exclusion counts 4 times as much.

        As stated: 4 · 0.4 of 12; relaxed: 0.6 of 12.
        """
        table = self.options(samples, asked, firm=0.8).table
        relaxed = "Relax the limit on contribution margin to 28.0 %"
        assert table.option[0] == relaxed
        score = table.set_index("option").score
        assert score[relaxed] == pytest.approx(1 - 0.6 / 12) and score[AS_STATED] == pytest.approx(
            1 - 1.6 / 12
        )
        by = table.set_index("option")
        assert by.excluded[relaxed] == "C" and by.excluded[AS_STATED] == "B, C"
        assert by.revenue_kept[relaxed] == pytest.approx(0.9) and by.same_list[AS_STATED] == 0.6
        assert by.wrongly_out[AS_STATED] == pytest.approx(0.4) and by.wrongly_in[relaxed] == pytest.approx(
            0.6
        )

    def test_one_that_is_firm_is(self, samples, asked):
        """The mark between them is what decides: from 0.6 on B's exclusion is firm."""
        assert self.options(samples, asked, firm=0.59).table.option[0] == AS_STATED
        assert self.options(samples, asked, firm=0.61).table.option[0] != AS_STATED

    def test_tighter_limits_exclude_wrongly_what_they_exclude(self, samples, asked):
        table = self.options(samples, asked, firm=0.8).table.set_index("option")
        tighter = table.loc["Tighten the limit on contribution margin to 50.1 %"]
        assert tighter.excluded == "A, B, C" and tighter.wrongly_out == pytest.approx(1 + 0.4)

    def test_several_that_are_not_firm_are_offered_together(self, cases):
        drawn = [
            {"margin_rate": [0.5, 0.31 if n < 4 else 0.28, 0.6], "reach": [0.9, 0.9, 0.5 if n > 3 else 0.29]}
            for n in range(10)
        ]
        start = {"margin_rate": [0.5, 0.29, 0.6], "reach": [0.9, 0.9, 0.29], "net_revenue": [1.0, 1, 1]}
        two = cases.samples(start, drawn)
        ends = cases.limit(("margin_rate", 0.3, NAN), ("reach", 0.3, NAN))
        table = self.options(two, ends, firm=0.8).table
        assert table.option[0] == "Exclude only what surely misses a limit"
        assert table.excluded[0] == "nobody"

    @pytest.mark.parametrize("side", ["min", "max"])
    @pytest.mark.parametrize(
        "measure", ["margin_rate", "reach", "customers", "net_revenue", "satisfaction", "market_growth"]
    )
    def test_a_limit_is_moved_to_a_number_as_it_is_written(self, measure, side):
        rng = np.random.default_rng(3)
        for value in [*rng.random(50), 0.3, 0.25, 0.1 + 0.2, -0.0123, 0.0]:
            value = value * (1e6 if measure in ("customers", "net_revenue") else 1)
            falls, keeps = (_round_past(measure, value, side=side, past=past) for past in (True, False))
            assert (value < falls) if side == "min" else (value > falls)
            assert (value >= keeps) if side == "min" else (value <= keeps)
            assert abs(falls - keeps) <= {"customers": 1, "net_revenue": 1e4}.get(measure, 0.0101)
