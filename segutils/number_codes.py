"""The packs' formats as spreadsheet number codes, so that a native chart or cell shows what a page prints."""

from segutils.formats import split_format


def build_number_code(fmt: str, *, currency: str = "", scaled: bool = False) -> str:
    """Which number code shows a value the way :func:`segutils.formats.format_value` writes it?

    Parameters
    ----------
    fmt : str
        A format of :mod:`segutils.formats`.
    currency : str
        ISO 4217 code, written before amounts.
    scaled : bool
        Differences of shares were multiplied by 100 (charts); else a cell shows them as ``+1.2 % pts``,
        because a number code can only multiply by writing a percent sign.

    Returns
    -------
    str
        A number code; ``@`` for text.
    """
    kind, decimals = split_format(fmt)
    match kind:
        case "text" | "flag":
            return "@"
        case "date":
            return "yyyy-mm-dd"
        case "count":
            return _signed("#,##0", decimals or 0)
        case "number":
            return _signed("#,##0", 2 if decimals is None else decimals)
        case "money":
            return _signed("#,##0", decimals or 0, before=f'"{_quoted(currency)} "' if currency else "")
        case "days":
            number = _with_decimals("#,##0", decimals or 0)
            return f'[=1]{number}" day";{number}" days"'
    digits = 1 if decimals is None else decimals
    if kind == "share":
        return _signed("#,##0", digits, after=" %")
    if kind == "change":
        return _signed("#,##0", digits, after=" %", plus="+")
    return _signed("#,##0", digits, after='" pp"' if scaled else ' %" pts"', plus="+")


def _quoted(text: str) -> str:
    return text.replace('"', "")


def _with_decimals(digits: str, decimals: int) -> str:
    return digits + ("." + "0" * decimals if decimals else "")


def _signed(digits: str, decimals: int, *, before: str = "", after: str = "", plus: str = "") -> str:
    """Positive, negative (with a true minus sign) and, where a plus is written, zero."""
    number = _with_decimals(digits, decimals)
    code = f'{before}{plus}{number}{after};{before}"−"{number}{after}'
    return f"{code};{before}{number}{after}" if plus else code
