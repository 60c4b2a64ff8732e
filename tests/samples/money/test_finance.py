"""The P&L: exact to the cent against orders and causes; each cause can be found from the client's tables."""

import numpy as np
import pandas as pd
import pytest

from segutils.samples.customers import accounts
from segutils.samples.making import Making, open_making
from segutils.samples.money import costs, finance, ledger
from segutils.samples.orders import assortment, bookings, orders

# revenue and cost of goods per month and group, from the order lines
ORDERS = """
    select date_trunc('month', ordered_at)::date as period, strategy_segment as customer_group,
      sum(net_revenue) as revenue, sum(net_revenue - contribution_margin) as cost
    from client.transactions join client.customers using (customer_id) group by all"""
# what each order was worth, and whether it came on one of a month's last days
VALUES = """
    select order_id, min(date_trunc('month', ordered_at))::date as period, min(c.region) as region,
      min(strategy_segment) as customer_group, sum(net_revenue)::double as revenue,
      min(ordered_at)::date > last_day(min(ordered_at)::date) - 2 as late
    from client.transactions join client.customers as c using (customer_id) where quantity > 0
    group by order_id"""
# what comes back, by month of the return and by month of the sale
RETURNS = """
    with sold as (
      select order_id, min(date_trunc('month', ordered_at))::date as sale from client.transactions
      where quantity > 0 group by order_id
    )
    select sale, date_trunc('month', ordered_at)::date as back, c.region, strategy_segment as customer_group,
      net_revenue::double as revenue
    from client.transactions join sold using (order_id) join client.customers as c using (customer_id)
    where quantity < 0"""
MONTHS = list(pd.date_range("2023-01-01", "2025-12-01", freq="MS"))
TWICE_IN = pd.Timestamp(ledger.DUPLICATES_MONTH)
MAPPED_FROM = pd.Timestamp(finance.MAPPING_FROM)
SCOPE_FROM = pd.Timestamp(finance.SCOPE_FROM)
GROUPS = list(finance.STRATEGY_LABELS)


def tie(making: Making) -> pd.DataFrame:
    """For every month and group P&L, orders and causes, in whole cents."""
    return (
        making.ask(f"""
            with pnl as (
              select period, customer_group, sum(amount) filter (where line = 'net revenue') as pnl_revenue,
                sum(amount) filter (where line = 'cost of goods') as pnl_cost
              from client.pnl group by all
            ), causes as (
              select period, customer_group, sum(amount) as causes, sum(cost_of_goods) as causes_of_cost
              from truth.reconciliation group by all
            )
            select period, customer_group, columns(* exclude (period, customer_group)) * 100
            from pnl left join ({ORDERS}) using (period, customer_group)
              left join causes using (period, customer_group)""")
        .set_index(["period", "customer_group"])
        .fillna(0)
        .round()
        .astype("int64")
    )


def grid(values: pd.Series) -> pd.DataFrame:
    """Months × groups."""
    return values.unstack("customer_group").reindex(index=MONTHS, columns=GROUPS).fillna(0.0).astype(float)


@pytest.fixture(scope="module")
def values(made) -> pd.DataFrame:
    return made.ask(VALUES)


@pytest.fixture(scope="module")
def late(values) -> pd.DataFrame:
    """Revenue of a month's last two days."""
    return grid(values[values.late].groupby(["period", "customer_group"]).revenue.sum())


@pytest.fixture(scope="module")
def noise(values) -> pd.DataFrame:
    """Standard error of what is booked late, given that each order is with a chance of 0.4."""
    squares = (values[values.late].revenue ** 2).groupby([values.period, values.customer_group]).sum()
    return np.sqrt(ledger.TIMING_SHARE * (1 - ledger.TIMING_SHARE) * grid(squares))


@pytest.fixture(scope="module")
def unexplained(made) -> pd.DataFrame:
    """P&L minus orders minus what the returns explain; anybody can compute it."""
    wide = tie(made)
    difference = grid((wide.pnl_revenue - wide.revenue) / 100)
    returns = made.ask(RETURNS)
    moved = grid(
        returns.groupby(["sale", "customer_group"]).revenue.sum().rename_axis(["period", "customer_group"])
    )
    moved -= grid(
        returns.groupby(["back", "customer_group"]).revenue.sum().rename_axis(["period", "customer_group"])
    )
    return difference - moved


