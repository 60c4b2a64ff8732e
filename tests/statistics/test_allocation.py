"""The allocation against a published programme, plans solved by hand, and independent solvers."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from segutils.errors import InputError
from segutils.statistics.allocation import (
    Limit,
    Option,
    allocate,
    allocate_draws,
    price_limits,
    relax_limits,
    value_draws,
    value_plan,
)
from segutils.statistics.responses import amount_at_slope, return_a_year

LN2 = np.log(2)


def straight(name: str, slope: float, uses: dict[str, float], **more) -> Option:
    """A curve so wide that it is a straight line as far as plans go."""
    return Option(
        name=name, group=name, budget="money", ceiling=slope * 1e10 / LN2, half_at=1e10, uses=uses, **more
    )


def curved(name: str, ceiling: float, half_at: float, **more) -> Option:
    return Option(
        **{"group": name, "budget": "money", "uses": {"money": 1.0}, **more},
        name=name,
        ceiling=ceiling,
        half_at=half_at,
    )


class TestPublished:
    """Wyndor Glass: Hillier and Lieberman, Introduction to Operations Research, ch. 3.1 and 4.7."""

    OPTIONS = (straight("doors", 3, {"1": 1, "3": 3}), straight("windows", 5, {"2": 2, "3": 2}))
    LIMITS = (Limit(name="1", amount=4), Limit(name="2", amount=12), Limit(name="3", amount=18))

    def test_plan_and_duals(self):
        """They print (2, 6), Z = 36, and shadow prices 0, 3/2 and 1."""
        found = allocate(self.OPTIONS, self.LIMITS)
        assert found.amounts.amount.tolist() == pytest.approx([2, 6], rel=1e-6)
        assert found.value == pytest.approx(36, rel=1e-6)
        assert found.limits.shadow_price.tolist() == pytest.approx([0, 1.5, 1], abs=1e-6)
        assert found.limits.binding.tolist() == [False, True, True]
        assert found.limits.left.tolist() == pytest.approx([2, 0, 0], abs=1e-6)

    def test_one_more_hour(self):
        """One more hour in plant 2: (5/3, 6.5), Z = 37.5; in plant 3: (7/3, 6), Z = 37."""
        priced = price_limits(self.OPTIONS, self.LIMITS, steps={"1": 1, "2": 1, "3": 1})
        assert priced.gain.tolist() == pytest.approx([0, 1.5, 1], abs=1e-5)

    def test_a_step_beyond_the_range_is_worth_less_than_its_price(self):
        """Plant 3 is worth 1 an hour only up to 24 hours (x = 4): 100 more hours bring 6, not 100."""
        priced = price_limits(self.OPTIONS, self.LIMITS, steps={"3": 100})
        assert priced.gain[0] == pytest.approx(6, abs=1e-4)
        assert priced.marginal_gain[0] == pytest.approx(100, rel=1e-5)


class TestByHand:
    def test_equal_marginal_returns(self):
        """Two curves on paper.

        A: 400 (1 - 2^(-a/100)), B: 200 (1 - 2^(-b/100)), a + b = 300. Slopes are equal where
        4 * 2^(-a/100) = 2 * 2^(-b/100), so a - b = 100: a = 200, b = 100. Value 400 * 3/4 + 200 * 1/2 = 400.
        Price of money: 400 ln 2 / 100 * 2^-2 = ln 2.
        """
        found = allocate([curved("A", 400, 100), curved("B", 200, 100)], [Limit(name="money", amount=300)])
        assert found.amounts.amount.tolist() == pytest.approx([200, 100], rel=1e-4)
        assert found.value == pytest.approx(400, rel=1e-7)
        assert found.limits.shadow_price[0] == pytest.approx(LN2, rel=1e-4)
        assert found.amounts.marginal_value.tolist() == pytest.approx([LN2, LN2], rel=1e-4)
        assert found.by_group().index.tolist() == ["A", "B"]

    def test_money_that_can_be_kept_is_kept(self):
        """At a price of 1, A stops where 4 ln 2 * 2^(-a/100) = 1: a = 100 log2(4 ln 2), and B the same."""
        options = [curved("A", 400, 100, price=1), curved("B", 200, 100, price=1)]
        found = allocate(options, [Limit(name="money", amount=1000)])
        by_hand = [100 * np.log2(4 * LN2), 100 * np.log2(2 * LN2)]
        assert found.amounts.amount.tolist() == pytest.approx(by_hand, rel=1e-3)
        assert not found.limits.binding[0] and found.limits.shadow_price[0] == 0
        assert found.value == pytest.approx(600 - 100 / LN2 * 2 - sum(by_hand), rel=1e-6)

    def test_worth_and_a_floor(self):
        """A floor under B's return: 150 of 200 needs b = 200, so a = 100; one less of it frees money.

        Relaxing the floor by 1 frees 1 / B's slope = 100 / (50 ln 2) of money; it then earns A's slope
        2 ln 2 less B's ln 2 / 2: together 2 ln 2 / (ln 2 / 2) - 1 = 3.
        """
        floor = Limit(name="B's return", amount=150, kind="at_least")
        options = [curved("A", 400, 100), curved("B", 200, 100, gives={"B's return": 1})]
        found = allocate(options, [Limit(name="money", amount=300), floor])
        assert found.amounts.amount.tolist() == pytest.approx([100, 200], rel=1e-4)
        assert found.limits.shadow_price[1] == pytest.approx(3, rel=1e-3)
        assert found.limits.binding.tolist() == [True, True]

    def test_a_minimum_is_taken_whole_or_not_at_all(self):
        """C needs 250 of 300: then 50 are left for A.

        With C: 300 (1 - 2^-2.5) + 400 (1 - 2^-0.5) = 246.97 + 117.16 = 364.1; without it 400 (see above).
        At a ceiling of 400 C would bring 329.29 + 117.16 = 446.4 and win, at its minimum, with B at 0.
        """
        money = [Limit(name="money", amount=300)]
        curves = [curved("A", 400, 100), curved("B", 200, 100)]
        without = allocate([*curves, curved("C", 300, 100, min_amount=250)], money)
        assert without.amounts.amount.tolist() == pytest.approx([200, 100, 0], rel=1e-4)
        assert without.value == pytest.approx(400, rel=1e-6)
        within = allocate([*curves, curved("C", 400, 100, min_amount=250)], money)
        assert within.amounts.amount.tolist() == pytest.approx([50, 0, 250], rel=1e-4, abs=1e-6)
        assert within.value == pytest.approx(400 * (1 - 2**-0.5) + 400 * (1 - 2**-2.5), rel=1e-6)
        # as things are on and off, the last unit earns A's slope: 4 ln 2 * 2^-0.5
        assert within.limits.shadow_price[0] == pytest.approx(4 * LN2 * 2**-0.5, rel=1e-4)

    def test_a_step_that_starts_something_is_worth_more_than_its_price(self):
        """Only D, which needs 100: at 60 nothing can be done, with 40 more it returns 50 of 100."""
        options, money = [curved("D", 100, 100, min_amount=100)], [Limit(name="money", amount=60)]
        priced = price_limits(options, money, steps={"money": 40})
        assert priced.gain[0] == pytest.approx(50, rel=1e-6) and priced.marginal_gain[0] == 0

    def test_a_most_amount_is_kept(self):
        found = allocate([curved("A", 400, 100, max_amount=30)], [Limit(name="money", amount=300)])
        assert found.amounts.amount[0] == pytest.approx(30)
        assert found.limits.left[0] == pytest.approx(270)

    def test_no_money_no_return_and_no_limit(self):
        """An empty budget buys nothing; what returns nothing gets nothing; A alone stops at log2(4 ln 2)."""
        options = [curved("A", 400, 100, price=1), curved("N", 0, 100, price=1)]
        empty = allocate(options, [Limit(name="money", amount=0)])
        assert empty.amounts.amount.tolist() == [0, 0] and empty.value == 0
        free = allocate([replace(option, uses={}) for option in options], [])
        assert free.amounts.amount.tolist() == pytest.approx([100 * np.log2(4 * LN2), 0], rel=1e-3)
        assert free.limits.empty and free.feasible


class TestNothingLeft:
    """Limits that leave no choice: what one more unit would add is still known."""

    def test_an_empty_budget_is_worth_the_steepest_first_step(self):
        """The first unit earns A's 4 ln 2 less itself; with a second empty limit neither helps alone."""
        options = [curved("A", 400, 100, price=1), curved("B", 200, 100, price=1)]
        empty = allocate(options, [Limit(name="money", amount=0)])
        assert empty.limits.binding[0] and empty.limits.shadow_price[0] == pytest.approx(4 * LN2 - 1)
        both = [replace(option, uses={"money": 1.0, "people": 1.0}) for option in options]
        two = allocate(both, [Limit(name="money", amount=0), Limit(name="people", amount=0)])
        assert two.limits.shadow_price.tolist() == [0, 0]

    def test_a_minimum_that_takes_the_whole_budget(self):
        """D takes 100 of 100; the next unit would earn its slope there: ln 2 / 2."""
        found = allocate([curved("D", 100, 100, min_amount=100)], [Limit(name="money", amount=100)])
        assert found.amounts.amount[0] == 100 and found.value == pytest.approx(50)
        assert found.limits.shadow_price[0] == pytest.approx(LN2 / 2)

    def test_money_that_must_be_spent_to_the_last(self):
        """300 of 300 as above, but at a price of 5: one unit less saves 5 and loses ln 2."""
        both = {"price": 5, "uses": {"money": 1, "spent": 1}}
        limits = [Limit(name="money", amount=300), Limit(name="spent", amount=300, kind="at_least")]
        found = allocate([curved("A", 400, 100, **both), curved("B", 200, 100, **both)], limits)
        assert found.amounts.amount.tolist() == pytest.approx([200, 100], rel=1e-5)
        assert found.value == pytest.approx(400 - 1500, rel=1e-6)
        prices = found.limits.shadow_price
        assert prices[1] - prices[0] == pytest.approx(5 - LN2, rel=1e-5)


