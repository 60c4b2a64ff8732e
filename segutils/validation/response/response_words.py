"""How the response by segment is told: headline, notes, figures."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from segutils.findings import Figure
from segutils.formats import format_value, join_words, plural
from segutils.statistics.interaction import Interaction
from segutils.validation.response.campaign_cells import NO_BUYERS, say_campaigns
from segutils.validation.response.effects import PAYS, PAYS_NOT
from segutils.validation.response.policies import ALL, BY_SEGMENT, TEST

ARMS = {"treated": "Contacted", "control": "Control group"}
SMALL_P = 0.001
POINTER = (
    "Whether a policy by segment beats one for all on customers it was not learned from, and by more than "
    "segments cost to run, is the question of 4_1 Stability, “Is it worth treating segments differently?”"
)


def say_p(value: float) -> str:
    """``p < 0.001`` or ``p = 0.034``."""
    return f"p < {SMALL_P:g}" if value < SMALL_P else f"p = {format_value(value, 'number:3')}"


def write_p(value: float) -> str:
    """``<0.001`` or ``0.034``; nothing where it is not known."""
    if pd.isna(value):
        return ""
    return f"<{SMALL_P:g}" if value < SMALL_P else format_value(value, "number:3")


def say_points(value: float) -> str:
    """``18.0 points``; without a sign."""
    return f"{format_value(100 * abs(value), 'number:1')} points"


def write_headline(effects: pd.DataFrame, choice: str, interaction: Interaction, confidence: float) -> str:
    """The claim."""
    shown = _shown(effects, confidence)
    best = effects.loc[effects["lift"].idxmax()]
    others = len(effects) - len(shown)
    most = f"the response of {best['segment']} by {say_points(best['lift'])}"
    if choice == BY_SEGMENT:
        rest = f", while in {others} of {len(effects)} segments no effect is shown" if others else ""
        return f"Segments respond differently: a contact raises {most}{rest}."
    if choice == ALL:
        return (
            f"Contacts pay over all segments together; a difference between segments "
            f"{'is' if interaction.p_value < 1 - confidence else 'is not'} shown."
        )
    if len(shown):
        return (
            f"A contact raises {most}, and is shown to work in {len(shown)} of {len(effects)} segments, but "
            "is not shown to pay."
        )
    return (
        "The experiments show no effect of a contact in any segment: what customers did, they did by "
        "themselves."
    )


def find_forgone(options: pd.DataFrame, choice: str) -> float:
    """What contacting everybody would bring more than the cautious policy, by the point estimates."""
    gains = options.set_index("option")["gain"]
    return float(gains[ALL] - gains[choice]) if choice == BY_SEGMENT else 0.0


def say_caution(options: pd.DataFrame, choice: str, *, money: bool, currency: str) -> list[str]:
    """That caution has a price, where it has one."""
    forgone = find_forgone(options, choice)
    if not forgone > 0:
        return []
    more = format_value(forgone, "money", currency=currency) if money else f"{forgone:,.0f} responses"
    return [
        f"Contacting everybody has the higher point estimate, by {more} a round of contacts. It is not "
        "recommended because that surplus comes from segments where the lift may be chance: test there first."
    ]


def _shown(effects: pd.DataFrame, confidence: float) -> pd.DataFrame:
    return effects[(effects["p_holm"] < 1 - confidence) & (effects["lift"] > 0)]


def say_interaction(interaction: Interaction, in_odds: Interaction, effects: pd.DataFrame) -> str:
    """Whether one lift is enough for all."""
    if not interaction.degrees:
        return "There is one segment only: a difference between segments cannot be tested."
    verdict = (
        "differs between segments"
        if interaction.p_value < 0.05
        else "is not shown to differ between segments"
    )
    agree = (interaction.p_value < 0.05) == (in_odds.p_value < 0.05)
    beside = "in odds ratios, too" if agree else "in odds ratios the answer is the other one"
    return (
        f"The lift {verdict}: segment by treatment, every campaign compared within itself, "
        f"{say_p(interaction.p_value)} in points; {beside} ({say_p(in_odds.p_value)})."
    )


def say_many_tests(effects: pd.DataFrame, confidence: float) -> list[str]:
    """What holds for decisions, and what is only worth a second look."""
    alpha = 1 - confidence
    firm = effects.loc[effects["p_holm"] < alpha, "segment"].tolist()
    screened = effects.loc[(effects["q_value"] < alpha) & ~effects["segment"].isin(firm), "segment"].tolist()
    chance = format_value(alpha, "share:0")
    text = (
        f"{plural(len(effects), 'segment is', 'segments are')} tested, so p-values are adjusted for all of "
        "them "
        f"(Holm: at most {chance} for a single false claim); {join_words(firm) or 'none'} "
        f"{'passes' if len(firm) < 2 else 'pass'}."
    )
    if screened:
        text += f" By the milder rule for screening (Benjamini-Hochberg) {join_words(screened)} would, too."
    return [text]


def say_money(effects: pd.DataFrame, options: pd.DataFrame, *, money: bool, currency: str) -> list[str]:
    """What contacts bring beyond what they cost, and where."""
    if not money:
        return [
            "What a response is worth and a contact costs is not known; lifts are held against none at all."
        ]
    pays, lost = (effects[effects["verdict"] == verdict] for verdict in (PAYS, PAYS_NOT))
    found = []
    if len(pays):
        parts = [
            f"{row.segment} {format_value(row.gain, 'money', currency=currency)} "
            f"({_ends(row.gain_low, row.gain_high)})"
            for row in pays.sort_values("gain", ascending=False).itertuples()
        ]
        found.append(
            "One contact brings, as contribution margin of an average order less what the contact cost "
            "with its "
            f"share of fixed costs: {join_words(parts)}."
        )
    booked = pays.dropna(subset=["value_lift"])
    if len(booked):
        parts = [
            f"{row.segment} {format_value(row.value_lift, 'money', currency=currency)} "
            f"({_ends(row.value_low, row.value_high)})"
            for row in booked.sort_values("value_lift", ascending=False).itertuples()
        ]
        found.append(
            f"As a check, outcome value booked per contact, above the control group: {join_words(parts)}."
        )
    if len(lost):
        found.append(f"Contacts are shown not to pay in {join_words(lost['segment'].tolist())}.")
    return found


def _ends(low: float, high: float) -> str:
    return f"{format_value(low, 'money')} to {format_value(high, 'money')}"


def say_left_out(observed: pd.DataFrame) -> list[str]:
    """Campaigns that show no effect."""
    if not len(observed):
        return []
    campaigns = sorted(observed["campaign_id"].unique())
    return [
        f"{plural(len(campaigns), 'campaign')} without a control group by lot ({say_campaigns(campaigns)}) "
        f"{'is' if len(campaigns) == 1 else 'are'} observational and left out of every figure here."
    ]


def say_robustness(
    options: pd.DataFrame, choice: str, share: float, draws: int, *, money: bool, currency: str
) -> str:
    """How far the choice rests on chance, and what flips it."""
    text = (
        f"The same rule chooses the same in {format_value(share, 'share:0')} of {draws} bootstrap samples "
        "of the "
        "experiments"
    )
    table = options.set_index("option")
    unit = {"fmt": "money", "currency": currency} if money else {"fmt": "count"}
    what = "" if money else " responses"
    checked = table.loc[choice, "gain_checked"]
    if choice != TEST and pd.notna(checked):
        text += (
            f"; measured on customers who had no say in the choice, one round of contacts under it brings "
            f"{format_value(checked, **unit)}{what}"
        )
    if choice == BY_SEGMENT:
        more = table.loc[ALL, "gain"] - table.loc[BY_SEGMENT, "gain"]
        direction = "more" if more > 0 else "less"
        why = ", from segments where the lift may be chance" if more > 0 else ""
        return (
            f"{text}. Contacting all would bring {format_value(abs(more), **unit)}{what} {direction} by the "
            f"point estimates{why}. What flips it: a lift shown there, or contacts that cost more."
        )
    if choice == ALL:
        return f"{text}. What flips it: a difference between segments that a larger experiment shows."
    return f"{text}. What flips it: a larger experiment that shows a lift above what a contact costs."


def list_limits(spread: float, members: pd.DataFrame, confidence: float) -> tuple[str, ...]:
    """What the reader must not conclude."""
    idle = int((members["segment"] == NO_BUYERS).sum())
    moved = (
        "today's segments were formed after the campaigns; contacted and control customers are spread "
        "alike over "
        f"them ({say_p(spread)}), so campaigns are not seen to have moved customers between segments"
        if not spread < SMALL_P
        else "contacted and control customers are spread differently over today's segments "
        f"({say_p(spread)}): campaigns may have moved customers between segments, which biases these lifts"
    )
    limits = [
        "A response is an order within the campaign's own window: an order that was only brought forward "
        "counts "
        "in full.",
        f"Membership: {moved}.",
        "A lift is the mean over the campaigns that were tested, weighted by their size; another offer can "
        "do "
        "better or worse.",
    ]
    if idle:
        limits.insert(
            1,
            f"{plural(idle, 'customer')} without purchases are left out: had a campaign moved them, they "
            "would not "
            "be in that group.",
        )
    return tuple(limits[:4])


def draw_effects(
    effects: pd.DataFrame, experiments: pd.DataFrame, confidence: float, choice: str, interaction: Interaction
) -> tuple[Figure, ...]:
    """Lift by segment, and the rates of both arms."""
    level = format_value(confidence, "share:0")
    campaigns = say_campaigns(sorted(experiments["campaign_id"].unique()))
    best = effects.loc[effects["lift"].idxmax()]
    shown = _shown(effects, confidence)
    ordered = effects.sort_values("lift", ascending=False)
    claim = (
        f"A contact moves {plural(len(shown), 'segment')} of {len(effects)}, most of all {best['segment']}: "
        f"{say_points(best['lift'])} more respond"
        if len(shown)
        else "In no segment do contacted customers respond more often than the control group"
    )
    base = ordered.loc[ordered["control_rate"].idxmax()]
    return (
        Figure(
            kind="dot",
            data=ordered[["segment", "lift", "low", "high"]].reset_index(drop=True),
            x="segment",
            y="lift",
            low="low",
            high="high",
            reference=0.0,
            reference_label="no effect",
            highlight=best["segment"] if len(shown) else None,
            title=claim,
            subtitle=f"Response of contacted less control customers by segment, {campaigns}, points, "
            f"{level} interval",
            alt=f"One dot with its interval per segment. {claim}.",
            caption="Randomised campaigns only; Newcombe's interval, stratified by campaign (Yan and Su "
            "2010).",
            formats={"lift": "points", "low": "points", "high": "points"},
        ),
        Figure(
            kind="dot",
            data=_stack_arms(ordered),
            x="segment",
            y="response",
            series="arm",
            low="low",
            high="high",
            title=f"{base['segment']} orders most without being contacted "
            f"({format_value(base['control_rate'], 'share:0')}"
            "): a high response is no effect",
            subtitle=f"Share with an order in the campaign's window by segment and arm, {campaigns}, "
            f"{level} interval",
            alt="Two dots with intervals per segment, contacted and control group.",
            caption="Wilson's interval, stratified by campaign.",
            formats={"response": "share", "low": "share", "high": "share"},
        ),
    )


def _stack_arms(effects: pd.DataFrame) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "segment": effects["segment"],
                "arm": name,
                "response": effects[f"{arm}_rate"],
                "low": effects[f"{arm}_low"],
                "high": effects[f"{arm}_high"],
            }
        )
        for arm, name in ARMS.items()
    ]
    return pd.concat(parts, ignore_index=True)


def draw_observed(table: pd.DataFrame, confidence: float) -> Figure:
    """Rates of response without a control group."""
    best = table.loc[table["response"].idxmax()]
    claim = f"{best['segment']} responds most often when contacted, which shows no effect of the contact"
    return Figure(
        kind="dot",
        data=table,
        x="segment",
        y="response",
        low="low",
        high="high",
        title=claim,
        subtitle=f"Share of contacted customers who responded, by segment, "
        f"{format_value(confidence, 'share:0')} interval",
        alt=f"One dot with its interval per segment. {claim}.",
        caption="Observational: nobody was left uncontacted by lot.",
        formats={"response": "share", "low": "share", "high": "share"},
    )


def join_names(names: Sequence[str], most: int = 4) -> str:
    """Names in a sentence; more than `most` are counted."""
    return join_words(list(names)) if len(names) <= most else f"{len(names)} segments"
