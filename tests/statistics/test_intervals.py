"""Intervals and drift, against published and closed-form values."""

import numpy as np
import pytest
from scipy.stats import norm

from segutils.statistics import intervals


def test_wilson_interval_of_newcombe():
    # Newcombe 1998, table I: 81 of 263 → 0.2553 to 0.3662; 0 of 20 → 0 to 0.1611
    np.testing.assert_allclose(intervals.wilson_interval(81, 263), [0.2553, 0.3662], atol=5e-5)
    np.testing.assert_allclose(intervals.wilson_interval(0, 20), [0.0, 0.1611], atol=5e-5)
    assert np.isnan(intervals.wilson_interval(0, 0)).all()


def test_stability_index_by_hand():
    # (0.6 − 0.5)·ln(0.6/0.5) + (0.4 − 0.5)·ln(0.4/0.5)
    assert intervals.stability_index([50, 50], [60, 40]) == pytest.approx(0.040547, abs=1e-6)


def test_stability_index_of_a_shifted_normal():
    # N(0, 1) → N(0.5, 1) in ten equal bins of the first: 0.2377
    edges = norm.ppf(np.linspace(0.1, 0.9, 9))
    shares = np.diff(norm.cdf(np.concatenate([[-np.inf], edges, [np.inf]]), loc=0.5))
    assert intervals.stability_index(np.full(10, 0.1), shares) == pytest.approx(0.2377, abs=1e-4)


def test_drift_is_found_and_noise_is_not():
    rng = np.random.default_rng(0)
    base = rng.normal(size=500)
    before, after = base + 0.3 * rng.normal(size=500), base + 0.3 * rng.normal(size=500)
    _, p_value = intervals.drift_between(before, after, seed=1)
    assert p_value > 0.05
    index, p_value = intervals.drift_between(before, after + 0.5, seed=1)
    assert p_value < 0.01 and index > 0.1


def test_drift_p_values_are_honest_under_the_null():
    rng = np.random.default_rng(3)
    p_values = [
        intervals.drift_between(*rng.normal(size=(2, 120)), permutations=100, seed=i)[1] for i in range(100)
    ]
    assert np.mean(np.array(p_values) <= 0.1) <= 0.19  # 10 expected of 100, binomial 99.5 % limit


def test_percentile_and_mean_interval():
    np.testing.assert_allclose(intervals.percentile_interval(np.arange(101.0), level=0.9), [5, 95])
    low, high = intervals.mean_interval(np.random.default_rng(0).normal(10, 2, 400), seed=0)
    assert low < 10 < high and high - low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.15)
