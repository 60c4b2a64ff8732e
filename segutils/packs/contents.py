"""The contents of a pack: the claims of a short one; of a long one the questions that its pages answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from segutils.packs.document import Pack, Page

MOST_CLAIMS = 26  # whole sentences of more pages are no overview


@dataclass(frozen=True, kw_only=True)
class Section:
    """A notebook's pages: (what the contents print, page id)."""

    name: str
    entries: tuple[tuple[str, str], ...]


def list_contents(pack: Pack) -> tuple[Section, ...]:
    """What is in this pack, and on which page does it start?

    Parameters
    ----------
    pack : Pack

    Returns
    -------
    tuple of Section
        In page order. Pages after the first that answer one question have no entry of their own.
    """
    return tuple(
        Section(name=name, entries=tuple(_list_entries(pages, claims=len(pack.pages) <= MOST_CLAIMS)))
        for name, pages in groupby(pack.pages, key=lambda page: page.section)
    )


def _list_entries(pages: Iterator[Page], *, claims: bool) -> Iterator[tuple[str, str]]:
    last = ""
    for page in pages:
        text = page.title if claims or not page.topic else page.topic
        if page.segment and not claims:
            text = page.segment
        if text != last or claims:
            yield text, page.id
        last = text
