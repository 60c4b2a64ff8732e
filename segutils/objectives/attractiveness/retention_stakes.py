"""What leaves with the customers who leave: expected losses per group, each with an interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.formats import plural
from segutils.objectives.attractiveness.margin_ladder import MarginLadder
from segutils.objectives.attractiveness.order_days import YEAR, OrderDays, read_order_days
from segutils.statistics.intervals import percentile_interval
from segutils.statistics.leaving import HALF, Leaving, fit_leaving
from segutils.statistics.spending import fit_gamma_gamma

NO_GROUP = "No group"
FEW = 10  # customers' worth of information below which a rate's standard error is not known either
LOOSE = 0.5  # standard error, as a share of it, above which that rate is not told


@dataclass(frozen=True, kw_only=True, eq=False)
class RetentionStakes:
    """What is at risk in each group.

    Parameters
    ----------
    groups : pandas.DataFrame
        ``group, customers`` (known), ``active`` (expected to buy still), ``leaving`` (share of the active
        that leaves within the horizon) with ``leaving_low, leaving_high``, ``base`` (a year's margin of the
        active), ``base_leaving`` (share of it that leaves: it differs from the share of customers where the
        large ones are more, or less, loyal), ``at_risk`` (base times that) with ``at_risk_low,
        at_risk_high``, ``expected, came`` (orders of the held-out time; NaN where the history is too short).
    draws, leaving_draws : numpy.ndarray
        Resample x group: `at_risk` and `leaving` in other samples of the customers.
    held_out_days : int
        Length of the time held out; 0 where there was none.
    horizon_years : float
    """

    groups: pd.DataFrame
    draws: np.ndarray
    leaving_draws: np.ndarray
    held_out_days: int = 0
    horizon_years: float = 1.0

    @property
    def yearly_leaving(self) -> np.ndarray:
        """Share of each group's active customers that leaves within a year, whatever the horizon."""
        return -np.expm1(np.log1p(-self.groups.leaving.to_numpy(float)) / self.horizon_years)

    def at_risk(self, years: float) -> float:
        """What would be lost within `years` if customers went on leaving as now."""
        rate = -np.log1p(-self.groups.base_leaving.to_numpy(float)) / self.horizon_years
        return float((self.groups.base * -np.expm1(-rate * years)).sum())


def draw_samples(customers: int, *, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """How often is each customer in each resample? Poisson numbers, so that samples need no common total."""
    rng = np.random.default_rng(seed)
    for _ in range(resamples):
        yield rng.poisson(1.0, customers).astype(float)


def measure_retention(
    customers: ir.Table,
    transactions: ir.Table,
    groups: pd.DataFrame,
    ladder: MarginLadder,
    *,
    as_of: date,
    horizon_years: float = 1.0,
    with_others: bool = True,
    min_customers: int = 50,
    max_customers: int = 20_000,
    resamples: int = 500,
    level: float = 0.95,
    seed: int = 0,
) -> RetentionStakes:
    """What does each group stand to lose with the customers who leave?

    A customer who is still there is worth, a year, the orders to be expected of it times what its orders have
    left so far. What is at risk is that, times the chance that it is still there, times the hazard at which
    the group's margin leaves: there customers count with what they are worth, or a group of a few loyal large
    and many fickle small customers would seem to lose much more than it does. Only where worth is too
    unevenly spread to tell does margin leave as heads do. Whether the two rates differ beyond chance is not
    asked: to take the second one only then would mostly keep the wrong one, with too short an interval.

    Parameters
    ----------
    customers, transactions : ibis tables
        As in :func:`~segutils.objectives.attractiveness.order_days.read_order_days`.
    groups : pandas.DataFrame
        ``customer_id, group``.
    ladder : MarginLadder
    as_of : datetime.date
    horizon_years : float
        Within how long customers leave.
    with_others : bool
        Customers without a row in `groups` are counted as in no group; else they are left out.
    min_customers : int
        Smaller groups leave as all customers do: they are too few to tell.
    max_customers : int
        Customers on whom rates and hazards are fitted and resampled, drawn with `seed` where there are more.
    resamples : int
        Samples of the customers by the Bayesian bootstrap (Rubin 1981); hazards move with them
        (:meth:`Leaving.redraw`).
    level : float
        Of the intervals.
    seed : int

    Returns
    -------
    RetentionStakes

    Raises
    ------
    InputError
        A customer is in two groups, or no customer of a group is known.
    """
    _check_groups(groups)
    since = _begin(ladder)
    now = read_order_days(customers, transactions, cut=as_of, until=as_of, since=since)
    labels = groups.set_index("customer_id")["group"].reindex(now.customer_id).fillna(NO_GROUP)
    names = [*dict.fromkeys(groups["group"])]
    names += [NO_GROUP] if with_others and (labels == NO_GROUP).any() else []
    named = labels.isin(names)
    if not named.any():
        raise InputError(
            f"none of the {len(groups)} customers with a group was known by {as_of}",
            where="groups, customers, transactions",
            fix="use the same customer_id in all three, and group customers who signed up or bought by then",
        )
    now = now.take(named.to_numpy())
    labels = labels[named]
    code = pd.Categorical(labels, categories=names).codes.astype(int)
    per_order = _margin_per_order(now, code, ladder, len(names))
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(code))[:max_customers])
    fits = _fit_groups(now, code, rows, len(names), min_customers, per_order)
    worth, alive = np.zeros(len(code)), np.zeros(len(code))
    leaving, of_base = np.zeros(len(names)), np.zeros(len(names))
    for number, fit in enumerate(fits):
        members = np.flatnonzero(code == number)
        if len(members):
            alive[members], worth[members] = _value(fit.heads, now, members, per_order)
            leaving[number] = fit.heads.share_leaving(horizon_years)
            of_base[number] = fit.worth.share_leaving(horizon_years)
    base = np.bincount(code, weights=worth, minlength=len(names))
    shares, losses = _resample(fits, now, code, rows, per_order, horizon_years, resamples, seed)
    losses *= len(code) / len(rows)
    spans = [percentile_interval(part, level=level) for part in (shares, losses)]
    held = _hold_days(transactions, as_of)
    checked = _hold_out(customers, transactions, labels, names, as_of, held, min_customers, rows)
    table = pd.DataFrame(
        {
            "group": names,
            "customers": np.bincount(code, minlength=len(names)),
            "active": np.bincount(code, weights=alive, minlength=len(names)),
            "leaving": leaving,
            "leaving_low": spans[0][0],
            "leaving_high": spans[0][1],
            "base": base,
            "base_leaving": of_base,
            "at_risk": base * of_base,
            "at_risk_low": spans[1][0],
            "at_risk_high": spans[1][1],
            "expected": checked.expected.to_numpy(),
            "came": checked.came.to_numpy(),
        }
    )
    return RetentionStakes(
        groups=table, draws=losses, leaving_draws=shares, held_out_days=held, horizon_years=horizon_years
    )


