"""Survivorship against records worked through by hand: each rule, each tie, and where a value comes from."""

from datetime import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.quality.survivorship import (
    apply_survivorship,
    build_rules,
    compare_key,
    find_filled,
)
from segutils.errors import InputError

NO_RULES = pd.DataFrame(columns=["field", "rule", "sources", "owner"])
# firm A in three systems, B in two, C in one; the CRM's record of A is the latest, its city is blank
RECORDS = pd.DataFrame(
    [
        ("A", "erp", "E1", datetime(2023, 1, 1), "Chemicals", 100.0, "Köln"),
        ("A", "crm", "C1", datetime(2025, 6, 1), "Pharma", 90.0, " "),
        ("A", "webshop", "W1", datetime(2024, 1, 1), "chemicals ", None, None),
        ("B", "erp", "E2", datetime(2024, 5, 5), None, 10.0, "Bonn"),
        ("B", "crm", "C2", datetime(2024, 5, 5), "Water", 12.0, "Berlin"),
        ("C", "erp", "E3", pd.NaT, "Energy", 7.0, None),
    ],
    columns=["group_id", "source", "record_id", "updated_at", "industry", "employees", "city"],
)


def rule(field: str, name: str, sources: tuple[str, ...] = ()) -> pd.DataFrame:
    return pd.DataFrame([{"field": field, "rule": name, "sources": sources, "owner": "P. Lange"}])


def golden(field: str, name: str, sources: tuple[str, ...] = ()) -> dict[str, tuple]:
    found = apply_survivorship(RECORDS, rule(field, name, sources))
    found = found[found.field == field].set_index("group_id")
    return {group: (found.value[group], found.record_id[group]) for group in found.index}


def test_without_a_rule_the_most_recent_value_stands_and_its_origin_is_named():
    found = apply_survivorship(RECORDS, NO_RULES)
    industry = found[found.field == "industry"].set_index("group_id")
    assert industry.value.to_dict() == {"A": "Pharma", "B": "Water", "C": "Energy"}
    row = industry.loc["A"]
    assert (row.source, row.record_id, row.updated_at) == ("crm", "C1", datetime(2025, 6, 1))
    assert (row.rule, row.candidates) == ("most_recent", 3)
    assert row.distinct_values == 2  # Chemicals and Pharma: case and spaces are no difference
    assert set(found.columns) == {
        *("group_id", "field", "value", "source", "record_id"),
        *("updated_at", "rule", "candidates", "distinct_values"),
    }


def test_an_empty_cell_is_no_candidate_and_a_blank_text_is_empty():
    found = apply_survivorship(RECORDS, NO_RULES)
    city = found[found.field == "city"].set_index("group_id")
    assert city.value.to_dict() == {"A": "Köln", "B": "Berlin"}  # A's latest record has spaces only, C none
    assert city.candidates.to_dict() == {"A": 1, "B": 2}


@pytest.mark.parametrize(
    ("name", "sources", "expected"),
    [
        (
            "source_order",
            ("webshop", "erp"),
            {"A": ("chemicals ", "W1"), "B": ("Water", "C2"), "C": ("Energy", "E3")},
        ),
        # A: twice Chemicals, of which the webshop's is the more recent record
        ("majority", (), {"A": ("chemicals ", "W1"), "B": ("Water", "C2"), "C": ("Energy", "E3")}),
        # A: the ERP's record has three values, the CRM's two, the webshop's one
        ("most_complete", (), {"A": ("Chemicals", "E1"), "B": ("Water", "C2"), "C": ("Energy", "E3")}),
    ],
)
def test_rules_worked_by_hand(name, sources, expected):
    assert golden("industry", name, sources) == expected


def test_largest_and_smallest():
    assert golden("employees", "largest") == {"A": (100.0, "E1"), "B": (12.0, "C2"), "C": (7.0, "E3")}
    assert golden("employees", "smallest") == {"A": (90.0, "C1"), "B": (10.0, "E2"), "C": (7.0, "E3")}


