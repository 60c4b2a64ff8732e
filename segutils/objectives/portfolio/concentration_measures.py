"""How much hangs on few: the Herfindahl-Hirschman index, its inverse, and the shares of the largest.

The index is borrowed from antitrust, where it judges how few suppliers divide a market. Its mark of 1,800 (of
10,000; Merger Guidelines of the US Department of Justice and the Federal Trade Commission, 2023, section 2.1)
is about competition, not about how much a company may depend on a group of customers; and with n parts it
cannot fall below 10,000 / n.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.objectives.attractiveness.margin_ladder import REVENUE, MarginLadder
from segutils.statistics.intervals import percentile_interval

POINTS = 10_000  # the index of a single part, as antitrust writes it
GROUP_MEASURES = ("top_share", "hhi", "effective_number")
ACCOUNT_MEASURES = ("top_account_share", "top5_account_share", "account_hhi", "effective_accounts")


@dataclass(frozen=True, kw_only=True, eq=False)
class Book:
    """What each customer brought, year by year, and the group it is in.

    Parameters
    ----------
    customer_id : numpy.ndarray
    code : numpy.ndarray of int
        Number of its group; below 0: in none.
    groups : tuple of str
    revenue : numpy.ndarray
        Customer x year.
    years : tuple of str
        In words, oldest first.
    levels : dict of str to numpy.ndarray
        Contribution margin of the last year per customer, by level, highest level first; empty where margins
        are not known.
    """

    customer_id: np.ndarray
    code: np.ndarray
    groups: tuple[str, ...]
    revenue: np.ndarray
    years: tuple[str, ...]
    levels: dict[str, np.ndarray]

    @property
    def last(self) -> np.ndarray:
        """Revenue of the last year per customer; what was returned beyond what was bought counts as 0."""
        return self.revenue[:, -1].clip(min=0)

    @property
    def covered(self) -> float:
        """Share of the last year's revenue that is in a group."""
        return float(self.last[self.code >= 0].sum() / max(self.last.sum(), 1e-9))

    def sum_groups(self, values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """Sums of `values` (customer x …) by group."""
        inside = self.code >= 0
        times = np.ones(inside.sum()) if weights is None else weights[inside]
        part = values[inside].reshape(inside.sum(), -1) * times[:, None]
        sums = np.zeros((len(self.groups), part.shape[1]))
        np.add.at(sums, self.code[inside], part)
        return sums.reshape(len(self.groups), *values.shape[1:])


def read_book(ladder: MarginLadder, groups: pd.DataFrame) -> Book:
    """What did each customer bring in each year of four quarters, and in which group is it?

    Parameters
    ----------
    ladder : MarginLadder
    groups : pandas.DataFrame
        ``customer_id, group``.

    Returns
    -------
    Book
        With fewer than four quarters the time there is counts as one year.
    """
    revenue = ladder.sum_years(REVENUE)
    ends = ladder.quarters[::-4][: revenue.shape[1]][::-1]
    if not revenue.shape[1]:
        revenue, ends = ladder.last_year(REVENUE).to_numpy()[:, None], ladder.quarters[-1:]
    order = np.argsort(ladder.customer_id, kind="stable")
    members = groups.dropna(subset=["group"]).drop_duplicates("customer_id")
    names = sorted(members["group"].unique())
    labels = members.set_index("customer_id")["group"].reindex(ladder.customer_id[order])
    return Book(
        customer_id=ladder.customer_id[order],
        code=pd.Categorical(labels, categories=names).codes.astype(int),
        groups=tuple(names),
        revenue=revenue[order],
        years=tuple(f"{day:%Y}" if (day.month, day.day) == (12, 31) else f"to {day}" for day in ends),
        levels={level: ladder.last_year(level).to_numpy()[order] for level in ladder.levels},
    )


def score_hhi(values: np.ndarray) -> np.ndarray:
    """The sum of squared shares along the last axis (0-1): 1 if one has all, 1 / n if n are alike.

    Negative values count as 0; NaN where there is nothing.
    """
    values = np.clip(np.asarray(values, dtype=float), 0, None)
    total = values.sum(axis=-1, keepdims=True)
    shares = np.divide(values, total, out=np.full(values.shape, np.nan), where=total > 0)
    return (shares**2).sum(axis=-1)


def score_top(values: np.ndarray, most: int = 1) -> np.ndarray:
    """The share of the `most` largest along the last axis (0-1)."""
    values = np.clip(np.asarray(values, dtype=float), 0, None)
    total = values.sum(axis=-1)
    largest = np.sort(values, axis=-1)[..., -most:].sum(axis=-1)
    return np.divide(largest, total, out=np.full(np.shape(total), np.nan), where=total > 0)


def measure_concentration(
    book: Book, *, draws: int = 500, level: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """How concentrated is revenue on groups and on accounts, year by year?

    Parameters
    ----------
    book : Book
    draws : int
        Samples of the customers with replacement: how far the measures of groups hang on who happens to be a
        customer. Measures of accounts have no interval: who the accounts are is known, and drawing them again
        would make two of one.
    level : float
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``measure, over`` (groups or accounts), a column per year, ``low, high`` (of the last year),
        ``change, change_low, change_high`` (last less first year; NaN with one year).
    """
    sums = book.sum_groups(book.revenue)
    groups = {
        "top_share": score_top(sums.T),
        "hhi": score_hhi(sums.T),
        "effective_number": 1 / score_hhi(sums.T),
    }
    accounts = {
        "top_account_share": score_top(book.revenue.T),
        "top5_account_share": score_top(book.revenue.T, 5),
        "account_hhi": score_hhi(book.revenue.T),
        "effective_accounts": 1 / score_hhi(book.revenue.T),
    }
    drawn = np.stack([sums.T for sums in draw_group_sums(book, book.revenue, draws=draws, seed=seed)])
    samples = {
        "top_share": score_top(drawn),
        "hhi": score_hhi(drawn),
        "effective_number": 1 / score_hhi(drawn),
    }
    rows = []
    for over, found in (("groups", groups), ("accounts", accounts)):
        for name, values in found.items():
            ends = {
                "low": np.nan,
                "high": np.nan,
                "change": np.nan,
                "change_low": np.nan,
                "change_high": np.nan,
            }
            if len(book.years) > 1:
                ends["change"] = values[-1] - values[0]
            if over == "groups":
                ends["low"], ends["high"] = percentile_interval(samples[name][:, -1], level=level)
                if len(book.years) > 1:
                    moved = samples[name][:, -1] - samples[name][:, 0]
                    ends["change_low"], ends["change_high"] = percentile_interval(moved, level=level)
            rows.append({"measure": name, "over": over, **dict(zip(book.years, values, strict=True)), **ends})
    return pd.DataFrame(rows)


def draw_group_sums(book: Book, values: np.ndarray, *, draws: int, seed: int):
    """Sums of `values` (customer x column) by group in other samples of the customers, one by one."""
    rng = np.random.default_rng(seed)
    size = len(book.customer_id)
    for _ in range(draws):
        yield book.sum_groups(values, np.bincount(rng.integers(0, size, size), minlength=size).astype(float))
