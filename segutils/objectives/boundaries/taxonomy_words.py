"""Sentences and headings of ``taxonomy-conflict``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.findings import Decision
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.objectives.boundaries import taxonomy_rulings as rulings
from segutils.objectives.boundaries.taxonomy_behaviour import TRAITS, typical
from segutils.objectives.boundaries.taxonomy_crosswalk import Agreement
from segutils.objectives.boundaries.taxonomy_options import KEEP, SETTLE, USE_FIRST, USE_SECOND
from segutils.objectives.boundaries.taxonomy_rulings import (
    APART,
    ESCALATE,
    FIRST,
    MERGE,
    SECOND,
    SPLIT,
    Filed,
)

NAMED = 8  # so many names are listed in a sentence
NEAR = 0.35  # an open cell within this share of the way to a core leans to it


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Whose the two groupings are, in a word or two, and the currency of amounts."""

    first: str
    second: str
    currency: str

    @property
    def options(self) -> dict[str, str]:
        """What each way of naming is called."""
        return {
            KEEP: "Keep both side by side",
            USE_FIRST: f"Names of {self.first} for all",
            USE_SECOND: f"Names of {self.second} for all",
            SETTLE: "Settle the contested pairs one by one",
        }

    def money(self, value: float) -> str:
        """An amount; millions from one million on."""
        if abs(value) >= 1e6:
            return f"{self.currency} {format_value(value / 1e6, 'number:1')} million".strip()
        return format_value(value, "money", currency=self.currency)


def name_cell(first: str, second: str) -> str:
    """A contested cell in a sentence: who has which name in which group of the other side."""
    return f"{first} in {second}"


def write_ruling(cell) -> str:
    """A ruling as the table shows it."""
    match cell.ruling:
        case rulings.FIRST:
            return f"Adopt {cell.first}"
        case rulings.SECOND:
            return f"Adopt {cell.second}"
        case rulings.MERGE:
            return "Merge: behaves like both"
        case rulings.SPLIT:
            return "Split off as a group" if cell.kind == APART else "Split customer by customer"
    if not np.isfinite(cell.position):
        return "Escalate: too few to tell"
    lean = cell.second if cell.position < NEAR else cell.first if cell.position > 1 - NEAR else ""
    return f"Escalate: leans to {lean}" if lean else "Escalate: between both"


def say_override(decision: Decision) -> str:
    """The client's own choice beside the one that behaviour leads to; empty where there is none."""
    if decision.choice == decision.recommendation:
        return ""
    own, led = lower_first(decision.choice), lower_first(decision.recommendation)
    return f"The client decides: {own}; behaviour leads to: {led}."


def say_headline(
    contested: tuple[float, float], cells: pd.DataFrame, agreement: Agreement, sides: Sides, *, related: bool
) -> str:
    """How much is contested, how much of it is settled, and what is hidden in it."""
    if not related:
        return (
            f"The names of {sides.first} and {sides.second} are unrelated (adjusted Rand index "
            f"{_span(agreement)}): neither can be translated into the other."
        )
    if contested[0] == 0:
        return (
            f"{_upper(sides.first)} and {sides.second} draw the same lines: every customer's two names "
            "correspond."
        )
    share = format_value(contested[1], "share:0")
    if cells.empty:
        return (
            f"{_upper(sides.first)} and {sides.second} disagree on {share} of net revenue only, in groups "
            "too small to judge."
        )
    settled = cells[cells.ruling != ESCALATE]
    part = settled.net_revenue.clip(lower=0).sum() / max(cells.net_revenue.clip(lower=0).sum(), 1e-9)
    told = (
        f"behaviour settles {len(settled)} of {plural(len(cells), 'contested pair')} of names "
        f"({format_value(part, 'share:0')} of their revenue)"
        if len(settled)
        else f"behaviour settles none of {plural(len(cells), 'contested pair')}"
    )
    own = cells[(cells.ruling == SPLIT) & (cells.kind == APART)].nlargest(1, "customers")
    hidden = ""
    if len(own):
        found = own.iloc[0]
        people = plural(int(found.customers), "customer")
        hidden = (
            f", and {people} ({found['first']} to {sides.first}, {found.second} to {sides.second}) are a "
        )
        hidden += "group of their own"
    return f"{_upper(sides.first)} and {sides.second} disagree on {share} of net revenue; {told}{hidden}."