def _check_groups(groups: pd.DataFrame) -> None:
    twice = groups["customer_id"][groups["customer_id"].duplicated()]
    if len(twice):
        raise InputError(
            f"{plural(twice.nunique(), 'customer')} in two groups or more, such as '{twice.iloc[0]}'",
            where="groups",
            fix="give every customer one row",
        )
    blank = groups["group"].isna() | groups["group"].astype(str).str.strip().eq("")
    if blank.any():
        raise InputError(
            f"the group of {plural(int(blank.sum()), 'customer')} has no name",
            where="groups",
            fix="name the group, or leave these customers out: they then count as in no group",
        )


def _begin(ladder: MarginLadder) -> date:
    first = pd.Timestamp(ladder.quarters[0]) + pd.Timedelta(days=1) - pd.DateOffset(months=3)
    return first.date()


def _margin_per_order(now: OrderDays, code: np.ndarray, ladder: MarginLadder, groups: int) -> np.ndarray:
    """What a day with orders has left so far; of a customer without one, what is usual in the group."""
    total = pd.Series(ladder.amounts[ladder.basis].sum(axis=1), index=ladder.customer_id)
    margin = total.reindex(now.customer_id).fillna(0.0).to_numpy()
    ordered = now.counted > 0
    sums = [np.bincount(code, weights=part * ordered, minlength=groups) for part in (margin, now.counted)]
    usual = np.divide(sums[0], sums[1], out=np.zeros(groups), where=sums[1] > 0)
    return np.where(ordered, margin / np.maximum(now.counted, 1.0), usual[code])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Fit:
    """A group's fit with every customer counting once, and with each counting what it is worth."""

    heads: Leaving
    worth: Leaving
    used: np.ndarray


def _fit_groups(
    days: OrderDays,
    code: np.ndarray,
    rows: np.ndarray,
    groups: int,
    min_customers: int,
    per_order: np.ndarray,
) -> list[_Fit]:
    """The fit of each group, on its own customers or, where it is small, on everybody."""
    whole = None
    fits = []
    for number in range(groups):
        members = rows[code[rows] == number]
        if not (days.histories.purchases[rows] > 0).any():
            raise InputError(
                "no customer bought on a second day, so nothing tells who left from who never came back",
                where="transactions (customer_id, ordered_on)",
                fix="give a longer history, or a customer_id that stays the same from order to order",
            )
        if len(members) < min_customers or not (days.histories.purchases[members] > 0).any():
            whole = whole or _fit_one(days, rows, per_order)
            fits.append(whole)
        else:
            fits.append(_fit_one(days, members, per_order))
    return fits


