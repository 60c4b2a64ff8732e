"""Effect sizes: by hand, how often intervals hold the truth, and nothing where nothing can be said."""

import numpy as np
import pandas as pd
import pytest

from segutils.statistics.effects import build_effects


def test_hedges_g_worked_by_hand():
    # inside 5, 7, 9 (mean 7, variance 4); others 1, 3, 5, 3 (mean 3, variance 8/3)
    # pooled variance (2 * 4 + 3 * 8/3) / 5 = 3.2; d = 4 / sqrt(3.2) = 2.236068
    # J(5) = Gamma(2.5) / (sqrt(2.5) Gamma(2)) = 1.329340 / 1.581139 = 0.840749; g = 1.879971
    # s^2 = 7/12 + g^2 / 14 = 0.583333 + 0.252450 = 0.835783; 1.959964 * 0.914212 = 1.791823
    values = pd.DataFrame({"x": [5.0, 7, 9, 1, 3, 5, 3]})
    row = build_effects(values, pd.Series([True] * 3 + [False] * 4)).iloc[0]
    assert row["effect_size"] == pytest.approx(1.879971, abs=2e-6)
    assert (row["low"], row["high"]) == pytest.approx((0.088148, 3.671794), abs=5e-6)


def test_the_interval_covers_the_true_difference():
    inside = pd.Series(np.arange(300) < 60)
    covered = 0
    for seed in range(200):
        draw = np.random.default_rng(seed)
        values = pd.DataFrame({"x": draw.normal(0, 1, 300) + 0.8 * inside})
        row = build_effects(values, inside).iloc[0]
        covered += row["low"] <= 0.8 <= row["high"]
    assert covered >= 180  # 95 % intervals, 200 samples


def test_no_effect_size_is_invented_where_none_can_be_computed():
    values = pd.DataFrame({"same": [1.0, 1, 1, 1], "x": [1.0, 2, 3, 4]})
    assert build_effects(values, pd.Series([True, True, False, False])).loc[0, "effect_size":].isna().all()
    alone = build_effects(values, pd.Series([True, False, False, False]))
    assert alone["effect_size"].isna().all()


def test_a_missing_value_does_not_count_for_its_feature_alone():
    values = pd.DataFrame({"x": [5.0, 7, 9, np.nan, 1, 3, 5, 3], "y": [5.0, 7, 9, 11, 1, 3, 5, 3]})
    found = build_effects(values, pd.Series([True] * 4 + [False] * 4)).set_index("feature")
    without = build_effects(
        values.drop(index=3)[["x"]], pd.Series([True] * 3 + [False] * 4, index=[0, 1, 2, 4, 5, 6, 7])
    )
    assert found.loc["x"].to_list() == pytest.approx(without.loc[0, "effect_size":].to_list())
    assert found.effect_size["y"] > found.effect_size["x"]
