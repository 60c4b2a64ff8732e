"""Which records are one customer, how sure is that, and what does it change?"""

from __future__ import annotations

import pandas as pd

from segutils.data_readiness.identity.clusters import draw_figures, weigh_probability
from segutils.data_readiness.identity.linking import Linkage
from segutils.data_readiness.identity.resolution import Resolution
from segutils.data_readiness.identity.review import count_reasons
from segutils.data_readiness.identity.stitching import OUTCOMES
from segutils.findings import Assumption, Finding, Need, Status
from segutils.formats import format_value, join_words, plural

SLUG = "identity-resolution"
LABELS = Need(
    question="How many links are right, and how many were missed? A sample to look up is drawn.",
    table="source_records",
    columns=("true_entity",),
)
EVENTS = Need(
    question="Which visits without a login belong to a customer?",
    table="events",
    columns=("anonymous_id", "customer_id", "occurred_at"),
)
CONSENT = Need(
    question="Which customers agreed that their visits are tied to them?",
    table="customers",
    columns=("consent_profiling",),
)
RECORDS = Need(
    question="Which records of the source systems are one customer?",
    table="source_records",
    columns=("source", "record_id", "name", "email", "phone", "company", "street", "city", "postcode"),
)


def check_identity(
    resolution: Resolution,
    visitors: pd.DataFrame | None = None,
    *,
    currency: str,
    has_events: bool = False,
    min_probability: float = 0.95,
    min_precision: float = 0.98,
    min_recall: float = 0.95,
    rules_recall: float = 0.8,
    days_before: int = 90,
    days_after: int = 90,
) -> Finding:
    """How many customers are there really, how sure is that, and what does it change?

    Parameters
    ----------
    resolution : Resolution
        From :func:`~segutils.data_readiness.identity.resolution.build_resolution`.
    visitors : pandas.DataFrame, optional
        :func:`~segutils.data_readiness.identity.stitching.count_visitors`; None where there are no events or
        no consent is recorded.
    currency : str
        ISO 4217 code, for amounts in sentences.
    has_events : bool
        Whether there are events; without `visitors` it is then consent that is missing.
    min_probability : float
        Of a link that is believed.
    min_precision, min_recall : float
        What the labelled records must show for the links to be used without care (0-1).
    rules_recall : float
        Stated share of true links that the certain rules find.
    days_before, days_after : int
        Window of stitching around logins.

    Returns
    -------
    Finding
        Table: what changes when linked accounts count as one (``measure, unit, before, after, change``).
        Figures: match weights; precision and recall by threshold.

    Notes
    -----
    Precision and recall count pairs of labelled records. Precision below 0.9 is a failure: linking would then
    damage more customers than it repairs.
    """
    needs = _list_needs(resolution, visitors, has_events=has_events)
    if resolution.linkage is None:
        return Finding(
            slug=SLUG,
            status="not_run",
            headline="Whether customers are in the books twice cannot be told: no records of the source "
            "systems were given.",
            table=pd.DataFrame({"asked_for": [need.table for need in needs]}),
            needs=needs,
            notes=_say_visitors(visitors),
        )
    final = resolution.quality.iloc[-1]
    return Finding(
        slug=SLUG,
        status=_judge(final, min_precision=min_precision, min_recall=min_recall),
        headline=_headline(resolution, final),
        table=resolution.effect,
        formats={"before": "by:unit", "after": "by:unit", "change": "change", "unit": "text"}
        if len(resolution.effect)
        else {},
        figures=draw_figures(resolution.linkage, resolution.thresholds, min_probability=min_probability),
        notes=(
            *_say_quality(resolution.quality),
            *_say_effect(resolution, currency),
            _say_method(resolution.linkage, min_probability),
            *_say_apart(resolution.linkage, min_probability),
            *_say_review(count_reasons(resolution.reasons)),
            *_say_visitors(visitors),
        ),
        assumptions=(
            Assumption(
                text=f"The certain rules find {format_value(rules_recall, 'share:0')} of all true links; the "
                "model's prior rests on it.",
                owner="playbook default, parameter rules_recall",
            ),
            *_assume_window(visitors, days_before, days_after),
        ),
        limits=(
            *(
                (
                    "Precision and recall hold for the labelled records; if these were not drawn at random, "
                    "the others may be better or worse.",
                )
                if pd.notna(resolution.quality.iloc[-1]["true_links"])
                else ()
            ),
            "Only links are told here: the following notebooks count accounts, not merged customers.",
            "A firm that moved and changed its phone at once looks like a sister firm and is left to review.",
            "Linked accounts are not merged in any source system; the links are a table of their own.",
            *_limit_visitors(visitors),
        ),
        needs=needs,
    )


