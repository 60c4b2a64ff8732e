"""What a canonical table looks like: columns, keys, references, and the rules a row must keep.

Everything here is data. The rules are ibis expressions (built by small functions of a table): the same rule
runs in DuckDB and in the client's own database, and all rules of a table are counted in one query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import ibis.expr.types as ir

Severity = Literal["fatal", "set_aside", "blank", "flag"]
TREATMENTS: dict[Severity, str] = {
    "fatal": "the run stops",
    "set_aside": "row set aside, kept in the rejects file",
    "blank": "cell left empty, row kept",
    "flag": "row kept, counted here",
}
MONEY = "decimal(18, 4)"
EARLIEST = datetime(1990, 1, 1)
SOURCE_FIX = "correct it in the source system, or map the right column in the engagement file"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One canonical column.

    Parameters
    ----------
    name : str
    type : str
        An ibis type; ``"any"`` keeps the type of the source.
    required : bool
    references : str
        ``"products.product_id"``: the value must exist there; broken references follow `reference_severity`.
    past : bool
        The moment must lie between 1990 and the engagement's ``as_of``.
    low, high : float, optional
        Outside of these the cell is left empty.
    identifying : bool
        Examples of this column are masked in reports.
    """

    name: str
    type: str = "string"
    required: bool = False
    references: str = ""
    reference_severity: Severity = "flag"
    past: bool = False
    low: float | None = None
    high: float | None = None
    identifying: bool = False


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a rule may compare with besides its own row.

    Parameters
    ----------
    as_of_end : datetime.datetime
        First moment (UTC, naive) after the engagement's last day.
    currency : str
    """

    as_of_end: datetime
    currency: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row rule: an expression that is true for rows that break it, its words, the fix at the source."""

    name: str
    column: str
    words: str
    severity: Severity
    fix: str
    broken: Callable[[ir.Table, Context], ir.BooleanValue]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TableSchema:
    """A canonical table; `extra` says whether the engagement file may declare further columns."""

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    extra: bool = False
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be mapped."""
        return tuple(column.name for column in self.columns if column.required)


def local_date_name(column: str) -> str:
    """Name of the date in the client's zone that goes with a moment: ``ordered_at`` → ``ordered_on``."""
    return f"{column.removesuffix('_at')}_on"


def moments(schema: TableSchema) -> tuple[str, ...]:
    """The columns of a table that hold a moment in UTC."""
    return tuple(column.name for column in schema.columns if column.type == "timestamp")


def _columns(text: str, type_: str = "string", *, identifying: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name=name, type=type_, identifying=identifying) for name in text.split())


def _required(text: str, type_: str = "string") -> tuple[Column, ...]:
    return tuple(Column(name=name, type=type_, required=True) for name in text.split())


def _customer(*, required: bool = True) -> Column:
    return Column(
        name="customer_id",
        required=required,
        references="customers.customer_id",
        reference_severity="set_aside" if required else "flag",
        identifying=True,
    )


