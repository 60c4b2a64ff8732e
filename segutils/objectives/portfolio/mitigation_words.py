"""Words of the third finding of ``concentration``: what could be done, at which price, and who must say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segutils.formats import format_value, join_words, lower_first, plural
from segutils.objectives.portfolio.amounts import write_amount
from segutils.objectives.portfolio.concentration_measures import Book
from segutils.objectives.portfolio.concentration_words import name_top

OPTION_FORMATS = {"cost": "money", "top_share": "share", "top_low": "share", "top_high": "share"}
OPTION_LABELS = {
    "cost": "Stated price or budget",
    "in_year": "In",
    "top_share": "Largest group then",
    "top_low": "At best",
    "top_high": "At worst",
    "priced_by": "Computed from",
    "owner": "Who says so, or must",
}
OPTION_LIMITS = (
    "What money brings back is the expectation of its owner and not measured; sales elsewhere are "
    "held as they "
    "are.",
)


def say_option_headline(options: pd.DataFrame, book: Book, target: float, *, currency: str) -> str:
    """What the stated money can do about the largest group, or that nobody priced anything."""
    grown = options[options.top_share.notna()]
    unpriced = int(options.cost.isna().sum())
    if grown.empty:
        top, priced = name_top(book), int(options.cost.notna().sum())
        if not priced:
            return f"Nobody has stated what anything against depending on {top} would cost or change."
        have = "has" if priced == 1 else "have"
        return (
            f"{plural(priced, 'measure')} against depending on {top} {have} a stated price, {unpriced} not; "
            "nobody states what they would change."
        )
    whole = grown.iloc[0]
    then = format_value(whole.top_share, "share")
    spent = write_amount(whole.cost, currency=currency)
    sums = book.sum_groups(book.last)
    now = format_value(float(sums.max() / sums.sum()), "share")
    lead = (
        f"Spending {spent} on the other groups would bring {name_top(book)} from {now} to {then} of revenue "
        f"in {whole.in_year}"
    )
    if np.isnan(target):
        return f"{lead}, by what its owner expects money to bring."
    wanted = format_value(target, "share:0")
    if whole.top_share > target:
        if whole.top_low <= target:
            return (
                f"{lead}; the {wanted} that is wanted would be reached only if it brought more than expected."
            )
        return f"{lead}: even at its best not to the {wanted} that is wanted."
    cheapest = grown.cost.min()
    return (
        f"{lead}; {write_amount(cheapest, currency=currency)} of it would reach the {wanted} that is wanted."
    )


def say_options(options: pd.DataFrame, *, owners_named: str) -> list[str]:
    """Which measures have no price, and who must state one."""
    open_ = options[options.cost.isna()]
    if open_.empty:
        return []
    named = open_.owner != owners_named
    told = [
        f"{lower_first(row.option)}{f' ({row.owner})' if row.owner != owners_named else ''}"
        for row in open_.itertuples()
    ]
    who = "whoever is named has" if named.all() else "somebody must be named who has"
    what = "a suggestion" if len(told) == 1 else "suggestions"
    return [
        f"Not priced, and {what} of this playbook only: {join_words(told)}; {who} to say what that costs and "
        "changes."
    ]


def add_nothing(options: pd.DataFrame, book: Book) -> pd.DataFrame:
    """The options with what there is if nothing is done before them."""
    sums = book.sum_groups(book.last)
    row = {"option": "Leave it as it is", "cost": 0.0, "top_share": float(sums.max() / sums.sum())}
    row |= {"effect": "none", "priced_by": "last year's revenue", "owner": ""}
    return pd.concat([pd.DataFrame([row], columns=options.columns), options], ignore_index=True)
