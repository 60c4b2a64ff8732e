"""Slug ``sales-realism``: does the front line recognise the segments, and which must be reworked first?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from segutils.findings import Decision, Figure, Finding, Need, Override
from segutils.formats import format_value, join_words, plural
from segutils.statistics.decisions import check_override
from segutils.statistics.krippendorff import FIRM, TENTATIVE, Alpha, measure_alpha
from segutils.validation.fit.feedback import FITS, MISFITS, SEGMENT, find_saying
from segutils.validation.fit.severity import Separated, fit_effects, separate_raters

SLUG = "sales-realism"
ACCEPT = "Accept the segments"
REWORK, REAL, UNSURE = "rework", "real", "ask again"
NEED = Need(
    question="How real do the people who sell find each segment, from 1 to 5?",
    table="sales_feedback",
    columns=("rep_id", "segment", "customer_id", "realism", "comment"),
)
FORMATS = {
    "ratings": "count",
    "raters": "count",
    "mean": "number:1",
    "adjusted": "number:1",
    "low": "number:1",
    "high": "number:1",
}
LABELS = {
    "item": "Segment as rated",
    "mean": "Mean rating",
    "adjusted": "Without the rater's severity",
    "low": "From",
    "high": "To",
    "holds": "Holds of ours",
}


def decide_sales_realism(
    ratings: pd.DataFrame | None,
    filing: pd.DataFrame | None,
    *,
    min_realism: float = 3.0,
    resamples: int = 500,
    confidence: float = 0.95,
    override: Override | None = None,
    seed: int = 0,
) -> Finding:
    """Do those who sell find the segments real, do they agree, and which segments should be reworked?

    A segment is to be reworked where its rating, without the raters' severity, lies below the mark with its
    whole interval; it is real where the interval lies above.

    Parameters
    ----------
    ratings : pandas.DataFrame, optional
        From :func:`~segutils.validation.fit.feedback.build_ratings`.
    filing : pandas.DataFrame, optional
        From :func:`~segutils.validation.fit.feedback.count_filing`.
    min_realism : float
        The scale's middle: 3 of 5.
    resamples : int
        Samples of the raters.
    confidence : float
        Of the intervals.
    override : Override, optional
    seed : int

    Returns
    -------
    Finding
        One row per rated segment. Agreement is Krippendorff's alpha for ordinal ratings. ``not_run`` without
        ratings.
    """
    if ratings is None or ratings.empty:
        return Finding(
            slug=SLUG,
            status="not_run",
            headline="Whether the front line recognises the segments is not known: nobody was asked.",
            table=pd.DataFrame(columns=["item"]),
            needs=(NEED,),
        )
    rated = _list_rated(ratings)
    apart = separate_raters(ratings, confidence=confidence)
    alpha = measure_alpha(
        rated.rename(columns={"item": "unit"}), resamples=resamples, confidence=confidence, seed=seed
    )
    table = apart.items[apart.items["item"].isin(rated["item"])].reset_index(drop=True)
    table["verdict"] = _judge(table, min_realism)
    table = table.merge(
        (
            filing if filing is not None else pd.DataFrame(columns=["label", "holds", "held", "customers"])
        ).rename(columns={"label": "item"}),
        on="item",
        how="left",
    )
    table = table.sort_values("adjusted", ascending=False, kind="stable", ignore_index=True)
    sets = _resample(ratings, table["item"].tolist(), min_realism=min_realism, confidence=confidence,
                     resamples=resamples, seed=seed)  # fmt: skip
    rework = table["item"][table.verdict == REWORK].tolist()
    options = _list_options(sets, rework, table)
    choice = _name_option(rework)
    decision = Decision(
        question="Which segments are reworked before the front line is asked to use them?",
        options=options,
        recommendation=choice,
        robustness=_say_robustness(choice, sets, rework, table, min_realism=min_realism),
        robustness_share=sets.get(tuple(sorted(rework)), 0.0),
        override=check_override(override, options.option.tolist(), slug=SLUG),
        formats={"score": "share:0", "segments": "count", "lowest_kept": "number:1"},
    )
    shown = table[["item", "ratings", "raters", "mean", "adjusted", "low", "high", "verdict", "holds"]]
    shown = shown.dropna(axis=1, how="all")
    firm = alpha.value >= TENTATIVE
    return Finding(
        slug=SLUG,
        status="fail" if len(rework) == len(table) else "caution" if rework or not firm else "pass",
        headline=_say_headline(table, decision, alpha, ratings),
        table=shown,
        formats={name: fmt for name, fmt in FORMATS.items() if name in shown.columns},
        labels=LABELS,
        figures=_draw(table, apart, min_realism=min_realism, confidence=confidence),
        decision=decision,
        notes=_list_notes(table, apart, alpha, ratings, min_realism=min_realism),
        limits=(
            "Sales knows its own names, not these segments: what is rated is the grouping in use, and ours "
            "are "
            "judged by what they keep together and apart.",
            "A rating says whether a segment is recognised, not whether it pays.",
        ),
        needs=() if (ratings.kind == SEGMENT).any() else (NEED,),
    )


def _list_rated(ratings: pd.DataFrame) -> pd.DataFrame:
    """Ratings of segments; where there are none, those of customers, by their segment."""
    named = ratings[ratings.kind == SEGMENT]
    return named if len(named) else ratings


def _judge(table: pd.DataFrame, min_realism: float) -> np.ndarray:
    return np.select([table.high < min_realism, table.low >= min_realism], [REWORK, REAL], UNSURE)


def _resample(
    ratings: pd.DataFrame,
    items: list[str],
    *,
    min_realism: float,
    confidence: float,
    resamples: int,
    seed: int,
) -> dict[tuple[str, ...], float]:
    """How often would other raters have sent which segments back?"""
    rng = np.random.default_rng(seed)
    item, rater = pd.Categorical(ratings["item"]), pd.Categorical(ratings["rater"])
    names, people = np.array(item.categories, dtype=object), len(rater.categories)
    rows = [np.flatnonzero(rater.codes == n) for n in range(people)]
    answer = ratings["rating"].to_numpy(dtype=float)
    found: dict[tuple[str, ...], int] = {}
    for _ in range(resamples):
        drawn = rng.integers(0, people, people)
        used = np.concatenate([rows[n] for n in drawn])
        copies = np.repeat(np.arange(people), [len(rows[n]) for n in drawn])
        fitted = fit_effects(
            item.codes[used], copies, answer[used], items=len(names), raters=people, confidence=confidence
        )
        low = fitted.items + fitted.half < min_realism
        back = tuple(sorted(name for name in names[low] if name in items))
        found[back] = found.get(back, 0) + 1
    return {back: count / resamples for back, count in found.items()}


def _name_option(rework: list[str] | tuple[str, ...]) -> str:
    return f"Rework {join_words(sorted(rework))}" if rework else ACCEPT


def _list_options(sets: dict[tuple[str, ...], float], rework: list[str], table: pd.DataFrame) -> pd.DataFrame:
    """The recommended set, accepting all, and what else resamples lead to in one of twenty."""
    wanted = [tuple(sorted(rework)), (), *(back for back, share in sets.items() if share >= 0.05)]
    rows = []
    for back in dict.fromkeys(wanted):
        kept = table[~table["item"].isin(back)]
        rows.append((_name_option(back), sets.get(back, 0.0), len(back), kept.adjusted.min()))
    found = pd.DataFrame(rows, columns=["option", "score", "segments", "lowest_kept"])
    return found.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def _say_headline(table: pd.DataFrame, decision: Decision, alpha: Alpha, ratings: pd.DataFrame) -> str:
    if decision.choice != decision.recommendation:
        own, led = _lower(decision.choice), _lower(decision.recommendation)
        return f"The client decides: {own}; the ratings lead to: {led}."
    real, rework = (int((table.verdict == word).sum()) for word in (REAL, REWORK))
    people = plural(ratings.rater.nunique(), "sales person", "sales people")
    strategy = "holds" in table.columns and table.holds.notna().any()
    kind = "strategy segments in use" if strategy else "segments"
    if not rework:
        return (
            f"{people} find {'all' if real == len(table) else f'{real} of the'} {len(table)} {kind} real; "
            f"their agreement is {_say_alpha(alpha)}."
        )
    worst = table[table.verdict == REWORK].iloc[::-1]
    listed = join_words([f"{r.item} ({r.adjusted:.1f} of 5)" for r in worst.itertuples()])
    split = ""
    if len(worst) == 1 and worst.held.iloc[0] > 1:
        split = f", which our segments split into {join_words(_codes(worst.holds.iloc[0]))}"
    return f"{people} find {real} of the {len(table)} {kind} real, but not {listed}{split}."


def _say_alpha(alpha: Alpha) -> str:
    if np.isnan(alpha.value):
        return "not known (nothing was rated twice)"
    return f"{alpha.reading} (alpha {alpha.value:.2f})"


def _say_robustness(
    choice: str,
    sets: dict[tuple[str, ...], float],
    rework: list[str],
    table: pd.DataFrame,
    *,
    min_realism: float,
) -> str:
    share = format_value(sets.get(tuple(sorted(rework)), 0.0), "share:0")
    text = f"In {share} of other samples of the raters the same segments would be sent back."
    gap = (table.adjusted - min_realism).abs()
    near = table.loc[gap.idxmin()]
    return (
        f"{text} What flips it: another mark than {min_realism:.1f}; nearest to it is {near['item']} "
        f"({near.adjusted:.1f}, {near.low:.1f} to {near.high:.1f})."
    )


def _list_notes(
    table: pd.DataFrame, apart: Separated, alpha: Alpha, ratings: pd.DataFrame, *, min_realism: float
) -> list[str]:
    notes = []
    per = round(float(table.raters.mean()))
    if not np.isnan(alpha.value):
        notes.append(
            f"Agreement on segments (Krippendorff's alpha, ordinal): {alpha.value:.2f}, {alpha.low:.2f} to "
            f"{alpha.high:.2f} over other samples of the raters; {FIRM} counts as firm, {TENTATIVE:.2f} as "
            "tentative. "
            + (
                f"Single ratings are not reliable; means of about {per} raters are read with their intervals."
                if alpha.value < TENTATIVE
                else ""
            )
        )
    items = apart.items.set_index("item")
    if {FITS, MISFITS} <= set(items.index):
        fits, other = items.loc[FITS], items.loc[MISFITS]
        clear = fits.low > other.high
        end = (
            ": sales sees the same groups as the segmentation."
            if clear
            else ": ratings of single customers do not tell the two apart."
        )
        notes.append(
            f"Customers whose label is that of most customers in their segment are rated {fits.adjusted:.1f} "
            f"({plural(int(fits.ratings), 'rating')}), others {other.adjusted:.1f} "
            f"({int(other.ratings)}){end}"
        )
    for row in table[table.verdict == REWORK].itertuples():
        saying = find_saying(ratings, row.item, max_rating=min_realism)
        holds = f" Of ours it holds {row.holds}." if isinstance(row.holds, str) and row.holds else ""
        said = f" Most said of it: “{saying}”" if saying else ""
        if holds or said:
            notes.append(f"{row.item}:{holds}{said}")
    spread = apart.raters.severity
    moved = (table.adjusted - table["mean"]).abs().max()
    notes.append(
        f"The strictest rater is {spread.max():.1f} points below the average rater, the most lenient "
        f"{-spread.min():.1f} above; taking that out "
        + (f"moves no segment by more than {moved:.1f}." if moved >= 0.05 else "hardly moves any segment.")
    )
    return [note.strip() for note in notes]


def _draw(
    table: pd.DataFrame, apart: Separated, *, min_realism: float, confidence: float
) -> tuple[Figure, ...]:
    kinds = apart.items[apart.items["item"].isin([FITS, MISFITS])]
    data = pd.concat([table, kinds.iloc[::-1].sort_values("adjusted", ascending=False)], ignore_index=True)
    data = data[["item", "adjusted", "low", "high"]]
    below = table[table.verdict == REWORK]
    title = (
        f"{join_words(below['item'].tolist())} {'is' if len(below) == 1 else 'are'} not recognised; "
        f"{int((table.verdict == REAL).sum())} of {len(table)} segments are"
        if len(below)
        else f"{int((table.verdict == REAL).sum())} of {len(table)} segments are recognised, none is rejected"
    )
    level = format_value(confidence, "share:0")
    lowest = table.iloc[-1]
    return (
        Figure(
            kind="dot",
            data=data,
            x="item",
            y="adjusted",
            low="low",
            high="high",
            title=title,
            subtitle=f"Realism from 1 to 5 as an average rater would give it, {level} interval",
            alt=f"Dots of {plural(len(data), 'row')}; lowest segment {lowest['item']} "
            f"({lowest.adjusted:.1f}).",
            caption="Each rater's own severity is taken out.",
            formats={name: "number:1" for name in ("adjusted", "low", "high")},
            reference=min_realism,
            reference_label="middle of the scale",
            highlight=lowest["item"] if len(below) else None,
        ),
    )


def _codes(holds: str) -> list[str]:
    return [part.split()[0] for part in holds.split(", ")]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
