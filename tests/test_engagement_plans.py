"""What the client plans with: read as it is meant; each mistake refused at its line, with its fix."""

import math

import pytest

from segutils import engagement, plan_checks, stated
from segutils.errors import InputError
from segutils.objectives.portfolio.result_sums import KNOWN
from segutils.statistics.figure_sources import MEASURED_BY

PLANS = """\
objectives:
  - {goal: Grow, kind: growth, measure: revenue_growth, target: 0.05, by: 2025-12-31, owner: Ann}
budgets:
  - {item: Media, amount: 5000, horizon: "2025", questions: [kpi-constraints], owner: Bob}
organisation: {headcount: {sales: 6}, owner: Bob}
finance: {discount_rate: 0.08, horizon_years: 5, owner: Ann}
responses:
  - {group: north, budget: Media, ceiling: 900, half_at: 300, at_least: 400, people: {sales: 2}, owner: Bob}
  - {group: south, budget: Media, ceiling: 500, half_at: 200, at_most: 800, min_amount: 50, owner: Bob}
scenarios:
  - {name: Slump, means: Nobody buys., factors: {all: 0.5, north: 0.2}, probability: 0.3, owner: Ann}
  - {name: Boom, means: All buy., factors: {south: 1.5}, owner: Ann}
key_results:
  - {of: {region: north}, perspective: financial, objective: Grow there, supports: Grow,
     measure: revenue_growth, target: 0.1, by: 2025-12-31, unit: sales, owner: Bob}
  - {of: {}, perspective: customer, objective: Keep them, measure: retention_rate,
     target: 0.9, by: 2025-12-31, unit: service, owner: Ann}
owners:
  Ann: {role: finance, answers_for: [money]}
  Bob: {role: sales, answers_for: [customers]}
governance: {roles: {finance: counts, sales: sells}}
"""


@pytest.fixture
def plans(small_engagement):
    with small_engagement.open("a", encoding="utf-8") as stream:
        stream.write(PLANS)
    return small_engagement


def test_responses_scenarios_and_key_results_as_tables(plans):
    found = engagement.load_engagement(plans)
    responses = stated.list_responses(found)
    assert responses.group.tolist() == ["north", "south"]
    assert responses.at_least.tolist() == [400, 500] and responses.at_most.tolist() == [900, 800]
    assert responses.people.tolist() == [{"sales": 2}, {}] and responses.min_amount.tolist() == [0, 50]
    assert stated.list_responses(found, "Research").empty
    scenarios = stated.list_scenarios(found)
    assert scenarios[["scenario", "group", "factor"]].to_numpy().tolist() == [
        ["Slump", "all", 0.5],
        ["Slump", "north", 0.2],
        ["Boom", "south", 1.5],
    ]
    assert scenarios.probability[0] == 0.3 and math.isnan(scenarios.probability[2])
    results = stated.list_key_results(found)
    assert results[["column", "value", "supports"]].to_numpy().tolist() == [
        ["region", "north", "Grow"],
        ["", "", ""],
    ]
    assert (found.finance.discount_rate, found.finance.horizon_years) == (0.08, 5)


def test_a_file_without_plans_has_empty_tables(small_engagement):
    found = engagement.load_engagement(small_engagement)
    for table in (stated.list_responses(found), stated.list_scenarios(found), stated.list_key_results(found)):
        assert table.empty and "owner" in table.columns
    assert found.finance is None


# what is written → what instead | what the message says | what its fix says
MISTAKES = """
budget: Media, ceiling: 900 → budget: Medai, ceiling: 900 | unknown budget 'Medai' | did you mean 'Media'?
group: south → group: north | what Media brings back in north is stated twice | keep one
people: {sales: 2} → people: {sale: 2} | unknown team 'sale' | did you mean 'sales'?
at_least: 400 → at_least: 1000 | ceiling 900 is not between at_least 1000 and | at_least <= ceiling
half_at: 300 → half_at: 0 | 'half_at': 0 is not above 0 | brings half of the ceiling
factors: {south: 1.5} → factors: {sout: 1.5} | unknown group 'sout' | did you mean 'south'?
name: Boom → name: Slump | 'Slump' is given twice | keep one
factors: {south: 1.5} → factors: {south: 1.5}, probability: 0.8 | add up to 1.1 | what is left is the expected
supports: Grow → supports: Shrink | no objective has the goal 'Shrink' | word for word: Grow
of: {region: north} → of: {regio: north} | unknown column 'regio' | did you mean 'region'?
of: {region: north} → of: {region: north, country: DE} | 'of' | {} for all
discount_rate: 0.08 → discount_rate: 8 | 'discount_rate': 8 is above 1 | such as 0.09
horizon_years: 5, owner: Ann → horizon_years: 5, owner: Zoe | unknown owner 'Zoe' | Ann, Bob
unit: sales, owner: Bob → unit: sales, owner: Zoe | unknown owner 'Zoe' | Ann, Bob
revenue_growth, target: 0.05 → revenue_grwth, target: 0.05 | misspelt 'revenue_growth' | did
measure: retention_rate → measure: retention_rte | like a misspelt | 'retention_rate'
target: 0.9, → target: 90, | 90 is 9000 % | write 90 % as 0.9
target: 0.05 → target: 5 | 'revenue_growth' is a share, and 5 is 500 % | write 5 % as 0.05
by: 2025-12-31, owner: Ann} → by: 2024-12-30, owner: Ann} | 2024-12-30 was over before | a day to come
by: 2025-12-31, unit: serv → by: 2023-12-31, unit: serv | 2023-12-31 was over | a day to come
horizon: "2025" → horizon: "2023" | the budget 'Media' is for 2023, over before | the years to come
horizon: "2025" → horizon: soon | 'soon' is no year and no span of years | write 2026, or 2026-2028
horizon: "2025" → horizon: 2027-2025 | '2027-2025' is no year and no span | write 2026, or 2026-2028
questions: [kpi-constraints] → questions: [refresh-budget] | no question divides it | kpi-constraints
group: south → group: North | 'North' and 'north' are one group, written in two ways | as the data do
min_amount: 50 → min_amount: 5001 | it begins at 5,001, and the budget Media has 5,000 | lower it
min_amount: 50 → starts_after_years: 5 | after 5 years, of 5 that count | raise horizon_years
ceiling: 900, → ceiling: 900.000,00, | unknown key '00' | without marks between thousands
discount_rate: 0.08 → discount_rate: 8 % | 'discount_rate': '8 %' is no number | 8 % is 0.08
discount_rate: 0.08 → discount_rate: "0,08" | '0,08' is no number | the decimal mark is a point
amount: 5000 → amount: EUR 5000 | 'EUR 5000' is no number | the number alone
half_at: 300 → half_at: yes | a number is wanted, not yes | write the number
factors: {all: 0.5, north: 0.2} → factors: {} | 'factors': it is empty | such as Process: 0.7
"""


