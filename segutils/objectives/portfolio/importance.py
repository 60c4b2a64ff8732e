"""How important each group is to the strategy, as shares: the client's own criteria and weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.attractiveness.rules import StatedRules
from segutils.attractiveness.samples import GroupSamples
from segutils.statistics import portfolio


@dataclass(frozen=True, kw_only=True)
class Importance:
    """Shares of importance of groups.

    Parameters
    ----------
    table : pandas.DataFrame
        ``group, score`` (attractiveness 0-1), ``share`` (together 1), ``low, high`` (of the share, the middle
        90 % of samples), ``missed`` (limits that it misses, as measures; such a group has no share).
    draws : numpy.ndarray
        sample x group, in the order of `table`.
    missing : tuple of str
        Criteria of attractiveness that are not known.
    """

    table: pd.DataFrame
    draws: np.ndarray
    missing: tuple[str, ...]

    @property
    def shares(self) -> pd.Series:
        """By group."""
        return self.table.set_index("group").share


def score_importance(samples: GroupSamples | None, rules: StatedRules | None) -> Importance | None:
    """How much of the company's strategy lies in each group?

    A group's importance is its attractiveness under the client's criteria and weights, over that of all
    groups; what misses a stated limit has none (limits come before scores: Dolnicar, Grün and Leisch 2018,
    chapter 4). How well the client competes there is left out: research is to change it.

    Parameters
    ----------
    samples : GroupSamples, optional
    rules : StatedRules, optional

    Returns
    -------
    Importance or None
        None without stated criteria, or where no group keeps the limits.
    """
    if samples is None or rules is None:
        return None
    shares, judged = _shares(samples.values[None], samples, rules)
    if not np.isfinite(shares).all():
        return None
    draws = _shares(samples.widest, samples, rules)[0]
    draws = draws[np.isfinite(draws).all(axis=1)]
    ends = np.quantile(draws, [0.05, 0.95], axis=0) if len(draws) else np.repeat(shares, 2, axis=0)
    missed = portfolio.list_missed(samples.table, rules.rules.limits).dropna(subset=["limit"])
    table = pd.DataFrame(
        {
            "group": samples.names,
            "score": judged.attractiveness[0],
            "share": shares[0],
            "low": ends[0],
            "high": ends[1],
            "missed": missed.groupby("group")
            .measure.agg(", ".join)
            .reindex(samples.names)
            .fillna("")
            .to_numpy(),
        }
    )
    known = set(rules.rules.attractiveness.weights)
    missing = tuple(name for name in rules.stated.attractiveness.weights if name not in known)
    return Importance(table=table, draws=draws if len(draws) else shares, missing=missing)


def _shares(
    values: np.ndarray, samples: GroupSamples, rules: StatedRules
) -> tuple[np.ndarray, portfolio.Judged]:
    """Sample x group; NaN in a sample where no group keeps the limits."""
    judged = portfolio.judge_groups(values, samples.measures, rules.rules)
    scores = np.where(judged.passes, np.nan_to_num(judged.attractiveness), 0.0)
    whole = scores.sum(axis=-1, keepdims=True)
    return np.divide(scores, whole, out=np.full(scores.shape, np.nan), where=whole > 0), judged
