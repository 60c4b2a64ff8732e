"""What it costs to serve: cost pools whose amount is a planted rate times a volume that anybody can count.

The volumes are orders, order lines and net revenue per month in ``client.transactions`` (returns are no
orders and no lines, but lower revenue) and customers that have signed up by the month's end. So a pool over
its volume is its rate, and rates times the volumes of any group of customers are what that group costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from segutils.samples.customers.accounts import STRATEGY_LABELS
from segutils.samples.customers.profiles import list_segments
from segutils.samples.making import AS_OF, FIRST_DAY, Making

SERVING = ("logistics", "service and commissions")  # lines of the P&L that are the cost to serve


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A cost pool.

    Parameters
    ----------
    name : str
    line : str
        Of the P&L.
    driver : str
        What its amount is proportional to.
    rates : mapping of str to float
        EUR per unit of the driver: by order channel, by customer group, or for all under the empty text.
    null_rate : float
        The null client's, for every channel and group.
    null_driver, null_line : str
        The null client's, if others: an order costs the same there whatever its channel.
    """

    name: str
    line: str
    driver: str
    rates: Mapping[str, float] = field(default_factory=dict)
    null_rate: float
    null_driver: str = ""
    null_line: str = ""


POOLS = (
    Pool(
        name="order handling",
        line="service and commissions",
        driver="orders",
        # partners order by fax and e-mail, and their orders are typed in and checked
        rates={"field sales": 30.0, "inside sales": 12.0, "e-shop": 2.0, "partner": 74.0},
        null_rate=30.0,
    ),
    Pool(
        name="partner commissions",
        line="service and commissions",
        driver="net revenue",
        rates={"partner": 0.2},
        null_rate=40.0,
        null_driver="orders",
        null_line="sales",
    ),
    Pool(
        name="e-shop operation",
        line="service and commissions",
        driver="order lines",
        rates={"e-shop": 2.4},
        null_rate=40.0,
        null_driver="orders",
        null_line="sales",
    ),
    Pool(
        name="technical service",
        line="service and commissions",
        driver="order lines",
        rates={"Process": 11.0, "Projects": 24.0, "Aftermarket": 14.0, "Laboratory": 9.0, "OEM": 5.0},
        null_rate=11.0,
    ),
    Pool(name="logistics", line="logistics", driver="order lines", rates={"": 9.0}, null_rate=9.0),
    Pool(
        name="field sales visits",
        line="sales",
        driver="orders",
        rates={"field sales": 115.0},
        null_rate=40.0,
    ),
    Pool(name="inside sales", line="sales", driver="orders", rates={"inside sales": 26.0}, null_rate=40.0),
    Pool(
        name="marketing",
        line="marketing",
        driver="customers",
        rates={"Process": 62.0, "Projects": 44.0, "Aftermarket": 18.0, "Laboratory": 34.0, "OEM": 38.0},
        null_rate=34.0,
    ),
    Pool(
        name="segment management",
        line="sales",
        driver="customers",
        rates=dict.fromkeys(STRATEGY_LABELS, 3.5),
        null_rate=3.5,
    ),
)


def build_costs(making: Making) -> None:
    """What does it cost to serve each customer group, and who is not worth it?

    Reads ``draft.ledger`` and ``draft.order_counts``; leaves ``client.costs`` (pools by month and, where the
    rate differs by them, by channel or customer group), ``draft.cost_lines`` (the same per customer group and
    true segment) and the truth ``cost_rates`` and ``cost_to_serve``: per year and true segment (that of the
    last day) revenue, CM1 = net revenue − cost of goods, cost to serve = logistics, service and commissions,
    and CM2 = CM1 − cost to serve.
    """
    rates = list_rates(null=making.null)
    making.truth("cost_rates", rates)
    _count_volumes(making)
    making.run("""
        create table draft.cost_lines as
        select period, pool, line, r.channel, r.customer_group as segment, driver, v.customer_group,
          v.segment as truly, sum(volume) as volume, round(sum(volume) * rate, 2)::decimal(18, 2) as amount
        from (select * replace (rate::decimal(9, 3) as rate) from truth.cost_rates) as r
          join draft.volumes as v using (driver)
        where coalesce(r.channel = v.channel, r.channel is null)
          and coalesce(r.customer_group = v.customer_group, r.customer_group is null)
        group by period, pool, line, r.channel, r.customer_group, driver, v.customer_group, truly, rate""")
    making.emit(
        "costs",
        """select period, pool, sum(amount)::decimal(18, 2) as amount, channel, segment, driver
        from draft.cost_lines group by all""",
        order="period, pool, channel nulls first, segment nulls first",
    )
    serving = ", ".join(f"'{line}'" for line in SERVING)
    making.truth(
        "cost_to_serve",
        f"""with sold as (
          select year(month)::int as year, segment, sum(revenue)::decimal(18, 2) as revenue,
            sum(revenue - cost)::decimal(18, 2) as cm1
          from draft.ledger group by all
        ), counted as (
          select year(month)::int as year, segment, sum(orders)::bigint as orders
          from draft.order_counts group by all
        ), served as (
          select year(period)::int as year, truly as segment, sum(amount)::decimal(18, 2) as cost_to_serve
          from draft.cost_lines where line in ({serving}) group by all
        )
        select year, segment, orders, revenue, cm1, cost_to_serve,
          (cm1 - cost_to_serve)::decimal(18, 2) as cm2
        from sold join counted using (year, segment) join served using (year, segment)
        order by year, segment""",
    )
    _note(making)


