"""A geo-experiment: weekly enquiries of the 48 districts, six of which got more spend in the last 14 weeks.

A district's weeks are its level, common movements (a trend, the economy, the year's rhythm) that it takes
part in to its own degree, and noise of its own. The treated districts' levels and degrees are weighted means
of controls': a synthetic control from the others can follow them exactly but for noise. They lean to those
that grow, so that before-after comparisons and difference in differences overstate the lift.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from segutils.samples.customers.profiles import DISTRICTS, list_regions
from segutils.samples.making import Making

FIRST_WEEK, WEEKS, TEST_WEEKS = (
    date(2023, 12, 4),
    105,
    14,
)  # weeks begin on Mondays; the test is the last weeks
TREATED = 6  # districts
LIFT = 0.08  # more enquiries in treated district-weeks; none in the null client
MIXED = 5  # a treated district is a mean of so many controls …
GROWING = 16  # … from so many that grow fastest
LEVEL_LOW, LEVEL_HIGH = 140, 420  # enquiries a week
TREND = 0.22  # mean growth over all weeks, as a share of the level; districts take part from 0 to twice of it
ECONOMY, ECONOMY_PERSISTENCE = 0.05, 0.85  # standard deviation of the second common movement
SEASON = 0.09  # amplitude of the year's rhythm
NOISE, NOISE_PERSISTENCE = 0.035, 0.4  # a district's own, as a share of its level
SPEND_PER_ENQUIRY = 14.0  # EUR, always
TEST_SPEND = 0.3  # more spend in treated district-weeks


def build_geo(making: Making) -> None:
    """How many qualified enquiries came from each district and week, and what did the test add?

    Leaves ``client.geo_outcomes`` (outcome: qualified enquiries, whole numbers; 48 districts × 105 weeks at
    any number of accounts), and in the truth ``geo_outcomes`` (the counterfactual of each district-week) and
    ``geo_lift`` (one row: start, planned and realised lift).
    """
    rng = making.rng("geo")
    names = [f"{region} {number}" for region in list_regions() for number in range(1, DISTRICTS + 1)]
    treated = np.zeros(len(names), dtype=bool)
    treated[rng.permutation(len(names))[:TREATED]] = True
    levels, degrees = _draw_districts(rng, treated)
    # summed axis by axis rather than by a matrix product, whose rounding depends on the machine
    common = (degrees[:, :, None] * _draw_movements(rng)[None, :, :]).sum(axis=1)
    expected = levels[:, None] * (1 + _draw_noise(rng, len(names))) + common
    without = np.round(np.maximum(expected, 1))
    tested = treated[:, None] & (np.arange(WEEKS) >= WEEKS - TEST_WEEKS)[None, :]
    outcome = np.round(without * (1 + (0 if making.null else LIFT) * tested))
    spend = expected * SPEND_PER_ENQUIRY * (1 + TEST_SPEND * tested) * rng.uniform(0.9, 1.1, outcome.shape)
    weeks = [FIRST_WEEK + timedelta(weeks=number) for number in range(WEEKS)]
    panel = pd.DataFrame(
        {
            "geo": np.repeat(names, WEEKS),
            "period": weeks * len(names),
            "outcome": outcome.ravel().astype(int),
            "spend": np.round(spend.ravel(), 2),
            "treated": tested.ravel(),
            "counterfactual": without.ravel().astype(int),
        }
    )
    making.draft("geo_outcomes", panel)
    making.emit(
        "geo_outcomes",
        "select geo, period, outcome, euros(spend) as spend, treated from draft.geo_outcomes",
        order="geo, period",
    )
    _keep_truth(making)


def _draw_districts(rng: np.random.Generator, treated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Level of each district and, in enquiries, its degree of each common movement."""
    count = len(treated)
    levels = rng.uniform(LEVEL_LOW, LEVEL_HIGH, count)
    degrees = levels[:, None] * np.column_stack(
        [rng.uniform(0, 2, count), rng.uniform(0.3, 1.7, count), rng.uniform(0.5, 1.5, count)]
    )
    controls = np.flatnonzero(~treated)
    growing = controls[np.argsort(-degrees[controls, 0], kind="stable")][:GROWING]
    for district in np.flatnonzero(treated):  # six
        mixed = rng.choice(growing, size=MIXED, replace=False)
        weights = rng.dirichlet(np.full(MIXED, 2.0))
        levels[district] = (weights * levels[mixed]).sum()
        degrees[district] = (weights[:, None] * degrees[mixed]).sum(axis=0)
    return levels, degrees


def _draw_movements(rng: np.random.Generator) -> np.ndarray:
    """The three common movements, as shares of a level: trend, economy, the year's rhythm."""
    week = np.arange(WEEKS)
    trend = (
        TREND * (week / (WEEKS - 1)) ** 1.5
    )  # growth sets in late: a straight line fitted before falls short
    economy = ECONOMY * _persist(rng.standard_normal((1, WEEKS)), ECONOMY_PERSISTENCE)[0]
    days = [(FIRST_WEEK + timedelta(weeks=int(number))).timetuple().tm_yday for number in week]
    year = np.array(days) / 365.25
    august = np.exp(-(((year - 0.62) / 0.04) ** 2))
    rhythm = SEASON * (np.cos(2 * np.pi * (year - 0.25)) - 1.5 * august)
    return np.vstack([trend, economy, rhythm])


def _draw_noise(rng: np.random.Generator, districts: int) -> np.ndarray:
    return NOISE * _persist(rng.standard_normal((districts, WEEKS)), NOISE_PERSISTENCE)


def _persist(shocks: np.ndarray, persistence: float) -> np.ndarray:
    """First-order autoregressive series of variance 1 from independent shocks, row by row."""
    series = shocks.copy()
    for week in range(1, shocks.shape[1]):
        series[:, week] = persistence * series[:, week - 1] + np.sqrt(1 - persistence**2) * shocks[:, week]
    return series


def _keep_truth(making: Making) -> None:
    making.truth(
        "geo_outcomes",
        "select geo, period, counterfactual, treated from draft.geo_outcomes order by geo, period",
    )
    making.truth(
        "geo_lift",
        f"""select min(period) as starts_on, count(distinct geo)::int as districts,
          string_agg(distinct geo, ', ' order by geo) as treated,
          {0.0 if making.null else LIFT}::double as planned_lift,
          sum(outcome - counterfactual) / count(*) as att,
          sum(outcome - counterfactual)::int as incremental,
          sum(outcome - counterfactual) / sum(counterfactual) as lift
        from draft.geo_outcomes where treated""",
    )
    truth = making.ask("select * from truth.geo_lift").iloc[0]
    if making.null:
        text = (
            f"{TREATED} of the 48 districts were marked and got more spend in the last {TEST_WEEKS} of "
            f"{WEEKS} weeks; it changed nothing."
        )
    else:
        text = (
            f"In the last {TEST_WEEKS} of {WEEKS} weeks (from {truth.starts_on:%Y-%m-%d}) {truth.treated} "
            f"brought {LIFT:.0%} more qualified enquiries than they would have: {truth.att:.1f} a district-"
            f"week, {truth.incremental:,} in all. Before, they moved as weighted means of other, faster "
            "growing districts do: difference in differences overstates the lift, a demeaned synthetic "
            "control recovers it."
        )
    making.plant(
        title="A geo-experiment",
        text=text,
        tables="geo_outcomes",
        truth="geo_outcomes geo_lift",
        capabilities="geo-lift",
    )
