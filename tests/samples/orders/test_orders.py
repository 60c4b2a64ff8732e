"""The orders: planted rates, lines, discounts, routes and rhythm hold in the client's transactions."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

from segutils.samples.customers import profiles
from segutils.samples.making import DAYS
from segutils.samples.orders import orders

PROFILES = {profile.name: profile for profile in (*profiles.SEGMENTS, profiles.CONSOLIDATED)}
BEHAVIOUR = """
    select customer_id, any_value(segment) as segment, any_value(strategy_segment) as strategy_segment,
      any_value(c.region) as region, any_value(industry) as industry,
      ln(count(distinct order_id)) as frequency, ln(sum(net_revenue) / count(distinct order_id)) as amount,
      sum(discount) / sum(discount + net_revenue) as discount,
      avg((channel = 'partner')::int) as partner, avg((category = 'Spare parts')::int) as spares,
      avg((category in ('Laboratory', 'Calibration'))::int) as laboratory,
      avg((category = 'Pneumatics')::int) as pneumatics
    from client.transactions join client.products using (product_id)
    join client.customers as c using (customer_id) join truth.accounts using (customer_id)
    where net_revenue > 0 group by customer_id order by customer_id"""
FEATURES = ["frequency", "amount", "discount", "partner", "spares", "laboratory", "pneumatics"]


@pytest.fixture(scope="module")
def lines(made) -> pd.DataFrame:
    return made.ask(f"""
        select o.profile, l.* exclude (customer_id), worth, category, o.day
        from ({orders.lines_sql("select * from draft.orders where source = 'own'")}) as l
        join draft.orders as o using (account, source, ref) join draft.accounts using (account)
        join draft.products using (product_id)""")


def test_orders_are_drawn_at_their_expected_number(made, within):
    found = made.ask(
        "select profile, sum(expected) as expected, sum(orders) as n from draft.phases group by all"
    )
    for row in found.itertuples():
        within(row.n, row.expected, np.sqrt(row.expected), what=row.profile)


def test_transactions_are_the_orders_drawn_and_caused(made):
    drawn = made.ask("select sum(orders) as n from draft.phases").n.item()
    extra = made.ask("select count(*) as n from draft.extra_orders where booked").n.item()
    booked = made.ask("select count(distinct order_id) as n from client.transactions").n.item()
    assert booked == drawn + extra


def test_order_rates_differ_between_accounts_by_a_gamma_law(made, within):
    rates = made.ask("""
        select profile, rate_factor from draft.accounts as a
        where not exists (
          select 1 from draft.accounts as b where b.entity = a.entity and b.account <> a.account)""")
    for name, rows in rates.groupby("profile"):
        shape = PROFILES[name].evenness
        within(rows.rate_factor.mean(), 1, 1 / np.sqrt(shape * len(rows)), what=name)
        assert stats.kstest(rows.rate_factor, stats.gamma(shape, scale=1 / shape).cdf).pvalue > 1e-4


def test_lines_channels_categories_and_discounts_are_as_planted(lines, within):
    sold = lines[~lines.returned]
    for name, rows in sold.groupby("profile"):
        profile = PROFILES[name]
        by_order = rows.groupby("order_id").agg(
            lines=("line", "size"),
            channel=("channel", "first"),
            net=("net_revenue", "sum"),
            off=("discount", "sum"),
        )
        count = len(by_order)
        spread = np.sqrt(profile.lines * (profile.lines - 1) / count)
        within(by_order.lines.mean(), profile.lines, spread, what=f"lines of {name}")
        for channel, share in zip(profiles.CHANNELS, profile.channels, strict=True):
            error = max(np.sqrt(share * (1 - share) / count), 1e-9)
            within((by_order.channel == channel).mean(), share, error, what=f"{channel} of {name}")
        for category, weight in profile.categories.items():
            share = weight / sum(profile.categories.values())
            error = np.sqrt(share * (1 - share) / len(rows)) + 1 / orders.SLOTS / 4
            within((rows.category == category).mean(), share, error, what=f"{category} of {name}")
        depth = (by_order.off / (by_order.net + by_order.off)).astype(float)
        within(depth.mean(), profile.discount, depth.std() / np.sqrt(count), what=f"discount of {name}")


def test_amounts_are_the_accounts_own(lines):
    """Whole pieces and the price of the product blur an amount, but not by much."""
    sold = lines[~lines.returned]
    for name, rows in sold.groupby("profile"):
        profile = PROFILES[name]
        relative = rows.net_revenue.astype(float) / rows.worth / (profile.order_value / profile.lines)
        assert 0.9 < relative.median() < 1.25, (name, relative.median())
        by_account = rows.assign(net=rows.net_revenue.astype(float)).groupby("account")
        means = by_account.agg(net=("net", "mean"), worth=("worth", "first"), count=("net", "size"))
        means = means[means["count"] >= 8]
        if len(means) > 50:
            assert np.corrcoef(np.log(means.net), np.log(means.worth))[0, 1] > 0.7, name


def test_the_year_has_its_rhythm_and_the_week_its_days(made, within):
    months = made.ask("""
        select month(ordered_at) as month, count(distinct order_id) as n from client.transactions
        join draft.accounts using (customer_id)
        where net_revenue > 0 and starts = 0 and ends = 1096 and profile <> 'legacy'
        group by all order by all""")
    days = pd.date_range("2023-01-01", periods=DAYS)
    weights = np.array(orders.MONTHS)[days.month - 1] * np.array(orders.WEEKDAYS)[days.weekday]
    planted = pd.Series(weights).groupby(days.month).sum() / weights.sum()
    total = months.n.sum()
    for row in months.itertuples():
        share = planted[row.month]
        within(row.n / total, share, np.sqrt(share / total) * 1.1, what=f"month {row.month}")


def test_the_declining_segment_declines(made, within):
    """Orders a year and living account fall by the planted rate: slope of log monthly orders per account."""
    monthly = made.ask("""
        select month, count(order_id) / any_value(alive) as rate, count(order_id) as n from (
          select unnest(range(36)) as month) as m
        join lateral (select count(*) as alive from draft.accounts where profile = 'legacy' and not never_buys
          and starts <= month * 30.44 and ends >= (month + 1) * 30.44) as a on true
        left join (select order_id, floor(day / 30.44) as month from (
            select distinct account, o.ref as order_id, day from draft.orders as o
            join draft.accounts as a using (account)
            where o.profile = 'legacy' and source = 'own' and starts <= floor(day / 30.44) * 30.44
              and ends >= (floor(day / 30.44) + 1) * 30.44)) using (month)
        group by month order by month""")
    season = np.log(np.array(orders.MONTHS)[(monthly.month.to_numpy(int)) % 12])
    y = np.log(monthly.rate.to_numpy()) - season
    fit = stats.linregress(monthly.month.to_numpy() / 12, y)
    planted = -PROFILES["legacy"].decline
    within(fit.slope, planted, max(fit.stderr, 1 / np.sqrt(monthly.n.sum()) * 1.2), what="decline")


def test_returns_are_a_planted_share_of_lines(lines, within):
    eligible = lines[lines.day + 56 < DAYS]
    sold = (~eligible.returned).sum()
    error = np.sqrt(orders.RETURNS / sold)
    within(eligible.returned.sum() / sold, orders.RETURNS, error)
    assert (lines[lines.returned].net_revenue < 0).all() and (lines[lines.returned].quantity < 0).all()


def test_margins_and_discounts_add_up(made):
    off = made.ask("""
        select count(*) as n from client.transactions
        where contribution_margin <> net_revenue - quantity * unit_cost
          or ordered_at >= timestamp '2026-01-01' or ordered_at < timestamp '2023-01-01'""")
    assert off.n.item() == 0
    before = made.ask("""
        select count(*) as n from client.transactions join client.customers using (customer_id)
        where ordered_at::date < signup_date""")
    assert before.n.item() == 0


def test_orders_agree_with_the_crm_record(made):
    off = made.ask("""
        select count(*) as n from client.transactions as t join client.customers as c using (customer_id)
        where t.region <> c.region""")
    orphans = made.ask("""
        select count(*) as n from client.transactions anti join client.customers using (customer_id)""")
    assert off.n.item() == 0 and orphans.n.item() == 0


def test_the_drifted_accounts_buy_differently_from_that_day(made, within):
    drifted = "a.profile_after <> a.profile and not never_buys and starts = 0 and ends = 1096"
    found = made.ask(f"""
        select o.profile, count(*) as n from draft.orders as o join draft.accounts as a using (account)
        where {drifted} and source = 'own' group by o.profile""").set_index("profile")
    factors = made.ask(f"select rate_factor, switches_on from draft.accounts as a where {drifted}")
    for name, first, last in (
        ("builders", 0, factors.switches_on[0]),
        ("maintenance", factors.switches_on[0], DAYS),
    ):
        line = orders.cumulate_intensity(PROFILES[name])
        expected = PROFILES[name].orders * (line[last] - line[first]) * factors.rate_factor.sum()
        within(found.n[name], expected, np.sqrt(expected), what=name)


def test_behaviour_tells_the_six_segments_apart(made):
    """The right base recovers what was planted, and six is where a plain index peaks."""
    known = made.ask(BEHAVIOUR)
    values = known[FEATURES].to_numpy()
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    fits = {k: KMeans(k, n_init=10, random_state=0).fit_predict(values) for k in range(3, 10)}
    assert adjusted_rand_score(known.segment, fits[6]) >= 0.9
    widths = {k: silhouette_score(values, f, sample_size=3000, random_state=0) for k, f in fits.items()}
    assert max(widths, key=widths.get) in (6, 7)  # the regional exception is a seventh way to buy
    for base in ("region", "industry"):
        assert adjusted_rand_score(known.segment, known[base]) < 0.2, base


def test_nothing_explains_the_null_clients_behaviour(null):
    known = null.ask(BEHAVIOUR)
    for base in ("region", "industry", "strategy_segment"):
        for feature in FEATURES:
            groups = [group.to_numpy() for _, group in known.groupby(base)[feature]]
            assert stats.f_oneway(*groups).pvalue > 1e-4, (base, feature)
    values = known[FEATURES].to_numpy()
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    widths = [
        silhouette_score(values, KMeans(k, n_init=5, random_state=0).fit_predict(values)) for k in range(2, 8)
    ]
    assert max(widths) < 0.35  # 0.5 and more is what the planted client reaches
