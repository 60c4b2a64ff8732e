"""Purpose, consent and retention of whole rows: who is asked, what counts as an answer, what is counted."""

from pathlib import Path

import pandas as pd
import pytest

from segutils.errors import InputError

ENRICHMENT = "table: tickets, fields: [all], purposes: [enrichment], basis: contract"
BY_CONSENT = "basis: consent, consent: agrees"
ALL_AGREE = f"table: customers, fields: [all], purposes: [segmentation], {BY_CONSENT}"


def test_rows_of_a_table_for_other_purposes_are_counted_as_withheld(ingest_with, change_customers):
    def count(line: str, folder: str) -> tuple[int, int]:
        counts = ingest_with(line, folder=folder).input_counts().set_index("table")
        return counts.rows_used["tickets"], counts.rows_withheld["tickets"]

    assert count(ENRICHMENT, "all") == (20, 0)
    change_customers(agrees=["yes" if n < 5 else "no" for n in range(301)])
    assert count(ENRICHMENT.replace("basis: contract", BY_CONSENT), "few") == (5, 15)
    assert count("table: tickets, fields: [all], purposes: [], basis: none", "none") == (0, 20)


def test_whoever_has_no_accepted_record_has_not_agreed(client, ingest_with):
    file = client.parent / "events.csv"
    file.write_text(file.read_text() + "E902,2024-12-01 10:00:00,visit,C9999\n")
    run = ingest_with(ALL_AGREE)
    seen = set(run.input("events").event_id.to_pandas())
    assert "E902" not in seen and {"E0", "E901"} <= seen


def test_where_nobody_agrees_the_run_stops(ingest_with, change_customers):
    change_customers(agrees="granted")
    with pytest.raises(InputError, match="no row of 'customers' may be used"):
        ingest_with(ALL_AGREE)


@pytest.mark.parametrize("yes", ["1.0", "J", "TRUE ", 1])
def test_consent_is_understood_however_it_is_spelt(ingest_with, change_customers, yes):
    change_customers(agrees=[yes if n < 100 else None for n in range(301)])
    run = ingest_with(ALL_AGREE)
    assert int(run.input("customers").count().execute()) == 100


def add_missing(client: Path) -> None:
    text = client.read_text(encoding="utf-8")
    client.write_text(
        text.replace("path: customers.csv", "path: customers.csv\n    add_missing_from: transactions")
    )


def test_customers_who_are_added_keep_their_orders_rules(client, ingest_with):
    """Old order lines name nobody; consent to what is read before the customers cannot be looked up."""
    add_missing(client)
    file = client.parent / "lines.csv"
    lines = pd.read_csv(file)
    old = lines.head(1).assign(client="C9999", sold="2024-01-02 09:00:00")
    pd.concat([lines, old]).to_csv(file, index=False)
    keep = "table: transactions, fields: [all], purposes: [segmentation], basis: contract, keep_days: 90"
    run = ingest_with(keep, ENRICHMENT)
    assert "C9999" not in set(run.input("customers").customer_id.to_pandas())
    assert int(run.input("tickets", purpose="enrichment").count().execute()) == 20
    asks = f"table: transactions, fields: [discount], purposes: [segmentation], {BY_CONSENT}"
    with pytest.raises(InputError, match="have agreed to nothing"):
        ingest_with(asks)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("table: customers, fields: [income], purposes: [identity], basis: consent, consent: phone", "phone"),
        (
            "table: source_records, fields: [all], purposes: [identity], basis: contract, keep_days: 9",
            "updated_at",
        ),
    ],
)
def test_a_condition_on_a_column_that_is_not_there_is_refused(client, ingest_with, line, column):
    (client.parent / "records.csv").write_text("source,record_id,name\nCRM,1,Ada\n")
    text = client.read_text(encoding="utf-8").replace(
        "tables:\n", "tables:\n  source_records: {path: records.csv}\n", 1
    )
    client.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=f"rests on the column '{column}', which the source does not have"):
        ingest_with(line)


def test_a_table_of_which_no_column_may_be_used_is_no_input(client, ingest_with):
    (client.parent / "budgets.csv").write_text("item,amount\nfair,5\n")
    text = client.read_text(encoding="utf-8").replace(
        "tables:\n", "tables:\n  budgets: {path: budgets.csv}\n", 1
    )
    client.write_text(text, encoding="utf-8")
    line = "table: budgets, fields: [item, amount], purposes: [], basis: none"
    assert not ingest_with(line).has_input("budgets")


def test_a_changed_consent_is_a_changed_source(ingest_with, change_customers):
    run = ingest_with(ENRICHMENT.replace("basis: contract", BY_CONSENT))
    change_customers(agrees="no")
    with pytest.raises(InputError, match="the source of 'customers' is not the one"):
        run.input("tickets", purpose="enrichment")


def test_a_definition_cannot_rest_on_a_table_for_other_purposes(client, ingest_with):
    text = client.read_text(encoding="utf-8")
    stated = "definitions: {active_customer: {Service: count(tickets.ticket_id) > 0}}\nprivacy:"
    client.write_text(text.replace("privacy:", stated), encoding="utf-8")
    with pytest.raises(InputError, match="'ticket_id' of 'tickets' may not be used to segment"):
        ingest_with(ENRICHMENT)
