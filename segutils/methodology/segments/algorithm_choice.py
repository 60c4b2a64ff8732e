"""Which algorithm cuts the customers: compared on the same customers, halves and number of segments."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from segutils.findings import Decision, Figure, Finding, Override
from segutils.formats import format_value, join_words, plural
from segutils.methodology.segments import candidates
from segutils.methodology.segments.landscape import draw_customers
from segutils.statistics import decisions, segment_model

SLUG = "algorithm-choice"
WEIGHTS = MappingProxyType(
    {
        "stability": 0.35,
        "explainability": 0.2,
        "separation": 0.15,
        "coverage": 0.1,
        "size": 0.1,
        "deployability": 0.1,
    }
)
ALONE = "k-means"  # its single centre is the mean of all customers
CLOSE = 0.05  # scores nearer than this are called about equal
FORMATS = {
    "groups": "count",
    "agreement": "number:2",
    "left_out": "share:0",
    "smallest_share": "share:0",
    "leaves": "count",
    "depth": "count",
    "kept_by_centre": "share:0",
}
LABELS = {
    "option": "Algorithm",
    "groups": "Groups found",
    "agreement": "Agreement of halves",
    "left_out": "Customers left out",
    "smallest_share": "Smallest group",
    "leaves": "Rules for 90 %",
    "depth": "Questions at most",
    "kept_by_centre": "Kept by nearest centre",
}


def score_algorithms(summary: pd.DataFrame) -> pd.DataFrame:
    """The measures on absolute scales 0-1.

    ``stability``: agreement of halves (adjusted Rand index) 0 to 0.9 (excellent, Steinley 2004);
    ``explainability``: 30 rules to 2; ``separation``: silhouette 0 to 0.5 (a reasonable structure, Kaufman
    and Rousseeuw 1990); ``coverage``: share of customers in a group; ``size``: smallest group 0 to 5 % of
    customers; ``deployability``: share that the nearest centre puts into the same group, one half to all.

    Parameters
    ----------
    summary : pandas.DataFrame
        From :func:`segutils.methodology.segments.candidates.summarise`.

    Returns
    -------
    pandas.DataFrame
        Index ``option``, one column per criterion. An algorithm that finds no groups scores 0 throughout.
    """
    scores = pd.DataFrame(
        {
            "stability": decisions.scale_between(summary["agreement"], worst=0.0, best=0.9),
            "explainability": decisions.scale_between(summary["leaves"].fillna(np.inf), worst=30, best=2),
            "separation": decisions.scale_between(summary["silhouette"], worst=0.0, best=0.5),
            "coverage": decisions.scale_between(summary["left_out"], worst=1.0, best=0.0),
            "size": decisions.scale_between(summary["smallest_share"], worst=0.0, best=0.05),
            "deployability": decisions.scale_between(summary["kept_by_centre"], worst=0.5, best=1.0),
        },
        index=pd.Index(summary["option"], name="option"),
    )
    return scores.mul((summary["groups"] >= 2).to_numpy(), axis=0)


def decide_algorithm(
    features: pd.DataFrame,
    catalogue: pd.DataFrame,
    *,
    k: int,
    weights: Mapping[str, float] = WEIGHTS,
    pairs: int = 8,
    override: Override | None = None,
    draws: int = 500,
    max_customers: int = 10_000,
    seed: int = 0,
) -> Finding:
    """Which algorithm should cut the customers into `k` segments?

    Parameters
    ----------
    features : pandas.DataFrame
        ``customer_id, has_purchases`` and features in raw units.
    catalogue : pandas.DataFrame
        ``feature, transform, used``.
    k : int
        Common number of segments; at 1 there is nothing to cut, and nothing is compared or decided.
    weights : mapping of str to float
        ``stability, explainability, separation, coverage, size, deployability``.
    pairs : int
        Splits of the customers into two halves (half as many for latent class, which is slow).
    override : Override, optional
    draws : int
        Weight sets and resamples for robustness.
    max_customers : int
        Of more customers a random sample of this size is cut.
    seed : int

    Returns
    -------
    Finding

    Raises
    ------
    InputError
        Weights that don't fit, or an override that is not an option.
    """
    if k < 2:
        return _not_needed()
    buyers = segment_model.select_buyers(features)
    scaling = segment_model.fit_scaling(buyers, catalogue)
    buyers = buyers.iloc[draw_customers(len(buyers), max_customers, seed=seed)].reset_index(drop=True)
    points, raw = scaling.apply(buyers), buyers[list(scaling.features)]
    with threadpool_limits(1):  # small fits: threads inside them cost more than they bring
        shape = candidates.describe_shape(points, k=k, seed=seed)
        listed = candidates.list_candidates(shape, k=k)
        tried = listed.loc[listed["tried"], "algorithm"]
        measured = pd.concat(
            [
                candidates.measure_candidate(points, raw, algorithm=name, k=k, pairs=pairs, seed=seed)
                for name in tried
            ],
            ignore_index=True,
        )
    summary = candidates.summarise(measured, seed=seed)
    scores = score_algorithms(summary)
    options = decisions.score_options(scores, weights)
    recommended = options["option"].iloc[0]
    by_weights = decisions.weight_robustness(scores, weights, draws=draws, seed=seed)
    by_chance = decisions.noise_robustness(_resample(measured, summary, draws=draws, seed=seed), weights)
    shares = by_weights.merge(by_chance, on="option", suffixes=("_weights", "_chance")).set_index("option")
    held = shares.loc[recommended]
    decision = Decision(
        question=f"Which algorithm should cut the customers into {plural(k, 'segment')}?",
        options=options,
        recommendation=recommended,
        robustness=_say_robustness(recommended, held, decisions.flip_weight(scores, weights)),
        robustness_share=float(held.min()),
        override=decisions.check_override(override, options["option"].tolist(), slug=SLUG),
        formats={name: "number:2" for name in (*scores.columns, "score")},
    )
    order = summary.set_index("option").loc[options["option"]].reset_index()
    found = order["groups"] >= 2
    table = order[["option", *FORMATS]].assign(
        **{name: order[name].where(found) for name in FORMATS if name not in ("groups", "left_out")}
    )
    gap = options["score"].iloc[0] - options["score"].iloc[1] if len(options) > 1 else 1.0
    return Finding(
        slug=SLUG,
        status="pass" if gap >= CLOSE and held.min() >= 0.8 else "caution",
        headline=_say_headline(table, decision, k=k),
        table=table,
        formats=FORMATS,
        labels=LABELS,
        figures=(_plot_agreement(order[found], decision, k=k),),
        decision=decision,
        notes=_list_notes(shape, listed, table),
        limits=(
            f"Algorithms are compared at {plural(k, 'segment')}; the number of segments itself was judged "
            f"with "
            "k-means.",
        ),
    )


def find_choice(finding: Finding) -> str:
    """The algorithm that holds from here on; k-means (one centre) where there is nothing to cut."""
    return ALONE if finding.decision is None else finding.decision.choice


def _not_needed() -> Finding:
    return Finding(
        slug=SLUG,
        status="info",
        headline="Customers are not cut into segments, so no algorithm is needed.",
        table=pd.DataFrame({"option": []}),
        labels=LABELS,
    )


def _resample(measured: pd.DataFrame, summary: pd.DataFrame, *, draws: int, seed: int) -> list[pd.DataFrame]:
    """Score matrices with each algorithm's splits drawn again."""
    rng = np.random.default_rng(seed)
    drawn = {
        option: rng.choice(rows.to_numpy(), size=(draws, len(rows))).mean(axis=1)
        for option, rows in measured.groupby("option", sort=False)["agreement"]
    }
    means = pd.DataFrame(drawn)[summary["option"].tolist()].to_numpy()
    scores = score_algorithms(summary)
    found = (summary["groups"] >= 2).to_numpy()
    stability = decisions.scale_between(means, worst=0.0, best=0.9) * found
    return [scores.assign(stability=row) for row in stability]


