"""The cleansing budget: plans against all subsets and a textbook case, revenue against what was planted."""

from itertools import product

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from segutils.data_readiness.identity.certain_links import build_certain_links
from segutils.data_readiness.quality.cleansing_budget import decide_budget
from segutils.data_readiness.quality.cleansing_issues import build_issues
from segutils.data_readiness.quality.cleansing_options import (
    BY_REVENUE,
    EVERYTHING,
    LOST_ROWS,
    NOTHING,
    read_unit_costs,
)
from segutils.data_readiness.quality.cleansing_plans import (
    build_frontier,
    find_next_cost,
    find_plan,
    list_plans,
)
from segutils.errors import InputError
from segutils.findings import Override

NO_BUDGET = pd.DataFrame(columns=["item", "amount", "horizon", "owner", "note"])


def cost(item: str, amount: float, per: str = "record", owner: str = "P. Lange") -> dict:
    return {"item": item, "amount": amount, "per": per, "owner": owner}


COSTS = pd.DataFrame([cost("correcting a record", 2.0), cost("an interview", 650, per="interview")])


def budget(amount: float) -> pd.DataFrame:
    row = {"item": "Correcting data", "amount": amount, "horizon": "2026", "owner": "P. Lange", "note": ""}
    return pd.DataFrame([row])


def four_issues() -> pd.DataFrame:
    """Together 1,000 corrections; all revenue hangs on the first three, in 500 corrections."""
    return pd.DataFrame(
        [
            ("Customers, industry: empty", "customers", 100, False, 6000.0, "measured"),
            ("Customers: in the books twice", "customers", 200, False, 3000.0, "measured"),
            ("Transactions, net revenue: missing", "transactions", 200, True, 1000.0, "estimated"),
            ("Tickets, text: empty", "tickets", 500, False, np.nan, "not measured"),
        ],
        columns=["issue", "table", "records", "sets_aside", "revenue", "basis"],
    )


def decide(issues=None, costs=COSTS, budgets=None, **options):
    issues = four_issues() if issues is None else issues
    budgets = budget(1500) if budgets is None else budgets
    return decide_budget(issues, costs, budgets, currency="EUR", **options)


@pytest.mark.parametrize("share", [0.1, 0.35, 0.5, 0.8])
def test_the_plan_is_the_best_of_all_subsets(share):
    rng = np.random.default_rng(3)
    for _ in range(5):
        revenue = rng.lognormal(8, 1.5, 10).round(2)
        price = rng.integers(1, 400, 10) * 3.5
        limit = share * price.sum()
        subsets = np.array(list(product([0, 1], repeat=10)))
        possible = subsets[subsets @ price <= limit]
        plans = list_plans(revenue, price)
        chosen = plans.chosen[find_plan(plans, limit)]
        assert price[chosen].sum() <= limit
        assert revenue[chosen].sum() == pytest.approx((possible @ revenue).max())


def test_the_textbook_knapsack():
    """Values 60, 100, 120 at weights 10, 20, 30 and room for 50: the last two, 220 (Cormen et al., 16.2)."""
    revenue, price = np.array([60.0, 100, 120]), np.array([10.0, 20, 30])
    plans = list_plans(revenue, price)
    number = find_plan(plans, 50)
    assert plans.chosen[number].tolist() == [False, True, True]
    assert (plans.cost[number], find_next_cost(plans, number)) == (
        50,
        60,
    )  # only all three reach more than 220
    assert find_next_cost(plans, find_plan(plans, 1000)) == np.inf
    # 0, 10 … 60: the best values by hand
    frontier = build_frontier(plans, steps=6)
    assert (frontier.revenue_share * 280).tolist() == pytest.approx([0, 60, 100, 160, 180, 220, 280])


def test_issues_without_revenue_are_never_bought_and_equal_plans_go_to_the_cheaper():
    plans = list_plans(np.array([5.0, 5.0, np.nan, 0.0]), np.array([9.0, 4.0, 1.0, 1.0]))
    assert plans.chosen[find_plan(plans, 10)].tolist() == [False, True, False, False]
    assert plans.cost.tolist() == [0, 4, 13] and plans.revenue.tolist() == [0, 5, 10]
    nothing = list_plans(np.array([np.nan, 0.0]), np.array([1.0, 1.0]))
    assert not nothing.chosen.any() and build_frontier(nothing).revenue_share.eq(0).all()


