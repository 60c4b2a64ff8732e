"""What it costs to run a segment, which limits a segment must keep, as people stated it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from segutils.errors import InputError
from segutils.formats import join_words

A_YEAR = {"month": 12, "quarter": 4, "year": 1}
RUNNING = "running a segment"
CONFIGURATION = "configuration"  # part of the item of a cost line
MEASURES = {"customers": "count", "margin": "money", "margin_per_customer": "money", "ratio": "number:1"}


@dataclass(frozen=True, kw_only=True)
class RunningCosts:
    """Yearly cost of a segment of its own.

    Parameters
    ----------
    marketing : dict of str to float
        By segment, and under ``""`` for any other.
    configuration : float or None
        Of a product configuration of its own; None where nobody stated it.
    owner, configuration_owner : str
    """

    marketing: dict[str, float]
    configuration: float | None
    owner: str
    configuration_owner: str = ""

    def of(self, segment: str) -> float:
        """Yearly cost of dedicated marketing for this segment."""
        return self.marketing.get(segment, self.marketing.get("", float("nan")))


def read_running_costs(costs: pd.DataFrame | None) -> RunningCosts | None:
    """What do people say that a segment costs a year?

    Parameters
    ----------
    costs : pandas.DataFrame or None
        item, amount, per, every, segment, owner: lines per ``segment``. Those whose item speaks of a
        configuration are the cost of an own product configuration, all others of running it; several are
        added up. A line for one segment replaces the general ones of that kind.

    Returns
    -------
    RunningCosts or None
        None where nobody stated what running a segment costs.

    Raises
    ------
    InputError
        A line does not say for which time its amount is.
    """
    if costs is None or not len(costs):
        return None
    lines = costs[costs["per"] == "segment"]
    bad = lines[~lines["every"].isin(A_YEAR)]
    if len(bad):
        raise InputError(
            f"'{bad['item'].iloc[0]}' does not say for how long its amount is",
            where="engagement file, costs",
            fix="add every: year (or month, or quarter)",
        )
    yearly = lines.assign(yearly=lines["amount"].astype(float) * lines["every"].map(A_YEAR))
    special = yearly["item"].str.lower().str.contains(CONFIGURATION)
    running, own = yearly[~special], yearly[special]
    if running.empty:
        return None
    marketing = {name: float(part["yearly"].sum()) for name, part in running.groupby("segment")}
    return RunningCosts(
        marketing=marketing,
        configuration=float(own["yearly"].sum()) if len(own) else None,
        owner="; ".join(running["owner"].drop_duplicates()),
        configuration_owner="; ".join(own["owner"].drop_duplicates()),
    )


def find_knocked_out(table: pd.DataFrame, thresholds: pd.DataFrame | None) -> pd.Series:
    """Which segments miss a stated limit, and which one?

    Parameters
    ----------
    table : pandas.DataFrame
        segment and the measures.
    thresholds : pandas.DataFrame or None
        measure, min, max.

    Returns
    -------
    pandas.Series
        Per row of `table` the measures missed, as words; empty where none is.

    Raises
    ------
    InputError
        A limit on something that is not measured here.
    """
    missed: list[list[str]] = [[] for _ in range(len(table))]
    for line in () if thresholds is None else thresholds.itertuples():
        if line.measure not in MEASURES:
            raise InputError(
                f"the limit on {line.measure!r} cannot be checked",
                where="engagement file, thresholds of size",
                fix=f"use one of {join_words(list(MEASURES), last='or')}",
            )
        for n, value in enumerate(table[line.measure]):
            if value < line.min or value > line.max:
                missed[n].append(line.measure.replace("_", " "))
    return pd.Series([join_words(words) for words in missed], index=table.index, dtype="object")
