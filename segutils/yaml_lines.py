"""YAML with the line of every key, so that a message can say where to look."""

import re
import unicodedata
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from segutils.errors import InputError

KeyPath = tuple[str | int, ...]
# look like nothing and make two names differ, or turn the order of what is read
INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
MAX_VALUES = 100_000  # aliases of aliases multiply


@dataclass(frozen=True)
class Problem:
    """Something wrong at a key of a YAML file: what, and how to fix it."""

    key: KeyPath
    what: str
    fix: str


@dataclass(frozen=True)
class YamlFile:
    """A YAML file's values and the line on which each key stands.

    `repeated` names keys written twice in the same mapping, with both lines.
    """

    path: Path
    values: dict[str, Any]
    lines: dict[KeyPath, int]
    repeated: tuple[tuple[KeyPath, int], ...]

    def where(self, key: KeyPath) -> str:
        """``engagement.yml, line 14 (tables.customers.path)``; the nearest existing parent gives the line."""
        name = ".".join(str(part) for part in key)
        line = f", line {self.line(key)}" if self.lines else ""
        return f"{self.path.name}{line}" + (f" ({name})" if name else "")

    def line(self, key: KeyPath) -> int:
        """The line of a key or of its nearest parent that is in the file; 0 without lines."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 0)


def read_yaml(path: Path) -> YamlFile:
    """What does this YAML file say, and on which line?

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    YamlFile

    Raises
    ------
    InputError
        The file is missing, isn't UTF-8, isn't YAML, isn't a mapping at the top, or holds characters that
        nobody can see.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = sorted(p.name for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        fix = f"the folder has: {', '.join(near)}" if near else "write one with: segutils new NAME"
        raise InputError("the engagement file does not exist", where=str(path), fix=fix) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        where = f"{path.name}, line {line}"
        raise InputError("the engagement file is not UTF-8", where=where, fix="save it as UTF-8") from None
    except PermissionError:
        fix = "ask for the right to read it, or close the program that holds it"
        raise InputError("the engagement file may not be read", where=str(path), fix=fix) from None
    except IsADirectoryError:
        fix = "name the engagement file inside it"
        raise InputError("this is a folder, not an engagement file", where=str(path), fix=fix) from None
    if unseen := INVISIBLE.search(text):
        raise _refuse_character(path, text, unseen.start())
    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        raise _refuse_character(path, text, error.position) from None
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise InputError(
                "the engagement file has no keys",
                where=path.name,
                fix="it is a mapping, for example: client: Acme",
            )
        lines: dict[KeyPath, int] = {}
        repeated: list[tuple[KeyPath, int]] = []
        values = _construct(loader, node, (), lines, repeated, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path.name}, line {mark.line + 1}, column {mark.column + 1}" if mark else path.name
        fix = (
            error.note or "check indentation (spaces only), colons and quotes on this line and the one above"
        )
        raise InputError(f"the file is not valid YAML: {error.problem}", where=where, fix=fix) from None
    finally:
        loader.dispose()
    return YamlFile(path=path, values=values, lines=lines, repeated=tuple(repeated))


def _refuse_character(path: Path, text: str, position: int) -> InputError:
    letter = text[position]
    name = unicodedata.name(letter, "a control character").lower()
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    what = f"the file holds a character that cannot be seen (U+{ord(letter):04X}, {name})"
    where = f"{path.name}, line {line}, column {column}"
    return InputError(what, where=where, fix="delete it, or type the words around it again")


def _construct(
    loader: yaml.SafeLoader,
    node: yaml.Node,
    key: KeyPath,
    lines: dict[KeyPath, int],
    repeated: list[tuple[KeyPath, int]],
    around: tuple[yaml.Node, ...],
) -> Any:
    """The value of a node; keys stay text (`no:` is not False) and lines are noted on the way."""
    if node in around:
        what, fix = "an alias names what it stands in", "write the value out instead of the alias"
        raise yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark, note=fix)
    lines.setdefault(key, node.start_mark.line + 1)
    if len(lines) > MAX_VALUES:
        what, fix = f"more than {MAX_VALUES:,} values", "write values out: aliases of aliases multiply"
        raise yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark, note=fix)
    around = (*around, node)
    if isinstance(node, yaml.SequenceNode):
        return [
            _construct(loader, item, (*key, index), lines, repeated, around)
            for index, item in enumerate(node.value)
        ]
    if isinstance(node, yaml.MappingNode):
        values: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            name = str(key_node.value)
            path, line = (*key, name), key_node.start_mark.line + 1
            if name in values:
                repeated.append((path, line))
                continue
            lines[path] = line
            values[name] = _construct(loader, value_node, path, lines, repeated, around)
        return values
    try:
        return loader.construct_object(node)
    except ValueError:  # 2026-02-30 has the form of a day; as a text it is refused at its key
        return node.value
