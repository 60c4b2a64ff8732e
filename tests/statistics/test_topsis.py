"""TOPSIS against a published example, and the reversal that it is known for."""

import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.statistics.topsis import find_reversals, score_topsis

PUBLISHED = pd.DataFrame(
    [[5, 8, 4], [7, 6, 8], [8, 8, 6], [7, 4, 6]], columns=["a", "b", "c"], index=["w", "x", "y", "z"]
)
WEIGHTS = {"a": 0.3, "b": 0.4, "c": 0.3}


def test_published_closeness():
    found = score_topsis(PUBLISHED, WEIGHTS)
    assert found.to_list() == pytest.approx([0.5037, 0.6581, 0.7482, 0.3340], abs=5e-5)


def test_less_is_better_turns_a_criterion_round():
    values = pd.DataFrame({"cost": [3.0, 4.0]}, index=["cheap", "dear"])
    assert score_topsis(values, {"cost": 1}, lower=frozenset(["cost"])).to_dict() == {
        "cheap": 1.0,
        "dear": 0.0,
    }
    assert score_topsis(values, {"cost": 1}).to_dict() == {"cheap": 0.0, "dear": 1.0}


def test_equal_options_stand_in_the_middle():
    values = pd.DataFrame({"a": [2.0, 2.0], "b": [0.0, 0.0]}, index=["one", "two"])
    assert score_topsis(values, {"a": 1, "b": 1}).to_list() == [0.5, 0.5]


def test_an_order_that_holds_has_no_reversal_and_one_that_turns_names_the_pair():
    line = pd.DataFrame({"a": [1.0, 2.0, 3.0]}, index=list("xyz"))
    assert find_reversals(line, {"a": 1}).empty
    # b is third with a there, whose 10 on the first criterion shrinks b's and c's lead and lag on it
    turned = pd.DataFrame({"p": [10.0, 2.0, 1.0], "q": [1.0, 4.0, 4.6]}, index=["a", "b", "c"])
    found = find_reversals(turned, {"p": 1, "q": 1})
    for row in found.itertuples():
        full, left = (
            score_topsis(turned, {"p": 1, "q": 1}),
            score_topsis(turned.drop(row.dropped), {"p": 1, "q": 1}),
        )
        assert full[row.better] > full[row.worse] and left[row.worse] > left[row.better]
    assert set(found.dropped) == {"a"}


def test_missing_values_and_wrong_weights_are_refused():
    with pytest.raises(InputError, match="missing"):
        score_topsis(PUBLISHED.astype(float).replace(8.0, float("nan")), WEIGHTS)
    with pytest.raises(InputError, match="weights"):
        score_topsis(PUBLISHED, {"a": 1})
