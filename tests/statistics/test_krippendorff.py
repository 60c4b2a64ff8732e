"""Krippendorff's alpha: his own worked example, and the cases at the ends."""

import numpy as np
import pandas as pd
import pytest

from segutils.statistics.krippendorff import measure_alpha

# Krippendorff 2011, "Computing Krippendorff's alpha-reliability": four observers, twelve units
OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def read_grid(lines) -> pd.DataFrame:
    cells = [
        (unit, rater, float(cell))
        for rater, line in enumerate(lines)
        for unit, cell in enumerate(line.split())
        if cell != "."
    ]
    return pd.DataFrame(cells, columns=["unit", "rater", "rating"])


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_published_example(level, published):
    found = measure_alpha(read_grid(OBSERVERS), level=level, resamples=50)
    assert found.value == pytest.approx(published, abs=5e-4)
    assert (found.units, found.raters, found.ratings) == (11, 4, 40)  # the unit with one rating is left out
    assert found.low <= found.value <= found.high


def test_full_agreement_is_one_and_its_interval_too():
    found = measure_alpha(read_grid(["1 2 3", "1 2 3", "1 2 3"]), resamples=50)
    assert (found.value, found.low, found.high, found.reading) == (1, 1, 1, "firm")


def test_ratings_at_random_agree_as_chance_would():
    rng = np.random.default_rng(3)
    lines = [" ".join(map(str, rng.integers(1, 6, 400))) for _ in range(4)]
    found = measure_alpha(read_grid(lines), resamples=20)
    assert abs(found.value) < 0.06  # 400 units: the standard error is about 0.02
    assert found.reading == "too low to rely on"


def test_nothing_rated_twice_is_not_known():
    found = measure_alpha(read_grid(["1 2 .", ". . 3"]), resamples=5)
    assert np.isnan(found.value) and found.reading == "not known" and found.units == 0


def test_the_order_of_rows_is_of_no_account():
    grid = read_grid(OBSERVERS)
    one = measure_alpha(grid, resamples=30, seed=4)
    two = measure_alpha(grid.sample(frac=1, random_state=1), resamples=30, seed=4)
    assert one == two
