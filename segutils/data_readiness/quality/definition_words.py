"""The words of the finding on definitions: its headline, notes, limits and its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segutils.data_readiness.quality.definition_evidence import Memberships
from segutils.data_readiness.quality.definition_measures import ALL, ANY, CRITERIA
from segutils.findings import Assumption, Decision, Figure
from segutils.formats import format_value, join_words, plural


def say_term(term: str) -> str:
    """A term as people write it: ``active_customer`` → ``active customer``."""
    return term.replace("_", " ")


def quote_term(term: str) -> str:
    """A term inside of a sentence: “active customer”."""
    return f"“{say_term(term)}”"


def say_option(option: str) -> str:
    """An option inside of a sentence."""
    return {
        ALL: "what all departments agree on",
        ANY: "what any department says",
    }.get(option, f"the definition of {option}")


def write_headline(
    memberships: Memberships,
    term: str,
    measures: pd.DataFrame,
    contested: np.ndarray,
    decision: Decision,
    currency: str,
) -> str:
    """How many customers a term names, on whom the departments disagree, and what holds from here on."""
    own = measures[~measures.option.isin([ALL, ANY])]
    total = len(memberships.now)
    low, high = int(own.customers.min()), int(own.customers.max())
    chosen = measures.set_index("option").customers[decision.choice]
    is_own = " the client chose" if decision.override else ""
    kept = f"{say_option(decision.choice)} ({plural(int(chosen), 'customer')})"
    end = f"{is_own.strip()} {kept}" if is_own else f"{kept} is recommended for all"
    if len(own) == 1:
        return (
            f"{own.option.iloc[0]} alone defines {quote_term(term)}: {low:,} of {plural(total, 'customer')}."
        )
    if not contested.any():
        many = plural(low, "customer")
        return (
            f"All departments mean the same {many} of {total:,} by {quote_term(term)}, whatever they call it."
        )
    span = f"{low:,} to {high:,}" if low < high else f"{low:,}"
    count, revenue = _weigh_contested(memberships, contested, currency)
    return (
        f"Depending on the department, {span} of {plural(total, 'customer')} are meant by "
        f"{quote_term(term)}; they disagree on {count} with {revenue}, and {end}."
    )


def _weigh_contested(memberships: Memberships, contested: np.ndarray, currency: str) -> tuple[str, str]:
    revenue = memberships.now.revenue.to_numpy()
    amount = format_value(revenue[contested].sum(), "money", currency=currency)
    share = format_value(contested.mean(), "share:0")
    part = ""
    if revenue.sum() > 0:
        part = f" ({format_value(revenue[contested].sum() / revenue.sum(), 'share')})"
    return f"{contested.sum():,} ({share})", f"{amount}{part} of the last year's net revenue"


def say_canonical(memberships: Memberships, term: str, decision: Decision) -> str:
    """The definition that holds, as the engagement file states it."""
    own = memberships.members[memberships.members.term == term].set_index("department").condition
    if decision.choice in own.index:
        return f"Recommended: {quote_term(term)} means, as {decision.choice} says: {own[decision.choice]}"
    joint = "every one" if decision.choice == ALL else "at least one"
    return f"Recommended: {quote_term(term)} means who meets {joint} of: {'; '.join(own)}"


def say_contested(memberships: Memberships, term: str, contested: np.ndarray, currency: str) -> str:
    """On how many customers the departments disagree, and what these brought."""
    count, revenue = _weigh_contested(memberships, contested, currency)
    return f"On {quote_term(term)} the departments disagree about {count} of the customers with {revenue}."


def say_pairs(pairs: pd.DataFrame, currency: str) -> tuple[str, ...]:
    """Which two departments are furthest apart, and which are closest."""
    if pairs.empty or not pairs.disagreed.any():
        return ()
    worst, best = pairs.loc[pairs.jaccard.idxmin()], pairs.loc[pairs.jaccard.idxmax()]
    revenue = format_value(worst.revenue, "money", currency=currency)
    text = (
        f"Furthest apart are {worst['first']} and {worst['second']}: both name {worst.both:,}, only "
        f"{worst['first']} {worst.only_first:,}, only {worst['second']} {worst.only_second:,} customers; "
        f"those they disagree on brought {revenue}."
    )
    if len(pairs) == 1:
        return (text,)
    return (text, f"Closest are {best['first']} and {best['second']}, who disagree on {best.disagreed:,}.")


def say_ahead(memberships: Memberships, value_terms: Sequence[str], *, judged: bool) -> tuple[str, ...]:
    """How foresight was measured."""
    if not judged:
        return ()
    days = format_value(memberships.horizon_days, "days")
    valued = [quote_term(t) for t in memberships.terms if t in value_terms]
    text = (
        f"Foresight was measured, not assumed: every definition was applied as of {days} before the last day "
        "and held against who has ordered since. It is the share of orderers named less the share of the "
        "others named: 1 is perfect, 0 no better than drawing lots."
    )
    if valued:
        text += (
            f" For {join_words(valued)} it is the share of the revenue since then that the named customers "
            "brought less their share of customers, of the most that any group could have reached."
        )
    return (text,)


def say_other(term: str, decision: Decision) -> str:
    """What the criteria choose for a term that the decision is not about."""
    share = decision.robustness_share
    sure = "" if share is None else f", first in {format_value(share, 'share:0')} of weights or samples"
    return f"For {quote_term(term)} the same criteria choose {say_option(decision.recommendation)}{sure}."


def say_robustness(option: str, by_weights: float, by_customers: float, flips: pd.DataFrame) -> str:
    """Under which weights and samples the recommendation stands, and what flips it."""
    text = (
        f"Weights: {say_option(option)} comes first under {format_value(by_weights, 'share:0')} of random "
        f"ones. Sampling noise: in {format_value(by_customers, 'share:0')} of resamples of the customers"
    )
    nearest = flips[flips.flip_weight.between(0.01, 0.99)]
    if nearest.empty:
        return f"{text}. No weight of a single criterion flips it."
    top = nearest.iloc[0]
    return (
        f"{text}. What flips it: {say_option(top.winner_then)} comes first once {top.criterion} weighs "
        f"{format_value(top.flip_weight, 'share:0')} instead of {format_value(top.weight, 'share:0')}."
    )


def say_weights(weights: Mapping[str, float], *, judged: bool, owner: str) -> Assumption:
    """The weights, and who answers for them."""
    listed = [f"{name} {weights[name]:g}" for name in CRITERIA]
    rest = "" if judged else "; foresight could not be measured, and the others share its weight"
    return Assumption(text=f"The criteria weigh {join_words(listed)}{rest}.", owner=owner)


def list_limits(memberships: Memberships, *, judged: bool) -> tuple[str, ...]:
    """What must not be concluded."""
    limits = [
        "A definition that others share and that foresees orders is convenient, not true: who is called "
        "active remains a matter of what the word is for.",
    ]
    attributes = any("." not in name for inputs in memberships.members.inputs for name in inputs)
    if judged and attributes:
        limits.append(
            "Attributes of customers (such as their size) have no history here: looking back, today's were "
            "used, which flatters definitions that read them."
        )
    if not judged:
        limits.append(
            "The order lines do not reach back far enough to see what the named customers did next."
        )
    return tuple(limits)


def draw_pairs(pairs: pd.DataFrame, term: str, total: int) -> Figure:
    """Whom two departments see differently, as a matrix."""
    names = list(dict.fromkeys([*pairs["first"], *pairs["second"]]))
    cells = {name: {name: 0} for name in names}
    for row in pairs.to_dict("records"):
        cells[row["first"]][row["second"]] = cells[row["second"]][row["first"]] = row["disagreed"]
    data = pd.DataFrame(
        [{"department": a, "other": b, "customers": cells[a][b]} for a in names for b in names]
    )
    worst = pairs.loc[pairs.disagreed.idxmax()]
    share = format_value(worst.disagreed / total, "share:0")
    title = (
        f"{worst['first']} and {worst['second']} disagree on {share} of the customers"
        if worst.disagreed
        else "No two departments disagree on a customer"
    )
    return Figure(
        kind="heatmap",
        data=data,
        x="other",
        y="customers",
        series="department",
        title=title,
        subtitle=f"Customers whom one department counts under {quote_term(term)} and the other does not",
        alt=f"Matrix of departments by departments with the customers they disagree on. {title}.",
        formats={"customers": "count"},
    )
