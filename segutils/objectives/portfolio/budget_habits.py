"""How money is divided today, and which habit would explain it: the revenue of some year, or heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.errors import InputError

PLANNED, BOOKED = "planned", "booked"
SOURCES = 'parameters: {1_3_portfolio: {spending_sources: ["Marketing: marketing"]}}'
SPLIT = ["group", "budget", "amount", "share", "source"]
YEARS = 3


@dataclass(frozen=True, kw_only=True)
class Habit:
    """What the division of a budget follows, and which groups get more or less than that.

    Parameters
    ----------
    base : str
        Such as ``net revenue 2023``: of all measures tried, the one that explains most groups best.
    found : bool
        All groups but one at most follow it closely, and hardly any random division would.
    table : pandas.DataFrame
        ``group, share, base_share, factor`` (share over base share, relative to the group in the middle: 1
        follows the habit), ``follows``.
    deviation : float
        Mean deviation of the factors from 1 (of their logarithm), the farthest group left out.
    p_value : float
        Share of random divisions that lie as close to any of the measures tried.
    bases : tuple of str
        All measures tried.
    """

    base: str
    found: bool
    table: pd.DataFrame
    deviation: float
    p_value: float
    bases: tuple[str, ...]

    @property
    def exceptions(self) -> pd.DataFrame:
        """Groups that get more or less than the habit gives."""
        return self.table[~self.table.follows]


def read_sources(lines: Sequence[str]) -> dict[str, str]:
    """Budget to where its division stands today, from ``"Marketing: marketing"``.

    Raises
    ------
    InputError
        A line has no colon.
    """
    found = {}
    for line in lines:
        budget, colon, source = line.partition(":")
        if not colon or not source.strip():
            raise InputError(
                f"'{line}' does not say where a budget's division stands",
                where="parameter spending_sources of 1_3_portfolio",
                fix="write budget: family of the table budgets, or pool of the table costs, such as "
                f"{SOURCES}",
            )
        found[budget.strip()] = source.strip()
    return found


def read_current_split(
    budgets: ir.Table | None,
    costs: ir.Table | None,
    *,
    sources: Sequence[str],
    groups: Sequence[str],
    as_of: date,
    items: Sequence[str] = (),
    horizon: str = "this year",
) -> pd.DataFrame:
    """How is each budget divided over the groups today?

    Parameters
    ----------
    budgets : ibis table, optional
        ``item`` ("Research: Process"), ``amount``; optional ``horizon``.
    costs : ibis table, optional
        ``period, pool, amount, segment``.
    sources : sequence of str
        ``"stated budget: source"``: the family of `budgets` (what stands before the colon of an item), or,
        where there is none, the pool of `costs`. Budgets of `items` that none is stated for: what is called
        as they are, in any case.
    groups : sequence of str
        The groups planned with; money of other names is not read.
    as_of : datetime.date
        What was booked is that of the 12 months up to here.
    items : sequence of str
        The budgets that are stated.
    horizon : str
        Items for another time are not read, if there are any for this one.

    Returns
    -------
    pandas.DataFrame
        ``group, budget, amount`` (money planned or booked), ``share`` (of what is divided by group, together
        1 per budget), ``source`` (planned or booked); budgets whose division is not known are absent.

    Raises
    ------
    InputError
        A source has no colon, or its budget is not among `items`.
    """
    rows, stated = [], read_sources(sources)
    unknown = [budget for budget in stated if items and budget not in items]
    if unknown:
        raise InputError(
            f"spending_sources name the budget '{unknown[0]}', which is not stated",
            where="parameter spending_sources of 1_3_portfolio",
            fix=f"name one of: {', '.join(dict.fromkeys(items))}",
        )
    for budget, source in ({item: item for item in items} | stated).items():
        amounts, kind = _read_planned(budgets, source, groups, horizon), PLANNED
        if not amounts.sum() > 0:
            amounts, kind = _read_booked(costs, source, groups, as_of), BOOKED
        total = float(amounts.sum())
        if total > 0:
            rows += [(group, budget, float(a), float(a) / total, kind) for group, a in amounts.items()]
    return pd.DataFrame(rows, columns=SPLIT)


def build_bases(
    transactions: ir.Table, groups: pd.DataFrame, *, as_of: date, years: int = YEARS
) -> pd.DataFrame:
    """What could a habit of dividing money follow?

    Parameters
    ----------
    transactions : ibis table
        ``customer_id, ordered_on, net_revenue``; optional ``contribution_margin``.
    groups : pandas.DataFrame
        ``customer_id, group``.
    as_of : datetime.date
    years : int
        Calendar years, the last one that is complete and those before it.

    Returns
    -------
    pandas.DataFrame
        Index: the groups; one column of shares (together 1) per measure: net revenue and contribution margin
        of each year, customers, equal shares. Measures that are negative somewhere are left out.
    """
    names = sorted(set(groups["group"]))
    last = as_of.year if (as_of.month, as_of.day) == (12, 31) else as_of.year - 1
    measures = [name for name in ("net_revenue", "contribution_margin") if name in transactions.columns]
    lines = transactions.mutate(year=transactions.ordered_on.year())
    lines = lines.filter(lines.year.between(last - years + 1, last))
    sums = lines.group_by("customer_id", "year").agg(
        **{name: lines[name].sum().cast("float64") for name in measures}
    )
    table = sums.to_pandas().merge(groups[["customer_id", "group"]], on="customer_id")
    table = table.sort_values(["customer_id", "year"])
    shares = {}
    for name in measures:
        wide = table.pivot_table(index="group", columns="year", values=name, aggfunc="sum").reindex(names)
        for year in wide.columns:
            shares[f"{name.replace('_', ' ')} {year}"] = wide[year].fillna(0.0)
    shares["number of customers"] = groups.groupby("group").customer_id.nunique().astype(float)
    shares["equal shares"] = pd.Series(1.0, index=names)
    found = pd.DataFrame(shares, index=names)
    found = found.loc[:, (found > 0).all()]
    return found / found.sum()


def find_habit(
    shares: pd.Series,
    bases: pd.DataFrame,
    *,
    max_deviation: float = 0.03,
    max_p: float = 0.05,
    draws: int = 5000,
    seed: int = 0,
) -> Habit | None:
    """Which habit explains how this money is divided, and who is favoured against it?

    Parameters
    ----------
    shares : pandas.Series
        Share of the money by group.
    bases : pandas.DataFrame
        From :func:`build_bases`, the same groups.
    max_deviation : float
        A group follows the habit if it gets no more than this share more or less than the habit gives.
    max_p : float
        Largest share of random divisions that may lie as close.
    draws : int
        Random divisions (each as likely as another), each held against all the bases too.
    seed : int

    Returns
    -------
    Habit or None
        None with fewer than three groups: any two numbers are proportional but for one exception.
    """
    common = [group for group in bases.index if shares.get(group, 0.0) > 0]
    if len(common) < 3 or bases.empty:
        return None
    own = shares[common].to_numpy(dtype=float)
    own, wide = own / own.sum(), bases.loc[common]
    wide = (wide / wide.sum()).to_numpy(dtype=float).T
    factors, misfits = _compare(own[None], wide)
    best = int(misfits[0].argmin())
    rng = np.random.default_rng(seed)
    random = _compare(rng.dirichlet(np.ones(len(common)), size=draws), wide)[1].min(axis=1)
    p_value = float((1 + (random <= misfits[0, best]).sum()) / (1 + draws))
    factor = factors[0, best]
    table = pd.DataFrame({"group": common, "share": own, "base_share": wide[best], "factor": factor})
    table["follows"] = np.abs(np.log(factor)) <= max_deviation
    close = int((~table.follows).sum()) <= 1
    return Habit(
        base=str(bases.columns[best]),
        found=close and p_value <= max_p,
        table=table,
        deviation=float(misfits[0, best]),
        p_value=p_value,
        bases=tuple(map(str, bases.columns)),
    )


def _compare(shares: np.ndarray, bases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factors (division x base x group) relative to the middle group, and the misfit without the farthest."""
    ratio = shares[:, None, :] / bases[None]
    factors = ratio / np.median(ratio, axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        off = np.sort(np.abs(np.log(factors)), axis=-1)
    return factors, off[..., :-1].mean(axis=-1)


def _read_planned(budgets: ir.Table | None, family: str, groups: Sequence[str], horizon: str) -> pd.Series:
    empty = pd.Series(0.0, index=list(groups))
    if budgets is None:
        return empty
    wanted = [name for name in ("item", "amount", "horizon") if name in budgets.columns]
    table = budgets.select(wanted).to_pandas()
    parts = table["item"].astype(str).str.partition(":")
    own = parts[0].str.strip().str.lower() == family.lower()
    table = table[own].assign(group=parts[2].str.strip()[own])
    if "horizon" in table and (table.horizon == horizon).any():
        table = table[table.horizon == horizon]
    sums = table.assign(amount=table.amount.astype(float)).groupby("group").amount.sum()
    return sums.reindex(list(groups)).fillna(0.0)


def _read_booked(costs: ir.Table | None, pool: str, groups: Sequence[str], as_of: date) -> pd.Series:
    if costs is None or "segment" not in costs.columns:
        return pd.Series(0.0, index=list(groups))
    first = date(as_of.year - 1, as_of.month, as_of.day if (as_of.month, as_of.day) != (2, 29) else 28)
    own = costs.filter(
        (costs.pool.lower() == pool.lower()) & (costs.period > first) & (costs.period <= as_of)
    )
    sums = own.group_by(group=own.segment).agg(amount=own.amount.sum().cast("float64")).to_pandas()
    return sums.set_index("group").amount.reindex(list(groups)).fillna(0.0)


def last_revenue(bases: pd.DataFrame) -> pd.Series:
    """Share of the last year's revenue by group, from :func:`build_bases`; equal where there is none."""
    years = sorted(name for name in bases.columns if name.startswith("net revenue"))
    if years:
        return bases[years[-1]]
    return pd.Series(1 / max(len(bases), 1), index=bases.index)
