"""What the client wants, knows and allows, as the engagement file states it: goals, weights, money, rules.

None of it is computed by the playbook, so every line has an owner or a person behind it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from segutils.engagement_fields import Amount, Day, Number, Owner, Part, Ratio, Scope, Share, Years, refuse

CostUnit = Literal[
    "segment",
    "customer",
    "order",
    "campaign",
    "message",
    "visit",
    "ticket",
    "interview",
    "record",
    "refresh",
    "person",
    "company",
]
Change = Literal[
    "price", "discount", "definition", "name", "merge", "retirement", "refresh", "access", "release"
]
OWNER = "who answers for it, as listed under owners, such as M. Keller, CFO"
NOTE = "how it was arrived at, a sentence"
QUESTION = "the slug of a question, as segutils status lists them"


class Objective(Part):
    """One thing that the company wants to reach."""

    goal: str = Field(min_length=1, description="the goal in the client's words, a sentence")
    kind: Literal["growth", "share", "retention", "profitability", "diversification"] = Field(
        description="growth, share, retention, profitability or diversification"
    )
    perspective: Literal["financial", "customer", "process", "learning"] = Field(
        "financial", description="financial, customer, process or learning (of the balanced scorecard)"
    )
    measure: str = Field(min_length=1, description="the measure that tells, such as net_revenue")
    target: Number = Field(description="a number; shares as 0 to 1")
    by: Day = Field(description="the day by which it is to be reached, as 2026-12-31")
    capacity: Share | None = Field(
        None, description="how far the organisation can pursue it today, from 0 (not at all) to 1"
    )
    owner: Owner = Field(description=OWNER)
    note: str = Field("", description=NOTE)


class Criterion(Part):
    """What one criterion measures, and which end of it is the good one."""

    means: str = Field(min_length=1, description="what it measures, in a few words")
    better: Literal["higher", "lower"] = Field("higher", description="higher or lower")


class Rater(Part):
    """How much each criterion counts for one person."""

    name: str = Field(min_length=1, description="the person, such as M. Keller, CFO")
    weights: dict[str, Share] = Field(
        {}, description="each criterion with its weight, from 0 to 1; together they make 1"
    )
    comparisons: list[list[Ratio]] = Field(
        [],
        description="one row per criterion, in their order; 3 says that the row's criterion counts three "
        "times as much as the column's, 1/3 the other way round",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Rater:
        if bool(self.weights) == bool(self.comparisons):
            what = "both weights and comparisons" if self.weights else "neither weights nor comparisons"
            raise refuse(f"'{self.name}' gives {what}", "give one of them")
        return self


class Weighting(Part):
    """The criteria of one judgement, and how much they count for each rater; fixed before scores are seen."""

    criteria: dict[str, Criterion] = Field(
        min_length=1, description="each criterion with means and better, such as margin: {means: ...}"
    )
    raters: list[Rater] = Field(
        min_length=1, description="a list of name with weights, or name with comparisons"
    )


class Threshold(Part):
    """A limit that decides: what misses it is out, or calls for action."""

    question: str = Field(description=QUESTION)
    measure: str = Field(min_length=1, description="what is held against the limit, such as margin_rate")
    min: Number | None = Field(None, description="the lowest value that passes; shares as 0 to 1")
    max: Number | None = Field(None, description="the highest value that passes; shares as 0 to 1")
    periods: int = Field(1, ge=1, description="for how many periods in a row it must be missed to count")
    owner: Owner = Field(description=OWNER)
    note: str = Field("", description=NOTE)


class CostLine(Part):
    """An assumed cost, for a decision about what is to come; what was booked stands in the table costs."""

    item: str = Field(min_length=1, description="what is paid for, in a few words")
    amount: Amount = Field(description="an amount in the engagement's currency, 0 or more")
    per: CostUnit = Field(
        description="what one amount pays for: segment, customer, order, campaign, message, visit, ticket, "
        "interview, record, refresh, person or company"
    )
    every: Literal["month", "quarter", "year"] | None = Field(
        None, description="month, quarter or year for what runs on; leave it out for what is paid each time"
    )
    channel: str = Field("", description="the channel, if the amount holds for one only")
    segment: str = Field("", description="the segment, if the amount holds for one only")
    owner: Owner = Field(description=OWNER)
    note: str = Field("", description=NOTE)


class MarginLevel(Part):
    """One step of the ladder from revenue to contribution margin."""

    level: Literal["CM1", "CM2", "CM3"] = Field(description="CM1, CM2 or CM3")
    means: str = Field(min_length=1, description="what is left at this level, in a few words")
    deducts: list[str] = Field(
        min_length=1,
        description="a list of what this level takes off the one above: unit_cost, or pools as the table "
        "costs names them",
    )


class Budget(Part):
    """Money that may be spent, and on what; the limit of a decision."""

    item: str = Field(min_length=1, description="what the money is for, in a few words")
    amount: Amount = Field(description="an amount in the engagement's currency, 0 or more")
    horizon: Years = Field(description="the years it is for: 2026, or 2026-2028")
    questions: list[str] = Field([], description="the slugs of the decisions that it limits, as a list")
    owner: Owner = Field(description=OWNER)
    note: str = Field("", description=NOTE)


class Person(Part):
    """Somebody who answers for something."""

    role: str = Field(min_length=1, description="a role of governance, such as finance")
    answers_for: list[str] = Field(min_length=1, description="a list of what, in a few words each")


class Organisation(Part):
    """What the organisation can do at once."""

    max_messages: int | None = Field(
        None, ge=1, description="how many different messages marketing can run side by side"
    )
    headcount: dict[str, Amount] = Field(
        {}, description="each team with its full-time people, such as sales: 42"
    )
    owner: Owner = Field(description=OWNER)
    note: str = Field("", description=NOTE)


class AccessGrant(Part):
    """What a role may see; what is not granted is not shown."""

    role: str = Field(description="a role named under governance.roles")
    detail: Literal["segments", "customers"] = Field(
        description="segments (sums and shares only) or customers (single ones too)"
    )
    regions: Scope = Field(description="a list of regions, or [all]")
    product_lines: Scope = Field(description="a list of product lines, or [all]")


class Approval(Part):
    """Who must agree before a change is made."""

    change: Change = Field(
        description="price, discount, definition, name, merge, retirement, refresh, access or release"
    )
    segments: Scope = Field(["all"], description="a list of segments, or [all]")
    above: Share = Field(0, description="the smallest relative change that needs it, from 0 (any) to 1")
    approvers: list[str] = Field(min_length=1, description="a list of roles; all of them must agree")
    regulated: bool = Field(False, description="true where the change is blocked by law until they agree")
    within_days: int | None = Field(None, ge=1, description="the days after which a request is escalated")
    why: str = Field("", description="the reason, a sentence")


class Council(Part):
    """The body that decides about segments."""

    members: list[str] = Field(min_length=1, description="a list of roles, each with one vote")
    chair: str = Field(description="the member role that leads it")
    quorum: int = Field(ge=1, description="how many members must be there to decide")
    meets: Literal["month", "quarter", "half-year", "year"] = Field(
        description="how often: month, quarter, half-year or year"
    )
    escalates_to: str = Field(description="the role that decides what the council cannot")
    escalates_after_days: int = Field(30, ge=1, description="the days after which an open dispute goes there")


class Governance(Part):
    """Who may see what, and who must agree to what."""

    roles: dict[str, str] = Field({}, description="each role with what it does, in a few words")
    minimum_count: int = Field(
        10, ge=1, description="the fewest customers behind a figure that is shown; smaller cells are hidden"
    )
    access: list[AccessGrant] = Field([], description="a list of role, detail, regions, product_lines")
    approvals: list[Approval] = Field(
        [], description="a list of change, segments, above, approvers, regulated, within_days, why"
    )
    council: Council | None = Field(
        None, description="members, chair, quorum, meets, escalates_to, escalates_after_days"
    )
