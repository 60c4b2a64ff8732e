"""What an engagement file may say: every key, its type, and the words that explain it.

A field's description is what an error message tells the reader to write.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Literal

from pydantic import Field, PrivateAttr, model_validator

from segutils import schemas
from segutils.engagement_data import FieldUse, Gate, Project, Provider, SurvivorshipRule
from segutils.engagement_fields import (
    Colour,
    Condition,
    Currency,
    Day,
    Jurisdiction,
    Number,
    Part,
    TableName,
    Url,
    Zone,
    refuse,
)
from segutils.engagement_plans import Finance, KeyResult, Response, Scenario
from segutils.engagement_terms import (
    Budget,
    CostLine,
    Governance,
    MarginLevel,
    Objective,
    Organisation,
    Person,
    Threshold,
    Weighting,
)
from segutils.yaml_lines import YamlFile

Audience = Literal["executive", "board"]
Format = Literal["html", "pdf", "pptx", "xlsx"]
Parameter = bool | int | float | str | list[bool | int | float | str]
ALL_FORMATS: tuple[Format, ...] = ("html", "pdf", "pptx", "xlsx")


class Brand(Part):
    """How the packs look."""

    logo: str = Field("", description="a path to an .svg or .png file, from the engagement file's folder")
    logo_alt: str = Field("", description="what the logo shows, for readers who cannot see it")
    primary: Colour = Field("#1f3a5f", description="a colour as '#rrggbb', in quotes")
    accent: Colour = Field("#b4451f", description="a colour as '#rrggbb', in quotes")
    font: str = Field("Source Sans 3", description="the name of a font family")


class TableSource(Part):
    """Where one canonical table comes from, and which of its columns is which."""

    path: str | None = Field(
        None, description="a .csv, .parquet or .xlsx file, or package:NAME/file inside a package"
    )
    url: Url | None = Field(None, description="a database URL, or env:NAME")
    table: str | None = Field(None, description="a table's name in the database (schema.table)")
    query: str | None = Field(None, description="SQL; over a file, the file is the view 'source'")
    other_files: dict[str, str] = Field(
        {}, description="files that the query reads beside 'source', by these names"
    )
    columns: dict[str, str] = Field(
        {}, description="canonical name: the file's own name, such as customer_id: client_no"
    )
    sheet: str | None = Field(None, description="the sheet's name, in quotes if it is a number")
    delimiter: str | None = Field(None, min_length=1, max_length=1, description="one character, in quotes")
    encoding: str | None = Field(None, description="an encoding such as utf-8, cp1252 or utf-16")
    decimal: Literal[".", ","] | None = Field(None, description="'.' or ',' in quotes")
    date_format: str | dict[str, str] | None = Field(
        None, description="'%d.%m.%Y', or one per canonical column"
    )
    timezone: Zone | None = Field(None, description="the IANA zone of times without one; UTC if not stated")
    add_missing_from: TableName | None = Field(None, description="transactions (for customers only)")
    version: str | None = Field(
        None, description="a text, in quotes, that you change whenever the database's data changed"
    )

    @model_validator(mode="after")
    def _one_source(self) -> TableSource:
        if self.path and (self.url or self.table):
            raise refuse("a table has one source, not both path and url/table", "keep one of them")
        if self.url and not (self.table or self.query):
            raise refuse("the database source names neither table nor query", "add 'table:' or 'query:'")
        if self.table and self.query:
            raise refuse("both table and query are given", "keep one of them")
        if not (self.path or self.table or self.query):
            raise refuse(
                "the table has no source", "add 'path:' (a file) or 'url:' with 'table:' or 'query:'"
            )
        if self.other_files and not (self.path and self.query):
            raise refuse("other_files is given without path and query", "add both, or remove other_files")
        return self


class RowRule(Part):
    """A range that a column must keep, on top of the contract's own rules."""

    table: TableName = Field(description="a table of this file")
    column: str = Field(description="a canonical column of that table")
    min: Number | None = Field(None, description="the lowest value that is still right")
    max: Number | None = Field(None, description="the highest value that is still right")
    treatment: Literal["set_aside", "blank", "flag"] = Field(description="set_aside, blank or flag")
    why: str = Field(min_length=1, description="a sentence that the data report prints")


class TargetLine(Part):
    """A target that somebody set; never derived by the playbook."""

    measure: str = Field(description="a measure of notebook 7_1, such as net_revenue")
    target: Number = Field(description="a number; shares as 0 to 1")
    segment: str = Field("", description="a segment such as S1; leave it out for all customers")
    owner: str = Field(min_length=1, description="who set it")
    note: str = Field("", description="how it was set")


class OverrideChoice(Part):
    """The client's own choice where it differs from a recommendation."""

    choice: str = Field(description="one of the decision's options; in quotes if it is a number")
    who: str = Field(min_length=1, description="the person who decided")
    when: Day = Field(description="the day it was decided, as 2025-12-31")
    why: str = Field(min_length=1, description="the reason, a sentence")


