"""Which fields and rows of a table may be seen, for which purpose, with whose consent, for how long?

What the engagement file states, and what holds by default; :mod:`segutils.inputs.restricting` applies it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from segutils import schemas, table_schema
from segutils.engagement import Engagement
from segutils.engagement_data import PURPOSES, SEGMENTATION, WHOLE_ROWS

DEFAULT_OWNER = "playbook default"
WITHHELD = "(withheld)"


@dataclass(frozen=True, kw_only=True)
class Permit:
    """What one field (or ``all``: the rows) of a table may be used for; `stated` in the engagement file."""

    column: str
    purposes: tuple[str, ...]
    basis: str
    consent: str
    keep_days: int | None
    owner: str
    stated: bool


@dataclass(frozen=True, kw_only=True)
class FieldRecord:
    """What became of one field (or of the rows) for want of purpose, consent or youth.

    `cells` are its filled cells (of ``all``: rows) among the accepted rows; those without consent and those
    too old are left out for every purpose. A column counts as dropped where no purpose is left.
    """

    table: str
    column: str
    purposes: tuple[str, ...]
    basis: str
    consent: str
    keep_days: int | None
    owner: str
    stated: bool
    cells: int
    without_consent: int
    too_old: int


def list_permits(name: str, columns: Sequence[str], engagement: Engagement) -> tuple[Permit, ...]:
    """What may each of a table's columns be used for?

    Parameters
    ----------
    name : str
    columns : sequence of str
        Canonical columns that the table has.
    engagement : Engagement

    Returns
    -------
    tuple of Permit
        One per column in their order, after one for the rows where the engagement file states it. A date
        that was derived from a moment follows the moment.
    """
    schema = schemas.TABLES[name]
    stated = {
        field: Permit(
            column=field,
            purposes=tuple(p for p in PURPOSES if p in line.purposes),
            basis=line.basis,
            consent=line.consent,
            keep_days=line.keep_days,
            owner=line.owner,
            stated=True,
        )
        for line in engagement.privacy
        if line.table == name
        for field in line.fields
    }
    follows = {table_schema.local_date_name(moment): moment for moment in table_schema.moments(schema)}
    found = [stated[WHOLE_ROWS]] if WHOLE_ROWS in stated else []
    for column in columns:
        permit = stated.get(follows.get(column, column))
        known = schema.by_name.get(column)
        if permit is None:
            usual = known.purposes if known else ()
            if name == "customers" and column in engagement.protected_attributes:
                usual = ("fairness",)
            found.append(
                Permit(
                    column=column,
                    purposes=usual or PURPOSES,
                    basis="",
                    consent="",
                    keep_days=None,
                    owner=DEFAULT_OWNER,
                    stated=False,
                )
            )
        else:
            found.append(Permit(**{**vars(permit), "column": column}))
    return tuple(found)


def list_restricted(name: str, columns: Sequence[str], engagement: Engagement) -> tuple[str, ...]:
    """The columns of which a report shows no cell: not to segment, or on conditions that a row may not meet.

    Where the permit is for rows, of this table or of the customers whom it names, that is every column.
    """
    permits = list_permits(name, columns, engagement)
    of_people = list_permits("customers", (), engagement) if "customer_id" in columns else ()
    if any(_is_withheld(p) for p in (*permits, *of_people) if p.column == WHOLE_ROWS):
        return tuple(columns)
    return tuple(permit.column for permit in permits if _is_withheld(permit))


def _is_withheld(permit: Permit) -> bool:
    return SEGMENTATION not in permit.purposes or bool(permit.consent or permit.keep_days)


def mask_restricted(
    cells: Sequence[str | None],
    columns: Sequence[str],
    mapped: Mapping[str, str],
    restricted: Collection[str],
) -> list[str | None]:
    """A row's own cells, all withheld but those of fields that entered and may be seen.

    The row's number finds them in the source.
    """
    shown = {theirs for canonical, theirs in mapped.items() if canonical not in restricted}
    return [
        cell if column in shown or not cell else WITHHELD for cell, column in zip(cells, columns, strict=True)
    ]
