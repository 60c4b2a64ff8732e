"""What was planted in the survey stands in the answers, and nothing stands in the null client's."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score, roc_auc_score
from sklearn.model_selection import cross_val_predict

from segutils.samples.customers import accounts
from segutils.samples.making import Making, open_making
from segutils.samples.orders import assortment, orders
from segutils.samples.voices import survey

PAIR = ["maintenance", "legacy"]


def read_answers(making: Making) -> pd.DataFrame:
    """One row a respondent: importance items, recommendation, share_of_wallet, role, and who it truly is."""
    wide = making.ask("from client.survey").pivot(index="respondent_id", columns="item", values="answer")
    numbers = wide.drop(columns="role").astype(float).assign(role=wide["role"])
    truth = making.ask("from truth.respondents").set_index("respondent_id")
    return numbers.join(truth, validate="one_to_one").merge(
        making.ask("select segment, needs_group from truth.survey_design"), on="segment"
    )


def careful_needs(answers: pd.DataFrame) -> pd.DataFrame:
    needs = answers.loc[answers["style"] == "careful", list(survey.NEED_ITEMS)]
    return needs.fillna(needs.mean())


def cluster(needs: pd.DataFrame, count: int) -> np.ndarray:
    return KMeans(count, n_init=20, random_state=1).fit_predict(needs)


def separation(needs: pd.DataFrame, is_second: np.ndarray) -> float:
    """Area under the curve of a discriminant rule that never saw the respondent it judges."""
    scores = cross_val_predict(
        LinearDiscriminantAnalysis(), needs, is_second, cv=10, method="decision_function"
    )
    return roc_auc_score(is_second, scores)


@pytest.fixture(scope="module")
def answers(made):
    return read_answers(made)


@pytest.fixture(scope="module")
def null_answers(null):
    return read_answers(null)


def test_item_means_are_as_planted(made, answers, within):
    careful = answers[answers["style"] == "careful"]
    for row in made.ask("from truth.needs").itertuples():
        given = careful.loc[careful.segment == row.segment, row.item].dropna()
        within(given.mean(), row.mean, given.sem(), 4, f"{row.segment}, {row.item}")


def test_clusters_of_needs_are_the_five_needs_groups(answers):
    careful = answers[answers["style"] == "careful"]
    found = cluster(careful_needs(answers), 5)
    assert adjusted_rand_score(careful.needs_group, found) >= 0.85
    assert careful.needs_group.nunique() == 5
    assert careful.segment.nunique() == 6


def test_needs_do_not_part_maintenance_from_legacy(answers, within):
    careful = answers[answers["style"] == "careful"]
    needs = careful_needs(answers)
    of_pair = careful.segment.isin(PAIR).to_numpy()
    is_legacy = (careful.segment == "legacy").to_numpy()[of_pair]
    ones, zeros = is_legacy.sum(), (~is_legacy).sum()
    error = np.sqrt((ones + zeros + 1) / (12 * ones * zeros))  # of an area under the curve by chance
    within(separation(needs[of_pair], is_legacy), 0.5, error, 4, "area under the curve")
    found = cluster(needs, 6)[of_pair]  # one cluster more than there are groups doesn't help
    shuffled = np.random.default_rng(1).permuted(np.tile(is_legacy, (200, 1)), axis=1)
    by_chance = np.quantile([adjusted_rand_score(labels, found) for labels in shuffled], 0.995)
    assert adjusted_rand_score(is_legacy, found) <= by_chance
    # the same rule parts segments whose needs differ
    others = careful.segment.isin(["maintenance", "builders"]).to_numpy()
    assert separation(needs[others], (careful.segment == "builders").to_numpy()[others]) > 0.98


def test_segments_answer_at_their_own_rates(made, answers, within):
    sizes = made.ask("select segment, count(*) as accounts from draft.accounts group by segment")
    design = made.ask("from truth.survey_design").merge(sizes, on="segment")
    known = answers[answers.customer_id.notna()].segment.value_counts()
    for row in design.itertuples():
        error = np.sqrt(row.response_rate * (1 - row.response_rate) / row.accounts)
        within(known[row.segment] / row.accounts, row.response_rate, error, 4, row.segment)
        assert known[row.segment] == row.respondents_known
    assert known.sum() == round(survey.RESPONSE * made.accounts)
    assert answers.customer_id.isna().sum() == round(survey.UNKNOWN * known.sum())
    assert stats.chisquare(known[design.segment], design.accounts * known.sum() / made.accounts).pvalue < 1e-9


def test_careless_respondents_can_be_found(answers, within):
    needs = answers[list(survey.NEED_ITEMS)]
    found = np.select(
        [needs.nunique(axis=1) == 1, needs.min(axis=1) >= 6],
        ["straight-lining", "extremely positive"],
        "careful",
    )
    for style, share in survey.STYLES.items():
        within((found == style).mean(), share, np.sqrt(share * (1 - share) / len(found)), 4, style)
    assert (found == answers["style"]).mean() > 0.98
    flat = needs[answers["style"] == "straight-lining"].mean(axis=1)
    planted = pd.Series(survey.STRAIGHT_LINES)
    within(flat.mean(), (planted.index * planted).sum(), flat.sem(), 4, "straight lines")


def test_recommendation_wallet_and_gaps_are_as_planted(made, answers, within):
    careful = answers[answers["style"] == "careful"]
    buyers = answers[answers.bought]
    for row in made.ask("from truth.survey_design").itertuples():
        given = careful.loc[careful.segment == row.segment, "recommendation"].dropna()
        within(given.mean(), row.recommendation, given.sem(), 4, f"recommendation, {row.segment}")
        share = buyers.loc[buyers.segment == row.segment, "share_of_wallet"].dropna() / 100
        within(share.mean(), row.share_of_wallet_of_buyers, share.sem(), 4, f"wallet, {row.segment}")
    assert (answers.loc[~answers.bought, "share_of_wallet"].dropna() == 0).all()
    ordered = set(made.ask("select distinct customer_id from client.transactions").customer_id)
    known = answers[answers.customer_id.notna()]
    assert (known.customer_id.isin(ordered) == known.bought).all()
    items = [*survey.NEED_ITEMS, "recommendation", "share_of_wallet", "role"]
    empty = answers[items].isna().to_numpy()
    within(empty.mean(), survey.UNANSWERED, np.sqrt(0.03 * 0.97 / empty.size), 4, "unanswered")
    assert stats.chi2_contingency(pd.crosstab(answers["role"], answers.segment)).pvalue > 1e-4


def test_industry_and_size_see_three_segments_and_region_none(made):
    firms = made.ask(
        "select segment_before, region, industry, employees from draft.accounts order by account"
    )
    known = pd.get_dummies(firms.industry, dtype=float).assign(size=np.log(firms.employees))
    rule = LogisticRegression(class_weight="balanced", max_iter=1000)
    guess = cross_val_predict(rule, known, firms.segment_before, cv=5)
    found = (guess == firms.segment_before).groupby(firms.segment_before).mean()
    assert (found[["majors", "labs", "builders"]] > 0.5).all()
    assert found[["projects", "maintenance", "legacy"]].mean() < 0.45
    assert stats.chi2_contingency(pd.crosstab(firms.region, firms.segment_before)).pvalue > 1e-4


def second_factor(needs: pd.DataFrame) -> float:
    return np.sort(np.linalg.eigvalsh(needs.corr()))[-2]


def test_null_answers_hang_together_by_one_factor_only(answers, null_answers):
    needs = careful_needs(null_answers)
    assert (null_answers["style"] == "careful").all()
    # one-factor data with the same answers to each item show how large a second eigenvalue gets by chance
    rng = np.random.default_rng(1)
    loading = np.sqrt((needs.corr().to_numpy().sum() - 12) / (12 * 11))
    answers_in_order = np.sort(needs.to_numpy(), axis=0)
    chance = []
    for _ in range(200):
        felt = loading * rng.standard_normal((len(needs), 1)) + np.sqrt(1 - loading**2) * rng.standard_normal(
            needs.shape
        )
        given = np.take_along_axis(answers_in_order, felt.argsort(axis=0).argsort(axis=0), axis=0)
        chance.append(second_factor(pd.DataFrame(given)))
    assert second_factor(needs) < max(chance)
    assert second_factor(careful_needs(answers)) > 1.5 * max(chance)


def test_null_answers_do_not_differ_by_any_group(null, null_answers, within):
    groups = null.ask("select customer_id, sales_segment, region, industry from draft.accounts")
    joined = null_answers.merge(groups, on="customer_id")
    smallest = min(
        stats.f_oneway(*[part[item].dropna() for _, part in joined.groupby(group)]).pvalue
        for group in ("sales_segment", "region", "industry")
        for item in [*survey.NEED_ITEMS, "recommendation", "share_of_wallet"]
    )
    assert smallest > 0.01 / 42  # 42 comparisons
    for row in null.ask("from truth.needs").itertuples():
        within(null_answers[row.item].mean(), row.mean, null_answers[row.item].sem(), 4, row.item)


def test_expected_answers_are_those_of_a_rounded_normal_variable():
    drawn = np.clip(np.rint(6.2 + 1.3 * np.random.default_rng(1).standard_normal(1_000_000)), 1, 7)
    assert survey.expect_answers(np.array([6.2]), 1.3, 1, 7)[0] == pytest.approx(drawn.mean(), abs=0.005)


def test_a_small_client_has_a_survey_and_the_same_one_again():
    def draw(threads: int) -> pd.DataFrame:
        with open_making(accounts=200, seed=3, threads=threads) as making:
            for step in (assortment.build_products, accounts.build_accounts, orders.open_extra_orders):
                step(making)
            orders.build_orders(making)
            survey.build_survey(making)
            return making.ask("from client.survey")

    first = draw(1)
    assert first.groupby("respondent_id").customer_id.first().notna().sum() == survey.KNOWN[0]
    pd.testing.assert_frame_equal(first, draw(2))
