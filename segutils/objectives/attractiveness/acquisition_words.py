"""Words and drawings of ``acquisition-screen``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segutils.engagement_plans import Finance
from segutils.findings import Assumption, Decision, Figure
from segutils.formats import format_value, join_words, plural
from segutils.objectives.attractiveness.acquisition_scores import LIMITS as MEASURES

if TYPE_CHECKING:
    from segutils.objectives.attractiveness.acquisition_screen import Screen

NOTHING = "Buy nothing"
NAMED = 4
WEAKER = "with customers like the weaker half of the client's"
DEFAULT = "playbook default"
FORMATS = {
    "gained": "count",
    "fit": "share:0",
    "gain_before": "money",
    "gain": "money",
    "gain_weak": "money",
    "price": "money",
    "back": "number:2",
}
LABELS = {
    "name": "Candidate",
    "gained": "New customers",
    "fit": "In attractive groups",
    "gain_before": "Margin a year",
    "gain": "After selling and serving",
    "gain_weak": "If they are like the weaker half",
    "price": "Price asked",
    "back": "Back for each 1 asked",
    "missed": "Misses the limit of",
}
OPTION_FORMATS = {
    "companies": "count",
    "price": "money",
    "gained": "count",
    "gain": "money",
    "worth": "money",
    "net": "money",
    "loss_share": "share:0",
}
WORDS = {
    "fit": "customers in attractive groups",
    "overlap_customers": "overlap with the client's customers",
    "integration_risk": "integration risk",
    "growth": "growth",
    "margin": "margin",
    "price_asked": "price",
    "customers": "customers",
    "customers_gained": "new customers",
    "back": "what comes back",
}
LIMITS = (
    "This is a screen of what the candidates say of themselves, not a valuation: debts, assets, contracts, "
    "people and what competitors would pay are not in it, and nothing of it was checked.",
    "Whom two candidates share with each other is not known; two that have the same customers bring less "
    "together than the sum.",
    "Savings and sales of one's products to the other's customers are left out.",
)


def name_set(scores: pd.DataFrame, members: np.ndarray) -> str:
    """The names of a set of companies, or that nothing is bought."""
    names = scores.name[members].tolist()
    return join_words(names) if names else NOTHING


def build_table(ranked: pd.DataFrame, *, costs_known: bool) -> pd.DataFrame:
    """Candidates, best first, in few columns; without costs there is no margin after them."""
    table = ranked[[name for name in LABELS if costs_known or name != "gain"]].copy()
    table["missed"] = [
        join_words([WORDS[name] for name in text.split(", ") if name]) for text in table.missed
    ]
    return table.drop(columns=[name for name in ("fit", "price", "back") if table[name].isna().all()])


def say_headline(
    screen: Screen,
    chosen: np.ndarray,
    decision: Decision,
    budget: float,
    *,
    currency: str,
) -> str:
    """What to buy, what comes back, and how sure that is."""
    scores, years = screen.scores, screen.terms.years
    best = decision.recommendation
    if decision.choice != best:
        return f"The client buys {decision.choice}; the screen recommends {_lower(best)}."
    passing = scores[(scores.missed == "") & scores.price.notna()]
    if best == NOTHING:
        if passing.empty:
            return f"None of {plural(len(scores), 'candidate')} keeps the stated limits, so none is bought."
        top = passing.loc[passing.back.idxmax()]
        if top.net > 0:
            return (
                f"{top['name']} would earn more than its price, but no candidate that does fits into the "
                f"budget of {_money(budget, currency)}."
            )
        return (
            f"No candidate is worth the price it asks: of each {currency} 1 for {top['name']}, the best, "
            f"{top.back:.2f} come back in {years} years."
        )
    spent, worth = scores.price[chosen].sum(), scores.worth[chosen].sum()
    paying = int((passing.net > 0).sum())
    few = best if chosen.sum() < NAMED else plural(int(chosen.sum()), "company", "companies")
    verb = "brings" if paying == 1 else "bring"
    lead = f"Of {len(scores)} candidates {paying} {verb} back more than the price asked"
    if chosen.sum() > 1:
        what = f"{few} together bring most within the budget"
    else:
        what = few if paying == 1 else f"{few} brings most above its price"
    held = format_value(decision.robustness_share, "share:0")
    lost = format_value(share_lost(screen, chosen), "share:0")
    but = f", and {WEAKER}" if scores.worth_weak[chosen].sum() < spent else ""
    return (
        f"{lead}; {what}: {_money(worth, currency)} of margin in {years} years, valued today, for "
        f"{_money(spent, currency)}. The choice stands in {held} of samples; it loses money in {lost} of "
        f"them{but}."
    )


def share_lost(screen: Screen, members: np.ndarray) -> float:
    """In which share of outcomes these companies bring less than they cost."""
    return float((screen.outcomes[:, members].sum(axis=1) < screen.scores.price[members].sum()).mean())


def say_gains_only(ranked: pd.DataFrame, *, currency: str) -> str:
    """Without prices only gains can be said."""
    top = ranked.sort_values("gain", ascending=False, kind="stable").iloc[0]
    return (
        f"{top['name']} would bring most, {_money(top.gain, currency)} a year; nobody states what it costs, "
        "so nothing is recommended."
    )


def say_robustness(
    scores: pd.DataFrame,
    chosen: np.ndarray,
    stays: float,
    inside: np.ndarray,
    flips: np.ndarray,
    terms: pd.DataFrame,
    lost: float,
    *,
    currency: str,
    risk_discount: float,
    draws: int,
) -> str:
    """Samples, prices and terms under which the set stands or falls."""
    best = name_set(scores, chosen)
    low, high = (format_value(risk_discount * times, "share:0") for times in (0.5, 1.5))
    text = (
        f"Over {draws} other samples of the client's customers, with {low} to {high} taken off for each "
        f"point of integration risk, {_lower(best)} stays best in {format_value(stays, 'share:0')}."
    )
    if chosen.any():
        text += (
            " With as many customers drawn from them as come with the company, it brings less than its price "
            f"in {format_value(lost, 'share:0')}."
        )
    if chosen.sum() > 1:
        parts = [f"{scores.name[n]} {format_value(inside[n], 'share:0')}" for n in np.flatnonzero(chosen)]
        text += f" Single members are in the best set in: {', '.join(parts)}."
    for n in np.flatnonzero(chosen):
        gap = format_value(flips[n] / scores.price[n] - 1, "share:0")
        text += f" {scores.name[n]} stays in up to {_money(flips[n], currency)}, {gap} above the price asked."
    outside = np.where(chosen | ~np.isfinite(flips), -1.0, flips / scores.price.to_numpy())
    if outside.max(initial=-1) > 0:
        n = int(outside.argmax())
        text += (
            f" Nearest outside is {scores.name[n]}, which would be bought at {_money(flips[n], currency)} "
            f"({format_value(1 - outside[n], 'share:0')} less)."
        )
    other = terms[terms.option != best]
    same = terms[terms.option == best]
    if len(same):
        text += f" The same holds {join_words(same.terms.tolist())}."
    for row in other.itertuples():
        text += f" {row.terms[0].upper()}{row.terms[1:]} it would be: {_lower(row.option)}."
    return text


def list_notes(screen: Screen, *, currency: str) -> list[str]:
    """The largest candidate, overlap, who the client's customers are, limits, what could not be mapped."""
    scores, margins = screen.scores, screen.margins
    notes = []
    largest = scores.loc[scores.customers.idxmax()]
    rank = int((scores.back > largest.back).sum()) + 1 if pd.notna(largest.back) else 0
    place = f"; by what comes back it is number {rank} of {len(scores)}" if rank else ""
    lead = f"{largest['name']} is the largest, with {format_value(largest.customers, 'count')} customers"
    if margins.costs_known:
        notes.append(
            f"{lead}. At the client's margin they would bring {_money(largest.gain_before, currency)} "
            f"a year, {_money(largest.gain, currency)} after what it costs to sell to and serve them, and "
            f"{_money(largest.gain_weak, currency)} if they are like the weaker half of the client's{place}."
        )
    elif place:
        notes.append(f"{lead}{place}.")
    negative = scores[(scores.gain_weak < 0) & (scores.name != largest["name"])].name.tolist()
    if negative:
        names = join_words(negative[:NAMED])
        notes.append(f"With customers like the weaker half of the client's {names} would lose money.")
    worst = margins.table.loss_share.idxmax()
    share = margins.table.loss_share[worst]
    if share > 0.1 and margins.costs_known:
        notes.append(
            f"{format_value(share, 'share:0')} of the client's customers in {worst} cost more to sell to and "
            "serve than they bring, so a candidate with such customers must say which ones they are."
        )
    overlapping = scores.loc[scores.overlap.idxmax()]
    if overlapping.overlap > 0.2:
        notes.append(
            f"{format_value(overlapping.overlap, 'share:0')} of {overlapping['name']}'s customers are the "
            f"client's already: of {format_value(overlapping.customers, 'count')} it brings "
            f"{format_value(overlapping.gained, 'count')} new ones."
        )
    silent = scores.name[~scores.overlap_said].tolist()
    if silent:
        notes.append(
            f"Whom they share with the client is not said of {join_words(silent[:NAMED])}"
            f"{' and others' * (len(silent) > NAMED)}: all their customers count as new."
        )
    if (unrated := scores.name[scores.risk.isna()].tolist()) and len(unrated) < len(scores):
        who = f"{join_words(unrated[:NAMED])}{' and others' * (len(unrated) > NAMED)}"
        highest = f"the highest stated one ({scores.risk.max():g})"
        notes.append(f"The integration risk of {who} is not stated; it counts as {highest}.")
    out = scores[scores.missed != ""]
    for row in out.head(NAMED).itertuples():
        limits = screen.limits.set_index("measure")
        parts = []
        for name in row.missed.split(", "):
            value = getattr(row, MEASURES[name])
            end, way = (
                (limits["max"][name], "at most")
                if value > limits["max"][name]
                else (limits["min"][name], "at least")
            )
            parts.append(
                f"{WORDS[name]} {_plain(name, value, currency)}, {way} {_plain(name, end, currency)} allowed"
            )
        notes.append(f"{row.name} is out: {'; '.join(parts)}.")
    if screen.attractive:
        notes.append(
            "Attractive are the groups that the matrix makes targets, and its first one or the client's own: "
            f"{join_words(list(screen.attractive))}."
        )
    found = screen.candidates
    if found.unknown:
        notes.append(
            f"No group of the client's fits {join_words(list(found.unknown))}; these customers count "
            "for nothing."
        )
    unmapped = scores[scores.unmapped > 0.01]
    if len(unmapped):
        most = format_value(unmapped.unmapped.max(), "share:0")
        notes.append(
            f"Of {join_words(unmapped.name.tolist()[:NAMED])} up to {most} of the customers are in no "
            "group of "
            "the client's; they count for nothing."
        )
    if found.dropped:
        notes.append(f"Left out, as customers or shares cannot be used: {join_words(list(found.dropped))}.")
    return notes


