"""Limits of the whole company on what is invested in groups: the best plan within them, and their price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from segutils.engagement_plans import Finance
from segutils.errors import InputError
from segutils.findings import Decision, Finding, Need, Override
from segutils.formats import join_words
from segutils.objectives.portfolio import kpi_words as words
from segutils.objectives.portfolio.amounts import round_amounts
from segutils.objectives.portfolio.constraint_stability import (
    find_ceiling_flip,
    find_flips,
    first_group,
    list_binding,
    measure_stability,
)
from segutils.objectives.portfolio.investments import (
    BUDGETS,
    FINANCE,
    PEOPLE,
    RESPONSES,
    build_investments,
    say_strange,
    say_unplanned,
    say_years,
)
from segutils.objectives.portfolio.kpi_notes import list_notes, say_people, say_result
from segutils.objectives.portfolio.plan_setting import Setting, build_setting
from segutils.objectives.portfolio.result_floor import (
    FLOOR,
    MEASURE,
    PNL,
    THRESHOLD,
    Floor,
    Result,
    score_rate,
)
from segutils.objectives.portfolio.untried_limits import (
    Untried,
    add_untried,
    list_untried,
    need_lines,
    note_untried,
    say_untried,
    tell_lines,
)
from segutils.statistics.allocation import Allocation, price_limits
from segutils.statistics.decisions import check_override

SLUG = "kpi-constraints"
MONEY_STEP, PEOPLE_STEP, RATE_STEP = 1_000_000.0, 1.0, 0.01
FIRM = 0.8  # share of draws under which a plan is called firm
HAIR = 1e-6
BEST, HABIT, EQUAL, NOTHING = (
    "Best within the limits",
    "As money is divided today",
    "Equal parts",
    "Spend nothing",
)
UNLIMITED = "Best without any limit"


def decide_kpi_constraints(
    responses: pd.DataFrame,
    budgets: pd.DataFrame,
    thresholds: pd.DataFrame,
    *,
    currency: str,
    groups: Sequence[str],
    result: Result | None = None,
    unread: str = "",
    current: pd.DataFrame | None = None,
    scenarios: pd.DataFrame | None = None,
    finance: Finance | None = None,
    draws: int = 200,
    seed: int = 1,
    override: Override | None = None,
) -> Finding:
    """Where does the money go within what the whole company must keep, and what does each limit cost?

    Parameters
    ----------
    responses, budgets, thresholds : pandas.DataFrame
        As :mod:`segutils.stated` lists them for this question. Thresholds: ``ebitda_rate`` with min, and
        ``people_<team>`` with max.
    currency : str
    groups : sequence of str
        The groups planned with.
    result : Result, optional
        From :func:`~segutils.objectives.portfolio.result_floor.read_result`; without it (or without the
        threshold) the floor under EBITDA is not held against plans, and the finding says so.
    unread : str
        Why there is no result, from :func:`~segutils.objectives.portfolio.result_floor.say_unread`.
    current : pandas.DataFrame, optional
        ``budget, group, share``: how money is divided today.
    scenarios : pandas.DataFrame, optional
        From :func:`segutils.stated.list_scenarios`.
    finance : Finance, optional
        Without it years count alike.
    draws : int
        Random sets of ceilings between the lowest and the highest that their owners think possible.
    seed : int
    override : Override, optional

    Returns
    -------
    Finding
        Table: ``limit, owner, allowed, used, binds, one_more, worth_of_one_more, shadow_price``, one row per
        limit. ``worth_of_one_more`` is what the best plan gains if the limit is eased by `one_more` and the
        plan made anew; ``shadow_price`` the same at the margin, with what is begun held as it is. Where a
        stated limit could be held against no plan, ``not_held`` says why. Where the limits cannot be kept
        together: ``limit, words, amount, enough, change``, those that clash and the smallest change of each
        that lets the others be kept.

    Raises
    ------
    InputError
        A threshold that cannot be used.
    """
    rate = _read_floor(thresholds)
    stated = build_investments(responses, budgets, finance=finance)
    investments = stated[stated.group.isin(list(groups))].reset_index(drop=True)
    if investments.empty:
        return words.withhold(
            SLUG,
            has_budgets=len(budgets) > 0,
            needs=_list_needs(False, rate, finance, True),
            notes=say_strange(stated, groups),
        )
    floor = Floor(result=result, rate=rate) if result is not None and np.isfinite(rate) else None
    setting = build_setting(investments, budgets, thresholds, floor)
    untried = list_untried(thresholds, investments, result, unread)
    asked = [line.need for line in untried]
    asks_result = any(need.table == PNL.table for need in asked)
    asked += _list_needs(result is not None or asks_result, rate, finance, False)
    needs = (*asked, *(need_lines(result) if floor is not None else ()))
    best = setting.solve()
    if not best.feasible:
        return _refuse(
            setting, best, floor, currency=currency, needs=needs, override=override, untried=untried
        )
    plans = _list_plans(setting, best, current)
    lifted = _lift(setting, best)
    options = _describe_plans(setting, {**plans, **lifted}, floor)
    others = {name: plan for name, plan in plans.items() if name != BEST}
    known = scenarios if scenarios is not None else pd.DataFrame(columns=["scenario", "group", "factor"])
    stability = measure_stability(setting, plans[BEST], others, known, draws=draws, seed=seed)
    top, held = first_group(best), list_binding(best)
    strongest = next(iter(lifted), "") if held else ""
    limit = strongest.removeprefix(words.WITHOUT)
    named = next((line.name for line in setting.limits if line.words == limit), "")
    table = price_table(setting, best, floor, budgets, thresholds)
    several = investments.group.nunique() > 1
    share = stability.share_both(top, named) if several or named else float(stability.draws.stands.mean())
    decision = Decision(
        question="How is the money divided among groups within what the whole company must keep?",
        options=round_amounts(options),
        recommendation=BEST,
        robustness=words.say_robustness(
            stability,
            top,
            limit,
            named,
            find_flips(setting, best),
            find_ceiling_flip(setting, best),
            spread=bool((investments.at_most > investments.at_least).any()),
            several=several,
            currency=currency,
        ),
        robustness_share=share,
        override=check_override(override, options.option.tolist(), slug=SLUG),
        formats=words.OPTION_FORMATS | ({"ebitda_rate": "share:1"} if floor is not None else {}),
    )
    return Finding(
        slug=SLUG,
        status="pass" if share >= FIRM and floor is not None and not untried else "caution",
        headline=" ".join(
            filter(
                None,
                (
                    words.say_headline(decision, best, table, top, limit, currency=currency),
                    say_untried(untried),
                ),
            )
        ),
        table=add_untried(words.round_table(table), untried),
        formats=words.TABLE_FORMATS,
        labels=words.TABLE_LABELS | (words.UNTRIED_LABELS if untried else {}),
        figures=words.draw_plan(best, currency=currency, binding=limit),
        decision=decision,
        notes=(
            *note_untried(untried),
            *list_notes(options, table, best, stability, floor, currency=currency),
            *say_years(investments, best.amounts.amount, currency=currency),
            *say_people(investments, setting, best),
            *say_unplanned(stated, groups, known),
            *_say_idle_budgets(budgets, investments),
        ),
        assumptions=(
            *words.list_assumptions(investments, finance, known, currency=currency),
            *(tell_lines(result, _name_owner(thresholds)) if floor is not None else ()),
        ),
        limits=words.LIMITS,
        needs=needs,
    )


def price_table(
    setting: Setting, best: Allocation, floor: Floor | None, budgets: pd.DataFrame, thresholds: pd.DataFrame
) -> pd.DataFrame:
    """What is left of each limit, and what is one more of it worth?

    Returns
    -------
    pandas.DataFrame
        ``limit, owner, allowed, used, unit`` (format of both), ``binds, one_more`` (words),
        ``worth_of_one_more, shadow_price`` (for the same step); binding ones first, then by worth.
    """
    steps = {limit.name: MONEY_STEP for limit in setting.limits if limit.name != FLOOR}
    steps |= {name: PEOPLE_STEP for name in steps if name.startswith(PEOPLE)}
    priced = price_limits(setting.options(), setting.limits, steps=steps).set_index("limit")
    owners = {**dict(zip(budgets["item"], budgets.owner, strict=True))}
    owners |= dict(zip(thresholds.measure, thresholds.owner, strict=True))
    rows = []
    for line in best.limits.itertuples():
        row = {"limit": line.words, "owner": owners.get(line.limit, ""), "binds": line.shadow_price > 0}
        if line.limit == FLOOR:
            plan = best.amounts
            used = score_rate(setting.investments, floor.result, plan.amount, plan.return_a_year)
            lower = Floor(result=floor.result, rate=floor.rate - RATE_STEP)
            eased = build_setting(setting.investments, budgets, thresholds, lower).solve(near=plan.amount)
            step = RATE_STEP * floor.result.revenue
            row |= {"owner": owners.get(MEASURE, ""), "allowed": floor.rate, "used": used, "unit": "share:1"}
            row |= {
                "one_more": words.ONE_POINT,
                "worth_of_one_more": eased.value - best.value if line.shadow_price > 0 else 0.0,
            }
            row |= {"shadow_price": line.shadow_price * step}
        else:
            people = line.limit.startswith(PEOPLE)
            row |= {"allowed": line.amount, "used": line.used, "unit": "number:1" if people else "money"}
            row |= {"one_more": words.say_one_more(line.words) if people else words.ONE_MILLION}
            row |= {"worth_of_one_more": priced.gain[line.limit]}
            row |= {"shadow_price": priced.marginal_gain[line.limit]}
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(words.TABLE_COLUMNS))
    table[["worth_of_one_more", "shadow_price"]] = table[["worth_of_one_more", "shadow_price"]].round(0) + 0.0
    return table.sort_values(
        ["binds", "worth_of_one_more"], ascending=False, kind="stable", ignore_index=True
    )


def _read_floor(thresholds: pd.DataFrame) -> float:
    for line in thresholds.itertuples():
        known = (line.measure == MEASURE and np.isfinite(line.min)) or (
            line.measure.startswith(PEOPLE) and np.isfinite(line.max)
        )
        if not known:
            raise InputError(
                f"the threshold '{line.measure}' of {SLUG} cannot be used",
                where="engagement file, thresholds",
                fix=f"state {MEASURE} with min, or {PEOPLE}<team> with max",
            )
    own = thresholds[thresholds.measure == MEASURE]
    return float(own["min"].max()) if len(own) else np.nan  # of several floors the highest holds


def _name_owner(thresholds: pd.DataFrame) -> str:
    """Who answers for the floor under EBITDA."""
    own = thresholds[thresholds.measure == MEASURE]
    return str(own.owner.iloc[0]) if len(own) else ""


def _say_idle_budgets(budgets: pd.DataFrame, investments: pd.DataFrame) -> list[str]:
    idle = [item for item in budgets["item"] if item not in set(investments.budget)]
    return [f"Nobody states what money of {join_words(idle)} brings back: it is not divided."] if idle else []


def _list_needs(known: bool, rate: float, finance: Finance | None, nothing: bool) -> tuple[Need, ...]:
    missing = (
        (nothing, RESPONSES),
        (nothing, BUDGETS),
        (not known, PNL),
        (not np.isfinite(rate), THRESHOLD),
        (finance is None, FINANCE),
    )
    return tuple(need for absent, need in missing if absent)


def _list_plans(setting: Setting, best: Allocation, current: pd.DataFrame | None) -> dict[str, np.ndarray]:
    """Plans that keep the limits, by name; those of habit are cut back until they do."""
    plans = {BEST: best.amounts.amount.to_numpy(dtype=float)}
    if current is not None and len(current):
        plans[HABIT] = setting.cut_back(setting.divide(current))
    empty = pd.DataFrame(columns=["budget", "group", "share"])
    plans[EQUAL] = setting.cut_back(setting.divide(empty))
    plans[NOTHING] = np.zeros(len(setting.investments))
    return plans


def _lift(setting: Setting, best: Allocation) -> dict[str, np.ndarray]:
    """Plans without the limit whose end would add most, and without any; empty where no limit holds back."""
    held = list_binding(best)
    if not held:
        return {}
    free = {name: setting.without([name]).solve(near=best.amounts.amount) for name in held}
    most = max(held, key=lambda name: free[name].value)
    called = next(limit.words for limit in setting.limits if limit.name == most)
    everything = setting.without([limit.name for limit in setting.limits]).solve()
    return {
        f"{words.WITHOUT}{called}": free[most].amounts.amount.to_numpy(dtype=float),
        UNLIMITED: everything.amounts.amount.to_numpy(dtype=float),
    }


def _describe_plans(setting: Setting, plans: dict[str, np.ndarray], floor: Floor | None) -> pd.DataFrame:
    """``option, worth, money, margin_this_year, ebitda_rate`` (where known), ``keeps_limits, asks_for``."""
    this_year, rows = setting.investments.this_year.to_numpy(dtype=float), []
    for name, amounts in plans.items():
        judged = setting.judge(amounts)
        returns = judged.amounts.return_a_year.to_numpy(dtype=float)
        row = {"option": name, "worth": judged.value, "money": float(amounts.sum())}
        row["margin_this_year"] = float(this_year @ returns)
        if floor is not None:
            row["ebitda_rate"] = score_rate(setting.investments, floor.result, amounts, returns)
        passed = judged.limits[judged.limits.left < 0]
        row |= {"keeps_limits": passed.empty, "asks_for": words.say_passed(passed)}
        rows.append(row)
    return pd.DataFrame(rows)


def _refuse(
    setting: Setting,
    best: Allocation,
    floor: Floor | None,
    *,
    currency: str,
    needs: tuple[Need, ...],
    override: Override | None,
    untried: Sequence[Untried],
) -> Finding:
    """No plan keeps the limits: which of them clash, and the smallest change that helps."""
    table = best.relaxations.copy()
    table["unit"] = np.where(table.limit.str.startswith(PEOPLE), "number:1", "money")
    if floor is not None and FLOOR in best.infeasible:
        at = table.limit == FLOOR
        enough = float(table.enough[at].iloc[0])
        moved = setting.move(FLOOR, enough - HAIR * abs(enough)).solve()  # just enough, digits aside
        plan = moved.amounts
        reached = score_rate(setting.investments, floor.result, plan.amount, plan.return_a_year)
        table.loc[at, ["amount", "enough", "change"]] = (floor.rate, reached, reached - floor.rate)
        table.loc[at, "unit"] = "share:1"
    refused = words.refuse(SLUG, table, currency=currency, needs=needs, override=override)
    told = note_untried(untried)
    if floor is not None:
        told.append(say_result(floor, currency))
    return replace(refused, notes=tuple(told), assumptions=tell_lines(floor.result if floor else None, ""))
