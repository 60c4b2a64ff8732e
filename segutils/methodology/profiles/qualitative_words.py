"""What is said about interviews and segments."""

import pandas as pd

from segutils.findings import Figure, Finding
from segutils.formats import format_value, join_words, plural
from segutils.methodology.profiles.coding_agreement import AGREE, ALPHA, FIRM, KAPPA, TENTATIVE
from segutils.methodology.profiles.quotes import CONTRADICTS

FORMATS = {
    "interviews": "count",
    "share": "share:0",
    "elsewhere": "share:0",
    "p": "number:4",
    "for": "count",
    "against": "count",
}
LABELS = {
    "theme": "What it speaks of more than others",
    "share": "Share of its passages",
    "elsewhere": "elsewhere",
    "p": "Adjusted p",
    "for": "Passages for",
    "against": "Passages against",
}


def say_nothing_to_support(slug: str) -> Finding:
    """The finding where customers form one group."""
    return Finding(
        slug=slug,
        status="info",
        headline="Customers are not cut into segments, so interviews have none to support",
        table=pd.DataFrame({"segment": ["the only group"]}),
    )


def say_headline(table: pd.DataFrame, alpha: float, *, reliable: bool) -> str:
    """How many segments are supported, and which are not."""
    if not reliable:
        return (
            f"The coders agree too little (alpha {format_value(alpha, 'number:2')}) for the interviews to "
            "support any segment; code them again first"
        )
    supported = table["verdict"] == "supported"
    count, total = int(supported.sum()), len(table)
    if count == total:
        return f"Customers' own words support all {total} segments: each speaks of a theme of its own"
    open_ones = table[~supported]
    rest = join_words(
        [
            f"“{name}” ({verdict})"
            for name, verdict in zip(open_ones["segment"], open_ones["verdict"], strict=True)
        ]
    )
    if count == 0:
        return (
            f"Customers' own words support none of the {total} segments: no theme belongs to one of them "
            "more than chance would give"
        )
    if len(open_ones) <= 2:
        return f"Customers' own words support {count} of {total} segments; not {rest}"
    return f"Customers' own words support {count} of {total} segments"


def say_agreement(agreement: pd.DataFrame) -> list[str]:
    """How far the coders agree, and how that is read."""
    if agreement.empty:
        return ["Each passage was coded by one person, so how far themes depend on the coder is not known."]
    values = agreement.set_index("measure")
    parts = [
        f"{name} {format_value(values.loc[name, 'value'], 'number:2')} "
        f"({format_value(values.loc[name, 'low'], 'number:2')} to "
        f"{format_value(values.loc[name, 'high'], 'number:2')})"
        for name in (KAPPA, ALPHA)
        if name in values.index
    ]
    alpha = values.loc[ALPHA, "value"]
    reading = (
        "firm"
        if alpha >= FIRM
        else "good enough for tentative conclusions"
        if alpha >= TENTATIVE
        else "too low"
    )
    alike = (
        f" {format_value(values.loc[AGREE, 'value'], 'share:0')} of {int(values['passages'].iloc[0])} "
        "passages were coded alike."
        if AGREE in values.index
        else ""
    )
    return [f"Agreement of coders: {join_words(parts)}; {reading} (Krippendorff: {FIRM} firm).{alike}"]


def say_taxonomy(
    codings: pd.DataFrame,
    own: pd.DataFrame,
    names: pd.DataFrame,
    taxonomy: pd.DataFrame | None,
    *,
    min_interviews: int,
) -> list[str]:
    """Which group of the company's own taxonomy holds segments that speak of different things?"""
    if taxonomy is None or own.empty:
        return []
    heard = codings.drop_duplicates("interview_id")[["interview_id", "segment"]].merge(
        taxonomy, on="interview_id"
    )
    counts = heard.groupby(["group", "segment"]).size()
    counts = counts[counts >= min_interviews]
    best = own.sort_values("p").drop_duplicates("segment").set_index("segment")
    named = names.set_index("segment")["name"]
    notes = []
    for group, part in counts.groupby(level="group"):
        inside = [s for s in part.index.get_level_values("segment") if s in best.index]
        if len({best.loc[s, "theme"] for s in inside}) > 1:
            said = [
                f"“{named[s]}” of {best.loc[s, 'theme']} "
                f"({format_value(best.loc[s, 'shrunk'], 'share:0')} of their passages)"
                for s in inside
            ]
            notes.append(
                f"“{group}”, as customers are filed today, holds segments that speak of different things: "
                f"{join_words(said)}."
            )
    return notes[:3]


