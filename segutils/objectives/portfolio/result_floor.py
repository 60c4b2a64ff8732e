"""What the company earns before interest, taxes, depreciation and amortisation, and the floor under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.findings import Need
from segutils.formats import join_words
from segutils.objectives.portfolio.result_lines import (
    COST,
    GUESSED,
    INCOMES,
    REVENUE,
    SUM,
    count_lines,
    find_goods,
    plain_name,
    read_kinds,
)
from segutils.statistics.allocation import Limit

FLOOR = "ebitda"
MEASURE = "ebitda_rate"
YEAR = 12  # months
UNTOLD = "how long a period is cannot be read from it"
PERIODS = (1, 3, 6, YEAR)  # months of a period that results are told by
PNL = Need(
    question="What does the company earn before interest, taxes, depreciation and amortisation (a year of "
    "results by line, monthly or for the whole year)?",
    table="pnl",
    columns=("period", "line", "amount"),
)
THRESHOLD = Need(
    question="Below which share of revenue may EBITDA not fall?",
    table="engagement file",
    columns=("thresholds: kpi-constraints, ebitda_rate, min",),
)


@dataclass(frozen=True, kw_only=True)
class Result:
    """One year of the company's result.

    Parameters
    ----------
    revenue, ebitda : float
    goods_rate : float
        What is left of revenue after the goods, as a share (0-1): of so much is a unit of new margin.
    lines : pandas.DataFrame
        ``line, amount, counted_as`` (see :mod:`~segutils.objectives.portfolio.result_lines`), largest first.
    first, last : datetime.date
        Days that were read.
    goods : tuple of str
        Lines that are the goods.
    """

    revenue: float
    ebitda: float
    goods_rate: float
    lines: pd.DataFrame
    first: date
    last: date
    goods: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """EBITDA as a share of revenue."""
        return self.ebitda / self.revenue

    @property
    def told(self) -> float:
        """EBITDA as a line of the table itself tells it; NaN where none does."""
        names = self.lines.line.map(plain_name)
        own = self.lines.amount[(self.lines.counted_as == SUM) & names.str.contains(r"\bebitda\b")]
        return float(own.iloc[0]) if len(own) == 1 else np.nan


@dataclass(frozen=True, kw_only=True)
class Floor:
    """The result of last year, and the lowest share of revenue (0-1) that EBITDA may be."""

    result: Result
    rate: float


@dataclass(frozen=True, kw_only=True)
class Year:
    """The periods of a result that make the last year, or why there is none.

    Parameters
    ----------
    days : tuple of datetime.date
        Days by which the periods are told; empty where there is no year.
    first, last : datetime.date
    why : str
        Empty where there is one.
    """

    days: tuple[date, ...] = ()
    first: date = date.min
    last: date = date.min
    why: str = ""


def find_year(days: Sequence[date], *, as_of: date, period_months: int = 0) -> Year:
    """Which periods make the last year that is over?

    Parameters
    ----------
    days : sequence of datetime.date
        By which the periods are told.
    as_of : datetime.date
    period_months : int
        Of a period: 1, 3, 6 or 12; 0 for the smallest distance between two of them.

    Returns
    -------
    Year
        A month is told by any of its days, and one that has begun is taken as told; of longer periods all
        days are the first ones, or all the last ones, and none may end after `as_of`.
    """
    if period_months not in (0, *PERIODS):
        raise InputError(
            f"a period of {period_months} months is not known",
            where="parameter pnl_period_months of 1_3_portfolio",
            fix="write 1, 3, 6 or 12, or 0 to have it read from the table",
        )
    told = pd.DataFrame({"day": pd.to_datetime(pd.Series(sorted(set(days)), dtype="datetime64[ns]"))})
    told = told[told.day <= pd.Timestamp(as_of)]
    told["end"] = told.day.dt.to_period("M")
    months = sorted({period.ordinal for period in told.end})
    step = period_months or int(min(np.diff(months), default=0))
    if not months:
        return Year(why=f"it tells no period up to {as_of}")
    if step not in PERIODS:
        far = f"its periods are {step} months apart" if step else "it tells one period only"
        return Year(why=f"{far}, so {UNTOLD}")
    if step > 1:
        if told.day.dt.is_month_start.all():
            told["end"] += step - 1
        elif not told.day.dt.is_month_end.all():
            return Year(why="its periods begin or end within a month")
        told = told[told.end.dt.end_time.dt.date <= as_of]
    ends = sorted({period.ordinal for period in told.end})[-(YEAR // step) :]
    if len(ends) < YEAR // step or ends[-1] - ends[0] != YEAR - step:
        long = {1: "month", 3: "quarter", 6: "half-year", YEAR: "year"}[step]
        return Year(why=f"it tells no {YEAR // step} {long}s in a row up to {as_of}")
    own = told[told.end.map(lambda period: period.ordinal).isin(ends)]
    last = own.end.max().end_time.date()
    first = (own.end.max() - (YEAR - 1)).start_time.date()
    if last < as_of - timedelta(days=366):
        return Year(why=f"its last year ended on {last}, more than a year before {as_of}")
    return Year(days=tuple(day.date() for day in own.day), first=first, last=last)


def say_unread(pnl: ir.Table | None, *, as_of: date, period_months: int = 0) -> str:
    """Why the result of the last year is not known; empty where it is."""
    if pnl is None:
        return "there is no table pnl"
    year = find_year(_list_days(pnl), as_of=as_of, period_months=period_months)
    return f"of the table pnl, {year.why}" if year.why else ""


def _list_days(pnl: ir.Table) -> list[date]:
    days = pnl.select("period").distinct().to_pandas()["period"]
    return [day.date() for day in pd.to_datetime(days)]


def read_result(
    pnl: ir.Table | None,
    *,
    as_of: date,
    revenue_line: str = "",
    goods_line: str = "",
    kinds: Sequence[str] = (),
    period_months: int = 0,
) -> Result | None:
    """What did the company earn in the last year?

    Parameters
    ----------
    pnl : ibis table, optional
        ``period, line, amount``, a row per period (month, quarter, half-year or year), group and line. Costs
        may be positive or negative, all in the same way; revenue may be negative, as in a ledger, with costs
        positive.
    as_of : datetime.date
    revenue_line, goods_line : str
        Names of these lines, in any case; empty: by the words of their names.
    kinds : sequence of str
        How lines count whose names do not tell: ``"Interest: below"`` (or revenue, income, cost,
        subtotal).
    period_months : int
        As in :func:`find_year`.

    Returns
    -------
    Result or None
        None without the table, or without a whole year (:func:`say_unread` says why). Lines of depreciation,
        amortisation, interest and taxes are left out, and so are subtotals; every other line is a cost or, if
        its name says so, an income.

    Raises
    ------
    InputError
        There is no line of that name, or revenue is nothing.
    """
    if pnl is None:
        return None
    span = find_year(_list_days(pnl), as_of=as_of, period_months=period_months)
    if span.why:
        return None
    by_line = pnl.group_by("period", "line").agg(amount=pnl.amount.sum().cast("float64")).to_pandas()
    own = pd.to_datetime(by_line.period).isin(pd.to_datetime(list(span.days)))
    year = by_line[own].groupby("line", sort=True).amount.sum()
    counted = count_lines(year.index.tolist(), read_kinds(kinds), revenue_line)
    lines = pd.DataFrame({"line": year.index, "amount": year.to_numpy(), "counted_as": counted})
    tops = lines[lines.counted_as == REVENUE]
    if not abs(tops.amount.sum()) > 0:
        raise InputError(
            f"revenue ({join_words(tops.line.tolist())}) is 0 from {span.first} to {span.last}",
            where="table pnl, column amount",
            fix="name the line of revenue: parameters: {1_3_portfolio: {revenue_line: Umsatz}}",
        )
    if tops.amount.sum() < 0:
        lines["amount"] = -lines.amount
    revenue = abs(float(tops.amount.sum()))
    known = lines.amount[lines.counted_as == COST].sum()
    costs = lines.amount[lines.counted_as.isin([COST, GUESSED])].sum()
    sign = -1.0 if (known or costs) > 0 else 1.0
    goods = find_goods(lines, goods_line)
    return Result(
        revenue=revenue,
        ebitda=float(lines.amount[lines.counted_as.isin([REVENUE, INCOMES])].sum() + sign * costs),
        goods_rate=1 - abs(float(lines.amount[lines.line.isin(goods)].sum())) / revenue,
        lines=lines.sort_values("amount", key=np.abs, ascending=False, ignore_index=True),
        first=span.first,
        last=span.last,
        goods=tuple(goods),
    )


def build_floor(result: Result, rate: float) -> Limit:
    """How far may plans lower this year's EBITDA?

    Parameters
    ----------
    result : Result
    rate : float
        Lowest share of revenue (0-1).

    Returns
    -------
    Limit
        ``ebitda``, at_least: what plans add to EBITDA less the part of it that their revenue asks for must
        not be less than the floor on today's revenue less today's EBITDA.
    """
    return Limit(
        name=FLOOR,
        amount=rate * result.revenue - result.ebitda,
        kind="at_least",
        words="EBITDA as a share of revenue",
    )


def use_floor(investments: pd.DataFrame, result: Result, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """What do a unit of money and a unit of margin a year do to the floor, in the first year?

    The money is a cost of the year in which it is spent. New margin brings new revenue, of which the floor
    asks its share: a unit of margin is worth 1 less rate over what is left of revenue after the goods.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        Uses per unit of money (negative) and gives per unit of return a year, in the order of `investments`.
    """
    kept = max(1 - rate / result.goods_rate, 0.0) if result.goods_rate > 0 else 0.0
    return -investments.spent_this_year.to_numpy(dtype=float), kept * investments.this_year.to_numpy(
        dtype=float
    )


def score_rate(
    investments: pd.DataFrame, result: Result, amounts: Sequence[float], returns: Sequence[float]
) -> float:
    """Which share of revenue would this year's EBITDA be under a plan?

    Parameters
    ----------
    investments : pandas.DataFrame
    result : Result
    amounts, returns : sequence of float
        Money and return a year of each option.

    Returns
    -------
    float
    """
    margin = float(np.dot(investments.this_year, returns))
    spent = float(np.dot(investments.spent_this_year, amounts))
    return (result.ebitda + margin - spent) / (result.revenue + margin / max(result.goods_rate, 1e-9))
