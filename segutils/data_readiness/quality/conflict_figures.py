"""How conflicts between systems, and the rules that settle them, are drawn."""

from __future__ import annotations

import pandas as pd

from segutils.data_readiness.quality.record_conflicts import ANY
from segutils.findings import Figure
from segutils.formats import format_value, join_words, label_column, plural

FORMATS = {
    **dict.fromkeys(["customers", "compared", "differ", "gaps", "checked"], "count"),
    **dict.fromkeys(["share", "low", "high", "right_share", "right_low", "right_high"], "share"),
}


def say_field(field: str) -> str:
    """A field's name inside a sentence."""
    return field.replace("_", " ").lower()


def plot_conflicts(conflicts: pd.DataFrame, table: pd.DataFrame) -> Figure:
    """On which fields do which two systems disagree most?

    Parameters
    ----------
    conflicts : pandas.DataFrame
        From :func:`~segutils.data_readiness.quality.record_conflicts.build_conflicts`.
    table : pandas.DataFrame
        The finding's table: fields in the order to draw, with ``compared, differ``.

    Returns
    -------
    Figure
    """
    data = conflicts.assign(field=conflicts["field"].map(label_column))
    rank = {field: place for place, field in enumerate(table["field"])}
    data = data.sort_values("field", key=lambda names: names.map(rank), kind="stable", ignore_index=True)
    pairs = data[data["sources"] != ANY]
    top = pairs.loc[pairs["share"].idxmax()]
    never = table["field"][(table["compared"] > 0) & (table["differ"] == 0)].tolist()
    title = "The systems agree in every field compared"
    if table["differ"].any():
        title = (
            f"{top['sources']} differ most on {say_field(top['field'])}: for "
            f"{format_value(top['share'], 'share:0')} of the customers compared"
        )
        title = (
            f"{title}; never on {join_words([say_field(field) for field in never], last='or')}" * bool(never)
            or title
        )
    return Figure(
        kind="heatmap",
        data=data,
        x="sources",
        y="share",
        series="field",
        title=title,
        subtitle="Customers whose values differ, share of those with a value in both systems",
        alt=f"Matrix of {plural(data['field'].nunique(), 'field')} by pairs of systems. {title}.",
        caption="Each system's most recent value counts. Spelling and missing values are no conflict.",
        formats={k: v for k, v in FORMATS.items() if k in data.columns},
        highlight=str(top["field"]) if table["differ"].any() else None,
    )


def plot_rules(evidence: pd.DataFrame | None, better: pd.DataFrame) -> tuple[Figure, ...]:
    """How often is the declared rule right, and how often the best other one?

    Parameters
    ----------
    evidence : pandas.DataFrame or None
        From :func:`~segutils.data_readiness.quality.rule_evidence.score_rules`; None: nothing was checked.
    better : pandas.DataFrame
        ``field``: those of which another rule is measurably better.

    Returns
    -------
    tuple of Figure
        One, or none.
    """
    if evidence is None:
        return ()
    own = evidence[evidence["declared"]]
    others = evidence[~evidence["declared"]].drop_duplicates("field")
    data = pd.concat([own.assign(which="declared rule"), others.assign(which="best other rule")]).sort_values(
        "field", key=lambda names: names.map({f: n for n, f in enumerate(own["field"])}), kind="stable"
    )
    data = data.assign(field=data["field"].map(label_column)).reset_index(drop=True)
    wrong = [say_field(field) for field in better["field"]]
    title = (
        f"Another rule would pick the right value more often for {join_words(wrong)}"
        if wrong
        else "No other rule is measurably better than the declared ones"
    )
    said = join_words([f"{r.field} {r.rule} {format_value(r.share, 'share:0')}" for r in data.itertuples()])
    return (
        Figure(
            kind="dot",
            data=data[
                ["field", "which", "rule", "share", "low", "high", "checked", "gained", "lost", "p_value"]
            ],
            x="field",
            y="share",
            series="which",
            low="low",
            high="high",
            title=title,
            subtitle="Customers checked by hand: share for whom the rule is right, with interval",
            alt=f"Two dots with their intervals per field. {said}. {title}.",
            caption="Both rules are judged on the same customers, so a difference can be certain although "
            "intervals overlap (McNemar's test).",
            formats={"share": "share", "low": "share", "high": "share", "p_value": "number:3"},
        ),
    )
