"""How often a customer of each segment comes up for a campaign in a year, counted and not supposed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import pandas as pd

from segutils.errors import InputError
from segutils.formats import format_value
from segutils.statistics.campaign_arms import count_occasions

YEAR = 365


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """Contacts a year, by segment.

    Parameters
    ----------
    a_year : pandas.Series
        All of a segment's customers together, by segment.
    customers : pandas.Series
        By segment.
    basis : str
        How they were counted, as the end of a sentence.
    owner : str
        Who answers for them: ``measured``, or whoever stated them.
    """

    a_year: pd.Series
    customers: pd.Series
    basis: str
    owner: str

    @property
    def per_customer(self) -> pd.Series:
        """Contacts per customer and year, by segment."""
        return self.a_year / self.customers


def count_contacts(
    exposures: ir.Table | None,
    campaigns: ir.Table | None,
    lines: ir.Table | None,
    members: pd.DataFrame,
    *,
    as_of: date,
    stated: float = 0.0,
) -> Contacts | None:
    """How often did the customers of each segment come up for a campaign in the year up to `as_of`?

    A row of exposures is one occasion: the customer was contacted, or kept back as one of a control group. A
    row is dated by ``assigned_on``, else by the campaign's ``started_on``. Where neither is known, all rows
    are divided by the years that purchases cover.

    Parameters
    ----------
    exposures : ibis table or None
        customer_id, campaign_id; assigned_on where known.
    campaigns : ibis table or None
        campaign_id; started_on where known.
    lines : ibis table or None
        ordered_on where known; read only where campaigns have no dates.
    members : pandas.DataFrame
        customer_id, segment; other customers are not counted.
    as_of : datetime.date
        Last day of the year.
    stated : float
        Contacts per customer and year of the engagement file, of every segment; 0: they are counted.

    Returns
    -------
    Contacts or None
        None where there are no exposures and nothing is stated.

    Raises
    ------
    InputError
        The stated contacts are below 0.
    """
    if stated < 0:
        raise InputError(
            f"{stated:g} contacts a year cannot be used",
            where="engagement file, parameters of 4_2_response",
            fix="give contacts_a_year above 0, or 0 to have them counted",
        )
    customers = members.groupby("segment")["customer_id"].count()
    if stated > 0:
        return Contacts(
            a_year=stated * customers,
            customers=customers,
            basis="as the engagement file states (contacts_a_year)",
            owner="engagement file",
        )
    if exposures is None:
        return None
    seen = count_occasions(exposures, campaigns, as_of=as_of, window_days=YEAR)
    by_segment = (
        members.merge(seen, on="customer_id").groupby("segment")[["all_rows", "dated", "recent"]].sum()
    )
    by_segment = by_segment.reindex(customers.index, fill_value=0)
    found, basis = by_segment["recent"].astype(float), _say_dates(exposures)
    if not seen["dated"].sum():
        years = _count_years(lines, as_of)
        found = by_segment["all_rows"] / (years or 1.0)
        basis = (
            "campaigns have no dates, so all of them were divided by the "
            f"{format_value(years, 'number:1')} years that purchases cover"
            if years
            else "campaigns have no dates, so all of them are taken to be of one year"
        )
    return Contacts(a_year=found, customers=customers, basis=basis, owner="measured")


def _say_dates(exposures: ir.Table) -> str:
    if "assigned_on" in exposures.columns:
        return "counted by the day of assignment"
    return "counted by the first day of the campaign"


def _count_years(lines: ir.Table | None, as_of: date) -> float:
    """Years from the first purchase to `as_of`, at least one; 0 where no purchase has a date."""
    if lines is None or "ordered_on" not in lines.columns:
        return 0.0
    first = lines.ordered_on.min().to_pyarrow().as_py()
    return max(((as_of - first).days + 1) / YEAR, 1.0) if first is not None else 0.0
