"""Campaigns and experiments: who was reached, what it caused, and what would have happened without.

Four experiments have a control arm by chance. Six campaigns were aimed at accounts that order more anyway,
so that treated against untreated shows a lift that is none. What they were aimed by stands in the client's
own tables, so that comparing like with like takes it away again.
"""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from segutils.samples.making import FIRST_DAY, Making
from segutils.samples.marketing.campaign_plans import (
    CAMPAIGNS,
    CAUSED,
    CHANCE,
    MORNING,
    ORDERS,
    PAST_DAYS,
    PICKED_BY_GROUP,
    PICKED_BY_ORDERS,
    PICKED_NULL,
    PICKED_OTHERWISE,
    RESPONSE_DAYS,
    WORKDAYS,
)


def plan_campaigns(making: Making) -> None:
    """Who is in which campaign and arm, and which orders do the campaigns cause? (Before there are orders.)

    Leaves ``draft.campaigns`` and ``draft.exposures``, and the caused orders in ``draft.extra_orders``:
    source ``campaign``, ``ref`` the campaign and the account. Campaigns that pick by past orders cause none;
    they wait for :func:`build_campaigns`.
    """
    campaigns = pd.DataFrame([asdict(campaign) for campaign in CAMPAIGNS])
    campaigns["start_day"] = [(campaign.started_on - FIRST_DAY).days for campaign in CAMPAIGNS]
    making.draft("campaigns", campaigns)
    making.draft("caused", pd.DataFrame({"segment": list(CAUSED), "caused": list(CAUSED.values())}))
    groups = " ".join(f"when '{group}' then {chance}" for group, chance in PICKED_BY_GROUP.items())
    chance = f"if(picks = '{CHANCE}', allocation, case sales_segment {groups} else {PICKED_OTHERWISE} end)"
    rows = _draw_exposures(making, f"picks <> '{ORDERS}'", chance)
    making.run(f"create table draft.exposures as {rows}")
    making.run("""
        insert into draft.extra_orders
        select account, order_day, profile, 'campaign' as source, ref, true as booked
        from draft.exposures where treated and moved order by ref""")


def _draw_exposures(making: Making, which: str, chance: str, tables: str = "") -> str:
    """Rows of ``draft.exposures``: `which` campaigns, the `chance` to be treated, the tables that needs."""
    if making.null:
        chance = f"if(picks = '{CHANCE}', allocation, {PICKED_NULL})"
    return f"""
        with reached as (
          select c.*, a.account, a.customer_id, a.sales_segment, a.profile, a.profile_after, a.switches_on,
            a.starts, a.ends, a.never_buys, if(start_day < switches_on, segment_before, segment) as segment,
            concat(campaign_id, '.', account) as ref, draw('campaign', concat(campaign_id, '.', account)) as h
          from draft.campaigns as c join draft.accounts as a
            on coalesce(c.target_segment, a.strategy_segment) = a.strategy_segment
          where a.signup_date < c.started_on
        ), chosen as (
          select *, start_day + pick({WORKDAYS}, u3(h)) as order_day
          from reached where {which} and u1(h) < reach
        ), planned as (
          select *, {chance} as chance,
            order_day >= starts and order_day < ends and not never_buys as may_order
          from chosen {tables}
        )
        select campaign_id, ref, account, customer_id, segment, start_day, picks, chance,
          u2(h) < chance as treated,
          if(may_order, caused * strength, 0) as planned, may_order and u4(h) < caused * strength as moved,
          order_day, if(order_day < switches_on, profile, profile_after) as profile
        from planned join draft.caused using (segment)"""


def build_campaigns(making: Making) -> None:
    """Who was reached by which campaign, who responded, and who would have responded anyway?

    Leaves ``client.campaigns`` and ``client.exposures``, and in the truth ``exposures`` (both potential
    outcomes of every row) and ``campaign_lifts`` (by campaign and segment).
    """
    _aim_at_orders(making)
    _count_responses(making)
    making.emit(
        "campaigns",
        f"""select campaign_id, channel, started_on + to_hours({MORNING}) as started_at,
          started_on + to_hours({MORNING}) + to_days({RESPONSE_DAYS}) as ended_at,
          euros(fixed_cost + unit_cost * coalesce(reached, 0)) as cost, target_segment, campaign_type
        from draft.campaigns left join (
          select campaign_id, count(*) as reached from draft.exposures where treated group by 1
        ) using (campaign_id)""",
        order="campaign_id",
    )
    making.emit(
        "exposures",
        f"""select customer_id, campaign_id,
          case when treated then 'treated' when picks = '{CHANCE}' then 'control' else 'untreated' end as arm,
          timestamp '{FIRST_DAY}' + to_days(start_day) + to_hours({MORNING}) as assigned_at,
          picks = '{CHANCE}' as randomised, responded, outcome_value
        from draft.exposures join draft.responses using (ref)""",
        order="campaign_id, customer_id",
    )
    making.truth(
        "exposures",
        """select customer_id, campaign_id, treated, segment, chance, planned, treated and moved as caused,
          y0, y0 or moved as y1
        from draft.exposures join draft.responses using (ref) order by campaign_id, customer_id""",
    )
    making.truth(
        "campaign_lifts",
        """select campaign_id, segment, picks, c.caused * strength as planned, count(*) as exposed,
          count(*) filter (treated) as treated, sum(planned > 0)::int as movable,
          sum(treated and moved)::int as orders_caused, avg(y0::int) as would_respond,
          avg((y0 or moved)::int - y0::int) as effect,
          avg(responded::int) filter (treated) - avg(responded::int) filter (not treated) as naive_difference
        from draft.exposures join draft.responses using (ref) join draft.campaigns using (campaign_id, picks)
          join draft.caused as c using (segment)
        group by campaign_id, segment, picks, c.caused, strength order by campaign_id, segment""",
    )
    _tell_campaigns(making)


