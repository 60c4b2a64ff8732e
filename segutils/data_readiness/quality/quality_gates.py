"""Below which quality must a model be checked again, and which of these limits hold today?"""

from __future__ import annotations

import pandas as pd

from segutils.data_readiness.quality.quality_measures import MEASURES, Measure
from segutils.errors import InputError
from segutils.findings import Assumption, Figure, Finding, Need, Status
from segutils.formats import format_value, join_words, lower_first, plural

SLUG = "quality-gates"
DEFAULT_OWNER = "playbook default"
HOLDS, FAILS, UNKNOWN = "holds", "fails", "not measured"
COLUMNS = [
    "gate",
    "verdict",
    "measured",
    "bound",
    "limit",
    "margin",
    "where",
    "owner",
    "revalidate",
    "source",
    "measure",
    "unit",
]
NEEDS = {
    "conflict_share": Need(
        question="Do the systems agree about the same customer?",
        table="source_records",
        columns=("source", "record_id", "updated_at"),
    ),
    "revenue_coverage": Need(
        question="Whose revenue is it, and what is known of them?",
        table="customers",
        columns=("customer_id",),
    ),
}


def build_gates(measures: pd.DataFrame, thresholds: pd.DataFrame) -> pd.DataFrame:
    """Which limits hold today, and how much room is left?

    Parameters
    ----------
    measures : pandas.DataFrame
        ``measure, measured, where``, from
        :func:`~segutils.data_readiness.quality.quality_measures.build_measures`.
    thresholds : pandas.DataFrame
        ``measure, min, max, periods, owner, note`` as the engagement file states them; may be empty. A stated
        limit replaces the playbook's own for the same measure.

    Returns
    -------
    pandas.DataFrame
        ``gate, verdict`` (holds, fails or not measured), ``measured, bound`` (at most or at least), ``limit,
        margin`` (room left as a share of what the limit allows, negative where it is missed: at least 0.9
        allows 0.1 to be missing), ``where, owner, revalidate`` (what must be checked again where it fails),
        ``source, measure, unit`` (the row's format); what fails first, then the least room.

    Raises
    ------
    InputError
        A threshold names a measure that is not known, or states no limit.
    """
    _check_thresholds(thresholds)
    found = measures.set_index("measure")
    rows = []
    for name, measure in MEASURES.items():
        for limit in _list_limits(name, measure, thresholds):
            value = float(found.loc[name, "measured"]) if name in found.index else float("nan")
            room = limit["limit"] - value if limit["bound"] == "at most" else value - limit["limit"]
            verdict = UNKNOWN if pd.isna(value) else HOLDS if room >= 0 else FAILS
            scale = _scale(measure, limit)
            margin = room / scale if scale else float("nan")
            rows.append(
                {
                    "gate": measure.words,
                    "verdict": verdict,
                    "measured": value,
                    "margin": margin,
                    "where": str(found.loc[name, "where"]) if name in found.index else "",
                    "revalidate": measure.revalidate,
                    "measure": name,
                    "unit": measure.unit,
                    **limit,
                }
            )
    table = pd.DataFrame(rows, columns=COLUMNS)
    rank = table["verdict"].map({FAILS: 0, HOLDS: 1, UNKNOWN: 2})
    # rounded: sums of fractions differ in their last digit from run to run, and must not change the order
    margin = table["margin"].astype(float).round(9)
    order = table.assign(rank=rank, margin=margin).sort_values(["rank", "margin"], kind="stable").index
    return table.loc[order].reset_index(drop=True)


def check_gates(measures: pd.DataFrame, thresholds: pd.DataFrame, *, near_share: float = 0.2) -> Finding:
    """Is the data still good enough for the models that stand on it, or must some of them be checked again?

    Parameters
    ----------
    measures, thresholds : pandas.DataFrame
        As :func:`build_gates` takes them.
    near_share : float
        A limit with less room than this share of it is named as near.

    Returns
    -------
    Finding
        Table: the gates. ``fail`` where a limit fails that somebody at the client stated, ``caution`` where
        one of the playbook's own fails (nobody agreed to it) or a stated one cannot be measured, else
        ``pass``.

    Raises
    ------
    InputError
        As :func:`build_gates`.
    """
    table = build_gates(measures, thresholds)
    failed, unknown = table[table["verdict"] == FAILS], table[table["verdict"] == UNKNOWN]
    is_stated = table["owner"] != DEFAULT_OWNER
    status: Status = "caution" if len(failed) else "pass"
    if (is_stated & (table["verdict"] == FAILS)).any():
        status = "fail"
    elif (is_stated & (table["verdict"] == UNKNOWN)).any():
        status = "caution"
    near = table[(table["verdict"] == HOLDS) & (table["margin"] < near_share)]
    return Finding(
        slug=SLUG,
        status=status,
        headline=_headline(table, failed),
        table=table.drop(columns="measure"),
        formats={"measured": "by:unit", "limit": "by:unit", "margin": "change:0"},
        labels={
            "bound": "Must be",
            "margin": "Room left, of what is allowed",
            "revalidate": "To be checked again if it fails",
            "source": "Where the limit comes from",
        },
        figures=_draw_gates(table, failed),
        notes=(*_say_failed(failed), *_say_near(near), *_say_unknown(unknown), *_say_periods(thresholds)),
        assumptions=_list_assumptions(table),
        limits=(
            "A limit that holds says that the data are as good as was asked for, not that a model on them is "
            "right. No published standard sets these limits for every client.",
        ),
        needs=tuple(NEEDS[name] for name in unknown["measure"].unique() if name in NEEDS),
    )


