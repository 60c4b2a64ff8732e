"""Which values may a notebook be given? Its `parameters` cell says; nothing in it is ever executed here."""

import ast
import io
import math
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from segutils.engagement import Engagement
from segutils.errors import InputError
from segutils.runner.graph import Graph, Notebook, nearest, source_of

RUN_DIR = "run_dir"
SCALARS = {"int": int, "float": float, "str": str, "bool": bool}
EXAMPLES = {"int": "8", "float": "0.75", "str": "some text", "bool": "true"}

Value = bool | int | float | str | list[Any] | tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One line of a parameters cell: ``max_k: int = 10  # most segments tried``.

    `type` is ``int``, ``float``, ``str``, ``bool``, ``list`` or ``tuple``; `items` the type of a list's
    items.
    """

    name: str
    type: str
    items: str
    default: Value
    help: str

    @property
    def words(self) -> str:
        """The type as a reader is told it."""
        return f"{self.type} of {self.items}" if self.items else self.type


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """A value asked for: which notebook, which parameter, and where it was written.

    `text` is true where the value is still the text of a command line.
    """

    notebook: str
    name: str
    value: Any
    where: str
    text: bool = False


def read_parameters(notebook: Notebook) -> tuple[Parameter, ...]:
    """Which parameters does this notebook have?

    Raises
    ------
    InputError
        The parameters cell holds anything but typed literals, or there is no such cell or more than one.
    """
    tagged = [cell for cell in notebook.cells if "parameters" in cell.get("metadata", {}).get("tags", [])]
    if len(tagged) != 1:
        fix = "tag one code cell with 'parameters'; its first line is run_dir: str = \"\""
        raise InputError(f"{len(tagged)} cells are tagged 'parameters'", where=notebook.path.name, fix=fix)
    source = source_of(tagged[0])
    where = f"{notebook.path.name}, parameters cell"
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise InputError(
            f"line {error.lineno} is not Python: {error.msg}", where=where, fix="correct it"
        ) from None
    comments = _comments(source)
    found = [_read_statement(statement, comments, where) for statement in statements]
    if RUN_DIR not in [parameter.name for parameter in found]:
        fix = 'add the line: run_dir: str = ""  # folder of the run'
        raise InputError("the notebook has no parameter 'run_dir'", where=where, fix=fix)
    return tuple(found)


def read_assignment(argument: str) -> Assignment:
    """What does one ``-p notebook.name=value`` ask for? The value stays text, so that ``007`` stays ``007``.

    Raises
    ------
    InputError
        It is not of this form.
    """
    where = f"-p {argument}"
    target, equals, value = argument.partition("=")
    notebook, dot, name = target.strip().rpartition(".")
    if not (equals and dot and notebook and name):
        fix = "write it as notebook.name=value, for example -p 3_2_segments.max_segments=6"
        raise InputError("this is not a parameter", where=where, fix=fix)
    return Assignment(notebook=notebook, name=name, value=value, where=where, text=True)


def stated_in(engagement: Engagement) -> list[Assignment]:
    """The parameters that an engagement file states."""
    return [
        Assignment(
            notebook=notebook, name=name, value=value, where=engagement.where("parameters", notebook, name)
        )
        for notebook, values in engagement.parameters.items()
        for name, value in values.items()
    ]


def check_parameters(graph: Graph, assignments: Iterable[Assignment]) -> Mapping[str, Mapping[str, Value]]:
    """Do the notebooks have these parameters, and are the values of their types?

    Parameters
    ----------
    graph : Graph
    assignments : iterable of Assignment
        The engagement file's first, then the command line's; the last one counts.

    Returns
    -------
    mapping of str to mapping of str to value
        Notebook → name → value, only what was asked for.

    Raises
    ------
    InputError
        Unknown notebook or name (with the nearest known one), or a value of another type.
    """
    known = {notebook.name: {p.name: p for p in read_parameters(notebook)} for notebook in graph.notebooks}
    values: dict[str, dict[str, Value]] = {name: {} for name in known}
    for wanted in assignments:
        if wanted.notebook not in known:
            fix = f"{nearest(wanted.notebook, known)}the playbook has: {', '.join(known)}"
            raise InputError(f"there is no notebook '{wanted.notebook}'", where=wanted.where, fix=fix)
        names = [name for name in known[wanted.notebook] if name != RUN_DIR]
        if wanted.name == RUN_DIR:
            fix = "leave it out; --reports chooses the folder of all runs"
            raise InputError("run_dir is set by the run itself", where=wanted.where, fix=fix)
        if wanted.name not in names:
            listed = f"its parameters are: {', '.join(names)}" if names else "it has none"
            fix = f"{nearest(wanted.name, names)}{listed}"
            raise InputError(
                f"{wanted.notebook} has no parameter '{wanted.name}'", where=wanted.where, fix=fix
            )
        parameter = known[wanted.notebook][wanted.name]
        read = _value_from_text if wanted.text else _value_from_file
        values[wanted.notebook][wanted.name] = read(parameter, wanted)
    return values


def injected_source(run_dir: str, values: Mapping[str, Value]) -> str:
    """The cell that sets a notebook's parameters: literals only, exactly as checked."""
    lines = [f"{name} = {value!r}" for name, value in {RUN_DIR: run_dir, **values}.items()]
    return "\n".join(["# Parameters of this run", *lines])


