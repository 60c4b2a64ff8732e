"""Does a condition about a customer make sense: known names, known functions, numbers compared with numbers?

Nothing is read but names and kinds of columns, so that a condition is checked as soon as the engagement file
is loaded and not only when it meets the data.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Literal

from segutils.expressions import ExpressionError, read_condition

Kind = Literal["number", "text", "flag", "date", "any"]  # any: nobody knows yet
FUNCTIONS: Mapping[str, str] = {
    "days_since": "days_since(table.moment)",
    "count": "count(table.column, days=365)",
    "sum": "sum(table.number, days=365)",
    "mean": "mean(table.number, days=365)",
    "min": "min(table.number, days=365)",
    "max": "max(table.number, days=365)",
}
CUSTOMERS = "customers"
WORDS: Mapping[Kind, str] = {"number": "a number", "text": "a text", "flag": "yes or no", "date": "a day"}
DEEPEST = 40  # brackets within brackets, and operators within operators
LARGEST = 10**15  # beyond it, engines no longer agree on a number's last digits


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What a condition looks up in a customer's rows: ``sum(transactions.net_revenue, days=365)``.

    `days` is 0 where all rows up to the day in question count.
    """

    function: str
    table: str
    column: str
    days: int = 0


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A condition that can be computed.

    Parameters
    ----------
    text : str
    tree : ast.expr
    columns : tuple of str
        Columns of customers that it reads.
    measures : tuple of Measure
        What it looks up in other tables, each once.
    """

    text: str
    tree: ast.expr = field(repr=False, compare=False)
    columns: tuple[str, ...]
    measures: tuple[Measure, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns it reads, as written: ``region``, ``transactions.net_revenue``."""
        looked_up = [f"{measure.table}.{measure.column}" for measure in self.measures]
        return tuple(dict.fromkeys([*self.columns, *looked_up]))


def check_condition(text: str, kinds: Mapping[str, Mapping[str, Kind]]) -> Checked:
    """Can this condition be computed on these tables?

    Parameters
    ----------
    text : str
    kinds : mapping of str to mapping of str to {"number", "text", "flag", "date", "any"}
        Table → column → kind, of every table that is given (see :func:`kind_of`).

    Returns
    -------
    Checked

    Raises
    ------
    ExpressionError
        It names what there is not, calls what there is not, or compares what cannot be compared; with the
        place in the text.
    """
    text = read_condition(text).text
    tree = ast.parse(text, mode="eval").body
    _check_depth(tree)
    kind = _Reader(text=text, kinds=kinds).find_kind(tree)
    if kind not in ("flag", "any"):
        what = f"{_place(text, tree)} is {WORDS[kind]}, not a condition"
        raise ExpressionError(what, "compare it with something, such as > 0")
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    measures = [measure for measure in map(read_measure, _in_order(calls)) if measure.table != CUSTOMERS]
    columns = [column_of(node) for node in _in_order(_list_own(tree))]
    return Checked(
        text=text,
        tree=tree,
        columns=tuple(dict.fromkeys(columns)),
        measures=tuple(dict.fromkeys(measures)),
    )


def kind_of(type_: str) -> Kind:
    """Kind of a column by its ibis type: ``"decimal(18, 4)"`` is a number."""
    name = type_.lower().lstrip("!").partition("(")[0]
    if name.startswith(("int", "uint", "float", "decimal")):
        return "number"
    known: Mapping[str, Kind] = {"string": "text", "boolean": "flag", "date": "date", "timestamp": "date"}
    return known.get(name, "any")


def read_measure(call: ast.Call) -> Measure:
    """What a call looks up; for ``days_since(signup_date)`` the table is customers."""
    (argument,) = call.args
    days = next((option.value.value for option in call.keywords), 0)  # type: ignore[attr-defined]
    table = _table_of(argument) if isinstance(argument, ast.Attribute) else CUSTOMERS
    return Measure(function=call.func.id, table=table, column=column_of(argument), days=days)  # type: ignore[attr-defined]


def column_of(node: ast.expr) -> str:
    """The column that a name, or a table.column, stands for."""
    return node.attr if isinstance(node, ast.Attribute) else node.id  # type: ignore[attr-defined]


def read_number(node: ast.expr) -> int | float | None:
    """The number that a literal, with its sign, stands for; None for anything else."""
    sign = 1
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign *= -1 if isinstance(node.op, ast.USub) else 1
        node = node.operand
    is_number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    return sign * node.value if is_number else None  # type: ignore[attr-defined]


