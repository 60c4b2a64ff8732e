"""Campaigns: responses tie to orders, experiments recover lifts, aimed campaigns claim what isn't there."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from segutils.samples.making import Making
from segutils.samples.marketing.campaign_plans import (
    CAMPAIGNS,
    CAUSED,
    PAST_DAYS,
    PICKED_BY_ORDERS,
    RESPONSE_DAYS,
)

PLANS = {campaign.campaign_id: campaign for campaign in CAMPAIGNS}
ORDERS = """select customer_id, order_id, ordered_at, sum(net_revenue)::double as revenue
    from client.transactions where quantity > 0 group by all"""


def read_exposures(making: Making) -> pd.DataFrame:
    """Exposures beside the client's order lines: orders and revenue in the window, orders before."""
    counted = making.ask(f"""
        select campaign_id, e.customer_id,
          count(order_id) filter (ordered_at between assigned_at and assigned_at + to_days({RESPONSE_DAYS}))
            as orders,
          coalesce(sum(revenue) filter (
            ordered_at between assigned_at and assigned_at + to_days({RESPONSE_DAYS})), 0) as revenue,
          count(order_id) filter (ordered_at < assigned_at and ordered_at::date >=
            assigned_at::date - {PAST_DAYS}) as past
        from client.exposures as e left join ({ORDERS}) as o on o.customer_id = e.customer_id
        group by all""")
    frame = making.ask("""
        select e.*, t.segment, t.planned, t.y0, t.y1, t.caused, a.sales_segment, b.starts_on, b.churned_on,
          b.never_buys
        from client.exposures as e join truth.exposures as t using (customer_id, campaign_id)
          join draft.accounts as a using (customer_id) join truth.accounts as b using (customer_id)""")
    return frame.assign(treated=frame.arm == "treated").merge(counted, on=["campaign_id", "customer_id"])


@pytest.fixture(scope="module")
def exposures(made: Making) -> pd.DataFrame:
    return read_exposures(made)


@pytest.fixture(scope="module")
def null_exposures(null: Making) -> pd.DataFrame:
    return read_exposures(null)


def compare(frame: pd.DataFrame, outcome: str, strata: list[str]) -> pd.Series:
    """Treated less others within strata, weighted by the treated, with its standard error."""
    sides = frame.groupby([*strata, "treated"])[outcome].agg(["mean", "var", "size"]).unstack("treated")
    sides = sides[(sides["size"].fillna(0) > 1).all(axis=1)]
    weight = sides["size"][True] / sides["size"][True].sum()
    variance = sides["var"] / sides["size"]
    gap = sides["mean"][True] - sides["mean"][False]
    return pd.Series(
        {
            "difference": (weight * gap).sum(),
            "error": np.sqrt((weight**2 * (variance[True] + variance[False])).sum()),
        }
    )


def test_responses_tie_to_order_lines(exposures: pd.DataFrame, null_exposures: pd.DataFrame) -> None:
    for frame in (exposures, null_exposures):
        assert (frame.responded == (frame.orders > 0)).all()
        assert np.allclose(frame.outcome_value.astype(float), frame.revenue, atol=0.005)
        assert (frame.responded == np.where(frame.treated, frame.y1, frame.y0)).all()
        assert (frame.y1 >= frame.y0).all()


def test_campaigns_are_ten_and_their_targets_are_strategy_segments(
    made: Making, exposures: pd.DataFrame
) -> None:
    campaigns = made.ask("select * from client.campaigns order by 1")
    assert list(campaigns.campaign_id) == sorted(PLANS)
    assert (campaigns.cost > 0).all()
    assert {campaign.started_on.isoweekday() for campaign in CAMPAIGNS} == {2}
    strategy = made.ask("""
        select bool_and(target_segment is null or target_segment = strategy_segment) as same,
          bool_and(signup_date < assigned_at) as known
        from client.exposures join client.campaigns using (campaign_id)
          join draft.accounts using (customer_id)""")
    assert strategy.same.all() and strategy.known.all()
    arms = exposures.groupby("campaign_id").agg(randomised=("randomised", "all"), arms=("arm", "unique"))
    assert arms.randomised.sum() == 4
    for row in arms.itertuples():
        assert set(row.arms) == {"treated", "control" if row.randomised else "untreated"}
    dead = exposures.never_buys | (exposures.churned_on < exposures.assigned_at)
    assert dead.any() and not exposures[dead].caused.any()


def test_chance_allocates_the_experiments(exposures: pd.DataFrame, within: Callable[..., None]) -> None:
    for campaign_id, part in exposures[exposures.randomised].groupby("campaign_id"):
        planned = PLANS[campaign_id].allocation
        error = np.sqrt(planned * (1 - planned) / len(part))
        within(part.treated.mean(), planned, error, what=f"{campaign_id}: share treated")
        before = compare(part, "past", ["campaign_id"])
        within(before.difference, 0, before.error, what=f"{campaign_id}: orders of the year before")


