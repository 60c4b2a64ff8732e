"""Does the choice between this year and the long term stand if owners are wrong, or money costs more?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.engagement_plans import Finance
from segutils.objectives.portfolio.frontier import TwoHorizons, keeps_target, keeps_target_draws
from segutils.objectives.portfolio.investments import draw_ceilings, list_futures
from segutils.objectives.portfolio.plan_setting import ROUGH
from segutils.statistics.allocation import Allocation
from segutils.statistics.responses import return_a_year

RATES = (0.0, 0.03, 0.06, 0.09, 0.12, 0.15, 0.2, 0.25, 0.3)
AIM = 0.005  # a safe aim is found to half a per cent of the target
CLOSE = 0.0025  # a flip is found to a quarter of a point


@dataclass(frozen=True, kw_only=True)
class HorizonStability:
    """How a plan fares if money brings back more or less than expected.

    Parameters
    ----------
    draws : pandas.DataFrame
        One row per draw of the ceilings: ``margin`` (of this year) and ``value`` (present) of the plan, held
        fixed, ``kept`` (value as a share of the best plan's with the same margin this year), ``near`` (kept
        is within the tolerance), ``keeps`` (an even bargain would leave as much as the target; None where no
        plan reaches it or no target is stated).
    futures : pandas.DataFrame
        ``future, margin, value, kept``.
    """

    draws: pd.DataFrame
    futures: pd.DataFrame

    @property
    def share_near(self) -> float:
        """Draws in which the plan stays within the tolerance of the best."""
        return float(self.draws.near.mean())

    def share_choice(self, keeps: bool) -> float:
        """Draws in which the same would be chosen: to meet the target, or not."""
        return float(((self.draws.keeps == True) == keeps).mean())  # noqa: E712  None is no yes

    def share_both(self, keeps: bool) -> float:
        """Draws in which the same would be chosen and the plan stays within the tolerance."""
        return float((self.draws.near & ((self.draws.keeps == True) == keeps)).mean())  # noqa: E712


def measure_horizon_stability(
    horizons: TwoHorizons,
    plan: Sequence[float],
    scenarios: pd.DataFrame,
    target: float,
    *,
    tolerance: float,
    draws: int,
    seed: int,
) -> HorizonStability:
    """What would the plan bring elsewhere, and would the same be chosen there?

    Parameters
    ----------
    horizons : TwoHorizons
    plan : sequence of float
        Amounts of the recommended plan.
    scenarios : pandas.DataFrame
        From :func:`segutils.stated.list_scenarios`.
    target : float
        NaN where nobody states it.
    tolerance : float
    draws : int
    seed : int

    Returns
    -------
    HorizonStability
    """
    investments = horizons.setting.investments
    drawn = draw_ceilings(investments, draws=draws, seed=seed)
    table = _compare(horizons, plan, drawn)
    keeps = [None] * draws
    if np.isfinite(target):
        keeps = keeps_target_draws(horizons, target, drawn, precision=ROUGH)
    futures = list_futures(investments, scenarios)
    known = _compare(horizons, plan, futures.to_numpy(dtype=float))
    known.insert(0, "future", futures.index)
    return HorizonStability(
        draws=table.assign(near=table.kept >= 1 - tolerance, keeps=pd.Series(keeps, dtype=object)),
        futures=known,
    )


def _compare(horizons: TwoHorizons, plan: Sequence[float], ceilings: np.ndarray) -> pd.DataFrame:
    """``margin, value, kept`` of the plan in each draw."""
    mine = horizons.setting.judge_draws(np.asarray(plan), ceilings)
    margins = horizons.margins(mine)
    asked = margins * (1 - 10 * ROUGH)  # digits aside
    best = horizons.solve_draws(asked, ceilings=ceilings, precision=ROUGH)
    return pd.DataFrame({"margin": margins, "value": mine.values, "kept": mine.share_of(best)})


def find_rate_flip(
    build: Callable[[float], TwoHorizons], finance: Finance, target: float
) -> tuple[float, bool] | None:
    """At which cost of money would the target be met, or given up, otherwise than now?

    Parameters
    ----------
    build : callable
        Plans at another discount rate.
    finance : Finance
    target : float

    Returns
    -------
    (float, bool) or None
        The nearest rate between 0 and 30 % a year at which the choice turns, and what it is then (True: the
        target is met); None where it does not turn, or no target is stated.
    """
    if not np.isfinite(target):
        return None

    def choose(rate: float) -> bool:
        return keeps_target(build(rate), target) is True

    start = finance.discount_rate
    now, found = choose(start), []
    for side in (
        sorted(r for r in RATES if r > start),
        sorted((r for r in RATES if r < start), reverse=True),
    ):
        before = start
        for rate in side:
            if choose(rate) != now:
                inside, outside = before, rate
                while abs(outside - inside) > CLOSE:
                    middle = (inside + outside) / 2
                    inside, outside = (middle, outside) if choose(middle) == now else (inside, middle)
                found.append(outside)
                break
            before = rate
    return (min(found, key=lambda rate: abs(rate - start)), not now) if found else None


def share_reaching(
    horizons: TwoHorizons, plan: Sequence[float], target: float, *, draws: int, seed: int
) -> float:
    """In which share of draws of the ceilings does a plan bring as much this year as the target asks for?"""
    own = horizons.setting.investments
    drawn = draw_ceilings(own, draws=draws, seed=seed)
    returns = return_a_year(np.asarray(plan), ceiling=drawn, half_at=own.half_at.to_numpy(dtype=float))
    return float(np.mean(returns @ horizons.this_year >= target * (1 - 1e-6)))


def find_safe_aim(
    horizons: TwoHorizons, target: float, most: float, *, share: float = 0.9, draws: int, seed: int
) -> tuple[float, float] | None:
    """How much must a plan aim at this year, so that it brings the target in nine of ten draws?

    Parameters
    ----------
    horizons : TwoHorizons
    target, most : float
        Margin asked of this year, and the most that a plan brings as expected.
    share : float
        Of draws in which the target is to be met.
    draws, seed : int
        Of the ceilings.

    Returns
    -------
    (float, float) or None
        The margin to aim at and the present value of that plan, both as expected; None where no plan is that
        safe, or the plan that meets the target as expected is safe already.
    """

    def safe(plan: Allocation) -> bool:
        amounts = plan.amounts.amount.to_numpy(dtype=float)
        return share_reaching(horizons, amounts, target, draws=draws, seed=seed) >= share

    low, high = target, most * (1 - 1e-5)
    if high <= low or safe(horizons.solve(low)) or not safe(horizons.solve(high)):
        return None
    while high - low > AIM * target:
        middle = (low + high) / 2
        low, high = (low, middle) if safe(horizons.solve(middle)) else (middle, high)
    return high, horizons.solve(high).value
