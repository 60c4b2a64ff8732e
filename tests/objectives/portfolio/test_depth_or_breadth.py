"""One group or several: plans against hand-solved cases, the engine and regrets by hand."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

from segutils.engagement import load_engagement
from segutils.engagement_plans import Finance
from segutils.errors import InputError
from segutils.findings import Override
from segutils.objectives.portfolio.breadth_flips import CEILING, HALF_AT, MIN_AMOUNT, find_flips
from segutils.objectives.portfolio.breadth_plans import (
    best_values,
    divide_money,
    list_choices,
    name_subset,
    plan_by_number,
    screen_groups,
)
from segutils.objectives.portfolio.budget_habits import read_current_split
from segutils.objectives.portfolio.declared import draw_states, read_declared
from segutils.objectives.portfolio.depth_or_breadth import (
    EQUAL,
    NOTHING,
    TODAY,
    decide_depth_or_breadth,
    list_options,
)
from segutils.objectives.portfolio.investments import RESPONSES, build_investments, build_options, list_limits
from segutils.objectives.portfolio.regret import (
    try_plans,
)
from segutils.stated import list_budgets, list_responses, list_scenarios
from segutils.statistics.allocation import allocate
from segutils.statistics.response_estimates import EXPERIMENT, estimate_responses
from segutils.statistics.spending_history import SILENT, build_spending_panel, read_spending_history

ENGAGEMENT = Path(__file__).parents[3] / "data" / "manufacturer" / "engagement.yml"
NO_PEOPLE = pd.DataFrame(columns=["measure", "max"])
NO_SCENARIOS = pd.DataFrame(columns=["scenario", "means", "group", "factor", "probability", "owner", "note"])


def money(**amounts: float) -> pd.DataFrame:
    rows = [(item, amount, "2026", "M. Keller") for item, amount in amounts.items()]
    return pd.DataFrame(rows, columns=["item", "amount", "horizon", "owner"])


def respond(group, ceiling, half_at, *, budget="M", at_least=None, at_most=None, min_amount=0.0):
    low, high = (ceiling if end is None else end for end in (at_least, at_most))
    return {
        **{"group": group, "budget": budget, "ceiling": ceiling, "half_at": half_at, "at_least": low},
        **{"at_most": high, "starts_after_years": 0.0, "lasts_years": 1.0, "min_amount": min_amount},
        **{"people": {}, "owner": "C. Moreau", "note": ""},
    }


def future(name, probability=np.nan, **factors):
    rows = [
        (name, f"{name}.", group, factor, probability, "T. Nowak", "") for group, factor in factors.items()
    ]
    return pd.DataFrame(rows, columns=NO_SCENARIOS.columns)


def invest(lines, budgets=None):
    """Without finance a unit of margin or money is worth 1, whenever it comes."""
    budgets = money(M=100.0) if budgets is None else budgets
    return build_investments(pd.DataFrame(lines), budgets), budgets


def decide(lines, *, budgets=None, scenarios=NO_SCENARIOS, groups="ABCDE", draws=50, **more):
    investments, budgets = invest(lines, budgets)
    return decide_depth_or_breadth(
        investments, budgets, scenarios, groups=list(groups), currency="EUR", draws=draws, seed=1, **more
    )


def draw_lines(rng, *, groups: int, least: bool):
    return [
        respond(
            "ABCDEFGH"[g],
            float(rng.uniform(50, 900)),
            float(rng.uniform(10, 90)),
            budget=budget,
            min_amount=float(rng.uniform(5, 40)) if least else 0.0,
        )
        for budget in ("M", "R")
        for g in range(groups)
    ]


class TestDividing:
    def test_two_groups_by_hand(self):
        """Both half at 10, ceilings 200 and 100: the last unit brings the same where a - b = 10 · log2(2).
        With a + b = 30: a = 20, b = 10. Returns 150 and 50, less 30: 170."""
        plan, value = divide_money(
            *(np.array(v) for v in ([200.0, 100.0], [10.0, 10.0], [1.0, 1.0], [0.0, 0.0])),
            np.array([[True, True]]),
            30.0,
        )
        assert plan[0].tolist() == pytest.approx([20.0, 10.0]) and value[0] == pytest.approx(170.0)

    def test_money_that_brings_back_less_than_itself_is_kept(self):
        """A ceiling of 80 / ln 2 with half at 10: the slope is 8 · 2^(-a/10), which is 1 at a = 30."""
        one = np.array([80 / np.log(2)]), np.array([10.0]), np.ones(1), np.zeros(1), np.array([[True]])
        plan, _ = divide_money(*one, 100.0)
        assert plan[0, 0] == pytest.approx(30.0)
        assert divide_money(*one, 100.0, price=0.5)[0][0, 0] == pytest.approx(40.0)  # where it is 1/2
        assert divide_money(*one, 20.0)[0][0, 0] == pytest.approx(20.0)

    def test_a_smallest_amount_is_kept_or_cannot_be_paid(self):
        """As by hand above, but B begins with 15 at least: A gets the other 15."""
        args = [np.array(v) for v in ([200.0, 100.0], [10.0, 10.0], [1.0, 1.0], [0.0, 15.0])]
        plan, value = divide_money(*args, np.array([[True, True], [True, False]]), 30.0)
        assert plan.tolist() == [pytest.approx([15.0, 15.0]), pytest.approx([30.0, 0.0])]
        assert divide_money(*args, np.array([[True, True]]), 10.0)[1][0] == -np.inf
        assert (value < 170.0).all()

    @pytest.mark.parametrize("least", [False, True])
    def test_the_best_of_all_choices_is_the_engines_optimum(self, least):
        """The same plans by tangents and a mixed-integer programme (statistics.allocation)."""
        rng = np.random.default_rng(5)
        for _ in range(6):
            investments, budgets = invest(draw_lines(rng, groups=4, least=least), money(M=80.0, R=150.0))
            declared = read_declared(investments, budgets)
            limits = list_limits(budgets, NO_PEOPLE)
            optimum = allocate(build_options(investments, limits), limits)
            assert best_values(declared, declared.ceiling) == pytest.approx(optimum.value, rel=1e-6)
            plans = plan_by_number(declared)
            best = max(plans.values(), key=declared.value)
            assert declared.value(best) == pytest.approx(optimum.value, rel=1e-6)

    def test_each_number_of_groups_has_the_best_of_its_choices(self):
        """Against every pair of groups, each given to the engine alone with both of its members begun."""
        rng = np.random.default_rng(8)
        lines = draw_lines(rng, groups=4, least=True)
        investments, budgets = invest(lines, money(M=80.0, R=150.0))
        declared = read_declared(investments, budgets)
        limits = list_limits(budgets, NO_PEOPLE)
        values = {}
        for pair in list_choices(4)[list_choices(4).sum(axis=1) == 2]:
            names = [name for name, inside in zip(declared.groups, pair, strict=True) if inside]
            own = investments[investments.group.isin(names)]
            found = allocate(build_options(own, limits), limits)
            if (found.by_group() > 0).sum() == 2:
                values[frozenset(names)] = found.value
        plan = plan_by_number(declared)[2]
        chosen = frozenset(name_subset(declared.groups, plan))
        assert chosen == max(values, key=values.get)
        assert declared.value(plan) == pytest.approx(values[chosen], rel=1e-6)

    def test_numbers_that_cannot_be_begun_are_missing(self):
        investments, budgets = invest([respond(g, 500.0, 20.0, min_amount=40.0) for g in "ABC"])
        assert sorted(plan_by_number(read_declared(investments, budgets))) == [1, 2]  # 3 × 40 > 100

    def test_many_groups_are_screened_by_what_they_gain_alone(self):
        investments, budgets = invest(
            [respond(g, c, 20.0) for g, c in zip("ABCD", (9, 400, 100, 300), strict=True)]
        )
        declared = read_declared(investments, budgets)
        assert screen_groups(declared, max_groups=2) == ["B", "D"]
        found = decide(
            [respond(g, c, 20.0) for g, c in zip("ABCD", (9, 400, 100, 300), strict=True)], max_groups=2
        )
        assert any("left out" in note and "A and C" in note for note in found.notes)


LINES = [respond("A", 400.0, 100.0), respond("B", 300.0, 100.0)]


class TestFlips:
    def test_the_nearest_change_is_found_on_both_sides(self):
        """B is recommended where A's half-way mark (100) is 150 or more, C where it is below 40."""
        investments, budgets = invest(
            [respond("A", 400.0, 100.0, min_amount=10.0), respond("B", 300.0, 100.0)]
        )
        declared = read_declared(investments, budgets)
        states = draw_states(declared, investments, NO_SCENARIOS, draws=2, seed=0)

        def recommend(changed, _):
            mark = changed.half_at[0, 0]
            return "B" if mark >= 150 else "C" if mark < 40 else "A"

        found = find_flips(declared, states, recommend)
        assert found.then.to_list() == ["B", "C"] and set(found.what) == {
            HALF_AT
        }  # 1.5 is nearer to 1 than 0.4
        assert found.flips_at.to_list() == pytest.approx([150.0, 40.0], abs=1.0)
        assert found.factor.to_list() == pytest.approx([1.5, 0.4], abs=0.01)
        assert find_flips(declared, states, lambda changed, _: "A").empty


