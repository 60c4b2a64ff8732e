"""Journeys: the cutting rule gives them back, and with them the planted chain and its removal effects."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from segutils.samples.making import Making
from segutils.samples.marketing.channel_chains import (
    CHAIN_OF,
    CHAINS,
    CHANNELS,
    find_removal_effects,
    read_moves,
)

SILENCE = 60  # days: the stated rule
STATES = ("start", *CHANNELS)
NEXT = (*CHANNELS, "conversion", "null")
RESAMPLES = 200


def cut_journeys(making: Making) -> pd.DataFrame:
    """The client's touches and conversions, numbered by journey; a journey without conversion gets a null."""
    rows = making.ask("""
        select customer_id, touched_at as moment, channel as state, 0 as last from client.touchpoints
        union all select customer_id, converted_at, 'conversion', 1 from client.conversions
        order by customer_id, moment, last""")
    before = rows.groupby("customer_id").shift()
    silent = rows["moment"] - before["moment"] > pd.Timedelta(days=SILENCE)
    rows["journey"] = (before["moment"].isna() | silent | (before["state"] == "conversion")).cumsum()
    return rows


def count_moves(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each journey, one column for each move from state to state: how often it was made."""
    journeys = rows.groupby("journey").state
    previous = journeys.shift().fillna("start")
    moves = pd.DataFrame({"journey": rows.journey, "move": previous + ">" + rows.state})
    ends = journeys.last()
    ends = ends[ends != "conversion"]
    stops = pd.DataFrame({"journey": ends.index, "move": ends.to_numpy() + ">null"})
    moves = pd.concat([moves, stops], ignore_index=True)
    wanted = [f"{state}>{following}" for state in STATES for following in NEXT]
    return pd.crosstab(moves.journey, moves.move).reindex(columns=wanted, fill_value=0)


def read_chains(making: Making) -> dict[str, pd.DataFrame]:
    """Moves of each journey, by the chain that the account's true segment stands for."""
    rows = cut_journeys(making)
    segments = making.ask("select customer_id, segment_before from truth.accounts")
    chain = rows.customer_id.map(segments.set_index("customer_id").segment_before.map(CHAIN_OF))
    return {name: count_moves(part) for name, part in rows.groupby(chain)}


def lose_channels(counts: np.ndarray) -> np.ndarray:
    """Removal effects by following the journeys step by step, not by the generator's formula."""
    counts = counts.reshape(len(STATES), len(NEXT)).astype(float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    converted = []
    for lost in [None, *range(len(CHANNELS))]:
        kept = np.array([channel != lost for channel in range(len(CHANNELS))], dtype=float)
        here, total = shares[0, :-2] * kept, 0.0
        for _ in range(80):
            total += here @ shares[1:, -2]
            here = (here @ shares[1:, :-2]) * kept
        converted.append(total)
    return 1 - np.array(converted[1:]) / converted[0]


def resample_removals(moves: pd.DataFrame) -> np.ndarray:
    """Standard error of each removal effect, from resampled journeys."""
    rng = np.random.default_rng(0)
    matrix = moves.to_numpy()
    weights = rng.multinomial(len(matrix), np.full(len(matrix), 1 / len(matrix)), size=RESAMPLES)
    return np.std([lose_channels(weight @ matrix) for weight in weights], axis=0)


@pytest.fixture(scope="module")
def chains(made: Making) -> dict[str, pd.DataFrame]:
    return read_chains(made)


@pytest.fixture(scope="module")
def null_chains(null: Making) -> dict[str, pd.DataFrame]:
    return read_chains(null)


def test_the_rule_recovers_every_journey(made: Making, null: Making) -> None:
    for making in (made, null):
        rows = cut_journeys(making)
        touches = rows[rows.state != "conversion"]
        found = touches.groupby("journey").agg(
            customer_id=("customer_id", "first"),
            first_touch=("moment", "min"),
            last_touch=("moment", "max"),
            touches=("state", "size"),
        )
        found["converts"] = rows.groupby("journey").state.last() == "conversion"
        assert rows.groupby("journey").state.first().ne("conversion").all()
        columns = ["customer_id", "first_touch", "last_touch", "touches", "converts"]
        planted = making.ask(f"select {', '.join(columns)} from truth.journeys").sort_values(columns[:2])
        pd.testing.assert_frame_equal(
            found[columns].sort_values(columns[:2]).reset_index(drop=True),
            planted.reset_index(drop=True),
            check_dtype=False,
        )


def test_conversions_are_real_orders_and_touches_lie_within_lives(made: Making) -> None:
    ties = made.ask("""
        with orders as (
          select customer_id, order_id, ordered_at, channel, sum(net_revenue) as revenue
          from client.transactions where quantity > 0 group by all
        )
        select (select count(*) from client.conversions) as conversions, count(*) as tied,
          count(*) filter (o.channel in ('e-shop', 'inside sales')) as online
        from client.conversions as c
          join truth.journeys as j on j.customer_id = c.customer_id and j.converts
          join orders as o on o.order_id = j.order_id and o.ordered_at = converted_at and revenue = value
        where o.customer_id = c.customer_id""")
    assert ties.conversions[0] == ties.tied[0] == ties.online[0] > 1000
    lives = made.ask("""
        select bool_and(touched_at >= starts_on and touched_at >= signup_date
            and (churned_on is null or touched_at < churned_on)) as alive,
          bool_and(hour(touched_at) between 7 and 17) as daily, bool_and(t.cost > 0) as priced,
          max(touched_at) < timestamp '2026-01-01' as past,
          count(distinct (customer_id, touched_at)) = count(*) as ordered
        from client.touchpoints as t join truth.accounts using (customer_id)
          join draft.accounts using (customer_id)""")
    assert lives.iloc[0].all()
    campaigns = made.ask("""
        select count(*) as n, bool_and(touched_at between started_at and ended_at and c.channel = t.channel
          and e.arm = 'treated') as fits
        from client.touchpoints as t join client.campaigns as c using (campaign_id)
          left join client.exposures as e using (campaign_id, customer_id)""")
    assert campaigns.n[0] > 0 and campaigns.fits[0]


def test_moves_follow_the_planted_chains(
    chains: dict[str, pd.DataFrame], null_chains: dict[str, pd.DataFrame], within: Callable[..., None]
) -> None:
    assert set(chains) == {"engineered", "supplied"} and set(null_chains) == {"indifferent"}
    for name, moves in {**chains, **null_chains}.items():
        planted = read_moves(CHAINS[name])
        assert planted.sum(axis=1) == pytest.approx(1)
        counts = moves.sum().to_numpy().reshape(planted.shape)
        departures = counts.sum(axis=1, keepdims=True)
        assert (counts[planted == 0] == 0).all()
        error = np.sqrt(planted * (1 - planted) / departures)
        for row, column in np.argwhere(planted > 0):
            within(
                counts[row, column] / departures[row, 0],
                planted[row, column],
                error[row, column],
                what=f"{name}: {STATES[row]} to {NEXT[column]}",
            )
        expected = (planted * departures)[planted > 0]
        distance = ((counts[planted > 0] - expected) ** 2 / expected).sum()
        assert chi2.sf(distance, (planted > 0).sum() - len(STATES)) > 1e-4, name


def test_removal_effects_are_those_planted(
    made: Making, chains: dict[str, pd.DataFrame], within: Callable[..., None]
) -> None:
    truth = made.ask("select * from truth.removal_effects").set_index(["chain", "channel"])
    for name, moves in chains.items():
        planted = truth.loc[name].removal_effect[list(CHANNELS)]
        assert np.allclose(planted, lose_channels(read_moves(CHAINS[name])), atol=1e-6)  # the formula itself
        estimate, error = lose_channels(moves.sum().to_numpy()), resample_removals(moves)
        assert np.allclose(truth.loc[name].drawn_removal_effect[list(CHANNELS)], estimate, atol=1e-6)
        for channel, found, effect, spread in zip(CHANNELS, estimate, planted, error, strict=True):
            within(found, effect, spread, what=f"{name}: {channel}")
        assert truth.loc[name].share_of_conversions.sum() == pytest.approx(1)
    # the two groups differ by far more than chance: attribution over all accounts is wrong for both
    fair = truth.removal_effect.xs("trade fair", level="channel")
    assert fair["engineered"] - fair["supplied"] > 0.3


def test_share_of_journeys_that_convert(
    made: Making, chains: dict[str, pd.DataFrame], within: Callable[..., None]
) -> None:
    for name, moves in chains.items():
        planted = made.ask(f"select probability from draft.chains where chain = '{name}'").probability[0]
        converted = moves.filter(like=">conversion").sum(axis=1)
        assert converted.isin([0, 1]).all()
        within(converted.mean(), planted, np.sqrt(planted * (1 - planted) / len(moves)), what=name)


def test_in_the_null_client_no_channel_matters(
    null_chains: dict[str, pd.DataFrame], within: Callable[..., None]
) -> None:
    moves = null_chains["indifferent"]
    planted = find_removal_effects(read_moves(CHAINS["indifferent"]))
    assert np.ptp(planted) < 1e-9
    estimate, error = lose_channels(moves.sum().to_numpy()), resample_removals(moves)
    for channel, found, spread in zip(CHANNELS, estimate, error, strict=True):
        within(found, planted[channel], spread, what=channel)
    counts = moves.sum().to_numpy().reshape(len(STATES), len(NEXT))[1:]
    converted, departures = counts[:, -2], counts.sum(axis=1)
    expected = departures * converted.sum() / departures.sum()
    rest = departures - expected
    distance = ((converted - expected) ** 2 * (1 / expected + 1 / rest)).sum()
    assert chi2.sf(distance, len(CHANNELS) - 1) > 1e-4
