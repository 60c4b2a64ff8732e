"""How the possible meanings of a term compare: agreement, foresight, and on whom departments differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from segutils.data_readiness.quality.definition_evidence import Memberships

ALL, ANY = "all departments agree", "any department"
CRITERIA = ("agreement", "foresight", "availability", "simplicity")


def list_options(memberships: Memberships, term: str) -> pd.DataFrame:
    """Whom could a term name: each department's definition, what all agree on, what any says?

    Returns
    -------
    pandas.DataFrame
        ``option, columns`` (tuple; of the definitions it is made of), ``inputs, known_share``; the last two
        options only where several departments define the term.
    """
    own = memberships.members[memberships.members.term == term]
    rows = [
        {
            "option": m.department,
            "columns": (m.column,),
            "inputs": len(m.inputs),
            "known_share": m.known_share,
        }
        for m in own.itertuples()
    ]
    if len(own) > 1:
        read = len({name for inputs in own.inputs for name in inputs})
        joint = {"columns": tuple(own.column), "inputs": read, "known_share": own.known_share.min()}
        rows += [{"option": name, **joint} for name in (ALL, ANY)]
    return pd.DataFrame(rows)


def assign_option(frame: pd.DataFrame, option: str, columns: Sequence[str]) -> np.ndarray:
    """Which customers (rows of `now` or `then`) does an option name?"""
    held = frame[list(columns)].to_numpy(dtype=bool)
    return held.any(axis=1) if option == ANY else held.all(axis=1)


def measure_options(memberships: Memberships, term: str, *, by_value: bool = False) -> pd.DataFrame:
    """How do the possible meanings of a term compare?

    Parameters
    ----------
    memberships : Memberships
    term : str
    by_value : bool
        The term means value, not activity: foresight is judged by next revenue instead of next orders.

    Returns
    -------
    pandas.DataFrame
        One row per option: ``option, customers, share, revenue, revenue_share``; ``agreement`` (mean Jaccard
        coefficient with the departments' definitions, its own with 1); of the customers it named
        on the earlier day, ``ordered_next`` (share who ordered since), ``next_customers`` and
        ``next_revenue`` (share of those who ordered since, and of the revenue since, that it had named);
        ``foresight``, ``availability``, ``simplicity`` (one by the number of columns read), all 0-1. What the
        history cannot tell is NaN.

    Notes
    -----
    Foresight is the share of orderers named less the share of non-orderers named (Youden 1950): 1 is perfect,
    0 is what naming everybody, nobody or customers by lot would reach. For a term of value it is the share of
    next revenue captured less the share of customers named, divided by the most that any group could reach
    (the Hoover index of next revenue).
    """
    every = np.arange(len(memberships.now))
    return measure_samples(memberships, term, [every], by_value=by_value)[0]


def measure_samples(
    memberships: Memberships, term: str, samples: Sequence[np.ndarray], *, by_value: bool = False
) -> list[pd.DataFrame]:
    """How do they compare in other samples of the customers?

    Parameters
    ----------
    memberships : Memberships
    term : str
    samples : sequence of numpy.ndarray of int
        Positions of the customers to count, each.
    by_value : bool

    Returns
    -------
    list of pandas.DataFrame
        One for each sample, as of :func:`measure_options`.
    """
    options = list_options(memberships, term)
    now = _Seen.read(memberships.now, options)
    then = None if memberships.then is None else _Seen.read(memberships.then, options)
    return [
        _measure(options, now.take(rows), then and then.take(rows[then.existed[rows]]), by_value=by_value)
        for rows in samples
    ]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Seen:
    """A day's facts as arrays: `named` option x customer; the others one per customer, where known."""

    named: np.ndarray
    revenue: np.ndarray
    existed: np.ndarray
    ordered_next: np.ndarray
    revenue_next: np.ndarray

    @classmethod
    def read(cls, frame: pd.DataFrame, options: pd.DataFrame) -> _Seen:
        unknown = np.zeros(len(frame))
        given = {
            name: frame[name].to_numpy() if name in frame else unknown
            for name in ("revenue", "existed", "ordered_next", "revenue_next")
        }
        flags = {name: given.pop(name).astype(bool) for name in ("existed", "ordered_next")}
        named = [assign_option(frame, option.option, option.columns) for option in options.itertuples()]
        return cls(named=np.array(named), **given, **flags)

    def take(self, rows: np.ndarray) -> _Seen:
        return _Seen(
            named=self.named[:, rows],
            revenue=self.revenue[rows],
            existed=self.existed[rows],
            ordered_next=self.ordered_next[rows],
            revenue_next=self.revenue_next[rows],
        )


def _measure(options: pd.DataFrame, now: _Seen, then: _Seen | None, *, by_value: bool) -> pd.DataFrame:
    departments = now.named if len(options) < 3 else now.named[:-2]
    whole = now.revenue.sum()
    found = []
    for number, option in enumerate(options.itertuples()):
        named = now.named[number]
        revenue = now.revenue[named].sum()
        found.append(
            {
                "option": option.option,
                "customers": int(named.sum()),
                "share": named.mean(),
                "revenue": revenue,
                "revenue_share": revenue / whole if whole > 0 else np.nan,
                "agreement": np.mean([jaccard(named, held) for held in departments]),
                **_look_ahead(then, number, by_value=by_value),
                "availability": option.known_share,
                "simplicity": 1 / max(option.inputs, 1),
            }
        )
    return pd.DataFrame(found)


def jaccard(first: np.ndarray, second: np.ndarray) -> float:
    """Customers named by both, as a share of those named by either; 1 where neither names any."""
    either = (first | second).sum()
    return float((first & second).sum() / either) if either else 1.0


def compare_departments(memberships: Memberships, term: str) -> pd.DataFrame:
    """On whom do two departments disagree?

    Returns
    -------
    pandas.DataFrame
        ``first, second, both, only_first, only_second, disagreed`` (customers), ``jaccard``, ``revenue`` (of
        those disagreed on), one row per pair.
    """
    own = memberships.members[memberships.members.term == term]
    now = memberships.now
    rows = []
    for (_, a), (_, b) in combinations(own.iterrows(), 2):
        first, second = now[a.column].to_numpy(dtype=bool), now[b.column].to_numpy(dtype=bool)
        differ = first != second
        rows.append(
            {
                "first": a.department,
                "second": b.department,
                "both": int((first & second).sum()),
                "only_first": int((first & ~second).sum()),
                "only_second": int((~first & second).sum()),
                "disagreed": int(differ.sum()),
                "jaccard": jaccard(first, second),
                "revenue": now.revenue.to_numpy()[differ].sum(),
            }
        )
    names = ["first", "second", "both", "only_first", "only_second", "disagreed", "jaccard", "revenue"]
    return pd.DataFrame(rows, columns=names)


def find_contested(memberships: Memberships, term: str) -> np.ndarray:
    """On which customers (rows of `now`) do the departments not all say the same?"""
    columns = memberships.members.column[memberships.members.term == term]
    held = memberships.now[list(columns)].to_numpy(dtype=bool)
    return held.any(axis=1) & ~held.all(axis=1)


def _look_ahead(then: _Seen | None, number: int, *, by_value: bool) -> dict[str, float]:
    names = ("ordered_next", "next_customers", "next_revenue", "foresight")
    if then is None or not len(then.revenue):
        return dict.fromkeys(names, np.nan)
    named, ordered, revenue = then.named[number], then.ordered_next, then.revenue_next.clip(min=0)
    total, orderers = revenue.sum(), ordered.sum()
    captured = revenue[named].sum() / total if total > 0 else np.nan
    caught = (named & ordered).sum() / orderers if orderers else np.nan
    if by_value:
        most = np.abs(revenue / total - 1 / len(revenue)).sum() / 2 if total > 0 else 0.0
        foresight = (captured - named.mean()) / most if most > 0 else np.nan
    else:
        idle = len(ordered) - orderers
        foresight = caught - (named & ~ordered).sum() / idle if idle else np.nan
    values = (ordered[named].mean() if named.any() else np.nan, caught, captured, max(foresight, 0.0))
    return dict(zip(names, map(float, values), strict=True))