def _aim_at_orders(making: Making) -> None:
    """Adds the campaigns that were aimed by what an account had ordered in the year before."""
    chances = " ".join(
        f"when coalesce(orders, 0) >= {least} then {chance}"
        for least, chance in sorted(PICKED_BY_ORDERS.items(), reverse=True)
    )
    making.run(f"""
        create table draft.past_orders as
        select campaign_id, account, count(*) as orders
        from draft.campaigns join draft.bookings on day >= start_day - {PAST_DAYS} and day < start_day
        where picks = '{ORDERS}' group by all""")
    rows = _draw_exposures(
        making,
        f"picks = '{ORDERS}'",
        f"case {chances} end",
        tables="left join draft.past_orders using (campaign_id, account)",
    )
    making.run(f"insert into draft.exposures {rows}")


def _count_responses(making: Making) -> None:
    """``draft.responses``: what each account ordered in the window, and whether it would have without."""
    making.run(f"""
        create table draft.responses as
        with happened as (
          select ref, sum(revenue) as revenue
          from draft.exposures join draft.bookings using (account)
          where day between start_day and start_day + {RESPONSE_DAYS - 1} group by ref
        ), anyway as (
          select distinct e.ref
          from draft.exposures as e join draft.orders as o using (account)
          where day between start_day and start_day + {RESPONSE_DAYS - 1} and booked
            and not (source = 'campaign' and o.ref = e.ref)
        )
        select e.ref, h.ref is not null as responded, coalesce(revenue, 0)::decimal(18, 2) as outcome_value,
          a.ref is not null as y0
        from draft.exposures as e left join happened as h using (ref) left join anyway as a using (ref)""")


def _tell_campaigns(making: Making) -> None:
    words = making.ask("""
        select picks = 'chance' as randomised, avg(responded::int) filter (treated) as treated,
          avg(responded::int) filter (not treated) as others, avg((y0 or moved)::int - y0::int) as effect,
          sum(treated and moved) as caused
        from draft.exposures join draft.responses using (ref) group by 1 order by 1""").to_dict("records")
    aimed, experiments = words
    if making.null:
        making.plant(
            title="Campaigns that do nothing",
            text="Ten campaigns, four of them randomised and the others given out by chance as well: none "
            "causes a single order. Treated and untreated accounts respond alike.",
            tables="campaigns exposures",
            truth="exposures campaign_lifts",
            capabilities="ab-response matched-control",
        )
        return
    making.plant(
        title="Experiments whose lift differs by segment",
        text="Four of the ten campaigns have a control arm by chance. Being treated causes one additional "
        f"order within {RESPONSE_DAYS} days with a probability that depends on the true segment, from 0 "
        f"(Legacy pneumatics: nothing moves it) to {CAUSED['labs']:.0%} (Laboratories), times the campaign's "
        f"strength; {experiments['caused']:,.0f} orders were caused. Over all four, "
        f"{experiments['treated']:.1%} of the treated responded and {experiments['others']:.1%} of the "
        "controls. The difference between arms by segment recovers it; both potential outcomes of every row "
        "are kept.",
        tables="campaigns exposures transactions",
        truth="exposures campaign_lifts",
        capabilities="ab-response overlap size",
    )
    making.plant(
        title="Campaigns that claim a lift which is not there",
        text=f"Six campaigns were aimed at accounts that order more anyway: {aimed['treated']:.1%} of the "
        f"treated responded and {aimed['others']:.1%} of the untreated, though treating adds "
        f"{100 * aimed['effect']:.1f} points only. Four were aimed by the orders of the {PAST_DAYS} days "
        "before and cause nothing, two by the group sales has filed the account in and cause a quarter of an "
        "experiment's orders. Within bands of past orders, or within sales groups, treatment is by chance: "
        "matching on these takes the false lift away.",
        tables="campaigns exposures transactions customers",
        truth="exposures campaign_lifts",
        capabilities="matched-control ab-response",
    )
