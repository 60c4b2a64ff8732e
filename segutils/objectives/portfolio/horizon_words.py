"""Sentences and figure of ``horizon-conflict``, computed from its plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segutils.engagement_plans import Finance
from segutils.findings import Assumption, Decision, Figure, Finding, Need
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.objectives.portfolio.amounts import write_amount
from segutils.objectives.portfolio.frontier import Frontier, TwoHorizons
from segutils.objectives.portfolio.horizon_stability import HorizonStability
from segutils.objectives.portfolio.investments import EXPECTED
from segutils.objectives.portfolio.kpi_words import list_assumptions as list_stated
from segutils.statistics.allocation import Allocation

if TYPE_CHECKING:
    from segutils.objectives.portfolio.horizon_conflict import Stated

LONG, SHORT, TARGET, BARGAIN, HABIT, NOTHING = (
    "Long term only",
    "This year only",
    "Meet this year's target",
    "Negotiated",
    "As money is divided today",
    "Spend nothing",
)
LINE = "Best plans"
EVEN = (
    "there the product of what both sides gain over what the other side's own plan leaves them is largest "
    "(Nash 1950)"
)
STEP = 100_000.0  # of this year's margin, priced in words
SURE = 0.9  # share of draws from which a target is called safe
SMALL = 0.01  # share of all money below which a change is not told
OPTION_FORMATS = {
    **dict.fromkeys(
        ("margin_this_year", "net_present_value", "given_up", "money", "left_this_year"), "money"
    ),
    "meets_target": "flag",
}
LABELS = {
    "who": "Group or budget",
    "change": "Recommended against long term",
    "money": "Money spent",
    "net_present_value": "Present value, less the money",
    "given_up": "Given up against the best",
    "left_this_year": "Margin less money, this year",
}
LIMITS = (
    "Margin this year is additional contribution margin of the first year, before the money that is spent on "
    "it; what is left after that money stands beside it.",
    "What money brings back, and when, is what its owners expect.",
    "The bargain is even by a rule of bargaining theory, not because anybody agreed to it; it shows where an "
    "agreement could lie.",
)


def say_headline(
    decision: Decision,
    horizons: TwoHorizons,
    frontier: Frontier,
    plans: Mapping[str, Allocation],
    target: float,
    *,
    currency: str,
) -> str:
    """What the target costs, and whether the bargain would leave as much."""

    def write(value: float) -> str:
        return write_amount(value, currency=currency)

    if decision.choice != decision.recommendation:
        chosen, other = (
            f"“{lower_first(name)}” ({write(horizons.margin(plans[name]))} this year, "
            f"{write(plans[name].value)} of present value)"
            for name in (decision.choice, decision.recommendation)
        )
        return f"The client chooses {chosen}; recommended was {other}."
    best, low, high = frontier.long.value, horizons.margin(frontier.long), horizons.margin(frontier.short)
    stated = np.isfinite(target)
    if not frontier.conflict and frontier.long.amounts.amount.sum() <= 0:
        return "Within the limits nothing is spent, this year or later, so there is nothing to weigh."
    if not frontier.conflict:
        text = f"One plan is best for this year and for the long term; it brings {write(low)} this year"
        if stated and low < target * (1 - 1e-5):
            return f"{text}, {write(target - low)} less than this year's target."
        return f"{text}."
    bargain = frontier.bargain
    even = f"{write(horizons.margin(bargain))} this year for {write(best - bargain.value)} of present value"
    if not stated:
        return (
            f"Between {write(low)} and {write(high)} of margin this year lie "
            f"{write(best - frontier.short.value)} of present value; an even bargain gives {even}."
        )
    if target > high * (1 + 1e-5):
        return (
            f"This year's target of {write(target)} is out of reach: no plan brings more than {write(high)} "
            f"this year, and an even bargain gives {even}."
        )
    if low >= target:
        return (
            f"This year's target of {write(target)} costs nothing: the plan that is best in the long term "
            f"brings {write(low)} this year."
        )
    cost = best - plans[TARGET].value
    share = f" ({format_value(cost / best, 'share:1')})" if best > 0 else ""
    if decision.recommendation == TARGET:
        return (
            f"Meeting this year's target of {write(target)} costs {write(cost)} of present value{share}, "
            "less than an even bargain between this year and the long term would "
            f"({write(best - bargain.value)})."
        )
    return (
        f"This year's target of {write(target)} costs {write(cost)} of present value{share}, more than an "
        f"even bargain would: that gives {even}."
    )


def say_robustness(
    stability: HorizonStability,
    recommended: str,
    frontier: Frontier,
    horizons: TwoHorizons,
    target: float,
    flip: tuple[float, bool] | None,
    finance: Finance,
    tolerance: float,
    *,
    currency: str,
) -> str:
    """How often the plan stays near the best and the choice stands; which rate and target turn it."""
    near, limit = (format_value(v, "share:0") for v in (stability.share_near, tolerance))
    text = (
        f"If ceilings are drawn {len(stability.draws):,} times between the lowest and the highest that their "
        "owners think possible, "
    )
    plan = f"the plan stays within {limit} of the best one with the same margin this year in {near}"
    if not np.isfinite(target) or not frontier.conflict:
        return f"{text}{plan}."
    keeps = recommended in (TARGET, LONG)
    same, both = (
        format_value(v, "share:0") for v in (stability.share_choice(keeps), stability.share_both(keeps))
    )
    choice = "meeting the target" if keeps else "the bargain below the target"
    even = write_amount(horizons.margin(frontier.bargain), currency=currency)
    text += f"{choice} is still recommended in {same}, and {plan} (both: {both}). "
    turn = f"a target of {even} or {'more' if keeps else 'less'}"
    stated = format_value(finance.discount_rate, "share:0")
    if flip is None:
        return f"{text}What flips it: {turn}; no cost of money between 0 and 30 % does (stated: {stated})."
    side = "more" if flip[0] > finance.discount_rate else "less"
    rate = format_value(flip[0], "share:1")
    return f"{text}What flips it: {turn}, or a cost of money of {rate} or {side} (stated: {stated})."


def draw_frontier(
    horizons: TwoHorizons,
    frontier: Frontier,
    plans: Mapping[str, Allocation],
    recommended: str,
    target: float,
    *,
    finance: Finance,
    currency: str,
) -> tuple[Figure, ...]:
    """Margin this year against present value: the line of the best plans, and the plans by name."""
    if not frontier.conflict:
        return ()
    x, y = f"margin this year, million {currency}", f"present value, million {currency}"
    line = frontier.points[["margin_this_year", "net_present_value"]] / 1e6
    rows = [(LINE, *pair) for pair in line.itertuples(index=False)]
    shown = {name: plan for name, plan in plans.items() if name not in (HABIT, NOTHING)}
    rows += [(name, horizons.margin(plan) / 1e6, plan.value / 1e6) for name, plan in shown.items()]
    best = frontier.long.value
    cost = write_amount(best - frontier.short.value, currency=currency)
    title = f"From the long-term plan to this year's alone, present value falls by {cost}"
    if TARGET in plans:
        own = write_amount(best - plans[TARGET].value, currency=currency)
        title += f"; the target takes {own} of it"
    named = [
        f"{name} {write_amount(horizons.margin(plan), currency=currency)} this year and "
        f"{write_amount(plan.value, currency=currency)} of present value"
        for name, plan in shown.items()
    ]
    figure = Figure(
        kind="scatter",
        data=pd.DataFrame(rows, columns=["plan", x, y]),
        x=x,
        y=y,
        series="plan",
        connected=True,
        title=title,
        subtitle="Plans within all limits: additional margin of the first year against present value over "
        f"{plural(finance.horizon_years, 'year')} at {format_value(finance.discount_rate, 'share:0')}, less "
        f"the money; million {currency}",
        alt=f"A line that falls to the right, with plans on it: {join_words(named)}.",
        caption="No plan lies above the line; what lies below gives up present value without need. The "
        "vertical axis does not begin at zero.",
        formats={x: "number:1", y: "number:1"},
        highlight=recommended,
    )
    return (figure,)


def list_notes(
    horizons: TwoHorizons,
    frontier: Frontier,
    plans: Mapping[str, Allocation],
    recommended: str,
    target: float,
    table: pd.DataFrame,
    stability: HorizonStability,
    *,
    reaching: float,
    safe: tuple[float, float] | None,
    currency: str,
) -> list[str]:
    """How sure the target is, its price, who gains and loses, what today's division misses, the futures."""

    def write(value: float) -> str:
        return write_amount(value, currency=currency)

    notes = []
    if np.isfinite(target) and frontier.conflict:
        text = (
            "Over what the owners think possible, the plan brings the target's margin in "
            f"{format_value(reaching, 'share:0')} of draws{'' if reaching >= SURE else ' only'}"
        )
        if safe is not None:
            cost = write(frontier.long.value - safe[1])
            text += (
                f"; to bring it in nine of ten, it would have to aim at {write(safe[0])}, which costs {cost}"
            )
        notes.append(f"{text}.")
    if TARGET in plans:
        step = min(STEP, 10 ** np.floor(np.log10(target / 10)))
        # made anew, as the price at the margin holds for a small step only
        less = horizons.solve(target - step, near=plans[TARGET].amounts.amount)
        notes.append(
            f"At the target the last {write(step)} of this year's margin cost "
            f"{write(less.value - plans[TARGET].value)} of present value."
        )
    if frontier.conflict and recommended != BARGAIN:
        bargain = frontier.bargain
        notes.append(
            f"The negotiated plan, an even bargain, brings {write(horizons.margin(bargain))} this year and "
            f"gives up {write(frontier.long.value - bargain.value)} of present value: {EVEN}."
        )
    elif frontier.conflict:
        notes.append(f"The negotiated plan is an even bargain: {EVEN}.")
    notes += _say_change(table, recommended, horizons, plans, write)
    if HABIT in plans:
        habit = plans[HABIT]
        same = horizons.solve(horizons.margin(habit) * (1 - 1e-6))
        if same.feasible and same.value - habit.value > 0:
            notes.append(
                "As money is divided today (as far as the limits allow) it brings "
                f"{write(horizons.margin(habit))} this year; the best plan with that margin is worth "
                f"{write(same.value - habit.value)} more."
            )
    others = stability.futures[stability.futures.future != EXPECTED]
    if len(others):
        told = [_say_future(row, target, currency) for row in others.itertuples()]
        text = f"In other futures the recommended plan brings this year {join_words(told)}"
        if others.kept.notna().all():
            least = format_value(float(others.kept.min()), "share:0")
            text += f"; of the present value that could be had, {least} at least"
        notes.append(f"{text}.")
    return notes


