"""Which limits to apply: what the finding says, and when it does not say it."""

import numpy as np
import pandas as pd
import pytest

from segutils.attractiveness.limit_decision import decide_limits, list_breakpoints
from segutils.attractiveness.limit_options import AS_STATED
from segutils.attractiveness.limit_words import LIMITS
from segutils.errors import InputError
from segutils.findings import Override
from segutils.statistics.customer_figures import CustomerFigures
from segutils.statistics.figure_sources import NEEDS

NAN = np.nan
NOTHING = CustomerFigures(table=pd.DataFrame({"customer_id": []}))
VALUES = {"margin_rate": [0.5, 0.4, 0.1], "net_revenue": [60.0, 30, 10]}


def decide(samples, limits, figures=NOTHING, **options):
    return decide_limits(samples, limits, figures, slug="thresholds", word="group", **options)


@pytest.fixture
def asked(cases):
    return cases.limit(("margin_rate", 0.3, NAN))


def test_a_firm_exclusion(cases, asked):
    found = decide(cases.samples(VALUES), asked)
    assert found.status == "pass" and found.decision.recommendation == AS_STATED
    assert found.headline == (
        "C is excluded, for contribution margin; the exclusion is firm, and the list is the same in 100 % of "
        "other samples."
    )
    assert found.table.name.to_list() == ["C", "B", "A"]  # who is out, then who is nearest to it
    row = found.table.iloc[0]
    assert (row.value, row.limit, row.miss_share, row.standing) == (0.1, 0.3, 1.0, "excluded")
    assert found.notes[0].endswith("in 100 % of other samples: firm.")
    assert "C returns at 10.0 % and B falls at 40.0 %" in found.notes[1]
    assert "from 30.0 % to 40.0 %, where B falls" in found.decision.robustness
    assert found.decision.robustness_share == 1.0


def test_an_exclusion_by_chance_is_advised_against(cases, asked):
    values = {"margin_rate": [0.5, 0.4, 0.29], "net_revenue": [60.0, 30, 10]}
    drawn = [{"margin_rate": [0.5, 0.4, 0.31 if n < 3 else 0.28]} for n in range(10)]
    found = decide(cases.samples(values, drawn), asked)
    assert found.status == "caution"
    assert found.decision.recommendation == "Relax the limit on contribution margin to 29.0 %"
    assert "that may be chance" in found.headline and "relax the limit" in found.headline
    assert "Hanging on the sample: C (70 %)" in found.decision.robustness
    assert "from 70 % of samples on instead of 80 %" in found.decision.robustness
    # taken at its word, that mark gives the limits as stated
    assert decide(cases.samples(values, drawn), asked, firm=0.69).decision.recommendation == AS_STATED


def test_nothing_is_excluded_where_all_keep_the_limits(cases, asked):
    found = decide(cases.samples({"margin_rate": [0.5, 0.4], "net_revenue": [1.0, 1]}), asked)
    assert found.status == "pass" and found.headline.startswith("All 2 groups keep every limit, in 100 %")
    assert "the closest call is B on contribution margin" in found.headline
    assert found.decision.options.excluded[0] == "nobody"


def test_a_limit_of_nothing_on_a_measure_without_a_scale_can_move_too(cases):
    """Customers 6, 3 and 1 against at least 0: there is no distance to compare, and still C falls at 1."""
    found = decide(cases.samples({"customers": [6.0, 3, 1]}), cases.limit(("customers", 0, NAN)))
    assert "with the limit on customers from 0 to 1, where C falls" in found.decision.robustness


def test_without_a_measure_there_is_no_limit_to_move(cases):
    found = list_breakpoints(
        cases.samples({"customers": [6.0, 3, 1]}), cases.limit(("beauty", 0.5, NAN)), slug="thresholds"
    )
    assert found.status == "not_run" and found.needs == (LIMITS,)
    assert found.headline.endswith("nothing is known of what the limits are on (beauty).")


