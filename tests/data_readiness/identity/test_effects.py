"""Before and after: six order lines by hand, and the second accounts that were planted."""

from datetime import date

import ibis
import pandas as pd
import pytest

from segutils.data_readiness.identity.effects import build_effect, find_customer_source, map_customers

ENTITIES = pd.DataFrame(
    {
        "source": ["crm", "erp", "erp", "erp"],
        "record_id": ["9", "A", "B", "C"],
        "entity_id": ["crm:9", "crm:9", "crm:9", "erp:C"],
    }
)
CUSTOMERS = ibis.memtable(pd.DataFrame({"customer_id": ["A", "B", "C", "D"]}))
LINES = pd.DataFrame(
    {
        "customer_id": ["A", "A", "B", "C", "C", "X"],
        "order_id": ["1", "1", "2", "3", "4", "5"],
        "ordered_on": [date(2024, 12, 1)] * 3 + [date(2024, 12, 21)] * 3,
        "net_revenue": [60.0, 40.0, 100.0, 150.0, 50.0, 999.0],
    }
)


def test_customers_are_the_records_of_the_source_that_has_their_ids():
    assert find_customer_source(ENTITIES, pd.Series(["A", "B", "C", "D"])) == "erp"
    assert find_customer_source(ENTITIES, pd.Series(["no", "such", "id"])) == ""
    mapped = map_customers(ENTITIES, CUSTOMERS)
    assert mapped["entity_id"].tolist() == ["crm:9", "crm:9", "erp:C", "D"]
    assert set(mapped["source"]) == {"erp"}


def test_customers_whom_no_source_has_stand_for_themselves():
    mapped = map_customers(ENTITIES, ibis.memtable(pd.DataFrame({"customer_id": ["P", "Q"]})))
    assert mapped["entity_id"].tolist() == ["P", "Q"] and mapped["source"].isna().all()


def test_the_effect_of_linking_two_of_four_accounts():
    effect = build_effect(
        map_customers(ENTITIES, CUSTOMERS), ibis.memtable(LINES), as_of=date(2024, 12, 31)
    ).set_index("measure")
    both = effect[["before", "after"]]
    # before: A 100 in 1 order, B 100 in 1, C 200 in 2, D none; after: A and B are 200 in 2
    assert both.loc["Customers"].tolist() == [4, 3]
    assert both.loc["Customers with orders"].tolist() == [3, 2]
    assert both.loc["Revenue share of the largest customer"].tolist() == [0.5, 0.5]
    # 0.25² + 0.25² + 0.5² and 0.5² + 0.5², times 10,000
    assert both.loc["Concentration of revenue (HHI, 0 to 10,000)"].tolist() == pytest.approx([3750, 5000])
    assert both.loc["Orders per customer (median)"].tolist() == [1, 2]
    assert both.loc["Net revenue per customer (median)"].tolist() == [100, 200]
    assert both.loc["Net revenue per order (median)"].tolist() == [100, 100]
    assert both.loc["Days since last order (median)"].tolist() == [30, 20]  # of 30, 30, 10 and 30, 10
    assert both.loc["Share of buyers with one order"].tolist() == pytest.approx([2 / 3, 0])
    assert both.loc["Merged customers"].tolist() == [2, 1]
    assert both.loc["Merged customers: net revenue each (median)"].tolist() == [100, 200]
    assert effect.loc["Customers", "change"] == pytest.approx(-0.25)


def test_the_second_accounts_that_were_planted_are_found(drawn, entities):
    """4 % of accounts are a second record of a firm; the truth of the ERP's records says of which."""
    accounts = drawn.truth[drawn.truth["source"] == "erp"]
    extra = len(accounts) - accounts["entity"].nunique()
    mapped = map_customers(entities, drawn.customers)
    assert len(mapped) == 6000 and set(mapped["source"]) == {"erp"}
    found = len(mapped) - mapped["entity_id"].nunique()
    assert extra > 200 and found == pytest.approx(extra, rel=0.1)
