"""A goal and the key results of its own year, on the hand-worked table of conftest.py."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.objectives.attractiveness.margin_ladder import REVENUE, build_margin_ladder
from segutils.objectives.portfolio import okr_ladder
from segutils.objectives.portfolio.result_sums import build_result_sums, measure_result


def check(ladder, odds):
    return okr_ladder.check_okr_ladder(ladder, odds, currency="EUR")


def test_a_goal_is_held_against_key_results_of_its_own_year(ladders):
    """Key results of 2026 say nothing of a goal of 2027: no gap, not missed; what they make is told."""
    goal = {**ladders.goal, "target": 0.3, "by": date(2027, 12, 31)}
    ladder, odds = ladders.build(ladders.both, goals=[goal])
    (found,) = ladder.goals.itertuples()
    assert found.later and pd.isna(found.gap) and pd.isna(found.gap_amount)
    assert found.sum == pytest.approx(0.10) and found.results_by == date(2026, 12, 31)
    told = check(ladder, odds)
    assert told.status == "caution" and "missed" not in told.headline
    (note,) = (note for note in told.notes if "nobody has said" in note)
    assert "due by 2027-12-31, key results for it from 2026-12-31 on. Reached, they make +10.0 %" in note
    assert not told.figures, "no bar of what is lacking"
    both = ladders.build([*ladders.both], goals=[goal, {**ladders.goal, "goal": "Now", "target": 0.3}])
    told = check(*both)
    every = "Even if every key result is reached, the goal that falls due with them is missed, "
    assert told.headline.startswith(f"{every}and 1 falls due later")
    assert told.status == "fail"


@pytest.mark.parametrize(("by", "later"), [(date(2027, 12, 30), False), (date(2027, 12, 31), True)])
def test_a_key_result_of_the_same_year_may_be_due_before_the_goal(ladders, by, later):
    goal = {**ladders.goal, "by": by}
    assert ladders.build(ladders.both, goals=[goal])[0].goals.later.tolist() == [later]


def test_a_key_result_due_after_its_goal_does_not_count(ladders):
    late = {**ladders.both[1], "by": date(2027, 12, 31)}
    ladder, odds = ladders.build([ladders.both[0], late])
    assert ladder.goals["sum"][0] == pytest.approx(200 * 0.10 / 400), "B goes on as today"
    assert ladder.results.on_ladder.tolist() == [True, False] and ladder.goals.counted_twice[0] == 0
    assert "“Sell more” (B) falls due after the goal served and does not count towards it." in (
        check(ladder, odds).notes
    )
    ladder, odds = ladders.build([late])
    assert any(
        note.startswith("No key result that is due by 2026-12-31 serves")
        for note in check(ladder, odds).notes
    )


def test_a_goal_is_named_word_for_word(ladders):
    with pytest.raises(InputError, match="supports 'Growth', which is no goal") as error:
        ladders.build([{**ladders.both[0], "supports": "Growth"}])
    assert error.value.fix.endswith(": Grow")
    with pytest.raises(InputError, match="two goals have the same words: Grow"):
        ladders.build(ladders.both, goals=[ladders.goal, {**ladders.goal, "target": 0.2}])


def test_the_largest_groups_share_of_a_later_year_is_open(ladders):
    goal = {
        **ladders.goal,
        "goal": "Spread",
        "measure": "top_share",
        "target": 0.45,
        "by": date(2028, 12, 31),
    }
    ladder, odds = ladders.build(ladders.both, goals=[ladders.goal, goal])
    spread = ladder.goals[ladder.goals.goal == "Spread"].iloc[0]
    assert spread.later and spread["sum"] == pytest.approx(220 / 440) and pd.isna(spread.gap)
    assert check(ladder, odds).status == "caution"
    late = [{**line, "by": date(2029, 12, 31), "supports": ""} for line in ladders.both]
    ladder, _ = ladders.build(late, goals=[goal])
    # nobody's growth falls due in time: all go on as today, A 200 / 200, B 100 / 100, C 100 / 100
    assert not ladder.goals.later[0] and ladder.goals["sum"][0] == pytest.approx(0.5)


def test_growth_is_that_of_the_margin_ladder(halden):
    """Both are held against one target: twelve months, of which one year has 366 days."""
    lines, customers = halden.table("transactions"), halden.table("customers")
    years = build_margin_ladder(customers, lines, as_of=halden.as_of).sum_years(REVENUE).sum(axis=0)
    sums = build_result_sums(customers, lines, as_of=halden.as_of)
    found = measure_result(sums, np.ones(len(sums), dtype=bool), "revenue_growth")
    assert found == pytest.approx(years[-1] / years[-2] - 1, abs=1e-9)
