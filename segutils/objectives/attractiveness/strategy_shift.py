"""Slug ``strategy-shift``: which groups change places when the strategy moves, and at which weight?"""

from __future__ import annotations

from segutils.attractiveness.rules import StatedRules
from segutils.attractiveness.samples import GroupSamples
from segutils.attractiveness.shift_finding import check_shift
from segutils.findings import Finding
from segutils.statistics.customer_figures import CustomerFigures

SLUG = "strategy-shift"


def check_strategy_shift(
    samples: GroupSamples | None,
    now: StatedRules | None,
    then: StatedRules | None,
    figures: CustomerFigures,
) -> Finding:
    """Which decisions about the groups that the company plans with flip when the strategy moves?

    Parameters
    ----------
    samples : GroupSamples, optional
        From :func:`~segutils.attractiveness.samples.resample_groups`.
    now, then : StatedRules, optional
        With the weights of the questions attractiveness and strategy-shift.
    figures : CustomerFigures

    Returns
    -------
    Finding
        As of :func:`~segutils.attractiveness.shift_finding.check_shift`.
    """
    return check_shift(samples, now, then, figures, slug=SLUG, word="group")
