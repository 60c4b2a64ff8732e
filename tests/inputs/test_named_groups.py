"""A plan for a group that nobody is in is refused before any notebook, and a right one is not."""

import pytest

from segutils import engagement, tables
from segutils.errors import InputError

PLANS = """\
budgets:
  - {{item: Media, amount: 5000, horizon: 2025, questions: [kpi-constraints], owner: Bob}}
responses:
  - {{group: {group}, budget: Media, ceiling: 900, half_at: 300, owner: Bob}}
key_results:
  - {{of: {{region: {region}}}, perspective: financial, objective: Grow, measure: revenue_growth, target: 0.1,
     by: 2025-12-31, unit: sales, owner: Bob}}
"""


@pytest.fixture
def plans(small_engagement):
    """Regions stand in as the strategy's groups."""
    text = small_engagement.read_text(encoding="utf-8")
    regions = sorted(set(pd_regions(small_engagement)))
    mapped = text.replace("household: household", "household: household, strategy_segment: segment")
    rows = (small_engagement.parent / "customers.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{rows[0]},segment"] + [
        f"{row},{'Küche' if n % 2 else 'Bad'}" for n, row in enumerate(rows[1:])
    ]
    (small_engagement.parent / "customers.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def write(group, region=regions[0]):
        filled = PLANS.format(group=group, region=region)
        small_engagement.write_text(mapped + filled, encoding="utf-8")
        return engagement.load_engagement(small_engagement)

    return write


def pd_regions(path):
    rows = (path.parent / "customers.csv").read_text(encoding="utf-8").splitlines()
    place = rows[0].split(",").index("area")
    return [row.split(",")[place] for row in rows[1:] if row.split(",")[place]]


@pytest.mark.parametrize("group", ["Bad", "Küche"])
def test_a_group_of_the_data_is_accepted(plans, group):
    assert tables.check_engagement(plans(group)).counts


@pytest.mark.parametrize("group", ["küche", "Ku\u0308che", "Küche  "])
def test_another_spelling_is_another_group_to_the_plans_and_so_it_is_refused(plans, group):
    with pytest.raises(InputError, match="no customer is in") as caught:
        tables.check_engagement(plans(repr(group)))
    assert "did you mean 'Küche'?" in caught.value.fix


def test_the_spelling_that_counts_is_the_one_of_most_customers(plans, small_engagement):
    file = small_engagement.parent / "customers.csv"
    text = file.read_text(encoding="utf-8").replace(",Küche\n", ",küche\n", 3)
    file.write_text(text, encoding="utf-8")
    assert tables.check_engagement(plans("Küche")).counts
    with pytest.raises(InputError, match="no customer is in 'küche'"):
        tables.check_engagement(plans("küche"))


def test_a_group_that_nobody_is_in_is_refused_at_its_line(plans):
    with pytest.raises(InputError, match="no customer is in 'Küchen'") as caught:
        tables.check_engagement(plans("Küchen"))
    assert "(responses.0.group)" in caught.value.where and "line " in caught.value.where
    assert "did you mean 'Küche'? strategy_segment has: Bad, Küche" in caught.value.fix


def test_a_key_result_of_a_value_that_is_not_there(plans):
    with pytest.raises(InputError, match="no customer is in 'Atlantis'") as caught:
        tables.check_engagement(plans("Bad", region="Atlantis"))
    assert "(key_results.0.of.region)" in caught.value.where and "region has: " in caught.value.fix


def test_groups_that_a_notebook_makes_are_left_to_it(plans):
    found = plans("Large firms")
    stated = found.model_copy(update={"parameters": {"1_1_boundaries": {"plan_by": "employees in bands"}}})
    assert tables.check_engagement(stated).counts


def test_plans_are_checked_too_when_an_earlier_runs_data_are_used_again(plans, tmp_path):
    """Only the plans have changed: nothing is read anew, and the misspelt group is refused all the same."""
    tables.ingest(plans("Bad"), tmp_path / "run")
    tables.check_plans(plans("Küche"), tmp_path / "run")
    with pytest.raises(InputError, match="no customer is in 'Küchen'"):
        tables.check_plans(plans("Küchen"), tmp_path / "run")