def _judge(final: pd.Series, *, min_precision: float, min_recall: float) -> Status:
    if pd.isna(final["true_links"]):
        return "caution"
    precision = 1.0 if pd.isna(final["precision"]) else final["precision"]
    recall = 1.0 if pd.isna(final["recall"]) else final["recall"]
    if precision < 0.9:
        return "fail"
    return "pass" if precision >= min_precision and recall >= min_recall else "caution"


def _headline(resolution: Resolution, final: pd.Series) -> str:
    entities, accounts = resolution.entities, resolution.mapped
    systems = plural(entities["source"].nunique(), "system")
    customers = plural(int(entities["entity_id"].nunique()), "customer")
    base = f"{plural(len(entities), 'record')} of {systems} are {customers}"
    extra = len(accounts) - accounts["entity_id"].nunique()
    if accounts["source"].notna().any():
        verb = "is" if extra < 2 else "are"
        what = "a second account of a firm" if extra < 2 else "second accounts of a firm"
        base += f", and {extra or 'none'} of {plural(len(accounts), 'account')} {verb} {what}"
    if pd.isna(final["true_links"]):
        return f"{base}; how many of these links are right is unknown until a sample has been looked up."
    if not final["labelled_links"] and not final["true_links"]:
        return f"{base}; among the records that were looked up there is none to link, and none was linked."
    return (
        f"{base}; of the links that were looked up {_share(final['precision'])} are right, and "
        f"{_share(final['recall'])} of the true ones were found."
    )


def _share(value: float) -> str:
    return format_value(float(value), "share:1")


def _say_quality(quality: pd.DataFrame) -> list[str]:
    rules, final = quality.iloc[0], quality.iloc[-1]
    said = []
    if pd.notna(final["true_links"]) and final["true_links"]:
        said.append(
            f"Rules alone find {_share(rules['recall'])} of {plural(int(final['true_links']), 'true link')} "
            f"among labelled records; with the model it is {_share(final['recall'])} (95 % interval "
            f"{_share(final['recall_low'])} to "
            f"{_share(final['recall_high'])}), at a precision of {_share(final['precision'])} "
            f"({_share(final['precision_low'])} to {_share(final['precision_high'])})."
        )
    mixed = final["links_to_unlabelled"]
    if pd.notna(mixed) and mixed:
        worst = final["right_links"] / (final["labelled_links"] + mixed)
        said.append(
            f"{plural(int(mixed), 'link')} between a labelled and an unlabelled record cannot be judged; "
            f"were all of them wrong, precision would be {_share(worst)}."
        )
    return said


def _say_effect(resolution: Resolution, currency: str) -> list[str]:
    if resolution.effect.empty:
        return []
    rows = resolution.effect.set_index("measure")
    merged = rows.loc["Merged customers"]
    if not merged["after"]:
        return ["No account is merged, so that customer count and revenue stay as they are."]
    top = rows.loc["Revenue share of the top tenth"]
    revenue = rows.loc["Merged customers: net revenue each (median)"]
    was, now = (format_value(revenue[c], "money", currency=currency) for c in ("before", "after"))
    entities, accounts = resolution.entities["entity_id"].nunique(), int(rows.loc["Customers", "after"])
    share = f"The top tenth of buyers brings {_share(top['after'])} of revenue"
    if _share(top["after"]) != _share(top["before"]):
        share += f" instead of {_share(top['before'])}"
    elsewhere = [
        f"Of {plural(entities, 'customer')} {accounts:,} have an account; {entities - accounts:,} are known "
        "to other systems only."
    ] * (entities > accounts)
    return [
        *elsewhere,
        f"{plural(int(merged['before']), 'account')} become {plural(int(merged['after']), 'customer')}; "
        f"their median net revenue rises from {was} to {now}. {share}.",
    ]


