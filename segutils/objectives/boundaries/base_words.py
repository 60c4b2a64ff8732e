"""Sentences and headings of ``base-choice``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from segutils.findings import Decision, Finding, Need
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.objectives.boundaries.base_evidence import BaseEvidence
from segutils.objectives.boundaries.customer_periods import CustomerPeriods
from segutils.objectives.boundaries.flips import write_flip
from segutils.objectives.boundaries.group_rules import BEHAVIOURAL, NEEDS, OWN

NONE = "No base"
BENCHMARK = "Own taxonomy (benchmark)"
COLUMNS = [
    *("base", "words", "coverage", "explained_margin", "interval", "explained_retention"),
    *("persistence", "known_at_first_contact"),
]
FORMATS = {
    "coverage": "share:0",
    "explained_margin": "share",
    "explained_retention": "share",
    "persistence": "number:2",
    "known_at_first_contact": "share:0",
}
CRITERION = {
    "coverage": "customers covered",
    "explained_margin": "value explained",
    "explained_retention": "retention explained",
    "persistence": "persistence",
    "known_at_first_contact": "known at first contact",
    "life_cycle_fit": "fit with product life cycle",
    "addressable": "customers who can be addressed",
}
MOSTLY = 0.9  # where bands of value alone tell so much of what behaviour tells, it is size that tells
KNOWN = 0.5  # a base whose groups are known of fewer newcomers is said to be unknown at first contact


@dataclass(frozen=True, kw_only=True)
class Race:
    """A recommendation that is not firm: who else may come first, and how often the recommended one does."""

    rival: str
    held: float
    of_weights: bool


def list_labels(periods: CustomerPeriods) -> dict[str, str]:
    """Headings."""
    value = "Margin" if periods.value == "contribution_margin" else "Revenue"
    return {
        "words": "Best grouping",
        "coverage": "Customers covered",
        "explained_margin": f"{value} explained",
        "interval": "95 % interval",
        "explained_retention": "Buying again explained",
        "persistence": "Persistence (1: nobody moves)",
        "known_at_first_contact": "Known before first order",
    }


def tabulate(table: pd.DataFrame, evidence: BaseEvidence) -> pd.DataFrame:
    """The evidence of each base as it is shown: :data:`COLUMNS`; an assumed persistence is not shown."""
    ends = [
        f"{format_value(row.explained_margin_low, 'share')} to "
        f"{format_value(row.explained_margin_high, 'share')}"
        for row in table.itertuples()
    ]
    words = [f"{row.words} ({plural(row.groups, 'group')})" for row in table.itertuples()]
    measured = [evidence.best[base].groups_next is not None for base in table.base]
    shown = table.assign(
        interval=ends,
        words=words,
        persistence=table.persistence.where(pd.Series(measured, index=table.index)),
        base=table.base.replace(OWN, BENCHMARK),
    )
    return shown[COLUMNS].reset_index(drop=True)


def name_period(periods: CustomerPeriods) -> str:
    """``next year's``, for a sentence."""
    called = {182: "the next half-year's", 91: "the next quarter's"}
    return "next year's" if periods.is_yearly else called.get(periods.days, f"the next {periods.days} days'")


def withhold(slug: str, *, needs: Sequence[Need]) -> Finding:
    """Nothing to judge by."""
    return Finding(
        slug=slug,
        status="not_run",
        headline="No base was chosen: two periods of purchases by a hundred customers are needed, one to "
        "draw groups on and one to judge them by.",
        table=pd.DataFrame(columns=COLUMNS),
        needs=tuple(needs),
    )


def say_headline(
    decision: Decision, evidence: BaseEvidence, passing: Sequence[str], race: Race | None = None
) -> str:
    """Which base, what it explains beside the next best and the benchmark, and its first drawback."""
    choice, best = decision.choice, decision.recommendation
    row = evidence.table.set_index("base")
    value = f"{name_period(evidence.periods)} {evidence.periods.value_words}"
    if choice != best:
        kept = "stays with its own taxonomy" if choice == OWN else f"parts customers by {call_base(choice)}"
        return f"The client {kept}; the evidence recommends {call_base(best)}."
    if best == NONE:
        return say_none(evidence, passing)
    verb = agree_verb([best], "it explains", "they explain")
    told = format_value(row.explained_margin[best], "share:0")
    text = f"{start_upper(call_base(best))} should define the segments: {verb} {told} of the differences "
    if race is not None:
        text = f"{_say_race(best, race)} {told} of the differences "
    text += f"in {value}"
    others = row.explained_margin[[base for base in passing if base not in (best, OWN)]]
    beside = [race.rival if race else str(others.idxmax())] if len(others) else []
    beside += [OWN] if OWN in row.index else []
    if beside:
        shown = [f"{call_base(b)} {format_value(max(row.explained_margin[b], 0), 'share:0')}" for b in beside]
        text += f" ({', '.join(shown)})"
    if is_size(evidence, best):
        text += ", mostly as large customers stay large"
    if len(others) and others.max() > row.explained_margin[best]:
        if race is None:
            text += f"; preferred to {call_base(beside[0])} as {_why_not(beside[0], best, evidence)}"
    elif row.known_at_first_contact[best] < KNOWN:
        known = format_value(row.known_at_first_contact[best], "share:0")
        text += f", but {agree_verb([best], 'is', 'are')} "
        text += (
            "not known before the first order" if known == "0 %" else f"known of {known} of newcomers only"
        )
    return f"{text}."


def _say_race(best: str, race: Race) -> str:
    """``Open race: behaviour comes first under 78 % of other weights, else needs; it explains``."""
    comes = agree_verb([best], "comes", "come")
    explains = agree_verb([best], "it explains", "they explain")
    held = format_value(race.held, "share:0")
    of = f"under {held} of other weights" if race.of_weights else f"in {held} of other samples of customers"
    return f"Open race: {call_base(best)} {comes} first {of}, else {call_base(race.rival)}; {explains}"


