"""Plans between this year and the long term: all that give up no more than they must, and what each costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from segutils.objectives.portfolio.plan_setting import Setting
from segutils.statistics.allocation import Allocation, Drawn, Limit

THIS_YEAR = "this year"
HAIR = 1e-6  # share of the most by which the plan for this year may miss it
FINE = 1e-7
STEPS = 12  # of the search for the negotiated plan


@dataclass(frozen=True, kw_only=True)
class TwoHorizons:
    """Plans that are valued over years, and asked for margin in the first of them.

    Parameters
    ----------
    setting : Setting
        Without a floor under this year's margin.
    """

    setting: Setting

    @property
    def this_year(self) -> np.ndarray:
        """Share of each option's return a year that comes in the first year."""
        return self.setting.investments.this_year.to_numpy(dtype=float)

    def margin(self, plan: Allocation) -> float:
        """Additional margin of the first year, before the money that is spent."""
        return float(self.this_year @ plan.amounts.return_a_year.to_numpy(dtype=float))

    def margins(self, plans: Drawn) -> np.ndarray:
        """The same of each draw's plan."""
        return plans.returns @ self.this_year

    def asked(self, margin: float) -> Setting:
        """The setting with a floor under the first year's margin."""
        floor = Limit(name=THIS_YEAR, amount=margin, kind="at_least", words="additional margin this year")
        return replace(
            self.setting,
            limits=(*self.setting.limits, floor),
            gives={**self.setting.gives, THIS_YEAR: self.this_year},
        )

    def solve(
        self, margin: float, *, precision: float = FINE, near: Sequence[float] | None = None
    ) -> Allocation:
        """The plan of highest present value among those with so much margin in the first year."""
        return self.asked(margin).solve(precision=precision, near=near)

    def solve_draws(
        self,
        margins: Sequence[float],
        *,
        ceilings: np.ndarray | None = None,
        precision: float = FINE,
        near: np.ndarray | None = None,
    ) -> Drawn:
        """The same for several margins, each in its own draw of the ceilings if those are given."""
        asked = self.asked(0.0)
        bounds = asked.bounds(THIS_YEAR, margins)
        return asked.solve_draws(ceilings=ceilings, bounds=bounds, precision=precision, near=near)

    def solve_long(self, *, precision: float = FINE) -> Allocation:
        """The plan of highest present value, whatever it brings this year."""
        return self.setting.solve(precision=precision)

    def solve_short(self, *, precision: float = FINE) -> Allocation:
        """The plan with most margin this year, and the highest present value among those."""
        return self.solve(float(self.most_margins(precision=precision)[0]), precision=precision)

    def most_margins(self, *, ceilings: np.ndarray | None = None, precision: float = FINE) -> np.ndarray:
        """The most margin, a hair less, that a plan can bring in the first year, in each draw."""
        own = self.setting.investments
        year = replace(self.setting, investments=own.assign(worth=self.this_year, price=0.0))
        most = self.margins(year.solve_draws(ceilings=ceilings, precision=precision))
        return most * (1 - max(HAIR, 10 * precision))

    def price(self, plan: Allocation) -> float:
        """Present value that one unit less of the margin asked for would bring; 0 where it costs nothing."""
        own = plan.limits[plan.limits.limit == THIS_YEAR]
        return float(own.shadow_price.iloc[0]) if len(own) else 0.0


@dataclass(frozen=True, kw_only=True)
class Frontier:
    """The two ends, what lies between them, and the bargain of both sides.

    Parameters
    ----------
    long, short : Allocation
        Highest present value; most margin this year.
    points : pandas.DataFrame
        ``margin_this_year, net_present_value, price`` (present value that one more unit of this year's margin
        costs), from the long end to the short one.
    bargain : Allocation
        The negotiated plan.
    conflict : bool
        Whether the ends differ: otherwise one plan is best for both.
    """

    long: Allocation
    short: Allocation
    points: pd.DataFrame
    bargain: Allocation
    conflict: bool


