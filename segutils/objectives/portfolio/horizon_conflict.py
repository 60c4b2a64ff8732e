"""This year's target against the long term: what the target costs, and which plan both sides can sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from segutils.engagement_plans import Finance
from segutils.errors import InputError
from segutils.findings import Decision, Finding, Need, Override
from segutils.objectives.portfolio import horizon_words as words
from segutils.objectives.portfolio.amounts import MILLION, round_amounts
from segutils.objectives.portfolio.frontier import Frontier, TwoHorizons, build_frontier, keeps_target
from segutils.objectives.portfolio.horizon_stability import (
    find_rate_flip,
    find_safe_aim,
    measure_horizon_stability,
    share_reaching,
)
from segutils.objectives.portfolio.horizon_words import BARGAIN, HABIT, LONG, NOTHING, SHORT, TARGET
from segutils.objectives.portfolio.investments import (
    BUDGETS,
    FINANCE,
    RESPONSES,
    build_investments,
    say_strange,
    say_unplanned,
    say_years,
)
from segutils.objectives.portfolio.plan_setting import Setting, build_setting
from segutils.objectives.portfolio.result_floor import MEASURE as FLOOR_MEASURE
from segutils.objectives.portfolio.result_floor import Floor, Result
from segutils.objectives.portfolio.untried_limits import list_untried, note_untried, say_untried
from segutils.statistics.allocation import Allocation
from segutils.statistics.decisions import check_override

SLUG = "horizon-conflict"
MEASURE = "contribution_margin"
FIRM = 0.8  # share of draws under which a choice is called firm
AIMED = 10_000  # draws in which the target is tried, and a safe aim must hold
TARGETS = Need(
    question="How much additional margin does this year's target ask of the money that is divided?",
    table="engagement file",
    columns=("thresholds: horizon-conflict, contribution_margin, min",),
)


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What the client states about both horizons.

    Parameters
    ----------
    responses, budgets : pandas.DataFrame
        As :mod:`segutils.stated` lists them for ``horizon-conflict``.
    thresholds : pandas.DataFrame
        Of ``horizon-conflict``: ``contribution_margin`` with min, the margin that this year's target asks of
        the money.
    company : pandas.DataFrame
        Thresholds of ``kpi-constraints``: people, and the floor under EBITDA; every plan keeps them.
    finance : Finance, optional
    scenarios : pandas.DataFrame
    """

    responses: pd.DataFrame
    budgets: pd.DataFrame
    thresholds: pd.DataFrame
    company: pd.DataFrame
    finance: Finance | None
    scenarios: pd.DataFrame

    @property
    def target(self) -> float:
        """Margin that this year's target asks for; NaN where nobody states it."""
        for line in self.thresholds.itertuples():
            if line.measure != MEASURE or not np.isfinite(line.min):
                raise InputError(
                    f"the threshold '{line.measure}' of {SLUG} cannot be used",
                    where="engagement file, thresholds",
                    fix=f"state {MEASURE} with min",
                )
        return float(self.thresholds["min"].max()) if len(self.thresholds) else np.nan

    def build(self, result: Result | None = None, *, rate: float | None = None) -> Setting:
        """Investments under the company's limits; `rate` instead of the stated cost of money."""
        finance = self.finance
        if rate is not None and finance is not None:
            finance = finance.model_copy(update={"discount_rate": rate})
        investments = build_investments(self.responses, self.budgets, finance=finance)
        own = self.company[self.company.measure == FLOOR_MEASURE]
        lowest = float(own["min"].max()) if len(own) else np.nan  # of several floors the highest holds
        floor = Floor(result=result, rate=lowest) if result is not None and np.isfinite(lowest) else None
        return build_setting(investments, self.budgets, self.company, floor)


