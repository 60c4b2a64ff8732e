"""Do parts make the whole? On the hand-worked table of conftest.py: weights, gaps, double counting, odds."""

from datetime import date

import ibis
import pandas as pd
import pytest

from segutils.objectives.portfolio import key_results, okr_ladder, result_conflicts, result_sums

BEFORE = date(2024, 6, 1)  # the day of conftest.py's lines of the year before


def check(ladder, odds):
    return okr_ladder.check_okr_ladder(ladder, odds, currency="EUR")


def test_sums_are_those_of_the_table(ladders):
    sums = ladders.sums(["region"]).set_index("customer_id")
    assert sums.revenue_now.to_dict() == {"a1": 100, "a2": 100, "b1": 60, "b2": 40, "c1": 100}
    assert sums.revenue_before.to_dict() == {"a1": 80, "a2": 120, "b1": 50, "b2": 50, "c1": 100}
    assert sums["revenue of e-shop"].to_dict() == {"a1": 60, "a2": 0, "b1": 60, "b2": 40, "c1": 100}
    assert sums["in region"].tolist() == ["north", "north", "north", "south", "south"]


def test_parts_count_by_this_years_revenue_and_the_rest_stays(ladders):
    ladder, odds = ladders.build(ladders.both)
    # (200 x 10 % + 100 x 20 % + 100 x 0 %) / 400
    (goal,) = ladder.goals.itertuples()
    assert goal.sum == pytest.approx(0.10) and goal.gap == pytest.approx(0.0)
    assert goal.today == pytest.approx(0.0) and goal.carried == pytest.approx(0.75)
    assert ladder.parts.group.tolist() == ["A", "B", key_results.REST]
    assert ladder.parts["share"].tolist() == pytest.approx([0.5, 0.25, 0.25])
    assert ladder.parts.adds.tolist() == pytest.approx([0.05, 0.05, 0.0])
    found = check(ladder, odds)
    assert found.status == "pass" and found.headline == "If every key result is reached, so is the goal."


def test_a_gap_is_told_in_points_and_in_money(ladders):
    ladder, odds = ladders.build([ladders.both[0]])  # 200 x 10 % = 20 of the 40 that 10 % of 400 are
    (goal,) = ladder.goals.itertuples()
    assert goal.sum == pytest.approx(0.05) and goal.gap_amount == pytest.approx(-20)
    found = check(ladder, odds)
    assert found.status == "fail" and "the goal is missed" in found.headline
    assert found.notes[0].endswith("growth of revenue on the year 5.0 points (EUR 20 of revenue).")
    assert found.table.carried[0] == pytest.approx(0.5)  # A has 200 of 400
    (figure,) = found.figures
    parts = dict(zip(figure.data.part, figure.data.adds, strict=True))
    assert parts["A"] + parts[key_results.REST] + parts["Lacking"] == pytest.approx(parts["Goal"])


def test_customers_are_not_counted_twice(ladders):
    north = {"column": "region", "value": "north", "target": 0.10, "unit": "north office"}
    ladder, odds = ladders.build([*ladders.both, north])
    (goal,) = ladder.goals.itertuples()
    assert goal.sum == pytest.approx(0.10), "the region's customers are those of A and B"
    assert goal.counted_twice == pytest.approx(260 / 400 * 0.10)
    assert ladder.results.on_ladder.tolist() == [True, True, False]
    assert odds.kind.tolist() == [result_conflicts.TWICE] * 2
    assert odds[["keys", "customers", "revenue"]].to_numpy().tolist() == [
        [("KR1", "KR3"), 2, 200.0],
        [("KR2", "KR3"), 1, 60.0],
    ]
    found = check(ladder, odds)
    assert found.status == "caution" and "some success is rewarded twice" in found.headline
    assert any(
        "“Sell more” (region north) is about customers whom other" in note and "6.5 points too much" in note
        for note in found.notes
    )


def test_one_unit_may_ask_the_same_customers_twice(ladders):
    north = {"column": "region", "value": "north", "target": 0.10}
    _, odds = ladders.build([*ladders.both, north])
    assert odds.empty, "nobody claims another's success"


