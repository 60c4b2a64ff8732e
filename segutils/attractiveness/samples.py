"""Measures of groups, now and in other samples of the same customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from segutils.statistics import kmeans
from segutils.statistics.customer_figures import CustomerFigures, measure_groups

CUSTOMERS = "other customers"


@dataclass(frozen=True, kw_only=True)
class GroupSamples:
    """Measures of groups, and what they would be in other samples.

    Parameters
    ----------
    codes : tuple of str
        The groups, as tables name them.
    names : tuple of str
        The groups, as people name them.
    measures : tuple of str
    values : numpy.ndarray
        Group x measure, all customers.
    redrawn : mapping of str to numpy.ndarray
        What is drawn anew to sample x group x measure; the last one draws most anew.
    by_provider : mapping of str to numpy.ndarray
        Provider of market figures to group x measure by its figures alone; empty where there are not several.
    agreement : numpy.ndarray, optional
        How far groups that are formed anew agree with the present ones, per sample (adjusted Rand index).
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    measures: tuple[str, ...]
    values: np.ndarray
    redrawn: Mapping[str, np.ndarray]
    by_provider: Mapping[str, np.ndarray] = field(default_factory=dict)
    agreement: np.ndarray | None = None

    @property
    def widest(self) -> np.ndarray:
        """The samples in which most is drawn anew: sample x group x measure."""
        return list(self.redrawn.values())[-1]

    @property
    def table(self) -> pd.DataFrame:
        """``group`` (its name) and the measures of all customers."""
        table = pd.DataFrame(self.values, columns=list(self.measures))
        table.insert(0, "group", list(self.names))
        return table

    def column(self, measure: str) -> np.ndarray:
        """A measure of the groups with all customers; NaN where it is not known."""
        if measure not in self.measures:
            return np.full(len(self.names), np.nan)
        return self.values[:, self.measures.index(measure)]

    def rename(self, names: Mapping[str, str]) -> GroupSamples:
        """The same with code and name together, for codes that have one."""
        called = tuple(f"{code} {names[code]}" if code in names else code for code in self.codes)
        return replace(self, names=called)


def resample_groups(
    figures: CustomerFigures, groups: pd.DataFrame, *, resamples: int = 200, seed: int = 0
) -> GroupSamples | None:
    """What would the measures of these groups be, had the customers been another sample?

    Parameters
    ----------
    figures : CustomerFigures
    groups : pandas.DataFrame
        ``customer_id, group``; customers without a row are in no group and are not drawn.
    resamples, seed : int
        Customers are drawn with replacement, each with all their orders, opportunities and answers.

    Returns
    -------
    GroupSamples or None
        Groups in alphabetical order; None where nobody is in a group.
    """
    members = groups.dropna(subset=["group"]).drop_duplicates("customer_id")
    members = members.sort_values(["group", "customer_id"], ignore_index=True)
    if members.empty:
        return None
    names = tuple(members["group"].unique())
    labels = pd.Categorical(members["group"], categories=names).codes.astype(int)
    sums = figures.select(members["customer_id"])
    drawn = kmeans.draw_bootstrap(len(members), resamples, seed=seed)
    return GroupSamples(
        codes=names,
        names=names,
        measures=tuple(sums.measures),
        values=measure_groups(sums, labels, groups=len(names))[0],
        redrawn={CUSTOMERS: measure_groups(sums, labels, groups=len(names), weights=drawn)},
        by_provider=measure_by_provider(sums, labels, groups=len(names)),
    )


def measure_by_provider(
    figures: CustomerFigures, labels: np.ndarray, *, groups: int
) -> dict[str, np.ndarray]:
    """What are the measures of each group by the market figures of each provider alone?

    Parameters
    ----------
    figures : CustomerFigures
    labels : numpy.ndarray of int
        Group of each customer; below 0: in no group.
    groups : int

    Returns
    -------
    dict of str to numpy.ndarray
        Provider to group x measure.
    """
    return {
        name: measure_groups(figures.of_provider(name), labels, groups=groups)[0]
        for name in figures.by_provider
    }
