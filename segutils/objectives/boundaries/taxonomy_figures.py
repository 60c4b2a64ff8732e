"""Drawings of ``taxonomy-conflict``."""

from __future__ import annotations

import pandas as pd

from segutils.findings import Figure
from segutils.formats import format_value, join_words, plural
from segutils.objectives.boundaries.taxonomy_rulings import FIRST, MERGE, SECOND, SPLIT
from segutils.objectives.boundaries.taxonomy_words import Sides, name_cell


def draw_crosswalk(crosswalk: pd.DataFrame, people: float, sides: Sides) -> Figure:
    """Customers by both names."""
    share = format_value(people, "share:0")
    data = crosswalk[["first", "second", "customers"]].copy()
    matched = crosswalk[crosswalk.matched]
    pairs = "; ".join(f"{row.first} and {row.second} {row.customers:,}" for row in matched.itertuples())
    rest = crosswalk[~crosswalk.matched].nlargest(3, "customers")
    largest = "; ".join(f"{row.first} and {row.second} {row.customers:,}" for row in rest.itertuples())
    return Figure(
        kind="heatmap",
        data=data,
        x="second",
        y="customers",
        series="first",
        title=f"{share} of customers carry two names that do not correspond",
        subtitle=f"Customers by the name that {sides.first} (rows) and {sides.second} (columns) give them, "
        "count",
        alt=f"Heat map of customers by both names. Corresponding: {pairs or 'none'}. Largest others: "
        f"{largest}.",
        caption="Corresponding names are matched one to one, as far as customers share them more often than "
        "chance would bring.",
        formats={"customers": "count"},
    )


def draw_distances(
    cells: pd.DataFrame, sides: Sides, *, max_distance: float, confidence: float, most: int = 18
) -> list[Figure]:
    """Each contested cell's distance from both cores."""
    known = cells[cells.first_distance.notna() & cells.second_distance.notna()].head(most)
    if known.empty:
        return []
    counts = {word: int((known.ruling == word).sum()) for word in (FIRST, SECOND, SPLIT, MERGE)}
    told = [
        f"{counts[word]} like {phrase}"
        for word, phrase in (
            (SECOND, f"the core of {sides.second}"),
            (FIRST, f"the core of {sides.first}"),
            (MERGE, "both"),
            (SPLIT, "neither"),
        )
        if counts[word]
    ]
    pairs = plural(len(known), "contested pair")
    title = (
        f"Behaviour settles {sum(counts.values())} of {pairs} of names: {join_words(told)}"
        if told
        else f"None of {pairs} behaves surely like one of its groups"
    )
    names = {"first": f"from the core of {sides.first}", "second": f"from the core of {sides.second}"}
    data = pd.concat(
        [
            pd.DataFrame(
                {
                    "cell": [name_cell(row.first, row.second) for row in known.itertuples()],
                    "side": words,
                    "distance": known[f"{side}_distance"].to_numpy(),
                    "low": known[f"{side}_low"].to_numpy(),
                    "high": known[f"{side}_high"].to_numpy(),
                }
            )
            for side, words in names.items()
        ],
        ignore_index=True,
    )
    first = known.iloc[0]
    return [
        Figure(
            kind="dot",
            data=data,
            x="cell",
            y="distance",
            series="side",
            low="low",
            high="high",
            title=title,
            subtitle="Contested pairs of names by net revenue: difference in behaviour from the core of "
            "either name, in standard deviations",
            alt=f"Dot chart of {len(known)} contested pairs of names with two distances each. "
            f"{name_cell(first['first'], first.second)}: {format_value(first.first_distance, 'number:2')} "
            f"from {first['first']}, {format_value(first.second_distance, 'number:2')} from {first.second}.",
            caption="A core is the customers whose two names correspond. Left of the line a pair's customers "
            "behave like that core, right of it unlike it; intervals hold together for all comparisons at "
            f"{format_value(confidence, 'share:0')}.",
            formats={name: "number:2" for name in ("distance", "low", "high")},
            reference=max_distance,
            reference_label="bound of likeness",
        )
    ]
