"""The opportunities: arrivals, cycles, what wins and why they are lost, and their tie to the orders."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, ndtr

from segutils.samples.customers.profiles import SEGMENTS
from segutils.samples.making import DAYS
from segutils.samples.orders.orders import lines_sql
from segutils.samples.sales import opportunities as planted

COLUMNS = {
    "opportunity_id": "VARCHAR",
    "customer_id": "VARCHAR",
    "stage": "VARCHAR",
    "amount": "DECIMAL(18,2)",
    "opened_at": "TIMESTAMP",
    "closed_at": "TIMESTAMP",
    "won": "BOOLEAN",
    "reason": "VARCHAR",
    "competitor": "VARCHAR",
    "product_id": "VARCHAR",
    "channel": "VARCHAR",
    "rep_id": "VARCHAR",
    "quote_days": "INTEGER",
    "price_gap": "DOUBLE",
}
KNOWN = """
    select o.*, t.* exclude (opportunity_id), (opened_at::date - date '2023-01-01') as opened,
      (closed_at::date - opened_at::date) as cycle, starts, ends, churned, signup_date, account_rep,
      a.strategy_segment, a.region, switches_on
    from client.opportunities as o join truth.opportunities as t using (opportunity_id)
    join draft.accounts as a using (customer_id) order by opportunity_id"""
NAMES = [segment.name for segment in SEGMENTS]


@pytest.fixture(scope="module")
def deals(made) -> pd.DataFrame:
    return made.ask(KNOWN).assign(amount=lambda d: d.amount.astype(float))


@pytest.fixture(scope="module")
def closed(deals) -> pd.DataFrame:
    return deals[deals.won.notna()].assign(won=lambda d: d.won.astype(bool))


@pytest.fixture(scope="module")
def null_closed(null) -> pd.DataFrame:
    found = null.ask(KNOWN)
    return found[found.won.notna()].assign(won=lambda d: d.won.astype(bool))


def fit_logistic(design: pd.DataFrame, outcome: pd.Series) -> pd.DataFrame:
    """Iteratively reweighted least squares: estimate and standard error per column."""
    x, y = design.to_numpy(float), outcome.to_numpy(float)
    beta = np.zeros(x.shape[1])
    for _ in range(30):
        p = expit(x @ beta)
        information = (x * (p * (1 - p))[:, None]).T @ x
        beta = beta + np.linalg.solve(information, x.T @ (y - p))
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return pd.DataFrame({"estimate": beta, "error": errors}, index=design.columns)


def design_of(deals: pd.DataFrame, *, gap: bool) -> pd.DataFrame:
    """The drivers, named as in truth.win_drivers; `gap` adds what only the truth knows."""
    design = pd.DataFrame(
        {
            "price_gap": deals.price_gap,
            "quote_days": deals.quote_days,
            "strong_competitor": deals.competitor == planted.STRONG,
            "price_gap builders": deals.price_gap * (deals.segment == "builders"),
            **{f"intercept {name}": deals.segment == name for name in NAMES},
        }
    )
    return design.assign(missing_feature=deals.missing_feature.notna()) if gap else design


def test_columns_are_the_contracts(made, null):
    for making in (made, null):
        found = making.ask("select column_name, column_type from (describe client.opportunities)")
        assert dict(zip(found.column_name, found.column_type, strict=True)) == COLUMNS
        assert list(found.column_name) == list(COLUMNS)


def test_arrivals_are_a_poisson_process_at_the_segments_rates(made, deals, within):
    accounts = made.ask("select * from draft.accounts order by account")
    buys = accounts[~accounts.never_buys]
    for name, rate in planted.RATES.items():
        if name == "everyone":
            continue
        # drifting accounts are in one segment before the switch and in another one after
        before = (np.minimum(buys.ends - 2, buys.switches_on) - buys.starts) * (buys.segment_before == name)
        after = (buys.ends - 2 - np.maximum(buys.starts, buys.switches_on)) * (buys.segment == name)
        expected = rate * ((before.clip(lower=0) + after.clip(lower=0)) / 365.25 * buys.rate_factor).sum()
        within((deals.segment == name).sum(), expected, np.sqrt(expected), what=name)
    whole = set(buys[(buys.starts == 0) & (buys.ends == DAYS)].customer_id)
    days = deals[deals.customer_id.isin(whole)].opened
    within(days.mean(), (DAYS - 2) / 2, DAYS / np.sqrt(12 * len(days)))
    within(days.var(), DAYS**2 / 12, DAYS**2 / np.sqrt(180 * len(days)))


def test_cycles_and_quotes_have_their_medians(deals, within):
    early = deals[(deals.opened < DAYS - 700) & (deals.ends == DAYS)]
    for name, rows in early.groupby("segment"):
        # open ones take longer than any median; closings on Mondays add a day on average
        median = rows.cycle.astype(float).fillna(9999).median()
        planned = planted.CYCLE_DAYS[name] + 0.86
        error = 1.2533 * planted.CYCLE_SPREAD / np.sqrt(len(rows))
        within(np.log(median), np.log(planned), error, what=name)
    for name, rows in deals[deals.quote_days.notna() & (deals.won.notna())].groupby("segment"):
        median = planted.QUOTE_DAYS[name]
        share = ndtr(np.log((median + 0.5) / median) / planted.QUOTE_SPREAD)
        error = np.sqrt(share * (1 - share) / len(rows))
        within((rows.quote_days <= median).mean(), share, error, what=name)


def test_dates_lie_in_the_accounts_life_and_open_ones_at_the_end(deals):
    day = (deals.closed_at.dt.normalize() - pd.Timestamp("2023-01-01")).dt.days
    assert (deals.opened >= deals.starts).all()
    assert (deals.opened_at >= deals.signup_date).all()
    assert (deals.closed_at.isna() | (day <= deals.ends - 1)).all()
    assert (deals.closed_at.isna() | (deals.closed_at > deals.opened_at)).all()
    assert (deals.quote_days.isna() | deals.cycle.isna() | (deals.quote_days <= deals.cycle)).all()
    assert deals.opened_at.min() >= pd.Timestamp("2023-01-01")
    assert max(deals.opened_at.max(), deals.closed_at.max()) < pd.Timestamp("2026-01-01")
    assert deals.opened_at.dt.dayofweek.ge(5).mean() < 0.005
    unclosed = deals[deals.won.isna()]
    assert set(unclosed.stage) == {"qualified", "quoted", "negotiation"}
    assert unclosed.closed_at.isna().all() and unclosed.reason.isna().all()
    assert unclosed.opened.median() > DAYS - 180
    assert (deals.quote_days.isna() == (deals.stage == "qualified")).all()
    assert (deals.stage[deals.won.notna()] == np.where(deals.won[deals.won.notna()], "won", "lost")).all()
    assert (deals.reason.notna() == (deals.stage == "lost")).all()
    assert (deals.rep_id == deals.account_rep).all()


@pytest.mark.parametrize("client", ["made", "null"])
def test_won_deals_are_orders_to_the_cent_and_others_are_not(client, request):
    making = request.getfixturevalue(client)
    tied = making.ask("""
        with bought as (
          select customer_id, order_id, ordered_at, channel, sum(net_revenue) as revenue
          from client.transactions where quantity > 0 group by all
        )
        select won, count(*) as deals, count(order_id) as orders,
          count(*) filter (revenue = amount and b.channel = o.channel) as equal
        from client.opportunities as o left join bought as b
          on b.customer_id = o.customer_id and b.ordered_at = o.closed_at
        group by won""").set_index("won")
    won, lost = tied.loc[True], tied.loc[False]
    assert won.deals == won.orders == won.equal > 500
    assert lost.orders == 0 < lost.deals
    quoted = making.ask(f"""
        select count(*) as deals, count(*) filter (amount = quoted) as equal
        from client.opportunities left join (
          select ref as opportunity_id, sum(net_revenue) as quoted
          from ({lines_sql("select * from draft.orders where source = 'opportunity'")})
          where not returned group by ref) using (opportunity_id)""")
    assert quoted.deals[0] == quoted.equal[0]


def test_product_is_the_largest_line_of_the_order(made):
    largest = made.ask("""
        select count(*) as deals, count(*) filter (o.product_id = t.product_id) as equal
        from client.opportunities as o join client.transactions as t
          on t.customer_id = o.customer_id and t.ordered_at = o.closed_at
        where won and net_revenue = (select max(net_revenue) from client.transactions as u
          where u.customer_id = t.customer_id and u.order_id = t.order_id)""")
    assert largest.deals[0] > 1000
    assert largest.equal[0] / largest.deals[0] > 0.995  # two lines of the same amount are possible


def test_regression_recovers_the_planted_coefficients(made, closed, within):
    drivers = made.ask("select * from truth.win_drivers")
    names = (drivers.driver + " " + drivers.segment).str.strip()
    given = pd.Series(drivers.coefficient.to_numpy(), index=names)
    assert given["price_gap"] == planted.ON_PRICE_GAP
    assert given["price_gap builders"] == planted.ON_PRICE_GAP_MORE
    fitted = fit_logistic(design_of(closed, gap=True), closed.won)
    for name, row in fitted.iterrows():
        within(row.estimate, given[name], row.error, what=name)
    for name in ("price_gap", "quote_days", "strong_competitor", "missing_feature", "price_gap builders"):
        assert abs(fitted.estimate[name]) > 4 * fitted.error[name], name
    # what an analyst can do: the missing feature is not in the client's table
    visible = pd.Series(drivers.visible.to_numpy(), index=names)
    for name, row in fit_logistic(design_of(closed, gap=False), closed.won).iterrows():
        within(row.estimate, visible[name], row.error, what=f"visible {name}")


def test_probabilities_are_calibrated(closed, within):
    for _, rows in closed.groupby(pd.qcut(closed.probability, 8)):
        error = np.sqrt((rows.probability * (1 - rows.probability)).sum()) / len(rows)
        within(rows.won.mean(), rows.probability.mean(), error)
    assert (closed.probability_without >= closed.probability).all()
    assert (closed.won == closed.wins).all()


def test_drivers_are_drawn_as_planted(made, closed, within):
    count = len(closed)
    within(closed.price_gap.mean(), planted.PRICE_GAP, planted.PRICE_GAP_SPREAD / np.sqrt(count))
    within(closed.price_gap.std(), planted.PRICE_GAP_SPREAD, planted.PRICE_GAP_SPREAD / np.sqrt(2 * count))
    for name, share in planted.COMPETITORS.items():
        within((closed.competitor == name).mean(), share, np.sqrt(share * (1 - share) / count), what=name)
    watched = made.ask("select distinct competitor from client.competitor_prices").competitor
    assert set(watched) == set(planted.COMPETITORS)
    features = set(made.ask("select feature from client.features").feature)
    for name, (feature, share) in planted.GAPS.items():
        rows = closed[closed.segment == name]
        within((rows.missing_feature == feature).mean(), share, np.sqrt(share * (1 - share) / len(rows)))
        assert feature in features


def test_reasons_follow_the_drivers_and_price_is_blamed_too_often(closed, within):
    lost = closed[~closed.won]
    slope = planted.ON_PRICE_GAP + np.where(lost.segment == "builders", planted.ON_PRICE_GAP_MORE, 0)
    cost = pd.DataFrame(
        {
            "price": np.maximum(0, -slope * lost.price_gap),
            "delivery": -planted.ON_QUOTE_DAY * lost.quote_days,
            "missing feature": np.where(lost.missing_feature.notna(), -planted.ON_MISSING, 0),
            "relationship": np.where(lost.competitor == planted.STRONG, -planted.ON_STRONG, 0) + 0.5,
            "no decision": 0.4,
        }
    )
    shares = cost.div(cost.sum(axis=1), axis=0)
    for reason in planted.REASONS:
        error = np.sqrt((shares[reason] * (1 - shares[reason])).sum())
        within((lost.true_reason == reason).sum(), shares[reason].sum(), error, what=reason)
    others = lost[lost.true_reason != "price"]
    wrong = others.reason != others.true_reason
    within(
        wrong.mean(), planted.CONFUSION, np.sqrt(planted.CONFUSION * (1 - planted.CONFUSION) / len(others))
    )
    assert (others.reason[wrong] == "price").all()
    for driver in ("quote_days", "price_gap", "amount"):  # whoever is confused is so by chance
        within(np.corrcoef(wrong, others[driver].rank())[0, 1], 0, 1 / np.sqrt(len(others)), what=driver)
    assert (lost.reason[lost.true_reason == "price"] == "price").all()
    assert lost.reason[lost.missing_feature.isna()].ne("missing feature").all()


def test_product_gaps_are_sized_in_lost_value(made, closed, within):
    gaps = made.ask("select * from truth.product_gaps").set_index("segment")
    assert set(gaps.index) == set(planted.GAPS)
    for name, rows in closed[closed.missing_feature.notna()].groupby("segment"):
        stated = rows.amount[rows.reason == "missing feature"].sum()
        assert round(stated, 2) == round(float(gaps.stated_lost_value[name]), 2)
        weight = rows.amount * (rows.probability_without - rows.probability)
        assert abs(weight.sum() - float(gaps.expected_lost_value[name])) < 0.01 * len(rows) + 0.01
    # wins that the gap took: what would have been won with the feature, less what was won
    needing = closed[closed.missing_feature.notna()]
    loss = needing.probability_without - needing.won
    error = np.sqrt((needing.probability * (1 - needing.probability)).sum())
    within(loss.sum(), (needing.probability_without - needing.probability).sum(), error)


def test_orders_have_no_run_up_where_closed_opportunities_have_one(made, closed, within):
    years = made.ask("""
        select year(ordered_at) as year, count(distinct order_id) as orders
        from client.transactions join draft.accounts using (customer_id)
        where segment = 'projects' and starts = 0 and ends = 1096 and month(ordered_at) <= 3 and quantity > 0
        group by year order by year""").orders
    within(years[0], years[1:].mean(), np.sqrt(years[0] + years[1:].sum() / 4))
    quarter = closed[(closed.segment == "projects") & (closed.closed_at.dt.month <= 3) & (closed.starts == 0)]
    by_year = quarter.groupby(quarter.closed_at.dt.year).size()
    assert by_year[2023] < 0.5 * by_year[2025]


def test_nothing_drives_the_null_clients_wins(null, null_closed, within):
    won, count = null_closed.won, len(null_closed)
    within(won.mean(), planted.NULL_PROBABILITY, np.sqrt(0.45 * 0.55 / count))
    design = pd.DataFrame(
        {
            "price_gap": null_closed.price_gap,
            "quote_days": null_closed.quote_days,
            "strong_competitor": null_closed.competitor == planted.STRONG,
            "intercept": 1.0,
        }
    )
    for name, row in fit_logistic(design, won).drop("intercept").iterrows():
        within(row.estimate, 0, row.error, what=name)
    for column in ("strategy_segment", "region", "channel", "competitor"):
        table = pd.crosstab(null_closed[column], won)
        assert stats.chi2_contingency(table).pvalue > 1e-4, column
    lost = null_closed[~won]
    assert stats.chisquare(lost.reason.value_counts()).pvalue > 1e-4
    assert set(lost.reason) == set(planted.REASONS)
    assert null_closed.missing_feature.isna().all()
    drivers = null.ask("select * from truth.win_drivers where driver <> 'intercept'")
    assert (drivers.coefficient == 0).all() and (drivers.visible.fillna(0).abs() < 1e-3).all()
    assert null.ask("select count(*) as n from truth.product_gaps").n[0] == 0


def test_no_column_names_a_segment(made):
    words = made.ask("""
        select distinct concat_ws(' ', stage, reason, competitor, channel) as words
        from client.opportunities""")
    text = " ".join(words.words).lower()
    assert not any(name in text for name in NAMES)
