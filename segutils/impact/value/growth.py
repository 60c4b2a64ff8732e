"""What is behind the change in net revenue: customers, mix, orders, baskets, prices, the segment itself?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.findings import Figure, Finding, Need
from segutils.formats import format_value, join_words
from segutils.impact.value.limits import ARITHMETIC, SAME_MONTHS, say_season
from segutils.impact.value.periods import ALL, NO_SEGMENT, say_segment, sort_segments

EFFECTS = {
    "customers": "Number of active customers",
    "segment_mix": "Mix of segments",
    "frequency": "Orders per active customer",
    "basket": "Order lines per order",
    "price": "Prices paid for the same products",
    "product_mix": "Mix of products and quantity per line",
}
WITHOUT_PRICES = "Revenue per order line (prices and product mix)"


def decompose_change(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """How much of the change in a product of factors is due to each factor?

    Additive LMDI-I: with the values v = Π x and the logarithmic mean L(a, b) = (a − b) / ln(a / b), factor x
    contributes L(v_after, v_before) · ln(x_after / x_before). The contributions add up to the change exactly,
    whichever way round the periods are taken.

    Parameters
    ----------
    before, after : pandas.DataFrame
        One row per group and one column per factor, the same in both; a row's value is the product of its
        factors.

    Returns
    -------
    pandas.DataFrame
        Contribution of each factor per group, in the unit of the product. Where a factor is zero (or the
        value negative) on one side, logarithms do not exist: the analytical limit gives the whole change to
        the factor that is zero. Of several such factors the first takes it: the others are undefined.

    Notes
    -----
    Ang (2005), *Energy Policy* 33, 867–871; Ang (2015), *Energy Policy* 86, 233–238. Zeros: Ang, Zhang & Choi
    (1998), *Energy* 23, 489–495; Wood & Lenzen (2006), *Energy Policy* 34, 1326–1331.
    """
    x0, x1 = (frame.fillna(0.0).to_numpy(dtype=float) for frame in (before, after))
    v0, v1 = x0.prod(axis=1), x1.prod(axis=1)
    positive = (x0 > 0) & (x1 > 0)
    regular = positive.all(axis=1)
    logs = np.log(np.divide(x1, x0, out=np.ones_like(x0), where=positive))
    ratio = np.log(np.divide(v1, v0, out=np.ones_like(v0), where=regular))
    mean = np.divide(v1 - v0, ratio, out=v0.copy(), where=np.abs(ratio) > 1e-12)
    effects = np.where(regular[:, None], mean[:, None] * logs, 0.0)
    rows = np.flatnonzero(~regular)
    effects[rows, np.argmin(positive[rows], axis=1)] = (v1 - v0)[rows]
    return pd.DataFrame(effects, index=before.index, columns=before.columns)


def build_growth(
    kpis: pd.DataFrame, comparison: pd.DataFrame, prices: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Where did each segment's change in net revenue come from, and how much of it was everybody's growth?

    Net revenue of a segment = all active customers × its share of them × orders per active customer × order
    lines per order × price index × the rest (mix of products and quantity per line), decomposed by
    :func:`decompose_change`. Beside it the same change is split in two (shift-share): what the segment would
    have gained growing as all segments together did, and what it gained or lost beyond that.

    Parameters
    ----------
    kpis : pandas.DataFrame
        As :func:`~segutils.impact.value.kpis.build_kpis` returns it.
    comparison : pandas.DataFrame
        As :func:`~segutils.impact.value.periods.build_comparison` returns it.
    prices : pandas.DataFrame, optional
        As :func:`~segutils.impact.value.prices.build_price_changes` returns it; without it, or where it is
        empty, prices stay in ``product_mix``.

    Returns
    -------
    pandas.DataFrame
        before, after, span, segment (and ``"all"``, the sum), revenue_before, revenue_after, change, one
        column per effect (``customers``, ``segment_mix``, ``frequency``, ``basket``, ``price`` if there are
        prices, ``product_mix``; they add up to change), overall_growth and beyond_overall (they add up to
        change too, and beyond_overall to zero over the segments). All in the engagement's currency.

    Notes
    -----
    Shift-share: Dunn (1960), *Papers of the Regional Science Association* 6, 97–112.
    """
    parts = [
        _compare(kpis, pair.before, pair.after, prices).assign(span=pair.span)
        for pair in comparison.itertuples(index=False)
    ]
    first = ["before", "after", "span", "segment", "revenue_before", "revenue_after", "change"]
    if not parts:
        return pd.DataFrame(columns=first)
    growth = pd.concat(parts, ignore_index=True)
    return growth[first + [column for column in growth if column not in first]]


