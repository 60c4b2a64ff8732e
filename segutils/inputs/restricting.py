"""Purpose, consent and retention, applied where tables enter a run.

What may not be used to segment is not among the run's inputs. What serves another purpose is read from the
source again, under the same rules, by the notebooks that state this purpose.

With a client's database as engine nothing is copied: there the database's own rights decide what else a
session can read beside the run's tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

import ibis

from segutils import schemas, table_schema
from segutils.engagement import Engagement
from segutils.engagement_data import PURPOSES, WHOLE_ROWS
from segutils.errors import InputError
from segutils.inputs.casting import TRUE_WORDS
from segutils.inputs.permissions import FieldRecord, Permit, list_permits

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, kw_only=True)
class People:
    """The accepted customers with their consents; `agreed`, where stated: only they may be looked at."""

    customers: ir.Table
    agreed: ir.Table | None = None


def restrict(
    accepted: ir.Table, name: str, engagement: Engagement, people: People | None, *, purpose: str
) -> ir.Table | None:
    """What of a table may be seen for a purpose?

    Parameters
    ----------
    accepted : ibis.Table
        Accepted rows, canonical columns.
    name : str
    engagement : Engagement
    people : People, optional
        None while the customers themselves enter, or where a table enters before them.
    purpose : str

    Returns
    -------
    ibis.Table or None
        Permitted columns; cells without consent, or too old, are empty, and rows where the permit is for
        rows are left out. None where the table may not be seen at all. Consent is asked of the customer
        whom a row names; a row that names nobody is about nobody who could have been asked.
    """
    permits = list_permits(name, accepted.columns, engagement)
    if _is_for_rows(permits[0]) and purpose not in permits[0].purposes:
        return None
    seen = keep_rows(accepted, name, engagement, people)
    columns: dict[str, ir.Value] = {}
    for permit in permits:
        if _is_for_rows(permit) or purpose not in permit.purposes:
            continue
        value, usable = seen[permit.column], _is_usable(seen, name, permit, engagement, people)
        columns[permit.column] = (
            ibis.ifelse(reduce(and_, usable), value, ibis.null(value.type())) if usable else value
        )
    return seen.select(**columns) if columns else None


def keep_rows(accepted: ir.Table, name: str, engagement: Engagement, people: People | None) -> ir.Table:
    """The rows of a table that may be looked at for any purpose at all."""
    permit = list_permits(name, accepted.columns, engagement)[0]
    rows = _is_usable(accepted, name, permit, engagement, people) if _is_for_rows(permit) else []
    if _is_for_rows(permit) and not permit.purposes:
        rows.append(ibis.literal(False))
    if people is not None and people.agreed is not None and "customer_id" in accepted.columns:
        agreed = accepted.customer_id.isin(people.agreed.customer_id).fill_null(False)
        rows.append(accepted.customer_id.isnull() | agreed)  # whoever has no accepted record did not agree
    return accepted.filter(*rows) if rows else accepted


def list_agreed(customers: ir.Table, engagement: Engagement) -> ir.Table | None:
    """The customers who may be looked at: the rows of all others are left out of every table."""
    permit = list_permits("customers", customers.columns, engagement)[0]
    if not (_is_for_rows(permit) and permit.consent):
        return None
    return customers.filter(_agrees(_need(customers, permit.consent, engagement))).select("customer_id")


def leaves_out_rows(name: str, columns: Sequence[str], engagement: Engagement) -> bool:
    """Do permits for whole rows, of this table or of customers, leave rows of it out?"""
    permits = list_permits(name, columns, engagement)
    of_customers = any(p.table == "customers" and p.fields == [WHOLE_ROWS] for p in engagement.privacy)
    return _is_for_rows(permits[0]) or (of_customers and "customer_id" in columns)


def count_uses(
    accepted: ir.Table, name: str, engagement: Engagement, people: People | None
) -> tuple[FieldRecord, ...]:
    """How many cells of each field were left out, and why?

    Returns
    -------
    tuple of FieldRecord
        One per column, and one for the rows where the engagement file states it; counted in one query.
    """
    permits = list_permits(name, accepted.columns, engagement)
    sums: dict[str, ir.IntegerScalar] = {}
    for number, permit in enumerate(permits):
        if not (_is_for_rows(permit) or _is_limited(permit)):
            continue
        filled = accepted[accepted.columns[0] if _is_for_rows(permit) else permit.column].notnull()
        consent, young = _conditions(accepted, name, permit, engagement, people)
        sums[f"cells_{number}"] = filled.sum()
        if consent is not None:
            sums[f"refused_{number}"] = (filled & ~consent).sum()
        if young is not None:
            sums[f"old_{number}"] = (filled & ~young).sum()
    found = accepted.aggregate(**sums).to_pyarrow().to_pylist()[0] if sums else {}
    return tuple(
        FieldRecord(
            **vars(permit),
            table=name,
            cells=int(found.get(f"cells_{number}") or 0),
            without_consent=int(found.get(f"refused_{number}") or 0),
            too_old=int(found.get(f"old_{number}") or 0),
        )
        for number, permit in enumerate(permits)
    )


def _is_for_rows(permit: Permit) -> bool:
    return permit.column == WHOLE_ROWS


def _is_limited(permit: Permit) -> bool:
    return bool(permit.consent or permit.keep_days) or set(permit.purposes) != set(PURPOSES)


def _is_usable(
    accepted: ir.Table, name: str, permit: Permit, engagement: Engagement, people: People | None
) -> list[ir.BooleanValue]:
    consent, young = _conditions(accepted, name, permit, engagement, people)
    return [condition for condition in (consent, young) if condition is not None]


def _conditions(
    accepted: ir.Table, name: str, permit: Permit, engagement: Engagement, people: People | None
) -> tuple[ir.BooleanValue | None, ir.BooleanValue | None]:
    """Has the customer agreed, and is the value young enough? None where the permit does not ask."""
    consent = young = None
    if permit.consent and name == "customers":
        consent = _agrees(_need(accepted, permit.consent, engagement))
    elif permit.consent:
        assert people is not None, f"{name} enters before the customers whose consent it needs"
        answer = _need(people.customers, permit.consent, engagement)
        agreed = people.customers.filter(_agrees(answer))
        consent = accepted.customer_id.isnull() | accepted.customer_id.isin(agreed.customer_id)
    if permit.keep_days:
        schema = schemas.TABLES[name]
        moment = table_schema.time_column(schema)
        day = table_schema.local_date_name(moment) if moment in table_schema.moments(schema) else moment
        first = engagement.as_of - timedelta(days=permit.keep_days - 1)
        _need(accepted, moment, engagement)
        young = (accepted[day] >= first).fill_null(False)  # of unknown age: not shown to be young
    return (consent.fill_null(False) if consent is not None else None), young


def _need(table: ir.Table, column: str, engagement: Engagement) -> ir.Column:
    """The column that a condition asks; the engagement file may name one that the source does not have."""
    if column not in table.columns:
        fix = "map that column, or state the fields that rest on it with purposes: []"
        what = f"a line rests on the column '{column}', which the source does not have"
        raise InputError(what, where=engagement.where("privacy"), fix=fix)
    return table[column]


def _agrees(value: ir.Value) -> ir.BooleanValue:
    """Yes in any of its spellings; an empty cell is no consent."""
    if value.type().is_boolean():
        return value.fill_null(False)
    if value.type().is_numeric():
        return (value == 1).fill_null(False)
    return value.cast("string").strip().lower().isin(TRUE_WORDS).fill_null(False)
