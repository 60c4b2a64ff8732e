"""Do the client's tables keep the contract, what was set aside, and what should be fixed at the source?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from segutils.findings import Finding, Need, Status
from segutils.formats import format_value, join_words, lower_first, plural

SLUG = "contract"
MAX_LINES = 6  # on the counts of single tables
MAX_ROWS = 10  # of the report's page; the whole list goes to the people who correct the source
SEVERITIES = {  # as a code review would say it, worst first
    "fatal": "fatal",
    "set_aside": "error",
    "blank": "warning",
    "flag": "warning",
    "gap": "note",
}


def check_contract(
    counts: pd.DataFrame,
    faults: pd.DataFrame,
    *,
    as_of: date,
    last_day: date | None = None,
    max_set_aside_share: float = 0.01,
    max_set_aside_share_fail: float = 0.05,
    max_flagged_share: float = 0.05,
    max_gap_share: float = 0.2,
    max_age_days: int = 31,
) -> Finding:
    """Can the client's tables be used as they came, and which rows cannot?

    Parameters
    ----------
    counts : pandas.DataFrame
        ``table, rows_in, rows_used, rows_set_aside, rows_added, read_as, rows_withheld``, one row per table.
    faults : pandas.DataFrame
        ``table, column, rule, severity, treatment, rows, share, examples, fix``, one row per broken rule; may
        be empty. Severity is ``fatal``, ``set_aside``, ``blank``, ``flag`` or ``gap``.
    as_of : datetime.date
        The stated last day of the data.
    last_day : datetime.date, optional
        The last day on which an order line lies.
    max_set_aside_share : float
        Of any table's rows (0-1); above it the data hold with limits.
    max_set_aside_share_fail : float
        Of any table's rows; above it the data do not hold.
    max_flagged_share : float
        Of any table's rows that break one rule and are used nevertheless; above it the data hold with limits.
    max_gap_share : float
        Of a column's cells that are empty though each row should have one; above it the data hold with
        limits.
    max_age_days : int
        Between the last order line and `as_of`; above it the data hold with limits.

    Returns
    -------
    Finding
        Table: the broken rules as a review lists them, worst first, the `MAX_ROWS` first ones; where there
        are none, the counts. A fatal fault (see the engagement's gate) fails the contract.

    Notes
    -----
    The thresholds are the playbook's own convention: no published standard fits every client.
    """
    rows_in, aside = int(counts.rows_in.sum()), int(counts.rows_set_aside.sum())
    used, added = int(counts.rows_used.sum()), int(counts.rows_added.sum())
    withheld = int(counts.rows_withheld.sum())
    if rows_in != used + aside + withheld:
        raise ValueError(f"{rows_in} rows in are not {used} used, {aside} set aside and {withheld} withheld")
    shares = counts.rows_set_aside / counts.rows_in
    worst_share = float(shares.max())
    worst_table = str(counts.table[shares.idxmax()])
    fatal = faults[faults.severity == "fatal"]
    kept = faults[faults.severity.isin(["blank", "flag"])]
    gaps = faults[faults.severity == "gap"]
    age = (as_of - last_day).days if last_day else None
    problems = []
    if worst_share > max_set_aside_share:
        limit = format_value(max_set_aside_share, "share:0")
        problems.append(
            f"{format_value(worst_share, 'share')} of {worst_table} cannot be used (limit {limit})"
        )
    if len(kept) and kept.share.max() > max_flagged_share:
        top = kept.loc[kept.share.idxmax()]
        where = f" ({top['column']})" if top["column"] else ""
        problems.append(f"{format_value(top.share, 'share')} of {top.table} are marked “{top.rule}”{where}")
    if len(gaps) and gaps.share.max() > max_gap_share:
        top = gaps.loc[gaps.share.idxmax()]
        problems.append(f"{format_value(top.share, 'share:0')} of {top.table} have no {top['column']}")
    if age is not None and age > max_age_days:
        problems.append(f"the last order line is {plural(age, 'day')} older than the stated last day")
    is_broken = len(fatal) > 0 or worst_share > max_set_aside_share_fail
    status: Status = "fail" if is_broken else "caution" if problems else "pass"
    reviewed = review_faults(faults)
    return Finding(
        slug=SLUG,
        status=status,
        headline=_headline(rows_in, used, aside, withheld, len(fatal), problems),
        table=reviewed.drop(columns="what").head(MAX_ROWS) if len(faults) else counts.reset_index(drop=True),
        formats={"rows": "count", "share": "share:1"}
        if len(faults)
        else {name: "count" for name in counts.columns if name.startswith("rows_")},
        labels={"read_as": "Read as", "rows": "Rows", "share": "Share"},
        notes=(
            *_rest_note(reviewed),
            *_count_lines(counts),
            *_added_note(added),
            *_age_note(age, last_day, as_of),
        ),
        limits=(
            "The rules see what contradicts the contract or another table; an amount that is wrong but "
            "plausible stays unseen.",
            "A row that breaks two rules is counted under each; it is set aside once.",
        ),
        needs=_list_needs(faults),
    )


def review_faults(faults: pd.DataFrame) -> pd.DataFrame:
    """What is to be corrected in which table, as a review of code would list it?

    Parameters
    ----------
    faults : pandas.DataFrame
        As in :func:`check_contract`.

    Returns
    -------
    pandas.DataFrame
        ``severity`` (fatal, error, warning, note), ``where`` (table.column), ``rule, rows, share, what``
        (what was done with the rows), ``examples`` (up to three rows, masked), ``fix``; worst first, within
        a severity the most frequent first.
    """
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}
    ordered = faults.assign(rank=faults.severity.map(rank)).sort_values(
        ["rank", "share"], ascending=[True, False], kind="stable", ignore_index=True
    )
    places = [f"{t}.{c}" if c else t for t, c in zip(ordered.table, ordered["column"], strict=True)]
    return pd.DataFrame(
        {
            "severity": ordered.severity.map(SEVERITIES),
            "where": places,
            "rule": ordered.rule,
            "rows": ordered.rows,
            "share": ordered.share,
            "what": ordered.treatment,
            "examples": [
                text.replace(f"{column} is ", "")
                for text, column in zip(ordered.examples, ordered["column"], strict=True)
            ],
            "fix": ordered.fix,
        }
    )


def _headline(rows_in: int, used: int, aside: int, withheld: int, fatal: int, problems: list[str]) -> str:
    share = format_value(used / rows_in, "share")
    if aside or withheld:
        parts = [f"{aside:,} set aside, each with its reason"] * bool(aside)
        parts += [f"{withheld:,} withheld for want of consent or for their age"] * bool(withheld)
        base = f"{used:,} of {rows_in:,} rows ({share}) are used and {join_words(parts)}"
    else:
        base = f"All {rows_in:,} rows are used"
    if fatal:
        base = f"The data have {plural(fatal, 'fatal fault')} and were used all the same: {lower_first(base)}"
    return f"{base}, but {join_words(problems)}." if problems else f"{base}."


def _rest_note(reviewed: pd.DataFrame) -> tuple[str, ...]:
    rest = reviewed.severity[MAX_ROWS:].value_counts(sort=False)
    if rest.empty:
        return ()
    kinds = join_words([plural(int(count), str(kind)) for kind, count in rest.items()])
    return (f"Not on this page: {kinds}. The whole list is the file exports/contract_review.csv of the run.",)


def _count_lines(counts: pd.DataFrame) -> list[str]:
    """A line per table; of many tables, those of which every row is used share one."""
    is_whole = counts.rows_set_aside.eq(0) & counts.rows_added.eq(0) & counts.rows_withheld.eq(0)
    if len(counts) <= MAX_LINES or is_whole.sum() < 2:
        return [_count_line(row) for row in counts.to_dict("records")]
    whole, rows = counts.table[is_whole], int(counts.rows_in[is_whole].sum())
    lines = [_count_line(row) for row in counts[~is_whole].to_dict("records")]
    return [*lines, f"{len(whole)} further tables: {rows:,} rows in, all used ({', '.join(whole)})."]


def _count_line(row: Mapping[str, Any]) -> str:
    """The line that the packs print: rows in = used + set aside."""
    parts = f"{row['rows_used']:,} used + {row['rows_set_aside']:,} set aside"
    if row["rows_withheld"]:
        parts += f" + {row['rows_withheld']:,} withheld"
    read_as = f" (read as {row['read_as']})" if row.get("read_as") else ""
    return f"{row['table']}: {row['rows_in']:,} rows in = {parts}{read_as}."


def _added_note(added: int) -> tuple[str, ...]:
    if not added:
        return ()
    words = "customer without a record of their own was" if added == 1 else "customers without a record were"
    return (f"{added:,} {words} added because they bought; nothing else is known of them.",)


def _age_note(age: int | None, last_day: date | None, as_of: date) -> tuple[str, ...]:
    if age is None or last_day is None:
        return ()
    if age == 0:
        return (f"The last order line is of {last_day.isoformat()}, the stated last day of the data.",)
    return (
        f"The last order line is of {last_day.isoformat()}, {plural(age, 'day')} before the stated last day "
        f"({as_of.isoformat()}).",
    )


def _list_needs(faults: pd.DataFrame) -> tuple[Need, ...]:
    """Broken references are answered by the rows that are missing on the other side."""
    found = []
    for fault in faults[faults.rule.str.startswith("not in ")].to_dict("records"):
        target, rows = fault["rule"].removeprefix("not in "), plural(fault["rows"], "row")
        verb = "names" if fault["rows"] == 1 else "name"
        question = (
            f"Which {target} are those that {rows} of {fault['table']} {verb} and the table does not list?"
        )
        found.append(Need(question=question, table=target, columns=(fault["column"],)))
    return tuple(found)
