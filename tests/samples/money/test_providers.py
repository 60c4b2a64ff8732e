"""Data providers: match rates, accuracy, cost, and whose credit class tells something."""

import numpy as np
import pandas as pd
import pytest

from segutils.samples.making import Making
from segutils.samples.money import providers

CHECKED = """
    select customer_id, max(value) filter (where field = 'industry') as industry,
      (max(value) filter (where field = 'employees'))::double as employees,
      (max(value) filter (where field = 'annual_revenue'))::double as annual_revenue
    from client.provider_truth group by customer_id order by customer_id"""
LEFT = "select customer_id, churned_on is not null as gone from truth.accounts"
# what the client can see: of customers with some orders, who is silent for much longer than between orders
SILENT = """
    select customer_id, date_diff('day', max(ordered_at), timestamp '2026-01-01')
      > 60 + 3 * date_diff('day', min(ordered_at), max(ordered_at)) / (count(distinct order_id) - 1) as gone
    from client.transactions where quantity > 0 group by customer_id having count(distinct order_id) >= 5"""


def fit_logistic(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intercept and slope of a logistic regression, and their standard errors: Newton's method."""
    design = np.column_stack([np.ones(len(x)), x])
    beta = np.zeros(2)
    for _ in range(30):
        p = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (p * (1 - p))[:, None])
        beta = beta + np.linalg.solve(information, design.T @ (y - p))
    return beta, np.sqrt(np.diag(np.linalg.inv(information)))


def read_records(making: Making, provider: str) -> pd.DataFrame:
    """A provider's records, one row per customer."""
    records = making.ask(f"select * from client.provider_records where provider = '{provider}'")
    wide = records.pivot(index="customer_id", columns="field", values="value").reset_index()
    return wide.astype({"employees": float, "annual_revenue": float})


def fit_classes(making: Making, provider: str, outcome: str) -> tuple[np.ndarray, np.ndarray]:
    """Log odds of being gone by credit class."""
    both = read_records(making, provider).merge(making.ask(outcome), on="customer_id")
    number = both.credit_class.map({name: i for i, name in enumerate(providers.CLASSES)}).to_numpy(float)
    return fit_logistic(number, both.gone.to_numpy(float))


@pytest.fixture(scope="module", params=providers.PROVIDERS, ids=lambda provider: provider.name)
def provider(request) -> providers.Provider:
    return request.param


def test_match_rate_and_its_slope_on_size(made, provider, within):
    checked = made.ask(CHECKED)
    matched = checked.customer_id.isin(read_records(made, provider.name).customer_id).to_numpy(float)
    size = np.log(checked.employees.to_numpy() / providers.MEDIAN_EMPLOYEES)
    beta, error = fit_logistic(size, matched)
    within(beta[0], np.log(provider.match / (1 - provider.match)), error[0], what="match")
    within(beta[1], provider.size_slope, error[1], what="slope")
    if provider.name == "Dunmere":
        assert beta[1] > 4 * error[1]


def test_accuracy_of_industry(made, provider, within):
    both = read_records(made, provider.name).merge(
        made.ask(CHECKED), on="customer_id", suffixes=("", "_true")
    )
    right = (both.industry == both.industry_true).mean()
    within(right, provider.right, np.sqrt(provider.right * (1 - provider.right) / len(both)))


@pytest.mark.parametrize("field", ["employees", "annual_revenue"])
def test_bias_and_noise_of_numbers(made, provider, field, within):
    both = read_records(made, provider.name).merge(
        made.ask(CHECKED), on="customer_id", suffixes=("", "_true")
    )
    both = both[both.employees_true >= 20]  # rounding blurs the smallest
    error = np.log(both[field] / both[f"{field}_true"])
    prefix = "employees" if field == "employees" else "revenue"
    bias, spread = getattr(provider, f"{prefix}_bias"), getattr(provider, f"{prefix}_sd")
    within(error.mean(), bias, spread / np.sqrt(len(error)), what="bias")
    within(error.std(), spread, spread / np.sqrt(2 * (len(error) - 1)), what="spread")


def test_credit_class_tells_who_left(made, provider, within):
    beta, error = fit_classes(made, provider.name, LEFT)
    within(beta[1], provider.churn_slope, error[1])


def test_one_credit_class_shows_in_the_orders(made, provider):
    """Silence is a blurred sight of churn, so that the slope is weaker; it must be there or not be there."""
    beta, error = fit_classes(made, provider.name, SILENT)
    if provider.churn_slope:
        assert beta[1] > 3 * error[1]
    else:
        assert abs(beta[1]) < 4 * error[1]


def test_costs_and_fields(made, provider):
    records = made.ask(
        f"select field, cost::double as cost from client.provider_records where provider = '{provider.name}'"
    )
    assert set(records.cost) == {provider.cost}
    assert records.field.value_counts().nunique() == 1 and set(records.field) == set(providers.FIELDS)


def test_truth_says_what_was_realised(made, provider):
    truth = made.ask(f"select * from truth.providers where provider = '{provider.name}'").set_index("field")
    records = read_records(made, provider.name)
    true = records.merge(made.ask("select customer_id, industry from client.customers"), on="customer_id")
    assert truth.right_realised["industry"] == pytest.approx(
        (true.industry_x == true.industry_y).mean(), abs=1e-5
    )
    assert truth.match_realised["industry"] == pytest.approx(len(records) / 1500, abs=1e-5)


def test_null_providers_are_alike(null, within):
    checked = null.ask(CHECKED)
    alike = providers.ALIKE
    for provider in providers.PROVIDERS:
        records = read_records(null, provider.name)
        both = records.merge(checked, on="customer_id", suffixes=("", "_true"))
        matched = checked.customer_id.isin(records.customer_id).to_numpy(float)
        beta, error = fit_logistic(np.log(checked.employees.to_numpy() / providers.MEDIAN_EMPLOYEES), matched)
        within(matched.mean(), alike["match"], np.sqrt(alike["match"] * (1 - alike["match"]) / len(matched)))
        within(beta[1], 0, error[1], what="slope")
        right = (both.industry == both.industry_true).mean()
        within(right, alike["right"], np.sqrt(alike["right"] * (1 - alike["right"]) / len(both)))
        for outcome in (LEFT, SILENT):
            beta, error = fit_classes(null, provider.name, outcome)
            within(beta[1], 0, error[1], what=f"credit class of {provider.name}")