def list_rates(*, null: bool) -> pd.DataFrame:
    """The planted rates: pool, line of the P&L, driver, channel or customer group, EUR per unit."""
    rows = [
        {
            "pool": pool.name,
            "line": (pool.null_line or pool.line) if null else pool.line,
            "driver": (pool.null_driver or pool.driver) if null else pool.driver,
            "channel": None if key in ("", *STRATEGY_LABELS) else key,
            "customer_group": key if key in STRATEGY_LABELS else None,
            "rate": pool.null_rate if null else rate,
        }
        for pool in POOLS
        for key, rate in pool.rates.items()
    ]
    return pd.DataFrame(rows).astype({"channel": "str", "customer_group": "str"})


def _count_volumes(making: Making) -> None:
    """``draft.volumes``: month, channel (if any), customer group, true segment, driver, volume."""
    months = pd.date_range(FIRST_DAY, AS_OF, freq="MS")
    joined = making.ask(f"""
        select greatest(date_trunc('month', signup_date), timestamp '{FIRST_DAY}') as period,
          strategy_segment as customer_group, segment, count(*) as joined
        from draft.accounts group by all""")
    known = joined.pivot_table(
        index="period", columns=["customer_group", "segment"], values="joined", aggfunc="sum"
    )
    known = known.reindex(months).fillna(0).cumsum().rename_axis("period")
    counts = known.melt(ignore_index=False, value_name="volume").reset_index()
    making.draft("known_customers", counts.assign(period=counts.period.dt.date))
    making.run("""
        create table draft.volumes as
        with volumes as (
          select month, channel, label, segment, 'orders' as driver, orders::decimal(18, 2) as volume
          from draft.order_counts
          union all select month, channel, label, segment, 'order lines', lines from draft.ledger
          union all select month, channel, label, segment, 'net revenue', revenue from draft.ledger
        )
        select month as period, channel, label as customer_group, segment, driver,
          sum(volume)::decimal(18, 2) as volume
        from volumes group by all having sum(volume) <> 0
        union all select period, null, customer_group, segment, 'customers', volume::decimal(18, 2)
        from draft.known_customers where volume > 0""")


def _note(making: Making) -> None:
    result = making.ask("""
        select segment, sum(cm2)::double as cm2, (sum(cm1) / sum(revenue))::double as before,
          (sum(cm2) / sum(revenue))::double as after
        from truth.cost_to_serve group by segment order by segment""").set_index("segment")
    words = {segment.name: segment.words for segment in list_segments(null=making.null)}
    shares = ", ".join(
        f"{words[row.Index]} {row.before:.0%} and {row.after:.0%}" for row in result.itertuples()
    )
    if making.null:
        text = (
            "Every pool is one rate times a counted volume. An order costs the same whatever its channel and "
            f"customer group. Margin before and after the cost to serve, as shares of revenue: {shares}."
        )
    else:
        losing = " and ".join(words[name] for name in result.index[result.cm2 < 0])
        text = (
            "Every pool is a rate times a volume that the order lines or the customers show, by channel or "
            f"customer group: an order from a partner costs {POOLS[0].rates['partner']:.0f} EUR to handle "
            f"and {POOLS[1].rates['partner']:.0%} of its revenue as commission, one from the e-shop next to "
            f"nothing. Margin before and after the cost to serve, as shares of revenue: {shares}. Only "
            f"{losing} loses money, and the strategic taxonomy hides it in Aftermarket; divide pools by "
            "volumes and apply the rates to any grouping."
        )
    making.plant(
        "Cost to serve",
        text,
        tables="costs transactions customers",
        truth="cost_rates cost_to_serve",
        capabilities="channel-profit route-to-market contribution-roi exit-criteria sunset "
        "retire-or-reposition",
    )
