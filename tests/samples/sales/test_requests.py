"""Features: requests at their rates, two rankings that disagree, a core for all and modules for one."""

from graphlib import TopologicalSorter

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segutils.samples.making import DAYS
from segutils.samples.sales import requests as planted
from segutils.samples.sales.features import FEATURES, LOUD, REQUEST_RATES, VALUABLE

COLUMNS = {
    "features": "feature effort feasibility depends_on modules",
    "feature_requests": "request_id feature customer_id requested_at",
    "product_usage": "customer_id feature uses",
}
SHIPPED = {feature.name: pd.Timestamp(feature.shipped) for feature in FEATURES if feature.shipped}
BUYERS = """
    select customer_id, segment_before as segment, starts, ends from draft.accounts
    where customer_id in (select customer_id from client.transactions) order by customer_id"""


@pytest.fixture(scope="module")
def asked(made) -> pd.DataFrame:
    return made.ask("""
        select r.*, segment_before as segment, starts, ends, never_buys,
          requested_at::date - date '2023-01-01' as day
        from client.feature_requests as r join draft.accounts using (customer_id)""")


@pytest.fixture(scope="module")
def used(made) -> pd.DataFrame:
    return made.ask("""
        select u.*, segment_before as segment, starts, ends
        from client.product_usage as u join draft.accounts using (customer_id)""")


@pytest.mark.parametrize("table", list(COLUMNS))
def test_columns_are_the_contracts(made, null, table):
    for making in (made, null):
        found = making.ask(f"select column_name, column_type from (describe client.{table})")
        assert list(found.column_name) == COLUMNS[table].split()
        types = set(found.column_type)
        assert types <= {"VARCHAR", "DOUBLE", "INTEGER", "TIMESTAMP"}


def test_dependencies_exist_and_have_no_cycle(made):
    features = made.ask("select * from client.features").set_index("feature")
    assert len(features) == 14
    needs = {name: (row or "").split(";") for name, row in features.depends_on.fillna("").items()}
    needs = {name: [other for other in others if other] for name, others in needs.items()}
    assert all(other in features.index for others in needs.values() for other in others)
    order = list(TopologicalSorter(needs).static_order())
    assert len(order) == 14 and needs[VALUABLE] == ["Plant asset register", "OPC UA interface"]
    assert (features.effort > 0).all() and features.feasibility.between(0, 1).all()


def test_requests_arrive_at_the_planted_rates(made, asked, within):
    accounts = made.ask("select segment_before as segment, starts, ends, never_buys from draft.accounts")
    accounts = accounts[~accounts.never_buys]
    for segment, rates in REQUEST_RATES.items():
        lives = accounts[accounts.segment == segment]
        for feature, rate in rates.items():
            stop = (SHIPPED[feature] - pd.Timestamp("2023-01-01")).days if feature in SHIPPED else DAYS
            years = (np.minimum(lives.ends, stop) - lives.starts).clip(lower=0).sum() / 365.25
            found = ((asked.segment == segment) & (asked.feature == feature)).sum()
            within(found, rate * years, np.sqrt(rate * years), what=f"{segment}: {feature}")
    planned = {(segment, feature) for segment, rates in REQUEST_RATES.items() for feature in rates}
    assert set(zip(asked.segment, asked.feature, strict=True)) == planned
    assert ((asked.day >= asked.starts) & (asked.day < asked.ends) & ~asked.never_buys).all()
    assert 0.3 < len(asked) / 6000 < 0.7


def test_counting_and_weighting_disagree_as_planted(made, asked, within):
    scores = made.ask("select * from truth.feature_scores").set_index("feature")
    counts = asked.feature.value_counts()
    for feature, row in scores.iterrows():
        within(counts[feature], row.expected_requests, np.sqrt(row.expected_requests), what=feature)
    # the worth of a segment's account, from the client's own order lines
    worth = made.ask("""
        select segment_before as segment, sum(margin) / count(*) / (1096 / 365.25) as worth
        from draft.accounts left join (
          select customer_id, sum(contribution_margin)::double as margin
          from client.transactions group by customer_id) using (customer_id) group by all""")
    weights = asked.segment.map(worth.set_index("segment").worth)
    weighted = weights.groupby(asked.feature).sum()
    errors = np.sqrt((weights**2).groupby(asked.feature).sum())
    for feature, row in scores.iterrows():
        within(weighted[feature], row.expected_value, errors[feature], what=feature)
    assert counts.idxmax() == LOUD == scores.rank_by_count.idxmin()
    assert weighted.idxmax() == VALUABLE == scores.rank_by_value.idxmin()
    # far enough apart to be found at any seed
    others = scores.drop(LOUD).expected_requests.max()
    assert scores.expected_requests[LOUD] - others > 8 * np.sqrt(scores.expected_requests[LOUD] + others)
    assert scores.expected_value[VALUABLE] > 1.5 * scores.drop(VALUABLE).expected_value.max()
    assert scores.rank_by_value[LOUD] == len(scores)


