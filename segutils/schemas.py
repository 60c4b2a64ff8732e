"""The tables of the data contract: what a client can give, and what one row of each is."""

from functools import partial

from segutils import row_rules
from segutils.table_schema import (
    DATE,
    FLAG,
    MONEY,
    NUMBER,
    TIME,
    Column,
    Rule,
    TableSchema,
    columns,
    reference,
)

_required = partial(columns, required=True)
_filled = partial(columns, filled=True)
_CONTACT = ("identity",)  # what names a person or an address serves to tell records apart, nothing else
_WORDS = ("enrichment",)  # what people wrote is read once, redacted, and kept as numbers only


def _table(
    name: str,
    row: str,
    *groups: tuple[Column, ...],
    key: str = "",
    extra: bool = False,
    rules: tuple[Rule, ...] = (),
) -> TableSchema:
    flat = tuple(column for group in groups for column in group)
    return TableSchema(name=name, row=row, columns=flat, key=tuple(key.split()), rules=rules, extra=extra)


# a row that is about a customer is no use without one; elsewhere an unknown customer is only counted
_OF_CUSTOMER = reference("customers.customer_id", required=True, severity="set_aside", identifying=True)
_CUSTOMER = reference("customers.customer_id", identifying=True)
_PRODUCT = reference("products.product_id")
_CAMPAIGN = reference("campaigns.campaign_id")
_PLACE = (
    *columns("latitude", NUMBER, low=-90, high=90, identifying=True),
    *columns("longitude", NUMBER, low=-180, high=180, identifying=True),
)

_CUSTOMER_TABLES = (
    _table(
        "customers",
        "a customer or account",
        _required("customer_id", identifying=True),
        _filled("name email phone company", identifying=True, purposes=_CONTACT),
        _filled("postcode", identifying=True),
        _filled("industry country region acquisition_channel", category=True),
        _filled("business_unit sales_segment strategy_segment", category=True),
        _filled("employees", NUMBER, low=0),
        _filled("annual_revenue", MONEY),
        _PLACE,
        columns("signup_date", DATE, filled=True),
        columns("acquisition_cost", MONEY, low=0),
        columns("consent_email consent_phone consent_post consent_mail consent_letter consent_sms", FLAG),
        columns("consent_text consent_app consent_call consent_profiling", FLAG),
        key="customer_id",
        extra=True,
        rules=row_rules.PLACES,
    ),
    _table(
        "transactions",
        "an order line",
        _OF_CUSTOMER,
        _required("order_id"),
        _required("ordered_at", TIME, past=True),
        _required("net_revenue", MONEY),
        reference("products.product_id", filled=True),
        columns("quantity", NUMBER),
        columns("discount", MONEY),
        columns("unit_cost", MONEY, low=0),
        columns("contribution_margin", MONEY),
        columns("channel region store_id currency"),
        rules=row_rules.TRANSACTIONS,
    ),
    _table(
        "products",
        "a product",
        _required("product_id"),
        _filled("category product_line", category=True),
        columns("brand business_unit", category=True),
        columns("list_price unit_cost", MONEY, low=0),
        key="product_id",
        extra=True,
    ),
    _table(
        "source_records",
        "a customer's record in one source system, before linking",
        _required("source"),
        _required("record_id", identifying=True),
        _filled("name email phone company", identifying=True, purposes=_CONTACT),
        _filled("industry country region", category=True),
        _filled("city"),
        _filled("street website", identifying=True, purposes=_CONTACT),
        _filled("postcode", identifying=True),
        _filled("employees", NUMBER, low=0),
        _filled("annual_revenue", MONEY),
        _PLACE,
        columns("updated_at", TIME, past=True, filled=True),
        columns("true_entity", identifying=True),
        key="source record_id",
        rules=row_rules.PLACES,
    ),
    _table(
        "events",
        "a behavioural event",
        _required("event_id"),
        _required("occurred_at", TIME, past=True),
        _required("event_type"),
        _CUSTOMER,
        columns("anonymous_id session_id", identifying=True),
        columns("channel"),
        columns("value", MONEY),
        key="event_id",
    ),
)

_MARKETING_TABLES = (
    _table(
        "campaigns",
        "a campaign",
        _required("campaign_id"),
        columns("channel target_segment"),
        columns("started_at ended_at", TIME),
        columns("cost", MONEY, low=0),
        key="campaign_id",
        extra=True,
        rules=row_rules.CAMPAIGNS,
    ),
    _table(
        "exposures",
        "a customer in a campaign or experiment arm",
        _OF_CUSTOMER,
        reference("campaigns.campaign_id", required=True),
        _required("arm"),
        columns("assigned_at", TIME, past=True),
        columns("randomised responded", FLAG),
        columns("outcome_value", MONEY),
        key="customer_id campaign_id",
    ),
    _table(
        "touchpoints",
        "a marketing touch",
        _OF_CUSTOMER,
        _required("touched_at", TIME, past=True),
        _required("channel"),
        _CAMPAIGN,
        columns("cost", MONEY, low=0),
    ),
    _table(
        "conversions",
        "a conversion",
        _OF_CUSTOMER,
        _required("converted_at", TIME, past=True),
        _required("value", MONEY),
    ),
    _table(
        "geo_outcomes",
        "a region in a period",
        _required("geo"),
        _required("period", DATE, past=True),
        _required("outcome", NUMBER),
        columns("spend", MONEY, low=0),
        columns("treated", FLAG),
        key="geo period",
    ),
)

