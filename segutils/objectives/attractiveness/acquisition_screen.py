"""Slug ``acquisition-screen``: which of the companies that could be bought are worth their price, if any?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.engagement_plans import Finance
from segutils.findings import Decision, Finding, Need, Override
from segutils.objectives.attractiveness import acquisition_sets as sets
from segutils.objectives.attractiveness import acquisition_words as words
from segutils.objectives.attractiveness.acquisition_candidates import (
    PRICE,
    TARGETS,
    Candidates,
    read_candidates,
)
from segutils.objectives.attractiveness.acquisition_margins import GroupMargins, score_group_margins
from segutils.objectives.attractiveness.acquisition_scores import Terms, draw_worth, score_candidates
from segutils.statistics.customer_figures import CustomerFigures
from segutils.statistics.decisions import check_override
from segutils.statistics.figure_sources import NEEDS
from segutils.statistics.intervals import percentile_interval

SLUG = "acquisition-screen"
NOTHING = words.NOTHING
SHORTER = 5  # years in which a more impatient buyer wants the price back
FIRM = 0.8  # share of samples in which a set must stay the best one to be called firm
BUDGET = Need(
    question="How much money may be spent on acquisitions?",
    table="engagement file",
    columns=("budgets: item, amount, questions: [acquisition-screen]",),
)


@dataclass(frozen=True, kw_only=True)
class Screen:
    """Candidates with what they are worth, now and in other samples.

    Parameters
    ----------
    scores : pandas.DataFrame
        From :func:`~segutils.objectives.attractiveness.acquisition_scores.score_candidates`, with
        ``back_low, back_high`` (90 % of outcomes).
    draws, outcomes : numpy.ndarray
        Sample x candidate: worth with customers as good as the mean of their kind, and as chance has it.
    candidates : Candidates
    margins : GroupMargins
    terms : Terms
    attractive : tuple of str
    limits : pandas.DataFrame
    """

    scores: pd.DataFrame
    draws: np.ndarray
    outcomes: np.ndarray
    candidates: Candidates
    margins: GroupMargins
    terms: Terms
    attractive: tuple[str, ...]
    limits: pd.DataFrame


def screen_candidates(
    targets: ir.Table | None,
    figures: CustomerFigures,
    groups: pd.DataFrame,
    *,
    leaving: pd.DataFrame | None = None,
    attractive: Sequence[str] = (),
    limits: pd.DataFrame | None = None,
    finance: Finance | None = None,
    payback_years: int = 5,
    risk_discount: float = 0.08,
    draws: int = 200,
    seed: int = 0,
) -> Screen | None:
    """What would each candidate's customers bring, and what comes back of its price?

    Parameters
    ----------
    targets : ibis table, optional
        See :func:`~segutils.objectives.attractiveness.acquisition_candidates.read_candidates`.
    figures : CustomerFigures
        With ``margin`` and, where known, ``cost`` of a year.
    groups : pandas.DataFrame
        ``customer_id, group``.
    leaving : pandas.DataFrame, optional
        Share of each group's customers that leaves in a year, with `draws` samples, from
        :func:`~segutils.objectives.attractiveness.acquisition_leaving.score_leaving`; without it nobody
        leaves.
    attractive : sequence of str
        Groups that the client wants more of.
    limits : pandas.DataFrame, optional
        Stated knock-outs: ``measure, min, max, owner``.
    finance : Finance, optional
        Its ``discount_rate`` and ``horizon_years`` value gains of later years.
    payback_years : int
        Years of gain that are held against the price where nobody states `finance`; years then count alike.
    risk_discount : float
        What a point of integration risk above 1 takes off the gain, as a share; samples vary it by half
        either way.
    draws, seed : int
        Samples of the client's customers and of the discount.

    Returns
    -------
    Screen or None
        None without candidates that name the client's groups, or without margins.
    """
    members = groups.dropna(subset=["group"]).drop_duplicates("customer_id")
    candidates = read_candidates(targets, sorted(members["group"].unique()))
    margins = score_group_margins(figures, members, leaving=leaving, draws=draws, seed=seed)
    if candidates is None or margins is None or candidates.table.empty:
        return None
    terms = Terms(
        risk_discount=risk_discount,
        years=finance.horizon_years if finance else payback_years,
        discount_rate=finance.discount_rate if finance else 0.0,
    )
    stated = pd.DataFrame(columns=["measure", "min", "max", "owner"]) if limits is None else limits
    scores = score_candidates(candidates, margins, terms, attractive=attractive, limits=stated)
    rng = np.random.default_rng(seed + 1)
    discounts = risk_discount * rng.uniform(0.5, 1.5, draws)
    drawn, outcomes = (
        draw_worth(candidates, scores, margins, terms, risk_discounts=discounts, chance_seed=own)
        for own in (None, seed + 2)
    )
    low, high = percentile_interval(outcomes, level=0.9) / scores.price.to_numpy()
    return Screen(
        scores=scores.assign(back_low=low, back_high=high),
        draws=drawn,
        outcomes=outcomes,
        candidates=candidates,
        margins=margins,
        terms=terms,
        attractive=tuple(attractive),
        limits=stated,
    )


def decide_acquisition_screen(
    screen: Screen | None,
    figures: CustomerFigures,
    budgets: pd.DataFrame,
    *,
    currency: str,
    finance: Finance | None = None,
    override: Override | None = None,
) -> Finding:
    """Which candidates should be bought with the money there is, or none?

    Whole companies under a budget are a knapsack; the set that brings most above its price wins, and buying
    nothing is always an option.

    Parameters
    ----------
    screen : Screen, optional
        From :func:`screen_candidates`.
    figures : CustomerFigures
        Says what to ask for where margins or costs are not known.
    budgets : pandas.DataFrame
        ``item, amount, owner`` of this question.
    currency : str
    finance : Finance, optional
    override : Override, optional

    Returns
    -------
    Finding
        ``not_run`` without candidates or margins; no decision without a price. `robustness_share` is the
        share of samples, of customers and of the discount for risk together, in which the set stays best;
        ``caution`` where it is below 0.8, or more than a fifth of outcomes lose money.

    Raises
    ------
    InputError
        The override names no option.
    """
    if screen is None:
        return _withhold(figures)
    scores, needs = screen.scores, [*screen.candidates.needs]
    needs += [] if screen.margins.costs_known else [NEEDS["cost"]]
    needs += [] if len(budgets) else [BUDGET]
    ranked = scores.sort_values(["back", "gain"], ascending=False, kind="stable", ignore_index=True)
    common = {
        "slug": SLUG,
        "table": words.build_table(ranked, costs_known=screen.margins.costs_known),
        "formats": words.FORMATS,
        "labels": words.LABELS,
        "needs": tuple(needs),
        "limits": words.LIMITS,
    }
    common["formats"] = {n: f for n, f in words.FORMATS.items() if n in common["table"].columns}
    if scores.price.isna().all():
        return Finding(
            status="caution",
            headline=words.say_gains_only(ranked, currency=currency),
            notes=words.list_notes(screen, currency=currency),
            assumptions=words.list_assumptions(screen, finance),
            **{**common, "needs": tuple(dict.fromkeys([*needs, PRICE]))},
        )
    budget = float(budgets.amount.astype(float).sum()) if len(budgets) else np.inf
    worth, price = scores.worth.to_numpy(), scores.price.to_numpy()
    able = (scores.missed == "").to_numpy() & np.isfinite(price)
    chosen = sets.choose_set(worth, price, budget=budget, able=able)
    stays, inside = sets.count_choices(screen.draws, price, chosen, budget=budget, able=able)
    flips = sets.find_flip_prices(worth, price, budget=budget, able=able)
    options = _list_options(screen, chosen, budget, able, override)
    decision = Decision(
        question="Which companies should be bought?",
        options=options,
        recommendation=words.name_set(scores, chosen),
        robustness=words.say_robustness(
            scores,
            chosen,
            stays,
            inside,
            flips,
            _vary(screen, budget, able),
            words.share_lost(screen, chosen),
            currency=currency,
            risk_discount=screen.terms.risk_discount,
            draws=len(screen.draws),
        ),
        robustness_share=stays,
        override=check_override(override, options.option.tolist(), slug=SLUG),
        formats=words.OPTION_FORMATS,
    )
    return Finding(
        status="pass"
        if min(stays, 1 - words.share_lost(screen, chosen)) >= FIRM and not needs
        else "caution",
        headline=words.say_headline(screen, chosen, decision, budget, currency=currency),
        figures=words.draw_back(ranked, screen, chosen),
        decision=decision,
        notes=words.list_notes(screen, currency=currency),
        assumptions=words.list_assumptions(screen, finance),
        **common,
    )


def _list_options(
    screen: Screen, chosen: np.ndarray, budget: float, able: np.ndarray, override: Override | None
) -> pd.DataFrame:
    """The best sets, each affordable company alone (the best three), nothing, and what the client chose."""
    scores = screen.scores
    worth, price = scores.worth.to_numpy(), scores.price.to_numpy()
    found = [chosen, *sets.list_best_sets(worth, price, budget=budget, able=able, most=4)]
    alone = np.argsort(-np.where(able & (price <= budget), worth - price, -np.inf), kind="stable")
    for n in alone[:3]:
        if able[n] and price[n] <= budget:
            found.append(np.arange(len(scores)) == n)
    found.append(np.zeros(len(scores), dtype=bool))
    if override is not None:
        named = np.array([name in override.choice for name in scores.name], dtype=bool)
        if words.name_set(scores, named) == override.choice:
            found.append(named)
    rows = {}
    for members in found:
        spent = float(price[members].sum())
        rows.setdefault(
            words.name_set(scores, members),
            {
                "companies": int(members.sum()),
                "price": spent,
                "gained": float(scores.gained[members].sum()),
                "gain": float(scores.gain[members].sum()),
                "worth": float(worth[members].sum()),
                "net": float((worth - price)[members].sum()),
                "loss_share": words.share_lost(screen, members),
            },
        )
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("option").reset_index()
    return table.sort_values("net", ascending=False, kind="stable", ignore_index=True)


def _vary(screen: Screen, budget: float, able: np.ndarray) -> pd.DataFrame:
    """Which set would be best on other terms: ``terms, option``."""
    terms, candidates, margins, scores = screen.terms, screen.candidates, screen.margins, screen.scores
    rows = []

    def add(name: str, worth: pd.Series) -> None:
        chosen = sets.choose_set(worth.to_numpy(), scores.price.to_numpy(), budget=budget, able=able)
        rows.append((name, words.name_set(scores, chosen)))

    if margins.leaving_known:
        add("if nobody left", scores.gain * terms.factor())
    if terms.discount_rate:
        alike = score_candidates(candidates, margins, replace(terms, discount_rate=0.0))
        add("with all years alike", alike.worth)
    if terms.years > SHORTER:
        sooner = score_candidates(candidates, margins, replace(terms, years=SHORTER))
        add(f"if it must come back in {SHORTER} years", sooner.worth)
    if margins.costs_known:
        add("before cost to serve", scores.worth_before)
    if screen.attractive:
        shares = candidates.shares.copy()
        shares[[g for g in shares.columns if g not in screen.attractive]] = 0.0
        add(
            "counting customers of attractive groups only",
            score_candidates(replace(candidates, shares=shares), margins, terms).worth,
        )
    add(words.WEAKER, scores.worth_weak)
    return pd.DataFrame(rows, columns=["terms", "option"])


def _withhold(figures: CustomerFigures) -> Finding:
    missing = "margin" not in figures.table
    why = (
        "it takes candidates described by the client's groups, and what its own customers bring"
        if missing
        else "no candidate is described by its customers in the client's groups"
    )
    return Finding(
        slug=SLUG,
        status="not_run",
        headline=f"No company is screened: {why}.",
        table=pd.DataFrame(columns=["name", "customers", "price"]),
        needs=(TARGETS, NEEDS["margin"]) if missing else (TARGETS,),
    )


def list_group_margins(screen: Screen | None) -> pd.DataFrame:
    """What does a customer of each group bring a year: the measure that candidates are held against?

    Returns
    -------
    pandas.DataFrame
        ``group, buyers, margin, cost, net, weak`` (per customer who buys; net of the weaker half of them),
        ``loss_share, leaving``; empty where nothing is screened.
    """
    columns = ["group", "buyers", "margin", "cost", "net", "weak", "loss_share", "leaving"]
    if screen is None:
        return pd.DataFrame(columns=columns)
    return screen.margins.table.rename_axis("group").reset_index()[columns].round(3)