class TestDecision:
    def test_one_group_where_one_towers(self):
        """Whatever goes to the others is missed in A, which is far from its ceiling."""
        found = decide([respond("A", 9000.0, 500.0), *(respond(g, 60.0, 50.0) for g in "BCDE")])
        assert found.decision.recommendation == "1 group" and found.decision.robustness_share == 1.0
        assert found.decision.options.groups[0] == "A"

    def test_all_groups_where_all_are_alike_and_soon_full(self):
        """Five alike: equal shares are the best plan with five groups, so both are worth the same."""
        found = decide([respond(g, 300.0, 10.0) for g in "ABCDE"])
        options = found.decision.options.set_index("option")
        assert found.decision.recommendation == "5 groups"
        assert options.value["5 groups"] == pytest.approx(options.value[EQUAL])
        # five times 300 · (1 - 2^-2) less 100 = 1025; four: 4 · 300 · (1 - 2^-2.5) - 100 = 887.9
        assert options.value["5 groups"] == pytest.approx(1025.0)
        assert options.value["4 groups"] == pytest.approx(887.87, abs=0.01)
        assert any(EQUAL in note and "worth the same" in note for note in found.notes)
        assert found.figures[0].highlight == "5 groups" and found.figures[1].kind == "heatmap"

    def test_nothing_where_nothing_comes_back(self):
        found = decide([respond(g, 10.0, 100.0) for g in "ABC"])  # the first unit brings 0.07
        assert found.decision.recommendation == NOTHING and "No plan" in found.headline

    def test_a_smallest_amount_is_what_flips_it(self):
        """A brings 300 and B 120 at most, half of it with 40; 100 to spend, B begins with 30. A alone brings
        300 · (1 - 2^-2.38) - 95.1 = 147.2, the rest is kept. Both, with m in B: the value falls from 30 on,
        and at m = 46.3 it is within 0.5 % of A alone, and of equals the one with fewer groups is taken."""
        lines = [respond("A", 300.0, 40.0), respond("B", 120.0, 40.0, min_amount=30.0)]
        found = decide(lines)
        assert found.decision.recommendation == "2 groups"
        alone = max(300 * (1 - 2 ** (-a / 40)) - a for a in np.linspace(0, 100, 100_001))
        low, high = 30.0, 100.0
        for _ in range(60):
            middle = (low + high) / 2
            both = 300 * (1 - 2 ** ((middle - 100) / 40)) + 120 * (1 - 2 ** (-middle / 40)) - 100
            low, high = (middle, high) if both > alone * 1.005 else (low, middle)
        assert low == pytest.approx(46.3, abs=0.05)
        investments, budgets = invest(lines)
        declared = read_declared(investments, budgets)
        states = draw_states(declared, investments, NO_SCENARIOS, draws=1, seed=0)

        def recommend(changed, drawn):
            tried = try_plans(changed, drawn, list_options(changed, drawn, None))
            return tried.names[tried.choose("regret", same=0.005)]

        flips = find_flips(declared, states, recommend)
        own = flips[flips.what == MIN_AMOUNT].iloc[0]
        assert own.flips_at == pytest.approx(low, abs=0.5) and own.then == "1 group"
        # B's ceiling is nearer: both, on a grid, are within 0.5 % of A alone from where it is so low
        b, spent = np.meshgrid(np.linspace(30, 100, 701), np.linspace(60, 100, 401))

        def both_at(ceiling: float) -> float:
            value = 300 * (1 - 2 ** ((b - spent) / 40)) + ceiling * (1 - 2 ** (-b / 40)) - spent
            return float(value[spent >= b].max())

        by_hand = brentq(lambda ceiling: both_at(ceiling) - alone * 1.005, 60, 120)
        first = flips.iloc[0]
        assert (first.what, first.group, first.then) == (CEILING, "B", "1 group")
        assert first.flips_at == pytest.approx(by_hand, abs=0.6)  # found to a 128th of half the ceiling
        assert (
            f"if M brought back EUR {round(first.flips_at)} a year at most in B" in found.decision.robustness
        )
        assert found.decision.robustness.endswith("it would be 1 group (A).")

    def test_no_fact_flips_what_is_far_ahead(self):
        found = decide([respond("A", 90000.0, 5000.0), respond("B", 1.0, 50.0)])
        assert "No single stated amount" in found.decision.robustness

    def test_nothing_to_choose_is_no_decision(self):
        one = decide([respond("A", 400.0, 30.0)], groups="AB")
        assert one.status == "not_run" and one.headline.endswith("is stated for A alone.")
        assert any("Nobody states what money brings in B" in note for note in one.notes)
        poor = decide([respond(g, 400.0, 30.0) for g in "AB"], budgets=money(M=0.0))
        assert poor.status == "not_run" and "no money" in poor.headline

    def test_a_future_that_cannot_come_is_not_regretted(self):
        """The only future is one in which nothing comes back: 100 of money would be lost in it."""
        never = future("Nothing sells", 1.0, all=0.0)
        found = decide([respond("A", 400.0, 30.0), respond("B", 300.0, 30.0)], scenarios=never)
        assert found.decision.recommendation == NOTHING
        options = found.decision.options.set_index("option")
        assert options.max_regret[NOTHING] == 0 and options.max_regret[EQUAL] == pytest.approx(100)
        assert "expected" not in found.table.columns and "Nothing sells" in found.table.columns

    def test_the_rules_may_differ_and_both_are_shown(self):
        """A brings more than B on average, but nothing in one future of five."""
        lines = [respond("A", 2000.0, 300.0), respond("B", 500.0, 100.0)]
        scenarios = future("A fails", 0.2, A=0.0)
        value = decide(lines, scenarios=scenarios, rule="value", same=0.0)
        regret = decide(lines, scenarios=scenarios, rule="regret", same=0.0)
        means, regrets = (f.decision.options.set_index("option") for f in (value, regret))
        assert value.decision.recommendation == means.value.idxmax()
        assert regret.decision.recommendation == regrets.max_regret.idxmin()
        assert value.decision.recommendation != regret.decision.recommendation
        assert any(note.startswith("The rules differ") for note in regret.notes)
        assert regret.status == "caution"

    def test_as_today_needs_every_budget(self):
        lines = [respond(g, 300.0, 30.0, budget=b) for g in "AB" for b in ("M", "R")]
        budgets = money(M=100.0, R=50.0)
        current = pd.DataFrame({"group": ["A", "B"], "budget": "M", "amount": 1.0, "share": [0.9, 0.1]})
        part = decide(lines, budgets=budgets, current=current)
        assert TODAY not in part.decision.options.option.to_list()
        whole = pd.concat([current, current.assign(budget="R", share=[0.2, 0.8])])
        investments, budgets = invest(lines, budgets)
        declared = read_declared(investments, budgets)
        states = draw_states(declared, investments, NO_SCENARIOS, draws=2, seed=0)
        assert list_options(declared, states, whole)[TODAY].tolist() == [[90.0, 10.0], [10.0, 40.0]]

    def test_equal_shares_too_thin_to_begin_bring_nothing(self):
        """Five times 20 where 25 is the least: the money is spent and brings nothing."""
        found = decide([respond(g, 300.0, 10.0, min_amount=25.0) for g in "ABCDE"])
        assert found.decision.options.set_index("option").value[EQUAL] == pytest.approx(-100.0)

    def test_missing_inputs(self):
        none = pd.DataFrame([respond("A", 1.0, 1.0)]).iloc[:0]
        found = decide_depth_or_breadth(
            build_investments(none, money()), money(), NO_SCENARIOS, groups=["A"], currency="EUR"
        )
        assert found.status == "not_run" and RESPONSES in found.needs and EXPERIMENT in found.needs
        assert found.decision is None and found.table.empty

    def test_the_clients_own_choice_and_bad_rules(self):
        own = Override(choice="1 group", who="A. Lindqvist", when="2026-01-05", why="focus")
        found = decide([respond(g, 300.0, 10.0) for g in "ABCDE"], override=own)
        assert found.decision.choice == "1 group" and found.headline.startswith("The client chose 1 group")
        value = found.decision.options.set_index("option").value
        gap = value[found.decision.recommendation] - value["1 group"]
        assert f"worth EUR {gap:,.0f} more on average" in found.headline and gap > 0
        with pytest.raises(InputError, match="9 groups"):
            decide(LINES, override=dataclasses.replace(own, choice="9 groups"))
        with pytest.raises(InputError, match="hope"):
            decide(LINES, rule="hope")

    def test_responses_of_unknown_groups_are_named_and_not_used(self):
        found = decide([*LINES, respond("Z", 9e9, 1.0)])
        assert any("Z" in note and "not used" in note for note in found.notes)
        assert not found.decision.options.groups.str.contains("Z").any()


