"""How often to refresh: what each interval leaves wrong, what it costs, and which one is best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from segutils.data_readiness.quality.assignment_decay import Decay, average_wrong
from segutils.errors import InputError
from segutils.findings import Decision
from segutils.formats import format_value, join_words
from segutils.statistics.decisions import (
    flip_weight,
    noise_robustness,
    scale_between,
    score_options,
    weight_robustness,
)
from segutils.statistics.intervals import percentile_interval

IN, MISSES, UNKNOWN = "possible", "misses the limit", "history too short"
A_YEAR = {"month": 12, "quarter": 4, "year": 1}
WRONG_SEGMENT = "wrong segment"  # part of the item of a cost line
MEASURE = "wrong_share"
COLUMNS = [
    "option",
    "verdict",
    "wrong_share",
    "wrong_low",
    "wrong_high",
    "refreshes",
    "cost",
    "loss",
    "total",
]
Basis = Literal["money", "weights", "limit"]


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What people stated about refreshing; None where nobody did.

    Parameters
    ----------
    refresh_cost : float or None
        Of one refresh.
    wrong_cost : float or None
        Of one customer in the wrong segment for a year.
    max_wrong_share : float or None
        Limit on the share of customers misplaced for want of a refresh, averaged from one to the next.
    refresh_owner, wrong_owner, limit_owner : str
    """

    refresh_cost: float | None
    wrong_cost: float | None
    max_wrong_share: float | None
    refresh_owner: str = ""
    wrong_owner: str = ""
    limit_owner: str = ""

    @property
    def basis(self) -> Basis:
        """On what the choice can rest: yearly money, weights, or the limit alone."""
        if self.refresh_cost is None:
            return "limit"
        return "weights" if self.wrong_cost is None else "money"


def read_stated(
    costs: pd.DataFrame | None, thresholds: pd.DataFrame | None, *, max_wrong_share: float
) -> Stated:
    """What do people say a refresh costs, a customer in the wrong segment costs, and how many may be wrong?

    Parameters
    ----------
    costs : pandas.DataFrame or None
        ``item, amount, per, every, owner``. Lines per ``refresh`` are added up; the cost of a wrong segment
        is the line per ``customer`` whose item speaks of a wrong segment.
    thresholds : pandas.DataFrame or None
        ``measure, max, owner``; measure ``wrong_share``.
    max_wrong_share : float
        The limit (0-1) where nobody stated one and nothing else can decide.

    Returns
    -------
    Stated

    Raises
    ------
    InputError
        The cost of a wrong segment does not say for which time.
    """
    refresh_cost = wrong_cost = None
    refresh_owner = wrong_owner = ""
    if costs is not None and len(costs):
        refreshes = costs[costs.per == "refresh"]
        if len(refreshes):
            refresh_cost = float(refreshes.amount.astype(float).sum())
            refresh_owner = "; ".join(refreshes.owner.drop_duplicates())
        wrong = costs[(costs.per == "customer") & costs.item.str.lower().str.contains(WRONG_SEGMENT)]
        if len(wrong):
            line = wrong.iloc[0]
            if line.every not in A_YEAR:
                raise InputError(
                    f"'{line['item']}' does not say for how long its amount is",
                    where="engagement file, costs",
                    fix="add every: year (or month, or quarter)",
                )
            wrong_cost, wrong_owner = float(line.amount) * A_YEAR[line.every], str(line.owner)
    limit, limit_owner = None, ""
    if refresh_cost is None:
        limit, limit_owner = max_wrong_share, "playbook default, parameter max_wrong_share"
    if thresholds is not None:
        stated = thresholds[(thresholds.measure == MEASURE) & thresholds["max"].notna()]
        if len(stated):
            limit, limit_owner = float(stated["max"].iloc[0]), str(stated.owner.iloc[0])
    return Stated(
        refresh_cost=refresh_cost,
        wrong_cost=wrong_cost,
        max_wrong_share=limit,
        refresh_owner=refresh_owner,
        wrong_owner=wrong_owner,
        limit_owner=limit_owner,
    )


def name_interval(months: int) -> str:
    """``every month``, ``every 6 months``."""
    return "every month" if months == 1 else f"every {months} months"


