"""The pages per segment look alike: one table grid and one value axis for all of them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from segutils.packs.document import FigureExhibit, Pack, Page, TableExhibit


def find_peers(pack: Pack, page: Page) -> Sequence[Page]:
    """The pages of all segments where this is one of them, else the page alone."""
    if not page.segment:
        return (page,)
    return tuple(other for other in pack.pages if other.segment and other.slug == page.slug)


def merge_rows(pack: Pack, page: Page, table: TableExhibit) -> TableExhibit:
    """The table with the rows of the same table on its page's peers: what fits all of them fits each."""
    place = _tables(page).index(table)
    rows = list(table.rows)
    for other in find_peers(pack, page):
        tables = _tables(other)
        if other is not page and place < len(tables) and tables[place].columns == table.columns:
            rows.extend(tables[place].rows)
    return replace(table, rows=tuple(rows))


def find_range(pack: Pack, page: Page, exhibit: FigureExhibit) -> tuple[float, float] | None:
    """Lowest and highest value of this figure on all segments' pages; None on a page of its own."""
    if not page.segment:
        return None
    place = _figures(page).index(exhibit)
    values: list[float] = []
    for other in find_peers(pack, page):
        figures = _figures(other)
        if place < len(figures) and figures[place].figure.kind == exhibit.figure.kind:
            figure = figures[place].figure
            for column in filter(None, (figure.y, figure.low, figure.high)):
                values.extend(pd.to_numeric(figure.data[column], errors="coerce").tolist())
    finite = [value for value in values if np.isfinite(value)]
    return (min(finite), max(finite)) if finite else None


def _tables(page: Page) -> list[TableExhibit]:
    return [exhibit for exhibit in page.exhibits if isinstance(exhibit, TableExhibit)]


def _figures(page: Page) -> list[FigureExhibit]:
    return [exhibit for exhibit in page.exhibits if isinstance(exhibit, FigureExhibit)]
