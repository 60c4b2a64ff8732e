"""How far providers are apart: by hand, and against planted errors."""

import numpy as np
import pandas as pd
import pytest

from segutils.statistics.provider_error import measure_provider_error


def test_by_hand():
    """Of cells A and B provider Q says e^0.2 and 1 times what P says: residuals of 0.05 four times, df 1."""
    stated = pd.DataFrame(
        [("A", "P", 100.0), ("A", "Q", 100 * np.exp(0.2)), ("B", "P", 50.0), ("B", "Q", 50.0)],
        columns=["slot", "provider", "market_size"],
    )
    found = measure_provider_error(stated, pd.Series("x", index=["A", "B"]))
    assert found.to_numpy() == pytest.approx([0.01 / 2, 0.01 / 2])


def test_what_a_provider_always_says_is_no_error():
    stated = pd.DataFrame(
        [
            (slot, name, size * part)
            for slot, size in (("A", 10.0), ("B", 70.0))
            for name, part in (("P", 1), ("Q", 1.3))
        ],
        columns=["slot", "provider", "market_size"],
    )
    assert measure_provider_error(stated, pd.Series("x", index=["A", "B"])).to_numpy() == pytest.approx(
        [0, 0]
    )


def test_one_provider_tells_nothing():
    stated = pd.DataFrame({"slot": ["A", "B"], "provider": "", "market_size": [1.0, 2.0]})
    assert measure_provider_error(stated, pd.Series("x", index=["A", "B"])).isna().all()


def test_planted_errors():
    """Errors of 5 % and 9 % that stay with a cell: the mean of both is wrong by the root of 0.0106 / 4.

    100 blocks of three cells leave 200 degrees of freedom: 10 % of the variance, three of them 30 %.
    """
    rng = np.random.default_rng(1)
    slots = [f"s{n}" for n in range(300)]
    rows = [
        (slot, year, name, 1000 * np.exp(bias + error))
        for slot in slots
        for name, bias, wrong in (("P", 0.0, 0.05), ("Q", 0.17, 0.09))
        for error in [wrong * rng.standard_normal()]
        for year in (1, 2)
    ]
    stated = pd.DataFrame(rows, columns=["slot", "period", "provider", "market_size"])
    block = pd.Series(np.repeat(np.arange(100), 3), index=slots)
    found = measure_provider_error(stated, block)
    assert found.iloc[0] == pytest.approx((0.05**2 + 0.09**2) / 4, rel=0.3)
