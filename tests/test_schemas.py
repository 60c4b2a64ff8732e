"""The contract's tables: complete, consistent, and each rule right on rows worked by hand."""

from datetime import datetime

import ibis
import pytest

from segutils import schemas

CONTEXT = schemas.Context(as_of_end=datetime(2025, 1, 1), currency="EUR")

# required columns as the data contract has them
REQUIRED = {
    "customers": ("customer_id",),
    "transactions": ("customer_id", "order_id", "ordered_at", "net_revenue"),
    "products": ("product_id",),
    "campaigns": ("campaign_id",),
    "exposures": ("customer_id", "campaign_id", "arm"),
    "events": ("event_id", "occurred_at", "event_type"),
    "touchpoints": ("customer_id", "touched_at", "channel"),
    "conversions": ("customer_id", "converted_at", "value"),
    "survey": ("respondent_id", "item", "answer"),
    "opportunities": ("opportunity_id", "customer_id", "stage", "amount"),
    "product_usage": ("customer_id", "feature", "uses"),
    "previous_segments": ("customer_id", "segment"),
}


@pytest.mark.parametrize("table", REQUIRED)
def test_required_columns(table):
    assert schemas.TABLES[table].required == REQUIRED[table]


@pytest.mark.parametrize("schema", schemas.TABLES.values(), ids=schemas.TABLES)
def test_each_table_is_consistent(schema):
    names = [column.name for column in schema.columns]
    assert len(set(names)) == len(names)
    assert set(schema.key) <= set(schema.required)
    for column in schema.columns:
        ibis.dtype(column.type)
        table, _, target = column.references.partition(".")
        assert not column.references or target in schemas.TABLES[table].required
    for rule in schema.rules:
        assert rule.column in names and set(rule.needs) <= set(names)
        assert rule.severity in schemas.TREATMENTS and rule.fix


def broken(table: str, rule: str, **cells) -> list[bool]:
    (found,) = [r for r in schemas.TABLES[table].rules if r.name == rule]
    rows = ibis.memtable(cells)
    return rows.select(x=found.broken(rows, CONTEXT).fill_null(False)).to_pyarrow()["x"].to_pylist()


def test_a_line_without_quantity_and_revenue_is_no_purchase():
    quantity, revenue = [0.0, 0.0, 2.0, None], [0.0, 1.5, 0.0, 0.0]
    assert broken("transactions", "no purchase", quantity=quantity, net_revenue=revenue) == [
        True,
        False,
        False,
        False,
    ]


def test_returns_and_foreign_currency():
    assert broken("transactions", "return", net_revenue=[-0.01, 0.0, 5.0]) == [True, False, False]
    currency = ["EUR", "USD", None]
    assert broken("transactions", "other currency", currency=currency) == [False, True, False]


def test_campaigns_end_after_they_start():
    days = [datetime(2024, 1, 1), datetime(2024, 1, 2)]
    assert broken("campaigns", "ends before it starts", started_at=days, ended_at=days[::-1]) == [False, True]


def test_names_of_local_dates():
    assert schemas.local_date_name("ordered_at") == "ordered_on"
    assert schemas.moments(schemas.TABLES["campaigns"]) == ("started_at", "ended_at")