def test_a_core_is_used_by_all_and_each_module_by_one(made, used, within):
    buyers = made.ask(BUYERS)
    for feature in FEATURES:
        arrives = (SHIPPED[feature.name] - pd.Timestamp("2023-01-01")).days if feature.name in SHIPPED else 0
        able = buyers[buyers.ends > np.maximum(buyers.starts, arrives)]
        for segment, rows in able.groupby("segment"):
            users = ((used.feature == feature.name) & (used.segment == segment)).sum()
            if feature.role == "asked":
                assert users == 0
                continue
            at_home = feature.role == "core" or feature.home == segment
            share = feature.adoption if at_home else planted.STRAYS
            error = np.sqrt(share * (1 - share) / len(rows))
            within(users / len(rows), share, error, what=f"{feature.name}: {segment}")
    assert set(used.customer_id) <= set(buyers.customer_id)
    assert not used.duplicated(["customer_id", "feature"]).any()
    assert 2.3 < len(used) / 6000 < 3.5


def test_modules_are_told_from_the_core_by_where_they_are_used(made, used):
    buyers = made.ask(BUYERS).groupby("segment").size()
    rate = used.groupby(["feature", "segment"]).size().unstack(fill_value=0) / buyers
    told = pd.Series(np.where(rate.min(axis=1) > 0.15, "core", "module"), index=rate.index)
    truth = made.ask("select * from truth.features").set_index("feature")
    assert (told == truth.role[told.index]).all()
    modules = told.index[told == "module"]
    assert (rate.loc[modules].idxmax(axis=1) == truth.home[modules]).all()


def test_uses_grow_with_the_years_of_use(used, within):
    for feature in FEATURES:
        rows = used[used.feature == feature.name]
        if feature.role == "asked":
            continue
        arrives = (SHIPPED[feature.name] - pd.Timestamp("2023-01-01")).days if feature.name in SHIPPED else 0
        means = 1 + feature.uses * (rows.ends - np.maximum(rows.starts, arrives)) / 365.25
        within(rows.uses.sum(), means.sum(), np.sqrt((means * (means - 1)).sum()), what=feature.name)
    assert used.uses.min() >= 1


def test_requests_stop_and_use_starts_when_a_feature_comes(asked, used):
    assert SHIPPED
    for feature, day in SHIPPED.items():
        requests = asked[asked.feature == feature]
        assert requests.requested_at.max() < day
        assert requests.requested_at.max() > day - pd.Timedelta(days=21)
        since = (day - pd.Timestamp("2023-01-01")).days
        assert (used.ends[used.feature == feature] > since).all()
    others = asked[~asked.feature.isin(SHIPPED)]
    assert others.day.max() > DAYS - 10


def test_the_null_client_prefers_nothing(null, within):
    asked = null.ask("""
        select feature, strategy_segment, requested_at
        from client.feature_requests join draft.accounts using (customer_id)""")
    counts = asked.feature.value_counts()
    assert len(counts) == len(FEATURES)
    assert stats.chisquare(counts).pvalue > 1e-4
    assert stats.chi2_contingency(pd.crosstab(asked.feature, asked.strategy_segment)).pvalue > 1e-4
    late = asked.requested_at >= SHIPPED["Calibration planner"]
    assert stats.chi2_contingency(pd.crosstab(asked.feature, late)).pvalue > 1e-4
    worth = null.ask("""
        select strategy_segment, sum(margin) / count(*) as worth from draft.accounts left join (
          select customer_id, sum(contribution_margin)::double as margin
          from client.transactions group by customer_id) using (customer_id) group by all""")
    weights = asked.strategy_segment.map(worth.set_index("strategy_segment").worth)
    weighted = weights.groupby(asked.feature).mean()
    errors = weights.std() / np.sqrt(counts)
    for feature, mean in weighted.items():
        within(mean, weights.mean(), errors[feature], what=feature)
    used = null.ask("""
        select feature, strategy_segment, count(*) as users
        from client.product_usage join draft.accounts using (customer_id) group by all""")
    buyers = null.ask("""
        select strategy_segment, count(*) as n from draft.accounts
        where customer_id in (select customer_id from client.transactions) group by all""")
    both = used.merge(buyers, on="strategy_segment")
    share = planted.NULL_ADOPTION
    squares = (both.users - both.n * share) ** 2 / (both.n * share * (1 - share))
    assert stats.chi2.sf(squares.sum(), len(both)) > 1e-4
    assert len(both) == len(FEATURES) * 5
