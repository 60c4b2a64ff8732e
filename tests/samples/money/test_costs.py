"""Cost pools: every amount is a planted rate times a volume of the client's tables; one segment loses."""

import numpy as np
import pandas as pd
import pytest

from segutils.samples.making import Making
from segutils.samples.money import costs

# orders are counted once, by their order number; returns are neither orders nor lines, but lower revenue
VOLUMES = """
    select date_trunc('month', ordered_at)::date as period, customer_id, channel,
      count(distinct case when quantity > 0 then order_id end)::double as orders,
      count(*) filter (where quantity > 0)::double as "order lines", sum(net_revenue) as "net revenue",
      sum(contribution_margin) as cm1
    from client.transactions group by all"""
JOINED = """
    select date_trunc('month', m.m)::date as period, strategy_segment as label, count(*)::double as customers
    from client.customers join (
      select unnest(generate_series(timestamp '2023-01-01', timestamp '2025-12-31', interval 1 month)) as m
    ) as m on signup_date < m.m + interval 1 month group by all"""
LABELS = "select customer_id, strategy_segment as label from client.customers"
CHANNELS = ("field sales", "inside sales", "e-shop", "partner")
UNITS = ["orders", "order lines", "net revenue"]


def count_volumes(making: Making) -> pd.DataFrame:
    """Volumes per month, customer and channel, with the customer's label."""
    volumes = making.ask(VOLUMES).merge(making.ask(LABELS), on="customer_id")
    return volumes.astype({"net revenue": float, "cm1": float})


def measure(making: Making) -> pd.DataFrame:
    """Every row of the costs with the volume of its driver."""
    rows = making.ask("select * replace (amount::double as amount) from client.costs")
    volumes, joined = count_volumes(making), making.ask(JOINED)
    by = {
        "channel": volumes.groupby(["period", "channel"])[UNITS].sum(),
        "segment": volumes.groupby(["period", "label"])[UNITS].sum(),
        "": volumes.groupby("period")[UNITS].sum(),
    }
    customers = joined.set_index(["period", "label"]).customers

    def find(row) -> float:
        if row.driver == "customers":
            return customers[row.period, row.segment]
        if isinstance(row.channel, str):
            return by["channel"].loc[(row.period, row.channel), row.driver]
        if isinstance(row.segment, str):
            return by["segment"].loc[(row.period, row.segment), row.driver]
        return by[""].loc[row.period, row.driver]

    return rows.assign(volume=rows.apply(find, axis=1))


def allocate(making: Making, volumes: pd.DataFrame) -> pd.Series:
    """Cost to serve of each row of the volumes: rates measured from pools, times its own volumes."""
    measured = measure(making)
    measured = measured[measured.driver != "customers"].assign(key=measured.channel.fillna(measured.segment))
    sums = measured.groupby(["pool", "driver", "key"], dropna=False)[["amount", "volume"]].sum().reset_index()
    lines = making.ask("select distinct pool, line from truth.cost_rates").set_index("pool").line
    total = pd.Series(0.0, index=volumes.index)
    for row in sums.itertuples():
        if lines[row.pool] in costs.SERVING:
            is_for = row.key in CHANNELS and volumes.channel == row.key
            is_for = (
                is_for if row.key in CHANNELS else (volumes.label == row.key) | (not isinstance(row.key, str))
            )
            total += volumes[row.driver] * is_for * row.amount / row.volume
    return total


@pytest.fixture(scope="module")
def served(made) -> pd.DataFrame:
    volumes = count_volumes(made)
    volumes["served"] = allocate(made, volumes)
    return volumes.merge(made.ask("select customer_id, segment from truth.accounts"), on="customer_id")


@pytest.mark.parametrize("which", ["made", "null"])
def test_amount_is_rate_times_volume(which, request):
    making = request.getfixturevalue(which)
    rates = costs.list_rates(null=making.null)
    rows = measure(making).merge(
        rates,
        left_on=["pool", "channel", "segment"],
        right_on=["pool", "channel", "customer_group"],
        how="left",
    )
    assert rows.rate.notna().all() and (rows.driver_x == rows.driver_y).all()
    # commissions are rounded per group and segment, everything else is exact
    slack = np.where(rows.driver_x == "net revenue", 0.2, 0.005)
    assert (abs(rows.amount - rows.rate * rows.volume) < slack).all()
    assert set(rows.pool) == {pool.name for pool in costs.POOLS}


def test_every_month_has_every_pool(made):
    rows = made.ask("select * from client.costs")
    assert len(rows) == 36 * len(costs.list_rates(null=False))
    assert not rows.duplicated(["period", "pool", "channel", "segment"]).any()


def test_cost_to_serve_of_the_true_segments_can_be_recovered(made, served):
    truth = made.ask("select * from truth.cost_to_serve").set_index(["segment", "year"]).astype(float)
    years = pd.to_datetime(served.period).dt.year.rename("year")
    found = served.groupby(["segment", years])[["orders", "net revenue", "cm1", "served"]].sum()
    assert len(found) == len(truth) == 18
    columns = ["orders", "revenue", "cm1", "cost_to_serve"]
    assert found.to_numpy() == pytest.approx(truth.loc[found.index, columns].to_numpy(), rel=1e-5)
    cm2 = found.cm1 - found.served
    assert cm2.to_numpy() == pytest.approx(truth.cm2[found.index].to_numpy(), rel=1e-4)


def test_only_legacy_is_not_worth_it_and_the_taxonomy_hides_it(served):
    by = served.groupby("segment")[["cm1", "served", "net revenue"]].sum()
    rate = (by.cm1 - by.served) / by["net revenue"]
    assert by.cm1.loc["legacy"] > 0 and rate["legacy"] < -0.02
    assert rate.drop("legacy").min() > 0.2
    by = served.groupby("label")[["cm1", "served", "net revenue"]].sum()
    assert ((by.cm1 - by.served) / by["net revenue"]).min() > 0.2


def test_null_customer_groups_cost_the_same(null, within):
    volumes = count_volumes(null)
    volumes["cm2"] = volumes.cm1 - allocate(null, volumes)
    for key in ("label", "channel"):
        by = volumes.groupby([key, "customer_id"])[["cm2", "net revenue"]].sum()
        whole = by.cm2.sum() / by["net revenue"].sum()
        for name, part in by.groupby(level=key):
            rate = part.cm2.sum() / part["net revenue"].sum()
            # of a ratio of sums over customers, by linearisation
            error = np.sqrt(((part.cm2 - rate * part["net revenue"]) ** 2).sum()) / part["net revenue"].sum()
            within(rate, whole, error, what=f"{key} {name}")
