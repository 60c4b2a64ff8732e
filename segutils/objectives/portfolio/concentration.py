"""Slug ``concentration``: how much hangs on one group or account, and what its loss would do."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.engagement_terms import Person
from segutils.findings import Finding, Need
from segutils.objectives.attractiveness.margin_ladder import MarginLadder
from segutils.objectives.portfolio import concentration_drawings as drawings
from segutils.objectives.portfolio import concentration_words as words
from segutils.objectives.portfolio import mitigation_words
from segutils.objectives.portfolio.concentration_measures import Book, measure_concentration, read_book
from segutils.objectives.portfolio.concentration_options import NOBODY, list_options
from segutils.objectives.portfolio.concentration_stress import (
    choose_level,
    count_accounts_to_floor,
    stress_losses,
)
from segutils.objectives.portfolio.result_floor import MEASURE, PNL, THRESHOLD, Result
from segutils.statistics.figure_sources import NEEDS

SLUG = "concentration"
MANY_UNGROUPED = 0.8  # below this share of revenue in groups, shares of groups say little about the company
GROUPS = Need(
    question="In which of the groups that are planned with is each customer?",
    table="customers",
    columns=("strategy_segment",),
)
PRICES = Need(
    question="What would the measures against dependence cost that nobody has priced?",
    table="engagement file",
    columns=("costs: item, amount, per, owner", "responses: group, budget, ceiling, half_at, owner"),
)


def check_concentration(
    ladder: MarginLadder,
    groups: pd.DataFrame,
    *,
    objectives: pd.DataFrame | None = None,
    hhi_mark: float = 1800.0,
    draws: int = 500,
    seed: int = 0,
) -> Finding:
    """How much does the company depend on one group and on single accounts, and is it moving?

    Parameters
    ----------
    ladder : MarginLadder
        Revenue by customer and quarter.
    groups : pandas.DataFrame
        ``customer_id, group``.
    objectives : pandas.DataFrame, optional
        From :func:`segutils.stated.list_objectives`; those of kind diversification set the targets.
    hhi_mark : float
        Of 10,000; the default is borrowed from antitrust (Merger Guidelines 2023), which judges markets.
    draws, seed : int
        Samples of the customers.

    Returns
    -------
    Finding
        ``caution`` where a stated target is missed.
    """
    book = read_book(ladder, groups)
    if len(book.groups) < 2 or book.last.sum() <= 0:
        return _withhold(book)
    measured = measure_concentration(book, draws=draws, seed=seed)
    targets = words.read_targets(objectives)
    missed = words.list_missed(measured, targets, book)
    return Finding(
        slug=SLUG,
        status="caution"
        if len(missed) or book.covered < MANY_UNGROUPED
        else "pass"
        if len(targets)
        else "info",
        headline=words.say_headline(measured, book, targets, words.read_due(objectives, "top_share")),
        table=words.build_table(measured, book, targets, hhi_mark=hhi_mark),
        formats={**dict.fromkeys([*book.years, "low", "high", "mark"], "by:unit")},
        labels=words.LABELS,
        figures=drawings.draw_shares(measured, book, targets),
        notes=(
            *words.say_trend(measured, book, targets),
            *words.say_mark(measured, book, hhi_mark=hhi_mark),
            *words.say_accounts(measured, book),
            *words.say_covered(book),
        ),
        assumptions=words.list_targets(objectives),
        limits=words.LIMITS,
        needs=(GROUPS,) if book.covered < MANY_UNGROUPED else (),
    )


def check_losses(
    ladder: MarginLadder,
    groups: pd.DataFrame,
    *,
    currency: str,
    result: Result | None = None,
    unread: str = "",
    thresholds: pd.DataFrame | None = None,
    stress_level: str = "CM2",
    draws: int = 500,
    seed: int = 0,
) -> Finding:
    """What would losing the largest account or group leave, and how much can go before a limit breaks?

    Parameters
    ----------
    ladder, groups
        As in :func:`check_concentration`.
    currency : str
    result : Result, optional
        From :func:`~segutils.objectives.portfolio.result_floor.read_result`.
    unread : str
        Why there is no result, from :func:`~segutils.objectives.portfolio.result_floor.say_unread`.
    thresholds : pandas.DataFrame, optional
        ``measure, min, owner`` of kpi-constraints: ``ebitda_rate`` is the floor.
    stress_level : str
        Costs down to this level of the ladder go away with the customers; all others stay.
    draws, seed : int

    Returns
    -------
    Finding
        ``fail`` where losing half of the largest group or less breaks the floor, ``caution`` where losing all
        of it does, or where the floor could not be held against it.
    """
    book = read_book(ladder, groups)
    if len(book.groups) < 2 or book.last.sum() <= 0:
        return _withhold(book)
    limits = pd.DataFrame(columns=["measure", "min", "owner"]) if thresholds is None else thresholds
    stated = limits[(limits.measure == MEASURE) & limits["min"].notna()]
    floor = float(stated["min"].max()) if len(stated) else np.nan
    level = choose_level(book, stress_level)
    losses = stress_losses(book, level=level, result=result, floor=floor, draws=draws, seed=seed)
    accounts = count_accounts_to_floor(book, level=level, result=result, floor=floor)
    needs = [] if level else [NEEDS["margin"]]
    needs += [] if result is not None else [PNL]
    needs += [] if np.isfinite(floor) else [THRESHOLD]
    return Finding(
        slug=SLUG,
        status=words.judge_losses(losses, book, floor),
        headline=words.say_loss_headline(losses, book, floor, level=level, currency=currency),
        table=(table := words.build_losses(losses)),
        formats={name: fmt for name, fmt in words.LOSS_FORMATS.items() if name in table.columns},
        labels=words.LOSS_LABELS,
        figures=drawings.draw_losses(losses, book, floor),
        notes=words.say_losses(losses, book, result, accounts, level=level, floor=floor, currency=currency),
        assumptions=words.list_loss_assumptions(level, ladder, stated, untried=_say_open(losses, unread)),
        limits=words.LOSS_LIMITS,
        needs=tuple(needs),
    )


def list_mitigation(
    ladder: MarginLadder,
    groups: pd.DataFrame,
    *,
    currency: str,
    responses: pd.DataFrame,
    budgets: pd.DataFrame,
    costs: pd.DataFrame,
    acquisitions: pd.DataFrame,
    owners: Mapping[str, Person],
    objectives: pd.DataFrame | None = None,
    key_accounts: int = 20,
    visits_a_year: int = 12,
) -> Finding:
    """What could be done about it, at which stated price, and who must still state one?

    Parameters
    ----------
    ladder, groups, objectives
        As in :func:`check_concentration`.
    currency : str
    responses, budgets, costs, acquisitions, owners, key_accounts, visits_a_year
        As in :func:`~segutils.objectives.portfolio.concentration_options.list_options`.

    Returns
    -------
    Finding
        No effect and no price is in it that nobody stated; what is not priced is asked for.
    """
    book = read_book(ladder, groups)
    if len(book.groups) < 2 or book.last.sum() <= 0:
        return _withhold(book)
    targets = words.read_targets(objectives)
    target, due = targets.get("top_share", np.nan), words.read_due(objectives, "top_share")
    options = list_options(
        book,
        responses=responses,
        budgets=budgets,
        costs=costs,
        acquisitions=acquisitions,
        owners=owners,
        target=target,
        due=due,
        key_accounts=key_accounts,
        visits_a_year=visits_a_year,
    )
    known = options.top_share.notna().any()
    unknown = [name for name in ("in_year", "top_share", "top_low", "top_high") if options[name].isna().all()]
    table = (mitigation_words.add_nothing(options, book) if known else options).drop(columns=unknown)
    return Finding(
        slug=SLUG,
        status="info",
        headline=mitigation_words.say_option_headline(options, book, target, currency=currency),
        table=table,
        formats={name: fmt for name, fmt in mitigation_words.OPTION_FORMATS.items() if name in table.columns},
        labels=mitigation_words.OPTION_LABELS,
        notes=mitigation_words.say_options(options, owners_named=NOBODY),
        limits=mitigation_words.OPTION_LIMITS,
        needs=(PRICES,) if options.cost.isna().any() else (),
    )


def _say_open(losses: pd.DataFrame, unread: str) -> str:
    """Why a floor could be held against no loss; empty where it was."""
    if losses.rate.notna().any():
        return ""
    return unread or "what a loss leaves of the result is not known"


def _withhold(book: Book) -> Finding:
    some = "all customers are in one group" if book.groups else "no customer is in a group"
    why = some if book.last.sum() > 0 else "nothing was sold in the last year"
    return Finding(
        slug=SLUG,
        status="not_run",
        headline=f"Dependence on groups is not measured: {why}.",
        table=pd.DataFrame(columns=["measure", *book.years]),
        needs=(GROUPS,),
    )
