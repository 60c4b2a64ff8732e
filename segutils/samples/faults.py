"""Dirt: quality faults put into the clean tables at known rates.

Each fault is a kind, a table, a column and a rate; a row has one fault at most. Which one depends on seed,
table and row number alone. Faults come last: what was planted in the clean tables stays true of them, and
what the faults did is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from segutils.errors import InputError
from segutils.samples.making import Making

# Kind → what the cell becomes. {value} is the column; h gives random numbers.
CELLS: Mapping[str, str] = {
    "missing": "null",
    "orphan": "concat({value}, '-X')",
    "late": "{value} + to_days(1100 + floor(u2(h) * 400)::int)",
    "decimal slip": "{value} * 1000",
    "impossible": "-abs({value})",
    "other currency": "'USD'",
    "misspelt": "list_extract([upper({value}), lower({value}), concat({value}, ' '), concat('  ', {value}), "
    "concat({value}[1:4], '.')], 1 + floor(u2(h) * 5)::int)",
    "unreadable": "list_extract(['n/a', '?', '#REF!', 'see note'], 1 + floor(u2(h) * 4)::int)",
    "swapped": "{other}",
    "reversed": "{other} - to_days(1 + floor(u2(h) * 30)::int)",
}
ROWS = ("repeated", "conflicting")  # the row comes again: as it is, or with another value in the column
KINDS = (*CELLS, *ROWS)
COUNTS: Mapping[str, str] = {
    "table": "str",
    "column": "str",
    "kind": "str",
    "rate_planned": "float64",
    "rows_hit": "int64",
    "rows_total": "int64",
    "net_revenue_hit": "float64",
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault: its kind, where it is, and how often in the default client (share of rows)."""

    kind: str
    table: str
    column: str = ""
    rate: float
    other: str = ""


FAULTS = (
    Fault(kind="missing", table="customers", column="email", rate=0.06),
    Fault(kind="missing", table="customers", column="industry", rate=0.04),
    Fault(kind="missing", table="customers", column="postcode", rate=0.02),
    Fault(kind="missing", table="customers", column="employees", rate=0.05),
    Fault(kind="misspelt", table="customers", column="industry", rate=0.03),
    Fault(kind="misspelt", table="customers", column="country", rate=0.02),
    Fault(kind="decimal slip", table="customers", column="employees", rate=0.002),
    Fault(kind="impossible", table="customers", column="employees", rate=0.003),
    Fault(kind="swapped", table="customers", column="latitude", other="longitude", rate=0.005),
    Fault(kind="unreadable", table="customers", column="signup_date", rate=0.0),
    Fault(kind="repeated", table="customers", rate=0.001),
    Fault(kind="conflicting", table="customers", column="employees", rate=0.0005),
    Fault(kind="missing", table="transactions", column="product_id", rate=0.004),
    Fault(kind="missing", table="transactions", column="net_revenue", rate=0.0004),
    Fault(kind="orphan", table="transactions", column="customer_id", rate=0.0008),
    Fault(kind="orphan", table="transactions", column="product_id", rate=0.002),
    Fault(kind="late", table="transactions", column="ordered_at", rate=0.0002),
    Fault(kind="decimal slip", table="transactions", column="quantity", rate=0.0003),
    Fault(kind="other currency", table="transactions", column="currency", rate=0.0005),
    Fault(kind="unreadable", table="transactions", column="net_revenue", rate=0.0),
    Fault(kind="repeated", table="transactions", rate=0.001),
    Fault(kind="orphan", table="events", column="customer_id", rate=0.003),
    Fault(kind="late", table="events", column="occurred_at", rate=0.0005),
    Fault(kind="repeated", table="exposures", rate=0.002),
    Fault(kind="missing", table="tickets", column="text", rate=0.01),
    Fault(kind="orphan", table="tickets", column="product_id", rate=0.004),
    Fault(kind="reversed", table="tickets", column="resolved_at", other="opened_at", rate=0.005),
    Fault(kind="missing", table="opportunities", column="amount", rate=0.003),
    Fault(kind="reversed", table="opportunities", column="closed_at", other="opened_at", rate=0.004),
    Fault(kind="unreadable", table="survey", column="answer", rate=0.004),
)


