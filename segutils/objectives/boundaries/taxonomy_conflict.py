"""Slug ``taxonomy-conflict``: where two names of the same customers contradict each other, which holds?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.engagement_terms import Weighting
from segutils.findings import Assumption, Decision, Finding, Need, Override
from segutils.formats import format_value, join_words, plural
from segutils.objectives.boundaries import taxonomy_figures as figures
from segutils.objectives.boundaries import taxonomy_words as words
from segutils.objectives.boundaries.taxonomy_behaviour import TRAITS, Behaviour
from segutils.objectives.boundaries.taxonomy_crosswalk import (
    build_crosswalk,
    measure_agreement,
    name_side,
)
from segutils.objectives.boundaries.taxonomy_options import (
    Trials,
    choose_option,
    count_choices,
    count_rulings,
    try_options,
)
from segutils.objectives.boundaries.taxonomy_rulings import Filed, file_customers, score_cells
from segutils.objectives.boundaries.taxonomy_voices import list_voices
from segutils.objectives.boundaries.taxonomy_words import Sides
from segutils.stated import reconcile_weights
from segutils.statistics.decisions import check_override, flip_weight
from segutils.statistics.raters import describe_raters

SLUG = "taxonomy-conflict"
NOBODY = "the owner of the segments"
MAX_NAMES = 60  # as many groups as a column of customers may have elsewhere
ASK_BEHAVIOUR = Need(
    question="What did each customer buy, when, and at which margin?",
    table="transactions",
    columns=("customer_id", "order_id", "ordered_at", "net_revenue", "contribution_margin"),
)
FORMATS = {
    "customers": "count",
    "net_revenue": "money",
    "first_distance": "number:2",
    "second_distance": "number:2",
    "same_share": "share:0",
}


def decide_taxonomy_conflict(
    labels: pd.DataFrame | None,
    behaviour: Behaviour | None,
    *,
    columns: Sequence[str] = ("sales_segment", "strategy_segment"),
    currency: str,
    owner: str = "",
    weighting: Weighting | None = None,
    feedback: ir.Table | None = None,
    interviews: ir.Table | None = None,
    min_customers: int = 50,
    min_revenue_share: float = 0.01,
    min_matched: float = 0.05,
    max_distance: float = 0.35,
    max_contested: float = 0.2,
    min_gain: float = 0.01,
    confidence: float = 0.95,
    trials: int = 100,
    override: Override | None = None,
    seed: int = 0,
) -> Finding:
    """Two groupings of the same customers: what contradicts, what is at stake, and which name holds where?

    Parameters
    ----------
    labels : pandas.DataFrame, optional
        From :func:`~segutils.objectives.boundaries.taxonomy_crosswalk.build_labels`.
    behaviour : Behaviour, optional
        From :func:`~segutils.objectives.boundaries.taxonomy_behaviour.build_behaviour`.
    columns : sequence of str
        The two columns of customers.
    currency : str
    owner : str
        Who decides where behaviour does not.
    weighting : Weighting, optional
        How much margin, orders, bought_again and cost_to_serve count; alike where nobody said.
    feedback, interviews : ibis table, optional
        What sales people and customers say; see
        :func:`~segutils.objectives.boundaries.taxonomy_voices.list_voices`.
    min_customers, min_revenue_share
        From which size on a contested cell is judged (either is enough).
    min_matched : float
        Share of customers (0-1) who must carry corresponding names beyond what chance brings, or the names
        are called unrelated.
    max_distance : float
        Up to this difference in behaviour, in standard deviations, customers are alike: midway between a
        small and a medium one (0.2 and 0.5, Cohen 1988).
    max_contested : float
        Share of net revenue (0-1) beyond which a conflict calls for action.
    min_gain : float
        What settling must add to the share foretold before it is worth doing.
    confidence : float
    trials : int
        Random two thirds of the customers.
    override : Override, optional
    seed : int

    Returns
    -------
    Finding
        One row per contested cell with its ruling, most revenue first; ``not_run`` where a column is missing
        or no customer has both names.
    """
    sides = Sides(first=name_side(columns[0]), second=name_side(columns[1]), currency=currency)
    if labels is None or behaviour is None or labels.dropna(subset=["first", "second"]).empty:
        return _withhold(sides, "customers do not carry both names", _ask_names(columns, sides))
    for side, names in ((sides.first, labels["first"]), (sides.second, labels["second"])):
        if (count := names.nunique()) > MAX_NAMES:
            why = f"{side} has {count:,} names, and more than {MAX_NAMES} cannot be told apart pair by pair"
            return _withhold(sides, why, _ask_names(columns, sides))
    crosswalk = build_crosswalk(labels, behaviour.table)
    agreement = measure_agreement(crosswalk, confidence=confidence, seed=seed)
    # one pair in many can correspond by chance, or hardly beyond it: that translates no names
    beyond = (crosswalk.customers - crosswalk.expected)[crosswalk.matched].sum()
    related = agreement.low > 0 and beyond >= min_matched * crosswalk.customers.sum()
    crosswalk = crosswalk.assign(matched=crosswalk.matched & related)
    filed = file_customers(
        labels,
        crosswalk,
        behaviour,
        min_customers=min_customers if related else np.inf,  # without cores there is nothing to be like
        min_revenue_share=min_revenue_share if related else np.inf,
    )
    if not filed.traits:
        return _withhold(sides, "customers do not differ in anything that is measured", ASK_BEHAVIOUR)
    limits = {"max_distance": max_distance, "confidence": confidence}
    tried = try_options(filed, **limits, trials=trials, seed=seed)
    cells = count_rulings(tried, filed, score_cells(filed, crosswalk, **limits))
    people, revenue = _measure_contested(crosswalk)
    choice = _choose(tried, weighting, sides, words.say_bound(cells, max_distance), min_gain, override, seed)
    stated = _state_bounds(
        filed,
        behaviour,
        max_distance=max_distance,
        min_customers=min_customers,
        min_revenue_share=min_revenue_share,
        min_matched=min_matched,
    )
    status = "pass" if cells.empty else "caution"
    return Finding(
        slug=SLUG,
        status="fail" if not related or (len(cells) and revenue > max_contested) else status,
        headline=words.say_override(choice.decision)
        or words.say_headline((people, revenue), cells, agreement, sides, related=related),
        table=_build_table(cells, words.list_smaller(crosswalk, filed), sides, related=related),
        formats=FORMATS,
        labels=words.name_columns(sides),
        figures=(
            figures.draw_crosswalk(crosswalk, people, sides),
            *figures.draw_distances(cells, sides, max_distance=max_distance, confidence=confidence),
        ),
        decision=choice.decision,
        notes=[
            *([words.say_stake(cells, sides, owner or NOBODY)] if len(cells) else []),
            *words.say_close(cells, sides),
            words.say_agreement(agreement, crosswalk, confidence=confidence),
            *words.say_splits(filed, cells),
            words.say_reach(choice.totals, tried.with_both, sides.options, choice.key),
            *list_voices(cells, crosswalk, labels, feedback=feedback, interviews=interviews),
            *choice.said,
            *_say_unlabelled(labels, sides),
            *behaviour.notes,
        ],
        assumptions=[*choice.assumptions, stated, *_state_spelling(labels), *behaviour.assumptions],
        limits=(
            "A core is the customers whose two names correspond; where a name has no partner, all its "
            "customers outside the pair. Customers who are misfiled within a core blur it.",
            "That customers behave alike does not say that they need the same: ask before merging.",
        ),
        needs=behaviour.needs,
    )


def list_contested(
    labels: pd.DataFrame | None,
    behaviour: Behaviour | None,
    finding: Finding,
    *,
    columns: Sequence[str],
    owner: str = "",
) -> pd.DataFrame:
    """Whom does a ruling concern? A list for the people who carry it out.

    Parameters
    ----------
    labels, behaviour
        As in :func:`decide_taxonomy_conflict`.
    finding : Finding
        From there.
    columns : sequence of str
        The two columns of customers.
    owner : str
        Who decides the cells that are escalated.

    Returns
    -------
    pandas.DataFrame
        ``customer_id``, the two names under their columns' own names, ``net_revenue`` (a year), ``ruling,
        decided_by``; customers of judged cells, most revenue first. Empty where nothing could be judged.
    """
    wanted = ["customer_id", *columns, "net_revenue", "ruling", "decided_by"]
    if labels is None or behaviour is None or "verdict" not in finding.table.columns:
        return pd.DataFrame(columns=wanted)
    ruled = finding.table[["first", "second", "verdict"]].rename(columns={"verdict": "ruling"})
    people = labels.merge(ruled, on=["first", "second"]).merge(
        behaviour.table[["customer_id", "net_revenue"]], on="customer_id", how="left"
    )
    people["decided_by"] = np.where(people.ruling.str.startswith("Escalate"), owner or NOBODY, "behaviour")
    people = people.sort_values(["net_revenue", "customer_id"], ascending=[False, True], ignore_index=True)
    names = {"first": columns[0], "second": columns[1]}
    return people.rename(columns=names)[wanted]


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """The decision, the options' totals, and what must be said about the weights."""

    decision: Decision
    key: str
    totals: pd.Series
    said: tuple[str, ...]
    assumptions: tuple[Assumption, ...]


