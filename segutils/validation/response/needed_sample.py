"""What the experiments could have seen in each segment, and how large the next one has to be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from segutils.findings import Assumption, Figure, Finding, Need
from segutils.formats import format_value, join_words, plural
from segutils.statistics.campaign_arms import count_arms
from segutils.statistics.power import detectable_lift, needed_treated
from segutils.statistics.rates import stratified_difference
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
BREAK_EVEN, POOLED = "break-even", "pooled"
MANY = 10  # campaigns with a whole segment beyond which no experiment of its own is asked for
FLOOR = 0.01  # a smaller lift than one point is not looked for


def score_samples(
    experiments: pd.DataFrame,
    effects: pd.DataFrame,
    customers: pd.Series,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Which lift could have been seen in each segment, and how many customers would the sought one need?

    Parameters
    ----------
    experiments : pandas.DataFrame
        From :func:`~segutils.statistics.campaign_arms.select_experiments`.
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
        lift at which a contact breaks even; where money is not known the one seen over all segments together;
        at least one point), needed (customers, half of them controls), rounds (experiments with the whole
        segment that this takes), basis (``break-even`` or ``pooled``), verdict. No row without an experiment.
    """
    if not len(effects):
        return pd.DataFrame(columns=["segment", *FORMATS, "basis", "verdict"])
    level = 1 - (1 - confidence) / max(len(effects), 1)
    pooled = float(
        stratified_difference(pool_counts(count_arms(experiments, effects["segment"].tolist()))).estimate
    )
    options = {"power": power, "level": level}
    rows = []
    for row in effects.itertuples():
        basis = BREAK_EVEN if row.break_even > 0 else POOLED
        aim = row.break_even if basis == BREAK_EVEN else pooled
        sought = min(max(aim, FLOOR), 0.999 - row.control_rate)
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
                "basis": basis,
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
    return pd.DataFrame(rows).reindex(columns=["segment", *FORMATS, "basis", "verdict"])


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
        least, most = _points(short["sought"].min()), _points(short["sought"].max())
        lift = f"a lift of {least}" if least == most else f"lifts of {least.split()[0]} to {most}"
        headline = (
            f"The experiments were too small for {names}: {lift} would have been missed more often than in "
            f"{format_value(1 - power, 'share:0')} of cases."
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
    for row in short.itertuples():
        text = (
            f"{row.segment}: a lift of {_points(row.sought)} needs {plural(int(row.needed), 'customer')}, "
            f"half of them uncontacted; the segment has {row.customers:,}"
        )
        if row.rounds > MANY:
            notes.append(f"{text}, so no experiment with it alone will settle whether contacts pay.")
            continue
        times = f"{format_value(row.rounds, 'number:1')} campaigns" if row.rounds > 1.05 else "one campaign"
        notes.append(f"{text}, so {times} with all of them.")
    feasible = short[short["rounds"] <= MANY]
    return Finding(
        slug="ab-response",
        status="caution" if len(short) else "pass",
        headline=headline,
        table=samples.drop(columns=["basis", "verdict"]),
        formats=FORMATS,
        labels=LABELS,
        figures=(_draw(samples, chance),),
        notes=tuple(notes[:5]),
        limits=(
            f"Power of {chance} at a level that holds for all segments together; the lift looked for is "
            f"{_say_sought(samples)}, and one point at least.",
        ),
        needs=tuple(
            Need(
                question=f"Does a contact move {row.segment} ({int(row.needed):,} customers, half "
                "uncontacted by lot)?",
                table="exposures",
                columns=("customer_id", "campaign_id", "arm", "randomised", "responded"),
            )
            for row in feasible.itertuples()
        ),
    )


def _say_sought(samples: pd.DataFrame) -> str:
    pooled = samples.loc[samples["basis"] == POOLED, "segment"].tolist()
    post_hoc = (
        "the one these same experiments showed over all segments, which is no plan made beforehand and "
        "may be too large"
    )
    if not pooled:
        return "that at which a contact pays for itself"
    if len(pooled) == len(samples):
        return f"{post_hoc} (what a contact costs and an order brings is not known)"
    return f"that at which a contact pays for itself, and in {join_words(pooled)} {post_hoc}"


def _points(value: float) -> str:
    return f"{format_value(100 * value, 'number:1')} points" if pd.notna(value) else "any size"


def _draw(samples: pd.DataFrame, chance: str) -> Figure:
    data = samples.dropna(subset=["detectable"]).sort_values("detectable", ascending=False, ignore_index=True)
    sought = float(samples["sought"].median())
    fine = int((data["detectable"] <= data["sought"]).sum())
    paying = (samples["basis"] == BREAK_EVEN).all()
    aim = "that pays for a contact" if paying else "as large as that looked for"
    return Figure(
        kind="bar",
        data=data[["segment", "detectable"]],
        x="segment",
        y="detectable",
        reference=sought,
        reference_label="lift looked for, middle segment",
        title=f"In {fine or 'none'} of {len(samples)} segments a lift {aim} would have been seen",
        subtitle=f"Smallest lift that the experiments would have shown in {chance} of cases, by segment, "
        "points",
        alt="One bar per segment with the smallest lift that would have been seen, and a line at the "
        "lift looked for.",
        formats={"detectable": "points"},
    )
