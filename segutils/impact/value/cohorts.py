"""Slug ``cohorts``: who stays, what they are worth, and a segment's difference net of the calendar."""

import pandas as pd

from segutils.findings import Figure, Finding, Need
from segutils.formats import format_value, join_words, plural
from segutils.impact.value.limits import SAME_MONTHS
from segutils.impact.value.periods import ALL, NO_SEGMENT, say_segment
from segutils.impact.value.retention import PERIOD_WORDS

FORMATS = {
    "customers": "count",
    "customer_periods": "count",
    "active_share": "share",
    "active_effect": "points",
    "active_low": "points",
    "active_high": "points",
    "revenue_per_period": "money:2",
    "revenue_effect": "money:2",
    "revenue_low": "money:2",
    "revenue_high": "money:2",
}
LABELS = {
    "active_effect": "Activity against the average",
    "active_low": "Activity from",
    "active_high": "Activity to",
    "revenue_effect": "Revenue against the average",
    "revenue_low": "Revenue from",
    "revenue_high": "Revenue to",
}


def check_cohorts(
    cohorts: pd.DataFrame,
    effects: pd.DataFrame,
    *,
    currency: str,
    months_per_period: int = 1,
    confidence: float = 0.95,
    min_customers: int = 30,
    max_entry_ratio: float = 3.0,
    has_market: bool = False,
) -> Finding:
    """Do the customers of some segments stay more active, once what happened to all customers is taken out?

    Parameters
    ----------
    cohorts : pandas.DataFrame
        As :func:`~segutils.impact.value.retention.build_cohorts` returns it.
    effects : pandas.DataFrame
        As :func:`~segutils.impact.value.segment_effects.score_segment_effects` returns it.
    currency : str
        ISO 4217 code.
    months_per_period : {1, 3, 12}
    confidence : float
        The confidence with which `effects` was scored, 0–1.
    min_customers : int
        Smaller cohorts are not drawn and not spoken of.
    max_entry_ratio : float
        Where the first cohort is larger than this many times an average later one, it consists of customers
        who were there before the data begins (left-censored), and is not a cohort of new customers.
    has_market : bool
        Whether the market's own trend is known from outside.

    Returns
    -------
    Finding
        One row per segment: activity and revenue against the average customer, net of the calendar, with
        intervals. ``caution`` where the first cohort is left-censored or an interval is missing, else
        ``info``; ``not_run`` where no customer was observed in a period after its first.
    """
    word = PERIOD_WORDS[months_per_period]
    needs = (
        Need(
            question="Retention beside the trend of the market", table="market", columns=("period", "growth")
        ),
    ) * (not has_market)
    if effects.empty:
        longer = Need(
            question=f"Retention (order lines of at least two {word}s)",
            table="transactions",
            columns=("customer_id", "ordered_at"),
        )
        headline = f"Retention cannot be told: no customer was observed in a {word} after its first order."
        return Finding(
            slug="cohorts", status="not_run", headline=headline, table=effects, needs=(longer, *needs)
        )
    cohorts = _describe_first(cohorts, max_entry_ratio=max_entry_ratio)
    censored = _say_censored(cohorts)
    sure = effects["active_low"].notna().all()
    return Finding(
        slug="cohorts",
        status="info" if sure and not censored else "caution",
        headline=_headline(effects, word, confidence),
        table=effects.replace({"segment": {NO_SEGMENT: "No segment"}}),
        formats=FORMATS,
        labels={
            **LABELS,
            "customer_periods": f"Customer-{word}s",
            "active_share": f"Active per {word}",
            "revenue_per_period": f"Revenue per customer and {word}",
        },
        figures=[
            *_draw_cohorts(cohorts, word, currency, min_customers),
            _draw_effects(effects, word, confidence),
        ],
        notes=[*_notes(effects, word, currency), *_say_left_out(cohorts, effects, word)],
        limits=[*censored, SAME_MONTHS, _say_calendar(word)],
        needs=needs,
    )


