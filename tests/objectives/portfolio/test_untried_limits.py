"""A stated limit that is held against nothing is said to be, and is never counted as kept."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.formats import format_value
from segutils.objectives.portfolio.kpi_constraints import BEST
from segutils.objectives.portfolio.result_floor import PNL, read_result, say_unread
from segutils.objectives.portfolio.untried_limits import EBITDA, list_untried, tell_lines
from tests.objectives.portfolio.test_kpi_constraints import (
    TWO,
    M,
    decide,
    make_responses,
    make_result,
    make_thresholds,
)

BUDGET = [("Money", 300 * M, "2026")]
FLOOR = ("ebitda_rate", 0.15, np.nan)
WHY = "of the table pnl, it tells one period only, so how long a period is cannot be read from it"


def make_pnl(lines: dict[str, float], years=(2024, 2025)):
    rows = [(date(year, 1, 1), name, amount) for year in years for name, amount in lines.items()]
    return ibis.memtable(pd.DataFrame(rows, columns=["period", "line", "amount"]))


def test_which_limits_cannot_be_held():
    """The floor without a result; support, whom no response binds; sales are bound and left as they are."""
    thresholds = make_thresholds(FLOOR, ("people_sales", np.nan, 5), ("people_support", np.nan, 3))
    investments = make_responses({"people": {"sales": 1.0, "support": 0.0}})
    found = list_untried(thresholds, investments, None, WHY)
    assert [line.limit for line in found] == [EBITDA, "people in support"]
    assert found[0].need.columns[-1] == "parameters: {1_3_portfolio: {pnl_period_months: 12}}"
    assert "support" in found[1].need.columns[0] and found[1].allowed == 3
    assert [line.limit for line in list_untried(thresholds, investments, make_result())] == [
        "people in support"
    ]
    assert list_untried(thresholds, investments, None)[0].need == PNL


def test_a_floor_without_a_result_is_on_page_table_and_status():
    found = decide(TWO, BUDGET, [FLOOR], unread=WHY)
    assert found.status == "caution"
    assert found.headline.endswith("Not held against: EBITDA as a share of revenue (15.0 %).")
    row = found.table.set_index("limit").loc[EBITDA]
    assert (row.allowed, row.not_held, row.owner) == (0.15, WHY, "Bob")
    assert np.isnan(row.used) and format_value(row.binds, "flag") not in ("yes", "no")
    assert found.labels["keeps_limits"] == "Keeps the limits that it was held against"
    assert WHY in found.notes[0] and "is not known" in found.notes[0]
    assert found.needs[0].table == "pnl" and sum(need.table == "pnl" for need in found.needs) == 1


def test_people_whom_no_response_binds():
    found = decide(TWO, BUDGET, [FLOOR, ("people_sales", np.nan, 5)], result=make_result())
    assert found.status == "caution" and found.headline.endswith("Not held against: people in sales (5.0).")
    table = found.table.set_index("limit")
    assert np.isnan(table.used["people in sales"]) and table.used[EBITDA] > 0.15 - 1e-9
    assert not table.not_held[EBITDA]


def test_all_limits_held_says_nothing_of_it():
    found = decide(TWO, BUDGET, [FLOOR], result=make_result())
    assert "Not held" not in found.headline and "not_held" not in found.table
    assert found.labels["keeps_limits"] == "Keeps the limits"


def test_limits_that_clash_are_told_with_what_the_result_is_made_of():
    """EBITDA is 20 %, the floor 25 %: no plan keeps it, and how lines were counted stands beside it."""
    found = decide(TWO, BUDGET, [("ebitda_rate", 0.25, np.nan)], result=make_result(goods_rate=0.1))
    assert found.status == "fail" and any("EBITDA was 20.0 %" in note for note in found.notes)
    assert "costs are all costs" in found.assumptions[0].text
    both = decide(
        TWO,
        BUDGET,
        [("ebitda_rate", 0.25, np.nan), ("people_sales", np.nan, 5)],
        result=make_result(goods_rate=0.1),
    )
    assert any("people in sales" in note.lower() for note in both.notes)


def test_a_yearly_result_is_held_against():
    """1,000 less 600 less 200 is 200; 15 % of what revenue becomes is kept by the plan of one year alone."""
    pnl = make_pnl({"Umsatz": 1000 * M, "Wareneinsatz": -600 * M, "Miete": -200 * M, "Zinsen": -90 * M})
    result = read_result(pnl, as_of=date(2025, 12, 31))
    assert say_unread(pnl, as_of=date(2025, 12, 31)) == "" and result.rate == pytest.approx(0.2)
    found = decide(TWO, BUDGET, [FLOOR], result=result)
    options = found.decision.options.set_index("option")
    assert options.ebitda_rate[BEST] >= 0.15 - 1e-9 and found.table.limit.tolist().count(EBITDA) == 1
    (told,) = [line for line in found.assumptions if "Lines of the result" in line.text]
    assert (
        "below EBITDA and left out Zinsen" in told.text and "(of them the goods: Wareneinsatz)" in told.text
    )
    assert "Bob may tell otherwise" in told.text and told.owner == "playbook default"


def test_a_line_that_nobody_recognises_is_named_and_asked_for():
    pnl = make_pnl({"Umsatz": 1000 * M, "Diverses": -50 * M, "Miete": -700 * M, "EBITDA": 300 * M})
    result = read_result(pnl, as_of=date(2025, 12, 31))
    found = decide(TWO, BUDGET, [FLOOR], result=result)
    assert any(
        "as nothing in the name tells what it is: “Diverses” (EUR 50.0 million)" in n for n in found.notes
    )
    assert any("own line of EBITDA says EUR 300.0 million" in note for note in found.notes)
    assert any("is called goods or material" in note for note in found.notes)
    assert found.needs[-1].columns == ('parameters: {1_3_portfolio: {pnl_lines: ["Diverses: cost"]}}',)
    assert tell_lines(None, "Ann") == ()
