"""Texts that tell the next year are said to help, texts that do not are not, whatever the client."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.data_readiness.enrichment import text_gain
from segutils.data_readiness.enrichment.text_gain import SEGMENTS, STABLE

QUICK = {"repeats": 3, "placebos": 12, "resamples": 12, "seed": 5}


def draw_customers(*, effect: float, n: int = 900) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two kinds of writers among customers who buy alike; `effect` is what the kind adds to log revenue."""
    rng = np.random.default_rng(11)
    kind = rng.random(n) < 0.5
    frequency = 1 + rng.poisson(4, n)
    log_revenue = 5 + 0.3 * np.log(frequency) + effect * kind + rng.normal(0, 0.5, n)
    ids = [f"C{i:04d}" for i in range(n)]
    behaviour = pd.DataFrame(
        {
            "customer_id": ids,
            "recency": rng.integers(1, 400, n).astype(float),
            "frequency": frequency.astype(float),
            "monetary_value": np.exp(rng.normal(4, 0.5, n)),
            "next_revenue": np.expm1(log_revenue),
            "next_active": rng.random(n) < 0.7,
        }
    )
    late = np.clip(0.2 + 0.6 * kind + rng.normal(0, 0.05, n), 0, 1)
    features = pd.DataFrame(
        {
            "customer_id": ids,
            "tickets_per_year": 1.0,
            "share_valve": 1 - late,
            "share_late": late,
            "sentiment": 0.0,
        }
    )
    return behaviour, features


def test_texts_that_tell_revenue_improve_the_segments():
    """The kind explains 1.5² / 4 of a variance of about 1.5² / 4 + 0.5² + 0.3² · 0.2: two thirds."""
    gain = text_gain.measure_gain(*draw_customers(effect=1.5), segments=4, **QUICK)
    assert text_gain.judge_gain(gain) == "better"
    told = gain.set_index("measure").loc[SEGMENTS]
    assert told.with_text - told.without_text == pytest.approx(told.gain)
    assert 0.4 < told.gain < 0.75 and abs(told.placebo) < 0.1


def test_texts_that_tell_nothing_do_not():
    gain = text_gain.measure_gain(*draw_customers(effect=0.0), segments=4, **QUICK)
    assert text_gain.judge_gain(gain) != "better"
    told = gain.set_index("measure").loc[SEGMENTS]
    assert told.low <= 0.02 and told.gain <= told.placebo_high + 0.02


def test_the_null_client_gains_nothing(null_client, null_reading):
    gain = text_gain.compare_with_texts(
        null_client.table("transactions"), null_reading.tickets, [], as_of=date(2025, 12, 31), seed=2
    )
    assert text_gain.judge_gain(gain) == "no better"
    forecast = gain.set_index("measure").loc[text_gain.FORECAST]
    assert forecast.low <= 0


def test_behaviour_by_hand():
    """Six lines of two customers around the cut; C only ordered afterwards."""
    lines = ibis.memtable(
        pd.DataFrame(
            [
                ("A", "1", "2024-03-01", 100.0),
                ("A", "1", "2024-03-01", 50.0),
                ("A", "2", "2024-12-01", 30.0),
                ("A", "3", "2025-05-01", 70.0),
                ("B", "4", "2024-12-31", 10.0),
                ("C", "5", "2025-01-01", 99.0),
            ],
            columns=["customer_id", "order_id", "ordered_on", "net_revenue"],
        ).assign(ordered_on=lambda frame: pd.to_datetime(frame.ordered_on).dt.date)
    )
    found = text_gain.build_behaviour(lines, cut=date(2024, 12, 31), until=date(2025, 12, 31))
    assert found.customer_id.tolist() == ["A", "B"]
    assert found.recency.tolist() == [30, 0] and found.frequency.tolist() == [2, 1]
    assert found.monetary_value.tolist() == [90, 10]
    assert found.next_revenue.tolist() == [70, 0] and found.next_active.tolist() == [True, False]


def test_interval_as_published():
    """Nadeau and Bengio 2003: the variance's factor is 1/J + n2/n1; with 4 differences of variance 4 and 2
    folds that is (1/4 + 1) · 4 = 5, and t with 3 degrees of freedom at 97.5 % is 3.182."""
    differences = np.array([1.0, 5.0, 3.0, 3.0]) - 3  # mean 0, variance 8/3
    scaled = differences * np.sqrt(4 / (8 / 3))
    mean, low, high = text_gain._interval(scaled, folds=2, level=0.95)
    assert (
        mean == pytest.approx(0)
        and high == pytest.approx(3.182 * np.sqrt(5), abs=2e-3)
        and low == pytest.approx(-high)
    )


def test_verdicts():
    def judge(gain, low, high, placebo_high=0.01, kept=0.0):
        rows = [(SEGMENTS, gain, low, high, placebo_high), (STABLE, kept, kept, kept, np.nan)]
        return text_gain.judge_gain(
            pd.DataFrame(rows, columns=["measure", "gain", "low", "high", "placebo_high"])
        )

    assert judge(0.10, 0.05, 0.15) == "better"
    assert judge(0.10, -0.01, 0.21) == "no better"  # not sure
    assert judge(0.005, 0.001, 0.009, placebo_high=0.0) == "no better"  # not worth it
    assert judge(0.10, 0.05, 0.15, placebo_high=0.12) == "no better"  # shuffled texts gain as much
    assert judge(0.10, 0.05, 0.15, kept=-0.2) == "no better"  # the segments no longer come back
    assert judge(-0.10, -0.15, -0.05) == "worse"


def test_too_few_customers_are_not_measured():
    behaviour, features = draw_customers(effect=1.0, n=50)
    gain = text_gain.measure_gain(behaviour, features)
    assert gain.empty and text_gain.judge_gain(gain) == "not measured"
