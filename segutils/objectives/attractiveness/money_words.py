"""Amounts as a board reads them: millions with one decimal, below that whole thousands."""

from __future__ import annotations

from segutils.formats import format_value


def say_money(value: float, currency: str) -> str:
    """``EUR 7.1 million``, ``EUR 146,000``, ``EUR 820``; a dash where nothing is known."""
    if value is None or value != value:
        return format_value(None)
    if abs(value) >= 999_500:
        fmt = "money" if abs(value) >= 99_500_000 else "money:1"
        return f"{format_value(value / 1e6, fmt, currency=currency)} million"
    step = 1000 if abs(value) >= 10_000 else 10 if abs(value) >= 100 else 1
    return format_value(round(value / step) * step, "money", currency=currency)


def say_span(low: float, high: float, currency: str) -> str:
    """``EUR 4.3 to 9.8 million``: the currency and a common unit once."""
    one, two = say_money(low, currency), say_money(high, currency)
    if one.endswith(" million") and two.endswith(" million"):
        one = one.removesuffix(" million")
    return one if one == two else f"{one} to {two.removeprefix(currency).strip()}"
