"""Do the chosen segments come back in other samples of the same customers, one by one?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.findings import Figure, Finding, Status
from segutils.formats import format_value, join_words, plural
from segutils.statistics import clusterers, intervals, kmeans, stability
from segutils.statistics.segment_model import SegmentModel, select_buyers

SLUG = "resampling"
MIN_VALID, MIN_PATTERN = 0.75, 0.6  # Hennig 2008
COLUMNS = {
    "segment": "text",
    "customers": "count",
    "jaccard": "number:2",
    "jaccard_low": "number:2",
    "jaccard_high": "number:2",
    "reading": "text",
    "jaccard_one_start": "number:2",
    "search_error": "number:2",
    "sampling_error": "number:2",
}
CONVERGED = 0.01  # less than this gained by the last doubling of starts: more would not help
LABELS = {
    "jaccard": "Stability (Jaccard)",
    "jaccard_low": "5 % of samples below",
    "jaccard_high": "5 % of samples above",
    "jaccard_one_start": "With one start of the search",
    "search_error": "One start loses to poor search",
    "sampling_error": "Lost to the sample",
}
STEPS = (1, 2, 3, 5, 10, 20)


def check_resampling(
    features: pd.DataFrame,
    model: SegmentModel,
    *,
    algorithm: str = "k-means",
    resamples: int = 100,
    restarts: int = 20,
    full_restarts: int = 100,
    max_customers: int = 20_000,
    seed: int = 0,
) -> Finding:
    """Which segments would another sample of the same customers give again?

    Every bootstrap sample is fitted anew, all customers are assigned by that fit, and each segment is
    compared with the segment most like it: largest Jaccard coefficient (Hennig 2007; Dolnicar and Leisch
    2017). The same with a single start of the search shows what would be lost to poor search rather than to
    the sample.

    Parameters
    ----------
    features : pandas.DataFrame
        ``customer_id, has_purchases`` and features in raw units.
    model : SegmentModel
        The chosen segmentation.
    algorithm : str
        What found it; other than k-means, a fifth of the resamples and no search error (one deterministic
        search).
    resamples : int
        Bootstrap samples.
    restarts : int
        Starts of the search per sample.
    full_restarts : int
        Starts on all customers, for the share that finds the best cut.
    max_customers : int
        Of more customers a random sample of this size stands for all.
    seed : int

    Returns
    -------
    Finding
        Table: ``segment, customers, jaccard`` (mean), ``jaccard_low, jaccard_high`` (middle 90 % of samples),
        ``reading``, and for k-means ``jaccard_one_start``, ``search_error`` (what all `restarts` gain over
        one start), ``sampling_error`` (what is still missing to 1).
    """
    buyers = select_buyers(features)
    if len(buyers) > max_customers:
        buyers = buyers.sample(max_customers, random_state=np.random.default_rng(seed))
    points = model.scaling.apply(buyers)
    k = len(model.names)
    reference = kmeans.assign_nearest(points, model.centres).astype(int)
    by_steps = None
    if algorithm == "k-means":
        refits = stability.refit(points, k=k, pairs=(resamples + 1) // 2, restarts=restarts, seed=seed)
        by_steps = _by_restarts(points, refits, reference, k=k)
        draws = by_steps[max(by_steps)]
    else:
        number = max(resamples // 5, 10)
        labels = clusterers.refit_labels(points, algorithm=algorithm, k=k, resamples=number, seed=seed)
        draws = stability.segment_agreement(reference, labels, k=k)
    low, high = intervals.percentile_interval(draws, level=0.9)
    if k == 1:  # all customers are like all customers in any sample: no evidence of anything
        draws, low, high = np.full_like(draws, np.nan), np.full(1, np.nan), np.full(1, np.nan)
    means = draws.mean(axis=0)
    table = pd.DataFrame(
        {
            "segment": model.names,
            "customers": np.bincount(reference, minlength=k),
            "jaccard": means,
            "jaccard_low": low,
            "jaccard_high": high,
            "reading": [stability.read_jaccard(value) if k > 1 else "nothing to compare" for value in means],
        }
    )
    notes = [f"{plural(len(draws), 'bootstrap sample')} of {len(points):,} customers, fitted by {algorithm}."]
    if by_steps is not None and k > 1:
        table["jaccard_one_start"] = by_steps[1].mean(axis=0)
        table["search_error"] = table["jaccard"] - table["jaccard_one_start"]
        table["sampling_error"] = 1 - table["jaccard"]
        notes += _say_search(points, table, k=k, restarts=full_restarts, seed=seed)
        notes += _say_convergence(by_steps)
    return Finding(
        slug=SLUG,
        status=_rate(means) if k > 1 else "info",
        headline=_say_headline(table),
        table=table,
        formats={name: COLUMNS[name] for name in table.columns},
        labels=LABELS,
        figures=_plot_all(table, by_steps, len(draws)) if k > 1 else (),
        notes=notes,
        limits=(
            "Samples of the same customers in the same period: what time does to the segments is a question "
            "of its "
            "own.",
        ),
    )


def build_stability(
    resampled: pd.DataFrame, kept: pd.DataFrame, *, names: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Stability of each segment in one table, for the scorecard.

    Parameters
    ----------
    resampled : pandas.DataFrame
        ``segment, jaccard, jaccard_low, jaccard_high, reading``.
    kept : pandas.DataFrame
        ``segment, kept_share``; may be empty.
    names : mapping of str to str, optional
        Segment → name, where the two tables above carry names: the result carries segments.

    Returns
    -------
    pandas.DataFrame
        ``segment, jaccard, jaccard_low, jaccard_high, reading, kept_share`` (NaN where not known).
    """
    columns = ["segment", "jaccard", "jaccard_low", "jaccard_high", "reading"]
    known = kept.reindex(columns=["segment", "kept_share"]).astype({"kept_share": float})
    table = resampled[columns].merge(known, on="segment", how="left")
    codes = {name: code for code, name in (names or {}).items()}
    return table.assign(segment=[codes.get(name, name) for name in table["segment"]])


