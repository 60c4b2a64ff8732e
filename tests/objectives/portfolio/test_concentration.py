"""Concentration: the index by hand, a loss on paper, money divided over groups, and the planted client."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from segutils.engagement_terms import Person
from segutils.objectives.attractiveness.margin_ladder import REVENUE, MarginLadder, build_margin_ladder
from segutils.objectives.portfolio.concentration import (
    GROUPS,
    PRICES,
    check_concentration,
    check_losses,
    list_mitigation,
)
from segutils.objectives.portfolio.concentration_measures import (
    measure_concentration,
    read_book,
)
from segutils.objectives.portfolio.concentration_options import NOBODY, list_options, split_money
from segutils.objectives.portfolio.concentration_stress import (
    choose_level,
    count_accounts_to_floor,
    find_break,
    stress_losses,
)
from segutils.objectives.portfolio.result_floor import PNL, THRESHOLD, Result, read_result
from segutils.statistics.figure_sources import NEEDS
from segutils.statistics.responses import return_a_year

QUARTERS = tuple(date(y, m, d) for y in (2024, 2025) for m, d in ((3, 31), (6, 30), (9, 30), (12, 31)))
# customer, group, revenue of 2024 and of 2025, margin after serving of 2025
BOOK = [
    ("a", "Big", 300.0, 300.0, 130.0),
    ("b", "Big", 100.0, 100.0, 50.0),
    ("c", "Mid", 200.0, 400.0, 100.0),
    ("d", "Small", 100.0, 150.0, 60.0),
    ("e", "Small", 100.0, 50.0, 10.0),
]
RESULT = Result(
    revenue=1000.0,
    ebitda=200.0,
    goods_rate=0.6,
    lines=pd.DataFrame(),
    first=date(2025, 1, 1),
    last=date(2025, 12, 31),
)
FLOOR = pd.DataFrame({"measure": ["ebitda_rate"], "min": [0.1], "max": [np.nan], "owner": ["M. Keller, CFO"]})
GOAL = pd.DataFrame(
    {
        "goal": ["Live less by a few"],
        "kind": ["diversification"],
        "measure": ["top_share"],
        "target": [0.35],
        "by": [date(2028, 12, 31)],
        "owner": ["A. Lindqvist, CEO"],
    }
)


def make(rows=BOOK, *, margins=True, years=2) -> tuple[MarginLadder, pd.DataFrame]:
    """A ladder whose years fall on their first quarters, and the groups."""
    revenue = np.zeros((len(rows), 4 * years))
    for k in range(years):
        revenue[:, 4 * k] = [row[2 + k + (2 - years)] for row in rows]
    cm2 = np.zeros((len(rows), 4 * years))
    cm2[:, -1] = [row[4] for row in rows]
    amounts = {REVENUE: revenue} | ({"CM1": cm2 * 1.2, "CM2": cm2} if margins else {})
    ladder = MarginLadder(
        customer_id=np.array([row[0] for row in rows]),
        quarters=QUARTERS[-4 * years :],
        amounts=amounts,
        means={"CM2": "after serving"},
    )
    groups = pd.DataFrame({"customer_id": [row[0] for row in rows], "group": [row[1] for row in rows]})
    return ladder, groups


class TestIndex:
    def test_by_hand(self):
        """2025: Big 400, Mid 400, Small 200 of 1,000: 0.16 + 0.16 + 0.04; 2024: 400, 200, 200 of 800."""
        measured = measure_concentration(read_book(*make()), draws=20).set_index("measure")
        assert measured["2025"]["hhi"] == pytest.approx(0.36) and measured["2024"]["hhi"] == pytest.approx(
            0.375
        )
        assert measured["2025"]["top_share"] == pytest.approx(0.4)
        assert measured["2024"]["top_share"] == pytest.approx(0.5) and measured.change[
            "top_share"
        ] == pytest.approx(-0.1)
        assert measured["2025"]["effective_number"] == pytest.approx(1 / 0.36)
        assert measured["2025"]["top_account_share"] == pytest.approx(0.4)
        assert measured["2025"]["account_hhi"] == pytest.approx((9 + 1 + 16 + 2.25 + 0.25) / 100)
        assert np.isnan(measured.low["account_hhi"]) and measured.low["hhi"] <= 0.36 + 1e-9

    def test_intervals_spread_as_the_share_does(self):
        """1,000 customers alike, 30 % in one group: the share's standard error is (0.3 · 0.7 / n)^½."""
        rows = [(f"c{n:04d}", "X" if n % 10 < 3 else "Y", 1.0, 1.0, 0.5) for n in range(1000)]
        measured = measure_concentration(read_book(*make(rows)), draws=600, seed=2).set_index("measure")
        assert measured["2025"]["top_share"] == pytest.approx(0.7)
        width = measured.high["top_share"] - measured.low["top_share"]
        assert width == pytest.approx(2 * 1.96 * np.sqrt(0.21 / 1000), rel=0.12)
        assert measured.change_low["top_share"] == pytest.approx(0, abs=1e-12)  # the same in both years

    def test_row_order_and_customers_without_a_group(self):
        ladder, groups = make()
        book = read_book(ladder, groups.iloc[::-1])
        one = measure_concentration(book, draws=10)
        pd.testing.assert_frame_equal(one, measure_concentration(read_book(ladder, groups), draws=10))
        part = read_book(ladder, groups[groups.group != "Small"])
        assert part.covered == pytest.approx(0.8) and part.groups == ("Big", "Mid")

    def test_a_short_history_is_one_year(self):
        ladder, groups = make(years=1)
        short = MarginLadder(
            customer_id=ladder.customer_id,
            quarters=QUARTERS[:3],
            amounts={REVENUE: ladder.amounts[REVENUE][:, :3]},
        )
        book = read_book(short, groups)
        assert book.years == ("to 2024-09-30",) and book.last.sum() == 1000


