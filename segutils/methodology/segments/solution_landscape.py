"""Was the solution found by luck, and which of its segments do all nearly as good solutions have?"""

import numpy as np
import pandas as pd

from segutils.findings import Figure, Finding, Status
from segutils.formats import format_value, join_words, plural
from segutils.methodology.segments.landscape import Landscape
from segutils.statistics import agreement
from segutils.statistics.kmeans import Solution, assign_nearest
from segutils.statistics.segment_model import SegmentModel

SLUG = "solution-landscape"
MAX_LUCK = 0.05  # a best solution that fewer starts find may well not be the best there is
MIN_SAME = 0.99  # adjusted Rand index from which on two solutions are one
MIN_SURVIVES = 0.75  # Hennig 2008: valid
FORMATS = {"customers": "count", "survival": "number:2", "survives": "flag"}
LABELS = {
    "survival": "Least likeness in a nearly as good solution (Jaccard)",
    "survives": "In all of them",
}


def list_solutions(points: np.ndarray, solution: Solution, *, near: float = 0.01) -> pd.DataFrame:
    """Which different solutions did the search end in, how good are they, and how often was each found?

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature, scaled.
    solution : Solution
        With all its restarts.
    near : float
        Restarts within this relative distance of the best sum of squares are looked at.

    Returns
    -------
    pandas.DataFrame
        One row per different solution, best first: ``excess`` (its sum of squares over the best one, less 1),
        ``found_share`` (of all restarts), ``agreement`` (adjusted Rand index with the best), ``restart`` (the
        first that found it). Solutions that agree at 0.99 or more are one.
    """
    close = np.flatnonzero(solution.found_best(tolerance=near))
    close = close[np.argsort(solution.inertias[close], kind="stable")]
    labels = assign_nearest(points, solution.restart_centres[close]).astype(int)
    rows: list[dict] = []
    kept: list[np.ndarray] = []
    for restart, row in zip(close, labels, strict=True):
        same = [i for i, known in enumerate(kept) if agreement.adjusted_rand(known, row) >= MIN_SAME]
        if same:
            rows[same[0]]["found_share"] += 1 / len(solution.inertias)
            continue
        kept.append(row)
        rows.append(
            {
                "excess": float(solution.inertias[restart] / solution.inertia - 1)
                if solution.inertia
                else 0.0,
                "found_share": 1 / len(solution.inertias),
                "agreement": agreement.adjusted_rand(kept[0], row),
                "restart": int(restart),
            }
        )
    return pd.DataFrame(rows)


def check_solutions(
    landscape: Landscape, model: SegmentModel, *, max_luck: float = MAX_LUCK, near: float = 0.01
) -> Finding:
    """How far does the chosen cut rest on where the search happened to start?

    Parameters
    ----------
    landscape : Landscape
        From :func:`segutils.methodology.segments.landscape.fit_landscape`.
    model : SegmentModel
        The chosen segments.
    max_luck : float
        A best solution found by no more than this share of the starts is called found by luck.
    near : float
        Solutions within this relative distance of the best sum of squares are nearly as good.

    Returns
    -------
    Finding
        Table: ``segment, customers, survival`` (smallest of the largest Jaccard coefficients with a segment
        of each nearly as good solution), ``survives`` (at least 0.75 everywhere, Hennig 2008).
    """
    k = len(model.names)
    if k < 2:
        return Finding(
            slug=SLUG,
            status="info",
            headline="There is one segment, so no search could have missed a better one.",
            table=pd.DataFrame(columns=["segment"]),
        )
    solution, points = landscape.solutions[k], landscape.points
    found = list_solutions(points, solution, near=near)
    chosen = assign_nearest(points, model.centres).astype(int)
    others = assign_nearest(points, solution.restart_centres[found["restart"]]).astype(int)
    survival = np.min([agreement.best_jaccard(chosen, row, segments=k) for row in others], axis=0)
    table = pd.DataFrame(
        {
            "segment": model.names,
            "customers": np.bincount(chosen, minlength=k),
            "survival": survival,
            "survives": survival >= MIN_SURVIVES,
        }
    )
    best = float(solution.found_best().mean())
    return Finding(
        slug=SLUG,
        status=_rate(table, best, max_luck=max_luck),
        headline=_say_headline(table, found, best, starts=len(solution.inertias), max_luck=max_luck),
        table=table,
        formats=FORMATS,
        labels=LABELS,
        figures=(_plot_starts(solution, near=near),),
        notes=_list_notes(found, solution, near=near),
        limits=(
            "The landscape is that of k-means: what another algorithm's search would miss is not seen here.",
        ),
    )


