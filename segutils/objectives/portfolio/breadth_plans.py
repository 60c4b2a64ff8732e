"""The best plan for every choice of groups, exactly: money under diminishing returns, many choices at once.

:func:`segutils.statistics.allocation.allocate` finds one plan under any limits. Here the only limits are the
budgets, and thousands of plans are wanted (each choice of groups, each future), so the condition that the
last unit of money brings the same everywhere is solved in closed form, for all of them together.
"""

from __future__ import annotations

import numpy as np

from segutils.objectives.portfolio.declared import Declared

LN2 = float(np.log(2.0))
NOWHERE = -np.inf


def list_choices(groups: int) -> np.ndarray:
    """All choices of groups, choice x group, True where a group is in; choice n holds the bits of n."""
    return (np.arange(2**groups)[:, None] >> np.arange(groups)) & 1 > 0


def divide_money(
    ceiling: np.ndarray,
    half_at: np.ndarray,
    worth: np.ndarray,
    min_amount: np.ndarray,
    chosen: np.ndarray,
    money: float,
    *,
    price: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """How is a budget best divided among the groups chosen, if each of them is begun?

    Parameters
    ----------
    ceiling : numpy.ndarray
        … x group; `half_at, worth, min_amount` per group.
    chosen : numpy.ndarray of bool
        choice x group.
    money : float
        Need not be spent.
    price : float
        Present value of a unit of money.

    Returns
    -------
    amounts : numpy.ndarray
        … x choice x group; 0 outside of the choice.
    value : numpy.ndarray
        … x choice: worth of the return less the price of the money; minus infinity where the money does not
        suffice to begin all of them.

    Notes
    -----
    Where the slope is s, a group's amount is half_at · log2(worth · ceiling · ln 2 / (half_at · s)), so the
    slope at which the amounts make the money has a closed form. Groups that would fall below their smallest
    amount are set to it and the rest is divided anew; a rest that only gets smaller never raises them again,
    so at most as many rounds are needed as there are groups. The slope is the price at least: a unit that
    brings back less than itself is kept.
    """
    top = ceiling[..., None, :]
    with np.errstate(divide="ignore"):
        start = np.log2(worth * top * LN2 / half_at)  # slope of the first unit, as a power of 2
    shape = np.broadcast_shapes(start.shape, chosen.shape)
    start, inside = np.broadcast_to(start, shape), np.broadcast_to(chosen, shape)
    least = np.where(inside, min_amount, 0.0)
    free = inside & np.isfinite(start)
    for _ in range(shape[-1] + 1):
        length = np.where(free, half_at, 0.0).sum(axis=-1, keepdims=True)
        weighted = np.where(free, half_at * np.where(free, start, 0.0), 0.0).sum(axis=-1, keepdims=True)
        left = money - np.where(free, 0.0, least).sum(axis=-1, keepdims=True)
        slope = np.divide(weighted - left, length, out=np.full_like(length, np.log2(price)), where=length > 0)
        slope = np.maximum(slope, np.log2(price))
        wanted = np.where(free, half_at * (np.where(free, start, 0.0) - slope), least)
        short = free & (wanted < least)
        if not short.any():
            break
        free &= ~short
    amounts = np.where(free, wanted, least)
    gain = worth * top * -np.expm1(-LN2 * amounts / half_at)
    value = (np.where(inside, gain, 0.0) - price * amounts).sum(axis=-1)
    return amounts, np.where(least.sum(axis=-1) <= money * (1 + 1e-9), value, NOWHERE)


def best_values(declared: Declared, ceiling: np.ndarray) -> np.ndarray:
    """What could be had in each future by whoever knew it: … of `ceiling` (… x budget x group)."""
    choices = list_choices(len(declared.groups))
    total = np.zeros(ceiling.shape[:-2])
    for b, money in enumerate(declared.money):
        allowed = choices[~(choices & ~declared.stated[b]).any(axis=1)]
        _, value = divide_money(
            ceiling[..., b, :],
            declared.half_at[b],
            declared.worth[b],
            declared.min_amount[b],
            allowed,
            float(money),
            price=float(declared.price[b]),
        )
        total = total + value.max(axis=-1)
    return total


def plan_by_number(declared: Declared) -> dict[int, np.ndarray]:
    """What is the best plan with one group, with two …, each of them begun with some money?

    Parameters
    ----------
    declared : Declared
        Up to about ten groups: all choices are tried.

    Returns
    -------
    dict of int to numpy.ndarray
        Number of groups to amounts (budget x group). A number is missing where the money does not suffice to
        begin so many, or where every plan leaves one of them without money.
    """
    count = len(declared.groups)
    choices = list_choices(count)
    joint: np.ndarray | None = None  # best value of each set of groups begun, over the budgets so far
    trace: list[np.ndarray] = []
    amounts: list[np.ndarray] = []
    for b, money in enumerate(declared.money):
        plan, value = divide_money(
            declared.ceiling[b],
            declared.half_at[b],
            declared.worth[b],
            declared.min_amount[b],
            choices,
            float(money),
            price=float(declared.price[b]),
        )
        begun = (plan > 0) == choices  # a group that gets nothing is not begun
        value = np.where(begun.all(axis=1) & ~(choices & ~declared.stated[b]).any(axis=1), value, NOWHERE)
        amounts.append(plan)
        if joint is None:
            joint = value
            trace.append(np.arange(len(choices)))
            continue
        joint, before, now = _join(joint, value)
        trace = [part[before] for part in trace] + [now]
    assert joint is not None
    sizes = choices.sum(axis=1)
    plans = {}
    for number in range(1, count + 1):
        own = np.flatnonzero(sizes == number)
        best = own[joint[own].argmax()]
        if np.isfinite(joint[best]):
            plans[number] = np.stack([part[way[best]] for part, way in zip(amounts, trace, strict=True)])
    return plans


def _join(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best sum over all pairs of sets whose union is each set; and which pair it is."""
    size = len(first)
    best, left, right = np.full(size, NOWHERE), np.zeros(size, dtype=int), np.zeros(size, dtype=int)
    sets = np.arange(size)
    for one in sets[np.isfinite(first)]:
        union, total = sets | one, first[one] + second
        order = np.argsort(total, kind="stable")  # where several pairs make one set, the best is written last
        better = order[total[order] > best[union[order]]]
        best[union[better]], left[union[better]], right[union[better]] = total[better], one, better
    return best, left, right


def screen_groups(declared: Declared, *, max_groups: int) -> list[str]:
    """The groups worth a choice: those that bring most if each had the budgets for itself."""
    alone = np.zeros(len(declared.groups))
    for b, money in enumerate(declared.money):
        _, value = divide_money(
            declared.ceiling[b],
            declared.half_at[b],
            declared.worth[b],
            declared.min_amount[b],
            np.eye(len(declared.groups), dtype=bool),
            float(money),
            price=float(declared.price[b]),
        )
        alone += np.maximum(value, 0.0)
    order = np.argsort(-alone, kind="stable")[:max_groups]
    return [declared.groups[g] for g in sorted(order)]


def name_subset(groups: tuple[str, ...], amounts: np.ndarray) -> list[str]:
    """The groups with money in a plan (budget x group), most money first."""
    sums = amounts.sum(axis=0)
    return [groups[g] for g in np.argsort(-sums, kind="stable") if sums[g] > 0]
