"""Segments that keep their names: by revenue the first time, by their customers ever after."""

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.findings import Figure, Finding
from segutils.formats import format_value, join_words, plural
from segutils.methodology.segments.landscape import Landscape
from segutils.statistics import agreement, clusterers, intervals, kmeans, stability
from segutils.statistics.segment_model import NO_PURCHASES, SegmentModel, select_buyers

SLUG = "stable-labels"
MIN_JACCARD = 0.5  # a segment that shares less with its match has dissolved (Hennig 2008)
MIN_ORIGIN = 0.25  # of a new segment's customers, to count as where it came from
FORMATS = {
    "customers": "count",
    "kept_share": "share:0",
    "kept_low": "share:0",
    "kept_high": "share:0",
    "customers_before": "count",
    "kept": "count",
}
LABELS = {
    "kept_share": "Keep their label in a re-fit",
    "kept_low": "5 % of re-fits below",
    "kept_high": "5 % of re-fits above",
    "customers_before": "Customers before",
    "customers": "Customers",
    "kept": "In both",
    "fate": "What became of it",
}


def fit_segments(
    landscape: Landscape,
    features: pd.DataFrame,
    revenue: pd.DataFrame,
    *,
    choice: str,
    algorithm: str = "k-means",
    previous: pd.DataFrame | None = None,
    min_jaccard: float = MIN_JACCARD,
    seed: int = 0,
) -> SegmentModel:
    """Which segments do we work with, and what is each called?

    Parameters
    ----------
    landscape : Landscape
    features : pandas.DataFrame
        ``customer_id, has_purchases`` and features in raw units (those that the landscape was fitted on).
    revenue : pandas.DataFrame
        ``customer_id, revenue``.
    choice : str
        Number of segments (what `segment-count` chose).
    algorithm : str
        What `algorithm-choice` chose. Whatever it is, a segment is handed on as its centre, and a customer
        belongs to the nearest.
    previous : pandas.DataFrame, optional
        ``customer_id, segment`` of the version that this one continues.
    min_jaccard : float
        A segment keeps its name if it shares at least this much with the earlier one.
    seed : int

    Returns
    -------
    SegmentModel
        First version: S1 has most revenue. Later: a segment that continues an earlier one keeps its name, and
        a new one gets a number that was never used in `previous`.

    Raises
    ------
    InputError
        If the algorithm finds no groups.
    """
    k = int(choice)
    buyers = select_buyers(features).iloc[landscape.rows]
    centres = _find_centres(landscape, k=k, algorithm=algorithm, seed=seed)
    labels = kmeans.assign_nearest(landscape.points, centres).astype(int)
    paid = buyers[["customer_id"]].merge(revenue, on="customer_id", how="left")["revenue"].fillna(0.0)
    earned = np.bincount(labels, weights=paid.astype(float), minlength=len(centres))
    order = np.argsort(-earned, kind="stable")
    if previous is None:
        names = [f"S{i + 1}" for i in range(len(order))]
    else:
        names = _continue_names(labels, buyers["customer_id"], previous, order=order, min_jaccard=min_jaccard)
    ranked = sorted(zip(names, order, strict=True), key=lambda pair: _number(pair[0]))
    return SegmentModel(
        names=tuple(name for name, _ in ranked),
        scaling=landscape.scaling,
        centres=centres[[place for _, place in ranked]],
    )


def match_versions(previous: pd.DataFrame, current: pd.DataFrame, *, min_share: float = 0.5) -> pd.DataFrame:
    """What became of each segment of the previous version?

    Parameters
    ----------
    previous, current : pandas.DataFrame
        ``customer_id, segment``; customers in both count, those without purchases don't.
    min_share : float
        Share of a vanished segment's customers that makes another its heir (merged).

    Returns
    -------
    pandas.DataFrame
        ``segment, customers_before, customers, kept`` (in it both times), ``fate``: kept, split from …,
        formed from …, new, merged into …, vanished.
    """
    table = migration(previous, current)
    rows = []
    for name in sorted({*table.index, *table.columns}, key=_number):
        before = int(table.loc[name].sum()) if name in table.index else 0
        now = int(table[name].sum()) if name in table.columns else 0
        kept = int(table.loc[name, name]) if before and now else 0
        if name in table.index and name in table.columns:
            fate = "kept"
        elif name in table.columns:
            fate = _say_origin(table[name], now)
        else:
            heir = table.loc[name].idxmax()
            fate = (
                f"merged into {heir}" if table.loc[name].max() >= min_share * max(before, 1) else "vanished"
            )
        rows.append((name, before, now, kept, fate))
    return pd.DataFrame(rows, columns=["segment", "customers_before", "customers", "kept", "fate"])


