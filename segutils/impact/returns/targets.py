"""The targets that people set for the business as a whole, and whether they were reached."""

import pandas as pd

from segutils.findings import Assumption, Figure, Finding, Need
from segutils.formats import format_value, join_words, lower_first, plural
from segutils.impact.returns.board_scorecard import UNITS, change_unit, find_change, say_asked
from segutils.impact.returns.scores import FORMATS, LABELS, NEAR, OFF, ON, RATES
from segutils.impact.value.periods import ALL


def check_targets(scorecard: pd.DataFrame, targets: pd.DataFrame) -> Finding:
    """Which targets did the business reach in the last quarter, and which ask for action?

    Parameters
    ----------
    scorecard : pandas.DataFrame
        As :func:`~segutils.impact.returns.scores.score_segments` returns it.
    targets : pandas.DataFrame
        measure, segment, target, owner, note: as the engagement file states them.

    Returns
    -------
    Finding
        One row per target of all customers. ``pass`` where all are reached, ``fail`` where one is missed by
        more than the tolerance, else ``caution``; ``not_run`` where nobody set one.
    """
    last = scorecard[scorecard["period"] == _last_period(scorecard)]
    rows = last[(last["segment"] == ALL) & last["target"].notna() & last["actual"].notna()]
    if rows.empty:
        ask = Need(
            question="Which targets were reached", table="targets", columns=("measure", "target", "owner")
        )
        return Finding(
            slug="board-scorecard",
            status="not_run",
            headline="Nobody has set a target for the business as a whole.",
            table=rows[["measure", "actual", "target"]].reset_index(drop=True),
            needs=(ask,),
        )
    table = pd.DataFrame(
        {
            "measure": rows["measure"].map(LABELS),
            "actual": rows["actual"],
            "target": rows["target"],
            "change": [find_change(row) for row in rows.itertuples()],
            "status": rows["status"],
            "owner": rows["owner"],
            "asked": [say_asked(r) for r in rows.itertuples()],
            "unit": rows["measure"].map(FORMATS),
            "change_unit": rows["measure"].map(change_unit),
        }
    ).reset_index(drop=True)
    found = set(rows["status"])
    return Finding(
        slug="board-scorecard",
        status="fail" if OFF in found else "caution" if NEAR in found else "pass",
        headline=say_targets(scorecard),
        table=table,
        formats=UNITS | {"status": "status"},
        labels={"asked": "Asked of the board"},
        figures=_draw(rows),
        assumptions=_assume(targets),
        limits=list_unused(scorecard, targets),
    )


def say_targets(scorecard: pd.DataFrame) -> str:
    """How many of the business's targets were reached, and which were not, as a sentence."""
    last = scorecard[scorecard["period"] == _last_period(scorecard)]
    rows = last[(last["segment"] == ALL) & last["target"].notna() & last["actual"].notna()]
    if rows.empty:
        return "No target is set for the business as a whole."
    period = rows["period"].iloc[0]
    missed = [lower_first(LABELS[name]) for name in rows.loc[rows["status"] != ON, "measure"]]
    if not missed:
        text = "the only target" if len(rows) == 1 else f"all {len(rows)} targets"
        return (
            f"In {period}, {text} for the business as a whole {'was' if len(rows) == 1 else 'were'} reached."
        )
    reached = len(rows) - len(missed)
    return (
        f"In {period}, {reached} of {plural(len(rows), 'target')} for the business as a whole "
        f"{'was' if reached == 1 else 'were'} reached; missed: {join_words(missed)}."
    )


def list_unused(scorecard: pd.DataFrame, targets: pd.DataFrame) -> list[str]:
    """Targets that fit no measure or segment of this run, a sentence each: none is dropped silently."""
    used = scorecard.loc[scorecard["target"].notna(), ["segment", "name", "measure"]]
    known = {(row.segment, row.measure) for row in used.itertuples()}
    known |= {(row.name, row.measure) for row in used.itertuples(index=False)}
    sentences = []
    for row in targets.itertuples(index=False):
        if (row.segment or ALL, row.measure) not in known:
            who = f" of “{row.segment}”" if row.segment else ""
            sentences.append(
                f"The target for {row.measure}{who} ({row.owner}) fits no measure and segment of this run: "
                "it was not used."
            )
    return sentences


def _last_period(scorecard: pd.DataFrame) -> str:
    return sorted(scorecard["period"].unique())[-1]


def _assume(targets: pd.DataFrame) -> list[Assumption]:
    assumptions = []
    for owner, rows in targets.groupby("owner", sort=False):
        measures = join_words(
            [lower_first(LABELS.get(name, name)) for name in dict.fromkeys(rows["measure"])]
        )
        what = "This target is" if len(rows) == 1 else "These targets are"
        notes = " ".join(note for note in dict.fromkeys(rows["note"]) if note)
        text = f"{what} stated, not derived: {measures}. {notes}"
        assumptions.append(Assumption(text=text.strip(), owner=str(owner)))
    return assumptions


def _draw(rows: pd.DataFrame) -> list[Figure]:
    shown = rows[~rows["measure"].isin(RATES) & (rows["target"] > 0)]
    if shown.empty:
        return []
    data = pd.DataFrame(
        {
            "measure": shown["measure"].map(LABELS),
            "of_target": shown["actual"] / shown["target"],
            "actual": shown["actual"],
            "target": shown["target"],
            "unit": shown["measure"].map(FORMATS),
        }
    ).reset_index(drop=True)
    weakest = data.loc[data["of_target"].idxmin()]
    share = format_value(weakest["of_target"], "share")
    verb = "reached" if weakest["of_target"] >= 1 else "missed"
    title = f"Closest to being missed: {lower_first(weakest['measure'])} at {share} of its target"
    if verb == "missed":
        title = f"Furthest below its target: {lower_first(weakest['measure'])}, at {share} of it"
    left_out = [LABELS[name] for name in rows["measure"] if name in RATES]
    return [
        Figure(
            kind="bar",
            data=data,
            x="measure",
            y="of_target",
            reference=1.0,
            reference_label="target",
            highlight=weakest["measure"],
            title=title,
            subtitle=f"Actual as a share of the target, all customers, {rows['period'].iloc[0]}",
            alt=f"One bar per measure; the line marks the target. {title}.",
            caption=f"Not shown, being a change itself: {join_words(left_out)}." if left_out else "",
            formats={"of_target": "share", "actual": "by:unit", "target": "by:unit"},
        )
    ]
