"""What each customer adds to the measures of any group: sums only, so that every grouping is a sum of them.

A measure of a group (a segment, one of the client's own groups, a segment of another sample) is a sum over
its customers, or one sum over another. So groups and resamples of customers cost a few additions each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from segutils.findings import Assumption, Need


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A measure of a group of customers.

    Parameters
    ----------
    above : str
        Column that is summed.
    below : str
        Column whose sum divides it; empty: the sum itself is the measure.
    format : str
        How it is written (see :mod:`segutils.formats`).
    words : str
        What to call it in a sentence.
    """

    above: str
    below: str
    format: str
    words: str


MEASURES: Mapping[str, Measure] = {
    "customers": Measure(above="customers", below="", format="count", words="customers"),
    "net_revenue": Measure(above="net_revenue", below="", format="money", words="net revenue a year"),
    "market_growth": Measure(
        above="growth", below="growth_of", format="change", words="growth of the market a year"
    ),
    "market_size": Measure(above="market", below="", format="money", words="size of the market"),
    "margin_rate": Measure(above="margin", below="margin_of", format="share", words="contribution margin"),
    "cost_to_serve": Measure(above="cost", below="cost_of", format="share", words="cost to serve"),
    "market_share": Measure(above="market_own", below="market", format="share", words="share of the market"),
    "win_rate": Measure(above="won", below="decided", format="share:0", words="deals won"),
    "satisfaction": Measure(above="satisfied", below="answers", format="number:2", words="satisfaction"),
    "price_gap": Measure(
        above="price_above", below="price_theirs", format="change", words="price above the competitors'"
    ),
    "reach": Measure(above="may_write", below="asked", format="share:0", words="share who may be written to"),
}


@dataclass(frozen=True, kw_only=True)
class CustomerFigures:
    """One row per customer with the sums behind the measures that are known.

    Parameters
    ----------
    table : pandas.DataFrame
        ``customer_id`` and the columns that :data:`MEASURES` names; those of unknown measures are absent.
    needs : tuple of Need
        What to ask for, one per measure that is not known.
    assumptions : tuple of Assumption
    notes : tuple of str
    by_provider : mapping of str to pandas.DataFrame
        Provider of market figures to ``customer_id`` and the sums that are others by its figures alone; empty
        where there are not several.
    """

    table: pd.DataFrame
    needs: tuple[Need, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    notes: tuple[str, ...] = ()
    by_provider: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def measures(self) -> list[str]:
        """The measures that are known."""
        return [name for name, m in MEASURES.items() if {m.above, m.below} - {""} <= set(self.table.columns)]

    def select(self, customer_ids: pd.Series) -> CustomerFigures:
        """The same for these customers, in their order; who is not in the table counts as 0."""
        found = self.table.set_index("customer_id").reindex(customer_ids).fillna(0.0)
        found = found.rename_axis("customer_id").reset_index()
        return replace(self, table=found)

    def of_provider(self, name: str) -> CustomerFigures:
        """The same by the market figures of one provider alone."""
        own = self.by_provider[name].set_index("customer_id")
        own = own.reindex(self.table["customer_id"]).fillna(0.0).reset_index(drop=True)
        return replace(self, table=self.table.assign(**{column: own[column] for column in own.columns}))


def measure_groups(
    figures: CustomerFigures, labels: np.ndarray, *, groups: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """What are the measures of each group, in each of several samples of the customers?

    Parameters
    ----------
    figures : CustomerFigures
    labels : numpy.ndarray of int
        Group of each customer, or sample x customer; below 0: in no group.
    groups : int
    weights : numpy.ndarray, optional
        Sample x customer: how often each was drawn; without it one sample with everybody once.

    Returns
    -------
    numpy.ndarray
        Sample x group x measure (in the order of ``figures.measures``); NaN where nothing is known of a
        group.
    """
    drawn = np.ones((1, len(figures.table))) if weights is None else np.asarray(weights, dtype=float)
    labelled = np.broadcast_to(labels, drawn.shape)
    measures = [MEASURES[name] for name in figures.measures]
    columns = list(dict.fromkeys(c for m in measures for c in (m.above, m.below) if c))
    values = figures.table[columns].to_numpy(dtype=float).T
    sums = np.empty((len(drawn), groups, len(columns)))
    for sample, (members, times) in enumerate(zip(labelled, drawn, strict=True)):
        slot = np.where(members < 0, groups, members)
        for n, column in enumerate(values):
            sums[sample, :, n] = np.bincount(slot, weights=times * column, minlength=groups + 1)[:groups]
    found = np.empty((len(drawn), groups, len(measures)))
    for n, m in enumerate(measures):
        above = sums[:, :, columns.index(m.above)]
        if not m.below:
            found[:, :, n] = above
            continue
        below = sums[:, :, columns.index(m.below)]
        found[:, :, n] = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return found


def list_measures(figures: CustomerFigures, groups: pd.DataFrame) -> pd.DataFrame:
    """What are the measures of each group?

    Parameters
    ----------
    figures : CustomerFigures
    groups : pandas.DataFrame
        ``customer_id, group``; customers without a row or a group are in none, and in the first of several.

    Returns
    -------
    pandas.DataFrame
        ``group`` (in order of first appearance) and one column per known measure, in its own unit.
    """
    members = groups.dropna(subset=["group"]).drop_duplicates("customer_id")
    names = list(dict.fromkeys(members["group"]))
    of = members.set_index("customer_id")["group"].reindex(figures.table["customer_id"])
    labels = pd.Categorical(of, categories=names).codes.astype(int)
    table = pd.DataFrame(measure_groups(figures, labels, groups=len(names))[0], columns=figures.measures)
    table.insert(0, "group", names)
    return table