def read_day(node: ast.expr) -> date | None:
    """The day that a text such as ``"2025-01-31"`` stands for; None for anything else."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) == 10):
        return None
    try:
        return date.fromisoformat(node.value)
    except ValueError:
        return None


def _table_of(node: ast.Attribute) -> str:
    return node.value.id  # type: ignore[attr-defined]


def _list_own(tree: ast.expr) -> list[ast.expr]:
    """The columns of customers in a condition: ``region``, ``customers.region``."""
    nodes = list(ast.walk(tree))
    others = [node.func for node in nodes if isinstance(node, ast.Call)]
    others += [node.value for node in nodes if isinstance(node, ast.Attribute)]
    plain = [node for node in nodes if isinstance(node, ast.Name) and node not in others]
    return plain + [n for n in nodes if isinstance(n, ast.Attribute) and _table_of(n) == CUSTOMERS]


def _in_order(nodes: Sequence[ast.expr]) -> list[ast.expr]:
    return sorted(nodes, key=lambda node: node.col_offset)


def _place(text: str, node: ast.expr) -> str:
    found = ast.get_source_segment(text, node) or text
    start = len(text.encode()[: node.col_offset].decode())  # ast counts bytes
    return f"'{found if len(found) <= 60 else found[:59] + '…'}' (character {start + 1})"


def _check_depth(tree: ast.expr) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(2 * DEEPEST):  # an operator takes two steps down: its whole and its operand
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise ExpressionError("the condition is nested too deeply", "write it with fewer brackets and operators")


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """Finds the kind of each part of a condition, or what is wrong with it."""

    text: str
    kinds: Mapping[str, Mapping[str, Kind]]

    def find_kind(self, node: ast.expr) -> Kind:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._column(node, CUSTOMERS, node.id)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._call(node)
            case ast.UnaryOp():
                kind: Kind = "flag" if isinstance(node.op, ast.Not) else "number"
                return self._all(kind, [node.operand])
            case ast.BoolOp():
                return self._all("flag", node.values)
            case ast.BinOp():
                return self._all("number", [node.left, node.right])
            case ast.Compare():
                for left, operator, right in zip(
                    [node.left, *node.comparators], node.ops, node.comparators, strict=False
                ):
                    self._compare(left, operator, right)
                return "flag"
        what = f"{_place(self.text, node)} is a list, and stands where a value should"
        raise ExpressionError(what, "write lists after in, such as region in ['West', 'Süd']")

    def _constant(self, node: ast.Constant) -> Kind:
        if isinstance(node.value, bool):
            return "flag"
        if isinstance(node.value, str):
            return "text"
        if not abs(node.value) < LARGEST:
            raise ExpressionError(f"{_place(self.text, node)} is too large a number", "use a smaller one")
        return "number"

    def _all(self, wanted: Kind, parts: Sequence[ast.expr]) -> Kind:
        for part in parts:
            kind = self.find_kind(part)
            if kind not in (wanted, "any"):
                fix = "compare it first, such as > 0" if wanted == "flag" else "compute with numbers only"
                what = f"{_place(self.text, part)} is {WORDS[kind]}, where {WORDS[wanted]} should stand"
                raise ExpressionError(what, fix)
        return wanted

    def _column(self, node: ast.expr, table: str, column: str) -> Kind:
        if table not in self.kinds:
            what = f"{_place(self.text, node)}: there is no table '{table}'"
            raise ExpressionError(what, self._suggest(table, list(self.kinds), "the tables are"))
        known = self.kinds[table]
        if column not in known:
            what = f"{_place(self.text, node)}: there is no column '{column}' in {table}"
            raise ExpressionError(what, self._suggest(column, list(known), f"{table} has"))
        return known[column]

    def _suggest(self, name: str, known: Sequence[str], listed: str) -> str:
        near = get_close_matches(name, known, n=1)
        return (
            f"did you mean '{near[0]}'? {listed} {', '.join(known)}"
            if near
            else f"{listed} {', '.join(known)}"
        )

    def _attribute(self, node: ast.Attribute) -> Kind:
        table = _table_of(node)
        kind = self._column(node, table, node.attr)
        if table != CUSTOMERS:
            what = f"{_place(self.text, node)} has many values per customer, and stands outside of a function"
            fix = (
                "days_since({})"
                if kind == "date"
                else "sum({}, days=365)"
                if kind == "number"
                else "count({})"
            )
            raise ExpressionError(what, f"write {fix.format(ast.unparse(node))}")
        return kind

    def _call(self, node: ast.Call) -> Kind:
        name, place = node.func.id, _place(self.text, node)  # type: ignore[attr-defined]
        if name not in FUNCTIONS:
            known = self._suggest(name, list(FUNCTIONS), "the functions are")
            raise ExpressionError(f"{place}: there is no function '{name}'", known)
        fix = f"write {FUNCTIONS[name]}"
        if len(node.args) != 1 or not isinstance(node.args[0], ast.Name | ast.Attribute):
            raise ExpressionError(f"{place}: {name} takes one column", fix)
        (argument,) = node.args
        table = _table_of(argument) if isinstance(argument, ast.Attribute) else CUSTOMERS
        kind = self._column(argument, table, column_of(argument))
        if table == CUSTOMERS and name != "days_since":
            what = f"{place}: customers has one row per customer, so there is nothing to {name}"
            raise ExpressionError(what, f"use {column_of(argument)} as it is, or {fix}")
        wanted: Kind = {"days_since": "date", "count": "any"}.get(name, "number")  # type: ignore[assignment]
        if wanted != "any" and kind not in (wanted, "any"):
            what = f"{place}: {name} takes {WORDS[wanted]}, and {ast.unparse(argument)} is {WORDS[kind]}"
            raise ExpressionError(what, f"use count(...) or another column, or {fix}")
        self._check_customer_id(node, table)
        for option in node.keywords:
            self._check_option(node, name, option, table)
        return "number"

    def _check_customer_id(self, node: ast.Call, table: str) -> None:
        if "customer_id" not in self.kinds[table]:
            what = f"{_place(self.text, node)}: the rows of {table} name no customer"
            raise ExpressionError(what, "use a table that has customer_id")

    def _check_option(self, node: ast.Call, name: str, option: ast.keyword, table: str) -> None:
        place, days = _place(self.text, node), option.value
        if option.arg != "days" or name == "days_since":
            raise ExpressionError(f"{place}: {name} has no option '{option.arg}'", f"write {FUNCTIONS[name]}")
        whole = isinstance(days, ast.Constant) and type(days.value) is int and 0 < days.value < 100_000
        if not whole:
            raise ExpressionError(f"{place}: days is not a whole number of days", "write it as days=365")
        if not {"date", "any"} & set(self.kinds[table].values()):
            raise ExpressionError(f"{place}: {table} has no time to look back over", "leave out days")

    def _compare(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> None:
        if isinstance(operator, ast.In | ast.NotIn):
            self._check_list(left, right)
            return
        kinds = {self.find_kind(left), self.find_kind(right)} - {"any"}
        if kinds == {"date", "text"} and (read_day(left) or read_day(right)):
            kinds = {"date"}
        whole = f"'{ast.unparse(left)}' with '{ast.unparse(right)}'"
        at = f"{_place(self.text, left)} is compared with {_place(self.text, right)}"
        if len(kinds) > 1:
            first, second = self.find_kind(left), self.find_kind(right)
            fix = (
                "write days as '2025-01-31'"
                if "date" in kinds
                else f"compare {WORDS[first]} with {WORDS[first]}"
            )
            raise ExpressionError(f"{at}: {WORDS[first]} with {WORDS[second]}", fix)
        if kinds & {"text", "flag"} and not isinstance(operator, ast.Eq | ast.NotEq):
            what = f"{at}: {whole} have no order"
            raise ExpressionError(what, "compare texts and yes or no with == and !=, texts also with in")

    def _check_list(self, left: ast.expr, right: ast.expr) -> None:
        kind = self.find_kind(left)
        if not isinstance(right, ast.List | ast.Tuple) or not right.elts:
            fix = "write a list after in, such as region in ['West', 'Süd']"
            raise ExpressionError(f"{_place(self.text, right)} is not a list of values", fix)
        for element in right.elts:
            is_value = isinstance(element, ast.Constant) or read_number(element) is not None
            own = self.find_kind(element) if is_value else None
            own = "date" if kind == "date" and read_day(element) else own
            if own is None or (kind != "any" and own != kind):
                stated = WORDS.get(kind, "a value")
                what = f"{_place(self.text, element)} stands in a list of which each should be {stated}"
                raise ExpressionError(what, "list values of one kind, such as ['West', 'Süd'] or [1, 2]")
