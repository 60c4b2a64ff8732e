"""Shares of revenue through channels that cannot all be, on the hand-worked table of conftest.py."""

import numpy as np
import pytest

from segutils.objectives.portfolio import okr_ladder, result_conflicts
from segutils.objectives.portfolio.channel_targets import ChannelTarget, list_impossible


def check(ladder, odds):
    return okr_ladder.check_okr_ladder(ladder, odds, currency="EUR")


@pytest.mark.parametrize(
    ("targets", "kind"),
    [
        ((0.6, 0.5), result_conflicts.IMPOSSIBLE),
        ((0.5, 0.75), result_conflicts.IMPOSSIBLE),
        ((0.31, 0.69), None),
    ],
)
def test_channels_share_one_revenue(ladders, targets, kind):
    """A's e-shop has 30 % today, its partners 70 %."""
    pair = [
        {"value": "A", "measure": f"revenue_share_{name}", "target": target, "unit": unit, "supports": ""}
        for name, target, unit in zip(("e-shop", "partner"), targets, ("web", "sales"), strict=True)
    ]
    ladder, odds = ladders.build(pair)
    assert ladder.results.today.tolist() == pytest.approx([0.3, 0.7])
    assert odds.kind.tolist() == ([kind] if kind else [])


def test_three_channels_cannot_have_forty_per_cent_each(ladders):
    """Any two of them can: 80 %; all three come to 120 %."""
    asked = [
        {"value": "A", "measure": f"revenue_share_{name}", "target": 0.4, "unit": name, "supports": ""}
        for name in ("e-shop", "partner", "phone")
    ]
    ladder, odds = ladders.build(asked)
    (line,) = odds[odds.kind == result_conflicts.IMPOSSIBLE].itertuples()
    assert line.keys == ("KR1", "KR2", "KR3") and (line.customers, line.revenue) == (2, 200.0)
    assert line.why == "their shares of the same revenue come to 120 %"
    found = check(ladder, odds)
    assert "three key results cannot all be reached" in found.headline
    assert any(
        note.startswith("Cannot be reached together: “Sell more” (A, e-shop), ") for note in found.notes
    )
    assert ladders.build(asked[:2])[1].empty, "A has 70 % through partners today, so nothing is to rise there"


@pytest.mark.parametrize(
    ("shares", "possible"),
    [
        # everybody's 400 are 200 of A, 100 of B, 100 of C; each share is a part of its own customers' revenue
        ({"": ("e-shop", 0.6), "A": ("partner", 0.9)}, False),  # 240 of the 220 that A leaves
        ({"": ("e-shop", 0.55), "A": ("partner", 0.9)}, True),  # just the 220
        ({"A": ("partner", 0.9), "B": ("partner", 0.9), "": ("e-shop", 0.6)}, False),  # 240 of 130
        ({"A": ("partner", 0.9), "B": ("e-shop", 0.9), "": ("e-shop", 0.5)}, True),  # B's is part of all
    ],
)
def test_channels_of_groups_that_overlap(ladders, shares, possible):
    asked = [
        {
            **{"column": "taxonomy" if who else "", "value": who, "measure": f"revenue_share_{channel}"},
            **{"target": target, "unit": "sales", "supports": ""},
        }
        for who, (channel, target) in shares.items()
    ]
    _, odds = ladders.build(asked)
    assert (odds.kind == result_conflicts.IMPOSSIBLE).any() is not possible


def test_how_far_overlapping_targets_can_be_reached(ladders):
    """A: 180 through partners, everybody: 240 through the shop, of 400: 400 / 420 of each."""
    asked = [
        {"column": "", "value": "", "measure": "revenue_share_e-shop", "target": 0.6, "supports": ""},
        {"value": "A", "measure": "revenue_share_partner", "target": 0.9, "supports": ""},
    ]
    (why,) = ladders.build(asked)[1].why
    assert why.startswith("at most 95 % of each target can be reached")


def test_smallest_sets_are_found_where_some_overlap():
    """Of channels with 60, 50, 30 and 15 %: 60 + 50; 60 + 30 + 15; but 50 + 30 + 15 is 95 and can be."""
    everybody, shares = np.array([True, True]), {"a": 0.6, "b": 0.5, "c": 0.3, "d": 0.15}
    targets = {name: ChannelTarget(channel=name, share=share) for name, share in shares.items()}
    found = list_impossible(targets, dict.fromkeys(shares, everybody), np.array([3.0, 1.0]))
    assert list(found) == [("a", "b"), ("a", "c", "d")]
    alone = {"a": ChannelTarget(channel="a", share=40.0)}  # 40 % typed as 40
    assert list(list_impossible(alone, {"a": everybody}, np.array([3.0, 1.0]))) == [("a",)]
