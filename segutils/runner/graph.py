"""Which notebook comes after which? The titles' Reads and Writes lines are the graph."""

import ast
import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from segutils import schemas
from segutils.engagement_data import PURPOSES, SEGMENTATION
from segutils.errors import InputError
from segutils.formats import join_words
from segutils.runner.statements import list_sections

OPTIONAL = ("has_input", "has_columns", "find_input")  # calls that ask whether there is an input
READERS = (
    "input",
    "find_input",
)  # calls that read one; what follows the table's name in the first is a purpose
EVERY_INPUT = frozenset(["input_counts", "input_faults", "field_uses", "inputs", "report"])


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """A notebook of the playbook: its title's promise, its cells, and what its code uses of the run.

    `reads` are the title's tables plus the optional inputs that the code asks for (`has_input`);
    `reads_every_input` is true where the code looks at the data report as a whole. `purposes` are what it
    reads fields for that may not be used to segment, `sections` what it reads of the engagement file.
    """

    name: str
    path: Path
    cells: tuple[dict[str, Any], ...]
    metadata: dict[str, Any]
    decides: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    purposes: tuple[str, ...]
    sections: frozenset[str]
    reads_every_input: bool

    @property
    def code(self) -> tuple[str, ...]:
        """Source of the code cells, in order."""
        return tuple(source_of(cell) for cell in self.cells if cell["cell_type"] == "code")


