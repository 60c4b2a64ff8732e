"""Knock-outs, scores, verdicts of groups: worked by hand."""

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.statistics import portfolio
from segutils.statistics.portfolio import Axis, Rules

NAMES = ["market_growth", "margin_rate", "win_rate"]
RULES = Rules(
    attractiveness=Axis(weights={"market_growth": 0.25, "margin_rate": 0.75}),
    competitiveness=Axis(weights={"win_rate": 1.0}),
    limits=pd.DataFrame({"measure": ["margin_rate"], "min": [0.2], "max": [np.nan]}),
    scales={"market_growth": (-0.1, 0.1), "margin_rate": (0.0, 0.5), "win_rate": (0.0, 1.0)},
)
# growth 0.1 -> 1, 0 -> 0.5; margin 0.5 -> 1, 0.25 -> 0.5, 0.1 -> 0.2; win rates are their own scores
VALUES = np.array([[0.1, 0.5, 0.4], [0.0, 0.25, 0.5], [0.1, 0.1, 0.9], [-0.1, 0.2, 0.3]])


def test_scores_limits_and_verdicts_by_hand():
    judged = portfolio.judge_groups(VALUES, NAMES, RULES)
    assert judged.attractiveness.tolist() == pytest.approx([1.0, 0.5, 0.4, 0.3])
    assert judged.total.tolist() == pytest.approx([0.7, 0.5, 0.65, 0.3])
    assert judged.passes.tolist() == [True, True, False, True]
    # strong + middling; middling twice; out by its margin; weak twice
    assert judged.verdicts(RULES).tolist() == ["target", "maintain", "drop", "drop"]
    assert judged.first() == 0


def test_the_first_is_the_best_of_those_that_pass_and_nobody_if_none_does():
    without_best = portfolio.judge_groups(VALUES[1:], NAMES, RULES)
    assert without_best.first() == 0  # the second group has more, but misses the limit
    assert portfolio.judge_groups(VALUES[[2]], NAMES, RULES).first() == -1


def test_a_criterion_that_is_not_known_of_a_group_gives_its_weight_to_the_others():
    values = VALUES.copy()
    values[0, 0] = np.nan
    judged = portfolio.judge_groups(values, NAMES, RULES)
    assert judged.attractiveness[0] == pytest.approx(1.0) and judged.known[0] == pytest.approx(0.875)
    values[1, 1] = np.nan  # a limit on what is not known is not missed
    assert portfolio.judge_groups(values, NAMES, RULES).passes[1]
    listed = portfolio.list_missed(
        pd.DataFrame(values, columns=NAMES).assign(group=list("abcd")), RULES.limits
    )
    assert listed.group.to_list() == ["b", "c"] and listed.limit.isna().to_list() == [True, False]


def test_leaving_a_group_out_never_changes_the_scores_of_others():
    full = portfolio.judge_groups(VALUES, NAMES, RULES)
    assert portfolio.judge_groups(VALUES[1:], NAMES, RULES).total == pytest.approx(full.total[1:])


def test_weights_of_known_criteria_keep_their_proportions():
    axis = Axis(weights={"a": 0.5, "b": 0.3, "c": 0.2}, lower=frozenset("ac"))
    kept = portfolio.keep_known(axis, ["a", "b"])
    assert kept.weights == pytest.approx({"a": 0.625, "b": 0.375}) and kept.lower == {"a"}


def test_random_weights_stay_around_the_stated_ones():
    found = portfolio.draw_weights(RULES, draws=4000, seed=1)[0][:, 0]
    assert found.mean() == pytest.approx(0.25, abs=0.006)
    assert found.std() == pytest.approx((0.25 * 0.75 / 21) ** 0.5, abs=0.006)  # Dirichlet(5, 15)
    anything = portfolio.draw_weights(RULES, draws=4000, concentration=None, seed=1)[0][:, 0]
    assert anything.mean() == pytest.approx(0.5, abs=0.015)  # uniform between 0 and 1
    assert anything.std() == pytest.approx(12**-0.5, abs=0.01)


def test_other_weights_for_each_sample_are_those_rules_one_by_one():
    drawn = portfolio.draw_weights(RULES, draws=5, seed=2)
    values = np.stack([VALUES * (1 - n / 10) for n in range(5)])
    together = portfolio.judge_groups(values, NAMES, RULES, weights=drawn)
    for n in range(5):
        alone = portfolio.judge_groups(values[n], NAMES, RULES.reweigh(drawn[0][n], drawn[1][n]))
        assert together.total[n] == pytest.approx(alone.total)
        assert together.passes[n].tolist() == alone.passes.tolist()
    one = portfolio.judge_groups(VALUES[None], NAMES, RULES, weights=drawn)
    assert one.total.shape == one.passes.shape == (5, 4)


def test_places_leave_out_what_misses_a_limit():
    judged = portfolio.judge_groups(VALUES, NAMES, RULES)
    assert judged.ranks().tolist() == [1, 2, 0, 3]  # totals 0.7, 0.5, 0.65 (out), 0.3


def test_a_size_counts_as_a_share_of_all():
    scaled = portfolio.scale_measures(
        np.array([[30.0], [70.0]]), ["market_size"], {"market_size": (0.0, 0.5)}
    )
    assert scaled[:, 0].tolist() == pytest.approx([0.6, 1.0])


def test_scales_are_read_and_refused():
    assert portfolio.read_scales(["margin_rate: 0.1 to 0.4"])["margin_rate"] == (0.1, 0.4)
    for bad in ("margin_rate 0 1", "margin_rate: 0.3 to 0.3", "margin_rate: low to high"):
        with pytest.raises(InputError, match="scale"):
            portfolio.read_scales([bad])
    with pytest.raises(InputError, match="no scale for fame"):
        portfolio.scale_measures(np.ones((1, 1)), ["fame"], portfolio.SCALES)
