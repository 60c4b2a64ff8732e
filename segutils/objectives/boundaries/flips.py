"""A figure at which a recommendation flips, rounded so that at the figure that is read it has flipped.

A flip point is where two options draw level, or where a bound is just met. Rounded to the nearer side it
could be a figure at which nothing changes.
"""

from __future__ import annotations

import math

from segutils.formats import format_value


def write_above(share: float) -> str:
    """A share, rounded up to a tenth of a percent."""
    return format_value(math.ceil(round(share * 1000, 9)) / 1000, "share")


def write_below(share: float) -> str:
    """A share, rounded down to a tenth of a percent."""
    return format_value(math.floor(round(share * 1000, 9)) / 1000, "share")


def write_flip(flip: float, now: float) -> str:
    """A share at which something flips, rounded away from where it is now: ``22 %`` for 0.214, from 0.13."""
    turn = math.ceil if flip > now else math.floor
    for steps, fmt in ((100, "share:0"), (1000, "share")):
        shown = turn(round(flip * steps, 9)) / steps
        if format_value(shown, fmt) != format_value(now, fmt) and 0 < shown < 1:
            break
    return format_value(shown, fmt)
