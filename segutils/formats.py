"""One way to write a number: headlines, tables, charts and every pack format use these.

A format is a short string, so that it travels with a column through JSON:

==============  =======================================  ==================
format          value                                    written
==============  =======================================  ==================
``text``        any                                      as it is
``count``       whole number                             ``2,469``
``number:2``    number, 2 decimals                       ``0.75``
``share``       share 0-1                                ``12.3 %``
``points``      difference of two shares                 ``+1.2 pp``
``change``      relative change                          ``+4.1 %``
``money``       amount in the engagement's currency      ``USD 4,596,038``
``money:2``     the same with 2 decimals                 ``USD 29.49``
``days``        days                                     ``12 days``
``date``        date                                     ``2017-12-31``
``flag``        true / false                             ``yes`` / ``no``
``status``      a finding's or a target's status         ``in order``
``by:unit``     each row by its own format: column unit  as that says
==============  =======================================  ==================
"""

import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

MISSING = "–"
KINDS = frozenset(
    ["text", "count", "number", "share", "points", "change", "money", "days", "date", "flag", "status", "by"]
)
STATUS_WORDS = {
    "pass": "in order",
    "caution": "watch",
    "fail": "act",
    "info": "for information",
    "not_run": "not assessed",
}


def split_format(fmt: str) -> tuple[str, int | None]:
    """Kind and decimals of a format string (``"number:2"`` → ``("number", 2)``).

    Raises
    ------
    ValueError
        For a kind that is not in the table above.
    """
    kind, _, decimals = fmt.partition(":")
    if kind not in KINDS:
        raise ValueError(f"unknown format {fmt!r}; known: {', '.join(sorted(KINDS))}")
    if kind == "by":
        return kind, None
    return kind, int(decimals) if decimals else None


def format_column(fmt: str) -> str:
    """The column with every row's own format (``"by:unit"`` → ``"unit"``); empty for any other format."""
    kind, _, column = fmt.partition(":")
    return column if kind == "by" else ""


def guess_format(name: str, values: Sequence[Any]) -> str:
    """Format of a column that declares none, by its values: flag, count (whole numbers), number, else text.

    Years and identifiers stay as they are: 2017 is no count.
    """
    known = [value for value in values if not is_missing(value)]
    if known and all(isinstance(value, bool) for value in known):
        return "flag"
    if not known or any(isinstance(value, bool) or not isinstance(value, int | float) for value in known):
        return "text"
    if all(float(value).is_integer() for value in known):
        return "text" if name.lower().endswith(("year", "_id", "code")) else "count"
    return "number"


def is_missing(value: Any) -> bool:
    """True for None, NaN and NaT."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or str(value) in ("NaT", "<NA>")


def _grouped(value: float, decimals: int) -> str:
    """Rounded as spreadsheets do: to 15 digits, halves away from zero (16.25 is 16.3 on a page, too)."""
    exact = Decimal(f"{value:.15g}").quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    text = f"{exact:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def format_value(value: Any, fmt: str = "text", *, currency: str = "") -> str:
    """How is this value written in every pack?

    Parameters
    ----------
    value : object
        One cell; None, NaN and NaT are written as a dash, never as 0.
    fmt : str
        A format of this module's table.
    currency : str
        ISO 4217 code, written before amounts (a ``$`` would become maths in a notebook).

    Returns
    -------
    str
    """
    kind, decimals = split_format(fmt)
    if is_missing(value):
        return MISSING
    match kind:
        case "text":
            return str(value)
        case "status":
            return MISSING if value == "info" else STATUS_WORDS[value]
        case "flag":
            return "yes" if value else "no"
        case "date":
            return value.strftime("%Y-%m-%d") if isinstance(value, date | datetime) else str(value)[:10]
        case _ if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        case "count":
            return _grouped(value, decimals or 0)
        case "number":
            return _grouped(value, 2 if decimals is None else decimals)
        case "share":
            return f"{_grouped(100 * value, 1 if decimals is None else decimals)} %"
        case "points" | "change":
            text = _grouped(100 * value, 1 if decimals is None else decimals)
            sign = "+" if value > 0 and not text.startswith("0.0") else ""
            return f"{sign}{text} {'pp' if kind == 'points' else '%'}"
        case "money":
            return f"{currency} {_grouped(value, decimals or 0)}".strip()
        case "days":
            text = _grouped(value, decimals or 0)
            return f"{text} {'day' if text == '1' else 'days'}"
    raise ValueError(f"{fmt!r} names the column of the rows' own formats: write each value with its own")


def label_column(name: str) -> str:
    """A column's name as a reader sees it: ``net_revenue`` → ``Net revenue``."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def join_words(words: Sequence[str], *, last: str = "and") -> str:
    """``["a", "b", "c"]`` → ``"a, b and c"``."""
    items = [str(word) for word in words]
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """``plural(3, "segment")`` → ``"3 segments"``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def lower_first(text: str) -> str:
    """A label inside a sentence: ``Net revenue`` → ``net revenue``; ``CAC`` stays."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