def _read_statement(statement: ast.stmt, comments: Mapping[int, str], where: str) -> Parameter:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=ast.expr() as value):
            kind, items = _read_annotation(ast.unparse(annotation))
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            kind, items = "", ""
        case _:
            fix = "write one literal a line: max_k: int = 10  # most segments tried"
            raise InputError(f"line {statement.lineno} is not a parameter", where=where, fix=fix)
    try:
        default = ast.literal_eval(value)
    except (ValueError, TypeError):
        fix = "a parameter is an int, float, str, bool, or a list or tuple of them"
        raise InputError(
            f"'{name}' is not a literal", where=f"{where}, line {value.lineno}", fix=fix
        ) from None
    kind = kind or type(default).__name__
    if isinstance(default, list | tuple) and not items and default:
        items = type(default[0]).__name__
    parameter = Parameter(
        name=name, type=kind, items=items, default=default, help=comments.get(statement.end_lineno or 0, "")
    )
    if (
        kind not in (*SCALARS, "list", "tuple")
        or (items and items not in SCALARS)
        or not _fits(parameter, default)
    ):
        fix = "a parameter is an int, float, str, bool, or a list or tuple of them, and so is its default"
        raise InputError(f"'{name}' has no usable type", where=f"{where}, line {statement.lineno}", fix=fix)
    return parameter


def _read_annotation(text: str) -> tuple[str, str]:
    """``tuple[float, ...]`` → ``("tuple", "float")``."""
    outer, _, inner = text.partition("[")
    return outer.strip(), inner.rstrip("]").replace("...", "").strip(" ,")


def _comments(source: str) -> dict[int, str]:
    """Line → the comment that stands on it."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT}


def _fits_scalar(kind: str, value: Any) -> bool:
    if kind == "float":
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, SCALARS[kind])


def _fits(parameter: Parameter, value: Any) -> bool:
    if parameter.type in SCALARS:
        return _fits_scalar(parameter.type, value)
    if not isinstance(value, list | tuple):
        return False
    kinds = [parameter.items] if parameter.items else list(SCALARS)
    return all(any(_fits_scalar(kind, item) for kind in kinds) for item in value)


def _cast(parameter: Parameter, value: Any) -> Value:
    """The value in the declared type: 1 for a float becomes 1.0, a list for a tuple a tuple."""
    if parameter.type == "float":
        return float(value)
    if parameter.type in SCALARS:
        return value
    items = [float(item) if parameter.items == "float" else item for item in value]
    return tuple(items) if parameter.type == "tuple" else items


def _value_from_file(parameter: Parameter, wanted: Assignment) -> Value:
    if not _fits(parameter, wanted.value):
        raise _wrong_type(parameter, wanted)
    return _cast(parameter, wanted.value)


def _value_from_text(parameter: Parameter, wanted: Assignment) -> Value:
    text = wanted.value
    if parameter.type in SCALARS:
        value = _scalar_from_text(parameter.type, text)
    elif text.strip()[:1] in ("[", "("):
        try:
            value = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, TypeError):
            value = None
    else:
        kind = parameter.items or "str"
        value = [
            _scalar_from_text(kind, item if kind == "str" else item.strip())
            for item in text.split(",")
            if text
        ]
    if value is None or not _fits(parameter, value):
        raise _wrong_type(parameter, wanted)
    return _cast(parameter, value)


def _scalar_from_text(kind: str, text: str) -> Value | None:
    """The scalar that a command line's text stands for; None where it stands for none."""
    if kind == "str":
        return text
    if kind == "bool":
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.strip().lower())
    pattern = r"[+-]?\d+" if kind == "int" else r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
    return SCALARS[kind](text) if re.fullmatch(pattern, text.strip()) else None


def _wrong_type(parameter: Parameter, wanted: Assignment) -> InputError:
    example = (
        EXAMPLES.get(parameter.type)
        or f"{EXAMPLES.get(parameter.items, 'a')},{EXAMPLES.get(parameter.items, 'b')}"
    )
    what = f"'{parameter.name}' of {wanted.notebook} is {parameter.words}, not {wanted.value!r}"
    about = f" ({parameter.help})" if parameter.help else ""
    return InputError(what, where=wanted.where, fix=f"give a value such as {example}{about}")