def _describe_first(cohorts: pd.DataFrame, *, max_entry_ratio: float) -> pd.DataFrame:
    """Cohorts of all customers, with ``new``: False for a first one that was there before the data begins."""
    whole = cohorts[cohorts["segment"] == ALL]
    sizes = whole.drop_duplicates("cohort").set_index("cohort")["customers"]
    later = sizes.iloc[1:]
    crowded = len(later) == 0 or sizes.iloc[0] > max_entry_ratio * later.mean()
    return whole.assign(new=(whole["cohort"] != sizes.index[0]) | (not crowded))


def _say_censored(cohorts: pd.DataFrame) -> list[str]:
    sizes = cohorts.drop_duplicates("cohort")
    if sizes["new"].all():
        return []
    first = sizes[~sizes["new"]].iloc[0]
    share = format_value(first["customers"] / sizes["customers"].sum(), "share:0")
    beside = ""
    if sizes["new"].any():
        average = format_value(sizes.loc[sizes["new"], "customers"].mean(), "count")
        beside = f", against {average} customers in an average later cohort"
    return [
        f"{share} of the customers are first seen in {first['cohort']}, where the data begins{beside}: most "
        "of them were customers before. This cohort shows who is still there, not how new customers stay."
    ]


def _say_calendar(word: str) -> str:
    return (
        f"Net of the calendar means that every {word} has its own level for all customers, so that season, "
        "trend and whatever reached all of them alike are taken out; what reached one segment alone stays."
    )


def _headline(effects: pd.DataFrame, word: str, confidence: float | None = None) -> str:
    """The claim; with the intervals where `confidence` is given."""
    best, worst = (effects.loc[effects["active_effect"].agg(which)] for which in ("idxmax", "idxmin"))
    if len(effects) < 2:
        share = format_value(best["active_share"], "share")
        return (
            f"There is one segment and nothing to compare it with: its customers are active in {share} of "
            f"the {word}s after their first order."
        )
    apart = (effects["active_low"] > 0) | (effects["active_high"] < 0)
    if not apart.any():
        return (
            f"Net of the calendar, no segment's customers are active in clearly more or fewer {word}s than "
            "the average customer."
        )
    first, second = (_say_interval(row, confidence) if confidence else "" for row in (best, worst))
    verb = "are" if best["segment"] == NO_SEGMENT else "is"
    return (
        f"Net of the calendar, {say_segment(best['segment'])} {verb} active in {_say_points(best)} of the "
        f"{word}s than the average customer{first}, {say_segment(worst['segment'])} in "
        f"{_say_points(worst)}{second}."
    )


def _one_of(segment: str) -> str:
    return "a customer without a segment" if segment == NO_SEGMENT else f"a customer of {segment}"


def _say_points(row: pd.Series) -> str:
    size = format_value(abs(row["active_effect"]), "points").lstrip("+")
    return f"{size} {'more' if row['active_effect'] > 0 else 'fewer'}"


def _say_interval(row: pd.Series, confidence: float) -> str:
    if row[["active_low", "active_high"]].isna().any():
        return " (no interval: too few customers)"
    if row["active_low"] < 0 < row["active_high"]:
        return " (not certain: no difference lies within the interval)"
    low, high = sorted((abs(row["active_low"]), abs(row["active_high"])))
    ends = f"{format_value(100 * low, 'number:1')} to {format_value(100 * high, 'number:1')}"
    return f" ({format_value(confidence, 'share:0')} interval {ends})"


def _notes(effects: pd.DataFrame, word: str, currency: str) -> list[str]:
    if len(effects) < 2:
        return []
    best, worst = (effects.loc[effects["revenue_effect"].agg(which)] for which in ("idxmax", "idxmin"))
    more, less = (
        format_value(abs(row["revenue_effect"]), "money:2", currency=currency) for row in (best, worst)
    )
    return [
        f"Net of the calendar, {_one_of(best['segment'])} brings {more} more per {word} than "
        f"the average customer, {_one_of(worst['segment'])} {less} less."
    ]


