"""Slug ``thresholds``: which planning groups are excluded before any score, and is that sure?"""

from __future__ import annotations

import pandas as pd

from segutils.attractiveness import limit_decision
from segutils.attractiveness.samples import GroupSamples
from segutils.findings import Finding, Override
from segutils.statistics.customer_figures import CustomerFigures

SLUG = "thresholds"
WORD = "group"


def decide_thresholds(
    samples: GroupSamples | None,
    limits: pd.DataFrame,
    figures: CustomerFigures,
    *,
    firm: float = 0.8,
    near: float = 0.1,
    override: Override | None = None,
) -> Finding:
    """Which of the groups that the company plans with are excluded, and should a limit move?

    Parameters
    ----------
    samples : GroupSamples, optional
        From :func:`~segutils.attractiveness.samples.resample_groups`.
    limits : pandas.DataFrame
        ``measure, min, max, owner`` of the question thresholds.
    figures : CustomerFigures
    firm, near : float
        As in :func:`~segutils.attractiveness.limit_decision.decide_limits`.
    override : Override, optional

    Returns
    -------
    Finding
        As of :func:`~segutils.attractiveness.limit_decision.decide_limits`.
    """
    return limit_decision.decide_limits(
        samples, limits, figures, slug=SLUG, word=WORD, firm=firm, near=near, override=override
    )


def list_threshold_moves(
    samples: GroupSamples | None, limits: pd.DataFrame, *, firm: float = 0.8, near: float = 0.1
) -> Finding:
    """How does the list of excluded groups change as each threshold moves?

    Parameters
    ----------
    samples, limits, firm, near
        As in :func:`decide_thresholds`.

    Returns
    -------
    Finding
        As of :func:`~segutils.attractiveness.limit_decision.list_breakpoints`.
    """
    return limit_decision.list_breakpoints(samples, limits, slug=SLUG, word=WORD, firm=firm, near=near)