def decide_horizon_conflict(
    facts: Stated,
    *,
    currency: str,
    groups: Sequence[str],
    result: Result | None = None,
    unread: str = "",
    current: pd.DataFrame | None = None,
    points: int = 25,
    tolerance: float = 0.05,
    draws: int = 100,
    seed: int = 1,
    override: Override | None = None,
) -> Finding:
    """What does this year's target cost in the long term, and which plan lies between?

    Parameters
    ----------
    facts : Stated
    currency : str
    groups : sequence of str
        The groups planned with.
    result : Result, optional
        From :func:`~segutils.objectives.portfolio.result_floor.read_result`, for the floor under EBITDA.
    unread : str
        Why there is no result, from :func:`~segutils.objectives.portfolio.result_floor.say_unread`.
    current : pandas.DataFrame, optional
        ``budget, group, share``: how money is divided today.
    points : int
        Plans on the frontier.
    tolerance : float
        Share of present value within which a plan is as good as the best one with the same margin this year.
    draws : int
        Random sets of ceilings.
    seed : int
    override : Override, optional

    Returns
    -------
    Finding
        Table: ``who, owner``, a column per plan (``long_term_only, meet_this_years_target, negotiated,
        this_year_only``) and ``change``: money per group and per budget in each plan, and what the
        recommended plan changes against the long-term one.

    Raises
    ------
    InputError
        A threshold that cannot be used.

    Notes
    -----
    The stated target is what this year's side asks for; more than that is no gain to it. So the target is met
    as long as an even bargain (see :func:`~segutils.objectives.portfolio.frontier.build_frontier`) would
    leave as much this year; beyond, the bargain is recommended, and the target would have to come down.
    """
    target = facts.target
    needs = _list_needs(facts, target)
    everything = build_investments(facts.responses, facts.budgets, finance=facts.finance)
    facts = replace(facts, responses=facts.responses[facts.responses.group.isin(list(groups))])
    setting = facts.build(result)
    if setting.investments.empty or facts.finance is None:
        strange = say_strange(everything, groups)
        return words.withhold(SLUG, stated=not setting.investments.empty, needs=needs, notes=strange)
    horizons = TwoHorizons(setting=setting)
    if not setting.solve().feasible:
        return words.refuse(SLUG, setting.solve(), needs=needs)
    untried = list_untried(facts.company, setting.investments, result, unread)
    needs = tuple(dict.fromkeys([*needs, *(line.need for line in untried)]))
    frontier = build_frontier(horizons, points=points)
    plans = _list_plans(horizons, frontier, target, current)
    recommended = _recommend(horizons, frontier, target, plans)
    options = describe_plans(horizons, plans, target)
    chosen = plans[recommended].amounts.amount.to_numpy(dtype=float)
    stability = measure_horizon_stability(
        horizons, chosen, facts.scenarios, target, tolerance=tolerance, draws=draws, seed=seed
    )
    flip = find_rate_flip(
        lambda rate: TwoHorizons(setting=facts.build(result, rate=rate)), facts.finance, target
    )
    most = horizons.margin(frontier.short)
    safe, reaching = None, np.nan
    if np.isfinite(target):
        safe = find_safe_aim(horizons, target, most, draws=AIMED, seed=seed)
        reaching = share_reaching(horizons, chosen, target, draws=AIMED, seed=seed)
    same = frontier.conflict is False or not np.isfinite(target)
    share = stability.share_near if same else stability.share_both(recommended != BARGAIN)
    decision = Decision(
        question="How much of the long term is given up for this year?",
        options=round_amounts(options),
        recommendation=recommended,
        robustness=words.say_robustness(
            stability,
            recommended,
            frontier,
            horizons,
            target,
            flip,
            facts.finance,
            tolerance,
            currency=currency,
        ),
        robustness_share=share,
        override=check_override(override, options.option.tolist(), slug=SLUG),
        formats={name: fmt for name, fmt in words.OPTION_FORMATS.items() if name in options.columns},
    )
    reached = not np.isfinite(target) or horizons.margin(frontier.short) >= target * (1 - 1e-5)
    table = build_shares(horizons, plans, recommended, facts.budgets)
    headline = words.say_headline(decision, horizons, frontier, plans, target, currency=currency)
    return Finding(
        slug=SLUG,
        status=_judge(share, target, reached, tried=not untried),
        headline=f"{headline} {say_untried(untried)}".strip(),
        table=table,
        formats=dict.fromkeys(table.columns[2:], "money"),
        labels=words.LABELS | {_name_column(name): name for name in plans},
        figures=words.draw_frontier(
            horizons, frontier, plans, recommended, target, finance=facts.finance, currency=currency
        ),
        decision=decision,
        notes=(
            *note_untried(untried),
            *words.list_notes(
                *(horizons, frontier, plans, recommended, target, table, stability),
                **{"reaching": reaching, "safe": safe, "currency": currency},
            ),
            *say_years(setting.investments, chosen, currency=currency),
            *say_unplanned(everything, groups, facts.scenarios),
        ),
        assumptions=words.list_assumptions(setting.investments, facts, currency=currency),
        limits=words.LIMITS,
        needs=needs,
    )


