"""How sentences of tickets and interviews are written down, and spelled out.

Templates, one a line; an indented line goes on with the one before. ``[a|b]`` stands for one of the
alternatives; a name in braces is filled per ticket: product (a noun), article, order, days, weeks, weekday,
month, tag, site, part, value, version, amount, count. No sentence contains the name of a planted segment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic of tickets and its sentences; every topic has equally many of each kind.

    Parameters
    ----------
    name : str
    problem, detail, request : str
        What a customer writes, without feeling: what it is about, more about it, what is asked for.
    note, wish : str
        What the service desk notes down of a call: what it is about, what is to be done.
    negative, positive : str
        How the customer feels about it.
    words : str
        Words of this topic, from which texts without any topic are mixed (the null client's).
    """

    name: str
    problem: str
    detail: str
    request: str
    note: str
    wish: str
    negative: str
    positive: str
    words: str


def list_templates(block: str) -> list[str]:
    """The templates of a block of text, one each."""
    return re.sub(r"\n +", " ", block).strip().split("\n")


def spell_out(template: str) -> list[str]:
    """All wordings of a template: every combination of its alternatives."""
    parts = [part.split("|") for part in re.split(r"\[([^\]]*)\]", template)]
    return ["".join(chosen) for chosen in product(*parts)]


def fill_wordings(templates: Sequence[str], slots: int) -> list[str]:
    """As many wordings as there are slots, the templates in turn: neighbours come from different ones."""
    if slots % len(templates):
        raise ValueError(f"{slots} slots can't be shared by {len(templates)} templates")
    wordings = [spell_out(template) for template in templates]
    count = len(templates)
    return [wordings[slot % count][slot // count % len(wordings[slot % count])] for slot in range(slots)]
