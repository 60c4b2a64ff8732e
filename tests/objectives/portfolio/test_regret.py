"""Plans in all futures: regrets by hand, and plans that the draws cannot tell apart."""

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.objectives.portfolio.declared import States, draw_states, read_declared
from segutils.objectives.portfolio.depth_or_breadth import NOTHING
from segutils.objectives.portfolio.regret import (
    Tried,
    build_regret_table,
    list_plans,
    share_held,
    share_held_elsewhere,
    try_plans,
)
from tests.objectives.portfolio.test_depth_or_breadth import LINES, future, invest

FAILS = future("A fails", 0.5, A=0.0)


class TestRegret:
    """One budget of 100; A brings 400, B 300 at most, half of it with 100; A may bring nothing (0.5)."""

    def tried(self):
        investments, budgets = invest(LINES)
        declared = read_declared(investments, budgets)
        states = draw_states(declared, investments, FAILS, draws=3, seed=1)
        plans = {"A": np.array([[100.0, 0.0]]), "B": np.array([[0.0, 100.0]]), NOTHING: np.zeros((1, 2))}
        return try_plans(declared, states, plans)

    def test_by_hand(self):
        """Expected: all on A 200 - 100 = 100, all on B 150 - 100 = 50. The best plan makes both slopes alike,
        400 · 2^-a = 300 · 2^-b with a + b = 1 (hundreds), so both are sqrt(400 · 300 / 2) = 244.95 and the
        value is 400 + 300 - 2 · 244.95 - 100 = 110.10.
        A fails: A -100, B 50; the best is to put into B up to the slope of 1: 100 · log2(3 ln 2) = 105.6,
        more than there is, so 50."""
        found = build_regret_table(self.tried()).set_index("option")
        assert found["expected"].to_list() == pytest.approx([10.10, 60.10, 110.10], abs=0.01)
        assert found["A fails"].to_list() == pytest.approx([150.0, 0.0, 50.0], abs=1e-6)
        assert found["max"].to_list() == pytest.approx([150.0, 60.10, 110.10], abs=0.01)
        assert found["mean"].to_list() == pytest.approx([80.05, 30.05, 80.05], abs=0.01)

    def test_values_intervals_and_places(self):
        plans = list_plans(self.tried()).set_index("option")
        assert plans.value.to_list() == pytest.approx([0.0, 50.0, 0.0])  # A: half of 100 and -100
        assert plans.loc["A", ["low", "high"]].to_list() == pytest.approx([-100.0, 100.0])
        assert plans.worst_in.to_dict() == {"A": "A fails", "B": "expected", NOTHING: "expected"}
        assert plans.first_share.to_dict() == {"A": 0.5, "B": 0.5, NOTHING: 0.0}

    def test_what_is_left_to_one_is_the_future_expected(self):
        investments, budgets = invest(LINES)
        declared = read_declared(investments, budgets)
        both = pd.concat([future("X", 0.2, A=2.0), future("Y", 0.3, all=0.5)])
        states = draw_states(declared, investments, both, draws=2, seed=0)
        assert states.probability.tolist() == pytest.approx([0.5, 0.2, 0.3]) and states.stated
        # 0.5 · 400 + 0.2 · 800 + 0.3 · 200 and 0.5 · 300 + 0.2 · 300 + 0.3 · 150
        assert states.mean[0].tolist() == pytest.approx([420.0, 255.0])
        unsaid = draw_states(declared, investments, future("X", A=2.0), draws=2, seed=0)
        assert unsaid.probability.tolist() == [0.5, 0.5] and not unsaid.stated
        with pytest.raises(InputError, match=r"1\.2"):
            draw_states(declared, investments, future("X", 1.2, A=2.0), draws=2, seed=0)


def make_tried(values, *, groups=(1, 2)):
    """Plans in one scenario, each with money in so many groups; the best that could be had is 1,000."""
    values = np.array(values, dtype=float)[:, None, :]
    amounts = np.zeros((len(values), 1, max(groups)))
    for plan, number in enumerate(groups):
        amounts[plan, 0, :number] = 1.0
    states = States(
        names=("expected",),
        probability=np.ones(1),
        stated=False,
        ceiling=np.zeros((1, values.shape[2], 1, 1)),
    )
    best = np.full(values.shape[1:], 1000.0)
    names = tuple(f"{n} groups" for n in groups)
    return Tried(names=names, amounts=amounts, values=values, best=best, states=states)


class TestTooCloseToTell:
    """Two plans, ten draws. The first misses 99 in the first draw and 20 elsewhere, 27.9 on average; the
    second 100 in one draw, or in half of them, and nothing elsewhere."""

    def test_regrets_that_hang_on_one_draw_do_not_decide(self):
        """Without that draw, in (9 / 10)^10 = 35 % of other sets, the second plan misses nothing: it is worth
        990 on average, 17.9 more, and 0.5 % of 990 is 5."""
        tried = make_tried([[901] + [980] * 9, [1000] * 9 + [900]])
        assert tried.expected().tolist() == pytest.approx([972.1, 990.0])
        assert tried.regrets.max(axis=(1, 2)).tolist() == [99, 100]
        assert tried.names[tried.choose("regret", same=0.0)] == "2 groups"
        assert tried.names[tried.choose("regret", same=0.005)] == "2 groups"

    def test_regrets_that_are_there_in_half_of_the_draws_do(self):
        """Every other set has one of the five draws but for (1 / 2)^10 of them: 0.1 %, and not one of ten."""
        tried = make_tried([[980] * 10, [1000] * 5 + [900] * 5])
        assert tried.names[tried.choose("regret", same=0.005)] == "1 groups"
        assert share_held_elsewhere(tried, 0, "regret", same=0.005, seed=1) > 0.95

    def test_of_plans_worth_the_same_the_simpler_one_is_taken_and_stands(self):
        """998 is within 0.5 % of 1,000 in every draw: fewer groups are taken, and stand by that rule."""
        tried = make_tried([[998] * 10, [1000] * 10])
        for rule in ("regret", "value"):
            assert tried.choose(rule, same=0.005) == 0 and tried.choose(rule, same=0.001) == 1
        assert share_held(tried, 0, same=0.005) == 1.0
        assert share_held_elsewhere(tried, 0, "regret", same=0.005, seed=1) == 1.0
        assert share_held_elsewhere(tried, 0, "regret", same=0.001, seed=1) == 0.0

    def test_a_scenario_is_left_out_in_turn(self):
        """A alone is the choice where it never fails, B where it always does; both at once: B (see above)."""
        investments, budgets = invest(LINES)
        declared = read_declared(investments, budgets)
        states = draw_states(declared, investments, FAILS, draws=3, seed=1)
        plans = {"A": np.array([[100.0, 0.0]]), "B": np.array([[0.0, 100.0]])}
        tried = try_plans(declared, states, plans)
        # nothing left out: B misses 60.10, A 150; without the failure A 10.10; with it alone B nothing
        assert share_held_elsewhere(tried, 1, "regret", seed=1) == pytest.approx(2 / 3)
        assert share_held_elsewhere(tried, 0, "regret", seed=1) == pytest.approx(1 / 3)
