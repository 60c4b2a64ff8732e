"""What accounts of the simulated manufacturer ask the service desk, how often, and how fast it answers.

A Poisson process per account from the day after its first order. What is planted stands in
:mod:`segutils.samples.voices.ticket_plans`; texts are made by :mod:`segutils.samples.voices.ticket_texts`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from segutils.samples.making import AS_OF, FIRST_DAY, Making
from segutils.samples.voices.ticket_plans import (
    ADVICE_TOPIC,
    ANONYMOUS,
    ATTAINMENT,
    EVENNESS,
    FITTING,
    NEVER_RESOLVED,
    NO_TOPIC,
    NOUNS,
    PROSPECT_RATE,
    RATES,
    RISE,
    RISE_DAY,
    RISE_REGION,
    RISE_TOPIC,
    TONES,
    TOPIC_NAMES,
    TOPIC_SHARES,
    WEEKEND_MOVED,
    plan_rates,
    plan_service,
)
from segutils.samples.voices.ticket_texts import (
    ABOUT_MONEY,
    MONEY_TOPIC,
    PERSONAL,
    PERSONAL_NULL,
    SECOND_MATTER,
    VAGUE,
    build_contacts,
    fill_topics,
    name_personal,
    texts_sql,
)

START = f"timestamp '{FIRST_DAY}'"
END = f"timestamp '{AS_OF}' + interval 1 day"


def build_tickets(making: Making) -> None:
    """What do customers write to the service desk, about which product, and how fast is it answered?

    Leaves ``client.tickets`` and, in the truth, ``tickets``, ``ticket_rates``, ``ticket_rises``,
    ``service_times``, ``personal_data`` and ``personal_data_shares``.
    """
    _draft_plans(making)
    making.draft("ticket_counts", _draw_counts(making))
    _draw_plans(making)
    _choose_products(making)
    _number_tickets(making)
    fill_topics(making)
    build_contacts(making)
    texts = texts_sql(making).replace("{", "{{").replace("}", "}}")
    making.emit(
        "tickets",
        f"""select ticket_id, opened_at, case when not anonymous then customer_id end as customer_id, text,
        product_id, priority, first_response_at, resolved_at from ({texts})
        where part between {{first}} and {{last}}""",
        order="ticket_id",
        by_account=True,
    )
    _keep_truth(making)
    _note_plants(making)


def _add_edges(plan: pd.DataFrame, share: str, by: list[str]) -> pd.DataFrame:
    """``low`` and ``high`` of each option, so that a uniform number falls into one of a group's options."""
    high = plan.groupby(by, sort=False)[share].cumsum()
    last = ~plan.duplicated(by, keep="last")
    return plan.assign(low=high - plan[share], high=high.mask(last, 2.0))


def _draft_plans(making: Making) -> None:
    rates = plan_rates(null=making.null)
    making.draft("topic_shares", _add_edges(rates, "topic_share", ["segment"]))
    tones = rates.melt(["segment", "topic"], list(TONES), var_name="tone", value_name="tone_share")
    making.draft("tone_shares", _add_edges(tones, "tone_share", ["segment", "topic"]))
    making.draft("service", _add_edges(plan_service(null=making.null), "share", ["segment"]))
    fits = [(topic, category) for topic, categories in FITTING.items() for category in categories]
    making.draft("ticket_fits", pd.DataFrame(fits, columns=["topic", "category"]))
    making.draft("ticket_nouns", pd.DataFrame(NOUNS.items(), columns=["product_line", "noun"]))


def _draw_counts(making: Making) -> pd.DataFrame:
    """Spans of days in which an account writes, why (own, rise, prospect), and how many tickets come."""
    accounts = making.ask("""
        with bought as (
          select customer_id, min(ordered_at)::date as first_order
          from client.transactions where quantity > 0 group by customer_id
        )
        select account, segment_before, region, starts, ends,
          date_diff('day', date '2023-01-01', first_order) as bought
        from draft.accounts left join bought using (customer_id) order by account""")
    rng = making.rng("tickets")
    eager = rng.standard_gamma(EVENNESS, len(accounts)) / EVENNESS
    own = accounts.segment_before.map(RATES).to_numpy() * eager
    buys = accounts.bought.notna().to_numpy()
    first = np.where(buys, accounts.bought.fillna(0) + 1, accounts.starts).astype(int)
    kinds = [_span("own", accounts, first, np.where(buys, own, 0))]
    kinds.append(_span("prospect", accounts, first, np.where(buys, 0, PROSPECT_RATE)))
    if not making.null:
        share = {name: shares[TOPIC_NAMES.index(RISE_TOPIC)] for name, shares in TOPIC_SHARES.items()}
        more = own * accounts.segment_before.map(share).to_numpy() * (RISE - 1)
        there = buys & (accounts.region == RISE_REGION).to_numpy()
        since = np.maximum(first, (RISE_DAY - FIRST_DAY).days)
        kinds.append(_span("rise", accounts, since, np.where(there, more, 0)))
    spans = pd.concat(kinds, ignore_index=True)
    return spans.assign(tickets=rng.poisson(spans.expected))


