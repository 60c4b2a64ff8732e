"""What sales people and interviewed customers say where two names contradict each other."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu
from scipy.stats import t as student

from segutils.formats import format_value, plural
from segutils.objectives.boundaries.taxonomy_rulings import SPLIT
from segutils.statistics.multiplicity import adjust_holm

LEAST_RATERS, LEAST_INTERVIEWS = 5, 5


def score_realism(feedback: ir.Table, names: Sequence[str], *, confidence: float = 0.95) -> pd.DataFrame:
    """Which names do sales people find less real than the others?

    Every rater's rating of a name is held against the same rater's mean of all other names, so that severe
    raters do not count against the names they happened to rate; Student's t over raters, Bonferroni over
    names.

    Parameters
    ----------
    feedback : ibis table
        ``rep_id, realism, segment`` (a name).
    names : sequence of str
        The names of one grouping.
    confidence : float
        Of all intervals together.

    Returns
    -------
    pandas.DataFrame
        ``name, raters, mean`` (rating), ``difference, low, high`` (to the same raters' other ratings), lowest
        difference first; empty where fewer than two of the names were rated.
    """
    columns = ["name", "raters", "mean", "difference", "low", "high"]
    if "segment" not in feedback.columns:
        return pd.DataFrame(columns=columns)
    frame = feedback.select("rep_id", "segment", "realism").to_pandas().dropna()
    frame = frame[frame.segment.isin(list(names))].astype({"realism": float})
    wide = frame.groupby(["rep_id", "segment"]).realism.mean().unstack().sort_index()
    rows = []
    for name in wide.columns if wide.shape[1] > 1 else ():
        others = wide.drop(columns=name).mean(axis=1)
        gaps = (wide[name] - others).dropna()
        if len(gaps) < LEAST_RATERS:
            continue
        tail = (1 - confidence) / 2 / wide.shape[1]
        half = student.ppf(1 - tail, len(gaps) - 1) * gaps.std() / np.sqrt(len(gaps))
        middle = gaps.mean()
        rows.append((name, len(gaps), wide[name].mean(), middle, middle - half, middle + half))
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("difference", kind="stable", ignore_index=True)


def compare_themes(
    interviews: ir.Table, labels: pd.DataFrame, *, cell: tuple[str, str], core: tuple[str, str]
) -> pd.DataFrame:
    """Of what do interviewed customers of a contested cell speak more than those of a core?

    Parameters
    ----------
    interviews : ibis table
        ``customer_id, theme``, one row per coded passage.
    labels : pandas.DataFrame
        ``customer_id, first, second``.
    cell, core : tuple of str
        First and second name of the customers compared.

    Returns
    -------
    pandas.DataFrame
        ``theme, cell_share, core_share`` (mean share of a customer's passages, 0-1), ``cell_customers,
        core_customers, p_holm`` (Mann-Whitney over customers, Holm over themes), largest difference first;
        empty where either side has fewer than five interviewed customers.
    """
    columns = ["theme", "cell_share", "core_share", "cell_customers", "core_customers", "p_holm"]
    coded = interviews.select("customer_id", "theme").to_pandas().dropna()
    shares = pd.crosstab(coded.customer_id, coded.theme, normalize="index")
    known = labels.set_index("customer_id").reindex(shares.index)
    ours, theirs = (
        shares[(known["first"] == pair[0]) & (known["second"] == pair[1])] for pair in (cell, core)
    )
    if min(len(ours), len(theirs)) < LEAST_INTERVIEWS:
        return pd.DataFrame(columns=columns)
    table = pd.DataFrame(
        {
            "theme": shares.columns,
            "cell_share": ours.mean().to_numpy(),
            "core_share": theirs.mean().to_numpy(),
            "cell_customers": len(ours),
            "core_customers": len(theirs),
            "p_holm": adjust_holm([mannwhitneyu(ours[name], theirs[name]).pvalue for name in shares.columns]),
        }
    )
    gap = (table.cell_share - table.core_share).abs()
    return table.assign(gap=gap).sort_values("gap", ascending=False, kind="stable", ignore_index=True)[
        columns
    ]


def list_voices(
    cells: pd.DataFrame,
    crosswalk: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    feedback: ir.Table | None = None,
    interviews: ir.Table | None = None,
    max_p: float = 0.05,
) -> list[str]:
    """What do people say of the contested names: sentences, each with its figures?

    Parameters
    ----------
    cells : pandas.DataFrame
        From :func:`~segutils.objectives.boundaries.taxonomy_rulings.score_cells`.
    crosswalk, labels : pandas.DataFrame
    feedback, interviews : ibis table, optional
        As in :func:`score_realism` and :func:`compare_themes`.
    max_p : float
        Largest adjusted p-value of a theme that is reported.

    Returns
    -------
    list of str
        Empty where nobody was asked.
    """
    found: list[str] = []
    for side in ("second", "first") if feedback is not None else ():
        rated = score_realism(feedback, list(dict.fromkeys(crosswalk[side])))
        if len(rated):
            found.append(_say_realism(rated))
            break
    partners = crosswalk[crosswalk.matched].set_index("second")["first"]
    for cell in cells[cells.ruling == SPLIT].itertuples() if interviews is not None else ():
        if cell.second not in partners.index:
            continue
        core = (partners[cell.second], cell.second)
        themes = compare_themes(interviews, labels, cell=(cell.first, cell.second), core=core)
        if len(themes):
            found.append(_say_themes(themes, cell.first, cell.second, core[0], max_p=max_p))
    return found


def _say_themes(themes: pd.DataFrame, first: str, second: str, core: str, *, max_p: float) -> str:
    top = themes.iloc[0]
    asked = f"{plural(int(top.cell_customers), 'customer')} of {first} in {second}"
    others = f"{int(top.core_customers)} of {core} in {second}"
    strong = themes[themes.p_holm <= max_p]
    if strong.empty:
        told = f"{asked} and {others} speak of no theme surely more or less often"
        return f"Interviews are too few to tell: {told}."
    top = strong.iloc[0]
    return (
        f"Interviews: “{top.theme}” is {format_value(top.cell_share, 'share:0')} of what {asked} say, "
        f"against {format_value(top.core_share, 'share:0')} of {others} (p {_write_p(top.p_holm)}, for all "
        "themes together)."
    )


def _say_realism(rated: pd.DataFrame) -> str:
    low, high = rated.iloc[0], rated.high
    mean = format_value(low["mean"], "number:1")
    if high.iloc[0] >= 0:
        return (
            f"{plural(int(rated.raters.max()), 'sales person', 'sales people')} rated the names: none is "
            f"rated surely lower than the others (lowest: {low['name']}, {mean})."
        )
    return (
        f"{plural(int(low.raters), 'sales person', 'sales people')} find {low['name']} the least real: "
        f"{mean} on their scale, {format_value(-low.difference, 'number:1')} below what they give the other "
        f"names ({format_value(-low.high, 'number:1')} to {format_value(-low.low, 'number:1')})."
    )


def _write_p(value: float) -> str:
    return "below 0.001" if value < 0.001 else format_value(value, "number:3")