def _rate(table: pd.DataFrame, best: float, *, max_luck: float) -> Status:
    if not table["survives"].any():
        return "fail"
    return "pass" if best > max_luck and table["survives"].all() else "caution"


def _say_headline(
    table: pd.DataFrame, found: pd.DataFrame, best: float, *, starts: int, max_luck: float
) -> str:
    share = format_value(best, "share:0")
    rivals = len(found) - 1
    lost = table.loc[~table["survives"], "segment"].tolist()
    luck = "was found by luck" if best <= max_luck else "was not found by luck"
    first = f"The best solution {luck}: {share} of {starts} starts of the search ended in it"
    if not rivals:
        return f"{first}, and no other is nearly as good."
    also = plural(rivals, "other solution is", "other solutions are")
    if not lost:
        least = float(table["survival"].min())
        alike = (
            "the same segments"
            if least >= MIN_SAME
            else f"nearly the same segments (survival {_floor(least)} or more)"
        )
        return f"{first}; {also} nearly as good and {'has' if rivals == 1 else 'have'} {alike}."
    if len(lost) == len(table):
        return f"{first}; {also} nearly as good, and no segment is in all of them."
    missing = f"{join_words(lost)} {'is' if len(lost) == 1 else 'are'} not in all of them"
    return f"{first}; {also} nearly as good, and {missing}."


def _floor(value: float) -> str:
    """Two decimals, rounded down: nothing is below what is said to be the least."""
    return format_value(np.floor(100 * value + 1e-9) / 100, "number:2")


def _list_notes(found: pd.DataFrame, solution: Solution, *, near: float) -> list[str]:
    close = format_value(near, "share:0")
    inside = format_value(float(solution.found_best(tolerance=near).mean()), "share:0")
    where = "all in the same solution" if len(found) == 1 else f"in {len(found)} different solutions"
    notes = [f"{inside} of the starts ended within {close} of the best sum of squares, {where}."]
    if len(found) > 1:
        rest = found.iloc[1:]
        low, high = (format_value(value, "share:2") for value in (rest["excess"].min(), rest["excess"].max()))
        notes.append(
            f"The others are {low} to {high} worse and agree with the best at "
            f"{rest['agreement'].min():.2f} to {rest['agreement'].max():.2f} (adjusted Rand index)."
        )
    worst = format_value(float(solution.inertias.max() / solution.inertia - 1), "share:1")
    notes.append(f"A single start could have ended in a solution {worst} worse than the best.")
    return notes


def _plot_starts(solution: Solution, *, near: float) -> Figure:
    excess = np.sort(solution.inertias / solution.inertia - 1)
    share = np.arange(1, len(excess) + 1) / len(excess)
    best = format_value(float(solution.found_best().mean()), "share:0")
    return Figure(
        kind="line",
        data=pd.DataFrame({"starts": share, "excess": excess}),
        x="starts",
        y="excess",
        title=f"{best} of the starts found the best solution; the worst missed it by "
        f"{format_value(float(excess[-1]), 'share:1')}",
        subtitle=f"Sum of squares over the best one's, by share of {len(excess)} starts of the search, best "
        "first",
        alt=f"{best} of starts are at the best sum of squares; the median start is "
        f"{format_value(float(np.median(excess)), 'share:1')} above it.",
        caption=f"Solutions within {format_value(near, 'share:0')} of the best count as nearly as good.",
        formats={"starts": "share:0", "excess": "share:1"},
    )
