"""Drawings of ``base-choice``."""

from __future__ import annotations

import pandas as pd

from segutils.findings import Figure
from segutils.formats import format_value, join_words
from segutils.objectives.boundaries.base_evidence import BaseEvidence
from segutils.objectives.boundaries.base_words import (
    BENCHMARK,
    agree_verb,
    call_base,
    name_period,
    start_upper,
)
from segutils.objectives.boundaries.group_rules import OWN


def draw_told(table: pd.DataFrame, evidence: BaseEvidence, choice: str) -> tuple[Figure, ...]:
    """What each base explains of margin and of buying again, with intervals, beside the groups of today."""
    periods = evidence.periods
    value = f"{name_period(periods)} {periods.value_words}"
    found = []
    for name, outcome, what in (
        ("explained_margin", f"the differences in {value}", f"differences in {value}"),
        (
            "explained_retention",
            "who buys again",
            f"differences in who buys again ({format_value(evidence.bought_again, 'share:0')} do)",
        ),
    ):
        data = table[["base", name, f"{name}_low", f"{name}_high"]].sort_values(
            name, ascending=False, kind="stable"
        )
        data = data.reset_index(drop=True)
        top = data.iloc[0]
        told = format_value(top[name], "share:0")
        silent = data.base[data[f"{name}_low"] <= 0].tolist()
        verb = agree_verb([top.base], "explains", "explain")
        title = f"{start_upper(call_base(top.base))} {verb} {told} of {outcome}"
        if len(silent) == len(data):
            title, silent = f"No base is shown to explain anything of {outcome}", []
        elif choice in set(data.base) and choice != top.base:
            own = data.set_index("base")[name][choice]
            title += f", {call_base(choice)} {format_value(max(own, 0.0), 'share:0')}"
        elif OWN in set(data.base) - set(silent) and top.base != OWN:
            own = data.set_index("base")[name][OWN]
            title += f", {call_base(OWN)} {format_value(own, 'share:0')}"
        if silent:
            called = join_words([call_base(base) for base in silent])
            title += f"; {called} nothing that is sure"
        data = data.assign(base=data.base.replace(OWN, BENCHMARK))
        said = [
            f"{base} {format_value(share, 'share')}"
            for base, share in zip(data.base, data[name], strict=True)
        ]
        found.append(
            Figure(
                kind="dot",
                data=data,
                x="base",
                y=name,
                low=f"{name}_low",
                high=f"{name}_high",
                title=title,
                subtitle=f"Customers with an order in the {periods.days} days to {periods.cut:%Y-%m-%d}: "
                f"share explained of the {what}, with 95 % interval",
                alt=f"Dots with intervals: {join_words(said)}.",
                caption="On customers whom the groups' means were not learned from: groups at random explain "
                "nothing, or a little less.",
                formats={name: "share", f"{name}_low": "share", f"{name}_high": "share"},
                reference=0.0,
                reference_label="groups at random",
                highlight=shown
                if (shown := BENCHMARK if choice == OWN else choice) in set(data.base)
                else None,
            )
        )
    return tuple(found)
