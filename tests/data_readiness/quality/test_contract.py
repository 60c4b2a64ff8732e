"""The data report against hand-worked counts."""

from datetime import date

import pandas as pd
import pytest

from segutils.data_readiness.quality.contract import check_contract

COUNTS = pd.DataFrame(
    [("customers", 200, 200, 0, 3, "csv", 0), ("transactions", 1000, 992, 8, 0, "csv", 0)],
    columns=["table", "rows_in", "rows_used", "rows_set_aside", "rows_added", "read_as", "rows_withheld"],
)
FAULT_COLUMNS = ["table", "column", "rule", "severity", "treatment", "rows", "share", "examples", "fix"]
FAULTS = pd.DataFrame(
    [
        ("transactions", "product_id", "not in products", "flag", "kept", 12, 0.012, "x", "send"),
        ("transactions", "net_revenue", "missing", "set_aside", "row set aside", 8, 0.008, "y", "fill"),
        ("transactions", "quantity", "above 9", "blank", "cell left empty", 30, 0.03, "z", "units"),
    ],
    columns=FAULT_COLUMNS,
)
DAY = date(2024, 12, 31)


def test_counts_add_up_in_headline_and_notes():
    finding = check_contract(COUNTS, FAULTS, as_of=DAY, last_day=DAY)
    assert finding.status == "pass"
    # 1,192 of 1,200 = 99.33 %
    assert finding.headline == "1,192 of 1,200 rows (99.3 %) are used and 8 set aside, each with its reason."
    assert "transactions: 1,000 rows in = 992 used + 8 set aside (read as csv)." in finding.notes
    assert finding.notes[2].startswith("3 customers without a record were added")


def test_of_many_tables_those_without_loss_share_a_line():
    more = pd.DataFrame([(f"t{n}", 10, 10, 0, 0, "csv", 0) for n in range(6)], columns=COUNTS.columns)
    notes = check_contract(pd.concat([COUNTS, more]), FAULTS, as_of=DAY).notes
    assert notes[:3] == (
        "customers: 200 rows in = 200 used + 0 set aside (read as csv).",  # three more were added
        "transactions: 1,000 rows in = 992 used + 8 set aside (read as csv).",
        "6 further tables: 60 rows in, all used (t0, t1, t2, t3, t4, t5).",
    )


def test_the_review_lists_the_worst_first_with_examples_and_fix():
    gap = ("customers", "email", "empty", "gap", "cell is empty", 30, 0.15, "row 2: email is empty", "fill")
    faults = pd.concat([FAULTS, pd.DataFrame([gap], columns=FAULT_COLUMNS)])
    finding = check_contract(COUNTS, faults, as_of=DAY)
    assert finding.table["severity"].tolist() == ["error", "warning", "warning", "note"]
    assert finding.table["where"].tolist() == [
        *("transactions.net_revenue", "transactions.quantity", "transactions.product_id"),
        "customers.email",
    ]
    assert finding.table.iloc[0][["rows", "examples", "fix"]].tolist() == [8, "y", "fill"]
    assert finding.status == "pass"  # 15 % of e-mails are empty, the limit is 20 %
    assert [need.table for need in finding.needs] == ["products"]


@pytest.mark.parametrize(
    ("aside", "status"),
    [(10, "pass"), (11, "caution"), (50, "caution"), (51, "fail")],
)
def test_thresholds_are_met_at_the_limit_and_broken_above(aside, status):
    counts = COUNTS.assign(rows_set_aside=[0, aside], rows_used=[200, 1000 - aside])
    finding = check_contract(counts, FAULTS.iloc[:0], as_of=DAY)
    assert finding.status == status
    assert ("cannot be used (limit 1 %)" in finding.headline) == (status != "pass")


def test_a_frequent_flag_and_old_data_are_said():
    flagged = check_contract(COUNTS, FAULTS.assign(share=[0.2, 0.008, 0.03]), as_of=DAY)
    assert (
        flagged.status == "caution"
        and "20.0 % of transactions are marked “not in products” (product_id)" in flagged.headline
    )
    old = check_contract(COUNTS, FAULTS, as_of=DAY, last_day=date(2024, 11, 29))
    assert old.status == "caution" and "32 days older than the stated last day" in old.headline
    fresh = check_contract(COUNTS, FAULTS, as_of=DAY, last_day=date(2024, 11, 30))
    assert fresh.status == "pass"


def test_gaps_are_said_above_their_limit():
    gap = ("customers", "email", "empty", "gap", "cell is empty", 50, 0.25, "row 2: email is empty", "fill")
    finding = check_contract(COUNTS, pd.DataFrame([gap], columns=FAULT_COLUMNS), as_of=DAY)
    assert finding.status == "caution" and "25 % of customers have no email" in finding.headline


def test_a_fatal_fault_fails_the_contract_where_the_run_went_on():
    fatal = FAULTS.iloc[:1].assign(severity="fatal", share=0.6, rows=600)
    finding = check_contract(COUNTS, pd.concat([fatal, FAULTS]), as_of=DAY)
    assert finding.status == "fail" and finding.table["severity"][0] == "fatal"
    assert finding.headline.startswith("The data have 1 fatal fault and were used all the same: 1,192 of")


