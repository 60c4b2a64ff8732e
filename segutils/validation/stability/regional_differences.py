"""Segments whose customers buy otherwise in one region than in all others.

A region that is far off would make all others look different from "elsewhere". So the farthest one is set
aside for that segment, and the others are compared again without it, until none is left that chance doesn't
explain.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

MIN_SPREAD = 1e-3  # a feature that all of a segment share to this many standard deviations cannot differ
LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The comparisons: a segment's feature in one region with the same segment elsewhere.

    Parameters
    ----------
    points : numpy.ndarray
        Customer x feature, scaled.
    label, home : numpy.ndarray of int
        Segment and region of each customer.
    region, segment, feature : numpy.ndarray of int
        Of each comparison.
    aside : set of tuple of int
        Region and segment that are no part of elsewhere.
    """

    points: np.ndarray
    label: np.ndarray
    home: np.ndarray
    region: np.ndarray
    segment: np.ndarray
    feature: np.ndarray
    aside: set[tuple[int, int]] = field(default_factory=set)

    def is_aside(self, segment: int) -> np.ndarray:
        """Per region: are its customers of the segment set aside?"""
        count = int(self.home.max()) + 1
        return np.array([(number, segment) in self.aside for number in range(count)])


@dataclass(frozen=True, kw_only=True)
class Differences:
    """What was found (see :func:`find_differences`).

    Parameters
    ----------
    table : pandas.DataFrame
        ``region, segment, feature`` (whole numbers), ``customers``, ``difference`` (in the units of the
        axes), ``z``, ``p_value`` (family-wise).
    critical_z : float
        What 5 % of random exchanges of regions exceed anywhere, without what was set aside.
    cells : Cells
    """

    table: pd.DataFrame
    critical_z: float
    cells: Cells


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Differences of means and their z: weight set x comparison."""

    difference: np.ndarray
    z: np.ndarray


def list_cells(points: np.ndarray, label: np.ndarray, home: np.ndarray, *, min_customers: int) -> Cells:
    """Every comparison with at least `min_customers` of the segment in the region and elsewhere."""
    table = np.zeros((label.max() + 1, home.max() + 1), dtype=int)
    np.add.at(table, (label, home), 1)
    found = [
        (number, segment, feature)
        for segment, sizes in enumerate(table)
        for feature in np.flatnonzero(points[label == segment].std(axis=0) > MIN_SPREAD)
        for number in np.flatnonzero((sizes >= min_customers) & (sizes.sum() - sizes >= min_customers))
    ]
    region, segment, feature = np.array(found, dtype=int).reshape(-1, 3).T
    return Cells(points=points, label=label, home=home, region=region, segment=segment, feature=feature)


def find_differences(
    cells: Cells, *, min_difference: float, permutations: int = 500, seed: int = 0
) -> Differences:
    """In which regions do a segment's customers buy otherwise?

    p-values are family-wise: how often random exchange of regions within segments gives as large a |z|
    anywhere (single-step maxT, Westfall and Young 1993). The largest difference that chance does not explain
    is set aside and the rest compared again.

    Parameters
    ----------
    cells : Cells
        From :func:`list_cells`.
    min_difference : float
        Differences that are smaller don't matter: they are reported, and nothing is set aside for them.
    permutations, seed : int

    Returns
    -------
    Differences
    """
    limits = {s: _exchange(cells, s, permutations=permutations, seed=seed) for s in np.unique(cells.segment)}
    found: dict[tuple[int, int], pd.DataFrame] = {}
    everyone = np.ones((1, len(cells.label)))
    while True:
        largest = np.max(list(limits.values()), axis=0) if limits else np.zeros(permutations)
        scores = score_cells(cells, everyone)
        size = np.abs(scores.z[0])
        table = pd.DataFrame(
            {
                "region": cells.region,
                "segment": cells.segment,
                "feature": cells.feature,
                "customers": [
                    int(((cells.label == s) & (cells.home == r)).sum())
                    for r, s in zip(cells.region, cells.segment, strict=True)
                ],
                "difference": scores.difference[0],
                "z": scores.z[0],
                "p_value": _family_wise(size, largest),
            }
        )
        table = _keep_found(table, found)
        matters = (table["p_value"] <= LEVEL) & (table["difference"].abs() >= min_difference)
        open_rows = [
            row
            for row in table[matters].itertuples()
            if (row.region, row.segment) not in cells.aside and _leaves_enough(cells, row.segment)
        ]
        if not open_rows:
            return Differences(table=table, critical_z=float(np.quantile(largest, 0.95)), cells=cells)
        worst = max(open_rows, key=lambda row: abs(row.z))
        key = (int(worst.region), int(worst.segment))
        found[key] = table[(table["region"] == key[0]) & (table["segment"] == key[1])]
        cells.aside.add(key)
        limits[key[1]] = _exchange(cells, key[1], permutations=permutations, seed=seed)


def score_cells(cells: Cells, weights: np.ndarray) -> Scores:
    """Difference of means and its z for each comparison, with customers counted `weights` times."""
    difference = np.zeros((len(weights), len(cells.region)))
    z = np.zeros_like(difference)
    for segment in np.unique(cells.segment):
        members = cells.label == segment
        points, home, drawn = cells.points[members], cells.home[members], weights[:, members]
        aside = cells.is_aside(segment)
        each = np.stack([drawn[:, home == number].sum(axis=1) for number in range(len(aside))], axis=1)
        sums = np.stack(
            [drawn[:, home == number] @ points[home == number] for number in range(len(aside))], axis=1
        )
        rows = np.flatnonzero(cells.segment == segment)
        own, feature = cells.region[rows], cells.feature[rows]
        inside = ~aside[own]
        n = each[:, own]
        others = each[:, ~aside].sum(axis=1, keepdims=True) - n * inside
        there = sums[:, own, feature]
        elsewhere = sums[:, ~aside].sum(axis=1)[:, feature] - there * inside
        spread = points[~aside[home]].std(axis=0)[feature].clip(MIN_SPREAD)
        with np.errstate(invalid="ignore", divide="ignore"):
            moved = there / n - elsewhere / others
            difference[:, rows] = moved
            z[:, rows] = moved / (spread * np.sqrt(1 / n + 1 / others))
    return Scores(difference=np.nan_to_num(difference), z=np.nan_to_num(z))


def _keep_found(table: pd.DataFrame, found: dict[tuple[int, int], pd.DataFrame]) -> pd.DataFrame:
    """What was set aside keeps the p-values with which it was found."""
    for rows in found.values():
        table.loc[rows.index, "p_value"] = rows["p_value"]
    return table


def _leaves_enough(cells: Cells, segment: int) -> bool:
    """Elsewhere keeps at least two regions when one more is set aside."""
    regions = np.unique(cells.region[cells.segment == segment])
    return len(regions) - int(cells.is_aside(segment)[regions].sum()) > 2


def _exchange(cells: Cells, segment: int, *, permutations: int, seed: int) -> np.ndarray:
    """Largest |z| within a segment when its regions are exchanged at random."""
    rng = np.random.default_rng([seed, segment])
    aside = cells.is_aside(segment)
    rows = np.flatnonzero((cells.segment == segment) & ~aside[cells.region])
    if not len(rows):
        return np.zeros(permutations)
    members = (cells.label == segment) & ~aside[cells.home]
    points, home = cells.points[members], cells.home[members]
    own, feature = cells.region[rows], cells.feature[rows]
    n, total = np.bincount(home, minlength=len(aside))[own], len(points)
    spread = points.std(axis=0)[feature].clip(MIN_SPREAD) * np.sqrt(1 / n + 1 / (total - n))
    one = np.eye(len(aside))[home]  # customer x region
    everywhere = points.sum(axis=0)[feature]
    largest = np.empty(permutations)
    for row in range(permutations):
        there = (one.T @ points[rng.permutation(total)])[own, feature]
        largest[row] = np.abs((there / n - (everywhere - there) / (total - n)) / spread).max()
    return largest


def _family_wise(z: np.ndarray, largest: np.ndarray) -> np.ndarray:
    above = len(largest) - np.searchsorted(np.sort(largest), z - 1e-12)
    return (1 + above) / (1 + len(largest))
