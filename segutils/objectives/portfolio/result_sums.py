"""What each customer adds to the measures of key results: sums only, so any set of customers has one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from segutils.findings import Need
from segutils.statistics.two_years import begin_year, sum_two_years

CHANNEL_SHARE = "revenue_share_"
GROUPED = "in "  # before a column of customers, which may be called as a sum is: market, margin, customers
TOP_SHARE = "top_share"  # of the largest group: no sum over customers


@dataclass(frozen=True, kw_only=True)
class ResultMeasure:
    """A measure that key results may name.

    Parameters
    ----------
    above, below : str
        Sums over customers; the measure is one over the other, or `above` itself where `below` is empty.
    format : str
    words : str
        What to call it in a sentence.
    weight : str
        The sum by which the measures of parts make that of the whole, where it is not `below`: next year's
        growth counts by this year's revenue, and who is kept next year by those who bought this year.
    unit : str
        Format of a gap times its weight, for measures that are a ratio.
    of : str
        What that is, in words: a gap of growth is lacking ``revenue``; empty where it is nothing to speak of.
    better : str
        ``higher`` or ``lower``.
    need : Need, optional
        What to ask for where it is not known.
    """

    above: str
    below: str
    format: str
    words: str
    weight: str = ""
    unit: str = "money"
    of: str = "revenue"
    better: str = "higher"
    need: Need | None = None


def _need(question: str, table: str, columns: tuple[str, ...] = ()) -> Need:
    return Need(question=question, table=table, columns=columns)


KNOWN = {
    "revenue_growth": ResultMeasure(
        above="revenue_gain",
        below="revenue_before",
        weight="revenue_now",
        format="change",
        words="growth of revenue on the year",
    ),
    "net_revenue": ResultMeasure(above="revenue_now", below="", format="money", words="net revenue a year"),
    "customers": ResultMeasure(above="bought_now", below="", format="count", words="customers who bought"),
    "retention_rate": ResultMeasure(
        above="kept",
        below="bought_before",
        weight="bought_now",
        unit="count",
        of="customers",
        format="share",
        words="last year's customers who bought again",
    ),
    "margin_rate": ResultMeasure(
        above="margin",
        below="margin_of",
        format="share",
        words="contribution margin",
        of="margin",
        need=_need("What does each order line earn?", "transactions", ("contribution_margin",)),
    ),
    "market_share": ResultMeasure(
        above="market_own",
        below="market",
        format="share",
        words="share of the market",
        need=_need("How large are the markets?", "market", ("period", "market_size")),
    ),
    "reach": ResultMeasure(
        above="may_write",
        unit="count",
        of="customers",
        below="asked",
        format="share",
        words="customers who may be written to",
        need=_need("Who may be written to?", "customers", ("consent_email",)),
    ),
    "win_rate": ResultMeasure(
        above="won",
        unit="count",
        of="deals",
        below="decided",
        format="share",
        words="deals won",
        need=_need("Which opportunities were won?", "opportunities", ("customer_id", "won")),
    ),
    "quote_days": ResultMeasure(
        above="quote_days",
        below="quotes",
        of="",
        format="number:1",
        words="days until the quote",
        better="lower",
        need=_need(
            "How long did customers wait for a quote?",
            "opportunities",
            ("customer_id", "opened_at", "quote_days"),
        ),
    ),
}


def find_measure(name: str) -> ResultMeasure | None:
    """What a key result's measure is made of; None where this playbook does not know it."""
    if name.startswith(CHANNEL_SHARE):
        channel = name.removeprefix(CHANNEL_SHARE)
        return ResultMeasure(
            above=f"revenue of {channel}",
            below="revenue_now",
            format="share",
            words=f"share of revenue through {channel}",
            need=_need(f"Which orders came through {channel}?", "transactions", ("channel",)),
        )
    return KNOWN.get(name)


def name_measure(name: str) -> str:
    """What to call a measure in a sentence, known or not."""
    if name == TOP_SHARE:
        return "the largest group's share of revenue"
    return m.words if (m := find_measure(name)) else name.replace("_", " ")


