"""What the company earns before interest, taxes, depreciation and amortisation, and the floor under it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.findings import Need
from segutils.statistics.allocation import Limit

FLOOR = "ebitda"
MEASURE = "ebitda_rate"
BELOW = re.compile(
    r"depreciation|amorti[sz]ation|impairment|interest|\btax(es)?\b|financ|extraordinary", re.I
)
SUBTOTAL = re.compile(r"\bebit|margin|profit|\bresult\b|\btotal\b", re.I)
INCOME = re.compile(r"\bincome\b", re.I)
REVENUE, INCOMES, COST, LEFT_OUT, SUM = "revenue", "other income", "cost", "below EBITDA", "subtotal"
PNL = Need(
    question="What does the company earn before interest, taxes, depreciation and amortisation (a year of "
    "monthly results, by line)?",
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
        ``line, amount, counted_as`` (revenue, other income, cost, below EBITDA, subtotal), largest first.
    first, last : datetime.date
        Months that were read.
    """

    revenue: float
    ebitda: float
    goods_rate: float
    lines: pd.DataFrame
    first: date
    last: date

    @property
    def rate(self) -> float:
        """EBITDA as a share of revenue."""
        return self.ebitda / self.revenue


@dataclass(frozen=True, kw_only=True)
class Floor:
    """The result of last year, and the lowest share of revenue (0-1) that EBITDA may be."""

    result: Result
    rate: float


def read_result(
    pnl: ir.Table | None,
    *,
    as_of: date,
    revenue_line: str = "net revenue",
    goods_line: str = "cost of goods",
    months: int = 12,
) -> Result | None:
    """What did the company earn in the last twelve months?

    Parameters
    ----------
    pnl : ibis table, optional
        ``period, line, amount``, a row per month, group and line. Costs may be positive or negative, all in
        the same way.
    as_of : datetime.date
    revenue_line, goods_line : str
        Names of these lines, in any case.
    months : int
        The last so many months up to `as_of` must all be there.

    Returns
    -------
    Result or None
        None without the table, or with fewer months. Lines of depreciation, amortisation, interest and taxes
        are left out, and so are subtotals; every other line is a cost or, if its name says so, an income.

    Raises
    ------
    InputError
        There is no line of that name for revenue.
    """
    if pnl is None:
        return None
    seen = pnl.filter(pnl.period <= as_of)
    by_line = seen.group_by("period", "line").agg(amount=seen.amount.sum().cast("float64")).to_pandas()
    by_line["month"] = pd.to_datetime(by_line.period).dt.to_period("M")
    last = sorted(by_line.month.unique())[-months:]
    if len(last) < months or (last[-1] - last[0]).n != months - 1:
        return None
    year = by_line[by_line.month.isin(last)].groupby("line", sort=True).amount.sum()
    named = {line.strip().lower(): line for line in year.index}
    if revenue_line.lower() not in named:
        raise InputError(
            f"the table pnl has no line '{revenue_line}'",
            where="table pnl, column line",
            fix=f"name the line of revenue in the notebook's parameters; there are: {', '.join(year.index)}",
        )
    top = named[revenue_line.lower()]
    kinds = {line: REVENUE if line == top else _read_kind(line) for line in year.index}
    lines = pd.DataFrame({"line": year.index, "amount": year.to_numpy(), "counted_as": list(kinds.values())})
    costs = lines.amount[lines.counted_as == COST].to_numpy()
    sign = -1.0 if costs.sum() > 0 else 1.0
    gains = lines.amount[lines.counted_as.isin([REVENUE, INCOMES])].sum()
    goods = float(year[named[goods_line.lower()]]) if goods_line.lower() in named else 0.0
    return Result(
        revenue=float(year[top]),
        ebitda=float(gains + sign * costs.sum()),
        goods_rate=1 - abs(goods) / float(year[top]),
        lines=lines.sort_values("amount", key=np.abs, ascending=False, ignore_index=True),
        first=last[0].start_time.date(),
        last=last[-1].end_time.date(),
    )


def _read_kind(line: str) -> str:
    if BELOW.search(line):
        return LEFT_OUT
    if SUBTOTAL.search(line):
        return SUM
    return INCOMES if INCOME.search(line) else COST


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