class Packs(Part):
    """Which packs are made, in which formats."""

    executive: list[Format] = Field(list(ALL_FORMATS), description="a list of html, pdf, pptx, xlsx")
    board: list[Format] = Field(list(ALL_FORMATS), description="a list of html, pdf, pptx, xlsx")


class Engagement(Part):
    """A checked engagement file; :func:`load_engagement` makes one."""

    client: str = Field(min_length=1, description="the client's name as the packs print it")
    currency: Currency = Field(description="an ISO 4217 code such as EUR or USD")
    as_of: Day = Field(description="the last day of the data, as 2025-12-31")
    timezone: Zone = Field(description="the client's IANA time zone, such as Europe/Berlin")
    data_note: str = Field("", description="a sentence printed on every page of every pack")
    simulated: bool = Field(False, description="true or false")
    engine: Url = Field("duckdb", description="duckdb, a database URL, or env:NAME")
    brand: Brand = Field(Brand(), description="logo, logo_alt, primary, accent, font")
    tables: dict[TableName, TableSource] = Field(description="the input tables; see the data contract")
    rules: list[RowRule] = Field([], description="a list of table, column, min, max, treatment, why")
    objectives: list[Objective] = Field(
        [], description="a list of goal, kind, perspective, measure, target, by, capacity, owner, note"
    )
    targets: list[TargetLine] = Field([], description="a list of measure, target, segment, owner, note")
    weights: dict[str, Weighting] = Field(
        {}, description="attractiveness, competitiveness or a question's slug, each with criteria and raters"
    )
    thresholds: list[Threshold] = Field(
        [], description="a list of question, measure, min, max, periods, owner, note"
    )
    costs: list[CostLine] = Field(
        [], description="a list of item, amount, per, every, channel, segment, owner, note"
    )
    margin_ladder: list[MarginLevel] = Field([], description="a list of level, means, deducts")
    budgets: list[Budget] = Field([], description="a list of item, amount, horizon, questions, owner, note")
    responses: list[Response] = Field(
        [],
        description="a list of group, budget, ceiling, half_at, at_least, at_most, starts_after_years, "
        "lasts_years, min_amount, people, owner, note",
    )
    scenarios: list[Scenario] = Field(
        [], description="a list of name, means, factors, probability, owner, note"
    )
    finance: Finance | None = Field(None, description="discount_rate, horizon_years, owner, note")
    key_results: list[KeyResult] = Field(
        [],
        description="a list of of, perspective, objective, supports, measure, target, by, unit, owner, note",
    )
    organisation: Organisation | None = Field(None, description="max_messages, headcount, owner, note")
    definitions: dict[str, dict[str, Condition]] = Field(
        {}, description="term: {department: condition}, such as active_customer: {Sales: ...}"
    )
    owners: dict[str, Person] = Field({}, description="person: {role, answers_for}")
    governance: Governance = Field(
        Governance(), description="roles, minimum_count, access, approvals, council"
    )
    jurisdictions: list[Jurisdiction] = Field(
        [], description="a list of EU, countries such as DE, or parts of one such as US-CA"
    )
    gate: Gate = Field(
        Gate(), description="on_fatal, max_set_aside_share, max_flagged_share, min_rows, owner, note"
    )
    privacy: list[FieldUse] = Field(
        [], description="a list of table, fields, purposes, basis, consent, keep_days, owner, note"
    )
    survivorship: list[SurvivorshipRule] = Field(
        [], description="a list of field, rule, sources, owner, note"
    )
    providers: list[Provider] = Field(
        [], description="a list of name, basis, hosted_in, agreement, owner, note"
    )
    project: Project | None = Field(None, description="days, day_rate, owner, note")
    protected_attributes: list[str] = Field(
        [], description="columns of customers that must not shape or name a segment"
    )
    parameters: dict[str, dict[str, Parameter]] = Field({}, description="notebook: {parameter: value}")
    overrides: dict[str, OverrideChoice] = Field({}, description="capability: choice, who, when, why")
    packs: Packs = Field(Packs(), description="executive and board, each a list of formats")
    _file: YamlFile | None = PrivateAttr(None)

    @property
    def slug(self) -> str:
        """The client's name as a folder: ``Café Müller AG`` → ``cafe-muller-ag``."""
        plain = unicodedata.normalize("NFKD", self.client).encode("ascii", "ignore").decode()
        return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "client"

    @property
    def folder(self) -> Path:
        """The folder of the engagement file; relative paths start there."""
        return self._file.path.parent if self._file else Path()

    def where(self, section: str, name: str | int = "", part: str | int = "", item: str | int = "") -> str:
        """File, line and key for a message: ``engagement.yml, line 14 (tables.customers.path)``."""
        key = tuple(part for part in (section, name, part, item) if part != "")
        return self._file.where(key) if self._file else ".".join(str(part) for part in key)

    def columns_of(self, table: str) -> list[str]:
        """The canonical columns of a table, and the further ones that this file maps."""
        mapped = self.tables[table].columns if table in self.tables else {}
        return list(dict.fromkeys([*schemas.TABLES[table].by_name, *mapped]))

    @property
    def logo(self) -> Path | None:
        """The logo's file, or None where the brand has none."""
        return self.folder / self.brand.logo if self.brand.logo else None