def test_plans_are_those_of_an_integer_program():
    """The same knapsack problems, solved by HiGHS."""
    rng = np.random.default_rng(4)
    revenue, price = rng.integers(1, 1000, 25).astype(float), rng.integers(1, 300, 25) * 3.5
    plans = list_plans(revenue, price)
    for limit in np.floor(np.linspace(0.1, 0.9, 5) * price.sum()):
        solved = milp(
            -revenue,
            constraints=LinearConstraint(price, -np.inf, limit),
            integrality=np.ones(25),
            bounds=Bounds(0, 1),
            options={"mip_rel_gap": 0.0},
        )
        assert plans.revenue[find_plan(plans, limit)] == pytest.approx(-solved.fun)


def test_scores_of_the_options_worked_by_hand():
    """500 of 1,000 corrections reach all revenue for 1,000 of 2,000; 1,500 may be spent."""
    finding = decide()
    options = finding.decision.options.set_index("option")
    assert options.loc[BY_REVENUE, ["revenue", "saving", "records"]].tolist() == pytest.approx([1, 0.5, 0.5])
    assert options.loc[LOST_ROWS, ["revenue", "saving", "records"]].tolist() == pytest.approx([0.1, 0.8, 0.2])
    assert options.loc[NOTHING, ["revenue", "saving", "records"]].tolist() == [0, 1, 0]
    assert options.loc[BY_REVENUE, "score"] == pytest.approx(0.5 + 0.35 * 0.5 + 0.15 * 0.5)
    assert options.loc[EVERYTHING, "verdict"] == "over the budget"  # 2,000 of 1,500
    assert finding.decision.recommendation == BY_REVENUE
    assert finding.table.in_plan.tolist() == [True, True, True, False]
    assert finding.headline == (
        "EUR 1,000 of a budget of EUR 1,500 pay for 500 of the 1,000 corrections that the data need and "
        "reach all of the revenue that hangs on faulty records; correcting everything would cost EUR 2,000."
    )
    assert finding.status == "pass"


def test_a_tight_budget_buys_most_revenue_for_its_money():
    """For 500: the first and the third issue would cost 600, so the first alone or the second alone."""
    finding = decide(budgets=budget(500))
    assert finding.table[finding.table.in_plan].issue.tolist() == ["Customers, industry: empty"]
    assert "reach 60 % of the revenue" in finding.headline and finding.status == "caution"
    # the next better plan is the first two issues for 600
    assert "at any budget from EUR 200 to just under EUR 600" in finding.decision.robustness
    # at 1.5 times the cost the first issue still fits, at half of it the first two do: always the same option
    assert "at 100 % of costs per record from 50 % below to 50 % above" in finding.decision.robustness


def test_costs_of_a_single_table_replace_the_general_one():
    costs = pd.concat([COSTS, pd.DataFrame([cost("Correcting a record: transactions", 0.5)])])
    unit = read_unit_costs(costs)
    assert (unit.amount, unit.owner, dict(unit.by_table)) == (2.0, "P. Lange", {"transactions": 0.5})
    finding = decide(costs=costs)
    assert finding.table.set_index("issue").cost["Transactions, net revenue: missing"] == 100
    assert "transactions EUR 0.50" in finding.assumptions[0].text


def test_the_share_of_the_project_is_told_with_the_rule_of_thumb_and_its_source():
    project = pd.DataFrame([{"days": 20, "day_rate": 200, "owner": "P. Lange", "note": ""}])
    note = decide(project=project).notes[0]
    assert "takes 5 days, 25 % of the 20 days planned: below the usual 60 to 70 %" in note  # 1,000 / 200
    assert "CrowdFlower 2016" in note and "nobody has measured" in note
    without = decide()
    assert "is not known" in without.notes[0]
    assert [need.table for need in without.needs] == ["project of the engagement file"]