def test_two_units_raise_shares_of_one_whole(ladders):
    pair = [
        {"value": "A", "measure": f"revenue_share_{name}", "target": target, "unit": name, "supports": ""}
        for name, target in (("e-shop", 0.4), ("phone", 0.2))
    ]
    ladder, odds = ladders.build(pair)
    assert ladder.results.today.isna().tolist() == [False, True], "nobody ordered by phone"
    assert odds.empty, "what is not known today is not said to rise"
    needs = okr_ladder.list_needs(ladder.results)
    assert [need.table for need in needs] == ["transactions"]


def test_growth_against_margin_says_what_may_be_given_away(ladders):
    figures = pd.DataFrame(
        {"customer_id": ["a1", "a2"], "margin": [50.0, 30.0], "margin_of": [100.0, 100.0], "customers": 1.0}
    )
    margin = {"value": "A", "measure": "margin_rate", "target": 0.45, "unit": "finance", "supports": ""}
    ladder, odds = ladders.build([ladders.both[0], margin], figures=figures)
    assert ladder.results.today.tolist() == pytest.approx([0.0, 0.40])
    (line,) = odds.itertuples()
    assert line.kind == result_conflicts.TRADED
    assert "from 40.0 % to 36.4 %" in line.why  # 40 % / 1.10


def test_retention_counts_by_who_bought_this_year(ladders):
    """Who is kept next year is a share of those who buy now: a1 of A, b1 and b2 of B, c1 of C."""
    goal = {**ladders.goal, "measure": "retention_rate", "target": 0.95}
    asked = {"measure": "retention_rate", "value": "A", "target": 0.75}
    ladder, odds = ladders.without("a2").build([asked], goals=[goal])
    (found,) = ladder.goals.itertuples()
    assert found.today == pytest.approx(4 / 5), "a2 was there the year before"
    assert found.sum == pytest.approx((1 * 0.75 + 3 * 1.0) / 4)
    assert found.gap_unit == "count" and found.gap_amount == pytest.approx(4 * (0.9375 - 0.95))
    assert "1.3 points (0 customers)" in check(ladder, odds).notes[0]


def test_plain_sums_add_up_and_their_gap_is_said_once(ladders):
    goal = {**ladders.goal, "measure": "net_revenue", "target": 500.0}
    asked = [
        {"measure": "net_revenue", "value": "A", "target": 250.0},
        {"measure": "net_revenue", "value": "B", "target": 120.0},
    ]
    ladder, odds = ladders.build(asked, goals=[goal])
    (found,) = ladder.goals.itertuples()
    assert found.today == pytest.approx(400) and found.sum == pytest.approx(250 + 120 + 100)  # C as today
    assert ladder.parts.adds.tolist() == pytest.approx([250, 120, 100])
    assert found.carried == pytest.approx(300 / 400)
    told = check(ladder, odds)
    assert told.notes[0] == "Lacking, even if all is reached: net revenue a year EUR 30."
    assert told.table.gap_amount.isna().all()


def test_fractions_that_make_the_goal_are_not_missed(ladders):
    goal = {**ladders.goal, "measure": "net_revenue", "target": 0.6}
    asked = [
        {"measure": "net_revenue", "value": v, "target": t} for v, t in (("A", 0.1), ("B", 0.2), ("C", 0.3))
    ]
    ladder, odds = ladders.build(asked, goals=[goal])
    assert 0.1 + 0.2 + 0.3 != 0.6  # what the machine makes of it
    assert check(ladder, odds).status == "pass"


def test_fewer_days_are_better(ladders):
    """Two quotes for A took 30 days together, one for C took 6: (2 x 10 + 1 x 6) / 3 if A's take 10."""
    quotes = pd.DataFrame({"customer_id": ["a1", "a2", "c1"], "quote_days": [10.0, 20.0, 6.0], "quotes": 1.0})
    goal = {**ladders.goal, "measure": "quote_days", "target": 8.0}
    asked = {"measure": "quote_days", "value": "A", "target": 10.0}
    ladder, odds = ladders.build([asked], goals=[goal], figures=quotes)
    (found,) = ladder.goals.itertuples()
    assert found.today == pytest.approx(12) and found.sum == pytest.approx(26 / 3)
    assert found.gap == pytest.approx(8 - 26 / 3) and found.better == "lower"
    assert not ladder.results.reached[0], "15 days today, 10 asked for"
    told = check(ladder, odds)
    assert "days until the quote 0.7 too much" in told.notes[0] and "customers" not in told.notes[0]
    assert "Too much" in told.figures[0].data.part.tolist()


