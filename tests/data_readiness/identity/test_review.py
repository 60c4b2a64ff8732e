"""Which groups a person should see, and which pairs should be looked up."""

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.identity.linking import Linkage
from segutils.data_readiness.identity.review import (
    REASONS,
    build_review,
    build_sample_to_label,
    count_reasons,
    find_reasons,
)

SOURCES = ["crm", "erp", "shop", "erp", "crm", "erp", "crm"]
RECORDS = pd.DataFrame(
    {
        "source": SOURCES,
        "record_id": list("abcdefg"),
        "name": ["Ann"] * 7,
        "country": ["France", "france ", "Spain", "France", "France", "Poland", "Poland"],
    }
)


@pytest.fixture
def small() -> Linkage:
    """{a, b, c}: c by 5 bits; {d} a suspected sister of it; {e}; {f, g} certain."""
    weight = np.array([12.0, 5.0, 11.0, -3.0])
    return Linkage(
        ids=RECORDS[["source", "record_id"]].assign(row=range(7), certain=[0, 1, 2, 3, 4, 5, 5]),
        pairs=pd.DataFrame(
            {
                "row": [0, 1, 2, 3],
                "first": [1, 2, 3, 4],
                "weight": weight,
                "probability": 1 / (1 + 2.0**-weight),
                "rule": ["same phone"] * 4,
                "elsewhere": [False, False, True, False],
            }
        ),
        weights=pd.DataFrame(),
        blocking=pd.DataFrame(),
        prior=0.1,
        learned=True,
    )


def reasons_of(found, entity):
    return set(found.loc[found["entity_id"] == entity, "reason"])


def test_reasons(small):
    found = find_reasons(small, ibis.memtable(RECORDS), max_size=2)
    # c hangs by 5 bits where 10 are strong; it is in Spain; three records are more than two
    assert reasons_of(found, "crm:a") == {"sister", "countries", "weak", "large"}
    assert reasons_of(found, "erp:d") == {"sister"}
    assert reasons_of(found, "crm:e") == reasons_of(found, "erp:f") == set()
    assert found.loc[found["reason"] == "sister", "case_id"].nunique() == 1


def test_two_records_of_one_system(small):
    twice = RECORDS.assign(source=[*SOURCES[:6], "erp"])
    changed = Linkage(**{**vars(small), "ids": small.ids.assign(source=twice["source"])})
    assert reasons_of(find_reasons(changed, ibis.memtable(twice)), "erp:f") == {"twice"}


def test_counts_come_in_order_of_urgency(small):
    found = count_reasons(find_reasons(small, ibis.memtable(RECORDS)))
    assert found["reason"].tolist() == list(REASONS.values())
    assert found.set_index("reason")["entities"].to_dict() == {
        REASONS["sister"]: 2,
        REASONS["countries"]: 1,
        REASONS["large"]: 0,
        REASONS["weak"]: 1,
        REASONS["twice"]: 0,
    }


def test_the_reviewer_sees_each_record_once_with_the_weakest_link(small):
    records = ibis.memtable(RECORDS)
    found = build_review(records, small, find_reasons(small, records))
    assert found[["source", "record_id"]].to_numpy().tolist() == [
        ["crm", "a"],
        ["erp", "b"],
        ["shop", "c"],
        ["erp", "d"],
    ]
    # 5 bits are odds of 32 to 1; a group of one needs no link
    assert found["weakest_link"].tolist() == pytest.approx([32 / 33] * 3 + [1])
    assert found["reasons"][0] == "; ".join(REASONS[key] for key in ("sister", "countries", "weak"))
    assert "name" in found and "email" not in found


def test_nothing_to_review(small):
    alone = Linkage(**{**vars(small), "pairs": small.pairs.iloc[:0]})
    records = ibis.memtable(RECORDS)
    assert build_review(records, alone, find_reasons(alone, records)).empty


def test_the_sample_has_pairs_of_every_band(small):
    found = build_sample_to_label(ibis.memtable(RECORDS), small, pairs_per_band=25)
    assert found["side"].tolist() == [1, 2] * 4 and (found["same_customer"] == "").all()
    # the reviewer does not see what the model thinks; pairs of weight 12, 11, 5 and -3 are all there
    assert not {"weight", "probability", "band"} & set(found.columns)
    pairs = {tuple(rows) for _, rows in found.groupby("pair")["record_id"]}
    assert len(pairs) == 4 and ("c", "b") in pairs


def test_the_sample_depends_on_the_seed_alone(drawn, linkage):
    first, same, other = (
        build_sample_to_label(drawn.records, linkage, pairs_per_band=5, seed=seed) for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, same)
    assert not first["record_id"].equals(other["record_id"])
    bands = 7  # of match weights; at most five pairs are drawn of each
    assert 5 < first["pair"].nunique() <= 5 * bands