def _check_thresholds(thresholds: pd.DataFrame) -> None:
    for row in thresholds.to_dict("records"):
        where = f"engagement file, thresholds, question {SLUG}"
        if row["measure"] not in MEASURES:
            raise InputError(
                f"'{row['measure']}' is no measure of data quality",
                where=where,
                fix=f"use one of: {', '.join(MEASURES)}",
            )
        if pd.isna(row["min"]) and pd.isna(row["max"]):
            fix = "state min, max or both; shares as 0 to 1"
            raise InputError(f"the limit on '{row['measure']}' has no value", where=where, fix=fix)


def _list_limits(name: str, measure: Measure, thresholds: pd.DataFrame) -> list[dict[str, object]]:
    stated = thresholds[thresholds["measure"] == name] if len(thresholds) else thresholds
    if stated.empty:
        bound = "at most" if measure.bound == "max" else "at least"
        return [{"bound": bound, "limit": measure.limit, "owner": DEFAULT_OWNER, "source": measure.source}]
    return [
        {
            "bound": bound,
            "limit": float(row[end]),
            "owner": row["owner"],
            "source": row.get("note") or "stated by its owner",
        }
        for row in stated.to_dict("records")
        for end, bound in (("max", "at most"), ("min", "at least"))
        if not pd.isna(row[end])
    ]


def _scale(measure: Measure, limit: dict[str, object]) -> float:
    """What a limit allows: a lowest share of 0.9 allows 0.1 to be missing."""
    size = float(str(limit["limit"]))
    return 1 - size if measure.unit == "share" and limit["bound"] == "at least" else size


def _say(row: pd.Series) -> str:
    """``Empty cells in a column (customers: home ownership), 29.1 % instead of at most 10.0 %``."""
    value, limit = (format_value(row[name], row["unit"]) for name in ("measured", "limit"))
    where = f" ({row['where']})" if row["where"] else ""
    against = "instead of" if row["verdict"] == FAILS else "against"
    return f"{row['gate']}{where}, {value} {against} {row['bound']} {limit}"


def _headline(table: pd.DataFrame, failed: pd.DataFrame) -> str:
    measured = table[table["verdict"] != UNKNOWN]
    total = plural(len(measured), "quality limit")
    if failed.empty:
        if measured.empty:
            return "No quality limit could be measured."
        return f"All {total} hold today; the least room is left for {lower_first(_say(measured.iloc[0]))}."
    held = len(measured) - len(failed)
    verb = "holds" if held == 1 else "hold"
    worst = lower_first(_say(failed.iloc[0]))
    return f"{held} of {total} {verb} today; furthest beyond its limit: {worst}."


def _say_failed(failed: pd.DataFrame) -> list[str]:
    return [
        f"{_say(row)} ({_say_owner(row['owner'])}). To be checked again: {row['revalidate']}."
        for _, row in failed.iterrows()
    ]


def _say_owner(owner: str) -> str:
    return "the playbook's own limit" if owner == DEFAULT_OWNER else f"limit set by {owner}"


def _say_near(near: pd.DataFrame) -> list[str]:
    if near.empty:
        return []
    return [
        f"Near its limit, though it holds: {join_words([lower_first(_say(r)) for _, r in near.iterrows()])}."
    ]


def _say_unknown(unknown: pd.DataFrame) -> list[str]:
    if unknown.empty:
        return []
    return [f"Not measured, for lack of data: {join_words([lower_first(g) for g in unknown['gate']])}."]


def _say_periods(thresholds: pd.DataFrame) -> list[str]:
    later = thresholds[thresholds["periods"] > 1] if len(thresholds) else thresholds
    return [
        f"{MEASURES[row['measure']].words}: the limit counts once it is missed {row['periods']} times in "
        "a row; this run sees today only."
        for row in later.to_dict("records")
    ]


def _list_assumptions(table: pd.DataFrame) -> tuple[Assumption, ...]:
    found = []
    for owner, rows in table.groupby("owner", sort=False):
        limits = [
            f"{lower_first(row['gate'])} {row['bound']} {format_value(row['limit'], row['unit'])}"
            for _, row in rows.iterrows()
        ]
        found.append(Assumption(text=f"Limits: {'; '.join(limits)}.", owner=str(owner)))
    return tuple(found)


def _draw_gates(table: pd.DataFrame, failed: pd.DataFrame) -> tuple[Figure, ...]:
    measured = table[table["verdict"] != UNKNOWN]
    if measured.empty:
        return ()
    data = measured.assign(used=1 - measured["margin"]).drop(columns="margin")
    is_time = (data["unit"] == "days") & (data["bound"] == "at least")
    data["used"] = data["used"].where(~is_time, data["limit"] / data["measured"])
    data = data[["gate", "used", "measured", "limit", "unit", "verdict"]]
    data = data[data["used"].notna()].reset_index(drop=True)
    title = (
        f"{plural(len(failed), 'limit is', 'limits are')} missed, the largest miss: "
        f"{lower_first(failed.iloc[0]['gate'])}"
        if len(failed)
        else "No limit is missed"
    )
    return (
        Figure(
            kind="bar",
            data=data,
            x="gate",
            y="used",
            title=title,
            subtitle="Limits of data quality today: how much of what each limit allows is used up",
            alt=f"Bars of {plural(len(data), 'limit')} against the line at which each is reached. {title}.",
            caption="100 % is the limit. Of a lowest share, the share that is missing counts.",
            formats={"used": "share:0", "measured": "by:unit", "limit": "by:unit"},
            reference=1.0,
            reference_label="limit",
            highlight=str(failed.iloc[0]["gate"]) if len(failed) else None,
        ),
    )
