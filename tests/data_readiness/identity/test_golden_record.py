"""Which value survives, and where it comes from."""

import ibis
import pandas as pd

from segutils.data_readiness.identity.golden_record import build_golden_record, count_lineage

RECORDS = ibis.memtable(
    pd.DataFrame(
        {
            "source": ["crm", "erp", "erp"],
            "record_id": ["1", "1", "2"],
            "name": ["Ann", "Ann", "Bo"],
            "email": ["ann@acme.example", None, None],
            "industry": ["Water", "Energy", None],
            "employees": [120.0, 90.0, 7.0],
            "updated_at": pd.to_datetime(["2025-01-01", "2025-06-01", "2024-01-01"]),
            "true_entity": ["X", "X", "Y"],
        }
    )
)
ENTITIES = pd.DataFrame(
    {"source": ["crm", "erp", "erp"], "record_id": ["1", "1", "2"], "entity_id": ["crm:1", "crm:1", "erp:2"]}
)
RULES = pd.DataFrame(
    {
        "field": ["employees", "email"],
        "rule": ["largest", "most_recent"],
        "sources": [(), ()],
        "owner": ["P. Lange, Head of Data"] * 2,
    }
)


def test_stated_rules_hold_and_nothing_identifies_anybody():
    found = build_golden_record(RECORDS, ENTITIES, RULES)
    assert set(found["field"]) == {"industry", "employees"}
    kept = found.set_index(["entity_id", "field"])
    # employees by the stated rule, industry most recent for want of one
    assert kept.loc[("crm:1", "employees"), ["value", "source", "rule"]].tolist() == ["120", "crm", "largest"]
    assert kept.loc[("crm:1", "industry"), ["value", "source"]].tolist() == ["Energy", "erp"]
    assert kept.loc[("erp:2", "employees"), "value"] == "7"
    assert ("erp:2", "industry") not in kept.index
    assert not found.isin(["Ann", "Bo", "ann@acme.example", "X", "Y"]).any().any()


def test_lineage_counts_sources_and_contested_values():
    found = count_lineage(build_golden_record(RECORDS, ENTITIES, RULES)).set_index("field")
    assert found.loc["employees", ["entities", "contested_share", "from_crm", "from_erp"]].tolist() == [
        2,
        0.5,
        0.5,
        0.5,
    ]
    assert found.loc["industry", ["entities", "contested_share", "from_erp"]].tolist() == [1, 1.0, 1.0]


def test_without_records_it_is_empty():
    assert build_golden_record(None, ENTITIES, RULES).empty
    assert count_lineage(build_golden_record(None, ENTITIES, RULES)).empty
