"""Would a table hand on what may not be used to segment? Told by a column's name, or by the values in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

PEOPLE = frozenset(["customer_id", "record_id", "entity_id", "anonymous_id", "respondent_id", "ticket_id"])


def find_leaks(
    frame: pd.DataFrame, *, restricted: Collection[str], closed: Collection[str], opened: Sequence[ir.Table]
) -> list[str]:
    """Which columns hold what may not be used to segment?

    Parameters
    ----------
    frame : pandas.DataFrame
        What a notebook wants to hand on.
    restricted, closed : collection of str
        Names of columns that may not serve segmentation, or nothing at all; beside a person's or a record's
        key such a name is a leak.
    opened : sequence of ibis tables
        What the notebook read for another purpose: a column with these values is a leak under any name.

    Returns
    -------
    list of str
        Names, with what they hold where the name does not say it.
    """
    names = (set(restricted) | set(closed)) & set(frame.columns)
    found = sorted(names) if PEOPLE & set(frame.columns) else []
    words_in = frame.select_dtypes(["object", "string", "category"])
    texts = {c: words_in[c].astype(str) for c in words_in.columns if c not in found}
    for known in opened if texts else ():
        words = known.select(c for c in known.columns if known[c].type().is_string()).to_pandas()
        in_the_open = set(words.drop(columns=list(restricted), errors="ignore").stack().unique())
        for secret in set(restricted) & set(words.columns):
            values = set(words[secret].dropna()) - in_the_open  # a town in the field of the street
            carrying = [c for c, cells in texts.items() if cells.isin(values).any()]
            found += [f"{c} (values of {secret})" for c in carrying]
    return list(dict.fromkeys(found))
