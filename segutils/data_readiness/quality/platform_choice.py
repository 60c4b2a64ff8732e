"""Warehouse or customer data platform, on-premise or cloud, central or per domain: which fits?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segutils.data_readiness.quality import platform_words as words
from segutils.data_readiness.quality.platform_demand import Demand
from segutils.data_readiness.quality.platform_marks import PLACES, list_marks, spread_marks
from segutils.data_readiness.quality.platform_scores import (
    CRITERIA,
    Wanted,
    move_marks,
    redraw_marks,
    score_platforms,
)
from segutils.engagement_terms import Weighting
from segutils.errors import InputError
from segutils.findings import Assumption, Decision, Finding, Need, Override
from segutils.formats import join_words
from segutils.stated import reconcile_weights
from segutils.statistics.decisions import (
    check_override,
    flip_weight,
    noise_robustness,
    score_options,
    weight_robustness,
)
from segutils.statistics.raters import Reconciled, describe_raters, score_by_rater

SLUG = "platform-choice"
WEIGHTS: Mapping[str, float] = {
    "volume": 0.1,
    "latency": 0.2,
    "identity": 0.15,
    "activation": 0.15,
    "governance": 0.15,
    "autonomy": 0.1,
    "cost": 0.15,
}
LIMITS = {"latency_hours": "max", "cost_per_year": "max", "residency": "min"}
PER_YEAR = {"month": 12.0, "quarter": 4.0, "year": 1.0}
FIRM = 0.8  # share of random weights and marks under which a recommendation is called firm
LATENCY = Need(
    question="Within how many hours must a fact about a customer be usable?",
    table="engagement file",
    columns=("thresholds: platform-choice, latency_hours, max",),
)
COST = Need(
    question="What would each kind of platform cost a year, and what may it cost at most?",
    table="engagement file",
    columns=("costs: an item for each option", "thresholds: platform-choice, cost_per_year, max"),
)

IDENTITY = Need(
    question="How many systems hold customers, and how many events belong to nobody known?",
    table="source_records",
    columns=("source", "record_id"),
)
CHANNELS = Need(
    question="Through which channels are customers reached?", table="campaigns", columns=("channel",)
)


def decide_platform_choice(
    demand: Demand,
    *,
    currency: str,
    thresholds: pd.DataFrame | None = None,
    costs: pd.DataFrame | None = None,
    weighting: Weighting | None = None,
    marks: Sequence[str] = (),
    horizon_years: int = 3,
    cost_error: float = 0.2,
    draws: int = 500,
    seed: int = 20211,
    override: Override | None = None,
) -> Finding:
    """On what kind of platform should the customer data be brought together?

    Parameters
    ----------
    demand : Demand
        From :func:`~segutils.data_readiness.quality.platform_demand.measure_demand`.
    currency : str
    thresholds : pandas.DataFrame, optional
        ``measure, min, max, owner`` of the question: ``latency_hours`` (max; needed), ``cost_per_year``
        (max), ``residency`` (min; 1 a vendor's cloud will do, 2 a cloud region of the client's choice, 3 own
        premises).
    costs : pandas.DataFrame, optional
        ``item, amount, per, every, owner``; lines per company whose item starts with an option's name count
        for it, those without `every` over the horizon.
    weighting : Weighting, optional
        Of ``volume, latency, identity, activation, governance, autonomy, cost``; the playbook's own weights
        otherwise. Criteria on which nothing is known are left out and the weights of the others scaled.
    marks : sequence of str
        Marks that the client replaces; see
        :func:`~segutils.data_readiness.quality.platform_marks.list_marks`.
    horizon_years : int
        The platform must hold what there will be then.
    cost_error : float
        Costs may be off by so much (0-1) in the test of the assumptions.
    draws : int
        Random weights times four, and random sets of marks.
    seed : int
    override : Override, optional

    Returns
    -------
    Finding
        Table: ``requirement, value, stated_by``, what was measured and what was asked for. Without a stated
        latency and without stated costs ``not_run``, with the measured volumes (``table, rows, megabytes``):
        a platform is chosen for requirements, and data alone have none.
    """
    asked = _read_thresholds(thresholds)
    listed = list_marks(marks)
    yearly = _read_costs(costs, list(dict.fromkeys(listed.option)), horizon_years)
    if "latency_hours" not in asked.index and yearly.empty:
        return words.withhold(SLUG, demand, needs=(LATENCY, COST))
    wanted = Wanted(
        gigabytes=demand.gigabytes_in(horizon_years),
        latency_hours=float(asked.limit.get("latency_hours", np.nan)),
        needs=demand.list_needs(),
        max_cost=float(asked.limit.get("cost_per_year", np.nan)) if len(yearly) else np.nan,
    )
    wide = spread_marks(listed)
    out = _knock_out(wide, yearly, asked, wanted)
    left = wide.drop(index=out.option)
    needs = _list_needs(wanted)
    requirements = words.build_requirements(demand, asked, horizon_years=horizon_years)
    if left.empty:
        return words.reject(SLUG, requirements, out)
    reconciled = reconcile_weights(weighting, CRITERIA, question=SLUG)
    weights = {name: (reconciled.mapping if reconciled else WEIGHTS)[name] for name in wanted.criteria}
    scores = score_platforms(left, yearly, wanted)
    options = score_options(scores, weights)
    recommended = str(options.option[0])
    moves = move_marks(left, yearly, wanted, weights)
    drawn = redraw_marks(left, yearly, wanted, cost_error=cost_error, draws=draws, seed=seed)
    by_weights = weight_robustness(scores, weights, draws=4 * draws, seed=seed)
    by_marks = noise_robustness(drawn, weights)
    held = [float(part.set_index("option").first_share[recommended]) for part in (by_weights, by_marks)]
    options = options.assign(cost_per_year=options.option.map(yearly).astype(float))
    options["kept"] = options.option.map(wide.residency.map(PLACES))
    decision = Decision(
        question="On what kind of platform should the customer data be brought together?",
        options=options[["option", "score", *scores.columns, "cost_per_year", "kept"]],
        recommendation=recommended,
        robustness=words.say_robustness(
            recommended, held, flip_weight(scores, weights), moves, cost_error=cost_error
        ),
        robustness_share=min(held),
        override=check_override(override, options.option.tolist(), slug=SLUG),
        formats={
            "score": "number:2",
            **dict.fromkeys(scores.columns, "number:2"),
            "cost_per_year": "money",
        },
    )
    return Finding(
        slug=SLUG,
        status="pass" if min(held) >= FIRM and not {LATENCY, COST} & set(needs) else "caution",
        headline=words.say_headline(decision, scores, weights, left, wanted, currency=currency),
        table=requirements,
        formats={"value": "by:unit"},
        labels={"kept": "Data are kept", "cost_per_year": "Cost a year"},
        figures=(words.draw_scores(scores, options, recommended), *words.draw_volumes(demand)),
        decision=decision,
        notes=(
            *words.list_notes(scores, out, moves, demand, horizon_years=horizon_years),
            *_say_raters(reconciled, scores, weights),
        ),
        assumptions=(
            *words.list_assumptions(listed, costs, yearly, currency=currency),
            *_own_weights(reconciled, weights),
        ),
        limits=(
            "Kinds of platform are compared, not products; a product is chosen by offers and trials. Keeping "
            "the present systems is not among the options: nobody stated what they can do.",
            "Abilities and latency are this playbook's marks unless a client's owner is named; nothing here "
            "measured them.",
            "Gigabytes are those of the columns that this notebook may read, uncompressed.",
        ),
        needs=needs,
    )


def _read_thresholds(thresholds: pd.DataFrame | None) -> pd.DataFrame:
    """Index measure; ``limit, owner``."""
    rows = [] if thresholds is None else thresholds.to_dict("records")
    for row in rows:
        if row["measure"] not in LIMITS or pd.isna(row[LIMITS[row["measure"]]]):
            raise InputError(
                f"the threshold '{row['measure']}' of {SLUG} cannot be used",
                where="engagement file, thresholds",
                fix="state latency_hours with max, cost_per_year with max, or residency with min",
            )
    found = [(row["measure"], float(row[LIMITS[row["measure"]]]), row["owner"]) for row in rows]
    return pd.DataFrame(found, columns=["measure", "limit", "owner"]).set_index("measure")


def _read_costs(costs: pd.DataFrame | None, options: Sequence[str], horizon_years: int) -> pd.Series:
    """What each option costs a year, by option; options that no line names are not in it."""
    if costs is None or costs.empty:
        return pd.Series(dtype=float)
    lines = costs[costs.per == "company"]
    yearly = lines.amount.astype(float) * lines.every.map(PER_YEAR).fillna(1 / horizon_years)
    named = lines.item.map(lambda item: words.find_option(item, options))
    return yearly.groupby(named).sum()


def _knock_out(marks: pd.DataFrame, yearly: pd.Series, asked: pd.DataFrame, wanted: Wanted) -> pd.DataFrame:
    """Options that are out before anything is scored: ``option, reason``."""
    residency = float(asked.limit.get("residency", 1))
    rows = []
    for option, mark in marks.iterrows():
        cost = yearly.get(option, np.nan)
        reasons = []
        if mark.residency < residency:
            reasons.append(f"data would lie {PLACES[int(mark.residency)]}")
        if mark.capacity_gb < wanted.gigabytes:
            reasons.append("it does not hold the volume expected")
        if wanted.max_cost > 0 and np.isnan(cost):
            reasons.append("nobody stated what it costs")
        if cost > wanted.max_cost:
            reasons.append("it costs more than is allowed")
        if reasons:
            rows.append((option, join_words(reasons)))
    return pd.DataFrame(rows, columns=["option", "reason"])


def _list_needs(wanted: Wanted) -> tuple[Need, ...]:
    """What stayed out of the scores because nobody stated or gave it."""
    needs = {"latency": LATENCY, "cost": COST, "identity": IDENTITY, "activation": CHANNELS}
    return tuple(need for criterion, need in needs.items() if criterion not in wanted.criteria)


def _say_raters(
    reconciled: Reconciled | None, scores: pd.DataFrame, weights: Mapping[str, float]
) -> list[str]:
    if reconciled is None:
        return []
    said = describe_raters(reconciled)
    alone = score_by_rater(scores, reconciled)
    if len(alone) < 2:
        return [said]
    if alone.option.nunique() == 1:
        return [f"{said} Each of them alone would choose the {alone.option[0]} too."]
    choices = [
        f"the {option} for {' and '.join(part.rater)}" for option, part in alone.groupby("option", sort=False)
    ]
    return [f"{said} Each alone, they would choose differently: {'; '.join(choices)}."]


def _own_weights(reconciled: Reconciled | None, weights: Mapping[str, float]) -> tuple[Assumption, ...]:
    if reconciled is not None:
        return ()
    listed = ", ".join(f"{name} {weight:.2f}" for name, weight in weights.items())
    return (Assumption(text=f"The criteria weigh: {listed}.", owner="playbook default"),)
