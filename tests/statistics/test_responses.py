"""The response curve by hand: half at half_at, slopes by difference, inverses."""

import numpy as np
import pytest

from segutils.statistics.responses import (
    amount_at_return,
    amount_at_slope,
    marginal_return,
    return_a_year,
)

CURVE = {"ceiling": 800.0, "half_at": 50.0}


def test_each_half_at_brings_half_of_what_is_missing():
    """800: 0, 400, 600, 700 by the definition of half_at."""
    assert return_a_year([0, 50, 100, 150], **CURVE) == pytest.approx([0, 400, 600, 700])


def test_slope_is_the_difference_and_falls():
    amounts, step = np.array([0.0, 10.0, 80.0, 300.0]), 1e-4
    difference = (return_a_year(amounts + step, **CURVE) - return_a_year(amounts, **CURVE)) / step
    slopes = marginal_return(amounts, **CURVE)
    assert slopes == pytest.approx(difference, rel=1e-5)
    assert (np.diff(slopes) < 0).all()
    # the slope halves every half_at: 800 ln 2 / 50 = 11.0904 at first, half of it at 50
    assert marginal_return([0.0, 50.0], **CURVE) == pytest.approx([11.090354889, 5.5451774445])


def test_inverses_lead_back():
    amounts = np.array([0.0, 3.0, 50.0, 220.0])
    assert amount_at_return(return_a_year(amounts, **CURVE), **CURVE) == pytest.approx(amounts)
    assert amount_at_slope(marginal_return(amounts, **CURVE), **CURVE) == pytest.approx(amounts, abs=1e-9)


def test_out_of_reach():
    assert amount_at_slope(20.0, **CURVE) == 0  # even the first unit brings only 11
    assert np.isinf(amount_at_return([800.0, 900.0], **CURVE)).all()


def test_small_amounts_keep_their_digits():
    """One cent of a billion: ceiling * ln 2 * amount / half_at to first order."""
    found = return_a_year(0.01, ceiling=1e9, half_at=1e9)
    assert found == pytest.approx(0.01 * np.log(2), rel=1e-9)
