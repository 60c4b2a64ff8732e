"""What sets each segment apart: effect sizes, marker variables, sizes and value, in an executive's words."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.findings import Figure, Finding
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.methodology.features.catalogue import transform
from segutils.statistics.effects import build_effects

NO_SEGMENT = "none"  # customers without a purchase in the window
NO_NAME = "No purchases"


def build_profiles(
    features: pd.DataFrame,
    segments: pd.DataFrame,
    catalogue: pd.DataFrame,
    *,
    confidence: float = 0.95,
    min_absolute: float = 0.25,
    min_relative: float = 0.5,
) -> pd.DataFrame:
    """On which features does each segment differ from everyone else, by how much, and which mark it?

    Parameters
    ----------
    features : pandas.DataFrame
        ``customer_id, has_purchases`` and the feature columns.
    segments : pandas.DataFrame
        ``customer_id, segment``; customers without purchases are in ``none`` and are no yardstick.
    catalogue : pandas.DataFrame
        ``feature, transform``.
    confidence : float
        Of the intervals of the effect sizes.
    min_absolute, min_relative : float
        A marker variable's segment mean is off the mean of all by more than `min_absolute` of the largest
        segment mean, or by more than `min_relative` of the mean of all (Dolnicar, Grün & Leisch 2018,
        chapter 8).

    Returns
    -------
    pandas.DataFrame
        ``segment, feature, mean, mean_all`` (in the feature's own units), ``effect_size, low, high`` (Hedges'
        g of the segment against everyone else, on the scale that distances use; missing where there is nobody
        else), ``marker``.
    """
    names = catalogue["feature"].tolist()
    buyers = features.merge(segments[["customer_id", "segment"]], on="customer_id", validate="one_to_one")
    buyers = buyers[buyers["segment"] != NO_SEGMENT].reset_index(drop=True)
    codes = sort_codes(buyers["segment"])
    if not codes:
        raise InputError("no customer is in a segment", where="table segments", fix="run 3_2_segments again")
    scaled = transform(buyers[names], catalogue)
    means, overall = buyers.groupby("segment")[names].mean(), buyers[names].mean()
    parts = [
        build_effects(scaled, buyers["segment"] == segment, confidence=confidence).assign(
            segment=segment, mean=means.loc[segment].to_numpy(), mean_all=overall.to_numpy()
        )
        for segment in codes
    ]
    table = pd.concat(parts, ignore_index=True)
    largest = table["feature"].map(means.abs().max())
    gap = (table["mean"] - table["mean_all"]).abs()
    table["marker"] = (gap > min_absolute * largest) | (gap > min_relative * table["mean_all"].abs())
    return table[["segment", "feature", "mean", "mean_all", "effect_size", "low", "high", "marker"]]


def write_window(rfm: pd.DataFrame) -> str:
    """The days that ``rfm`` describes, as words: ``365 days to 2017-12-31``."""
    start, end = (pd.Timestamp(rfm[f"window_{side}"].iloc[0]) for side in ("start", "end"))
    return f"{format_value((end - start).days + 1, 'days')} to {format_value(end, 'date')}"


def sort_codes(segments: pd.Series) -> list[str]:
    """The segments in their order: S2 before S10."""
    return sorted(segments.unique(), key=lambda code: (len(code), code))


def build_sizes(segments: pd.DataFrame, rfm: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """How many customers are in each segment, and what do they bring?

    Parameters
    ----------
    segments : pandas.DataFrame
        ``customer_id, segment``.
    rfm : pandas.DataFrame
        ``customer_id, revenue, frequency``.
    names : pandas.DataFrame
        ``segment, name``.

    Returns
    -------
    pandas.DataFrame
        ``segment, name, customers, share_of_customers, revenue, share_of_revenue, revenue_per_customer,
        orders_per_customer, revenue_per_order``; customers without purchases last. The shares of customers
        and of revenue each add up to 1.
    """
    table = segments[["customer_id", "segment"]].merge(rfm, on="customer_id", validate="one_to_one")
    sizes = table.groupby("segment").agg(
        customers=("customer_id", "size"), revenue=("revenue", "sum"), orders=("frequency", "sum")
    )
    last = [NO_SEGMENT] if NO_SEGMENT in sizes.index else []
    sizes = sizes.reindex([*names["segment"], *last]).reset_index(names="segment")
    sizes["name"] = sizes["segment"].map(names.set_index("segment")["name"]).fillna(NO_NAME)
    sizes["share_of_customers"] = sizes["customers"] / sizes["customers"].sum()
    sizes["share_of_revenue"] = sizes["revenue"] / sizes["revenue"].sum()
    sizes["revenue_per_customer"] = sizes["revenue"] / sizes["customers"]
    sizes["orders_per_customer"] = sizes["orders"] / sizes["customers"]
    sizes["revenue_per_order"] = sizes["revenue"] / sizes["orders"].where(sizes["orders"] > 0)
    head = ["segment", "name", "customers", "share_of_customers", "revenue", "share_of_revenue"]
    return sizes[[*head, "revenue_per_customer", "orders_per_customer", "revenue_per_order"]]


def check_profiles(
    profiles: pd.DataFrame,
    sizes: pd.DataFrame,
    names: pd.DataFrame,
    catalogue: pd.DataFrame,
    *,
    window: str,
    confidence: float = 0.95,
    max_features: int = 8,
) -> Finding:
    """Who are the segments, how large are they and what are they worth?

    Parameters
    ----------
    profiles, sizes : pandas.DataFrame
        From :func:`build_profiles` and :func:`build_sizes`.
    names : pandas.DataFrame
        ``segment, name, drivers``.
    catalogue : pandas.DataFrame
        ``feature, label, used, repeats``.
    window : str
        The days described, as words: ``"365 days to 2017-12-31"``.
    confidence : float
        The one that `profiles` was built with.
    max_features : int
        Columns of the profile plot.

    Returns
    -------
    Finding
        Table: one row per segment in plain words. Figures: share of customers against share of revenue;
        profile plot.
    """
    table = sizes.merge(names[["segment", "drivers"]], on="segment", how="left").fillna({"drivers": ""})
    claim, figures = _claim(sizes), ()
    if len(names) > 1:
        plot = _draw_profiles(profiles, names, catalogue, window, max_features)
        figures = (_draw_value(sizes, claim, window), plot)
    columns = ["name", "customers", "share_of_customers", "revenue", "share_of_revenue"]
    columns += ["revenue_per_customer", "orders_per_customer", "revenue_per_order", "drivers", "segment"]
    return Finding(
        slug="profiles",
        status="info",
        headline=claim,
        table=table[columns],
        formats={
            "customers": "count",
            "share_of_customers": "share",
            "revenue": "money",
            "share_of_revenue": "share",
            "revenue_per_customer": "money",
            "orders_per_customer": "number:1",
            "revenue_per_order": "money:2",
        },
        labels={
            "name": "Segment",
            "revenue": "Net revenue",
            "share_of_revenue": "Share of net revenue",
            "drivers": "What sets it apart",
            "segment": "Code",
        },
        figures=figures,
        notes=_note(profiles, sizes, catalogue, confidence) if figures else (),
        limits=(
            "Segments are formed from these features, so that they differ on them is no proof that they "
            "exist; whether they would come out again is the question of the stability pages.",
            "A profile describes a segment's average; single customers in it can be different.",
        ),
    )


def _claim(sizes: pd.DataFrame) -> str:
    """The fewest segments that bring at least half of the revenue, and how many customers they are."""
    ranked = sizes[sizes["segment"] != NO_SEGMENT].sort_values("revenue", ascending=False, kind="stable")
    if len(ranked) == 1:
        return (
            f"Customers are not segmented: {plural(int(ranked['customers'].sum()), 'buyer')} form one group"
        )
    before = ranked["share_of_revenue"].cumsum().shift(fill_value=0.0)
    few = ranked[before < 0.5]
    among = format_value(few["customers"].sum() / ranked["customers"].sum(), "share:0")
    buyers = f" ({among} of those with purchases)" if len(ranked) < len(sizes) else ""
    return (
        f"{join_words([f'“{name}”' for name in few['name']])} customers are "
        f"{format_value(few['share_of_customers'].sum(), 'share:0')} of all customers{buyers} and bring "
        f"{format_value(few['share_of_revenue'].sum(), 'share:0')} of net revenue"
    )


def _draw_value(sizes: pd.DataFrame, claim: str, window: str) -> Figure:
    series = {"share_of_customers": "Share of customers", "share_of_revenue": "Share of net revenue"}
    data = sizes.melt(["name"], list(series), var_name="measure", value_name="share", ignore_index=False)
    data = data.sort_index(kind="stable").reset_index(drop=True).replace({"measure": series})
    lines = [
        f"{row.name}: {format_value(row.share_of_customers, 'share')} of customers, "
        f"{format_value(row.share_of_revenue, 'share')} of net revenue"
        for row in sizes.itertuples()
    ]
    return Figure(
        kind="bar",
        data=data,
        x="name",
        y="share",
        series="measure",
        title=claim,
        subtitle=f"Customers by segment, {window}, share of customers and of net revenue",
        alt=f"Bar chart with two bars per segment. {'; '.join(lines)}.",
        caption="Where the revenue bar is the longer one, a customer brings more than the average customer.",
        formats={"share": "share"},
    )


def _draw_profiles(
    profiles: pd.DataFrame, names: pd.DataFrame, catalogue: pd.DataFrame, window: str, max_features: int
) -> Figure:
    spread = measure_spread(profiles)
    used = catalogue.loc[catalogue["used"], "feature"].tolist()
    free = catalogue[~catalogue["used"] & (catalogue["repeats"] == "")]["feature"]
    others = spread.reindex(free).dropna().sort_values(ascending=False, kind="stable").index.tolist()
    shown = [*sorted(used, key=lambda feature: -spread[feature]), *others][: max(max_features, len(used))]
    labels, words = catalogue.set_index("feature")["label"], names.set_index("segment")["name"]
    full = profiles.set_index(["segment", "feature"])["effect_size"]
    cells = full.reindex(pd.MultiIndex.from_product([names["segment"], shown], names=["segment", "feature"]))
    data = cells.reset_index()
    data = data.assign(feature=data["feature"].map(labels), segment=data["segment"].map(words))
    ranked = [labels[feature] for feature in shown if feature in used]
    title = f"“{ranked[0]}” sets the segments apart"
    if len(ranked) > 1:
        title = f"“{ranked[0]}” and “{ranked[1]}” set the segments apart most"
    largest = data["effect_size"].abs().groupby(data["segment"], sort=False)
    strongest = data[data["effect_size"].abs() == largest.transform("max")]
    lines = [
        f"{r.segment}: {r.feature} {format_value(r.effect_size, 'number:1')}" for r in strongest.itertuples()
    ]
    return Figure(
        kind="heatmap",
        data=data,
        x="feature",
        y="effect_size",
        series="segment",
        title=title,
        subtitle=f"Segments by feature, {window}, difference from all other buyers in standard deviations",
        alt=f"Heat map of segments by features. Strongest difference of each segment: {'; '.join(lines)}.",
        caption=f"Segments are formed by {join_words(ranked)}; the other columns only describe. "
        "A difference of 0.2 is small, 0.5 medium, 0.8 large (Cohen 1988).",
        formats={"effect_size": "number:1"},
        reference=0.0,
    )


def measure_spread(profiles: pd.DataFrame) -> pd.Series:
    """Highest minus lowest effect size over the segments, per feature."""
    return profiles.groupby("feature", sort=False)["effect_size"].agg(np.ptp)


def _note(
    profiles: pd.DataFrame, sizes: pd.DataFrame, catalogue: pd.DataFrame, confidence: float
) -> Sequence[str]:
    told = catalogue[catalogue["repeats"] == ""]
    used = profiles[profiles["feature"].isin(catalogue.loc[catalogue["used"], "feature"])]
    width = ((used["high"] - used["low"]) / 2).max()
    smallest = sizes[sizes["segment"] != NO_SEGMENT].nsmallest(1, "customers").iloc[0]
    words, labels = sizes.set_index("segment")["name"], told.set_index("feature")["label"]
    marked = profiles[profiles["marker"] & profiles["feature"].isin(labels.index)]
    return (
        *(
            f"“{words[segment]}” customers are {_write_marks(rows, labels)}."
            for segment, rows in marked.groupby("segment", sort=False)
        ),
        f"The smallest segment, “{smallest['name']}”, has {plural(int(smallest['customers']), 'customer')}.",
        "Differences on the features that form segments are known to within "
        f"±{format_value(width, 'number:2')} standard deviations "
        f"({format_value(confidence, 'share:0')} intervals).",
    )


def _write_marks(rows: pd.DataFrame, labels: pd.Series, *, most: int = 3) -> str:
    above = rows["mean"] > rows["mean_all"]
    ranked = rows.sort_values("effect_size", key=abs, ascending=False, kind="stable")
    parts = []
    for word, side in (("high", above), ("low", ~above)):
        marks = ranked.loc[side, "feature"].head(most)
        if len(marks):
            parts.append(f"{word} on {join_words([lower_first(labels[feature]) for feature in marks])}")
    more = len(rows) - sum(min(int(side.sum()), most) for side in (above, ~above))
    return f"{', '.join(parts)}{f' (and {more} more)' if more else ''}"