def build_result_sums(
    customers: ir.Table,
    transactions: ir.Table,
    *,
    as_of: date,
    columns: Sequence[str] = (),
    figures: pd.DataFrame | None = None,
    opportunities: ir.Table | None = None,
) -> pd.DataFrame:
    """What does each customer add to the measures of key results, this year and the year before?

    Parameters
    ----------
    customers : ibis table
        ``customer_id`` and `columns`.
    transactions : ibis table
        ``customer_id, ordered_on, net_revenue``; optional ``channel``.
    as_of : datetime.date
        Last day of this year.
    columns : sequence of str
        Columns of customers by which key results choose theirs.
    figures : pandas.DataFrame, optional
        ``customer_id`` and sums behind margin, market, reach and wins, as
        :class:`~segutils.statistics.customer_figures.CustomerFigures` has them.
    opportunities : ibis table, optional
        ``customer_id, opened_on`` and ``quote_days``.

    Returns
    -------
    pandas.DataFrame
        One row per customer: ``customer_id``, ``in <column>`` (text; of `columns`), ``revenue_now,
        revenue_before, revenue_gain, bought_now, bought_before, kept``, ``revenue of <channel>``,
        ``quote_days, quotes`` and those of `figures`; sums of what is not known are absent. Who has nothing
        of it has 0.
    """
    chosen = list(dict.fromkeys(c for c in columns if c in customers.columns and c != "customer_id"))
    people = customers.select("customer_id", **{f"{GROUPED}{c}": customers[c] for c in chosen}).to_pandas()
    base = people.sort_values("customer_id", kind="stable").drop_duplicates("customer_id", ignore_index=True)
    groups = [f"{GROUPED}{c}" for c in chosen]
    base[groups] = base[groups].apply(_write_values)
    first = begin_year(as_of)
    parts = [sum_two_years(transactions, as_of=as_of)]
    if "channel" in transactions.columns:
        parts.append(_sum_channels(transactions.filter(transactions.ordered_on.between(first, as_of))))
    if opportunities is not None and {"quote_days", "opened_on"} <= set(opportunities.columns):
        quoted = opportunities.filter(
            opportunities.quote_days.notnull()
            & opportunities.customer_id.notnull()
            & opportunities.opened_on.between(first, as_of)
        )
        found = quoted.group_by("customer_id").aggregate(
            quote_days=quoted.quote_days.cast("float64").sum(), quotes=quoted.count().cast("float64")
        )
        parts.append(found.to_pandas())
    if figures is not None:
        parts.append(figures.drop(columns=["customers", "net_revenue"], errors="ignore"))
    for part in parts:
        base = base.merge(part, on="customer_id", how="left")
    numbers = base.columns.drop(["customer_id", *groups])
    base[numbers] = base[numbers].astype(float).fillna(0.0)
    return base.assign(revenue_gain=base.revenue_now - base.revenue_before)


def _sum_channels(lines: ir.Table) -> pd.DataFrame:
    told = lines.filter(lines.channel.notnull())
    table = told.group_by("customer_id", "channel").aggregate(revenue=told.net_revenue.sum().cast("float64"))
    wide = table.to_pandas().pivot(index="customer_id", columns="channel", values="revenue")
    return wide.add_prefix("revenue of ").rename_axis(columns=None).reset_index()


def _write_values(values: pd.Series) -> pd.Series:
    """Values as the engagement file writes them: ``3`` and not ``3.0`` where some are missing."""
    whole = pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all()
    told = values.dropna().astype(int) if whole else values.dropna()
    return told.astype(str).reindex(values.index).astype(object)


def weigh_result(sums: pd.DataFrame, members: np.ndarray, name: str) -> float:
    """By how much do these customers count when the measure of the whole is made; 1 where it is a sum."""
    measure = find_measure(name)
    if measure is None or not measure.below:
        return 1.0
    column = measure.weight or measure.below
    return float(sums.loc[members, column].sum()) if column in sums.columns else float("nan")


def share_result(sums: pd.DataFrame, members: np.ndarray, whole: np.ndarray, name: str) -> float:
    """Share of what a measure is made of that these customers have of the `whole`; NaN where not known."""
    measure = find_measure(name)
    column = (measure.weight or measure.below or measure.above) if measure else ""
    if column not in sums.columns:
        return float("nan")
    total = float(sums.loc[whole, column].sum())
    return float(sums.loc[members & whole, column].sum()) / total if total > 0 else float("nan")


def choose_customers(sums: pd.DataFrame, column: str, value: str) -> np.ndarray:
    """Whom a key result is about: True per customer; everybody where it names no column, nobody where that
    column is not known.
    """
    if not column:
        return np.ones(len(sums), dtype=bool)
    if f"{GROUPED}{column}" not in sums.columns:
        return np.zeros(len(sums), dtype=bool)
    return (sums[f"{GROUPED}{column}"] == value).to_numpy(dtype=bool)


def measure_result(sums: pd.DataFrame, members: np.ndarray, name: str) -> float:
    """The measure's value today for these customers; NaN where it is not known or nobody counts."""
    measure = find_measure(name)
    if measure is None or not {measure.above, measure.below} - {""} <= set(sums.columns):
        return float("nan")
    above = float(sums.loc[members, measure.above].sum())
    if not measure.below:
        return above
    below = float(sums.loc[members, measure.below].sum())
    return above / below if below > 0 else float("nan")