class TestLosses:
    def test_a_loss_on_paper(self):
        """E 200 of R 1,000, floor 10 %: of 400 with margin 180 may go (200 − 100) / (180 − 40) = 0.714."""
        assert find_break(400.0, 180.0, RESULT, 0.1) == pytest.approx(100 / 140)
        assert find_break(400.0, 30.0, RESULT, 0.1) == np.inf  # it earns less than the floor asks of it
        assert find_break(400.0, 180.0, RESULT, 0.25) == 0.0  # broken already

    def test_the_largest_group_by_hand(self):
        """Big and Mid have 400 each; the first by name counts: margin 180, so 20 of 600 are left, 3.3 %."""
        losses = stress_losses(read_book(*make()), level="CM2", result=RESULT, floor=0.1, draws=20).set_index(
            "loss"
        )
        assert losses.margin_lost["Big"] == 180 and losses.revenue_share["Big"] == pytest.approx(0.4)
        assert losses.ebitda["Big"] == 20 and losses.rate["Big"] == pytest.approx(20 / 600)
        assert losses.rate["50 % of Big"] == pytest.approx(110 / 800)
        assert losses.breaks_at["Big"] == pytest.approx(100 / 140)
        assert losses.breaks_at["50 % of Big"] == pytest.approx(2 * 100 / 140)
        both = losses.loc["Big and Mid"]
        assert both.ebitda == -80 and both.breaks_at == pytest.approx(100 / (280 - 80))
        assert losses.margin_lost["the largest account"] == 100  # c, with 400
        everybody = losses.loc["customers of every kind alike"]
        assert everybody.breaks_at == pytest.approx(100 / (350 - 100))

    def test_at_the_break_the_rate_is_the_floor(self):
        share = find_break(400.0, 180.0, RESULT, 0.1)
        assert (200 - share * 180) / (1000 - share * 400) == pytest.approx(0.1)

    def test_accounts_until_the_floor_by_hand(self):
        """c first: 100 left of 600; then a: −30 of 300: the second breaks 10 %."""
        book = read_book(*make())
        assert count_accounts_to_floor(book, level="CM2", result=RESULT, floor=0.1) == 2
        rich = replace(RESULT, ebitda=500.0)  # 150 more than all accounts leave
        assert count_accounts_to_floor(book, level="CM2", result=rich, floor=0.1) == np.inf
        assert np.isnan(count_accounts_to_floor(book, level="", result=RESULT, floor=0.1))

    def test_the_level_that_goes_with_customers(self):
        book = read_book(*make())
        assert choose_level(book, "CM2") == choose_level(book, "CM3") == "CM2"
        assert (
            choose_level(book, "CM1") == "CM1" and choose_level(read_book(*make(margins=False)), "CM2") == ""
        )

    def test_finding(self):
        found = check_losses(*make(), currency="EUR", result=RESULT, thresholds=FLOOR)
        assert found.status == "caution" and "below the floor of 10 %" in found.headline
        assert "71 % of it is lost" in found.headline and found.needs == ()
        assert "EUR 150 of costs a year stay" in found.notes[0]  # 350 of margin less 200 of EBITDA
        high = check_losses(*make(), currency="EUR", result=RESULT, thresholds=FLOOR.assign(min=0.18))
        assert high.status == "fail"  # (200 − 180) / (180 − 72) = 19 % of Big
        low = check_losses(*make(), currency="EUR", result=RESULT, thresholds=FLOOR.assign(min=0.01))
        assert low.status == "pass" and "would not break it" in low.headline

    def test_what_is_missing_is_asked_for(self):
        bare = check_losses(*make(margins=False), currency="EUR")
        assert bare.needs == (NEEDS["margin"], PNL, THRESHOLD) and bare.status == "info"
        assert "40.0 % of revenue would be gone" in bare.headline and not bare.figures
        margin = check_losses(*make(), currency="EUR")
        assert margin.needs == (PNL, THRESHOLD) and "EUR 180 of contribution margin" in margin.headline
        assert "no floor is stated" in check_losses(*make(), currency="EUR", result=RESULT).headline

    def test_a_floor_that_is_held_against_nothing_is_said_to_be(self):
        stated = pd.DataFrame({"measure": ["ebitda_rate"], "min": [0.08], "owner": ["Ann"]})
        for margins in (True, False):
            found = check_losses(
                *make(margins=margins), currency="EUR", thresholds=stated, unread="it is lost"
            )
            assert found.status == "caution" and PNL in found.needs
            assert found.headline.endswith("so the floor of 8 % was not held against it.")
            assert found.assumptions[-1].text == (
                "EBITDA must be 8 % of revenue at least; it was not held against these losses, as it is lost."
            )
        held = check_losses(*make(), currency="EUR", thresholds=stated, result=RESULT)
        assert held.assumptions[-1].text == "EBITDA must be 8 % of revenue at least."