def _by_restarts(
    points: np.ndarray, refits: stability.Refits, reference: np.ndarray, *, k: int
) -> dict[int, np.ndarray]:
    """Jaccard coefficients (sample x segment) if only the first 1, 2, … restarts had been made."""
    made = refits.fits.inertias.shape[1]
    steps = [step for step in STEPS if step < made] + [made]
    found = {}
    for step in steps:
        labels = kmeans.assign_nearest(points, refits.fits.best(restarts=step))
        found[step] = stability.segment_agreement(reference, labels, k=k)
    return found


def _rate(means: np.ndarray) -> Status:
    if means.min() >= MIN_VALID:
        return "pass"
    return "caution" if means.min() >= MIN_PATTERN else "fail"


def _say_headline(table: pd.DataFrame) -> str:
    if len(table) == 1:
        return "There is one segment, so there is nothing that another sample could cut differently."
    weak = table.loc[table["jaccard"] < MIN_VALID, "segment"].tolist()
    lowest = table.sort_values("jaccard", kind="stable").iloc[0]
    value = format_value(lowest["jaccard"], "number:2")
    if not weak:
        return (
            f"{_all(len(table))} segments come back in other samples of the same customers: the least stable "
            f"reaches {value} of 1, and {MIN_VALID} counts as valid."
        )
    if len(weak) == len(table):
        return (
            f"No segment comes back well enough in other samples of the same customers to be called valid; "
            f"the "
            f"least stable, {lowest['segment']}, reaches {value} of 1."
        )
    firm = [name for name in table["segment"] if name not in weak]
    return (
        f"{join_words(firm)} {'comes' if len(firm) == 1 else 'come'} back in other samples of the same "
        f"customers; "
        f"{join_words(weak)} {'does' if len(weak) == 1 else 'do'} not well enough ({lowest['segment']}: "
        f"{value} of 1)."
    )


