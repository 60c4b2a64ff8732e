"""Sentences, tables and figures of ``kpi-constraints``, computed from its plans."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.engagement_plans import Finance
from segutils.findings import Assumption, Decision, Figure, Finding, Need, Override
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.objectives.portfolio.amounts import MILLION, write_amount
from segutils.objectives.portfolio.constraint_stability import Stability
from segutils.objectives.portfolio.investments import name_spans, say_curve
from segutils.objectives.portfolio.kpi_notes import is_people
from segutils.statistics.allocation import Allocation
from segutils.statistics.decisions import check_override

WITHOUT = "Best without the limit of "
ONE_MILLION, ONE_POINT = "one million more", "one point lower"
TABLE_COLUMNS = (
    *("limit", "owner", "allowed", "used", "unit"),
    *("binds", "one_more", "worth_of_one_more", "shadow_price"),
)
TABLE_FORMATS = {
    "allowed": "by:unit",
    "used": "by:unit",
    "binds": "flag",
    "worth_of_one_more": "money",
    "shadow_price": "money",
}
TABLE_LABELS = {
    "allowed": "Stated limit",
    "used": "With the best plan",
    "binds": "Holds the plan back",
    "one_more": "If there were",
    "worth_of_one_more": "It would be worth",
    "shadow_price": "Price at the margin",
    # of the plans compared
    "worth": "Present value, less the money",
    "money": "Money spent",
    "ebitda_rate": "EBITDA of revenue, first year",
    "keeps_limits": "Keeps the limits",
    "asks_for": "Asks for",
}
UNTRIED_LABELS = {
    "keeps_limits": "Keeps the limits that it was held against",
    "not_held": "Not held against any plan, as",
}
OPTION_FORMATS = {
    "worth": "money",
    "money": "money",
    "margin_this_year": "money",
    "keeps_limits": "flag",
}
LIMITS = (
    "What money brings back is what its owners expect, not what was measured; where experiments tell more, "
    "the question of depth or breadth holds them against each other.",
    "All money of the budgets is counted as a cost on top of last year's. Where it replaces money that was "
    "spent last year too, EBITDA is higher by that and the floor farther away.",
    "Groups are taken one by one: that a success in one helps another is in no response.",
    "What one more person would be worth is before what that person costs.",
    "What this year's target asks of the money is no limit here: horizon-conflict weighs it, and its plan "
    "keeps these limits too.",
)


def say_one_more(words: str) -> str:
    """``one more person in sales``."""
    return f"one more {words.replace('people', 'person', 1)}"


def say_passed(passed: pd.DataFrame) -> str:
    """What a plan asks for beyond the limits: ``55 instead of 18 people in sales``."""
    parts = []
    for line in passed.itertuples():
        if is_people(line.words):
            parts.append(f"{line.used:,.0f} instead of {line.amount:,.0f} {line.words}")
        elif line.kind == "at_most":
            used, amount = (format_value(value / 1e6, "number:1") for value in (line.used, line.amount))
            parts.append(f"{used} instead of {amount} million of {line.words}")
        else:
            parts.append(f"a lower {line.words}")
    return join_words(parts)


def round_table(table: pd.DataFrame) -> pd.DataFrame:
    """Limits and prices without digits that nobody knows."""
    money = table.unit == "money"
    large = table[["allowed", "used"]].where(money, 0.0).abs().max().max() >= MILLION
    table = table.copy()
    if large:
        table.loc[money, ["allowed", "used"]] = table.loc[money, ["allowed", "used"]].round(-3)
    if table[["worth_of_one_more", "shadow_price"]].max().max() >= MILLION / 10:
        prices = ["worth_of_one_more", "shadow_price"]
        table[prices] = table[prices].round(-3)
    return table


def say_headline(
    decision: Decision,
    best: Allocation,
    table: pd.DataFrame,
    top: str,
    limit: str,
    *,
    currency: str,
) -> str:
    """Who gets most, what holds the plan back, and what one more of it is worth."""
    if decision.choice != decision.recommendation:
        by = decision.options.set_index("option")
        gap = float(by.worth[decision.recommendation] - by.worth[decision.choice])
        worth = f"{write_amount(abs(gap), currency=currency)} {'less' if gap >= 0 else 'more'}"
        kept = "" if by.keeps_limits[decision.choice] else ", and passes the limits"
        return (
            f"The client divides the money otherwise ({lower_first(decision.choice)}): worth {worth} than "
            f"the best plan within the limits, in which {top or 'no group'} gets most{kept}."
        )
    total = float(best.amounts.amount.sum())
    if not top and limit:
        by = decision.options.set_index("option")
        lost = write_amount(float(by.worth[f"{WITHOUT}{limit}"]), currency=currency)
        return (
            f"The limits leave nothing to spend; without the limit of {limit} the best plan is worth {lost}."
        )
    if not top:
        return "No money is worth spending: in every group it brings back less than it costs."
    share = write_amount(float(best.by_group().iloc[0]), currency=currency)
    text = f"{top} gets most, {share} of the {write_amount(total, currency=currency)} worth spending"
    if not limit:
        return f"{text}; no limit holds the plan back."
    row = table[table.limit == limit].iloc[0]
    worth = write_amount(row.worth_of_one_more, currency=currency)
    money = table[table.one_more == ONE_MILLION]
    people = row.one_more != ONE_MILLION and not money.binds.any() and len(money) > 0
    first = f"{limit} {'bind' if is_people(limit) else 'binds'} first"
    begin = "people run out before money" if people and row.one_more != ONE_POINT else first
    end = f"{row.one_more} would be worth {worth}{' before pay' if is_people(limit) else ''}"
    return f"{text}; {begin}: {end}" + (", one million more of any budget nothing." if people else ".")


def say_robustness(
    stability: Stability,
    top: str,
    limit: str,
    named: str,
    flips: pd.DataFrame,
    ceiling: tuple[float, str] | None,
    *,
    spread: bool,
    several: bool,
    currency: str,
) -> str:
    """In how many draws the same group and the same limit lead, what the plan loses, what flips it."""
    draws = stability.draws
    if not spread:
        text = "Nobody states how sure the responses are, so only the stated ceilings were tried."
    else:
        shares = stability.share_first(top), draws.stands.mean()
        first, stands = (format_value(share, "share:0") for share in shares)
        text = (
            f"If ceilings are drawn {len(draws):,} times between the lowest and highest that owners think "
            "possible, "
        )
        if several:
            text += f"{top or 'nobody'} still gets most in {first}"
        else:
            spent = "money is still spent" if top else "still nothing is spent"
            text += f"{spent} in {first} (there is one group only, so who gets most is no question)"
        if named:
            shares = stability.share_binding(named), stability.share_both(top, named)
            held, both = (format_value(share, "share:0") for share in shares)
            verb = "hold" if is_people(limit) else "holds"
            text += f" and {limit} still {verb} the plan back in {held} (both: {both})"
        text += f"; left as it is, the plan beats the others that keep the limits in {stands}."
    return f"{text} {_say_flips(flips, ceiling, top)}".strip() if several else text


def _say_flips(flips: pd.DataFrame, ceiling: tuple[float, str] | None, top: str) -> str:
    if len(flips):
        row = flips.iloc[0]
        people = is_people(row.words)
        fmt, unit = ("number:0", f" {row.words}") if people else ("number:1", f" million of {row.words}")
        scale = 1 if people else 1e6
        text = (
            f"What flips it: with {format_value(row.flip_amount / scale, fmt)}{unit} instead of "
            f"{format_value(row.amount / scale, fmt)}, {row.first_then} gets most."
        )
    else:
        text = "No single limit, taken at a third to three times of it, moves the first place"
        if ceiling is None:
            return f"{text}."
        return f"{text}; {_say_ceiling(ceiling, top)}."
    return text if ceiling is None else f"{text[:-1]}; or {_say_ceiling(ceiling, top)}."


def _say_ceiling(ceiling: tuple[float, str], top: str) -> str:
    lower = format_value(1 - ceiling[0], "share:0")
    return f"{ceiling[1]} gets most once {top} brings back {lower} less than expected"


def draw_plan(best: Allocation, *, currency: str, binding: str) -> tuple[Figure, ...]:
    """Which group gets how much from which budget."""
    groups = best.by_group()
    if groups.sum() <= 0:
        return ()
    data = best.amounts[["group", "budget", "amount"]].copy()
    data["amount"] = (data.amount / 1000).round()
    place = {group: n for n, group in enumerate(groups.index)}
    data = data.sort_values("group", key=lambda names: names.map(place), kind="stable", ignore_index=True)
    second = f", then {groups.index[1]}" if len(groups) > 1 and groups.iloc[1] > 0 else ""
    nothing = [str(group) for group in groups.index[groups <= 0]]
    end = f"; {join_words(nothing)} {'gets' if len(nothing) == 1 else 'get'} nothing" if nothing else ""
    budgets = best.amounts.groupby("budget", sort=False).amount.sum()
    spent = [f"{name} {write_amount(value, currency=currency)}" for name, value in budgets.items()]
    figure = Figure(
        kind="heatmap",
        data=data,
        x="budget",
        y="amount",
        series="group",
        title=f"{groups.index[0]} gets most{second}{end}",
        subtitle=f"Best plan within the limits: money by group and budget, thousand {currency}",
        alt=f"Groups by budgets. In all: {join_words(spent)}.",
        caption=f"Limited first by: {binding}." if binding else "No limit holds this plan back.",
        formats={"amount": "count"},
        highlight=str(groups.index[0]),
    )
    return (figure,)


def list_assumptions(
    investments: pd.DataFrame, finance: Finance | None, scenarios: pd.DataFrame, *, currency: str
) -> tuple[Assumption, ...]:
    """What was stated, by whom, and how it was read."""
    found = []
    for (budget, owner), part in investments.groupby(["budget", "owner"], sort=False):
        curve = say_curve(part, currency=currency)
        text = f"What {budget} brings back in {plural(len(part), 'group')}: {curve}."
        found.append(Assumption(text=text, owner=owner))
    if finance is not None:
        text = (
            f"Worth: present value over {plural(finance.horizon_years, 'year')} at "
            f"{format_value(finance.discount_rate, 'share:0')}, less the money."
        )
        found.append(Assumption(text=text, owner=finance.owner))
    else:
        text = "Worth: all margin that comes back, whenever it comes, less the money."
        found.append(Assumption(text=text, owner="playbook default"))
    for line in scenarios.drop_duplicates("scenario").itertuples():
        found.append(Assumption(text=f"{line.scenario}: {line.means}", owner=line.owner))
    text = (
        "Money is spent at the start of each year of its budget, in equal parts, and each part brings its "
        "part of the return at the end of the years in which it does. A response is for the whole of its "
        "budget, all its years together"
        + "".join(f" ({join_words(spans)})" for spans in [name_spans(investments)] if spans)
        + ". Ceilings vary independently, most often near the one expected."
    )
    return (*found, Assumption(text=text, owner="playbook default"))


def withhold(slug: str, *, has_budgets: bool, needs: Sequence[Need], notes: Sequence[str] = ()) -> Finding:
    """Nothing to plan with."""
    what = (
        "what money brings back in a group is" if has_budgets else "neither budgets nor what they bring are"
    )
    return Finding(
        slug=slug,
        status="not_run",
        headline=f"No plan was made: {what} {'not ' if has_budgets else ''}stated.",
        table=pd.DataFrame(),
        notes=tuple(notes),
        needs=tuple(needs),
    )


def refuse(
    slug: str, table: pd.DataFrame, *, currency: str, needs: Sequence[Need], override: Override | None
) -> Finding:
    """Limits that clash, and the smallest change of each that helps."""
    clash = [str(words) for words in table.words]
    helps = table[np.isfinite(table.enough.astype(float))].copy()
    helps["size"] = (helps.change / helps.amount).abs()
    helps = helps.sort_values("size", kind="stable", ignore_index=True)
    if len(clash) > 1:
        what = f"{join_words(clash)} cannot be kept together"
    else:
        what = f"no plan keeps the limit of {join_words(clash)}"
    decision, end = None, "; no change of one of them alone helps"
    if len(helps):
        helps["option"] = [_say_change(row, currency) for row in helps.itertuples()]
        decision = Decision(
            question="Which limit is to be eased?",
            options=helps[["option", "amount", "enough", "unit"]],
            recommendation=str(helps.option[0]),
            robustness="The smallest change relative to the limit itself; whether it can be had is for its "
            "owner to say.",
            override=check_override(override, helps.option.tolist(), slug=slug),
            formats={"amount": "by:unit", "enough": "by:unit"},
        )
        end = f": {lower_first(helps.option[0])}"
    return Finding(
        slug=slug,
        status="fail",
        headline=f"{what[:1].upper() + what[1:]}{end}.",
        table=table[["words", "amount", "enough", "change", "unit"]].reset_index(drop=True),
        formats={name: "by:unit" for name in ("amount", "enough", "change")},
        labels={"words": "Limit", "amount": "Stated", "enough": "Would be enough"},
        decision=decision,
        needs=tuple(needs),
    )


def _say_change(row, currency: str) -> str:
    verb = "Raise" if row.change > 0 else "Lower"
    start, end = (format_value(value, row.unit, currency=currency) for value in (row.amount, row.enough))
    return f"{verb} {row.words} from {start} to {end}"