@dataclass(frozen=True)
class Graph:
    """The notebooks of a playbook in an order in which each finds its tables written."""

    notebooks: tuple[Notebook, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(notebook.name for notebook in self.notebooks)

    def notebook(self, name: str) -> Notebook:
        """The notebook of this name."""
        return self.notebooks[self.names.index(name)]

    def writer(self, table: str) -> str | None:
        """The notebook that writes a table; None for a table of the contract."""
        return next((notebook.name for notebook in self.notebooks if table in notebook.writes), None)

    def needs(self, name: str) -> tuple[str, ...]:
        """The notebooks whose tables this one reads."""
        writers = {self.writer(table) for table in self.notebook(name).reads}
        return tuple(other for other in self.names if other in writers)

    def dependants(self, name: str) -> frozenset[str]:
        """The notebooks that need this one, directly or through others."""
        found: set[str] = set()
        for other in self.names:  # in dependency order, so one pass is enough
            if (found | {name}) & set(self.needs(other)):
                found.add(other)
        return frozenset(found)

    def select(self, names: Collection[str]) -> "Graph":
        """These notebooks and those they need.

        Raises
        ------
        InputError
            For a name that no notebook of the playbook has.
        """
        for name in names:
            if name not in self.names:
                fix = f"{nearest(name, self.names)}the playbook has: {', '.join(self.names)}"
                raise InputError(f"there is no notebook '{name}'", where="--only", fix=fix)
        wanted = set(names)
        for name in reversed(self.names):
            if name in wanted:
                wanted |= set(self.needs(name))
        return Graph(tuple(notebook for notebook in self.notebooks if notebook.name in wanted))


def read_graph(playbook: Path) -> Graph:
    """Which notebooks does the playbook have, and in which order can they run?

    Parameters
    ----------
    playbook : pathlib.Path
        Folder of the notebooks.

    Returns
    -------
    Graph

    Raises
    ------
    InputError
        No notebooks; a title without its Reads/Writes line; a table read or written that the title does not
        name; a read that no notebook writes and the data contract does not know; two writers of a table; a
        cycle.
    """
    paths = sorted(path for path in playbook.glob("*.ipynb") if not path.name.startswith("."))
    if not paths:
        fix = "name the folder of the notebooks with --playbook, or in the variable SEGUTILS_PLAYBOOK"
        raise InputError("there are no notebooks", where=str(playbook), fix=fix)
    notebooks = {path.stem: read_notebook(path) for path in paths}
    _check_writers(notebooks.values())
    writer = {table: notebook.name for notebook in notebooks.values() for table in notebook.writes}
    _check_reads(notebooks.values(), list(dict.fromkeys([*writer, *schemas.TABLES])))
    sorter = TopologicalSorter(
        {
            name: sorted({writer[table] for table in notebook.reads if table in writer})
            for name, notebook in notebooks.items()
        }
    )
    try:
        sorter.prepare()
    except CycleError as error:
        circle = list(dict.fromkeys(error.args[1]))
        fix = "one of them must stop reading the other's table; change its Reads line and code"
        raise InputError(
            f"the notebooks {join_words(circle)} wait for each other", where=str(playbook), fix=fix
        ) from None
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return Graph(tuple(notebooks[name] for name in order))


def read_notebook(path: Path) -> Notebook:
    """What does one notebook promise to read and write, and does its code keep to that?

    Raises
    ------
    InputError
        The file is not a notebook, its title lacks a part, or its code uses a table that the title does not
        name.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        cells, metadata = tuple(content["cells"]), dict(content["metadata"])
        title = source_of(cells[0]) if cells and cells[0]["cell_type"] == "markdown" else ""
    except (ValueError, KeyError, TypeError, AttributeError):
        fix = "restore it from version control, or save it again in JupyterLab"
        raise InputError("this file is not a notebook", where=str(path), fix=fix) from None
    promised = {part: _names_after(part, title, path) for part in ("Decides", "Reads", "Writes")}
    used = [use for cell in cells if cell["cell_type"] == "code" for use in uses_of_run(source_of(cell))]
    optional = list(dict.fromkeys(table for method, table in used if method in OPTIONAL))
    allowed = {
        "read": promised["Reads"],
        "input": (*promised["Reads"], *optional),
        "write": promised["Writes"],
    }
    for method, table in used:
        if method in allowed and table not in allowed[method]:
            part = "Writes" if method == "write" else "Reads"
            what = f"the code calls run.{method}({table!r}), the title does not say so"
            fix = f"add `{table}` after **{part}** in the title cell"
            raise InputError(what, where=path.name, fix=fix)
    purposes = _names_after("Purpose", title, path) if "**Purpose**" in title else ()
    for cell in cells:
        for purpose in _claimed_purposes(source_of(cell)) if cell["cell_type"] == "code" else ():
            if purpose not in purposes:
                what = f"the code reads for the purpose {purpose!r}, the title does not say so"
                fix = f"add `{purpose}` after **Purpose** in the title cell; the council should know"
                raise InputError(what, where=path.name, fix=fix)
    return Notebook(
        name=path.stem,
        path=path,
        cells=cells,
        metadata=metadata,
        decides=promised["Decides"],
        reads=tuple(dict.fromkeys((*promised["Reads"], *optional))),
        writes=promised["Writes"],
        purposes=purposes,
        sections=list_sections(_parse(source_of(cell)) for cell in cells if cell["cell_type"] == "code"),
        reads_every_input=("every", "") in used,
    )


def source_of(cell: dict[str, Any]) -> str:
    """A cell's text; the file format allows one string or a list of lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def nearest(word: str, known: Iterable[str]) -> str:
    """``"did you mean 'max_k'? "`` where a known word is close, else nothing."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'? " if near else ""


def _names_after(part: str, title: str, path: Path) -> tuple[str, ...]:
    found = re.search(rf"\*\*{part}\*\*([^·\n]*)", title)
    if found is None:
        fix = "write it in the title cell: **Decides** `slug` · **Reads** `table` · **Writes** `table`"
        raise InputError(f"the title says nothing about **{part}**", where=path.name, fix=fix)
    return tuple(re.findall(r"`([^`]+)`", found.group(1)))


def uses_of_run(source: str) -> list[tuple[str, str]]:
    """How a cell uses the run: ``run.read("rfm")`` → ``("read", "rfm")``, ``run.input_counts()`` →
    ``("every", "")``.

    A run that is handed on as a whole counts as reading every input.
    """
    tree = _parse(source)
    if tree is None:
        return []
    uses, plain = [], 0
    for node in ast.walk(tree):
        plain += isinstance(node, ast.Name) and node.id == "run" and isinstance(node.ctx, ast.Load)
        if not (
            isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "run"
        ):
            continue
        plain -= 1
        if node.attr in EVERY_INPUT:
            uses.append(("every", ""))
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        is_run = isinstance(node.func.value, ast.Name) and node.func.value.id == "run"
        first = node.args[0]
        if is_run and isinstance(first, ast.Constant) and isinstance(first.value, str):
            uses.append((node.func.attr, first.value))
        elif is_run and node.func.attr in READERS:  # a table whose name only the run tells
            uses.append(("every", ""))
    return uses + [("every", "")] * (plain > 0)


def _parse(source: str) -> ast.Module | None:
    """A cell without the names of its magics; None for what is no Python, which the kernel will name."""
    try:
        return ast.parse(re.sub(r"^([ \t]*)(?:%%?\w+[ \t]*|!)", r"\1", source, flags=re.M))
    except SyntaxError:
        return None


def _claimed_purposes(source: str) -> list[str]:
    """The purposes for which a cell reads: ``run.input("tickets", purpose="enrichment")`` → enrichment.

    A call whose arguments cannot be read here (``*names``, ``**options``, ``read = run.input``) claims what
    it says, which no title states; so it is refused. In a cell that is no Python, quoted purposes count.
    """
    tree = _parse(source)
    if tree is None:
        return [p for p in PURPOSES if p != SEGMENTATION and re.search(rf"[\"']{p}[\"']", source)]
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    inputs = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in READERS]
    words = [word.value for call in calls for word in call.keywords if word.arg == "purpose"]
    words += [word.value for call in inputs for word in call.keywords if word.arg is None]
    for call in inputs:
        named = 1 if call.func.attr == "input" else len(call.args)
        words += [arg for n, arg in enumerate(call.args) if n >= named or isinstance(arg, ast.Starred)]
    called = [call.func for call in inputs]
    words += [n for n in nodes if isinstance(n, ast.Attribute) and n.attr in READERS and n not in called]
    found = [word.value if isinstance(word, ast.Constant) else ast.unparse(word) for word in words]
    return [str(purpose) for purpose in found if purpose != SEGMENTATION]


def _check_writers(notebooks: Iterable[Notebook]) -> None:
    writer: dict[str, Notebook] = {}
    for notebook in notebooks:
        for table in notebook.writes:
            other = writer.setdefault(table, notebook)
            if other is not notebook:
                fix = "a table has one writer: rename one of them in title and code"
                where = f"{other.path.name} and {notebook.path.name}"
                raise InputError(f"two notebooks write the table '{table}'", where=where, fix=fix)


def _check_reads(notebooks: Iterable[Notebook], known: Sequence[str]) -> None:
    for notebook in notebooks:
        for table in notebook.reads:
            if table not in known:
                fix = (
                    f"{nearest(table, known)}name a table of the data contract, or one that a notebook writes"
                )
                raise InputError(f"nothing provides the table '{table}'", where=notebook.path.name, fix=fix)