@pytest.mark.parametrize("which", ["made", "null"])
def test_every_cell_ties_to_the_cent(which, request):
    making = request.getfixturevalue(which)
    wide = tie(making)
    assert len(wide) == 36 * 5
    assert (wide.pnl_revenue == wide.revenue + wide.causes).all()
    assert (wide.pnl_cost == wide.cost + wide.causes_of_cost).all()
    if making.null:
        assert (wide.pnl_revenue == wide.revenue).all()
        assert making.ask("select count(*) as n from truth.reconciliation").n.item() == 0


def test_a_small_client_ties_too():
    steps = (
        assortment.build_products,
        accounts.build_accounts,
        orders.open_extra_orders,
        orders.build_orders,
    )
    family = (bookings.build_bookings, ledger.build_ledger, costs.build_costs, finance.build_pnl)
    with open_making(accounts=200, seed=3) as making:
        for step in (*steps, *family):
            step(making)
        making.run("create view client.customers as from draft.accounts")
        wide = tie(making)
        assert (wide.pnl_revenue == wide.revenue + wide.causes).all()
        assert (wide.pnl_cost == wide.cost + wide.causes_of_cost).all()
        by = making.ask("select segment, sum(cm2) < 0 as loses from truth.cost_to_serve group by segment")
        assert list(by.segment[by.loses]) == ["legacy"]


def test_costs_of_the_pnl_are_the_pools(made):
    pools = made.ask("select distinct pool, line from truth.cost_rates").set_index("pool").line
    rows = made.ask("select period, pool, sum(amount) as amount from client.costs group by all")
    expected = rows.groupby(["period", rows.pool.map(pools)]).amount.sum()
    found = made.ask("select period, line, sum(amount) as amount from client.pnl group by all")
    found = found.set_index(["period", "line"]).amount
    assert ((100 * found[expected.index]).round() == (100 * expected).round()).all()
    assert set(pools) | {"net revenue", "cost of goods", "other overheads"} == set(finance.LINES)
    assert set(costs.SERVING) < set(pools)


def test_every_month_group_and_line_is_there_once(made):
    rows = made.ask("select * from client.pnl")
    assert (
        len(rows) == 36 * 5 * len(finance.LINES)
        and not rows.duplicated(["period", "customer_group", "line"]).any()
    )
    assert set(rows.line) == set(finance.LINES) and (rows.amount > 0).all()


def test_timing(unexplained, late, noise, within):
    """What is missing up to a month's end is what was booked late: the share of its last days' revenue."""
    quiet = [month for month in MONTHS if month < SCOPE_FROM]  # before the other causes begin
    missing, last_days = -unexplained.cumsum().loc[quiet], late.loc[quiet]
    weight = 1 / noise.loc[quiet] ** 2  # a few large orders must not drown the rest
    weight = weight.where(last_days > 0, 0.0)
    information = (weight * last_days**2).sum()
    share = (weight * last_days * missing).sum() / information
    within(
        (share * information).sum() / information.sum(), ledger.TIMING_SHARE, 1 / np.sqrt(information.sum())
    )
    for group in GROUPS:
        within(share[group], ledger.TIMING_SHARE, 1 / np.sqrt(information[group]), what=group)
    assert 1 / np.sqrt(information.sum()) < ledger.TIMING_SHARE / 20


def remove_timing(unexplained: pd.DataFrame, late: pd.DataFrame) -> pd.DataFrame:
    return unexplained + ledger.TIMING_SHARE * (late - late.shift(1, fill_value=0.0))


