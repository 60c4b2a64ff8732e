"""What the engagement file says about the client's data: who may use a field for what, which value survives.

None of it is computed by the playbook, so every line has an owner.
"""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, model_validator

from segutils.engagement_fields import Amount, Owner, Part, TableName, refuse
from segutils.engagement_terms import NOTE, OWNER

Purpose = Literal["segmentation", "identity", "enrichment", "fairness", "activation"]
PURPOSES: tuple[str, ...] = get_args(Purpose)
SEGMENTATION = "segmentation"  # what every read is for that states nothing else
LegalBasis = Literal["contract", "consent", "legitimate interest", "legal obligation", "none"]
SurvivorRule = Literal["most_recent", "source_order", "majority", "most_complete", "largest", "smallest"]
WHOLE_ROWS = "all"


class FieldUse(Part):
    """What some fields of a table may be used for, on which basis, with whose consent, and for how long."""

    table: TableName = Field(description="a table of this file")
    fields: list[str] = Field(min_length=1, description="a list of its columns, or [all] for its rows")
    purposes: list[Purpose] = Field(
        description="a list of segmentation, identity, enrichment, fairness, activation; [] for none"
    )
    basis: LegalBasis = Field(
        description="contract, consent, legitimate interest, legal obligation or none (no basis is known)"
    )
    consent: str = Field(
        "", description="the column of customers that says who agreed; leave it out where none is needed"
    )
    keep_days: int | None = Field(
        None, ge=1, description="the days after which the values may no longer be used, counted from as_of"
    )
    owner: Owner = Field(description=OWNER)
    note: str = Field("", description=NOTE)

    @model_validator(mode="after")
    def _has_basis(self) -> FieldUse:
        if self.basis == "none" and self.purposes:
            fields = ", ".join(self.fields)
            what = f"'{fields}' of '{self.table}' has purposes but no legal basis"
            raise refuse(what, "state the basis, or write purposes: []")
        if self.basis == "consent" and self.purposes and not self.consent:
            what = f"'{', '.join(self.fields)}' of '{self.table}' rests on consent, but no column says whose"
            raise refuse(what, "add 'consent:', the column of customers that says who agreed")
        return self


class SurvivorshipRule(Part):
    """Which of several systems' values of one field is believed."""

    field: str = Field(description="a column of source_records, such as industry")
    rule: SurvivorRule = Field(
        description="most_recent, source_order, majority, most_complete, largest or smallest"
    )
    sources: list[str] = Field([], description="the systems, best first (with source_order)")
    owner: Owner = Field(description=OWNER)
    note: str = Field("", description=NOTE)

    @model_validator(mode="after")
    def _order_has_sources(self) -> SurvivorshipRule:
        if (self.rule == "source_order") != bool(self.sources):
            if self.sources:
                raise refuse(f"'{self.field}' lists sources but not the rule source_order", "keep one")
            raise refuse(f"'{self.field}' has no sources", "list the systems, best first: sources: [...]")
        return self


class Provider(Part):
    """The terms on which a provider's data may be used; prices stand in the table provider_records."""

    name: str = Field(min_length=1, description="the provider, as the table provider_records names it")
    basis: LegalBasis = Field(
        description="contract, consent, legitimate interest, legal obligation or none (no basis is known)"
    )
    hosted_in: str = Field(min_length=1, description="where the provider holds the data, such as EU or US")
    agreement: bool = Field(description="true where a processing agreement is signed, else false")
    owner: Owner = Field(description=OWNER)
    note: str = Field("", description=NOTE)


class Project(Part):
    """The time that this engagement has."""

    days: Amount = Field(gt=0, description="the working days planned, all people together")
    day_rate: Amount = Field(description="what one of these days costs, in the engagement's currency")
    owner: Owner = Field(description=OWNER)
    note: str = Field("", description=NOTE)


class Gate(Part):
    """When a run stops before any notebook: the share of a table's rows that break rules."""

    on_fatal: Literal["stop", "go_on"] = Field(
        "stop", description="stop (no notebook starts), or go_on (with the rows set aside)"
    )
    max_set_aside_share: float = Field(
        0.2, gt=0, le=1, description="of any table's rows, from 0 to 1; more of them are a fatal fault"
    )
    max_flagged_share: float = Field(
        0.5, gt=0, le=1, description="of any table's rows that break one rule and are kept; more are fatal"
    )
    min_rows: int = Field(20, ge=1, description="the rows from which on a table is judged by shares")
    owner: str = Field("playbook default", min_length=1, description=OWNER)
    note: str = Field("", description=NOTE)
