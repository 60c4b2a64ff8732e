"""Randomised prices give the planted elasticities, negotiated ones mislead; the null client has one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segutils.samples.making import Making
from segutils.samples.prices import price_tests


@dataclass(frozen=True)
class Fit:
    own: float
    own_error: float
    cross: float
    cross_error: float
    covariance: np.ndarray

    @property
    def slopes(self) -> np.ndarray:
        return np.array([self.own, self.cross])


def fit_poisson(rows: pd.DataFrame) -> Fit:
    """Poisson regression with a level for each product, by Newton steps; errors clustered by customer."""
    levels = pd.get_dummies(rows.product_id, dtype=float).to_numpy()
    x = np.column_stack([rows.log_price, rows.log_partner, levels])
    quantity = rows.quantity.to_numpy(float)
    slopes = np.zeros(x.shape[1])
    slopes[2:] = np.log(quantity.mean())
    x[:, :2] -= x[:, :2].mean(axis=0)
    for _ in range(50):
        expected = np.exp(x @ slopes)
        bread = np.linalg.inv((x * expected[:, None]).T @ x)
        slopes = slopes + bread @ (x.T @ (quantity - expected))
    scores = pd.DataFrame(x * (quantity - expected)[:, None]).groupby(rows.customer_id.to_numpy()).sum()
    covariance = bread @ (scores.T.to_numpy() @ scores.to_numpy()) @ bread
    errors = np.sqrt(np.diag(covariance))
    return Fit(slopes[0], errors[0], slopes[1], errors[1], covariance[:2, :2])


def read_quotes(making: Making, *, randomised: bool) -> pd.DataFrame:
    """Quotations with the log price over list of the product and of its partner in the cell."""
    quotes = making.ask(f"""
        select q.*, segment, ln(q.price / p.list_price) as log_price from client.price_tests as q
        join client.products as p using (product_id) join draft.accounts using (customer_id)
        where randomised = {randomised} order by customer_id, tested_on, product_id""")
    assert (quotes.groupby("cell").size() == 2).all()
    total = quotes.groupby("cell").log_price.transform("sum")
    return quotes.assign(log_partner=total - quotes.log_price)


@pytest.fixture(scope="module")
def randomised(made):
    return read_quotes(made, randomised=True)


def test_randomised_prices_give_the_elasticities_back(made, randomised, within):
    truth = made.ask("from truth.elasticities").set_index("segment")
    for segment, rows in randomised.groupby("segment"):
        fit = fit_poisson(rows)
        planted = truth.loc[segment]
        within(fit.own, planted.own_price, fit.own_error, 4, f"own price, {segment}")
        within(fit.cross, planted.cross_price, fit.cross_error, 4, f"cross price, {segment}")
        assert fit.own_error < 0.3, "too few quotations to find anything"


def test_negotiated_prices_mislead_as_planted(made, within):
    quotes = read_quotes(made, randomised=False)
    truth = made.ask("from truth.elasticities").set_index("segment")
    for segment, rows in quotes.groupby("segment"):
        fit = fit_poisson(rows)
        assert fit.own - truth.own_price[segment] > 4 * fit.own_error, segment
        within(fit.own, truth.own_price_naive[segment], fit.own_error, 4, f"naive, {segment}")
    (bias,) = made.ask("from truth.price_bias").expected_error_of_naive_slope
    assert np.allclose(truth.own_price_naive - truth.own_price, bias)
    assert bias > 0


def test_prices_were_assigned_at_random(randomised, within):
    depth = (1 - np.exp(randomised.log_price)).round(2)
    counts = depth.value_counts()
    assert sorted(counts.index) == pytest.approx(price_tests.LADDER)
    assert stats.chisquare(counts).pvalue > 1e-4
    for known in ("segment", "product_id", "tested_on"):
        assert stats.chi2_contingency(pd.crosstab(randomised[known], depth)).pvalue > 1e-4, known
    pairs = randomised.sort_values("cell").groupby("cell").log_price
    within(np.corrcoef(pairs.first(), pairs.last())[0, 1], 0, 1 / np.sqrt(pairs.ngroups), 4, "within a cell")


def test_quotes_are_of_customers_and_pairs_that_exist(made, randomised):
    pairs = made.ask("select product_a as a, product_b as b from truth.price_pairs")
    known = {frozenset(pair) for pair in pairs.itertuples(index=False)}
    assert {frozenset(cell) for cell in randomised.groupby("cell").product_id.unique()} <= known
    assert randomised.product_id.nunique() == 12
    outside = made.ask("""
        select count(*) as rows from client.price_tests join truth.accounts using (customer_id)
        where tested_on < starts_on or tested_on > churned_on or never_buys or price < 0 or price is null""")
    assert outside.rows[0] == 0


def differ(rows: pd.DataFrame, group: str) -> float:
    """P value of a Wald test that the groups have different slopes."""
    fits = [fit_poisson(part) for _, part in rows.groupby(group)]
    weights = [np.linalg.inv(fit.covariance) for fit in fits]
    mean = np.linalg.solve(sum(weights), sum(w @ f.slopes for w, f in zip(weights, fits, strict=True)))
    wald = sum((f.slopes - mean) @ w @ (f.slopes - mean) for w, f in zip(weights, fits, strict=True))
    return stats.chi2.sf(wald, 2 * (len(fits) - 1))


def test_null_has_one_elasticity_and_no_cross_effect(null, randomised, within):
    planted = price_tests.OWN["everyone"]
    groups = null.ask("select customer_id, sales_segment, country, business_unit from draft.accounts")
    for is_test in (True, False):
        quotes = read_quotes(null, randomised=is_test)
        fit = fit_poisson(quotes)
        within(fit.own, planted, fit.own_error, 4, "own price")
        within(fit.cross, 0, fit.cross_error, 4, "cross price")
        for group in ("sales_segment", "country", "business_unit"):
            assert differ(quotes.merge(groups, on="customer_id"), group) > 0.001
    assert differ(randomised, "segment") < 1e-9  # the same test sees the segments
