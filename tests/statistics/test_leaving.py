"""Leaving at one hazard: against simulated truth, the Pareto/NBD's limit, quadrature, and by hand."""

import numpy as np
import pytest
from scipy.integrate import quad

from segutils.statistics.buying import Histories
from segutils.statistics.leaving import Leaving, fit_leaving
from segutils.statistics.pareto_nbd import ParetoNBD, fit_pareto_nbd


def draw_histories(
    customers: int, *, hazard: float, rate: float = 6.0, shape: float = 2.0, never: float = 0.1, seed: int = 1
) -> Histories:
    """Gamma rates, exponential lifetimes, some who never buy; seen for one to three years."""
    rng = np.random.default_rng(seed)
    rates = rng.gamma(shape, rate / shape, customers) * (rng.random(customers) >= never)
    seen = rng.uniform(1, 3, customers)
    ends = np.minimum(rng.exponential(1 / hazard, customers), seen)
    purchases = rng.poisson(rates * ends)
    last = np.array([ends[n] * rng.beta(k, 1) if k else 0.0 for n, k in enumerate(purchases)])
    return Histories(purchases=purchases, last=last, seen=seen)


@pytest.fixture(scope="module")
def drawn() -> Histories:
    return draw_histories(1500, hazard=0.15)


@pytest.fixture(scope="module")
def fit(drawn) -> Leaving:
    return fit_leaving(drawn)


class TestFit:
    def test_finds_what_was_drawn(self, drawn, fit):
        rng = np.random.default_rng(3)
        draws = [fit.redraw(rng.poisson(1, len(drawn)), half=rng.gamma(0.5)).hazard for _ in range(300)]
        low, high = np.quantile(draws, [0.025, 0.975])
        assert low < 0.15 < high and high - low < 0.06
        assert fit.never == pytest.approx(0.1, abs=0.03)
        assert np.exp(fit.point[0]) == pytest.approx(2.0, rel=0.15)
        assert np.exp(fit.point[1]) == pytest.approx(6.0, rel=0.1)
        assert fit.share_leaving(1.0) == pytest.approx(-np.expm1(-fit.hazard))

    def test_is_the_limit_of_the_zero_inflated_pareto_nbd(self, drawn, fit):
        """Where hazards do not differ the Pareto/NBD has the same likelihood, at s and beta that run away."""
        other = fit_pareto_nbd(drawn, inflated=True)
        assert other.fitted.log_likelihood == pytest.approx(fit.log_likelihood, abs=1.0)
        assert other.fitted.log_likelihood > fit.log_likelihood - 0.2  # it has one more parameter
        r, rate = np.exp(fit.point[:2])
        limit = ParetoNBD(r=r, alpha=r / rate, s=1e5, beta=1e5 / fit.hazard, never=fit.never)
        assert fit.probability_alive(drawn) == pytest.approx(limit.probability_alive(drawn), abs=1e-3)

    @pytest.mark.parametrize(("purchases", "last"), [(0, 0.0), (1, 0.4), (7, 1.1), (300, 1.99)])
    def test_the_chance_to_be_there_by_quadrature(self, purchases, last):
        """Bayes by hand: stayed, left at some moment since the last purchase, or never a customer."""
        r, alpha, hazard, never, seen = 1.7, 0.9, 0.3, 0.2, 2.0
        point = np.array([np.log(r), np.log(r / alpha), np.log(hazard), np.log(never / (1 - never))])
        model = Leaving(point=point, influence=np.zeros((1, 4)), added=np.zeros(4), log_likelihood=0.0)

        def silent(u: float) -> float:
            return (alpha + last) ** (r + purchases) / (alpha + u) ** (r + purchases)

        stayed = silent(seen) * np.exp(-hazard * seen)
        left = quad(lambda u: hazard * np.exp(-hazard * u) * silent(u), last, seen)[0]
        none = 0.0
        if purchases == 0:  # the others' factor of silence is 1 at u = 0
            none = never / (1 - never)
        expected = stayed / (stayed + left + none)
        history = Histories(purchases=[purchases], last=[last], seen=[seen])
        assert model.probability_alive(history)[0] == pytest.approx(expected, rel=1e-6)
        assert model.expected_rate(history)[0] == pytest.approx((r + purchases) / (alpha + seen))

    def test_the_unit_of_time_does_not_matter(self, drawn, fit):
        days = fit_leaving(Histories(purchases=drawn.purchases, last=drawn.last * 365, seen=drawn.seen * 365))
        assert days.hazard * 365 == pytest.approx(fit.hazard, rel=1e-3)
        assert days.log_likelihood == pytest.approx(
            fit.log_likelihood - drawn.purchases.sum() * np.log(365), abs=0.01
        )


