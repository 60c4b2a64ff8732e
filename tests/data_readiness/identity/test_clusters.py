"""Thresholds and clusters on five records whose links are stated."""

import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.identity import clusters
from segutils.data_readiness.identity.linking import Linkage
from segutils.errors import InputError


@pytest.fixture
def small() -> Linkage:
    """0-1 certain; 1-2 at 6 bits, 2-3 at 1 bit, 3-4 at 9 bits but elsewhere."""
    weight = np.array([6.0, 1.0, 9.0])
    return Linkage(
        ids=pd.DataFrame(
            {
                "row": range(5),
                "source": ["crm", "erp", "erp", "shop", "shop"],
                "record_id": list("abcde"),
                "certain": [0, 0, 2, 3, 4],
            }
        ),
        pairs=pd.DataFrame(
            {
                "row": [1, 2, 3],
                "first": [2, 3, 4],
                "weight": weight,
                "probability": 1 / (1 + 2.0**-weight),
                "rule": ["same phone", "same phone", "same company"],
                "elsewhere": [False, False, True],
            }
        ),
        weights=pd.DataFrame(
            {
                "comparison": ["Phone", "Phone"],
                "degree": ["same number", "different"],
                "m": [0.8, 0.2],
                "u": [0.1, 0.9],
                "weight": [3.0, np.log2(0.2 / 0.9)],
                "learned": [True, True],
            }
        ),
        blocking=pd.DataFrame(
            {
                "rule": ["same phone", "same company"],
                "columns": [("phone",), ("company",)],
                "records": [5, 5],
                "comparisons": [4, 6],
                "links_reached": [1.0, 0.5],
                "used": [True, True],
                "why_not": ["", ""],
                "comparisons_so_far": [4, 10],
                "new_comparisons": [4, 3],
            }
        ),
        prior=0.1,
        learned=True,
    )


@pytest.mark.parametrize(("probability", "bits"), [(0.5, 0), (0.8, 2), (32 / 33, 5)])
def test_a_probability_is_a_weight(probability, bits):
    assert clusters.weigh_probability(probability) == pytest.approx(bits)


@pytest.mark.parametrize("probability", [0.3, 1.0])
def test_a_threshold_that_makes_no_sense_is_refused(probability):
    with pytest.raises(InputError, match="cannot be a threshold"):
        clusters.weigh_probability(probability)


@pytest.mark.parametrize(
    ("probability", "apart", "expected"),
    [
        (0.95, True, ["crm:a", "crm:a", "crm:a", "shop:d", "shop:e"]),
        (0.6, True, ["crm:a", "crm:a", "crm:a", "crm:a", "shop:e"]),  # 1 bit is a probability of 2/3
        (0.99, True, ["crm:a", "crm:a", "erp:c", "shop:d", "shop:e"]),  # certain links stay
        (0.95, False, ["crm:a", "crm:a", "crm:a", "shop:d", "shop:d"]),
    ],
)
def test_links_close_to_entities(small, probability, apart, expected):
    found = clusters.assign_entities(small, min_probability=probability, apart_elsewhere=apart)
    assert found["entity_id"].tolist() == expected


def test_each_threshold_says_what_it_would_give(small):
    found = clusters.build_thresholds(small, thresholds=[0, 4, 8])
    assert found["links"].tolist() == [2, 1, 0] and found["entities"].tolist() == [2, 3, 4]
    assert found["probability"].tolist() == pytest.approx([0.5, 16 / 17, 256 / 257])
    # 6 bits are 64/65, 1 bit is 2/3
    assert found["expected_precision"][0] == pytest.approx((64 / 65 + 2 / 3) / 2)
    assert found["expected_recall"][1] == pytest.approx((64 / 65) / (64 / 65 + 2 / 3))


def test_what_each_rule_brings(small):
    found = clusters.build_blocking_table(small)
    assert found["new_links"].tolist() == [1, 0] and found["new_comparisons"].tolist() == [4, 3]


def test_without_records_the_tables_are_empty():
    assert clusters.assign_entities(None).columns.tolist() == ["source", "record_id", "entity_id"]
    assert clusters.build_thresholds(None).empty and clusters.build_blocking_table(None).empty


def test_figures_claim_what_the_weights_say(small):
    thresholds = clusters.build_thresholds(small).assign(precision=np.nan, recall=np.nan, f1=np.nan)
    weights, lines = clusters.draw_figures(small, thresholds)
    assert "phone: same number (+3.0 bits)" in weights.title and "phone: different (−2.2)" in weights.title
    assert "expectation" in lines.subtitle
