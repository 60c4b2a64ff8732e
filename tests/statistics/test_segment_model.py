"""The segmentation as a table: written, read, and applied to customers worked by hand."""

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.statistics import segment_model

CATALOGUE = pd.DataFrame(
    {"feature": ["orders", "share"], "transform": ["log1p", "none"], "used": [True, True]}
)


def model():
    scaling = segment_model.Scaling(
        features=("orders", "share"),
        transforms=("log1p", "none"),
        means=np.array([1.0, 0.5]),
        scales=np.array([2.0, 0.1]),
    )
    return segment_model.SegmentModel(
        names=("S2", "S1"), scaling=scaling, centres=np.array([[0.0, 0.0], [1.0, 2.0]])
    )


def test_table_and_back():
    table = model().to_table()
    assert table.columns.tolist() == ["segment", "feature", "centre", "transform", "mean", "scale"]
    again = segment_model.read_segment_model(table)
    assert again.names == ("S2", "S1") and again.scaling.features == ("orders", "share")
    np.testing.assert_array_equal(again.centres, model().centres)


def test_names_follow_segments():
    named = segment_model.name_segments(model(), {"S1": "Loyal"})
    assert named.names == ("S2", "Loyal")
    np.testing.assert_array_equal(named.centres, model().centres)


def test_nearest_centre_by_hand():
    # log1p(e − 1) = 1 → 0 on the scaled axis; share 0.5 → 0: on the centre of S2. (e³ − 1, 0.7) → (1, 2): S1.
    # (e² − 1, 0.6) → (0.5, 1): halfway, so the border
    customers = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c", "d"],
            "has_purchases": [True, True, True, False],
            "orders": [np.e - 1, np.e**3 - 1, np.e**2 - 1, 0],
            "share": [0.5, 0.7, 0.6, np.nan],
        }
    )
    table = segment_model.assign_customers(customers, model())
    assert table["segment"].tolist()[:2] == ["S2", "S1"] and table["segment"].iloc[3] == "none"
    np.testing.assert_allclose(table["shadow"][:3], [0, 0, 1], atol=1e-9)
    assert table["customer_id"].tolist() == ["a", "b", "c", "d"]


def test_scaling_is_transform_then_standard_deviations():
    buyers = pd.DataFrame({"orders": np.expm1([1.0, 3.0]).repeat(10), "share": np.tile([0.2, 0.4], 10)})
    scaling = segment_model.fit_scaling(buyers, CATALOGUE)
    np.testing.assert_allclose([*scaling.means, *scaling.scales], [2, 0.3, 1, 0.1])
    np.testing.assert_allclose(scaling.apply(buyers)[0], [-1, -1])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"share": 0.3}, "share is the same for all 40 customers"),
        ({"orders": -5.0}, "orders cannot be read as a number"),
        ({"share": np.nan}, "share cannot be read as a number"),
    ],
)
def test_unusable_features_are_refused_by_name(changes, words):
    rng = np.random.default_rng(0)
    buyers = pd.DataFrame({"orders": rng.integers(1, 9, 40), "share": rng.uniform(size=40)}).assign(**changes)
    with pytest.raises(InputError, match=words):
        segment_model.fit_scaling(buyers, CATALOGUE)


def test_too_few_customers_missing_feature_no_feature():
    buyers = pd.DataFrame({"orders": [1.0] * 30})
    with pytest.raises(InputError, match="at least 20 customers"):
        segment_model.fit_scaling(buyers.head(1), CATALOGUE)
    with pytest.raises(InputError, match="do not have share"):
        segment_model.fit_scaling(buyers, CATALOGUE)
    with pytest.raises(InputError, match="no feature is used"):
        segment_model.fit_scaling(buyers, CATALOGUE.assign(used=False))
