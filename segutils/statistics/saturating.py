"""Many small programmes with saturating returns at once, each solved to the last digits.

A programme asks which share 0-1 of each column to take. A column brings a straight part and a part that
saturates, and works on the limits in the same two ways:

    highest  straight @ x + curved @ h(x)   with   uses @ x - helps @ h(x) <= room,
    h(x) = (1 - exp(-bend * x)) / (1 - exp(-bend)).

This is concave, and is solved by a primal-dual interior-point method with predictor and corrector (Mehrotra
1992; Nocedal and Wright 2006, ch. 14 and 19). Columns touch each other through the limits only: a step is one
linear system of the size of the limits, and hundreds of programmes take each step together.

For any prices of the limits the best share of each column is a formula, and what they bring together is never
less than the optimum (the dual). So a solution comes with the proof of how good it is, and prices under which
even that is less than any plan brings are the proof that no plan keeps the limits (Farkas).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from segutils.errors import InputError

STEPS = 50  # 10 to 15 are the rule
EXACT = 1e-10  # of the goal and of limits, to which all is solved
HAIRS = (0.0, 1e-8, 1e-7, 1e-6)  # of limits, by which they are eased if that alone lets a plan be found
BACK = 0.99  # of the way to the nearest bound
ROOM = 0.1  # first distance from bounds, in shares
MISSED = 1e-3  # complementarity stays above this part of what the equations still miss
LEAST = 1e-13  # and above this, where digits end
SURE = 1e-6  # by so much more than digits the dual must be too low to prove that there is no plan
SLACK = 0.1  # of what is aimed at, below which no limit's part in complementarity falls
DIGITS = 1e-14  # of a number
NOTHING = 1e-7  # of a share
TINY = 1e-300


@dataclass(frozen=True, kw_only=True)
class Programmes:
    """Programmes of one shape, one per row of each array.

    Parameters
    ----------
    straight, curved : numpy.ndarray
        Programme x column: what the whole column brings; `curved` is 0 or more.
    uses, helps : numpy.ndarray
        Programme x limit x column; `helps` is 0 or more.
    bend : numpy.ndarray
        Programme x column, above 0.
    room : numpy.ndarray
        Programme x limit.
    """

    straight: np.ndarray
    curved: np.ndarray
    uses: np.ndarray
    helps: np.ndarray
    bend: np.ndarray
    room: np.ndarray

    def rise(self, shares: np.ndarray) -> np.ndarray:
        """How much of the curved part so much of a column brings, 0-1."""
        return np.expm1(-self.bend * shares) / np.expm1(-self.bend)

    def slope(self, shares: np.ndarray) -> np.ndarray:
        """What one more share adds to :meth:`rise`."""
        return -self.bend * np.exp(-self.bend * shares) / np.expm1(-self.bend)

    def value(self, shares: np.ndarray) -> np.ndarray:
        """The goal."""
        return (self.straight * shares + self.curved * self.rise(shares)).sum(axis=1)

    def used(self, shares: np.ndarray) -> np.ndarray:
        """How much of its room each limit uses."""
        return _times(self.uses, shares) - _times(self.helps, self.rise(shares))

    def weigh(self, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cost of the straight and worth of the curved part of each column, where limits have prices."""
        cost = _times(self.uses.swapaxes(1, 2), prices) - self.straight
        return cost, self.curved + _times(self.helps.swapaxes(1, 2), prices)

    def bound(self, prices: np.ndarray) -> np.ndarray:
        """What no plan can pass, from any prices of the limits."""
        cost, worth = self.weigh(prices)
        paid = cost > 0  # the whole column otherwise; else up to where the slope is the cost
        first = worth * self.slope(np.zeros_like(cost)) / np.where(paid, cost, 1.0)
        best = np.where(paid, np.clip(np.log(np.maximum(first, TINY)) / self.bend, 0.0, 1.0), 1.0)
        return (prices * self.room).sum(axis=1) + (worth * self.rise(best) - cost * best).sum(axis=1)

    def scale(self) -> tuple[Programmes, np.ndarray, np.ndarray]:
        """The same with a goal and limits of about 1, and by how much both were divided."""
        goal = np.maximum(np.abs(self.straight), self.curved).max(axis=1, initial=0.0)
        size = np.maximum(np.abs(self.uses), self.helps).max(axis=2, initial=0.0)
        goal, size = (np.where(found > 0, found, 1.0) for found in (goal, size))
        room = self.room / size  # no more than can be used and one: what never binds stays of the size of all
        most = np.maximum(self.uses, 0.0).sum(axis=2) / size + 1.0
        scaled = Programmes(
            straight=self.straight / goal[:, None],
            curved=self.curved / goal[:, None],
            uses=self.uses / size[:, :, None],
            helps=self.helps / size[:, :, None],
            bend=self.bend,
            room=np.minimum(room, most),
        )
        return scaled, goal, size

    def pick(self, rows: np.ndarray) -> Programmes:
        """Some of the programmes."""
        return Programmes(**{name: values[rows] for name, values in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class Optima:
    """Solutions, one per row; where no plan keeps the limits, values are -inf and all else NaN.

    Parameters
    ----------
    shares : numpy.ndarray
        Programme x column.
    prices : numpy.ndarray
        Programme x limit: what one more unit of room brings; 0 where some is left.
    values : numpy.ndarray
    """

    shares: np.ndarray
    prices: np.ndarray
    values: np.ndarray


def maximise(programmes: Programmes) -> Optima:
    """What is the best plan of each programme, and what is one more unit of each limit worth?

    Parameters
    ----------
    programmes : Programmes

    Returns
    -------
    Optima
        To ten digits of the goal's largest part or of the value, if that is larger, and limits are kept to as
        many; to eight, or at worst six, where they leave nothing to choose.

    Raises
    ------
    InputError
        Neither a plan nor a proof that there is none is found.
    """
    scaled, goal, size = programmes.scale()
    shares, prices = np.full_like(scaled.straight, np.nan), np.full_like(scaled.room, np.nan)
    values = np.full(len(goal), -np.inf)
    rows = np.arange(len(goal))
    for hair in HAIRS:  # limits that leave nothing to choose have no inside, but for a hair
        eased = replace(scaled, room=scaled.room + hair).pick(rows)
        shares[rows], prices[rows], values[rows], ended = _solve(eased, max(hair, EXACT))
        rows = rows[~ended]
        if not len(rows):
            break
    else:
        raise InputError(
            "the best plan cannot be told, as digits end before it is found",
            where="options and limits",
            fix="leave out limits that say the same twice, and amounts that are nothing beside the others",
        )
    return Optima(shares=shares, prices=prices * goal[:, None] / size, values=values * goal)


def _solve(programmes: Programmes, exact: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Shares, prices, values, and whether each programme is solved or known to have no plan."""
    shares, prices = np.full_like(programmes.straight, np.nan), np.full_like(programmes.room, np.nan)
    rows = np.arange(len(shares))
    values, ended = np.full(len(rows), -np.inf), np.zeros(len(rows), dtype=bool)
    # concave and 0 at 0: the least that a column brings is at one of its ends
    lowest = np.minimum(programmes.straight + programmes.curved, 0.0).sum(axis=1)
    lowest -= SURE * np.maximum(np.abs(lowest), 1.0)
    at = _Point.start(programmes)
    for _ in range(STEPS):
        value, bound = programmes.value(at.shares), programmes.bound(at.prices)
        missed = programmes.used(at.shares) + at.left - programmes.room
        found = np.abs(bound - value) <= exact * np.maximum(np.abs(value), 1.0)
        found &= (np.abs(missed) <= exact).all(axis=1)
        over = found | (bound < lowest[rows])
        if over.any():
            own = rows[found]
            shares[own], prices[own] = at.pick(found).settle()
            values[own], ended[rows[over]] = value[found], True
            rows, at, programmes, missed = rows[~over], at.pick(~over), programmes.pick(~over), missed[~over]
        if not len(rows):
            break
        at = _advance(programmes, at, missed)
    return shares, prices, values, ended


@dataclass
class _Point:
    """Where programmes stand: how far each is from its bounds, and the price of each bound.

    Bounds are the low ends of all columns, their high ends, and the limits, in this order.
    """

    away: np.ndarray
    price: np.ndarray
    columns: int

    @classmethod
    def start(cls, programmes: Programmes) -> _Point:
        shares = np.minimum(0.5, 1 / programmes.bend)  # where curves still rise
        left = np.maximum(programmes.room - programmes.used(shares), ROOM)
        away = np.hstack([shares, 1 - shares, left])
        return cls(away, ROOM / away, shares.shape[1])

    @property
    def shares(self) -> np.ndarray:
        return self.away[:, : self.columns]

    @property
    def left(self) -> np.ndarray:
        return self.away[:, 2 * self.columns :]

    @property
    def prices(self) -> np.ndarray:
        return self.price[:, 2 * self.columns :]

    def pick(self, rows: np.ndarray) -> _Point:
        return _Point(self.away[rows], self.price[rows], self.columns)

    def balance(self, values: np.ndarray) -> np.ndarray:
        """Of something per bound, the part of the low ends less that of the high ends."""
        return values[:, : self.columns] - values[:, self.columns : 2 * self.columns]

    def reach(self, step: _Point) -> tuple[np.ndarray, np.ndarray]:
        """How far distances and prices can go, up to the first that is 0."""
        pairs = ((self.away, step.away), (self.price, step.price))
        return tuple(1 / np.maximum((-by / at).max(axis=1), TINY)[:, None] for at, by in pairs)

    def go(self, step: _Point, away: np.ndarray, price: np.ndarray) -> _Point:
        """As much of a step in distances and prices, but not more than the whole."""
        away, price = np.minimum(away, 1.0), np.minimum(price, 1.0)
        away, price = self.away + away * step.away, self.price + price * step.price
        return _Point(np.maximum(away, LEAST), np.maximum(price, LEAST), self.columns)

    def settle(self) -> tuple[np.ndarray, np.ndarray]:
        """Shares and prices, with what is all but at a bound put there, and no price on what is left over."""
        at = self.away < np.minimum(self.price, NOTHING)
        low, high = at[:, : self.columns], at[:, self.columns : 2 * self.columns]
        shares = np.where(low, 0.0, np.where(high, 1.0, self.shares))
        return shares, np.where(self.prices < self.left, 0.0, self.prices)


def _advance(programmes: Programmes, at: _Point, missed: np.ndarray) -> _Point:
    """One step of all: a look ahead where it would lead, then towards the middle as far as that needs."""
    cost, worth = programmes.weigh(at.prices)
    slope = programmes.slope(at.shares)
    uphill = cost - worth * slope - at.balance(at.price)
    stiff, limits = at.price / at.away, np.arange(missed.shape[1])
    curvature = worth * programmes.bend * slope
    curvature += stiff[:, : at.columns] + stiff[:, at.columns : 2 * at.columns]
    uses = programmes.uses - programmes.helps * slope[:, None, :]
    down = uses / curvature[:, None, :]
    system = down @ uses.swapaxes(1, 2)
    system[:, limits, limits] = (1 + DIGITS) * system[:, limits, limits] + at.left / at.prices

    def solve(products: np.ndarray) -> _Point:
        """The step after which each distance times its price is (to first order) what is given."""
        wanted = products / at.away - at.price
        pull = at.balance(wanted) - uphill
        short = missed + (wanted / stiff)[:, 2 * at.columns :]
        prices = np.linalg.solve(system, (_times(down, pull) + short)[:, :, None])[:, :, 0]
        shares = (pull - _times(uses.swapaxes(1, 2), prices)) / curvature
        away = np.hstack([shares, -shares, -missed - _times(uses, shares)])
        price = wanted - stiff * away
        price[:, 2 * at.columns :] = prices
        return _Point(away, price, at.columns)

    ahead = solve(np.zeros_like(at.away))
    reach = at.reach(ahead)
    there = at.go(ahead, *reach)
    now, then = (np.mean(point.away * point.price, axis=1) for point in (at, there))
    wrong = np.maximum(np.abs(missed).max(axis=1, initial=0.0), np.abs(uphill).max(axis=1, initial=0.0))
    middle = np.maximum(now * np.clip(then / now, 0.0, 1.0) ** 3, MISSED * wrong)
    middle = np.maximum(np.minimum(middle, now), LEAST)[:, None]
    bent = np.minimum(reach[0], 1.0) * np.minimum(reach[1], 1.0)  # counts as far as it can go
    step = solve(middle - bent * ahead.away * ahead.price)
    at = at.go(step, *(BACK * part for part in at.reach(step)))
    true = programmes.room - programmes.used(at.shares)  # curves bend, the step was straight
    at.left[:] = np.maximum(np.clip(true, at.left / 2, at.left * 2), SLACK * middle / at.prices)
    return at


def _times(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return (matrices @ vectors[:, :, None])[:, :, 0]
