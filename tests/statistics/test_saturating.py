"""Programmes with saturating returns: on paper, against solvers that share no code, and at the edges."""

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from segutils.errors import InputError
from segutils.statistics import saturating
from segutils.statistics.saturating import Programmes, maximise

LN2 = np.log(2)


def make(*, straight=None, curved=None, uses, helps=None, bend=None, room) -> Programmes:
    """One programme, or several of the same shape."""
    uses = np.asarray(uses, dtype=float)
    uses = uses if uses.ndim == 3 else uses[None]
    count, _, columns = uses.shape
    nothing = np.zeros((count, columns))
    return Programmes(
        straight=nothing if straight is None else np.reshape(straight, (count, columns)).astype(float),
        curved=nothing if curved is None else np.reshape(curved, (count, columns)).astype(float),
        uses=uses,
        helps=np.zeros_like(uses) if helps is None else np.reshape(helps, uses.shape).astype(float),
        bend=nothing + 1 if bend is None else np.reshape(bend, (count, columns)).astype(float),
        room=np.reshape(room, (count, uses.shape[1])).astype(float),
    )


class TestByHand:
    def test_a_straight_column_is_taken_as_far_as_there_is_room(self):
        """3 a share, a room of 1 for a use of 4: a quarter, 0.75, and 0.75 for one more unit of room."""
        found = maximise(make(straight=[3], uses=[[4]], room=[1]))
        assert found.shares[0] == pytest.approx([0.25]) and found.values[0] == pytest.approx(0.75)
        assert found.prices[0] == pytest.approx([0.75])

    def test_what_costs_more_than_it_brings_is_left_and_what_has_room_is_taken_whole(self):
        found = maximise(make(straight=[-1, 2], uses=[[1, 1]], room=[5]))
        assert found.shares[0].tolist() == [0, 1] and found.prices[0].tolist() == [0]
        assert found.values[0] == pytest.approx(2, rel=1e-9)

    def test_two_curves_share_room_where_their_slopes_are_equal(self):
        """Both halve over a fifth: 32/31 * 4 (1 - 2^-5x) and 32/31 * 2 (1 - 2^-5y), x + y = 0.6.

        Slopes are equal where 2^(-5x) * 2 = 2^(-5y): x - y = 0.2, so 0.4 and 0.2, and the price is
        32/31 * 4 * 5 ln 2 / 4.
        """
        found = maximise(make(curved=[4, 2], uses=[[1, 1]], bend=[5 * LN2, 5 * LN2], room=[0.6]))
        assert found.shares[0] == pytest.approx([0.4, 0.2], rel=1e-5)
        assert found.values[0] == pytest.approx(32 / 31 * (4 * 0.75 + 2 * 0.5), rel=1e-9)
        assert found.prices[0] == pytest.approx([32 / 31 * 5 * LN2], rel=1e-5)

    def test_a_curve_that_helps_to_keep_a_limit(self):
        """The share costs 1 and must bring 1/2 on a curve with 2 (1 - 2^-x): 2^-x = 3/4.

        One more unit of room saves 1 / slope of shares: 1 / (2 ln 2 * 3/4).
        """
        found = maximise(make(straight=[-1], uses=[[0]], helps=[[1]], bend=[LN2], room=[-0.5]))
        assert found.shares[0] == pytest.approx([np.log2(4 / 3)], rel=1e-8)
        assert found.prices[0] == pytest.approx([1 / (1.5 * LN2)], rel=1e-7)

    def test_no_limits(self):
        """4 * 32/31 (1 - 2^-5x) - x is highest where its slope 4 * 32/31 * 5 ln 2 / 2^5x is 1."""
        found = maximise(make(straight=[-1], curved=[4], uses=np.zeros((1, 0, 1)), bend=[5 * LN2], room=[]))
        by_hand = np.log2(32 / 31 * 4 * 5 * LN2) / 5
        assert found.shares[0] == pytest.approx([by_hand], rel=1e-5) and found.prices.shape == (1, 0)


