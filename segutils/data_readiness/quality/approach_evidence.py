"""How much is known of each customer: orders, attributes, campaigns, survey answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils import schemas

BEHAVIOURAL, NEEDS, DEMOGRAPHIC, RESPONSE = "behavioural", "needs-based", "demographic", "response-based"
APPROACHES = (BEHAVIOURAL, NEEDS, DEMOGRAPHIC, RESPONSE)
RESPONSE_VARIABLES = 2  # campaigns received, share answered
EVENTS = {BEHAVIOURAL: "orders", NEEDS: "items", DEMOGRAPHIC: "filled", RESPONSE: "received"}
KNOWN = ("orders", "active_share", "filled", "received", "answered", "items")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One row per customer with what is known of them, and what holds for all of them together.

    `customers` has ``orders``, ``active_share`` (of quarters), ``filled`` (attributes), ``received``,
    ``answered`` (campaigns) and ``items`` (survey). `variables` and `history_days` are per approach.
    """

    customers: pd.DataFrame
    variables: Mapping[str, int]
    history_days: Mapping[str, float]


def build_evidence(
    customers: ir.Table,
    transactions: ir.Table,
    *,
    as_of: date,
    exposures: ir.Table | None = None,
    campaigns: ir.Table | None = None,
    survey: ir.Table | None = None,
    protected: Sequence[str] = (),
    variables_planned: int = 10,
) -> Evidence:
    """What is known of each customer: orders, attributes, campaigns, survey answers?

    Parameters
    ----------
    customers : ibis table
        ``customer_id`` and attributes.
    transactions : ibis table
        ``customer_id, order_id, ordered_on``.
    as_of : datetime.date
    exposures : ibis table, optional
        ``customer_id, campaign_id, responded``.
    campaigns : ibis table, optional
        ``campaign_id, started_on``.
    survey : ibis table, optional
        ``respondent_id, item, answer, customer_id``.
    protected : sequence of str
        Attributes that must not shape a segment: they do not count as data.
    variables_planned : int
        Behavioural variables that the segmentation will use.

    Returns
    -------
    Evidence
    """
    quarter = transactions.ordered_on.year() * 4 + transactions.ordered_on.quarter()
    orders = transactions.group_by("customer_id").aggregate(
        orders=transactions.order_id.nunique(), quarters=quarter.nunique()
    )
    span = transactions.aggregate(
        first=transactions.ordered_on.min(), last=transactions.ordered_on.max(), quarters=quarter.nunique()
    )
    (whole,) = span.to_pyarrow().to_pylist()
    attributes = list_attributes(customers, protected)
    filled = sum((customers[name].notnull().cast("int64") for name in attributes), ibis.literal(0))
    parts = [customers.select("customer_id", filled=filled).to_pandas(), orders.to_pandas()]
    variables = {BEHAVIOURAL: variables_planned, DEMOGRAPHIC: len(attributes), NEEDS: 0, RESPONSE: 0}
    history = {BEHAVIOURAL: (whole["last"] - whole["first"]).days + 1.0, RESPONSE: 0.0}
    if exposures is not None and "responded" in exposures.columns:
        received = exposures.group_by("customer_id").aggregate(
            received=exposures.campaign_id.nunique(), answered=exposures.responded.cast("int64").sum()
        )
        parts.append(received.to_pandas())
        variables[RESPONSE] = RESPONSE_VARIABLES
        if campaigns is not None and "started_on" in campaigns.columns:
            run = campaigns.filter(campaigns.campaign_id.isin(exposures.campaign_id)).started_on
            first = run.min().to_pyarrow().as_py()
            history[RESPONSE] = (as_of - first).days + 1.0 if first else 0.0
    if survey is not None and "customer_id" in survey.columns:
        given = survey.filter(survey.customer_id.notnull() & survey.answer.notnull())
        parts.append(given.group_by("customer_id").aggregate(items=given.item.nunique()).to_pandas())
        variables[NEEDS] = int(survey.item.nunique().to_pyarrow().as_py())
    frame = parts[0]
    for part in parts[1:]:
        frame = frame.merge(part, on="customer_id", how="left")
    frame = frame.reindex(
        columns=["customer_id", "filled", "orders", "quarters", "received", "answered", "items"]
    )
    frame = frame.sort_values("customer_id", ignore_index=True).fillna(dict.fromkeys(frame.columns[1:], 0))
    frame["active_share"] = frame.quarters / max(whole["quarters"], 1)
    return Evidence(customers=frame, variables=variables, history_days=history)


def list_attributes(customers: ir.Table, protected: Sequence[str] = ()) -> list[str]:
    """The columns of customers that describe them: not identifying, no dates, no costs, not protected."""
    known = schemas.TABLES["customers"].by_name
    not_describing = {name for name, column in known.items() if column.identifying or column.type == "date"}
    not_describing |= {"acquisition_cost", "sales_segment", "strategy_segment", *protected}
    return [c for c in customers.columns if c not in not_describing and not c.startswith("consent_")]


def measure_approaches(
    evidence: Evidence, *, min_orders: int = 3, rows: np.ndarray | None = None
) -> pd.DataFrame:
    """How much is there for each approach?

    Parameters
    ----------
    evidence : Evidence
    min_orders : int
        A customer with fewer orders has no behaviour to compare.
    rows : array of int, optional
        Positions of the customers to count (a resample); all of them otherwise.

    Returns
    -------
    pandas.DataFrame
        ``approach, customers_with_data, coverage, variables, customers_per_variable, history_days`` (NaN: not
        needed), ``events_per_customer`` (median of those with data), ``empty_share`` (of the cells of those
        with data), one row per approach.
    """
    frame = evidence.customers
    value = {c: frame[c].to_numpy(float) for c in KNOWN}
    if rows is not None:
        value = {name: values[rows] for name, values in value.items()}
    total = len(value["orders"])
    has = {
        BEHAVIOURAL: value["orders"] >= min_orders,
        NEEDS: value["items"] > 0,
        DEMOGRAPHIC: value["filled"] > 0,
        RESPONSE: value["received"] > 0,
    }
    found = []
    for approach in APPROACHES:
        with_data, variables = has[approach], evidence.variables[approach]
        count = int(with_data.sum())
        found.append(
            {
                "approach": approach,
                "customers_with_data": count,
                "coverage": count / total,
                "variables": variables,
                "customers_per_variable": count / variables if variables else 0.0,
                "history_days": evidence.history_days.get(approach, np.nan),
                "events_per_customer": float(np.median(value[EVENTS[approach]][with_data])) if count else 0.0,
                "empty_share": _empty_share(approach, value, with_data, variables) if count else 1.0,
            }
        )
    return pd.DataFrame(found)


def _empty_share(approach: str, value: dict[str, np.ndarray], with_data: np.ndarray, variables: int) -> float:
    match approach:
        case "behavioural":  # quarters without an order
            return float(1 - value["active_share"][with_data].mean())
        case "response-based":  # campaigns without an answer
            return float(1 - value["answered"][with_data].sum() / value["received"][with_data].sum())
        case "needs-based":
            return float(1 - value["items"][with_data].mean() / variables)
        case _:
            return float(1 - value["filled"][with_data].mean() / variables)
