"""Faults: as often as stated, of the kind that was stated, counted, and nowhere else."""

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.samples import faults
from segutils.samples.faults import Fault

DIRT = (
    Fault(kind="missing", table="products", column="category", rate=0.1),
    Fault(kind="misspelt", table="products", column="brand", rate=0.1),
    Fault(kind="decimal slip", table="products", column="unit_cost", rate=0.1),
    Fault(kind="unreadable", table="products", column="list_price", rate=0.1),
    Fault(kind="repeated", table="products", rate=0.1),
)


def spoil(making, table: str, dirt) -> pd.DataFrame:
    return making.ask(faults.spoil_sql(making, table, dirt))


def test_rates_hold_in_the_drawn_data(made, within):
    dirt = [fault for fault in faults.set_rates(None) if fault.table == "transactions"]
    clean, dirty = made.ask("select * from client.transactions"), spoil(made, "transactions", dirt)
    rows = len(clean)

    def check(count: int, kind: str, column: str = "") -> None:
        rate = next(f.rate for f in dirt if f.kind == kind and f.column == column)
        within(count / rows, rate, np.sqrt(rate / rows), what=f"{kind} {column}")

    check(dirty.product_id.isna().sum(), "missing", "product_id")
    check(dirty.net_revenue.isna().sum(), "missing", "net_revenue")
    check((~dirty.customer_id.isin(clean.customer_id)).sum(), "orphan", "customer_id")
    check((~dirty.product_id.isin(clean.product_id) & dirty.product_id.notna()).sum(), "orphan", "product_id")
    check((dirty.ordered_at >= "2026-01-01").sum(), "late", "ordered_at")
    check((dirty.currency == "USD").sum(), "other currency", "currency")
    check(len(dirty) - rows, "repeated")


def test_a_spoilt_table_keeps_its_order_and_its_other_cells(made):
    clean, dirty = made.ask("select * from client.products"), spoil(made, "products", DIRT)
    first = dirty.drop_duplicates("product_id").reset_index(drop=True)
    assert first.product_id.tolist() == clean.product_id.tolist()
    for column in ("product_line", "business_unit", "launched_on"):
        assert first[column].equals(clean[column])
    hit = (
        first.category.isna()
        | (first.brand != clean.brand)
        | (first.unit_cost != clean.unit_cost)
        | first.list_price.isin(["n/a", "?", "#REF!", "see note"])
    )
    assert 0 < hit.sum() < len(clean)
    slipped = first.unit_cost != clean.unit_cost
    assert (first.unit_cost[slipped] == clean.unit_cost[slipped] * 1000).all()
    misspelt = first.brand[first.brand != clean.brand]
    assert (misspelt.str.strip().str.rstrip(".").str.lower().str[:4].isin(["hald", "part"])).all()


def test_what_was_hit_is_counted(made):
    faults.count_faults(made, DIRT)
    counted = made.ask("select * from truth.faults").set_index("kind").rows_hit
    made.run("drop table truth.faults")
    clean, dirty = made.ask("select * from client.products"), spoil(made, "products", DIRT)
    first = dirty.drop_duplicates("product_id").reset_index(drop=True)
    assert counted["missing"] == first.category.isna().sum()
    assert counted["repeated"] == len(dirty) - len(clean)
    assert counted["decimal slip"] == (first.unit_cost != clean.unit_cost).sum()
    assert counted["unreadable"] == first.list_price.isin(["n/a", "?", "#REF!", "see note"]).sum()


def test_a_conflicting_row_is_the_key_again_with_another_value(made):
    dirt = [Fault(kind="conflicting", table="customers", column="employees", rate=0.02)]
    dirty = spoil(made, "customers", dirt)
    twice = dirty[dirty.customer_id.duplicated(keep=False)]
    assert len(twice) > 40
    pairs = twice.groupby("customer_id").employees
    assert (pairs.nunique() == 2).all() and (pairs.size() == 2).all()


def test_every_fault_names_a_column_that_exists(made):
    for fault in faults.FAULTS:
        columns = set(made.ask(f"describe client.{fault.table}").column_name)
        assert {fault.column or "rowid", fault.other or "rowid"} <= columns | {"rowid"}, fault
        assert fault.kind in faults.KINDS
        spoil(
            made,
            fault.table,
            [Fault(kind=fault.kind, table=fault.table, column=fault.column, rate=0.5, other=fault.other)],
        )


def test_rates_are_set_by_kind():
    usual = {(f.kind, f.table, f.column): f.rate for f in faults.set_rates(None)}
    stated = {(f.kind, f.table, f.column): f.rate for f in faults.set_rates({"missing": 0.2, "repeated": 0})}
    assert stated[("missing", "customers", "email")] == 0.2
    assert not any(kind == "repeated" for kind, _, _ in stated)
    assert stated[("orphan", "events", "customer_id")] == usual[("orphan", "events", "customer_id")]
    assert faults.set_rates({}) == () and faults.set_rates(None, null=True) == ()


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        ({"mising": 0.1}, "there is no fault 'mising'"),
        ({"missing": 1.5}, "the rate of 'missing' is 1.5"),
        ({"missing": 0.4}, "the faults of 'customers' add up to 1.66"),
    ],
)
def test_impossible_rates_are_refused(rates, words):
    with pytest.raises(InputError) as caught:
        faults.set_rates(rates)
    assert words in str(caught.value) and caught.value.where == "--fault"
