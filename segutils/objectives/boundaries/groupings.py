"""Which groups does the client have already, and which could be cut by a rule that anybody can follow?

Each grouping belongs to a base: where customers are, who they are, what kind of firm they are, what they did,
what they say they need, or how the client files them already. Nothing is clustered here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import ibis.expr.types as ir
import pandas as pd

from segutils.errors import InputError
from segutils.formats import join_words, label_column
from segutils.objectives.boundaries.behaviour_groups import build_behaviour_groups
from segutils.objectives.boundaries.customer_periods import CustomerPeriods
from segutils.objectives.boundaries.group_rules import (
    BASES,
    BEHAVIOURAL,
    COLUMN,
    DEMOGRAPHIC,
    FIRMOGRAPHIC,
    GEOGRAPHIC,
    OWN,
    Grouping,
    cross_groups,
    cut_edges,
    join_small,
    name_bands,
    put_in_bands,
)
from segutils.objectives.boundaries.needs_groups import build_needs_groups
from segutils.statistics.spellings import harmonise_spelling

COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("country", "region"), GEOGRAPHIC),
    **dict.fromkeys(("age", "gender", "income", "education", "occupation", "marital_status"), DEMOGRAPHIC),
    **dict.fromkeys(("household_size", "home_ownership", "kids_count"), DEMOGRAPHIC),
    **dict.fromkeys(("industry", "employees", "annual_revenue"), FIRMOGRAPHIC),
    "acquisition_channel": BEHAVIOURAL,
    **dict.fromkeys(("business_unit", "sales_segment", "strategy_segment"), OWN),
}
CROSSED = (DEMOGRAPHIC, FIRMOGRAPHIC)  # two columns of one base at once; places lie in each other
WHERE = "1_1_boundaries, parameter"
MAX_GROUPS = 60  # a column with more values (postcodes, towns) is no grouping


def build_groupings(
    customers: ir.Table,
    periods: CustomerPeriods | None,
    *,
    survey: ir.Table | None = None,
    needs_items: Sequence[str] = (),
    protected: Sequence[str] = (),
    bases: Sequence[str] = (),
    cuts: Sequence[str] = (),
    bands: int = 4,
    min_customers: int = 30,
    max_groups: int = MAX_GROUPS,
) -> list[Grouping]:
    """Which groupings are there to choose from, base by base?

    Parameters
    ----------
    customers : ibis table
        ``customer_id`` and the columns of :data:`COLUMNS`; `bases` adds others.
    periods : CustomerPeriods, optional
        Behaviour is that of its first period.
    survey : ibis table, optional
        ``respondent_id, item, answer, customer_id``; optional ``scale``.
    needs_items : sequence of str
        Items that ask for needs; empty: all on the numeric scale that most items have.
    protected : sequence of str
        Columns that must not shape groups; they are never read.
    bases : sequence of str
        Bases of further columns: ``"district: geographic"``.
    cuts : sequence of str
        Lower ends of the bands of a column of numbers, after the first: ``"employees: 50, 250, 1000"``.
    bands : int
        Bands of equal numbers of customers where no cuts are stated.
    min_customers : int
        Smaller groups are put together as others; a grouping needs two groups of this size.
    max_groups : int
        A column with more values (postcodes, towns) is no grouping.

    Returns
    -------
    list of Grouping
        Base by base; within a base in the order of the table's columns, crossed ones last.

    Raises
    ------
    InputError
        `bases` or `cuts` name a column that there is not, a protected one, or cannot be read.
    """
    of_column = {**COLUMNS, **_read_bases(bases, customers, protected)}
    edges = _read_cuts(cuts, customers, protected)
    sizes = {"min_customers": min_customers, "max_groups": max_groups}
    names = [name for name in customers.columns if name in of_column and name not in protected]
    people = customers.select("customer_id", *names).to_pandas().drop_duplicates("customer_id")
    people = people.set_index("customer_id").sort_index()
    found = [
        made
        for name in names
        if (
            made := group_column(
                people[name], base=of_column[name], edges=edges.get(name), bands=bands, **sizes
            )
        )
    ]
    found += _cross_columns(found, **sizes)
    if periods is not None:
        found += build_behaviour_groups(periods, min_customers=min_customers)
    if survey is not None:
        found += build_needs_groups(survey, items=needs_items, min_customers=min_customers)
    return sorted(found, key=lambda grouping: BASES.index(grouping.base))


def list_left_out(
    customers: ir.Table, groupings: Sequence[Grouping], *, protected: Sequence[str] = ()
) -> pd.DataFrame:
    """Which columns of customers part nobody here, and why?

    Parameters
    ----------
    customers : ibis table
    groupings : sequence of Grouping
        From :func:`build_groupings`.
    protected : sequence of str

    Returns
    -------
    pandas.DataFrame
        ``column, why``.
    """
    used = {grouping.name for grouping in groupings}
    rows = []
    for name in [c for c in customers.columns if c not in ("customer_id", *used)]:
        why = (
            "protected"
            if name in protected
            else "one value, too many values, or too few customers"
            if name in COLUMNS
            else "belongs to no base as far as stated (parameter bases)"
        )
        rows.append((name, why))
    return pd.DataFrame(rows, columns=["column", "why"])


def group_column(
    values: pd.Series,
    *,
    base: str,
    edges: Sequence[float] | None = None,
    bands: int = 4,
    min_customers: int = 30,
    max_groups: int = MAX_GROUPS,
) -> Grouping | None:
    """Which groups does one column of customers make?

    Parameters
    ----------
    values : pandas.Series
        Index customer_id; its name is the grouping's.
    base : str
    edges : sequence of float, optional
        Lower ends of bands of numbers, after the first.
    bands : int
        Bands of equal numbers of customers where none are stated and there are more than twelve numbers.
    min_customers, max_groups : int
        As for :func:`build_groupings`.

    Returns
    -------
    Grouping or None
        None where it parts nobody, or into too many.
    """
    known = values.dropna()
    numbers, respelt = _read_numbers(known), 0
    if numbers is not None and (edges or numbers.nunique() > max(bands, 12)):
        ends = list(edges or cut_edges(numbers, bands))
        groups = put_in_bands(numbers, ends, name_bands(ends))
        how = "stated bands" if edges else f"{bands} bands of equal numbers"
    else:
        written = known.astype(str)
        groups, how = harmonise_spelling(written), COLUMN
        respelt = int((groups != written).sum())
    if groups.nunique() > max_groups:
        return None
    groups = join_small(groups, min_customers=min_customers)
    if groups.nunique() < 2:
        return None
    name = str(values.name)
    return Grouping(
        name=name,
        words=label_column(name).lower(),
        base=base,
        groups=groups,
        at_first_contact=True,
        how=how,
        respelt=respelt,
    )


def _cross_columns(found: Sequence[Grouping], *, min_customers: int, max_groups: int) -> list[Grouping]:
    """Two columns of one base at once, where both part customers."""
    crossed = []
    for base in CROSSED:
        for first, second in combinations([g for g in found if g.base == base], 2):
            groups = join_small(cross_groups(first.groups, second.groups), min_customers=min_customers)
            if max(first.count, second.count) < groups.nunique() <= max_groups:
                crossed.append(
                    Grouping(
                        name=f"{first.name} × {second.name}",
                        words=f"{first.words} and {second.words}",
                        base=base,
                        groups=groups,
                        at_first_contact=first.at_first_contact and second.at_first_contact,
                        how="both at once",
                    )
                )
    return crossed


def _read_numbers(values: pd.Series) -> pd.Series | None:
    """As numbers, where all of them are; yes and no are not."""
    if values.empty or pd.api.types.is_bool_dtype(values):
        return None
    numbers = pd.to_numeric(values.astype(str), errors="coerce")
    return None if numbers.isna().any() else numbers.astype(float)


def _read_bases(stated: Sequence[str], customers: ir.Table, protected: Sequence[str]) -> dict[str, str]:
    called = {base.casefold(): base for base in BASES if base != BEHAVIOURAL}
    found = {}
    for line in stated:
        column, _, base = (part.strip() for part in line.partition(":"))
        _check_column(column, "bases", customers, protected)
        if base.casefold() not in called:
            raise InputError(
                f"'{line}' names no base",
                where=f"{WHERE} bases",
                fix=f"write column: base, with one of {join_words(list(called), last='or')}",
            )
        found[column] = called[base.casefold()]
    return found


def _read_cuts(
    stated: Sequence[str], customers: ir.Table, protected: Sequence[str]
) -> dict[str, list[float]]:
    found = {}
    for line in stated:
        column, _, ends = (part.strip() for part in line.partition(":"))
        _check_column(column, "cuts", customers, protected)
        try:
            found[column] = sorted({float(end) for end in ends.split(",")})
        except ValueError:
            raise InputError(
                f"'{line}' states no cuts",
                where=f"{WHERE} cuts",
                fix="write column: numbers, such as employees: 50, 250, 1000",
            ) from None
    return found


def _check_column(column: str, parameter: str, customers: ir.Table, protected: Sequence[str]) -> None:
    if column in protected:
        raise InputError(
            f"'{column}' is protected and must not shape groups",
            where=f"{WHERE} {parameter}",
            fix="leave it out",
        )
    if column not in customers.columns:
        raise InputError(
            f"customers have no column '{column}'",
            where=f"{WHERE} {parameter}",
            fix=f"use one of {', '.join(customers.columns)}",
        )