class TestDraws:
    """Many draws at once are planned as each of them alone."""

    @pytest.fixture
    def problem(self):
        rng = np.random.default_rng(11)
        options = [
            curved(
                f"o{place}",
                rng.uniform(1, 4),
                rng.uniform(0.5, 2),
                worth=1.5,
                price=1,
                min_amount=rng.uniform(0, 1) if place % 3 else 0.0,
                uses={"money": 1, "people": rng.uniform(1, 4)},
                gives={"year": rng.uniform(0, 1)},
            )
            for place in range(7)
        ]
        year = Limit(name="year", amount=2.0, kind="at_least")
        limits = [Limit(name="money", amount=4), Limit(name="people", amount=9), year]
        ceilings = np.array([option.ceiling for option in options]) * rng.uniform(0.3, 1.6, (25, 7))
        return options, limits, ceilings

    @staticmethod
    def draw(options, row):
        return [replace(option, ceiling=ceiling) for option, ceiling in zip(options, row, strict=True)]

    def test_of_what_money_brings_back(self, problem):
        options, limits, ceilings = problem
        found = allocate_draws(options, limits, ceilings=ceilings)
        assert 3 < found.feasible.sum() < 25  # in some the floor is out of reach
        for row, own in enumerate(ceilings):
            alone = allocate(self.draw(options, own), limits)
            assert alone.feasible == found.feasible[row]
            if alone.feasible:
                assert found.values[row] == pytest.approx(alone.value, rel=1e-8)
                assert found.amounts[row] == pytest.approx(alone.amounts.amount.to_numpy(), abs=1e-5)
                assert found.returns[row] == pytest.approx(alone.amounts.return_a_year.to_numpy(), abs=1e-5)
                assert found.prices[row] == pytest.approx(alone.limits.shadow_price.to_numpy(), abs=1e-4)
                held = alone.limits.binding & (alone.limits.shadow_price > 0)
                assert found.held[row].tolist() == held.tolist()
            else:
                assert np.isnan(found.values[row]) and np.isnan(found.amounts[row]).all()

    def test_of_what_is_allowed(self, problem):
        options, limits, _ = problem
        bounds = np.array([[4, 9, 1.0], [2, 9, 0.5], [4, 5, 0.5], [4, 9, 50.0]])
        found = allocate_draws(options, limits, bounds=bounds)
        for row, amounts in enumerate(bounds):
            moved = [replace(limit, amount=amount) for limit, amount in zip(limits, amounts, strict=True)]
            assert found.values[row] == pytest.approx(allocate(options, moved).value, rel=1e-8, nan_ok=True)
        assert found.feasible.tolist() == [True, True, True, False]

    def test_of_a_given_plan(self, problem):
        options, limits, ceilings = problem
        plan = np.linspace(0, 1.2, 7)
        found = value_draws(options, limits, plan, ceilings=ceilings)
        for row, own in enumerate(ceilings):
            alone = value_plan(self.draw(options, own), limits, plan)
            assert found.values[row] == pytest.approx(alone.value)
            assert found.left[row] == pytest.approx(alone.limits.left.to_numpy())
        best = allocate_draws(options, limits, ceilings=ceilings)
        shares, known = found.share_of(best), best.feasible
        assert np.isnan(shares[~known]).all()
        assert shares[known] == pytest.approx(np.minimum(found.values[known] / best.values[known], 1))

    @pytest.mark.parametrize("near", [None, [0] * 7, [1] * 7, [1, 0, 0, 1, 0, 1, 1]])
    def test_whatever_plan_is_said_to_be_near(self, problem, near):
        options, limits, ceilings = problem
        plain = allocate_draws(options, limits, ceilings=ceilings)
        found = allocate_draws(options, limits, ceilings=ceilings, near=near)
        assert found.values == pytest.approx(plain.values, rel=1e-6, nan_ok=True)


