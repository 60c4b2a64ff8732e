"""Web events in sessions: portal visits of known accounts, and visitors of whom only a cookie is known.

A visitor is an anonymous id. Some log in sooner or later, so that all their sessions can be given to the
account; some belong to an account and never log in; some are shared by two accounts and must not be given to
one of them; some belong to nobody the client knows.
"""

from __future__ import annotations

from collections.abc import Mapping

from segutils.samples.making import DAYS, FIRST_DAY, Making, fill_slots

KINDS: Mapping[str, float] = {  # shares of anonymous ids
    "stitchable": 0.4,
    "hidden": 0.22,  # belongs to an account, but nothing in the data says so
    "shared": 0.03,  # two accounts log in
    "nobody": 0.35,
}
VISITORS, VISITOR_SLOTS = 0.62, 2  # visitors an account, on average and at most
FEWEST: Mapping[str, int] = {"stitchable": 2, "shared": 3}  # sessions of a visitor; others 1
MORE_SESSIONS = 1.7  # geometric mean from there, the first included
VISITOR_DAYS = 120  # between a visitor's first and last session, at most
KNOWN_SESSIONS = 0.4  # share of a stitchable visitor's further sessions that are logged in
PORTAL, PORTAL_SLOTS = 0.65, 2  # sessions an account that carry its number and no cookie
PAGES = 1.9  # events of a session besides login and downloads, geometric mean
DOWNLOADS = 0.1  # share of sessions outside bursts with one download
LONGER = 0.4  # share of bursts with three downloads instead of two
EVENTS: Mapping[str, float] = {
    "page view": 0.66,
    "configurator": 0.14,
    "support search": 0.14,
    "quote request": 0.06,
}
PRICED = ("configurator", "quote request")  # their value is what was configured or asked for
CHANNELS: Mapping[str, float] = {
    "direct": 0.3,
    "organic search": 0.34,
    "paid search": 0.14,
    "email": 0.14,
    "referral": 0.08,
}
VISITOR_VALUE = 1500  # EUR, median of what visitors without account configure


def build_sessions(making: Making) -> None:
    """Who did what on the website and in the portal, and who was it really?

    Leaves ``client.events``, and in the truth ``anonymous`` (whom each anonymous id belongs to) and
    ``anonymous_sessions`` (the account behind each session that isn't logged in, where there is one).
    """
    _draw_visitors(making)
    _draw_sessions(making)
    types, channels = fill_slots(EVENTS, 50), fill_slots(CHANNELS, 50)
    making.emit(
        "events",
        f"""with told as (
          select s.*, known::int as logins, unnest(range(known::int + pages + downloads)) as nth
          from draft.sessions as s
        ), drawn as (
          select *, draw('event', concat(key, '.', nth)) as h,
            case when nth < logins then 'login' when nth >= logins + pages then 'datasheet download'
              else pick({types}, u1(h)) end as event_type
          from told
        )
        select concat(session_id, '-', lpad((nth + 1)::varchar, 2, '0')) as event_id,
          started_at + to_seconds(nth * 70 + floor(u2(h) * 60)::int) as occurred_at, event_type,
          if(known, customer_id, null) as customer_id, anonymous_id, session_id,
          pick({channels}, source) as channel, if(event_type in {PRICED},
            euros(coalesce(lines * line_value * worth, {VISITOR_VALUE}) * exp(0.6 * normal(u3(h), u4(h)))),
            null) as value
        from drawn left join draft.accounts using (account) left join draft.profiles using (profile)""",
        order="occurred_at, event_id",
    )
    _keep_truth(making)


def _draw_visitors(making: Making) -> None:
    """``draft.visitors``: anonymous ids, their kind, accounts and days."""
    fewest = " ".join(f"when '{kind}' then {count}" for kind, count in FEWEST.items())
    making.run(f"""
        create table draft.visitors as
        with neighbours as (
          select *, lead(account) over (partition by district order by account) as neighbour
          from draft.accounts
        ), paired as (
          select a.account, a.starts, a.ends, n.account as other,
            greatest(a.starts, n.starts) as together, least(a.ends, n.ends) as apart,
            n.entity <> a.entity
              and least(a.ends, n.ends) - greatest(a.starts, n.starts) > {VISITOR_DAYS} as sharing
          from neighbours as a left join draft.accounts as n on n.account = a.neighbour
        ), drawn as (
          select *, draw('visitor', concat(account, '.', slot)) as h, concat(account, '.', slot) as visitor,
            pick({fill_slots(KINDS, 100)}, u1(h)) as wish
          from paired cross join (select unnest(range({VISITOR_SLOTS})) as slot)
          where u1(draw('visits', concat(account, '.', slot))) < {VISITORS / VISITOR_SLOTS}
        ), settled as (
          select *, if(wish = 'shared' and not coalesce(sharing, false), 'stitchable', wish) as kind
          from drawn
        ), lived as (
          select visitor, kind, h, if(kind = 'nobody', null, account) as account,
            if(kind = 'shared', other, null) as other,
            case kind when 'nobody' then 0 when 'shared' then together else starts end as opens,
            case kind when 'nobody' then {DAYS} when 'shared' then apart else ends end as closes,
            case kind {fewest} else 1 end as fewest
          from settled
        )
        select visitor, kind, account, other,
          concat('v', md5(concat(getvariable('seed'), ':visitor:', visitor))[1:16]) as anonymous_id,
          opens + floor(u2(h) * (closes - opens))::int as born, closes,
          (fewest - 1 + geometric(u3(h), {MORE_SESSIONS}))::int as sessions, u4(h) as luck
        from lived where closes > opens""")