def _say_method(linkage: Linkage, min_probability: float) -> str:
    records = len(linkage.ids)
    compared = int(linkage.blocking["new_comparisons"].sum())
    share = compared / (records * (records - 1) / 2)
    used = int(linkage.blocking["used"].sum())
    learned = (
        "" if linkage.learned else " There were too few certain links to learn from: weights are defaults."
    )
    return (
        f"{plural(used, 'blocking rule')} left {plural(compared, 'comparison')}, "
        f"{format_value(share, 'share:3')} of all pairs. A link is believed from a probability of "
        f"{format_value(min_probability, 'share:0')} on ({weigh_probability(min_probability):.1f} bits)."
        f"{learned}"
    )


def _say_apart(linkage: Linkage, min_probability: float) -> list[str]:
    pairs = linkage.pairs
    apart = int((pairs["elsewhere"] & (pairs["weight"] >= weigh_probability(min_probability))).sum())
    if not apart:
        return []
    verb = "stays" if apart == 1 else "stay"
    return [
        f"{plural(apart, 'pair')} whose names agree {verb} apart, since phone and address both differ: a "
        "sister firm shares name, domain and sometimes the contact, but is somewhere else."
    ]


def _say_review(reasons: pd.DataFrame) -> list[str]:
    found = reasons[reasons["entities"] > 0]
    if found.empty:
        return []
    words = [f"{row.entities:,} ({row.reason})" for row in found.itertuples()]
    return [f"Customers to be looked at by hand, exported with their reasons: {join_words(words)}."]


def _say_visitors(visitors: pd.DataFrame | None) -> tuple[str, ...]:
    if visitors is None or visitors.empty:
        return ()
    rows = visitors.set_index("outcome")
    counts = rows["anonymous_ids"]
    stitched, events = counts[OUTCOMES["stitched"]], rows["stitched_events"].sum()
    return (
        f"Of {plural(int(counts.sum()), 'anonymous visitor')} {stitched:,} can be given to a customer, with "
        f"{plural(int(events), 'event')}; {counts[OUTCOMES['shared']]:,} were used by several customers, "
        f"{counts[OUTCOMES['without_consent']]:,} did not consent to profiling, "
        f"{counts[OUTCOMES['never']]:,} never log in.",
    )


def _assume_window(visitors: pd.DataFrame | None, before: int, after: int) -> tuple[Assumption, ...]:
    if visitors is None or visitors.empty:
        return ()
    text = (
        f"A visit belongs to the customer who logs in from the same browser if it is at most "
        f"{plural(before, 'day')} before the first or {plural(after, 'day')} after the last login."
    )
    return (Assumption(text=text, owner="playbook default, parameters days_before and days_after"),)


def _limit_visitors(visitors: pd.DataFrame | None) -> tuple[str, ...]:
    if visitors is None or visitors.empty:
        return ()
    return (
        "Where whole visits of customers without consent are withheld, a device shared with such a customer "
        "looks like one customer's; where only the customer is blanked, it is seen as shared.",
    )


def _list_needs(
    resolution: Resolution, visitors: pd.DataFrame | None, *, has_events: bool
) -> tuple[Need, ...]:
    needs = []
    if resolution.linkage is None:
        needs.append(RECORDS)
    elif pd.isna(resolution.quality.iloc[-1]["true_links"]):
        needs.append(LABELS)
    if visitors is None:
        needs.append(CONSENT if has_events else EVENTS)
    return tuple(needs)
