"""Slug ``granularity``: merge look-alike groups, or keep them?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segutils.engagement_terms import Weighting
from segutils.findings import Assumption, Decision, Finding, Need, Override
from segutils.formats import format_value, join_words
from segutils.objectives.boundaries import granularity_words as words
from segutils.objectives.boundaries.customer_periods import MARGIN, CustomerPeriods
from segutils.objectives.boundaries.granularity_words import ALIKE, DIFFERENT, OPEN, PAYS
from segutils.objectives.boundaries.merge_path import (
    ASPECTS,
    GroupedCustomers,
    MergePath,
    find_path,
)
from segutils.objectives.boundaries.merge_stability import share_of_samples, share_of_weights
from segutils.objectives.boundaries.merge_worth import WORTH, Lever, score_worth
from segutils.stated import reconcile_weights
from segutils.statistics.decisions import check_override
from segutils.statistics.raters import describe_raters

SLUG = "granularity"
FIRM = 0.8  # share of other weights and samples in which a recommendation must stand to be called firm
LEVEL = 0.95
A_YEAR = {"year": 1.0, "quarter": 4.0, "month": 12.0}
VALUED = 12  # merges are valued in money from so many groups on; before, groups are too small for trials
TWO_PERIODS = Need(
    question="What did the customers of each group buy in two periods, one after the other?",
    table="transactions",
    columns=("customer_id", "order_id", "ordered_at", "net_revenue"),
)
COST = Need(
    question="What does running a segment cost a year?",
    table="engagement file",
    columns=("costs: running a segment, per segment",),
)
TRIALS = Need(
    question="What does treating groups apart bring, tried by lot?",
    table="exposures",
    columns=("customer_id", "campaign_id", "arm", "randomised", "outcome_value", "assigned_at"),
)
MARGIN_NEED = Need(
    question="What is left of each order line after its cost?",
    table="transactions",
    columns=("contribution_margin",),
)


def score_merges(
    path: MergePath,
    customers: GroupedCustomers,
    periods: CustomerPeriods,
    *,
    levers: Sequence[Lever] = (),
    costs: pd.DataFrame | None = None,
    max_loss: float = 0.05,
    min_told: float = 0.01,
    max_p: float = 0.05,
    seed: int = 0,
) -> pd.DataFrame:
    """What does each merge lose, what is keeping the two apart worth, and what would it have to bring?

    Parameters
    ----------
    path : MergePath
    customers : GroupedCustomers
    periods : CustomerPeriods
    levers : sequence of Lever
        Decisions that were tried by lot.
    costs : pandas.DataFrame, optional
        Stated costs: ``item, amount, per, every, segment, owner``; those per segment that run on count.
    max_loss, min_told, max_p : float
        See :func:`decide_granularity`.
    seed : int

    Returns
    -------
    pandas.DataFrame
        The steps of the path, with ``merge`` (names), ``worth, worth_low, worth_high`` (money a year of
        deciding for the two apart, by what was tried; NaN where nothing was), ``break_even`` (share by which
        the margin of the smaller of the two would have to rise to pay for running it apart) and ``verdict``.
    """
    cost = read_running_cost(costs)
    table = path.steps.assign(merge=path.steps["first"] + " with " + path.steps["second"])
    yearly = customers.value * customers.each * 365 / periods.days
    rows, valued = [], min(len(table), VALUED - 1)
    level = 1 - (1 - LEVEL) / valued  # the intervals hold for all merges together
    for n, parts in enumerate(path.members[:-1]):
        merged = [part for part in parts if part not in path.members[n + 1]]
        inside = [np.isin(customers.labels, list(part)) for part in merged]
        worth = pd.Series(np.nan, index=WORTH)
        if levers and len(parts) <= VALUED:
            pair = (customers.ids[part] for part in inside)
            worth = score_worth(levers, *pair, level=level, seed=seed) * customers.each
        smaller = min(float(yearly[part].sum()) for part in inside)
        told = periods.value == MARGIN and smaller > 0 and cost > 0
        rows.append({**worth, "break_even": cost / smaller if told else np.nan})
    table = pd.concat([table, pd.DataFrame(rows)], axis=1)
    nothing = path.best < min_told
    alike = nothing | (table.sum_high <= max_loss)
    pays = (table.worth_low > cost).fillna(False) if cost > 0 else pd.Series(False, index=table.index)
    verdict = np.select([pays, alike, table.p_holm > max_p], [PAYS, ALIKE, OPEN], default=DIFFERENT)
    return table.assign(verdict=verdict)


def count_merges(table: pd.DataFrame) -> int:
    """How many merges are recommended: all before the first that is not alike, or that pays to keep apart."""
    kept = table.verdict.isin([DIFFERENT, PAYS]).to_numpy()
    return int(kept.argmax()) if kept.any() else len(table)


def decide_granularity(
    customers: GroupedCustomers | None,
    periods: CustomerPeriods | None,
    *,
    grouping: str,
    levers: Sequence[Lever] = (),
    costs: pd.DataFrame | None = None,
    weighting: Weighting | None = None,
    currency: str = "",
    max_loss: float = 0.05,
    min_told: float = 0.01,
    max_p: float = 0.05,
    resamples: int = 200,
    permutations: int = 499,
    override: Override | None = None,
    seed: int = 0,
) -> Finding:
    """Which groups should be merged, as they are alike in what customers bring, keep buying and buy?

    Two groups are merged where it is shown that merging loses little (upper end of the interval of what is
    lost, with all merges before, at most `max_loss` of what the best number of groups tells), or where no
    difference between them is shown (test with Holm over all steps): a difference that nobody can see is no
    reason to run two segments. They stay apart where they differ, or where deciding for them apart was shown
    to be worth more than running one segment costs. Groups that tell less than `min_told` altogether are one.

    Parameters
    ----------
    customers : GroupedCustomers, optional
    periods : CustomerPeriods, optional
    grouping : str
        What the groups are, in words.
    levers : sequence of Lever
    costs : pandas.DataFrame, optional
    weighting : Weighting, optional
        Of value, retention and assortment; alike without it.
    currency : str
    max_loss, min_told, max_p : float
    resamples, permutations : int
        Of many groups more permutations are taken; see :func:`count_permutations`.
    override : Override, optional
        One of the options' names, such as ``4 groups``.
    seed : int

    Returns
    -------
    Finding
        Table: one row per merge, most alike first. ``not_run`` without two periods or without two groups.
        `robustness_share` is the smaller of the shares of random weights of the aspects and of other samples
        of customers under which the same groups are merged and no more. ``caution`` below 0.8, where a merge
        rests on nothing being shown, or where two groups are kept and what was tried does not show that this
        pays for running a segment.

    Raises
    ------
    InputError
        The override names no option, or the weighting other criteria.
    """
    if customers is None or periods is None:
        return words.withhold(SLUG, grouping=grouping, has_periods=periods is not None, need=TWO_PERIODS)
    reconciled = reconcile_weights(weighting, ASPECTS, question=SLUG)
    weights = reconciled.mapping if reconciled else None
    path = find_path(
        customers,
        weights=weights,
        resamples=resamples,
        permutations=count_permutations(len(customers.names) - 1, permutations, max_p=max_p),
        seed=seed,
    )
    bounds = {"max_loss": max_loss, "min_told": min_told}
    common = {"levers": levers, "costs": costs, "max_p": max_p, "seed": seed, **bounds}
    table = score_merges(path, customers, periods, **common)
    merges = count_merges(table)
    options = _list_options(path, costs)
    recommended = str(options.option[merges])
    held = [
        share_of_weights(customers, path, merges, weights=weights, seed=seed, **bounds),
        share_of_samples(customers, path, merges, weights=weights, seed=seed, **bounds),
    ]
    decision = Decision(
        question=f"How many of the {len(customers.names)} groups should be run?",
        options=options,
        recommendation=recommended,
        robustness=words.say_robustness(
            table, merges, held, max_loss=max_loss, cost=read_running_cost(costs)
        ),
        robustness_share=min(held),
        override=check_override(override, options.option.tolist(), slug=SLUG),
        formats={
            **{"told": "share", "kept": "share:0", "running_cost": "money", "saved": "money"},
        },
    )
    said = {"currency": currency, "cost": read_running_cost(costs)}
    shown = table.verdict[:merges].isin([ALIKE]).all()
    unpaid = words.is_unpaid(table, merges, read_running_cost(costs))
    return Finding(
        slug=SLUG,
        status="pass" if min(held) >= FIRM and shown and not unpaid else "caution",
        headline=words.add_doubt(
            words.say_headline(decision, table, merges, path, grouping=grouping, **said),
            held if min(held) < FIRM and decision.choice == recommended else (),
        ),
        table=table.assign(sum_high=table.sum_high.clip(upper=1.0))[words.COLUMNS],
        formats=words.FORMATS,
        labels=words.LABELS,
        figures=words.draw_path(path, table, merges, decision, periods, grouping=grouping, max_loss=max_loss)
        + words.draw_worth(table, **said),
        decision=decision,
        notes=(
            *words.list_notes(
                path, table, merges, customers, periods, levers=levers, max_loss=max_loss, **said
            ),
            *([] if reconciled is None else [describe_raters(reconciled, words=words.ASPECT)]),
        ),
        assumptions=_list_assumptions(costs, levers, weighted=weights is not None, currency=currency),
        limits=words.list_limits(levers),
        needs=_list_needs(costs, levers, periods),
    )


def count_permutations(steps: int, least: int, *, max_p: float) -> int:
    """How many permutations can show a difference at every step?

    The smallest p-value that m permutations can give is 1 / (m + 1), and Holm multiplies it by the number of
    steps. With 499 of them nothing could ever be shown beyond 25 steps, and all groups would be merged; twice
    as many as are needed leave room for one permutation that happens to reach what was seen.
    """
    return max(least, int(np.ceil(2 * steps / max_p)))


def read_running_cost(costs: pd.DataFrame | None) -> float:
    """What one segment costs a year, by the stated costs per segment that run on; NaN where nobody said."""
    lines = _running(costs)
    return float((lines.amount * lines.every.map(A_YEAR)).sum()) if len(lines) else np.nan


def _running(costs: pd.DataFrame | None) -> pd.DataFrame:
    if costs is None or costs.empty:
        return pd.DataFrame(columns=["item", "amount", "every", "owner"])
    found = costs[(costs.per == "segment") & costs.every.isin(list(A_YEAR))]
    return found[found.segment == ""] if "segment" in found else found


def _list_options(path: MergePath, costs: pd.DataFrame | None) -> pd.DataFrame:
    count, cost = len(path.told), read_running_cost(costs)
    names = [
        f"{n} groups (as now)" if n == count else "1 group" if n == 1 else f"{n} groups"
        for n in path.told.groups
    ]
    options = pd.DataFrame({"option": names, "told": path.told.told.clip(lower=0)})
    if path.best > 0:
        options["kept"] = options.told / path.best
    if cost > 0:
        options["running_cost"] = cost * path.told.groups
        options["saved"] = cost * (count - path.told.groups)
    return options.reindex(columns=["option", "told", "kept", "running_cost", "saved"])


def _list_assumptions(
    costs: pd.DataFrame | None, levers: Sequence[Lever], *, weighted: bool, currency: str
) -> tuple[Assumption, ...]:
    found = [
        Assumption(
            text=f"{line['item'].capitalize()} costs "
            f"{format_value(line['amount'], 'money', currency=currency)} a {line['every']}.",
            owner=line["owner"],
        )
        for line in _running(costs).to_dict("records")
    ]
    if not weighted:
        listed = join_words([words.ASPECT[name] for name in ASPECTS])
        found.append(Assumption(text=f"The aspects count alike: {listed}.", owner="playbook default"))
    return (*found, *(Assumption(text=lever.words, owner="playbook default") for lever in levers))


def _list_needs(
    costs: pd.DataFrame | None, levers: Sequence[Lever], periods: CustomerPeriods
) -> tuple[Need, ...]:
    needs = [] if read_running_cost(costs) > 0 else [COST]
    if periods.value != MARGIN:
        needs.append(MARGIN_NEED)
    return (*needs, *(() if levers else (TRIALS,)))
