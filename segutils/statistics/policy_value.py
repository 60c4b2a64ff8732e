"""What a policy by segment brings over one policy for all, measured on customers who had no say in it.

Several treatments (arms) were given by lot. One policy gives every customer the arm that did best over all; a
policy by segment may give a segment another one. Both are learned on one half of the customers and their
difference is measured on the other half, so that luck in learning is no gain.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm


@dataclass(frozen=True, kw_only=True)
class PolicyGain:
    """Gain of the policy by segment over one policy for all, per trial row.

    Parameters
    ----------
    gain, error : float
        Mean per row of the trials, and its standard error (clustered by customer).
    base : float
        Mean outcome per row under one policy for all.
    arm : str
        The arm that one policy gives everybody (learned on all customers).
    by_segment : pandas.Series
        Arm by segment (learned on all customers).
    rows, customers : int
    """

    gain: float
    error: float
    base: float
    arm: str
    by_segment: pd.Series
    rows: int
    customers: int

    def interval(self, *, level: float = 0.95) -> np.ndarray:
        """Low and high end of the gain per row."""
        half = norm.ppf(0.5 + level / 2) * self.error
        return np.array([self.gain - half, self.gain + half])


@dataclass(frozen=True, kw_only=True)
class _Trials:
    """Rows as whole numbers: segment, arm, customer; the chance of each arm, and the outcome."""

    segment: np.ndarray
    arm: np.ndarray
    customer: np.ndarray
    chance: np.ndarray  # row x arm
    outcome: np.ndarray
    segments: int
    arms: int


@dataclass(frozen=True, kw_only=True)
class _Learned:
    means: np.ndarray  # segment x arm
    best: int
    policy: np.ndarray  # arm of each segment


def fit_policy_gain(trials: pd.DataFrame, *, repeats: int = 50, seed: int = 0) -> PolicyGain:
    """How much more does a policy by segment bring than the best single one, on customers not learned from?

    Learning: mean outcome by segment and arm, weighted by one over the chance of the arm; what sets a segment
    apart from the mean of all is shrunk by how much of it is noise (empirical Bayes, DerSimonian and Laird
    1986), so that a segment gets an arm of its own only where the evidence says so. Measuring: augmented
    inverse probability weighting (Robins, Rotnitzky and Zhao 1994; policies: Athey and Wager 2021) on the
    other half of the customers, both ways round, over many random halves.

    Parameters
    ----------
    trials : pandas.DataFrame
        ``customer_id, segment, stratum`` (arms were given by lot within it: a campaign, a test), ``arm``,
        ``outcome`` (contribution margin less what the arm costs).
    repeats : int
        Random halves.
    seed : int

    Returns
    -------
    PolicyGain
    """
    arms, segments = sorted(trials["arm"].unique()), sorted(trials["segment"].unique())
    chances = pd.crosstab(trials["stratum"], trials["arm"], normalize="index")[arms]
    coded = _Trials(
        segment=pd.Index(segments).get_indexer(trials["segment"]),
        arm=pd.Index(arms).get_indexer(trials["arm"]),
        customer=pd.factorize(trials["customer_id"])[0],
        chance=chances.loc[trials["stratum"]].to_numpy(),
        outcome=trials["outcome"].to_numpy(dtype=float),
        segments=len(segments),
        arms=len(arms),
    )
    number = int(coded.customer.max()) + 1
    rng = np.random.default_rng(seed)
    gained, base = np.zeros(len(trials)), np.zeros(len(trials))
    for _ in range(repeats):
        half = rng.permutation(number) < number // 2
        for learned_on in (half, ~half):
            learner = learned_on[coded.customer]
            learned = _learn(coded, learner)
            rows = ~learner
            gained[rows] += _score(coded, learned, rows) / repeats
            base[rows] += _value(coded, learned, rows, np.full(rows.sum(), learned.best)) / repeats
    totals = np.bincount(coded.customer, weights=gained - gained.mean(), minlength=number)
    full = _learn(coded, np.ones(len(trials), dtype=bool))
    return PolicyGain(
        gain=float(gained.mean()),
        error=float(np.sqrt((totals**2).sum() * number / max(number - 1, 1)) / len(trials)),
        base=float(base.mean()),
        arm=arms[full.best],
        by_segment=pd.Series([arms[arm] for arm in full.policy], index=segments, name="arm"),
        rows=len(trials),
        customers=number,
    )


def _learn(trials: _Trials, rows: np.ndarray) -> _Learned:
    weight = 1 / trials.chance[np.flatnonzero(rows), trials.arm[rows]]
    outcome, shape = trials.outcome[rows], (trials.segments, trials.arms)
    cell = trials.segment[rows] * trials.arms + trials.arm[rows]
    size = trials.segments * trials.arms

    def add(values: np.ndarray) -> np.ndarray:
        return np.bincount(cell, weights=values, minlength=size).reshape(shape)

    mass, total = add(weight), add(weight * outcome)
    overall = total.sum(axis=0) / np.maximum(mass.sum(axis=0), 1e-12)
    means = np.where(mass > 0, total / np.maximum(mass, 1e-12), overall)
    left = weight * (outcome - means.ravel()[cell])
    variance = np.where(add(np.ones_like(weight)) > 1, add(left**2) / np.maximum(mass, 1e-12) ** 2, np.inf)
    best = int(overall.argmax())
    lead = np.empty(shape)  # of each arm over the best one, by segment, shrunk towards that of all
    for arm in range(trials.arms):
        apart = (means[:, arm] - means[:, best]) - (overall[arm] - overall[best])
        noise = variance[:, arm] + variance[:, best] if arm != best else np.ones(trials.segments)
        lead[:, arm] = overall[arm] - overall[best] + apart * _reliability(apart, noise)
    return _Learned(means=means, best=best, policy=lead.argmax(axis=1))


def _reliability(apart: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Share of each deviation's variance that is not noise."""
    known = np.isfinite(noise)
    weight = np.where(known, 1 / np.where(known, np.maximum(noise, 1e-12), 1.0), 0.0)
    if known.sum() < 2 or weight.sum() == 0:
        return np.zeros(len(apart))
    middle = (weight * apart).sum() / weight.sum()
    excess = (weight * (apart - middle) ** 2).sum() - (known.sum() - 1)
    spread = max(excess / (weight.sum() - (weight**2).sum() / weight.sum()), 0.0)
    return np.where(known, spread / (spread + np.where(known, noise, 1.0)), 0.0) if spread > 0 else 0 * apart


def _score(trials: _Trials, learned: _Learned, rows: np.ndarray) -> np.ndarray:
    own = learned.policy[trials.segment[rows]]
    best = np.full(len(own), learned.best)
    return _value(trials, learned, rows, own) - _value(trials, learned, rows, best)


def _value(trials: _Trials, learned: _Learned, rows: np.ndarray, arm: np.ndarray) -> np.ndarray:
    """Each row's estimate of the outcome under `arm`: what was learned, corrected by what was seen."""
    expected = learned.means[trials.segment[rows], arm]
    got = trials.arm[rows] == arm
    chance = trials.chance[np.flatnonzero(rows), arm]
    return expected + np.where(got, (trials.outcome[rows] - expected) / np.maximum(chance, 1e-12), 0.0)
