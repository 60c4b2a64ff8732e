"""Drawings of the matrix: the groups on both axes, the places they take, and what decides the first."""

from __future__ import annotations

import pandas as pd

from segutils.attractiveness.acceptability import ANY, NEAR, TOGETHER, Acceptability
from segutils.attractiveness.matrix import Matrix
from segutils.attractiveness.matrix_words import list_verdicts, name_redrawn
from segutils.findings import Figure
from segutils.formats import format_value, join_words, plural

SURE = 0.995  # a share that is written as 100 %
FIRM_PLACE = 0.9  # share of draws in which a place is called kept
MAX_ROWS = 12  # groups in the drawing of places


def draw_matrix(matrix: Matrix, recommended: str, *, word: str, currency: str, level: float = 0.9) -> Figure:
    """Attractiveness by competitiveness, bubble = revenue, ellipses = other samples."""
    table, rules = matrix.table, matrix.stated.rules
    columns = ["name", "competitiveness", "attractiveness", "net_revenue"]
    ends = ["attractiveness_low", "attractiveness_high", "competitiveness_low", "competitiveness_high"]
    data = table[[*columns, *ends]].copy()
    passing = matrix.passing
    parts = join_words(list_verdicts(table, word=word))
    title = f"{parts}; {passing.name.iloc[0]} is ahead" if len(passing) > 1 else parts
    best, worst = table.iloc[0], table.iloc[-1]
    anew = "drawn anew" if matrix.samples.agreement is None else f"drawn and {word}s formed anew"
    return Figure(
        kind="scatter",
        data=data,
        x="competitiveness",
        y="attractiveness",
        low="attractiveness_low",
        high="attractiveness_high",
        x_low="competitiveness_low",
        x_high="competitiveness_high",
        series="name",
        size="net_revenue" if data.net_revenue.notna().all() else None,
        title=title,
        subtitle=f"{word.capitalize()}s, weighted scores from 0 (worst) to 1 (best); area: net revenue a "
        f"year, {currency}",
        alt=f"{plural(len(table), 'bubble')}. Highest {best['name']} (attractiveness "
        f"{best.attractiveness:.2f}, competitiveness {best.competitiveness:.2f}), lowest {worst['name']} "
        f"({worst.attractiveness:.2f}, {worst.competitiveness:.2f}).",
        caption=f"Ellipses: as wide and as high as the middle {format_value(level, 'share:0')} of samples in "
        f"which customers are {anew}. Both axes are cut in thirds: a target is strong on one and not weak on "
        "the other.",
        formats={"competitiveness": "number:2", "attractiveness": "number:2", "net_revenue": "money"},
        reference=rules.marks[1],
        reference_label="strong from here",
        highlight=recommended if recommended in set(table.name) else None,
    )


def draw_ranks(matrix: Matrix, *, word: str) -> tuple[Figure, ...]:
    """How often each group that keeps the limits takes each place."""
    accepted, passing = matrix.accepted, matrix.passing
    if len(passing) < 2:
        return ()
    names = passing.name.tolist()
    ranks = accepted.ranks[(accepted.ranks.cause == TOGETHER) & accepted.ranks.name.isin(names)]
    places = ranks.pivot(index="name", columns="rank", values="share").loc[names]
    sure = int((places.drop(columns=0).max(axis=1) >= FIRM_PLACE).sum())
    if sure == len(names):
        title = f"Every {word} keeps its place in 9 of 10 draws or more"
    elif sure:
        verb = "keeps its place" if sure == 1 else "keep their places"
        title = f"{sure} of {len(names)} {word}s {verb} in 9 of 10 draws; the order of the others is open"
    else:
        title = f"No {word} keeps its place in 9 of 10 draws: the order is open"
    shown = places.iloc[:MAX_ROWS, : min(len(names), MAX_ROWS) + 1]
    out = shown.pop(0)
    shown.columns = [str(rank) for rank in shown.columns]
    if out.max() > 0:
        shown = shown.assign(out=out)
    data = shown.rename_axis("name").reset_index().melt("name", var_name="place", value_name="share")
    data = data.sort_values("name", key=lambda column: column.map(names.index), kind="stable")
    first = f", the first {MAX_ROWS} of {len(names)}" if len(names) > MAX_ROWS else ""
    figure = Figure(
        kind="heatmap",
        data=data[["place", "name", "share"]].reset_index(drop=True),
        x="place",
        y="share",
        series="name",
        title=title,
        subtitle=f"Share of {accepted.draws:,} draws of {name_redrawn(matrix.samples, word)} in which each "
        f"{word} that keeps the limits takes each place{first}",
        alt=f"Matrix of {plural(len(shown), word)} by place. First most often: "
        f"{places[1].idxmax()} ({format_value(places[1].max(), 'share:0')}).",
        caption="Places by the weighted score"
        + ("; out: in that sample a limit is missed." if "out" in shown.columns else "."),
        formats={"share": "share:0"},
        highlight=names[0],
    )
    return (figure,)


def draw_firsts(matrix: Matrix, recommended: str, *, word: str) -> tuple[Figure, ...]:
    """How often the recommended target stays first, by what is varied."""
    accepted: Acceptability = matrix.accepted
    held = accepted.held(recommended)
    if not held or accepted.firsts.name.nunique() < 2:
        return ()
    samples = matrix.samples
    weights, sampled = held[NEAR], held[list(samples.redrawn)[-1]]
    shares = [format_value(share, "share:0") for share in (weights, sampled)]
    if min(weights, sampled) >= SURE:
        title = f"{recommended} stays first whatever the sample, and under all weights near those stated"
    elif weights < sampled:
        title = (
            f"{recommended} stays first in {shares[1]} of samples and under {shares[0]} of weights: the "
            "weights decide"
        )
    else:
        title = (
            f"{recommended} stays first under {shares[0]} of weights and in {shares[1]} of samples: the "
            "sample decides"
        )
    data = pd.DataFrame({"cause": list(held), "first_share": list(held.values())})
    data["cause"] = data.cause.str.capitalize()
    formed = "" if samples.agreement is None else " And segments: formed anew on each sample and matched."
    figure = Figure(
        kind="bar",
        data=data,
        x="cause",
        y="first_share",
        title=title,
        subtitle=f"Share of {accepted.draws:,} random weights and of {len(samples.widest)} samples in which "
        f"the recommended {word} is first",
        alt=f"Bars: {join_words([f'{r.cause} {r.first_share:.0%}' for r in data.itertuples()])}.",
        caption=f"{NEAR.capitalize()}: around those stated; {ANY}: as if nobody had stated any. Other "
        f"customers: drawn with replacement.{formed}",
        formats={"first_share": "share:0"},
    )
    return (figure,)
