"""Conditions about a customer, written as text in the engagement file: what may stand in one, and where not.

``days_since(transactions.ordered_at) <= 365 and region != "Export"`` is Python's grammar cut down to names,
columns of tables, comparisons, ``and or not``, arithmetic, literals and calls. Nothing is evaluated here.
"""

import ast
from dataclasses import dataclass

LONGEST = 1000  # characters; a condition that is longer is not read by people either
ALLOWED = (
    *(ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Compare, ast.Load, ast.keyword),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn),
    *(ast.Name, ast.Attribute, ast.Call, ast.Constant, ast.List, ast.Tuple),
)
INSTEAD = {
    ast.BitAnd: "write 'and' instead of '&'",
    ast.BitOr: "write 'or' instead of '|'",
    ast.Invert: "write 'not' instead of '~'",
    ast.Is: "write '==' instead of 'is'",
    ast.IsNot: "write '!=' instead of 'is not'",
    ast.IfExp: "write the two cases as conditions joined with 'or'",
}
PARTS = "use column names, table.column, numbers, 'text', and or not, == != < <= > >= in, + - * /, name(...)"


class ExpressionError(Exception):
    """A condition that cannot be used: what is wrong, with its place in the text, and the fix."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what, fix)
        self.what = what
        self.fix = fix


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A condition that keeps the rules.

    Parameters
    ----------
    text : str
    columns : tuple of str
        As written: ``region`` (a column of customers) or ``transactions.ordered_at``.
    functions : tuple of str
    """

    text: str
    columns: tuple[str, ...]
    functions: tuple[str, ...]


def read_condition(text: str) -> Condition:
    """What does a condition name, and is it one?

    Parameters
    ----------
    text : str

    Returns
    -------
    Condition

    Raises
    ------
    ExpressionError
        It isn't Python's grammar, or holds more than the parts named above.
    """
    text = text.replace("\n", " ").strip()
    if not text or len(text) > LONGEST:
        what = "the condition is empty" if not text else f"the condition has more than {LONGEST} characters"
        raise ExpressionError(what, f"write a condition of up to {LONGEST} characters")
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        rest = text[max((error.offset or 1) - 1, 0) :]
        what = f"the condition cannot be read at '{_cut(rest)}'" if rest else "the condition ends too early"
        raise ExpressionError(what, _explain_syntax(text, rest, str(error.msg))) from None
    except (RecursionError, MemoryError, ValueError):
        raise ExpressionError("the condition cannot be read", "write it with fewer brackets") from None
    nodes = list(ast.walk(tree))
    for node in nodes:
        _check_part(node, text)
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    tables = [node.value for node in nodes if isinstance(node, ast.Attribute)]
    named = [node for node in nodes if isinstance(node, ast.Name | ast.Attribute)]
    columns = [node for node in named if node not in called and node not in tables]
    return Condition(text=text, columns=_list_names(columns), functions=_list_names(called))


def _list_names(nodes: list[ast.expr]) -> tuple[str, ...]:
    """Each name once, in the order of the text."""
    return tuple(dict.fromkeys(ast.unparse(n) for n in sorted(nodes, key=lambda node: node.col_offset)))


def _check_part(node: ast.AST, text: str) -> None:
    if not isinstance(node, ALLOWED):
        raise ExpressionError(_not_allowed(node, text), INSTEAD.get(type(node), PARTS))
    # an operator has no place of its own: name the whole of which it is part
    operators = [getattr(node, "op", None), *getattr(node, "ops", [])]
    for operator in operators:
        if operator is not None and not isinstance(operator, ALLOWED):
            raise ExpressionError(_not_allowed(node, text), INSTEAD.get(type(operator), PARTS))
    if isinstance(node, ast.Constant) and not isinstance(node.value, bool | int | float | str):
        raise ExpressionError(_not_allowed(node, text), "use a number, 'text', True or False")
    if isinstance(node, ast.Attribute) and not isinstance(node.value, ast.Name):
        raise ExpressionError(
            _not_allowed(node, text), "write table.column, such as transactions.net_revenue"
        )
    if isinstance(node, ast.Call) and not isinstance(node.func, ast.Name):
        raise ExpressionError(_not_allowed(node, text), "call a function by its plain name, such as sum(...)")
    if isinstance(node, ast.keyword) and node.arg is None:
        raise ExpressionError(_not_allowed(node, text), "write each option by name, such as days=365")


def _not_allowed(node: ast.AST, text: str) -> str:
    start = len(text.encode()[: getattr(node, "col_offset", 0)].decode())  # ast counts bytes
    found = ast.get_source_segment(text, node) or text
    return f"'{_cut(found)}' (character {start + 1}) may not stand in a condition"


def _explain_syntax(text: str, rest: str, message: str) -> str:
    shouted = [word for word in ("and", "or", "not") if word.upper() in text.split()]
    if shouted:
        return f"write {', '.join(shouted)} in lower case"
    if rest.startswith("<>"):
        return "write '!=' instead of '<>'"
    if rest.startswith(("=", ":=")) or "'=='" in message:
        return "compare with '==', not '='"
    return f"{message}; {PARTS}"


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
