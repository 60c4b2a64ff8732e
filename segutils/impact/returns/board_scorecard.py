"""Slug ``board-scorecard``: the same page for every segment, so that segments compare."""

import pandas as pd

from segutils.findings import Figure, Finding, Need
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.impact.returns.scores import (
    FORMATS,
    LABELS,
    NEAR,
    NONE,
    OFF,
    ON,
    RATES,
    STABILITY,
    find_lag,
)
from segutils.impact.value.periods import ALL, NO_SEGMENT

HEADINGS = {"previous": "Before", "decision_asked": "Asked of the board"}
# a measure a row: each row has the unit of its own
UNITS = {"actual": "by:unit", "target": "by:unit", "change": "by:change_unit"}
UNSTABLE = "Do not steer by this segment"
WORKING_AID = "Use as a working aid only"


def check_board_scorecard(
    scorecard: pd.DataFrame,
    *,
    currency: str,
    measure: str = "revenue_per_customer",
    max_shortfall: float = 0.05,
    needs: tuple[Need, ...] = (),
) -> Finding:
    """How does each segment stand this quarter, on the same page for all, and what is asked of the board?

    Parameters
    ----------
    scorecard : pandas.DataFrame
        As :func:`~segutils.impact.returns.scores.score_segments` returns it.
    currency : str
        ISO 4217 code.
    measure : str
        The measure that each page's title and figure speak of.
    max_shortfall : float
        As the scorecard was scored with; for the words of the status rule.
    needs : tuple of Need

    Returns
    -------
    Finding
        One row per segment (its name) and measure for the last quarter; one figure per segment, all of the
        same kind, scale and order, in which that segment is highlighted. ``pass`` where all targets are
        reached, ``info`` where there is none, else ``caution``.
    """
    periods = list(dict.fromkeys(scorecard.sort_values("period")["period"]))
    own = scorecard[~scorecard["segment"].isin([ALL, NO_SEGMENT])]
    last = own[own["period"] == periods[-1]].reset_index(drop=True)
    before = _say_before(periods)
    table = pd.DataFrame(
        {
            "segment": last["name"],
            "measure": last["measure"].map(LABELS),
            "actual": last["actual"],
            "previous": last["previous"],
            "change": [find_change(row) for row in last.itertuples()],
            "trend": last["trend"].fillna("–"),
            "target": last["target"],
            "status": last["status"],
            "decision_asked": [say_asked(row) for row in last.itertuples()],
            "unit": last["measure"].map(FORMATS),
            "change_unit": last["measure"].map(change_unit),
        }
    )
    statuses = set(last["status"])
    status = "caution" if statuses & {OFF, NEAR} else "pass" if ON in statuses else "info"
    pages = [
        _draw_segment(own, segment, measure, periods, currency) for segment in dict.fromkeys(last["segment"])
    ]
    return Finding(
        slug="board-scorecard",
        status=status,
        headline=_headline(last, measure, periods[-1], before),
        table=table,
        formats=UNITS | {"previous": "by:unit", "status": "status"},
        labels={**HEADINGS, "previous": before},
        figures=[*_draw_changes(last, before), *pages],
        notes=[_say_rule(max_shortfall)],
        limits=_limits(periods),
        needs=needs,
    )


def list_needs(*, has_margin: bool, has_pnl: bool, quarters: int) -> tuple[Need, ...]:
    """What would turn a scorecard of revenue into one of returns, and what to ask the client for?

    Parameters
    ----------
    has_margin, has_pnl : bool
        Whether the run has costs per order line, and the result that finance reports.
    quarters : int
        Complete quarters in the data.

    Returns
    -------
    tuple of Need
    """
    parts = (
        (has_margin, "Contribution margin and return by segment", "transactions", ("unit_cost",)),
        (
            has_pnl,
            "Segment revenue reconciled with the result that finance reports",
            "pnl",
            ("period", "customer_group", "line", "amount"),
        ),
        (quarters >= 5, "Trend against the same quarter a year earlier", "transactions", ("ordered_at",)),
    )
    return tuple(
        Need(question=words, table=table, columns=columns) for has, words, table, columns in parts if not has
    )


def say_asked(row: object) -> str:
    """What a row of the scorecard asks of the board; empty where it asks nothing."""
    if row.measure == "jaccard":
        return {OFF: UNSTABLE, NEAR: WORKING_AID}.get(row.status, "")
    return f"{row.owner}: a plan to reach the target, or a new one" if row.status == OFF else ""


def say_change(actual: float, previous: float) -> str:
    """``rose by 3.1 %``, ``fell by 0.4 %`` or ``did not change``; empty without a previous value."""
    if pd.isna(actual) or pd.isna(previous) or previous == 0:
        return ""
    size = format_value(abs(actual / previous - 1), "share")
    if float(size.split()[0].replace(",", "")) == 0:
        return "did not change"
    return f"{'rose' if actual > previous else 'fell'} by {size}"


def _say_before(periods: list[str]) -> str:
    lag = find_lag(len(periods))
    return periods[-1 - lag] if len(periods) > lag else "Before"


def _write(value: float, measure: str, currency: str) -> str:
    return format_value(value, FORMATS[measure], currency=currency)


def change_unit(measure: str) -> str:
    """Shares and changes change by points, all else by a share of the previous value."""
    return "points" if measure in RATES or FORMATS[measure].startswith("share") else "change"


def find_change(row: object) -> float:
    """A scorecard row's change in the unit of :func:`change_unit`; NaN where there is nothing to compare."""
    if change_unit(row.measure) == "points":
        return row.actual - row.previous
    return row.actual / row.previous - 1 if row.previous else float("nan")


