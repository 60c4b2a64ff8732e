"""Figures of ``depth-or-breadth``."""

from __future__ import annotations

import pandas as pd

from segutils.findings import Figure
from segutils.formats import join_words, lower_first, plural
from segutils.objectives.portfolio.amounts import write_amount
from segutils.objectives.portfolio.breadth_words import LABELS, NOTHING
from segutils.objectives.portfolio.declared import States
from segutils.objectives.portfolio.regret import REGRET
from segutils.statistics.response_estimates import BOLDER, CAUTIOUS, WITHIN

MEASURED, DECLARED = "measured by experiments", "declared by the owner"


def draw_values(
    options: pd.DataFrame, recommended: str, *, currency: str, draws: int, states: States
) -> Figure:
    """What each number of groups is worth."""
    data = options[options.option != NOTHING][["option", "value", "low", "high"]].reset_index(drop=True)
    row = options.set_index("option").loc[recommended]
    title = f"“{recommended}” is worth {write_amount(row.value, currency=currency)} more than it costs"
    single = data[data.option.str.fullmatch(r"\d+ groups?") & (data.option != recommended)]
    if len(single):
        other = single.iloc[0]
        title += f", “{other.option}” {write_amount(other.value, currency=currency)}"
    worth = [f"{r.option} {write_amount(r.value, currency=currency)}" for r in data.itertuples()]
    return Figure(
        kind="column",
        data=data,
        x="option",
        y="value",
        low="low",
        high="high",
        title=f"{title}.",
        subtitle=f"Options, present value of the margin brought back less the money, {currency}; line: the "
        f"middle 90 % of {len(states.names) * draws:,} futures",
        alt=f"Columns of the value of each option: {join_words(worth)}.",
        caption="Each number stands for the best plan with so many groups. Options that lie close are told "
        "apart by the regret table, not by these lines: the futures move all of them together.",
        formats={"value": "money", "low": "money", "high": "money"},
        highlight=recommended,
    )


def draw_regrets(table: pd.DataFrame, recommended: str, *, rule: str, currency: str) -> Figure:
    """What each option misses in each scenario."""
    scenarios = [name for name in table.columns if name not in ("option", "mean", "max")]
    long = table.melt(id_vars="option", value_vars=scenarios, var_name="scenario", value_name="regret")
    long["scenario"] = long.scenario.map(lambda name: LABELS.get(name, name))
    row = table.set_index("option").loc[recommended]
    worst = max(scenarios, key=lambda name: row[name])
    mean, most = (write_amount(value, currency=currency) for value in (row[worst], row["max"]))
    title = f"“{recommended}” misses {mean} on average in its worst scenario, and {most} in its worst future"
    if rule == REGRET and row["max"] <= table["max"].min() * (1 + 1e-9):
        title += ", the least of all options"
    return Figure(
        kind="heatmap",
        data=long,
        x="scenario",
        y="regret",
        series="option",
        title=f"{title}.",
        subtitle=f"Options by scenario, what is missed against whoever had known the future, {currency}, on "
        "average over what the money may bring back",
        alt=f"Matrix of what each option misses in each scenario; {lower_first(recommended)} misses most in "
        f"{LABELS.get(worst, worst)} ({write_amount(row[worst], currency=currency)}).",
        formats={"regret": "money"},
        highlight=recommended,
    )


def draw_comparison(comparison: pd.DataFrame, *, currency: str, budget: str) -> tuple[Figure, ...]:
    """What was declared against what was measured."""
    if comparison.empty:
        return ()
    measured = comparison[["group", "measured", "low", "high"]].rename(columns={"measured": "rate"})
    declared = comparison[["group", "declared", "declared_low", "declared_high"]]
    declared = declared.rename(columns={"declared": "rate", "declared_low": "low", "declared_high": "high"})
    data = pd.concat([measured.assign(source=MEASURED), declared.assign(source=DECLARED)], ignore_index=True)
    against = comparison[comparison.says != WITHIN]
    many = f"{len(against)} of {plural(len(comparison), 'group')}" if len(against) else "no group"
    title = f"Experiments contradict what {budget} declares in {many}"
    for says, words in ((BOLDER, "less than declared in"), (CAUTIOUS, "more than declared in")):
        named = list(comparison.group[comparison.says == says])
        title += f"; {words} {join_words(named)}" if named else ""
    return (
        Figure(
            kind="dot",
            data=data,
            x="group",
            y="rate",
            low="low",
            high="high",
            series="source",
            title=f"{title}.",
            subtitle=f"Groups, margin per {currency} for one more contact of every customer; line: "
            "95 % interval for all groups together, or the range that the owner thinks possible",
            alt="Measured and declared return per group: "
            + join_words(
                [
                    f"{r.group} {r.measured:.1f} measured, {r.declared:.1f} declared"
                    for r in comparison.itertuples()
                ]
            )
            + ".",
            caption="Experiments tell of the next contact of each customer only, a small part of the budget; "
            "what is declared is for all of it. Cost of a contact as booked, without the time of sales.",
            formats=dict.fromkeys(("rate", "low", "high"), "number:1"),
            reference=1.0,
            reference_label="brings back what it costs",
        ),
    )
