"""How far does a plan under limits depend on what its owners expect, on the future, and on each limit?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.objectives.portfolio.investments import draw_ceilings, list_futures
from segutils.objectives.portfolio.plan_setting import ROUGH, Setting
from segutils.statistics.allocation import Allocation, Drawn, Limit

FACTORS = (1.1, 1.25, 1.5, 2.0, 3.0)
CLOSE = 0.01  # a flip is found to one per cent of the limit


@dataclass(frozen=True, kw_only=True)
class Stability:
    """How a plan fares elsewhere.

    Parameters
    ----------
    draws : pandas.DataFrame
        One row per draw of the ceilings: ``first`` (the group that would get most), ``binding`` (limits that
        would bind), ``value`` (of that best plan), ``mine`` (value of the plan, held fixed), ``kept`` (as a
        share of the best), ``stands`` (none of the other plans is worth more, and it keeps the limits).
    futures : pandas.DataFrame
        ``future, first, binding, value`` (of the best plan there), ``kept`` (NaN if that is worth nothing),
        ``mine``.
    """

    draws: pd.DataFrame
    futures: pd.DataFrame

    def share_first(self, group: str) -> float:
        """Draws in which the group gets most."""
        return float((self.draws["first"] == group).mean())

    def share_binding(self, limit: str) -> float:
        """Draws in which the limit binds."""
        return float(self.draws.binding.map(lambda names: limit in names).mean())

    def share_both(self, group: str, limit: str) -> float:
        """Draws in which the group gets most and the limit (if any) binds."""
        first = self.draws["first"] == group
        if limit:
            first &= self.draws.binding.map(lambda names: limit in names)
        return float(first.mean())


def first_group(plan: Allocation) -> str:
    """The group that gets most money; empty where nothing is spent."""
    groups = plan.by_group()
    return str(groups.index[0]) if len(groups) and groups.iloc[0] > 0 else ""


def first_groups(setting: Setting, plans: Drawn) -> list[str]:
    """The same of each draw's plan."""
    groups, place = np.unique(setting.investments.group.to_numpy(dtype=str), return_inverse=True)
    money = plans.amounts @ (place[:, None] == np.arange(len(groups)))
    return [str(groups[row.argmax()]) if row.max() > 0 else "" for row in np.nan_to_num(money)]


def list_binding(plan: Allocation) -> tuple[str, ...]:
    """Limits that hold a plan back: nothing is left of them, and more would be worth something."""
    held = plan.limits[plan.limits.binding & (plan.limits.shadow_price > 0)]
    return tuple(held.limit)


def measure_stability(
    setting: Setting,
    plan: Sequence[float],
    others: Mapping[str, Sequence[float]],
    scenarios: pd.DataFrame,
    *,
    draws: int,
    seed: int,
) -> Stability:
    """What would the best plan be elsewhere, and what would this one be worth there?

    Parameters
    ----------
    setting : Setting
    plan : sequence of float
        Amounts of the plan that is recommended.
    others : mapping of str to sequence of float
        Amounts of the other plans that keep the limits.
    scenarios : pandas.DataFrame
        From :func:`segutils.stated.list_scenarios`.
    draws : int
        Random sets of ceilings (see
        :func:`~segutils.objectives.portfolio.investments.draw_ceilings`).
    seed : int

    Returns
    -------
    Stability
    """
    drawn = draw_ceilings(setting.investments, draws=draws, seed=seed)
    table, mine = _compare(setting, plan, drawn)
    rivals = [setting.judge_draws(np.asarray(other), drawn).values for other in others.values()]
    stands = (mine.left >= 0).all(axis=1) & (mine.values >= np.max(rivals, axis=0, initial=-np.inf))
    futures = list_futures(setting.investments, scenarios)
    known, there = _compare(setting, plan, futures.to_numpy(dtype=float))
    known.insert(0, "future", futures.index)
    table.insert(3, "mine", mine.values)
    known["mine"] = there.values
    return Stability(draws=table.assign(stands=stands), futures=known)


