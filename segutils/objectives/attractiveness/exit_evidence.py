"""What the exit of a group is judged by: margin after serving, strategic fit, drain, and what exit frees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.objectives.attractiveness.exit_costs import measure_avoidable
from segutils.objectives.attractiveness.exit_drain import count_contacts, measure_drain
from segutils.objectives.attractiveness.exit_fit import score_fit
from segutils.objectives.attractiveness.exit_groups import (
    LEVEL_OF,
    Labels,
    MarginLimit,
    find_hidden,
    measure_margins_of,
)
from segutils.objectives.attractiveness.margin_ladder import CM1, YEAR, MarginLadder
from segutils.objectives.attractiveness.margin_stakes import read_categories
from segutils.objectives.attractiveness.retention_stakes import measure_retention
from segutils.objectives.attractiveness.stakes import Stakes
from segutils.statistics.customer_figures import CustomerFigures

FIT = "strategic_fit"
MAIN = "main_category"
KEEP, FIX, EXIT = "Keep", "Fix", "Exit"
DEFAULT = {"level": "CM2", "least": 0.0, "periods": 4, "owner": "playbook default"}


@dataclass(frozen=True, kw_only=True, eq=False)
class ExitEvidence:
    """Groups, and parts of groups in which losers hide, against the exit criteria.

    Parameters
    ----------
    units : pandas.DataFrame
        One row per group, and one per hidden part that was found (``within``: its group): what
        :func:`~segutils.objectives.attractiveness.exit_groups.measure_margins_of` gives, ``fit, served,
        judged, misses_fit, drain`` with the shares behind it, ``frees, stays`` (cost of the pools down to the
        limit's level that would go, and that would not), ``beyond`` (cost of the pools below it), ``net``
        (frees less CM1 lost: what exit brings a year), ``advice`` (Keep, Fix or Exit), ``advice_share,
        fit_share`` (of the samples: in which it stands, in which the fit is missed).
    goals : pandas.DataFrame
        From :func:`~segutils.objectives.attractiveness.exit_fit.score_fit`.
    parts : pandas.DataFrame
        All parts that were looked at, from
        :func:`~segutils.objectives.attractiveness.exit_groups.find_hidden`.
    pools : pandas.DataFrame
        ``unit, pool, level, cost, avoidable``: a year's cost of each unit.
    limit : MarginLimit
    fit_limit : float
        NaN where none is stated.
    fit_owner : str
    is_stated : bool
        The limit of the margin is the client's own.
    looked_by : tuple of str
        Columns by which groups were cut into parts.
    quarters : int
        How many are known.
    """

    units: pd.DataFrame
    goals: pd.DataFrame
    parts: pd.DataFrame
    pools: pd.DataFrame
    limit: MarginLimit
    fit_limit: float
    fit_owner: str
    is_stated: bool
    looked_by: tuple[str, ...]
    quarters: int


def read_margin_limit(thresholds: pd.DataFrame, ladder: MarginLadder) -> MarginLimit:
    """The margin that the client asks for, or the playbook's own (nothing is lost) where it asks for none.

    Raises
    ------
    InputError
        A limit names a measure that is not known here.
    """
    known = {*LEVEL_OF, FIT}
    if unknown := [name for name in thresholds.measure if name not in known]:
        raise InputError(
            f"the exit criteria name the measure '{unknown[0]}'",
            where="engagement file, thresholds (question: exit-criteria)",
            fix=f"use one of {', '.join(sorted(known))}",
        )
    margins = thresholds[thresholds.measure.isin(LEVEL_OF) & thresholds["min"].notna()]
    if margins.empty:
        return MarginLimit(**{**DEFAULT, **({"level": ladder.basis} if ladder.levels else {})})
    line = margins.iloc[0]
    return MarginLimit(
        level=LEVEL_OF[line.measure], least=float(line["min"]), periods=int(line.periods), owner=line.owner
    )


def build_exit_evidence(
    customers: ir.Table,
    transactions: ir.Table,
    groups: pd.DataFrame,
    ladder: MarginLadder,
    stakes: Stakes,
    objectives: pd.DataFrame,
    thresholds: pd.DataFrame,
    *,
    as_of: date,
    figures: CustomerFigures | None = None,
    products: ir.Table | None = None,
    costs: ir.Table | None = None,
    contacts: Mapping[str, ir.Table | None] | None = None,
    headcount: Mapping[str, float] | None = None,
    look_by: Sequence[str] = ("sales_segment", "industry", MAIN),
    min_customers: int = 30,
    max_p: float = 0.05,
    resamples: int = 300,
    seed: int = 0,
) -> ExitEvidence | None:
    """Which groups, or parts of groups, should be let go by the client's own criteria?

    Parameters
    ----------
    customers, transactions : ibis tables
    groups : pandas.DataFrame
        ``customer_id, group``.
    ladder : MarginLadder
    stakes : Stakes
        For retention.
    objectives : pandas.DataFrame
        What strategic fit is measured by.
    thresholds : pandas.DataFrame
        Of the question: ``measure`` (cm2_rate and the like, or strategic_fit), ``min, periods, owner``.
    as_of : datetime.date
    figures : CustomerFigures, optional
        For market shares of groups.
    products, costs : ibis tables, optional
    contacts : mapping of str to ibis table or None, optional
        ``tickets`` and ``opportunities``, each ``customer_id, opened_on``.
    headcount : mapping of str to float, optional
    look_by : sequence of str
        Columns of customers by which groups are cut into parts, to find losers that a group hides;
        ``main_category`` is the category on which a customer has spent most.
    min_customers, max_p
        As for :func:`~segutils.objectives.attractiveness.exit_groups.find_hidden`.
    resamples, seed : int

    Returns
    -------
    ExitEvidence or None
        None where the margin that the limit asks for is not known.
    """
    limit = read_margin_limit(thresholds, ladder)
    fits = thresholds[(thresholds.measure == FIT) & thresholds["min"].notna()]
    fit_limit = float(fits["min"].iloc[0]) if len(fits) else np.nan
    if limit.level not in ladder.amounts or CM1 not in ladder.amounts:
        return None
    labels = Labels.read(ladder.row_labels(groups))
    given = {"resamples": resamples, "seed": seed}
    table = measure_margins_of(ladder, labels, limit, **given).assign(within="")
    columns = [name for name in look_by if name in customers.columns]
    attributes = read_attributes(customers, columns, ladder)
    if MAIN in look_by and products is not None and "category" in products.columns:
        # over the whole history: who left would otherwise be in no part, and every part would seem loyal
        years = len(ladder.quarters) / YEAR
        bought = read_categories(transactions, products, as_of=as_of, years=years)
        bought = bought.sort_values(["revenue", "category"])
        attributes[MAIN] = bought.groupby("customer_id").category.last().reindex(attributes.index)
        columns.append(MAIN)
    parts = find_hidden(
        ladder,
        labels,
        attributes,
        limit,
        failing=tuple(table["group"][table.fails]),
        min_customers=min_customers,
        max_p=max_p,
    )
    leaving = dict(zip(stakes.retention.groups["group"], stakes.retention.yearly_leaving, strict=True))
    # objectives name a year's rate, whatever the horizon of the stakes
    yearly = 1 - (1 - stakes.retention.leaving_draws) ** (1 / stakes.retention.horizon_years)
    draws = {name: yearly[:, number] for number, name in enumerate(stakes.retention.groups["group"])}
    found = choose_parts(parts)
    named = pd.Series(pd.NA, index=ladder.customer_id, dtype=object)
    for row in found.itertuples():
        of_group = ladder.row_labels(groups).eq(row.group).to_numpy()
        inside = (
            of_group & attributes[row.column].reindex(ladder.customer_id).astype(str).eq(row.value).to_numpy()
        )
        named[inside] = name_part(row.group, row.column, row.value)
    hidden = Labels.read(named)
    judged = [(labels, table)]
    if len(found):
        within = {name_part(r.group, r.column, r.value): r.group for r in found.itertuples()}
        more = measure_margins_of(ladder, hidden, limit, **given)
        judged.append((hidden, more.assign(within=more["group"].map(within))))
        of_parts = named.dropna().rename("group").rename_axis("customer_id").reset_index()
        part = measure_retention(
            customers, transactions, of_parts, ladder, as_of=as_of, with_others=False, **given
        )
        leaving |= dict(zip(part.groups["group"], part.yearly_leaving, strict=True))
        draws |= {name: part.leaving_draws[:, n] for n, name in enumerate(part.groups["group"])}
    counted = {
        name: count_contacts(part, ladder.customer_id, as_of=as_of)
        for name, part in (contacts or {}).items()
        if part is not None
    }
    avoidable = (
        measure_avoidable(customers, transactions, costs, group_column=ladder.booked_by)
        if costs is not None
        else pd.DataFrame(columns=["pool", "avoidable", "error", "periods"])
    )
    rows, goals, pools = [], [], []
    for grouping, margins in judged:
        fit, told = score_fit(
            ladder,
            grouping,
            objectives,
            leaving=leaving,
            leaving_draws=draws,
            all_leaving=1 - stakes.present["retention_rate"],
            figures=figures,
            **given,
        )
        drain = measure_drain(ladder, grouping, contacts=counted, headcount=headcount or {})
        spent = list_pools(ladder, grouping, avoidable)
        above = [name for name in ladder.levels if name <= limit.level]
        rows.append(_advise(margins.merge(drain, on="group"), fit, spent, fit_limit, above))
        goals.append(told)
        pools.append(spent)
    return ExitEvidence(
        units=pd.concat(rows, ignore_index=True),
        goals=pd.concat(goals, ignore_index=True),
        parts=parts,
        pools=pd.concat(pools, ignore_index=True),
        limit=limit,
        fit_limit=fit_limit,
        fit_owner=str(fits.owner.iloc[0]) if len(fits) else "",
        is_stated=limit.owner != DEFAULT["owner"],
        looked_by=tuple(columns),
        quarters=len(ladder.quarters),
    )


def read_attributes(customers: ir.Table, columns: Sequence[str], ladder: MarginLadder) -> pd.DataFrame:
    """Index: customer_id in the ladder's order; the columns by which groups are cut."""
    table = customers.select("customer_id", *columns).to_pandas().drop_duplicates("customer_id")
    return table.set_index("customer_id").reindex(ladder.customer_id).astype(object)


def name_part(group: str, column: str, value: str) -> str:
    """``Aftermarket, mainly Pneumatics``: a part of a group."""
    words = f"mainly {value}" if column == MAIN else f"{column.replace('_', ' ')} {value}"
    return f"{group}, {words}"


def choose_parts(parts: pd.DataFrame) -> pd.DataFrame:
    """Of each group the part with the largest shortfall: others are mostly the same customers."""
    return parts[parts.found].drop_duplicates("group")


def list_pools(ladder: MarginLadder, labels: Labels, avoidable: pd.DataFrame) -> pd.DataFrame:
    """``unit, pool, level, cost, avoidable`` (0 where the history does not tell: it counts as staying)."""
    known = avoidable.set_index("pool").avoidable if len(avoidable) else pd.Series(dtype=float)
    rows = [
        (name, pool, level, cost, float(known.get(pool, np.nan)))
        for pool, level in ladder.pools.items()
        for name, cost in zip(labels.names, labels.sum(ladder.year[pool].to_numpy(float)), strict=True)
    ]
    return pd.DataFrame(rows, columns=["unit", "pool", "level", "cost", "avoidable"])


def _advise(
    table: pd.DataFrame,
    fit: pd.DataFrame,
    pools: pd.DataFrame,
    fit_limit: float,
    above: Sequence[str],
) -> pd.DataFrame:
    """Keep what leaves enough; fix what does not but fits; let go what neither leaves enough nor fits.

    Exit is advised only where it frees more than it loses.
    """
    table = table.merge(fit[["group", "fit", "served", "judged"]], on="group")
    counted = pools[pools.level.isin(above)]
    freed = (counted.cost * counted.avoidable.fillna(0.0)).groupby(counted.unit).sum()
    sums = {
        "frees": freed,
        "stays": counted.groupby("unit").cost.sum(),
        "beyond": pools.groupby("unit").cost.sum(),
    }
    for name, values in sums.items():
        table[name] = table["group"].map(values).fillna(0.0)
    table["beyond"] -= table.stays
    table["stays"] -= table.frees
    table["net"] = table.frees - table.cm1
    table["misses_fit"] = table.fit < fit_limit
    gives = table.misses_fit & (table.net > 0)
    table["advice"] = np.where(~table.fails, KEEP, np.where(gives, EXIT, FIX))
    # samples of the customers in which margin and fit would be judged alike; what exit frees stays as it is
    drawn = fit.set_index("group").drop(columns=["fit", "served", "judged"]).reindex(table["group"])
    misses = (drawn.to_numpy(float) < fit_limit).mean(axis=1) if drawn.shape[1] else table.misses_fit
    sure = np.where(table.net > 0, misses, 0.0)
    shares = {
        KEEP: 1 - table.fails_share,
        EXIT: table.fails_share * sure,
        FIX: table.fails_share * (1 - sure),
    }
    table["fit_share"] = misses
    table["advice_share"] = [shares[advice].iloc[row] for row, advice in enumerate(table.advice)]
    return table
