"""The geo-experiment: a synthetic control recovers the lift, simpler comparisons don't, the null has none."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls

from segutils.samples.customers.profiles import list_regions
from segutils.samples.making import Making
from segutils.samples.marketing.geo import LIFT, TEST_WEEKS, TREATED, WEEKS

PLACEBOS = 60


def read_weeks(making: Making) -> pd.DataFrame:
    return making.ask("select * from client.geo_outcomes").pivot(
        index="geo", columns="period", values="outcome"
    )


def list_treated(making: Making) -> list[str]:
    return making.ask("select distinct geo from client.geo_outcomes where treated order by 1").geo.to_list()


def estimate_gap(weeks: pd.DataFrame, treated: list[str], pool: list[str]) -> float:
    """Mean weekly gap in the test between these districts' mean and its demeaned synthetic control."""
    before = weeks.columns[:-TEST_WEEKS]
    target = weeks.loc[treated].mean() - weeks.loc[treated, before].mean().mean()
    donors = weeks.loc[pool].sub(weeks.loc[pool, before].mean(axis=1), axis=0)
    heavy = 1e4 * target[before].abs().max()  # a row that makes the weights sum to one
    matrix = np.vstack([donors[before].to_numpy().T, np.full(len(pool), heavy)])
    weights = nnls(matrix, np.append(target[before].to_numpy(), heavy))[0]
    gap = target - donors.to_numpy().T @ (weights / weights.sum())
    return gap[weeks.columns[-TEST_WEEKS:]].mean()


def place_error(weeks: pd.DataFrame, treated: list[str]) -> float:
    """Root mean square of what the same estimator claims for groups of districts where nothing was done."""
    rng = np.random.default_rng(0)
    controls = [name for name in weeks.index if name not in treated]
    claims = []
    for _ in range(PLACEBOS):
        marked = list(rng.choice(controls, size=len(treated), replace=False))
        claims.append(estimate_gap(weeks, marked, [name for name in controls if name not in marked]))
    return float(np.sqrt(np.mean(np.square(claims))))


@pytest.fixture(scope="module")
def weeks(made: Making) -> pd.DataFrame:
    return read_weeks(made)


def test_the_panel_is_whole_and_treated_at_its_end_only(made: Making, null: Making) -> None:
    for making in (made, null):
        panel = making.ask("select * from client.geo_outcomes")
        assert len(panel) == 48 * WEEKS == len(panel.drop_duplicates(["geo", "period"]))
        assert set(panel.geo) == {f"{region} {n}" for region in list_regions() for n in range(1, 5)}
        assert set(making.ask("select district from draft.accounts").district) <= set(panel.geo)
        assert (panel.outcome > 0).all() and (panel.spend > 0).all()
        marked = panel[panel.treated]
        assert len(marked) == TREATED * TEST_WEEKS
        assert WEEKS - TEST_WEEKS >= 25
        assert marked.period.min() > panel[~panel.period.isin(marked.period)].period.max()
        assert (panel.period.dt.weekday == 0).all() and panel.period.max() <= pd.Timestamp("2025-12-31")


def test_truth_is_the_outcome_less_its_counterfactual(made: Making) -> None:
    both = made.ask("select * from client.geo_outcomes join truth.geo_outcomes using (geo, period, treated)")
    truth = made.ask("select * from truth.geo_lift").iloc[0]
    added = both.outcome - both.counterfactual
    assert (added[~both.treated] == 0).all()
    assert added[both.treated].sum() == truth.incremental
    assert added[both.treated].mean() == pytest.approx(truth.att)
    # whole enquiries: each district-week is off by half of one at most
    assert truth.lift == pytest.approx(LIFT, abs=0.5 / both.counterfactual[both.treated].mean())


def test_treated_districts_lie_within_the_hull_of_controls(made: Making) -> None:
    """Without the test, the synthetic control follows them through the test weeks as well as before."""
    counterfactual = made.ask("select * from truth.geo_outcomes").pivot(
        index="geo", columns="period", values="counterfactual"
    )
    treated = list_treated(made)
    pool = [name for name in counterfactual.index if name not in treated]
    gap = estimate_gap(counterfactual, treated, pool)
    assert abs(gap) < 0.02 * counterfactual.loc[treated].mean().mean()


def test_synthetic_control_recovers_the_lift(
    made: Making, weeks: pd.DataFrame, within: Callable[..., None]
) -> None:
    treated = list_treated(made)
    pool = [name for name in weeks.index if name not in treated]
    truth = made.ask("select * from truth.geo_lift").iloc[0]
    estimate, error = estimate_gap(weeks, treated, pool), place_error(weeks, treated)
    within(estimate, truth.att, error, what="att")
    assert truth.att > 4 * error  # large enough to be found


def test_difference_in_differences_overstates_it(made: Making, weeks: pd.DataFrame) -> None:
    treated = list_treated(made)
    test = weeks.columns[-TEST_WEEKS:]
    change = weeks[test].mean(axis=1) - weeks.drop(columns=test).mean(axis=1)
    claim = change[treated].mean() - change.drop(treated).mean()
    assert claim > 1.25 * made.ask("select att from truth.geo_lift").att[0]


def test_the_null_client_has_no_lift(null: Making, within: Callable[..., None]) -> None:
    weeks, treated = read_weeks(null), list_treated(null)
    pool = [name for name in weeks.index if name not in treated]
    within(estimate_gap(weeks, treated, pool), 0, place_error(weeks, treated), what="att")
    assert null.ask("select incremental from truth.geo_lift").incremental[0] == 0
