"""Is it worth treating segments differently at all, measured and against what running them costs?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm

from segutils.findings import Assumption, Decision, Figure, Finding, Need, Override
from segutils.formats import format_value, join_words, plural
from segutils.statistics import decisions
from segutils.validation.stability.trials import Policy

SLUG = "segmenting-value"
SEGMENT, ONE = "segment", "do not segment"
RUNNING = "running a segment"
TOGETHER, COST, NET = "Together", "Cost of running them", "Left"
FORMATS = {
    "trials": "count",
    "gain_each": "money:2",
    "gain_year": "money",
    "gain_low": "money",
    "gain_high": "money",
}
LABELS = {
    "policy": "What is decided",
    "one_for_all": "One policy for all",
    "by_segment": "By segment",
    "gain_each": "Gain per trial",
    "gain_year": "Gain a year",
    "gain_low": "from",
    "gain_high": "to",
}
COLUMNS = ["policy", "one_for_all", "by_segment", *FORMATS]
TRIALS = Need(
    question="What would a policy by segment bring over one policy for all?",
    table="exposures",
    columns=("customer_id", "campaign_id", "arm", "randomised", "outcome_value"),
)
MARGIN = Need(
    question="What would a policy by segment bring, in contribution margin?",
    table="transactions",
    columns=("contribution_margin",),
)


def decide_segmenting_value(
    policies: Sequence[Policy | None],
    *,
    costs: pd.DataFrame,
    segments: int,
    has_margin: bool = True,
    names: dict[str, str] | None = None,
    level: float = 0.95,
    override: Override | None = None,
    currency: str = "",
) -> Finding:
    """Does a policy by segment bring more than one policy for all, by more than the segments cost?

    Only what was given by lot counts: the policy by segment is learned on half of the customers and its gain
    over the best single policy measured on the other half
    (:func:`segutils.statistics.policy_value.fit_policy_gain`). The rule: ``segment`` where the low end of the
    gain a year is above the cost of running the segments beyond the first; ``do not segment`` otherwise. As
    long as a gain is not shown, no money is spent on it.

    Parameters
    ----------
    policies : sequence of Policy or None
        From :mod:`segutils.validation.stability.trials`; None where nothing was given by lot.
    costs : pandas.DataFrame
        Stated costs: ``item, amount, per, every, owner``; the item ``running a segment`` is what counts.
    segments : int
        How many are run.
    has_margin : bool
        Whether order lines have a contribution margin.
    names : dict of str to str, optional
        Segment → name.
    level : float
        Of intervals.
    override : Override, optional
    currency : str

    Returns
    -------
    Finding
        Table: ``policy, one_for_all, by_segment, trials, gain_each, gain_year, gain_low, gain_high``; then
        all together, the cost, and what is left. ``not_run`` without trials by lot, or without a stated cost.
    """
    known = [policy for policy in policies if policy is not None]
    if segments < 2:
        return _say_one()
    line = costs[costs["item"] == RUNNING]
    if not known or not has_margin or line.empty:
        return _not_run(bool(known), has_margin)
    each = float(line["amount"].iloc[0]) * {"year": 1, "quarter": 4, "month": 12}.get(
        line["every"].iloc[0], 1
    )
    cost = each * (segments - 1)
    gain = sum(policy.gain.gain * policy.times_a_year for policy in known)
    error = float(np.sqrt(sum((policy.gain.error * policy.times_a_year) ** 2 for policy in known)))
    half = norm.ppf(0.5 + level / 2) * error
    recommended = SEGMENT if gain - half > cost else ONE
    chance = float(norm.sf((cost - gain) / error)) if error > 0 else float(gain > cost)
    table = _list_policies(known, names or {}, gain=gain, half=half, cost=cost, level=level)
    options = pd.DataFrame(
        {
            "option": [SEGMENT, ONE],
            "gain_year": [gain, 0.0],
            "cost_year": [cost, 0.0],
            "score": [gain - cost, 0.0],
        }
    )
    decision = Decision(
        question="Is it worth running segments, for what has been tested?",
        options=options.sort_values("score", ascending=False, kind="stable", ignore_index=True),
        recommendation=recommended,
        robustness=_say_robustness(recommended, chance, gain, half, cost, each, currency),
        robustness_share=chance if recommended == SEGMENT else 1 - chance,
        override=decisions.check_override(override, [SEGMENT, ONE], slug=SLUG),
        formats={"gain_year": "money", "cost_year": "money", "score": "money"},
    )
    return Finding(
        slug=SLUG,
        status="pass" if recommended == SEGMENT else "fail" if gain + half < cost else "caution",
        headline=_say_headline(decision, segments, gain=gain, half=half, cost=cost, currency=currency),
        table=table,
        formats=FORMATS,
        labels=LABELS,
        figures=(_plot_gains(table, cost, segments, currency, level),),
        decision=decision,
        notes=_list_notes(known, currency),
        assumptions=(
            Assumption(
                text=f"Running a segment costs {format_value(each, 'money', currency=currency)} a year; one "
                f"policy for all costs as much as one segment, so {segments} cost {segments - 1} times that "
                "more.",
                owner=str(line["owner"].iloc[0]),
            ),
            *(Assumption(text=policy.scaling, owner="this playbook") for policy in known),
        ),
        limits=(
            f"Only {join_words([policy.name.lower() for policy in known])} was tested by lot. Other "
            "messages, products or service by segment may pay: test them before money is spent.",
            "Segments were formed on purchases that partly came after the tests.",
        ),
    )


def _list_policies(
    known: Sequence[Policy], names: dict[str, str], *, gain: float, half: float, cost: float, level: float
) -> pd.DataFrame:
    rows = []
    for policy in known:
        found = policy.gain
        low, high = found.interval(level=level) * policy.times_a_year
        rows.append(
            {
                "policy": policy.name,
                "one_for_all": found.arm,
                "by_segment": _say_policy(found.by_segment, found.arm, names),
                "trials": found.rows,
                "gain_each": found.gain,
                "gain_year": found.gain * policy.times_a_year,
                "gain_low": low,
                "gain_high": high,
            }
        )
    if len(known) > 1:
        rows.append(
            {"policy": TOGETHER, "gain_year": gain, "gain_low": gain - half, "gain_high": gain + half}
        )
    rows.append({"policy": COST, "gain_year": -cost})
    net = gain - cost
    rows.append({"policy": NET, "gain_year": net, "gain_low": net - half, "gain_high": net + half})
    return pd.DataFrame(rows, columns=COLUMNS)


def _say_policy(by_segment: pd.Series, arm: str, names: dict[str, str]) -> str:
    other = by_segment[by_segment != arm]
    if other.empty:
        return "the same for every segment"
    said = [f"{names.get(segment, segment)}: {own}" for segment, own in other.items()]
    return "; ".join([*said, f"others: {arm}"])


def _say_headline(
    decision: Decision, segments: int, *, gain: float, half: float, cost: float, currency: str
) -> str:
    found, low, high, asked = (
        format_value(value, "money", currency=currency) for value in (gain, gain - half, gain + half, cost)
    )
    between = f"{found} a year ({low} to {high})"
    running = f"the {asked} that running {segments} of them costs more than one"
    if decision.choice != decision.recommendation:
        return (
            f"The client's decision is “{decision.choice}”; the evidence says “{decision.recommendation}”: "
            f"policies by segment gain {between} against {asked} of cost."
        )
    if decision.choice == SEGMENT:
        return f"Segments pay: policies by segment gain {between}, more than {running}."
    if gain + half < cost and gain - half <= 0:
        ends = " to ".join(format_value(value, "money") for value in (gain - half, gain + half))
        return (
            f"Do not segment for what has been tested: no gain of policies by segment is shown ({found} a "
            f"year, {ends}), and running {segments} segments instead of one policy costs {asked} a year."
        )
    if gain + half < cost:
        return (
            f"Do not segment for what has been tested: policies by segment gain {between}, less than "
            f"{running}."
        )
    return (
        "Do not segment yet: that policies by segment gain more than they cost is not shown "
        f"({between}, against {asked})."
    )


def _say_robustness(
    recommended: str, chance: float, gain: float, half: float, cost: float, each: float, currency: str
) -> str:
    shown = "less than 1 %" if chance < 0.01 else format_value(chance, "share:0")
    edge = gain - half if recommended == SEGMENT else max(gain, 0.0)
    extra = cost / each
    flips = (
        f"segments that cost more than {format_value(edge / extra, 'money', currency=currency)} a year each"
        if recommended == SEGMENT
        else "a gain whose interval lies above the cost"
        + (
            f", or segments that cost less than "
            f"{format_value((gain - half) / extra, 'money', currency=currency)} a year each"
            if gain - half > 0
            else "; at the gain measured, no cost is low enough to be sure of"
        )
    )
    return (
        f"Weights: none enter. Sampling noise: the gain is above the cost with a probability of {shown}. "
        f"What flips it: {flips}."
    )


def _list_notes(known: Sequence[Policy], currency: str) -> list[str]:
    notes = []
    for policy in known:
        found = policy.gain
        groups = found.by_segment.nunique()
        low, high = found.interval()
        span = " to ".join(format_value(end, "money:2", currency=currency) for end in (low, high))
        notes.append(
            f"{policy.name}: {plural(found.rows, 'trial')} of {plural(found.customers, 'customer')}; the "
            f"policy by segment needs {plural(groups, 'group')}, and gains "
            f"{format_value(found.gain, 'money:2', currency=currency)} ({span}) per {policy.unit} on "
            "customers it was not learned from."
        )
    return notes


def _plot_gains(table: pd.DataFrame, cost: float, segments: int, currency: str, level: float) -> Figure:
    data = table[table["gain_low"].notna() & (table["policy"] != NET)].reset_index(drop=True)
    total = data.iloc[-1]
    asked = format_value(cost, "money", currency=currency)
    reaches = (
        "is more than"
        if total["gain_low"] > cost
        else "is less than"
        if total["gain_high"] < cost
        else "is not shown to reach"
    )
    title = (
        f"What policies by segment gain {reaches} the {asked} a year that {segments} segments cost more than "
        "one policy"
    )
    said = ", ".join(
        f"{row.policy} {format_value(row.gain_year, 'money', currency=currency)}" for row in data.itertuples()
    )
    return Figure(
        kind="dot",
        data=data[["policy", "gain_year", "gain_low", "gain_high"]],
        x="policy",
        y="gain_year",
        low="gain_low",
        high="gain_high",
        title=title,
        subtitle=f"Gain of the policy by segment over the best single policy, {currency} a year, measured on "
        f"customers it was not learned from, with {level:.0%} interval".replace("%", " %"),
        alt=f"Gains a year: {said}. Cost: {asked}.",
        formats={name: "money" for name in ("gain_year", "gain_low", "gain_high")},
        reference=cost,
        reference_label="cost of running the segments",
    )


def _say_one() -> Finding:
    return Finding(
        slug=SLUG,
        status="info",
        headline="There is one segment, so there is no policy by segment to pay for.",
        table=pd.DataFrame(columns=["policy"]),
    )


def _not_run(has_trials: bool, has_margin: bool) -> Finding:
    needs = [] if has_trials else [TRIALS]
    if not has_margin:
        needs.append(MARGIN)
    why = (
        "no treatment was given by lot"
        if not has_trials
        else "order lines come without a contribution margin"
        if not has_margin
        else "nobody stated what running a segment costs"
    )
    if has_trials and has_margin:
        needs.append(
            Need(
                question="What does running a segment cost a year?",
                table="the engagement file",
                columns=("costs: running a segment",),
            )
        )
    return Finding(
        slug=SLUG,
        status="not_run",
        headline=f"Whether segmenting is worth its cost was not assessed: {why}.",
        table=pd.DataFrame(columns=["policy"]),
        needs=tuple(needs),
    )
