"""How the accounts order: a Poisson process per account, and the lines of each order.

An account orders at its own rate (gamma around its profile's) from its first to its last day, in the rhythm
of the year. Orders that other generators cause (won opportunities, campaigns) stand in ``draft.extra_orders``
and get their lines here too, so that the same account's orders look alike wherever they come from.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from segutils.samples.customers.profiles import CHANNELS, Profile, list_profiles
from segutils.samples.making import DAYS, FIRST_DAY, Making, fill_slots

MONTHS = (1.02, 1.0, 1.12, 1.02, 1.03, 1.06, 0.92, 0.74, 1.08, 1.08, 1.05, 0.88)  # orders, year's rhythm
WEEKDAYS = (1.1, 1.15, 1.1, 1.05, 0.9, 0.04, 0.02)
SLOTS, CHANNEL_SLOTS = 2000, 100  # of a profile: products and channels in proportion to their shares
GRID = 8192  # points of a profile's cumulated intensity
PRICE_INDEX = (0.955, 0.978, 1.0)  # of the list price, by year
VALUE_NOISE, LINE_NOISE = 0.25, 0.35  # standard deviation of log amount: order, line
DISCOUNT_NOISE = 0.3  # standard deviation of the discount, as a share of its mean
RETURNS = 0.012  # share of lines that come back, two to eight weeks later
EXTRA = "account int, day int, profile varchar, source varchar, ref varchar, booked boolean"


def open_extra_orders(making: Making) -> None:
    """Makes ``draft.extra_orders``, which opportunities and campaigns fill: `ref` is unique within a source.

    Orders that are not booked (lost quotes) get lines and amounts, but are no transactions.
    """
    making.run(f"create table draft.extra_orders ({EXTRA})")


def build_orders(making: Making) -> None:
    """When does each account order, what, through which channel, for how much?

    Leaves ``draft.phases``, ``draft.profiles``, ``draft.orders`` and ``client.transactions``.
    """
    profiles = list_profiles(null=making.null)
    intensity = {profile.name: cumulate_intensity(profile) for profile in profiles}
    making.draft("profiles", pd.DataFrame([_describe(n, p) for n, p in enumerate(profiles)]))
    _fill_slots(making, profiles, intensity)
    making.draft("phases", _draw_phases(making, intensity))
    making.run(f"""
        create table draft.orders as
        with spread as (
          select account, profile, number, starts, stops, position, span,
            concat(phase, '.', unnest(range(orders))) as ref
          from draft.phases join draft.profiles using (profile)
        ), placed as (
          select *, floor((position + u1(draw('day', concat(account, '.', ref))) * span) * {GRID}) as point
          from spread
        )
        select account, greatest(starts, least(stops - 1, day))::int as day, profile, 'own' as source, ref,
          true as booked
        from placed join draft.day_slots on slot = number * {GRID} + point
        union all select * from draft.extra_orders""")
    lines = lines_sql("select * from draft.orders where account between {first} and {last}")
    making.emit(
        "transactions",
        f"""select customer_id, order_id, ordered_at, net_revenue, product_id, quantity, discount, unit_cost,
        contribution_margin, channel, region, store_id, 'EUR' as currency, line, returned
        from ({lines}) where booked""",
        order="customer_id, ordered_at, order_id, line, returned",
        hide="line, returned",
        by_account=True,
    )


def cumulate_intensity(profile: Profile) -> np.ndarray:
    """Orders expected by the end of each day for a rate of 1 a year at the start; ``DAYS + 1`` values."""
    days = pd.date_range(FIRST_DAY, periods=DAYS)
    rhythm = np.array(MONTHS)[days.month - 1] * np.array(WEEKDAYS)[days.weekday]
    rhythm = rhythm / rhythm.mean() / 365.25
    fading = np.exp(-profile.decline * np.arange(DAYS) / 365.25)
    return np.concatenate([[0.0], np.cumsum(rhythm * fading)])


def _draw_phases(making: Making, intensity: dict[str, np.ndarray]) -> pd.DataFrame:
    """Spans of an account's life with one profile, and how many orders fall into each."""
    accounts = making.ask("select * from draft.accounts order by account")
    rates = {profile.name: profile.orders for profile in list_profiles(null=making.null)}
    rng = making.rng("orders")
    first = accounts.assign(phase=0, stops=np.minimum(accounts.ends, accounts.switches_on))
    second = accounts.assign(
        phase=1,
        profile=accounts.profile_after,
        starts=np.maximum(accounts.starts, accounts.switches_on),
        stops=accounts.ends,
    )
    phases = pd.concat([first, second[second.switches_on < DAYS]], ignore_index=True)
    phases = phases[phases.stops > phases.starts]
    by_profile = [
        part.assign(
            position=line[part.starts] / line[-1],
            span=(line[part.stops] - line[part.starts]) / line[-1],
            expected=rates[name]
            * part.rate_factor
            * ~part.never_buys
            * np.subtract(line[part.stops], line[part.starts]),
        )
        for name, line in intensity.items()
        for part in [phases[phases.profile == name]]
    ]
    phases = pd.concat(by_profile).sort_values(["account", "phase"], ignore_index=True)
    phases["orders"] = rng.poisson(phases.expected)
    columns = ["account", "phase", "profile", "starts", "stops", "position", "span", "expected", "orders"]
    return phases[columns]