def list_assumptions(screen: Screen, finance: Finance | None) -> list[Assumption]:
    """What is assumed, and by whom."""
    terms = screen.terms
    stays = (
        "leaves as fast as they do"
        if screen.margins.leaving_known
        else f"stays {plural(terms.years, 'year')}: how many leave was not measured"
    )
    off = format_value(terms.risk_discount, "share:0")
    found = [
        Assumption(
            text="A customer that is bought brings what the client's own of the same group bring, "
            f"and {stays}.",
            owner=DEFAULT,
        ),
        Assumption(text=f"Each point of integration risk above 1 takes {off} off the gain.", owner=DEFAULT),
    ]
    if finance is not None:
        rate = format_value(terms.discount_rate, "share:0")
        text = f"Gains of {terms.years} years count, and money costs {rate} a year."
        found.append(Assumption(text=text, owner=finance.owner))
    else:
        text = f"Gains of {terms.years} years count, all alike: nobody states what money costs."
        found.append(Assumption(text=text, owner=DEFAULT))
    for row in screen.limits.itertuples():
        way, end = ("at least", row.min) if pd.notna(row.min) else ("at most", row.max)
        text = f"A company may be bought with {WORDS[row.measure]} of {way} {_plain(row.measure, end, '')}."
        found.append(Assumption(text=text, owner=row.owner))
    return found