def test_others_join_where_nobody_speaks_for_their_customers(ladders):
    """The south is b2 and c1; beside A nobody speaks for them, beside B somebody does for b2."""
    south = {"column": "region", "value": "south", "target": 0.2, "unit": "south office"}
    ladder, _ = ladders.build([ladders.both[0], south])
    assert ladder.results.on_ladder.all()
    assert ladder.goals["sum"][0] == pytest.approx(
        (200 * 0.1 + 140 * 0.2 + 60 * 0.2) / 400
    )  # b1 grew by 20 %
    ladder, odds = ladders.build([*ladders.both, south])
    assert ladder.results.on_ladder.tolist() == [True, True, False]
    assert ladder.results.overlap[2] == pytest.approx(40 / 140)
    assert ladder.goals.counted_twice[0] == pytest.approx(40 / 400 * 0.2)
    assert any("is in part about customers whom other" in note for note in check(ladder, odds).notes)


@pytest.mark.parametrize("by", [{"value": "Z"}, {"column": "colour", "value": "red"}])
def test_key_results_about_nobody_are_told_and_not_added(ladders, by):
    ladder, odds = ladders.build([ladders.both[0], {**by, "target": 0.9}])
    assert ladder.results.customers.tolist() == [2, 0] and not ladder.results.reached[1]
    assert ladder.goals["sum"][0] == pytest.approx(200 * 0.1 / 400)
    found = check(ladder, odds)
    assert any("is about nobody" in note for note in found.notes)
    assert found.needs[0].columns == (f"{by.get('column', 'taxonomy')}: {by['value']}",)
    plain = [{**by, "measure": "net_revenue", "target": 900.0}]
    ladder, _ = ladders.build(plain, goals=[{**ladders.goal, "measure": "net_revenue", "target": 500.0}])
    assert ladder.goals["sum"][0] == pytest.approx(400), "nobody's revenue is no revenue"


def test_a_group_is_asked_for_one_thing_once(ladders):
    twice = [ladders.both[0], {"value": "A", "target": 0.2, "unit": "service"}]
    ladder, odds = ladders.build([*twice, ladders.both[1]])
    assert ladder.goals["sum"][0] == pytest.approx((200 * 0.10 + 100 * 0.20) / 400), "the first counts"
    (line,) = odds.itertuples()
    assert line.kind == result_conflicts.CLASH
    assert line.why == "the same customers are to reach +10.0 % and +20.0 %"
    same = [ladders.both[0], {**ladders.both[0], "unit": "service"}]
    assert ladders.build(same)[1].kind.tolist() == [result_conflicts.TWICE]
    assert ladders.build([ladders.both[0]] * 2)[1].kind.tolist() == [result_conflicts.CLASH]


def test_a_column_may_be_called_as_a_sum_is(ladders):
    figures = pd.DataFrame({"customer_id": ["a1", "c1"], "margin": [50.0, 30.0], "margin_of": [100.0, 100.0]})
    people = ibis.memtable(
        pd.DataFrame(
            {"customer_id": ["a1", "a2", "c1"], "margin": ["thin", None, "fat"], "size": [1, None, 3]}
        )
    )
    lines = ibis.memtable(ladders.lines)
    sums = result_sums.build_result_sums(
        people, lines, as_of=ladders.as_of, columns=["margin", "size"], figures=figures
    )
    assert sums.margin.tolist() == [50.0, 0.0, 30.0]
    assert result_sums.choose_customers(sums, "margin", "thin").tolist() == [True, False, False]
    assert result_sums.choose_customers(sums, "size", "3").tolist() == [False, False, True]
    assert not result_sums.choose_customers(sums, "size", "nan").any()


