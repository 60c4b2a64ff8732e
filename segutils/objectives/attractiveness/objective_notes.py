"""Notes of ``objective-choice``: what is counted twice, how good estimates are, what else could be said."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segutils.formats import format_value, join_words, lower_first, plural
from segutils.objectives.attractiveness.margin_stakes import MARGIN
from segutils.objectives.attractiveness.market_stakes import FOLLOW, LAG, CellStakes
from segutils.objectives.attractiveness.money_words import say_money, say_span
from segutils.objectives.attractiveness.objective_scores import list_valued
from segutils.objectives.attractiveness.retention_stakes import NO_GROUP
from segutils.objectives.attractiveness.stakes import DIVERSIFY, GROWTH, PROFIT, SHARE, Stakes

OFF = 0.2  # from so far off what came on a group is named
FAR = 2.0  # times what is at stake at most, beyond which a target is named as out of reach of the evidence
EVEN = 0.5  # likelihood above which markets are told to be alike


def list_notes(
    scores: pd.DataFrame, stakes: Stakes, once: Mapping[str, str], loss: float, *, currency: str
) -> list[str]:
    """What is counted twice, how good the estimates are, what targets and other horizons would say."""
    notes = [
        f"All amounts are {stakes.ladder.basis_words} a year; values at stake are not gains to be expected."
    ]
    notes += _say_twice(stakes, once, currency)
    notes += _say_retention(stakes, currency)
    notes += _say_cells(stakes, currency)
    notes += _say_margins(stakes, currency)
    notes += _say_targets_worth(scores, currency)
    notes += _say_horizons(scores, stakes)
    notes += _say_dependence(scores, stakes, loss, currency)
    return notes


def _say_twice(stakes: Stakes, once: Mapping[str, str], currency: str) -> list[str]:
    if not once:
        return []
    if once[GROWTH] == once[SHARE]:
        end = f"{once[GROWTH]} leads whichever of the two it is counted for."
    else:
        end = (
            f"counted for growth alone, {lower_first(once[GROWTH])} leads; counted for share alone, "
            f"{lower_first(once[SHARE])}."
        )
    return [
        f"{say_money(stakes.part(LAG), currency)} is counted in growth and in share: a market below our "
        "usual share "
        f"lags behind our best one, too. {end[0].upper()}{end[1:]}"
    ]


def _say_retention(stakes: Stakes, currency: str) -> list[str]:
    groups = stakes.retention.groups
    named = groups[groups["group"] != NO_GROUP]
    groups = named if len(named) else groups
    lost = "margin" if stakes.ladder.levels else "revenue"
    most = groups.loc[groups.at_risk.idxmax()]
    leaving = groups.loc[groups.leaving.idxmax()]
    span = (format_value(leaving[end], "share") for end in ("leaving_low", "leaving_high"))
    notes = [
        f"Retention: most {lost} is expected to leave in {most['group']} "
        f"({say_money(most.at_risk, currency)}, "
        f"{say_span(most.at_risk_low, most.at_risk_high, currency)}); most "
        f"customers in {leaving['group']} ({format_value(leaving.leaving, 'share')} of its active ones "
        "within "
        f"{_horizon(stakes)}, {' to '.join(span)})."
    ]
    held = stakes.retention.groups.dropna(subset=["came"])
    if stakes.retention.held_out_days and held.came.sum() > 0:
        off = held.expected.sum() / held.came.sum() - 1
        notes.append(
            f"Held against what came: fitted without the last {stakes.retention.held_out_days} days, the "
            "same models "
            f"expected {held.expected.sum():,.0f} days with orders in them; {held.came.sum():,.0f} came "
            f"({format_value(off, 'change')})."
        )
    apart = held[held.came > 0].assign(off=lambda table: table.expected / table.came - 1)
    apart = apart[apart.off.abs() > OFF].sort_values("off", key=abs, ascending=False)
    if len(apart):
        named = join_words(
            [f"{row.group} ({format_value(row.off, 'change:0')})" for row in apart.itertuples()]
        )
        notes.append(
            f"They were further off in {named}; orders that dwindle before they end are taken for customers "
            "who leave."
        )
    return notes


def _say_cells(stakes: Stakes, currency: str) -> list[str]:
    markets = stakes.markets
    if markets is None:
        return []
    parts = " and ".join(
        f"{say_money(stakes.part(name), currency)} from {words}"
        for name, words in ((FOLLOW, "the markets' own growth"), (LAG, "markets below our usual share"))
    )
    notes = [f"Growth is {parts}.", _say_gaps(markets)]
    sizes = markets.cells.groupby("block").cell.transform("size")
    alone = markets.cells[sizes == 1].sort_values("market_size", ascending=False)
    if len(alone):
        top = alone.iloc[0]
        notes.append(
            f"{plural(len(alone), 'market')} without a comparable one "
            f"{'is' if len(alone) == 1 else 'are'} in no gap: the largest is {top.cell}, {top.block}, of "
            f"{say_money(top.market_size, currency)} a year, where own sales are "
            f"{say_money(top.net_revenue, currency)}."
        )
    left = f" {plural(markets.left_out, 'market')} said to be smaller than own sales are left out."
    notes.append(
        f"Markets cover {format_value(markets.placed, 'share:0')} of net revenue; the rest is not counted in "
        f"growth and share.{left if markets.left_out else ''}"
    )
    return notes


def _say_gaps(markets: CellStakes) -> str:
    """What the gap to the best market is, and what its interval holds."""
    if markets.parts > 1:
        over, luck = f" over {plural(markets.parts, 'year')}", "how much shares vary from year to year"
    else:
        over, luck = " in the one year on record", "how much hangs on single customers"
    if markets.alike > EVEN:
        found = (
            f"more likely than not ({format_value(markets.alike, 'share:0')}) comparable markets all have "
            "the same share, and what differs is chance"
        )
    else:
        found = (
            f"{int(markets.cells.lags.sum())} of {len(markets.cells)} markets lag behind the best one beyond "
            "chance"
        )
    held = ", the doubt which market is best and how far providers disagree"
    if not markets.has_rivals:
        held = " and the doubt which market is best"
    return (
        f"Share compares {markets.compared}{over}: {found}. The market that looks best had luck, too, and "
        "another one may truly be best; so the gap is the mean over many cases of what the true shares may "
        f"be, given {luck}. Its interval holds that luck{held}; where it begins at 0 there may be no gap at "
        "all."
    )


def _say_margins(stakes: Stakes, currency: str) -> list[str]:
    margins = stakes.margins
    if margins is None:
        return []
    row = stakes.totals.loc[PROFIT]
    span = say_span(row.low, row.high, currency)
    if row.low > 0:
        top = margins.cells.loc[margins.cells[MARGIN].idxmax()]
        return [
            f"Profitability: {margins.compared} differ in margin beyond chance ({span}); most is lacking in "
            f"{top['group']} in {top.cell.title()} ({say_money(top[MARGIN], currency)})."
        ]
    return [
        f"Profitability: {margins.compared} do not differ in margin beyond chance ({span}), so nothing in "
        "the client's own numbers shows where a better margin has been reached."
    ]


def _say_targets_worth(scores: pd.DataFrame, currency: str) -> list[str]:
    told = scores.dropna(subset=["by_target"])
    told = told[told.by_target > 0]
    if told.empty:
        return []
    parts = join_words(
        [f"{lower_first(r.option)} {say_money(r.by_target, currency)}" for r in told.itertuples()]
    )
    ranked = (told.by_target * told.capacity).idxmax()
    notes = [
        f"Reaching the stated targets would be worth a year: {parts}. Ranked by that, times capacity, "
        f"{lower_first(told.option[ranked])} would come first; a target says what is wanted, not what is "
        "there."
    ]
    beyond = told[told.by_target > FAR * told.high]
    return notes + [
        f"The stated target for {lower_first(row.option)} asks for {row.by_target / row.high:.0f} times "
        "as much as "
        "the high end of what the client's own numbers show to be at stake: it has no example in them."
        for row in beyond[beyond.high > 0].itertuples()
    ]


def _say_horizons(scores: pd.DataFrame, stakes: Stakes) -> list[str]:
    valued = list_valued(scores).set_index("kind")
    if len(valued) < 2:
        return []
    table = stakes.horizons.assign(score=stakes.horizons.value * stakes.horizons["kind"].map(valued.capacity))
    leaders = table.loc[table.groupby("years").score.idxmax()].set_index("years")["kind"]
    last, first = int(leaders.index.max()), leaders.iloc[0]
    changed = leaders[leaders != first]
    if changed.empty:
        return [
            f"Over {last} years markets grow on and customers go on leaving, while a gap is closed once; "
            f"{lower_first(valued.option[first])} comes first at every horizon up to {last} years."
        ]
    return [
        f"The horizon matters: over {plural(int(changed.index[0]), 'year')} and more "
        f"{lower_first(valued.option[changed.iloc[0]])} would come first, because markets grow on and "
        "customers go on "
        "leaving while a gap is closed once."
    ]


def _say_dependence(scores: pd.DataFrame, stakes: Stakes, loss: float, currency: str) -> list[str]:
    if DIVERSIFY not in set(scores.kind):
        return []
    text = (
        f"Diversification is not valued. {stakes.top_group}, the largest group, brings "
        f"{say_money(stakes.scope['top_margin'], currency)} a year and "
        f"{format_value(stakes.present.get('top_share'), 'share')} of revenue; "
    )
    if np.isnan(loss):
        return [f"{text}even its certain loss, times capacity, would not put diversification first."]
    return [
        f"{text}diversification would come first if the chance of losing all of it within a year were "
        f"{format_value(loss, 'share:0')} or more."
    ]


def _horizon(stakes: Stakes) -> str:
    return (
        "a year" if stakes.horizon_years == 1 else f"{format_value(stakes.horizon_years, 'number:1')} years"
    )
