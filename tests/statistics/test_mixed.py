"""Factor analysis of mixed data: its two special cases, and groups that only categories tell apart."""

import numpy as np
import pytest
from sklearn.datasets import load_iris

from segutils.statistics import agreement, clusterers, mixed

NONE = np.empty((150, 0))


def test_on_numbers_it_is_principal_components():
    # iris: eigenvalues of the correlation matrix, as every textbook has them
    axes = mixed.fit_mixed_axes(load_iris().data, NONE)
    np.testing.assert_allclose(axes.inertia, [2.918498, 0.914030, 0.146757, 0.020715], atol=1e-6)
    assert axes.points.shape == (150, 1)  # one axis carries more than a feature of its own
    assert axes.points.var() == pytest.approx(2.918498, abs=1e-6)


def test_on_categories_it_is_correspondence_analysis():
    # two categories that say the same, with 3 values: two axes of inertia 2 (each category carries its all),
    # and as many left empty; the sum is (3 − 1) + (3 − 1)
    code = np.repeat([0, 1, 2], 50)
    axes = mixed.fit_mixed_axes(NONE, np.column_stack([code, 10 - code]))
    np.testing.assert_allclose(np.sort(axes.inertia)[::-1][:2], [2, 2], atol=1e-9)
    assert axes.inertia.sum() == pytest.approx(4)


def test_inertia_of_a_mix():
    rng = np.random.default_rng(0)
    axes = mixed.fit_mixed_axes(rng.normal(size=(200, 3)), rng.integers(0, 4, size=(200, 2)))
    assert axes.inertia.sum() == pytest.approx(3 + 2 * (4 - 1))


def test_groups_of_categories_whose_numbers_mean_nothing():
    # group 0 has one of the codes 0 and 2 in each of four features, group 1 code 1: their means are equal
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 200)
    usual = np.where(truth[:, None] == 1, 1, 2 * rng.integers(0, 2, size=(400, 4)))
    codes = np.where(rng.random((400, 4)) < 0.05, rng.integers(0, 3, size=(400, 4)), usual).astype(float)
    points = np.column_stack([(codes - codes.mean(axis=0)) / codes.std(axis=0), rng.normal(size=400)])
    found = clusterers.cluster(points, algorithm="mixed type", k=2, seed=0)
    assert agreement.adjusted_rand(truth, found) > 0.9
    assert agreement.adjusted_rand(truth, clusterers.cluster(points, algorithm="k-means", k=2)) < 0.5