@pytest.fixture(scope="module")
def stated_facts():
    engagement = load_engagement(ENGAGEMENT)
    budgets = list_budgets(engagement, "depth-or-breadth")
    investments = build_investments(list_responses(engagement), budgets, finance=engagement.finance)
    return investments, budgets, list_scenarios(engagement), engagement.finance


class TestSimulatedClient:
    def test_history_does_not_tell_since_marketing_is_an_amount_per_account(self, halden):
        """Planted in samples.money.costs: EUR 62, 44, 18, 34 and 38 a month per account, no effect."""
        lines = halden.table("transactions")
        panel = build_spending_panel(
            halden.table("costs"), lines, halden.table("customers"), halden.groups(), as_of=halden.as_of
        )
        rates = panel.spent / panel.customers
        assert rates.groupby(panel.group).agg(["min", "max"]).round(6).to_dict("index") == {
            group: {"min": rate, "max": rate}
            for group, rate in {
                "Process": 62,
                "Projects": 44,
                "Aftermarket": 18,
                "Laboratory": 34,
                "OEM": 38,
            }.items()
        }
        history = read_spending_history(panel)
        assert history.verdict == SILENT and np.isnan(history.rate) and history.own_variation < 1e-6

    def test_with_everything_that_the_client_gives(self, halden, stated_facts):
        investments, budgets, scenarios, finance = stated_facts
        groups = halden.groups()
        estimates = estimate_responses(
            halden.table("exposures"),
            halden.table("transactions"),
            groups,
            as_of=halden.as_of,
            campaigns=halden.table("campaigns"),
        )
        sources = ["Research and development: Research", "Marketing: marketing"]
        names = sorted(set(groups.group))
        split = read_current_split(
            halden.table("budgets"), halden.table("costs"), sources=sources, groups=names, as_of=halden.as_of
        )
        found = decide_depth_or_breadth(
            investments,
            budgets,
            scenarios,
            groups=names,
            currency="EUR",
            current=split,
            estimates=estimates,
            finance=finance,
            contact_budget="Marketing",
            draws=100,
            seed=3,
        )
        options = found.decision.options.set_index("option")
        assert TODAY in options.index and options.index[0] == found.decision.recommendation
        # the engine's optimum at the ceilings expected on average is what the best number of groups is worth
        declared = read_declared(investments, budgets, groups=names)
        states = draw_states(declared, investments, scenarios, draws=100, seed=3)
        limits = list_limits(budgets, NO_PEOPLE)
        row = [declared.budgets.index(budget) for budget in investments.budget]
        column = [declared.groups.index(group) for group in investments.group]
        optimum = allocate(build_options(investments, limits, ceilings=states.mean[row, column]), limits)
        numbers = options[options.index.str.contains("group")]
        assert numbers.value.max() == pytest.approx(optimum.value, abs=1000)  # shown in thousands
        assert (options.value <= optimum.value + 1000).all()
        assert any("of money beyond it nothing is known" in note for note in found.notes)
        # why the measured return is so large can be computed again: lift x margin of an order / cost
        why = next(note for note in found.notes if "Measured is that high" in note)
        group = why.split("because a contact in ")[1].split(" is booked")[0]
        own = estimates.set_index("group").loc[group]
        assert f"is booked at EUR {own.cost_per_contact:.2f}" in why
        assert f"EUR {own.margin_per_order:,.0f} of margin in {100 * own.lift:.0f} of 100 cases" in why
        assert own.lift * own.margin_per_order / own.cost_per_contact == pytest.approx(own.rate)
        assert f"{group} " in why and f"against {own.rate:.1f}" in why
        assert len(found.headline) <= 230 and len(found.notes) <= 8
        assert len(found.figures) == 3

    def test_experiments_alone_are_shown_and_recommend_nothing(self, halden):
        estimates = estimate_responses(
            halden.table("exposures"),
            halden.table("transactions"),
            halden.groups(),
            as_of=halden.as_of,
            campaigns=halden.table("campaigns"),
        )
        none = pd.DataFrame([respond("A", 1.0, 1.0)]).iloc[:0]
        budgets = money(Marketing=2_400_000.0)
        found = decide_depth_or_breadth(
            build_investments(none, budgets),
            budgets,
            NO_SCENARIOS,
            groups=["OEM"],
            currency="EUR",
            estimates=estimates,
        )
        assert found.status == "caution" and found.decision is None and RESPONSES in found.needs
        assert len(found.table) == 5 and "no plan is recommended" in found.headline

    def test_a_cost_of_capital_lowers_what_comes_late(self, stated_facts):
        investments, _, _, _ = stated_facts
        engagement = load_engagement(ENGAGEMENT)
        dear = build_investments(
            list_responses(engagement),
            list_budgets(engagement, "depth-or-breadth"),
            finance=Finance(discount_rate=0.2, horizon_years=7, owner="M. Keller, CFO"),
        )
        research = investments.budget == "Research and development"
        assert (dear.worth[research] < investments.worth[research]).all()