def test_without_a_budget_one_is_asked_for():
    finding = decide(budgets=NO_BUDGET)
    assert finding.status == "caution" and finding.needs[0].table == "budgets of the engagement file"
    assert (finding.decision.options.verdict == "possible").all()
    assert finding.decision.recommendation == BY_REVENUE and "of a budget" not in finding.headline


def test_without_a_cost_per_record_it_is_not_run():
    finding = decide(costs=COSTS.iloc[1:])
    assert finding.status == "not_run" and finding.needs[0].table == "costs of the engagement file"
    assert finding.headline.startswith("1,000 corrections would be needed")
    assert "cost" not in finding.table.columns


def test_the_clients_own_choice_holds_and_one_that_is_no_option_is_refused():
    own = Override(choice=LOST_ROWS, who="P. Lange", when="2026-01-15", why="No hands.")
    finding = decide(override=own)
    assert finding.decision.recommendation == BY_REVENUE and finding.decision.choice == LOST_ROWS
    assert finding.table.in_plan.sum() == 1 and finding.status == "caution"
    with pytest.raises(InputError, match="not an option"):
        decide(override=Override(choice="Wait", who="P. Lange", when="2026-01-15", why=""))
    with pytest.raises(InputError, match="cost spread"):
        decide(cost_spread=1.0)


def test_no_issue_is_nothing_to_correct():
    finding = decide(issues=four_issues().iloc[:0])
    assert finding.status == "pass" and finding.decision is None


@pytest.fixture(scope="module")
def planted_issues(manufacturer) -> pd.DataFrame:
    run = manufacturer.run
    tables = {name: run.input(name) for name in ("customers", "transactions", "products")}
    records = ibis.read_parquet(manufacturer.folder / "tables" / "source_records.parquet")
    found = build_issues(run.input_faults(), tables, links=build_certain_links(records))
    return found.set_index("issue")


@pytest.mark.parametrize(
    ("issue", "column", "kind"),
    [
        ("Transactions, product id: empty", "product_id", "missing"),
        ("Transactions, product id: not in products", "product_id", "orphan"),
        ("Transactions, quantity: above 999", "quantity", "decimal slip"),
    ],
)
def test_revenue_that_hangs_on_faulty_lines_is_what_was_planted(
    manufacturer, planted_issues, issue, column, kind
):
    planted = manufacturer.planted("faults").set_index(["table", "column", "kind"])
    planted = planted.loc[("transactions", column, kind)]
    row = planted_issues.loc[issue]
    assert row.basis == "measured" and not row.sets_aside
    # a decimal slip of a single piece stays within the range that the client states
    assert 0.9 * planted.rows_hit <= row.records <= planted.rows_hit
    assert row.revenue == pytest.approx(planted.net_revenue_hit * row.records / planted.rows_hit, rel=0.05)


def test_revenue_of_lines_set_aside_is_estimated_within_chance(manufacturer, planted_issues):
    planted = manufacturer.planted("faults").set_index(["table", "column", "kind"])
    planted = planted.loc[("transactions", "customer_id", "orphan")]
    row = planted_issues.loc["Transactions, customer id: not in customers"]
    spread = manufacturer.table("transactions").net_revenue.dropna().astype(float).std()
    assert row.basis == "estimated" and row.sets_aside and row.records == planted.rows_hit
    assert abs(row.revenue - planted.net_revenue_hit) < 4 * spread * np.sqrt(planted.rows_hit)


def test_returns_are_no_issue_and_second_accounts_are(manufacturer, planted_issues):
    assert not any("return" in issue for issue in planted_issues.index)
    twice = planted_issues.loc["Customers: in the books twice"]
    second = manufacturer.planted("second_accounts")
    assert 0.6 * len(second) < twice.records <= len(second) and twice.basis == "measured"


