"""Large amounts as a board reads them."""

from __future__ import annotations

import pandas as pd

from segutils.formats import format_value

MILLION = 1e6


def write_amount(value: float, *, currency: str, sign: bool = False) -> str:
    """An amount in a sentence: millions with one decimal, smaller ones in thousands, small ones as they are.

    Parameters
    ----------
    value : float
    currency : str
        ISO 4217 code.
    sign : bool
        A plus before what is above 0.
    """
    if value != value:  # NaN
        return format_value(value)
    size, plus = abs(value), "+" if sign and value > 0 else ""
    if size >= 999_500:
        return f"{plus}{format_value(value / 1e6, 'money:1', currency=currency)} million"
    rounded = round(value, -3) if size >= 10_000 else value
    return f"{plus}{format_value(rounded, 'money', currency=currency)}"


def write_span(low: float, high: float, *, currency: str) -> str:
    """Two amounts as a span: ``EUR 6.5 to 17.6 million``."""
    ends = [write_amount(value, currency=currency) for value in (low, high)]
    if all(end.endswith(" million") for end in ends):
        ends[0] = ends[0].removesuffix(" million")
    return f"{ends[0]} to {ends[1].removeprefix(f'{currency} ')}"


def round_amounts(table: pd.DataFrame) -> pd.DataFrame:
    """Columns that reach a million, to thousands: the future is not known to the last unit."""
    large = [
        name for name in table.columns if table[name].dtype.kind == "f" and table[name].abs().max() >= MILLION
    ]
    return table.assign(**{name: table[name].round(-3) for name in large})
