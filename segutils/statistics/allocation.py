"""Where does the money go: the best plan under all limits, what each limit costs, and what cannot be met.

Returns diminish (:mod:`segutils.statistics.responses`), so the best plan is where the last unit of money
brings the same everywhere, as far as the limits let it. The shadow price of a limit is what its relaxation
by one unit would add to the goal. Many draws of what money brings back are planned together, as arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from segutils.statistics.allocation_program import Limit, Option, Program
from segutils.statistics.allocation_search import find_plans

__all__ = [
    *("Allocation", "Drawn", "Limit", "Option", "allocate", "allocate_draws"),
    *("price_limits", "relax_limits", "value_draws", "value_plan"),
]

HAIR = 1e-8  # of cost, so that what does not matter is not done
NOISE = 1e-8  # share of a plan's value below which a gain is none
LIMIT_COLUMNS = ["limit", "words", "kind", "amount", "used", "left", "binding", "shadow_price"]
RELAXATIONS = ["limit", "words", "kind", "amount", "enough", "change"]


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """A plan, its limits, and what stands in its way.

    Parameters
    ----------
    amounts : pandas.DataFrame
        ``option, group, budget, amount, return_a_year, value, marginal_value``, in the order of the options;
        ``value`` is worth times return less price times amount, ``marginal_value`` what one more unit of
        money in this option would add to the goal. Amounts are NaN where no plan keeps the limits.
    limits : pandas.DataFrame
        ``limit, words, kind, amount, used, left, binding, shadow_price``; ``shadow_price``: what its
        relaxation by one unit (at_most: one more; at_least: one less) adds to the goal, with what is started
        held as it is; ``left`` is never negative in a plan that keeps the limit.
    value : float
        Sum of the values; NaN where no plan keeps the limits.
    infeasible : tuple of str
        Smallest set of limits that cannot be met together (leave one out, and the rest can); empty where
        there is a plan.
    relaxations : pandas.DataFrame
        ``limit, words, kind, amount, enough, change``: for each of `infeasible`, the nearest amount at which
        a plan exists if only this limit moves; NaN where it alone cannot help.
    """

    amounts: pd.DataFrame
    limits: pd.DataFrame
    value: float
    infeasible: tuple[str, ...] = ()
    relaxations: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=RELAXATIONS))

    @property
    def feasible(self) -> bool:
        """Whether there is a plan that keeps the limits."""
        return not self.infeasible

    def by_group(self) -> pd.Series:
        """Money per group, most first."""
        return self.amounts.groupby("group").amount.sum().sort_values(ascending=False, kind="stable")


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One plan per draw: arrays of draw x option and draw x limit, in their order.

    Parameters
    ----------
    amounts, returns : numpy.ndarray
        Draw x option; NaN where no plan keeps the limits.
    left, prices : numpy.ndarray
        Draw x limit: what is left (0 where next to nothing is), and the shadow price.
    values : numpy.ndarray
        Per draw.
    """

    amounts: np.ndarray
    returns: np.ndarray
    left: np.ndarray
    prices: np.ndarray
    values: np.ndarray

    @property
    def feasible(self) -> np.ndarray:
        """Draws in which there is a plan."""
        return np.isfinite(self.values)

    @property
    def held(self) -> np.ndarray:
        """Draw x limit: limits that hold plans back, as nothing is left and more would be worth something."""
        return (self.left == 0) & (self.prices > 0)

    def share_of(self, best: Drawn) -> np.ndarray:
        """Value as a share (up to 1) of the best plans'; NaN where those are worth nothing."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(best.values > 0, np.minimum(self.values / best.values, 1.0), np.nan)


def allocate(
    options: Sequence[Option],
    limits: Sequence[Limit],
    *,
    precision: float = 1e-9,
    near: Sequence[float] | None = None,
) -> Allocation:
    """How much money should go where?

    Parameters
    ----------
    options : sequence of Option
        Those with a minimum amount are on or off.
    limits : sequence of Limit
        Budgets, people, floors; none is taken as given by its name.
    precision : float
        Share of a plan's value by which another choice of what is on and off may be better, 1e-7 or more. For
        what is on, values are exact to nine digits, amounts and prices to five.
    near : sequence of float, optional
        Amounts of a plan that may be close: the answer is the same, found sooner.

    Returns
    -------
    Allocation

    Raises
    ------
    InputError
        Options or limits that cannot be used (see :class:`~segutils.statistics.allocation_program.Program`).
    """
    program = Program(options, limits)
    found = find_plans(program, precision=precision, near=near)
    plan = _describe(program, found.amounts, found.prices)
    if np.isfinite(plan.value):
        return plan
    conflict = _find_conflict(options, limits)
    return replace(plan, infeasible=conflict, relaxations=relax_limits(options, limits, conflict))


def allocate_draws(
    options: Sequence[Option],
    limits: Sequence[Limit],
    *,
    ceilings: np.ndarray | None = None,
    bounds: np.ndarray | None = None,
    precision: float = 1e-9,
    near: Sequence[float] | None = None,
) -> Drawn:
    """How much money should go where, in each draw of what it brings back or of what is allowed?

    Parameters
    ----------
    options, limits, precision, near
        As in :func:`allocate`.
    ceilings : numpy.ndarray, optional
        Draw x option, instead of the options' own.
    bounds : numpy.ndarray, optional
        Draw x limit, instead of the limits' own amounts.

    Returns
    -------
    Drawn
    """
    program = Program(options, limits, ceilings=ceilings, bounds=bounds)
    found = find_plans(program, precision=precision, near=near)
    return _gather(program, found.amounts, found.prices)


def value_plan(options: Sequence[Option], limits: Sequence[Limit], amounts: Sequence[float]) -> Allocation:
    """What is a given plan worth, and which limits does it pass (negative ``left``)?

    Parameters
    ----------
    amounts : sequence of float
        In the order of the options.

    Returns
    -------
    Allocation
        Shadow prices are NaN: nothing was optimised.
    """
    program = Program(options, limits)
    return _describe(program, np.array([amounts], dtype=float), np.full((1, len(limits)), np.nan))


def value_draws(
    options: Sequence[Option],
    limits: Sequence[Limit],
    amounts: np.ndarray,
    *,
    ceilings: np.ndarray | None = None,
) -> Drawn:
    """What are given plans worth, or one plan in many draws, and which limits do they pass?

    Parameters
    ----------
    amounts : numpy.ndarray
        Plan x option, or one plan for all draws.
    ceilings : numpy.ndarray, optional
        Draw x option.

    Returns
    -------
    Drawn
        Prices are NaN.
    """
    program = Program(options, limits, ceilings=ceilings)
    amounts = np.atleast_2d(np.asarray(amounts, dtype=float))
    amounts = np.broadcast_to(amounts, (max(len(amounts), program.draws), len(options)))
    return _gather(program, amounts, np.full((len(amounts), len(limits)), np.nan))


def price_limits(
    options: Sequence[Option], limits: Sequence[Limit], *, steps: Mapping[str, float], precision: float = 1e-9
) -> pd.DataFrame:
    """What is one more million, or one more person, worth?

    Each limit is relaxed by its step and the plan made anew, so that also what is started may change; the
    shadow price holds for a small step only.

    Parameters
    ----------
    options, limits
        As in :func:`allocate`; there must be a plan.
    steps : mapping of str to float
        Step of each limit to be priced, in its own unit, above 0.

    Returns
    -------
    pandas.DataFrame
        ``limit, step, gain, marginal_gain``: what the relaxed step adds to the goal, and step times shadow
        price. ``gain`` is the smaller of the two where returns diminish, the larger where the step starts
        something new.
    """
    names = [limit.name for limit in limits]
    step = np.array([float(steps.get(name, 0.0)) for name in names])
    eased = np.diag([limit.sign for limit in limits]) * step  # one limit after the other, after none
    bounds = np.array([limit.amount for limit in limits]) + np.vstack([np.zeros_like(step), eased])
    found = allocate_draws(options, limits, bounds=bounds, precision=precision)
    gain = found.values[1:] - found.values[0]
    table = pd.DataFrame(
        {
            "limit": names,
            "step": step,
            "gain": np.where(gain > NOISE * abs(found.values[0]), gain, 0.0),
            "marginal_gain": found.prices[0] * step,
        }
    )
    return table[table.limit.isin(list(steps))].reset_index(drop=True)


def relax_limits(options: Sequence[Option], limits: Sequence[Limit], names: Sequence[str]) -> pd.DataFrame:
    """By how little must one limit move, the others kept, so that there is a plan?

    Returns
    -------
    pandas.DataFrame
        ``limit, words, kind, amount, enough, change`` per name; NaN where it alone cannot help.
    """
    whole, rows = Program(options, limits), []
    for place, limit in enumerate(limits):
        if limit.name in names:
            others = [other for other in limits if other is not limit]
            found = find_plans(Program(_ease(options, limit, others), others))
            enough = float(whole.used(found.amounts)[0, place])
            rows.append((limit.name, limit.words, limit.kind, limit.amount, enough, enough - limit.amount))
    return pd.DataFrame(rows, columns=RELAXATIONS)


def _ease(options: Sequence[Option], limit: Limit, others: Sequence[Limit]) -> list[Option]:
    """The options with one goal: to use as little of a limit (of a floor: to give it as much) as can be."""
    uses, gives, half_at, ceiling = np.array(
        [(o.uses.get(limit.name, 0.0), o.gives.get(limit.name, 0.0), o.half_at, o.ceiling) for o in options]
    ).T
    hair = HAIR * (np.abs(uses) * half_at + np.abs(gives) * ceiling).max() / half_at
    prices, worths = limit.sign * uses + hair, -limit.sign * gives
    return [
        replace(option, worth=worth, price=price)
        for option, worth, price in zip(_keep_uses(options, others), worths, prices, strict=True)
    ]


def _find_conflict(options: Sequence[Option], limits: Sequence[Limit]) -> tuple[str, ...]:
    """A set of limits that cannot be met together and has none to spare (deletion filter, Chinneck 2008)."""
    kept = list(limits)
    for limit in limits:
        fewer = [other for other in kept if other.name != limit.name]
        if not np.isfinite(find_plans(Program(_keep_uses(options, fewer), fewer)).values[0]):
            kept = fewer
    return tuple(limit.name for limit in kept)


def _keep_uses(options: Sequence[Option], limits: Sequence[Limit]) -> list[Option]:
    names = {limit.name for limit in limits}
    return [
        replace(
            option,
            uses={name: use for name, use in option.uses.items() if name in names},
            gives={name: use for name, use in option.gives.items() if name in names},
        )
        for option in options
    ]


def _gather(program: Program, amounts: np.ndarray, prices: np.ndarray) -> Drawn:
    return Drawn(
        amounts=amounts,
        returns=program.returns(amounts),
        left=program.left(amounts),
        prices=prices,
        values=program.value(amounts),
    )


def _describe(program: Program, amounts: np.ndarray, prices: np.ndarray) -> Allocation:
    """The plan of the only draw, in words and tables."""
    options, limits = program.options, program.limits
    returns, slopes = program.returns(amounts)[0], program.slopes(amounts)[0]
    left, value = program.left(amounts)[0], program.worth * returns - program.price * amounts[0]
    plan = pd.DataFrame(
        {
            "option": [option.name for option in options],
            "group": [option.group for option in options],
            "budget": [option.budget for option in options],
            "amount": amounts[0],
            "return_a_year": returns,
            "value": value,
            "marginal_value": program.worth * slopes - program.price,
        }
    )
    table = pd.DataFrame(
        {
            "limit": [limit.name for limit in limits],
            "words": [limit.words for limit in limits],
            "kind": [limit.kind for limit in limits],
            "amount": program.bound[0],
            "used": program.used(amounts)[0],
            "left": left,
            "binding": left == 0,
            "shadow_price": prices[0],
        },
        columns=LIMIT_COLUMNS,
    )
    return Allocation(amounts=plan, limits=table, value=float(value.sum()))
