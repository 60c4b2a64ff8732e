"""Recency, frequency and monetary value: the table, its scores, and where the client's revenue comes from."""

from collections.abc import Sequence
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.findings import Figure, Finding, Need
from segutils.formats import format_value, plural
from segutils.methodology.features.catalogue import CHANNEL
from segutils.methodology.features.customers import build_customers
from segutils.methodology.features.measures import Window, build_measures

SCORES = 5
MEASURES = {
    "recency_score": ("recency", "Recency: days since last order"),
    "frequency_score": ("frequency", "Frequency: orders"),
    "monetary_score": ("monetary_value", "Monetary value: net revenue per order"),
}


def look_back(*, as_of: date, window_days: int) -> Window:
    """The window of `window_days` days that ends at `as_of`, both included."""
    start = as_of - timedelta(days=window_days - 1)
    return Window(label=f"{start} to {as_of}", start=start, end=as_of)


def build_rfm(
    transactions: ir.Table,
    customers: ir.Table,
    products: ir.Table | None = None,
    *,
    as_of: date,
    window_days: int = 365,
    categories: Sequence[str] = (),
    channels: Sequence[str] = (),
    own_brand: str = "",
) -> pd.DataFrame:
    """How recently, how often, for how much and how broadly does each customer buy?

    Parameters
    ----------
    transactions, products : ibis.Table
        See :func:`segutils.methodology.features.measures.build_measures`.
    customers : ibis.Table
        ``customer_id``; optional ``signup_date``. Declared personal attributes are never read.
    as_of : datetime.date
        Last day of the window, in the client's own zone.
    window_days : int
        Days looked back, `as_of` included.
    categories, channels : sequence of str
        Values that get a share of their own.
    own_brand : str
        Value of ``products.brand`` that marks the client's own brand.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`segutils.methodology.features.customers.build_customers` plus ``recency_score,
        frequency_score, monetary_score`` (1-5, 5 is best; missing without an order) and ``window_start,
        window_end``. One row per customer, non-buyers included.

    Raises
    ------
    InputError
        When no order falls into the window.
    """
    window = look_back(as_of=as_of, window_days=window_days)
    measures = build_measures(
        transactions,
        products,
        windows=[window],
        categories=categories,
        channels=channels,
        own_brand=own_brand,
    )
    names = [c for c in ("customer_id", "signup_date") if c in customers.columns]
    known = customers.select(*names).to_pandas()
    rfm = build_customers(measures, known, window=window, categories=categories, channels=channels)
    bought = rfm["frequency"] > 0
    return rfm.assign(
        recency_score=score_ranks(-rfm["recency"].where(bought)),
        frequency_score=score_ranks(rfm["frequency"].where(bought)),
        monetary_score=score_ranks(rfm["monetary_value"].where(bought)),
        window_start=window.start,
        window_end=window.end,
    )