def build_frontier(horizons: TwoHorizons, *, points: int = 25, min_conflict: float = 0.01) -> Frontier:
    """Which plans give up no present value without need, for each margin asked of this year?

    Parameters
    ----------
    horizons : TwoHorizons
    points : int
        Plans on the way, the ends included: 3 or more.
    min_conflict : float
        Share of this year's most margin by which the long-term plan must miss it, to be called a conflict.

    Returns
    -------
    Frontier

    Notes
    -----
    The negotiated plan maximises the product of what both sides gain over what the other side's own plan
    would leave them (Nash 1950, The bargaining problem): margin this year beyond that of the long-term plan,
    times present value beyond that of the plan for this year only. It needs no exchange rate between the two.
    """
    long, short = horizons.solve_long(), horizons.solve_short()
    low, high = horizons.margin(long), horizons.margin(short)
    conflict = high - low > min_conflict * max(abs(high), 1e-300)
    if not conflict:
        line = pd.DataFrame(
            [(low, long.value, 0.0)], columns=["margin_this_year", "net_present_value", "price"]
        )
        return Frontier(long=long, short=short, points=line, bargain=long, conflict=False)
    way = 1 - np.linspace(1, 0, points) ** 2  # closer where the line falls steeply
    margins = low + (high - low) * way[1:-1]
    between = horizons.solve_draws(margins)
    line = pd.DataFrame(
        {
            "margin_this_year": [low, *margins, high],
            "net_present_value": [long.value, *between.values, short.value],
            "price": [0.0, *between.prices[:, -1], horizons.price(short)],
        }
    )
    gains = (line.margin_this_year - low) * (line.net_present_value - short.value)
    best = int(gains[1:-1].argmax()) + 1
    near = between.amounts[best - 1]

    def lost(margin: float) -> float:
        return -(margin - low) * (horizons.solve_draws([margin], near=near).values[0] - short.value)

    ends = line.margin_this_year.iloc[[best - 1, best + 1]].tolist()
    found = minimize_scalar(
        lost, bounds=ends, method="bounded", options={"maxiter": STEPS, "xatol": 1e-4 * (high - low)}
    )
    bargain = horizons.solve(float(found.x), near=near)
    return Frontier(long=long, short=short, points=line, bargain=bargain, conflict=True)


def keeps_target(horizons: TwoHorizons, target: float) -> bool | None:
    """Does an even bargain leave as much margin this year as the target asks for? (see the next)."""
    ceilings = horizons.setting.investments.ceiling.to_numpy(dtype=float)
    return keeps_target_draws(horizons, target, ceilings[None])[0]


def keeps_target_draws(
    horizons: TwoHorizons, target: float, ceilings: np.ndarray, *, precision: float = FINE
) -> list[bool | None]:
    """In which draws does an even bargain leave as much margin this year as the target asks for?

    Parameters
    ----------
    horizons : TwoHorizons
    target : float
        Margin asked of this year.
    ceilings : numpy.ndarray
        Draw x option.
    precision : float
        As in :func:`segutils.statistics.allocation.allocate`.

    Returns
    -------
    list of (bool or None)
        True where the bargain's margin is the target's or more, so that meeting the target is all that this
        year's side asks for; None where no plan reaches it. The product of both gains still rises with the
        margin as long as the gain in present value is more than its price times the gain in margin.
    """
    keeps = np.full(len(ceilings), None)
    gained = target - horizons.margins(horizons.setting.solve_draws(ceilings=ceilings, precision=precision))
    keeps[gained <= 0] = True
    most = np.full(len(ceilings), -np.inf)
    rows = np.flatnonzero(gained > 0)
    if len(rows):
        most[rows] = horizons.most_margins(ceilings=ceilings[rows], precision=precision)
    rows = np.flatnonzero(most >= target)
    if len(rows):
        given = {"ceilings": ceilings[rows], "precision": precision}
        short = horizons.solve_draws(most[rows], **given)
        met = horizons.solve_draws(np.full(len(rows), target), **given)
        enough = met.values - short.values >= met.prices[:, -1] * gained[rows]
        keeps[rows[met.feasible]] = enough[met.feasible]
    return keeps.tolist()
