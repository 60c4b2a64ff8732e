"""Zero inflation and the hurdle against cases worked by hand and simulated counts."""

import numpy as np
import pytest
from scipy.optimize import brentq

from segutils.errors import InputError
from segutils.statistics.counts import check_zeros, dispersion_index, fit_hurdle


def test_a_hurdle_without_predictors_is_two_lines_of_arithmetic():
    """40 zeros, 60 ones, twos and threes with mean 1.5: log odds ln(60/40); λ / (1 − e^−λ) = 1.5.

    Their variance is below that of a truncated Poisson of the same mean, so the spread is 0.
    """
    counts = np.repeat([0, 1, 2, 3], [40, 33, 24, 3])
    model = fit_hurdle(np.zeros((100, 0)), counts)
    rate = brentq(lambda m: m / -np.expm1(-m) - 1.5, 0.1, 3)
    assert rate == pytest.approx(0.8742, abs=1e-4)
    assert model.any_part[0] == pytest.approx(np.log(60 / 40), abs=1e-8)
    assert model.count_part[0] == pytest.approx(np.log(rate), abs=1e-6) and model.spread == 0
    assert model.expected_counts(np.zeros((1, 0)))[0] == pytest.approx(0.9)  # the sample's mean
    assert model.log_chance(np.zeros((1, 0)), [0])[0] == pytest.approx(np.log(0.4))
    # P(1) = 0.6 · λ e^−λ / (1 − e^−λ)
    one = 0.6 * rate * np.exp(-rate) / -np.expm1(-rate)
    assert model.log_chance(np.zeros((1, 0)), [1])[0] == pytest.approx(np.log(one), abs=1e-6)


def draw_hurdle(rng, n):
    x = rng.normal(size=(n, 2))
    chance, mean = 1 / (1 + np.exp(0.5 - x[:, 0])), np.exp(1 + 0.5 * x[:, 0] - 0.3 * x[:, 1])
    counts = np.zeros(n, dtype=int)
    left = np.ones(n, dtype=bool)
    while left.any():  # truncated by drawing again
        counts[left] = rng.poisson(rng.gamma(2.0, mean[left] / 2))
        left = counts == 0
    return x, np.where(rng.random(n) < chance, counts, 0)


def test_planted_coefficients_come_back():
    x, counts = draw_hurdle(np.random.default_rng(1), 30_000)
    model = fit_hurdle(x, counts)
    assert model.any_part == pytest.approx([-0.5, 1.0, 0.0], abs=0.06)
    assert model.count_part == pytest.approx([1.0, 0.5, -0.3], abs=0.05)
    assert model.spread == pytest.approx(0.5, abs=0.08)
    chance = np.exp(model.log_chance(np.tile(x[:1], (400, 1)), np.arange(400)))
    assert chance.sum() == pytest.approx(1, abs=1e-8)
    assert (chance * np.arange(400)).sum() == pytest.approx(model.expected_counts(x[:1])[0], rel=1e-6)


def test_zeros_beyond_different_rates_are_found_and_others_are_not():
    false, found, shares = 0, 0, []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        time = rng.uniform(0.5, 3, 800)
        counts = rng.poisson(rng.gamma(1.2, 2, 800) * time)
        false += check_zeros(counts, time).p_value < 0.05
        inflated = check_zeros(np.where(rng.random(800) < 0.2, 0, counts), time)
        shares.append(inflated.never)
        found += inflated.p_value < 0.05 and inflated.observed > inflated.expected
    assert false <= 4  # binomial(20, 0.05): five or more have a chance of 0.3 %
    assert found >= 18
    assert np.mean(shares) == pytest.approx(0.2, abs=0.03)


def test_dispersion_is_variance_over_mean():
    assert dispersion_index([0, 0, 3, 3]) == pytest.approx(3 / 1.5)  # variance 3, mean 1.5
    assert np.isnan(dispersion_index([0, 0, 0]))


def test_a_hurdle_needs_zeros_and_different_counts():
    with pytest.raises(InputError, match="zeros and different counts"):
        fit_hurdle(np.zeros((4, 1)), [1, 2, 3, 4])
    with pytest.raises(InputError, match="zeros and different counts"):
        fit_hurdle(np.zeros((4, 1)), [0, 2, 2, 2])
