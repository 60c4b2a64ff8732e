"""Words of ``concentration``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from segutils.findings import Assumption
from segutils.formats import format_value
from segutils.objectives.attractiveness.margin_ladder import MarginLadder
from segutils.objectives.portfolio.amounts import MILLION, write_amount
from segutils.objectives.portfolio.concentration_measures import POINTS, Book
from segutils.objectives.portfolio.result_floor import Result

MEASURES: Mapping[str, tuple[str, str]] = {
    "top_share": ("Share of the largest group", "share"),
    "hhi": ("Herfindahl-Hirschman index over groups (of 10,000)", "count"),
    "effective_number": ("Groups as if of equal size (1 / index)", "number:1"),
    "top_account_share": ("Share of the largest account", "share:2"),
    "top5_account_share": ("Share of the 5 largest accounts", "share"),
    "account_hhi": ("Herfindahl-Hirschman index over accounts (of 10,000)", "count"),
    "effective_accounts": ("Accounts as if of equal size (1 / index)", "count"),
}
INDICES = ("hhi", "account_hhi")
COVERED = 0.995  # share of revenue in groups from which the rest is not told
MANY = 0.2  # share of the 5 largest accounts from which single customers matter, too
KIND = "diversification"
LABELS = {"low": "Low (95 %)", "high": "High (95 %)", "mark": "Wanted, or borrowed mark"}
LIMITS = (
    "The index and its mark come from antitrust and judge how few suppliers divide a market; for "
    "dependence on "
    "customers they are a way of counting, not a limit.",
    "Accounts are counted as the books have them; a group of companies with many accounts is one dependence.",
)
LOSS_FORMATS = {
    "revenue_share": "share",
    "margin_lost": "money",
    "ebitda": "money",
    "rate": "share",
    "rate_low": "share",
    "rate_high": "share",
}
LOSS_LABELS = {
    "loss": "What is lost",
    "revenue_share": "Share of revenue",
    "margin_lost": "Margin lost a year",
    "ebitda": "EBITDA left",
    "rate": "EBITDA of revenue left",
    "rate_low": "Low (90 %)",
    "rate_high": "High (90 %)",
    "floor": "Floor is reached",
}
LOSS_LIMITS = (
    "The loss is taken to come at once and for a year, with nothing done about costs that stay; how "
    "likely it "
    "is, is not said here.",
    "Orders and finance's result do not agree to the last unit; the result is finance's, what is lost comes "
    "from the orders.",
)


def read_targets(objectives: pd.DataFrame | None) -> dict[str, float]:
    """Targets of the goals of kind diversification, by the measures known here."""
    if objectives is None or objectives.empty:
        return {}
    goals = objectives[(objectives.kind == KIND) & objectives.measure.isin(list(MEASURES))]
    return dict(zip(goals.measure, goals.target.astype(float), strict=True))


def read_due(objectives: pd.DataFrame | None, measure: str) -> date | None:
    """By when a goal of kind diversification is to be reached; None where nobody states one."""
    if objectives is None or objectives.empty:
        return None
    own = objectives[(objectives.kind == KIND) & (objectives.measure == measure)]
    return own.by.iloc[-1] if len(own) else None


def list_missed(measured: pd.DataFrame, targets: Mapping[str, float], book: Book) -> list[str]:
    """Measures that are worse than wanted: shares and indices above, effective numbers below."""
    values = measured.set_index("measure")[book.years[-1]]
    return [
        name
        for name, target in targets.items()
        if (values[name] < target if name.startswith("effective") else values[name] > target)
    ]


def build_table(
    measured: pd.DataFrame, book: Book, targets: Mapping[str, float], *, hhi_mark: float
) -> pd.DataFrame:
    """Measures by year, each in its own unit; indices in points of 10,000."""
    columns = [*book.years, "low", "high"]
    table = measured[["measure", *columns]].copy()
    table["mark"] = table.measure.map(targets).astype(float)
    index = table.measure.isin(INDICES)
    table.loc[index, columns] *= POINTS
    table.loc[index, "mark"] *= POINTS
    groups = table.measure == "hhi"  # the mark is about few, not about hundreds of accounts
    table.loc[groups, "mark"] = table.mark[groups].fillna(hhi_mark)
    table["unit"] = [MEASURES[name][1] for name in table.measure]
    table["measure"] = [MEASURES[name][0] for name in table.measure]
    return table.reset_index(drop=True)


def say_headline(
    measured: pd.DataFrame, book: Book, targets: Mapping[str, float], due: date | None = None
) -> str:
    """The largest group's share against what is wanted, and the largest account's."""
    row = measured.set_index("measure").loc["top_share"]
    value, top = row[book.years[-1]], name_top(book)
    span = f"{format_value(row.low, 'share')} to {format_value(row.high, 'share')}"
    account = measured.set_index("measure")[book.years[-1]]["top_account_share"]
    single = f"no single account makes more than {format_value(account, 'share')}"
    of = "revenue" if book.covered > COVERED else "the revenue that is in a group"
    lead = f"{top[:1].upper()}{top[1:]} makes {format_value(value, 'share')} of {of}"
    if "top_share" not in targets:
        return f"{lead} ({span}, by chance of who buys), and {single}."
    target = targets["top_share"]
    wanted = f"the {format_value(target, 'share:0')} that the company wants at most"
    wanted += f" by {due}" if due is not None else ""
    if value <= target:
        return f"{lead}, within {wanted} (by chance of who buys {span}); {single}."
    return f"{lead}, above {wanted} (by chance of who buys {span}); {single}."


def say_trend(measured: pd.DataFrame, book: Book, targets: Mapping[str, float]) -> list[str]:
    """Whether the largest group's share has moved, and which way it would have to go."""
    row = measured.set_index("measure").loc["top_share"]
    if len(book.years) < 2:
        return ["One year is known, so nothing can be said about a trend."]
    span = f"({format_value(row.change_low, 'points')} to {format_value(row.change_high, 'points')})"
    moved = row.change_low > 0 or row.change_high < 0
    word = "risen" if row.change > 0 else "fallen"
    text = (
        f"Since {book.years[0]} the share of the largest group has {word} by "
        f"{format_value(abs(row.change), 'points').removeprefix('+')} {span}"
        if moved
        else f"Since {book.years[0]} the share of the largest group has not moved beyond chance "
        f"({format_value(row.change, 'points')}, {span.strip('()')})"
    )
    if "top_share" in targets and row[book.years[-1]] > targets["top_share"]:
        sums = book.sum_groups(book.last)
        needed = sums.max() / targets["top_share"] - sums.sum()
        more = format_value(needed / (sums.sum() - sums.max()), "share")
        wanted = format_value(targets["top_share"], "share:0")
        text += (
            f"; to bring it to {wanted} with its sales as they are, the "
            f"other groups would have to sell {more} more"
        )
    return [f"{text}."]


