"""How large must a comparison of two shares be, and what could one of a given size have seen?

The normal approximation for two independent shares (Fleiss, Levin and Paik 2003, *Statistical Methods for
Rates and Proportions*, chapter 4, without continuity correction); R's ``power.prop.test`` uses the same.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm


def needed_treated(
    control_rate: float, lift: float, *, ratio: float = 1.0, power: float = 0.8, level: float = 0.95
) -> float:
    """How many treated are needed to see a lift of this size?

    Parameters
    ----------
    control_rate, lift : float
        Shares 0-1; the lift in points, of either sign.
    ratio : float
        Controls per treated.
    power, level : float

    Returns
    -------
    float
        Not rounded; infinite where the lift is 0, NaN where the treated share would leave 0-1.
    """
    rate = control_rate + lift
    if not 0 <= rate <= 1 or not 0 <= control_rate <= 1:
        return np.nan
    if lift == 0:
        return np.inf
    mean = (rate + ratio * control_rate) / (1 + ratio)
    chance = norm.ppf(0.5 + level / 2) * np.sqrt((1 + 1 / ratio) * mean * (1 - mean))
    missed = norm.ppf(power) * np.sqrt(rate * (1 - rate) + control_rate * (1 - control_rate) / ratio)
    return float(((chance + missed) / lift) ** 2)


def power_of(
    control_rate: float, lift: float, treated: float, controls: float, *, level: float = 0.95
) -> float:
    """With which probability would a lift of this size have been seen? (The better half of the test only.)"""
    rate, ratio = control_rate + lift, controls / treated
    mean = (rate + ratio * control_rate) / (1 + ratio)
    chance = norm.ppf(0.5 + level / 2) * np.sqrt((1 + 1 / ratio) * mean * (1 - mean))
    own = np.sqrt(rate * (1 - rate) + control_rate * (1 - control_rate) / ratio)
    return float(norm.cdf((np.sqrt(treated) * abs(lift) - chance) / own))


def detectable_lift(
    control_rate: float, treated: float, controls: float, *, power: float = 0.8, level: float = 0.95
) -> float:
    """From which size on would a lift have been seen with this power?

    Parameters
    ----------
    control_rate : float
    treated, controls : float
        Customers in each arm.
    power, level : float

    Returns
    -------
    float
        In points; NaN where an arm is empty or even a lift to 100 % would not have been seen.
    """
    most = 1 - control_rate
    if treated <= 0 or controls <= 0 or most <= 0:
        return np.nan
    options = {"ratio": controls / treated, "power": power, "level": level}
    if needed_treated(control_rate, most, **options) > treated:
        return np.nan
    return float(
        brentq(lambda lift: needed_treated(control_rate, lift, **options) - treated, 1e-9, most, xtol=1e-10)
    )
