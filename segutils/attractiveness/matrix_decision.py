"""Which group is targeted first: the finding, with its options and its robustness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from segutils.attractiveness import matrix_figures, matrix_words
from segutils.attractiveness.acceptability import TOGETHER
from segutils.attractiveness.limit_words import GROUPS, say_standings
from segutils.attractiveness.limits import FIRM, build_standings
from segutils.attractiveness.matrix import Matrix
from segutils.attractiveness.providers import say_firsts
from segutils.attractiveness.rules import AXES, WEIGHTS, list_scales, state_weights
from segutils.findings import Decision, Finding, Need, Override
from segutils.formats import plural
from segutils.statistics import portfolio
from segutils.statistics.customer_figures import CustomerFigures
from segutils.statistics.decisions import check_override
from segutils.statistics.raters import find_contradictions

FORMATS = {
    "attractiveness": "number:2",
    "competitiveness": "number:2",
    "score": "number:2",
    "topsis": "number:2",
    "net_revenue": "money",
    "first_share": "share:0",
    "score_low": "number:2",
    "score_high": "number:2",
}
LABELS = {
    "topsis": "TOPSIS",
    "net_revenue": "Net revenue a year",
    "missed": "Misses the limit of",
    "first_share": "First in other draws",
    "score_low": "Score if unknowns are worst",
    "score_high": "Score if unknowns are best",
}


def decide_matrix(
    matrix: Matrix,
    figures: CustomerFigures,
    *,
    slug: str,
    currency: str,
    word: str = "segment",
    override: Override | None = None,
    limits: Sequence[str] = (),
    firm: float = FIRM,
) -> Finding:
    """Which group should the client target first, which maintain, which drop?

    Limits come first, scores second (Dolnicar, Grün and Leisch 2018, chapter 4); verdicts follow the matrix
    of nine fields; TOPSIS (Hwang and Yoon 1981) stands beside the weighted sum.

    Parameters
    ----------
    matrix : Matrix
        From :func:`~segutils.attractiveness.matrix.judge_matrix`, with the same `override`.
    figures : CustomerFigures
    slug, currency : str
    word : str
        What the groups are called.
    override : Override, optional
    limits : sequence of str
        What must not be concluded of these groups in particular.
    firm : float
        Share of draws (0-1) in which a recommendation must stand to be called firm.

    Returns
    -------
    Finding
        ``not_run`` where weights are not stated, or nothing is known of an axis. The decision's
        `robustness_share` is how often the recommended group stays first under other weights and samples at
        once. ``caution`` where that is not firm, a criterion is not known, or a rater's comparisons
        contradict each other.

    Raises
    ------
    InputError
        If the override names no group.
    """
    if matrix.table.empty:
        return _withhold(matrix, figures, slug=slug, word=word)
    stated, samples, table = matrix.stated, matrix.samples, matrix.table
    nobody = matrix_words.say_nobody(word)
    recommended = str(matrix.passing.name.iloc[0]) if len(matrix.passing) else nobody
    held = matrix.accepted.held(recommended) or matrix.accepted.nobody()
    columns = ["name", "score", "attractiveness", "competitiveness", "topsis", "verdict", "first_share"]
    options = table[columns].rename(columns={"name": "option"})
    if recommended == nobody:
        none = pd.DataFrame({"option": [nobody], "first_share": [held[TOGETHER]]})
        options = pd.concat([none, options], ignore_index=True)
    decision = Decision(
        question=f"Which {word} is targeted first?",
        options=options,
        recommendation=recommended,
        robustness=matrix_words.say_robustness(recommended, held, matrix),
        robustness_share=held[TOGETHER],
        override=check_override(override, options.option.tolist(), slug=slug),
        formats={name: fmt for name, fmt in FORMATS.items() if name in options.columns},
    )
    shown = ["name", "verdict", "attractiveness", "competitiveness", "score", "topsis", "net_revenue"]
    shown += ["score_low", "score_high"] if stated.missing or matrix.unknown else []
    shown = table[[*shown, "missed", "first_share"]].copy()
    shown["missed"] = [matrix_words.say_measures(text) for text in shown.missed]
    contradict = {name for axis in AXES for name in find_contradictions(getattr(stated, axis))}
    redrawn = matrix_words.name_redrawn(samples, word)
    standings = build_standings(samples, stated.rules.limits, firm=firm, scales=stated.rules.scales)
    unknown = bool(stated.missing or matrix.unknown or standings.value.isna().any())
    sure = held[TOGETHER] >= firm and not unknown and not contradict
    return Finding(
        slug=slug,
        status="fail" if recommended == nobody else "pass" if sure else "caution",
        headline=matrix_words.say_headline(matrix, decision, word=word, redrawn=redrawn),
        table=shown,
        formats={name: fmt for name, fmt in FORMATS.items() if name in shown.columns},
        labels=LABELS | {"name": word.capitalize()},
        figures=(
            matrix_figures.draw_matrix(matrix, recommended, word=word, currency=currency),
            *matrix_figures.draw_ranks(matrix, word=word),
            *matrix_figures.draw_firsts(matrix, recommended, word=word),
        ),
        decision=decision,
        notes=[
            *say_standings(standings, firm=firm),
            *matrix_words.list_notes(matrix, word=word),
            *say_firsts(samples, stated.rules),
            *figures.notes,
        ],
        assumptions=(state_weights(stated), *list_scales(stated.rules), *figures.assumptions),
        limits=(
            "A market is given to customers in proportion to what they buy, so shares differ between "
            f"{word}s only as far as they buy in different markets.",
            *limits,
        ),
        needs=tuple(figures.needs),
    )


def add_notes(found: Finding, *, first: Sequence[str] = (), last: Sequence[str] = ()) -> Finding:
    """The finding with notes before and behind its own."""
    return replace(found, notes=[*first, *found.notes, *last])


def _withhold(matrix: Matrix, figures: CustomerFigures, *, slug: str, word: str) -> Finding:
    """No target without groups, stated criteria and something known on both axes."""
    criteria = [name for name in portfolio.SCALES if name not in ("net_revenue", "reach")]
    known = [name for name in criteria if name in figures.measures]
    needs: tuple[Need, ...] = tuple(figures.needs)
    if matrix.stated is None:
        why, needs = f"nobody has stated what makes a {word} attractive", (WEIGHTS, *needs)
    elif not matrix.stated.applies:
        why = f"too little is known of how attractive {word}s are and how well the client competes"
    else:
        why, needs = f"no customer is in a {word}", (GROUPS,)
    return Finding(
        slug=slug,
        status="not_run",
        headline=f"No target is recommended: {why} ({plural(len(known), 'criterion', 'criteria')} of "
        f"{len(criteria)} can be measured).",
        table=matrix.table[["name", "verdict", "score"]],
        needs=needs or (WEIGHTS,),
    )