def is_size(evidence: BaseEvidence, base: str) -> bool:
    """Whether bands of past value alone tell nearly all that a base tells of value."""
    tried = evidence.groupings[evidence.groupings.base == base].set_index("grouping").explained_margin
    told = evidence.table.set_index("base").explained_margin[base]
    return "value_band" in tried.index and told > 0 and tried["value_band"] >= MOSTLY * told


def say_none(evidence: BaseEvidence, passing: Sequence[str]) -> str:
    """No base explains anything; the client's own taxonomy may."""
    row = evidence.table.set_index("base")
    value = f"{name_period(evidence.periods)} {evidence.periods.value_words}"
    count = len(row.drop(index=OWN, errors="ignore"))
    text = (
        f"No base is worth drawing lines by: none of {count} explains {value} or who buys again, of "
        "customers it was not learned from, better than groups dealt out at random"
    )
    if OWN in passing:
        told = format_value(row.explained_margin[OWN], "share:0")
        text += f"; {call_base(OWN)} does ({told} of {evidence.periods.value_words})"
    return f"{text}."


def _why_not(other: str, best: str, evidence: BaseEvidence) -> str:
    """What speaks for the recommended base against one that explains more; only what was measured."""
    row, reasons = evidence.table.set_index("base"), []
    measured = all(evidence.best[base].groups_next is not None for base in (other, best))
    if row.known_at_first_contact[best] - row.known_at_first_contact[other] > 0.25:
        reasons.append("known before the first order")
    if measured and row.persistence[best] - row.persistence[other] > 0.25:
        reasons.append("steadier")
    if row.coverage[best] - row.coverage[other] > 0.1:
        reasons.append("known of more customers")
    if row.addressable[best] - row.addressable[other] > 0.25:
        reasons.append("easier to address")
    return join_words(reasons) if reasons else "better on the other criteria"


def agree_verb(bases: Sequence[str], one: str, many: str) -> str:
    """The verb after these bases."""
    return many if len(bases) > 1 or bases[0] in (NEEDS, "Demographic", "Firmographic") else one


def call_base(base: str) -> str:
    """A base inside a sentence: ``behaviour``."""
    called = {NONE: "no base at all", OWN: "the client's own taxonomy", BEHAVIOURAL: "behaviour"}
    called |= {"Geographic": "geography", "Demographic": "demographics", "Firmographic": "firmographics"}
    return called.get(base, lower_first(base))


def list_shares(shares: pd.Series, *, sort: bool = True) -> str:
    """``behaviour 52 %, needs 36 % and geography 0 %``, largest first; index base."""
    ordered = shares.sort_values(ascending=False, kind="stable") if sort else shares
    return join_words([f"{call_base(b)} {format_value(max(v, 0.0), 'share:0')}" for b, v in ordered.items()])


def say_robustness(
    recommended: str,
    held: Sequence[float],
    flips: pd.DataFrame | None,
    break_even: tuple[float, str] | None,
    unmeasured: Sequence[tuple[str, float, str]],
    *,
    resamples: int,
) -> str:
    """Weights, samples, and what flips it."""
    weights, samples = (format_value(share, "share:0") for share in held)
    if flips is None:
        return (
            f"Weights: {call_base(recommended)} is the only base shown to explain anything, so that they "
            f"decide nothing. Sampling: it does so in {samples} of {resamples} other samples of customers. "
            "What flips it: another base that explains something."
        )
    stays = agree_verb([recommended], "stays", "stay")
    text = (
        f"Weights: {call_base(recommended)} {stays} first under {weights} of random ones around those given. "
        f"Sampling: in {samples} of {resamples} other samples of customers."
    )
    near = flips.dropna(subset=["flip_weight"])
    if len(near):
        top = near.iloc[0]
        then = write_flip(top.flip_weight, top.weight)
        now = format_value(top.weight, "share" if "." in then else "share:0")
        text += (
            f" What flips it: {call_base(top.winner_then)} {agree_verb([top.winner_then], 'comes', 'come')} "
            f"first once “{CRITERION[top.criterion]}” weighs {then} of all instead of {now}."
        )
    else:
        text += " No weight of a single criterion flips it."
    if break_even:
        text += (
            f" The persistence of {call_base(recommended)} is assumed to be 1: below "
            f"{math.floor(100 * break_even[0]) / 100:.2f}, "
            f"{call_base(break_even[1])} would come first."
        )
    for base, end, first in unmeasured[:1]:
        text += f" If the persistence of {call_base(base)} were {end:g}, {call_base(first)} would come first."
    return text


def say_no_base(evidence: BaseEvidence, *, max_p: float) -> str:
    """Why nothing is recommended."""
    bases = evidence.table[evidence.table.base != OWN]
    if bases.empty:
        return "There is no base to judge; the columns asked for below would flip it."
    top = bases.sort_values("explained_margin", ascending=False).iloc[0]
    return (
        f"The most that any base explains of {evidence.periods.value_words} is "
        f"{format_value(top.explained_margin, 'share')} ({call_base(top.base)}; "
        f"{format_value(top.explained_margin_low, 'share')} to "
        f"{format_value(top.explained_margin_high, 'share')}), and it is not shown that groups dealt out at "
        f"random would do worse (p up to {max_p:g}, for all bases together). A base that explains something, "
        "on more customers or of other outcomes, would flip it; no weight does."
    )


def start_upper(text: str) -> str:
    """The same at the start of a sentence."""
    return text[:1].upper() + text[1:]
