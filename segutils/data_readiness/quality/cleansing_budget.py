"""Which faulty records should be corrected with the money there is, and how much work would it be?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.data_readiness.quality.cleansing_decision import decide_plan
from segutils.data_readiness.quality.cleansing_issues import ESTIMATED
from segutils.data_readiness.quality.cleansing_options import (
    EVERYTHING,
    OPTIONS,
    WEIGHTS,
    UnitCosts,
    plan_options,
    price_issues,
    read_unit_costs,
)
from segutils.data_readiness.quality.cleansing_plans import Plans, build_frontier, list_plans
from segutils.errors import InputError
from segutils.findings import Assumption, Figure, Finding, Need, Override
from segutils.formats import format_value, plural
from segutils.statistics.decisions import check_override

SLUG = "cleansing-budget"
MAX_BARS, MAX_ROWS = 8, 12  # of a page; the notebook has all issues
USUAL = (0.6, 0.7)
USUAL_SOURCE = (
    "The usual 60 to 70 % of a project's time is a rule of thumb that nobody has measured: it goes back to "
    "what people say of themselves (CrowdFlower 2016: 60 % for cleaning and organising data; Anaconda 2020: "
    "45 % for preparing it)."
)
FORMATS = {
    "records": "count",
    "cost_per_record": "money:2",
    "cost": "money",
    "revenue": "money",
    "revenue_per_cost": "count",
    "sets_aside": "flag",
    "in_plan": "flag",
}
LABELS = {
    "records": "Records to correct",
    "sets_aside": "Keeps rows out",
    "revenue": "Revenue that hangs on them",
    "basis": "Revenue is",
    "revenue_per_cost": "Revenue reached per unit spent",
    "in_plan": "In the plan",
}


def decide_budget(
    issues: pd.DataFrame,
    costs: pd.DataFrame,
    budgets: pd.DataFrame,
    *,
    currency: str,
    project: pd.DataFrame | None = None,
    weights: Mapping[str, float] = WEIGHTS,
    cost_spread: float = 0.5,
    draws: int = 2000,
    seed: int = 20172,
    override: Override | None = None,
) -> Finding:
    """Which faulty records should be corrected with the money there is?

    Parameters
    ----------
    issues : pandas.DataFrame
        From :func:`~segutils.data_readiness.quality.cleansing_issues.build_issues`.
    costs : pandas.DataFrame
        ``item, amount, per, owner``; see
        :func:`~segutils.data_readiness.quality.cleansing_options.read_unit_costs`.
    budgets : pandas.DataFrame
        ``item, amount, horizon, owner``: what may be spent; several lines add up. May be empty.
    currency : str
        ISO 4217 code.
    project : pandas.DataFrame, optional
        ``days, day_rate, owner``: one row, or none.
    weights : mapping of str to float
        Of ``revenue, saving, records``.
    cost_spread : float
        The cost of a record is varied by this share (0-1) up and down.
    draws : int
        Random weight sets.
    seed : int
    override : Override, optional

    Returns
    -------
    Finding
        Table: the issues with ``cost_per_record, cost, revenue_per_cost, in_plan``, those in the plan first.
        ``caution`` where the plan leaves out what revenue hangs on or no budget is stated; ``not_run``
        without a cost per record.

    Raises
    ------
    InputError
        The override is no option, or `cost_spread` is not a share below 1.
    """
    if not 0 <= cost_spread < 1:
        raise InputError(
            f"a cost spread of {cost_spread} cannot be used",
            where="parameter cost_spread",
            fix="give a share from 0 to below 1, such as 0.5",
        )
    unit = read_unit_costs(costs)
    if unit is None:
        return _not_run(issues)
    override = check_override(override, OPTIONS, slug=SLUG)
    if issues.empty:
        return Finding(
            slug=SLUG,
            status="pass",
            headline="No faulty record was found: there is nothing to correct.",
            table=issues.reset_index(drop=True),
        )
    budget = float(budgets["amount"].astype(float).sum()) if len(budgets) else float("inf")
    priced = price_issues(issues.reset_index(drop=True), unit)
    plans = list_plans(priced["revenue"].to_numpy(float), priced["cost"].to_numpy(float))
    decision = decide_plan(
        priced,
        plans,
        budget=budget,
        weights=weights,
        cost_spread=cost_spread,
        draws=draws,
        seed=seed,
        override=override,
        currency=currency,
    )
    plan = plan_options(priced, plans, budget=budget)[decision.choice]
    table = _order(priced.assign(in_plan=plan))
    left_out = (~plan & (priced["revenue"] > 0)).any()
    return Finding(
        slug=SLUG,
        status="caution" if left_out or not len(budgets) else "pass",
        headline=_headline(priced, plan, decision.choice, budget, currency),
        table=_shorten(table.drop(columns="table")),
        formats=FORMATS,
        labels=LABELS,
        figures=(*_draw_issues(table, currency), *_draw_frontier(plans, currency)),
        decision=decision,
        notes=(*_say_project(priced, plan, project), *_say_left_out(priced, plan, currency)),
        assumptions=_list_assumptions(unit, priced, budgets, project, currency),
        limits=(
            "The revenue that hangs on a record is not what correcting it earns. It is revenue of which less "
            "is known until then.",
            "A customer or order line with two issues counts in both, in records, in cost and in revenue.",
            "Issues are corrected as a whole or not at all.",
        ),
        needs=_list_needs(budgets, project),
    )


def _not_run(issues: pd.DataFrame) -> Finding:
    need = Need(
        question="What does it cost to correct one record, by whose estimate?",
        table="costs of the engagement file",
        columns=("item", "amount", "per", "owner"),
    )
    count = int(issues["records"].sum()) if len(issues) else 0
    found = f"{plural(count, 'correction')} would be needed" if count else "No faulty record was found"
    return Finding(
        slug=SLUG,
        status="not_run",
        headline=f"{found}; what that would cost is not known, as nobody has stated the cost of one.",
        table=issues.drop(columns="table").reset_index(drop=True),
        formats={k: v for k, v in FORMATS.items() if k in issues.columns},
        labels=LABELS,
        needs=(need,),
    )


def _order(table: pd.DataFrame) -> pd.DataFrame:
    by = ["in_plan", "revenue_per_cost", "records"]
    return table.sort_values(by, ascending=False, kind="stable", ignore_index=True)


def _headline(priced: pd.DataFrame, plan: pd.Series, choice: str, budget: float, currency: str) -> str:
    cost, whole = float(priced["cost"][plan].sum()), float(priced["cost"].sum())
    corrections = int(priced["records"][plan].sum())
    total = plural(int(priced["records"].sum()), "correction")
    every = format_value(whole, "money", currency=currency)
    money = format_value(cost, "money", currency=currency)
    of = "" if np.isinf(budget) else f" of a budget of {format_value(budget, 'money', currency=currency)}"
    if choice == EVERYTHING:
        return f"All {total} that the data need cost {every}{of}."
    if not plan.any():
        return f"Of the {total} that the data need (together {every}), none should be paid for."
    revenue = priced["revenue"].fillna(0)
    reached = revenue[plan].sum() / revenue.sum() if revenue.sum() > 0 else 0.0
    share = "all" if reached > 1 - 1e-9 else format_value(reached, "share:0")
    if budget >= whole:
        of = f"the budget of {format_value(budget, 'money', currency=currency)} covers every correction"
        if np.isinf(budget):
            of = "no budget limits the corrections"
        return (
            f"{of[0].upper()}{of[1:]} ({every}); {money} of it, for {corrections:,} of the {total} needed, "
            f"reach {share} of the revenue that hangs on faulty records."
        )
    return (
        f"{money}{of} pay for {corrections:,} of the {total} that the data need and reach {share} of the "
        f"revenue that hangs on faulty records; correcting everything would cost {every}."
    )


def _say_project(priced: pd.DataFrame, plan: pd.Series, project: pd.DataFrame | None) -> list[str]:
    if project is None or project.empty or not float(project["day_rate"].iloc[0]) > 0:
        return [f"Which share of the project's time this takes is not known. {USUAL_SOURCE}"]
    planned, rate = float(project["days"].iloc[0]), float(project["day_rate"].iloc[0])
    days = float(priced["cost"][plan].sum()) / rate
    share = format_value(days / planned, "share:0")
    low, high = (format_value(100 * end, "number:0") for end in USUAL)
    place = "below" if days / planned < USUAL[0] else "above" if days / planned > USUAL[1] else "within"
    return [
        f"At the project's day rate the plan takes {format_value(days, 'days')}, {share} of the "
        f"{format_value(planned, 'days')} planned: {place} the usual {low} to {high} %. {USUAL_SOURCE}"
    ]


def _say_left_out(priced: pd.DataFrame, plan: pd.Series, currency: str) -> list[str]:
    left = priced[~plan]
    if left.empty:
        return []
    cost = format_value(left["cost"].sum(), "money", currency=currency)
    count = plural(int(left["records"].sum()), "correction")
    unmeasured = int(left["records"][left["revenue"].isna()].sum())
    part = "all" if unmeasured == int(left["records"].sum()) else f"{unmeasured:,} of them"
    why = f", {part} in tables on which no revenue can be measured" if unmeasured else ""
    return [f"Left as it is: {count} that would cost {cost}{why}."]


def _list_assumptions(
    unit: UnitCosts, priced: pd.DataFrame, budgets: pd.DataFrame, project: pd.DataFrame | None, currency: str
) -> tuple[Assumption, ...]:
    amount = format_value(unit.amount, "money:2", currency=currency)
    own = [
        f"{table.replace('_', ' ')} {format_value(cost, 'money:2', currency=currency)}"
        for table, cost in unit.by_table.items()
    ]
    special = f" ({'; '.join(own)})" if own else ""
    found = [Assumption(text=f"Correcting one record costs {amount}{special}.", owner=unit.owner)]
    found += [
        Assumption(
            text=f"Budget “{row['item']}”: {format_value(row['amount'], 'money', currency=currency)} "
            f"({row['horizon']}).",
            owner=row["owner"],
        )
        for row in budgets.to_dict("records")
    ]
    if (priced["basis"] == ESTIMATED).any():
        text = "Records that were set aside or are misspelt carry the mean revenue of a line or customer."
        found.append(Assumption(text=text, owner="playbook default"))
    if project is not None and len(project):
        row = project.iloc[0]
        rate = format_value(row["day_rate"], "money", currency=currency)
        days = format_value(row["days"], "days")
        text = f"The project has {days} at {rate}; what corrections cost is turned into days at this rate."
        found.append(Assumption(text=text, owner=str(row["owner"])))
    return tuple(found)


def _list_needs(budgets: pd.DataFrame, project: pd.DataFrame | None) -> tuple[Need, ...]:
    found = []
    if budgets.empty:
        found.append(
            Need(
                question="How much may be spent on correcting data?",
                table="budgets of the engagement file",
                columns=("item", "amount", "horizon", "owner"),
            )
        )
    if project is None or project.empty:
        found.append(
            Need(
                question="How many days does the project have, and what does a day cost?",
                table="project of the engagement file",
                columns=("days", "day_rate", "owner"),
            )
        )
    return tuple(found)


def _shorten(table: pd.DataFrame) -> pd.DataFrame:
    """The first issues, and the others summed in a last row."""
    rest = table.iloc[MAX_ROWS:]
    if len(rest) < 2:
        return table
    last = {name: None for name in table.columns}
    last["issue"] = f"{len(rest)} further issues together"
    last |= {name: rest[name].sum(min_count=1) for name in ("records", "revenue", "cost")}
    return pd.concat([table.head(MAX_ROWS), pd.DataFrame([last])], ignore_index=True)


def _draw_issues(table: pd.DataFrame, currency: str) -> tuple[Figure, ...]:
    data = table[table["revenue"] > 0].sort_values("revenue", ascending=False, kind="stable").head(MAX_BARS)
    if data.empty:
        return ()
    data = data.assign(plan=np.where(data["in_plan"], "in the plan", "left as it is")).reset_index(drop=True)
    top = data.iloc[0]
    title = f"Most revenue hangs on this issue: {top['issue']}"
    return (
        Figure(
            kind="bar",
            data=data[["issue", "plan", "revenue", "records", "cost", "basis"]],
            x="issue",
            y="revenue",
            series="plan",
            stacked=True,
            title=title,
            subtitle=f"Net revenue of the customers or order lines with the issue, whole history, {currency}",
            alt=f"Bars of {plural(len(data), 'issue')}. {title}.",
            formats={"revenue": "money", "records": "count", "cost": "money"},
        ),
    )


def _draw_frontier(plans: Plans, currency: str) -> tuple[Figure, ...]:
    data = build_frontier(plans)
    if not data["revenue_share"].max() > 0:
        return ()
    half = data[data["revenue_share"] >= 0.8].iloc[0]
    money = format_value(half["budget"], "money", currency=currency)
    title = f"{money} reach {format_value(half['revenue_share'], 'share:0')} of the revenue on faulty records"
    return (
        Figure(
            kind="line",
            data=data[data["budget"] > 0].reset_index(drop=True),  # nothing for nothing needs no drawing
            x="budget",
            y="revenue_share",
            title=title,
            subtitle=f"Revenue on faulty records that the best plan reaches, share by budget in {currency}",
            alt=f"A rising line over budgets. {title}.",
            formats={"budget": "money", "revenue_share": "share:0"},
        ),
    )