def _span(kind: str, accounts: pd.DataFrame, first: np.ndarray, rate: np.ndarray) -> pd.DataFrame:
    days = np.maximum(accounts.ends.to_numpy() - first, 0)
    frame = pd.DataFrame({"account": accounts.account, "kind": kind, "first": first, "days": days})
    return frame.assign(expected=rate * days / 365.25)[(days > 0) & (rate > 0)]


def _draw_plans(making: Making) -> None:
    """``draft.ticket_plans``: who writes when about what, and when it is answered."""
    topic = (
        f"case kind when 'rise' then '{RISE_TOPIC}' when 'prospect' then '{ADVICE_TOPIC}' else o.topic end"
    )
    if making.null:
        topic = f"'{NO_TOPIC}'"
    making.run(f"""
        create table draft.ticket_plans as
        with spread as (
          select account, kind, first, days, concat(account, '.', kind, '.', unnest(range(tickets))) as key
          from draft.ticket_counts
        ), dated as (
          select *, draw('ticket', key) as h, draw('ticket-what', key) as i, draw('ticket-hours', key) as s,
            first + floor(u1(h) * days)::int as drawn from spread
        ), placed as (
          select *, case when u2(h) < {WEEKEND_MOVED} then greatest(first, drawn -
              case dayofweek(date '{FIRST_DAY}' + drawn::int) when 6 then 1 when 0 then 2 else 0 end)
            else drawn end as day from dated
        ), opened as (
          select p.*, customer_id,
            case when day < switches_on then segment_before else segment end as segment,
            timestamp '{FIRST_DAY}' + to_days(day::int)
              + to_seconds(25200 + floor((u3(h) + u4(h)) * 19800)::int) as opened_at
          from placed as p join draft.accounts using (account)
        )
        select key, t.account, kind, customer_id, t.segment, opened_at,
          u4(i) < {ANONYMOUS} as anonymous, {topic} as topic, v.priority,
          -- the product is the one bought last before a moment between the first order and the ticket
          timestamp '{FIRST_DAY}' + to_seconds(floor((first + u1(i) * (day - first)) * 86400)::int)
            as looked_at,
          opened_at + to_seconds(ceil(3600 * response_median
            * exp(response_spread * normal(u1(s), u2(s))))::int) as answered_at,
          ceil(3600 * resolution_median * exp(resolution_spread * normal(u3(s), u4(s))))::int as seconds_more
        from opened as t
          join draft.topic_shares as o on o.segment = t.segment and u2(i) >= o.low and u2(i) < o.high
          join draft.service as v on v.segment = t.segment and u3(i) >= v.low and u3(i) < v.high""")


def _choose_products(making: Making) -> None:
    """``draft.ticket_products``: what the account bought before, if possible what fits the topic.

    The best line has the largest `rank`: fitting first, then the latest before ``looked_at`` (or the earliest
    after it), then product and order, so that there is only one.
    """
    making.run(f"""
        create table draft.ticket_products as
        with ranked as (
          select key, x.product_id, x.order_id,
            (((f.topic is not null)::bigint * {1 << 29}
                + case when x.ordered_at <= looked_at then 1 else -1 end
                  * date_diff('second', {START}, x.ordered_at) + {1 << 28}) * 1024
              + substr(x.product_id, 2)::bigint) * 4096 + right(x.order_id, 3)::bigint as rank
          from client.transactions as x
            join draft.ticket_plans as t on t.customer_id = x.customer_id and x.ordered_at < t.opened_at
            join draft.products as p on p.product_id = x.product_id
            left join draft.ticket_fits as f on f.topic = t.topic and f.category = p.category
          where x.quantity > 0
        )
        select key, arg_max(product_id, rank) as product_id, arg_max(order_id, rank) as order_id from ranked
        group by key""")


def _number_tickets(making: Making) -> None:
    """``draft.tickets``: all but the text; ``part`` cuts the tickets into as many parts as accounts."""
    told = str(not making.null).lower()
    making.run(f"""
        create table draft.tickets as
        with numbered as (
          select *, row_number() over (order by opened_at, key) as number, count(*) over () as tickets,
            draw('ticket-end', key) as j, draw('text-second', key) as h from draft.ticket_plans
        )
        select 'T' || lpad(number::varchar, 7, '0') as ticket_id, t.key, account, customer_id, t.segment,
          kind, anonymous, opened_at, t.topic, tone, priority, b.product_id, order_id,
          {told} and u1(h) < {VAGUE} as vague,
          case when {told} and kind <> 'prospect' and u1(h) >= {VAGUE} and u2(h) < {SECOND_MATTER}
            then pick(list_filter({list(TOPIC_NAMES)}, other -> other <> t.topic), u3(h)) end as second_topic,
          coalesce(noun, 'instrument') as product, ((number - 1) * {making.accounts} // tickets)::int as part,
          case when answered_at < {END} then answered_at end as first_response_at,
          case when u2(j) >= {NEVER_RESOLVED} and answered_at + to_seconds(seconds_more) < {END}
            then answered_at + to_seconds(seconds_more) end as resolved_at
        from numbered as t left join draft.ticket_products as b on b.key = t.key
          left join draft.products as p on p.product_id = b.product_id
          left join draft.ticket_fits as f on f.topic = t.topic and f.category = p.category
          left join draft.ticket_nouns as n on f.topic is not null and n.product_line = p.product_line
          join draft.tone_shares as o
            on o.segment = t.segment and o.topic = t.topic and u1(j) >= o.low and u1(j) < o.high
        order by number""")