class TestIndependent:
    """Random problems against solvers that share no code with the engine."""

    def test_one_budget_against_bisection_on_the_multiplier(self):
        rng = np.random.default_rng(4)
        curve = {"ceiling": rng.uniform(1e5, 5e6, 12), "half_at": rng.uniform(1e5, 3e6, 12)}
        options = [curved(f"o{i}", curve["ceiling"][i], curve["half_at"][i]) for i in range(12)]

        def spent(price: float) -> float:
            return float(amount_at_slope(price, **curve).sum()) - 4e6

        price = brentq(spent, 1e-9, 50.0, xtol=1e-14)
        found = allocate(options, [Limit(name="money", amount=4e6)])
        by_multiplier = amount_at_slope(price, **curve)
        assert found.limits.shadow_price[0] == pytest.approx(price, rel=1e-4)
        assert found.amounts.amount.to_numpy() == pytest.approx(by_multiplier, rel=1e-3, abs=500)
        assert found.value == pytest.approx(return_a_year(by_multiplier, **curve).sum(), rel=1e-8)

    @pytest.mark.parametrize("seed", range(4))
    def test_several_limits_against_slsqp(self, seed):
        rng = np.random.default_rng(seed)
        curve = {"ceiling": rng.uniform(1, 6, 8), "half_at": rng.uniform(0.3, 3, 8)}
        people, year = rng.uniform(1, 5, 8), rng.uniform(0, 1, 8)
        limits = [
            Limit(name="money", amount=5),
            Limit(name="people", amount=12),
            Limit(name="year", amount=1.0, kind="at_least"),  # binds at seed 2
        ]
        options = [
            curved(
                f"o{i}",
                curve["ceiling"][i],
                curve["half_at"][i],
                worth=2.5,
                price=1,
                uses={"money": 1, "people": people[i], "year": -0.3},
                gives={"year": year[i]},
            )
            for i in range(8)
        ]
        found = allocate(options, limits)

        def value(x: np.ndarray) -> float:
            return float(2.5 * return_a_year(x, **curve).sum() - x.sum())

        rules = [
            {"type": "ineq", "fun": lambda x: 5 - x.sum()},
            {"type": "ineq", "fun": lambda x: 12 - people @ x},
            {"type": "ineq", "fun": lambda x: year @ return_a_year(x, **curve) - 0.3 * x.sum() - 1.0},
        ]
        other = minimize(
            lambda x: -value(x), np.full(8, 0.3), bounds=[(0, None)] * 8, constraints=rules, tol=1e-12
        )
        assert other.success
        assert found.value == pytest.approx(-other.fun, rel=1e-6)
        assert (found.limits.left >= 0).all()
        # shadow prices are what a small change of each limit adds
        for limit, price in zip(limits, found.limits.shadow_price, strict=True):
            eased = replace(limit, amount=limit.amount + limit.sign * 1e-3)
            again = allocate(options, [eased if other is limit else other for other in limits])
            assert (again.value - found.value) / 1e-3 == pytest.approx(price, rel=0.02, abs=2e-3)

    @pytest.mark.parametrize("seed", range(3))
    def test_on_and_off_against_all_combinations(self, seed):
        rng = np.random.default_rng(100 + seed)
        limits = [Limit(name="money", amount=4), Limit(name="people", amount=9)]
        options = [
            curved(
                f"o{i}",
                rng.uniform(1, 4),
                rng.uniform(0.5, 2),
                worth=1.5,
                price=1,
                min_amount=rng.uniform(0.6, 1.5),
                uses={"money": 1, "people": rng.uniform(1, 4)},
            )
            for i in range(6)
        ]
        best = 0.0
        for chosen in product((False, True), repeat=6):
            on = [option for option, start in zip(options, chosen, strict=True) if start]
            least = np.array([option.min_amount for option in on])
            people = np.array([option.uses["people"] for option in on])
            if not on or least.sum() > 4 or people @ least > 9:
                continue
            curve = {key: np.array([getattr(option, key) for option in on]) for key in ("ceiling", "half_at")}
            solved = minimize(
                lambda x, curve=curve: x.sum() - 1.5 * return_a_year(x, **curve).sum(),
                least,
                bounds=[(low, None) for low in least],
                constraints=[
                    {"type": "ineq", "fun": lambda x: 4 - x.sum()},
                    {"type": "ineq", "fun": lambda x, people=people: 9 - people @ x},
                ],
                tol=1e-12,
            )
            best = max(best, -solved.fun)
        found = allocate(options, limits)
        assert found.value == pytest.approx(best, rel=1e-5)
        amounts, least = found.amounts.amount, np.array([option.min_amount for option in options])
        assert ((amounts == 0) | (amounts >= least * (1 - 1e-9))).all() and (amounts > 0).any()

    def test_a_plan_nearby_changes_nothing(self):
        options = [curved("A", 400, 100), curved("B", 200, 100, min_amount=20)]
        limits = [Limit(name="money", amount=300)]
        plain, near = allocate(options, limits), allocate(options, limits, near=[210, 90])
        assert near.value == pytest.approx(plain.value, rel=1e-8)


