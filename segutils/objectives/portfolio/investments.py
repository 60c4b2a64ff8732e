"""What the client states about money, as options and limits of a plan.

A response says what money of a budget brings back in a group. Together with the years of the budget and the
cost of capital it becomes an option of :mod:`segutils.statistics.allocation`; budgets and people become its
limits. Money of a budget that runs for several years is spent evenly over them, and each year's part brings
its part of the return.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segutils.engagement_plans import Finance
from segutils.errors import InputError
from segutils.findings import Need
from segutils.formats import join_words
from segutils.statistics.allocation import Limit, Option

EXPECTED = "expected"
PEOPLE = "people_"
INVESTMENTS = [
    *("option", "group", "budget", "ceiling", "half_at", "at_least", "at_most", "min_amount", "people"),
    *("owner", "years", "spent_this_year", "this_year", "worth", "price"),
]
RESPONSES = Need(
    question="What does money bring back in each group that is planned with, as its owner expects?",
    table="engagement file",
    columns=("responses: group, budget, ceiling, half_at, at_least, at_most, people, owner",),
)
BUDGETS = Need(
    question="How much money may be spent, and on what?",
    table="engagement file",
    columns=("budgets: item, amount, horizon, questions, owner",),
)
FINANCE = Need(
    question="What does money cost, and over how many years is a plan valued?",
    table="engagement file",
    columns=("finance: discount_rate, horizon_years",),
)


def read_years(horizon: str) -> int:
    """For how many years is a budget?

    Parameters
    ----------
    horizon : str
        ``"2026"`` or ``"2026-2028"``.

    Returns
    -------
    int

    Raises
    ------
    InputError
        It cannot be read.
    """
    years = [int(year) for year in re.findall(r"\d{4}", horizon)]
    if len(years) not in (1, 2) or years[-1] < years[0]:
        raise InputError(
            f"the horizon '{horizon}' of a budget is no year and no span of years",
            where="engagement file, budgets",
            fix='write "2026" or 2026-2028',
        )
    return years[-1] - years[0] + 1


def spread_over_years(*, years: int, starts_after: float, lasts: float, horizon: int) -> np.ndarray:
    """Which part of a return a year is there in each year, if the money is spent evenly over `years`?

    Parameters
    ----------
    years : int
        For which the money is spent, an equal part in each.
    starts_after, lasts : float
        Years until a part brings something, and for which it then does.
    horizon : int
        Years that are looked at.

    Returns
    -------
    numpy.ndarray
        Shares 0-1 of the return a year, one per year; 1 where all parts bring something all year.
    """
    begin = np.arange(years)[:, None] + starts_after
    year = np.arange(horizon)[None, :]
    overlap = np.minimum(begin + lasts, year + 1) - np.maximum(begin, year)
    return np.clip(overlap, 0.0, 1.0).mean(axis=0)


def build_investments(
    responses: pd.DataFrame, budgets: pd.DataFrame, *, finance: Finance | None = None
) -> pd.DataFrame:
    """What does each stated use of money cost and bring, and when?

    Parameters
    ----------
    responses : pandas.DataFrame
        From :func:`segutils.stated.list_responses`.
    budgets : pandas.DataFrame
        ``item, amount, horizon, owner`` of the question; responses of other budgets are left out.
    finance : Finance, optional
        Without it years count alike, and all years in which something is brought back count.

    Returns
    -------
    pandas.DataFrame
        ``option`` ("Process: Marketing"), ``group, budget, ceiling, half_at, at_least, at_most, min_amount,
        people, owner``, ``years`` of the budget, ``spent_this_year`` (share of the money), ``this_year``
        (share of the return a year that comes in the first year), ``worth`` and ``price`` (present value of
        1 of return a year, and of 1 of money: spent at the start of each year, returns come at its end). The
        order is that of the budgets, and within one that of the responses.
    """
    rate, horizon = (finance.discount_rate, finance.horizon_years) if finance else (0.0, None)
    rows = []
    for budget in budgets.itertuples():
        years = read_years(budget.horizon)
        for line in responses[responses.budget == budget.item].itertuples():
            whole = int(np.ceil(years + line.starts_after_years + line.lasts_years))
            shares = spread_over_years(
                years=years,
                starts_after=line.starts_after_years,
                lasts=line.lasts_years,
                horizon=horizon or whole,
            )
            rows.append(
                {
                    **{name: getattr(line, name) for name in INVESTMENTS[1:10]},
                    "option": f"{line.group}: {line.budget}",
                    "years": years,
                    "spent_this_year": 1 / years,
                    "this_year": float(shares[0]),
                    "worth": float(shares @ (1 + rate) ** -np.arange(1.0, len(shares) + 1)),
                    "price": float(np.mean((1 + rate) ** -np.arange(float(years)))),
                }
            )
    return pd.DataFrame(rows, columns=INVESTMENTS)


def list_limits(budgets: pd.DataFrame, thresholds: pd.DataFrame) -> list[Limit]:
    """Which budgets and people may a plan not pass?

    Parameters
    ----------
    budgets : pandas.DataFrame
        ``item, amount``.
    thresholds : pandas.DataFrame
        ``measure, max``; those named ``people_<team>`` limit the people whom plans may bind.

    Returns
    -------
    list of Limit
        Named by the budget's item, and ``people_<team>``.
    """
    money = [
        Limit(name=line.item, amount=float(line.amount), words=line.item) for line in budgets.itertuples()
    ]
    people = [
        Limit(
            name=line.measure, amount=float(line.max), words=f"people in {line.measure.removeprefix(PEOPLE)}"
        )
        for line in thresholds.itertuples()
        if line.measure.startswith(PEOPLE) and np.isfinite(line.max)
    ]
    return [*money, *people]


def build_options(
    investments: pd.DataFrame,
    limits: Sequence[Limit],
    *,
    ceilings: Sequence[float] | None = None,
    uses: Mapping[str, Sequence[float]] | None = None,
    gives: Mapping[str, Sequence[float]] | None = None,
) -> list[Option]:
    """What may money be spent on?

    Parameters
    ----------
    investments : pandas.DataFrame
        From :func:`build_investments`.
    limits : sequence of Limit
        Budgets by their item, people as ``people_<team>``; a team without a limit is not counted.
    ceilings : sequence of float, optional
        Instead of the stated ones: a draw, or a future.
    uses, gives : mapping of str to sequence of float, optional
        Use of further limits per unit of money, and per unit of return a year, in the order of `investments`.

    Returns
    -------
    list of Option
        In the order of `investments`.
    """
    names = {limit.name for limit in limits}
    ceilings = investments.ceiling if ceilings is None else ceilings
    options = []
    for place, (line, ceiling) in enumerate(zip(investments.itertuples(), ceilings, strict=True)):
        people = {f"{PEOPLE}{team}": number / 1e6 for team, number in line.people.items()}
        own = {line.budget: 1.0, **people, **{name: float(use[place]) for name, use in (uses or {}).items()}}
        options.append(
            Option(
                name=line.option,
                group=line.group,
                budget=line.budget,
                ceiling=float(ceiling),
                half_at=float(line.half_at),
                min_amount=float(line.min_amount),
                worth=line.worth,
                price=line.price,
                uses={name: use for name, use in own.items() if name in names},
                gives={name: float(give[place]) for name, give in (gives or {}).items() if name in names},
            )
        )
    return options


def draw_ceilings(investments: pd.DataFrame, *, draws: int, seed: int) -> np.ndarray:
    """What might the ceilings be, as far as their owners are unsure?

    Returns
    -------
    numpy.ndarray
        draw x option: triangular between at_least and at_most with its top at the ceiling, each option by
        itself; the stated ceiling where its owner is sure.
    """
    rng = np.random.default_rng(seed)
    low, top, high = (investments[c].to_numpy(dtype=float) for c in ("at_least", "ceiling", "at_most"))
    sure = high <= low
    drawn = rng.triangular(
        low, np.where(sure, low + 0.5, top), np.where(sure, low + 1.0, high), (draws, len(low))
    )
    return np.where(sure, top, drawn)


def list_futures(investments: pd.DataFrame, scenarios: pd.DataFrame) -> pd.DataFrame:
    """What are the ceilings in each stated future?

    Parameters
    ----------
    investments : pandas.DataFrame
    scenarios : pandas.DataFrame
        From :func:`segutils.stated.list_scenarios`.

    Returns
    -------
    pandas.DataFrame
        Index: ``expected`` and the scenarios; columns: the options, with their ceilings.
    """
    stated = investments.ceiling.to_numpy(dtype=float)
    rows = {EXPECTED: stated}
    for name, part in scenarios.groupby("scenario", sort=False):
        factors = dict(zip(part.group, part.factor, strict=True))
        rows[name] = stated * [factors.get(g, factors.get("all", 1.0)) for g in investments.group]
    return pd.DataFrame.from_dict(rows, orient="index", columns=investments.option.tolist())


def say_unplanned(investments: pd.DataFrame, groups: Sequence[str]) -> list[str]:
    """Groups of which nobody states what money brings, and responses of groups that there are not."""
    stated = list(dict.fromkeys(investments.group))
    silent = sorted(set(groups) - set(stated))
    unknown = [group for group in stated if group not in set(groups)]
    notes = []
    if silent:
        notes.append(
            f"Nobody states what money brings in {join_words(silent)}: the plans give nothing there."
        )
    if unknown:
        notes.append(f"Planned with, though no customer is in it: {join_words(unknown)}.")
    return notes
