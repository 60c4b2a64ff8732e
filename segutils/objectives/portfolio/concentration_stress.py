"""What a loss would do: carried through to contribution margin, and to the fixed costs that stay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.objectives.portfolio.concentration_measures import Book, draw_group_sums
from segutils.objectives.portfolio.result_floor import Result
from segutils.statistics.intervals import percentile_interval

COLUMNS = [
    "loss",
    "revenue_lost",
    "revenue_share",
    "margin_lost",
    "ebitda",
    "rate",
    "rate_low",
    "rate_high",
    "breaks_at",
]


def choose_level(book: Book, wanted: str) -> str:
    """The level of margin that goes with a customer: the one wanted, or the deepest known above; or ""."""
    known = [name for name in book.levels if name <= wanted]  # CM1 < CM2 < CM3
    return known[-1] if known else ""


def stress_losses(
    book: Book,
    *,
    level: str,
    result: Result | None = None,
    floor: float = np.nan,
    loss_shares: Sequence[float] = (0.25, 0.5, 1.0),
    draws: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """What is left after the largest account, the largest accounts, or the largest group is lost?

    What is lost is the customers' contribution margin at `level`: costs above it go away with them, all
    others stay. So EBITDA falls by that margin, revenue by their revenue.

    Parameters
    ----------
    book : Book
    level : str
        From :func:`choose_level`; "" where margins are not known.
    result : Result, optional
        The company's result of the last year; without it nothing is said about EBITDA.
    floor : float
        Lowest EBITDA as a share of revenue; NaN where none is stated.
    loss_shares : sequence of float
        Parts of the largest group that are lost.
    draws, seed : int
        Other samples of the customers, for what hangs on a group.

    Returns
    -------
    pandas.DataFrame
        ``loss`` (in words), ``revenue_lost, revenue_share`` (0-1 of all revenue), ``margin_lost``, ``ebitda,
        rate`` (of what revenue is left), ``rate_low, rate_high`` (90 % of samples; NaN for accounts),
        ``breaks_at`` (the share of this loss, 1 = all of it, at which the floor is reached; infinite where it
        is not reached even far beyond). NaN where not known.
    """
    margin = book.levels[level] if level else np.full(len(book.last), np.nan)
    order = np.argsort(-book.last, kind="stable")
    sums = book.sum_groups(np.column_stack([book.last, margin]))
    top = int(sums[:, 0].argmax())
    total = float(book.last.sum())
    rows = [
        _lose(
            "the largest account", book.last[order[:1]].sum(), margin[order[:1]].sum(), total, result, floor
        ),
        _lose(
            "the 5 largest accounts",
            book.last[order[:5]].sum(),
            margin[order[:5]].sum(),
            total,
            result,
            floor,
        ),
    ]
    samples = np.stack(
        list(draw_group_sums(book, np.column_stack([book.last, margin]), draws=draws, seed=seed))
    )[:, top]
    for share in loss_shares:
        name = book.groups[top] if share == 1 else f"{100 * share:.0f} % of {book.groups[top]}"
        row = _lose(name, share * sums[top, 0], share * sums[top, 1], total, result, floor)
        if result is not None and level:
            left = result.revenue - share * samples[:, 0]
            rates = (result.ebitda - share * samples[left > 0, 1]) / left[left > 0]
            row["rate_low"], row["rate_high"] = percentile_interval(rates, level=0.9)
        rows.append(row)
    ranked = np.argsort(-sums[:, 0], kind="stable")
    if len(ranked) > 2:
        two = sums[ranked[:2]].sum(axis=0)
        name = f"{book.groups[ranked[0]]} and {book.groups[ranked[1]]}"
        rows.append(_lose(name, two[0], two[1], total, result, floor))
    everybody = _lose("customers of every kind alike", total, float(margin.sum()), total, result, floor)
    rows.append({**everybody, "ebitda": np.nan, "rate": np.nan})
    return pd.DataFrame(rows, columns=COLUMNS)


def count_accounts_to_floor(book: Book, *, level: str, result: Result | None, floor: float) -> float:
    """How many of the largest accounts would have to go, the largest first, until the floor is reached?

    Returns
    -------
    float
        NaN where not known; infinite where the floor holds without any of them.
    """
    if result is None or not level or np.isnan(floor):
        return np.nan
    order = np.argsort(-book.last, kind="stable")
    ebitda = result.ebitda - np.cumsum(book.levels[level][order])
    revenue = result.revenue - np.cumsum(book.last[order])
    below = np.flatnonzero(ebitda < floor * revenue)
    return float(below[0] + 1) if len(below) else np.inf


def find_break(revenue: float, margin: float, result: Result, floor: float) -> float:
    """Which share of a loss brings EBITDA to the floor?

    (E − x·m) / (R − x·r) = f gives x = (E − f·R) / (m − f·r).

    Returns
    -------
    float
        0 where the floor is broken already, infinite where losing more of it does not bring the floor nearer.
    """
    room = result.ebitda - floor * result.revenue
    pull = margin - floor * revenue
    if room <= 0:
        return 0.0
    return float(room / pull) if pull > 0 else np.inf


def _lose(
    name: str, revenue: float, margin: float, total: float, result: Result | None, floor: float
) -> dict[str, object]:
    row = dict.fromkeys(COLUMNS, np.nan)
    row |= {
        "loss": name,
        "revenue_lost": float(revenue),
        "revenue_share": float(revenue) / total if total > 0 else np.nan,
        "margin_lost": float(margin),
    }
    if result is not None and np.isfinite(margin):
        left = result.revenue - revenue
        row["ebitda"] = result.ebitda - margin
        row["rate"] = row["ebitda"] / left if left > 0 else np.nan
        if np.isfinite(floor):
            row["breaks_at"] = find_break(float(revenue), float(margin), result, floor)
    return row
