"""Where do segments overlap: in their customers, their campaigns, and what they buy?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from segutils.findings import Figure, Finding, Need
from segutils.formats import format_value, join_words, plural
from segutils.validation.response.closeness import score_shared_reach

SLUG = "overlap"
MAX_PAIRS = 10
FORMATS = {
    "overlap": "share",
    "at_border": "count",
    "shared_reach": "share",
    "collisions": "count",
    "first_buys_second": "share",
    "second_buys_first": "share",
}
LABELS = {
    "first": "Segment",
    "second": "And segment",
    "overlap": "Overlap",
    "at_border": "Customers at the border",
    "shared_reach": "Shared campaigns",
    "collisions": "Messages that collide",
    "first_buys_second": "First buys second's core",
    "second_buys_first": "Second buys first's core",
}


def build_pairs(
    overlap: pd.DataFrame,
    segments: Sequence[str],
    sizes: pd.Series,
    *,
    reach: pd.DataFrame | None = None,
    collisions: pd.DataFrame | None = None,
    cannibalisation: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """How close is each pair of segments, in every respect that the data show?

    Parameters
    ----------
    overlap : pandas.DataFrame
        From :func:`~segutils.validation.response.closeness.build_overlap`.
    segments : sequence of str
    sizes : pandas.Series
        Customers by segment.
    reach, collisions, cannibalisation : pandas.DataFrame, optional
        From `build_reach`, `count_collisions` and `score_cannibalisation` there.

    Returns
    -------
    pandas.DataFrame
        first, second, overlap (both directions, weighted by customers), at_border, shared_reach, collisions
        (customers), first_buys_second, second_buys_first; NaN where it cannot be told. Closest pair first.
    """
    lean = overlap.set_index(["segment", "other"])
    bought = None if cannibalisation is None else cannibalisation.set_index(["segment", "other"])["share"]
    met = {} if collisions is None else collisions.set_index(["segment", "other"])["customers"].to_dict()
    rows = []
    for a, b in combinations(segments, 2):
        weights = [float(sizes.get(a, 0)), float(sizes.get(b, 0))]
        both = lean.loc[[(a, b), (b, a)]]
        rows.append(
            {
                "first": a,
                "second": b,
                "overlap": float(np.average(both["overlap"], weights=weights)) if sum(weights) else np.nan,
                "at_border": int(both["at_border"].sum()),
                "shared_reach": np.nan if reach is None else score_shared_reach(reach, a, b),
                "collisions": np.nan if collisions is None else met.get((a, b), 0),
                "first_buys_second": np.nan if bought is None else bought.get((a, b), np.nan),
                "second_buys_first": np.nan if bought is None else bought.get((b, a), np.nan),
            }
        )
    table = pd.DataFrame(rows, columns=["first", "second", *FORMATS])
    return table.sort_values("overlap", ascending=False, kind="stable", ignore_index=True)


def build_codes(pairs: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """What later notebooks may count on: the pairs, by the codes of their segments.

    Parameters
    ----------
    pairs : pandas.DataFrame
        From :func:`build_pairs`.
    members : pandas.DataFrame
        segment (name), code.

    Returns
    -------
    pandas.DataFrame
        segment, other (codes), and the other columns of `pairs`.
    """
    codes = members.drop_duplicates("segment").set_index("segment")["code"]
    table = pairs.assign(first=pairs["first"].map(codes), second=pairs["second"].map(codes))
    return table.rename(columns={"first": "segment", "second": "other"}).astype(
        {"segment": object, "other": object}
    )


def check_overlap(
    pairs: pd.DataFrame,
    overlap: pd.DataFrame,
    membership: pd.DataFrame,
    *,
    core: pd.DataFrame | None = None,
    audiences: pd.Series | None = None,
    border: float = 0.8,
    max_border_share: float = 0.2,
    window_days: int = 30,
) -> Finding:
    """Where do segments overlap, so that a message or an offer for one meets another?

    Parameters
    ----------
    pairs : pandas.DataFrame
        From :func:`build_pairs`.
    overlap, membership : pandas.DataFrame
        From `build_overlap` and `score_membership` of :mod:`~segutils.validation.response.closeness`.
    core : pandas.DataFrame, optional
        From `find_core` there.
    audiences : pandas.Series, optional
        From `find_audiences` there.
    border : float
        Shadow from which on a customer is at the border.
    max_border_share : float
        Share of customers at a border from which on it is a caution.
    window_days : int
        Days within which two messages collide.

    Returns
    -------
    Finding
        Table: the closest pairs, in the columns of `pairs` that can be told.
    """
    if pairs.empty:
        return Finding(
            slug=SLUG,
            status="info",
            headline="There is one segment only, so nothing overlaps.",
            table=pairs.reset_index(drop=True),
        )
    near = membership.assign(border=membership["shadow"] >= border)
    by_segment = near.groupby("segment", as_index=False).agg(
        share=("border", "mean"), customers=("border", "sum")
    )
    by_segment = by_segment.sort_values("share", ascending=False, ignore_index=True)
    share = float(near["border"].mean())
    table = pairs.head(MAX_PAIRS)
    shown = ["first", "second", *[c for c in FORMATS if pairs[c].notna().any()]]
    closest, widest = pairs.iloc[0], by_segment.iloc[0]
    return Finding(
        slug=SLUG,
        status="caution" if share > max_border_share else "pass",
        headline=(
            f"{format_value(share, 'share:0')} of customers are at the border to another segment, most "
            "often between "
            f"{closest['first']} and {closest['second']}."
            if near["border"].any()
            else "No customer is at the border to another segment: membership is clear throughout."
        ),
        table=table[shown].reset_index(drop=True),
        formats={column: fmt for column, fmt in FORMATS.items() if column in shown},
        labels=LABELS,
        figures=(_draw_matrix(overlap, closest), _draw_border(by_segment, widest, border)),
        notes=tuple(_list_notes(pairs, core, audiences, near, window_days)),
        limits=(
            "An overlap is a distance between customers as the segmentation sees them; in what it does not "
            "look at "
            "they can be alike or not.",
            *(
                (
                    "Purchases in another segment's core categories are a proxy: they say where an offer "
                    "for one meets "
                    "the other, not how many would switch.",
                )
                if pairs["first_buys_second"].notna().any()
                else ()
            ),
        ),
        needs=tuple(_list_needs(pairs)),
    )


def _list_notes(
    pairs: pd.DataFrame,
    core: pd.DataFrame | None,
    audiences: pd.Series | None,
    near: pd.DataFrame,
    window_days: int,
) -> list[str]:
    notes = []
    if pairs["shared_reach"].notna().any():
        most = pairs.loc[pairs["shared_reach"].idxmax()]
        notes.append(
            f"{most['first']} and {most['second']} get the most alike campaigns: where one of them is "
            "reached, the other "
            f"is to {format_value(most['shared_reach'], 'share:0')}."
        )
    if audiences is not None and pairs["collisions"].notna().any():
        notes.append(_say_collisions(pairs, audiences, window_days))
    if pairs["first_buys_second"].notna().any():
        ways = [(row.first_buys_second, row.first, row.second) for row in pairs.itertuples()] + [
            (row.second_buys_first, row.second, row.first) for row in pairs.itertuples()
        ]
        top = max((way for way in ways if pd.notna(way[0])), key=lambda way: way[0])
        notes.append(
            f"An offer built on the core of {top[2]} meets {format_value(top[0], 'share:0')} of what "
            f"{top[1]} buys: "
            "expect it to replace purchases there first (a proxy for cannibalisation)."
        )
    if core is not None:
        words = [
            f"{segment} {join_words([str(c) for c in core.columns[row]])}"
            for segment, row in zip(core.index, core.to_numpy(), strict=True)
            if row.any()
        ]
        notes.append(f"Core categories: {'; '.join(words)}.")
    shown = min(len(pairs), MAX_PAIRS)
    if shown < len(pairs):
        notes.append(f"The {shown} closest of {len(pairs)} pairs are shown.")
    return notes[:5]


def _say_collisions(pairs: pd.DataFrame, audiences: pd.Series, window_days: int) -> str:
    own = audiences[audiences != ""]
    if own.nunique() < 2:
        return (
            f"Of {plural(len(audiences), 'campaign')} {len(own) or 'none'} "
            f"{'was' if len(own) == 1 else 'were'} meant for a "
            "single segment, so messages of two segments could not collide; campaigns for all reach "
            "everybody with the same."
        )
    worst = pairs.loc[pairs["collisions"].idxmax()]
    if worst["collisions"] == 0:
        return f"No customer got messages meant for two segments within {window_days} days."
    return (
        f"{plural(int(worst['collisions']), 'customer')} got a message meant for {worst['first']} and one "
        "meant for "
        f"{worst['second']} within {window_days} days."
    )


def _list_needs(pairs: pd.DataFrame) -> list[Need]:
    found = []
    if pairs["shared_reach"].isna().all():
        found.append(
            Need(
                question="Which campaigns do segments share, and which messages collide?",
                table="exposures",
                columns=("customer_id", "campaign_id", "arm", "assigned_at"),
            )
        )
    if pairs["first_buys_second"].isna().all():
        found.append(
            Need(
                question="Which segment would an offer for another one cannibalise?",
                table="products",
                columns=("product_id", "category"),
            )
        )
    return found


def _draw_matrix(overlap: pd.DataFrame, closest: pd.Series) -> Figure:
    claim = f"{closest['first']} and {closest['second']} shade into each other most"
    names = list(dict.fromkeys(overlap["segment"]))
    grid = pd.MultiIndex.from_product(
        [names, names], names=["segment", "other"]
    )  # rows and columns in one order
    return Figure(
        kind="heatmap",
        data=overlap.set_index(["segment", "other"])[["overlap"]].reindex(grid).reset_index(),
        x="other",
        y="overlap",
        series="segment",
        title=claim,
        subtitle="Overlap of the segment in the row with its next one in the column, 0 (none) to 100 % "
        "(all on the border)",
        alt=f"A matrix of segments by segments, shaded by overlap. {claim}.",
        caption="Sum of shadow values over the segment's customers (Leisch 2010).",
        formats={"overlap": "share:0"},
    )


def _draw_border(by_segment: pd.DataFrame, widest: pd.Series, border: float) -> Figure:
    claim = (
        f"{widest['segment']} has the widest border: {format_value(widest['share'], 'share:0')} of its "
        "customers are nearly "
        "as close to another one"
        if widest["share"] > 0
        else "No segment has customers at its border"
    )
    return Figure(
        kind="bar",
        data=by_segment[["segment", "share"]],
        x="segment",
        y="share",
        highlight=widest["segment"] if widest["share"] > 0 else None,
        title=claim,
        subtitle=f"Share of customers with a shadow value of {format_value(border, 'number:1')} or more, "
        "by segment",
        alt=f"One bar per segment. {claim}.",
        formats={"share": "share"},
    )
