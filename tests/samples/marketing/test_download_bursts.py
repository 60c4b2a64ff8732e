"""The trigger: after two datasheet downloads an order follows as often as planted, in the null no more."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from segutils.samples.making import Making
from segutils.samples.marketing.download_bursts import FOLLOWS, PLACED, SETTLED, WITHIN

LAST = pd.Timestamp("2025-12-31") - pd.Timedelta(days=FOLLOWS)


def judge_trigger(making: Making) -> pd.DataFrame:
    """By segment: how often an order follows a trigger, and how often a random time, with its error."""
    fires = making.ask(f"""
        with downloads as (
          select customer_id, occurred_at,
            occurred_at - lag(occurred_at) over (partition by customer_id order by occurred_at, event_id)
              <= to_days({WITHIN}) as again
          from client.events where event_type = 'datasheet download' and customer_id is not null
        ), fires as (
          select customer_id, occurred_at, occurred_at - lag(occurred_at) over (
            partition by customer_id order by occurred_at) <= to_days({FOLLOWS}) as resting
          from downloads where again
        )
        select segment_before as segment, exists (
            select 1 from client.transactions as t where t.customer_id = f.customer_id and quantity > 0
              and ordered_at > occurred_at and ordered_at <= occurred_at + to_days({FOLLOWS})) as followed
        from fires as f join truth.accounts using (customer_id)
        where not coalesce(resting, false) and occurred_at < timestamp '{LAST}'""")
    times = making.ask(f"""
        with times as (
          select customer_id, segment_before, unnest(generate_series(
            starts_on::timestamp + to_days({SETTLED} + customer_id[2:]::int % 20) + to_hours(12),
            least(coalesce(churned_on, date '2026-01-01') - 1, date '{LAST:%Y-%m-%d}'), to_days(20)))
            as moment
          from truth.accounts
        )
        select customer_id, any_value(segment_before) as segment, count(*) as times,
          sum(followed::int) as followed
        from (
          select *, exists (select 1 from client.transactions as t where t.customer_id = times.customer_id
            and quantity > 0 and ordered_at > moment and ordered_at <= moment + to_days({FOLLOWS}))
            as followed
          from times
        ) group by customer_id""")
    precision = fires.groupby("segment").followed.agg(["mean", "size"])
    base = times.groupby("segment")[["times", "followed"]].sum()
    rate = base.followed / base.times
    # accounts differ: the spread of their own rates around the common one gives the error of the ratio
    rest = times.followed - times.segment.map(rate) * times.times
    error = np.sqrt((rest**2).groupby(times.segment).sum()) / base.times
    return pd.DataFrame(
        {"precision": precision["mean"], "fires": precision["size"], "base": rate, "base_error": error}
    )


@pytest.fixture(scope="module")
def found(made: Making) -> pd.DataFrame:
    return judge_trigger(made)


def expect(found: pd.DataFrame) -> pd.DataFrame:
    placed = found.index.map(PLACED).to_numpy(float)
    planned = placed + (1 - placed) * found.base
    error = np.sqrt(planned * (1 - planned) / found.fires + ((1 - placed) * found.base_error) ** 2)
    return found.assign(placed=placed, planned=planned, error=error)


def test_orders_follow_the_trigger_as_planted(found: pd.DataFrame, within: Callable[..., None]) -> None:
    assert len(found) == 6
    for segment, row in expect(found).iterrows():
        within(row.precision, row.planned, row.error, what=str(segment))


def test_the_trigger_can_be_told_from_a_random_time_where_it_was_planted(found: pd.DataFrame) -> None:
    judged = expect(found)
    power = (judged.planned - judged.base) / judged.error
    assert (power[judged.placed > 0] > 5).all() and (judged.placed > 0).sum() == 3
    assert (power[judged.placed == 0] == 0).all()


def test_truth_states_what_the_data_say(
    made: Making, found: pd.DataFrame, within: Callable[..., None]
) -> None:
    truth = made.ask("select * from truth.triggers").set_index("segment")
    for segment, row in expect(found).iterrows():
        within(truth.base_rate[segment], row.base, 2 * row.base_error, what=f"{segment}: base rate")
        within(truth.precision_planned[segment], row.planned, row.error, what=f"{segment}: planned")
        within(truth.precision_drawn[segment], row.precision, row.error, what=f"{segment}: drawn")
        assert truth.share_placed[segment] == row.placed


def test_in_the_null_client_the_trigger_announces_nothing(null: Making, within: Callable[..., None]) -> None:
    judged = expect(judge_trigger(null))
    assert list(judged.index) == ["everyone"] and judged.placed.iloc[0] == 0
    within(judged.precision.iloc[0], judged.base.iloc[0], judged.error.iloc[0], what="everyone")
