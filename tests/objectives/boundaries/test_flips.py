"""Flip points are rounded to the side on which they have flipped."""

import pytest

from segutils.objectives.boundaries.flips import write_above, write_below, write_flip


@pytest.mark.parametrize(
    ("flip", "now", "told"),
    [
        (0.2141, 0.13, "22 %"),
        (0.0859, 0.13, "8 %"),
        (0.1314, 0.13, "14 %"),
        (0.25, 0.2, "25 %"),
        (0.996, 0.9, "99.6 %"),
        (0.004, 0.1, "0.4 %"),
    ],
)
def test_away_from_what_is_given(flip, now, told):
    assert write_flip(flip, now) == told


def test_up_and_down_to_a_tenth_of_a_percent():
    assert (write_above(0.08413), write_above(0.084)) == ("8.5 %", "8.4 %")
    assert (write_below(0.59964), write_below(0.6)) == ("59.9 %", "60.0 %")