def set_rates(rates: Mapping[str, float] | None, *, null: bool = False) -> tuple[Fault, ...]:
    """Which faults does a client get?

    Parameters
    ----------
    rates : mapping of str to float, optional
        Kind → share of rows, for all faults of that kind; kinds that are not named keep their own rates.
        An empty mapping means no faults at all.
    null : bool
        The null client is clean unless rates are stated.

    Returns
    -------
    tuple of Fault
        Those with a rate above 0.

    Raises
    ------
    InputError
        A kind is not known, a rate is not a share, or the rates of a table add up to more than 1.
    """
    if rates is None:
        return () if null else tuple(fault for fault in FAULTS if fault.rate)
    for kind, rate in rates.items():
        if kind not in KINDS:
            fix = f"use one of: {', '.join(KINDS)}"
            raise InputError(f"there is no fault '{kind}'", where="--fault", fix=fix)
        if not 0 <= rate <= 1:
            what = f"the rate of '{kind}' is {rate:g}"
            raise InputError(what, where="--fault", fix="state a share of rows from 0 to 1")
    if not rates:
        return ()
    stated = [
        Fault(kind=f.kind, table=f.table, column=f.column, rate=rates.get(f.kind, f.rate), other=f.other)
        for f in FAULTS
    ]
    for table in dict.fromkeys(fault.table for fault in stated):
        if (total := sum(fault.rate for fault in stated if fault.table == table)) > 1:
            what = f"the faults of '{table}' add up to {total:g} of its rows, and a row has one fault at most"
            raise InputError(what, where="--fault", fix="lower the rates")
    return tuple(fault for fault in stated if fault.rate)


def count_faults(making: Making, faults: Sequence[Fault]) -> None:
    """How many rows does each fault hit? Leaves ``truth.faults``, with the net revenue of lines hit."""
    rows = []
    for table in dict.fromkeys(fault.table for fault in faults):
        mine = _list_faults(table, faults)
        amount = "sum(net_revenue)" if table == "transactions" else "null"
        found = making.ask(f"""
            select fault, count(*) as rows_hit, {amount}::double as net_revenue_hit
            from ({_marked(table, mine)}) group by fault""").set_index("fault")
        for number, fault in enumerate(mine):
            hit = found.loc[number] if number in found.index else {"rows_hit": 0, "net_revenue_hit": None}
            row = {"table": table, "column": fault.column, "kind": fault.kind, "rate_planned": fault.rate}
            rows.append({**row, **dict(hit), "rows_total": int(found.rows_hit.sum())})
    frame = pd.DataFrame(rows, columns=list(COUNTS))
    making.truth("faults", frame.astype(COUNTS))
    making.plant(
        "Faults in the tables",
        "After everything else was drawn, cells and rows were spoilt at the rates of `faults`; a row has "
        "one fault at most. The truth of all other pages is that of the clean tables: rows that are set "
        "aside for a fault are missing from sums over what the client gives (`net_revenue_hit` says how "
        "much of it stands on lines that were hit)."
        if faults
        else "The tables are clean.",
        tables=" ".join(dict.fromkeys(fault.table for fault in faults)),
        truth="faults",
        capabilities="contract quality-gates cleansing-budget",
    )


def spoil_sql(making: Making, table: str, faults: Sequence[Fault]) -> str:
    """The query that reads a clean table with its faults; rows keep their order, repeated ones follow."""
    mine = _list_faults(table, faults)
    if not mine:
        return f"select * from client.{table}"
    again = [number for number, fault in enumerate(mine) if fault.kind in ROWS]
    twice = f"if(fault in ({', '.join(map(str, again))}), [false, true], [false])" if again else "[false]"
    columns = making.ask(f"describe client.{table}").column_name
    cells = [_spoil(column, mine) for column in columns]
    return f"""select {", ".join(cells)}
        from (select *, unnest({twice}) as again from ({_marked(table, mine)}))"""


def _list_faults(table: str, faults: Sequence[Fault]) -> list[Fault]:
    return [fault for fault in faults if fault.table == table]


def _marked(table: str, faults: Sequence[Fault]) -> str:
    """The clean rows with ``fault``, the number of the one that hits the row, and random bits ``h``."""
    cases, edge = [], 0.0
    for number, fault in enumerate(faults):
        edge += fault.rate
        # a cell that is empty already cannot be spoilt: such a row goes unhurt
        outcome = f"if({fault.column} is null, null, {number})" if fault.column else str(number)
        cases.append(f"when u1(h) < {edge} then {outcome}")
    return f"""select *, case {" ".join(cases)} end as fault from (
        select * exclude (place), draw('faults {table}', place) as h from draft.placed_{table})"""


def _spoil(column: str, faults: Sequence[Fault]) -> str:
    """The column, spoilt where a fault hits it; a column with unreadable cells becomes text."""
    mine = [(number, fault) for number, fault in enumerate(faults) if fault.column == column]
    text = "::varchar" if any(fault.kind == "unreadable" for _, fault in mine) else ""
    cases = []
    for number, fault in mine:
        if fault.kind in CELLS:
            value = CELLS[fault.kind].format(value=column, other=fault.other)
            cases.append(f"when fault = {number} then ({value}){text}")
        elif fault.kind == "conflicting":
            cases.append(f"when fault = {number} and again then ({column} + 7){text}")
    turned = [
        (n, fault.column)
        for n, fault in enumerate(faults)
        if (fault.kind, fault.other) == ("swapped", column)
    ]
    cases += [f"when fault = {number} then {other}" for number, other in turned]
    return f"case {' '.join(cases)} else {column}{text} end as {column}" if cases else column
