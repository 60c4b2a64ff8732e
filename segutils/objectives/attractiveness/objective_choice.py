"""Slug ``objective-choice``: growth, share, retention or another objective first, and what would flip it."""

from __future__ import annotations

import pandas as pd

from segutils.findings import Decision, Finding, Need, Override
from segutils.objectives.attractiveness import objective_words as words
from segutils.objectives.attractiveness.objective_figures import draw_figures
from segutils.objectives.attractiveness.objective_notes import list_notes
from segutils.objectives.attractiveness.objective_scores import (
    KEEP,
    break_even_loss,
    count_once,
    find_flips,
    list_valued,
    score_objectives,
)
from segutils.objectives.attractiveness.stakes import Stakes
from segutils.statistics.decisions import check_override

SLUG = "objective-choice"
FIRM = 0.8  # share of other samples and capacities in which a recommendation must stand to be called firm
LIKELY = 0.5  # above which there is more likely something at stake than nothing
OBJECTIVES = Need(
    question="What does the company want to reach, by when, and how far can it pursue it today?",
    table="engagement file",
    columns=("objectives: goal, kind, measure, target, by, capacity, owner",),
)
FORMATS = {
    "at_stake": "money",
    "low": "money",
    "high": "money",
    "capacity": "number:2",
    "within_capacity": "money",
    "score": "money",
    "first_share": "share:0",
}


def decide_objective_choice(
    stakes: Stakes,
    objectives: pd.DataFrame,
    *,
    currency: str,
    draws: int = 1000,
    concentration: float = 20.0,
    override: Override | None = None,
    seed: int = 0,
) -> Finding:
    """Which objective comes first: growth, share, retention, or another?

    Parameters
    ----------
    stakes : Stakes
        From :func:`~segutils.objectives.attractiveness.stakes.build_stakes`.
    objectives : pandas.DataFrame
        From :func:`segutils.stated.list_objectives`.
    currency : str
    draws, concentration, seed
        As for :func:`score_objectives`.
    override : Override, optional
        The client's own choice.

    Returns
    -------
    Finding
        Table: ``objective, at_stake, low, high, capacity, within_capacity, target, owner``. The decision
        takes the largest value at stake times capacity, if there is more likely something at stake than not;
        `robustness_share` is how often it comes first with other samples and other capacities at once.
        Without a second objective that can be valued there is no decision, and `needs` say what would make
        one.

    Raises
    ------
    InputError
        The override names no option.
    """
    scores = score_objectives(stakes, objectives, draws=draws, concentration=concentration, seed=seed)
    valued = list_valued(scores)
    needs = list(stakes.needs) + ([] if len(objectives) else [OBJECTIVES])
    needs += list(stakes.ladder.needs[:1]) if stakes.ladder.needs else []
    decision, held = None, 0.0
    if len(valued) > 1:
        top = valued.iloc[0]
        # a gap is never below 0, so that its mean is above 0 even where there is most likely none
        recommended = str(top.option) if top.within_capacity > 0 and top.likely > LIKELY else KEEP
        held = float(scores.set_index("option").first_share[recommended])
        columns = ["option", "at_stake", "low", "high", "capacity", "within_capacity", "first_share"]
        options = scores[columns].rename(columns={"within_capacity": "score"})
        decision = Decision(
            question="Which objective comes first?",
            options=options,
            recommendation=recommended,
            robustness=words.say_robustness(
                scores, recommended, find_flips(scores), draws=draws, currency=currency
            ),
            robustness_share=held,
            override=check_override(override, scores.option.tolist(), slug=SLUG),
            formats={name: fmt for name, fmt in FORMATS.items() if name in options.columns},
        )
    once, loss = count_once(stakes, scores), break_even_loss(scores, stakes)
    contested = decision is not None and any(name != decision.recommendation for name in once.values())
    firm = decision is not None and held >= FIRM and not contested and decision.recommendation != KEEP
    table = words.build_table(scores, objectives, stakes)
    return Finding(
        slug=SLUG,
        status="pass" if firm and not needs else "caution",
        headline=words.say_headline(scores, decision, once, stakes, currency=currency),
        table=table,
        formats={name: fmt for name, fmt in FORMATS.items() if name in table.columns},
        labels=words.LABELS,
        figures=draw_figures(scores, stakes, decision, currency=currency),
        decision=decision,
        notes=list_notes(scores, stakes, once, loss, currency=currency),
        assumptions=words.list_assumptions(scores, objectives, stakes),
        limits=words.list_limits(stakes),
        needs=tuple(dict.fromkeys(needs)),
    )