def test_one_page_holds_the_worst_and_counts_the_rest():
    many = pd.concat([FAULTS.iloc[:1].assign(share=n / 1000) for n in range(15)], ignore_index=True)
    finding = check_contract(COUNTS, many, as_of=DAY)
    assert len(finding.table) == 10 and finding.notes[0].startswith("Not on this page: 5 warnings.")


def test_rows_withheld_are_part_of_the_sum():
    counts = COUNTS.assign(rows_used=[150, 992], rows_withheld=[50, 0])
    finding = check_contract(counts, FAULTS, as_of=DAY)
    assert "50 withheld for want of consent or for their age" in finding.headline
    assert "customers: 200 rows in = 150 used + 0 set aside + 50 withheld (read as csv)." in finding.notes


def test_without_faults_the_counts_are_the_evidence():
    counts = COUNTS.assign(rows_set_aside=0, rows_used=COUNTS.rows_in)
    finding = check_contract(counts, FAULTS.iloc[:0], as_of=DAY)
    assert finding.headline == "All 1,200 rows are used." and finding.table.equals(counts)
    assert not finding.figures and not finding.needs


def test_counts_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match="1200 rows in are not 1191 used, 8 set aside and 0 withheld"):
        check_contract(COUNTS.assign(rows_used=[200, 991]), FAULTS, as_of=DAY)


def test_on_the_small_client(small_run):
    finding = check_contract(small_run.input_counts(), small_run.input_faults(), as_of=small_run.as_of)
    assert finding.status == "pass" and finding.headline.startswith("All ")


# what the simulated client's tables were spoilt with, and the rule that has to find it
FOUND_AS = {
    ("customers", "email", "missing"): "empty",
    ("customers", "industry", "missing"): "empty",
    ("customers", "postcode", "missing"): "empty",
    ("customers", "employees", "missing"): "empty",
    ("customers", "employees", "impossible"): "below 0",
    ("customers", "latitude", "swapped"): "latitude and longitude are exchanged",
    ("customers", "", "repeated"): "same row again (customer_id)",
    ("transactions", "product_id", "missing"): "empty",
    ("transactions", "net_revenue", "missing"): "missing",
    ("transactions", "customer_id", "orphan"): "not in customers",
    ("transactions", "product_id", "orphan"): "not in products",
    ("transactions", "ordered_at", "late"): "after 2025-12-31",
    ("transactions", "quantity", "decimal slip"): "above 999",
    ("transactions", "currency", "other currency"): ("the line is in another currency than the engagement"),
    ("events", "customer_id", "orphan"): "not in customers",
    ("events", "occurred_at", "late"): "after 2025-12-31",
    ("exposures", "", "repeated"): "same row again (customer_id and campaign_id)",
    ("tickets", "text", "missing"): "empty",
    ("tickets", "product_id", "orphan"): "not in products",
    ("tickets", "resolved_at", "reversed"): "the ticket is resolved before it is opened",
    ("opportunities", "amount", "missing"): "missing",
    ("opportunities", "closed_at", "reversed"): "the opportunity closes before it opens",
}


@pytest.mark.parametrize(("table", "column", "kind"), FOUND_AS)
def test_every_planted_fault_is_counted(manufacturer, table, column, kind):
    planted = manufacturer.planted("faults").query("table == @table and column == @column and kind == @kind")
    faults = manufacturer.run.input_faults()
    rule = FOUND_AS[table, column, kind]
    known = faults[(faults.table == table) & (faults.rule == rule)]
    found = known[known["column"] == column] if column else known
    assert planted.rows_hit.item() > 0 or found.empty
    assert found.rows.sum() == planted.rows_hit.sum()


def test_answers_that_cannot_be_read_are_counted_but_for_words_among_words(manufacturer):
    """Placeholders are found in every item, and words where the item's answers are numbers."""
    planted = manufacturer.planted("faults").query("table == 'survey'").rows_hit.item()
    survey = manufacturer.table("survey")
    hidden = ((survey["item"] == "role") & (survey.answer == "see note")).sum()
    faults = manufacturer.run.input_faults().query("table == 'survey' and column == 'answer'")
    set_aside = manufacturer.run.input_counts().set_index("table").rows_set_aside["survey"]
    assert set(faults.rule) == {
        "a placeholder, not a value",
        "no number, as the other answers to the item are",
    }
    assert set_aside == planted - hidden


def test_misspelt_categories_are_counted_but_for_spaces_which_are_dropped(manufacturer):
    """Of five kinds of misspelling two only put spaces around the value; reading takes these away."""
    planted = manufacturer.planted("faults").query("kind == 'misspelt'").set_index("column").rows_hit
    faults = manufacturer.run.input_faults().query("rule == 'misspelt'").set_index("column").rows
    for column in ("industry", "country"):
        error = (0.6 * 0.4 * planted[column]) ** 0.5  # of a binomial count with three in five
        assert abs(faults[column] - 0.6 * planted[column]) < 4 * error


def test_the_null_client_has_gaps_and_returns_but_no_fault(null_manufacturer):
    faults = null_manufacturer.run.input_faults()
    assert set(faults.severity) <= {"gap", "flag"}
    assert set(faults.query("severity == 'flag'").rule) <= {"negative revenue: read as a return or credit"}
