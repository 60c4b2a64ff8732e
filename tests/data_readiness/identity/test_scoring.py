"""Precision and recall of pairs, counted by hand on six records."""

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.identity.scoring import read_labels, score_groups


def test_pairs_within_labelled_records():
    # groups {0,1,2} and {3,4,5}; looked up were all but the last: A A B | B B
    groups = np.array([0, 0, 0, 3, 3, 3])
    found = score_groups(groups, pd.Series(["A", "A", "B", "B", "B", None]))
    # linked: 01 02 12 34, right: 01 34, true: 01 and 23 24 34
    assert (found["labelled_links"], found["right_links"], found["true_links"]) == (4, 2, 4)
    assert found["precision"] == found["recall"] == found["f1"] == 0.5
    # Wilson 1927 for 2 of 4: (2 + z²/2 ± z √(1 + z²/4)) / (4 + z²) with z = 1.96
    assert (found["precision_low"], found["precision_high"]) == pytest.approx((0.1500, 0.8500), abs=1e-4)
    # the sixth record is linked with two labelled ones
    assert found["links_to_unlabelled"] == 2


def test_nothing_linked_and_nothing_to_link():
    found = score_groups(np.array([0, 1, 2]), pd.Series(["A", "B", "C"]))
    assert found["labelled_links"] == found["true_links"] == 0
    assert np.isnan(found["precision"]) and np.isnan(found["recall"])


def test_labels_are_read_where_there_are_some():
    frame = pd.DataFrame({"source": ["a", "a"], "record_id": ["1", "2"], "true_entity": ["E", None]})
    assert read_labels(ibis.memtable(frame)).to_dict("records") == [
        {"source": "a", "record_id": "1", "label": "E"}
    ]
    assert read_labels(ibis.memtable(frame.drop(columns="true_entity"))).empty
    assert read_labels(None).columns.tolist() == ["source", "record_id", "label"]