def _say_headline(table: pd.DataFrame, decision: Decision, *, k: int) -> str:
    recommended = table.iloc[0]
    if decision.choice != decision.recommendation:
        return (
            f"The client cuts the customers with {decision.choice}; the evidence recommends "
            f"{decision.recommendation}."
        )
    scores = decision.options["score"]
    near = decision.options.loc[scores >= scores.iloc[0] - CLOSE, "option"].tolist()
    agreement = format_value(recommended["agreement"], "number:2")
    why = (
        f"two halves of the customers agree on its cut at {agreement} of 1, and "
        f"{plural(int(recommended['leaves']), 'rule')} reproduce it for nine customers in ten"
    )
    if len(near) > 1:
        return (
            f"{_start(join_words(near))} do about equally well at {plural(k, 'segment')}; {near[0]} is "
            f"recommended: {why}."
        )
    return f"{_start(near[0])} is recommended: {why}."


def _say_robustness(recommended: str, held: pd.Series, flips: pd.DataFrame) -> str:
    words = (
        f"Weights: {recommended} stays first under {format_value(held['first_share_weights'], 'share:0')} of "
        "random ones around those stated. Sampling noise: it stays first in "
        f"{format_value(held['first_share_chance'], 'share:0')} of redrawn sets of the splits into halves"
    )
    flips = flips.dropna()
    if flips.empty:
        return f"{words}; no weight of a single criterion flips it."
    flip = flips.iloc[0]
    return (
        f"{words}. What flips it: {flip['winner_then']} comes first where the weight of "
        f"{flip['criterion']} moves from {flip['weight']:.2f} to {flip['flip_weight']:.2f}."
    )


