"""Rules that need no probability."""

import ibis
import pandas as pd
import pytest

from segutils.data_readiness.identity.certain_links import build_certain_links
from segutils.errors import InputError

COLUMNS = [
    "source",
    "record_id",
    "name",
    "email",
    "phone",
    "company",
    "street",
    "city",
    "postcode",
    "country",
]
ROWS = [
    # one firm, three systems: the second by phone and company, the third by mailbox, company and postcode
    (
        "crm",
        "1",
        "Ann Lee",
        "ann@acme.example",
        "+49 30 111111",
        "Acme GmbH",
        "Weg 1",
        "Berlin",
        "10115",
        "Germany",
    ),
    ("erp", "1", "A. Lee", None, "(030) 111 111", "ACME", None, None, None, "Germany"),
    (
        "shop",
        "1",
        "Ann Lee",
        "ann@acme.example",
        None,
        "Acme G.m.b.H.",
        "Weg 1",
        "Berlin",
        "10115",
        "Germany",
    ),
    # its sister firm in another town: same name, same domain, same contact
    (
        "erp",
        "2",
        "Ann Lee",
        "ann@acme.example",
        "+49 40 222222",
        "Acme GmbH",
        "Kai 2",
        "Hamburg",
        "20095",
        "Germany",
    ),
    (
        "crm",
        "2",
        "Ann Lee",
        "ann@acme.example",
        "040/222222",
        "Acme GmbH",
        "Kai 2",
        "Hamburg",
        "20095",
        "Germany",
    ),
    # a stranger behind the same switchboard
    (
        "crm",
        "3",
        "Bo Ray",
        "bo@other.example",
        "+49 30 111111",
        "Other AG",
        "Weg 1",
        "Berlin",
        "10115",
        "Germany",
    ),
]


def group(rows, columns=COLUMNS, **limits):
    found = build_certain_links(ibis.memtable(pd.DataFrame(rows, columns=columns)), **limits).to_pandas()
    return dict(zip(found["source"] + found["record_id"], found["group_id"], strict=True))


def test_links_close_to_groups_and_sister_firms_stay_apart():
    assert group(ROWS) == {
        "crm1": "crm:1",
        "erp1": "crm:1",
        "shop1": "crm:1",
        "crm2": "crm:2",
        "erp2": "crm:2",
        "crm3": "crm:3",
    }


def test_a_key_that_many_share_is_nobodys():
    branches = [
        ("crm", str(n), None, None, "+49 30 5", "Chain GmbH", None, None, None, "Germany") for n in range(5)
    ]
    assert set(group(branches, max_shared=5).values()) == {"crm:0"}
    assert len(set(group(branches, max_shared=4).values())) == 5


def test_persons_have_rules_of_their_own():
    rows = [
        ("a", "1", "Ann Lee", "ann@mail.example", "10115"),
        ("b", "1", "ann lee", "ANN@mail.example", None),
        ("b", "2", "Bo Lee", "ann@mail.example", "10115"),  # a mailbox that a family shares
    ]
    found = group(rows, ["source", "record_id", "name", "email", "postcode"])
    assert found == {"a1": "a:1", "b1": "a:1", "b2": "b:2"}


def test_a_record_that_stands_there_twice_is_refused():
    with pytest.raises(InputError, match="record 1 of source crm stands in source_records twice"):
        group([ROWS[0], ROWS[0]])


def test_on_the_simulated_client_they_are_right_and_find_most(drawn, share_right):
    found = build_certain_links(drawn.records).to_pandas().rename(columns={"group_id": "entity_id"})
    precision, recall = share_right(found, drawn.truth)
    assert len(found) == len(drawn.truth)
    assert precision > 0.999 and recall > 0.8


def test_the_null_client_has_none(nothing):
    found = build_certain_links(nothing.records).to_pandas()
    assert found["group_id"].is_unique