def test_experiments_recover_the_planned_additional_orders(
    exposures: pd.DataFrame, within: Callable[..., None]
) -> None:
    """Mean orders of treated less controls, among accounts that may order through the whole window."""
    ends = exposures.assigned_at + pd.Timedelta(days=RESPONSE_DAYS)
    alive = (
        ~exposures.never_buys & ~(exposures.churned_on < ends) & (exposures.starts_on < exposures.assigned_at)
    )
    found = 0
    for (campaign_id, segment), part in exposures[exposures.randomised & alive].groupby(
        ["campaign_id", "segment"]
    ):
        planned = CAUSED[segment] * PLANS[campaign_id].strength
        assert np.allclose(part.planned, planned)
        if part.treated.sum() < 50 or (~part.treated).sum() < 50:
            continue
        lift = compare(part, "orders", ["campaign_id"])
        within(lift.difference, planned, lift.error, what=f"{campaign_id} {segment}")
        moved = part[part.treated].caused.mean()
        error = np.sqrt(max(planned * (1 - planned), 1e-9) / part.treated.sum())
        within(moved, planned, error, what=f"{campaign_id} {segment}: share moved")
        found += 1
    assert found >= 15


def test_lifts_in_response_differ_by_segment_and_one_has_none(
    exposures: pd.DataFrame, within: Callable[..., None]
) -> None:
    experiments = exposures[exposures.randomised]
    power = {}
    for segment, part in experiments.groupby("segment"):
        lift = compare(part, "responded", ["campaign_id"])
        # the truth, weighted as the estimate is
        effect = (part.y1.astype(int) - part.y0.astype(int)).groupby(part.campaign_id).mean()
        treated = part[part.treated].groupby("campaign_id").size()
        planted = (effect * treated).sum() / treated.sum()
        within(lift.difference, planted, lift.error, what=segment)
        power[segment] = planted / lift.error
    legacy = experiments[experiments.segment == "legacy"]
    assert (legacy.y1 == legacy.y0).all()
    assert (
        power["labs"] > 5 and power["maintenance"] > 3 and power["builders"] > 2
    )  # large enough to be found


def test_truth_by_campaign_and_segment_follows_from_the_rows(made: Making) -> None:
    rows = made.ask("select * from truth.exposures")
    lifts = made.ask("select * from truth.campaign_lifts").set_index(["campaign_id", "segment"])
    groups = rows.groupby(["campaign_id", "segment"])
    assert (groups.size() == lifts.exposed).all()
    assert (groups.caused.sum() == lifts.orders_caused).all()
    assert np.allclose(groups.apply(lambda part: part.y1.mean() - part.y0.mean()), lifts.effect)
    caused = made.ask("select count(*) as n, count(*) filter (source = 'campaign') as c from draft.orders")
    assert caused.c[0] == rows.caused.sum() > 0
    assert caused.c[0] / caused.n[0] < 0.01


def test_aimed_campaigns_claim_a_lift_that_like_with_like_takes_away(
    exposures: pd.DataFrame, within: Callable[..., None]
) -> None:
    bands = pd.cut(exposures.past, [*PICKED_BY_ORDERS, np.inf], right=False, labels=False)
    frame = exposures.assign(band=bands, picks=[PLANS[name].picks for name in exposures.campaign_id])
    for picks, strata in {"orders": "band", "group": "sales_segment"}.items():
        part = frame[frame.picks == picks]
        effect = part[part.treated].y1.mean() - part[part.treated].y0.mean()
        naive = compare(part, "responded", ["campaign_id"])
        assert naive.difference - effect > 4 * naive.error, picks
        fair = compare(part, "responded", ["campaign_id", strata])
        within(fair.difference, effect, fair.error, what=picks)
        assert naive.difference > 3 * effect, picks
    by_orders = frame[frame.picks == "orders"]
    assert not by_orders.caused.any() and (by_orders.y1 == by_orders.y0).all()


def test_the_null_client_has_no_lift_anywhere(
    null: Making, null_exposures: pd.DataFrame, within: Callable[..., None]
) -> None:
    assert null.ask("select count(*) as n from draft.orders where source = 'campaign'").n[0] == 0
    assert (null_exposures.y0 == null_exposures.y1).all()
    for randomised, part in null_exposures.groupby("randomised"):
        for outcome in ("responded", "orders", "past"):
            lift = compare(part, outcome, ["campaign_id"])
            within(lift.difference, 0, lift.error, what=f"randomised {randomised}: {outcome}")
