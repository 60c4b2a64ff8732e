"""One record per customer: which value of each field survives, and where does it come from?"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from segutils.data_readiness.quality.survivorship import COLUMNS, apply_survivorship

FIRMOGRAPHIC: Sequence[str] = ("industry", "country", "region", "employees", "annual_revenue")


def build_golden_record(
    records: ir.Table | None,
    entities: pd.DataFrame,
    rules: pd.DataFrame,
    *,
    fields: Sequence[str] = FIRMOGRAPHIC,
) -> pd.DataFrame:
    """What is known of each customer once its records are one, and which system says so?

    Parameters
    ----------
    records : ibis.Table, optional
        ``source, record_id``, `fields` and, where given, ``updated_at``.
    entities : pandas.DataFrame
        ``source, record_id, entity_id``.
    rules : pandas.DataFrame
        ``field, rule, sources, owner``: the survivorship that the client stated; see
        :func:`segutils.data_readiness.quality.survivorship.apply_survivorship`. A field without a rule takes
        its most recent value.
    fields : sequence of str
        None of those by which a person or firm is known: the result is for every notebook.

    Returns
    -------
    pandas.DataFrame
        ``entity_id, field, value, source, record_id, updated_at, rule, candidates, distinct_values``: the
        lineage of each value, one row per entity and field with any value. Values are text.
    """
    columns = ["entity_id", *COLUMNS[1:]]
    if records is None or entities.empty:
        return pd.DataFrame(columns=columns)
    held = [field for field in fields if field in records.columns]
    dated = ["updated_at"] if "updated_at" in records.columns else []
    numbers = {
        field: records[field].cast("float64")
        for field in held
        if isinstance(records[field], ibis.expr.types.NumericValue)
    }
    cells = records.select("source", "record_id", *dated, *held).mutate(**numbers).to_pandas()
    grouped = cells.merge(entities, on=["source", "record_id"]).rename(columns={"entity_id": "group_id"})
    kept = rules[rules["field"].isin(held)] if len(rules) else rules
    golden = apply_survivorship(grouped, kept)
    golden["value"] = [_write_value(value) for value in golden["value"]]
    return golden.rename(columns={"group_id": "entity_id"})[columns]


def count_lineage(golden: pd.DataFrame) -> pd.DataFrame:
    """Which system do the golden record's values come from, and how often was there a choice?

    Parameters
    ----------
    golden : pandas.DataFrame
        From :func:`build_golden_record`.

    Returns
    -------
    pandas.DataFrame
        ``field, rule, entities, contested_share`` (of entities with differing values) and a share per source,
        one row per field.
    """
    if golden.empty:
        return pd.DataFrame(columns=["field", "rule", "entities", "contested_share"])
    by_field = golden.groupby("field", sort=False)
    table = by_field.agg(
        rule=("rule", "first"),
        entities=("entity_id", "nunique"),
        contested_share=("distinct_values", lambda counts: float((counts > 1).mean())),
    )
    shares = golden.groupby(["field", "source"], sort=False).size().unstack(fill_value=0)
    shares = shares.div(shares.sum(axis=1), axis=0).sort_index(axis=1).add_prefix("from_")
    return table.join(shares).reset_index()


def _write_value(value: object) -> str:
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)
