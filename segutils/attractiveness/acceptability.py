"""How often does a group take each place, if weights and customers were others?

Rank acceptability of Lahdelma and Salminen (2001, SMAA-2), with the customers drawn anew as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.attractiveness.samples import GroupSamples
from segutils.statistics import portfolio
from segutils.statistics.decisions import TIE
from segutils.statistics.portfolio import Judged, Rules

NEAR, ANY, TOGETHER = "other weights", "any weights", "all together"


@dataclass(frozen=True, kw_only=True)
class Acceptability:
    """How often each group comes where, by what is varied.

    Parameters
    ----------
    firsts : pandas.DataFrame
        ``code, name, cause, first_share`` (0-1; together below 1 where no group passes), ``target_share``
        (how often its verdict is target).
    ranks : pandas.DataFrame
        ``code, name, cause, rank`` (1 is first; 0: misses a limit), ``share``.
    draws : int
        Random weights.
    """

    firsts: pd.DataFrame
    ranks: pd.DataFrame
    draws: int

    def held(self, name: str) -> dict[str, float]:
        """By cause, how often this group comes first."""
        own = self.firsts[self.firsts.name == name]
        return dict(zip(own.cause, own.first_share.astype(float), strict=True))

    def nobody(self) -> dict[str, float]:
        """By cause, how often no group keeps the limits."""
        return (1 - self.firsts.groupby("cause", sort=False).first_share.sum()).clip(lower=0).to_dict()

    def together(self, column: str) -> pd.Series:
        """A share by group's code, with weights and samples varied at once."""
        return self.firsts[self.firsts.cause == TOGETHER].set_index("code")[column]


def count_acceptability(
    samples: GroupSamples, rules: Rules, *, draws: int = 1000, seed: int = 0
) -> Acceptability:
    """How often is each group first, second and so on, if weights, customers and groups were others?

    Parameters
    ----------
    samples : GroupSamples
    rules : Rules
    draws : int
        Random weights around those stated, and as many of any kind; with other samples at the same time, as
        many in all.
    seed : int

    Returns
    -------
    Acceptability
        Causes: other weights, any weights, each of ``samples.redrawn``, all together (other weights on the
        samples in which most is drawn anew).
    """
    near = portfolio.draw_weights(rules, draws=draws, seed=seed)
    anything = portfolio.draw_weights(rules, draws=draws, concentration=None, seed=seed + 1)
    now, widest = samples.values[None], samples.widest
    cases = {
        NEAR: (now, near),
        ANY: (now, anything),
        **{cause: (drawn, None) for cause, drawn in samples.redrawn.items()},
        TOGETHER: (widest[np.arange(draws) % len(widest)], near),
    }
    firsts, places = [], []
    for cause, (values, weights) in cases.items():
        judged = portfolio.judge_groups(values, samples.measures, rules, weights=weights)
        shares_of, targets = share_places(judged), judged.verdicts(rules) == portfolio.TARGET
        for n, (code, name) in enumerate(zip(samples.codes, samples.names, strict=True)):
            shares = shares_of[n]
            firsts.append((code, name, cause, float(shares[1]), float(targets[:, n].mean())))
            places += [(code, name, cause, rank, float(share)) for rank, share in enumerate(shares)]
    return Acceptability(
        firsts=pd.DataFrame(firsts, columns=["code", "name", "cause", "first_share", "target_share"]),
        ranks=pd.DataFrame(places, columns=["code", "name", "cause", "rank", "share"]),
        draws=draws,
    )


def share_places(judged: Judged) -> np.ndarray:
    """How often each group takes each place; groups that are level share their places evenly.

    Parameters
    ----------
    judged : Judged
        Draw x group.

    Returns
    -------
    numpy.ndarray
        Group x place (0: misses a limit); each row makes 1.
    """
    total = np.where(judged.passes, np.nan_to_num(judged.total, nan=-1.0), -2.0)
    draws, groups = total.shape
    ahead, level = np.zeros(total.shape, dtype=int), np.zeros(total.shape, dtype=int)
    for other in total.T[:, :, None]:  # a group at a time: many groups and draws fit into memory
        ahead += other > total + TIE
        level += np.abs(other - total) <= TIE
    shares = np.zeros((groups, groups + 1))
    for n in range(groups):
        in_draws = judged.passes[:, n]
        shares[n, 0] = (~in_draws).sum()
        first, many = ahead[in_draws, n], level[in_draws, n]
        for step in range(many.max(initial=0)):
            there = many > step
            shares[n] += np.bincount(first[there] + 1 + step, 1 / many[there], minlength=groups + 1)
    return shares / draws
