"""What a grouping is, and the few rules by which one is made: bands, rare values, two at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

GEOGRAPHIC, DEMOGRAPHIC, FIRMOGRAPHIC = "Geographic", "Demographic", "Firmographic"
BEHAVIOURAL, NEEDS, OWN = "Behavioural", "Needs", "Own taxonomy"
BASES = (GEOGRAPHIC, DEMOGRAPHIC, FIRMOGRAPHIC, BEHAVIOURAL, NEEDS, OWN)
COLUMN = "as the client files it"
OTHERS = "others"
AND = " · "


@dataclass(frozen=True, kw_only=True, eq=False)
class Grouping:
    """One way to part customers.

    Parameters
    ----------
    name : str
        Unique; a column of customers where it is one.
    words : str
        What to call it in a sentence.
    base : str
        One of :data:`BASES`.
    groups : pandas.Series
        Index customer_id: the group's name; customers whose group is not known are not in it.
    at_first_contact : bool
        Whether the group can be known before the customer has bought anything.
    how : str
        The rule, in a few words.
    groups_next : pandas.Series, optional
        The same rule applied to the next period; None where the tables keep one value per customer only.
    respelt : int
        Customers whose value is written otherwise than usual, and counted as the usual one.
    """

    name: str
    words: str
    base: str
    groups: pd.Series
    at_first_contact: bool
    how: str
    groups_next: pd.Series | None = None
    respelt: int = 0

    @property
    def count(self) -> int:
        """How many groups there are."""
        return int(self.groups.nunique())


def join_small(groups: pd.Series, *, min_customers: int, kept: Sequence[str] | None = None) -> pd.Series:
    """Groups of too few customers together as others; those that are still too few are in no group.

    Parameters
    ----------
    groups : pandas.Series
    min_customers : int
    kept : sequence of str, optional
        The groups to keep, where they were chosen on other customers.
    """
    if kept is None:
        counts = groups.value_counts()
        kept = [str(name) for name in counts.index[counts >= min_customers]]
    joined = groups.where(groups.isin(kept), OTHERS)
    if OTHERS not in kept and (joined == OTHERS).sum() < min_customers:
        return joined[joined != OTHERS]
    return joined


def cut_edges(values: pd.Series, bands: int) -> list[float]:
    """Lower ends of bands of about equal numbers, after the first, rounded to two digits; fewer with ties."""
    edges = np.quantile(values, np.linspace(0, 1, bands + 1)[1:-1])
    rounded = [float(f"{edge:.1e}") for edge in edges]
    return [edge for edge in sorted(set(rounded)) if values.min() < edge <= values.max()]


def name_bands(edges: Sequence[float]) -> list[str]:
    """``below 50``, ``50 to below 250``, ``250 or more``."""
    told = [
        f"{edge:,.0f}" if abs(edge) >= 10 or float(edge).is_integer() else f"{edge:,.2g}" for edge in edges
    ]
    if not told:
        return ["all"]
    middle = [f"{low} to below {high}" for low, high in pairwise(told)]
    return [f"below {told[0]}", *middle, f"{told[-1]} or more"]


def put_in_bands(values: pd.Series, edges: Sequence[float], names: Sequence[str]) -> pd.Series:
    """The band of each value, by name; values that are missing are in none."""
    known = values.dropna()
    return pd.Series(
        np.array(names, dtype=object)[np.searchsorted(np.asarray(edges, dtype=float), known, side="right")],
        index=known.index,
        dtype=object,
    )


def cross_groups(first: pd.Series, second: pd.Series) -> pd.Series:
    """Two groupings at once, of customers who are in both: ``Pharma · below 50``."""
    both = first.index.intersection(second.index)
    return first[both].astype(str) + AND + second[both].astype(str)


def reading_order(names: Mapping[str, object] | Sequence[str]) -> list[str]:
    """``below 50`` before ``50 to below 250`` before ``250 or more``; texts without a number by name."""

    def key(name: str) -> tuple[float, bool, str]:
        number = re.search(r"\d[\d,]*(?:\.\d+)?", name)
        low = bool(re.match(r"(?i)below|under|less|<|up to", name))
        return (float(number.group().replace(",", "")) if number else np.inf, not low, name)

    return sorted(map(str, names), key=key)
