"""Which options are started in the best plan: branch and bound, side by side for many draws."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from segutils.statistics.allocation_program import Plans, Program

ROUGH = 1e-7  # share of a plan's value that tells what is on and off
WHOLE = 1e-6  # closer to a whole number than this is whole


def find_plans(program: Program, *, precision: float = 1e-9, near: Sequence[float] | None = None) -> Plans:
    """What is the best plan of each draw?

    The most promising branch of each draw is looked at first, and all draws take a step together.

    Parameters
    ----------
    program : Program
    precision : float
        Share of a plan's value by which another choice of what is started may be better.
    near : sequence of float, optional
        Amounts of a plan whose choice of what is started may be the best: where it is as good as the bound
        over all choices, the search ends at once.

    Returns
    -------
    Plans
        One per draw; prices are those with what is started held as it is.
    """
    precision, turn, every = max(precision, ROUGH), 0, range(program.draws)
    always, free = ~program.on_off, np.ones(len(program.options), dtype=bool)
    best = np.zeros(program.ceiling.shape, dtype=bool)
    amounts, prices = np.full(best.shape, np.nan), np.full(program.bound.shape, np.nan)
    values = np.full(program.draws, -np.inf)
    enough, made = values.copy(), np.zeros(program.draws, dtype=bool)
    queues: list[list] = [[] for _ in every]
    wave = [(draw, always, free) for draw in every]
    if near is not None:
        begun = always | (np.asarray(near) > 0)
        wave = [*((draw, begun, begun) for draw in every), *wave]
    while wave:
        draws, low, high = (np.array(part) for part in zip(*wave, strict=True))
        found = program.solve(draws, low, high)
        share = np.minimum(found.amounts / np.where(always, 1.0, program.least), 1.0)
        doubt = np.where(low == high, 0.0, np.minimum(share, 1 - share))
        for place, draw in enumerate(draws):
            if not found.values[place] > enough[draw]:
                continue
            branch = int(doubt[place].argmax())
            if doubt[place, branch] >= WHOLE:
                for side in (False, True):
                    ends = np.array([low[place], high[place]])
                    ends[:, branch] = side
                    heapq.heappush(queues[draw], (-found.values[place], turn := turn + 1, *ends))
                continue
            values[draw] = found.values[place]
            enough[draw] = values[draw] + precision * abs(values[draw])
            best[draw], made[draw] = always | (share[place] > 0.5), (low[place] == high[place]).all()
            amounts[draw], prices[draw] = found.amounts[place], found.prices[place]
        wave = []
        for draw, queue in enumerate(queues):
            if queue and -queue[0][0] > enough[draw]:
                wave.append((draw, *heapq.heappop(queue)[2:]))
    rows = np.flatnonzero(~made & (values > -np.inf))
    if len(rows):  # prices are those of a choice that is held
        final = program.solve(rows, best[rows], best[rows])
        amounts[rows], prices[rows] = final.amounts, final.prices
    return Plans(amounts=amounts, prices=prices, values=values)