def say_mark(measured: pd.DataFrame, book: Book, *, hhi_mark: float) -> list[str]:
    """The index beside the borrowed mark, and what it could be at best with so many groups."""
    value = measured.set_index("measure")[book.years[-1]]["hhi"]
    least = POINTS / len(book.groups)
    above = "above" if value * POINTS > hhi_mark else "below"
    text = (
        f"The index over {len(book.groups)} groups is {value * POINTS:,.0f} of {POINTS:,}, {above} the "
        f"{hhi_mark:,.0f} from which antitrust calls a market highly concentrated"
    )
    if least > hhi_mark:
        text += (
            f"; with {len(book.groups)} groups it cannot fall below {least:,.0f}, so that mark says nothing "
            f"here. It is as concentrated as {1 / value:.1f} groups of equal size"
        )
    return [f"{text}."]


def say_accounts(measured: pd.DataFrame, book: Book) -> list[str]:
    """How far it hangs on single accounts."""
    values = measured.set_index("measure")[book.years[-1]]
    share = format_value(values.top5_account_share, "share")
    if values.top5_account_share >= MANY:
        return [f"The 5 largest accounts make {share}: the dependence is on single customers as well."]
    return [
        f"Of accounts, the 5 largest make {share}; revenue is as spread as over "
        f"{values.effective_accounts:,.0f} accounts of equal size, so the dependence is on a kind of "
        "customer and not on single ones."
    ]


def say_covered(book: Book) -> list[str]:
    """How much of revenue is in a group at all."""
    if book.covered > COVERED:
        return []
    return [
        f"{format_value(1 - book.covered, 'share')} of revenue is in no group; shares of groups are "
        "of the rest."
    ]


def say_whole(book: Book) -> list[str]:
    """Why a share of all revenue is less than the group's share among groups."""
    if book.covered > COVERED:
        return []
    top, sums = name_top(book), book.sum_groups(book.last)
    shares = [format_value(float(sums.max() / whole), "share") for whole in (book.last.sum(), sums.sum())]
    return [f"Shares are of all revenue: {top} makes {shares[0]} of it, {shares[1]} of what is in a group."]


def list_targets(objectives: pd.DataFrame | None) -> list[Assumption]:
    """Whose targets they are; without any nobody says how much is too much."""
    goals = pd.DataFrame() if objectives is None else objectives[objectives.kind == KIND]
    found = []
    for row in goals.itertuples():
        if row.measure in MEASURES:
            what, fmt = MEASURES[row.measure]
            way = "at least" if row.measure.startswith("effective") else "at most"
            value = format_value(row.target * (POINTS if row.measure in INDICES else 1), fmt)
            text = f"{row.goal}: {what[0].lower()}{what[1:]} {way} {value} by {row.by}."
        else:
            text = f"{row.goal}: its measure, {row.measure}, is not one that is computed here."
        found.append(Assumption(text=text, owner=row.owner))
    if found:
        return found
    text = "No goal of diversification is stated, so nothing says how much dependence is too much."
    return [Assumption(text=text, owner="playbook default")]


def build_losses(losses: pd.DataFrame) -> pd.DataFrame:
    """Losses in few columns; the share at which the floor is reached in words."""
    table = losses[["loss", "revenue_share", "margin_lost", "ebitda", "rate", "rate_low", "rate_high"]].copy()
    table["loss"] = [text[0].upper() + text[1:] for text in table.loss]
    money = ["margin_lost", "ebitda"]
    if table[money].abs().max().max() >= MILLION:
        table[money] = table[money].round(-3)
    if losses.breaks_at.notna().any():
        table["floor"] = [_say_break(value) for value in losses.breaks_at]
    return table.dropna(axis=1, how="all")


