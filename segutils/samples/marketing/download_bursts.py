"""The behavioural trigger: bursts of datasheet downloads that come before orders, in some segments.

Orders stay as they are: in the planted segments, bursts are placed in front of a share of them, and other
bursts at random times of every account's life. So a burst is followed by an order within :data:`FOLLOWS` days
with probability w + (1 − w) b, where w is the share of bursts placed in front of orders and b how often an
order follows within these days at a random time.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from segutils.samples.making import DAYS, Making

PLACED: Mapping[str, float] = {  # share of a segment's bursts that were placed in front of an order
    "majors": 0.0,
    "projects": 0.4,
    "maintenance": 0.0,
    "labs": 0.5,
    "builders": 0.5,
    "legacy": 0.0,
    "everyone": 0.0,
}
BURSTS_A_YEAR = 0.18  # an account, in every segment
WITHIN, FOLLOWS = 14, 30  # days: two downloads within the first, then an order within the second
WHOLE = DAYS - FOLLOWS  # from this day on, what follows isn't whole in the history
LEAD, SPAN = 24, 5  # days from a burst's end to its order, from its first session to its second; at most
SETTLED = 6  # days after an account's start before a burst may end
MEASURED = 20_000  # accounts on which the rate at a random time is measured, at most
EVERY = 61  # days between an account's times at which it is measured; the first is drawn


def plan_bursts(making: Making) -> None:
    """When does an account download several datasheets in short time, and does an order follow?

    Leaves ``draft.bursts`` (``key, account, first_day, last_day, placed``), two sessions each, for
    :mod:`segutils.samples.marketing.sessions`, and in the truth ``triggers``.
    """
    making.draft("placed", pd.DataFrame({"segment_before": PLACED.keys(), "share": PLACED.values()}))
    half_year = 183
    making.run(f"""
        create table draft.bursts as
        with lives as (
          select account, segment_before, share, starts + {SETTLED} as opens, ends
          from draft.accounts join draft.placed using (segment_before) where ends > starts + {SETTLED}
        ), candidates as (
          select order_id, account, segment_before, draw('burst', order_id) as h,
            day - 1 - floor(u1(h) * {LEAD})::int as last_day
          from draft.bookings join lives using (account)
          where share > 0 and day >= opens + {LEAD + SPAN}
        ), rates as (
          select segment_before, years * share * {BURSTS_A_YEAR} / count(*) as rate
          from candidates join (
            select segment_before, share, sum(greatest(0, least(ends, {WHOLE}) - opens)) / 365.25 as years
            from lives group by segment_before, share
          ) using (segment_before)
          where last_day < {WHOLE} group by segment_before, share, years
        ), placed as (
          select * from candidates join rates using (segment_before)
          where u1(draw('order burst', order_id)) < rate
        ), strewn as (
          select *, concat(account, '.', half) as key, draw('stray burst', concat(account, '.', half)) as h,
            half * {half_year} + floor(u2(h) * {half_year})::int as last_day
          from lives cross join (select unnest(range({-(-DAYS // half_year)})) as half)
        ), bursts as (
          select concat('o.', order_id) as key, account, last_day, h, true as placed from placed
          union all
          select concat('s.', key), account, last_day, h, false from strewn
          where u1(h) < {BURSTS_A_YEAR} * (1 - share) * {half_year} / 365.25 and last_day >= opens
            and last_day < ends
        )
        select key, account, (last_day - 1 - floor(u3(h) * {SPAN}))::int as first_day,
          last_day::int as last_day, placed from bursts""")
    _keep_truth(making)


def _keep_truth(making: Making) -> None:
    """The planned precision of the trigger, and what was drawn; both leave out what the history cuts off."""
    making.truth(
        "triggers",
        f"""with moments as (
          select account, unnest(range(starts + {SETTLED} + floor(u1(draw('phase', account)) * {EVERY})::int,
            least(ends, {WHOLE}), {EVERY})) as day
          from draft.accounts where account < {MEASURED}
        ), random as (
          select segment_before, count(*) as times, sum(followed::int) as followed from (
            select any_value(segment_before) as segment_before, count(b.day) > 0 as followed
            from moments as m join draft.accounts using (account) left join draft.bookings as b
              on b.account = m.account and b.day > m.day and b.day <= m.day + {FOLLOWS}
            group by m.account, m.day
          ) group by segment_before
        ), drawn as (
          select segment_before, count(*) as bursts, sum(placed::int) as placed,
            sum(followed::int) as followed from (
            select k.key, any_value(segment_before) as segment_before, any_value(placed) as placed,
              count(b.day) > 0 as followed
            from draft.bursts as k join draft.accounts using (account) left join draft.bookings as b
              on b.account = k.account and b.day > k.last_day and b.day <= k.last_day + {FOLLOWS}
            where k.last_day < {WHOLE} group by k.key
          ) group by segment_before
        )
        select segment_before as segment, share as share_placed, coalesce(d.bursts, 0)::int as bursts,
          coalesce(d.placed, 0)::int as placed, r.followed / r.times as base_rate,
          share + (1 - share) * r.followed / r.times as precision_planned,
          d.followed / d.bursts as precision_drawn
        from draft.placed join random as r using (segment_before) left join drawn as d using (segment_before)
        order by segment""",
    )
    found = making.ask("select * from truth.triggers where share_placed > 0").to_dict("records")
    if making.null:
        text = (
            "Bursts of datasheet downloads are there, but come at random times: after one an order is as "
            "likely as at any other time."
        )
    else:
        text = (
            f"Two datasheet downloads of an account within {WITHIN} days announce an order within {FOLLOWS} "
            "days: "
            + ", ".join(
                f"in {row['segment']} it follows in {row['precision_planned']:.0%} of cases against "
                f"{row['base_rate']:.0%} at a random time"
                for row in found
            )
            + ". In the other segments they announce nothing."
        )
    making.plant(
        title="A trigger: downloads before orders",
        text=text,
        tables="events transactions",
        truth="triggers",
        capabilities="triggers",
    )
