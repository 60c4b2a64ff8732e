"""Slug ``target-selection``: which segments to target, to maintain and to drop, and how sure that is.

The rules of module 1 (:mod:`segutils.attractiveness`) applied to validated segments. What differs: segments
are formed anew on every sample, and what a contact causes is known.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from segutils.attractiveness import limit_decision, matrix_decision, rater_orders
from segutils.attractiveness.matrix import Matrix, judge_matrix
from segutils.attractiveness.rules import StatedRules
from segutils.attractiveness.samples import GroupSamples
from segutils.attractiveness.shift_words import say_shift
from segutils.findings import Finding, Override
from segutils.formats import format_value
from segutils.statistics.customer_figures import CustomerFigures

SLUG = "target-selection"
MAX_P = 0.05  # from here on a lift is not shown; p-values hold for all segments together


def judge_segments(
    resampled: GroupSamples | None,
    stated: StatedRules | None,
    *,
    names: Mapping[str, str],
    override: Override | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Matrix:
    """How does each segment stand on both axes, what is its verdict, and how often is it the first target?

    Parameters
    ----------
    resampled : GroupSamples, optional
        From :func:`~segutils.validation.fit.target_stability.resample_segments`.
    stated : StatedRules, optional
        Without them nothing is judged.
    names : mapping of str to str
        Segment to its name.
    override, draws, seed
        As in :func:`~segutils.attractiveness.matrix.judge_matrix`.

    Returns
    -------
    Matrix
        With code and name of a segment together as its name.
    """
    called = None if resampled is None else resampled.rename(names)
    return judge_matrix(called, stated, override=override, draws=draws, seed=seed)


def list_targets(matrix: Matrix) -> pd.DataFrame:
    """The segments with their verdicts, as other notebooks read them.

    Returns
    -------
    pandas.DataFrame
        ``segment`` and the columns of :func:`~segutils.attractiveness.matrix.judge_matrix`.
    """
    return matrix.table.rename(columns={"code": "segment"})


def decide_target_selection(
    matrix: Matrix,
    figures: CustomerFigures,
    *,
    currency: str,
    response: pd.DataFrame | None = None,
    then: StatedRules | None = None,
    override: Override | None = None,
) -> Finding:
    """Which segment should the client target first, which maintain, which drop?

    Parameters
    ----------
    matrix : Matrix
        From :func:`judge_segments`, with the same `override`.
    figures : CustomerFigures
    currency : str
    response : pandas.DataFrame, optional
        What a contact causes by segment: ``segment, lift, low, high, p_holm``.
    then : StatedRules, optional
        With the weights of another strategy: what would flip is said.
    override : Override, optional

    Returns
    -------
    Finding
        As of :func:`~segutils.attractiveness.matrix_decision.decide_matrix`.
    """
    found = matrix_decision.decide_matrix(
        matrix,
        figures,
        slug=SLUG,
        currency=currency,
        override=override,
        limits=(
            "Samples are drawn from the customers at hand; their features, the scale of these and the "
            "market's figures stay the same.",
            "Customers without purchases are in no segment and not judged.",
        ),
    )
    if found.decision is None:
        return found
    first = say_response(list_targets(matrix), found.decision.choice, response)
    return matrix_decision.add_notes(found, first=first, last=say_shift(matrix, then, word="segment"))


def check_target_limits(matrix: Matrix) -> Finding:
    """How would the list of excluded segments change as each limit moves?

    Returns
    -------
    Finding
        As of :func:`~segutils.attractiveness.limit_decision.list_breakpoints`.
    """
    limits = pd.DataFrame() if matrix.stated is None else matrix.stated.rules.limits
    return limit_decision.list_breakpoints(matrix.samples, limits, slug=SLUG)


def check_target_raters(matrix: Matrix) -> Finding:
    """Whose weights are applied, and which order would each rater get alone?

    Returns
    -------
    Finding
        As of :func:`~segutils.attractiveness.rater_orders.check_raters`.
    """
    return rater_orders.check_raters(matrix, slug=SLUG)


def say_response(targets: pd.DataFrame, first: str, response: pd.DataFrame | None) -> list[str]:
    """That the first target is one for account care, where no lift from a contact is shown in it."""
    own = targets[targets.name == first]
    if response is None or own.empty:
        return []
    found = response[response.segment == own.segment.iloc[0]].dropna(subset=["lift", "p_holm"])
    if found.empty or (found.p_holm.iloc[0] < MAX_P and found.lift.iloc[0] > 0):
        return []
    lift, low, high = (format_value(100 * found[c].iloc[0], "number:1") for c in ("lift", "low", "high"))
    most = own.net_revenue.iloc[0] == targets.net_revenue.max()
    why = (
        "has most value, not most response" if most else "comes first by the stated criteria, not by response"
    )
    return [
        f"{first} {why}: no lift from contact is shown ({lift} points, {low} to {high}); the target is for "
        "account care, not for more campaigns."
    ]
