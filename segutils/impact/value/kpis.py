"""Slug ``kpis``: what each segment contributes, quarter by quarter."""

from collections.abc import Sequence

import pandas as pd

from segutils.findings import Figure, Finding, Need
from segutils.formats import format_value, join_words
from segutils.impact.value.limits import SAME_MONTHS, TODAYS_MEMBERS, say_season
from segutils.impact.value.periods import ALL, NO_SEGMENT, sort_segments
from segutils.impact.value.quarterly import MEASURES

SHOWN = (
    "customers",
    "net_revenue",
    "share_of_revenue",
    "share_gain",
    "revenue_growth",
    "revenue_per_customer",
    "active_share",
    "orders_per_customer",
    "revenue_per_order",
    "cross_sell_ratio",
    "margin_rate",
)
LABELS = {
    "share_gain": "Share gained",
    "revenue_growth": "Growth",
    "orders_per_customer": "Orders per active customer",
    "cross_sell_ratio": "Cross-sell ratio",
}
WORDS = {ALL: "All", NO_SEGMENT: "No segment"}


def check_kpis(
    kpis: pd.DataFrame, *, currency: str, wallet: pd.DataFrame | None = None, needs: Sequence[Need] = ()
) -> Finding:
    """What did each segment contribute in the last quarter, and which gained share of revenue?

    Parameters
    ----------
    kpis : pandas.DataFrame
        As :func:`~segutils.impact.value.quarterly.build_kpis` returns it.
    currency : str
        ISO 4217 code.
    wallet : pandas.DataFrame, optional
        segment, share_of_wallet, as :func:`~segutils.impact.value.wallet.build_wallet_shares` returns it.
    needs : sequence of Need
        What else to ask for, see :func:`list_needs`.

    Returns
    -------
    Finding
        One row per segment and one for all of them. ``caution`` while no quarter has its counterpart a year
        earlier (growth from one quarter to the next then contains the season), else ``info``.
    """
    periods = kpis.drop_duplicates("period").sort_values("period_start")["period"].tolist()
    table = _last_quarter(kpis, periods[-1])
    formats = {measure: MEASURES[measure] for measure in table.columns if measure in MEASURES}
    if wallet is not None and len(wallet):
        table = table.merge(wallet[["segment", "share_of_wallet"]], how="left", on="segment")
        formats["share_of_wallet"] = "share"
    seasonal = len(periods) < 5
    return Finding(
        slug="kpis",
        status="caution" if seasonal else "info",
        headline=_headline(table, periods, currency),
        table=table.replace({"segment": WORDS}),
        formats=formats,
        labels={measure: label for measure, label in LABELS.items() if measure in table},
        figures=_figures(kpis, table, periods, currency),
        notes=_notes(table, periods),
        limits=([say_season(periods)] if seasonal else []) + [SAME_MONTHS, TODAYS_MEMBERS],
        needs=tuple(needs),
    )


def list_needs(
    *, has_margin: bool, has_wallet: bool, has_categories: bool, has_prices: bool, has_market: bool
) -> tuple[Need, ...]:
    """Which part of a segment's value could not be told, and what to ask the client for?

    Parameters
    ----------
    has_margin, has_wallet, has_categories, has_prices, has_market : bool
        Whether the run has a contribution margin or unit cost, a surveyed share of wallet, product
        categories, product and quantity per order line, market data.

    Returns
    -------
    tuple of Need
    """
    parts = (
        (has_margin, "Contribution margin of each segment", "transactions", ("unit_cost",)),
        (has_wallet, "Share of wallet of each segment", "survey", ("customer_id", "item", "answer")),
        (has_categories, "Cross-sell ratio of each segment", "products", ("product_id", "category")),
        (has_prices, "Prices apart from product mix", "transactions", ("product_id", "quantity")),
        (has_market, "Growth beside the growth of the market", "market", ("period", "market_size", "growth")),
    )
    return tuple(
        Need(question=words, table=table, columns=columns) for has, words, table, columns in parts if not has
    )


def _last_quarter(kpis: pd.DataFrame, period: str) -> pd.DataFrame:
    quarter = kpis[kpis["period"] == period].pivot(index="segment", columns="measure", values="value")
    quarter = quarter.loc[sort_segments(quarter.index.tolist())]
    shown = [measure for measure in SHOWN if measure in quarter]
    return quarter[shown].rename_axis(columns=None).reset_index()


