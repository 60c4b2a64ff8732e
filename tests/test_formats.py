"""Numbers as readers see them: the table of formats, and halves as spreadsheets round them."""

from datetime import date

import pytest

from segutils.formats import format_value


@pytest.mark.parametrize(
    ("value", "fmt", "shown"),
    [
        (2469, "count", "2,469"),
        (0.7512, "number:2", "0.75"),
        (0.1234, "share", "12.3 %"),
        (0.0121, "points", "+1.2 pp"),
        (-0.0121, "points", "−1.2 pp"),
        (0.041, "change", "+4.1 %"),
        (4596038.4, "money", "USD 4,596,038"),
        (29.487, "money:2", "USD 29.49"),
        (1, "days", "1 day"),
        (12, "days", "12 days"),
        (date(2017, 12, 31), "date", "2017-12-31"),
        (True, "flag", "yes"),
        ("pass", "status", "in order"),
        (float("nan"), "money", "–"),
        (float("-inf"), "number", "−∞"),
    ],
)
def test_the_table_of_formats(value, fmt, shown):
    assert format_value(value, fmt, currency="USD") == shown


@pytest.mark.parametrize(
    ("value", "fmt", "shown"),
    [
        (16.25, "number:1", "16.3"),
        (-16.25, "number:1", "−16.3"),
        (2.5, "count", "3"),
        (1.005, "number:2", "1.01"),
        (0.1449999, "share:0", "14 %"),
        (-0.04, "number:1", "0.0"),
    ],
)
def test_halves_are_rounded_as_a_spreadsheet_shows_them(value, fmt, shown):
    """As LibreOffice Calc writes these cells, with the same number of decimals, to text."""
    assert format_value(value, fmt) == shown
