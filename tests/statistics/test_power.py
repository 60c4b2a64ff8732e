"""Sample size and power of two shares, held against R's power.prop.test (its help page)."""

import numpy as np
import pytest

from segutils.statistics.power import detectable_lift, needed_treated, power_of


def test_published_by_r():
    # power.prop.test(p1 = .50, p2 = .75, power = .90) gives n = 76.7; n = 50 gives power 0.740
    assert needed_treated(0.5, 0.25, power=0.9) == pytest.approx(76.7, abs=0.05)
    assert power_of(0.5, 0.25, 50, 50) == pytest.approx(0.740, abs=5e-4)


def test_detectable_is_the_inverse():
    lift = detectable_lift(0.3, 400, 200, power=0.8)
    assert needed_treated(0.3, lift, ratio=0.5, power=0.8) == pytest.approx(400, rel=1e-6)
    assert power_of(0.3, lift, 400, 200) == pytest.approx(0.8, abs=1e-6)


def test_power_is_what_simulation_gives():
    rng = np.random.default_rng(3)
    n = int(np.ceil(needed_treated(0.3, 0.1, power=0.8)))
    a, b = rng.binomial(n, 0.4, 20000) / n, rng.binomial(n, 0.3, 20000) / n
    z = (a - b) / np.sqrt((a + b) * (1 - (a + b) / 2) / n)
    assert (np.abs(z) > 1.959964).mean() == pytest.approx(0.8, abs=0.012)


def test_nothing_to_see():
    assert needed_treated(0.3, 0.0) == np.inf
    assert np.isnan(needed_treated(0.9, 0.2))
    assert np.isnan(detectable_lift(0.3, 0, 10)) and np.isnan(detectable_lift(0.3, 2, 2))