def _say_future(row, target: float, currency: str) -> str:
    """``EUR 2.7 million if “storm” (target missed)``."""
    against = ""
    if np.isfinite(target):
        against = f" (target {'met' if row.margin >= target * (1 - 1e-6) else 'missed'})"
    return f"{write_amount(row.margin, currency=currency)} if “{row.future}”{against}"


def _say_change(table: pd.DataFrame, recommended: str, horizons, plans, write) -> list[str]:
    """Who gains and who loses against the long-term plan: budgets with their owners, then groups."""
    if recommended == LONG:
        return []
    small = SMALL * float(plans[LONG].amounts.amount.sum())
    told = table[table.change.abs() > small]
    sides = {"budget": told[told.owner != ""], "group": told[told.owner == ""]}
    said = []
    for kind, part in sides.items():
        lines = [
            f"{row.who}{f' ({row.owner})' if row.owner else ''} {verb} {write(abs(row.change))}"
            for verb, more in (("gains", True), ("loses", False))
            for row in part[(part.change > 0) == more].itertuples()
        ]
        if lines:
            said.append(f"{'among the groups ' if kind == 'group' else ''}{join_words(lines)}")
    return [f"Against the long-term plan {'; '.join(said)}."] if said else []


def list_assumptions(investments: pd.DataFrame, facts: Stated, *, currency: str) -> tuple[Assumption, ...]:
    """What was stated, by whom."""
    targets = [
        Assumption(
            text=f"This year's target asks {write_amount(line.min, currency=currency)} of additional margin "
            "of the money that is divided.",
            owner=line.owner,
        )
        for line in facts.thresholds.itertuples()
    ]
    return (*targets, *list_stated(investments, facts.finance, facts.scenarios, currency=currency))


def withhold(slug: str, *, stated: bool, needs: Sequence[Need], notes: Sequence[str] = ()) -> Finding:
    """Nothing to weigh."""
    why = (
        "nobody states what money costs and over how many years a plan is valued"
        if stated
        else "nobody states what money brings back, and when"
    )
    return Finding(
        slug=slug,
        status="not_run",
        headline=f"This year was not weighed against the long term: {why}.",
        table=pd.DataFrame(),
        notes=tuple(notes),
        needs=tuple(needs),
    )


def refuse(slug: str, plan: Allocation, *, needs: Sequence[Need]) -> Finding:
    """The company's limits leave no plan at all."""
    clash = join_words([str(words) for words in plan.relaxations.words])
    return Finding(
        slug=slug,
        status="fail",
        headline=f"There is no plan to weigh: the limits of the company cannot be kept ({clash}).",
        table=plan.relaxations[["words", "amount", "enough", "change"]].reset_index(drop=True),
        formats=dict.fromkeys(("amount", "enough", "change"), "number:0"),
        labels={"words": "Limit", "amount": "Stated", "enough": "Would be enough"},
        needs=tuple(needs),
    )