def _draw_sessions(making: Making) -> None:
    """``draft.sessions``: of visitors, in the portal, and those of download bursts (also in the portal).

    ``account`` is who it was, ``known`` whether the session says so.
    """
    making.run(f"""
        create table draft.sessions as
        with visits as (
          select *, concat('v.', visitor, '.', number) as key,
            draw('session', concat(visitor, '.', number)) as s,
            floor(luck * sessions)::int as login, floor(u3(s) * 10) as tenth
          from (select *, unnest(range(sessions)) as number from draft.visitors)
        ), visited as (
          select key, anonymous_id,
            case when kind = 'shared' and (number = 1 or (number > 1 and tenth % 2 = 1)) then other
              else account end as account,
            case kind
              when 'stitchable' then number = login
                or (number <> (login + 1) % sessions and u4(s) < {KNOWN_SESSIONS})
              when 'shared' then number < 2 or (number > 2 and tenth < 6)
              else false end as known,
            born + floor(u1(s) * least({VISITOR_DAYS}, closes - born))::int as day, u2(s) as clock,
            false as burst, 0 as loads
          from visits
        ), portal as (
          select concat('p.', account, '.', number) as key, null as anonymous_id, account, true as known,
            starts + floor(u1(s) * (ends - starts))::int as day, u2(s) as clock, false as burst, 0 as loads
          from (
            select *, draw('portal', concat(account, '.', number)) as s
            from draft.accounts cross join (select unnest(range({PORTAL_SLOTS})) as number)
          ) where u3(s) < {PORTAL / PORTAL_SLOTS} and ends > starts
        ), bursts as (
          select concat('b.', key, '.', number) as key, null as anonymous_id, account, true as known,
            if(number = 0, first_day, last_day) as day, u1(s) as clock, true as burst,
            if(number = 1 and u2(s) < {LONGER}, 2, 1) as loads
          from (
            select *, draw('burst session', concat(key, '.', number)) as s
            from draft.bursts cross join (select unnest(range(2)) as number)
          )
        ), sessions as (
          select *, draw('visit', key) as v from (
            select * from visited union all select * from portal union all select * from bursts
          )
        )
        select key, concat('S', md5(concat(getvariable('seed'), ':session:', key))[1:16]) as session_id,
          anonymous_id, account, known,
          timestamp '{FIRST_DAY}' + to_days(day::int) + to_seconds(27000 + floor(clock * 36000)::int)
            as started_at, geometric(u1(v), {PAGES})::int as pages,
          if(burst, loads, (u2(v) < {DOWNLOADS})::int)::int as downloads, u3(v) as source
        from sessions""")


def _keep_truth(making: Making) -> None:
    making.truth(
        "anonymous",
        """select anonymous_id, kind, a.customer_id, o.customer_id as other_customer_id,
          if(kind = 'shared', null, t.entity) as entity, kind = 'stitchable' as stitchable
        from draft.visitors as v left join draft.accounts as a using (account)
          left join truth.accounts as t on t.customer_id = a.customer_id
          left join draft.accounts as o on o.account = v.other
        order by anonymous_id""",
    )
    making.truth(
        "anonymous_sessions",
        """select session_id, anonymous_id, customer_id
        from draft.sessions join draft.accounts using (account) where not known order by session_id""",
    )
    counts = making.ask("select kind, count(*) as n from truth.anonymous group by kind").set_index("kind").n
    making.plant(
        title="Anonymous visitors",
        text=f"Of {counts.sum():,} anonymous ids {counts.get('stitchable', 0):,} belong to an account and "
        "log in sooner or later, so that their other sessions can be given to it; "
        f"{counts.get('hidden', 0):,} belong to an account and never log in; {counts.get('shared', 0):,} are "
        "used by two accounts of different firms and must not be given to one of them; "
        f"{counts.get('nobody', 0):,} belong to nobody the client knows.",
        tables="events",
        truth="anonymous anonymous_sessions",
        capabilities="identity-resolution",
    )
