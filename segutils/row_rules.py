"""The rules of the data contract that look at a whole row (a column's own range stands with the column)."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from segutils.table_schema import Context, Rule, Severity

if TYPE_CHECKING:
    import ibis.expr.types as ir


def in_order(first: str, then: str, words: str, *, severity: Severity = "flag") -> Rule:
    """The rule that one moment doesn't lie before another: ``ended_at`` not before ``started_at``."""
    return Rule(
        name=f"{then} before {first}",
        column=then,
        words=words,
        severity=severity,
        fix=f"correct {first} or {then}",
        broken=lambda t, context: t[then] < t[first],
        needs=(first, then),
    )


def one_given(column: str, choices: tuple[str, ...], words: str) -> Rule:
    """The rule that a row fills at least one of these columns; `column` is a required one that carries it."""

    def broken(t: ir.Table, context: Context) -> ir.BooleanValue:
        empty = [t[name].isnull() for name in choices if name in t.columns]
        return reduce(and_, empty, t[column].notnull())

    return Rule(
        name=f"neither {' nor '.join(choices)}",
        column=column,
        words=words,
        severity="set_aside",
        fix=f"map {' or '.join(choices)}, and fill one of them",
        broken=broken,
    )


def _is_exchanged(t: ir.Table, context: Context) -> ir.BooleanValue:
    """Far from the mean place of the row's country as it stands, near it the other way round."""
    latitude = t.latitude.mean().over(group_by=t.country)
    longitude = t.longitude.mean().over(group_by=t.country)
    here = (t.latitude - latitude).abs() + (t.longitude - longitude).abs()
    turned = (t.longitude - latitude).abs() + (t.latitude - longitude).abs()
    return (t.latitude != t.longitude) & (here > 3 * turned)


def _is_no_number(t: ir.Table, context: Context) -> ir.BooleanValue:
    """No number, where nearly all other answers to the item are numbers."""
    import ibis

    number = t.answer.re_search(r"^\s*-?[0-9]+([.,][0-9]+)?\s*$")
    share = ibis.ifelse(number, 1.0, 0.0).mean().over(group_by=t["item"])
    return ~number & (share > 0.9)


PLACES = (
    Rule(
        name="coordinates exchanged",
        column="latitude",
        words="latitude and longitude are exchanged",
        severity="flag",
        fix="exchange the two in the source system",
        broken=_is_exchanged,
        needs=("longitude", "country"),
    ),
)
TRANSACTIONS = (
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
CAMPAIGNS = (in_order("started_at", "ended_at", "the campaign ends before it starts"),)
CHOICES = (
    Rule(
        name="not one choice",
        column="chosen",
        words="the task has not exactly one chosen alternative",
        severity="set_aside",
        fix="send every alternative of a task, 'none of these' too, with one of them chosen",
        broken=lambda t, context: (
            t.chosen.cast("int64").sum().over(group_by=[t.respondent_id, t.task]).fill_null(0) != 1
        ),
    ),
)
SURVEY = (
    Rule(
        name="no number",
        column="answer",
        words="no number, as the other answers to the item are",
        severity="set_aside",
        fix="export the answers as numbers, and leave a question without answer out",
        broken=_is_no_number,
        needs=("item",),
    ),
)
TICKETS = (
    in_order("opened_at", "first_response_at", "the first response is before the ticket"),
    in_order("opened_at", "resolved_at", "the ticket is resolved before it is opened"),
)
OPPORTUNITIES = (in_order("opened_at", "closed_at", "the opportunity closes before it opens"),)
FEEDBACK = (
    one_given("realism", ("segment", "customer_id"), "the rating names neither segment nor customer"),
)
PRICE_TESTS = (one_given("price", ("customer_id", "cell"), "the price names neither customer nor cell"),)
