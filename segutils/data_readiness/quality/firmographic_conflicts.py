"""Where do the client's systems disagree about the same customer, and whose value should be believed?"""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import pandas as pd

from segutils.data_readiness.quality.conflict_figures import FORMATS, plot_conflicts, plot_rules, say_field
from segutils.data_readiness.quality.record_conflicts import ANY, FIELDS, build_conflicts
from segutils.data_readiness.quality.rule_evidence import say_rule, score_rules
from segutils.data_readiness.quality.survivorship import COLUMNS, apply_survivorship, build_rules
from segutils.errors import InputError
from segutils.findings import Assumption, Finding, Need, Status
from segutils.formats import format_value, join_words, label_column, plural

SLUG = "firmographic-conflicts"
LABELS = {
    "customers": "Customers in two systems",
    "compared": "With a value in two",
    "differ": "Values differ",
    "share": "Differ, share of compared",
    "low": "From",
    "high": "To",
    "gaps": "Value in one or none",
    "rule": "Rule that decides",
    "checked": "Checked by hand",
    "right_share": "Rule is right",
    "right_low": "Right from",
    "right_high": "Right to",
}


def build_linked_records(
    records: ir.Table, links: ir.Table, *, fields: Sequence[str] = FIELDS
) -> pd.DataFrame:
    """What does each system say about the customers whose records are certain to belong together?

    Parameters
    ----------
    records : ibis table
        ``source, record_id``, optionally ``updated_at`` and fields.
    links : ibis table
        ``source, record_id, group_id``.
    fields : sequence of str
        Those that `records` has are kept.

    Returns
    -------
    pandas.DataFrame
        ``group_id, source, record_id``, ``updated_at`` where there is one, and the fields.
    """
    keep = [name for name in ("source", "record_id", "updated_at", *fields) if name in records.columns]
    joined = records.select(keep).join(
        links.select("source", "record_id", "group_id"), ["source", "record_id"]
    )
    return joined.select("group_id", *keep).order_by("source", "record_id").to_pandas()


def build_golden_record(
    records: pd.DataFrame | None, rules: pd.DataFrame, *, fields: Sequence[str] = FIELDS
) -> pd.DataFrame:
    """What is believed of each customer, field by field, and which system's record says so?

    Parameters
    ----------
    records : pandas.DataFrame, optional
        From :func:`build_linked_records`.
    rules : pandas.DataFrame
        ``field, rule, sources, owner``, as the engagement file states them; may be empty.
    fields : sequence of str
        Those that `records` has are kept.

    Returns
    -------
    pandas.DataFrame
        As :func:`~segutils.data_readiness.quality.survivorship.apply_survivorship` returns it, ``value`` as
        text, so that one column holds all fields; empty where no records were given.
    """
    if records is None:
        return pd.DataFrame({name: pd.Series(dtype="string") for name in COLUMNS})
    keys = [name for name in ("group_id", "source", "record_id", "updated_at") if name in records.columns]
    golden = apply_survivorship(records[[*keys, *(f for f in fields if f in records.columns)]], rules)
    return golden.assign(value=golden["value"].astype("string"))


