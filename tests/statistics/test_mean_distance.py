"""Distances of means: by hand, and by drawing customers whose true distance is known."""

import numpy as np
import pytest

from segutils.statistics.mean_distance import (
    judge_distance,
    locate_between,
    measure_distance,
    measure_moments,
)


def draw(rng, size, mean):
    """Independent normal measures with standard deviation 1."""
    return rng.standard_normal((size, len(mean))) + np.array(mean)


class TestByHand:
    def test_moments(self):
        """Known 3 and 2; means 2 and 5; variances 1 and 2, so the means' noise is 1/3 and 2/2."""
        found = measure_moments(np.array([[1.0, 4.0], [2.0, 6.0], [3.0, np.nan]]))
        assert found.known.tolist() == [3, 2] and found.means.tolist() == [2.0, 5.0]
        assert found.noise[0, 0] == pytest.approx(1 / 3) and found.noise[1, 1] == pytest.approx(1.0)
        # both known of two customers: covariance about the means ((-1)(-1) + 0·1) / 1 = 1, times 2 / (3·2)
        assert found.noise[0, 1] == pytest.approx(1 / 3)

    def test_distance_less_what_noise_adds(self):
        """Two measures, differences 3 and 4: squared 25. Each side adds noise 1/3 + 1/3 per measure."""
        one = measure_moments(np.array([[1.0, 1.0], [2.0, 3.0], [3.0, 2.0]]))
        other = measure_moments(np.array([[4.0, 5.0], [5.0, 7.0], [6.0, 6.0]]))
        assert measure_distance(one, other).value == pytest.approx(np.sqrt((25 - 4 / 3) / 2))

    def test_a_set_between_two_others(self):
        """From (0, 0) to (4, 0); the middle one at (1, 2): a quarter of the way, 2 beside it."""
        rng = np.random.default_rng(1)
        parts = [measure_moments(0.001 * rng.standard_normal((50, 2)) + p) for p in ([1, 2], [0, 0], [4, 0])]
        position, beside = locate_between(*parts)
        assert position == pytest.approx(0.25, abs=0.001)
        assert beside == pytest.approx(2 / np.sqrt(2), abs=0.001)

    def test_nothing_known_is_nothing_said(self):
        empty = measure_moments(np.full((5, 2), np.nan))
        full = measure_moments(np.repeat([[1.0], [2.0], [3.0], [1.0], [2.0]], 2, axis=1))
        assert np.isnan(measure_distance(empty, full).value)
        assert np.isnan(judge_distance(empty, full, bound=0.3)).all()
        assert np.isnan(measure_distance(full, full, min_known=6).value)


@pytest.mark.parametrize("true", [0.0, 0.1, 0.35, 1.0])
@pytest.mark.parametrize("size", [40, 300])
def test_the_interval_holds_the_true_distance(true, size):
    """Nine of ten in at least 90 % of draws, less three standard errors; not much wider than needed."""
    rng = np.random.default_rng(int(1000 * true) + size)
    mean = np.array([2 * true, 0, 0, 0.0])  # root mean square of four measures
    held = 0
    for _ in range(400):
        found = measure_distance(
            measure_moments(draw(rng, size, mean)),
            measure_moments(draw(rng, 1000, np.zeros(4))),
            confidence=0.9,
        )
        held += found.low <= true <= found.high
    assert held / 400 >= 0.9 - 3 * np.sqrt(0.09 / 400)
    assert held / 400 <= 0.985


@pytest.mark.parametrize("size", [40, 300])
def test_at_the_bound_itself_neither_verdict_comes_too_often(size):
    """True distance = bound: each one-sided test errs in at most 5 % of draws (three standard errors)."""
    rng = np.random.default_rng(size)
    mean = np.array([0.4, 0.4, 0.3, 0.2])
    bound = float(np.sqrt((mean**2).mean()))
    alike = apart = 0
    for _ in range(600):
        one, other = measure_moments(draw(rng, size, mean)), measure_moments(draw(rng, 600, np.zeros(4)))
        p_alike, p_apart = judge_distance(one, other, bound=bound)
        alike, apart = alike + (p_alike < 0.05), apart + (p_apart < 0.05)
    most = 0.05 + 3 * np.sqrt(0.05 * 0.95 / 600)
    assert alike / 600 <= most and apart / 600 <= most


def test_with_enough_customers_both_verdicts_are_reached():
    rng = np.random.default_rng(3)
    base = measure_moments(draw(rng, 2000, np.zeros(4)))
    near, far = (measure_moments(draw(rng, 500, np.full(4, shift))) for shift in (0.05, 0.8))
    assert judge_distance(near, base, bound=0.35)[0] < 0.001
    assert judge_distance(far, base, bound=0.35)[1] < 0.001


def test_test_and_interval_say_the_same():
    rng = np.random.default_rng(5)
    for _ in range(30):
        one = measure_moments(draw(rng, 60, rng.normal(0, 0.3, 4)))
        other = measure_moments(draw(rng, 200, np.zeros(4)))
        found = measure_distance(one, other, confidence=0.95)
        p_alike, p_apart = judge_distance(one, other, bound=0.35)
        assert (found.high < 0.35) == (p_alike < 0.025) and (found.low > 0.35) == (p_apart < 0.025)
