"""What could be done about depending on one group, and what it costs by what somebody has stated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from segutils.engagement_terms import Person
from segutils.objectives.portfolio.concentration_measures import Book
from segutils.objectives.portfolio.investments import read_years, spread_over_years
from segutils.statistics.responses import amount_at_slope, return_a_year

HALVINGS = 60
NOBODY = "nobody named"
COLUMNS = ["option", "cost", "in_year", "top_share", "top_low", "top_high", "effect", "priced_by", "owner"]


def list_options(
    book: Book,
    *,
    responses: pd.DataFrame,
    budgets: pd.DataFrame,
    costs: pd.DataFrame,
    acquisitions: pd.DataFrame,
    owners: Mapping[str, Person],
    target: float = np.nan,
    due: date | None = None,
    key_accounts: int = 20,
    visits_a_year: int = 12,
) -> pd.DataFrame:
    """What would make the company depend less on its largest group, at which stated price?

    Parameters
    ----------
    book : Book
        With contribution margins, which turn what money brings back into revenue.
    responses : pandas.DataFrame
        From :func:`segutils.stated.list_responses`.
    budgets : pandas.DataFrame
        ``item, amount, horizon, owner`` that may serve this question.
    costs : pandas.DataFrame
        From :func:`segutils.stated.list_costs`: a visit prices closer care.
    acquisitions : pandas.DataFrame
        ``item, amount, owner`` of the budget for buying companies.
    owners : mapping of str to Person
        Who must state what is not priced.
    target : float
        Share of the largest group that is wanted (0-1); NaN where nobody states one.
    due : datetime.date, optional
        By when it is wanted: in that year money is looked at; without it, in the year in which most of what
        it brings is there.
    key_accounts, visits_a_year : int
        Extent of closer care.

    Returns
    -------
    pandas.DataFrame
        ``option, cost`` (NaN: nobody stated a price), ``in_year, top_share, top_low, top_high`` (of the
        largest group in that year, with the ceilings expected, highest and lowest; NaN where the effect is
        not stated),
        ``effect`` (in words), ``priced_by`` (what it was computed from, "" without), ``owner`` (of the price,
        or who must state it).
    """
    top = int(book.sum_groups(book.last).argmax())
    rows = []
    for budget in budgets.itertuples():
        part = responses[(responses.budget == budget.item) & responses.group.isin(book.groups)]
        part = part[part.group != book.groups[top]]
        if part.empty or not book.levels:
            continue
        rows += _grow_others(book, top, part, budget, target, due)
    rows += _visit_more(book, top, costs, key_accounts, visits_a_year)
    for line in acquisitions.itertuples():
        rows.append(
            {
                "option": f"Buy companies whose customers are not in {book.groups[top]}",
                "cost": float(line.amount),
                "effect": "see acquisition-screen: which companies are worth their price",
                "priced_by": f"budget {line.item}",
                "owner": line.owner,
            }
        )
    rows += [
        {
            "option": f"Longer contracts with the largest accounts of {book.groups[top]}",
            "owner": _find(owners, "sales"),
        },
        {"option": "Insuring what the largest accounts owe", "owner": _find(owners, "finance")},
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.fillna({"effect": "not stated", "priced_by": ""})


def split_money(
    amount: float, ceiling: np.ndarray, half_at: np.ndarray, min_amount: np.ndarray
) -> np.ndarray:
    """How is an amount divided over groups so that it brings most?

    Where the last unit brings the same everywhere (returns diminish); a group whose part would be below its
    smallest sensible amount gets nothing, and the rest is divided again.

    Returns
    -------
    numpy.ndarray
        One amount per group; together `amount`, or 0 where no group can take it.
    """
    inside = ceiling > 0
    while inside.any():
        parts = np.zeros(len(ceiling))
        low, high = 1e-12, float((ceiling[inside] / half_at[inside]).max())
        for _ in range(HALVINGS):
            slope = np.sqrt(low * high)
            parts[inside] = amount_at_slope(slope, ceiling=ceiling[inside], half_at=half_at[inside])
            low, high = (slope, high) if parts.sum() > amount else (low, slope)
        parts *= amount / max(parts.sum(), 1e-12)
        small = inside & (parts < min_amount - 1e-6)
        if not small.any():
            return parts
        inside &= parts > parts[small].min()
    return np.zeros(len(ceiling))


def _grow_others(
    book: Book, top: int, part: pd.DataFrame, budget, target: float, due: date | None
) -> list[dict[str, object]]:
    """All of the budget in the other groups, and so much of it as brings the largest to its target."""
    span = read_years(budget.horizon)
    there = _spread_returns(part, span, due)  # group x year: the part of a return a year that is there
    groups = [book.groups.index(name) for name in part.group]
    revenue = book.sum_groups(book.last)
    margin = book.sum_groups(next(iter(book.levels.values())))
    rate = (margin / np.maximum(revenue, 1e-9))[groups]
    usable = rate > 0
    ends = {
        end: np.where(usable, part[end].to_numpy(float) / np.where(usable, rate, 1), 0.0)
        for end in ("ceiling", "at_least", "at_most")
    }
    half, least = part.half_at.to_numpy(float), part.min_amount.to_numpy(float)
    whole = float(budget.amount)
    best = int((return_a_year(whole / len(part), ceiling=ends["ceiling"], half_at=half) @ there).argmax())
    year = best if due is None else due.year - span[0]
    now = there[:, year] if year >= 0 else np.zeros(len(part))

    def split(amount: float) -> np.ndarray:
        return split_money(amount, ends["ceiling"] * now, half, least)  # decided on what is expected

    def share(amount: float, end: str = "ceiling") -> float:
        gained = return_a_year(split(amount), ceiling=ends[end] * now, half_at=half).sum()
        return float(revenue[top] / (revenue.sum() + gained))

    def row(amount: float, words: str) -> dict[str, object]:
        parts = split(amount)
        gained = return_a_year(parts, ceiling=ends["ceiling"] * now, half_at=half).sum()
        main = part.group.iloc[int(parts.argmax())]
        return {
            "option": f"Grow the other groups with {words} of {budget.item}",
            "cost": amount,
            "in_year": str(span[0] + year),
            "top_share": share(amount),
            "top_low": share(amount, "at_most"),
            "top_high": share(amount, "at_least"),
            "effect": f"revenue of the others + {gained / 1e6:,.1f} million in that year, most in {main}"
            if gained > 0
            else "nothing yet in that year",
            "priced_by": "responses stated for this budget",
            "owner": budget.owner,
        }

    rows = [row(whole, "all")]
    if np.isfinite(target) and share(whole) < target < share(0.0):
        low, high = 0.0, whole
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if share(middle) > target else (low, middle)
        rows.append(row(high, "so much as reaches the target"))
    return rows


def _spread_returns(part: pd.DataFrame, span: range, due: date | None) -> np.ndarray:
    """Group x year: which part of what money brings a year is there, year by year from the first."""
    lines = list(part.itertuples())
    ends = [int(np.ceil(len(span) + line.starts_after_years + line.lasts_years)) for line in lines]
    horizon = max(*ends, due.year - span[0] + 1 if due is not None else 1)
    return np.array(
        [
            spread_over_years(
                years=len(span), starts_after=line.starts_after_years, lasts=line.lasts_years, horizon=horizon
            )
            for line in lines
        ]
    )


def _visit_more(
    book: Book, top: int, costs: pd.DataFrame, key_accounts: int, visits_a_year: int
) -> list[dict[str, object]]:
    """Closer care of the largest accounts: its price, and what it would have to save."""
    visits = costs[(costs.per == "visit") & (costs.amount.astype(float) > 0)]
    if visits.empty:
        return []
    members = np.flatnonzero(book.code == top)
    largest = members[np.argsort(-book.last[members], kind="stable")][:key_accounts]
    line = visits.iloc[0]
    cost = float(line.amount) * visits_a_year * len(largest)
    effect = "not stated"
    if book.levels:
        margin = float(next(iter(book.levels.values()))[largest].sum())
        if margin > 0:
            effect = f"pays if it keeps {100 * cost / margin:.1f} % of these accounts' margin from leaving"
    return [
        {
            "option": f"{visits_a_year} visits a year to each of the {len(largest)} largest accounts "
            f"of {book.groups[top]}",
            "cost": cost,
            "effect": effect,
            "priced_by": f"cost of a {line['item']}",
            "owner": line.owner,
        }
    ]


def _find(owners: Mapping[str, Person], role: str) -> str:
    return next((name for name, person in owners.items() if person.role == role), NOBODY)