def test_amounts_that_arrive_as_decimals_are_numbers():
    records = RECORDS.assign(
        revenue=[Decimal("5.0"), Decimal("7.5"), None, Decimal("1"), Decimal("1.0"), None]
    )
    found = apply_survivorship(records, rule("revenue", "largest"))
    revenue = found[found.field == "revenue"].set_index("group_id")
    assert revenue.value.to_dict() == {"A": Decimal("7.5"), "B": Decimal("1.0")}
    assert revenue.distinct_values["B"] == 1


def test_ties_go_to_the_most_recent_record_then_to_the_source_then_to_the_id():
    records = pd.DataFrame(
        [
            ("A", "erp", "E2", datetime(2024, 1, 1), "x"),
            ("A", "erp", "E1", datetime(2024, 1, 1), "y"),
            ("B", "erp", "E9", datetime(2024, 1, 1), "x"),
            ("B", "crm", "C9", datetime(2024, 1, 1), "y"),
            ("C", "crm", "C3", datetime(2024, 1, 1), "x"),
            ("C", "erp", "E3", datetime(2024, 1, 2), "y"),
        ],
        columns=["group_id", "source", "record_id", "updated_at", "industry"],
    )
    for name in ("most_recent", "majority", "most_complete"):
        found = apply_survivorship(records, rule("industry", name))
        assert found.record_id.tolist() == ["E1", "C9", "E3"], name
    shuffled = records.sample(frac=1, random_state=1).reset_index(drop=True)
    assert apply_survivorship(shuffled, NO_RULES).record_id.tolist() == ["E1", "C9", "E3"]


def test_records_without_times_fall_back_to_source_and_id_and_those_without_a_group_are_left_out():
    records = RECORDS.drop(columns="updated_at").assign(group_id=["A", "A", "A", "B", "B", None])
    found = apply_survivorship(records, NO_RULES)
    industry = found[found.field == "industry"].set_index("group_id")
    assert industry.record_id.to_dict() == {"A": "C1", "B": "C2"}  # crm before erp before webshop
    assert industry.updated_at.isna().all()


def test_what_people_know_of_the_true_firm_never_becomes_a_field():
    found = apply_survivorship(RECORDS.assign(true_entity="F1"), NO_RULES)
    assert set(found.field) == {"industry", "employees", "city"}


def test_a_rule_about_a_field_that_is_not_there_is_not_applied():
    found = apply_survivorship(RECORDS, rule("phone", "majority"))
    assert set(found.field) == {"industry", "employees", "city"}


def test_no_records_give_no_golden_record():
    found = apply_survivorship(RECORDS.iloc[:0], NO_RULES)
    assert found.empty and "distinct_values" in found.columns


def test_spelling_is_no_difference():
    values = pd.Series(["Łódź", "lodz", " LODZ ", "Köln", "Bonn", None, ""])
    keys = compare_key(values)
    assert keys[0] == keys[1] == keys[2] and len({keys[0], keys[3], keys[4]}) == 3
    assert keys[5] == keys[6] == -1
    assert find_filled(values).tolist() == [True] * 5 + [False] * 2
    assert compare_key(pd.Series([1.0, 2.0, 1.0, np.nan])).tolist() == [0, 1, 0, -1]


def test_a_field_without_a_rule_belongs_to_the_playbook():
    found = build_rules(["industry", "city"], rule("city", "source_order", ("erp",)))
    assert found.to_dict("records") == [
        {"field": "industry", "rule": "most_recent", "sources": (), "owner": "playbook default"},
        {"field": "city", "rule": "source_order", "sources": ("erp",), "owner": "P. Lange"},
    ]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (rule("city", "newest"), "'newest' is no rule of survivorship"),
        (pd.concat([rule("city", "majority"), rule("city", "largest")]), "'city' has two rules"),
        (rule("city", "source_order", ("sap",)), "names none that has a value"),
        (rule("city", "largest"), "the largest of what are no numbers"),
    ],
)
def test_rules_that_cannot_be_used_are_refused(rules, words):
    with pytest.raises(InputError, match=words) as caught:
        apply_survivorship(RECORDS, rules)
    assert "engagement file, survivorship" in caught.value.where
