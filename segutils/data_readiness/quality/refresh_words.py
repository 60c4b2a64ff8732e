"""The words and figures of the finding on the refresh cycle."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.data_readiness.quality.assignment_decay import Decay
from segutils.data_readiness.quality.record_decay import RecordDecay
from segutils.data_readiness.quality.refresh_options import (
    IN,
    MISSES,
    UNKNOWN,
    Stated,
    find_break_even,
    name_interval,
)
from segutils.findings import Assumption, Decision, Figure
from segutils.formats import format_value, join_words, plural

PRACTICE = (12, 18)  # months, as published for segmentations in general
NEARLY_ALL = 0.95
SINCE = "months_since_the_refresh"
MOVED, WRONG = "Would move", "Misplaced"


def write_headline(
    decay: Decay, table: pd.DataFrame, decision: Decision, stated: Stated, currency: str
) -> str:
    """How fast customers are in the wrong segment, and what the chosen interval makes of it."""
    lags = decay.lags.set_index("months")
    reach = int(lags.index.max())
    last = 12 if reach >= 12 else reach
    row = table.set_index("option").loc[decision.choice]
    moved, wrong = (format_value(lags[c][last], "share:0") for c in ("moved_share", "wrong_share"))
    span = plural(last, "month")
    if not lags.moved_share.any():
        start = f"Within {span} no customer would change the segment"
        return f"{start}, so {decision.choice} is often enough as far as the history can tell."
    if lags.low[last] <= 0:
        start = (
            f"After {span} without a refresh no more customers are misplaced than with one, as far as can "
        )
        start += f"be told: the {moved} that it would move are chance"
    else:
        start = f"After {span} without a refresh {wrong} of customers are misplaced"
        if lags.moved_share[last] > 2 * lags.wrong_share[last]:
            start += f" (a refresh would move {moved}, mostly by chance)"
    if row.verdict == UNKNOWN:
        return f"{start}; what refreshing {decision.choice} leaves misplaced, the history cannot tell."
    share = format_value(row.wrong_share, "share")
    price = _say_price(row, stated, currency)
    limit = format_value(stated.max_wrong_share, "share")  # a dash where there is none
    if row.verdict == MISSES:
        return f"{start}; even refreshing {decision.choice} misplaces {share} on average, above {limit}."
    cheapest = (
        "the cheapest that keeps the limit" if (table.verdict == MISSES).any() else "the cheapest in all"
    )
    reason = {
        "money": f", {cheapest}",
        "weights": "",
        "limit": f", the rarest that keeps the limit of {limit} and that the history can test",
    }[stated.basis]
    if decision.override:
        reason = ", as the client decided"
    return f"{start}; refreshing {decision.choice} misplaces {share} on average{price}{reason}."


def _say_price(row: pd.Series, stated: Stated, currency: str) -> str:
    if stated.refresh_cost is None:
        return ""
    if stated.basis == "money":
        return (
            f" and costs {format_value(row.total, 'money', currency=currency)} a year with its consequences"
        )
    return f" and costs {format_value(row.cost, 'money', currency=currency)} a year"


def say_decay(decay: Decay) -> tuple[str, ...]:
    """What the back-test found beyond the shares, and how it was made."""
    lags = decay.lags.set_index("months")
    reach = int(lags.index.max())
    last = lags.loc[12 if reach >= 12 else reach]
    months = plural(int(last.name), "month")
    moved, wrong, chance, stopped, unplaced = (
        format_value(last[c], "share:0")
        for c in ("moved_share", "wrong_share", "chance_share", "stopped_share", "unplaced_share")
    )
    found = [
        f"After {months} a refresh would put {moved} of customers elsewhere. But customers also cross the "
        "borders between segments by chance: seen from what they do next, the refreshed segment misplaces "
        f"{chance} all the same, and the old one another {wrong}. Only these are worth a refresh.",
        f"By then {stopped} of the customers with a segment have stopped buying, and {unplaced} of those who "
        "buy have no segment at all, because they did not buy when the segments were formed.",
    ]
    if decay.ceiling > 0 and decay.yearly_hazard > 0:
        settled = -np.log1p(-NEARLY_ALL) / decay.yearly_hazard * 12
        if settled <= reach / 2:
            found.append(
                f"Most of it happens early: {format_value(NEARLY_ALL, 'share:0')} of the final level of the "
                f"fitted curve is reached after {settled:,.0f} months, and waiting longer makes little worse."
            )
        else:
            found.append("The share of the misplaced is still rising at the end of what the history shows.")
    starts = int(decay.lags.starts.max())
    found.append(
        f"Measured, not assumed: segments were formed on up to {plural(starts, 'earlier day')} from the "
        f"orders of the {plural(decay.window_months, 'month')} before ({decay.segments} segments by recency, "
        "frequency and revenue per order), and the same rule was applied to later months and to the "
        f"{plural(decay.window_months, 'month')} after them."
    )
    return tuple(found)


def say_break_even(
    decay: Decay, table: pd.DataFrame, decision: Decision, stated: Stated, currency: str
) -> tuple[str, ...]:
    """What a wrong segment would have to cost for the choice to pay, where nobody stated it."""
    options = table[table.verdict == IN].set_index("option")
    if stated.basis != "weights" or decision.choice not in options.index:
        return ()
    bounds = find_break_even(options, decision.choice, float(decay.lags.customers.iloc[0]))
    low, high = (format_value(amount, "money", currency=currency) for amount in (bounds.low, bounds.high))
    start = "Nobody stated what a customer in the wrong segment costs a year."
    if bounds.low > bounds.high:
        return (f"{start} There is no amount for which {decision.choice} would be the cheapest in all.",)
    if not bounds.oftener:
        return (f"{start} {decision.choice.capitalize()} is the cheapest in all from {low} each.",)
    return (f"{start} {decision.choice.capitalize()} is the cheapest in all between {low} and {high} each.",)


def say_practice(table: pd.DataFrame) -> tuple[str, ...]:
    """What usual practice would leave wrong here."""
    shares = table.set_index("months").wrong_share
    known = [
        f"{format_value(shares[months], 'share')} at {months}"
        for months in PRACTICE
        if np.isfinite(shares.get(months, np.nan))
    ]
    low, high = PRACTICE
    start = f"Usual practice is to refresh every {low} to {high} months"
    if not known:
        return (f"{start}; for this client the history is too short to say what that misplaces.",)
    return (f"{start}; here that misplaces on average {join_words(known)} months.",)


def say_records(records: RecordDecay | None, months: float) -> tuple[str, ...]:
    """How fast what is written about customers goes out of date."""
    if records is None:
        return ()
    ordered = records.fields.sort_values("hazard", ascending=False)
    gone = -np.expm1(-ordered.hazard * months / 12)
    shares = [format_value(share, "share:0") for share in gone]
    first = f"{ordered.field.iloc[0]} changes at {shares[0]} of the firms"
    changes = [f"{field} at {share}" for field, share in zip(ordered.field[1:], shares[1:], strict=True)]
    seen = {
        "any change": "they differ by whether anything changed between the days they were last touched",
        "last change": "they differ by whether the last change lies between the days they were last touched",
    }[records.mechanism]
    return (
        f"Records age apart from behaviour. Within {plural(round(months), 'month')} "
        f"{join_words([first, *changes])}.",
        f"This is told by {records.fields.pairs.max():,} pairs of records of one firm: {seen}. Records that "
        "were wrong from the start are kept apart.",
    )


def list_assumptions(
    stated: Stated, weights: Mapping[str, float], currency: str, cost_range: float
) -> tuple[Assumption, ...]:
    """What was stated and by whom."""
    found = []
    if stated.refresh_cost is not None:
        amount = format_value(stated.refresh_cost, "money", currency=currency)
        found.append(
            Assumption(text=f"One refresh of the segments costs {amount}.", owner=stated.refresh_owner)
        )
    if stated.wrong_cost is not None:
        amount = format_value(stated.wrong_cost, "money", currency=currency)
        text = f"A customer in the wrong segment costs {amount} a year"
        text += f", right to a factor of {cost_range:g}." if cost_range > 1 else "."
        found.append(Assumption(text=text, owner=stated.wrong_owner))
    if stated.max_wrong_share is not None:
        limit = format_value(stated.max_wrong_share, "share")
        text = f"On average at most {limit} of customers may be misplaced for want of a refresh."
        found.append(Assumption(text=text, owner=stated.limit_owner))
    if stated.basis == "weights":
        listed = join_words([f"{name} {weight:g}" for name, weight in weights.items()])
        found.append(Assumption(text=f"Weights: {listed}.", owner="playbook default"))
    return tuple(found)


def list_limits(decay: Decay, table: pd.DataFrame, records: RecordDecay | None) -> tuple[str, ...]:
    """What must not be concluded."""
    found = [
        "The back-test forms segments of its own from buying alone; the segments that are in use may look at "
        "more or at a longer time, and then go wrong more slowly.",
        "Only the value of knowing where customers belong now is counted, not what a new rule would find.",
    ]
    unknown = [name_interval(int(months)) for months in table.months[table.verdict == UNKNOWN]]
    if unknown:
        found.append(
            f"The history is too short to try {join_words(unknown, last='or')}: with {decay.window_months} "
            f"months for an assignment it shows {plural(len(decay.lags), 'month')} of what follows."
        )
    if records is not None:
        found.append(
            "Changes are seen only where two systems hold a record of the firm; firms that only one system "
            "knows may change more or less often."
        )
    return tuple(found)


def draw_decay(decay: Decay) -> Figure:
    """The misplaced by months since the refresh, with interval and curve, and those whom one would move."""
    shown = {MOVED: "moved_share", WRONG: "wrong_share", "Fitted": "curve"}
    zero = pd.DataFrame({"months": [0], **{c: [0.0] for c in [*shown.values(), "low", "high"]}})
    whole = pd.concat([zero, decay.lags[list(zero.columns)]], ignore_index=True)
    parts = [
        whole[["months"]].assign(
            share=whole[column],
            low=whole.low if name == WRONG else np.nan,
            high=whole.high if name == WRONG else np.nan,
            series=name,
        )
        for name, column in shown.items()
    ]
    last = decay.lags.iloc[-1]
    months = plural(int(last.months), "month")
    wrong, moved = (format_value(last[column], "share:0") for column in ("wrong_share", "moved_share"))
    title = (
        f"After {months} {wrong} of customers are misplaced for want of a refresh, which would move {moved}"
    )
    if not last.moved_share:
        title = f"No customer would be in another segment after {months}"
    return Figure(
        kind="line",
        data=pd.concat(parts, ignore_index=True).rename(columns={"months": SINCE}),
        x=SINCE,
        y="share",
        series="series",
        low="low",
        high="high",
        title=title,
        subtitle="Customers with a segment, by months since it was given, share",
        alt=f"Lines of the share of customers by months since the refresh. {title}.",
        caption=f"Band: {format_value(decay.confidence, 'share:0')} interval, customers resampled. "
        "Misplaced: seen from what they do next, by the old segment more than by a refreshed one.",
        formats={"share": "share:0", SINCE: "count"},
        highlight=WRONG,
        role={MOVED: "previous", "Fitted": "forecast"},
    )


def draw_fields(records: RecordDecay) -> Figure:
    """Share of firms whose field changes within a year."""
    data = records.fields.sort_values("hazard", ascending=False, ignore_index=True)
    data = data.assign(field=data.field.str.capitalize())[["field", "year_share", "year_low", "year_high"]]
    first, last = data.iloc[0], data.iloc[-1]
    share, least = format_value(first.year_share, "share:0"), format_value(last.year_share, "share:0")
    title = f"Within a year {first.field.lower()} changes at {share} of the firms"
    if len(data) > 1:
        title += f", {last.field.lower()} at {least}"
    if not first.year_share:
        title = "Nothing that records say of firms changes"
    level = format_value(records.confidence, "share:0")
    return Figure(
        kind="dot",
        data=data,
        x="field",
        y="year_share",
        low="year_low",
        high="year_high",
        title=title,
        subtitle=f"Firms whose record is out of date after a year, by field, share and {level} interval",
        alt=f"Dot plot of the share of firms with a change within a year, by field. {title}.",
        caption="From pairs of records of one firm that were last touched at different times.",
        formats=dict.fromkeys(("year_share", "year_low", "year_high"), "share"),
        highlight=str(first.field),
    )
