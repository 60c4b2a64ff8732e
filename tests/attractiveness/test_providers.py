"""What hangs on which provider of market figures: two of them, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from segutils.attractiveness.providers import say_exclusions, say_firsts, say_spread

VALUES = {"market_growth": [0.04, 0.02], "margin_rate": [0.5, 0.6], "win_rate": [0.5, 0.5]}
SCALES = {"market_growth": (0.0, 0.1), "margin_rate": (0.0, 1.0), "win_rate": (0.0, 1.0)}


@pytest.fixture
def told(cases):
    """Two groups by both providers together, and by each with other growth."""

    def build(one, two):
        samples = cases.samples(VALUES)
        alone = {name: samples.values.copy() for name in ("Kelmoor", "Sondaris")}
        for values, growth in zip(alone.values(), (one, two), strict=True):
            values[:, 0] = growth
        return replace(samples, by_provider=alone)

    return build


def test_exclusions(cases, told):
    ends = cases.limit(("market_growth", 0.03, np.nan))  # together, only B misses it
    same = say_exclusions(told([0.05, 0.01], [0.03, 0.02]), ends, word="group")
    assert same == [
        "By the market figures of each provider alone (Kelmoor and Sondaris) the same groups are excluded."
    ]
    other = say_exclusions(told([0.02, 0.01], [0.05, 0.04]), ends, word="group")
    assert other == [
        "Market figures decide: by those of Kelmoor alone A would be excluded too; by those of Sondaris "
        "alone B would not be excluded."
    ]
    nobody = say_exclusions(
        told([0.05, 0.05], [0.05, 0.05]), cases.limit(("market_growth", 0, np.nan)), word="x"
    )
    assert nobody[0].endswith("no x is excluded either.")
    assert say_exclusions(told([0, 0], [0, 0]), cases.limit(("margin_rate", 0.3, np.nan)), word="x") == []
    assert say_exclusions(cases.samples(VALUES), ends, word="group") == []


def test_first_places(cases, told):
    """Half growth (of 0.1), half margin: A 0.45, B 0.40; with growth of 0.01 and 0.05, 0.30 and 0.55."""
    weights = cases.weigh(Ann={"market_growth": 0.5, "margin_rate": 0.5})
    wins = cases.weigh(Ann={"win_rate": 1.0})
    rules = cases.rules(weights, wins, measures=tuple(VALUES), scales=SCALES).rules
    assert say_firsts(told([0.05, 0.01], [0.04, 0.02]), rules)[0].endswith("A comes first too.")
    assert say_firsts(told([0.05, 0.01], [0.01, 0.05]), rules) == [
        "The first place hangs on who is asked about markets: A by those of Kelmoor and B by those of "
        "Sondaris."
    ]
    assert say_firsts(cases.samples(VALUES), rules) == []


def test_what_each_says_of_the_nearest(told):
    assert say_spread(told([0.05, 0.01], [0.03, 0.02]), "B", "market_growth") == [
        "Of B, growth of the market a year by each provider alone: Kelmoor +1.0 % and Sondaris +2.0 %."
    ]
    assert say_spread(told([0.05, 0.01], [0.03, 0.02]), "B", "margin_rate") == []
