"""Is each segment large enough to pay for dedicated marketing or its own product configuration?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.errors import InputError
from segutils.findings import Assumption, Decision, Finding, Need, Override, Status
from segutils.formats import format_value, join_words
from segutils.statistics.decisions import check_override
from segutils.statistics.intervals import percentile_interval
from segutils.validation.response import size_words as words
from segutils.validation.response.break_even import (
    ASSUMED,
    OPEN,
    OUT,
    PAYS,
    Increments,
    score_sizes,
)
from segutils.validation.response.segment_costs import RunningCosts

SLUG = "size"
QUESTION = "Which segments get dedicated marketing?"
EVERY, SURE, TESTED, HOPED, NONE = (
    "Every segment",
    "Segments that are shown to pay",
    "None yet: a larger experiment in those that may pay",
    "Segments that pay or may pay",
    "No segment",
)
OPTIONS = (SURE, TESTED, HOPED, EVERY, NONE)
FORMATS = {
    "customers": "count",
    "margin_per_customer": "money",
    "needed_share": "share",
    "increment": "money",
    "break_even": "count",
    "ratio": "number:1",
    "low": "number:1",
    "high": "number:1",
}
LABELS = {
    "margin_per_customer": "Margin per customer a year",
    "needed_share": "Margin must rise by",
    "increment": "Added per customer a year",
    "break_even": "Break-even customers",
    "ratio": "Added margin / yearly cost",
    "low": "From",
    "high": "To",
}
COST_NEED = Need(
    question="What does running a segment cost a year (a line per segment, every year)?",
    table="engagement file",
    columns=("costs",),
)
MARGIN_NEED = Need(
    question="What does a customer bring (contribution margin of order lines, or a margin rate that "
    "somebody states)?",
    table="transactions",
    columns=("contribution_margin",),
)
RESPONSE_NEED = Need(
    question="What do contacts add (campaigns with a control group by lot, or a stated assumption with its "
    "owner)?",
    table="exposures",
    columns=("customer_id", "campaign_id", "arm", "randomised", "responded"),
)


def decide_size(
    worth: pd.DataFrame | None,
    costs: RunningCosts | None,
    increments: Increments | None,
    *,
    thresholds: pd.DataFrame | None = None,
    assumptions: Sequence[Assumption] = (),
    confidence: float = 0.95,
    currency: str,
    override: Override | None = None,
) -> Finding:
    """Is each segment large enough to pay for dedicated marketing or its own product configuration?

    The rule: run those shown to pay; where none is, but some leave something by the point estimate, test
    these first; where none does, run none.

    Parameters
    ----------
    worth : pandas.DataFrame or None
        From :func:`~segutils.validation.response.campaign_cells.build_worth`.
    costs : RunningCosts or None
        From :func:`~segutils.validation.response.segment_costs.read_running_costs`.
    increments : Increments or None
        From :func:`~segutils.validation.response.break_even.measure_increments` (or `assume_increments`).
    thresholds : pandas.DataFrame, optional
        measure, min, max, owner.
    assumptions : sequence of Assumption
        From :func:`list_stated`.
    confidence : float
    currency : str
    override : Override, optional

    Returns
    -------
    Finding
        Table ``segment, customers, margin_per_customer, needed_share, increment, break_even, ratio, low,
        high, verdict``, without the columns that cannot be told. ``not_run`` where margin or cost is missing.

    Raises
    ------
    InputError
        A limit cannot be checked; the override is not an option.
    """
    check_override(override, OPTIONS, slug=SLUG)
    missing = [need for known, need in ((costs, COST_NEED), (worth, MARGIN_NEED)) if known is None]
    if missing:
        what = join_words(
            [
                w
                for known, w in ((costs, "what a segment costs"), (worth, "what a customer brings"))
                if known is None
            ]
        )
        return Finding(
            slug=SLUG,
            status="not_run",
            headline=f"Whether segments are large enough cannot be told: {what} "
            f"{'is' if len(missing) == 1 else 'are'} not known.",
            table=pd.DataFrame(columns=["segment", "customers", "break_even"]),
            needs=(*missing, RESPONSE_NEED) if increments is None else tuple(missing),
        )
    table = score_sizes(worth, costs, increments, thresholds=thresholds, confidence=confidence)
    decision = None
    if increments is not None:
        decision = _decide(table, increments, override, confidence, currency)
    left_out = set() if increments is None else {"needed_share"}  # the figure has it
    shown = ["segment", *[c for c in FORMATS if table[c].notna().any() and c not in left_out], "verdict"]
    return Finding(
        slug=SLUG,
        status=_judge(table, decision),
        headline=words.write_headline(table, increments, costs, currency),
        table=table[shown],
        formats={column: fmt for column, fmt in FORMATS.items() if column in shown},
        labels=LABELS,
        figures=words.draw_sizes(table, increments, costs, confidence, currency),
        decision=decision,
        notes=tuple(words.list_notes(table, costs, increments, currency)),
        assumptions=(
            *words.list_cost_assumptions(costs, currency),
            *words.list_contact_assumptions(increments),
            *words.list_limit_assumptions(thresholds),
            *assumptions,
        ),
        limits=words.list_limits(increments),
        needs=() if increments is not None else (RESPONSE_NEED,),
    )


def list_stated(*, response: float, margin_rate: float, owner: str) -> tuple[Assumption, ...]:
    """What was assumed about response and margin, and by whom?

    Parameters
    ----------
    response : float
        Share by which dedicated marketing raises a customer's margin; 0: nobody assumes anything.
    margin_rate : float
        Contribution margin as a share of net revenue; 0: nobody states it.
    owner : str

    Returns
    -------
    tuple of Assumption

    Raises
    ------
    InputError
        Something is assumed and nobody answers for it.
    """
    texts = [
        f"Dedicated marketing raises a customer's margin by {format_value(response, 'share')}."
        * (response > 0),
        f"Contribution margin is {format_value(margin_rate, 'share')} of net revenue." * (margin_rate > 0),
    ]
    texts = [text for text in texts if text]
    if texts and not owner.strip():
        raise InputError(
            "an assumption has no owner",
            where="engagement file, parameters of 4_2_response",
            fix="state in assumed_by who answers for assumed_response and assumed_margin_rate",
        )
    return tuple(Assumption(text=text, owner=owner) for text in texts)


def _decide(
    table: pd.DataFrame, increments: Increments, override: Override | None, confidence: float, currency: str
) -> Decision:
    """Which set of segments is run: see the rule above."""
    allowed = table["verdict"] != OUT
    masks = {
        SURE: table["verdict"] == PAYS,
        TESTED: (table["verdict"] == OPEN) & (table["net"] > 0),
        HOPED: allowed & (table["net"] > 0),
        EVERY: pd.Series(True, index=table.index),
        NONE: pd.Series(False, index=table.index),
    }
    place = [increments.segments.index(segment) for segment in table["segment"]]
    nets = increments.draws[:, place] * table["customers"].to_numpy() - table["cost"].to_numpy()
    rows = []
    for option in OPTIONS:
        mask = masks[option].to_numpy()
        gains = nets[:, mask].sum(axis=1)
        low, high = percentile_interval(gains, level=confidence)
        rows.append(
            {
                "option": option,
                "segments": "all"
                if option == EVERY
                else join_words(table.loc[mask, "segment"].tolist()) or "none",
                "cost": float(table.loc[mask, "cost"].sum()),
                "net": float(table.loc[mask, "net"].sum()),
                "low": float(low),
                "high": float(high),
                "score": float((gains > 0).mean()) if mask.any() else 0.0,
            }
        )
    best = SURE if masks[SURE].any() else TESTED if masks[TESTED].any() else NONE
    options = pd.DataFrame(rows).set_index("option")
    options.loc[TESTED, ["cost", "net", "low", "high"]] = np.nan  # an experiment isn't a programme
    options.loc[TESTED, "score"] = _share_right(nets, masks[TESTED].to_numpy(), TESTED)
    options.loc[NONE, "score"] = _share_right(nets, allowed.to_numpy(), NONE)
    first = options.reset_index().sort_values(
        "option", key=lambda names: names != best, kind="stable", ignore_index=True
    )
    share = _share_right(nets, (allowed if best == NONE else masks[best]).to_numpy(), best)
    return Decision(
        question=QUESTION,
        options=first,
        recommendation=best,
        robustness=_say_robustness(table, nets, share, best, currency, increments),
        robustness_share=share,
        override=override,
        formats={**dict.fromkeys(("cost", "net", "low", "high"), "money"), "score": "number:2"},
    )


def _share_right(nets: np.ndarray, mask: np.ndarray, option: str) -> float:
    """Share of draws in which an option is right.

    To run segments: each of them covers its cost. To test them: at least one does, so there is something to
    find. To run none: none of those at `mask` does.
    """
    covers = nets[:, mask] > 0
    if option == NONE:
        return float((~covers).all(axis=1).mean())
    return float((covers.all(axis=1) if option == SURE else covers.any(axis=1)).mean()) if mask.any() else 0.0


def _share_shown(table: pd.DataFrame, nets: np.ndarray) -> float:
    """Share of draws around which the interval of some segment would lie above its cost."""
    cost, half = table["cost"].to_numpy(), (table["ratio"] - table["low"]).to_numpy()
    shown = (nets / cost + 1 - half >= 1) & (table["verdict"] != OUT).to_numpy()
    return float(shown.any(axis=1).mean())


def _say_robustness(
    table: pd.DataFrame, nets: np.ndarray, share: float, best: str, currency: str, increments: Increments
) -> str:
    # margin added grows with contacts, so the low end of the interval reaches the cost at contacts / low
    times = increments.contacts.reindex(table["segment"]).set_axis(table.index)
    enough = times / table["low"]
    others = table[(table["verdict"] == OPEN) & (table["net"] > 0)]
    draws = f"In {format_value(share, 'share:0')} of draws (experiments and margins resampled)"
    if best == NONE:
        return f"{draws} no segment covers its cost. What flips it: a larger response or a cheaper programme."
    if best == TESTED:
        net = format_value(others["net"].sum(), "money", currency=currency)
        some = others["segment"].tolist()
        covers = (
            f"{some[0]} covers its cost"
            if len(some) == 1
            else f"{join_words(some, last='or')} covers its cost"
        )
        again = format_value(_share_shown(table, nets), "share:0")
        they = "it" if len(some) == 1 else "they"
        why = (
            "but the response is assumed, and an experiment has to show it"
            if increments.basis == ASSUMED
            else "but the experiments are too small to show it: repeated at the same size, they would show "
            f"some segment to pay in {again} of cases"
        )
        text = (
            f"{draws} {covers}, {why}. By the point estimates that pick them, which flatters, {they} would "
            f"leave {net} a year. What flips it: a larger experiment, a larger response, a cheaper programme"
        )
        near = table[(table["verdict"] == OPEN) & (table["low"] > 0) & (times > 0)]
        if len(near):
            first = near["low"].idxmax()
            least = np.ceil(100 * enough[first]) / 100
            text += (
                f", or {format_value(least, 'number:2')} contacts per customer a year or more in "
                f"{near.loc[first, 'segment']} (now {format_value(times[first], 'number:2')})"
            )
        return f"{text}."
    pays = table[table["verdict"] == PAYS]
    weak = pays.loc[pays["low"].idxmin()]
    text = (
        f"{draws} every recommended segment covers its cost. What flips it: {weak['segment']} drops out once "
        f"a year costs more than {format_value(weak['cost'] * weak['low'], 'money', currency=currency)}"
    )
    if np.isfinite(enough[weak.name]):
        fewest = format_value(enough[weak.name], "number:2")
        text += f", or with fewer than {fewest} contacts per customer a year"
    if len(others):
        text += f"; {join_words(others['segment'].tolist())} may pay, once a larger experiment shows it"
    return f"{text}."


def _judge(table: pd.DataFrame, decision: Decision | None) -> Status:
    if decision is None:
        return "caution"
    return "pass" if (table["verdict"] == PAYS).all() else "caution"
