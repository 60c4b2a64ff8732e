"""Attractiveness by competitiveness: where each group stands, what is made of it, and how far that holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.attractiveness.acceptability import Acceptability, count_acceptability
from segutils.attractiveness.flips import FLIPS, search_flips
from segutils.attractiveness.rules import AXES, StatedRules
from segutils.attractiveness.samples import GroupSamples
from segutils.findings import Override
from segutils.statistics import intervals, portfolio
from segutils.statistics.decisions import TIE, flip_weight
from segutils.statistics.topsis import find_reversals

COLUMNS = (
    *("code", "name", "verdict", "attractiveness", "attractiveness_low", "attractiveness_high"),
    *("competitiveness", "competitiveness_low", "competitiveness_high", "score", "score_low", "score_high"),
    *("topsis", "net_revenue", "customers", "missed", "first_share", "target_share", "chosen"),
)


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """The groups on both axes.

    Parameters
    ----------
    table : pandas.DataFrame
        Highest score first, groups that miss a limit last: see :func:`judge_matrix`.
    samples : GroupSamples, optional
    stated : StatedRules, optional
    accepted : Acceptability, optional
        None, with an empty table, where groups could not be judged.
    """

    table: pd.DataFrame
    samples: GroupSamples | None = None
    stated: StatedRules | None = None
    accepted: Acceptability | None = None

    @property
    def passing(self) -> pd.DataFrame:
        """The groups that keep every limit."""
        return self.table[self.table.missed == ""]

    @property
    def level(self) -> list[str]:
        """The groups that come first together; one, where scores tell them apart."""
        scores = self.passing.score
        return self.passing.name[scores >= scores.max() - TIE].tolist()

    @property
    def attractive(self) -> list[str]:
        """The groups of which more are wanted: the targets, and the first one or the client's own."""
        wanted = (self.table.verdict == portfolio.TARGET) | self.table.chosen.eq(True)
        return self.table.name[wanted].tolist()

    @property
    def unknown(self) -> dict[str, list[str]]:
        """Criteria that are known, but not of these groups that keep every limit."""
        if self.table.empty:
            return {}
        known = self.samples.table.set_index("group").loc[self.passing.name, list(self.stated.rules.weights)]
        gone = known.isna()
        return {name: gone.index[gone[name]].tolist() for name in known if gone[name].any()}


def judge_matrix(
    samples: GroupSamples | None,
    stated: StatedRules | None,
    *,
    override: Override | None = None,
    draws: int = 1000,
    level: float = 0.9,
    seed: int = 0,
) -> Matrix:
    """How does each group stand on both axes, what is its verdict, and how often is it the first target?

    Limits come first: what misses one is dropped, and takes no part in TOPSIS, whose best and worst are those
    of the groups that are compared.

    Parameters
    ----------
    samples : GroupSamples, optional
    stated : StatedRules, optional
        Without them the table is empty.
    override : Override, optional
        The client's own first target.
    draws : int
        Random weights.
    level : float
        Share of the samples within an interval.
    seed : int

    Returns
    -------
    Matrix
        Its table: ``code, name, verdict``, scores 0-1 with their intervals over samples, ``score`` (both axes
        together), ``score_low, score_high`` (criteria that are not known at their worst and best),
        ``topsis`` (NaN where a limit is missed), ``net_revenue`` (a year), ``customers``, ``missed``
        (measures, joined by commas), ``first_share`` and ``target_share`` (other weights and samples
        together), ``chosen`` (first target, or the client's own).
    """
    if samples is None or stated is None or not stated.applies:
        return Matrix(table=pd.DataFrame(columns=list(COLUMNS)), samples=samples, stated=stated)
    rules = stated.rules
    judged = portfolio.judge_groups(samples.values, samples.measures, rules)
    redrawn = portfolio.judge_groups(samples.widest, samples.measures, rules)
    accepted = count_acceptability(samples, rules, draws=draws, seed=seed)
    columns: dict[str, object] = {
        "code": list(samples.codes),
        "name": list(samples.names),
        "verdict": judged.verdicts(rules),
    }
    for axis in AXES:
        low, high = intervals.percentile_interval(getattr(redrawn, axis), level=level)
        columns |= {axis: getattr(judged, axis), f"{axis}_low": low, f"{axis}_high": high}
    weights, known = stated.stated.weights, list(rules.weights)
    told = np.array([weights[name] for name in known])
    scaled = _scale(samples, rules)
    low = np.nan_to_num(scaled) @ told
    unknown = sum(weights[name] for name in stated.missing) + np.isnan(scaled) @ told
    codes = list(samples.codes)
    columns |= {
        "score": judged.total,
        "score_low": low,
        "score_high": low + unknown,
        "topsis": _score_topsis(samples, stated, judged.passes),
        "net_revenue": samples.column("net_revenue"),
        "customers": samples.column("customers"),
        "missed": _list_missed(samples, rules),
        "first_share": accepted.together("first_share")[codes].to_numpy(),
        "target_share": accepted.together("target_share")[codes].to_numpy(),
    }
    table = pd.DataFrame(columns)
    own = override.choice if override is not None else None
    table["chosen"] = table.name == own if own else np.arange(len(table)) == int(judged.first())
    table = table.assign(out=table.missed != "")
    table = table.sort_values(["out", "score"], ascending=[True, False], kind="stable", ignore_index=True)
    return Matrix(table=table[list(COLUMNS)], samples=samples, stated=stated, accepted=accepted)


