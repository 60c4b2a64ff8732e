"""Words and drawings of ``overlap``."""

from __future__ import annotations

import pandas as pd

from segutils.findings import Figure
from segutils.formats import format_value, join_words, plural
from segutils.validation.response.ambiguity import Ambiguity, say_unsure

MAX_PAIRS = 10


def say_headline(
    order: pd.DataFrame, near: pd.DataFrame, ambiguity: Ambiguity | None, *, min_sure: float
) -> str:
    """How many are between segments, and between which; by probability where `ambiguity` is given."""
    first, second = order.iloc[0][["first", "second"]]
    share = format_value(float(near["border"].mean()), "share:0")
    if ambiguity is not None:
        said = say_unsure(ambiguity, min_sure)
        return f"{said}, most often between {first} and {second}; by distance {share} are at a border."
    if not near["border"].any():
        return "No customer is at the border to another segment: membership is clear throughout."
    return (
        f"{share} of customers are at the border to another segment, most often between {first} and {second}."
    )


def list_notes(
    pairs: pd.DataFrame,
    core: pd.DataFrame | None,
    audiences: pd.Series | None,
    *,
    min_replaced: float,
    audience_index: float,
    window_days: int,
) -> list[str]:
    """Which campaigns meet, what an offer would replace, and what each segment's core is."""
    notes = []
    if pairs["shared_reach"].notna().any():
        most = pairs.loc[pairs["shared_reach"].idxmax()]
        notes.append(
            f"{most['first']} and {most['second']} get the most alike campaigns: where one of them is "
            f"reached, the other is to {format_value(most['shared_reach'], 'share:0')}."
        )
    if audiences is not None and pairs["collisions"].notna().any():
        notes.append(_say_collisions(pairs, audiences, audience_index, window_days))
    if pairs["first_buys_second"].notna().any():
        notes.append(_say_replaced(pairs, min_replaced))
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
    return notes


def _say_replaced(pairs: pd.DataFrame, min_replaced: float) -> str:
    """Where an offer for one segment meets what another buys, and whether that is much."""
    ways = [(row.first_buys_second, row.first, row.second) for row in pairs.itertuples()] + [
        (row.second_buys_first, row.second, row.first) for row in pairs.itertuples()
    ]
    share, buyer, owner = max((way for way in ways if pd.notna(way[0])), key=lambda way: way[0])
    met = format_value(share, "share:0")
    if share >= min_replaced:
        return (
            f"An offer built on the core of {owner} meets {met} of what {buyer} buys: expect it to replace "
            "purchases there first (a proxy for cannibalisation)."
        )
    return (
        f"An offer built on a segment's core meets little of what others buy: at most {met}, the core of "
        f"{owner} with {buyer}. That is no sign of cannibalisation (from "
        f"{format_value(min_replaced, 'share:0')} on it would be)."
    )


def _say_collisions(
    pairs: pd.DataFrame, audiences: pd.Series, audience_index: float, window_days: int
) -> str:
    """Whether campaigns of two segments met in the same customers; whose a campaign is was told by reach."""
    own = audiences[audiences != ""]
    said = (
        f"{len(own) or 'None'} of {plural(len(audiences), 'campaign')} reached one segment at least "
        f"{audience_index:g} times as much as all customers (an audience is told here by who was reached, "
        "not by what was planned)"
    )
    if own.nunique() < 2:
        return f"{said}, so messages of two segments could not collide."
    worst = pairs.loc[pairs["collisions"].idxmax()]
    if worst["collisions"] == 0:
        return f"{said}; no customer got two that are of different segments within {window_days} days."
    return (
        f"{said}; {plural(int(worst['collisions']), 'customer')} got one of {worst['first']} and one of "
        f"{worst['second']} within {window_days} days."
    )


def draw_matrix(overlap: pd.DataFrame, closest: pd.Series) -> Figure:
    """How much each segment leans towards each other."""
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


def draw_border(by_segment: pd.DataFrame, widest: pd.Series, border: float) -> Figure:
    """How many of each segment's customers are at its border."""
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
