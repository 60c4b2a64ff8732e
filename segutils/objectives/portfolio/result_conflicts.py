"""Key results that stand in each other's way: counted twice, shares of one whole, volume against margin."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from segutils.formats import format_value, join_words
from segutils.objectives.portfolio.channel_targets import ChannelTarget, list_impossible
from segutils.objectives.portfolio.result_sums import CHANNEL_SHARE, choose_customers

IMPOSSIBLE, CLASH, ZERO_SUM = "cannot be reached together", "two targets", "one at the other's cost"
TWICE, TRADED = "rewarded twice", "tension"
COLUMNS = ["kind", "keys", "units", "customers", "revenue", "why"]
WHOLLY = 0.999  # share of one's revenue from which two key results are about the same customers only
MOSTLY = 0.5  # share of one's revenue from which two key results are mostly about the same customers
VOLUME = ("revenue_growth", "net_revenue", "market_share")


class Pair(NamedTuple):
    """Two key results, the revenue of the customers of both, and what is theirs of each one's revenue."""

    first: pd.Series
    second: pd.Series
    revenue: float
    of_first: float
    of_second: float


def find_conflicts(results: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """Which key results reward one unit for what another does, or at another's cost?

    Parameters
    ----------
    results : pandas.DataFrame
        ``key, column, value, group, measure, unit, target, today``, as
        :class:`~segutils.objectives.portfolio.key_results.Ladder` has them.
    sums : pandas.DataFrame
        One row per customer with ``revenue_now`` and the columns by which key results choose.

    Returns
    -------
    pandas.DataFrame
        ``kind, keys`` (a tuple: two, or more where only these together cannot be), ``units, customers`` and
        ``revenue`` (a year, of the customers of two of them or more), ``why``; key results without a customer
        in common are in nobody's way. Five kinds:

        - cannot be reached together: shares through channels ask for more revenue than their customers
          bring (see :mod:`~segutils.objectives.portfolio.channel_targets`);
        - two targets: the same measure of the same group, stated twice;
        - rewarded twice: two units, the same measure, the same customers;
        - one at the other's cost: two units' shares through two channels, each to rise;
        - tension: one unit is paid for volume, another for margin, of mostly the same customers.
    """
    members = {line.key: choose_customers(sums, line.column, line.value) for line in results.itertuples()}
    revenue, units = sums["revenue_now"].to_numpy(), dict(zip(results.key, results.unit, strict=True))

    def row(kind: str, keys: tuple[str, ...], why: str) -> tuple:
        shared = np.sum([members[key] for key in keys], axis=0) >= min(len(keys), 2)
        named = join_words(list(dict.fromkeys(write_unit(units[key]) for key in keys)))
        return kind, keys, named, int(shared.sum()), float(revenue[shared].sum()), why

    impossible = list_impossible(_read_targets(results), members, revenue)
    rows = [row(IMPOSSIBLE, keys, why) for keys, why in impossible.items()]
    for one, other in combinations([line for _, line in results.iterrows()], 2):
        both, keys = members[one.key] & members[other.key], (one.key, other.key)
        if not both.any() or any({*keys} <= {*together} for together in impossible):
            continue
        shared = float(revenue[both].sum())
        of_first, of_second = (_share(shared, float(revenue[members[key]].sum())) for key in keys)
        pair = Pair(one, other, revenue=shared, of_first=of_first, of_second=of_second)
        for judge in (_judge_channels, _judge_same, _judge_twice, _judge_margin):
            if found := judge(pair):
                rows.append(row(found[0], keys, found[1]))
                break
    table = pd.DataFrame(rows, columns=COLUMNS)
    order = {kind: n for n, kind in enumerate((IMPOSSIBLE, CLASH, ZERO_SUM, TWICE, TRADED))}
    table = table.assign(order=table.kind.map(order)).sort_values(
        ["order", "revenue"], ascending=[True, False], kind="stable", ignore_index=True
    )
    return table.drop(columns="order")


def _read_targets(results: pd.DataFrame) -> Mapping[str, ChannelTarget]:
    """Key results about a share of revenue through a channel."""
    own = results[results.measure.str.startswith(CHANNEL_SHARE) & results.target.notna()]
    return {
        line.key: ChannelTarget(channel=line.measure.removeprefix(CHANNEL_SHARE), share=float(line.target))
        for line in own.itertuples()
    }


def write_unit(unit: str) -> str:
    """A unit as a reader sees it: ``sales_germany`` as sales germany."""
    return unit.replace("_", " ")


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def _judge_channels(pair: Pair) -> tuple[str, str] | None:
    """Shares of the same customers' revenue through different channels: what one wins another loses."""
    one, other, *_ = pair
    measures = (one.measure, other.measure)
    if not all(name.startswith(CHANNEL_SHARE) for name in measures) or measures[0] == measures[1]:
        return None
    if one.unit == other.unit or not (one.target > one.today and other.target > other.today):
        return None
    if pair.of_first >= WHOLLY <= pair.of_second:
        return ZERO_SUM, "what goes through one channel cannot go through the other"
    return ZERO_SUM, "they share customers, whose revenue can go through one channel only"


def _judge_same(pair: Pair) -> tuple[str, str] | None:
    """One group that is asked for the same twice."""
    one, other, *_ = pair
    if one.measure != other.measure or one.column != other.column:
        return None
    first, second = (format_value(line.target, line.format) for line in (one, other))
    if first != second:
        return CLASH, f"the same customers are to reach {first} and {second}"
    return (CLASH, f"{first} is asked for twice") if one.unit == other.unit else None


def _judge_twice(pair: Pair) -> tuple[str, str] | None:
    one, other, *_ = pair
    if one.measure != other.measure or one.unit == other.unit:
        return None
    shares = f"{format_value(pair.of_first, 'share:0')} and {format_value(pair.of_second, 'share:0')}"
    return TWICE, f"both count the same customers, {shares} of their revenue; each success is claimed by two"


def _judge_margin(pair: Pair) -> tuple[str, str] | None:
    """Volume can be bought by giving margin away: how much may be given away before nothing is gained?"""
    one, other, *_ = pair
    volume, margin = (one, other) if other.measure == "margin_rate" else (other, one)
    if margin.measure != "margin_rate" or volume.measure not in VOLUME or one.unit == other.unit:
        return None
    if max(pair.of_first, pair.of_second) < MOSTLY:
        return None
    sellers, earners = write_unit(volume.unit), write_unit(margin.unit)
    if volume.measure != "revenue_growth" or not np.isfinite(margin.today) or volume.target <= 0:
        return TRADED, f"{sellers} is paid for volume, {earners} for margin of the same customers"
    left = margin.today / (1 + volume.target)
    return TRADED, (
        f"{sellers} is paid for {format_value(volume.target, 'change')} revenue, {earners} for the "
        f"margin; growth bought by price gains nothing once the margin falls from "
        f"{format_value(margin.today, 'share')} to {format_value(left, 'share')}"
    )
