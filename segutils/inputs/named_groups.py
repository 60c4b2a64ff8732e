"""Are the groups that plans and key results name among the client's customers?

The engagement file alone cannot know; a misspelt group would be given money though nobody is in it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from segutils.engagement import Engagement
from segutils.engagement_fields import suggest
from segutils.errors import InputError

if TYPE_CHECKING:
    import ibis.expr.types as ir

PLANNED_BY = ("strategy_segment", "sales_segment")  # the groups of notebook 1_1, unless it is told otherwise
NOTEBOOK, PARAMETER = "1_1_boundaries", "plan_by"
MAX_VALUES = 500


def check_named_groups(engagement: Engagement, customers: ir.Table) -> None:
    """Does every group that responses and key results name have customers?

    Parameters
    ----------
    engagement : Engagement
    customers : ibis table
        The accepted customers.

    Raises
    ------
    InputError
        A group is in nobody's row; the fix lists those that are. Groups that notebook 1_1 makes itself, such
        as bands of size, are not known here and are left to it.
    """
    known: dict[str, dict[str, str]] = {}
    for key, column, group in _list_named(engagement, customers.columns):
        if column not in customers.columns:
            continue
        if column not in known:
            known[column] = _list_values(customers, column)
        values = known[column]
        if len(values) < MAX_VALUES and values.get(_plain(group)) != group:
            listed = list(values.values())
            near = values.get(_plain(group))
            hint = f"did you mean '{near}'? " if near else suggest(group, listed)
            fix = f"{hint}{column} has: {', '.join(listed[:20])}"
            raise InputError(f"no customer is in '{group}'", where=engagement.where(*key), fix=fix)


def _list_named(
    engagement: Engagement, has: tuple[str, ...]
) -> Iterator[tuple[tuple[str, int, str, str], str, str]]:
    """Key, column of customers and group of everything that is named."""
    for index, result in enumerate(engagement.key_results):
        for column, value in result.of.items():
            yield ("key_results", index, "of", column), column, value
    stated = str(engagement.parameters.get(NOTEBOOK, {}).get(PARAMETER, "") or "")
    planned = stated or next((name for name in PLANNED_BY if name in has), "")
    for index, response in enumerate(engagement.responses):
        yield ("responses", index, "group", ""), planned, response.group


def _list_values(customers: ir.Table, column: str) -> dict[str, str]:
    """Each value as it is written most often: case, spaces and the form of accents make no other group."""
    values = customers.select(value=customers[column].cast("string"))
    counted = values.filter(values.value.notnull()).group_by("value").agg(rows=lambda t: t.count())
    found = counted.order_by(counted.rows, counted.value.desc()).to_pyarrow()["value"].to_pylist()
    most = {_plain(value): value for value in found}  # the last one is the most frequent
    return dict(sorted(most.items()))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