def _describe(number: int, profile: Profile) -> dict[str, object]:
    return {
        "number": number,
        "profile": profile.name,
        "lines": profile.lines,
        "line_value": profile.order_value / profile.lines,
        "discount": profile.discount,
    }


def _fill_slots(making: Making, profiles: tuple[Profile, ...], intensity: dict[str, np.ndarray]) -> None:
    """``draft.day_slots``, ``product_slots``, ``channel_slots``: a uniform number is a slot, a slot a value.

    Profile number × slots + slot is one integer to join on: the fastest way to draw from a list.
    """
    products = making.ask("select * from draft.products order by product_id")
    days, articles, channels = [], [], []
    for profile in profiles:
        line = intensity[profile.name]
        days.append(np.searchsorted(line, np.linspace(0, line[-1], GRID), side="right").clip(1, DAYS) - 1)
        shares = products.category.map(profile.categories).fillna(0) * products.popularity
        weights = {k: v for k, v in zip(products.product_id, shares, strict=True) if v > 0}
        articles += fill_slots(weights, SLOTS)
        channels += fill_slots(dict(zip(CHANNELS, profile.channels, strict=True)), CHANNEL_SLOTS)
    making.draft("day_slots", pd.DataFrame({"day": np.concatenate(days)}).rename_axis("slot").reset_index())
    making.draft("channel_slots", pd.DataFrame({"channel": channels}).rename_axis("slot").reset_index())
    slots = pd.DataFrame({"product_id": articles}).rename_axis("slot").reset_index()
    making.draft("product_slots", slots.merge(products[["product_id", "list_price", "unit_cost"]]))


def lines_sql(orders: str) -> str:
    """The lines of these orders (`orders` selects from ``draft.orders``), returns included.

    Columns: those of transactions and ``account, source, ref, booked, line, returned``. Every draw is keyed
    by the order, so that a part of the orders gets the same lines as all of them; only ``order_id`` counts
    the orders that are given.
    """
    index = "[" + ", ".join(map(str, PRICE_INDEX)) + "]"
    return f"""
        with placed as (
          select o.*, concat(account, '.', source, '.', ref) as key from ({orders}) as o
        ), drawn as (
          select *, draw('order', key) as h, draw('value', key) as v from placed
        ), numbered as (
          select key, account, source, d.ref, booked, day, customer_id, region, a.country, p.number,
            c.channel, timestamp '{FIRST_DAY}' + to_days(day)
              + to_seconds(27000 + floor(u2(h) * 36000)::int) as moment,
            concat('SO-', substr(customer_id, 2), '-', lpad((row_number() over (
              partition by account, booked order by day, h))::varchar, 3, '0')) as order_id,
            p.discount * (1 + {DISCOUNT_NOISE} * greatest(-3.3, normal(u3(v), u4(v)))) as depth,
            p.line_value * a.worth * exp({VALUE_NOISE} * normal(u1(v), u2(v))) as target,
            geometric(u4(h), p.lines) as lines, {index}[1 + day // 366] as inflation,
            case c.channel when 'partner' then concat('PT-', upper(region[1:3]), '-', 1 + account % 3)
              else concat('WH-', upper(a.country[1:2])) end as store_id
          from drawn as d join draft.accounts as a using (account)
            join draft.profiles as p on p.profile = d.profile
            join draft.channel_slots as c
              on c.slot = p.number * {CHANNEL_SLOTS} + floor(u3(h) * {CHANNEL_SLOTS})
        ), filled as (
          select *, unnest(range(1, 1 + lines)) as line from numbered
        ), thrown as (
          select *, draw('line', concat(key, '.', line)) as l from filled
        ), priced as (
          -- what is left of u1 once it has chosen the product haggles over the line
          select t.* exclude (key), product_id, inflation * list_price as price,
            u1(l) * {SLOTS} % 1 as haggle,
            round(inflation * unit_cost, 2)::decimal(18, 2) as cost,
            greatest(1, round(target * exp({LINE_NOISE} * normal(u2(l), u3(l)))
              / (inflation * list_price) / (1 - depth)))::int as pieces,
            unnest(if(u4(l) < {RETURNS} and day + 56 < {DAYS}, [false, true], [false])) as returned
          from thrown as t join draft.product_slots as s on s.slot = number * {SLOTS} + floor(u1(l) * {SLOTS})
        ), signed as (
          select *, if(returned, -pieces, pieces) as quantity, euros(pieces * price) as list,
            euros(pieces * price * (1 - depth * (0.9 + 0.2 * haggle))) as net,
            if(returned, -1, 1) as sign from priced
        )
        select customer_id, order_id,
          if(returned, moment + to_days(14 + floor(haggle * 42)::int), moment) as ordered_at,
          (sign * net)::decimal(18, 2) as net_revenue, product_id, quantity,
          (sign * (list - net))::decimal(18, 2) as discount, cost as unit_cost,
          (sign * net - quantity * cost)::decimal(18, 2) as contribution_margin,
          channel, region, store_id, account, source, ref, booked, line, returned from signed"""
