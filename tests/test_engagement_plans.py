"""What the client plans with: read as it is meant; each mistake refused at its line, with its fix."""

import math

import pytest

from segutils import engagement, stated
from segutils.errors import InputError

PLANS = """\
objectives:
  - {goal: Grow, kind: growth, measure: revenue_growth, target: 0.05, by: 2025-12-31, owner: Ann}
budgets:
  - {item: Media, amount: 5000, horizon: "2025", owner: Bob}
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
half_at: 300 → half_at: 0 | 'half_at': input should be greater | brings half of the ceiling
factors: {south: 1.5} → factors: {sout: 1.5} | unknown group 'sout' | did you mean 'south'?
name: Boom → name: Slump | 'Slump' is given twice | keep one
factors: {south: 1.5} → factors: {south: 1.5}, probability: 0.8 | add up to 1.1 | what is left is the expected
supports: Grow → supports: Shrink | no objective has the goal 'Shrink' | word for word: Grow
of: {region: north} → of: {regio: north} | unknown column 'regio' | did you mean 'region'?
of: {region: north} → of: {region: north, country: DE} | 'of' | {} for all
discount_rate: 0.08 → discount_rate: 8 | 'discount_rate': input should be less | such as 0.09
horizon_years: 5, owner: Ann → horizon_years: 5, owner: Zoe | unknown owner 'Zoe' | Ann, Bob
unit: sales, owner: Bob → unit: sales, owner: Zoe | unknown owner 'Zoe' | Ann, Bob
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


def test_a_key_result_may_not_be_about_what_may_not_be_used(plans):
    text = plans.read_text(encoding="utf-8") + (
        "privacy:\n"
        "  - {table: customers, fields: [region], purposes: [identity], basis: contract, owner: Ann}\n"
    )
    plans.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="'region' of customers may not be used to segment"):
        engagement.load_engagement(plans)
