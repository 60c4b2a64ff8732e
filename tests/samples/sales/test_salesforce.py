"""The sales force: quotas and workload, ratings with severity and agreement, one unrealistic segment."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segutils.samples.customers.accounts import REP_WEIGHTS, STRATEGY_LABELS
from segutils.samples.sales import salesforce as planted

REPS = {
    "rep_id": "VARCHAR",
    "region": "VARCHAR",
    "capacity": "BIGINT",
    "quota": "DECIMAL(18,2)",
    "specialism": "VARCHAR",
}
FEEDBACK = {
    "rep_id": "VARCHAR",
    "realism": "INTEGER",
    "segment": "VARCHAR",
    "customer_id": "VARCHAR",
    "comment": "VARCHAR",
}


@pytest.fixture(scope="module")
def reps(made) -> pd.DataFrame:
    return made.ask("select * from client.reps join truth.reps using (rep_id, region) order by rep_id")


@pytest.fixture(scope="module")
def feedback(made) -> pd.DataFrame:
    return made.ask("select * from client.sales_feedback")


def krippendorff_alpha(ratings: pd.DataFrame, metric: str) -> float:
    """Units in rows, raters in columns, empty where not rated: by the coincidence matrix."""
    values = np.arange(1, 6)
    counts = np.stack([(ratings == value).sum(axis=1) for value in values], axis=1).astype(float)
    counts = counts[counts.sum(axis=1) >= 2]
    raters = counts.sum(axis=1, keepdims=True)
    pairs = (counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(5)) / (
        raters[:, :, None] - 1
    )
    coincidences = pairs.sum(axis=0)
    margins = coincidences.sum(axis=0)
    total = margins.sum()
    scale = values if metric == "interval" else np.cumsum(margins) - margins / 2
    distance = (scale[:, None] - scale[None, :]) ** 2
    by_chance = (np.outer(margins, margins) - np.diag(margins)) / (total - 1)
    return 1 - (coincidences * distance).sum() / (by_chance * distance).sum()


def estimate_alpha(feedback: pd.DataFrame, metric: str) -> pd.Series:
    """Alpha of the segment ratings, and its standard error by resampling raters."""
    wide = feedback[feedback.segment.notna()].pivot(index="segment", columns="rep_id", values="realism")
    rng = np.random.default_rng(3)
    draws = [
        krippendorff_alpha(wide.iloc[:, rng.integers(0, wide.shape[1], wide.shape[1])], metric)
        for _ in range(200)
    ]
    return pd.Series({"alpha": krippendorff_alpha(wide, metric), "error": np.std(draws)})


def test_alpha_of_a_published_example():
    # Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C: interval .849, ordinal .815
    rows = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    ratings = pd.DataFrame(rows).T
    assert round(krippendorff_alpha(ratings, "interval"), 3) == 0.849
    assert round(krippendorff_alpha(ratings, "ordinal"), 3) == 0.815


@pytest.mark.parametrize(("table", "columns"), [("reps", REPS), ("sales_feedback", FEEDBACK)])
def test_columns_are_the_contracts(made, null, table, columns):
    for making in (made, null):
        found = making.ask(f"select column_name, column_type from (describe client.{table})")
        assert dict(zip(found.column_name, found.column_type, strict=True)) == columns
        assert list(found.column_name) == list(columns)


def test_reps_are_those_of_the_accounts(made, reps):
    accounts = made.ask("select distinct account_rep, region from draft.accounts order by account_rep")
    assert list(accounts.account_rep) == list(reps.rep_id)
    assert list(accounts.region) == list(reps.region)
    assert (reps.groupby("region").size() >= 3).all()


def test_quotas_follow_history_and_not_potential(made, null, reps):
    query = """
        select account_rep as rep_id, sum(net_revenue)::double as revenue
        from client.transactions join draft.accounts using (customer_id)
        where year(ordered_at) = 2024 group by account_rep order by account_rep"""
    sold = reps.merge(made.ask(query), on="rep_id")
    assert np.allclose(sold.quota.astype(float), planted.QUOTA_UPLIFT * sold.revenue, atol=501)
    assert np.allclose(sold.fair_quota.sum(), sold.quota.astype(float).sum(), rtol=0.01)
    # the quota asks up to twice as much of the potential from one rep as from another
    asked = sold.quota.astype(float) / sold.potential
    assert asked.std() / asked.mean() > 0.08
    even = null.ask("select * from client.reps join truth.reps using (rep_id)")
    asked = even.quota.astype(float) / even.potential
    assert asked.std() / asked.mean() < 0.01


def test_workload_lies_unevenly_while_capacities_are_alike(made, reps, within):
    squares = made.ask("""
        select region, sum(visits) as wanted, sum(visits * visits) as squared
        from draft.accounts join draft.segment_effort using (segment) where not churned group by region""")
    regions = reps.merge(squares, on="region")
    place = regions.groupby("region").cumcount()
    for row, share in zip(regions.itertuples(), np.take(REP_WEIGHTS, place), strict=True):
        # a weighted share: accounts fall to reps independently
        error = np.sqrt(share * (1 - share) * row.squared) / row.wanted
        within(row.workload / row.wanted, share, error, what=row.rep_id)
    logs = np.log(reps.capacity)
    within(logs.std(), planted.CAPACITY_SPREAD, planted.CAPACITY_SPREAD / np.sqrt(2 * len(reps)))
    error = planted.CAPACITY_SPREAD / np.sqrt(len(reps))
    within(reps.capacity.sum() / reps.workload.sum(), planted.COVER, error)
    load = reps.workload / reps.capacity
    assert load.max() > 1.5 and load.min() < 0.6


def test_every_rating_has_a_rep_and_one_of_segment_and_customer(made, feedback):
    assert (feedback.segment.isna() != feedback.customer_id.isna()).all()
    assert feedback.realism.between(1, 5).all()
    assert not feedback.duplicated(["rep_id", "segment", "customer_id"]).any()
    assert set(feedback.segment.dropna()) == set(STRATEGY_LABELS)
    own = made.ask("""
        select count(*) as n, count(*) filter (account_rep = rep_id) as own, bool_or(churned) as gone
        from client.sales_feedback join draft.accounts using (customer_id)""")
    assert own.n[0] == own.own[0] == feedback.customer_id.notna().sum() > 100
    assert not own.gone[0]


def test_ratings_have_their_expected_means_and_one_segment_is_unrealistic(made, feedback, within):
    realism = made.ask("select * from truth.realism").set_index("rated")
    segments = feedback[feedback.segment.notna()]
    for label, rows in segments.groupby("segment"):
        error = rows.realism.std() / np.sqrt(len(rows))
        within(rows.realism.mean(), realism.expected_rating[label], error, what=label)
        answered = planted.ANSWERED
        within(len(rows) / 36, answered, np.sqrt(answered * (1 - answered) / 36), what=label)
    means = segments.groupby("segment").realism.mean().sort_values()
    assert means.index[0] == planted.UNREALISTIC
    assert means.iloc[1] - means.iloc[0] > 1
    labels = made.ask("""
        select customer_id, a.segment as truly, strategy_segment from client.sales_feedback
        join draft.accounts as a using (customer_id)""")
    customers = feedback[feedback.customer_id.notna()].merge(labels, on="customer_id")
    fits = customers.strategy_segment == customers.truly.map(planted.HOME)
    for what, rows in (("fitting", customers[fits]), ("misfiled", customers[~fits])):
        within(rows.realism.mean(), realism.expected_rating[what], rows.realism.std() / np.sqrt(len(rows)))


def test_raters_differ_in_severity_by_what_was_planted(feedback, reps, within):
    count = len(reps)
    within(reps.severity.std(), planted.SEVERITY, planted.SEVERITY / np.sqrt(2 * count))
    ratings = feedback[feedback.segment.notna()]
    residual = ratings.realism - ratings.groupby("segment").realism.transform("mean")
    rater = residual.groupby(ratings.rep_id).mean().reindex(reps.rep_id).to_numpy()
    # a mean of about 4.5 ratings, each with the noise and that of rounding
    reliability = planted.SEVERITY**2 / (
        planted.SEVERITY**2 + (planted.NOISE**2 + 1 / 12) / (5 * planted.ANSWERED)
    )
    found = np.corrcoef(rater, reps.severity)[0, 1]
    within(np.arctanh(found), np.arctanh(np.sqrt(reliability)), 1 / np.sqrt(count - 3))
    assert np.arctanh(found) > 4 / np.sqrt(count - 3)


@pytest.mark.parametrize("metric", ["interval", "ordinal"])
def test_raters_agree_as_much_as_planted(made, null, feedback, within, metric):
    expected = made.ask("select * from truth.rater_agreement").set_index("metric").expected_alpha[metric]
    found = estimate_alpha(feedback, metric)
    within(found.alpha, expected, found.error)
    assert found.alpha > 4 * found.error
    nothing = estimate_alpha(null.ask("select * from client.sales_feedback"), metric)
    within(nothing.alpha, 0, nothing.error)
    assert null.ask("select max(abs(expected_alpha)) as a from truth.rater_agreement").a[0] < 1e-6


@pytest.mark.parametrize("metric", ["interval", "ordinal"])
def test_expected_agreement_is_that_of_simulated_raters(made, within, metric):
    rng = np.random.default_rng(5)
    raters = 1000
    means = np.array(list(planted.REALISM.values()))[:, None]
    severity = planted.SEVERITY * rng.standard_normal((20, 1, raters))
    noise = planted.NOISE * rng.standard_normal((20, len(means), raters))
    ratings = np.clip(np.round(means + severity + noise), 1, 5)
    found = [krippendorff_alpha(pd.DataFrame(panel), metric) for panel in ratings]
    expected = made.ask("select * from truth.rater_agreement").set_index("metric").expected_alpha[metric]
    within(np.mean(found), expected, np.std(found) / np.sqrt(20))


def test_comments_are_short_varied_and_name_no_segment(made, feedback, within):
    comments = feedback.comment.dropna()
    share = planted.COMMENTED
    within(len(comments) / len(feedback), share, np.sqrt(share * (1 - share) / len(feedback)))
    assert comments.str.len().max() < 140 and comments.nunique() > 0.6 * len(comments)
    text = " ".join(comments).lower()
    assert not any(
        name in text for name in ("majors", "projects", "maintenance", "labs", "builders", "legacy")
    )
    low = feedback[(feedback.segment == planted.UNREALISTIC) & (feedback.realism <= 3)].comment.dropna()
    torn = low.map(lambda comment: any(words in comment for words in planted.TORN))
    within(torn.mean(), planted.SAID, np.sqrt(planted.SAID * (1 - planted.SAID) / len(low)))


def test_the_null_clients_reps_see_no_difference(null):
    feedback = null.ask("select * from client.sales_feedback")
    groups = [rows.realism for _, rows in feedback[feedback.segment.notna()].groupby("segment")]
    assert stats.kruskal(*groups).pvalue > 1e-4
    comments = " ".join(feedback.comment.dropna())
    assert not any(words in comments for words in planted.TORN)
