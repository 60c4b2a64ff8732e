"""A conditional logit finds the planted part-worths, and one set of them in the null client."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import logsumexp

from segutils.samples.making import Making
from segutils.samples.prices import choices


@dataclass(frozen=True)
class Fit:
    worths: np.ndarray
    covariance: np.ndarray
    log_likelihood: float


def fit_logit(tasks: pd.DataFrame) -> Fit:
    """Conditional logit by Newton steps; rows are sorted, four alternatives a task."""
    attribute = {level: name for name, levels in choices.LEVELS.items() for level in levels[1:]}
    columns = [(tasks[attribute[term]] == term).astype(float) for term in choices.TERMS[:-2]]
    columns += [tasks.price.astype(float).fillna(0) / 100, (tasks.alternative == "none").astype(float)]
    x = np.stack(columns, axis=1).reshape(-1, 4, len(columns))
    chosen = tasks.chosen.to_numpy(bool).reshape(-1, 4)
    worths = np.zeros(len(columns))
    for _ in range(25):
        utility = x @ worths
        share = np.exp(utility - logsumexp(utility, axis=1, keepdims=True))
        centred = x - (share[:, :, None] * x).sum(axis=1, keepdims=True)
        gradient = (centred * chosen[:, :, None]).sum(axis=(0, 1))
        hessian = np.einsum("ta,tai,taj->ij", share, centred, centred)
        worths = worths + np.linalg.solve(hessian, gradient)
    return Fit(worths, np.linalg.inv(hessian), float(np.log(share[chosen]).sum()))


def read_tasks(making: Making) -> pd.DataFrame:
    return making.ask("""
        select c.*, r.segment from client.choice_tasks as c join truth.respondents as r using (respondent_id)
        order by respondent_id, task, alternative""")


@pytest.fixture(scope="module")
def tasks(made):
    return read_tasks(made)


def test_conditional_logit_gives_the_part_worths_back(made, tasks, within):
    truth = made.ask("from truth.part_worths")
    for segment, part in tasks.groupby("segment"):
        fit = fit_logit(part)
        planted = truth[truth.segment == segment].part_worth
        for term, found, worth, error in zip(
            choices.TERMS, fit.worths, planted, np.sqrt(np.diag(fit.covariance)), strict=True
        ):
            within(found, worth, error, 4, f"{segment}, {term}")
            assert error < 0.6, "too few choices to find anything"


def test_willingness_to_pay_is_as_planted(made, tasks, within):
    truth = made.ask("from truth.willingness_to_pay")
    assert len(truth) == 6 * 7
    price = choices.TERMS.index("price")
    for segment, part in tasks.groupby("segment"):
        fit = fit_logit(part)
        for row in truth[truth.segment == segment].itertuples():
            term = choices.TERMS.index(row.level)
            euros = -100 * fit.worths[term] / fit.worths[price]
            slope = np.zeros(len(fit.worths))  # delta method
            slope[term], slope[price] = -100 / fit.worths[price], -euros / fit.worths[price]
            error = np.sqrt(slope @ fit.covariance @ slope)
            within(euros, row.willingness_to_pay, error, 4, f"{segment}, {row.level}")


def test_design_is_balanced_and_no_two_offers_differ_by_price_only(tasks):
    offers = tasks[tasks.alternative != "none"]
    for name, levels in [*choices.LEVELS.items(), ("price", choices.PRICES)]:
        counts = offers.groupby("respondent_id")[name].value_counts().unstack()
        assert set(counts.columns.astype(str)) == {str(level) for level in levels} or name == "price"
        assert (counts == 30 / len(levels)).all(axis=None)
    assert not offers.duplicated(["respondent_id", "task", *choices.LEVELS]).any()
    # levels of different attributes are unrelated
    coded = offers[[*choices.LEVELS, "price"]].apply(lambda column: column.astype("category").cat.codes)
    together = coded.corr().to_numpy() - np.eye(5)
    assert np.abs(together).max() < 4 / np.sqrt(len(coded))


def test_tasks_are_whole_and_belong_to_the_survey(made, tasks):
    by_task = tasks.groupby(["respondent_id", "task"])
    assert (by_task.chosen.sum() == 1).all()
    assert (by_task.size() == 4).all()
    assert tasks.respondent_id.nunique() == round(choices.SHARE * made.accounts)
    asked = made.ask("select distinct respondent_id, customer_id from client.survey")
    assert set(tasks[["respondent_id", "customer_id"]].itertuples(index=False)) <= set(
        asked.itertuples(index=False)
    )
    none = tasks[tasks.alternative == "none"]
    assert none[["price", *choices.LEVELS]].isna().all(axis=None)
    assert 0.05 < none.chosen.mean() < 0.5


def gain_of_groups(tasks: pd.DataFrame, group: str) -> float:
    """P value of the likelihood-ratio test that groups have part-worths of their own."""
    fits = [fit_logit(part) for _, part in tasks.groupby(group)]
    gain = 2 * (sum(fit.log_likelihood for fit in fits) - fit_logit(tasks).log_likelihood)
    return stats.chi2.sf(gain, (len(fits) - 1) * len(choices.TERMS))


def test_null_part_worths_are_the_same_for_every_group(null, tasks, within):
    drawn = read_tasks(null)
    fit = fit_logit(drawn)
    planted = null.ask("from truth.part_worths").part_worth
    errors = np.sqrt(np.diag(fit.covariance))
    for term, found, worth, error in zip(choices.TERMS, fit.worths, planted, errors, strict=True):
        within(found, worth, error, 4, term)
    accounts = null.ask("select customer_id, sales_segment, country, business_unit from draft.accounts")
    joined = drawn.merge(accounts, on="customer_id").sort_values(["respondent_id", "task", "alternative"])
    for group in ("sales_segment", "country", "business_unit"):
        assert gain_of_groups(joined, group) > 0.001
    assert gain_of_groups(tasks, "segment") < 1e-9  # the same test sees the segments