def say_agreement(agreement: Agreement, crosswalk: pd.DataFrame, *, confidence: float) -> str:
    """Which names correspond, which have no counterpart, and the index of agreement."""
    pairs = [f"{row.first} = {row.second}" for row in crosswalk[crosswalk.matched].itertuples()]
    alone = [
        name
        for side in ("first", "second")
        for name in dict.fromkeys(crosswalk[side])
        if not crosswalk[(crosswalk[side] == name)].matched.any()
    ]
    said = (
        f"Names that correspond: {_list_some(pairs)}."
        if pairs
        else "No name of one side corresponds to one of the other."
    )
    if alone and pairs:
        said += f" {_list_some(alone)} {'has' if len(alone) == 1 else 'have'} no counterpart."
    return (
        f"{said} Adjusted Rand index (1: the same lines, 0: no more alike than chance) {_span(agreement)}, "
        f"{format_value(confidence, 'share:0')} interval."
    )


def say_stake(cells: pd.DataFrame, sides: Sides, owner: str) -> str:
    """How much net revenue a year each kind of ruling concerns."""
    kinds = {
        SECOND: f"take the names of {sides.second}",
        FIRST: f"take the names of {sides.first}",
        MERGE: "can go by either name",
        SPLIT: "are split",
        ESCALATE: f"go to {owner}",
    }
    parts = []
    for ruling, words in kinds.items():
        part = cells[cells.ruling == ruling]
        if len(part):
            amount = sides.money(part.net_revenue.sum())
            parts.append(
                f"{plural(len(part), 'pair')} with {amount} a year {words if len(part) > 1 else _one(words)}"
            )
    return f"At stake: {'; '.join(parts)}."


def say_close(cells: pd.DataFrame, sides: Sides) -> list[str]:
    """Rulings that most random two thirds of the customers leave open."""
    close = cells[(cells.ruling != ESCALATE) & (cells.same_share < 0.5)]
    if close.empty:
        return []
    named = join_words([name_cell(cell.first, cell.second) for cell in close.itertuples()])
    most = close.other_share.max()
    otherwise = (
        "never ruled otherwise" if most == 0 else f"ruled otherwise in {format_value(most, 'share:0')}"
    )
    return [
        f"Close calls: {named} ({sides.money(close.net_revenue.sum())} a year) are left open in most random "
        f"two thirds of the customers, and {otherwise}."
    ]


def say_splits(filed: Filed, cells: pd.DataFrame) -> list[str]:
    """What a split cell does otherwise, with the figures of both cores beside it."""
    said = []
    for cell in cells[cells.ruling == SPLIT].itertuples():
        table = rulings.describe_traits(filed, cell.first, cell.second)
        wide = table.pivot(index="trait", columns="who", values="mean")
        parts = []
        for trait in filed.traits:
            fmt = TRAITS[trait].format
            ours, first, second = (
                format_value(typical(wide.loc[trait, who], trait), fmt) for who in ("cell", "first", "second")
            )
            parts.append(f"{TRAITS[trait].words} {ours} ({first}; {second})")
        where = name_cell(cell.first, cell.second)
        if cell.kind == APART:
            end = "It resembles neither: a group of its own."
        else:
            share = format_value(cell.position, "share:0")
            end = f"It lies {share} of the way from {cell.second} to {cell.first}: customers of both kinds."
        said.append(
            f"{where} (in brackets what {cell.first} and {cell.second} do otherwise): {join_words(parts)}. "
            f"{end}"
        )
    return said