_PRODUCT = Column(name="product_id", references="products.product_id")
_TRANSACTION_RULES = (
    Rule(
        name="no purchase",
        column="net_revenue",
        words="the line has neither quantity nor revenue",
        severity="set_aside",
        fix="leave out lines that record no sale (voids, coupon scans), or map the column with the amount",
        broken=lambda t, context: (t.net_revenue == 0) & (t.quantity == 0),
        needs=("quantity",),
    ),
    Rule(
        name="return",
        column="net_revenue",
        words="negative revenue: read as a return or credit",
        severity="flag",
        fix="nothing to do if these are returns; otherwise correct the sign",
        broken=lambda t, context: t.net_revenue < 0,
    ),
    Rule(
        name="other currency",
        column="currency",
        words="the line is in another currency than the engagement",
        severity="set_aside",
        fix="convert the amounts before loading, in a query of this table",
        broken=lambda t, context: t.currency != context.currency,
        needs=("currency",),
    ),
)
_CAMPAIGN_RULES = (
    Rule(
        name="ends before it starts",
        column="ended_at",
        words="the campaign ends before it starts",
        severity="flag",
        fix="correct the dates of the campaign",
        broken=lambda t, context: t.ended_at < t.started_at,
        needs=("started_at", "ended_at"),
    ),
)
_MODEL_TABLES = (
    TableSchema(
        name="customers",
        row="a customer or account",
        key=("customer_id",),
        extra=True,
        columns=(
            Column(name="customer_id", required=True, identifying=True),
            *_columns("name email phone company postcode", identifying=True),
            *_columns(
                "industry country region acquisition_channel business_unit sales_segment strategy_segment"
            ),
            Column(name="employees", type="float64", low=0),
            Column(name="annual_revenue", type=MONEY),
            Column(name="latitude", type="float64", low=-90, high=90, identifying=True),
            Column(name="longitude", type="float64", low=-180, high=180, identifying=True),
            Column(name="signup_date", type="date"),
            Column(name="acquisition_cost", type=MONEY, low=0),
        ),
    ),
    TableSchema(
        name="transactions",
        row="an order line",
        rules=_TRANSACTION_RULES,
        columns=(
            _customer(),
            Column(name="order_id", required=True),
            Column(name="ordered_at", type="timestamp", required=True, past=True),
            Column(name="net_revenue", type=MONEY, required=True),
            _PRODUCT,
            Column(name="quantity", type="float64"),
            Column(name="discount", type=MONEY),
            Column(name="unit_cost", type=MONEY, low=0),
            Column(name="contribution_margin", type=MONEY),
            *_columns("channel region store_id currency"),
        ),
    ),
    TableSchema(
        name="products",
        row="a product",
        key=("product_id",),
        extra=True,
        columns=(
            Column(name="product_id", required=True),
            *_columns("category product_line brand business_unit"),
            Column(name="list_price", type=MONEY, low=0),
            Column(name="unit_cost", type=MONEY, low=0),
        ),
    ),
    TableSchema(
        name="campaigns",
        row="a campaign",
        key=("campaign_id",),
        extra=True,
        rules=_CAMPAIGN_RULES,
        columns=(
            Column(name="campaign_id", required=True),
            *_columns("channel target_segment"),
            *_columns("started_at ended_at", "timestamp"),
            Column(name="cost", type=MONEY, low=0),
        ),
    ),
    TableSchema(
        name="exposures",
        row="a customer in a campaign or experiment arm",
        key=("customer_id", "campaign_id"),
        columns=(
            _customer(),
            Column(name="campaign_id", required=True, references="campaigns.campaign_id"),
            Column(name="arm", required=True),
            Column(name="assigned_at", type="timestamp"),
            *_columns("randomised responded", "boolean"),
            Column(name="outcome_value", type=MONEY),
        ),
    ),
    TableSchema(
        name="previous_segments",
        row="a customer's segment in the solution before this one",
        key=("customer_id",),
        columns=(_customer(), Column(name="segment", required=True)),
    ),
)


def _table(
    name: str, row: str, *columns: Column | tuple[Column, ...], key: str = "", extra: bool = False
) -> TableSchema:
    flat = tuple(c for group in columns for c in (group if isinstance(group, tuple) else (group,)))
    return TableSchema(name=name, row=row, columns=flat, key=tuple(key.split()), extra=extra)


_TIME = "timestamp"
_EVENT_TABLES = (
    _table(
        "events",
        "a behavioural event",
        _required("event_id"),
        Column(name="occurred_at", type=_TIME, required=True, past=True),
        _required("event_type"),
        _customer(required=False),
        _columns("anonymous_id session_id channel"),
        _columns("value", MONEY),
        key="event_id",
    ),
    _table(
        "touchpoints",
        "a marketing touch",
        _customer(),
        Column(name="touched_at", type=_TIME, required=True, past=True),
        _required("channel"),
        _columns("campaign_id"),
        _columns("cost", MONEY),
    ),
    _table(
        "conversions",
        "a conversion",
        _customer(),
        Column(name="converted_at", type=_TIME, required=True, past=True),
        _required("value", MONEY),
    ),
    _table(
        "survey",
        "a respondent's item answer",
        _required("respondent_id item answer"),
        _customer(required=False),
        _columns("scale"),
        key="respondent_id item",
    ),
    _table(
        "tickets",
        "a support ticket, call or note",
        _required("ticket_id"),
        Column(name="opened_at", type=_TIME, required=True, past=True),
        _customer(required=False),
        _columns("text priority"),
        _PRODUCT,
        _columns("first_response_at resolved_at", _TIME),
        key="ticket_id",
    ),
    _table(
        "opportunities",
        "a sales opportunity",
        _required("opportunity_id"),
        _customer(),
        _required("stage"),
        _required("amount", MONEY),
        _columns("opened_at closed_at", _TIME),
        _columns("won", "boolean"),
        _columns("reason competitor channel rep_id"),
        _PRODUCT,
        key="opportunity_id",
    ),
    _table(
        "product_usage",
        "a customer's use of a feature",
        _customer(),
        _required("feature"),
        _required("uses", "float64"),
        key="customer_id feature",
    ),
)

TABLES: dict[str, TableSchema] = {schema.name: schema for schema in (*_MODEL_TABLES, *_EVENT_TABLES)}
NEEDED: tuple[str, ...] = ("customers", "transactions")
