"""Tests of segment by treatment: by hand, under the null, and where odds and points differ."""

import numpy as np
import pytest
from scipy.stats import chi2

from segutils.statistics.interaction import interaction_in_odds, interaction_in_points
from segutils.statistics.rates import Counts


def cells(hits, of, control_hits, control_of) -> Counts:
    arrays = [
        np.atleast_2d(np.asarray(values, dtype=float)) for values in (hits, of, control_hits, control_of)
    ]
    return Counts(hits=arrays[0], of=arrays[1], control_hits=arrays[2], control_of=arrays[3])


def test_points_by_hand():
    """Two groups, one stratum: Q = (d₁ − d₂)² / (v₁ + v₂), after one more of each kind in every arm."""
    found = interaction_in_points(cells([49, 29], [98, 98], [29, 29], [98, 98]))
    p, q = 50 / 100, 30 / 100  # (49 + 1) / (98 + 2) and so on
    v1, v2 = p * (1 - p) / 100 + q * (1 - q) / 100, 2 * q * (1 - q) / 100
    assert found.degrees == 1
    assert found.statistic == pytest.approx((p - q) ** 2 / (v1 + v2))
    assert found.p_value == pytest.approx(chi2.sf((p - q) ** 2 / (v1 + v2), 1))


def test_odds_by_hand():
    """One stratum, two groups: the full model fits every cell, the other has equal odds ratios."""
    # equal odds ratios (both 4): nothing is left to the interaction
    same = interaction_in_odds(cells([50, 80], [100, 100], [20, 50], [100, 100]))
    assert same.statistic == pytest.approx(0.0, abs=1e-6) and same.degrees == 1
    # Odds ratios of 4 and 1/4 around one half: under a common ratio of 1 every cell is at 1/2 by symmetry
    found = interaction_in_odds(cells([60, 40], [100, 100], [40, 60], [100, 100]))
    gain = 4 * 100 * (0.6 * np.log(0.6) + 0.4 * np.log(0.4) - np.log(0.5))
    assert found.statistic == pytest.approx(2 * gain, rel=1e-6)


def test_nominal_under_the_null():
    """Same effect in all groups of a stratum, another one in the other stratum."""
    rng = np.random.default_rng(11)
    of = np.array([[60, 90, 120], [150, 70, 80]])
    base = np.array([[0.2, 0.5, 0.7], [0.3, 0.4, 0.6]])
    rejected = {"points": 0, "odds": 0}
    for _ in range(400):
        hits = rng.binomial(of, base + np.array([[0.1], [0.0]]))
        table = cells(hits, of, rng.binomial(of, base), of)
        rejected["points"] += interaction_in_points(table).p_value < 0.05
        table = cells(rng.binomial(of, base), of, rng.binomial(of, base), of)
        rejected["odds"] += interaction_in_odds(table).p_value < 0.05
    assert rejected["points"] < 400 * 0.085 and rejected["odds"] < 400 * 0.085  # 0.05 + 3 standard errors


def test_one_group_has_no_interaction():
    found = interaction_in_points(cells([[5], [6]], [[10], [10]], [[4], [3]], [[10], [10]]))
    assert found.degrees == 0 and np.isnan(found.p_value)
    assert np.isnan(interaction_in_odds(cells([[0]], [[0]], [[1]], [[4]])).p_value)


def test_cells_where_nobody_or_all_respond_do_no_harm():
    found = interaction_in_odds(cells([0, 10, 5], [10, 10, 10], [0, 10, 2], [10, 10, 10]))
    assert np.isfinite(found.p_value) and found.p_value > 0.2
