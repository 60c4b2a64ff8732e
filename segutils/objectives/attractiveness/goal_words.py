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
    NO_GOAL,
    PENETRATION,
)
from segutils.objectives.attractiveness.money_words import say_money, say_span
from segutils.objectives.attractiveness.stakes import Stakes

LABELS = {
    "at_stake": "At stake a year",
    "span": "Between",
    "weight": "Weight against the company",
    "stands": "Stands in other samples",
    "held_to": "Held to",
    "serves": "Serves the objective",
}
COUNTED = "last year's customers who bought again"  # as on the scorecard
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
    "Customers whose orders thin out over the years are taken in part for customers who leave, so what "
    "leaves with such a group is overstated.",
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
        text = (
            "Goals cannot be weighed against each other, as only retention has figures: most is expected "
            f"to leave in {top['group']}, {say_money(top.value, currency)} of {stakes.ladder.basis_words} "
            f"a year ({say_span(top.low, top.high, currency)})"
        )
        return f"{text}; {plural(len(conflicts), 'conflict')} with stated plans." if conflicts else f"{text}."
    goals = goals[goals.goal != NO_GOAL]
    if goals.empty:
        return "No group points to a goal: nothing is at stake in any direction that is known."
    is_firm = goals["group"].isin(firm)
    parts = _say_goals(goals[is_firm], "points", "point")
    leaning = _say_goals(goals[~is_firm], "leans", "lean")
    if leaning:
        lead = "not firm: " if parts else "No goal is firm: "
        parts.append(f"{lead}{'; '.join(leaning)}")
    if conflicts:
        end = f"{plural(len(conflicts), 'conflict')} with stated plans"
    elif not is_stated:
        end = "no plan is stated to hold against it"
    elif leaning:
        end = (
            "stated plans agree with what is firm" if len(firm) else "too little to hold against stated plans"
        )
    else:
        end = "stated plans agree"
    return f"{'; '.join([*parts, end])}."


def _say_goals(goals: pd.DataFrame, one: str, many: str) -> list[str]:
    """``A and B point to retention``, a part per goal."""
    parts = []
    for goal, part in goals.groupby("goal", sort=False):
        names = part.sort_values("value", ascending=False)["group"].tolist()
        parts.append(f"{join_words(names)} {one if len(names) == 1 else many} to {goal}")
    return parts


def say_held(
    row, today: pd.DataFrame, objectives: pd.DataFrame, key_results: pd.DataFrame, *, is_counted: bool = False
) -> str:
    """The measure of the goal: where the group stands, its target and who owns it."""
    if row.goal == NO_GOAL:
        return format_value(None)
    measure = MEASURE_OF[row.goal]
    fmt = FORMATS.get(measure, "share")
    value = today[measure].get(row.group)
    told = COUNTED if is_counted and measure == "retention_rate" else MEASURE_WORDS[measure]
    text = f"{told}: {format_value(value, fmt)} today"
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
    if goal == NO_GOAL:
        return format_value(None)
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
    most = "at most " if line.measure == "top_share" else ""
    return (
        f"Conflict: the key result of {group} asks for {most}{format_value(line.target, fmt)} "
        f"({MEASURE_WORDS[line.measure]}), but {there} {format_value(value, fmt)} ({line.owner}): it is "
        "reached already."
    )


def say_unserved(line) -> str:
    """A stated objective to which no group points, nor would in most other samples."""
    return f"Conflict: no group points to the objective \u201c{line.goal}\u201d ({line.kind}, {line.owner})."


def say_pull(row) -> str:
    """A group whose goal is to grow, and which moves the company away from a target by growing."""
    fmt = FORMATS.get(row.measure, "share")
    if row.measure == "top_share":
        why = (
            f"is {format_value(row.value, fmt)} of revenue, above the {format_value(row.needed, fmt)} stated"
        )
    else:
        why = f"leaves {format_value(row.value, fmt)} after the goods, below {format_value(row.needed, fmt)}"
    return (
        f"Conflict: {row.group} points to {row.goal}, but it {why}: growing it works against the objective "
        f"\u201c{row.objective}\u201d ({row.owner})."
    )


def say_open(line) -> str:
    """A stated objective of which the data cannot say whether anything is at stake."""
    return (
        f"Not shown: whether anything is at stake for the objective \u201c{line.goal}\u201d ({line.kind}, "
        f"{line.owner}) is within chance, so that no group points to it says nothing against it."
    )


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
        weak = [row.group for row in goals.itertuples() if row.group not in firm and row.goal != NO_GOAL]
        if weak:
            many = "their goals" if len(weak) > 1 else "its goal"
            notes.append(
                f"Not firm: {join_words(weak)} may owe {many} to chance, so they are not held against plans. "
                f"All {len(goals)} groups are allowed for (Holm), at a confidence of "
                f"{format_value(min_stands, 'share:0')}."
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
    if row.goal == NO_GOAL:
        return f"{row.group}: no goal, as nothing is at stake in it in any direction that is known."
    means = MEANS[row.direction]
    text = (
        f"{row.group}: {row.goal}. {means[0].upper()}{means[1:]}: {say_money(row.value, currency)}, per "
        "unit of revenue "
        f"{format_value(row.weight, 'number:1')} times as much as in the company"
    )
    if row.second:
        text += f"; next is {row.second} ({format_value(row.second_weight, 'number:1')} times)"
    if not row.weight > 1:
        text += "; nothing weighs more in it than in the company, so nothing sets it apart"
    return f"{text}. It stands, with more than in the company, in {_say_share(row.stands)} of other samples."


def _say_share(share: float) -> str:
    """A share of samples; 99.7 % is not all of them."""
    if 0.995 <= share < 1:
        return "more than 99 %"
    return "fewer than 1 %" if 0 < share < 0.005 else format_value(share, "share:0")
