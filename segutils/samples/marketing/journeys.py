"""Customer journeys: paths through the channels from a known Markov chain, ending in an order or in nothing.

A path starts in ``start``, moves from channel to channel and is absorbed in ``conversion`` or ``null``. Paths
that convert are hung on real orders through e-shop and inside sales, the others on accounts at other times.
An account's history is cut into turns, each with at most one journey and more than :data:`SILENCE` days of
silence at its end: *a journey ends with a conversion, or when nothing follows for more than SILENCE days*
recovers every journey exactly.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from segutils.samples.making import DAYS, FIRST_DAY, Making
from segutils.samples.marketing.channel_chains import (
    ALL,
    CHAIN_OF,
    CHAINS,
    CHANNELS,
    CONVERSION,
    NULL,
    START,
    absorb,
    find_removal_effects,
    read_moves,
)

COSTS = (4.2, 0.6, 0.25, 140.0, 32.0, 55.0, 3.1)  # EUR a touch, by channel; ± a fifth
JOURNEYS_PER_ACCOUNT = 1.7
SOLD_ONLINE = ("e-shop", "inside sales")  # orders through these channels can end a journey
SILENCE = 60  # days; see above
LONGEST = 40  # working days from a journey's first touch to its end
TURN = 121  # days; accounts' first turns begin on different days, so that conversions fall on all days
ENDS_FROM, ENDS_TO = LONGEST + 1, TURN - SILENCE - 1  # the days of a turn on which a journey can end
GAP, SHORTEST_GAP = 4.0, 0.02  # working days between touches: exponential mean, and what is added
OPENS, WORKDAY = 27_000, 36_000  # seconds: touches fall between 7:30 and 17:30


def build_journeys(making: Making) -> None:
    """Which touches led to which orders, and which led nowhere?

    Leaves ``client.touchpoints`` and ``client.conversions`` (at the moment and with the revenue of the
    order), and in the truth ``journeys``, ``journey_transitions`` (planned and drawn) and
    ``removal_effects``.
    """
    _set_chains(making)
    _place_journeys(making)
    _walk(making)
    _date_touches(making)
    costs = " ".join(f"when '{name}' then {cost}" for name, cost in zip(CHANNELS, COSTS, strict=True))
    making.emit(
        "touchpoints",
        f"""select t.customer_id, touched_at, t.channel, min(campaign_id) as campaign_id,
          euros(case t.channel {costs} end * (0.8 + 0.4 * any_value(luck))) as cost
        from draft.touches as t left join (
          select customer_id, campaign_id, channel, started_at, ended_at
          from client.exposures join client.campaigns using (campaign_id) where arm = 'treated'
        ) as c on c.customer_id = t.customer_id and c.channel = t.channel
          and touched_at between started_at and ended_at
        group by t.customer_id, touched_at, t.channel""",
        order="customer_id, touched_at",
    )
    making.emit(
        "conversions",
        "select customer_id, ends_at as converted_at, value from draft.journeys where converts",
        order="customer_id, converted_at",
    )
    _keep_truth(making)


def _set_chains(making: Making) -> None:
    """``draft.chains``, ``draft.chain_of`` and ``draft.steps``: the chain given how the journey ends.

    A chain that is known to end in conversion is a Markov chain again, from i to j with p(i, j) h(j) / h(i),
    where h is the probability to convert; for null with 1 − h. Drawing ends first and paths given ends is the
    same as drawing paths, and lets ends be real orders.
    """
    wanted = ["indifferent"] if making.null else ["engineered", "supplied"]
    chains, steps = [], []
    for name in wanted:
        moves = read_moves(CHAINS[name])
        convert = absorb(moves, ALL)
        chains.append({"chain": name, "probability": round(float(moves[0, :-2] @ convert), 12)})
        for converts, weight in ((True, [*convert, 1, 0]), (False, [*(1 - convert), 0, 1])):
            given = moves * np.array(weight)
            upper = np.round(np.cumsum(given, axis=1) / given.sum(axis=1, keepdims=True), 12)
            lower = np.column_stack([np.zeros(len(upper)), upper[:, :-1]])
            steps.append(_list_moves(name, lower, "low").assign(high=upper.ravel(), converts=converts))
    making.draft("chains", pd.DataFrame(chains))
    making.draft("steps", pd.concat(steps).query("high > low"))
    making.draft("chain_of", pd.DataFrame({"segment_before": CHAIN_OF.keys(), "chain": CHAIN_OF.values()}))


def _list_moves(chain: str, values: np.ndarray, name: str) -> pd.DataFrame:
    """One row for each chain, state and next state."""
    frame = pd.DataFrame(values, index=[START, *CHANNELS], columns=[*CHANNELS, CONVERSION, NULL])
    return (
        frame.rename_axis(index="state", columns="next")
        .stack()
        .rename(name)
        .reset_index()
        .assign(chain=chain)
    )


def _place_journeys(making: Making) -> None:
    """``draft.journeys``: orders that end one, then as many journeys that end in nothing as the chain has."""
    making.run(f"""
        create table draft.turns as
        select account, customer_id, chain, starts, ends,
          floor(u1(draw('turn', account)) * {TURN})::int as shift
        from draft.accounts join draft.chain_of using (segment_before);
        create table draft.endings as
        select account, (day + shift) // {TURN} as turn, min(order_id) as order_id
        from draft.bookings join draft.turns using (account)
        where channel in {SOLD_ONLINE} and day >= starts + {ENDS_FROM}
          and (day + shift) % {TURN} between {ENDS_FROM} and {ENDS_TO}
        group by all;
        create table draft.journeys as
        with ended as (
          select *, concat(account, '.', turn) as key from draft.endings join draft.turns using (account)
        ), wanted as (
          select chain, {JOURNEYS_PER_ACCOUNT} * count(*) * probability as journeys
          from draft.turns join draft.chains using (chain) group by chain, probability
        ), offered as (
          select chain, count(*) as endings from ended group by chain
        ), chosen as (
          select account, chain, turn, key, order_id
          from ended join wanted using (chain) join offered using (chain)
          where u1(draw('journey', key)) < journeys / endings
        )
        select account, customer_id, chain, turn, key, order_id, ordered_at as ends_at, revenue as value,
          true as converts
        from chosen join draft.bookings using (account, order_id);
        create table draft.pauses as
        with open as (
          select *, concat(account, '.', turn) as key, draw('pause', concat(account, '.', turn)) as h,
            turn * {TURN} - shift + {ENDS_FROM} + floor(u1(h) * {ENDS_TO - ENDS_FROM + 1})::int as day
          from draft.turns cross join (select unnest(range({1 + (DAYS + TURN) // TURN})) as turn)
        )
        select account, customer_id, chain, turn, key, null as order_id,
          timestamp '{FIRST_DAY}' + to_days(day::int) + to_seconds({OPENS} + floor(u2(h) * {WORKDAY})::int)
            as ends_at, null as value, false as converts, u3(h) as luck
        from open anti join draft.journeys using (key) where day >= starts + {ENDS_FROM} and day < ends;
        insert into draft.journeys
        with wanted as (
          select chain, count(*) / probability * (1 - probability) as journeys
          from draft.journeys join draft.chains using (chain) group by chain, probability
        ), offered as (select chain, count(*) as pauses from draft.pauses group by chain)
        select p.* exclude (luck) from draft.pauses as p join wanted using (chain) join offered using (chain)
        where luck < journeys / pauses""")


def _walk(making: Making) -> None:
    """``draft.walk``: the states of every journey, from start to where it ends."""
    making.run("""
        create table draft.walk as
        with recursive walk as (
          select key, chain, converts, 0 as step, 'start' as state from draft.journeys
          union all
          select w.key, w.chain, w.converts, w.step + 1, s.next
          from (
            select *, u1(draw('step', concat(key, '.', step))) as u
            from walk where state not in ('conversion', 'null')
          ) as w join draft.steps as s using (chain, converts, state)
          where u >= low and u < high
        )
        select * from walk""")


def _date_touches(making: Making) -> None:
    """``draft.touches``: gaps are drawn back from a journey's end, in whole seconds of working days."""
    longest = LONGEST * WORKDAY
    making.run(f"""
        create table draft.touches as
        with drawn as (
          select key, step, state as channel, draw('touch', concat(key, '.', step)) as h,
            floor(({SHORTEST_GAP} - {GAP} * ln(1 - u1(h))) * {WORKDAY})::bigint as gap
          from draft.walk where state not in ('start', 'conversion', 'null')
        ), summed as (
          select *, sum(gap) over (partition by key) as total from drawn
        ), fitted as (
          select *, if(total > {longest}, gap * {longest} // total, gap) as fits from summed
        ), counted as (
          select *, (sum(fits) over (partition by key order by step desc))::bigint as back from fitted
        ), clocked as (
          select c.*, account, customer_id,
            date_diff('day', date '{FIRST_DAY}', ends_at::date) * {WORKDAY}
              + date_diff('second', ends_at::date::timestamp, ends_at) - {OPENS} - back as clock
          from counted as c join draft.journeys using (key)
        )
        select key, account, customer_id, step, channel, u2(h) as luck,
          timestamp '{FIRST_DAY}' + to_days((clock // {WORKDAY})::int)
            + to_seconds({OPENS} + clock % {WORKDAY}) as touched_at
        from clocked""")


def _keep_truth(making: Making) -> None:
    making.truth(
        "journeys",
        """select 'J' || key as journey_id, customer_id, chain, converts, order_id, touches, first_touch,
          last_touch
        from draft.journeys join (
          select key, count(*)::int as touches, min(touched_at) as first_touch, max(touched_at) as last_touch
          from draft.touches group by key
        ) using (key) order by customer_id, first_touch""",
    )
    chains = making.ask("select chain from draft.chains order by chain").chain.to_list()
    planned = [_list_moves(chain, read_moves(CHAINS[chain]), "probability") for chain in chains]
    making.draft("moves", pd.concat(planned).rename_axis(index="number").reset_index())
    making.truth(
        "journey_transitions",
        """select chain, state, next, probability, coalesce(drawn, 0)::int as drawn
        from draft.moves left join (
          select chain, state, next, count(*) as drawn from (
            select chain, state, lead(state) over (partition by key order by step) as next from draft.walk
          ) where next is not null group by all
        ) using (chain, state, next) order by chain, number""",
    )
    drawn = making.ask("select * from truth.journey_transitions")
    effects = []
    for chain in chains:
        counts = drawn[drawn.chain == chain].pivot(index="state", columns="next", values="drawn")
        counts = counts.loc[[START, *CHANNELS], [*CHANNELS, CONVERSION, NULL]].to_numpy(float)
        planted = find_removal_effects(read_moves(CHAINS[chain]))
        frame = planted.rename("removal_effect").reset_index()
        frame["share_of_conversions"] = (planted / planted.sum()).round(9).to_numpy()
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        frame["drawn_removal_effect"] = find_removal_effects(shares).to_numpy()
        segments = ", ".join(segment for segment, name in CHAIN_OF.items() if name == chain)
        effects.append(frame.assign(chain=chain, segments=segments))
    making.truth("removal_effects", pd.concat(effects))
    _tell_journeys(making)


def _tell_journeys(making: Making) -> None:
    best = making.ask("""
        select chain, string_agg(concat(channel, ' ', round(100 * removal_effect)::int, ' %'), ', '
          order by removal_effect desc) filter (place <= 3) as best
        from (select *, row_number() over (partition by chain order by removal_effect desc, channel) as place
          from truth.removal_effects) group by chain order by chain""").to_dict("records")
    rule = (
        f"A journey ends with a conversion or when nothing follows for more than {SILENCE} days; cut so, "
        "touchpoints and conversions give the journeys back exactly."
    )
    if making.null:
        text = (
            "Journeys come from a Markov chain in which every channel has the same row and the same share: "
            "whether a journey converts doesn't depend on its channels, and all removal effects are equal. "
            f"{rule}"
        )
    else:
        text = (
            "Journeys come from two first-order Markov chains: engineered for Process majors, Project "
            "engineers and Machine builders, supplied for the other segments. Largest removal effects: "
            + "; ".join(f"{row['chain']} {row['best']}" for row in best)
            + f". Converting journeys end in real e-shop and inside-sales orders. {rule}"
        )
    making.plant(
        title="Journeys with known removal effects",
        text=text,
        tables="touchpoints conversions transactions",
        truth="journeys journey_transitions removal_effects",
        capabilities="attribution media-mix",
    )