class TestConcentration:
    def test_a_target_that_is_missed(self):
        found = check_concentration(*make(), objectives=GOAL, draws=50)
        assert found.status == "caution" and "the 35 % that the company wants at most" in found.headline
        mark = found.table.set_index("measure").mark
        assert mark["Share of the largest group"] == 0.35
        assert mark.filter(like="over groups").iloc[0] == 1800 and mark.filter(like="accounts").isna().all()
        # Big 400 of 1,000: others must make 400 / 0.35 − 1,000 = 142.9 more
        assert any("would have to sell 23.8 % more" in note for note in found.notes)
        kept = check_concentration(*make(), objectives=GOAL.assign(target=0.5), draws=50)
        assert kept.status == "pass" and "within the 50 %" in kept.headline

    def test_the_borrowed_mark_says_when_it_says_nothing(self):
        found = check_concentration(*make(), draws=20)
        text = " ".join(found.notes)
        assert "cannot fall below 3,333" in text and "antitrust" in text and found.status == "info"
        many = [(f"c{n}", f"G{n}", 1.0, 1.0, 0.5) for n in range(10)]
        assert "below the 1,800" in " ".join(check_concentration(*make(many), draws=20).notes)

    def test_a_goal_whose_measure_is_unknown(self):
        found = check_concentration(*make(), objectives=GOAL.assign(measure="balance"), draws=20)
        assert found.status == "info" and "is not one that is computed" in found.assumptions[0].text

    def test_many_groups_and_one_year_are_drawn_apart(self):
        many = [(f"c{n}", f"G{n}", 1.0, 10.0 - n, 0.5) for n in range(10)]
        figure = check_concentration(*make(many, years=1), draws=20).figures[0]
        assert (
            figure.kind == "bar"
            and figure.data["group"].to_list()[-1] == "All others"
            and len(figure.data) == 7
        )
        assert figure.data["share"].sum() == pytest.approx(1)
        assert check_concentration(*make(), draws=20).figures[0].kind == "column"

    def test_too_little_in_groups(self):
        ladder, groups = make()
        found = check_concentration(ladder, groups[groups.group == "Big"], draws=20)
        assert found.status == "not_run" and found.needs == (GROUPS,)
        assert check_losses(ladder, groups.head(0), currency="EUR").status == "not_run"
        part = check_concentration(ladder, groups[groups.customer_id != "c"], draws=20)
        assert part.status == "caution" and GROUPS in part.needs
        assert any("40.0 % of revenue is in no group" in note for note in part.notes)
        assert "of the revenue that is in a group" in part.headline
        losses = check_losses(ladder, groups[groups.customer_id != "c"], currency="EUR")
        # Big is 400 of 1,000, and of the 600 that are in a group without c
        assert (
            "Shares are of all revenue: Big makes 40.0 % of it, 66.7 % of what is in a group." in losses.notes
        )

    def test_a_headline_begins_with_a_capital(self):
        ladder, groups = make()
        found = check_concentration(ladder, groups.assign(group=groups.group.str.lower()), draws=20)
        assert found.headline.startswith("Big makes") and found.figures[0].title.startswith("Big makes")

    def test_a_goal_says_by_when(self):
        ladder, groups = make()
        assert (
            "wants at most by 2028-12-31"
            in check_concentration(ladder, groups, objectives=GOAL, draws=20).headline
        )

    def test_inputs_are_not_changed(self):
        ladder, groups = make()
        before = {name: values.copy() for name, values in ladder.amounts.items()}, groups.copy()
        check_concentration(ladder, groups, objectives=GOAL, draws=10)
        check_losses(ladder, groups, currency="EUR", result=RESULT, thresholds=FLOOR, draws=10)
        assert all((ladder.amounts[name] == values).all() for name, values in before[0].items())
        pd.testing.assert_frame_equal(groups, before[1])


