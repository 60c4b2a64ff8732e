"""Slug ``attractiveness-matrix``: which planning groups are worth most, and where do we compete best?"""

from __future__ import annotations

from segutils.attractiveness import matrix_decision, rater_orders
from segutils.attractiveness.matrix import Matrix
from segutils.findings import Finding, Override
from segutils.statistics.customer_figures import CustomerFigures

SLUG = "attractiveness-matrix"
WORD = "group"


def decide_attractiveness_matrix(
    matrix: Matrix, figures: CustomerFigures, *, currency: str, override: Override | None = None
) -> Finding:
    """Which of the groups that the company plans with should it target first?

    Parameters
    ----------
    matrix : Matrix
        From :func:`~segutils.attractiveness.matrix.judge_matrix`, with the same `override`.
    figures : CustomerFigures
    currency : str
    override : Override, optional

    Returns
    -------
    Finding
        As of :func:`~segutils.attractiveness.matrix_decision.decide_matrix`.
    """
    return matrix_decision.decide_matrix(
        matrix,
        figures,
        slug=SLUG,
        currency=currency,
        word=WORD,
        override=override,
        limits=("Samples are drawn from the customers at hand; groups and market figures stay the same.",),
    )


def check_matrix_raters(matrix: Matrix) -> Finding:
    """Whose weights are applied, and which order would each rater get alone?

    Parameters
    ----------
    matrix : Matrix

    Returns
    -------
    Finding
        As of :func:`~segutils.attractiveness.rater_orders.check_raters`.
    """
    return rater_orders.check_raters(matrix, slug=SLUG, word=WORD)
