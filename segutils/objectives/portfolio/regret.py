"""What plans are worth in every future, and what is missed by whoever chose one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from segutils.objectives.portfolio.breadth_plans import best_values
from segutils.objectives.portfolio.declared import Declared, States

RESAMPLES = 100
UNTOLD = 0.1  # share of other sets of draws from which plans cannot be told apart by regret
TIE = 1e-9  # values closer than this, as a share of the largest, are the same
REGRET, VALUE = "regret", "value"  # rules: smallest largest regret (Savage 1951), largest expected value


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Plans in all futures.

    Parameters
    ----------
    names : tuple of str
        Plans.
    amounts : numpy.ndarray
        plan x budget x group.
    values : numpy.ndarray
        plan x scenario x draw: present value less the money.
    best : numpy.ndarray
        scenario x draw: what whoever had known the future could have had.
    states : States
    """

    names: tuple[str, ...]
    amounts: np.ndarray
    values: np.ndarray
    best: np.ndarray
    states: States

    @property
    def regrets(self) -> np.ndarray:
        """plan x scenario x draw: what is missed (Savage 1951)."""
        return np.maximum(self.best - self.values, 0.0)

    def expected(self) -> np.ndarray:
        """Value of each plan, on average over the futures."""
        return (self.values * self.states.weights).sum(axis=(1, 2))

    def interval(self, *, level: float = 0.9) -> np.ndarray:
        """plan x (low, high): the middle share of the futures, each counting as it is likely."""
        tail = (1 - level) / 2
        flat, weights = self.values.reshape(len(self.names), -1), self.states.weights.ravel()
        ends = []
        for values in flat:
            order = np.argsort(values, kind="stable")
            below = np.cumsum(weights[order])
            places = np.searchsorted(below, [tail, 1 - tail])
            ends.append(values[order][np.minimum(places, len(values) - 1)])
        return np.array(ends)

    def first_shares(self) -> np.ndarray:
        """In which share of the futures each plan is best of all plans, ties shared."""
        top = self.values.max(axis=0)
        first = self.values >= top - TIE * np.maximum(np.abs(top), 1.0)
        return (first / first.sum(axis=0) * self.states.weights).sum(axis=(1, 2))

    def choose(self, rule: str, *, same: float = 0.0) -> int:
        """The plan that a rule recommends: of those that are alike by it, the one with the fewest groups."""
        alike = self.list_alike(rule, same=same)
        return int(alike[self.count_groups()[alike].argmin()])

    def list_alike(self, rule: str, *, same: float = 0.0) -> np.ndarray:
        """Places of the plans that a rule holds for the best, within `same`.

        `same` is a share of the largest expected value of all plans. The largest regret hangs on few draws:
        plans whose regret is the smallest in one of ten other sets of draws, too, cannot be told apart by
        these, and those of them that are worth noticeably less on average are left out.
        """
        expected = self.expected()
        slack = same * max(expected.max(), 0.0)
        if rule != REGRET:
            return np.flatnonzero(expected.max() - expected <= slack)
        largest = self.regrets.max(axis=1)  # plan x draw
        draws = largest.shape[1]
        again = np.random.default_rng(draws).integers(0, draws, (RESAMPLES, draws))
        misses = largest[:, again].max(axis=2)
        least = (misses - misses.min(axis=0) <= slack).mean(axis=1) >= UNTOLD
        worst = largest.max(axis=1)
        alike = np.flatnonzero(least | (worst - worst.min() <= slack))
        return alike[expected[alike].max() - expected[alike] <= slack]

    def take(self, scenarios: np.ndarray, draws: np.ndarray) -> Tried:
        """The same in some of the scenarios and draws."""
        states = self.states
        probability = states.probability[scenarios]
        part = replace(
            states,
            names=tuple(states.names[n] for n in scenarios),
            probability=probability / probability.sum(),
            ceiling=states.ceiling[scenarios][:, draws],
        )
        values, best = self.values[:, scenarios][:, :, draws], self.best[scenarios][:, draws]
        return replace(self, values=values, best=best, states=part)

    def count_groups(self) -> np.ndarray:
        """How many groups get money in each plan."""
        return (self.amounts.sum(axis=1) > 0).sum(axis=1)