def _keep_truth(making: Making) -> None:
    making.truth(
        "tickets",
        """select ticket_id, customer_id, topic, tone, second_topic, vague, kind = 'rise' as from_rise
        from draft.tickets order by ticket_id""",
    )
    making.truth("ticket_rates", plan_rates(null=making.null))
    making.truth("service_times", plan_service(null=making.null))
    making.truth(
        "ticket_rises",
        f"""select '{RISE_REGION}' as region, '{RISE_TOPIC}' as topic, date '{RISE_DAY}' as starts_on,
        {RISE}::double as factor where {not making.null}""",
    )
    shares = PERSONAL_NULL if making.null else PERSONAL
    among = ["all" if making.null or kind not in ABOUT_MONEY else MONEY_TOPIC for kind in shares]
    making.truth(
        "personal_data_shares",
        pd.DataFrame({"kind": shares.keys(), "share": shares.values(), "topic": among}),
    )
    kinds = " union all ".join(
        f"select ticket_id, '{kind}' as kind, {name_personal(kind)} as datum from draft.ticket_contacts"
        for kind in shares
    )
    making.truth(
        "personal_data",
        f"""select ticket_id, kind, datum as text, strpos(t.text, datum) - 1 as starts,
        strpos(t.text, datum) - 1 + length(datum) as stops
        from ({kinds}) join client.tickets as t using (ticket_id)
        where datum is not null order by ticket_id, starts""",
    )


def _note_plants(making: Making) -> None:
    if making.null:
        making.plant(
            title="Tickets without topics",
            text="All accounts write at one rate. Texts are words of six topics mixed at random, so no "
            "topic can be found in them; tone has nothing to do with anything, and every ticket of "
            "a priority is answered equally fast. Personal data stand in the texts as in the other "
            "client's.",
            tables="tickets",
            truth="tickets ticket_rates service_times personal_data personal_data_shares",
            capabilities="text-signals service-levels health",
        )
        return
    counted = making.ask("""
        select count(*) as tickets, avg(vague::int) as vague, avg((second_topic is not null)::int) as second
        from truth.tickets""").iloc[0]
    rates = [RATES[segment] for segment in TOPIC_SHARES]
    making.plant(
        title="What customers write about, and how they feel",
        text=f"{counted.tickets:,.0f} tickets, from the day after an account's first order. The rate "
        f"depends on the true segment, from {min(rates):.2f} to {max(rates):.2f} a year (Legacy "
        "pneumatics and Process majors write most), and so do the shares of six topics and of "
        f"negative, neutral and positive tone. {counted.vague:.0%} of the texts do not say what they "
        f"are about and {counted.second:.0%} bring up a second topic. Six NMF topics of TF-IDF "
        "weights recover the topics; words of feeling give the tone.",
        tables="tickets customers",
        truth="tickets ticket_rates",
        capabilities="text-signals health",
    )
    making.plant(
        title="Personal data in tickets",
        text="Fictitious names, e-mail addresses, phone numbers, streets and customer numbers stand in "
        "planted shares of all texts; bank accounts (with right check digits) and test card numbers "
        f"in shares of those about {MONEY_TOPIC}. The truth says where: from character `starts` up "
        "to, not including, `stops`. Serial and reference numbers look alike, and are none. A "
        "redaction that misses none of the former and keeps the latter is right.",
        tables="tickets",
        truth="personal_data personal_data_shares",
        capabilities="text-signals privacy",
    )
    making.plant(
        title="An early warning",
        text=f"From {RISE_DAY} on, tickets about {RISE_TOPIC} come {RISE:.0f} times as often in "
        f"{RISE_REGION} as before, in all segments there; nothing else changes. Monthly counts by "
        "region and topic show it.",
        tables="tickets customers",
        truth="ticket_rises tickets",
        capabilities="health regional-variation feedback-loop",
    )
    making.plant(
        title="How fast tickets are answered",
        text="Hours to the first response, and from there to the solution, are log-normal by true "
        f"segment and priority; {NEVER_RESOLVED:.0%} are never solved. The share that is answered "
        f"within the target is planted: for normal priority {ATTAINMENT['majors']:.0%} for Process "
        f"majors and {ATTAINMENT['legacy']:.0%} for Legacy pneumatics.",
        tables="tickets customers",
        truth="service_times",
        capabilities="service-levels",
    )
