"""Words and the drawing of ``goal-map``."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from segutils.findings import Figure
from segutils.formats import format_value, join_words, plural
from segutils.objectives.attractiveness.goal_rules import (
    DIRECTIONS,
    KEEPING,
    KIND_OF,
    MEASURE_OF,
    NEW_MARKETS,
    NEW_PRODUCTS,
    PENETRATION,
)
from segutils.objectives.attractiveness.money_words import say_money, say_span
from segutils.objectives.attractiveness.stakes import Stakes

LABELS = {
    "at_stake": "At stake a year",
    "span": "Between",
    "weight": "Weight against the company",
    "stands": "Same goal in other samples",
    "held_to": "Held to",
    "serves": "Serves the objective",
}
MEASURE_WORDS = {
    "retention_rate": "customers who stay a year",
    "market_share": "share of its markets",
    "revenue_growth": "growth of revenue",
    "margin_rate": "margin after the goods",
    "categories_per_customer": "categories per customer",
    "top_share": "its share of all revenue",
}
FORMATS = {"revenue_growth": "change", "categories_per_customer": "number:2"}
MEANS = {
    KEEPING: "margin that leaves with customers",
    PENETRATION: "gap to the best comparable share in markets where we sell",
    NEW_MARKETS: "growth of its markets and markets in which we hardly sell",
    NEW_PRODUCTS: "categories that fewer of its customers buy than in its best region",
}
LIMITS = (
    "A market is given to groups in proportion to what they buy in it, so groups differ in penetration "
    "only as far "
    "as they buy in different markets.",
    "What nobody buys from us anywhere has no comparable figure: evidence for new products and new "
    "markets is only "
    "what some groups or regions have and others lack.",
    "What is at stake in two directions may be the same money: a customer who is lost is also missing "
    "from a market "
    "share.",
)


def say_headline(
    goals: pd.DataFrame,
    conflicts: Sequence[str],
    stakes: Stakes,
    *,
    firm: Sequence[str],
    is_stated: bool,
    known: int,
    currency: str,
) -> str:
    """Which groups serve which goal, and whether plans agree."""
    if known < 2:
        top = goals.loc[goals.value.idxmax()]
        return (
            "Goals cannot be weighed against each other, as only retention has figures: most is expected "
            "to leave in "
            f"{top['group']}, {say_money(top.value, currency)} of {stakes.ladder.basis_words} a year "
            f"({say_span(top.low, top.high, currency)})."
        )
    parts = []
    for goal, part in goals.groupby("goal", sort=False):
        names = part.sort_values("value", ascending=False)["group"].tolist()
        point = "points" if len(names) == 1 else "point"
        parts.append(f"{join_words(names)} {point} to {goal}")
    if len(firm) < len(goals):
        parts.append(
            f"firm {'is' if len(firm) < 2 else 'are'} only {join_words(firm)}" if firm else "no goal is firm"
        )
    end = (
        f"; {plural(len(conflicts), 'stated plan')} " + ("says" if len(conflicts) == 1 else "say") + " "
        "otherwise"
    )
    agree = "; stated plans agree" if is_stated else "; no plan is stated to hold against it"
    return f"{'; '.join(parts)}{end if conflicts else agree}."


def say_held(row, today: pd.DataFrame, objectives: pd.DataFrame, key_results: pd.DataFrame) -> str:
    """The measure of the goal: where the group stands, its target and who owns it."""
    measure = MEASURE_OF[row.goal]
    fmt = FORMATS.get(measure, "share")
    value = today[measure].get(row.group)
    text = f"{MEASURE_WORDS[measure]}: {format_value(value, fmt)} today"
    own = (
        key_results[key_results["value"].eq(row.group) & key_results.measure.eq(measure)]
        if len(key_results)
        else ()
    )
    if len(own):
        line = own.iloc[0]
        return f"{text}, {format_value(line.target, fmt)} by {pd.Timestamp(line.by).date()} ({line.owner})"
    whole = objectives[objectives.measure.eq(measure)] if len(objectives) else ()
    if len(whole):
        line = whole.iloc[0]
        return (
            f"{text}; no target of its own, the company's is {format_value(line.target, fmt)} by "
            f"{pd.Timestamp(line.by).date()} ({line.owner})"
        )
    return f"{text}; nobody has set a target"


def say_serves(goal: str, objectives: pd.DataFrame) -> str:
    """The stated objective that the goal serves."""
    lines = objectives[objectives["kind"].eq(KIND_OF[goal])] if len(objectives) else ()
    return str(lines.goal.iloc[0]) if len(lines) else "none stated"


def say_not_asked(row, asked: pd.DataFrame) -> str:
    """A group whose key results ask for anything but its goal."""
    measures = join_words([MEASURE_WORDS.get(m, m.replace("_", " ")) for m in dict.fromkeys(asked.measure)])
    owners = join_words(list(dict.fromkeys(asked.owner)))
    return (
        f"Conflict: the evidence of {row.group} points to {row.goal}, but none of its key results asks "
        "for it; they ask "
        f"for {measures} ({owners})."
    )


def say_reached(group: str, line, value: float) -> str:
    """A key result that asks for no more than what is there already."""
    fmt = FORMATS.get(line.measure, "share")
    there = "the last year brought" if line.measure == "revenue_growth" else "today there are"
    return (
        f"Conflict: the key result of {group} asks for {format_value(line.target, fmt)} "
        f"({MEASURE_WORDS[line.measure]}), but {there} {format_value(value, fmt)} ({line.owner})."
    )


def say_unserved(line) -> str:
    """A stated objective to which no group points."""
    return f"Conflict: no group points to the objective \u201c{line.goal}\u201d ({line.kind}, {line.owner})."


def say_outside(line) -> str:
    """A stated objective that no direction with figures is about."""
    return (
        f"Not weighed: the objective \u201c{line.goal}\u201d ({line.kind}, {line.owner}); no "
        "direction that is known is about it."
    )


def say_no_objective(row) -> str:
    """A group whose goal serves no stated objective."""
    return f"Conflict: {row.group} points to {row.goal}, which serves none of the stated objectives."


def list_notes(
    goals: pd.DataFrame,
    weighed: pd.DataFrame,
    stakes: Stakes,
    categories: pd.DataFrame | None,
    *,
    firm: Sequence[str],
    min_stands: float,
    currency: str,
) -> list[str]:
    """The rule and its numbers for each group; what is not known, and what is not sure."""
    lost = "margin" if stakes.ladder.levels else "revenue"
    notes = [
        f"All amounts are {stakes.ladder.basis_words} a year; they say what a goal is about, not what "
        "pursuing it brings."
    ]
    known = [name for name in DIRECTIONS if weighed[weighed.direction == name].value.notna().any()]
    if len(known) > 1:
        notes.append(
            "The rule: a group's goal is the direction that weighs most in it, per unit of revenue, "
            "against the company as "
            "a whole; what may be chance does not count. Where new markets and new products both weigh "
            "more than in the "
            "company, it is diversification."
        )
        notes += [_say_why(row, currency) for row in goals.itertuples()]
        rest = [name for name in DIRECTIONS if name not in known]
        if rest:
            notes.append(f"Not known, and so no group's goal: {join_words(rest)}.")
        chance = [name for name in known if not weighed[weighed.direction == name].counts.any()]
        if chance:
            notes.append(f"Nothing beyond chance is at stake in any group for {join_words(chance)}.")
        weak = [name for name in goals["group"] if name not in firm]
        if weak:
            many = "their goals" if len(weak) > 1 else "its goal"
            notes.append(
                f"Not firm: {join_words(weak)} may owe {many} to chance. All {len(goals)} groups are "
                f"allowed for (Holm), at a confidence of {format_value(min_stands, 'share:0')}."
            )
    else:
        notes.append(
            f"Known is only the {lost} that leaves with customers; groups of few customers are taken to "
            "leave as all do."
        )
    if categories is not None and len(categories):
        low, high = (categories.loc[getattr(categories.categories, f"idx{end}")()] for end in ("min", "max"))
        notes.append(
            "Breadth: a customer who bought within the last year bought from "
            f"{format_value(low.categories, 'number:1')} "
            f"categories in {low['group']} and from {format_value(high.categories, 'number:1')} in "
            f"{high['group']}, of "
            f"{int(high.offered)} that anybody buys."
        )
    return notes


def draw_directions(weighed: pd.DataFrame, goals: pd.DataFrame, stakes: Stakes, *, currency: str) -> Figure:
    """What is at stake per group and direction."""
    known = weighed.dropna(subset=["value"])
    told = [name for name in DIRECTIONS if known[known.direction == name].counts.any()]
    shown = told or list(dict.fromkeys(known.direction))  # multiples of what may be chance are noise
    order = goals.sort_values("value", ascending=False)["group"].tolist()
    data = known.set_index(["group", "direction"])[["weight", "value"]]
    data = data.reindex(pd.MultiIndex.from_product([order, shown])).reset_index()
    data.columns = ["group", "direction", "weight", "value"]
    top = goals.loc[goals.weight.idxmax()]
    title = (
        f"{top.direction.capitalize()} weighs {format_value(top.weight, 'number:1')} times as much in "
        f"{top['group']} as "
        "in the company"
    )
    return Figure(
        kind="heatmap",
        data=data[["group", "direction", "weight"]],
        x="direction",
        y="weight",
        series="group",
        title=title,
        subtitle=(
            "What is at stake by group and direction per unit of revenue, as a multiple of the company's"
        ),
        alt="; ".join(
            f"{r.group} {r.direction} {format_value(r.weight, 'number:1')} ({say_money(r.value, currency)})"
            for r in data.itertuples()
        ),
        caption="; ".join(f"{name}: {MEANS[name]}" for name in shown) + ".",
        formats={"weight": "number:1"},
    )


def _say_why(row, currency: str) -> str:
    means = MEANS[row.direction]
    text = (
        f"{row.group}: {row.goal}. {means[0].upper()}{means[1:]}: {say_money(row.value, currency)}, per "
        "unit of revenue "
        f"{format_value(row.weight, 'number:1')} times as much as in the company"
    )
    if row.second:
        text += f"; next is {row.second} ({format_value(row.second_weight, 'number:1')} times)"
    return f"{text}. The same goal in {format_value(row.stands, 'share:0')} of other samples."
