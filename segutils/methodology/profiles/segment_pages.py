"""A page per segment: the same figures in the same order for each, so that segments compare."""

import numpy as np
import pandas as pd

from segutils.findings import Figure, Finding
from segutils.formats import format_value, lower_first
from segutils.methodology.profiles.profiles import NO_SEGMENT

SLUG = "profiles"
SIZES = (
    ("share_of_customers", "Share of customers", "share"),
    ("share_of_revenue", "Share of net revenue", "share"),
    ("revenue_per_customer", "Net revenue per customer", "money"),
    ("orders_per_customer", "Orders per customer", "number:1"),
)


def check_segment_pages(
    profiles: pd.DataFrame,
    sizes: pd.DataFrame,
    names: pd.DataFrame,
    catalogue: pd.DataFrame,
    *,
    window: str,
    confidence: float = 0.95,
    max_features: int = 8,
) -> Finding:
    """Who is in each segment, on one page that a brand manager would pin to the wall?

    Parameters
    ----------
    profiles : pandas.DataFrame
        From :func:`segutils.methodology.profiles.profiles.build_profiles`.
    sizes : pandas.DataFrame
        From :func:`segutils.methodology.profiles.profiles.build_sizes`.
    names : pandas.DataFrame
        ``segment, name``.
    catalogue : pandas.DataFrame
        ``feature, label, format, used, repeats``.
    window : str
        The days described, as words.
    confidence : float
        The one that `profiles` was built with.
    max_features : int
        Features on a page: those with the largest differences.

    Returns
    -------
    Finding
        Table: per segment its size and worth, then its strongest differences (``segment, what, value,
        all_buyers, difference, low, high, marks``; differences in standard deviations). One figure per
        segment.
    """
    told = catalogue[catalogue["repeats"] == ""].set_index("feature")
    buyers = sizes[sizes["segment"] != NO_SEGMENT]
    parts, figures = [], []
    for code, name in zip(names["segment"], names["name"], strict=True):
        own = profiles[(profiles["segment"] == code) & profiles["feature"].isin(told.index)]
        ranked = own.assign(strength=own["effect_size"].abs()).sort_values(
            "strength", ascending=False, kind="stable"
        )
        ranked = ranked.head(max_features)
        size = sizes.set_index("segment").loc[code]
        parts.append(_list_sizes(name, size, buyers))
        parts.append(_list_features(name, ranked, told))
        if ranked["effect_size"].notna().any():
            figures.append(_plot_segment(name, size, ranked, told, window, confidence))
    table = pd.concat(parts, ignore_index=True)
    return Finding(
        slug=SLUG,
        status="info",
        headline=_say_headline(sizes, names),
        table=table,
        formats={
            "value": "by:unit",
            "all_buyers": "by:unit",
            "difference": "number:1",
            "low": "number:1",
            "high": "number:1",
            "marks": "flag",
        },
        labels={
            "what": "What",
            "value": "This segment",
            "all_buyers": "All buyers",
            "difference": "Difference, standard deviations",
            "low": "from",
            "high": "to",
            "marks": "Marks the segment",
        },
        figures=(*([_plot_worth(sizes, window)] if len(names) > 1 else []), *figures),
        limits=("A profile describes a segment's average; single customers in it can be different.",),
    )


def _say_headline(sizes: pd.DataFrame, names: pd.DataFrame) -> str:
    """Which segment is the largest, and whose customers are worth most."""
    if len(names) < 2:
        return "Customers form one group, described on one page"
    known = sizes[sizes["segment"] != NO_SEGMENT]
    largest = known.loc[known["customers"].idxmax()]
    richest = known.loc[known["revenue_per_customer"].idxmax()]
    also = " and" if largest["segment"] == richest["segment"] else f", “{richest['name']}”"
    return (
        f"{len(names)} segments, a page each: “{largest['name']}” has most customers{also} brings most net "
        "revenue per customer"
    )


