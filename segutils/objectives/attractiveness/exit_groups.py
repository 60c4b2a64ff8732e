"""Which groups miss the margin that they must leave, how long and by how much; losers hidden in others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student

from segutils.objectives.attractiveness.margin_ladder import REVENUE, YEAR, MarginLadder
from segutils.objectives.attractiveness.retention_stakes import draw_samples
from segutils.statistics.intervals import percentile_interval
from segutils.statistics.multiplicity import adjust_holm

LEVEL_OF = {"cm1_rate": "CM1", "cm2_rate": "CM2", "cm3_rate": "CM3", "margin_rate": "CM1"}


@dataclass(frozen=True, kw_only=True)
class MarginLimit:
    """The margin that a group must leave.

    Parameters
    ----------
    level : str
        Of the ladder.
    least : float
        Share of revenue.
    periods : int
        Quarters in a row in which it must be missed.
    owner : str
    """

    level: str
    least: float
    periods: int
    owner: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Labels:
    """A grouping of the ladder's customers.

    Parameters
    ----------
    names : tuple of str
    code : numpy.ndarray of int
        Group of each customer in the ladder's order; -1: none.
    """

    names: tuple[str, ...]
    code: np.ndarray

    @staticmethod
    def read(labels: pd.Series) -> Labels:
        """From a column in the ladder's order; groups in order of their names."""
        names = tuple(sorted(labels.dropna().astype(str).unique()))
        return Labels(names=names, code=pd.Categorical(labels, categories=names).codes.astype(int))

    def sum(self, values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """Group x column (or group) sums of customer x column values."""
        members = (self.code == np.arange(len(self.names))[:, None]).astype(float)
        return (members if weights is None else members * weights) @ values


def measure_margins_of(
    ladder: MarginLadder,
    labels: Labels,
    limit: MarginLimit,
    *,
    resamples: int = 500,
    interval: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """What is left of each group's revenue, is it enough, and since when is it not?

    Parameters
    ----------
    ladder : MarginLadder
        With the limit's level.
    labels : Labels
    limit : MarginLimit
    resamples : int
        Samples of the customers.
    interval : float
        Level of the intervals.
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``group, customers`` (who bought in the last year), ``revenue, cm1, margin`` (at the limit's level),
        ``rate, low, high`` (of the last four quarters), ``shortfall`` (money lacking to the limit a year, 0
        or more), ``in_a_row`` (quarters up to the last in which the rate was below the limit), ``fails`` (at
        least as many as the limit asks for), ``fails_share`` (of the samples); lowest rate first.
    """
    revenue, margin = ladder.amounts[REVENUE], ladder.amounts[limit.level]
    sums = [labels.sum(part) for part in (revenue, margin)]
    streak = count_streak(*sums, limit.least)
    year = [part[:, -YEAR:].sum(axis=1) for part in sums]
    rates, fails = [], []
    for weights in draw_samples(len(labels.code), resamples=resamples, seed=seed):
        drawn = [labels.sum(part, weights) for part in (revenue, margin)]
        rates.append(_divide(*(part[:, -YEAR:].sum(axis=1) for part in drawn[::-1])))
        fails.append(count_streak(*drawn, limit.least) >= limit.periods)
    there = np.isfinite(rates)  # a sample without any of a group's few buyers tells nothing of it
    low, high = _middle(np.array(rates), there, interval)
    bought = (revenue[:, -YEAR:].sum(axis=1) > 0).astype(float)
    table = pd.DataFrame(
        {
            "group": labels.names,
            "customers": labels.sum(bought).astype(int),
            "revenue": year[0],
            "cm1": labels.sum(ladder.amounts["CM1"])[:, -YEAR:].sum(axis=1),
            "margin": year[1],
            "rate": _divide(year[1], year[0]),
            "low": low,
            "high": high,
            "shortfall": (limit.least * year[0] - year[1]).clip(min=0),
            "in_a_row": streak,
            "fails": streak >= limit.periods,
            "fails_share": (np.array(fails) & there).sum(axis=0) / np.maximum(there.sum(axis=0), 1),
        }
    )
    table = table[table.customers > 0]
    return table.sort_values("rate", kind="stable", ignore_index=True)


def count_streak(revenue: np.ndarray, margin: np.ndarray, least: float) -> np.ndarray:
    """In how many quarters in a row, up to the last, is each group's rate below the limit?

    A quarter without revenue ends no streak and adds to none: nothing was sold that could have left anything.
    """
    below, silent = margin < least * revenue, revenue <= 0
    streak = np.zeros(len(revenue), dtype=int)
    open_ = np.ones(len(revenue), dtype=bool)
    for quarter in range(revenue.shape[1] - 1, -1, -1):
        open_ &= below[:, quarter] | silent[:, quarter]
        streak += open_ & ~silent[:, quarter]
    return streak


def find_hidden(
    ladder: MarginLadder,
    labels: Labels,
    attributes: pd.DataFrame,
    limit: MarginLimit,
    *,
    failing: tuple[str, ...] = (),
    min_customers: int = 30,
    max_p: float = 0.05,
) -> pd.DataFrame:
    """Which parts of a group that passes miss the limit, and would not by chance?

    Parameters
    ----------
    ladder : MarginLadder
    labels : Labels
        The groups.
    attributes : pandas.DataFrame
        Index: customer_id; each column cuts every group into parts.
    limit : MarginLimit
    failing : tuple of str
        Groups that fail themselves: nothing is hidden in them.
    min_customers : int
        Fewest customers of a part who bought in the last year.
    max_p : float
        Largest p-value, adjusted for all parts looked at (Holm).

    Returns
    -------
    pandas.DataFrame
        ``group, column, value, customers, revenue, margin, rate, shortfall, in_a_row, p, found``, the largest
        shortfall first; p of the test that its customers leave no less than the limit (:func:`chance_below`).
        Found are parts that are beyond `max_p` and have missed the limit for as many quarters as it asks for.
    """
    revenue, margin = ladder.amounts[REVENUE], ladder.amounts[limit.level]
    year = [part[:, -YEAR:].sum(axis=1) for part in (revenue, margin)]
    rows = []
    for group, column, value, members in list_parts(labels, attributes, ladder.customer_id):
        members = members[year[0][members] > 0]
        if group in failing or len(members) < min_customers:
            continue
        over = year[1][members] - limit.least * year[0][members]
        p = chance_below(over)
        sums = [part[members].sum(axis=0, keepdims=True) for part in (revenue, margin)]
        streak = int(count_streak(*sums, limit.least)[0])
        sold, left = (part[members].sum() for part in year)
        rows.append((group, column, value, len(members), sold, left, left / sold, -over.sum(), streak, p))
    columns = [
        "group",
        "column",
        "value",
        "customers",
        "revenue",
        "margin",
        "rate",
        "shortfall",
        "in_a_row",
        "p",
    ]
    table = pd.DataFrame(rows, columns=columns)
    table["p"] = adjust_holm(table.p.to_numpy(float)) if len(table) else table.p
    table["found"] = (table.p <= max_p) & (table.in_a_row >= limit.periods) & (table.shortfall > 0)
    return table.sort_values("shortfall", ascending=False, kind="stable", ignore_index=True)


def chance_below(values: np.ndarray) -> float:
    """Is the mean below 0 beyond chance, though a few large customers may pull it up?

    The t-test takes a sample that happens to miss the few large ones for one of a low mean: of log-normal
    amounts it calls a mean of 0 too low several times as often as it says.

    Parameters
    ----------
    values : numpy.ndarray
        One per customer.

    Returns
    -------
    float
        One-sided p-value of the t-statistic after the transformation that takes the skewness out of it (Hall
        1992, *Journal of the Royal Statistical Society B* 54, 221-228).
    """
    count, mean = len(values), values.mean()
    spread = values.std()
    if count < 2 or spread <= 1e-9 * abs(mean) or spread == 0:
        return float(mean >= 0)
    ratio, skew = mean / spread, ((values - mean) ** 3).mean() / spread**3
    straight = ratio + skew * ratio**2 / 3 + skew**2 * ratio**3 / 27 + skew / (6 * count)
    # with a standard deviation over n − 1, as in Student's test, where nothing is skewed
    return float(student.cdf(np.sqrt(count - 1) * straight, count - 1))


def list_parts(
    labels: Labels, attributes: pd.DataFrame, customer_id: np.ndarray
) -> Iterator[tuple[str, str, str, np.ndarray]]:
    """Group, column, value and the rows of each part of each group."""
    rows = attributes.reindex(customer_id)
    for column in rows.columns:
        values = rows[column].to_numpy(dtype=object)
        table = pd.DataFrame({"group": labels.code, "value": values, "row": np.arange(len(values))})
        for (code, value), part in table[table["group"] >= 0].dropna().groupby(["group", "value"]):
            yield labels.names[code], column, str(value), part["row"].to_numpy()


def _middle(rates: np.ndarray, there: np.ndarray, level: float) -> np.ndarray:
    """Middle of the samples that tell something; NaN where none does."""
    ends = np.full((2, rates.shape[1]), np.nan)
    for group in range(rates.shape[1]):
        if there[:, group].any():
            ends[:, group] = percentile_interval(rates[there[:, group], group], level=level)
    return ends


def _divide(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