def score_ranks(values: pd.Series, *, scores: int = SCORES) -> pd.Series:
    """In which fifth does each value lie, when equal values must never be told apart?

    A value's place is the middle of the places that its equals hold, (average rank − ½) / n; the score is the
    fifth into which that place falls. So equal values share a score and the order of rows plays no part; the
    price is that the five groups differ in size where many values are equal. Cutting ranks into fifths
    (SQL's ``NTILE``) makes equal groups by parting equal customers in the order in which they happen to come.

    Parameters
    ----------
    values : pandas.Series
        More is better; missing values get no score.
    scores : int
        Number of groups.

    Returns
    -------
    pandas.Series
        Int64, 1 to `scores`.
    """
    doubled = (
        (2 * values.rank(method="average") - 1).astype("Float64").astype("Int64")
    )  # whole: no rounding at edges
    return (doubled * scores // (2 * int(values.notna().sum()))).add(1).rename(None)


def _say_short(buyers: pd.DataFrame, window_days: int, *, max_missing_days: int = 7) -> tuple[str, ...]:
    """A window that begins before the data does holds fewer days than its name says."""
    days = int(buyers["tenure"].max()) + 1
    if days >= window_days - max_missing_days:
        return ()
    return (
        f"No customer is known for longer than {format_value(days, 'days')}: the window of "
        f"{format_value(window_days, 'days')} is not filled, and orders, revenue and recency are of the "
        "shorter time.",
    )


def check_rfm(rfm: pd.DataFrame, *, as_of: date, window_days: int, currency: str) -> Finding:
    """How much of the revenue comes from how many customers, and how recent and frequent are they?

    Parameters
    ----------
    rfm : pandas.DataFrame
        From :func:`build_rfm`.
    as_of : datetime.date
    window_days : int
    currency : str
        ISO 4217 code, for amounts in sentences.

    Returns
    -------
    Finding
        Table: one row per measure and score: the values it spans, its customers, their share of revenue.
        Figures: revenue by tenth of buyers; revenue by recency and frequency score.
    """
    buyers = rfm[rfm["frequency"] > 0]
    revenue = buyers["revenue"].sum()
    table = _build_score_table(buyers, revenue)
    fifth = _top_share(buyers["revenue"], 0.2)
    days = buyers["recency"].quantile(0.5, interpolation="higher")
    words = f"{format_value(window_days, 'days')} to {as_of}"
    return Finding(
        slug="rfm",
        status="info",
        headline=f"The most valuable fifth of buyers brings {format_value(fifth, 'share:0')} of net revenue; "
        f"half of all buyers last ordered {_write_days(days, as_of)}",
        table=table,
        formats={
            "score": "count",
            "lowest": "number:1",
            "highest": "number:1",
            "customers": "count",
            "share_of_customers": "share",
            "share_of_revenue": "share",
        },
        labels={"share_of_customers": "Share of buyers", "share_of_revenue": "Share of net revenue"},
        figures=(_draw_tenths(buyers, words), _draw_grid(buyers, revenue, words)),
        notes=_note(rfm, buyers, table, words, currency),
        limits=(
            "A score ranks a buyer against the other buyers of the same window, not across windows.",
            "Net revenue is not margin: a customer who brings much revenue may bring little profit.",
            *_say_short(buyers, window_days),
        ),
        needs=_list_needs(rfm),
    )


def _write_days(days: float, as_of: date) -> str:
    return f"no more than {format_value(days, 'days')} before {as_of}" if days else f"on {as_of} itself"


def _build_score_table(buyers: pd.DataFrame, revenue: float) -> pd.DataFrame:
    parts = []
    for score, (column, words) in MEASURES.items():
        part = buyers.groupby(score).agg(
            lowest=(column, "min"),
            highest=(column, "max"),
            customers=(column, "size"),
            part=("revenue", "sum"),
        )
        part = part.sort_index(ascending=False).reset_index(names="score")
        parts.append(part.assign(measure=words))
    table = pd.concat(parts, ignore_index=True)
    table["share_of_customers"] = table["customers"] / len(buyers)
    table["share_of_revenue"] = table["part"] / revenue
    columns = ["measure", "score", "lowest", "highest", "customers", "share_of_customers", "share_of_revenue"]
    return table[columns].astype({"score": int, "lowest": float, "highest": float})


def _top_share(revenue: pd.Series, share: float) -> float:
    """Share of revenue that the top `share` of customers brings, read off the concentration curve.

    The curve is straight between customers, so neither ties nor an odd number of them change the answer.
    """
    ordered = np.sort(revenue.to_numpy())[::-1]
    curve = np.concatenate([[0.0], ordered.cumsum() / ordered.sum()])
    return float(np.interp(share * len(ordered), np.arange(len(curve)), curve))


def _draw_tenths(buyers: pd.DataFrame, words: str) -> Figure:
    names = [
        "Top tenth",
        *(f"{n}{'nd' if n == 2 else 'rd' if n == 3 else 'th'}" for n in range(2, 10)),
        "Last",
    ]
    edges = [_top_share(buyers["revenue"], i / 10) for i in range(11)]
    data = pd.DataFrame({"tenth": names, "share_of_revenue": np.diff(edges)})
    top, half = format_value(edges[1], "share:0"), format_value(1 - edges[5], "share:0")
    return Figure(
        kind="column",
        data=data,
        x="tenth",
        y="share_of_revenue",
        title=f"The top tenth of buyers brings {top} of net revenue, the less valuable half {half}",
        subtitle=f"Buyers in tenths by net revenue, {words}, share of net revenue",
        alt=f"Column chart of the share of net revenue by tenth of buyers: {top} in the top tenth, falling "
        f"with each tenth; the lower five together bring {half}.",
        caption="Each column holds a tenth of the buyers; equal columns of 10 % would mean no concentration.",
        formats={"share_of_revenue": "share"},
        highlight="Top tenth",
    )


def _draw_grid(buyers: pd.DataFrame, revenue: float, words: str) -> Figure:
    cells = buyers.groupby(["recency_score", "frequency_score"])["revenue"].sum() / revenue
    both = cells[(cells.index.get_level_values(0) >= 4) & (cells.index.get_level_values(1) >= 4)].sum()
    inside = ((buyers["recency_score"] >= 4) & (buyers["frequency_score"] >= 4)).mean()
    full = cells.reindex(
        pd.MultiIndex.from_product([range(SCORES, 0, -1), range(1, SCORES + 1)]), fill_value=0.0
    )
    data = full.rename_axis(["recency_score", "frequency_score"]).rename("share_of_revenue").reset_index()
    data["recency"] = "Recency " + data["recency_score"].astype(str)
    data["frequency"] = "Frequency " + data["frequency_score"].astype(str)
    share, size = format_value(both, "share:0"), format_value(inside, "share:0")
    return Figure(
        kind="heatmap",
        data=data[["frequency", "recency", "share_of_revenue"]],
        x="frequency",
        y="share_of_revenue",
        series="recency",
        title=f"Recent and frequent buyers are {size} of all buyers and bring {share} of net revenue",
        subtitle=f"Recency score by frequency score (5 is best), {words}, share of net revenue",
        alt=f"Heat map of the share of net revenue by recency score and frequency score. Scores 4 and 5 on "
        f"both hold {size} of the buyers and {share} of the revenue.",
        caption="Recent and frequent: a score of 4 or 5 on both. The cells add up to the buyers' revenue.",
        formats={"share_of_revenue": "share"},
    )


def _note(
    rfm: pd.DataFrame, buyers: pd.DataFrame, table: pd.DataFrame, words: str, currency: str
) -> tuple[str, ...]:
    idle, once = len(rfm) - len(buyers), int((buyers["frequency"] == 1).sum())
    low, high = table["share_of_customers"].min(), table["share_of_customers"].max()
    median = {column: buyers[column].median() for column in ("frequency", "monetary_value")}
    notes = [
        f"{len(buyers):,} of {plural(len(rfm), 'known customer')} ordered in the {words}"
        + (f"; the other {idle:,} stay in the table with frequency 0." if idle else "."),
        f"The median buyer placed {plural(round(median['frequency']), 'order')} of "
        f"{format_value(median['monetary_value'], 'money:2', currency=currency)}; "
        f"{plural(once, 'buyer') if once else 'no buyer'} ordered once.",
        f"Equal values always share a score, so the score groups hold {format_value(low, 'share')} to "
        f"{format_value(high, 'share')} of the buyers instead of exactly 20 %.",
    ]
    if returned := int((rfm["revenue"] < 0).sum()):
        notes.append(f"{plural(returned, 'customer')} returned more than they bought in the window.")
    return tuple(notes)


def _list_needs(rfm: pd.DataFrame) -> tuple[Need, ...]:
    wanted = {
        "breadth": Need(question="How broadly customers buy", table="products", columns=("category",)),
        "discount_share": Need(
            question="How much of it at a discount", table="transactions", columns=("discount",)
        ),
        "stores": Need(
            question="In how many stores customers buy", table="transactions", columns=("store_id",)
        ),
    }
    needs = [need for column, need in wanted.items() if column not in rfm]
    if not any(column.startswith(CHANNEL) for column in rfm):
        needs.append(
            Need(
                question="Through which channels customers order", table="transactions", columns=("channel",)
            )
        )
    return tuple(needs)