def check_conflicts(
    records: pd.DataFrame | None,
    rules: pd.DataFrame,
    *,
    checked: pd.DataFrame | None = None,
    fields: Sequence[str] = FIELDS,
    tolerance: float = 0.05,
    max_conflict_share: float = 0.05,
    level: float = 0.95,
    max_p_value: float = 0.05,
) -> Finding:
    """Where do the systems disagree about the same customer, and does the declared rule pick the right value?

    Parameters
    ----------
    records : pandas.DataFrame, optional
        From :func:`build_linked_records`: ``group_id, source, record_id``, optionally ``updated_at``, fields.
    rules : pandas.DataFrame
        ``field, rule, sources, owner``, as the engagement file states them; may be empty.
    checked : pandas.DataFrame, optional
        ``customer_id, field, value``: checked by hand; the customer's id is the record's id in one system.
    fields : sequence of str
        What is compared, where `records` has it.
    tolerance : float
        Share (0-1) of the larger number by which two numbers may differ without being in conflict.
    max_conflict_share : float
        Of compared customers, in any field; above it the status is ``caution``.
    level : float
        Confidence level of the intervals.
    max_p_value : float
        Below it another rule counts as measurably better than the declared one (McNemar's exact test, Holm).

    Returns
    -------
    Finding
        Table: ``field, customers, compared, differ, share, low, high, gaps, rule, owner, checked,
        right_share, right_low, right_high``, the field with most conflicts first.

    Raises
    ------
    InputError
        If `tolerance` is not a share below 1.
    """
    if not 0 <= tolerance < 1:
        raise InputError(
            f"a tolerance of {tolerance} cannot be used",
            where="parameter tolerance",
            fix="give a share from 0 to below 1, such as 0.05",
        )
    if records is None or records["source"].nunique() < 2:
        return _not_run(records)
    conflicts = build_conflicts(records, fields=fields, tolerance=tolerance, level=level)
    evidence = None
    if checked is not None and len(checked):
        evidence = score_rules(records, checked, rules, fields=fields, tolerance=tolerance, level=level)
        evidence = evidence if len(evidence) else None
    table = _build_table(conflicts, build_rules(list(conflicts["field"].unique()), rules), evidence)
    better = _list_better(evidence, max_p_value)
    over = bool((table["share"] > max_conflict_share).any())
    status: Status = "caution" if over or len(better) else "pass"
    nothing = not table["compared"].any()
    return Finding(
        slug=SLUG,
        status="info" if nothing else status,
        headline=_headline(table, evidence is not None),
        table=table,
        formats=FORMATS,
        labels=LABELS,
        figures=() if nothing else (plot_conflicts(conflicts, table), *plot_rules(evidence, better)),
        notes=() if nothing else (*_say_rules(evidence, better), _say_gaps(table)),
        assumptions=() if nothing else _list_assumptions(table, tolerance),
        limits=_list_limits(evidence),
        needs=() if nothing else _list_needs(records, table, evidence),
    )


def _not_run(records: pd.DataFrame | None) -> Finding:
    need = Need(
        question="What do the systems (such as ERP, CRM and webshop) each say about a customer?",
        table="source_records",
        columns=("source", "record_id", "updated_at", "industry", "employees", "annual_revenue"),
    )
    why = "no system's own records were given" if records is None else "records of one system only were given"
    return Finding(
        slug=SLUG,
        status="not_run",
        headline=f"Whether systems disagree about the same customer is not known: {why}.",
        table=pd.DataFrame(columns=["field", "customers", "compared", "differ", "share"]),
        needs=(need,),
    )


def _build_table(conflicts: pd.DataFrame, rules: pd.DataFrame, evidence: pd.DataFrame | None) -> pd.DataFrame:
    table = conflicts[conflicts["sources"] == ANY].drop(columns="sources")
    words = [say_rule(rule, sources) for rule, sources in zip(rules["rule"], rules["sources"], strict=True)]
    table = table.merge(rules.assign(rule=words)[["field", "rule", "owner"]], on="field")
    right = ["right_share", "right_low", "right_high"]
    if evidence is None:
        table = table.assign(checked=0, **dict.fromkeys(right, float("nan")))
    else:
        declared = evidence[evidence["declared"]]
        declared = declared.rename(columns=dict(zip(["share", "low", "high"], right, strict=True)))
        table = table.merge(declared[["field", "checked", *right]], on="field", how="left")
        table["checked"] = table["checked"].fillna(0).astype(int)
    table = table.sort_values("share", ascending=False, kind="stable", ignore_index=True)
    return table.assign(field=table["field"].map(label_column))


def _list_better(evidence: pd.DataFrame | None, max_p_value: float) -> pd.DataFrame:
    """Per field the best of the rules that are measurably better than the declared one."""
    if evidence is None:
        return pd.DataFrame(columns=["field", "rule", "share"])
    better = evidence[(evidence["p_value"] < max_p_value) & (evidence["gained"] > evidence["lost"])]
    return better.sort_values("share", ascending=False, kind="stable").drop_duplicates("field")


