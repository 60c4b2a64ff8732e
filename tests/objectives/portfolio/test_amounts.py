"""Amounts in sentences and tables."""

import numpy as np
import pandas as pd
import pytest

from segutils.objectives.portfolio.amounts import round_amounts, write_amount, write_span


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (11_966_503.0, "EUR 12.0 million"),
        (999_600.0, "EUR 1.0 million"),
        (999_400.0, "EUR 999,000"),
        (-347_116.0, "EUR −347,000"),
        (4_116.4, "EUR 4,116"),
        (0.0, "EUR 0"),
        (np.nan, "–"),
    ],
)
def test_amounts_in_a_sentence(value, text):
    assert write_amount(value, currency="EUR") == text


def test_a_plus_only_before_gains():
    assert write_amount(2e6, currency="EUR", sign=True) == "+EUR 2.0 million"
    assert write_amount(-2e6, currency="EUR", sign=True) == "EUR −2.0 million"


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((6.52e6, 17.6e6), "EUR 6.5 to 17.6 million"),
        ((390_400.0, 1.3e6), "EUR 390,000 to 1.3 million"),
        ((-2e6, 3e6), "EUR −2.0 to 3.0 million"),
        ((5.0, 7.0), "EUR 5 to 7"),
    ],
)
def test_a_span_names_the_currency_once(ends, text):
    assert write_span(*ends, currency="EUR") == text


def test_only_columns_that_reach_a_million_are_rounded():
    table = pd.DataFrame({"option": ["a"], "value": [1_234_567.0], "small": [999_999.4], "share": [0.1234]})
    assert round_amounts(table).iloc[0].to_list() == ["a", 1_235_000.0, 999_999.4, 0.1234]
    assert table.value[0] == 1_234_567.0  # the input stays