class TestAgainstOthers:
    @pytest.mark.parametrize("seed", range(5))
    def test_straight_columns_against_a_linear_programme(self, seed):
        rng = np.random.default_rng(seed)
        straight, uses = rng.normal(size=(40, 8)), rng.uniform(0, 1, (40, 3, 8))
        uses[:, 2] = -uses[:, 2]  # a floor
        room = np.column_stack([rng.uniform(1, 3, (40, 2)), -rng.uniform(0.5, 2.5, 40)])
        found = maximise(make(straight=straight, uses=uses, room=room))
        feasible = 0
        for own in range(40):
            other = linprog(-straight[own], A_ub=uses[own], b_ub=room[own], bounds=(0, 1))
            assert np.isneginf(found.values[own]) == (other.status == 2)
            if other.status == 0:
                feasible += 1
                assert found.values[own] == pytest.approx(-other.fun, abs=1e-8)
                assert found.prices[own] == pytest.approx(-other.ineqlin.marginals, abs=1e-6)
        assert 10 < feasible < 40

    @pytest.mark.parametrize("seed", range(5))
    def test_curves_against_slsqp(self, seed):
        rng = np.random.default_rng(seed)
        curved, bend = rng.uniform(0, 3, 7), rng.uniform(0.01, 8, 7)
        uses, helps = rng.uniform(0, 1, (3, 7)), np.zeros((3, 7))
        uses[2], helps[2] = 0.2 * uses[2], rng.uniform(0, 1, 7)
        room, straight = [1.0, 1.2, -0.7], -rng.uniform(0, 2, 7)
        found = maximise(make(straight=straight, curved=curved, uses=uses, helps=helps, bend=bend, room=room))

        def rise(x: np.ndarray) -> np.ndarray:
            return (1 - np.exp(-bend * x)) / (1 - np.exp(-bend))

        def left(x: np.ndarray) -> np.ndarray:
            return room - uses @ x + helps @ rise(x)

        other = minimize(
            lambda x: -straight @ x - curved @ rise(x),
            np.full(7, 0.3),
            bounds=[(0, 1)] * 7,
            constraints={"type": "ineq", "fun": left},
            tol=1e-13,
            options={"maxiter": 500},
        )
        assert other.success and found.values[0] == pytest.approx(-other.fun, rel=1e-7)
        assert left(found.shares[0]).min() > -1e-8

    def test_each_programme_is_solved_as_if_it_were_alone_and_in_any_unit(self):
        rng = np.random.default_rng(7)
        plain = make(
            straight=-rng.uniform(0, 1, (30, 6)),
            curved=rng.uniform(0, 3, (30, 6)),
            uses=rng.uniform(0, 1, (30, 2, 6)),
            bend=rng.uniform(0.1, 20, (30, 6)),
            room=rng.uniform(0, 2, (30, 2)),
        )
        money, people = 10.0 ** rng.integers(-4, 9, 30), 10.0 ** rng.integers(-6, 7, (30, 2))
        other = Programmes(
            straight=plain.straight * money[:, None],
            curved=plain.curved * money[:, None],
            uses=plain.uses * people[:, :, None],
            helps=plain.helps,
            bend=plain.bend,
            room=plain.room * people,
        )
        together = maximise(other)
        for own in range(30):
            alone = maximise(plain.pick(np.array([own])))
            assert together.shares[own] == pytest.approx(alone.shares[0], abs=1e-5)
            assert together.values[own] / money[own] == pytest.approx(alone.values[0], rel=1e-9)
            prices = together.prices[own] * people[own] / money[own]
            assert prices == pytest.approx(alone.prices[0], rel=1e-5, abs=1e-6)


class TestEdges:
    def test_no_plan(self):
        """A floor of 1 is out of reach of columns that give 0.9; and no use is less than none."""
        found = maximise(make(straight=[1, 1], uses=[[-0.5, -0.4]], room=[-1]))
        assert np.isneginf(found.values[0]) and np.isnan(found.shares).all() and np.isnan(found.prices).all()
        assert np.isneginf(maximise(make(straight=[1], uses=[[1]], room=[-0.1])).values[0])

    def test_the_border_between_some_plan_and_none(self):
        uses = np.broadcast_to([[[-0.5, -0.4]]], (2, 1, 2))
        found = maximise(make(straight=np.full((2, 2), -1.0), uses=uses, room=[-0.9 + 1e-5, -0.9 - 1e-5]))
        assert found.values[0] == pytest.approx(-2, abs=1e-4) and np.isneginf(found.values[1])

    def test_a_limit_from_both_sides_leaves_one_amount(self):
        """Exactly 0.6 of a share that costs 1: one less from below saves 1."""
        found = maximise(make(straight=[-1], uses=[[1], [-1]], room=[0.6, -0.6]))
        assert found.shares[0] == pytest.approx([0.6], abs=1e-7)
        assert found.prices[0, 1] - found.prices[0, 0] == pytest.approx(1, rel=1e-6)

    def test_columns_that_bring_and_use_nothing_do_no_harm(self):
        found = maximise(make(straight=[0, 3], uses=[[0, 4]], room=[1]))
        assert found.shares[0, 1] == pytest.approx(0.25) and found.values[0] == pytest.approx(0.75)

    def test_a_limit_that_never_binds_has_no_price(self):
        found = maximise(make(straight=[3], uses=[[4], [1e-9]], room=[1, 1e12]))
        assert found.prices[0].tolist() == [pytest.approx(0.75), 0.0]

    def test_what_is_not_solved_is_not_passed_off_as_solved(self, monkeypatch):
        monkeypatch.setattr(saturating, "STEPS", 2)
        with pytest.raises(InputError, match="cannot be told"):
            maximise(make(straight=[3], uses=[[4]], room=[1]))