def draw_back(ranked: pd.DataFrame, screen: Screen, chosen: np.ndarray) -> tuple[Figure, ...]:
    """What comes back of each price, with its interval."""
    known = ranked[ranked.back.notna()]
    if known.empty:
        return ()
    names = screen.scores.name[chosen].tolist()
    paying = int((known.back > 1).sum())
    sure = int((known.back_low > 1).sum())
    top = known.iloc[0]
    years = screen.terms.years
    many = f"{paying} of {len(known)} candidates {'brings' if paying == 1 else 'bring'} back the price asked"
    title = (
        f"{many} within {years} years, {sure or 'none'} of them in nearly all samples"
        if paying
        else f"No candidate brings back its price within {years} years; {top['name']} comes nearest"
    )
    return (
        Figure(
            kind="dot",
            data=known[["name", "back", "back_low", "back_high"]].reset_index(drop=True),
            x="name",
            y="back",
            low="back_low",
            high="back_high",
            title=title,
            subtitle=f"Companies that could be bought, gains of {years} years valued today, for each "
            "1 of price",
            alt="; ".join(f"{r.name}: {r.back:.2f}" for r in known.itertuples(index=False)),
            caption="Lines are the middle 90 % of other samples of the client's customers, of whom as many "
            "are drawn as a candidate brings, and of other discounts for risk; what the candidates say of "
            "themselves is taken as it is.",
            formats=dict.fromkeys(("back", "back_low", "back_high"), "number:2"),
            reference=1.0,
            reference_label="price asked",
            highlight=names[0] if names else None,
        ),
    )


def _plain(name: str, value: float, currency: str) -> str:
    if name in ("fit", "overlap_customers", "growth", "margin"):
        return format_value(value, "share:0")
    if name == "price_asked":
        return _money(value, currency)
    return f"{value:g}"


def _money(value: float, currency: str) -> str:
    if abs(value) < 1e6:
        return format_value(value, "money", currency=currency)
    return f"{format_value(value / 1e6, 'money:1', currency=currency)} million"


def _lower(option: str) -> str:
    return "buying nothing" if option == NOTHING else option