def _compare(kpis: pd.DataFrame, before: str, after: str, prices: pd.DataFrame | None) -> pd.DataFrame:
    own = kpis[kpis["segment"] != ALL]
    first, last = (_factors(own[own["period"] == period]) for period in (before, after))
    if prices is not None and len(prices):
        pair = prices[(prices["before"] == before) & (prices["after"] == after)]
        index = np.exp(pair.set_index("segment")["log_price"]).reindex(first.index, fill_value=1.0)
        last = last.assign(product_mix=last["product_mix"] / index)
        first.insert(4, "price", 1.0)
        last.insert(4, "price", index)
    growth = decompose_change(first, last)
    revenue = own[own["measure"] == "net_revenue"].pivot(index="segment", columns="period", values="value")
    change = (revenue[after] - revenue[before]).reindex(growth.index)
    # a segment that only returned goods has revenue (below zero) without an order, which no factor can carry
    growth["product_mix"] += change - growth.sum(axis=1)
    growth.insert(0, "revenue_before", revenue[before])
    growth.insert(1, "revenue_after", revenue[after])
    growth.insert(2, "change", change)
    whole = growth[["revenue_before", "change"]].sum()
    rate = whole["change"] / whole["revenue_before"] if whole["revenue_before"] > 0 else 0.0
    growth["overall_growth"] = growth["revenue_before"] * rate
    growth["beyond_overall"] = growth["change"] - growth["overall_growth"]
    growth.loc[ALL] = growth.sum()
    return growth.rename_axis("segment").reset_index().assign(before=before, after=after)


def _factors(quarter: pd.DataFrame) -> pd.DataFrame:
    values = quarter.pivot(index="segment", columns="measure", values="value")
    values = values.loc[sort_segments(values.index.tolist())]
    active = values["active_customers"]

    def per(above: str, below: str) -> pd.Series:
        return (values[above] / values[below].where(values[below] > 0)).fillna(0.0)

    return pd.DataFrame(
        {
            "customers": active.sum(),
            "segment_mix": active / max(active.sum(), 1.0),
            "frequency": per("orders", "active_customers"),
            "basket": per("order_lines", "orders"),
            "product_mix": per("net_revenue", "order_lines"),
        },
        index=values.index,
    )


def check_growth(
    growth: pd.DataFrame,
    *,
    same_season: bool,
    currency: str,
    prices: pd.DataFrame | None = None,
    needs: Sequence[Need] = (),
) -> Finding:
    """What is behind the change in net revenue, and which segments moved against the overall growth?

    Parameters
    ----------
    growth : pandas.DataFrame
        As :func:`build_growth` returns it.
    same_season : bool
        Whether the whole span compares the same quarter of two years.
    currency : str
        ISO 4217 code.
    prices : pandas.DataFrame, optional
        As :func:`~segutils.impact.value.prices.build_price_changes` returns it, for the revenue it covers.
    needs : sequence of Need

    Returns
    -------
    Finding
        A bridge from the first to the last quarter: a row per effect, a column per segment. ``caution``
        where the span compares different seasons, else ``info``; ``not_run`` for a single quarter.
    """
    if growth.empty:
        longer = Need(
            question="What is behind the growth (order lines of at least two full quarters)",
            table="transactions",
            columns=("ordered_at", "net_revenue"),
        )
        headline = "Growth cannot be told: the data covers a single full quarter."
        return Finding(slug="kpis", status="not_run", headline=headline, table=growth, needs=(longer, *needs))
    span = growth[growth["span"].astype(bool)].set_index("segment")
    before, after = span["before"].iloc[0], span["after"].iloc[0]
    labels = {name: label for name, label in EFFECTS.items() if name in growth}
    if "price" not in growth:
        labels["product_mix"] = WITHOUT_PRICES
    lines = {
        "revenue_before": f"Net revenue {before}",
        **labels,
        "revenue_after": f"Net revenue {after}",
        "overall_growth": "Change had all segments grown alike",
        "beyond_overall": "Change beyond that: the segment's own",
    }
    table = span[list(lines)].T.rename(index=lines, columns={NO_SEGMENT: "No segment", ALL: "All"})
    table = table.rename_axis("line").rename_axis(columns=None).reset_index()
    limits = [] if same_season else [say_season([before, after])]
    limits += [ARITHMETIC, SAME_MONTHS]
    if prices is not None and len(prices):
        pair = prices[(prices["before"] == before) & (prices["after"] == after)]
        covered = format_value(pair["matched_share"].min(), "share:0")
        limits.append(
            f"Prices compare products sold in known quantities in both quarters, at least {covered} of each "
            "segment's revenue; what all other products did is part of the product mix."
        )
    contributions = span.loc[ALL, list(labels)].rename(labels).astype(float)
    headline = _headline(span.loc[ALL], contributions, currency)
    return Finding(
        slug="kpis",
        status="info" if same_season else "caution",
        headline=headline,
        table=table,
        formats={column: "money" for column in table.columns if column != "line"},
        labels={"line": "Bridge of net revenue"},
        figures=_figures(growth, span, contributions, labels, currency),
        notes=[_say_segments(span, currency)] if len(span) > 2 else [],
        limits=limits,
        needs=tuple(needs),
    )