def _headline(table: pd.DataFrame, is_checked: bool) -> str:
    if not table["compared"].any():
        return (
            "No two systems hold a value for the same customer: there is nothing in which they could differ."
        )
    top = table.iloc[0]
    of = plural(int(table["customers"].max()), "customer")
    if not table["differ"].any():
        return f"For the {of} that two systems know, the systems agree in every field compared."
    others = table.iloc[1:]
    others = others[others["differ"] > 0].head(2)
    rest = join_words(
        [f"{say_field(r.field)} {format_value(r.share, 'share:0')}" for r in others.itertuples()]
    )
    start = (
        f"Where two systems state {say_field(top['field'])}, they differ for "
        f"{format_value(top['share'], 'share:0')} of the customers{f' ({rest})' if rest else ''}"
    )
    if not is_checked or pd.isna(top["right_share"]):
        return f"{start}; which of them is right has not been checked."
    right = format_value(top["right_share"], "share:0")
    ends = (
        f"{format_value(100 * top['right_low'], 'number:0')} to {format_value(top['right_high'], 'share:0')}"
    )
    return (
        f"{start}; the rule that decides ({top['rule']}) is right for {right} of the {top['checked']:,} "
        f"customers checked by hand ({ends})."
    )


def _say_rules(evidence: pd.DataFrame | None, better: pd.DataFrame) -> list[str]:
    if evidence is None:
        return ["No customer was checked by hand, so it is not known which rule picks the right value."]
    found = []
    for field, rules in evidence.groupby("field", sort=False):
        own = rules[rules["declared"]].iloc[0]
        right = f"{format_value(own['share'], 'share:0')} of {plural(own['checked'], 'customer')}"
        start = f"{label_column(field)}: “{own['rule']}” is right for {right}"
        winner = better[better["field"] == field]
        others = rules[~rules["declared"]]
        if len(winner):
            row = winner.iloc[0]
            found.append(
                f"{start}, “{row['rule']}” for {format_value(row['share'], 'share:0')} (it gains "
                f"{row['gained']:,} and loses {row['lost']:,}): the rule should change."
            )
        elif others.empty:
            found.append(f"{start}; there is no other rule to compare.")
        else:
            row = others.iloc[0]
            most = format_value(row["share"], "share:0")
            found.append(f"{start}, and no other is measurably better (next: “{row['rule']}”, {most}).")
    return found


def _say_gaps(table: pd.DataFrame) -> str:
    top = table.loc[table["gaps"].idxmax()]
    if not top["gaps"]:
        return "Every customer that two systems know has a value in two of them: there are no gaps."
    share = format_value(top["gaps"] / top["customers"], "share:0")
    return (
        f"A gap is no conflict: {say_field(top['field'])} is missing most often, {share} of the "
        f"{plural(top['customers'], 'customer')} in two systems have it in one of them at most."
    )


def _list_assumptions(table: pd.DataFrame, tolerance: float) -> tuple[Assumption, ...]:
    limit = format_value(tolerance, "share:0")
    near = Assumption(
        text=f"Two numbers are in conflict where the smaller lies more than {limit} below the larger.",
        owner="playbook default, parameter tolerance",
    )
    groups = table.groupby(["rule", "owner"], sort=False)["field"].agg(list)
    return (
        near,
        *(
            Assumption(
                text=f"{join_words(fields)}: the value that stands is chosen by “{rule}”.", owner=owner
            )
            for (rule, owner), fields in groups.items()
        ),
    )


def _list_limits(evidence: pd.DataFrame | None) -> tuple[str, ...]:
    linked = (
        "Only records that belong together beyond doubt are compared. Those that could not be linked have "
        "changed more, so the share of conflicts among all customers may be higher."
    )
    if evidence is None:
        return (linked,)
    return (
        linked,
        "A rule is right or wrong against values checked by hand; where all systems hold the same outdated "
        "value, no rule can be right.",
    )


def _list_needs(
    records: pd.DataFrame, table: pd.DataFrame, evidence: pd.DataFrame | None
) -> tuple[Need, ...]:
    found = []
    unchecked = table["field"][(table["checked"] == 0) & (table["differ"] > 0)]
    if len(unchecked):
        fields = join_words([say_field(field) for field in unchecked])
        found.append(
            Need(
                question=f"Which value is right where systems differ ({fields})? A sample checked by hand",
                table="provider_truth",
                columns=("customer_id", "field", "value"),
            )
        )
    if "updated_at" not in records or records["updated_at"].isna().all():
        question = "When was each record last touched? Without it no rule can prefer the most recent"
        found.append(Need(question=question, table="source_records", columns=("updated_at",)))
    return tuple(found)
