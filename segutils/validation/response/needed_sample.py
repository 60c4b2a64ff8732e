"""What the experiments could have seen in each segment, and how large the next one has to be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segutils.findings import Assumption, Figure, Finding, Need
from segutils.formats import format_value, join_words, plural
from segutils.statistics.power import detectable_lift, needed_treated
from segutils.statistics.rates import stratified_difference
from segutils.validation.response.campaign_cells import count_arms
from segutils.validation.response.effects import OPEN, pool_counts

FORMATS = {
    "customers": "count",
    "treated": "count",
    "control": "count",
    "detectable": "points",
    "sought": "points",
    "needed": "count",
    "rounds": "number:1",
}
LABELS = {
    "customers": "Customers",
    "treated": "Contacted so far",
    "control": "Control so far",
    "detectable": "Lift that would have been seen",
    "sought": "Lift looked for",
    "needed": "Customers needed, both arms",
    "rounds": "Campaigns with all customers",
}
EXPERIMENT = Need(
    question="How often do customers of each segment respond, with and without a contact, by lot?",
    table="exposures",
    columns=("customer_id", "campaign_id", "arm", "randomised", "responded"),
)
FLOOR = 0.01  # a smaller lift than one point is not looked for


def score_samples(
    experiments: pd.DataFrame,
    effects: pd.DataFrame,
    customers: pd.Series,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Which lift could have been seen in each segment, and how many customers would the pooled lift need?

    Parameters
    ----------
    experiments : pandas.DataFrame
        From :func:`~segutils.validation.response.campaign_cells.select_experiments`.
    effects : pandas.DataFrame
        ``segment, treated, control, control_rate, break_even, verdict``.
    customers : pandas.Series
        Customers by segment.
    power : float
        Chance that a lift of this size is seen.
    confidence : float
        Shared by all segments: a segment's own test is that much stricter (Bonferroni, Holm's first step).

    Returns
    -------
    pandas.DataFrame
        segment, customers, treated, control, detectable (points; NaN: not even a lift to 100 %), sought (the
        lift over all segments together, at least one point and at least what a contact costs), needed
        (customers, half of them controls), rounds (experiments with the whole segment that this takes),
        verdict. No row without an experiment.
    """
    if not len(effects):
        return pd.DataFrame(columns=["segment", *FORMATS, "verdict"])
    level = 1 - (1 - confidence) / max(len(effects), 1)
    pooled = float(
        stratified_difference(pool_counts(count_arms(experiments, effects["segment"].tolist()))).estimate
    )
    options = {"power": power, "level": level}
    rows = []
    for row in effects.itertuples():
        sought = min(max(pooled, FLOOR, row.break_even), 0.999 - row.control_rate)
        needed = 2 * needed_treated(row.control_rate, sought, **options)
        total = int(customers.get(row.segment, 0))
        rows.append(
            {
                "segment": row.segment,
                "customers": total,
                "treated": row.treated,
                "control": row.control,
                "detectable": detectable_lift(row.control_rate, row.treated, row.control, **options),
                "sought": sought,
                "needed": np.ceil(needed),
                "rounds": needed / total if total else np.nan,
                "verdict": row.verdict,
            }
        )
    return pd.DataFrame(rows)


