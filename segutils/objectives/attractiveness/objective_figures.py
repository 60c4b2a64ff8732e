"""Drawings of ``objective-choice``."""

from __future__ import annotations

import pandas as pd

from segutils.findings import Decision, Figure
from segutils.formats import lower_first
from segutils.objectives.attractiveness.money_words import say_money, say_span
from segutils.objectives.attractiveness.objective_scores import list_valued
from segutils.objectives.attractiveness.retention_stakes import NO_GROUP
from segutils.objectives.attractiveness.stakes import Stakes


def draw_figures(
    scores: pd.DataFrame, stakes: Stakes, decision: Decision | None, *, currency: str
) -> tuple[Figure, ...]:
    """What is within capacity with its interval; and where it lies."""
    valued = list_valued(scores)
    year = stakes.ladder.quarters[-1].year
    basis, kinds = stakes.ladder.basis_words, list(valued.kind)
    if decision is not None:
        data = valued.assign(
            value=valued.within_capacity, low=valued.low * valued.capacity, high=valued.high * valued.capacity
        )[["option", "value", "low", "high"]]
        first, second = data.iloc[0], data.iloc[1]
        apart = "more than" if first.low > second.high else "ahead of"
        title = (
            f"{first.option} has {say_money(first.value, currency)} a year at stake within capacity, {apart} "
            f"{lower_first(second.option)} with {say_money(second.value, currency)}"
        )
        main = Figure(
            kind="dot",
            data=data.reset_index(drop=True),
            x="option",
            y="value",
            low="low",
            high="high",
            title=title,
            subtitle=(
                f"Value at stake times stated capacity, {basis}, {currency} a year from the end of {year}"
            ),
            alt="; ".join(
                f"{row.option} {say_money(row.value, currency)} ({say_span(row.low, row.high, currency)})"
                for row in data.itertuples()
            ),
            caption=(
                "Lines: 95 % intervals of what true shares, growth, margins and loyalty may be. Not gains to "
                "be expected."
            ),
            formats={"value": "money", "low": "money", "high": "money"},
            highlight=str(first.option),
        )
        return (main, _draw_groups(stakes, kinds[:3], basis, currency))
    return (_draw_groups(stakes, kinds, basis, currency),)


def _draw_groups(stakes: Stakes, kinds: list[str], basis: str, currency: str) -> Figure:
    each = stakes.groups[stakes.groups["kind"].isin(kinds)]
    data = each.groupby(["group", "kind"], sort=False).value.sum().reset_index()
    order = data.groupby("group").value.sum().sort_values(ascending=False).index
    data = data.set_index(["group", "kind"]).reindex(pd.MultiIndex.from_product([order, kinds])).reset_index()
    data.columns = ["group", "kind", "value"]
    data["kind"] = data["kind"].str.capitalize()
    named = data[data["group"] != NO_GROUP]
    top = data.loc[(named if len(named) else data).value.idxmax()]
    if len(kinds) == 1:
        spans = each.set_index("group")[["low", "high"]].reindex(data["group"]).reset_index(drop=True)
        data = pd.concat([data.drop(columns="kind"), spans], axis=1)
    return Figure(
        kind="bar",
        data=data,
        x="group",
        y="value",
        series="kind" if len(kinds) > 1 else None,
        low="low" if len(kinds) == 1 else None,
        high="high" if len(kinds) == 1 else None,
        title=f"Most is at stake in {top['group']}: {say_money(top.value, currency)} a year "
        f"for {kinds[0] if len(kinds) == 1 else top['kind'].lower()}",
        subtitle=f"Value at stake by group, {basis}, {currency} a year, before capacity",
        alt="; ".join(
            f"{name}: " + ", ".join(say_money(value, currency) for value in part.value)
            for name, part in data.groupby("group", sort=False)
        ),
        formats={"value": "money", **({"low": "money", "high": "money"} if len(kinds) == 1 else {})},
    )