def _headline(total: pd.Series, contributions: pd.Series, currency: str) -> str:
    change, before = float(total["change"]), float(total["revenue_before"])
    span = f"between {total['before']} and {total['after']}"
    if abs(change) < 0.5:
        return f"Net revenue did not change {span}."
    relative = f" ({format_value(change / before, 'change')})" if before > 0 else ""
    verb = "rose" if change > 0 else "fell"
    amount = format_value(abs(change), "money", currency=currency)
    ordered = contributions.reindex(contributions.abs().sort_values(ascending=False).index)
    along = ordered[np.sign(ordered) == np.sign(change)].head(2)
    parts = [
        f"{_inline(name)} ({format_value(value, 'money', currency=currency)})"
        for name, value in along.items()
    ]
    text = f"Net revenue {verb} by {amount}{relative} {span}; the largest part"
    text += f"s are {join_words(parts)}" if len(parts) > 1 else f" is {parts[0]}"
    against = ordered[np.sign(ordered) == -np.sign(change)].head(1)
    if len(against) and abs(against.iloc[0]) >= 0.05 * abs(change):
        value = format_value(against.iloc[0], "money", currency=currency)
        text += f", partly offset by {_inline(against.index[0])} ({value})"
    return text + "."


def _inline(label: str) -> str:
    return (
        f"the {label[0].lower()}{label[1:]}"
        if label.startswith(("Number", "Mix", "Price"))
        else (f"{label[0].lower()}{label[1:]}")
    )


def _say_segments(span: pd.DataFrame, currency: str) -> str:
    own = span.drop(index=ALL)["beyond_overall"]
    if len(own) < 2 or own.abs().max() < 0.5:
        return "All segments grew alike."
    best, worst = own.idxmax(), own.idxmin()
    up, down = (format_value(abs(own[name]), "money", currency=currency) for name in (best, worst))
    gained, short = say_segment(best), say_segment(worst)
    return f"Beyond overall growth, {gained} gained {up} and {short} fell short by {down}."


def _figures(
    growth: pd.DataFrame, span: pd.DataFrame, contributions: pd.Series, labels: dict[str, str], currency: str
) -> list[Figure]:
    before, after = span["before"].iloc[0], span["after"].iloc[0]
    change = contributions.sum()
    verb = "rose" if change > 0 else "fell" if change < 0 else "did not change"
    largest = contributions.abs().idxmax()
    value = format_value(contributions[largest], "money", currency=currency)
    title = f"Net revenue {verb} from {before} to {after}; the largest effect is {_inline(largest)} ({value})"
    effects = pd.DataFrame({"effect": contributions.index, "net_revenue": contributions.to_numpy()})
    figures = [
        Figure(
            kind="bar",
            data=effects,
            x="effect",
            y="net_revenue",
            highlight=largest,
            title=title,
            subtitle=f"Contribution to the change of net revenue from {before} to {after}, {currency}",
            alt=f"One bar per effect, to the right where it raised net revenue. {title}.",
            caption="The bars add up to the change.",
            formats={"net_revenue": "money"},
        )
    ]
    own = span.drop(index=ALL)["beyond_overall"].rename_axis("segment").reset_index()
    if len(own) > 1:
        figures.append(
            Figure(
                kind="bar",
                data=own.replace({"segment": {NO_SEGMENT: "No segment"}}),
                x="segment",
                y="beyond_overall",
                title=_say_segments(span, currency).rstrip("."),
                subtitle=f"Change of net revenue from {before} to {after} beyond overall growth, {currency}",
                alt=f"One bar per segment; the bars add up to zero. {_say_segments(span, currency)}",
                caption="Zero means: the segment grew as all segments together did.",
                formats={"beyond_overall": "money"},
            )
        )
    steps = growth[(growth["segment"] == ALL) & ~growth["span"].astype(bool)]
    if len(steps) > 1:
        long = steps.melt(
            id_vars="after", value_vars=list(labels), var_name="effect", value_name="net_revenue"
        )
        peak = long.loc[long["net_revenue"].abs().idxmax()]
        amount = format_value(peak["net_revenue"], "money", currency=currency)
        effect = _inline(labels[peak["effect"]])
        title = f"The largest effect of any quarter is {effect} in {peak['after']} ({amount})"
        figures.append(
            Figure(
                kind="heatmap",
                data=long.rename(columns={"after": "quarter"}).replace({"effect": labels}),
                x="quarter",
                y="net_revenue",
                series="effect",
                title=title,
                subtitle=f"Contribution to the change of net revenue on the quarter before, {currency}",
                alt=f"A table of effects by quarter, shaded by amount. {title}.",
                formats={"net_revenue": "money"},
            )
        )
    return figures