def _say_left_out(cohorts: pd.DataFrame, effects: pd.DataFrame, word: str) -> list[str]:
    """Customers counted elsewhere who are not in the comparison, so that the counts can be reconciled."""
    everybody = int(cohorts.drop_duplicates("cohort")["customers"].sum())
    missing = everybody - int(effects["customers"].sum())
    if missing <= 0:
        return []
    verb = "is" if missing == 1 else "are"
    return [
        f"{plural(missing, 'customer')} first seen in the last {word} {verb} not in the comparison: it "
        f"begins with the {word} after a customer's first order."
    ]


def _draw_effects(effects: pd.DataFrame, word: str, confidence: float) -> Figure:
    level = format_value(confidence, "share:0")
    best = effects.loc[effects["active_effect"].idxmax(), "segment"]
    return Figure(
        kind="dot",
        data=effects.replace({"segment": {NO_SEGMENT: "No segment"}}),
        x="segment",
        y="active_effect",
        low="active_low",
        high="active_high",
        reference=0.0,
        reference_label="average customer",
        highlight=best,
        title=_headline(effects, word).rstrip("."),
        subtitle=f"Share of {word}s with an order against the average customer, points, {level} interval",
        alt=f"One dot with its interval per segment. {_headline(effects, word, confidence)}",
        caption="Ordinary least squares with an effect per period; standard errors clustered by customer.",
        formats={column: FORMATS[column] for column in FORMATS if column in effects},
    )


def _draw_cohorts(cohorts: pd.DataFrame, word: str, currency: str, min_customers: int) -> list[Figure]:
    later = cohorts[(cohorts["period_index"] > 0) & (cohorts["customers"] >= min_customers)]
    if later.empty:
        return []
    names = later["cohort"].where(later["new"], later["cohort"] + " or earlier")
    data = later.assign(cohort=names, periods_later=later["period_index"].astype(str))
    fresh = data[data["new"]] if data["new"].any() else data
    shared = fresh.groupby("cohort")["period_index"].max().min()
    point = fresh[fresh["period_index"] == shared].drop_duplicates("cohort")
    after = f"{int(shared)} {word}{'s' if shared > 1 else ''}"
    small = f" Cohorts of fewer than {min_customers} customers are not shown." * (
        later["cohort"].nunique() < cohorts["cohort"].nunique()
    )
    frame = {"kind": "heatmap", "data": data, "x": "periods_later", "series": "cohort"}
    who = f"Customers first seen together, by {word}s since their own first order"
    retained = join_words([_say(row.retained_share, "share:0", row.cohort) for row in point.itertuples()])
    retained = f"Of the customers first seen in the same period, {retained} ordered {after} later"
    spent = [_say(row.revenue_per_customer, "money:2", row.cohort, currency) for row in point.itertuples()]
    spent = f"Customers brought {join_words(spent)} each, {after} after their first order"
    return [
        Figure(
            **frame,
            y="retained_share",
            title=retained,
            subtitle=f"{who}: share with an order in the {word}",
            alt=f"A table of cohorts by {word}s since the first order, shaded by share. {retained}.",
            caption=f"The {word} of the first order is left out.{small}",
            formats={"retained_share": "share:0"},
        ),
        Figure(
            **frame,
            y="revenue_per_customer",
            title=spent,
            subtitle=f"{who}: net revenue per customer of the cohort and {word}, {currency}",
            alt=f"A table of cohorts by {word}s since the first order, shaded by revenue. {spent}.",
            caption=f"Customers without an order in the {word} count as zero.{small}",
            formats={"revenue_per_customer": "money:2"},
        ),
    ]


def _say(value: float, fmt: str, cohort: str, currency: str = "") -> str:
    return f"{format_value(value, fmt, currency=currency)} ({cohort})"