def _fit_one(days: OrderDays, members: np.ndarray, per_order: np.ndarray) -> _Fit:
    part = days.histories.take(members)
    heads = fit_leaving(part)
    if (per_order == per_order[0]).all():  # only orders are asked for: they are not worth different amounts
        return _Fit(heads=heads, worth=heads, used=members)
    weights = _spread_worth(days.counted[members], per_order[members]) * heads.usual_rate(part)
    # where a few customers are nearly all that is worth anything, their number is too small to tell
    effective = weights.sum() ** 2 / max((weights**2).sum(), 1e-300)
    if effective < FEW:
        return _Fit(heads=heads, worth=heads, used=members)
    worth = fit_leaving(part, weights=weights, start=heads)
    is_told = np.sqrt((worth.influence[:, 2] ** 2).sum()) <= LOOSE
    # counted by worth, rates differ less (their shape is one more); where they seem to differ far more, few
    # who order all the time are mixed with many who hardly ever do, and one model describes neither
    is_told &= worth.point[0] >= heads.point[0] - np.log(2)
    return _Fit(heads=heads, worth=worth if is_told else heads, used=members)


def _spread_worth(orders: np.ndarray, per_order: np.ndarray) -> np.ndarray:
    """What an order of each customer is worth, between its own mean and what is usual (gamma-gamma).

    One large order is no large customer. What leaves a loss is worth nothing: nobody would hold it.
    """
    size = np.maximum(per_order, 0.0)
    told = (orders > 0) & (size > 0)
    if told.sum() < 3:
        return size
    model = fit_gamma_gamma(size[told], orders[told])
    return np.where(size > 0, model.expected_spend(size, np.where(told, orders, 0.0)), 0.0)


def _value(
    fit: Leaving, days: OrderDays, members: np.ndarray, per_order: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Chance to be still there, and that times a year's margin."""
    part = days.histories.take(members)
    alive = fit.probability_alive(part)
    return alive, alive * fit.expected_rate(part) * per_order[members]


def _resample(
    fits: list[_Fit],
    days: OrderDays,
    code: np.ndarray,
    rows: np.ndarray,
    per_order: np.ndarray,
    horizon_years: float,
    resamples: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Resample x group: share leaving, and what leaves with it."""
    shares = np.zeros((resamples, len(fits)))
    losses = np.zeros((resamples, len(fits)))
    place = np.full(len(code), -1)
    place[rows] = np.arange(len(rows))
    halves = np.random.default_rng(seed + 1).gamma(HALF, size=(resamples, len(fits)))
    rng = np.random.default_rng(seed)
    for number in range(resamples):
        # exponential, not Poisson weights: k who left then count as a gamma of shape k, and with the half one
        # as Jeffreys' posterior of a rate, whose intervals hold however few they are
        weights = rng.exponential(size=len(rows))
        for group, fit in enumerate(fits):
            members = rows[code[rows] == group]
            if not len(members):
                continue
            times, half = weights[place[fit.used]], halves[number, group]
            drawn = fit.heads.redraw(times, half=half)
            of_base = fit.worth.redraw(times, half=half).share_leaving(horizon_years)
            _, worth = _value(drawn, days, members, per_order)
            shares[number, group] = drawn.share_leaving(horizon_years)
            losses[number, group] = of_base * (worth @ weights[place[members]])
    return shares, losses


def _hold_days(transactions: ir.Table, as_of: date) -> int:
    """A year, or a third of the history; 0 where that is less than four weeks."""
    begins = transactions.ordered_on.min().to_pyarrow().as_py()
    held = min(365, ((as_of - begins).days + 1) // 3)
    return held if held >= 28 else 0


def _hold_out(
    customers: ir.Table,
    transactions: ir.Table,
    labels: pd.Series,
    names: list[str],
    as_of: date,
    held: int,
    min_customers: int,
    rows: np.ndarray,
) -> pd.DataFrame:
    """``expected, came``: orders that the model, fitted before the last days, expected in them."""
    nothing = pd.DataFrame({"expected": np.nan, "came": np.nan}, index=names)
    if not held:
        return nothing
    cut = as_of - timedelta(days=held)
    then = read_order_days(customers, transactions, cut=cut, until=as_of, since=cut)
    known = np.isin(then.customer_id, labels.index)
    if not known.any():
        return nothing
    then = then.take(known)
    code = pd.Categorical(labels.reindex(then.customer_id), categories=names).codes.astype(int)
    sample = np.flatnonzero(np.isin(then.customer_id, labels.index[rows]))
    if not (then.histories.purchases[sample] > 0).any():
        return nothing
    even = np.ones(len(code))
    expected = np.zeros(len(names))
    for number, fit in enumerate(_fit_groups(then, code, sample, len(names), min_customers, even)):
        members = np.flatnonzero(code == number)
        if len(members):
            hazard = fit.heads.hazard
            _, orders = _value(fit.heads, then, members, even)
            expected[number] = orders.sum() * -np.expm1(-hazard * held / YEAR) / hazard
    came = np.bincount(code, weights=then.later, minlength=len(names))
    return pd.DataFrame({"expected": expected, "came": came}, index=names)