def judge_losses(losses: pd.DataFrame, book: Book, floor: float) -> str:
    """The status: fail where half of the largest group breaks the floor, caution where all of it does.

    A floor that is stated and was held against nothing is no floor that holds.
    """
    row = _find(losses, name_top(book))
    if np.isnan(row.breaks_at):
        return "caution" if np.isfinite(floor) else "info"
    return "fail" if row.breaks_at <= 0.5 else "caution" if row.breaks_at <= 1 else "pass"


def say_loss_headline(losses: pd.DataFrame, book: Book, floor: float, *, level: str, currency: str) -> str:
    """What losing the largest group leaves, and whether the floor holds."""
    top = name_top(book)
    row = _find(losses, top)
    if not level:
        gone = format_value(row.revenue_share, "share")
        text = f"Without {top} {gone} of revenue would be gone; what margin goes with it is not known"
        return f"{text}{_say_not_held(floor)}."
    if np.isnan(row.rate):
        part = format_value(row.margin_lost / book.levels[level].sum(), "share:0")
        return (
            f"Without {top} {write_amount(row.margin_lost, currency=currency)} of contribution margin a year "
            f"would be gone, {part} of all; what that leaves of the result is not known"
            f"{_say_not_held(floor)}."
        )
    text = f"Without {top} EBITDA would be {format_value(row.rate, 'share')} of the revenue left"
    if np.isnan(floor):
        return f"{text}; no floor is stated."
    wanted = format_value(floor, "share:0")
    if row.breaks_at > 1:
        return f"{text}, above the floor of {wanted}: losing the largest group alone would not break it."
    part = format_value(row.breaks_at, "share:0")
    return f"{text}, below the floor of {wanted}, which is reached when {part} of it is lost."


def say_losses(
    losses: pd.DataFrame,
    book: Book,
    result: Result | None,
    accounts: float,
    *,
    level: str,
    floor: float,
    currency: str,
) -> list[str]:
    """Fixed costs that stay, the two largest groups, single accounts, everybody alike."""
    notes = say_whole(book)
    if not level or result is None:
        return notes
    top = _find(losses, name_top(book))
    whole = float(book.levels[level].sum())
    fixed = whole - result.ebitda
    if fixed > 0 and whole > top.margin_lost:
        notes.append(
            f"{write_amount(fixed, currency=currency)} of costs a year stay whoever leaves: today they take "
            f"{format_value(fixed / whole, 'share:0')} of the contribution margin ({level}), without "
            f"{top.loss} "
            f"{format_value(fixed / (whole - top.margin_lost), 'share:0')}."
        )
    if np.isnan(floor):
        return notes
    two = losses[losses.loss.str.contains(" and ", regex=False)]
    if len(two):
        row = two.iloc[0]
        notes.append(
            f"Losing {row.loss} would leave EBITDA at {format_value(row.rate, 'share')}; the floor is "
            f"reached {_say_break(row.breaks_at)}."
        )
    if np.isfinite(accounts):
        notes.append(
            f"The {accounts:,.0f} largest of {int((book.last > 0).sum()):,} accounts would have to "
            "leave at once "
            "before the floor breaks."
        )
    everybody = losses.iloc[-1]
    if np.isfinite(everybody.breaks_at) and everybody.breaks_at <= 1:
        share = format_value(everybody.breaks_at, "share:0")
        notes.append(
            f"If all groups lost alike, the floor would be reached when {share} of the business is gone."
        )
    return notes


def _say_not_held(floor: float) -> str:
    if np.isnan(floor):
        return ""
    return f", so the floor of {format_value(floor, 'share:0')} was not held against it"


def list_loss_assumptions(
    level: str, ladder: MarginLadder, stated: pd.DataFrame, *, untried: str = ""
) -> list[Assumption]:
    """Which costs go with the customers, whose floor it is, and why it was held against nothing, if so."""
    found = []
    if level:
        means = ladder.means.get(level, "")
        until = f"{level} ({means})" if means else level
        text = f"Costs down to {until} go away with lost customers; all others stay."
        found.append(Assumption(text=text, owner="playbook default"))
    for row in stated.itertuples():
        text = f"EBITDA must be {format_value(row.min, 'share:0')} of revenue at least"
        text += f"; it was not held against these losses, as {untried}." if untried else "."
        found.append(Assumption(text=text, owner=row.owner))
    return found


def name_top(book: Book) -> str:
    """The group with most revenue in the last year."""
    return book.groups[int(book.sum_groups(book.last).argmax())]


def _find(losses: pd.DataFrame, name: str):
    return losses[losses.loss == name].iloc[0]


def _say_break(value: float) -> str:
    if np.isnan(value):
        return ""
    if value <= 0:
        return "already today"
    return f"at {format_value(value, 'share:0')} of it" if value <= 1 else "not even by losing all of it"
