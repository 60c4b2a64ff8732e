"""With which groups goals and money are planned: the order of choice, who is left out, what is refused."""

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.errors import InputError
from segutils.findings import Decision, Finding, Override
from segutils.objectives.boundaries import planning_groups as planning
from segutils.objectives.boundaries.base_evidence import measure_bases
from segutils.objectives.boundaries.customer_periods import build_periods
from segutils.objectives.boundaries.groupings import build_groupings

IDS = [f"c{n:03d}" for n in range(120)]


def make_customers(**columns) -> ibis.Table:
    return ibis.memtable(pd.DataFrame({"customer_id": IDS, **columns}))


@pytest.fixture(scope="module")
def shop():
    """120 customers over two years; the northern ones bring ten times as much, whatever else is known."""
    rng, rows = np.random.default_rng(0), []
    for n, name in enumerate(IDS):
        for day in pd.date_range("2024-01-02", "2025-12-31", freq="45D"):
            rows.append((name, f"{name}{day:%j%y}", day.date(), rng.gamma(4.0, 25.0) * (10 if n % 2 else 1)))
    lines = ibis.memtable(
        pd.DataFrame(rows, columns=["customer_id", "order_id", "ordered_on", "net_revenue"])
    )
    customers = make_customers(
        region=["south", "north"] * 60, country=["A", "A", "B", "B"] * 30, income=["low", "high", "low"] * 40
    )
    periods = build_periods(lines, customers, as_of=pd.Timestamp("2025-12-31").date())
    found = build_groupings(customers, periods, min_customers=5)
    evidence = measure_bases(found, periods, customers, resamples=20, permutations=19, seed=1)
    return customers, evidence


class TestChoice:
    def test_strategy_comes_before_sales_and_spelling_is_one(self):
        customers = make_customers(
            sales_segment=["Key", "Standard"] * 60,
            strategy_segment=["OEM"] * 59 + ["oem"] + ["Labs"] * 59 + [None],
        )
        found = planning.build_planning_groups(customers)
        assert found.columns.to_list() == ["customer_id", "group", "grouping"]
        assert found["group"].value_counts().to_dict() == {"OEM": 60, "Labs": 59}
        assert set(found.grouping) == {"strategy_segment"} and found.customer_id.is_monotonic_increasing
        sales = planning.build_planning_groups(customers.drop("strategy_segment"))
        assert set(sales.grouping) == {"sales_segment"} and len(sales) == 120

    def test_customers_without_a_value_are_counted(self):
        customers = make_customers(strategy_segment=["OEM"] * 70 + ["Labs"] * 40 + [None] * 10)
        found = planning.build_planning_groups(customers)
        table = planning.list_planning_groups(found, customers)
        assert table.iloc[-1].to_dict() == {
            "grouping": "strategy_segment",
            "group": "in no group: no value",
            "customers": 10,
            "share": pytest.approx(10 / 120),
        }
        assert table.customers.sum() == 120

    def test_a_stated_column_wins_and_numbers_are_banded(self):
        customers = make_customers(strategy_segment=["OEM", "Labs"] * 60, employees=np.arange(120.0))
        found = planning.build_planning_groups(customers, plan_by="employees")
        assert found["group"].nunique() == 4 and set(found.grouping) == {"employees"}

    def test_a_taxonomy_of_five_hundred_names_is_not_planned_by_and_this_is_said(self):
        customers = make_customers(
            strategy_segment=[f"Segment {n}" for n in range(120)], sales_segment=["a", "b"] * 60
        )
        found = planning.build_planning_groups(customers)
        assert set(found.grouping) == {"sales_segment"}
        listed = planning.list_planning_groups(found, customers)
        assert listed.iloc[-1].to_list() == ["strategy_segment", "not planned by: 120 values", 0, 0.0]
        with pytest.raises(InputError, match="into more than 60"):
            planning.build_planning_groups(customers, plan_by="strategy_segment")

    @pytest.mark.parametrize(
        ("column", "told"),
        [("segmnt", "no column 'segmnt'"), ("gender", "protected"), ("planet", "into one group only")],
    )
    def test_what_names_no_groups_is_refused(self, column, told):
        customers = make_customers(gender=["f", "m"] * 60, planet=["Earth"] * 120)
        with pytest.raises(InputError, match=told) as refused:
            planning.build_planning_groups(customers, plan_by=column, protected=["gender"])
        assert "plan_by" in str(refused.value)

    def test_without_anything_all_customers_are_one_group(self):
        found = planning.build_planning_groups(make_customers())
        assert set(found["group"]) == {"All customers"} and len(found) == 120