RESPONSES = pd.DataFrame(
    {
        "group": ["Big", "Mid", "Small"],
        "budget": "Development",
        "ceiling": [900.0, 60.0, 90.0],
        "half_at": [100.0, 100.0, 100.0],
        "at_least": [900.0, 30.0, 45.0],
        "at_most": [900.0, 120.0, 180.0],
        "min_amount": 0.0,
        "starts_after_years": 0.0,
        "lasts_years": 5.0,
    }
)
MONEY = pd.DataFrame(
    {"item": ["Development"], "amount": [200.0], "horizon": ["2026"], "owner": ["A. Lindqvist, CEO"]}
)
COSTS = pd.DataFrame({"item": ["field visit"], "amount": [2.0], "per": ["visit"], "owner": ["T. Nowak, CSO"]})
OWNERS = {"T. Nowak, CSO": Person(role="sales", answers_for=["revenue"])}


def options(**settings) -> pd.DataFrame:
    usual = {
        "responses": RESPONSES,
        "budgets": MONEY,
        "costs": COSTS,
        "acquisitions": MONEY.head(0),
        "owners": OWNERS,
    }
    return list_options(read_book(*make()), **(usual | settings))


class TestOptions:
    def test_money_is_split_where_the_last_unit_brings_the_same(self):
        ceiling, half = np.array([60.0, 90.0, 300.0]), np.array([100.0, 80.0, 400.0])
        found = split_money(250.0, ceiling, half, np.zeros(3))
        best = minimize(
            lambda x: -return_a_year(x, ceiling=ceiling, half_at=half).sum(),
            np.full(3, 80.0),
            bounds=[(0, None)] * 3,
            constraints={"type": "eq", "fun": lambda x: x.sum() - 250},
            method="SLSQP",
        )
        assert found == pytest.approx(best.x, abs=0.1)
        assert split_money(100.0, np.array([5.0, 5.0]), np.array([9.0, 9.0]), np.zeros(2)) == pytest.approx(
            [50, 50]
        )

    def test_a_part_that_is_too_small_is_not_spent(self):
        found = split_money(100.0, np.array([10.0, 5.0]), np.array([50.0, 50.0]), np.array([0.0, 45.0]))
        assert found == pytest.approx([100, 0])
        assert split_money(10.0, np.array([5.0]), np.array([9.0]), np.array([20.0])).sum() == 0

    def test_growing_the_others_by_hand(self):
        """Margins after the goods: Mid 120 of 400 (0.3), Small 84 of 200 (0.42).

        So Mid's ceiling is 200 of revenue, Small's 214.3, both half at 100: money goes half and half but for
        the ratio of ceilings, a hundredth; at 100 each half of both comes, 207.1.
        """
        row = options().iloc[0]
        assert row.cost == 200 and row.top_share == pytest.approx(400 / 1207.1, rel=1e-3)
        assert row.top_low < row.top_share < row.top_high and "most in Small" in row.effect

    def test_money_of_three_years_brings_its_parts_one_after_the_other(self):
        """Spent in 2026, 2027 and 2028, each part bringing its own from a year later on for three years.

        So a third is there in 2027, two in 2028, all in 2029, two in 2030; 207.1 of revenue is all of it.
        """
        slow = {
            "responses": RESPONSES.assign(starts_after_years=1.0, lasts_years=3.0),
            "budgets": MONEY.assign(horizon="2026-2028"),
        }
        for due, year, part in (
            (None, "2029", 1),
            (date(2028, 12, 31), "2028", 2 / 3),
            (date(2027, 12, 31), "2027", 1 / 3),
            (date(2026, 12, 31), "2026", 0),
            (date(2040, 12, 31), "2040", 0),
            (date(2025, 12, 31), "2025", 0),
        ):
            row = options(**slow, due=due).iloc[0]
            assert row.in_year == year
            assert row.top_share == pytest.approx(400 / (1000 + 207.1 * part), rel=1e-3), due
        assert "nothing yet" in row.effect

    def test_so_much_as_reaches_the_target(self):
        found = options(target=0.36).set_index("option")
        cheap = found.loc["Grow the other groups with so much as reaches the target of Development"]
        assert cheap.top_share == pytest.approx(0.36, abs=1e-6) and 0 < cheap.cost < 200
        assert len(options(target=0.2)) == len(options())  # not within the money

    def test_a_visit_is_priced_and_must_pay(self):
        """12 visits at 2 to two accounts are 48; Big's margin after the goods is 216, so 22.2 % of it."""
        row = options().set_index("option").loc["12 visits a year to each of the 2 largest accounts of Big"]
        assert row.cost == 48 and "22.2 %" in row.effect and row.owner == "T. Nowak, CSO"

    def test_what_nobody_priced_has_no_price(self):
        found = options()
        assert found.cost.isna().sum() == 2 and set(found.owner[found.cost.isna()]) == {
            "T. Nowak, CSO",
            NOBODY,
        }
        bare = options(responses=RESPONSES.head(0), costs=COSTS.head(0))
        assert bare.cost.isna().all() and bare.top_share.isna().all()

    def test_finding(self):
        usual = {
            "responses": RESPONSES,
            "budgets": MONEY,
            "costs": COSTS,
            "acquisitions": MONEY,
            "owners": OWNERS,
        }
        found = list_mitigation(*make(), currency="EUR", objectives=GOAL, **usual)
        assert "would reach the 35 % that is wanted" in found.headline and PRICES in found.needs
        assert "of revenue in 2028" in found.headline, "the year of the goal"
        nothing = found.table.iloc[0]
        assert nothing.option == "Leave it as it is" and nothing.top_share == pytest.approx(0.4)
        assert "from 40.0 % to" in found.headline and len(found.notes) == 1
        assert "longer contracts with the largest accounts of Big (T. Nowak, CSO)" in found.notes[0]
        few = list_mitigation(*make(), currency="EUR", objectives=GOAL.assign(target=0.1), **usual)
        assert "even at its best not to the 10 %" in few.headline
        nothing = {
            **usual,
            "responses": RESPONSES.head(0),
            "costs": COSTS.head(0),
            "acquisitions": MONEY.head(0),
        }
        found = list_mitigation(*make(), currency="EUR", **nothing)
        assert found.headline.startswith("Nobody has stated") and "top_share" not in found.table


