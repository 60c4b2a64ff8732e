"""Drawings of ``market-sizing``."""

from __future__ import annotations

import pandas as pd

from segutils.findings import Figure
from segutils.formats import format_value
from segutils.objectives.boundaries.market_sizing_data import ALL, GROUP, Markets, name_year
from segutils.objectives.boundaries.market_sizing_levels import OWN, SAM, SOM
from segutils.objectives.boundaries.market_sizing_words import write_amount


def draw_levels(sizes: pd.DataFrame, markets: Markets, *, currency: str) -> Figure:
    """From the whole market to own sales."""
    of = sizes.set_index("level").amount
    data = sizes[["level", "low", "amount", "high"]].assign(
        **{name: sizes[name] / 1e6 for name in ("low", "amount", "high")}
    )
    own, som = write_amount(of[OWN], currency), write_amount(of[SOM], currency)
    share = format_value(of[OWN] / of[SAM], "share") if of[SAM] > 0 else "–"
    return Figure(
        kind="bar",
        data=data,
        x="level",
        y="amount",
        low="low",
        high="high",
        title=f"Own sales are {share} of the served markets; at shares it has elsewhere the client would "
        f"reach {som}, from {own}",
        subtitle=f"All customers, markets a year, {markets.year}, {currency} million",
        alt="; ".join(f"{row.level}: {write_amount(row.amount, currency)}" for row in sizes.itertuples()),
        caption="Lines run from the smallest to the largest figure that providers report for each market. "
        "Obtainable is an assumption about the client's own shares, not a forecast.",
        formats={"amount": "number:0", "low": "number:0", "high": "number:0"},
        highlight=SOM,
    )


def draw_gaps(cuts: pd.DataFrame, markets: Markets, *, max_p: float) -> list[Figure]:
    """Own growth less the market's, with its interval."""
    told = cuts[cuts.growth_gap.notna() & (cuts.cut != ALL)]
    if told.empty:
        return []
    ranked = told.sort_values("growth_gap", ascending=False, kind="stable")
    data = ranked.assign(
        name=[f"{r.value}{' (group)' if r.cut == GROUP else ''}" for r in ranked.itertuples()]
    )
    firm = data[data.p_holm <= max_p]
    up, down = (int((side * firm.growth_gap > 0).sum()) for side in (1, -1))
    title = (
        f"Beyond chance, own sales grow faster than the market in {up or 'none'} of {len(data)} markets and "
        f"groups, and more slowly in {down or 'none'}"
    )
    return [
        Figure(
            kind="dot",
            data=data[["name", "growth_gap", "gap_low", "gap_high"]].reset_index(drop=True),
            x="name",
            y="growth_gap",
            low="gap_low",
            high="gap_high",
            title=title,
            subtitle=f"Markets and the client's groups, {name_year(markets.years[0])} to {markets.year}, own "
            "growth a year less the market's, percentage points",
            alt="; ".join(
                f"{r.name}: {format_value(r.growth_gap, 'points')}" for r in data.itertuples(index=False)
            ),
            caption="Lines are 95 % intervals of each alone; the title counts all comparisons together.",
            formats=dict.fromkeys(("growth_gap", "gap_low", "gap_high"), "points"),
            reference=0.0,
            reference_label="as the market",
        )
    ]


def draw_shares(markets: Markets) -> list[Figure]:
    """The client's share of every market, for two keys."""
    if len(markets.keys) != 2:
        return []
    rows, columns = sorted(markets.keys, key=lambda key: markets.last[key].nunique(), reverse=True)
    data = markets.last[[columns, rows, "share", "cell"]].copy()
    data["share"] = data.share.mask(data.cell.isin(markets.left_out))
    known = data.dropna(subset="share")
    if known.empty:
        return []
    best = known.loc[known.share.idxmax()]
    return [
        Figure(
            kind="heatmap",
            data=data[[columns, rows, "share"]].sort_values([rows, columns], ignore_index=True),
            x=columns,
            y="share",
            series=rows,
            title=f"The client's share is highest in {best.cell}, at {format_value(best.share, 'share:0')}",
            subtitle=f"Own sales over the mean reported size of each market, {markets.year}, share",
            alt=f"Shares run from {format_value(known.share.min(), 'share:0')} to "
            f"{format_value(known.share.max(), 'share:0')} over {len(known)} markets.",
            caption="A dash: not reported, or the reported size cannot be true.",
            formats={"share": "share:0"},
        )
    ]