class TestInfeasible:
    MONEY = Limit(name="money", amount=300, words="the budget")
    FLOOR = Limit(name="return", amount=450, kind="at_least", words="the target")

    def options(self) -> list[Option]:
        return [curved("A", 400, 100, gives={"return": 1}), curved("B", 200, 100, gives={"return": 1})]

    def test_the_limits_that_clash_are_named_and_how_far_they_must_move(self):
        """300 bring 400 at most (above). 450 = 600 - 300 / 2^t at the same slope: both need one step more.

        With a = 100 (1 + t), b = 100 t the return is 400 - 200 / 2^t + 200 - 200 / 2^t = 600 - 400 / 2^t,
        450 at t = log2(8/3): money 100 + 200 log2(8/3) = 383.0.
        """
        people = Limit(name="people", amount=99)
        found = allocate(self.options(), [self.MONEY, people, self.FLOOR])
        assert not found.feasible and found.infeasible == ("money", "return")
        assert np.isnan(found.value) and found.amounts.amount.isna().all()
        enough = found.relaxations.set_index("limit").enough
        assert enough["return"] == pytest.approx(400, rel=1e-6)
        assert enough["money"] == pytest.approx(100 + 200 * np.log2(8 / 3), rel=1e-4)
        change = found.relaxations.set_index("limit").change
        assert change["return"] == pytest.approx(-50, rel=1e-5) and change["money"] > 0

    def test_just_enough_is_feasible_and_just_less_is_not(self):
        enough = allocate(self.options(), [self.MONEY, self.FLOOR]).relaxations.set_index("limit").enough
        for share, feasible in ((1.0001, True), (0.9999, False)):
            money = replace(self.MONEY, amount=enough["money"] * share)
            assert allocate(self.options(), [money, self.FLOOR]).feasible is feasible

    def test_a_limit_that_cannot_help_alone_says_so(self):
        """600 is the ceiling of both: no money reaches 700, only the target can move."""
        far = replace(self.FLOOR, amount=700)
        found = allocate(self.options(), [self.MONEY, far])
        assert found.infeasible == ("return",)
        moved = relax_limits(self.options(), [self.MONEY, far], ["money", "return"]).set_index("limit")
        assert np.isnan(moved.enough["money"]) and moved.enough["return"] == pytest.approx(400, rel=1e-6)

    def test_a_given_plan_shows_what_it_passes(self):
        found = value_plan(self.options(), [self.MONEY, self.FLOOR], [200, 200])
        assert found.limits.left.tolist() == pytest.approx([-100, 0]) and found.value == pytest.approx(450)
        assert found.limits.shadow_price.isna().all()


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "limits", "what"),
        [
            ([], [], "nothing to spend"),
            ([curved("A", 1, 1), curved("A", 1, 1)], [Limit(name="money", amount=1)], "same name"),
            ([curved("A", 1, 0)], [Limit(name="money", amount=1)], "cannot be used"),
            ([curved("A", 1, 1)], [], "not a limit"),
            (
                [curved("A", 1, 1, gives={"cap": 1})],
                [Limit(name="money", amount=1), Limit(name="cap", amount=1)],
                "return more",
            ),
        ],
    )
    def test_what_and_how_to_fix_it(self, options, limits, what):
        with pytest.raises(InputError) as error:
            allocate(options, limits)
        assert what in error.value.what and error.value.fix
