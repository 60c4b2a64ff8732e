"""What a table of the data contract is made of: columns, keys, references, and the rules a row must keep.

Everything here is data. The rules are ibis expressions (built by small functions of a table): the same rule
runs in DuckDB and in the client's own database, and all rules of a table are counted in one query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import ibis.expr.types as ir

Severity = Literal["fatal", "set_aside", "blank", "flag", "gap"]
TREATMENTS: dict[Severity, str] = {
    "fatal": "the run stops",
    "set_aside": "row set aside, kept in the rejects file",
    "blank": "cell left empty, row kept",
    "flag": "row kept, counted here",
    "gap": "cell is empty, row kept",
}
TEXT, NUMBER, FLAG, DATE, TIME, MONEY = "string", "float64", "boolean", "date", "timestamp", "decimal(18, 4)"
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
        The moment or date must lie between 1990 and the engagement's ``as_of``.
    low, high : float, optional
        Outside of these the cell is left empty; where the column is required, the row is set aside.
    identifying : bool
        Examples of this column are masked in reports.
    purposes : tuple of str
        What it may be used for unless the engagement file says otherwise; empty: for anything.
    filled : bool
        An empty cell is a gap: each row should have a value, though it is used without one.
    category : bool
        One of few values, so that a rare value nearly like a frequent one is a misspelling.
    """

    name: str
    type: str = TEXT
    required: bool = False
    references: str = ""
    reference_severity: Severity = "flag"
    past: bool = False
    low: float | None = None
    high: float | None = None
    identifying: bool = False
    purposes: tuple[str, ...] = ()
    filled: bool = False
    category: bool = False


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

    @property
    def refers_to(self) -> tuple[str, ...]:
        """The tables whose keys this one's columns name."""
        named = (column.references.partition(".")[0] for column in self.columns if column.references)
        return tuple(dict.fromkeys(named))


def local_date_name(column: str) -> str:
    """Name of the date in the client's zone that goes with a moment: ``ordered_at`` → ``ordered_on``."""
    return f"{column.removesuffix('_at')}_on"


def time_column(schema: TableSchema) -> str:
    """The moment that dates a row: the required one, else ``updated_at``; empty where a row has none."""
    dated = [c for c in schema.columns if c.type in ("timestamp", "date")]
    found = [c.name for c in dated if c.required] or [c.name for c in dated if c.name == "updated_at"]
    return found[0] if found else ""


def moments(schema: TableSchema) -> tuple[str, ...]:
    """The columns of a table that hold a moment in UTC."""
    return tuple(column.name for column in schema.columns if column.type == "timestamp")


def columns(
    names: str,
    type_: str = TEXT,
    *,
    required: bool = False,
    past: bool = False,
    low: float | None = None,
    high: float | None = None,
    identifying: bool = False,
    purposes: tuple[str, ...] = (),
    filled: bool = False,
    category: bool = False,
) -> tuple[Column, ...]:
    """Columns that are alike in all but their name; `names` is parted by spaces."""
    alike = Column(
        name="",
        type=type_,
        required=required,
        past=past,
        low=low,
        high=high,
        identifying=identifying,
        purposes=purposes,
        filled=filled,
        category=category,
    )
    return tuple(replace(alike, name=name) for name in names.split())


def reference(
    to: str,
    *,
    required: bool = False,
    severity: Severity = "flag",
    identifying: bool = False,
    filled: bool = False,
) -> tuple[Column, ...]:
    """A column that names a row of another table, as ``products.product_id``, and has the key's name."""
    (column,) = columns(to.partition(".")[2], required=required, identifying=identifying, filled=filled)
    return (replace(column, references=to, reference_severity=severity),)