def migration(previous: pd.DataFrame, current: pd.DataFrame) -> pd.DataFrame:
    """Customers by previous (index) and current segment (columns), of those who have one in both versions."""
    both = previous[["customer_id", "segment"]].merge(
        current[["customer_id", "segment"]], on="customer_id", suffixes=("_before", "_now")
    )
    both = both[(both["segment_before"] != NO_PURCHASES) & (both["segment_now"] != NO_PURCHASES)]
    return pd.crosstab(both["segment_before"], both["segment_now"])


def check_labels(
    landscape: Landscape,
    model: SegmentModel,
    segments: pd.DataFrame,
    *,
    algorithm: str = "k-means",
    previous: pd.DataFrame | None = None,
    resamples: int = 100,
    restarts: int = 5,
    seed: int = 0,
) -> Finding:
    """Do segments keep their identity when the segmentation is fitted again?

    Parameters
    ----------
    landscape : Landscape
    model : SegmentModel
        From :func:`fit_segments`.
    segments : pandas.DataFrame
        ``customer_id, segment``, from :func:`segutils.statistics.segment_model.assign_customers`.
    algorithm : str
    previous : pandas.DataFrame, optional
        ``customer_id, segment`` of the previous version. Without it the finding says what a re-fit on another
        sample would do to the labels.
    resamples : int
        Re-fits on bootstrap samples (a fifth as many for algorithms other than k-means).
    restarts, seed : int

    Returns
    -------
    Finding
    """
    silent = int((segments["segment"] == NO_PURCHASES).sum())
    notes = (
        [f"{plural(silent, 'customer')} without purchases have the segment “{NO_PURCHASES}”."]
        if silent
        else []
    )
    if previous is not None:
        return _compare_versions(previous, segments, notes)
    k = len(model.names)
    reference = kmeans.assign_nearest(landscape.points, model.centres).astype(int)
    number = resamples if algorithm == "k-means" else max(resamples // 5, 10)
    labels = clusterers.refit_labels(
        landscape.points, algorithm=algorithm, k=k, resamples=number, restarts=restarts, seed=seed
    )
    kept = stability.kept_labels(reference, labels, k=k)
    rows = [(name, reference == i) for i, name in enumerate(model.names)] + [
        ("All", np.ones(len(reference), bool))
    ]
    shares = {name: kept[:, members].mean(axis=1) for name, members in rows}
    ends = {name: intervals.percentile_interval(share, level=0.9) for name, share in shares.items()}
    table = pd.DataFrame(
        {
            "segment": [name for name, _ in rows],
            "customers": [int(members.sum()) for _, members in rows],
            "kept_share": [share.mean() for share in shares.values()],
            "kept_low": [low for low, _ in ends.values()],
            "kept_high": [high for _, high in ends.values()],
        }
    )
    overall = table.iloc[-1]
    weakest = table.iloc[:-1].sort_values("kept_share", kind="stable").iloc[0]
    headline = (
        f"If the segmentation were fitted again on another sample, "
        f"{_say_share(overall['kept_share'])} of "
        f"customers would keep their label{_say_least(weakest, overall['kept_share'])}."
        if k > 1
        else "There is one segment, so no label can change."
    )
    if k > 1:
        notes.insert(0, "This is the first version: labels are in the order of net revenue, S1 has most.")
    return Finding(
        slug=SLUG,
        status="info" if k == 1 else "pass" if overall["kept_share"] >= 0.8 else "caution",
        headline=headline,
        table=table,
        formats={name: FORMATS[name] for name in table.columns if name in FORMATS},
        labels=LABELS,
        figures=(_plot_kept(table.iloc[:-1], number),) if k > 1 else (),
        notes=notes,
        limits=(
            "Re-fits draw from the same period: how customers move as time passes is asked in 4_1_stability.",
        ),
    )


def _compare_versions(previous: pd.DataFrame, segments: pd.DataFrame, notes: list[str]) -> Finding:
    table = match_versions(previous, segments)
    both = int(table["customers_before"].sum())
    kept = table["kept"].sum() / both if both else np.nan
    changed = [f"{row.segment} is {row.fate}" for row in table.itertuples() if row.fate != "kept"]
    changes = f"; {join_words(changed)}" if changed else "; every segment continues an earlier one"
    return Finding(
        slug=SLUG,
        status="pass" if not changed and kept >= 0.8 else "caution",
        headline=f"{_say_share(kept)} of the {both:,} customers of both versions keep their label{changes}.",
        table=table,
        formats={name: FORMATS[name] for name in table.columns if name in FORMATS},
        labels=LABELS,
        figures=(_plot_migration(migration(previous, segments), kept),) if both else (),
        notes=notes,
        limits=(
            "Labels follow the customers: a segment that keeps its name may still have changed its profile.",
        ),
    )


def _find_centres(landscape: Landscape, *, k: int, algorithm: str, seed: int) -> np.ndarray:
    if k == 1:
        return landscape.points.mean(axis=0, keepdims=True)
    if algorithm == "k-means":
        return landscape.solutions[k].centres
    labels = clusterers.cluster(landscape.points, algorithm=algorithm, k=k, seed=seed)
    if labels.max() < 1:
        raise InputError(
            f"{algorithm} finds no groups among these customers",
            where="engagement file, overrides.algorithm-choice",
            fix="choose another algorithm, or leave the choice to the evidence",
        )
    return clusterers.find_centres(landscape.points, labels)


def _say_origin(sources: pd.Series, now: int) -> str:
    """Where a new segment's customers were before."""
    origins = sources[sources >= MIN_ORIGIN * max(now, 1)].sort_values(ascending=False).index.tolist()
    if not origins:
        return "new"
    return f"split from {origins[0]}" if len(origins) == 1 else f"formed from {join_words(origins)}"


def _continue_names(
    labels: np.ndarray,
    customer_ids: pd.Series,
    previous: pd.DataFrame,
    *,
    order: np.ndarray,
    min_jaccard: float,
) -> list[str]:
    """Names in the order of `order`: matched one to one to the previous version, new numbers for the rest."""
    known = previous[previous["segment"] != NO_PURCHASES]
    both = pd.DataFrame({"customer_id": customer_ids, "label": labels}).merge(known, on="customer_id")
    old = sorted(known["segment"].unique(), key=_number)
    codes = both["segment"].map({name: i for i, name in enumerate(old)}).to_numpy()
    segments = int(labels.max()) + 1
    table = np.zeros((len(old), segments), dtype=int)
    np.add.at(table, (codes, both["label"].to_numpy()), 1)
    match = agreement.match_table(table)
    union = table.sum(axis=1)[match] + table.sum(axis=0) - table[match, np.arange(segments)]
    shared = table[match, np.arange(segments)] / np.maximum(union, 1)
    kept = {j: old[match[j]] for j in range(segments) if match[j] >= 0 and shared[j] >= min_jaccard}
    fresh = max((_number(name) for name in old), default=0)
    names = []
    for place in order:
        if place in kept:
            names.append(kept[place])
        else:
            fresh += 1
            names.append(f"S{fresh}")
    return names


def _number(name: str) -> int:
    digits = "".join(c for c in name if c.isdigit())
    return int(digits) if digits else 0


def _say_least(weakest: pd.Series, overall: float) -> str:
    """Where labels hold least, if that is any less than on the whole."""
    share = _say_share(weakest["kept_share"])
    return f"; least in {weakest['segment']}, {share}" if share != _say_share(overall) else ""


def _say_share(value: float) -> str:
    return "over 99 %" if 0.995 <= value < 1 else format_value(value, "share:0")


def _say_floor(value: float) -> str:
    share = _say_share(value)
    return share if share.startswith("over") else f"at least {share}"


def _plot_kept(table: pd.DataFrame, resamples: int) -> Figure:
    worst = table.sort_values("kept_share", kind="stable").iloc[0]
    values = ", ".join(
        f"{row.segment} {format_value(row.kept_share, 'share:0')}" for row in table.itertuples()
    )
    return Figure(
        kind="dot",
        data=table[["segment", "kept_share", "kept_low", "kept_high"]].reset_index(drop=True),
        x="segment",
        y="kept_share",
        low="kept_low",
        high="kept_high",
        title="A re-fit would leave nearly all customers under the same label"
        if worst["kept_share"] >= 0.995
        else f"A re-fit would leave {_say_floor(worst['kept_share'])} of each "
        "segment's customers under the same label",
        subtitle=f"Share of a segment's customers who keep their label, {resamples} re-fits on bootstrap "
        f"samples: mean "
        "and middle 90 %",
        alt=f"Share that keeps the label: {values}.",
        formats={name: "share:0" for name in ("kept_share", "kept_low", "kept_high")},
    )


def _plot_migration(table: pd.DataFrame, kept: float) -> Figure:
    shares = table.div(table.sum(axis=1), axis=0).stack().rename("share").reset_index()
    shares.columns = ["previous", "now", "share"]
    return Figure(
        kind="heatmap",
        data=shares,
        x="now",
        y="share",
        series="previous",
        title=f"{_say_share(kept)} of customers stay under the same label in the new version",
        subtitle="Share of the customers of a previous segment (rows) by segment now (columns)",
        alt="; ".join(
            f"of {row.previous} {format_value(row.share, 'share:0')} are now in {row.now}"
            for row in shares.itertuples()
            if row.share >= MIN_ORIGIN
        ),
        formats={"share": "share:0"},
    )
