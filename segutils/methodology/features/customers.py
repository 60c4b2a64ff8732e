"""One row per customer: sums and counts become recency, frequency, money per order, tenure and shares."""

from collections.abc import Sequence

import pandas as pd

from segutils.methodology.features.catalogue import CATEGORY, CHANNEL, MEANINGS, name_shares
from segutils.methodology.features.measures import Window


def build_customers(
    measures: pd.DataFrame,
    customers: pd.DataFrame,
    *,
    window: Window,
    categories: Sequence[str] = (),
    channels: Sequence[str] = (),
) -> pd.DataFrame:
    """What describes each customer in a window, including those who bought nothing?

    Parameters
    ----------
    measures : pandas.DataFrame
        From :func:`segutils.methodology.features.measures.build_measures`, one window.
    customers : pandas.DataFrame
        ``customer_id``; optional ``signup_date``.
    window : Window
    categories, channels : sequence of str
        As given to `build_measures`.

    Returns
    -------
    pandas.DataFrame
        ``customer_id, recency`` (days from the last order to the window's end), ``frequency`` (orders with
        net revenue above 0), ``monetary_value`` (net revenue per such order), ``revenue`` (returns
        subtracted), ``tenure`` (days since sign-up or the first line ever seen), ``spacing`` (mean days
        between orders; missing with one order) and, where the data has them, ``breadth, discount_share,
        private_label_share, stores, main_store_share, share_…`` (of net revenue), ``orders_…`` (of orders).
        A customer without an order has frequency 0, and no value for what only an order can tell.
    """
    known = customers[[c for c in ("customer_id", "signup_date") if c in customers.columns]]
    table = known.merge(measures.drop(columns="period"), on="customer_id", how="outer", sort=True)
    end = pd.Timestamp(window.end)
    orders = table["frequency"].fillna(0)
    bought = orders > 0
    since = table["since"]
    if "signup_date" in table:
        since = pd.concat([since, pd.to_datetime(table["signup_date"])], axis=1).min(axis=1)
    gaps = (table["last_on"] - table["first_on"]).dt.days
    result = pd.DataFrame(
        {
            "customer_id": table["customer_id"],
            "recency": (end - table["last_on"]).dt.days,
            "frequency": orders.astype(int),
            "monetary_value": _divide(table["revenue"], orders),
            "revenue": table["revenue"].fillna(0.0),
            "tenure": (end - since.where(since <= end)).dt.days,
            "spacing": _divide(gaps, orders - 1),
        }
    )
    if "breadth" in table:
        result["breadth"] = table["breadth"].where(~bought, table["breadth"].fillna(0))
    if "discount" in table:
        result["discount_share"] = _divide(table["discount"], table["discount"] + table["revenue"])
    if "own_brand" in table:
        result["private_label_share"] = _divide(table["own_brand"].fillna(0), table["revenue"])
    if "stores" in table:
        result["stores"] = table["stores"]
        result["main_store_share"] = _divide(table["main_store_orders"], table["store_orders"])
    for prefix, values, column, whole in (
        (CATEGORY, categories, "category_", table["revenue"]),
        (CHANNEL, channels, "channel_", orders),
    ):
        for i, name in enumerate(name_shares(prefix, values)):
            if f"{column}{i}" in table:
                result[name] = _divide(table[f"{column}{i}"].fillna(0), whole)
    shares = [c for c in result if c.endswith("_share") or c.startswith((CATEGORY, CHANNEL))]
    # a return can make a part negative or larger than the whole; a share stays a share
    result[shares] = result[shares].clip(0, 1)
    only_orders_tell = result.columns.difference(["customer_id", "frequency", "revenue", "tenure"])
    result[only_orders_tell] = result[only_orders_tell].where(bought)
    return result


def build_features(rfm: pd.DataFrame, *, window_days: int) -> pd.DataFrame:
    """Which numbers describe each customer, with no gap for anyone who bought?

    Parameters
    ----------
    rfm : pandas.DataFrame
        From :func:`build_customers` or :func:`segutils.methodology.features.rfm.build_rfm`.
    window_days : int
        Days in the window: the spacing of a customer with one order, who has had no second one for that long.

    Returns
    -------
    pandas.DataFrame
        ``customer_id, has_purchases`` (an order with net revenue above 0 in the window) and the feature
        columns in their own units. A buyer whose returns outweigh the purchases has 0 revenue here (``rfm``
        keeps the negative amount); what is unknown for a buyer (no store named, say) is the buyers' median.
    """
    columns = [c for c in rfm.columns if c in MEANINGS or c.startswith((CATEGORY, CHANNEL))]
    features = rfm[["customer_id"]].assign(has_purchases=rfm["frequency"] > 0)
    values = rfm[columns].astype(float)
    bought = features["has_purchases"]
    values["spacing"] = values["spacing"].mask(bought & values["spacing"].isna(), float(window_days))
    for column in ("revenue", "monetary_value"):
        values[column] = values[column].clip(lower=0)
    medians = values[bought].median().fillna(0.0)
    values[bought] = values[bought].fillna(medians)
    return pd.concat([features, values], axis=1)


def _divide(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part.astype(float) / whole.where(whole > 0).astype(float)