class TestFromEvidence:
    def test_what_is_known_at_first_contact_comes_first(self, shop):
        """Region tells what customers bring; behaviour does too, but is not known before the first order."""
        customers, evidence = shop
        found = planning.build_planning_groups(customers, evidence, ["Geographic", "Behavioural"])
        assert set(found.grouping) == {"region"}
        found = planning.build_planning_groups(customers, evidence, ["Behavioural", "Geographic"])
        assert set(found.grouping) == {"region"}

    def test_else_the_recommended_base_itself(self, shop):
        customers, evidence = shop
        found = planning.build_planning_groups(customers, evidence, ["Behavioural"])
        assert found.grouping.iloc[0] in set(
            evidence.groupings.grouping[evidence.groupings.base == "Behavioural"]
        )
        assert planning.name_grouping(found, evidence) == evidence.best["Behavioural"].words

    def test_groups_by_behaviour_are_those_of_the_last_period(self, shop):
        customers, evidence = shop
        last = planning.build_planning_groups(customers, evidence, plan_by="value_band")
        first = planning.build_planning_groups(
            customers, evidence, plan_by="value_band", of_first_period=True
        )
        made = next(g for g in evidence.all if g.name == "value_band")
        assert last.set_index("customer_id")["group"].to_dict() == made.groups_next.to_dict()
        assert first.set_index("customer_id")["group"].to_dict() == made.groups.to_dict()

    def test_the_own_taxonomy_is_planned_with_whatever_base_is_recommended(self, shop):
        customers, evidence = shop
        filed = customers.mutate(sales_segment=(customers.country == "A").ifelse("Key", "Standard"))
        found = planning.build_planning_groups(filed, evidence, ["Geographic", "Behavioural"])
        assert set(found.grouping) == {"sales_segment"} and set(found["group"]) == {"Key", "Standard"}
        assert planning.name_rule(found, filed, evidence) == ""

    def test_groups_that_the_playbook_made_are_called_after_their_rule(self, shop):
        customers, evidence = shop
        found = planning.build_planning_groups(customers, evidence, plan_by="value_band")
        assert planning.name_rule(found, customers, evidence) == "band of past net revenue"

    def test_a_base_that_tells_nothing_is_not_planned_with(self, shop):
        customers, evidence = shop
        found = planning.build_planning_groups(customers, evidence, [])
        assert set(found["group"]) == {"All customers"}

    def test_the_clients_own_choice_comes_first(self):
        options = pd.DataFrame(
            {"option": ["Behavioural", "Needs", "Geographic"], "score": [0.6, 0.5, np.nan]}
        )
        common = {"question": "?", "options": options, "recommendation": "Behavioural", "robustness": "-"}
        own = Override(choice="Needs", who="x", when="2026-01-01", why="y")
        for override, expected in ((None, ["Behavioural", "Needs"]), (own, ["Needs", "Behavioural"])):
            finding = Finding(
                slug="base-choice",
                status="pass",
                headline="x",
                table=pd.DataFrame(),
                decision=Decision(**common, override=override),
            )
            assert planning.rank_bases(finding) == expected


def test_the_simulated_client_plans_by_its_strategic_taxonomy(halden):
    found = planning.build_planning_groups(halden.table("customers"))
    truth = halden.making.ask("select customer_id, strategy_segment from client.customers")
    both = found.merge(truth, on="customer_id")
    assert (both["group"] == both.strategy_segment).all() and set(found.grouping) == {"strategy_segment"}
    assert set(found["group"]) == {"Aftermarket", "Laboratory", "OEM", "Process", "Projects"}
