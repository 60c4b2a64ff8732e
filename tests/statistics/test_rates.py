"""Two shares against each other, held against published intervals and against simulation."""

import numpy as np
import pytest

from segutils.statistics.intervals import wilson_interval
from segutils.statistics.rates import (
    Counts,
    newcombe_interval,
    p_difference,
    stratified_difference,
    stratified_wilson,
    weigh_strata,
)


def counts(hits, of, control_hits, control_of) -> Counts:
    arrays = [np.asarray(values, dtype=float) for values in (hits, of, control_hits, control_of)]
    return Counts(hits=arrays[0], of=arrays[1], control_hits=arrays[2], control_of=arrays[3])


@pytest.mark.parametrize(
    "case, low, high",
    [  # Newcombe (1998), table II, method 10
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombe_published(case, low, high):
    np.testing.assert_allclose(newcombe_interval(*case), [low, high], atol=6e-5)


def test_with_one_stratum_it_is_newcombe_and_wilson():
    found = stratified_difference(counts([56], [70], [48], [80]))
    np.testing.assert_allclose([found.low, found.high], newcombe_interval(56, 70, 48, 80))
    assert found.estimate == pytest.approx(0.2)
    one = stratified_wilson(np.array([56.0]), np.array([70.0]), np.array([1.0]))
    np.testing.assert_allclose(one, wilson_interval(56, 70))


def test_weights_by_hand():
    # n1 n0 / (n1 + n0): 10·10/20 = 5 and 30·10/40 = 7.5, so 0.4 and 0.6; an empty arm counts nothing
    found = weigh_strata(counts([1, 1, 1], [10, 30, 5], [1, 1, 0], [10, 10, 0]))
    np.testing.assert_allclose(found, [0.4, 0.6, 0.0])
    lift = stratified_difference(counts([5, 15, 5], [10, 30, 5], [2, 2, 0], [10, 10, 0])).estimate
    assert lift == pytest.approx(0.4 * (0.5 - 0.2) + 0.6 * (0.5 - 0.2))


def test_no_stratum_with_both_arms_gives_nothing():
    empty = counts([1, 0], [4, 0], [0, 2], [0, 5])
    assert np.isnan(stratified_difference(empty).estimate) and np.isnan(p_difference(empty))


def test_p_value_and_interval_agree():
    pair = counts([56], [70], [48], [80])
    p = float(p_difference(pair))
    at = stratified_difference(pair, level=1 - p)
    assert at.low == pytest.approx(0.0, abs=1e-6)
    assert float(p_difference(pair, 0.3338728)) == pytest.approx(0.05, abs=1e-4)  # the interval's upper end
    assert float(p_difference(pair, 0.2)) == pytest.approx(1.0, abs=1e-6)


def test_interval_covers_at_its_level():
    """Four strata of unequal size, some of them tiny, and a lift of 5 points in each."""
    rng = np.random.default_rng(5)
    of, control_of = np.array([115.0, 136, 7, 5]), np.array([133.0, 133, 8, 2])
    base = np.array([0.6, 0.5, 0.4, 0.6])
    hits = rng.binomial(of.astype(int), base + 0.05, (4000, 4))
    control = rng.binomial(control_of.astype(int), base, (4000, 4))
    wide = [np.broadcast_to(n, (4000, 4)) for n in (of, control_of)]
    found = stratified_difference(counts(hits, wide[0], control, wide[1]))
    covered = ((found.low <= 0.05) & (found.high >= 0.05)).mean()
    assert 0.94 < covered < 0.965  # 0.95 ± 3 standard errors of 4,000 draws
