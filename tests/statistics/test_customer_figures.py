"""Sums per customer to measures of groups: six customers by hand, and their resamples."""

import numpy as np
import pandas as pd
import pytest

from segutils.statistics.customer_figures import CustomerFigures, list_measures, measure_groups

SIX = CustomerFigures(
    table=pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "customers": 1.0,
            "net_revenue": [10.0, 20, 30, 40, 0, 50],
            "margin": [5.0, 4, 9, 20, 0, 10],
            "margin_of": [10.0, 20, 30, 40, 0, 50],
            "won": [1.0, 0, 2, 0, 0, 0],
            "decided": [2.0, 0, 2, 0, 0, 0],
        }
    )
)
LABELS = np.array([0, 0, 1, 1, 1, -1])


def test_ratios_are_ratios_of_sums_and_what_nobody_has_is_not_known():
    table = list_measures(SIX, pd.DataFrame({"customer_id": list("abcde"), "group": list("xxyyy")}))
    assert SIX.measures == ["customers", "net_revenue", "margin_rate", "win_rate"]
    assert table.group.to_list() == ["x", "y"] and table.customers.to_list() == [2, 3]
    assert table.margin_rate.to_list() == pytest.approx([9 / 30, 29 / 70])  # not the mean of 0.5 and 0.2
    assert table.win_rate.to_list() == pytest.approx([0.5, 1.0])
    lonely = measure_groups(SIX, np.array([-1, -1, -1, 0, -1, -1]), groups=1)[0, 0]
    assert lonely[2] == 0.5 and np.isnan(lonely[3])


def test_a_resample_counts_a_customer_as_often_as_drawn():
    drawn = np.array([[2, 0, 1, 0, 0, 3], [1, 1, 1, 1, 1, 1]])
    found = measure_groups(SIX, LABELS, groups=2, weights=drawn)
    assert found[0, :, 0].tolist() == [2, 1] and found[0, :, 1].tolist() == [20, 30]
    assert np.array_equal(found[1], measure_groups(SIX, LABELS, groups=2)[0])


def test_labels_may_differ_by_sample_and_unknown_customers_count_nothing():
    two = np.stack([LABELS, 1 - LABELS])
    found = measure_groups(SIX, two, groups=2, weights=np.ones((2, 6)))
    assert found[0, 0, 1] == found[1, 1, 1] == 30
    assert SIX.select(pd.Series(["b", "nobody"])).table.net_revenue.to_list() == [20, 0]


def test_who_has_no_group_is_in_none_and_who_has_two_is_in_the_first():
    groups = pd.DataFrame({"customer_id": list("abcda"), "group": ["x", "x", None, "y", "y"]})
    table = list_measures(SIX, groups).set_index("group")
    assert table.customers.to_dict() == {"x": 2, "y": 1} and table.net_revenue.to_dict() == {"x": 30, "y": 40}
