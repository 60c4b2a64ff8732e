"""What the client plans with, as the engagement file states it: what money brings back, futures, key results.

None of it is computed by the playbook: each line is an assumption or a promise of its owner.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from segutils.engagement_fields import Amount, Day, Number, Owner, Part, Share, refuse
from segutils.engagement_terms import NOTE, OWNER


class Response(Part):
    """What a group brings back if money of one budget is spent on it, as its owner expects."""

    group: str = Field(
        min_length=1, description="a group that the client plans with, such as a value of strategy_segment"
    )
    budget: str = Field(min_length=1, description="the item of the budget that pays, such as Marketing")
    ceiling: Amount = Field(
        description="the contribution margin a year that this money adds at the very most, an amount"
    )
    half_at: Number = Field(
        gt=0,
        description="the amount of this budget, over all its years, that brings half of the ceiling; as much "
        "again brings half of what is left, and so on",
    )
    at_least: Amount | None = Field(
        None, description="the lowest ceiling that the owner thinks possible; leave it out for the ceiling"
    )
    at_most: Amount | None = Field(
        None, description="the highest ceiling that the owner thinks possible; leave it out for the ceiling"
    )
    starts_after_years: Amount = Field(0, description="the years until it begins to bring something")
    lasts_years: Number = Field(1, gt=0, description="the years for which it then brings something")
    min_amount: Amount = Field(0, description="the smallest amount with which it is begun at all")
    people: dict[str, Amount] = Field(
        {}, description="team: the people whom one million of it binds, such as sales: 3"
    )
    owner: Owner = Field(description=OWNER)
    note: str = Field("", description=NOTE)

    @model_validator(mode="after")
    def _in_order(self) -> Response:
        low = self.ceiling if self.at_least is None else self.at_least
        high = self.ceiling if self.at_most is None else self.at_most
        if not low <= self.ceiling <= high:
            what = f"the ceiling {self.ceiling:g} is not between at_least {low:g} and at_most {high:g}"
            raise refuse(what, "at_least <= ceiling <= at_most")
        return self


class Scenario(Part):
    """A future that may come, and what it does to what money brings back."""

    name: str = Field(min_length=1, description="a name of a few words")
    means: str = Field(min_length=1, description="what happens in it, a sentence")
    factors: dict[str, Amount] = Field(
        min_length=1,
        description="group (or all): what its ceilings are multiplied by, such as Process: 0.7",
    )
    probability: Share | None = Field(
        None, description="how likely the owner holds it, from 0 to 1; leave it out if nobody can say"
    )
    owner: Owner = Field(description=OWNER)
    note: str = Field("", description=NOTE)


class Finance(Part):
    """How money of other years is valued."""

    discount_rate: Share = Field(description="the cost of capital a year, such as 0.09")
    horizon_years: int = Field(ge=1, le=30, description="the years over which a plan is valued")
    owner: Owner = Field(description=OWNER)
    note: str = Field("", description=NOTE)


class KeyResult(Part):
    """What one group of customers is to reach, and who is measured by it."""

    of: dict[str, str] = Field(
        max_length=1, description="column of customers: value, such as strategy_segment: Process; {} for all"
    )
    perspective: Literal["financial", "customer", "process", "learning"] = Field(
        description="financial, customer, process or learning (of the balanced scorecard)"
    )
    objective: str = Field(min_length=1, description="what is to be reached, in words")
    supports: str = Field("", description="the goal of objectives that it serves, word for word")
    measure: str = Field(min_length=1, description="the measure that tells, such as net_revenue")
    target: Number = Field(description="a number; shares as 0 to 1")
    by: Day = Field(description="the day by which it is to be reached, as 2026-12-31")
    unit: str = Field(min_length=1, description="who is rewarded for it: a business unit or a role")
    owner: Owner = Field(description=OWNER)
    note: str = Field("", description=NOTE)
