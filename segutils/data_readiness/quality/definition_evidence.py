"""Whom each department's definition names: today, and on an earlier day whose future is known by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd

from segutils import schemas
from segutils.condition_checks import CUSTOMERS, Checked, check_condition
from segutils.conditions import build_conditions, list_kinds
from segutils.errors import InputError
from segutils.expressions import ExpressionError, read_condition
from segutils.table_schema import local_date_name, moments

YEAR = 365  # days over which a customer's revenue is counted


@dataclass(frozen=True, kw_only=True)
class Memberships:
    """Whom each definition names, with what these customers brought before and after.

    Parameters
    ----------
    members : pandas.DataFrame
        ``term, department, condition``, ``column`` (of `now` and `then`), ``inputs`` (a tuple of the columns
        it reads), ``known_share`` (0-1: how far these are filled and reach back).
    now : pandas.DataFrame
        One row per customer: ``customer_id, revenue`` (net, of the year before) and a boolean per definition.
    then : pandas.DataFrame or None
        The same customers `horizon_days` earlier, and ``existed`` (was a customer by then), ``ordered_next``,
        ``revenue_next`` (in the days since); None where the data do not reach back.
    horizon_days : int
    """

    members: pd.DataFrame
    now: pd.DataFrame
    then: pd.DataFrame | None
    horizon_days: int

    @property
    def terms(self) -> list[str]:
        """The words that are defined, in the order of the engagement file."""
        return self.members.term.drop_duplicates().tolist()


def list_tables(definitions: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Which tables do the definitions look into, order lines included?

    Parameters
    ----------
    definitions : mapping of str to mapping of str to str
        Term → department → condition, as the engagement file states them.

    Returns
    -------
    list of str
    """
    named = {"transactions": None}
    for conditions in definitions.values():
        for text in conditions.values():
            named |= dict.fromkeys(name.partition(".")[0] for name in _columns_of(text) if "." in name)
    return [name for name in named if name != CUSTOMERS]


def build_memberships(
    definitions: Mapping[str, Mapping[str, str]],
    *,
    customers: ir.Table,
    tables: Mapping[str, ir.Table],
    as_of: date,
    horizon_days: int = 180,
) -> Memberships:
    """Whom does each department name, today and on an earlier day?

    Parameters
    ----------
    definitions : mapping of str to mapping of str to str
        Term → department → condition.
    customers : ibis.Table
        ``customer_id``, optional ``signup_date``, and what the conditions name.
    tables : mapping of str to ibis.Table
        Those of :func:`list_tables`; ``transactions`` with ``customer_id, ordered_on, net_revenue``.
    as_of : datetime.date
    horizon_days : int
        How far the earlier day lies back.

    Returns
    -------
    Memberships

    Raises
    ------
    InputError
        A condition cannot be computed on these tables.
    """
    if horizon_days < 1:
        raise InputError(
            f"a horizon of {horizon_days} days has no future to look at",
            where="parameter horizon_days",
            fix="give at least 1, as a rule a half-year or a year",
        )
    dates = {name: dated for name, table in tables.items() if (dated := find_date(name, table))}
    kinds = list_kinds({CUSTOMERS: customers, **tables})
    checked = {
        (term, department): _check(text, kinds, place=f"definitions.{term}.{department}")
        for term, conditions in definitions.items()
        for department, text in conditions.items()
    }
    names = [f"definition_{number}" for number in range(len(checked))]
    texts = {name: condition.text for name, condition in zip(names, checked.values(), strict=True)}
    for condition, place in zip(checked.values(), checked, strict=True):
        undated = [m.table for m in condition.measures if m.days and m.table not in dates]
        if undated:
            raise InputError(
                f"'{condition.text}' looks back over {undated[0]}, whose rows have no time here",
                where=f"engagement file, definitions.{'.'.join(place)}",
                fix="map the table's column of time, or leave out days",
            )
    known = _measure_known(customers, tables, list(checked.values()), as_of=as_of, dates=dates)
    members = pd.DataFrame(
        {
            "term": [term for term, _ in checked],
            "department": [department for _, department in checked],
            "column": names,
            "condition": list(texts.values()),
            "inputs": [condition.inputs for condition in checked.values()],
            "known_share": [min((known[m] for m in _list_sources(c)), default=1.0) for c in checked.values()],
        }
    )

    def look(day: date) -> pd.DataFrame:
        found = build_conditions(texts, customers=customers, tables=tables, as_of=day, dates=dates)
        facts = _build_facts(customers, tables["transactions"], day=day, horizon_days=horizon_days)
        frame = found.to_pandas().merge(facts, on="customer_id", how="left")
        return frame.sort_values("customer_id", ignore_index=True)

    earlier = as_of - timedelta(days=horizon_days)
    first = tables["transactions"].ordered_on.min().to_pyarrow().as_py()
    reaches = first is not None and first <= earlier - timedelta(days=horizon_days)
    return Memberships(
        members=members,
        now=look(as_of)[["customer_id", "revenue", *names]],
        then=look(earlier) if reaches else None,
        horizon_days=horizon_days,
    )