def _compare(setting: Setting, plan: Sequence[float], ceilings: np.ndarray) -> tuple[pd.DataFrame, Drawn]:
    """``first, binding, value, kept`` in each draw, and the plan there."""
    best = setting.solve_draws(ceilings=ceilings, precision=ROUGH)
    mine = setting.judge_draws(np.asarray(plan), ceilings)
    names = np.array([limit.name for limit in setting.limits], dtype=object)
    table = pd.DataFrame(
        {
            "first": first_groups(setting, best),
            "binding": [tuple(names[held]) for held in best.held],
            "value": best.values,
            "kept": mine.share_of(best),
        }
    )
    return table, mine


def find_flips(setting: Setting, plan: Allocation) -> pd.DataFrame:
    """By how much would a limit have to change before another group gets most?

    Parameters
    ----------
    setting : Setting
    plan : Allocation
        The best plan in it.

    Returns
    -------
    pandas.DataFrame
        ``limit, words, amount, flip_amount, change`` (relative), ``first_then``: the nearest change of each
        at_most limit, up to a third and to three times, that moves the first place; smallest change first.
        Limits that move nothing within that span are absent.
    """
    first, rows = first_group(plan), []
    used = plan.limits.set_index("limit").used
    for limit in setting.limits:
        if limit.amount <= 0 or limit.kind != "at_most":
            continue

        def place(factors: Sequence[float], limit: Limit = limit) -> list[str]:
            bounds = setting.bounds(limit.name, limit.amount * np.asarray(factors))
            plans = setting.solve_draws(bounds=bounds, precision=ROUGH, near=plan.amounts.amount)
            return first_groups(setting, plans)

        # more of what is not used up changes nothing, nor does less of it down to what is used
        share = float(used[limit.name]) / limit.amount
        ways = (
            FACTORS if share > 1 - CLOSE else (),
            [1 / factor for factor in FACTORS if 1 / factor < share + CLOSE],
        )
        found = [flip for factors in ways if (flip := _search(place, factors, first)) is not None]
        if found:
            factor, then = min(found, key=lambda flip: abs(np.log(flip[0])))
            rows.append((limit.name, limit.words, limit.amount, limit.amount * factor, factor - 1, then))
    table = pd.DataFrame(rows, columns=["limit", "words", "amount", "flip_amount", "change", "first_then"])
    return table.sort_values("change", key=np.abs, kind="stable", ignore_index=True)


def find_ceiling_flip(setting: Setting, plan: Allocation) -> tuple[float, str] | None:
    """By how much would the first group have to bring back less before another one gets most?

    Returns
    -------
    (float, str) or None
        Factor on all ceilings of the first group (0-1), and who gets most then; None where it stays first at
        a third of them.
    """
    first, own = first_group(plan), setting.investments
    ceilings, mine = own.ceiling.to_numpy(dtype=float), (own.group == first_group(plan)).to_numpy()

    def place(factors: Sequence[float]) -> list[str]:
        lowered = np.where(mine, np.outer(factors, ceilings), ceilings)
        plans = setting.solve_draws(ceilings=lowered, precision=ROUGH, near=plan.amounts.amount)
        return first_groups(setting, plans)

    return _search(place, [1 / factor for factor in FACTORS], first)


def _search(
    place: Callable[[Sequence[float]], list[str]], factors: Sequence[float], first: str
) -> tuple[float, str] | None:
    """First factor on the way at which another group gets most, and that group."""
    found = place(factors) if len(factors) else []
    turned = next((step for step, then in enumerate(found) if then != first), None)
    if turned is None:
        return None
    inside, outside, then = [1.0, *factors][turned], factors[turned], found[turned]
    while abs(outside - inside) > CLOSE:
        middle = (inside + outside) / 2
        (there,) = place([middle])
        inside, outside, then = (middle, outside, then) if there == first else (inside, middle, there)
    return (outside, then) if then else None
