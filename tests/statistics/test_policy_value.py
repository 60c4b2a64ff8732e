"""A policy by segment against one for all: what was planted is measured, and luck is no gain."""

import numpy as np
import pandas as pd
import pytest

from segutils.statistics import policy_value


def simulate(effects, *, n=4000, seed=0, chance=0.5):
    """Contact or not by lot; equal segments; outcome 5 + effect of the contact + noise with deviation 10."""
    rng = np.random.default_rng(seed)
    segment, contact = rng.integers(0, len(effects), n), rng.random(n) < chance
    return pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "segment": np.array([f"S{i + 1}" for i in range(len(effects))])[segment],
            "stratum": "C1",
            "arm": np.where(contact, "contact", "no contact"),
            "outcome": 5 + np.array(effects)[segment] * contact + rng.normal(0, 10, n),
        }
    )


def test_the_planted_gain_is_inside_the_interval_at_its_rate():
    # contact brings 10 in S1 and costs 6 in S2: best for all is contact (+2 on average), by segment S2 is
    # left alone, which saves 6 for half of the customers: 3 a customer
    found = [policy_value.fit_policy_gain(simulate([10, -6], seed=seed), repeats=10) for seed in range(60)]
    low, high = np.array([gain.interval() for gain in found]).T
    covered = ((low <= 3) & (high >= 3)).sum()
    assert covered >= 52, "60 intervals of 95 %: fewer than 52 would happen once in 500 tries"
    assert np.mean([gain.gain for gain in found]) == pytest.approx(3, abs=0.15)
    assert found[0].arm == "contact" and found[0].by_segment.to_dict() == {
        "S1": "contact",
        "S2": "no contact",
    }
    assert found[0].base == pytest.approx(7, abs=0.6)


def test_where_segments_do_not_differ_there_is_no_gain():
    found = [policy_value.fit_policy_gain(simulate([2, 2, 2, 2], seed=s), repeats=10) for s in range(60)]
    assert sum(gain.interval()[0] > 0 for gain in found) <= 4  # 2.5 % of 60 is 1.5
    assert np.mean([gain.gain for gain in found]) <= 0.02


def test_gain_by_hand():
    # every customer of A: 4 with contact, 0 without; of B: −2 and 0; no noise, halves of equal make-up.
    # one policy: contact (+1 on average); by segment B is left alone: 2 for half of the rows, so 1 a row
    rows = [("A", "contact", 4.0), ("A", "no", 0.0), ("B", "contact", -2.0), ("B", "no", 0.0)] * 40
    trials = pd.DataFrame(rows, columns=["segment", "arm", "outcome"]).assign(stratum="C1")
    trials["customer_id"] = range(len(trials))
    found = policy_value.fit_policy_gain(trials, repeats=5)
    assert found.gain == pytest.approx(1.0) and found.rows == 160 and found.customers == 160


def test_unequal_chances_do_not_bias():
    # nine in ten are contacted: the few others stand for all
    gains = [
        policy_value.fit_policy_gain(simulate([10, -6], seed=s, chance=0.9), repeats=5).gain
        for s in range(20)
    ]
    assert np.mean(gains) == pytest.approx(3, abs=0.3)


def test_several_arms():
    rng = np.random.default_rng(0)
    n = 6000
    segment, arm = rng.integers(0, 2, n), rng.integers(0, 3, n)
    means = np.array([[0.0, 3, 5], [0, 3, -5]])  # best for all: the second arm (3 on average)
    trials = pd.DataFrame(
        {
            "customer_id": np.arange(n) // 2,
            "segment": np.array(["S1", "S2"])[segment],
            "stratum": "P1",
            "arm": np.array(["low", "middle", "high"])[arm],
            "outcome": means[segment, arm] + rng.normal(size=n),
        }
    )
    found = policy_value.fit_policy_gain(trials, repeats=5)
    assert found.arm == "middle" and found.by_segment.to_dict() == {"S1": "high", "S2": "middle"}
    low, high = found.interval()
    assert low <= 1 <= high  # 5 instead of 3 for half of the rows
    assert found.customers == 3000
