"""The rules that a table's rows are held against: types, ranges, references, keys, the engagement's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from segutils import table_schema
from segutils.engagement import Engagement
from segutils.inputs import casting
from segutils.inputs.casting import Reading
from segutils.inputs.permissions import list_restricted
from segutils.statistics.spellings import MAX_CATEGORIES, match_spellings
from segutils.table_schema import Context, Severity, TableSchema

if TYPE_CHECKING:
    import ibis.expr.types as ir

RAW, REASON = "raw", "reason"
UNREADABLE = "not a "
PLACEHOLDERS = ("n/a", "#n/a", "#ref!", "#value!", "#name?", "#div/0!", "?", "??", "null", "nan")
TYPE_WORDS = {"timestamp": "date or time", "date": "date", "boolean": "yes or no"}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One rule on one column; the judged rows carry a column that says who breaks it (see :func:`mark`)."""

    column: str
    rule: str
    severity: Severity
    fix: str
    broken: ir.BooleanValue | None = None


def mark(number: int) -> str:
    """Name of the column that says whether a row breaks check `number`."""
    return f"check_{number}"


def check_repeats(
    judged: ir.Table, schema: TableSchema, cells: list[str], order: list[str], *, first: int
) -> tuple[ir.Table, list[Check]]:
    """Further rows of a key: the first in file order (or in the order of all cells) is kept."""
    usable = judged.mutate(usable=judged[REASON].isnull())
    ranked = usable.mutate(
        key_rank=ibis.row_number().over(group_by=["usable", *schema.key], order_by=order),
        cell_rank=ibis.row_number().over(group_by=["usable", *cells], order_by=order),
    )
    again = ranked.usable & (ranked.key_rank > 0)
    ranked = ranked.mutate(
        **{mark(first): again & (ranked.cell_rank > 0), mark(first + 1): again & (ranked.cell_rank == 0)}
    )
    key = " and ".join(schema.key)
    same = Check(
        column=schema.key[0], rule=f"same row again ({key})", severity="set_aside", fix="remove the copies"
    )
    other = Check(
        column=schema.key[0],
        rule=f"{key} again with other content",
        severity="set_aside",
        fix="decide which record is right; until then the first one is used",
    )
    reasons = [(ranked[mark(first + n)], f"{c.column}: {c.rule}") for n, c in enumerate((same, other))]
    return ranked.mutate(**{REASON: ibis.cases(*reasons, else_=ranked[REASON])}), [same, other]


def find_misspelt(
    typed: ir.Table, names: Mapping[str, str], schema: TableSchema
) -> dict[str, dict[str, str]]:
    """Which rare values of a category are a frequent one, misspelt?

    Parameters
    ----------
    typed : ibis table
    names : mapping of str to str
        Canonical column → column of `typed`.
    schema : TableSchema

    Returns
    -------
    dict of str to dict of str to str
        Column → wrong spelling → right one, by :func:`~segutils.statistics.spellings.match_spellings`.
    """
    found: dict[str, dict[str, str]] = {}
    for column in schema.columns:
        if not column.category or column.name not in names:
            continue
        counted = typed.group_by(value=typed[names[column.name]]).aggregate(rows=typed.count())
        counted = counted.filter(counted.value.notnull()).limit(MAX_CATEGORIES + 1)
        rows = {r["value"]: r["rows"] for r in counted.to_pyarrow().to_pylist()}
        wrong = match_spellings(rows) if len(rows) <= MAX_CATEGORIES else {}
        if wrong:
            found[column.name] = wrong
    return found


def _name_spellings(wrong: Mapping[str, str]) -> str:
    shown = [f"'{right}' for '{value}'" for value, right in list(wrong.items())[:3]]
    more = f" and {len(wrong) - 3} more spellings" if len(wrong) > 3 else ""
    return f"write {', '.join(shown)}{more}"


def list_checks(
    name: str,
    schema: TableSchema,
    base: ir.Table,
    raws: Mapping[str, str],
    reading: Reading,
    engagement: Engagement,
    accepted: Mapping[str, ir.Table],
) -> list[Check]:
    """Every rule that applies to the columns there are; `raws` names the source's cell of each column."""
    end = casting.end_of_day(engagement.as_of, engagement.timezone)
    context = Context(as_of_end=end, currency=engagement.currency)
    restricted = list_restricted(name, tuple(raws), engagement)
    checks: list[Check] = []

    def add(column: str, rule: str, severity: Severity, fix: str, broken: ir.BooleanValue) -> None:
        checks.append(
            Check(column=column, rule=rule, severity=severity, fix=fix, broken=broken.fill_null(False))
        )

    for column in (schema.by_name[c] for c in raws if c in schema.by_name):
        value, raw = base[column.name], base[raws[column.name]]
        aside: Severity = "set_aside" if column.required else "blank"
        if raw.type().is_string() and column.type != "string":
            given = (raw.strip() != "").fill_null(False)
            words = UNREADABLE + TYPE_WORDS.get(column.type, "number")
            add(column.name, words, aside, table_schema.SOURCE_FIX, value.isnull() & given)
            missing = ~given
        else:
            missing = value.isnull()
        if column.type == "string":
            is_placeholder = value.strip().lower().isin(PLACEHOLDERS)
            fix = "export an empty cell where there is no value"
            add(column.name, "a placeholder, not a value", aside, fix, is_placeholder)
        if column.required:
            add(column.name, "missing", "set_aside", "fill it in the source system", missing)
        elif column.filled:
            add(column.name, "empty", "gap", "fill it in the source system", missing)
        if wrong := reading.misspelt.get(column.name):
            fix = "write each value in one way" if column.name in restricted else _name_spellings(wrong)
            add(column.name, "misspelt", "flag", fix, value.isin(list(wrong)))
        if column.past:
            fix = "check the clock of the source system, and 'as_of' and 'timezone' of the engagement file"
            last = engagement.as_of
            late = value > last if column.type == "date" else value >= context.as_of_end
            add(column.name, f"after {last.isoformat()}", aside, fix, late)
            add(column.name, "before 1990", aside, table_schema.SOURCE_FIX, value < table_schema.EARLIEST)
        if column.low is not None:
            add(column.name, f"below {column.low:g}", aside, table_schema.SOURCE_FIX, value < column.low)
        if column.high is not None:
            add(column.name, f"above {column.high:g}", aside, table_schema.SOURCE_FIX, value > column.high)
        target, _, key = column.references.partition(".")
        if target in accepted and target != name:
            fix = f"send the missing rows of {target}, or correct the {column.name}"
            broken = value.notnull() & value.notin(accepted[target][key])
            add(column.name, f"not in {target}", column.reference_severity, fix, broken)
    for rule in schema.rules:
        if rule.column in raws and all(column in raws for column in rule.needs):
            add(rule.column, rule.words, rule.severity, rule.fix, rule.broken(base, context))
    for extra in engagement.rules:
        if extra.table != name or extra.column not in raws:
            continue
        value = base[extra.column]
        if extra.min is not None:
            add(extra.column, f"below {extra.min:g}", extra.treatment, extra.why, value < extra.min)
        if extra.max is not None:
            add(extra.column, f"above {extra.max:g}", extra.treatment, extra.why, value > extra.max)
    return checks
