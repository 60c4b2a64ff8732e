"""The ten campaigns as planned: when, for whom, whom they pick, and how much they cause in each segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

RESPONSE_DAYS = 21  # an order within these days after the assignment is a response
WORKDAYS = [0, 1, 2, 3, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 20]  # of these days; campaigns start on a Tuesday
MORNING = 6  # the hour of assignment: before the day's first order
# Probability that a treated account places one order in the window that it would not have placed.
CAUSED: Mapping[str, float] = {
    "majors": 0.08,
    "projects": 0.03,
    "maintenance": 0.22,
    "labs": 0.28,
    "builders": 0.26,
    "legacy": 0.0,  # nothing moves it
    "everyone": 0.0,
}
# Probability of being picked for a campaign that was aimed at good customers.
PICKED_BY_ORDERS: Mapping[int, float] = {0: 0.1, 1: 0.25, 4: 0.5, 10: 0.8}  # at least so many in PAST_DAYS
PICKED_BY_GROUP: Mapping[str, float] = {"Key account": 0.85, "Standard": 0.4}  # sales_segment; others:
PICKED_OTHERWISE = 0.15
PICKED_NULL = 0.5  # in the null client nobody aims
PAST_DAYS = 365
CHANCE, ORDERS, GROUP = "chance", "orders", "group"  # what picks the treated


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A campaign as planned.

    Parameters
    ----------
    campaign_id, channel, campaign_type : str
    started_on : datetime.date
        A Tuesday.
    target_segment : str or None
        Of the strategic taxonomy; none: all accounts.
    reach : float
        Share of the target's accounts that are in the campaign, treated or not.
    picks : str
        What decides who is treated: ``chance`` (an experiment), the ``orders`` of the year before, or the
        ``group`` sales has filed the account in.
    allocation : float
        Share treated, where chance decides.
    strength : float
        Multiplies :data:`CAUSED`; 0: the campaign does nothing at all.
    fixed_cost, unit_cost : float
        EUR, and EUR per treated account.
    """

    campaign_id: str
    channel: str
    campaign_type: str
    started_on: date
    target_segment: str | None
    reach: float
    picks: str
    allocation: float = 0.5
    strength: float = 0.0
    fixed_cost: float
    unit_cost: float


CAMPAIGNS = (
    Campaign(
        campaign_id="C01",
        channel="direct mail",
        campaign_type="calibration check offer",
        started_on=date(2023, 9, 12),
        target_segment=None,
        reach=0.55,
        picks=CHANCE,
        strength=1.0,
        fixed_cost=4200,
        unit_cost=3.4,
    ),
    Campaign(
        campaign_id="C02",
        channel="trade fair",
        campaign_type="key account invitation",
        started_on=date(2024, 1, 16),
        target_segment=None,
        reach=0.22,
        picks=GROUP,
        strength=0.25,
        fixed_cost=26_000,
        unit_cost=48,
    ),
    Campaign(
        campaign_id="C03",
        channel="email",
        campaign_type="newsletter special",
        started_on=date(2024, 3, 5),
        target_segment=None,
        reach=0.22,
        picks=ORDERS,
        fixed_cost=900,
        unit_cost=0.12,
    ),
    Campaign(
        campaign_id="C04",
        channel="email",
        campaign_type="spare parts kit",
        started_on=date(2024, 5, 14),
        target_segment="Aftermarket",
        reach=0.8,
        picks=CHANCE,
        strength=1.1,
        fixed_cost=1500,
        unit_cost=0.12,
    ),
    Campaign(
        campaign_id="C05",
        channel="direct mail",
        campaign_type="sensor catalogue",
        started_on=date(2024, 9, 10),
        target_segment="OEM",
        reach=0.8,
        picks=ORDERS,
        fixed_cost=3800,
        unit_cost=6.2,
    ),
    Campaign(
        campaign_id="C06",
        channel="webinar",
        campaign_type="application webinar",
        started_on=date(2024, 11, 12),
        target_segment=None,
        reach=0.55,
        picks=CHANCE,
        strength=0.8,
        fixed_cost=9500,
        unit_cost=1.5,
    ),
    Campaign(
        campaign_id="C07",
        channel="email",
        campaign_type="year-start bonus",
        started_on=date(2025, 1, 14),
        target_segment="Aftermarket",
        reach=0.4,
        picks=ORDERS,
        fixed_cost=1100,
        unit_cost=0.12,
    ),
    Campaign(
        campaign_id="C08",
        channel="email",
        campaign_type="method package trial",
        started_on=date(2025, 4, 8),
        target_segment="Laboratory",
        reach=0.9,
        picks=CHANCE,
        allocation=0.6,
        strength=1.0,
        fixed_cost=2400,
        unit_cost=0.12,
    ),
    Campaign(
        campaign_id="C09",
        channel="direct mail",
        campaign_type="plant check voucher",
        started_on=date(2025, 6, 3),
        target_segment=None,
        reach=0.22,
        picks=GROUP,
        strength=0.25,
        fixed_cost=5200,
        unit_cost=4.1,
    ),
    Campaign(
        campaign_id="C10",
        channel="email",
        campaign_type="autumn special",
        started_on=date(2025, 9, 23),
        target_segment=None,
        reach=0.22,
        picks=ORDERS,
        fixed_cost=900,
        unit_cost=0.12,
    ),
)