def _say_search(points: np.ndarray, table: pd.DataFrame, *, k: int, restarts: int, seed: int) -> list[str]:
    solution = kmeans.fit_solution(points, k=k, restarts=restarts, seed=seed)
    found = format_value(solution.found_best().mean(), "share:0")
    worst = table.sort_values("search_error", ascending=False, kind="stable").iloc[0]
    lost = (
        f"with a single start per sample {worst['segment']} would look less stable by "
        f"{worst['search_error']:.2f}"
        if worst["search_error"] >= 0.005
        else "a single start per sample would give the same picture"
    )
    return [f"Search: {found} of {restarts} restarts on all customers find the best cut; {lost}."]


def _late_gain(by_steps: dict[int, np.ndarray]) -> float:
    """What the last step of starts added to the segment that gained most."""
    steps = list(by_steps)
    if len(steps) < 2:
        return 0.0
    return float(max(by_steps[steps[-1]].mean(axis=0) - by_steps[steps[-2]].mean(axis=0)))


def _say_convergence(by_steps: dict[int, np.ndarray]) -> list[str]:
    steps = list(by_steps)
    if len(steps) < 2:
        return []
    late = max(_late_gain(by_steps), 0.0)
    read = (
        "the search has converged, so what is missing to 1 is the sample's doing"
        if late < CONVERGED
        else "the search has not converged: part of what is missing to 1 is still its doing"
    )
    gain = f"more than {late:.3f}" if late >= 0.001 else "0.001 or more"
    return [f"From {steps[-2]} to {steps[-1]} starts no segment gains {gain}: {read}."]


def _plot_all(
    table: pd.DataFrame, by_steps: dict[int, np.ndarray] | None, resamples: int
) -> tuple[Figure, ...]:
    firm = int((table["jaccard"] >= MIN_VALID).sum())
    title = (
        f"{_all(len(table))} segments pass the mark for a valid segment"
        if firm == len(table)
        else f"{firm} of {len(table)} segments {'passes' if firm == 1 else 'pass'} the mark for a valid "
        f"segment"
    )
    values = ", ".join(f"{row.segment} {row.jaccard:.2f} ({row.reading})" for row in table.itertuples())
    dots = Figure(
        kind="dot",
        data=table[["segment", "jaccard", "jaccard_low", "jaccard_high"]],
        x="segment",
        y="jaccard",
        low="jaccard_low",
        high="jaccard_high",
        title=title,
        subtitle=f"Largest Jaccard coefficient with a segment of {resamples} re-fits on bootstrap samples: "
        f"mean and "
        "middle 90 %",
        alt=f"Mean Jaccard coefficient by segment: {values}. Valid from {MIN_VALID}.",
        caption="1: the same customers; from 0.85 highly stable, from 0.75 valid, from 0.6 a pattern, up to "
        "0.5 "
        "dissolved (Hennig).",
        formats={name: "number:2" for name in ("jaccard", "jaccard_low", "jaccard_high")},
        reference=MIN_VALID,
        reference_label="valid from here",
    )
    if by_steps is None:
        return (dots,)
    rows = [
        {"starts": step, "jaccard": draws[:, i].mean(), "segment": name}
        for step, draws in by_steps.items()
        for i, name in enumerate(table["segment"])
    ]
    steps = list(by_steps)
    gained = max(table["search_error"].max(), 0.0)
    late = _late_gain(by_steps)
    lines = Figure(
        kind="line",
        data=pd.DataFrame(rows),
        x="starts",
        y="jaccard",
        series="segment",
        title=(
            "Stability does not depend on how long the search is"
            if gained < 0.02
            else f"More starts of the search add up to {gained:.2f} to a segment's stability"
            + (", and the last ones add nothing more" if late < CONVERGED else "; more would still add")
        ),
        subtitle="Mean Jaccard coefficient by number of starts per bootstrap sample",
        alt=f"From {steps[0]} to {steps[-1]} starts the mean Jaccard coefficient changes by at most "
        f"{gained:.2f}.",
        caption="What rises with more starts was a failure of the search, not of the segment.",
        formats={"jaccard": "number:2", "starts": "count"},
    )
    return (dots, lines)


def _all(count: int) -> str:
    return "Both" if count == 2 else f"All {count}"