def say_bound(cells: pd.DataFrame, max_distance: float) -> str:
    """Which ruling is the first to change as the bound of likeness moves?"""
    ends = []
    for cell in cells[cells.ruling != ESCALATE].itertuples():
        near = {
            SECOND: (cell.second_high, cell.first_low),
            FIRST: (cell.first_high, cell.second_low),
            SPLIT: (-np.inf, min(cell.first_low, cell.second_low)),
            MERGE: (max(cell.first_high, cell.second_high), np.inf),
        }[cell.ruling]
        ends += [
            (abs(end - max_distance), end, name_cell(cell.first, cell.second))
            for end in near
            if np.isfinite(end)
        ]
    if not ends:
        return "No ruling depends on the bound of likeness."
    _, at, where = min(ends)
    return (
        f"The first ruling to fall as the bound of likeness moves is {where}, at "
        f"{format_value(at, 'number:2')} instead of {format_value(max_distance, 'number:2')} standard "
        "deviations."
    )


def say_robustness(
    option: str,
    held: Mapping[str, Mapping[str, float]],
    flips: pd.DataFrame,
    bound: str,
    *,
    key: str,
    trials: int,
) -> str:
    """Weights, customers, both; what flips it."""
    share = {cause: format_value(part[key], "share:0") for cause, part in held.items()}
    text = (
        f"“{option}” is chosen under {share['weights']} of random weights, in {share['customers']} of "
        f"{plural(trials, 'random two thirds', 'random two thirds')} of the customers, and in "
        f"{share['together']} of both at once."
    )
    if key == SETTLE:
        text += " Fewer customers settle fewer pairs, so this is the lower end."
    known = flips.dropna(subset=["flip_weight"])
    if len(known):
        first = known.iloc[0]
        text += (
            f" Nearest flip: if {TRAITS[first.criterion].words} counted "
            f"{format_value(first.flip_weight, 'share:0')} instead of "
            f"{format_value(first.weight, 'share:0')}, “{first.winner_then}” would draw level."
        )
    else:
        text += " No weight of a single measure puts another option first."
    return f"{text} {bound}"


def say_reach(scores: pd.Series, with_both: float, options: Mapping[str, str], best: str) -> str:
    """How much of what two names together could tell does the best option tell?"""
    return (
        f"“{options[best]}” foretells {format_value(scores[best], 'share:0')} of the differences in "
        "behaviour between customers that it was not made from; both names used together, which is about the "
        f"most that a settlement can reach, {format_value(max(with_both, 0.0), 'share:0')}."
    )


def _list_some(names: list[str]) -> str:
    more = len(names) - NAMED
    return join_words([*names[:NAMED], *([f"{more} more"] if more > 0 else [])])


def _span(agreement: Agreement) -> str:
    low, high = (format_value(end, "number:2") for end in (agreement.low, agreement.high))
    return f"{format_value(agreement.value, 'number:2')}, {low} to {high}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _one(words: str) -> str:
    """The verb of one cell."""
    for many, one in (("take ", "takes "), ("are ", "is "), ("go ", "goes "), ("can ", "can ")):
        if words.startswith(many):
            return one + words.removeprefix(many)
    return words


def list_smaller(crosswalk: pd.DataFrame, filed: Filed) -> pd.DataFrame:
    """Contested cells below the minimum."""
    judged = pd.Series(filed.judged.ravel(), index=crosswalk.index)
    return crosswalk[~crosswalk.matched & ~judged & (crosswalk.customers > 0)]


def name_columns(sides: Sides) -> dict[str, str]:
    """Headings of the finding's table."""
    return {
        "first": f"Name of {sides.first}",
        "second": f"Name of {sides.second}",
        "net_revenue": "Net revenue a year",
        "first_distance": f"SD from core of {sides.first}",
        "second_distance": f"SD from core of {sides.second}",
        "verdict": "Ruling",
        "same_share": "Same ruling in other samples",
    }