def say_contradictions(quotes: pd.DataFrame, names: pd.DataFrame) -> list[str]:
    """Which segment's customers speak most like another's?"""
    against = quotes[quotes["stance"] == CONTRADICTS]
    if against.empty:
        return []
    named = names.set_index("segment")["name"]
    pairs = against.groupby(["segment", "speaks_like", "theme"]).size().sort_values(ascending=False)
    (segment, like, theme), count = pairs.index[0], int(pairs.iloc[0])
    return [
        f"Contradictions: {plural(len(against), 'passage')} of one segment are about another's theme, most "
        f"often {count} of “{named[segment]}” about {theme}, as “{named[like]}” speaks. Both kinds are "
        "exported with their words, for the owner of the interviews."
    ]


def say_robustness(best: str, by_weights: float, by_chance: float, flips: pd.DataFrame) -> str:
    """How far the recommendation depends on weights and on who was interviewed."""
    words = (
        f"“{best}” stays first under {format_value(by_weights, 'share:0')} of random weights around those "
        f"stated, and in {format_value(by_chance, 'share:0')} of redrawn sets of the interviews"
    )
    flips = flips.dropna()
    if flips.empty:
        return f"{words}; no weight of a single criterion flips it."
    flip = flips.iloc[0]
    return (
        f"{words}. What flips it: a weight of {flip['flip_weight']:.2f} on "
        f"“{flip['criterion'].replace('_', ' ')}” instead of {flip['weight']:.2f} brings "
        f"“{flip['winner_then']}” first."
    )


def plot_themes(cells: pd.DataFrame, own: pd.DataFrame, names: pd.DataFrame) -> Figure:
    """Themes by segment as a heat map."""
    named = names.set_index("segment")["name"]
    leading = cells.sort_values("p", kind="stable").drop_duplicates("segment").set_index("segment")
    order = list(dict.fromkeys(leading["theme"].reindex([s for s in names["segment"] if s in leading.index])))
    order += [theme for theme in cells["theme"].unique() if theme not in order]
    data = cells.assign(place=cells["theme"].map({t: n for n, t in enumerate(order)}))
    data = data.sort_values("place", kind="stable").assign(segment=data["segment"].map(named))
    rows = [named[s] for s in names["segment"] if s in set(cells["segment"])]
    data["row"] = data["segment"].map({r: n for n, r in enumerate(rows)})
    data = data.sort_values(["row", "place"], kind="stable")
    if own.empty:
        title = "No theme belongs to a segment more than chance would give"
        alt = "Heat map of themes by segment without a cell that stands out."
    else:
        top = own.loc[own["z"].idxmax()]
        title = (
            f"{top['theme'][:1].upper()}{top['theme'][1:]}: {format_value(top['shrunk'], 'share:0')} of what "
            f"“{named[top['segment']]}” say, {format_value(top['elsewhere'], 'share:0')} elsewhere"
        )
        lines = [
            f"{named[r.segment]}: {r.theme} {format_value(r.shrunk, 'share:0')}" for r in own.itertuples()
        ]
        alt = f"Heat map of themes by segment. Themes of their own: {'; '.join(lines)}."
    return Figure(
        kind="heatmap",
        data=data[["segment", "theme", "shrunk"]].reset_index(drop=True),
        x="theme",
        y="shrunk",
        series="segment",
        title=title,
        subtitle="Passages of interviews by segment (row) and theme, share of the row, drawn towards the "
        "average where passages are few",
        alt=alt,
        caption="A passage that coders read differently counts for each of their themes in part.",
        formats={"shrunk": "share:0"},
    )
