"""What the client states about money, as options and limits of a plan.

A response says what money of a budget brings back in a group. Together with the years of the budget and the
cost of capital it becomes an option of :mod:`segutils.statistics.allocation`; budgets and people become its
limits. Money of a budget that runs for several years is spent evenly over them, and each year's part brings
its part of the return. "This year" is the first year for which any of the money is stated; money of later
years is spent, and brings something, so much later.
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
from segutils.objectives.portfolio.amounts import write_amount, write_span
from segutils.statistics.allocation import Limit, Option

EXPECTED = "expected"
PEOPLE = "people_"
INVESTMENTS = [
    *("option", "group", "budget", "ceiling", "half_at", "at_least", "at_most", "min_amount", "people"),
    *("owner", "first", "years", "spent_this_year", "this_year", "worth", "price"),
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


def read_years(horizon: str) -> range:
    """For which years is a budget?

    Parameters
    ----------
    horizon : str
        ``"2026"`` or ``"2026-2028"``.

    Returns
    -------
    range
        First year to last.

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
    return range(years[0], years[-1] + 1)


def spread_over_years(
    *, years: int, starts_after: float, lasts: float, horizon: int, begins: int = 0
) -> np.ndarray:
    """Which part of a return a year is there in each year, if the money is spent evenly over `years`?

    Parameters
    ----------
    years : int
        For which the money is spent, an equal part in each.
    starts_after, lasts : float
        Years until a part brings something, and for which it then does.
    horizon : int
        Years that are looked at.
    begins : int
        Years until the money begins to be spent.

    Returns
    -------
    numpy.ndarray
        Shares 0-1 of the return a year, one per year; 1 where all parts bring something all year.
    """
    begin = begins + np.arange(years)[:, None] + starts_after
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
        people, owner``, ``first`` and number of ``years`` of the budget, ``spent_this_year`` (share of the
        money), ``this_year`` (share of the return a year that comes in the first year), ``worth`` and
        ``price`` (present value of 1 of return a year, and of 1 of money: spent at the start of each year,
        returns come at its end). The order is that of the budgets, and within one that of the responses.

    Raises
    ------
    InputError
        A budget, or a response, is stated twice, or a budget's years cannot be read.
    """
    used = budgets[budgets["item"].isin(set(responses.budget))]
    _refuse_twice(used, ["item"], "budgets")
    _refuse_twice(responses[responses.budget.isin(set(used["item"]))], ["group", "budget"], "responses")
    rate, horizon = (finance.discount_rate, finance.horizon_years) if finance else (0.0, None)
    spans = {budget.item: read_years(budget.horizon) for budget in used.itertuples()}
    start, rows = min((span[0] for span in spans.values()), default=0), []
    for item, span in spans.items():
        years, begins = len(span), span[0] - start
        for line in responses[responses.budget == item].itertuples():
            whole = int(np.ceil(begins + years + line.starts_after_years + line.lasts_years))
            shares = spread_over_years(
                years=years,
                starts_after=line.starts_after_years,
                lasts=line.lasts_years,
                horizon=horizon or whole,
                begins=begins,
            )
            rows.append(
                {
                    **{name: getattr(line, name) for name in INVESTMENTS[1:10]},
                    "option": f"{line.group}: {line.budget}",
                    "first": span[0],
                    "years": years,
                    "spent_this_year": 0.0 if begins else 1 / years,
                    "this_year": float(shares[0]),
                    "worth": float(shares @ (1 + rate) ** -np.arange(1.0, len(shares) + 1)),
                    "price": float(np.mean((1 + rate) ** -(begins + np.arange(float(years))))),
                }
            )
    return pd.DataFrame(rows, columns=INVESTMENTS)


def _refuse_twice(lines: pd.DataFrame, names: list[str], section: str) -> None:
    twice = lines[lines.duplicated(names)]
    if len(twice):
        what = join_words([str(twice[name].iloc[0]) for name in names])
        raise InputError(
            f"{section} state {what} twice", where=f"engagement file, {section}", fix="keep one of them"
        )


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
    limited = thresholds[thresholds.measure.str.startswith(PEOPLE)]
    _refuse_twice(limited, ["measure"], "thresholds")
    people = [
        Limit(
            name=line.measure, amount=float(line.max), words=f"people in {line.measure.removeprefix(PEOPLE)}"
        )
        for line in limited.itertuples()
        if np.isfinite(line.max)
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


def say_unplanned(
    investments: pd.DataFrame, groups: Sequence[str], scenarios: pd.DataFrame | None = None
) -> list[str]:
    """Groups of which nobody states what money brings, and what is stated of groups that there are not."""
    stated = list(dict.fromkeys(investments.group))
    silent = sorted(set(groups) - set(stated))
    notes = []
    if silent:
        notes.append(
            f"Nobody states what money brings in {join_words(silent)}: the plans give nothing there."
        )
    return [*notes, *say_strange(investments, groups), *say_idle(scenarios, groups)]


def say_strange(investments: pd.DataFrame, groups: Sequence[str]) -> list[str]:
    """Responses of groups that no customer is in."""
    strange = sorted(set(investments.group) - set(groups))
    if not strange:
        return []
    return [f"Responses are stated for {join_words(strange)}, which no customer is in: they are not used."]


def say_idle(scenarios: pd.DataFrame | None, groups: Sequence[str]) -> list[str]:
    """Scenarios that name groups which no customer is in, such as a name written otherwise."""
    if scenarios is None:
        return []
    idle = scenarios[~scenarios.group.isin([*groups, "all"])]
    return [
        f"The scenario “{name}” names {join_words(list(part.group))}, which no customer is in: that part of "
        "it changes nothing."
        for name, part in idle.groupby("scenario", sort=False)
    ]


def say_years(investments: pd.DataFrame, amounts: Sequence[float], *, currency: str) -> list[str]:
    """How much of a plan's money is spent in its first year, where some of it is money of other years."""
    if investments.empty or (investments.spent_this_year == 1).all():
        return []
    spent = investments.assign(amount=np.asarray(amounts, dtype=float))
    year = int(spent["first"].min())
    now, whole = float(spent.amount @ spent.spent_this_year), float(spent.amount.sum())
    return [
        f"{join_words(name_spans(investments))}: of the plan's {write_amount(whole, currency=currency)}, "
        f"{write_amount(now, currency=currency)} are spent in {year}."
    ]


def say_curve(investments: pd.DataFrame, *, currency: str) -> str:
    """What is stated of one budget's money, and the curve through it, in words."""
    ceilings, halves = (
        write_span(part.min(), part.max(), currency=currency)
        if part.max() > part.min()
        else write_amount(part.max(), currency=currency)
        for part in (investments.ceiling, investments.half_at)
    )
    return (
        f"{ceilings} a year at most; half of that with {halves}, half of what is then left with as much "
        "again, and so on"
    )


def name_spans(investments: pd.DataFrame) -> list[str]:
    """Budgets that are not money of the first year alone: ``Market development is for 2026 to 2028``."""
    budgets = investments.drop_duplicates("budget")
    return [
        f"{line.budget} is for {line.first}{f' to {line.first + line.years - 1}' if line.years > 1 else ''}"
        for line in budgets[budgets.spent_this_year < 1].itertuples()
    ]
