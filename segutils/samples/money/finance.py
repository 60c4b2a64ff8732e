"""What finance reports: a P&L that ties to the orders apart from five planted causes.

Its costs are those of :mod:`segutils.samples.money.costs`. Its revenue and cost of goods are the orders',
then what finance does differently, cause by cause in a stated order, so that the bridge is exact to the cent.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from segutils.samples.customers.accounts import STRATEGY_LABELS
from segutils.samples.making import AS_OF, FIRST_DAY, Making
from segutils.samples.money.ledger import DUPLICATES_MONTH, DUPLICATES_SHARE, TIMING_DAYS, TIMING_SHARE

MAPPING_REGION, MAPPING_GROUP = "West", "OEM"  # the customers of this group in this region are booked …
MAPPING_INTO, MAPPING_FROM = "Process", date(2024, 7, 1)  # … under that one from this month on
SCOPE_GROUP = "Aftermarket"  # finance adds a repair business to it that the order system does not know …
SCOPE_FROM = date(2024, 1, 1)  # … since it was bought
SCOPE_REVENUE, SCOPE_GROWTH = 18.0, 0.015  # EUR a month per account of the client, growing by the month
SCOPE_COST = 0.55  # cost of goods as a share of that
OVERHEADS = 0.09  # other overheads as a share of the orders' revenue
CAUSES = ("timing", "returns", "duplicates", "mapping", "scope")
LINES = (
    "net revenue",
    "cost of goods",
    "logistics",
    "service and commissions",
    "sales",
    "marketing",
    "other overheads",
)


def build_pnl(making: Making) -> None:
    """What does finance report per customer group, and why does it differ from the orders?

    Reads ``draft.ledger`` and ``draft.cost_lines``; leaves ``client.pnl`` (every month, group and line; costs
    are positive amounts) and the truth ``reconciliation``: per month, group and cause the amount of net
    revenue, and beside it of cost of goods. In every cell net revenue of the P&L = the orders' net revenue +
    the sum of the causes, and so for cost of goods = net revenue − contribution margin.

    CM1 = net revenue − cost of goods, CM2 = CM1 − logistics − service and commissions, CM3 = CM2 − sales −
    marketing. The causes, in this order:

    - timing: orders of a month's last days booked in the next one (those of the last month not yet);
    - returns: booked in the month of the sale, not of the return;
    - duplicates: orders counted twice in one month;
    - mapping: from one month on a block of customers, with the causes before, is booked under another group;
    - scope: a business outside of the order system.
    """
    _book(making)
    making.run(f"""
        create table draft.pnl as
        with cells as (
          select unnest(generate_series(timestamp '{FIRST_DAY}', timestamp '{AS_OF}', interval 1 month))::date
            as period, customer_group, line
          from (select unnest({list(STRATEGY_LABELS)}) as customer_group),
            (select unnest({list(LINES)}) as line)
        ), amounts as (
          select period, customer_group, 'net revenue' as line, revenue as amount from draft.pnl_moves
          union all select period, customer_group, 'cost of goods', cost from draft.pnl_moves
          union all select period, customer_group, line, amount from draft.cost_lines
          union all
          select period, customer_group, 'other overheads', euros({OVERHEADS}::decimal(4, 3) * sum(revenue))
          from draft.pnl_moves where cause = 'orders' group by all
        ), sums as (
          select period, customer_group, line, sum(amount) as amount from amounts group by all
        )
        select period, customer_group, line, coalesce(amount, 0)::decimal(18, 2) as amount
        from cells left join sums using (period, customer_group, line)""")
    making.emit("pnl", "from draft.pnl", order="period, customer_group, line")
    making.truth(
        "reconciliation",
        """select period, customer_group, cause, revenue as amount, cost as cost_of_goods from draft.pnl_moves
        where cause <> 'orders' and (revenue <> 0 or cost <> 0) order by period, customer_group, cause""",
    )
    making.truth("reconciliation_rules", _list_rules(null=making.null))
    _note_pnl(making)


def _list_rules(*, null: bool) -> pd.DataFrame:
    """What was planted, in words and figures; the amounts stand in ``reconciliation``."""
    rules = [
        ("timing", "days at a month's end", str(TIMING_DAYS)),
        ("timing", "share of their orders", str(TIMING_SHARE)),
        ("duplicates", "month", str(DUPLICATES_MONTH)),
        ("duplicates", "share of its orders", str(DUPLICATES_SHARE)),
        ("mapping", "customers", f"{MAPPING_GROUP} in {MAPPING_REGION}"),
        ("mapping", "booked under", MAPPING_INTO),
        ("mapping", "from", str(MAPPING_FROM)),
        ("scope", "booked under", SCOPE_GROUP),
        ("scope", "from", str(SCOPE_FROM)),
        ("scope", "EUR a month per account at first", str(SCOPE_REVENUE)),
        ("scope", "growth a month", str(SCOPE_GROWTH)),
        ("scope", "cost of goods as a share", str(SCOPE_COST)),
    ]
    return pd.DataFrame([] if null else rules, columns=["cause", "parameter", "value"], dtype="str")


def _book(making: Making) -> None:
    """``draft.pnl_moves``: month, group, cause, revenue, cost of goods; `orders` is the order system's."""
    scope = [] if making.null else _list_scope(making.accounts)
    making.draft("scope", pd.DataFrame(scope, columns=["period", "revenue", "cost"]))
    following = "(month + interval 1 month)::date"
    mapping = "false" if making.null else f"mapped and period >= date '{MAPPING_FROM}'"
    returns = "false" if making.null else "returned and month <> sold"
    block = f"region = '{MAPPING_REGION}' and label = '{MAPPING_GROUP}'"
    making.run(f"""
        create table draft.pnl_moves as
        with lines as (
          select *, {block} as mapped from draft.ledger
        ), moves as (
          select label, mapped, month as period, 'orders' as cause, revenue, cost from lines
          union all select label, mapped, month, 'timing', -revenue, -cost from lines where late
          union all select label, mapped, {following}, 'timing', revenue, cost from lines where late
          union all select label, mapped, month, 'returns', -revenue, -cost from lines where {returns}
          union all select label, mapped, sold, 'returns', revenue, cost from lines where {returns}
          union all select label, mapped, month, 'duplicates', revenue, cost from lines where twice
        ), moved as (
          from moves union all
          select label, mapped, period, 'mapping', -revenue, -cost from moves where {mapping} union all
          select '{MAPPING_INTO}', mapped, period, 'mapping', revenue, cost from moves where {mapping}
          union all
          select '{SCOPE_GROUP}', false, period, 'scope', euros(revenue), euros(cost) from draft.scope
        )
        select period, label as customer_group, cause, sum(revenue)::decimal(18, 2) as revenue,
          sum(cost)::decimal(18, 2) as cost
        from moved where period <= date '{AS_OF}' group by all""")