def _choose(
    tried: Trials,
    weighting: Weighting | None,
    sides: Sides,
    bound: str,
    min_gain: float,
    override: Override | None,
    seed: int,
) -> _Choice:
    """Which way of naming, by how much it foretells, and how often it would be chosen."""
    reconciled = reconcile_weights(weighting, list(TRAITS), question=SLUG)
    stated = reconciled.mapping if reconciled else dict.fromkeys(TRAITS, 1.0)
    whole = sum(stated[trait] for trait in tried.traits)
    weights = {trait: stated[trait] / whole for trait in tried.traits}
    scores = tried.scores
    totals = scores @ pd.Series(weights)
    key = choose_option(totals.to_dict(), min_gain=min_gain)
    held = count_choices(tried, np.array(list(weights.values())), min_gain=min_gain, seed=seed)
    called = scores.rename(index=sides.options)
    options = called.assign(score=totals.to_numpy()).reset_index(names="option")
    options = options.sort_values("score", ascending=False, kind="stable", ignore_index=True)
    names = options.option.tolist()
    decision = Decision(
        question=f"By whose names do {sides.first} and {sides.second} plan from here on?",
        options=options,
        recommendation=sides.options[key],
        robustness=words.say_robustness(
            sides.options[key],
            held,
            flip_weight(called, weights),
            bound,
            key=key,
            trials=len(tried.explained),
        ),
        robustness_share=held["together"][key],
        override=check_override(override, names, slug=SLUG),
        formats=dict.fromkeys([*tried.traits, "score"], "share:0"),
    )
    said = (describe_raters(reconciled, words={t: TRAITS[t].words for t in TRAITS}),) if reconciled else ()
    own = (
        Assumption(
            text=f"In the choice count alike: {join_words([TRAITS[t].words for t in tried.traits])}. "
            f"Settling is worth it from {format_value(100 * min_gain, 'number:1')} points more foretold.",
            owner="playbook default",
        ),
    )
    return _Choice(
        decision=decision, key=key, totals=totals, said=said, assumptions=() if reconciled else own
    )


