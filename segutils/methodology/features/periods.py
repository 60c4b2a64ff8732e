"""The same features in equal windows, one after the other: later notebooks ask what holds over time."""

from collections.abc import Sequence
from datetime import date, timedelta

import ibis.expr.types as ir
import pandas as pd

from segutils.methodology.features.customers import build_customers, build_features
from segutils.methodology.features.measures import Window, build_measures

PERIOD_COLUMNS = ["period", "period_start", "period_end"]


def split_windows(*, as_of: date, period_days: int, periods: int) -> list[Window]:
    """Which equal windows end at `as_of`, earliest first, without overlap and without a gap?"""
    ends = [as_of - timedelta(days=period_days * back) for back in reversed(range(periods))]
    starts = [end - timedelta(days=period_days - 1) for end in ends]
    return [
        Window(label=f"{start} to {end}", start=start, end=end)
        for start, end in zip(starts, ends, strict=True)
    ]


def build_periods(
    transactions: ir.Table,
    customers: ir.Table,
    products: ir.Table | None = None,
    *,
    as_of: date,
    period_days: int = 182,
    periods: int = 2,
    categories: Sequence[str] = (),
    channels: Sequence[str] = (),
    own_brand: str = "",
    max_late_days: int = 7,
) -> pd.DataFrame:
    """What did each customer look like in each period?

    Parameters
    ----------
    transactions, customers, products, as_of, categories, channels, own_brand
        As for :func:`segutils.methodology.features.rfm.build_rfm`.
    period_days : int
        Days in a window; whole weeks (182 days are 26) keep each weekday equally often in each.
    periods : int
        How many windows.
    max_late_days : int
        A window is left out when the data starts more than this many days after it does: customers would look
        less active only because nobody was recording.

    Returns
    -------
    pandas.DataFrame
        ``period, period_start, period_end, customer_id, has_purchases`` and the feature columns, one row per
        customer and period; no row where no window is covered by the data.
    """
    data_from = pd.Timestamp(transactions.ordered_on.min().execute()).date()
    windows = [
        window
        for window in split_windows(as_of=as_of, period_days=period_days, periods=periods)
        if window.start >= data_from - timedelta(days=max_late_days)
    ]
    if not windows:
        empty = {"customer_id": "str", "has_purchases": "bool", "frequency": "float64"}
        return pd.DataFrame(columns=[*PERIOD_COLUMNS, *empty]).astype(empty)
    shares = {"categories": categories, "channels": channels}
    measures = build_measures(transactions, products, windows=windows, own_brand=own_brand, **shares)
    names = [c for c in ("customer_id", "signup_date") if c in customers.columns]
    known = customers.select(*names).to_pandas()
    frames = []
    for window in windows:
        inside = measures[measures["period"] == window.label]
        table = build_customers(inside, known, window=window, **shares)
        features = build_features(table, window_days=period_days)
        frames.append(features.assign(period=window.label, period_start=window.start, period_end=window.end))
    stacked = pd.concat(frames, ignore_index=True)
    return stacked[[*PERIOD_COLUMNS, *stacked.columns.difference(PERIOD_COLUMNS, sort=False)]]