def _list_scope(accounts: int) -> list[dict[str, object]]:
    """The months of the business outside of the order system."""
    months = pd.date_range(SCOPE_FROM, AS_OF, freq="MS")
    revenue = np.round(SCOPE_REVENUE * accounts * (1 + SCOPE_GROWTH) ** np.arange(len(months)), 2)
    return [
        {"period": month.date(), "revenue": amount, "cost": round(SCOPE_COST * amount, 2)}
        for month, amount in zip(months, revenue, strict=True)
    ]


def _note_pnl(making: Making) -> None:
    if making.null:
        text = "The P&L ties to the orders to the cent in every month and customer group."
    else:
        sums = making.ask("select cause, sum(abs(amount)) as moved from truth.reconciliation group by cause")
        moved = sums.set_index("cause").moved.astype(float)
        text = (
            f"Finance books {TIMING_SHARE:.0%} of the orders of a month's last {TIMING_DAYS} days in the "
            f"next one, and returns in the month of the sale. It counted {DUPLICATES_SHARE:.0%} of the "
            f"orders of the month of {DUPLICATES_MONTH} twice. From {MAPPING_FROM} on it books the "
            f"{MAPPING_GROUP} customers of {MAPPING_REGION} under {MAPPING_INTO}; since {SCOPE_FROM} its "
            f"{SCOPE_GROUP} holds a repair business that the order system does not know. Sums of absolute "
            "amounts: "
            + ", ".join(f"{cause} {moved.get(cause, 0.0):,.0f}" for cause in CAUSES)
            + " EUR. Orders and causes give the P&L exactly; bridge both by month and group to find them."
        )
    making.plant(
        "P&L and orders",
        text,
        tables="pnl transactions customers",
        truth="reconciliation reconciliation_rules",
        capabilities="pnl-reconciliation contribution-roi",
    )
