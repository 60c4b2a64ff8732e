"""Which way of naming customers tells most about customers that it was not made from?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.objectives.boundaries.taxonomy_rulings import (
    ESCALATE,
    FIRST,
    MATCHED,
    SMALL,
    SPLIT,
    Filed,
    rule_cells,
)

KEEP, USE_FIRST, USE_SECOND, SETTLE, BOTH = "keep", "first", "second", "settle", "both names"
TRAINED = 2 / 3  # share of customers from whom rulings and means are learned; the others are foretold


@dataclass(frozen=True, kw_only=True)
class Trials:
    """What random two thirds of the customers lead to.

    Parameters
    ----------
    explained : numpy.ndarray
        Trial x option x trait: share of the differences between the other customers that the option foretells
        (0-1; below 0 where it misleads).
    rulings : numpy.ndarray of object
        Trial x first x second.
    options : tuple of str
        Keep, first, second and, where names correspond at all, settle.
    traits : tuple of str
    with_both : float
        The same share, mean over trials and traits, for both names used together: what any reconciliation can
        reach at most.
    """

    explained: np.ndarray
    rulings: np.ndarray
    options: tuple[str, ...]
    traits: tuple[str, ...]
    with_both: float

    @property
    def scores(self) -> pd.DataFrame:
        """Option x trait, mean of all trials, 0-1."""
        means = np.clip(self.explained.mean(axis=0), 0.0, 1.0)
        return pd.DataFrame(means, index=list(self.options), columns=list(self.traits))


def try_options(
    filed: Filed,
    *,
    max_distance: float,
    confidence: float = 0.95,
    min_known: int = 20,
    trials: int = 100,
    seed: int = 0,
) -> Trials:
    """How much do sales' names, strategy's names and the rulings tell about how other customers behave?

    On random two thirds of the customers the cells are ruled anew and every group's mean is taken; the last
    third is foretold by them. Drawn without replacement: doubled customers would make rulings look surer than
    they are.

    Parameters
    ----------
    filed : Filed
    max_distance, confidence, min_known
        As in :func:`~segutils.objectives.boundaries.taxonomy_rulings.rule_cells`.
    trials : int
    seed : int

    Returns
    -------
    Trials
        Keeping both names side by side counts as the mean of the two: one department acts on one of them,
        one on the other.
    """
    rng = np.random.default_rng(seed)
    size, kept = len(filed.first), filed.matched.any()
    options = (KEEP, USE_FIRST, USE_SECOND, *((SETTLE,) if kept else ()))
    explained = np.empty((trials, len(options), len(filed.traits)))
    rulings = np.empty((trials, *filed.judged.shape), dtype=object)
    crossed = np.empty(trials)
    cells = filed.first * len(filed.second_names) + filed.second
    for trial in range(trials):
        members = np.zeros(size, dtype=bool)
        members[rng.permutation(size)[: round(TRAINED * size)]] = True
        rulings[trial] = rule_cells(
            filed, max_distance=max_distance, confidence=confidence, min_known=min_known, members=members
        )
        first = _foretell(filed.values, filed.first, members)
        second = _foretell(filed.values, filed.second, members)
        parts = [(first + second) / 2, first, second]
        if kept:
            parts.append(_foretell(filed.values, settle_names(filed, rulings[trial]), members))
        explained[trial] = parts
        crossed[trial] = _foretell(filed.values, cells, members).mean()
    return Trials(
        explained=explained,
        rulings=rulings,
        options=options,
        traits=filed.traits,
        with_both=float(crossed.mean()) if trials else np.nan,
    )


def settle_names(filed: Filed, rulings: np.ndarray) -> np.ndarray:
    """Codes of the groups that the rulings make: corresponding names are one group, and a split-off cell is
    a group of its own; cells that are escalated or too small keep the second name."""
    rows, columns = filed.judged.shape
    first_code, second_code = np.arange(rows), rows + np.arange(columns)
    for row, column in np.argwhere(filed.matched):
        first_code[row] = second_code[column]
    own = rows + columns + np.arange(rows * columns).reshape(rows, columns)
    codes = np.select([rulings == FIRST, rulings == SPLIT], [first_code[:, None], own], second_code[None, :])
    return codes[filed.first, filed.second]


def choose_option(totals: Mapping[str, float], *, min_gain: float) -> str:
    """The option with the highest total, if it gains enough on keeping both names; else keeping them."""
    best = max(totals, key=lambda name: totals[name])
    return best if totals[best] - totals[KEEP] >= min_gain else KEEP


def count_choices(
    trials: Trials, weights: np.ndarray, *, min_gain: float, concentration: float = 20.0, seed: int = 0
) -> dict[str, dict[str, float]]:
    """How often is each option chosen under other weights of the traits, other customers, or both?

    Parameters
    ----------
    trials : Trials
    weights : numpy.ndarray
        One per trait; they make 1.
    min_gain : float
    concentration : float
        Random weights stay this close (Dirichlet, see
        :func:`~segutils.statistics.decisions.weight_robustness`).
    seed : int

    Returns
    -------
    dict of str to dict
        ``weights``, ``customers``, ``together``: option to share of draws.
    """
    rng = np.random.default_rng(seed)
    used = weights > 0
    drawn = np.zeros((len(trials.explained), len(weights)))
    drawn[:, used] = rng.dirichlet(concentration * weights[used], size=len(trials.explained))
    clipped = np.clip(trials.explained, 0.0, 1.0)
    totals = {
        "weights": drawn @ trials.scores.to_numpy().T,
        "customers": clipped @ weights,
        "together": (clipped * drawn[:, None, :]).sum(axis=2),
    }
    found = {}
    for cause, matrix in totals.items():
        chosen = [
            choose_option(dict(zip(trials.options, row, strict=True)), min_gain=min_gain) for row in matrix
        ]
        found[cause] = {name: chosen.count(name) / len(chosen) for name in trials.options}
    return found


def count_rulings(trials: Trials, filed: Filed, cells: pd.DataFrame) -> pd.DataFrame:
    """How often is each contested cell ruled the same, and how often the other way, in random two thirds?

    Two thirds of the customers show less than all of them, so a ruling that is not repeated is mostly an
    escalation; what speaks against it are trials with another ruling.

    Returns
    -------
    pandas.DataFrame
        `cells` with ``same_share, other_share`` (0-1); the rest of the trials leave the cell open.
    """
    same, other = [], []
    for cell in cells.itertuples():
        row, column = filed.first_names.index(cell.first), filed.second_names.index(cell.second)
        drawn = trials.rulings[:, row, column]
        same.append(float((drawn == cell.ruling).mean()))
        ruled = ~np.isin(drawn, [ESCALATE, SMALL, MATCHED])
        other.append(float((ruled & (drawn != cell.ruling)).mean()))
    return cells.assign(same_share=same, other_share=other)


def _foretell(values: np.ndarray, codes: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Per trait: share of the squared differences of those who are not members that their group's mean among
    members foretells, against the mean of all members."""
    found = np.zeros(values.shape[1])
    groups = int(codes.max()) + 1 if len(codes) else 0
    for n, column in enumerate(values.T):
        told = np.isfinite(column)
        learned, tested = told & members, told & ~members
        if not learned.any() or not tested.any():
            continue
        counts = np.bincount(codes[learned], minlength=groups)
        sums = np.bincount(codes[learned], weights=column[learned], minlength=groups)
        overall = column[learned].mean()
        means = np.divide(sums, counts, out=np.full(groups, overall), where=counts > 0)
        gone = ((column[tested] - overall) ** 2).sum()
        left = ((column[tested] - means[codes[tested]]) ** 2).sum()
        found[n] = 1 - left / gone if gone > 0 else 0.0
    return found