def _plot_worth(sizes: pd.DataFrame, window: str) -> Figure:
    """What a customer of each segment brings: the overview before the pages."""
    known = sizes[sizes["segment"] != NO_SEGMENT].sort_values(
        "revenue_per_customer", ascending=False, kind="stable"
    )
    first, last = known.iloc[0], known.iloc[-1]
    times = first["revenue_per_customer"] / last["revenue_per_customer"]
    often = format_value(times, "number:0" if times >= 10 else "number:1")
    values = [
        f"{row.name_} {format_value(row.revenue_per_customer, 'money')}"
        for row in known.rename(columns={"name": "name_"}).itertuples()
    ]
    return Figure(
        kind="bar",
        data=known[["name", "revenue_per_customer"]].reset_index(drop=True),
        x="name",
        y="revenue_per_customer",
        title=f"A customer of “{first['name']}” brings {often} times as much as one of “{last['name']}”",
        subtitle=f"Segments, {window}, net revenue per customer",
        alt=f"Bars: {'; '.join(values)}.",
        formats={"revenue_per_customer": "money"},
    )


def _list_sizes(name: str, size: pd.Series, buyers: pd.DataFrame) -> pd.DataFrame:
    """Size and worth of the segment against all buyers."""
    whole = {
        "share_of_customers": buyers["share_of_customers"].sum(),
        "share_of_revenue": buyers["share_of_revenue"].sum(),
        "revenue_per_customer": buyers["revenue"].sum() / buyers["customers"].sum(),
        "orders_per_customer": (buyers["orders_per_customer"] * buyers["customers"]).sum()
        / buyers["customers"].sum(),
    }
    rows = [
        {"segment": name, "what": label, "value": size[column], "all_buyers": whole[column], "unit": unit}
        for column, label, unit in SIZES
    ]
    return pd.DataFrame(rows).assign(difference=np.nan, low=np.nan, high=np.nan, marks=None)[COLUMNS]


def _list_features(name: str, ranked: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "segment": name,
            "what": told.loc[row.feature, "label"],
            "value": row.mean_,
            "all_buyers": row.mean_all,
            "difference": row.effect_size,
            "low": row.low,
            "high": row.high,
            "marks": bool(row.marker),
            "unit": told.loc[row.feature, "format"],
        }
        for row in ranked.rename(columns={"mean": "mean_"}).itertuples()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


COLUMNS = ["segment", "what", "value", "all_buyers", "difference", "low", "high", "marks", "unit"]


def _plot_segment(
    name: str, size: pd.Series, ranked: pd.DataFrame, told: pd.DataFrame, window: str, confidence: float
) -> Figure:
    data = ranked.assign(label=ranked["feature"].map(told["label"]))[["label", "effect_size", "low", "high"]]
    top = ranked.iloc[0]
    side = "high" if top["effect_size"] > 0 else "low"
    strong = [f"{row.label} {format_value(row.effect_size, 'number:1')}" for row in data.itertuples()]
    return Figure(
        kind="dot",
        data=data.reset_index(drop=True),
        x="label",
        y="effect_size",
        low="low",
        high="high",
        title=f"“{name}”: {format_value(size['share_of_customers'], 'share:0')} of customers, "
        f"{format_value(size['share_of_revenue'], 'share:0')} of net revenue; {side} on "
        f"{lower_first(told.loc[top['feature'], 'label'])}",
        subtitle=f"Customers of the segment, {window}, difference from all other buyers in standard "
        f"deviations with {format_value(confidence, 'share:0')} intervals",
        alt=f"Points with intervals: {'; '.join(strong)}.",
        caption="Right of zero: more than other buyers. 0.2 is small, 0.5 medium, 0.8 large (Cohen 1988).",
        formats={"effect_size": "number:1", "low": "number:1", "high": "number:1"},
        reference=0.0,
        highlight=name,
    )
