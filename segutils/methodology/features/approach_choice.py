"""RFM for transactional use, or psychographic segments for positioning?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.engagement_terms import Weighting
from segutils.findings import Assumption, Decision, Figure, Finding, Need, Override
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.methodology.features.approach_trial import (
    CRITERIA,
    PSYCHOGRAPHIC,
    RFM,
    Approach,
    measure_approach,
    scale_rfm,
    sum_value,
)
from segutils.methodology.features.rfm import build_rfm
from segutils.methodology.features.survey_needs import Needs
from segutils.stated import reconcile_weights
from segutils.statistics.agreement import adjusted_rand
from segutils.statistics.decisions import (
    check_override,
    flip_weight,
    noise_robustness,
    score_options,
    weight_robustness,
)
from segutils.statistics.raters import Reconciled, describe_raters

SLUG = "approach-choice"
WEIGHTS: Mapping[str, float] = {
    "stability": 0.3,
    "explained_value": 0.3,
    "actionability": 0.2,
    "coverage": 0.2,
}
WORDS = {
    "stability": "stability",
    "explained_value": "explained value",
    "actionability": "assignment from CRM fields",
    "coverage": "coverage",
}
FIRM = 0.8
ALIKE = 0.6  # adjusted Rand index from which two ways of parting customers are called alike
MIN_BOTH = 150  # customers with both kinds of data, below which nothing is compared
SURVEY = Need(
    question="What do customers need, and do needs segment better than past orders?",
    table="survey",
    columns=("respondent_id", "item", "answer", "customer_id", "scale"),
)


def measure_approaches(
    transactions: ir.Table,
    customers: ir.Table,
    needs: Needs | None,
    *,
    cut: date,
    as_of: date,
    window_days: int,
    fields: Sequence[str] = (),
    counts: Sequence[int] = (4, 5, 6, 7),
    pairs: int = 25,
    max_customers: int = 4000,
    seed: int = 20312,
) -> list[Approach]:
    """What are RFM segments and psychographic segments of the same customers worth?

    Parameters
    ----------
    transactions : ibis.Table
        ``customer_id, order_id, ordered_on, net_revenue``; optional ``contribution_margin``.
    customers : ibis.Table
        ``customer_id`` and, where known, the CRM fields.
    needs : Needs or None
        None where there is no survey: RFM alone is measured, on all buyers.
    cut, as_of : datetime.date
        RFM is of the window that ends at the cut; value is what came from then to `as_of`.
    window_days : int
    fields : sequence of str
        Columns of `customers` that are known of everyone, before the first order too; those that the client
        does not give are left out. Never protected attributes.
    counts : sequence of int
        Numbers of segments tried.
    pairs : int
        Pairs of bootstrap samples.
    max_customers : int
        Drawn with `seed` where there are more.
    seed : int

    Returns
    -------
    list of Approach
        RFM first; without the psychographic one where fewer than 150 customers have both kinds of data.
    """
    rfm = build_rfm(transactions, customers, as_of=cut, window_days=window_days)
    points = scale_rfm(rfm)
    columns = ["customer_id", *(c for c in fields if c in customers.columns)]
    crm = customers.select(*columns).to_pandas().drop_duplicates("customer_id").set_index("customer_id")
    value = sum_value(transactions, after=cut, until=as_of).set_index("customer_id")["value"]
    everyone = rfm["customer_id"].nunique()
    shared = points.index
    if needs is not None:
        asked = needs.table.set_index("customer_id")
        both = points.index.intersection(asked.index)
        shared = both if len(both) >= MIN_BOTH else shared
        needs = needs if len(both) >= MIN_BOTH else None
    if len(shared) > max_customers:
        shared = shared[np.sort(np.random.default_rng(seed).permutation(len(shared))[:max_customers])]
    given = {
        "value": value.reindex(shared).fillna(0.0).to_numpy(float),
        "fields": crm.reindex(shared).reset_index(drop=True),
        "known": everyone,
        "counts": counts,
        "pairs": pairs,
        "seed": seed,
    }
    found = [measure_approach(RFM, points.loc[shared], coverage=len(points) / everyone, **given)]
    if needs is not None:
        share = asked.index.isin(rfm["customer_id"]).sum() / everyone
        found.append(measure_approach(PSYCHOGRAPHIC, asked.loc[shared], coverage=share, **given))
    return found


def decide_approach_choice(
    approaches: Sequence[Approach],
    needs: Needs | None,
    *,
    value_name: str = "net_revenue",
    weighting: Weighting | None = None,
    draws: int = 1000,
    seed: int = 20312,
    override: Override | None = None,
) -> Finding:
    """Should segments rest on past orders (RFM) or on what customers say they need (psychographic)?

    Parameters
    ----------
    approaches : sequence of Approach
        From :func:`measure_approaches`.
    needs : Needs or None
        For the counts of answers set aside.
    value_name : str
        ``contribution_margin`` or ``net_revenue``: what the explained value is of.
    weighting : Weighting, optional
        Of ``stability, explained_value, actionability, coverage``; else the playbook's own weights.
    draws : int
        Random weights times two, and random sets of marks.
    seed : int
    override : Override, optional

    Returns
    -------
    Finding
        Table: ``approach, segments, customers`` and the four marks, 0-1. ``not_run`` without a survey: what
        RFM alone reaches stands in the table.
    """
    table = _build_table(approaches)
    money = "contribution margin" if value_name == "contribution_margin" else "net revenue"
    labels = {
        "explained_value": f"Share of next period's {money} told",
        "actionability": "Told from CRM fields (kappa)",
        "customers": "Customers compared",
    }
    formats = {"segments": "count", "customers": "count", **_mark_formats()}
    if len(approaches) < 2:
        return Finding(
            slug=SLUG,
            status="not_run",
            headline=_say_alone(approaches[0], needs, money),
            table=table,
            formats=formats,
            labels=labels,
            needs=(SURVEY,),
            limits=("That RFM segments are measured here does not make them better than others.",),
        )
    reconciled = reconcile_weights(weighting, CRITERIA, question=SLUG)
    scores = pd.DataFrame([_marks_of(a).clip(0, 1) for a in approaches], index=[a.name for a in approaches])
    scores = scores.dropna(axis=1)  # without CRM fields nobody can be assigned from them, by either approach
    weights = {name: (reconciled.mapping if reconciled else WEIGHTS)[name] for name in scores.columns}
    options = score_options(scores, weights)
    chosen = str(options["option"].iloc[0])
    by_weights = weight_robustness(scores, weights, draws=2 * draws, seed=seed)
    redrawn = [drawn[scores.columns] for drawn in _redraw(approaches, draws=draws, seed=seed)]
    by_chance = noise_robustness(redrawn, weights)
    held = [float(part.set_index("option")["first_share"][chosen]) for part in (by_weights, by_chance)]
    decision = Decision(
        question="Should segments rest on past orders or on what customers say they need?",
        options=options[["option", "score", *scores.columns]],
        recommendation=chosen,
        robustness=_say_robustness(chosen, held, flip_weight(scores, weights)),
        robustness_share=min(held),
        override=check_override(override, options["option"].tolist(), slug=SLUG),
        formats={"score": "number:2", **{c: f for c, f in _mark_formats().items() if c in scores}},
    )
    return Finding(
        slug=SLUG,
        status="pass" if min(held) >= FIRM else "caution",
        headline=_say_headline(chosen, scores, money),
        table=table,
        formats=formats,
        labels=labels,
        figures=(_draw_marks(approaches, scores, chosen, money),),
        decision=decision,
        notes=_list_notes(approaches, needs, scores, reconciled),
        assumptions=()
        if reconciled
        else (
            Assumption(
                text="The criteria weigh: "
                + ", ".join(f"{WORDS[n]} {w:.2f}" for n, w in WEIGHTS.items())
                + ".",
                owner="playbook default",
            ),
        ),
        limits=(
            "Both are compared on customers who ordered before the cut and answered carefully; those who "
            "answer "
            "a survey are not a random sample of all.",
            "What psychographic segments are for (which message, which offer) is not among the marks: only "
            "a test "
            "of messages can show it.",
            "Variance is of the logarithm, so that a few very large customers do not decide.",
        ),
    )


def _marks_of(approach: Approach) -> pd.Series:
    return approach.marks.set_index("criterion")["value"].astype(float)[list(CRITERIA)]


def _mark_formats() -> dict[str, str]:
    return {
        "stability": "number:2",
        "explained_value": "share",
        "actionability": "number:2",
        "coverage": "share",
    }


def _build_table(approaches: Sequence[Approach]) -> pd.DataFrame:
    rows = [
        {"approach": a.name, "segments": a.segments, "customers": len(a.labels), **_marks_of(a)}
        for a in approaches
    ]
    return pd.DataFrame(rows)


def _redraw(approaches: Sequence[Approach], *, draws: int, seed: int) -> list[pd.DataFrame]:
    """Marks within their standard errors."""
    rng = np.random.default_rng(seed)
    value = np.stack([_marks_of(a) for a in approaches])
    error = np.stack(
        [a.marks.set_index("criterion")["error"].astype(float)[list(CRITERIA)] for a in approaches]
    )
    names = [a.name for a in approaches]
    return [
        pd.DataFrame(np.clip(value + error * noise, 0, 1), index=names, columns=list(CRITERIA))
        for noise in rng.standard_normal((draws, *value.shape))
    ]


def _say_headline(chosen: str, scores: pd.DataFrame, money: str) -> str:
    told = {
        name: format_value(max(scores.loc[name, "explained_value"], 0.0), "share:0") for name in scores.index
    }
    reach = {name: format_value(scores.loc[name, "coverage"], "share:0") for name in scores.index}
    other = next(name for name in scores.index if name != chosen)
    return (
        f"{chosen} segments explain {told[chosen]} of the differences in next period's {money} (log) "
        f"and cover {reach[chosen]} of customers; {_inside(other)} ones explain {told[other]} and cover "
        f"{reach[other]}"
    )


def _inside(name: str) -> str:
    return name if name == RFM else name.lower()


def _say_alone(approach: Approach, needs: Needs | None, money: str) -> str:
    marks = _marks_of(approach)
    told = format_value(max(marks["explained_value"], 0.0), "share:0")
    why = "too few customers have both orders and usable answers" if needs else "no survey was given"
    return (
        f"Only RFM can be built, as {why}: it covers {format_value(marks['coverage'], 'share:0')} of "
        f"customers and explains {told} of the differences in next period's {money} (log)"
    )


def _say_robustness(chosen: str, held: Sequence[float], flips: pd.DataFrame) -> str:
    said = (
        f"{chosen} stays first in {format_value(held[0], 'share:0')} of random weights around the stated "
        f"ones and in {format_value(held[1], 'share:0')} of random marks within their errors"
    )
    flip = flips.dropna(subset=["flip_weight"])
    if flip.empty:
        return f"{said}; no weight of a single criterion changes that."
    row = flip.iloc[0]
    way = "above" if row["change"] > 0 else "below"
    return (
        f"{said}; {_inside(row['winner_then'])} segments would win with a weight of "
        f"{WORDS[row['criterion']]} {way} {row['flip_weight']:.2f} (now {row['weight']:.2f})."
    )


def _list_notes(
    approaches: Sequence[Approach], needs: Needs | None, scores: pd.DataFrame, reconciled: Reconciled | None
) -> tuple[str, ...]:
    same = adjusted_rand(approaches[0].labels, approaches[1].labels)
    notes = [_say_overlap(same)]
    if needs:
        notes.append(
            f"Of {plural(needs.respondents, 'respondent')} {needs.careless:,} answered carelessly, "
            f"{needs.incomplete:,} left out too much, and {needs.unknown:,} careful ones cannot be joined "
            "to a customer: they are set aside."
        )
    if reconciled:
        notes.append(describe_raters(reconciled, words=WORDS))
    return tuple(notes)


def _say_leads(data: pd.DataFrame) -> str:
    """Who leads in what (``criterion, approach, value, low, high``): only where intervals do not overlap."""
    leads: dict[str, list[str]] = {name: [] for name in data["approach"].unique()}
    equal = []
    for criterion, rows in data.groupby("criterion", sort=False):
        first = rows.loc[rows["value"].idxmax()]
        rest = rows[rows["approach"] != first["approach"]]
        (leads[first["approach"]] if first["low"] > rest["high"].max() else equal).append(
            lower_first(criterion)
        )
    said = [f"{name} leads in {join_words(words)}" for name, words in leads.items() if words]
    return "; ".join([*said, *([f"about equal in {join_words(equal)}"] if equal else [])])


def _say_overlap(agreement: float) -> str:
    mark = f"(adjusted Rand index {agreement:.2f}; 1 is the same, 0 is chance)"
    if agreement < ALIKE:
        return (
            f"The two part the same customers differently {mark}: one cannot stand for the other, and a "
            "positioning by needs has to be asked for."
        )
    return f"The two part the same customers much alike {mark}: the cheaper one can stand for the other."


def _draw_marks(approaches: Sequence[Approach], scores: pd.DataFrame, chosen: str, money: str) -> Figure:
    parts = [
        a.marks.assign(
            approach=a.name,
            low=a.marks["value"] - 1.96 * a.marks["error"],
            high=a.marks["value"] + 1.96 * a.marks["error"],
        )
        for a in approaches
    ]
    data = pd.concat(parts, ignore_index=True)
    data = data[data["criterion"].isin(scores.columns)]
    data["criterion"] = data["criterion"].map({n: w[:1].upper() + w[1:] for n, w in WORDS.items()})
    return Figure(
        kind="dot",
        data=data[["criterion", "approach", "value", "low", "high"]],
        x="criterion",
        y="value",
        series="approach",
        low="low",
        high="high",
        title=_say_leads(data),
        subtitle=f"RFM and psychographic segments of the same customers, marks 0-1; value is next period's "
        f"{money}",
        alt="Dot chart of four marks of RFM and psychographic segments: "
        + "; ".join(
            f"{a.name}: {', '.join(f'{WORDS[c]} {v:.2f}' for c, v in scores.loc[a.name].items())}"
            for a in approaches
        )
        + ".",
        caption="Lines are 95 % intervals.",
        formats={"value": "number:2"},
        highlight=chosen,
    )
