"""Words and drawings of ``granularity``."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from segutils.findings import Decision, Figure, Finding, Need
from segutils.formats import format_value, join_words, plural
from segutils.objectives.boundaries.customer_periods import CustomerPeriods
from segutils.objectives.boundaries.flips import write_above
from segutils.objectives.boundaries.merge_path import AGAIN, ASSORTMENT, VALUE, GroupedCustomers, MergePath
from segutils.objectives.boundaries.merge_worth import Lever

ALIKE, OPEN = "alike: merge", "no difference shown: merge"
DIFFERENT, PAYS = "different: keep", "pays apart: keep"
COLUMNS = ["merge", "groups", "lost", "sum_high", "p_holm", "worth", "break_even", "verdict"]
FORMATS = {
    "groups": "count",
    "lost": "share",
    "sum_high": "share",
    "p_holm": "number:3",
    "worth": "money",
    "break_even": "share",
}
LABELS = {
    "groups": "Groups left",
    "lost": "Lost at this step",
    "sum_high": "Lost in all, at most",
    "p_holm": "p (by chance alone)",
    "worth": "Apart, as tried, worth a year",
    "break_even": "Margin rise that pays for it",
}
ASPECT = {VALUE: "what customers bring", AGAIN: "who buys again", ASSORTMENT: "what they buy"}
MAX_NAMED = 4  # merges named in a sentence


def withhold(slug: str, *, grouping: str, has_periods: bool, need: Need) -> Finding:
    """Nothing to compare."""
    why = (
        f"by {grouping} there are no two groups with ten customers each that ordered in both periods' reach"
        if has_periods
        else "two periods of purchases are needed, one to see who is a customer and one to compare groups by"
    )
    return Finding(
        slug=slug,
        status="not_run",
        headline=f"Whether groups could be merged was not assessed: {why}.",
        table=pd.DataFrame(columns=COLUMNS),
        needs=(need,),
    )


def say_headline(
    decision: Decision,
    table: pd.DataFrame,
    merges: int,
    path: MergePath,
    *,
    grouping: str,
    currency: str,
    cost: float,
) -> str:
    """Keep, merge which, or one for all; and what that costs or saves."""
    count, left = len(table) + 1, len(table) + 1 - merges
    if decision.choice != decision.recommendation:
        return f"The client runs {decision.choice}; the evidence recommends {decision.recommendation}."
    saved = format_value(cost * merges, "money", currency=currency) if cost > 0 else ""
    saving = f", and {saved} a year is saved" if saved else ""
    if merges == len(table):
        return (
            f"One group will do: between the {count} groups by {grouping} no difference worth telling is "
            f"shown in what customers bring, whether they buy again or what they buy{saving}."
        )
    if merges == 0:
        first = table.iloc[0]
        lost = format_value(first.lost, "share:0")
        reason = (
            "are worth more apart than a segment costs"
            if first.verdict == PAYS
            else f"differ by more than chance, and merging them would lose {lost} of what the groups tell"
        )
        each = format_value(cost, "money", currency=currency)
        unpaid = ""
        if is_unpaid(table, merges, cost):
            unpaid = f"; that this pays for the {each} a year of a segment is not shown"
        pair = _pair(first)
        if count == 2:
            return f"Keep both groups by {grouping}: {pair} {reason}{unpaid}."
        start = f"Keep all {count} groups by {grouping}"
        if first.verdict == PAYS:
            return f"{start}: even the two most alike, {pair}, {reason}."
        return (
            f"{start}: merging even the two most alike, {pair}, would lose {lost} of what the groups "
            f"tell{unpaid}."
        )
    sets = [join_words(names) for names in list_merged(path, merges)]
    named = "; ".join(sets) if len(sets) <= MAX_NAMED else f"{plural(len(sets), 'set')} of look-alike groups"
    most = table.sum_high.iloc[merges - 1]
    shown = bool((table.verdict[:merges] == ALIKE).all())
    end = (
        f"{left} groups tell at most {format_value(max(most, 0.0), 'share:0')} less than {count}"
        if shown
        else f"no difference within them is shown, and {left} groups are left of {count}"
    )
    return f"Merge {named}: {end}{saving}."


def add_doubt(headline: str, held: Sequence[float]) -> str:
    """The same, with how seldom it stands; `held` under other weights and in other samples, empty if firm."""
    if not held:
        return headline
    share = format_value(min(held), "share:0")
    where = f"under {share} of other weights" if held[0] <= held[1] else f"in {share} of other samples"
    return f"{headline.removesuffix('.')}; not firm, it stands {where} only."


def is_unpaid(table: pd.DataFrame, merges: int, cost: float) -> bool:
    """Whether it was tried what keeping the next two apart is worth, and not shown to reach what it costs."""
    if merges == len(table) or not cost > 0:
        return False
    row = table.iloc[merges]
    return bool(pd.notna(row.worth) and row.worth_low <= cost)


def say_robustness(
    table: pd.DataFrame, merges: int, held: Sequence[float], *, max_loss: float, cost: float
) -> str:
    """Weights of the aspects, samples, and which bound flips it."""
    weights, samples = (format_value(share, "share:0") for share in held)
    done = "no groups" if merges == 0 else "the same groups"
    text = (
        f"Weights: {done} are merged{' and no more' if merges else ''} under {weights} of random ones of the "
        f"three aspects. Sampling: in {samples} of other samples of customers."
    )
    if merges < len(table):
        row = table.iloc[merges]
        if row.verdict == PAYS:
            return (
                f"{text} What flips it: a segment that costs {format_value(row.worth_low, 'money')} or more."
            )
        # rounded up: at the figure that is read the merge is made
        much = "everything that" if row.sum_high >= 1 else f"{write_above(row.sum_high)} of what"
        text += (
            f" What flips it: {_pair(row)} would be merged too if {much} groups tell might be lost, instead "
            f"of {format_value(max_loss, 'share:0')}"
        )
        if cost > 0 and row.break_even > 0:
            text += (
                "; or if nobody expects that treating them apart lifts the smaller one's margin by "
                f"{format_value(row.break_even, 'share')}, which pays for running it"
            )
        return f"{text}."
    return f"{text} What flips it: more customers, or other outcomes, in which a difference shows."


def draw_path(
    path: MergePath,
    table: pd.DataFrame,
    merges: int,
    decision: Decision,
    periods: CustomerPeriods,
    *,
    grouping: str,
    max_loss: float,
) -> tuple[Figure, ...]:
    """What each number of groups tells."""
    data = path.told[["groups", "told", "low", "high"]].copy()
    data["number"] = [plural(n, "group") for n in data.groups]
    count, left = len(table) + 1, len(table) + 1 - merges
    if merges == len(table):
        title = f"No number of groups by {grouping} is shown to tell anything"
    elif merges == 0:
        lost = format_value(table.lost.iloc[0], "share:0")
        title = (
            f"Each merge costs: with {count - 1} groups instead of {count}, {lost} of what they tell is lost"
        )
    else:
        lost = format_value(max(table.sum_lost.iloc[merges], 0.0), "share:0")
        title = f"{left} groups tell nearly as much as {count}; with {left - 1}, {lost} is lost"
    told = join_words(
        [f"{n} groups {format_value(v, 'share')}" for n, v in zip(data.groups, data.told, strict=True)]
    )
    figure = Figure(
        kind="column",
        data=data[["number", "told", "low", "high"]],
        x="number",
        y="told",
        low="low",
        high="high",
        title=title,
        subtitle=f"Groups by {grouping}: share explained of the differences between customers, "
        f"{periods.days} days to {periods.end}, mean of {_list_aspects(path)}, with 95 % interval",
        alt=f"Columns: {told}.",
        caption="On customers whom the groups' means were not learned from. From left to right the two "
        "groups that are most alike become one; merging may lose up to "
        f"{format_value(max_loss, 'share:0')} of what the best number of groups tells.",
        formats={"told": "share", "low": "share", "high": "share"},
        highlight=plural(left, "group"),
    )
    return (figure,)


def draw_worth(table: pd.DataFrame, *, currency: str, cost: float) -> tuple[Figure, ...]:
    """What deciding for two groups apart is worth, against what a segment costs."""
    data = table.dropna(subset=["worth"])[["merge", "worth", "worth_low", "worth_high"]].reset_index(
        drop=True
    )
    if data.empty or not cost > 0:
        return ()
    each = format_value(cost, "money", currency=currency)
    shown = data["merge"][data.worth_low > cost].tolist()
    title = (
        f"Deciding for {join_words(shown[:2])} apart is worth more than the {each} that a segment costs"
        if shown
        else f"No two groups are shown to be worth the {each} a year of a segment, by what was tried"
    )
    figure = Figure(
        kind="dot",
        data=data,
        x="merge",
        y="worth",
        low="worth_low",
        high="worth_high",
        title=title,
        subtitle=f"Gain of deciding for the two apart over one decision for both, {currency} a year, on "
        "customers it was not learned from, with 95 % intervals for all merges together",
        alt="Gains: "
        + join_words(
            [f"{r.merge} {format_value(r.worth, 'money', currency=currency)}" for r in data.itertuples()]
        )
        + f". A segment costs {each} a year.",
        caption="Only decisions that were tried by lot count: whom to contact, what to charge.",
        formats={name: "money" for name in ("worth", "worth_low", "worth_high")},
        reference=cost,
        reference_label="running a segment",
    )
    return (figure,)


def list_notes(
    path: MergePath,
    table: pd.DataFrame,
    merges: int,
    customers: GroupedCustomers,
    periods: CustomerPeriods,
    *,
    levers: Sequence[Lever],
    max_loss: float,
    currency: str,
    cost: float,
) -> tuple[str, ...]:
    """What groups tell by aspect, the knee, what was tried, what a segment must bring."""
    notes = _say_money(table, merges, levers=levers, currency=currency, cost=cost)
    first = path.told.iloc[0]
    parts = [f"{ASPECT[name]} {format_value(max(first[name], 0.0), 'share:0')}" for name in customers.aspects]
    notes.append(
        f"All {len(table) + 1} groups tell, of {plural(len(customers.ids), 'customer')} who had ordered by "
        f"{periods.cut}: {join_words(parts)}."
    )
    doubtful = table[:merges][table.verdict[:merges] == OPEN]
    if len(doubtful) and path.best > 0:
        notes.append(
            f"{plural(len(doubtful), 'merge rests', 'merges rest')} on no difference being shown, not on its "
            "being shown that there is none: with more customers one could appear."
        )
    if (knee := find_knee(path.told)) is not None and merges < len(table):
        told = path.told.set_index("groups").told
        kept = format_value(told[knee] / max(path.best, 1e-12), "share:0")
        notes.append(
            f"A usual rule of thumb, the bend of the curve, points to {plural(knee, 'group')}; so many would "
            f"keep {kept} of what the groups tell."
        )
    return tuple(notes)


def _say_money(
    table: pd.DataFrame, merges: int, *, levers: Sequence[Lever], currency: str, cost: float
) -> list[str]:
    kept = table[merges:]
    if kept.empty or not cost > 0:
        return []
    each = format_value(cost, "money", currency=currency)
    notes = []
    known = kept.dropna(subset=["worth"])
    if len(known):
        row = known.iloc[0]
        span = " to ".join(format_value(row[end], "money") for end in ("worth_low", "worth_high"))
        found = format_value(row.worth, "money", currency=currency)
        tried = join_words([lever.name for lever in levers])
        verdict = (
            f"more than the {each} that running a segment costs"
            if row.worth_low > cost
            else f"less than the {each} that running a segment costs"
            if row.worth_high < cost
            else f"it may or may not reach the {each} that running a segment costs"
        )
        text = (
            f"What was tried by lot ({tried}) values treating {_pair(row)} apart at {found} a year ({span}): "
            f"{verdict}."
        )
        below = int((known[1:].worth_high < cost).sum())
        if below:
            others = plural(len(known) - 1, "later merge")
            which = f"all {others}" if below == len(known) - 1 > 1 else f"{below} of {others}"
            text += f" In {which} it is surely less: what was tried is no reason to keep those apart."
        notes.append(text)
    ends = kept.break_even.dropna()
    if len(ends):
        low, high = format_value(ends.min(), "share"), format_value(ends.max(), "share")
        span = low if low == high else f"{low} to {high}"
        notes.append(
            f"To pay for itself, a group that is kept apart must earn {span} more margin for being treated "
            f"apart ({each} over the yearly margin of the smaller one of the two). Whether it does is for "
            "those who run it to say: differing is not responding."
        )
    return notes


def find_knee(told: pd.DataFrame, *, min_distance: float = 0.1) -> int | None:
    """At which number of groups does the path bend: farthest above the line between its ends?

    Parameters
    ----------
    told : pandas.DataFrame
        ``groups, told``, all groups first.
    min_distance : float
        Below it (both axes scaled to 0-1) the path is straight and has no knee.

    Returns
    -------
    int or None
        None with fewer than four numbers of groups, or without a bend (Satopää et al. 2011).
    """
    if len(told) < 4 or told.told.max() <= told.told.iloc[-1]:
        return None
    x = (told.groups - 1) / (told.groups.max() - 1)
    y = (told.told - told.told.iloc[-1]) / (told.told.max() - told.told.iloc[-1])
    above = (y - x).to_numpy()
    return int(told.groups.iloc[int(above.argmax())]) if above.max() >= min_distance else None


def list_limits(levers: Sequence[Lever]) -> tuple[str, ...]:
    """What must not be concluded."""
    found = [
        "Groups are compared by what customers brought and bought. Groups that are alike in this may still "
        "need different service, prices or messages; ask before a merge is made.",
        "The path was found on the same customers on whom its later steps are measured, which flatters these "
        "a little; the tests allow for it.",
    ]
    if levers:
        found.append(
            "Only what was tried by lot is valued in money; products, service and sales by group were not "
            "tried."
        )
    return tuple(found)


def _list_aspects(path: MergePath) -> str:
    return join_words([ASPECT[name] for name in ASPECT if name in path.told])


def _pair(row: pd.Series) -> str:
    return f"{row['first']} and {row['second']}"


def list_merged(path: MergePath, merges: int) -> list[list[str]]:
    """Names of the groups in each part of more than one, after so many merges."""
    parts = [part for part in path.members[merges] if len(part) > 1]
    return sorted(sorted(path.names[n] for n in part) for part in parts)
