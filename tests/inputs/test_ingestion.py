"""Tables enter in the order that their references ask for; ranges decide what happens to a row."""

import json

import pytest

from segutils import tables
from segutils.engagement import load_engagement
from segutils.errors import InputError
from segutils.inputs import opening


def give(engagement, name: str, csv: str):
    """One more table of the small client; its columns have their canonical names."""
    (engagement.parent / f"{name}.csv").write_text(csv, encoding="utf-8")
    text = engagement.read_text(encoding="utf-8")
    engagement.write_text(
        text.replace("tables:\n", f"tables:\n  {name}:\n    path: {name}.csv\n", 1), encoding="utf-8"
    )


def read_faults(engagement) -> dict[str, tuple[str, int]]:
    """Table, column and rule → treatment and rows."""
    faults = tables.check_engagement(load_engagement(engagement)).faults
    return {f"{f.table}.{f.column}: {f.rule}": (f.severity, f.rows) for f in faults}


def test_what_others_refer_to_enters_first(small_engagement):
    give(small_engagement, "features", "feature\nradio link\n")
    give(small_engagement, "product_usage", "customer_id,feature,uses\nC0001,radio link,3\n")
    give(small_engagement, "reps", "rep_id\nR001\n")
    give(small_engagement, "opportunities", "opportunity_id,customer_id,stage,amount\nO1,C0001,won,10\n")
    engagement = load_engagement(small_engagement)
    assert list(engagement.tables)[:2] == ["opportunities", "reps"]
    order = opening.list_in_order(engagement)
    assert sorted(order) == sorted(engagement.tables)
    for name, before in (
        ("opportunities", ("customers", "products", "reps")),
        ("product_usage", ("customers", "features")),
        ("transactions", ("customers", "products")),
    ):
        assert all(order.index(other) < order.index(name) for other in before)


def test_the_table_that_completes_the_customers_enters_before_them(small_engagement):
    text = small_engagement.read_text(encoding="utf-8")
    giving = text.replace("path: customers.csv", "path: customers.csv\n    add_missing_from: transactions", 1)
    small_engagement.write_text(giving, encoding="utf-8")
    assert opening.list_in_order(load_engagement(small_engagement)) == [
        "products",
        "transactions",
        "customers",
    ]


def test_a_required_cell_outside_its_range_sets_the_row_aside_and_another_is_left_empty(small_engagement):
    rows = ["radio link,4,0.5", "battery,-1,0.9", "screen,2,1.2"]
    give(small_engagement, "features", "\n".join(["feature,effort,feasibility", *rows]))
    give(
        small_engagement,
        "product_usage",
        "customer_id,feature,uses\nC0001,radio link,3\nC0002,radio link,-3\nC0003,pump,1\n",
    )
    faults = read_faults(small_engagement)
    assert faults["features.effort: below 0"] == ("blank", 1)
    assert faults["features.feasibility: above 1"] == ("blank", 1)
    assert faults["product_usage.uses: below 0"] == ("set_aside", 1)
    assert faults["product_usage.feature: not in features"] == ("flag", 1)


def test_a_date_is_judged_by_the_clients_calendar(small_engagement):
    # as_of is 2024-12-31: that day is in, the next is not; in UTC the client's year ends an hour earlier
    rows = ["2024-12-31,B2B,revenue,10", "2025-01-01,B2B,revenue,10", "1980-01-01,B2B,revenue,10"]
    give(small_engagement, "pnl", "\n".join(["period,customer_group,line,amount", *rows]))
    faults = read_faults(small_engagement)
    assert faults["pnl.period: after 2024-12-31"] == ("set_aside", 1)
    assert faults["pnl.period: before 1990"] == ("set_aside", 1)


def test_feedback_about_nobody_is_set_aside_and_an_unknown_rep_counted(small_engagement, tmp_path):
    rows = ["R001,4,Labs,", "R009,2,,C0001", "R001,5,,"]
    give(small_engagement, "reps", "rep_id\nR001\n")
    give(small_engagement, "sales_feedback", "\n".join(["rep_id,realism,segment,customer_id", *rows]))
    faults = read_faults(small_engagement)
    assert faults["sales_feedback.realism: the rating names neither segment nor customer"] == ("set_aside", 1)
    assert faults["sales_feedback.rep_id: not in reps"] == ("flag", 1)
    tables.ingest(load_engagement(small_engagement), tmp_path / "run")
    report = json.loads((tmp_path / "run" / "inputs.json").read_text(encoding="utf-8"))
    (used,) = [t["rows_used"] for t in report["tables"] if t["table"] == "sales_feedback"]
    assert used == 2


def test_a_definition_that_names_a_column_which_did_not_come_stops_before_any_notebook(small_engagement):
    text = "definitions:\n  active_customer:\n    Sales: sum(transactions.unit_cost, days=90) > 3\n"
    small_engagement.write_text(small_engagement.read_text(encoding="utf-8") + text, encoding="utf-8")
    with pytest.raises(InputError, match="names 'unit_cost', which 'transactions' does not have") as caught:
        tables.check_engagement(load_engagement(small_engagement))
    assert "line " in str(caught.value) and "net_revenue" in caught.value.fix