def test_revenue_of_customers_worked_by_hand():
    customers = ibis.memtable(pd.DataFrame({"customer_id": list("abcd"), "industry": ["x", None, None, "y"]}))
    lines = ibis.memtable(
        pd.DataFrame(
            {
                "customer_id": ["a", "b", "b", "d"],
                "net_revenue": [1.0, 20.0, 300.0, 4000.0],
                "product_id": ["p", "q", "p", None],
            }
        )
    )
    products = ibis.memtable(pd.DataFrame({"product_id": ["p"]}))
    faults = pd.DataFrame(
        [
            ("customers", "industry", "empty", "gap", 2),
            ("customers", "industry", "misspelt", "flag", 1),
            ("transactions", "product_id", "empty", "gap", 1),
            ("transactions", "product_id", "not in products", "flag", 1),
            ("transactions", "net_revenue", "missing", "set_aside", 2),
            ("transactions", "net_revenue", "the line has neither quantity nor revenue", "set_aside", 5),
            ("transactions", "net_revenue", "negative revenue", "flag", 9),
            ("tickets", "text", "empty", "gap", 3),
        ],
        columns=["table", "column", "rule", "severity", "rows"],
    ).assign(fix=["fill it"] * 6 + ["nothing to do if these are returns", "fill it"])
    links = pd.DataFrame({"record_id": list("abcd"), "group_id": ["1", "1", "2", "3"]})
    conflicts = pd.DataFrame(
        {
            "field": ["city"] * 3,
            "group_id": ["3", "3", "9"],
            "record_id": ["d", "crm-7", "crm-8"],
        }
    )
    tables = {"customers": customers, "transactions": lines, "products": products}
    found = build_issues(faults, tables, conflicts=conflicts, links=ibis.memtable(links)).set_index("issue")
    expected = {
        "Customers, industry: empty": (2, 320.0, "measured"),  # b bought for 320, c for nothing
        "Customers, industry: misspelt": (1, 4321 / 4, "estimated"),
        "Transactions, product id: empty": (1, 4000.0, "measured"),
        "Transactions, product id: not in products": (1, 20.0, "measured"),
        "Transactions, net revenue: missing": (2, 2 * 4321 / 4, "estimated"),
        "Transactions, net revenue: the line has neither quantity nor revenue": (5, 0.0, "measured"),
        "Tickets, text: empty": (3, np.nan, "not measured"),
        "Customers, city: systems disagree": (2, 4000.0, "measured"),
        "Customers: in the books twice": (1, 321.0, "measured"),
    }
    assert list(found.index) == list(expected)
    for issue, (records, revenue, basis) in expected.items():
        row = found.loc[issue]
        assert (row.records, row.basis) == (records, basis), issue
        assert row.revenue == pytest.approx(revenue, nan_ok=True), issue


def test_the_null_client_has_next_to_nothing_to_correct(null_manufacturer):
    """Some of its firms have no website; that is no fault of a table, and no revenue hangs on it."""
    run = null_manufacturer.run
    tables = {name: run.input(name) for name in ("customers", "transactions", "products")}
    records = ibis.read_parquet(null_manufacturer.folder / "tables" / "source_records.parquet")
    found = build_issues(run.input_faults(), tables, links=build_certain_links(records))
    assert found.issue.tolist() == ["Source records, website: empty"]
    finding = decide(issues=found)
    assert not finding.table.in_plan.any() and finding.headline.endswith("none should be paid for.")


def test_a_fatal_fault_is_no_further_issue_and_unused_fields_are_not_corrected(manufacturer):
    run = manufacturer.run
    tables = {name: run.input(name) for name in ("customers", "transactions")}
    row = {"share": 0.1, "examples": "", "treatment": "", "fix": "fill it", "rows": 3}
    faults = pd.DataFrame(
        [
            {"table": "customers", "column": "industry", "rule": "empty", "severity": "gap", **row},
            {"table": "customers", "column": "latitude", "rule": "exchanged", "severity": "flag", **row},
            {"table": "customers", "column": "", "rule": "too many", "severity": "fatal", **row},
        ]
    )
    assert len(build_issues(faults, tables)) == 2
    found = build_issues(
        faults, tables, unused=run.report.unused_columns()
    )  # places of customers are dropped
    assert found.issue.tolist() == ["Customers, industry: empty"]