def score_intervals(decay: Decay, stated: Stated, intervals: Sequence[int]) -> pd.DataFrame:
    """What does each interval leave wrong on average, and what does it cost a year?

    Returns
    -------
    pandas.DataFrame
        ``months, option, verdict, wrong_share, wrong_low, wrong_high`` (average from one refresh to the
        next), ``refreshes`` (a year), ``cost`` (of them), ``loss`` (by customers in the wrong segment),
        ``total``, one row per interval; NaN where the history or the file does not tell.
    """
    shares, reach = decay.lags.wrong_share.to_numpy(), len(decay.lags)
    placed = float(decay.lags.customers.iloc[0])
    rows = []
    for months in intervals:
        row = {
            "months": months,
            "option": name_interval(months),
            "verdict": UNKNOWN,
            "refreshes": 12 / months,
        }
        if months <= reach:
            row["wrong_share"] = max(0.0, float(average_wrong(shares, months)))
            ends = percentile_interval(average_wrong(decay.draws, months), level=decay.confidence)
            row["wrong_low"], row["wrong_high"] = map(float, ends)
            limit = np.inf if stated.max_wrong_share is None else stated.max_wrong_share
            row["verdict"] = IN if row["wrong_share"] <= limit else MISSES
        if stated.refresh_cost is not None:
            row["cost"] = row["refreshes"] * stated.refresh_cost
        if stated.wrong_cost is not None and months <= reach:
            row["loss"] = row["wrong_share"] * placed * stated.wrong_cost
            row["total"] = row["loss"] + row.get("cost", np.nan)
        rows.append(row)
    return pd.DataFrame(rows, columns=["months", *COLUMNS])


def decide_interval(
    intervals: pd.DataFrame,
    decay: Decay,
    stated: Stated,
    *,
    weights: Mapping[str, float],
    currency: str,
    cost_range: float,
    seed: int,
) -> Decision:
    """Which interval is best: cheapest in all, best by weights, or the longest that keeps the limit?

    Parameters
    ----------
    intervals : pandas.DataFrame
        From :func:`score_intervals`; at least one of them measured.
    decay : Decay
    stated : Stated
    weights : mapping of str to float
        Of ``accuracy`` and ``cost``, used where nobody stated what a wrong segment costs.
    currency : str
    cost_range : float
        The cost of a wrong segment may be this many times smaller or larger than stated.
    seed : int

    Returns
    -------
    Decision
        Options with the better verdict first, whatever their score.
    """
    measured = intervals[intervals.verdict != UNKNOWN].set_index("option")
    eligible = measured[measured.verdict == IN]
    if eligible.empty:  # nothing keeps the limit: the shortest comes closest
        eligible = measured[measured.months == measured.months.min()]
    match stated.basis:
        case "money":
            scores = measured.total.min() / measured.total
            best = str(eligible.total.idxmin())
        case "weights":
            criteria = _score_criteria(measured.wrong_share, measured, decay)
            scores = score_options(criteria, weights).set_index("option").score
            best = str(scores[eligible.index].idxmax())
        case _:
            scores = (measured.months / intervals.months.max()).where(measured.verdict == IN, 0.0)
            best = str(eligible.months.idxmax())
    share = _resample(measured, eligible, best, decay, stated, weights, cost_range=cost_range, seed=seed)
    match stated.basis:
        case "money":
            sentence = _say_money(eligible, best, share, stated, decay, currency, cost_range)
        case "weights":
            own = criteria.loc[eligible.index]
            by_weights = weight_robustness(own, weights, seed=seed).set_index("option").first_share[best]
            sentence = _say_weights(best, by_weights, share, flip_weight(own, weights))
            share = min(share, float(by_weights))
        case _:
            sentence = _say_limit(best, share, stated)
    options = intervals.assign(score=intervals.option.map(scores))
    if stated.basis == "weights":
        options = options.merge(criteria.rename_axis("option").reset_index(), on="option", how="left")
    rank = options.verdict.map({IN: 0, MISSES: 1, UNKNOWN: 2})
    options = options.assign(rank=rank, first=options.option != best)
    options = options.sort_values(["first", "rank", "score"], ascending=[True, True, False], kind="stable")
    shown = [
        c for c in [*COLUMNS, "accuracy", "thrift", "score"] if c in options and options[c].notna().any()
    ]
    formats = {
        "wrong_share": "share",
        "wrong_low": "share",
        "wrong_high": "share",
        "refreshes": "number:1",
        **dict.fromkeys(("cost", "loss", "total"), "money"),
        **dict.fromkeys(("accuracy", "thrift", "score"), "number:2"),
    }
    return Decision(
        question="How often should the segments be refreshed?",
        options=options[shown].reset_index(drop=True),
        recommendation=best,
        robustness=sentence,
        robustness_share=share,
        formats={column: fmt for column, fmt in formats.items() if column in shown},
    )


@dataclass(frozen=True, kw_only=True)
class BreakEven:
    """Between which yearly costs of a customer in the wrong segment an interval is the cheapest in all.

    Below `low` the option `rarer` is cheaper, above `high` the option `oftener`; 0 and infinity where there
    is no such option. Where `low` is above `high`, the interval is never the cheapest.
    """

    low: float
    high: float
    rarer: str
    oftener: str


