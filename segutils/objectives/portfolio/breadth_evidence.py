"""What experiments and history say of what money brings back, in words, beside what was declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segutils.findings import Finding, Need
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.objectives.portfolio.amounts import write_amount, write_span
from segutils.objectives.portfolio.declared import Declared
from segutils.statistics.response_estimates import BOLDER, BOOKED, CAUTIOUS, OPEN, PAYS, PAYS_NOT
from segutils.statistics.spending_history import NONE, TOLD, SpendingHistory

PULLED_FORWARD = (
    "Experiments count orders in the weeks of a campaign; what was only ordered earlier counts as caused."
)
ESTIMATE_COLUMNS = [
    "group",
    "lift",
    "low",
    "high",
    "cost_per_contact",
    "rate_low",
    "rate_high",
    "reach_amount",
]
ESTIMATE_FORMATS = {
    **dict.fromkeys(("lift", "low", "high"), "points"),
    "cost_per_contact": "money:2",
    **dict.fromkeys(("rate_low", "rate_high"), "number:1"),
    "reach_amount": "money",
}


ESTIMATE_LABELS: Mapping[str, str] = {
    "low": "From",
    "high": "To",
    "cost_per_contact": "Cost of a contact",
    "rate_low": "Margin per unit of money, from",
    "rate_high": "To at most",
    "reach_amount": "Money that reaches everybody once",
}


def say_measured(
    estimates: pd.DataFrame | None,
    comparison: pd.DataFrame,
    declared: Declared | None,
    budget: str,
    *,
    currency: str,
) -> list[str]:
    """What experiments say, of how much of the money, and where they contradict what was declared."""
    if estimates is None or estimates.empty:
        return ["No experiment tells what money brings back: all of it is declared."]
    known = estimates[estimates.rate.notna()]
    if known.empty:
        return ["Experiments show what a contact causes, but what it costs or earns is not known."]
    reach = float(known.reach_amount.sum())
    of = ""
    if declared is not None and budget in declared.budgets:
        share = reach / declared.money[declared.budgets.index(budget)]
        of = f", {format_value(share, 'share:1')} of the budget {budget}"
    verdicts = [
        f"{words} in {join_words(list(known.group[known.verdict == verdict]))}"
        for verdict, words in ((PAYS, "pays"), (PAYS_NOT, "does not pay"), (OPEN, "is open"))
        if (known.verdict == verdict).any()
    ]
    text = (
        f"Measured by {plural(int(known.experiments.max()), 'experiment')}: one more contact of every "
        f"customer {', '.join(verdicts)}. It costs {write_amount(reach, currency=currency)} in all{of}, the "
        "time of sales not counted"
    )
    paying = known[known.verdict == PAYS]
    if len(paying):
        back = {end: float(paying[f"reach_{end}"].sum()) for end in ("return", "low", "high")}
        price = write_amount(float(paying.reach_amount.sum()), currency=currency)
        text += (
            f"; where it pays, {price} bring back "
            f"{write_amount(back['return'], currency=currency)} "
            f"({write_span(back['low'], back['high'], currency=currency)}) within weeks"
        )
    notes = [f"{text}; of money beyond it nothing is known."]
    for says, words in (
        (BOLDER, "promise more than experiments allow"),
        (CAUTIOUS, "promise less than experiments show"),
    ):
        own = comparison[comparison.says == says] if len(comparison) else comparison
        if len(own):
            listed = [
                f"{row.group} {format_value(row.declared, 'number:1')} against "
                f"{format_value(row.measured, 'number:1')} ({format_value(row.low, 'number:1')} to "
                f"{format_value(row.high, 'number:1')})"
                for row in own.itertuples()
            ]
            why = f" {_say_why(known, own, currency)}" if says == CAUTIOUS else ""
            notes.append(
                f"The declared responses of {budget} {words}, in margin per {currency} for the next contact "
                f"of everybody: {join_words(listed)}.{why}"
            )
    if len(comparison) and not comparison.says.isin([BOLDER, CAUTIOUS]).any():
        notes.append(f"No experiment contradicts the declared responses of {budget}.")
    return notes


def _say_why(known: pd.DataFrame, own: pd.DataFrame, currency: str) -> str:
    """Why so little money brings back so much: what a contact costs, and what it causes."""
    row = known[known.group.isin(own.group)].sort_values("rate", ascending=False).iloc[0]
    price, margin = (
        format_value(value, fmt, currency=currency)
        for value, fmt in ((row.cost_per_contact, "money:2"), (row.margin_per_order, "money"))
    )
    basis = "is booked at" if row.cost_basis == BOOKED else "costs"
    return (
        f"Measured is that high because a contact in {row.group} {basis} {price}, without the time of sales, "
        f"and causes an order with {margin} of margin in {100 * row.lift:.0f} of 100 cases; declared is for "
        "the whole budget and all that it pays."
    )


def say_history(history: SpendingHistory | None) -> list[str]:
    """Whether past spending tells anything."""
    if history is None or history.verdict == NONE:
        return []
    if history.verdict == TOLD:
        return [f"History, which is no experiment: {lower_first(history.reason)}"]
    return [f"History does not tell what money brings back. {history.reason}"]


def withhold(
    slug: str,
    estimates: pd.DataFrame | None,
    history: SpendingHistory | None,
    budgets: pd.DataFrame,
    *,
    currency: str,
    needs: tuple[Need, ...],
    notes: Sequence[str] = (),
) -> Finding:
    """No decision without stated responses; what experiments tell is shown where there are any."""
    if estimates is None or estimates.empty:
        return Finding(
            slug=slug,
            status="not_run",
            headline="Whether one group deeply or several thinly cannot be told: nobody stated what money "
            "brings back, and no experiment tells it.",
            table=pd.DataFrame(columns=["option", "spent", "value"]),
            notes=(*notes, *say_history(history)),
            needs=needs,
        )
    known = float(estimates.reach_amount.sum())
    money = float(budgets.amount.astype(float).sum()) if len(budgets) else np.nan
    of = f" of {write_amount(money, currency=currency)}" if money > 0 else ""
    return Finding(
        slug=slug,
        status="caution",
        headline="Nobody stated what money brings back; experiments tell it for "
        f"{write_amount(known, currency=currency)}{of} and no further, so no plan is recommended.",
        table=estimates[ESTIMATE_COLUMNS].reset_index(drop=True),
        formats=ESTIMATE_FORMATS,
        labels=ESTIMATE_LABELS,
        notes=(
            *notes,
            *say_measured(estimates, pd.DataFrame(), None, "", currency=currency),
            *say_history(history),
        ),
        limits=(PULLED_FORWARD,),
        needs=needs,
    )
