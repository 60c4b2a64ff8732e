"""How many comparisons a rule asks for, counted by hand on six records."""

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.identity.blocking import CANDIDATES, choose_blocking, count_comparisons
from segutils.errors import InputError

PHONES = ["1", "1", "1", "2", "2", None]  # 3 + 1 pairs
PERSONS = ["x", "x", "y", "y", "y", "y"]  # 1 + 6 pairs
CITIES = ["p", "p", "p", "p", "q", "q"]  # with person: 1 + 1 + 1 pairs
GROUPS = np.array([0, 0, 0, 3, 4, 5])  # three certain links: 0-1, 0-2, 1-2


def compared():
    columns = sorted({column for columns in CANDIDATES for column in columns})
    frame = pd.DataFrame({column: pd.Series([None] * 6, dtype="str") for column in columns})
    frame = frame.assign(row=range(6), phone=PHONES, person=PERSONS, city=CITIES)
    return ibis.memtable(frame)


def test_comparisons_and_links_reached():
    found = count_comparisons(compared(), GROUPS).set_index("rule")
    assert found["comparisons"].to_dict() == {
        "same person and town": 3,
        "same phone": 4,
        "same person": 7,
    }
    assert found["records"].to_dict() == {"same person and town": 6, "same phone": 5, "same person": 6}
    # of 0-1, 0-2 and 1-2 the phone reaches all, the person only 0-1
    assert found["links_reached"].to_dict() == pytest.approx(
        {"same person and town": 1 / 3, "same phone": 1, "same person": 1 / 3}
    )


def test_rules_are_taken_while_they_stay_within_the_limit():
    candidates = count_comparisons(compared(), GROUPS)
    narrow = choose_blocking(candidates, records=6, max_per_record=8 / 6)  # 3 + 4 fit, 7 more do not
    assert narrow["why_not"].tolist() == ["", "", "beyond the limit"]
    wide = choose_blocking(candidates, records=6, max_per_record=14 / 6)
    assert wide["why_not"].tolist() == ["within “same person”", "", ""]
    assert wide["comparisons_so_far"].tolist() == [0, 4, 11]


def test_a_limit_that_allows_nothing_says_so():
    with pytest.raises(InputError, match="asks for 3 comparisons, the limit is 2"):
        choose_blocking(count_comparisons(compared(), GROUPS), records=6, max_per_record=2 / 6)


def test_records_that_share_nothing_say_so():
    with pytest.raises(InputError, match="no two records agree"):
        count_comparisons(compared().mutate(phone=ibis.null("string"), person=ibis.null("string")), GROUPS)