def try_plans(declared: Declared, states: States, plans: Mapping[str, np.ndarray]) -> Tried:
    """What is each plan worth in each future, and what could have been had?

    Parameters
    ----------
    declared : Declared
    states : States
    plans : mapping of str to numpy.ndarray
        Amounts, budget x group.

    Returns
    -------
    Tried
    """
    return Tried(
        names=tuple(plans),
        amounts=np.stack(list(plans.values())),
        values=np.stack([declared.value(amounts, states.ceiling) for amounts in plans.values()]),
        best=best_values(declared, states.ceiling),
        states=states,
    )


def share_held(tried: Tried, chosen: int, *, same: float = 0.0) -> float:
    """In which share of the futures is no other plan worth noticeably more than the chosen one?

    `same` is a share of the largest expected value of all plans.
    """
    slack = max(same * max(tried.expected().max(), 0.0), TIE)
    ahead = tried.values.max(axis=0) - tried.values[chosen]
    return float(((ahead <= slack) * tried.states.weights).sum())


def share_held_by_probabilities(
    tried: Tried, chosen: int, *, same: float = 0.0, draws: int = 2000, concentration: float = 20.0, seed: int
) -> float:
    """Under which share of other probabilities of the scenarios is no other plan worth noticeably more?

    Probabilities are drawn from a Dirichlet distribution around the stated ones (Lahdelma and Salminen 2001).
    """
    by_scenario = tried.values.mean(axis=2)
    rng = np.random.default_rng(seed)
    near = np.maximum(concentration * tried.states.probability, 1e-3)
    expected = rng.dirichlet(near, size=draws) @ by_scenario.T
    slack = max(same * max(tried.expected().max(), 0.0), TIE)
    return float((expected.max(axis=1) - expected[:, chosen] <= slack).mean())


def share_held_elsewhere(
    tried: Tried, chosen: int, rule: str, *, same: float = 0.0, sets: int = 50, seed: int
) -> float:
    """In which share of other sets of futures does the rule still hold the plan for one of the best?

    The draws are taken anew with replacement (the bootstrap), with all scenarios and with each left out in
    turn.
    """
    rng = np.random.default_rng(seed)
    scenarios, draws = tried.best.shape
    kept = [np.arange(scenarios)]
    if scenarios > 1:
        kept += [np.delete(kept[0], n) for n in range(scenarios)]
    stands = [
        chosen in tried.take(some, rng.integers(0, draws, draws)).list_alike(rule, same=same)
        for some in kept
        if tried.states.probability[some].sum() > 0
        for _ in range(sets)
    ]
    return float(np.mean(stands))


def list_plans(tried: Tried, *, level: float = 0.9) -> pd.DataFrame:
    """Which plan is worth most, and which is regretted least?

    Returns
    -------
    pandas.DataFrame
        ``option, spent, value`` (on average over the futures), ``low, high`` (middle share of them),
        ``mean_regret, max_regret, worst_in`` (scenario in which the largest regret lies), ``first_share``
        (share of futures in which it is the best of these plans); in the order of the plans.
    """
    ends = tried.interval(level=level)
    regrets = tried.regrets
    by_scenario = regrets.max(axis=2)
    return pd.DataFrame(
        {
            "option": tried.names,
            "spent": tried.amounts.sum(axis=(1, 2)),
            "value": tried.expected(),
            "low": ends[:, 0],
            "high": ends[:, 1],
            "mean_regret": (regrets * tried.states.weights).sum(axis=(1, 2)),
            "max_regret": by_scenario.max(axis=1),
            "worst_in": [tried.states.names[n] for n in by_scenario.argmax(axis=1)],
            "first_share": tried.first_shares(),
        }
    )


def build_regret_table(tried: Tried) -> pd.DataFrame:
    """What is missed in each scenario, on average over what money may bring back in it?

    Returns
    -------
    pandas.DataFrame
        ``option``, one column per scenario (by its name), ``mean`` (scenarios as likely as stated), ``max``
        (over every draw of every scenario).
    """
    regrets = tried.regrets
    table = pd.DataFrame(regrets.mean(axis=2), columns=list(tried.states.names))
    table.insert(0, "option", list(tried.names))
    table["mean"] = (regrets * tried.states.weights).sum(axis=(1, 2))
    table["max"] = regrets.max(axis=(1, 2))
    return table
