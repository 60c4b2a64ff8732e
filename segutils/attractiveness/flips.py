"""The weight at which another group comes first, where a criterion is not known of every group.

What is not known of a group is left out and its other criteria weigh more, so that a score is a ratio and no
straight line in a weight: the weight of a flip is searched for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.statistics.portfolio import Rules

FLIPS = ["criterion", "weight", "flip_weight", "change", "winner_then"]
STEPS = 1000
HALVINGS = 40


def search_flips(scaled: np.ndarray, rules: Rules, names: Sequence[str]) -> pd.DataFrame:
    """At which weight of a single criterion would another group come first?

    Parameters
    ----------
    scaled : numpy.ndarray
        Group x criterion in the order of the rules' weights, 0-1; NaN where it is not known.
    rules : Rules
    names : sequence of str
        The groups.

    Returns
    -------
    pandas.DataFrame
        ``criterion, weight, flip_weight`` (nearest weight of the total at which another group leads),
        ``change, winner_then``; NaN and "" where none does. Smallest change first.
    """
    criteria = list(rules.weights)
    rows = []
    for n, criterion in enumerate(criteria):
        now = rules.weights[criterion]
        grid = np.union1d(np.linspace(0, 1, STEPS + 1)[1:-1], [now])
        winners = _score_at(scaled, rules, n, grid).argmax(axis=1)
        here = int(np.searchsorted(grid, now))
        turned = np.flatnonzero(winners != winners[here])
        found = []
        for near in (turned[turned < here][-1:], turned[turned > here][:1]):
            if not len(near):
                continue
            away, stays = grid[near[0]], grid[near[0] + (1 if near[0] < here else -1)]
            for _ in range(HALVINGS):
                middle = (away + stays) / 2
                first = int(_score_at(scaled, rules, n, np.array([middle])).argmax())
                away, stays = (away, middle) if first == winners[here] else (middle, stays)
            rival = int(_score_at(scaled, rules, n, np.array([away])).argmax())
            found.append((float(away), names[rival]))
        flip, rival = min(found, key=lambda pair: abs(pair[0] - now)) if found else (np.nan, "")
        rows.append((criterion, now, flip, flip - now, rival))
    table = pd.DataFrame(rows, columns=FLIPS)
    return table.sort_values("change", key=np.abs, kind="stable", ignore_index=True)


def _score_at(scaled: np.ndarray, rules: Rules, changed: int, weights: np.ndarray) -> np.ndarray:
    """Totals if one criterion had each of these weights (weight x group), the others in proportion."""
    criteria, share = list(rules.weights), rules.attractiveness_share
    parts = []
    for axis, part in ((rules.attractiveness, share), (rules.competitiveness, 1 - share)):
        own = np.array([axis.weights.get(name, 0.0) for name in criteria])
        parts.append(part * own / own.sum())
    now = sum(parts)[changed]
    others = np.delete(sum(parts), changed).sum()
    totals = np.zeros((len(weights), len(scaled)))
    told = np.isfinite(scaled)
    for n, own in enumerate(parts):
        moved = np.outer((1 - weights) / others if others > 0 else np.zeros(len(weights)), own)
        # a criterion without weight today gets it on the axis that names it
        held = (
            own[changed] / now
            if now > 0
            else float(bool(n) != (criteria[changed] in rules.attractiveness.weights))
        )
        moved[:, changed] = weights * held
        known = moved @ told.T
        above = moved @ np.nan_to_num(scaled).T
        score = np.divide(above, known, out=np.zeros(above.shape), where=known > 0)
        totals += moved.sum(axis=1, keepdims=True) * score
    return totals
