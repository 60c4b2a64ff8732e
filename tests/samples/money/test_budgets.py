"""Budgets: research follows the first year's revenue, apart from one favoured group."""

import pandas as pd
import pytest

from segutils.samples.making import Making
from segutils.samples.money import budgets

REVENUE = """
    select strategy_segment as label,
      sum(net_revenue) filter (where year(ordered_at) = 2023)::double as first,
      sum(net_revenue) filter (where year(ordered_at) = 2025)::double as last
    from client.transactions join client.customers using (customer_id) group by all order by all"""


def read_budgets(making: Making) -> pd.DataFrame:
    frame = making.ask("select * replace (amount::double as amount) from client.budgets")
    frame[["family", "of"]] = frame["item"].str.split(": ", expand=True)
    return frame


def weigh_research(making: Making) -> pd.Series:
    """How each group's research money stands to its revenue of the first year, in terms of Laboratory's."""
    plans = read_budgets(making)
    research = plans[(plans.family == "Research") & (plans.horizon == budgets.YEAR)].set_index("of").amount
    ratio = research / making.ask(REVENUE).set_index("label")["first"]
    return ratio / ratio["Laboratory"]


def test_research_follows_habit_but_for_one_group(made):
    weights = weigh_research(made)
    # amounts are rounded to 100 EUR, the smallest is above 400,000
    assert weights[budgets.FAVOURED_GROUP] == pytest.approx(budgets.FAVOUR, rel=1e-3)
    assert weights.drop(budgets.FAVOURED_GROUP).to_numpy() == pytest.approx(1, rel=1e-3)


def test_levels(made):
    plans = read_budgets(made)
    last = made.ask(REVENUE)["last"].sum()
    by = plans.groupby(["family", "horizon"]).amount.sum()
    assert by["Research", budgets.YEAR] == pytest.approx(budgets.RESEARCH * last, rel=1e-3)
    assert by["Research", budgets.YEARS] == pytest.approx(3 * budgets.RESEARCH * last, rel=1e-3)
    assert by["Segment programme", budgets.YEARS] == pytest.approx(budgets.PROGRAMMES * last, rel=1e-3)
    assert by["Marketing", budgets.YEAR] == pytest.approx(sum(budgets.MARKETING.values()) * 6000, rel=1e-3)
    programmes = plans[plans.family == "Segment programme"].set_index("of").amount
    shares = programmes / programmes.sum()
    assert shares.to_dict() == pytest.approx(dict(budgets.PROGRAMME_SHARES), abs=1e-3)
    assert not plans.owner.isna().any() and not plans.duplicated(["item", "horizon"]).any()


def test_null_budgets_favour_nobody(null):
    assert weigh_research(null).to_numpy() == pytest.approx(1, rel=1e-3)
    programmes = read_budgets(null).query("family == 'Segment programme'").amount
    assert programmes.nunique() == 1