def test_quotes_without_a_day_are_not_known(ladders):
    quotes = ibis.memtable(pd.DataFrame({"customer_id": ["a1"], "quote_days": [4]}))
    sums = result_sums.build_result_sums(
        ibis.memtable(pd.DataFrame({"customer_id": ["a1"]})),
        ibis.memtable(ladders.lines),
        as_of=ladders.as_of,
        opportunities=quotes,
    )
    assert "quotes" not in sums


def test_a_goal_by_a_measure_that_nobody_knows_is_not_told(ladders):
    goal = {**ladders.goal, "measure": "happiness", "target": 0.5}
    asked = [{"measure": "happiness", "value": v, "target": 0.4} for v in ladders.groups]
    ladder, odds = ladders.build(asked, goals=[goal])
    assert ladder.goals["sum"].isna().all(), "0.4 three times are no 1.2"
    found = check(ladder, odds)
    assert found.status == "caution" and found.headline.startswith("None of 1 goal can be held")
    assert "Not told: “Grow” (happiness is not known)." in found.notes


def test_whoever_is_left_may_be_unknown(ladders):
    """C is new: nothing to grow from, so nobody can say what the whole comes to."""
    lines = ladders.lines[(ladders.lines.customer_id != "c1") | (ladders.lines.ordered_on != BEFORE)]
    ladder, odds = type(ladders)(lines).build(ladders.both)
    assert ladder.goals["sum"].isna().all() and ladder.goals.today.notna().all()
    assert any("of whoever is left is not known" in note for note in check(ladder, odds).notes)


def test_the_largest_groups_share_follows_from_growth(ladders):
    goal = {**ladders.goal, "goal": "Spread", "measure": "top_share", "target": 0.45}
    ladder, odds = ladders.build(ladders.both, goals=[ladders.goal, goal])
    spread = ladder.goals[ladder.goals.goal == "Spread"].iloc[0]
    assert spread.today == pytest.approx(200 / 400)
    assert spread["sum"] == pytest.approx(220 / (220 + 120 + 100))
    assert spread.gap == pytest.approx(0.45 - 0.5)
    assert spread.gap_amount == pytest.approx(-0.05 * 400)
    assert "(EUR 20 of revenue) too much" in " ".join(check(ladder, odds).notes)


def test_groups_without_a_key_result_go_on_growing_as_today(ladders):
    """B alone is asked for 20 %, and A has lost nothing and won nothing; C, at 80 last year, grew by 25 %."""
    lines = ladders.lines.assign(
        net_revenue=ladders.lines.net_revenue.where(
            (ladders.lines.customer_id != "c1") | (ladders.lines.ordered_on != BEFORE), 80
        )
    )
    goal = {**ladders.goal, "goal": "Spread", "measure": "top_share", "target": 0.45}
    ladder, _ = type(ladders)(lines).build([{**ladders.both[1], "supports": ""}], goals=[goal])
    assert ladder.goals["sum"][0] == pytest.approx(200 / (200 + 120 + 125))


def test_a_goal_without_key_results_is_missed_unless_today_is_enough(ladders):
    ladder, odds = ladders.build([{**ladders.both[0], "supports": ""}])
    found = check(ladder, odds)
    assert found.status == "fail"
    assert (
        "No key result serves the goal “Grow”, which is not reached today (0.0 % of +10.0 %)." in found.notes
    )
    assert "“Sell more” (A) serves no goal of the company." in found.notes


def test_a_measure_that_nobody_knows_is_asked_for(ladders):
    ladder, odds = ladders.build([{**ladders.both[0], "measure": "happiness", "supports": ""}])
    found = check(ladder, odds)
    assert [need.question for need in found.needs] == ["How is this measured?"]
    assert found.needs[0].columns == ("key_results: Sell more (measure happiness)",)


@pytest.mark.parametrize(("results", "goals"), [(False, True), (True, False), (False, False)])
def test_what_is_not_stated_is_not_run(ladders, results, goals):
    found = check(*ladders.build(ladders.both if results else (), [ladders.goal] if goals else ()))
    assert found.status == "not_run" and len(found.needs) == 2 - results - goals