_VOICE_TABLES = (
    _table(
        "survey",
        "a respondent's item answer",
        _required("respondent_id", identifying=True),
        _required("item answer"),
        _CUSTOMER,
        columns("scale"),
        key="respondent_id item",
        rules=row_rules.SURVEY,
    ),
    _table(
        "choice_tasks",
        "an alternative in a choice task",
        _required("respondent_id", identifying=True),
        _required("task alternative"),
        _required("chosen", FLAG),
        columns("price", MONEY, low=0),
        _CUSTOMER,
        key="respondent_id task alternative",
        extra=True,
        rules=row_rules.CHOICES,
    ),
    _table(
        "interviews",
        "a coded passage of an interview",
        _required("interview_id"),
        _required("text", identifying=True, purposes=_WORDS),
        _CUSTOMER,
        columns("theme"),
        extra=True,
    ),
    _table(
        "tickets",
        "a support ticket, call or note",
        _required("ticket_id"),
        _required("opened_at", TIME, past=True),
        _CUSTOMER,
        _filled("text", identifying=True, purposes=_WORDS),
        _PRODUCT,
        columns("priority"),
        columns("first_response_at resolved_at", TIME, past=True),
        key="ticket_id",
        rules=row_rules.TICKETS,
    ),
)

_SALES_TABLES = (
    _table(
        "opportunities",
        "a sales opportunity",
        _required("opportunity_id"),
        _OF_CUSTOMER,
        _required("stage"),
        _required("amount", MONEY),
        columns("opened_at", TIME, past=True),
        columns("closed_at", TIME),  # of an open one the day that is expected
        columns("won", FLAG),
        columns("reason competitor"),
        _PRODUCT,
        columns("channel"),
        reference("reps.rep_id", identifying=True),
        key="opportunity_id",
        extra=True,
        rules=row_rules.OPPORTUNITIES,
    ),
    _table(
        "reps",
        "a sales person",
        _required("rep_id", identifying=True),
        columns("region specialism"),
        columns("capacity", NUMBER, low=0),
        columns("quota", MONEY, low=0),
        key="rep_id",
    ),
    _table(
        "sales_feedback",
        "a sales person's rating of a segment or customer",
        reference("reps.rep_id", required=True, identifying=True),
        _required("realism", NUMBER),
        columns("segment"),
        _CUSTOMER,
        columns("comment", identifying=True, purposes=_WORDS),
        rules=row_rules.FEEDBACK,
    ),
)

_PRODUCT_TABLES = (
    _table(
        "feature_requests",
        "a request for a feature",
        _required("request_id"),
        reference("features.feature", required=True),
        _CUSTOMER,
        columns("requested_at", TIME, past=True),
        key="request_id",
    ),
    _table(
        "features",
        "a feature of the product, built or asked for",
        _required("feature"),
        columns("effort", NUMBER, low=0),
        columns("feasibility", NUMBER, low=0, high=1),
        columns("depends_on modules"),
        key="feature",
    ),
    _table(
        "product_usage",
        "a customer's use of a feature",
        _OF_CUSTOMER,
        reference("features.feature", required=True),
        _required("uses", NUMBER, low=0),
        key="customer_id feature",
    ),
)

_MARKET_TABLES = (
    _table(
        "market",
        "a market cell, such as a region and an industry, in a period",
        _required("period", DATE),
        _required("market_size", MONEY, low=0),
        columns("region industry"),
        columns("growth", NUMBER),
        columns("provider"),
        extra=True,
    ),
    _table(
        "provider_records",
        "what a data provider returned for a field of a customer",
        _required("provider"),
        _OF_CUSTOMER,
        _required("field"),
        _required("value", identifying=True),
        columns("cost", MONEY, low=0),
        key="provider customer_id field",
    ),
    _table(
        "provider_truth",
        "the right value of a field, checked by hand for a sample of customers",
        _OF_CUSTOMER,
        _required("field"),
        _required("value", identifying=True),
        key="customer_id field",
    ),
    _table(
        "competitor_prices",
        "an observed price of a competitor",
        _required("observed_at", TIME, past=True),
        reference("products.product_id", required=True),
        _required("competitor"),
        _required("price", MONEY, low=0),
    ),
    _table(
        "price_tests",
        "a price of a test or of natural variation, and what it sold",
        _required("price", MONEY, low=0),
        _required("quantity", NUMBER, low=0),
        _CUSTOMER,
        columns("cell"),
        _PRODUCT,
        columns("tested_on", DATE, past=True),
        columns("randomised", FLAG),
        extra=True,
        rules=row_rules.PRICE_TESTS,
    ),
    _table(
        "acquisition_targets",
        "a company that could be bought",
        _required("target_id"),
        key="target_id",
        extra=True,
    ),
)

_FINANCE_TABLES = (
    _table(
        "pnl",
        "an amount that finance reported for a customer group",
        _required("period", DATE, past=True),
        _required("customer_group line"),
        _required("amount", MONEY),
    ),
    _table(
        "costs",
        "a cost pool in a period",
        _required("period", DATE, past=True),
        _required("pool"),
        _required("amount", MONEY),
        columns("channel segment driver"),
    ),
    _table(
        "budgets",
        "a planned amount",
        _required("item"),
        _required("amount", MONEY),
        columns("owner horizon"),
    ),
)

# a run's own result, given back to the next one
_PREVIOUS = _table(
    "previous_segments",
    "a customer's segment in the solution before this one",
    _OF_CUSTOMER,
    _required("segment"),
    key="customer_id",
)

TABLES: dict[str, TableSchema] = {
    schema.name: schema
    for schema in (
        *_CUSTOMER_TABLES,
        *_MARKETING_TABLES,
        *_VOICE_TABLES,
        *_SALES_TABLES,
        *_PRODUCT_TABLES,
        *_MARKET_TABLES,
        *_FINANCE_TABLES,
        _PREVIOUS,
    )
}
NEEDED: tuple[str, ...] = ("customers", "transactions")