def _measure_contested(crosswalk: pd.DataFrame) -> tuple[float, float]:
    """Shares of customers and of net revenue whose two names do not correspond."""
    off = crosswalk[~crosswalk.matched]
    revenue = crosswalk.net_revenue.clip(lower=0)
    return (
        float(off.customers.sum() / crosswalk.customers.sum()),
        float(revenue[off.index].sum() / max(revenue.sum(), 1e-9)),
    )


def _build_table(cells: pd.DataFrame, smaller: pd.DataFrame, sides: Sides, *, related: bool) -> pd.DataFrame:
    """Contested cells with their rulings, and what is too small to judge in one row."""
    table = cells.assign(verdict=[words.write_ruling(cell) for cell in cells.itertuples()])
    columns = ["first", "second", "customers", "net_revenue", "first_distance", "second_distance", "verdict"]
    table = table[[*columns, "same_share"]]
    if len(smaller):
        verdict = f"Too small: name of {sides.second} stays" if related else "No ruling: names are unrelated"
        row = {
            "first": plural(len(smaller), "smaller pair" if related else "pair"),
            "second": "",
            "customers": int(smaller.customers.sum()),
            "net_revenue": float(smaller.net_revenue.sum()),
            "verdict": verdict,
        }
        rest = pd.DataFrame([row], columns=table.columns)
        table = (
            pd.concat([table, rest.astype(table.dtypes.to_dict())], ignore_index=True) if len(table) else rest
        )
    return table.reset_index(drop=True)


def _state_bounds(
    filed: Filed,
    behaviour: Behaviour,
    *,
    max_distance: float,
    min_customers: int,
    min_revenue_share: float,
    min_matched: float,
) -> Assumption:
    traits = join_words([TRAITS[trait].words for trait in filed.traits])
    return Assumption(
        text=f"Customers are alike up to {format_value(max_distance, 'number:2')} standard deviations of "
        f"difference in {traits}, over {plural(behaviour.days, 'day')}; contested pairs of names are judged "
        f"from {plural(min_customers, 'customer')} or {format_value(min_revenue_share, 'share:0')} of net "
        f"revenue on. Names count as related where {format_value(min_matched, 'share:0')} of customers or "
        "more carry corresponding ones beyond chance.",
        owner="playbook default",
    )


def _state_spelling(labels: pd.DataFrame) -> list[Assumption]:
    respelt = int(labels.respelt.sum()) if "respelt" in labels else 0
    if not respelt:
        return []
    text = (
        f"{plural(respelt, 'customer')} whose name is written otherwise than usual (a letter, capitals, an "
        "abbreviation) count under the usual spelling."
    )
    return [Assumption(text=text, owner="playbook default")]


def _say_unlabelled(labels: pd.DataFrame, sides: Sides) -> list[str]:
    missing = labels[["first", "second"]].isna()
    if not missing.to_numpy().any():
        return []
    return [
        f"{plural(int(missing.any(axis=1).sum()), 'customer')} of {len(labels):,} are left out: "
        f"{int(missing['first'].sum()):,} without a name of {sides.first}, {int(missing['second'].sum()):,} "
        f"without one of {sides.second}."
    ]


def _ask_names(columns: Sequence[str], sides: Sides) -> Need:
    return Need(
        question=f"Which group does {sides.first}, which does {sides.second} file each customer under?",
        table="customers",
        columns=("customer_id", *columns),
    )


def _withhold(sides: Sides, why: str, need: Need) -> Finding:
    return Finding(
        slug=SLUG,
        status="not_run",
        headline=f"Whether {sides.first} and {sides.second} contradict each other is not known: {why}.",
        table=pd.DataFrame(columns=["first", "second", "customers"]),
        needs=(need,),
    )