def _list_notes(shape: pd.DataFrame, listed: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    row = shape.iloc[0]
    gaps = (
        "there are gaps between groups" if row["segment_gap"] >= 0.8 else "there are no gaps between groups"
    )
    notes = [
        f"Shape of the data: {plural(int(row['customers']), 'customer')}, "
        f"{plural(int(row['features']), 'feature')}, "
        f"{int(row['few_valued']) or 'none'} of them with few values; largest skew "
        f"{row['largest_skew']:.1f}; {gaps}; Hopkins statistic {row['hopkins']:.2f} (0.5: as even as by "
        "chance, from 0.75: clumped, which a single dense cloud is too: it says what to try, not that there "
        "are segments)."
    ]
    left = listed[~listed["tried"]]
    notes += [
        f"{_start(name)} was not tried: {reason}."
        for name, reason in zip(left["algorithm"], left["reason"], strict=True)
    ]
    empty = table.loc[table["groups"] < 2, "option"].tolist()
    if empty:
        notes.append(
            f"{_start(join_words(empty))} found no groups: nowhere are customers dense with thin space "
            f"around."
        )
    return notes


def _plot_agreement(table: pd.DataFrame, decision: Decision, *, k: int) -> Figure:
    best = table.sort_values("agreement", ascending=False, kind="stable")
    first, second = best.iloc[0], best.iloc[min(1, len(best) - 1)]
    clear = first["agreement_low"] > second["agreement_high"]
    title = (
        f"Two halves of the customers agree most on the cut by {first['option']}"
        if clear or len(best) == 1
        else f"{_start(first['option'])} and {second['option']} come back about equally well in two halves "
        f"of the "
        f"customers"
    )
    values = ", ".join(f"{row.option} {row.agreement:.2f}" for row in best.itertuples())
    return Figure(
        kind="dot",
        data=best[["option", "agreement", "agreement_low", "agreement_high"]].reset_index(drop=True),
        x="option",
        y="agreement",
        low="agreement_low",
        high="agreement_high",
        title=title,
        subtitle=f"Agreement of the cuts of two halves that share no customer, {plural(k, 'segment')}, "
        f"adjusted Rand "
        "index: mean and 95 % interval of the mean",
        alt=f"Mean adjusted Rand index between halves: {values}.",
        caption="1: the same cut; 0: what chance would give. Each half cuts, then all customers are assigned "
        "to the "
        "nearest centre of either.",
        formats={name: "number:2" for name in ("agreement", "agreement_low", "agreement_high")},
        highlight=decision.choice,
    )


def _start(text: str) -> str:
    """The text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]