def _headline(last: pd.DataFrame, measure: str, period: str, before: str) -> str:
    rows = last[last["measure"] == measure]
    count = rows["segment"].nunique()
    label = lower_first(LABELS[measure])
    change = (rows["actual"] / rows["previous"] - 1).where(rows["previous"] > 0)
    if change.notna().any():
        up = int((rows["trend"] == "up").sum())
        best = rows.loc[change.idxmax()]
        text = f"From {before} to {period}, {label} "
        if count == 1:
            text += say_change(best["actual"], best["previous"])
        else:
            text += f"rose in {up} of {plural(count, 'segment')}"
            text += f", most in “{best['name']}” ({format_value(change.max(), 'change')})" if up else ""
    else:
        text = f"{period} is the first quarter on the scorecard of {plural(count, 'segment')}"
    stable = last[last["measure"] == "jaccard"]
    if len(stable) > 1:
        text += f"; reliable in repeated samples: {int((stable['status'] == ON).sum())} of {len(stable)}"
    targets = last[(last["status"] != NONE) & ~last["measure"].isin(STABILITY)]
    if targets.empty:
        return f"{text}; no segment has a target of its own yet."
    return f"{text}; segment targets reached: {int((targets['status'] == ON).sum())} of {len(targets)}."


def _title(rows: pd.DataFrame, measure: str, periods: list[str], currency: str) -> str:
    row = rows[(rows["measure"] == measure) & (rows["period"] == periods[-1])].iloc[0]
    label, amount = lower_first(LABELS[measure]), _write(row["actual"], measure, currency)
    change = say_change(row["actual"], row["previous"])
    code = f" ({row['segment']})" if row["name"] != row["segment"] else ""
    title = f"“{row['name']}”{code}: {label} "
    if change == "did not change":
        title += f"stayed at {amount} in {periods[-1]}"
    elif change:
        title += f"{change} from {_say_before(periods)} to {periods[-1]}, to {amount}"
    else:
        title += f"was {amount} in {periods[-1]}"
    if pd.notna(row["target"]):
        target = _write(row["target"], measure, currency)
        title += f", {'at or above' if row['status'] == ON else 'below'} its target of {target}"
    stable = rows[(rows["measure"] == "jaccard") & (rows["status"] == OFF)]
    return title + ("; the segment is too unstable to steer by" if len(stable) else "")


def _draw_segment(own: pd.DataFrame, segment: str, measure: str, periods: list[str], currency: str) -> Figure:
    data = own[own["measure"] == measure][["period", "name", "actual"]].rename(columns={"actual": measure})
    rows = own[own["segment"] == segment]
    name = rows["name"].iloc[0]
    target = rows[(rows["measure"] == measure) & (rows["period"] == periods[-1])]["target"].iloc[0]
    title = _title(rows, measure, periods, currency)
    unit = f", {currency}" if FORMATS[measure].startswith("money") else ""
    # the lines of all segments, on every page in the same order: so all pages have the same scale
    data = data.assign(order=data["period"].map(periods.index)).sort_values("order", kind="stable")
    return Figure(
        kind="line",
        data=data.drop(columns="order").reset_index(drop=True),
        x="period",
        y=measure,
        series="name",
        highlight=name,
        reference=None if pd.isna(target) else float(target),
        reference_label="" if pd.isna(target) else "target",
        title=title,
        subtitle=f"{LABELS[measure]} by quarter, every segment{unit}",
        alt=f"Lines from {periods[0]} to {periods[-1]}, one per segment, “{name}” highlighted. {title}.",
        formats={measure: FORMATS[measure]},
    )


def _draw_changes(last: pd.DataFrame, before: str) -> list[Figure]:
    # a share that "rose by 10 %" can be read in two ways: shares stand in the table, in points
    shares = last["measure"].map(change_unit).eq("points")
    rows = last[~shares & ~last["measure"].isin(STABILITY) & (last["previous"] > 0)]
    if rows.empty:
        return []
    data = rows.assign(change=rows["actual"] / rows["previous"] - 1, label=rows["measure"].map(LABELS))[
        ["label", "name", "change"]
    ]
    peak = data.loc[data["change"].abs().idxmax()]
    verb = "rose" if peak["change"] > 0 else "fell"
    size = format_value(abs(peak["change"]), "share")
    title = (
        f"The largest move since {before}: {lower_first(peak['label'])} of “{peak['name']}” {verb} by {size}"
    )
    return [
        Figure(
            kind="heatmap",
            data=data.rename(columns={"label": "measure", "name": "segment"}).reset_index(drop=True),
            x="segment",
            y="change",
            series="measure",
            title=title,
            subtitle=f"Change since {before} by measure and segment, per cent of the value then",
            alt=f"A table of measures by segments, shaded by their relative change. {title}.",
            formats={"change": "change"},
        )
    ]


def _say_rule(max_shortfall: float) -> str:
    near = format_value(max_shortfall, "share:0")
    rule = {
        ON: "the target is reached",
        NEAR: f"missed by at most {near}",
        OFF: "missed by more",
        NONE: "no target",
    }
    words = [f"{format_value(status, 'status')}: {what}" for status, what in rule.items()]
    return f"Status — {join_words(words)}."


def _limits(periods: list[str]) -> list[str]:
    if find_lag(len(periods)) > 1 or len(periods) < 2:
        return []
    return [
        "Values are compared with the quarter before: no quarter has its counterpart a year earlier, so a "
        "trend contains the season."
    ]
