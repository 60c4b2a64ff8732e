"""An analyst's markdown as HTML that can neither act nor load: no raw HTML, no pictures, no addresses."""

from functools import cache
from typing import Any

import mistune


class _Notes(mistune.HTMLRenderer):
    """Headings below the page's own; links and pictures as their words."""

    def __init__(self, top: int) -> None:
        super().__init__(escape=True)
        self.top = top

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return f"<h{self.top}>{text}</h{self.top}>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return text


@cache
def _reader(top: int) -> mistune.Markdown:
    return mistune.create_markdown(renderer=_Notes(top), plugins=["table", "strikethrough"])


def render_markdown(text: str, *, top: int) -> str:
    """Markdown as safe HTML; every heading becomes level `top`, so that a page's headings stay in order."""
    return str(_reader(top)(text))