@pytest.mark.parametrize("mistake", MISTAKES.strip().splitlines())
def test_a_mistake_is_refused_with_its_fix(plans, mistake):
    change, says, fix = (part.strip() for part in mistake.rsplit(" | ", 2))
    old, new = change.split(" → ")
    text = plans.read_text(encoding="utf-8")
    assert old in text
    plans.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1
    with pytest.raises(InputError) as caught:
        engagement.load_engagement(plans)
    message = str(caught.value)
    assert says in message and fix in message
    if "add up" not in says:
        assert f"line {line}" in message


LEGITIMATE = """
horizon: "2025" → horizon: 2025
by: 2025-12-31, owner: Ann} → by: 2024-12-31, owner: Ann}
measure: revenue_growth, target: 0.05 → measure: revenue_growth, target: 1.5
measure: revenue_growth, target: 0.05 → measure: visits_a_rep, target: 90
measure: retention_rate → measure: revenue_share_e-shop
measure: revenue_growth, target: 0.05 → measure: visit_rate, target: 12
min_amount: 50 → min_amount: 5000
min_amount: 50 → starts_after_years: 4
"""


@pytest.mark.parametrize("change", LEGITIMATE.strip().splitlines())
def test_what_looks_odd_and_is_right_is_read(plans, change):
    old, new = change.split(" → ")
    text = plans.read_text(encoding="utf-8")
    assert old in text
    plans.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert engagement.load_engagement(plans).client == "Small Shop"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("by: 2025-12-31, unit: sales", "north has two targets for 'revenue_growth' by 2025-12-31"),
        ("by: 2026-12-31, unit: sales", ""),
    ],
)
def test_a_target_is_set_once_for_each_day(plans, line, says):
    twice = (
        "  - {of: {region: north}, perspective: financial, objective: Again, measure: revenue_growth,\n"
        f"     target: 0.2, {line}, owner: Bob}}\n"
    )
    text = plans.read_text(encoding="utf-8").replace("owners:\n", twice + "owners:\n")
    plans.write_text(text, encoding="utf-8")
    if not says:
        assert len(engagement.load_engagement(plans).key_results) == 3
        return
    with pytest.raises(InputError, match=says):
        engagement.load_engagement(plans)


def test_two_goals_have_two_names(plans):
    again = "  - {goal: Grow, kind: share, measure: market_share, target: 0.2, by: 2025-12-31, owner: Ann}\n"
    text = plans.read_text(encoding="utf-8").replace("budgets:\n", again + "budgets:\n")
    plans.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="'Grow' is given twice"):
        engagement.load_engagement(plans)


def test_a_misspelt_criterion_is_found_and_one_of_ones_own_is_not(plans):
    text = plans.read_text(encoding="utf-8") + (
        "weights:\n  attractiveness:\n    criteria: {market_grwth: {means: a}, prestige: {means: b}}\n"
        "    raters: [{name: Ann, weights: {market_grwth: 0.5, prestige: 0.5}}]\n"
    )
    plans.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="looks like a misspelt 'market_growth'") as caught:
        engagement.load_engagement(plans)
    assert "weights.attractiveness.criteria.market_grwth" in caught.value.where


def test_the_measures_that_can_be_misspelt_are_those_that_key_results_can_name():
    assert set(KNOWN) <= set(plan_checks.MEASURES)
    assert set(MEASURED_BY) <= set(plan_checks.MEASURES)


def test_a_key_result_may_not_be_about_what_may_not_be_used(plans):
    text = plans.read_text(encoding="utf-8") + (
        "privacy:\n"
        "  - {table: customers, fields: [region], purposes: [identity], basis: contract, owner: Ann}\n"
    )
    plans.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="'region' of customers may not be used to segment"):
        engagement.load_engagement(plans)
