"""Are there enough data for behavioural, needs-based, demographic or response-based segmentation?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.data_readiness.quality.approach_evidence import (
    BEHAVIOURAL,
    DEMOGRAPHIC,
    NEEDS,
    RESPONSE,
    Evidence,
    measure_approaches,
)
from segutils.findings import Assumption, Decision, Figure, Finding, Need, Override, Status
from segutils.formats import format_value, join_words, plural
from segutils.statistics.decisions import (
    scale_between,
    score_options,
)

SLUG = "sufficiency"
ENOUGH, PARTLY = "enough", "partly"
ORDER: Mapping[str, int] = {ENOUGH: 0, PARTLY: 1, "not enough": 2, "no data": 3}
NONE_YET = "none yet"
WEIGHTS: Mapping[str, float] = {
    "coverage": 0.3,
    "sample": 0.25,
    "depth": 0.2,
    "history": 0.15,
    "variation": 0.1,
}
SOURCES = (
    "Customers per variable: Dolnicar, Grün, Leisch and Schmidt (2014) ask for 70 at least, Dolnicar, Grün "
    "and Leisch (2016) for 100. A year of history is one seasonal cycle. Coverage, events and empty cells: "
    "convention of this playbook."
)


@dataclass(frozen=True, kw_only=True)
class Needed:
    """What an approach needs; see :func:`decide_sufficiency`."""

    coverage: float
    per_variable: float
    history_days: int
    events: float
    empty_share: float


def score_approaches(measures: pd.DataFrame, needed: Needed) -> pd.DataFrame:
    """The criteria of each approach on scales of 0 (nothing) to 1 (what is needed, or all there could be).

    Returns
    -------
    pandas.DataFrame
        Index approach; ``coverage, sample, depth, history, variation``.
    """
    history = measures.history_days.fillna(needed.history_days)  # attributes and needs want no history
    there = measures.customers_with_data > 0
    scores = pd.DataFrame(
        {
            "coverage": measures.coverage.to_numpy(float),
            "sample": scale_between(measures.customers_per_variable, worst=0, best=needed.per_variable),
            "depth": scale_between(measures.events_per_customer, worst=0, best=needed.events),
            "history": np.where(there, scale_between(history, worst=0, best=needed.history_days), 0.0),
            "variation": 1 - measures.empty_share.to_numpy(float),
        },
        index=pd.Index(measures.approach, name="approach"),
    )
    return scores.clip(0, 1)


def judge_approaches(measures: pd.DataFrame, needed: Needed, *, min_per_variable: float) -> pd.DataFrame:
    """The measures with a verdict per approach (enough, partly, not enough, no data) and what is short."""
    verdicts, shorts = [], []
    for row in measures.to_dict("records"):
        if not row["customers_with_data"]:
            verdicts.append("no data")
            shorts.append("all of it")
            continue
        checks = {
            "coverage": row["coverage"] >= needed.coverage,
            "customers per variable": row["customers_per_variable"] >= needed.per_variable,
            "history": not row["history_days"] < needed.history_days,
            "events per customer": row["events_per_customer"] >= needed.events,
            "empty cells": row["empty_share"] <= needed.empty_share,
        }
        short = [name for name, holds in checks.items() if not holds]
        workable = row["customers_per_variable"] >= min_per_variable
        verdicts.append("enough" if not short else "partly" if workable else "not enough")
        shorts.append(join_words(short) or "nothing")
    judged = measures.assign(verdict=verdicts, short_of=shorts)
    return judged[["approach", "verdict", *measures.columns[1:], "short_of"]]


def decide_sufficiency(
    evidence: Evidence,
    *,
    weights: Mapping[str, float] = WEIGHTS,
    min_coverage: float = 0.7,
    min_customers_per_variable: float = 70,
    good_customers_per_variable: float = 100,
    min_history_days: int = 365,
    min_events: float = 3,
    min_orders: int = 3,
    max_empty_share: float = 0.9,
    resamples: int = 200,
    max_sampled: int = 20_000,
    seed: int = 20171,
    override: Override | None = None,
) -> Finding:
    """On which data can the segmentation be built: behaviour, needs, attributes, or responses to campaigns?

    Parameters
    ----------
    evidence : Evidence
        From :func:`build_evidence`.
    weights : mapping of str to float
        Of ``coverage, sample, depth, history, variation``.
    min_coverage : float
        Share of customers (0-1) with data; the others cannot be placed from this base.
    min_customers_per_variable, good_customers_per_variable : float
        Below the first segments are not found reliably; from the second on the sample no longer limits them
        (Dolnicar, Grün, Leisch and Schmidt 2014; Dolnicar, Grün and Leisch 2016).
    min_history_days : int
        One seasonal cycle.
    min_events : float
        Orders, attributes, campaigns or answered items per customer (median).
    min_orders : int
        A customer with fewer orders has no behaviour to compare.
    max_empty_share : float
        Of cells that are empty or zero; above it most customers look alike for lack of data.
    resamples : int
        Bootstrap samples of customers.
    max_sampled : int
        Customers per bootstrap sample.
    seed : int
    override : Override, optional

    Returns
    -------
    Finding
        Table: ``approach, verdict, customers_with_data, coverage, variables, customers_per_variable,
        history_days, events_per_customer, empty_share, short_of``.
    """
    needed = Needed(
        coverage=min_coverage,
        per_variable=good_customers_per_variable,
        history_days=min_history_days,
        events=min_events,
        empty_share=max_empty_share,
    )
    measures = measure_approaches(evidence, min_orders=min_orders)
    table = judge_approaches(measures, needed, min_per_variable=min_customers_per_variable)
    scores = score_approaches(measures, needed)
    options = score_options(scores, weights)
    verdicts = dict(zip(table.approach, table.verdict, strict=True))
    # knock-out before attractiveness: a verdict that is better ranks first, whatever the score; where several
    # kinds are enough none is better for having more than enough, and behaviour comes first
    options = options.assign(verdict=options.option.map(verdicts))
    rank = options.verdict.map(ORDER) - 0.5 * (options.verdict.eq(ENOUGH) & options.option.eq(BEHAVIOURAL))
    options = options.iloc[rank.argsort(kind="stable")].reset_index(drop=True)
    options = options[["option", "verdict", "score", *scores.columns]]
    best = str(options.option[0])
    if ORDER[verdicts[best]] > ORDER[PARTLY]:
        empty = pd.DataFrame([{"option": NONE_YET, "verdict": "collect data first"}])
        options = pd.concat([empty, options], ignore_index=True)
    recommendation = str(options.option[0])
    draws = _resample(evidence, resamples, max_sampled, seed=seed, min_orders=min_orders)
    found = [judge_approaches(m, needed, min_per_variable=min_customers_per_variable) for m in draws]
    held = [ORDER[f.set_index("approach").verdict[best]] <= ORDER[verdicts[best]] for f in found]
    by_customers = float(np.mean(held))
    decision = Decision(
        question="For which kind of segmentation are there enough data?",
        options=options,
        recommendation=recommendation,
        robustness=_robustness_sentence(table, best, by_customers, needed),
        robustness_share=by_customers,
        override=override,
        formats={"score": "number:2", **dict.fromkeys(scores.columns, "number:2")},
    )
    total = len(evidence.customers)
    statuses: Mapping[str, Status] = {"enough": "pass", "partly": "caution"}
    return Finding(
        slug=SLUG,
        status=statuses.get(verdicts.get(decision.choice, ""), "fail"),
        headline=_headline(
            table, decision.choice if decision.choice in verdicts else best, total, min_orders
        ),
        table=table,
        formats={
            "customers_with_data": "count",
            "coverage": "share",
            "variables": "count",
            "customers_per_variable": "count",
            "history_days": "days",
            "events_per_customer": "number:1",
            "empty_share": "share",
        },
        labels={
            "events_per_customer": "Events per customer (median)",
            "empty_share": "Empty or zero cells",
        },
        figures=(_draw_scores(scores, table, options),),
        decision=decision,
        notes=(
            f"Needed: data on {format_value(min_coverage, 'share:0')} of customers, "
            f"{good_customers_per_variable:,.0f} customers per variable, {min_history_days:,} days of "
            f"history, {min_events:g} events per customer, at most "
            f"{format_value(max_empty_share, 'share:0')} empty cells.",
            "Events are orders, answered items, known attributes or campaigns of customers with data.",
            SOURCES,
        ),
        assumptions=(
            Assumption(
                text=f"The behavioural segmentation uses about {evidence.variables[BEHAVIOURAL]} variables.",
                owner="playbook default, parameter variables_planned",
            ),
        ),
        limits=(
            "Enough data for an approach says that segments can be found from them, not that these segments "
            "will differ in what they need or in how they respond; nor which kind explains customers best.",
            *_response_limit(verdicts),
            *_behaviour_limit(verdicts),
        ),
        needs=_list_needs(verdicts),
    )


def _resample(
    evidence: Evidence, resamples: int, max_sampled: int, *, seed: int, min_orders: int
) -> list[pd.DataFrame]:
    """The measures as they would be for other samples of the customers."""
    rng = np.random.default_rng(seed)
    total = len(evidence.customers)
    size = min(total, max_sampled)
    scale = total / size  # a smaller resample stands for all customers
    found = []
    for rows in (rng.integers(0, total, size) for _ in range(resamples)):
        measures = measure_approaches(evidence, min_orders=min_orders, rows=rows)
        measures["customers_per_variable"] *= scale
        found.append(measures)
    return found


def _robustness_sentence(table: pd.DataFrame, best: str, by_customers: float, needed: Needed) -> str:
    enough = table.approach[table.verdict == ENOUGH].tolist()
    row = table.set_index("approach").loc[best]
    start = ""
    if len(enough) > 1 and best == BEHAVIOURAL:
        start = (
            f"{join_words(enough).capitalize()} data meet every threshold; more than enough is no better, so "
            "behaviour comes first, on which the segments of this playbook rest. "
        )
    samples = format_value(by_customers, "share:0")
    sentence = f"{start}Sampling noise: “{row.verdict}” holds for {best} data in {samples} of resamples."
    if row.verdict != ENOUGH:
        return f"{sentence} What flips it: more of what is short ({row.short_of})."
    room = {
        f"coverage below {format_value(needed.coverage, 'share:0')} (it is "
        f"{format_value(row.coverage, 'share:0')})": row.coverage / needed.coverage,
        f"fewer than {needed.per_variable:,.0f} customers per variable (there are "
        f"{row.customers_per_variable:,.0f})": row.customers_per_variable / needed.per_variable,
        f"fewer than {needed.events:g} events per customer (there are {row.events_per_customer:g})": (
            row.events_per_customer / needed.events
        ),
        f"less than {needed.history_days:,} days of history (there are {row.history_days:,.0f})": (
            row.history_days / needed.history_days
        ),
    }
    nearest = min((text for text, share in room.items() if share == share), key=room.__getitem__)
    return f"{sentence} What flips it first: {nearest}."


def _headline(table: pd.DataFrame, choice: str, total: int, min_orders: int) -> str:
    row = table.set_index("approach").loc[choice]
    known = {
        BEHAVIOURAL: f"have at least {plural(min_orders, 'order')}",
        NEEDS: "answered a survey",
        DEMOGRAPHIC: "have attributes",
        RESPONSE: "received a campaign",
    }[choice]
    covered = f"{format_value(row.coverage, 'share:0')} of {plural(total, 'customer')} {known}"
    start = {
        "enough": f"The data are enough for {choice} segmentation ({covered})",
        "partly": f"The data allow {choice} segmentation with limits ({covered}; short of {row.short_of})",
    }.get(row.verdict, f"The data are not enough for {choice} segmentation")
    others = table[table.approach != choice]
    absent = others.approach[others.verdict == "no data"].tolist()
    weak = others.approach[others.verdict.isin(["partly", "not enough"])].tolist()
    parts = []
    if absent:
        parts.append(f"there are none for {join_words(absent, last='or')} segmentation")
    if weak:
        parts.append(f"they fall short for {join_words(weak, last='or')} segmentation")
    return f"{start}; {join_words(parts)}." if parts else f"{start}."


def _draw_scores(scores: pd.DataFrame, table: pd.DataFrame, options: pd.DataFrame) -> Figure:
    long = scores.reset_index().melt(id_vars="approach", var_name="criterion", value_name="score")
    order = {name: rank for rank, name in enumerate(options.option)}
    long = long.sort_values("approach", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    enough = table.approach[table.verdict == "enough"].tolist()
    title = {
        0: "No kind of data meets every threshold",
        1: f"Only {join_words(enough)} data meet every threshold",
    }.get(len(enough), f"{join_words(enough).capitalize()} data meet every threshold")
    rows = table.set_index("approach")
    covered = join_words([f"{name} {format_value(rows.coverage[name], 'share:0')}" for name in rows.index])
    return Figure(
        kind="heatmap",
        data=long,
        x="criterion",
        y="score",
        series="approach",
        title=title,
        subtitle="What there is of what an approach needs, 0 = nothing, 1 = all of it",
        alt=f"Matrix of four approaches by five criteria. Customers covered: {covered}. {title}.",
        formats={"score": "number:2"},
        highlight=str(options.option[0]),
    )


def _behaviour_limit(verdicts: Mapping[str, str]) -> tuple[str, ...]:
    """The notebooks that follow look at behaviour whatever is recommended here: said where it falls short."""
    if verdicts[BEHAVIOURAL] == ENOUGH:
        return ()
    return (
        "The segments of the following pages are formed from behaviour all the same, on data that fall short "
        "for it: take them as a first look.",
    )


def _response_limit(verdicts: Mapping[str, str]) -> tuple[str, ...]:
    if verdicts[RESPONSE] == "no data":
        return ()
    return (
        "Responses show who answers a campaign; without customers held out at random not what it causes.",
    )


def _list_needs(verdicts: Mapping[str, str]) -> tuple[Need, ...]:
    asked = {
        NEEDS: Need(
            question="What do customers need, beyond what their purchases show?",
            table="survey",
            columns=("respondent_id", "item", "answer", "customer_id"),
        ),
        RESPONSE: Need(
            question="Who responds to campaigns?",
            table="exposures",
            columns=("customer_id", "campaign_id", "arm", "responded"),
        ),
        DEMOGRAPHIC: Need(
            question="Who are the customers for whom no attributes are known?", table="customers", columns=()
        ),
    }
    lacking = {NEEDS: ("no data",), RESPONSE: ("no data",), DEMOGRAPHIC: ("no data", "partly", "not enough")}
    return tuple(need for approach, need in asked.items() if verdicts[approach] in lacking[approach])