def _headline(table: pd.DataFrame, periods: list[str], currency: str) -> str:
    own = table[table["segment"] != ALL].reset_index(drop=True)
    whole = table[table["segment"] == ALL].iloc[0]
    top = own.loc[own["net_revenue"].idxmax()]
    if len(own) == 1:
        return _say_alone(top, periods, currency)
    share = format_value(top["share_of_revenue"], "share:0")
    customers = format_value(top["customers"] / whole["customers"], "share:0")
    first = (
        f"In {periods[-1]}, {top['segment']} brought {share} of net revenue with {customers} of the buyers"
    )
    if len(periods) < 2 or own["share_gain"].isna().all():
        return f"{first}; there is no earlier quarter to compare with."
    gainer = own.loc[own["share_gain"].idxmax()]
    if gainer["share_gain"] < 0.0005:
        return f"{first}; no segment gained share on the quarter before."
    gain = format_value(gainer["share_gain"], "points")
    who = "it" if gainer["segment"] == top["segment"] else gainer["segment"]
    overall = format_value(abs(whole["revenue_growth"]), "share")
    verb = "grew" if whole["revenue_growth"] >= 0 else "shrank"
    return (
        f"{first}; {who} gained most share of revenue on {periods[-2]} ({gain}), while all segments together "
        f"{verb} by {overall}."
    )


def _say_alone(row: pd.Series, periods: list[str], currency: str) -> str:
    """Without segments to compare, what is left is the business as a whole."""
    revenue = format_value(row["net_revenue"], "money", currency=currency)
    text = f"Customers are one segment; in {periods[-1]} they brought net revenue of {revenue}"
    if pd.isna(row["revenue_growth"]):
        return f"{text}."
    return f"{text}, {format_value(row['revenue_growth'], 'change')} on {periods[-2]}."


def _notes(table: pd.DataFrame, periods: list[str]) -> list[str]:
    own = table[table["segment"] != ALL]
    notes = []
    codes = [name for name in own["segment"] if name != NO_SEGMENT]
    if len(codes) > 1:
        span = f"{codes[0]} {'and' if len(codes) == 2 else 'to'} {codes[-1]}"
        notes.append(f"{span} are the segments' codes; the profiles (3_3) give the name of each.")
    if len(periods) > 1 and len(own) > 1:
        moves = [
            f"{WORDS.get(row.segment, row.segment)} {format_value(row.share_gain, 'points')}"
            for row in own.itertuples(index=False)
            if pd.notna(row.share_gain)
        ]
        notes.append(f"Share of revenue gained or lost on {periods[-2]}: {join_words(moves)}.")
    if "cross_sell_ratio" in own and own["cross_sell_ratio"].notna().any():
        known = own.dropna(subset=["cross_sell_ratio"])
        high, low = (known.loc[known["cross_sell_ratio"].agg(which)] for which in ("idxmax", "idxmin"))
        share = format_value(high["cross_sell_ratio"], "share:0")
        who = "An active customer" if len(own) == 1 else f"An active customer of {high['segment']}"
        text = f"{who} buys in {share} of the product categories in a quarter"
        if high["segment"] != low["segment"]:
            text += f", one of {low['segment']} in {format_value(low['cross_sell_ratio'], 'share:0')}"
        notes.append(text + ".")
    return notes


def _figures(kpis: pd.DataFrame, table: pd.DataFrame, periods: list[str], currency: str) -> list[Figure]:
    revenue = kpis[(kpis["measure"] == "net_revenue") & (kpis["segment"] != ALL)].replace({"segment": WORDS})
    total = kpis[(kpis["measure"] == "net_revenue") & (kpis["segment"] == ALL)].set_index("period")["value"]
    amounts = [
        format_value(total[period], "money", currency=currency) for period in (periods[0], periods[-1])
    ]
    if len(periods) == 1:
        title = f"Net revenue was {amounts[0]} in {periods[0]}"
    else:
        verb = "rose" if total[periods[-1]] > total[periods[0]] else "fell"
        title = f"Net revenue {verb} from {amounts[0]} in {periods[0]} to {amounts[1]} in {periods[-1]}"
    figures = [
        Figure(
            kind="column",
            data=revenue[["period", "segment", "value"]].rename(columns={"value": "net_revenue"}),
            x="period",
            y="net_revenue",
            series="segment",
            stacked=True,
            title=title,
            subtitle=f"Net revenue by segment and quarter, {currency}",
            alt=f"Stacked columns by quarter, {periods[0]} to {periods[-1]}, one part per segment. {title}.",
            caption="Membership as of today.",
            formats={"net_revenue": "money"},
        )
    ]
    gains = table[table["segment"] != ALL].dropna(subset=["share_gain"])
    if len(gains) > 1:
        best, worst = (gains.loc[gains["share_gain"].agg(which)] for which in ("idxmax", "idxmin"))
        title = (
            f"{best['segment']} gained most share of revenue in {periods[-1]} "
            f"({format_value(best['share_gain'], 'points')}), {worst['segment']} lost most "
            f"({format_value(worst['share_gain'], 'points')})"
        )
        if best["share_gain"] < 0.0005:
            title = f"No segment gained share of revenue in {periods[-1]}"
        figures.append(
            Figure(
                kind="bar",
                data=gains[["segment", "share_gain"]].replace({"segment": WORDS}).reset_index(drop=True),
                x="segment",
                y="share_gain",
                highlight=best["segment"],
                title=title,
                subtitle=f"Change of share of net revenue, {periods[-1]} against {periods[-2]}, points",
                alt=f"One bar per segment, to the right where it gained share. {title}.",
                formats={"share_gain": "points"},
            )
        )
    return figures
