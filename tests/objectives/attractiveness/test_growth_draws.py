"""Growth of markets: by hand, and how sure it is."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from segutils.objectives.attractiveness.growth_draws import draw_growth

BLOCK = pd.Series({"a": "x", "b": "x", "c": "y"})


def make_cells(growth: dict[str, list[float]], sizes: dict[str, list[float]] | None = None) -> pd.DataFrame:
    rows = [
        (slot, pd.Timestamp(year=2023 + n, month=1, day=1), value, sizes[slot][n] if sizes else 100.0)
        for slot, values in growth.items()
        for n, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["slot", "period", "growth", "market_size"])


def test_the_mean_of_what_is_reported():
    cells = make_cells({"a": [0.02, 0.04, 0.03], "b": [0.0, 0.0, 0.0], "c": [0.1, 0.1, 0.1]})
    assert draw_growth(cells, BLOCK, draws=10).expected.tolist() == pytest.approx([0.03, 0.0, 0.1])


def test_what_is_not_reported_is_that_of_the_sizes():
    """From 100 to 121 in two years (731 days of 365.25)."""
    nothing = [np.nan] * 3
    cells = make_cells(
        {"a": nothing, "b": [0.05] * 3, "c": nothing},
        {"a": [100, 90, 121], "b": [10, 20, 30], "c": [5, 5, 5]},
    )
    found = draw_growth(cells, BLOCK, draws=10).expected
    assert found["a"] == pytest.approx(1.21 ** (365.25 / 731) - 1)
    assert found["b"] == pytest.approx(0.05) and found["c"] == 0


def test_markets_that_move_together_are_not_sure_together():
    """All markets grow by 0, 3 and 6 %: the mean of three years has a standard error of 3 % / root 3.

    Its draws are Student's t with two degrees of freedom for all markets at once.
    """
    cells = make_cells({slot: [0.0, 0.03, 0.06] for slot in "abc"})
    found = draw_growth(cells, BLOCK, draws=4000, seed=1)
    assert np.ptp(found.drawn, axis=1).max() == pytest.approx(0, abs=1e-12)
    quartile = t.ppf(0.75, 2) * 0.03 / np.sqrt(3)
    assert np.quantile(found.drawn[:, 0], 0.75) - 0.03 == pytest.approx(quartile, rel=0.1)


def test_the_same_growth_in_all_years_is_sure():
    cells = make_cells({slot: [0.03] * 3 for slot in "abc"})
    assert draw_growth(cells, BLOCK, draws=50).drawn == pytest.approx(0.03)


def test_one_year_tells_nothing_of_its_error():
    cells = make_cells({slot: [0.03] for slot in "abc"})
    assert draw_growth(cells, BLOCK, draws=5).drawn == pytest.approx(np.full((5, 3), 0.03))
