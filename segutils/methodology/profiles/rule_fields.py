"""What a rule may ask about a customer: numbers with round limits, categories with frequent values.

A limit never lies on a customer: the next value is further away than :data:`CLEAR`, so that no engine's way
to round a number can put a customer on the other side.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segutils.errors import InputError

CLEAR = 1e-9  # smallest distance of a limit from any customer's value, relative to values above 1
GAPS = 10  # of a number's widest gaps, each with a limit of its own
DIGITS = 2  # significant digits of a limit, where that many keep clear of all values


@dataclass(frozen=True, kw_only=True)
class Field:
    """Something known about a customer: a number that is cut at `limits`, or a category with `values`."""

    name: str
    limits: tuple[float, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether it is asked whether the value is at most a limit (otherwise: whether it is a value)."""
        return not self.values


@dataclass(frozen=True, kw_only=True)
class Coding:
    """Customers as whole numbers, one column per number and one per value of a category.

    `columns` says what each column of `codes` is: the field and, for a category, its value.
    """

    codes: np.ndarray
    columns: tuple[tuple[Field, str], ...]


def choose_fields(
    customers: pd.DataFrame,
    *,
    cuts: int = 60,
    min_customers: int = 20,
    max_values: int = 30,
    digits: Mapping[str, int] | None = None,
) -> tuple[Field, ...]:
    """Where may numbers be cut, and which values of categories are frequent enough to be asked for?

    Parameters
    ----------
    customers : pandas.DataFrame
        One column per field: numbers, or anything else as a category. Empty cells are allowed.
    cuts : int
        Most limits of a number: quantiles, rounded.
    min_customers : int
        A category's value that fewer customers have is not asked for.
    max_values : int
        Most values of a category, the most frequent ones.
    digits : mapping of str to int, optional
        Significant digits of a field's limits where not two.

    Returns
    -------
    tuple of Field
        Fields that are the same for everybody are left out.
    """
    found = []
    for name in customers.columns:
        column = customers[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            known = np.unique(column.to_numpy(dtype=float, na_value=np.nan))
            limits = _choose_limits(
                column.to_numpy(dtype=float, na_value=np.nan),
                known[np.isfinite(known)],
                cuts=cuts,
                digits=(digits or {}).get(name, DIGITS),
            )
            found.append(Field(name=name, limits=limits))
        else:
            counts = column.dropna().astype(str).value_counts()
            counts = counts[counts >= min_customers].head(max_values)
            found.append(Field(name=name, values=tuple(sorted(counts.index))))
    return tuple(f for f in found if f.limits or (len(f.values) > 1))


def code_customers(customers: pd.DataFrame, fields: tuple[Field, ...]) -> Coding:
    """Customers in the steps that questions can tell apart.

    A number's code is how many limits it exceeds; an empty one exceeds them all, as a database answers "no"
    to whether it is at most the limit.

    Raises
    ------
    InputError
        A field is missing.
    """
    if lost := [f.name for f in fields if f.name not in customers.columns]:
        raise InputError(
            f"the customers do not have {', '.join(lost)}",
            where="fields of the typing tool",
            fix="give a table with all fields that the rule asks for",
        )
    parts, columns = [], []
    for field in fields:
        if field.is_number:
            values = customers[field.name].to_numpy(dtype=float, na_value=np.nan)
            code = np.searchsorted(np.array(field.limits), values, side="left")
            parts.append(np.where(np.isnan(values), len(field.limits), code))
            columns.append((field, ""))
        else:
            words = customers[field.name].astype("object")
            for value in field.values:
                parts.append((words == value).to_numpy(dtype=bool).astype(int))
                columns.append((field, value))
    codes = np.column_stack(parts) if parts else np.empty((len(customers), 0), dtype=int)
    return Coding(codes=codes, columns=tuple(columns))


def _choose_limits(values: np.ndarray, known: np.ndarray, *, cuts: int, digits: int) -> tuple[float, ...]:
    """Quantiles, rounded, moved off the customers' own values; and the middles of the widest gaps."""
    finite = values[np.isfinite(values)]
    if len(known) < 2:
        return ()
    wanted = np.unique(np.quantile(finite, np.linspace(0, 1, cuts + 2)[1:-1], method="lower"))
    limits = {_clear_limit(round_digits(float(value), digits), known, digits) for value in wanted}
    inner = known[(known >= np.quantile(finite, 0.01)) & (known <= np.quantile(finite, 0.99))]
    widest = np.argsort(-np.diff(inner), kind="stable")[:GAPS]
    limits |= {_between(float(inner[n]), float(inner[n + 1]), known, digits) for n in widest}
    return tuple(sorted(limit for limit in limits if limit is not None and known[0] < limit < known[-1]))


def _clear_limit(wanted: float, known: np.ndarray, digits: int) -> float | None:
    """The limit, or the roundest number between the two values around it; None where they are too close."""
    if is_clear(wanted, known):
        return wanted
    place = int(np.searchsorted(known, wanted + CLEAR * max(1.0, abs(wanted)), side="right"))
    if not 0 < place < len(known):
        return None
    return _between(float(known[place - 1]), float(known[place]), known, digits)


def _between(low: float, high: float, known: np.ndarray, digits: int) -> float | None:
    """The roundest number near the middle of two neighbouring values, if one keeps clear of both."""
    for places in range(digits, 16):
        middle = round_digits((low + high) / 2, places)
        if low < middle < high and is_clear(middle, known):
            return middle
    return None


def is_clear(limit: float, known: np.ndarray) -> bool:
    """Whether no value lies on the limit, or nearer than any engine's rounding."""
    place = int(np.searchsorted(known, limit))
    near = known[max(place - 1, 0) : place + 1]
    return bool((np.abs(near - limit) > CLEAR * max(1.0, abs(limit))).all())


def round_digits(value: float, digits: int) -> float:
    """A number with so many significant digits."""
    return float(f"{value:.{digits}g}")
