"""What would have to be different for another plan to be recommended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from segutils.objectives.portfolio.declared import Declared, States

HALF_AT, MIN_AMOUNT, CEILING = "half_at", "min_amount", "ceiling"
FACTORS = {
    CEILING: (0.25, 0.5, 2.0, 4.0),
    HALF_AT: (0.25, 0.5, 2.0, 4.0),
    MIN_AMOUNT: (0.0, 0.5, 2.0, 4.0),
}
COLUMNS = ["what", "budget", "group", "stated", "flips_at", "factor", "then"]
HALVINGS = 7

Recommend = Callable[[Declared, States], str]


def find_flips(declared: Declared, states: States, recommend: Recommend, *, draws: int = 100) -> pd.DataFrame:
    """How far may one stated fact be wrong before another plan is recommended?

    Each response's ceiling (with the range that its owner thinks possible), `half_at` and smallest amount is
    moved by itself, everything else as stated.

    Parameters
    ----------
    declared : Declared
    states : States
        The first `draws` of each scenario are used, all of them where these recommend something else.
    recommend : callable
        Declared and states to what is recommended.
    draws : int

    Returns
    -------
    pandas.DataFrame
        ``what`` (ceiling, half_at or min_amount), ``budget, group, stated, flips_at, factor`` (flips_at over
        stated), ``then`` (what is recommended from there on), the smallest change first; no row where nothing
        between a quarter and four times (for a smallest amount between nothing and four times) changes it.
    """
    now = recommend(declared, states)
    few = states.first(draws)
    if recommend(declared, few) != now:
        few = states
    rows = []
    for what, factors in FACTORS.items():
        for b, g in zip(*np.nonzero(declared.stated & (getattr(declared, what) > 0)), strict=True):
            stated = float(getattr(declared, what)[b, g])

            def ask(factor: float, what: str = what, place: tuple[int, int] = (int(b), int(g))) -> str:
                changed, there = getattr(declared, what).copy(), few
                changed[place] *= factor
                if what == CEILING:
                    spread = few.ceiling.copy()
                    spread[:, :, *place] *= factor
                    there = replace(few, ceiling=spread)
                return recommend(replace(declared, **{what: changed}), there)

            for side in (sorted((f for f in factors if f < 1), reverse=True), [f for f in factors if f > 1]):
                found = _search(ask, now, side)
                if found is not None:
                    rows.append(
                        (what, declared.budgets[b], declared.groups[g], stated, stated * found[0], *found)
                    )
    table = pd.DataFrame(rows, columns=COLUMNS)
    size = np.abs(np.log(table.factor.astype(float).clip(lower=0.01)))
    return table.iloc[np.argsort(size.to_numpy(), kind="stable")].reset_index(drop=True)


def _search(ask: Callable[[float], str], now: str, factors: list[float]) -> tuple[float, str] | None:
    """Nearest factor, outwards from 1, at which the answer changes, and what it is then."""
    inner = 1.0
    for factor in factors:
        then = ask(factor)
        if then != now:
            outer = factor
            for _ in range(HALVINGS):
                middle = (inner + outer) / 2
                answer = ask(middle)
                if answer == now:
                    inner = middle
                else:
                    outer, then = middle, answer
            return outer, then
        inner = factor
    return None