def _judge(share: float, target: float, reached: bool, *, tried: bool) -> str:
    if not reached:
        return "fail"
    return "pass" if share >= FIRM and np.isfinite(target) and tried else "caution"


def _list_needs(facts: Stated, target: float) -> tuple[Need, ...]:
    used = facts.responses.budget.isin(facts.budgets["item"]).any()
    missing = (
        (not used, RESPONSES),
        (facts.budgets.empty, BUDGETS),
        (facts.finance is None, FINANCE),
        (not np.isfinite(target), TARGETS),
    )
    return tuple(need for absent, need in missing if absent)


def _list_plans(
    horizons: TwoHorizons, frontier: Frontier, target: float, current: pd.DataFrame | None
) -> dict[str, Allocation]:
    """Plans by name, from the long end to the short one, then what is done today and nothing."""
    plans = {LONG: frontier.long}
    if frontier.conflict:
        between = {BARGAIN: frontier.bargain}
        low, high = horizons.margin(frontier.long), horizons.margin(frontier.short)
        if low < target <= high:
            between[TARGET] = horizons.solve(target, near=frontier.long.amounts.amount)
        plans |= dict(sorted(between.items(), key=lambda item: horizons.margin(item[1])))
        plans[SHORT] = frontier.short
    setting = horizons.setting
    if current is not None and len(current):
        plans[HABIT] = setting.judge(setting.cut_back(setting.divide(current)))
    plans[NOTHING] = setting.judge(np.zeros(len(setting.investments)))
    return plans


def _recommend(horizons: TwoHorizons, frontier: Frontier, target: float, plans: dict[str, Allocation]) -> str:
    """The long-term plan if it meets the target, the target if an even bargain does, else the bargain."""
    if not frontier.conflict or horizons.margin(frontier.long) >= target:
        return LONG
    return TARGET if TARGET in plans and keeps_target(horizons, target) else BARGAIN


def describe_plans(horizons: TwoHorizons, plans: dict[str, Allocation], target: float) -> pd.DataFrame:
    """What does each plan bring this year and in the long term?

    Returns
    -------
    pandas.DataFrame
        ``option, margin_this_year, net_present_value, given_up`` (present value against the best), ``money,
        left_this_year`` (margin of the first year less the money spent in it), ``meets_target``.
    """
    own = horizons.setting.investments
    spent = own.spent_this_year.to_numpy(dtype=float)
    best = max(plan.value for plan in plans.values())
    rows = []
    for name, plan in plans.items():
        margin, amounts = horizons.margin(plan), plan.amounts.amount.to_numpy(dtype=float)
        row = (name, margin, plan.value, best - plan.value, amounts.sum(), margin - float(spent @ amounts))
        rows.append((*row, bool(margin >= target * (1 - 1e-5)) if np.isfinite(target) else None))
    columns = ["option", "margin_this_year", "net_present_value", "given_up", "money", "left_this_year"]
    table = pd.DataFrame(rows, columns=[*columns, "meets_target"])
    return table if np.isfinite(target) else table.drop(columns="meets_target")


def build_shares(
    horizons: TwoHorizons, plans: dict[str, Allocation], recommended: str, budgets: pd.DataFrame
) -> pd.DataFrame:
    """Who gets how much in each plan, and who gains or loses by the recommended one?

    Returns
    -------
    pandas.DataFrame
        ``who`` (groups, then budgets), ``owner`` (of the budget), a column of money per plan, ``change``
        (recommended less long-term plan); groups and budgets each by what changes most.
    """
    shown = [name for name in plans if name not in (HABIT, NOTHING)]
    owners = dict(zip(budgets["item"], budgets.owner, strict=True))
    parts = []
    for column in ("group", "budget"):
        money = pd.DataFrame(
            {name: plans[name].amounts.groupby(column, sort=False).amount.sum() for name in shown}
        )
        digits = -3 if money.abs().to_numpy().max(initial=0) >= MILLION else 0
        part = money.round(digits) + 0.0  # before the change, which can be computed again from the table
        part["change"] = part[recommended] - part[LONG]
        part.insert(0, "owner", [owners.get(name, "") for name in part.index])
        part.insert(0, "who", part.index)
        order = part.change.abs().sort_values(ascending=False, kind="stable").index
        parts.append(part.loc[order])
    table = pd.concat(parts, ignore_index=True)
    return table.rename(columns={name: _name_column(name) for name in shown})


def _name_column(plan: str) -> str:
    return plan.lower().replace(" ", "_").replace("'", "")