@pytest.fixture(scope="module")
def ladder(halden) -> MarginLadder:
    return build_margin_ladder(halden.table("customers"), halden.table("transactions"), as_of=halden.as_of)


class TestPlanted:
    def test_shares_are_those_of_the_truth(self, halden):
        """The true segments' revenue of each year stands in truth.cost_to_serve."""
        people = halden.groups("customer_id").drop(columns="group")
        people["group"] = people.customer_id.map(halden.planted("accounts").set_index("customer_id").segment)
        whole = build_margin_ladder(
            halden.table("customers"), halden.table("transactions"), as_of=halden.as_of
        )
        measured = measure_concentration(read_book(whole, people), draws=20).set_index("measure")
        truth = halden.planted("cost_to_serve")
        for year in (2023, 2024, 2025):
            revenue = truth[truth.year == year].set_index("segment").revenue.astype(float)
            shares = revenue / revenue.sum()
            # a few accounts changed their segment in 2024; the books follow the last one
            assert measured[str(year)]["hhi"] == pytest.approx((shares**2).sum(), rel=0.02)
            assert measured[str(year)]["top_share"] == pytest.approx(shares.max(), rel=0.02)

    def test_a_loss_is_carried_through_to_finances_result(self, halden, ladder):
        """EBITDA of the books less the margin of the orders, both summed by hand from the tables."""
        pnl = halden.making.ask("""
            select sum(case when line = 'net revenue' then amount else -amount end)::double as ebitda,
              sum(amount) filter (where line = 'net revenue')::double as revenue
            from client.pnl where year(period) = 2025""").iloc[0]
        lost = halden.making.ask("""
            select strategy_segment, sum(net_revenue)::double as revenue,
              sum(contribution_margin)::double as margin
            from client.transactions join client.customers using (customer_id) where year(ordered_at) = 2025
            group by 1 order by revenue desc""").iloc[0]
        result = read_result(halden.table("pnl"), as_of=halden.as_of)
        assert result.ebitda == pytest.approx(pnl.ebitda) and result.revenue == pytest.approx(pnl.revenue)
        losses = stress_losses(
            read_book(ladder, halden.groups()), level="CM1", result=result, floor=0.14, draws=20
        ).set_index("loss")
        row = losses.loc[lost.strategy_segment]
        assert row.margin_lost == pytest.approx(lost.margin, rel=1e-6)
        assert row.rate == pytest.approx((pnl.ebitda - lost.margin) / (pnl.revenue - lost.revenue), rel=1e-6)

    def test_no_account_matters_much(self, halden, ladder):
        measured = measure_concentration(read_book(ladder, halden.groups()), draws=20).set_index("measure")
        revenue = halden.making.ask("""
            select sum(net_revenue)::double as revenue from client.transactions where year(ordered_at) = 2025
            group by customer_id order by revenue desc""").revenue
        shares = revenue.clip(lower=0) / revenue.clip(lower=0).sum()
        assert measured["2025"]["top_account_share"] == pytest.approx(shares.max(), rel=1e-6)
        assert measured["2025"]["effective_accounts"] == pytest.approx(1 / (shares**2).sum(), rel=1e-6)

    def test_nothing_moves_where_nothing_is_planted(self, null_halden):
        plain = build_margin_ladder(
            null_halden.table("customers"), null_halden.table("transactions"), as_of=null_halden.as_of
        )
        row = measure_concentration(read_book(plain, null_halden.groups()), draws=300, level=0.99).set_index(
            "measure"
        )
        assert row.change_low["top_share"] < 0 < row.change_high["top_share"]
