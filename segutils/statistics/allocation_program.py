"""Money over options with diminishing returns: what is allowed, and the best plan for what is on and off.

Options with a minimum amount are on or off. While that is open, an option may be started in part: up to its
minimum the return is the straight line to what the minimum returns, beyond it the curve. No plan brings more
(the perspective relaxation, Frangioni and Gentile 2006), and it is a programme with saturating returns
(:mod:`segutils.statistics.saturating`): for each option a straight column, its start, and a curved one, what
is spent beyond.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from segutils.errors import InputError
from segutils.statistics.responses import LN2, marginal_return, return_a_year
from segutils.statistics.saturating import Programmes, maximise

FLAT = 40.0  # so many half_at on, the curve is at its ceiling to twelve digits
NEAR = 1e-6  # a limit with less than this share of it left has nothing left
ROUNDED = 1e-9  # share of a limit that comes of rounding


@dataclass(frozen=True, kw_only=True)
class Option:
    """Money from one budget spent on one group, and what it brings back.

    Parameters
    ----------
    name, group, budget : str
    ceiling, half_at : float
        The curve of :mod:`segutils.statistics.responses`: return a year.
    min_amount : float
        Below it nothing is started: the amount is 0 or at least this.
    max_amount : float
    worth : float
        What one unit of return a year is worth in the goal, such as a present-value factor.
    price : float
        What one unit of money costs in the goal: 0 where the budget is spent anyway, 1 for money that could
        be kept.
    uses : mapping of str to float
        Use of each named limit per unit of money, such as ``{"Marketing": 1, "people_sales": 3e-6}``.
    gives : mapping of str to float
        Use of each named limit per unit of return a year (such as this year's margin in its floor).
    """

    name: str
    group: str
    budget: str
    ceiling: float
    half_at: float
    min_amount: float = 0.0
    max_amount: float = np.inf
    worth: float = 1.0
    price: float = 0.0
    uses: Mapping[str, float] = field(default_factory=dict)
    gives: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What the sum over all options may not pass.

    Parameters
    ----------
    name : str
        As in `uses` and `gives` of the options.
    amount : float
    kind : {"at_most", "at_least"}
    words : str
        What it limits, for a sentence.
    """

    name: str
    amount: float
    kind: Literal["at_most", "at_least"] = "at_most"
    words: str = ""

    @property
    def sign(self) -> float:
        """+1 for at_most, -1 for at_least: sign times use <= sign times amount."""
        return 1.0 if self.kind == "at_most" else -1.0


@dataclass(frozen=True, kw_only=True)
class Plans:
    """One plan per row; NaN (value -inf) where none keeps the limits.

    Parameters
    ----------
    amounts : numpy.ndarray
        Plan x option.
    prices : numpy.ndarray
        Plan x limit: what its relaxation by one unit adds to the goal.
    values : numpy.ndarray
        In the goal, per plan.
    """

    amounts: np.ndarray
    prices: np.ndarray
    values: np.ndarray


class Program:
    """The programme of these options under these limits, once or for many draws.

    Parameters
    ----------
    options : sequence of Option
    limits : sequence of Limit
    ceilings : numpy.ndarray, optional
        Draw x option, instead of the options' own.
    bounds : numpy.ndarray, optional
        Draw x limit, instead of the limits' own amounts.

    Raises
    ------
    InputError
        An option or limit cannot be used, or a limit would make the set of plans not convex (a ceiling on
        returns, a floor under what returns reduce).
    """

    def __init__(
        self,
        options: Sequence[Option],
        limits: Sequence[Limit],
        *,
        ceilings: np.ndarray | None = None,
        bounds: np.ndarray | None = None,
    ) -> None:
        _check(options, limits)
        self.options, self.limits = tuple(options), tuple(limits)
        names = [limit.name for limit in limits]
        self.half_at, self.least = _read(options, "half_at"), _read(options, "min_amount")
        self.worth, self.price = _read(options, "worth"), _read(options, "price")
        self.uses = _read_uses([option.uses for option in options], names)
        self.gives = _read_uses([option.gives for option in options], names)
        self.sign = _read(limits, "sign")
        ceilings = np.atleast_2d(_read(options, "ceiling") if ceilings is None else ceilings)
        bounds = np.atleast_2d(_read(limits, "amount") if bounds is None else bounds)
        self.draws = max(len(ceilings), len(bounds))
        self.ceiling = np.broadcast_to(ceilings, (self.draws, len(options)))
        self.bound = np.broadcast_to(bounds, (self.draws, len(limits)))
        self.most = self._find_most()
        self.never = self._find_idle() | (self.most < self.least)
        self.on_off = (self.least > 0) & ~self.never

    def returns(self, amounts: np.ndarray) -> np.ndarray:
        """Return a year: draw x option."""
        return return_a_year(amounts, ceiling=self.ceiling, half_at=self.half_at)

    def slopes(self, amounts: np.ndarray) -> np.ndarray:
        """Return of one more unit of money: draw x option."""
        return marginal_return(amounts, ceiling=self.ceiling, half_at=self.half_at)

    def used(self, amounts: np.ndarray) -> np.ndarray:
        """How much of each limit plans use: draw x limit."""
        return amounts @ self.uses.T + self.returns(amounts) @ self.gives.T

    def left(self, amounts: np.ndarray) -> np.ndarray:
        """What is left of each limit, negative where it is passed; next to nothing is 0."""
        used = self.used(amounts)
        size = np.maximum(np.abs(self.bound), np.abs(used))
        left = self.sign * (self.bound - used)
        return np.where(np.abs(left) <= NEAR * size, 0.0, left)

    def value(self, amounts: np.ndarray) -> np.ndarray:
        """What plans are worth in the goal."""
        return self.returns(amounts) @ self.worth - amounts @ self.price

    def solve(self, draws: np.ndarray, low: np.ndarray, high: np.ndarray) -> Plans:
        """The best plans where it is given, or partly open, what is on and off.

        Parameters
        ----------
        draws : numpy.ndarray
            The draw that each plan is for.
        low, high : numpy.ndarray of bool
            Plan x option: on where both are true, off where neither is, open otherwise.

        Returns
        -------
        Plans
            An amount below the minimum is an option that is started in part.
        """
        columns = _Columns(self, draws, low, high)
        found = maximise(columns.programmes)
        begun, beyond = np.split(found.shares, 2, axis=1)
        begun = np.where(columns.open, begun, columns.on)
        return Plans(
            amounts=begun * self.least + beyond * columns.beyond,
            prices=found.prices + columns.price_shut(found.prices),
            values=found.values + columns.value,
        )

    def _find_most(self) -> np.ndarray:
        """The most that can make sense for each option: its own, or where its curve is flat."""
        most = FLAT * self.half_at
        floors = (self.sign[:, None] < 0) & (self.uses > 0)
        if floors.any():  # money that must be spent is spent on a flat curve too
            needed = np.where(floors, self.bound.max(axis=0)[:, None], 0.0) / np.where(floors, self.uses, 1.0)
            most = np.maximum(most, needed.max(axis=0))
        return np.minimum(most, _read(self.options, "max_amount"))

    def _find_idle(self) -> np.ndarray:
        """Options that bring nothing and help to keep no limit: nothing is best for them."""
        helps = (self.sign[:, None] * self.uses < 0) | (self.gives != 0)
        return (self.worth == 0) & (self.price >= 0) & ~helps.any(axis=0)


class _Columns:
    """Starts, and what is spent beyond them: one programme per plan that is asked for."""

    def __init__(self, program: Program, draws: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        least, half_at, worth, price = program.least, program.half_at, program.worth, program.price
        uses, helps = program.sign[:, None] * program.uses, -program.sign[:, None] * program.gives
        ceiling, high = program.ceiling[draws], high & ~program.never
        self.on = low & high
        # what the minimum brings and takes, and how steep the curve is there
        first = return_a_year(least, ceiling=ceiling, half_at=half_at)
        slope = marginal_return(least, ceiling=ceiling, half_at=half_at)
        start_value, start_uses = worth * first - price * least, uses * least - helps * first[:, None, :]
        # what is on is started: the rest shares the room that is left
        self.value = np.where(self.on, start_value, 0.0).sum(axis=1)
        bound, taken = program.sign * program.bound[draws], np.where(self.on[:, None, :], start_uses, 0.0)
        room = bound - taken.sum(axis=2)
        room[np.abs(room) <= ROUNDED * (np.abs(bound) + np.abs(taken).sum(axis=2))] = 0.0
        # a limit that nothing helps to keep leaves to each option no more than its room (twice that: so that
        # it is the limit that binds, and has the price)
        helped = ((uses < 0) | (helps > 0)) & high[:, None, :]
        strict = ~helped.any(axis=2, keepdims=True) & (uses > 0)
        rest = np.where(strict, np.maximum(room, 0.0)[:, :, None], np.inf)
        self.open = high & ~self.on & (start_uses <= rest * (1 + ROUNDED)).all(axis=1)
        rest -= np.where(self.open[:, None, :], start_uses, 0.0)
        beyond = 2 * (np.maximum(rest, 0.0) / np.where(strict, uses, 1.0)).min(axis=1, initial=np.inf)
        self.beyond = np.where(self.on | self.open, np.minimum(beyond, program.most - least), 0.0)
        self.shut = strict & (room <= 0)[:, :, None] & (self.on & (program.most > least))[:, None, :]
        self.gain, self.work = worth * slope - price, uses - helps * slope[:, None, :]  # of one more unit
        # the columns, from 0 to 1: starts, and what is spent beyond
        bend = LN2 * self.beyond / half_at
        rise = -slope * half_at / LN2 * np.expm1(-bend)
        starts = np.where(self.open[:, None, :], start_uses, 0.0)
        uses = np.concatenate([starts, uses * self.beyond[:, None, :]], axis=2)
        helps = np.concatenate([np.zeros_like(starts), helps * rise[:, None, :]], axis=2)
        empty = (room == 0) & (uses == 0).all(axis=2)
        self.programmes = Programmes(
            straight=np.hstack([np.where(self.open, start_value, 0.0), -price * self.beyond]),
            curved=np.hstack([np.zeros_like(rise), worth * rise]),
            uses=uses,
            helps=helps,
            bend=np.hstack([np.ones_like(bend), np.where(bend > 0, bend, 1.0)]),
            room=np.where(empty, 1.0, room),
        )

    def price_shut(self, prices: np.ndarray) -> np.ndarray:
        """What one unit of a limit without room adds: its best use that no other such limit shuts out."""
        alone = self.shut & (self.shut.sum(axis=1, keepdims=True) == 1)
        gain = self.gain - (prices[:, :, None] * self.work).sum(axis=1)
        return np.where(alone, gain[:, None, :] / np.where(alone, self.work, 1.0), 0.0).max(
            axis=2, initial=0.0
        )


def _read(stated: Sequence[Option | Limit], name: str) -> np.ndarray:
    return np.array([getattr(one, name) for one in stated], dtype=float)


def _read_uses(stated: Sequence[Mapping[str, float]], names: Sequence[str]) -> np.ndarray:
    """Limit x option."""
    return np.array([[float(uses.get(name, 0.0)) for uses in stated] for name in names]).reshape(
        len(names), len(stated)
    )


def _check(options: Sequence[Option], limits: Sequence[Limit]) -> None:
    names, called = [limit.name for limit in limits], [option.name for option in options]
    for what, listed in (("limits", names), ("options", called)):
        if len(set(listed)) < len(listed):
            raise InputError(
                f"two {what} have the same name",
                where=f"{what} of the allocation",
                fix="name them differently",
            )
    if not options:
        raise InputError("there is nothing to spend on", where="options of the allocation", fix="give one")
    kinds = {limit.name: limit.sign for limit in limits}
    for option in options:
        numbers = (option.ceiling, option.half_at, option.worth, option.min_amount, option.max_amount)
        if not (option.half_at > 0 and np.isfinite(option.half_at) and min(numbers) >= 0):
            raise InputError(
                f"the option '{option.name}' cannot be used",
                where="options of the allocation",
                fix="half_at must be above 0, ceiling, worth and amounts 0 or more",
            )
        for limit in {*option.uses, *option.gives} - set(names):
            raise InputError(
                f"the option '{option.name}' uses '{limit}', which is not a limit",
                where="options of the allocation",
                fix=f"use one of: {', '.join(names)}",
            )
        for limit, use in option.gives.items():
            if kinds[limit] * use > 0:
                raise InputError(
                    f"the limit '{limit}' would forbid the option '{option.name}' to return more",
                    where="limits of the allocation",
                    fix="returns may only help to keep a limit: a floor that they add to",
                )