def test_duplicates(unexplained, late, noise, values, within):
    rest = remove_timing(unexplained, late)
    month = TWICE_IN
    before = MONTHS[MONTHS.index(month) - 1]
    # not the group with a business of its own, nor the one whose few large orders drown everything
    groups = [group for group in GROUPS if group not in (finance.SCOPE_GROUP, "Projects")]
    drawn = values[(values.period == month) & values.customer_group.isin(groups)].revenue
    share = rest.loc[month, groups].sum() / drawn.sum()
    planted = ledger.DUPLICATES_SHARE
    error = (
        planted * (1 - planted) * (drawn**2).sum()
        + (noise.loc[[before, month], groups] ** 2).to_numpy().sum()
    )
    within(share, planted, np.sqrt(error) / drawn.sum())
    assert share > 3 * np.sqrt((noise.loc[[before, month], groups] ** 2).to_numpy().sum()) / drawn.sum()
    # no other month before the mapping shows anything of the kind
    for other in [m for m in MONTHS[1:18] if m != month]:
        previous = MONTHS[MONTHS.index(other) - 1]
        error = np.sqrt((noise.loc[[previous, other], groups] ** 2).to_numpy().sum())
        within(rest.loc[other, groups].sum(), 0, error, what=str(other))


def test_mapping(made, unexplained, late, noise, values, within):
    """From one month on the group misses the revenue of one region's customers, and another group has it."""
    rest = remove_timing(unexplained, late)
    after = [month for month in MONTHS if month >= MAPPED_FROM]
    ends = [MONTHS[MONTHS.index(MAPPED_FROM) - 1], MONTHS[-1]]
    sold = values[values.customer_group == finance.MAPPING_GROUP].groupby(["period", "region"]).revenue.sum()
    sold = sold.unstack("region").reindex(MONTHS)
    returns = made.ask(RETURNS)
    returns = (
        returns[returns.customer_group == finance.MAPPING_GROUP].groupby(["sale", "region"]).revenue.sum()
    )
    sold = sold.add(returns.unstack("region").reindex(MONTHS), fill_value=0.0).loc[after]
    for group, sign in ((finance.MAPPING_GROUP, -1), (finance.MAPPING_INTO, 1)):
        moved = sign * rest.loc[after, group]
        misses = sold.sub(moved, axis=0).pow(2).sum()
        assert misses.idxmin() == finance.MAPPING_REGION
        block = sold[finance.MAPPING_REGION].sum()
        # what is booked late cancels from month to month but for the first and the last
        error = np.sqrt(
            (noise.loc[ends, [finance.MAPPING_GROUP, finance.MAPPING_INTO]] ** 2).to_numpy().sum()
        )
        within(moved.sum(), block, error, what=group)
        assert block > 8 * error
    others = [
        g for g in GROUPS if g not in (finance.MAPPING_GROUP, finance.MAPPING_INTO, finance.SCOPE_GROUP)
    ]
    for group in others:
        within(rest.loc[after, group].sum(), 0, np.sqrt((noise.loc[ends, group] ** 2).sum()), what=group)


def test_scope(unexplained, late, noise, values, within):
    group = finance.SCOPE_GROUP
    rest = remove_timing(unexplained, late)[group].copy()
    drawn = values[(values.period == TWICE_IN) & (values.customer_group == group)].revenue
    planted = ledger.DUPLICATES_SHARE
    rest[TWICE_IN] -= planted * drawn.sum()
    after = [month for month in MONTHS if month >= SCOPE_FROM]
    ends = [MONTHS[MONTHS.index(SCOPE_FROM) - 1], MONTHS[-1]]
    expected = finance.SCOPE_REVENUE * 6000 * (1 + finance.SCOPE_GROWTH) ** np.arange(len(after))
    error = np.sqrt((noise.loc[ends, group] ** 2).sum() + planted * (1 - planted) * (drawn**2).sum())
    within(rest[after].sum(), expected.sum(), error)
    assert expected.sum() > 8 * error
    quiet = [month for month in MONTHS if month < SCOPE_FROM]
    within(rest[quiet].sum(), 0, noise.loc[quiet[-1], group])


def test_null_pnl_leaves_nothing_to_explain(null):
    """The estimator of timing, on the null client: nothing is missing at any month's end."""
    wide = tie(null)
    missing = grid(wide.pnl_revenue - wide.revenue).cumsum()
    assert (missing == 0).to_numpy().all()
