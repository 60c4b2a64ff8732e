"""For which customers does a condition of the engagement file hold? Conditions as ibis expressions.

``days_since(transactions.ordered_at) <= 365 and region != "Export"`` becomes a query that runs wherever the
data is. The text is never evaluated: its tree is checked first (:mod:`segutils.condition_checks`), and then
each part of it is written as the ibis expression that means the same.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from segutils import condition_checks
from segutils.condition_checks import CUSTOMERS, Checked, Kind, Measure
from segutils.table_schema import local_date_name

EPOCH = date(1970, 1, 1)
SECONDS_A_DAY = 86_400
OWN, LOOKED_UP = "own_{}", "measure_{}"  # names that no two columns can share
NOTHING_IS_ZERO = ("count", "sum")


def build_condition(
    text: str,
    *,
    customers: ir.Table,
    tables: Mapping[str, ir.Table],
    as_of: date,
    dates: Mapping[str, str],
) -> ir.Table:
    """For which customers does this condition hold on a day?

    Parameters
    ----------
    text : str
    customers, tables, as_of, dates
        As for :func:`build_conditions`.

    Returns
    -------
    ibis.Table
        ``customer_id, holds``, one row per customer; ``holds`` is never null.
    """
    return build_conditions({"holds": text}, customers=customers, tables=tables, as_of=as_of, dates=dates)


def build_conditions(
    conditions: Mapping[str, str],
    *,
    customers: ir.Table,
    tables: Mapping[str, ir.Table],
    as_of: date,
    dates: Mapping[str, str],
) -> ir.Table:
    """For which customers does each of these conditions hold on a day?

    Parameters
    ----------
    conditions : mapping of str to str
        Name of the column to make → condition.
    customers : ibis.Table
        ``customer_id`` (unique) and the columns that conditions name.
    tables : mapping of str to ibis.Table
        The tables that conditions name; each with ``customer_id``.
    as_of : datetime.date
        The day, in the client's zone. Rows dated after it are not looked at, so that a condition can be held
        against what was known on an earlier day. Columns of `customers` have no history: they are today's.
    dates : mapping of str to str
        Table → column with the date of its rows (``{"transactions": "ordered_on"}``). A table that is not
        named has no time: all its rows count, and ``days=`` is refused.

    Returns
    -------
    ibis.Table
        ``customer_id`` and one boolean column per condition, never null; one row per customer.

    Raises
    ------
    ExpressionError
        A condition names or compares what it cannot; see
        :func:`segutils.condition_checks.check_condition`.

    Notes
    -----
    ``days_since(table.moment)`` is the days from the latest moment to `as_of`: 0 on the day itself.
    ``days=365`` covers `as_of` and the 364 days before. ``count`` counts different values. Where a customer
    has no rows, ``count`` and ``sum`` are 0; ``days_since``, ``mean``, ``min`` and ``max`` are missing. A
    comparison with something missing is false, however it is written; ``not`` then makes it true: ``not
    days_since(transactions.ordered_at) <= 365`` includes customers who never ordered, and
    ``days_since(transactions.ordered_at) > 365`` does not. Sums are exact where the column is (money;
    SQLite has no exact decimals); arithmetic is done in float64, and dividing by 0 gives a missing value.
    """
    kinds = list_kinds({CUSTOMERS: customers, **tables})
    checked = {name: condition_checks.check_condition(text, kinds) for name, text in conditions.items()}
    for condition in checked.values():
        _check_dates(condition, dates)
    columns = list(dict.fromkeys(c for condition in checked.values() for c in condition.columns))
    measures = list(dict.fromkeys(m for condition in checked.values() for m in condition.measures))
    own = {OWN.format(number): customers[column] for number, column in enumerate(columns)}
    rows = customers.select("customer_id", **own)
    for table in dict.fromkeys(measure.table for measure in measures):
        wanted = {LOOKED_UP.format(n): m for n, m in enumerate(measures) if m.table == table}
        looked_up = _look_up(tables[table], wanted, as_of=as_of, dated=dates.get(table))
        rows = rows.left_join(looked_up, "customer_id").drop("customer_id_right")
    writer = _Writer(
        own={column: rows[OWN.format(number)] for number, column in enumerate(columns)},
        measures={m: _fill(m, rows[LOOKED_UP.format(n)]) for n, m in enumerate(measures)},
        as_of=as_of,
    )
    return rows.select("customer_id", **{name: writer.hold(c.tree) for name, c in checked.items()})


def list_kinds(tables: Mapping[str, ir.Table]) -> dict[str, dict[str, Kind]]:
    """Table → column → kind, as :func:`segutils.condition_checks.check_condition` wants them."""
    return {
        name: {column: condition_checks.kind_of(str(type_)) for column, type_ in table.schema().items()}
        for name, table in tables.items()
    }


def _check_dates(condition: Checked, dates: Mapping[str, str]) -> None:
    for measure in condition.measures:
        if measure.days and measure.table not in dates:
            what = f"'{measure.function}({measure.table}.{measure.column}, days={measure.days})': "
            what += f"{measure.table} has no time to look back over"
            raise condition_checks.ExpressionError(what, "leave out days")


def _look_up(table: ir.Table, measures: Mapping[str, Measure], *, as_of: date, dated: str | None) -> ir.Table:
    """One row per customer with rows: each measure from a single grouping of the table."""
    known = table.filter(table.customer_id.notnull())
    if dated:
        known = known.filter(known[dated].isnull() | (known[dated] <= as_of))
    return known.group_by("customer_id").aggregate(
        **{name: _aggregate(known, m, as_of=as_of, dated=dated) for name, m in measures.items()}
    )


def _aggregate(rows: ir.Table, measure: Measure, *, as_of: date, dated: str | None) -> ir.Value:
    column, where = rows[measure.column], None
    if measure.days and dated:
        where = rows[dated].between(as_of - timedelta(days=measure.days - 1), as_of)
    match measure.function:
        case "days_since":
            day = _find_day(rows, measure.column)
            return _days_until(day.max(where=day <= as_of), as_of)
        case "count":
            return column.nunique(where=where)
        case "sum":
            return column.sum(where=where)
        case "mean":  # an engine's own mean of money may be rounded on the way
            counted = column.count(where=where).cast("float64")
            return column.sum(where=where).cast("float64") / counted.nullif(0.0)
        case "min":
            return column.min(where=where)
    return column.max(where=where)


def _find_day(rows: ir.Table, column: str) -> ir.DateValue:
    """The day of a moment in the client's zone, where ingestion left it beside; else the column's own."""
    local = local_date_name(column)
    found = rows[local if column != local and local in rows.columns else column]
    return found if isinstance(found, ir.DateValue) else found.cast("date")


def _days_until(day: ir.DateValue, as_of: date) -> ir.IntegerValue:
    # engines count the days between two dates differently; seconds since 1970 are the same everywhere
    days = day.cast("timestamp").epoch_seconds().cast("float64") / SECONDS_A_DAY
    return ibis.literal((as_of - EPOCH).days) - days.round().cast("int64")


def _fill(measure: Measure, value: ir.Value) -> ir.Value:
    return value.coalesce(0) if measure.function in NOTHING_IS_ZERO else value


@dataclass(frozen=True, kw_only=True)
class _Writer:
    """Writes the parts of a checked condition as expressions."""

    own: Mapping[str, ir.Value]
    measures: Mapping[Measure, ir.Value]
    as_of: date

    def hold(self, node: ast.expr) -> ir.BooleanValue:
        """A condition that is true or false, never unknown."""
        return self.write(node).coalesce(False)

    def write(self, node: ast.expr) -> ir.Value:
        number = condition_checks.read_number(node)
        if number is not None:
            whole = float(number).is_integer()
            return ibis.literal(int(number) if whole else float(number), type="int64" if whole else "float64")
        match node:
            case ast.Constant():
                return ibis.literal(node.value)
            case ast.Name() | ast.Attribute():
                return self.own[condition_checks.column_of(node)]
            case ast.Call():
                return self._write_call(node)
            case ast.UnaryOp():
                if isinstance(node.op, ast.Not):
                    return ~self.hold(node.operand)
                value = self.write(node.operand)
                return -value if isinstance(node.op, ast.USub) else value
            case ast.BoolOp():
                parts = [self.hold(value) for value in node.values]
                return ibis.and_(*parts) if isinstance(node.op, ast.And) else ibis.or_(*parts)
            case ast.BinOp():
                return _compute(self.write(node.left), node.op, self.write(node.right))
            case ast.Compare():
                operands = [node.left, *node.comparators]
                parts = [
                    self._compare(left, operator, right)
                    for left, operator, right in zip(operands[:-1], node.ops, operands[1:], strict=True)
                ]
                return ibis.and_(*parts)
        raise ValueError(f"a checked condition has no {type(node).__name__}")

    def _write_call(self, node: ast.Call) -> ir.Value:
        measure = condition_checks.read_measure(node)
        if measure.table != CUSTOMERS:
            return self.measures[measure]
        day = self.own[measure.column].cast("date")
        return _days_until((day <= self.as_of).ifelse(day, ibis.null("date")), self.as_of)

    def _compare(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ir.BooleanValue:
        if isinstance(operator, ast.In | ast.NotIn):
            value = _as_day(self.write(left))
            elements = [self._write_beside(element, value) for element in right.elts]  # type: ignore[attr-defined]
            found = ibis.or_(*[_equal(value, element) for element in elements])
            return (found if isinstance(operator, ast.In) else ~found).coalesce(False)
        first = self._write_beside(left, self.write(right))
        second = self._write_beside(right, self.write(left))
        first, second = _alike(_as_day(first), _as_day(second))
        written = {
            ast.Eq: first == second,
            ast.NotEq: first != second,
            **(_order(first, second) if not isinstance(first, ir.StringValue | ir.BooleanValue) else {}),
        }
        return written[type(operator)].coalesce(False)

    def _write_beside(self, node: ast.expr, other: ir.Value) -> ir.Value:
        """A text beside a day is a day."""
        day = condition_checks.read_day(node)
        is_day = day is not None and isinstance(other, ir.DateValue | ir.TimestampValue)
        return ibis.literal(day) if is_day else self.write(node)


def _as_day(value: ir.Value) -> ir.Value:
    return value.cast("date") if isinstance(value, ir.TimestampValue) else value


def _equal(value: ir.Value, element: ir.Value) -> ir.BooleanValue:
    first, second = _alike(value, element)
    return first == second


def _order(first: ir.Value, second: ir.Value) -> dict[type[ast.cmpop], ir.BooleanValue]:
    return {
        ast.Lt: first < second,
        ast.LtE: first <= second,
        ast.Gt: first > second,
        ast.GtE: first >= second,
    }


def _alike(first: ir.Value, second: ir.Value) -> Sequence[ir.Value]:
    """Two numbers as they are, or both as float64 where one of them is: engines disagree on mixed ones."""
    both = isinstance(first, ir.NumericValue) and isinstance(second, ir.NumericValue)
    if both and (isinstance(first, ir.FloatingValue) != isinstance(second, ir.FloatingValue)):
        return first.cast("float64"), second.cast("float64")
    return first, second


def _compute(first: ir.NumericValue, operator: ast.operator, second: ir.NumericValue) -> ir.NumericValue:
    left, right = first.cast("float64"), second.cast("float64")
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
    return left / right.nullif(0.0)