def find_date(name: str, table: ir.Table) -> str | None:
    """The column with the day of a table's rows: of its first moment, else its first past date; or None."""
    schema = schemas.TABLES.get(name)
    if schema is None:
        return None
    local = [local_date_name(moment) for moment in moments(schema)]
    plain = [column.name for column in schema.columns if column.type == "date" and column.past]
    return next((column for column in [*local, *plain] if column in table.columns), None)


def _build_facts(
    customers: ir.Table, transactions: ir.Table, *, day: date, horizon_days: int
) -> pd.DataFrame:
    """What each customer brought in the year up to a day, and did in the days after it."""
    until = day + timedelta(days=horizon_days)
    lines = transactions
    after = (lines.ordered_on > day) & (lines.ordered_on <= until)
    before = lines.ordered_on.between(day - timedelta(days=YEAR - 1), day)
    sums = lines.group_by("customer_id").aggregate(
        revenue=lines.net_revenue.sum(where=before).coalesce(0).cast("float64"),
        revenue_next=lines.net_revenue.sum(where=after).coalesce(0).cast("float64"),
        ordered_next=lines.net_revenue.max(where=after).coalesce(0).cast("float64"),
        first_on=lines.ordered_on.min(),
    )
    names = [column for column in ("customer_id", "signup_date") if column in customers.columns]
    frame = customers.select(*names).to_pandas().merge(sums.to_pandas(), on="customer_id", how="left")
    starts = [pd.to_datetime(frame[c]) for c in ("first_on", "signup_date") if c in frame]
    frame["existed"] = pd.concat(starts, axis=1).min(axis=1) <= pd.Timestamp(day)
    frame = frame.fillna({"revenue": 0.0, "revenue_next": 0.0, "ordered_next": 0.0})
    frame["ordered_next"] = frame.ordered_next > 0  # a return alone is no order
    return frame[["customer_id", "revenue", "existed", "ordered_next", "revenue_next"]]


def _list_sources(condition: Checked) -> list[tuple[str, str, int]]:
    own = [(CUSTOMERS, column, 0) for column in condition.columns]
    return own + [(m.table, "", m.days) for m in condition.measures]


def _measure_known(
    customers: ir.Table,
    tables: Mapping[str, ir.Table],
    conditions: Sequence[Checked],
    *,
    as_of: date,
    dates: Mapping[str, str],
) -> dict[tuple[str, str, int], float]:
    """How far is what the conditions read there: columns filled, rows reaching back as far as they look?"""
    wanted = dict.fromkeys(source for condition in conditions for source in _list_sources(condition))
    columns = list(dict.fromkeys(column for table, column, _ in wanted if table == CUSTOMERS))
    shares: dict[tuple[str, str, int], float] = {}
    if columns:
        counts = {f"column_{n}": customers[column].count() for n, column in enumerate(columns)}
        (row,) = customers.aggregate(rows=customers.count(), **counts).to_pyarrow().to_pylist()
        for n, column in enumerate(columns):
            shares[CUSTOMERS, column, 0] = row[f"column_{n}"] / max(row["rows"], 1)
    for name in dict.fromkeys(table for table, _, _ in wanted if table != CUSTOMERS):
        rows = tables[name].filter(tables[name].customer_id.notnull())
        first = rows[dates[name]].min() if name in dates else ibis.null("date")
        (row,) = rows.aggregate(rows=rows.count(), first=first).to_pyarrow().to_pylist()
        reach = (as_of - row["first"]).days + 1 if row["first"] else 0
        for _, _, days in [source for source in wanted if source[0] == name]:
            share = min(1.0, reach / days) if days else 1.0
            shares[name, "", days] = share if row["rows"] else 0.0
    return shares


def _check(text: str, kinds: Mapping[str, Mapping[str, str]], *, place: str) -> Checked:
    try:
        return check_condition(text, kinds)
    except ExpressionError as error:
        raise InputError(error.what, where=f"engagement file, {place}", fix=error.fix) from None


def _columns_of(text: str) -> Sequence[str]:
    return read_condition(text).columns