def find_flips(samples: GroupSamples, rules: portfolio.Rules) -> pd.DataFrame:
    """At which weight of a single criterion would another group come first?

    The other weights keep their proportions. Solved for where every criterion is known of every group that
    keeps the limits; otherwise searched for in steps of a thousandth and closed in by halves, as a score is
    then no straight line.

    Returns
    -------
    pandas.DataFrame
        ``criterion, weight, flip_weight, change, winner_then``, the smallest change first; weights are of the
        total of both axes. Empty where fewer than two groups can be compared.
    """
    judged = portfolio.judge_groups(samples.values, samples.measures, rules)
    scaled = _scale(samples, rules)
    left = judged.passes & np.isfinite(judged.total)
    if left.sum() < 2:
        return pd.DataFrame(columns=FLIPS)
    index = np.array(samples.names)[left].tolist()
    if not np.isfinite(scaled[left]).all():
        return search_flips(scaled[left], rules, index)
    return flip_weight(pd.DataFrame(scaled[left], columns=list(rules.weights), index=index), rules.weights)


def find_share_flip(matrix: Matrix) -> pd.DataFrame:
    """At which share of attractiveness in the total would another group come first?

    Returns
    -------
    pandas.DataFrame
        ``share, winner_then``: the nearest below and the nearest above the present share, as far as there
        are any between 0 and 1.
    """
    found, share = [], matrix.stated.rules.attractiveness_share
    first, *others = matrix.passing.dropna(subset=["score"]).itertuples()
    for other in others:
        lead = first.competitiveness - other.competitiveness
        slope = lead - (first.attractiveness - other.attractiveness)
        if abs(slope) > 1e-12 and 0 < lead / slope < 1:
            found.append((lead / slope, other.name))
    table = pd.DataFrame(found, columns=["share", "winner_then"]).astype({"share": float})
    below = table[table.share <= share].nlargest(1, "share")
    return pd.concat([below, table[table.share > share].nsmallest(1, "share")], ignore_index=True)


def list_reversals(samples: GroupSamples, rules: portfolio.Rules) -> pd.DataFrame:
    """Does TOPSIS put others in another order when a group is left out, or an excluded one is let in?

    Returns
    -------
    pandas.DataFrame
        ``change`` (without or with), ``group, better, worse`` (the pair whose order turns: `better` led
        before), one row per turned pair.
    """
    passes = portfolio.keep_limits(samples.values, samples.measures, rules.limits)
    values, weights = _known_values(samples, rules)
    columns = ["change", "group", "better", "worse"]
    if not weights or passes.sum() < 2:
        return pd.DataFrame(columns=columns)
    lower = rules.lower & set(weights)
    found = [find_reversals(values[passes], weights, lower=lower).rename(columns={"dropped": "group"})]
    found[0].insert(0, "change", "without")
    for name in values.index[~passes]:
        wider = values[passes | (values.index == name)]
        turned = find_reversals(wider, weights, lower=lower)
        turned = turned[turned.dropped == name].rename(columns={"better": "worse", "worse": "better"})
        turned = turned.rename(columns={"dropped": "group"})
        found.append(turned.assign(change="with")[columns])
    return pd.concat(found, ignore_index=True)


def _scale(samples: GroupSamples, rules: portfolio.Rules) -> np.ndarray:
    """Criteria on their scales, group x criterion in the order of the weights."""
    known = list(rules.weights)
    columns = [samples.measures.index(name) for name in known]
    return portfolio.scale_measures(samples.values[:, columns], known, rules.scales)


def _known_values(samples: GroupSamples, rules: portfolio.Rules) -> tuple[pd.DataFrame, dict[str, float]]:
    """Criteria in their own units by group name, as far as they are known of every group; their weights."""
    table = samples.table.set_index("group")[list(rules.weights)].dropna(axis=1)
    return table, {name: rules.weights[name] for name in table.columns}


def _score_topsis(samples: GroupSamples, stated: StatedRules, passes: np.ndarray) -> np.ndarray:
    """Closeness of the groups that pass, NaN of the others and where there is nobody to compare with."""
    if passes.sum() < 2:
        return np.full(len(passes), np.nan)
    left = portfolio.score_closeness(samples.table[passes].reset_index(drop=True), stated.rules)
    return left.reindex(list(samples.names)).to_numpy(dtype=float)


def _list_missed(samples: GroupSamples, rules: portfolio.Rules) -> list[str]:
    """Per group the measures of the limits that it misses."""
    missed: list[list[str]] = [[] for _ in samples.names]
    for n, measure in enumerate(rules.limits.measure):
        kept = portfolio.keep_limits(samples.values, samples.measures, rules.limits.iloc[[n]])
        for group in np.flatnonzero(~kept):
            missed[group].append(measure)
    return [", ".join(dict.fromkeys(names)) for names in missed]
