"""An analyst's markdown as plain paragraphs and list items, for formats without markdown of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Run:
    """A stretch of text in one style."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False


_PLAIN = Run(text="")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A paragraph, a heading or a list item (`level` from 1; `marker` is the bullet or number)."""

    kind: Literal["paragraph", "heading", "item"]
    runs: tuple[Run, ...]
    level: int = 1
    marker: str = ""

    @property
    def text(self) -> str:
        """The words without their style."""
        return "".join(run.text for run in self.runs)


def read_markdown(text: str) -> tuple[Block, ...]:
    """What does this markdown say, block by block?

    Markup that has no place on a slide (links' addresses, rules) gives its words or nothing; raw HTML is kept
    as the characters that were typed, so nothing an analyst pasted is ever interpreted.

    Parameters
    ----------
    text : str
        CommonMark with pipe tables (a table row becomes a paragraph).

    Returns
    -------
    tuple of Block
    """
    import mistune

    tokens = mistune.create_markdown(renderer=None, plugins=["table", "strikethrough"])(text)
    return tuple(block for token in tokens for block in _read_block(token, level=1))


def _read_block(token: Mapping[str, Any], *, level: int, marker: str = "") -> Iterable[Block]:
    kind = token["type"]
    children = token.get("children", ())
    if kind in ("paragraph", "block_text"):
        role: Literal["paragraph", "item"] = "item" if marker else "paragraph"
        yield Block(kind=role, runs=tuple(_read_runs(children)), level=level, marker=marker)
    elif kind == "heading":
        yield Block(kind="heading", runs=tuple(_read_runs(children)), level=token["attrs"]["level"])
    elif kind == "list":
        yield from _read_list(token, level=level)
    elif kind in ("block_quote", "list_item"):
        for child in children:
            yield from _read_block(child, level=level, marker=marker)
            marker = ""
    elif kind in ("block_code", "block_html"):
        yield Block(kind="paragraph", runs=(Run(text=token["raw"].rstrip("\n"), code=True),), level=level)
    elif kind == "table":
        for row in _table_rows(token):
            yield Block(kind="paragraph", runs=(Run(text=row),), level=level)


def _read_list(token: Mapping[str, Any], *, level: int) -> Iterable[Block]:
    start = token["attrs"].get("start", 1)
    for number, item in enumerate(token["children"], start=start):
        marker = f"{number}." if token["attrs"]["ordered"] else "•"
        for child in item["children"]:
            if child["type"] == "list":
                yield from _read_list(child, level=level + 1)
            else:
                yield from _read_block(child, level=level, marker=marker)
                marker = ""


def _table_rows(token: Mapping[str, Any]) -> Iterable[str]:
    for part in token["children"]:
        rows = [part] if part["type"] == "table_head" else part["children"]
        for row in rows:
            yield " | ".join(
                "".join(run.text for run in _read_runs(cell["children"])) for cell in row["children"]
            )


def _read_runs(tokens: Iterable[Mapping[str, Any]], style: Run = _PLAIN) -> Iterable[Run]:
    for token in tokens:
        match token["type"]:
            case "strong":
                yield from _read_runs(token["children"], replace(style, bold=True))
            case "emphasis":
                yield from _read_runs(token["children"], replace(style, italic=True))
            case "codespan":
                yield replace(style, text=token["raw"], code=True)
            case "softbreak" | "linebreak":
                yield replace(style, text=" ")
            case _ if "children" in token:
                yield from _read_runs(token["children"], style)
            case _ if token.get("raw"):
                yield replace(style, text=token["raw"])