def score_first_samples(
    cells: pd.DataFrame,
    segments: list[str],
    customers: pd.Series,
    *,
    min_lift: float,
    power: float = 0.8,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How many customers does a first experiment need, where there has been none?

    Parameters
    ----------
    cells : pandas.DataFrame
        From :func:`~segutils.validation.response.campaign_cells.build_cells`.
    segments : list of str
    customers : pandas.Series
        Customers by segment.
    min_lift : float
        Smallest lift worth seeing.
    power, confidence : float
        As in :func:`score_samples`.

    Returns
    -------
    pandas.DataFrame
        As :func:`score_samples` returns it, with the response of contacted customers in the place of the
        controls'; treated, control and detectable are NaN. Segments that no campaign contacted are left out.
    """
    seen = cells[cells["treated"]].groupby("segment")[["customers", "responders"]].sum()
    level = 1 - (1 - confidence) / max(len(segments), 1)
    rows = []
    for segment in [name for name in segments if name in seen.index]:
        rate = seen.loc[segment, "responders"] / seen.loc[segment, "customers"]
        lift = min(min_lift, 0.999 - rate)
        needed = 2 * needed_treated(rate, lift, power=power, level=level)
        total = int(customers.get(segment, 0))
        row = {"segment": segment, "customers": total, "sought": lift, "needed": np.ceil(needed)}
        rows.append(row | {"rounds": needed / total if total else np.nan})
    return pd.DataFrame(rows).reindex(columns=["segment", *FORMATS, "verdict"])


def _plan_first(samples: pd.DataFrame, power: float) -> Finding:
    """What a first experiment needs."""
    sought, chance = samples["sought"].max(), format_value(power, "share:0")
    alone = samples[samples["rounds"] <= 1]
    quickest, slowest = (samples.loc[samples["rounds"].agg(which)] for which in ("idxmin", "idxmax"))
    tail = f"{len(alone)} of {len(samples)} segments have as many" if len(alone) else "no segment has as many"
    headline = (
        f"To see a lift of {_points(sought)}, a first experiment takes "
        f"{plural(int(quickest['needed']), 'customer')} of {quickest['segment']} and "
        f"{int(slowest['needed']):,} of {slowest['segment']}; {tail}."
    )
    assumed = f"The smallest lift worth seeing is {_points(sought)}."
    return Finding(
        slug="ab-response",
        status="caution",
        headline=headline,
        table=samples[["segment", "customers", "sought", "needed", "rounds"]],
        formats={c: FORMATS[c] for c in ("customers", "sought", "needed", "rounds")},
        labels=LABELS,
        notes=(
            "Where a segment has too few customers for one campaign, several campaigns add up, or segments "
            "that are expected to respond alike are tested together.",
        ),
        assumptions=(Assumption(text=assumed, owner="playbook default, min_lift"),),
        limits=(
            f"Power of {chance} at a level that holds for all segments together; half of the customers stay "
            "uncontacted, by lot. Response without contact is taken to be as observed with it.",
        ),
        needs=(EXPERIMENT,),
    )


def check_samples(samples: pd.DataFrame, *, power: float = 0.8) -> Finding:
    """Were the experiments large enough, and where is the sample short?

    Parameters
    ----------
    samples : pandas.DataFrame
        From :func:`score_samples`.
    power : float

    Returns
    -------
    Finding
        Of the question ``ab-response``: its second page.
    """
    if not len(samples):
        return Finding(
            slug="ab-response",
            status="not_run",
            headline="How large an experiment has to be cannot be told: nobody says who responded to a "
            "campaign.",
            table=samples[["segment", "customers", "needed"]].reset_index(drop=True),
            needs=(EXPERIMENT,),
        )
    if samples["treated"].isna().all():
        return _plan_first(samples, power)
    open_ones = samples[samples["verdict"] == OPEN]
    short = open_ones[open_ones["detectable"].isna() | (open_ones["detectable"] > open_ones["sought"])]
    chance = format_value(power, "share:0")
    if len(short):
        names = (
            join_words(short["segment"].tolist())
            if len(short) < 3
            else f"{len(short)} of {len(samples)} segments"
        )
        headline = (
            f"The experiments were too small for {names}: a lift of {_points(short['sought'].min())} would "
            "have been "
            f"missed more often than in {format_value(1 - power, 'share:0')} of cases."
        )
    elif len(open_ones):
        worst = open_ones["detectable"].max()
        headline = (
            f"The experiments were large enough: where it is open whether contacts pay, a lift of "
            f"{_points(worst)} "
            f"would have been seen in {chance} of cases."
        )
    else:
        headline = (
            "The experiments settle for every segment whether contacts pay; no further sample is needed."
        )
    notes = []
    for row in open_ones.itertuples():
        times = f"{format_value(row.rounds, 'number:1')} campaigns" if row.rounds > 1.05 else "one campaign"
        notes.append(
            f"{row.segment}: a lift of {_points(row.sought)} needs {plural(int(row.needed), 'customer')}, "
            "half of them "
            f"uncontacted; the segment has {row.customers:,}, so {times} with all of them."
        )
    return Finding(
        slug="ab-response",
        status="caution" if len(short) else "pass",
        headline=headline,
        table=samples.drop(columns="verdict"),
        formats=FORMATS,
        labels=LABELS,
        figures=(_draw(samples, chance),),
        notes=tuple(notes[:5]),
        limits=(
            f"Power of {chance} at a level that holds for all segments together; the lift looked for is "
            "the one "
            "measured over all segments, or what a contact costs where that is more.",
        ),
        needs=tuple(
            Need(
                question=f"Does a contact move {row.segment} ({int(row.needed):,} customers, half "
                "uncontacted by lot)?",
                table="exposures",
                columns=("customer_id", "campaign_id", "arm", "randomised", "responded"),
            )
            for row in open_ones[open_ones["segment"].isin(short["segment"])].itertuples()
        ),
    )


def _points(value: float) -> str:
    return f"{format_value(100 * value, 'number:1')} points" if pd.notna(value) else "any size"


def _draw(samples: pd.DataFrame, chance: str) -> Figure:
    data = samples.dropna(subset=["detectable"]).sort_values("detectable", ascending=False, ignore_index=True)
    sought = float(samples["sought"].median())
    fine = int((data["detectable"] <= sought).sum())
    return Figure(
        kind="bar",
        data=data[["segment", "detectable"]],
        x="segment",
        y="detectable",
        reference=sought,
        reference_label="lift over all segments",
        title=f"In {fine} of {len(samples)} segments a lift as large as that over all segments would have "
        "been seen",
        subtitle=f"Smallest lift that the experiments would have shown in {chance} of cases, by segment, "
        "points",
        alt="One bar per segment with the smallest lift that would have been seen, and a line at the "
        "pooled lift.",
        formats={"detectable": "points"},
    )
