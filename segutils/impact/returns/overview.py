"""The pack's answer: how the customers divide, whether that holds, what moved, where action is asked."""

from collections.abc import Mapping

import pandas as pd

from segutils.findings import Figure, Finding
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.impact.returns.board_scorecard import say_change
from segutils.impact.returns.scores import LABELS, OFF, ON, find_lag
from segutils.impact.returns.targets import say_targets
from segutils.impact.value.limits import SAME_MONTHS, say_season
from segutils.impact.value.periods import ALL, NO_SEGMENT, sort_segments

YEAR = 4  # quarters
# which kind of segments the data allows: Dolnicar, Grün & Leisch (2018), Market Segmentation Analysis
VERDICTS: Mapping[str, str] = {
    "natural": "The data itself shows these groups",
    "reproducible": "The data shows no gaps between groups, but new samples cut into as many give nearly "
    "the same ones",
    "constructive": "The data has no groups of its own, and another sample would draw others: these "
    "are a cut through a continuum",
}


UNSUPPORTED = "The data does not support segmenting: any groups would be no tighter than chance draws them"


def check_overview(
    kpis: pd.DataFrame,
    scorecard: pd.DataFrame,
    stability: pd.DataFrame,
    names: pd.DataFrame,
    *,
    verdict: str,
    min_jaccard: float = 0.75,
) -> Finding:
    """How do the customers divide, can the board rely on it, what moved, and where is action asked?

    Parameters
    ----------
    kpis : pandas.DataFrame
        segment (and ``"all"``), period, period_start, measure, value.
    scorecard : pandas.DataFrame
        As :func:`~segutils.impact.returns.scores.score_segments` returns it.
    stability : pandas.DataFrame
        segment, jaccard, reading, kept_share.
    names : pandas.DataFrame
        segment, name.
    verdict : str
        ``natural``, ``reproducible``, ``constructive``, ``none`` or ``one``, see :func:`find_verdict`.
    min_jaccard : float
        Stability from which on a segment can be steered by.

    Returns
    -------
    Finding
        One row per segment: shares of customers and of net revenue, revenue per customer, stability. ``fail``
        where no segment reaches `min_jaccard` or the verdict is ``none``, ``caution`` where some do not, the
        verdict is ``constructive`` or a target is missed, else ``pass``.
    """
    table = _table(kpis, stability, names)
    weak = table.loc[~(table["jaccard"] >= min_jaccard), "name"].tolist() if len(table) > 1 else []
    missed = scorecard["status"].eq(OFF) & scorecard["segment"].eq(ALL)
    limited = weak or missed.any() or verdict == "constructive"
    status = "fail" if len(weak) == len(table) or verdict == "none" else "caution" if limited else "pass"
    periods = sorted(scorecard["period"].unique())
    return Finding(
        slug="board-scorecard",
        status=status,
        headline=f"{_say_structure(table)} {_say_reliance(table, weak, verdict)}; {_say_moves(scorecard)}.",
        table=table,
        formats={
            "customers": "count",
            "share_of_customers": "share",
            "share_of_revenue": "share",
            "revenue_per_customer": "money",
            "jaccard": "number:2",
            "kept_share": "share",
        },
        labels={
            "share_of_revenue": "Share of net revenue",
            "revenue_per_customer": "Net revenue per customer",
            "jaccard": "Stability (Jaccard)",
            "kept_share": "Customers who stayed",
            "name": "Segment",
            "segment": "Code",
        },
        figures=[_draw(table, periods[-YEAR:])],
        notes=[say_targets(scorecard)],
        limits=[SAME_MONTHS] if find_lag(len(periods)) > 1 else [say_season(periods), SAME_MONTHS],
    )


def find_verdict(selection: pd.DataFrame) -> str:
    """What does the data say of the chosen number of segments?

    ``none`` where no number has any structure, or where that of the choice was not assessed; ``one`` where
    customers are not segmented although some number has.

    Parameters
    ----------
    selection : pandas.DataFrame
        chosen (bool), verdict: the table ``segment_selection``.
    """
    chosen = selection.loc[selection["chosen"].astype(bool), "verdict"]
    if len(chosen):
        return str(chosen.iloc[0])
    return "none" if selection["verdict"].eq("none").all() else "one"


