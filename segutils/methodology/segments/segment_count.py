"""How many segments: what the evidence says of each number, what the organisation can run, and a
recommendation."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.findings import Assumption, Decision, Figure, Finding, Override, Status
from segutils.formats import format_value, join_words
from segutils.methodology.segments import verdicts
from segutils.methodology.segments.count_notes import list_notes
from segutils.methodology.segments.landscape import Landscape
from segutils.methodology.segments.separate_halves import measure_halves, say_cap, say_convention
from segutils.methodology.segments.verdicts import MIN_ARI
from segutils.statistics import decisions

SLUG = "segment-count"
NO_SEGMENTS = "1"
MIN_ROBUST = 2 / 3  # a recommendation that stands in fewer weightings or halves holds with limits
# half of the weight on whether segments come back, half on how much they tell about customers
WEIGHTS = MappingProxyType({"stability": 0.2, "weakest_segment": 0.15, "prediction": 0.15, "detail": 0.5})
FORMATS = {
    "k": "count",
    "adjusted_rand": "number:2",
    "min_jaccard": "number:2",
    "prediction_strength": "number:2",
    "segment_gap": "number:2",
    "explained_share": "share:0",
    "smallest_share": "share:0",
}
LABELS = {
    "k": "Segments",
    "adjusted_rand": "Stability",
    "min_jaccard": "Weakest segment",
    "prediction_strength": "Prediction strength",
    "segment_gap": "Smallest gap",
    "explained_share": "Differences explained",
    "smallest_share": "Smallest segment",
}
COLUMNS = ["k", "verdict", *(name for name in FORMATS if name != "k")]


def build_selection(
    landscape: Landscape, *, choice: str, algorithm: str, feature_lists_tried: int = 1
) -> pd.DataFrame:
    """Every number of segments with every index, for later notebooks.

    Parameters
    ----------
    landscape : Landscape
    choice : str
        The number of segments that holds from here on.
    algorithm : str
        What cuts them.
    feature_lists_tried : int
        As given to :func:`decide_count`.

    Returns
    -------
    pandas.DataFrame
        The landscape's table (see :func:`segutils.methodology.segments.landscape.fit_landscape`) with
        ``verdict``, ``chosen``, ``algorithm`` and ``feature_lists_tried``; no row is chosen where nothing is
        segmented.
    """
    table = landscape.table
    return table.assign(
        verdict=verdicts.score_verdicts(table),
        chosen=table["k"].astype(str) == choice,
        algorithm=algorithm,
        feature_lists_tried=feature_lists_tried,
    )


def recommend_count(
    table: pd.DataFrame,
    weights: Mapping[str, float],
    *,
    attainable: float,
    min_share: float,
    min_segments: int,
) -> str:
    """The best-scored eligible number of segments ("1" where none is eligible); see :func:`decide_count`."""
    judged = table.assign(verdict=verdicts.score_verdicts(table))
    eligible = verdicts.find_eligible(judged, min_share=min_share, min_segments=min_segments)
    if not eligible.any():
        return NO_SEGMENTS
    criteria = verdicts.score_criteria(judged[eligible], attainable=attainable)
    return decisions.score_options(criteria, weights)["option"].iloc[0]


def decide_count(
    landscape: Landscape,
    *,
    weights: Mapping[str, float] = WEIGHTS,
    min_share: float = 0.05,
    min_segments: int = 2,
    feature_lists_tried: int = 1,
    owner: str = "to be named by the client",
    override: Override | None = None,
    draws: int = 2000,
    seed: int = 0,
) -> Finding:
    """How many segments should the organisation work with?

    Parameters
    ----------
    landscape : Landscape
        From :func:`segutils.methodology.segments.landscape.fit_landscape`.
    weights : mapping of str to float
        ``stability, weakest_segment, prediction, detail``.
    min_share : float
        Smallest viable segment, share of customers with purchases (knock-out).
    min_segments : int
        Fewest segments that the organisation would act on (knock-out).
    feature_lists_tried : int
        Lists of features that were looked at on these data before this one was taken. More than one makes
        the stability figures optimistic (a choice among many keeps the lucky ones): said as a limit.
    owner : str
        Who answers for the smallest viable segment and for how many messages can be run.
    override : Override, optional
        The client's number of segments; "1" stands for no segments.
    draws : int
        Weight sets for robustness.
    seed : int

    Returns
    -------
    Finding
        The table has one row per number of segments: ``verdict`` and what it and the scores rest on. Every
        other index is in :func:`build_selection`, and the notes say where it points.

    Raises
    ------
    InputError
        An override that is not an option, or fewer than one list of features.
    """
    if feature_lists_tried < 1:
        raise InputError(
            f"feature_lists_tried is {feature_lists_tried}",
            where="3_2_segments, parameter feature_lists_tried",
            fix="count the list in use as well: at least 1",
        )
    table = landscape.table.assign(verdict=verdicts.score_verdicts(landscape.table))
    eligible = verdicts.find_eligible(table, min_share=min_share, min_segments=min_segments)
    attainable = float(table["explained_share"].max())
    limits = {"attainable": attainable, "min_share": min_share, "min_segments": min_segments}
    recommended = recommend_count(landscape.table, weights, **limits)
    criteria = verdicts.score_criteria(table, attainable=attainable)
    options = _list_options(table, criteria, weights, eligible)
    again = [recommend_count(half, weights, **limits) for _, half in landscape.halves.groupby("half")]
    held = float(np.mean([count == recommended for count in again]))
    rivals = criteria[eligible.to_numpy()]
    weighting = decisions.weight_robustness(rivals, weights, draws=draws, seed=seed) if len(rivals) else None
    first = weighting.set_index("option")["first_share"][recommended] if weighting is not None else 1.0
    decision = Decision(
        question="How many segments should the organisation work with?",
        options=options,
        recommendation=recommended,
        robustness=_say_robustness(recommended, rivals, weights, first, again),
        robustness_share=float(min(first, held)),
        override=decisions.check_override(override, options["option"].tolist(), slug=SLUG),
        formats={"eligible": "flag", "score": "number:2"} | {name: "number:2" for name in criteria},
    )
    table = table.assign(chosen=table["k"].astype(str) == decision.choice)
    return Finding(
        slug=SLUG,
        status=_rate(table, decision),
        headline=_say_headline(table, decision, again, apart=_measure_apart(landscape, decision, seed=seed)),
        table=table[COLUMNS],
        formats=FORMATS,
        labels=LABELS,
        figures=(_plot_stability(table, landscape, decision), _plot_detail(table, landscape)),
        decision=decision,
        notes=list_notes(table, landscape),
        assumptions=(
            Assumption(
                text=f"A segment worth its own treatment holds at least {format_value(min_share, 'share:0')} "
                "of customers with purchases, and the organisation can run at most "
                f"{table['k'].max()} messages at once.",
                owner=owner,
            ),
        ),
        limits=(
            "Segments can only differ in the features used: a cut that holds on these says nothing of needs "
            "or attitudes that were not measured.",
            *say_lists_tried(feature_lists_tried),
            *_say_few(len(landscape.points)),
        ),
    )


def say_lists_tried(feature_lists_tried: int) -> tuple[str, ...]:
    """What a choice among several lists of features does to the stability figures; empty for a single one."""
    if feature_lists_tried <= 1:
        return ()
    return (
        f"The features were chosen after looking at about {feature_lists_tried:,} lists on these data, "
        "partly for stability; the stability figures are therefore optimistic.",
    )


def _say_few(customers: int) -> tuple[str, ...]:
    """What few customers do to the verdicts; empty where they are enough."""
    if customers >= verdicts.FEW:
        return ()
    return (
        f"{customers} customers are few: of 100 simulated clients of about 125 customers without segments, 2 "
        "were given some, of those with about 250 or more none.",
    )


def _list_options(
    table: pd.DataFrame, criteria: pd.DataFrame, weights: Mapping[str, float], eligible: pd.Series
) -> pd.DataFrame:
    """Every number of segments, eligible ones first, and last the option not to segment."""
    known = pd.DataFrame(
        {"option": criteria.index, "verdict": table["verdict"], "eligible": eligible.to_numpy()}
    )
    scored = known.merge(decisions.score_options(criteria, weights), on="option")
    scored = scored.sort_values(["eligible", "score"], ascending=False, kind="stable")
    alone = pd.DataFrame({"option": [NO_SEGMENTS], "verdict": ["one message for all"]})
    return pd.concat([scored, alone.assign(eligible=not eligible.any())], ignore_index=True)


def _rate(table: pd.DataFrame, decision: Decision) -> Status:
    verdict = table.loc[table["chosen"], "verdict"]
    if decision.choice == NO_SEGMENTS or verdict.iloc[0] == "none":
        return "fail"
    doubtful = verdict.iloc[0] == "constructive" or decision.robustness_share < MIN_ROBUST
    return "caution" if doubtful or decision.choice != decision.recommendation else "pass"


def _measure_apart(landscape: Landscape, decision: Decision, *, seed: int) -> float:
    """Agreement of halves that share no customer on the chosen cut; not known where nothing is cut."""
    if decision.choice == NO_SEGMENTS:
        return float("nan")
    return measure_halves(landscape, k=int(decision.choice), seed=seed)


def _say_headline(table: pd.DataFrame, decision: Decision, again: list[str], *, apart: float) -> str:
    if decision.override is not None and decision.choice != decision.recommendation:
        row = table[table["chosen"]]
        kind = f", a cut judged {row['verdict'].iloc[0]}" if len(row) else ""
        return (
            f"The client works with {_count(decision.choice)}{kind}; the evidence recommends "
            f"{_count(decision.recommendation)}."
        )
    if decision.choice == NO_SEGMENTS:
        if (table["verdict"] == "none").all():
            return (
                "The data does not support segmenting: at no number of segments are customers cut noticeably "
                "more tightly than customers whose features have nothing to do with each other."
            )
        return "No number of segments keeps every segment large enough to act on: one message for all."
    row = table[table["chosen"]].iloc[0]
    rand = format_value(row["adjusted_rand"], "number:2")
    rand = "over 0.99" if 0.995 <= row["adjusted_rand"] < 1 else f"{rand} of 1"
    cap = say_cap(int(row["k"]), int(table["k"].max()))
    rivals = _say_rivals(decision.choice, again)
    doubtful = rivals or apart < MIN_ARI
    if row["verdict"] == "constructive" or (row["verdict"] == "reproducible" and doubtful):
        said = say_convention(
            _count(decision.choice), row["adjusted_rand"], apart, again, decision.recommendation
        )
        return f"{said}{cap}."
    why = {
        "natural": "gaps set them apart, and other samples of the customers give the same cut "
        f"(agreement {rand})",
        "reproducible": "other samples of the customers, cut into as many, give nearly the same segments "
        f"(agreement {rand}), but customers differ by degree and borders are a convention",
    }[row["verdict"]]
    return f"{_count(decision.choice)} are recommended: {why}{rivals}{cap}."


def _say_rivals(recommended: str, again: list[str]) -> str:
    """What the same rule recommends on halves of the customers, where it is often something else."""
    others = [count for count in again if count != recommended]
    if len(others) <= (1 - MIN_ROBUST) * len(again):
        return ""
    rivals = join_words([_count(count) for count in sorted(set(others), key=int)], last="or")
    share = format_value(len(others) / len(again), "share:0")
    return f"; the number is less certain: {share} of random halves of the customers lead to {rivals}"


def _say_robustness(
    recommended: str, rivals: pd.DataFrame, weights: Mapping[str, float], first: float, again: list[str]
) -> str:
    held = format_value(np.mean([count == recommended for count in again]), "share:0")
    others = sorted({count for count in again if count != recommended}, key=int)
    halves = (
        f"Sampling noise: decided again on {len(again)} random halves of the customers, each with half the "
        f"evidence, {_count(recommended)} came out in {held} of them"
        + (f" (otherwise {join_words([_count(other) for other in others], last='or')})." if others else ".")
    )
    if len(rivals) < 2:
        alone = " No other number passes the knock-outs, whatever the weights." if len(rivals) else ""
        return halves + alone
    weighted = f" Weights: first under {format_value(first, 'share:0')} of random ones around those stated"
    flips = decisions.flip_weight(rivals, weights).dropna()
    if flips.empty:
        return f"{halves}{weighted}; no weight of a single criterion flips it."
    flip = flips.iloc[0]
    return (
        f"{halves}{weighted}; what flips it: {_count(flip['winner_then'])} where the weight of "
        f"{flip['criterion'].replace('_', ' ')} moves from {flip['weight']:.2f} to {flip['flip_weight']:.2f}."
    )


def _plot_stability(table: pd.DataFrame, landscape: Landscape, decision: Decision) -> Figure:
    data = table[["k", "adjusted_rand", "adjusted_rand_low", "adjusted_rand_high"]].assign(
        option=[_count(str(k)) for k in table["k"]]
    )
    holds = table.loc[table["adjusted_rand"] >= MIN_ARI, "k"].tolist()
    if not holds:
        title = "No number of segments comes back in another sample of the same customers"
    elif len(holds) == len(table):
        title = "Whatever the number of segments, another sample of the customers gives nearly the same cut"
    else:
        title = (
            f"Only a cut into {join_words(holds, last='or')} comes back in another sample of the customers"
        )
    values = ", ".join(f"{k}: {rand:.2f}" for k, rand in zip(table["k"], table["adjusted_rand"], strict=True))
    return Figure(
        kind="dot",
        data=data[["option", "adjusted_rand", "adjusted_rand_low", "adjusted_rand_high"]],
        x="option",
        y="adjusted_rand",
        low="adjusted_rand_low",
        high="adjusted_rand_high",
        title=title,
        subtitle=f"Agreement of two cuts, {landscape.pairs} pairs of bootstrap samples, adjusted Rand index: "
        "mean and middle 90 % of pairs",
        alt=f"Mean adjusted Rand index by number of segments: {values}. A reproducible cut has at "
        f"least {MIN_ARI}.",
        caption="1: the same cut; 0: what chance would give.",
        formats={name: "number:2" for name in ("adjusted_rand", "adjusted_rand_low", "adjusted_rand_high")},
        reference=MIN_ARI,
        reference_label="reproducible from here",
        highlight=_count(decision.choice),
    )


def _plot_detail(table: pd.DataFrame, landscape: Landscape) -> Figure:
    seen = pd.DataFrame({"segments": table["k"], "share": table["explained_share"], "customers": "Customers"})
    unrelated = seen.assign(share=table["expected_share"], customers="If features were unrelated")
    last, first = table.iloc[-1], table.iloc[0]
    gained = (last["explained_share"] - first["explained_share"]) / (last["k"] - first["k"])
    title = (
        f"{_count(str(first['k']))} carry {format_value(first['explained_share'], 'share:0')} of the "
        f"differences between customers; each further one adds {100 * gained:.1f} points on average"
    )
    if (table["verdict"] == "none").all():
        title = "Segments carry hardly more of the differences between customers than chance would give them"
    return Figure(
        kind="line",
        data=pd.concat([seen, unrelated], ignore_index=True),
        x="segments",
        y="share",
        series="customers",
        title=title,
        subtitle=f"Share of the differences between {len(landscape.points):,} customers that lies between "
        "segments, by number of segments",
        alt=f"Explained share rises from {format_value(first['explained_share'], 'share')} with {first['k']} "
        f"segments to {format_value(last['explained_share'], 'share')} with {last['k']}; for customers with "
        f"unrelated features from {format_value(first['expected_share'], 'share')} to "
        f"{format_value(last['expected_share'], 'share')}.",
        formats={"share": "share", "segments": "count"},
        highlight="Customers",
    )


def _count(choice: str) -> str:
    return "no segments" if choice == NO_SEGMENTS else f"{choice} segments"
