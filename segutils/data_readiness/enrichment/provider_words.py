"""The sentences and figures of the provider evaluation, computed from its tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.data_readiness.enrichment.provider_answers import OWN
from segutils.data_readiness.enrichment.provider_options import MIX, NONE, Limits, Sources
from segutils.findings import Decision, Figure, Need
from segutils.formats import format_value, join_words, plural

THIRDS = {
    "smallest_third": "smallest third",
    "middle_third": "middle third",
    "largest_third": "largest third",
}
GAIN = ("gain", "gain_low", "gain_high")
SLIGHT_BIAS = 0.05  # a smaller one is not spoken of


def say_headline(decision: Decision, table: pd.DataFrame, power: pd.DataFrame, *, currency: str) -> str:
    """What to buy from whom, and the figures that carry it."""
    choice = decision.recommendation
    if decision.choice != choice:
        return f"The client's choice is “{decision.choice}”; the evidence recommends “{choice}”."
    if choice == NONE:
        return (
            "Nothing should be bought: no provider's field is better than what the client has or tells "
            "anything new about who stops buying."
        )
    bought = table[table.verdict == "buy"]
    if choice != MIX:
        known = format_value(bought.match_rate.mean(), "share:0")
        price = format_value(bought.cost.mean(), "money:2", currency=currency)
        provider = bought.provider.iloc[0]
        return (
            f"Every field should come from {provider}: it knows {known} of the customers, at {price} a value."
        )
    offers = [
        f"{provider}'s {join_words([_field(name) for name in part.field])}"
        for provider, part in bought.groupby("provider", sort=False)
    ]
    first = bought.sort_values("added_power", ascending=False, kind="stable").iloc[0]
    what = "it" if len(bought) == 1 else f"{first.provider}'s {_field(first.field)}"
    adds = power[(power.source == first.provider) & (power.field == first.field)]
    if len(adds) and adds.adds.iloc[0]:
        share, low, high = (format_value(adds[name].iloc[0], "share") for name in GAIN)
        why = f"{what} removes {share} ({low} to {high}) of the uncertainty about who stops buying"
    else:
        why = f"{format_value(first.right_share, 'share:0')} of {what if len(bought) > 1 else 'it'} is right"
    price = format_value(first.cost, "money:2", currency=currency)
    kept = table.field[table.verdict == "keep"].tolist()
    stay = "stays" if len(kept) == 1 else "stay"
    rest = f"; {join_words([_field(name) for name in kept])} {stay} the client's own" if kept else ""
    worth = "is worth" if len(bought) == 1 else "are worth"
    return f"Only {join_words(offers)} {worth} buying: {why}, at {price} a value{rest}."


def say_robustness(option: str, held: Sequence[float], flips: pd.DataFrame) -> str:
    """Under which weights and samples the recommendation stands, and what flips it."""
    weights, samples = (format_value(share, "share:0") for share in held)
    start = (
        f"Weights: “{option}” stays first under {weights} of random ones around those stated. Sampling "
        f"noise: it stays first in {samples} of redrawn samples of customers"
    )
    near = flips.dropna(subset=["flip_weight"])
    if near.empty:
        return f"{start}. No weight of a single criterion flips it."
    top = near.iloc[0]
    return (
        f"{start}. What flips it: “{top.winner_then}” comes first once {_field(top.criterion)} weighs "
        f"{format_value(top.flip_weight, 'share:0')} instead of {format_value(top.weight, 'share:0')}."
    )


def list_notes(
    mix: pd.DataFrame,
    table: pd.DataFrame,
    judged: pd.DataFrame,
    selection: pd.DataFrame,
    power: pd.DataFrame,
    *,
    currency: str,
) -> list[str]:
    """What stands behind the recommendation, most important first."""
    sourced = [
        f"{join_words([_field(name) for name in part.field])}: {source}"
        for source, part in mix.groupby("source", sort=False)
    ]
    notes = [f"Best source per field: {'; '.join(sourced)}."]
    notes += [
        f"{line.provider} is left out before scoring: {line.reason}"
        + (f" ({line.owner})." if line.owner else ".")
        for line in judged[~judged.allowed].itertuples()
    ]
    if "odds_per_class" in power.columns:
        for row in power[power.adds.eq(True) & power.odds_per_class.notna()].itertuples():
            low, high = f"{row.odds_low:.2f}", f"{row.odds_high:.2f}"
            notes.append(
                f"Each step of {row.source}'s {_field(row.field)} from {row.classes} multiplies the odds "
                f"that a customer stops buying by {row.odds_per_class:.2f} ({low} to {high}), beyond what "
                "the client's own data say."
            )
    for row in selection.itertuples():
        if row.slope_low > 0 or row.slope_high < 0:
            small, large = (format_value(rate, "share:0") for rate in (row.smallest_third, row.largest_third))
            whom = "large" if row.slope_low > 0 else "small"
            notes.append(
                f"{row.provider} knows {small} of the smallest third of the customers and {large} of the "
                f"largest: what its data show holds for {whom} customers first."
            )
    biased = table[(table.bias_low > 0) | (table.bias_high < 0)]
    biased = biased[biased.bias.abs() >= SLIGHT_BIAS]
    for provider, part in biased.groupby("provider", sort=False):
        said = [
            f"{_field(row.field)} {format_value(abs(row.bias), 'share:0')} "
            f"too {'high' if row.bias > 0 else 'low'}"
            for row in part.itertuples()
        ]
        notes.append(f"{provider} puts {join_words(said)} on average.")
    prices = table[table.cost.notna() & table.cost_per_usable.notna()]
    if len(prices):
        top = prices.loc[(prices.cost_per_usable / prices.cost).idxmax()]
        price, usable = (
            format_value(amount, "money:2", currency=currency) for amount in (top.cost, top.cost_per_usable)
        )
        notes.append(
            f"Errors make data dear: a value of {top.provider}'s {_field(top.field)} costs {price}, a right "
            f"one {usable}."
        )
    return notes


def fill_gaps(sources: Sources, allowed: Sequence[str]) -> list[str]:
    """For customers of whom the client lacks a field: how many would the best usable provider get right?"""
    pairs, answers = sources.pairs, sources.answers
    notes = []
    for n in np.flatnonzero((pairs.source == OWN) & pairs.checked):
        field, gap = pairs.field[n], ~answers.matched[n]
        rivals = pairs.index[(pairs.field == field) & pairs.usable & pairs.source.isin(allowed)]
        if not gap.any() or not answers.matched[n].any() or not len(rivals):
            continue
        right = {m: int(np.nansum(answers.right[m][gap])) for m in rivals}
        best = max(right, key=lambda m: right[m])
        count = int(gap.sum())
        notes.append(
            f"Of {plural(count, 'checked customer')} for whom the client has no value of {_field(field)}, "
            f"{pairs.source[best]} has it right for {right[best]}."
        )
    return notes


def _place(name: str) -> str:
    """A place inside of a sentence: abbreviations take the article."""
    return f"the {name}" if name.isupper() else name


def list_limits(
    judged: pd.DataFrame, *, unknown_terms: bool, max_relative_error: float, horizon_days: int
) -> tuple[str, ...]:
    """What the reader must not conclude."""
    hosts = [
        f"{row.provider} in {_place(row.hosted_in)}" for row in judged[judged.hosted_in != ""].itertuples()
    ]
    error = format_value(max_relative_error, "share:0")
    return (
        *(
            ("Nobody stated the terms of any provider: a purchase waits for a legal basis and an agreement.",)
            if unknown_terms
            else (
                "Bases and agreements are as stated and not examined here; data are held by "
                f"{join_words(hosts)}.",
            )
        ),
        "Providers return what they know today. One that has noticed that a customer stopped looks as if it "
        f"had foreseen it: before paying for added power, ask for values as of {horizon_days:,} days ago.",
        "Match rates and accuracy are those of the checked customers; they hold for all if these were drawn "
        f"at random. A number counts as right within {error} of the checked one.",
        "Prices are per returned value; minimum fees and the work of taking data in are not among them.",
    )


def list_needs(*, unknown_terms: bool, unknown_cost: bool, power: pd.DataFrame) -> tuple[Need, ...]:
    """What could not be assessed."""
    found = []
    if unknown_terms:
        found.append(
            Need(
                question="On which terms may each provider's data be used?",
                table="engagement file",
                columns=("providers",),
            )
        )
    if unknown_cost:
        found.append(
            Need(
                question="What does a returned value cost, and what may a usable one cost at most?",
                table="provider_records",
                columns=("cost",),
            )
        )
    if power.empty or "gain" not in power.columns or power.gain.isna().all():
        found.append(
            Need(
                question="Do the providers' fields tell who stops buying (more customers, a longer history)?",
                table="provider_records",
                columns=("provider", "customer_id", "field", "value"),
            )
        )
    return tuple(found)


def draw_figures(
    table: pd.DataFrame, power: pd.DataFrame, selection: pd.DataFrame, limits: Limits
) -> tuple[Figure, ...]:
    """Accuracy with intervals, added power with intervals, and match rates by size."""
    figures = [_draw_accuracy(table, limits.min_right_share)]
    if "gain" in power.columns and power.gain.notna().any():
        figures.append(_draw_power(power))
    if len(selection):
        figures.append(_draw_selection(selection))
    return tuple(figures)


def _draw_accuracy(table: pd.DataFrame, least: float) -> Figure:
    data = table[table.right_share.notna()].sort_values("right_share", ascending=False, kind="stable")
    data = data.assign(what=[f"{row.provider}: {_field(row.field)}" for row in data.itertuples()])
    offered = data[data.provider != OWN]
    good = int((offered.right_share >= least).sum())
    wanted = format_value(least, "share:0")
    verb = "is" if good == 1 else "are"
    title = (
        f"{good} of the {plural(len(offered), 'field')} checked {verb} right in at least {wanted} of cases"
    )
    return Figure(
        kind="dot",
        data=data[["what", "right_share", "right_low", "right_high"]].reset_index(drop=True),
        x="what",
        y="right_share",
        low="right_low",
        high="right_high",
        title=title,
        subtitle="Values that are right, by source and field, share of returned values, 95 % interval",
        alt=f"{title}. Best on offer: {offered.what.iloc[0]}; worst: {offered.what.iloc[-1]}.",
        formats={name: "share:0" for name in ("right_share", "right_low", "right_high")},
        reference=least,
        reference_label="asked for",
    )


def _draw_power(power: pd.DataFrame) -> Figure:
    data = power[power.gain.notna()].sort_values("gain", ascending=False, kind="stable")
    data = data.assign(what=[f"{row.source}: {_field(row.field)}" for row in data.itertuples()])
    telling = data.what[data.adds].tolist()
    fields = plural(len(data), "field")
    title = (
        f"{join_words([_possessive(name) for name in telling])} {'tells' if len(telling) == 1 else 'tell'} "
        "something new about who stops buying"
        if telling
        else f"None of {fields} tells anything new about who stops buying"
    )
    return Figure(
        kind="dot",
        data=data[["what", "gain", "gain_low", "gain_high"]].reset_index(drop=True),
        x="what",
        y="gain",
        low="gain_low",
        high="gain_high",
        title=title,
        subtitle="Uncertainty about who stops buying that a field removes beyond the client's own data",
        alt=f"{title}. {fields} compared; the largest gain is that of {data.what.iloc[0]}.",
        caption="Intervals hold for all fields together at 95 %; a field counts if its own leaves out 0.",
        formats={name: "share" for name in ("gain", "gain_low", "gain_high")},
        highlight=telling[0] if telling else None,
    )


def _draw_selection(selection: pd.DataFrame) -> Figure:
    data = selection.melt("provider", value_vars=list(THIRDS), var_name="customers", value_name="match_rate")
    data["customers"] = data.customers.map(THIRDS)
    steep = selection[(selection.slope_low > 0) | (selection.slope_high < 0)]
    title = (
        f"{join_words(steep.provider.tolist())} {'knows' if len(steep) == 1 else 'know'} "
        f"{'large' if steep.slope.iloc[0] > 0 else 'small'} customers better than others"
        if len(steep)
        else "How many customers a provider knows does not depend on their size"
    )
    return Figure(
        kind="column",
        data=data,
        x="customers",
        y="match_rate",
        series="provider",
        title=title,
        subtitle="Checked customers by size and provider, share that the provider knows",
        alt=f"Columns for three groups of size and {plural(len(selection), 'provider')}. {title}.",
        formats={"match_rate": "share:0"},
    )


def _field(name: str) -> str:
    return name.replace("_", " ")


def _possessive(what: str) -> str:
    provider, _, field = what.partition(": ")
    return f"{provider}'s {field}"