def _table(kpis: pd.DataFrame, stability: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """Revenue over the last four quarters, a whole year where there is one; customers as of the last."""
    year = sorted(kpis["period_start"].unique())[-YEAR:]
    own = kpis[kpis["period_start"].isin(year) & ~kpis["segment"].isin([ALL, NO_SEGMENT])]
    revenue = own[own["measure"] == "net_revenue"].groupby("segment")["value"].sum()
    last = own[(own["measure"] == "customers") & (own["period_start"] == year[-1])].set_index("segment")[
        "value"
    ]
    values = pd.DataFrame({"customers": last, "net_revenue": revenue.reindex(last.index)})
    values = values.loc[sort_segments(values.index.tolist())].rename_axis(index="segment").reset_index()
    values = values.merge(names[["segment", "name"]], how="left", on="segment")
    values["name"] = values["name"].fillna(values["segment"])
    values["share_of_customers"] = values["customers"] / values["customers"].sum()
    values["share_of_revenue"] = values["net_revenue"] / values["net_revenue"].sum()
    values["revenue_per_customer"] = values["net_revenue"] / values["customers"]
    table = values.merge(stability[["segment", "jaccard", "reading", "kept_share"]], how="left", on="segment")
    shown = ["name", "customers", "share_of_customers", "share_of_revenue", "revenue_per_customer"]
    return table[[*shown, "jaccard", "reading", "kept_share", "segment"]]


def _say_structure(table: pd.DataFrame) -> str:
    top = table.loc[table["share_of_revenue"].idxmax()]
    revenue, customers = (
        format_value(top[column], "share:0") for column in ("share_of_revenue", "share_of_customers")
    )
    total = format_value(table["customers"].sum(), "count")
    if len(table) == 1:
        return f"All {total} buyers form one segment, “{top['name']}”."
    return (
        f"Of {len(table)} segments, “{top['name']}” brings most: {customers} of the {total} buyers "
        f"account for {revenue} of net revenue."
    )


def _say_reliance(table: pd.DataFrame, weak: list[str], verdict: str) -> str:
    if len(table) == 1:
        return UNSUPPORTED if verdict == "none" else "No cut into more was recommended or chosen"
    if verdict == "none":
        return "The groups are no tighter than chance would draw them: they are a working aid only"
    if len(weak) == len(table):
        return "Drawn again from other samples the groups come out differently: they are a working aid only"
    text = VERDICTS.get(verdict, f"The segmentation is {verdict}")
    if weak:
        text += f", except {join_words([f'“{name}”' for name in weak])}, to be used as a working aid only"
    return text


def _say_moves(scorecard: pd.DataFrame) -> str:
    whole = scorecard[scorecard["segment"] == ALL]
    last = whole[whole["period"] == sorted(whole["period"].unique())[-1]]
    revenue = last[last["measure"] == "net_revenue"].iloc[0]
    change = say_change(revenue["actual"], revenue["previous"])
    against = "on the quarter before, season included"
    if find_lag(whole["period"].nunique()) > 1:
        against = "on the same quarter a year earlier"
    moved = f"in {revenue['period']} net revenue {change} {against}"
    text = moved if change else f"{revenue['period']} is the first quarter, so nothing can have moved yet"
    held = last[last["target"].notna() & last["actual"].notna()]
    missed = held[held["status"] == OFF]
    if len(missed):
        asked = join_words([lower_first(LABELS[name]) for name in missed["measure"]])
        return f"{text}, and action is asked on {asked}"
    if len(held):
        reached = int((held["status"] == ON).sum())
        count = (
            f"all {len(held)} targets"
            if reached == len(held) > 1
            else f"{reached} of {plural(len(held), 'target')}"
        )
        return f"{text}, and {count} {'was' if reached == 1 else 'were'} reached"
    return text


def _draw(table: pd.DataFrame, periods: list[str]) -> Figure:
    span = periods[0] if len(periods) == 1 else f"{periods[0]} to {periods[-1]}"
    long = table.rename(columns={"share_of_customers": "customers_", "share_of_revenue": "net revenue"})
    long = long.drop(columns="customers").rename(columns={"customers_": "customers"})
    data = long.melt(
        id_vars="name", value_vars=["customers", "net revenue"], var_name="of", value_name="share"
    )
    structure = _say_structure(table).rstrip(".")
    return Figure(
        kind="bar",
        data=data,
        x="name",
        y="share",
        series="of",
        title=structure,
        subtitle=f"Share of customers and of net revenue by segment, {span}",
        alt=f"Two bars per segment: its share of customers and of net revenue. {structure}.",
        role={"customers": "previous", "net revenue": "actual"},
        formats={"share": "share:0"},
    )
