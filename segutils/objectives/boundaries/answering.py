"""Who of the client's people answers for what, as the engagement file states it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from segutils.engagement_terms import Person


def find_owners(owners: Mapping[str, Person], topic: str, *, exact: bool = True) -> list[str]:
    """Who answers for this?

    Parameters
    ----------
    owners : mapping of str to Person
        The engagement file's ``owners``.
    topic : str
        What is answered for, such as ``segments``; letters' case does not matter.
    exact : bool
        The words of an ``answers_for`` line are the topic; else they contain it as whole words.

    Returns
    -------
    list of str
        In the order of the file; empty where nobody is named.
    """
    wanted = topic.casefold().strip()
    pattern = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)")
    found = []
    for name, person in owners.items():
        lines = [line.casefold().strip() for line in person.answers_for]
        if any(line == wanted if exact else pattern.search(line) for line in lines):
            found.append(name)
    return found


def find_role(owners: Mapping[str, Person], role: str) -> list[str]:
    """Whose role is this, in the order of the file?"""
    return [name for name, person in owners.items() if role and person.role == role]


def first_of(names: Sequence[str], otherwise: str) -> str:
    """The first name, or what to say where nobody is named."""
    return names[0] if names else otherwise
