"""Segments where the customers' data are: the same rule as a query in any of five dialects.

A rule is one expression; :mod:`ibis` writes it in each dialect. What makes engines differ is kept out of it:
every number is cast to a double before it is compared or multiplied, nothing is divided, and an unknown value
is answered with no everywhere.
"""

from collections.abc import Sequence
from types import MappingProxyType

import ibis
import ibis.expr.types as ir
import sqlglot
from sqlglot import exp

from segutils.errors import InputError
from segutils.methodology.profiles.nearest_centre import weigh_features
from segutils.methodology.profiles.rules import Answer, Rule, list_questions
from segutils.statistics.segment_model import NO_PURCHASES, SegmentModel

DIALECTS = MappingProxyType(
    {
        "duckdb": "duckdb",
        "postgresql": "postgres",
        "spark": "databricks",
        "bigquery": "bigquery",
        "snowflake": "snowflake",
    }
)
READ_BY = MappingProxyType({"postgresql": "postgres"})  # what sqlglot calls a dialect, where it differs
BEYOND = 1e300  # no distance is; a missing value's distance is not below it either


def assign_by_rule_sql(customers: ir.Table, rule: Rule, *, buyers_only: bool = False) -> ir.Table:
    """Which segment does the rule give each customer, computed where the table is?

    Parameters
    ----------
    customers : ibis.Table
        ``customer_id`` and the rule's fields; with `buyers_only` also ``has_purchases``.
    rule : Question or Answer
    buyers_only : bool
        Customers without purchases are in ``none``, whatever the rule says.

    Returns
    -------
    ibis.Table
        ``customer_id, segment``.
    """
    segment = _express(customers, rule)
    if buyers_only:
        bought = customers["has_purchases"].fill_null(False)
        segment = ibis.cases((bought, segment), else_=NO_PURCHASES)
    return customers.select("customer_id", segment=segment)


def measure_distances_sql(customers: ir.Table, model: SegmentModel) -> ir.Table:
    """How far is each customer from each segment's centre, less what is the same for all segments?

    Parameters
    ----------
    customers : ibis.Table
        ``customer_id, has_purchases`` and the model's features in raw units.
    model : SegmentModel

    Returns
    -------
    ibis.Table
        ``customer_id, has_purchases, to_1, to_2 ...``: the squared distance on the scaled axes minus the
        customer's own squared length, a weighted sum of the transformed features.
    """
    weights = weigh_features(model)
    axes = {
        name: _transform(customers[name].cast("float64"), how)
        for name, how in zip(model.scaling.features, model.scaling.transforms, strict=True)
    }
    distances = {}
    for number, row in enumerate(weights.itertuples(index=False), start=1):
        total = ibis.literal(float(row.constant), "float64")
        for name, weight in zip(model.scaling.features, row.weights, strict=True):
            total = total + axes[name] * float(weight)
        distances[f"to_{number}"] = total
    bought = customers["has_purchases"].fill_null(False)
    return customers.select("customer_id", has_purchases=bought, **distances)


def assign_nearest_sql(distances: ir.Table, names: Sequence[str]) -> ir.Table:
    """Which segment's centre is nearest?

    Parameters
    ----------
    distances : ibis.Table
        From :func:`measure_distances_sql`.
    names : sequence of str
        The model's segments, in order.

    Returns
    -------
    ibis.Table
        ``customer_id, segment``; ``none`` without purchases, empty where a feature is unknown. Of two centres
        equally near the first one, as in :func:`segutils.statistics.segment_model.assign_customers`.
    """
    columns = [f"to_{n}" for n in range(1, len(names) + 1)]
    branches = [(~distances["has_purchases"], ibis.literal(NO_PURCHASES))]
    for name, column in zip(names, columns, strict=True):
        nearest = distances[column] < BEYOND
        for other in columns:
            if other != column:
                nearest = nearest & (distances[column] <= distances[other])
        branches.append((nearest, ibis.literal(name)))
    segment = ibis.cases(*branches, else_=ibis.null("string"))
    return distances.select("customer_id", segment=segment)


def write_rule_sql(rule: Rule, *, dialect: str, table: str, buyers_only: bool = False) -> str:
    """The rule as a query on `table` in one of :data:`DIALECTS`."""
    numbers = {q.field: q.at_most is not None for q in list_questions(rule)}
    # whatever type a number has there: declared as whole, so that the query casts it
    columns = {name: "int64" if number else "string" for name, number in numbers.items()}
    columns = {"customer_id": "string", **({"has_purchases": "boolean"} if buyers_only else {}), **columns}
    customers = ibis.table(columns, name=table)
    return _write(assign_by_rule_sql(customers, rule, buyers_only=buyers_only), dialect).sql(
        dialect=_reader(dialect), pretty=True
    )


def write_nearest_sql(model: SegmentModel, *, dialect: str, table: str) -> str:
    """The nearest centre as a query on `table` in one of :data:`DIALECTS`."""
    features = dict.fromkeys(model.scaling.features, "int64")
    customers = ibis.table({"customer_id": "string", "has_purchases": "boolean", **features}, name=table)
    inner = measure_distances_sql(customers, model)
    named = ibis.table(inner.schema(), name="distances")
    outer = _write(assign_nearest_sql(named, model.names), dialect)
    whole = outer.with_("distances", as_=_write(inner, dialect), dialect=_reader(dialect))
    return whole.sql(dialect=_reader(dialect), pretty=True)


def _transform(column: ir.FloatingValue, how: str) -> ir.FloatingValue:
    """The feature as distances use it; a logarithm that does not exist is unknown, and stops no query."""
    return ibis.cases((column > -1.0, (column + 1.0).ln())) if how == "log1p" else column


def _express(customers: ir.Table, rule: Rule) -> ir.StringValue:
    branches = []
    while not isinstance(rule, Answer):  # a chain of "else if", as long as the answer is no
        column = customers[rule.field]
        if rule.at_most is not None:
            asked = column.cast("float64") <= ibis.literal(float(rule.at_most), "float64")
        else:
            asked = column == rule.equals
        branches.append((asked, _express(customers, rule.yes)))
        rule = rule.no
    segment = ibis.literal(rule.segment)
    return ibis.cases(*branches, else_=segment) if branches else segment


def _reader(dialect: str) -> str:
    return READ_BY.get(dialect, dialect)


def _write(query: ir.Table, dialect: str) -> exp.Select:
    """The query in a dialect; plain names without quotation marks, which some databases take literally."""
    if dialect not in DIALECTS:
        raise InputError(
            f"there is no dialect {dialect!r}", where="scoring", fix=f"use one of {', '.join(DIALECTS)}"
        )
    text = str(ibis.to_sql(query, dialect=DIALECTS[dialect]))
    tree = sqlglot.parse_one(text, read=_reader(dialect))
    reserved = sqlglot.Dialect.get_or_raise(_reader(dialect)).generator_class.RESERVED_KEYWORDS
    for name in tree.find_all(exp.Identifier):
        plain = name.name.isascii() and name.name.isidentifier() and name.name.islower()
        if plain and name.name not in reserved and name.name.upper() not in reserved:
            name.set("quoted", False)
    return tree