class TestWeights:
    def test_worth_leaves_at_the_hazard_of_those_who_are_worth_something(self):
        """900 small customers leave at 0.5 a year, 300 large ones at 0.05: heads and worth differ."""
        small = draw_histories(900, hazard=0.5, never=0.0, seed=4)
        large = draw_histories(300, hazard=0.05, never=0.0, seed=5)
        both = Histories(
            **{
                name: np.concatenate([getattr(small, name), getattr(large, name)])
                for name in ("purchases", "last", "seen")
            }
        )
        worth = np.repeat([1.0, 500.0], [900, 300])
        assert fit_leaving(both).hazard > 0.2
        weighted = fit_leaving(both, weights=worth)
        rng = np.random.default_rng(1)
        draws = [weighted.redraw(rng.poisson(1, 1200)).hazard for _ in range(200)]
        assert weighted.hazard == pytest.approx(0.05, abs=3 * np.std(draws)) and weighted.hazard < 0.09

    def test_a_customer_counted_twice_is_two_customers(self, drawn):
        times = np.where(np.arange(len(drawn)) < 200, 2.0, 1.0)
        rows = np.concatenate([np.arange(len(drawn)), np.arange(200)])
        weighted, doubled = fit_leaving(drawn, weights=times), fit_leaving(drawn.take(rows))
        assert weighted.hazard == pytest.approx(doubled.hazard, rel=0.01)


class TestRedraw:
    def test_one_step_comes_close_to_a_refit(self, drawn, fit):
        rng = np.random.default_rng(8)
        for _ in range(5):
            times = rng.poisson(1, len(drawn))
            refit = fit_leaving(drawn.take(np.repeat(np.arange(len(drawn)), times)))
            assert fit.redraw(times).hazard == pytest.approx(refit.hazard, rel=0.05)

    def test_the_same_sample_changes_nothing(self, drawn, fit):
        assert fit.redraw(np.ones(len(drawn))).point == pytest.approx(fit.point)

    def test_nobody_left_yet_does_not_show_that_nobody_will(self):
        """All bought just before the end: half a leaver over the exposure, up to several by chance."""
        rng = np.random.default_rng(2)
        purchases = rng.poisson(30, 60) + 1
        histories = Histories(purchases=purchases, last=np.full(60, 1.999), seen=np.full(60, 2.0))
        found = fit_leaving(histories)
        exposure = 60 * 2.0
        assert found.hazard == pytest.approx(0.5 / exposure, rel=0.05)
        draws = [found.redraw(rng.poisson(1, 60), half=rng.gamma(0.5)).hazard for _ in range(2000)]
        # 97.5 % of a gamma of shape 0.5 is 2.51; the exact bound of a rate after no event is 3.69
        assert np.quantile(draws, 0.975) == pytest.approx(2.51 / exposure, rel=0.15)

    def test_three_who_left_of_sixty(self):
        """Weekly buyers, three silent for the last of two years: leaving is as plain as events of a rate.

        Bayes with Jeffreys' prior: a gamma of shape 3.5 over the exposure, 57 x 2 + 3 x 1 years; its 2.5 and
        97.5 % are half the chi-square's of 7 degrees, 0.845 and 8.006.
        """
        gone = np.arange(60) < 3
        last = np.where(gone, 1.0, 1.99)
        histories = Histories(purchases=np.round(52 * last), last=last, seen=np.full(60, 2.0))
        found = fit_leaving(histories)
        exposure = 57 * 2.0 + 3 * 1.0
        assert found.hazard == pytest.approx(3.5 / exposure, rel=0.03)
        rng = np.random.default_rng(6)
        draws = [found.redraw(rng.exponential(size=60), half=rng.gamma(0.5)).hazard for _ in range(4000)]
        low, high = np.quantile(draws, [0.025, 0.975]) * exposure
        assert low == pytest.approx(0.845, abs=0.25) and high == pytest.approx(8.006, rel=0.07)