def find_break_even(intervals: pd.DataFrame, option: str, customers: float) -> BreakEven:
    """For which yearly cost of a customer in the wrong segment is this interval the cheapest?

    Parameters
    ----------
    intervals : pandas.DataFrame
        Of those that may be chosen: index option; ``months, wrong_share, cost``.
    option : str
    customers : float
        With a segment.

    Returns
    -------
    BreakEven
    """
    own = intervals.loc[option]
    low, high, rarer, oftener = 0.0, np.inf, "", ""
    for name, other in intervals.drop(index=option).iterrows():
        saved, wrong = own.cost - other.cost, (other.wrong_share - own.wrong_share) * customers
        if other.months > own.months:
            amount = saved / wrong if wrong > 0 else np.inf
            low, rarer = (amount, str(name)) if amount > low else (low, rarer)
        elif wrong < 0:
            amount = saved / wrong
            high, oftener = (amount, str(name)) if amount < high else (high, oftener)
    return BreakEven(low=low, high=high, rarer=rarer, oftener=oftener)


def _score_criteria(wrong: pd.Series, measured: pd.DataFrame, decay: Decay) -> pd.DataFrame:
    """Accuracy: 1 = as good as refreshed, 0 = as bad as by lot. Thrift: 1 = never, 0 = every month."""
    by_lot = max(1 - 1 / decay.segments - float(decay.lags.chance_share.iloc[0]), 0.01)
    return pd.DataFrame(
        {
            "accuracy": scale_between(wrong, worst=by_lot, best=0),
            "thrift": scale_between(measured.refreshes, worst=12, best=0),
        },
        index=measured.index,
    )


def _resample(
    measured: pd.DataFrame,
    eligible: pd.DataFrame,
    best: str,
    decay: Decay,
    stated: Stated,
    weights: Mapping[str, float],
    *,
    cost_range: float,
    seed: int,
) -> float:
    """Share of resamples (where money decides, with other costs) in which the recommendation stays first."""
    draws = np.stack([average_wrong(decay.draws, int(months)) for months in measured.months], axis=1)
    chosen = measured.index.get_loc(best)
    if stated.basis == "limit":
        held = np.where(draws <= stated.max_wrong_share, measured.months.to_numpy(), 0)
        first = np.where(held.any(axis=1), held.argmax(axis=1), measured.months.to_numpy().argmin())
        return float((first == chosen).mean())
    places = [measured.index.get_loc(option) for option in eligible.index]
    if stated.basis == "weights":
        samples = [
            _score_criteria(pd.Series(draw, index=measured.index), measured, decay).loc[eligible.index]
            for draw in draws
        ]
        return float(noise_robustness(samples, weights).set_index("option").first_share[best])
    rng = np.random.default_rng(seed)
    factors = np.exp(rng.uniform(-1, 1, len(draws)) * np.log(cost_range))
    loss = draws * float(decay.lags.customers.iloc[0]) * stated.wrong_cost * factors[:, None]
    totals = (loss + measured.cost.to_numpy())[:, places]
    return float((totals.argmin(axis=1) == places.index(chosen)).mean())


def _say_money(
    eligible: pd.DataFrame,
    best: str,
    share: float,
    stated: Stated,
    decay: Decay,
    currency: str,
    cost_range: float,
) -> str:
    text = (
        f"{best.capitalize()} is cheapest in {format_value(share, 'share:0')} of draws, in which customers "
        f"are resampled and the cost of a wrong segment is up to {cost_range:g} times smaller or larger"
    )
    bounds = find_break_even(eligible, best, float(decay.lags.customers.iloc[0]))
    flips = [
        f"{name} once it is {word} {format_value(amount, 'money', currency=currency)}"
        for name, word, amount in (
            (bounds.rarer, "below", bounds.low),
            (bounds.oftener, "above", bounds.high),
        )
        if name and np.isfinite(amount)
    ]
    if not flips:
        return f"{text}. No cost of a wrong segment flips it."
    amount = format_value(stated.wrong_cost, "money", currency=currency)
    return f"{text}. What flips it: the cost of a wrong segment, now {amount} a year; {join_words(flips)}."


def _say_weights(best: str, by_weights: float, by_customers: float, flips: pd.DataFrame) -> str:
    text = (
        f"Weights: {best} comes first under {format_value(by_weights, 'share:0')} of random ones. Sampling "
        f"noise: in {format_value(by_customers, 'share:0')} of resamples of the customers"
    )
    nearest = flips[flips.flip_weight.between(0.01, 0.99)]
    if nearest.empty:
        return f"{text}. No weight flips it."
    top = nearest.iloc[0]
    return (
        f"{text}. What flips it: {top.winner_then} comes first once {top.criterion} weighs "
        f"{format_value(top.flip_weight, 'share:0')} instead of {format_value(top.weight, 'share:0')}."
    )


def _say_limit(best: str, share: float, stated: Stated) -> str:
    limit = format_value(stated.max_wrong_share, "share:0")
    return (
        f"With a limit of {limit}, {best} is the answer in {format_value(share, 'share:0')} of resamples of "
        "the customers. What flips it: another limit, or what a refresh costs."
    )
