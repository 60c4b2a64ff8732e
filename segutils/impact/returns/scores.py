"""Every segment's measures beside their previous values and targets: the one table behind all scorecards."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.impact.value.periods import ALL, NO_SEGMENT, sort_segments
from segutils.impact.value.quarterly import MEASURES

ALL_CUSTOMERS = "All customers"
# the words every pack knows: at or above target, near it, below it, no target to compare with
ON, NEAR, OFF, NONE = "pass", "caution", "fail", "info"
SCORED = (
    "net_revenue",
    "share_of_revenue",
    "revenue_per_customer",
    "active_share",
    "orders_per_customer",
    "revenue_per_order",
    "cross_sell_ratio",
    "contribution_margin",
    "margin_rate",
)
RATES = ("revenue_growth", "share_gain")  # changes already: compared in points, not in per cent of themselves
STABILITY = ("jaccard", "kept_share")
FORMATS = {**MEASURES, "jaccard": "number:2", "kept_share": "share"}
LABELS = {
    "customers": "Customers",
    "active_customers": "Active customers",
    "orders": "Orders",
    "order_lines": "Order lines",
    "net_revenue": "Net revenue",
    "contribution_margin": "Contribution margin",
    "share_of_revenue": "Share of net revenue",
    "share_gain": "Share of net revenue gained",
    "revenue_growth": "Growth on the quarter before",
    "revenue_per_customer": "Net revenue per customer",
    "active_share": "Customers active in the quarter",
    "orders_per_customer": "Orders per active customer",
    "revenue_per_order": "Net revenue per order",
    "categories_per_customer": "Categories bought per active customer",
    "cross_sell_ratio": "Categories bought, of those offered",
    "margin_rate": "Contribution margin rate",
    "jaccard": "Stability in repeated samples (Jaccard)",
    "kept_share": "Customers who stayed in the segment",
}
COLUMNS = ["segment", "name", "period", "measure", "actual", "previous", "target", "status", "trend", "owner"]


def score_segments(
    kpis: pd.DataFrame,
    stability: pd.DataFrame,
    names: pd.DataFrame,
    targets: pd.DataFrame,
    *,
    measures: Sequence[str] = SCORED,
    max_shortfall: float = 0.05,
    max_shortfall_points: float = 0.01,
    min_change: float = 0.02,
    min_change_points: float = 0.01,
    min_jaccard: float = 0.75,
    min_jaccard_caution: float = 0.60,
) -> pd.DataFrame:
    """Where does every segment stand, in every quarter: actual, previous, target, status, trend?

    Parameters
    ----------
    kpis : pandas.DataFrame
        segment (and ``"all"``), period, period_start, measure, value.
    stability : pandas.DataFrame
        segment, jaccard, kept_share.
    names : pandas.DataFrame
        segment, name.
    targets : pandas.DataFrame
        measure, segment (id or name; ``""`` for all customers), target, owner; may be empty.
    measures : sequence of str
        Measures of every segment, where the run has them; a segment's targets add theirs.
    max_shortfall : float
        Relative shortfall that still counts as near target. Growth and share gains are changes already: for
        them `max_shortfall_points` (0.01 = one point) holds.
    min_change, min_change_points : float
        Least change, relative or in points, that counts as a trend.
    min_jaccard, min_jaccard_caution : float
        From here on a segment is valid (``pass``), or a pattern not to be relied on (``caution``).

    Returns
    -------
    pandas.DataFrame
        segment, name, period, measure, actual, previous, target, status (``pass``: at or above target,
        ``caution``: near it, ``fail``: below, ``info``: no target), trend (``up``, ``flat``, ``down``, or
        missing), owner (of the target). Previous is the same quarter a year earlier where there are five
        quarters or more, else the quarter before. The stability measures stand in the last quarter.

    Notes
    -----
    Readings of the Jaccard similarity: Hennig (2007), *Computational Statistics & Data Analysis* 52, 258–271.
    """
    scored = kpis[kpis["measure"].isin(FORMATS)].rename(columns={"value": "actual"})
    scored = scored.sort_values("period_start", kind="stable")
    lag = find_lag(scored["period"].nunique())
    scored["previous"] = scored.groupby(["segment", "measure"])["actual"].shift(lag)
    last = scored["period"].iloc[-1]
    scored = pd.concat([scored, _stability_rows(stability, last)], ignore_index=True)

    titles = dict(zip(names["segment"], names["name"], strict=True))
    titles |= {ALL: ALL_CUSTOMERS, NO_SEGMENT: titles.get(NO_SEGMENT, "No segment")}
    scored["name"] = scored["segment"].map(titles).fillna(scored["segment"])
    scored = _add_targets(scored, targets, titles)
    shown = scored["measure"].isin([*measures, *STABILITY])
    aimed = scored.groupby(["segment", "measure"])["target"].transform("count") > 0
    scored = scored[shown | aimed].reset_index(drop=True)
    limit = scored["measure"].eq("jaccard") & scored["target"].isna()
    scored.loc[limit, ["target", "owner"]] = [min_jaccard, "published threshold"]

    shortfall = _shortfall(scored)
    allowed = np.where(scored["measure"].isin(RATES), max_shortfall_points, max_shortfall)
    allowed = np.where(limit, 1 - min_jaccard_caution / min_jaccard, allowed)
    # a hair of tolerance, so that a value equal to its limit is not off by rounding
    status = np.where(shortfall <= 1e-9, ON, np.where(shortfall <= allowed + 1e-9, NEAR, OFF))
    scored["status"] = np.where(scored["target"].isna() | scored["actual"].isna(), NONE, status)
    scored["trend"] = _trend(scored, min_change, min_change_points)
    return _in_order(scored)


def find_lag(quarters: int) -> int:
    """How many quarters back is the previous value? Four (the same season) from five quarters on, else 1."""
    return 4 if quarters >= 5 else 1


def _stability_rows(stability: pd.DataFrame, period: str) -> pd.DataFrame:
    rows = stability.melt(
        id_vars="segment", value_vars=list(STABILITY), var_name="measure", value_name="actual"
    )
    return rows.assign(period=period, previous=np.nan)


def _add_targets(scored: pd.DataFrame, targets: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    ids = {name: segment for segment, name in titles.items()}
    wanted = targets.assign(segment=targets["segment"].fillna("").replace({"": ALL}).replace(ids))
    wanted = wanted.drop_duplicates(["segment", "measure"], keep="last")[
        ["segment", "measure", "target", "owner"]
    ]
    return scored.merge(wanted, how="left", on=["segment", "measure"])


def _shortfall(scored: pd.DataFrame) -> np.ndarray:
    """How far below its target, relative to the target; in points for changes."""
    gap = scored["target"] - scored["actual"]
    unit = np.where(
        scored["measure"].isin(RATES), 1.0, scored["target"].abs().where(scored["target"] != 0, 1.0)
    )
    return (gap / unit).to_numpy(dtype=float)


def _trend(scored: pd.DataFrame, min_change: float, min_change_points: float) -> pd.Series:
    change = scored["actual"] - scored["previous"]
    rates = scored["measure"].isin(RATES)
    least = np.where(rates, min_change_points, min_change * scored["previous"].abs())
    words = np.where(change >= least, "up", np.where(-change >= least, "down", "flat"))
    words = np.where(change == 0, "flat", words)
    return pd.Series(words, index=scored.index, dtype="object").where(change.notna(), None)


def _in_order(scored: pd.DataFrame) -> pd.DataFrame:
    segments, measures = sort_segments(scored["segment"].unique().tolist()), list(FORMATS)
    starts = {period: rank for rank, period in enumerate(dict.fromkeys(scored["period"]))}
    ranks = pd.DataFrame(
        {
            "segment": scored["segment"].map(segments.index),
            "period": scored["period"].map(starts),
            "measure": scored["measure"].map(measures.index),
        }
    )
    order = ranks.sort_values(["segment", "period", "measure"], kind="stable").index
    return scored.loc[order, COLUMNS].reset_index(drop=True)
