"""Two names for every customer: how often they go together, which correspond, and how far they agree."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from segutils.statistics.agreement import adjusted_rand_of_table, match_table
from segutils.statistics.intervals import percentile_interval
from segutils.statistics.spellings import harmonise_spelling

SIDES = {"sales_segment": "sales", "strategy_segment": "strategy"}


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far two groupings agree: adjusted Rand index (1 the same, 0 chance) and its interval."""

    value: float
    low: float
    high: float


def name_side(column: str) -> str:
    """Whose grouping a column is, in a word or two: ``sales_segment`` → ``sales``."""
    return SIDES.get(column, column.replace("_", " "))


def build_labels(customers: ir.Table, first: str, second: str) -> pd.DataFrame:
    """Which two names does each customer carry?

    Parameters
    ----------
    customers : ibis table
        ``customer_id`` and the two columns of names.
    first, second : str
        Columns of `customers`: any two groupings.

    Returns
    -------
    pandas.DataFrame
        ``customer_id, first, second`` (None where a customer has no such name, or a blank one; spellings of
        one name as one), ``respelt`` (whether a name was written otherwise), sorted by customer.
    """
    chosen = customers.select("customer_id", first=customers[first], second=customers[second])
    table = chosen.to_pandas().drop_duplicates("customer_id").sort_values("customer_id", ignore_index=True)
    table["respelt"] = False
    for side in ("first", "second"):
        names = table[side].map(str, na_action="ignore").astype("object")
        names = names[names.notna()]
        names = names[names.str.strip() != ""]
        plain = harmonise_spelling(names)
        table.loc[plain.index[plain != names], "respelt"] = True
        table[side] = plain.reindex(table.index).astype("object")
        table[side] = table[side].where(table[side].notna(), None)
    return table


def build_crosswalk(labels: pd.DataFrame, revenue: pd.DataFrame, *, max_p: float = 0.05) -> pd.DataFrame:
    """How many customers and how much revenue carry each pair of names, and which names correspond?

    Two names correspond where they are matched one to one, so that as many customers as possible beyond
    chance carry a matched pair (Kuhn 1955), and where so many customers carry both that chance would seldom
    bring as many (hypergeometric, Bonferroni over all pairs). A name without such a partner stays alone.

    Parameters
    ----------
    labels : pandas.DataFrame
        From :func:`build_labels`; customers with one name only are left out.
    revenue : pandas.DataFrame
        ``customer_id, net_revenue``.
    max_p : float
        Largest adjusted p-value of a correspondence.

    Returns
    -------
    pandas.DataFrame
        One row per pair of names, rows and columns in the order of their size: ``first, second, customers,
        expected`` (by chance), ``net_revenue, matched``.
    """
    both = labels.dropna(subset=["first", "second"]).merge(revenue, on="customer_id", how="left")
    rows = both["first"].value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    columns = both["second"].value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    pairs = pd.MultiIndex.from_product([rows.index, columns.index], names=["first", "second"])
    grouped = both.groupby(["first", "second"])
    table = pd.DataFrame(index=pairs).assign(
        customers=grouped.size().reindex(pairs, fill_value=0),
        net_revenue=grouped.net_revenue.sum().reindex(pairs, fill_value=0.0),
    )
    counts = table.customers.to_numpy().reshape(len(rows), len(columns))
    expected = np.outer(rows, columns) / max(counts.sum(), 1)
    table.insert(1, "expected", expected.ravel())
    table["matched"] = _match(counts, expected, max_p=max_p).ravel()
    return table.reset_index()


def cross_counts(crosswalk: pd.DataFrame) -> np.ndarray:
    """The crosswalk's customers as a matrix: first names x second names."""
    columns = crosswalk["second"].nunique()
    return crosswalk.customers.to_numpy().reshape(-1, columns)


def measure_agreement(
    crosswalk: pd.DataFrame, *, confidence: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Agreement:
    """How far do two groupings agree beyond chance, and within which limits?

    Adjusted Rand index (Hubert and Arabie 1985). Drawing customers with replacement is drawing the
    crosswalk's cells from a multinomial distribution, so resamples need no customers.

    Parameters
    ----------
    crosswalk : pandas.DataFrame
        From :func:`build_crosswalk`.
    confidence : float
    resamples : int
    seed : int

    Returns
    -------
    Agreement
        NaN without customers.
    """
    counts = cross_counts(crosswalk)
    size = int(counts.sum())
    if size < 2:
        return Agreement(value=np.nan, low=np.nan, high=np.nan)
    drawn = np.random.default_rng(seed).multinomial(size, counts.ravel() / size, size=resamples)
    values = np.array([adjusted_rand_of_table(sample.reshape(counts.shape)) for sample in drawn])
    value = adjusted_rand_of_table(counts)
    # who is drawn twice agrees with itself, the more so the smaller the cells: only the spread is used
    low, high = np.clip(percentile_interval(values + value - values.mean(), level=confidence), -1.0, 1.0)
    return Agreement(value=value, low=float(low), high=float(high))


def _match(counts: np.ndarray, expected: np.ndarray, *, max_p: float) -> np.ndarray:
    """Which cells are correspondences: one to one, and more than chance would bring."""
    found = np.zeros(counts.shape, dtype=bool)
    if not counts.size:
        return found
    excess = np.maximum(counts - expected, 0.0)
    partner = match_table(excess)
    total, rows, columns = int(counts.sum()), counts.sum(axis=1), counts.sum(axis=0)
    for column, row in enumerate(partner):
        if row < 0 or excess[row, column] <= 0:
            continue
        p_value = hypergeom.sf(counts[row, column] - 1, total, rows[row], columns[column])
        found[row, column] = p_value * counts.size <= max_p
    return found
