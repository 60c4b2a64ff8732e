"""The contract's tables: complete, consistent, and each rule right on rows worked by hand."""

from datetime import datetime
from graphlib import TopologicalSorter

import ibis
import pytest

from segutils import schemas, table_schema
from segutils.capabilities import read_capabilities

CONTEXT = table_schema.Context(as_of_end=datetime(2025, 1, 1), currency="EUR")

# the data contract, table by table: required columns, a bar, the others, a slash where the client may declare
# more; types as in TYPES, text where nothing is said
CONTRACT = """
customers: customer_id | name email phone company industry employees:n annual_revenue:m country region
  postcode latitude:n longitude:n signup_date:d acquisition_channel acquisition_cost:m business_unit
  sales_segment strategy_segment consent_email:f consent_phone:f consent_post:f consent_mail:f
  consent_letter:f consent_sms:f consent_text:f consent_app:f consent_call:f consent_profiling:f /
transactions: customer_id order_id ordered_at:t net_revenue:m | product_id quantity:n discount:m unit_cost:m
  contribution_margin:m channel region store_id currency
products: product_id | category product_line brand business_unit list_price:m unit_cost:m /
source_records: source record_id | name email phone company industry employees:n annual_revenue:m country
  region city street postcode latitude:n longitude:n website updated_at:t true_entity
events: event_id occurred_at:t event_type | customer_id anonymous_id session_id channel value:m
campaigns: campaign_id | channel started_at:t ended_at:t cost:m target_segment /
exposures: customer_id campaign_id arm | assigned_at:t randomised:f responded:f outcome_value:m
touchpoints: customer_id touched_at:t channel | campaign_id cost:m
conversions: customer_id converted_at:t value:m |
geo_outcomes: geo period:d outcome:n | spend:m treated:f
survey: respondent_id item answer | customer_id scale
choice_tasks: respondent_id task alternative chosen:f | price:m customer_id /
interviews: interview_id text | customer_id theme /
tickets: ticket_id opened_at:t | customer_id text product_id priority first_response_at:t resolved_at:t
opportunities: opportunity_id customer_id stage amount:m | opened_at:t closed_at:t won:f reason competitor
  product_id channel rep_id /
reps: rep_id | region capacity:n quota:m specialism
sales_feedback: rep_id realism:n | segment customer_id comment
feature_requests: request_id feature | customer_id requested_at:t
features: feature | effort:n feasibility:n depends_on modules
product_usage: customer_id feature uses:n |
market: period:d market_size:m | region industry growth:n provider /
provider_records: provider customer_id field value | cost:m
provider_truth: customer_id field value |
competitor_prices: observed_at:t product_id competitor price:m |
price_tests: price:m quantity:n | customer_id cell product_id tested_on:d randomised:f /
acquisition_targets: target_id | /
pnl: period:d customer_group line amount:m |
costs: period:d pool amount:m | channel segment driver
budgets: item amount:m | owner horizon
previous_segments: customer_id segment |
"""
TYPES = {"": "string", "n": "float64", "m": "decimal(18, 4)", "d": "date", "t": "timestamp", "f": "boolean"}
LINES = dict(line.split(": ", 1) for line in CONTRACT.strip().replace("\n  ", " ").splitlines())


def read_columns(text: str) -> dict[str, str]:
    parts = (word.partition(":") for word in text.split())
    return {name: TYPES[type_] for name, _, type_ in parts}


def test_every_table_of_the_contract_is_there():
    assert list(schemas.TABLES) == list(LINES)


@pytest.mark.parametrize("table", LINES)
def test_columns_and_their_types(table):
    required, _, others = LINES[table].rstrip("/").partition("|")
    schema = schemas.TABLES[table]
    types = {column.name: column.type for column in schema.columns}
    assert types == read_columns(required) | read_columns(others)
    assert set(schema.required) == set(read_columns(required))
    assert schema.extra == LINES[table].endswith("/")


@pytest.mark.parametrize("schema", schemas.TABLES.values(), ids=schemas.TABLES)
def test_each_table_is_consistent(schema):
    names = [column.name for column in schema.columns]
    assert len(set(names)) == len(names)
    assert set(schema.key) <= set(schema.required)
    for column in schema.columns:
        ibis.dtype(column.type)
        table, _, target = column.references.partition(".")
        assert not column.references or schemas.TABLES[table].key == (target,)
        assert column.type in ("date", "timestamp") or not column.past
    for rule in schema.rules:
        assert rule.column in names and set(rule.needs) <= set(names)
        assert rule.severity in table_schema.TREATMENTS and rule.fix


def test_references_lead_nowhere_in_a_circle():
    TopologicalSorter({name: schema.refers_to for name, schema in schemas.TABLES.items()}).prepare()
    # whatever completes the customers is checked before them, and so is what it refers to
    assert not any(
        "customers" in schemas.TABLES[n].refers_to for n in ("products", "campaigns", "reps", "features")
    )


def test_every_question_asks_for_tables_of_the_contract():
    asked = {table for capability in read_capabilities() for table in capability.tables}
    assert asked <= set(schemas.TABLES)


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
    assert broken("campaigns", "ended_at before started_at", started_at=days, ended_at=days[::-1]) == [
        False,
        True,
    ]


def test_names_of_local_dates():
    assert table_schema.local_date_name("ordered_at") == "ordered_on"
    assert table_schema.moments(schemas.TABLES["campaigns"]) == ("started_at", "ended_at")


def test_a_choice_task_has_exactly_one_choice():
    # respondent a: one choice; b: two; c: none
    respondents, chosen = list("aabbcc"), [True, False, True, True, False, False]
    cells = {"respondent_id": respondents, "task": ["1"] * 6, "chosen": chosen}
    assert broken("choice_tasks", "not one choice", **cells) == [False, False, True, True, True, True]


def test_a_rating_names_a_segment_or_a_customer():
    rule, segment, customer = "neither segment nor customer_id", ["Labs", None, None], [None, "A1", None]
    both = {"realism": [4.0, 2.0, 5.0], "segment": segment, "customer_id": customer}
    assert broken("sales_feedback", rule, **both) == [False, False, True]
    assert broken("sales_feedback", rule, realism=[4.0, 2.0], segment=["Labs", None]) == [False, True]
    assert broken("sales_feedback", rule, realism=[4.0]) == [True]


def test_a_ticket_is_answered_after_it_is_opened():
    hours = [datetime(2024, 1, 1, 8), datetime(2024, 1, 1, 9)]
    rule = "first_response_at before opened_at"
    assert broken("tickets", rule, opened_at=hours, first_response_at=hours[::-1]) == [False, True]
