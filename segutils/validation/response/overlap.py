"""Where do segments overlap: in their customers, their campaigns, and what they buy?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from segutils.findings import Finding, Need
from segutils.validation.response import overlap_words as words
from segutils.validation.response.ambiguity import MIXTURE, Ambiguity, limit_ambiguity, say_ambiguity
from segutils.validation.response.closeness import score_shared_reach

SLUG = "overlap"
MAX_COLUMNS = 8  # of the table shown; the pairs that are handed on have all
FORMATS = {
    "overlap": "share",
    "at_border": "count",
    "mistaken": "share",
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
    "mistaken": "Taken for each other",
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
    ambiguity: Ambiguity | None = None,
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
    ambiguity : Ambiguity, optional
        From :func:`~segutils.validation.response.ambiguity.score_ambiguity`.

    Returns
    -------
    pandas.DataFrame
        first, second, overlap (both directions, weighted by customers), at_border, mistaken (share of the
        customers of both who are taken for the other, by probability), shared_reach, collisions (customers),
        first_buys_second, second_buys_first; NaN where it cannot be told. Closest pair first.
    """
    told = ambiguity is not None and ambiguity.told
    taken = ambiguity.pairs.set_index(["segment", "other"])["mistaken"] if told else None
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
                "mistaken": float(np.average(taken.loc[[(a, b), (b, a)]], weights=weights))
                if taken is not None and sum(weights)
                else np.nan,
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
    ambiguity: Ambiguity | None = None,
    algorithm: str = "k-means",
    border: float = 0.8,
    min_sure: float = 0.8,
    max_border_share: float = 0.2,
    min_replaced: float = 0.25,
    audience_index: float = 1.5,
    window_days: int = 30,
) -> Finding:
    """Where do segments overlap, so that a message or an offer for one meets another?

    Membership is read twice: by distances to centres (shadow values), and by the probabilities of a mixture
    that gives each segment its own width. Distances lead, because a customer is put to the nearest centre;
    probabilities lead where a Gaussian mixture found the segments.

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
    ambiguity : Ambiguity, optional
        From :func:`~segutils.validation.response.ambiguity.score_ambiguity`.
    algorithm : str
        What found the segments.
    border : float
        Shadow from which on a customer is at the border.
    min_sure : float
        Probability below which a customer's membership is unsure.
    max_border_share : float
        Share of customers at a border (or unsure, where probabilities lead) from which on it is a caution.
    min_replaced : float
        Share of a segment's purchases in another's core from which on an offer for the other is expected to
        replace some of them.
    audience_index : float
        What `audiences` was found with.
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
    leads = algorithm == MIXTURE and ambiguity is not None and ambiguity.told
    order = pairs.sort_values("mistaken", ascending=False, kind="stable") if leads else pairs
    shown = _choose_columns(pairs, leads=leads)
    closest, widest = pairs.iloc[0], by_segment.iloc[0]
    doubtful = float(ambiguity.unsure(min_sure).mean()) if leads else share
    return Finding(
        slug=SLUG,
        status="caution" if doubtful > max_border_share else "pass",
        headline=words.say_headline(order, near, ambiguity if leads else None, min_sure=min_sure),
        table=order.head(words.MAX_PAIRS)[shown].reset_index(drop=True),
        formats={column: fmt for column, fmt in FORMATS.items() if column in shown},
        labels=LABELS,
        figures=(words.draw_matrix(overlap, closest), words.draw_border(by_segment, widest, border)),
        notes=(
            *(() if ambiguity is None else (say_ambiguity(ambiguity, pairs, min_sure=min_sure),)),
            *words.list_notes(
                pairs,
                core,
                audiences,
                min_replaced=min_replaced,
                audience_index=audience_index,
                window_days=window_days,
            ),
        ),
        limits=(
            "An overlap is a distance between customers as the segmentation sees them; in what it does not "
            "look at they can be alike or not.",
            *(() if ambiguity is None else limit_ambiguity(ambiguity)),
            *(
                (
                    "Purchases in another segment's core categories are a proxy: they say where an offer "
                    "for one meets the other, not how many would switch.",
                )
                if pairs["first_buys_second"].notna().any()
                else ()
            ),
        ),
        needs=tuple(_list_needs(pairs)),
    )


def _choose_columns(pairs: pd.DataFrame, *, leads: bool) -> list[str]:
    """The columns that can be told, at most eight: collisions that nobody had, then a second count, go."""
    told = [column for column in FORMATS if pairs[column].notna().any()]
    spare = ["collisions"] if not pairs["collisions"].fillna(0).any() else []
    spare += ["overlap" if leads else "at_border", "collisions"]
    while len(told) + 2 > MAX_COLUMNS and spare:
        dropped = spare.pop(0)
        told = [column for column in told if column != dropped]
    return ["first", "second", *told]


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
