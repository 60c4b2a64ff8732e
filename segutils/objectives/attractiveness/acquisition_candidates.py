"""Companies that could be bought, as they describe themselves, in the client's own terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.findings import Need

SHARE = "share_"
NUMBERS = ("customers", "overlap_customers", "integration_risk", "price_asked", "revenue", "growth", "margin")
TARGETS = Need(
    question="Which companies could be bought, how many customers do they have, of which of the client's "
    "groups, and at what price?",
    table="acquisition_targets",
    columns=(
        *("target_id", "name", "customers", "overlap_customers", "share_<group>"),
        *("integration_risk", "price_asked"),
    ),
)
OVERLAP = Need(
    question="Which share of its customers are the client's already?",
    table="acquisition_targets",
    columns=("overlap_customers",),
)
RISK = Need(
    question="How risky is the integration, from 1 to 5?",
    table="acquisition_targets",
    columns=("integration_risk",),
)
PRICE = Need(question="What does each company cost?", table="acquisition_targets", columns=("price_asked",))


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Companies that could be bought.

    Parameters
    ----------
    table : pandas.DataFrame
        Sorted by ``target_id``: ``target_id, name`` (unique), ``customers``, ``overlap`` (0-1; 0 where not
        said), ``overlap_said``, ``risk, price, revenue, growth, margin`` (NaN where not said), ``unmapped``
        (share of customers in no group of the client's).
    shares : pandas.DataFrame
        Index as `table`; a column per group of the client's that some candidate names, 0-1.
    unknown : tuple of str
        Columns ``share_<group>`` of which the client has no such group.
    dropped : tuple of str
        Candidates whose number of customers or shares cannot be used.
    needs : tuple of Need
    """

    table: pd.DataFrame
    shares: pd.DataFrame
    unknown: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()


def read_candidates(targets: ir.Table | None, groups: Sequence[str]) -> Candidates | None:
    """Which companies could be bought, and whom would they bring, in the client's own groups?

    Parameters
    ----------
    targets : ibis table, optional
        ``target_id, customers`` and ``share_<group>`` (0-1, a group of the client's in any case); optional
        ``name, overlap_customers`` (0-1, or numbers of customers if any is above 1),
        ``integration_risk`` (1-5), ``price_asked, revenue, growth, margin``.
    groups : sequence of str
        The groups that the client plans with.

    Returns
    -------
    Candidates or None
        None without the table, its number of customers, or a share of a known group.
    """
    if targets is None or "customers" not in targets.columns:
        return None
    named = {_fold(group): group for group in groups}
    columns = [column for column in targets.columns if column.startswith(SHARE)]
    known = {
        column: named[_fold(column.removeprefix(SHARE))]
        for column in columns
        if _fold(column.removeprefix(SHARE)) in named
    }
    if not known:
        return None
    frame = targets.to_pandas()
    for column in (*NUMBERS, *columns):
        frame[column] = (
            pd.to_numeric(frame[column], errors="coerce").astype(float) if column in frame else np.nan
        )
    frame = frame.sort_values("target_id", ignore_index=True)
    frame["name"] = _name(frame)
    share = frame[columns]
    bad = (
        ~(frame.customers > 0)
        | share.lt(0).any(axis=1)
        | (share.sum(axis=1) > 1.01)
        | share.isna().all(axis=1)
    )
    dropped = tuple(frame.name[bad])
    frame = frame[~bad].reset_index(drop=True)
    shares = frame[list(known)].fillna(0.0).rename(columns=known)
    shares = shares.T.groupby(level=0).sum().T
    overlap = frame.overlap_customers
    if (overlap > 1).any():  # numbers of customers: then 1 is one customer and not all of them
        overlap = overlap / frame.customers
    price = frame.price_asked.where(frame.price_asked > 0)
    gaps = ((OVERLAP, overlap), (RISK, frame.integration_risk), (PRICE, price))
    table = pd.DataFrame(
        {
            "target_id": frame.target_id.astype(str),
            "name": frame.name,
            "customers": frame.customers,
            "overlap": overlap.clip(0, 1).fillna(0.0),
            "overlap_said": overlap.notna(),
            "risk": frame.integration_risk,
            "price": price,
            "revenue": frame.revenue,
            "growth": frame.growth,
            "margin": frame.margin,
            "unmapped": (1 - shares.sum(axis=1)).clip(lower=0),
        }
    )
    return Candidates(
        table=table,
        shares=shares,
        unknown=tuple(column for column in columns if column not in known),
        dropped=dropped,
        needs=tuple(need for need, values in gaps if values.isna().any()),
    )


def _fold(text: str) -> str:
    return "".join(letter for letter in str(text).casefold() if letter.isalnum())


def _name(frame: pd.DataFrame) -> pd.Series:
    """The name, or the id where there is none; names that occur twice get their id."""
    ids = frame.target_id.astype(str)
    names = frame["name"].astype("object").where(frame["name"].notna(), ids) if "name" in frame else ids
    names = names.astype(str).str.strip()
    return names.where(~names.duplicated(keep=False), names + " (" + ids + ")")