def test_nobody_is_left(cases):
    found = decide(cases.samples(VALUES), cases.limit(("margin_rate", 0.9, NAN)))
    assert found.status == "fail" and found.headline.startswith("No group keeps every limit")


def test_many_groups_are_not_all_told(cases):
    """Eight groups, margins 0.01 to 0.08: each misses 0.3 by far, the nearest are named."""
    many = cases.samples({"margin_rate": [n / 100 for n in range(1, 9)], "net_revenue": [1.0] * 8})
    asked = cases.limit(("margin_rate", 0.3, NAN))
    found = decide(many, asked)
    assert found.headline.startswith("No group keeps every limit")
    named = [note[0] for note in found.notes if " misses contribution margin" in note]
    assert named == list("HGFEDC") and found.notes[6].startswith("2 more miss limits by a wider margin")
    assert "8 exclusions" in found.decision.robustness and len(found.table) == 8
    # each is a long way off, so only the first step back is an option
    assert found.decision.options.option.str.startswith("Relax").sum() == 1


def test_a_limit_on_what_is_not_known_is_asked_for_and_the_rest_is_done(cases):
    figures = CustomerFigures(table=NOTHING.table, needs=(NEEDS["won"], NEEDS["market"]))
    asked = cases.limit(("margin_rate", 0.3, NAN), ("market_growth", 0, NAN), ("charm", 1, NAN))
    found = decide(cases.samples(VALUES), asked, figures)
    assert found.status == "caution" and found.table.name[0] == "C"
    assert found.needs[0] == NEEDS["market"] and NEEDS["won"] not in found.needs
    assert "What is meant by charm?" in found.needs[1].question
    assert any("growth of the market a year and charm" in note for note in found.notes)


def test_the_clients_own_choice_is_shown_beside_the_recommendation(cases, asked):
    own = Override(
        choice="Relax the limit on contribution margin to 10.0 %", who="Ann", when="2026-01-01", why="Ours."
    )
    found = decide(cases.samples(VALUES), asked, override=own)
    assert found.decision.choice == own.choice and found.decision.recommendation == AS_STATED
    assert found.headline.startswith("The client chooses")
    with pytest.raises(InputError, match="not an option"):
        decide(cases.samples(VALUES), asked, override=Override(choice="Never", who="", when="", why=""))


def test_not_run_without_limits_groups_or_measures(cases, asked):
    figures = CustomerFigures(table=NOTHING.table, needs=(NEEDS["market"], NEEDS["won"], NEEDS["reach"]))
    bare = decide(cases.samples(VALUES), cases.limit(), figures)
    assert bare.status == "not_run" and "nobody has stated what a group must have" in bare.headline
    assert [need.table for need in bare.needs] == ["engagement file", "market", "customers"]
    assert bare.table.margin_rate.to_list() == VALUES["margin_rate"]  # what is known is shown
    empty = decide(None, asked, figures)
    assert empty.status == "not_run" and "no customer is in a group" in empty.headline
    blind = decide(cases.samples({"customers": [5.0]}), cases.limit(("market_growth", 0, NAN)), figures)
    assert blind.status == "not_run" and blind.needs == (NEEDS["market"],)
    for samples, limits in ((None, asked), (cases.samples(VALUES), cases.limit())):
        assert list_breakpoints(samples, limits, slug="thresholds").status == "not_run"


def test_every_value_at_which_the_list_changes(cases, asked):
    found = list_breakpoints(cases.samples(VALUES), asked, slug="thresholds", word="group")
    assert found.table.name.to_list() == ["C", "B", "A"]
    assert found.table["at"].to_list() == [0.1, 0.4, 0.5]
    assert found.table.revenue_kept.to_list() == pytest.approx([1.0, 0.6, 0.0])
    assert found.headline.startswith("1 limit, moved one at a time") and "at 3 values" in found.headline
    figure = found.figures[0]
    assert figure.reference == 0.3 and figure.title.endswith("C misses it and would return at 10.0 %")
