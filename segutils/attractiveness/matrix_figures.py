"""Drawings of the matrix: the groups on both axes, the places they take, and what decides the first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.attractiveness.acceptability import ANY, NEAR, TOGETHER, Acceptability
from segutils.attractiveness.matrix import Matrix
from segutils.attractiveness.matrix_words import list_verdicts, name_redrawn
from segutils.attractiveness.rules import AXES
from segutils.findings import Figure
from segutils.formats import format_value, join_words, plural
from segutils.statistics import portfolio

SURE = 0.995  # a share that is written as 100 %
FIRM_PLACE = 0.9  # share of draws in which a place is called kept
MAX_ROWS = 12  # groups in the drawing of places
MAX_BUBBLES = 25  # groups in the matrix, those with the highest scores
MAX_NAMED = 3  # groups that are named one by one


def draw_matrix(matrix: Matrix, recommended: str, *, word: str, currency: str, level: float = 0.9) -> Figure:
    """Attractiveness by competitiveness, bubble = revenue, ellipses = other samples."""
    table, rules, passing = matrix.table, matrix.stated.rules, matrix.passing
    shown = (passing if len(passing) else table).dropna(subset=list(AXES)).head(MAX_BUBBLES)
    data = shown[["name", "competitiveness", "attractiveness", "net_revenue"]]
    data = data.merge(span_ellipses(matrix, shown.name.tolist(), level=level), on="name")
    parts = join_words(list_verdicts(table, word=word))
    title = f"{parts}; {passing.name.iloc[0]} is ahead" if len(matrix.level) == 1 < len(passing) else parts
    best, worst = shown.iloc[0], shown.iloc[-1]
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
        alt=f"{plural(len(shown), 'bubble')}. Highest {best['name']} (attractiveness "
        f"{best.attractiveness:.2f}, competitiveness {best.competitiveness:.2f}), lowest {worst['name']} "
        f"({worst.attractiveness:.2f}, {worst.competitiveness:.2f}).",
        caption=f"Each ellipse holds {format_value(level, 'share:0')} of the samples in which customers are "
        f"{anew}. Both axes are cut in thirds: a target is strong on one and not weak on the other."
        + _say_left_out(table, shown, word),
        formats={"competitiveness": "number:2", "attractiveness": "number:2", "net_revenue": "money"},
        reference=rules.marks[1],
        reference_label="strong from here",
        highlight=recommended if recommended in set(shown.name) else None,
    )


def span_ellipses(matrix: Matrix, names: Sequence[str], *, level: float) -> pd.DataFrame:
    """Ellipses that hold this share of the samples: on both axes at once, not on each by itself.

    Parameters
    ----------
    matrix : Matrix
    names : sequence of str
        Groups of which something is known on both axes.
    level : float

    Returns
    -------
    pandas.DataFrame
        ``name`` and the ends of the ellipse on both axes; as long as the samples spread on each axis, and so
        large together that `level` of them lie within.
    """
    judged = portfolio.judge_groups(matrix.samples.widest, matrix.samples.measures, matrix.stated.rules)
    columns: dict[str, object] = {"name": list(names)}
    members = [matrix.samples.names.index(name) for name in names]
    spread = np.stack([getattr(judged, axis)[:, members] for axis in AXES], axis=-1)
    centre, width = np.nanmean(spread, axis=0), np.nanstd(spread, axis=0)
    apart = np.divide(spread - centre, width, out=np.zeros(spread.shape), where=width > 0)
    size = np.sqrt(np.nanquantile((apart**2).sum(axis=-1), level, axis=0))[:, None] * width
    for n, axis in enumerate(AXES):
        columns |= {f"{axis}_low": centre[:, n] - size[:, n], f"{axis}_high": centre[:, n] + size[:, n]}
    return pd.DataFrame(columns)


def _say_left_out(table: pd.DataFrame, shown: pd.DataFrame, word: str) -> str:
    """Who is not drawn, and why."""
    out = table.name[(table.missed != "") & ~table.name.isin(shown.name)].tolist()
    behind = len(table) - len(shown) - len(out)
    text = ""
    if out:
        who = join_words(out) if len(out) <= MAX_NAMED else plural(len(out), word)
        text += f" Not drawn, as a limit is missed: {who}."
    return f"{text} Not drawn, further behind or not known: {plural(behind, word)}." if behind else text


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
