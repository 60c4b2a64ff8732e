"""Which of its two names fits the customers of a contested cell, by how they behave?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.objectives.boundaries.taxonomy_behaviour import Behaviour
from segutils.statistics.mean_distance import (
    Moments,
    judge_distance,
    locate_between,
    measure_distance,
    measure_moments,
)

FIRST, SECOND, MERGE, SPLIT, ESCALATE = "adopt the first", "adopt the second", "merge", "split", "escalate"
MATCHED, SMALL = "names correspond", "too small to judge"
APART, MIXED = "apart", "mixed"


@dataclass(frozen=True, kw_only=True)
class Filed:
    """Customers with both names, and their behaviour in standard deviations among customers filed alike.

    Parameters
    ----------
    customer_ids : numpy.ndarray
    first, second : numpy.ndarray of int
        Codes of the two names.
    first_names, second_names : tuple of str
    values : numpy.ndarray
        Customer x trait; NaN where it is not known.
    means : numpy.ndarray
        Per trait, the mean of all customers before standardising.
    scales : numpy.ndarray
        Per trait, the standard deviation.
    traits : tuple of str
    matched : numpy.ndarray of bool
        First x second: names that correspond.
    judged : numpy.ndarray of bool
        First x second: contested cells above the stated minimum.
    """

    customer_ids: np.ndarray
    first: np.ndarray
    second: np.ndarray
    first_names: tuple[str, ...]
    second_names: tuple[str, ...]
    values: np.ndarray
    means: np.ndarray
    scales: np.ndarray
    traits: tuple[str, ...]
    matched: np.ndarray
    judged: np.ndarray

    def cell(self, row: int, column: int) -> np.ndarray:
        """Who carries both names."""
        return (self.first == row) & (self.second == column)

    def core(self, row: int, column: int, *, of_first: bool) -> np.ndarray:
        """Who shows how a name's customers behave: those whose names correspond; where it has no partner,
        all others of that name."""
        partners = self.matched[row] if of_first else self.matched[:, column]
        own = self.first == row if of_first else self.second == column
        if not partners.any():
            return own & ~self.cell(row, column)
        at = int(np.flatnonzero(partners)[0])
        return self.cell(row, at) if of_first else self.cell(at, column)


def file_customers(
    labels: pd.DataFrame,
    crosswalk: pd.DataFrame,
    behaviour: Behaviour,
    *,
    min_customers: float = 50,
    min_revenue_share: float = 0.01,
) -> Filed:
    """Who is filed where, on which traits are they compared, and which contested cells are worth a ruling?

    Parameters
    ----------
    labels, crosswalk : pandas.DataFrame
        From :mod:`~segutils.objectives.boundaries.taxonomy_crosswalk`.
    behaviour : Behaviour
    min_customers : float
        A contested cell is judged from so many customers on ...
    min_revenue_share : float
        ... or from this share of net revenue (0-1) on.

    Returns
    -------
    Filed
    """
    both = labels.dropna(subset=["first", "second"]).merge(behaviour.table, on="customer_id", how="left")
    rows, columns = (tuple(dict.fromkeys(crosswalk[side])) for side in ("first", "second"))
    first = pd.Categorical(both["first"], categories=rows).codes.astype(int)
    second = pd.Categorical(both["second"], categories=columns).codes.astype(int)
    raw = both[behaviour.traits].to_numpy(dtype=float)
    scales = _pool_deviations(raw, first * len(columns) + second)
    used = scales > 0
    traits = tuple(name for name, is_used in zip(behaviour.traits, used, strict=True) if is_used)
    raw, scales = raw[:, used], scales[used]
    means = np.nanmean(raw, axis=0) if len(raw) else np.zeros(len(traits))
    shape = (len(rows), len(columns))
    revenue = crosswalk.net_revenue.clip(lower=0)
    share = revenue / max(revenue.sum(), 1e-9)
    large = (crosswalk.customers >= min_customers) | (
        (share >= min_revenue_share) & (crosswalk.customers > 0)
    )
    return Filed(
        customer_ids=both.customer_id.to_numpy(),
        first=first,
        second=second,
        first_names=rows,
        second_names=columns,
        values=(raw - means) / scales,
        means=means,
        scales=scales,
        traits=traits,
        matched=crosswalk.matched.to_numpy(dtype=bool).reshape(shape),
        judged=(large & ~crosswalk.matched).to_numpy(dtype=bool).reshape(shape),
    )


def rule_cells(
    filed: Filed,
    *,
    max_distance: float,
    confidence: float = 0.95,
    min_known: int = 20,
    members: np.ndarray | None = None,
) -> np.ndarray:
    """What is ruled in each contested cell, on all customers or on some of them?

    A cell is like a name's core where their distance lies below the bound, unlike it where it lies above,
    both with an error that holds for all comparisons together (Bonferroni). Like one core and unlike the
    other: that name is adopted. Like both: merge. Unlike both: split. Otherwise escalate.

    Parameters
    ----------
    filed : Filed
    max_distance : float
        The bound, in standard deviations.
    confidence : float
        Of all comparisons together.
    min_known : int
        A trait that is known of fewer customers of a cell or a core is not compared there.
    members : numpy.ndarray of bool, optional
        The customers to look at.

    Returns
    -------
    numpy.ndarray of object
        First x second: a ruling, :data:`MATCHED`, or :data:`SMALL`.
    """
    wanted = np.ones(len(filed.first), dtype=bool) if members is None else members
    tail = (1 - confidence) / 2 / max(2 * int(filed.judged.sum()), 1)
    found = np.full(filed.judged.shape, SMALL, dtype=object)
    found[filed.matched] = MATCHED
    for row, column in np.argwhere(filed.judged):
        cell, cores = _moments_of(filed, row, column, wanted)
        verdicts = [judge_distance(cell, core, bound=max_distance, min_known=min_known) for core in cores]
        alike, apart = ([p[n] < tail for p in verdicts] for n in (0, 1))
        found[row, column] = _rule(alike, apart)
    return found


def score_cells(
    filed: Filed,
    crosswalk: pd.DataFrame,
    *,
    max_distance: float,
    confidence: float = 0.95,
    min_known: int = 20,
) -> pd.DataFrame:
    """How far is each contested cell from both its names' cores, and what follows?

    Parameters
    ----------
    filed, max_distance, confidence, min_known
        As in :func:`rule_cells`.
    crosswalk : pandas.DataFrame

    Returns
    -------
    pandas.DataFrame
        One row per contested cell above the minimum, most revenue first: ``first, second, customers,
        net_revenue, first_distance, first_low, first_high, second_distance, second_low, second_high`` (in
        standard deviations; intervals that hold together), ``ruling``, ``position`` (0: at the second name's
        core, 1: at the first's), ``kind`` (of a split: ``apart`` from both, or ``mixed`` of both),
        ``first_known, second_known`` (customers in the cores).
    """
    rulings = rule_cells(filed, max_distance=max_distance, confidence=confidence, min_known=min_known)
    everyone = np.ones(len(filed.first), dtype=bool)
    level = 1 - (1 - confidence) / max(2 * int(filed.judged.sum()), 1)
    rows = []
    for row, column in np.argwhere(filed.judged):
        cell, cores = _moments_of(filed, row, column, everyone)
        spans = [measure_distance(cell, core, confidence=level, min_known=min_known) for core in cores]
        position, beside = locate_between(cell, cores[1], cores[0], min_known=min_known)
        is_split = rulings[row, column] == SPLIT
        rows.append(
            {
                "first": filed.first_names[row],
                "second": filed.second_names[column],
                **{
                    f"{side}_{part}": getattr(span, end)
                    for side, span in zip(("first", "second"), spans, strict=True)
                    for part, end in (("distance", "value"), ("low", "low"), ("high", "high"))
                },
                "ruling": rulings[row, column],
                "position": position,
                "kind": "" if not is_split else APART if not beside <= max_distance else MIXED,
                "first_known": int(filed.core(row, column, of_first=True).sum()),
                "second_known": int(filed.core(row, column, of_first=False).sum()),
            }
        )
    parts = [f"{side}_{part}" for side in ("first", "second") for part in ("distance", "low", "high")]
    columns = ["first", "second", *parts, "ruling", "position", "kind", "first_known", "second_known"]
    table = pd.DataFrame(rows, columns=columns)
    sizes = crosswalk[["first", "second", "customers", "net_revenue"]]
    table = sizes.merge(table, on=["first", "second"])
    return table.sort_values("net_revenue", ascending=False, kind="stable", ignore_index=True)


def describe_traits(filed: Filed, first: str, second: str) -> pd.DataFrame:
    """How does a contested cell behave beside both cores, trait by trait?

    Returns
    -------
    pandas.DataFrame
        ``who`` (cell, first, second), ``trait, mean`` (on the scale of comparison, not standardised),
        ``known``.
    """
    row, column = filed.first_names.index(first), filed.second_names.index(second)
    sets = {
        "cell": filed.cell(row, column),
        "first": filed.core(row, column, of_first=True),
        "second": filed.core(row, column, of_first=False),
    }
    rows = []
    for who, chosen in sets.items():
        moments = measure_moments(filed.values[chosen])
        means = moments.means * filed.scales + filed.means
        rows += [
            (who, trait, mean, int(known))
            for trait, mean, known in zip(filed.traits, means, moments.known, strict=True)
        ]
    return pd.DataFrame(rows, columns=["who", "trait", "mean", "known"])


def _moments_of(
    filed: Filed, row: int, column: int, wanted: np.ndarray
) -> tuple[Moments, tuple[Moments, Moments]]:
    """Of the cell, and of the first and the second name's core."""
    cell = measure_moments(filed.values[filed.cell(row, column) & wanted])
    first, second = (
        measure_moments(filed.values[filed.core(row, column, of_first=side) & wanted])
        for side in (True, False)
    )
    return cell, (first, second)


def _rule(alike: list[bool], apart: list[bool]) -> str:
    if all(alike):
        return MERGE
    if all(apart):
        return SPLIT
    if alike[0] and apart[1]:
        return FIRST
    if alike[1] and apart[0]:
        return SECOND
    return ESCALATE


def _pool_deviations(values: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Standard deviation of each trait among customers who carry the same two names."""
    frame = pd.DataFrame(values)
    centred = frame - frame.groupby(cells).transform("mean")
    freedom = frame.notna().sum() - frame.notna().groupby(cells).any().sum()
    spread = np.sqrt((centred**2).sum() / freedom.where(freedom > 0))
    return spread.fillna(0.0).to_numpy(dtype=float)
